// SPDX-License-Identifier: MIT
// The ranges of sequence numbers that are held out of order, the most recent last.
#include "tcp.h"

// A duplicate is the last range there is.
void aksu_tcp_forget_duplicate(struct aksu_tcb *t)
{
    if (t->flags & AKSU_F_DSACK) {
        t->flags &= (uint16_t)~AKSU_F_DSACK;
        t->ranges--;
    }
}

// Puts a range behind the others. False: no room for it.
bool aksu_tcp_hold(const struct aksu_step *c, aksu_seq start, aksu_seq end)
{
    if (c->t->ranges == c->range_max) {
        return false;
    }
    struct aksu_range *r = &c->range[c->t->ranges++];

    r->start = start;
    r->end = end;
    return true;
}

// One past the rightmost number held.
aksu_seq aksu_tcp_rightmost(const struct aksu_step *c)
{
    const struct aksu_range *r = c->range;
    aksu_seq edge = c->t->rcv_nxt;

    for (unsigned left = c->t->ranges; left > 0; left--, r++) {
        aksu_seq_raise(&edge, r->end);
    }
    return edge;
}

// Takes the ranges that the text touches out, and joins them with it. One look is enough: no two
// ranges touch each other. Returns whether some of the text was not in them.
bool aksu_tcp_join(const struct aksu_step *c, struct aksu_range *x)
{
    struct aksu_range *kept = c->range;
    const struct aksu_range *r = kept;
    const struct aksu_range *last = r + c->t->ranges;
    uint32_t known = 0;

    for (; r < last; r++) {
        aksu_seq start = r->start;
        aksu_seq end = r->end;
        uint32_t len = end - start;
        uint32_t reach = end - x->start;
        uint32_t most = len + (x->end - x->start);
        if (reach > most) { // it ends before, or begins behind
            kept->start = start;
            kept->end = end;
            kept++;
            continue;
        }
        known += len;
        x->start = aksu_seq_min(x->start, start);
        aksu_seq_raise(&x->end, end);
        c->t->ranges--;
    }
    uint32_t all = x->end - x->start;

    return all > known;
}
