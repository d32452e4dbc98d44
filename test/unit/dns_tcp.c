// SPDX-License-Identifier: MIT
// DNS over TCP: R1035-07, R7766-*, and over IPv6. Messages are made octet by octet.
#include "frames6.h"
#include <aksu/dhcp.h>
#include <aksu/dns.h>

AKSU_STORAGE(store, 4, 2, 2048, 2048);
AKSU_STORAGE(one_row, 1, 1, 600, 0);
AKSU_IPV6(ipv6, 4);
AKSU_UDP_IPV6(udp6, 2);
static struct host h;
static struct aksu_dns_entry cache[2];
static struct aksu_dns dns;
static struct aksu_dns_tcp tcp_memory;
static struct aksu_dns_query query, other;
static unsigned told;
static int result;
static struct aksu_addr address;
static uint8_t buffer[785];

enum { QUESTION = 12 + 17 + 4 };
#define NAME "\3www\7example\3com"

static void on_answer(struct aksu *net, struct aksu_dns_query *q, int error,
                      const struct aksu_addr *addr)
{
    (void)net;
    (void)q;
    told++;
    result = error;
    if (addr)
        address = *addr;
}

static void begin(const struct aksu_storage *s)
{
    start(&h, s);
    memset(cache, 0, sizeof cache);
    memset(&dns, 0, sizeof dns);
    memset(&address, 0, sizeof address);
    dns.server[0] = aksu_ipv4(192, 0, 2, 2);
    dns.entry = cache;
    dns.entries = 2;
    told = 0;
    assert_int_equal(aksu_dns_over_tcp(&dns, &tcp_memory, buffer, sizeof buffer), AKSU_OK);
}

static int setup(void **state)
{
    (void)state;
    begin(&store);
    return 0;
}

static uint16_t id, port;
static struct wire syn; // and then our last segment
static uint32_t rcv;    // what we acknowledge next

// The next frame that is no ARP.
static void next_ip(void)
{
    do
        if (!next(&h))
            fail_msg("no frame came out");
        else if (h.got.type == 0x0806)
            answer_arp(&h, PEER, peer_mac);
    while (h.got.type == 0x0806);
}

static size_t message(uint8_t *m, unsigned flags, unsigned records)
{
    memset(m, 0, QUESTION + (size_t)16 * records);
    put16(m, id);
    put16(m + 2, flags);
    m[5] = 1;
    put16(m + 6, records);
    memcpy(m + 12, NAME, 17);
    put32(m + 29, 1 << 16 | 1);
    size_t len = QUESTION;
    for (unsigned i = 0; i < records; i++, len += 16) {
        put16(m + len, 0xc00c);
        put32(m + len + 2, 1 << 16 | 1);
        put32(m + len + 6, 300);
        put16(m + len + 10, 4);
        put32(m + len + 12, 0x0a010203 + i);
    }
    return len;
}

static void feed_udp(const uint8_t *m, size_t len)
{
    uint8_t frame[FRAME_MAX];
    struct wire w = tcp(0, 0, 0, len);
    w.protocol = 17;
    w.sport = 53;
    w.dport = port;
    w.data = m;
    size_t size = make_udp(&w, frame);
    assert_int_equal(feed_frame(&h, frame, size), 0);
}

static void asked(struct aksu_dns_query *q)
{
    assert_int_equal(aksu_dns_ask(&h.net, &dns, q, "www.example.com", AKSU_DNS_A, on_answer), 0);
    next_ip();
    assert_int_equal(h.got.protocol, 17);
    port = h.got.sport;
    id = get16(h.got.data);
}

// Asks, and is told that the answer is too long; what there is of it is not looked at.
static void truncated(struct aksu_dns_query *q)
{
    uint8_t m[600];
    asked(q);
    feed_udp(m, message(m, 0x8380, 1));
    assert_int_equal(told, 0);
}

static void feed_tcp(unsigned flags, const uint8_t *data, size_t len)
{
    struct wire w = tcp(flags | AKSU_ACK, rcv, syn.seq + 1 + 2 + QUESTION, len);
    w.sport = 53;
    w.dport = syn.sport;
    w.data = data;
    assert_int_equal(feed(&h, &w), 0);
    rcv += (uint32_t)len + ((flags & AKSU_FIN) != 0);
}

// The connection to the server opens, and brings the question: RFC 1035 4.2.2.
static void connected(void)
{
    next_ip();
    assert_int_equal(h.got.protocol, 6);
    assert_int_equal(h.got.flags, AKSU_SYN);
    assert_int_equal(h.got.dst, PEER);
    assert_int_equal(h.got.dport, 53);
    syn = h.got;
    struct wire w = tcp(AKSU_SYN | AKSU_ACK, 7000, syn.seq + 1, 0);
    w.sport = 53;
    w.dport = syn.sport;
    assert_int_equal(feed(&h, &w), 0);
    rcv = 7001;
    next_ip();
    if (h.got.len == 0)
        next_ip();
    assert_int_equal(h.got.len, 2 + QUESTION);
    assert_int_equal(get16(h.got.data), QUESTION);
    assert_int_equal(get16(h.got.data + 2), id);
    assert_memory_equal(h.got.data + 4, "\1\0\0\1\0\0\0\0\0\0" NAME "\0\0\1\0\1", QUESTION - 2);
}

static size_t whole(uint8_t *m, unsigned flags, unsigned records)
{
    size_t len = message(m + 2, flags, records);
    put16(m, (unsigned)len);
    return 2 + len;
}

// Nothing is left of it.
static void over(int error)
{
    assert_int_equal(told, 1);
    assert_int_equal(result, error);
    assert_null(tcp_memory.query);
    told = 0;
}

// R1035-07, R7766-01: what is truncated is asked for over TCP, and the connection is closed.
static void long_answer(void **state)
{
    uint8_t m[600];
    (void)state;
    truncated(&query);
    connected();
    feed_tcp(AKSU_PSH, m, whole(m, 0x8180, 29));
    over(AKSU_OK);
    assert_int_equal(get32(address.octets + 12), 0x0a010203);
    next_ip();
    assert_true(h.got.flags & AKSU_FIN);
    feed_tcp(AKSU_FIN, NULL, 0);
    drain(&h);
    assert_int_equal(aksu_dns_ask(&h.net, &dns, &query, "www.example.com", AKSU_DNS_A, on_answer),
                     0); // it is remembered
    assert_false(next(&h));
    over(AKSU_OK);
}

// In segments of any size; octets behind it are of no interest.
static void in_pieces(void **state)
{
    uint8_t m[600];
    (void)state;
    for (size_t step = 1; step < 60; step += 7) {
        setup(NULL);
        truncated(&query);
        connected();
        size_t len = whole(m, 0x8180, 1);
        for (size_t at = 0; at < len; at += step) {
            assert_int_equal(told, 0);
            feed_tcp(0, m + at, len - at < step ? len - at : step);
        }
        over(AKSU_OK);
        drain(&h);
    }
    setup(NULL);
    truncated(&query);
    connected();
    memset(m, 0, sizeof m);
    feed_tcp(0, m, whole(m, 0x8180, 1) + 9);
    over(AKSU_OK);
}

// R7766-02: a message that is longer than the buffer, or that is cut short again, or that says that
// there is no address.
static void other_ends(void **state)
{
    uint8_t m[600];
    (void)state;
    truncated(&query);
    connected();
    put16(m, sizeof buffer - 2 - QUESTION - 2 + 1);
    feed_tcp(0, m, 2);
    over(AKSU_EMSGSIZE);
    setup(NULL);
    truncated(&query);
    connected();
    put16(m, sizeof buffer - 2 - QUESTION - 2); // just fits
    feed_tcp(0, m, 2);
    assert_int_equal(told, 0);
    setup(NULL);
    truncated(&query);
    connected();
    feed_tcp(0, m, whole(m, 0x8380, 0));
    over(AKSU_EMSGSIZE);
    setup(NULL);
    truncated(&query);
    connected();
    feed_tcp(0, m, whole(m, 0x8183, 0));
    over(AKSU_EADDRNOTAVAIL);
}

// R5452-01: what is no answer to the question ends the connection; so do a close, a reset, and
// silence. Then the next server, or the same one again, is asked.
static void useless_servers(void **state)
{
    uint8_t m[600];
    (void)state;
    for (unsigned how = 0; how < 6; how++) {
        setup(NULL);
        truncated(&query);
        connected();
        size_t len = whole(m, 0x8180, 1);
        if (how == 0)
            m[2] ^= 1; // the id
        if (how == 1)
            m[16] ^= 1; // the name
        if (how == 2)
            put16(m, 0);
        if (how < 3)
            feed_tcp(0, m, how == 2 ? 2 : len);
        else if (how == 3)
            feed_tcp(AKSU_FIN, m, 20);
        else if (how == 4)
            feed_tcp(AKSU_RST, NULL, 0);
        else
            pass(&h, 10000);
        bool again = false, reset = false;
        while (next(&h)) {
            if (h.got.type == 0x0806)
                answer_arp(&h, PEER, peer_mac);
            again = again || h.got.protocol == 17;
            reset = reset || (h.got.protocol == 6 && (h.got.flags & (AKSU_RST | AKSU_FIN)));
        }
        assert_true(again || how == 5); // pass() has taken it
        assert_true(reset || how >= 4);
        assert_int_equal(told, 0);
        for (unsigned i = 0; i < 60 && told == 0; i++)
            pass(&h, 1000);
        over(how == 5 ? AKSU_EMSGSIZE : AKSU_ECONNREFUSED);
    }
}

// While a question has the buffer, another one waits for its turn.
static void one_at_a_time(void **state)
{
    uint8_t m[600];
    (void)state;
    truncated(&query);
    connected();
    feed_udp(m, message(m, 0x8380, 1)); // again
    assert_int_equal(told, 0);
    uint16_t first = id;
    truncated(&other);
    quiet(&h);
    uint16_t second = id;
    id = first;
    feed_tcp(0, m, whole(m, 0x8180, 1));
    over(AKSU_OK);
    drain(&h);
    h.now += 2000;
    do // the connection that is being closed says something, too
        next_ip();
    while (h.got.protocol == 6);
    id = get16(h.got.data);
    assert_int_not_equal(id, second);
    feed_udp(m, message(m, 0x8380, 0));
    connected();
    feed_tcp(0, m, whole(m, 0x8180, 1));
    over(AKSU_OK);
    setup(NULL); // one that is given up
    truncated(&query);
    connected();
    aksu_dns_cancel(&h.net, &query);
    assert_null(tcp_memory.query);
    next_ip();
    assert_true(h.got.flags & AKSU_RST);
    assert_int_equal(aksu_connections(&h.net), 1); // until the next output
    drain(&h);
    assert_int_equal(aksu_connections(&h.net), 0);
    assert_int_equal(told, 0);
}

// There is no row for it: EMSGSIZE, when the servers have been asked.
static void no_row(void **state)
{
    uint8_t m[600];
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 9};
    (void)state;
    begin(&one_row);
    assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
    next_ip();
    truncated(&query);
    for (unsigned i = 0; told == 0; i++) {
        assert_true(i < 100);
        pass(&h, 1000);
    }
    over(AKSU_EMSGSIZE);
    begin(&one_row); // and without a send ring there is no need for one
    truncated(&query);
    connected();
    feed_tcp(0, m, whole(m, 0x8180, 1));
    over(AKSU_OK);
    next_ip(); // the question, once more: nobody has it now
    assert_true(h.got.flags & AKSU_FIN);
}

// What is sent again after it was given up is of no interest, and harms none.
static void unacknowledged(void **state)
{
    uint8_t m[600];
    (void)state;
    truncated(&query);
    connected();
    struct wire w = tcp(AKSU_ACK, rcv, syn.seq + 1, whole(m, 0x8180, 1));
    w.sport = 53;
    w.dport = syn.sport;
    w.data = m;
    assert_int_equal(feed(&h, &w), 0); // answered without an acknowledgment
    over(AKSU_OK);
    memset(buffer, 0xaa, sizeof buffer);
    pass(&h, 2000);
    assert_int_equal(h.got.protocol, 6);
}

static void buffers(void **state)
{
    (void)state;
    assert_int_equal(aksu_dns_over_tcp(&dns, &tcp_memory, buffer, 784), AKSU_EINVAL);
    assert_int_equal(aksu_dns_over_tcp(&dns, &tcp_memory, buffer, SIZE_MAX), AKSU_EINVAL);
}

// A server of IPv6, asked in both ways.
static void over_ipv6(void **state)
{
    uint8_t frame[FRAME_MAX], m[600];
    (void)state;
    ready6(&h, &store, &ipv6);
    assert_int_equal(aksu_udp_ipv6(&h.net, &udp6), AKSU_OK);
    dns.server[0] = peer6;
    assert_int_equal(aksu_dns_ask(&h.net, &dns, &query, "www.example.com", AKSU_DNS_A, on_answer),
                     0);
    next_icmp(&h, NS);
    assert_int_equal(feed_na(&h, &peer6, 0x60, peer_mac), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x86dd);
    assert_int_equal(h.got.dport, 53);
    assert_int_equal(h.got.len, QUESTION);
    id = get16(h.got.data);
    struct wire w = tcp6(0, 0, 0, message(m, 0x8380, 0));
    w.protocol = 17;
    w.sport = 53;
    w.dport = h.got.sport;
    w.data = m;
    struct wire stranger = w;
    stranger.src6[15] ^= 8; // R5452-01
    size_t len = make_udp(&stranger, frame);
    assert_int_equal(feed_frame(&h, frame, len), 0);
    quiet(&h);
    len = make_udp(&w, frame);
    assert_int_equal(feed_frame(&h, frame, len), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN);
    assert_int_equal(h.got.type, 0x86dd);
    assert_int_equal(h.got.dport, 53);
    aksu_dns_cancel(&h.net, &query);
}

// R8106-01: servers of a lease and of routers, one of each version first.
static void server_list(void **state)
{
    uint8_t options[40] = {25, 5, 0, 0, 0, 0, 0, 100};
    struct aksu_lease lease;
    (void)state;
    memset(&lease, 0, sizeof lease);
    assert_int_equal(aksu_dns_servers(&h.net, &dns, NULL), 0);
    assert_int_equal(dns.server[0].octets[11], 0);
    lease.dns[1] = aksu_ipv4(192, 0, 2, 8);
    assert_int_equal(aksu_dns_servers(&h.net, &dns, &lease), 1);
    assert_memory_equal(&dns.server[0], &lease.dns[1], 16);
    lease.dns[0] = aksu_ipv4(192, 0, 2, 7);
    ready6(&h, &store, &ipv6);
    assert_int_equal(aksu_dns_servers(&h.net, &dns, &lease), 2);
    assert_memory_equal(&dns.server[1], &lease.dns[1], 16);
    memcpy(options + 8, &peer6, 16);
    memcpy(options + 24, &router6, 16);
    assert_int_equal(feed_ra(&h, 1800, options, sizeof options), 0);
    assert_int_equal(aksu_dns_servers(&h.net, &dns, NULL), 2);
    assert_addr(dns.server[0].octets, &peer6);
    assert_addr(dns.server[1].octets, &router6);
    assert_int_equal(aksu_dns_servers(&h.net, &dns, &lease), 3);
    assert_memory_equal(&dns.server[0], &lease.dns[0], 16);
    assert_addr(dns.server[1].octets, &peer6);
    assert_memory_equal(&dns.server[2], &lease.dns[1], 16);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(long_answer), T(in_pieces),      T(other_ends), T(useless_servers), T(one_at_a_time),
        T(no_row),      T(unacknowledged), T(buffers),    T(over_ipv6),       T(server_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
