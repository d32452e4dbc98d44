// SPDX-License-Identifier: MIT
// Frames of IPv6 into a stack that speaks it, with connections open as server and as client. Frames
// come raw, or with right lengths and checksums; or are made of parts: extension headers, messages
// of ICMPv6 and of neighbours and routers with options, segments near a connection's numbers,
// datagrams, errors that quote them, messages of mDNS. Whatever comes: what leaves is well-formed,
// of our addresses, and little; what is ours stays in its ranges; and when all is over the next who
// asks is answered.
#include <aksu/ipv6.h>
#include <aksu/mdns.h>
#include <aksu/reassemble.h>
#include <aksu/udp.h>
#include <string.h>
#include "input.h"

enum { ROWS = 4, ACTIONS = 64, FRAME_MAX = 1600, ETH = 14, IP6 = 40, TCP = 20, PORT = 80 };
enum { UDP = 8, UDP_PORT = 7 };
enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, ICMP6 = 58, OPTIONS = 60 };
enum { FRAMES_AT_ONCE = 200, LONG_MS = 400000 };

AKSU_STORAGE(store, ROWS, 1, 2000, 4000);
AKSU_IPV6(ip6, ROWS);
AKSU_REASSEMBLY(reassembly, 2, 512);
AKSU_UDP_IPV6(udp6, 1);
static struct aksu_mdns mdns;
static struct aksu_mdns_ipv6 mdns6;

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};
static const struct aksu_addr us = {{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
static const struct aksu_addr peer = {{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};
static const struct aksu_addr router = {{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfe}};
static const struct aksu_addr none;
static const struct aksu_addr nodes = {{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

static struct aksu_carrier carrier;
static struct aksu net;
static uint32_t now;
static bool bare;
static unsigned frames; // that came out since this was set to 0
static int open_now;    // that are owed on_close
static uint8_t out[FRAME_MAX];
static size_t out_len;

static unsigned get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v & 0xffff);
}

// RFC 8200 8.1: of a packet's message, which is so far behind its header.
static unsigned checksum(const uint8_t *packet, size_t behind, size_t len, unsigned protocol)
{
    const uint8_t *p = packet + IP6 + behind;
    uint32_t sum = protocol + (uint32_t)len;

    for (unsigned i = 8; i < IP6; i += 2) {
        sum += get16(packet + i);
    }
    for (size_t i = 0; i < len; i++) {
        sum += (uint32_t)p[i] << (i % 2 == 0 ? 8 : 0);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    return ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
}

// --- The application ---

static bool on_accept(struct aksu *n, aksu_handle conn, void *user)
{
    (void)n;
    (void)conn;
    (void)user;
    open_now++;
    return true;
}

static void on_recv(struct aksu *n, aksu_handle conn, void *user, size_t readable)
{
    uint8_t buffer[2000];

    (void)user;
    REQUIRE(readable <= sizeof buffer);
    REQUIRE(aksu_recv(n, conn, buffer, sizeof buffer) == (int32_t)readable);
}

static void on_close(struct aksu *n, aksu_handle conn, void *user, int error)
{
    struct aksu_info info;

    (void)user;
    (void)error;
    REQUIRE(aksu_info(n, conn, &info) == AKSU_OK);
    open_now--;
}

static const struct aksu_handlers handlers = {
    .on_accept = on_accept, .on_recv = on_recv, .on_close = on_close};

// Two endpoints, of which one at a time can send over IPv6.
static struct aksu_udp udp[2];
static size_t text_len;

static void on_datagram(struct aksu *n, struct aksu_udp *u, const struct aksu_packet *packet,
                        const void *data, size_t len)
{
    struct aksu_endpoint from;
    struct aksu_addr to;
    unsigned octets = 0;

    for (size_t i = 0; i < len; i++) {
        octets += ((const uint8_t *)data)[i]; // all of it can be read
    }
    aksu_packet_from(packet, &from);
    aksu_packet_to(packet, &to);
    REQUIRE(from.addr.octets[0] != 0xff && memcmp(&to, &none, 16) != 0);
    text_len = len + (octets & 1);
    aksu_udp_answer(n, u, packet);
}

static size_t write_text(struct aksu *n, struct aksu_udp *u, void *to, size_t room)
{
    memset(to, 'x', text_len < room ? text_len : room);
    if (text_len % 4 == 3) {
        aksu_udp_wake(n, u, 500);
    }
    return text_len;
}

static void on_time(struct aksu *n, struct aksu_udp *u)
{
    static const struct aksu_endpoint to = {
        {{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}}, 9};

    text_len = 1;
    (void)aksu_udp_send(n, u, &to);
}

static void on_error(struct aksu *n, struct aksu_udp *u, int error)
{
    (void)n;
    REQUIRE(u == &udp[0] || u == &udp[1]);
    REQUIRE(error == AKSU_ECONNREFUSED || error == AKSU_EHOSTUNREACH);
}

static const struct aksu_udp_handlers udp_handlers = {on_datagram, write_text, on_time, on_error,
                                                      NULL};

// --- What leaves ---

// Of ours, or none at all where that is allowed.
static void check_source(const uint8_t *packet, unsigned type)
{
    for (unsigned i = 0; i < AKSU_IPV6_ADDRESSES; i++) {
        const struct aksu_ipv6_address *a = aksu_ipv6_address(&net, i);
        if (a->state == AKSU_IPV6_READY && memcmp(&a->addr, packet + 8, 16) == 0) {
            return;
        }
    }
    REQUIRE(memcmp(&none, packet + 8, 16) == 0 && (type == 135 || type == 143));
}

static void check_packet(const uint8_t *packet, size_t len)
{
    unsigned protocol = packet[6];
    size_t behind = 0;

    REQUIRE(len >= IP6 + 4 && packet[0] >> 4 == 6 && get16(packet + 4) == len - IP6);
    if (protocol == HOP_BY_HOP) {
        protocol = packet[IP6];
        behind = 8;
        REQUIRE(packet[IP6 + 1] == 0 && protocol == ICMP6 && len > IP6 + 12);
    }
    REQUIRE(protocol == ICMP6 || (protocol == 6 && len >= IP6 + TCP) ||
            (protocol == 17 && get16(packet + IP6 + 4) == len - IP6 && get16(packet + IP6 + 6)));
    REQUIRE(checksum(packet, behind, len - IP6 - behind, protocol) == 0);
    REQUIRE(packet[7] != 0 && memcmp(packet + 24, &none, 16) != 0);
    unsigned type = protocol == ICMP6 ? packet[IP6 + behind] : 0;
    // An address may have gone while the answer that has it waited, or a RST.
    if (protocol == 17 ||
        (protocol == ICMP6 && type != 129 && type != 136 && type != 4 && type != 1)) {
        check_source(packet, type);
    }
}

static void drain(void)
{
    size_t header = bare ? 0 : ETH;

    for (unsigned i = 0; i < FRAMES_AT_ONCE; i++) {
        uint32_t idle = aksu_idle(&net, now);
        out_len = aksu_output(&net, now, out, sizeof out);
        if (out_len == 0) {
            return;
        }
        REQUIRE(idle == 0 && out_len > header);
        frames++;
        if (!bare) {
            REQUIRE(memcmp(out + 6, our_mac, 6) == 0);
        }
        if (bare ? out[0] >> 4 == 6 : get16(out + 12) == 0x86dd) {
            check_packet(out + header, out_len - header);
        }
    }
    FAIL("frames without end");
}

static void pass(uint32_t ms)
{
    drain();
    for (unsigned hops = 0; ms > 0; hops++) {
        uint32_t idle = aksu_idle(&net, now);
        uint32_t hop = idle < ms ? idle : ms;
        REQUIRE(hops < 20000);
        now += hop;
        ms -= hop;
        drain();
    }
}

// --- What comes ---

static void feed(const uint8_t *frame, size_t len)
{
    size_t skip = bare ? ETH : 0;
    uint8_t *exact = malloc(len > skip ? len - skip : 1);

    REQUIRE(exact);
    len = len > skip ? len - skip : 0;
    memcpy(exact, frame + skip, len);
    int result = aksu_input(&net, now, exact, len);
    free(exact);
    REQUIRE(result <= 0 && result > -(int)AKSU_DROP_COUNT);
}

// An address that means something here, or any.
static void put_addr(struct input *in, uint8_t *to)
{
    static const struct aksu_addr *const known[] = {&us, &peer, &router, &nodes};
    const uint8_t *from;
    uint8_t what = take8(in) % 12;

    memset(to, 0, 16);
    if (what < 4) {
        memcpy(to, known[what], 16);
    } else if (what < 8) {
        memcpy(to, &aksu_ipv6_address(&net, what - 4)->addr, 16);
    } else if (what < 10) { // the group of one of ours
        memcpy(to, "\xff\2\0\0\0\0\0\0\0\0\0\1\xff", 13);
        memcpy(to + 13, aksu_ipv6_address(&net, what - 8)->addr.octets + 13, 3);
    } else if (what == 10) {
        size_t n = take_octets(in, 16, &from);
        memcpy(to, from, n);
    }
}

// An extension header of a kind. Returns its length.
static size_t put_extension(struct input *in, unsigned kind, uint8_t *p)
{
    const uint8_t *from;
    uint8_t how = take8(in);
    size_t len = kind == FRAGMENT ? 8 : 8u * (how % 3 + 1);

    memset(p, 0, len);
    size_t n = take_octets(in, how >> 4, &from);
    memcpy(p + 2, from, n < len - 2 ? n : len - 2);
    p[1] = (uint8_t)(kind == FRAGMENT ? 0 : how & 8 ? take8(in) : len / 8 - 1);
    return len;
}

static size_t put_octets(struct input *in, uint8_t *p, size_t most)
{
    const uint8_t *from;
    size_t n = take_octets(in, take8(in) % (most + 1), &from);

    memcpy(p, from, n);
    return n;
}

// Options of neighbours and routers.
static size_t put_options(struct input *in, uint8_t *p)
{
    static const uint8_t kinds[] = {1, 2, 3, 5, 25, 24, 14, 0};
    size_t len = 0;

    for (unsigned n = take8(in) % 5; n > 0; n--) {
        uint8_t kind = kinds[take8(in) % 8];
        size_t units = kind == 3 ? 4 : kind == 25 ? 3 : 1;
        memset(p + len, 0, 8 * units);
        p[len] = kind;
        if (kind == 3) {
            p[len + 2] = 64;
            p[len + 3] = 0xc0;
            put16(p + len + 6, take16(in));
            put16(p + len + 10, take16(in));
            put_addr(in, p + len + 16);
            put16(p + len + 20, take8(in));
        } else {
            put_octets(in, p + len + 2, 8 * units - 2);
        }
        uint8_t odd = take8(in);
        p[len + 1] = (uint8_t)(odd < 240 ? units : take8(in));
        len += 8 * units;
    }
    return len;
}

static bool pick(struct input *in, struct aksu_info *info, aksu_handle *conn)
{
    size_t n = aksu_connections(&net);

    *conn = 0;
    for (size_t i = n > 0 ? take8(in) % n + 1 : 0; i > 0; i--) {
        *conn = aksu_next_connection(&net, *conn);
    }
    return *conn != 0 && aksu_info(&net, *conn, info) == AKSU_OK;
}

// A message of ICMPv6. Returns its length.
static size_t put_message(struct input *in, uint8_t *packet, uint8_t *p)
{
    static const uint8_t types[] = {1, 2, 3, 4, 128, 129, 130, 133, 134, 135, 136, 137, 143};
    struct aksu_info info;
    aksu_handle conn;
    unsigned type = types[take8(in) % sizeof types];

    memset(p, 0, 24);
    p[0] = (uint8_t)type;
    p[1] = take8(in) < 200 ? 0 : take8(in);
    packet[7] = type == 130 ? 1 : 255;
    if (type < 5 && p[1] > 128) { // about a datagram of ours
        uint8_t *q = p + 8;
        struct aksu_udp *u = &udp[p[1] & 1];
        memset(q, 0, 48);
        q[0] = 0x60;
        q[6] = 17;
        memcpy(q + 8, &us, 16);
        put_addr(in, q + 24);
        put16(q + 40, u->pair.local_port);
        put16(q + 42, u->pair.remote_port);
        p[1] %= 8;
        return 8 + 48;
    }
    if (type < 5 && pick(in, &info, &conn)) { // about a segment of ours
        uint8_t *q = p + 8;
        put32(p + 4, take16(in));
        memset(q, 0, 60);
        q[0] = 0x60;
        q[6] = 6;
        memcpy(q + 8, &info.local.addr, 16);
        memcpy(q + 24, &info.remote.addr, 16);
        put16(q + 40, info.local.port);
        put16(q + 42, info.remote.port);
        put32(q + 44, info.tcb->snd_una + take_distance(in));
        return 8 + 48 + put_octets(in, q + 48, 12);
    }
    if (type == 135 || type == 136) {
        p[4] = take8(in);
        put_addr(in, p + 8);
        return 24 + put_options(in, p + 24);
    }
    if (type == 134) {
        put16(p + 4, take16(in));
        put16(p + 6, take16(in));
        return 16 + put_options(in, p + 16);
    }
    put32(p + 4, take16(in));
    return 8 + put_octets(in, p + 8, 255);
}

static size_t put_segment(struct input *in, uint8_t *packet, uint8_t *t)
{
    struct aksu_info info;
    aksu_handle conn;

    memset(t, 0, TCP);
    put16(t, 1000u + take8(in) % 8);
    put16(t + 2, PORT);
    t[13] = take8(in);
    t[12] = 5 << 4;
    put16(t + 14, take16(in));
    if (pick(in, &info, &conn) && take8(in) < 224) {
        memcpy(packet + 8, &info.remote.addr, 16);
        memcpy(packet + 24, &info.local.addr, 16);
        put16(t, info.remote.port);
        put16(t + 2, info.local.port);
        put32(t + 4, info.tcb->rcv_nxt + take_distance(in));
        put32(t + 8, info.tcb->snd_una + take_distance(in));
    } else {
        put32(t + 4, take16(in));
        put32(t + 8, take16(in));
    }
    return TCP + put_octets(in, t + TCP, 200);
}

static size_t put_datagram(struct input *in, uint8_t *u)
{
    put16(u, take8(in));
    put16(u + 2, UDP_PORT + take8(in) % 3u);
    size_t len = UDP + put_octets(in, u + UDP, 200);

    put16(u + 4, (unsigned)len);
    return len;
}

// Feeds a packet in pieces, which may come in any order, twice, or not at all.
static void feed_pieces(struct input *in, const uint8_t *frame, size_t len)
{
    const uint8_t *packet = frame + ETH;
    uint8_t piece[FRAME_MAX];

    len -= ETH + IP6;
    uint8_t id = take8(in) % 4;
    size_t size = 8u * (1u + take8(in) % 32);
    for (unsigned n = 2 + take8(in) % 8; n > 0; n--) {
        size_t at = size * (take8(in) % (len / size + 1));
        size_t part = len - at < size ? len - at : size;
        memcpy(piece, frame, ETH + IP6);
        put16(piece + ETH + 4, (unsigned)(8 + part));
        piece[ETH + 6] = FRAGMENT;
        put32(piece + ETH + IP6, (uint32_t)packet[6] << 24 | (uint32_t)at | (at + part < len));
        put32(piece + ETH + IP6 + 4, id);
        memcpy(piece + ETH + IP6 + 8, packet + IP6 + at, part);
        feed(piece, ETH + IP6 + 8 + part);
    }
}

static void made(struct input *in, bool pieces)
{
    uint8_t frame[FRAME_MAX] = {0};
    uint8_t *packet = frame + ETH;
    static const uint8_t kinds[] = {HOP_BY_HOP, ROUTING, FRAGMENT, OPTIONS};
    uint8_t *said = packet + 6;
    size_t behind = 0;
    uint8_t how = take8(in);

    memcpy(frame + 6, peer_mac, 6);
    put16(frame + 12, 0x86dd);
    put32(packet, 6u << 28);
    packet[7] = 64;
    memcpy(packet + 8, &peer, 16);
    memcpy(packet + 24, &us, 16);
    for (unsigned n = how & 1 ? take8(in) % 10 : 0; n > 0; n--) {
        unsigned kind = kinds[take8(in) % 4];
        *said = (uint8_t)kind;
        said = packet + IP6 + behind;
        behind += put_extension(in, kind, said);
    }
    bool is_udp = (how & 0xc0) == 0x40;
    bool segment = !is_udp && (how & 2);
    uint8_t *message = packet + IP6 + behind;
    unsigned protocol = is_udp ? 17 : segment ? 6 : ICMP6;
    *said = (uint8_t)(how < 250 ? protocol : take8(in));
    size_t len = is_udp    ? put_datagram(in, message)
                 : segment ? put_segment(in, packet, message)
                           : put_message(in, packet, message);
    if (how & 4) {
        put_addr(in, packet + 8);
    }
    if (how & 8) {
        put_addr(in, packet + 24);
    }
    if (how & 16) {
        packet[7] = take8(in);
    }
    put16(packet + 4, (unsigned)(behind + len));
    uint8_t *sum = message + (is_udp ? 6 : segment ? 16 : 2);
    put16(sum, 0);
    put16(sum, checksum(packet, behind, len, protocol));
    memcpy(frame, our_mac, 6);
    if (packet[24] == 0xff) {
        memcpy(frame, "\x33\x33", 2);
        memcpy(frame + 2, packet + 36, 4);
    }
    if (pieces) {
        feed_pieces(in, frame, ETH + IP6 + behind + len);
        return;
    }
    size_t cut = how & 32 ? take8(in) % 48 : 0;
    feed(frame, ETH + IP6 + behind + len - cut);
}

// To mDNS's group: questions and records, of our name, of others, or of none.
static void mdns_message(struct input *in)
{
    static const char *const names[] = {"\4fuzz\5local", "\4fuzz\300\21", "\300\14", "\1x\300\14"};
    uint8_t frame[FRAME_MAX] = {0x33, 0x33, 0, 0, 0, 0xfb};
    uint8_t *packet = frame + ETH, *u = packet + IP6, *p = u + UDP;
    uint8_t how = take8(in);
    size_t len = 12;

    memcpy(frame + 6, peer_mac, 6);
    put16(frame + 12, 0x86dd);
    put16(p + 2, how & 1 ? 0x8400 : how & 2 ? 0x0200 : how == 4 ? take16(in) : 0);
    for (unsigned i = 5; i < 12; i += 2) {
        p[i] = take8(in) % 4;
    }
    for (unsigned n = take8(in) % 5; n > 0; n--) {
        const char *name = names[take8(in) % 4];
        size_t name_len = strlen(name) + (name == names[0]); // others end with a pointer
        memcpy(p + len, name, name_len);
        len += name_len;
        len += put_octets(in, p + len, 40);
    }
    put32(packet, 6u << 28);
    put16(packet + 4, (unsigned)(UDP + len));
    packet[6] = how & 64 ? take8(in) : 17;
    packet[7] = 255;
    memcpy(packet + 8, &router, 16);
    memcpy(packet + 24, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\xfb", 16);
    if (how & 8) {
        put_addr(in, packet + 8);
    }
    put16(u, how & 16 ? 4000 : 5353);
    put16(u + 2, 5353);
    put16(u + 4, (unsigned)(UDP + len));
    put16(u + 6, checksum(packet, 0, UDP + len, 17));
    feed(frame, ETH + IP6 + UDP + len - (how & 32 ? take8(in) % 48 : 0));
    drain();
}

static void raw(struct input *in)
{
    const uint8_t *from;
    size_t len = take_octets(in, take16(in) % FRAME_MAX, &from);

    feed(from, len < ETH && bare ? 0 : len);
}

static void attack(struct input *in, bool is_raw, bool pieces)
{
    uint32_t before = 0;

    for (aksu_handle c = 0; (c = aksu_next_connection(&net, c)) != 0;) {
        struct aksu_info info;
        aksu_info(&net, c, &info);
        before += info.tcb->snd_buf;
    }
    drain();
    frames = 0;
    if (is_raw) {
        raw(in);
    } else {
        made(in, pieces);
    }
    drain();
    // What waited for a neighbour or a window may come out, an address's end ends all of its
    // connections, and a new address begins with a report.
    if (before == 0 && frames > 1 + ROWS + 2 + AKSU_IPV6_ADDRESSES + (mdns.state ? 3 : 0)) {
        FAIL("%u frames came out for one", frames);
    }
}

// --- The application's calls ---

static void use(struct input *in)
{
    static const uint8_t text[3000];
    struct aksu_endpoint to = {{{0}}, 9};
    struct aksu_info info;
    aksu_handle conn;
    uint8_t which = take8(in);
    uint8_t what = which % 8;

    if (what == 6 && which >= 0x80) {
        aksu_link(&net, &carrier, which & 0x40);
    } else if (what == 0) {
        put_addr(in, to.addr.octets);
        open_now += aksu_connect(&net, &to, 0, &handlers, NULL) > 0;
    } else if (what == 1) {
        put_addr(in, to.addr.octets);
        aksu_ipv6_add(&net, &to.addr, take8(in));
    } else if (what == 7) {
        struct aksu_udp *u = &udp[take8(in) % 2];
        text_len = take8(in);
        put_addr(in, to.addr.octets);
        if (text_len % 8 == 7) {
            aksu_udp_wake(&net, u, (uint32_t)text_len);
        } else {
            (void)aksu_udp_send(&net, u, &to);
        }
    } else if (pick(in, &info, &conn) && info.tcb->state != AKSU_SYN_RECEIVED) {
        if (what == 2) {
            aksu_close(&net, conn, 0);
        } else if (what == 3) {
            aksu_abort(&net, conn);
        } else {
            aksu_send(&net, conn, text, take16(in) % sizeof text);
        }
    }
    drain();
}

// --- What always holds ---

static void check(void)
{
    uint32_t used = 0;

    REQUIRE(ip6.mtu >= 1280 && ip6.mtu <= 1500 && ip6.hops > 0);
    for (unsigned i = 0; i < AKSU_IPV6_ADDRESSES; i++) {
        const struct aksu_ipv6_address *a = aksu_ipv6_address(&net, i);
        REQUIRE(a->state <= AKSU_IPV6_READY && a->prefix <= 128);
        REQUIRE(a->state != AKSU_IPV6_READY || a->addr.octets[0] != 0xff);
    }
    for (aksu_handle c = 0; (c = aksu_next_connection(&net, c)) != 0; used++) {
        struct aksu_info info;
        char text[40];
        REQUIRE(aksu_info(&net, c, &info) == AKSU_OK);
        REQUIRE(strlen(aksu_format_addr(&info.remote.addr, text)) < sizeof text);
        REQUIRE(info.remote.addr.octets[0] != 0xff && info.local.addr.octets[0] != 0xff);
        REQUIRE(info.tcb->snd_mss > 0 && info.tcb->snd_mss <= 1460);
    }
    REQUIRE(used == aksu_connections(&net));
}

static void begin(struct input *in)
{
    static const struct aksu_profile *const profiles[] = {&aksu_standard, &aksu_lean, &aksu_full};
    static const uint8_t entropy[16] = "0123456789abcde";
    uint8_t how = take8(in);
    struct aksu_config config = {.profile = profiles[how % 3]};

    memset(&carrier, 0, sizeof carrier);
    bare = how & 0x40;
    now = how & 0x80 ? 0xffffc000u : 1000;
    open_now = 0;
    config.link = bare ? NULL : &aksu_ethernet;
    config.addr = aksu_ipv4(192, 0, 2, 1);
    memcpy(config.mac, our_mac, 6);
    REQUIRE(aksu_init(&net, &store, &config) == AKSU_OK);
    REQUIRE(aksu_seed(&net, entropy, sizeof entropy) == AKSU_OK);
    aksu_now(&net, now);
    REQUIRE(aksu_ipv6_start(&net, &ip6, entropy) == AKSU_OK);
    REQUIRE(aksu_ipv6_reassemble(&net, &reassembly) == AKSU_OK);
    REQUIRE(aksu_udp_ipv6(&net, &udp6) == AKSU_OK);
    for (unsigned i = 0; i < 2; i++) {
        uint16_t port = (uint16_t)(UDP_PORT + i);
        REQUIRE(aksu_udp_open(&net, &udp[i], port, &udp_handlers) == AKSU_OK);
    }
    REQUIRE(aksu_ipv6_add(&net, &us, 64) == AKSU_OK);
    REQUIRE(aksu_listen(&net, NULL, PORT, 0, &handlers, NULL) == AKSU_OK);
    memset(&mdns, 0, sizeof mdns);
    if (!bare && (how & 0x08)) {
        REQUIRE(aksu_mdns_start(&net, &mdns, "fuzz", NULL) == AKSU_OK);
        REQUIRE(aksu_mdns_ipv6(&net, &mdns, &mdns6) == AKSU_OK);
    }
    if (how & 0x20) {
        pass(20000); // else what comes meets claims
    }
}

static size_t make(uint8_t *frame, unsigned protocol, size_t len)
{
    memcpy(frame, our_mac, 6);
    memcpy(frame + 6, peer_mac, 6);
    put16(frame + 12, 0x86dd);
    put32(frame + ETH, 6u << 28);
    put16(frame + ETH + 4, (unsigned)len);
    frame[ETH + 6] = (uint8_t)protocol;
    frame[ETH + 7] = 64;
    memcpy(frame + ETH + 8, &peer, 16);
    memcpy(frame + ETH + 24, &us, 16);
    uint8_t *sum = frame + ETH + IP6 + (protocol == 6 ? 16 : 2);
    put16(sum, checksum(frame + ETH, 0, len, protocol));
    return ETH + IP6 + len;
}

static bool ours(const struct aksu_addr *addr)
{
    bool found = false;

    for (unsigned i = 0; i < AKSU_IPV6_ADDRESSES; i++) {
        const struct aksu_ipv6_address *a = aksu_ipv6_address(&net, i);
        found = found || (a->state == AKSU_IPV6_READY && memcmp(&a->addr, addr, 16) == 0);
    }
    return found;
}

// All connections go away, and all addresses that routers made; the given one is still there unless
// another host took it while it was claimed.
static void end(void)
{
    uint8_t frame[ETH + IP6 + 8] = {0};
    const struct aksu_ipv6_address *own = aksu_ipv6_address(&net, 1);

    for (aksu_handle c = 0; (c = aksu_next_connection(&net, c)) != 0;) {
        aksu_abort(&net, c);
    }
    pass(LONG_MS);
    aksu_mdns_stop(&net, &mdns);
    drain();
    REQUIRE(mdns.ipv6 == NULL);
    check();
    REQUIRE(aksu_connections(&net) == 0);
    REQUIRE(open_now == 0);
    REQUIRE(memcmp(&own->addr, &us, 16) == 0 && own->state >= AKSU_IPV6_DUPLICATE);
    frame[ETH + IP6] = 128;
    frames = 0;
    feed(frame, make(frame, ICMP6, 8));
    drain();
    REQUIRE(frames == (own->state == AKSU_IPV6_READY && !ours(&peer)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t times[] = {1, 50, 210, 1000, 3000, 20000, 3600000, 0x20000000};
    struct input in = {data, size};

    begin(&in);
    for (unsigned i = 0; i < ACTIONS && in.left > 0; i++) {
        uint8_t kind = take8(&in) % 16;
        if (kind < 10) {
            attack(&in, kind == 0, false);
        } else if (kind == 15) {
            attack(&in, false, true);
        } else if (kind == 14 && mdns.state) {
            mdns_message(&in);
        } else if (kind < 12) {
            pass(times[take8(&in) % 8]);
        } else {
            use(&in);
        }
        check();
    }
    end();
    return 0;
}
