// SPDX-License-Identifier: MIT
// TCP's header and options, to and from octets: RFC 9293 3.1 and 3.2.
#include "../stack.h"

enum {
    END = 0,
    NOP = 1,
    MSS = 2,
    WSCALE = 3,
    SACK_PERMITTED = 4,
    SACK = 5,
    TIMESTAMPS = 8,
};

extern inline uint32_t aksu_get32(const uint8_t *p);
extern inline uint8_t *aksu_put32(uint8_t *p, uint32_t v);

static unsigned get_sack(const uint8_t *p, unsigned blocks, struct aksu_segment *s)
{
    s->sacks = (uint8_t)blocks;
    for (unsigned i = 0; i < blocks; i++, p += 8) {
        s->sack[i].start = aksu_get32(p);
        s->sack[i].end = aksu_get32(p + 4);
    }
    return blocks > 0 ? AKSU_OPT_SACK : 0; // without a block it is harmless
}

// One option of a length that fits the header. Returns its bit, or 0 for one that is skipped.
static unsigned get_option(const uint8_t *p, unsigned len, struct aksu_segment *s)
{
    unsigned kind = p[0];

    if (kind == MSS && len == 4) {
        s->mss = aksu_get16(p + 2);
        return AKSU_OPT_MSS;
    }
    if (kind == WSCALE && len == 3) {
        s->wscale = p[2];
        return AKSU_OPT_WSCALE;
    }
    if (kind == SACK_PERMITTED && len == 2) {
        return AKSU_OPT_SACK_PERMITTED;
    }
    if (kind == SACK && len % 8 == 2) {
        return get_sack(p + 2, len / 8, s);
    }
    if (kind == TIMESTAMPS && len == 10) {
        s->tsval = aksu_get32(p + 2);
        s->tsecr = aksu_get32(p + 6);
        return AKSU_OPT_TIMESTAMPS;
    }
    // Of a kind that is known, but not of its length.
    return kind <= SACK || kind == TIMESTAMPS ? AKSU_OPT_ILLEGAL : 0;
}

// MUST-5, 6, 7, 64, 68: any order and alignment, unknown kinds skipped by their length, and every
// length checked before it is used. At most 40 octets, so SACK has at most 4 blocks.
static unsigned get_options(const uint8_t *p, unsigned len, struct aksu_segment *s)
{
    unsigned options = s->options;

    while (len > 0 && p[0] != END) {
        unsigned step = 1;
        if (p[0] != NOP) {
            step = len > 1 ? p[1] : 0;
            unsigned bit = step < 2 || step > len ? AKSU_OPT_ILLEGAL : get_option(p, step, s);
            options |= bit;
            if (bit == AKSU_OPT_ILLEGAL) {
                break;
            }
        }
        p += step;
        len -= step;
    }
    return options;
}

// Decodes in->payload; afterwards that is the segment's text. What in->segment has of options
// before, and what SACK blocks, stays. False: no TCP header.
bool aksu_segment_get(struct aksu_packet *in)
{
    const uint8_t *p = in->payload;
    struct aksu_segment *s = &in->segment;

    if (in->len < AKSU_TCP_LEN) {
        return false;
    }
    uint32_t header = (p[12] >> 4) * 4u;
    if (header < AKSU_TCP_LEN || header > in->len) {
        return false;
    }
    in->pair.remote_port = aksu_get16(p);
    in->pair.local_port = aksu_get16(p + 2);
    if (in->pair.remote_port == 0 || in->pair.local_port == 0) {
        return false;
    }
    in->old = NULL;
    in->header = p;
    s->seq = aksu_get32(p + 4);
    s->ack = aksu_get32(p + 8);
    s->flags = p[13];
    s->wnd = aksu_get16(p + 14);
    s->urp = aksu_get16(p + 18);
    in->payload += header;
    in->len -= header;
    s->len = in->len;
    s->options = (uint8_t)get_options(p + AKSU_TCP_LEN, header - AKSU_TCP_LEN, s);
    return true;
}

// An option's beginning, with NOPs before it that fill the word: nothing needs to follow an END
// then (MUST-69).
static uint32_t head(unsigned kind, unsigned len)
{
    return (uint32_t)NOP << 24 | (uint32_t)NOP << 16 | kind << 8 | len;
}

static uint8_t *put_options(const struct aksu_segment *s, uint8_t *p)
{
    unsigned options = s->options;

    if (options & AKSU_OPT_MSS) {
        p = aksu_put32(p, (uint32_t)MSS << 24 | UINT32_C(4) << 16 | s->mss);
    }
    if (options & AKSU_OPT_WSCALE) {
        p = aksu_put32(p, (uint32_t)NOP << 24 | (uint32_t)WSCALE << 16 | 3 << 8 | s->wscale);
    }
    if (options & AKSU_OPT_SACK_PERMITTED) {
        p = aksu_put32(p, head(SACK_PERMITTED, 2));
    }
    if (options & AKSU_OPT_TIMESTAMPS) {
        p = aksu_put32(p, head(TIMESTAMPS, 10));
        p = aksu_put32(p, s->tsval);
        p = aksu_put32(p, s->tsecr);
    }
    if (options & AKSU_OPT_SACK) {
        const struct aksu_range *end = s->sack + s->sacks;

        p = aksu_put32(p, head(SACK, 2) + 8u * s->sacks);
        for (const struct aksu_range *r = s->sack; r != end; r++) {
            p = aksu_put32(p, r->start);
            p = aksu_put32(p, r->end);
        }
    }
    return p;
}

// Writes the header, checksum zero. Returns its length, a multiple of 4, at most 60.
uint32_t aksu_segment_put(const struct aksu_pair *pair, const struct aksu_segment *s, uint8_t *to)
{
    uint32_t len = (uint32_t)(put_options(s, to + AKSU_TCP_LEN) - to);

    to = aksu_put32(to, (uint32_t)pair->local_port << 16 | pair->remote_port);
    to = aksu_put32(to, s->seq);
    to = aksu_put32(to, s->ack);
    // The data offset is in words, from bit 28 on; reserved bits are zero.
    to = aksu_put32(to, len << 26 | (uint32_t)s->flags << 16 | s->wnd);
    aksu_put32(to, s->urp);
    return len;
}
