// SPDX-License-Identifier: MIT
// What to send, and when: the only source of segments and of deadlines. Nothing is changed here.
#include "tcp.h"

enum { WAIT_MAX_MS = 1 << 30, SACK_LEN = 4, SACK_BLOCK_LEN = 8, MSS_MIN = 8 };

// What a plan can be, the most urgent first.
enum what { NOTHING, RST, SYN, FRONT, DATA, KEEPALIVE, ACK };

struct choice {
    enum what what;
    uint32_t len;
    bool fin;
};

// Payload that fits beside SACK blocks (MUST-16; timestamps are off snd_mss already).
static uint32_t payload_max(const struct aksu_tcb *t)
{
    uint32_t blocks = (t->flags & AKSU_F_TIMESTAMPS) ? 3 : 4;
    uint32_t options = 0;

    if ((t->flags & AKSU_F_SACK) && t->ranges > 0) {
        options = SACK_LEN + SACK_BLOCK_LEN * aksu_min32(t->ranges, blocks);
    }
    return t->snd_mss > options + MSS_MIN ? t->snd_mss - options : MSS_MIN;
}

// cwnd, and what limited transmit lends (RFC 5681 3.2, RFC 3042).
static uint32_t congestion_window(const struct aksu_tcb *t)
{
    bool lends = t->dupacks > 0 && !(t->flags & AKSU_F_RECOVERY);

    return t->cwnd + (lends ? aksu_min32(t->dupacks, 2) * t->snd_mss : 0);
}

// Nagle's rule and silly-window avoidance (RFC 9293 3.7.4, 3.8.6.2.1): whether len octets, less
// than a full segment, are worth sending. What is sent again is cut small by nothing but the
// window.
static bool worth_sending(const struct aksu_tcb *t, uint32_t len, uint32_t queued)
{
    bool quiet = t->snd_nxt == t->snd_una;
    bool again = aksu_seq_lt(t->snd_nxt, t->snd_max);

    if (!quiet && !again && !(t->flags & AKSU_F_NODELAY)) {
        return false;
    }
    return len > 0 && (len == queued || len >= t->max_snd_wnd / 2 || (quiet && again));
}

// What can be sent at snd_nxt: octets, and whether the FIN goes with them.
bool aksu_tcp_can_send(const struct aksu_tcb *t, uint32_t *len, bool *fin)
{
    uint32_t flight = t->snd_nxt - t->snd_una;
    uint32_t sent = flight - aksu_tcp_syn(t);

    *len = 0;
    *fin = false;
    if ((t->snd_buf == 0 && !(t->flags & AKSU_F_FIN)) || !aksu_tcp_sending(t) ||
        sent > t->snd_buf) {
        return false;
    }
    uint32_t queued = t->snd_buf - sent;
    uint32_t wnd = aksu_min32(t->snd_wnd, congestion_window(t));
    uint32_t mss = payload_max(t);

    *len = aksu_min32(aksu_min32(queued, mss), wnd > flight ? wnd - flight : 0);
    *fin = (t->flags & AKSU_F_FIN) && *len == queued && flight + queued < t->snd_wnd;
    return *fin || *len == mss || worth_sending(t, *len, queued);
}

// The front of the queue: what was sent of it again, as far as the window allows (SHLD-16); or a
// probe: one octet into a window of zero, or the FIN if nothing else is left (3.8.6.1), and into a
// window that is just small what it takes.
static void choose_front(const struct aksu_tcb *t, struct choice *c)
{
    uint32_t wnd = aksu_max32(t->snd_wnd, 1);
    uint32_t most = t->snd_buf + ((t->flags & AKSU_F_FIN) != 0);

    if (t->owed & AKSU_OWE_REXMIT) {
        most = t->snd_max - t->snd_una;
    }
    c->len = aksu_min32(aksu_min32(most, t->snd_buf), aksu_min32(payload_max(t), wnd));
    c->fin = most > t->snd_buf && c->len == t->snd_buf && c->len < wnd;
}

// Octets by which the right edge could move, as far as the window field can say it. *step: the
// smallest by which it does (3.8.6.2.2).
static uint32_t window_gain(const struct aksu_tcb *t, uint32_t *step)
{
    uint32_t wnd = aksu_min32(t->rcv_room, (uint32_t)UINT16_MAX << t->rcv_wscale);
    aksu_seq edge = t->rcv_nxt + wnd;

    *step = aksu_max32(aksu_min32(t->rcv_buf / 2, t->rcv_mss), 1);
    return aksu_seq_max(edge, t->rcv_adv) - t->rcv_adv;
}

// An update of its own is due when much room has come, or when the peer may be waiting for it.
static bool update_due(const struct aksu_tcb *t)
{
    uint32_t step;
    uint32_t gain = window_gain(t, &step);

    if (t->state != AKSU_ESTABLISHED && t->state != AKSU_FIN_WAIT_1 &&
        t->state != AKSU_FIN_WAIT_2) {
        return false;
    }
    return gain >= 2u * t->rcv_mss || gain >= aksu_max32(t->rcv_buf / 2, 1) ||
           (gain >= step && t->rcv_adv - t->rcv_nxt < step);
}

static void choose(const struct aksu_tcb *t, bool ack_due, struct choice *c)
{
    memset(c, 0, sizeof *c);
    if (t->state <= AKSU_LISTEN) {
        c->what = (t->owed & AKSU_OWE_RST) ? RST : NOTHING;
    } else if ((t->flags & AKSU_F_SYN_UNACKED) && t->snd_nxt == t->snd_una) {
        c->what = SYN;
    } else if (t->state == AKSU_SYN_SENT) {
        c->what = NOTHING;
    } else if (t->owed & (AKSU_OWE_REXMIT | AKSU_OWE_PROBE)) {
        c->what = FRONT;
        choose_front(t, c);
    } else if (aksu_tcp_can_send(t, &c->len, &c->fin)) {
        c->what = DATA;
    } else {
        c->len = 0;
        ack_due = ack_due || (t->owed & AKSU_OWE_ACK) || update_due(t);
        c->what = (t->owed & AKSU_OWE_KEEPALIVE) ? KEEPALIVE : ack_due ? ACK : NOTHING;
    }
}

// The window field. The edge does not move by less than a step, and never back (SHLD-14).
static uint16_t window_field(const struct aksu_tcb *t, bool syn)
{
    uint32_t step;
    uint32_t gain = window_gain(t, &step);
    uint32_t wnd = t->rcv_adv - t->rcv_nxt + (gain >= step ? gain : 0);

    return (uint16_t)aksu_min32(wnd >> (syn ? 0 : t->rcv_wscale), UINT16_MAX);
}

// A SYN offers what the profile has; a SYN,ACK confirms what was negotiated.
static void put_syn_options(const struct aksu_tcb *t, struct aksu_segment *s)
{
    s->options = AKSU_OPT_MSS;
    s->mss = t->rcv_mss;
    if (t->flags & AKSU_F_WSCALE) {
        s->options |= AKSU_OPT_WSCALE;
        s->wscale = t->rcv_wscale;
    }
    if (t->flags & AKSU_F_SACK) {
        s->options |= AKSU_OPT_SACK_PERMITTED;
    }
}

static void put_options(const struct aksu_profile *p, const struct aksu_tcb *t, uint32_t now_ms,
                        struct aksu_segment *s)
{
    bool syn = (s->flags & AKSU_SYN) != 0;

    if (syn) {
        put_syn_options(t, s);
    }
    if (t->flags & AKSU_F_TIMESTAMPS) {
        p->timestamps->put(t, s, now_ms);
    }
    if (!syn && (t->flags & AKSU_F_SACK) && !(s->flags & AKSU_RST)) {
        p->sack->put(t, s);
    }
}

// Where a segment without text begins: behind all that was sent, even if snd_nxt has fallen back,
// but never beyond the window, where the peer would refuse it.
static aksu_seq empty_seq(const struct aksu_tcb *t)
{
    return t->snd_una + aksu_min32(t->snd_max - t->snd_una, t->snd_wnd + aksu_tcp_syn(t));
}

static void put_text(const struct aksu_tcb *t, const struct choice *c, struct aksu_segment *s)
{
    s->seq = c->what == DATA ? t->snd_nxt : t->snd_una + aksu_tcp_syn(t);
    s->len = c->len;
    s->flags |= c->fin ? AKSU_FIN : 0;
    // The last of what is queued (MUST-61).
    if (c->len > 0 && aksu_tcp_offset(t, s) + c->len == t->snd_buf) {
        s->flags |= AKSU_PSH;
    }
}

static void put_urgent(const struct aksu_tcb *t, struct aksu_segment *s)
{
    if (aksu_seq_lt(s->seq, t->snd_up)) {
        s->flags |= AKSU_URG;
        s->urp = (uint16_t)aksu_min32(t->snd_up - s->seq, UINT16_MAX);
    }
}

static void put_segment(const struct aksu_profile *p, const struct aksu_tcb *t, uint32_t now_ms,
                        const struct choice *c, struct aksu_segment *s)
{
    memset(s, 0, sizeof *s);
    s->flags = AKSU_ACK;
    s->seq = empty_seq(t);
    if (c->what == RST) {
        s->flags = AKSU_RST | AKSU_ACK;
    } else if (c->what == SYN) {
        s->seq = t->snd_una;
        s->flags = t->state == AKSU_SYN_SENT ? AKSU_SYN : AKSU_SYN | AKSU_ACK;
    } else if (c->what == KEEPALIVE) {
        s->seq = t->snd_una - 1; // SEG.SEQ = SND.NXT - 1 (3.8.4)
    } else {
        if (c->what != ACK) {
            put_text(t, c, s);
        }
        put_urgent(t, s);
    }
    s->ack = (s->flags & AKSU_ACK) ? t->rcv_nxt : 0;
    s->wnd = window_field(t, (s->flags & AKSU_SYN) != 0);
    put_options(p, t, now_ms, s);
}

// Which timers are due. *wait_ms: how long until the next of the others, at most WAIT_MAX_MS, also
// for a clock that went backwards.
uint8_t aksu_tcp_due(const struct aksu_tcb *t, uint32_t now_ms, uint32_t *wait_ms)
{
    const uint32_t at[] = {t->rtx_at, t->ack_at, t->misc_at, t->user_at};
    uint8_t due = 0;

    *wait_ms = WAIT_MAX_MS;
    for (unsigned i = 0; i < sizeof at / sizeof at[0]; i++) {
        uint8_t timer = (uint8_t)(t->timers & 1u << i);
        if (timer && aksu_reached(now_ms, at[i])) {
            due |= timer;
        } else if (timer) {
            *wait_ms = aksu_min32(*wait_ms, at[i] - now_ms);
        }
    }
    return due;
}

enum aksu_next aksu_tcp_plan(const struct aksu_profile *p, const struct aksu_tcb *t,
                             uint32_t now_ms, struct aksu_plan *plan)
{
    struct choice c;
    uint32_t wait_ms;
    uint8_t due = aksu_tcp_due(t, now_ms, &wait_ms);

    if (due & (uint8_t)~AKSU_TIMER_ACK) {
        return AKSU_NEXT_TICK;
    }
    choose(t, due != 0, &c);
    if (c.what == NOTHING) {
        if (plan) {
            plan->wait_ms = wait_ms;
        }
        return (t->timers & (uint8_t)~AKSU_TIMER_LINGER) ? AKSU_NEXT_WAIT : AKSU_NEXT_NEVER;
    }
    if (plan) {
        put_segment(p, t, now_ms, &c, &plan->segment);
    }
    return AKSU_NEXT_SEGMENT;
}

uint32_t aksu_tcp_offset(const struct aksu_tcb *t, const struct aksu_segment *planned)
{
    return planned->seq - t->snd_una - aksu_tcp_syn(t);
}
