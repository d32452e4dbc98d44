// SPDX-License-Identifier: MIT
// TCP over IPv6: from both sides, beside IPv4, with whoever may be mistaken for another.
#include "frames6.h"
#include "net/ipv6.h"

enum { SOLICITED = 0x40, OVERRIDE = 0x20, MSL2 = 60000 };

AKSU_STORAGE(store, 4, 2, 4096, 8192);
AKSU_IPV6(ip6, 4);
static struct host h;

static int setup(void **state)
{
    (void)state;
    ready6(&h, &store, &ip6);
    assert_int_equal(aksu_ipv6_client(&h.net), AKSU_OK);
    listen_on(&h, PORT);
    return 0;
}

static struct wire from6(const struct aksu_addr *from, unsigned flags, uint32_t seq, uint32_t ack)
{
    struct wire w = tcp6(flags, seq, ack, 0);
    memcpy(w.src6, from, 16);
    return w;
}

static aksu_handle connect6(const struct aksu_addr *to, uint16_t port)
{
    struct aksu_endpoint remote = {*to, port};
    return aksu_connect(&h.net, &remote, 0, &app_handlers, &h.app);
}

// --- As a server ---

static void server(void **state)
{
    (void)state;
    uint32_t iss = establish6(&h, PEER_PORT);
    struct aksu_info info;
    assert_int_equal(aksu_info(&h.net, h.app.conn, &info), AKSU_OK);
    assert_addr(info.local.addr.octets, &us6);
    assert_addr(info.remote.addr.octets, &peer6);
    assert_int_equal(info.local.port, PORT);
    assert_int_equal(info.remote.port, PEER_PORT);
    struct wire w = tcp6(AKSU_ACK | AKSU_PSH, 1001, iss + 1, 5);
    w.data = (const uint8_t *)"hello";
    assert_int_equal(feed(&h, &w), 0);
    assert_memory_equal(h.app.data, "hello", 5);
    assert_int_equal(aksu_send(&h.net, h.app.conn, "world!", 6), 6);
    assert_true(next(&h));
    uint32_t flow = h.got.flow;
    assert_int_equal(h.got.len, 6);
    assert_memory_equal(h.got.data, "world!", 6);
    assert_int_equal(h.got.ack, 1006);
    w = tcp6(AKSU_ACK | AKSU_FIN, 1006, iss + 7, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.ends, 1);
    assert_int_equal(aksu_close(&h.net, h.app.conn, 0), AKSU_OK);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_FIN | AKSU_ACK);
    assert_int_equal(h.got.flow, flow); // RFC 6437 2: one label for a flow
    w = tcp6(AKSU_ACK, 1007, iss + 8, 0);
    assert_int_equal(feed(&h, &w), 0);
    drain(&h);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.close_reason, AKSU_OK);
    assert_int_equal(aksu_connections(&h.net), 0);
}

// The checksum covers both addresses, the length and what follows (RFC 8200 8.1).
static void checksum(void **state)
{
    (void)state;
    uint8_t frame[FRAME_MAX];
    struct wire w = tcp6(AKSU_SYN, 1000, 0, 0);
    size_t len = make_tcp(&w, frame);
    for (size_t at = 14 + 40 + 4; at < len; at++) {
        if (at == 14 + 40 + 12 || at == 14 + 40 + 13)
            continue; // data offset and flags
        frame[at] ^= 1;
        assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_TCP_CHECKSUM);
        frame[at] ^= 1;
    }
    for (size_t at = 14 + 9; at < 14 + 24; at++) { // the source
        frame[at] ^= 1;
        assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_TCP_CHECKSUM);
        frame[at] ^= 1;
    }
    memcpy(frame + 14 + 24, link6(&h), 16); // another of ours
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_TCP_CHECKSUM);
}

static void closed_port(void **state)
{
    (void)state;
    struct wire w = tcp6(AKSU_SYN, 7000, 0, 0);
    w.dport = PORT + 1;
    assert_int_equal(feed(&h, &w), -AKSU_DROP_NO_CONNECTION);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_RST | AKSU_ACK);
    assert_int_equal(h.got.ack, 7001);
    assert_addr(h.got.src6, &us6);
    assert_addr(h.got.dst6, &peer6);
    assert_memory_equal(h.got.to, peer_mac, 6);
    w = from6(&far6, AKSU_ACK, 1, 99);
    assert_int_equal(feed(&h, &w), -AKSU_DROP_NO_CONNECTION);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_RST);
    assert_int_equal(h.got.seq, 99);
    assert_addr(h.got.dst6, &far6);
}

// Answers to several hosts wait at the same time.
static void answers_to_each(void **state)
{
    (void)state;
    struct aksu_addr from = peer6;
    for (unsigned i = 0; i < AKSU_ANSWERS + 1; i++) {
        from.octets[15] = (uint8_t)(10 + i);
        struct wire w = from6(&from, AKSU_ACK, 1, 100 + i);
        int result = feed(&h, &w);
        assert_int_equal(result,
                         i < AKSU_ANSWERS ? -AKSU_DROP_NO_CONNECTION : -AKSU_DROP_REPLY_FULL);
    }
    for (unsigned i = AKSU_ANSWERS; i-- > 0;) { // the newest first
        from.octets[15] = (uint8_t)(10 + i);
        assert_true(next(&h));
        assert_addr(h.got.dst6, &from);
        assert_int_equal(h.got.seq, 100 + i);
    }
    quiet(&h);
}

static void cookies(void **state)
{
    (void)state;
    static const uint8_t mss[4] = {2, 4, 0x05, 0xa0};
    struct aksu_addr from = peer6;
    for (unsigned i = 0; i < 2; i++) {
        from.octets[15] = (uint8_t)(10 + i);
        struct wire w = from6(&from, AKSU_SYN, 1, 0);
        assert_int_equal(feed(&h, &w), 0);
    }
    assert_int_equal(drain(&h), 2);
    struct wire w = tcp6(AKSU_SYN, 1000, 0, 0);
    memcpy(w.options, mss, 4);
    w.options_len = 4;
    feed(&h, &w);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK);
    assert_addr(h.got.dst6, &peer6);
    assert_int_equal(h.got.mss, 1440);
    assert_int_equal(aksu_counters(&h.net)->cookies_sent, 1);
    assert_int_equal(aksu_connections(&h.net), 2);
    uint32_t cookie = h.got.seq;
    w = from6(&far6, AKSU_ACK, 1001, cookie + 1); // another host's
    assert_true(feed(&h, &w) < 0);
    assert_int_equal(h.app.opens, 0);
    drain(&h);
    w = tcp6(AKSU_ACK, 1001, cookie + 1, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.opens, 1);
    assert_int_equal(aksu_send(&h.net, h.app.conn, "hi", 2), 2);
    assert_true(next(&h));
    assert_addr(h.got.dst6, &peer6);
    assert_int_equal(h.got.len, 2);
    struct aksu_info info;
    assert_int_equal(aksu_info(&h.net, h.app.conn, &info), AKSU_OK);
    assert_addr(info.remote.addr.octets, &peer6);
}

static unsigned snd_mss(void)
{
    struct aksu_info info;
    assert_int_equal(aksu_info(&h.net, h.app.conn, &info), AKSU_OK);
    return info.tcb->snd_mss;
}

// MUST-15: a peer that says no MSS takes 1220 octets; one that says less takes that.
static void mss_default(void **state)
{
    (void)state;
    static const uint8_t less[4] = {2, 4, 0x02, 0x58};
    for (unsigned i = 0; i < 2; i++) {
        struct wire w = tcp6(AKSU_SYN, 1000, 0, 0);
        w.sport = (uint16_t)(PEER_PORT + i);
        memcpy(w.options, less, 4);
        w.options_len = i == 0 ? 0 : 4;
        assert_int_equal(feed(&h, &w), 0);
        assert_true(next(&h));
        w = tcp6(AKSU_ACK, 1001, h.got.seq + 1, 0);
        w.sport = (uint16_t)(PEER_PORT + i);
        assert_int_equal(feed(&h, &w), 0);
        assert_int_equal(snd_mss(), i == 0 ? 1220 : 600);
        assert_int_equal(aksu_abort(&h.net, h.app.conn), AKSU_OK);
        drain(&h);
    }
}

// The same where a cookie stands for the SYN.
static void mss_default_of_cookies(void **state)
{
    (void)state;
    struct aksu_addr from = far6;
    for (unsigned i = 0; i < 3; i++) {
        from.octets[15] = (uint8_t)(10 + i);
        struct wire w = from6(i < 2 ? &from : &peer6, AKSU_SYN, 1000, 0);
        assert_int_equal(feed(&h, &w), 0);
        assert_true(next(&h));
    }
    struct wire w = tcp6(AKSU_ACK, 1001, h.got.seq + 1, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(snd_mss(), 1220);
}

// More half-open connections than rows: one gives way, its row is another's then.
static void gives_way(void **state)
{
    (void)state;
    struct aksu_addr from = peer6;
    struct aksu_info info;
    assert_int_equal(aksu_listen(&h.net, NULL, PORT + 5, 4, &app_handlers, &h.app), AKSU_OK);
    for (unsigned i = 0; i < 12; i++) {
        from.octets[15] = (uint8_t)(10 + i);
        struct wire w = from6(&from, AKSU_SYN, 1, 0);
        w.dport = PORT + 5;
        feed(&h, &w);
        assert_true(next(&h));
        assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK);
        assert_addr(h.got.dst6, &from);
        pass(&h, 0);
    }
    for (aksu_handle c = 0; (c = aksu_next_connection(&h.net, c)) != 0;) {
        assert_int_equal(aksu_info(&h.net, c, &info), AKSU_OK);
        assert_in_range(info.remote.addr.octets[15], 10, 21);
    }
    pass(&h, 1500); // they are asked again, each its own
}

static uint32_t into_time_wait(void)
{
    uint32_t iss = establish6(&h, PEER_PORT);
    assert_int_equal(aksu_close(&h.net, h.app.conn, 0), AKSU_OK);
    assert_true(next(&h));
    assert_true(h.got.flags & AKSU_FIN);
    struct wire w = tcp6(AKSU_FIN | AKSU_ACK, 1001, iss + 2, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_true(next(&h));
    quiet(&h);
    assert_int_equal(aksu_connections(&h.net), 0);
    return iss;
}

static void time_wait(void **state)
{
    (void)state;
    uint32_t iss = into_time_wait();
    struct wire fin = tcp6(AKSU_FIN | AKSU_ACK, 1001, iss + 2, 0);
    feed(&h, &fin);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_ACK);
    assert_addr(h.got.dst6, &peer6);
    struct wire old = tcp6(AKSU_SYN, 900, 0, 0);
    assert_int_equal(feed(&h, &old), -AKSU_DROP_TIME_WAIT);
    drain(&h);
    struct wire syn = tcp6(AKSU_SYN, 2000, 0, 0); // RFC 6191: reopened
    assert_int_equal(feed(&h, &syn), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK);
    assert_addr(h.got.dst6, &peer6);
    assert_true((int32_t)(h.got.seq - (iss + 2)) > 0);
    struct wire w = tcp6(AKSU_ACK, 2001, h.got.seq + 1, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.opens, 2);
}

static void time_wait_ends(void **state)
{
    (void)state;
    uint32_t iss = into_time_wait();
    pass(&h, MSL2 + 1);
    struct wire fin = tcp6(AKSU_FIN | AKSU_ACK, 1001, iss + 2, 0);
    feed(&h, &fin);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_RST);
    assert_addr(h.got.dst6, &peer6);
}

static void beside_ipv4(void **state)
{
    (void)state;
    struct aksu_info info;
    uint32_t four = establish(&h, PEER_PORT), six = establish6(&h, PEER_PORT);
    aksu_handle conn6 = h.app.conn, conn4 = aksu_next_connection(&h.net, 0);
    assert_int_equal(aksu_connections(&h.net), 2);
    assert_int_equal(aksu_info(&h.net, conn4, &info), AKSU_OK);
    struct aksu_addr us = aksu_ipv4(192, 0, 2, 1), peer = aksu_ipv4(192, 0, 2, 2);
    assert_addr(info.local.addr.octets, &us);
    assert_addr(info.remote.addr.octets, &peer);
    for (unsigned round = 0; round < 20; round++) {
        h.app.len = 0;
        struct wire w4 = tcp(AKSU_ACK, 1001 + round, four + 1 + round, 1);
        struct wire w6 = tcp6(AKSU_ACK, 1001 + round, six + 1 + round, 1);
        w4.data = (const uint8_t *)"4";
        w6.data = (const uint8_t *)"6";
        assert_int_equal(feed(&h, &w4), 0);
        assert_int_equal(feed(&h, &w6), 0);
        assert_memory_equal(h.app.data, "46", 2);
        assert_int_equal(aksu_send(&h.net, conn4, "f", 1), 1);
        assert_int_equal(aksu_send(&h.net, conn6, "s", 1), 1);
        for (unsigned i = 0; i < 2; i++) {
            assert_true(next(&h));
            bool is6 = h.got.type == 0x86dd;
            assert_int_equal(h.got.len, 1);
            assert_int_equal(h.got.data[0], is6 ? 's' : 'f');
            assert_int_equal(h.got.seq, (is6 ? six : four) + 1 + round);
        }
        w4 = tcp(AKSU_ACK, 1002 + round, four + 2 + round, 0);
        w6 = tcp6(AKSU_ACK, 1002 + round, six + 2 + round, 0);
        assert_int_equal(feed(&h, &w4), 0);
        assert_int_equal(feed(&h, &w6), 0);
        quiet(&h);
    }
}

// --- Addresses with the same token ---

static struct aksu_pair pair_of(const struct aksu_addr *addr)
{
    struct aksu_pair pair = {0, 0, PEER_PORT, PORT};
    aksu_ipv6_name(&h.net, addr->octets, aksu_ipv6_address(&h.net, 1), &pair);
    return pair;
}

// A number of many, in no order.
static uint32_t scattered(uint32_t i)
{
    i = (i ^ i >> 16) * 0x45d9f3bu;
    i = (i ^ i >> 16) * 0x45d9f3bu;
    return i ^ i >> 16;
}

// Finds two that are one pair of endpoints to the table: their sums are the same, too.
static void find_twins(struct aksu_addr *a, struct aksu_addr *b)
{
    enum { TRIED = 40000, BUCKETS = 1 << 16 };
    static uint32_t head[BUCKETS], chain[TRIED + 1];
    static struct aksu_pair pairs[TRIED + 1];
    struct aksu_addr addr = far6;
    memset(head, 0, sizeof head);
    for (uint32_t i = 1; i <= TRIED; i++) {
        put32(addr.octets + 8, scattered(i));
        put32(addr.octets + 12, ~scattered(i));
        pairs[i] = pair_of(&addr);
        uint32_t bucket = pairs[i].remote % BUCKETS;
        for (uint32_t k = head[bucket]; k != 0; k = chain[k]) {
            if (memcmp(&pairs[k], &pairs[i], sizeof pairs[i]) == 0) {
                *b = *a = addr;
                put32(b->octets + 8, scattered(k));
                put32(b->octets + 12, ~scattered(k));
                return;
            }
        }
        chain[i] = head[bucket];
        head[bucket] = i;
    }
    fail_msg("no two addresses have the same token");
}

static void same_token(void **state)
{
    (void)state;
    struct aksu_addr a, b;
    find_twins(&a, &b);
    assert_true(memcmp(&a, &b, 16) != 0);
    struct wire w = from6(&a, AKSU_SYN, 1000, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_true(next(&h));
    uint32_t iss = h.got.seq;
    w = from6(&a, AKSU_ACK, 1001, iss + 1);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.opens, 1);
    // The other's segments are not those of the one, and change nothing of its.
    for (unsigned flags = 0; flags < 64; flags++) {
        w = from6(&b, flags, 1001, iss + 1);
        w.len = 5;
        assert_int_equal(feed(&h, &w), -AKSU_DROP_NO_ROW);
    }
    quiet(&h);
    assert_int_equal(h.app.len + h.app.ends + h.app.closes, 0);
    struct aksu_info info;
    assert_int_equal(aksu_info(&h.net, h.app.conn, &info), AKSU_OK);
    assert_addr(info.remote.addr.octets, &a);
    // By another port it is welcome.
    w = from6(&b, AKSU_SYN, 1000, 0);
    w.sport = PEER_PORT + 1;
    assert_int_equal(feed(&h, &w), 0);
    assert_true(next(&h));
    assert_addr(h.got.dst6, &b);
}

// --- As a client ---

static void client(void **state)
{
    (void)state;
    aksu_handle conn = connect6(&peer6, 9);
    struct aksu_addr group = group6(&peer6);
    assert_true(conn > 0);
    next_icmp(&h, NS);
    assert_addr(h.got.src6, &us6);
    assert_addr(h.got.dst6, &group);
    assert_int_equal(h.got.ttl, 255);
    assert_memory_equal(h.got.data, &peer6, 16);
    assert_memory_equal(h.got.data + 16, "\x01\x01", 2);
    assert_memory_equal(h.got.data + 18, our_mac, 6);
    quiet(&h);
    assert_int_equal(feed_na(&h, &far6, SOLICITED, gate_mac), -AKSU_DROP_ARP); // not asked for
    assert_int_equal(feed_na(&h, &peer6, SOLICITED, NULL), -AKSU_DROP_ARP);    // says nothing
    quiet(&h);
    assert_int_equal(feed_na(&h, &peer6, SOLICITED, peer_mac), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN);
    assert_memory_equal(h.got.to, peer_mac, 6);
    assert_addr(h.got.src6, &us6);
    assert_addr(h.got.dst6, &peer6);
    assert_int_equal(h.got.mss, 1440);
    struct wire w = tcp6(AKSU_SYN | AKSU_ACK, 1000, h.got.seq + 1, 0);
    w.sport = 9;
    w.dport = h.got.sport;
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.opens, 1);
    assert_int_equal(snd_mss(), 1220); // MUST-15
    assert_true(next(&h));
    assert_int_equal(aksu_send(&h.net, conn, "ask", 3), 3);
    assert_true(next(&h));
    assert_memory_equal(h.got.data, "ask", 3);
    struct aksu_info info;
    assert_int_equal(aksu_info(&h.net, conn, &info), AKSU_OK);
    assert_addr(info.local.addr.octets, &us6);
    assert_addr(info.remote.addr.octets, &peer6);
    assert_int_equal(info.remote.port, 9);
    // The next one knows the station.
    assert_true(connect6(&peer6, 10) > 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN);
    assert_int_equal(h.got.dport, 10);
}

// RFC 4861 7.2.2: three questions, a second apart; then there is nobody.
static void nobody_answers(void **state)
{
    (void)state;
    assert_true(connect6(&peer6, 9) > 0);
    for (unsigned i = 0; i < 3; i++) {
        next_icmp(&h, NS);
        quiet(&h);
        assert_int_equal(aksu_idle(&h.net, h.now), 1000);
        h.now += 1000;
    }
    assert_int_equal(drain(&h), 0);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.close_reason, AKSU_EHOSTUNREACH);
    assert_int_equal(aksu_connections(&h.net), 0);
}

static void by_the_router(void **state)
{
    (void)state;
    assert_int_equal(connect6(&far6, 9), AKSU_EADDRNOTAVAIL);
    assert_int_equal(feed_ra(&h, 1800, NULL, 0), 0);
    assert_true(connect6(&far6, 9) > 0);
    next_icmp(&h, NS);
    assert_memory_equal(h.got.data, &router6, 16);
    struct aksu_addr group = group6(&router6);
    assert_addr(h.got.dst6, &group);
    assert_int_equal(feed_na(&h, &router6, SOLICITED | 0x80, gate_mac), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN);
    assert_memory_equal(h.got.to, gate_mac, 6);
    assert_addr(h.got.dst6, &far6);
    assert_addr(h.got.src6, &us6);
    // A neighbour is reached without it, on its own address with that of the link.
    struct aksu_addr near = addr6("fe80::2");
    assert_true(connect6(&near, 9) > 0);
    next_icmp(&h, NS);
    assert_addr(h.got.src6, link6(&h));
    assert_memory_equal(h.got.data, &near, 16);
}

// What the router's own advertisement says of its station answers the question, too.
static void router_says_its_station(void **state)
{
    (void)state;
    uint8_t option[8] = {1, 1};
    memcpy(option + 2, gate_mac, 6);
    assert_int_equal(feed_ra(&h, 1800, NULL, 0), 0);
    assert_true(connect6(&far6, 9) > 0);
    next_icmp(&h, NS);
    assert_int_equal(feed_ra(&h, 1800, option, 8), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN);
    assert_memory_equal(h.got.to, gate_mac, 6);
}

static void not_connected(void **state)
{
    (void)state;
    struct aksu_addr bad[] = {nodes6, us6, *link6(&h), any6, addr6("::1"), addr6("ff0e::1")};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(connect6(&bad[i], 9), AKSU_EADDRNOTAVAIL);
    assert_int_equal(connect6(&peer6, 0), AKSU_EINVAL);
    ready6(&h, &store, &ip6); // a server only
    assert_int_equal(connect6(&peer6, 9), AKSU_EADDRNOTAVAIL);
    start6(&h, &store, &ip6); // no address yet
    assert_int_equal(aksu_ipv6_client(&h.net), AKSU_OK);
    assert_int_equal(aksu_ipv6_client(&h.net), AKSU_OK);
    assert_int_equal(connect6(&peer6, 9), AKSU_EADDRNOTAVAIL);
}

// IPv4 goes on as before, with ARP.
static void client_of_both(void **state)
{
    (void)state;
    uint32_t iss;
    aksu_handle conn = connect6(&peer6, 9);
    next_icmp(&h, NS);
    aksu_handle four = establish_active(&h, 7, &iss);
    assert_int_equal(feed_na(&h, &peer6, SOLICITED, gate_mac), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x86dd);
    assert_memory_equal(h.got.to, gate_mac, 6);
    assert_int_equal(aksu_send(&h.net, four, "four", 4), 4);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0800);
    assert_memory_equal(h.got.to, peer_mac, 6);
    assert_true(conn > 0);
}

// RFC 4861 7.2.5, and 7.3: what is known changes only by who overrides, or when it does not answer.
static void neighbour_moves(void **state)
{
    (void)state;
    assert_true(connect6(&peer6, 9) > 0);
    next_icmp(&h, NS);
    assert_int_equal(feed_na(&h, &peer6, SOLICITED, peer_mac), 0);
    assert_true(next(&h));
    assert_int_equal(feed_na(&h, &peer6, SOLICITED, gate_mac), -AKSU_DROP_ARP); // no override
    assert_true(connect6(&peer6, 10) > 0);
    assert_true(next(&h));
    assert_memory_equal(h.got.to, peer_mac, 6);
    assert_int_equal(feed_na(&h, &peer6, OVERRIDE, gate_mac), 0);
    assert_true(connect6(&peer6, 11) > 0);
    assert_true(next(&h));
    assert_memory_equal(h.got.to, gate_mac, 6);
    // Nobody answers the SYN: the station is asked for again.
    unsigned asked = 0, syns = 0;
    for (unsigned s = 0; s < 40; s++) {
        h.now += 1000;
        while (next(&h)) {
            asked += h.got.protocol == 58;
            syns += h.got.protocol == 6;
        }
    }
    assert_true(asked >= 3);
    assert_true(syns >= 3);
}

// More neighbours than there are places for: all are reached, one after the other.
static void many_neighbours(void **state)
{
    (void)state;
    struct aksu_addr to = peer6;
    for (unsigned i = 0; i < 40; i++) {
        to.octets[15] = (uint8_t)(10 + i);
        aksu_handle conn = connect6(&to, 9);
        assert_true(conn > 0);
        next_icmp(&h, NS);
        assert_memory_equal(h.got.data, &to, 16);
        assert_int_equal(feed_na(&h, &to, SOLICITED, peer_mac), 0);
        assert_true(next(&h));
        assert_int_equal(h.got.flags, AKSU_SYN);
        assert_addr(h.got.dst6, &to);
        assert_int_equal(aksu_abort(&h.net, conn), AKSU_OK);
        drain(&h);
    }
}

AKSU_STORAGE(large, 8, 2, 1024, 1024);
AKSU_IPV6(large6, 8);

static int setup_large(void **state)
{
    (void)state;
    ready6(&h, &large, &large6);
    assert_int_equal(aksu_ipv6_client(&h.net), AKSU_OK);
    return 0;
}

// All places are asked for: one more waits until one of them is free.
static void waits_for_a_place(void **state)
{
    (void)state;
    struct aksu_addr to = peer6;
    for (unsigned i = 0; i < AKSU_IPV6_NEIGHBOURS + 2; i++) {
        to.octets[15] = (uint8_t)(10 + i);
        assert_true(connect6(&to, 9) > 0);
    }
    unsigned asked = 0, last = 0;
    for (unsigned s = 0; s < 40; s++, h.now += 1000) {
        while (next(&h)) {
            assert_int_equal(h.got.icmp_type, NS);
            asked++;
            last = h.got.data[15] > last ? h.got.data[15] : last;
            if (s == 0)
                assert_true(asked <= AKSU_IPV6_NEIGHBOURS);
        }
    }
    assert_int_equal(last, 10 + AKSU_IPV6_NEIGHBOURS + 1);
    assert_in_range(asked, 3 * (AKSU_IPV6_NEIGHBOURS + 2), 40); // one that is put aside begins anew
    assert_int_equal(h.app.closes, AKSU_IPV6_NEIGHBOURS + 2);
    assert_int_equal(aksu_connections(&h.net), 0);
}

// One answer is for all connections that wait for it, and for no others, of either version.
static void several_wait(void **state)
{
    (void)state;
    struct aksu_addr third = addr6("2001:db8::3");
    struct aksu_endpoint four = {aksu_ipv4(192, 0, 2, 2), 9};
    for (uint16_t port = 9; port < 12; port++)
        assert_true(connect6(&peer6, port) > 0);
    assert_true(connect6(&third, 9) > 0);
    assert_true(aksu_connect(&h.net, &four, 0, &app_handlers, &h.app) > 0);
    assert_int_equal(drain(&h), 3); // two questions and one of ARP
    assert_int_equal(feed_na(&h, &peer6, SOLICITED, peer_mac), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(next(&h));
        assert_int_equal(h.got.flags, AKSU_SYN);
        assert_addr(h.got.dst6, &peer6);
    }
    quiet(&h);
    assert_int_equal(feed_na(&h, &third, SOLICITED, gate_mac), 0);
    assert_true(next(&h));
    assert_addr(h.got.dst6, &third);
    answer_arp(&h, PEER, peer_mac);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0800);
}

// The station of IPv4's gateway is not that of a host of IPv6 that is still asked for.
static void gateway_of_ipv4(void **state)
{
    (void)state;
    struct aksu_endpoint four = {aksu_ipv4(198, 51, 100, 1), 80};
    assert_true(connect6(&peer6, 80) > 0);
    next_icmp(&h, NS);
    assert_true(aksu_connect(&h.net, &four, 0, &app_handlers, &h.app) > 0);
    assert_true(next(&h));
    assert_int_equal(h.got.tpa, GATE);
    answer_arp(&h, GATE, gate_mac);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0800);
    quiet(&h);
}

// What was learnt long ago is asked for again.
static void stale(void **state)
{
    (void)state;
    aksu_handle conn = connect6(&peer6, 9);
    next_icmp(&h, NS);
    assert_int_equal(feed_na(&h, &peer6, SOLICITED, peer_mac), 0);
    assert_true(next(&h));
    assert_int_equal(aksu_abort(&h.net, conn), AKSU_OK);
    pass(&h, 299999);
    conn = connect6(&peer6, 9);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN);
    assert_int_equal(aksu_abort(&h.net, conn), AKSU_OK);
    pass(&h, 2);
    assert_true(connect6(&peer6, 9) > 0);
    next_icmp(&h, NS);
    assert_memory_equal(h.got.data, &peer6, 16);
}

// The router goes away before it has answered.
static void router_gone(void **state)
{
    (void)state;
    assert_int_equal(feed_ra(&h, 1800, NULL, 0), 0);
    assert_true(connect6(&far6, 9) > 0);
    next_icmp(&h, NS);
    assert_int_equal(feed_ra(&h, 0, NULL, 0), 0);
    h.now += 1000;
    drain(&h);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.close_reason, AKSU_EHOSTUNREACH);
}

// Of two routers that which lives longest.
static void two_routers(void **state)
{
    (void)state;
    uint8_t body[8] = {0};
    struct wire w = icmp6(RA, 0, body, 8);
    w.ttl = 255;
    for (unsigned i = 1; i <= 2; i++) {
        memcpy(w.src6, &router6, 16);
        w.src6[15] = (uint8_t)i;
        w.icmp_rest = 1000 * i;
        to_group(&w, &nodes6);
        assert_int_equal(feed_icmp(&h, &w), 0);
    }
    assert_true(connect6(&far6, 9) > 0);
    next_icmp(&h, NS);
    assert_int_equal(h.got.data[15], 2);
    pass(&h, 5000);
    w.icmp_rest = 1500; // the second now ends first
    w.src6[15] = 1;
    assert_int_equal(feed_icmp(&h, &w), 0);
    w.icmp_rest = 1400;
    w.src6[15] = 2;
    assert_int_equal(feed_icmp(&h, &w), 0);
    assert_true(connect6(&far6, 9) > 0);
    next_icmp(&h, NS);
    assert_int_equal(h.got.data[15], 1);
}

// Clients of both versions whose answers are lost; this side has opened none.
static void peers_fall_silent(void **state)
{
    (void)state;
    listen_on(&h, PORT);
    establish(&h, PEER_PORT);
    aksu_handle four = h.app.conn;
    establish6(&h, PEER_PORT + 1);
    assert_int_equal(aksu_send(&h.net, four, "hello", 5), 5);
    assert_int_equal(aksu_send(&h.net, h.app.conn, "hello", 5), 5);
    pass(&h, 900000);
    assert_int_equal(h.app.closes, 2);
    assert_int_equal(h.app.close_reason, AKSU_ETIMEDOUT);
    assert_int_equal(feed_arp(&h, 2, PEER, peer_mac, US), -AKSU_DROP_ARP); // nobody asked
}

// What a connection is told to send with is so in both versions.
static void hop_limit_and_class(void **state)
{
    (void)state;
    listen_on(&h, PORT);
    establish6(&h, PEER_PORT);
    assert_int_equal(aksu_set(&h.net, h.app.conn, AKSU_TTL, 9), AKSU_OK);
    assert_int_equal(aksu_set(&h.net, h.app.conn, AKSU_DSCP, 46), AKSU_OK);
    assert_int_equal(aksu_send(&h.net, h.app.conn, "hi", 2), 2);
    assert_true(next(&h));
    assert_int_equal(h.got.ttl, 9);
    assert_int_equal(h.got.tos, 46 << 2);
}

// --- Applications that open while they are told ---

static aksu_handle other;
static int on_open_connects(struct aksu *net)
{
    struct aksu_endpoint to = {addr6("2001:db8::77"), 9};
    other = aksu_connect(net, &to, 0, &app_handlers, &h.app);
    assert_true(other > 0);
    return 0;
}

static void connects(struct aksu *net, aksu_handle conn, void *user)
{
    (void)conn;
    (void)user;
    on_open_connects(net);
}

static void connects_on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    (void)readable;
    connects(net, conn, user);
}

// A proxy: who opened a connection stays its peer, whomever the handler opens one to meanwhile.
static void handler_connects(void **state)
{
    (void)state;
    static const struct aksu_handlers proxy = {.on_open = connects, .on_recv = connects_on_recv};
    struct aksu_addr from = peer6;
    struct aksu_info info;
    assert_int_equal(aksu_listen(&h.net, NULL, PORT + 1, 1, &proxy, NULL), AKSU_OK);
    from.octets[15] = 9;
    struct wire w = from6(&from, AKSU_SYN, 1, 0);
    w.dport = PORT + 1;
    assert_int_equal(feed(&h, &w), 0); // the backlog is full
    assert_true(next(&h));
    w = tcp6(AKSU_SYN, 1000, 0, 0);
    w.dport = PORT + 1;
    feed(&h, &w);
    assert_true(next(&h));
    assert_int_equal(aksu_counters(&h.net)->cookies_sent, 1);
    w = tcp6(AKSU_ACK, 1001, h.got.seq + 1, 0);
    w.dport = PORT + 1;
    other = 0;
    assert_int_equal(feed(&h, &w), 0);
    assert_true(other > 0);
    unsigned found = 0;
    for (aksu_handle c = 0; (c = aksu_next_connection(&h.net, c)) != 0;) {
        assert_int_equal(aksu_info(&h.net, c, &info), AKSU_OK);
        struct aksu_addr want = c == other ? addr6("2001:db8::77") : from;
        if (c != other && info.tcb->state == AKSU_ESTABLISHED) {
            want = peer6;
            found++;
        }
        assert_addr(info.remote.addr.octets, &want);
    }
    assert_int_equal(found, 1);
}

// --- Sleep ---

// A saved connection does not hold the peer's address of IPv6: it is refused, not lost.
static void not_saved(void **state)
{
    (void)state;
    uint8_t saved[AKSU_SAVED];
    establish6(&h, PEER_PORT);
    aksu_handle conn = h.app.conn;
    assert_int_equal(aksu_save(&h.net, conn, saved, sizeof saved), AKSU_EBUSY);
    assert_int_equal(aksu_connections(&h.net), 1);
    assert_int_equal(aksu_send(&h.net, conn, "hi", 2), 2);
    assert_true(next(&h));
    assert_int_equal(h.got.len, 2);
}

// One of IPv4 that is resumed leaves the neighbours of IPv6 as they are.
static void resumed_beside(void **state)
{
    (void)state;
    uint8_t saved[AKSU_SAVED];
    establish(&h, PEER_PORT);
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    aksu_handle conn = aksu_resume(&h.net, saved, sizeof saved, 0, &app_handlers, &h.app);
    assert_true(conn > 0);
    assert_true(connect6(&peer6, 9) > 0);
    bool asked = false;
    while (next(&h))
        asked = asked || (h.got.protocol == 58 && h.got.icmp_type == NS);
    assert_true(asked);
}

// --- Bare packets ---

static int feed_bare(const struct wire *w)
{
    uint8_t frame[FRAME_MAX];
    size_t len = w->protocol == 6 ? make_tcp(w, frame) : make_icmp(w, frame);
    return feed_frame(&h, frame + 14, len - 14);
}

// The next packet, parsed as if it stood in a frame.
static bool next_bare(void)
{
    memcpy(h.frame + 6, our_mac, 6);
    size_t len = aksu_output(&h.net, h.now, h.frame + 14, sizeof h.frame - 14);
    if (len == 0)
        return false;
    put16(h.frame + 12, h.frame[14] >> 4 == 6 ? 0x86dd : 0x0800);
    parse(h.frame, len + 14, &h.got);
    return true;
}

static void start_bare(void)
{
    struct aksu_config config = default_config();
    config.link = NULL;
    start_with(&h, &store, &config);
    assert_int_equal(aksu_ipv6_start(&h.net, &ip6, secret6), AKSU_OK);
    assert_int_equal(aksu_ipv6_client(&h.net), AKSU_OK);
    assert_int_equal(aksu_ipv6_add(&h.net, &us6, 64), AKSU_OK);
    listen_on(&h, PORT);
}

static void bare_packets(void **state)
{
    (void)state;
    start_bare();
    unsigned asked = 0;
    for (unsigned i = 0; i < 30; i++, h.now += 1000) {
        while (next_bare()) {
            assert_int_equal(h.got.icmp_type,
                             RS); // neither claims nor groups: nobody else is there
            assert_int_equal(h.got.len, 0);
            asked++;
        }
    }
    assert_int_equal(asked, 3);
    assert_int_equal(aksu_ipv6_address(&h.net, 1)->state, AKSU_IPV6_READY);
    struct wire w = icmp6(ECHO_REQUEST6, 0, (const uint8_t *)"bare", 4);
    assert_int_equal(feed_bare(&w), 0);
    assert_true(next_bare());
    assert_int_equal(h.got.icmp_type, ECHO_REPLY6);
    w = icmp6(NS, 0, us6.octets, 16); // the answer would be about a station
    w.ttl = 255;
    assert_int_equal(feed_bare(&w), -AKSU_DROP_ICMP);
    assert_false(next_bare());
    w = tcp6(AKSU_SYN, 1000, 0, 0);
    assert_int_equal(feed_bare(&w), 0);
    assert_true(next_bare());
    assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK);
    w = tcp6(AKSU_ACK, 1001, h.got.seq + 1, 0);
    assert_int_equal(feed_bare(&w), 0);
    assert_int_equal(h.app.opens, 1);
    w = tcp(AKSU_SYN, 1000, 0, 0);
    assert_int_equal(feed_bare(&w), 0);
    assert_true(next_bare());
    assert_int_equal(h.got.type, 0x0800);
    assert_true(connect6(&peer6, 9) > 0);
    assert_true(next_bare());
    assert_int_equal(h.got.flags, AKSU_SYN);
    assert_addr(h.got.dst6, &peer6);
    assert_int_equal(feed_frame(&h, h.frame, 0), -AKSU_DROP_RUNT);
}

// A segment of IPv4 whose port begins like a packet of IPv6 is none.
static void bare_ipv4_dropped(void **state)
{
    (void)state;
    uint8_t frame[FRAME_MAX];
    start_bare();
    while (next_bare())
        ;
    struct wire inner = icmp6(ECHO_REQUEST6, 0, NULL, 0);
    struct wire w = tcp(AKSU_ACK, 0x00083a40, 0, 0); // length 8, ICMPv6
    w.sport = 0x6000;
    w.dport = 0;
    size_t len = make_icmp(&inner, frame);
    w.data = frame + 14 + 20;
    w.len = len - 14 - 20;
    uint32_t in = dropped(&h, AKSU_DROP_TCP_HEADER);
    assert_int_equal(feed_bare(&w), -AKSU_DROP_TCP_HEADER);
    assert_int_equal(dropped(&h, AKSU_DROP_TCP_HEADER), in + 1);
}

#define T(f) cmocka_unit_test_setup(f, setup)
#define L(f) cmocka_unit_test_setup(f, setup_large)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(server),
        T(checksum),
        T(closed_port),
        T(answers_to_each),
        T(cookies),
        T(mss_default),
        T(mss_default_of_cookies),
        T(gives_way),
        T(time_wait),
        T(time_wait_ends),
        T(beside_ipv4),
        T(same_token),
        T(client),
        T(nobody_answers),
        T(by_the_router),
        T(router_says_its_station),
        T(not_connected),
        T(client_of_both),
        T(neighbour_moves),
        T(many_neighbours),
        L(waits_for_a_place),
        L(several_wait),
        T(gateway_of_ipv4),
        T(stale),
        T(router_gone),
        T(two_routers),
        L(peers_fall_silent),
        L(hop_limit_and_class),
        T(handler_connects),
        T(not_saved),
        T(resumed_beside),
        T(bare_packets),
        T(bare_ipv4_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
