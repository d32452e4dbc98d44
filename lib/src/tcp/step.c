// SPDX-License-Identifier: MIT
// The transition function as far as a server needs it: user calls (RFC 9293 3.10.1 to 3.10.6), what
// was sent, timeouts (3.10.8), ICMP (3.9.2.2). Segments go to handshake.c and arrives.c; the rest
// is in active.c.
#include "tcp.h"

enum {
    OVERRIDE_MS = 500, // 3.8.6.2.1: between 0.1 and 1 s
    PTB_FLOOR = 512    // 552 octets of IP, the least that is believed (RFC 5927 7.2)
};

void aksu_tcp_finish(struct aksu_step *c, int reason)
{
    struct aksu_tcb *t = c->t;

    t->state = AKSU_CLOSED;
    t->owed = 0;
    t->timers = 0;
    c->fx.mask |= AKSU_FX_CLOSED;
    c->fx.reason = (int16_t)-reason;
}

// Ends a connection from the other side: a half-open one is back in LISTEN without a word to the
// user (MUST-11, 3.10.7.4).
void aksu_tcp_drop(struct aksu_step *c, int reason)
{
    struct aksu_tcb *t = c->t;
    if (t->state <= AKSU_SYN_RECEIVED && (t->flags & AKSU_F_PASSIVE)) {
        t->state = AKSU_LISTEN;
        t->owed = 0;
        t->timers = 0;
    } else {
        aksu_tcp_finish(c, reason);
    }
}

// Ends a connection from this side, with a RST where the peer may still have it (3.10.5).
void aksu_tcp_give_up(struct aksu_step *c, int reason)
{
    struct aksu_tcb *t = c->t;
    bool tell = t->state >= AKSU_SYN_RECEIVED && t->state <= AKSU_CLOSE_WAIT;

    if (t->state != AKSU_CLOSED) {
        aksu_tcp_finish(c, reason);
        if (tell) {
            t->owed = AKSU_OWE_RST;
        }
    }
}

void aksu_tcp_enter_time_wait(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;

    t->state = AKSU_TIME_WAIT;
    t->timers = 0;
    aksu_tcp_arm(c, AKSU_AT_MISC, 2 * c->p->msl_ms);
}

extern inline bool aksu_tcp_may_write(const struct aksu_tcb *t);

// SEND, 3.10.2. After an idle time of more than RTO the window opens slowly again (RFC 5681 4.1).
// With nothing queued nothing is in flight: the SYN is acknowledged, and no FIN is there yet.
static void wrote(const struct aksu_step *c, struct aksu_tcb *t)
{
    if (t->snd_buf == 0 && t->state >= AKSU_ESTABLISHED &&
        c->now_ms - t->rtt_at > aksu_tcp_rto(c->p, t)) {
        c->p->congestion->idle(c);
    }
    t->snd_buf += c->value;
}

// RECEIVE, 3.10.3.
static void read_out(struct aksu_tcb *t, uint32_t octets)
{
    t->rcv_room += octets;
    aksu_seq_raise(&t->rcv_up, t->rcv_nxt - (t->rcv_buf - t->rcv_room));
}

// The receiving half of CLOSE, 3.10.4. Returns whether the sending one follows.
static bool close_receiving(struct aksu_step *c, struct aksu_tcb *t)
{
    if (t->state == AKSU_TIME_WAIT) {
        return false;
    }
    if (t->state <= AKSU_SYN_SENT) {
        aksu_tcp_give_up(c, -AKSU_ECONNABORTED);
        return false;
    }
    if (t->rcv_room < t->rcv_buf) {
        aksu_tcp_finish(c, -AKSU_ECONNABORTED);
        t->owed = AKSU_OWE_RST; // unread data is lost: say so (SHLD-3)
        return false;
    }
    t->flags |= AKSU_F_RCV_CLOSED;
    if (t->state != AKSU_FIN_WAIT_2 && c->value != 0) {
        aksu_tcp_arm(c, AKSU_AT_USER, aksu_min32(c->value, AKSU_WAIT_MAX_MS));
        t->timers |= AKSU_TIMER_LINGER;
    }
    return true;
}

// SHUTDOWN and CLOSE. In SYN-RECEIVED with nothing queued the FIN follows the SYN,ACK; else it
// waits for ESTABLISHED: see aksu_tcp_settle().
static void shut_down(struct aksu_step *c, struct aksu_tcb *t)
{
    if (c->kind == AKSU_EV_CLOSE && !close_receiving(c, t)) {
        return;
    }
    if (aksu_tcp_may_write(t)) {
        t->flags |= AKSU_F_FIN;
        if (t->state == AKSU_SYN_RECEIVED && t->snd_buf == 0) {
            t->state = AKSU_FIN_WAIT_1;
        }
    }
}

static void took_ack(struct aksu_tcb *t, const struct aksu_segment *s)
{
    uint32_t wnd = s->wnd;

    if (!(s->flags & AKSU_SYN)) {
        wnd <<= t->rcv_wscale;
    }
    t->timers &= (uint8_t)~AKSU_TIMER_ACK;
    t->last_ack = s->ack;
    aksu_seq_raise(&t->rcv_adv, s->ack + wnd);
    aksu_tcp_forget_duplicate(t); // told once (RFC 2883 4)
}

// Moves snd_nxt and snd_max over what was sent. A probe of a window of zero is not counted as
// sent, but may be acknowledged.
static void took_text(const struct aksu_step *c, struct aksu_tcb *t, aksu_seq start, aksu_seq end)
{
    bool probe = (t->owed & AKSU_OWE_PROBE) && t->snd_wnd == 0;

    if (!probe) {
        aksu_seq_raise(&t->snd_nxt, end);
    }
    if (start != t->snd_max) {
        t->flags &= (uint16_t)~AKSU_F_TIMING; // Karn: its ACK would be ambiguous
    } else if (!(t->flags & AKSU_F_TIMING)) {
        aksu_tcp_time(c, t, end);
    }
    aksu_seq_raise(&t->snd_max, end);
}

static void sent(const struct aksu_step *c, struct aksu_tcb *t)
{
    const struct aksu_segment *s = c->s;
    uint32_t len = s->len;

    if (s->flags & (AKSU_SYN | AKSU_FIN)) { // never both
        len++;
    }
    if (s->flags & AKSU_ACK) {
        took_ack(t, s);
    }
    if (len == 0) {
        t->owed &= (uint8_t) ~(AKSU_OWE_ACK | AKSU_OWE_KEEPALIVE | AKSU_OWE_RST);
        return;
    }
    aksu_seq end = s->seq + len;
    took_text(c, t, s->seq, end);
    t->owed &= (uint8_t) ~(AKSU_OWE_ACK | AKSU_OWE_REXMIT | AKSU_OWE_PROBE); // a SYN owes no ACK
    // RFC 6298 5.1; and what is sent again is not sent a third time within an RTO, but for what
    // partial ACKs call for: only the first of them restarts the timer (RFC 6582 3.2, impatient).
    if (!(t->timers & AKSU_TIMER_RTX) || (s->seq == t->snd_una && !(t->flags & AKSU_F_PARTIAL))) {
        aksu_tcp_arm_rtx(c);
    }
    if (!(t->timers & AKSU_TIMER_USER)) {
        aksu_tcp_arm_user(c);
    }
    if (c->b) {
        c->p->recovery->sent(c, end);
    }
    if ((s->flags & AKSU_FIN) && t->state == AKSU_CLOSE_WAIT) {
        t->state = AKSU_LAST_ACK;
    }
}

static void trouble(struct aksu_step *c, int reason)
{
    c->fx.mask = AKSU_FX_TROUBLE;
    c->fx.reason = (int16_t)-reason;
}

static void probe_window(struct aksu_step *c, struct aksu_tcb *t)
{
    t->keep_probes = (uint8_t)(t->keep_probes + (t->keep_probes < UINT8_MAX));
    t->owed |= AKSU_OWE_PROBE;
    if (t->keep_probes == AKSU_R1) {
        trouble(c, -AKSU_ETIMEDOUT);
    }
}

// RFC 6582 3.2 step 4, RFC 5681 3.1: a repeated timeout holds ssthresh.
static void collapse(const struct aksu_step *c, struct aksu_tcb *t)
{
    if (t->retries == 1) {
        c->p->congestion->timed_out(c, t->snd_max - t->snd_una);
    }
    t->recover = t->snd_max;
    t->snd_nxt = t->snd_una;
    t->owed |= AKSU_OWE_REXMIT; // also if the window closes before it is sent
    aksu_tcp_leave_recovery(t);
}

// RFC 6298 5.4 to 5.6; R1 of RFC 9293 3.8.3.
static void retransmit(struct aksu_step *c, struct aksu_tcb *t)
{
    collapse(c, t);
    t->backoff = (uint8_t)(t->backoff + (t->backoff < UINT8_MAX));
    if (t->flags & AKSU_F_SYN_UNACKED) {
        t->flags |= AKSU_F_SYN_RETRIED;
        if ((t->flags & AKSU_F_PASSIVE) && t->retries >= c->p->syn_ack_tries) {
            aksu_tcp_drop(c, -AKSU_ETIMEDOUT); // RFC 4987 3.3
            return;
        }
    }
    if (t->retries == AKSU_R1) {
        trouble(c, -AKSU_ETIMEDOUT);
    }
}

static void rtx_expired(struct aksu_step *c, struct aksu_tcb *t)
{
    t->timers &= (uint8_t)~AKSU_TIMER_RTX;
    if (c->b && c->p->recovery->expired(c)) {
        return;
    }
    bool closed = t->snd_wnd == 0 || t->snd_una == t->snd_max;

    t->retries = (uint8_t)(t->retries + (t->retries < UINT8_MAX));
    if (closed && !(t->flags & AKSU_F_SYN_UNACKED)) {
        probe_window(c, t);
    } else {
        retransmit(c, t);
    }
}

// Timeouts, 3.10.8.
static void tick(struct aksu_step *c, struct aksu_tcb *t)
{
    int32_t due = -aksu_tcp_due(t, c->now_ms);

    if (due < 0) {
        return; // none
    }
    if (due & AKSU_TIMER_USER) {
        aksu_tcp_give_up(c, -AKSU_ETIMEDOUT);
        return;
    }
    if (due & AKSU_TIMER_RTX) {
        rtx_expired(c, t);
    } else if (due & AKSU_TIMER_MISC) {
        // The keep-alive timer it is not: see active.c.
        AKSU_CHECK(t->state == AKSU_TIME_WAIT || t->state == AKSU_FIN_WAIT_2);
        aksu_tcp_finish(c, t->state == AKSU_TIME_WAIT ? AKSU_OK : -AKSU_ETIMEDOUT);
    }
}

// RFC 5927: only what is in flight can be in error; a synchronized connection survives; a smaller
// path MTU is believed when the segment makes no progress, and costs no window (RFC 1191 6.4).
static void icmp(struct aksu_step *c, struct aksu_tcb *t)
{
    if (t->state == AKSU_CLOSED || c->value - t->snd_una >= t->snd_max - t->snd_una) {
        c->fx.refused = true;
        return;
    }
    if (c->option == AKSU_ICMP_PTB) {
        uint32_t mss = aksu_max32(c->more.detail, PTB_FLOOR);
        if (t->flags & AKSU_F_TIMESTAMPS) {
            mss -= AKSU_TIMESTAMPS_LEN;
        }
        if (t->retries == 0 || mss >= t->snd_mss) {
            c->fx.refused = true;
            return;
        }
        t->snd_mss = (uint16_t)mss;
        t->snd_nxt = t->snd_una;
        return;
    }
    int reason = -(int)c->more.detail;
    if (c->option == AKSU_ICMP_HARD && t->state <= AKSU_SYN_RECEIVED) {
        aksu_tcp_drop(c, reason);
    } else {
        trouble(c, reason);
    }
}

// With nothing in flight the retransmission timer is the persist timer: it runs while what is
// queued is held back by the window, else not at all.
void aksu_tcp_settle(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;

    if (t->state == AKSU_ESTABLISHED && (t->flags & AKSU_F_FIN)) {
        t->state = AKSU_FIN_WAIT_1; // the FIN is next, behind what is queued
    }
    // Only after a full close: a half-closed connection may wait for its peer for ever.
    if (t->state == AKSU_FIN_WAIT_2 && (t->flags & AKSU_F_RCV_CLOSED) &&
        !(t->timers & AKSU_TIMER_MISC)) {
        aksu_tcp_arm(c, AKSU_AT_MISC, c->p->fin_wait_2_ms);
    }
    if (!aksu_tcp_sending(t) || t->snd_una != t->snd_max || (t->flags & AKSU_F_SYN_UNACKED)) {
        return;
    }
    if ((t->snd_buf == 0 && !(t->flags & AKSU_F_FIN)) || aksu_tcp_can_send(t, 0, t->cwnd) > 0) {
        t->timers &= (uint8_t)~AKSU_TIMER_RTX;
        t->retries = 0;
    } else if (!(t->timers & AKSU_TIMER_RTX) && !(t->owed & AKSU_OWE_PROBE)) {
        aksu_tcp_arm_rtx(c);
        if (t->snd_wnd > 0) {
            t->deadline[AKSU_AT_RTX] = c->now_ms + OVERRIDE_MS;
        }
    }
}

// Returns whether there may be something to settle.
static bool dispatch(struct aksu_step *c, struct aksu_tcb *t)
{
    switch (c->kind) {
    case AKSU_EV_LISTEN:
        aksu_tcp_open(c, c->more.open, AKSU_LISTEN);
        t->flags |= AKSU_F_PASSIVE;
        break;
    case AKSU_EV_WROTE:
        wrote(c, t);
        break;
    case AKSU_EV_READ:
        read_out(t, c->value);
        return false;
    case AKSU_EV_SHUTDOWN:
    case AKSU_EV_CLOSE:
        shut_down(c, t);
        break;
    case AKSU_EV_ABORT:
        aksu_tcp_give_up(c, -AKSU_ECONNABORTED);
        break;
    case AKSU_EV_SEGMENT:
        aksu_tcp_take_syn(c);
        break;
    case AKSU_EV_SENT:
        sent(c, t);
        return false;
    case AKSU_EV_TICK:
        tick(c, t);
        break;
    case AKSU_EV_ICMP:
        icmp(c, t);
        break;
    default:
        return false; // active.c's
    }
    return true;
}

// All but segments; of these the SYN that comes to LISTEN, where aksu_tcp_listen() admits it.
void aksu_tcp_event(struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    uint8_t before = t->state;

    if (dispatch(c, t)) {
        aksu_tcp_settle(c);
    }
    AKSU_CHECK(aksu_tcp_edge((enum aksu_state)before, (enum aksu_state)t->state));
    (void)before;
}
