// SPDX-License-Identifier: MIT
// The DHCPv6 client for name servers: R8415-*, R3646-*. Messages are made and read octet by octet.
#include "frames6.h"
#include <aksu/dhcp6.h>

AKSU_STORAGE(store, 2, 1, RING, RING);
AKSU_IPV6(ipv6, 4);
AKSU_UDP_IPV6(udp6, 2);
static struct host h;
static struct aksu_dhcp6 dhcp;
static unsigned told;
static struct aksu_addr server[2];

enum { ETH = 14, IP6 = 40, UDP = 8, TEXT = ETH + IP6 + UDP, LEN = 4 + 14 + 10 + 6 };
enum { REPLY = 7, CLIENT = 1, SERVER = 2, STATUS = 13, DNS = 23, REFRESH = 32, MAX_WAIT = 83 };
enum { OTHER = 0x40, MANAGED = 0x80 };

static void on_servers(struct aksu *net, struct aksu_dhcp6 *d)
{
    assert_ptr_equal(net, &h.net);
    assert_ptr_equal(d, &dhcp);
    told++;
    memcpy(server, d->server, sizeof server);
}

static int setup(void **state)
{
    (void)state;
    ready6(&h, &store, &ipv6);
    assert_int_equal(aksu_udp_ipv6(&h.net, &udp6), AKSU_OK);
    memset(&dhcp, 0, sizeof dhcp);
    told = 0;
    memset(server, 0xee, sizeof server);
    return 0;
}

static void begin_to_listen(void)
{
    assert_int_equal(aksu_dhcp6_start(&h.net, &dhcp, on_servers), AKSU_OK);
    assert_true(next(&h)); // routers are asked
    assert_int_equal(h.got.icmp_type, RS);
}

static void advertise(unsigned flags)
{
    uint8_t body[8] = {0};
    struct wire w = icmp6(RA, 0, body, sizeof body);
    w.ttl = 255;
    w.icmp_rest = (uint32_t)flags << 16 | 1800;
    memcpy(w.from, gate_mac, 6);
    memcpy(w.src6, &router6, 16);
    to_group(&w, &nodes6);
    assert_int_equal(feed_icmp(&h, &w), 0);
}

static uint32_t xid;

// The next frame is a question, asked for so many hundredths of a second.
static void expect(unsigned elapsed)
{
    static const struct aksu_addr servers = {{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2}};
    const uint8_t *p = h.frame + TEXT;
    assert_true(next(&h));
    assert_int_equal(h.got.protocol, 17);
    assert_addr(h.got.src6, link6(&h));
    assert_addr(h.got.dst6, &servers);
    assert_int_equal(h.got.sport, 546);
    assert_int_equal(h.got.dport, 547);
    assert_int_equal(h.frame_len, TEXT + LEN);
    assert_int_equal(p[0], 11);
    xid = get32(p) & 0xffffff;
    assert_memory_equal(p + 4, "\0\1\0\12\0\3\0\1", 8);
    assert_memory_equal(p + 12, our_mac, 6);
    assert_memory_equal(p + 18, "\0\6\0\6\0\27\0\40\0\123", 10);
    assert_memory_equal(p + 28, "\0\10\0\2", 4);
    assert_int_equal(get16(p + 32), elapsed);
}

static void asked(void)
{
    begin_to_listen();
    advertise(OTHER);
    uint32_t idle = aksu_idle(&h.net, h.now);
    assert_true(idle >= 1 && idle <= 1000); // R8415-02: after a random time
    h.now += idle;
    expect(0);
}

static struct {
    uint8_t octets[400];
    size_t len;
} m;

static void begin(unsigned type, uint32_t id)
{
    put32(m.octets, (uint32_t)type << 24 | id);
    m.len = 4;
}

static void option(unsigned kind, const void *data, size_t len)
{
    put16(m.octets + m.len, kind);
    put16(m.octets + m.len + 2, (unsigned)len);
    memcpy(m.octets + m.len + 4, data, len);
    m.len += 4 + len;
}

static void option32(unsigned kind, uint32_t v)
{
    uint8_t octets[4];
    put32(octets, v);
    option(kind, octets, 4);
}

static void of_client(void)
{
    uint8_t duid[10] = {0, 3, 0, 1};
    memcpy(duid + 4, our_mac, 6);
    option(CLIENT, duid, sizeof duid);
}

// What each answer has.
static void begin_reply(void)
{
    begin(REPLY, xid);
    option(SERVER, "\0\3\0\1server", 10);
    of_client();
}

static void feed_to(const struct aksu_addr *to)
{
    uint8_t frame[FRAME_MAX];
    struct wire w = tcp6(0, 0, 0, m.len);
    memcpy(w.src6, &router6, 16);
    memcpy(w.dst6, to, 16);
    w.protocol = 17;
    w.sport = 547;
    w.dport = 546;
    w.data = m.octets;
    assert_int_equal(feed_frame(&h, frame, make_udp(&w, frame)), 0);
}

static void reply(void)
{
    struct aksu_addr to = *link6(&h);
    feed_to(&to);
}

// R8415-01: not before a router says that there are servers; R3646-01: what they tell.
static void asks_when_told(void **state)
{
    (void)state;
    static const struct aksu_addr none;
    struct aksu_addr three[3] = {addr6("2001:db8::53"), addr6("2001:db8::54"),
                                 addr6("2001:db8::55")};
    begin_to_listen();
    advertise(0);
    assert_int_equal(pass(&h, 100000), 0);
    advertise(OTHER);
    pass(&h, 1000);
    assert_int_equal(h.got.dport, 547);
    xid = get32(h.frame + TEXT) & 0xffffff;
    begin_reply();
    option(DNS, three, sizeof three);
    reply();
    assert_int_equal(told, 1);
    assert_memory_equal(server, three, 32);
    assert_int_equal(pass(&h, 3600000), 0);
    advertise(OTHER); // again
    assert_int_equal(pass(&h, 100000), 0);
    pass(&h, 86400000 - 3700000 + 1000); // R8415-06: a day later
    assert_int_equal(h.got.dport, 547);
    assert_int_not_equal(get32(h.frame + TEXT) & 0xffffff, xid);
    assert_int_equal(told, 1);
    xid = get32(h.frame + TEXT) & 0xffffff;
    begin_reply();
    option(DNS, three, 16);
    reply();
    assert_int_equal(told, 2);
    assert_memory_equal(&server[0], three, 16);
    assert_memory_equal(&server[1], &none, 16);
}

static void managed(void **state)
{
    (void)state;
    begin_to_listen();
    advertise(MANAGED); // such servers tell it, too (RFC 4861 4.2)
    h.now += aksu_idle(&h.net, h.now);
    expect(0);
}

// R8415-03: each wait is twice the one before, give or take a tenth, an hour at most.
static void backs_off(void **state)
{
    (void)state;
    asked();
    uint32_t first = xid, began = h.now, last = 0;
    unsigned differ = 0;
    for (unsigned i = 0; i < 16; i++) {
        uint32_t wait = aksu_idle(&h.net, h.now);
        uint32_t want = i == 0 ? 1000 : 2 * last, tenth = (i == 0 ? 1000 : last) / 10;
        if (want > 3600000) {
            want = 3600000;
            tenth = 360000;
        }
        assert_in_range(wait, want - tenth, want + tenth);
        differ += wait != want;
        last = wait;
        h.now += wait;
        uint32_t elapsed = (h.now - began) / 10;
        expect(elapsed < 65535 ? elapsed : 65535); // R8415-04
        assert_int_equal(xid, first);
    }
    assert_true(differ > 10);
}

// R8415-05: answers that are none; the right one is still taken.
static void other_answers(void **state)
{
    (void)state;
    asked();
    const struct aksu_addr name = addr6("2001:db8::53");
    begin(REPLY, xid ^ 1);
    option(SERVER, "\0\3\0\1server", 10);
    of_client();
    reply();
    begin(2, xid); // an ADVERTISE
    option(SERVER, "\0\3\0\1server", 10);
    of_client();
    reply();
    begin(REPLY, xid); // of nobody
    of_client();
    reply();
    begin(REPLY, xid); // for nobody
    option(SERVER, "\0\3\0\1server", 10);
    reply();
    begin(REPLY, xid); // for another
    option(SERVER, "\0\3\0\1server", 10);
    option(CLIENT, "\0\3\0\1\2\3\4\5\6\7", 10);
    reply();
    begin_reply(); // a failure
    option(STATUS, "\0\1no", 4);
    reply();
    begin_reply();
    option(STATUS, "", 1);
    reply();
    begin_reply(); // from beyond the link
    option(DNS, &name, 16);
    feed_to(&us6);
    assert_int_equal(told, 0);
    for (size_t whole = m.len, len = 0; len < whole; len++) { // R8415-07: cut anywhere
        if (len == whole - 20)
            continue; // there it is whole, without servers
        m.len = len;
        reply();
        m.len = whole;
    }
    assert_int_equal(told, 0);
    begin_reply(); // with what is not a list of addresses, and what is not known
    option(99, "x", 1);
    option(DNS, &name, 15);
    option(STATUS, "\0\0", 2);
    reply();
    assert_int_equal(told, 1);
    assert_int_equal(server[0].octets[0], 0);
    option(DNS, &name, 16);
    reply(); // a second answer
    assert_int_equal(told, 1);
}

// R8415-06: asked again when the answer says so, not sooner than in ten minutes.
static void refreshes(void **state)
{
    (void)state;
    static const struct {
        uint32_t seconds, wait;
    } rows[] = {{1000, 1000}, {10, 600}, {0, 600}, {0x7fffffff, 1000000}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        setup(NULL);
        asked();
        begin_reply();
        option32(REFRESH, rows[i].seconds);
        reply();
        assert_int_equal(told, 1);
        assert_int_equal(aksu_idle(&h.net, h.now), rows[i].wait * 1000);
        h.now += rows[i].wait * 1000;
        assert_false(next(&h));
        assert_in_range(aksu_idle(&h.net, h.now), 1, 1000);
    }
    setup(NULL);
    asked();
    begin_reply();
    option(REFRESH, "\1\2", 2); // malformed: a day
    reply();
    assert_int_equal(aksu_idle(&h.net, h.now), 86400000);
    setup(NULL);
    asked();
    begin_reply();
    option32(REFRESH, 0xffffffff);
    reply();
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
}

// R8415-08: how long a wait is at most is the server's to say, within bounds.
static void longest_wait(void **state)
{
    (void)state;
    static const struct {
        uint32_t said, most;
    } rows[] = {{60, 60}, {59, 3600}, {86400, 86400}, {86401, 3600}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        setup(NULL);
        asked();
        begin_reply();
        option32(MAX_WAIT, rows[i].said);
        option32(REFRESH, 600);
        reply();
        pass(&h, 601000); // and then nobody answers
        uint32_t wait = 0;
        for (unsigned n = 0; n < 24; n++) {
            wait = aksu_idle(&h.net, h.now);
            h.now += wait;
            assert_true(next(&h));
        }
        assert_in_range(wait, rows[i].most * 900, rows[i].most * 1100);
    }
}

static void not_started(void **state)
{
    (void)state;
    static struct aksu_udp taken;
    static const struct aksu_udp_handlers none;
    assert_int_equal(aksu_udp_open(&h.net, &taken, 546, &none), AKSU_OK);
    assert_int_equal(aksu_dhcp6_start(&h.net, &dhcp, NULL), AKSU_EADDRINUSE);
    aksu_udp_close(&h.net, &taken);
    asked();
    begin_reply();
    dhcp.handler = NULL;
    reply();
    aksu_dhcp6_stop(&h.net, &dhcp);
    advertise(OTHER);
    assert_int_equal(pass(&h, 100000), 0);
    ready6(&h, &store, &ipv6);
    assert_int_equal(aksu_dhcp6_start(&h.net, &dhcp, NULL), AKSU_EINVAL); // IPv6 without UDP
    start(&h, &store);
    assert_int_equal(aksu_ipv6_fixed(&h.net, &ipv6), AKSU_OK);
    assert_int_equal(aksu_udp_ipv6(&h.net, &udp6), AKSU_OK);
    assert_int_equal(aksu_dhcp6_start(&h.net, &dhcp, NULL), AKSU_EINVAL); // without routers
    start(&h, &store);
    assert_int_equal(aksu_dhcp6_start(&h.net, &dhcp, NULL), AKSU_EINVAL);
}

// Before there is an address on the link nobody is asked, nor for want of memory.
static void early(void **state)
{
    (void)state;
    static struct aksu_udp one, two;
    static const struct aksu_udp_handlers none;
    struct aksu_endpoint to = {peer6, 9};
    start6(&h, &store, &ipv6);
    assert_int_equal(aksu_udp_ipv6(&h.net, &udp6), AKSU_OK);
    assert_int_equal(aksu_dhcp6_start(&h.net, &dhcp, NULL), AKSU_OK);
    advertise(OTHER);
    h.now += 5000;
    pass(&h, 60000);
    assert_int_equal(h.got.dport, 547);
    setup(NULL);
    begin_to_listen();
    advertise(OTHER);
    assert_int_equal(aksu_udp_open(&h.net, &one, 0, &none), AKSU_OK);
    assert_int_equal(aksu_udp_open(&h.net, &two, 0, &none), AKSU_OK);
    assert_int_equal(aksu_udp_send(&h.net, &one, &to), AKSU_OK);
    assert_int_equal(aksu_udp_send(&h.net, &two, &to), AKSU_OK);
    pass(&h, 3000);
    assert_int_not_equal(h.got.dport, 547);
    aksu_udp_close(&h.net, &one);
    aksu_udp_close(&h.net, &two);
    pass(&h, 60000);
    assert_int_equal(h.got.dport, 547);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(asks_when_told, setup), cmocka_unit_test_setup(managed, setup),
        cmocka_unit_test_setup(backs_off, setup),      cmocka_unit_test_setup(other_answers, setup),
        cmocka_unit_test_setup(refreshes, setup),      cmocka_unit_test_setup(longest_wait, setup),
        cmocka_unit_test_setup(not_started, setup),    cmocka_unit_test_setup(early, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
