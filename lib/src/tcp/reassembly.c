// SPDX-License-Identifier: MIT
// The receive side's text: what is new is delivered, what is ahead is kept in place in the receive
// ring, and ranges of sequence numbers say where (RFC 9293 3.10.7.4, eighth; SHLD-31). The peer's
// FIN counts as one number, so a FIN that is ahead is a range of its own or the end of one.
#include "tcp.h"

// Text up to a number was here before: the next ACK tells.
void aksu_tcp_report_duplicate(const struct aksu_step *c, aksu_seq to)
{
    if (c->t->flags & AKSU_F_SACK) {
        c->p->sack->duplicate(c, to);
    }
}

// Trims the text and the FIN to the window, or to a FIN that is held: nothing lies behind that. A
// FIN outside of the window, or with data known to lie behind it, is not one yet. Returns whether
// there is a FIN.
static bool trim(const struct aksu_step *c, struct aksu_tcb *t, aksu_seq text, struct aksu_range *x)
{
    aksu_seq edge = aksu_tcp_rightmost(c);
    const struct aksu_segment *s = c->s;
    bool held = (t->flags & AKSU_F_FIN_HELD) != 0;
    aksu_seq stop = held ? edge - 1 : t->rcv_adv;
    aksu_seq end = text + s->len;
    bool fin = (s->flags & AKSU_FIN) && aksu_seq_leq(edge, end);

    if (aksu_seq_leq(stop, end)) {
        end = stop;
        fin = held;
    }
    x->start = aksu_seq_max(text, t->rcv_nxt);
    x->end = end + fin;
    return fin;
}

// Moves rcv_nxt to the end of the text and of what it was joined with.
static void accept(struct aksu_step *c, struct aksu_tcb *t, aksu_seq end)
{
    uint32_t octets = end - t->rcv_nxt;

    if ((t->flags & AKSU_F_FIN_HELD) && t->ranges == 0) {
        octets--;
        t->rcv_up++; // it counts from rcv_nxt on, in which the FIN is no octet
        t->flags &= (uint16_t)~AKSU_F_FIN_HELD;
        c->fx.mask |= AKSU_FX_EOF;
    }
    c->fx.ready = octets;
    t->rcv_nxt = end;
    t->rcv_room -= octets;
}

// Takes the text of a segment, as trimmed, in. False: nothing of it is new, or there is no room.
static bool place(struct aksu_step *c, struct aksu_tcb *t, aksu_seq text, struct aksu_range *x,
                  bool fin)
{
    c->fx.copy_from = x->start - text;
    c->fx.copy_to = x->start - t->rcv_nxt;
    c->fx.copy_len = x->end - x->start - fin;
    bool fresh = aksu_tcp_join(c, x);

    if (c->fx.copy_to > 0 && !aksu_tcp_hold(c, x->start, x->end)) {
        return false;
    }
    t->flags |= fin ? AKSU_F_FIN_HELD : 0;
    if (c->fx.copy_to == 0) {
        accept(c, t, x->end);
    }
    if (fresh && c->fx.copy_len > 0) {
        c->fx.mask |= AKSU_FX_DELIVER;
    }
    return fresh;
}

// Returns whether an acknowledgment is owed at once.
bool aksu_tcp_take_text(struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    struct aksu_range x;

    aksu_tcp_forget_duplicate(t);
    aksu_seq text = aksu_tcp_text(c->s);
    bool fin = trim(c, t, text, &x);
    unsigned held = t->ranges;

    if (aksu_seq_lt(x.start, x.end) && place(c, t, text, &x, fin)) {
        return fin || held > 0 || c->fx.copy_to > 0;
    }
    aksu_tcp_report_duplicate(c, x.end);
    return true;
}
