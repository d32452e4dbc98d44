// SPDX-License-Identifier: MIT
// The whole transition function: what step.c has for a server, and what only the application's own
// doing brings: connections that it opens (RFC 9293 3.10.1) or resumes, options that it sets. The
// stack of an image that does none of it links step.c alone.
#include "tcp.h"

enum {
    KEEP_INTERVAL_S = 75,
    KEEP_COUNT = 9,
    SYN_R2_S = 180 // MUST-23
};

enum { BEFORE, STOPPED, RUNNING }; // step.keepalive

static bool keeps_alive(const struct aksu_tcb *t)
{
    return (t->flags & AKSU_F_KEEPALIVE) &&
           (t->state == AKSU_ESTABLISHED || t->state == AKSU_CLOSE_WAIT ||
            (t->state == AKSU_FIN_WAIT_2 && !(t->flags & AKSU_F_RCV_CLOSED)));
}

static void arm_keepalive(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;

    if (keeps_alive(t)) {
        aksu_tcp_arm(c, AKSU_AT_MISC, aksu_tcp_keep_idle_ms(t));
    }
}

// Unless the application says how long, a SYN waits for three minutes at least.
static void arm_user(const struct aksu_step *c)
{
    const struct aksu_tcb *t = c->t;

    aksu_tcp_arm_user(c);
    if (t->state == AKSU_SYN_SENT && t->user_timeout_s == 0 && c->p->user_timeout_s < SYN_R2_S) {
        aksu_tcp_arm(c, AKSU_AT_USER, SYN_R2_S * UINT32_C(1000));
    }
}

static void set_flag(struct aksu_tcb *t, uint16_t flag, uint32_t value)
{
    t->flags = (uint16_t)(value ? t->flags | flag : t->flags & ~flag);
}

static void set_keepalive(const struct aksu_step *c, uint32_t on)
{
    struct aksu_tcb *t = c->t;

    if (keeps_alive(t) && !on) {
        t->owed &= (uint8_t)~AKSU_OWE_KEEPALIVE;
    }
    set_flag(t, AKSU_F_KEEPALIVE, on);
    arm_keepalive(c);
}

static void set(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;

    switch (c->option) {
    case AKSU_NODELAY:
        set_flag(t, AKSU_F_NODELAY, c->value);
        break;
    case AKSU_QUICKACK:
        set_flag(t, AKSU_F_QUICKACK, c->value);
        break;
    case AKSU_USER_TIMEOUT:
        t->user_timeout_s = (uint16_t)c->value;
        if (t->state == AKSU_SYN_SENT || (t->timers & AKSU_TIMER_USER)) {
            arm_user(c);
        }
        break;
    case AKSU_KEEPALIVE:
        set_keepalive(c, c->value);
        break;
    case AKSU_KEEPALIVE_IDLE:
        t->keep_idle_s = (uint16_t)c->value;
        arm_keepalive(c);
        break;
    case AKSU_KEEPALIVE_INTERVAL:
        t->keep_interval_s = (uint8_t)c->value;
        break;
    case AKSU_KEEPALIVE_COUNT:
        t->keep_count = (uint8_t)c->value;
        break;
    case AKSU_PROBE_LIMIT:
        t->probe_limit = (uint8_t)c->value;
        break;
    case AKSU_URGENT:
        if (aksu_tcp_may_write(t)) {
            t->snd_up = t->snd_una + aksu_tcp_syn(t) + t->snd_buf;
        }
        break;
    default:
        break;
    }
}

// RFC 9293 3.8.4: only when nothing is outstanding (MUST-26); no single probe decides (MUST-29).
static void keep_alive(struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;

    if (t->snd_una != t->snd_max || t->snd_buf > 0) {
        arm_keepalive(c);
        return;
    }
    if (t->keep_probes >= (t->keep_count ? t->keep_count : KEEP_COUNT)) {
        aksu_tcp_give_up(c, -AKSU_ETIMEDOUT);
        return;
    }
    t->keep_probes++;
    t->owed |= AKSU_OWE_KEEPALIVE;
    aksu_tcp_arm(c, AKSU_AT_MISC,
                 (t->keep_interval_s ? t->keep_interval_s : KEEP_INTERVAL_S) * UINT32_C(1000));
}

// Answered probes of a window of zero go on for ever (MUST-37), unless there is a limit: then the
// connection ends where the next one would be due.
static void limit_probes(struct aksu_step *c, unsigned owed_before)
{
    struct aksu_tcb *t = c->t;

    if (t->snd_wnd > 0) {
        t->probes = 0;
    } else if (t->owed & ~owed_before & AKSU_OWE_PROBE) {
        if (t->probe_limit != 0 && t->probes >= t->probe_limit) {
            c->fx.mask = 0; // nothing was told before
            aksu_tcp_give_up(c, -AKSU_ETIMEDOUT);
        }
        t->probes = (uint8_t)(t->probes + (t->probes < UINT8_MAX));
    }
}

// A saved connection wakes under another clock: the time since its save has passed for it.
static void resume(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    uint32_t shift = c->now_ms - (c->value + c->more.detail);

    for (unsigned i = 0; i < AKSU_DEADLINES; i++) {
        t->deadline[i] += shift;
    }
    t->rtt_at += shift;
    t->ts_recent_at = (uint16_t)(t->ts_recent_at + (shift >> 16));
    t->salt -= shift; // so that timestamps go on where they would be
    if (c->b) {
        aksu_tcp_clear_board(c->b);
    }
    c->p->congestion->idle(c);
}

static void connect(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;

    if (t->state == AKSU_CLOSED) {
        aksu_tcp_open(c, c->more.open, AKSU_SYN_SENT);
        if (c->p->ecn && c->p->ecn->asks) {
            t->owed |= AKSU_ECN; // until the peer's SYN says otherwise
        }
        arm_user(c);
    }
}

void aksu_tcp_ask(struct aksu_step *c)
{
    if (c->kind == AKSU_EV_CONNECT) {
        connect(c);
    } else if (c->kind == AKSU_EV_SET) {
        set(c);
    } else {
        resume(c);
    }
    aksu_tcp_settle(c);
}

// step.c knows no keep-alive: while one makes a step, its timer stands still.
static unsigned hold_keepalive(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;

    if (!keeps_alive(t) || !(t->timers & AKSU_TIMER_MISC)) {
        return STOPPED;
    }
    t->timers &= (uint8_t)~AKSU_TIMER_MISC;
    return c->kind == AKSU_EV_TICK && aksu_reached(c->now_ms, t->deadline[AKSU_AT_MISC]) ? STOPPED
                                                                                         : RUNNING;
}

void aksu_tcp_more(struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;

    if (c->keepalive == BEFORE) {
        c->keepalive = (uint8_t)hold_keepalive(c);
        if (t->state == AKSU_SYN_SENT && c->kind == AKSU_EV_SEGMENT) {
            aksu_tcp_arrives_syn_sent(c);
        }
        return;
    }
    limit_probes(c, c->owed);
    if (keeps_alive(t)) {
        bool running = c->keepalive == RUNNING;
        if (c->kind == AKSU_EV_TICK && !running) {
            keep_alive(c); // it was due
        } else if (!running || (c->kind == AKSU_EV_SEGMENT && !c->fx.refused)) {
            arm_keepalive(c); // the peer is there (MUST-26)
        } else {
            t->timers |= AKSU_TIMER_MISC;
        }
    }
}

void aksu_tcp_act(struct aksu_step *c)
{
    uint8_t before = c->t->state;

    aksu_tcp_begin(c);
    aksu_tcp_more(c);
    if (c->kind == AKSU_EV_SEGMENT && before != AKSU_LISTEN) {
        aksu_tcp_segment(c);
    } else if (c->kind == AKSU_EV_CONNECT || c->kind == AKSU_EV_SET || c->kind == AKSU_EV_RESUME) {
        aksu_tcp_ask(c);
    } else {
        aksu_tcp_event(c);
    }
    aksu_tcp_more(c);
    AKSU_CHECK(aksu_tcp_edge((enum aksu_state)before, (enum aksu_state)c->t->state));
}

// The next SYN finds a half-open connection that ended as new (3.10.7.4). A stack gives its row up,
// and does not come here.
static void listen_again(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    const struct aksu_open open = {t->snd_una, t->salt, t->rcv_buf, t->rcv_mss};

    if (t->snd_max != t->snd_una) {
        memset(t, 0, sizeof *t);
        aksu_tcp_open(c, &open, AKSU_LISTEN);
        t->flags |= AKSU_F_PASSIVE;
    }
}

// 3.10.7.2. A stack asks before it has a row, and does not come here either.
static bool admitted(struct aksu_step *c)
{
    enum aksu_verdict verdict = aksu_tcp_listen(c->s);

    memset(&c->fx, 0, sizeof c->fx);
    c->fx.refused = true;
    c->fx.mask = verdict == AKSU_REPLY ? AKSU_FX_RESET : 0;
    return verdict == AKSU_ADMIT;
}

// Calls that make no sense in a state change nothing, and no more is read than there is. A stack
// sees to that before it makes a step.
static void check_call(struct aksu_step *c)
{
    const struct aksu_tcb *t = c->t;
    bool sensible = true;

    if (c->kind == AKSU_EV_LISTEN) {
        sensible = t->state == AKSU_CLOSED;
    } else if (c->kind == AKSU_EV_WROTE) {
        sensible = aksu_tcp_may_write(t) && c->value <= AKSU_SND_BUF_MAX - t->snd_buf;
    } else if (c->kind == AKSU_EV_READ) {
        c->value = aksu_min32(c->value, t->rcv_buf - t->rcv_room);
    }
    if (!sensible) {
        c->kind = AKSU_EVENT_COUNT;
    }
}

void aksu_tcp_step(const struct aksu_profile *p, struct aksu_tcb *t, struct aksu_board *b,
                   const struct aksu_event *ev, struct aksu_effects *fx)
{
    struct aksu_step c = {.kind = ev->kind,
                          .option = ev->option,
                          .p = p,
                          .t = t,
                          .s = ev->segment,
                          .now_ms = ev->now_ms,
                          .range = t->range,
                          .range_max = AKSU_RANGES,
                          .value = ev->value,
                          .more.detail = ev->detail};

    if (b) {
        aksu_tcp_find_board(&c, b);
    }
    if (ev->kind == AKSU_EV_LISTEN || ev->kind == AKSU_EV_CONNECT) {
        c.more.open = ev->open;
        if (t->state == AKSU_CLOSED) {
            memset(t, 0, sizeof *t); // as the rows of a stack are
        }
    }
    if (ev->kind == AKSU_EV_SEGMENT && t->state == AKSU_LISTEN) {
        if (admitted(&c)) {
            listen_again(&c);
            aksu_tcp_act(&c);
        }
    } else if (ev->kind == AKSU_EV_FAST_OPEN && p->fast_open) {
        p->fast_open->step(&c);
    } else {
        check_call(&c);
        aksu_tcp_act(&c);
    }
    *fx = c.fx;
}

enum aksu_next aksu_tcp_plan(const struct aksu_profile *p, const struct aksu_tcb *t,
                             const struct aksu_board *b, uint32_t now_ms, struct aksu_plan *plan)
{
    struct aksu_plan unwanted;
    struct aksu_tcb *tcb = (struct aksu_tcb *)(uintptr_t)t; // neither it nor the board is written
    struct aksu_step c = {
        .p = p, .t = tcb, .now_ms = now_ms, .range = tcb->range, .range_max = AKSU_RANGES};

    if (b && !(t->flags & AKSU_F_SYN_UNACKED)) {
        aksu_tcp_find_board(&c, (struct aksu_board *)(uintptr_t)b);
    }
    return aksu_tcp_next(&c, plan ? plan : &unwanted);
}
