// SPDX-License-Identifier: MIT
// TCP header and options to and from octets: MUST-4 to 7, 64, 65, 68, 69, SM-35, SM-36.
#include "frames.h"

AKSU_STORAGE(store, 4, 2, 200000, 4096);
static struct host h;

static int setup(void **state)
{
    (void)state;
    start(&h, &store);
    listen_on(&h, PORT);
    return 0;
}

// Feeds a SYN with these options to a fresh stack.
static int syn(const uint8_t *options, size_t len)
{
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    setup(NULL);
    memcpy(w.options, options, len);
    w.options_len = (uint8_t)len;
    return feed(&h, &w);
}

// The send MSS, the octets of timestamps counted in.
static uint16_t snd_mss(void)
{
    struct aksu_info info;
    struct wire w;
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK);
    w = tcp(AKSU_ACK, 1001, h.got.seq + 1, 0);
    if (h.got.timestamps) { // R7323-06: then each segment needs one
        uint8_t options[12] = {1, 1, 8, 10};
        put32(options + 4, 0x01020304u);
        put32(options + 8, h.got.tsval);
        memcpy(w.options, options, 12);
        w.options_len = 12;
    }
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(aksu_info(&h.net, h.app.conn, &info), AKSU_OK);
    return (uint16_t)(info.tcb->snd_mss + (h.got.timestamps ? 12 : 0));
}

// MUST-4, MUST-14, MUST-6, MUST-64: where the options stand, and among what.
static void options_anywhere(void **state)
{
    (void)state;
    static const struct {
        uint8_t octets[20];
        size_t len;
    } rows[] = {
        {{2, 4, 2, 88}, 4},
        {{1, 1, 2, 4, 2, 88, 0, 0}, 8},
        {{1, 2, 4, 2, 88, 1, 1, 1}, 8}, // odd alignment
        {{1, 1, 1, 2, 4, 2, 88, 0}, 8}, // odd alignment
        {{200, 7, 1, 2, 3, 4, 5, 2, 4, 2, 88, 0}, 12},
        {{3, 3, 0, 2, 4, 2, 88, 0}, 8},    // window scale first
        {{28, 4, 0, 9, 2, 4, 2, 88}, 8},   // R5482-02: user timeout
        {{34, 2, 2, 4, 2, 88, 1, 1}, 8},   // fast open
        {{0xfd, 4, 1, 2, 2, 4, 2, 88}, 8}, // experiment
        {{2, 4, 2, 88, 0, 99, 99, 99}, 8}, // EOL: what follows is not looked at
        {{4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 2, 4, 2, 88}, 16},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(syn(rows[i].octets, rows[i].len), 0);
        if (snd_mss() != 600)
            fail_msg("row %d", (int)i);
    }
}

// MUST-15: no MSS option, or one behind EOL: 536.
static void mss_default(void **state)
{
    (void)state;
    static const uint8_t behind[8] = {0, 0, 2, 4, 2, 88, 0, 0}, none[4] = {1, 1, 1, 1};
    assert_int_equal(syn(behind, 8), 0);
    assert_int_equal(snd_mss(), 536);
    assert_int_equal(syn(none, 4), 0);
    assert_int_equal(snd_mss(), 536);
    assert_int_equal(syn(none, 0), 0);
    assert_int_equal(snd_mss(), 536);
}

// MUST-7: lengths that cannot be: dropped, no octet beyond the header is read.
static void illegal_lengths(void **state)
{
    (void)state;
    static const uint8_t rows[][8] = {{2, 0, 2, 88},
                                      {2, 1, 2, 88},
                                      {2, 255, 2, 88},
                                      {2, 5, 2, 88},
                                      {200, 0, 0, 0},
                                      {200, 1, 0, 0},
                                      {1, 1, 1, 2},
                                      {1, 1, 2, 4},
                                      {2, 4, 2, 88, 2, 3, 1, 1},
                                      {3, 4, 1, 1},
                                      {8, 10, 0, 0, 0, 0, 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int result = syn(rows[i], rows[i][4] != 0 || rows[i][0] == 8 ? 8 : 4);
        if (result != -AKSU_DROP_TCP_OPTION)
            fail_msg("row %d: %d", (int)i, result);
        quiet(&h);
        assert_int_equal(aksu_connections(&h.net), 0);
    }
}

// The same in a data segment: dropped, but a RST with it still resets (checked after RST).
static void illegal_lengths_established(void **state)
{
    (void)state;
    static const uint8_t bad[4] = {99, 0, 0, 0};
    uint32_t iss = establish(&h, PEER_PORT);
    struct wire w = tcp(AKSU_ACK, 1001, iss + 1, 10);
    memcpy(w.options, bad, 4);
    w.options_len = 4;
    assert_true(feed(&h, &w) < 0);
    assert_int_equal(h.app.len, 0);
    assert_int_equal(h.app.closes, 0);
    w.flags = AKSU_RST;
    feed(&h, &w);
    quiet(&h);
    assert_int_equal(h.app.closes, 1);
}

// MUST-5: unknown options in data segments.
static void unknown_options_with_data(void **state)
{
    (void)state;
    static const uint8_t options[12] = {1, 0xfd, 4, 1, 2, 1, 77, 3, 9, 1, 1, 0};
    uint32_t iss = establish(&h, PEER_PORT);
    struct wire w = tcp(AKSU_ACK, 1001, iss + 1, 5);
    memcpy(w.options, options, 12);
    w.options_len = 12;
    w.data = (const uint8_t *)"hello";
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.len, 5);
    assert_memory_equal(h.app.data, "hello", 5);
}

// SM-36: data offset below 5 or beyond the segment.
static void data_offset(void **state)
{
    (void)state;
    for (unsigned offset = 0; offset < 16; offset++) {
        uint8_t frame[FRAME_MAX];
        struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
        size_t len = make_tcp(&w, frame);
        frame[46] = (uint8_t)(offset << 4);
        seal_tcp(frame);
        int result = feed_frame(&h, frame, len);
        assert_int_equal(result, offset == 5 ? 0 : -AKSU_DROP_TCP_HEADER);
    }
}

// TCP shorter than its header.
static void short_header(void **state)
{
    (void)state;
    for (size_t n = 0; n < 20; n++) {
        uint8_t frame[FRAME_MAX];
        struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
        make_tcp(&w, frame);
        size_t len = make_ip(&w, frame, n);
        int result = feed_frame(&h, frame, len);
        assert_true(result == -AKSU_DROP_TCP_HEADER || result == -AKSU_DROP_RUNT);
    }
    quiet(&h);
}

// Port 0 is nobody's.
static void port_zero(void **state)
{
    (void)state;
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    w.sport = 0;
    assert_int_equal(feed(&h, &w), -AKSU_DROP_TCP_HEADER);
    w.sport = PEER_PORT;
    w.dport = 0;
    assert_int_equal(feed(&h, &w), -AKSU_DROP_TCP_HEADER);
    quiet(&h);
}

// SM-35: reserved bits are ignored when received, in what is predicted and in what is not.
static void reserved_bits(void **state)
{
    (void)state;
    uint32_t iss = establish(&h, PEER_PORT);
    for (uint32_t i = 0; i < 2; i++) {
        uint8_t frame[FRAME_MAX];
        struct wire w = tcp(i ? AKSU_ACK | AKSU_FIN : AKSU_ACK, 1001 + 4 * i, iss + 1, 4);
        size_t len = make_tcp(&w, frame);
        frame[46] |= 0x0f;
        seal_tcp(frame);
        assert_int_equal(feed_frame(&h, frame, len), 0);
        assert_int_equal(h.app.len, 4 * (i + 1));
    }
}

// What our SYN says: MSS, window scale that fits the ring, SACK-Permitted, timestamps.
static void our_syn(void **state)
{
    (void)state;
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 81};
    assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
    drain(&h);
    answer_arp(&h, PEER, peer_mac);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN);
    assert_int_equal(h.got.mss, 1460);    // SHLD-5, R6691-01: not less for options
    assert_in_range(h.got.wscale, 2, 14); // 200000 octets
    assert_true(h.got.sack_permitted);
    assert_true(h.got.timestamps);
    assert_int_equal(h.got.tsecr, 0);
    assert_int_equal(h.got.wnd, 65535);
    assert_int_equal(h.got.len, 0);
}

// The lean profile names neither timestamps nor SACK.
static void lean_syn(void **state)
{
    (void)state;
    struct aksu_config config = default_config();
    config.profile = &aksu_lean;
    start_with(&h, &store, &config);
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 81};
    assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
    drain(&h);
    answer_arp(&h, PEER, peer_mac);
    assert_true(next(&h));
    assert_int_equal(h.got.mss, 1460);
    assert_false(h.got.sack_permitted);
    assert_false(h.got.timestamps);
}

// MUST-67, SHLD-5: the MSS follows from the MTU.
static void mss_of_mtu(void **state)
{
    (void)state;
    static const uint16_t mtus[] = {88, 296, 576, 1000, 1500, 1499};
    for (size_t i = 0; i < sizeof mtus / sizeof mtus[0]; i++) {
        struct aksu_config config = default_config();
        config.mtu = mtus[i];
        start_with(&h, &store, &config);
        listen_on(&h, PORT);
        struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
        assert_int_equal(feed(&h, &w), 0);
        assert_true(next(&h));
        assert_int_equal(h.got.mss, mtus[i] - 40);
    }
}

// Timestamps and SACK blocks on the wire, in whatever order: parse() checks lengths and padding.
static void sack_on_the_wire(void **state)
{
    (void)state;
    static const uint8_t options[16] = {4, 2, 8, 10, 0, 0, 1, 0, 0, 0, 0, 0, 2, 4, 5, 0xb4};
    assert_int_equal(syn(options, 16), 0);
    snd_mss();
    uint32_t iss = h.got.seq, tsval = h.got.tsval;
    for (uint32_t i = 1; i <= 4; i++) {
        struct wire w = tcp(AKSU_ACK, 1001 + 100 * i, iss + 1, 50);
        uint8_t ts[12] = {8, 10, 1, 2, 3, 5}; // timestamps first, then padding
        put32(ts + 6, tsval);
        memcpy(w.options, ts, 12);
        w.options_len = 12;
        assert_int_equal(feed(&h, &w), 0);
        assert_true(next(&h));
        assert_true(h.got.timestamps);
        assert_int_equal(h.got.ack, 1001);
        assert_int_equal(h.got.sacks, i < 3 ? i : 3);
        assert_int_equal(h.got.sack[0][0], 1001 + 100 * i);
        assert_int_equal(h.got.sack[0][1], 1051 + 100 * i);
    }
}

// The least MTU holds the longest header: with all SACK blocks and text nothing is written beyond
// the octets that aksu_output() asks for.
static void fits_the_least_mtu(void **state)
{
    (void)state;
    static const uint8_t options[16] = {4, 2, 2, 4, 5, 0xb4, 1, 1, 8, 10, 0, 0, 1, 0, 0, 0};
    static uint8_t frame[FRAME_MAX], text[500];
    for (uint8_t stamps = 0; stamps < 2; stamps++) {
        struct aksu_config config = default_config();
        config.mtu = 88;
        start_with(&h, &store, &config);
        listen_on(&h, PORT);
        struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
        memcpy(w.options, options, 16);
        w.options_len = stamps ? 20 : 8;
        assert_int_equal(feed(&h, &w), 0);
        assert_true(next(&h));
        w = tcp(AKSU_ACK, 1001, h.got.seq + 1, 10);
        w.options_len = stamps ? 12 : 0;
        memcpy(w.options, "\1\1\10\12\0\0\2", 8);
        put32(w.options + 8, h.got.tsval);
        for (uint32_t i = 1; i <= 4; i++) {
            w.seq = 1001 + 100 * i;
            assert_int_equal(feed(&h, &w), 0);
        }
        assert_true(aksu_send(&h.net, h.app.conn, text, sizeof text) > 0);
        memset(frame, 0xa5, sizeof frame);
        size_t len = 0, longest = 0;
        while ((len = aksu_output(&h.net, h.now, frame, 88 + 14)) > 0) {
            longest = len > longest ? len : longest;
        }
        assert_int_equal(longest, 88 + 14);
        for (size_t i = 88 + 14; i < sizeof frame; i++) {
            assert_int_equal(frame[i], 0xa5);
        }
    }
}

// SACK blocks that arrive are read: three duplicates that tell of new blocks start a
// retransmission, three that tell of none do not (R5681-13).
static void sack_blocks_are_read(void **state)
{
    (void)state;
    static const uint8_t options[8] = {2, 4, 2, 88, 1, 1, 4, 2};
    static uint8_t text[2400];
    for (unsigned blocks = 0; blocks < 2; blocks++) {
        assert_int_equal(syn(options, 8), 0);
        assert_int_equal(snd_mss(), 600);
        uint32_t iss = h.got.seq;
        assert_int_equal(aksu_send(&h.net, h.app.conn, text, 2400), 2400);
        assert_int_equal(drain(&h), 4);
        for (uint32_t i = 1; i <= 3; i++) {
            struct wire w = tcp(AKSU_ACK, 1001, iss + 1, 0);
            w.options[0] = w.options[1] = 1;
            w.options[2] = 5;
            w.options[3] = 10;
            put32(w.options + 4, iss + 601);
            put32(w.options + 8, iss + 601 + 600 * i);
            w.options_len = blocks ? 12 : 0;
            feed(&h, &w);
        }
        bool again = next(&h);
        assert_int_equal(again, blocks);
        if (again)
            assert_int_equal(h.got.seq, iss + 1);
    }
}

#define T(f) cmocka_unit_test_setup(f, setup)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(options_anywhere),
        T(mss_default),
        T(illegal_lengths),
        T(illegal_lengths_established),
        T(unknown_options_with_data),
        T(data_offset),
        T(short_header),
        T(port_zero),
        T(reserved_bits),
        T(our_syn),
        T(lean_syn),
        T(mss_of_mtu),
        T(sack_on_the_wire),
        T(fits_the_least_mtu),
        T(sack_blocks_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
