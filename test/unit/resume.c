// SPDX-License-Identifier: MIT
// Saving and resuming a connection over a deep sleep.
#include "frames.h"

AKSU_STORAGE(store, 2, 2, 1024, 1024);
AKSU_STORAGE(fresh_store, 2, 2, 1024, 1024);
AKSU_STORAGE(small_store, 2, 2, 512, 1024);
AKSU_BOARDS(boards, 2, 4);
static struct host h, fresh;
static uint32_t iss;
static uint8_t saved[AKSU_SAVED];

static void open_one(bool timestamps)
{
    static const uint8_t options[20] = {2, 4, 5, 0xb4, 1, 3, 3, 4, 1, 1, 8, 10, 0, 0, 0, 9};
    start(&h, &store);
    listen_on(&h, PORT);
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    memcpy(w.options, options, 20);
    w.options_len = timestamps ? 20 : 4;
    assert_int_equal(feed(&h, &w), 0);
    assert_true(next(&h));
    iss = h.got.seq;
    w = tcp(AKSU_ACK, 1001, iss + 1, 0);
    if (timestamps) {
        memcpy(w.options, options + 8, 12);
        put32(w.options + 8, h.got.tsval);
        w.options_len = 12;
    }
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.opens, 1);
}

static int setup(void **state)
{
    (void)state;
    open_one(false);
    return 0;
}

static int wake(const struct aksu_storage *storage, uint32_t slept)
{
    struct aksu_config config = default_config();
    start_with(&fresh, storage, &config);
    assert_int_equal(aksu_seed(&fresh.net, "another secret..", 16), AKSU_OK);
    fresh.now = 4242;
    aksu_now(&fresh.net, fresh.now);
    return aksu_resume(&fresh.net, saved, sizeof saved, slept, &app_handlers, &fresh.app);
}

// What the trace hook is shown of it: the clock when it was saved, and how long that is ago.
static void traced(void **state)
{
    (void)state;
    struct aksu_trace trace = {.hook = keep_event};
    struct aksu_config config = default_config();
    uint32_t then = h.net.now_ms;
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    start_with(&fresh, &fresh_store, &config);
    assert_int_equal(aksu_seed(&fresh.net, "another secret..", 16), AKSU_OK);
    aksu_trace(&fresh.net, &trace);
    assert_true(aksu_resume(&fresh.net, saved, sizeof saved, 77, &app_handlers, &fresh.app) > 0);
    assert_int_equal(last_event.kind, AKSU_EV_RESUME);
    assert_int_equal(last_event.value, then);
    assert_int_equal(last_event.detail, 77);
}

// It leaves without a word; in a fresh stack, with another secret and clock, it goes on.
static void goes_on(void **state)
{
    (void)state;
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    quiet(&h);
    assert_int_equal(h.app.closes, 0);
    assert_int_equal(aksu_connections(&h.net), 0);
    aksu_handle conn = wake(&fresh_store, 3600000);
    assert_true(conn > 0);
    struct wire w = tcp(AKSU_ACK, 1001, iss + 1, 9);
    assert_int_equal(feed(&fresh, &w), 0);
    assert_int_equal(fresh.app.len, 9);
    assert_int_equal(aksu_send(&fresh.net, conn, "hello", 5), 5);
    bool data = false;
    while (next(&fresh)) {
        if (fresh.got.type == 0x0806) {
            answer_arp(&fresh, PEER, peer_mac);
            continue;
        }
        assert_int_equal(fresh.got.seq, iss + 1);
        assert_int_equal(fresh.got.ack, 1010);
        assert_int_equal(fresh.got.sport, PORT);
        assert_int_equal(fresh.got.dport, PEER_PORT);
        data = data || fresh.got.len == 5;
    }
    assert_true(data);
    w = tcp(AKSU_FIN | AKSU_ACK, 1010, iss + 6, 0);
    assert_int_equal(feed(&fresh, &w), 0);
    assert_int_equal(fresh.app.ends, 1);
    aksu_close(&fresh.net, conn, 0);
    pass(&fresh, 300);
    w = tcp(AKSU_ACK, 1011, iss + 7, 0);
    feed(&fresh, &w);
    drain(&fresh);
    assert_int_equal(fresh.app.closes, 1);
    assert_int_equal(fresh.app.close_reason, AKSU_OK);
}

// Timestamps go on where they were, plus the sleep; PAWS still knows the peer's last.
static void timestamps_go_on(void **state)
{
    (void)state;
    open_one(true);
    uint32_t before = h.got.tsval;
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    aksu_handle conn = wake(&fresh_store, 1000000);
    assert_true(conn > 0);
    assert_int_equal(aksu_send(&fresh.net, conn, "x", 1), 1);
    assert_true(next(&fresh));
    if (fresh.got.type == 0x0806) {
        answer_arp(&fresh, PEER, peer_mac);
        assert_true(next(&fresh));
    }
    assert_true(fresh.got.timestamps);
    assert_int_equal(fresh.got.tsecr, 9);
    assert_in_range(fresh.got.tsval - before, 1000000 - 2000, 1000000 + 2000);
}

// Where another connection's board was a new one begins.
static void board_is_clean(void **state)
{
    (void)state;
    struct aksu_tcb tcb;
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    memcpy(&tcb, saved + 24, sizeof tcb);
    tcb.flags |= AKSU_F_SACK;
    memcpy(saved + 24, &tcb, sizeof tcb);
    struct aksu_config config = default_config();
    config.profile = &aksu_full;
    config.boards = &boards;
    memset(boards_boards, 0x5a, sizeof boards_boards);
    start_with(&fresh, &fresh_store, &config);
    assert_int_equal(aksu_seed(&fresh.net, "another secret..", 16), AKSU_OK);
    assert_true(aksu_resume(&fresh.net, saved, sizeof saved, 0, &app_handlers, &fresh.app) > 0);
    unsigned count = 0;
    for (unsigned i = 0; i < 2; i++) {
        const struct aksu_board *b = &boards_boards[i].board;
        count += b->size == 4 && b->runs == 0 && b->timer == 0 && b->probe == 0 && !b->loss;
    }
    assert_int_equal(count, 1);
}

// So do the options that are the stack's own.
static void options_go_on(void **state)
{
    (void)state;
    assert_int_equal(aksu_set(&h.net, h.app.conn, AKSU_TTL, 33), AKSU_OK);
    assert_int_equal(aksu_set(&h.net, h.app.conn, AKSU_DSCP, 46), AKSU_OK);
    drain(&h);
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    aksu_handle conn = wake(&fresh_store, 1000);
    assert_int_equal(aksu_send(&fresh.net, conn, "x", 1), 1);
    assert_true(next(&fresh));
    answer_arp(&fresh, PEER, peer_mac);
    assert_true(next(&fresh));
    assert_int_equal(fresh.got.len, 1);
    assert_int_equal(fresh.got.ttl, 33);
    assert_int_equal(fresh.got.tos, 46 << 2);
}

// Nobody answers for the next hop, and none is known from before: the connection hears of it after
// ten questions, and nothing but those goes out.
static void next_hop_is_gone(void **state)
{
    (void)state;
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    aksu_handle conn = wake(&fresh_store, 1000);
    assert_int_equal(aksu_send(&fresh.net, conn, "x", 1), 1);
    unsigned requests = 0;
    for (uint32_t ms = 0; ms < 30000; ms += 100) {
        while (next(&fresh)) {
            assert_int_equal(fresh.got.type, 0x0806);
            assert_int_equal(fresh.got.tpa, PEER);
            requests++;
        }
        fresh.now += 100;
    }
    assert_int_equal(requests, 10);
    assert_int_equal(fresh.app.closes, 1);
    assert_int_equal(fresh.app.close_reason, AKSU_EHOSTUNREACH);
    assert_int_equal(aksu_connections(&fresh.net), 0);
    assert_int_equal(aksu_idle(&fresh.net, fresh.now), AKSU_NEVER);
}

// Keep-alive goes on by itself: the sleep counts as idle time.
static void keep_alive_goes_on(void **state)
{
    (void)state;
    aksu_set(&h.net, h.app.conn, AKSU_KEEPALIVE_IDLE, 60);
    aksu_set(&h.net, h.app.conn, AKSU_KEEPALIVE, 1);
    drain(&h);
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    assert_true(wake(&fresh_store, 50000) > 0);
    quiet(&fresh);
    assert_int_equal(aksu_idle(&fresh.net, fresh.now), 10000);
    fresh.now += 10000;
    assert_true(next(&fresh));
    answer_arp(&fresh, PEER, peer_mac);
    assert_true(next(&fresh));
    assert_int_equal(fresh.got.len, 0);
    assert_int_equal(fresh.got.seq, iss);
}

// Only a stack of the same address and of a profile with what was negotiated takes it.
static void other_stack(void **state)
{
    (void)state;
    static const uint8_t permitted[4] = {1, 1, 4, 2};
    for (unsigned row = 0; row < 5; row++) {
        struct aksu_config config = default_config();
        if (row < 2)
            open_one(row == 0);
        if (row >= 2) { // SACK, without timestamps
            start(&h, &store);
            listen_on(&h, PORT);
            struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
            memcpy(w.options, permitted, 4);
            w.options_len = 4;
            assert_int_equal(feed(&h, &w), 0);
            assert_true(next(&h));
            assert_true(h.got.sack_permitted);
            w = tcp(AKSU_ACK, 1001, h.got.seq + 1, 0);
            assert_int_equal(feed(&h, &w), 0);
        }
        assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
        if (row < 3)
            config.profile = &aksu_lean;
        if (row == 3)
            config.addr = aksu_ipv4(192, 0, 2, 9);
        start_with(&fresh, &fresh_store, &config);
        int result = aksu_resume(&fresh.net, saved, sizeof saved, 0, &app_handlers, &fresh.app);
        if (row == 1 || row == 4) // nothing was negotiated; all is as it was
            assert_true(result > 0);
        else
            assert_int_equal(result, AKSU_EPROTO);
    }
}

// Not while anything is on its way.
static void busy(void **state)
{
    (void)state;
    h.app.keep = true;
    struct wire w = tcp(AKSU_ACK, 1001, iss + 1, 10);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_EBUSY);
    assert_int_equal(aksu_consume(&h.net, h.app.conn, 10), AKSU_OK);
    drain(&h);
    assert_int_equal(aksu_send(&h.net, h.app.conn, "x", 1), 1);
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_EBUSY);
    drain(&h);
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_EBUSY);
    w = tcp(AKSU_ACK, 1011, iss + 2, 0);
    assert_int_equal(feed(&h, &w), 0);
    pass(&h, 1000);
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
}

// Nor with data out of order, nor once a side has closed.
static void not_established(void **state)
{
    (void)state;
    struct wire w = tcp(AKSU_ACK, 1101, iss + 1, 10);
    assert_int_equal(feed(&h, &w), 0);
    drain(&h);
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_EBUSY);
    setup(NULL);
    aksu_shutdown(&h.net, h.app.conn);
    drain(&h);
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_EBUSY);
}

static void bad_arguments(void **state)
{
    (void)state;
    aksu_handle conn = h.app.conn;
    assert_int_equal(aksu_save(&h.net, conn, saved, sizeof saved - 1), AKSU_ENOMEM);
    assert_int_equal(aksu_save(&h.net, conn + 1, saved, sizeof saved), AKSU_EBADF);
    assert_int_equal(aksu_save(&h.net, conn, saved, sizeof saved), AKSU_SAVED);
    assert_int_equal(aksu_save(&h.net, conn, saved, sizeof saved), AKSU_EBADF);
}

// A buffer that is not one: cut short, of another ring, of another version, damaged.
static void refused(void **state)
{
    (void)state;
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    assert_int_equal(wake(&small_store, 0), AKSU_EPROTO);
    assert_true(wake(&fresh_store, 0) > 0);
    assert_int_equal(aksu_resume(&fresh.net, saved, sizeof saved, 0, &app_handlers, &fresh.app),
                     AKSU_EADDRINUSE);
    struct aksu_config config = default_config();
    start_with(&fresh, &fresh_store, &config);
    for (size_t n = 0; n < sizeof saved; n += 7)
        assert_int_equal(aksu_resume(&fresh.net, saved, n, 0, &app_handlers, &fresh.app),
                         AKSU_EPROTO);
    for (size_t i = 0; i < 8; i++) { // the version is in front
        uint8_t damaged[AKSU_SAVED];
        memcpy(damaged, saved, sizeof saved);
        damaged[i] ^= 0x5a;
        int result = aksu_resume(&fresh.net, damaged, sizeof damaged, 0, &app_handlers, &fresh.app);
        if (i < 4)
            assert_int_equal(result, AKSU_EPROTO);
    }
}

// Timers that do not exist would never be done, and none but keep-alive's runs in what is idle.
static void timers_that_cannot_run(void **state)
{
    (void)state;
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    uint8_t *timers = saved + 24 + offsetof(struct aksu_tcb, timers);
    for (unsigned bit = 1; bit <= 0x80; bit <<= 1) {
        *timers ^= (uint8_t)bit;
        int result = wake(&fresh_store, 0);
        *timers ^= (uint8_t)bit;
        if (bit == AKSU_TIMER_MISC)
            assert_true(result > 0);
        else
            assert_int_equal(result, AKSU_EPROTO);
    }
}

// Nothing is held out of order, so neither a FIN nor a duplicate to be reported is.
static void flags_that_cannot_be(void **state)
{
    (void)state;
    static const uint16_t flags[] = {AKSU_F_SYN_UNACKED, AKSU_F_FIN, AKSU_F_RCV_CLOSED,
                                     AKSU_F_FIN_HELD, AKSU_F_DSACK};
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    uint8_t *at = saved + 24 + offsetof(struct aksu_tcb, flags);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        uint16_t was, is;
        memcpy(&was, at, sizeof was);
        is = (uint16_t)(was | flags[i]);
        memcpy(at, &is, sizeof is);
        assert_int_equal(wake(&fresh_store, 0), AKSU_EPROTO);
        memcpy(at, &was, sizeof was);
    }
}

static void set_saved(size_t member, const void *value, size_t size)
{
    memcpy(saved + 24 + member, value, size);
}

// A value that is refused; what was there is put back.
static void refuse(size_t member, const void *value, size_t size)
{
    uint8_t was[4];

    memcpy(was, saved + 24 + member, size);
    set_saved(member, value, size);
    assert_int_equal(wake(&fresh_store, 0), AKSU_EPROTO);
    set_saved(member, was, size);
}

// Segments of the size that was agreed must fit the MTU that is.
static void mss_beyond_the_mtu(void **state)
{
    (void)state;
    const uint16_t mss = 1461;
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    refuse(offsetof(struct aksu_tcb, snd_mss), &mss, sizeof mss);
    refuse(offsetof(struct aksu_tcb, rcv_mss), &mss, sizeof mss);
    assert_true(wake(&fresh_store, 0) > 0);
}

// Both windows divide: neither may be nothing.
static void windows_of_nothing(void **state)
{
    (void)state;
    const uint32_t nothing = 0;
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    refuse(offsetof(struct aksu_tcb, cwnd), &nothing, sizeof nothing);
    refuse(offsetof(struct aksu_tcb, ssthresh), &nothing, sizeof nothing);
    assert_true(wake(&fresh_store, 0) > 0);
}

// Timestamps take their part of it.
static void mss_beside_timestamps(void **state)
{
    (void)state;
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    struct aksu_tcb tcb;
    memcpy(&tcb, saved + 24, sizeof tcb);
    uint16_t flags = tcb.flags | AKSU_F_TIMESTAMPS, mss = 1449;
    set_saved(offsetof(struct aksu_tcb, flags), &flags, sizeof flags);
    set_saved(offsetof(struct aksu_tcb, snd_mss), &mss, sizeof mss);
    assert_int_equal(wake(&fresh_store, 0), AKSU_EPROTO);
    mss = 1448;
    set_saved(offsetof(struct aksu_tcb, snd_mss), &mss, sizeof mss);
    assert_true(wake(&fresh_store, 0) > 0);
}

// All is read, so no urgent data ends before the next octet.
static void urgent_pointer_behind(void **state)
{
    (void)state;
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    struct aksu_tcb tcb;
    memcpy(&tcb, saved + 24, sizeof tcb);
    aksu_seq up = tcb.rcv_nxt - 1;
    set_saved(offsetof(struct aksu_tcb, rcv_up), &up, sizeof up);
    assert_int_equal(wake(&fresh_store, 0), AKSU_EPROTO);
    up = tcb.rcv_nxt + 100;
    set_saved(offsetof(struct aksu_tcb, rcv_up), &up, sizeof up);
    assert_true(wake(&fresh_store, 0) > 0);
}

static void refuse_pair(const struct aksu_pair *pair)
{
    uint8_t was[sizeof *pair];

    memcpy(was, saved + 8, sizeof was);
    memcpy(saved + 8, pair, sizeof *pair);
    assert_int_equal(wake(&fresh_store, 0), AKSU_EPROTO);
    memcpy(saved + 8, was, sizeof was);
}

// Neither we ourselves are the peer, nor an address that is no host's; and no port is 0.
static void endpoints_that_cannot_be(void **state)
{
    (void)state;
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    struct aksu_pair pair, good;
    memcpy(&good, saved + 8, sizeof good);
    static const uint32_t nobody[] = {US, 0, UINT32_MAX};
    for (size_t i = 0; i < sizeof nobody / sizeof nobody[0]; i++) {
        pair = good;
        pair.remote = nobody[i];
        refuse_pair(&pair);
    }
    pair = good;
    pair.remote_port = 0;
    refuse_pair(&pair);
    pair = good;
    pair.local_port = 0;
    refuse_pair(&pair);
    assert_true(wake(&fresh_store, 0) > 0);
}

// A TTL of 0 reaches nobody, and a code point of more than 6 bits would spill into the version.
static void header_fields_out_of_range(void **state)
{
    (void)state;
    static const uint8_t bad[][2] = {{0, 0}, {64, 64}, {64, 255}};
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memcpy(saved + 20, bad[i], 2);
        assert_int_equal(wake(&fresh_store, 0), AKSU_EPROTO);
    }
    memcpy(saved + 20, "\1\77", 2);
    assert_true(wake(&fresh_store, 0) > 0);
}

// No row is free.
static void no_row(void **state)
{
    (void)state;
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    establish(&h, 50000);
    establish(&h, 50001);
    assert_int_equal(aksu_resume(&h.net, saved, sizeof saved, 0, &app_handlers, &h.app),
                     AKSU_ENOMEM);
}

// Without a secret nothing opens (R6528-02), and nothing is resumed.
static void no_secret(void **state)
{
    (void)state;
    struct aksu_config config = default_config();
    assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_SAVED);
    memset(&fresh, 0, sizeof fresh);
    assert_int_equal(aksu_init(&fresh.net, &fresh_store, &config), AKSU_OK);
    assert_int_equal(aksu_resume(&fresh.net, saved, sizeof saved, 1, &app_handlers, &fresh.app),
                     AKSU_ENOKEY);
    assert_int_equal(aksu_connections(&fresh.net), 0);
}

static bool save_at_once(struct aksu *net, aksu_handle conn, void *user)
{
    (void)user;
    assert_int_equal(aksu_save(net, conn, saved, sizeof saved), AKSU_SAVED);
    return true;
}

// Saved as it is accepted: no further handler hears of it.
static void saved_in_on_accept(void **state)
{
    (void)state;
    struct aksu_handlers handlers = app_handlers;
    handlers.on_accept = save_at_once;
    start(&h, &store);
    assert_int_equal(aksu_listen(&h.net, NULL, PORT, 0, &handlers, &h.app), AKSU_OK);
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_true(next(&h));
    w = tcp(AKSU_ACK, 1001, h.got.seq + 1, 0);
    assert_int_equal(feed(&h, &w), 0);
    drain(&h);
    assert_int_equal(h.app.opens, 0);
    assert_int_equal(h.app.closes, 0);
    assert_int_equal(aksu_connections(&h.net), 0);
}

#define T(f) cmocka_unit_test_setup(f, setup)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(saved_in_on_accept),
        T(no_secret),
        T(goes_on),
        T(traced),
        T(timestamps_go_on),
        T(board_is_clean),
        T(busy),
        T(not_established),
        T(options_go_on),
        T(next_hop_is_gone),
        T(keep_alive_goes_on),
        T(other_stack),
        T(bad_arguments),
        T(refused),
        T(timers_that_cannot_run),
        T(flags_that_cannot_be),
        T(mss_beyond_the_mtu),
        T(windows_of_nothing),
        T(mss_beside_timestamps),
        T(urgent_pointer_behind),
        T(endpoints_that_cannot_be),
        T(header_fields_out_of_range),
        T(no_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
