// SPDX-License-Identifier: MIT
// Neighbour Discovery, RFC 4861: which station an address is at. As with ARP, an answer is believed
// only if it was asked for, and a connection keeps its station until its segments are no longer
// answered: that they are is the confirmation that RFC 4861 7.3.1 asks for.
#include "ipv6.h"

enum {
    ASK_EVERY_MS = 1000, // RETRANS_TIMER
    ASK_TIMES = 3,       // MAX_MULTICAST_SOLICIT
    SOLICITED = 0x40,
    OVERRIDE = 0x20,
    SOURCE_OPTION = 1,
    TARGET_OPTION = 2,
    TARGET = 8, // where a message has it
    MESSAGE_LEN = 24,
    OPTION_LEN = 8
};

static const uint32_t KNOWN_MS = UINT32_C(300000);

enum { ASKING, KNOWN };

// --- Messages ---

// Looks over the options of a message. *mac: the station's that one of a kind tells, else as it
// was. False: they are malformed (4.6).
bool aksu_nd_options(const uint8_t *p, uint32_t left, unsigned kind, const uint8_t **mac)
{
    while (left > 0) {
        uint32_t len = left >= OPTION_LEN ? p[1] * 8u : 0;
        if (len == 0 || len > left || (p[0] == kind && (p[2] & 1))) {
            return false;
        }
        if (p[0] == kind) {
            *mac = p + 2;
        }
        p += len;
        left -= len;
    }
    return true;
}

// Writes the option that tells our station. Returns what follows it.
uint8_t *aksu_nd_put_station(const struct aksu *net, uint8_t *p, unsigned kind)
{
    p[0] = (uint8_t)kind;
    p[1] = 1;
    memcpy(p + 2, net->mac, 6);
    return p + OPTION_LEN;
}

static size_t put_message(const struct aksu *net, uint8_t *frame, unsigned type, unsigned flags,
                          const uint8_t *source, const uint8_t *destination, const uint8_t *target)
{
    uint8_t *packet = frame + AKSU_ETHERNET_LEN;
    unsigned kind = type == AKSU_ND_SOLICIT ? SOURCE_OPTION : TARGET_OPTION;
    bool named = !aksu_ipv6_is_any(source);
    uint8_t *p = aksu_ipv6_put(packet, AKSU_PROTOCOL_ICMPV6, 255, source, destination,
                               named ? MESSAGE_LEN + OPTION_LEN : MESSAGE_LEN);

    p = aksu_put32(p, type << 24);
    p = aksu_put32(p, flags << 24);
    memcpy(p, target, 16);
    if (named) {
        aksu_nd_put_station(net, p + 16, kind);
    }
    return AKSU_ETHERNET_LEN + aksu_icmpv6_finish(packet);
}

// Asks those that have the end of an address whose it is.
size_t aksu_nd_solicit(const struct aksu *net, const uint8_t *source, const uint8_t *target,
                       uint8_t *frame)
{
    uint8_t group[16];
    uint8_t mac[6];

    aksu_ipv6_group(target, group);
    aksu_ipv6_group_mac(group, mac);
    aksu_ipv6_frame(net, frame, mac);
    return put_message(net, frame, AKSU_ND_SOLICIT, 0, source, group, target);
}

// Says that an address is ours: to who asked, or to all if the asker has no address yet.
size_t aksu_nd_advert(const struct aksu *net, const struct aksu_answer *a, uint8_t *frame)
{
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const uint8_t *to = ip6->answer[a - net->store->answer].octets;
    const uint8_t *own = ip6->address[a->pair.local >> 16].addr.octets;
    unsigned flags = SOLICITED | OVERRIDE;
    uint8_t mac[6];

    memcpy(mac, a->mac, 6);
    if (aksu_ipv6_is_any(to)) {
        flags = OVERRIDE;
        to = aksu_ipv6_nodes;
        aksu_ipv6_group_mac(to, mac);
    }
    aksu_ipv6_frame(net, frame, mac);
    return put_message(net, frame, AKSU_ND_ADVERT, flags, own, to, own);
}

// --- The neighbours ---

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
// themselves, so that harms none), else one that nobody has answered for in time. NULL: there is
// none now.
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
        if (other->state == KNOWN || !pending(net, other)) {
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
    return aksu_slaac_next_hop(net, aksu_ipv6(net)->remote[row - net->store->row].octets);
}

static void resolved(struct aksu_row *row, const struct aksu_ipv6_neighbour *n)
{
    memcpy(row->mac, n->mac, 6);
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
                resolved(row, n);
                aksu_stack_wake(net, row);
            }
        }
    }
}

// What a router says of its own station (6.3.4).
void aksu_nd_learn(struct aksu *net, const uint8_t *addr, const uint8_t mac[6])
{
    struct aksu_ipv6_neighbour *n = place(net, addr);

    if (n) {
        know(net, n, mac);
    }
}

// --- What arrives ---

static int solicited(struct aksu *net, const struct aksu_packet *in, const uint8_t *packet)
{
    const uint8_t *source = packet + AKSU_IPV6_SOURCE;
    const uint8_t *target = in->payload + TARGET;
    const uint8_t *mac = NULL;
    bool asks_for_itself = aksu_ipv6_is_any(source);
    unsigned local = aksu_ipv6_ours(aksu_ipv6(net), target);

    const uint8_t *to = packet + AKSU_IPV6_DESTINATION;

    // 7.1.1. A group of ours that is not that of all nodes is one of solicited nodes.
    if (!aksu_nd_options(in->payload + MESSAGE_LEN, in->len - MESSAGE_LEN, SOURCE_OPTION, &mac) ||
        (asks_for_itself &&
         (mac || !aksu_ipv6_is_multicast(to) || memcmp(to, aksu_ipv6_nodes, 16) == 0))) {
        return AKSU_DROP_ICMP;
    }
    if (local != AKSU_NO_ADDRESS) {
        return aksu_ipv6_answer(net, in, source, local, AKSU_ANSWER_ND);
    }
    if (asks_for_itself) {
        aksu_slaac_conflict(net, target);
    }
    return AKSU_DROP_ARP;
}

static int advertised(struct aksu *net, const struct aksu_packet *in, const uint8_t *packet)
{
    const uint8_t *target = in->payload + TARGET;
    unsigned flags = in->payload[4];
    const uint8_t *mac = NULL;

    // 7.1.2
    if (!aksu_nd_options(in->payload + MESSAGE_LEN, in->len - MESSAGE_LEN, TARGET_OPTION, &mac) ||
        ((flags & SOLICITED) && aksu_ipv6_is_multicast(packet + AKSU_IPV6_DESTINATION))) {
        return AKSU_DROP_ICMP;
    }
    aksu_slaac_conflict(net, target);
    struct aksu_ipv6_neighbour *n = find(aksu_ipv6(net), target);

    // 7.2.5: nothing is learnt that was not asked for; what is known gives way only if it is told
    // to.
    if (!n || !mac || (n->state == KNOWN && !(flags & OVERRIDE))) {
        return AKSU_DROP_ARP;
    }
    know(net, n, mac);
    return 0;
}

int aksu_nd_input(struct aksu *net, struct aksu_packet *in, const uint8_t *packet)
{
    if (in->len < MESSAGE_LEN || aksu_ipv6_is_multicast(in->payload + TARGET)) {
        return AKSU_DROP_ICMP;
    }
    return in->payload[0] == AKSU_ND_SOLICIT ? solicited(net, in, packet)
                                             : advertised(net, in, packet);
}

// --- The next hop of connections ---

// Asks at most once a second, three times. If nobody answers the row may have its old station.
static size_t ask(struct aksu *net, struct aksu_row *row, struct aksu_ipv6_neighbour *n,
                  uint8_t *frame)
{
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    bool due = !pending(net, n);
    size_t len = 0;

    if (due && n->tries == ASK_TIMES) {
        memset(n, 0, sizeof *n);
        if (row->bits & AKSU_ROW_HAD_MAC) {
            row->bits |= AKSU_ROW_RESOLVED;
        } else {
            aksu_resolve_unreachable(net, row);
        }
        return 0;
    }
    if (due) {
        n->tries++;
        n->at = net->now_ms + ASK_EVERY_MS;
        len = aksu_nd_solicit(net, ip6->address[row->pair.local >> 16].addr.octets, n->addr.octets,
                              frame);
    }
    aksu_table_schedule(net, row, n->at - net->now_ms);
    return len;
}

static size_t resolve(struct aksu *net, struct aksu_row *row, uint8_t *frame)
{
    if (net->link->header_len == 0) {
        row->bits |= AKSU_ROW_RESOLVED; // bare packets need no station
        return 0;
    }
    if (!aksu_is_token(&row->pair)) {
        return aksu_ipv6(net)->arp->resolve(net, row, frame);
    }
    const uint8_t *hop = hop_of(net, row);

    if (!hop) {
        aksu_resolve_unreachable(net, row);
        return 0;
    }
    struct aksu_ipv6_neighbour *n = place(net, hop);

    if (!n) {
        aksu_table_schedule(net, row, ASK_EVERY_MS); // all are being asked for
        return 0;
    }
    if (n->state == KNOWN && pending(net, n)) {
        resolved(row, n);
        return 0;
    }
    if (n->state == KNOWN) {
        n->state = ASKING; // stale
        n->tries = 0;
    }
    return ask(net, row, n, frame);
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
    struct aksu_ipv6_neighbour *n = hop ? find(aksu_ipv6(net), hop) : NULL;

    row->bits &= (uint8_t)~AKSU_ROW_RESOLVED;
    if (n && n->state == KNOWN) {
        memset(n, 0, sizeof *n);
    }
}

static int learn(struct aksu *net, uint32_t addr, const uint8_t mac[6])
{
    const struct aksu_resolver *arp = aksu_ipv6(net)->arp;

    return arp ? arp->learn(net, addr, mac) : AKSU_DROP_ARP;
}

const struct aksu_resolver aksu_nd_resolver = {resolve, doubt, learn};
