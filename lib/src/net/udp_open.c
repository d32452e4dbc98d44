// SPDX-License-Identifier: MIT
// UDP endpoints that can do all: send to anyone, have a timer, hear broadcasts and ICMP errors, and
// answer for ports that nobody has.
//
// Each endpoint asks for the station of its next hop itself (RFC 826), at most once a second and
// three times, and keeps the answer for a minute, or until on_time tells that nobody answered.
#include "ipv6.h"
#include "udp.h"

enum {
    PORT_MIN = 1024,
    UNREACHABLE = 3,
    UNREACHABLE_PROTOCOL = 2,
    UNREACHABLE_PORT = 3,
    REFUSE_EVERY_MS = 100,
    ASK_TIMES = 3,
    ASK_EVERY_MS = 1000, // RFC 1122 2.3.2.1
    LAST_ASK_MS = 2000,  // ANNOUNCE_WAIT of RFC 5227, whose probes are such questions
    KNOWN_FOR = 60       // times 1024 ms
};

// Whether an address is for all stations of the network, old form included (RFC 1122 3.3.6), or of
// the link.
static bool to_all(const struct aksu *net, uint32_t addr)
{
    return addr == UINT32_MAX || addr == (AKSU_LINK_LOCAL | 0xffff) ||
           (aksu_ipv4_here(net, addr) && !aksu_ipv4_unicast(net, addr));
}

// --- What comes in ---

// Nobody has the port: RFC 1122 4.1.3.1, at most ten times a second (RFC 1812 4.3.2.8), and only if
// nothing else is to be answered.
static void refuse(struct aksu *net, const struct aksu_packet *in)
{
    const uint8_t *packet = aksu_udp_packet(net, in);
    uint32_t len = AKSU_ICMP_LEN + (uint32_t)(in->payload - packet) + AKSU_UDP_LEN;
    uint8_t *p = net->store->echo;
    uint16_t *last = &aksu_udp_first(net)->refused;

    if (net->answers > 0 || len > net->store->echo_octets ||
        (uint16_t)(net->now_ms - *last) < REFUSE_EVERY_MS) {
        return;
    }
    *last = (uint16_t)net->now_ms;
    net->offload |= AKSU_ECHOING;
    memset(p, 0, AKSU_ICMP_LEN);
    p[0] = UNREACHABLE;
    p[1] = UNREACHABLE_PORT;
    memcpy(p + AKSU_ICMP_LEN, packet, len - AKSU_ICMP_LEN);
    aksu_put16(p + 2, aksu_sum_finish(aksu_copy(NULL, p, len)));
    aksu_stack_answer(net, in, len);
}

// An ICMP error that quotes none of TCP's segments in flight: RFC 1122 4.1.3.3.
static int quoted(struct aksu *net, struct aksu_packet *in, int drop)
{
    const uint8_t *p = in->payload;
    const uint8_t *q = p + AKSU_ICMP_LEN;

    if (in->len < AKSU_ICMP_LEN + AKSU_IPV4_LEN || !aksu_ipv4_begins(q) ||
        q[9] != AKSU_PROTOCOL_UDP) {
        return drop;
    }
    uint32_t header = (q[0] & 15) * 4u;

    if (in->len < AKSU_ICMP_LEN + header + AKSU_UDP_LEN) {
        return drop;
    }
    in->pair.remote = aksu_get32(q + 16);
    in->pair.local = aksu_get32(q + 12);
    in->pair.remote_port = aksu_get16(q + header + 2);
    in->pair.local_port = aksu_get16(q + header);
    struct aksu_udp *u = aksu_udp_find(net, in->pair.local_port);

    if (!u || memcmp(&u->pair, &in->pair, sizeof u->pair) != 0) {
        return drop;
    }
    if (u->handlers->on_error) {
        bool refused =
            p[0] == UNREACHABLE && (p[1] == UNREACHABLE_PROTOCOL || p[1] == UNREACHABLE_PORT);
        u->handlers->on_error(net, u, refused ? AKSU_ECONNREFUSED : AKSU_EHOSTUNREACH);
    }
    return 0;
}

// An ARP packet, well-formed, of a station of this network. While we have no address a question for
// the one that is asked for is an answer, too: another host is about to take it (RFC 5227 2.1.1).
static int learn(struct aksu *net, const uint8_t *p, int drop)
{
    uint32_t sender = aksu_get32(p + 14);
    uint32_t target = aksu_get32(p + 24);

    for (struct aksu_udp *u = aksu_udp_first(net); u; u = aksu_udp_after(u)) {
        if (u->tries > 0 &&
            (sender == u->hop || (net->addr == 0 && sender == 0 && target == u->hop))) {
            memcpy(u->mac, p + 8, sizeof u->mac);
            u->tries = 0;
            u->known = (uint16_t)(net->now_ms >> 10);
            u->at = net->now_ms;
            drop = 0;
        }
    }
    return drop;
}

// A packet to no address of ours: broadcasts are taken, and anything while we have none. In a frame
// to all, where only a broadcast belongs (RFC 1122 3.3.6), it has not been looked at yet.
static int foreign(struct aksu *net, struct aksu_packet *in)
{
    const uint8_t *packet = aksu_udp_packet(net, in);

    if (in->payload == packet && in->len >= AKSU_IPV4_LEN && packet[9] == AKSU_PROTOCOL_UDP) {
        int drop = aksu_ipv4_input(net, in);
        if (drop != AKSU_DROP_NOT_OURS) {
            return drop;
        }
    }
    return in->payload > packet && packet[9] == AKSU_PROTOCOL_UDP &&
                   (net->addr == 0 || to_all(net, in->pair.local))
               ? aksu_udp_datagram(net, in)
               : AKSU_DROP_NOT_OURS;
}

static int open_input(struct aksu *net, struct aksu_packet *in, int drop)
{
    switch (drop) {
    case AKSU_DROP_NOT_OURS:
        return foreign(net, in);
    case AKSU_DROP_ARP:
        return learn(net, in->payload, drop);
    case AKSU_DROP_ICMP_QUOTE:
        return quoted(net, in, drop);
    case AKSU_DROP_PROTOCOL:
        drop = aksu_udp_input(net, in, drop);
        if (drop == AKSU_DROP_NO_CONNECTION) {
            refuse(net, in);
        }
        return drop;
    default:
        return drop;
    }
}

// --- What goes out ---

// The endpoint whose time comes first. What is ready is due.
static struct aksu_udp *earliest(const struct aksu *net)
{
    const unsigned ours = AKSU_UDP_READY | AKSU_UDP_TIMER | AKSU_UDP_SEND;
    struct aksu_udp *best = NULL;

    for (struct aksu_udp *u = aksu_udp_first(net); u; u = aksu_udp_after(u)) {
        if ((u->bits & ours) && (!best || aksu_seq_lt(u->at, best->at))) {
            best = u;
        }
    }
    return best;
}

static uint32_t open_idle(const struct aksu *net, uint32_t now_ms, uint32_t wait_ms)
{
    const struct aksu_udp *u = earliest(net);

    if (!u) {
        return wait_ms;
    }
    return aksu_min32(wait_ms, aksu_until(now_ms, u->at));
}

// Asks who has the next hop. Nobody: the datagram is given up.
static size_t ask(struct aksu *net, struct aksu_udp *u, uint32_t hop, uint8_t *frame)
{
    if (u->hop != hop) {
        u->hop = hop;
        u->tries = 0;
    }
    if (u->tries == ASK_TIMES) {
        u->hop = 0;
        u->tries = 0;
        u->bits = 0;
        if (u->handlers->on_error) {
            u->handlers->on_error(net, u, AKSU_EHOSTUNREACH);
        }
        return 0;
    }
    u->tries++;
    u->at = net->now_ms + (u->tries == ASK_TIMES ? LAST_ASK_MS : ASK_EVERY_MS);
    memset(u->mac, 0, sizeof u->mac);
    return aksu_arp_put(net, frame, aksu_broadcast, AKSU_ARP_REQUEST, u->mac, hop);
}

// Makes a datagram ready, or returns the length of a question for its station.
static size_t prepare(struct aksu *net, struct aksu_udp *u, uint8_t *frame)
{
    uint32_t to = u->pair.remote;

    if (to_all(net, to)) {
        memcpy(u->mac, aksu_broadcast, sizeof u->mac);
        u->hop = 0;
    } else if (aksu_has_stations(net)) {
        uint32_t hop = aksu_ipv4_here(net, to) ? to : net->gateway;
        if (u->hop != hop || u->tries > 0 ||
            (uint16_t)((net->now_ms >> 10) - u->known) > KNOWN_FOR) {
            return ask(net, u, hop, frame);
        }
    }
    u->bits = AKSU_UDP_READY;
    return 0;
}

static size_t open_output(struct aksu *net, uint8_t *frame, uint8_t *packet, const uint8_t **mac)
{
    for (;;) {
        size_t len = aksu_udp_output(net, frame, packet, mac);
        struct aksu_udp *u = earliest(net);

        if (len > 0 || !u || !aksu_reached(net->now_ms, u->at)) {
            return len;
        }
        if (u->bits == AKSU_UDP_SEND) {
            len = prepare(net, u, frame);
            if (len > 0) {
                return len;
            }
        } else {
            u->bits = 0;
            u->hop = 0;
            u->handlers->on_time(net, u);
        }
    }
}

// --- Calls ---

// A port that no endpoint has.
static uint16_t choose(struct aksu *net, const struct aksu_udp *udp)
{
    const uint32_t range = 65536 - PORT_MIN;
    const struct aksu_pair pair = {net->now_ms, (uint32_t)(uintptr_t)udp, 0, 0};
    uint32_t start = (uint32_t)aksu_isn_hash(net, &pair, 0x80000000u | net->ports_chosen++);

    while (aksu_udp_find(net, PORT_MIN + start % range)) {
        start++;
    }
    return (uint16_t)(PORT_MIN + start % range);
}

int aksu_udp_open(struct aksu *net, struct aksu_udp *udp, uint16_t port,
                  const struct aksu_udp_handlers *handlers)
{
    static const struct aksu_more_ops ops = {open_input, open_output, open_idle, NULL,
                                             NULL,       true,        NULL};

    if (port == 0) {
        if (!aksu_seeded(net)) {
            return AKSU_ENOKEY;
        }
        port = choose(net, udp);
    }
    int error = aksu_udp_listen(net, udp, port, handlers);

    if (!error) {
        udp->more.ops = &ops;
        udp->refused = (uint16_t)(net->now_ms - REFUSE_EVERY_MS);
    }
    return error;
}

static void arm(struct aksu *net, struct aksu_udp *udp, unsigned what, uint32_t wait_ms)
{
    udp->bits = (uint8_t)what;
    udp->at = net->now_ms + wait_ms;
}

// Sends to an address as it is, of whose station nothing is known.
void aksu_udp_direct(struct aksu *net, struct aksu_udp *udp, uint32_t addr, unsigned port)
{
    udp->pair.remote = addr;
    udp->pair.remote_port = (uint16_t)port;
    udp->hop = 0;
    udp->tries = 0;
    arm(net, udp, AKSU_UDP_SEND, 0);
}

int aksu_udp_send(struct aksu *net, struct aksu_udp *udp, const struct aksu_endpoint *to)
{
    uint32_t addr = aksu_addr_get(&to->addr);

    if (to->port == 0) {
        return AKSU_EINVAL;
    }
    if (aksu_get16(to->addr.octets) != 0) {
        const struct aksu_udp_ipv6 *ipv6 =
            net->more && net->more->ops->dual ? aksu_ipv6(net)->udp : NULL;
        return ipv6 ? ipv6->ops->send(net, udp, to) : AKSU_EADDRNOTAVAIL;
    }
    if (!to_all(net, addr) &&
        (!aksu_ipv4_unicast(net, addr) || addr == net->addr ||
         (aksu_has_stations(net) && !aksu_ipv4_here(net, addr) && net->gateway == 0))) {
        return AKSU_EADDRNOTAVAIL;
    }
    udp->pair.remote = addr;
    udp->pair.remote_port = to->port;
    arm(net, udp, AKSU_UDP_SEND, 0);
    return AKSU_OK;
}

void aksu_udp_wake(struct aksu *net, struct aksu_udp *udp, uint32_t wait_ms)
{
    arm(net, udp, AKSU_UDP_TIMER, wait_ms);
}
