// SPDX-License-Identifier: MIT
// The receiver's selective acknowledgments, RFC 2018 and 2883.
#include "tcp.h"

// What of a segment was here before, up to a number, for the next ACK to tell (RFC 2883 4): it
// waits in the last range. If all ranges hold data it goes unreported.
static void duplicate(const struct aksu_step *c, aksu_seq to)
{
    aksu_seq start = aksu_tcp_text(c->s);
    aksu_seq end = aksu_seq_min(to, start + c->s->len);

    if (aksu_seq_lt(start, end)) {
        aksu_tcp_forget_duplicate(c->t);
        c->t->flags |= aksu_tcp_hold(c, start, end) ? AKSU_F_DSACK : 0;
    }
}

// The most recent first (RFC 2018 4). Neither a SYN nor a RST tells any.
static void put(const struct aksu_step *c, struct aksu_segment *s)
{
    const struct aksu_range *from = c->range + c->t->ranges;
    unsigned blocks = aksu_tcp_sack_blocks(c->t);

    if (s->flags & (AKSU_SYN | AKSU_RST)) {
        return;
    }
    s->sacks = (uint8_t)blocks;
    for (struct aksu_range *to = s->sack; blocks > 0; blocks--) {
        *to++ = *--from;
    }
    s->options |= AKSU_OPT_SACK;
}

const struct aksu_sack aksu_tcp_sack = {duplicate, put};
