// SPDX-License-Identifier: MIT
// UDP, RFC 768 as RFC 1122 4.1 has hosts do it. Endpoints are a list behind net->more, of which the
// first one's operations count: what nothing else wanted comes here, and what nothing else has to
// send is asked for here. Here are endpoints that answer; udp_open.c has the rest.
#include "udp.h"

struct aksu_udp *aksu_udp_find(const struct aksu *net, unsigned port)
{
    struct aksu_udp *u = aksu_udp_first(net);

    while (u && u->pair.local_port != port) {
        u = aksu_udp_after(u);
    }
    return u;
}

// The checksum, or 0 of octets that hold the right one.
static uint16_t sum(const struct aksu *net, const struct aksu_pair *pair, const uint8_t *p,
                    uint32_t len)
{
    return aksu_sum_end(pair, AKSU_PROTOCOL_UDP + len + net->profile->copy(NULL, p, len));
}

// in->payload is UDP's header.
int aksu_udp_datagram(struct aksu *net, struct aksu_packet *in)
{
    const uint8_t *p = in->payload;
    uint32_t len = in->len < AKSU_UDP_LEN ? 0 : aksu_get16(p + 4);

    if (len < AKSU_UDP_LEN || len > in->len) {
        return AKSU_DROP_RUNT;
    }
    in->pair.remote_port = aksu_get16(p);
    in->pair.local_port = aksu_get16(p + 2);
    // RFC 768: all zero means that the sender made none.
    if (aksu_get16(p + 6) != 0 && sum(net, &in->pair, p, len) != 0) {
        return AKSU_DROP_TCP_CHECKSUM;
    }
    struct aksu_udp *u = aksu_udp_find(net, in->pair.local_port);

    if (!u) {
        return AKSU_DROP_NO_CONNECTION;
    }
    u->handlers->on_datagram(net, u, in, p + AKSU_UDP_LEN, len - AKSU_UDP_LEN);
    return 0;
}

// An IPv4 packet of a protocol that nothing else wanted.
int aksu_udp_input(struct aksu *net, struct aksu_packet *in, int drop)
{
    const uint8_t *packet = aksu_udp_packet(net, in);

    return drop == AKSU_DROP_PROTOCOL && in->payload > packet && packet[9] == AKSU_PROTOCOL_UDP
               ? aksu_udp_datagram(net, in)
               : drop;
}

// Has a text written, and puts the headers before it.
static size_t put(struct aksu *net, struct aksu_udp *u, uint8_t *packet, const uint8_t **mac)
{
    uint8_t *p = packet + AKSU_IPV4_LEN;
    size_t room = net->mtu - AKSU_IPV4_LEN - AKSU_UDP_LEN;

    u->bits = 0;
    u->pair.local = net->addr;
    size_t text = u->handlers->write(net, u, p + AKSU_UDP_LEN, room);

    if (text > room) {
        return 0;
    }
    *mac = u->mac;
    uint32_t len = AKSU_UDP_LEN + (uint32_t)text;
    aksu_put32(p, (uint32_t)u->pair.local_port << 16 | u->pair.remote_port);
    aksu_put32(p + 4, len << 16);
    uint16_t check = sum(net, &u->pair, p, len);
    aksu_put16(p + 6, check ? check : UINT16_MAX); // RFC 768: 0 would say that there is none
    aksu_ipv4_header(net, &u->pair, AKSU_TTL_DEFAULT << AKSU_TTL_SHIFT | AKSU_PROTOCOL_UDP, len,
                     packet);
    return AKSU_IPV4_LEN + len;
}

// An endpoint that can send.
static struct aksu_udp *ready(const struct aksu *net)
{
    struct aksu_udp *u = aksu_udp_first(net);

    while (u && !(u->bits & AKSU_UDP_READY)) {
        u = aksu_udp_after(u);
    }
    return u;
}

static uint32_t idle(const struct aksu *net, uint32_t now_ms, uint32_t wait_ms)
{
    (void)now_ms;
    return ready(net) ? 0 : wait_ms;
}

size_t aksu_udp_output(struct aksu *net, uint8_t *frame, uint8_t *packet, const uint8_t **mac)
{
    struct aksu_udp *u;
    size_t len = 0;

    (void)frame;
    while (len == 0 && (u = ready(net)) != NULL) {
        len = put(net, u, packet, mac);
    }
    return len;
}

int aksu_udp_listen(struct aksu *net, struct aksu_udp *udp, uint16_t port,
                    const struct aksu_udp_handlers *handlers)
{
    static const struct aksu_more_ops ops = {aksu_udp_input, aksu_udp_output, idle, NULL, NULL};

    if (port == 0 || aksu_udp_find(net, port)) {
        return AKSU_EADDRINUSE;
    }
    memset(udp, 0, sizeof *udp);
    udp->handlers = handlers;
    udp->pair.local_port = port;
    struct aksu_more **list = aksu_udp_list(net);

    udp->more.ops = *list ? (*list)->ops : &ops;
    udp->more.next = *list;
    *list = &udp->more;
    return AKSU_OK;
}

void aksu_udp_close(struct aksu *net, struct aksu_udp *udp)
{
    struct aksu_more **link = aksu_udp_list(net);

    while (*link && *link != &udp->more) {
        link = &(*link)->next;
    }
    if (*link) {
        *link = udp->more.next;
    }
}

void aksu_udp_answer(struct aksu *net, struct aksu_udp *udp, const struct aksu_packet *packet)
{
    udp->pair = packet->pair;
    memcpy(udp->mac, packet->from, sizeof udp->mac);
    udp->hop = 0;
    udp->bits = AKSU_UDP_READY;
    udp->at = net->now_ms;
}

void aksu_packet_from(const struct aksu_packet *packet, struct aksu_endpoint *from)
{
    aksu_addr_put(packet->pair.remote, &from->addr);
    from->port = packet->pair.remote_port;
}

void aksu_packet_to(const struct aksu_packet *packet, struct aksu_addr *to)
{
    aksu_addr_put(packet->pair.local, to);
}
