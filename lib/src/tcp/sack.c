// SPDX-License-Identifier: MIT
// The receiver's selective acknowledgments, RFC 2018 and 2883.
#include "tcp.h"

// A duplicate waits in range[0] for the next ACK. If all ranges hold data it goes unreported.
static void duplicate(struct aksu_tcb *t, aksu_seq start, aksu_seq end)
{
    t->flags |= aksu_tcp_hold(t, start, end) ? AKSU_F_DSACK : 0;
}

// As many as fit behind timestamps, the most recent first (RFC 2018 4).
static void put(const struct aksu_tcb *t, struct aksu_segment *s)
{
    unsigned most = (t->flags & AKSU_F_TIMESTAMPS) ? 3 : 4;

    s->sacks = (uint8_t)aksu_min32(t->ranges, most);
    if (s->sacks > 0) {
        s->options |= AKSU_OPT_SACK;
        memcpy(s->sack, t->range, s->sacks * sizeof s->sack[0]);
    }
}

const struct aksu_sack aksu_tcp_sack = {duplicate, put};
