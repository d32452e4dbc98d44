// SPDX-License-Identifier: MIT
// Which station a connection's packets go to, asked for by ARP (RFC 826). An answer is believed
// only if it was asked for, and the station is kept until its segments are no longer answered.
// Linked with the calls that open connections: one that a SYN opened has its station from the
// start.
#include "../stack.h"

enum {
    ASK_EVERY_MS = 1000, // RFC 1122 2.3.2.1
    ASK_TIMES = 10
};

static const uint32_t KNOWN_MS = UINT32_C(300000);

enum { ASKING, KNOWN };

// The one place where an address can be. Connections hold their station's address themselves, so
// giving an entry to another address harms none.
static struct aksu_neighbour *place(const struct aksu *net, uint32_t addr)
{
    return &net->store->neighbour[addr % AKSU_NEIGHBOURS];
}

// Whether an entry's time has not come: long ago is not half a turn of the clock ahead.
static bool pending(const struct aksu *net, const struct aksu_neighbour *n)
{
    return n->at - net->now_ms - 1 < KNOWN_MS;
}

static void resolved(struct aksu_row *row, const struct aksu_neighbour *n)
{
    memcpy(row->mac, n->mac, 6);
    row->bits |= AKSU_ROW_RESOLVED | AKSU_ROW_HAD_MAC;
}

static uint32_t next_hop(const struct aksu *net, uint32_t remote)
{
    return aksu_ipv4_here(net, remote) ? remote : net->gateway;
}

// Takes in an answer that was asked for, and wakes the connections that wait for it.
static int learn(struct aksu *net, uint32_t addr, const uint8_t mac[6])
{
    struct aksu_neighbour *n = place(net, addr);

    if (addr == 0) {
        return AKSU_DROP_ARP; // that is a free entry
    }
    if (n->addr != addr || n->state != ASKING) {
        return AKSU_DROP_ARP;
    }
    memcpy(n->mac, mac, 6);
    n->state = KNOWN;
    n->at = net->now_ms + KNOWN_MS;
    for (uint32_t i = 0; i < net->store->rows; i++) {
        struct aksu_row *row = &net->store->row[i];
        if ((row->bits & (AKSU_ROW_USED | AKSU_ROW_RESOLVED)) == AKSU_ROW_USED &&
            !aksu_is_token(&row->pair) && next_hop(net, row->pair.remote) == addr) {
            resolved(row, n);
            aksu_stack_wake(net, row);
        }
    }
    return 0;
}

// Asks at most once a second, ten times. If nobody answers the row may have its old station.
static size_t ask(struct aksu *net, struct aksu_row *row, struct aksu_neighbour *n, uint8_t *frame)
{
    static const uint8_t unknown[6];
    bool due = !pending(net, n);
    size_t len = 0;

    if (due && n->tries == ASK_TIMES) {
        n->addr = 0;
        if (row->bits & AKSU_ROW_HAD_MAC) {
            row->bits |= AKSU_ROW_RESOLVED;
        } else {
            aksu_stack_silence(net, row, AKSU_EHOSTUNREACH); // and never did
        }
        return 0;
    }
    if (due) {
        n->tries++;
        n->at = net->now_ms + ASK_EVERY_MS;
        len = aksu_arp_put(net, frame, aksu_broadcast, AKSU_ARP_REQUEST, unknown, n->addr);
    }
    aksu_table_schedule(net, row, n->at - net->now_ms);
    return len;
}

static size_t resolve(struct aksu *net, struct aksu_row *row, uint8_t *frame)
{
    uint32_t hop = next_hop(net, row->pair.remote);
    struct aksu_neighbour *n = place(net, hop);
    bool due = n->addr == 0 || !pending(net, n);

    if (n->addr == hop && n->state == KNOWN && !due) {
        resolved(row, n);
        return 0;
    }
    // An entry that is asked for is left alone until its time has come.
    if (n->addr != hop ? n->state == KNOWN || due : n->state == KNOWN) {
        memset(n, 0, sizeof *n);
        n->addr = hop;
        n->at = net->now_ms;
    }
    return ask(net, row, n, frame);
}

// The station no longer answers (RFC 9293 3.8.3: negative advice at R1): ask anew.
static void doubt(struct aksu *net, struct aksu_row *row)
{
    struct aksu_neighbour *n = place(net, next_hop(net, row->pair.remote));

    row->bits &= (uint8_t)~AKSU_ROW_RESOLVED;
    if (n->state == KNOWN) {
        n->addr = 0;
    }
}

const struct aksu_resolver aksu_arp_resolver = {resolve, doubt, learn};
