// SPDX-License-Identifier: MIT
// The DNS client: R1035-*, R9267-*, R5452-*. Messages are made and read octet by octet.
#include "frames.h"
#include <aksu/dns.h>

AKSU_STORAGE(store, 4, 2, 2048, 2048);
static struct host h;
static struct aksu_dns_entry cache[3];
static struct aksu_dns dns;
static struct aksu_dns_query query, other;
static unsigned told;
static int result;
static struct aksu_addr address;

enum { ETH = 14, IP = 20, UDP = 8, DNS = ETH + IP + UDP };
#define NAME "\3www\7example\3com"
#define TAIL "\0\0\1\0\1"

static void on_answer(struct aksu *net, struct aksu_dns_query *q, int error,
                      const struct aksu_addr *addr)
{
    assert_ptr_equal(net, &h.net);
    assert_true(q == &query || q == &other);
    assert_int_equal(addr != NULL, error == AKSU_OK);
    told++;
    result = error;
    memset(&address, 0, sizeof address);
    if (addr)
        address = *addr;
}

static int setup(void **state)
{
    (void)state;
    start(&h, &store);
    memset(cache, 0, sizeof cache);
    memset(&dns, 0, sizeof dns);
    dns.server[0] = aksu_ipv4(192, 0, 2, 254);
    dns.entry = cache;
    dns.entries = 3;
    told = 0;
    return 0;
}

static void ask_for(const char *name, enum aksu_dns_type type)
{
    assert_int_equal(aksu_dns_ask(&h.net, &dns, &query, name, type, on_answer), AKSU_OK);
}

static uint16_t id, port;

// The next frame is a question to a server; ARP is answered.
static void expect(uint32_t server, const char *wire, size_t len)
{
    assert_true(next(&h));
    if (h.got.type == 0x0806) {
        assert_int_equal(h.got.tpa, server);
        answer_arp(&h, server, gate_mac);
        assert_true(next(&h));
    }
    const uint8_t *p = h.frame + DNS;
    assert_int_equal(h.got.protocol, 17);
    assert_int_equal(h.got.dst, server);
    port = get16(h.frame + ETH + IP);
    assert_true(port >= 1024);
    assert_int_equal(get16(h.frame + ETH + IP + 2), 53);
    assert_int_equal(h.frame_len, DNS + 12 + len);
    id = get16(p);
    assert_memory_equal(p + 2, "\1\0\0\1\0\0\0\0\0\0", 10); // RD, one question
    assert_memory_equal(p + 12, wire, len);
}

static void asked(void)
{
    ask_for("www.example.com", AKSU_DNS_A);
    expect(GATE, NAME TAIL, 21);
    quiet(&h);
}

struct answer {
    uint8_t octets[1400];
    size_t len;
};

static void append(struct answer *a, const void *octets, size_t len)
{
    memcpy(a->octets + a->len, octets, len);
    a->len += len;
}

// An answer's header and question.
static struct answer begin(unsigned flags, unsigned records)
{
    struct answer a;
    memset(&a, 0, sizeof a);
    put16(a.octets, id);
    put16(a.octets + 2, flags);
    put16(a.octets + 4, 1);
    put16(a.octets + 6, records);
    a.len = 12;
    append(&a, NAME TAIL, 21);
    return a;
}

static void record(struct answer *a, const char *name, size_t name_len, unsigned type, uint32_t ttl,
                   const char *data, size_t len)
{
    uint8_t tail[10];
    put16(tail, type);
    put16(tail + 2, 1);
    put32(tail + 4, ttl);
    put16(tail + 8, (unsigned)len);
    append(a, name, name_len);
    append(a, tail, sizeof tail);
    append(a, data, len);
}

static int feed_from(uint32_t src, uint16_t sport, const uint8_t *octets, size_t len)
{
    uint8_t frame[FRAME_MAX];
    struct wire w;
    uint8_t *p = frame + ETH + IP;
    memset(&w, 0, sizeof w);
    memcpy(w.to, our_mac, 6);
    memcpy(w.from, gate_mac, 6);
    w.type = 0x0800;
    w.src = src;
    w.dst = US;
    w.protocol = 17;
    w.ttl = 64;
    put16(p, sport);
    put16(p + 2, port);
    put32(p + 4, (uint32_t)(UDP + len) << 16);
    memcpy(p + UDP, octets, len);
    put16(p + 6, naive_checksum(p, UDP + len, pseudo_sum(src, US, 17, UDP + len)));
    return feed_frame(&h, frame, make_ip(&w, frame, UDP + len));
}

static void feed_answer(const struct answer *a)
{
    (void)feed_from(GATE, 53, a->octets, a->len);
}

static struct answer plain(void)
{
    struct answer a = begin(0x8180, 1);
    record(&a, "\300\14", 2, 1, 300, "\12\1\2\3", 4);
    return a;
}

static void got(uint32_t addr)
{
    assert_int_equal(told, 1);
    assert_int_equal(result, AKSU_OK);
    assert_int_equal(get32(address.octets + 12), addr);
    assert_int_equal(get16(address.octets + 10), 0xffff);
    quiet(&h);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
    told = 0;
}

// --- Tests ---

// R1035-01: a question, octet by octet, and its answer.
static void finds_an_address(void **state)
{
    (void)state;
    asked();
    struct answer a = plain();
    feed_answer(&a);
    got(0x0a010203);
    feed_answer(&a); // once more: nobody listens any more
    assert_int_equal(told, 0);
}

static void finds_ipv6(void **state)
{
    static const char v6[] = "\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\7";
    (void)state;
    ask_for("www.example.com", AKSU_DNS_AAAA);
    expect(GATE, NAME "\0\0\34\0\1", 21);
    struct answer a = begin(0x8180, 2);
    a.octets[12 + 18] = 28;
    record(&a, "\300\14", 2, 28, 300, v6, 4); // too short for one
    record(&a, "\300\14", 2, 28, 300, v6, 16);
    feed_answer(&a);
    assert_int_equal(told, 1);
    assert_memory_equal(address.octets, v6, 16);
}

// R1035-05: aliases, in any order; in any case; and not without end.
static void chains(void **state)
{
    (void)state;
    asked();
    struct answer a = begin(0x8180, 4);
    record(&a, "\4last\300\20", 7, 1, 300, "\12\0\0\1", 4);
    record(&a, "\4last\300\20", 7, 28, 300, "1234567890123456", 16);
    record(&a, "\6second\300\20", 9, 5, 300, "\4LAST\300\20", 7);
    record(&a, "\3WWW\300\20", 6, 5, 20, "\6second\300\20", 9);
    feed_answer(&a);
    got(0x0a000001);
    h.now += 19999; // the least of all TTLs counts
    ask_for("www.example.com", AKSU_DNS_A);
    assert_false(next(&h));
    got(0x0a000001);
    h.now += 1;
    asked();
    a = begin(0x8180, 2);
    record(&a, "\300\14", 2, 5, 300, "\4loop\300\20", 7);
    record(&a, "\4loop\300\20", 7, 5, 300, "\300\14", 2);
    feed_answer(&a);
    assert_int_equal(told, 1);
    assert_int_equal(result, AKSU_EADDRNOTAVAIL);
}

// R5452-01: only an answer of the server that was asked, from its port, with the id and the
// question.
static void other_answers(void **state)
{
    (void)state;
    asked();
    struct answer right = plain(), a;
    assert_int_equal(feed_from(PEER, 53, right.octets, right.len), 0);
    assert_int_equal(feed_from(GATE, 5353, right.octets, right.len), 0);
    static const struct {
        uint8_t at, flip;
    } bad[] = {{0, 1},  {1, 1},  {2, 0x80}, {2, 8},  {5, 1},  {5, 3},  {12, 1},
               {13, 1}, {24, 1}, {28, 1},   {29, 1}, {30, 2}, {32, 2}, {16, 3}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        a = right;
        a.octets[bad[i].at] ^= bad[i].flip;
        feed_answer(&a);
        assert_int_equal(told, 0);
    }
    a = right; // one label with dots in it is another name
    memcpy(a.octets + 12, "\17www.example.com", 16);
    feed_answer(&a);
    assert_int_equal(told, 0);
    a = right; // a question that is a pointer
    memcpy(a.octets + 12, "\300\14\0\1\0\1", 6);
    feed_answer(&a);
    assert_int_equal(told, 0);
    quiet(&h);
    for (unsigned i = 12; i < 29; i++) // R1035-04: in any case
        if (right.octets[i] >= 'a')
            right.octets[i] ^= 0x20;
    feed_answer(&right);
    got(0x0a010203);
}

// A name that is not there, or has no such address.
static void no_address(void **state)
{
    (void)state;
    asked();
    struct answer a = begin(0x8183, 0);
    feed_answer(&a);
    assert_int_equal(result, AKSU_EADDRNOTAVAIL);
    asked();
    a = begin(0x8180, 0);
    feed_answer(&a);
    assert_int_equal(result, AKSU_EADDRNOTAVAIL);
    asked();
    a = begin(0x8180, 4);
    record(&a, "\300\14", 2, 28, 300, "1234567890123456", 16);
    record(&a, "\300\14", 2, 1, 300, "\12\0\0", 3);
    record(&a, "\300\20", 2, 1, 300, "\12\0\0\1", 4); // another's
    record(&a, "\300\14", 2, 1, 300, "\12\0\0\1", 4);
    a.octets[a.len - 11] = 3; // class CHAOS
    feed_answer(&a);
    assert_int_equal(result, AKSU_EADDRNOTAVAIL);
    asked();
    a = begin(0x8380, 0); // TC
    feed_answer(&a);
    assert_int_equal(result, AKSU_EMSGSIZE);
    assert_int_equal(told, 4);
}

// R1035-02: each server three times, for 2, 4 and 8 s; then the end. Ids differ.
static void servers(void **state)
{
    (void)state;
    uint16_t ids[6];
    dns.server[2] = aksu_ipv4(192, 0, 2, 2);
    ask_for("www.example.com", AKSU_DNS_A);
    for (unsigned i = 0; i < 6; i++) {
        expect(i % 2 ? PEER : GATE, NAME TAIL, 21);
        ids[i] = id;
        for (unsigned j = 0; j < i; j++)
            assert_int_not_equal(ids[j], id);
        quiet(&h);
        assert_int_equal(aksu_idle(&h.net, h.now), 2000u << i / 2);
        h.now += 2000u << i / 2;
        assert_int_equal(told, 0);
    }
    assert_int_equal(aksu_idle(&h.net, h.now), 0);
    quiet(&h);
    assert_int_equal(told, 1);
    assert_int_equal(result, AKSU_ETIMEDOUT);
    ask_for("www.example.com", AKSU_DNS_A);
    for (unsigned i = 0; i < 6; i++) { // what cannot answer is passed over at once
        expect(i % 2 ? PEER : GATE, NAME TAIL, 21);
        struct answer a = begin(0x8182, 0);
        assert_int_equal(feed_from(i % 2 ? PEER : GATE, 53, a.octets, a.len), 0);
    }
    quiet(&h);
    assert_int_equal(told, 2);
    assert_int_equal(result, AKSU_ECONNREFUSED);
    memset(dns.server, 0, sizeof dns.server);
    ask_for("www.example.com", AKSU_DNS_A);
    quiet(&h);
    assert_int_equal(result, AKSU_ETIMEDOUT);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
}

// Nobody answers to ARP: the next server.
static void unreachable_server(void **state)
{
    (void)state;
    dns.server[1] = aksu_ipv4(192, 0, 2, 2);
    ask_for("www.example.com", AKSU_DNS_A);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(next(&h));
        assert_int_equal(h.got.tpa, GATE);
        h.now += i == 2 ? 2000 : 1000;
    }
    expect(PEER, NAME TAIL, 21);
}

// What is remembered: until its TTL ends, by type, in any case, the soonest to end gives way.
static void remembers(void **state)
{
    (void)state;
    static const char *const names[] = {"a.example", "b.example", "c.example", "d.example"};
    for (unsigned i = 0; i < 4; i++) {
        char wire[] = "\1a\7example\0\0\1\0\1";
        wire[1] = (char)('a' + i);
        ask_for(names[i], AKSU_DNS_A);
        expect(GATE, wire, 15);
        struct answer a;
        memset(&a, 0, sizeof a);
        put16(a.octets, id);
        put16(a.octets + 2, 0x8180);
        put16(a.octets + 4, 1);
        put16(a.octets + 6, 1);
        a.len = 12;
        append(&a, wire, 15);
        record(&a, "\300\14", 2, 1, i == 1 ? 50 : 100 + i, "\12\0\0\1", 4);
        a.octets[a.len - 1] = (uint8_t)i;
        feed_answer(&a);
        got(0x0a000000 + i);
    }
    ask_for("A.Example", AKSU_DNS_A);
    assert_false(next(&h));
    got(0x0a000000);
    ask_for("c.example", AKSU_DNS_A);
    assert_false(next(&h));
    got(0x0a000002);
    ask_for("b.example", AKSU_DNS_A); // gave way
    expect(GATE, "\1b\7example\0\0\1\0\1", 15);
    aksu_dns_cancel(&h.net, &query);
    ask_for("a.example", AKSU_DNS_AAAA); // another type
    expect(GATE, "\1a\7example\0\0\34\0\1", 15);
    aksu_dns_cancel(&h.net, &query);
    h.now += 0x80000000u; // long after the end
    aksu_now(&h.net, h.now);
    ask_for("a.example", AKSU_DNS_A);
    expect(GATE, "\1a\7example\0\0\1\0\1", 15);
    aksu_dns_cancel(&h.net, &query);
    assert_int_equal(told, 0);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
}

// TTL 0, or one with the highest bit (RFC 2181 8), is not remembered; more than a day is a day.
static void ttls(void **state)
{
    (void)state;
    static const uint32_t never[] = {0, 0x80000000u, UINT32_MAX};
    for (unsigned i = 0; i < 3; i++) {
        asked();
        struct answer a = begin(0x8180, 1);
        record(&a, "\300\14", 2, 1, never[i], "\12\1\2\3", 4);
        feed_answer(&a);
        got(0x0a010203);
    }
    asked();
    struct answer a = begin(0x8180, 1);
    record(&a, "\300\14", 2, 1, 0x7fffffff, "\12\1\2\3", 4);
    feed_answer(&a);
    got(0x0a010203);
    h.now += 86400u * 1000 - 1;
    ask_for("www.example.com", AKSU_DNS_A);
    assert_false(next(&h));
    got(0x0a010203);
    h.now++;
    asked();
}

static void names(void **state)
{
    (void)state;
    char longest[300];
    static const char *const bad[] = {
        "",     ".",  "..",
        "a..b", ".a", "a.1234567890123456789012345678901234567890123456789012345678901234"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(aksu_dns_ask(&h.net, &dns, &query, bad[i], AKSU_DNS_A, on_answer),
                         AKSU_EINVAL);
    assert_int_equal(aksu_dns_ask(&h.net, &dns, &query, "a", AKSU_DNS_A, NULL), AKSU_EINVAL);
    memset(longest, 'a', sizeof longest);
    longest[63] = longest[127] = longest[191] = '.';
    longest[254] = '\0';
    assert_int_equal(aksu_dns_ask(&h.net, &dns, &query, longest, AKSU_DNS_A, on_answer),
                     AKSU_EINVAL);
    longest[253] = '\0';
    ask_for(longest, AKSU_DNS_A);
    assert_true(next(&h));
    answer_arp(&h, GATE, gate_mac);
    assert_true(next(&h));
    assert_int_equal(h.frame_len, DNS + 12 + 255 + 4);
    port = get16(h.frame + ETH + IP);
    struct answer a; // it is found, and not remembered
    memset(&a, 0, sizeof a);
    append(&a, h.frame + DNS, 12 + 255 + 4);
    put16(a.octets + 2, 0x8180);
    put16(a.octets + 6, 1);
    record(&a, "\300\14", 2, 1, 300, "\12\1\2\3", 4);
    feed_answer(&a);
    got(0x0a010203);
    assert_int_equal(cache[0].until, 0);
    ask_for("www.example.com.", AKSU_DNS_A); // with its root
    expect(GATE, NAME TAIL, 21);
    a = plain();
    feed_answer(&a);
    got(0x0a010203);
}

// R1035-03: every length an answer can be cut to.
static void cut(void **state)
{
    (void)state;
    asked();
    struct answer a = begin(0x8180, 2), b;
    record(&a, "\3www\300\20", 6, 5, 300, "\6second\300\20", 9);
    record(&a, "\6second\300\20", 9, 1, 300, "\12\1\2\3", 4);
    for (size_t len = 0; len < a.len; len++) {
        setup(NULL);
        asked();
        put16(a.octets, id);
        b = a;
        b.len = len;
        feed_answer(&b);
        assert_int_equal(told, len >= 12 + 21); // then the question was answered: nothing is there
        if (told)
            assert_int_equal(result, AKSU_EADDRNOTAVAIL);
    }
}

// R9267-01 to 04: pointers ahead, to themselves, round in circles, into the header, past the end,
// in two halves; kinds of labels that are none; names without end; more records than there are.
static void hostile_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t len;
    } rows[] = {
        {"\300\41", 2},    // to itself
        {"\300\50", 2},    // ahead
        {"\1a\300\41", 4}, // round in a circle
        {"\300\0", 2},     // into the header
        {"\300\13", 2},    //
        {"\377\377", 2},   // past the end
        {"\300", 1},       //
        {"\100a", 2},      // 01
        {"\200a", 2},      // 10
        {"\77www", 4},     // past the end
        {"\1a\1a\1a\1a\1a\1a\1a\300\41", 16},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned type = 1; type < 7; type += 4) {
            setup(NULL);
            asked();
            struct answer a = begin(0x8180, 3);
            record(&a, rows[i].name, rows[i].len, type, 300, "\12\1\2\3", 4);
            feed_answer(&a);
            a.len = 12 + 21; // as the target of an alias
            record(&a, "\300\14", 2, 5, 300, rows[i].name, rows[i].len);
            record(&a, "\300\55", 2, 1, 300, "\12\1\2\3", 4);
            feed_answer(&a);
            a.len = 12; // as the question
            append(&a, rows[i].name, rows[i].len);
            append(&a, "\0\1\0\1", 4);
            feed_answer(&a);
            assert_int_equal(told, 1);
            assert_int_not_equal(result, AKSU_OK);
        }
    }
    for (unsigned to = 0; to < 0x4000; to++) { // all pointers there are
        uint8_t pointer[2];
        setup(NULL);
        asked();
        struct answer a = begin(0x8180, 1);
        put16(pointer, 0xc000 | to);
        record(&a, (const char *)pointer, 2, 1, 300, "\12\1\2\3", 4);
        feed_answer(&a);
        assert_int_equal(told, 1);
        assert_int_equal(result, to == 12 ? AKSU_OK : AKSU_EADDRNOTAVAIL);
    }
    for (unsigned count = 2; count < 65536; count *= 3) {
        setup(NULL);
        asked();
        struct answer a = begin(0x8180, count);
        record(&a, "\300\14", 2, 28, 300, "1234567890123456", 16);
        feed_answer(&a);
        assert_int_equal(result, AKSU_EADDRNOTAVAIL);
    }
    for (unsigned len = 0; len < 65536; len += 251) { // lengths of data
        setup(NULL);
        asked();
        struct answer a = begin(0x8180, 1);
        record(&a, "\300\14", 2, 1, 300, "\12\1\2\3", 4);
        put16(a.octets + a.len - 6, len);
        feed_answer(&a);
        assert_int_equal(result, AKSU_EADDRNOTAVAIL);
    }
}

// R5452-02: ports and ids are not those of the question before.
static void unpredictable(void **state)
{
    (void)state;
    uint16_t ports[64], ids[64];
    unsigned again = 0;
    for (unsigned i = 0; i < 64; i++) {
        asked();
        ports[i] = port;
        ids[i] = id;
        for (unsigned j = 0; j < i; j++)
            again += ports[j] == port || ids[j] == id;
        aksu_dns_cancel(&h.net, &query);
    }
    assert_true(again <= 2); // 64 of 64512: 0.03 of each expected
}

// Two questions at a time, each with its own answer; a handler may ask again.
static void two_questions(void **state)
{
    (void)state;
    asked();
    uint16_t first_port = port, first_id = id;
    assert_int_equal(aksu_dns_ask(&h.net, &dns, &other, "www.example.com", AKSU_DNS_A, on_answer),
                     AKSU_OK);
    expect(GATE, NAME TAIL, 21);
    assert_int_not_equal(port, first_port);
    struct answer a = plain();
    feed_answer(&a);
    assert_int_equal(told, 1);
    port = first_port;
    feed_answer(&a); // the other's id
    assert_int_equal(told, 1);
    id = first_id;
    a = plain();
    feed_answer(&a);
    assert_int_equal(told, 2);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(finds_an_address),   T(finds_ipv6),    T(chains),    T(other_answers),
        T(no_address),         T(servers),       T(remembers), T(ttls),
        T(unreachable_server), T(names),         T(cut),       T(hostile_names),
        T(unpredictable),      T(two_questions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
