// SPDX-License-Identifier: MIT
// The receiver's selective acknowledgments, RFC 2018 and 2883.
#include "tcp.h"

// A duplicate waits in the last range for the next ACK. If all ranges hold data it goes unreported.
static void duplicate(struct aksu_tcb *t, aksu_seq start, aksu_seq end)
{
    aksu_tcp_forget_duplicate(t);
    t->flags |= aksu_tcp_hold(t, start, end) ? AKSU_F_DSACK : 0;
}

// The most recent first (RFC 2018 4).
static void put(const struct aksu_tcb *t, struct aksu_segment *s)
{
    struct aksu_range *to = s->sack;

    for (unsigned i = t->ranges; i-- > 0;) {
        *to++ = t->range[i];
    }
    s->sacks = (uint8_t)aksu_tcp_sack_blocks(t);
    s->options |= AKSU_OPT_SACK;
}

const struct aksu_sack aksu_tcp_sack = {duplicate, put};
