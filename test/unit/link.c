// SPDX-License-Identifier: MIT
// The cable is pulled, and plugged in again: what becomes of connections and addresses.
#include <aksu/claim.h>
#include "frames6.h"

enum { OVERRIDE = 0x20, SECOND = 1000, MINUTE = 60000 };

AKSU_STORAGE(store, 4, 2, 2048, 4096);
AKSU_IPV6(ip6, 4);
static struct host h;
static struct aksu_carrier carrier;
static struct aksu_claim claim;

static int setup(void **state)
{
    (void)state;
    memset(&carrier, 0, sizeof carrier);
    memset(&claim, 0, sizeof claim);
    ready6(&h, &store, &ip6);
    listen_on(&h, PORT);
    return 0;
}

static int setup_four(void **state)
{
    setup(state);
    start(&h, &store);
    listen_on(&h, PORT);
    return 0;
}

static void pull(void)
{
    aksu_link(&h.net, &carrier, false);
}

static void plug(void)
{
    aksu_link(&h.net, &carrier, true);
}

static void say(size_t len)
{
    static const uint8_t text[2000] = "text";
    assert_int_equal(aksu_send(&h.net, h.app.conn, text, len), len);
}

// Nothing comes out for so long, but the stack is called as often as it asks to be.
static void silence(uint32_t ms)
{
    assert_int_equal(pass(&h, ms), 0);
}

// --- Connections ---

// With text on its way: nothing is sent while there is no link, so nothing waits for the end of a
// timeout that grew, and what was lost comes at once.
static void text_on_its_way(void **state)
{
    static const uint32_t times[] = {5 * SECOND, 30 * SECOND, 4 * MINUTE};
    for (unsigned i = 0; i < sizeof times / sizeof *times; i++) {
        setup_four(state);
        uint32_t iss = establish(&h, PEER_PORT);
        say(1000);
        assert_true(next(&h));
        quiet(&h);
        uint32_t rto = aksu_idle(&h.net, h.now);
        pull();
        silence(times[i]);
        plug();
        assert_int_equal(pass(&h, 1), 1);
        assert_int_equal(h.got.seq, iss + 1);
        assert_int_equal(h.got.len, 1000);
        assert_memory_equal(h.got.to, peer_mac, 6);
        assert_in_range(aksu_idle(&h.net, h.now), rto,
                        2 * rto + 1); // one timeout, whatever it took
        struct wire w = tcp(AKSU_ACK, 1001, iss + 1001, 5);
        assert_int_equal(feed(&h, &w), 0);
        assert_int_equal(h.app.len, 5);
        say(10);
        assert_true(next(&h));
        assert_int_equal(h.got.seq, iss + 1001);
        assert_int_equal(h.app.closes + h.app.troubles, 0);
    }
}

// What the application says meanwhile goes when there is a link; a connection of which nothing is
// on its way has no timeout, even of five minutes.
static void text_meanwhile(void **state)
{
    (void)state;
    uint32_t iss = establish(&h, PEER_PORT);
    pull();
    silence(5 * MINUTE);
    say(10);
    silence(1 * MINUTE);
    plug();
    assert_int_equal(pass(&h, 1), 1);
    assert_int_equal(h.got.seq, iss + 1);
    assert_int_equal(h.got.len, 10);
    assert_int_equal(h.net.counters.retransmitted, 0);
}

// Five minutes with text on its way are the end of it: the user timeout goes on, and tells.
static void timeout_goes_on(void **state)
{
    (void)state;
    establish(&h, PEER_PORT);
    assert_int_equal(aksu_set(&h.net, h.app.conn, AKSU_USER_TIMEOUT, 120), AKSU_OK);
    say(10);
    assert_true(next(&h));
    pull();
    silence(2 * MINUTE - SECOND);
    assert_int_equal(h.app.closes, 0);
    silence(2 * SECOND);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.close_reason, AKSU_ETIMEDOUT);
    plug();
    quiet(&h);
}

// A connection that is opened meanwhile asks for its station when there is a link.
static void opened_meanwhile(void **state)
{
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 7};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        pull();
        assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
        pass(&h, 30 * SECOND); // the first one's question may go into nothing
        assert_int_equal(h.app.closes, i);
        plug();
        while (!next(&h))
            h.now += aksu_idle(&h.net, h.now);
        assert_int_equal(h.got.type, 0x0806);
        assert_int_equal(h.got.tpa, PEER);
        answer_arp(&h, PEER, peer_mac);
        assert_true(next(&h));
        assert_int_equal(h.got.flags, AKSU_SYN);
        aksu_abort(&h.net, h.app.conn ? h.app.conn : aksu_next_connection(&h.net, 0));
        drain(&h);
    }
}

// What is known of stations is asked for anew, but connections keep theirs.
static void stations(void **state)
{
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 7};
    uint32_t iss;
    (void)state;
    aksu_handle conn = establish_active(&h, 7, &iss);
    pull();
    silence(5 * SECOND);
    plug();
    silence(1);
    assert_int_equal(aksu_send(&h.net, conn, "x", 1), 1);
    assert_true(next(&h));
    assert_memory_equal(h.got.to, peer_mac, 6);
    assert_int_equal(h.got.len, 1);
    to.port = 8;
    assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0806);
}

// What is no news is nothing.
static void no_news(void **state)
{
    (void)state;
    establish(&h, PEER_PORT);
    plug();
    quiet(&h);
    say(10);
    assert_true(next(&h));
    pull();
    pull();
    silence(SECOND);
    plug();
    plug();
    assert_int_equal(pass(&h, 1), 1);
    assert_int_equal(h.got.len, 10);
    pass(&h, 1);
    assert_ptr_equal(h.net.resolver, NULL);
}

// A link of bare packets has no stations to hold back.
static void bare(void **state)
{
    struct aksu_config c = default_config();
    (void)state;
    c.link = NULL;
    start_with(&h, &store, &c);
    pull();
    plug();
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
}

// --- Claimed addresses ---

// R5227-01: probed again; connections wait for that.
static void claimed(void **state)
{
    struct aksu_addr addr = aksu_ipv4(192, 0, 2, 1);
    (void)state;
    assert_int_equal(aksu_claim(&h.net, &claim, &addr, 24, NULL, NULL), AKSU_OK);
    pass(&h, 20 * SECOND);
    establish(&h, PEER_PORT);
    say(1000);
    assert_true(next(&h));
    pull();
    silence(5 * SECOND);
    plug();
    for (unsigned i = 0; i < 3; i++) {
        while (!next(&h))
            h.now += aksu_idle(&h.net, h.now);
        assert_int_equal(h.got.type, 0x0806);
        assert_int_equal(h.got.spa, 0);
        assert_int_equal(h.got.tpa, US);
    }
    silence(1999);
    h.now++;
    assert_true(next(&h));
    assert_int_equal(h.got.spa, US); // announced
    assert_int_equal(pass(&h, 1), 1);
    assert_int_equal(h.got.len, 1000);
}

// Another host has taken it meanwhile.
static void claimed_by_another(void **state)
{
    struct aksu_addr addr = aksu_ipv4(192, 0, 2, 1);
    (void)state;
    aksu_claim(&h.net, &claim, &addr, 24, NULL, NULL);
    pass(&h, 20 * SECOND);
    establish(&h, PEER_PORT);
    pull();
    silence(5 * SECOND);
    plug();
    drain(&h);
    assert_int_equal(feed_arp(&h, 2, US, peer_mac, 0), -AKSU_DROP_ARP);
    silence(20 * SECOND);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.close_reason, AKSU_ENETUNREACH);
    pull(); // and where it is plugged in next it may be free
    silence(SECOND);
    plug();
    pass(&h, 20 * SECOND);
    assert_int_equal(h.net.addr, US);
}

// --- IPv6 ---

// RFC 4862 5.4: each address is asked for anew, and routers; connections wait for theirs.
static void reply_unasked(void)
{
    assert_int_equal(feed_arp(&h, 2, PEER, peer_mac, US), -AKSU_DROP_ARP);
}

// IPv6's client is started while the cable is out: ARP's own resolver is behind it, and takes in
// where a neighbour is.
static void client_while_out(void **state)
{
    (void)state;
    struct aksu_addr stable = {{1}};
    start(&h, &store);
    listen_on(&h, PORT);
    assert_int_equal(aksu_ipv6_start(&h.net, &ip6, stable.octets), AKSU_OK);
    pull();
    assert_int_equal(aksu_ipv6_client(&h.net), AKSU_OK);
    pass(&h, SECOND);
    reply_unasked();
    plug();
    pass(&h, 10 * SECOND);
    reply_unasked();
    establish(&h, PEER_PORT);
}

static void six(void **state)
{
    (void)state;
    uint32_t iss = establish6(&h, PEER_PORT);
    say(1000);
    assert_true(next(&h));
    pull();
    silence(30 * SECOND);
    plug();
    unsigned asked = 0, reports = 0, early = 0;
    uint32_t began = h.now;
    while (h.got.protocol != 6 || h.now == began) {
        if (!next(&h)) {
            h.now += aksu_idle(&h.net, h.now);
            continue;
        }
        asked += h.got.icmp_type == NS;
        reports += h.got.icmp_type == MLD_REPORT;
        early += h.got.protocol == 6 && asked < 2;
        assert_true(h.now - began < 10 * SECOND);
    }
    assert_int_equal(asked, 2);
    assert_true(reports >= 2);
    assert_int_equal(early, 0);
    assert_int_equal(h.got.seq, iss + 1);
    assert_int_equal(h.got.len, 1000);
    assert_memory_equal(h.got.to, peer_mac, 6);
    unsigned solicits = 0;
    for (uint32_t i = 0; i < 10 * SECOND; i += 100) {
        h.now += 100;
        while (next(&h))
            solicits += h.got.icmp_type == RS;
    }
    assert_true(solicits >= 2);
}

// Another host has taken the address: its connections end (RFC 4862 5.4.5).
static void six_taken(void **state)
{
    (void)state;
    establish6(&h, PEER_PORT);
    pull();
    silence(5 * SECOND);
    plug();
    drain(&h);
    assert_int_equal(aksu_ipv6_address(&h.net, 1)->state, AKSU_IPV6_TENTATIVE);
    assert_true(feed_na(&h, &us6, OVERRIDE, peer_mac) <= 0);
    assert_int_equal(aksu_ipv6_address(&h.net, 1)->state, AKSU_IPV6_DUPLICATE);
    pass(&h, SECOND);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.close_reason, AKSU_EHOSTUNREACH);
    struct aksu_addr mine = *link6(&h); // and of one that was made another is made
    plug();
    pull();
    plug();
    drain(&h);
    assert_true(feed_na(&h, &mine, OVERRIDE, peer_mac) <= 0);
    assert_int_not_equal(memcmp(&mine, link6(&h), 16), 0);
}

// What routers have said counts until they had the time to say it again.
static void six_routers(void **state)
{
    uint8_t options[32];
    (void)state;
    size_t len = put_prefix(options, "2001:db8:1::", 64, 0xc0, 3600, 3600);
    feed_ra(&h, 1800, options, len);
    pass(&h, 10 * SECOND);
    struct aksu_endpoint to = {far6, 80};
    assert_int_equal(aksu_ipv6_client(&h.net), AKSU_OK);
    aksu_handle conn = aksu_connect(&h.net, &to, 0, &app_handlers, &h.app);
    assert_true(conn > 0);
    aksu_abort(&h.net, conn);
    pass(&h, SECOND);
    pull();
    silence(5 * SECOND);
    plug();
    pass(&h, 5 * SECOND);
    conn = aksu_connect(&h.net, &to, 0, &app_handlers, &h.app);
    assert_true(conn > 0); // it may be there yet
    aksu_abort(&h.net, conn);
    pass(&h, 8 * SECOND);
    assert_int_equal(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app), AKSU_EADDRNOTAVAIL);
    feed_ra(&h, 1800, options, len);
    assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
}

// Each of several is held, whatever row it has, and a reply that nobody asked for harms none.
static void several(void **state)
{
    static const uint8_t text[10];
    aksu_handle conn[3];
    (void)state;
    for (uint16_t i = 0; i < 3; i++) {
        establish(&h, (uint16_t)(PEER_PORT + i));
        conn[i] = h.app.conn;
    }
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(aksu_send(&h.net, conn[i], text, sizeof text), sizeof text);
    assert_int_equal(pass(&h, 1), 3);
    pull();
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(aksu_send(&h.net, conn[i], text, sizeof text), sizeof text);
    reply_unasked();
    silence(5 * SECOND);
    plug();
    unsigned first = 0;
    for (h.now++; next(&h);)
        first += h.got.len > 0;
    assert_true(first >= 3);
}

// While one of IPv6 waits for its address nobody sends, in whatever rows they are.
static void six_and_four(void **state)
{
    static const uint8_t text[10];
    (void)state;
    establish(&h, (uint16_t)(PEER_PORT + 1));
    establish6(&h, PEER_PORT);
    assert_int_equal(aksu_send(&h.net, h.app.conn, text, sizeof text), sizeof text);
    assert_true(next(&h));
    plug(); // no news
    assert_int_equal(aksu_ipv6_address(&h.net, 1)->state, AKSU_IPV6_READY);
    pull();
    silence(5 * SECOND);
    plug();
    for (bool sent = false; !sent;) {
        if (!next(&h)) {
            h.now += aksu_idle(&h.net, h.now);
            continue;
        }
        sent = h.got.protocol == 6 && h.got.len > 0;
    }
    assert_int_equal(aksu_ipv6_address(&h.net, 1)->state, AKSU_IPV6_READY);
}

// With clients of both versions each asks for its own stations again, of which nothing is known.
static void six_and_four_ask(void **state)
{
    struct aksu_endpoint four = {aksu_ipv4(192, 0, 2, 2), 7};
    struct aksu_endpoint six = {peer6, 7};
    (void)state;
    assert_int_equal(aksu_ipv6_client(&h.net), AKSU_OK);
    assert_true(aksu_connect(&h.net, &six, 0, &app_handlers, &h.app) > 0);
    next_icmp(&h, NS);
    assert_int_equal(feed_na(&h, &peer6, 0x60, peer_mac), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN);
    aksu_abort(&h.net, aksu_next_connection(&h.net, 0));
    pass(&h, SECOND);
    pull();
    pass(&h, SECOND);
    plug();
    pass(&h, 20 * SECOND);
    assert_true(aksu_connect(&h.net, &four, 0, &app_handlers, &h.app) > 0);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0806);
    answer_arp(&h, PEER, peer_mac);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN);
    assert_true(aksu_connect(&h.net, &six, 0, &app_handlers, &h.app) > 0);
    next_icmp(&h, NS);
}

static int claims_ours(void)
{
    return feed_arp(&h, 2, US, peer_mac, 0);
}

// An address of IPv4 that is lost ends the connections that have it, in all rows, at once, and no
// other.
static void four_lost(void **state)
{
    static const uint8_t text[10];
    struct aksu_addr addr = aksu_ipv4(192, 0, 2, 1), gate = aksu_ipv4(192, 0, 2, 254);
    (void)state;
    assert_int_equal(aksu_claim(&h.net, &claim, &addr, 24, &gate, NULL), AKSU_OK);
    pass(&h, 20 * SECOND);
    establish6(&h, PEER_PORT);
    aksu_handle six = h.app.conn;
    establish(&h, (uint16_t)(PEER_PORT + 1));
    establish(&h, (uint16_t)(PEER_PORT + 2));
    aksu_abort(&h.net, h.app.conn);
    drain(&h);
    establish(&h, (uint16_t)(PEER_PORT + 3));
    establish(&h, (uint16_t)(PEER_PORT + 4));
    assert_int_equal(aksu_connections(&h.net), 4);
    unsigned closes = h.app.closes;
    assert_int_equal(claims_ours(), 0);
    drain(&h);
    assert_int_equal(claims_ours(), -AKSU_DROP_ARP);
    assert_int_equal(h.net.addr, 0);
    assert_int_equal(h.net.netmask, 0);
    assert_int_equal(h.net.gateway, 0);
    assert_int_equal(pass(&h, 1), 0);
    assert_int_equal(h.app.closes, closes + 3);
    assert_int_equal(h.app.close_reason, AKSU_ENETUNREACH);
    assert_int_equal(aksu_connections(&h.net), 1);
    assert_int_equal(aksu_send(&h.net, six, text, sizeof text), sizeof text);
    assert_int_equal(pass(&h, 1), 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
#define F(f) cmocka_unit_test_setup(f, setup_four)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(client_while_out, setup_four),
        F(text_on_its_way),
        F(text_meanwhile),
        F(timeout_goes_on),
        F(opened_meanwhile),
        F(stations),
        F(no_news),
        F(bare),
        F(claimed),
        F(claimed_by_another),
        T(six),
        T(six_taken),
        F(several),
        T(six_and_four),
        T(six_and_four_ask),
        T(four_lost),
        T(six_routers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
