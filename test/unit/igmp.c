// SPDX-License-Identifier: MIT
// Groups of IPv4: R1112-*, R2236-*.
#include "frames.h"
#include <aksu/igmp.h>

AKSU_STORAGE(store, 4, 2, 2048, 2048);
static struct host h;
static struct aksu_group group, other;
static struct aksu_udp udp;
static unsigned came;
static uint32_t came_to;

#define GROUP   0xe00000fbu ///< 224.0.0.251
#define OTHER   0xef810203u ///< 239.129.2.3
#define ALL     0xe0000001u
#define ROUTERS 0xe0000002u
enum { QUERY = 0x11, REPORT_1 = 0x12, REPORT = 0x16, LEAVE = 0x17, IGMP = 2 };

static void on_datagram(struct aksu *net, struct aksu_udp *u, const struct aksu_packet *packet,
                        const void *data, size_t len)
{
    struct aksu_addr to;
    (void)net;
    (void)u;
    (void)data;
    (void)len;
    came++;
    aksu_packet_to(packet, &to);
    came_to = get32(to.octets + 12);
}

static size_t write_text(struct aksu *net, struct aksu_udp *u, void *to, size_t room)
{
    (void)net;
    (void)u;
    assert_true(room >= 5);
    memcpy(to, "hello", 5);
    return 5;
}

static const struct aksu_udp_handlers handlers = {on_datagram, write_text, NULL, NULL, NULL};

static int setup(void **state)
{
    (void)state;
    start(&h, &store);
    came = 0;
    assert_int_equal(aksu_udp_open(&h.net, &udp, 5000, &handlers), AKSU_OK);
    return 0;
}

static struct aksu_addr addr4(uint32_t v)
{
    return aksu_ipv4((uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v);
}

static int join(struct aksu_group *g, uint32_t v)
{
    struct aksu_addr a = addr4(v);
    return aksu_igmp_join(&h.net, g, &a);
}

// To a group's stations: its lower 23 bits.
static struct wire to_all(uint32_t v, unsigned protocol)
{
    struct wire w = tcp(0, 0, 0, 0);
    w.dst = v;
    w.protocol = (uint8_t)protocol;
    w.to[0] = 1;
    w.to[1] = 0;
    w.to[2] = 0x5e;
    w.to[3] = v >> 16 & 0x7f;
    put16(w.to + 4, v & 0xffff);
    return w;
}

static int feed_igmp(unsigned type, unsigned units, uint32_t about, uint32_t to)
{
    uint8_t frame[FRAME_MAX];
    struct wire w = to_all(to, IGMP);
    w.ttl = 1;
    w.icmp_type = (uint8_t)type;
    w.icmp_code = (uint8_t)units;
    w.icmp_rest = about;
    return feed_frame(&h, frame, make_icmp(&w, frame));
}

static int feed_group(uint32_t to)
{
    uint8_t frame[FRAME_MAX];
    struct wire w = to_all(to, 17);
    w.sport = w.dport = 5000;
    return feed_frame(&h, frame, make_udp(&w, frame));
}

static void expect(unsigned type, uint32_t to, uint32_t about)
{
    assert_true(next(&h));
    assert_int_equal(h.got.protocol, IGMP);
    assert_int_equal(h.got.icmp_type, type);
    assert_int_equal(h.got.dst, to);
    assert_int_equal(h.got.src, US);
    assert_int_equal(h.got.icmp_rest, about);
    assert_int_equal(get16(h.got.to), 0x0100);
    assert_int_equal(get32(h.got.to + 2), 0x5e000000u | (to & 0x7fffff));
}

// R2236-01: a report at once, and again within ten seconds; R1112-01: then all is heard.
static void joins(void **state)
{
    (void)state;
    assert_int_equal(feed_group(GROUP), -AKSU_DROP_NOT_OURS);
    assert_int_equal(join(&group, GROUP), AKSU_OK);
    expect(REPORT, GROUP, GROUP);
    quiet(&h);
    assert_int_equal(pass(&h, 10000), 1);
    assert_int_equal(h.got.icmp_type, REPORT);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
    assert_int_equal(feed_group(GROUP), 0);
    assert_int_equal(came, 1);
    assert_int_equal(came_to, GROUP);
    assert_int_equal(feed_group(OTHER), -AKSU_DROP_NOT_OURS);
    assert_int_equal(feed_group(ALL), -AKSU_DROP_NOT_OURS);
    assert_int_equal(join(&other, GROUP), AKSU_EADDRINUSE);
    assert_int_equal(join(&other, ALL), AKSU_EINVAL);
    assert_int_equal(join(&other, US), AKSU_EINVAL);
    assert_int_equal(join(&other, 0xffffffff), AKSU_EINVAL);
    assert_int_equal(join(&other, OTHER), AKSU_OK);
    assert_int_equal(join(&other, OTHER + 1), AKSU_EADDRINUSE); // it has one
    expect(REPORT, OTHER, OTHER);
    assert_int_equal(feed_group(OTHER), 0);
    assert_int_equal(feed_group(GROUP), 0);
    assert_int_equal(came, 3);
}

// R2236-02: a query is answered within its time, at random; R2236-03: unless another has answered.
static void answers_queries(void **state)
{
    (void)state;
    join(&group, GROUP);
    join(&other, OTHER);
    pass(&h, 20000);
    assert_int_equal(feed_igmp(QUERY, 20, 0, ALL), 0);
    assert_int_equal(pass(&h, 2000), 2);
    assert_int_equal(feed_igmp(QUERY, 20, OTHER, OTHER), 0);
    assert_int_equal(pass(&h, 2000), 1);
    assert_int_equal(h.got.dst, OTHER);
    assert_int_equal(feed_igmp(QUERY, 0, 0, ALL), 0); // of version 1: ten seconds
    assert_int_equal(pass(&h, 10000), 2);
    assert_int_equal(feed_igmp(QUERY, 100, 0, ALL), 0);
    assert_int_equal(feed_igmp(REPORT, 0, OTHER, OTHER), 0);
    assert_int_equal(pass(&h, 10000), 1);
    assert_int_equal(h.got.dst, GROUP);
    assert_int_equal(feed_igmp(QUERY, 100, 0, ALL), 0);
    assert_int_equal(feed_igmp(REPORT_1, 0, GROUP, GROUP), 0);
    assert_int_equal(pass(&h, 10000), 1);
    assert_int_equal(h.got.dst, OTHER);
}

// A query of a switch that has no address (RFC 4541 2.1.1); a link that may be another one.
static void reported_anew(void **state)
{
    (void)state;
    uint8_t frame[FRAME_MAX];
    struct aksu_carrier carrier = {0};
    struct wire w = to_all(ALL, IGMP);
    join(&group, GROUP);
    join(&other, OTHER);
    pass(&h, 20000);
    w.src = 0;
    w.ttl = 1;
    w.icmp_type = QUERY;
    w.icmp_code = 20;
    assert_int_equal(feed_frame(&h, frame, make_icmp(&w, frame)), 0);
    assert_int_equal(pass(&h, 2000), 2);
    aksu_igmp_leave(&h.net, &other);
    pass(&h, 100);
    aksu_link(&h.net, &carrier, false);
    assert_int_equal(pass(&h, 20000), 0);
    aksu_link(&h.net, &carrier, true);
    assert_int_equal(pass(&h, 20000), 2);
    assert_int_equal(h.got.dst, GROUP);
}

// The time of a report is random, and a second query does not put it off.
static void at_random(void **state)
{
    (void)state;
    uint32_t least = UINT32_MAX, most = 0;
    join(&group, GROUP);
    pass(&h, 20000);
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(feed_igmp(QUERY, 100, 0, ALL), 0);
        uint32_t idle = aksu_idle(&h.net, h.now);
        assert_int_equal(feed_igmp(QUERY, 255, 0, ALL), 0);
        assert_true(aksu_idle(&h.net, h.now) <= idle);
        least = idle < least ? idle : least;
        most = idle > most ? idle : most;
        pass(&h, 30000);
    }
    assert_true(least < 2000 && most > 8000 && most <= 10000);
}

// R2236-04: a group is left with a word, by who has reported it last.
static void leaves(void **state)
{
    (void)state;
    join(&group, GROUP);
    pass(&h, 20000);
    aksu_igmp_leave(&h.net, &group);
    expect(LEAVE, ROUTERS, GROUP);
    quiet(&h);
    assert_int_equal(feed_group(GROUP), -AKSU_DROP_NOT_OURS);
    aksu_igmp_leave(&h.net, &group); // again: nothing
    quiet(&h);
    assert_int_equal(join(&group, GROUP), AKSU_OK);
    pass(&h, 20000);
    assert_int_equal(feed_igmp(REPORT, 0, GROUP, GROUP), 0);
    join(&other, OTHER);
    pass(&h, 20000);
    aksu_igmp_leave(&h.net, &group);
    assert_int_equal(aksu_idle(&h.net, h.now), 0);
    assert_false(next(&h));
    assert_int_equal(feed_group(GROUP), -AKSU_DROP_NOT_OURS);
    assert_int_equal(feed_group(OTHER), 0);
    aksu_igmp_leave(&h.net, &other); // thought better of
    assert_int_equal(join(&other, OTHER), AKSU_OK);
    expect(REPORT, OTHER, OTHER);
    assert_int_equal(feed_group(OTHER), 0);
}

// What is not as it must be is dropped, and what is for one is not for groups.
static void hostile(void **state)
{
    (void)state;
    uint8_t frame[FRAME_MAX];
    join(&group, GROUP);
    pass(&h, 20000);
    struct wire w = to_all(ALL, IGMP);
    w.icmp_type = QUERY;
    w.ttl = 2; // R2236-05: from this link
    size_t len = make_icmp(&w, frame);
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_ICMP);
    w.ttl = 1;
    len = make_icmp(&w, frame);
    frame[len - 1] ^= 1;
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_ICMP);
    for (len = 0; len < 42; len++) {
        make_icmp(&w, frame);
        put16(frame + 16, (unsigned)(len < 14 ? 0 : len - 14));
        seal_ip(frame);
        assert_true(feed_frame(&h, frame, len) < 0);
    }
    w.dst = US; // R1122L-2.4: one host in a frame to many
    w.protocol = 6;
    len = make_tcp(&w, frame);
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_NOT_OURS);
    w.dst = GROUP; // MUST-57
    w.flags = AKSU_SYN;
    listen_on(&h, w.dport);
    len = make_tcp(&w, frame);
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_NOT_OURS);
    w = to_all(GROUP, 17);
    w.sport = w.dport = 5000;
    w.src = US; // ourselves
    len = make_udp(&w, frame);
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_SOURCE);
    w.src = PEER;
    w.from[0] |= 1;
    len = make_udp(&w, frame);
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_NOT_OURS);
    w.from[0] &= 0xfe;
    w.protocol = 99;
    len = make_udp(&w, frame);
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_NOT_OURS);
    quiet(&h);
    assert_int_equal(came, 0);
}

// R1112-02: to a group's stations, with all hops; to a host as ever.
static void sends(void **state)
{
    (void)state;
    join(&group, OTHER);
    pass(&h, 20000);
    aksu_igmp_send(&h.net, &group, &udp, 5353);
    assert_true(next(&h));
    assert_int_equal(h.got.protocol, 17);
    assert_int_equal(h.got.dst, OTHER);
    assert_int_equal(h.got.ttl, 255);
    assert_int_equal(h.got.dport, 5353);
    assert_int_equal(get32(h.got.to + 2), 0x5e010203);
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 5000};
    assert_int_equal(aksu_udp_send(&h.net, &udp, &to), AKSU_OK);
    assert_true(next(&h));
    answer_arp(&h, PEER, peer_mac);
    assert_true(next(&h));
    assert_int_equal(h.got.dst, PEER);
    assert_int_equal(h.got.ttl, 64);
    aksu_udp_close(&h.net, &udp); // a group alone
    assert_int_equal(feed_group(OTHER), -AKSU_DROP_NO_CONNECTION);
    aksu_igmp_leave(&h.net, &group);
    expect(LEAVE, ROUTERS, OTHER);
    quiet(&h);
}

// Without endpoints, and with checksums that the MAC makes.
static void alone(void **state)
{
    (void)state;
    struct aksu_config config = default_config();
    config.offload = AKSU_OFFLOAD_TX;
    start_with(&h, &store, &config);
    assert_int_equal(join(&group, GROUP), AKSU_OK);
    assert_int_equal(pass(&h, 10000), 2);
    assert_int_equal(feed_igmp(QUERY, 100, 0, ALL), 0);
    struct wire w = tcp(0, 0, 0, 0);
    uint8_t frame[FRAME_MAX];
    size_t len = make_tcp(&w, frame);
    frame[0] ^= 4; // another station's
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_NOT_OURS);
    assert_int_equal(pass(&h, 10000), 1);
    assert_int_equal(aksu_udp_open(&h.net, &udp, 5000, &handlers), AKSU_OK);
    aksu_igmp_send(&h.net, &group, &udp, 5353);
    assert_true(aksu_output(&h.net, h.now, frame, sizeof frame) > 0);
    assert_int_equal(frame[22], 255);
    assert_int_equal(get16(frame + 24), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(reported_anew, setup),   cmocka_unit_test_setup(joins, setup),
        cmocka_unit_test_setup(answers_queries, setup), cmocka_unit_test_setup(at_random, setup),
        cmocka_unit_test_setup(leaves, setup),          cmocka_unit_test_setup(hostile, setup),
        cmocka_unit_test_setup(sends, setup),           cmocka_unit_test_setup(alone, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
