// SPDX-License-Identifier: MIT
// The responder of mDNS: R6762-*. Messages are made and read octet by octet.
#include "frames6.h"
#include <aksu/mdns.h>

AKSU_STORAGE(store, 4, 2, 2048, 2048);
AKSU_IPV6(ipv6, 4);
static struct host h;
static struct aksu_mdns mdns;
static unsigned told, number;

#define GROUP 0xe00000fbu ///< 224.0.0.251
enum { ETH = 14, IP = 20, UDP = 8, DNS = ETH + IP + UDP, PORT5353 = 5353 };
enum { A = 1, PTR = 12, TXT = 16, AAAA = 28, NSEC = 47, ANY = 255, IN = 1, QU = 0x8000 };
#define NAME   "\6sensor\5local"
#define SECOND "\10sensor-2\5local"
#define REVERSE                                                                                    \
    "\1"                                                                                           \
    "1\1"                                                                                          \
    "2\1"                                                                                          \
    "0\3"                                                                                          \
    "192\7in-addr\4arpa"

static void on_name(struct aksu *net, struct aksu_mdns *m, unsigned n)
{
    assert_ptr_equal(net, &h.net);
    assert_ptr_equal(m, &mdns);
    told++;
    number = n;
}

static int setup(void **state)
{
    (void)state;
    start(&h, &store);
    h.now += 3; // a time at which IGMP's second report does not come among the probes
    memset(&mdns, 0, sizeof mdns);
    told = number = 0;
    return 0;
}

/// Messages ///

static struct {
    uint8_t octets[1400];
    size_t len;
} m;

static void begin(unsigned id, unsigned flags)
{
    memset(&m, 0, sizeof m);
    put16(m.octets, id);
    put16(m.octets + 2, flags);
    m.len = 12;
}

static void append(const void *octets, size_t len)
{
    memcpy(m.octets + m.len, octets, len);
    m.len += len;
}

static void append16(unsigned v)
{
    uint8_t octets[2];
    put16(octets, v);
    append(octets, 2);
}

static void counted(size_t at)
{
    put16(m.octets + at, get16(m.octets + at) + 1u);
}

static void ask(const char *name, unsigned type, unsigned class)
{
    counted(4);
    append(name, strlen(name) + 1);
    append16(type);
    append16(class);
}

enum { ANSWERS = 6, AUTHORITY = 8, MORE = 10 };

static void record(size_t section, const char *name, unsigned type, unsigned class, uint32_t ttl,
                   const void *data, size_t len)
{
    counted(section);
    append(name, strlen(name) + 1);
    append16(type);
    append16(class);
    append16(ttl >> 16);
    append16(ttl & 0xffff);
    append16((unsigned)len);
    append(data, len);
}

static void record_a(size_t section, const char *name, uint32_t addr, uint32_t ttl)
{
    uint8_t data[4];
    put32(data, addr);
    record(section, name, A, IN, ttl, data, 4);
}

static int feed_from(uint32_t from, uint16_t port, uint32_t to)
{
    uint8_t frame[FRAME_MAX];
    static const uint8_t mac[6] = {1, 0, 0x5e, 0, 0, 0xfb};
    struct wire w = tcp(0, 0, 0, m.len);
    if (to == GROUP)
        memcpy(w.to, mac, 6);
    w.src = from;
    w.dst = to;
    w.protocol = 17;
    w.sport = port;
    w.dport = PORT5353;
    w.data = m.octets;
    return feed_frame(&h, frame, make_udp(&w, frame));
}

static void tell(void)
{
    assert_int_equal(feed_from(PEER, PORT5353, GROUP), 0);
}

static void asks(const char *name, unsigned type, unsigned class)
{
    begin(0, 0);
    ask(name, type, class);
    tell();
}

// The next frame is a message with this header and these octets behind it.
static void expect(uint32_t to, uint16_t port, const char *header, const void *octets, size_t len)
{
    assert_true(next(&h));
    assert_int_equal(h.got.protocol, 17);
    assert_int_equal(h.got.dst, to);
    assert_int_equal(h.got.sport, PORT5353);
    assert_int_equal(h.got.dport, port);
    assert_int_equal(h.got.ttl, to == GROUP ? 255 : 64);
    assert_memory_equal(h.frame + DNS, header, 12);
    assert_int_equal(h.frame_len, DNS + 12 + len);
    assert_memory_equal(h.frame + DNS + 12, octets, len);
}

#define PROBE_HEAD(n)              "\0\0\0\0\0\1\0\0\0" n "\0\0"
#define ANSWER_HEAD(n, more)       "\0\0\204\0\0\0\0" n "\0\0\0" more
#define EXPECT(to, header, octets) expect(to, PORT5353, header, octets, sizeof octets - 1)

#define ADDR       "\300\0\2\1"
#define A_TTL(ttl) "\0\1\200\1\0\0\0" ttl "\0\4" ADDR
#define FULL_A     NAME "\0" A_TTL("\170")
#define FULL_PTR   REVERSE "\0\0\14\200\1\0\0\0\170\0\2\300\14"
#define NO_AAAA    "\300\14\0\57\200\1\0\0\0\170\0\5\300\14\0\1\100"
#define PROBE      NAME "\0\0\377\200\1\300\14\0\1\0\1\0\0\0\170\0\4" ADDR

static void expect_probes(void)
{
    uint32_t idle = aksu_idle(&h.net, h.now);
    assert_true(idle < 250); // R6762-01: a random time first
    for (unsigned i = 0; i < 3; i++) {
        h.now += idle;
        EXPECT(GROUP, PROBE_HEAD("\1"), PROBE);
        idle = aksu_idle(&h.net, h.now);
        assert_int_equal(idle, 250);
    }
    h.now += idle;
}

// Until the name is ours, and has been told twice.
static void ready(void)
{
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "sensor", on_name), AKSU_OK);
    pass(&h, 20000);
    assert_int_equal(told, 1);
    assert_int_equal(number, 1);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
}

/// Tests ///

// R6762-01: three probes; R6762-02: two announcements; both say what belongs to the name.
static void claims(void **state)
{
    (void)state;
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "sensor", on_name), AKSU_OK);
    assert_true(next(&h)); // IGMP
    assert_int_equal(h.got.protocol, 2);
    expect_probes();
    assert_int_equal(told, 0);
    EXPECT(GROUP, ANSWER_HEAD("\2", "\0"), FULL_A FULL_PTR);
    assert_int_equal(told, 1);
    assert_int_equal(aksu_idle(&h.net, h.now), 1000);
    h.now += 1000;
    EXPECT(GROUP, ANSWER_HEAD("\2", "\0"), FULL_A FULL_PTR);
    pass(&h, 10000);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
    assert_int_equal(told, 1);
}

// R6762-03: what is asked for is answered to all, with what else there is; R6762-04: or that there
// is no such record.
static void answers(void **state)
{
    (void)state;
    ready();
    pass(&h, 60000);
    asks(NAME, A, IN);
    EXPECT(GROUP, ANSWER_HEAD("\1", "\1"), FULL_A NO_AAAA);
    pass(&h, 60000);
    asks("\6SENSOR\5Local", ANY, 255);
    EXPECT(GROUP, ANSWER_HEAD("\1", "\1"), FULL_A NO_AAAA);
    pass(&h, 60000);
    asks(REVERSE, PTR, IN);
    EXPECT(GROUP, ANSWER_HEAD("\1", "\0"), REVERSE "\0\0\14\200\1\0\0\0\170\0\16" NAME "\0");
    pass(&h, 60000);
    asks(NAME, AAAA, IN);
    EXPECT(GROUP, ANSWER_HEAD("\1", "\0"), NAME "\0\0\57\200\1\0\0\0\170\0\5\300\14\0\1\100");
    pass(&h, 60000);
    asks(NAME, TXT, IN);
    EXPECT(GROUP, ANSWER_HEAD("\1", "\0"), NAME "\0\0\57\200\1\0\0\0\170\0\5\300\14\0\1\100");
    pass(&h, 60000);
    begin(0, 0); // the second question is for us, and leads to the first
    ask("\5other\5local", A, IN);
    counted(4);
    append("\6sensor\300\22\0\1\0\1", 13);
    tell();
    EXPECT(GROUP, ANSWER_HEAD("\1", "\1"), FULL_A NO_AAAA);
}

static void not_for_us(void **state)
{
    (void)state;
    ready();
    pass(&h, 60000);
    asks("\6sensor\4test", A, IN);
    asks("\7sensors\5local", A, IN);
    asks("\6sensor\5local\1x", A, IN);
    asks(NAME, A, 3);
    asks(REVERSE, A, IN);
    asks("\1\62\1\62\1\60\3\61\71\62\7in-addr\4arpa", PTR, IN);
    begin(0, 0);
    tell();           // no question
    begin(0, 0x0800); // R6762-14: an opcode
    ask(NAME, A, IN);
    tell();
    begin(0, 3); // an rcode
    ask(NAME, A, IN);
    tell();
    begin(0, 0); // R6762-13: one of another link
    ask(NAME, A, IN);
    assert_int_equal(feed_from(FAR, PORT5353, US), 0);
    quiet(&h);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
    assert_int_equal(feed_from(PEER, PORT5353, US), 0); // of this one
    EXPECT(GROUP, ANSWER_HEAD("\1", "\1"), FULL_A NO_AAAA);
}

// R6762-05: who asks for it is answered alone, if all have heard it within 30 s.
static void unicast(void **state)
{
    (void)state;
    ready();
    pass(&h, 5000);
    asks(NAME, A, IN | QU);
    EXPECT(PEER, ANSWER_HEAD("\1", "\1"), FULL_A NO_AAAA);
    assert_memory_equal(h.got.to, peer_mac, 6);
    asks(NAME, A, IN | QU);
    asks(NAME, A, IN | QU); // a second one before the first has gone: to all
    EXPECT(PEER, ANSWER_HEAD("\1", "\1"), FULL_A NO_AAAA);
    EXPECT(GROUP, ANSWER_HEAD("\1", "\1"), FULL_A NO_AAAA);
    pass(&h, 29999);
    asks(NAME, A, IN | QU);
    EXPECT(PEER, ANSWER_HEAD("\1", "\1"), FULL_A NO_AAAA);
    pass(&h, 1);
    asks(NAME, A, IN | QU);
    EXPECT(GROUP, ANSWER_HEAD("\1", "\1"), FULL_A NO_AAAA);
    begin(0, 0); // one question that is to be answered to all
    ask(NAME, A, IN | QU);
    ask(NAME, AAAA, IN);
    tell();
    pass(&h, 1000);
    assert_int_equal(h.got.dst, GROUP);
}

// R6762-06: a client of DNS hears what it is used to.
static void legacy(void **state)
{
    (void)state;
    ready();
    begin(0x1234, 0x0100);
    ask(NAME, A, IN);
    assert_int_equal(feed_from(PEER, 40000, GROUP), 0);
    assert_int_equal(feed_from(PEER, 40001, GROUP), 0); // while that one waits: not answered
    static const char octets[] = NAME "\0\0\1\0\1"
                                      "\300\14\0\1\0\1\0\0\0\12\0\4" ADDR;
    expect(PEER, 40000, "\22\64\204\0\0\1\0\1\0\0\0\0", octets, sizeof octets - 1);
    quiet(&h);
    begin(1, 0);
    ask(REVERSE, PTR, IN);
    assert_int_equal(feed_from(PEER, 40000, GROUP), 0);
    static const char reverse[] = REVERSE "\0\0\14\0\1" REVERSE "\0\0\14\0\1\0\0\0\12\0\16" NAME;
    expect(PEER, 40000, "\0\1\204\0\0\1\0\1\0\0\0\0", reverse, sizeof reverse);
}

// R6762-07: what the asker knows is not told again, if more than half of its time is left.
static void known_answers(void **state)
{
    (void)state;
    ready();
    pass(&h, 60000);
    begin(0, 0);
    ask(NAME, A, IN);
    record_a(ANSWERS, NAME, US, 60);
    tell();
    quiet(&h);
    begin(0, 0);
    ask(REVERSE, PTR, IN);
    record(ANSWERS, REVERSE, PTR, IN, 120, NAME, sizeof NAME);
    tell();
    quiet(&h);
    begin(0, 0); // too old
    ask(NAME, A, IN);
    record_a(ANSWERS, NAME, US, 59);
    tell();
    EXPECT(GROUP, ANSWER_HEAD("\1", "\1"), FULL_A NO_AAAA);
    pass(&h, 60000);
    begin(0, 0); // other data; another name
    ask(NAME, A, IN);
    record_a(ANSWERS, NAME, PEER, 120);
    record_a(ANSWERS, SECOND, US, 120);
    record(ANSWERS, REVERSE, PTR, IN, 120, SECOND, sizeof SECOND);
    tell();
    EXPECT(GROUP, ANSWER_HEAD("\1", "\1"), FULL_A NO_AAAA);
}

// R6762-08: more of what it knows follows a query that was cut.
static void cut_queries(void **state)
{
    (void)state;
    ready();
    for (int i = 0; i < 3; i++) {
        pass(&h, 60000);
        begin(0, 0x0200);
        ask(NAME, A, IN);
        tell();
        uint32_t idle = aksu_idle(&h.net, h.now);
        assert_true(idle >= 400 && idle < 500);
        pass(&h, 100);
        begin(0, 0);
        record_a(ANSWERS, NAME, US, 120);
        if (i > 0) // of the same host, or of another
            assert_int_equal(feed_from(i == 1 ? PEER : GATE, PORT5353, GROUP), 0);
        assert_int_equal(pass(&h, 500), i == 1 ? 0 : 1);
    }
}

// R6762-09: not more often than once a second; to a host that claims the name, four times.
static void rate(void **state)
{
    (void)state;
    ready();
    pass(&h, 60000);
    asks(NAME, A, IN);
    assert_true(next(&h));
    asks(NAME, A, IN);
    asks(REVERSE, PTR, IN);
    assert_int_equal(aksu_idle(&h.net, h.now), 1000);
    begin(0, 0);
    ask(NAME, ANY, IN);
    record_a(AUTHORITY, NAME, PEER, 120);
    tell();
    assert_int_equal(aksu_idle(&h.net, h.now), 250);
    assert_int_equal(pass(&h, 250), 1);
    assert_int_equal(h.frame[DNS + 7], 2); // all that was asked for
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
}

// R6762-10: a name that another host has is left to it.
static void conflicts(void **state)
{
    (void)state;
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "sensor", on_name), AKSU_OK);
    pass(&h, 300);
    begin(0, 0x8400);
    record_a(ANSWERS, NAME, US, 120); // as ours
    record_a(ANSWERS, NAME, PEER, 0); // given up
    record(MORE, "\5other\5local", TXT, IN, 120, "\1x", 2);
    tell();
    begin(0, 0x8400);
    record_a(ANSWERS, NAME, PEER, 120);
    assert_int_equal(feed_from(PEER, 5354, GROUP), 0); // R6762-15: not of its port
    pass(&h, 20000);
    assert_int_equal(number, 1);
    tell(); // ours no longer, or is it? It is claimed anew
    assert_int_equal(aksu_idle(&h.net, h.now), 0);
    EXPECT(GROUP, PROBE_HEAD("\1"), PROBE);
    begin(0, 0x8400);
    record(AUTHORITY, NAME, TXT, IN | QU, 120, "\1x", 2); // any record says whose it is
    tell();
    pass(&h, 20000);
    assert_int_equal(told, 2);
    assert_int_equal(number, 2);
    pass(&h, 60000);
    asks(NAME, A, IN);
    quiet(&h);
    asks(SECOND, A, IN);
    EXPECT(GROUP, ANSWER_HEAD("\1", "\1"), SECOND "\0" A_TTL("\170") NO_AAAA);
    begin(0, 0x8400); // a record of a kind that we do not have is no conflict then
    record(ANSWERS, SECOND, TXT, IN, 120, "\1x", 2);
    record(ANSWERS, SECOND, A, 3, 120, "\1\1\1\1", 4);
    tell();
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
}

// R6762-11: after 15 conflicts it goes slowly; numbers end.
static void many_conflicts(void **state)
{
    (void)state;
    char name[80];
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "sensor", on_name), AKSU_OK);
    for (unsigned i = 1; i <= 1000; i++) {
        snprintf(name + 1, sizeof name - 1, i > 1 ? "sensor-%u" : "sensor", i);
        if (i == 1000)
            strcpy(name + 1, "sensor-2");
        name[0] = (char)strlen(name + 1);
        strcat(name, "\5local");
        pass(&h, i <= 15 ? 251 : i == 16 ? 0 : 5000);
        begin(0, 0x8400);
        record_a(ANSWERS, name, PEER, 120);
        tell();
        if (i == 15) {
            unsigned others = pass(&h, 4999); // IGMP may have a word
            assert_true(others == 0 || (others == 1 && h.got.protocol == 2));
            h.now++;
            assert_true(next(&h));
            assert_int_equal(h.got.protocol, 17);
        }
        assert_int_equal(told, 0);
    }
    pass(&h, 20000);
    assert_int_equal(number, 3);
}

// R6762-12: of two that claim a name at once, the later records win.
static void at_once(void **state)
{
    (void)state;
    static const struct {
        uint32_t first, second; // their addresses, 0: none
        bool wide;
        bool lost;
    } rows[] = {
        {US - 1, 0, false, false},      {US + 1, 0, false, true},
        {US, 0, false, false},          {US, 0, true, true},
        {US, US + 1, false, true},      {US + 1, US, false, true},
        {US - 1, US + 1, false, false}, {0, 0, true, true},
    };
    static const uint8_t low[16] = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        setup(NULL);
        assert_int_equal(aksu_mdns_start(&h.net, &mdns, "sensor", on_name), AKSU_OK);
        pass(&h, 260);
        begin(0, 0);
        ask(NAME, ANY, IN | QU);
        if (rows[i].first)
            record_a(AUTHORITY, NAME, rows[i].first, 120);
        record_a(AUTHORITY, SECOND, 0xffffffff, 120); // of another name
        if (rows[i].second)
            record_a(AUTHORITY, NAME, rows[i].second, 120);
        if (rows[i].wide)
            record(AUTHORITY, NAME, AAAA, IN, 120, low, 16);
        tell();
        uint32_t idle = aksu_idle(&h.net, h.now);
        if ((idle == 1000) != rows[i].lost)
            fail_msg("row %zu: %u ms", i, (unsigned)idle);
        pass(&h, 20000);
        assert_int_equal(number, 1); // nobody has answered
    }
    setup(NULL); // records of no name of ours, and of longer data
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "sensor", on_name), AKSU_OK);
    pass(&h, 260);
    begin(0, 0);
    ask(NAME, ANY, IN);
    record(AUTHORITY, NAME, A, IN, 120, ADDR "\0", 5);
    tell();
    assert_int_equal(aksu_idle(&h.net, h.now), 1000);
}

// R6762-20: all begins anew when the link is back, unless it has ended.
static void link_back(void **state)
{
    (void)state;
    struct aksu_carrier carrier = {0};
    ready();
    pass(&h, 60000);
    aksu_link(&h.net, &carrier, false);
    aksu_link(&h.net, &carrier, true);
    assert_true(next(&h)); // IGMP
    assert_int_equal(h.got.protocol, 2);
    expect_probes();
    EXPECT(GROUP, ANSWER_HEAD("\2", "\0"), FULL_A FULL_PTR);
    pass(&h, 20000);
    aksu_link(&h.net, &carrier, false);
    aksu_mdns_stop(&h.net, &mdns);
    aksu_link(&h.net, &carrier, true);
    pass(&h, 20000);
    begin(0, 0);
    ask(NAME, A, IN);
    assert_int_equal(feed_from(PEER, PORT5353, GROUP), -AKSU_DROP_NOT_OURS); // it has ended
    quiet(&h);
}

// R6762-16: the end of a name is told, with TTL 0.
static void goodbye(void **state)
{
    (void)state;
    ready();
    asks(NAME, A, IN);
    aksu_mdns_stop(&h.net, &mdns);
    asks(NAME, A, IN);
    EXPECT(GROUP, ANSWER_HEAD("\2", "\0"),
           NAME "\0" A_TTL("\0") REVERSE "\0\0\14\200\1\0\0\0\0\0\2\300\14");
    assert_true(next(&h));
    assert_int_equal(h.got.icmp_type, 0x17); // IGMP's leave
    quiet(&h);
    begin(0, 0);
    ask(NAME, A, IN);
    assert_int_equal(feed_from(PEER, PORT5353, GROUP), -AKSU_DROP_NOT_OURS);
    aksu_mdns_stop(&h.net, &mdns);
    quiet(&h);
    told = 0;
    ready();
    told = 0;
    ready(); // again, as when the address has changed
    aksu_mdns_start(&h.net, &mdns, "sensor", NULL);
    pass(&h, 300);
    aksu_mdns_stop(&h.net, &mdns); // nothing was claimed yet
    assert_true(next(&h));
    assert_int_equal(h.got.icmp_type, 0x17);
    quiet(&h);
}

// An address that is lost is not told, and a name without any gives way.
static void no_address(void **state)
{
    (void)state;
    ready();
    pass(&h, 60000);
    h.net.addr = 0; // as when a lease is lost
    asks(REVERSE, PTR, IN);
    quiet(&h);
    asks(NAME, A, IN);
    EXPECT(GROUP, ANSWER_HEAD("\1", "\0"), NAME "\0\0\57\200\1\0\0\0\170\0\5\300\14\0\1\0");
    begin(0, 0x8400);
    record_a(ANSWERS, NAME, PEER, 120);
    tell();
    pass(&h, 100);
    begin(0, 0);
    ask(NAME, ANY, IN);
    record_a(AUTHORITY, NAME, PEER, 120);
    tell();
    assert_int_equal(aksu_idle(&h.net, h.now), 1000);
}

// With IPv6 there are addresses of both kinds.
static void both_families(void **state)
{
    (void)state;
    struct aksu_addr ours[2];
    ready6(&h, &store, &ipv6);
    ours[0] = *link6(&h);
    ours[1] = us6;
    ready();
    pass(&h, 60000);
    asks(NAME, AAAA, IN);
    assert_true(next(&h));
    assert_int_equal(h.frame[DNS + 7], 2);
    assert_int_equal(h.frame[DNS + 11], 1); // the address of IPv4 comes along
    const uint8_t *p = h.frame + DNS + 12 + sizeof NAME;
    assert_memory_equal(p, "\0\34\200\1\0\0\0\170\0\20", 10);
    assert_memory_equal(p + 10, &ours[0], 16);
    assert_memory_equal(p + 26, "\300\14\0\34\200\1\0\0\0\170\0\20", 12);
    assert_memory_equal(p + 38, &ours[1], 16);
    assert_memory_equal(p + 54, "\300\14" A_TTL("\170"), 16);
    pass(&h, 60000);
    asks(NAME, TXT, IN);
    EXPECT(GROUP, ANSWER_HEAD("\1", "\0"),
           NAME "\0\0\57\200\1\0\0\0\170\0\10\300\14\0\4\100\0\0\10");
    pass(&h, 60000);
    for (int i = 0; i < 2; i++) { // both must be known
        begin(0, 0);
        ask(NAME, AAAA, IN);
        record(ANSWERS, NAME, AAAA, IN, 120, &ours[0], 16);
        if (i > 0)
            record(ANSWERS, NAME, AAAA, IN, 120, &ours[1], 16);
        tell();
        assert_int_equal(pass(&h, 1000), i == 0 ? 1 : 0);
    }
    begin(0, 0x8400); // that both are told is no conflict
    record(ANSWERS, NAME, AAAA, IN, 120, &ours[0], 16);
    tell();
    assert_int_equal(aksu_idle(&h.net, h.now) > 1000, true);
    begin(0, 0x8400);
    record(ANSWERS, NAME, AAAA, IN, 120, &peer6, 16);
    tell();
    assert_int_equal(aksu_idle(&h.net, h.now), 0);
}

// R6762-17: whatever a message says, it is read within its bounds, and it ends.
static void hostile(void **state)
{
    (void)state;
    ready();
    pass(&h, 60000);
    begin(0, 0);
    ask(NAME, A, IN);
    ask(REVERSE, PTR, IN);
    record_a(ANSWERS, NAME, US, 1);
    size_t whole = m.len;
    record_a(AUTHORITY, NAME, PEER, 1);
    size_t all = m.len;
    for (unsigned flags = 0; flags <= 0x8400; flags += 0x8400) {
        put16(m.octets + 2, flags);
        for (m.len = 0; m.len < (flags ? all : whole); m.len++)
            if (feed_from(PEER, PORT5353, GROUP) || aksu_idle(&h.net, h.now) != AKSU_NEVER)
                fail_msg("%x %zu", flags, m.len);
    }
    static const char *const names[] = {
        "\300\14",         // itself
        "\300\16\300\14",  // forward
        "\300\377",        // beyond the end
        "\6sensor\300\14", // round in circles
        "\100x",
        "\200x", // no kind of label
        "\77short",
        "\6sensor", // cut
        "\300",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (unsigned flags = 0; flags <= 0x8400; flags += 0x8400) {
            begin(0, flags);
            counted(flags ? 6 : 4);
            append(names[i], strlen(names[i]));
            tell();
        }
    }
    quiet(&h);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
    begin(0, 0); // counts that promise much
    put16(m.octets + 4, 0xffff);
    tell();
    quiet(&h);
}

static void not_started(void **state)
{
    (void)state;
    static char name[70];
    static struct aksu_udp taken;
    static struct aksu_group group;
    const struct aksu_addr nobody = {{0}}, all = aksu_ipv4(224, 0, 0, 251);
    static const struct aksu_udp_handlers none;
    memset(name, 'x', 60);
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, name, NULL), AKSU_EINVAL);
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "", NULL), AKSU_EINVAL);
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "a.b", NULL), AKSU_EINVAL);
    aksu_mdns_stop(&h.net, &mdns);
    assert_int_equal(aksu_udp_open(&h.net, &taken, PORT5353, &none), AKSU_OK);
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "a", NULL), AKSU_EADDRINUSE);
    aksu_udp_close(&h.net, &taken);
    assert_int_equal(aksu_igmp_join(&h.net, &group, &all), AKSU_OK);
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "a", NULL), AKSU_EADDRINUSE);
    aksu_igmp_leave(&h.net, &group);
    pass(&h, 100);
    name[59] = 0;
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, name, NULL), AKSU_OK);
    quiet((pass(&h, 20000), &h));
    struct aksu_config config = default_config();
    config.addr = nobody;
    assert_int_equal(aksu_init(&h.net, &store, &config), AKSU_OK);
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "a", NULL), AKSU_EINVAL);
    config = default_config();
    assert_int_equal(aksu_init(&h.net, &store, &config), AKSU_OK);
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "a", NULL), AKSU_ENOKEY);
    config.link = NULL;
    assert_int_equal(aksu_init(&h.net, &store, &config), AKSU_OK);
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "a", NULL), AKSU_EINVAL);
    config = default_config();
    config.mtu = 575;
    assert_int_equal(aksu_init(&h.net, &store, &config), AKSU_OK);
    assert_int_equal(aksu_mdns_start(&h.net, &mdns, "a", NULL), AKSU_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(claims, setup),      cmocka_unit_test_setup(answers, setup),
        cmocka_unit_test_setup(not_for_us, setup),  cmocka_unit_test_setup(unicast, setup),
        cmocka_unit_test_setup(legacy, setup),      cmocka_unit_test_setup(known_answers, setup),
        cmocka_unit_test_setup(cut_queries, setup), cmocka_unit_test_setup(rate, setup),
        cmocka_unit_test_setup(conflicts, setup),   cmocka_unit_test_setup(many_conflicts, setup),
        cmocka_unit_test_setup(at_once, setup),     cmocka_unit_test_setup(goodbye, setup),
        cmocka_unit_test_setup(no_address, setup),  cmocka_unit_test_setup(both_families, setup),
        cmocka_unit_test_setup(hostile, setup),     cmocka_unit_test_setup(not_started, setup),
        cmocka_unit_test_setup(link_back, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
