// SPDX-License-Identifier: MIT
// Ethernet II and ARP: ETH-*, R826-*, R5227-*, R1122A-*.
#include "frames.h"

AKSU_STORAGE(store, 4, 2, 2048, 2048);
static struct host h;

static int feed_packet(const struct wire *w)
{
    uint8_t frame[FRAME_MAX];
    size_t len = make_arp(w, frame);
    return feed_frame(&h, frame, len);
}

static int setup(void **state)
{
    (void)state;
    start(&h, &store);
    listen_on(&h, PORT);
    return 0;
}

// ETH-01: shorter than 14 octets.
static void runts(void **state)
{
    (void)state;
    uint8_t frame[FRAME_MAX] = {0};
    memcpy(frame, our_mac, 6);
    for (size_t len = 0; len < 14; len++)
        assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_RUNT);
    assert_int_equal(dropped(&h, AKSU_DROP_RUNT), 14);
    quiet(&h);
}

// ETH-01: another station's frame; a multicast group that nobody joined.
static void not_for_us(void **state)
{
    (void)state;
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    w.to[5] = 9;
    assert_int_equal(feed(&h, &w), -AKSU_DROP_NOT_OURS);
    w.to[0] = 1;
    assert_true(feed(&h, &w) < 0);
    memcpy(w.to, broadcast_mac, 6);
    w.to[5] = 0xfe; // nearly to all
    struct wire probe = arp_packet(1, PEER, peer_mac, US);
    memcpy(probe.to, w.to, 6);
    assert_int_equal(feed_packet(&probe), -AKSU_DROP_NOT_OURS);
    quiet(&h);
}

// ETH-01, ETH-03: a source that cannot be one: multicast, broadcast, ourselves.
static void impossible_source(void **state)
{
    (void)state;
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    w.from[0] = 1;
    assert_int_equal(feed(&h, &w), -AKSU_DROP_SOURCE);
    memcpy(w.from, broadcast_mac, 6);
    assert_int_equal(feed(&h, &w), -AKSU_DROP_SOURCE);
    memcpy(w.from, our_mac, 6);
    assert_true(feed(&h, &w) < 0);
    quiet(&h);
}

// ETH-02: EtherTypes that are not spoken; 802.3 lengths; VLAN tags.
static void unknown_types(void **state)
{
    (void)state;
    static const uint16_t types[] = {0, 46, 0x05dc, 0x0801, 0x8100, 0x86dd, 0x1234, 0xffff};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
        w.type = types[i];
        assert_int_equal(feed(&h, &w), -AKSU_DROP_PROTOCOL);
    }
    quiet(&h);
}

// ETH-04: unicast IP in a link-layer broadcast is not for TCP (RFC 1122 3.3.6).
static void tcp_in_broadcast(void **state)
{
    (void)state;
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    memcpy(w.to, broadcast_mac, 6);
    assert_true(feed(&h, &w) < 0);
    quiet(&h);
}

// Ethernet padding is no data.
static void padding_is_cut(void **state)
{
    (void)state;
    uint32_t iss = establish(&h, PEER_PORT);
    uint8_t frame[FRAME_MAX];
    struct wire w = tcp(AKSU_ACK, 1001, iss + 1, 1);
    size_t len = make_tcp(&w, frame);
    memset(frame + len, 0x55, 60 - len);
    assert_int_equal(feed_frame(&h, frame, 60), 0);
    assert_int_equal(h.app.len, 1);
}

static int feed_with_trailer(struct wire w)
{
    uint8_t frame[FRAME_MAX];
    size_t len = make_tcp(&w, frame);
    memset(frame + len, 0x55, 4);
    return feed_frame(&h, frame, len + 4);
}

// R791-01: so is what a MAC leaves behind a full-sized packet: its frame check sequence.
static void trailer_is_cut(void **state)
{
    (void)state;
    uint32_t iss = establish(&h, PEER_PORT);
    assert_int_equal(feed_with_trailer(tcp(AKSU_ACK, 1001, iss + 1, 1460)), 0);
    assert_int_equal(h.app.len, 1460);
    struct wire w = tcp(AKSU_ACK, 2461, iss + 1, 10);
    memset(w.ip_options, 1, 4); // as no packet is that takes the short way
    w.ip_options_len = 4;
    assert_int_equal(feed_with_trailer(w), 0);
    assert_int_equal(h.app.len, 1470);
}

// R826-03: a request for our address: a unicast reply with the fields swapped.
static void request_is_answered(void **state)
{
    (void)state;
    struct wire w = arp_packet(1, PEER, peer_mac, US);
    assert_int_equal(feed_packet(&w), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0806);
    assert_int_equal(h.got.op, 2);
    assert_memory_equal(h.got.to, peer_mac, 6);
    assert_memory_equal(h.got.sha, our_mac, 6);
    assert_int_equal(h.got.spa, US);
    assert_memory_equal(h.got.tha, peer_mac, 6);
    assert_int_equal(h.got.tpa, PEER);
    quiet(&h);
}

// R5227-01: a probe (sender 0.0.0.0) for our address is answered too: we defend it.
static void probe_is_answered(void **state)
{
    (void)state;
    struct wire w = arp_packet(1, 0, peer_mac, US);
    assert_int_equal(feed_packet(&w), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.op, 2);
    assert_int_equal(h.got.spa, US);
}

static void request_for_another(void **state)
{
    (void)state;
    struct wire w = arp_packet(1, PEER, peer_mac, GATE);
    assert_int_equal(feed_packet(&w), -AKSU_DROP_ARP);
    quiet(&h);
}

// R826-01: hardware type, protocol, lengths, operation.
static void malformed_arp(void **state)
{
    (void)state;
    static const struct {
        unsigned at;
        uint8_t value;
    } bad[] = {{14, 1}, {15, 6}, {16, 9}, {17, 1}, {18, 8}, {19, 16}, {20, 1}, {21, 0}, {21, 3}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t frame[FRAME_MAX];
        struct wire w = arp_packet(1, PEER, peer_mac, US);
        size_t len = make_arp(&w, frame);
        frame[bad[i].at] = bad[i].value;
        assert_true(feed_frame(&h, frame, len) < 0);
        quiet(&h);
    }
    for (size_t len = 14; len < 42; len++) {
        uint8_t frame[FRAME_MAX];
        struct wire w = arp_packet(1, PEER, peer_mac, US);
        make_arp(&w, frame);
        assert_true(feed_frame(&h, frame, len) < 0);
    }
    quiet(&h);
}

// R826-04: senders that cannot be: multicast or broadcast hardware address.
static void impossible_arp_sender(void **state)
{
    (void)state;
    static const uint8_t multicast[6] = {1, 0, 0x5e, 0, 0, 1};
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
    assert_true(next(&h));
    struct wire w = arp_packet(2, PEER, multicast, US);
    assert_true(feed_packet(&w) < 0);
    w = arp_packet(2, PEER, broadcast_mac, US);
    assert_true(feed_packet(&w) < 0);
    quiet(&h);
}

// R826-04: nor protocol addresses that no station has.
static void impossible_arp_address(void **state)
{
    (void)state;
    static const uint32_t senders[] = {0xc00002ff, 0xc0000200, 0xe0000001, 0x7f000001};
    for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++) {
        struct wire w = arp_packet(1, senders[i], peer_mac, US);
        assert_int_equal(feed_packet(&w), -AKSU_DROP_SOURCE);
    }
    struct wire w = arp_packet(1, PEER, peer_mac, US);
    w.from[5]++; // nor one that speaks for another
    assert_int_equal(feed_packet(&w), -AKSU_DROP_SOURCE);
    quiet(&h);
}

// R826-03, R3927-07: whatever network a station of this link thinks that it is in, it is answered.
static void asked_from_another_network(void **state)
{
    (void)state;
    static const uint32_t senders[] = {ON_LINK, FAR};
    for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++) {
        struct wire w = arp_packet(1, senders[i], peer_mac, US);
        assert_int_equal(feed_packet(&w), 0);
        assert_true(next(&h));
        assert_int_equal(h.got.op, 2);
        assert_memory_equal(h.got.to, peer_mac, 6);
        assert_int_equal(h.got.tpa, senders[i]);
        quiet(&h);
    }
}

// R1122A-03: the SYN is sent right after the answer.
static void connect_resolves(void **state)
{
    (void)state;
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0806);
    assert_int_equal(h.got.op, 1);
    assert_memory_equal(h.got.to, broadcast_mac, 6);
    assert_int_equal(h.got.tpa, PEER);
    assert_int_equal(h.got.spa, US);
    quiet(&h); // blocked, it does not spin
    answer_arp(&h, PEER, peer_mac);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN);
    assert_memory_equal(h.got.to, peer_mac, 6);
    assert_int_equal(h.got.dst, PEER);
}

// A connection to an address asks for a hop, and its SYN goes there.
static void expect_hop(uint32_t addr, uint32_t hop, const uint8_t *mac)
{
    struct aksu_endpoint to = {aksu_ipv4((uint8_t)(addr >> 24), (uint8_t)(addr >> 16),
                                         (uint8_t)(addr >> 8), (uint8_t)addr),
                               80};
    assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
    assert_true(next(&h));
    assert_int_equal(h.got.tpa, hop);
    assert_int_equal(h.got.spa, US);
    answer_arp(&h, hop, mac);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN);
    assert_memory_equal(h.got.to, mac, 6);
    assert_int_equal(h.got.dst, addr);
}

// R1122I-12: a destination beyond the netmask goes to the gateway's hardware address.
static void connect_through_gateway(void **state)
{
    (void)state;
    expect_hop(FAR, GATE, gate_mac);
}

// R3927-07: but an address of the link is asked for itself, for no router forwards to it.
static void connect_on_the_link(void **state)
{
    (void)state;
    expect_hop(ON_LINK, ON_LINK, peer_mac);
}

// R1122A-02: at most one request a second; in the end the connection hears of it.
static void unresolved(void **state)
{
    (void)state;
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
    unsigned requests = pass(&h, 0);
    for (unsigned i = 0; i < 10; i++) {
        unsigned n = pass(&h, 1000);
        assert_true(n <= 1);
        requests += n;
    }
    assert_in_range(requests, 2, 11);
    pass(&h, 400000);
    assert_int_equal(h.app.closes, 1);
    assert_true(h.app.close_reason == AKSU_EHOSTUNREACH || h.app.close_reason == AKSU_ETIMEDOUT);
    assert_int_equal(aksu_connections(&h.net), 0);
}

// R1122A-01: an answer serves further connections for five minutes, then it is asked again; those
// that have it keep it.
static void answer_goes_stale(void **state)
{
    (void)state;
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 81};
    uint32_t iss;
    aksu_handle first = establish_active(&h, 80, &iss);
    h.now += 299000;
    aksu_now(&h.net, h.now);
    assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN);
    assert_memory_equal(h.got.to, peer_mac, 6);
    quiet(&h);
    h.now += 1000;
    aksu_now(&h.net, h.now);
    drain(&h); // the SYN again
    to.port++;
    assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0806);
    assert_int_equal(h.got.tpa, PEER);
    assert_int_equal(aksu_send(&h.net, first, "x", 1), 1);
    assert_true(next(&h));
    assert_int_equal(h.got.len, 1);
    assert_memory_equal(h.got.to, peer_mac, 6);
}

// R826-02, R826-04: an answer nobody asked for makes no entry.
static void unsolicited_answer(void **state)
{
    (void)state;
    struct wire w = arp_packet(2, PEER, gate_mac, US);
    assert_int_equal(feed_packet(&w), -AKSU_DROP_ARP);
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0806); // it asks all the same
}

// The same while another station is asked for.
static void unsolicited_answer_while_asking(void **state)
{
    (void)state;
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
    assert_true(next(&h));
    struct wire w = arp_packet(2, PEER + 1, gate_mac, US);
    assert_int_equal(feed_packet(&w), -AKSU_DROP_ARP);
    w = arp_packet(2, 0, gate_mac, US); // an address that nobody has, as free entries do
    assert_int_equal(feed_packet(&w), -AKSU_DROP_ARP);
    to.addr = aksu_ipv4(192, 0, 2, 3);
    assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0806);
    assert_int_equal(h.got.tpa, PEER + 1);
}

// An answer to somebody else is not believed, even from a station that was just asked for.
static void answer_to_another(void **state)
{
    (void)state;
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
    assert_true(next(&h));
    struct wire w = arp_packet(2, PEER, gate_mac, US + 1);
    assert_int_equal(feed_packet(&w), -AKSU_DROP_ARP);
    quiet(&h);
    answer_arp(&h, PEER, peer_mac);
    assert_true(next(&h));
    assert_memory_equal(h.got.to, peer_mac, 6);
}

// R826-04: a live connection's frames keep going to the hardware address that answered.
static void live_entry_is_not_poisoned(void **state)
{
    (void)state;
    uint32_t iss;
    aksu_handle conn = establish_active(&h, 80, &iss);
    struct wire w = arp_packet(2, PEER, gate_mac, US);
    feed_packet(&w);
    w = arp_packet(1, PEER, gate_mac, PEER); // gratuitous
    feed_packet(&w);
    w = arp_packet(1, PEER, gate_mac, US);
    feed_packet(&w);
    assert_int_equal(aksu_send(&h.net, conn, "x", 1), 1);
    bool data = false;
    while (next(&h)) {
        if (h.got.type != 0x0800)
            continue;
        assert_memory_equal(h.got.to, peer_mac, 6);
        data = data || h.got.len == 1;
    }
    assert_true(data);
}

// A connection whose data is no longer answered, up to R1 (RFC 9293 3.8.3): its next hop is asked
// for anew, and no data goes out meanwhile.
static void silent_until_r1(const struct aksu_endpoint *to, uint32_t hop)
{
    struct wire w = tcp(AKSU_SYN | AKSU_ACK, 1000, 0, 0);
    aksu_handle conn = aksu_connect(&h.net, to, 0, &app_handlers, &h.app);
    assert_true(next(&h));
    answer_arp(&h, hop, hop == GATE ? gate_mac : peer_mac);
    assert_true(next(&h));
    w.src = h.got.dst;
    w.sport = to->port;
    w.dport = h.got.sport;
    w.ack = h.got.seq + 1;
    assert_int_equal(feed(&h, &w), 0);
    drain(&h);
    assert_int_equal(aksu_send(&h.net, conn, "x", 1), 1);
    while (h.app.troubles == 0) {
        assert_int_equal(h.app.closes, 0);
        if (!next(&h)) {
            h.now += aksu_idle(&h.net, h.now);
            continue;
        }
        if (h.app.troubles == 0) {
            assert_int_equal(h.got.type, 0x0800);
            assert_memory_equal(h.got.to, hop == GATE ? gate_mac : peer_mac, 6);
        }
    }
    assert_int_equal(h.app.trouble_reason, AKSU_ETIMEDOUT);
    assert_int_equal(h.got.type, 0x0806);
    assert_int_equal(h.got.op, 1);
    assert_memory_equal(h.got.to, broadcast_mac, 6);
    assert_int_equal(h.got.tpa, hop);
    quiet(&h);
}

// R1122A-01: another station answers: the data goes there from now on.
static void next_hop_has_moved(void **state)
{
    (void)state;
    static const uint8_t new_mac[6] = {2, 0, 0, 0, 0, 0x77};
    const struct aksu_endpoint to[] = {{aksu_ipv4(192, 0, 2, 2), 80},
                                       {aksu_ipv4(198, 51, 100, 1), 80}};
    for (unsigned i = 0; i < 2; i++) {
        setup(NULL);
        silent_until_r1(&to[i], i == 0 ? PEER : GATE);
        answer_arp(&h, i == 0 ? PEER : GATE, new_mac);
        assert_true(next(&h));
        assert_int_equal(h.got.len, 1);
        assert_memory_equal(h.got.to, new_mac, 6);
        assert_int_equal(h.app.troubles, 1);
    }
}

// Nobody answers: it is asked ten times, once a second, then the data goes to the old station.
static void next_hop_is_kept(void **state)
{
    (void)state;
    const struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    silent_until_r1(&to, PEER);
    unsigned requests = 1;
    for (uint32_t asked = h.now; requests < 20;) {
        assert_int_equal(h.app.closes, 0);
        h.now += aksu_idle(&h.net, h.now);
        if (!next(&h))
            continue;
        if (h.got.type == 0x0800)
            break;
        assert_int_equal(h.got.tpa, PEER);
        assert_true(h.now - asked >= 1000);
        asked = h.now;
        requests++;
    }
    assert_int_equal(requests, 10);
    assert_int_equal(h.got.len, 1);
    assert_memory_equal(h.got.to, peer_mac, 6);
    struct wire w = tcp(AKSU_ACK, 1001, h.got.seq + 1, 0); // it was there after all
    w.sport = 80;
    w.dport = h.got.sport;
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(aksu_send(&h.net, h.app.conn, "y", 1), 1);
    assert_true(next(&h));
    assert_int_equal(h.got.len, 1);
    assert_memory_equal(h.got.to, peer_mac, 6);
}

// R826-05: a flood of requests from strangers evicts nothing.
static void flood_evicts_nothing(void **state)
{
    (void)state;
    uint32_t iss;
    aksu_handle conn = establish_active(&h, 80, &iss);
    for (uint32_t i = 0; i < 1000; i++) {
        uint8_t mac[6] = {2, 1, 0, 0, (uint8_t)(i >> 8), (uint8_t)i};
        struct wire w = arp_packet(1, 0xc0000203u + i % 200, mac, US);
        feed_packet(&w);
        drain(&h);
    }
    assert_int_equal(aksu_send(&h.net, conn, "x", 1), 1);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0800);
    assert_memory_equal(h.got.to, peer_mac, 6);
}

// R5227-04: a conflict is counted, and defended at most once in 10 s.
static void conflict(void **state)
{
    (void)state;
    unsigned answers = 0;
    for (unsigned i = 0; i < 50; i++) {
        struct wire w = arp_packet(1, US, peer_mac, US);
        feed_packet(&w);
        answers += pass(&h, 100);
    }
    assert_int_equal(aksu_counters(&h.net)->arp_conflicts, 50);
    assert_true(answers <= 1);
}

// R5227-04: the defence: one announcement at once, another only after 10 s.
static void conflict_is_defended(void **state)
{
    (void)state;
    struct wire w = arp_packet(1, US, peer_mac, US);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(feed_packet(&w), 0);
        assert_true(next(&h));
        assert_int_equal(h.got.type, 0x0806);
        assert_int_equal(h.got.op, 1);
        assert_memory_equal(h.got.to, broadcast_mac, 6);
        assert_memory_equal(h.got.sha, our_mac, 6);
        assert_int_equal(h.got.spa, US);
        assert_int_equal(h.got.tpa, US);
        quiet(&h);
        h.now += 9999;
        assert_int_equal(feed_packet(&w), -AKSU_DROP_ARP);
        quiet(&h);
        h.now += 1;
    }
    assert_int_equal(aksu_counters(&h.net)->arp_conflicts, 6);
}

// R5227-05: our own frame come back is no conflict.
static void own_echo(void **state)
{
    (void)state;
    struct wire w = arp_packet(1, US, our_mac, US);
    feed_packet(&w);
    assert_int_equal(aksu_counters(&h.net)->arp_conflicts, 0);
    quiet(&h);
}

// With link NULL there is no Ethernet: packets go in and out bare.
static void bare_ip(void **state)
{
    (void)state;
    struct aksu_config config = default_config();
    uint8_t frame[FRAME_MAX], out[FRAME_MAX];
    config.link = NULL;
    start_with(&h, &store, &config);
    listen_on(&h, PORT);
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    size_t len = make_tcp(&w, frame);
    assert_int_equal(aksu_input(&h.net, h.now, frame + 14, len - 14), 0);
    size_t n = aksu_output(&h.net, h.now, out + 14, sizeof out - 14);
    assert_true(n >= 40);
    memcpy(out, frame, 14);
    memcpy(out + 6, our_mac, 6);
    parse(out, n + 14, &h.got);
    assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK);
    assert_int_equal(aksu_output(&h.net, h.now, out, sizeof out), 0);
    struct aksu_endpoint to = {aksu_ipv4(198, 51, 100, 1), 80}; // no ARP, no gateway needed
    assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
    assert_true(aksu_output(&h.net, h.now, out, sizeof out) >= 40);
}

// A defence long ago, 24.9 days, is no defence of now.
static void conflict_much_later(void **state)
{
    (void)state;
    struct wire w = arp_packet(1, US, peer_mac, US);
    feed_packet(&w);
    assert_int_equal(drain(&h), 1);
    h.now += 0x80000000u + 50000;
    feed_packet(&w);
    assert_int_equal(drain(&h), 1);
}

#define T(f) cmocka_unit_test_setup(f, setup)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(conflict_much_later),
        T(runts),
        T(not_for_us),
        T(impossible_source),
        T(unknown_types),
        T(tcp_in_broadcast),
        T(padding_is_cut),
        T(trailer_is_cut),
        T(request_is_answered),
        T(probe_is_answered),
        T(request_for_another),
        T(malformed_arp),
        T(impossible_arp_sender),
        T(impossible_arp_address),
        T(asked_from_another_network),
        T(connect_resolves),
        T(connect_through_gateway),
        T(connect_on_the_link),
        T(unresolved),
        T(answer_goes_stale),
        T(unsolicited_answer),
        T(unsolicited_answer_while_asking),
        T(answer_to_another),
        T(live_entry_is_not_poisoned),
        T(next_hop_has_moved),
        T(next_hop_is_kept),
        T(flood_evicts_nothing),
        T(conflict),
        T(conflict_is_defended),
        T(own_echo),
        T(bare_ip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
