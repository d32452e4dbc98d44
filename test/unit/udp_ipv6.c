// SPDX-License-Identifier: MIT
// UDP over IPv6: R768-*, R8200-*, R4443-*. Messages are made octet by octet.
#include "diary.h"
#include "frames6.h"

AKSU_STORAGE(store, 4, 2, 2048, 2048);
AKSU_IPV6(ipv6, 4);
AKSU_UDP_IPV6(udp6, 2);
static struct host h;

enum { ETH = 14, IP6 = 40, UDP = 8, UNREACHABLE6 = 1, NO_PORT = 4 };

static struct diary one, two, three;
static const struct aksu_endpoint peer = {
    {{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}}, 5000};

static int setup(void **state)
{
    (void)state;
    ready6(&h, &store, &ipv6);
    assert_int_equal(aksu_udp_ipv6(&h.net, &udp6), AKSU_OK);
    memset(&one, 0, sizeof one);
    memset(&two, 0, sizeof two);
    memset(&three, 0, sizeof three);
    return 0;
}

static struct wire datagram(uint16_t port, const char *text)
{
    struct wire w = tcp6(0, 0, 0, strlen(text));
    w.protocol = 17;
    w.sport = 5000;
    w.dport = port;
    w.data = (const uint8_t *)text;
    return w;
}

static int feed_udp(const struct wire *w)
{
    uint8_t frame[FRAME_MAX];
    size_t len = make_udp(w, frame);
    return feed_frame(&h, frame, len);
}

static int feed_text(const char *text, uint16_t port)
{
    struct wire w = datagram(port, text);
    return feed_udp(&w);
}

// The next frame is a datagram of just these octets.
static void expect(const uint8_t *mac, const struct aksu_addr *from, const struct aksu_addr *to,
                   uint16_t sport, uint16_t dport, const char *text)
{
    if (!next(&h))
        fail_msg("no frame came out");
    assert_int_equal(h.got.type, 0x86dd);
    assert_int_equal(h.got.protocol, 17);
    assert_memory_equal(h.got.to, mac, 6);
    assert_addr(h.got.src6, from);
    assert_addr(h.got.dst6, to);
    assert_int_equal(h.got.ttl, to->octets[0] == 0xff ? 255 : 64);
    assert_int_equal(h.got.sport, sport);
    assert_int_equal(h.got.dport, dport);
    assert_int_equal(h.got.len, strlen(text));
    assert_memory_equal(h.got.data, text, h.got.len);
}

static void open_at(struct diary *d, uint16_t port)
{
    assert_int_equal(aksu_udp_open(&h.net, &d->udp, port, &handlers), AKSU_OK);
}

static int say_to(struct diary *d, const char *text, const struct aksu_addr *addr)
{
    struct aksu_endpoint to = {*addr, 5000};
    memcpy(d->data, text, strlen(text));
    d->text = strlen(text);
    return aksu_udp_send(&h.net, &d->udp, &to);
}

static void say(struct diary *d, const char *text)
{
    assert_int_equal(say_to(d, text, &peer6), AKSU_OK);
}

static void expect_question(const struct aksu_addr *target)
{
    next_icmp(&h, NS);
    assert_memory_equal(h.got.data, target, 16);
}

// R768-01, R8200-12: header, pseudo-header, checksum; an answer goes to the station that asked, and
// comes from the address that it was asked at.
static void answers(void **state)
{
    (void)state;
    one.answers = true;
    assert_int_equal(aksu_udp_listen(&h.net, &one.udp, 7, &handlers), AKSU_OK);
    assert_int_equal(feed_text("hello", 7), 0);
    assert_int_equal(one.came, 1);
    assert_int_equal(one.len, 5);
    assert_memory_equal(one.data, "hello", 5);
    assert_int_equal(one.from.port, 5000);
    assert_addr(one.from.addr.octets, &peer6);
    assert_addr(one.to.octets, &us6); // R1122U-04
    expect(peer_mac, &us6, &peer6, 7, 5000, "hello");
    quiet(&h);
    assert_int_equal(feed_text("", 7), 0); // no octets are a datagram, too
    expect(peer_mac, &us6, &peer6, 7, 5000, "");
    struct wire w = datagram(7, "near"), four = tcp(0, 0, 0, 4);
    struct aksu_addr near = addr6("fe80::2");
    memcpy(w.src6, &near, 16);
    memcpy(w.dst6, link6(&h), 16);
    assert_int_equal(feed_udp(&w), 0);
    expect(peer_mac, link6(&h), &near, 7, 5000, "near");
    four.protocol = 17; // and IPv4 as ever
    four.dport = 7;
    four.data = (const uint8_t *)"four";
    assert_int_equal(feed_udp(&four), 0);
    assert_int_equal(get32(one.from.addr.octets + 12), PEER);
    assert_int_equal(get32(one.to.octets + 12), US);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0800);
    assert_int_equal(h.got.dst, PEER);
    assert_memory_equal(h.got.data, "four", 4);
    quiet(&h);
}

// R8200-12: no checksum, or a wrong one, is not taken; one that comes out as zero is sent as ones.
static void checksum(void **state)
{
    (void)state;
    uint8_t frame[FRAME_MAX];
    struct wire w = datagram(7, "hello");
    assert_int_equal(aksu_udp_listen(&h.net, &one.udp, 7, &handlers), AKSU_OK);
    size_t len = make_udp(&w, frame);
    for (size_t bit = 0; bit < (UDP + 5) * 8; bit++) {
        if (bit / 8 == 4 || bit / 8 == 5) // the length: another test
            continue;
        frame[ETH + IP6 + bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_TCP_CHECKSUM);
        frame[ETH + IP6 + bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    put16(frame + ETH + IP6 + 6, 0);
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_TCP_CHECKSUM);
    assert_int_equal(one.came, 0);
    one.answers = true;
    unsigned zeros = 0;
    for (unsigned a = 0x101; a < 65536; a++) {
        char text[3] = {(char)(a >> 8), (char)a, 0};
        if (a >> 8 == 0 || (a & 0xff) == 0)
            continue;
        w = datagram(7, text); // whose answer has the same sum, as addresses and ports change sides
        len = make_udp(&w, frame);
        if (get16(frame + ETH + IP6 + 6) != 0xffff)
            continue;
        zeros++;
        assert_int_equal(feed_frame(&h, frame, len), 0);
        assert_true(next(&h));
        assert_int_equal(get16(h.frame + ETH + IP6 + 6), 0xffff);
    }
    assert_int_equal(zeros, 1);
}

// R768-03: lengths that cannot be, and padding behind the datagram.
static void lengths(void **state)
{
    (void)state;
    uint8_t frame[FRAME_MAX], *u = frame + ETH + IP6;
    struct wire w = datagram(7, "hello");
    assert_int_equal(aksu_udp_listen(&h.net, &one.udp, 7, &handlers), AKSU_OK);
    size_t len = make_udp(&w, frame);
    for (unsigned l = 0; l < 65536; l += l < 100 ? 1 : 6543) {
        put16(u + 4, l);
        put16(u + 6, 0);
        bool right = l >= UDP && l <= UDP + 5;
        if (right)
            put16(u + 6, naive_checksum(u, l, pseudo_of(&w, 17, l)));
        assert_int_equal(feed_frame(&h, frame, len), right ? 0 : -AKSU_DROP_RUNT);
        if (right)
            assert_int_equal(one.len, l - UDP);
    }
    for (unsigned cut = 0; cut < UDP; cut++) { // a packet that ends in the header
        make_udp(&w, frame);
        put16(frame + ETH + 4, cut);
        assert_int_equal(feed_frame(&h, frame, ETH + IP6 + cut), -AKSU_DROP_RUNT);
    }
}

// R4443-05: port unreachable quotes the datagram; not about one to many, not again within 100 ms.
static void unreachable(void **state)
{
    (void)state;
    uint8_t frame[FRAME_MAX];
    struct wire w = datagram(9, "hello");
    size_t len = make_udp(&w, frame);
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_NO_CONNECTION);
    assert_int_equal(feed_frame(&h, frame, len), -AKSU_DROP_NO_CONNECTION);
    next_icmp(&h, UNREACHABLE6);
    assert_int_equal(h.got.icmp_code, NO_PORT);
    assert_int_equal(h.got.icmp_rest, 0);
    assert_addr(h.got.dst6, &peer6);
    assert_memory_equal(h.got.to, peer_mac, 6);
    assert_int_equal(h.got.len, len - ETH);
    assert_memory_equal(h.got.data, frame + ETH, len - ETH);
    quiet(&h);
    h.now += 100;
    to_group(&w, &nodes6);
    assert_int_equal(feed_udp(&w), -AKSU_DROP_NO_CONNECTION);
    quiet(&h);
    w = datagram(9, "hello");
    memcpy(w.src6, &any6, 16);
    assert_int_equal(feed_udp(&w), -AKSU_DROP_SOURCE);
    quiet(&h);
}

// What comes to a group of ours is heard, and answered from our address of that reach.
static void groups(void **state)
{
    (void)state;
    struct wire w = datagram(7, "all");
    struct aksu_addr near = addr6("fe80::2"), stranger = addr6("2001:db8:1::9");
    one.answers = true;
    open_at(&one, 7);
    to_group(&w, &nodes6);
    memcpy(w.src6, &near, 16);
    assert_int_equal(feed_udp(&w), 0);
    assert_addr(one.to.octets, &nodes6);
    expect(peer_mac, link6(&h), &near, 7, 5000, "all");
    memcpy(w.src6, &stranger, 16);
    assert_int_equal(feed_udp(&w), 0);
    expect(peer_mac, &us6, &stranger, 7, 5000, "all");
    struct aksu_addr other = addr6("ff02::fb");
    to_group(&w, &other);
    assert_int_equal(feed_udp(&w), -AKSU_DROP_NOT_OURS);
    quiet(&h);
    assert_int_equal(say_to(&one, "hi", &other), AKSU_OK);
    uint8_t mac[6] = {0x33, 0x33, 0, 0, 0, 0xfb};
    expect(mac, link6(&h), &other, 7, 5000, "hi");
    other = addr6("ff05::fb"); // beyond the link
    assert_int_equal(say_to(&one, "hi", &other), AKSU_EADDRNOTAVAIL);
    quiet(&h);
}

// A station is asked for once a second, three times; then on_error tells.
static void nobody_answers(void **state)
{
    (void)state;
    open_at(&one, 4000);
    say(&one, "hi");
    expect_question(&peer6);
    quiet(&h);
    assert_int_equal(aksu_idle(&h.net, h.now), 1000);
    h.now += 1000;
    expect_question(&peer6);
    h.now += 999;
    quiet(&h);
    h.now += 1;
    expect_question(&peer6);
    h.now += 1000;
    assert_int_equal(aksu_idle(&h.net, h.now), 0);
    quiet(&h);
    assert_int_equal(one.errors, 1);
    assert_int_equal(one.error, AKSU_EHOSTUNREACH);
    assert_int_equal(one.wrote, 0);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
}

// What is known is used for all endpoints, not after on_time, and not for another hop.
static void known(void **state)
{
    (void)state;
    open_at(&one, 4000);
    open_at(&two, 4001);
    say(&one, "hi");
    say(&two, "ho");
    expect_question(&peer6);
    quiet(&h); // once for both
    assert_int_equal(feed_na(&h, &peer6, 0x60, peer_mac), 0);
    expect(peer_mac, &us6, &peer6, 4001, 5000, "ho");
    expect(peer_mac, &us6, &peer6, 4000, 5000, "hi");
    quiet(&h);
    say(&one, "you");
    expect(peer_mac, &us6, &peer6, 4000, 5000, "you");
    aksu_udp_wake(&h.net, &one.udp, 50);
    assert_int_equal(aksu_idle(&h.net, h.now), 50);
    h.now += 50;
    quiet(&h);
    assert_int_equal(one.times, 1);
    say(&one, "new");
    expect_question(&peer6);
    assert_int_equal(feed_na(&h, &peer6, 0x60, gate_mac), 0);
    expect(gate_mac, &us6, &peer6, 4000, 5000, "new");
    assert_int_equal(say_to(&one, "far", &far6), AKSU_EADDRNOTAVAIL); // there is no router
    assert_int_equal(feed_ra(&h, 1800, NULL, 0), 0);
    assert_int_equal(say_to(&one, "far", &far6), AKSU_OK);
    expect_question(&router6);
    assert_int_equal(feed_na(&h, &router6, 0x60, gate_mac), 0);
    expect(gate_mac, &us6, &far6, 4000, 5000, "far");
    assert_int_equal(say_to(&one, "far", &far6), AKSU_OK);
    assert_int_equal(feed_ra(&h, 0, NULL, 0), 0); // and now it has gone
    quiet(&h);
    assert_int_equal(one.error, AKSU_EHOSTUNREACH);
}

// An endpoint goes from one version to the other, with what it knows of stations apart; a timer in
// whose handler it sends; a route that ends.
static void both(void **state)
{
    (void)state;
    struct aksu_addr v4 = aksu_ipv4(192, 0, 2, 2);
    open_at(&one, 4000);
    assert_int_equal(say_to(&one, "four", &v4), AKSU_OK);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0806);
    say(&one, "six"); // instead
    expect_question(&peer6);
    assert_int_equal(feed_arp(&h, 2, PEER, peer_mac, US), -AKSU_DROP_ARP); // too late
    quiet(&h);
    assert_int_equal(feed_na(&h, &peer6, 0x60, peer_mac), 0);
    expect(peer_mac, &us6, &peer6, 4000, 5000, "six");
    assert_int_equal(say_to(&one, "four", &v4), AKSU_OK);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0806); // whose station is asked for
    answer_arp(&h, PEER, peer_mac);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0800);
    assert_memory_equal(h.got.data, "four", 4);
    one.again = &peer;
    aksu_udp_wake(&h.net, &one.udp, 50);
    h.now += 50;
    expect_question(&peer6);
    assert_int_equal(feed_na(&h, &peer6, 0x60, peer_mac), 0);
    expect(peer_mac, &us6, &peer6, 4000, 5000, "four");
    quiet(&h);
    assert_int_equal(aksu_idle(&h.net, h.now), 50);
    one.again = NULL;
    one.text = 1453; // more than there is room for
    assert_int_equal(aksu_udp_send(&h.net, &one.udp, &peer), AKSU_OK);
    quiet(&h);
    one.text = 1452;
    assert_int_equal(aksu_udp_send(&h.net, &one.udp, &peer), AKSU_OK);
    assert_true(next(&h));
    assert_int_equal(h.frame_len, 1514);
    quiet(&h);
}

static int icmp_error(unsigned type, unsigned code, const struct aksu_addr *src,
                      const struct aksu_addr *dst, unsigned sport, unsigned dport, size_t quoted)
{
    uint8_t quote[IP6 + UDP] = {0x60, 0, 0, 0, 0, UDP, 17, 64};
    memcpy(quote + 8, src, 16);
    memcpy(quote + 24, dst, 16);
    put16(quote + IP6, sport);
    put16(quote + IP6 + 2, dport);
    struct wire w = icmp6(type, code, quote, quoted);
    w.icmp_rest = type == PTB ? 1400 : 0;
    return feed_icmp(&h, &w);
}

// R1122U-03, R4443-06: ICMPv6 errors about what was sent, and about nothing else.
static void errors(void **state)
{
    (void)state;
    const size_t all = IP6 + UDP;
    open_at(&two, 1);
    open_at(&one, 4000);
    assert_int_equal(icmp_error(1, 4, &us6, &any6, 1, 0, all), -AKSU_DROP_ICMP_QUOTE);
    say(&one, "hi");
    expect_question(&peer6);
    assert_int_equal(feed_na(&h, &peer6, 0x60, peer_mac), 0);
    expect(peer_mac, &us6, &peer6, 4000, 5000, "hi");
    for (size_t cut = 0; cut < all; cut++)
        assert_int_equal(icmp_error(1, 4, &us6, &peer6, 4000, 5000, cut), -AKSU_DROP_ICMP_QUOTE);
    assert_int_equal(icmp_error(1, 4, &us6, &far6, 4000, 5000, all), -AKSU_DROP_ICMP_QUOTE);
    assert_int_equal(icmp_error(1, 4, &far6, &peer6, 4000, 5000, all), -AKSU_DROP_ICMP_QUOTE);
    assert_int_equal(icmp_error(1, 4, link6(&h), &peer6, 4000, 5000, all), -AKSU_DROP_ICMP_QUOTE);
    assert_int_equal(icmp_error(1, 4, &us6, &peer6, 4001, 5000, all), -AKSU_DROP_ICMP_QUOTE);
    assert_int_equal(icmp_error(1, 4, &us6, &peer6, 4000, 5001, all), -AKSU_DROP_ICMP_QUOTE);
    assert_int_equal(one.errors, 0);
    assert_int_equal(icmp_error(1, 4, &us6, &peer6, 4000, 5000, all), 0);
    assert_int_equal(one.error, AKSU_ECONNREFUSED);
    assert_int_equal(icmp_error(1, 3, &us6, &peer6, 4000, 5000, all), 0);
    assert_int_equal(one.error, AKSU_EHOSTUNREACH);
    assert_int_equal(icmp_error(4, 1, &us6, &peer6, 4000, 5000, all), 0);
    assert_int_equal(one.error, AKSU_ECONNREFUSED);
    assert_int_equal(icmp_error(PTB, 0, &us6, &peer6, 4000, 5000, all), 0);
    assert_int_equal(one.error, AKSU_EHOSTUNREACH);
    assert_int_equal(one.errors, 4);
    assert_int_equal(two.errors, 0);
    quiet(&h);
}

// As many endpoints as there is memory for send at once; one that has gone, or talks to a host of
// IPv4 since, makes room.
static void memory(void **state)
{
    (void)state;
    struct aksu_addr v4 = aksu_ipv4(192, 0, 2, 2);
    three.answers = true;
    open_at(&one, 4000);
    open_at(&two, 4001);
    open_at(&three, 4002);
    say(&one, "1");
    say(&two, "2");
    assert_int_equal(say_to(&three, "3", &peer6), AKSU_ENOMEM);
    drain(&h);
    assert_int_equal(feed_text("heard", 4002), 0); // but not answered
    assert_int_equal(three.came, 1);
    quiet(&h);
    assert_int_equal(icmp_error(1, 4, &us6, &peer6, 4002, 5000, IP6 + UDP), -AKSU_DROP_ICMP_QUOTE);
    aksu_udp_close(&h.net, &one.udp);
    assert_int_equal(say_to(&three, "3", &peer6), AKSU_OK);
    open_at(&one, 4000);
    assert_int_equal(say_to(&one, "1", &peer6), AKSU_ENOMEM);
    assert_int_equal(say_to(&two, "2", &v4), AKSU_OK);
    say(&one, "1");
    drain(&h);
    assert_int_equal(feed_na(&h, &peer6, 0x60, peer_mac), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.len, 1);
    assert_true(next(&h));
    quiet(&h);
    assert_int_equal(one.wrote + three.wrote, 2);
}

// Where nothing can be sent to.
static void destinations(void **state)
{
    (void)state;
    struct aksu_endpoint to = peer;
    to.port = 0;
    open_at(&one, 4000);
    assert_int_equal(aksu_udp_send(&h.net, &one.udp, &to), AKSU_EINVAL);
    assert_int_equal(say_to(&one, "", &us6), AKSU_EADDRNOTAVAIL);
    assert_int_equal(say_to(&one, "", &any6), AKSU_EADDRNOTAVAIL);
    assert_int_equal(aksu_udp_ipv6(&h.net, &udp6), AKSU_EBUSY);
    start6(&h, &store, &ipv6); // no address yet
    assert_int_equal(aksu_udp_ipv6(&h.net, &udp6), AKSU_OK);
    open_at(&one, 4000);
    assert_int_equal(say_to(&one, "", &peer6), AKSU_EADDRNOTAVAIL);
    start(&h, &store);
    assert_int_equal(aksu_udp_ipv6(&h.net, &udp6), AKSU_EINVAL);
    open_at(&one, 4000);
    assert_int_equal(say_to(&one, "", &peer6), AKSU_EADDRNOTAVAIL);
    assert_int_equal(aksu_udp_ipv6(&h.net, &udp6), AKSU_EINVAL);
    aksu_udp_close(&h.net, &one.udp);
    assert_int_equal(say_to(&one, "", &peer6), AKSU_EADDRNOTAVAIL);
}

// An address that ends between question and answer is not sent from.
static void address_gone(void **state)
{
    (void)state;
    uint8_t options[32];
    struct aksu_addr prefix = addr6("2001:db8:7::");
    put_prefix(options, "2001:db8:7::", 64, 0xc0, 20, 20);
    assert_int_equal(feed_ra(&h, 1800, options, sizeof options), 0);
    pass(&h, 5000);
    const struct aksu_ipv6_address *a = aksu_ipv6_address(&h.net, 2);
    assert_int_equal(a->state, AKSU_IPV6_READY);
    assert_memory_equal(&a->addr, &prefix, 8);
    struct wire w = datagram(7, "hello");
    one.answers = true;
    open_at(&one, 7);
    memcpy(w.dst6, &a->addr, 16);
    assert_int_equal(feed_udp(&w), 0);
    struct aksu_addr from = a->addr;
    expect(peer_mac, &from, &peer6, 7, 5000, "hello");
    assert_int_equal(feed_udp(&w), 0);
    h.now += 20000;
    quiet(&h);
    assert_int_equal(one.wrote, 1);
}

// Without a link nobody is asked.
static void without_stations(void **state)
{
    (void)state;
    struct aksu_config config = default_config();
    uint8_t packet[FRAME_MAX], frame[FRAME_MAX];
    config.link = NULL;
    start_with(&h, &store, &config);
    assert_int_equal(aksu_ipv6_start(&h.net, &ipv6, secret6), AKSU_OK);
    assert_int_equal(aksu_ipv6_add(&h.net, &us6, 64), AKSU_OK);
    assert_int_equal(aksu_udp_ipv6(&h.net, &udp6), AKSU_OK);
    while (aksu_output(&h.net, h.now, packet, sizeof packet) > 0 || h.now < 20000)
        h.now += 100;
    one.answers = true;
    open_at(&one, 7);
    struct wire w = datagram(7, "hello");
    size_t len = make_udp(&w, frame);
    assert_int_equal(feed_frame(&h, frame + ETH, len - ETH), 0);
    assert_int_equal(aksu_output(&h.net, h.now, packet, sizeof packet), IP6 + UDP + 5);
    assert_memory_equal(packet + IP6 + UDP, "hello", 5);
    say(&one, "hi");
    assert_int_equal(aksu_output(&h.net, h.now, packet, sizeof packet), IP6 + UDP + 2);
    assert_int_equal(aksu_output(&h.net, h.now, packet, sizeof packet), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(answers),          T(checksum),       T(lengths),      T(unreachable),
        T(groups),           T(nobody_answers), T(known),        T(both),
        T(errors),           T(memory),         T(destinations), T(address_gone),
        T(without_stations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
