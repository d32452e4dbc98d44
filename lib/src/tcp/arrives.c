// SPDX-License-Identifier: MIT
// Segment arrival in SYN-RECEIVED and the synchronized states, in the order of RFC 9293 3.10.7.4.
// A check returns whether the segment goes on to the next one; what does not get to the end of them
// is refused.
#include "tcp.h"

// The peer's SYN once more, while ours is not acknowledged: it is known already. (Until then no
// segment has moved snd_wl1.)
static bool repeated_syn(const struct aksu_tcb *t, const struct aksu_segment *s)
{
    return (t->flags & AKSU_F_SYN_UNACKED) && s->seq == t->snd_wl1 &&
           (s->flags & (AKSU_SYN | AKSU_RST)) == AKSU_SYN;
}

// Second: RST, as RFC 5961 3.2 has it. TIME-WAIT ignores it (RFC 1337). Nothing comes after it.
static void take_reset(struct aksu_step *c, struct aksu_tcb *t, const struct aksu_segment *s)
{
    if (t->state == AKSU_TIME_WAIT) {
        return;
    }
    if (s->seq != t->rcv_nxt) {
        aksu_tcp_challenge(c);
        return;
    }
    c->fx.refused = false;
    aksu_tcp_drop(c, t->state == AKSU_SYN_RECEIVED ? -AKSU_ECONNREFUSED : -AKSU_ECONNRESET);
}

// Fourth: SYN, as RFC 5961 4.2 has it. (Third would be security and compartment.)
static bool check_syn(struct aksu_step *c, struct aksu_tcb *t, const struct aksu_segment *s)
{
    if (!(s->flags & AKSU_SYN) || (s->options & AKSU_OPT_ILLEGAL)) {
        return true; // fifth: such a header is refused there
    }
    if (aksu_tcp_half_open(t) && aksu_seq_leq(t->rcv_nxt, s->seq)) {
        aksu_tcp_drop(c, -AKSU_ECONNREFUSED);
    } else {
        aksu_tcp_challenge(c);
    }
    return false;
}

// Fifth: whether the ACK is one that can be. In SYN-RECEIVED, also after CLOSE, it acknowledges our
// SYN; later it is neither beyond what was sent nor older than a window (RFC 5961 5.2, MAY-12).
static bool check_ack(struct aksu_step *c, struct aksu_tcb *t, const struct aksu_segment *s)
{
    bool opening = aksu_tcp_syn(t);
    aksu_seq least = opening ? t->snd_una + 1 : t->snd_una - t->max_snd_wnd;

    if (!(s->flags & AKSU_ACK) || (s->options & AKSU_OPT_ILLEGAL)) {
        return false; // MUST-7: such a header is not trusted further
    }
    if (aksu_seq_leq(least, s->ack) && aksu_seq_leq(s->ack, t->snd_max)) {
        return true;
    }
    if (opening) {
        c->fx.mask = AKSU_FX_RESET;
    } else {
        aksu_tcp_challenge(c);
    }
    return false;
}

// RFC 5681 2, with RFC 6675 2 where SACK is in use: then a duplicate reports text beyond the gap,
// that is not itself a duplicate (RFC 2883).
static bool is_duplicate(const struct aksu_tcb *t, const struct aksu_segment *s)
{
    if (s->ack != t->snd_una || t->snd_max == t->snd_una || s->len > 0 ||
        (s->flags & (AKSU_SYN | AKSU_FIN)) || (uint32_t)s->wnd << t->snd_wscale != t->snd_wnd) {
        return false;
    }
    return !(t->flags & AKSU_F_SACK) || (s->sacks > 0 && aksu_seq_lt(s->ack, s->sack[0].start) &&
                                         aksu_seq_lt(s->sack[0].start, s->sack[0].end) &&
                                         aksu_seq_leq(s->sack[0].end, t->snd_max));
}

// Takes acknowledged octets off the front, the SYN before them and the FIN behind them.
// Returns whether our FIN is acknowledged.
static bool advance(struct aksu_step *c, struct aksu_tcb *t, aksu_seq ack)
{
    uint32_t octets = ack - t->snd_una - aksu_tcp_syn(t);
    uint32_t data = aksu_min32(octets, t->snd_buf);

    t->snd_buf -= data;
    t->snd_una = ack;
    aksu_seq_raise(&t->snd_nxt, ack);
    aksu_seq_raise(&t->snd_up, ack);
    t->owed &= (uint8_t) ~(AKSU_OWE_REXMIT | AKSU_OWE_PROBE);
    c->fx.acked = data;
    if (data > 0) {
        c->fx.mask = AKSU_FX_ACKED;
    }
    if (t->flags & AKSU_F_SYN_UNACKED) {
        t->flags &= (uint16_t)~AKSU_F_SYN_UNACKED;
        t->backoff = 0; // RFC 6298 5.7: from here on the timeout is 3 s, see rto.c
        c->fx.mask |= AKSU_FX_OPENED;
        c->p->congestion->open(c);
    } else if (!c->b) {
        aksu_tcp_recovery_acked(c, octets);
    }
    return octets > data;
}

// RFC 6298 5.2 and 5.3; a second partial ACK does not restart the timer (RFC 6582 3.2, impatient).
static void restart_timers(const struct aksu_step *c, struct aksu_tcb *t)
{
    t->retries = 0;
    if (t->snd_una == t->snd_max) {
        t->timers &= (uint8_t)~AKSU_TIMER_RTX;
        if (!(t->timers & AKSU_TIMER_LINGER)) {
            t->timers &= (uint8_t)~AKSU_TIMER_USER;
        }
        return;
    }
    if (!(t->flags & AKSU_F_PARTIAL)) {
        aksu_tcp_arm_rtx(c);
    }
    if (t->flags & AKSU_F_RECOVERY) {
        t->flags |= AKSU_F_PARTIAL;
    }
    aksu_tcp_arm_user(c);
}

static void fin_acked(struct aksu_step *c, struct aksu_tcb *t)
{
    if (t->state == AKSU_FIN_WAIT_1) {
        t->state = AKSU_FIN_WAIT_2;
        t->timers &= (uint8_t) ~(AKSU_TIMER_USER | AKSU_TIMER_LINGER);
    } else if (t->state == AKSU_CLOSING) {
        aksu_tcp_enter_time_wait(c);
    } else { // LAST-ACK
        aksu_tcp_finish(c, AKSU_OK);
    }
}

static void take_ack(struct aksu_step *c, struct aksu_tcb *t)
{
    aksu_tcp_measure(c);
    bool fin = advance(c, t, c->s->ack);
    restart_timers(c, t);
    if (fin) {
        fin_acked(c, t);
    }
}

// An ACK that moved snd_una brings the window with it, else the right edge would move to where the
// peer never offered it. For the rest SND.WL1 decides; SND.WL2 needs no variable, because an ACK
// that was used for an update was at least snd_una then, and one that may be used is so now.
static void take_window(const struct aksu_step *c, struct aksu_tcb *t, bool advanced)
{
    const struct aksu_segment *s = c->s;
    uint32_t wnd = s->wnd;
    bool closed = t->snd_wnd == 0;

    if (s->ack != t->snd_una || (!advanced && aksu_seq_lt(s->seq, t->snd_wl1))) {
        return;
    }
    if (!(s->flags & AKSU_SYN)) {
        wnd <<= t->snd_wscale;
    }
    t->snd_wnd = wnd;
    t->snd_wl1 = s->seq;
    t->max_snd_wnd = aksu_max32(t->max_snd_wnd, wnd);
    if (closed && wnd > 0 && (t->timers & AKSU_TIMER_RTX)) {
        t->retries = 0; // the persist timer becomes the retransmission timer again
        aksu_tcp_arm_rtx(c);
    }
}

// Seventh: URG (3.8.5). The pointer is one past the last urgent octet (MUST-62).
static void take_urgent(struct aksu_step *c, struct aksu_tcb *t)
{
    const struct aksu_segment *s = c->s;
    aksu_seq up = s->seq + s->urp;

    if ((s->flags & AKSU_URG) && aksu_seq_lt(t->rcv_up, up)) {
        t->rcv_up = up;
        c->fx.mask |= AKSU_FX_URGENT;
    }
}

// Eighth: the text. An acknowledgment is owed at once for what is out of order or fills a gap
// (RFC 5681 4.2), else for every second segment (SHLD-18, 19).
static void take_text(struct aksu_step *c, struct aksu_tcb *t)
{
    if (aksu_tcp_take_text(c) || (t->flags & AKSU_F_QUICKACK) || c->p->delayed_ack_ms == 0 ||
        (t->timers & AKSU_TIMER_ACK)) {
        t->owed |= AKSU_OWE_ACK;
    } else {
        aksu_tcp_arm(c, AKSU_AT_ACK, c->p->delayed_ack_ms);
    }
}

// Ninth: FIN, once everything before it is here.
static void take_fin(struct aksu_step *c, struct aksu_tcb *t)
{
    if (t->state == AKSU_FIN_WAIT_2) {
        aksu_tcp_enter_time_wait(c);
    } else { // ESTABLISHED to CLOSE-WAIT, FIN-WAIT-1 to CLOSING
        t->state = (uint8_t)(t->state + (AKSU_CLOSE_WAIT - AKSU_ESTABLISHED));
    }
}

// Seventh to ninth.
static void take_rest(struct aksu_step *c, struct aksu_tcb *t)
{
    const struct aksu_segment *s = c->s;
    aksu_seq end = s->seq + s->len + ((s->flags & AKSU_SYN) != 0);

    if (!aksu_tcp_receiving(t)) {
        if (s->len > 0) {
            aksu_tcp_challenge(c); // text behind the peer's FIN is ignored
        }
        return;
    }
    take_urgent(c, t);
    if (s->len == 0 && !(s->flags & AKSU_FIN)) {
        return;
    }
    if ((t->flags & AKSU_F_RCV_CLOSED) && s->len > 0 && aksu_seq_lt(t->rcv_nxt, end)) {
        aksu_tcp_give_up(c, -AKSU_ECONNABORTED); // data after CLOSE is lost: say so (SHLD-3)
        return;
    }
    take_text(c, t);
    if (c->fx.mask & AKSU_FX_EOF) {
        take_fin(c, t);
    }
}

// Fifth to ninth, for a segment that passed the checks; the handshake is complete with it.
void aksu_tcp_take(struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    aksu_seq una = t->snd_una;
    bool advanced = aksu_seq_lt(una, c->s->ack);

    c->fx.refused = false;
    t->keep_probes = 0;
    if (t->flags & AKSU_F_TIMESTAMPS) {
        c->p->timestamps->arrived(t, c->s, c->now_ms);
    }
    if (t->state <= AKSU_SYN_RECEIVED) {
        t->state = AKSU_ESTABLISHED;
    }
    if (advanced) {
        take_ack(c, t);
    } else if (t->snd_wnd == 0) {
        if (t->timers & AKSU_TIMER_USER) {
            aksu_tcp_arm_user(c); // a window probe was answered (MUST-37)
        }
    } else if (!c->b && is_duplicate(t, c->s)) {
        aksu_tcp_recovery_duplicate(c);
    }
    if (t->state != AKSU_CLOSED) {
        if (t->owed & AKSU_ECN) {
            c->p->ecn->arrived(c);
        }
        take_window(c, t, advanced);
        if (c->b) {
            c->p->recovery->acked(c, una);
        }
        take_rest(c, t);
        aksu_tcp_settle(c);
    }
}

// The checks. A repeated SYN is not as a segment of the connection. In a simultaneous open it comes
// with the ACK of ours, and that counts (3.5, Figure 7); else the client has not seen our SYN,ACK.
bool aksu_tcp_check(struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    const struct aksu_segment *s = c->s;

    if (t->state <= AKSU_SYN_SENT) {
        if (t->state == AKSU_CLOSED && !(s->flags & AKSU_RST)) {
            c->fx.mask = AKSU_FX_RESET; // 3.10.7.1
        }
        return false;
    }
    if (repeated_syn(t, s)) {
        if ((t->flags & AKSU_F_PASSIVE) || !(s->flags & AKSU_ACK)) {
            t->snd_nxt = t->snd_una; // again
            return false;
        }
    } else {
        if (!aksu_tcp_check_sequence(c)) {
            return false;
        }
        if (s->flags & AKSU_RST) {
            take_reset(c, t, s);
            return false;
        }
        if (!check_syn(c, t, s)) {
            return false;
        }
    }
    return check_ack(c, t, s);
}
