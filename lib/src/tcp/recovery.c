// SPDX-License-Identifier: MIT
// Loss recovery without the sender's use of SACK: fast retransmit and NewReno, RFC 5681 3.2 and
// RFC 6582. recover holds snd_max, one more than "the highest sequence number transmitted".
#include "tcp.h"

enum { DUPACKS = 3 };

// RFC 6582 3.2 step 3; snd_una has moved.
void aksu_tcp_recovery_acked(const struct aksu_step *c, uint32_t acked)
{
    struct aksu_tcb *t = c->t;
    uint32_t mss = t->snd_mss;

    if (!(t->flags & AKSU_F_RECOVERY)) {
        t->dupacks = 0;
        c->p->congestion->acked(c, acked);
    } else if (aksu_seq_leq(t->recover, t->snd_una)) {
        uint32_t flight = t->snd_max - t->snd_una;
        t->cwnd = aksu_min32(t->ssthresh, aksu_max32(flight, mss) + mss);
        aksu_tcp_leave_recovery(t);
    } else {
        t->cwnd = aksu_max32(t->cwnd, acked + mss) - acked;
        if (acked >= mss) {
            t->cwnd += mss;
        }
        t->owed |= AKSU_OWE_REXMIT;
    }
}

void aksu_tcp_recovery_duplicate(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;

    if (t->flags & AKSU_F_RECOVERY) {
        t->cwnd += t->snd_mss;
        return;
    }
    // What is sent again anyway needs no duplicate ACKs, and they let nothing more out (RFC
    // 5681 3.2).
    if (t->snd_nxt != t->snd_max || t->dupacks == UINT8_MAX) {
        return;
    }
    if (++t->dupacks == DUPACKS && aksu_seq_lt(t->recover, t->snd_una)) {
        t->recover = t->snd_max;
        t->flags |= AKSU_F_RECOVERY;
        // What limited transmit sent is beyond cwnd, and does not count (RFC 5681 3.2 step 2).
        c->p->congestion->lost(c, aksu_min32(t->snd_max - t->snd_una, t->cwnd));
        t->dupacks = 0; // limited transmit is over
        t->owed |= AKSU_OWE_REXMIT;
    }
}
