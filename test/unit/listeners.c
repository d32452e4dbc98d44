// SPDX-License-Identifier: MIT
// Listening: 3.10.7.2 on the wire, backlog, unlisten, veto, local address: MUST-41 to 46.
#include "frames.h"

AKSU_STORAGE(store, 4, 3, 1024, 1024);
AKSU_STORAGE(odd, 5, 1, 1024, 1024);
static struct host h;

static int setup(void **state)
{
    (void)state;
    start(&h, &store);
    return 0;
}

static int syn(uint16_t sport, uint16_t dport)
{
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    w.sport = sport;
    w.dport = dport;
    return feed(&h, &w);
}

// SM-02: a closed port: <SEQ=0><ACK=SEG.SEQ+SEG.LEN><RST,ACK>.
static void closed_port(void **state)
{
    (void)state;
    assert_int_equal(syn(PEER_PORT, 9), -AKSU_DROP_NO_CONNECTION);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_RST | AKSU_ACK);
    assert_int_equal(h.got.seq, 0);
    assert_int_equal(h.got.ack, 1001);
    assert_int_equal(h.got.sport, 9);
    assert_int_equal(h.got.dport, PEER_PORT);
    assert_memory_equal(h.got.to, peer_mac, 6); // no ARP for it
    quiet(&h);
}

// SM-03, SM-01.
static void closed_port_others(void **state)
{
    (void)state;
    struct wire w = tcp(AKSU_ACK, 1000, 5555, 10);
    assert_true(feed(&h, &w) < 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_RST);
    assert_int_equal(h.got.seq, 5555);
    w = tcp(AKSU_RST, 1000, 0, 0);
    assert_true(feed(&h, &w) < 0);
    w = tcp(AKSU_RST | AKSU_ACK, 1000, 1, 0);
    assert_true(feed(&h, &w) < 0);
    quiet(&h);
}

// SM-04: a listener and all 256 control octets.
static void all_flags(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags < 256; flags++) {
        setup(NULL);
        listen_on(&h, PORT);
        struct wire w = tcp(flags, 1000, 7777, 0);
        int result = feed(&h, &w);
        bool fin = (flags & AKSU_FIN) != 0, synful = (flags & AKSU_SYN) != 0;
        if ((flags & AKSU_RST) != 0 || ((flags & AKSU_ACK) == 0 && (!synful || fin))) {
            assert_true(result < 0);
            quiet(&h);
        } else if ((flags & AKSU_ACK) != 0) {
            // SYN and FIN together may be dropped before they are answered
            bool answered = next(&h);
            assert_true(answered || (synful && fin));
            if (answered) {
                assert_int_equal(h.got.flags, AKSU_RST);
                assert_int_equal(h.got.seq, 7777);
            }
        } else {
            assert_int_equal(result, 0);
            assert_true(next(&h));
            assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK);
        }
    }
}

// SM-04: a RST at a listener is dropped and counted as such; what no TCP sends has its own reason.
static void drop_reasons(void **state)
{
    (void)state;
    static const struct {
        unsigned flags;
        enum aksu_drop reason;
    } rows[] = {{AKSU_RST, AKSU_DROP_LISTEN},
                {AKSU_RST | AKSU_ACK, AKSU_DROP_LISTEN},
                {AKSU_RST | AKSU_SYN, AKSU_DROP_TCP_FLAGS},
                {AKSU_FIN, AKSU_DROP_TCP_FLAGS},
                {AKSU_PSH, AKSU_DROP_TCP_FLAGS},
                {0, AKSU_DROP_TCP_FLAGS},
                {AKSU_SYN | AKSU_FIN, AKSU_DROP_TCP_FLAGS},
                {AKSU_ACK, AKSU_DROP_NO_CONNECTION}};
    listen_on(&h, PORT);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t before = dropped(&h, rows[i].reason);
        struct wire w = tcp(rows[i].flags, 1000, 7777, 0);
        int result = feed(&h, &w);
        if (result != -(int)rows[i].reason)
            fail_msg("flags %02x: %s", rows[i].flags, aksu_drop_name(result));
        assert_int_equal(dropped(&h, rows[i].reason), before + 1);
        drain(&h);
    }
    assert_int_equal(dropped(&h, AKSU_DROP_LISTEN), 2);
    assert_int_equal(aksu_connections(&h.net), 0);
}

// MUST-41: to listen touches no connection.
static void listen_touches_nothing(void **state)
{
    (void)state;
    struct aksu_info info;
    listen_on(&h, PORT);
    establish(&h, PEER_PORT);
    aksu_info(&h.net, h.app.conn, &info);
    struct aksu_tcb before = *info.tcb;
    assert_int_equal(aksu_listen(&h.net, NULL, PORT, 0, &app_handlers, &h.app), AKSU_EADDRINUSE);
    listen_on(&h, 81);
    assert_int_equal(aksu_unlisten(&h.net, NULL, PORT), AKSU_OK);
    listen_on(&h, PORT);
    aksu_info(&h.net, h.app.conn, &info);
    assert_memory_equal(&before, info.tcb, sizeof before);
}

// MUST-42: to listen on the port of an active open in SYN-SENT.
static void listen_beside_active_open(void **state)
{
    (void)state;
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 81};
    assert_true(aksu_connect(&h.net, &to, PORT, &app_handlers, &h.app) > 0);
    listen_on(&h, PORT);
    drain(&h);
    answer_arp(&h, PEER, peer_mac);
    assert_true(next(&h));
    uint32_t iss = h.got.seq;
    establish(&h, PEER_PORT);
    struct wire w = tcp(AKSU_SYN | AKSU_ACK, 1000, iss + 1, 0);
    w.sport = 81;
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.opens, 2);
}

// MUST-43: a listener on one address only.
static void local_address(void **state)
{
    (void)state;
    struct aksu_addr ours = aksu_ipv4(192, 0, 2, 1), other = aksu_ipv4(192, 0, 2, 9);
    assert_int_equal(aksu_listen(&h.net, &other, PORT, 0, &app_handlers, &h.app), AKSU_OK);
    assert_true(syn(PEER_PORT, PORT) < 0);
    drain(&h);
    assert_int_equal(aksu_connections(&h.net), 0);
    assert_int_equal(aksu_listen(&h.net, &ours, PORT, 0, &app_handlers, &h.app), AKSU_OK);
    assert_int_equal(syn(PEER_PORT, PORT), 0);
    assert_int_equal(aksu_unlisten(&h.net, &other, PORT), AKSU_OK);
    assert_int_equal(aksu_unlisten(&h.net, &other, PORT), AKSU_EINVAL);
}

// One for an address and one for any, on the same port: two listeners, the exact one is heard.
static void exact_before_any(void **state)
{
    (void)state;
    struct aksu_addr ours = aksu_ipv4(192, 0, 2, 1);
    static struct app exact;
    for (unsigned order = 0; order < 2; order++) {
        setup(NULL);
        memset(&exact, 0, sizeof exact);
        for (unsigned i = 0; i < 2; i++) {
            bool any = i == order;
            assert_int_equal(aksu_listen(&h.net, any ? NULL : &ours, PORT, 0, &app_handlers,
                                         any ? &h.app : &exact),
                             AKSU_OK);
        }
        assert_int_equal(syn(PEER_PORT, PORT), 0);
        assert_true(next(&h));
        struct wire w = tcp(AKSU_ACK, 1001, h.got.seq + 1, 0);
        assert_int_equal(feed(&h, &w), 0);
        assert_int_equal(exact.opens, 1);
        assert_int_equal(h.app.opens, 0);
        assert_int_equal(aksu_unlisten(&h.net, &ours, PORT), AKSU_OK);
        assert_int_equal(aksu_unlisten(&h.net, &ours, PORT), AKSU_EINVAL);
        establish(&h, PEER_PORT + 1); // the other one is still there
        assert_int_equal(h.app.opens, 1);
    }
}

static void bad_arguments(void **state)
{
    (void)state;
    assert_int_equal(aksu_listen(&h.net, NULL, 0, 0, &app_handlers, &h.app), AKSU_EINVAL);
    assert_int_equal(aksu_listen(&h.net, NULL, PORT, 0, NULL, &h.app), AKSU_EINVAL);
    assert_int_equal(aksu_unlisten(&h.net, NULL, PORT), AKSU_EINVAL);
}

// The application is not told of a half-open connection; on_accept, then on_open.
static void announced_when_open(void **state)
{
    (void)state;
    listen_on(&h, PORT);
    assert_int_equal(syn(PEER_PORT, PORT), 0);
    assert_true(next(&h));
    assert_int_equal(h.app.accepts + h.app.opens, 0);
    struct wire w = tcp(AKSU_ACK, 1001, h.got.seq + 1, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.accepts, 1);
    assert_int_equal(h.app.opens, 1);
}

// A refused one is reset, and nothing more is called.
static void veto(void **state)
{
    (void)state;
    h.app.refuse = true;
    listen_on(&h, PORT);
    assert_int_equal(syn(PEER_PORT, PORT), 0);
    assert_true(next(&h));
    uint32_t iss = h.got.seq;
    struct wire w = tcp(AKSU_ACK | AKSU_PSH, 1001, iss + 1, 5);
    feed(&h, &w);
    assert_int_equal(h.app.accepts, 1);
    assert_true(next(&h));
    assert_true(h.got.flags & AKSU_RST);
    assert_int_equal(h.got.seq, iss + 1);
    quiet(&h);
    assert_int_equal(h.app.opens + h.app.recvs + h.app.closes, 0);
    assert_int_equal(aksu_connections(&h.net), 0);
}

// unlisten: half-open ones go, open ones stay; the port answers RST.
static void unlisten(void **state)
{
    (void)state;
    listen_on(&h, PORT);
    uint32_t iss = establish(&h, PEER_PORT);
    assert_int_equal(syn(PEER_PORT + 1, PORT), 0);
    assert_true(next(&h));
    uint32_t half_iss = h.got.seq;
    assert_int_equal(aksu_connections(&h.net), 2);
    assert_int_equal(aksu_unlisten(&h.net, NULL, PORT), AKSU_OK);
    drain(&h);
    assert_int_equal(aksu_connections(&h.net), 1);
    struct wire w = tcp(AKSU_ACK, 1001, iss + 1, 3);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.len, 3);
    w = tcp(AKSU_ACK, 1001, half_iss + 1, 0);
    w.sport = PEER_PORT + 1;
    assert_true(feed(&h, &w) < 0);
    assert_true(next(&h));
    assert_true(h.got.flags & AKSU_RST);
    assert_int_equal(h.app.opens, 1);
    assert_true(syn(PEER_PORT + 2, PORT) < 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_RST | AKSU_ACK);
}

// The backlog: so many half-open connections hold a row; 0 means half of the rows (rounded up).
static void backlog(void **state)
{
    (void)state;
    for (unsigned wanted = 0; wanted <= 3; wanted++) {
        start(&h, &odd);
        assert_int_equal(aksu_listen(&h.net, NULL, PORT, (uint8_t)wanted, &app_handlers, &h.app),
                         AKSU_OK);
        for (unsigned i = 0; i < 5; i++) {
            syn((uint16_t)(2000 + i), PORT);
            drain(&h);
        }
        assert_int_equal(aksu_connections(&h.net), wanted ? wanted : 3);
    }
}

// Half-open connections that unlisten drops are not counted any longer: when all rows are open, a
// SYN is dropped, not answered by a cookie that could not be taken.
static void unlisten_forgets(void **state)
{
    (void)state;
    listen_on(&h, PORT);
    for (uint16_t i = 0; i < 2; i++) {
        assert_int_equal(syn((uint16_t)(2000 + i), PORT), 0);
        drain(&h);
    }
    assert_int_equal(aksu_unlisten(&h.net, NULL, PORT), AKSU_OK);
    assert_int_equal(aksu_counters(&h.net)->half_open_lost, 2);
    listen_on(&h, PORT);
    for (uint16_t i = 0; i < 4; i++)
        establish(&h, (uint16_t)(3000 + i));
    assert_int_equal(syn(2000, PORT), -AKSU_DROP_NO_ROW);
    quiet(&h);
    assert_int_equal(aksu_counters(&h.net)->cookies_sent, 0);
}

// SM-14: RST in SYN-RECEIVED: the row is free again, the user is not told.
static void reset_half_open(void **state)
{
    (void)state;
    listen_on(&h, PORT);
    assert_int_equal(syn(PEER_PORT, PORT), 0);
    assert_true(next(&h));
    struct wire w = tcp(AKSU_RST, 1001, 0, 0);
    assert_int_equal(feed(&h, &w), 0);
    quiet(&h);
    assert_int_equal(aksu_connections(&h.net), 0);
    assert_int_equal(h.app.accepts + h.app.closes, 0);
    pass(&h, 10000);
    establish(&h, PEER_PORT);
}

// The client's SYN again (the SYN,ACK was lost): the same connection, the same ISS.
static void syn_again(void **state)
{
    (void)state;
    listen_on(&h, PORT);
    assert_int_equal(syn(PEER_PORT, PORT), 0);
    assert_true(next(&h));
    uint32_t iss = h.got.seq;
    syn(PEER_PORT, PORT);
    drain(&h);
    assert_int_equal(aksu_connections(&h.net), 1);
    struct wire w = tcp(AKSU_ACK, 1001, iss + 1, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.opens, 1);
}

// MUST-46: remote addresses that cannot be connected to.
static void invalid_remotes(void **state)
{
    (void)state;
    const struct aksu_addr bad[] = {aksu_ipv4(255, 255, 255, 255), aksu_ipv4(224, 0, 0, 1),
                                    aksu_ipv4(0, 0, 0, 0),         aksu_ipv4(192, 0, 2, 255),
                                    aksu_ipv4(127, 0, 0, 1),       aksu_ipv4(240, 0, 0, 1),
                                    {{0x20, 1, 0x0d, 0xb8, 1}}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct aksu_endpoint to = {bad[i], 80};
        int got = aksu_connect(&h.net, &to, 0, &app_handlers, &h.app);
        if (got != AKSU_EADDRNOTAVAIL)
            fail_msg("row %d: %d", (int)i, got);
    }
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 0};
    assert_int_equal(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app), AKSU_EINVAL);
    quiet(&h);
    assert_int_equal(aksu_connections(&h.net), 0);
}

// Without a gateway, what is not on the local network cannot be reached.
static void no_gateway(void **state)
{
    (void)state;
    struct aksu_config config = default_config();
    memset(&config.gateway, 0, sizeof config.gateway);
    start_with(&h, &store, &config);
    struct aksu_endpoint to = {aksu_ipv4(198, 51, 100, 1), 80};
    assert_int_equal(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app), AKSU_EADDRNOTAVAIL);
}

// The same pair of endpoints twice.
static void connect_twice(void **state)
{
    (void)state;
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    assert_true(aksu_connect(&h.net, &to, 5000, &app_handlers, &h.app) > 0);
    assert_int_equal(aksu_connect(&h.net, &to, 5000, &app_handlers, &h.app), AKSU_EADDRINUSE);
    to.port = 81;
    assert_true(aksu_connect(&h.net, &to, 5000, &app_handlers, &h.app) > 0);
}

// SM-07, MUST-12: refused by RST; on_close is the last and only word.
static void refused(void **state)
{
    (void)state;
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    assert_true(aksu_connect(&h.net, &to, 5000, &app_handlers, &h.app) > 0);
    drain(&h);
    answer_arp(&h, PEER, peer_mac);
    assert_true(next(&h));
    struct wire w = tcp(AKSU_RST | AKSU_ACK, 0, h.got.seq + 1, 0);
    w.sport = 80;
    w.dport = 5000;
    assert_int_equal(feed(&h, &w), 0);
    quiet(&h);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.close_reason, AKSU_ECONNREFUSED);
    assert_int_equal(h.app.opens, 0);
}

// SM-08, R5961-08: the handshake of an active open; a wrong SYN,ACK is reset.
static void active_open(void **state)
{
    (void)state;
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    assert_true(aksu_connect(&h.net, &to, 5000, &app_handlers, &h.app) > 0);
    drain(&h);
    answer_arp(&h, PEER, peer_mac);
    assert_true(next(&h));
    uint32_t iss = h.got.seq;
    struct wire w = tcp(AKSU_SYN | AKSU_ACK, 1000, iss, 0);
    w.sport = 80;
    w.dport = 5000;
    feed(&h, &w);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_RST);
    assert_int_equal(h.got.seq, iss);
    assert_int_equal(h.app.closes, 0);
    w.ack = iss + 1;
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.opens, 1);
    assert_int_equal(h.app.accepts, 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_ACK);
    assert_int_equal(h.got.ack, 1001);
}

// Handlers may hand a connection over; the new user pointer hears the rest.
static bool hand_over(struct aksu *net, aksu_handle conn, void *user)
{
    static const struct aksu_handlers *const to = &app_handlers;
    (void)user;
    return aksu_set_handlers(net, conn, to, &h.app) == AKSU_OK;
}

static void set_handlers(void **state)
{
    (void)state;
    static const struct aksu_handlers first = {.on_accept = hand_over};
    assert_int_equal(aksu_listen(&h.net, NULL, PORT, 0, &first, NULL), AKSU_OK);
    assert_int_equal(syn(PEER_PORT, PORT), 0);
    assert_true(next(&h));
    struct wire w = tcp(AKSU_ACK, 1001, h.got.seq + 1, 4);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.opens, 1);
    assert_int_equal(h.app.len, 4);
    assert_ptr_equal(aksu_user(&h.net, h.app.conn), &h.app);
}

// All handlers NULL: nobody is interested, nothing breaks.
static void no_handlers(void **state)
{
    (void)state;
    static const struct aksu_handlers none;
    assert_int_equal(aksu_listen(&h.net, NULL, PORT, 0, &none, NULL), AKSU_OK);
    assert_int_equal(syn(PEER_PORT, PORT), 0);
    assert_true(next(&h));
    uint32_t iss = h.got.seq;
    struct wire w = tcp(AKSU_ACK | AKSU_FIN, 1001, iss + 1, 4);
    assert_int_equal(feed(&h, &w), 0);
    drain(&h);
    w = tcp(AKSU_RST, 1006, 0, 0);
    feed(&h, &w);
    drain(&h);
    assert_int_equal(aksu_connections(&h.net), 0);
}

// Half-open connections count at the listener that took them, whatever listens since.
static void another_listener_in_between(void **state)
{
    (void)state;
    struct aksu_addr ours = aksu_ipv4(192, 0, 2, 1);
    listen_on(&h, PORT);
    for (uint16_t i = 0; i < 2; i++) { // its backlog
        assert_int_equal(syn((uint16_t)(2000 + i), PORT), 0);
        drain(&h);
    }
    assert_int_equal(aksu_listen(&h.net, &ours, PORT, 0, &app_handlers, &h.app), AKSU_OK);
    for (uint16_t i = 0; i < 2; i++) {
        struct wire w = tcp(AKSU_RST, 1001, 0, 0);
        w.sport = (uint16_t)(2000 + i);
        assert_int_equal(feed(&h, &w), 0);
        drain(&h);
    }
    assert_int_equal(aksu_unlisten(&h.net, &ours, PORT), AKSU_OK);
    assert_int_equal(aksu_connections(&h.net), 0);
    assert_int_equal(syn(2000, PORT), 0);
    drain(&h);
    assert_int_equal(aksu_connections(&h.net), 1);
    assert_int_equal(aksu_counters(&h.net)->cookies_sent, 0);
}

// There is no IPv6: an address of it is not "any". The address of none is.
static void not_ipv4(void **state)
{
    (void)state;
    struct aksu_addr v6 = {{0xfe, 0x80, [15] = 1}}, none = {{0}};
    struct aksu_endpoint to = {v6, 80};
    assert_int_equal(aksu_listen(&h.net, &v6, PORT, 0, &app_handlers, &h.app), AKSU_EINVAL);
    assert_int_equal(aksu_set_address(&h.net, &none, 24, NULL), AKSU_EINVAL);
    assert_int_equal(aksu_set_address(&h.net, &v6, 24, NULL), AKSU_EINVAL);
    struct aksu_addr ours = aksu_ipv4(192, 0, 2, 1);
    assert_int_equal(aksu_set_address(&h.net, &ours, 24, &v6), AKSU_EINVAL);
    assert_int_equal(aksu_set_address(&h.net, &ours, 24, &none), AKSU_OK);
    assert_int_equal(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app), AKSU_EADDRNOTAVAIL);
    assert_int_equal(aksu_listen(&h.net, &none, PORT, 0, &app_handlers, &h.app), AKSU_OK);
    assert_int_equal(syn(PEER_PORT, PORT), 0);
}

// What a half-open connection's handle can be had for: nothing of the application's.
static void half_open_is_nobodys(void **state)
{
    (void)state;
    listen_on(&h, PORT);
    assert_int_equal(syn(PEER_PORT, PORT), 0);
    aksu_handle conn = aksu_next_connection(&h.net, 0);
    assert_true(conn > 0);
    assert_null(aksu_user(&h.net, conn));
    assert_int_equal(aksu_set_handlers(&h.net, conn, &app_handlers, &h.app), AKSU_EBADF);
}

#define T(f) cmocka_unit_test_setup(f, setup)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(another_listener_in_between),
        T(not_ipv4),
        T(half_open_is_nobodys),
        T(closed_port),
        T(closed_port_others),
        T(all_flags),
        T(drop_reasons),
        T(listen_touches_nothing),
        T(listen_beside_active_open),
        T(local_address),
        T(exact_before_any),
        T(bad_arguments),
        T(announced_when_open),
        T(veto),
        T(unlisten),
        T(reset_half_open),
        T(backlog),
        T(unlisten_forgets),
        T(syn_again),
        T(invalid_remotes),
        T(no_gateway),
        T(connect_twice),
        T(refused),
        T(active_open),
        T(set_handlers),
        T(no_handlers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
