// SPDX-License-Identifier: MIT
// Packets in fragments: RFC 791 3.2, RFC 1122 3.3.2, RFC 8200 4.5 and those that correct them. What
// is the same in both versions is tried in both.
#include <aksu/reassemble.h>
#include <aksu/udp.h>
#include "frames6.h"

enum {
    ETH = 14,
    IP = 20,
    IP6 = 40,
    TCP = 20,
    OCTETS = 4096,
    PLACES = 2,
    FRAGMENT6 = 44,
    OPTIONS6 = 60
};
enum { ICMP = 1, ICMPV6 = 58, ECHO = 8, EXCEEDED = 11, EXCEEDED6 = 3, TIME_MS = 60000 };

AKSU_STORAGE_WITH(store, 4, 2, 8192, 8192, 4, 4000);
AKSU_IPV6(ip6, 4);
AKSU_REASSEMBLY(pieces, PLACES, OCTETS);
AKSU_REASSEMBLY(pieces6, PLACES, OCTETS);
static struct host h;
static bool six; // which version is tried

static int setup(void **state)
{
    six = *state != NULL;
    ready6(&h, &store, &ip6);
    assert_int_equal(aksu_reassemble(&h.net, &pieces), AKSU_OK);
    assert_int_equal(aksu_ipv6_reassemble(&h.net, &pieces6), AKSU_OK);
    listen_on(&h, PORT);
    return 0;
}

// --- Packets in pieces ---

static uint8_t message[8192]; // behind the IP header
static size_t message_len;
static unsigned message_protocol;

struct piece {
    unsigned id;
    unsigned protocol; // 0 = the version's ICMP
    unsigned tos;
    uint32_t src; // its last octets
    size_t offset;
    size_t len;
    bool more;
};

static size_t make(const struct piece *p, const uint8_t *text, uint8_t *frame)
{
    uint8_t head[8] = {0};
    struct wire w = six ? tcp6(0, 0, 0, 0) : tcp(0, 0, 0, 0);
    w.protocol = (uint8_t)(p->protocol ? p->protocol : six ? ICMPV6 : ICMP);
    w.tos = (uint8_t)p->tos;
    if (six) {
        head[0] = w.protocol;
        put16(head + 2, (unsigned)(p->offset | p->more));
        put32(head + 4, p->id);
        w.first = FRAGMENT6;
        w.headers = head;
        w.headers_len = 8;
        w.src6[15] = (uint8_t)(w.src6[15] + p->src);
    } else {
        w.id = (uint16_t)p->id;
        w.fragment = (uint16_t)(p->offset / 8 | (p->more ? 0x2000u : 0u));
        w.src += p->src;
    }
    memcpy(frame + ETH + (six ? IP6 + 8 : IP), text, p->len);
    return make_ip(&w, frame, p->len);
}

static int feed_piece(const struct piece *p)
{
    static uint8_t frame[12000];
    size_t len = make(p, message + p->offset, frame);
    if (!six)
        seal_ip(frame);
    return feed_frame(&h, frame, len);
}

// A piece of the message, by its place.
static int part(unsigned id, size_t offset, size_t len)
{
    struct piece p = {.id = id,
                      .protocol = message_protocol,
                      .offset = offset,
                      .len = len,
                      .more = offset + len < message_len};
    return feed_piece(&p);
}

// A message that asks for an echo of so many octets in all, from the peer.
static void echo_of(size_t len)
{
    uint32_t pseudo = 0;
    message_len = len;
    message_protocol = 0;
    for (size_t i = 0; i < len; i++)
        message[i] = (uint8_t)(i * 7 + i / 256);
    memset(message, 0, 4);
    message[0] = six ? ECHO_REQUEST6 : ECHO;
    if (six) {
        struct wire w = tcp6(0, 0, 0, 0);
        pseudo = pseudo_of(&w, ICMPV6, len);
    }
    put16(message + 2, naive_checksum(message, len, pseudo));
}

static void answered(void)
{
    if (!next(&h))
        fail_msg("no answer");
    assert_int_equal(h.got.icmp_type, six ? ECHO_REPLY6 : 0);
    assert_int_equal(h.got.len, message_len - 8);
    assert_memory_equal(h.got.data, message + 8, message_len - 8);
    quiet(&h);
}

// A segment of text, as a message.
static void segment(uint32_t seq, uint32_t ack, size_t len, bool right)
{
    static const uint8_t text[5000] = "text";
    struct wire w = six ? tcp6(AKSU_ACK, seq, ack, len) : tcp(AKSU_ACK, seq, ack, len);
    uint8_t frame[6000];
    w.data = text;
    make_tcp(&w, frame);
    message_len = TCP + len;
    message_protocol = 6;
    memcpy(message, frame + ETH + (six ? IP6 : IP), message_len);
    message[16] ^= (uint8_t)!right;
}

static uint32_t open_connection(void)
{
    uint32_t iss = six ? establish6(&h, PEER_PORT) : establish(&h, PEER_PORT);
    h.app.len = 0;
    return iss;
}

// --- What becomes whole ---

// R791-02, R8200-11: any order does.
static void any_order(void **state)
{
    static const size_t at[4] = {0, 352, 704, 1400};
    (void)state;
    echo_of(1409);
    for (unsigned code = 0; code < 256; code++) {
        unsigned order[4] = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6};
        if ((1u << order[0] | 1u << order[1] | 1u << order[2] | 1u << order[3]) != 15)
            continue;
        for (unsigned i = 0; i < 4; i++) {
            unsigned k = order[i];
            quiet(&h);
            assert_int_equal(part(code, at[k], (k < 3 ? at[k + 1] : message_len) - at[k]), 0);
        }
        answered();
    }
    assert_int_equal(dropped(&h, AKSU_DROP_FRAGMENT), 0);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
}

// Sixty-four pieces of eight octets, every other one first.
static void many_holes(void **state)
{
    (void)state;
    echo_of(512);
    for (size_t i = 0; i < 64; i += 2)
        assert_int_equal(part(1, 8 * i, 8), 0);
    for (size_t i = 1; i < 64; i += 2) {
        quiet(&h);
        assert_int_equal(part(1, 8 * (64 - i), 8), 0);
    }
    answered();
}

// More pieces than there is use for.
static void too_many(void **state)
{
    (void)state;
    echo_of(2400);
    for (size_t i = 0; i < 255; i++)
        assert_int_equal(part(1, 8 * i, 8), 0);
    assert_int_equal(part(1, 8 * 255, 8), -AKSU_DROP_FRAGMENT);
    quiet(&h);
}

// R791-02, R8200-06: whose, and which. What differs is kept apart.
static void kept_apart(void **state)
{
    struct piece p = {.id = 5, .len = 24, .more = true};
    struct piece others[3] = {p, p, p};
    (void)state;
    echo_of(48);
    others[0].id = 6;
    others[1].src = 1;
    others[2].protocol = 99;
    for (unsigned i = 0; i < (six ? 2 : 3); i++) { // RFC 8200 leaves the protocol out
        others[i].offset = 24;
        others[i].more = false;
        assert_int_equal(feed_piece(&p), 0);
        assert_int_equal(feed_piece(&others[i]), 0);
        quiet(&h);
        pass(&h, 2 * TIME_MS);
        quiet(&h);
    }
    assert_int_equal(feed_piece(&p), 0);
    assert_int_equal(part(5, 24, 24), 0);
    answered();
}

// R1122I-09, R8200-11: what is larger than the MTU is for TCP, at the size it was given.
static void larger_than_the_link(void **state)
{
    (void)state;
    uint32_t iss = open_connection();
    segment(1001, iss + 1, OCTETS - TCP, true);
    assert_int_equal(part(1, 1400, 1400), 0);
    assert_int_equal(part(1, 0, 1400), 0);
    quiet(&h);
    assert_int_equal(part(1, 2800, OCTETS - 2800), 0);
    assert_int_equal(h.app.len, OCTETS - TCP);
    assert_memory_equal(h.app.data, message + TCP, OCTETS - TCP);
    pass(&h, 1000);
    assert_int_equal(h.got.ack, 1001 + OCTETS - TCP);
}

static void larger_than_its_place(void **state)
{
    (void)state;
    uint32_t iss = open_connection();
    segment(1001, iss + 1, OCTETS - TCP + 1, true);
    assert_int_equal(part(1, 0, 1400), 0);
    assert_int_equal(part(1, 2800, OCTETS + 1 - 2800), -AKSU_DROP_FRAGMENT);
    assert_int_equal(part(1, 1400, 1400), -AKSU_DROP_FRAGMENT);
    assert_int_equal(h.app.len, 0);
}

// An answer leaves whole, or not at all.
static void echo_larger_than_the_link(void **state)
{
    (void)state;
    size_t most = 1500u - (six ? IP6 : IP);
    echo_of(most + 1);
    assert_int_equal(part(1, 0, 800), 0);
    assert_int_equal(part(1, 800, most + 1 - 800), -AKSU_DROP_ECHO_BUSY);
    quiet(&h);
    echo_of(most);
    assert_int_equal(part(2, 0, 800), 0);
    assert_int_equal(part(2, 800, most - 800), 0);
    answered();
}

// --- What does not ---

static void lost(unsigned id)
{
    for (size_t at = 0; at < message_len; at += 240)
        assert_int_equal(part(id, at, 240), -AKSU_DROP_FRAGMENT); // whatever still comes of it
    quiet(&h);
    pass(&h, TIME_MS + 1000); // and without a word
    quiet(&h);
    assert_int_equal(h.got.icmp_type, 99);
}

// R791-05, R8200-06, R5722: a fragment that overlaps another ends the packet.
static void overlap(void **state)
{
    static const size_t kinds[][2] = {{240, 240}, {248, 8},  {240, 8},   {472, 8},
                                      {0, 248},   {472, 16}, {232, 256}, {0, 952}};
    (void)state;
    echo_of(960);
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        assert_int_equal(part(i, 240, 240), 0);
        h.got.icmp_type = 99;
        assert_int_equal(part(i, kinds[i][0], kinds[i][1]), -AKSU_DROP_FRAGMENT);
        lost(i);
    }
}

// What lies behind the last one is of no packet: R791-05.
static void ends_differ(void **state)
{
    struct piece last = {.id = 1, .offset = 480, .len = 240};
    struct piece behind = {.id = 1, .offset = 720, .len = 240, .more = true};
    (void)state;
    echo_of(960);
    assert_int_equal(feed_piece(&last), 0);
    h.got.icmp_type = 99;
    assert_int_equal(feed_piece(&behind), -AKSU_DROP_FRAGMENT);
    lost(1);
    last.id = behind.id = 2;
    assert_int_equal(feed_piece(&behind), 0);
    h.got.icmp_type = 99;
    assert_int_equal(feed_piece(&last), -AKSU_DROP_FRAGMENT);
    lost(2);
}

// R791-02, R791-03: lengths that no fragment has. The packet itself is not harmed.
static void lengths(void **state)
{
    struct piece odd = {.id = 1, .offset = 240, .len = 30, .more = true};
    struct piece none = {.id = 1, .offset = 240};
    struct piece far = {.id = 1, .offset = 65528, .len = 8};
    (void)state;
    echo_of(480);
    assert_int_equal(part(1, 0, 240), 0);
    assert_int_equal(feed_piece(&odd), -AKSU_DROP_FRAGMENT);
    h.now += 1000; // errors are few
    while (next(&h)) {
        assert_true(six);
        assert_int_equal(h.got.icmp_type, PROBLEM); // R8200-07
        assert_int_equal(h.got.icmp_code, 0);
        assert_int_equal(h.got.icmp_rest, 4);
    }
    assert_int_equal(feed_piece(&none), -AKSU_DROP_FRAGMENT);
    quiet(&h);
    static uint8_t frame[200];
    size_t len = make(&far, message, frame);
    if (!six)
        seal_ip(frame);
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_FRAGMENT);
    assert_int_equal(next(&h), six);
    if (six) {
        assert_int_equal(h.got.icmp_type, PROBLEM);
        assert_int_equal(h.got.icmp_code, 0);
        assert_int_equal(h.got.icmp_rest, IP6 + 2);
    }
    assert_int_equal(part(1, 240, 240), 0);
    answered();
}

// R3168: congestion that a piece has met is known of the whole; one that is not for such marks is
// no part of one that has met it.
static void congestion(void **state)
{
    static const uint8_t marks[][3] = {{2, 3, 1}, {3, 2, 1}, {2, 2, 1}, {0, 0, 1},
                                       {1, 3, 1}, {0, 3, 0}, {3, 0, 0}};
    (void)state;
    uint32_t iss = open_connection();
    uint32_t seq = 1001;
    for (unsigned i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct piece a = {.id = i, .protocol = 6, .len = 240, .more = true, .tos = marks[i][0]};
        struct piece b = {.id = i, .protocol = 6, .offset = 240, .len = 240, .tos = marks[i][1]};
        segment(seq, iss + 1, 480 - TCP, true);
        assert_int_equal(feed_piece(&a), 0);
        bool taken = marks[i][2] != 0;
        assert_int_equal(feed_piece(&b), taken ? 0 : -AKSU_DROP_FRAGMENT);
        seq += taken ? 480 - TCP : 0;
        pass(&h, 1000);
    }
    assert_int_equal(h.app.len, 5 * (480 - TCP));
}

// A MAC that has verified checksums has not verified this one.
static void checksum_counts(void **state)
{
    (void)state;
    uint32_t iss = open_connection();
    h.net.offload |= AKSU_OFFLOAD_RX;
    segment(1001, iss + 1, 480 - TCP, false);
    assert_int_equal(part(1, 0, 240), 0);
    assert_int_equal(part(1, 240, 240), -AKSU_DROP_TCP_CHECKSUM);
    assert_int_equal(h.app.len, 0);
    assert_int_equal(h.net.offload, AKSU_OFFLOAD_RX);
    segment(1001, iss + 1, 480 - TCP, true);
    assert_int_equal(part(2, 0, 240), 0);
    assert_int_equal(part(2, 240, 240), 0);
    assert_int_equal(h.app.len, 480 - TCP);
    assert_int_equal(h.net.offload, AKSU_OFFLOAD_RX);
}

// --- Time and place ---

// R1122I-10, R8200-09: after 60 s, with a word if the first fragment has come.
static void times_out(void **state)
{
    size_t quoted = six ? IP6 + 8 + 240 : IP + 8;
    (void)state;
    echo_of(720);
    assert_int_equal(part(7, 240, 240), 0);
    h.now += 10000;
    assert_int_equal(part(7, 0, 240), 0);
    assert_int_equal(aksu_idle(&h.net, h.now), TIME_MS - 10000);
    assert_int_equal(pass(&h, TIME_MS - 10001), 0);
    h.now += 1;
    assert_true(next(&h));
    assert_memory_equal(h.got.to, peer_mac, 6);
    assert_int_equal(h.got.icmp_type, six ? EXCEEDED6 : EXCEEDED);
    assert_int_equal(h.got.icmp_code, 1);
    assert_int_equal(h.got.icmp_rest, 0);
    if (six) {
        assert_addr(h.got.src6, &us6);
        assert_addr(h.got.dst6, &peer6);
        quoted += 240; // all that has come without a hole
        assert_int_equal(h.got.data[6], FRAGMENT6);
        assert_int_equal(h.got.data[IP6], ICMPV6);
        assert_int_equal(get32(h.got.data + IP6 + 4), 7);
        assert_memory_equal(h.got.data + IP6 + 8, message, 480);
    } else {
        assert_int_equal(h.got.src, US);
        assert_int_equal(h.got.dst, PEER);
        assert_int_equal(h.got.data[9], ICMP);
        assert_int_equal(naive_checksum(h.got.data, IP, 0), 0);
        assert_int_equal(get16(h.got.data + 4), 7);
        assert_int_equal(get16(h.got.data + 6), 0x2000);
        assert_memory_equal(h.got.data + IP, message, 8);
    }
    assert_int_equal(h.got.len, quoted);
    quiet(&h);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
    struct piece p = {.id = 9, .protocol = 99, .offset = 240, .len = 240, .more = true};
    assert_int_equal(part(7, 480, 240), 0); // it is of another one now,
    assert_int_equal(feed_piece(&p), 0);
    assert_int_equal(pass(&h, 2 * TIME_MS), 0); // of which the first has not come
}

// R1122-ICMP: no word about what is an error itself.
static void no_error_about_an_error(void **state)
{
    (void)state;
    echo_of(720);
    message[0] = six ? 1 : 3;
    assert_int_equal(part(1, 0, 240), 0);
    assert_int_equal(pass(&h, 2 * TIME_MS), 0);
}

// R8200-09: nor if the error is behind options.
static void no_error_behind_options(void **state)
{
    (void)state;
    for (unsigned type = 127; type <= 128; type++) {
        echo_of(720);
        message_protocol = OPTIONS6;
        memset(message, 0, 16);
        message[0] = ICMPV6;
        message[8] = (uint8_t)type;
        assert_int_equal(part(type, 0, 240), 0);
        assert_int_equal(pass(&h, 2 * TIME_MS), type < 128 ? 0 : 1);
    }
}

// The oldest gives way when all places are taken.
static void places_taken(void **state)
{
    (void)state;
    echo_of(480);
    for (unsigned id = 1; id <= PLACES + 1; id++) {
        assert_int_equal(part(id, 0, 240), 0);
        h.now += 10;
    }
    for (unsigned id = 2; id <= PLACES + 1; id++) {
        assert_int_equal(part(id, 240, 240), 0);
        answered();
    }
    assert_int_equal(part(1, 240, 240), 0); // a new one
    quiet(&h);
}

// The clock's turn is no end of time.
static void clock_turns(void **state)
{
    (void)state;
    h.now = UINT32_MAX - 29999;
    echo_of(480);
    assert_int_equal(part(1, 0, 240), 0);
    assert_int_equal(aksu_idle(&h.net, h.now), TIME_MS);
    assert_int_equal(pass(&h, TIME_MS - 1), 0);
    assert_int_equal(part(1, 240, 240), 0);
    answered();
}

// --- IPv4 only ---

// R791-04: a segment's flags are in its first fragment.
static void tiny(void **state)
{
    struct piece p = {.id = 1, .protocol = 6, .len = 16, .more = true};
    struct piece second = {.id = 1, .protocol = 6, .offset = 8, .len = 240, .more = true};
    (void)state;
    assert_int_equal(feed_piece(&p), -AKSU_DROP_FRAGMENT);
    assert_int_equal(feed_piece(&second), -AKSU_DROP_FRAGMENT);
    second.offset = 16;
    assert_int_equal(feed_piece(&second), -AKSU_DROP_FRAGMENT);
    p.len = 24;
    assert_int_equal(feed_piece(&p), 0);
    assert_int_equal(aksu_idle(&h.net, h.now), TIME_MS);
}

// To others, to all, from nobody.
static void foreign(void **state)
{
    static const uint32_t ends[][3] = {
        {PEER, US + 9, AKSU_DROP_NOT_OURS}, {PEER, US | 255, AKSU_DROP_NOT_OURS},
        {US, US, AKSU_DROP_SOURCE},         {US | 255, US, AKSU_DROP_SOURCE},
        {0, US, AKSU_DROP_SOURCE},          {0xe0000001, US, AKSU_DROP_SOURCE}};
    (void)state;
    for (unsigned i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct wire w = tcp(AKSU_ACK, 1, 1, 220);
        uint8_t frame[FRAME_MAX];
        w.src = ends[i][0];
        w.dst = ends[i][1];
        w.fragment = 0x2000;
        size_t len = make_tcp(&w, frame);
        assert_int_equal(feed_frame(&h, frame, len), -(int)ends[i][2]);
    }
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
}

// The first header's options go, and it is right again without them.
static struct aksu_udp udp;
static size_t heard;

static void on_datagram(struct aksu *net, struct aksu_udp *u, const struct aksu_packet *packet,
                        const void *data, size_t len)
{
    (void)net;
    (void)u;
    (void)packet;
    assert_memory_equal(data, message + 8, len);
    heard = len;
}

static void datagrams(void **state)
{
    static const struct aksu_udp_handlers handlers = {.on_datagram = on_datagram};
    (void)state;
    assert_int_equal(aksu_udp_open(&h.net, &udp, 4000, &handlers), AKSU_OK);
    for (unsigned i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)(i ^ i >> 8);
    for (unsigned id = 0; id < 2; id++) {
        struct piece p = {.id = id, .protocol = 17, .len = 1480, .more = true};
        message_len = 3008;
        put32(message, 5u << 16 | (id ? 4001u : 4000u));
        put32(message + 4, (uint32_t)message_len << 16);
        put16(message + 6, naive_checksum(message, message_len, pseudo_sum(PEER, US, 17, 3008)));
        heard = 0;
        h.now += 1000;
        assert_int_equal(feed_piece(&p), 0);
        p.offset = 1480;
        assert_int_equal(feed_piece(&p), 0);
        p.offset = 2960;
        p.len = 48;
        p.more = false;
        int result = feed_piece(&p);
        if (id == 0) {
            assert_int_equal(result, 0);
            assert_int_equal(heard, 3000);
        } else { // nobody has the port
            assert_int_equal(result, -AKSU_DROP_NO_CONNECTION);
            assert_true(next(&h));
            assert_int_equal(h.got.icmp_type, 3);
            assert_int_equal(h.got.icmp_code, 3);
            assert_int_equal(h.got.data[0], 0x45);
            assert_int_equal(get16(h.got.data + 2), IP + 3008);
            assert_int_equal(naive_checksum(h.got.data, IP, 0), 0);
            assert_memory_equal(h.got.data + IP, message, 8);
        }
    }
}

static void options_go(void **state)
{
    struct wire w = tcp(0, 0, 0, 0);
    uint8_t frame[FRAME_MAX];
    (void)state;
    echo_of(480);
    w.protocol = ICMP;
    w.id = 1;
    w.fragment = 0x2000;
    w.ip_options_len = 8;
    memset(w.ip_options, 1, 8);
    memcpy(frame + ETH + IP + 8, message, 240);
    size_t len = make_ip(&w, frame, 240);
    assert_int_equal(feed_frame(&h, frame, len), 0);
    pass(&h, TIME_MS); // what is quoted has none
    assert_int_equal(h.got.icmp_type, EXCEEDED);
    assert_int_equal(naive_checksum(h.got.data, IP, 0), 0);
    assert_memory_equal(h.got.data + IP, message, 8);
    assert_int_equal(feed_frame(&h, frame, len), 0);
    assert_int_equal(part(1, 240, 240), 0);
    answered();
}

// --- IPv6 only ---

static int first_of(unsigned protocol, const uint8_t *text, size_t len)
{
    struct piece p = {.id = 1, .protocol = protocol, .len = len, .more = true};
    uint8_t frame[FRAME_MAX];
    h.now += 1000;
    size_t frame_len = make(&p, text, frame);
    return feed_frame(&h, frame, frame_len);
}

static void refused_chain(unsigned protocol, const uint8_t *text, size_t len)
{
    assert_int_equal(first_of(protocol, text, len), -AKSU_DROP_FRAGMENT);
    next_icmp(&h, PROBLEM);
    assert_int_equal(h.got.icmp_code, 3);
    assert_int_equal(h.got.icmp_rest, 0);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
}

// R8200-10, R7112-01: the first fragment has all headers.
static void headers_in_the_first(void **state)
{
    static uint8_t text[64];
    (void)state;
    refused_chain(6, text, 16);
    text[0] = 6;
    text[1] = 1;
    refused_chain(60, text, 8);
    refused_chain(60, text, 32);
    text[0] = 60;
    text[1] = 0;
    text[8] = 43;
    text[16] = 44;
    text[24] = 58;
    refused_chain(60, text, 24);
    refused_chain(60, text, 32);
    assert_int_equal(first_of(60, text, 40), 0);
    pass(&h, TIME_MS + 1000);
    text[24] = 0;
    assert_int_equal(first_of(58, text, 8), 0);
    pass(&h, TIME_MS + 1000);
    assert_int_equal(first_of(99, text, 8), 0);
    pass(&h, TIME_MS + 1000);
    assert_int_equal(first_of(6, text, 24), 0);
}

// R8200-08: one that is whole is nothing to those that wait, even of the same number.
static void atomic(void **state)
{
    (void)state;
    echo_of(480);
    assert_int_equal(part(1, 0, 240), 0);
    struct piece whole = {.id = 1, .len = 480};
    assert_int_equal(feed_piece(&whole), 0);
    answered();
    assert_int_equal(part(1, 240, 240), 0);
    answered();
}

// R6980-01, also when it was in two; and hop-by-hop options are never behind a fragment header.
static void what_is_no_fragment(void **state)
{
    static const uint8_t hop_by_hop[16] = {59};
    struct piece p = {.id = 3, .protocol = 0, .len = 8, .more = true};
    uint8_t frame[FRAME_MAX];
    (void)state;
    echo_of(48);
    message[0] = NS;
    message[1] = 0;
    memcpy(message + 8, &us6, 16);
    assert_int_equal(part(1, 0, 24), 0);
    int result = part(1, 24, 24);
    assert_int_equal(result, -AKSU_DROP_ICMP);
    for (unsigned i = 0; i < 2; i++) {
        size_t len = make(&p, hop_by_hop, frame);
        frame[ETH + IP6] = 0; // p.protocol 0 is taken for ICMPv6
        result = feed_frame(&h, frame, len);
        p.offset = 8;
        p.more = false;
    }
    assert_int_equal(result, -AKSU_DROP_PROTOCOL);
    next_icmp(&h, PROBLEM);
    assert_int_equal(h.got.icmp_code, 1);
}

// To a group, from no address, and a fragment in a fragment.
static void not_for_pieces(void **state)
{
    uint8_t frame[FRAME_MAX];
    (void)state;
    echo_of(480);
    struct piece p = {.id = 1, .len = 240, .more = true};
    size_t len = make(&p, message, frame);
    memcpy(frame + ETH + 24, &nodes6, 16);
    memcpy(frame, "\x33\x33\0\0\0\1", 6);
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_FRAGMENT);
    len = make(&p, message, frame);
    memset(frame + ETH + 8, 0, 16);
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_FRAGMENT);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
    memset(message, 0, 240);
    message[0] = ICMPV6;
    message[3] = 1; // more
    p.protocol = FRAGMENT6;
    assert_int_equal(feed_piece(&p), 0);
    p.offset = 240;
    p.more = false;
    assert_int_equal(feed_piece(&p), -AKSU_DROP_FRAGMENT);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
}

// --- Starting ---

static void refuses(void **state)
{
    static struct aksu_pieces list[1];
    static uint8_t octets[100];
    struct aksu_reassembly r = {.pieces = list, .octets = octets, .size = 62, .count = 0};
    (void)state;
    assert_int_equal(aksu_reassemble(&h.net, &pieces), AKSU_EBUSY);
    assert_int_equal(aksu_ipv6_reassemble(&h.net, &pieces6), AKSU_EBUSY);
    start(&h, &store);
    assert_int_equal(aksu_ipv6_reassemble(&h.net, &pieces6), AKSU_EINVAL);
    assert_int_equal(aksu_reassemble(&h.net, &r), AKSU_EINVAL);
    r.count = 1;
    r.size = 61;
    assert_int_equal(aksu_reassemble(&h.net, &r), AKSU_EINVAL);
    r.size = AKSU_PIECES_HEADERS + 65536;
    assert_int_equal(aksu_reassemble(&h.net, &r), AKSU_EINVAL);
    r.size = AKSU_PIECES_HEADERS + 65528;
    assert_int_equal(aksu_reassemble(&h.net, &r), AKSU_OK);
}

// Alone, behind bare packets.
static void bare(void **state)
{
    struct aksu_config c = default_config();
    (void)state;
    c.link = NULL;
    start_with(&h, &store, &c);
    assert_int_equal(aksu_reassemble(&h.net, &pieces), AKSU_OK);
    echo_of(480);
    for (size_t at = 0; at < 480; at += 240) {
        struct piece p = {.id = 1, .offset = at, .len = 240, .more = at == 0};
        uint8_t frame[FRAME_MAX];
        size_t len = make(&p, message + at, frame);
        seal_ip(frame);
        assert_int_equal(feed_frame(&h, frame + ETH, len - ETH), 0);
    }
    size_t len = aksu_output(&h.net, h.now, h.frame, sizeof h.frame);
    assert_int_equal(len, IP + 480);
    assert_memory_equal(h.frame + IP + 8, message + 8, 472);
    assert_int_equal(aksu_output(&h.net, h.now, h.frame, sizeof h.frame), 0);
}

int main(void)
{
#define T(f)                                                                                       \
    {                                                                                              \
#f, f, setup, NULL, NULL                                                                   \
    }
#define S(f)                                                                                       \
    {                                                                                              \
#f "6", f, setup, NULL, &six                                                               \
    }
    const struct CMUnitTest tests[] = {
        T(any_order),
        S(any_order),
        T(many_holes),
        S(many_holes),
        T(too_many),
        S(too_many),
        T(kept_apart),
        S(kept_apart),
        T(larger_than_the_link),
        S(larger_than_the_link),
        T(larger_than_its_place),
        S(larger_than_its_place),
        T(echo_larger_than_the_link),
        S(echo_larger_than_the_link),
        T(overlap),
        S(overlap),
        T(ends_differ),
        S(ends_differ),
        T(lengths),
        S(lengths),
        T(congestion),
        S(congestion),
        T(checksum_counts),
        S(checksum_counts),
        T(times_out),
        S(times_out),
        T(no_error_about_an_error),
        S(no_error_about_an_error),
        S(no_error_behind_options),
        T(places_taken),
        S(places_taken),
        T(clock_turns),
        S(clock_turns),
        T(tiny),
        T(foreign),
        T(datagrams),
        T(options_go),
        S(headers_in_the_first),
        S(atomic),
        S(what_is_no_fragment),
        S(not_for_pieces),
        T(refuses),
        T(bare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
