// SPDX-License-Identifier: MIT
// Congestion control chosen for each connection.
#include "frames.h"

// Two controls of which only their calls are of interest.
static struct calls {
    unsigned open, acked, lost, timed_out, idle;
} calls[2];

#define CONTROL(n)                                                                                 \
    static void open##n(const struct aksu_step *c)                                                 \
    {                                                                                              \
        calls[n].open++;                                                                           \
        aksu_newreno.open(c);                                                                      \
    }                                                                                              \
    static void acked##n(const struct aksu_step *c, uint32_t octets)                               \
    {                                                                                              \
        (void)c;                                                                                   \
        calls[n].acked += octets;                                                                  \
    }                                                                                              \
    static void lost##n(const struct aksu_step *c, uint32_t flight)                                \
    {                                                                                              \
        (void)c;                                                                                   \
        calls[n].lost += flight;                                                                   \
    }                                                                                              \
    static void timed_out##n(const struct aksu_step *c, uint32_t flight)                           \
    {                                                                                              \
        (void)c;                                                                                   \
        calls[n].timed_out += flight;                                                              \
    }                                                                                              \
    static void idle##n(const struct aksu_step *c)                                                 \
    {                                                                                              \
        (void)c;                                                                                   \
        calls[n].idle++;                                                                           \
    }                                                                                              \
    static const struct aksu_congestion control##n = {open##n, acked##n, lost##n, timed_out##n,    \
                                                      idle##n};
CONTROL(0)
CONTROL(1)
AKSU_CHOICE(both, &control0, &control1);
AKSU_BOARDS(boards, 2, 4);
AKSU_STORAGE(store, 2, 1, 1024, 4096);

static struct host h;
static struct aksu_profile profile;

static int begin(void **state)
{
    (void)state;
    memset(calls, 0, sizeof calls);
    memset(boards_boards, 0x5a, sizeof boards_boards);
    profile = aksu_full;
    profile.congestion = &both.congestion;
    struct aksu_config config = default_config();
    config.profile = &profile;
    config.boards = &boards;
    start_with(&h, &store, &config);
    listen_on(&h, PORT);
    return 0;
}

// A client that knows SACK, or not, with an open connection.
static aksu_handle client(uint16_t port, bool sack)
{
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    w.sport = port;
    if (sack) {
        memcpy(w.options, "\2\4\5\xb4\4\2\1\1", 8);
        w.options_len = 8;
    }
    assert_int_equal(feed(&h, &w), 0);
    assert_true(next(&h));
    w = tcp(AKSU_ACK, 1001, h.got.seq + 1, 0);
    w.sport = port;
    assert_int_equal(feed(&h, &w), 0);
    return h.app.conn;
}

// The client acknowledges five octets that are sent to it.
static void five(aksu_handle conn, uint16_t port)
{
    assert_int_equal(aksu_send(&h.net, conn, "hello", 5), 5);
    assert_true(next(&h));
    struct wire w = tcp(AKSU_ACK, 1001, h.got.seq + 5, 0);
    w.sport = port;
    assert_int_equal(feed(&h, &w), 0);
}

// Each connection has its own, from the moment on that it is chosen.
static void each_its_own(void **state)
{
    (void)state;
    aksu_handle a = client(40000, true), b = client(40001, true);
    assert_int_equal(calls[0].open, 2); // the first is in use until then
    assert_int_equal(aksu_choose(&h.net, b, 1), AKSU_OK);
    five(a, 40000);
    assert_int_equal(calls[0].acked, 5);
    assert_int_equal(calls[1].acked, 0);
    five(b, 40001);
    assert_int_equal(calls[0].acked, 5);
    assert_int_equal(calls[1].acked, 5);
    assert_int_equal(aksu_choose(&h.net, b, 0), AKSU_OK);
    five(b, 40001);
    assert_int_equal(calls[0].acked, 10);
}

// All that a control is asked goes to the one that was chosen.
static void every_call(void **state)
{
    (void)state;
    struct aksu_board board = {.choice = 1};
    struct aksu_tcb t = {.snd_mss = 1000};
    struct aksu_step c = {.p = &profile, .t = &t, .b = &board};
    both.congestion.open(&c);
    both.congestion.acked(&c, 10);
    both.congestion.lost(&c, 20);
    both.congestion.timed_out(&c, 30);
    both.congestion.idle(&c);
    static const struct calls none, all = {1, 10, 20, 30, 1};
    assert_memory_equal(&calls[0], &none, sizeof none);
    assert_memory_equal(&calls[1], &all, sizeof all);
    c.b = NULL;
    both.congestion.acked(&c, 10);
    assert_int_equal(calls[0].acked, 10);
}

// What another control knew of the path is not taken for one's own.
static void begins_anew(void **state)
{
    (void)state;
    aksu_handle conn = client(40000, true);
    struct aksu_board *b = &boards_boards[0].board;
    b = b->size == 4 ? b : &boards_boards[1].board; // the row's
    b->phase = 7;
    memset(b->control, 0x77, sizeof b->control);
    assert_int_equal(aksu_choose(&h.net, conn, 1), AKSU_OK);
    static const uint32_t none[4];
    assert_int_equal(b->phase, 0);
    assert_memory_equal(b->control, none, sizeof none);
    assert_int_equal(b->choice, 1);
}

// The next connection in the row has the first again.
static void not_inherited(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        uint16_t port = (uint16_t)(40000 + i);
        aksu_handle conn = client(port, true);
        five(conn, port);
        assert_int_equal(calls[1].acked, 0);
        assert_int_equal(calls[0].acked, 5 * (i + 1));
        assert_int_equal(aksu_choose(&h.net, conn, 1), AKSU_OK);
        assert_int_equal(aksu_abort(&h.net, conn), AKSU_OK);
        drain(&h);
    }
}

static void no_choice(void **state)
{
    (void)state;
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    aksu_handle conn = aksu_connect(&h.net, &to, 0, &app_handlers, &h.app); // not open yet
    assert_int_equal(aksu_choose(&h.net, conn, 1), AKSU_ENOTCONN);
    assert_int_equal(aksu_choose(&h.net, conn + 1, 1), AKSU_EBADF);
    assert_int_equal(aksu_choose(&h.net, 0, 0), AKSU_EBADF);
    drain(&h);
    conn = client(40001, false);
    assert_int_equal(aksu_choose(&h.net, conn, 1), AKSU_ENOTCONN);
    assert_int_equal(aksu_choose(&h.net, conn, 2), AKSU_EINVAL);
    assert_int_equal(aksu_choose(&h.net, conn, UINT32_MAX), AKSU_EINVAL);
    five(conn, 40001);
    assert_int_equal(calls[0].acked, 5);
    profile.congestion = &aksu_cubic; // no choice
    assert_int_equal(aksu_choose(&h.net, conn, 0), AKSU_EINVAL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        T(each_its_own), T(every_call), T(begins_anew), T(not_inherited), T(no_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
