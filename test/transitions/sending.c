// SPDX-License-Identifier: MIT
// When data, acknowledgments and window updates are sent: RFC 9293 3.7.4, 3.8.5, 3.8.6, 3.9.1.
#include "harness.h"

#define A  AKSU_ACK
#define FA (AKSU_FIN | AKSU_ACK)
#define SA (AKSU_SYN | AKSU_ACK)

static void window(struct fixture *f, uint32_t ack, unsigned wnd)
{
    arrive(f, seg(f, A, f->t.rcv_nxt - f->irs, ack, 0, wnd));
    flush(f);
}

// SHLD-7: Nagle: a small segment waits while data is unacknowledged.
static void nagle(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 1);
    flush(f);
    user(f, AKSU_EV_WROTE, 1);
    flush(f);
    user(f, AKSU_EV_WROTE, 1);
    flush(f);
    expect_count(f, 1);
    expect(f, 0, A, 1, 1, 1);
    take(f);
    give(f, A, 1, 2, 0);
    expect_count(f, 1);
    expect(f, 0, A, 2, 1, 2); // MAY-16: together
}

// Nagle: a full-sized segment goes at once, what is left over waits.
static void nagle_full_segment(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 1);
    flush(f);
    take(f);
    user(f, AKSU_EV_WROTE, 1100);
    flush(f);
    expect_count(f, 1);
    expect(f, 0, A, 2, 1, 1000);
}

// MUST-17: Nagle can be turned off, per connection.
static void nodelay(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_NODELAY, 1);
    user(f, AKSU_EV_WROTE, 1);
    flush(f);
    user(f, AKSU_EV_WROTE, 1);
    flush(f);
    expect_count(f, 2);
    expect(f, 1, A, 2, 1, 1);
}

// What Nagle held goes when it is turned off.
static void nodelay_releases(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 1);
    flush(f);
    user(f, AKSU_EV_WROTE, 1);
    flush(f);
    expect_count(f, 1);
    set(f, AKSU_NODELAY, 1);
    flush(f);
    expect_count(f, 2);
}

// A FIN is not held by Nagle: the last small segment goes with it.
static void nagle_does_not_hold_fin(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 1);
    flush(f);
    user(f, AKSU_EV_WROTE, 5);
    user(f, AKSU_EV_SHUTDOWN, 0);
    flush(f);
    expect_count(f, 2);
    expect(f, 1, FA, 2, 1, 5);
}

// SHLD-28: maximum-sized segments; MUST-61, SHLD-27: one PSH, with the last.
static void push_with_the_last(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_NODELAY, 1);
    user(f, AKSU_EV_WROTE, 1500);
    user(f, AKSU_EV_WROTE, 2000);
    flush(f);
    expect_count(f, 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(f->out[i].len, i < 3 ? 1000 : 500);
        assert_int_equal((f->out[i].flags & AKSU_PSH) != 0, i == 3);
    }
}

// MUST-1: the window field is unsigned; more than 32767 octets can be in flight.
static void large_window(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    window(f, 1, 65535);
    assert_int_equal(f->t.snd_wnd, 65535);
    user(f, AKSU_EV_WROTE, 400000);
    flush(f);
    for (unsigned i = 0; i < 60 && f->t.snd_nxt - f->t.snd_una <= 40000; i++) {
        take(f);
        window(f, f->t.snd_una - f->iss + 2000, 65535);
    }
    assert_true(f->t.snd_nxt - f->t.snd_una > 32767);
    assert_true(f->t.snd_nxt - f->t.snd_una <= 65535);
}

// Nothing is ever sent beyond SND.UNA + SND.WND.
static void stays_in_the_window(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    window(f, 1, 2500);
    user(f, AKSU_EV_WROTE, 10000);
    flush(f);
    assert_true(f->t.snd_nxt - f->t.snd_una <= 2500);
    assert_true(f->t.snd_nxt - f->t.snd_una >= 2000);
    take(f);
    window(f, 1001, 1500);
    assert_true(f->t.snd_nxt - f->iss <= 2501);
}

// SHLD-29, SHLD-30, MUST-36: the first probe after an RTO, then exponentially, with new data.
static void zero_window_probe(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    window(f, 1, 0);
    user(f, AKSU_EV_WROTE, 500);
    uint32_t start = f->now;
    pass(f, 16000);
    assert_true(f->outs >= 4);
    for (unsigned i = 0; i < 4; i++) {
        expect(f, i, A, 1, 1, 1);
        assert_int_equal(f->out_at[i] - start, (2u << i) * 1000 - 1000);
    }
    take(f);
    window(f, 1, 0);
    expect_count(f, 0);
    window(f, 1, 4000);
    expect_count(f, 1);
    assert_int_equal(f->out[0].seq + f->out[0].len, f->iss + 501);
}

// The octet of a probe may be accepted.
static void zero_window_probe_accepted(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    window(f, 1, 0);
    user(f, AKSU_EV_WROTE, 500);
    pass(f, 1000);
    expect_count(f, 1);
    take(f);
    window(f, 2, 4000);
    expect_count(f, 1);
    expect(f, 0, A, 2, 1, 499);
}

// A FIN alone is probed for too: it needs no window to be asked about.
static void zero_window_fin(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    window(f, 1, 0);
    user(f, AKSU_EV_SHUTDOWN, 0);
    pass(f, 3100);
    assert_true(f->outs >= 1);
    expect(f, 0, FA, 1, 1, 0);
    give(f, A, 1, 2, 0);
    expect_state(f, AKSU_FIN_WAIT_2);
}

// MUST-37: for ever, as long as the probes are answered: here for a day.
static void zero_window_for_a_day(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    window(f, 1, 0);
    user(f, AKSU_EV_WROTE, 500);
    uint32_t end = f->now + 86400000, last = f->now;
    uint32_t backed = due(f);
    while ((int32_t)(f->now - end) < 0) {
        uint32_t wait = due(f);
        assert_in_range(wait, 1, 61000);
        pass(f, wait);
        if (f->outs > 0) {
            // Answers do not stop the doubling (SHLD-30).
            assert_int_equal(f->now - last, backed);
            backed = backed * 2 < f->p.rto_max_ms ? backed * 2 : f->p.rto_max_ms;
            last = f->now;
            take(f);
            window(f, 1, 0);
        }
    }
    expect_state(f, AKSU_ESTABLISHED);
    window(f, 1, 4000);
    assert_true(f->outs > 0);
}

// But not if nobody answers: then it is R2.
static void zero_window_unanswered(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    window(f, 1, 0);
    user(f, AKSU_EV_WROTE, 500);
    pass(f, 100000); // SHLD-11
    expect_state(f, AKSU_ESTABLISHED);
    pass(f, 260000 + 100000);
    expect_state(f, AKSU_CLOSED);
    assert_int_equal(f->closed_reason, AKSU_ETIMEDOUT);
}

// SHLD-9: unanswered probes are told of like unanswered data: once.
static void zero_window_trouble(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    window(f, 1, 0);
    user(f, AKSU_EV_WROTE, 500);
    pass(f, 2900);
    assert_int_equal(f->troubles, 0);
    pass(f, 60000);
    assert_int_equal(f->troubles, 1);
}

// The application may set a limit to answered probes.
static void zero_window_limit(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_PROBE_LIMIT, 5);
    window(f, 1, 0);
    user(f, AKSU_EV_WROTE, 500);
    unsigned probes = 0;
    while (f->t.state == AKSU_ESTABLISHED && probes < 20) {
        pass(f, due(f));
        if (f->outs > 0 && f->t.state == AKSU_ESTABLISHED) {
            probes++;
            take(f);
            window(f, 1, 0);
        }
    }
    assert_int_equal(probes, 5);
    expect_state(f, AKSU_CLOSED);
}

// MUST-34, SHLD-15, SHLD-16: a shrunk window: no new data; the old is resent from SND.UNA.
static void shrunk_window(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 4000);
    flush(f);
    expect_count(f, 4);
    take(f);
    window(f, 1001, 500);
    user(f, AKSU_EV_WROTE, 3000);
    flush(f);
    expect_count(f, 0);
    pass(f, 1100);
    assert_true(f->outs >= 1);
    assert_int_equal(f->out[0].seq, f->iss + 1001);
    for (unsigned i = 0; i < f->outs; i++)
        assert_true((int32_t)(f->out[i].seq + f->out[i].len - (f->iss + 1501)) <= 0); // MAY-7
    take(f);
    window(f, 4001, 4000);
    assert_true(f->outs >= 1);
    expect(f, 0, A, 4001, 1, 1000);
}

// A window that closes when the timeout has passed and the link has not yet taken what is sent
// again: an octet of it is sent all the same, and its timer runs (MUST-35). Else nothing would ever
// be sent.
static void window_closes_before_retransmission(struct fixture *f)
{
    struct aksu_segment s;
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 100);
    flush(f);
    f->now += due(f);
    user(f, AKSU_EV_TICK, 0);
    assert_true(peek(f, &s));
    arrive(f, seg(f, A, 1, 1, 0, 0));
    take(f);
    flush(f);
    expect_count(f, 1);
    expect(f, 0, A, 1, 1, 1);
    assert_int_not_equal(f->t.timers & AKSU_TIMER_RTX, 0);
    pass(f, due(f));
    expect_count(f, 2);
}

// MUST-35, SHLD-17: shrunk to zero with data outstanding: probed, and kept while answered.
static void shrunk_to_zero(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 3000);
    flush(f);
    window(f, 1, 0);
    take(f);
    for (uint32_t t = 0; t < 1000000;) {
        uint32_t wait = due(f);
        assert_in_range(wait, 1, 61000);
        pass(f, wait);
        t += wait;
        expect_count(f, 1);
        expect(f, 0, A, 1, 1, 1);
        take(f);
        window(f, 1, 0);
    }
    expect_state(f, AKSU_ESTABLISHED);
}

// MUST-38: sender's silly window avoidance: nothing small until the override timeout, 0.1 to 1 s.
static void sws_sender(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 6000);
    flush(f);
    take(f);
    window(f, 4001, 10);
    window(f, 4001, 20);
    window(f, 4001, 30);
    expect_count(f, 0);
    assert_in_range(due(f), 1, 1000);
    pass(f, 1000);
    expect_count(f, 1); // the override
    assert_int_equal(f->out[0].seq, f->iss + 4001);
    assert_in_range(f->out[0].len, 1, 30);
}

// (3): a fraction 1/2 of the largest window seen is enough, though it is less than the MSS.
static void sws_sender_half_window(struct fixture *f)
{
    f->mss = 1000;
    drive(f, AKSU_SYN_SENT);
    struct aksu_segment s = seg(f, SA, 0, 1, 0, 600);
    s.options = AKSU_OPT_MSS;
    s.mss = 1000;
    arrive(f, s);
    flush(f);
    take(f);
    user(f, AKSU_EV_WROTE, 5000);
    flush(f);
    expect_count(f, 1); // 600 >= 1/2 * 600
    assert_int_equal(f->out[0].len, 600);
    take(f);
    window(f, 601, 299);
    expect_count(f, 0);
    window(f, 601, 300);
    expect_count(f, 1);
    assert_int_equal(f->out[0].len, 300);
}

// MUST-39: receiver's silly window avoidance: no update until min(RCV.BUFF/2, MSS).
static void sws_receiver(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    for (unsigned i = 0; i < 4; i++)
        give(f, A, 1 + 1000 * i, 1, 1000);
    pass(f, 300);
    assert_int_equal(f->out[f->outs - 1].wnd, 0);
    take(f);
    for (unsigned i = 1; i <= 999; i++) {
        user(f, AKSU_EV_READ, 1);
        flush(f);
        if (f->outs > 0)
            fail_msg("update after %u octets", i);
    }
    user(f, AKSU_EV_READ, 1);
    flush(f);
    expect_count(f, 1);
    expect(f, 0, A, 1, 4001, 0);
    assert_int_equal(f->out[0].wnd, 1000);
}

// The peer of a half-closed connection still sends: it is told of room, too.
static void window_update_half_closed(struct fixture *fresh)
{
    static const enum aksu_state states[] = {AKSU_FIN_WAIT_1, AKSU_FIN_WAIT_2};
    for (size_t s = 0; s < 2; s++) {
        struct fixture f = *fresh;
        drive(&f, states[s]);
        for (unsigned i = 0; i < 4; i++)
            give(&f, A, 1 + 1000 * i, f.t.snd_una - f.iss, 1000);
        take(&f);
        user(&f, AKSU_EV_READ, 1000);
        flush(&f);
        expect_count(&f, 1);
        assert_int_equal(f.out[0].wnd, 1000);
    }
}

// The same rule for a buffer smaller than two segments: half of it.
static void sws_receiver_small_buffer(struct fixture *f)
{
    f->rcv_buf = 1200;
    drive(f, AKSU_ESTABLISHED);
    give(f, A, 1, 1, 1000);
    give(f, A, 1001, 1, 200);
    pass(f, 300);
    take(f);
    user(f, AKSU_EV_READ, 599);
    flush(f);
    expect_count(f, 0);
    user(f, AKSU_EV_READ, 1);
    flush(f);
    expect_count(f, 1);
    assert_int_equal(f->out[0].wnd, 600);
}

// SHLD-14: the right edge that is offered never moves left.
static void right_edge_never_retreats(struct fixture *f)
{
    uint32_t r = 12345, edge = 0, held = 0;
    drive(f, AKSU_ESTABLISHED);
    for (unsigned i = 0; i < 3000; i++) {
        r = r * 1664525u + 1013904223u;
        uint32_t len = (r >> 16) % 300 + 1;
        if ((r >> 30) == 0 && held > 0) {
            uint32_t n = len < held ? len : held;
            user(f, AKSU_EV_READ, n);
            held -= n;
            flush(f);
        } else {
            uint32_t before = f->t.rcv_nxt;
            give(f, A, f->t.rcv_nxt - f->irs, 1, len);
            held += f->t.rcv_nxt - before;
        }
        for (unsigned j = 0; j < f->outs; j++) {
            uint32_t right = f->out[j].ack + f->out[j].wnd - f->irs;
            assert_true((int32_t)(right - edge) >= 0);
            edge = right;
        }
        take(f);
    }
}

// SHLD-18, MUST-40: an ACK is delayed, less than half a second.
static void delayed_ack(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    give(f, A, 1, 1, 100);
    expect_count(f, 0);
    assert_int_equal(due(f), f->p.delayed_ack_ms);
    pass(f, f->p.delayed_ack_ms);
    expect_count(f, 1);
    expect(f, 0, A, 1, 101, 0);
    pass(f, 10000);
    expect_count(f, 1);
}

// A profile, or an option, can turn the delay off.
static void quick_ack(struct fixture *fresh)
{
    struct fixture f = *fresh;
    f.p.delayed_ack_ms = 0;
    drive(&f, AKSU_ESTABLISHED);
    give(&f, A, 1, 1, 100);
    expect_count(&f, 1);
    f = *fresh;
    drive(&f, AKSU_ESTABLISHED);
    set(&f, AKSU_QUICKACK, 1);
    give(&f, A, 1, 1, 100);
    expect_count(&f, 1);
}

// SHLD-19: at least every second full-sized segment.
static void every_second_segment(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    for (unsigned i = 0; i < 4; i++) {
        give(f, A, 1 + 1000 * i, 1, 1000);
        expect_count(f, (i + 1) / 2);
        user(f, AKSU_EV_READ, 1000);
    }
    expect(f, 0, A, 1, 2001, 0);
    expect(f, 1, A, 1, 4001, 0);
}

// 2*RMSS octets in small segments are as good as two full ones.
static void small_segments_add_up(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    uint32_t acked = 1;
    for (unsigned i = 0; i < 30; i++) {
        give(f, A, 1 + 100 * i, 1, 100);
        if (f->outs > 0)
            acked = f->out[f->outs - 1].ack - f->irs;
        assert_true(1 + 100 * (i + 1) - acked < 2 * MSS);
    }
}

// MUST-58, MUST-59: what waits is taken in before an ACK is sent: one for all.
static void acks_are_aggregated(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    for (unsigned i = 0; i < 4; i++)
        arrive(f, seg(f, A, 1 + 1000 * i, 1, 1000, PEER_WND));
    flush(f);
    expect_count(f, 1);
    expect(f, 0, A, 1, 4001, 0);
}

// 3.10.7.4: the ACK rides on data if there is any, and is then not sent again.
static void ack_rides_on_data(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    give(f, A, 1, 1, 100);
    user(f, AKSU_EV_WROTE, 50);
    flush(f);
    expect_count(f, 1);
    expect(f, 0, A, 1, 101, 50);
    give(f, A, 101, 51, 0);
    take(f);
    pass(f, 500);
    expect_count(f, 0);
}

// A frame that was not handed to the link changes nothing: plan gives the same again.
static void plan_again(struct fixture *f)
{
    struct aksu_segment first, second;
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 100);
    assert_true(peek(f, &first));
    assert_true(peek(f, &second));
    assert_memory_equal(&first, &second, sizeof first);
    assert_int_equal(f->t.timers & AKSU_TIMER_RTX, 0);
    assert_int_equal(aksu_tcp_offset(&f->t, &first), 0);
}

// The caller may want the answer alone.
static void plan_without_a_place(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    assert_int_equal(aksu_tcp_plan(&f->p, &f->t, NULL, f->now, NULL), AKSU_NEXT_NEVER);
    user(f, AKSU_EV_WROTE, 100);
    assert_int_equal(aksu_tcp_plan(&f->p, &f->t, NULL, f->now, NULL), AKSU_NEXT_SEGMENT);
    flush(f);
    assert_int_equal(aksu_tcp_plan(&f->p, &f->t, NULL, f->now, NULL), AKSU_NEXT_WAIT);
    f->now += 1000;
    assert_int_equal(aksu_tcp_plan(&f->p, &f->t, NULL, f->now, NULL), AKSU_NEXT_TICK);
}

// aksu_tcp_offset: where in the send ring a planned segment's text begins.
static void offsets(struct fixture *f)
{
    struct aksu_segment s;
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 2000);
    assert_true(peek(f, &s));
    assert_int_equal(aksu_tcp_offset(&f->t, &s), 0);
    struct aksu_event sent = {.kind = AKSU_EV_SENT, .now_ms = f->now, .segment = &s};
    step(f, &sent);
    assert_true(peek(f, &s));
    assert_int_equal(aksu_tcp_offset(&f->t, &s), 1000);
}

// MUST-30, MUST-62: the urgent pointer points to the octet after the urgent data.
static void urgent_sent(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 5);
    set(f, AKSU_URGENT, 1);
    flush(f);
    expect_count(f, 1);
    expect(f, 0, A | AKSU_URG, 1, 1, 5);
    assert_int_equal(f->out[0].urp, 5);
    take(f);
    give(f, A, 1, 6, 0);
    user(f, AKSU_EV_WROTE, 5);
    flush(f);
    expect_count(f, 1);
    expect(f, 0, A, 6, 1, 5); // no longer urgent
}

// MUST-30: urgent before the connection is open: the pointer counts from the data, not the SYN.
static void urgent_before_open(struct fixture *f)
{
    drive(f, AKSU_SYN_SENT);
    user(f, AKSU_EV_WROTE, 5);
    set(f, AKSU_URGENT, 1);
    give(f, SA, 0, 1, 0);
    for (unsigned i = 0; i < f->outs; i++) {
        if (f->out[i].len == 5) {
            expect(f, i, A | AKSU_URG, 1, 1, 5);
            assert_int_equal(f->out[i].urp, 5);
            return;
        }
    }
    fail();
}

// MUST-31: urgent data of any length: each segment up to its end says so.
static void urgent_sent_long(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 2500);
    set(f, AKSU_URGENT, 1);
    user(f, AKSU_EV_WROTE, 1500);
    flush(f);
    expect_count(f, 4);
    for (unsigned i = 0; i < 4; i++) {
        bool urgent = i < 3;
        assert_int_equal((f->out[i].flags & AKSU_URG) != 0, urgent);
        if (urgent)
            assert_int_equal(f->out[i].urp, 2500 - 1000 * i);
    }
}

#ifndef AKSU_TEST_SMALL // 70 segments
// MUST-31: the pointer of more urgent data than the field can say points as far as it can.
static void urgent_sent_beyond_the_field(struct fixture *f)
{
    drive_options(f, AKSU_OPT_WSCALE, 7);
    arrive(f, seg(f, A, 1, 1, 0, 1000)); // 128000 octets
    f->t.cwnd = 1 << 20;
    user(f, AKSU_EV_WROTE, 70000);
    set(f, AKSU_URGENT, 1);
    flush(f);
    expect_count(f, 70);
    for (unsigned i = 0; i < 70; i++) {
        uint32_t left = 70000 - 1000 * i;
        assert_int_equal(f->out[i].flags & AKSU_URG, AKSU_URG);
        assert_int_equal(f->out[i].urp, left < 65535 ? left : 65535);
    }
}
#endif

static void urgent_arrives(struct fixture *f, uint32_t seq, uint32_t len, uint16_t urp)
{
    struct aksu_segment s = seg(f, A | AKSU_URG, seq, f->t.snd_nxt - f->iss, len, PEER_WND);
    s.urp = urp;
    take(f);
    arrive(f, s);
}

// MUST-32: told when there is urgent data and when the pointer advances, not when it repeats.
static void urgent_received(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    urgent_arrives(f, 1, 10, 100);
    assert_true(f->seen & AKSU_FX_URGENT);
    assert_true(f->seen & AKSU_FX_DELIVER); // R6093-01: in line
    assert_int_equal(f->fx.ready, 10);
    assert_int_equal(f->t.rcv_up, f->irs + 101);
    urgent_arrives(f, 11, 10, 190);
    assert_true(f->seen & AKSU_FX_URGENT);
    assert_int_equal(f->t.rcv_up, f->irs + 201);
    urgent_arrives(f, 21, 10, 180);
    assert_false(f->seen & AKSU_FX_URGENT);
    urgent_arrives(f, 31, 10, 50); // RCV.UP <- max(RCV.UP, SEG.UP)
    assert_false(f->seen & AKSU_FX_URGENT);
    assert_int_equal(f->t.rcv_up, f->irs + 201);
}

// SM-27: URG is looked at in ESTABLISHED, FIN-WAIT-1 and FIN-WAIT-2 only.
static void urgent_by_state(struct fixture *fresh)
{
    for (unsigned s = AKSU_ESTABLISHED; s <= AKSU_LAST_ACK; s++) {
        struct fixture f = *fresh;
        drive(&f, (enum aksu_state)s);
        urgent_arrives(&f, f.t.rcv_nxt - f.irs, 0, 20);
        bool heard = s <= AKSU_FIN_WAIT_2;
        assert_int_equal((f.seen & AKSU_FX_URGENT) != 0, heard);
    }
}

// MUST-32: how much urgent data is left to read does not change with the FIN, which is no octet.
static void urgent_before_fin(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    urgent_arrives(f, 1, 100, 60);
    give(f, FA, 101, 1, 0);
    expect_state(f, AKSU_CLOSE_WAIT);
    uint32_t unread = f->t.rcv_buf - f->t.rcv_room;
    assert_int_equal(f->t.rcv_up - (f->t.rcv_nxt - unread), 60);
}

// 3.4: a peer's URG with an old pointer says nothing.
static void urgent_pointer_behind(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    give(f, A, 1, 1, 500);
    user(f, AKSU_EV_READ, 500);
    urgent_arrives(f, 501, 0, 0);
    assert_false(f->seen & AKSU_FX_URGENT);
}

// SM-35: reserved fields are zero in all that is sent.
static void reserved_is_zero(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 1000);
    user(f, AKSU_EV_SHUTDOWN, 0);
    pass(f, 5000);
    for (unsigned i = 0; i < f->outs; i++) {
        assert_int_equal(f->out[i].tos, 0);
        assert_int_equal(f->out[i].flags & (AKSU_ECE | AKSU_CWR), 0);
        if ((f->out[i].flags & AKSU_URG) == 0)
            assert_int_equal(f->out[i].urp, 0);
    }
}

// Retransmission merges what was small, and takes the FIN along (3.8.1).
static void retransmission_merges(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_NODELAY, 1);
    for (unsigned i = 0; i < 5; i++) {
        user(f, AKSU_EV_WROTE, 10);
        flush(f);
    }
    user(f, AKSU_EV_SHUTDOWN, 0);
    flush(f);
    expect_count(f, 6);
    take(f);
    pass(f, 1000);
    assert_true(f->outs >= 1);
    assert_int_equal(f->out[0].seq, f->iss + 1);
    give(f, A, 1, 52, 0);
    expect_state(f, AKSU_FIN_WAIT_2);
    assert_int_equal(due(f), UINT32_MAX);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(nagle),
        TEST(nagle_full_segment),
        TEST(nodelay),
        TEST(nodelay_releases),
        TEST(nagle_does_not_hold_fin),
        TEST(push_with_the_last),
        TEST(large_window),
        TEST(stays_in_the_window),
        TEST(zero_window_probe),
        TEST(zero_window_probe_accepted),
        TEST(zero_window_fin),
        TEST(zero_window_for_a_day),
        TEST(zero_window_unanswered),
        TEST(zero_window_limit),
        TEST(zero_window_trouble),
        TEST(shrunk_window),
        TEST(window_closes_before_retransmission),
        TEST(shrunk_to_zero),
        TEST(sws_sender),
        TEST(sws_sender_half_window),
        TEST(sws_receiver),
        TEST(window_update_half_closed),
        TEST(sws_receiver_small_buffer),
        TEST(right_edge_never_retreats),
        TEST(delayed_ack),
        TEST(quick_ack),
        TEST(every_second_segment),
        TEST(small_segments_add_up),
        TEST(acks_are_aggregated),
        TEST(ack_rides_on_data),
        TEST(plan_again),
        TEST(plan_without_a_place),
        TEST(offsets),
        TEST(urgent_sent),
        TEST(urgent_before_open),
        TEST(urgent_sent_long),
#ifndef AKSU_TEST_SMALL
        TEST(urgent_sent_beyond_the_field),
#endif
        TEST(urgent_received),
        TEST(urgent_by_state),
        TEST(urgent_before_fin),
        TEST(urgent_pointer_behind),
        TEST(reserved_is_zero),
        TEST(retransmission_merges),
    };
    return run_at_bases("sending: RFC 9293 3.7 to 3.9", tests, sizeof tests / sizeof tests[0]);
}
