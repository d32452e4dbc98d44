// SPDX-License-Identifier: MIT
// CUBIC, RFC 9438, with HyStart++, RFC 9406. Octets and milliseconds stand for segments and
// seconds. Its state is in the board; a connection without one has Reno's window.
#include "board.h"

// board.control in congestion avoidance
enum {
    W_MAX, // octets
    W_EST,
    MIDDLE_MS // when the curve is at W_MAX: K after the epoch began
};

// and in slow start, which keeps W_MAX. The least of so many RTTs is in prr_delivered, which has no
// other use then.
enum {
    ROUND_END = 1, // sequence number
    BASELINE_MS    // the RTT that led to CSS
};

// board.phase; behind the flags RTTs are counted
enum { EPOCH = 0x01, CSS = 0x02, SAMPLE = 0x04 };

enum {
    BURST = 8, // L, RFC 9406 4.3
    SAMPLES = 8,
    CSS_GROWTH = 4,
    RTT_THRESH_MIN_MS = 4,
    RTT_THRESH_MAX_MS = 16
};

static const uint32_t TIME_MAX_MS = UINT16_MAX;

// C * t^3: how far from W_max the curve is, octets. C is 0.4 segments a second^3, and a second 1024
// times 1024/1000 ms.
uint32_t aksu_cubic_curve(uint32_t mss, uint32_t ms)
{
    uint64_t t = aksu_min32(ms, TIME_MAX_MS);

    return (uint32_t)(t * t * t * (mss * 55 / 128) >> 30);
}

// The time that the curve takes for so many octets: K, of a curve that ends there.
static uint32_t curve_ms(uint32_t mss, uint32_t octets)
{
    uint32_t ms = 0;

    for (uint32_t step = (TIME_MAX_MS + 1) / 2; step > 0; step /= 2) {
        if (aksu_cubic_curve(mss, ms + step) <= octets) {
            ms += step;
        }
    }
    return ms;
}

static void begin_epoch(const struct aksu_step *c, uint32_t *control)
{
    const struct aksu_tcb *t = c->t;

    control[W_MAX] = aksu_max32(control[W_MAX], t->cwnd);
    control[MIDDLE_MS] = c->now_ms + curve_ms(t->snd_mss, control[W_MAX] - t->cwnd);
    control[W_EST] = t->cwnd;
    c->b->phase |= EPOCH;
}

// RFC 9438 4.2 to 4.5.
static void avoid(const struct aksu_step *c, uint32_t octets)
{
    struct aksu_tcb *t = c->t;
    uint32_t *control = c->b->control;
    uint32_t mss = t->snd_mss;

    if (!(c->b->phase & EPOCH)) {
        begin_epoch(c, control);
    }
    uint32_t ms = c->now_ms + t->srtt / 8u - control[MIDDLE_MS];
    uint32_t target = control[W_MAX];

    if (ms > INT32_MAX) {
        target -= aksu_min32(target, aksu_cubic_curve(mss, ~ms + 1));
    } else {
        target += aksu_cubic_curve(mss, ms);
    }
    // Alpha is 9/17 until the window before is reached again, then 1 (4.3).
    uint32_t alpha = control[W_EST] < c->b->prior_cwnd ? mss * 9 / 17 : mss;

    control[W_EST] += aksu_max32(aksu_tcp_share(alpha, octets, t->cwnd), 1);
    target = aksu_min32(target, t->cwnd + t->cwnd / 2);
    if (target > t->cwnd) {
        t->cwnd += aksu_tcp_share(target - t->cwnd, octets, t->cwnd);
    }
    t->cwnd = aksu_max32(t->cwnd, control[W_EST]);
}

// HyStart++: slow start ends one round trip after RTTs began to grow, if they do not shrink again;
// until then it is conservative (CSS). Returns whether it is. The least of every 8 RTTs counts, not
// that of the first 8 of a round; and in 5 rounds of CSS a short queue would overflow.
static bool slow_down(struct aksu_tcb *t, struct aksu_board *b)
{
    uint32_t *control = b->control;

    if ((b->phase & CSS) && aksu_seq_leq(control[ROUND_END], t->snd_una)) {
        t->ssthresh = t->cwnd;
    }
    if (b->phase < SAMPLE) {
        b->prr_delivered = UINT16_MAX;
    }
    uint32_t least = b->prr_delivered = aksu_min32(b->prr_delivered, b->rtt_ms);

    b->phase = (uint8_t)(b->phase + SAMPLE);
    if (b->phase >= SAMPLES * SAMPLE) {
        b->phase = (uint8_t)(b->phase & (SAMPLE - 1));
        uint32_t eighth = aksu_max32(b->min_rtt_ms / 8u, RTT_THRESH_MIN_MS);
        if (!(b->phase & CSS) && least >= b->min_rtt_ms + aksu_min32(eighth, RTT_THRESH_MAX_MS)) {
            b->phase |= CSS;
            control[BASELINE_MS] = least;
            control[ROUND_END] = t->snd_max;
        } else if (least < control[BASELINE_MS]) {
            b->phase &= (uint8_t)~CSS;
        }
    }
    return (b->phase & CSS) != 0;
}

static void acked(const struct aksu_step *c, uint32_t octets)
{
    struct aksu_tcb *t = c->t;

    if (!c->b) {
        aksu_newreno_acked(c, octets);
    } else if (!aksu_board_used(t, c->b, octets)) {
        c->b->phase = 0; // as after an idle time: it does not count (RFC 9438 5.8)
    } else if (t->cwnd < t->ssthresh) {
        bool resending = aksu_seq_lt(t->snd_una - octets, t->recover); // see newreno.c
        octets = aksu_min32(octets, t->snd_mss * (uint32_t)(resending ? 1 : BURST));
        t->cwnd += slow_down(t, c->b) ? octets / CSS_GROWTH : octets;
    } else {
        avoid(c, octets);
    }
    t->cwnd = aksu_min32(t->cwnd, AKSU_CWND_MAX);
}

// RFC 9438 4.6 and 4.7. cwnd follows from what is in flight (RFC 9937).
static void lost(const struct aksu_step *c, uint32_t flight)
{
    if (!c->b) {
        aksu_newreno_lost(c, flight);
        return;
    }
    struct aksu_tcb *t = c->t;
    uint32_t *control = c->b->control;

    // Fast convergence: a flow whose window shrinks gives way to others.
    control[W_MAX] = t->cwnd < control[W_MAX] ? t->cwnd - t->cwnd * 3 / 20 : t->cwnd;
    c->b->phase = 0;
    t->ssthresh = aksu_max32(flight - flight / 10 * 3, UINT32_C(2) * t->snd_mss);
}

static void timed_out(const struct aksu_step *c, uint32_t flight)
{
    lost(c, flight);
    if (c->b) {
        c->b->control[W_MAX] = 0; // 4.8: the next epoch begins where slow start ends
    }
    c->t->cwnd = c->t->snd_mss;
}

static void idle(const struct aksu_step *c)
{
    aksu_newreno_idle(c);
    if (c->b) {
        c->b->phase = 0;
    }
}

const struct aksu_congestion aksu_cubic = {aksu_newreno_open, acked, lost, timed_out, idle};
