// SPDX-License-Identifier: MIT
// IPv6's header and those that follow it (RFC 8200), and ICMPv6 (RFC 4443).
#include "frames6.h"

enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, OPTIONS = 60, NOTHING = 59, AUTH = 51 };

AKSU_STORAGE(store, 3, 1, 4096, 8192);
AKSU_IPV6(ip6, 3);
static struct host h;

static int setup(void **state)
{
    (void)state;
    ready6(&h, &store, &ip6);
    listen_on(&h, PORT);
    return 0;
}

static size_t syn_frame(uint8_t *frame)
{
    struct wire w = tcp6(AKSU_SYN, 1000, 0, 0);
    return make_tcp(&w, frame);
}

// Feeds a SYN with an octet of its IPv6 header changed.
static int changed(unsigned at, unsigned value)
{
    uint8_t frame[FRAME_MAX];
    size_t len = syn_frame(frame);
    frame[14 + at] = (uint8_t)value;
    return feed_frame(&h, frame, len);
}

static void header(void **state)
{
    (void)state;
    uint8_t frame[FRAME_MAX];
    size_t len = syn_frame(frame);
    for (unsigned version = 0; version < 16; version++)
        if (version != 6)
            assert_int_equal(changed(0, version << 4), -AKSU_DROP_IP_HEADER);
    for (size_t cut = 14; cut < 14 + 40; cut++)
        assert_int_equal(feed_frame(&h, frame, cut), -AKSU_DROP_RUNT);
    for (size_t cut = 14 + 40; cut < len; cut++)
        assert_int_equal(feed_frame(&h, frame, cut), -AKSU_DROP_IP_HEADER);
    for (unsigned n = 0; n < 20; n++)
        assert_int_equal(changed(5, n), -AKSU_DROP_TCP_HEADER);
    assert_int_equal(changed(5, 21), -AKSU_DROP_IP_HEADER);
    assert_int_equal(changed(4, 0x80), -AKSU_DROP_IP_HEADER);
    quiet(&h);
    // Hop limit, traffic class and flow label are the sender's own.
    struct wire w = tcp6(AKSU_SYN, 1000, 0, 0);
    w.ttl = 0;
    w.tos = 0x5c;
    w.flow = 0xfffff;
    assert_int_equal(feed(&h, &w), 0);
    assert_true(next(&h));
    assert_addr(h.got.src6, &us6);
    assert_addr(h.got.dst6, &peer6);
    assert_int_equal(h.got.ttl, 64);
    assert_int_equal(h.got.tos, 0);
    assert_int_not_equal(h.got.flow, 0); // RFC 6437 3
    assert_int_equal(h.got.mss, 1440);
    assert_memory_equal(h.got.to, peer_mac, 6);
}

// What follows the packet in the frame is padding, or its check sequence.
static void padding(void **state)
{
    (void)state;
    uint8_t frame[FRAME_MAX];
    struct wire w = icmp6(ECHO_REQUEST6, 0, NULL, 0);
    size_t len = make_icmp(&w, frame);
    memset(frame + len, 0x55, 200);
    assert_int_equal(feed_frame(&h, frame, len + 200), 0);
    next_icmp(&h, ECHO_REPLY6);
    assert_int_equal(h.got.len, 0);
}

static void larger_than_the_link(void **state)
{
    (void)state;
    static const uint8_t text[1600];
    struct wire w = icmp6(ECHO_REQUEST6, 0, text, 1452);
    assert_int_equal(feed_icmp(&h, &w), 0);
    next_icmp(&h, ECHO_REPLY6);
    assert_int_equal(h.got.len, 1452);
    w.len = 1453;
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_IP_HEADER);
    w.len = 1460;
    to_group(&w, &nodes6);
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_RUNT);
}

static int from_to(const struct aksu_addr *from, const struct aksu_addr *to)
{
    struct wire w = tcp6(AKSU_SYN, 1000, 0, 0);
    memcpy(w.src6, from, 16);
    memcpy(w.dst6, to, 16);
    return feed(&h, &w);
}

static void addresses(void **state)
{
    (void)state;
    static const char *const sources[] = {"ff02::1", "ff0e::1", "::ffff:192.0.2.2", "::192.0.2.2",
                                          "::1",     "::",      "2001:db8::1"};
    static const char *const others[] = {"2001:db8::3", "2001:db8:0:1::1", "ff02::2",
                                         "::", "ff02::1:ff00:2"};
    for (unsigned i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        struct aksu_addr from = addr6(sources[i]);
        assert_int_equal(from_to(&from, &us6), -AKSU_DROP_SOURCE);
    }
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct aksu_addr to = addr6(others[i]);
        assert_int_equal(from_to(&peer6, &to), -AKSU_DROP_NOT_OURS);
    }
    assert_int_equal(from_to(link6(&h), &us6), -AKSU_DROP_SOURCE);
    // A connection is between two (RFC 9293 3.9.2.3).
    struct aksu_addr group = group6(&us6);
    assert_int_equal(from_to(&peer6, &group), -AKSU_DROP_SOURCE);
    assert_int_equal(from_to(&peer6, &nodes6), -AKSU_DROP_SOURCE);
    quiet(&h);
    assert_int_equal(from_to(&peer6, link6(&h)), 0);
    assert_int_equal(drain(&h), 1);
}

static void stations(void **state)
{
    (void)state;
    struct wire w = icmp6(ECHO_REQUEST6, 0, NULL, 0);
    memcpy(w.to, gate_mac, 6);
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_NOT_OURS);
    to_group(&w, &nodes6);
    memcpy(w.from, our_mac, 6);
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_NOT_OURS);
    memcpy(w.from, broadcast_mac, 6);
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_NOT_OURS);
    memcpy(w.from, peer_mac, 6);
    w.type = 0x0800;
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_NOT_OURS);
    quiet(&h);
    w.type = 0x86dd;
    assert_int_equal(feed_icmp(&h, &w), 0);
    next_icmp(&h, ECHO_REPLY6);
    assert_addr(h.got.src6, &us6);
    assert_memory_equal(h.got.to, peer_mac, 6);
}

// What IPv4 refuses is no packet of IPv6, whatever is in it.
static void not_of_ipv4(void **state)
{
    (void)state;
    uint8_t frame[FRAME_MAX], text[200] = {0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd};
    struct wire inner = icmp6(ECHO_REQUEST6, 0, NULL, 0);
    size_t len = make_icmp(&inner, frame);
    memcpy(text + 14, frame + 14, len - 14);
    struct wire w = tcp(AKSU_ACK, 1000, 1, len);
    w.dst = PEER + 7; // not ours
    w.data = text;
    assert_int_equal(feed(&h, &w), -AKSU_DROP_NOT_OURS);
    w.len = 0;
    assert_int_equal(feed(&h, &w), -AKSU_DROP_NOT_OURS);
    w.len = 14; // nothing lies behind it
    assert_int_equal(feed(&h, &w), -AKSU_DROP_NOT_OURS);
    quiet(&h);
}

// --- Extension headers ---

// A header of `units` times 8 octets: those after the first 2 are given.
static size_t extension(uint8_t *p, unsigned next_header, unsigned units, const uint8_t *content,
                        size_t len)
{
    memset(p, 0, 8u * units);
    p[0] = (uint8_t)next_header;
    p[1] = (uint8_t)(units - 1);
    memcpy(p + 2, content, len);
    return 8u * units;
}

// Feeds an echo request behind other headers; tells how that went.
static int behind(unsigned first, const uint8_t *headers, size_t len)
{
    struct wire w = icmp6(ECHO_REQUEST6, 0, (const uint8_t *)"abcdefgh", 8);
    w.first = (uint8_t)first;
    w.headers = headers;
    w.headers_len = len;
    return feed_icmp(&h, &w);
}

static int one_behind(unsigned first, unsigned units, const uint8_t *content, size_t len)
{
    uint8_t p[256];
    return behind(first, p, extension(p, 58, units, content, len));
}

// The next frame is a parameter problem of a code that points there.
static void assert_problem(unsigned code, uint32_t pointer)
{
    next_icmp(&h, PROBLEM);
    assert_int_equal(h.got.icmp_code, code);
    assert_int_equal(h.got.icmp_rest, pointer);
    assert_addr(h.got.src6, &us6);
    assert_addr(h.got.dst6, &peer6);
    assert_int_equal(h.got.data[0] >> 4, 6); // the packet
    assert_int_equal(get16(h.got.data + 4) + 40, h.got.len);
    quiet(&h);
    h.now += 100;
}

static void assert_echo(void)
{
    next_icmp(&h, ECHO_REPLY6);
    assert_int_equal(h.got.len, 8);
    assert_memory_equal(h.got.data, "abcdefgh", 8);
    quiet(&h);
}

// RFC 8200 4.2: the reactions to an option that is not known.
static void unknown_options(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 256; kind++) {
        const uint8_t option[6] = {(uint8_t)kind, 4, 1, 2, 3, 4};
        if (kind == 0)
            continue; // Pad1, which has no length
        for (unsigned first = HOP_BY_HOP; first <= OPTIONS; first += OPTIONS) {
            int result = one_behind(first, 1, option, 6);
            if (kind >> 6 == 0) {
                assert_int_equal(result, 0);
                assert_echo();
                continue;
            }
            assert_int_equal(result, -AKSU_DROP_IP_OPTION);
            if (kind >> 6 == 1)
                quiet(&h);
            else
                assert_problem(2, 42);
        }
    }
}

// R4443-05: no error about an error, of whatever type and behind whatever headers.
static void no_error_about_an_error(void **state)
{
    static const uint8_t kinds[] = {1, 2, 3, 4, 100, 127, 128, 200};
    (void)state;
    for (unsigned i = 0; i < sizeof kinds; i++) {
        for (unsigned deep = 0; deep < 2; deep++) {
            uint8_t headers[16] = {60, 0, 1, 4, 0, 0, 0, 0, 58, 0, 0x80, 4};
            struct wire w = icmp6(kinds[i], 0, NULL, 0);
            w.first = 60;
            w.headers = deep ? headers : headers + 8;
            w.headers_len = deep ? 16 : 8;
            assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_IP_OPTION);
            assert_int_equal(next(&h), kinds[i] >= 128);
            h.now += 1000;
        }
    }
}

// RFC 4443 2.4 e: what was for many is answered only if the option says so.
static void unknown_options_to_many(void **state)
{
    (void)state;
    for (unsigned action = 0; action < 4; action++) {
        uint8_t p[8];
        const uint8_t option[6] = {(uint8_t)(action << 6 | 0x3e), 4, 1, 2, 3, 4};
        struct wire w = icmp6(ECHO_REQUEST6, 0, NULL, 0);
        w.first = OPTIONS;
        w.headers = p;
        w.headers_len = extension(p, 58, 1, option, 6);
        to_group(&w, &nodes6);
        feed_icmp(&h, &w);
        if (action == 2)
            assert_problem(2, 42);
        else
            assert_int_equal(drain(&h), action == 0);
    }
}

static void option_lengths(void **state)
{
    (void)state;
    static const uint8_t pads[6] = {0, 0, 0, 0, 0, 0};
    for (unsigned at = 0; at < 6; at++) { // PadN at each place
        for (unsigned len = 0; len < 256; len++) {
            uint8_t content[6] = {0};
            content[at] = 1;
            if (at < 5)
                content[at + 1] = (uint8_t)len;
            bool fits = at < 5 && at + 2 + len <= 6;
            assert_int_equal(one_behind(OPTIONS, 1, content, 6), fits ? 0 : -AKSU_DROP_IP_OPTION);
            if (fits)
                assert_echo();
            quiet(&h);
        }
    }
    assert_int_equal(one_behind(OPTIONS, 1, pads, 6), 0);
    assert_echo();
    assert_int_equal(one_behind(OPTIONS, 30, pads, 6), 0);
    assert_echo();
}

// RFC 8200 4.4, RFC 5095: no route is followed.
static void routing(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 6; type++) {
        uint8_t content[6] = {(uint8_t)type, 0};
        assert_int_equal(one_behind(ROUTING, 3, content, 6), 0);
        assert_echo();
        content[1] = 1;
        assert_int_equal(one_behind(ROUTING, 3, content, 6), -AKSU_DROP_IP_OPTION);
        assert_problem(0, 42);
    }
}

static int fragment(unsigned offset, unsigned more, unsigned reserved)
{
    uint8_t p[8] = {58, 99, 0, 0, 1, 2, 3, 4};
    put16(p + 2, offset << 3 | reserved << 1 | more);
    return behind(FRAGMENT, p, 8);
}

static void fragments(void **state)
{
    (void)state;
    assert_int_equal(fragment(0, 1, 0), -AKSU_DROP_FRAGMENT);
    assert_int_equal(fragment(1, 0, 0), -AKSU_DROP_FRAGMENT);
    assert_int_equal(fragment(8191, 0, 0), -AKSU_DROP_FRAGMENT);
    quiet(&h);
    for (unsigned reserved = 0; reserved < 4; reserved++) { // RFC 6946: whole
        assert_int_equal(fragment(0, 0, reserved), 0);
        assert_echo();
    }
}

static void chains(void **state)
{
    (void)state;
    uint8_t p[900];
    static const uint8_t none[6] = {1, 4};
    for (unsigned n = 1; n <= 100; n++) {
        for (unsigned i = 0; i < n; i++)
            extension(p + 8 * i, i + 1 < n ? OPTIONS : 58, 1, none, 6);
        int result = behind(OPTIONS, p, 8u * n);
        assert_int_equal(result, n <= 8 ? 0 : -AKSU_DROP_IP_HEADER);
        if (n <= 8)
            assert_echo();
        quiet(&h);
    }
    // All kinds that there are, in an order that is not recommended.
    static const uint8_t long_pad[14] = {1, 12}, no_route[2] = {4, 0}, whole[6] = {0};
    size_t at = extension(p, OPTIONS, 1, none, 6);
    at += extension(p + at, ROUTING, 2, long_pad, 14);
    at += extension(p + at, FRAGMENT, 1, no_route, 2);
    at += extension(p + at, OPTIONS, 1, whole, 6);
    at += extension(p + at, 58, 1, none, 6);
    assert_int_equal(behind(HOP_BY_HOP, p, at), 0);
    assert_echo();
}

// Each header cut anywhere, and lengths beyond the packet.
static void cut_headers(void **state)
{
    (void)state;
    static const uint8_t kinds[] = {HOP_BY_HOP, ROUTING, FRAGMENT, OPTIONS};
    uint8_t frame[FRAME_MAX], p[16];
    static const uint8_t none[6] = {1, 4};
    for (unsigned i = 0; i < 4; i++) {
        struct wire w = icmp6(0, 0, NULL, 0);
        extension(p, 58, 1, none, 6);
        w.first = kinds[i];
        w.headers = p;
        w.headers_len = 8;
        make_icmp(&w, frame);
        for (unsigned len = 0; len < 8; len++) {
            put16(frame + 14 + 4, len);
            assert_int_equal(feed_frame(&h, frame, 14 + 40 + len), -AKSU_DROP_IP_HEADER);
        }
        if (kinds[i] == FRAGMENT)
            continue; // it has no length
        put16(frame + 14 + 4, 16);
        for (unsigned units = 2; units < 256; units++) {
            frame[14 + 40 + 1] = (uint8_t)units;
            assert_int_equal(feed_frame(&h, frame, 14 + 40 + 16), -AKSU_DROP_IP_HEADER);
        }
    }
    quiet(&h);
}

// What follows is not known here, or stands where it may not.
static void next_headers(void **state)
{
    (void)state;
    uint8_t p[16];
    static const uint8_t none[6] = {1, 4};
    for (unsigned kind = 0; kind < 256; kind++) {
        bool known = kind == 6 || kind == 58 || kind == NOTHING || kind == HOP_BY_HOP ||
                     kind == ROUTING || kind == FRAGMENT || kind == OPTIONS;
        if (known)
            continue;
        assert_int_equal(changed(6, kind), -AKSU_DROP_PROTOCOL);
        assert_problem(1, 6);
    }
    assert_int_equal(changed(6, NOTHING), -AKSU_DROP_PROTOCOL); // RFC 8200 4.7
    quiet(&h);
    extension(p, AUTH, 1, none, 6);
    assert_int_equal(behind(OPTIONS, p, 8), -AKSU_DROP_PROTOCOL);
    assert_problem(1, 40);
    extension(p, HOP_BY_HOP, 1, none, 6);
    extension(p + 8, 58, 1, none, 6);
    assert_int_equal(behind(OPTIONS, p, 16), -AKSU_DROP_PROTOCOL); // 4.1: only the first
    assert_problem(1, 40);
    assert_int_equal(behind(HOP_BY_HOP, p, 16), -AKSU_DROP_PROTOCOL);
    assert_problem(1, 40);
}

// --- ICMPv6 ---

// RFC 4443 2.4 c, e, f: as much as fits in 1280 octets, to one, from one, not too many.
static void problems(void **state)
{
    (void)state;
    static const uint8_t text[1400];
    struct wire w = icmp6(0, 0, text, 1400);
    w.protocol = 132;
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_PROTOCOL);
    next_icmp(&h, PROBLEM);
    assert_int_equal(h.frame_len, 14 + 1280);
    for (unsigned ms = 0; ms < 100; ms += 3) {
        assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_PROTOCOL);
        quiet(&h);
        h.now += ms + 3 < 100 ? 3 : 1;
    }
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_PROTOCOL);
    next_icmp(&h, PROBLEM);
    h.now += 100;
    unsigned out = 0;
    for (unsigned ms = 0; ms < 1000; ms++, h.now++) {
        feed_icmp(&h, &w);
        out += drain(&h);
    }
    assert_int_equal(out, 10);
    h.now += 100;
    memcpy(w.src6, &any6, 16);
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_PROTOCOL);
    quiet(&h);
    memcpy(w.src6, &peer6, 16);
    to_group(&w, &nodes6);
    w.len = 8;
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_PROTOCOL);
    quiet(&h);
}

static void echo(void **state)
{
    (void)state;
    uint8_t text[1452];
    for (unsigned i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 7);
    for (unsigned len = 0; len <= sizeof text; len += 11) {
        struct wire w = icmp6(ECHO_REQUEST6, 0, text, len);
        w.icmp_rest = 0x12340000u + len;
        assert_int_equal(feed_icmp(&h, &w), 0);
        assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_ECHO_BUSY);
        next_icmp(&h, ECHO_REPLY6);
        assert_int_equal(h.got.icmp_code, 0);
        assert_int_equal(h.got.icmp_rest, 0x12340000u + len);
        assert_int_equal(h.got.len, len);
        assert_memory_equal(h.got.data, text, len);
        assert_addr(h.got.src6, &us6);
        quiet(&h);
    }
    struct wire w = icmp6(ECHO_REQUEST6, 1, text, 8);
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_ICMP);
    w = icmp6(ECHO_REQUEST6, 0, text, 8);
    memcpy(w.src6, &any6, 16);
    assert_true(feed_icmp(&h, &w) < 0);
    quiet(&h);
    // To many: from the address that the asker reaches (RFC 4443 4.2, RFC 6724).
    struct aksu_addr near = addr6("fe80::2");
    w = icmp6(ECHO_REQUEST6, 0, text, 8);
    to_group(&w, &nodes6);
    memcpy(w.src6, &near, 16);
    assert_int_equal(feed_icmp(&h, &w), 0);
    next_icmp(&h, ECHO_REPLY6);
    assert_addr(h.got.src6, link6(&h));
    assert_addr(h.got.dst6, &near);
}

// RFC 4443 2.4 a, b: what is not known is no reason to say something.
static void other_messages(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        struct wire w = icmp6(type, 0, NULL, 0);
        w.ttl = 255;
        if (type == ECHO_REQUEST6)
            continue;
        assert_true(feed_icmp(&h, &w) < 0);
        quiet(&h);
    }
    uint8_t frame[FRAME_MAX];
    struct wire w = icmp6(ECHO_REQUEST6, 0, NULL, 0);
    make_icmp(&w, frame);
    for (unsigned len = 0; len < 8; len++) {
        put16(frame + 14 + 4, len);
        assert_int_equal(feed_frame(&h, frame, 14 + 40 + len), -AKSU_DROP_ICMP);
    }
}

// --- Errors about our packets ---

// Feeds an error of a type and code about our last frame, cut to so many octets.
static int quoted(unsigned type, unsigned code, uint32_t rest, size_t len)
{
    struct wire w = icmp6(type, code, h.frame + 14, len);
    struct aksu_addr router = addr6("2001:db8:9::9");
    w.icmp_rest = rest;
    memcpy(w.src6, &router, 16);
    return feed_icmp(&h, &w);
}

static void in_flight(void)
{
    static const char text[3000];
    establish6(&h, PEER_PORT);
    assert_int_equal(aksu_send(&h.net, h.app.conn, text, 3000), 3000);
    assert_true(next(&h));
    assert_int_equal(h.got.len, 1440);
}

static void soft_and_hard_errors(void **state)
{
    (void)state;
    static const struct {
        uint8_t type, code;
        int trouble;
    } rows[] = {
        {1, 0, AKSU_ENETUNREACH},  {1, 1, AKSU_EHOSTUNREACH}, {1, 3, AKSU_EHOSTUNREACH},
        {1, 4, AKSU_ECONNREFUSED}, {3, 0, AKSU_EHOSTUNREACH}, {3, 1, AKSU_EHOSTUNREACH},
        {4, 0, AKSU_EHOSTUNREACH}, {4, 1, AKSU_ECONNREFUSED}, {4, 2, AKSU_EHOSTUNREACH},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        setup(state);
        in_flight();
        // Once it is open none of them ends a connection (RFC 5927 4, 5.1).
        assert_int_equal(quoted(rows[i].type, rows[i].code, 0, 48), 0);
        assert_int_equal(h.app.troubles, 1);
        assert_int_equal(h.app.trouble_reason, rows[i].trouble);
        assert_int_equal(h.app.closes, 0);
    }
    setup(state);
    in_flight();
    assert_int_equal(quoted(100, 0, 0, 48), -AKSU_DROP_ICMP); // 2.4: of no known kind
    assert_int_equal(quoted(137, 0, 0, 48), -AKSU_DROP_ICMP); // no redirect is followed
    assert_int_equal(h.app.troubles, 0);
}

static void disbelieved(void **state)
{
    (void)state;
    in_flight();
    for (size_t len = 0; len < 48; len++)
        assert_int_equal(quoted(1, 0, 0, len), -AKSU_DROP_ICMP_QUOTE);
    static const uint8_t at[] = {0, 6, 8 + 3, 24 + 3, 40, 41, 42, 43, 44};
    for (unsigned i = 0; i < sizeof at; i++) {
        uint8_t *p = h.frame + 14 + at[i];
        *p ^= 0x10;
        assert_int_equal(quoted(1, 0, 0, 48), -AKSU_DROP_ICMP_QUOTE);
        *p ^= 0x10;
    }
    assert_int_equal(h.app.troubles, 0);
    assert_int_equal(quoted(1, 0, 0, 48), 0);
    assert_int_equal(h.app.troubles, 1);
}

static uint32_t mss_now(void)
{
    struct aksu_info info;
    assert_int_equal(aksu_info(&h.net, h.app.conn, &info), AKSU_OK);
    return info.tcb->snd_mss;
}

// RFC 8201 4: the path's MTU falls to what is said, but not below the least, nor does it rise.
static void too_big(void **state)
{
    (void)state;
    in_flight();
    assert_int_equal(quoted(PTB, 0, 1400, 48), -AKSU_DROP_ICMP_QUOTE); // RFC 5927 7.2: too early
    static const uint32_t bad[] = {0,    68,   600,         1279,           1500,
                                   1501, 9000, 0xffffffffu, 0x10000u + 1300};
    h.now += 1200; // nobody has answered
    assert_true(next(&h));
    assert_int_equal(h.got.len, 1440);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(quoted(PTB, 0, bad[i], 48),
                         bad[i] < 1280 ? -AKSU_DROP_ICMP : -AKSU_DROP_ICMP_QUOTE);
    assert_int_equal(mss_now(), 1440);
    assert_int_equal(quoted(PTB, 0, 1400, 48), 0);
    assert_int_equal(mss_now(), 1340);
}

static void too_big_sent_again(void **state)
{
    (void)state;
    in_flight();
    uint32_t seq = h.got.seq;
    h.now += 1200;
    assert_true(next(&h));
    assert_int_equal(quoted(PTB, 0, 1280, 48), 0);
    assert_int_equal(mss_now(), 1220);
    assert_true(next(&h));
    assert_int_equal(h.got.seq, seq);
    assert_int_equal(h.got.len, 1220);
}

#define T(f) cmocka_unit_test_setup(f, setup)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(header),
        T(padding),
        T(larger_than_the_link),
        T(addresses),
        T(stations),
        T(not_of_ipv4),
        T(unknown_options),
        T(unknown_options_to_many),
        T(option_lengths),
        T(routing),
        T(fragments),
        T(no_error_about_an_error),
        T(chains),
        T(cut_headers),
        T(next_headers),
        T(problems),
        T(echo),
        T(other_messages),
        T(soft_and_hard_errors),
        T(disbelieved),
        T(too_big),
        T(too_big_sent_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
