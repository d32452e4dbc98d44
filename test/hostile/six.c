// SPDX-License-Identifier: MIT
// The cases of IPv6, with IPv6 started: each in the state it is meant for, where the reaction must
// be one of those it names, and each in every other, where nothing breaks. With three profiles.
#include <aksu/ipv6.h>
#include "host.h"
#include <stdio.h>

AKSU_STORAGE(store, ROWS, LISTENERS, RX, TX);
AKSU_IPV6(ip6, ROWS);

enum { PROBLEM = 4, ECHO_REQUEST = 128, ECHO_REPLY = 129, SOLICIT = 135, ADVERT = 136, SIZE = 8 };

// All of a host with IPv6.
struct image6 {
    struct image base;
    struct aksu_ipv6 ip6;
    struct aksu_addr remote[ROWS];
};

static const struct aksu_addr us = {{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
static const struct aksu_addr peer = {{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};
static const struct aksu_addr near = {{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe, 0, 0, 1}};

static struct host h;
static struct image6 start_image;
static struct image6 before;
static struct image6 after;

static void take_image6(struct image6 *i)
{
    take_image(&h, &i->base);
    memcpy(&i->ip6, &ip6, sizeof ip6);
    memcpy(i->remote, ip6.remote, sizeof i->remote);
}

static void restore6(const struct image6 *i)
{
    restore(&h, &i->base);
    memcpy(&ip6, &i->ip6, sizeof ip6);
    memcpy(ip6.remote, i->remote, sizeof i->remote);
}

// --- Frames ---

static void put_header(uint8_t *frame, unsigned protocol, size_t len)
{
    memcpy(frame, our_mac, 6);
    memcpy(frame + 6, peer_mac, 6);
    put16(frame + 12, 0x86dd);
    put32(frame + ETH, 6u << 28);
    put16(frame + ETH + 4, (unsigned)len);
    frame[ETH + 6] = (uint8_t)protocol;
    frame[ETH + 7] = 255;
    memcpy(frame + ETH + 8, &peer, 16);
    memcpy(frame + ETH + 24, &us, 16);
}

static void seal6(uint8_t *frame, uint8_t *message, unsigned protocol, size_t len)
{
    uint8_t *sum = message + (protocol == 6 ? 16 : 2);

    put16(sum, 0);
    put16(sum, checksum6(frame, message, protocol, len));
}

static int send_tcp(unsigned flags, uint32_t seq, uint32_t ack, uint16_t port)
{
    static const uint8_t mss[4] = {2, 4, 0x05, 0xa0};
    uint8_t frame[ETH + IP6 + TCP + 4] = {0};
    uint8_t *t = frame + ETH + IP6;
    size_t len = (flags & AKSU_SYN) ? TCP + 4 : TCP;

    put_header(frame, 6, len);
    put16(t, port);
    put16(t + 2, PORT);
    put32(t + 4, seq);
    put32(t + 8, ack);
    t[12] = (uint8_t)(len / 4 << 4);
    t[13] = (uint8_t)flags;
    put16(t + 14, 8192);
    memcpy(t + TCP, mss, 4);
    seal6(frame, t, 6, len);
    return feed(&h, frame, ETH + IP6 + len);
}

// The one frame that came out is ICMPv6 of a type to the peer: its message, else NULL.
static const uint8_t *icmp_out(unsigned type, size_t *len)
{
    unsigned protocol;
    uint8_t *p = h.frames == 1 ? inside6(h.frame, h.frame_len, &protocol, len) : NULL;

    return p && protocol == 58 && p[0] == type && memcmp(h.frame, peer_mac, 6) == 0 &&
                   memcmp(h.frame + ETH + 24, &peer, 16) == 0 &&
                   memcmp(h.frame + ETH + 8, &us, 16) == 0
               ? p
               : NULL;
}

// --- States ---

static uint32_t numbers; // our ISS

// A connection with a segment that has been sent again: now errors about it count.
static void establish(uint16_t port)
{
    static const uint8_t text[1000];
    size_t len;
    unsigned protocol;

    send_tcp(AKSU_SYN, IRS, 0, port);
    drain(&h);
    uint8_t *t = inside6(h.frame, h.frame_len, &protocol, &len);
    if (!t || t[13] != (AKSU_SYN | AKSU_ACK)) {
        blame(&h, "no connection over IPv6");
        return;
    }
    numbers = get32(t + 4);
    send_tcp(AKSU_ACK, IRS + 1, numbers + 1, port);
    if (h.app.opens != 1 || aksu_send(&h.net, h.app.conn, text, sizeof text) != sizeof text) {
        blame(&h, "it is not open");
    }
    pass(&h, 1500);
}

static void build6(enum state state, const struct aksu_profile *profile)
{
    start(&h, &store, profile, 100000, 1);
    if (aksu_ipv6_start(&h.net, &ip6, NULL) != AKSU_OK ||
        aksu_ipv6_add(&h.net, &us, 64) != AKSU_OK || aksu_ipv6_add(&h.net, &near, 64) != AKSU_OK) {
        blame(&h, "IPv6 does not start");
    }
    pass(&h, 20000);
    if (state == state_established6) {
        establish(PEER_PORT);
    } else if (state != state_any) {
        enter(&h, state, PEER_PORT, IRS);
    }
    h.app.len = 0;
}

// --- Verdicts: NULL, or what speaks against it ---

struct run {
    const struct hostile_case *c;
    uint8_t frame[FRAME_MAX];
    int result;
    bool counted;
};

// What may differ of IPv6 without meaning anything: who was last heard, and the ends of no row.
static void mask6(struct image6 *i)
{
    memset(&i->ip6.current, 0, sizeof i->ip6.current);
    for (unsigned k = 0; k < ROWS; k++) {
        if (!(i->base.row[k].bits & 0x80)) {
            memset(&i->remote[k], 0, sizeof i->remote[k]);
        }
    }
}

static const char *still(bool answers)
{
    static struct image6 a, b;
    static char text[80];

    memcpy(&a, &before, sizeof a);
    memcpy(&b, &after, sizeof b);
    if (answers) { // one was sent: the place it lay in, and when
        memcpy(b.base.echo, a.base.echo, sizeof b.base.echo);
        memcpy(b.ip6.answer, a.ip6.answer, sizeof b.ip6.answer);
        b.ip6.message_len = a.ip6.message_len;
        b.ip6.error_at = a.ip6.error_at;
    }
    mask6(&a);
    mask6(&b);
    const char *part = difference(&a.base, &b.base, !answers);
    if (!part && (memcmp(&a.ip6, &b.ip6, sizeof a.ip6) != 0 ||
                  memcmp(a.remote, b.remote, sizeof a.remote) != 0)) {
        part = "IPv6";
    }
    if (part) {
        snprintf(text, sizeof text, "%s has changed", part);
    }
    return part ? text : NULL;
}

static const char *is_drop(const struct run *r)
{
    if (h.frames != 0) {
        return "a frame came out";
    }
    return r->counted ? still(false) : "the drop was not counted";
}

static const char *is_synack(const struct run *r)
{
    size_t len;
    unsigned protocol;
    const uint8_t *t = h.frames == 1 ? inside6(h.frame, h.frame_len, &protocol, &len) : NULL;
    aksu_handle conn;
    const struct aksu_tcb *tcb = find(&h, PEER_PORT, &conn);

    (void)r;
    if (!t || protocol != 6 || t[13] != (AKSU_SYN | AKSU_ACK) || get32(t + 8) != IRS + 1 ||
        memcmp(h.frame + ETH + 24, &peer, 16) != 0) {
        return "no SYN,ACK";
    }
    return tcb && tcb->state == AKSU_SYN_RECEIVED && tcb->snd_mss == 1440
               ? NULL
               : "the connection is not in SYN-RECEIVED";
}

static const char *is_reply(const struct run *r)
{
    const uint8_t *in = r->frame + ETH + IP6;
    size_t len;
    const uint8_t *out = icmp_out(in[0] == ECHO_REQUEST ? ECHO_REPLY : ADVERT, &len);

    if (!out) {
        return "no reply";
    }
    if (in[0] == ECHO_REQUEST
            ? len != r->c->len - (size_t)(ETH + IP6) || memcmp(out + 4, in + 4, len - 4) != 0
            : len != 32 || get32(out + 4) != 0x60000000u || memcmp(out + 8, &us, 16) != 0 ||
                  out[24] != 2 || memcmp(out + 26, our_mac, 6) != 0) {
        return "the reply says something else";
    }
    return still(true);
}

static const char *is_icmp_error(const struct run *r)
{
    size_t len;
    const uint8_t *out = icmp_out(PROBLEM, &len);

    if (!out || out[1] > 2 || memcmp(out + SIZE, r->frame + ETH, len - SIZE) != 0) {
        return "no parameter problem";
    }
    uint32_t at = get32(out + 4);
    return at >= 6 && at < len - SIZE ? still(true) : "it points nowhere";
}

// An advertisement of a router that has an option which is ignored.
static const char *is_accept(const struct run *r)
{
    (void)r;
    if (h.frames != 0 || ip6.mtu != 1500 || aksu_ipv6_server(&h.net, 0)) {
        return "an option was taken";
    }
    for (unsigned i = 3; i < AKSU_IPV6_ADDRESSES; i++) {
        if (aksu_ipv6_address(&h.net, i)->state > AKSU_IPV6_NETWORK) {
            return "an address was made";
        }
    }
    return difference(&before.base, &after.base, true);
}

static const char *(*const judges[VERDICTS])(const struct run *) = {
    [DROP] = is_drop,   [SYNACK] = is_synack,         [ACCEPT] = is_accept,
    [REPLY] = is_reply, [ICMP_ERROR] = is_icmp_error,
};

// --- Playing ---

// A quoted segment is one of ours that is in flight.
static void aim(const struct hostile_case *c, uint8_t *frame)
{
    uint8_t *p = frame + ETH + IP6;
    size_t quoted = ETH + IP6 + SIZE + IP6;

    memcpy(frame, c->frame, c->len);
    if (c->state == state_established6 && frame[ETH + 6] == 58 && c->len >= quoted + 8) {
        put32(frame + quoted + 4, numbers + 1);
        seal6(frame, p, 58, c->len - (size_t)(ETH + IP6));
    }
}

static void play(struct run *r)
{
    restore6(&start_image);
    h.now += 7;
    drain(&h);
    h.frames = 0;
    h.octets = 0;
    take_image6(&before);
    r->result = feed(&h, r->frame, r->c->len);
    r->counted = r->result < 0 && h.net.counters.dropped[-r->result] ==
                                      before.base.host.net.counters.dropped[-r->result] + 1;
    drain(&h);
    take_image6(&after);
}

static const char *judge(struct run *r)
{
    const char *against = "nobody can tell what is expected";

    for (unsigned v = 0; v < VERDICTS && !h.wrong[0]; v++) {
        if ((r->c->allowed & 1u << v) && judges[v]) {
            const char *why = judges[v](r);
            if (!why) {
                return NULL;
            }
            against = v == r->c->expected ? why : against;
        }
    }
    return h.wrong[0] ? h.wrong : against;
}

// Whatever came, one answer at most, and then who asks is answered.
static const char *afterwards(const struct run *r)
{
    uint8_t frame[ETH + IP6 + SIZE] = {0};
    size_t len;

    if (h.frames > 1 || h.octets > 3u * r->c->len) {
        return "the answer is too long";
    }
    h.frames = 0;
    put_header(frame, 58, SIZE);
    frame[ETH + IP6] = ECHO_REQUEST;
    seal6(frame, frame + ETH + IP6, 58, SIZE);
    feed(&h, frame, sizeof frame);
    drain(&h);
    if (!icmp_out(ECHO_REPLY, &len)) {
        return "it answers no more";
    }
    pass(&h, 400000);
    return h.wrong[0] ? h.wrong : legal_session(&h, 60000) ? NULL : "a client is not served";
}

static unsigned failures[512];

static bool is_six(const struct hostile_case *c)
{
    return c->len >= ETH && get16(c->frame + 12) == 0x86dd;
}

static void try_state(enum state state, const struct aksu_profile *profile)
{
    build6(state, profile);
    take_image6(&start_image);
    for (unsigned i = 0; i < hostile_count; i++) {
        struct run r = {&hostile_cases[i], {0}, 0, false};
        const char *wrong = start_image.base.host.wrong[0] ? start_image.base.host.wrong : NULL;
        if (!is_six(r.c)) {
            continue;
        }
        aim(r.c, r.frame);
        if (!wrong) {
            play(&r);
            bool meant = r.c->state == state || r.c->state == state_any;
            wrong = meant ? judge(&r) : h.wrong[0] ? h.wrong : NULL;
        }
        wrong = wrong ? wrong : afterwards(&r);
        if (wrong && failures[i]++ == 0) {
            printf("FAIL %s in %s: %s\n", r.c->name, state_label(state), wrong);
            printf("     aksu_input() gave %d (%s); the case says: %s\n", r.result,
                   aksu_drop_name(r.result), r.c->detail);
        }
    }
}

int main(void)
{
    static const struct aksu_profile *const profiles[] = {&aksu_standard, &aksu_lean, &aksu_full};
    unsigned failed = 0, count = 0;

    for (unsigned p = 0; p < 3; p++) {
        for (int s = 0; s < STATES; s++) {
            enum state state = (enum state)s;
            bool needs_more = state == state_established_sack || state == state_established_ts;
            if (profiles[p] != &aksu_lean || !needs_more) {
                try_state(state, profiles[p]);
            }
        }
    }
    for (unsigned i = 0; i < hostile_count; i++) {
        count += is_six(&hostile_cases[i]);
        failed += failures[i] > 0;
    }
    printf("%u passed, %u failed\n", count - failed, failed);
    return failed > 0;
}
