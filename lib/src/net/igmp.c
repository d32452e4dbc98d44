// SPDX-License-Identifier: MIT
// Groups of IPv4, RFC 1112, and their reports, RFC 2236 3. Groups are a list that stands before
// that of UDP's endpoints, behind IPv6; the first one's operations are for all.
#include "igmp.h"

enum {
    PROTOCOL_IGMP = 2,
    QUERY = 0x11,
    REPORT_1 = 0x12, // of version 1
    REPORT = 0x16,
    LEAVE = 0x17,
    MESSAGE = 8,
    HEADER = 24, // IPv4's, with an option
    REPORTS = 2,
    REPORT_MS = 10000, // within which a report is said again, and answers to old queries come
    UNIT_MS = 100,
    TTL_ALL = 255
};

enum { PENDING = 1, LAST = 2, LEAVING = 4 }; // LAST: nobody else has reported it since we did

static const uint32_t all_systems = 0xe0000001u;
static const uint32_t all_routers = 0xe0000002u;
static const uint32_t router_alert = 0x94040000u; // RFC 2113

static int input(struct aksu *net, struct aksu_packet *in, int drop);
static size_t output(struct aksu *net, uint8_t *frame, uint8_t *packet, const uint8_t **mac);
static uint32_t idle(const struct aksu *net, uint32_t now_ms, uint32_t wait_ms);

// The link is back, which may be another one: who passes on groups there is to know.
static void link_changed(struct aksu *net, struct aksu_more *m, bool up)
{
    struct aksu_group *g = (struct aksu_group *)m; // its first member

    if (up && !(g->bits & LEAVING)) {
        g->at = net->now_ms;
        g->bits |= PENDING;
        g->reports = REPORTS;
    }
}

static const struct aksu_more_ops ops = {input, output, idle, NULL, NULL, false, link_changed};

bool aksu_igmp_ipv6(const struct aksu *net)
{
    return net->more->ops->addrs != NULL;
}

static struct aksu_group *first_group(const struct aksu *net)
{
    struct aksu_more *m = net->more;

    while (m && m->ops != &ops && !m->ops->endpoints) {
        m = m->next;
    }
    return m && m->ops == &ops ? (struct aksu_group *)m : NULL; // its first member
}

static struct aksu_group *after(const struct aksu_group *g)
{
    struct aksu_more *m = g->more.next;

    return m && m->ops == &ops ? (struct aksu_group *)m : NULL;
}

static struct aksu_group *find(const struct aksu *net, uint32_t addr)
{
    struct aksu_group *g = first_group(net);

    while (g && g->addr != addr) {
        g = after(g);
    }
    return g;
}

// The first endpoint, or NULL.
static const struct aksu_more *endpoints(const struct aksu *net)
{
    const struct aksu_group *g = first_group(net);

    while (after(g)) {
        g = after(g);
    }
    return g->more.next;
}

// --- What comes in ---

// A report is due within some time, at random, if it is not sooner.
static void report_within(const struct aksu *net, struct aksu_group *g, uint32_t within_ms)
{
    const struct aksu_pair pair = {g->addr, net->addr, 0, 0};
    uint32_t wait = (uint32_t)aksu_isn_hash(net, &pair, net->now_ms) % (within_ms + 1);

    if (!(g->bits & PENDING) || g->at - net->now_ms > wait) {
        g->at = net->now_ms + wait;
        g->bits |= PENDING;
    }
}

static int take_message(const struct aksu *net, const struct aksu_packet *in, unsigned ttl)
{
    const uint8_t *p = in->payload;

    if (in->len < MESSAGE || ttl != 1 || aksu_sum_finish(aksu_copy(NULL, p, in->len)) != 0) {
        return AKSU_DROP_ICMP;
    }
    uint32_t addr = aksu_get32(p + 4);

    for (struct aksu_group *g = first_group(net); g; g = after(g)) {
        if (p[0] == QUERY && (addr == 0 || addr == g->addr)) {
            report_within(net, g, p[1] ? p[1] * (uint32_t)UNIT_MS : REPORT_MS);
        } else if ((p[0] == REPORT || p[0] == REPORT_1) && addr == g->addr) {
            g->bits &= LEAVING; // one report is enough
        }
    }
    return 0;
}

// A frame to a group's stations, that has not been looked at yet.
static int take(struct aksu *net, struct aksu_packet *in)
{
    const uint8_t *frame = in->payload;
    const uint8_t *packet = frame + AKSU_ETHERNET_LEN;
    uint32_t to = aksu_get32(packet + 16);
    bool joined = find(net, to) != NULL;

    if (aksu_get16(frame + 12) != AKSU_TYPE_IPV4 || (frame[6] & 1) ||
        (!joined && to != all_systems)) {
        return AKSU_DROP_NOT_OURS;
    }
    in->from = frame + 6;
    in->payload = packet;
    int drop = aksu_ipv4_input(net, in);

    if (drop == AKSU_DROP_SOURCE && in->payload > packet && aksu_get32(packet + 12) == 0 &&
        packet[9] == PROTOCOL_IGMP) {
        drop = AKSU_DROP_NOT_OURS; // of a switch that has no address: RFC 4541 2.1.1
    }
    if (drop != AKSU_DROP_NOT_OURS) {
        return drop;
    }
    switch (packet[9]) {
    case AKSU_PROTOCOL_UDP:
        return joined ? aksu_udp_datagram(net, in) : drop;
    case PROTOCOL_IGMP:
        return take_message(net, in, packet[8]);
    default:
        return drop;
    }
}

static int input(struct aksu *net, struct aksu_packet *in, int drop)
{
    static const uint8_t prefix[] = {1, 0, 0x5e}; // RFC 1112 6.4
    const uint8_t *p = in->payload;
    const struct aksu_more *next = endpoints(net);

    if (drop == AKSU_DROP_NOT_OURS && p == in->from && in->len >= AKSU_IPV4_LEN &&
        memcmp(p, prefix, sizeof prefix) == 0) {
        return take(net, in);
    }
    return next ? next->ops->input(net, in, drop) : drop;
}

// --- What goes out ---

static void group_mac(uint32_t addr, uint8_t mac[6])
{
    aksu_put16(mac, 0x0100);
    aksu_put32(mac + 2, 0x5e000000u | (addr & 0x7fffff));
}

// A message about a group: RFC 2236 2.
static size_t put(const struct aksu *net, uint8_t *frame, unsigned type, uint32_t to,
                  uint32_t group)
{
    uint8_t *packet = frame + AKSU_ETHERNET_LEN;
    uint8_t *message = packet + HEADER;
    uint8_t mac[6];

    group_mac(to, mac);
    aksu_ethernet_put(net, frame, mac);
    aksu_put32(packet, 0x46000000u | (HEADER + MESSAGE));
    aksu_put32(packet + 4, 0);
    aksu_put32(packet + 8, UINT32_C(1) << 24 | (uint32_t)PROTOCOL_IGMP << 16); // TTL 1
    aksu_put32(packet + 12, net->addr);
    aksu_put32(packet + 16, to);
    aksu_put32(packet + 20, router_alert);
    aksu_put16(packet + 10, aksu_sum_finish(aksu_sum_header(packet, HEADER)));
    aksu_put32(message, (uint32_t)type << 24);
    aksu_put32(message + 4, group);
    aksu_put16(message + 2, aksu_sum_finish(aksu_copy(NULL, message, MESSAGE)));
    return AKSU_ETHERNET_LEN + HEADER + MESSAGE;
}

static void unlink_group(struct aksu *net, const struct aksu_group *g)
{
    struct aksu_more **link = &net->more;

    while (*link != &g->more) {
        link = &(*link)->next;
    }
    *link = g->more.next;
}

// A group's next message, or 0. One that is left has gone then.
static size_t next_message(struct aksu *net, struct aksu_group *g, uint8_t *frame)
{
    if (g->bits & LEAVING) {
        unlink_group(net, g);
        return (g->bits & LAST) ? put(net, frame, LEAVE, all_routers, g->addr) : 0;
    }
    if (!(g->bits & PENDING) || !aksu_reached(net->now_ms, g->at)) {
        return 0;
    }
    g->bits = LAST;
    if (g->reports > 0 && --g->reports > 0) {
        report_within(net, g, REPORT_MS);
    }
    return put(net, frame, REPORT, g->addr, g->addr);
}

// What goes to a group does not go further than its link, and is seen to come from there.
static void raise_ttl(const struct aksu *net, uint8_t *packet)
{
    if (packet[16] >> 4 == 14) {
        packet[8] = TTL_ALL;
        aksu_put16(packet + 10, 0);
        if (!(net->offload & AKSU_OFFLOAD_TX)) {
            aksu_put16(packet + 10, aksu_sum_finish(aksu_sum_header(packet, AKSU_IPV4_LEN)));
        }
    }
}

static size_t output(struct aksu *net, uint8_t *frame, uint8_t *packet, const uint8_t **mac)
{
    const struct aksu_more *next = endpoints(net);
    struct aksu_group *following;
    size_t len = 0;

    for (struct aksu_group *g = first_group(net); g && len == 0; g = following) {
        following = after(g);
        len = next_message(net, g, frame);
    }
    if (len == 0 && next) {
        len = next->ops->output(net, frame, packet, mac);
        if (len > 0 && *mac) {
            raise_ttl(net, packet);
        }
    }
    return len;
}

static uint32_t idle(const struct aksu *net, uint32_t now_ms, uint32_t wait_ms)
{
    const struct aksu_more *next = endpoints(net);

    for (const struct aksu_group *g = first_group(net); g; g = after(g)) {
        if ((g->bits & LEAVING) || ((g->bits & PENDING) && aksu_reached(now_ms, g->at))) {
            return 0;
        }
        if (g->bits & PENDING) {
            wait_ms = aksu_min32(wait_ms, g->at - now_ms);
        }
    }
    return next ? next->ops->idle(net, now_ms, wait_ms) : wait_ms;
}

// --- Calls ---

int aksu_igmp_join(struct aksu *net, struct aksu_group *group, const struct aksu_addr *addr)
{
    uint32_t v = aksu_addr_get(addr);

    if (!aksu_has_stations(net) || v >> 28 != 14 || v == all_systems) {
        return AKSU_EINVAL;
    }
    const struct aksu_group *known = find(net, v);

    for (const struct aksu_group *g = first_group(net); g; g = after(g)) {
        if (g == group && g->addr != v) {
            return AKSU_EADDRINUSE;
        }
    }
    if (known && (known != group || !(known->bits & LEAVING))) {
        return AKSU_EADDRINUSE;
    }
    if (!known) {
        struct aksu_more **list = aksu_udp_list(net); // behind other groups
        group->more.ops = &ops;
        group->more.next = *list;
        *list = &group->more;
    }
    group->addr = v;
    group->at = net->now_ms;
    group->bits = PENDING;
    group->reports = REPORTS;
    return AKSU_OK;
}

void aksu_igmp_leave(struct aksu *net, struct aksu_group *group)
{
    if (find(net, group->addr) == group) {
        group->bits |= LEAVING;
    }
}

void aksu_igmp_send(struct aksu *net, const struct aksu_group *group, struct aksu_udp *udp,
                    uint16_t port)
{
    udp->pair.remote = group->addr;
    udp->pair.remote_port = port;
    udp->hop = 0;
    udp->bits = AKSU_UDP_READY;
    udp->at = net->now_ms;
    group_mac(group->addr, udp->mac);
}
