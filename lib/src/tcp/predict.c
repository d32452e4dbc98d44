// SPDX-License-Identifier: MIT
// Header prediction: what happens to most open connections most of the time, in few instructions.
// Each function does exactly what the step or the plan does, or nothing, and then returns false;
// test/transitions/predict.c holds them against each other. Linked only where speed counts.
#include "predict.h"

static void take_ack(const struct aksu_step *c, struct aksu_tcb *t, uint32_t octets)
{
    if (t->flags & (AKSU_F_TIMING | AKSU_F_TIMESTAMPS)) {
        aksu_tcp_measure(c);
    }
    t->snd_una = c->s->ack;
    aksu_seq_raise(&t->snd_nxt, t->snd_una);
    aksu_seq_raise(&t->snd_up, t->snd_una);
    t->snd_buf -= octets;
    t->dupacks = 0;
    c->p->congestion->acked(c, octets);
    t->retries = 0;
    if (t->snd_una == t->snd_max) {
        t->timers &= (uint8_t) ~(AKSU_TIMER_RTX | AKSU_TIMER_USER);
    } else {
        aksu_tcp_arm_rtx(c);
        aksu_tcp_arm_user(c);
    }
}

// What a segment says that was expected, but for its text and its window.
void aksu_tcp_quick_acked(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    uint32_t acked = c->s->ack - t->snd_una;

    if (t->flags & AKSU_F_TIMESTAMPS) {
        c->p->timestamps->arrived(t, c->s, c->now_ms);
    }
    if (acked > 0) {
        take_ack(c, t, acked);
    }
}

// A segment with the next text, an acknowledgment of text, or both.
bool aksu_tcp_quick_segment(struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    const struct aksu_segment *s = c->s;

    if (!aksu_tcp_expected(t, s)) {
        return false;
    }
    memset(&c->fx, 0, sizeof c->fx);
    c->fx.acked = s->ack - t->snd_una;
    c->fx.mask = c->fx.acked > 0 ? AKSU_FX_ACKED : 0;
    aksu_tcp_quick_acked(c);
    aksu_tcp_take_window(t, s);
    if (s->len > 0) {
        c->fx.mask |= AKSU_FX_DELIVER;
        c->fx.copy_len = s->len;
        c->fx.ready = s->len;
        aksu_tcp_take_next(c->p, t, c->now_ms, s->len);
    }
    if (!aksu_tcp_quiet(t)) {
        aksu_tcp_settle(c);
    }
    aksu_tcp_heard(t, c->now_ms);
    return true;
}

// SEND after an idle time. Of a window that is as large as a segment nothing holds it back.
static void wrote_late(const struct aksu_step *c, struct aksu_tcb *t)
{
    c->p->congestion->idle(c);
    t->snd_buf = c->value;
    if (t->cwnd < t->snd_mss) {
        aksu_tcp_settle(c);
    } else {
        aksu_tcp_not_held(t);
    }
}

// SEND behind what is in flight; or of what goes at once.
bool aksu_tcp_quick_wrote(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;

    if (!aksu_tcp_plain(t) || !aksu_tcp_passive(t) || c->value > AKSU_SND_BUF_MAX - t->snd_buf) {
        return false;
    }
    if (t->snd_una == t->snd_max) {
        uint32_t len = aksu_min32(c->value, t->snd_mss);
        uint32_t quiet = c->now_ms - t->rtt_at;

        if (t->snd_buf > 0 || t->ranges > 0 || len > t->snd_wnd || len > t->cwnd) {
            return false;
        }
        if ((t->srtt == 0 || quiet > c->p->rto_min_ms) && quiet > aksu_tcp_rto(c->p, t)) {
            wrote_late(c, t);
            return true;
        }
        aksu_tcp_not_held(t);
    }
    t->snd_buf += c->value;
    return true;
}

// A timer's share of first_timer().
static inline int32_t sooner(const struct aksu_tcb *t, unsigned which, uint32_t now_ms,
                             int32_t wait)
{
    int32_t left = (int32_t)(t->deadline[which] - now_ms);

    return (t->timers & 2u << which) && left < wait ? left : wait;
}

// How long until the first timer, less than 1 if it is due; AKSU_WAIT_MAX_MS if none runs.
static inline int32_t first_timer(const struct aksu_tcb *t, uint32_t now_ms)
{
    int32_t wait = sooner(t, AKSU_AT_RTX, now_ms, AKSU_WAIT_MAX_MS);

    wait = sooner(t, AKSU_AT_ACK, now_ms, wait);
    wait = sooner(t, AKSU_AT_MISC, now_ms, wait);
    return sooner(t, AKSU_AT_USER, now_ms, wait);
}

static inline bool due(const struct aksu_tcb *t, unsigned which, uint32_t now_ms)
{
    return (t->timers & 2u << which) && aksu_reached(now_ms, t->deadline[which]);
}

static inline bool any_due(const struct aksu_tcb *t, uint32_t now_ms)
{
    return due(t, AKSU_AT_RTX, now_ms) || due(t, AKSU_AT_ACK, now_ms) ||
           due(t, AKSU_AT_MISC, now_ms) || due(t, AKSU_AT_USER, now_ms);
}

// The wait of what has nothing to send, but maybe a window update.
static inline uint32_t wait_of(const struct aksu_tcb *t, uint32_t now_ms, bool update)
{
    if (update && aksu_tcp_update_due(t, aksu_tcp_window_of(t))) {
        return 0;
    }
    if (t->timers == 0) {
        return UINT32_MAX;
    }
    // Of who only receives the one timer is that of the ACK.
    int32_t left = t->timers == AKSU_TIMER_ACK ? (int32_t)(t->deadline[AKSU_AT_ACK] - now_ms)
                                               : first_timer(t, now_ms);

    return left > 0 ? (uint32_t)left : 0;
}

static inline bool all_sent(const struct aksu_tcb *t)
{
    uint32_t sent = t->snd_nxt - t->snd_una;

    if (t->state >= AKSU_ESTABLISHED && t->state < AKSU_TIME_WAIT) {
        return sent == t->snd_buf + aksu_tcp_fin(t) + aksu_tcp_syn(t);
    }
    return t->state > AKSU_LISTEN && t->state < AKSU_ESTABLISHED && sent > 0;
}

// What plan answers if all is sent and nothing is owed: until when there is nothing to send.
// 0: plan is to be asked. update: a window update may be due.
uint32_t aksu_tcp_quick_wait(const struct aksu_tcb *t, uint32_t now_ms, bool update)
{
    return !t->owed && all_sent(t) ? wait_of(t, now_ms, update && aksu_tcp_receiving(t)) : 0;
}

// What is next of the text, as much as goes into a segment; 0: none, or less than is queued and
// would go.
static uint32_t next_text(const struct aksu_tcb *t)
{
    uint32_t flight = t->snd_nxt - t->snd_una;
    uint32_t queued = t->snd_buf - flight;
    uint32_t len = aksu_min32(queued, t->snd_mss);

    if (flight + len > t->snd_wnd || flight + len > t->cwnd ||
        (len < t->snd_mss && flight > 0 && !(t->flags & AKSU_F_NODELAY))) {
        return 0;
    }
    return len;
}

// Text for the first time is on its way.
static inline void count_text(const struct aksu_step *c, struct aksu_tcb *t, uint32_t len)
{
    aksu_seq first = t->snd_max;

    t->snd_max = first + len;
    t->snd_nxt = first + len;
    if (!(t->flags & AKSU_F_TIMING)) {
        aksu_tcp_time(c, t, first + len);
    }
    if (!(t->timers & AKSU_TIMER_RTX) || first == t->snd_una) {
        aksu_tcp_arm_rtx(c);
    }
    if (!(t->timers & AKSU_TIMER_USER)) {
        aksu_tcp_arm_user(c);
    }
}

// The window to offer, as its field says it: aksu_tcp_window_of(), which is then offered.
static inline uint32_t offer(struct aksu_tcb *t)
{
    unsigned scale = t->rcv_wscale;
    uint32_t offered = t->rcv_adv - t->rcv_nxt;
    uint32_t field = aksu_min32(t->rcv_room >> scale, (uint32_t)UINT16_MAX);
    uint32_t wnd = field << scale;

    if (wnd < offered + aksu_tcp_window_step(t)) {
        return offered >> scale;
    }
    t->rcv_adv = t->rcv_nxt + wnd;
    return field;
}

// The plan and the step of a segment with text, all that fits or all that there is; or of an ACK
// that is owed when all is sent. Members that an option of it would need are not written. c->value:
// how long the next plan waits, as aksu_tcp_quick_wait() tells.
bool aksu_tcp_quick_send(struct aksu_step *c, struct aksu_segment *s)
{
    struct aksu_tcb *t = c->t;
    uint32_t sent = t->snd_nxt - t->snd_una;
    uint32_t len = 0;
    uint8_t flags = AKSU_ACK;

    if (!aksu_tcp_plain(t) || !aksu_tcp_passive(t) || t->ranges > 0 || t->snd_nxt != t->snd_max ||
        aksu_seq_lt(t->snd_nxt, t->snd_up) || any_due(t, c->now_ms)) {
        return false;
    }
    if (sent < t->snd_buf) {
        len = next_text(t);
        if (len == 0) {
            return false;
        }
        sent += len;
        if (sent == t->snd_buf) {
            flags |= AKSU_PSH;
        }
    } else if (!t->owed || sent > t->snd_wnd) {
        return false;
    }
    s->seq = t->snd_nxt;
    s->ack = t->rcv_nxt;
    s->len = len;
    s->wnd = (uint16_t)offer(t);
    s->urp = 0;
    s->flags = flags;
    s->options = 0;
    s->tos = 0;
    if (t->flags & AKSU_F_TIMESTAMPS) {
        c->p->timestamps->put(t, s, c->now_ms);
    }
    t->owed = 0;
    t->timers &= (uint8_t)~AKSU_TIMER_ACK;
    t->last_ack = t->rcv_nxt;
    if (len > 0) {
        count_text(c, t, len);
    }
    // What was offered is all there is, but for what a scaled window cannot say.
    c->value = sent < t->snd_buf ? 0 : wait_of(t, c->now_ms, t->rcv_wscale > 0);
    return true;
}
