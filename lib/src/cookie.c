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
    COOKIE = 8, // in the hash
    TS_BITS = 0x1f,
    TS_SACK = 0x10,
    TS_NO_WSCALE = 0x0f
};

static const uint16_t sizes[8] = {88, 216, 536, 1024, 1220, 1440, 1460, 8960};

// For the segment's SYN, or its number.
static uint32_t cookie(const struct aksu *net, const struct aksu_packet *syn, uint32_t period,
                       uint32_t size)
{
    uint32_t hash = (uint32_t)aksu_isn_hash(net, &syn->pair, period << 16 | COOKIE | size);

    return (period << PERIOD_SHIFT) | size << MSS_SHIFT | ((hash + syn->segment.seq) & HASH_MASK);
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
    return now - ((now - bits) & TS_BITS);
}

// The half-open connection that has waited longest, or NULL: it gives its row to one that is
// complete.
static struct aksu_row *oldest(const struct aksu *net)
{
    struct aksu_row *found = NULL;
    struct aksu_row *row = net->store->row;

    for (uint32_t left = net->store->rows; left > 0; left--, row++) {
        if ((row->bits & AKSU_ROW_HALF_OPEN) &&
            (!found ||
             aksu_seq_lt(row->tcb.deadline[AKSU_AT_USER], found->tcb.deadline[AKSU_AT_USER]))) {
            found = row;
        }
    }
    return found;
}

// Puts the SYN,ACK in a SYN's place.
static void answer_syn(struct aksu_segment *s, aksu_seq iss, const struct aksu_open *open)
{
    s->ack = s->seq + 1;
    s->seq = iss;
    s->flags = AKSU_SYN | AKSU_ACK;
    s->wnd = (uint16_t)aksu_min32(open->rcv_buf, UINT16_MAX);
}

static bool send(struct aksu *net, struct aksu_packet *in, const struct aksu_open *open)
{
    struct aksu_segment *s = &in->segment;
    unsigned kept = 0;

    if (!net->free_rows && !oldest(net)) {
        return false;
    }
    s->tsecr = s->tsval;
    s->tsval = timestamp(net, open->salt, s);
    if (net->profile->timestamps && (s->options & AKSU_OPT_TIMESTAMPS)) {
        kept = AKSU_OPT_TIMESTAMPS | AKSU_OPT_WSCALE | AKSU_OPT_SACK_PERMITTED;
    }
    answer_syn(s, cookie(net, in, net->now_ms >> PERIOD_BITS, size_index(s)), open);
    s->options = (uint8_t)((s->options & kept) | AKSU_OPT_MSS);
    s->mss = open->mss;
    s->wscale = aksu_tcp_window_shift(open->rcv_buf);
    if (aksu_stack_answer(net, in, AKSU_ANSWER_TCP) == 0) {
        net->cookie_period = (uint8_t)(net->now_ms >> PERIOD_BITS);
        net->counters.cookies_sent++;
    }
    return true;
}

// Whether an ACK has a cookie of ours that is not too old. One is possible only if one was sent
// within its life. The number of the SYN is then in the segment.
static bool genuine(const struct aksu *net, struct aksu_packet *in)
{
    uint32_t value = in->segment.ack - 1;
    uint32_t period = net->now_ms >> PERIOD_BITS;
    uint32_t age = (period - (value >> PERIOD_SHIFT)) & 31;

    in->segment.seq--;
    return (uint8_t)(period - net->cookie_period) <= 1 && age <= 1 &&
           cookie(net, in, period - age, value >> MSS_SHIFT & 7) == value;
}

// Puts the SYN that an ACK's cookie stands for in its place, but for the acknowledgment of our ISN.
static void restore(struct aksu_segment *s)
{
    unsigned options = AKSU_OPT_MSS;

    if (s->options & AKSU_OPT_TIMESTAMPS) {
        s->wscale = s->tsecr & TS_NO_WSCALE;
        options |= AKSU_OPT_TIMESTAMPS | ((s->tsecr & TS_SACK) ? AKSU_OPT_SACK_PERMITTED : 0) |
                   (s->wscale == TS_NO_WSCALE ? 0 : AKSU_OPT_WSCALE);
    }
    s->flags = AKSU_SYN;
    s->options = (uint8_t)options;
    s->mss = sizes[(s->ack - 1) >> MSS_SHIFT & 7];
    s->len = 0;
}

// Whether there is a row for a connection that is complete.
static bool make_room(struct aksu *net)
{
    struct aksu_row *given = aksu_table_room(net) ? NULL : oldest(net);

    if (given) {
        aksu_listen_drop(net, given);
    }
    return net->free_rows;
}

// Makes a row of a cookie: its SYN is replayed, then the SYN,ACK that was sent for it, both in the
// one place for a segment.
static struct aksu_row *replay(struct aksu *net, struct aksu_packet *in)
{
    struct aksu_segment *s = &in->segment;
    struct aksu_open open;

    restore(s);
    aksu_isn_open(net, &in->pair, &open);
    open.iss = s->ack - 1;
    struct aksu_row *row = aksu_listen_half_open(net, in, &open);

    answer_syn(s, open.iss, &open);
    aksu_stack_sent(net, row, s);
    net->counters.cookies_taken++;
    return row;
}

// The ACK of a cookie, which is decoded anew after the replay.
static int take(struct aksu *net, struct aksu_packet *in)
{
    if (!genuine(net, in) || !make_room(net)) {
        return aksu_stack_reset(net, in, AKSU_DROP_NO_CONNECTION);
    }
    struct aksu_row *row = replay(net, in);

    in->len += (uint32_t)(in->payload - in->header);
    in->payload = in->header;
    aksu_segment_get(in);
    return aksu_stack_arrives(net, row, in);
}

const struct aksu_cookies aksu_syn_cookies = {send, take};
