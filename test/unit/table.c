// SPDX-License-Identifier: MIT
// The connection table: handles, demultiplexing, deadlines, exhaustion of each table.
#include "frames.h"

enum { MANY = 300 };
AKSU_STORAGE(store, 4, 2, 1024, 1024);
AKSU_STORAGE(large, MANY, 2, 64, 64);
AKSU_STORAGE_WITH(two_time_waits, 4, 2, 1024, 1024, 2, 100);
AKSU_STORAGE_WITH(eight_time_waits, 4, 2, 1024, 1024, 8, 100);
static struct host h;

static int setup(void **state)
{
    (void)state;
    start(&h, &store);
    listen_on(&h, PORT);
    return 0;
}

static void reset(uint16_t peer_port)
{
    struct wire w = tcp(AKSU_RST, 1001, 0, 0);
    w.sport = peer_port;
    assert_int_equal(feed(&h, &w), 0);
    quiet(&h); // the row is let go of by the next output
}

// Calls through a handle that never was one, or no longer is.
static void expect_stale(aksu_handle conn)
{
    struct aksu_info info;
    uint8_t octet;
    size_t len;
    assert_int_equal(aksu_send(&h.net, conn, "x", 1), AKSU_EBADF);
    assert_int_equal(aksu_recv(&h.net, conn, &octet, 1), AKSU_EBADF);
    assert_int_equal(aksu_consume(&h.net, conn, 1), AKSU_EBADF);
    assert_int_equal(aksu_commit(&h.net, conn, 1), AKSU_EBADF);
    assert_int_equal(aksu_shutdown(&h.net, conn), AKSU_EBADF);
    assert_int_equal(aksu_close(&h.net, conn, 0), AKSU_EBADF);
    assert_int_equal(aksu_abort(&h.net, conn), AKSU_EBADF);
    assert_int_equal(aksu_set(&h.net, conn, AKSU_NODELAY, 1), AKSU_EBADF);
    assert_int_equal(aksu_info(&h.net, conn, &info), AKSU_EBADF);
    assert_null(aksu_peek(&h.net, conn, &len));
    assert_null(aksu_room(&h.net, conn, &len));
    assert_null(aksu_user(&h.net, conn));
}

static void handles_that_never_were(void **state)
{
    (void)state;
    static const aksu_handle handles[] = {0, -1, 1, 5, 0x7fffffff, -0x7fffffff - 1, 4097,
                                          // the first row, never used, and the one behind the last
                                          1 << 19, (1 << 19) + 4};
    for (size_t i = 0; i < sizeof handles / sizeof handles[0]; i++)
        expect_stale(handles[i]);
}

// A handle outlives its connection, and is not taken for the next one in the same row.
static void stale_handles(void **state)
{
    (void)state;
    aksu_handle seen[50];
    for (unsigned i = 0; i < 50; i++) {
        establish(&h, (uint16_t)(40000 + i));
        seen[i] = h.app.conn;
        for (unsigned j = 0; j < i; j++) {
            assert_int_not_equal(seen[j], seen[i]);
            expect_stale(seen[j]);
        }
        reset((uint16_t)(40000 + i));
        assert_int_equal(h.app.closes, i + 1);
        assert_int_equal(h.app.close_reason, AKSU_ECONNRESET);
        expect_stale(seen[i]);
    }
}

// Many rows: each segment finds its own connection, whatever the hash does.
static void demultiplexing(void **state)
{
    (void)state;
    static aksu_handle conn[MANY];
    static uint32_t iss[MANY];
    start(&h, &large);
    listen_on(&h, PORT);
    for (unsigned i = 0; i < MANY; i++) {
        iss[i] = establish(&h, (uint16_t)(10000 + i));
        conn[i] = h.app.conn;
    }
    assert_int_equal(aksu_connections(&h.net), MANY);
    assert_int_equal(aksu_seed(&h.net, "some more octets", 16), AKSU_OK); // moves none of them
    for (unsigned n = 0; n < MANY; n++) {
        unsigned i = n * 7 % MANY;
        struct wire w = tcp(AKSU_ACK, 1001, iss[i] + 1, 1 + i % 50);
        struct aksu_info info;
        w.sport = (uint16_t)(10000 + i);
        h.app.keep = true;
        assert_int_equal(feed(&h, &w), 0);
        assert_int_equal(aksu_info(&h.net, conn[i], &info), AKSU_OK);
        assert_int_equal(info.readable, 1 + i % 50);
        assert_int_equal(info.remote.port, 10000 + i);
    }
    struct wire w = tcp(AKSU_ACK, 1001, 1, 1); // a neighbour of theirs is no connection
    w.sport = 9999;
    assert_true(feed(&h, &w) < 0);
    for (unsigned n = 0; n < MANY; n++) { // taken out in another order
        unsigned i = n * 11 % MANY;
        struct wire r = tcp(AKSU_RST, 1002 + i % 50, 0, 0);
        r.sport = (uint16_t)(10000 + i);
        assert_int_equal(feed(&h, &r), 0);
        drain(&h);
        expect_stale(conn[i]);
    }
    assert_int_equal(aksu_connections(&h.net), 0);
}

// The same ports from another address are another connection.
static void full_tuple(void **state)
{
    (void)state;
    establish(&h, PEER_PORT);
    struct wire w = tcp(AKSU_SYN, 5000, 0, 0);
    w.src = PEER + 1;
    assert_int_equal(feed(&h, &w), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.dst, PEER + 1);
    assert_int_equal(h.got.ack, 5001);
    w = tcp(AKSU_ACK, 5001, h.got.seq + 1, 0);
    w.src = PEER + 1;
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.opens, 2);
}

// aksu_next_connection() visits each row once.
static void walk(void **state)
{
    (void)state;
    unsigned n = 0;
    assert_int_equal(aksu_next_connection(&h.net, 0), 0);
    for (unsigned i = 0; i < 3; i++)
        establish(&h, (uint16_t)(40000 + i));
    aksu_handle seen[4] = {0};
    for (aksu_handle c = 0; (c = aksu_next_connection(&h.net, c)) != 0;) {
        assert_true(n < 3);
        for (unsigned j = 0; j < n; j++)
            assert_int_not_equal(seen[j], c);
        seen[n++] = c;
    }
    assert_int_equal(n, 3);
    assert_int_equal(aksu_connections(&h.net), 3);
}

// No row: an active open says so; with the lean profile (no cookies) a SYN is dropped and counted.
static void rows_exhausted(void **state)
{
    (void)state;
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 81};
    struct aksu_config config = default_config();
    config.profile = &aksu_lean;
    start_with(&h, &store, &config);
    listen_on(&h, PORT);
    for (unsigned i = 0; i < 4; i++)
        establish(&h, (uint16_t)(40000 + i));
    assert_int_equal(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app), AKSU_ENOMEM);
    struct wire w = tcp(AKSU_SYN, 1, 0, 0);
    w.sport = 41000;
    assert_int_equal(feed(&h, &w), -AKSU_DROP_NO_ROW);
    quiet(&h);
    reset(40001);
    assert_int_equal(feed(&h, &w), 0); // the client's next SYN
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK);
}

// A flood of SYNs without cookies: the backlog bounds half-open rows; they time out.
static void half_open_is_bounded(void **state)
{
    (void)state;
    struct aksu_config config = default_config();
    config.profile = &aksu_lean;
    start_with(&h, &store, &config);
    listen_on(&h, PORT);
    for (unsigned i = 0; i < 100; i++) {
        struct wire w = tcp(AKSU_SYN, i, 0, 0);
        w.sport = (uint16_t)(1000 + i);
        feed(&h, &w);
        drain(&h);
        assert_true(aksu_connections(&h.net) <= 2); // half of the rows
    }
    pass(&h, 400000);
    assert_int_equal(aksu_connections(&h.net), 0);
    assert_int_equal(h.app.accepts + h.app.opens + h.app.closes, 0); // never announced
    assert_true(aksu_counters(&h.net)->half_open_lost >= 2);
    establish(&h, PEER_PORT);
}

static void listeners_exhausted(void **state)
{
    (void)state;
    listen_on(&h, 81);
    assert_int_equal(aksu_listen(&h.net, NULL, 82, 0, &app_handlers, &h.app), AKSU_ENOMEM);
    assert_int_equal(aksu_unlisten(&h.net, NULL, 81), AKSU_OK);
    assert_int_equal(aksu_listen(&h.net, NULL, 82, 0, &app_handlers, &h.app), AKSU_OK);
}

// Answers that need no state: few wait, the newest goes first, what does not fit is dropped and
// counted.
static void answers_exhausted(void **state)
{
    (void)state;
    unsigned taken = 0;
    for (unsigned i = 0; i < 20; i++) {
        struct wire w = tcp(AKSU_SYN, 1000 + i, 0, 0);
        w.dport = 9;
        feed(&h, &w);
    }
    assert_int_equal(dropped(&h, AKSU_DROP_REPLY_FULL), 20 - AKSU_ANSWERS);
    while (next(&h)) {
        assert_int_equal(h.got.flags, AKSU_RST | AKSU_ACK);
        assert_int_equal(h.got.seq, 0);
        assert_int_equal(h.got.ack, 1001 + AKSU_ANSWERS - 1 - taken);
        taken++;
    }
    assert_int_equal(taken, AKSU_ANSWERS);
    assert_int_equal(aksu_counters(&h.net)->resets_sent, AKSU_ANSWERS);
}

// Neighbours: more destinations than entries: each is resolved in its turn.
static void neighbours_exhausted(void **state)
{
    (void)state;
    struct aksu_config config = default_config();
    config.gateway = aksu_ipv4(0, 0, 0, 0);
    start_with(&h, &large, &config);
    enum { N = 3 * AKSU_NEIGHBOURS };
    for (unsigned i = 0; i < N; i++) {
        struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, (uint8_t)(10 + i)), 80};
        assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
    }
    bool syn[N] = {false};
    for (unsigned t = 0; t < 200; t++) {
        while (next(&h)) {
            if (h.got.type == 0x0806 && h.got.op == 1) {
                uint8_t mac[6] = {2, 0, 0, 0, 1, (uint8_t)h.got.tpa};
                answer_arp(&h, h.got.tpa, mac);
            } else if (h.got.flags == AKSU_SYN) {
                assert_int_equal(h.got.to[5], h.got.dst & 255);
                syn[(h.got.dst & 255) - 10] = true;
            }
        }
        h.now += 100;
    }
    for (unsigned i = 0; i < N; i++)
        if (!syn[i])
            fail_msg("no SYN to neighbour %u", i);
}

// TIME-WAIT entries: the oldest gives way when the table is full (MUST-13's recorded deviation).
static void time_waits_exhausted(void **state)
{
    (void)state;
    start(&h, &two_time_waits);
    listen_on(&h, PORT);
    for (unsigned i = 0; i < 5; i++) {
        uint32_t iss = establish(&h, (uint16_t)(40000 + i));
        aksu_close(&h.net, h.app.conn, 0);
        assert_true(next(&h));
        struct wire w = tcp(AKSU_FIN | AKSU_ACK, 1001, iss + 2, 0);
        w.sport = (uint16_t)(40000 + i);
        assert_int_equal(feed(&h, &w), 0);
        drain(&h);
        h.now += 10;
    }
    assert_int_equal(aksu_counters(&h.net)->time_wait_lost, 3);
    assert_int_equal(h.app.closes, 5);
    assert_int_equal(h.app.close_reason, AKSU_OK);
    assert_int_equal(aksu_connections(&h.net), 0);
}

// What a segment of old text from a peer's port gets: ACK from TIME-WAIT, RST from nobody.
static unsigned answer_to_old_text(uint16_t peer_port)
{
    struct wire w = tcp(AKSU_ACK, 900, 1, 50);
    w.sport = peer_port;
    assert_true(feed(&h, &w) < 0);
    assert_true(next(&h));
    assert_int_equal(h.got.dport, peer_port);
    return h.got.flags;
}

// All places are used before one gives way; then it is the one that has been there longest.
static void time_waits_give_way_by_age(void **state)
{
    (void)state;
    enum { PLACES = 8, CLOSED = 20 };
    start(&h, &eight_time_waits);
    listen_on(&h, PORT);
    for (unsigned i = 0; i < CLOSED; i++) {
        uint32_t iss = establish(&h, (uint16_t)(40000 + i));
        aksu_close(&h.net, h.app.conn, 0);
        assert_true(next(&h));
        struct wire w = tcp(AKSU_FIN | AKSU_ACK, 1001, iss + 2, 0);
        w.sport = (uint16_t)(40000 + i);
        assert_int_equal(feed(&h, &w), 0);
        drain(&h);
        h.now += 10;
        unsigned lost = i < PLACES ? 0 : i + 1 - PLACES;
        assert_int_equal(aksu_counters(&h.net)->time_wait_lost, lost);
        for (unsigned j = 0; j <= i; j++)
            assert_int_equal(answer_to_old_text((uint16_t)(40000 + j)),
                             j < lost ? AKSU_RST : AKSU_ACK);
    }
}

// aksu_idle() against a scan of what each connection says of itself.
static uint32_t naive_idle(void)
{
    uint32_t least = AKSU_NEVER;
    for (aksu_handle c = 0; (c = aksu_next_connection(&h.net, c)) != 0;) {
        struct aksu_info info;
        assert_int_equal(aksu_info(&h.net, c, &info), AKSU_OK);
        if (info.idle_ms < least)
            least = info.idle_ms;
    }
    return least;
}

static void deadlines(void **state)
{
    (void)state;
    static aksu_handle conn[MANY];
    uint32_t r = 4711;
    start(&h, &large);
    listen_on(&h, PORT);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
    for (unsigned i = 0; i < MANY; i++) {
        establish(&h, (uint16_t)(10000 + i));
        conn[i] = h.app.conn;
    }
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
    for (unsigned n = 0; n < 2000; n++) {
        r = r * 1664525u + 1013904223u;
        unsigned i = (r >> 16) % MANY;
        if ((r >> 28) < 5) {
            aksu_send(&h.net, conn[i], "abc", 3);
        } else if ((r >> 28) < 8) {
            aksu_set(&h.net, conn[i], AKSU_KEEPALIVE, r & 1);
            aksu_set(&h.net, conn[i], AKSU_KEEPALIVE_IDLE, (r >> 8) % 50 + 1);
        } else if ((r >> 28) < 12) {
            struct aksu_info info;
            if (aksu_info(&h.net, conn[i], &info) == AKSU_OK) {
                struct wire w = tcp(AKSU_ACK, 1001, info.tcb->snd_max, 0);
                w.sport = (uint16_t)(10000 + i);
                feed(&h, &w);
            }
        } else {
            h.now += (r >> 8) % 300;
        }
        if ((r & 7) == 0) {
            drain(&h);
            uint32_t want = naive_idle();
            assert_int_equal(aksu_idle(&h.net, h.now), want);
        }
    }
}

#define T(f) cmocka_unit_test_setup(f, setup)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(handles_that_never_were),
        T(stale_handles),
        T(demultiplexing),
        T(full_tuple),
        T(walk),
        T(rows_exhausted),
        T(half_open_is_bounded),
        T(listeners_exhausted),
        T(answers_exhausted),
        T(neighbours_exhausted),
        T(time_waits_exhausted),
        T(time_waits_give_way_by_age),
        T(deadlines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
