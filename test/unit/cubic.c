// SPDX-License-Identifier: MIT
// CUBIC's integers against RFC 9438 in floating point, and the phases of HyStart++ (RFC 9406), by
// the calls that the core makes.
#include "control.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

enum { ROUND_ACKS = 20, RTT_MS = 100 };

static void begin(uint16_t mss, uint32_t cwnd, uint32_t rtt_ms, uint32_t now_ms)
{
    begin_control(mss, cwnd, rtt_ms, now_ms);
    t.srtt = (uint16_t)(rtt_ms * 8);
    t.snd_una = t.recover = 0xfffff000u;
    t.snd_max = t.snd_una + cwnd;
}

// A loss with the window full, and the recovery from it.
static void lose(void)
{
    b->prior_cwnd = t.cwnd;
    aksu_cubic.lost(&c, t.cwnd);
    t.cwnd = t.ssthresh;
}

static void ack(uint32_t octets)
{
    t.snd_una += octets;
    t.snd_max = t.snd_una + t.cwnd;
    aksu_cubic.acked(&c, octets);
}

// --- RFC 9438, in segments and seconds
struct cubic {
    double cwnd, w_max, k, w_est, prior, since;
};

static void model_loss(struct cubic *m)
{
    m->prior = m->cwnd;
    m->w_max = m->cwnd < m->w_max ? m->cwnd * (1 + 0.7) / 2 : m->cwnd; // 4.7
    m->cwnd *= 0.7;                                                    // 4.6
    m->w_est = m->cwnd;
    m->since = 0;
    m->k = cbrt((m->w_max - m->cwnd) / 0.4);
}

// Whole octets are added: at least one to the line (RFC 5681 3.1).
static void model_ack(struct cubic *m, double rtt, double segments, double mss)
{
    double target = 0.4 * pow(m->since + rtt - m->k, 3) + m->w_max; // 4.2
    double alpha = m->w_est < m->prior ? 3 * 0.3 / 1.7 : 1;         // 4.3

    double octets = floor(alpha * segments / m->cwnd * mss);
    m->w_est += (octets < 1 ? 1 : octets) / mss;
    target = target < m->cwnd ? m->cwnd : target > 1.5 * m->cwnd ? 1.5 * m->cwnd : target;
    m->cwnd += floor((target - m->cwnd) / m->cwnd * segments * mss) / mss; // 4.4, 4.5
    m->cwnd = m->cwnd < m->w_est ? m->w_est : m->cwnd;
}

static void follow(uint16_t mss, double cwnd, uint32_t rtt_ms, unsigned rounds, uint32_t start_ms)
{
    struct cubic m = {.cwnd = cwnd};

    begin(mss, (uint32_t)(cwnd * mss), rtt_ms, start_ms);
    for (unsigned loss = 0; loss < 4; loss++) {
        model_loss(&m);
        lose();
        uint32_t began = c.now_ms;
        for (unsigned i = 0; i < rounds; i++) {
            for (unsigned k = 0; k < ROUND_ACKS; k++) {
                double share = (double)(t.cwnd / ROUND_ACKS) / mss;
                m.since = (c.now_ms - began) / 1000.0;
                model_ack(&m, rtt_ms / 1000.0, share, mss);
                ack(t.cwnd / ROUND_ACKS);
                c.now_ms += rtt_ms * (k + 1) / ROUND_ACKS - rtt_ms * k / ROUND_ACKS;
            }
            double off = fabs((double)t.cwnd / mss - m.cwnd);
            if (off > 0.5 + m.cwnd / (mss < 500 ? 40 : 100)) // whole octets of small segments
                fail_msg("mss %u, %g segments, %u ms, loss %u, round %u: %g segments, not %g",
                         (unsigned)mss, cwnd, (unsigned)rtt_ms, loss, i, (double)t.cwnd / mss,
                         m.cwnd);
        }
        rounds /= 2; // less than the last maximum is reached: fast convergence
    }
}

// Windows small and large, the Reno-friendly region (short paths) and the curve's two sides.
static void curve(void **state)
{
    static const uint16_t sizes[] = {88, 536, 1460, 8960};
    static const double windows[] = {12, 100, 1000, 10000};
    static const uint32_t times[] = {2, 20, 100, 400};
    (void)state;
    for (unsigned s = 0; s < 4; s++)
        for (unsigned w = 0; w < 4; w++)
            for (unsigned r = 0; r < 4; r++)
                follow(sizes[s], windows[w], times[r], r < 3 ? 200 : 130, w % 2 ? 0xfffffff0u : 5);
}

// What does not fit the clock's or the window's width saturates: it never wraps, and never shrinks.
static void saturates(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        begin(i ? 65495 : 88, UINT32_C(1) << 30, 8191, 77);
        lose();
        assert_in_range(t.cwnd, 751619000, 751620000);
        for (unsigned round = 0; round < 400; round++) {
            uint32_t before = t.cwnd;
            ack(t.cwnd);
            c.now_ms += 8191;
            assert_true(t.cwnd >= before);
            assert_true(t.cwnd <= UINT32_C(1) << 30);
        }
        assert_true(t.cwnd > 751620000);
    }
}

// 4.6: beta is 0.7, of what was in flight; two segments at least.
static void reduction(void **state)
{
    (void)state;
    begin(1000, 100000, RTT_MS, 1);
    aksu_cubic.lost(&c, 80000);
    assert_int_equal(t.ssthresh, 56000);
    aksu_cubic.lost(&c, 2500);
    assert_int_equal(t.ssthresh, 2000);
    begin(1000, 100000, RTT_MS, 1);
    aksu_cubic.timed_out(&c, 80000);
    assert_int_equal(t.ssthresh, 56000);
    assert_int_equal(t.cwnd, 1000);
}

// 4.2: the curve itself, to 2 parts of 1000: C is 0.4, t counts seconds.
static void constant(void **state)
{
    const uint32_t mss = 8960, w_max = 50000 * mss;
    (void)state;
    begin((uint16_t)mss, w_max, 0, 1);
    lose();
    ack(1);
    c.now_ms += (uint32_t)(1000 * cbrt(0.3 * 50000 / 0.4)); // K
    ack(t.cwnd);
    assert_in_range(t.cwnd, w_max - w_max / 1000, w_max);
    c.now_ms += 38000;
    ack(t.cwnd);
    double grown = mss * 0.4 * pow(38, 3);
    assert_in_range(t.cwnd - w_max, (uintmax_t)(grown * 0.998), (uintmax_t)(grown * 1.002));
}

// 4.2: K is such that W_cubic(0) is the window at the beginning, here of whole milliseconds: what
// the curve gains in one. The line gains 9/17 of a segment.
static void begins_where_it_is(void **state)
{
    (void)state;
    for (uint32_t k = 3000; k < 65000; k += 777) {
        double seconds = k / 1000.0, segments = 0.4 * pow(seconds, 3) / 0.3;
        double in_1_ms = 1000 * 0.4 * (pow(seconds + 0.001, 3) - pow(seconds, 3));
        begin(1000, (uint32_t)(segments * 1000), 0, 99);
        lose();
        uint32_t before = t.cwnd;
        ack(before);
        assert_in_range(t.cwnd - before, 0, (uintmax_t)fmax(in_1_ms * 1.01 + 1, 530));
    }
}

// 4.3: once the line has reached the window before the loss it rises by a segment a round trip;
// below that by 9/17 of one.
static void alpha(void **state)
{
    (void)state;
    for (uint32_t below = 0; below < 2; below++) {
        begin(1000, 10000, 0, 1);
        lose();
        b->prior_cwnd = t.cwnd + below;
        ack(t.cwnd);
        assert_int_equal(t.cwnd, 7000 + (below ? 529 : 1000));
    }
}

// RFC 5681 3.1: each ACK counts for an octet at least.
static void least_gain(void **state)
{
    (void)state;
    begin(1000, 100000000, 0, 1);
    lose();
    uint32_t before = t.cwnd;
    for (unsigned i = 0; i < 10; i++)
        ack(1);
    assert_int_equal(t.cwnd - before, 10);
}

// 4.7: only a flow that has not reached its old maximum again gives way to others.
static void no_convergence_at_the_maximum(void **state)
{
    uint32_t seen = 0;
    (void)state;
    begin(1000, 1000000, RTT_MS, 1);
    for (unsigned i = 0; i < 2; i++) {
        t.cwnd = 1000000;
        lose();
        for (unsigned k = 0; k < 50; k++) {
            ack(t.cwnd);
            c.now_ms += RTT_MS;
        }
        assert_true(i == 0 || t.cwnd == seen);
        seen = t.cwnd;
    }
}

// 4.8: after a timeout and its slow start the curve begins where that ended: there is no old
// maximum to climb to.
static void after_timeout(void **state)
{
    (void)state;
    begin(1000, 1000000, RTT_MS, 1);
    b->prior_cwnd = t.cwnd;
    aksu_cubic.timed_out(&c, 1000000);
    t.cwnd = t.ssthresh; // slow start is over
    c.now_ms += 1000;
    for (unsigned i = 0; i < 5 * ROUND_ACKS; i++) {
        ack(t.cwnd / ROUND_ACKS);
        c.now_ms += RTT_MS / ROUND_ACKS;
    }
    // 0.5 s behind the plateau the curve has gained 0.05 segments, Reno's line 5 * 9/17.
    assert_in_range(t.cwnd - 700000, 2000, 3500);
    for (unsigned i = 0; i < 95 * ROUND_ACKS; i++) {
        ack(t.cwnd / ROUND_ACKS);
        c.now_ms += RTT_MS / ROUND_ACKS;
    }
    assert_in_range(t.cwnd, 1080000, 1120000); // 10 s: 0.4 * 10^3 segments
}

// 4.2: a target is at most half as much again, however far the curve has gone meanwhile.
static void target_is_bounded(void **state)
{
    (void)state;
    begin(1000, 100000, RTT_MS, 1);
    lose();
    ack(1000);
    c.now_ms += 30000;
    uint32_t before = t.cwnd;
    ack(before / 10);
    assert_in_range(t.cwnd - before, before / 20 - 10, before / 20);
}

// 5.8: the time in which nothing was to be sent does not count: no leap along the curve.
static void after_idle(void **state)
{
    (void)state;
    begin(1000, 1000000, RTT_MS, 1);
    lose();
    ack(10000);
    c.now_ms += 60000;
    aksu_cubic.idle(&c);
    assert_true(t.cwnd <= 14600);
    t.cwnd = t.ssthresh;
    uint32_t before = t.cwnd;
    for (unsigned i = 0; i < ROUND_ACKS; i++)
        ack(t.cwnd / ROUND_ACKS);
    assert_true(t.cwnd - before < 60000);
}

// Nor does the time in which little was.
static void after_little_use(void **state)
{
    (void)state;
    begin(1000, 1000000, RTT_MS, 1);
    t.snd_wnd = 1000000;
    lose();
    ack(10000);
    uint32_t before = t.cwnd;
    for (unsigned i = 0; i < 60; i++) {
        c.now_ms += 1000;
        b->prr_out = 5000;
        t.snd_max = t.snd_una += 1000;
        aksu_cubic.acked(&c, 1000);
        assert_int_equal(t.cwnd, before);
    }
    for (unsigned i = 0; i < ROUND_ACKS; i++)
        ack(t.cwnd / ROUND_ACKS);
    assert_in_range(t.cwnd, before + 1, before + 60000);
}

// Without a board (the peer sends no SACKs) the window is Reno's.
static void without_board(void **state)
{
    struct aksu_step plain = c;
    (void)state;
    plain.b = NULL;
    for (unsigned i = 0; i < 2; i++) {
        const struct aksu_congestion *which = i ? &aksu_cubic : &aksu_newreno;
        static uint32_t seen[8];
        begin(1000, 20000, RTT_MS, 1);
        uint32_t now[8] = {0};
        which->acked(&plain, 1000);
        now[0] = t.cwnd;
        which->lost(&plain, 20000);
        now[1] = t.cwnd;
        now[2] = t.ssthresh;
        which->acked(&plain, 1000);
        now[3] = t.cwnd;
        which->timed_out(&plain, 20000);
        now[4] = t.cwnd;
        now[5] = t.ssthresh;
        which->open(&plain);
        now[6] = t.cwnd;
        which->idle(&plain);
        now[7] = t.cwnd;
        if (i)
            assert_memory_equal(now, seen, sizeof now);
        memcpy(seen, now, sizeof now);
    }
}

// --- HyStart++

// One round trip in slow start, an ACK for each of so many segments, all of one round-trip time.
static uint32_t slow_round(unsigned acks, uint32_t rtt_ms)
{
    uint32_t before = t.cwnd;

    t.snd_max = t.snd_una + acks * UINT32_C(1000);
    b->rtt_ms = (uint16_t)rtt_ms;
    if (rtt_ms < b->min_rtt_ms)
        b->min_rtt_ms = (uint16_t)rtt_ms;
    for (unsigned i = 0; i < acks; i++) {
        t.snd_una += 1000;
        if (i + 1 == acks)
            t.snd_max = t.snd_una + acks * UINT32_C(1000);
        aksu_cubic.acked(&c, 1000);
    }
    return t.cwnd - before;
}

static bool slow(void)
{
    return t.cwnd < t.ssthresh;
}

// While the path's time stays, the window doubles.
static void steady(void **state)
{
    (void)state;
    begin(1000, 10000, RTT_MS, 1);
    for (unsigned acks = 10; acks <= 640; acks *= 2)
        assert_int_equal(slow_round(acks, RTT_MS + acks % 3), acks * UINT32_C(1000));
    assert_true(slow());
}

// 4.2: eight samples that are an eighth of the RTT above it (4 to 16 ms): conservative slow start,
// a quarter of the growth; then the threshold.
static void slows_down(void **state)
{
    static const struct {
        uint32_t rtt_ms, more_ms;
    } rows[] = {{8, 4}, {32, 4}, {40, 5}, {100, 12}, {128, 16}, {300, 16}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(1000, 16000, rows[i].rtt_ms, 1);
        slow_round(16, rows[i].rtt_ms);
        assert_int_equal(slow_round(32, rows[i].rtt_ms + rows[i].more_ms - 1), 32000);
        assert_true(slow());
        uint32_t gain = slow_round(64, rows[i].rtt_ms + rows[i].more_ms);
        assert_int_equal(gain, 7000 + 57 * 250); // the eighth sample told
        uint32_t cwnd = t.cwnd;
        for (unsigned round = 0; round < 5; round++)
            slow_round(20, rows[i].rtt_ms + rows[i].more_ms);
        assert_false(slow());
        assert_true(t.ssthresh <= cwnd + 5 * 20 * 250);
    }
}

// Seven slow samples and one quick one, whichever it is, are no sign.
static void one_quick_sample(void **state)
{
    (void)state;
    for (unsigned quick = 0; quick < 8; quick++) {
        begin(1000, 16000, RTT_MS, 1);
        for (unsigned i = 0; i < 20; i++) {
            slow_round(quick, RTT_MS + 50);
            slow_round(1, RTT_MS + 1);
            slow_round(7 - quick, RTT_MS + 50);
        }
        assert_int_equal(t.cwnd, 16000 + 160000);
    }
}

// 4.2: conservative slow start lasts one round: until what was sent when it began is acknowledged,
// all of it, though the window has been sent anew meanwhile. Then the curve begins where the window
// is (RFC 9438 4.10), at its plateau, where Reno's line is faster: by a segment a round trip.
static void round_ends(void **state)
{
    (void)state;
    const struct aksu_run none = {0};
    begin(1000, 50000, RTT_MS, 1);
    t.snd_una = t.recover = 0x40000000; // more than a window may be
    b->rtt_ms = RTT_MS + 20;
    for (unsigned i = 0; i < 8; i++) // the eighth tells that the time has grown
        ack(1000);
    aksu_seq end = t.snd_max;
    while (aksu_seq_lt(t.snd_una + 1000, end)) {
        ack(1000);
        assert_true(slow());
    }
    ack(end - t.snd_una);
    assert_false(slow());
    uint32_t before = t.cwnd;
    for (unsigned i = 0; i < 5; i++) {
        ack(t.cwnd);
        c.now_ms += RTT_MS;
    }
    assert_in_range(t.cwnd - before, 4990, 5000);
    assert_memory_equal(&store.slot[0], &none, sizeof none); // nothing is kept behind the board
}

// After a timeout likewise: what congestion avoidance kept in the same place is forgotten.
static void slows_down_again(void **state)
{
    (void)state;
    begin(1000, 100000, RTT_MS, 1);
    lose();
    ack(1000);
    aksu_cubic.timed_out(&c, t.cwnd);
    t.ssthresh = 70000;
    slow_round(8, RTT_MS + 20);
    assert_true(slow());
    slow_round(8, RTT_MS + 20);
    slow_round(8, RTT_MS + 20);
    assert_false(slow());
    assert_true(t.ssthresh < 20000);
}

// The time falls again: it was not the queue, and slow start goes on.
static void goes_on(void **state)
{
    (void)state;
    begin(1000, 16000, RTT_MS, 1);
    slow_round(16, RTT_MS);
    t.snd_max = t.snd_una + 100000;
    for (unsigned i = 0; i < 2; i++) {
        b->rtt_ms = (uint16_t)(RTT_MS + (i ? 5 : 40));
        for (unsigned k = 0; k < 8; k++) {
            t.snd_una += 1000;
            aksu_cubic.acked(&c, 1000);
        }
    }
    uint32_t before = t.cwnd;
    t.snd_una += 1000;
    aksu_cubic.acked(&c, 1000);
    assert_int_equal(t.cwnd - before, 1000);
    assert_true(slow());
}

// L is 8 (4.3); after a timeout 1 (RFC 3465 2.3).
static void large_acks(void **state)
{
    (void)state;
    begin(1000, 10000, RTT_MS, 1);
    ack(9000);
    assert_int_equal(t.cwnd, 18000);
    begin(1000, 10000, RTT_MS, 1);
    t.recover = t.snd_una + 9000;
    ack(9000);
    assert_int_equal(t.cwnd, 11000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curve),
        cmocka_unit_test(saturates),
        cmocka_unit_test(reduction),
        cmocka_unit_test(constant),
        cmocka_unit_test(begins_where_it_is),
        cmocka_unit_test(alpha),
        cmocka_unit_test(least_gain),
        cmocka_unit_test(no_convergence_at_the_maximum),
        cmocka_unit_test(after_timeout),
        cmocka_unit_test(after_idle),
        cmocka_unit_test(after_little_use),
        cmocka_unit_test(target_is_bounded),
        cmocka_unit_test(without_board),
        cmocka_unit_test(steady),
        cmocka_unit_test(slows_down),
        cmocka_unit_test(one_quick_sample),
        cmocka_unit_test(round_ends),
        cmocka_unit_test(slows_down_again),
        cmocka_unit_test(goes_on),
        cmocka_unit_test(large_acks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
