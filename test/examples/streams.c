// SPDX-License-Identifier: MIT
// Echo, sink, source, transfer and tour.
#include "raw.h"

enum { LEN = 200000 };

static struct transfer near, far;
static struct raw raw;

static void connect_transfer(uint64_t to_send, uint64_t to_receive, enum transfer_end end)
{
    struct aksu_endpoint to = remote(PORT);

    memset(&near, 0, sizeof near);
    near.to_send = to_send;
    near.to_receive = to_receive;
    near.end = end;
    aksu_now(client, pair.now);
    assert_int_equal(transfer_start(client, &to, &near), AKSU_OK);
}

static void check_end(const struct transfer *t, int error)
{
    assert_true(t->opened);
    assert_true(t->done);
    assert_int_equal(t->error, error);
}

static void check(const struct transfer *t, int error)
{
    check_end(t, error);
    assert_true(t->sent == t->to_send);
    assert_true(t->received == t->to_receive);
    assert_true(t->mismatches == 0);
}

/// Echo ///

static void echo_returns_every_octet(void **state)
{
    (void)state;
    for (enum rings rings = BOTH_RINGS; rings <= SMALL_RINGS; rings++) {
        for (uint32_t seed = 0; seed <= 10; seed++) {
            start(rings);
            assert_int_equal(echo_start(server, PORT), AKSU_OK);
            if (seed > 0) {
                lossy(seed);
            }
            uint64_t len = rings == SMALL_RINGS ? LEN / 10 : LEN;
            // Half: the client's FIN comes while most is still to be sent back.
            connect_transfer(len, len, seed % 2 ? TRANSFER_FIRST : TRANSFER_HALF);
            run(3600000, &near.done);
            check(&near, AKSU_OK);
            run(200000, NULL);
            assert_int_equal(aksu_connections(server), 0);
        }
    }
}

// A client that sends and does not read: the echo server takes no more than it can hold.
static void echo_pushes_back(void **state)
{
    static uint8_t data[LEN];
    bool never = false;

    (void)state;
    start(BOTH_RINGS);
    assert_int_equal(echo_start(server, PORT), AKSU_OK);
    memset(&raw, 0, sizeof raw);
    example_fill(0, data, sizeof data);
    raw.text = (const char *)data;
    raw.len = sizeof data;
    raw.hold = true;
    raw_connect(&raw, PORT);
    run(60000, &never);
    // 8192 and 4096 octets in the rings of each direction.
    assert_true(raw.acked <= 2 * (8192 + 4096));
    assert_true(raw.acked >= 8192 + 2 * 4096 - 1460);
    assert_int_equal(raw.got_len, 0);
    raw.hold = false;
    raw.fin = true;
    raw.got_len = (size_t)aksu_recv(client, raw.conn, raw.got, sizeof raw.got);
    run(120000, &raw.closed);
    assert_true(raw.closed);
    assert_int_equal(raw.error, AKSU_OK);
    assert_int_equal(raw.got_len, sizeof data);
    assert_memory_equal(raw.got, data, sizeof data);
}

static void echo_of_nothing_is_a_close(void **state)
{
    (void)state;
    start(BOTH_RINGS);
    assert_int_equal(echo_start(server, PORT), AKSU_OK);
    connect_transfer(0, 0, TRANSFER_FIRST);
    run(10000, &near.done);
    check(&near, AKSU_OK);
}

/// Sink and source ///

static void sink_counts_and_verifies(void **state)
{
    struct sink sink = {0};

    (void)state;
    start(BOTH_RINGS);
    assert_int_equal(sink_start(server, PORT, &sink), AKSU_OK);
    connect_transfer(LEN, 0, TRANSFER_FIRST);
    run(60000, &near.done);
    check(&near, AKSU_OK);
    assert_true(sink.octets == LEN && sink.mismatches == 0);
    assert_int_equal(sink.connections, 1);
    // What is not the pattern.
    memset(&raw, 0, sizeof raw);
    raw.text = "\x00\x00\x00\x00";
    raw.len = 4;
    raw_connect(&raw, PORT);
    run(1000, NULL);
    assert_true(sink.octets == LEN + 4 && sink.mismatches == 0); // it begins with four zeros
    raw_say(&raw, "wrong", 5);
    run(1000, NULL);
    assert_true(sink.octets == LEN + 9);
    assert_true(sink.mismatches == example_differ(4, "wrong", 5) && sink.mismatches > 0);
    assert_int_equal(sink.open, 1);
    aksu_abort(client, raw.conn);
    run(1000, NULL);
    assert_int_equal(sink.open, 0);
    assert_int_equal(sink.connections, 2);
    assert_int_equal(sink.failed, 1);
}

static void source_sends_as_many_as_it_was_told(void **state)
{
    struct source source = {.octets = LEN};
    uint32_t seed;

    (void)state;
    for (seed = 0; seed < 5; seed++) {
        start(NO_SEND_RING);
        assert_int_equal(source_start(server, PORT, &source), AKSU_OK);
        if (seed > 0) {
            lossy(seed);
        }
        connect_transfer(0, LEN, seed % 2 ? TRANSFER_FIRST : TRANSFER_LAST);
        run(600000, &near.done);
        check(&near, AKSU_OK);
        assert_true(near.ended || seed % 2);
    }
    run(100000, NULL);
    assert_int_equal(source.connections, seed);
    assert_int_equal(source.open, 0);
    assert_int_equal(source.failed, 0);
}

static void source_reads_the_number_from_a_line(void **state)
{
    static const struct {
        const char *line;
        uint64_t octets;
    } rows[] = {{"1\n", 1}, {"100000\r\n", 100000}, {"0\n", 0}, {"20000000\n", 20000000}};
    struct source source = {0};
    struct aksu_endpoint to = remote(PORT);

    (void)state;
    start(NO_SEND_RING);
    assert_int_equal(source_start(server, PORT, &source), AKSU_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        memset(&near, 0, sizeof near);
        near.preface = rows[i].line;
        near.to_receive = UINT64_MAX;
        near.end = TRANSFER_LAST;
        assert_int_equal(transfer_start(client, &to, &near), AKSU_OK);
        run(600000, &near.done);
        assert_true(near.done && near.ended && near.error == AKSU_OK);
        assert_true(near.received == rows[i].octets && near.mismatches == 0);
    }
    assert_int_equal(source.failed, 0);
}

static void source_resets_what_is_no_number(void **state)
{
    static const char *const lines[] = {"many\n", "12x\n", "\n", "-1\n", "18446744073709551616\n"};
    struct source source = {0};
    struct aksu_endpoint to = remote(PORT);

    (void)state;
    start(NO_SEND_RING);
    assert_int_equal(source_start(server, PORT, &source), AKSU_OK);
    for (uint32_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        near = (struct transfer){.preface = lines[i], .to_receive = UINT64_MAX};
        assert_int_equal(transfer_start(client, &to, &near), AKSU_OK);
        run(10000, &near.done);
        assert_true(near.done && near.received == 0);
        assert_int_equal(near.error, AKSU_ECONNRESET);
        assert_int_equal(source.failed, i + 1);
    }
}

// Memory for EXAMPLE_CONNECTIONS: more at once are refused, more in a row are not.
static void serve_up_to_the_limit(uint16_t port, const uint32_t *open)
{
    static struct transfer all[EXAMPLE_CONNECTIONS + 1];
    struct aksu_endpoint to = remote(port);

    for (unsigned round = 0; round < 3; round++) {
        memset(all, 0, sizeof all);
        for (unsigned i = 0; i <= EXAMPLE_CONNECTIONS; i++) {
            all[i].to_receive = UINT64_MAX;
            all[i].end = TRANSFER_LAST; // both wait, so it stays open
            assert_int_equal(transfer_start(client, &to, &all[i]), AKSU_OK);
            run(100, NULL);
            assert_int_equal(all[i].done, i == EXAMPLE_CONNECTIONS);
        }
        assert_int_equal(all[EXAMPLE_CONNECTIONS].error, AKSU_ECONNRESET);
        assert_int_equal(*open, EXAMPLE_CONNECTIONS);
        for (unsigned i = 0; i < EXAMPLE_CONNECTIONS; i++) {
            aksu_shutdown(client, all[i].conn);
        }
        run(100, NULL);
        for (unsigned i = 0; i < EXAMPLE_CONNECTIONS; i++) {
            check_end(&all[i], AKSU_OK);
        }
        assert_int_equal(*open, 0);
    }
}

static void sink_and_source_refuse_beyond_their_limit(void **state)
{
    struct sink sink = {0};
    struct source source = {0};

    (void)state;
    start(NO_SEND_RING);
    assert_int_equal(sink_start(server, PORT, &sink), AKSU_OK);
    assert_int_equal(source_start(server, PORT + 1, &source), AKSU_OK);
    serve_up_to_the_limit(PORT, &sink.open);
    serve_up_to_the_limit(PORT + 1, &source.open);
    assert_int_equal(sink.failed + source.failed, 0);
}

static void sink_and_source_serve_many_at_once(void **state)
{
    static struct transfer all[2 * 30];
    struct sink sink = {0};
    struct source source = {.octets = 20000};
    struct aksu_endpoint to_sink = remote(PORT);
    struct aksu_endpoint to_source = remote(PORT + 1);

    (void)state;
    start(NO_SEND_RING);
    assert_int_equal(sink_start(server, PORT, &sink), AKSU_OK);
    assert_int_equal(source_start(server, PORT + 1, &source), AKSU_OK);
    lossy(1);
    memset(all, 0, sizeof all);
    for (unsigned i = 0; i < 60; i++) {
        all[i].to_send = i % 2 ? 0 : 20000;
        all[i].to_receive = i % 2 ? 20000 : 0;
        assert_int_equal(transfer_start(client, i % 2 ? &to_source : &to_sink, &all[i]), AKSU_OK);
    }
    run(600000, NULL);
    for (unsigned i = 0; i < 60; i++) {
        check(&all[i], AKSU_OK);
    }
    assert_true(sink.octets == 30 * 20000 && sink.mismatches == 0);
    assert_int_equal(sink.failed + source.failed + sink.open + source.open, 0);
}

/// Transfer ///

static void play(enum transfer_end near_end, enum transfer_end far_end, uint32_t seed)
{
    start(BOTH_RINGS);
    if (seed > 0) {
        lossy(seed);
    }
    memset(&far, 0, sizeof far);
    far.to_send = LEN / 2;
    far.to_receive = LEN;
    far.end = far_end;
    assert_int_equal(transfer_listen(server, PORT, &far), AKSU_OK);
    connect_transfer(LEN, LEN / 2, near_end);
    run(3600000, NULL);
}

static void transfers_end_in_every_way(void **state)
{
    static const enum transfer_end ends[] = {TRANSFER_FIRST, TRANSFER_LAST, TRANSFER_HALF};

    (void)state;
    for (unsigned i = 0; i < 9; i++) {
        if (ends[i / 3] == TRANSFER_LAST && ends[i % 3] == TRANSFER_LAST) {
            continue; // each would wait for the other
        }
        for (uint32_t seed = 0; seed <= 5; seed++) {
            play(ends[i / 3], ends[i % 3], seed);
            check(&near, AKSU_OK);
            check(&far, AKSU_OK);
            assert_int_equal(aksu_connections(client) + aksu_connections(server), 0);
        }
    }
}

static void an_aborted_transfer_is_complete_and_reset(void **state)
{
    (void)state;
    for (enum transfer_end end = TRANSFER_LAST; end <= TRANSFER_HALF; end++) {
        play(TRANSFER_ABORT, end, 0);
        check(&near, AKSU_ECONNABORTED);
        check(&far, AKSU_ECONNRESET);
        play(end, TRANSFER_ABORT, 0);
        check(&near, AKSU_ECONNRESET);
        check(&far, AKSU_ECONNABORTED);
    }
}

static void last_is_not_before_the_peer(void **state)
{
    (void)state;
    play(TRANSFER_LAST, TRANSFER_LAST, 0);
    assert_true(near.opened && far.opened);
    assert_false(near.done || far.done);
    assert_true(near.received == near.to_receive && far.received == far.to_receive);
    assert_false(near.ended || far.ended);
}

static void wrong_octets_are_seen(void **state)
{
    (void)state;
    start(BOTH_RINGS);
    memset(&raw, 0, sizeof raw);
    raw.text = "this is not the pattern";
    raw.len = 23;
    raw.fin = true;
    memset(&far, 0, sizeof far);
    far.to_receive = UINT64_MAX;
    far.end = TRANSFER_LAST;
    assert_int_equal(transfer_listen(server, PORT, &far), AKSU_OK);
    raw_connect(&raw, PORT);
    run(10000, &far.done);
    assert_true(far.done && far.ended);
    assert_int_equal(far.received, 23);
    assert_true(far.mismatches == example_differ(0, raw.text, 23) && far.mismatches > 20);
}

static void a_second_client_is_refused(void **state)
{
    (void)state;
    start(BOTH_RINGS);
    memset(&far, 0, sizeof far);
    far.to_receive = 10;
    assert_int_equal(transfer_listen(server, PORT, &far), AKSU_OK);
    memset(&raw, 0, sizeof raw);
    raw_connect(&raw, PORT);
    run(1000, NULL);
    assert_true(far.opened);
    connect_transfer(10, 0, TRANSFER_LAST);
    run(1000, &near.done);
    assert_true(near.done);
    assert_int_equal(near.error, AKSU_ECONNRESET);
    assert_false(far.done);
    assert_int_equal(far.received, 0);
}

/// Tour ///

static struct {
    bool done;
    size_t reply;
    int error;
    unsigned data[2]; // segments with text, of each side
    unsigned closing; // segments from the first FIN on
    unsigned fins;
} tour;

static void tour_done(size_t reply, int error)
{
    tour.done = true;
    tour.reply = reply;
    tour.error = error;
}

static void watch_tour(int from, const uint8_t *frame, size_t len)
{
    if (len < 54 || frame[12] != 8 || frame[13] != 0) {
        return; // ARP
    }
    size_t total = (size_t)(frame[16] << 8 | frame[17]);
    size_t text = total - 20 - 4u * (frame[46] >> 4);
    bool fin = frame[47] & AKSU_FIN;

    tour.data[from] += text > 0;
    tour.fins += fin;
    tour.closing += fin || tour.fins > 0;
}

static void begin_tour(void)
{
    struct aksu_endpoint to = remote(PORT);

    memset(&tour, 0, sizeof tour);
    pair.watch = watch_tour;
    assert_int_equal(tour_client_start(client, &to, tour_done), AKSU_OK);
    assert_int_equal(tour_client_start(client, &to, tour_done), AKSU_EBUSY);
}

static void the_tour_closes_in_three_segments(void **state)
{
    (void)state;
    start(NO_SEND_RING);
    assert_int_equal(tour_server_start(server, PORT), AKSU_OK);
    begin_tour();
    run(10000, NULL);
    assert_true(tour.done);
    assert_int_equal(tour.reply, TOUR_REPLY);
    assert_int_equal(tour.error, AKSU_OK);
    assert_int_equal(tour.data[CLIENT], 1);
    assert_int_equal(tour.data[SERVER], 3);
    assert_int_equal(tour.closing, 3);
}

static void the_tour_closes_in_four_segments(void **state)
{
    (void)state;
    start(NO_SEND_RING);
    assert_int_equal(tour_server_start_waiting(server, PORT), AKSU_OK);
    begin_tour();
    run(10000, NULL);
    assert_false(tour.done);
    assert_int_equal(tour.closing, 2);
    assert_int_equal(tour_server_close(client), AKSU_EBADF);
    assert_int_equal(tour_server_close(server), AKSU_OK);
    assert_int_equal(tour_server_close(server), AKSU_EBADF);
    run(10000, NULL);
    assert_true(tour.done);
    assert_int_equal(tour.error, AKSU_OK);
    assert_int_equal(tour.fins, 2);
    assert_int_equal(tour.closing, 4);
}

static void the_tour_is_readable(void **state)
{
    (void)state;
    start(NO_SEND_RING);
    assert_int_equal(tour_server_start(server, PORT), AKSU_OK);
    memset(&raw, 0, sizeof raw);
    raw.text = "GET / over aksu\n";
    raw.len = 16;
    raw_connect(&raw, PORT);
    run(10000, NULL);
    assert_int_equal(raw.got_len, TOUR_REPLY);
    for (size_t i = 0; i < TOUR_REPLY; i += 50) {
        assert_memory_equal(raw.got + i, "aksu says hello, fifty octets at a time, one line\n", 50);
    }
}

static void the_tour_survives_loss(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 30; seed++) {
        start(NO_SEND_RING);
        lossy(seed);
        pair.cable.loss = 200;
        assert_int_equal(tour_server_start(server, PORT), AKSU_OK);
        begin_tour();
        run(600000, &tour.done);
        assert_true(tour.done);
        assert_int_equal(tour.reply, TOUR_REPLY);
        assert_int_equal(tour.error, AKSU_OK);
    }
}

static void a_refused_tour_says_so(void **state)
{
    (void)state;
    start(NO_SEND_RING);
    begin_tour();
    run(10000, &tour.done);
    assert_true(tour.done);
    assert_int_equal(tour.error, AKSU_ECONNREFUSED);
    assert_int_equal(tour.reply, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echo_returns_every_octet),
        cmocka_unit_test(echo_pushes_back),
        cmocka_unit_test(echo_of_nothing_is_a_close),
        cmocka_unit_test(sink_counts_and_verifies),
        cmocka_unit_test(source_sends_as_many_as_it_was_told),
        cmocka_unit_test(source_reads_the_number_from_a_line),
        cmocka_unit_test(source_resets_what_is_no_number),
        cmocka_unit_test(sink_and_source_refuse_beyond_their_limit),
        cmocka_unit_test(sink_and_source_serve_many_at_once),
        cmocka_unit_test(transfers_end_in_every_way),
        cmocka_unit_test(an_aborted_transfer_is_complete_and_reset),
        cmocka_unit_test(last_is_not_before_the_peer),
        cmocka_unit_test(wrong_octets_are_seen),
        cmocka_unit_test(a_second_client_is_refused),
        cmocka_unit_test(the_tour_closes_in_three_segments),
        cmocka_unit_test(the_tour_closes_in_four_segments),
        cmocka_unit_test(the_tour_is_readable),
        cmocka_unit_test(the_tour_survives_loss),
        cmocka_unit_test(a_refused_tour_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
