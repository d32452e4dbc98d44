// SPDX-License-Identifier: MIT
// What holds after every step, for every segment, in every state of the world, and at the end.
#include "world.h"
#include "../transitions/board_check.h"

static bool leq(aksu_seq a, aksu_seq b)
{
    return (int32_t)(b - a) >= 0;
}

static bool synchronized(const struct aksu_tcb *t)
{
    return t->state >= AKSU_SYN_RECEIVED;
}

static bool fin_received(const struct aksu_tcb *t)
{
    return t->state >= AKSU_CLOSE_WAIT;
}

void check_step(const struct world *w, unsigned self, const struct aksu_tcb *before)
{
    const struct aksu_tcb *t = &w->end[self].tcb;
    if (!aksu_tcp_edge((enum aksu_state)before->state, (enum aksu_state)t->state))
        fail("an edge that the library does not list");
    if (!leq(t->snd_una, t->snd_nxt) || !leq(t->snd_nxt, t->snd_max))
        fail("not SND.UNA =< SND.NXT =< SND.MAX");
    if (before->state == t->state && synchronized(t)) {
        if (!leq(before->snd_una, t->snd_una) || !leq(before->rcv_nxt, t->rcv_nxt))
            fail("SND.UNA or RCV.NXT went back");
        if (!leq(before->rcv_adv, t->rcv_adv))
            fail("the window that is accepted shrank (RFC 9293 3.8.6)");
    }
}

// What a segment says of the receiver, and that the sender keeps to the window.
void check_sent(const struct world *w, unsigned self, const struct aksu_segment *s)
{
    const struct end *e = &w->end[self], *p = &w->end[1 - self];
    if (s->flags & AKSU_RST)
        return;
    if (s->flags & AKSU_ACK) {
        uint32_t fin = fin_received(&e->tcb);
        if (e->peer_life == p->life && s->ack != iss_of(1 - self, p->life) + 1 + e->received + fin)
            fail("an ACK of what was not delivered, or a FIN acknowledged before its data");
        // (Before the first segment of its own an end has told no window.)
        if (e->edge != 0 && !leq(e->edge, s->ack + s->wnd))
            fail("the window that is told shrank (RFC 9293 3.8.6)");
    }
    aksu_seq edge = e->tcb.snd_una + (e->tcb.snd_wnd > 0 ? e->tcb.snd_wnd : 1);
    aksu_seq last = s->seq + s->len + ((s->flags & AKSU_FIN) != 0);
    if (!(s->flags & AKSU_SYN) && last != s->seq && !leq(last, edge))
        fail("more is sent than the window takes");
    // (One number into a window of zero is a probe.)
    bool known = e->peer_life == p->life && p->peer_life == e->life && p->edge != 0;
    if (known && last != s->seq && !leq(last, p->edge + (e->tcb.snd_wnd == 0)))
        fail("more is sent than the peer ever offered");
}

// Whether both ends speak of the same connection.
static bool connected(const struct world *w)
{
    return synchronized(&w->end[0].tcb) && synchronized(&w->end[1].tcb) &&
           w->end[0].peer_life == w->end[1].life && w->end[1].peer_life == w->end[0].life;
}

// Something unacknowledged, or queued and not to be sent, implies a deadline, once nothing is to be
// sent at once.
static void check_timers(const struct end *e)
{
    const struct aksu_tcb *t = &e->tcb;
    struct aksu_plan plan;
    if (t->state <= AKSU_LISTEN || planned(e, &plan))
        return;
    bool fin_waits = (t->flags & AKSU_F_FIN) && t->state >= AKSU_ESTABLISHED &&
                     t->state != AKSU_FIN_WAIT_2 && t->state != AKSU_TIME_WAIT;
    if (t->snd_una != t->snd_max && !(t->timers & AKSU_TIMER_RTX))
        fail("something is unacknowledged and no retransmission is due");
    if (t->snd_una != t->snd_max && !(t->timers & AKSU_TIMER_USER))
        fail("something is unacknowledged and no user timeout runs");
    if ((t->snd_buf > 0 || fin_waits) && !(t->timers & AKSU_TIMER_RTX))
        fail("something is queued and no deadline is set");
    if (t->state == AKSU_TIME_WAIT && !(t->timers & AKSU_TIMER_MISC))
        fail("TIME-WAIT without an end");
    if (t->state == AKSU_FIN_WAIT_2 && (t->flags & AKSU_F_RCV_CLOSED) &&
        !(t->timers & AKSU_TIMER_MISC))
        fail("FIN-WAIT-2 after CLOSE without an end");
}

static void check_stream(const struct end *from, const struct end *to)
{
    const struct aksu_tcb *t = &from->tcb;
    if (to->received > from->written)
        fail("more was delivered than was sent");
    if (from->acked > to->received)
        fail("data is acknowledged that was not delivered");
    if ((to->did & SAW_EOF) && (to->received != from->written || !(from->did & DID_SHUTDOWN)))
        fail("EOF before the last octet");
    if (!leq(t->snd_una, to->tcb.rcv_nxt))
        fail("SND.UNA is beyond the peer's RCV.NXT");
    bool fin_acked = t->state == AKSU_FIN_WAIT_2 || t->state == AKSU_TIME_WAIT;
    if (fin_acked && (from->acked != from->written || !(to->did & SAW_EOF)))
        fail("the FIN is acknowledged and was not delivered, or not its data");
}

void check_world(const struct world *w)
{
    check_timers(&w->end[0]);
    check_timers(&w->end[1]);
    for (unsigned i = 0; i < 2; i++) {
        const struct end *e = &w->end[i];
        const struct aksu_tcb *t = &e->tcb;
        const char *fault = board_fault(t, board_of(e));
        if (fault)
            fail(fault);
        if (e->acked > e->written)
            fail("more is acknowledged than was written");
        if (t->rcv_room > t->rcv_buf ||
            (t->state != AKSU_CLOSED && t->rcv_room + e->unread != t->rcv_buf))
            fail("the room in the receive ring is miscounted");
        if (synchronized(t) && t->snd_buf != (uint32_t)(e->written - e->acked))
            fail("the octets in the send ring are miscounted");
    }
    if (connected(w)) {
        check_stream(&w->end[0], &w->end[1]);
        check_stream(&w->end[1], &w->end[0]);
    }
}

// The end of a run. Without an abort, a lost TCB or a timeout that comes too early it is graceful.
void check_end(const struct world *w)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct end *e = &w->end[i], *p = &w->end[1 - i];
        if ((e->did & DID_OPEN) && !(e->did & SAW_CLOSED) && e->tcb.state == AKSU_CLOSED)
            fail("a connection is gone and its user was not told");
        if (!config->graceful)
            continue;
        if (!(e->did & SAW_CLOSED) || e->reason != 0)
            fail("an end did not close gracefully");
        if (e->received != p->written || e->acked != e->written || !(e->did & SAW_EOF))
            fail("at the end not all was delivered and acknowledged");
    }
}
