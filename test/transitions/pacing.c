// SPDX-License-Identifier: MIT
// Pacing: what cwnd lets out at once leaves in bursts of two segments, over half a round-trip time
// while it doubles. The path takes 100 ms there and back, both ends' MSS is 1460.
#include "harness.h"

#define A  AKSU_ACK
#define SA (AKSU_SYN | AKSU_ACK)

enum {
    RTT_MS = 100,
    WHOLE = 1460,
    TEN = 10 * WHOLE,
    PAUSE_MS = 10, // two of ten segments, in half a round-trip time
    GAP_MS = 16    // in four fifths of it
};

static void ack(struct fixture *f, uint32_t number, uint16_t wnd)
{
    arrive(f, seg(f, A, 1, number, 0, wnd));
    flush(f);
}

static void write(struct fixture *f, uint32_t octets)
{
    user(f, AKSU_EV_WROTE, octets);
    flush(f);
}

// ESTABLISHED, with SACK, a round-trip time known and a window of ten segments.
static void open(struct fixture *f)
{
    f->p.recovery = &aksu_paced;
    f->mss = WHOLE;
    drive(f, AKSU_SYN_SENT);
    pass(f, RTT_MS);
    struct aksu_segment s = seg(f, SA, 0, 1, 0, 65535);
    s.options = AKSU_OPT_MSS | AKSU_OPT_SACK_PERMITTED;
    s.mss = WHOLE;
    arrive(f, s);
    flush(f);
    expect_state(f, AKSU_ESTABLISHED);
    f->t.srtt = 8 * RTT_MS;
    f->t.cwnd = TEN;
    take(f);
}

// All leaves, in bursts of at most two segments that are so far apart.
static void expect_bursts(struct fixture *f, unsigned segments, uint32_t gap_ms)
{
    unsigned burst = 1;

    pass(f, RTT_MS - 1);
    assert_int_equal(f->outs, segments);
    for (unsigned i = 1; i < segments; i++) {
        if (f->out_at[i] == f->out_at[i - 1]) {
            burst++;
        } else {
            assert_int_equal(f->out_at[i] - f->out_at[i - 1], gap_ms);
            burst = 1;
        }
        assert_true(burst <= 2);
    }
}

static void first_window(struct fixture *f)
{
    open(f);
    write(f, 10 * WHOLE);
    expect_bursts(f, 10, PAUSE_MS);
}

static void congestion_avoidance(struct fixture *f)
{
    open(f);
    f->t.ssthresh = 4 * WHOLE;
    write(f, 10 * WHOLE);
    expect_bursts(f, 10, GAP_MS);
}

// What a millisecond holds leaves at once.
static void fast_path(struct fixture *f)
{
    open(f);
    f->t.srtt = 8 * 2;
    write(f, 10 * WHOLE);
    pass(f, 2);
    assert_int_equal(f->outs, 10);
}

// A window that is less than an octet in a millisecond.
static void slow_path(struct fixture *f)
{
    open(f);
    f->t.srtt = UINT16_MAX;
    f->t.cwnd = 2 * WHOLE;
    write(f, 10 * WHOLE);
    assert_int_equal(f->t.cwnd, 2 * WHOLE);
    pass(f, 3000);
    assert_true(f->outs >= 2);
}

static void without_a_round_trip_time(struct fixture *f)
{
    open(f);
    f->t.srtt = 0;
    write(f, 10 * WHOLE);
    assert_int_equal(f->outs, 10);
}

// An ACK lets out what it makes room for, in a pause too.
static void acks_let_out(struct fixture *f)
{
    open(f);
    write(f, 60000);
    unsigned before = f->outs;
    assert_true(before <= 2);
    ack(f, 1 + WHOLE, 65535);
    assert_true(f->outs > before);
    assert_int_equal(f->out[before].seq, f->iss + 1 + before * WHOLE);
}

// What is lost is sent again without a pause.
static void losses_do_not_wait(struct fixture *f)
{
    open(f);
    write(f, 10 * WHOLE);
    pass(f, RTT_MS - 1);
    write(f, 60000);
    take(f);
    for (unsigned i = 4; i < 10; i++) {
        struct aksu_segment s = seg(f, A, 1, 1, 0, 65535);
        s.options = AKSU_OPT_SACK;
        s.sacks = 1;
        s.sack[0].start = f->iss + 1 + 3 * WHOLE;
        s.sack[0].end = f->iss + 1 + i * WHOLE;
        arrive(f, s);
    }
    flush(f);
    assert_true(f->outs >= 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(f->out[i].seq, f->iss + 1 + i * WHOLE);
    assert_int_equal(f->out_at[2], f->out_at[0]);
}

// The retransmission timer runs again behind the last pause.
static void timeouts_come(struct fixture *f)
{
    open(f);
    write(f, 10 * WHOLE);
    pass(f, RTT_MS - 1);
    assert_int_equal(f->t.retries, 0);
    take(f);
    pass(f, 300);
    assert_int_equal(f->outs, 1); // a tail loss probe
    pass(f, 2000);
    assert_true(f->outs >= 2); // and what timed out
    assert_true(f->t.retries > 0);
}

// A window that closes in a pause is not probed sooner for that.
static void window_closes(struct fixture *f)
{
    open(f);
    write(f, 10 * WHOLE);
    assert_true(f->outs <= 2);
    ack(f, 1, 0);
    take(f);
    pass(f, 3 * PAUSE_MS);
    assert_int_equal(f->t.retries, 0);
    assert_int_equal(f->outs, 0);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(first_window),
        TEST(congestion_avoidance),
        TEST(fast_path),
        TEST(slow_path),
        TEST(without_a_round_trip_time),
        TEST(acks_let_out),
        TEST(losses_do_not_wait),
        TEST(timeouts_come),
        TEST(window_closes),
    };
    return run_at_bases("pacing", tests, sizeof tests / sizeof tests[0]);
}
