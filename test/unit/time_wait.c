// SPDX-License-Identifier: MIT
// TIME-WAIT in its own table, and in its row: MUST-13, MAY-2, SHLD-4, R1337-*, R6191-*.
#include "frames.h"

AKSU_STORAGE(store, 2, 2, 1024, 1024);
static struct host h;
static uint32_t iss, tsval;
enum { MSL2 = 60000, PEER_TS = 5000 };

// A connection that we closed first: our last number is iss + 2, the peer's 1002.
static void close_marked(bool timestamps, unsigned owed)
{
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    if (timestamps)
        put_timestamps(&w, PEER_TS, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.timestamps, timestamps);
    iss = h.got.seq;
    tsval = h.got.tsval;
    w = tcp(AKSU_ACK, 1001, iss + 1, 0);
    if (timestamps)
        put_timestamps(&w, PEER_TS, tsval);
    assert_int_equal(feed(&h, &w), 0);
    h.net.store->row[0].tcb.owed |= (uint8_t)owed;
    assert_int_equal(aksu_close(&h.net, h.app.conn, 0), AKSU_OK);
    assert_true(next(&h));
    assert_true(h.got.flags & AKSU_FIN);
    w = tcp(AKSU_FIN | AKSU_ACK, 1001, iss + 2, 0);
    if (timestamps)
        put_timestamps(&w, PEER_TS, tsval);
    assert_int_equal(feed(&h, &w), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_ACK);
    assert_int_equal(h.got.seq, iss + 2);
    assert_int_equal(h.got.ack, 1002);
    quiet(&h);
    assert_int_equal(aksu_connections(&h.net), 0); // it holds no row
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.close_reason, AKSU_OK);
}

static void close_first(bool timestamps)
{
    close_marked(timestamps, 0);
}

// ECN that was negotiated is no work to be done.
static void marked(void **state)
{
    (void)state;
    struct aksu_profile profile = aksu_standard;
    struct aksu_config config = default_config();
    profile.ecn = &aksu_ecn_answers;
    config.profile = &profile;
    start_with(&h, &store, &config);
    listen_on(&h, PORT);
    close_marked(false, AKSU_ECN);
}

static void into_time_wait(bool timestamps)
{
    start(&h, &store);
    listen_on(&h, PORT);
    close_first(timestamps);
}

// A profile without the table.
static void into_time_wait_in_its_row(void)
{
    struct aksu_config config = default_config();
    config.profile = &aksu_lean;
    start_with(&h, &store, &config);
    listen_on(&h, PORT);
    close_first(false);
}

static int syn(uint32_t seq)
{
    struct wire w = tcp(AKSU_SYN, seq, 0, 0);
    return feed(&h, &w);
}

static int syn_stamped(uint32_t seq, uint32_t value)
{
    struct wire w = tcp(AKSU_SYN, seq, 0, 0);
    put_timestamps(&w, value, 0);
    return feed(&h, &w);
}

static int fin_again(void)
{
    struct wire w = tcp(AKSU_FIN | AKSU_ACK, 1001, iss + 2, 0);
    return feed(&h, &w);
}

static void acknowledges_for_2_msl(void)
{
    pass(&h, MSL2 - 1);
    fin_again();
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_ACK);
    assert_int_equal(h.got.seq, iss + 2);
    assert_int_equal(h.got.ack, 1002);
    pass(&h, MSL2 - 1); // restarted
    fin_again();
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_ACK);
    pass(&h, MSL2 + 1); // but not for longer
    fin_again();
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_RST);
}

// SM-24: the peer's FIN again is acknowledged, for 2 MSL.
static void fin_is_acknowledged(void **state)
{
    (void)state;
    into_time_wait(false);
    acknowledges_for_2_msl();
}

// R7323-05: with timestamps if they were negotiated, and those go on.
static void ack_carries_timestamps(void **state)
{
    (void)state;
    into_time_wait(true);
    uint32_t before = h.got.tsval;
    uint16_t wnd = h.got.wnd;
    h.now += 700;
    struct wire w = tcp(AKSU_FIN | AKSU_ACK, 1001, iss + 2, 0);
    put_timestamps(&w, PEER_TS + 3, before);
    feed(&h, &w);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_ACK);
    assert_true(h.got.timestamps);
    assert_int_equal(h.got.tsval - before, 700);
    assert_in_range(h.got.tsecr, PEER_TS, PEER_TS + 3);
    assert_in_range(h.got.wnd, wnd, 1024); // the right edge does not move left (SHLD-14)
}

// MUST-13: after 2 MSL it is forgotten: the listener resets.
static void it_ends(void **state)
{
    (void)state;
    into_time_wait(false);
    pass(&h, MSL2 + 1);
    fin_again();
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_RST);
}

// R1337-01: a RST does not end it. R1337-02: nor does old text.
static void assassination(void **state)
{
    (void)state;
    into_time_wait(false);
    struct wire w = tcp(AKSU_RST, 1002, 0, 0);
    assert_int_equal(feed(&h, &w), -AKSU_DROP_TIME_WAIT);
    w = tcp(AKSU_RST | AKSU_ACK, 1002, iss + 2, 0);
    assert_int_equal(feed(&h, &w), -AKSU_DROP_TIME_WAIT);
    quiet(&h);
    w = tcp(AKSU_ACK, 900, iss + 2, 50);
    feed(&h, &w);
    drain(&h);
    fin_again();
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_ACK);
}

// MAY-2, R6191-02: a SYN above the last number opens a new incarnation with an ISS above ours.
static void reuse_by_sequence(void **state)
{
    (void)state;
    into_time_wait(false);
    h.now += 100;
    assert_int_equal(syn(5000), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK);
    assert_int_equal(h.got.ack, 5001);
    assert_true((int32_t)(h.got.seq - (iss + 2)) > 0);
    struct wire w = tcp(AKSU_ACK, 5001, h.got.seq + 1, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.opens, 2);
}

// The old connection is gone then: when the new one is, too, nobody answers for them.
static void reuse_ends_it(void **state)
{
    (void)state;
    into_time_wait(false);
    h.now += 100;
    assert_int_equal(syn(5000), 0);
    assert_true(next(&h));
    struct wire w = tcp(AKSU_RST, 5001, 0, 0);
    assert_int_equal(feed(&h, &w), 0);
    quiet(&h);
    fin_again();
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_RST);
}

// R6191-02, RFC 6528 3: more than 250 kB/s were sent, so our numbers are ahead of the ISN clock:
// the new ISN is beyond them all the same.
static void reuse_after_fast_sending(void **state)
{
    (void)state;
    static const uint8_t text[1000];
    start(&h, &store);
    listen_on(&h, PORT);
    uint32_t end = establish(&h, PEER_PORT) + 1;
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(aksu_send(&h.net, h.app.conn, text, sizeof text), sizeof text);
        drain(&h);
        h.now++;
        end += sizeof text;
        struct wire w = tcp(AKSU_ACK, 1001, end, 0);
        assert_int_equal(feed(&h, &w), 0);
    }
    assert_int_equal(aksu_close(&h.net, h.app.conn, 0), AKSU_OK);
    drain(&h);
    struct wire w = tcp(AKSU_FIN | AKSU_ACK, 1001, ++end, 0);
    assert_int_equal(feed(&h, &w), 0);
    drain(&h);
    h.now += 10;
    assert_int_equal(syn(5000), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK);
    assert_true((int32_t)(h.got.seq - end) >= 0); // the last one used was our FIN, end - 1
    assert_true(h.got.seq - end < 1000000);
}

// R6191-03: a SYN at or below the last number opens nothing, and TIME-WAIT goes on.
static void no_reuse_of_old_numbers(void **state)
{
    (void)state;
    static const uint32_t seqs[] = {1001, 1000, 500, 0x80000000u + 1003};
    for (size_t i = 0; i < 4; i++) {
        into_time_wait(false);
        h.now += 100;
        assert_int_equal(syn(seqs[i]), -AKSU_DROP_TIME_WAIT);
        while (next(&h)) // silence, or the ACK of 3.10.7.4
            assert_int_equal(h.got.flags, AKSU_ACK);
        fin_again();
        assert_true(next(&h));
        assert_int_equal(h.got.flags, AKSU_ACK);
    }
}

// R6191-01, SHLD-4: a newer timestamp opens it even if the sequence number is lower.
static void reuse_by_timestamp(void **state)
{
    (void)state;
    into_time_wait(true);
    h.now += 2000;
    assert_int_equal(syn_stamped(500, PEER_TS + 1), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK);
    assert_true(h.got.timestamps);
    assert_int_equal(h.got.tsecr, PEER_TS + 1);
    assert_true((int32_t)(h.got.tsval - tsval) > 0); // ours go on, too
}

// R6191-02: an equal timestamp: then the sequence number decides.
static void equal_timestamp(void **state)
{
    (void)state;
    into_time_wait(true);
    h.now += 2000;
    assert_int_equal(syn_stamped(500, PEER_TS), -AKSU_DROP_TIME_WAIT);
    drain(&h);
    assert_int_equal(syn_stamped(2000, PEER_TS), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK);
}

// R6191-03: an older timestamp and a lower number: nothing.
static void older_timestamp(void **state)
{
    (void)state;
    into_time_wait(true);
    h.now += 2000;
    assert_int_equal(syn_stamped(500, PEER_TS - 1), -AKSU_DROP_TIME_WAIT);
    while (next(&h))
        assert_int_equal(h.got.flags & (AKSU_SYN | AKSU_RST), 0);
    assert_int_equal(aksu_connections(&h.net), 0);
}

// R6191-02: no timestamps in the new SYN: the sequence number decides.
static void timestamp_dropped(void **state)
{
    (void)state;
    into_time_wait(true);
    h.now += 2000;
    assert_int_equal(syn(2000), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK);
}

// R6056-03: an active open does not take a tuple in TIME-WAIT that cannot be reused; or, if it
// does, it begins above the old numbers.
static void active_open_of_the_tuple(void **state)
{
    (void)state;
    into_time_wait(false);
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), PEER_PORT};
    aksu_handle conn = aksu_connect(&h.net, &to, PORT, &app_handlers, &h.app);
    if (conn < 0) {
        assert_int_equal(conn, AKSU_EADDRINUSE);
        return;
    }
    drain(&h);
    answer_arp(&h, PEER, peer_mac);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN);
    assert_true((int32_t)(h.got.seq - (iss + 2)) > 0);
}

// A segment of another tuple is not taken for it.
static void other_tuple(void **state)
{
    (void)state;
    into_time_wait(false);
    struct wire w = tcp(AKSU_FIN | AKSU_ACK, 1001, iss + 2, 0);
    w.sport = PEER_PORT + 1;
    feed(&h, &w);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_RST);
}

// While data is unread a row is kept: nothing that was acknowledged is lost.
static void unread_data_survives(void **state)
{
    (void)state;
    start(&h, &store);
    listen_on(&h, PORT);
    iss = establish(&h, PEER_PORT);
    h.app.keep = true;
    assert_int_equal(aksu_shutdown(&h.net, h.app.conn), AKSU_OK);
    assert_true(next(&h));
    struct wire w = tcp(AKSU_FIN | AKSU_ACK, 1001, iss + 2, 100);
    assert_int_equal(feed(&h, &w), 0);
    pass(&h, 1000);
    uint8_t out[200];
    assert_int_equal(aksu_recv(&h.net, h.app.conn, out, sizeof out), 100);
    aksu_close(&h.net, h.app.conn, 0);
    pass(&h, MSL2 + 1000);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.close_reason, AKSU_OK);
    assert_int_equal(aksu_connections(&h.net), 0);
}

// MUST-13: a SYN that would reopen it, but finds no row, does not end it.
static void no_row_to_reopen(void **state)
{
    (void)state;
    into_time_wait(false);
    uint32_t ours = iss;
    establish(&h, 5000);
    establish(&h, 5001);
    assert_int_equal(syn(5000), -AKSU_DROP_NO_ROW);
    quiet(&h);
    iss = ours;
    fin_again();
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_ACK);
    assert_int_equal(h.got.seq, iss + 2);
}

// One that expired does not come back when the clock has gone half round, 24.9 days later.
static void long_ago(void **state)
{
    (void)state;
    into_time_wait(false);
    h.now += 0x80000000u + MSL2 + 1000;
    fin_again();
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_RST);
}

// MUST-13, SM-24: without the table the row stays for 2 MSL, and is nobody's.
static void row_waits(void **state)
{
    (void)state;
    into_time_wait_in_its_row();
    assert_int_equal(aksu_next_connection(&h.net, 0), 0);
    assert_int_equal(aksu_abort(&h.net, h.app.conn), AKSU_EBADF);
    acknowledges_for_2_msl();
    assert_int_equal(h.app.closes, 1);
}

// R1337-01: a RST does not end it. R6191-03: nor does a SYN, and opens nothing.
static void row_is_not_assassinated(void **state)
{
    (void)state;
    into_time_wait_in_its_row();
    struct wire w = tcp(AKSU_RST, 1002, 0, 0);
    feed(&h, &w);
    quiet(&h);
    assert_true(syn(5000) < 0);
    drain(&h);
    assert_int_equal(aksu_connections(&h.net), 0);
    fin_again();
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_ACK);
    assert_int_equal(h.app.opens, 1);
}

// Rows that wait give way to a SYN when there is no other, and the last one is enough for clients
// that come one after the other.
static void row_gives_way(void **state)
{
    (void)state;
    into_time_wait_in_its_row();
    h.app.closes = 0;
    establish(&h, 5000);
    fin_again(); // one was free: it waits still
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_ACK);
    establish(&h, 5001);
    assert_int_equal(aksu_connections(&h.net), 2);
    fin_again();
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_RST);
    assert_int_equal(h.app.closes, 0);
    assert_int_equal(syn(6000), -AKSU_DROP_NO_ROW);
}

// R6056-03: nor is its pair of endpoints used again; others are, at its cost.
static void row_and_active_opens(void **state)
{
    (void)state;
    into_time_wait_in_its_row();
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), PEER_PORT};
    assert_int_equal(aksu_connect(&h.net, &to, PORT, &app_handlers, &h.app), AKSU_EADDRINUSE);
    assert_true(aksu_connect(&h.net, &to, 7000, &app_handlers, &h.app) > 0);
    assert_true(aksu_connect(&h.net, &to, 7001, &app_handlers, &h.app) > 0);
    assert_int_equal(aksu_connect(&h.net, &to, 7002, &app_handlers, &h.app), AKSU_ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_row_to_reopen),
        cmocka_unit_test(long_ago),
        cmocka_unit_test(fin_is_acknowledged),
        cmocka_unit_test(ack_carries_timestamps),
        cmocka_unit_test(it_ends),
        cmocka_unit_test(assassination),
        cmocka_unit_test(reuse_by_sequence),
        cmocka_unit_test(reuse_ends_it),
        cmocka_unit_test(reuse_after_fast_sending),
        cmocka_unit_test(no_reuse_of_old_numbers),
        cmocka_unit_test(reuse_by_timestamp),
        cmocka_unit_test(equal_timestamp),
        cmocka_unit_test(older_timestamp),
        cmocka_unit_test(timestamp_dropped),
        cmocka_unit_test(active_open_of_the_tuple),
        cmocka_unit_test(other_tuple),
        cmocka_unit_test(unread_data_survives),
        cmocka_unit_test(row_waits),
        cmocka_unit_test(row_is_not_assassinated),
        cmocka_unit_test(row_gives_way),
        cmocka_unit_test(row_and_active_opens),
        cmocka_unit_test(marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
