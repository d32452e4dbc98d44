// SPDX-License-Identifier: MIT
// A DHCPv6 client that asks for name servers alone, RFC 8415 18.2.6: a UDP endpoint, that looks at
// what routers say before IPv6 does.
#include <aksu/dhcp6.h>
#include "ipv6.h"
#include "udp.h"

enum { CLIENT_PORT = 546, SERVER_PORT = 547, HEADER = 4 };

enum { REPLY = 7, INFORMATION_REQUEST = 11 };

enum {
    OPTION_CLIENT = 1,
    OPTION_SERVER = 2,
    OPTION_WANTED = 6,
    OPTION_ELAPSED = 8,
    OPTION_STATUS = 13,
    OPTION_DNS = 23,
    OPTION_REFRESH = 32,
    OPTION_MAX_WAIT = 83
};

enum { WAITING, ASKING, TOLD };

enum {
    DELAY_MS = 1000, // 7.6: INF_MAX_DELAY
    FIRST_MS = 1000, // INF_TIMEOUT
    MAX_WAIT_S = 3600,
    MAX_WAIT_LEAST_S = 60, // 21.25
    REFRESH_S = 86400,     // 21.23
    REFRESH_LEAST_S = 600,
    LONG_S = INT32_C(1000) * 1000 // a wait that the clock can hold
};

// Who we are (11.4): a DUID of the link's address. So is its option.
enum { DUID_LEN = 10, DUID_LL = 3, HARDWARE_ETHERNET = 1 };

enum { TYPE_IPV6 = 0x86dd, ADVERT_OTHER = 0x40, ADVERT_MANAGED = 0x80 };

static struct aksu_dhcp6 *client(struct aksu_udp *u)
{
    return (struct aksu_dhcp6 *)u; // its first member
}

static uint32_t chance(const struct aksu *net, const struct aksu_dhcp6 *d, uint32_t below)
{
    return (uint32_t)aksu_isn_hash(net, &d->udp.pair, net->now_ms ^ d->xid) % below;
}

static uint8_t *put_duid(const struct aksu *net, uint8_t *p)
{
    p = aksu_put32(p, (uint32_t)DUID_LL << 16 | HARDWARE_ETHERNET);
    memcpy(p, net->mac, sizeof net->mac);
    return p + sizeof net->mac;
}

// --- What goes out ---

// A question is due: after a random time, so that hosts do not ask as one.
static void begin(struct aksu *net, struct aksu_dhcp6 *d)
{
    d->state = ASKING;
    d->wait_ms = 0;
    d->xid += chance(net, d, 0xffffff) + 1;
    aksu_udp_wake(net, &d->udp, 1 + chance(net, d, DELAY_MS));
}

// RFC 8415 15: twice as long as the last time, give or take a tenth, up to the most.
static uint32_t next_wait(const struct aksu *net, const struct aksu_dhcp6 *d)
{
    uint32_t wait = d->wait_ms ? 2 * d->wait_ms : FIRST_MS;
    uint32_t tenth = (d->wait_ms ? d->wait_ms : wait) / 10;

    if (wait > d->wait_s * 1000) {
        wait = d->wait_s * 1000;
        tenth = wait / 10;
    }
    return wait - tenth + chance(net, d, 2 * tenth + 1);
}

static void on_time(struct aksu *net, struct aksu_udp *u)
{
    static const struct aksu_endpoint servers = {
        {{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2}}, SERVER_PORT};
    struct aksu_dhcp6 *d = client(u);

    if (d->state == TOLD) {
        begin(net, d);
        return;
    }
    d->began = d->wait_ms ? d->began : net->now_ms;
    d->wait_ms = next_wait(net, d);
    if (aksu_udp_send(net, u, &servers)) { // there is no address on the link yet, or no memory
        d->wait_ms = 0;
        aksu_udp_wake(net, u, FIRST_MS);
    }
}

static size_t write_message(struct aksu *net, struct aksu_udp *u, void *to, size_t room)
{
    static const uint16_t wanted[] = {OPTION_DNS, OPTION_REFRESH, OPTION_MAX_WAIT};
    struct aksu_dhcp6 *d = client(u);
    uint8_t *p = to;
    uint32_t elapsed = (net->now_ms - d->began) / 10;

    (void)room;
    p = aksu_put32(p, (uint32_t)INFORMATION_REQUEST << 24 | (d->xid & 0xffffff));
    p = aksu_put32(p, (uint32_t)OPTION_CLIENT << 16 | DUID_LEN);
    p = put_duid(net, p);
    p = aksu_put32(p, (uint32_t)OPTION_WANTED << 16 | sizeof wanted);
    for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        p = aksu_put16(p, wanted[i]);
    }
    p = aksu_put32(p, (uint32_t)OPTION_ELAPSED << 16 | 2);
    p = aksu_put16(p, aksu_min32(elapsed, UINT16_MAX));
    aksu_udp_wake(net, u, d->wait_ms);
    return (size_t)(p - (uint8_t *)to);
}

// --- What comes in ---

// What an answer says.
struct answer {
    const uint8_t *dns;
    uint32_t dns_len;
    uint32_t refresh_s;
    uint32_t max_wait_s; // 0: it does not say
    bool server;
    bool client; // it is for us
    bool failed;
};

static void take_option(const struct aksu *net, struct answer *a, unsigned kind, const uint8_t *p,
                        uint32_t len)
{
    uint8_t duid[DUID_LEN];
    uint32_t v = len == 4 ? aksu_get32(p) : 0;

    switch (kind) {
    case OPTION_CLIENT:
        put_duid(net, duid);
        a->client = len == DUID_LEN && memcmp(p, duid, DUID_LEN) == 0;
        break;
    case OPTION_SERVER:
        a->server = len > 2;
        break;
    case OPTION_STATUS:
        a->failed = len < 2 || aksu_get16(p) != 0;
        break;
    case OPTION_DNS:
        if (len % 16 == 0) { // RFC 3646 3
            a->dns = p;
            a->dns_len = len;
        }
        break;
    case OPTION_REFRESH:
        a->refresh_s = len == 4 && v < REFRESH_LEAST_S ? REFRESH_LEAST_S : len == 4 ? v : REFRESH_S;
        break;
    case OPTION_MAX_WAIT:
        a->max_wait_s = v >= MAX_WAIT_LEAST_S && v <= REFRESH_S ? v : 0;
        break;
    default:
        break;
    }
}

// 16.10 and 21. False: it is no answer to what was asked.
static bool parse(const struct aksu *net, const struct aksu_dhcp6 *d, const uint8_t *p, size_t len,
                  struct answer *a)
{
    memset(a, 0, sizeof *a);
    a->refresh_s = REFRESH_S;
    if (len < HEADER || aksu_get32(p) != ((uint32_t)REPLY << 24 | (d->xid & 0xffffff))) {
        return false;
    }
    for (p += HEADER, len -= HEADER; len > 0;) {
        size_t option = len >= 4 ? 4u + aksu_get16(p + 2) : len + 1;
        if (option > len) {
            return false;
        }
        take_option(net, a, aksu_get16(p), p + 4, (uint32_t)option - 4);
        p += option;
        len -= option;
    }
    return a->server && a->client && !a->failed;
}

static void on_datagram(struct aksu *net, struct aksu_udp *u, const struct aksu_packet *packet,
                        const void *data, size_t len)
{
    struct aksu_dhcp6 *d = client(u);
    struct aksu_addr to;
    struct answer a;

    aksu_packet_to(packet, &to);
    if (d->state != ASKING || d->wait_ms == 0 || !aksu_ipv6_is_link_local(to.octets) ||
        !parse(net, d, data, len, &a)) {
        return;
    }
    d->wait_s = a.max_wait_s ? a.max_wait_s : d->wait_s;
    d->state = TOLD;
    u->bits = 0;
    if (a.refresh_s != UINT32_MAX) { // for ever
        aksu_udp_wake(net, u, aksu_min32(a.refresh_s, LONG_S) * 1000);
    }
    memset(d->server, 0, sizeof d->server);
    if (a.dns_len > 0) {
        memcpy(d->server, a.dns, aksu_min32(a.dns_len, sizeof d->server));
    }
    if (d->handler) {
        d->handler(net, d);
    }
}

// The link is back, which may be another one: its routers are asked, and tell (18.2.12).
static void on_link(struct aksu *net, struct aksu_udp *u, bool up)
{
    (void)net;
    if (up) {
        client(u)->state = WAITING;
        u->bits = 0;
    }
}

static const struct aksu_udp_handlers handlers = {on_datagram, write_message, on_time, NULL,
                                                  on_link};

// --- What routers say ---

// Whether a frame brought an advertisement of a router that knows of servers. It has been taken in,
// so it is well-formed.
static bool advertised(const uint8_t *frame)
{
    const uint8_t *packet = frame + AKSU_ETHERNET_LEN;
    const uint8_t *p = packet + AKSU_IPV6_LEN;

    return aksu_get16(frame + 12) == TYPE_IPV6 && packet[6] == AKSU_PROTOCOL_ICMPV6 &&
           p[0] == AKSU_ND_ROUTER_ADVERT && (p[5] & (ADVERT_OTHER | ADVERT_MANAGED));
}

static int input(struct aksu *net, struct aksu_packet *in, int drop)
{
    const uint8_t *frame = in->payload == in->from ? in->payload : in->from - 6;
    int result = aksu_ipv6_input(net, in, drop);
    struct aksu_udp *u = aksu_udp_find(net, CLIENT_PORT);

    if (result == 0 && u && u->handlers == &handlers && client(u)->state == WAITING &&
        advertised(frame)) {
        begin(net, client(u));
    }
    return result;
}

// --- Calls ---

int aksu_dhcp6_start(struct aksu *net, struct aksu_dhcp6 *dhcp6, aksu_dhcp6_handler handler)
{
    static const struct aksu_more_ops ops = {
        input, aksu_ipv6_output, aksu_ipv6_idle, aksu_ipv6_addrs, &aksu_ipv6_dual, false, NULL};
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    if (!aksu_has_stations(net) || !net->more || !net->more->ops->dual || !ip6->udp ||
        !ip6->slaac) {
        return AKSU_EINVAL;
    }
    int error = aksu_udp_open(net, &dhcp6->udp, CLIENT_PORT, &handlers);

    if (error) {
        return error;
    }
    memset(dhcp6->server, 0, sizeof dhcp6->server);
    dhcp6->handler = handler;
    dhcp6->xid = 0;
    dhcp6->wait_s = MAX_WAIT_S;
    dhcp6->state = WAITING;
    ip6->more.ops = &ops;
    if (ip6->address[0].state == AKSU_IPV6_READY) { // what routers said before was not heard
        ip6->todo[AKSU_IPV6_SOLICITS] = 1;
        ip6->todo_at[AKSU_IPV6_SOLICITS] = net->now_ms;
    }
    return AKSU_OK;
}

void aksu_dhcp6_stop(struct aksu *net, struct aksu_dhcp6 *dhcp6)
{
    aksu_udp_close(net, &dhcp6->udp);
}
