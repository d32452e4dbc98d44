// SPDX-License-Identifier: MIT
// The receive side's text: what is new is delivered, what is ahead is kept in place in the receive
// ring, and ranges of sequence numbers say where (RFC 9293 3.10.7.4, eighth; SHLD-31). The peer's
// FIN counts as one number, so a FIN that is ahead is a range of its own or the end of one.
#include "tcp.h"

// A segment's text, cut to what can be used.
struct text {
    aksu_seq start;
    aksu_seq end; // with the FIN
    bool fin;
};

static void remove_range(struct aksu_tcb *t, unsigned i)
{
    t->ranges--;
    memmove(&t->range[i], &t->range[i + 1], (t->ranges - i) * sizeof t->range[0]);
}

void aksu_tcp_forget_duplicate(struct aksu_tcb *t)
{
    if (t->flags & AKSU_F_DSACK) {
        t->flags &= (uint16_t)~AKSU_F_DSACK;
        remove_range(t, 0);
    }
}

// What of a segment was here before, for the next ACK to tell (RFC 2883 4).
void aksu_tcp_report_duplicate(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    const struct aksu_segment *s = c->s;
    aksu_seq start = s->seq + ((s->flags & AKSU_SYN) != 0);
    aksu_seq end = aksu_seq_min(start + s->len, t->rcv_nxt);

    aksu_tcp_forget_duplicate(t);
    if ((t->flags & AKSU_F_SACK) && aksu_seq_lt(start, end)) {
        c->p->sack->duplicate(t, start, end);
    }
}

// One past the rightmost number held.
static aksu_seq rightmost(const struct aksu_tcb *t)
{
    aksu_seq edge = t->rcv_nxt;

    for (unsigned i = 0; i < t->ranges; i++) {
        edge = aksu_seq_max(edge, t->range[i].end);
    }
    return edge;
}

static bool held(const struct aksu_tcb *t, const struct text *x)
{
    for (unsigned i = 0; i < t->ranges; i++) {
        if (aksu_seq_leq(t->range[i].start, x->start) && aksu_seq_leq(x->end, t->range[i].end)) {
            return true;
        }
    }
    return false;
}

// Takes the ranges that the text touches out, and joins them with it. One look is enough: no two
// ranges touch each other.
static struct aksu_range join(struct aksu_tcb *t, const struct text *x)
{
    struct aksu_range joined = {x->start, x->end};

    for (unsigned i = t->ranges; i-- > 0;) {
        struct aksu_range *r = &t->range[i];
        if (aksu_seq_leq(joined.start, r->end) && aksu_seq_leq(r->start, joined.end)) {
            joined.start = aksu_seq_min(joined.start, r->start);
            joined.end = aksu_seq_max(joined.end, r->end);
            remove_range(t, i);
        }
    }
    return joined;
}

// Puts a range in front of the others. False: no room for it.
bool aksu_tcp_hold(struct aksu_tcb *t, aksu_seq start, aksu_seq end)
{
    if (t->ranges == AKSU_RANGES) {
        return false;
    }
    memmove(&t->range[1], &t->range[0], t->ranges * sizeof t->range[0]);
    t->range[0].start = start;
    t->range[0].end = end;
    t->ranges++;
    return true;
}

// Trims to the window. A FIN outside of it, or with data known to lie behind it, is not one yet;
// nothing lies behind a FIN that is held.
static void trim(const struct aksu_tcb *t, const struct aksu_segment *s, struct text *x)
{
    aksu_seq edge = rightmost(t);

    x->start = s->seq + ((s->flags & AKSU_SYN) != 0);
    x->end = x->start + s->len;
    x->fin = (s->flags & AKSU_FIN) && aksu_seq_lt(x->end, t->rcv_adv) &&
             aksu_seq_leq(edge, x->end + 1) &&
             (edge != x->end + 1 || (t->flags & AKSU_F_FIN_HELD) || t->ranges == 0);
    x->end = aksu_seq_min(x->end, t->rcv_adv) + x->fin;
    x->start = aksu_seq_max(x->start, t->rcv_nxt);
    if (t->flags & AKSU_F_FIN_HELD) {
        x->end = aksu_seq_min(x->end, edge);
        x->fin = x->end == edge;
    }
}

// Moves rcv_nxt to the end of the text and of what it was joined with.
static void accept(const struct aksu_step *c, aksu_seq end, bool fin)
{
    struct aksu_tcb *t = c->t;

    fin = fin || ((t->flags & AKSU_F_FIN_HELD) && t->ranges == 0);
    c->fx->ready = end - t->rcv_nxt - fin;
    t->rcv_nxt = end;
    t->rcv_room -= c->fx->ready;
    if (fin) {
        t->ranges = 0;
        t->flags &= (uint16_t)~AKSU_F_FIN_HELD;
        c->fx->mask |= AKSU_FX_EOF;
    }
}

// Returns whether an acknowledgment is owed at once.
bool aksu_tcp_take_text(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    const struct aksu_segment *s = c->s;
    struct text x;

    aksu_tcp_forget_duplicate(t);
    trim(t, s, &x);
    if (!aksu_seq_lt(x.start, x.end)) {
        aksu_tcp_report_duplicate(c);
        return true; // nothing new, or nothing that there is room for
    }
    uint32_t len = x.end - x.start - x.fin;
    bool gap = x.start != t->rcv_nxt || t->ranges > 0;

    c->fx->copy_from = x.start - s->seq - ((s->flags & AKSU_SYN) != 0);
    c->fx->copy_to = x.start - t->rcv_nxt;
    if (held(t, &x)) {
        if (t->flags & AKSU_F_SACK) {
            c->p->sack->duplicate(t, x.start, x.end);
        }
        return true;
    }
    struct aksu_range joined = join(t, &x);

    if (joined.start == t->rcv_nxt) {
        accept(c, joined.end, x.fin);
    } else if (aksu_tcp_hold(t, joined.start, joined.end)) {
        t->flags |= x.fin ? AKSU_F_FIN_HELD : 0;
    } else {
        return true;
    }
    c->fx->copy_len = len;
    c->fx->mask |= (len > 0 || c->fx->ready > 0) ? AKSU_FX_DELIVER : 0;
    return gap || len == 0;
}
