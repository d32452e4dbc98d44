// SPDX-License-Identifier: MIT
// User calls in each of the eleven states: RFC 9293 3.10.1 to 3.10.6.
#include "harness.h"

enum { RST_NONE, RST_SENT };

// What a call leads to. `final` is the state after all that can be sent was sent.
struct call_row {
    const char *rule;
    enum aksu_state from;
    enum aksu_event_kind call;
    enum aksu_state to;
    enum aksu_state final;
    bool closed;   // CLOSED is signalled
    unsigned sent; // flags of the one segment that follows at once, 0 = none
    uint32_t seq;
    uint32_t ack;
};

#define FA (AKSU_FIN | AKSU_ACK)
#define R  AKSU_RST
#define ROW(rule, from, call, to, final, closed, sent, seq, ack)                                   \
    {                                                                                              \
        rule, AKSU_##from, AKSU_EV_##call, AKSU_##to, AKSU_##final, closed, sent, seq, ack         \
    }

static const struct call_row rows[] = {
    // 3.10.4 CLOSE
    ROW("3.10.4 LISTEN: delete TCB, enter CLOSED", LISTEN, CLOSE, CLOSED, CLOSED, true, 0, 0, 0),
    ROW("3.10.4 SYN-SENT: delete the TCB", SYN_SENT, CLOSE, CLOSED, CLOSED, true, 0, 0, 0),
    ROW("3.10.4 SM-33 SYN-RECEIVED: nothing pending: FIN, FIN-WAIT-1", SYN_RECEIVED, CLOSE,
        FIN_WAIT_1, FIN_WAIT_1, false, FA, 1, 1),
    ROW("3.10.4 ESTABLISHED: FIN, in any case FIN-WAIT-1", ESTABLISHED, CLOSE, FIN_WAIT_1,
        FIN_WAIT_1, false, FA, 1, 1),
    ROW("3.10.4 FIN-WAIT-1: no second FIN", FIN_WAIT_1, CLOSE, FIN_WAIT_1, FIN_WAIT_1, false, 0, 0,
        0),
    ROW("3.10.4 FIN-WAIT-2: no second FIN", FIN_WAIT_2, CLOSE, FIN_WAIT_2, FIN_WAIT_2, false, 0, 0,
        0),
    ROW("3.10.4 CLOSING: connection closing", CLOSING, CLOSE, CLOSING, CLOSING, false, 0, 0, 0),
    ROW("3.10.4 LAST-ACK: connection closing", LAST_ACK, CLOSE, LAST_ACK, LAST_ACK, false, 0, 0, 0),
    ROW("3.10.4 TIME-WAIT: connection closing", TIME_WAIT, CLOSE, TIME_WAIT, TIME_WAIT, false, 0, 0,
        0),
    ROW("3.10.4 CLOSED: does not exist", CLOSED, CLOSE, CLOSED, CLOSED, false, 0, 0, 0),
    // the same as half-close, RFC 9293 3.6
    ROW("3.6 half-close in ESTABLISHED", ESTABLISHED, SHUTDOWN, FIN_WAIT_1, FIN_WAIT_1, false, FA,
        1, 1),
    ROW("3.6 half-close in SYN-RECEIVED", SYN_RECEIVED, SHUTDOWN, FIN_WAIT_1, FIN_WAIT_1, false, FA,
        1, 1),
    ROW("3.6 second half-close: no second FIN", FIN_WAIT_1, SHUTDOWN, FIN_WAIT_1, FIN_WAIT_1, false,
        0, 0, 0),
    ROW("3.6 half-close in FIN-WAIT-2", FIN_WAIT_2, SHUTDOWN, FIN_WAIT_2, FIN_WAIT_2, false, 0, 0,
        0),
    ROW("3.6 half-close in CLOSED", CLOSED, SHUTDOWN, CLOSED, CLOSED, false, 0, 0, 0),
    // 3.10.5 ABORT
    ROW("3.10.5 LISTEN: delete TCB, enter CLOSED", LISTEN, ABORT, CLOSED, CLOSED, true, 0, 0, 0),
    ROW("3.10.5 SM-32 SYN-SENT: delete, no reset", SYN_SENT, ABORT, CLOSED, CLOSED, true, 0, 0, 0),
    ROW("3.10.5 SM-32 SYN-RECEIVED: <SEQ=SND.NXT><CTL=RST>", SYN_RECEIVED, ABORT, CLOSED, CLOSED,
        true, R, 1, 0),
    ROW("3.10.5 SM-32 ESTABLISHED: <SEQ=SND.NXT><CTL=RST>", ESTABLISHED, ABORT, CLOSED, CLOSED,
        true, R, 1, 0),
    ROW("3.10.5 SM-32 FIN-WAIT-1: <SEQ=SND.NXT><CTL=RST>", FIN_WAIT_1, ABORT, CLOSED, CLOSED, true,
        R, 2, 0),
    ROW("3.10.5 SM-32 FIN-WAIT-2: <SEQ=SND.NXT><CTL=RST>", FIN_WAIT_2, ABORT, CLOSED, CLOSED, true,
        R, 2, 0),
    ROW("3.10.5 SM-32 CLOSE-WAIT: <SEQ=SND.NXT><CTL=RST>", CLOSE_WAIT, ABORT, CLOSED, CLOSED, true,
        R, 1, 0),
    ROW("3.10.5 CLOSING: ok and delete, no reset", CLOSING, ABORT, CLOSED, CLOSED, true, 0, 0, 0),
    ROW("3.10.5 LAST-ACK: ok and delete, no reset", LAST_ACK, ABORT, CLOSED, CLOSED, true, 0, 0, 0),
    ROW("3.10.5 TIME-WAIT: ok and delete, no reset", TIME_WAIT, ABORT, CLOSED, CLOSED, true, 0, 0,
        0),
    ROW("3.10.5 CLOSED: does not exist", CLOSED, ABORT, CLOSED, CLOSED, false, 0, 0, 0),
};

static bool sent_as_expected(const struct fixture *f, const struct call_row *r)
{
    if (r->sent == 0)
        return f->outs == 0;
    if (f->outs != 1)
        return false;
    const struct aksu_segment *s = &f->out[0];
    if ((s->flags & ~(unsigned)AKSU_PSH & ~(r->sent == R ? (unsigned)AKSU_ACK : 0u)) != r->sent)
        return false;
    return s->seq == f->iss + r->seq && (r->sent == R || s->ack == f->irs + r->ack);
}

static bool call_row_holds(struct fixture *f, const struct call_row *r)
{
    char text[120] = "";
    drive(f, r->from);
    user(f, r->call, 0);
    enum aksu_state at_once = (enum aksu_state)f->t.state;
    bool closed = (f->fx.mask & AKSU_FX_CLOSED) != 0;
    flush(f);
    if (at_once == r->to && f->t.state == r->final && closed == r->closed && sent_as_expected(f, r))
        return true;
    if (f->outs > 0)
        show(f, &f->out[0], false, text, sizeof text);
    print_error("%s\n  %s -- %s -> %s, then %s%s, %u sent %s\n", r->rule, aksu_state_name(r->from),
                aksu_event_name(r->call), aksu_state_name(at_once), aksu_state_name(f->t.state),
                closed ? " (signalled)" : "", f->outs, text);
    return false;
}

static void calls_in_each_state(struct fixture *fresh)
{
    unsigned failures = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f = *fresh;
        failures += !call_row_holds(&f, &rows[i]);
    }
    assert_int_equal(failures, 0);
}

// 3.10.4 CLOSE-WAIT: queue until all SENDs are segmentized, then send FIN, enter LAST-ACK.
static void close_in_close_wait(struct fixture *f)
{
    drive(f, AKSU_CLOSE_WAIT);
    user(f, AKSU_EV_WROTE, 100);
    user(f, AKSU_EV_CLOSE, 0);
    flush(f);
    expect_count(f, 1);
    expect(f, 0, FA, 1, 2, 100);
    expect_state(f, AKSU_LAST_ACK);
    assert_int_equal(f->t.snd_nxt, f->iss + 102);
}

// 3.10.4 ESTABLISHED: the FIN follows all that was queued, here more than the window takes.
static void close_queues_fin_after_data(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 5000);
    user(f, AKSU_EV_SHUTDOWN, 0);
    expect_state(f, AKSU_FIN_WAIT_1);
    flush(f);
    expect_count(f, 4);
    for (unsigned i = 0; i < 4; i++)
        expect(f, i, AKSU_ACK, 1 + 1000 * i, 1, 1000);
    take(f);
    give(f, AKSU_ACK, 1, 4001, 0);
    expect_count(f, 1);
    expect(f, 0, FA, 4001, 1, 1000);
    give(f, AKSU_ACK, 1, 5001, 0);
    expect_state(f, AKSU_FIN_WAIT_1); // the data, but not the FIN: SM-23
    give(f, AKSU_ACK, 1, 5002, 0);
    expect_state(f, AKSU_FIN_WAIT_2);
}

// 3.10.4 SYN-RECEIVED with data queued: processed after ESTABLISHED was reached.
static void close_in_syn_received_with_data(struct fixture *f)
{
    drive(f, AKSU_SYN_RECEIVED);
    user(f, AKSU_EV_WROTE, 50);
    user(f, AKSU_EV_SHUTDOWN, 0);
    flush(f);
    for (unsigned i = 0; i < f->outs; i++)
        assert_int_equal(f->out[i].len, 0);
    take(f);
    give(f, AKSU_ACK, 1, 1, 0);
    expect_state(f, AKSU_FIN_WAIT_1);
    expect_count(f, 1);
    expect(f, 0, FA, 1, 1, 50);
}

// Its sending half alone, nothing queued: the connection never is ESTABLISHED, and yet it opens,
// for data may come (3.9.1: OPEN is told).
static void shutdown_in_syn_received_opens(struct fixture *f)
{
    drive(f, AKSU_SYN_RECEIVED);
    user(f, AKSU_EV_SHUTDOWN, 0);
    flush(f);
    expect_state(f, AKSU_FIN_WAIT_1);
    give(f, AKSU_ACK, 1, 1, 10);
    expect_state(f, AKSU_FIN_WAIT_1);
    assert_int_equal(f->fx.mask & (AKSU_FX_OPENED | AKSU_FX_DELIVER),
                     AKSU_FX_OPENED | AKSU_FX_DELIVER);
    give(f, AKSU_ACK, 11, 2, 10);
    expect_state(f, AKSU_FIN_WAIT_2);
    assert_int_equal(f->fx.mask & AKSU_FX_OPENED, 0);
}

// Until then an ACK that is not of our SYN is answered as in SYN-RECEIVED, and its text is not
// taken: it is of another connection.
static void shutdown_in_syn_received_old_ack(struct fixture *f)
{
    drive(f, AKSU_SYN_RECEIVED);
    user(f, AKSU_EV_SHUTDOWN, 0);
    flush(f);
    for (uint32_t back = 0; back < 2; back++) {
        take(f);
        give(f, AKSU_ACK, 1, 0u - back, 10);
        expect_state(f, AKSU_FIN_WAIT_1);
        assert_true(f->fx.refused);
        assert_int_equal(f->seen, AKSU_FX_RESET);
        expect_count(f, 1);
        expect(f, 0, AKSU_RST, 0u - back, 0, 0);
    }
}

// 3.10.2 SEND, by state: what is queued.
static void send_in_each_state(struct fixture *fresh)
{
    static const struct {
        const char *rule;
        enum aksu_state state;
        uint32_t queued;
        uint32_t sent; // at once
    } sends[] = {
        {"3.10.2 CLOSED: does not exist", AKSU_CLOSED, 0, 0},
        {"3.10.2 SM-34 SYN-SENT: queue", AKSU_SYN_SENT, 100, 0},
        {"3.10.2 SYN-RECEIVED: queue", AKSU_SYN_RECEIVED, 100, 0},
        {"3.10.2 ESTABLISHED: segmentize and send", AKSU_ESTABLISHED, 100, 100},
        {"3.10.2 CLOSE-WAIT: segmentize and send", AKSU_CLOSE_WAIT, 100, 100},
        {"3.10.2 FIN-WAIT-1: do not service", AKSU_FIN_WAIT_1, 0, 0},
        {"3.10.2 FIN-WAIT-2: do not service", AKSU_FIN_WAIT_2, 0, 0},
        {"3.10.2 CLOSING: do not service", AKSU_CLOSING, 0, 0},
        {"3.10.2 LAST-ACK: do not service", AKSU_LAST_ACK, 0, 0},
        {"3.10.2 TIME-WAIT: do not service", AKSU_TIME_WAIT, 0, 0},
    };
    unsigned failures = 0;
    for (size_t i = 0; i < sizeof sends / sizeof sends[0]; i++) {
        struct fixture f = *fresh;
        drive(&f, sends[i].state);
        uint32_t before = f.t.snd_buf;
        user(&f, AKSU_EV_WROTE, 100);
        uint32_t queued = f.t.snd_buf - before;
        flush(&f);
        uint32_t sent = f.outs > 0 ? f.out[0].len : 0;
        if (queued != sends[i].queued || sent != sends[i].sent || f.t.state != sends[i].state) {
            print_error("%s: queued %u, sent %u\n", sends[i].rule, (unsigned)queued,
                        (unsigned)sent);
            failures++;
        }
    }
    assert_int_equal(failures, 0);
}

// 3.10.2: what was queued in SYN-SENT goes out with the ACK that completes the handshake.
static void send_queued_in_syn_sent(struct fixture *f)
{
    drive(f, AKSU_SYN_SENT);
    user(f, AKSU_EV_WROTE, 300);
    flush(f);
    expect_count(f, 0);
    give(f, AKSU_SYN | AKSU_ACK, 0, 1, 0);
    expect_state(f, AKSU_ESTABLISHED);
    uint32_t data = 0;
    for (unsigned i = 0; i < f->outs; i++)
        data += f->out[i].len;
    assert_int_equal(data, 300);
}

// 3.10.1: OPEN of a connection that exists changes nothing.
static void open_exists(struct fixture *fresh)
{
    for (unsigned s = AKSU_SYN_SENT; s < AKSU_STATE_COUNT; s++) {
        struct fixture f = *fresh;
        drive(&f, (enum aksu_state)s);
        struct aksu_tcb before = f.t;
        open_active(&f);
        assert_memory_equal(&before, &f.t, sizeof before);
        open_passive(&f);
        assert_memory_equal(&before, &f.t, sizeof before);
        user(&f, AKSU_EV_LISTEN, 5); // a value is no octets to send
        assert_memory_equal(&before, &f.t, sizeof before);
        assert_int_equal(f.fx.mask, 0);
    }
}

// 3.10.1 CLOSED, active: <SEQ=ISS><CTL=SYN>, SND.UNA = ISS, SND.NXT = ISS+1, SYN-SENT.
static void open_active_sends_syn(struct fixture *f)
{
    open_active(f);
    expect_state(f, AKSU_SYN_SENT);
    flush(f);
    expect_count(f, 1);
    expect(f, 0, AKSU_SYN, 0, 0, 0);
    assert_true(f->out[0].options & AKSU_OPT_MSS); // MUST-14, SHLD-5
    assert_int_equal(f->out[0].mss, MSS);
    assert_int_equal(f->out[0].wnd, RCV_BUF);
    assert_int_equal(f->t.snd_una, f->iss);
    assert_int_equal(f->t.snd_nxt, f->iss + 1);
}

// 3.10.1 CLOSED, passive: enter LISTEN. It has nothing to send and no deadline.
static void open_passive_waits(struct fixture *f)
{
    open_passive(f);
    expect_state(f, AKSU_LISTEN);
    flush(f);
    expect_count(f, 0);
    assert_int_equal(due(f), UINT32_MAX);
}

// 3.10.3 RECEIVE: what the user takes becomes room again, from ESTABLISHED to CLOSE-WAIT.
static void receive_frees_room(struct fixture *fresh)
{
    static const enum aksu_state states[] = {AKSU_ESTABLISHED, AKSU_FIN_WAIT_1, AKSU_FIN_WAIT_2};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f = *fresh;
        drive(&f, states[i]);
        give(&f, AKSU_ACK, 1, f.t.snd_nxt - f.iss, 600);
        assert_int_equal(f.t.rcv_room, RCV_BUF - 600);
        user(&f, AKSU_EV_READ, 600);
        assert_int_equal(f.t.rcv_room, RCV_BUF);
    }
    struct fixture f = *fresh; // CLOSE-WAIT: data already on hand
    drive(&f, AKSU_ESTABLISHED);
    give(&f, AKSU_FIN | AKSU_ACK, 1, 1, 600);
    expect_state(&f, AKSU_CLOSE_WAIT);
    user(&f, AKSU_EV_READ, 600);
    expect_state(&f, AKSU_CLOSE_WAIT);
}

// SM-32, 3.10.5: an abort flushes; nothing is sent after the RST and nothing is due.
static void abort_flushes(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 2000);
    flush(f);
    take(f);
    user(f, AKSU_EV_ABORT, 0);
    assert_int_equal(f->closed_reason, AKSU_ECONNABORTED);
    flush(f);
    expect_count(f, 1);
    assert_int_equal(f->out[0].seq, f->iss + 2001);
    assert_true(f->out[0].flags & AKSU_RST);
    assert_int_equal(f->out[0].len, 0);
    assert_int_equal(due(f), UINT32_MAX);
}

// SHLD-3, 3.6.1: CLOSE with received data unread: a reset, not a FIN; a half-close is no such loss.
static void close_with_unread_data(struct fixture *fresh)
{
    struct fixture f = *fresh;
    drive(&f, AKSU_ESTABLISHED);
    give(&f, AKSU_ACK, 1, 1, 10);
    struct fixture half = f;
    user(&f, AKSU_EV_CLOSE, 0);
    flush(&f);
    expect_state(&f, AKSU_CLOSED);
    assert_int_equal(f.closed_reason, AKSU_ECONNABORTED);
    expect_count(&f, 1);
    assert_true(f.out[0].flags & AKSU_RST);
    assert_int_equal(f.out[0].seq, f.iss + 1);
    user(&half, AKSU_EV_SHUTDOWN, 0);
    flush(&half);
    expect_state(&half, AKSU_FIN_WAIT_1);
    f = *fresh; // read: an ordinary close
    drive(&f, AKSU_ESTABLISHED);
    give(&f, AKSU_ACK, 1, 1, 10);
    user(&f, AKSU_EV_READ, 10);
    user(&f, AKSU_EV_CLOSE, 0);
    expect_state(&f, AKSU_FIN_WAIT_1);
}

// The same when both sides have sent their FIN: an ABORT is silent there (3.10.5), this is not.
static void close_behind_the_fin_with_unread_data(struct fixture *fresh)
{
    for (unsigned closing = 0; closing < 2; closing++) {
        struct fixture f = *fresh;
        drive(&f, AKSU_ESTABLISHED);
        give(&f, AKSU_ACK, 1, 1, 10);
        if (closing) {
            user(&f, AKSU_EV_SHUTDOWN, 0);
            flush(&f);
        }
        give(&f, FA, 11, 1, 0);
        if (!closing) {
            user(&f, AKSU_EV_SHUTDOWN, 0);
            flush(&f);
        }
        expect_state(&f, closing ? AKSU_CLOSING : AKSU_LAST_ACK);
        struct fixture aborted = f;
        take(&f);
        user(&f, AKSU_EV_CLOSE, 0);
        flush(&f);
        expect_state(&f, AKSU_CLOSED);
        assert_int_equal(f.closed_reason, AKSU_ECONNABORTED);
        expect_count(&f, 1);
        expect(&f, 0, AKSU_RST | AKSU_ACK, 2, 12, 0);
        take(&aborted);
        user(&aborted, AKSU_EV_ABORT, 0);
        flush(&aborted);
        expect_count(&aborted, 0);
    }
}

// Before the connection is open there is nothing to linger for: it is over at once, and wants
// nothing.
static void close_with_linger_before_open(struct fixture *fresh)
{
    static const enum aksu_state states[] = {AKSU_CLOSED, AKSU_LISTEN, AKSU_SYN_SENT};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct fixture f = *fresh;
        drive(&f, states[i]);
        user(&f, AKSU_EV_CLOSE, 5000);
        expect_state(&f, AKSU_CLOSED);
        assert_int_equal(due(&f), UINT32_MAX);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(calls_in_each_state),
        TEST(close_in_close_wait),
        TEST(close_queues_fin_after_data),
        TEST(close_in_syn_received_with_data),
        TEST(shutdown_in_syn_received_opens),
        TEST(shutdown_in_syn_received_old_ack),
        TEST(send_in_each_state),
        TEST(send_queued_in_syn_sent),
        TEST(open_exists),
        TEST(open_active_sends_syn),
        TEST(open_passive_waits),
        TEST(receive_frees_room),
        TEST(abort_flushes),
        TEST(close_with_unread_data),
        TEST(close_behind_the_fin_with_unread_data),
        TEST(close_with_linger_before_open),
    };
    return run_at_bases("user calls, RFC 9293 3.10.1 to 3.10.6", tests,
                        sizeof tests / sizeof tests[0]);
}
