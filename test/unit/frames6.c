// SPDX-License-Identifier: MIT
#include "frames6.h"

const struct aksu_addr any6;
const struct aksu_addr us6 = {{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
const struct aksu_addr peer6 = {{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};
const struct aksu_addr far6 = {{0x20, 1, 0x0d, 0xb8, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
const struct aksu_addr router6 = {{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfe}};
const struct aksu_addr nodes6 = {{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
const uint8_t secret6[16] = "kept in flash...";

struct aksu_addr addr6(const char *text)
{
    struct aksu_addr addr = {{0}};
    assert_int_equal(aksu_parse_addr(text, &addr), AKSU_OK);
    return addr;
}

struct aksu_addr group6(const struct aksu_addr *addr)
{
    struct aksu_addr group = {{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff}};
    memcpy(group.octets + 13, addr->octets + 13, 3);
    return group;
}

void to_group(struct wire *w, const struct aksu_addr *group)
{
    memset(w->to, 0x33, 2);
    memcpy(w->to + 2, group->octets + 12, 4);
    memcpy(w->dst6, group, 16);
}

struct wire tcp6(unsigned flags, uint32_t seq, uint32_t ack, size_t len)
{
    struct wire w = tcp(flags, seq, ack, len);
    w.type = 0x86dd;
    memcpy(w.src6, &peer6, 16);
    memcpy(w.dst6, &us6, 16);
    return w;
}

struct wire icmp6(unsigned type, unsigned code, const uint8_t *data, size_t len)
{
    struct wire w = tcp6(0, 0, 0, len);
    w.protocol = 58;
    w.icmp_type = (uint8_t)type;
    w.icmp_code = (uint8_t)code;
    w.data = data;
    return w;
}

int feed_icmp(struct host *h, const struct wire *w)
{
    uint8_t frame[FRAME_MAX];
    size_t len = make_icmp(w, frame);
    return feed_frame(h, frame, len);
}

// A message about a target, with the option that tells a station.
static struct wire about(unsigned type, const struct aksu_addr *target, uint8_t *body,
                         const uint8_t *mac)
{
    memcpy(body, target, 16);
    body[16] = type == NS ? 1 : 2;
    body[17] = 1;
    if (mac)
        memcpy(body + 18, mac, 6);
    struct wire w = icmp6(type, 0, body, mac ? 24 : 16);
    w.ttl = 255;
    return w;
}

int feed_ns(struct host *h, const struct aksu_addr *from, const struct aksu_addr *to,
            const struct aksu_addr *target, const uint8_t *mac)
{
    uint8_t body[24];
    struct wire w = about(NS, target, body, mac);
    memcpy(w.src6, from, 16);
    memcpy(w.dst6, to, 16);
    if (to->octets[0] == 0xff)
        to_group(&w, to);
    return feed_icmp(h, &w);
}

int feed_na(struct host *h, const struct aksu_addr *target, unsigned flags, const uint8_t *mac)
{
    uint8_t body[24];
    struct wire w = about(NA, target, body, mac);
    w.icmp_rest = (uint32_t)flags << 24;
    memcpy(w.src6, target, 16);
    if ((flags & 0x40) == 0)
        to_group(&w, &nodes6);
    return feed_icmp(h, &w);
}

int feed_ra(struct host *h, unsigned seconds, const uint8_t *options, size_t len)
{
    uint8_t body[1400] = {0};
    assert_true(len + 8 <= sizeof body);
    if (len > 0)
        memcpy(body + 8, options, len);
    struct wire w = icmp6(RA, 0, body, 8 + len);
    w.ttl = 255;
    w.icmp_rest = seconds;
    memcpy(w.from, gate_mac, 6);
    memcpy(w.src6, &router6, 16);
    to_group(&w, &nodes6);
    return feed_icmp(h, &w);
}

size_t put_prefix(uint8_t *p, const char *prefix, unsigned bits, unsigned flags, uint32_t valid,
                  uint32_t preferred)
{
    struct aksu_addr addr = addr6(prefix);
    p[0] = 3;
    p[1] = 4;
    p[2] = (uint8_t)bits;
    p[3] = (uint8_t)flags;
    put32(p + 4, valid);
    put32(p + 8, preferred);
    put32(p + 12, 0);
    memcpy(p + 16, &addr, 16);
    return 32;
}

void start6(struct host *h, const struct aksu_storage *store, struct aksu_ipv6 *ip6)
{
    start(h, store);
    assert_int_equal(aksu_ipv6_start(&h->net, ip6, secret6), AKSU_OK);
}

void ready6(struct host *h, const struct aksu_storage *store, struct aksu_ipv6 *ip6)
{
    start6(h, store, ip6);
    assert_int_equal(aksu_ipv6_add(&h->net, &us6, 64), AKSU_OK);
    pass(h, 20000);
    assert_int_equal(aksu_ipv6_address(&h->net, 0)->state, AKSU_IPV6_READY);
    assert_int_equal(aksu_ipv6_address(&h->net, 1)->state, AKSU_IPV6_READY);
    quiet(h);
}

const struct aksu_addr *link6(const struct host *h)
{
    return &aksu_ipv6_address(&h->net, 0)->addr;
}

void next_icmp(struct host *h, unsigned type)
{
    if (!next(h))
        fail_msg("no frame came out");
    assert_int_equal(h->got.type, 0x86dd);
    assert_int_equal(h->got.protocol, 58);
    assert_int_equal(h->got.icmp_type, type);
}

void assert_addr(const uint8_t *octets, const struct aksu_addr *want)
{
    struct aksu_addr have;
    char a[40], b[40];
    memcpy(&have, octets, 16);
    if (memcmp(&have, want, 16) != 0)
        fail_msg("%s is not %s", aksu_format_addr(&have, a), aksu_format_addr(want, b));
}

uint32_t establish6(struct host *h, uint16_t peer_port)
{
    static const uint8_t mss[4] = {2, 4, 0x05, 0xa0};
    struct wire w = tcp6(AKSU_SYN, 1000, 0, 0);
    w.sport = peer_port;
    memcpy(w.options, mss, 4);
    w.options_len = 4;
    assert_int_equal(feed(h, &w), 0);
    assert_true(next(h));
    assert_int_equal(h->got.flags, AKSU_SYN | AKSU_ACK);
    assert_int_equal(h->got.ack, 1001);
    uint32_t iss = h->got.seq;
    w = tcp6(AKSU_ACK, 1001, iss + 1, 0);
    w.sport = peer_port;
    unsigned opens = h->app.opens;
    assert_int_equal(feed(h, &w), 0);
    assert_int_equal(h->app.opens, opens + 1);
    quiet(h);
    return iss;
}
