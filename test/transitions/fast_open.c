// SPDX-License-Identifier: MIT
// TCP Fast Open, RFC 7413: text in a SYN that goes, and in one that comes with a valid cookie.
#include "harness.h"

#define A AKSU_ACK
#define P AKSU_PSH

static const struct aksu_fast_open core = {.step = aksu_tcp_fast_open};

// A client whose SYN may bring so much, with so much queued.
static void client(struct fixture *f, uint32_t may, uint32_t queued)
{
    f->p.fast_open = &core;
    open_active(f);
    user(f, AKSU_EV_FAST_OPEN, may);
    assert_int_equal(f->fx.mask, 0);
    if (queued > 0)
        user(f, AKSU_EV_WROTE, queued);
    flush(f);
    expect_count(f, 1);
    expect_state(f, AKSU_SYN_SENT);
    expect(f, 0, AKSU_SYN, 0, 0, may < queued ? may : queued);
    struct aksu_tcb t = f->t;
    t.snd_una = f->iss; // as it was planned
    assert_int_equal(aksu_tcp_offset(&t, &f->out[0]), 0);
    take(f);
}

static void answered(struct fixture *f, unsigned flags, uint32_t ack)
{
    struct aksu_segment s = seg(f, AKSU_SYN | flags, 0, ack, 0, PEER_WND);
    s.options = AKSU_OPT_MSS | (f->p.recovery ? AKSU_OPT_SACK_PERMITTED : 0);
    s.mss = MSS;
    arrive(f, s);
    flush(f);
}

// 4.2.2: what does not fit follows the handshake.
static void syn_brings_text(struct fixture *f)
{
    client(f, 500, 800);
    f->now += 30;
    answered(f, A, 501);
    expect_state(f, AKSU_ESTABLISHED);
    assert_int_equal(f->seen, AKSU_FX_OPENED | AKSU_FX_ACKED);
    assert_int_equal(f->t.srtt, 30 * 8);
    expect_count(f, 1);
    expect(f, 0, A | P, 501, 1, 300);
    give(f, A, 1, 801, 0);
    assert_int_equal(f->t.snd_buf, 0);
}

// 4.2.2: text that the SYN,ACK does not acknowledge, or not all of it, is sent again at once.
static void syn_alone_acknowledged(struct fixture *fresh)
{
    static const uint32_t taken[] = {0, 200, 1300};
    for (unsigned i = 0; i < 6; i++) {
        struct fixture f = *fresh;
        uint32_t left = 1300 - taken[i / 2];
        f.p.recovery = i % 2 ? &aksu_rack : NULL;
        client(&f, 1400, 1300);
        f.now += 30;
        answered(&f, A, 1 + taken[i / 2]);
        expect_state(&f, AKSU_ESTABLISHED);
        assert_int_equal(f.t.srtt, 30 * 8);
        assert_int_equal(f.t.cwnd, 10000);
        if (left == 0) {
            expect_count(&f, 1);
            expect(&f, 0, A, 1301, 1, 0);
            continue;
        }
        expect(&f, 0, A | (left > 1000 ? 0 : P), 1 + taken[i / 2], 1, left > 1000 ? 1000 : left);
        if (left > 1000)
            give(&f, A, 1, 1001 + taken[i / 2], 0); // Nagle
        expect_count(&f, left > 1000 ? 2 : 1);
        f.now += 40;
        give(&f, A, 1, 1301, 0);
        assert_int_equal(f.t.snd_buf, 0);
        assert_int_equal(f.t.backoff, 0);
    }
}

// What was never sent is not acknowledged; what was, is, with a RST too.
static void acknowledged_beyond(struct fixture *fresh)
{
    for (uint32_t ack = 0; ack <= 503; ack++) {
        struct fixture f = *fresh;
        bool good = ack > 0 && ack <= 501;
        client(&f, 500, 800);
        answered(&f, A, ack);
        expect_state(&f, good ? AKSU_ESTABLISHED : AKSU_SYN_SENT);
        assert_int_equal((f.seen & AKSU_FX_RESET) != 0, !good);
        f = *fresh;
        client(&f, 500, 800);
        give(&f, AKSU_RST | A, 0, ack, 0);
        expect_state(&f, good ? AKSU_CLOSED : AKSU_SYN_SENT);
    }
}

// 4.1.3.1: a SYN that is sent again has no text. The first may have come after all.
static void syn_again_is_plain(struct fixture *fresh)
{
    for (uint32_t ack = 1; ack <= 501; ack += 250) {
        struct fixture f = *fresh;
        client(&f, 500, 800);
        pass(&f, 3000);
        expect_count(&f, 2);
        expect(&f, 0, AKSU_SYN, 0, 0, 0);
        expect(&f, 1, AKSU_SYN, 0, 0, 0);
        take(&f);
        answered(&f, A, ack);
        expect_state(&f, AKSU_ESTABLISHED);
        expect_count(&f, 1);
        expect(&f, 0, A | P, ack, 1, 801 - ack);
    }
}

// Without the event a SYN has no text, as ever; and it comes too late for one that is sent.
static void off_by_default(struct fixture *f)
{
    f->p.fast_open = &core;
    open_active(f);
    user(f, AKSU_EV_WROTE, 800);
    flush(f);
    expect(f, 0, AKSU_SYN, 0, 0, 0);
    struct aksu_tcb t = f->t;
    user(f, AKSU_EV_FAST_OPEN, 500);
    assert_memory_equal(&t, &f->t, sizeof t);
    f->p.fast_open = NULL;
    user(f, AKSU_EV_FAST_OPEN, 500);
    assert_memory_equal(&t, &f->t, sizeof t);
}

// A FIN never goes with a SYN.
static void shut_down_before_it_is_open(struct fixture *f)
{
    f->p.fast_open = &core;
    open_active(f);
    user(f, AKSU_EV_FAST_OPEN, 500);
    user(f, AKSU_EV_WROTE, 100);
    user(f, AKSU_EV_SHUTDOWN, 0);
    flush(f);
    expect(f, 0, AKSU_SYN, 0, 0, 100);
    take(f);
    answered(f, A, 101);
    expect_state(f, AKSU_FIN_WAIT_1);
    expect_count(f, 1);
    expect(f, 0, AKSU_FIN | A, 101, 1, 0);
}

// Both sides open at once: the text follows, whether the peer kept it or not.
static void simultaneous(struct fixture *fresh)
{
    for (uint32_t ack = 1; ack <= 501; ack += 500) {
        struct fixture f = *fresh;
        client(&f, 500, 500);
        answered(&f, 0, 0);
        expect_state(&f, AKSU_SYN_RECEIVED);
        expect_count(&f, 1);
        expect(&f, 0, AKSU_SYN | A, 0, 1, 0);
        take(&f);
        give(&f, A, 1, ack, 0);
        expect_state(&f, AKSU_ESTABLISHED);
        expect_count(&f, ack == 1 ? 1 : 0);
        if (ack == 1)
            expect(&f, 0, A | P, 1, 1, 500);
    }
}

// A server whose client's SYN brought text, with a valid cookie. The SYN,ACK is not sent yet.
static void serve(struct fixture *f, uint32_t len)
{
    f->p.fast_open = &core;
    open_passive(f);
    struct aksu_segment s = seg(f, AKSU_SYN, 0, 0, len, PEER_WND);
    s.options = AKSU_OPT_MSS | (f->p.recovery ? AKSU_OPT_SACK_PERMITTED : 0);
    s.mss = MSS;
    arrive(f, s);
    expect_state(f, AKSU_SYN_RECEIVED);
    assert_int_equal(f->fx.mask, 0);
    struct aksu_event ev = {.kind = AKSU_EV_FAST_OPEN, .now_ms = f->now, .segment = &s};
    step(f, &ev);
    expect_state(f, AKSU_ESTABLISHED);
    assert_int_equal(f->fx.mask, len > 0 ? AKSU_FX_OPENED | AKSU_FX_DELIVER : AKSU_FX_OPENED);
    assert_int_equal(f->fx.copy_from, 0);
    assert_int_equal(f->fx.copy_to, 0);
    assert_int_equal(f->fx.copy_len, len < RCV_BUF ? len : RCV_BUF);
    assert_int_equal(f->fx.ready, f->fx.copy_len);
    take(f);
}

// The SYN,ACK acknowledges the text; of what there is no room for, nothing. Then it is a connection
// as others are.
static void text_is_taken(struct fixture *fresh)
{
    static const uint32_t lens[] = {0, 1, 300, RCV_BUF, RCV_BUF + 1};
    for (unsigned i = 0; i < 5; i++) {
        struct fixture f = *fresh;
        uint32_t end = 1 + (lens[i] < RCV_BUF ? lens[i] : RCV_BUF);
        serve(&f, lens[i]);
        flush(&f);
        expect_count(&f, 1);
        expect(&f, 0, AKSU_SYN | A, 0, end, 0);
        assert_int_equal(f.out[0].wnd, RCV_BUF + 1 - end);
        pass(&f, 500); // an ACK is not owed beside it
        expect_count(&f, 1);
        take(&f);
        user(&f, AKSU_EV_READ, end - 1);
        give(&f, A, end, 1, 0);
        expect_state(&f, AKSU_ESTABLISHED);
        assert_int_equal(f.t.flags & AKSU_F_SYN_UNACKED, 0);
        take(&f);
        give(&f, A, end, 1, 700);
        assert_int_equal(f.seen, AKSU_FX_DELIVER);
        give(&f, AKSU_FIN | A, end + 700, 1, 0);
        expect_state(&f, AKSU_CLOSE_WAIT);
    }
}

// 4.2.2: the answer may go before the handshake is over, as much as the initial window lets.
static void answer_at_once(struct fixture *fresh)
{
    for (unsigned rack = 0; rack < 2; rack++) {
        struct fixture f = *fresh;
        f.p.recovery = rack ? &aksu_rack : NULL;
        f.p.window_scale = 0;
        serve(&f, 300);
        user(&f, AKSU_EV_WROTE, 2500);
        user(&f, AKSU_EV_SHUTDOWN, 0);
        expect_state(&f, AKSU_FIN_WAIT_1);
        flush(&f);
        expect_count(&f, 4);
        expect(&f, 0, AKSU_SYN | A, 0, 301, 0);
        expect(&f, 1, A, 1, 301, 1000);
        expect(&f, 2, A, 1001, 301, 1000);
        expect(&f, 3, AKSU_FIN | A | P, 2001, 301, 500);
        take(&f);
        f.now += 30;
        give(&f, A, 301, 1, 0); // of the SYN,ACK
        assert_int_equal(f.t.srtt, 30 * 8);
        f.now += 10;
        give(&f, A, 301, 1001, 0);
        give(&f, A, 301, 2502, 0);
        expect_state(&f, AKSU_FIN_WAIT_2);
        expect_count(&f, 0);
        give(&f, AKSU_FIN | A, 301, 2502, 0);
        expect_state(&f, AKSU_TIME_WAIT);
    }
}

static void initial_window(struct fixture *f)
{
    serve(f, 300);
    f->t.snd_wnd = 60000;
    user(f, AKSU_EV_WROTE, 50000);
    flush(f);
    expect_count(f, 1 + 9); // RFC 6928, of which the SYN is a number
}

// What was sent early and lost is sent again, with the board too.
static void answer_lost(struct fixture *fresh)
{
    for (unsigned rack = 0; rack < 2; rack++) {
        struct fixture f = *fresh;
        f.p.recovery = rack ? &aksu_rack : NULL;
        serve(&f, 300);
        user(&f, AKSU_EV_WROTE, 2500);
        flush(&f);
        take(&f);
        f.now += 30;
        give(&f, A, 301, 1, 0);
        expect_count(&f, 0);
        pass(&f, 1000);
        expect_count(&f, 1);
        expect(&f, 0, A, 1, 301, 1000);
        take(&f);
        f.now += 30;
        give(&f, A, 301, 2001, 0);
        expect_count(&f, 1);
        expect(&f, 0, A | P, 2001, 301, 500);
        assert_int_equal(f.b.board.min_rtt_ms, 0); // nobody knows which copies these were
        f.now += 30;
        give(&f, A, 301, 2501, 0);
        assert_int_equal(f.t.snd_buf, 0);
    }
}

// The client's SYN again, with its text or without: it is answered, and delivers nothing.
static void syn_repeated(struct fixture *f)
{
    serve(f, 300);
    user(f, AKSU_EV_WROTE, 500);
    flush(f);
    for (uint32_t len = 0; len <= 300; len += 150) {
        take(f);
        give(f, AKSU_SYN, 0, 0, len);
        assert_int_equal(f->seen, 0);
        assert_true(f->fx.mask == 0);
        expect_state(f, AKSU_ESTABLISHED);
        expect_count(f, 2);
        expect(f, 0, AKSU_SYN | A, 0, 301, 0);
        expect(f, 1, A | P, 1, 301, 500);
    }
    take(f);
    give(f, A, 301, 501, 0);
    give(f, AKSU_SYN, 0, 0, 300); // now a challenge (RFC 5961 4)
    expect_count(f, 1);
    expect(f, 0, A, 501, 301, 0);
    assert_int_equal(f->seen & AKSU_FX_DELIVER, 0);
}

// A SYN,ACK that nobody answers is given up as early as one without text (RFC 4987 3.3); the
// application is told.
static void nobody_answers(struct fixture *fresh)
{
    for (unsigned closed = 0; closed < 2; closed++) {
        struct fixture f = *fresh;
        serve(&f, 300);
        if (closed) {
            user(&f, AKSU_EV_READ, 300);
            user(&f, AKSU_EV_CLOSE, 0);
            expect_state(&f, AKSU_FIN_WAIT_1);
        }
        pass(&f, 100000);
        unsigned syns = 0;
        for (unsigned i = 0; i < f.outs; i++)
            syns += (f.out[i].flags & AKSU_SYN) != 0;
        assert_int_equal(syns, f.p.syn_ack_tries);
        expect_state(&f, AKSU_CLOSED);
        assert_true(f.seen & AKSU_FX_CLOSED);
        assert_int_equal(f.closed_reason, AKSU_ETIMEDOUT);
    }
}

// The application has it: it does not go back to LISTEN without a word.
static void reset(struct fixture *fresh)
{
    for (unsigned sent = 0; sent < 2; sent++) {
        struct fixture f = *fresh;
        serve(&f, 300);
        if (sent)
            flush(&f);
        take(&f);
        give(&f, AKSU_RST, 1, 0, 0); // of the SYN alone: not the next number (RFC 5961 3.2)
        expect_state(&f, AKSU_ESTABLISHED);
        arrive(&f, seg(&f, AKSU_RST, 301, 0, 0, 0));
        expect_state(&f, AKSU_CLOSED);
        assert_int_equal(f.seen, AKSU_FX_CLOSED);
        assert_int_equal(f.closed_reason, AKSU_ECONNRESET);
    }
}

// An ACK of what was not sent is answered by a RST, and harms nothing (3.10.7.4, fifth).
static void wrong_ack(struct fixture *f)
{
    serve(f, 300);
    flush(f);
    take(f);
    give(f, A, 301, 2, 100);
    assert_int_equal(f->seen, AKSU_FX_RESET);
    expect_state(f, AKSU_ESTABLISHED);
    expect(f, 0, AKSU_RST, 2, 0, 0);
    take(f);
    give(f, 0, 301, 0, 100); // nor is text taken without any
    assert_int_equal(f->seen, 0);
}

// Before the SYN,ACK is sent, and after it.
static void closed_by_the_application(struct fixture *fresh)
{
    for (unsigned i = 0; i < 8; i++) {
        struct fixture f = *fresh;
        serve(&f, 300);
        if (i & 1)
            flush(&f);
        take(&f);
        if (i & 2)
            user(&f, AKSU_EV_READ, 300);
        user(&f, i & 4 ? AKSU_EV_ABORT : AKSU_EV_CLOSE, 0);
        flush(&f);
        if ((i & 6) != 2) { // aborted, or unread
            expect_state(&f, AKSU_CLOSED);
            expect_count(&f, 1);
            expect(&f, 0, AKSU_RST | A, i & 1, 301, 0);
            continue;
        }
        expect_state(&f, AKSU_FIN_WAIT_1);
        expect(&f, f.outs - 1, AKSU_FIN | A, 1, 301, 0);
        give(&f, A, 301, 2, 0);
        expect_state(&f, AKSU_FIN_WAIT_2);
    }
}

// Until it is sent nothing is late, whatever is queued: a link may be down for long.
static void syn_ack_waits_for_the_link(struct fixture *f)
{
    serve(f, 300);
    user(f, AKSU_EV_WROTE, 500);
    assert_int_equal(f->t.timers, 0);
    f->now += 100000;
    flush(f);
    expect_count(f, 2);
    expect(f, 0, AKSU_SYN | A, 0, 301, 0);
    assert_int_equal(f->t.retries, 0);
    assert_int_equal(f->t.flags & AKSU_F_SYN_RETRIED, 0);
}

// The event is about the SYN that came, before there was an answer; else it changes nothing.
static void not_now(struct fixture *fresh)
{
    for (unsigned state = AKSU_CLOSED; state < AKSU_STATE_COUNT; state++) {
        for (unsigned off = 0; off < 2; off++) {
            struct fixture f = *fresh;
            f.p.fast_open = &core;
            if (off && state == AKSU_SYN_RECEIVED) {
                open_passive(&f);
                arrive(&f, seg(&f, AKSU_SYN, 0, 0, 0, PEER_WND));
            } else {
                drive(&f, (enum aksu_state)state);
            }
            struct aksu_tcb t = f.t;
            struct aksu_segment s = seg(&f, AKSU_SYN, off, 0, 300, PEER_WND);
            struct aksu_event ev = {
                .kind = AKSU_EV_FAST_OPEN, .now_ms = f.now, .value = 500, .segment = &s};
            step(&f, &ev);
            assert_memory_equal(&t, &f.t, sizeof t);
            assert_int_equal(f.fx.mask, 0);
        }
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(syn_brings_text),
        TEST(syn_alone_acknowledged),
        TEST(acknowledged_beyond),
        TEST(syn_again_is_plain),
        TEST(off_by_default),
        TEST(shut_down_before_it_is_open),
        TEST(simultaneous),
        TEST(text_is_taken),
        TEST(answer_at_once),
        TEST(initial_window),
        TEST(answer_lost),
        TEST(syn_repeated),
        TEST(nobody_answers),
        TEST(reset),
        TEST(wrong_ack),
        TEST(closed_by_the_application),
        TEST(syn_ack_waits_for_the_link),
        TEST(not_now),
    };
    return run_at_bases("TCP Fast Open: RFC 7413", tests, sizeof tests / sizeof tests[0]);
}
