// SPDX-License-Identifier: MIT
// SYN cookies, RFC 4987 3.6: when no row is left for a SYN, our ISN carries what the row would
// have. The ACK that returns it brings the SYN back, which is then replayed through the core.
//
//     31     27 26   24 23                0
//     | period |  MSS  | keyed hash of all |
//
// Window scale and SACK ride in the low bits of our timestamp, if the peer has timestamps.
#include "stack.h"

enum {
    PERIOD_BITS = 16, // a cookie lives for one to two periods of 65.5 s
    MSS_SHIFT = 24,
    PERIOD_SHIFT = 27,
    HASH_MASK = 0xffffff,
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

static void send(struct aksu *net, struct aksu_packet *in, const struct aksu_open *open)
{
    struct aksu_segment *s = &in->segment;
    uint32_t stamp = timestamp(net, open->salt, s);
    unsigned kept = 0;

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
    if (aksu_stack_answer(net, &in->pair, AKSU_ANSWER_TCP, s) == 0) {
        net->cookie_at = net->now_ms;
        net->counters.cookies_sent++;
    }
}

// Makes the SYN that an ACK's cookie stands for. False: it is no cookie of ours, or too old.
static bool take(const struct aksu *net, const struct aksu_packet *in, struct aksu_segment *syn)
{
    const struct aksu_segment *ack = &in->segment;
    uint32_t value = ack->ack - 1;
    uint32_t size = value >> MSS_SHIFT & 7;
    uint32_t age = ((net->now_ms >> PERIOD_BITS) - (value >> PERIOD_SHIFT)) & 31;

    // One is possible only if one was sent within its life.
    if (net->now_ms - net->cookie_at >= 2u << PERIOD_BITS || age > 1 ||
        cookie(net, &in->pair, ack->seq - 1, (net->now_ms >> PERIOD_BITS) - age, size) != value) {
        return false;
    }
    memset(syn, 0, sizeof *syn);
    syn->seq = ack->seq - 1;
    syn->ack = value; // our ISN, for the caller
    syn->flags = AKSU_SYN;
    syn->wnd = ack->wnd;
    syn->options = AKSU_OPT_MSS;
    syn->mss = sizes[size];
    if (ack->options & AKSU_OPT_TIMESTAMPS) {
        uint32_t bits = ack->tsecr;
        syn->tsval = ack->tsval;
        syn->wscale = bits & TS_NO_WSCALE;
        syn->options |= AKSU_OPT_TIMESTAMPS | ((bits & TS_SACK) ? AKSU_OPT_SACK_PERMITTED : 0) |
                        (syn->wscale == TS_NO_WSCALE ? 0 : AKSU_OPT_WSCALE);
    }
    return true;
}

const struct aksu_cookies aksu_syn_cookies = {send, take};
