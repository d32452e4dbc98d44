// SPDX-License-Identifier: MIT
// How an address becomes ours, and who is told that it is: RFC 4862 5.4, RFC 4861 7, RFC 7217.
#include "frames6.h"

enum { SOLICITED = 0x40, OVERRIDE = 0x20 };

AKSU_STORAGE(store, 2, 1, RING, RING);
AKSU_IPV6(ip6, 2);
static struct host h;

static int setup(void **state)
{
    (void)state;
    start6(&h, &store, &ip6);
    return 0;
}

static int setup_ready(void **state)
{
    (void)state;
    ready6(&h, &store, &ip6);
    return 0;
}

static enum aksu_ipv6_state state_of(unsigned i)
{
    return (enum aksu_ipv6_state)aksu_ipv6_address(&h.net, i)->state;
}

// Lets time pass until the next frame. Returns how much did.
static uint32_t wait_frame(unsigned type)
{
    uint32_t since = h.now;
    uint32_t idle = aksu_idle(&h.net, h.now);
    assert_int_not_equal(idle, AKSU_NEVER);
    h.now += idle;
    next_icmp(&h, type);
    return h.now - since;
}

// What claims an address: the frames, octet by octet.
static void assert_claim(const struct aksu_addr *addr, const struct aksu_addr *reporter)
{
    struct aksu_addr group = group6(addr);
    struct aksu_addr listeners = addr6("ff02::16");
    static const uint8_t station[6] = {0x33, 0x33, 0, 0, 0, 0x16};
    uint8_t want[20] = {4};

    memcpy(want + 4, &group, 16);
    next_icmp(&h, MLD_REPORT);
    assert_memory_equal(h.got.to, station, 6);
    assert_addr(h.got.src6, reporter);
    assert_addr(h.got.dst6, &listeners);
    assert_int_equal(h.got.ttl, 1);
    assert_int_equal(h.got.headers_len, 8); // router alert: see parse
    assert_int_equal(h.got.icmp_rest, 1);   // one record
    assert_int_equal(h.got.len, 20);
    assert_memory_equal(h.got.data, want, 20);
    uint32_t idle = aksu_idle(&h.net, h.now);
    assert_in_range(idle, 0, 1000); // RFC 4862 5.4.2: a random time up to a second
    h.now += idle;
    next_icmp(&h, NS);
    assert_addr(h.got.src6, &any6);
    assert_addr(h.got.dst6, &group);
    assert_int_equal(h.got.ttl, 255);
    assert_int_equal(h.got.to[0] << 8 | h.got.to[1], 0x3333);
    assert_memory_equal(h.got.to + 2, group.octets + 12, 4);
    assert_int_equal(h.got.len, 16); // no station: there is no source (RFC 4861 4.3)
    assert_memory_equal(h.got.data, addr, 16);
    assert_int_equal(h.got.icmp_rest, 0);
}

static void bring_up(void **state)
{
    (void)state;
    const struct aksu_addr link = *link6(&h);
    struct aksu_addr routers = addr6("ff02::2"), group = group6(&link);

    assert_int_equal(state_of(0), AKSU_IPV6_TENTATIVE);
    assert_int_equal(get32(link.octets), 0xfe800000u);
    assert_int_equal(get32(link.octets + 4), 0);
    assert_claim(&link, &any6);
    quiet(&h);
    assert_int_equal(aksu_idle(&h.net, h.now), 1000); // RetransTimer
    h.now += 999;
    quiet(&h);
    assert_int_equal(state_of(0), AKSU_IPV6_TENTATIVE);
    h.now += 1;
    next_icmp(&h, MLD_REPORT); // once more, from an address now
    assert_int_equal(state_of(0), AKSU_IPV6_READY);
    assert_addr(h.got.src6, &link);
    assert_memory_equal(h.got.data + 4, &group, 16);
    quiet(&h);
    uint32_t first = wait_frame(RS);
    assert_in_range(first, 0, 1000); // MAX_RTR_SOLICITATION_DELAY
    for (unsigned i = 0; i < 3; i++) {
        if (i > 0)
            assert_int_equal(wait_frame(RS), 4000); // RTR_SOLICITATION_INTERVAL
        assert_addr(h.got.src6, &link);
        assert_addr(h.got.dst6, &routers);
        assert_int_equal(h.got.ttl, 255);
        assert_int_equal(h.got.len, 8);
        assert_memory_equal(h.got.data, "\x01\x01", 2);
        assert_memory_equal(h.got.data + 2, our_mac, 6);
    }
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER); // MAX_RTR_SOLICITATIONS
    quiet(&h);
}

// RFC 7217: the same network, station and secret make the same address; else another.
static void stable_addresses(void **state)
{
    (void)state;
    struct aksu_config config = default_config();
    const struct aksu_addr link = *link6(&h);
    static const uint8_t other[16] = "another secret..";

    start6(&h, &store, &ip6);
    assert_addr(link6(&h)->octets, &link);
    start(&h, &store);
    assert_int_equal(aksu_ipv6_start(&h.net, &ip6, other), AKSU_OK);
    assert_true(memcmp(link6(&h), &link, 16) != 0);
    config.mac[5] = 9;
    start_with(&h, &store, &config);
    assert_int_equal(aksu_ipv6_start(&h.net, &ip6, secret6), AKSU_OK);
    assert_true(memcmp(link6(&h), &link, 16) != 0);
    start(&h, &store);
    assert_int_equal(aksu_ipv6_start(&h.net, &ip6, NULL), AKSU_OK);
    const struct aksu_addr random = *link6(&h);
    assert_true(memcmp(&random, &link, 16) != 0);
    start(&h, &store);
    assert_int_equal(aksu_seed(&h.net, "sixteen others!!", 16), AKSU_OK);
    assert_int_equal(aksu_ipv6_start(&h.net, &ip6, NULL), AKSU_OK);
    assert_true(memcmp(link6(&h), &random, 16) != 0);
}

// Somebody else claims our tentative address by asking, or has it and says so.
static void claimed_by_another(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 2; how++) {
        start6(&h, &store, &ip6);
        struct aksu_addr seen[4];
        for (unsigned i = 0; i < 3; i++) {
            seen[i] = *link6(&h);
            struct aksu_addr group = group6(&seen[i]);
            for (unsigned k = 0; k < i; k++)
                assert_true(memcmp(&seen[k], &seen[i], 16) != 0);
            assert_claim(&seen[i], &any6);
            int result = how == 0 ? feed_ns(&h, &any6, &group, &seen[i], NULL)
                                  : feed_na(&h, &seen[i], OVERRIDE, peer_mac);
            assert_int_equal(result, -AKSU_DROP_ARP);
        }
        assert_int_equal(state_of(0), AKSU_IPV6_DUPLICATE); // IDGEN_RETRIES
        assert_addr(link6(&h)->octets, &seen[2]);
        assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
        assert_int_equal(feed_ns(&h, &peer6, &seen[2], &seen[2], peer_mac), -AKSU_DROP_NOT_OURS);
        quiet(&h);
    }
}

// One that was given has no other in its place.
static void given_address_conflicts(void **state)
{
    (void)state;
    pass(&h, 20000);
    assert_int_equal(aksu_ipv6_add(&h.net, &us6, 64), AKSU_OK);
    assert_int_equal(state_of(1), AKSU_IPV6_TENTATIVE);
    assert_claim(&us6, link6(&h));
    // Not ours yet: who asks for it gets no answer, nor is its question a claim (RFC 4862 5.4.3).
    struct aksu_addr group = group6(&us6);
    assert_int_equal(feed_ns(&h, &peer6, &group, &us6, peer_mac), -AKSU_DROP_ARP);
    assert_int_equal(feed_ns(&h, &any6, &group, &peer6, NULL), -AKSU_DROP_ARP);
    assert_int_equal(state_of(1), AKSU_IPV6_TENTATIVE);
    struct wire syn = tcp6(AKSU_SYN, 1000, 0, 0);
    assert_int_equal(feed(&h, &syn), -AKSU_DROP_NOT_OURS);
    quiet(&h);
    assert_int_equal(feed_na(&h, &us6, 0, peer_mac), -AKSU_DROP_ARP);
    assert_int_equal(state_of(1), AKSU_IPV6_DUPLICATE);
    assert_int_equal(feed(&h, &syn), -AKSU_DROP_NOT_OURS);
    quiet(&h);
}

// Without SLAAC: an address of the link with the end of our station (RFC 4291 2.5.1), those that
// are given, and no word to routers or from them.
static void fixed_addresses(void **state)
{
    const struct aksu_addr link = addr6("fe80::ff:fe00:1");
    uint8_t prefix[32];
    size_t len = put_prefix(prefix, "2001:db8:1::", 64, 0xc0, 7200, 7200);
    (void)state;
    start(&h, &store);
    assert_int_equal(aksu_ipv6_fixed(&h.net, &ip6), AKSU_OK);
    assert_addr(link6(&h)->octets, &link);
    assert_int_equal(state_of(0), AKSU_IPV6_TENTATIVE);
    assert_claim(&link, &any6);
    assert_int_equal(aksu_ipv6_fixed(&h.net, &ip6), AKSU_EBUSY);
    h.now += 1000;
    next_icmp(&h, MLD_REPORT);
    assert_int_equal(state_of(0), AKSU_IPV6_READY);
    quiet(&h);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
    assert_int_equal(aksu_ipv6_add(&h.net, &us6, 64), AKSU_OK);
    assert_claim(&us6, &link);
    h.now += 1000;
    next_icmp(&h, MLD_REPORT);
    next_icmp(&h, MLD_REPORT);
    assert_int_equal(feed_ra(&h, 1800, prefix, len), -AKSU_DROP_ICMP);
    assert_int_equal(state_of(2), AKSU_IPV6_NONE);
    quiet(&h);
    listen_on(&h, PORT);
    establish6(&h, PEER_PORT);
}

// There is no router, whatever the clock says.
static void fixed_has_no_router(void **state)
{
    const struct aksu_endpoint far = {far6, 9}, near = {peer6, 9};
    (void)state;
    for (uint32_t quarter = 0; quarter < 4; quarter++) {
        start(&h, &store);
        h.now = (quarter << 30) + 1;
        aksu_now(&h.net, h.now);
        assert_int_equal(aksu_ipv6_fixed(&h.net, &ip6), AKSU_OK);
        assert_int_equal(aksu_ipv6_client(&h.net), AKSU_OK);
        assert_int_equal(aksu_ipv6_add(&h.net, &us6, 64), AKSU_OK);
        pass(&h, 20000);
        assert_int_equal(aksu_connect(&h.net, &far, 0, &app_handlers, &h.app), AKSU_EADDRNOTAVAIL);
        assert_true(aksu_connect(&h.net, &near, 0, &app_handlers, &h.app) > 0);
        assert_null(aksu_ipv6_server(&h.net, 0));
    }
}

// One that another host has is not ours, and none is made in its place.
static void fixed_address_conflicts(void **state)
{
    const struct aksu_addr link = addr6("fe80::ff:fe00:1");
    (void)state;
    start(&h, &store);
    assert_int_equal(aksu_ipv6_fixed(&h.net, &ip6), AKSU_OK);
    assert_claim(&link, &any6);
    assert_int_equal(feed_na(&h, &link, OVERRIDE, peer_mac), -AKSU_DROP_ARP);
    assert_int_equal(state_of(0), AKSU_IPV6_DUPLICATE);
    assert_addr(link6(&h)->octets, &link);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
}

// Ours already: another host that wants it is told by all means.
static void defended(void **state)
{
    (void)state;
    struct aksu_addr group = group6(&us6);
    assert_int_equal(feed_ns(&h, &any6, &group, &us6, NULL), 0);
    next_icmp(&h, NA);
    assert_int_equal(h.got.icmp_rest, (uint32_t)OVERRIDE << 24); // RFC 4861 7.2.4: S is zero
    assert_addr(h.got.src6, &us6);
    assert_addr(h.got.dst6, &nodes6);
    assert_memory_equal(h.got.to, "\x33\x33\0\0\0\x01", 6);
    assert_int_equal(h.got.ttl, 255);
    quiet(&h);
    // What was ours stays so, whoever says otherwise.
    assert_int_equal(feed_na(&h, &us6, OVERRIDE, peer_mac), -AKSU_DROP_SOURCE);
    assert_int_equal(state_of(1), AKSU_IPV6_READY);
}

static void questions_answered(void **state)
{
    (void)state;
    struct aksu_addr group = group6(&us6);
    const struct aksu_addr *to[] = {&group, &us6};
    for (unsigned i = 0; i < 4; i++) { // asked of many and of us; 7.1.1: with a station or without
        assert_int_equal(feed_ns(&h, &peer6, to[i / 2], &us6, i % 2 ? NULL : peer_mac), 0);
        next_icmp(&h, NA);
        assert_int_equal(h.got.icmp_rest, (uint32_t)(SOLICITED | OVERRIDE) << 24);
        assert_memory_equal(h.got.to, peer_mac, 6);
        assert_addr(h.got.src6, &us6);
        assert_addr(h.got.dst6, &peer6);
        assert_int_equal(h.got.ttl, 255);
        assert_int_equal(h.got.len, 24);
        assert_memory_equal(h.got.data, &us6, 16);
        assert_memory_equal(h.got.data + 16, "\x02\x01", 2);
        assert_memory_equal(h.got.data + 18, our_mac, 6);
        quiet(&h);
    }
    struct aksu_addr link = *link6(&h), lgroup = group6(&link), peer = addr6("fe80::2");
    assert_int_equal(feed_ns(&h, &peer, &lgroup, &link, peer_mac), 0);
    next_icmp(&h, NA);
    assert_addr(h.got.src6, &link);
    struct aksu_addr same_end = us6; // of our group, but not ours
    same_end.octets[8] = 9;
    assert_int_equal(feed_ns(&h, &peer6, &group, &same_end, peer_mac), -AKSU_DROP_ARP);
    quiet(&h);
}

// Four answers wait at most.
static void flood_of_questions(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(feed_ns(&h, &peer6, &us6, &us6, peer_mac),
                         i < AKSU_ANSWERS ? 0 : -AKSU_DROP_REPLY_FULL);
    assert_int_equal(drain(&h), AKSU_ANSWERS);
}

static int fed(unsigned type, unsigned hops, unsigned code, const uint8_t *data, size_t len)
{
    struct aksu_addr group = group6(&us6);
    struct wire w = icmp6(type, code, data, len);
    w.ttl = (uint8_t)hops;
    w.icmp_rest = type == NA ? (uint32_t)SOLICITED << 24 : 0;
    if (type == NS)
        to_group(&w, &group);
    return feed_icmp(&h, &w);
}

// RFC 4861 7.1.1, 7.1.2: each condition.
static void malformed(void **state)
{
    (void)state;
    uint8_t body[64];
    for (unsigned type = NS; type <= NA; type++) {
        memcpy(body, type == NS ? &us6 : &peer6, 16);
        int good = type == NS ? 0 : -AKSU_DROP_ARP;
        assert_int_equal(fed(type, 255, 0, body, 16), good);
        assert_int_equal(fed(type, 254, 0, body, 16), -AKSU_DROP_ICMP);
        assert_int_equal(fed(type, 64, 0, body, 16), -AKSU_DROP_ICMP);
        assert_int_equal(fed(type, 255, 1, body, 16), -AKSU_DROP_ICMP);
        assert_int_equal(fed(type, 255, 0, body, 15), -AKSU_DROP_ICMP);
        for (unsigned len = 17; len < 24; len++) { // an option that is cut
            body[16] = 14;
            body[17] = 1;
            assert_int_equal(fed(type, 255, 0, body, len), -AKSU_DROP_ICMP);
        }
        assert_int_equal(fed(type, 255, 0, body, 24), good); // of a kind that nobody knows
        body[17] = 0;
        assert_int_equal(fed(type, 255, 0, body, 24), -AKSU_DROP_ICMP);
        body[17] = 2;
        assert_int_equal(fed(type, 255, 0, body, 24), -AKSU_DROP_ICMP);
        assert_int_equal(fed(type, 255, 0, body, 32), good);
        body[16] = type == NS ? 1 : 2;
        body[17] = 1;
        memcpy(body + 18, "\x33\x33\0\0\0\1", 6); // a station that is many
        assert_int_equal(fed(type, 255, 0, body, 24), -AKSU_DROP_ICMP);
        struct aksu_addr group = group6(&us6);
        memcpy(body, &group, 16);
        assert_int_equal(fed(type, 255, 0, body, 16), -AKSU_DROP_ICMP);
        drain(&h);
    }
    // A solicited answer to many (7.1.2).
    memcpy(body, &peer6, 16);
    struct wire w = icmp6(NA, 0, body, 16);
    w.ttl = 255;
    w.icmp_rest = (uint32_t)SOLICITED << 24;
    to_group(&w, &nodes6);
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_ICMP);
    // From nobody: only to the group, and with no station (7.1.1).
    struct aksu_addr group = group6(&us6);
    assert_int_equal(feed_ns(&h, &any6, &group, &us6, peer_mac), -AKSU_DROP_ICMP);
    assert_int_equal(feed_ns(&h, &any6, &us6, &us6, NULL), -AKSU_DROP_ICMP);
    assert_int_equal(feed_ns(&h, &any6, &nodes6, &us6, NULL), -AKSU_DROP_ICMP);
    assert_int_equal(drain(&h), 0);
    assert_int_equal(feed_ns(&h, &any6, &group, &us6, NULL), 0);
}

// RFC 6980: not in fragments, not even one that is all of it. A header before it is none.
static void fragmented(void **state)
{
    (void)state;
    static const uint8_t atomic[8] = {58, 0, 0, 0, 1, 2, 3, 4};
    static const uint8_t padding[8] = {58, 0, 1, 4, 0, 0, 0, 0};
    struct wire w = icmp6(NS, 0, us6.octets, 16);
    w.ttl = 255;
    w.headers = atomic;
    w.headers_len = 8;
    w.first = 44;
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_ICMP);
    w.headers = padding;
    w.first = 60;
    assert_int_equal(feed_icmp(&h, &w), 0);
    next_icmp(&h, NA);
}

static void checksum_counts(void **state)
{
    (void)state;
    uint8_t frame[FRAME_MAX];
    struct wire w = icmp6(NS, 0, us6.octets, 16);
    w.ttl = 255;
    size_t len = make_icmp(&w, frame);
    for (size_t i = 14 + 40; i < len; i++) {
        frame[i] ^= 4;
        assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_ICMP);
        frame[i] ^= 4;
    }
    frame[14 + 8] ^= 4; // of the pseudo-header
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_ICMP);
    frame[14 + 8] ^= 4;
    assert_int_equal(feed_frame(&h, frame, len), 0);
}

// RFC 3810: what a switch asks is answered within the time that it gives, for each address.
static void query(void **state)
{
    (void)state;
    uint8_t body[20] = {0};
    struct aksu_addr link = *link6(&h), want[2] = {group6(&link), group6(&us6)};
    struct wire w = icmp6(MLD_QUERY, 0, body, 20);
    w.icmp_rest = UINT32_C(1000) << 16;
    w.ttl = 1;
    memcpy(w.src6, &router6, 16);
    to_group(&w, &nodes6);
    for (unsigned round = 0; round < 20; round++) {
        assert_int_equal(feed_icmp(&h, &w), 0);
        assert_int_equal(feed_icmp(&h, &w), 0); // asked again meanwhile: that is one answer
        uint32_t idle = aksu_idle(&h.net, h.now);
        assert_in_range(idle, 0, 1000);
        h.now += idle;
        for (unsigned i = 0; i < 2; i++) {
            next_icmp(&h, MLD_REPORT);
            assert_addr(h.got.src6, &link);
            assert_memory_equal(h.got.data + 4, &want[i], 16);
        }
        quiet(&h);
    }
    w.icmp_rest = UINT32_C(0xffff) << 16; // an exponent: at most that
    assert_int_equal(feed_icmp(&h, &w), 0);
    assert_in_range(aksu_idle(&h.net, h.now), 0, 32767);
    h.now += 32767;
    assert_int_equal(drain(&h), 2);
    w.ttl = 2; // 5.1.14: from this link only
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_ICMP);
    w.ttl = 1;
    memcpy(w.src6, &peer6, 16);
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_ICMP);
    memcpy(w.src6, &router6, 16);
    w.len = 15;
    assert_int_equal(feed_icmp(&h, &w), -AKSU_DROP_ICMP);
    quiet(&h);
}

static void calls_validated(void **state)
{
    (void)state;
    AKSU_IPV6(small, 1);
    struct aksu_config config = default_config();
    struct aksu_addr bad[] = {any6, addr6("::1"), addr6("::ffff:192.0.2.9"), nodes6};

    assert_int_equal(aksu_ipv6_start(&h.net, &ip6, secret6), AKSU_EBUSY);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(aksu_ipv6_add(&h.net, &bad[i], 64), AKSU_EINVAL);
    assert_int_equal(aksu_ipv6_add(&h.net, &us6, 129), AKSU_EINVAL);
    assert_int_equal(aksu_ipv6_add(&h.net, &us6, 64), AKSU_EADDRINUSE);
    assert_int_equal(aksu_ipv6_add(&h.net, &peer6, 128), AKSU_OK);
    assert_int_equal(aksu_ipv6_add(&h.net, &far6, 0), AKSU_OK);
    assert_int_equal(aksu_ipv6_add(&h.net, &router6, 64), AKSU_ENOMEM);
    assert_non_null(aksu_ipv6_address(&h.net, AKSU_IPV6_ADDRESSES - 1));
    assert_null(aksu_ipv6_address(&h.net, AKSU_IPV6_ADDRESSES));
    assert_null(aksu_ipv6_server(&h.net, 0));
    assert_int_equal(aksu_init(&h.net, &store, &config), AKSU_OK);
    assert_int_equal(aksu_ipv6_client(&h.net), AKSU_EINVAL);
    assert_int_equal(aksu_ipv6_start(&h.net, &ip6, secret6), AKSU_ENOKEY);
    assert_int_equal(aksu_seed(&h.net, "sixteen octets!!", 16), AKSU_OK);
    assert_int_equal(aksu_ipv6_start(&h.net, &small, secret6), AKSU_ENOMEM);
    config.mtu = 1279;
    start_with(&h, &store, &config);
    assert_int_equal(aksu_ipv6_start(&h.net, &ip6, secret6), AKSU_EINVAL);
    config.mtu = 1280;
    start_with(&h, &store, &config);
    assert_int_equal(aksu_ipv6_start(&h.net, &ip6, secret6), AKSU_OK);
}

// The first address is claimed while nothing of a connection over IPv4 is due for two hours.
static void beside_a_connection(void **state)
{
    (void)state;
    start_waiting(&h, &store);
    assert_int_equal(aksu_ipv6_start(&h.net, &ip6, secret6), AKSU_OK);
    next_icmp(&h, MLD_REPORT);
}

#define T(f) cmocka_unit_test_setup(f, setup)
#define R(f) cmocka_unit_test_setup(f, setup_ready)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(bring_up),
        T(stable_addresses),
        T(claimed_by_another),
        T(given_address_conflicts),
        T(fixed_addresses),
        T(fixed_has_no_router),
        T(fixed_address_conflicts),
        R(defended),
        R(questions_answered),
        R(flood_of_questions),
        R(malformed),
        R(fragmented),
        R(checksum_counts),
        R(query),
        R(calls_validated),
        T(beside_a_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
