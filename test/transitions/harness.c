// SPDX-License-Identifier: MIT
#include "harness.h"
#include "foreseen.h"

// Sequence number and clock together, so that both wrap within the tests.
static const struct {
    aksu_seq iss;
    aksu_seq irs;
    uint32_t now;
    const char *name;
} bases[BASES] = {
    {0, 0, 10000, "0"},
    {0x7fffffffu, 0x7fffffffu, 0x7fffff00u, "2^31-1"},
    {0xffffffffu, 0xffffffffu, 0xfffffe00u, "2^32-1"},
};

// Not one of the ready-made profiles: the rows name these numbers.
static const struct aksu_profile profile = {
    .congestion = &aksu_newreno,
    .timestamps = &aksu_tcp_timestamps,
    .sack = &aksu_tcp_sack,
    .rto_min_ms = 1000,
    .rto_max_ms = 60000,
    .msl_ms = 30000,
    .fin_wait_2_ms = 60000,
    .delayed_ack_ms = 200,
    .user_timeout_s = 300,
    .syn_ack_tries = 5,
    .window_scale = 1,
    .challenge_acks = 10,
};

static const struct test *running;

static void run_one(void **state)
{
    unsigned index = (unsigned)(uintptr_t)*state;
    static struct fixture f;
    begin(&f, index % BASES);
    running[index / BASES].run(&f);
}

#ifndef AKSU_TEST_SMALL
int run_at_bases(const char *suite, const struct test *tests, size_t count)
{
    enum { MAX = 150 };
    static struct CMUnitTest units[MAX * BASES];
    static char names[MAX * BASES][96];
    assert_true(count <= MAX);
    running = tests;
    for (size_t i = 0; i < count * BASES; i++) {
        snprintf(names[i], sizeof names[i], "%s @%s", tests[i / BASES].name, bases[i % BASES].name);
        units[i] = (struct CMUnitTest){names[i], run_one, NULL, NULL, (void *)(uintptr_t)i};
    }
    return _cmocka_run_group_tests(suite, units, count * BASES, NULL, NULL);
}
#else
// Without names to tell the bases apart, a test at a time: for a machine that has no room for them.
int run_at_bases(const char *suite, const struct test *tests, size_t count)
{
    int failed = 0;

    running = tests;
    for (size_t i = 0; i < count * BASES; i++) {
        struct CMUnitTest unit = {tests[i / BASES].name, run_one, NULL, NULL, (void *)(uintptr_t)i};
        failed += _cmocka_run_group_tests(suite, &unit, 1, NULL, NULL);
    }
    return failed;
}
#endif

void begin(struct fixture *f, unsigned base)
{
    memset(f, 0, sizeof *f);
    f->p = profile;
    f->iss = bases[base].iss;
    f->irs = bases[base].irs;
    f->now = bases[base].now;
    f->rcv_buf = RCV_BUF;
    f->mss = MSS;
    f->b.board.size = RUNS;
}

static struct aksu_board *board(const struct fixture *f)
{
    return f->p.recovery ? (struct aksu_board *)&f->b.board : NULL;
}

struct aksu_segment seg(const struct fixture *f, unsigned flags, uint32_t seq, uint32_t ack,
                        uint32_t len, unsigned wnd)
{
    struct aksu_segment s;
    memset(&s, 0, sizeof s);
    s.flags = (uint8_t)flags;
    s.seq = f->irs + seq;
    s.ack = (flags & AKSU_ACK) != 0 ? f->iss + ack : 0;
    s.len = len;
    s.wnd = (uint16_t)wnd;
    return s;
}

// What holds of every TCB after every step: SM-31, SM-37, SM-38.
static void check_step(const struct aksu_tcb *before, const struct aksu_tcb *after)
{
    if (!aksu_tcp_edge((enum aksu_state)before->state, (enum aksu_state)after->state))
        fail_msg("no edge %s -> %s", aksu_state_name(before->state), aksu_state_name(after->state));
    assert_true((int32_t)(after->snd_nxt - after->snd_una) >= 0);
    assert_true((int32_t)(after->snd_max - after->snd_nxt) >= 0);
    assert_true(after->rcv_room <= after->rcv_buf);
    assert_true(after->ranges <= AKSU_RANGES);
    bool same = before->state >= AKSU_SYN_RECEIVED && after->state >= AKSU_SYN_RECEIVED;
    if (same)
        assert_true((int32_t)(after->rcv_nxt - before->rcv_nxt) >= 0);
}

void step(struct fixture *f, const struct aksu_event *ev)
{
    struct aksu_tcb before = f->t;
    assert_true(foreseen(&f->p, &f->t, board(f), ev));
    memset(&f->fx, 0xee, sizeof f->fx); // step must not rely on its contents
    aksu_tcp_step(&f->p, &f->t, board(f), ev, &f->fx);
    check_step(&before, &f->t);
    // What a server's answer to text in a SYN sent early is not on the board.
    bool early = f->p.fast_open && (f->t.flags & AKSU_F_PASSIVE) && f->b.board.runs == 0;
    const char *fault = board_fault(&f->t, early ? NULL : board(f));
    if (fault)
        fail_msg("%s", fault);
    f->seen |= f->fx.mask;
    if ((f->fx.mask & AKSU_FX_CLOSED) != 0)
        f->closed_reason = f->fx.reason;
    if ((f->fx.mask & AKSU_FX_TROUBLE) != 0) {
        f->trouble_reason = f->fx.reason;
        f->troubles++;
    }
}

void user(struct fixture *f, enum aksu_event_kind kind, uint32_t value)
{
    struct aksu_event ev = {.kind = (uint8_t)kind, .now_ms = f->now, .value = value};
    step(f, &ev);
}

void set(struct fixture *f, enum aksu_option option, uint32_t value)
{
    struct aksu_event ev = {
        .kind = AKSU_EV_SET, .option = (uint8_t)option, .now_ms = f->now, .value = value};
    step(f, &ev);
}

void icmp(struct fixture *f, enum aksu_icmp_class class, uint32_t rel_seq, uint32_t detail)
{
    struct aksu_event ev = {.kind = AKSU_EV_ICMP,
                            .option = (uint8_t) class,
                            .now_ms = f->now,
                            .value = f->iss + rel_seq,
                            .detail = detail};
    step(f, &ev);
}

static void open_with(struct fixture *f, enum aksu_event_kind kind)
{
    struct aksu_open open = {
        .iss = f->iss, .salt = 0x5eed5a17u, .rcv_buf = f->rcv_buf, .mss = f->mss};
    struct aksu_event ev = {.kind = (uint8_t)kind, .now_ms = f->now, .open = &open};
    step(f, &ev);
}

void open_active(struct fixture *f)
{
    open_with(f, AKSU_EV_CONNECT);
}

void open_passive(struct fixture *f)
{
    open_with(f, AKSU_EV_LISTEN);
}

static void record(struct fixture *f, const struct aksu_segment *s)
{
    assert_true(f->outs < OUT_MAX);
    f->out_at[f->outs] = f->now;
    f->out[f->outs++] = *s;
}

void arrive(struct fixture *f, struct aksu_segment s)
{
    struct aksu_event ev = {.kind = AKSU_EV_SEGMENT, .now_ms = f->now, .segment = &s};
    struct aksu_segment answer;
    step(f, &ev);
    memset(&answer, 0, sizeof answer);
    if ((f->fx.mask & AKSU_FX_RESET) != 0 && aksu_tcp_reply(&s, &answer))
        record(f, &answer);
}

static enum aksu_next plan(const struct fixture *f, struct aksu_plan *out)
{
    struct aksu_tcb before = f->t;
    unsigned char b[sizeof f->b];
    memcpy(b, &f->b, sizeof b);
    memset(out, 0xee, sizeof *out); // plan must not rely on its contents
    enum aksu_next next = aksu_tcp_plan(&f->p, &f->t, board(f), f->now, out);
    assert_memory_equal(&before, &f->t, sizeof before);
    assert_memory_equal(b, &f->b, sizeof b);
    return next;
}

void flush(struct fixture *f)
{
    struct aksu_plan out;
    bool ticked = false;
    for (unsigned i = 0;; i++) {
        enum aksu_next next = plan(f, &out);
        if (i > 200)
            fail_msg("plan never comes to rest in %s", aksu_state_name(f->t.state));
        if (next == AKSU_NEXT_TICK) {
            assert_false(ticked); // TICK, step, TICK at the same time: a spin
            ticked = true;
            user(f, AKSU_EV_TICK, 0);
            continue;
        }
        if (next != AKSU_NEXT_SEGMENT)
            break;
        ticked = false;
        record(f, &out.segment);
        struct aksu_event sent = {.kind = AKSU_EV_SENT, .now_ms = f->now, .segment = &out.segment};
        step(f, &sent);
    }
    if (aksu_tcp_sending(&f->t) && f->t.snd_una != f->t.snd_max)
        assert_true(f->t.timers & AKSU_TIMER_RTX);
}

bool peek(struct fixture *f, struct aksu_segment *s)
{
    struct aksu_plan out;
    if (plan(f, &out) != AKSU_NEXT_SEGMENT)
        return false;
    *s = out.segment;
    return true;
}

uint32_t due(const struct fixture *f)
{
    struct aksu_plan out;
    switch (plan(f, &out)) {
    case AKSU_NEXT_NEVER:
        return UINT32_MAX;
    case AKSU_NEXT_WAIT:
        assert_in_range(out.wait_ms, 1, UINT32_C(1) << 30);
        return out.wait_ms;
    default:
        return 0;
    }
}

void pass(struct fixture *f, uint32_t ms)
{
    flush(f);
    while (ms > 0) {
        uint32_t wait = due(f);
        uint32_t hop = wait < ms ? wait : ms;
        assert_true(hop > 0);
        f->now += hop;
        ms -= hop;
        flush(f);
    }
}

void take(struct fixture *f)
{
    f->outs = 0;
    f->seen = 0;
}

void give(struct fixture *f, unsigned flags, uint32_t seq, uint32_t ack, uint32_t len)
{
    arrive(f, seg(f, flags, seq, ack, len, PEER_WND));
    flush(f);
}

static struct aksu_segment syn(const struct fixture *f, unsigned flags)
{
    struct aksu_segment s = seg(f, flags, 0, 1, 0, PEER_WND);
    s.options = AKSU_OPT_MSS;
    s.mss = MSS;
    return s;
}

static void drive_open(struct fixture *f, enum aksu_state state)
{
    switch (state) {
    case AKSU_LISTEN:
        open_passive(f);
        break;
    case AKSU_SYN_SENT:
        open_active(f);
        break;
    case AKSU_SYN_RECEIVED:
        open_passive(f);
        arrive(f, syn(f, AKSU_SYN));
        break;
    case AKSU_ESTABLISHED:
        open_active(f);
        flush(f);
        arrive(f, syn(f, AKSU_SYN | AKSU_ACK));
        break;
    default:
        break;
    }
}

static void drive_close(struct fixture *f, enum aksu_state state)
{
    drive_open(f, AKSU_ESTABLISHED);
    flush(f);
    if (state == AKSU_CLOSE_WAIT || state == AKSU_LAST_ACK) {
        give(f, AKSU_FIN | AKSU_ACK, 1, 1, 0);
        if (state == AKSU_LAST_ACK)
            user(f, AKSU_EV_SHUTDOWN, 0);
        return;
    }
    user(f, AKSU_EV_SHUTDOWN, 0);
    flush(f);
    if (state == AKSU_FIN_WAIT_2 || state == AKSU_TIME_WAIT)
        give(f, AKSU_ACK, 1, 2, 0);
    if (state == AKSU_CLOSING)
        give(f, AKSU_FIN | AKSU_ACK, 1, 1, 0);
    if (state == AKSU_TIME_WAIT)
        give(f, AKSU_FIN | AKSU_ACK, 1, 2, 0);
}

void drive(struct fixture *f, enum aksu_state state)
{
    if (state <= AKSU_ESTABLISHED)
        drive_open(f, state);
    else
        drive_close(f, state);
    flush(f);
    pass(f, 0);
    expect_state(f, state);
    bool sent_fin = state == AKSU_FIN_WAIT_1 || state == AKSU_FIN_WAIT_2 || state == AKSU_CLOSING ||
                    state == AKSU_LAST_ACK || state == AKSU_TIME_WAIT;
    bool got_fin = state == AKSU_CLOSE_WAIT || state == AKSU_CLOSING || state == AKSU_LAST_ACK ||
                   state == AKSU_TIME_WAIT;
    if (state >= AKSU_SYN_SENT)
        assert_int_equal(f->t.snd_nxt - f->iss, sent_fin ? 2 : 1);
    if (state >= AKSU_SYN_RECEIVED)
        assert_int_equal(f->t.rcv_nxt - f->irs, got_fin ? 2 : 1);
    take(f);
}

void drive_simultaneous(struct fixture *f)
{
    drive(f, AKSU_SYN_SENT);
    arrive(f, syn(f, AKSU_SYN));
    flush(f);
    expect_state(f, AKSU_SYN_RECEIVED);
    take(f);
}

void drive_options(struct fixture *f, unsigned options, uint8_t wscale)
{
    drive(f, AKSU_SYN_SENT);
    struct aksu_segment s = syn(f, AKSU_SYN | AKSU_ACK);
    s.options |= (uint8_t)options;
    s.wscale = wscale;
    s.tsval = 5000;
    s.tsecr = f->out[0].tsval; // of our SYN
    arrive(f, s);
    flush(f);
    expect_state(f, AKSU_ESTABLISHED);
    take(f);
}

char *show(const struct fixture *f, const struct aksu_segment *s, bool from_peer, char *to,
           size_t size)
{
    static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
    char control[40] = "";
    for (unsigned i = 0; i < 8; i++) {
        if ((s->flags >> i & 1u) != 0) {
            strcat(control, control[0] != 0 ? "," : "");
            strcat(control, names[i]);
        }
    }
    int seq = (int)(s->seq - (from_peer ? f->irs : f->iss));
    int ack = (int)(s->ack - (from_peer ? f->iss : f->irs));
    int n = snprintf(to, size, "<SEQ=%d>", seq);
    if ((s->flags & AKSU_ACK) != 0)
        n += snprintf(to + n, size - (size_t)n, "<ACK=%d>", ack);
    n += snprintf(to + n, size - (size_t)n, "<CTL=%s>", control);
    if (s->len > 0)
        snprintf(to + n, size - (size_t)n, "<DATA=%u>", (unsigned)s->len);
    return to;
}

static void show_out(const struct fixture *f)
{
    char text[120];
    for (unsigned i = 0; i < f->outs; i++)
        print_error("  %u: %s --> %s at +%d ms\n", i, aksu_state_name(f->t.state),
                    show(f, &f->out[i], false, text, sizeof text), (int)(f->out_at[i] - f->now));
}

void expect_at(const struct fixture *f, unsigned i, unsigned flags, uint32_t seq, uint32_t ack,
               uint32_t len, const char *file, int line)
{
    struct aksu_segment want = {
        .flags = (uint8_t)flags, .seq = f->iss + seq, .ack = f->irs + ack, .len = len};
    char text[120];
    if (i < f->outs) {
        const struct aksu_segment *got = &f->out[i];
        unsigned differ = (got->flags ^ flags) & ~(unsigned)AKSU_PSH;
        if (differ == 0 && got->seq == want.seq && got->len == len &&
            ((flags & AKSU_ACK) == 0 || got->ack == want.ack))
            return;
    }
    print_error("want %u: %s\n got:\n", i, show(f, &want, false, text, sizeof text));
    show_out(f);
    _fail(file, line);
}

void expect_count_at(const struct fixture *f, unsigned n, const char *file, int line)
{
    if (f->outs == n)
        return;
    print_error("want %u segments, got %u\n", n, f->outs);
    show_out(f);
    _fail(file, line);
}

void expect_state_at(const struct fixture *f, enum aksu_state s, const char *file, int line)
{
    if (f->t.state == s)
        return;
    print_error("want %s, got %s\n", aksu_state_name(s), aksu_state_name(f->t.state));
    _fail(file, line);
}
