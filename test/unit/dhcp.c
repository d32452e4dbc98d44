// SPDX-License-Identifier: MIT
// The DHCP client: R2131-*, R2132-*, R5227-*. Messages are made and read octet by octet.
#include "frames.h"
#include <aksu/claim.h>
#include <aksu/dhcp.h>

AKSU_STORAGE(store, 4, 2, 2048, 2048);
static struct host h;
static struct aksu_dhcp dhcp;
static struct aksu_carrier carrier;
static struct aksu_lease lease;
static unsigned bound, lost;

enum { ETH = 14, IP = 20, UDP = 8, FIXED = 236, BOOTP = ETH + IP + UDP };
enum { DISCOVER = 1, OFFER = 2, REQUEST = 3, DECLINE = 4, ACK = 5, NAK = 6, RELEASE = 7 };

static void on_lease(struct aksu *net, struct aksu_dhcp *d, const struct aksu_lease *given)
{
    assert_ptr_equal(net, &h.net);
    assert_ptr_equal(d, &dhcp);
    if (given) {
        bound++;
        lease = *given;
    } else {
        lost++;
    }
}

static const struct aksu_dhcp_config config = {"sensor-7", on_lease};

static int setup(void **state)
{
    struct aksu_config c = default_config();
    (void)state;
    memset(&c.addr, 0, sizeof c.addr);
    memset(&c.gateway, 0, sizeof c.gateway);
    start_with(&h, &store, &c);
    memset(&dhcp, 0, sizeof dhcp);
    memset(&carrier, 0, sizeof carrier);
    bound = lost = 0;
    assert_int_equal(aksu_dhcp_start(&h.net, &dhcp, &config), AKSU_OK);
    return 0;
}

// --- What the client sends ---

static uint32_t xid;

static const uint8_t *option(unsigned kind, unsigned *len)
{
    const uint8_t *p = h.frame + BOOTP + FIXED + 4, *end = h.frame + h.frame_len;
    for (; *p != 0xff; p += 2 + p[1]) {
        assert_true(p + 2 + p[1] < end);
        assert_int_not_equal(*p, 0);
        if (*p == kind) {
            *len = p[1];
            return p + 2;
        }
    }
    for (; p < end; p++)
        assert_true(*p == 0xff || *p == 0);
    return NULL;
}

static uint32_t option32(unsigned kind)
{
    unsigned len;
    const uint8_t *p = option(kind, &len);
    if (!p)
        return 0;
    assert_int_equal(len, 4);
    return get32(p);
}

// The next frame is a message of this type; it is checked field by field, RFC 2131 Table 1 and 5.
static void expect(unsigned type, uint32_t src, uint32_t dst, const uint8_t *mac)
{
    unsigned len;
    assert_true(next(&h));
    const uint8_t *p = h.frame + BOOTP;
    assert_int_equal(h.got.protocol, 17);
    assert_memory_equal(h.got.to, mac, 6);
    assert_int_equal(h.got.src, src);
    assert_int_equal(h.got.dst, dst);
    assert_int_equal(get32(h.frame + ETH + IP), 68u << 16 | 67);
    assert_int_equal(naive_checksum(h.frame + ETH + IP, h.frame_len - ETH - IP,
                                    pseudo_sum(src, dst, 17, h.frame_len - ETH - IP)),
                     0);
    assert_true(h.frame_len >= BOOTP + 300);
    assert_memory_equal(p, "\1\1\6\0", 4);
    xid = get32(p + 4);
    assert_int_equal(get32(p + 12), src); // ciaddr: while it is ours
    for (unsigned i = 16; i < 28; i++)
        assert_int_equal(p[i], 0);
    assert_memory_equal(p + 28, our_mac, 6);
    for (unsigned i = 34; i < FIXED; i++)
        assert_int_equal(p[i], 0);
    assert_memory_equal(p + FIXED, "\x63\x82\x53\x63", 4);
    const uint8_t *o = option(53, &len);
    assert_non_null(o);
    assert_int_equal(len, 1);
    assert_int_equal(*o, type);
    o = option(12, &len);
    if (type == DISCOVER || type == REQUEST) {
        assert_int_equal(len, 8);
        assert_memory_equal(o, "sensor-7", 8);
        assert_non_null(option(55, &len));
    } else {
        assert_null(o);
    }
}

static void expect_probe(uint32_t sender, uint32_t target)
{
    static const uint8_t none[6];
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0806);
    assert_memory_equal(h.got.to, broadcast_mac, 6);
    assert_int_equal(h.got.op, 1);
    assert_memory_equal(h.got.sha, our_mac, 6);
    assert_int_equal(h.got.spa, sender);
    assert_memory_equal(h.got.tha, none, 6);
    assert_int_equal(h.got.tpa, target);
}

// --- What a server sends ---

struct reply {
    uint8_t message[600];
    size_t len;
    uint32_t to;
};

static struct reply begin(unsigned type, uint32_t yours)
{
    struct reply r;
    memset(&r, 0, sizeof r);
    memcpy(r.message, "\2\1\6\0", 4);
    put32(r.message + 4, xid);
    put32(r.message + 16, yours);
    memcpy(r.message + 28, our_mac, 6);
    memcpy(r.message + FIXED, "\x63\x82\x53\x63\x35\1", 6);
    r.message[FIXED + 6] = (uint8_t)type;
    r.len = FIXED + 7;
    r.to = UINT32_MAX;
    return r;
}

static void add(struct reply *r, unsigned kind, const void *value, size_t len)
{
    r->message[r->len++] = (uint8_t)kind;
    r->message[r->len++] = (uint8_t)len;
    memcpy(r->message + r->len, value, len);
    r->len += len;
}

static void add32(struct reply *r, unsigned kind, uint32_t value)
{
    uint8_t octets[4];
    put32(octets, value);
    add(r, kind, octets, 4);
}

// What GATE, the server, says: an address for an hour, itself as router and DNS.
static struct reply plain(unsigned type)
{
    struct reply r = begin(type, type == NAK ? 0 : US);
    add32(&r, 54, GATE);
    if (type != NAK) {
        add32(&r, 51, 3600);
        add32(&r, 1, 0xffffff00);
        add32(&r, 3, GATE);
        add(&r, 6, "\300\0\2\376\10\10\10\10", 8);
    }
    return r;
}

static int feed_octets(const struct reply *r, size_t len)
{
    uint8_t frame[FRAME_MAX];
    struct wire w;
    uint8_t *p = frame + ETH + IP;
    memset(&w, 0, sizeof w);
    memcpy(w.to, r->to == UINT32_MAX ? broadcast_mac : our_mac, 6);
    memcpy(w.from, gate_mac, 6);
    w.type = 0x0800;
    w.src = GATE;
    w.dst = r->to;
    w.protocol = 17;
    w.ttl = 64;
    put32(p, 67u << 16 | 68);
    put32(p + 4, (uint32_t)(UDP + len) << 16);
    memcpy(p + UDP, r->message, len);
    put16(p + 6, naive_checksum(p, UDP + len, pseudo_sum(GATE, r->to, 17, UDP + len)));
    return feed_frame(&h, frame, make_ip(&w, frame, UDP + len));
}

static int reply(struct reply *r)
{
    r->message[r->len++] = 0xff;
    return feed_octets(r, r->len);
}

static void answer(unsigned type)
{
    struct reply r = plain(type);
    assert_int_equal(reply(&r), 0);
}

// --- The way to a lease ---

static void wait(uint32_t least, uint32_t most)
{
    uint32_t idle = aksu_idle(&h.net, h.now);
    assert_true(idle >= least && idle <= most);
    h.now += idle;
}

static void to_discover(void)
{
    wait(1, 1001);
    expect(DISCOVER, 0, UINT32_MAX, broadcast_mac);
    quiet(&h);
}

static void to_request(void)
{
    to_discover();
    answer(OFFER);
    expect(REQUEST, 0, UINT32_MAX, broadcast_mac);
    assert_int_equal(option32(50), US);
    assert_int_equal(option32(54), GATE);
    quiet(&h);
}

static void to_confirm(void)
{
    to_request();
    answer(ACK);
    for (unsigned i = 0; i < 3; i++) {
        expect_probe(0, US);
        quiet(&h);
        assert_int_equal(aksu_idle(&h.net, h.now), i == 2 ? 2000 : 1000);
        h.now += i == 2 ? 2000 : 1000;
    }
    assert_int_equal(bound, 0);
    expect(REQUEST, 0, UINT32_MAX, broadcast_mac);
    assert_int_equal(option32(50), US);
    assert_int_equal(option32(54), GATE);
    quiet(&h);
}

static void to_bound(void)
{
    to_confirm();
    answer(ACK);
    assert_int_equal(bound, 1);
    for (unsigned i = 0; i < 3; i++) {
        expect_probe(US, US);
        quiet(&h);
        h.now += i == 2 ? 2000 : 1000;
    }
    quiet(&h);
}

// --- Tests ---

// R2131-01: DISCOVER, OFFER, REQUEST, ACK; R5227-01, R5227-03: probes before, announcements after;
// and then the stack works.
static void gets_an_address(void **state)
{
    (void)state;
    struct wire syn = tcp(AKSU_SYN, 1000, 0, 0);
    listen_on(&h, PORT);
    assert_true(feed(&h, &syn) < 0);
    to_bound();
    assert_int_equal(get32(lease.addr.octets + 12), US);
    assert_int_equal(get32(lease.router.octets + 12), GATE);
    assert_int_equal(get32(lease.dns[0].octets + 12), GATE);
    assert_int_equal(get32(lease.dns[1].octets + 12), 0x08080808);
    assert_int_equal(lease.prefix, 24);
    assert_int_equal(lease.seconds, 3600);
    establish(&h, PEER_PORT);
    struct aksu_endpoint far = {aksu_ipv4(198, 51, 100, 1), 80};
    assert_true(aksu_connect(&h.net, &far, 0, &app_handlers, &h.app) > 0);
    expect_probe(US, GATE); // there is a gateway
}

// R2131-05: 4, 8, 16, 32, 64, 64 s between DISCOVERs, give or take one.
static void backs_off(void **state)
{
    (void)state;
    to_discover();
    uint32_t first = xid;
    bool varies = false;
    for (uint32_t s = 4, i = 0; i < 8; i++, s = s < 64 ? 2 * s : 64) {
        uint32_t idle = aksu_idle(&h.net, h.now);
        varies |= idle % 1000 != 0;
        wait(s * 1000 - 1000, s * 1000 + 1000);
        expect(DISCOVER, 0, UINT32_MAX, broadcast_mac);
        assert_int_equal(xid, first);
    }
    assert_true(varies);
    answer(OFFER);
    expect(REQUEST, 0, UINT32_MAX, broadcast_mac);
    for (uint32_t s = 4, i = 0; i < 3; i++, s *= 2) { // and REQUESTs, then it begins anew
        wait(s * 1000 - 1000, s * 1000 + 1000);
        expect(REQUEST, 0, UINT32_MAX, broadcast_mac);
    }
    wait(31000, 33000);
    assert_int_equal(aksu_output(&h.net, h.now, h.frame, sizeof h.frame), 0);
    to_discover();
    assert_int_not_equal(xid, first);
}

// R2131-06, R5227-02: another host has it, or is about to take it: DECLINE, and 10 s of peace.
static void declines(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        to_request();
        answer(ACK);
        expect_probe(0, US);
        assert_int_equal(feed_arp(&h, i ? 1 : 2, i ? 0 : US, peer_mac, i ? US : 0), 0);
        expect(DECLINE, 0, UINT32_MAX, broadcast_mac);
        assert_int_equal(option32(50), US);
        assert_int_equal(option32(54), GATE);
        quiet(&h);
        assert_int_equal(aksu_idle(&h.net, h.now), 10000);
        h.now += 9000;
    }
    assert_int_equal(bound + lost, 0);
}

static void refused(void **state)
{
    (void)state;
    to_request();
    answer(NAK);
    to_discover();
    answer(OFFER);
    expect(REQUEST, 0, UINT32_MAX, broadcast_mac);
    answer(ACK);
    expect_probe(0, US);
    assert_int_equal(bound + lost, 0);
}

// Lets time pass up to the next message.
static uint32_t until_frame(void)
{
    uint32_t began = h.now;
    uint8_t frame[FRAME_MAX];
    for (;;) {
        uint32_t idle = aksu_idle(&h.net, h.now);
        assert_int_not_equal(idle, AKSU_NEVER);
        h.now += idle;
        if (bound + lost > 1)
            return h.now - began;
        if (aksu_output(&h.net, h.now, frame, 100) == 0 && aksu_idle(&h.net, h.now) == 0)
            return h.now - began;
    }
}

// R2131-07: at T1 the server is asked, again after half of what is left up to T2.
static void renews(void **state)
{
    (void)state;
    to_bound();
    uint32_t took = until_frame() / 1000;
    assert_true(took >= 1795 && took <= 1800);
    expect_probe(US, GATE);
    answer_arp(&h, GATE, gate_mac);
    expect(REQUEST, US, GATE, gate_mac);
    assert_int_equal(option32(50), 0); // RFC 2131 4.3.2
    assert_int_equal(option32(54), 0);
    struct reply r = plain(ACK);
    r.to = US;
    assert_int_equal(reply(&r), 0);
    assert_int_equal(bound, 2);
    quiet(&h);
    assert_int_equal(aksu_idle(&h.net, h.now), 1800 * 1000);
}

static void skip_arp(void)
{
    for (unsigned i = 0; i < 3; i++) {
        expect_probe(US, GATE);
        h.now += i == 2 ? 2000 : 1000;
    }
    quiet(&h);
}

static int claimed_by_another(unsigned op)
{
    return feed_arp(&h, op, US, peer_mac, US);
}

static void is_defended(void)
{
    assert_int_equal(claimed_by_another(1), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.type, 0x0806);
    assert_memory_equal(h.got.to, broadcast_mac, 6);
    assert_int_equal(h.got.spa, US);
    assert_int_equal(h.got.tpa, US);
    quiet(&h);
    assert_int_equal(lost, 0);
}

static void expect_declined(void)
{
    expect(DECLINE, 0, UINT32_MAX, broadcast_mac);
    assert_int_equal(option32(50), US);
    assert_int_equal(option32(54), GATE);
    assert_int_equal(lost, 1);
    assert_int_equal(h.net.addr, 0);
    assert_int_equal(pass(&h, 1), 0);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.close_reason, AKSU_ENETUNREACH);
}

// R5227-04, R2131-06: another host takes it later: it is defended once in 10 s; who claims it again
// has it.
static void declines_later(void **state)
{
    (void)state;
    to_bound();
    listen_on(&h, PORT);
    establish(&h, PEER_PORT);
    for (unsigned i = 0; i < 3; i++) {
        is_defended();
        h.now += 10000;
    }
    is_defended();
    h.now += 9999;
    assert_int_equal(claimed_by_another(2), 0);
    expect_declined();
    assert_in_range(aksu_idle(&h.net, h.now), 9998, 10000);
    h.now += 10000;
    expect(DISCOVER, 0, UINT32_MAX, broadcast_mac);
}

// Also while it is announced, and while a server is asked whether it may be kept: the next one that
// is not answered.
static void declines_meanwhile(void **state)
{
    for (unsigned i = 0; i < 3; i++) {
        setup(state);
        if (i == 0) {
            to_confirm();
            answer(ACK);
            expect_probe(US, US);
        } else {
            to_bound();
        }
        listen_on(&h, PORT);
        establish(&h, PEER_PORT);
        if (i > 0) {
            until_frame(); // T1
            skip_arp();
        }
        if (i == 2) {
            while (!next(&h) || h.got.type == 0x0806) {
                h.now += aksu_idle(&h.net, h.now);
            }
            assert_int_equal(h.got.dst, UINT32_MAX); // T2
        }
        is_defended();
        assert_int_equal(claimed_by_another(1), 0);
        expect_declined();
    }
}

// R2131-07, R2131-08: nobody answers: at T2 all servers are asked, and at the end the address is
// given up and its connections end.
static void rebinds_and_loses(void **state)
{
    (void)state;
    to_bound();
    listen_on(&h, PORT);
    establish(&h, PEER_PORT);
    uint32_t began = h.now;
    bound = 0;
    until_frame();
    skip_arp();
    unsigned renewals = 0;
    for (;;) {
        until_frame();
        assert_true(next(&h));
        if (h.got.type != 0x0806)
            break;
        for (unsigned i = 1; i < 3; i++) {
            h.now += 1000;
            expect_probe(US, GATE);
        }
        h.now += 2000;
        quiet(&h);
        renewals++;
    }
    assert_int_equal(renewals, 5); // after 673 s, half of what is left, ... and at least 60
    assert_int_equal(h.got.dst, UINT32_MAX);
    assert_memory_equal(h.got.to, broadcast_mac, 6);
    assert_int_equal(get32(h.frame + BOOTP + 12), US);
    uint32_t at = (h.now - began) / 1000;
    assert_true(at >= 3144 && at <= 3150);
    for (unsigned i = 0; i < 2; i++) {
        until_frame();
        expect(REQUEST, US, UINT32_MAX, broadcast_mac);
    }
    assert_int_equal(lost, 0);
    assert_int_equal(h.app.closes, 0);
    h.now = began + 3600 * 1000;
    assert_false(next(&h));
    assert_int_equal(lost, 1);
    assert_int_equal(pass(&h, 1), 0);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.close_reason, AKSU_ENETUNREACH);
    assert_int_equal(aksu_connections(&h.net), 0);
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    assert_true(feed(&h, &w) < 0);
    to_discover();
}

// R2131-08: any server may answer a rebinding; a NAK ends the lease at once.
static void rebinds(void **state)
{
    (void)state;
    to_confirm();
    struct reply r = plain(ACK);
    add32(&r, 58, 10);
    add32(&r, 59, 20);
    assert_int_equal(reply(&r), 0);
    for (unsigned i = 0; i < 3; i++, h.now += i == 3 ? 2000 : 1000)
        expect_probe(US, US);
    quiet(&h);
    wait(5000, 6000); // T1
    skip_arp();
    bound = 0;
    until_frame(); // T2
    expect(REQUEST, US, UINT32_MAX, broadcast_mac);
    r = begin(ACK, US);
    add32(&r, 54, PEER);
    add32(&r, 51, 7200);
    assert_int_equal(reply(&r), 0);
    assert_int_equal(bound, 1);
    assert_int_equal(lease.seconds, 7200);
    assert_int_equal(lease.prefix, 24); // not given
    assert_int_equal(get32(lease.router.octets + 12), 0);
    assert_int_equal(get32(lease.dns[0].octets + 12), 0);
    bound = 0;
    until_frame();
    expect_probe(US, PEER);
    answer_arp(&h, PEER, peer_mac);
    expect(REQUEST, US, PEER, peer_mac);
    r = begin(NAK, 0);
    add32(&r, 54, PEER);
    assert_int_equal(reply(&r), 0);
    assert_int_equal(lost, 1);
    to_discover();
}

// R2131-09: RELEASE goes to the server; then there is no address.
static void releases(void **state)
{
    (void)state;
    to_bound();
    aksu_dhcp_stop(&h.net, &dhcp);
    aksu_dhcp_stop(&h.net, &dhcp);
    expect_probe(US, GATE);
    answer_arp(&h, GATE, gate_mac);
    expect(RELEASE, US, GATE, gate_mac);
    assert_int_equal(option32(50), 0);
    assert_int_equal(option32(54), GATE);
    quiet(&h);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
    assert_int_equal(lost, 0);
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    assert_true(feed(&h, &w) < 0);
    assert_int_equal(aksu_dhcp_start(&h.net, &dhcp, &config), AKSU_OK);
    to_discover();
    aksu_dhcp_stop(&h.net, &dhcp);
    assert_int_equal(aksu_idle(&h.net, h.now), AKSU_NEVER);
}

// What is not an answer to the question is ignored, whatever it says.
static void other_answers(void **state)
{
    (void)state;
    static const struct {
        uint16_t at;
        uint8_t flip;
    } bad[] = {{0, 3}, {4, 1}, {7, 1}, {28, 2}, {33, 1}, {FIXED, 1}, {FIXED + 3, 1}};
    to_discover();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct reply r = plain(OFFER);
        r.message[bad[i].at] ^= bad[i].flip;
        assert_int_equal(reply(&r), 0);
        quiet(&h);
    }
    static const uint32_t no_host[] = {0, 0x7f000001, 0xe0000001, UINT32_MAX};
    for (unsigned i = 0; i < 4; i++) {
        struct reply r = plain(OFFER);
        put32(r.message + 16, no_host[i]);
        assert_int_equal(reply(&r), 0);
        quiet(&h);
    }
    struct reply r = begin(OFFER, US); // no server
    assert_int_equal(reply(&r), 0);
    answer(ACK);
    answer(NAK);
    quiet(&h);
    answer(OFFER);
    expect(REQUEST, 0, UINT32_MAX, broadcast_mac);
    answer(OFFER);
    r = begin(ACK, US); // no lease
    add32(&r, 54, GATE);
    assert_int_equal(reply(&r), 0);
    r = plain(ACK);
    put32(r.message + 16, PEER); // another address
    assert_int_equal(reply(&r), 0);
    r = begin(ACK, US); // another server
    add32(&r, 54, PEER);
    add32(&r, 51, 3600);
    assert_int_equal(reply(&r), 0);
    r = begin(NAK, 0);
    add32(&r, 54, PEER);
    assert_int_equal(reply(&r), 0);
    quiet(&h);
    answer(ACK);
    answer(ACK); // twice
    expect_probe(0, US);
    quiet(&h);
}

// R2132-01: each option's length, and all places where the message may end. An address sanitizer
// sees what is read beyond.
static void lengths(void **state)
{
    (void)state;
    to_discover();
    struct reply r = plain(OFFER);
    for (size_t len = 0; len < FIXED + 4 + 3 + 6; len++) {
        assert_int_equal(feed_octets(&r, len), 0);
        quiet(&h);
    }
    static const uint8_t kinds[] = {1, 3, 6, 51, 52, 53, 54, 58, 59, 12, 200};
    for (size_t k = 0; k < sizeof kinds; k++) {
        for (unsigned len = 0; len < 256; len++) { // the last option, longer than what is there
            r = begin(OFFER, US);
            r.message[r.len++] = kinds[k];
            r.message[r.len++] = (uint8_t)len;
            for (size_t left = 0; left < len && left < 12; left++)
                assert_int_equal(feed_octets(&r, r.len + left), 0);
            quiet(&h);
        }
    }
    for (unsigned at = 0; at < 64; at++) { // overload: options in sname and file, unended
        r = begin(OFFER, US);
        add(&r, 52, "\3", 1);
        memset(r.message + 44, 0, 192);
        r.message[44 + at * 3] = 54;
        r.message[44 + at * 3 + 1] = 190;
        assert_int_equal(reply(&r), 0);
        quiet(&h);
    }
    // A server's address of 3 octets is none; of 5, 4 are taken.
    r = begin(OFFER, US);
    add(&r, 54, "\300\0\2", 3);
    assert_int_equal(reply(&r), 0);
    quiet(&h);
    r = begin(OFFER, US);
    r.message[r.len++] = 0; // pads
    r.message[r.len++] = 0;
    add(&r, 200, "unknown", 7);
    add(&r, 54, "\300\0\2\376", 4);
    assert_int_equal(feed_octets(&r, r.len), 0); // no end: that of the message
    expect(REQUEST, 0, UINT32_MAX, broadcast_mac);
    assert_int_equal(option32(54), GATE);
}

// R2131-04: options in the fields for a file's and the server's name.
static void overload(void **state)
{
    (void)state;
    for (unsigned which = 1; which < 4; which++) {
        setup(NULL);
        to_discover();
        struct reply r = begin(OFFER, US);
        uint8_t where = (uint8_t)which;
        add(&r, 52, &where, 1);
        memcpy(r.message + (which == 2 ? 44 : 108), "\66\4\300\0\2\376\xff", 7);
        assert_int_equal(reply(&r), 0);
        expect(REQUEST, 0, UINT32_MAX, broadcast_mac);
        assert_int_equal(option32(54), GATE);
    }
}

// Masks and routers that cannot be are as good as not given; odd times are put in order.
static void odd_values(void **state)
{
    (void)state;
    static const struct {
        uint32_t mask, router, prefix, want;
    } rows[] = {{0xffffff00, PEER, 24, PEER},    {0xff00ff00, PEER, 24, PEER},
                {0xffffffff, PEER, 32, 0},       {0xffff0000, 0xc00003fe, 16, 0xc00003fe},
                {0xffffff00, 0xc00003fe, 24, 0}, {0xffffff00, 0xc00002ff, 24, 0},
                {0xffffff00, 0xe0000001, 24, 0}, {0, PEER, 24, PEER}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        setup(NULL);
        to_confirm();
        struct reply r = begin(ACK, US);
        add32(&r, 54, GATE);
        add32(&r, 51, UINT32_MAX);
        add32(&r, 1, rows[i].mask);
        add32(&r, 3, rows[i].router);
        add32(&r, 58, 20); // T1 behind T2
        add32(&r, 59, 10);
        assert_int_equal(reply(&r), 0);
        assert_int_equal(bound, 1);
        assert_int_equal(lease.prefix, rows[i].prefix);
        assert_int_equal(get32(lease.router.octets + 12), rows[i].want);
        drain(&h);
        h.now += 1000;
        drain(&h);
        h.now += 1000;
        drain(&h);
        h.now += 2000;
        drain(&h);
        assert_int_equal(aksu_idle(&h.net, h.now), 10000 - 4000);
    }
}

// R2131-02: what is lost on the way is asked for again, at each place.
static void losses(void **state)
{
    (void)state;
    to_discover();
    wait(3000, 5000);
    expect(DISCOVER, 0, UINT32_MAX, broadcast_mac);
    answer(OFFER);
    expect(REQUEST, 0, UINT32_MAX, broadcast_mac);
    wait(3000, 5000);
    expect(REQUEST, 0, UINT32_MAX, broadcast_mac);
    answer(ACK);
    for (unsigned i = 0; i < 3; i++, h.now += i == 3 ? 2000 : 1000)
        expect_probe(0, US);
    expect(REQUEST, 0, UINT32_MAX, broadcast_mac);
    wait(3000, 5000);
    expect(REQUEST, 0, UINT32_MAX, broadcast_mac);
    answer(ACK);
    assert_int_equal(bound, 1);
}

// --- The link goes ---

// The cable is pulled for so long.
static void unplug(uint32_t ms)
{
    aksu_link(&h.net, &carrier, false);
    pass(&h, ms);
    aksu_link(&h.net, &carrier, true);
}

static void expect_reboot(void)
{
    unsigned len;
    expect(REQUEST, 0, UINT32_MAX, broadcast_mac);
    assert_int_equal(option32(50), US);
    assert_null(option(54, &len));
}

// R2131-12: verified where it is plugged in again (3.7, INIT-REBOOT); connections go on meanwhile.
static void link_back(void **state)
{
    (void)state;
    to_bound();
    listen_on(&h, PORT);
    uint32_t iss = establish(&h, PEER_PORT);
    unplug(5000);
    expect_reboot();
    struct wire w = tcp(AKSU_ACK, 1001, iss + 1, 5);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.len, 5);
    pass(&h, 500);
    answer(ACK);
    assert_int_equal(bound, 2);
    for (unsigned i = 0; i < 3; i++) { // where we are now is news to switches
        expect_probe(US, US);
        h.now += i == 2 ? 2000 : 1000;
    }
    quiet(&h);
    assert_int_equal(lost, 0);
    assert_int_equal(aksu_connections(&h.net), 1);
    assert_in_range(aksu_idle(&h.net, h.now), 1790000, 1800000); // T1 from now
}

// It is another network: the address goes, and its connections.
static void link_to_another(void **state)
{
    (void)state;
    to_bound();
    listen_on(&h, PORT);
    establish(&h, PEER_PORT);
    unplug(30000);
    expect_reboot();
    answer(NAK);
    assert_int_equal(lost, 1);
    pass(&h, 1);
    assert_int_equal(h.app.close_reason, AKSU_ENETUNREACH);
    to_discover();
}

// Nobody answers: the lease counts until its end (RFC 2131 3.2).
static void link_without_server(void **state)
{
    (void)state;
    to_bound();
    unplug(5000);
    expect_reboot();
    for (uint32_t s = 4, i = 0; i < 3; i++, s *= 2) {
        wait(s * 1000 - 1000, s * 1000 + 1000);
        expect_reboot();
    }
    wait(31000, 33000);
    quiet(&h);
    assert_in_range(aksu_idle(&h.net, h.now), 1000000, 1800000);
    until_frame();
    expect_probe(US, GATE);
    answer_arp(&h, GATE, gate_mac);
    expect(REQUEST, US, GATE, gate_mac);
    unplug(3600 * 1000); // its end comes first
    assert_int_equal(lost, 1);
    quiet(&h);
    to_discover();
}

// While there is none yet, it is looked for at once.
static void link_before_a_lease(void **state)
{
    (void)state;
    to_discover();
    unplug(1);
    quiet(&h);
    assert_in_range(aksu_idle(&h.net, h.now), 1, 1000);
    to_discover();
    answer(OFFER);
    expect(REQUEST, 0, UINT32_MAX, broadcast_mac);
    answer(ACK);
    expect_probe(0, US);
    unplug(1);
    quiet(&h);
    to_bound();
    dhcp.state = 0; // it has stopped
    unplug(1);
    quiet(&h);
}

// --- An address of the link meanwhile ---

static struct aksu_link_local local;

// RFC 3927 1.9: it gives way. Messages are of no address and ask for answers to all.
static void link_local_gives_way(void **state)
{
    (void)state;
    memset(&local, 0, sizeof local);
    assert_int_equal(aksu_link_local(&h.net, &local, 20000, NULL), AKSU_OK);
    pass(&h, 40000);
    assert_int_equal(h.net.addr >> 16, 0xa9fe);
    assert_true(bound == 0 && lost == 0);
    uint32_t idle = aksu_idle(&h.net, h.now);
    h.now += idle;
    expect(DISCOVER, 0, UINT32_MAX, broadcast_mac);
    assert_int_equal(h.frame[BOOTP + 10], 0x80);
    answer(OFFER);
    expect(REQUEST, 0, UINT32_MAX, broadcast_mac);
    assert_int_equal(h.frame[BOOTP + 10], 0x80);
    answer(NAK); // that is not the end of it
    assert_int_equal(h.net.addr >> 16, 0xa9fe);
    assert_int_equal(lost, 0);
    wait(1, 1000);
    expect(DISCOVER, 0, UINT32_MAX, broadcast_mac);
    answer(OFFER);
    expect(REQUEST, 0, UINT32_MAX, broadcast_mac);
    answer(ACK);
    assert_int_equal(h.net.addr, 0);
    pass(&h, 3999);
    h.now += 1;
    expect(REQUEST, 0, UINT32_MAX, broadcast_mac);
    assert_int_equal(h.frame[BOOTP + 10], 0);
    answer(ACK);
    assert_int_equal(h.net.addr, US);
    assert_int_equal(bound, 1);
    pass(&h, 100000);
    assert_int_equal(h.net.addr, US);
}

static void cannot_start(void **state)
{
    (void)state;
    static struct aksu bare;
    static struct aksu_dhcp d;
    struct aksu_config c = default_config();
    assert_int_equal(aksu_init(&bare, &store, &c), AKSU_OK);
    assert_int_equal(aksu_dhcp_start(&bare, &d, &config), AKSU_ENOKEY);
    aksu_seed(&bare, "sixteen octets!!", 16);
    assert_int_equal(aksu_dhcp_start(&bare, &d, NULL), AKSU_EINVAL);
    assert_int_equal(aksu_dhcp_start(&bare, &d, &config), AKSU_OK);
    static struct aksu_dhcp twice;
    assert_int_equal(aksu_dhcp_start(&bare, &twice, &config), AKSU_EADDRINUSE);
    c.mtu = 575;
    assert_int_equal(aksu_init(&bare, &store, &c), AKSU_OK);
    aksu_seed(&bare, "sixteen octets!!", 16);
    assert_int_equal(aksu_dhcp_start(&bare, &d, &config), AKSU_EINVAL);
    c.mtu = 0;
    c.link = NULL;
    assert_int_equal(aksu_init(&bare, &store, &c), AKSU_OK);
    aksu_seed(&bare, "sixteen octets!!", 16);
    assert_int_equal(aksu_dhcp_start(&bare, &d, &config), AKSU_EINVAL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(gets_an_address),
        T(backs_off),
        T(declines),
        T(declines_later),
        T(declines_meanwhile),
        T(refused),
        T(renews),
        T(rebinds_and_loses),
        T(rebinds),
        T(releases),
        T(other_answers),
        T(lengths),
        T(overload),
        T(odd_values),
        T(losses),
        T(cannot_start),
        T(link_back),
        T(link_to_another),
        T(link_without_server),
        T(link_before_a_lease),
        T(link_local_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
