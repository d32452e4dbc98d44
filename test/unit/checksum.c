// SPDX-License-Identifier: MIT
// aksu_copy() against a naive sum; checksums on the wire (MUST-2, MUST-3); offload.
#include "frames.h"

AKSU_STORAGE(store, 4, 2, 2048, 4096);
static struct host h;

static int setup(void **state)
{
    (void)state;
    start(&h, &store);
    listen_on(&h, PORT);
    return 0;
}

static uint16_t fold(uint32_t sum)
{
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

static void check_copy(const uint8_t *from, uint32_t len, unsigned at)
{
    static uint8_t to[5000];
    memset(to, 0xa5, sizeof to);
    uint16_t want = (uint16_t)~naive_checksum(from, len, 0);
    assert_int_equal(fold(aksu_copy(to + at, from, len)), want);
    assert_memory_equal(to + at, from, len);
    for (unsigned i = 0; i < at; i++)
        assert_int_equal(to[i], 0xa5);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(to[at + len + i], 0xa5);
    assert_int_equal(fold(aksu_copy(NULL, from, len)), want);
}

// Every length to 300 at every alignment of both sides.
static void lengths_and_alignments(void **state)
{
    (void)state;
    uint8_t from[320];
    for (unsigned i = 0; i < sizeof from; i++)
        from[i] = (uint8_t)(i * 89 + 41);
    for (uint32_t len = 0; len <= 300; len++)
        for (unsigned a = 0; a < 8; a++)
            check_copy(from + a, len, (a * 5 + len) % 8);
}

// Carries: all ones and other extremes, in long runs.
static void carries(void **state)
{
    (void)state;
    static uint8_t from[4100];
    static const uint8_t patterns[] = {0x00, 0xff, 0x80, 0x01, 0xfe};
    for (size_t i = 0; i < sizeof patterns; i++) {
        memset(from, patterns[i], sizeof from);
        for (uint32_t len = 4000; len < 4020; len++)
            check_copy(from, len, 1);
    }
    for (unsigned i = 0; i < sizeof from; i++)
        from[i] = i % 2 == 0 ? 0xff : 0xfe;
    check_copy(from, 4099, 3);
}

// 64 KB of ones: the partial sum must not overflow.
static void longest(void **state)
{
    (void)state;
    static uint8_t from[65535], to[65536];
    memset(from, 0xff, sizeof from);
    uint16_t want = (uint16_t)~naive_checksum(from, sizeof from, 0);
    assert_int_equal(fold(aksu_copy(to, from, sizeof from)), want);
    assert_int_equal(fold(aksu_copy(NULL, from, sizeof from)), want);
}

static void nothing(void **state)
{
    (void)state;
    uint8_t octet = 7, to = 9;
    assert_int_equal(aksu_copy(&to, &octet, 0), 0);
    assert_int_equal(to, 9);
    assert_int_equal(aksu_copy(NULL, NULL, 0), 0);
}

// MUST-3: each single bit of a TCP segment flipped: dropped, counted, nothing else.
static void every_bit(void **state)
{
    (void)state;
    uint32_t iss = establish(&h, PEER_PORT);
    uint8_t frame[FRAME_MAX];
    struct wire w = tcp(AKSU_ACK | AKSU_PSH, 1001, iss + 1, 11);
    w.data = (const uint8_t *)"hello world";
    size_t len = make_tcp(&w, frame);
    uint32_t before = dropped(&h, AKSU_DROP_TCP_CHECKSUM);
    unsigned bits = 0;
    for (size_t bit = 34 * 8; bit < len * 8; bit++, bits++) {
        frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(feed_frame(&h, frame, len) < 0);
        frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
        quiet(&h);
    }
    assert_int_equal(h.app.len, 0);
    assert_true(dropped(&h, AKSU_DROP_TCP_CHECKSUM) - before >= bits - 4); // data offset aside
    assert_int_equal(feed_frame(&h, frame, len), 0);
    assert_int_equal(h.app.len, 11);
}

// The pseudo-header is part of it: addresses exchanged for others are noticed.
static void pseudo_header(void **state)
{
    (void)state;
    uint8_t frame[FRAME_MAX];
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    size_t len = make_tcp(&w, frame);
    put32(frame + 26, PEER + 1);
    seal_ip(frame);
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_TCP_CHECKSUM);
}

// MUST-2: odd and even lengths out; parse() verifies each.
static void sent_segments(void **state)
{
    (void)state;
    uint32_t seq = establish(&h, PEER_PORT) + 1;
    uint8_t text[1000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(255 - i % 3);
    for (size_t len = 1; len < 1000; len += 37) {
        assert_int_equal(aksu_send(&h.net, h.app.conn, text, len), len);
        assert_true(next(&h));
        assert_int_equal(h.got.len, len);
        assert_memory_equal(h.got.data, text, len);
        seq += (uint32_t)len;
        struct wire w = tcp(AKSU_ACK, 1001, seq, 0);
        assert_int_equal(feed(&h, &w), 0);
    }
}

static size_t refusal(uint32_t seq, uint8_t *out)
{
    struct wire w = tcp(AKSU_SYN, seq, 0, 0);
    w.dport = 81;
    feed(&h, &w);
    return aksu_output(&h.net, h.now, out, FRAME_MAX);
}

// A RST whose sum is 0x1ffff or the like: that the carry is added carries once more.
static void carry_of_a_carry(void **state)
{
    (void)state;
    uint8_t out[FRAME_MAX];
    assert_int_equal(refusal(0xffff, out), 54); // acknowledges 0x10000
    uint32_t folded = 0xffff - get16(out + 50);
    assert_int_equal(refusal(0xffff + 0x10000 - folded, out), 54);
    assert_int_equal(get16(out + 50), 0xfffe);
}

// A MAC that verified the checksums is believed; one that fills them in gets none from us.
static void offload(void **state)
{
    (void)state;
    struct aksu_config config = default_config();
    uint8_t frame[FRAME_MAX], out[FRAME_MAX];
    config.offload = AKSU_OFFLOAD_RX | AKSU_OFFLOAD_TX;
    start_with(&h, &store, &config);
    listen_on(&h, PORT);
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    size_t len = make_tcp(&w, frame);
    put16(frame + 24, 0);
    put16(frame + 50, 0);
    assert_int_equal(feed_frame(&h, frame, len), 0);
    size_t n = aksu_output(&h.net, h.now, out, sizeof out);
    assert_true(n >= 54);
    assert_int_equal(out[47], AKSU_SYN | AKSU_ACK);
}

#define T(f) cmocka_unit_test_setup(f, setup)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(lengths_and_alignments), T(carries),       T(longest),          T(nothing), T(every_bit),
        T(pseudo_header),          T(sent_segments), T(carry_of_a_carry), T(offload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
