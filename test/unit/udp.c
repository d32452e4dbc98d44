// SPDX-License-Identifier: MIT
// UDP: R768-*, R1122U-*. Messages are made octet by octet.
#include "diary.h"

AKSU_STORAGE(store, 4, 2, 2048, 2048);
static struct host h;

enum { ETH = 14, IP = 20, UDP = 8 };

static struct diary one, two;

static int setup(void **state)
{
    (void)state;
    start(&h, &store);
    memset(&one, 0, sizeof one);
    memset(&two, 0, sizeof two);
    return 0;
}

// A datagram of `text`, from the peer's port 5000, in frame. Returns the frame's length.
static size_t make(uint8_t *frame, uint32_t src, uint32_t dst, uint16_t port, const char *text)
{
    struct wire w;
    size_t len = UDP + strlen(text);
    uint8_t *p = frame + ETH + IP;
    memset(&w, 0, sizeof w);
    memcpy(w.to, our_mac, 6);
    memcpy(w.from, peer_mac, 6);
    w.type = 0x0800;
    w.src = src;
    w.dst = dst;
    w.protocol = 17;
    w.ttl = 64;
    put16(p, 5000);
    put16(p + 2, port);
    put16(p + 4, (unsigned)len);
    put16(p + 6, 0);
    memcpy(p + UDP, text, strlen(text));
    put16(p + 6, naive_checksum(p, len, pseudo_sum(src, dst, 17, len)));
    return make_ip(&w, frame, len);
}

static int feed_text(const char *text, uint16_t port)
{
    uint8_t frame[FRAME_MAX];
    return feed_frame(&h, frame, make(frame, PEER, US, port, text));
}

// The next frame is a datagram of just these octets.
static void expect(const uint8_t *mac, uint32_t dst, uint16_t sport, uint16_t dport,
                   const char *text)
{
    size_t len = UDP + strlen(text);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0800);
    assert_memory_equal(h.got.to, mac, 6);
    assert_int_equal(h.got.protocol, 17);
    assert_int_equal(h.got.src, US);
    assert_int_equal(h.got.dst, dst);
    assert_int_equal(h.got.ttl, 64);
    assert_int_equal(h.frame_len, ETH + IP + len);
    const uint8_t *p = h.frame + ETH + IP;
    assert_int_equal(get16(p), sport);
    assert_int_equal(get16(p + 2), dport);
    assert_int_equal(get16(p + 4), len);
    assert_int_not_equal(get16(p + 6), 0);
    assert_int_equal(naive_checksum(p, len, pseudo_sum(US, dst, 17, len)), 0);
    assert_memory_equal(p + UDP, text, len - UDP);
}

static void listen_at(struct diary *d, uint16_t port)
{
    assert_int_equal(aksu_udp_listen(&h.net, &d->udp, port, &handlers), AKSU_OK);
}

static void open_at(struct diary *d, uint16_t port)
{
    assert_int_equal(aksu_udp_open(&h.net, &d->udp, port, &handlers), AKSU_OK);
}

static struct aksu_endpoint to_peer(void)
{
    return (struct aksu_endpoint){aksu_ipv4(192, 0, 2, 2), 5000};
}

static void say(struct diary *d, const char *text)
{
    struct aksu_endpoint to = to_peer();
    memcpy(d->data, text, strlen(text));
    d->text = strlen(text);
    assert_int_equal(aksu_udp_send(&h.net, &d->udp, &to), AKSU_OK);
}

// R768-01: header, pseudo-header, checksum; an answer goes to the station that asked.
static void answers(void **state)
{
    (void)state;
    one.answers = true;
    listen_at(&one, 7);
    assert_int_equal(feed_text("hello", 7), 0);
    assert_int_equal(one.came, 1);
    assert_int_equal(one.len, 5);
    assert_memory_equal(one.data, "hello", 5);
    assert_int_equal(one.from.port, 5000);
    assert_int_equal(get32(one.from.addr.octets + 12), PEER);
    assert_int_equal(get32(one.to.octets + 12), US); // R1122U-04
    expect(peer_mac, PEER, 7, 5000, "hello");
    quiet(&h);
    assert_int_equal(feed_text("", 7), 0); // no octets are a datagram, too
    expect(peer_mac, PEER, 7, 5000, "");
    quiet(&h);
}

// Endpoints are told apart by their port; two cannot have the same.
static void ports(void **state)
{
    (void)state;
    one.answers = two.answers = true;
    listen_at(&one, 7);
    open_at(&two, 8);
    assert_int_equal(aksu_udp_listen(&h.net, &one.udp, 8, &handlers), AKSU_EADDRINUSE);
    assert_int_equal(aksu_udp_listen(&h.net, &one.udp, 0, &handlers), AKSU_EADDRINUSE);
    assert_int_equal(feed_text("a", 7), 0);
    assert_int_equal(feed_text("b", 8), 0);
    assert_int_equal(one.came, 1);
    assert_int_equal(two.came, 1);
    expect(peer_mac, PEER, 8, 5000, "b");
    expect(peer_mac, PEER, 7, 5000, "a");
    aksu_udp_close(&h.net, &one.udp);
    aksu_udp_close(&h.net, &one.udp); // again: nothing
    assert_int_equal(feed_text("a", 7), -AKSU_DROP_NO_CONNECTION);
    assert_int_equal(feed_text("b", 8), 0);
    aksu_udp_close(&h.net, &two.udp);
    assert_int_equal(feed_text("b", 8), -AKSU_DROP_PROTOCOL);
}

// R768-02: a wrong checksum; none at all is taken (R768-02).
static void checksum(void **state)
{
    (void)state;
    uint8_t frame[FRAME_MAX];
    listen_at(&one, 7);
    size_t len = make(frame, PEER, US, 7, "hello");
    for (size_t bit = 0; bit < (UDP + 5) * 8; bit++) {
        if (bit / 8 == 4 || bit / 8 == 5) // the length: another test
            continue;
        frame[ETH + IP + bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_true(feed_frame(&h, frame, len) < 0);
        frame[ETH + IP + bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(one.came, 0);
    put16(frame + ETH + IP + 6, 0);
    assert_int_equal(feed_frame(&h, frame, len), 0);
    assert_int_equal(one.came, 1);
}

// R768-01: a checksum that comes out as zero is sent as all ones.
static void checksum_of_zero(void **state)
{
    (void)state;
    one.answers = true;
    listen_at(&one, 7);
    for (unsigned a = 0; a < 65536; a++) {
        char text[3] = {(char)(a >> 8), (char)a, 0};
        if (a >> 8 == 0 || (a & 0xff) == 0)
            continue;
        uint8_t sent[UDP + 2] = {0, 7, 0x13, 0x88, 0, 10, 0, 0, (uint8_t)(a >> 8), (uint8_t)a};
        if (naive_checksum(sent, sizeof sent, pseudo_sum(US, PEER, 17, sizeof sent)) != 0)
            continue;
        assert_int_equal(feed_text(text, 7), 0);
        assert_true(next(&h));
        assert_int_equal(get16(h.frame + ETH + IP + 6), 0xffff);
        return;
    }
    fail_msg("no text has that checksum");
}

// R768-03: lengths that cannot be, and padding behind the datagram.
static void lengths(void **state)
{
    (void)state;
    uint8_t frame[FRAME_MAX];
    listen_at(&one, 7);
    size_t len = make(frame, PEER, US, 7, "hello");
    for (unsigned l = 0; l < 65536; l += l < 100 ? 1 : 6543) {
        put16(frame + ETH + IP + 4, l);
        put16(frame + ETH + IP + 6, 0);
        bool right = l >= UDP && l <= UDP + 5;
        assert_int_equal(feed_frame(&h, frame, len), right ? 0 : -AKSU_DROP_RUNT);
        if (right)
            assert_int_equal(one.len, l - UDP);
    }
    for (unsigned cut = 0; cut < UDP; cut++) { // an IP packet that ends in the header
        make(frame, PEER, US, 7, "");
        put16(frame + ETH + 2, IP + cut);
        seal_ip(frame);
        assert_int_equal(feed_frame(&h, frame, ETH + IP + cut), -AKSU_DROP_RUNT);
    }
}

// R1122U-01: port unreachable, with the header that it is about; not for broadcasts, not again
// within 100 ms, and not while something else waits. An endpoint that only answers has none.
static void unreachable(void **state)
{
    (void)state;
    uint8_t frame[FRAME_MAX];
    listen_at(&one, 7);
    assert_int_equal(feed_text("hello", 9), -AKSU_DROP_NO_CONNECTION);
    quiet(&h);
    open_at(&two, 8);
    size_t len = make(frame, PEER, US, 9, "hello");
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_NO_CONNECTION);
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_NO_CONNECTION);
    assert_true(next(&h));
    assert_int_equal(h.got.protocol, 1);
    assert_memory_equal(h.got.to, peer_mac, 6);
    assert_int_equal(h.got.dst, PEER);
    assert_int_equal(h.got.icmp_type, 3);
    assert_int_equal(h.got.icmp_code, 3);
    assert_int_equal(h.got.icmp_rest, 0);
    assert_int_equal(h.got.len, IP + UDP);
    assert_memory_equal(h.got.data, frame + ETH, IP + UDP);
    quiet(&h);
    h.now += 99;
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_NO_CONNECTION);
    quiet(&h);
    h.now += 1;
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_NO_CONNECTION);
    assert_true(next(&h));
    quiet(&h);
    h.now += 100;
    len = make(frame, PEER, UINT32_MAX, 9, "hello");
    memcpy(frame, broadcast_mac, 6);
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_NO_CONNECTION);
    quiet(&h);
}

// R1122U-05, R1122U-07: broadcasts, limited, of the network and its old form, are heard from the
// first endpoint on that aksu_udp_open() opened; one host's packet in a frame to all is not.
static void broadcasts(void **state)
{
    (void)state;
    static const uint32_t to[] = {UINT32_MAX, 0xc00002ff, 0xc0000200};
    uint8_t frame[FRAME_MAX];
    listen_at(&one, 7);
    size_t len = make(frame, PEER, UINT32_MAX, 7, "hello");
    memcpy(frame, broadcast_mac, 6);
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_NOT_OURS);
    open_at(&two, 8);
    for (unsigned i = 0; i < 3; i++) {
        len = make(frame, PEER, to[i], 7, "hello");
        assert_int_equal(feed_frame(&h, frame, len), 0);
        memcpy(frame, broadcast_mac, 6);
        assert_int_equal(feed_frame(&h, frame, len), 0);
        assert_int_equal(get32(one.to.octets + 12), to[i]);
    }
    assert_int_equal(one.came, 6);
    len = make(frame, PEER, US, 7, "hello");
    memcpy(frame, broadcast_mac, 6);
    assert_true(feed_frame(&h, frame, len) < 0);
    len = make(frame, PEER, US + 8, 7, "hello");
    assert_true(feed_frame(&h, frame, len) < 0);
    memcpy(frame, broadcast_mac, 6);
    assert_true(feed_frame(&h, frame, len) < 0);
    struct wire syn = tcp(AKSU_SYN, 1, 0, 0);
    memcpy(syn.to, broadcast_mac, 6);
    assert_int_equal(feed(&h, &syn), -AKSU_DROP_NOT_OURS);
    for (len = ETH; len < ETH + IP + UDP; len++) { // cut short
        make(frame, PEER, UINT32_MAX, 7, "hello");
        memcpy(frame, broadcast_mac, 6);
        assert_true(feed_frame(&h, frame, len) < 0);
    }
    assert_int_equal(one.came, 6);
    one.answers = true; // comes from our address, not from all
    len = make(frame, PEER, UINT32_MAX, 7, "hello");
    memcpy(frame, broadcast_mac, 6);
    assert_int_equal(feed_frame(&h, frame, len), 0);
    expect(peer_mac, PEER, 7, 5000, "hello");
    quiet(&h);
}

static void expect_question(uint32_t addr)
{
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0806);
    assert_memory_equal(h.got.to, broadcast_mac, 6);
    assert_int_equal(h.got.op, 1);
    assert_int_equal(h.got.spa, US);
    assert_int_equal(h.got.tpa, addr);
}

// R1122A-02: a station is asked for once a second, three times; then on_error tells.
static void nobody_answers(void **state)
{
    (void)state;
    open_at(&one, 4000);
    say(&one, "hi");
    expect_question(PEER);
    quiet(&h);
    assert_int_equal(aksu_idle(&h.net, h.now), 1000);
    h.now += 1000;
    expect_question(PEER);
    h.now += 999;
    quiet(&h);
    h.now += 1;
    expect_question(PEER);
    assert_int_equal(aksu_idle(&h.net, h.now), 2000);
    h.now += 2000;
    assert_int_equal(aksu_idle(&h.net, h.now), 0);
    quiet(&h);
    assert_int_equal(one.errors, 1);
    assert_int_equal(one.error, AKSU_EHOSTUNREACH);
    assert_int_equal(one.wrote, 0);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
}

// R1122A-01: what is known is used for a minute, not after on_time, and not for another hop.
static void known(void **state)
{
    (void)state;
    open_at(&one, 4000);
    say(&one, "hi");
    expect_question(PEER);
    answer_arp(&h, PEER, peer_mac);
    expect(peer_mac, PEER, 4000, 5000, "hi");
    say(&one, "you");
    expect(peer_mac, PEER, 4000, 5000, "you");
    h.now += 60 * 1024;
    say(&one, "you");
    expect(peer_mac, PEER, 4000, 5000, "you");
    h.now += 2 * 1024;
    say(&one, "old");
    expect_question(PEER);
    answer_arp(&h, PEER, peer_mac);
    expect(peer_mac, PEER, 4000, 5000, "old");
    aksu_udp_wake(&h.net, &one.udp, 50);
    assert_int_equal(aksu_idle(&h.net, h.now), 50);
    h.now += 50;
    assert_int_equal(aksu_idle(&h.net, h.now), 0);
    quiet(&h);
    assert_int_equal(one.times, 1);
    say(&one, "new");
    expect_question(PEER);
    answer_arp(&h, PEER, gate_mac);
    expect(gate_mac, PEER, 4000, 5000, "new");
    struct aksu_endpoint far = {aksu_ipv4(198, 51, 100, 1), 5000};
    one.text = 0;
    assert_int_equal(aksu_udp_send(&h.net, &one.udp, &far), AKSU_OK);
    expect_question(GATE);
    answer_arp(&h, GATE, gate_mac);
    expect(gate_mac, FAR, 4000, 5000, "");
    quiet(&h);
}

// R1122I-12: of our network each is asked for itself, others are the gateway's; R3927-07: but not
// those of the link, in which 169.254.255.255 is all.
static void next_hops(void **state)
{
    (void)state;
    static const struct {
        uint8_t to[4];
        uint32_t hop; // 0: all stations
    } t[] = {{{192, 0, 2, 2}, PEER},       {{192, 0, 2, 254}, GATE}, {{198, 51, 100, 1}, GATE},
             {{169, 253, 255, 255}, GATE}, {{169, 255, 0, 1}, GATE}, {{169, 254, 3, 4}, ON_LINK},
             {{169, 254, 255, 255}, 0},    {{192, 0, 2, 255}, 0},    {{192, 0, 2, 0}, 0},
             {{255, 255, 255, 255}, 0}};
    open_at(&one, 4000);
    for (unsigned i = 0; i < sizeof t / sizeof *t; i++) {
        const uint8_t *o = t[i].to;
        struct aksu_endpoint to = {aksu_ipv4(o[0], o[1], o[2], o[3]), 5000};
        one.text = 0;
        assert_int_equal(aksu_udp_send(&h.net, &one.udp, &to), AKSU_OK);
        one.udp.hop = 0;
        if (t[i].hop) {
            expect_question(t[i].hop);
            answer_arp(&h, t[i].hop, gate_mac);
        }
        expect(t[i].hop ? gate_mac : broadcast_mac, get32(o), 4000, 5000, "");
        quiet(&h);
    }
}

// R826-04: nobody but the station that was asked for is believed.
static void other_answers(void **state)
{
    (void)state;
    open_at(&one, 4000);
    assert_int_equal(feed_arp(&h, 2, PEER, gate_mac, US), -AKSU_DROP_ARP); // not asked yet
    say(&one, "hi");
    expect_question(PEER);
    assert_int_equal(feed_arp(&h, 2, GATE, gate_mac, US), -AKSU_DROP_ARP);
    assert_int_equal(feed_arp(&h, 1, 0, gate_mac, PEER), -AKSU_DROP_ARP); // a probe is no answer
    quiet(&h);
    answer_arp(&h, PEER, peer_mac);
    expect(peer_mac, PEER, 4000, 5000, "hi");
    assert_int_equal(feed_arp(&h, 2, PEER, gate_mac, US), -AKSU_DROP_ARP); // known already
    say(&one, "yo");
    expect(peer_mac, PEER, 4000, 5000, "yo");
}

// Where nothing can be sent to.
static void destinations(void **state)
{
    (void)state;
    static const uint8_t bad[][4] = {{0, 0, 0, 0},   {0, 0, 0, 5},   {127, 0, 0, 1},
                                     {224, 0, 0, 1}, {240, 0, 0, 1}, {192, 0, 2, 1}};
    struct aksu_endpoint to = to_peer();
    open_at(&one, 4000);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        to.addr = aksu_ipv4(bad[i][0], bad[i][1], bad[i][2], bad[i][3]);
        assert_int_equal(aksu_udp_send(&h.net, &one.udp, &to), AKSU_EADDRNOTAVAIL);
    }
    to = to_peer();
    to.port = 0;
    assert_int_equal(aksu_udp_send(&h.net, &one.udp, &to), AKSU_EINVAL);
    to.port = 5000;
    to.addr.octets[0] = 0x20; // IPv6
    assert_int_equal(aksu_udp_send(&h.net, &one.udp, &to), AKSU_EADDRNOTAVAIL);
    struct aksu_addr us = aksu_ipv4(192, 0, 2, 1);
    assert_int_equal(aksu_set_address(&h.net, &us, 24, NULL), AKSU_OK);
    to.addr = aksu_ipv4(198, 51, 100, 1);
    assert_int_equal(aksu_udp_send(&h.net, &one.udp, &to), AKSU_EADDRNOTAVAIL);
    quiet(&h);
    to.addr = aksu_ipv4(255, 255, 255, 255);
    assert_int_equal(aksu_udp_send(&h.net, &one.udp, &to), AKSU_OK);
    expect(broadcast_mac, UINT32_MAX, 4000, 5000, "");
    to.addr = aksu_ipv4(192, 0, 2, 255);
    assert_int_equal(aksu_udp_send(&h.net, &one.udp, &to), AKSU_OK);
    expect(broadcast_mac, 0xc00002ff, 4000, 5000, "");
    quiet(&h);
}

// write may decline, or claim more than there was room for: nothing is sent. A full one is.
static void what_write_says(void **state)
{
    (void)state;
    one.answers = true;
    listen_at(&one, 7);
    one.declines = true;
    assert_int_equal(feed_text("hello", 7), 0);
    assert_int_equal(aksu_idle(&h.net, h.now), 0);
    quiet(&h);
    assert_int_equal(one.wrote, 1);
    one.declines = false;
    assert_int_equal(feed_text("hello", 7), 0);
    one.text = 1473;
    quiet(&h);
    assert_int_equal(feed_text("hello", 7), 0);
    one.text = 1472;
    assert_true(next(&h));
    assert_int_equal(h.frame_len, 1514);
    quiet(&h);
}

static void icmp_error(unsigned type, unsigned code, uint32_t src, uint32_t dst, unsigned sport,
                       unsigned dport, size_t quoted, int result)
{
    uint8_t frame[FRAME_MAX], quote[IP + UDP] = {0x45, 0, 0, IP + UDP, 0, 0, 0x40, 0, 64, 17};
    struct wire w = tcp(0, 0, 0, 0);
    put32(quote + 12, src);
    put32(quote + 16, dst);
    put16(quote + 20, sport);
    put16(quote + 22, dport);
    w.protocol = 1;
    w.icmp_type = (uint8_t)type;
    w.icmp_code = (uint8_t)code;
    w.data = quote;
    w.len = quoted;
    assert_int_equal(feed_frame(&h, frame, make_icmp(&w, frame)), result);
}

// R1122U-03: ICMP errors about what was sent, and about nothing else.
static void errors(void **state)
{
    (void)state;
    open_at(&two, 1);
    open_at(&one, 4000);
    say(&one, "hi");
    expect_question(PEER);
    answer_arp(&h, PEER, peer_mac);
    expect(peer_mac, PEER, 4000, 5000, "hi");
    for (size_t cut = 0; cut < IP + UDP; cut++)
        icmp_error(3, 3, US, PEER, 4000, 5000, cut, -AKSU_DROP_ICMP_QUOTE);
    icmp_error(3, 3, US, PEER + 1, 4000, 5000, IP + UDP, -AKSU_DROP_ICMP_QUOTE);
    icmp_error(3, 3, US + 1, PEER, 4000, 5000, IP + UDP, -AKSU_DROP_ICMP_QUOTE);
    icmp_error(3, 3, US, PEER, 4001, 5000, IP + UDP, -AKSU_DROP_ICMP_QUOTE);
    icmp_error(3, 3, US, PEER, 4000, 5001, IP + UDP, -AKSU_DROP_ICMP_QUOTE);
    assert_int_equal(one.errors, 0);
    icmp_error(3, 3, US, PEER, 4000, 5000, IP + UDP, 0);
    assert_int_equal(one.error, AKSU_ECONNREFUSED);
    icmp_error(3, 2, US, PEER, 4000, 5000, IP + UDP, 0);
    assert_int_equal(one.error, AKSU_ECONNREFUSED);
    icmp_error(3, 1, US, PEER, 4000, 5000, IP + UDP, 0);
    assert_int_equal(one.error, AKSU_EHOSTUNREACH);
    icmp_error(11, 0, US, PEER, 4000, 5000, IP + UDP, 0);
    assert_int_equal(one.errors, 4);
    assert_int_equal(two.errors, 0);
    quiet(&h);
}

// Endpoints take turns, whatever their order in the list; a port of one's own is chosen.
static void turns(void **state)
{
    (void)state;
    struct aksu_endpoint to = {aksu_ipv4(255, 255, 255, 255), 9};
    open_at(&two, 0);
    open_at(&one, 0);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(aksu_udp_send(&h.net, &one.udp, &to), AKSU_OK);
        h.now++;
        assert_int_equal(aksu_udp_send(&h.net, &two.udp, &to), AKSU_OK);
        assert_true(next(&h));
        assert_true(next(&h));
        uint16_t last = get16(h.frame + ETH + IP);
        assert_true(last >= 1024);
        assert_int_equal(one.wrote, i + 1);
        assert_int_equal(two.wrote, i + 1);
        quiet(&h);
    }
}

// R6056-01: without a secret there is no port to choose; with one, ports differ.
static void chosen_ports(void **state)
{
    (void)state;
    static struct aksu bare;
    struct aksu_config config = default_config();
    uint16_t seen[100];
    unsigned same = 0;
    assert_int_equal(aksu_init(&bare, &store, &config), AKSU_OK);
    assert_int_equal(aksu_udp_open(&bare, &one.udp, 0, &handlers), AKSU_ENOKEY);
    start(&h, &store);
    for (unsigned i = 0; i < 100; i++) {
        open_at(&one, 0);
        say(&one, "");
        expect_question(PEER);
        answer_arp(&h, PEER, peer_mac);
        assert_true(next(&h));
        seen[i] = get16(h.frame + ETH + IP);
        assert_true(seen[i] >= 1024);
        for (unsigned j = 0; j < i; j++)
            same += seen[i] == seen[j];
        aksu_udp_close(&h.net, &one.udp);
    }
    assert_in_range(same, 0, 5); // of 4950 pairs: by chance 0.08, and more than 5 once in 10^9 runs
}

// Without a link nobody is asked.
static void without_stations(void **state)
{
    (void)state;
    struct aksu_config config = default_config();
    uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
    config.link = NULL;
    start_with(&h, &store, &config);
    one.answers = true;
    open_at(&one, 7);
    size_t len = make(frame, PEER, US, 7, "hello");
    assert_int_equal(feed_frame(&h, frame + ETH, len - ETH), 0);
    assert_int_equal(aksu_output(&h.net, h.now, packet, sizeof packet), IP + UDP + 5);
    assert_memory_equal(packet + IP + UDP, "hello", 5);
    say(&one, "hi");
    assert_int_equal(aksu_output(&h.net, h.now, packet, sizeof packet), IP + UDP + 2);
    assert_int_equal(aksu_output(&h.net, h.now, packet, sizeof packet), 0);
    for (size_t cut = 0; cut < len - ETH; cut++)
        assert_true(feed_frame(&h, frame + ETH, cut) < 0);
}

// A stack without an address: it takes in nothing but what UDP gets, and asks for nothing.
static void without_address(void **state)
{
    (void)state;
    struct aksu_config config = default_config();
    struct wire w;
    memset(&config.addr, 0, sizeof config.addr);
    memset(&config.gateway, 0, sizeof config.gateway);
    start_with(&h, &store, &config);
    listen_on(&h, PORT);
    w = tcp(AKSU_SYN, 1000, 0, 0);
    assert_true(feed(&h, &w) < 0);
    w.dst = 0;
    assert_true(feed(&h, &w) < 0);
    for (unsigned i = 0; i < 4; i++) { // a probe, a question, for anyone and for 0.0.0.0
        assert_int_equal(feed_arp(&h, 1, i & 1 ? PEER : 0, peer_mac, i & 2 ? US : 0),
                         -AKSU_DROP_ARP);
    }
    quiet(&h);
    open_at(&one, 68);
    assert_int_equal(feed_text("hello", 68), 0);
    assert_int_equal(one.came, 1);
    struct aksu_addr us = aksu_ipv4(192, 0, 2, 1);
    assert_int_equal(aksu_set_address(&h.net, &us, 24, NULL), AKSU_OK);
    establish(&h, PEER_PORT);
}

// A connection that waits for its deadline does not keep from view what else is to be done.
static void beside_a_connection(void **state)
{
    (void)state;
    struct aksu_endpoint to = to_peer();
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    listen_on(&h, PORT);
    establish(&h, PEER_PORT);
    assert_int_equal(aksu_send(&h.net, h.app.conn, "hello", 5), 5);
    assert_true(next(&h));
    quiet(&h);
    uint32_t wait = aksu_idle(&h.net, h.now);
    assert_in_range(wait, 1000, 3000);
    w.dport = PORT + 1; // nobody listens: a RST
    assert_true(feed(&h, &w) < 0);
    assert_int_equal(aksu_idle(&h.net, h.now), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags & AKSU_RST, AKSU_RST);
    quiet(&h);
    assert_int_equal(aksu_idle(&h.net, h.now), wait);
    assert_int_equal(aksu_idle(&h.net, h.now + wait - 1), 1);
    assert_int_equal(aksu_idle(&h.net, h.now + wait), 0);
    assert_int_equal(aksu_idle(&h.net, h.now + wait + 1), 0);
    h.now += wait - 1;
    quiet(&h);
    open_at(&one, 68);
    assert_int_equal(aksu_udp_send(&h.net, &one.udp, &to), AKSU_OK);
    assert_int_equal(aksu_idle(&h.net, h.now), 0);
    assert_true(next(&h)); // whose address it is
    assert_int_equal(h.got.type, 0x0806);
    aksu_udp_close(&h.net, &one.udp);
    h.now++;
    assert_true(next(&h));
    assert_int_equal(h.got.len, 5);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(answers),
        T(ports),
        T(checksum),
        T(checksum_of_zero),
        T(lengths),
        T(unreachable),
        T(broadcasts),
        T(nobody_answers),
        T(known),
        T(next_hops),
        T(other_answers),
        T(destinations),
        T(what_write_says),
        T(errors),
        T(turns),
        T(chosen_ports),
        T(without_stations),
        T(without_address),
        T(beside_a_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
