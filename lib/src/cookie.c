// SPDX-License-Identifier: MIT
// SYN cookies, RFC 4987 3.6: when no row is left for a SYN, our ISN carries what the row would
// have. The ACK that returns it brings the SYN back, which is then replayed through the core.
//
//     31     27 26   24 23                0
//     | period |  MSS  | keyed hash of all |
//
// Window scale and SACK ride in the low bits of our timestamp, if the peer has timestamps.
#include "stack.h"

static const uint32_t HASH_MASK = 0xffffff;

enum {
    PERIOD_BITS = 16, // a cookie lives for one to two periods of 65.5 s
    MSS_SHIFT = 24,
    PERIOD_SHIFT = 27,
    TS_BITS = 0x1f,
    TS_SACK = 0x10,
    TS_NO_WSCALE = 0x0f
};

static const uint16_t sizes[8] = {88, 216, 536, 1024, 1220, 1440, 1460, 8960};

static uint32_t cookie(const struct aksu *net, const struct aksu_pair *pair, aksu_seq irs,
                       uint32_t period, uint32_t size)
{
    uint32_t words[6] = {0, 0, 0, irs, period & (UINT32_MAX >> PERIOD_BITS), size};

    memcpy(words, pair, sizeof *pair);
    return (period << PERIOD_SHIFT) | size << MSS_SHIFT |
           ((uint32_t)aksu_siphash(net->secret, words, 3) & HASH_MASK);
}

// The largest size that the peer's MSS reaches.
static uint32_t size_index(const struct aksu_segment *syn)
{
    uint32_t mss = (syn->options & AKSU_OPT_MSS) ? syn->mss : 536;
    uint32_t i = 7;

    while (i > 0 && sizes[i] > mss) {
        i--;
    }
    return i;
}

// Our clock with its low bits replaced, and never ahead of it: later timestamps must not be less.
static uint32_t timestamp(const struct aksu *net, uint32_t salt, const struct aksu_segment *syn)
{
    uint32_t now = net->now_ms + salt;
    uint32_t bits = (syn->options & AKSU_OPT_SACK_PERMITTED) ? TS_SACK : 0;

    bits |= (syn->options & AKSU_OPT_WSCALE) ? aksu_min32(syn->wscale, 14) : TS_NO_WSCALE;
    uint32_t value = (now & ~(uint32_t)TS_BITS) | bits;
    return aksu_seq_lt(now, value) ? value - TS_BITS - 1 : value;
}

// Whether a row can be had for the ACK of a cookie: without one, no cookie is of use.
static bool any_half_open(const struct aksu *net)
{
    const struct aksu_listener *l = net->store->listener;
    uint32_t left = net->store->listeners;

    while (left > 0 && l->half_open == 0) {
        left--;
        l++;
    }
    return left > 0;
}

static bool send(struct aksu *net, struct aksu_packet *in, const struct aksu_open *open)
{
    struct aksu_segment *s = &in->segment;
    uint32_t stamp = timestamp(net, open->salt, s);
    unsigned kept = 0;

    if (!net->free_rows && !any_half_open(net)) {
        return false;
    }
    if (net->profile->timestamps && (s->options & AKSU_OPT_TIMESTAMPS)) {
        kept = AKSU_OPT_TIMESTAMPS | AKSU_OPT_WSCALE | AKSU_OPT_SACK_PERMITTED;
    }
    s->ack = s->seq + 1;
    s->seq = cookie(net, &in->pair, s->seq, net->now_ms >> PERIOD_BITS, size_index(s));
    s->flags = AKSU_SYN | AKSU_ACK;
    s->wnd = (uint16_t)aksu_min32(open->rcv_buf, UINT16_MAX);
    s->options = (uint8_t)((s->options & kept) | AKSU_OPT_MSS);
    s->mss = open->mss;
    s->wscale = aksu_tcp_window_shift(open->rcv_buf);
    s->tsecr = s->tsval;
    s->tsval = stamp;
    if (aksu_stack_answer(net, in, AKSU_ANSWER_TCP, s) == 0) {
        net->cookie_at = net->now_ms;
        net->counters.cookies_sent++;
    }
    return true;
}

// Puts the SYN that an ACK's cookie stands for in its place, but for the acknowledgment of our ISN.
// False: it is no cookie of ours, or too old.
static bool restored(const struct aksu *net, struct aksu_packet *in)
{
    struct aksu_segment *s = &in->segment;
    uint32_t value = s->ack - 1;
    uint32_t size = value >> MSS_SHIFT & 7;
    uint32_t age = ((net->now_ms >> PERIOD_BITS) - (value >> PERIOD_SHIFT)) & 31;

    // One is possible only if one was sent within its life.
    if (net->now_ms - net->cookie_at >= UINT32_C(2) << PERIOD_BITS || age > 1 ||
        cookie(net, &in->pair, s->seq - 1, (net->now_ms >> PERIOD_BITS) - age, size) != value) {
        return false;
    }
    unsigned options = AKSU_OPT_MSS;

    if (s->options & AKSU_OPT_TIMESTAMPS) {
        s->wscale = s->tsecr & TS_NO_WSCALE;
        options |= AKSU_OPT_TIMESTAMPS | ((s->tsecr & TS_SACK) ? AKSU_OPT_SACK_PERMITTED : 0) |
                   (s->wscale == TS_NO_WSCALE ? 0 : AKSU_OPT_WSCALE);
    }
    s->seq--;
    s->flags = AKSU_SYN;
    s->options = (uint8_t)options;
    s->mss = sizes[size];
    s->len = 0;
    return true;
}

// The half-open connection that has waited longest gives its row to one that is complete. False:
// there is none.
static bool make_room(struct aksu *net)
{
    struct aksu_row *oldest = NULL;
    struct aksu_row *row = net->store->row;

    for (uint32_t left = net->store->rows; left > 0; left--, row++) {
        if ((row->bits & AKSU_ROW_HALF_OPEN) &&
            (!oldest ||
             aksu_seq_lt(row->tcb.deadline[AKSU_AT_USER], oldest->tcb.deadline[AKSU_AT_USER]))) {
            oldest = row;
        }
    }
    if (oldest) {
        aksu_listen_drop(net, oldest);
    }
    return oldest != NULL;
}

// The ACK of a cookie makes a row: its SYN is replayed, then the SYN,ACK that was sent for it, then
// the ACK itself arrives. They take turns in the one place for a segment.
static int take(struct aksu *net, struct aksu_packet *in)
{
    struct aksu_segment *s = &in->segment;
    uint8_t flags = s->flags;
    uint8_t options = s->options;
    uint16_t wnd = s->wnd;
    struct aksu_row *row;

    if (!restored(net, in) || !(aksu_table_room(net) || make_room(net))) {
        s->flags = flags;
        return aksu_stack_reset(net, in, AKSU_DROP_NO_CONNECTION);
    }
    {
        struct aksu_open open;
        aksu_isn_open(net, &in->pair, &open);
        open.iss = s->ack - 1;
        row = aksu_listen_half_open(net, in, &open);
        s->ack = s->seq + 1;
        s->seq = open.iss;
        s->flags = AKSU_SYN | AKSU_ACK;
        s->wnd = (uint16_t)aksu_min32(open.rcv_buf, UINT16_MAX);
    }
    aksu_stack_sent(net, row, s);
    net->counters.cookies_taken++;
    uint32_t seq = s->ack;
    s->ack = s->seq + 1;
    s->seq = seq;
    s->flags = flags;
    s->options = options;
    s->wnd = wnd;
    s->len = in->len;
    return aksu_stack_arrives(net, row, in);
}

const struct aksu_cookies aksu_syn_cookies = {send, take};
