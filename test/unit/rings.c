// SPDX-License-Identifier: MIT
// Data in and out: copying, in place, wrapped, by emit.
#include "frames.h"

enum { RX = 1000, TX = 1000 };
AKSU_STORAGE(store, 2, 2, RX, TX);
AKSU_STORAGE(no_tx, 2, 2, RX, 0);
static struct host h;
static uint32_t iss;

static int setup(void **state)
{
    (void)state;
    start(&h, &store);
    listen_on(&h, PORT);
    iss = establish(&h, PEER_PORT);
    return 0;
}

static uint8_t octet(uint32_t i)
{
    return (uint8_t)(i * 31 + (i >> 8) * 7 + 3);
}

static void fill(uint8_t *to, uint32_t from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = octet(from + (uint32_t)i);
}

static void expect_octets(const uint8_t *data, uint32_t from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (data[i] != octet(from + (uint32_t)i))
            fail_msg("octet %u is wrong", (unsigned)(from + i));
}

static int arrive(uint32_t offset, size_t len)
{
    uint8_t text[1460];
    struct wire w = tcp(AKSU_ACK, 1001 + offset, iss + 1, len);
    fill(text, offset, len);
    w.data = text;
    return feed(&h, &w);
}

// The ring wraps many times, at every phase.
static void receive_wraps(void **state)
{
    (void)state;
    uint32_t total = 0;
    for (unsigned i = 0; i < 60; i++) {
        size_t len = 137 + i * 13 % 400;
        assert_int_equal(arrive(total, len), 0);
        total += (uint32_t)len;
        drain(&h);
    }
    assert_int_equal(h.app.len, total);
    expect_octets(h.app.data, 0, total);
}

// Out of order, across the wrap.
static void reassembly_wraps(void **state)
{
    (void)state;
    assert_int_equal(arrive(0, 900), 0);
    pass(&h, 500); // the window is offered anew
    assert_int_equal(arrive(1100, 200), 0);
    assert_int_equal(arrive(1500, 300), 0);
    assert_int_equal(arrive(950, 150), 0);
    assert_int_equal(h.app.len, 900);
    assert_int_equal(arrive(900, 50), 0);
    assert_int_equal(h.app.len, 1300);
    assert_int_equal(arrive(1300, 200), 0);
    assert_int_equal(h.app.len, 1800);
    expect_octets(h.app.data, 0, 1800);
}

// In place: peek lends what is contiguous, consume frees it.
static void peek_and_consume(void **state)
{
    (void)state;
    uint32_t total = 0, read = 0;
    h.app.keep = true;
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(arrive(total, 300), 0);
        total += 300;
        size_t len;
        const uint8_t *p;
        while ((p = aksu_peek(&h.net, h.app.conn, &len)) != NULL) {
            assert_in_range(len, 1, 300);
            expect_octets(p, read, len);
            assert_int_equal(aksu_consume(&h.net, h.app.conn, len + 301), AKSU_EINVAL);
            size_t n = len > 7 ? len - 7 : len;
            assert_int_equal(aksu_consume(&h.net, h.app.conn, n), AKSU_OK);
            read += (uint32_t)n;
        }
        drain(&h);
    }
    assert_int_equal(read, total);
}

// MAY-8, SHLD-14: nobody reads: the window closes, and opens again.
static void window_closes_and_opens(void **state)
{
    (void)state;
    uint8_t out[RX];
    h.app.keep = true;
    assert_int_equal(arrive(0, RX), 0);
    assert_int_equal(h.app.readable, RX);
    pass(&h, 500);
    assert_int_equal(h.got.wnd, 0);
    assert_int_equal(h.got.ack, 1001 + RX);
    arrive(RX, 1); // a probe
    assert_int_equal(h.app.readable, RX);
    assert_true(next(&h));
    assert_int_equal(h.got.ack, 1001 + RX);
    assert_int_equal(aksu_recv(&h.net, h.app.conn, out, RX), RX);
    expect_octets(out, 0, RX);
    assert_true(next(&h));
    assert_int_equal(h.got.wnd, RX);
    quiet(&h);
}

static void acknowledge(uint32_t octets)
{
    struct wire w = tcp(AKSU_ACK, 1001, iss + 1 + octets, 0);
    assert_int_equal(feed(&h, &w), 0);
}

// Copying send: as many as fit, then 0; what leaves is what was written, across the wrap.
static void send_wraps(void **state)
{
    (void)state;
    uint32_t written = 0, sent = 0;
    uint8_t text[700];
    aksu_set(&h.net, h.app.conn, AKSU_NODELAY, 1);
    for (unsigned i = 0; i < 60; i++) {
        fill(text, written, sizeof text);
        int32_t n = aksu_send(&h.net, h.app.conn, text, sizeof text);
        assert_true(n >= 0);
        written += (uint32_t)n;
        while (next(&h)) {
            assert_int_equal(h.got.seq, iss + 1 + sent);
            expect_octets(h.got.data, sent, h.got.len);
            sent += (uint32_t)h.got.len;
        }
        if (i % 2 == 1)
            acknowledge(sent);
    }
    assert_true(written > 10000);
    acknowledge(sent);
    assert_int_equal(h.app.acked, sent);
}

static void send_full(void **state)
{
    (void)state;
    static uint8_t text[2 * TX];
    assert_int_equal(aksu_send(&h.net, h.app.conn, text, sizeof text), TX);
    assert_int_equal(aksu_send(&h.net, h.app.conn, text, 1), 0);
    size_t len;
    assert_null(aksu_room(&h.net, h.app.conn, &len));
    drain(&h);
    acknowledge(TX);
    assert_int_equal(h.app.sents, 1);
    assert_int_equal(aksu_send(&h.net, h.app.conn, text, sizeof text), TX);
}

// In place: room lends, commit queues.
static void room_and_commit(void **state)
{
    (void)state;
    uint32_t written = 0, sent = 0;
    for (unsigned i = 0; i < 40; i++) {
        size_t len;
        uint8_t *p;
        while ((p = aksu_room(&h.net, h.app.conn, &len)) != NULL && written - sent < 900) {
            assert_in_range(len, 1, TX);
            size_t n = len < 333 ? len : 333;
            fill(p, written, n);
            assert_int_equal(aksu_commit(&h.net, h.app.conn, n), AKSU_OK);
            written += (uint32_t)n;
        }
        while (next(&h)) {
            expect_octets(h.got.data, h.got.seq - iss - 1, h.got.len);
            sent = h.got.seq - iss - 1 + (uint32_t)h.got.len;
        }
        acknowledge(sent);
    }
    assert_true(sent > 10000);
    size_t len;
    assert_non_null(aksu_room(&h.net, h.app.conn, &len));
    assert_int_equal(aksu_commit(&h.net, h.app.conn, TX + 1), AKSU_EINVAL);
}

// A retransmission carries the same octets.
static void retransmission(void **state)
{
    (void)state;
    uint8_t text[800];
    fill(text, 0, sizeof text);
    aksu_send(&h.net, h.app.conn, text, sizeof text);
    assert_true(next(&h));
    pass(&h, 1500);
    assert_int_equal(h.got.seq, iss + 1);
    expect_octets(h.got.data, 0, h.got.len);
    assert_int_equal(aksu_counters(&h.net)->retransmitted, 1);
    assert_int_equal(aksu_counters(&h.net)->timeouts, 1);
}

// Output into a buffer that is too small loses nothing.
static void small_output_buffer(void **state)
{
    (void)state;
    uint8_t text[800], frame[100];
    fill(text, 0, sizeof text);
    aksu_send(&h.net, h.app.conn, text, sizeof text);
    size_t n = aksu_output(&h.net, h.now, frame, sizeof frame);
    assert_true(n <= sizeof frame);
    uint32_t got = 0;
    if (n > 0) {
        struct wire w;
        parse(frame, n, &w);
        got = (uint32_t)w.len;
    }
    while (next(&h)) {
        expect_octets(h.got.data, h.got.seq - iss - 1, h.got.len);
        got += (uint32_t)h.got.len;
    }
    pass(&h, 0);
    acknowledge(got);
    assert_true(got == 800 || drain(&h) > 0);
}

// The buffer must hold the largest frame, to the octet: MTU and 14, or MTU for bare IP. In a
// smaller one nothing is written or counted, and what waits goes on waiting.
static void output_buffer_limit(void **state)
{
    (void)state;
    for (size_t header = 0; header <= 14; header += 14) {
        struct aksu_config config = default_config();
        uint8_t frame[590 + 1], untouched[sizeof frame];
        struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
        config.mtu = 576;
        config.link = header ? &aksu_ethernet : NULL;
        start_with(&h, &store, &config);
        assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
        memset(frame, 0xee, sizeof frame);
        memcpy(untouched, frame, sizeof frame);
        assert_int_equal(aksu_output(&h.net, h.now, frame, 575 + header), 0);
        assert_memory_equal(frame, untouched, sizeof frame);
        assert_int_equal(aksu_counters(&h.net)->frames_out, 0);
        assert_int_equal(aksu_idle(&h.net, h.now), 0);
        assert_true(aksu_output(&h.net, h.now, frame, 576 + header) > 0);
        assert_int_equal(aksu_output(&h.net, h.now, frame, 576 + header), 0);
        assert_int_equal(aksu_counters(&h.net)->frames_out, 1);
    }
}

// Reading by single octets, none of them, and more than there are.
static void receive_piecemeal(void **state)
{
    (void)state;
    uint8_t out[10] = {0};
    h.app.keep = true;
    assert_int_equal(arrive(0, 5), 0);
    assert_int_equal(aksu_recv(&h.net, h.app.conn, out, 0), 0);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(aksu_recv(&h.net, h.app.conn, out, 1), 1);
        expect_octets(out, i, 1);
        assert_int_equal(out[1], 0);
    }
    assert_int_equal(aksu_recv(&h.net, h.app.conn, out, sizeof out), 2);
    expect_octets(out, 3, 2);
    assert_int_equal(aksu_recv(&h.net, h.app.conn, out, 1), 0);
}

static uint32_t emit_lowest, emit_highest;

static void emit(struct aksu *net, aksu_handle conn, void *user, uint32_t offset, void *to,
                 size_t len)
{
    (void)net;
    (void)conn;
    (void)user;
    if (offset < emit_lowest)
        emit_lowest = offset;
    if (offset + len > emit_highest)
        emit_highest = offset + (uint32_t)len;
    fill(to, offset, len);
}

// Content without a send ring: offsets count from the beginning of the stream.
static void emitted(void **state)
{
    (void)state;
    struct aksu_handlers handlers = app_handlers;
    handlers.emit = emit;
    emit_lowest = UINT32_MAX;
    emit_highest = 0;
    start(&h, &no_tx);
    assert_int_equal(aksu_listen(&h.net, NULL, PORT, 0, &handlers, &h.app), AKSU_OK);
    iss = establish(&h, PEER_PORT);
    assert_int_equal(aksu_send(&h.net, h.app.conn, "x", 1) <= 0, 1); // no ring
    assert_int_equal(aksu_offer(&h.net, h.app.conn, 100000), AKSU_OK);
    uint32_t sent = 0;
    for (unsigned i = 0; i < 300 && sent < 100000; i++) {
        while (next(&h)) {
            assert_int_equal(h.got.seq, iss + 1 + sent);
            expect_octets(h.got.data, sent, h.got.len);
            sent += (uint32_t)h.got.len;
        }
        acknowledge(sent);
    }
    assert_int_equal(sent, 100000);
    assert_int_equal(h.app.acked, 100000);
    assert_int_equal(emit_lowest, 0);
    assert_int_equal(emit_highest, 100000);
    assert_int_equal(aksu_offer(&h.net, h.app.conn, 500), AKSU_OK);
    assert_true(next(&h));
    pass(&h, 1500); // retransmitted: the same octets again
    assert_int_equal(h.got.seq, iss + 100001);
    expect_octets(h.got.data, 100000, h.got.len);
}

// As much can be offered as 2^30 octets that are not acknowledged yet.
static void offer_limit(void **state)
{
    (void)state;
    struct aksu_handlers handlers = app_handlers;
    handlers.emit = emit;
    start(&h, &no_tx);
    assert_int_equal(aksu_listen(&h.net, NULL, PORT, 0, &handlers, &h.app), AKSU_OK);
    iss = establish(&h, PEER_PORT);
    assert_int_equal(aksu_offer(&h.net, h.app.conn, (UINT32_C(1) << 30) + 1), AKSU_EINVAL);
    assert_int_equal(aksu_offer(&h.net, h.app.conn, 1000), AKSU_OK);
    assert_int_equal(aksu_offer(&h.net, h.app.conn, (UINT32_C(1) << 30) - 999), AKSU_EINVAL);
    assert_int_equal(aksu_offer(&h.net, h.app.conn, (UINT32_C(1) << 30) - 1000), AKSU_OK);
    assert_int_equal(aksu_offer(&h.net, h.app.conn, 1), AKSU_EINVAL);
    assert_true(next(&h));
    assert_true(h.got.len > 0);
    acknowledge((uint32_t)h.got.len);
    assert_int_equal(aksu_offer(&h.net, h.app.conn, h.got.len), AKSU_OK);
    assert_int_equal(aksu_offer(&h.net, h.app.conn, 1), AKSU_EINVAL);
}

// Nothing more is taken once sending has ended, whatever ended it.
static void expect_no_more(aksu_handle conn)
{
    size_t len = 77;
    assert_int_equal(aksu_send(&h.net, conn, "x", 1), AKSU_EPIPE);
    assert_int_equal(aksu_commit(&h.net, conn, 0), AKSU_EPIPE);
    assert_int_equal(aksu_offer(&h.net, conn, 0), AKSU_EPIPE);
    assert_null(aksu_room(&h.net, conn, &len));
    assert_int_equal(len, 0);
    assert_int_equal(aksu_shutdown(&h.net, conn), AKSU_EPIPE);
}

static void no_more_is_taken(void **state)
{
    (void)state;
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 81};
    aksu_handle conn = aksu_connect(&h.net, &to, 0, &app_handlers, &h.app);
    assert_int_equal(aksu_shutdown(&h.net, conn), AKSU_OK);
    expect_no_more(conn); // in SYN-SENT
    setup(NULL);
    struct wire w = tcp(AKSU_FIN | AKSU_ACK, 1001, iss + 1, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(aksu_send(&h.net, h.app.conn, "x", 1), 1); // in CLOSE-WAIT
    assert_int_equal(aksu_shutdown(&h.net, h.app.conn), AKSU_OK);
    expect_no_more(h.app.conn);
    drain(&h);
    expect_no_more(h.app.conn); // in LAST-ACK
    setup(NULL);
    w = tcp(AKSU_RST, 1001, 0, 0);
    assert_int_equal(feed(&h, &w), 0);
    expect_no_more(h.app.conn); // in CLOSED, until on_close has told
    drain(&h);
    assert_int_equal(aksu_send(&h.net, h.app.conn, "x", 1), AKSU_EBADF);
}

static void offer_needs_emit(void **state)
{
    (void)state;
    assert_int_equal(aksu_offer(&h.net, h.app.conn, 10), AKSU_EINVAL);
}

// SM-34: nothing can be queued after shutdown.
static void after_shutdown(void **state)
{
    (void)state;
    size_t len;
    assert_int_equal(aksu_shutdown(&h.net, h.app.conn), AKSU_OK);
    assert_int_equal(aksu_send(&h.net, h.app.conn, "x", 1), AKSU_EPIPE);
    assert_int_equal(aksu_commit(&h.net, h.app.conn, 0) == AKSU_OK ||
                         aksu_commit(&h.net, h.app.conn, 0) == AKSU_EPIPE,
                     1);
    assert_null(aksu_room(&h.net, h.app.conn, &len));
    assert_int_equal(aksu_shutdown(&h.net, h.app.conn), AKSU_EPIPE); // SM-33
    assert_int_equal(arrive(0, 100), 0);                             // but receiving goes on
    assert_int_equal(h.app.len, 100);
}

// SM-34: before ESTABLISHED data is queued.
static void send_in_syn_sent(void **state)
{
    (void)state;
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 81};
    aksu_handle conn = aksu_connect(&h.net, &to, 0, &app_handlers, &h.app);
    assert_int_equal(aksu_send(&h.net, conn, "hello", 5), 5);
    assert_true(next(&h));
    answer_arp(&h, PEER, peer_mac);
    assert_true(next(&h));
    assert_int_equal(h.got.len, 0);
    struct wire w = tcp(AKSU_SYN | AKSU_ACK, 1000, h.got.seq + 1, 0);
    w.sport = 81;
    w.dport = h.got.sport;
    assert_int_equal(feed(&h, &w), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.len, 5);
    assert_memory_equal(h.got.data, "hello", 5);
}

// SHLD-3: close with data unread: the peer is reset.
static void close_with_unread_data(void **state)
{
    (void)state;
    h.app.keep = true;
    assert_int_equal(arrive(0, 10), 0);
    assert_int_equal(aksu_close(&h.net, h.app.conn, 0), AKSU_OK);
    assert_true(next(&h));
    assert_true(h.got.flags & AKSU_RST);
    drain(&h);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.close_reason, AKSU_ECONNABORTED);
    assert_int_equal(aksu_connections(&h.net), 0);
}

// on_end, then what is left can still be read, then on_close.
static void fin_then_close(void **state)
{
    (void)state;
    h.app.keep = true;
    struct wire w = tcp(AKSU_FIN | AKSU_ACK, 1001, iss + 1, 5);
    w.data = (const uint8_t *)"hello";
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.ends, 1);
    assert_int_equal(h.app.readable, 5);
    char text[8] = "";
    assert_int_equal(aksu_recv(&h.net, h.app.conn, text, 8), 5);
    assert_string_equal(text, "hello");
    assert_int_equal(aksu_recv(&h.net, h.app.conn, text, 8), 0);
    aksu_close(&h.net, h.app.conn, 0);
    assert_true(next(&h));
    assert_true(h.got.flags & AKSU_FIN);
    w = tcp(AKSU_ACK, 1007, h.got.seq + 1, 0);
    assert_int_equal(feed(&h, &w), 0);
    drain(&h);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.close_reason, AKSU_OK);
}

// Both sides have ended; a connection lasts until its last octet is read, one that moves no window.
static void last_octet(void **state)
{
    (void)state;
    h.app.keep = true;
    struct wire w = tcp(AKSU_ACK | AKSU_FIN, 1001, iss + 1, 1);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(aksu_shutdown(&h.net, h.app.conn), AKSU_OK);
    drain(&h);
    w = tcp(AKSU_ACK, 1003, iss + 2, 0);
    assert_int_equal(feed(&h, &w), 0);
    drain(&h);
    assert_int_equal(aksu_connections(&h.net), 1);
    assert_int_equal(h.app.closes, 0);
    assert_int_equal(aksu_consume(&h.net, h.app.conn, 1), AKSU_OK);
    drain(&h);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(aksu_connections(&h.net), 0);
}

#define T(f) cmocka_unit_test_setup(f, setup)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(receive_wraps),       T(reassembly_wraps),
        T(peek_and_consume),    T(window_closes_and_opens),
        T(send_wraps),          T(send_full),
        T(room_and_commit),     T(retransmission),
        T(small_output_buffer), T(emitted),
        T(offer_needs_emit),    T(offer_limit),
        T(output_buffer_limit), T(receive_piecemeal),
        T(no_more_is_taken),    T(after_shutdown),
        T(send_in_syn_sent),    T(close_with_unread_data),
        T(fin_then_close),      T(last_octet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
