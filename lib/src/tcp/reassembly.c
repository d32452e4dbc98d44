// SPDX-License-Identifier: MIT
// The receive side's text: what is new is delivered, what is ahead is kept in place in the receive
// ring, and ranges of sequence numbers say where (RFC 9293 3.10.7.4, eighth; SHLD-31). The peer's
// FIN counts as one number, so a FIN that is ahead is a range of its own or the end of one.
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

// Text up to a number was here before: the next ACK tells.
void aksu_tcp_report_duplicate(const struct aksu_step *c, aksu_seq to)
{
    if (c->t->flags & AKSU_F_SACK) {
        c->p->sack->duplicate(c, to);
    }
}

// One past the rightmost number held.
static aksu_seq rightmost(const struct aksu_step *c)
{
    aksu_seq edge = c->t->rcv_nxt;

    for (unsigned i = 0; i < c->t->ranges; i++) {
        aksu_seq_raise(&edge, c->range[i].end);
    }
    return edge;
}

// Trims the text and the FIN to the window. A FIN outside of it, or with data known to lie behind
// it, is not one yet; nothing lies behind a FIN that is held. Returns whether there is a FIN.
static bool trim(const struct aksu_step *c, struct aksu_range *x)
{
    const struct aksu_tcb *t = c->t;
    const struct aksu_segment *s = c->s;
    aksu_seq edge = rightmost(c);
    bool held = (t->flags & AKSU_F_FIN_HELD) != 0;
    aksu_seq end = aksu_tcp_text(s) + s->len;
    bool fin =
        (s->flags & AKSU_FIN) && aksu_seq_lt(end, t->rcv_adv) && aksu_seq_leq(edge, end + held);

    end = aksu_seq_min(end, t->rcv_adv) + fin;
    if (held) {
        end = aksu_seq_min(end, edge);
        fin = end == edge;
    }
    x->start = aksu_seq_max(aksu_tcp_text(s), t->rcv_nxt);
    x->end = end;
    return fin;
}

// Takes the ranges that the text touches out, and joins them with it. One look is enough: no two
// ranges touch each other. Returns whether some of the text was not in them.
static bool join(const struct aksu_step *c, struct aksu_range *x)
{
    struct aksu_tcb *t = c->t;
    uint32_t known = 0;
    unsigned kept = 0;

    for (unsigned i = 0; i < t->ranges; i++) {
        struct aksu_range r = c->range[i];
        uint32_t len = r.end - r.start;
        uint32_t reach = r.end - x->start;
        uint32_t most = len + (x->end - x->start);
        if (reach > most) { // it ends before, or begins behind
            c->range[kept++] = r;
            continue;
        }
        known += len;
        x->start = aksu_seq_min(x->start, r.start);
        aksu_seq_raise(&x->end, r.end);
    }
    t->ranges = (uint8_t)kept;
    uint32_t all = x->end - x->start;

    return all > known;
}

// Moves rcv_nxt to the end of the text and of what it was joined with.
static void accept(struct aksu_step *c, struct aksu_tcb *t, aksu_seq end, bool fin)
{
    fin = fin || ((t->flags & AKSU_F_FIN_HELD) && t->ranges == 0);
    c->fx.ready = end - t->rcv_nxt - fin;
    t->rcv_nxt = end;
    t->rcv_room -= c->fx.ready;
    if (fin) {
        t->rcv_up++; // it counts from rcv_nxt on, in which the FIN is no octet
        t->flags &= (uint16_t)~AKSU_F_FIN_HELD;
        c->fx.mask |= AKSU_FX_EOF;
    }
}

// Returns whether an acknowledgment is owed at once.
bool aksu_tcp_take_text(struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    struct aksu_range x;

    aksu_tcp_forget_duplicate(t);
    bool fin = trim(c, &x);
    if (!aksu_seq_lt(x.start, x.end)) {
        aksu_tcp_report_duplicate(c, x.end);
        return true; // nothing new, or nothing that there is room for
    }
    c->fx.copy_from = x.start - aksu_tcp_text(c->s);
    c->fx.copy_to = x.start - t->rcv_nxt;
    c->fx.copy_len = x.end - x.start - fin;
    bool now = fin || c->fx.copy_to > 0 || t->ranges > 0;
    bool fresh = join(c, &x);

    if (c->fx.copy_to == 0) {
        accept(c, t, x.end, fin);
    } else if (aksu_tcp_hold(c, x.start, x.end)) {
        t->flags |= fin ? AKSU_F_FIN_HELD : 0;
    } else {
        return true;
    }
    if (!fresh) {
        aksu_tcp_report_duplicate(c, x.end);
        return true;
    }
    c->fx.mask |= c->fx.copy_len > 0 ? AKSU_FX_DELIVER : 0;
    return now;
}
