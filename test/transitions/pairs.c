// SPDX-License-Identifier: MIT
// Where two rules meet that the other suites take one at a time.
#include "harness.h"

#define A  AKSU_ACK
#define FA (AKSU_FIN | AKSU_ACK)
#define SA (AKSU_SYN | AKSU_ACK)

enum { TS = AKSU_OPT_TIMESTAMPS, SACK = AKSU_OPT_SACK_PERMITTED, TIMESTAMPS_LEN = 12 };

// What is queued never exceeds half of the sequence space by far: a call beyond 2^30 is no call.
static void write_beyond_2_30(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, UINT32_C(1) << 30);
    assert_int_equal(f->t.snd_buf, UINT32_C(1) << 30);
    user(f, AKSU_EV_WROTE, 1);
    assert_int_equal(f->t.snd_buf, UINT32_C(1) << 30);
}

// 3.10.2: nothing is urgent that cannot be sent any more.
static void urgent_after_shutdown(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_SHUTDOWN, 0);
    aksu_seq up = f->t.snd_up;
    set(f, AKSU_URGENT, 1);
    assert_int_equal(f->t.snd_up, up);
}

static void unknown_events(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    struct aksu_tcb before = f->t;
    user(f, (enum aksu_event_kind)200, 1);
    set(f, (enum aksu_option)200, 1);
    assert_memory_equal(&before, &f->t, sizeof before);
}

// 3.10.7.3: before the SYN is on its way nothing can acknowledge it.
static void ack_before_the_syn(struct fixture *f)
{
    open_active(f);
    arrive(f, seg(f, SA, 0, 1, 0, PEER_WND));
    expect_state(f, AKSU_SYN_SENT);
    expect_count(f, 1);
    assert_true(f->out[0].flags & AKSU_RST);
}

// MUST-7: a header with an option that is not lawful opens nothing.
static void unlawful_option_opens_nothing(struct fixture *fresh)
{
    struct fixture f = *fresh;
    drive(&f, AKSU_SYN_SENT);
    take(&f);
    struct aksu_segment s = seg(&f, SA, 0, 1, 0, PEER_WND);
    s.options = AKSU_OPT_ILLEGAL;
    arrive(&f, s);
    assert_true(f.fx.refused);
    expect_state(&f, AKSU_SYN_SENT);

    f = *fresh;
    drive_simultaneous(&f);
    s = seg(&f, SA, 0, 1, 0, PEER_WND);
    s.options = AKSU_OPT_ILLEGAL;
    arrive(&f, s);
    assert_true(f.fx.refused);
    expect_state(&f, AKSU_SYN_RECEIVED);
}

// RFC 7323 3.2 drops what has no timestamps; what has an unlawful option is another matter: it is
// judged by its number, so that the answer tells an honest peer where we are.
static void unlawful_option_without_timestamps(struct fixture *f)
{
    drive_options(f, TS, 0);
    take(f);
    struct aksu_segment s = seg(f, A, 1, 1, 100, PEER_WND);
    s.options = AKSU_OPT_ILLEGAL;
    arrive(f, s);
    assert_true(f->fx.refused);
    assert_int_equal(f->t.rcv_nxt, f->irs + 1);
}

// RFC 2883 4: a duplicate is reported if there is room for the report; islands have precedence.
static void duplicate_beside_four_islands(struct fixture *f)
{
    drive_options(f, SACK, 0);
    for (uint32_t i = 1; i <= AKSU_RANGES; i++)
        give(f, A, 1 + 100 * i, 1, 50);
    assert_int_equal(f->t.ranges, AKSU_RANGES);
    struct aksu_tcb before = f->t;
    take(f);
    give(f, A, (uint32_t)-49, 1, 50); // all of it is old
    expect_count(f, 1);
    assert_int_equal(f->t.ranges, AKSU_RANGES);
    assert_memory_equal(before.range, f->t.range, sizeof before.range);
    assert_false(f->t.flags & AKSU_F_DSACK);
}

// RFC 2018 3: SACK blocks ride on ACKs, not on a RST.
static void reset_carries_no_blocks(struct fixture *f)
{
    drive_options(f, SACK, 0);
    give(f, A, 101, 1, 50);
    take(f);
    user(f, AKSU_EV_ABORT, 0);
    flush(f);
    expect_count(f, 1);
    assert_true(f->out[0].flags & AKSU_RST);
    assert_false(f->out[0].options & AKSU_OPT_SACK);
}

// A window that opens behind the peer's FIN interests nobody.
static void no_update_after_the_fin(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    give(f, A, 1, 1, 3000);
    give(f, FA, 3001, 1, 0);
    expect_state(f, AKSU_CLOSE_WAIT);
    pass(f, 1000);
    take(f);
    user(f, AKSU_EV_READ, 3000);
    flush(f);
    expect_count(f, 0);
}

// MUST-37 without a user timeout: a window of zero that is answered may last for ever.
static void zero_window_for_ever(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_USER_TIMEOUT, 65535);
    user(f, AKSU_EV_WROTE, 100);
    arrive(f, seg(f, A, 1, 1, 0, 0));
    for (unsigned i = 0; i < 20; i++) {
        pass(f, 60000);
        take(f);
        arrive(f, seg(f, A, 1, 1, 0, 0));
        expect_state(f, AKSU_ESTABLISHED);
    }
}

// RFC 1191 6.3 and RFC 7323 appendix A: what the path takes is less by the timestamps; and what is
// no smaller than before changes nothing.
static void packet_too_big_with_timestamps(struct fixture *f)
{
    drive_options(f, TS, 0);
    user(f, AKSU_EV_WROTE, 900);
    flush(f);
    pass(f, 1000);
    uint16_t mss = f->t.snd_mss;
    icmp(f, AKSU_ICMP_PTB, 1, mss + TIMESTAMPS_LEN);
    assert_true(f->fx.refused);
    assert_int_equal(f->t.snd_mss, mss);
    icmp(f, AKSU_ICMP_PTB, 1, 600);
    assert_false(f->fx.refused);
    assert_int_equal(f->t.snd_mss, 600 - TIMESTAMPS_LEN);
}

// Keep-alive is for connections that are open: not for one that was closed and waits for a FIN.
static void keep_alive_after_close(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_KEEPALIVE, 1);
    user(f, AKSU_EV_CLOSE, 0);
    flush(f);
    give(f, A, 1, 2, 0);
    expect_state(f, AKSU_FIN_WAIT_2);
    take(f);
    pass(f, 60000); // FIN-WAIT-2's own time, not 2 hours
    expect_state(f, AKSU_CLOSED);
}

// MUST-26: only what is accepted shows that the peer is there.
static void keep_alive_and_forged_segments(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_KEEPALIVE, 1);
    uint32_t wait = due(f);
    f->now += 5000;
    arrive(f, seg(f, AKSU_RST, 100000, 0, 0, 0));
    assert_true(f->fx.refused);
    assert_int_equal(due(f), wait - 5000);
    give(f, A, 1, 1, 0);
    assert_int_equal(due(f), wait);
}

// Figure 5 and the edges that the text adds: among others there is none from CLOSED to ESTABLISHED.
static void edges_that_are_none(struct fixture *f)
{
    (void)f;
    assert_false(aksu_tcp_edge(AKSU_CLOSED, AKSU_ESTABLISHED));
    assert_false(aksu_tcp_edge(AKSU_TIME_WAIT, AKSU_ESTABLISHED));
    assert_false(aksu_tcp_edge(AKSU_LISTEN, AKSU_ESTABLISHED));
    assert_false(aksu_tcp_edge(AKSU_FIN_WAIT_2, AKSU_CLOSING));
    assert_true(aksu_tcp_edge(AKSU_FIN_WAIT_2, AKSU_TIME_WAIT));
}

int main(void)
{
    static const struct test tests[] = {
        TEST(write_beyond_2_30),
        TEST(urgent_after_shutdown),
        TEST(unknown_events),
        TEST(ack_before_the_syn),
        TEST(unlawful_option_opens_nothing),
        TEST(unlawful_option_without_timestamps),
        TEST(duplicate_beside_four_islands),
        TEST(reset_carries_no_blocks),
        TEST(no_update_after_the_fin),
        TEST(zero_window_for_ever),
        TEST(packet_too_big_with_timestamps),
        TEST(keep_alive_after_close),
        TEST(keep_alive_and_forged_segments),
        TEST(edges_that_are_none),
    };
    return run_at_bases("pairs of rules", tests, sizeof tests / sizeof tests[0]);
}
