// SPDX-License-Identifier: MIT
/// What holds of a scoreboard after every step.
#ifndef BOARD_CHECK_H
#define BOARD_CHECK_H

#include "tcp/board.h"

/// Returns what is wrong, or NULL. A FIN that was sent before our SYN was acknowledged is not on
/// the board: then there are no runs.
static inline const char *board_fault(const struct aksu_tcb *t, const struct aksu_board *b)
{
    bool used = (t->flags & (AKSU_F_SACK | AKSU_F_SYN_UNACKED)) == AKSU_F_SACK;

    if (!b || !used || !aksu_tcp_sending(t))
        return NULL;
    const struct aksu_run *r = aksu_runs(b);

    if (b->runs > b->size)
        return "more runs than there is room for";
    for (unsigned i = 0; i < b->runs; i++) {
        if (!aksu_seq_lt(r[i].start, r[i + 1].start))
            return "an empty run";
        if ((r[i].flags & AKSU_RUN_STATUS) == AKSU_RUN_STATUS)
            return "received and lost at once";
    }
    uint32_t flight = t->snd_max - t->snd_una;
    bool all = r[0].start == t->snd_una && r[b->runs].start == t->snd_max;
    bool none = flight == 0 || (flight == 1 && (t->flags & AKSU_F_FIN));
    if (b->runs > 0 ? !all : !none)
        return "the runs are not what is in flight";
    if (t->snd_nxt != t->snd_max && t->snd_nxt != t->snd_una)
        return "SND.NXT has fallen back, but not to SND.UNA";
    return NULL;
}

#endif
