// SPDX-License-Identifier: MIT
// Every field of Ethernet, ARP, IPv4, ICMP and TCP, its options too, set to each of its boundary
// values, one at a time and in pairs, in every state: half-open, with cookies in use, with windows
// of zero. After each frame: nothing is broken; at most one frame answers, and is not much longer;
// the work is bounded, in steps and in octets looked at; a frame that is refused changes nothing
// but counters and, if it is answered, what an answer leaves behind.
//
// usage: hostile_enumerate [ONE_IN [SEED [recovery]]]     (only so many of the frames, chosen by
// the seed; with loss recovery in use)
#include "host.h"
#include <stdio.h>
#include <stdlib.h>

AKSU_STORAGE(store, ROWS, LISTENERS, RX, TX);

static struct host h;
static struct image start_image;
static struct aksu_profile profile;
static uint64_t looked_at; // octets copied or summed

static uint32_t counting_copy(void *to, const void *from, uint32_t len)
{
    looked_at += len;
    return aksu_copy(to, from, len);
}

// --- Fields and their values ---

// What a value counts from.
enum { AS_IT_IS, RCV_NXT, RCV_ADV, SND_UNA, SND_MAX, PLUS_LENGTH };
// How a field is written. OPTIONS and TEXT shape the frame before, SUM after checksums are right.
enum { OCTETS, STATION, OPTIONS, TEXT, SUM };
enum { OF_ETHERNET = 1, OF_IP = 2, OF_TCP = 4, OF_ICMP = 8, OF_QUOTE = 16, OF_ARP = 32 };

struct value {
    uint32_t number;
    uint8_t from;
};

struct field {
    const char *name;
    uint8_t layer;
    uint8_t at; // in the frame
    uint8_t octets;
    uint8_t how;
    const struct value *values;
    unsigned count;
};

#define VALUES(name, ...) static const struct value name[] = {__VA_ARGS__}
#define FIELD(name, layer, at, octets, how, values)                                                \
    {                                                                                              \
        name, layer, at, octets, how, values, sizeof values / sizeof values[0]                     \
    }

static const uint8_t stations[][6] = {{2, 0, 0, 0, 0, 1},    {2, 0, 0, 0, 0, 2},
                                      {2, 0, 0, 0, 0, 3},    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
                                      {1, 0, 0x5e, 0, 0, 1}, {0}};
VALUES(a_station, {0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0});
VALUES(a_type, {0x0800, 0}, {0x0806, 0}, {0x86dd, 0}, {0x8100, 0}, {0, 0}, {46, 0}, {1500, 0},
       {0xffff, 0});
VALUES(a_version, {0x45, 0}, {0x44, 0}, {0x40, 0}, {0x46, 0}, {0x4f, 0}, {0x55, 0}, {0x65, 0},
       {0x05, 0}, {0xff, 0});
VALUES(a_short, {0, 0}, {1, 0}, {0x7fff, 0}, {0x8000, 0}, {0xffff, 0});
VALUES(an_octet, {0, 0}, {1, 0}, {2, 0}, {3, 0}, {0x7f, 0}, {0x80, 0}, {0xff, 0});
VALUES(a_length, {0, 0}, {19, 0}, {20, 0}, {27, 0}, {28, 0}, {39, 0}, {40, 0},
       {0xffff, PLUS_LENGTH}, {0, PLUS_LENGTH}, {1, PLUS_LENGTH}, {1500, 0}, {1501, 0},
       {0xffff, 0});
VALUES(a_fragment, {0, 0}, {0x4000, 0}, {0x8000, 0}, {0x2000, 0}, {1, 0}, {0x1fff, 0}, {0x3fff, 0},
       {0xffff, 0});
VALUES(a_protocol, {0, 0}, {1, 0}, {2, 0}, {6, 0}, {17, 0}, {41, 0}, {58, 0}, {255, 0});
VALUES(an_address, {US, 0}, {PEER, 0}, {PEER + 1, 0}, {0, 0}, {0xc0000200, 0}, {0xc00002ff, 0},
       {0xffffffff, 0}, {0x7f000001, 0}, {0xe0000001, 0}, {0xf0000001, 0}, {0x08080808, 0});
VALUES(a_port, {0, 0}, {1, 0}, {PORT, 0}, {81, 0}, {ACTIVE_PORT, 0}, {PEER_PORT, 0}, {0x7fff, 0},
       {0x8000, 0}, {0xffff, 0});
VALUES(a_seq, {0, RCV_NXT}, {1, RCV_NXT}, {0xffffffff, RCV_NXT}, {0xfffffffb, RCV_NXT},
       {0, RCV_ADV}, {1, RCV_ADV}, {0xffffffff, RCV_ADV}, {0xfffffffb, RCV_ADV},
       {0x7fffffff, RCV_NXT}, {0x80000000, RCV_NXT}, {0x80000001, RCV_NXT}, {0, 0},
       {0xffffffff, 0});
VALUES(an_ack, {0, SND_UNA}, {1, SND_UNA}, {0xffffffff, SND_UNA}, {0, SND_MAX}, {1, SND_MAX},
       {0xffffffff, SND_MAX}, {(uint32_t)-8191, SND_UNA}, {(uint32_t)-8192, SND_UNA},
       {(uint32_t)-8193, SND_UNA}, {0x7fffffff, SND_UNA}, {0x80000000, SND_UNA},
       {0x80000001, SND_UNA}, {0, 0}, {0xffffffff, 0});
VALUES(an_offset, {0x00, 0}, {0x40, 0}, {0x50, 0}, {0x5f, 0}, {0x60, 0}, {0x80, 0}, {0xf0, 0},
       {0xff, 0});
VALUES(flags, {0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}, {6, 0}, {7, 0}, {0x10, 0}, {0x11, 0},
       {0x12, 0}, {0x13, 0}, {0x14, 0}, {0x15, 0}, {0x16, 0}, {0x17, 0}, {0x18, 0}, {0x20, 0},
       {0x22, 0}, {0x29, 0}, {0x30, 0}, {0x31, 0}, {0x3f, 0}, {0x52, 0}, {0x90, 0}, {0xc2, 0},
       {0xd0, 0}, {0xff, 0});
VALUES(a_sum, {0, 0}, {0xffff, 0}, {0x1234, 0});
VALUES(a_text, {0, 0}, {1, 0}, {5, 0}, {536, 0}, {1440, 0}, {1460, 0}, {1461, 0});
VALUES(an_option, {0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}, {6, 0}, {7, 0}, {8, 0}, {9, 0},
       {10, 0}, {11, 0}, {12, 0}, {13, 0}, {14, 0}, {15, 0}, {16, 0}, {17, 0}, {18, 0}, {19, 0},
       {20, 0}, {21, 0}, {22, 0}, {23, 0}, {24, 0}, {25, 0}, {26, 0}, {27, 0});
VALUES(an_icmp_type, {0, 0}, {3, 0}, {4, 0}, {5, 0}, {8, 0}, {9, 0}, {10, 0}, {11, 0}, {12, 0},
       {13, 0}, {17, 0}, {40, 0}, {255, 0});
VALUES(a_code, {0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}, {6, 0}, {13, 0}, {255, 0});
VALUES(an_mtu, {0, 0}, {20, 0}, {40, 0}, {41, 0}, {67, 0}, {68, 0}, {551, 0}, {552, 0}, {1499, 0},
       {1500, 0}, {1501, 0}, {0xffff, 0});

enum { T = ETH + IP, Q = T + 8, QT = Q + IP, A = ETH };

static const struct field fields[] = {
    FIELD("Ethernet destination", OF_ETHERNET, 0, 6, STATION, a_station),
    FIELD("Ethernet source", OF_ETHERNET, 6, 6, STATION, a_station),
    FIELD("EtherType", OF_ETHERNET, 12, 2, OCTETS, a_type),
    FIELD("IP version", OF_IP, ETH, 1, OCTETS, a_version),
    FIELD("IP TOS", OF_IP, ETH + 1, 1, OCTETS, an_octet),
    FIELD("IP length", OF_IP, ETH + 2, 2, OCTETS, a_length),
    FIELD("IP identification", OF_IP, ETH + 4, 2, OCTETS, a_short),
    FIELD("IP fragment", OF_IP, ETH + 6, 2, OCTETS, a_fragment),
    FIELD("IP TTL", OF_IP, ETH + 8, 1, OCTETS, an_octet),
    FIELD("IP protocol", OF_IP, ETH + 9, 1, OCTETS, a_protocol),
    FIELD("IP checksum", OF_IP, ETH + 10, 2, SUM, a_sum),
    FIELD("IP source", OF_IP, ETH + 12, 4, OCTETS, an_address),
    FIELD("IP destination", OF_IP, ETH + 16, 4, OCTETS, an_address),
    FIELD("TCP source", OF_TCP, T, 2, OCTETS, a_port),
    FIELD("TCP destination", OF_TCP, T + 2, 2, OCTETS, a_port),
    FIELD("TCP sequence", OF_TCP, T + 4, 4, OCTETS, a_seq),
    FIELD("TCP acknowledgment", OF_TCP, T + 8, 4, OCTETS, an_ack),
    FIELD("TCP offset", OF_TCP, T + 12, 1, OCTETS, an_offset),
    FIELD("TCP flags", OF_TCP, T + 13, 1, OCTETS, flags),
    FIELD("TCP window", OF_TCP, T + 14, 2, OCTETS, a_short),
    FIELD("TCP checksum", OF_TCP, T + 16, 2, SUM, a_sum),
    FIELD("TCP urgent", OF_TCP, T + 18, 2, OCTETS, a_short),
    FIELD("TCP options", OF_TCP, 0, 0, OPTIONS, an_option),
    FIELD("text", OF_TCP, 0, 0, TEXT, a_text),
    FIELD("ICMP type", OF_ICMP, T, 1, OCTETS, an_icmp_type),
    FIELD("ICMP code", OF_ICMP, T + 1, 1, OCTETS, a_code),
    FIELD("ICMP checksum", OF_ICMP, T + 2, 2, SUM, a_sum),
    FIELD("ICMP unused", OF_ICMP, T + 4, 2, OCTETS, a_short),
    FIELD("ICMP MTU", OF_ICMP, T + 6, 2, OCTETS, an_mtu),
    FIELD("quoted version", OF_QUOTE, Q, 1, OCTETS, a_version),
    FIELD("quoted length", OF_QUOTE, Q + 2, 2, OCTETS, a_length),
    FIELD("quoted fragment", OF_QUOTE, Q + 6, 2, OCTETS, a_fragment),
    FIELD("quoted protocol", OF_QUOTE, Q + 9, 1, OCTETS, a_protocol),
    FIELD("quoted source", OF_QUOTE, Q + 12, 4, OCTETS, an_address),
    FIELD("quoted destination", OF_QUOTE, Q + 16, 4, OCTETS, an_address),
    FIELD("quoted source port", OF_QUOTE, QT, 2, OCTETS, a_port),
    FIELD("quoted destination port", OF_QUOTE, QT + 2, 2, OCTETS, a_port),
    FIELD("quoted sequence", OF_QUOTE, QT + 4, 4, OCTETS, an_ack),
    FIELD("ARP hardware", OF_ARP, A, 2, OCTETS, a_short),
    FIELD("ARP protocol", OF_ARP, A + 2, 2, OCTETS, a_type),
    FIELD("ARP hardware length", OF_ARP, A + 4, 1, OCTETS, an_octet),
    FIELD("ARP protocol length", OF_ARP, A + 5, 1, OCTETS, an_octet),
    FIELD("ARP operation", OF_ARP, A + 6, 2, OCTETS, an_octet),
    FIELD("ARP sender station", OF_ARP, A + 8, 6, STATION, a_station),
    FIELD("ARP sender", OF_ARP, A + 14, 4, OCTETS, an_address),
    FIELD("ARP target station", OF_ARP, A + 18, 6, STATION, a_station),
    FIELD("ARP target", OF_ARP, A + 24, 4, OCTETS, an_address),
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

// Options, NOPs behind them; %: the near end of what counts, see put_options().
static const struct {
    uint8_t len;
    uint8_t octets[40];
} option_sets[] = {
    {0, {0}},
    {4, {2, 4, 0, 0}},
    {4, {2, 4, 0, 1}},
    {4, {2, 4, 5, 0xb4}},
    {4, {2, 4, 0xff, 0xff}},
    {4, {2, 3, 5, 0xb4}},
    {4, {2, 5, 5, 0xb4}},
    {4, {3, 3, 0, 1}},
    {4, {3, 3, 14, 1}},
    {4, {3, 3, 15, 1}},
    {4, {3, 3, 255, 1}},
    {4, {3, 2, 1, 1}},
    {4, {4, 2, 1, 1}},
    {4, {4, 0, 1, 1}},
    {4, {5, 2, 1, 1}},
    {12, {1, 1, 5, 10, 'u', 'n', 'a', 0, 'u', 'n', 'a', 1}},
    {12, {1, 1, 5, 10, 'u', 'n', 'a', 2, 'u', 'n', 'a', 0}},
    {36, {1, 1, 5, 34, 'u', 'n', 'a', 0, 'u', 'n', 'a', 9, 'u', 'n', 'a', 9, 'u', 'n', 'a', 3}},
    {12, {1, 1, 5, 9, 'u', 'n', 'a', 0, 'u', 'n', 'a', 1}},
    {12, {1, 1, 8, 10, 0, 0, 3, 0xe8, 0, 0, 0, 0}},
    {12, {1, 1, 8, 10, 0, 0, 3, 0xe7, 0, 0, 0, 0}},
    {12, {1, 1, 8, 10, 0x80, 0, 3, 0xe8, 0xff, 0xff, 0xff, 0xff}},
    {12, {1, 1, 8, 9, 0, 0, 3, 0xe8, 0, 0, 0, 0}},
    {4, {254, 0, 0, 0}},
    {4, {254, 1, 0, 0}},
    {4, {254, 5, 0, 0}},
    {40, {254, 40}},
    {40, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
          1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 8}},
};
_Static_assert(sizeof an_option / sizeof an_option[0] == sizeof option_sets / sizeof option_sets[0],
               "each set of options has its number");

// --- Frames ---

// The numbers of the connection, or what they would be.
static struct {
    uint32_t rcv_nxt, rcv_adv, snd_una, snd_max;
    uint16_t port;
} near;

// A frame of the connection's, to be spoiled.
static const struct {
    const char *name;
    uint8_t layers;
    uint8_t flags; // of TCP
    uint8_t kind;  // of ICMP; the operation of ARP
    uint16_t text;
} bases[] = {
    {"data", OF_ETHERNET | OF_IP | OF_TCP, AKSU_ACK | AKSU_PSH, 0, 5},
    {"a SYN", OF_ETHERNET | OF_IP | OF_TCP, AKSU_SYN, 0, 0},
    {"a RST", OF_ETHERNET | OF_IP | OF_TCP, AKSU_RST, 0, 0},
    {"a FIN", OF_ETHERNET | OF_IP | OF_TCP, AKSU_FIN | AKSU_ACK, 0, 0},
    {"an ICMP error", OF_ETHERNET | OF_IP | OF_ICMP | OF_QUOTE, 0, 3, 0},
    {"an echo request", OF_ETHERNET | OF_IP | OF_ICMP, 0, 8, 0},
    {"an ARP request", OF_ETHERNET | OF_ARP, 0, 1, 0},
    {"an ARP reply", OF_ETHERNET | OF_ARP, 0, 2, 0},
};

static uint32_t number(const struct value *v, size_t frame_len)
{
    const uint32_t from[] = {
        0, near.rcv_nxt, near.rcv_adv, near.snd_una, near.snd_max, (uint32_t)frame_len - ETH};

    return from[v->from] + v->number;
}

// "una" and a digit stands for a number so many times 1460 beyond SND.UNA.
static void put_options(unsigned set, uint8_t *to)
{
    memset(to, 1, 40);
    memcpy(to, option_sets[set].octets, option_sets[set].len);
    for (unsigned i = 0; i + 4 <= option_sets[set].len; i += 4) {
        if (memcmp(to + i, "una", 3) == 0) {
            put32(to + i, near.snd_una + to[i + 3] * 1460u);
        }
    }
}

static size_t make_tcp(unsigned base, const unsigned *chosen, uint8_t *frame)
{
    static const uint8_t text[1500] = "HELLO";
    uint8_t octets[40];
    struct segment s = {PEER_PORT,
                        near.port,
                        bases[base].flags,
                        near.rcv_nxt,
                        near.snd_una,
                        8192,
                        (const char *)octets,
                        0,
                        text,
                        bases[base].text};

    if (bases[base].flags == AKSU_SYN || bases[base].flags == AKSU_RST) {
        s.ack = 0;
    }
    for (unsigned f = 0; f < FIELDS; f++) {
        unsigned v = chosen[f];
        if (v > 0 && fields[f].how == TEXT) {
            s.len = fields[f].values[v - 1].number;
        } else if (v > 0 && fields[f].how == OPTIONS) {
            put_options(v - 1, octets);
            s.options_len = option_sets[v - 1].len;
        }
    }
    return make(&s, frame);
}

static size_t make_icmp(unsigned base, uint8_t *frame)
{
    bool quotes = bases[base].layers & OF_QUOTE;
    struct segment s = {PEER_PORT, near.port, 0, 0, 0, 0, NULL, 0, NULL, 0};
    size_t len = make(&s, frame); // as long as an error: 8 + 20 + 8 octets
    uint8_t *p = frame + T;

    put16(frame + ETH + 2, IP + 36);
    frame[ETH + 9] = 1;
    memset(p, 0, 36);
    p[0] = bases[base].kind;
    p[1] = quotes ? 4 : 0;
    put16(p + 6, quotes ? 1000 : 1);
    if (quotes) {
        p[8] = 0x45;
        put16(p + 10, 40);
        p[17] = 6;
        put32(p + 20, US);
        put32(p + 24, PEER);
        put16(p + 28, near.port);
        put16(p + 30, PEER_PORT);
        put32(p + 32, near.snd_una);
    }
    (void)len;
    return T + 36;
}

static void write_field(const struct field *f, unsigned v, uint8_t *frame, size_t len)
{
    uint32_t n = number(&f->values[v - 1], len);

    if (f->how == STATION) {
        memcpy(frame + f->at, stations[n], 6);
    } else if (f->octets == 4) {
        put32(frame + f->at, n);
    } else if (f->octets == 2) {
        put16(frame + f->at, n & 0xffff);
    } else {
        frame[f->at] = (uint8_t)n;
    }
}

static size_t make_frame(unsigned base, const unsigned *chosen, uint8_t *frame)
{
    size_t len = bases[base].layers & OF_TCP    ? make_tcp(base, chosen, frame)
                 : bases[base].layers & OF_ICMP ? make_icmp(base, frame)
                                                : make_arp(bases[base].kind, frame);

    for (unsigned f = 0; f < FIELDS; f++) {
        if (chosen[f] > 0 && (fields[f].how == OCTETS || fields[f].how == STATION)) {
            write_field(&fields[f], chosen[f], frame, len);
        }
    }
    seal(frame, len);
    for (unsigned f = 0; f < FIELDS; f++) {
        if (chosen[f] > 0 && fields[f].how == SUM) {
            write_field(&fields[f], chosen[f], frame, len);
        }
    }
    return len;
}

// --- Judging ---

static const struct aksu_tcb *row_of(const struct aksu_row *row)
{
    for (unsigned i = 0; i < ROWS; i++) {
        if ((row[i].bits & 0x80) && row[i].pair.remote_port == PEER_PORT) {
            return &row[i].tcb;
        }
    }
    return NULL;
}

// What an ACK in answer to a refused segment leaves behind: that it was sent, a duplicate that was
// reported, the 2 MSL or the SYN,ACK's timer anew.
static bool same_but_answered(const struct aksu_tcb *a, const struct aksu_tcb *b)
{
    const uint16_t may = AKSU_F_DSACK | AKSU_F_TIMING;
    struct aksu_tcb t;

    memcpy(&t, b, sizeof t);
    t.challenges = a->challenges;
    t.challenge_at = a->challenge_at;
    t.last_ack = a->last_ack;
    t.rcv_adv = a->rcv_adv;
    t.timers = (uint8_t)((t.timers & ~AKSU_TIMER_ACK) | (a->timers & AKSU_TIMER_ACK));
    t.flags = (uint16_t)((t.flags & ~may) | (a->flags & may));
    for (unsigned i = t.ranges; i < AKSU_RANGES; i++) { // of no meaning
        t.range[i] = a->range[i];
    }
    t.deadline[AKSU_AT_MISC] = a->deadline[AKSU_AT_MISC];
    if (a->state == AKSU_SYN_RECEIVED) {
        t.deadline[AKSU_AT_RTX] = a->deadline[AKSU_AT_RTX];
    }
    return memcmp(&t, a, sizeof t) == 0;
}

// A refused segment may end a half-open connection: a SYN in its window (3.10.7.4).
static bool gave_up_half_open(const struct aksu_tcb *before, const struct aksu_tcb *after)
{
    return before && before->state == AKSU_SYN_RECEIVED && !after;
}

static const char *judge_refused(void)
{
    const struct aksu_tcb *before = row_of(start_image.row), *after = row_of(store.row);

    if (gave_up_half_open(before, after)) {
        return h.frames == 0 ? NULL : "a half-open connection ended with an answer";
    }
    if (h.frames == 0) {
        return changed(&h, &start_image, true);
    }
    if (before && after && memcmp(before, after, sizeof *before) != 0) {
        return same_but_answered(before, after) ? NULL : "the connection's state";
    }
    for (unsigned i = 0; i < 2 * ROWS; i++) { // a FIN restarts the 2 MSL
        store.time_wait[i].expires = start_image.time_wait[i].expires;
    }
    return before ? NULL : changed(&h, &start_image, false);
}

static bool resets(uint8_t *frame, size_t len)
{
    size_t rest;
    const uint8_t *t = inside(frame, len, 6, &rest);

    return t && (t[13] & AKSU_RST);
}

static const char *judge(int result, uint8_t *frame, size_t len, uint32_t max_before)
{
    static char text[80];
    const struct aksu_tcb *t = row_of(store.row);
    uint32_t own = t && h.frames > 0 ? t->snd_max - max_before : 0;

    if (h.wrong[0]) {
        return h.wrong;
    }
    if (h.frames > 1 && own == 0) {
        return "more than one frame answers";
    }
    if (h.frames > 0 && resets(frame, len) && resets(h.frame, h.frame_len)) {
        return "a RST answers a RST";
    }
    if (h.octets > 3 * len + own + 94 * (size_t)h.frames * (own > 0)) {
        return "the answer is more than three times as long";
    }
    if (h.steps > 4 + 2 * h.frames || looked_at > 4 * len + 4 * h.octets + 200) {
        snprintf(text, sizeof text, "too much work: %u steps, %u octets", h.steps,
                 (unsigned)looked_at);
        return text;
    }
    const char *part = result < 0 ? judge_refused() : NULL;

    if (part) {
        snprintf(text, sizeof text, "it was refused, but has changed: %s", part);
    }
    return part ? text : NULL;
}

// --- All of them ---

static unsigned long frames, refused, answered, failed;
static unsigned one_in = 1, seed;

static bool in_slice(unsigned long n)
{
    return one_in <= 1 || ((n + seed) * 2654435761u >> 7) % one_in == 0;
}

static void complain(enum state state, unsigned base, const unsigned *chosen, const char *wrong,
                     const uint8_t *frame, size_t len)
{
    if (failed++ >= 20) {
        return;
    }
    printf("FAIL %s in %s:", bases[base].name, state_label(state));
    for (unsigned f = 0; f < FIELDS; f++) {
        if (chosen[f] > 0) {
            printf(" %s = %08x;", fields[f].name,
                   (unsigned)number(&fields[f].values[chosen[f] - 1], len));
        }
    }
    printf(" %s\n     ", wrong);
    for (size_t i = 0; i < len; i++) {
        printf("%02x", frame[i]);
    }
    printf("\n");
}

static void try(enum state state, unsigned base, const unsigned *chosen)
{
    uint8_t frame[FRAME_MAX];

    if (!in_slice(frames++)) {
        return;
    }
    size_t len = make_frame(base, chosen, frame);

    h.frames = 0;
    h.octets = 0;
    h.steps = 0;
    looked_at = 0;
    int result = feed(&h, frame, len);
    drain(&h);
    const char *wrong = judge(result, frame, len, near.snd_max);

    refused += result < 0;
    answered += h.frames > 0;
    if (wrong) {
        complain(state, base, chosen, wrong, frame, len);
    }
    if (result < 0 && h.frames == 0 && !wrong && row_of(store.row)) {
        memcpy(&h, &start_image.host, sizeof h); // all else is as it was
    } else {
        restore(&h, &start_image);
    }
}

static void try_pairs(enum state state, unsigned base)
{
    unsigned chosen[FIELDS] = {0};

    try(state, base, chosen);
    for (unsigned f = 0; f < FIELDS; f++) {
        if (!(fields[f].layer & bases[base].layers)) {
            continue;
        }
        for (chosen[f] = 1; chosen[f] <= fields[f].count; chosen[f]++) {
            try(state, base, chosen);
            for (unsigned g = f + 1; g < FIELDS; g++) {
                bool both = (fields[g].layer & bases[base].layers) != 0;
                for (chosen[g] = 1; both && chosen[g] <= fields[g].count; chosen[g]++) {
                    try(state, base, chosen);
                }
                chosen[g] = 0;
            }
        }
        chosen[f] = 0;
    }
}

static void enter_state(enum state state, uint32_t iss, uint32_t irs)
{
    build(&h, state, &store, &profile, iss, irs);
    h.now += 7;
    drain(&h);
    take_image(&h, &start_image);
    const struct aksu_tcb *t = row_of(store.row);

    near.snd_una = t ? t->snd_una : iss + 1;
    near.snd_max = t ? t->snd_max : iss + 1;
    near.rcv_nxt = t ? t->rcv_nxt : irs + 1;
    near.rcv_adv = t ? t->rcv_adv : irs + 1 + RX;
    near.port = state == state_syn_sent ? ACTIVE_PORT : state == state_closed ? 81 : PORT;
}

int main(int argc, char **argv)
{
    static const uint32_t numbers[][2] = {{ISS, IRS}, {UINT32_MAX, UINT32_MAX}, {0x7fffffff, 0}};

    one_in = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
    seed = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    memcpy(&profile, argc > 3 ? &aksu_full : &aksu_standard, sizeof profile);
    profile.copy = counting_copy;
    for (int s = state_closed; s < STATES; s++) {
        unsigned long before = failed, count = frames;
        if (s == state_established6) {
            continue; // waits for IPv6
        }
        enter_state((enum state)s, numbers[s % 3][0], numbers[s % 3][1]);
        if (h.wrong[0]) {
            printf("FAIL %s: %s\n", state_label((enum state)s), h.wrong);
            failed++;
        }
        for (unsigned b = 0; b < sizeof bases / sizeof bases[0]; b++) {
            try_pairs((enum state)s, b);
        }
        printf("%-22s %8lu frames, %lu failed\n", state_label((enum state)s), frames - count,
               failed - before);
    }
    printf("%lu frames, of which one in %u was tried: %lu refused, %lu answered\n", frames,
           one_in > 0 ? one_in : 1, refused, answered);
    if (frames < 1000000) {
        printf("FAIL fewer than a million frames\n");
        failed++;
    }
    printf("%lu passed, %lu failed\n", frames / (one_in > 0 ? one_in : 1) - failed, failed);
    return failed > 0;
}
