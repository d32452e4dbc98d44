// SPDX-License-Identifier: MIT
// Our addresses of IPv6, RFC 4862 5.4: each is claimed before it is used. Those that are made and
// what routers say are slaac.c's.
#include "ipv6.h"

enum {
    CLAIM_MS = 1000, // RETRANS_TIMER: how long another host may object (RFC 4862 5.4)
    SOLICITS = 3,
    CLAIMS = 3 // addresses that are tried in a network: IDGEN_RETRIES
};

// --- Places ---

// Whether two are of one network.
bool aksu_ipv6_same_network(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    return memcmp(a, b, bits / 8) == 0 &&
           (bits % 8 == 0 || ((a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8)) == 0);
}

// A free place, or NULL.
struct aksu_ipv6_address *aksu_ipv6_place(const struct aksu *net)
{
    struct aksu_ipv6_address *a = aksu_ipv6(net)->address;

    for (unsigned i = AKSU_IPV6_ADDRESSES; i > 0; i--, a++) {
        if (a->state == AKSU_IPV6_NONE) {
            memset(a, 0, sizeof *a);
            return a;
        }
    }
    return NULL;
}

// It is to be claimed from now on.
void aksu_ipv6_claim(const struct aksu *net, struct aksu_ipv6_address *a)
{
    a->state = AKSU_IPV6_TENTATIVE;
    a->tries = 0;
    a->at = net->now_ms;
}

int aksu_ipv6_add(struct aksu *net, const struct aksu_addr *addr, uint8_t prefix)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    if (aksu_addr_get(addr) != AKSU_NOT_IPV4 || aksu_ipv6_is_multicast(addr->octets) ||
        prefix > 128) {
        return AKSU_EINVAL;
    }
    for (unsigned i = 0; i < AKSU_IPV6_ADDRESSES; i++) {
        if (ip6->address[i].state >= AKSU_IPV6_TENTATIVE &&
            memcmp(&ip6->address[i].addr, addr, sizeof *addr) == 0) {
            return AKSU_EADDRINUSE;
        }
    }
    struct aksu_ipv6_address *a = aksu_ipv6_place(net);

    if (!a) {
        return AKSU_ENOMEM;
    }
    a->addr = *addr;
    a->prefix = prefix;
    a->bits = AKSU_IPV6_FOREVER | (prefix ? AKSU_IPV6_ON_LINK : 0);
    aksu_ipv6_claim(net, a);
    return AKSU_OK;
}

const struct aksu_ipv6_address *aksu_ipv6_address(const struct aksu *net, unsigned i)
{
    return i < AKSU_IPV6_ADDRESSES ? &aksu_ipv6(net)->address[i] : NULL;
}

// Which of our addresses talks to one: one of the same reach (RFC 6724 5, rules 2 and 3), of the
// same network if there is one. Or NULL.
struct aksu_ipv6_address *aksu_address6_source(const struct aksu *net, const uint8_t *destination)
{
    struct aksu_ipv6_address *a = aksu_ipv6(net)->address;
    struct aksu_ipv6_address *best = NULL;
    bool near = aksu_ipv6_is_link_local(destination);
    unsigned most = 0;

    for (unsigned i = AKSU_IPV6_ADDRESSES; i > 0; i--, a++) {
        if (a->state != AKSU_IPV6_READY || aksu_ipv6_is_link_local(a->addr.octets) != near) {
            continue;
        }
        bool fresh =
            (a->bits & AKSU_IPV6_FOREVER) || aksu_ipv6_left(net->now_ms, a->preferred_at) > 0;
        unsigned score = 1u + (fresh ? 2u : 0u) +
                         (aksu_ipv6_same_network(a->addr.octets, destination, a->prefix) ? 1u : 0u);
        if (score > most) {
            most = score;
            best = a;
        }
    }
    return best;
}

// Which of them talks to this link.
struct aksu_ipv6_address *aksu_address6_near(const struct aksu *net)
{
    return aksu_address6_source(net, aksu_ipv6(net)->address[0].addr.octets);
}

// --- Claims ---

// The end of an address is the end of its connections.
static void end_connections(struct aksu *net, const struct aksu_ipv6_address *a)
{
    struct aksu_row *row = net->store->row;

    for (uint32_t left = net->store->rows; left > 0; left--, row++) {
        if ((row->bits & AKSU_ROW_USED) && aksu_is_token(&row->pair) &&
            aksu_ipv6_own(net, &row->pair) == a) {
            aksu_stack_silence(net, row, AKSU_EHOSTUNREACH);
            aksu_table_schedule(net, row, 1); // what is due now has been asked for
        }
    }
}

// Another host has, or wants, an address that we claim (RFC 4862 5.4.3 to 5.4.5).
void aksu_address6_conflict(struct aksu *net, const uint8_t *target)
{
    struct aksu_ipv6_address *a = aksu_ipv6_find(net, target, AKSU_IPV6_TENTATIVE);

    if (!a || a->state != AKSU_IPV6_TENTATIVE) {
        return;
    }
    end_connections(net, a); // which it had before the link went
    if ((a->bits & AKSU_IPV6_MADE) && a->bits / AKSU_IPV6_TRIED < CLAIMS) {
        aksu_ipv6(net)->slaac->make(net, a);
    } else {
        a->state = AKSU_IPV6_DUPLICATE;
    }
}

// An address is ours: its group is told once more (RFC 3810 6.1), and routers are asked once there
// is one on the link.
static void ready(struct aksu *net, struct aksu_ipv6_address *a)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    a->state = AKSU_IPV6_READY;
    ip6->todo[AKSU_IPV6_REPORTS] = net->link->header_len ? AKSU_IPV6_ADDRESSES : 0;
    ip6->todo_at[AKSU_IPV6_REPORTS] = net->now_ms;
    if (ip6->slaac && aksu_ipv6_is_link_local(a->addr.octets)) {
        ip6->todo[AKSU_IPV6_SOLICITS] = SOLICITS;
        ip6->todo_at[AKSU_IPV6_SOLICITS] = aksu_ipv6_soon(net, CLAIM_MS);
    }
}

// The next step of a claim: first who listens to the group is told, after a random time the
// question is asked, and if nobody answers the address is ours.
static size_t claim(struct aksu *net, struct aksu_ipv6_address *a, uint8_t *frame)
{
    unsigned step = net->link->header_len > 0 ? ++a->tries : 0;

    if (step == 1) {
        a->at = aksu_ipv6_soon(net, CLAIM_MS);
        return aksu_mld_report(net, a, frame);
    }
    if (step == 2) {
        a->at = net->now_ms + CLAIM_MS;
        return aksu_nd_solicit(net, aksu_ipv6_any.octets, a->addr.octets, frame);
    }
    ready(net, a);
    return 0;
}

// --- Time ---

// When something is next to be done about an address, or about what there is once. False: never.
static bool due_at(const struct aksu_ipv6 *ip6, unsigned i, uint32_t *at)
{
    if (i >= AKSU_IPV6_ADDRESSES) {
        i -= AKSU_IPV6_ADDRESSES;
        *at = ip6->todo_at[i];
        return ip6->todo[i] > 0;
    }
    const struct aksu_ipv6_address *a = &ip6->address[i];

    *at = a->state == AKSU_IPV6_TENTATIVE ? a->at : a->valid_at;
    return a->state == AKSU_IPV6_TENTATIVE ||
           (a->state != AKSU_IPV6_NONE && !(a->bits & AKSU_IPV6_FOREVER));
}

// What comes first, and in how many milliseconds.
static uint32_t next(const struct aksu_ipv6 *ip6, uint32_t now_ms, unsigned *which)
{
    uint32_t least = AKSU_NEVER;

    for (unsigned i = AKSU_IPV6_ADDRESSES + AKSU_IPV6_TODO; i-- > 0;) {
        uint32_t at;
        if (due_at(ip6, i, &at)) {
            at = aksu_until(now_ms, at);
            if (at <= least) {
                least = at;
                *which = i;
            }
        }
    }
    return least;
}

// Tells of one of the groups that are to be told of.
static size_t report(struct aksu *net, uint8_t *frame)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const struct aksu_ipv6_address *a =
        &ip6->address[AKSU_IPV6_ADDRESSES - ip6->todo[AKSU_IPV6_REPORTS]--];

    return a->state >= AKSU_IPV6_TENTATIVE ? aksu_mld_report(net, a, frame) : 0;
}

// What is due about an address.
static size_t go_on(struct aksu *net, struct aksu_ipv6_address *a, uint8_t *frame)
{
    if (a->state == AKSU_IPV6_TENTATIVE) {
        return claim(net, a, frame);
    }
    a->state = AKSU_IPV6_NONE;
    end_connections(net, a);
    return 0;
}

// The next frame that our addresses need, or 0.
size_t aksu_address6_output(struct aksu *net, uint8_t *frame)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    size_t len = 0;
    unsigned i;

    while (len == 0 && next(ip6, net->now_ms, &i) == 0 &&
           i != AKSU_IPV6_ADDRESSES + AKSU_IPV6_SOLICITS) {
        len = i == AKSU_IPV6_ADDRESSES + AKSU_IPV6_REPORTS ? report(net, frame)
                                                           : go_on(net, &ip6->address[i], frame);
    }
    return len > 0 || !ip6->slaac ? len : ip6->slaac->output(net, frame);
}

uint32_t aksu_address6_idle(const struct aksu *net, uint32_t now_ms)
{
    unsigned which;

    return next(aksu_ipv6(net), now_ms, &which);
}

// --- Without routers ---

int aksu_ipv6_fixed(struct aksu *net, struct aksu_ipv6 *ip6)
{
    int error = aksu_ipv6_begin(net, ip6, NULL);
    uint8_t *end = ip6->address[0].addr.octets + 8;

    if (!error) { // RFC 4291 2.5.1
        memcpy(end, net->mac, 3);
        end[0] ^= 2;
        aksu_put16(end + 3, 0xfffe);
        memcpy(end + 5, net->mac + 3, 3);
        aksu_ipv6_claim(net, ip6->address);
    }
    return error;
}
