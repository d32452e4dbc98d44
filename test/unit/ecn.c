// SPDX-License-Identifier: MIT
// ECN on the wire: RFC 3168. What follows from it is in the transition tests.
#include "frames.h"

enum { ECE = AKSU_ECE, CWR = AKSU_CWR, ECT_0 = 2, CE = 3, DSCP = 46 };

AKSU_STORAGE(store, 2, 1, 1024, 4096);
static struct host h;

static int begin(void **state)
{
    (void)state;
    struct aksu_config config = default_config();
    config.profile = &aksu_full;
    start_with(&h, &store, &config);
    listen_on(&h, PORT);
    return 0;
}

// A client that asks for ECN, or not.
static uint32_t client(unsigned flags)
{
    struct wire w = tcp(AKSU_SYN | flags, 1000, 0, 0);
    w.tos = flags == 0 ? CE : 0; // 6.1.1: no SYN is marked; if one is, that is nothing
    assert_int_equal(feed(&h, &w), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK | (flags == (ECE | CWR) ? ECE : 0));
    assert_int_equal(h.got.tos, 0);
    uint32_t iss = h.got.seq;
    w = tcp(AKSU_ACK, 1001, iss + 1, 0);
    assert_int_equal(feed(&h, &w), 0);
    quiet(&h);
    return iss;
}

// The bits stand below the code point, in what is sent and in what comes.
static void marks(void **state)
{
    (void)state;
    uint32_t iss = client(ECE | CWR);
    assert_int_equal(aksu_set(&h.net, h.app.conn, AKSU_DSCP, DSCP), AKSU_OK);
    assert_int_equal(aksu_send(&h.net, h.app.conn, "hello", 5), 5);
    assert_true(next(&h));
    assert_int_equal(h.got.len, 5);
    assert_int_equal(h.got.tos, DSCP << 2 | ECT_0);
    for (unsigned tos = 0; tos < 256; tos++) {
        begin(state);
        iss = client(ECE | CWR);
        struct wire w = tcp(AKSU_ACK, 1001, iss + 1, 100);
        w.tos = (uint8_t)tos;
        assert_int_equal(feed(&h, &w), 0);
        h.now += 500;
        assert_true(next(&h));
        assert_int_equal(h.got.flags, AKSU_ACK | ((tos & CE) == CE ? ECE : 0));
        assert_int_equal(h.got.tos, 0);
    }
}

// So do they with timestamps.
static void marks_beside_timestamps(void **state)
{
    (void)state;
    struct wire w = tcp(AKSU_SYN | ECE | CWR, 1000, 0, 0);
    put_timestamps(&w, 1, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_true(next(&h));
    w = tcp(AKSU_ACK, 1001, h.got.seq + 1, 0);
    put_timestamps(&w, 1, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(aksu_send(&h.net, h.app.conn, "hello", 5), 5);
    assert_true(next(&h));
    assert_int_equal(h.got.len, 5);
    assert_true(h.got.timestamps);
    assert_int_equal(h.got.tos, ECT_0);
}

static void not_agreed(void **state)
{
    (void)state;
    static const unsigned asked[] = {0, ECE, CWR};
    for (size_t i = 0; i < 3; i++) {
        begin(state);
        client(asked[i]);
        assert_int_equal(aksu_send(&h.net, h.app.conn, "hello", 5), 5);
        assert_true(next(&h));
        assert_int_equal(h.got.tos, 0);
        assert_int_equal(h.got.flags & (ECE | CWR), 0);
    }
}

// Our own SYN asks only where the profile says so, and then a sleeping connection keeps what was
// agreed.
static void client_of_a_profile(void **state)
{
    (void)state;
    for (unsigned asks = 0; asks < 2; asks++) {
        struct aksu_profile p = aksu_full;
        p.ecn = asks ? &aksu_ecn_asks : p.ecn;
        struct aksu_config config = default_config();
        config.profile = &p;
        start_with(&h, &store, &config);
        struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
        aksu_handle conn = aksu_connect(&h.net, &to, 0, &app_handlers, &h.app);
        assert_true(next(&h));
        answer_arp(&h, PEER, peer_mac);
        assert_true(next(&h));
        assert_int_equal(h.got.flags, asks ? AKSU_SYN | ECE | CWR : AKSU_SYN);
        uint16_t port = h.got.sport;
        struct wire w = tcp(AKSU_SYN | AKSU_ACK | ECE, 1000, h.got.seq + 1, 0);
        w.sport = 80;
        w.dport = port;
        assert_int_equal(feed(&h, &w), 0);
        drain(&h);
        static uint8_t saved[AKSU_SAVED];
        assert_int_equal(aksu_save(&h.net, conn, saved, sizeof saved), AKSU_SAVED);
        start_with(&h, &store, &config);
        conn = aksu_resume(&h.net, saved, sizeof saved, 100, &app_handlers, &h.app);
        assert_true(conn > 0);
        assert_int_equal(aksu_send(&h.net, conn, "hello", 5), 5);
        assert_true(next(&h));
        answer_arp(&h, PEER, peer_mac);
        assert_true(next(&h));
        assert_int_equal(h.got.len, 5);
        assert_int_equal(h.got.tos, asks ? ECT_0 : 0);
        p.ecn = NULL; // one that knows no ECN does not take it up
        start_with(&h, &store, &config);
        int resumed = aksu_resume(&h.net, saved, sizeof saved, 100, &app_handlers, &h.app);
        assert_int_equal(resumed == AKSU_EPROTO, asks);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        T(marks),
        T(marks_beside_timestamps),
        T(not_agreed),
        T(client_of_a_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
