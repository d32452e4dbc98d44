// SPDX-License-Identifier: MIT
// Exact limits and rare corners: what a small slip in the source would change, and the tables of
// the other files are too coarse to see.
#include "harness.h"

#define A  AKSU_ACK
#define FA (AKSU_FIN | AKSU_ACK)
#define SA (AKSU_SYN | AKSU_ACK)

enum { WS = AKSU_OPT_WSCALE, SACK = AKSU_OPT_SACK_PERMITTED, TS = AKSU_OPT_TIMESTAMPS };

static void ack(struct fixture *f, uint32_t number, unsigned wnd)
{
    arrive(f, seg(f, A, 1, number, 0, wnd));
    flush(f);
}

static void write(struct fixture *f, uint32_t octets)
{
    user(f, AKSU_EV_WROTE, octets);
    flush(f);
}

// --- Challenge ACKs: RFC 5961 7 ---

// How many of 30 RSTs that are off by one are answered now.
static unsigned challenged(struct fixture *f)
{
    take(f);
    for (unsigned i = 0; i < 30; i++)
        give(f, AKSU_RST, 2, 0, 0);
    return f->outs;
}

static void challenge_range(struct fixture *fresh)
{
    static const struct {
        uint8_t most;
        unsigned least;
    } rows[] = {{10, 6}, {3, 2}, {2, 2}};
    for (size_t i = 0; i < 3; i++) {
        unsigned least = UINT32_MAX, most = 0, least_later = UINT32_MAX, most_later = 0;
        for (uint32_t salt = 0; salt < 200; salt++) {
            struct fixture f = *fresh;
            f.p.challenge_acks = rows[i].most;
            drive(&f, AKSU_ESTABLISHED);
            f.t.salt = salt * 0x9e3779b9u;
            unsigned n = challenged(&f);
            least = n < least ? n : least;
            most = n > most ? n : most;
            pass(&f, 5 * 1024);
            n = challenged(&f);
            least_later = n < least_later ? n : least_later;
            most_later = n > most_later ? n : most_later;
        }
        assert_int_equal(least, rows[i].least);
        assert_int_equal(most, rows[i].most);
        assert_int_equal(least_later, rows[i].least);
        assert_int_equal(most_later, rows[i].most);
    }
}

static void challenge_interval(struct fixture *f)
{
    f->now &= ~1023u;
    drive(f, AKSU_ESTABLISHED);
    assert_true(challenged(f) >= 5);
    pass(f, 5 * 1024 - 1);
    assert_int_equal(challenged(f), 0);
    pass(f, 1);
    assert_true(challenged(f) >= 5);
}

// The budget is not the same in every interval: who counts the answers learns nothing.
static void challenge_budget_varies(struct fixture *f)
{
    unsigned least = UINT32_MAX, most = 0;
    drive(f, AKSU_ESTABLISHED);
    for (unsigned i = 0; i < 20; i++) {
        unsigned n = challenged(f);
        least = n < least ? n : least;
        most = n > most ? n : most;
        pass(f, 5 * 1024);
    }
    assert_true(least < most);
}

// SM-28: text behind the peer's FIN is not taken, and is answered.
static void text_behind_fin(struct fixture *f)
{
    drive(f, AKSU_CLOSE_WAIT);
    give(f, A, 2, 1, 1);
    expect_count(f, 1);
    expect(f, 0, A, 1, 2, 0);
}

// --- A window that opens again ---

// Three probes of data that is in flight are no retransmissions of it: from the opening on the
// timeout and R1 count anew.
static void window_opens_again(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    write(f, 1000);
    ack(f, 1, 0);
    pass(f, 8000);
    assert_true(f->t.retries >= 3);
    ack(f, 1, 1); // one octet is a window
    assert_int_equal(f->t.retries, 0);
    assert_int_equal(due(f), aksu_tcp_rto(&f->p, &f->t));
}

// Each closing of the window has the whole limit of probes.
static void probe_limit_is_of_one_closing(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_PROBE_LIMIT, 2);
    for (unsigned i = 0; i < 4; i++) {
        uint32_t next = f->t.snd_una - f->iss;
        ack(f, next, 0);
        write(f, 100);
        take(f);
        pass(f, 3500);
        expect_count(f, 2);
        expect_state(f, AKSU_ESTABLISHED);
        ack(f, next, 1000);
        ack(f, next + 100, 1000);
    }
}

// What is sent into a small window against its silliness is no probe, and not limited.
static void small_window_has_no_limit(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_PROBE_LIMIT, 1);
    ack(f, 1, 1);
    write(f, 100);
    for (unsigned i = 1; i <= 4; i++) {
        pass(f, 600);
        expect_count(f, 1);
        take(f);
        ack(f, 1 + i, 1);
        expect_state(f, AKSU_ESTABLISHED);
    }
}

// The end that a limit brings is told, and nothing else.
static void probe_limit_ends_quietly(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_PROBE_LIMIT, 2);
    ack(f, 1, 0);
    write(f, 100);
    take(f);
    pass(f, 20000);
    expect_state(f, AKSU_CLOSED);
    assert_int_equal(f->closed_reason, AKSU_ETIMEDOUT);
    assert_int_equal(f->seen, AKSU_FX_CLOSED);
}

// What does not open a connection leaves nothing in the effects but that it was refused.
static void refused_in_listen(struct fixture *f)
{
    struct aksu_segment rst = {.flags = AKSU_RST};
    struct aksu_event ev = {.kind = AKSU_EV_SEGMENT, .segment = &rst};
    struct aksu_effects fx;
    struct aksu_effects want;
    drive(f, AKSU_LISTEN);
    memset(&fx, 0x5a, sizeof fx);
    memset(&want, 0, sizeof want);
    want.refused = true;
    struct aksu_tcb before = f->t;
    aksu_tcp_step(&f->p, &f->t, NULL, &ev, &fx);
    assert_memory_equal(&fx, &want, sizeof fx);
    assert_memory_equal(&f->t, &before, sizeof before);
}

// An opening that finds nothing in flight starts no timer.
static void window_opens_idle(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    ack(f, 1, 0);
    ack(f, 1, 1000);
    assert_int_equal(due(f), UINT32_MAX);
}

// --- The user timeout ---

static void user_timeout_ends_with_the_last_ack(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    write(f, 100);
    ack(f, 101, PEER_WND);
    assert_int_equal(due(f), UINT32_MAX);
    pass(f, 1000000);
    expect_state(f, AKSU_ESTABLISHED);
}

// Before the SYN could be handed to the link, too.
static void user_timeout_begins_with_open(struct fixture *f)
{
    open_active(f);
    f->now += 299999;
    user(f, AKSU_EV_TICK, 0);
    expect_state(f, AKSU_SYN_SENT);
    f->now += 1;
    user(f, AKSU_EV_TICK, 0);
    expect_state(f, AKSU_CLOSED);
    assert_int_equal(f->closed_reason, AKSU_ETIMEDOUT);
}

// ACKs that acknowledge nothing new are no progress while the window is open.
static void user_timeout_needs_progress(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_USER_TIMEOUT, 10);
    write(f, 1000);
    for (unsigned i = 0; i < 9; i++) {
        pass(f, 1000);
        give(f, A, f->t.rcv_nxt - f->irs, 1, 1);
    }
    pass(f, 999);
    expect_state(f, AKSU_ESTABLISHED);
    pass(f, 1);
    expect_state(f, AKSU_CLOSED);
}

// A closed window is no trouble as long as nothing waits for it.
static void closed_window_is_no_user_timeout(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    ack(f, 1, 0);
    give(f, A, 1, 1, 0);
    ack(f, 1, 0);
    assert_int_equal(due(f), UINT32_MAX);
}

static void user_timeout_of_never(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_USER_TIMEOUT, 65535);
    write(f, 100);
    assert_int_equal(f->t.timers, AKSU_TIMER_RTX);
}

// --- Options of the application ---

static void options_are_independent(struct fixture *fresh)
{
    static const struct {
        enum aksu_option option;
        uint32_t value;
    } rows[] = {
        {AKSU_NODELAY, 1},          {AKSU_QUICKACK, 1},        {AKSU_USER_TIMEOUT, 44},
        {AKSU_KEEPALIVE, 1},        {AKSU_KEEPALIVE_IDLE, 45}, {AKSU_KEEPALIVE_INTERVAL, 46},
        {AKSU_KEEPALIVE_COUNT, 47}, {AKSU_PROBE_LIMIT, 48},    {AKSU_URGENT, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f = *fresh;
        drive(&f, AKSU_ESTABLISHED);
        f.t.snd_buf = 0;
        struct aksu_tcb want = f.t;
        set(&f, rows[i].option, rows[i].value);
        switch (rows[i].option) {
        case AKSU_NODELAY:
            want.flags |= AKSU_F_NODELAY;
            break;
        case AKSU_QUICKACK:
            want.flags |= AKSU_F_QUICKACK;
            break;
        case AKSU_USER_TIMEOUT:
            want.user_timeout_s = 44;
            break;
        case AKSU_KEEPALIVE:
            want.flags |= AKSU_F_KEEPALIVE;
            want.timers |= AKSU_TIMER_MISC;
            want.deadline[AKSU_AT_MISC] = f.now + 7200000;
            break;
        case AKSU_KEEPALIVE_IDLE:
            want.keep_idle_s = 45;
            break;
        case AKSU_KEEPALIVE_INTERVAL:
            want.keep_interval_s = 46;
            break;
        case AKSU_KEEPALIVE_COUNT:
            want.keep_count = 47;
            break;
        case AKSU_PROBE_LIMIT:
            want.probe_limit = 48;
            break;
        default:
            break;
        }
        assert_memory_equal(&want, &f.t, sizeof want);
    }
}

static void keep_alive_defaults(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_KEEPALIVE, 1);
    pass(f, 7200000 + 8 * 75000);
    expect_count(f, 9);
    for (unsigned i = 0; i < 9; i++)
        assert_int_equal(f->out_at[i] - f->out_at[0], 75000 * i);
    expect_state(f, AKSU_ESTABLISHED);
    take(f);
    pass(f, 74999);
    expect_state(f, AKSU_ESTABLISHED);
    pass(f, 1);
    expect_state(f, AKSU_CLOSED);
    expect_count(f, 1); // the RST, and that is all
    expect(f, 0, AKSU_RST | AKSU_ACK, 1, 1, 0);
    assert_int_equal(due(f), UINT32_MAX);
    assert_int_equal(f->t.owed, 0);
}

// The timer goes on behind data that is outstanding, one octet even, and sends nothing.
static void keep_alive_waits_for_data(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    ack(f, 1, 0);
    set(f, AKSU_KEEPALIVE_IDLE, 10);
    set(f, AKSU_KEEPALIVE, 1);
    user(f, AKSU_EV_WROTE, 1); // held back by the window
    f->now += 10000;
    user(f, AKSU_EV_TICK, 0);
    assert_int_equal(f->t.timers & AKSU_TIMER_MISC, AKSU_TIMER_MISC);
    assert_int_equal(f->t.owed & AKSU_OWE_KEEPALIVE, 0);
}

static void keep_alive_waits_for_fin(struct fixture *f)
{
    drive(f, AKSU_CLOSE_WAIT);
    set(f, AKSU_KEEPALIVE_IDLE, 10);
    set(f, AKSU_KEEPALIVE, 1);
    write(f, 10);
    f->now += 10000; // the retransmission is due too
    user(f, AKSU_EV_TICK, 0);
    assert_int_equal(f->t.owed & AKSU_OWE_KEEPALIVE, 0);
}

// A probe that is owed is not, once it is turned off; a timer of another kind runs on.
static void keep_alive_off(struct fixture *fresh)
{
    struct fixture f = *fresh;
    drive(&f, AKSU_ESTABLISHED);
    set(&f, AKSU_KEEPALIVE_IDLE, 10);
    set(&f, AKSU_KEEPALIVE, 1);
    f.now += 10000;
    user(&f, AKSU_EV_TICK, 0);
    assert_int_equal(f.t.owed, AKSU_OWE_KEEPALIVE);
    f.t.owed |= AKSU_OWE_ACK;
    set(&f, AKSU_KEEPALIVE, 0);
    assert_int_equal(f.t.owed, AKSU_OWE_ACK);
    f = *fresh;
    drive(&f, AKSU_TIME_WAIT);
    set(&f, AKSU_KEEPALIVE, 0);
    assert_int_equal(due(&f), 60000);
}

static void keep_alive_on_again(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_KEEPALIVE_IDLE, 10);
    set(f, AKSU_KEEPALIVE, 1);
    pass(f, 7000);
    set(f, AKSU_KEEPALIVE, 1); // counts from here
    pass(f, 9999);
    expect_count(f, 0);
    pass(f, 1);
    expect_count(f, 1);
}

// A retransmission does not touch the keep-alive timer.
static void keep_alive_timer_is_its_own(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_KEEPALIVE, 1);
    uint32_t at = f->t.deadline[AKSU_AT_MISC];
    write(f, 100);
    pass(f, 1000);
    expect_count(f, 2);
    assert_int_equal(f->t.deadline[AKSU_AT_MISC], at);
}

// --- Resumption ---

static void resume_shifts_everything(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    f->t.cwnd = 50000;
    write(f, 3000);
    pass(f, 100);
    struct aksu_tcb before = f->t;
    uint32_t saved = f->now;
    f->now += 0x12345678u;
    struct aksu_event ev = {.kind = AKSU_EV_RESUME, .now_ms = f->now, .value = saved, .detail = 50};
    step(f, &ev);
    uint32_t shift = 0x12345678u - 50;
    assert_int_equal(f->t.cwnd, 10000);
    assert_int_equal(f->t.rtt_at - before.rtt_at, shift);
    for (unsigned i = 0; i < AKSU_DEADLINES; i++)
        assert_int_equal(f->t.deadline[i] - before.deadline[i], shift);
    ack(f, 3001, PEER_WND);
    assert_in_range(f->t.srtt, 1, 8191 * 8); // 150 ms and what was before, not months
    assert_true(f->t.srtt < 200 * 8);
}

// R1191-03: a larger path MTU is never believed, nor the same once more.
static void packet_too_big_never_raises(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    write(f, 2000);
    pass(f, 1000);
    icmp(f, AKSU_ICMP_PTB, 1, 700);
    assert_int_equal(f->t.snd_mss, 700);
    assert_int_equal(f->fx.mask, 0);
    static const uint32_t sizes[] = {700, 701, 1000, 9000};
    for (size_t i = 0; i < 4; i++) {
        icmp(f, AKSU_ICMP_PTB, 1, sizes[i]);
        assert_true(f->fx.refused);
        assert_int_equal(f->t.snd_mss, 700);
    }
}

// --- Opening ---

// A SYN leaves nothing of the row's last connection.
static void open_clears(struct fixture *f)
{
    memset(&f->t, 0xee, sizeof f->t);
    f->t.state = AKSU_CLOSED;
    struct aksu_open open = {.iss = f->iss, .salt = 1, .rcv_buf = RCV_BUF, .mss = MSS};
    struct aksu_event ev = {.kind = AKSU_EV_LISTEN, .now_ms = f->now, .open = &open};
    aksu_tcp_step(&f->p, &f->t, NULL, &ev, &f->fx);
    assert_int_equal(f->t.timers | f->t.owed | f->t.ranges | f->t.keep_idle_s, 0);
    assert_int_equal(f->t.user_timeout_s | f->t.snd_buf | f->t.srtt | f->t.rcv_wscale, 0);
}

static void smallest_shift(struct fixture *fresh)
{
    static const struct {
        uint32_t size;
        uint8_t shift;
    } rows[] = {{1, 0}, {65535, 0}, {65536, 1}, {131071, 1}, {131072, 2}, {UINT32_C(1) << 30, 14}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f = *fresh;
        f.rcv_buf = rows[i].size;
        open_active(&f);
        flush(&f);
        assert_int_equal(f.out[0].wscale, rows[i].shift);
    }
}

// The smallest MTU leaves room for timestamps.
static void smallest_mss(struct fixture *f)
{
    f->mss = 28;
    drive_options(f, TS, 0);
    assert_int_equal(f->t.snd_mss, 16);
}

// The first window updates count wherever the peer's numbers are.
static void window_update_at_any_number(struct fixture *fresh)
{
    for (uint32_t irs = 0; irs < 8; irs++) {
        struct fixture f = *fresh;
        f.irs = irs << 29;
        drive(&f, AKSU_ESTABLISHED);
        for (unsigned wnd = 100; wnd < 104; wnd++) {
            ack(&f, 1, wnd);
            assert_int_equal(f.t.snd_wnd, wnd);
        }
    }
}

// What LISTEN, SYN-SENT and TIME-WAIT drop has no effect but that it is told to be dropped.
static void drops_are_told(struct fixture *fresh)
{
    static const struct {
        enum aksu_state from;
        unsigned flags;
        uint32_t seq, ack;
        unsigned effects;
    } rows[] = {{AKSU_LISTEN, AKSU_RST, 0, 0, 0},
                {AKSU_LISTEN, AKSU_SYN | AKSU_FIN, 0, 0, 0},
                {AKSU_LISTEN, 0, 0, 0, 0},
                {AKSU_LISTEN, A, 0, 5, AKSU_FX_RESET},
                {AKSU_SYN_SENT, AKSU_RST | A, 0, 7, 0},
                {AKSU_SYN_SENT, A, 0, 7, AKSU_FX_RESET},
                {AKSU_SYN_SENT, AKSU_SYN | AKSU_FIN, 0, 0, 0},
                {AKSU_SYN_SENT, AKSU_SYN | AKSU_RST, 0, 0, 0},
                {AKSU_TIME_WAIT, AKSU_RST, 2, 0, 0},
                {AKSU_CLOSED, A, 2, 0, AKSU_FX_RESET},
                {AKSU_CLOSED, AKSU_RST, 2, 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f = *fresh;
        drive(&f, rows[i].from);
        arrive(&f, seg(&f, rows[i].flags, rows[i].seq, rows[i].ack, 0, PEER_WND));
        assert_true(f.fx.refused);
        assert_int_equal(f.fx.mask, rows[i].effects);
        expect_state(&f, rows[i].from);
    }
}

// SM-17: another SYN in the window brings a passive open back to LISTEN, at its left edge too.
static void another_syn_in_syn_received(struct fixture *fresh)
{
    for (uint32_t seq = 1; seq <= 2; seq++) {
        struct fixture f = *fresh;
        drive(&f, AKSU_SYN_RECEIVED);
        arrive(&f, seg(&f, AKSU_SYN, seq, 0, 0, PEER_WND));
        expect_state(&f, AKSU_LISTEN);
        assert_int_equal(f.fx.mask, 0);
    }
}

// A SYN,ACK that repeats the peer's SYN with an option of illegal length opens nothing (MUST-7).
static void illegal_option_in_simultaneous_open(struct fixture *f)
{
    drive_simultaneous(f);
    struct aksu_segment s = seg(f, SA, 0, 1, 0, PEER_WND);
    s.options = AKSU_OPT_ILLEGAL;
    arrive(f, s);
    assert_true(f->fx.refused);
    expect_state(f, AKSU_SYN_RECEIVED);
}

// SM-17: another SYN is challenged there: nobody listens.
static void another_syn_in_simultaneous_open(struct fixture *f)
{
    drive_simultaneous(f);
    give(f, AKSU_SYN, 5, 0, 0);
    expect_state(f, AKSU_SYN_RECEIVED);
    expect_count(f, 1);
    expect(f, 0, A, 1, 1, 0);
}

// Timestamps that were not negotiated say nothing.
static void timestamps_uninvited(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    f->t.srtt = 0;
    write(f, 10);
    f->now += 20;
    struct aksu_segment s = seg(f, A, 1, 11, 0, PEER_WND);
    s.options = TS;
    s.tsval = 77;
    s.tsecr = f->now + f->t.salt - 5000;
    arrive(f, s);
    assert_int_equal(f->t.srtt, 20 * 8);
    assert_int_equal(f->t.ts_recent, f->iss + 11); // of that measurement
}

// R7323-13: 24 days are 31640 units of 65536 ms.
static void paws_for_24_days(struct fixture *fresh)
{
    for (uint16_t age = 31640; age <= 31641; age++) {
        struct fixture f = *fresh;
        drive_options(&f, TS, 0);
        f.t.ts_recent_at = (uint16_t)((f.now >> 16) - age);
        struct aksu_segment s = seg(&f, A, 1, 1, 10, PEER_WND);
        s.options = TS;
        s.tsval = f.t.ts_recent - 1;
        arrive(&f, s);
        assert_int_equal(f.fx.refused, age == 31640);
    }
}

// R6691-02.
static void least_mss(struct fixture *f)
{
    drive(f, AKSU_SYN_SENT);
    struct aksu_segment s = seg(f, SA, 0, 1, 0, PEER_WND);
    s.options = AKSU_OPT_MSS;
    s.mss = 10;
    arrive(f, s);
    assert_int_equal(f->t.snd_mss, 88);
}

// SHLD-10: the third retransmission is the first trouble.
static void trouble_at_the_third(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    write(f, 100);
    pass(f, 6999);
    assert_int_equal(f->troubles, 0);
    pass(f, 1);
    assert_int_equal(f->troubles, 1);
}

// SHUTDOWN before the SYN,ACK: its FIN is due in the same step.
static void shut_before_open(struct fixture *f)
{
    drive(f, AKSU_SYN_SENT);
    user(f, AKSU_EV_SHUTDOWN, 0);
    arrive(f, seg(f, SA, 0, 1, 0, PEER_WND));
    expect_state(f, AKSU_FIN_WAIT_1);
}

// The client's SYN again and again gets the SYN,ACK; with its ACK in a simultaneous open it opens.
static void repeated_syn(struct fixture *f)
{
    drive(f, AKSU_SYN_RECEIVED);
    give(f, AKSU_SYN, 0, 0, 0);
    expect_count(f, 1);
    expect(f, 0, SA, 0, 1, 0);
    take(f);
    give(f, SA, 0, 1, 0); // from a passive open's client that is no ACK
    expect_state(f, AKSU_SYN_RECEIVED);
    expect_count(f, 1);
    expect(f, 0, SA, 0, 1, 0);
}

static void repeated_syn_in_simultaneous_open(struct fixture *f)
{
    drive_simultaneous(f);
    give(f, AKSU_SYN, 0, 0, 0);
    expect_count(f, 1);
    expect(f, 0, SA, 0, 1, 0);
}

// A window of one octet in the SYN: our ACK is still behind our SYN.
static void syn_with_a_window_of_one(struct fixture *f)
{
    drive(f, AKSU_LISTEN);
    arrive(f, seg(f, AKSU_SYN, 0, 0, 0, 1));
    flush(f);
    take(f);
    give(f, A, 0xffffff00u, 1, 10); // old text: an ACK answers
    expect_count(f, 1);
    expect(f, 0, A, 1, 1, 0);
}

static void edges_of_figure_5(struct fixture *f)
{
    static const char *const want[AKSU_STATE_COUNT] = {
        [AKSU_CLOSED] = "LISTEN SYN-SENT",
        [AKSU_LISTEN] = "CLOSED SYN-RECEIVED",
        [AKSU_SYN_SENT] = "CLOSED SYN-RECEIVED ESTABLISHED FIN-WAIT-1 CLOSE-WAIT",
        [AKSU_SYN_RECEIVED] = "CLOSED LISTEN ESTABLISHED FIN-WAIT-1 CLOSE-WAIT",
        [AKSU_ESTABLISHED] = "CLOSED FIN-WAIT-1 CLOSE-WAIT",
        [AKSU_FIN_WAIT_1] = "CLOSED FIN-WAIT-2 CLOSING TIME-WAIT",
        [AKSU_FIN_WAIT_2] = "CLOSED TIME-WAIT",
        [AKSU_CLOSE_WAIT] = "CLOSED LAST-ACK",
        [AKSU_CLOSING] = "CLOSED TIME-WAIT",
        [AKSU_LAST_ACK] = "CLOSED",
        [AKSU_TIME_WAIT] = "CLOSED",
    };
    (void)f;
    for (unsigned from = 0; from < AKSU_STATE_COUNT; from++) {
        for (unsigned to = 0; to < AKSU_STATE_COUNT; to++) {
            char list[120], name[32];
            snprintf(list, sizeof list, " %s ", want[from]);
            snprintf(name, sizeof name, " %s ", aksu_state_name((enum aksu_state)to));
            bool edge = from == to || strstr(list, name) != NULL;
            if (aksu_tcp_edge((enum aksu_state)from, (enum aksu_state)to) != edge)
                fail_msg("%s ->%s", aksu_state_name((enum aksu_state)from), name);
        }
    }
}

// --- Text ---

// One octet is acknowledged like many.
static void one_octet_acked(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    write(f, 1);
    arrive(f, seg(f, A, 1, 2, 0, PEER_WND));
    assert_int_equal(f->fx.mask, AKSU_FX_ACKED);
    assert_int_equal(f->fx.acked, 1);
}

// A delay of 0 is none; the least delay is one.
static void least_delay_of_ack(struct fixture *fresh)
{
    for (uint16_t ms = 0; ms < 2; ms++) {
        struct fixture f = *fresh;
        f.p.delayed_ack_ms = ms;
        drive(&f, AKSU_ESTABLISHED);
        give(&f, A, 1, 1, 10);
        expect_count(&f, ms == 0);
    }
}

// SHLD-3: after CLOSE one octet is lost data, and answered by RST.
static void one_octet_after_close(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_CLOSE, 0);
    flush(f);
    take(f);
    give(f, A, 1, 1, 1);
    expect_state(f, AKSU_CLOSED);
    expect_count(f, 1);
    assert_int_equal(f->out[0].flags & AKSU_RST, AKSU_RST);
}

// But neither text that was read before, sent again with the FIN, nor a FIN that is early.
static void fin_after_close(struct fixture *fresh)
{
    struct fixture f = *fresh;
    drive(&f, AKSU_ESTABLISHED);
    give(&f, A, 1, 1, 100);
    user(&f, AKSU_EV_READ, 100);
    user(&f, AKSU_EV_CLOSE, 0);
    flush(&f);
    give(&f, FA, 1, 1, 100);
    expect_state(&f, AKSU_CLOSING);
    f = *fresh;
    drive(&f, AKSU_ESTABLISHED);
    user(&f, AKSU_EV_CLOSE, 0);
    flush(&f);
    give(&f, FA, 50, 1, 0);
    expect_state(&f, AKSU_FIN_WAIT_1);
}

// --- Reassembly ---

static void sack_on(struct fixture *f)
{
    drive_options(f, SACK, 0);
}

// A fifth island finds no room: it is not delivered, and what is told of the four stays.
static void fifth_island(struct fixture *f)
{
    sack_on(f);
    for (uint32_t i = 0; i < 4; i++)
        give(f, A, 101 + 200 * i, 1, 100);
    arrive(f, seg(f, A, 2001, 1, 100, PEER_WND));
    assert_int_equal(f->fx.mask, 0);
    assert_int_equal(f->t.owed, AKSU_OWE_ACK);
    arrive(f, seg(f, A, 101, 1, 100, PEER_WND)); // a duplicate, that finds no room either
    flush(f);
    assert_int_equal(f->t.ranges, 4);
    assert_int_equal(f->t.flags & (AKSU_F_DSACK | AKSU_F_PASSIVE), 0);
    give(f, A, 1, 1, 100);
    assert_int_equal(f->t.rcv_nxt - f->irs, 201);
}

static void islands_that_touch(struct fixture *f)
{
    sack_on(f);
    give(f, A, 201, 1, 100);
    give(f, A, 301, 1, 100);
    give(f, A, 101, 1, 100);
    assert_int_equal(f->t.ranges, 1);
    assert_int_equal(f->t.range[0].start - f->irs, 101);
    assert_int_equal(f->t.range[0].end - f->irs, 401);
}

static void expect_first_block(const struct fixture *f, uint32_t start, uint32_t end,
                               unsigned blocks)
{
    const struct aksu_segment *s = &f->out[f->outs - 1];
    assert_true(f->outs > 0);
    assert_int_equal(s->sacks, blocks);
    assert_int_equal(s->sack[0].start - f->irs, start);
    assert_int_equal(s->sack[0].end - f->irs, end);
}

// RFC 2883 4: what begins or ends with an island is a duplicate too.
static void duplicates_at_the_edges_of_an_island(struct fixture *f)
{
    sack_on(f);
    give(f, A, 101, 1, 200);
    give(f, A, 101, 1, 50);
    expect_first_block(f, 101, 151, 2);
    give(f, A, 251, 1, 50);
    expect_first_block(f, 251, 301, 2);
    give(f, A, 101, 1, 200);
    expect_first_block(f, 101, 301, 2);
}

// Of two duplicates before an ACK the last is told; what is new takes the place of the report.
static void one_report_at_a_time(struct fixture *f)
{
    sack_on(f);
    give(f, A, 1, 1, 300);
    pass(f, 300);
    take(f);
    arrive(f, seg(f, A, 1, 1, 100, PEER_WND));
    arrive(f, seg(f, A, 101, 1, 100, PEER_WND));
    struct fixture g = *f;
    flush(&g);
    expect_first_block(&g, 101, 201, 1);
    arrive(f, seg(f, A, 301, 1, 100, PEER_WND));
    assert_int_equal(f->t.ranges, 0);
    assert_int_equal(f->t.flags & AKSU_F_DSACK, 0);
}

// The peer's FIN once more has no octets to report.
static void fin_is_no_duplicate_text(struct fixture *f)
{
    sack_on(f);
    give(f, FA, 1, 1, 0);
    take(f);
    give(f, FA, 1, 1, 0);
    expect_count(f, 1);
    assert_int_equal(f->out[0].options & AKSU_OPT_SACK, 0);
}

// Old text with a FIN that cannot be one: the text is reported.
static void duplicate_with_an_impossible_fin(struct fixture *f)
{
    sack_on(f);
    give(f, A, 1, 1, 100);
    give(f, A, 301, 1, 100);
    give(f, FA, 1, 1, 100);
    expect_state(f, AKSU_ESTABLISHED);
    expect_first_block(f, 1, 101, 2);
}

// Without text such a FIN is nothing at all: no island of no octets is held, or told.
static void bare_impossible_fin(struct fixture *f)
{
    sack_on(f);
    give(f, A, 301, 1, 100);
    give(f, FA, 101, 1, 0);
    expect_state(f, AKSU_ESTABLISHED);
    expect_first_block(f, 301, 401, 1);
}

// Text that goes on behind a FIN that is held ends where the FIN is.
static void text_beyond_a_held_fin(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    give(f, FA, 301, 1, 200);
    arrive(f, seg(f, A, 1, 1, 600, PEER_WND));
    expect_state(f, AKSU_CLOSE_WAIT);
    assert_int_equal(f->t.rcv_nxt - f->irs, 502);
    assert_int_equal(f->fx.copy_len, 500);
    assert_int_equal(f->fx.ready, 500);
}

// A FIN right behind the window is not one yet.
static void fin_behind_the_window(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    give(f, FA, 1, 1, 4000);
    expect_state(f, AKSU_ESTABLISHED);
    assert_int_equal(f->t.rcv_nxt - f->irs, 4001);
}

// --- Recovery ---

static void ten_in_flight(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    ack(f, 1, 60000);
    write(f, 20000);
    expect_count(f, 10);
    take(f);
}

static void duplicates(struct fixture *f, unsigned count)
{
    uint32_t number = f->t.snd_una - f->iss;
    for (unsigned i = 0; i < count; i++)
        ack(f, number, 60000);
}

// Two more segments by limited transmit; then one for each segment that has left the network, once
// that is more than the window lost.
static void recovery_sends(struct fixture *f)
{
    ten_in_flight(f);
    duplicates(f, 3);
    expect_count(f, 3);
    expect(f, 2, A, 1, 1, 1000);
    assert_int_equal(f->t.ssthresh, 5000);
    assert_int_equal(f->t.cwnd, 8000);
    take(f);
    duplicates(f, 4);
    expect_count(f, 0);
    assert_int_equal(f->t.dupacks, 0);
    duplicates(f, 1);
    expect_count(f, 1);
    expect(f, 0, A, 12001, 1, 1000);
}

static void recovery_of_a_small_flight(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    ack(f, 1, 60000);
    write(f, 6000);
    duplicates(f, 3);
    assert_int_equal(f->t.cwnd, 3000 + 3000);
    ack(f, 6001, 60000); // RFC 6582 3.2: max(FlightSize, SMSS) + SMSS
    assert_int_equal(f->t.cwnd, 2000);
    assert_int_equal(f->t.dupacks, 0);
}

static void recovery_partial_acks(struct fixture *fresh)
{
    static const struct {
        uint32_t acked, cwnd;
    } rows[] = {{500, 7500}, {999, 7001}, {1000, 8000}, {3000, 6000}, {7000, 2000}, {9000, 2000}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f = *fresh;
        ten_in_flight(&f);
        duplicates(&f, 3);
        arrive(&f, seg(&f, A, 1, 1 + rows[i].acked, 0, 60000));
        assert_int_equal(f.t.cwnd, rows[i].cwnd);
    }
}

// What was to be sent again, and is acknowledged before it could, is not sent.
static void acknowledged_before_sent_again(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    ack(f, 1, 60000);
    write(f, 5000);
    take(f);
    for (unsigned i = 0; i < 3; i++)
        arrive(f, seg(f, A, 1, 1, 0, 60000));
    assert_int_equal(f->t.owed, AKSU_OWE_REXMIT);
    arrive(f, seg(f, A, 1, 5001, 0, 60000));
    assert_int_equal(f->t.owed, 0);
    ack(f, 5001, 0);
    user(f, AKSU_EV_WROTE, 100);
    f->now += due(f);
    user(f, AKSU_EV_TICK, 0);
    assert_int_equal(f->t.owed, AKSU_OWE_PROBE);
}

static void probe_acknowledged_before_sent_again(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    ack(f, 1, 0);
    write(f, 100);
    pass(f, 1000); // one probe is out
    expect_count(f, 1);
    f->now += due(f);
    user(f, AKSU_EV_TICK, 0);
    assert_int_equal(f->t.owed, AKSU_OWE_PROBE);
    arrive(f, seg(f, A, 1, 2, 0, 0));
    assert_int_equal(f->t.owed, 0);
}

// After a timeout one segment goes out, however many duplicates came before it.
static void timeout_forgets_duplicates(struct fixture *f)
{
    ten_in_flight(f);
    duplicates(f, 2);
    take(f);
    pass(f, 1000);
    expect_count(f, 1);
}

// R6582-01: an ACK of exactly what was sent before the timeout does not cover more than that.
static void no_fast_retransmit_at_recover(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    ack(f, 1, 60000);
    write(f, 3000);
    pass(f, 1000);
    ack(f, 3001, 60000);
    f->t.cwnd = 10000;
    write(f, 5000);
    take(f);
    duplicates(f, 3);
    assert_int_equal(f->t.flags & AKSU_F_RECOVERY, 0);
    duplicates(f, 300);
    assert_int_equal(f->t.dupacks, 255);
}

// --- Timers ---

static void smallest_and_largest_sample(struct fixture *fresh)
{
    static const struct {
        uint32_t rtt;
        uint16_t srtt, rttvar;
    } rows[] = {{0, 8, 2}, {1, 8, 2}, {2, 16, 4}, {8190, 65520, 16380}, {9000, 65528, 16382}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f = *fresh;
        drive(&f, AKSU_ESTABLISHED);
        f.t.srtt = f.t.rttvar = 0;
        write(&f, 10);
        f.t.rtt_at -= rows[i].rtt; // it was sent so long ago
        ack(&f, 11, PEER_WND);
        assert_int_equal(f.t.srtt, rows[i].srtt);
        assert_int_equal(f.t.rttvar, rows[i].rttvar);
    }
}

// MUST-23: to the millisecond.
static void three_minutes_for_a_syn(struct fixture *f)
{
    f->p.user_timeout_s = 100;
    open_active(f);
    pass(f, 179999);
    expect_state(f, AKSU_SYN_SENT);
    pass(f, 1);
    expect_state(f, AKSU_CLOSED);
}

// Progress does not move a linger.
static void linger_is_not_moved(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 2000);
    user(f, AKSU_EV_CLOSE, 5000);
    flush(f);
    pass(f, 3000);
    ack(f, 1001, PEER_WND);
    pass(f, 1999);
    expect_state(f, AKSU_FIN_WAIT_1);
    pass(f, 1);
    expect_state(f, AKSU_CLOSED);
}

// A linger that is met does not end TIME-WAIT.
static void linger_before_time_wait(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_CLOSE, 5000);
    flush(f);
    give(f, FA, 1, 1, 0);
    expect_state(f, AKSU_CLOSING);
    give(f, A, 2, 2, 0);
    expect_state(f, AKSU_TIME_WAIT);
    pass(f, 59999);
    expect_state(f, AKSU_TIME_WAIT);
    pass(f, 1);
    expect_state(f, AKSU_CLOSED);
}

// Only a FIN restarts the 2 MSL.
static void time_wait_is_not_restarted_by_text(struct fixture *f)
{
    drive(f, AKSU_TIME_WAIT);
    pass(f, 30000);
    give(f, A, 1, 2, 1);
    give(f, A, 0, 2, 0);
    assert_int_equal(due(f), 30000);
}

// What a connection owed and waited for ends with it.
static void end_clears(struct fixture *fresh)
{
    struct fixture f = *fresh;
    drive(&f, AKSU_ESTABLISHED);
    arrive(&f, seg(&f, A, 101, 1, 10, PEER_WND));
    assert_int_equal(f.t.owed, AKSU_OWE_ACK);
    arrive(&f, seg(&f, AKSU_RST, 1, 0, 0, 0));
    expect_state(&f, AKSU_CLOSED);
    assert_int_equal(f.t.owed | f.t.timers, 0);
    f = *fresh;
    drive(&f, AKSU_SYN_RECEIVED);
    arrive(&f, seg(&f, A, 0xffffff00u, 1, 10, PEER_WND));
    assert_int_equal(f.t.owed, AKSU_OWE_ACK);
    arrive(&f, seg(&f, AKSU_RST, 1, 0, 0, 0));
    expect_state(&f, AKSU_LISTEN);
    assert_int_equal(f.t.owed | f.t.timers, 0);
}

// --- What arrives ---

// Nothing of a segment that begins before a closed window is used, not even its ACK.
static void text_across_a_closed_window(struct fixture *fresh)
{
    for (uint32_t room = 0; room < 2; room++) {
        struct fixture f = *fresh;
        drive(&f, AKSU_ESTABLISHED);
        write(&f, 100);
        give(&f, A, 1, 1, RCV_BUF - room);
        pass(&f, 300);
        arrive(&f, seg(&f, A, RCV_BUF - room - 9, 101, 20, PEER_WND));
        assert_int_equal(f.fx.refused, room == 0);
        assert_int_equal(f.t.snd_una - f.iss, room == 0 ? 1 : 101);
    }
}

// Old text, of one octet even, is answered when the challenges are used up.
static void old_octet_is_always_answered(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    challenged(f);
    take(f);
    give(f, A, 0, 1, 1);
    expect_count(f, 1);
    give(f, A, 0, 1, 0);
    expect_count(f, 1);
}

// R7323-06: whatever stands where the timestamp would be.
static void timestamp_missing(struct fixture *f)
{
    drive_options(f, TS, 0);
    struct aksu_segment s = seg(f, A, 1, 1, 10, PEER_WND);
    s.tsval = f->t.ts_recent + 1;
    arrive(f, s);
    assert_true(f->fx.refused);
    flush(f);
    expect_count(f, 0);
    s.tsval = f->t.ts_recent - 1;
    arrive(f, s);
    flush(f);
    expect_count(f, 0);
}

// --- Calls ---

static void write_no_more_than_can_be(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 1000);
    user(f, AKSU_EV_WROTE, (UINT32_C(1) << 30) - 999);
    assert_int_equal(f->t.snd_buf, 1000);
    user(f, AKSU_EV_WROTE, (UINT32_C(1) << 30) - 1000);
    assert_int_equal(f->t.snd_buf, UINT32_C(1) << 30);
}

// RFC 5681 4.1: idle for more than a timeout, not for one.
static void idle_for_a_timeout(struct fixture *fresh)
{
    for (uint32_t more = 0; more < 2; more++) {
        struct fixture f = *fresh;
        drive(&f, AKSU_ESTABLISHED);
        write(&f, 1);
        ack(&f, 2, PEER_WND);
        f.t.cwnd = 50000;
        f.now = f.t.rtt_at + aksu_tcp_rto(&f.p, &f.t) + more;
        user(&f, AKSU_EV_WROTE, 1);
        assert_int_equal(f.t.cwnd, more ? 10000 : 50000);
    }
}

static void read_no_more_than_there_is(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    give(f, A, 1, 1, 1000);
    user(f, AKSU_EV_READ, 600);
    assert_int_equal(f->t.rcv_room, RCV_BUF - 400);
    assert_int_equal(f->t.rcv_up - f->irs, 601); // the next octet to be read
    user(f, AKSU_EV_READ, 500);
    assert_int_equal(f->t.rcv_room, RCV_BUF);
    assert_int_equal(f->t.rcv_up - f->irs, 1001);
}

// The keep-alive timer ends with the states that have one.
static void keep_alive_ends_with_its_state(struct fixture *fresh)
{
    struct fixture f = *fresh;
    drive(&f, AKSU_ESTABLISHED);
    set(&f, AKSU_KEEPALIVE, 1);
    user(&f, AKSU_EV_SHUTDOWN, 0);
    expect_state(&f, AKSU_FIN_WAIT_1);
    assert_int_equal(f.t.timers & AKSU_TIMER_MISC, 0);
    f = *fresh;
    drive(&f, AKSU_CLOSE_WAIT);
    set(&f, AKSU_KEEPALIVE, 1);
    user(&f, AKSU_EV_SHUTDOWN, 0);
    flush(&f);
    expect_state(&f, AKSU_LAST_ACK);
    assert_int_equal(f.t.timers & AKSU_TIMER_MISC, 0);
}

// CLOSE in TIME-WAIT changes nothing, whatever was not read; elsewhere unread data ends it all.
static void close_with_unread_data(struct fixture *fresh)
{
    struct fixture f = *fresh;
    drive(&f, AKSU_FIN_WAIT_2);
    give(&f, FA, 1, 2, 10);
    expect_state(&f, AKSU_TIME_WAIT);
    user(&f, AKSU_EV_CLOSE, 0);
    expect_state(&f, AKSU_TIME_WAIT);
    f = *fresh;
    drive(&f, AKSU_ESTABLISHED);
    give(&f, A, 1, 1, 10);
    user(&f, AKSU_EV_CLOSE, 5000);
    expect_state(&f, AKSU_CLOSED);
    assert_int_equal(f.t.timers, 0);
    assert_int_equal(f.t.owed, AKSU_OWE_RST);
}

// The limit of probes: given up where the next one would be due, with a RST and no more.
static void probe_limit_is_exact(struct fixture *fresh)
{
    static const uint8_t limits[] = {1, 2, 255};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f = *fresh;
        drive(&f, AKSU_ESTABLISHED);
        set(&f, AKSU_PROBE_LIMIT, limits[i]);
        set(&f, AKSU_USER_TIMEOUT, 65535);
        ack(&f, 1, 0);
        user(&f, AKSU_EV_WROTE, 100);
        unsigned probes = 0;
        while (f.t.state == AKSU_ESTABLISHED) {
            assert_true(probes <= limits[i]);
            take(&f);
            pass(&f, due(&f));
            if (f.t.state == AKSU_ESTABLISHED) {
                probes++;
                expect_count(&f, 1);
                ack(&f, 1, 0);
            }
        }
        assert_int_equal(probes, limits[i]);
        assert_int_equal(f.closed_reason, AKSU_ETIMEDOUT);
        expect_count(&f, 1);
        assert_int_equal(f.out[0].flags, AKSU_RST | AKSU_ACK);
        assert_int_equal(f.t.owed, 0);
        assert_int_equal(due(&f), UINT32_MAX);
    }
}

// Hundreds of retransmissions or probes wrap no count: a minute each, and R1 is told once.
static void counts_do_not_wrap(struct fixture *fresh)
{
    for (unsigned closed = 0; closed < 2; closed++) {
        struct fixture f = *fresh;
        drive(&f, AKSU_ESTABLISHED);
        set(&f, AKSU_USER_TIMEOUT, 65535);
        if (closed)
            ack(&f, 1, 0);
        write(&f, 100);
        for (unsigned i = 0; i < 520; i++) {
            take(&f);
            pass(&f, due(&f));
            expect_count(&f, 1);
            assert_true(i < 6 || due(&f) == 60000);
        }
        assert_int_equal(f.troubles, 1);
    }
}

// A timeout replaces the fast retransmission that was not sent yet.
static void timeout_before_sent_again(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    ack(f, 1, 60000);
    write(f, 5000);
    take(f);
    for (unsigned i = 0; i < 3; i++)
        arrive(f, seg(f, A, 1, 1, 0, 60000));
    f->now = f->t.deadline[AKSU_AT_RTX];
    user(f, AKSU_EV_TICK, 0);
    flush(f);
    expect_count(f, 1);
    assert_int_equal(f->t.owed, 0);
}

// A half-open connection that is given up at R1 is no trouble of the user's.
static void half_open_gives_up_silently(struct fixture *f)
{
    f->p.syn_ack_tries = 3;
    drive(f, AKSU_SYN_RECEIVED);
    pass(f, 7000);
    expect_state(f, AKSU_LISTEN);
    assert_int_equal(f->troubles, 0);
}

static void data_again_is_no_syn_again(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    write(f, 100);
    pass(f, 1000);
    expect_count(f, 2);
    assert_int_equal(f->t.flags & AKSU_F_SYN_RETRIED, 0);
}

// Of timers that are due together the user timeout is the last word.
static void user_timeout_beats_others(struct fixture *fresh)
{
    for (unsigned closed = 0; closed < 2; closed++) {
        struct fixture f = *fresh;
        drive(&f, AKSU_ESTABLISHED);
        write(&f, 100);
        ack(&f, 1, closed ? 0 : PEER_WND);
        f.now = f.t.deadline[AKSU_AT_RTX] = f.t.deadline[AKSU_AT_USER];
        user(&f, AKSU_EV_TICK, 0);
        expect_state(&f, AKSU_CLOSED);
        assert_int_equal(f.fx.mask, AKSU_FX_CLOSED);
        assert_int_equal(f.t.owed, AKSU_OWE_RST);
        assert_int_equal(f.t.timers, 0);
    }
}

static void packet_too_big_floor(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    write(f, 2000);
    pass(f, 1000);
    icmp(f, AKSU_ICMP_PTB, 1, 100);
    assert_int_equal(f->t.snd_mss, 512);
}

static void packet_too_big_with_timestamps(struct fixture *f)
{
    drive_options(f, TS, 0);
    write(f, 2000);
    pass(f, 1000);
    icmp(f, AKSU_ICMP_PTB, 1, 700);
    assert_int_equal(f->t.snd_mss, 688);
}

// A window that opens before the probe stops its timer: the data goes at once.
static void window_opens_before_the_probe(struct fixture *fresh)
{
    for (uint32_t queued = 1; queued <= 100; queued += 99) {
        struct fixture f = *fresh;
        drive(&f, AKSU_ESTABLISHED);
        ack(&f, 1, 0);
        user(&f, AKSU_EV_WROTE, queued);
        assert_int_equal(f.t.timers & AKSU_TIMER_RTX, AKSU_TIMER_RTX);
        arrive(&f, seg(&f, A, 1, 1, 0, 1000));
        assert_int_equal(f.t.timers & AKSU_TIMER_RTX, 0);
    }
    struct fixture f = *fresh;
    drive(&f, AKSU_ESTABLISHED);
    ack(&f, 1, 10);
    user(&f, AKSU_EV_WROTE, 2000);
    f.now += 500;
    user(&f, AKSU_EV_TICK, 0);
    assert_int_equal(f.t.retries, 1);
    arrive(&f, seg(&f, A, 1, 1, 0, 4000));
    assert_int_equal(f.t.retries, 0);
}

// Calls of the application do not put a probe off; a window of one octet is an open one.
static void probes_are_not_put_off(struct fixture *fresh)
{
    for (unsigned wnd = 0; wnd < 2; wnd++) {
        struct fixture f = *fresh;
        drive(&f, AKSU_ESTABLISHED);
        ack(&f, 1, wnd);
        user(&f, AKSU_EV_WROTE, 2000);
        assert_int_equal(due(&f), wnd == 0 ? 1000 : 500);
        pass(&f, 300);
        user(&f, AKSU_EV_WROTE, 10);
        user(&f, AKSU_EV_READ, 0);
        assert_int_equal(due(&f), wnd == 0 ? 700 : 200);
    }
}

// A clock that fell far back makes no wait longer than the longest.
static void longest_wait(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    write(f, 100);
    f->now -= 1500000000u;
    assert_int_equal(due(f), UINT32_C(1) << 30);
}

// 3.8.6.2.2: an update of its own for two segments of room, not for one octet less; and not for
// less as long as a whole segment can be sent.
static void window_update_limits(struct fixture *fresh)
{
    for (uint32_t held = 5000; held <= 9000; held += 4000) {
        struct fixture f = *fresh;
        f.rcv_buf = 10000;
        drive(&f, AKSU_ESTABLISHED);
        for (uint32_t i = 0; i < held; i += 1000)
            give(&f, A, 1 + i, 1, 1000);
        pass(&f, 300);
        take(&f);
        user(&f, AKSU_EV_READ, 1000);
        user(&f, AKSU_EV_READ, 999);
        flush(&f);
        expect_count(&f, 0);
        user(&f, AKSU_EV_READ, 1);
        flush(&f);
        expect_count(&f, 1);
        assert_int_equal(f.out[0].wnd, 10000 - held + 2000);
    }
}

// Or for half of a small ring.
static void window_update_of_a_small_ring(struct fixture *f)
{
    f->rcv_buf = 2000;
    drive(f, AKSU_ESTABLISHED);
    give(f, A, 1, 1, 1000);
    pass(f, 300);
    take(f);
    user(f, AKSU_EV_READ, 999);
    flush(f);
    expect_count(f, 0);
    user(f, AKSU_EV_READ, 1);
    flush(f);
    expect_count(f, 1);
}

// Half of the ring, not less, as long as a segment can be sent; one octet of the smallest ring.
static void window_update_of_odd_rings(struct fixture *fresh)
{
    struct fixture f = *fresh;
    f.rcv_buf = 3000;
    drive(&f, AKSU_ESTABLISHED);
    give(&f, A, 1, 1, 1000);
    pass(&f, 300);
    take(&f);
    user(&f, AKSU_EV_READ, 1000);
    flush(&f);
    expect_count(&f, 0);
    f = *fresh;
    f.rcv_buf = 2;
    drive(&f, AKSU_ESTABLISHED);
    give(&f, A, 1, 1, 2);
    pass(&f, 300);
    take(&f);
    user(&f, AKSU_EV_READ, 1);
    flush(&f);
    expect_count(&f, 1);
    assert_int_equal(f.out[0].wnd, 1);
}

static void one_octet_is_pushed(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    write(f, 1);
    assert_int_equal(f->out[0].flags, AKSU_PSH | A);
}

// However small the MSS, some text fits beside the blocks.
static void least_text_beside_blocks(struct fixture *f)
{
    f->mss = 28;
    drive_options(f, SACK, 0);
    for (uint32_t i = 0; i < 4; i++)
        give(f, A, 101 + 200 * i, 1, 10);
    take(f);
    write(f, 100);
    assert_int_equal(f->out[0].sacks, 4);
    assert_int_equal(f->out[0].len, 8);
}

// --- Sending ---

// The FIN takes a number of the window too.
static void fin_stays_in_the_window(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    ack(f, 1, 500);
    user(f, AKSU_EV_WROTE, 500);
    user(f, AKSU_EV_SHUTDOWN, 0);
    flush(f);
    expect_count(f, 1);
    expect(f, 0, A, 1, 1, 500);
}

static void probe_before_fin(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    ack(f, 1, 0);
    user(f, AKSU_EV_WROTE, 1);
    user(f, AKSU_EV_SHUTDOWN, 0);
    pass(f, 1000);
    expect_count(f, 1);
    expect(f, 0, A, 1, 1, 1);
}

static void bare_fin_is_not_pushed(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_SHUTDOWN, 0);
    flush(f);
    expect_count(f, 1);
    assert_int_equal(f->out[0].flags, FA);
}

// Limited transmit is of two segments, however many duplicates come (RFC 3042).
static void limited_transmit_is_limited(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    ack(f, 1, 60000);
    write(f, 20000);
    f->t.recover = f->t.snd_max + 50000; // a timeout was a moment ago: no fast retransmit
    uint32_t before = f->t.snd_max;
    for (unsigned i = 0; i < 5; i++)
        ack(f, 1, 60000);
    assert_int_equal(f->t.snd_max - before, 2000);
}

static void duplicates_with_a_scaled_window(struct fixture *f)
{
    drive_options(f, WS, 4);
    ack(f, 1, 1000);
    write(f, 5000);
    ack(f, 1001, 1000);
    take(f);
    for (unsigned i = 0; i < 3; i++)
        ack(f, 1001, 1000);
    assert_int_equal(f->t.flags & AKSU_F_RECOVERY, AKSU_F_RECOVERY);
}

// R5681-08: neither FIN nor SYN; RFC 6675 2: an empty block, or one at the ACK, is no news.
static void no_duplicates(struct fixture *fresh)
{
    static const struct {
        uint32_t start, end;
        uint8_t count;
    } blocks[] = {{1001, 2001, 1}, {3001, 3001, 1}, {2001, 3001, 0}};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f = *fresh;
        drive_options(&f, SACK, 0);
        write(&f, 4000);
        ack(&f, 1001, PEER_WND);
        for (unsigned n = 0; n < 3; n++) {
            struct aksu_segment s = seg(&f, A, 1, 1001, 0, PEER_WND);
            s.options = AKSU_OPT_SACK;
            s.sacks = blocks[i].count;
            s.sack[0].start = f.iss + blocks[i].start;
            s.sack[0].end = f.iss + blocks[i].end;
            arrive(&f, s);
        }
        assert_int_equal(f.t.dupacks, 0);
        assert_int_equal(f.t.flags & AKSU_F_RECOVERY, 0);
    }
    struct fixture f = *fresh;
    drive(&f, AKSU_ESTABLISHED);
    write(&f, 4000);
    ack(&f, 1001, PEER_WND);
    give(&f, FA, 1, 1001, 0);
    assert_int_equal(f.t.dupacks, 0);
}

// Without SACK what is held costs no room; with it two ranges take 20 octets.
static void room_beside_blocks(struct fixture *fresh)
{
    for (unsigned sack = 0; sack < 2; sack++) {
        struct fixture f = *fresh;
        drive_options(&f, sack ? SACK : 0, 0);
        give(&f, A, 101, 1, 10);
        give(&f, A, 201, 1, 10);
        take(&f);
        write(&f, 3000);
        assert_int_equal(f.out[0].len, sack ? MSS - 20 : MSS);
    }
}

// A RST has no SACK option.
static void rst_is_bare(struct fixture *f)
{
    drive_options(f, SACK, 0);
    give(f, A, 101, 1, 10);
    take(f);
    user(f, AKSU_EV_ABORT, 0);
    flush(f);
    expect_count(f, 1);
    assert_int_equal(f->out[0].flags & AKSU_RST, AKSU_RST);
    assert_int_equal(f->out[0].options, 0);
}

// RFC 5681 3.1: at least one octet an ACK, and there is an end to it.
static void congestion_window_limits(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    assert_int_equal(f->t.ssthresh, UINT32_C(1) << 30);
    write(f, 1000);
    f->t.cwnd = 5000000;
    f->t.ssthresh = 1000;
    ack(f, 1001, PEER_WND);
    assert_int_equal(f->t.cwnd, 5000001);
    write(f, 1000);
    f->t.cwnd = (UINT32_C(1) << 30) - 10;
    f->t.ssthresh = UINT32_C(1) << 30;
    ack(f, 2001, PEER_WND);
    assert_int_equal(f->t.cwnd, UINT32_C(1) << 30);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(challenge_range),
        TEST(challenge_interval),
        TEST(challenge_budget_varies),
        TEST(text_behind_fin),
        TEST(window_opens_again),
        TEST(probe_limit_is_of_one_closing),
        TEST(small_window_has_no_limit),
        TEST(probe_limit_ends_quietly),
        TEST(refused_in_listen),
        TEST(window_opens_idle),
        TEST(user_timeout_ends_with_the_last_ack),
        TEST(user_timeout_begins_with_open),
        TEST(user_timeout_needs_progress),
        TEST(closed_window_is_no_user_timeout),
        TEST(options_are_independent),
        TEST(keep_alive_defaults),
        TEST(keep_alive_waits_for_data),
        TEST(keep_alive_waits_for_fin),
        TEST(keep_alive_off),
        TEST(keep_alive_on_again),
        TEST(resume_shifts_everything),
        TEST(packet_too_big_never_raises),
        TEST(open_clears),
        TEST(smallest_shift),
        TEST(smallest_mss),
        TEST(window_update_at_any_number),
        TEST(drops_are_told),
        TEST(another_syn_in_syn_received),
        TEST(illegal_option_in_simultaneous_open),
        TEST(another_syn_in_simultaneous_open),
        TEST(timestamps_uninvited),
        TEST(paws_for_24_days),
        TEST(least_mss),
        TEST(trouble_at_the_third),
        TEST(shut_before_open),
        TEST(repeated_syn),
        TEST(repeated_syn_in_simultaneous_open),
        TEST(syn_with_a_window_of_one),
        TEST(edges_of_figure_5),
        TEST(one_octet_acked),
        TEST(least_delay_of_ack),
        TEST(one_octet_after_close),
        TEST(fin_after_close),
        TEST(fifth_island),
        TEST(islands_that_touch),
        TEST(duplicates_at_the_edges_of_an_island),
        TEST(one_report_at_a_time),
        TEST(fin_is_no_duplicate_text),
        TEST(duplicate_with_an_impossible_fin),
        TEST(bare_impossible_fin),
        TEST(text_beyond_a_held_fin),
        TEST(fin_behind_the_window),
        TEST(recovery_sends),
        TEST(recovery_of_a_small_flight),
        TEST(recovery_partial_acks),
        TEST(acknowledged_before_sent_again),
        TEST(probe_acknowledged_before_sent_again),
        TEST(no_fast_retransmit_at_recover),
        TEST(smallest_and_largest_sample),
        TEST(three_minutes_for_a_syn),
        TEST(linger_is_not_moved),
        TEST(linger_before_time_wait),
        TEST(time_wait_is_not_restarted_by_text),
        TEST(end_clears),
        TEST(text_across_a_closed_window),
        TEST(old_octet_is_always_answered),
        TEST(timestamp_missing),
        TEST(write_no_more_than_can_be),
        TEST(idle_for_a_timeout),
        TEST(read_no_more_than_there_is),
        TEST(keep_alive_ends_with_its_state),
        TEST(close_with_unread_data),
        TEST(probe_limit_is_exact),
        TEST(counts_do_not_wrap),
        TEST(timeout_before_sent_again),
        TEST(half_open_gives_up_silently),
        TEST(data_again_is_no_syn_again),
        TEST(user_timeout_beats_others),
        TEST(packet_too_big_with_timestamps),
        TEST(window_opens_before_the_probe),
        TEST(probes_are_not_put_off),
        TEST(longest_wait),
        TEST(window_update_limits),
        TEST(window_update_of_a_small_ring),
        TEST(window_update_of_odd_rings),
        TEST(one_octet_is_pushed),
        TEST(least_text_beside_blocks),
        TEST(user_timeout_of_never),
        TEST(keep_alive_timer_is_its_own),
        TEST(packet_too_big_floor),
        TEST(timeout_forgets_duplicates),
        TEST(fin_stays_in_the_window),
        TEST(probe_before_fin),
        TEST(bare_fin_is_not_pushed),
        TEST(limited_transmit_is_limited),
        TEST(duplicates_with_a_scaled_window),
        TEST(no_duplicates),
        TEST(room_beside_blocks),
        TEST(rst_is_bare),
        TEST(congestion_window_limits),
    };
    return run_at_bases("Corners", tests, sizeof tests / sizeof tests[0]);
}
