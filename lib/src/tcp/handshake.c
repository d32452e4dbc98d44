// SPDX-License-Identifier: MIT
// Opening: the OPEN calls (RFC 9293 3.10.1), LISTEN (3.10.7.2) and SYN-SENT (3.10.7.3).
#include "tcp.h"

// RFC 7323 2.3: the smallest shift that makes the whole receive ring expressible.
uint8_t aksu_tcp_window_shift(uint32_t rcv_buf)
{
    uint8_t shift = 0;

    for (; rcv_buf > UINT16_MAX && shift < AKSU_WSCALE_MAX; rcv_buf /= 2) {
        shift++;
    }
    return shift;
}

// Begins a connection in a TCB that is zero.
void aksu_tcp_open(const struct aksu_step *c, const struct aksu_open *o, enum aksu_state state)
{
    const struct aksu_profile *p = c->p;
    struct aksu_tcb *t = c->t;

    t->snd_una = t->snd_nxt = t->snd_max = t->snd_up = t->recover = o->iss;
    t->salt = o->salt;
    t->rcv_buf = t->rcv_room = o->rcv_buf;
    t->rcv_mss = t->snd_mss = o->mss;
    // What is offered is on until the peer's SYN says otherwise.
    unsigned flags = AKSU_F_SYN_UNACKED;
    if (p->sack) {
        flags |= AKSU_F_SACK;
    }
    if (p->timestamps) {
        flags |= AKSU_F_TIMESTAMPS;
    }
    if (p->window_scale) {
        flags |= AKSU_F_WSCALE;
        t->rcv_wscale = aksu_tcp_window_shift(o->rcv_buf);
    }
    t->flags = (uint16_t)flags;
    t->state = (uint8_t)state;
}

// Options that count only on a SYN. What the peer does not offer is off in both directions.
static void negotiate(struct aksu_tcb *t, const struct aksu_segment *s)
{
    uint32_t mss = AKSU_MSS_DEFAULT;

    if (s->options & AKSU_OPT_MSS) {
        mss = s->mss;
    }
    t->snd_mss = (uint16_t)aksu_min32(aksu_max32(mss, AKSU_MSS_FLOOR), t->rcv_mss);
    t->flags &= (uint16_t)(s->options << AKSU_OFFER_SHIFT | ~AKSU_OFFERS);
    if (t->flags & AKSU_F_WSCALE) {
        t->snd_wscale = (uint8_t)aksu_min32(s->wscale, AKSU_WSCALE_MAX);
    } else {
        t->rcv_wscale = 0;
    }
    if (t->flags & AKSU_F_TIMESTAMPS) {
        t->snd_mss = (uint16_t)(t->snd_mss - AKSU_TIMESTAMPS_LEN);
    }
}

// The peer's SYN: the connection is in SYN-RECEIVED, unless there is an ACK with it.
void aksu_tcp_take_syn(struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    const struct aksu_segment *s = c->s;

    t->rcv_nxt = t->rcv_adv = t->rcv_up = t->last_ack = s->seq + 1;
    t->snd_wl1 = s->seq;
    t->snd_wnd = t->max_snd_wnd = s->wnd; // of a SYN it is never scaled (RFC 7323 2.2)
    negotiate(t, s);
    if (t->flags & AKSU_F_TIMESTAMPS) {
        c->p->timestamps->arrived(t, s, c->now_ms);
    }
    if (c->p->ecn) {
        c->p->ecn->syn(c);
    }
    t->state = AKSU_SYN_RECEIVED;
    c->fx.refused = false;
}

// 3.10.7.3, first and second: whether the segment comes through the ACK and RST checks.
static bool check_syn_sent(struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    const struct aksu_segment *s = c->s;

    if (s->flags & AKSU_ACK) {
        // Of the SYN, or of text that it brought, too.
        if (s->ack - t->snd_una - 1 >= t->snd_max - t->snd_una) {
            c->fx.mask = (s->flags & AKSU_RST) ? 0 : AKSU_FX_RESET;
            return false;
        }
        if (s->flags & AKSU_RST) {
            c->fx.refused = false;
            aksu_tcp_finish(c, -AKSU_ECONNREFUSED);
            return false;
        }
    }
    // Fifth: neither SYN nor RST. A bare SYN with FIN is no TCP's.
    if ((s->flags & (AKSU_SYN | AKSU_RST)) != AKSU_SYN || (s->options & AKSU_OPT_ILLEGAL)) {
        return false;
    }
    return (s->flags & (AKSU_ACK | AKSU_FIN)) != AKSU_FIN;
}

// Its acknowledgment and all behind it are taken as one of SYN-RECEIVED: aksu_tcp_segment()
// follows.
void aksu_tcp_arrives_syn_sent(struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;

    if (!check_syn_sent(c)) {
        return;
    }
    aksu_tcp_take_syn(c);
    if (!(c->s->flags & AKSU_ACK)) {
        t->snd_nxt = t->snd_una; // the SYN again, now with an ACK
        return;
    }
    // Text that the SYN brought and the peer did not take is as if it had not been sent: it goes at
    // once (RFC 7413 4.2.2).
    t->snd_nxt = t->snd_max = c->s->ack;
    if (!(t->flags & AKSU_F_TIMESTAMPS)) {
        t->ts_recent = c->s->ack;
    }
    // Our SYN offered this much, unscaled.
    t->rcv_adv = t->rcv_nxt + aksu_min32(t->rcv_room, UINT16_MAX);
    t->owed |= AKSU_OWE_ACK;
}
