// SPDX-License-Identifier: MIT
// IPv4: R791-*, R1122I-*, MUST-50, MUST-57, MUST-63.
#include "frames.h"

AKSU_STORAGE(store, 4, 2, 2048, 2048);
static struct host h;

static int setup(void **state)
{
    (void)state;
    start(&h, &store);
    listen_on(&h, PORT);
    return 0;
}

// Feeds a SYN after one octet of the IP header was changed and the checksum made right.
static int syn_with(unsigned at, uint8_t value)
{
    uint8_t frame[FRAME_MAX];
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    size_t len = make_tcp(&w, frame);
    frame[14 + at] = value;
    if (at != 10 && at != 11)
        seal_ip(frame);
    return feed_frame(&h, frame, len);
}

static void control(void **state)
{
    (void)state;
    assert_int_equal(syn_with(8, 64), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK);
    assert_int_equal(h.got.src, US);
    assert_int_equal(h.got.dst, PEER);
}

// R1122I-01.
static void version(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 16; v++)
        if (v != 4)
            assert_int_equal(syn_with(0, (uint8_t)(v << 4 | 5)), -AKSU_DROP_IP_HEADER);
    quiet(&h);
}

// R791-01: IHL below 5, or beyond the packet.
static void header_length(void **state)
{
    (void)state;
    for (unsigned ihl = 0; ihl < 16; ihl++) {
        uint8_t frame[FRAME_MAX];
        struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
        make_tcp(&w, frame);
        frame[14] = (uint8_t)(0x40 | ihl);
        put16(frame + 24, 0);
        if (ihl >= 5)
            put16(frame + 24, naive_checksum(frame + 14, ihl * 4u, 0));
        int result = feed_frame(&h, frame, 54);
        if (ihl < 5 || ihl > 10)
            assert_int_equal(result, -AKSU_DROP_IP_HEADER);
        else if (ihl > 5)
            assert_true(result < 0);
    }
    drain(&h);
}

// R791-01: total length beyond the frame, below the header.
static void total_length(void **state)
{
    (void)state;
    static const uint16_t lengths[] = {0, 1, 19, 41, 1000, 65535};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t frame[FRAME_MAX];
        struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
        size_t len = make_tcp(&w, frame);
        put16(frame + 16, lengths[i]);
        seal_ip(frame);
        assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_IP_HEADER);
    }
    quiet(&h);
}

// Every frame cut short is dropped without a read beyond its end.
static void cut_short(void **state)
{
    (void)state;
    uint8_t frame[FRAME_MAX];
    struct wire w = tcp(AKSU_SYN, 1000, 0, 20);
    size_t len = make_tcp(&w, frame);
    for (size_t n = 14; n < len; n++)
        assert_true(feed_frame(&h, frame, n) < 0);
    quiet(&h);
}

// R1122I-02: each bit of the header flipped.
static void checksum(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 160; bit++) {
        uint8_t frame[FRAME_MAX];
        struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
        size_t len = make_tcp(&w, frame);
        frame[14 + bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(feed_frame(&h, frame, len) < 0);
    }
    quiet(&h);
    assert_int_equal(syn_with(10, 0x55), -AKSU_DROP_IP_CHECKSUM);
}

// R791-06: fragments are dropped and counted.
static void fragments(void **state)
{
    (void)state;
    static const uint16_t fields[] = {0x2000, 0x0001, 0x1fff, 0x2001, 0x3fff, 0x6000};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
        w.fragment = fields[i];
        assert_int_equal(feed(&h, &w), -AKSU_DROP_FRAGMENT);
    }
    assert_int_equal(dropped(&h, AKSU_DROP_FRAGMENT), 6);
    quiet(&h);
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    w.fragment = 0x4000; // DF
    assert_int_equal(feed(&h, &w), 0);
}

// R1122I-03, MUST-57: destinations that are not ours, or not of one host.
static void destinations(void **state)
{
    (void)state;
    static const uint32_t addrs[] = {0xc000024du, 0xffffffffu, 0xc00002ffu, 0xe0000001u,
                                     0x00000000u, 0x7f000001u, 0xc0000200u, 0xf0000001u};
    for (size_t i = 0; i < sizeof addrs / sizeof addrs[0]; i++) {
        struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
        w.dst = addrs[i];
        assert_true(feed(&h, &w) < 0);
    }
    quiet(&h);
}

// R1122I-04, R1122I-05, MUST-63: sources that cannot be.
static void sources(void **state)
{
    (void)state;
    static const uint32_t addrs[] = {0x00000000u, 0xffffffffu, 0xc00002ffu, 0xe0000001u,
                                     0x7f000001u, 0x7fffffffu, 0xf0000001u, US};
    for (size_t i = 0; i < sizeof addrs / sizeof addrs[0]; i++) {
        struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
        w.src = addrs[i];
        assert_int_equal(feed(&h, &w), -AKSU_DROP_SOURCE);
    }
    quiet(&h);
    assert_int_equal(aksu_connections(&h.net), 0);
}

// What would be the network's number or its broadcast here may be a host elsewhere; on links of two
// hosts (RFC 3021) and of one there are none.
static void sources_by_netmask(void **state)
{
    (void)state;
    static const struct {
        uint8_t prefix;
        uint32_t src;
        bool host;
    } rows[] = {{24, 0xc63364ff, true},  {24, 0xc6336400, true},  {24, 0xc0000200, false},
                {24, 0xc00002ff, false}, {30, 0xc0000203, false}, {30, 0xc0000202, true},
                {31, 0xc0000200, true},  {32, 0xc0000200, true},  {16, 0xc00002ff, true},
                {16, 0xc000ffff, false}, {25, 0xc000027f, false}, {25, 0xc00002ff, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct aksu_config config = default_config();
        config.prefix = rows[i].prefix;
        memset(&config.gateway, 0, sizeof config.gateway);
        start_with(&h, &store, &config);
        listen_on(&h, PORT);
        struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
        w.src = rows[i].src;
        int result = feed(&h, &w);
        if (result != (rows[i].host ? 0 : -AKSU_DROP_SOURCE))
            fail_msg("/%d, row %d: %d", rows[i].prefix, (int)i, result);
    }
}

// R1122I-06: a small TTL is no reason to drop what has arrived.
static void ttl(void **state)
{
    (void)state;
    assert_int_equal(syn_with(8, 0), 0);
    setup(NULL);
    assert_int_equal(syn_with(8, 1), 0);
}

static void protocols(void **state)
{
    (void)state;
    assert_int_equal(syn_with(9, 17), -AKSU_DROP_PROTOCOL);
    assert_int_equal(syn_with(9, 0), -AKSU_DROP_PROTOCOL);
    assert_int_equal(syn_with(9, 255), -AKSU_DROP_PROTOCOL);
    quiet(&h);
}

static int syn_with_option(const uint8_t *option, uint8_t len)
{
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    memcpy(w.ip_options, option, len);
    w.ip_options_len = len;
    return feed(&h, &w);
}

// MUST-50, R1122I-07: unknown options are ignored; timestamps and record route, too.
static void harmless_options(void **state)
{
    (void)state;
    static const uint8_t options[][8] = {{0x9e, 4, 0, 0, 1, 1, 1, 0},
                                         {1, 1, 1, 1, 1, 1, 1, 0},
                                         {7, 7, 4, 0, 0, 0, 0, 0},
                                         {0x44, 8, 5, 0, 0, 0, 0, 0},
                                         {0x9e, 2, 0x9e, 2, 0x9e, 2, 0x9e, 2},
                                         {0, 0xff, 0xff, 0xff, 1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        setup(NULL);
        assert_int_equal(syn_with_option(options[i], 8), 0);
        assert_true(next(&h));
        assert_int_equal(h.got.flags, AKSU_SYN | AKSU_ACK);
    }
}

// R1122I-08; MUST-51 to 53 as docs/design.md has it: source routes are dropped.
static void harmful_options(void **state)
{
    (void)state;
    static const uint8_t options[][8] = {
        {0x83, 7, 4, 192, 0, 2, 9, 0}, {0x89, 7, 4, 192, 0, 2, 9, 0}, {0x9e, 0, 0, 0, 0, 0, 0, 0},
        {0x9e, 1, 0, 0, 0, 0, 0, 0},   {0x9e, 9, 0, 0, 0, 0, 0, 0},   {1, 1, 1, 1, 1, 1, 1, 0x9e},
        {0x83, 255, 4, 0, 0, 0, 0, 0}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        assert_int_equal(syn_with_option(options[i], 8), -AKSU_DROP_IP_OPTION);
    quiet(&h);
}

// R6864-01: the IPv4 ID tells nothing across peers: constant, or DF is set.
static void identification(void **state)
{
    (void)state;
    uint16_t ids[3];
    for (unsigned i = 0; i < 3; i++) {
        struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
        w.src = PEER + i;
        assert_int_equal(feed(&h, &w), 0);
        assert_true(next(&h));
        ids[i] = h.got.id;
        assert_int_equal(h.got.fragment & 0x4000, 0x4000);
    }
    assert_false(ids[1] == (uint16_t)(ids[0] + 1) && ids[2] == (uint16_t)(ids[1] + 1));
}

// MUST-45: a connection keeps the address that it began with.
static void address_change(void **state)
{
    (void)state;
    uint32_t iss = establish(&h, PEER_PORT);
    struct aksu_addr addr = aksu_ipv4(192, 0, 2, 77), gateway = aksu_ipv4(192, 0, 2, 254);
    assert_int_equal(aksu_set_address(&h.net, &addr, 24, &gateway), AKSU_OK);
    assert_int_equal(aksu_send(&h.net, h.app.conn, "hello", 5), 5);
    assert_true(next(&h));
    assert_int_equal(h.got.src, US);
    struct wire w = tcp(AKSU_ACK, 1001, iss + 6, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.acked, 5);
    w = tcp(AKSU_SYN, 1, 0, 0);
    w.sport = 40001;
    assert_true(feed(&h, &w) < 0); // new ones come to the new address only
    w.dst = 0xc000024du;
    assert_int_equal(feed(&h, &w), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.src, 0xc000024du);
}

static void address_is_validated(void **state)
{
    (void)state;
    struct aksu_addr good = aksu_ipv4(192, 0, 2, 1), none = {{0}};
    struct aksu_addr bad[] = {aksu_ipv4(224, 0, 0, 1), aksu_ipv4(255, 255, 255, 255),
                              aksu_ipv4(127, 0, 0, 1), aksu_ipv4(192, 0, 2, 255)};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(aksu_set_address(&h.net, &bad[i], 24, &none), AKSU_EINVAL);
    assert_int_equal(aksu_set_address(&h.net, &good, 33, &none), AKSU_EINVAL);
    assert_int_equal(aksu_set_address(&h.net, &good, 24, &none), AKSU_OK);
}

static void text_of_addresses(void **state)
{
    (void)state;
    static const char *const bad[] = {"",         "1",         "1.2.3",    "1.2.3.4.5", "256.1.1.1",
                                      "1.2.3.",   "1..2.3",    "a.b.c.d",  "1.2.3.4 ",  " 1.2.3.4",
                                      "-1.2.3.4", "1.2.3.999", "1.2.3.4x", "1.2.3.0400"};
    struct aksu_addr addr = aksu_ipv4(9, 9, 9, 9), want = aksu_ipv4(192, 0, 2, 1);
    char text[40];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct aksu_addr before = addr;
        if (aksu_parse_addr(bad[i], &addr) != AKSU_EINVAL)
            fail_msg("\"%s\" was taken", bad[i]);
        assert_memory_equal(&addr, &before, sizeof addr);
    }
    assert_int_equal(aksu_parse_addr("192.0.2.1", &addr), AKSU_OK);
    assert_memory_equal(&addr, &want, sizeof addr);
    assert_string_equal(aksu_format_addr(&addr, text), "192.0.2.1");
    assert_int_equal(aksu_parse_addr("255.255.255.255", &addr), AKSU_OK);
    assert_string_equal(aksu_format_addr(&addr, text), "255.255.255.255");
    assert_int_equal(aksu_parse_addr("0.0.0.0", &addr), AKSU_OK);
}

#define T(f) cmocka_unit_test_setup(f, setup)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(control),
        T(version),
        T(header_length),
        T(total_length),
        T(cut_short),
        T(checksum),
        T(fragments),
        T(destinations),
        T(sources),
        T(ttl),
        T(sources_by_netmask),
        T(protocols),
        T(harmless_options),
        T(harmful_options),
        T(identification),
        T(address_change),
        T(address_is_validated),
        T(text_of_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
