// SPDX-License-Identifier: MIT
// UDP over IPv6: RFC 768 with the checksum of RFC 8200 8.1, and the errors of RFC 4443. An endpoint
// has a pair with a token (see ipv6.c), whose address is in a table beside. What waits to be sent
// has bits of its own, so that the files of IPv4 leave it alone; it goes out before theirs does.
#include "ipv6.h"
#include "udp.h"

enum { NO_PORT = AKSU_ICMPV6_UNREACHABLE << 8 | 4, GROUP_HOPS = 255 };

// --- Whom endpoints talk to ---

// Whether it is open, and talks to a host of IPv6.
static bool talks(const struct aksu *net, const struct aksu_udp *udp)
{
    const struct aksu_udp *u = aksu_udp_first(net);

    while (u && u != udp) {
        u = aksu_udp_after(u);
    }
    return u && u->pair.remote != 0 && aksu_is_token(&u->pair);
}

// An endpoint's place in the table: its own, else one whose endpoint has gone, or NULL.
static struct aksu_udp_host *place(const struct aksu *net, const struct aksu_udp *udp)
{
    const struct aksu_udp_ipv6 *wide = aksu_ipv6(net)->udp;
    struct aksu_udp_host *best = NULL;

    for (uint32_t i = 0; i < wide->hosts; i++) {
        struct aksu_udp_host *h = &wide->host[i];
        if (h->udp == udp) {
            return h;
        }
        best = talks(net, h->udp) ? best : h;
    }
    return best;
}

// Whom an endpoint talks to that waits to send.
static const uint8_t *peer_of(const struct aksu *net, const struct aksu_udp *udp)
{
    return place(net, udp)->addr.octets;
}

// False: there is no place for it, and nothing is sent.
static bool talk_to(const struct aksu *net, struct aksu_udp *u, const uint8_t *addr,
                    const struct aksu_ipv6_address *local, unsigned bits)
{
    struct aksu_udp_host *h = place(net, u);

    u->bits = 0;
    u->tries = 0;
    if (u->hop > 1) { // one of IPv4; 1 is one of ours, that answers as far as we know
        u->hop = 0;
        u->known = 0;
    }
    if (h) {
        h->udp = u;
        memcpy(&h->addr, addr, sizeof h->addr);
        aksu_ipv6_name(net, addr, local, &u->pair);
        u->bits = (uint8_t)bits;
        u->at = net->now_ms;
    }
    return h != NULL;
}

static int send(struct aksu *net, struct aksu_udp *u, const struct aksu_endpoint *to)
{
    const uint8_t *addr = to->addr.octets;
    bool group = aksu_ipv6_is_multicast(addr);
    // A group of the link (RFC 4291 2.7) hears what comes from our address on it.
    const struct aksu_ipv6_address *local =
        group ? aksu_address6_near(net) : aksu_address6_source(net, addr);
    bool right =
        group ? (addr[1] & 15) == 2 : !aksu_ipv6_ours(net, addr) && aksu_slaac_next_hop(net, addr);

    if (!local || !right) {
        return AKSU_EADDRNOTAVAIL;
    }
    u->pair.remote_port = to->port;
    return talk_to(net, u, addr, local, AKSU_UDP_SEND_IPV6) ? AKSU_OK : AKSU_ENOMEM;
}

// --- What comes in ---

static int datagram(struct aksu *net, struct aksu_packet *in)
{
    const uint8_t *packet = in->header;
    const uint8_t *p = in->payload;
    const uint8_t *from = packet + AKSU_IPV6_SOURCE;
    uint32_t text;
    int drop = aksu_datagram6_take(packet, p, in->len, &text);

    if (drop) {
        return drop;
    }
    const struct aksu_ipv6_address *local = aksu_ipv6_ours(net, packet + AKSU_IPV6_DESTINATION);

    if (!local) {
        local = aksu_address6_source(net, from); // it came to a group
    }
    if (!local || aksu_ipv6_is_any(from)) {
        return AKSU_DROP_SOURCE;
    }
    aksu_ipv6_name(net, from, local, &in->pair);
    in->pair.remote_port = aksu_get16(p);
    in->pair.local_port = aksu_get16(p + 2);
    struct aksu_udp *u = aksu_udp_find(net, in->pair.local_port);

    if (!u) {
        aksu_icmpv6_error(net, in, NO_PORT, 0);
        return AKSU_DROP_NO_CONNECTION;
    }
    u->handlers->on_datagram(net, u, in, p + AKSU_UDP_LEN, text);
    // Those that answer it do not know what it was.
    for (u = aksu_udp_first(net); u; u = aksu_udp_after(u)) {
        if (u->bits == AKSU_UDP_READY && aksu_is_token(&u->pair)) {
            talk_to(net, u, from, local, AKSU_UDP_READY_IPV6);
        }
    }
    return 0;
}

// An ICMPv6 error is believed if it quotes what an endpoint sends (RFC 5927 4.1).
static int quoted(struct aksu *net, const struct aksu_packet *in, bool refused)
{
    const uint8_t *q = in->payload + AKSU_ICMP_LEN;
    const uint8_t *ports = q + AKSU_IPV6_LEN;
    struct aksu_udp *u = aksu_udp_find(net, aksu_get16(ports));

    struct aksu_udp_host *h = u && talks(net, u) ? place(net, u) : NULL;

    if (!h || h->udp != u || u->pair.remote_port != aksu_get16(ports + 2) ||
        aksu_ipv6_own(net, &u->pair) != aksu_ipv6_ours(net, q + AKSU_IPV6_SOURCE) ||
        memcmp(&h->addr, q + AKSU_IPV6_DESTINATION, 16) != 0) {
        return AKSU_DROP_ICMP_QUOTE;
    }
    if (u->handlers->on_error) {
        u->handlers->on_error(net, u, refused ? AKSU_ECONNREFUSED : AKSU_EHOSTUNREACH);
    }
    return 0;
}

// Where a neighbour is: who waits for that goes on.
static bool learn(struct aksu *net, const uint8_t *addr, const uint8_t *mac, bool override)
{
    for (struct aksu_udp *u = aksu_udp_first(net); u; u = aksu_udp_after(u)) {
        if (u->bits == AKSU_UDP_SEND_IPV6) {
            u->at = net->now_ms;
        }
    }
    return aksu_neighbour_learn(net, addr, mac, override);
}

static int input(struct aksu *net, struct aksu_packet *in, int drop)
{
    const struct aksu_more *next = aksu_ipv6(net)->udp->more.next;

    return next ? next->ops->input(net, in, drop) : drop;
}

// --- What goes out ---

// The first endpoint whose time has come. *wait_ms: until then, if that is less.
static struct aksu_udp *due(const struct aksu *net, uint32_t now_ms, uint32_t *wait_ms)
{
    for (struct aksu_udp *u = aksu_udp_first(net); u; u = aksu_udp_after(u)) {
        if (u->bits & (AKSU_UDP_READY_IPV6 | AKSU_UDP_SEND_IPV6)) {
            if (aksu_reached(now_ms, u->at)) {
                return u;
            }
            *wait_ms = aksu_min32(*wait_ms, u->at - now_ms);
        }
    }
    return NULL;
}

static uint32_t idle(const struct aksu *net, uint32_t now_ms, uint32_t wait_ms)
{
    const struct aksu_more *next = aksu_ipv6(net)->udp->more.next;

    if (due(net, now_ms, &wait_ms)) {
        return 0;
    }
    return next ? next->ops->idle(net, now_ms, wait_ms) : wait_ms;
}

// Has a text written, and puts the headers before it.
static size_t put(struct aksu *net, struct aksu_udp *u, uint8_t *frame)
{
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const struct aksu_ipv6_address *own = aksu_ipv6_own(net, &u->pair);
    const uint8_t *to = peer_of(net, u);
    bool group = aksu_ipv6_is_multicast(to);
    uint8_t *packet = frame + net->link->header_len;
    size_t room = ip6->mtu - AKSU_IPV6_LEN - AKSU_UDP_LEN;

    u->bits = 0;
    if (own->state != AKSU_IPV6_READY) { // it has gone
        if (u->handlers->on_error) {
            u->handlers->on_error(net, u, AKSU_EHOSTUNREACH);
        }
        return 0;
    }
    u->hop = 1; // in use: see prepare()
    if (net->link->header_len > 0) {
        group ? aksu_ipv6_group_frame(net, frame, to) : aksu_ipv6_frame(net, frame, u->mac);
    }
    uint32_t ports = (uint32_t)u->pair.local_port << 16 | u->pair.remote_port;

    aksu_ipv6_put(packet, 0, AKSU_PROTOCOL_UDP << 8 | (group ? GROUP_HOPS : ip6->hops),
                  own->addr.octets, to);
    size_t text = u->handlers->write(net, u, packet + AKSU_IPV6_LEN + AKSU_UDP_LEN, room);

    return text > room ? 0 : net->link->header_len + aksu_datagram6_put(packet, ports, text);
}

// Makes a datagram ready, or returns the length of a question for its station. If on_time came
// since the last one, its station is asked for anew.
static size_t prepare(struct aksu *net, struct aksu_udp *u, uint8_t *frame)
{
    const uint8_t *to = peer_of(net, u);
    struct aksu_station station = {NULL, 0, 0};

    if (net->link->header_len > 0 && !aksu_ipv6_is_multicast(to)) {
        const uint8_t *hop = aksu_slaac_next_hop(net, to);
        if (hop && u->hop == 0 && u->known) {
            aksu_neighbour_doubt(net, hop);
        }
        u->known = 0;
        if (!hop || aksu_ipv6_own(net, &u->pair)->state != AKSU_IPV6_READY ||
            !aksu_neighbour_find(net, hop, aksu_ipv6_own(net, &u->pair), frame, &station)) {
            u->bits = 0;
            if (u->handlers->on_error) {
                u->handlers->on_error(net, u, AKSU_EHOSTUNREACH);
            }
            return 0;
        }
        if (!station.mac) {
            u->at = net->now_ms + station.wait_ms;
            return station.len;
        }
        memcpy(u->mac, station.mac, sizeof u->mac);
    }
    u->known = 1;
    u->bits = AKSU_UDP_READY_IPV6;
    return 0;
}

static size_t output(struct aksu *net, uint8_t *frame, uint8_t *packet, const uint8_t **mac)
{
    uint32_t wait_ms = AKSU_NEVER;
    size_t len = 0;

    do {
        struct aksu_udp *u;
        while (len == 0 && (u = due(net, net->now_ms, &wait_ms)) != NULL) {
            len = u->bits == AKSU_UDP_SEND_IPV6 ? prepare(net, u, frame) : put(net, u, frame);
        }
        const struct aksu_more *next = aksu_ipv6(net)->udp->more.next;
        if (len == 0 && next) {
            len = next->ops->output(net, frame, packet, mac); // a handler may have sent over IPv6
        }
    } while (len == 0 && due(net, net->now_ms, &wait_ms));
    return len;
}

int aksu_udp_ipv6(struct aksu *net, struct aksu_udp_ipv6 *udp)
{
    static const struct aksu_udp_ipv6_ops ops = {datagram, quoted, send};
    static const struct aksu_more_ops more = {input, output, idle, NULL, NULL, false, NULL};
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    int error = aksu_ipv6_client(net);

    if (error) {
        return error;
    }
    if (ip6->udp) {
        return AKSU_EBUSY;
    }
    memset(udp->host, 0, udp->hosts * sizeof *udp->host);
    udp->ops = &ops;
    udp->more.ops = &more;
    udp->more.next = ip6->more.next;
    ip6->more.next = &udp->more;
    ip6->udp = udp;
    ip6->learn = learn;
    return AKSU_OK;
}
