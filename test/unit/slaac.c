// SPDX-License-Identifier: MIT
// What routers say: RFC 4861 6, RFC 4862 5.5, RFC 8106.
#include "frames6.h"

enum { L = 0x80, A = 0x40, HOUR = 3600 };

AKSU_STORAGE(store, 2, 1, 1024, 4096);
AKSU_IPV6(ip6, 2);
static struct host h;

static int setup(void **state)
{
    (void)state;
    ready6(&h, &store, &ip6);
    assert_int_equal(aksu_ipv6_client(&h.net), AKSU_OK);
    return 0;
}

static const struct aksu_ipv6_address *address(unsigned i)
{
    return aksu_ipv6_address(&h.net, i);
}

static int prefix(const char *text, unsigned bits, unsigned flags, uint32_t valid,
                  uint32_t preferred)
{
    uint8_t p[32];
    return feed_ra(&h, 1800, p, put_prefix(p, text, bits, flags, valid, preferred));
}

// How many addresses and networks there are.
static unsigned used(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < AKSU_IPV6_ADDRESSES; i++)
        n += address(i)->state != AKSU_IPV6_NONE;
    return n;
}

// Whether aksu_connect() knows a way to an address.
static bool reached(const struct aksu_addr *addr)
{
    struct aksu_endpoint to = {*addr, 9};
    aksu_handle conn = aksu_connect(&h.net, &to, 0, &app_handlers, &h.app);
    if (conn <= 0) {
        assert_int_equal(conn, AKSU_EADDRNOTAVAIL);
        return false;
    }
    assert_int_equal(aksu_abort(&h.net, conn), AKSU_OK);
    drain(&h);
    return true;
}

static void makes_an_address(void **state)
{
    (void)state;
    struct aksu_addr in_it = addr6("2001:db8:1::99");
    assert_false(reached(&in_it));
    assert_int_equal(prefix("2001:db8:1::", 64, L | A, 2 * HOUR, HOUR), 0);
    assert_int_equal(address(2)->state, AKSU_IPV6_TENTATIVE);
    assert_int_equal(get32(address(2)->addr.octets), 0x20010db8u);
    assert_int_equal(get32(address(2)->addr.octets + 4), 0x00010000u);
    // The end differs from that of the link's address: nobody can follow it (RFC 7217).
    assert_true(memcmp(address(2)->addr.octets + 8, link6(&h)->octets + 8, 8) != 0);
    pass(&h, 3000);
    assert_int_equal(address(2)->state, AKSU_IPV6_READY);
    assert_true(reached(&in_it));
    assert_true(reached(&far6)); // by the router
    struct aksu_addr was = address(2)->addr;
    assert_int_equal(prefix("2001:db8:1::", 64, L | A, 2 * HOUR, HOUR), 0);
    assert_addr(address(2)->addr.octets, &was); // the same network is the same address
    assert_int_equal(used(), 3);
}

// 5.5.3: what makes no address.
static void makes_none(void **state)
{
    (void)state;
    assert_int_equal(prefix("2001:db8:1::", 64, A, HOUR, 2 * HOUR), 0); // c
    assert_int_equal(prefix("2001:db8:1::", 64, 0, HOUR, HOUR), 0);     // a
    assert_int_equal(prefix("2001:db8:1::", 64, L | A, 0, 0), 0);       // d
    assert_int_equal(prefix("2001:db8:1::", 63, A, HOUR, HOUR), 0);     // d: 64 + 64 = 128
    assert_int_equal(prefix("2001:db8:1::", 65, A, HOUR, HOUR), 0);
    assert_int_equal(prefix("2001:db8:1::", 129, L | A, HOUR, HOUR), 0);
    assert_int_equal(prefix("fe80::", 64, L | A, HOUR, HOUR), 0); // b
    assert_int_equal(prefix("ff02::", 64, L | A, HOUR, HOUR), 0);
    assert_int_equal(used(), 2);
    // On the link all the same.
    assert_int_equal(prefix("2001:db8:1::", 60, L | A, HOUR, HOUR), 0);
    assert_int_equal(address(2)->state, AKSU_IPV6_NETWORK);
    assert_int_equal(prefix("2001:db8:2::", 64, L | A, HOUR, 2 * HOUR), 0);
    assert_int_equal(address(3)->state, AKSU_IPV6_NETWORK);
    struct aksu_addr in_it = addr6("2001:db8:1:f::1"), beside = addr6("2001:db8:1:10::1");
    assert_int_equal(feed_ra(&h, 0, NULL, 0), 0); // no router any more
    assert_true(reached(&in_it));
    assert_false(reached(&beside));
    pass(&h, HOUR * 1000u + 1000);
    assert_int_equal(used(), 2);
    assert_false(reached(&in_it));
}

// 5.5.3 e: nobody ends an address by saying so once.
static void two_hours(void **state)
{
    (void)state;
    const struct {
        uint32_t left; // of its life, in seconds
        uint32_t said;
        uint32_t then;
    } rows[] = {
        {5 * HOUR, 9 * HOUR, 9 * HOUR}, // 1: longer than what is left
        {5 * HOUR, 3 * HOUR, 3 * HOUR}, // 1: longer than two hours
        {5 * HOUR, HOUR, 2 * HOUR},     // 3
        {5 * HOUR, 0, 2 * HOUR},        // 3
        {2 * HOUR, HOUR, 2 * HOUR},     // 2
        {HOUR, 60, HOUR},               // 2
        {HOUR, 0, HOUR},                // 2
        {HOUR, HOUR + 60, HOUR + 60},   // 1
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        setup(state);
        assert_int_equal(prefix("2001:db8:1::", 64, L | A, rows[i].left, 0), 0);
        assert_int_equal(prefix("2001:db8:1::", 64, L | A, rows[i].said, 0), 0);
        assert_int_equal(address(2)->valid_at - h.now, rows[i].then * 1000u);
        pass(&h, rows[i].then * 1000u - 1);
        assert_int_equal(address(2)->state, AKSU_IPV6_READY);
        pass(&h, 1);
        assert_int_equal(address(2)->state, AKSU_IPV6_NONE);
    }
}

// RFC 4861 6.3.4: a network in which we have no address ends when its routers say so; and with an
// address it is no longer on the link, while the address has its two hours.
static void network_ends(void **state)
{
    (void)state;
    struct aksu_addr in_it = addr6("2001:db8:1::7");
    for (unsigned made = 0; made < 2; made++) {
        const uint32_t lives[3] = {5 * HOUR, 0, HOUR};
        setup(state);
        for (unsigned i = 0; i < 3; i++) { // from who is no router: there is no other way
            uint8_t options[32];
            size_t len = put_prefix(options, "2001:db8:1::", 64, made ? L | A : L, lives[i], 0);
            assert_int_equal(feed_ra(&h, 0, options, len), 0);
            pass(&h, 10000);
            assert_int_equal(reached(&in_it), lives[i] > 0);
            unsigned there = made ? AKSU_IPV6_READY : AKSU_IPV6_NETWORK;
            assert_int_equal(address(2)->state, made || lives[i] > 0 ? there : AKSU_IPV6_NONE);
        }
    }
}

// Infinity, and whatever is longer than the clock: it is said again before long.
static void long_lives(void **state)
{
    (void)state;
    static const uint32_t lives[] = {0xffffffffu, 0x80000000u, 4294968, 2592000};
    for (unsigned i = 0; i < 4; i++) {
        setup(state);
        assert_int_equal(prefix("2001:db8:1::", 64, L | A, lives[i], lives[i]), 0);
        for (unsigned days = 0; days < 60; days += 6) {
            pass(&h, 6 * 86400000u);
            assert_int_equal(address(2)->state, AKSU_IPV6_READY);
            assert_int_equal(prefix("2001:db8:1::", 64, L | A, lives[i], lives[i]), 0);
        }
    }
}

// RFC 6724 5, rule 3: a deprecated address is not chosen while there is another.
static void deprecated(void **state)
{
    (void)state;
    struct aksu_endpoint to = {far6, 9};
    struct aksu_info info;
    start6(&h, &store, &ip6);
    assert_int_equal(aksu_ipv6_client(&h.net), AKSU_OK);
    assert_int_equal(prefix("2001:db8:1::", 64, L | A, 4 * HOUR, HOUR), 0);
    assert_int_equal(prefix("2001:db8:2::", 64, L | A, 4 * HOUR, 3 * HOUR), 0);
    pass(&h, 5000);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(feed_ra(&h, 9000, NULL, 0), 0);
        aksu_handle conn = aksu_connect(&h.net, &to, 0, &app_handlers, &h.app);
        assert_true(conn > 0);
        assert_int_equal(aksu_info(&h.net, conn, &info), AKSU_OK);
        // Of equals the first; then the one that is preferred; then neither is, and both are used.
        assert_addr(info.local.addr.octets, &address(i == 1 ? 2 : 1)->addr);
        aksu_abort(&h.net, conn);
        pass(&h, 5400 * 1000u);
        if (i == 1)
            pass(&h, 1000000);
    }
}

static void router_lifetime(void **state)
{
    (void)state;
    assert_false(reached(&far6));
    assert_int_equal(feed_ra(&h, 10, NULL, 0), 0);
    assert_true(reached(&far6));
    pass(&h, 9999);
    assert_true(reached(&far6));
    pass(&h, 1);
    assert_false(reached(&far6));
    assert_int_equal(feed_ra(&h, 65535, NULL, 0), 0);
    pass(&h, 65534000);
    assert_true(reached(&far6));
    assert_int_equal(feed_ra(&h, 0, NULL, 0), 0); // 6.3.4: at once
    assert_false(reached(&far6));
    // One that said nothing for long stays forgotten while the clock turns.
    assert_int_equal(feed_ra(&h, 10, NULL, 0), 0);
    for (unsigned days = 0; days < 50; days++) {
        pass(&h, 86400000u);
        assert_false(reached(&far6));
    }
}

// More routers than there are places for: those that live longest stay.
static void many_routers(void **state)
{
    (void)state;
    struct wire w;
    uint8_t body[8] = {0};
    for (unsigned i = 1; i < 100; i++) {
        w = icmp6(RA, 0, body, 8);
        w.ttl = 255;
        w.icmp_rest = 100 - i;
        memcpy(w.src6, &router6, 16);
        w.src6[15] = (uint8_t)i;
        to_group(&w, &nodes6);
        assert_int_equal(feed_icmp(&h, &w), 0);
    }
    assert_true(reached(&far6));
    pass(&h, 100000);
    assert_false(reached(&far6));
}

// 6.3.7: no more questions once a router has answered that is one for others too.
static void asks_no_more(void **state)
{
    (void)state;
    for (unsigned seconds = 0; seconds < 2; seconds++) {
        start6(&h, &store, &ip6);
        pass(&h, 2500);
        while (next(&h))
            ;
        uint32_t out = aksu_counters(&h.net)->frames_out;
        assert_int_equal(feed_ra(&h, seconds, NULL, 0), 0);
        pass(&h, 60000);
        unsigned asked = aksu_counters(&h.net)->frames_out - out;
        if (seconds == 0)
            assert_in_range(asked, 2, 3);
        else
            assert_in_range(asked, 0, 0);
    }
}

static void hop_limit(void **state)
{
    (void)state;
    uint8_t body[8] = {0};
    static const uint8_t hops[] = {64, 7, 0, 200};
    listen_on(&h, PORT);
    for (unsigned i = 0; i < 4; i++) {
        struct wire w = icmp6(RA, 0, body, 8);
        w.ttl = 255;
        w.icmp_rest = (uint32_t)hops[i] << 24;
        memcpy(w.src6, &router6, 16);
        to_group(&w, &nodes6);
        assert_int_equal(feed_icmp(&h, &w), 0);
        struct wire ping = icmp6(ECHO_REQUEST6, 0, body, 8);
        assert_int_equal(feed_icmp(&h, &ping), 0);
        next_icmp(&h, ECHO_REPLY6);
        unsigned want = hops[i] ? hops[i] : hops[i - 1]; // 0: unspecified
        assert_int_equal(h.got.ttl, want);
        struct wire syn = tcp6(AKSU_SYN, 1000, 0, 0);
        syn.dport = PORT + 1;
        feed(&h, &syn);
        assert_true(next(&h));
        assert_int_equal(h.got.ttl, want);
    }
}

static int mtu_option(uint32_t mtu, unsigned words)
{
    uint8_t o[16] = {5, (uint8_t)words};
    put32(o + 4, mtu);
    return feed_ra(&h, 1800, o, 8u * words);
}

// RFC 4861 6.3.4: between the least MTU and that of the link.
static void mtu(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        static const uint32_t bad[] = {100, 1279, 1501};
        assert_int_equal(mtu_option(bad[i], 1), 0);
        assert_int_equal(ip6.mtu, 1500);
    }
    assert_int_equal(mtu_option(1400, 2), 0); // of another length: not looked at
    assert_int_equal(ip6.mtu, 1500);
    assert_int_equal(mtu_option(1400, 1), 0);
    assert_int_equal(ip6.mtu, 1400);
    assert_int_equal(mtu_option(1280, 1), 0);
    assert_int_equal(ip6.mtu, 1280);
    assert_int_equal(mtu_option(1500, 1), 0);
    assert_int_equal(ip6.mtu, 1500);
}

// The longest text of a segment once a router has said the link's MTU.
static size_t longest(uint32_t mtu, uint16_t port)
{
    static const char text[3000];
    assert_int_equal(mtu_option(mtu, 1), 0);
    establish6(&h, port);
    assert_int_equal(aksu_send(&h.net, h.app.conn, text, 1440), 1440);
    aksu_handle conn = h.app.conn;
    assert_true(next(&h));
    size_t len = h.got.len;
    aksu_abort(&h.net, conn);
    drain(&h);
    return len;
}

static void mtu_counts(void **state)
{
    (void)state;
    listen_on(&h, PORT);
    assert_int_equal(longest(1500, 1), 1440);
    assert_int_equal(longest(1400, 2), 1340);
    assert_int_equal(longest(1280, 3), 1220);
}

static int servers_option(unsigned words, uint32_t seconds, unsigned first)
{
    uint8_t o[128] = {25, (uint8_t)words};
    put32(o + 4, seconds);
    for (unsigned at = 8; at + 16 <= 8 * words; at += 16) {
        memcpy(o + at, &far6, 16);
        o[at + 15] = (uint8_t)first++;
    }
    return feed_ra(&h, 1800, o, 8u * words);
}

static void name_servers(void **state)
{
    (void)state;
    struct aksu_addr want = far6;
    assert_int_equal(servers_option(1, 100, 1), 0); // none in it
    assert_int_equal(servers_option(4, 100, 1), 0); // one and a half
    assert_null(aksu_ipv6_server(&h.net, 0));
    assert_int_equal(servers_option(5, 100, 1), 0);
    for (unsigned i = 0; i < 2; i++) {
        want.octets[15] = (uint8_t)(i + 1);
        assert_non_null(aksu_ipv6_server(&h.net, i));
        assert_addr(aksu_ipv6_server(&h.net, i)->octets, &want);
    }
    assert_null(aksu_ipv6_server(&h.net, 2));
    assert_null(aksu_ipv6_server(&h.net, UINT32_MAX));
    pass(&h, 99999);
    assert_non_null(aksu_ipv6_server(&h.net, 0));
    pass(&h, 1);
    assert_null(aksu_ipv6_server(&h.net, 0));
    assert_int_equal(servers_option(3, 100, 7), 0);
    want.octets[15] = 7;
    assert_addr(aksu_ipv6_server(&h.net, 0)->octets, &want);
    assert_int_equal(servers_option(3, 0, 7), 0); // RFC 8106 5.1: no longer
    assert_null(aksu_ipv6_server(&h.net, 0));
    assert_null(aksu_ipv6_server(&h.net, 1));
    assert_int_equal(servers_option(3, 100, 7), 0);
    for (unsigned days = 0; days < 50; days++) {
        pass(&h, 86400000u);
        assert_null(aksu_ipv6_server(&h.net, 0));
    }
}

// 100 networks: places are few, and those that are taken stay.
static void many_prefixes(void **state)
{
    (void)state;
    uint8_t o[1280];
    char text[40];
    size_t len = 0;
    for (unsigned round = 0; round < 3; round++) {
        len = 0;
        for (unsigned i = 0; i < 40; i++) {
            snprintf(text, sizeof text, "2001:db8:%x::", 100 + 40 * round + i);
            len += put_prefix(o + len, text, 64, L | A, HOUR, HOUR);
        }
        assert_int_equal(feed_ra(&h, 1800, o, len), 0);
        assert_int_equal(used(), AKSU_IPV6_ADDRESSES);
        assert_int_equal(get32(address(2)->addr.octets + 4), 100u << 16);
        assert_int_equal(get32(address(3)->addr.octets + 4), 101u << 16);
    }
    pass(&h, 3000);
    assert_int_equal(address(3)->state, AKSU_IPV6_READY);
    pass(&h, HOUR * 1000u);
    assert_int_equal(used(), 2);
    assert_int_equal(prefix("2001:db8:1::", 64, L | A, HOUR, HOUR), 0); // there is room again
    assert_int_equal(used(), 3);
}

// RFC 4861 6.1.2.
static void malformed(void **state)
{
    (void)state;
    uint8_t body[48] = {0};
    struct aksu_addr global = peer6;
    put_prefix(body + 8, "2001:db8:1::", 64, L | A, HOUR, HOUR);
    struct wire good = icmp6(RA, 0, body, 40);
    good.ttl = 255;
    good.icmp_rest = 1800;
    memcpy(good.src6, &router6, 16);
    to_group(&good, &nodes6);
    struct wire w = good;
    w.ttl = 254;
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_ICMP);
    w = good;
    memcpy(w.src6, &global, 16);
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_ICMP);
    w = good;
    w.icmp_code = 1;
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_ICMP);
    w = good;
    for (w.len = 0; w.len < 40; w.len++)
        if (w.len != 8)
            assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_ICMP);
    body[9] = 0;
    w.len = 40;
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_ICMP);
    body[9] = 5;
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_ICMP);
    body[9] = 2; // an option too short for its kind, then others
    memset(body + 24, 0, 16);
    body[25] = 2;
    assert_int_equal(feed_icmp(&h, &w), 0);
    assert_int_equal(used(), 2);
    body[8] = 1; // a router's station that is many
    memset(body + 10, 0xff, 6);
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_ICMP);
}

// The end of an address is the end of its connections, and of no other.
static void expiry_ends_connections(void **state)
{
    (void)state;
    listen_on(&h, PORT);
    assert_int_equal(prefix("2001:db8:1::", 64, L | A, 60, 60), 0);
    pass(&h, 5000);
    establish6(&h, PEER_PORT);
    struct wire w = tcp6(AKSU_SYN, 5000, 0, 0);
    memcpy(w.dst6, &address(2)->addr, 16);
    assert_int_equal(feed(&h, &w), 0);
    assert_true(next(&h));
    w = tcp6(AKSU_ACK, 5001, h.got.seq + 1, 0);
    memcpy(w.dst6, &address(2)->addr, 16);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.opens, 2);
    aksu_handle conn = h.app.conn;
    pass(&h, 54999);
    assert_int_equal(h.app.closes, 0);
    h.now += 1;
    quiet(&h);
    assert_int_equal(h.app.closes, 0);
    assert_int_equal(pass(&h, 1), 0); // what is due is due once
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.conn, conn);
    assert_int_equal(h.app.close_reason, AKSU_EHOSTUNREACH);
    assert_int_equal(aksu_connections(&h.net), 1);
    assert_int_equal(feed(&h, &w), -AKSU_DROP_NOT_OURS);
}

#define T(f) cmocka_unit_test_setup(f, setup)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(makes_an_address),
        T(makes_none),
        T(two_hours),
        T(network_ends),
        T(long_lives),
        T(deprecated),
        T(router_lifetime),
        T(many_routers),
        T(asks_no_more),
        T(hop_limit),
        T(mtu),
        T(mtu_counts),
        T(name_servers),
        T(many_prefixes),
        T(malformed),
        T(expiry_ends_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
