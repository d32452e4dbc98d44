// SPDX-License-Identifier: MIT
// ICMP: echo (R1122C-*), errors acted on as RFC 5927 says (MUST-54 to 56, R5927-*, R1191-*).
#include "frames.h"

AKSU_STORAGE(store, 4, 2, 2048, 4096);
AKSU_STORAGE_WITH(small_echo, 1, 1, 100, 100, 1, 100);
static struct host h;

static int setup(void **state)
{
    (void)state;
    start(&h, &store);
    listen_on(&h, PORT);
    return 0;
}

static struct wire icmp(unsigned type, unsigned code, uint32_t rest, const void *data, size_t len)
{
    struct wire w = tcp(0, 0, 0, 0);
    w.protocol = 1;
    w.icmp_type = (uint8_t)type;
    w.icmp_code = (uint8_t)code;
    w.icmp_rest = rest;
    w.data = data;
    w.len = len;
    return w;
}

static int feed_icmp(const struct wire *w)
{
    uint8_t frame[FRAME_MAX];
    size_t len = make_icmp(w, frame);
    return feed_frame(&h, frame, len);
}

// R1122C-04: any size up to what storage says: identifier, sequence and text come back.
static void echo(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 7, 56, 57, 1000, 1471, 1472};
    uint8_t text[1500];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct wire w = icmp(8, 0, 0x12340000u + (uint32_t)i, text, sizes[i]);
        assert_int_equal(feed_icmp(&w), 0);
        assert_true(next(&h));
        assert_int_equal(h.got.protocol, 1);
        assert_int_equal(h.got.icmp_type, 0);
        assert_int_equal(h.got.icmp_code, 0);
        assert_int_equal(h.got.icmp_rest, w.icmp_rest);
        assert_int_equal(h.got.src, US);
        assert_int_equal(h.got.dst, PEER);
        assert_int_equal(h.got.ttl, 64);
        assert_int_equal(h.got.tos, 0);
        assert_memory_equal(h.got.to, peer_mac, 6);
        assert_int_equal(h.got.len, sizes[i]);
        assert_memory_equal(h.got.data, text, sizes[i]);
        quiet(&h);
    }
}

// One at a time: a second request is dropped and counted until the first is answered.
static void echo_busy(void **state)
{
    (void)state;
    struct wire w = icmp(8, 0, 1, "x", 1);
    assert_int_equal(feed_icmp(&w), 0);
    assert_int_equal(feed_icmp(&w), -AKSU_DROP_ECHO_BUSY);
    assert_int_equal(drain(&h), 1);
    assert_int_equal(feed_icmp(&w), 0);
    assert_int_equal(drain(&h), 1);
}

// Larger than the buffer lent (here 100 octets with the ICMP header): dropped.
static void echo_too_large(void **state)
{
    (void)state;
    static uint8_t text[1600];
    start(&h, &small_echo);
    struct wire w = icmp(8, 0, 1, text, 93);
    assert_int_equal(feed_icmp(&w), -AKSU_DROP_ECHO_BUSY);
    quiet(&h);
    w = icmp(8, 0, 1, text, 92);
    assert_int_equal(feed_icmp(&w), 0);
    assert_int_equal(drain(&h), 1);
}

// What is longer than the MTU is not taken: its echo would be longer than the port's buffer.
static void echo_fits_the_mtu(void **state)
{
    (void)state;
    static const uint8_t text[1500];
    static uint8_t frame[FRAME_MAX];
    for (unsigned bare = 0; bare < 2; bare++) {
        struct aksu_config config = default_config();
        config.mtu = 576;
        config.link = bare ? NULL : config.link;
        start_with(&h, &store, &config);
        for (size_t more = 0; more <= 4; more++) { // a MAC may leave the FCS behind the packet
            struct wire w = icmp(8, 0, 0, text, 576 - 28 + more);
            size_t len = make_icmp(&w, frame);
            int result = feed_frame(&h, frame + (bare ? 14 : 0), len - (bare ? 14 : 0));
            assert_int_equal(result, more == 0 ? 0 : -AKSU_DROP_IP_HEADER);
            len = aksu_output(&h.net, h.now, frame, 576 + 14);
            assert_int_equal(len, more > 0 ? 0 : bare ? 576 : 576 + 14);
        }
    }
}

// R1122C-05: not to broadcast or multicast (smurf), nor from such.
static void echo_broadcast(void **state)
{
    (void)state;
    static const uint32_t addrs[] = {0xc00002ffu, 0xffffffffu, 0xe0000001u};
    for (size_t i = 0; i < 3; i++) {
        struct wire w = icmp(8, 0, 1, "x", 1);
        w.dst = addrs[i];
        assert_true(feed_icmp(&w) < 0);
        w = icmp(8, 0, 1, "x", 1);
        w.src = addrs[i];
        assert_true(feed_icmp(&w) < 0);
    }
    quiet(&h);
}

// R1122C-01, R1122C-06: unknown types, bad checksum, shorter than 8 octets.
static void dropped_icmp(void **state)
{
    (void)state;
    static const uint8_t types[] = {0, 1, 2, 5, 9, 10, 13, 15, 17, 30, 250};
    for (size_t i = 0; i < sizeof types; i++) {
        struct wire w = icmp(types[i], 0, 0, "0123456789012345678901234567", 28);
        assert_true(feed_icmp(&w) < 0);
    }
    uint8_t frame[FRAME_MAX];
    struct wire w = icmp(8, 0, 1, "abc", 3);
    size_t len = make_icmp(&w, frame);
    frame[40] ^= 1;
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_ICMP);
    struct wire code = icmp(8, 1, 1, "abc", 3); // an echo request has the code 0
    assert_int_equal(feed_icmp(&code), -AKSU_DROP_ICMP);
    for (size_t n = 0; n < 8; n++) {
        make_icmp(&w, frame);
        memcpy(frame + 34, "\x08\0\xf7\xff\0\0\0", 8); // the checksum is that of 4 octets or more
        len = make_ip(&w, frame, n);
        assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_ICMP);
    }
    quiet(&h);
}

// What an error quotes: our IP header and the first 8 octets of our TCP header.
static size_t quote(uint8_t *to, uint16_t sport, uint32_t dst, uint16_t dport, uint32_t seq)
{
    uint8_t frame[FRAME_MAX];
    struct wire w = tcp(AKSU_ACK, seq, 0, 0);
    w.src = US;
    w.dst = dst;
    w.sport = sport;
    w.dport = dport;
    make_tcp(&w, frame);
    memcpy(to, frame + 14, 28);
    return 28;
}

static int error_about(unsigned type, unsigned code, uint32_t rest, uint16_t sport, uint32_t dst,
                       uint16_t dport, uint32_t seq)
{
    uint8_t quoted[28];
    size_t len = quote(quoted, sport, dst, dport, seq);
    struct wire w = icmp(type, code, rest, quoted, len);
    w.src = GATE;
    return feed_icmp(&w);
}

// MUST-47, MUST-56: soft errors are reported and change nothing.
static void soft_errors(void **state)
{
    (void)state;
    static const uint8_t kinds[][2] = {{3, 0}, {3, 1}, {3, 5}, {11, 0}, {11, 1}, {12, 0}};
    uint32_t iss = establish(&h, PEER_PORT);
    assert_int_equal(aksu_send(&h.net, h.app.conn, "hello", 5), 5);
    drain(&h);
    for (unsigned i = 0; i < 6; i++) {
        int result = error_about(kinds[i][0], kinds[i][1], 0, PORT, PEER, PEER_PORT, iss + 1);
        assert_int_equal(result, 0);
        assert_int_equal(h.app.troubles, i + 1);
        assert_int_equal(h.app.closes, 0);
    }
    assert_true(h.app.trouble_reason < 0);
    quiet(&h);
}

// What each error is told as: by on_trouble once the connection is synchronized; before, by
// on_close if it is a hard one (SHLD-26).
static void reasons(void **state)
{
    (void)state;
    static const struct {
        uint8_t type;
        uint8_t code;
        int reason;
        bool hard;
    } rows[] = {{3, 0, AKSU_ENETUNREACH, false},   {3, 1, AKSU_EHOSTUNREACH, false},
                {3, 2, AKSU_ECONNREFUSED, true},   {3, 3, AKSU_ECONNREFUSED, true},
                {3, 5, AKSU_EHOSTUNREACH, false},  {3, 6, AKSU_ENETUNREACH, false},
                {3, 7, AKSU_EHOSTUNREACH, false},  {3, 13, AKSU_EHOSTUNREACH, false},
                {11, 0, AKSU_EHOSTUNREACH, false}, {11, 2, AKSU_EHOSTUNREACH, false},
                {11, 3, AKSU_EHOSTUNREACH, false}, {12, 0, AKSU_EHOSTUNREACH, false},
                {12, 3, AKSU_EHOSTUNREACH, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 81};
        setup(NULL);
        uint32_t iss = establish(&h, PEER_PORT);
        assert_int_equal(aksu_send(&h.net, h.app.conn, "hello", 5), 5);
        drain(&h);
        assert_int_equal(error_about(rows[i].type, rows[i].code, 0, PORT, PEER, PEER_PORT, iss + 1),
                         0);
        assert_int_equal(h.app.troubles, 1);
        assert_int_equal(h.app.trouble_reason, rows[i].reason);
        assert_int_equal(h.app.closes, 0);
        assert_true(aksu_connect(&h.net, &to, 5000, &app_handlers, &h.app) > 0);
        drain(&h);
        answer_arp(&h, PEER, peer_mac);
        assert_true(next(&h));
        assert_int_equal(error_about(rows[i].type, rows[i].code, 0, 5000, PEER, 81, h.got.seq), 0);
        drain(&h);
        assert_int_equal(h.app.closes, rows[i].hard);
        assert_int_equal(h.app.troubles, rows[i].hard ? 1 : 2);
        assert_int_equal(rows[i].hard ? h.app.close_reason : h.app.trouble_reason, rows[i].reason);
    }
}

// What the trace hook is shown of an error.
static void traced(void **state)
{
    (void)state;
    struct aksu_trace t = {.hook = keep_event};
    uint32_t iss = establish(&h, PEER_PORT);
    aksu_send(&h.net, h.app.conn, "hello", 5);
    drain(&h);
    aksu_trace(&h.net, &t);
    assert_int_equal(error_about(3, 3, 0, PORT, PEER, PEER_PORT, iss + 1), 0);
    assert_int_equal(last_event.kind, AKSU_EV_ICMP);
    assert_int_equal(last_event.option, AKSU_ICMP_HARD);
    assert_int_equal(last_event.value, iss + 1);
    assert_int_equal((int)last_event.detail, AKSU_ECONNREFUSED);
    assert_null(last_event.segment);
}

// SHLD-20: reports can be turned off.
static void silent(void **state)
{
    (void)state;
    uint32_t iss = establish(&h, PEER_PORT);
    assert_int_equal(aksu_set(&h.net, h.app.conn, AKSU_SILENT, 1), AKSU_OK);
    aksu_send(&h.net, h.app.conn, "hello", 5);
    drain(&h);
    assert_int_equal(error_about(3, 1, 0, PORT, PEER, PEER_PORT, iss + 1), 0);
    assert_int_equal(h.app.troubles, 0);
}

// R5927-02: hard errors do not end a synchronized connection.
static void hard_errors_established(void **state)
{
    (void)state;
    uint32_t iss = establish(&h, PEER_PORT);
    aksu_send(&h.net, h.app.conn, "hello", 5);
    drain(&h);
    for (unsigned code = 2; code <= 3; code++)
        assert_int_equal(error_about(3, code, 0, PORT, PEER, PEER_PORT, iss + 1), 0);
    assert_int_equal(h.app.closes, 0);
    assert_int_equal(h.app.troubles, 2);
}

// SHLD-26: port unreachable ends SYN-SENT.
static void hard_error_syn_sent(void **state)
{
    (void)state;
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 81};
    assert_true(aksu_connect(&h.net, &to, 5000, &app_handlers, &h.app) > 0);
    drain(&h);
    answer_arp(&h, PEER, peer_mac);
    assert_true(next(&h));
    uint32_t iss = h.got.seq;
    assert_true(error_about(3, 3, 0, 5000, PEER, 81, iss + 100) < 0 || h.app.closes == 0);
    assert_int_equal(h.app.closes, 0);
    assert_int_equal(error_about(3, 3, 0, 5000, PEER, 81, iss), 0);
    quiet(&h);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.close_reason, AKSU_ECONNREFUSED);
    assert_int_equal(aksu_connections(&h.net), 0);
    quiet(&h);
}

// R5927-01, MUST-54: the quoted tuple and sequence number must be ones in flight.
static void quoted_nonsense(void **state)
{
    (void)state;
    uint32_t iss = establish(&h, PEER_PORT);
    aksu_send(&h.net, h.app.conn, "hello", 5);
    drain(&h);
    error_about(3, 1, 0, PORT, PEER, PEER_PORT, iss);     // acknowledged before
    error_about(3, 1, 0, PORT, PEER, PEER_PORT, iss + 6); // never sent
    error_about(3, 1, 0, PORT, PEER, PEER_PORT + 1, iss + 1);
    error_about(3, 1, 0, PORT + 1, PEER, PEER_PORT, iss + 1);
    error_about(3, 1, 0, PORT, PEER + 1, PEER_PORT, iss + 1);
    uint8_t quoted[28];
    size_t len = quote(quoted, PORT, PEER, PEER_PORT, iss + 1);
    put32(quoted + 12, US + 1); // another host's
    struct wire w = icmp(3, 1, 0, quoted, len);
    assert_int_equal(feed_icmp(&w), -AKSU_DROP_ICMP_QUOTE);
    assert_int_equal(h.app.troubles, 0);
    assert_true(dropped(&h, AKSU_DROP_ICMP_QUOTE) >= 3);
    quiet(&h);
}

// R1122C-07: a quotation cut short is never read beyond its end.
static void short_quotes(void **state)
{
    (void)state;
    uint32_t iss = establish(&h, PEER_PORT);
    uint8_t quoted[28];
    aksu_send(&h.net, h.app.conn, "hello", 5);
    drain(&h);
    quote(quoted, PORT, PEER, PEER_PORT, iss + 1);
    uint8_t frame[FRAME_MAX];
    struct wire w = icmp(3, 1, 0, quoted, 28);
    make_icmp(&w, frame); // the rest of it stays behind the end
    for (w.len = 28; w.len-- > 0;) {
        size_t len = make_icmp(&w, frame);
        assert_int_equal(aksu_input(&h.net, h.now, frame, len), -AKSU_DROP_ICMP_QUOTE);
        assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_ICMP_QUOTE);
    }
    assert_int_equal(h.app.troubles, 0);
    w.len = 28;
    assert_int_equal(feed_icmp(&w), 0);
    assert_int_equal(h.app.troubles, 1);
}

// Nor is one that quotes what is not our TCP over IPv4: version, header length, protocol.
static void foreign_quotes(void **state)
{
    (void)state;
    static const uint8_t changes[][2] = {{0, 0x4f}, {0, 0x44}, {0, 0x65}, {0, 0x05},
                                         {0, 0x55}, {9, 17},   {9, 1},    {9, 0}};
    uint32_t iss = establish(&h, PEER_PORT);
    aksu_send(&h.net, h.app.conn, "hello", 5);
    drain(&h);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        uint8_t quoted[28];
        quote(quoted, PORT, PEER, PEER_PORT, iss + 1);
        quoted[changes[i][0]] = changes[i][1];
        struct wire w = icmp(3, 1, 0, quoted, 28);
        assert_int_equal(feed_icmp(&w), -AKSU_DROP_ICMP_QUOTE);
    }
    assert_int_equal(h.app.troubles, 0);
}

// MUST-55: source quench is dropped silently.
static void source_quench(void **state)
{
    (void)state;
    uint32_t iss = establish(&h, PEER_PORT);
    aksu_send(&h.net, h.app.conn, "hello", 5);
    drain(&h);
    struct aksu_info info;
    aksu_info(&h.net, h.app.conn, &info);
    uint32_t cwnd = info.tcb->cwnd;
    assert_true(error_about(4, 0, 0, PORT, PEER, PEER_PORT, iss + 1) < 0);
    aksu_info(&h.net, h.app.conn, &info);
    assert_int_equal(info.tcb->cwnd, cwnd);
    assert_int_equal(h.app.troubles, 0);
}

// R1122C-08: redirects are ignored.
static void redirect(void **state)
{
    (void)state;
    uint32_t iss = establish(&h, PEER_PORT);
    aksu_send(&h.net, h.app.conn, "hello", 5);
    assert_true(next(&h));
    assert_memory_equal(h.got.to, peer_mac, 6);
    assert_true(error_about(5, 1, 0xc0000209u, PORT, PEER, PEER_PORT, iss + 1) < 0);
    h.now += 1000;
    assert_true(next(&h)); // the text again
    assert_memory_equal(h.got.to, peer_mac, 6);
    assert_int_equal(h.app.troubles, 0);
}

// R1191-01, R1191-03, R5927-03: fragmentation needed: honoured once there is no progress.
static void fragmentation_needed(void **state)
{
    (void)state;
    static uint8_t text[2920];
    uint32_t iss = establish(&h, PEER_PORT);
    assert_int_equal(aksu_send(&h.net, h.app.conn, text, 2920), 2920);
    assert_int_equal(drain(&h), 2);
    pass(&h, 1200);
    error_about(3, 4, 1000, PORT, PEER, PEER_PORT, iss + 1);
    unsigned frames = 0;
    struct wire w;
    for (unsigned i = 0; i < 20; i++) {
        while (next(&h)) {
            assert_true(h.got.len <= 960);
            frames++;
        }
        w = tcp(AKSU_ACK, 1001, h.got.seq + (uint32_t)h.got.len, 0);
        if (frames > 0)
            feed(&h, &w);
        h.now += 1000;
    }
    assert_true(frames >= 2);
    assert_int_equal(h.app.acked, 2920);
    error_about(3, 4, 9000, PORT, PEER, PEER_PORT, iss + 1);
    aksu_send(&h.net, h.app.conn, text, 2000);
    while (next(&h))
        assert_true(h.got.len <= 960);
}

// R1191-02: a next-hop MTU of 0 (old routers) must not make segments of no size.
static void fragmentation_needed_zero(void **state)
{
    (void)state;
    static uint8_t text[1460];
    uint32_t iss = establish(&h, PEER_PORT);
    aksu_send(&h.net, h.app.conn, text, 1460);
    drain(&h);
    pass(&h, 1200);
    error_about(3, 4, 0, PORT, PEER, PEER_PORT, iss + 1);
    unsigned segments = 0;
    for (unsigned i = 0; i < 20; i++) {
        while (next(&h)) {
            assert_true(h.got.type == 0x0806 || h.got.len >= 28);
            segments += h.got.type == 0x0800;
        }
        h.now += 500;
    }
    assert_true(segments >= 2);
}

// R1122C-02: an error is never answered, whatever it says.
static void errors_are_not_answered(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        if (type == 8)
            continue;
        error_about(type, 0, 0, PORT, PEER, PEER_PORT, 1);
        quiet(&h);
    }
}

#define T(f) cmocka_unit_test_setup(f, setup)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(echo),
        T(echo_busy),
        T(echo_too_large),
        T(echo_fits_the_mtu),
        T(echo_broadcast),
        T(dropped_icmp),
        T(soft_errors),
        T(reasons),
        T(traced),
        T(silent),
        T(hard_errors_established),
        T(hard_error_syn_sent),
        T(quoted_nonsense),
        T(short_quotes),
        T(foreign_quotes),
        T(source_quench),
        T(redirect),
        T(fragmentation_needed),
        T(fragmentation_needed_zero),
        T(errors_are_not_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
