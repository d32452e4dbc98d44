// SPDX-License-Identifier: MIT
// The responder of mDNS over IPv6: R6762-19 and what follows it, R3810-*.
#include "frames6.h"
#include <aksu/mdns.h>

AKSU_STORAGE(store, 2, 1, RING, RING);
AKSU_IPV6(ipv6, 2);
static struct host h;
static struct aksu_mdns mdns;
static struct aksu_mdns_ipv6 six;
static unsigned told;

enum { ETH = 14, IP6 = 40, UDP = 8, DNS = ETH + IP6 + UDP, PORT5353 = 5353 };
enum { RECORD = ETH + IP6 + 8 + 8, TO_INCLUDE = 3, TO_EXCLUDE = 4 }; // of a report

static const struct aksu_addr group = {{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfb}};
static const struct aksu_addr neighbour = {{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}};

#define NAME   "\6sensor\5local"
#define ADDR   "\300\0\2\1"
#define TAIL_A "\0\1\200\1\0\0\0\170\0\4" ADDR
#define NSEC   "\0\57\200\1\0\0\0\170\0\10\300\14\0\4\100\0\0\10"

static void on_name(struct aksu *net, struct aksu_mdns *m, unsigned number)
{
    assert_ptr_equal(net, &h.net);
    assert_ptr_equal(m, &mdns);
    assert_int_equal(number, 1);
    told++;
}

static int setup(void **state)
{
    (void)state;
    memset(&mdns, 0, sizeof mdns);
    memset(&six, 0x5a, sizeof six);
    told = 0;
    return 0;
}

static void begin(void)
{
    ready6(&h, &store, &ipv6);
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "sensor", on_name), AKSU_OK);
    assert_int_equal(aksu_mdns_ipv6(&h.net, &mdns, &six), AKSU_OK);
}

// Until the name is ours, and has been told.
static void ready(void)
{
    begin();
    pass(&h, 60000);
    assert_int_equal(told, 1);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
}

static struct wire datagram(const struct aksu_addr *from, uint16_t port, const char *text,
                            size_t len)
{
    struct wire w = tcp6(0, 0, 0, len);
    w.protocol = 17;
    w.ttl = 255;
    w.sport = port;
    w.dport = PORT5353;
    memcpy(w.src6, from, 16);
    to_group(&w, &group);
    w.data = (const uint8_t *)text;
    return w;
}

static int feed_text(const struct aksu_addr *from, uint16_t port, const char *text, size_t len)
{
    uint8_t frame[FRAME_MAX];
    struct wire w = datagram(from, port, text, len);
    return feed_frame(&h, frame, make_udp(&w, frame));
}

#define ASK(from, port, text)                                                                      \
    assert_int_equal(feed_text(from, port, text, sizeof text - 1), AKSU_DROP_NONE)
#define ASK_A    "\0\0\0\0\0\1\0\0\0\0\0\0" NAME "\0\0\1\0\1"
#define ASK_A_QU "\0\0\0\0\0\1\0\0\0\0\0\0" NAME "\0\0\1\200\1"

static bool ours(unsigned protocol)
{
    return h.got.type == 0x86dd && h.got.protocol == protocol;
}

// The next message over IPv6, within some time; others are passed over. Returns when.
static uint32_t next_message(uint32_t within)
{
    uint32_t since = h.now;
    while (h.now - since <= within) {
        while (next(&h))
            if (ours(17))
                return h.now - since;
        uint32_t idle = aksu_idle(&h.net, h.now);
        h.now += idle < within + 1 ? idle : within + 1;
    }
    fail_msg("no message within %u ms", (unsigned)within);
    return 0;
}

static void no_message(uint32_t within)
{
    for (uint32_t end = h.now + within; h.now != end; h.now++)
        while (next(&h))
            assert_false(ours(17));
}

// The frame that came out is for one, and begins so.
static void expect(const struct aksu_addr *to, uint16_t port, const char *text, size_t len)
{
    assert_int_equal(h.got.sport, PORT5353);
    assert_int_equal(h.got.dport, port);
    assert_addr(h.got.dst6, to);
    assert_int_equal(h.got.ttl, 255);
    if (to == &group)
        assert_memory_equal(h.got.to, "\x33\x33\0\0\0\xfb", 6);
    else
        assert_memory_equal(h.got.to, peer_mac, 6);
    assert_true(h.got.len >= len);
    assert_memory_equal(h.frame + DNS, text, len);
}

#define EXPECT(to, port, text) expect(to, port, text, sizeof text - 1)

#define PROBE  "\0\0\0\0\0\1\0\0\0\3\0\0" NAME "\0\0\377\200\1\300\14\0\1\0\1\0\0\0\170\0\4" ADDR
#define ANSWER "\0\0\204\0\0\0\0\1\0\0\0\2" NAME "\0" TAIL_A "\300\14\0\34\200\1\0\0\0\170\0\20"
#define ALL    "\0\0\204\0\0\0\0\4\0\0\0\0" NAME "\0" TAIL_A "\300\14\0\34\200\1\0\0\0\170\0\20"

/// Tests ///

// R6762-21: the name is claimed and told there as it is over IPv4.
static void claims(void **state)
{
    (void)state;
    begin();
    assert_true(next_message(250) < 250);
    for (int i = 0; i < 3; i++) {
        EXPECT(&group, PORT5353, PROBE);
        assert_addr(h.got.src6, link6(&h));
        assert_int_equal(told, 0);
        assert_int_equal(next_message(250), 250);
    }
    EXPECT(&group, PORT5353, ALL);
    assert_memory_equal(h.frame + DNS + 12 + sizeof NAME + 26, link6(&h), 16);
    assert_memory_equal(h.frame + DNS + 12 + sizeof NAME + 54, &us6, 16);
    assert_int_equal(next_message(1000), 1000);
    EXPECT(&group, PORT5353, ALL);
    assert_int_equal(told, 1);
    no_message(20000);
}

// R6762-21: not before our address on the link is ready, and then from the beginning.
static void claims_when_ready(void **state)
{
    (void)state;
    struct aksu_carrier carrier = {0};
    start6(&h, &store, &ipv6);
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "sensor", on_name), AKSU_OK);
    assert_int_equal(aksu_mdns_ipv6(&h.net, &mdns, &six), AKSU_OK);
    for (int i = 0; i < 2; i++) {
        while (aksu_ipv6_address(&h.net, 0)->state != AKSU_IPV6_READY) {
            while (next(&h))
                assert_false(ours(17));
            h.now += aksu_idle(&h.net, h.now);
        }
        for (int probe = 0; probe < 3; probe++) {
            next_message(500);
            expect(&group, PORT5353, "\0\0\0\0\0\1\0\0\0\2\0\0", 12);
        }
        next_message(500);
        expect(&group, PORT5353, "\0\0\204\0\0\0\0\3\0\0\0\0", 12);
        pass(&h, 20000);
        aksu_link(&h.net, &carrier, false); // the link goes, and comes back
        aksu_link(&h.net, &carrier, true);
    }
}

// R6762-22: an address that comes later is announced; no sooner than a second after the last time.
static void announces(void **state)
{
    (void)state;
    struct aksu_addr later = addr6("2001:db8::99");
    ready();
    assert_int_equal(aksu_ipv6_add(&h.net, &later, 64), AKSU_OK);
    while (aksu_ipv6_address(&h.net, 2)->state != AKSU_IPV6_READY) {
        if (h.now % 500 == 0)
            ASK(&neighbour, PORT5353, ASK_A);
        pass(&h, 1);
    }
    uint32_t said_at = mdns.said_at;
    next_message(1000);
    assert_int_equal(h.now - said_at, 1000);
    for (int i = 0; i < 2; i++) {
        expect(&group, PORT5353, "\0\0\204\0\0\0\0\5\0\0\0\0", 12);
        if (i == 0)
            assert_int_equal(next_message(1000), 1000);
    }
    no_message(20000);
    assert_int_equal(told, 1);
}

// R6762-19: who asks over IPv6 is answered there, with addresses of both kinds.
static void answers(void **state)
{
    (void)state;
    ready();
    ASK(&neighbour, PORT5353, ASK_A);
    assert_int_equal(next_message(0), 0);
    EXPECT(&group, PORT5353, ANSWER);
    pass(&h, 20000);
    ASK(&peer6, PORT5353, "\0\0\0\0\0\1\0\0\0\0\0\0" NAME "\0\0\20\0\1");
    next_message(0);
    EXPECT(&group, PORT5353, "\0\0\204\0\0\0\0\1\0\0\0\0" NAME "\0" NSEC);
    pass(&h, 20000);
    ASK(&neighbour, PORT5353, // what it knows already
        "\0\0\0\0\0\1\0\1\0\0\0\0" NAME "\0\0\1\0\1"
        "\300\14\0\1\0\1\0\0\0\170\0\4" ADDR);
    no_message(2000);
}

// R6762-23: to one alone, at the station that it asked from.
static void one(void **state)
{
    (void)state;
    ready();
    ASK(&neighbour, PORT5353, ASK_A); // so that all have heard it
    pass(&h, 5000);
    ASK(&neighbour, PORT5353, ASK_A_QU);
    ASK(&peer6, PORT5353, ASK_A_QU); // while that waits: to all
    assert_true(next(&h));
    EXPECT(&neighbour, PORT5353, ANSWER);
    assert_addr(h.got.src6, link6(&h));
    next_message(1000);
    EXPECT(&group, PORT5353, ANSWER);
    pass(&h, 5000);
    ASK(&peer6, 40000, "\x12\x34\0\0\0\1\0\0\0\0\0\0" NAME "\0\0\1\0\1");
    assert_true(next(&h));
    EXPECT(&peer6, 40000,
           "\x12\x34\204\0\0\1\0\1\0\0\0\0" NAME "\0\0\1\0\1\300\14\0\1\0\1\0\0\0\12\0\4" ADDR);
    assert_addr(h.got.src6, &us6);
    no_message(2000);
    ASK(&neighbour, PORT5353, ASK_A_QU); // it waits while the name is lost
    ASK(&neighbour, PORT5353, "\0\0\204\0\0\0\0\1\0\0\0\0" NAME "\0\0\1\0\1\0\0\0\170\0\4\1\2\3\4");
    next_message(0);
    expect(&group, PORT5353, "\0\0\0\0\0\1", 6);
}

// One whom we have no address for is not answered, and nothing waits for that.
static void out_of_reach(void **state)
{
    (void)state;
    start6(&h, &store, &ipv6);
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "sensor", on_name), AKSU_OK);
    assert_int_equal(aksu_mdns_ipv6(&h.net, &mdns, &six), AKSU_OK);
    pass(&h, 20000);
    ASK(&peer6, 40000, ASK_A);
    no_message(2000);
    ASK(&neighbour, PORT5353, ASK_A);
    next_message(0);
    EXPECT(&group, PORT5353, "\0\0\204\0\0\0\0\1\0\0\0\1");
}

// Conflicts over IPv6 count as others do.
static void conflicts(void **state)
{
    (void)state;
    ready();
    ASK(&neighbour, PORT5353,
        "\0\0\204\0\0\0\0\1\0\0\0\0" NAME "\0\0\34\0\1\0\0\0\170\0\20"
        "0123456789abcdef");
    assert_int_equal(aksu_idle(&h.net, h.now), 0);
    next_message(0);
    EXPECT(&group, PORT5353, PROBE);
}

// R6762-24: the end is told there, too; R3810-04: and that the group is left.
static void goodbye(void **state)
{
    (void)state;
    ready();
    ASK(&neighbour, 40000, ASK_A);
    aksu_mdns_stop(&h.net, &mdns);
    assert_int_equal(feed_text(&neighbour, PORT5353, ASK_A, sizeof ASK_A - 1), AKSU_DROP_NONE);
    next_message(0);
    EXPECT(&group, PORT5353,
           "\0\0\204\0\0\0\0\4\0\0\0\0" NAME "\0\0\1\200\1\0\0\0\0\0\4" ADDR
           "\300\14\0\34\200\1\0\0\0\0\0\20");
    next_icmp(&h, MLD_REPORT);
    assert_int_equal(h.frame[RECORD], TO_INCLUDE);
    assert_addr(h.frame + RECORD + 4, &group);
    assert_null(mdns.ipv6);
    drain(&h);
    assert_int_equal(feed_text(&neighbour, PORT5353, ASK_A, sizeof ASK_A - 1), -AKSU_DROP_NOT_OURS);
    quiet(&h);
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "sensor", NULL), AKSU_OK);
    assert_int_equal(aksu_mdns_ipv6(&h.net, &mdns, &six), AKSU_OK);
    pass(&h, 300);
    aksu_mdns_stop(&h.net, &mdns); // nothing was claimed yet: nothing is said
    unsigned left = 0;
    while (next(&h)) {
        assert_false(ours(17));
        left += ours(58) && h.frame[RECORD] == TO_INCLUDE;
    }
    assert_int_equal(left, 1);
    aksu_mdns_stop(&h.net, &mdns);
    quiet(&h);
}

// Begun anew before it has ended, it goes on.
static void again(void **state)
{
    (void)state;
    ready();
    aksu_mdns_stop(&h.net, &mdns);
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "sensor", NULL), AKSU_OK);
    assert_int_equal(aksu_mdns_ipv6(&h.net, &mdns, &six), AKSU_EBUSY);
    next_message(250);
    EXPECT(&group, PORT5353, PROBE);
    pass(&h, 60000);
    assert_int_equal(told, 1);
}

static unsigned reports_within(uint32_t ms)
{
    unsigned n = 0;
    for (uint32_t end = h.now + ms; h.now != end; h.now++)
        while (next(&h))
            if (ours(58) && h.got.icmp_type == MLD_REPORT &&
                memcmp(h.frame + RECORD + 4, &group, 16) == 0) {
                assert_int_equal(h.frame[RECORD], TO_EXCLUDE);
                assert_int_equal(h.got.ttl, 1);
                assert_addr(h.got.src6, link6(&h));
                n++;
            }
    return n;
}

// R3810-01: that the group is listened to is told twice within a second; R3810-02: and when asked.
static void membership(void **state)
{
    (void)state;
    static const uint8_t body[20] = {0};
    begin();
    assert_int_equal(reports_within(1), 1);
    assert_int_equal(reports_within(999), 1);
    assert_int_equal(reports_within(60000), 0);
    struct wire w = icmp6(MLD_QUERY, 0, body, sizeof body);
    w.ttl = 1;
    w.icmp_rest = UINT32_C(500) << 16;
    memcpy(w.src6, &router6, 16);
    to_group(&w, &nodes6);
    assert_int_equal(feed_icmp(&h, &w), 0);
    assert_int_equal(reports_within(501), 1);
    assert_int_equal(reports_within(60000), 0);
}

// R6762-25: what is no datagram to port 5353, or is damaged, is dropped.
static void dropped_ones(void **state)
{
    (void)state;
    enum { NEXT = ETH + 6, SOURCE = ETH + 8, TO = ETH + 24, LEN = ETH + IP6 + 4, SUM = LEN + 2 };
    static const struct {
        unsigned at, value;
        int drop;
        bool sealed; // the checksum is right
    } rows[] = {
        {NEXT, 58, AKSU_DROP_PROTOCOL, false},
        {LEN + 1, 7, AKSU_DROP_RUNT, false},
        {LEN, 1, AKSU_DROP_RUNT, false},
        {SUM, 0x55, AKSU_DROP_TCP_CHECKSUM, false},
        {DNS + 12, 'x', AKSU_DROP_TCP_CHECKSUM, false},
        {ETH + IP6 + 3, 80, AKSU_DROP_NO_CONNECTION, true},
        {TO + 14, 1, AKSU_DROP_NOT_OURS, true},
        {SOURCE, 0, AKSU_DROP_SOURCE, true},
        {SOURCE, 0xff, AKSU_DROP_SOURCE, true},
        {6, 1, AKSU_DROP_NOT_OURS, true},  // from many stations
        {13, 0, AKSU_DROP_NOT_OURS, true}, // no IPv6
    };
    uint8_t frame[FRAME_MAX];
    ready();
    struct wire w = datagram(&neighbour, PORT5353, ASK_A, sizeof ASK_A - 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = make_udp(&w, frame);
        frame[rows[i].at] = (uint8_t)rows[i].value;
        if (rows[i].at == SOURCE)
            memset(frame + SOURCE + 1, 0, 15);
        if (rows[i].sealed) {
            uint32_t pseudo = 17 + (uint32_t)(len - ETH - IP6);
            for (size_t k = SOURCE; k < SOURCE + 32; k += 2)
                pseudo += get16(frame + k);
            put16(frame + SUM, 0);
            put16(frame + SUM, naive_checksum(frame + ETH + IP6, len - ETH - IP6, pseudo));
        }
        int drop = feed_frame(&h, frame, len);
        if (drop != -rows[i].drop)
            fail_msg("row %zu: %d", i, drop);
    }
    size_t len = make_udp(&w, frame);
    put16(frame + DNS, get16(frame + SUM)); // RFC 8200 8.1: all zero, which would be right
    put16(frame + SUM, 0);
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_TCP_CHECKSUM);
    memcpy(frame + 6, our_mac, 6);
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_NOT_OURS);
    for (size_t cut = ETH; cut < len; cut++) {
        make_udp(&w, frame);
        assert_true(feed_frame(&h, frame, cut) < 0);
        put16(frame + ETH + 4, cut < ETH + IP6 ? 0 : (unsigned)(cut - ETH - IP6));
        assert_true(feed_frame(&h, frame, cut) < 0);
    }
    no_message(2000);
    make_udp(&w, frame);
    assert_int_equal(feed_frame(&h, frame, len), 0);
    next_message(0);
}

static void not_started(void **state)
{
    (void)state;
    static struct aksu_mdns_ipv6 other;
    static struct aksu_mdns second;
    start(&h, &store);
    assert_int_equal(aksu_mdns_ipv6(&h.net, &mdns, &six), AKSU_EINVAL); // nothing runs at all
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "sensor", NULL), AKSU_OK);
    assert_int_equal(aksu_mdns_ipv6(&h.net, &mdns, &six), AKSU_EINVAL); // there is no IPv6
    memset(&mdns, 0, sizeof mdns);
    start6(&h, &store, &ipv6);
    assert_int_equal(aksu_mdns_ipv6(&h.net, &mdns, &six), AKSU_EINVAL); // nor a name
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "sensor", NULL), AKSU_OK);
    assert_int_equal(aksu_mdns_ipv6(&h.net, &mdns, &six), AKSU_OK);
    assert_int_equal(aksu_mdns_ipv6(&h.net, &mdns, &other), AKSU_EBUSY);
    second.state = mdns.state;
    assert_int_equal(aksu_mdns_ipv6(&h.net, &second, &other), AKSU_EBUSY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(claims, setup),
        cmocka_unit_test_setup(claims_when_ready, setup),
        cmocka_unit_test_setup(announces, setup),
        cmocka_unit_test_setup(answers, setup),
        cmocka_unit_test_setup(one, setup),
        cmocka_unit_test_setup(out_of_reach, setup),
        cmocka_unit_test_setup(conflicts, setup),
        cmocka_unit_test_setup(goodbye, setup),
        cmocka_unit_test_setup(again, setup),
        cmocka_unit_test_setup(membership, setup),
        cmocka_unit_test_setup(dropped_ones, setup),
        cmocka_unit_test_setup(not_started, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
