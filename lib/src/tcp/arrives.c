// SPDX-License-Identifier: MIT
// Segment arrival in SYN-RECEIVED and the synchronized states, in the order of RFC 9293 3.10.7.4.
// Each check returns true if the segment goes on to the next one.
#include "tcp.h"

static bool refuse(struct aksu_effects *fx)
{
    fx->refused = true;
    return false;
}

// The peer's SYN once more, in SYN-RECEIVED: it is known already.
static bool repeated_syn(const struct aksu_tcb *t, const struct aksu_segment *s)
{
    return t->state == AKSU_SYN_RECEIVED && s->seq + 1 == t->rcv_nxt &&
           (s->flags & (AKSU_SYN | AKSU_RST)) == AKSU_SYN;
}

// Table 6. A segment that reaches over both edges of the window is acceptable too: it is trimmed.
// With a window of zero, ACK, URG and RST of a segment at rcv_nxt are processed (MUST-66).
static bool acceptable(const struct aksu_tcb *t, const struct aksu_segment *s)
{
    uint32_t wnd = t->rcv_adv - t->rcv_nxt;
    uint32_t len = s->len + aksu_tcp_control_len(s);

    if (s->flags & AKSU_RST) {
        len = 0; // its sequence number alone decides (RFC 5961 3.2)
    }
    if (wnd == 0) {
        return s->seq == t->rcv_nxt;
    }
    if (len == 0) {
        // At the right edge, too: two ends that filled each other's window and lost the end of it
        // would else refuse each other's ACKs for ever (Appendix A.2).
        return s->seq - t->rcv_nxt < wnd + ((s->flags & (AKSU_RST | AKSU_ACK)) == AKSU_ACK);
    }
    return aksu_seq_lt(s->seq, t->rcv_adv) && aksu_seq_lt(t->rcv_nxt, s->seq + len);
}

static bool refuse_unacceptable(const struct aksu_profile *p, struct aksu_tcb *t,
                                const struct aksu_event *ev, struct aksu_effects *fx)
{
    const struct aksu_segment *s = ev->segment;

    if (s->flags & AKSU_RST) {
        return refuse(fx);
    }
    if (s->len > 0 || (s->flags & AKSU_FIN)) {
        t->owed |= AKSU_OWE_ACK; // the peer sends again what we have: it needs the ACK
        aksu_tcp_report_duplicate(p, t, s);
    } else {
        aksu_tcp_challenge(p, t, ev->now_ms); // an empty one must not start an ACK war
    }
    if (t->state == AKSU_TIME_WAIT && (s->flags & AKSU_FIN)) {
        aksu_tcp_enter_time_wait(p, t, ev->now_ms); // eighth, TIME-WAIT: restart the 2 MSL
    }
    return refuse(fx);
}

// First: the sequence number, with RFC 7323 5.3 before it.
static bool check_sequence(const struct aksu_profile *p, struct aksu_tcb *t,
                           const struct aksu_event *ev, struct aksu_effects *fx)
{
    const struct aksu_segment *s = ev->segment;
    bool stamped = (s->options & AKSU_OPT_TIMESTAMPS) != 0;

    if ((t->flags & AKSU_F_TIMESTAMPS) && !(s->flags & AKSU_RST)) {
        if (!stamped && !(s->options & AKSU_OPT_ILLEGAL)) {
            return refuse(fx); // RFC 7323 3.2
        }
        if (stamped && p->timestamps->stale(t, s, ev->now_ms)) {
            return refuse_unacceptable(p, t, ev, fx);
        }
    }
    if (!acceptable(t, s)) {
        return refuse_unacceptable(p, t, ev, fx);
    }
    return true;
}

static void take_timestamp(const struct aksu_profile *p, struct aksu_tcb *t,
                           const struct aksu_event *ev)
{
    if ((t->flags & AKSU_F_TIMESTAMPS) && (ev->segment->options & AKSU_OPT_TIMESTAMPS)) {
        p->timestamps->arrived(t, ev->segment, ev->now_ms);
    }
}

// Second: RST, as RFC 5961 3.2 has it. TIME-WAIT ignores it (RFC 1337).
static bool check_reset(const struct aksu_profile *p, struct aksu_tcb *t,
                        const struct aksu_event *ev, struct aksu_effects *fx)
{
    if (!(ev->segment->flags & AKSU_RST)) {
        return true;
    }
    if (t->state == AKSU_TIME_WAIT) {
        return refuse(fx);
    }
    if (ev->segment->seq != t->rcv_nxt) {
        aksu_tcp_challenge(p, t, ev->now_ms);
        return refuse(fx);
    }
    if (t->state == AKSU_SYN_RECEIVED) {
        aksu_tcp_drop_half_open(t, fx, AKSU_ECONNREFUSED);
    } else {
        aksu_tcp_finish(t, fx, AKSU_ECONNRESET);
    }
    return false;
}

// Fourth: SYN, as RFC 5961 4.2 has it. (Third would be security and compartment.)
static bool check_syn(const struct aksu_profile *p, struct aksu_tcb *t, const struct aksu_event *ev,
                      struct aksu_effects *fx)
{
    if (ev->segment->options & AKSU_OPT_ILLEGAL) {
        return refuse(fx); // MUST-7: such a header is not trusted further
    }
    if (!(ev->segment->flags & AKSU_SYN)) {
        return true;
    }
    if (t->state == AKSU_SYN_RECEIVED && (t->flags & AKSU_F_PASSIVE) &&
        aksu_seq_leq(t->rcv_nxt, ev->segment->seq)) {
        aksu_tcp_drop_half_open(t, fx, AKSU_ECONNREFUSED);
        return refuse(fx);
    }
    aksu_tcp_challenge(p, t, ev->now_ms);
    return refuse(fx);
}

// Fifth: whether the ACK is one that can be.
static bool check_ack(const struct aksu_profile *p, struct aksu_tcb *t, const struct aksu_event *ev,
                      struct aksu_effects *fx)
{
    const struct aksu_segment *s = ev->segment;

    if (!(s->flags & AKSU_ACK)) {
        return refuse(fx);
    }
    if (t->state == AKSU_SYN_RECEIVED) {
        if (!aksu_seq_lt(t->snd_una, s->ack) || !aksu_seq_leq(s->ack, t->snd_max)) {
            fx->mask |= AKSU_FX_RESET;
            return refuse(fx);
        }
        return true;
    }
    // RFC 5961 5.2: neither beyond what was sent nor older than a window (MAY-12).
    if (aksu_seq_lt(s->ack, t->snd_una - t->max_snd_wnd) || aksu_seq_lt(t->snd_max, s->ack)) {
        aksu_tcp_challenge(p, t, ev->now_ms);
        return refuse(fx);
    }
    return true;
}

// RFC 5681 2, with RFC 6675 2 where SACK is in use: then a duplicate reports text beyond the gap,
// that is not itself a duplicate (RFC 2883).
static bool is_duplicate(const struct aksu_tcb *t, const struct aksu_segment *s)
{
    if (s->ack != t->snd_una || t->snd_max == t->snd_una || t->snd_wnd == 0 || s->len > 0 ||
        (s->flags & (AKSU_SYN | AKSU_FIN)) || (uint32_t)s->wnd << t->snd_wscale != t->snd_wnd) {
        return false;
    }
    return !(t->flags & AKSU_F_SACK) || (s->sacks > 0 && aksu_seq_lt(s->ack, s->sack[0].start) &&
                                         aksu_seq_lt(s->sack[0].start, s->sack[0].end) &&
                                         aksu_seq_leq(s->sack[0].end, t->snd_max));
}

// Whether an echoed timestamp is older than the last timeout. It comes with the ACK of a copy that
// the peer had already, and tells how long the loss took to mend, not the path (cf. RFC 3522).
static bool echo_outdated(const struct aksu_profile *p, const struct aksu_tcb *t, uint32_t now_ms,
                          uint32_t rtt_ms)
{
    uint32_t since_timeout = aksu_tcp_rto(p, t) - (t->rtx_at - now_ms);

    return t->retries > 0 && aksu_seq_lt(since_timeout, rtt_ms);
}

// Karn's rule: the measurement was given up if its segment was sent again; an echoed timestamp
// tells which transmission it was (RFC 7323 4.1).
static void measure(const struct aksu_profile *p, struct aksu_tcb *t, const struct aksu_event *ev)
{
    const struct aksu_segment *s = ev->segment;

    if ((t->flags & AKSU_F_TIMESTAMPS) && (s->options & AKSU_OPT_TIMESTAMPS)) {
        uint32_t rtt_ms = ev->now_ms - (s->tsecr - t->salt);
        if (echo_outdated(p, t, ev->now_ms, rtt_ms)) {
            t->backoff = 0;
        } else if (rtt_ms <= INT32_MAX) {
            aksu_tcp_rtt_sample(t, rtt_ms);
        }
    } else if ((t->flags & AKSU_F_TIMING) && aksu_seq_leq(t->rtt_seq, s->ack)) {
        aksu_tcp_rtt_sample(t, ev->now_ms - t->rtt_at);
    }
    if (aksu_seq_leq(t->rtt_seq, s->ack)) {
        t->flags &= (uint16_t)~AKSU_F_TIMING;
    }
}

// Takes acknowledged octets off the front, the SYN before them and the FIN behind them.
// Returns whether our FIN is acknowledged.
static bool advance(const struct aksu_profile *p, struct aksu_tcb *t, aksu_seq ack,
                    struct aksu_effects *fx)
{
    uint32_t octets = ack - t->snd_una - aksu_tcp_syn(t);
    uint32_t data = aksu_min32(octets, t->snd_buf);

    t->snd_una = ack;
    aksu_seq_raise(&t->snd_nxt, ack);
    aksu_seq_raise(&t->snd_up, ack);
    t->snd_buf -= data;
    if (data > 0) {
        fx->mask |= AKSU_FX_ACKED;
        fx->acked = data;
    }
    if (t->flags & AKSU_F_SYN_UNACKED) {
        t->flags &= (uint16_t)~AKSU_F_SYN_UNACKED;
        t->backoff = 0; // RFC 6298 5.7: from here on the timeout is 3 s, see rto.c
        p->congestion->open(t);
    } else {
        aksu_tcp_recovery_acked(p, t, octets);
    }
    return octets > data;
}

// RFC 6298 5.2 and 5.3; a second partial ACK does not restart the timer (RFC 6582 3.2, impatient).
static void restart_timers(const struct aksu_profile *p, struct aksu_tcb *t, uint32_t now_ms)
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
        aksu_tcp_arm_rtx(p, t, now_ms);
    }
    if (t->flags & AKSU_F_RECOVERY) {
        t->flags |= AKSU_F_PARTIAL;
    }
    aksu_tcp_arm_user(p, t, now_ms);
}

static void fin_acked(const struct aksu_profile *p, struct aksu_tcb *t, uint32_t now_ms,
                      struct aksu_effects *fx)
{
    if (t->state == AKSU_FIN_WAIT_1) {
        t->state = AKSU_FIN_WAIT_2;
        t->timers &= (uint8_t) ~(AKSU_TIMER_MISC | AKSU_TIMER_USER | AKSU_TIMER_LINGER);
        aksu_tcp_arm_fin_wait_2(p, t, now_ms);
    } else if (t->state == AKSU_CLOSING) {
        aksu_tcp_enter_time_wait(p, t, now_ms);
    } else if (t->state == AKSU_LAST_ACK) {
        aksu_tcp_finish(t, fx, AKSU_OK);
    }
}

void aksu_tcp_take_ack(const struct aksu_profile *p, struct aksu_tcb *t,
                       const struct aksu_event *ev, struct aksu_effects *fx)
{
    aksu_seq ack = ev->segment->ack;

    if (aksu_seq_lt(t->snd_una, ack)) {
        measure(p, t, ev);
        bool fin = advance(p, t, ack, fx);
        restart_timers(p, t, ev->now_ms);
        if (fin) {
            fin_acked(p, t, ev->now_ms, fx);
        }
    } else if (is_duplicate(t, ev->segment)) {
        aksu_tcp_recovery_duplicate(p, t);
    } else if (t->snd_wnd == 0 && (t->timers & AKSU_TIMER_USER)) {
        aksu_tcp_arm_user(p, t, ev->now_ms); // a window probe was answered (MUST-37)
    }
}

// An ACK that moved snd_una brings the window with it, else the right edge would move to where the
// peer never offered it. For the rest SND.WL1 decides; SND.WL2 needs no variable, because an ACK
// that was used for an update was at least snd_una then, and one that may be used is so now.
static void take_window(const struct aksu_profile *p, struct aksu_tcb *t,
                        const struct aksu_event *ev, bool advanced)
{
    const struct aksu_segment *s = ev->segment;
    bool closed = t->snd_wnd == 0;

    if (aksu_seq_lt(s->ack, t->snd_una) || (!advanced && aksu_seq_lt(s->seq, t->snd_wl1))) {
        return;
    }
    t->snd_wnd = (uint32_t)s->wnd << ((s->flags & AKSU_SYN) ? 0 : t->snd_wscale);
    aksu_seq_raise(&t->snd_wl1, s->seq);
    t->max_snd_wnd = aksu_max32(t->max_snd_wnd, t->snd_wnd);
    if (closed && t->snd_wnd > 0 && (t->timers & AKSU_TIMER_RTX)) {
        t->retries = 0; // the persist timer becomes the retransmission timer again
        aksu_tcp_arm_rtx(p, t, ev->now_ms);
    }
}

// Seventh: URG (3.8.5). The pointer is one past the last urgent octet (MUST-62).
static void take_urgent(struct aksu_tcb *t, const struct aksu_segment *s, struct aksu_effects *fx)
{
    aksu_seq up = s->seq + s->urp;

    if ((s->flags & AKSU_URG) && aksu_seq_lt(t->rcv_up, up)) {
        t->rcv_up = up;
        fx->mask |= AKSU_FX_URGENT;
    }
}

// Eighth: the text. An acknowledgment is owed at once for what is out of order or fills a gap
// (RFC 5681 4.2), else for every second segment (SHLD-18, 19).
static void take_text(const struct aksu_profile *p, struct aksu_tcb *t, const struct aksu_event *ev,
                      struct aksu_effects *fx)
{
    if (aksu_tcp_take_text(p, t, ev->segment, fx) || (t->flags & AKSU_F_QUICKACK) ||
        p->delayed_ack_ms == 0 || (t->timers & AKSU_TIMER_ACK)) {
        t->owed |= AKSU_OWE_ACK;
    } else {
        t->ack_at = ev->now_ms + p->delayed_ack_ms;
        t->timers |= AKSU_TIMER_ACK;
    }
}

// Ninth: FIN, once everything before it is here.
static void take_fin(const struct aksu_profile *p, struct aksu_tcb *t, uint32_t now_ms)
{
    t->owed |= AKSU_OWE_ACK;
    if (t->state == AKSU_ESTABLISHED) {
        t->state = AKSU_CLOSE_WAIT;
    } else if (t->state == AKSU_FIN_WAIT_1) {
        t->state = AKSU_CLOSING;
    } else {
        aksu_tcp_enter_time_wait(p, t, now_ms);
    }
}

// Seventh to ninth.
void aksu_tcp_take_rest(const struct aksu_profile *p, struct aksu_tcb *t,
                        const struct aksu_event *ev, struct aksu_effects *fx)
{
    const struct aksu_segment *s = ev->segment;
    aksu_seq end = s->seq + s->len + ((s->flags & AKSU_SYN) != 0);

    if (!aksu_tcp_receiving(t)) {
        if (s->len > 0) {
            aksu_tcp_challenge(p, t, ev->now_ms); // text behind the peer's FIN is ignored
        }
        return;
    }
    take_urgent(t, s, fx);
    if (s->len == 0 && !(s->flags & AKSU_FIN)) {
        return;
    }
    if ((t->flags & AKSU_F_RCV_CLOSED) && s->len > 0 && aksu_seq_lt(t->rcv_nxt, end)) {
        aksu_tcp_finish(t, fx, AKSU_ECONNABORTED); // data after CLOSE is lost: say so (SHLD-3)
        t->owed = AKSU_OWE_RST;
        return;
    }
    take_text(p, t, ev, fx);
    if (fx->mask & AKSU_FX_EOF) {
        take_fin(p, t, ev->now_ms);
    }
}

// The checks. A repeated SYN is not as a segment of the connection. In a simultaneous open it comes
// with the ACK of ours, and that counts (3.5, Figure 8); else the client has not seen our SYN,ACK.
static bool check(const struct aksu_profile *p, struct aksu_tcb *t, const struct aksu_event *ev,
                  struct aksu_effects *fx)
{
    const struct aksu_segment *s = ev->segment;

    if (!repeated_syn(t, s)) {
        return check_sequence(p, t, ev, fx) && check_reset(p, t, ev, fx) &&
               check_syn(p, t, ev, fx) && check_ack(p, t, ev, fx);
    }
    if ((t->flags & AKSU_F_PASSIVE) || !(s->flags & AKSU_ACK)) {
        t->snd_nxt = t->snd_una; // again
        return refuse(fx);
    }
    return (s->options & AKSU_OPT_ILLEGAL) ? refuse(fx) : check_ack(p, t, ev, fx);
}

void aksu_tcp_arrives(const struct aksu_profile *p, struct aksu_tcb *t, const struct aksu_event *ev,
                      struct aksu_effects *fx)
{
    if (!check(p, t, ev, fx)) {
        return;
    }
    take_timestamp(p, t, ev);
    t->keep_probes = 0;
    if (t->state == AKSU_SYN_RECEIVED) {
        t->state = AKSU_ESTABLISHED;
        fx->mask |= AKSU_FX_OPENED;
    }
    aksu_seq una = t->snd_una;

    aksu_tcp_take_ack(p, t, ev, fx);
    if (t->state != AKSU_CLOSED) {
        take_window(p, t, ev, una != t->snd_una);
        aksu_tcp_take_rest(p, t, ev, fx);
    }
}
