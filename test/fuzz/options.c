// SPDX-License-Identifier: MIT
// TCP headers with any options against a second decoder, written from RFC 9293 3.1 and 3.2 alone;
// IPv4 headers with any options likewise; and segments to octets and back.
#include "input.h"
#include "stack.h"

enum { HEADER_MAX = 60 };

AKSU_STORAGE(store, 1, 1, 512, 512);

// --- The second decoder ---

static uint32_t word(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

// The length that an option of this kind must have; 0 = any.
static bool right_length(uint8_t kind, size_t len)
{
    static const uint8_t lengths[9] = {0, 0, 4, 3, 2, 0, 0, 0, 10};

    if (kind == 5) {
        return len >= 2 && (len - 2) % 8 == 0;
    }
    return kind > 8 || lengths[kind] == 0 || lengths[kind] == len;
}

static void one_option(const uint8_t *o, size_t len, struct aksu_segment *s)
{
    if (o[0] == 2) {
        s->options |= AKSU_OPT_MSS;
        s->mss = (uint16_t)(o[2] << 8 | o[3]);
    } else if (o[0] == 3) {
        s->options |= AKSU_OPT_WSCALE;
        s->wscale = o[2];
    } else if (o[0] == 4) {
        s->options |= AKSU_OPT_SACK_PERMITTED;
    } else if (o[0] == 5) {
        s->sacks = (uint8_t)((len - 2) / 8);
        s->options |= s->sacks > 0 ? AKSU_OPT_SACK : 0;
        for (unsigned i = 0; i < s->sacks; i++) {
            s->sack[i].start = word(o + 2 + 8 * i);
            s->sack[i].end = word(o + 6 + 8 * i);
        }
    } else if (o[0] == 8) {
        s->options |= AKSU_OPT_TIMESTAMPS;
        s->tsval = word(o + 2);
        s->tsecr = word(o + 6);
    }
}

static void decode(const uint8_t *o, size_t left, struct aksu_segment *s)
{
    memset(s, 0, sizeof *s);
    while (left > 0 && o[0] != 0) {
        size_t len = o[0] == 1 ? 1 : left > 1 ? o[1] : 0;
        bool fits = o[0] == 1 || (len >= 2 && len <= left);
        if (!fits || !right_length(o[0], len)) {
            s->options |= AKSU_OPT_ILLEGAL;
            return;
        }
        one_option(o, len, s);
        o += len;
        left -= len;
    }
}

static void check_same(const struct aksu_segment *a, const struct aksu_segment *b)
{
    REQUIRE(a->options == b->options && a->sacks == b->sacks);
    REQUIRE(!(a->options & AKSU_OPT_MSS) || a->mss == b->mss);
    REQUIRE(!(a->options & AKSU_OPT_WSCALE) || a->wscale == b->wscale);
    REQUIRE(!(a->options & AKSU_OPT_TIMESTAMPS) || (a->tsval == b->tsval && a->tsecr == b->tsecr));
    for (unsigned i = 0; i < a->sacks; i++) {
        REQUIRE(a->sack[i].start == b->sack[i].start && a->sack[i].end == b->sack[i].end);
    }
}

// --- TCP ---

static void tcp_options(struct input *in)
{
    uint8_t header[HEADER_MAX] = {0x9c, 0x40, 0, 80, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0x10, 0, 9, 0, 0};
    const uint8_t *from;
    size_t len = take_octets(in, HEADER_MAX - 20, &from) / 4 * 4;
    struct aksu_segment expected;
    struct aksu_packet got;

    memcpy(header + 20, from, len);
    header[12] = (uint8_t)((20 + len) / 4 << 4);
    uint8_t *exact = malloc(20 + len); // so that reading beyond it is seen
    REQUIRE(exact);
    memcpy(exact, header, 20 + len);
    memset(&got, 0xee, sizeof got);
    got.segment.options = got.segment.sacks = 0;
    got.payload = exact;
    got.len = (uint32_t)(20 + len);
    REQUIRE(aksu_segment_get(&got));
    REQUIRE(got.len == 0 && got.segment.seq == 0x01020304 && got.segment.ack == 0x05060708);
    decode(header + 20, len, &expected);
    check_same(&got.segment, &expected);
    free(exact);
}

// What put() writes get() reads.
static void there_and_back(struct input *in)
{
    struct aksu_pair pair = {1, 2, 0x1234, 0x5678};
    uint8_t header[HEADER_MAX + 4];
    struct aksu_segment s;
    struct aksu_packet got;

    memset(&s, 0, sizeof s);
    s.seq = take32(in);
    s.ack = take32(in);
    s.wnd = take16(in);
    s.flags = take8(in);
    s.options = take8(in) & 0x1f;
    s.mss = take16(in);
    s.wscale = take8(in);
    s.tsval = take32(in);
    s.tsecr = take32(in);
    if (s.options & AKSU_OPT_SACK) { // never beside what a SYN has: plan.c
        s.options &= AKSU_OPT_SACK | AKSU_OPT_TIMESTAMPS;
        s.sacks = (uint8_t)(1 + take8(in) % ((s.options & AKSU_OPT_TIMESTAMPS) ? 3 : 4));
        for (unsigned i = 0; i < s.sacks; i++) {
            s.sack[i].start = take32(in);
            s.sack[i].end = take32(in);
        }
    }
    memset(header, 0xa5, sizeof header);
    uint32_t len = aksu_segment_put(&pair, &s, header);
    REQUIRE(len % 4 == 0 && len >= 20 && len <= HEADER_MAX && header[len] == 0xa5);
    got.payload = header;
    got.len = len;
    got.segment.options = got.segment.sacks = 0;
    REQUIRE(aksu_segment_get(&got));
    REQUIRE(got.segment.seq == s.seq && got.segment.ack == s.ack && got.segment.wnd == s.wnd);
    REQUIRE(got.segment.flags == s.flags);
    REQUIRE(got.pair.remote_port == pair.local_port && got.pair.local_port == pair.remote_port);
    check_same(&got.segment, &s);
}

// --- IPv4 ---

static bool ip_options_harmless(const uint8_t *o, size_t left)
{
    while (left > 0 && o[0] != 0) {
        size_t len = o[0] == 1 ? 1 : left > 1 ? o[1] : 0;
        bool route = o[0] == 131 || o[0] == 137;
        if (route || len == 0 || len > left || (o[0] != 1 && len < 2)) {
            return false;
        }
        o += len;
        left -= len;
    }
    return true;
}

static void ip_options(struct input *in)
{
    static const uint8_t head[20] = {0x40, 0, 0,   0, 0, 0, 0,   0, 64, 99,
                                     0,    0, 192, 0, 2, 2, 192, 0, 2,  1};
    struct aksu_config config = {.profile = &aksu_standard, .addr = aksu_ipv4(192, 0, 2, 1)};
    static struct aksu net;
    const uint8_t *from;
    size_t len = take_octets(in, 40, &from) / 4 * 4;

    config.offload = AKSU_OFFLOAD_RX; // no checksums
    REQUIRE(aksu_init(&net, &store, &config) == AKSU_OK);
    uint8_t *packet = malloc(20 + len);
    REQUIRE(packet);
    memcpy(packet, head, 20);
    memcpy(packet + 20, from, len);
    packet[0] = (uint8_t)(0x45 + len / 4);
    packet[3] = (uint8_t)(20 + len);
    int result = aksu_input(&net, 0, packet, 20 + len);
    REQUIRE(result ==
            (ip_options_harmless(packet + 20, len) ? -AKSU_DROP_PROTOCOL : -AKSU_DROP_IP_OPTION));
    free(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};

    switch (take8(&in) % 3) {
    case 0:
        tcp_options(&in);
        break;
    case 1:
        ip_options(&in);
        break;
    default:
        there_and_back(&in);
        break;
    }
    return 0;
}
