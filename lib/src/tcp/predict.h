// SPDX-License-Identifier: MIT
// Header prediction of what arrives, for its callers to have without a call: see predict.c.
#ifndef AKSU_PREDICT_H
#define AKSU_PREDICT_H

#include "tcp.h"

enum {
    // What there must not be of flags: nothing opens, closes, is mended or held.
    AKSU_F_UNUSUAL = AKSU_F_SYN_UNACKED | AKSU_F_FIN | AKSU_F_RCV_CLOSED | AKSU_F_FIN_HELD |
                     AKSU_F_RECOVERY | AKSU_F_DSACK | AKSU_F_PARTIAL
};

// An open connection that owes nothing but an ACK.
static inline bool aksu_tcp_plain(const struct aksu_tcb *t)
{
    return t->state == AKSU_ESTABLISHED && !(t->flags & AKSU_F_UNUSUAL) &&
           !(t->owed & ~AKSU_OWE_ACK);
}

// What arrived is next in order, with no option but the timestamps that were negotiated.
static inline bool aksu_tcp_next_in_order(const struct aksu_tcb *t, const struct aksu_segment *s)
{
    unsigned options = (t->flags & AKSU_F_TIMESTAMPS) >> AKSU_OFFER_SHIFT;

    return s->seq == t->rcv_nxt && (s->flags & ~AKSU_PSH) == AKSU_ACK && s->options == options &&
           (options == 0 || !aksu_seq_lt(s->tsval, t->ts_recent));
}

// A segment with the next text, an acknowledgment of text, or both.
static inline bool aksu_tcp_expected(const struct aksu_tcb *t, const struct aksu_segment *s)
{
    uint32_t acked = s->ack - t->snd_una;

    return aksu_tcp_plain(t) && aksu_tcp_next_in_order(t, s) && s->len <= t->rcv_adv - t->rcv_nxt &&
           t->ranges == 0 && acked <= t->snd_max - t->snd_una && (acked | s->len) != 0 &&
           t->snd_wnd != 0 && !aksu_seq_lt(s->seq, t->snd_wl1) && t->probes == 0;
}

// Takes its window; its number is the next in order.
static inline void aksu_tcp_take_window(struct aksu_tcb *t, const struct aksu_segment *s)
{
    t->keep_probes = 0;
    t->snd_wnd = (uint32_t)s->wnd << t->snd_wscale;
    t->snd_wl1 = t->rcv_nxt;
    t->max_snd_wnd = aksu_max32(t->max_snd_wnd, t->snd_wnd);
}

// Takes its text.
static inline void aksu_tcp_take_next(const struct aksu_profile *p, struct aksu_tcb *t,
                                      uint32_t now_ms, uint32_t len)
{
    t->rcv_nxt += len;
    t->rcv_room -= len;
    if ((t->timers & AKSU_TIMER_ACK) || (t->flags & AKSU_F_QUICKACK) || p->delayed_ack_ms == 0) {
        t->owed |= AKSU_OWE_ACK;
    } else {
        aksu_tcp_start(t, AKSU_AT_ACK, now_ms + p->delayed_ack_ms);
    }
}

// Nothing is in flight, and nothing is held back: no persist timer runs.
static inline void aksu_tcp_not_held(struct aksu_tcb *t)
{
    t->timers &= (uint8_t)~AKSU_TIMER_RTX;
    t->retries = 0;
}

// What is left to do behind it if there is nothing in flight; false: more.
static inline bool aksu_tcp_quiet(struct aksu_tcb *t)
{
    if (t->snd_una == t->snd_max) {
        if (t->snd_buf > 0) {
            return false;
        }
        aksu_tcp_not_held(t);
    }
    return true;
}

// The peer is there.
static inline void aksu_tcp_heard(struct aksu_tcb *t, uint32_t now_ms)
{
    if (t->flags & AKSU_F_KEEPALIVE) {
        aksu_tcp_start(t, AKSU_AT_MISC, now_ms + aksu_tcp_keep_idle_ms(t));
    }
}

#endif
