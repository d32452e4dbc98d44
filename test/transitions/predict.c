// SPDX-License-Identifier: MIT
// Header prediction does what the step and the plan do, or nothing: with every test of this folder
// (harness.c asks with each step and plan), and here with one thing after another that keeps a
// connection from being as most are.
#include "foreseen.h"
#include "harness.h"

#define A  AKSU_ACK
#define PA (AKSU_PSH | AKSU_ACK)

enum { IN_FLIGHT = 2 * MSS, CHANGES = 64 };

static struct aksu_step step_of(struct fixture *f, unsigned kind)
{
    const struct aksu_event ev = {.kind = (uint8_t)kind, .now_ms = f->now};
    return foreseen_event(&f->p, &f->t, NULL, &ev);
}

// ESTABLISHED, with a round-trip time, two segments in flight, and text read that came.
static void open(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    f->p.timestamps = &aksu_tcp_timestamps; // for flags that are set below
    f->p.sack = &aksu_tcp_sack;
    f->p.ecn = &aksu_ecn_answers;
    flush(f);
    user(f, AKSU_EV_WROTE, MSS);
    flush(f);
    f->now += 50;
    give(f, PA, 1, 1 + MSS, MSS);
    user(f, AKSU_EV_READ, MSS);
    pass(f, 250);
    user(f, AKSU_EV_WROTE, IN_FLIGHT);
    flush(f);
    take(f);
}

static void to_one_octet(const struct aksu_step *c)
{
    c->t->cwnd = 1;
}

// A control that lets next to nothing out after an idle time.
static const struct aksu_congestion *timid(void)
{
    static struct aksu_congestion control;

    control = aksu_newreno;
    control.idle = to_one_octet;
    return &control;
}

// One thing that is not as usual; false: there are no more.
static bool change(struct fixture *f, unsigned which)
{
    struct aksu_tcb *t = &f->t;

    if (which < 16) {
        t->flags ^= (uint16_t)(1u << which);
        return true;
    }
    which -= 16;
    if (which < 6) {
        t->owed ^= (uint8_t)(1u << which);
        return true;
    }
    which -= 6;
    if (which < 4) {
        t->timers ^= (uint8_t)(2u << which);
        t->deadline[which] = f->now + 7;
        return true;
    }
    which -= 4;
    if (which < 4) {
        t->timers |= (uint8_t)(2u << which);
        t->deadline[which] = f->now;
        return true;
    }
    which -= 4;
    switch (which) {
    case 0:
        t->state = AKSU_CLOSE_WAIT;
        return true;
    case 1:
        t->range[t->ranges].start = t->rcv_nxt + MSS;
        t->range[t->ranges++].end = t->rcv_nxt + MSS + 100;
        return true;
    case 2:
        t->probes = 1;
        return true;
    case 3:
        t->snd_wnd = 0;
        return true;
    case 4:
        t->snd_wl1 = t->rcv_nxt + 1;
        return true;
    case 5:
        t->snd_nxt = t->snd_una;
        return true;
    case 6:
        t->snd_up = t->snd_max + 5;
        return true;
    case 7:
        t->snd_up = t->snd_una + 5;
        return true;
    case 8:
        t->cwnd = IN_FLIGHT;
        return true;
    case 9:
        t->snd_wnd = IN_FLIGHT + 10;
        return true;
    case 10:
        t->dupacks = 2;
        return true;
    case 11:
        t->retries = 2;
        t->backoff = 2;
        return true;
    case 12:
        t->rcv_room -= MSS;
        return true;
    case 13:
        t->rcv_room = t->rcv_adv - t->rcv_nxt + MSS - 1;
        return true;
    case 14:
        t->rcv_adv = t->rcv_nxt + MSS - 1;
        return true;
    case 15:
        t->snd_buf += 300; // a part of a segment
        return true;
    case 16:
        t->snd_buf += MSS;
        return true;
    case 17:
        t->srtt = 0;
        return true;
    case 18:
        t->keep_probes = 3;
        return true;
    case 19:
        t->max_snd_wnd = t->snd_wnd - 1;
        return true;
    case 20:
        t->snd_wscale = 3;
        t->rcv_wscale = 2;
        return true;
    case 21:
        t->rtt_at = f->now - f->p.rto_min_ms;
        return true;
    case 22:
        t->rtt_at = f->now - f->p.rto_min_ms - 1;
        return true;
    case 23:
        t->snd_una = t->snd_nxt = t->snd_max; // all is acknowledged
        t->snd_buf = 0;
        t->timers &= AKSU_TIMER_ACK;
        return true;
    case 24:
        t->snd_una = t->snd_nxt = t->snd_max;
        return true;
    case 25:
        t->ts_recent = 1;
        return true;
    case 26:
        f->p.delayed_ack_ms = 0;
        return true;
    case 27:
        t->flags |= AKSU_F_TIMESTAMPS;
        t->ts_recent = 100;
        return true;
    case 28:
        t->rcv_up = t->rcv_nxt - 2;
        return true;
    case 29:
        t->rcv_room = t->rcv_buf - 10;
        return true;
    case 30:
        t->ts_recent = t->snd_una + 1;
        return true;
    case 31:
        t->user_timeout_s = UINT16_MAX;
        return true;
    case 32:
        t->snd_una = t->snd_nxt = t->snd_max;
        t->snd_buf = 1;
        t->timers |= AKSU_TIMER_RTX;
        t->retries = 1;
        return true;
    case 33:
        t->rtt_at = f->now - 100000;
        return true;
    case 34:
        f->p.congestion = timid();
        return true;
    case 35:
        t->cwnd = 100 * MSS; // more than an idle time leaves
        return true;
    default:
        return false;
    }
}

// The segments that come, each once as it would be, once with one thing changed.
enum { SEGMENTS = 8, FAULTS = 14 };

static struct aksu_segment segment(const struct fixture *f, unsigned which)
{
    const struct aksu_tcb *t = &f->t;
    struct aksu_segment s = {.seq = t->rcv_nxt, .ack = t->snd_una, .wnd = PEER_WND, .flags = A};

    s.len = which == 1 || which == 2 || which == 7 ? MSS : which == 3 ? 10 : 0;
    s.ack += which == 2 || which == 4 ? MSS : which == 5 ? IN_FLIGHT : 0;
    s.flags = (uint8_t)(which == 3 ? PA : A);
    s.wnd = (uint16_t)(which == 4 ? PEER_WND / 2 : which >= 6 ? 0 : PEER_WND);
    if (t->flags & AKSU_F_TIMESTAMPS) {
        s.options = AKSU_OPT_TIMESTAMPS;
        s.tsval = t->ts_recent + which;
        s.tsecr = f->now + t->salt - 30;
    }
    return s;
}

static void spoil(const struct fixture *f, struct aksu_segment *s, unsigned which)
{
    if (which < 8) {
        s->flags ^= (uint8_t)(1u << which);
        s->urp = 1;
        return;
    }
    switch (which) {
    case 8:
        s->seq++;
        break;
    case 9:
        s->seq--;
        break;
    case 10:
        s->ack = f->t.snd_max + 1;
        break;
    case 11:
        s->ack = f->t.snd_una - 1;
        break;
    case 12:
        s->len = f->t.rcv_adv - f->t.rcv_nxt + 1;
        break;
    case 13:
        s->options ^= AKSU_OPT_TIMESTAMPS;
        s->tsval = f->t.ts_recent - 1;
        break;
    default:
        break;
    }
}

static void expect_foreseen(struct fixture *f, struct aksu_step *c, unsigned what)
{
    if (!foreseen_step(c))
        fail_msg("change %u, event %u: not as the step", what, (unsigned)c->kind);
    (void)f;
}

static void every_segment(struct fixture *f, unsigned what)
{
    struct aksu_step c = step_of(f, AKSU_EV_SEGMENT);

    for (unsigned i = 0; i < SEGMENTS; i++) {
        struct aksu_segment s = segment(f, i);
        c.s = &s;
        expect_foreseen(f, &c, what);
        for (unsigned j = 0; j < FAULTS; j++) {
            s = segment(f, i);
            spoil(f, &s, j);
            expect_foreseen(f, &c, what);
        }
    }
    struct aksu_segment s = segment(f, 1);
    s.options |= AKSU_OPT_TIMESTAMPS;
    s.tsval = f->t.ts_recent - 1; // stale
    c.s = &s;
    expect_foreseen(f, &c, what);
}

static void every_call(struct fixture *f, unsigned what)
{
    static const uint32_t values[] = {0,       1,        10,           MSS,
                                      MSS + 1, PEER_WND, PEER_WND + 1, UINT32_C(1) << 30};

    for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct aksu_step c = step_of(f, AKSU_EV_WROTE);
        c.value = values[i];
        expect_foreseen(f, &c, what);
        c.kind = AKSU_EV_READ;
        expect_foreseen(f, &c, what);
    }
}

static void every_plan(struct fixture *f, unsigned what)
{
    struct aksu_step c = step_of(f, AKSU_EV_SENT);

    if (!foreseen_plan(&c))
        fail_msg("change %u: not as the plan and the step", what);
}

static void with_changes(struct fixture *f, unsigned first, unsigned second)
{
    struct aksu_tcb usual = f->t;
    struct aksu_profile p = f->p;

    if (change(f, first)) {
        if (second < CHANGES)
            change(f, second);
        every_segment(f, first);
        every_call(f, first);
        every_plan(f, first);
    }
    f->t = usual;
    f->p = p;
}

// One after the other, and each two of them.
static void everything(struct fixture *f)
{
    for (unsigned i = 0; i <= CHANGES; i++) {
        for (unsigned j = i + 1; j <= CHANGES; j++)
            with_changes(f, i, j);
    }
}

static void in_flight(struct fixture *f)
{
    open(f);
    everything(f);
}

static void ack_delayed(struct fixture *f)
{
    open(f);
    give(f, A, 1 + MSS, 1 + MSS, 100);
    assert_true(f->t.timers & AKSU_TIMER_ACK);
    everything(f);
}

static void all_acknowledged(struct fixture *f)
{
    open(f);
    give(f, A, 1 + MSS, 1 + MSS + IN_FLIGHT, 0);
    assert_int_equal(f->t.snd_buf, 0);
    everything(f);
}

static void text_queued(struct fixture *f)
{
    open(f);
    user(f, AKSU_EV_WROTE, MSS);
    everything(f);
}

static void ack_owed(struct fixture *f)
{
    open(f);
    f->t.owed = AKSU_OWE_ACK;
    everything(f);
}

// It is not for nothing: what is usual is predicted.
static void usual(struct fixture *f)
{
    struct aksu_effects fx;

    open(f);
    for (unsigned i = 1; i <= 5; i++) {
        struct aksu_tcb before = f->t;
        struct aksu_segment s = segment(f, i);
        struct aksu_step c = step_of(f, AKSU_EV_SEGMENT);
        c.s = &s;
        assert_true(aksu_tcp_quick_segment(&c));
        fx = c.fx;
        assert_int_equal(fx.ready, s.len);
        f->t = before;
    }
    struct aksu_step c = step_of(f, AKSU_EV_WROTE);
    struct aksu_segment s;
    c.value = MSS;
    assert_true(aksu_tcp_quick_wait(&f->t, f->now, true) > 0);
    assert_true(aksu_tcp_quick_wrote(&c));
    assert_int_equal(aksu_tcp_quick_wait(&f->t, f->now, true), 0);
    assert_true(aksu_tcp_quick_send(&c, &s));
    assert_int_equal(s.len, MSS);
    assert_true(c.value > 0);
    assert_true(aksu_tcp_quick_wait(&f->t, f->now, true) > 0);
    f->t.rcv_room -= 100;
    assert_true(aksu_tcp_quick_read(&f->t, 100));
}

static bool predicted(struct fixture *f, unsigned which)
{
    struct aksu_segment s = segment(f, which);
    struct aksu_step c = step_of(f, AKSU_EV_SEGMENT);
    struct aksu_tcb before = f->t;
    c.s = &s;
    bool done = aksu_tcp_quick_segment(&c);
    f->t = before;
    return done;
}

// Timestamps, keep-alive and Nagle's being off do not stand in the way.
static void usual_options(struct fixture *f)
{
    open(f);
    f->t.flags |= AKSU_F_TIMESTAMPS | AKSU_F_NODELAY | AKSU_F_KEEPALIVE | AKSU_F_SACK;
    f->t.ts_recent = 100;
    for (unsigned i = 0; i < 3; i++) {
        f->t.ts_recent += i; // the same, and later
        assert_true(predicted(f, 1));
    }
    struct aksu_segment s = segment(f, 1);
    struct aksu_step c = step_of(f, AKSU_EV_SEGMENT);
    s.tsval = f->t.ts_recent;
    c.s = &s;
    assert_true(aksu_tcp_quick_segment(&c));
}

// What just fits is as most is.
static void edges(struct fixture *f)
{
    open(f);
    f->t.rcv_adv = f->t.rcv_nxt + MSS;
    f->t.snd_wl1 = f->t.rcv_nxt;
    assert_true(predicted(f, 1));
    struct aksu_segment s = segment(f, 0);
    struct aksu_step c = step_of(f, AKSU_EV_SEGMENT);
    c.s = &s;
    s.len = 1;
    assert_true(aksu_tcp_quick_segment(&c));
    s.seq++;
    s.len = 0;
    s.ack = f->t.snd_una + 1;
    assert_true(aksu_tcp_quick_segment(&c));
    f->t.owed = 0;
    f->t.snd_wnd = f->t.cwnd = f->t.snd_nxt - f->t.snd_una + MSS;
    c.value = MSS;
    assert_true(aksu_tcp_quick_wrote(&c));
    assert_true(aksu_tcp_quick_send(&c, &s));
    f->t.rcv_room -= 1;
    assert_true(aksu_tcp_quick_read(&f->t, 1));
}

// Nothing in flight: a request goes at once, long after the last.
static void request(struct fixture *f)
{
    open(f);
    give(f, A, 1 + MSS, 1 + MSS + IN_FLIGHT, 0);
    struct aksu_step c = step_of(f, AKSU_EV_WROTE);
    struct aksu_segment s;
    c.value = 64;
    f->t.snd_wnd = f->t.cwnd = 64;
    f->t.rtt_at = f->now - 100 * f->p.rto_min_ms;
    f->t.flags &= (uint16_t)~AKSU_F_NODELAY;
    assert_true(aksu_tcp_quick_wrote(&c));
    assert_true(aksu_tcp_quick_send(&c, &s));
    f->t.timers = 0;
    assert_int_equal(aksu_tcp_quick_wait(&f->t, f->now, true), UINT32_MAX);
    f->t.owed = AKSU_OWE_ACK;
    assert_true(aksu_tcp_quick_send(&c, &s));
    assert_int_equal(s.len, 0);
    assert_true(c.value == UINT32_MAX);
}

static const struct test tests[] = {
    TEST(usual),     TEST(edges),       TEST(usual_options),    TEST(request),
    TEST(in_flight), TEST(ack_delayed), TEST(all_acknowledged), TEST(text_queued),
    TEST(ack_owed),
};

int main(void)
{
    return run_at_bases("transitions_predict", tests, sizeof tests / sizeof tests[0]);
}
