// SPDX-License-Identifier: MIT
// The receiver's selective acknowledgments, RFC 2018 and 2883.
#include "tcp.h"

// A duplicate waits in the last range for the next ACK. If all ranges hold data it goes unreported.
static void duplicate(const struct aksu_step *c, aksu_seq start, aksu_seq end)
{
    aksu_tcp_forget_duplicate(c->t);
    c->t->flags |= aksu_tcp_hold(c, start, end) ? AKSU_F_DSACK : 0;
}

// The most recent first (RFC 2018 4).
static void put(const struct aksu_step *c, struct aksu_segment *s)
{
    const struct aksu_range *from = c->range + c->t->ranges;
    unsigned blocks = aksu_tcp_sack_blocks(c->t);

    s->sacks = (uint8_t)blocks;
    for (struct aksu_range *to = s->sack; blocks > 0; blocks--) {
        *to++ = *--from;
    }
    s->options |= AKSU_OPT_SACK;
}

const struct aksu_sack aksu_tcp_sack = {duplicate, put};
