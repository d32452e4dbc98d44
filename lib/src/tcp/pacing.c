// SPDX-License-Identifier: MIT
// Pacing, around RACK's loss recovery (RFC 9002 7.7 has the same for QUIC): where ACKs do not come
// one by one, in the first window, after an idle time or a gap, what cwnd allows would leave as one
// burst. Two segments leave at once, or what a millisecond can hold, and the next after their share
// of the round-trip time. Each ACK lets more out as ever. The pause is the retransmission timer's,
// which RACK starts anew behind it.
#include "board.h"

enum { REO = 1, PAUSE = 3 }; // board.timer: RACK's, for what may be lost; and this
enum {
    BURST = 2, // segments
    // The rate is cwnd in a round-trip time, twice that while it doubles, else five quarters; srtt
    // is in eighths.
    SLOW_START_GAIN = 16,
    GAIN = 10
};

// Whether a burst ends within a segment: they are counted by sequence numbers.
static void sent(const struct aksu_step *c, aksu_seq end)
{
    struct aksu_tcb *t = c->t;
    aksu_seq max = c->b->runs > 0 ? aksu_runs_end(c->b)->start : t->snd_una;

    aksu_rack_sent(c, end);
    if (t->srtt == 0 || c->s->seq != max || c->b->timer == REO || c->b->probe != 0 ||
        aksu_seq_lt(t->snd_una, t->recover)) {
        return; // nothing is known, or it is sent again, or RACK's ways are slow enough
    }
    uint32_t gain = t->cwnd < t->ssthresh ? SLOW_START_GAIN : GAIN;
    uint32_t cwnd = aksu_min32(t->cwnd, UINT32_C(1) << 27);
    uint32_t per_ms = aksu_max32(cwnd * gain / t->srtt, 1);
    uint32_t burst = aksu_max32((uint32_t)BURST * t->snd_mss, per_ms);
    uint32_t ms = burst / per_ms;

    if ((t->snd_max - 1) / burst != (max - 1) / burst &&
        ms < t->deadline[AKSU_AT_RTX] - c->now_ms) {
        c->b->timer = PAUSE;
        aksu_tcp_arm(c, AKSU_AT_RTX, ms);
    }
}

// RACK looks for what is lost, and starts its timer; not where nothing may be sent any more.
static bool expired(const struct aksu_step *c)
{
    bool pause = c->b->timer == PAUSE;

    c->b->timer = pause ? REO : c->b->timer;
    bool other = aksu_rack_expired(c);

    if (pause && !other) {
        aksu_tcp_arm_rtx(c);
    }
    return pause || other;
}

static uint32_t next(const struct aksu_step *c, aksu_seq *seq)
{
    uint32_t count = aksu_rack_next(c, seq);

    return c->b->timer == PAUSE && *seq == c->t->snd_max ? 0 : count;
}

const struct aksu_recovery aksu_paced = {aksu_rack_acked, sent, expired, next};
