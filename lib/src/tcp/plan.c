// SPDX-License-Identifier: MIT
// What to send, and when: the only source of segments and of deadlines. Nothing is changed here.
#include "tcp.h"

enum { SACK_LEN = 4, SACK_BLOCK_LEN = 8, MSS_MIN = 8 };

// Payload that fits beside SACK blocks (MUST-16; timestamps are off snd_mss already).
static uint32_t payload_max(const struct aksu_tcb *t)
{
    uint32_t options = 0;

    if (t->ranges > 0 && (t->flags & AKSU_F_SACK)) {
        options = SACK_LEN + SACK_BLOCK_LEN * aksu_tcp_sack_blocks(t);
    }
    return aksu_max32(t->snd_mss, options + MSS_MIN) - options;
}

// cwnd, and what limited transmit lends (RFC 5681 3.2, RFC 3042).
static uint32_t congestion_window(const struct aksu_tcb *t)
{
    return t->cwnd + aksu_min32(t->dupacks, 2) * t->snd_mss;
}

// Nagle's rule and silly-window avoidance (RFC 9293 3.7.4, 3.8.6.2.1): whether len octets, less
// than a full segment, are worth sending. What is sent again is cut small by nothing but the
// window.
static bool worth_sending(const struct aksu_tcb *t, uint32_t len, uint32_t queued)
{
    bool quiet = queued == t->snd_buf; // no text is in flight
    bool again = aksu_seq_lt(t->snd_nxt, t->snd_max);

    if (!quiet && !again && !(t->flags & AKSU_F_NODELAY)) {
        return false;
    }
    return len > 0 && (len == queued || len >= t->max_snd_wnd / 2 || (quiet && again));
}

// How many numbers can be sent from snd_nxt on: octets, and one for the FIN behind the last. Or,
// if again is not 0, from the front of the queue on once our SYN is acknowledged, as far as the
// window allows (SHLD-16): what was lost; or a probe, one octet into a window of zero, or the FIN
// if nothing else is left (3.8.6.1), and into a window that is just small what it takes.
uint32_t aksu_tcp_can_send(const struct aksu_tcb *t, unsigned again, uint32_t cwnd)
{
    uint32_t flight = t->snd_nxt - t->snd_una;
    uint32_t wnd = t->snd_wnd;
    uint32_t room = aksu_min32(wnd, cwnd);

    if (again) {
        flight = 0;
        wnd = aksu_max32(wnd, 1);
        room = wnd;
    }
    uint32_t sent = flight - aksu_tcp_syn(t); // if the SYN is to be sent again, beyond everything
    uint32_t fin = aksu_tcp_fin(t);

    if (sent >= t->snd_buf + fin || !aksu_tcp_sending(t)) {
        return 0;
    }
    uint32_t queued = t->snd_buf - sent;
    uint32_t mss = payload_max(t);
    uint32_t len = aksu_min32(aksu_min32(queued, mss), room > flight ? room - flight : 0);

    if (fin && len == queued && flight + queued < wnd) {
        return len + 1;
    }
    return again || len == mss || worth_sending(t, len, queued) ? len : 0;
}

static void put_text(const struct aksu_tcb *t, struct aksu_segment *s, uint32_t count)
{
    uint32_t queued = t->snd_buf - aksu_tcp_offset(t, s);
    unsigned flags = AKSU_ACK;

    if (count >= queued && queued > 0) {
        flags |= AKSU_PSH; // the last of what is queued (MUST-61)
    }
    if (count > queued) {
        flags |= AKSU_FIN;
        count = queued;
    }
    s->len = count;
    s->flags = (uint8_t)flags;
}

static void put_urgent(const struct aksu_tcb *t, struct aksu_segment *s)
{
    int32_t urgent = (int32_t)(t->snd_up - s->seq);

    if (urgent > 0) {
        s->urp = (uint16_t)aksu_min32((uint32_t)urgent, UINT16_MAX);
        s->flags |= AKSU_URG;
    }
}

// Where a segment without text is: behind all that was sent, even if snd_nxt has fallen back, but
// never beyond the window, where the peer would refuse it.
static aksu_seq behind(const struct aksu_tcb *t)
{
    return t->snd_una + aksu_min32(t->snd_max - t->snd_una, t->snd_wnd + aksu_tcp_syn(t));
}

// Text, a keep-alive or an acknowledgment; false: nothing.
static bool choose_open(const struct aksu_step *c, const struct aksu_tcb *t, struct aksu_plan *plan)
{
    struct aksu_segment *s = &plan->segment;
    unsigned again = t->owed & (AKSU_OWE_REXMIT | AKSU_OWE_PROBE);
    uint32_t count;
    aksu_seq last = s->seq;

    s->seq = again ? t->snd_una : t->snd_nxt;
    if (c->b && c->b->runs > 0) {
        count = c->p->recovery->next(c, &s->seq);
    } else {
        count = aksu_tcp_can_send(t, again, congestion_window(t));
    }
    if (count > 0) {
        put_text(t, s, count);
    } else if (t->owed & AKSU_OWE_KEEPALIVE) {
        s->seq = t->snd_una - 1; // SEG.SEQ = SND.NXT - 1 (3.8.4)
        return true;
    } else {
        s->seq = last;
        if (plan->wait_ms <= INT32_MAX && !(t->owed & AKSU_OWE_ACK) &&
            !(aksu_tcp_receiving(t) && aksu_tcp_update_due(t, aksu_tcp_window(t)))) {
            return false;
        }
    }
    put_urgent(t, s);
    return true;
}

// The most urgent of what there is to send: its place, its text and its flags. False: nothing.
static bool choose(const struct aksu_step *c, const struct aksu_tcb *t, struct aksu_plan *plan)
{
    struct aksu_segment *s = &plan->segment;

    s->seq = behind(t);
    if (t->state <= AKSU_LISTEN) {
        s->flags |= AKSU_RST;
        return (t->owed & AKSU_OWE_RST) != 0;
    }
    if ((t->flags & AKSU_F_SYN_UNACKED) && t->snd_nxt == t->snd_una) {
        s->seq = t->snd_una;
        s->flags = AKSU_SYN | AKSU_ACK;
        if (t->state == AKSU_SYN_SENT) {
            s->flags = AKSU_SYN;
            if (!(t->flags & AKSU_F_SYN_RETRIED)) {
                s->len = aksu_min32(t->snd_buf, t->snd_wnd);
            }
        }
        return true;
    }
    return choose_open(c, t, plan);
}

// The rest of the header. Before the peer's SYN rcv_nxt is zero, as the field is without ACK.
static void put_header(const struct aksu_step *c, const struct aksu_tcb *t, struct aksu_segment *s)
{
    uint32_t wnd = aksu_tcp_window(t);

    s->ack = t->rcv_nxt;
    if (s->flags & AKSU_SYN) {
        // A SYN offers what the profile has; a SYN,ACK confirms what was negotiated.
        s->options = (uint8_t)(AKSU_OPT_MSS + ((t->flags & AKSU_OFFERS) >> AKSU_OFFER_SHIFT));
        s->mss = t->rcv_mss;
        s->wscale = t->rcv_wscale;
    } else {
        wnd >>= t->rcv_wscale; // that of a SYN is never scaled (RFC 7323 2.2)
    }
    s->wnd = (uint16_t)aksu_min32(wnd, UINT16_MAX);
    if (t->flags & AKSU_F_TIMESTAMPS) {
        c->p->timestamps->put(t, s, c->now_ms);
    }
    if (t->ranges > 0 && (t->flags & AKSU_F_SACK)) {
        c->p->sack->put(c, s);
    }
    if (t->owed & AKSU_ECN) {
        c->p->ecn->put(t, s);
    }
}

// Which timers are due, negated; else how long until the next one is, at most AKSU_WAIT_MAX_MS,
// also for a clock that went backwards.
int32_t aksu_tcp_due(const struct aksu_tcb *t, uint32_t now_ms)
{
    int32_t running = t->timers;
    int32_t timer = AKSU_TIMER_ACK;
    int32_t wait = AKSU_WAIT_MAX_MS;
    int32_t due = 0;

    for (const uint32_t *at = t->deadline; timer <= running; at++, timer <<= 1) {
        int32_t left = (int32_t)(*at - now_ms);
        if (running & timer) {
            if (left <= 0) {
                due -= timer;
            }
            wait = left < wait ? left : wait;
        }
    }
    return due ? due : wait;
}

// Begins a segment of nothing but an ACK. Of the blocks, sacks says how many count.
static void clear(struct aksu_segment *s)
{
    s->len = 0;
    s->tsval = 0;
    s->tsecr = 0;
    s->urp = 0;
    s->mss = 0;
    s->flags = AKSU_ACK;
    s->options = 0;
    s->wscale = 0;
    s->sacks = 0;
    s->tos = 0;
}

// aksu_tcp_plan with its context made: a step of no event.
enum aksu_next aksu_tcp_next(const struct aksu_step *c, struct aksu_plan *plan)
{
    const struct aksu_tcb *t = c->t;
    int32_t wait = aksu_tcp_due(t, c->now_ms);

    if (wait < -AKSU_TIMER_ACK) {
        return AKSU_NEXT_TICK;
    }
    plan->wait_ms = (uint32_t)wait; // or an ACK is due, which is sent
    clear(&plan->segment);
    if (choose(c, t, plan)) {
        put_header(c, t, &plan->segment);
        return AKSU_NEXT_SEGMENT;
    }
    return t->timers ? AKSU_NEXT_WAIT : AKSU_NEXT_NEVER;
}

uint32_t aksu_tcp_offset(const struct aksu_tcb *t, const struct aksu_segment *planned)
{
    // A SYN itself stands before its text: it has the bit of the flag.
    uint32_t syn = (t->flags & (unsigned)~planned->flags & AKSU_F_SYN_UNACKED) != 0;

    return planned->seq - t->snd_una - syn;
}
