// SPDX-License-Identifier: MIT
// UDP, DHCP, DNS over UDP and TCP, connections by name, mDNS, IGMP; DHCPv6 in every second: a stack
// that starts with nothing hears frames of any kind, answers with right checksums of servers that
// know what was asked, ARP packets; time passes, questions are asked, the address is given back,
// one is claimed, fixed or of the link, the cable is pulled and plugged in. All that comes out is
// drained; then nothing is due. The stack has no address or one that a host can have; each question
// ends; at the end a server is still listened to.
#include <aksu/claim.h>
#include <aksu/connect_name.h>
#include <aksu/dhcp.h>
#include <aksu/dhcp6.h>
#include <aksu/dns.h>
#include <aksu/mdns.h>
#include <string.h>
#include "input.h"

enum { ETH = 14, IP = 20, UDP = 8, ACTIONS = 64, MTU = 1500, DHCP_FIXED = 240, QUERIES = 2 };

AKSU_STORAGE(store, 2, 1, 512, 512);

AKSU_IPV6(ip6, 2);
AKSU_UDP_IPV6(udp6, 2);

static struct aksu net;
static struct aksu_dhcp6 dhcp6;
static struct aksu_mdns mdns;
static bool wide; // IPv6 is there
static struct aksu_dhcp dhcp;
static struct aksu_dns_entry cache[2];
static struct aksu_dns dns;
static struct aksu_dns_query query[QUERIES];
static struct aksu_dns_tcp dns_tcp;
static uint8_t dns_buffer[800];
static struct aksu_named named;
static bool searching;
static aksu_handle connected;
static unsigned asking; // bits
static struct aksu_udp echo;
static uint32_t now;
static size_t text;
static bool started;
static struct aksu_carrier carrier;
static struct aksu_claim fixed;
static struct aksu_link_local local;

static const uint8_t ours[6] = {2, 0, 0, 0, 0, 1}, theirs[6] = {2, 0, 0, 0, 0, 2};

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v);
}

static uint16_t sum(const uint8_t *p, size_t len, uint32_t more)
{
    for (size_t i = 0; i < len; i++) {
        more += i % 2 ? p[i] : (uint32_t)p[i] << 8;
    }
    more = (more & 0xffff) + (more >> 16);
    return (uint16_t) ~((more & 0xffff) + (more >> 16));
}

// --- The application ---

static void on_lease(struct aksu *n, struct aksu_dhcp *d, const struct aksu_lease *lease)
{
    (void)d;
    REQUIRE(!lease == !n->addr);
    if (lease) {
        dns.server[0] = lease->dns[0];
        REQUIRE(lease->prefix >= 1 && lease->prefix <= 32);
        if (mdns.state == 0) {
            (void)aksu_mdns_start(n, &mdns, "fuzz", NULL);
        }
    }
}

static const struct aksu_dhcp_config config = {"fuzz", on_lease};

static void on_claim(struct aksu *n, struct aksu_claim *claim, int error)
{
    REQUIRE(error == AKSU_OK ? n->addr == claim->addr : error == AKSU_EADDRINUSE && n->addr == 0);
}

// An address of the link, while there is none of DHCP; or a fixed one, of whom has no DHCP.
static void claims(uint8_t how)
{
    if (how & 1) {
        (void)aksu_link_local(&net, &local, how * UINT32_C(100), on_claim);
    } else if (!started) {
        struct aksu_addr addr = aksu_ipv4(192, 0, 2, 5 + how % 4);
        (void)aksu_claim(&net, &fixed, &addr, 24, NULL, how & 8 ? on_claim : NULL);
    }
}

static void on_answer(struct aksu *n, struct aksu_dns_query *q, int error,
                      const struct aksu_addr *addr)
{
    (void)n;
    unsigned bit = 1u << (q - query);

    REQUIRE(asking & bit);
    REQUIRE((error == AKSU_OK) == (addr != NULL));
    asking &= ~bit;
}

// One connection of a name: on_open and then on_close, or on_close alone.
static void on_open(struct aksu *n, aksu_handle conn, void *user)
{
    (void)n;
    (void)user;
    REQUIRE(searching && connected == 0 && conn > 0);
    searching = false;
    connected = conn;
    aksu_close(n, conn, 1000);
}

static void on_close(struct aksu *n, aksu_handle conn, void *user, int error)
{
    (void)n;
    (void)user;
    REQUIRE(conn == connected && (searching ? conn == 0 && error != AKSU_OK : conn > 0));
    searching = false;
    connected = 0;
}

static const struct aksu_handlers connection = {.on_open = on_open, .on_close = on_close};

static void on_datagram(struct aksu *n, struct aksu_udp *u, const struct aksu_packet *packet,
                        const void *data, size_t len)
{
    uint32_t octets = 0;

    for (size_t i = 0; i < len; i++) {
        octets += ((const uint8_t *)data)[i]; // all of it can be read
    }
    text = len + (octets & 1);
    aksu_udp_answer(n, u, packet);
}

static size_t write_text(struct aksu *n, struct aksu_udp *u, void *to, size_t room)
{
    (void)n;
    (void)u;
    memset(to, 'x', text < room ? text : room);
    return text;
}

static const struct aksu_udp_handlers handlers = {.on_datagram = on_datagram, .write = write_text};

static void ask(unsigned i, uint8_t which)
{
    static const char *const names[] = {"a", "www.example.com", "xn--d1acpjx3f.example", "b.a"};

    if (!(asking & 1u << i)) {
        enum aksu_dns_type type = which & 4 ? AKSU_DNS_AAAA : AKSU_DNS_A;
        REQUIRE(aksu_dns_ask(&net, &dns, &query[i], names[which % 4], type, on_answer) == AKSU_OK);
        asking |= 1u << i;
    }
}

static void search(uint8_t which)
{
    static const char *const names[] = {"www.example.com", "a", "192.0.2.9", "2001:db8::1"};

    if (searching && which & 4) {
        aksu_connect_name_cancel(&net, &named);
        searching = false;
    } else if (!searching && connected == 0) {
        searching =
            aksu_connect_name(&net, &named, &dns, names[which % 4], 80, &connection, NULL) == 0;
    }
}

// --- The wire ---

static struct {
    uint32_t remote, seq, ack;
    uint16_t sport, dport;
} last; // segment that came out

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void look(const uint8_t *frame)
{
    const uint8_t *ip = frame + ETH, *t = ip + IP;

    if (frame[12] == 8 && frame[13] == 0 && ip[9] == 6) {
        last.remote = get32(ip + 16);
        last.sport = (uint16_t)(get32(t) >> 16);
        last.dport = (uint16_t)get32(t);
        uint32_t len = (get32(ip) & 0xffff) - IP - (t[12] >> 4) * 4u;
        last.seq = get32(t + 4) + len + (t[13] & 2 ? 1 : 0) + (t[13] & 1);
        last.ack = get32(t + 8);
    }
}

static void drain(void)
{
    static uint8_t frame[MTU + ETH];
    unsigned n = 0;

    for (;;) {
        uint32_t idle = aksu_idle(&net, now);
        size_t len = aksu_output(&net, now, frame, sizeof frame);
        REQUIRE(len == 0 || idle == 0);
        REQUIRE(len <= sizeof frame && n++ < 1000);
        if (len == 0 && aksu_idle(&net, now) > 0) { // a handler may have opened a connection
            break;
        }
        look(frame);
    }
    REQUIRE(net.addr == 0 || (net.addr >> 24 != 127 && net.addr >> 24 < 224));
}

static void pass(uint32_t ms)
{
    drain();
    while (ms > 0) {
        uint32_t idle = aksu_idle(&net, now);
        uint32_t hop = idle < ms ? idle : ms;
        now += hop;
        ms -= hop;
        drain();
    }
}

// Of just that size, so that reads beyond it are found.
static void feed(const uint8_t *frame, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    memcpy(copy, frame, len);
    (void)aksu_input(&net, now, copy, len);
    free(copy);
    drain();
}

// A datagram whose text stands at frame + 42.
static void datagram(uint8_t *frame, size_t len, uint32_t src, uint32_t dst, unsigned sport,
                     unsigned dport)
{
    uint8_t *ip = frame + ETH, *u = ip + IP;

    memcpy(frame, ours, 6);
    if (dst == UINT32_MAX) {
        memset(frame, 0xff, 6);
    } else if (dst >> 28 == 14) {
        memcpy(frame, "\1\0\x5e\0\0\xfb", 6);
    }
    memcpy(frame + 6, theirs, 6);
    put16(frame + 12, 0x0800);
    memset(ip, 0, IP);
    ip[0] = 0x45;
    ip[8] = 64;
    ip[9] = 17;
    put16(ip + 2, (uint32_t)(IP + UDP + len));
    put32(ip + 12, src);
    put32(ip + 16, dst);
    put16(ip + 10, sum(ip, IP, 0));
    put16(u, sport);
    put16(u + 2, dport);
    put16(u + 4, (uint32_t)(UDP + len));
    put16(u + 6, 0);
    put16(u + 6, sum(u, UDP + len,
                     17 + (uint32_t)(UDP + len) + (src >> 16) + (src & 0xffff) + (dst >> 16) +
                         (dst & 0xffff)));
    feed(frame, ETH + IP + UDP + len);
}

static void dhcp_message(struct input *in)
{
    uint8_t frame[2048] = {0}, *p = frame + ETH + IP + UDP;
    const uint8_t *from;
    uint8_t how = take8(in);
    size_t len = DHCP_FIXED;

    p[0] = 2;
    put32(p + 4, dhcp.xid ^ (how & 1));
    put32(p + 16, how & 2 ? take32(in) : 0xc0000200 + how % 8);
    memcpy(p + 28, ours, 6);
    if (how & 4) {
        size_t n = take_octets(in, 192, &from);
        memcpy(p + 44, from, n);
    }
    put32(p + 236, 0x63825363);
    if (how & 8) {
        memcpy(p + len, "\65\1\2\66\4\300\0\2\376\63\4\0\0\1\0\6\4\300\0\2\376", 21);
        p[len + 2] = (uint8_t)(how >> 4);
        len += 21;
    }
    size_t n = take_octets(in, take8(in), &from);

    memcpy(p + len, from, n);
    len += n;
    if (how == 0x80) {
        len = take16(in) % (len + 1);
    }
    datagram(frame, len, 0xc00002fe, how & 1 ? UINT32_MAX : 0xc0000205, 67, 68);
}

// An answer to a question of DNS, right so far as that goes. Returns its length.
static size_t put_answer(struct input *in, const struct aksu_dns_query *q, uint8_t *p)
{
    const uint8_t *from;
    size_t len = 12;

    put16(p, q->id);
    put16(p + 2, take8(in) & 1 ? take16(in) : 0x8180);
    put16(p + 4, 1);
    put16(p + 6, take8(in) % 8);
    for (const char *name = q->name; name && *name;) {
        size_t n = strcspn(name, ".");
        p[len++] = (uint8_t)n;
        memcpy(p + len, name, n);
        len += n;
        name += n + (name[n] == '.');
    }
    len++;
    put16(p + len, q->type);
    put16(p + len + 2, 1);
    len += 4;
    size_t n = take_octets(in, take16(in) % 512, &from);

    memcpy(p + len, from, n);
    return len + n;
}

static const struct aksu_dns_query *a_question(struct input *in)
{
    unsigned which = take8(in) % (QUERIES + 2);

    return which < QUERIES ? &query[which] : &named.query[which - QUERIES];
}

static void dns_message(struct input *in)
{
    uint8_t frame[2048] = {0};
    const struct aksu_dns_query *q = a_question(in);
    size_t len = put_answer(in, q, frame + ETH + IP + UDP);

    datagram(frame, len, q->udp.pair.remote, net.addr, 53, q->udp.pair.local_port);
}

// A segment of whom we last spoke to: it opens, resets, brings an answer with its length, or ends.
static void segment(struct input *in)
{
    uint8_t frame[2048] = {0}, *ip = frame + ETH, *t = ip + IP;
    static const uint8_t flags[] = {0x12, 0x10, 0x18, 0x11, 0x14, 0x04, 0x10, 0x12};
    uint8_t how = take8(in);
    size_t len = 20;

    t[13] = flags[how % 8];
    put16(t, last.dport);
    put16(t + 2, last.sport);
    put32(t + 4, t[13] == 0x12 ? 7000 : last.ack);
    put32(t + 8, last.seq);
    t[12] = 5 << 4;
    put16(t + 14, 8000);
    if ((how & 2) && last.dport == 53 && dns_tcp.query) {
        size_t n = put_answer(in, dns_tcp.query, t + len + 2);
        put16(t + len, (uint32_t)(how & 16 ? take16(in) : n));
        len += how & 32 ? 2 + n : take16(in) % (3 + n);
    }
    memcpy(frame, ours, 6);
    memcpy(frame + 6, theirs, 6);
    put16(frame + 12, 0x0800);
    ip[0] = 0x45;
    ip[8] = 64;
    ip[9] = 6;
    put16(ip + 2, (uint32_t)(IP + len));
    put32(ip + 12, last.remote);
    put32(ip + 16, net.addr);
    put16(ip + 10, sum(ip, IP, 0));
    put16(t + 16, sum(t, len,
                      6 + (uint32_t)len + (last.remote >> 16) + (last.remote & 0xffff) +
                          (net.addr >> 16) + (net.addr & 0xffff)));
    feed(frame, ETH + IP + len);
}

static void arp(struct input *in)
{
    uint8_t frame[42] = {0}, how = take8(in);

    memcpy(frame, ours, 6);
    memcpy(frame + 6, theirs, 6);
    put16(frame + 12, 0x0806);
    memcpy(frame + 14, "\0\1\10\0\6\4\0", 7);
    frame[21] = (uint8_t)(1 + (how & 1));
    memcpy(frame + 22, theirs, 6);
    uint32_t wanted = how & 32 ? local.claim.addr : how & 64 ? fixed.addr : dhcp.addr;
    put32(frame + 28, how & 2 ? 0xc00002fe : how & 4 ? wanted : how & 8 ? 0 : take32(in));
    put32(frame + 38, how & 16 ? wanted : net.addr);
    feed(frame, sizeof frame);
}

// Questions and records of any names, ours among them.
static void mdns_message(struct input *in)
{
    static const char *const names[] = {"\4fuzz\5local", "\4fuzz\300\21", "\300\14", "\1x\300\14"};
    uint8_t frame[2048] = {0}, *p = frame + ETH + IP + UDP;
    const uint8_t *from;
    uint8_t how = take8(in);
    size_t len = 12;

    put16(p + 2, how & 1 ? 0x8400 : how & 2 ? 0x0200 : how == 4 ? take16(in) : 0);
    for (unsigned i = 5; i < 12; i += 2) {
        p[i] = take8(in) % 4;
    }
    for (unsigned n = take8(in) % 5; n > 0; n--) {
        uint8_t which = take8(in);
        const char *name = names[which % 4];
        size_t name_len = strlen(name) + (which % 4 == 0); // others end with a pointer
        memcpy(p + len, name, name_len);
        len += name_len;
        if (which & 4) {
            memcpy(p + len, "\0\1\0\1\0\0\0\170\0\4\300\0\2", 13);
            len += 13;
        }
        size_t k = take_octets(in, which >> 3, &from);
        memcpy(p + len, from, k);
        len += k;
    }
    datagram(frame, len, 0xc0000202, how & 8 ? net.addr : 0xe00000fb, how & 16 ? 4000 : 5353, 5353);
}

static void igmp_message(struct input *in)
{
    uint8_t frame[ETH + IP + 8] = {1, 0, 0x5e, 0, 0, 1}, *ip = frame + ETH, how = take8(in);

    memcpy(frame + 6, theirs, 6);
    put16(frame + 12, 0x0800);
    ip[0] = 0x45;
    ip[8] = how & 1 ? 1 : 2;
    ip[9] = 2;
    put16(ip + 2, IP + 8);
    put32(ip + 12, 0xc00002fe);
    put32(ip + 16, how & 2 ? 0xe0000001 : 0xe00000fb);
    put16(ip + 10, sum(ip, IP, 0));
    ip[IP] = how & 4 ? 0x11 : how & 8 ? 0x16 : take8(in);
    ip[IP + 1] = take8(in);
    put32(ip + IP + 4, how & 16 ? 0 : 0xe00000fb);
    put16(ip + IP + 2, sum(ip + IP, 8, 0));
    feed(frame, sizeof frame);
}

// A packet of IPv6 from the router, whose message stands at frame + 54, with its checksum to be put
// so far behind.
static void packet6(uint8_t *frame, size_t len, uint8_t protocol, size_t at, bool group)
{
    uint8_t *ip = frame + ETH, *p = ip + 40;
    uint32_t more = protocol + (uint32_t)len;

    memcpy(frame, group ? (const uint8_t *)"\x33\x33\0\0\0\1" : ours, 6);
    memcpy(frame + 6, theirs, 6);
    put16(frame + 12, 0x86dd);
    put32(ip, 6u << 28);
    put16(ip + 4, (uint32_t)len);
    ip[6] = protocol;
    ip[7] = 255;
    memcpy(ip + 8, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\xfe", 16);
    memcpy(ip + 24, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
    if (!group) {
        memcpy(ip + 24, &aksu_ipv6_address(&net, 0)->addr, 16);
    }
    for (size_t i = 8; i < 40; i++) {
        more += i % 2 ? ip[i] : (uint32_t)ip[i] << 8;
    }
    put16(p + at, 0);
    put16(p + at, sum(p, len, more));
    feed(frame, ETH + 40 + len);
}

static void dhcp6_message(struct input *in)
{
    uint8_t frame[1024] = {0}, *u = frame + ETH + 40, *p = u + UDP, how = take8(in);
    const uint8_t *from;
    size_t len = 4;

    if (!wide) {
        return;
    }
    if (how & 1) { // the router
        u[0] = 134;
        u[5] = how;
        put16(u + 6, take16(in));
        packet6(frame, 16, 58, 2, true);
        return;
    }
    put32(p, 7u << 24 | ((dhcp6.xid ^ (how == 2)) & 0xffffff));
    if (!(how & 4)) {
        memcpy(p + 4, "\0\2\0\3abc\0\1\0\12\0\3\0\1\2\0\0\0\0\1", 21);
        len += 21;
    }
    for (unsigned n = take8(in) % 6; n > 0; n--) {
        uint8_t which = take8(in);
        size_t k = take_octets(in, which & 8 ? 4 : which & 16 ? 16 : which >> 4, &from);
        put16(p + len, which & 1 ? 23 : which & 2 ? 32 : which & 4 ? 83 : take8(in));
        put16(p + len + 2, (uint32_t)k + (which == 255));
        memcpy(p + len + 4, from, k);
        len += 4 + k;
    }
    put16(u, 547);
    put16(u + 2, 546);
    put16(u + 4, (uint32_t)(UDP + len));
    packet6(frame, UDP + len, 17, 6, false);
}

static void name(uint8_t what)
{
    if (what & 1) {
        (void)aksu_mdns_start(&net, &mdns, "fuzz", NULL);
    } else {
        aksu_mdns_stop(&net, &mdns);
    }
}

static void raw(struct input *in)
{
    const uint8_t *from;
    uint8_t frame[1600];
    uint8_t how = take8(in);
    size_t len = take_octets(in, take16(in) % 1600, &from);

    memcpy(frame, from, len);
    if ((how & 1) && len >= ETH + IP + UDP) { // an endpoint's, if the checksums are not asked for
        uint8_t *p = frame + ETH + IP + UDP;
        datagram(frame, len - (size_t)(p - frame), 0xc0000202, how & 2 ? UINT32_MAX : net.addr,
                 5000, how & 4 ? 7 : 9);
    } else {
        feed(frame, len);
    }
}

static void act(struct input *in)
{
    static const uint32_t times[] = {1, 1000, 2000, 4000, 20000, 60000, 1800000, 4000000};
    uint8_t what = take8(in);

    switch (what % 8) {
    case 0:
        raw(in);
        break;
    case 1:
        segment(in);
        break;
    case 2:
        dhcp_message(in);
        break;
    case 3:
    case 4:
        dns_message(in);
        break;
    case 5:
        switch (what >> 5) {
        case 1:
        case 2:
            mdns_message(in);
            break;
        case 3:
            igmp_message(in);
            break;
        case 4:
        case 5:
            dhcp6_message(in);
            break;
        case 6:
            name(take8(in));
            drain();
            break;
        case 7:
            claims(take8(in));
            drain();
            break;
        default:
            arp(in);
        }
        break;
    case 6:
        pass(times[what >> 5]);
        break;
    default:
        if (what >> 5 == 0) {
            aksu_dhcp_stop(&net, &dhcp);
            started = false;
        } else if (what >> 5 == 1) {
            search(take8(in));
        } else if (what >> 5 == 2) {
            aksu_link(&net, &carrier, what & 8);
        } else {
            ask(what >> 7, what >> 3);
        }
        drain();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct aksu_config c = {
        .profile = &aksu_lean, .link = &aksu_ethernet, .mac = {2, 0, 0, 0, 0, 1}};
    struct input in = {data, size};

    now = 0xffff8000u;
    asking = 0;
    memset(&dhcp, 0, sizeof dhcp);
    memset(&dns, 0, sizeof dns);
    memset(cache, 0, sizeof cache);
    memset(query, 0, sizeof query);
    memset(&mdns, 0, sizeof mdns);
    memset(&dhcp6, 0, sizeof dhcp6);
    memset(&carrier, 0, sizeof carrier);
    memset(&fixed, 0, sizeof fixed);
    memset(&local, 0, sizeof local);
    wide = size % 2;
    dns.entry = cache;
    dns.entries = 2;
    memset(&named, 0, sizeof named);
    memset(&last, 0, sizeof last);
    searching = false;
    connected = 0;
    REQUIRE(aksu_dns_over_tcp(&dns, &dns_tcp, dns_buffer, sizeof dns_buffer) == AKSU_OK);
    REQUIRE(aksu_init(&net, &store, &c) == AKSU_OK);
    aksu_seed(&net, "sixteen octets!!", 16);
    aksu_now(&net, now);
    if (wide) {
        REQUIRE(aksu_ipv6_start(&net, &ip6, NULL) == AKSU_OK);
        REQUIRE(aksu_udp_ipv6(&net, &udp6) == AKSU_OK);
        REQUIRE(aksu_dhcp6_start(&net, &dhcp6, NULL) == AKSU_OK);
    }
    REQUIRE(aksu_udp_open(&net, &echo, 7, &handlers) == AKSU_OK);
    REQUIRE(aksu_dhcp_start(&net, &dhcp, &config) == AKSU_OK);
    started = true;
    drain();
    for (unsigned i = 0; i < ACTIONS && in.left > 0; i++) {
        act(&in);
    }
    pass(400000);
    REQUIRE(asking == 0 && !searching && connected == 0 && dns_tcp.query == NULL);
    REQUIRE(aksu_connections(&net) == 0);
    aksu_mdns_stop(&net, &mdns);
    aksu_dhcp_stop(&net, &dhcp);
    pass(20000);
    REQUIRE(net.addr == 0 || net.addr == local.claim.addr || net.addr == fixed.addr);
    REQUIRE(mdns.state == 0);
    REQUIRE(aksu_dhcp_start(&net, &dhcp, &config) == AKSU_OK);
    pass(70000);
    return 0;
}
