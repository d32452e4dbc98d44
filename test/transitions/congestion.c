// SPDX-License-Identifier: MIT
// Congestion control: RFC 5681, 6582, 6928, 3042.
#include "harness.h"

#define A  AKSU_ACK
#define SA (AKSU_SYN | AKSU_ACK)

enum { WND = 65535 };

// ESTABLISHED towards a peer with a large window, much data queued, nothing sent yet.
static void ready(struct fixture *f)
{
    drive(f, AKSU_SYN_SENT);
    struct aksu_segment s = seg(f, SA, 0, 1, 0, WND);
    s.options = AKSU_OPT_MSS;
    s.mss = MSS;
    arrive(f, s);
    flush(f);
    expect_state(f, AKSU_ESTABLISHED);
    take(f);
}

static void ack(struct fixture *f, uint32_t number)
{
    arrive(f, seg(f, A, 1, number, 0, WND));
    flush(f);
}

static uint32_t flight(const struct fixture *f)
{
    return f->t.snd_max - f->t.snd_una;
}

// R6928-01: min(10*MSS, max(2*MSS, 14600)).
static void initial_window(struct fixture *fresh)
{
    static const struct {
        uint16_t mss;
        uint32_t cwnd;
    } rows[] = {{536, 5360},   {1000, 10000}, {1460, 14600}, {1461, 14600},
                {4000, 14600}, {7300, 14600}, {8960, 17920}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f = *fresh;
        f.mss = rows[i].mss;
        drive(&f, AKSU_SYN_SENT);
        struct aksu_segment s = seg(&f, SA, 0, 1, 0, WND);
        s.options = AKSU_OPT_MSS;
        s.mss = rows[i].mss;
        arrive(&f, s);
        flush(&f);
        take(&f);
        assert_int_equal(f.t.cwnd, rows[i].cwnd);
        user(&f, AKSU_EV_WROTE, 60000);
        flush(&f);
        assert_true(flight(&f) <= rows[i].cwnd);
        assert_true(flight(&f) + rows[i].mss > rows[i].cwnd);
    }
}

// The same for the side that was opened passively.
static void initial_window_passive(struct fixture *f)
{
    drive(f, AKSU_LISTEN);
    struct aksu_segment s = seg(f, AKSU_SYN, 0, 0, 0, WND);
    s.options = AKSU_OPT_MSS;
    s.mss = MSS;
    arrive(f, s);
    flush(f);
    ack(f, 1);
    assert_int_equal(f->t.cwnd, 10000);
}

// RFC 6928 2, R5681-14: one segment if the SYN was retransmitted more than once.
static void initial_window_after_loss(struct fixture *fresh)
{
    for (unsigned lost = 1; lost <= 3; lost++) {
        struct fixture f = *fresh;
        drive(&f, AKSU_SYN_SENT);
        pass(&f, (1000u << lost) - 1000);
        expect_count(&f, lost);
        struct aksu_segment s = seg(&f, SA, 0, 1, 0, WND);
        s.options = AKSU_OPT_MSS;
        s.mss = MSS;
        arrive(&f, s);
        flush(&f);
        assert_int_equal(f.t.cwnd, lost == 1 ? 10000 : 1000);
    }
}

// R5681-13: with SACK, a duplicate ACK counts only with new SACK information; a D-SACK is none.
static void duplicates_with_sack(struct fixture *fresh)
{
    for (unsigned kind = 0; kind < 3; kind++) { // none, D-SACK, a block above the ACK
        struct fixture f = *fresh;
        drive_options(&f, AKSU_OPT_SACK_PERMITTED, 0);
        user(&f, AKSU_EV_WROTE, 4000);
        flush(&f);
        give(&f, A, 1, 1001, 0);
        flush(&f);
        take(&f);
        for (unsigned i = 0; i < 3; i++) {
            struct aksu_segment s = seg(&f, A, 1, 1001, 0, PEER_WND);
            if (kind > 0) {
                s.options = AKSU_OPT_SACK;
                s.sacks = 1;
                s.sack[0].start = f.iss + (kind == 1 ? 1 : 2001);
                s.sack[0].end = f.iss + (kind == 1 ? 501 : 3001 + 500 * i);
            }
            arrive(&f, s);
            flush(&f);
        }
        bool again = false;
        for (unsigned i = 0; i < f.outs; i++)
            again = again || f.out[i].seq == f.iss + 1001;
        assert_int_equal(again, kind == 2);
    }
}

// R5681-02: ssthresh is high at first: slow start goes on.
static void slow_start(struct fixture *f)
{
    ready(f);
    assert_true(f->t.ssthresh >= WND);
    user(f, AKSU_EV_WROTE, 60000);
    flush(f);
    uint32_t before = f->t.cwnd;
    ack(f, 1001); // R5681-01: min(N, SMSS)
    assert_int_equal(f->t.cwnd, before + 1000);
    ack(f, 1011); // ACK division
    assert_int_equal(f->t.cwnd, before + 1010);
    ack(f, 3011); // a delayed ACK of two segments adds one
    assert_int_equal(f->t.cwnd, before + 2010);
    f->t.ssthresh = WND; // also once a loss has told it
    ack(f, 5011);
    assert_int_equal(f->t.cwnd, before + 3010);
}

// An ACK that acknowledges nothing new, and an application that has nothing to send, grow nothing.
static void no_growth_without_need(struct fixture *f)
{
    ready(f);
    uint32_t before = f->t.cwnd;
    user(f, AKSU_EV_WROTE, 60000);
    flush(f);
    arrive(f, seg(f, A, 1, 1, 0, WND - 1)); // window update
    assert_int_equal(f->t.cwnd, before);
}

// R5681-03: in congestion avoidance at most SMSS per round trip, and not much less.
static void congestion_avoidance(struct fixture *f)
{
    ready(f);
    user(f, AKSU_EV_WROTE, 1000000);
    flush(f);
    f->t.ssthresh = 10000;
    uint32_t next = 1;
    for (int round = 0; round < 5; round++) {
        uint32_t before = f->t.cwnd, end = f->t.snd_nxt - f->iss;
        while (next < end) {
            next += 1000;
            take(f);
            ack(f, next);
        }
        assert_in_range(f->t.cwnd - before, 500, 1000);
    }
}

// A receiver that acknowledges a segment in pieces gains nothing by it: octets count, not ACKs
// (RFC 5681 3.1, RFC 3465).
static void ack_division(struct fixture *fresh)
{
    for (unsigned avoidance = 0; avoidance < 2; avoidance++) {
        struct fixture f = *fresh;
        ready(&f);
        f.t.ssthresh = avoidance ? f.t.cwnd : f.t.ssthresh;
        user(&f, AKSU_EV_WROTE, 60000);
        flush(&f);
        uint32_t cwnd = f.t.cwnd;
        for (uint32_t i = 1; i <= MSS; i++)
            arrive(&f, seg(&f, A, 1, 1 + i, 0, WND));
        assert_true(f.t.cwnd - cwnd <= MSS);
        assert_true(f.t.cwnd > cwnd);
    }
}

// R5681-06, R5681-07: the third duplicate: one retransmission, ssthresh = FlightSize/2,
// cwnd = ssthresh + 3*SMSS; each further duplicate SMSS more.
static void fast_retransmit(struct fixture *f)
{
    ready(f);
    user(f, AKSU_EV_WROTE, 10000);
    flush(f);
    expect_count(f, 10);
    take(f);
    ack(f, 1);
    ack(f, 1);
    expect_count(f, 0); // nothing new to send either
    assert_int_equal(f->t.cwnd, 10000);
    ack(f, 1);
    expect_count(f, 1);
    expect(f, 0, A, 1, 1, 1000);
    assert_int_equal(f->t.ssthresh, 5000);
    assert_int_equal(f->t.cwnd, 8000);
    ack(f, 1);
    ack(f, 1);
    assert_int_equal(f->t.cwnd, 10000);
    expect_count(f, 1);
}

// R6582-04: a full ACK ends it: cwnd = min(ssthresh, max(FlightSize, SMSS) + SMSS), or ssthresh.
static void full_ack(struct fixture *f)
{
    fast_retransmit(f);
    ack(f, 10001);
    assert_true(f->t.cwnd == 2000 || f->t.cwnd == 5000);
    assert_int_equal(f->t.flags & AKSU_F_RECOVERY, 0);
    take(f);
    user(f, AKSU_EV_WROTE, 20000);
    flush(f);
    assert_true(f->outs <= 5);
}

// R6582-02: a partial ACK: the next hole at once; cwnd deflated by what was acknowledged, plus
// SMSS.
static void partial_ack(struct fixture *f)
{
    fast_retransmit(f);
    take(f);
    ack(f, 3001); // 3001 was lost as well
    assert_true(f->outs >= 1);
    expect(f, 0, A, 3001, 1, 1000);
    assert_int_equal(f->t.cwnd, 10000 - 3000 + 1000);
    assert_true(f->t.flags & AKSU_F_RECOVERY);
    take(f);
    ack(f, 5001);
    expect(f, 0, A, 5001, 1, 1000);
    ack(f, 10001);
    assert_int_equal(f->t.flags & AKSU_F_RECOVERY, 0);
}

// R6582-03: the first partial ACK resets the retransmission timer.
static void partial_ack_timer(struct fixture *f)
{
    fast_retransmit(f);
    pass(f, 300);
    ack(f, 3001);
    assert_int_equal(due(f), aksu_tcp_rto(&f->p, &f->t));
    pass(f, 300);
    uint32_t left = due(f);
    ack(f, 5001);
    assert_int_equal(due(f), left);
}

// R5681-12: limited transmit: a new segment for each of the first two duplicates, cwnd unchanged.
static void limited_transmit(struct fixture *f)
{
    ready(f);
    user(f, AKSU_EV_WROTE, 40000);
    flush(f);
    expect_count(f, 10);
    take(f);
    ack(f, 1);
    expect_count(f, 1);
    expect(f, 0, A, 10001, 1, 1000);
    ack(f, 1);
    expect_count(f, 2);
    expect(f, 1, A, 11001, 1, 1000);
    assert_int_equal(f->t.cwnd, 10000);
    ack(f, 1);
    expect(f, 2, A, 1, 1, 1000);
}

// R5681-08: what is not a duplicate ACK.
static void not_duplicates(struct fixture *f)
{
    ready(f);
    user(f, AKSU_EV_WROTE, 10000);
    flush(f);
    take(f);
    for (unsigned i = 0; i < 5; i++) {
        arrive(f, seg(f, A, 1, 1, 0, WND - 100 - i));     // window update
        arrive(f, seg(f, A, 1 + i, 1, 1, WND - 100 - i)); // with text
        arrive(f, seg(f, A, 1, 0, 0, WND - 100 - i));     // an older ACK
    }
    assert_int_equal(f->t.dupacks, 0);
    pass(f, 0);
    for (unsigned i = 0; i < f->outs; i++)
        assert_int_equal(f->out[i].len, 0);
    struct fixture idle = *f; // nothing outstanding
    ack(&idle, 10001);
    take(&idle);
    for (unsigned i = 0; i < 5; i++)
        ack(&idle, 10001);
    assert_int_equal(idle.t.dupacks, 0);
    expect_count(&idle, 0);
}

// Duplicates in a row: new data in between starts the count again.
static void duplicates_in_a_row(struct fixture *f)
{
    ready(f);
    user(f, AKSU_EV_WROTE, 10000);
    flush(f);
    take(f);
    ack(f, 1);
    ack(f, 1);
    ack(f, 1001);
    ack(f, 1001);
    ack(f, 1001);
    expect_count(f, 0);
    ack(f, 1001);
    expect_count(f, 1);
    expect(f, 0, A, 1001, 1, 1000);
}

// R5681-04, R5681-05: a timeout: ssthresh = max(FlightSize/2, 2*SMSS), cwnd one segment; the same
// segment's second timeout does not cut again.
static void timeout(struct fixture *f)
{
    ready(f);
    user(f, AKSU_EV_WROTE, 10000);
    flush(f);
    take(f);
    pass(f, 1000);
    expect_count(f, 1);
    expect(f, 0, A, 1, 1, 1000);
    assert_int_equal(f->t.ssthresh, 5000);
    assert_true(f->t.cwnd <= 1000);
    pass(f, 2000);
    expect_count(f, 2);
    assert_int_equal(f->t.ssthresh, 5000);
    assert_true(f->t.cwnd <= 1000);
}

static void timeout_floor(struct fixture *f)
{
    ready(f);
    user(f, AKSU_EV_WROTE, 10);
    flush(f);
    pass(f, 1000);
    assert_int_equal(f->t.ssthresh, 2000);
}

// After a timeout: slow start again, from SND.UNA, and the rest is resent as cwnd opens.
static void slow_start_after_timeout(struct fixture *f)
{
    ready(f);
    user(f, AKSU_EV_WROTE, 10000);
    flush(f);
    take(f);
    pass(f, 1000);
    take(f);
    ack(f, 1001);
    assert_int_equal(f->t.cwnd, 2000);
    expect_count(f, 2);
    expect(f, 0, A, 1001, 1, 1000);
    expect(f, 1, A, 2001, 1, 1000);
    take(f);
    ack(f, 10001);                     // only the first was lost
    assert_int_equal(f->t.cwnd, 3000); // L = 1 (RFC 3465 2.3)
    expect_count(f, 0);
    assert_int_equal(due(f), UINT32_MAX);
    assert_int_equal(f->t.snd_nxt, f->iss + 10001);
}

// R6582-05, R6582-01: after a timeout, duplicates of what was sent before it start no fast
// retransmit.
static void no_fast_retransmit_after_timeout(struct fixture *f)
{
    ready(f);
    user(f, AKSU_EV_WROTE, 10000);
    flush(f);
    pass(f, 1000);
    assert_int_equal(f->t.ssthresh, 5000);
    ack(f, 2001);
    uint32_t ssthresh = f->t.ssthresh;
    for (unsigned i = 0; i < 5; i++)
        ack(f, 2001);
    assert_int_equal(f->t.ssthresh, ssthresh);
    assert_int_equal(f->t.flags & AKSU_F_RECOVERY, 0);
    for (unsigned n = 3001; n <= 6001; n += 1000)
        ack(f, n);
    assert_int_equal(f->t.snd_nxt, f->t.snd_max); // all is sent again: recover alone says no
    for (unsigned i = 0; i < 5; i++)
        ack(f, 6001);
    assert_int_equal(f->t.ssthresh, ssthresh);
    assert_int_equal(f->t.flags & AKSU_F_RECOVERY, 0);
    ack(f, 10001);
    user(f, AKSU_EV_WROTE, 5000);
    flush(f);
    ack(f, 11001);
    take(f);
    for (unsigned i = 0; i < 3; i++)
        ack(f, 11001);
    assert_true(f->t.flags & AKSU_F_RECOVERY); // beyond recover it works again
}

// A timeout in recovery leaves it.
static void timeout_in_recovery(struct fixture *f)
{
    fast_retransmit(f);
    take(f);
    pass(f, 1000);
    assert_int_equal(f->t.flags & AKSU_F_RECOVERY, 0);
    expect(f, 0, A, 1, 1, 1000);
    assert_true(f->t.cwnd <= 1000);
}

// R5681-11: after idling longer than an RTO, no burst above the restart window.
static void idle_restart(struct fixture *f)
{
    ready(f);
    user(f, AKSU_EV_WROTE, 400000);
    flush(f);
    for (uint32_t n = 1; n < 400001; n += 1000) {
        take(f);
        ack(f, n + 1000);
    }
    assert_true(f->t.cwnd > 20000);
    pass(f, 10000);
    take(f);
    user(f, AKSU_EV_WROTE, 60000);
    flush(f);
    uint32_t burst = 0;
    for (unsigned i = 0; i < f->outs; i++)
        burst += f->out[i].len;
    assert_true(burst <= 10000);
}

// The window in flight never exceeds cwnd, whatever happens (limited transmit's two aside).
static void never_beyond_cwnd(struct fixture *f)
{
    uint32_t r = 99;
    ready(f);
    user(f, AKSU_EV_WROTE, 1000000);
    for (unsigned i = 0; i < 2000; i++) {
        take(f);
        flush(f);
        if (f->outs > 0 && f->out[0].seq == f->t.snd_max - f->out[0].len)
            assert_true(f->t.snd_nxt - f->t.snd_una <= f->t.cwnd + 3 * MSS);
        r = r * 1664525u + 1013904223u;
        uint32_t una = f->t.snd_una - f->iss;
        uint32_t n = (r >> 20) % 4 * 1000;
        take(f);
        if (n > flight(f))
            n = flight(f);
        if ((r >> 28) == 0)
            pass(f, 100);
        else
            ack(f, una + n);
        assert_true(f->t.cwnd >= 1);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(initial_window),
        TEST(initial_window_passive),
        TEST(initial_window_after_loss),
        TEST(duplicates_with_sack),
        TEST(slow_start),
        TEST(no_growth_without_need),
        TEST(congestion_avoidance),
        TEST(ack_division),
        TEST(fast_retransmit),
        TEST(full_ack),
        TEST(partial_ack),
        TEST(partial_ack_timer),
        TEST(limited_transmit),
        TEST(not_duplicates),
        TEST(duplicates_in_a_row),
        TEST(timeout),
        TEST(timeout_floor),
        TEST(slow_start_after_timeout),
        TEST(no_fast_retransmit_after_timeout),
        TEST(timeout_in_recovery),
        TEST(idle_restart),
        TEST(never_beyond_cwnd),
    };
    return run_at_bases("congestion control: RFC 5681, 6582, 6928, 3042", tests,
                        sizeof tests / sizeof tests[0]);
}
