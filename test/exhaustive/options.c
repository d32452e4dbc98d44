// SPDX-License-Identifier: MIT
// TCP's header and options against a plain reading of RFC 9293 3.1 and 3.2: every string of three
// octets and more, longer ones of the octets that mean something, and every field of the header.
#include "stack.h"
#include <stdio.h>
#include <string.h>

enum { HEADER = 20, OPTIONS_MAX = 40 };

struct meaning {
    unsigned options;
    unsigned mss, wscale, sacks;
    uint32_t tsval, tsecr;
    uint32_t sack[8];
};

static unsigned long tried, wrong;

static uint32_t word(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

// The length that an option must have, 0: any (then `given` is it), 1: none is right.
static unsigned right_length(unsigned kind, unsigned given)
{
    switch (kind) {
    case 2:
        return 4;
    case 3:
        return 3;
    case 4:
        return 2;
    case 5:
        return given >= 2 && (given - 2) % 8 == 0 ? given : 1;
    case 8:
        return 10;
    default:
        return given;
    }
}

static void mean(const uint8_t *o, unsigned len, struct meaning *m)
{
    if (o[0] == 2) {
        m->options |= AKSU_OPT_MSS;
        m->mss = (unsigned)o[2] * 256 + o[3];
    } else if (o[0] == 3) {
        m->options |= AKSU_OPT_WSCALE;
        m->wscale = o[2];
    } else if (o[0] == 4) {
        m->options |= AKSU_OPT_SACK_PERMITTED;
    } else if (o[0] == 5) {
        m->sacks = (len - 2) / 8;
        m->options |= m->sacks > 0 ? AKSU_OPT_SACK : 0;
        for (unsigned i = 0; i < 2 * m->sacks; i++)
            m->sack[i] = word(o + 2 + i * 4);
    } else if (o[0] == 8) {
        m->options |= AKSU_OPT_TIMESTAMPS;
        m->tsval = word(o + 2);
        m->tsecr = word(o + 6);
    }
}

// What stands before an illegal length counts, nothing behind it.
static void read_options(const uint8_t *o, unsigned len, struct meaning *m)
{
    unsigned at = 0;
    memset(m, 0, sizeof *m);
    while (at < len && o[at] != 0) {
        if (o[at] == 1) {
            at++;
            continue;
        }
        unsigned left = len - at;
        unsigned given = left >= 2 ? o[at + 1] : 0;
        if (given < 2 || given > left || right_length(o[at], given) != given) {
            m->options |= AKSU_OPT_ILLEGAL;
            return;
        }
        mean(o + at, given, m);
        at += given;
    }
}

static bool same_sacks(const struct aksu_segment *s, const struct meaning *m)
{
    for (unsigned i = 0; i < m->sacks; i++)
        if (s->sack[i].start != m->sack[2 * i] || s->sack[i].end != m->sack[2 * i + 1])
            return false;
    return s->sacks == m->sacks;
}

static bool same(const struct aksu_segment *s, const struct meaning *m)
{
    return s->options == m->options && (!(m->options & AKSU_OPT_MSS) || s->mss == m->mss) &&
           (!(m->options & AKSU_OPT_WSCALE) || s->wscale == m->wscale) &&
           (!(m->options & AKSU_OPT_TIMESTAMPS) ||
            (s->tsval == m->tsval && s->tsecr == m->tsecr)) &&
           same_sacks(s, m);
}

static uint8_t octets[HEADER + OPTIONS_MAX + 4];

static void fail(const char *what, unsigned len)
{
    if (wrong++ >= 5)
        return;
    printf("FAIL  %s:", what);
    for (unsigned i = 0; i < len; i++)
        printf(" %02x", octets[i]);
    printf("\n");
}

// The options that stand in octets, len of them, a multiple of 4.
static void check_options(unsigned len)
{
    struct aksu_packet in;
    struct meaning m;
    memset(&in, 0, sizeof in);
    octets[12] = (uint8_t)((HEADER + len) / 4 << 4);
    in.payload = octets;
    in.len = (uint16_t)(HEADER + len);
    read_options(octets + HEADER, len, &m);
    tried++;
    if (!aksu_segment_get(&in) || in.len != 0 || !same(&in.segment, &m))
        fail("options", HEADER + len);
}

/// Sweeps ///

static const uint8_t alphabet[] = {0, 1, 2, 3, 4, 5, 8, 10, 6, 255, 18, 7};

// Every string of `count` octets of the first `letters` of the alphabet.
static void sweep_alphabet(unsigned at, unsigned count, unsigned letters, unsigned len)
{
    if (count == 0) {
        check_options(len);
        return;
    }
    for (unsigned i = 0; i < letters; i++) {
        octets[HEADER + at] = alphabet[i];
        sweep_alphabet(at + 1, count - 1, letters, len);
    }
}

// Every value of the first three octets; of the fourth, every one or some.
static void sweep_values(unsigned step, bool all)
{
    for (uint32_t i = 0; i < 1u << 24; i += step) {
        octets[HEADER] = (uint8_t)(i >> 16);
        octets[HEADER + 1] = (uint8_t)(i >> 8);
        octets[HEADER + 2] = (uint8_t)i;
        for (unsigned last = 0; last < (all ? 256 : 4); last++) {
            octets[HEADER + 3] = all ? (uint8_t)last : alphabet[last];
            check_options(4);
        }
    }
}

static uint32_t seed = 1;

static unsigned roll(unsigned sides)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % sides;
}

// Up to 40 octets: options of right and wrong lengths in any order, some octets changed.
static void random_options(unsigned long count)
{
    static const uint8_t lengths[] = {0, 0, 4, 3, 2, 10, 2, 6, 10};
    while (count-- > 0) {
        unsigned len = 4 * roll(11), at = 0;
        for (unsigned i = 0; i < len; i++)
            octets[HEADER + i] = (uint8_t)roll(256);
        while (at + 1 < len) {
            unsigned kind = roll(10) ? 1 + roll(8) : roll(256);
            unsigned size = kind < 9 ? lengths[kind] : roll(12);
            size += kind == 5 ? 8 * roll(4) : 0;
            octets[HEADER + at] = (uint8_t)kind;
            if (kind != 1)
                octets[HEADER + at + 1] = (uint8_t)(roll(12) ? size : roll(256));
            at += kind == 1 ? 1 : size > 0 ? size : 2;
        }
        if (len > 0 && roll(3) == 0)
            octets[HEADER + roll(len)] = alphabet[roll(sizeof alphabet)];
        check_options(len);
    }
}

/// The header ///

static void check_header(unsigned size, unsigned offset, unsigned reserved, unsigned flags)
{
    struct aksu_packet in;
    memset(&in, 0, sizeof in);
    memset(octets, 0, sizeof octets);
    for (unsigned i = 0; i < HEADER; i++)
        octets[i] = (uint8_t)(17 * i + flags);
    octets[0] |= 1;
    octets[2] |= 1;
    octets[12] = (uint8_t)(offset << 4 | reserved);
    octets[13] = (uint8_t)flags;
    in.payload = octets;
    in.len = (uint16_t)size;
    bool want = offset >= 5 && offset * 4 <= size;
    tried++;
    if (aksu_segment_get(&in) != want)
        fail("header taken or not", HEADER);
    if (!want)
        return;
    const struct aksu_segment *s = &in.segment;
    if (s->seq != word(octets + 4) || s->ack != word(octets + 8) || s->flags != flags ||
        s->wnd != (octets[14] << 8 | octets[15]) || s->urp != (octets[18] << 8 | octets[19]) ||
        s->len != size - offset * 4 || in.len != s->len || in.payload != octets + offset * 4 ||
        in.pair.remote_port != (octets[0] << 8 | octets[1]) ||
        in.pair.local_port != (octets[2] << 8 | octets[3]))
        fail("header's fields", HEADER);
}

static void sweep_headers(void)
{
    for (unsigned size = 0; size <= 64; size++)
        for (unsigned offset = 0; offset < 16; offset++)
            for (unsigned reserved = 0; reserved < 16; reserved++)
                for (unsigned flags = 0; flags < 256; flags += size == 40 ? 1 : 51)
                    check_header(size, offset, reserved, flags);
}

// What is written is read again, for all combinations of options that fit.
static void check_written(unsigned options, unsigned sacks)
{
    struct aksu_packet in;
    struct aksu_pair pair;
    struct aksu_segment s = {.seq = 0x80000001,
                             .ack = 0xfffffffe,
                             .tsval = 0x01020304,
                             .tsecr = 0xfffefdfc,
                             .wnd = 0xfedc,
                             .urp = 0x1234,
                             .mss = 1460,
                             .flags = AKSU_ACK,
                             .wscale = 14};
    s.options = (uint8_t)options;
    s.sacks = (uint8_t)sacks;
    for (unsigned i = 0; i < sacks; i++)
        s.sack[i] = (struct aksu_range){i * 0x11111111u, i * 0x11111111u + 5};
    memset(&pair, 0, sizeof pair);
    memset(&in, 0, sizeof in);
    pair.local_port = 7;
    pair.remote_port = 50000;
    in.payload = octets;
    in.len = (uint16_t)aksu_segment_put(&pair, &s, octets);
    octets[16] = octets[17] = 0;
    tried++;
    unsigned len = in.len;
    struct meaning m;
    read_options(octets + HEADER, len - HEADER, &m);
    if (!aksu_segment_get(&in) || in.segment.options != options || !same(&in.segment, &m) ||
        m.sacks != sacks || in.segment.seq != s.seq || in.segment.ack != s.ack ||
        in.segment.wnd != s.wnd || in.segment.urp != s.urp)
        fail("written and read", len);
}

static void sweep_written(void)
{
    for (unsigned options = 0; options < AKSU_OPT_SACK; options++)
        for (unsigned sacks = 0; sacks <= AKSU_RANGES; sacks++) {
            unsigned len =
                ((options & AKSU_OPT_MSS) ? 4u : 0) + ((options & AKSU_OPT_WSCALE) ? 4u : 0) +
                ((options & AKSU_OPT_SACK_PERMITTED) ? 4u : 0) +
                ((options & AKSU_OPT_TIMESTAMPS) ? 12u : 0) + (sacks ? 4 + 8 * sacks : 0);
            if (len <= OPTIONS_MAX)
                check_written(options | (sacks ? AKSU_OPT_SACK : 0u), sacks);
        }
}

int main(int argc, char **argv)
{
    bool less = argc > 1 && strcmp(argv[1], "--less") == 0;
    bool all = argc > 1 && strcmp(argv[1], "--all") == 0;
    sweep_headers();
    sweep_written();
    memset(octets, 0, sizeof octets);
    octets[1] = octets[3] = 7;
    sweep_values(less ? 17 : 1, all);
    sweep_alphabet(0, 4, 12, 4);
    sweep_alphabet(0, 8, less ? 6 : all ? 12 : 10, 8);
    random_options(less ? 200000 : 4000000);
    printf("%lu headers, %lu wrong\n", tried, wrong);
    printf("%d passed, %d failed\n", wrong == 0, wrong != 0);
    return wrong != 0;
}
