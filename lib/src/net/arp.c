// SPDX-License-Identifier: MIT
// ARP, RFC 826. An answer is believed only if it was asked for, and a connection keeps the station
// that it found (or that its SYN came from) until its segments are no longer answered: strangers
// can neither poison nor evict it. Our own address is defended as RFC 5227 2.4 says.
#include "../stack.h"

enum {
    ARP_LEN = 28,
    REQUEST = 1,
    REPLY = 2,
    ASK_EVERY_MS = 1000, // RFC 1122 2.3.2.1
    ASK_TIMES = 10,
    KNOWN_MS = 5 * 60 * 1000,
    DEFEND_MS = 10000 // DEFEND_INTERVAL, RFC 5227
};

enum { ASKING, KNOWN };

static const uint8_t format[6] = {0, 1, 8, 0, 6, 4}; // Ethernet, IPv4, lengths 6 and 4
static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static size_t put(const struct aksu *net, uint8_t *frame, const uint8_t to[6], unsigned op,
                  const uint8_t target_mac[6], uint32_t target)
{
    uint8_t *p = frame + AKSU_ETHERNET_LEN;

    memcpy(frame, to, 6);
    memcpy(frame + 6, net->mac, 6);
    aksu_put16(frame + 12, 0x0806);
    memcpy(p, format, 6);
    aksu_put16(p + 6, op);
    memcpy(p + 8, net->mac, 6);
    aksu_put32(p + 14, net->addr);
    memcpy(p + 18, target_mac, 6);
    aksu_put32(p + 24, target);
    return AKSU_ETHERNET_LEN + ARP_LEN;
}

size_t aksu_arp_answer(const struct aksu *net, const struct aksu_answer *a, uint8_t *frame)
{
    if (a->kind == AKSU_ANSWER_ARP_REPLY) {
        return put(net, frame, a->mac, REPLY, a->mac, a->pair.remote);
    }
    return put(net, frame, broadcast, REQUEST, broadcast, net->addr);
}

static int answer(struct aksu *net, uint8_t kind, uint32_t to)
{
    struct aksu_pair pair = {to, net->addr, 0, 0};
    struct aksu_answer *a = aksu_stack_answer(net, &pair);

    if (!a) {
        return -AKSU_DROP_REPLY_FULL;
    }
    a->kind = kind;
    return 0;
}

// Another station has our address: say once in 10 s that it is ours, and go on (RFC 5227 2.4 b).
static int conflict(struct aksu *net)
{
    net->counters.arp_conflicts++;
    if ((net->bits & AKSU_NET_DEFENDED) &&
        !aksu_reached(net->now_ms, net->defended_at + DEFEND_MS)) {
        return -AKSU_DROP_ARP;
    }
    net->defended_at = net->now_ms;
    net->bits |= AKSU_NET_DEFENDED;
    return answer(net, AKSU_ANSWER_ARP_ANNOUNCE, net->addr);
}

// The one place where an address can be. Connections hold their station's address themselves, so
// giving an entry to another address harms none.
static struct aksu_neighbour *place(const struct aksu *net, uint32_t addr)
{
    return &net->store->neighbour[addr % AKSU_NEIGHBOURS];
}

static enum aksu_resolution resolved(struct aksu_row *row, const struct aksu_neighbour *n)
{
    if (n) {
        memcpy(row->mac, n->mac, 6);
    }
    row->bits |= AKSU_ROW_RESOLVED | AKSU_ROW_HAD_MAC;
    return AKSU_RESOLVED;
}

static uint32_t next_hop(const struct aksu *net, uint32_t remote)
{
    return aksu_ipv4_here(net, remote) ? remote : net->gateway;
}

// Takes in an answer that was asked for, and wakes the connections that wait for it.
static int learn(struct aksu *net, uint32_t addr, const uint8_t mac[6])
{
    struct aksu_neighbour *n = place(net, addr);

    if (n->addr != addr || n->state != ASKING) {
        return -AKSU_DROP_ARP;
    }
    memcpy(n->mac, mac, 6);
    n->state = KNOWN;
    n->at = net->now_ms + KNOWN_MS;
    for (uint32_t i = 0; i < net->store->rows; i++) {
        struct aksu_row *row = &net->store->row[i];
        if ((row->bits & (AKSU_ROW_USED | AKSU_ROW_RESOLVED)) == AKSU_ROW_USED &&
            next_hop(net, row->pair.remote) == addr) {
            resolved(row, n);
            aksu_stack_wake(net, row);
        }
    }
    return 0;
}

int aksu_arp_input(struct aksu *net, const uint8_t *p, size_t len)
{
    if (len < ARP_LEN || memcmp(p, format, 6) != 0) {
        return -AKSU_DROP_PROTOCOL;
    }
    unsigned op = aksu_get16(p + 6);
    uint32_t sender = aksu_get32(p + 14);
    uint32_t target = aksu_get32(p + 24);

    // The sender is who sent the frame, and an address of this network; 0 is an ARP probe.
    if (memcmp(p + 8, net->frame_mac, 6) != 0 ||
        (sender != 0 &&
         (!aksu_ipv4_unicast(net, sender) || ((sender ^ net->addr) & net->netmask) != 0))) {
        return -AKSU_DROP_SOURCE;
    }
    if (sender == net->addr) {
        return conflict(net);
    }
    if (op == REQUEST && target == net->addr) {
        return answer(net, AKSU_ANSWER_ARP_REPLY, sender);
    }
    if (op == REPLY && target == net->addr && sender != 0) {
        return learn(net, sender, p + 8);
    }
    return -AKSU_DROP_ARP;
}

// Asks at most once a second, ten times.
static enum aksu_resolution ask(struct aksu *net, struct aksu_row *row, struct aksu_neighbour *n,
                                uint8_t *frame, size_t *len)
{
    static const uint8_t unknown[6];

    if (!aksu_reached(net->now_ms, n->at)) {
        row->deadline = n->at;
        return AKSU_WAITING;
    }
    if (n->tries == ASK_TIMES) {
        n->addr = 0;
        return (row->bits & AKSU_ROW_HAD_MAC) ? resolved(row, NULL) : AKSU_UNREACHABLE;
    }
    n->tries++;
    n->at = net->now_ms + ASK_EVERY_MS;
    row->deadline = n->at;
    *len = put(net, frame, broadcast, REQUEST, unknown, n->addr);
    return AKSU_ASKED;
}

enum aksu_resolution aksu_arp_resolve(struct aksu *net, struct aksu_row *row, uint8_t *frame,
                                      size_t *len)
{
    uint32_t hop = next_hop(net, row->pair.remote);
    struct aksu_neighbour *n = place(net, hop);
    bool due = n->addr == 0 || aksu_reached(net->now_ms, n->at);

    if (n->addr == hop && n->state == KNOWN && !due) {
        return resolved(row, n);
    }
    // An entry that is asked for is left alone until its time has come.
    if (n->addr != hop ? n->state == KNOWN || due : n->state == KNOWN) {
        memset(n, 0, sizeof *n);
        n->addr = hop;
        n->at = net->now_ms;
    }
    return ask(net, row, n, frame, len);
}

// The station no longer answers (RFC 9293 3.8.3: negative advice at R1): ask anew.
void aksu_arp_doubt(struct aksu *net, struct aksu_row *row)
{
    struct aksu_neighbour *n = place(net, next_hop(net, row->pair.remote));

    row->bits &= (uint8_t)~AKSU_ROW_RESOLVED;
    if (n->state == KNOWN) {
        n->addr = 0;
    }
}
