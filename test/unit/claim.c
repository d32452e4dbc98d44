// SPDX-License-Identifier: MIT
// Addresses that are claimed: RFC 5227, and those of the link, RFC 3927.
#include <aksu/claim.h>
#include "frames.h"

enum { OURS = 1, LOST = 2, DEFEND_MS = 10000, RATE_LIMIT_MS = 60000 };

AKSU_STORAGE(store, 4, 2, 2048, 2048);
AKSU_STORAGE(other_store, 4, 2, 2048, 2048);
static struct host h, other;
static struct aksu_claim claim, other_claim;
static struct aksu_link_local local;
static unsigned ours, lost;

static void on_claim(struct aksu *net, struct aksu_claim *c, int error)
{
    (void)net;
    (void)c;
    assert_true(error == AKSU_OK || error == AKSU_EADDRINUSE);
    *(error ? &lost : &ours) += 1;
}

static void start_bare(struct host *host, const struct aksu_storage *memory, uint8_t last)
{
    struct aksu_config c = default_config();
    memset(&c.addr, 0, sizeof c.addr);
    memset(&c.gateway, 0, sizeof c.gateway);
    c.mac[5] = last;
    start_with(host, memory, &c);
}

static int setup(void **state)
{
    (void)state;
    start_bare(&h, &store, 1);
    memset(&claim, 0, sizeof claim);
    memset(&local, 0, sizeof local);
    ours = lost = 0;
    return 0;
}

static int take_it(struct aksu *net, struct aksu_claim *c)
{
    struct aksu_addr addr, gate;
    aksu_parse_addr("192.0.2.1", &addr);
    aksu_parse_addr("192.0.2.254", &gate);
    return aksu_claim(net, c, &addr, 24, &gate, on_claim);
}

// Waits for the next frame at most ms. Returns after how long it came.
static uint32_t await(uint32_t ms)
{
    uint32_t began = h.now;
    while (h.now - began <= ms) {
        if (next(&h))
            return h.now - began;
        uint32_t idle = aksu_idle(&h.net, h.now);
        h.now += idle <= ms ? idle : ms + 1;
    }
    fail_msg("nothing came out");
    return 0;
}

// What came out asks for an address, from nobody or from it.
static void asks(uint32_t sender, uint32_t target)
{
    static const uint8_t none[6];
    assert_int_equal(h.got.type, 0x0806);
    assert_memory_equal(h.got.to, broadcast_mac, 6);
    assert_int_equal(h.got.op, 1);
    assert_memory_equal(h.got.sha, our_mac, 6);
    assert_int_equal(h.got.spa, sender);
    if (sender != target) // nobody reads it in an announcement
        assert_memory_equal(h.got.tha, none, 6);
    assert_int_equal(h.got.tpa, target);
}

static int arp(unsigned op, uint32_t sender, uint32_t target)
{
    return feed_arp(&h, op, sender, peer_mac, target);
}

static void becomes_ours(uint32_t addr)
{
    assert_in_range(await(1000), 0, 999); // PROBE_WAIT
    asks(0, addr);
    for (unsigned i = 0; i < 2; i++) {
        assert_in_range(await(2000), 1000, 1999); // PROBE_MIN, PROBE_MAX
        asks(0, addr);
    }
    assert_int_equal(ours, 0);
    assert_int_equal(await(2000), 2000); // ANNOUNCE_WAIT
    assert_int_equal(ours, 1);
    asks(addr, addr);
    assert_int_equal(await(2000), 2000); // ANNOUNCE_INTERVAL
    asks(addr, addr);
    quiet(&h);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
    assert_int_equal(lost, 0);
}

// R5227-01, R5227-03: asked for three times, then announced twice.
static void fixed_address(void **state)
{
    (void)state;
    memset(&claim, 0xff, sizeof claim); // whatever was there
    assert_int_equal(take_it(&h.net, &claim), AKSU_OK);
    assert_int_equal(arp(1, PEER, US), -AKSU_DROP_ARP); // it is not ours yet
    assert_true(h.net.addr == 0 && h.net.netmask == 0 && h.net.gateway == 0);
    becomes_ours(US);
    assert_int_equal(h.net.netmask, 0xffffff00);
    assert_int_equal(arp(1, PEER, US), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.op, 2);
    assert_memory_equal(h.got.to, peer_mac, 6);
    struct aksu_endpoint far = {aksu_ipv4(198, 51, 100, 1), 80};
    assert_true(aksu_connect(&h.net, &far, 0, &app_handlers, &h.app) > 0); // by the gateway
}

// R5227-02: another host has it: says so, or is about to take it.
static void in_use(void **state)
{
    static const struct {
        unsigned op;
        uint32_t sender, target;
        bool conflict;
    } cases[] = {{2, US, 0, true},       {2, US, PEER, true},   {1, US, PEER, true},
                 {1, US, US, true},      {1, 0, US, true},      {2, 0, US, true},
                 {1, PEER, US, false},   {1, 0, PEER, false},   {2, PEER, US, false},
                 {1, PEER, GATE, false}, {2, PEER, PEER, false}};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (unsigned probes = 0; probes <= 3; probes++) {
            setup(state);
            assert_int_equal(take_it(&h.net, &claim), AKSU_OK);
            for (unsigned k = 0; k < probes; k++)
                await(2000);
            assert_int_equal(arp(cases[i].op, cases[i].sender, cases[i].target), -AKSU_DROP_ARP);
            assert_int_equal(lost, cases[i].conflict);
            unsigned frames = pass(&h, 20000);
            assert_int_equal(frames, cases[i].conflict ? 0 : 3 - probes + 2);
            assert_int_equal(ours, !cases[i].conflict);
        }
    }
}

static void establish_in(uint32_t addr)
{
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    w.dst = addr;
    w.src = addr ^ 3;
    listen_on(&h, PORT);
    assert_int_equal(feed(&h, &w), 0);
    assert_true(next(&h));
    w = tcp(AKSU_ACK, 1001, h.got.seq + 1, 0);
    w.dst = addr;
    w.src = addr ^ 3;
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.opens, 1);
}

// R5227-04: defended once in ten seconds; who claims it again sooner has it.
static void defended_once(void **state)
{
    (void)state;
    take_it(&h.net, &claim);
    becomes_ours(US);
    establish_in(US);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(arp(2, US, PEER), 0);
        assert_true(next(&h));
        asks(US, US);
        quiet(&h);
        h.now += DEFEND_MS;
    }
    assert_int_equal(lost, 0);
    h.now -= 1;
    assert_int_equal(arp(1, US, PEER), -AKSU_DROP_ARP);
    assert_int_equal(lost, 1);
    quiet(&h);
    pass(&h, 100000);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.close_reason, AKSU_ENETUNREACH);
    assert_int_equal(arp(1, PEER, US), -AKSU_DROP_ARP);
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    assert_int_equal(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app), AKSU_EADDRNOTAVAIL);
    assert_int_equal(take_it(&h.net, &claim), AKSU_OK); // once more
    ours = lost = 0;
    becomes_ours(US);
}

// Another address, or another hand: the claim gives way and says no more.
static void overtaken(void **state)
{
    struct aksu_addr addr = aksu_ipv4(192, 0, 2, 77);
    (void)state;
    take_it(&h.net, &claim);
    await(1000);
    assert_int_equal(aksu_set_address(&h.net, &addr, 24, NULL), AKSU_OK);
    assert_int_equal(aksu_idle(&h.net, h.now), 0);
    assert_int_equal(pass(&h, 20000), 0);
    assert_int_equal(arp(2, US, PEER), -AKSU_DROP_ARP);
    assert_int_equal(ours + lost, 0);
    assert_int_equal(arp(1, PEER, US + 76), 0);
    drain(&h);
    h.net.addr = h.net.netmask = 0; // that is over, too, but the claim is no more
    assert_int_equal(pass(&h, 20000), 0);
}

static void refuses(void **state)
{
    struct aksu_addr addr = aksu_ipv4(192, 0, 2, 255);
    struct aksu_config c = default_config();
    (void)state;
    assert_int_equal(aksu_claim(&h.net, &claim, &addr, 24, NULL, NULL), AKSU_EINVAL);
    assert_int_equal(take_it(&h.net, &claim), AKSU_OK);
    assert_int_equal(take_it(&h.net, &other_claim), AKSU_EBUSY);
    assert_int_equal(aksu_link_local(&h.net, &local, 0, NULL), AKSU_EBUSY);
    setup(state);
    assert_int_equal(aksu_link_local(&h.net, &local, 0, NULL), AKSU_OK);
    assert_int_equal(take_it(&h.net, &claim), AKSU_EBUSY);
    assert_int_equal(take_it(&h.net, &local.claim), AKSU_EBUSY);
    assert_int_equal(aksu_link_local(&h.net, &local, 0, NULL), AKSU_EBUSY); // and goes on
    assert_true(pass(&h, 10000) > 0);
    c.link = NULL;
    start_with(&h, &store, &c);
    assert_int_equal(take_it(&h.net, &claim), AKSU_EINVAL);
    assert_int_equal(aksu_link_local(&h.net, &local, 0, NULL), AKSU_EINVAL);
}

// --- Two hosts ---

static void carry(struct host *from, struct host *to)
{
    size_t len;
    while ((len = aksu_output(&from->net, from->now, from->frame, sizeof from->frame)) > 0)
        aksu_input(&to->net, to->now, from->frame, len);
}

static void together(uint32_t ms)
{
    for (; ms > 0; ms--) {
        h.now++;
        other.now = h.now;
        carry(&h, &other);
        carry(&other, &h);
    }
}

// Of two that want the same address one has it at most, whenever the second begins.
static void two_hosts(void **state)
{
    for (uint32_t later = 0; later < 12000; later += 400) {
        setup(state);
        start_bare(&other, &other_store, 2);
        other.now = h.now;
        memset(&other_claim, 0, sizeof other_claim);
        assert_int_equal(take_it(&h.net, &claim), AKSU_OK);
        together(later);
        assert_int_equal(take_it(&other.net, &other_claim), AKSU_OK);
        together(20000);
        assert_true(h.net.addr == 0 || other.net.addr == 0);
        assert_true(lost >= 1);
        if (later >= 7000) { // who has it keeps it
            assert_int_equal(h.net.addr, US);
            assert_int_equal(lost, 1);
        }
    }
}

// --- Addresses of the link ---

static uint32_t chosen(void)
{
    assert_int_equal(aksu_link_local(&h.net, &local, 0, on_claim), AKSU_OK);
    assert_int_equal(aksu_idle(&h.net, h.now), 0);
    await(1000);
    uint32_t target = h.got.tpa;
    asks(0, target);
    return target;
}

// R3927-01: in the range, and the same for a station at each start.
static void link_address(void **state)
{
    uint32_t first = chosen();
    assert_in_range(first, 0xa9fe0100, 0xa9fefeff);
    setup(state);
    h.now += 12345;
    aksu_now(&h.net, h.now);
    assert_int_equal(chosen(), first);
    unsigned same = 0;
    for (unsigned mac = 2; mac < 60; mac++) {
        setup(state);
        h.net.mac[5] = (uint8_t)mac;
        aksu_link_local(&h.net, &local, 0, NULL);
        uint32_t addr = local.claim.addr;
        assert_in_range(addr, 0xa9fe0100, 0xa9fefeff);
        same += addr == first;
    }
    assert_true(same <= 1);
}

// R3927-02: claimed as any other; and its answers go to all (R3927-04).
static void link_ours(void **state)
{
    (void)state;
    assert_int_equal(aksu_link_local(&h.net, &local, 0, on_claim), AKSU_OK);
    quiet(&h);
    becomes_ours(local.claim.addr);
    assert_int_equal(arp(1, 0xa9fe0505, local.claim.addr), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.op, 2);
    assert_memory_equal(h.got.to, broadcast_mac, 6);
    assert_memory_equal(h.got.tha, peer_mac, 6);
    assert_int_equal(h.got.spa, local.claim.addr);
    assert_int_equal(h.got.tpa, 0xa9fe0505);
    struct aksu_endpoint far = {aksu_ipv4(198, 51, 100, 1), 80};
    assert_int_equal(aksu_connect(&h.net, &far, 0, &app_handlers, &h.app), AKSU_EADDRNOTAVAIL);
}

// R3927-03: another address after each conflict, and after ten of them one a minute.
static void link_conflicts(void **state)
{
    uint32_t last = 0;
    (void)state;
    memset(&local, 0xff, sizeof local); // whatever was there
    assert_int_equal(aksu_link_local(&h.net, &local, 0, on_claim), AKSU_OK);
    quiet(&h);
    for (unsigned i = 0; i < 14; i++) {
        uint32_t waited = await(RATE_LIMIT_MS + 1000);
        if (i < 10)
            assert_in_range(waited, 0, 999);
        else
            assert_in_range(waited, RATE_LIMIT_MS, RATE_LIMIT_MS + 999);
        assert_int_not_equal(h.got.tpa, last);
        last = h.got.tpa;
        assert_in_range(last, 0xa9fe0100, 0xa9fefeff);
        assert_int_equal(arp(2, last, 0), -AKSU_DROP_ARP);
        assert_int_equal(lost, i + 1);
    }
}

// R3927-05: one that is lost later, too; its connections end.
static void link_lost(void **state)
{
    (void)state;
    aksu_link_local(&h.net, &local, 0, on_claim);
    quiet(&h);
    uint32_t addr = local.claim.addr;
    becomes_ours(addr);
    establish_in(addr);
    assert_int_equal(arp(2, addr, 0), 0);
    assert_true(next(&h));
    asks(addr, addr);
    assert_int_equal(arp(2, addr, 0), -AKSU_DROP_ARP);
    assert_int_equal(lost, 1);
    ours = lost = 0;
    becomes_ours(local.claim.addr);
    assert_int_not_equal(local.claim.addr, addr);
    assert_int_equal(h.app.close_reason, AKSU_ENETUNREACH);
}

// R3927-06: only while there is no other address, for as long as was asked for.
static void link_gives_way(void **state)
{
    struct aksu_addr addr = aksu_ipv4(192, 0, 2, 1);
    (void)state;
    aksu_link_local(&h.net, &local, 5000, on_claim);
    aksu_set_address(&h.net, &addr, 24, NULL);
    assert_int_equal(pass(&h, 100000), 0);
    h.net.addr = h.net.netmask = 0; // as DHCP does at the end of a lease
    assert_int_equal(aksu_idle(&h.net, h.now), 0);
    quiet(&h);
    h.now += 4000;
    aksu_set_address(&h.net, &addr, 24, NULL);
    assert_int_equal(pass(&h, 100000), 0);
    h.net.addr = h.net.netmask = 0;
    quiet(&h);
    assert_int_equal(pass(&h, 4999), 0);
    becomes_ours(local.claim.addr);
    aksu_set_address(&h.net, &addr, 24, NULL);
    assert_int_equal(pass(&h, 100000), 0);
    assert_int_equal(arp(1, PEER, US), 0);
    assert_true(next(&h));
    assert_memory_equal(h.got.to, peer_mac, 6); // no longer to all
    assert_int_equal(arp(1, PEER, local.claim.addr), -AKSU_DROP_ARP);
    h.net.addr = h.net.netmask = 0;
    assert_int_equal(pass(&h, 4999), 0);
    ours = 0;
    becomes_ours(local.claim.addr);
}

// The first probe does not wait for a connection, of which nothing is due for two hours.
static void beside_a_connection(void **state)
{
    (void)state;
    start_waiting(&h, &store);
    assert_int_equal(take_it(&h.net, &claim), AKSU_OK);
    assert_in_range(await(1000), 0, 999);
    asks(0, US);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {
        T(fixed_address),  T(in_use),    T(defended_once),  T(overtaken),
        T(refuses),        T(two_hosts), T(link_address),   T(link_ours),
        T(link_conflicts), T(link_lost), T(link_gives_way), T(beside_a_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
