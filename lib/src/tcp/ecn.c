// SPDX-License-Identifier: MIT
// Explicit congestion notification, RFC 3168: a router marks a packet instead of dropping it, the
// receiver echoes that until the sender says that it has slowed down.
#include "tcp.h"

enum {
    ECT_0 = 2, // IP's field: the transport knows ECN
    CE = 3,    // a router was congested
    SETUP = AKSU_ECE | AKSU_CWR,
    DUPACKS = 3
};

// 6.1.1: a SYN asks with both flags, a SYN,ACK agrees with one; a SYN that was sent again asked for
// nothing (6.1.1.1).
static void syn(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    bool answered = (c->s->flags & AKSU_ACK) != 0;
    unsigned wanted = answered ? AKSU_ECE : SETUP;

    if ((c->s->flags & SETUP) != wanted || (answered && (t->flags & AKSU_F_SYN_RETRIED))) {
        t->owed &= (uint8_t)~AKSU_ECN;
    } else if (!answered) {
        t->owed |= AKSU_ECN;
    }
}

static unsigned setup(const struct aksu_tcb *t, const struct aksu_segment *s)
{
    if (s->flags & AKSU_ACK) {
        return AKSU_ECE;
    }
    return (t->flags & AKSU_F_SYN_RETRIED) ? 0 : SETUP;
}

static void put(const struct aksu_tcb *t, struct aksu_segment *s)
{
    if (s->flags & AKSU_SYN) {
        s->flags |= (uint8_t)setup(t, s);
    } else {
        s->flags |= t->owed & AKSU_ECE;
        // Neither what is sent again nor a window probe (6.1.5, 6.1.6).
        if (s->len > 0 && !aksu_seq_lt(s->seq, t->snd_max) && !(t->owed & AKSU_OWE_PROBE)) {
            // The first new text behind a reduction, whatever it was for (6.1.2): see recover.
            s->flags |= s->seq == t->recover ? AKSU_CWR : 0;
            s->tos = ECT_0;
        }
    }
}

// Congestion without a loss: less is given up than for one (RFC 8511), and at most once in a window
// (6.1.2).
static void slow_down(const struct aksu_step *c, struct aksu_tcb *t)
{
    uint32_t cwnd = t->cwnd;
    uint32_t flight = aksu_min32(t->snd_max - t->snd_una, cwnd);

    if (c->b) {
        c->b->prior_cwnd = cwnd;
        c->b->undo = 0; // a D-SACK does not give this back
    }
    c->p->congestion->lost(c, flight);
    t->ssthresh = aksu_max32(t->ssthresh, flight / 5 * 4);
    t->cwnd = aksu_min32(cwnd, t->ssthresh);
    t->recover = t->snd_max;
    t->owed |= AKSU_ECN_SLOWED;
}

// What is lost of a window that an echo has made smaller is sent again at the third duplicate, too,
// though recovery.c, for which recover is that of an earlier loss, lets it wait for a timeout. For
// the same window no more is given up (6.1.2); the first segment of the next may be what is lost.
static void repair(const struct aksu_step *c, struct aksu_tcb *t)
{
    if (t->snd_nxt != t->snd_max || aksu_seq_lt(t->recover, t->snd_una)) {
        t->owed &= (uint8_t)~AKSU_ECN_SLOWED; // there was a timeout, or the window is over
    } else if (t->dupacks == DUPACKS) {
        if (t->recover == t->snd_una) {
            c->p->congestion->lost(c, aksu_min32(t->snd_max - t->snd_una, t->cwnd));
        } else {
            t->cwnd = t->ssthresh + DUPACKS * t->snd_mss;
        }
        t->recover = t->snd_max;
        t->flags |= AKSU_F_RECOVERY;
        t->dupacks = 0;
        t->owed = (uint8_t)((t->owed & ~AKSU_ECN_SLOWED) | AKSU_OWE_REXMIT);
    }
}

static void arrived(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    const struct aksu_segment *s = c->s;

    if (s->flags & AKSU_CWR) {
        t->owed &= (uint8_t)~AKSU_ECE;
    }
    if ((s->tos & CE) == CE) {
        t->owed |= AKSU_ECE;
    }
    if ((s->flags & (AKSU_ECE | AKSU_SYN)) == AKSU_ECE && aksu_seq_lt(t->recover, s->ack)) {
        slow_down(c, t);
    }
    if (t->owed & AKSU_ECN_SLOWED) {
        repair(c, t);
    }
}

const struct aksu_ecn aksu_ecn_answers = {false, syn, put, arrived};
const struct aksu_ecn aksu_ecn_asks = {true, syn, put, arrived};
