// SPDX-License-Identifier: MIT
// Congestion control for links that lose frames for other reasons than congestion. A model of the
// path says what it holds when nothing waits: the largest rate of delivery seen of late, times the
// least round-trip time. A loss takes nothing of that; of what waits in the queue it takes half, as
// Reno's, and beside Reno it is Reno. The model is in the board; without one this is Reno.
#include "board.h"

// board.control
enum {
    MARK,    // octets delivered when this round began: snd_una and what was SACKed beyond it
    MARK_MS, // and the time
    HELD     // what the path holds, octets; 0: not known yet
};

// board.phase: RTTs in a row with much waiting in them; so many end the first search for the rate.
enum { SAMPLES = 9, DONE };


// Once a round trip takes a sample of what the path holds. The largest fades by a 16th a sample.
static void observe(const struct aksu_step *c)
{
    const struct aksu_tcb *t = c->t;
    struct aksu_board *b = c->b;
    uint32_t *control = b->control;
    uint32_t elapsed = c->now_ms - control[MARK_MS];
    aksu_seq delivered = t->snd_una + aksu_board_octets(t, b, AKSU_RUN_SACKED);

    bool begun = b->phase > 0;
    if (b->phase < SAMPLES) {
        b->phase = (uint8_t)(b->rtt_ms > b->min_rtt_ms * 3u / 2u ? b->phase + 1 : 1);
    }
    if (begun && elapsed < aksu_max32(b->rtt_ms, b->min_rtt_ms)) {
        return;
    }
    if (begun && elapsed <= UINT16_MAX && aksu_seq_lt(control[MARK], delivered)) {
        uint32_t sample = aksu_tcp_share(delivered - control[MARK], b->min_rtt_ms, elapsed);
        control[HELD] = aksu_max32(sample, control[HELD] - control[HELD] / 16);
    }
    control[MARK] = delivered;
    control[MARK_MS] = c->now_ms;
}

// The window that the model gives. While next to nothing waits, it is larger than what the path is
// known to hold: that finds out whether it holds more.
static uint32_t model(const struct aksu_step *c)
{
    const struct aksu_board *b = c->b;
    uint32_t held = b->control[HELD];

    if (b->rtt_ms > b->min_rtt_ms * 5u / 4) {
        return held;
    }
    return held + held / (b->phase < SAMPLES ? 1 : 4) + UINT32_C(3) * c->t->snd_mss;
}

static void acked(const struct aksu_step *c, uint32_t octets)
{
    struct aksu_tcb *t = c->t;

    if (!c->b) {
        aksu_newreno.acked(c, octets);
        return;
    }
    observe(c);
    uint32_t window = model(c);
    if (c->b->phase == SAMPLES) {
        c->b->phase = DONE;
        t->ssthresh = t->cwnd = aksu_min32(t->cwnd, window);
    }
    if (t->cwnd < t->ssthresh || t->cwnd < window) {
        t->cwnd += aksu_min32(octets, t->snd_mss * UINT32_C(8));
    } else {
        aksu_newreno.acked(c, octets);
    }
    t->cwnd = aksu_min32(t->cwnd, AKSU_CWND_MAX);
}

static void reduce(const struct aksu_step *c, uint32_t flight)
{
    observe(c);
    c->t->ssthresh = aksu_max32(aksu_max32(flight / 2, 2u * c->t->snd_mss), model(c));
}

static void lost(const struct aksu_step *c, uint32_t flight)
{
    if (!c->b) {
        aksu_newreno.lost(c, flight);
        return;
    }
    reduce(c, flight);
}

static void timed_out(const struct aksu_step *c, uint32_t flight)
{
    if (!c->b) {
        aksu_newreno.timed_out(c, flight);
        return;
    }
    reduce(c, flight);
    c->t->cwnd = c->t->snd_mss;
}

static void open(const struct aksu_step *c)
{
    aksu_newreno.open(c);
}

static void idle(const struct aksu_step *c)
{
    aksu_newreno.idle(c);
}

const struct aksu_congestion aksu_lossy = {open, acked, lost, timed_out, idle};
