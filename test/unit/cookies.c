// SPDX-License-Identifier: MIT
// SYN cookies: R4987-01 to 04.
#include "frames.h"

AKSU_STORAGE(store, 4, 2, 4096, 4096);
static struct host h;

static struct wire stamped(unsigned flags, uint32_t seq, uint32_t ack, uint32_t tsval,
                           uint32_t tsecr)
{
    struct wire w = tcp(flags, seq, ack, 0);
    put_timestamps(&w, tsval, tsecr);
    return w;
}

// The backlog, half of the rows, is taken by SYNs that nobody completes.
static void fill_backlog(void)
{
    for (unsigned i = 0; i < 2; i++) {
        struct wire w = tcp(AKSU_SYN, 1, 0, 0);
        w.sport = (uint16_t)(100 + i);
        assert_int_equal(feed(&h, &w), 0);
        assert_true(next(&h));
    }
    assert_int_equal(aksu_connections(&h.net), 2);
    assert_int_equal(aksu_counters(&h.net)->cookies_sent, 0);
}

static int setup(void **state)
{
    (void)state;
    start(&h, &store);
    listen_on(&h, PORT);
    fill_backlog();
    return 0;
}

// A SYN that only a cookie can answer. Returns the cookie.
static uint32_t cookie_for(const struct wire *syn)
{
    uint32_t before = aksu_counters(&h.net)->cookies_sent;
    feed(&h, syn);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK);
    assert_int_equal(h.got.ack, syn->seq + 1);
    assert_int_equal(aksu_counters(&h.net)->cookies_sent, before + 1);
    assert_int_equal(aksu_connections(&h.net), 2); // R4987-02: no entry until the ACK
    return h.got.seq;
}

static struct wire syn_mss(uint16_t mss)
{
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    w.options[0] = 2;
    w.options[1] = 4;
    put16(w.options + 2, mss);
    w.options_len = 4;
    return w;
}

static const struct aksu_tcb *tcb(void)
{
    static struct aksu_info info;
    assert_int_equal(aksu_info(&h.net, h.app.conn, &info), AKSU_OK);
    return info.tcb;
}

// R4987-02: the whole handshake; data goes both ways.
static void handshake(void **state)
{
    (void)state;
    struct wire w = syn_mss(1460);
    uint32_t cookie = cookie_for(&w);
    assert_int_equal(h.got.mss, 1460);
    w = tcp(AKSU_ACK, 1001, cookie + 1, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.opens, 1);
    assert_int_equal(h.app.accepts, 1);
    assert_int_equal(aksu_counters(&h.net)->cookies_taken, 1);
    w = tcp(AKSU_ACK, 1001, cookie + 1, 7);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.len, 7);
    assert_int_equal(aksu_send(&h.net, h.app.conn, "hello", 5), 5);
    assert_true(next(&h));
    assert_int_equal(h.got.seq, cookie + 1);
    assert_int_equal(h.got.ack, 1008);
    assert_int_equal(h.got.len, 5);
}

// The ACK that completes it may be lost: the first data does as well.
static void data_completes(void **state)
{
    (void)state;
    struct wire w = syn_mss(1460);
    uint32_t cookie = cookie_for(&w);
    w = tcp(AKSU_ACK | AKSU_PSH, 1001, cookie + 1, 100);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.opens, 1);
    assert_int_equal(h.app.len, 100);
}

// The cookie carries the MSS: never more than was offered, not much less for common ones.
static void mss(void **state)
{
    (void)state;
    static const uint16_t offers[] = {0, 100, 536, 600, 1220, 1300, 1440, 1460, 8960, 65535};
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
        setup(NULL);
        struct wire w = syn_mss(offers[i]);
        uint32_t cookie = cookie_for(&w);
        w = tcp(AKSU_ACK, 1001, cookie + 1, 0);
        assert_int_equal(feed(&h, &w), 0);
        unsigned got = tcb()->snd_mss;
        if (offers[i] >= 100)
            assert_true(got <= offers[i]);
        assert_in_range(got, 48, 1460);
        if (offers[i] >= 1460)
            assert_int_equal(got, 1460);
        if (offers[i] >= 536)
            assert_true(got >= 536);
    }
}

// Without an MSS option: 536 at most (MUST-15).
static void no_mss(void **state)
{
    (void)state;
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    uint32_t cookie = cookie_for(&w);
    w = tcp(AKSU_ACK, 1001, cookie + 1, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_in_range(tcb()->snd_mss, 88, 536);
}

// Window scale and SACK travel in the timestamp.
static void options_through_timestamp(void **state)
{
    (void)state;
    for (unsigned mask = 0; mask < 4; mask++) {
        setup(NULL);
        bool ws = (mask & 1) != 0, sack = (mask & 2) != 0;
        struct wire w = stamped(AKSU_SYN, 1000, 0, 4000, 0);
        static const uint8_t wscale[4] = {1, 3, 3, 9}, permitted[4] = {1, 1, 4, 2};
        if (ws)
            memcpy(w.options + w.options_len, wscale, 4), w.options_len = 16;
        if (sack) {
            memcpy(w.options + w.options_len, permitted, 4);
            w.options_len = (uint8_t)(w.options_len + 4);
        }
        uint32_t cookie = cookie_for(&w);
        assert_true(h.got.timestamps);
        assert_int_equal(h.got.tsecr, 4000);
        assert_int_equal(h.got.wscale >= 0, ws);
        assert_int_equal(h.got.sack_permitted, sack);
        uint32_t tsval = h.got.tsval;
        h.now += 20;
        w = stamped(AKSU_ACK, 1001, cookie + 1, 4020, tsval);
        w.wnd = 100;
        assert_int_equal(feed(&h, &w), 0);
        assert_int_equal(tcb()->snd_wscale, ws ? 9 : 0);
        assert_int_equal(tcb()->snd_wnd, ws ? 100u << 9 : 100);
        assert_int_equal((tcb()->flags & AKSU_F_SACK) != 0, sack);
        assert_true(tcb()->flags & AKSU_F_TIMESTAMPS);
        assert_int_equal(aksu_send(&h.net, h.app.conn, "x", 1), 1);
        assert_true(next(&h));
        assert_int_equal(h.got.tsecr, 4020);
        assert_true((int32_t)(h.got.tsval - tsval) >= 0 && h.got.tsval - tsval < 1000);
    }
}

// R7323-05: the cookie's bits in the timestamp do not put it ahead of our clock: what follows at
// once is not less, at whatever moment the SYN came.
static void timestamp_is_not_ahead(void **state)
{
    (void)state;
    static const uint8_t permitted[4] = {1, 1, 4, 2};
    for (unsigned ms = 0; ms < 32; ms++) {
        setup(NULL);
        h.now += ms;
        struct wire w = stamped(AKSU_SYN, 1000, 0, 4000, 0);
        memcpy(w.options + 12, permitted, 4); // and no window scale: all bits are set
        w.options_len = 16;
        uint32_t cookie = cookie_for(&w), tsval = h.got.tsval;
        w = stamped(AKSU_ACK, 1001, cookie + 1, 4000, tsval);
        assert_int_equal(feed(&h, &w), 0);
        assert_int_equal(aksu_send(&h.net, h.app.conn, "x", 1), 1);
        assert_true(next(&h));
        assert_int_equal(h.got.len, 1);
        assert_true((int32_t)(h.got.tsval - tsval) >= 0);
        assert_true(h.got.tsval - tsval < 64);
    }
}

// R4987-03: each bit flipped: RST, no connection.
static void forged(void **state)
{
    (void)state;
    struct wire w = syn_mss(1460);
    uint32_t cookie = cookie_for(&w);
    for (unsigned bit = 0; bit < 32; bit++) {
        w = tcp(AKSU_ACK, 1001, (cookie ^ (1u << bit)) + 1, 0);
        assert_true(feed(&h, &w) < 0);
        assert_int_equal(h.app.opens, 0);
        assert_true(next(&h));
        assert_int_equal(h.got.flags, AKSU_RST);
        assert_int_equal(h.got.seq, w.ack);
    }
    w = tcp(AKSU_ACK, 1002, cookie + 1, 0); // another sequence number
    assert_true(feed(&h, &w) < 0);
    w = tcp(AKSU_ACK, 1001, cookie + 1, 0);
    w.sport++;
    assert_true(feed(&h, &w) < 0);
    w.sport--;
    w.src++;
    assert_true(feed(&h, &w) < 0);
    assert_int_equal(h.app.opens, 0);
}

// Guessing: a blind attacker does not get in by 20,000 tries.
static void guessed(void **state)
{
    (void)state;
    struct wire w = syn_mss(1460);
    cookie_for(&w);
    uint32_t r = 1;
    unsigned hits = 0;
    for (unsigned i = 0; i < 20000; i++) {
        r = r * 1664525u + 1013904223u;
        w = tcp(AKSU_ACK, 1001, r ^ r >> 16, 0);
        hits += feed(&h, &w) == 0;
        drain(&h);
    }
    assert_true(hits <= 1);
}

// R4987-03: not for ever.
static void expired(void **state)
{
    (void)state;
    struct wire w = syn_mss(1460);
    uint32_t cookie = cookie_for(&w);
    h.now += 300000;
    drain(&h);
    w = syn_mss(1460); // cookies are still in use
    w.sport = 7;
    feed(&h, &w);
    drain(&h);
    w = tcp(AKSU_ACK, 1001, cookie + 1, 0);
    assert_true(feed(&h, &w) < 0);
    assert_int_equal(h.app.opens, 0);
}

// R4987-03: nor while a flood goes on, which keeps cookies in use: one to two periods of 65.5 s.
static void expired_in_flood(void **state)
{
    (void)state;
    pass(&h, 100000); // those of setup() are given up
    fill_backlog();
    struct wire w = syn_mss(1460);
    uint32_t cookie = cookie_for(&w);
    for (unsigned i = 0; i < 132; i++) {
        h.now += 1000;
        for (unsigned k = 0; k < 3; k++) {
            w = tcp(AKSU_SYN, 1, 0, 0);
            w.sport = (uint16_t)(200 + 3 * i + k);
            feed(&h, &w);
            drain(&h);
        }
    }
    w = tcp(AKSU_ACK, 1001, cookie + 1, 0);
    assert_int_equal(feed(&h, &w), -AKSU_DROP_NO_CONNECTION);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_RST);
    assert_int_equal(h.app.opens, 0);
    w = syn_mss(1460);
    cookie = cookie_for(&w); // they are in use, and a new one is good
    w = tcp(AKSU_ACK, 1001, cookie + 1, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.opens, 1);
}

// But long enough for a slow client.
static void slow_client(void **state)
{
    (void)state;
    for (uint32_t delay = 0; delay <= 30000; delay += 5000) {
        setup(NULL);
        struct wire w = syn_mss(1460);
        uint32_t cookie = cookie_for(&w);
        h.now += delay;
        w = tcp(AKSU_ACK, 1001, cookie + 1, 0);
        if (feed(&h, &w) != 0)
            fail_msg("refused after %u ms", (unsigned)delay);
        assert_int_equal(h.app.opens, 1);
    }
}

// No cookie was sent: an ACK out of the blue is answered by RST, whatever it acknowledges.
static void not_in_use(void **state)
{
    (void)state;
    start(&h, &store);
    listen_on(&h, PORT);
    struct wire w = tcp(AKSU_ACK, 1001, 12345, 0);
    assert_true(feed(&h, &w) < 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_RST);
    assert_int_equal(h.got.seq, 12345);
}

// R4987-01: a flood: an established connection works on, real clients connect all through it.
static void flood(void **state)
{
    (void)state;
    start(&h, &store);
    listen_on(&h, PORT);
    uint32_t iss = establish(&h, 5000), r = 3;
    aksu_handle old = h.app.conn;
    unsigned clients = 0;
    for (unsigned i = 0; i < 20000; i++) {
        struct wire w = tcp(AKSU_SYN, r, 0, 0);
        r = r * 1664525u + 1013904223u;
        w.src = 0x0a000000u + (r >> 10);
        w.sport = (uint16_t)(1 + r % 60000);
        feed(&h, &w);
        drain(&h);
        h.now += i % 16 == 0;
        if (i % 1000 != 999)
            continue;
        w = syn_mss(1460);
        w.sport = (uint16_t)(6000 + i / 1000);
        feed(&h, &w);
        assert_true(next(&h));
        assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK);
        w = tcp(AKSU_ACK, 1001, h.got.seq + 1, 0);
        w.sport = (uint16_t)(6000 + i / 1000);
        clients += feed(&h, &w) == 0;
        drain(&h);
        w = tcp(AKSU_RST, 1001, 0, 0);
        w.sport = (uint16_t)(6000 + i / 1000);
        feed(&h, &w);
        drain(&h);
    }
    assert_int_equal(clients, 20);
    assert_int_equal(aksu_send(&h.net, old, "x", 1), 1);
    assert_true(next(&h));
    assert_int_equal(h.got.seq, iss + 1);
    assert_int_equal(h.got.dport, 5000);
}

// A client that was given a cookie, from this port, returns it.
static void return_cookie(uint16_t sport)
{
    struct wire w = syn_mss(1460);
    w.sport = sport;
    feed(&h, &w);
    assert_true(next(&h));
    assert_int_equal(h.got.dport, sport);
    w = tcp(AKSU_ACK, 1001, h.got.seq + 1, 0);
    w.sport = sport;
    assert_int_equal(feed(&h, &w), 0);
    quiet(&h);
}

// R4987-04: no row is left for a cookie that comes back: the half-open connection that has waited
// longest gives way, wherever it stands in the table, and no other.
static void oldest_gives_way(void **state)
{
    (void)state;
    for (unsigned again = 0; again < 2; again++) {
        uint32_t iss[2];
        uint16_t old = (uint16_t)(100 + again), young = (uint16_t)(101 - again);
        setup(NULL);
        struct wire w = tcp(AKSU_RST, 2, 0, 0); // the younger one begins anew in its row
        w.sport = young;
        assert_int_equal(feed(&h, &w), 0);
        drain(&h);
        h.now += 500;
        w = tcp(AKSU_SYN, 1, 0, 0);
        for (unsigned i = 0; i < 2; i++) { // the older one's client asks again: it stays older
            w.sport = i == 0 ? young : old;
            feed(&h, &w);
            assert_true(next(&h));
            assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK);
            iss[i] = h.got.seq;
        }
        for (uint16_t i = 0; i < 3; i++)
            return_cookie((uint16_t)(6000 + i));
        assert_int_equal(h.app.opens, 3);
        assert_int_equal(aksu_connections(&h.net), 4);
        assert_int_equal(aksu_counters(&h.net)->half_open_lost, 2); // by RST, and to make room
        w = tcp(AKSU_ACK, 2, iss[1] + 1, 0);
        w.sport = old;
        assert_int_equal(feed(&h, &w), -AKSU_DROP_NO_CONNECTION);
        assert_int_equal(h.app.opens, 3);
        w = tcp(AKSU_ACK, 2, iss[0] + 1, 0);
        w.sport = young;
        assert_int_equal(feed(&h, &w), 0);
        assert_int_equal(h.app.opens, 4);
    }
}

// One half-open connection is enough for cookies: its row is theirs. Without it a SYN is dropped.
static void last_half_open(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 3; i++)
        return_cookie((uint16_t)(6000 + i));
    assert_int_equal(aksu_connections(&h.net), 4);
    return_cookie(6003);
    assert_int_equal(h.app.opens, 4);
    struct wire w = syn_mss(1460);
    assert_int_equal(feed(&h, &w), -AKSU_DROP_NO_ROW);
    quiet(&h);
}

// The one that gave way is not counted any longer: its listener takes as many SYNs as before.
static void backlog_after_giving_way(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 4; i++)
        return_cookie((uint16_t)(6000 + i));
    assert_int_equal(aksu_counters(&h.net)->half_open_lost, 2);
    for (uint16_t i = 0; i < 4; i++) {
        struct wire w = tcp(AKSU_RST, 1001, 0, 0);
        w.sport = (uint16_t)(6000 + i);
        assert_int_equal(feed(&h, &w), 0);
        drain(&h);
    }
    assert_int_equal(aksu_connections(&h.net), 0);
    uint32_t before = aksu_counters(&h.net)->cookies_sent;
    for (uint16_t i = 0; i < 3; i++) {
        struct wire w = syn_mss(1460);
        w.sport = (uint16_t)(7000 + i);
        assert_int_equal(feed(&h, &w), 0);
        drain(&h);
    }
    assert_int_equal(aksu_connections(&h.net), 2);
    assert_int_equal(aksu_counters(&h.net)->cookies_sent, before + 1);
}

// All rows are open when it comes back: a RST, and none of them gives way.
static void open_ones_stay(void **state)
{
    (void)state;
    struct wire w = syn_mss(1460);
    uint32_t cookie = cookie_for(&w);
    for (uint16_t i = 0; i < 2; i++) {
        w = tcp(AKSU_RST, 2, 0, 0);
        w.sport = (uint16_t)(100 + i);
        assert_int_equal(feed(&h, &w), 0);
        drain(&h);
    }
    for (uint16_t i = 0; i < 4; i++)
        establish(&h, (uint16_t)(6000 + i));
    w = tcp(AKSU_ACK, 1001, cookie + 1, 0);
    assert_int_equal(feed(&h, &w), -AKSU_DROP_NO_CONNECTION);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_RST);
    assert_int_equal(h.got.dport, PEER_PORT);
    assert_int_equal(aksu_connections(&h.net), 4);
    assert_int_equal(h.app.closes, 0);
}

// R4987-04: not a SYN,ACK more than the profile's tries for a SYN; none again for a cookie.
static void no_reflection(void **state)
{
    (void)state;
    struct wire w = syn_mss(1460);
    w.sport = 9999;
    cookie_for(&w);
    unsigned again = 0;
    for (unsigned i = 0; i < 200; i++) {
        while (next(&h))
            again += h.got.dport == 9999;
        h.now += 1000;
    }
    assert_int_equal(again, 0);
}

// A cookie made before the wrap of the millisecond clock is good behind it.
static void across_the_wrap(void **state)
{
    (void)state;
    for (uint32_t before = 1; before < 65536; before += 8192) {
        start(&h, &store);
        listen_on(&h, PORT);
        h.now = 0u - before;
        fill_backlog();
        struct wire w = syn_mss(1460);
        uint32_t cookie = cookie_for(&w);
        h.now = 10;
        w = tcp(AKSU_ACK, 1001, cookie + 1, 0);
        assert_int_equal(feed(&h, &w), 0);
        assert_int_equal(h.app.opens, 1);
    }
}

#define T(f) cmocka_unit_test_setup(f, setup)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(across_the_wrap),
        T(handshake),
        T(data_completes),
        T(mss),
        T(no_mss),
        T(options_through_timestamp),
        T(timestamp_is_not_ahead),
        T(forged),
        T(guessed),
        T(expired),
        T(expired_in_flood),
        T(slow_client),
        T(not_in_use),
        T(flood),
        T(oldest_gives_way),
        T(last_half_open),
        T(backlog_after_giving_way),
        T(open_ones_stay),
        T(no_reflection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
