// SPDX-License-Identifier: MIT
// Connections by name: R8305-*. DNS answers, SYNs and RSTs in each order, by hand, in virtual time.
#include "frames6.h"
#include <aksu/connect_name.h>

AKSU_STORAGE(store, 4, 2, 2048, 2048);
AKSU_IPV6(ipv6, 4);
AKSU_UDP_IPV6(udp6, 2);
static struct host h;
static struct aksu_dns dns;
static struct aksu_named named;

enum { A = 1, AAAA = 28, ETH = 14 };

// What the application saw.
static struct {
    unsigned opens, closes;
    int error;
    aksu_handle conn;
    size_t readable;
    bool again; // on_close starts once more, with the same memory
} app;

// What came out: questions of both types, SYNs of both versions.
static struct {
    unsigned count;
    uint16_t port, id;
} question[2];
static struct {
    unsigned count;
    struct wire wire;
} syn[2];
static unsigned others;
static bool silent; // the peer does not tell its station

static int look_up(const char *host);

static void on_open(struct aksu *net, aksu_handle conn, void *user)
{
    assert_ptr_equal(net, &h.net);
    assert_ptr_equal(user, &app);
    app.opens++;
    app.conn = conn;
}

static void on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    (void)net;
    assert_ptr_equal(user, &app);
    assert_int_equal(conn, app.conn);
    app.readable = readable;
}

static void on_close(struct aksu *net, aksu_handle conn, void *user, int error)
{
    (void)net;
    assert_ptr_equal(user, &app);
    assert_int_equal(conn, app.conn);
    app.closes++;
    app.error = error;
    if (app.again)
        assert_int_equal(look_up("www.example.com"), AKSU_OK);
}

static void emit(struct aksu *net, aksu_handle conn, void *user, uint32_t offset, void *to,
                 size_t len)
{
    (void)net;
    (void)conn;
    assert_ptr_equal(user, &app);
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)to)[i] = (uint8_t)(offset + i);
}

static const struct aksu_handlers handlers = {
    .on_open = on_open, .on_recv = on_recv, .on_close = on_close};
static const struct aksu_handlers emitting = {
    .on_open = on_open, .on_recv = on_recv, .on_close = on_close, .emit = emit};
static const struct aksu_handlers deaf = {.on_recv = on_recv};

static int look_up(const char *host)
{
    return aksu_connect_name(&h.net, &named, &dns, host, 80, &handlers, &app);
}

static void forget(void)
{
    memset(&app, 0, sizeof app);
    memset(question, 0, sizeof question);
    memset(syn, 0, sizeof syn);
    others = 0;
    silent = false;
}

static int setup(void **state)
{
    (void)state;
    ready6(&h, &store, &ipv6);
    assert_int_equal(aksu_udp_ipv6(&h.net, &udp6), AKSU_OK);
    memset(&dns, 0, sizeof dns);
    dns.server[0] = aksu_ipv4(192, 0, 2, 2);
    forget();
    return 0;
}

static int setup4(void **state)
{
    (void)state;
    start(&h, &store);
    memset(&dns, 0, sizeof dns);
    dns.server[0] = aksu_ipv4(192, 0, 2, 2);
    forget();
    return 0;
}

// Takes what comes out now; stations are told. A handler that runs in the output may have more.
static void pump(void)
{
    for (bool more = true; more || aksu_idle(&h.net, h.now) == 0;) {
        more = next(&h);
        if (!more)
            continue;
        unsigned f = h.got.type == 0x86dd ? 0 : 1;
        if (h.got.type == 0x0806) {
            answer_arp(&h, PEER, peer_mac);
        } else if (h.got.protocol == 58 && h.got.icmp_type == NS) {
            if (!silent)
                assert_int_equal(feed_na(&h, &peer6, 0x60, peer_mac), 0);
        } else if (h.got.protocol == 17) {
            const uint8_t *p = h.got.data;
            unsigned type = get16(p + h.got.len - 4);
            assert_true(type == A || type == AAAA);
            question[type == A].count++;
            question[type == A].port = h.got.sport;
            question[type == A].id = get16(p);
        } else if (h.got.protocol == 6 && h.got.flags == AKSU_SYN) {
            syn[f].count++;
            syn[f].wire = h.got;
        } else {
            others++;
        }
    }
}

// An answer of the server, with the peer's address; rcode 0 and none: the name has no such one.
static void answer(unsigned type, unsigned rcode, bool address)
{
    static const char name[] = "\3www\7example\3com";
    uint8_t frame[FRAME_MAX], m[200] = {0};
    unsigned i = type == A;
    struct wire w = tcp(0, 0, 0, 0);
    assert_true(question[i].count > 0);
    put16(m, question[i].id);
    put16(m + 2, 0x8180 | rcode);
    m[5] = 1;
    m[7] = address;
    memcpy(m + 12, name, sizeof name);
    size_t len = 12 + sizeof name;
    put32(m + len, type << 16 | 1);
    len += 4;
    if (address) {
        put16(m + len, 0xc00c);
        put32(m + len + 2, type << 16 | 1);
        put32(m + len + 6, 60);
        put16(m + len + 10, type == A ? 4 : 16);
        if (type == A)
            put32(m + len + 12, PEER);
        else
            memcpy(m + len + 12, &peer6, 16);
        len += 12u + (type == A ? 4 : 16);
    }
    w.protocol = 17;
    w.sport = 53;
    w.dport = question[i].port;
    w.data = m;
    w.len = len;
    size_t size = make_udp(&w, frame);
    assert_int_equal(feed_frame(&h, frame, size), 0);
    pump();
}

static void reply(unsigned f, unsigned flags)
{
    struct wire w = f == 0 ? tcp6(flags, 7000, syn[f].wire.seq + 1, 0)
                           : tcp(flags, 7000, syn[f].wire.seq + 1, 0);
    assert_true(syn[f].count > 0);
    w.sport = 80;
    w.dport = syn[f].wire.sport;
    assert_int_equal(feed(&h, &w), 0);
    pump();
}

static void opens(unsigned f)
{
    struct aksu_info info;
    reply(f, AKSU_SYN | AKSU_ACK);
    assert_int_equal(app.opens, 1);
    assert_int_equal(app.closes, 0);
    assert_int_equal(others, 1); // the ACK
    assert_int_equal(aksu_info(&h.net, app.conn, &info), AKSU_OK);
    assert_memory_equal(&info.remote.addr, &named.remote.addr, 16);
    assert_int_equal(info.remote.addr.octets[0], f == 0 ? 0x20 : 0);
    assert_int_equal(aksu_connections(&h.net), 1); // the other has gone
    assert_true(h.net.more == &ipv6.more || h.net.more == NULL);
    uint32_t idle = aksu_idle(&h.net, h.now);
    assert_true(idle > 1000); // no timer is left
    struct wire w = f == 0 ? tcp6(AKSU_ACK, 7001, syn[f].wire.seq + 1, 5)
                           : tcp(AKSU_ACK, 7001, syn[f].wire.seq + 1, 5);
    w.sport = 80;
    w.dport = syn[f].wire.sport;
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(app.readable, 5);
    assert_int_equal(aksu_abort(&h.net, app.conn), AKSU_OK);
    pump();
    assert_int_equal(app.opens, 1);
    assert_int_equal(app.closes, 1);
    assert_int_equal(app.error, AKSU_ECONNABORTED);
    assert_int_equal(aksu_connections(&h.net), 0);
}

static void asked(void)
{
    assert_int_equal(look_up("www.example.com"), AKSU_OK);
    pump();
    assert_int_equal(question[0].count, 1);
    assert_int_equal(question[1].count, 1);
    assert_int_equal(syn[0].count + syn[1].count, 0);
}

static void wait_ms(uint32_t ms)
{
    h.now += ms;
    pump();
}

static void expect_syns(unsigned six, unsigned four)
{
    assert_int_equal(syn[0].count, six);
    assert_int_equal(syn[1].count, four);
}

static void failed(int error, bool found)
{
    assert_int_equal(app.opens, 0);
    assert_int_equal(app.closes, 1);
    assert_int_equal(app.error, error);
    assert_int_equal(named.found, found);
    assert_int_equal(aksu_connections(&h.net), 0);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
}

// --- Tests ---

// R8305-01: both are asked, IPv6 first; the first address of IPv6 is tried at once.
static void ipv6_first(void **state)
{
    (void)state;
    assert_int_equal(look_up("www.example.com"), AKSU_OK);
    assert_int_equal(app.opens + app.closes, 0);
    assert_true(next(&h));
    answer_arp(&h, PEER, peer_mac); // the server's
    assert_true(next(&h));
    assert_int_equal(get16(h.got.data + h.got.len - 4), AAAA);
    question[0].count = 1;
    question[0].port = h.got.sport;
    question[0].id = get16(h.got.data);
    pump();
    assert_int_equal(question[1].count, 1);
    answer(AAAA, 0, true);
    expect_syns(1, 0);
    opens(0);
    assert_int_equal(question[1].count, 1);
}

// R8305-02: that of IPv4 waits 50 ms for that of IPv6, which is then tried first.
static void ipv4_waits(void **state)
{
    (void)state;
    asked();
    answer(A, 0, true);
    assert_int_equal(aksu_idle(&h.net, h.now), 50);
    wait_ms(49);
    expect_syns(0, 0);
    answer(AAAA, 0, true);
    expect_syns(1, 0);
    wait_ms(249);
    expect_syns(1, 0);
    wait_ms(1); // R8305-04
    expect_syns(1, 1);
    opens(0);
}

// R8305-02: but no longer; then that of IPv6 is tried 250 ms after it.
static void ipv6_is_late(void **state)
{
    (void)state;
    asked();
    answer(A, 0, true);
    wait_ms(50);
    expect_syns(0, 1);
    wait_ms(100);
    answer(AAAA, 0, true);
    expect_syns(0, 1);
    wait_ms(149);
    expect_syns(0, 1);
    wait_ms(1);
    expect_syns(1, 1);
    opens(0);
}

// And later than that at once.
static void ipv6_is_later(void **state)
{
    (void)state;
    asked();
    answer(A, 0, true);
    wait_ms(50);
    wait_ms(300);
    expect_syns(0, 1);
    answer(AAAA, 0, true);
    expect_syns(1, 1);
    opens(1);
}

// R8305-04: IPv6 is silent: after 250 ms IPv4 is tried, too, and wins.
static void ipv6_is_silent(void **state)
{
    (void)state;
    asked();
    answer(AAAA, 0, true);
    answer(A, 0, true);
    expect_syns(1, 0);
    assert_int_equal(aksu_idle(&h.net, h.now), 250);
    wait_ms(250);
    expect_syns(1, 1);
    opens(1);
}

// That of IPv4 comes when the time is over already.
static void ipv4_is_late(void **state)
{
    (void)state;
    asked();
    answer(AAAA, 0, true);
    wait_ms(300);
    expect_syns(1, 0);
    answer(A, 0, true);
    expect_syns(1, 1);
    opens(1);
}

// R8305-05: what is refused is followed by the next at once.
static void refused(void **state)
{
    (void)state;
    asked();
    answer(AAAA, 0, true);
    answer(A, 0, true);
    wait_ms(10);
    reply(0, AKSU_RST | AKSU_ACK);
    expect_syns(1, 1);
    opens(1);
}

// Both are refused; the last word is told. Then the memory can be used again, in the handler too.
static void both_refused(void **state)
{
    (void)state;
    asked();
    answer(AAAA, 0, true);
    answer(A, 0, true);
    reply(0, AKSU_RST | AKSU_ACK);
    assert_int_equal(app.closes, 0);
    reply(1, AKSU_RST | AKSU_ACK);
    failed(AKSU_ECONNREFUSED, true);
    forget();
    asked();
    answer(A, 3, false);
    app.again = true;
    answer(AAAA, 3, false);
    assert_int_equal(app.closes, 1);
    assert_int_equal(question[1].count, 2);
    memset(&app, 0, sizeof app);
    answer(A, 0, true);
    answer(AAAA, 0, true);
    opens(0);
}

// The second is refused first; and the one that is refused was the only one so far.
static void refused_in_other_orders(void **state)
{
    (void)state;
    asked();
    answer(AAAA, 0, true);
    answer(A, 0, true);
    wait_ms(250);
    reply(1, AKSU_RST | AKSU_ACK);
    assert_int_equal(app.closes, 0);
    opens(0);
    forget();
    asked();
    answer(AAAA, 0, true);
    reply(0, AKSU_RST | AKSU_ACK);
    assert_int_equal(app.closes, 0);
    answer(A, 0, true);
    expect_syns(1, 1);
    opens(1);
    forget();
    asked();
    answer(A, 0, true);
    wait_ms(50);
    reply(1, AKSU_RST | AKSU_ACK);
    assert_int_equal(app.closes, 0);
    answer(AAAA, 0, false);
    failed(AKSU_ECONNREFUSED, true);
}

// A name with an address of one version.
static void one_version(void **state)
{
    (void)state;
    asked();
    answer(AAAA, 0, false);
    answer(A, 0, true);
    expect_syns(0, 1); // nothing to wait for
    opens(1);
    forget();
    asked();
    answer(A, 0, true);
    wait_ms(20);
    answer(AAAA, 0, false);
    expect_syns(0, 1);
    opens(1);
    forget();
    asked();
    answer(A, 0, false);
    answer(AAAA, 0, true);
    expect_syns(1, 0);
    opens(0);
}

// What DNS says if there is no address: that there is none says least.
static void no_address(void **state)
{
    (void)state;
    asked();
    answer(AAAA, 3, false);
    assert_int_equal(app.closes, 0);
    answer(A, 3, false);
    failed(AKSU_EADDRNOTAVAIL, false);
    for (unsigned order = 0; order < 2; order++) {
        forget();
        asked();
        answer(order ? A : AAAA, 3, false);
        answer(order ? AAAA : A, 2, false); // and again, when it is asked again
        answer(order ? AAAA : A, 2, false);
        answer(order ? AAAA : A, 2, false);
        failed(AKSU_ECONNREFUSED, false);
        forget();
        asked();
        for (unsigned i = 0; i < 3; i++)
            answer(order ? AAAA : A, 2, false);
        answer(order ? A : AAAA, 3, false);
        failed(AKSU_ECONNREFUSED, false);
    }
}

// Nobody answers: neither DNS, nor a station, nor the host.
static void time_out(void **state)
{
    (void)state;
    asked();
    for (unsigned i = 0; i < 200 && app.closes == 0; i++)
        wait_ms(100);
    failed(AKSU_ETIMEDOUT, false);
    assert_int_equal(question[0].count, 3);
    forget();
    asked();
    silent = true;
    answer(A, 0, false);
    answer(AAAA, 0, true);
    for (unsigned i = 0; i < 100 && app.closes == 0; i++)
        wait_ms(100);
    failed(AKSU_EHOSTUNREACH, true);
    expect_syns(0, 0);
    forget();
    asked();
    answer(A, 0, true);
    answer(AAAA, 0, true);
    uint32_t from = h.now;
    while (app.closes == 0)
        wait_ms(1000);
    failed(AKSU_ETIMEDOUT, true);
    assert_true(h.now - from > 100000); // R2: at least 100 s
    assert_true(syn[0].count > 4 && syn[1].count > 4);
}

// R8305-07: an address in text is tried without DNS; one that cannot be reached is told at once.
static void literals(void **state)
{
    (void)state;
    assert_int_equal(look_up("192.0.2.2"), AKSU_OK);
    pump();
    expect_syns(0, 1);
    opens(1);
    forget();
    assert_int_equal(look_up("2001:db8::2"), AKSU_OK);
    pump();
    expect_syns(1, 0);
    opens(0);
    forget();
    assert_int_equal(look_up("192.0.2.2"), AKSU_OK);
    pump();
    reply(1, AKSU_RST | AKSU_ACK);
    failed(AKSU_ECONNREFUSED, true);
    forget();
    assert_int_equal(look_up("127.0.0.1"), AKSU_EADDRNOTAVAIL);
    assert_int_equal(look_up("2001:db8:ffff::1"), AKSU_EADDRNOTAVAIL); // there is no router
    assert_int_equal(app.opens + app.closes + question[0].count, 0);
    assert_int_equal(aksu_connect_name(&h.net, &named, NULL, "192.0.2.2", 80, &deaf, &app), 0);
    pump();
    reply(1, AKSU_RST | AKSU_ACK); // nobody wants to know
    assert_int_equal(aksu_connections(&h.net), 0);
    assert_int_equal(aksu_connect_name(&h.net, &named, NULL, "192.0.2.2", 80, &deaf, &app), 0);
    pump();
    syn[0] = syn[1];
    reply(1, AKSU_SYN | AKSU_ACK);
    assert_int_equal(aksu_connections(&h.net), 1);
}

// An address of IPv6 that cannot be reached is passed over, and one of IPv4.
static void out_of_reach(void **state)
{
    (void)state;
    struct aksu_addr own = aksu_ipv4(192, 0, 2, 2);
    assert_int_equal(aksu_set_address(&h.net, &own, 24, NULL), AKSU_OK); // the peer's: it is ours
    dns.server[0] = peer6;
    assert_int_equal(look_up("www.example.com"), AKSU_OK);
    while (next(&h))
        if (h.got.icmp_type == NS)
            assert_int_equal(feed_na(&h, &peer6, 0x60, peer_mac), 0);
        else
            question[get16(h.got.data + h.got.len - 4) == A].count++;
    assert_int_equal(question[0].count, 1); // R8305-01: over IPv6, too
    assert_int_equal(question[1].count, 1);
    aksu_connect_name_cancel(&h.net, &named);
    setup(NULL);
    start6(&h, &store, &ipv6); // no address of IPv6 yet
    assert_int_equal(aksu_ipv6_client(&h.net), AKSU_OK);
    asked();
    answer(AAAA, 0, true);
    expect_syns(0, 0);
    answer(A, 0, true);
    expect_syns(0, 1);
    reply(1, AKSU_RST | AKSU_ACK);
    assert_int_equal(app.closes, 1);
    forget();
    asked();
    answer(AAAA, 0, true);
    answer(A, 0, false);
    assert_int_equal(app.closes, 1);
    assert_int_equal(app.error, AKSU_EADDRNOTAVAIL);
    assert_true(named.found);
}

// There are no rows: told as what it is.
static void no_rows(void **state)
{
    (void)state;
    struct aksu_endpoint to = {peer6, 9};
    for (unsigned i = 0; i < 4; i++)
        assert_true(aksu_connect(&h.net, &to, 0, &deaf, NULL) > 0);
    pump();
    memset(syn, 0, sizeof syn);
    asked();
    answer(AAAA, 0, true);
    answer(A, 0, true);
    assert_int_equal(app.closes, 1);
    assert_int_equal(app.error, AKSU_ENOMEM);
    expect_syns(0, 0);
    assert_int_equal(look_up("192.0.2.2"), AKSU_ENOMEM);
    assert_int_equal(app.closes, 1);
}

// At each stage: no handler is called, no question, timer or connection is left.
static void cancel(void **state)
{
    (void)state;
    for (unsigned stage = 0; stage < 6; stage++) {
        setup(NULL);
        asked();
        if (stage == 1)
            answer(A, 0, true); // waits for IPv6
        if (stage > 1)
            answer(AAAA, 0, true);
        if (stage > 2)
            answer(A, 0, true);
        if (stage > 3)
            wait_ms(250);
        if (stage > 4)
            reply(0, AKSU_RST | AKSU_ACK);
        aksu_connect_name_cancel(&h.net, &named);
        aksu_connect_name_cancel(&h.net, &named); // again: nothing
        memset(&named, 0xff, sizeof named);       // it is not looked at any more
        pump();
        assert_int_equal(app.opens + app.closes, 0);
        assert_int_equal(aksu_connections(&h.net), 0);
        assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
    }
}

// A stack of one version asks for no more than that one; datagrams to the timer's port are nothing.
static void ipv4_alone(void **state)
{
    (void)state;
    assert_int_equal(look_up("www.example.com"), AKSU_OK);
    pump();
    assert_int_equal(question[0].count, 0);
    answer(A, 0, true);
    expect_syns(0, 1);
    opens(1);
}

static void datagrams_to_the_timer(void **state)
{
    (void)state;
    asked();
    answer(A, 0, true);
    uint8_t frame[FRAME_MAX];
    struct wire w = tcp(0, 0, 0, 9);
    w.protocol = 17;
    w.sport = 53;
    w.dport = named.query[1].udp.pair.local_port;
    assert_int_equal(feed_frame(&h, frame, make_udp(&w, frame)), 0);
    assert_int_equal(aksu_idle(&h.net, h.now), 50);
    wait_ms(50);
    expect_syns(0, 1);
    opens(1);
}

// One that writes in place is one from the start.
static void emits(void **state)
{
    (void)state;
    assert_int_equal(
        aksu_connect_name(&h.net, &named, &dns, "www.example.com", 80, &emitting, &app), 0);
    pump();
    answer(AAAA, 0, true);
    answer(A, 0, true);
    wait_ms(250);
    expect_syns(1, 1);
    reply(1, AKSU_SYN | AKSU_ACK);
    assert_int_equal(app.opens, 1);
    assert_int_equal(aksu_offer(&h.net, app.conn, 5), AKSU_OK);
    assert_true(next(&h));
    assert_int_equal(h.got.len, 5);
    assert_memory_equal(h.got.data, "\0\1\2\3\4", 5);
}

static void arguments(void **state)
{
    (void)state;
    static const struct aksu_addr none;
    struct aksu_addr own = {{0}};
    assert_int_equal(aksu_connect_name(&h.net, &named, &dns, "a", 80, NULL, &app), AKSU_EINVAL);
    assert_int_equal(aksu_connect_name(&h.net, &named, &dns, "a", 0, &handlers, &app), AKSU_EINVAL);
    assert_int_equal(aksu_connect_name(&h.net, &named, NULL, "a", 80, &handlers, &app),
                     AKSU_EINVAL);
    assert_int_equal(look_up("a..b"), AKSU_EINVAL);
    assert_int_equal(look_up(""), AKSU_EINVAL);
    assert_memory_equal(&own, &none, sizeof own);
    struct aksu_config config = default_config();
    memset(&config.addr, 0, sizeof config.addr);
    memset(&config.gateway, 0, sizeof config.gateway);
    start_with(&h, &store, &config);
    assert_int_equal(look_up("www.example.com"), AKSU_EADDRNOTAVAIL);
    assert_int_equal(aksu_init(&h.net, &store,
                               &(struct aksu_config){.profile = &aksu_standard,
                                                     .addr = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
                                                               0xff, 192, 0, 2, 1}}}),
                     AKSU_OK);
    assert_int_equal(look_up("www.example.com"), AKSU_ENOKEY);
    assert_int_equal(look_up("192.0.2.2"), AKSU_ENOKEY);
    assert_int_equal(app.opens + app.closes, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(ipv6_first),
        T(ipv4_waits),
        T(ipv6_is_late),
        T(ipv6_is_later),
        T(ipv6_is_silent),
        T(ipv4_is_late),
        T(refused),
        T(both_refused),
        T(refused_in_other_orders),
        T(one_version),
        T(no_address),
        T(time_out),
        T(literals),
        T(out_of_reach),
        T(no_rows),
        T(cancel),
        cmocka_unit_test_setup(ipv4_alone, setup4),
        T(datagrams_to_the_timer),
        T(emits),
        T(arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
