// SPDX-License-Identifier: MIT
// TCP Fast Open, RFC 7413, as far as the state machine knows it: before its SYN goes, a client may
// give it text; before its SYN,ACK goes, a server may take the text of the SYN. Cookies are the
// stack's.
#include "tcp.h"

// 4.2.2: the text is taken, and an answer may go, before the handshake is over. From here on it is
// a connection as others are, but for its SYN that waits for an ACK: what ends it is told.
static void take_syn_text(struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;

    t->state = AKSU_ESTABLISHED;
    c->fx.mask = AKSU_FX_OPENED;
    c->p->congestion->open(c);
    t->rcv_adv = t->rcv_nxt + aksu_min32(t->rcv_room, UINT16_MAX); // nothing was offered so far
    aksu_tcp_take_text(c);                                         // its ACK is the SYN,ACK
}

void aksu_tcp_fast_open(struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;

    if (t->snd_max != t->snd_una) {
        return;
    }
    if (t->state == AKSU_SYN_SENT) {
        t->snd_wnd = c->value;
    } else if (aksu_tcp_half_open(t) && c->s->seq == t->snd_wl1) {
        take_syn_text(c);
        aksu_tcp_settle(c);
    }
}
