// SPDX-License-Identifier: MIT
// Congestion control for links that lose frames for other reasons than congestion. A model says
// what the path holds when nothing waits: the largest rate of delivery of late, times the least
// round-trip time (as TCP Westwood and BBR have it). A loss does not lower the window below that;
// above it, where packets wait, the window is Reno's but for the reduction. The model is in the
// board; a connection without one has Reno's window.
#include "board.h"

// board.control
enum {
    MARK,    // octets delivered when this round began: snd_una, and what was SACKed beyond it
    MARK_MS, // and when that was
    HELD     // what the path holds, octets; 0: not known yet
};

// board.phase. At first the rate is searched for: RTTs in a row that show a queue are counted, from
// BEGUN on.
enum { BEGUN = 1, FOUND = BEGUN + 8, STEADY };

enum {
    BURST = 8, // as CUBIC's L
    SPARE = 2, // segments beyond what the path holds: acknowledgments are delayed
    GAIN = 4,  // a quarter more
    FADE = 16
};

// Once a round trip takes a sample of what the path holds. The largest fades with each.
static void observe(const struct aksu_step *c)
{
    struct aksu_board *b = c->b;
    uint32_t *control = b->control;
    bool begun = b->phase >= BEGUN;

    if (b->phase < FOUND) {
        b->phase = (uint8_t)(b->rtt_ms > b->min_rtt_ms * 3u / 2 ? b->phase + 1 : BEGUN);
    }
    uint32_t elapsed = c->now_ms - control[MARK_MS];
    uint32_t missing = aksu_board_octets(b, AKSU_RUN_SACKED);
    aksu_seq delivered = c->t->snd_max - missing;

    if (begun && elapsed <= UINT16_MAX) {
        if (elapsed < aksu_max32(b->rtt_ms, 1) || aksu_seq_leq(delivered, control[MARK])) {
            return;
        }
        uint32_t sample = aksu_tcp_share(delivered - control[MARK], b->min_rtt_ms, elapsed);
        control[HELD] = aksu_max32(sample, control[HELD] - control[HELD] / FADE);
    }
    control[MARK] = delivered;
    control[MARK_MS] = c->now_ms;
}

// Raises a window to the model's. While next to nothing waits that is more than the path is known
// to hold, which finds out whether it holds more.
static void model(const struct aksu_step *c, uint32_t *least)
{
    const struct aksu_board *b = c->b;

    observe(c);
    uint32_t held = aksu_min32(b->control[HELD], AKSU_CWND_MAX);
    uint32_t window = held + c->t->snd_mss * (uint32_t)SPARE;

    if (b->rtt_ms <= b->min_rtt_ms * 5u / 4) {
        window += b->phase < FOUND ? held : held / GAIN;
    }
    *least = aksu_max32(*least, window);
}

static void acked(const struct aksu_step *c, uint32_t octets)
{
    struct aksu_tcb *t = c->t;

    if (!c->b) {
        aksu_newreno_acked(c, octets);
        return;
    }
    uint32_t window = 0;

    model(c, &window);
    if (c->b->phase == FOUND) {
        c->b->phase = STEADY;
        t->ssthresh = t->cwnd = aksu_min32(t->cwnd, window); // what waits drains
    }
    if (!aksu_board_used(t, c->b, octets)) {
        return;
    }
    if (t->cwnd < aksu_max32(t->ssthresh, window)) {
        t->cwnd += aksu_min32(octets, t->snd_mss * (uint32_t)BURST);
        t->cwnd = aksu_min32(t->cwnd, AKSU_CWND_MAX);
    } else {
        aksu_newreno_acked(c, octets);
    }
}

// Between Reno's half and CUBIC's seven tenths, but never less than the model's window. cwnd
// follows from what is in flight (RFC 9937).
static void lost(const struct aksu_step *c, uint32_t flight)
{
    if (!c->b) {
        aksu_newreno_lost(c, flight);
        return;
    }
    c->t->ssthresh = flight - flight / 16 * 7;
    model(c, &c->t->ssthresh);
}

static void timed_out(const struct aksu_step *c, uint32_t flight)
{
    lost(c, flight);
    c->t->cwnd = c->t->snd_mss;
}

const struct aksu_congestion aksu_lossy = {aksu_newreno_open, acked, lost, timed_out,
                                           aksu_newreno_idle};
