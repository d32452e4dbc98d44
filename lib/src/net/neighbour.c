// SPDX-License-Identifier: MIT
// Connections that are opened to hosts of IPv6, and which station their packets go to. As with ARP,
// an answer is believed only if it was asked for, and a connection keeps its station until its
// segments are no longer answered: that they are is the confirmation that RFC 4861 7.3.1 asks for.
#include "ipv6.h"

enum {
    ASK_EVERY_MS = 1000, // RETRANS_TIMER
    ASK_TIMES = 3        // MAX_MULTICAST_SOLICIT
};

static const uint32_t KNOWN_MS = UINT32_C(300000);

enum { ASKING, KNOWN };

static struct aksu_ipv6_neighbour *find(struct aksu_ipv6 *ip6, const uint8_t *addr)
{
    for (unsigned i = 0; i < AKSU_IPV6_NEIGHBOURS; i++) {
        if (memcmp(&ip6->neighbour[i].addr, addr, 16) == 0) {
            return &ip6->neighbour[i];
        }
    }
    return NULL;
}

// Whether an entry's time has not come: long ago is not half a turn of the clock ahead.
static bool pending(const struct aksu *net, const struct aksu_ipv6_neighbour *n)
{
    return n->at - net->now_ms - 1 < KNOWN_MS;
}

// An entry for an address: its own, a free one, one that is known (connections hold their station
// themselves, so that harms none), else one that nobody asks for any more. NULL: there is none now.
static struct aksu_ipv6_neighbour *place(struct aksu *net, const uint8_t *addr)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    struct aksu_ipv6_neighbour *n = find(ip6, addr);

    if (!n) {
        n = find(ip6, aksu_ipv6_any.octets);
    }
    for (unsigned i = 0; !n && i < AKSU_IPV6_NEIGHBOURS; i++) {
        struct aksu_ipv6_neighbour *other =
            &ip6->neighbour[(net->now_ms + i) % AKSU_IPV6_NEIGHBOURS];
        if (other->state == KNOWN || aksu_reached(net->now_ms, other->at + ASK_EVERY_MS)) {
            n = other;
        }
    }
    if (n && memcmp(&n->addr, addr, 16) != 0) {
        memset(n, 0, sizeof *n);
        memcpy(&n->addr, addr, 16);
        n->at = net->now_ms;
    }
    return n;
}

static const uint8_t *hop_of(const struct aksu *net, const struct aksu_row *row)
{
    return aksu_slaac_next_hop(net, aksu_ipv6_remote(net, row));
}

static void resolved(struct aksu_row *row, const uint8_t mac[6])
{
    memcpy(row->mac, mac, 6);
    row->bits |= AKSU_ROW_RESOLVED | AKSU_ROW_HAD_MAC;
}

// Takes in what is known of a neighbour, and wakes the connections that wait for it.
static void know(struct aksu *net, struct aksu_ipv6_neighbour *n, const uint8_t mac[6])
{
    memcpy(n->mac, mac, 6);
    n->state = KNOWN;
    n->at = net->now_ms + KNOWN_MS;
    for (uint32_t i = 0; i < net->store->rows; i++) {
        struct aksu_row *row = &net->store->row[i];
        if ((row->bits & (AKSU_ROW_USED | AKSU_ROW_RESOLVED)) == AKSU_ROW_USED &&
            aksu_is_token(&row->pair)) {
            const uint8_t *hop = hop_of(net, row);
            if (hop && memcmp(hop, &n->addr, 16) == 0) {
                resolved(row, n->mac);
                aksu_stack_wake(net, row);
            }
        }
    }
}

// 7.2.5: nothing is learnt that was not asked for; what is known gives way only if it is told to.
bool aksu_neighbour_learn(struct aksu *net, const uint8_t *addr, const uint8_t *mac, bool override)
{
    struct aksu_ipv6_neighbour *n = find(aksu_ipv6(net), addr);
    bool news = n && (n->state == ASKING || override);

    if (news) {
        know(net, n, mac);
    }
    return news;
}

// --- The next hop ---

// Tells the station of a hop, or asks for it, at most once a second and three times. False: nobody
// answers.
bool aksu_neighbour_find(struct aksu *net, const uint8_t *hop,
                         const struct aksu_ipv6_address *local, uint8_t *frame,
                         struct aksu_station *station)
{
    struct aksu_ipv6_neighbour *n = place(net, hop);

    memset(station, 0, sizeof *station);
    station->wait_ms = ASK_EVERY_MS;
    if (!n) {
        return true; // all are being asked for
    }
    if (n->state == KNOWN && pending(net, n)) {
        station->mac = n->mac;
        return true;
    }
    if (n->state == KNOWN) {
        n->state = ASKING; // stale
        n->tries = 0;
    }
    if (!pending(net, n)) {
        if (n->tries == ASK_TIMES) {
            memset(n, 0, sizeof *n);
            return false;
        }
        n->tries++;
        n->at = net->now_ms + ASK_EVERY_MS;
        station->len = aksu_nd_solicit(net, local->addr.octets, n->addr.octets, frame);
    }
    station->wait_ms = n->at - net->now_ms;
    return true;
}

// If nobody answers the row may have its old station.
static size_t resolve(struct aksu *net, struct aksu_row *row, uint8_t *frame)
{
    struct aksu_station station;

    if (net->link->header_len == 0) {
        row->bits |= AKSU_ROW_RESOLVED; // bare packets need no station
        return 0;
    }
    if (!aksu_is_token(&row->pair)) {
        return aksu_ipv6(net)->arp->resolve(net, row, frame);
    }
    const uint8_t *hop = hop_of(net, row);

    if (hop && aksu_neighbour_find(net, hop, aksu_ipv6_own(net, &row->pair), frame, &station)) {
        if (station.mac) {
            resolved(row, station.mac);
        } else {
            aksu_table_schedule(net, row, station.wait_ms);
        }
        return station.len;
    }
    if (hop && (row->bits & AKSU_ROW_HAD_MAC)) {
        row->bits |= AKSU_ROW_RESOLVED;
    } else {
        aksu_stack_silence(net, row, AKSU_EHOSTUNREACH);
    }
    return 0;
}

// What was known of a neighbour may no longer be true.
void aksu_neighbour_doubt(struct aksu *net, const uint8_t *hop)
{
    struct aksu_ipv6_neighbour *n = find(aksu_ipv6(net), hop);

    if (n && n->state == KNOWN) {
        memset(n, 0, sizeof *n);
    }
}

static void doubt(struct aksu *net, struct aksu_row *row)
{
    if (!aksu_is_token(&row->pair)) {
        if (aksu_ipv6(net)->arp) {
            aksu_ipv6(net)->arp->doubt(net, row);
        }
        return;
    }
    const uint8_t *hop = hop_of(net, row);

    row->bits &= (uint8_t)~AKSU_ROW_RESOLVED;
    if (hop) {
        aksu_neighbour_doubt(net, hop);
    }
}

static int learn_arp(struct aksu *net, uint32_t addr, const uint8_t mac[6])
{
    const struct aksu_resolver *arp = aksu_ipv6(net)->arp;

    return arp ? arp->learn(net, addr, mac) : AKSU_DROP_ARP;
}

static const struct aksu_resolver resolver = {resolve, doubt, learn_arp};

// --- Opening ---

static int pair(struct aksu *net, const struct aksu_addr *remote, struct aksu_pair *pair)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const uint8_t *to = remote->octets;
    const struct aksu_ipv6_address *local = aksu_address6_source(net, to);

    if (aksu_ipv6_is_multicast(to) || aksu_ipv6_ours(net, to) || !local ||
        !aksu_slaac_next_hop(net, to)) {
        return AKSU_EADDRNOTAVAIL;
    }
    ip6->current = *remote;
    aksu_ipv6_name(net, to, local, pair);
    return AKSU_OK;
}

static void bind_to(struct aksu *net, const struct aksu_row *row, const struct aksu_resolver *arp,
                    struct aksu_open *open)
{
    aksu_ipv6(net)->arp = arp;
    if (aksu_is_token(&row->pair)) {
        aksu_ipv6_bind(net, row);
        open->mss = (uint16_t)(aksu_ipv6_mtu(net) - AKSU_IPV4_LEN - AKSU_TCP_LEN);
    }
}

const struct aksu_dual aksu_ipv6_dual = {pair, bind_to};
static const struct aksu_more_ops ops = {aksu_ipv6_input,
                                         aksu_ipv6_output,
                                         aksu_ipv6_idle,
                                         aksu_ipv6_addrs,
                                         &aksu_ipv6_dual,
                                         false,
                                         NULL};

int aksu_ipv6_client(struct aksu *net)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    if (!ip6 || ip6->more.ops->addrs != aksu_ipv6_addrs) {
        return AKSU_EINVAL;
    }
    if (!ip6->learn) {
        ip6->arp = net->resolver;
        ip6->learn = aksu_neighbour_learn;
        ip6->more.ops = &ops;
        net->resolver = &resolver;
    }
    return AKSU_OK;
}
