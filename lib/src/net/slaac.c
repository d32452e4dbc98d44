// SPDX-License-Identifier: MIT
// Our addresses, RFC 4862, and what routers say, RFC 4861 6. An address is made of the network's
// prefix and a keyed hash (RFC 7217), and claimed before it is used.
#include "ipv6.h"

enum {
    CLAIM_MS = 1000, // RETRANS_TIMER: how long another host may object (RFC 4862 5.4)
    SOLICIT_MS = 4000,
    SOLICITS = 3,
    CLAIMS = 3,                 // addresses that are tried in a network: IDGEN_RETRIES
    CLAIM_NEXT = 8,             // in address.bits, from there on: how many were tried
    PREFIX_OPTION = 3 << 8 | 4, // and length in words of 8 octets
    MTU_OPTION = 5 << 8 | 1,
    SERVERS_OPTION = 25,
    MTU_MIN = 1280
};

static const uint32_t LIFE_MAX_MS = UINT32_C(1) << 30; // 12 days; what is longer is said again
static const uint32_t TWO_HOURS_MS = UINT32_C(7200000);

// Seconds in milliseconds, as far as the clock reaches.
static uint32_t life(uint32_t seconds)
{
    return seconds < LIFE_MAX_MS / 1000 ? seconds * 1000 : LIFE_MAX_MS;
}

// What is left of a life that ends then.
static uint32_t left(uint32_t now_ms, uint32_t until)
{
    uint32_t ms = until - now_ms;

    return ms <= LIFE_MAX_MS ? ms : 0;
}

static bool same_network(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    return memcmp(a, b, bits / 8) == 0 &&
           (bits % 8 == 0 || ((a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8)) == 0);
}

// --- Addresses ---

// The next address in a network (RFC 7217 5).
static void make(struct aksu *net, struct aksu_ipv6_address *a)
{
    uint32_t words[4] = {aksu_get32(a->addr.octets), aksu_get32(a->addr.octets + 4),
                         aksu_get32(net->mac), aksu_get16(net->mac + 4)};

    words[3] |= (uint32_t)(a->bits / CLAIM_NEXT) << 16;
    uint64_t hash = aksu_siphash(aksu_ipv6(net)->stable, words, 2);

    words[0] = (uint32_t)(hash >> 32);
    words[1] = (uint32_t)hash;
    for (unsigned i = 0; i < 2; i++) {
        aksu_put32(a->addr.octets + 8 + 4 * i, words[i]);
    }
    a->bits += CLAIM_NEXT;
    a->state = AKSU_IPV6_TENTATIVE;
    a->tries = 0;
    a->at = net->now_ms;
}

static struct aksu_ipv6_address *free_place(const struct aksu *net)
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

void aksu_slaac_start(struct aksu *net, const uint8_t stable[16])
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    struct aksu_ipv6_address *a = free_place(net);

    for (unsigned i = 0; i < 4; i++) {
        ip6->stable[i] = stable ? aksu_get32(stable + 4 * i) : net->secret[i];
    }
    ip6->hops = AKSU_TTL_DEFAULT;
    ip6->mtu = net->mtu;
    for (unsigned i = 0; i < AKSU_IPV6_HEARD; i++) {
        ip6->router[i].until = net->now_ms;
    }
    a->addr.octets[0] = 0xfe;
    a->addr.octets[1] = 0x80;
    a->prefix = 64;
    a->bits = AKSU_IPV6_FOREVER | AKSU_IPV6_MADE;
    make(net, a);
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
    struct aksu_ipv6_address *a = free_place(net);

    if (!a) {
        return AKSU_ENOMEM;
    }
    a->addr = *addr;
    a->prefix = prefix;
    a->bits = AKSU_IPV6_FOREVER | (prefix ? AKSU_IPV6_ON_LINK : 0);
    a->state = AKSU_IPV6_TENTATIVE;
    a->at = net->now_ms;
    return AKSU_OK;
}

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
void aksu_slaac_conflict(struct aksu *net, const uint8_t *target)
{
    struct aksu_ipv6_address *a = aksu_ipv6_find(net, target, AKSU_IPV6_TENTATIVE);

    if (!a || a->state != AKSU_IPV6_TENTATIVE) {
        return;
    }
    end_connections(net, a); // which it had before the link went
    if ((a->bits & AKSU_IPV6_MADE) && a->bits / CLAIM_NEXT < CLAIMS) {
        make(net, a);
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
    if (aksu_ipv6_is_link_local(a->addr.octets)) {
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

// --- What routers say ---

// A network of this link: RFC 4861 6.3.4, RFC 4862 5.5.3.
static void take_prefix(struct aksu *net, const uint8_t *p, uint32_t valid)
{
    enum { ON_LINK = 0x80, AUTONOMOUS = 0x40 };
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const uint8_t *prefix = p + 16;
    uint32_t preferred = life(aksu_get32(p + 8));
    bool make_one = (p[3] & AUTONOMOUS) && p[2] == 64 && preferred <= valid;
    struct aksu_ipv6_address *a = NULL;

    if (p[2] > 128 || aksu_ipv6_is_link_local(prefix) || aksu_ipv6_is_multicast(prefix) ||
        !(make_one || (p[3] & ON_LINK))) {
        return;
    }
    for (unsigned i = 0; i < AKSU_IPV6_ADDRESSES && !a; i++) {
        struct aksu_ipv6_address *b = &ip6->address[i];
        bool known = b->state != AKSU_IPV6_NONE && !(b->bits & AKSU_IPV6_FOREVER) &&
                     b->prefix == p[2] && same_network(b->addr.octets, prefix, p[2]);
        a = known ? b : NULL;
    }
    if (!a && valid > 0 && (a = free_place(net)) != NULL) {
        aksu_ipv6_copy(a->addr.octets, prefix);
        a->prefix = p[2];
        a->state = AKSU_IPV6_NETWORK;
    }
    if (!a) {
        return;
    }
    if (p[3] & ON_LINK) {
        a->bits &= (uint8_t)~AKSU_IPV6_ON_LINK;
        a->bits |= valid > 0 ? AKSU_IPV6_ON_LINK : 0;
    }
    a->preferred_at = make_one ? net->now_ms + preferred : a->preferred_at;
    // A stranger may shorten an address's life, but not below two hours (RFC 4862 5.5.3 e); a
    // network is what was said last, and with 0 it is gone.
    if (a->state != AKSU_IPV6_NETWORK) {
        uint32_t least = aksu_min32(left(net->now_ms, a->valid_at), TWO_HOURS_MS);
        valid = valid < least ? least : valid;
    } else if (make_one) {
        a->bits |= AKSU_IPV6_MADE;
        make(net, a);
    }
    a->valid_at = net->now_ms + valid;
}

// Keeps an address for a time, of a router or of a name server: in its own place, else in that of
// the one that ends first.
static void keep(const struct aksu *net, struct aksu_ipv6_router *list, unsigned count,
                 const uint8_t *addr, uint32_t ms)
{
    struct aksu_ipv6_router *place = list;

    for (; count > 0; count--, list++) {
        if (aksu_ipv6_same(list->addr.octets, addr)) {
            list->until = net->now_ms + ms;
            return;
        }
        if (!aksu_reached(list->until, place->until)) {
            place = list;
        }
    }
    if (ms > 0) {
        aksu_ipv6_copy(place->addr.octets, addr);
        place->until = net->now_ms + ms;
    }
}

static void take_option(struct aksu *net, const uint8_t *p)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    uint32_t value = aksu_get32(p + 4);
    uint32_t ms = life(value);
    unsigned kind = aksu_get16(p); // and length

    if (kind == PREFIX_OPTION) {
        take_prefix(net, p, ms);
    } else if (kind == MTU_OPTION && value >= MTU_MIN && value <= net->mtu) {
        ip6->mtu = (uint16_t)value;
    } else if (p[0] == SERVERS_OPTION && p[1] % 2) {
        for (uint32_t i = 1; i < p[1]; i += 2) {
            keep(net, ip6->router + AKSU_IPV6_ROUTERS, AKSU_IPV6_SERVERS, p + i * 8, ms);
        }
    }
}

// A router advertisement (RFC 4861 6.1.2, 6.3.4), whose options are well-formed. mac: the station
// that they tell, or NULL.
int aksu_slaac_input(struct aksu *net, const struct aksu_packet *in, const uint8_t *mac)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const uint8_t *router = in->header + AKSU_IPV6_SOURCE;
    const uint8_t *p = in->payload;
    uint32_t seconds = aksu_get16(p + 6);

    if (!aksu_ipv6_is_link_local(router)) {
        return AKSU_DROP_ICMP;
    }
    keep(net, ip6->router, AKSU_IPV6_ROUTERS, router, seconds * 1000);
    if (p[4]) {
        ip6->hops = p[4];
    }
    if (seconds) {
        ip6->todo[AKSU_IPV6_SOLICITS] = 0;
    }
    if (mac && ip6->learn) {
        ip6->learn(net, router, mac, true);
    }
    for (uint32_t at = AKSU_ND_ROUTER_LEN; at < in->len; at += p[at + 1] * 8u) {
        take_option(net, p + at);
    }
    return 0;
}

// --- Choices ---

// Which of our addresses talks to one: one of the same reach (RFC 6724 5, rules 2 and 3), of the
// same network if there is one. Or NULL.
struct aksu_ipv6_address *aksu_slaac_source(const struct aksu *net, const uint8_t *destination)
{
    struct aksu_ipv6_address *a = aksu_ipv6(net)->address;
    struct aksu_ipv6_address *best = NULL;
    bool near = aksu_ipv6_is_link_local(destination);
    unsigned most = 0;

    for (unsigned i = AKSU_IPV6_ADDRESSES; i > 0; i--, a++) {
        if (a->state != AKSU_IPV6_READY || aksu_ipv6_is_link_local(a->addr.octets) != near) {
            continue;
        }
        bool fresh = (a->bits & AKSU_IPV6_FOREVER) || left(net->now_ms, a->preferred_at) > 0;
        unsigned score = 1u + (fresh ? 2u : 0u) +
                         (same_network(a->addr.octets, destination, a->prefix) ? 1u : 0u);
        if (score > most) {
            most = score;
            best = a;
        }
    }
    return best;
}

// Which of them talks to this link.
struct aksu_ipv6_address *aksu_slaac_near(const struct aksu *net)
{
    return aksu_slaac_source(net, aksu_ipv6(net)->address[0].addr.octets);
}

// Who packets for an address are handed to: it itself on this link, else a router. NULL: nobody.
const uint8_t *aksu_slaac_next_hop(const struct aksu *net, const uint8_t *destination)
{
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const struct aksu_ipv6_router *best = NULL;

    if (aksu_ipv6_is_link_local(destination)) {
        return destination;
    }
    for (unsigned i = 0; i < AKSU_IPV6_ADDRESSES; i++) {
        const struct aksu_ipv6_address *a = &ip6->address[i];
        if (a->state != AKSU_IPV6_NONE && (a->bits & AKSU_IPV6_ON_LINK) &&
            same_network(a->addr.octets, destination, a->prefix)) {
            return destination;
        }
    }
    for (unsigned i = 0; i < AKSU_IPV6_ROUTERS; i++) {
        uint32_t ms = left(net->now_ms, ip6->router[i].until);
        if (ms > 0 && (!best || ms > left(net->now_ms, best->until))) {
            best = &ip6->router[i];
        }
    }
    return best ? best->addr.octets : NULL;
}

const struct aksu_ipv6_address *aksu_ipv6_address(const struct aksu *net, unsigned i)
{
    return i < AKSU_IPV6_ADDRESSES ? &aksu_ipv6(net)->address[i] : NULL;
}

const struct aksu_addr *aksu_ipv6_server(const struct aksu *net, unsigned i)
{
    const struct aksu_ipv6_router *s = &aksu_ipv6(net)->router[AKSU_IPV6_ROUTERS + i];

    return i < AKSU_IPV6_SERVERS && left(net->now_ms, s->until) > 0 ? &s->addr : NULL;
}

// --- Time ---

// When something is next to be done about an address, or about what there is once. False: never.
static bool due_at(const struct aksu_ipv6 *ip6, unsigned i, uint32_t *at)
{
    const struct aksu_ipv6_address *a = &ip6->address[i];

    if (i >= AKSU_IPV6_ADDRESSES) {
        i -= AKSU_IPV6_ADDRESSES;
        *at = ip6->todo_at[i];
        return ip6->todo[i] > 0;
    }
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
            at = aksu_reached(now_ms, at) ? 0 : at - now_ms;
            if (at <= least) {
                least = at;
                *which = i;
            }
        }
    }
    return least;
}

// Asks for routers (RFC 4861 6.3.7).
static size_t solicit(struct aksu *net, uint8_t *frame)
{
    static const uint8_t routers[16] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const struct aksu_ipv6_address *local = aksu_slaac_near(net);

    ip6->todo[AKSU_IPV6_SOLICITS]--;
    ip6->todo_at[AKSU_IPV6_SOLICITS] = net->now_ms + SOLICIT_MS;
    return local
               ? aksu_nd_put(net, frame, AKSU_ND_ROUTER_SOLICIT, local->addr.octets, routers, NULL)
               : 0;
}

// What is over stays so while the clock turns.
static void age(const struct aksu *net)
{
    struct aksu_ipv6_router *r = aksu_ipv6(net)->router;

    for (unsigned i = 0; i < AKSU_IPV6_HEARD; i++) {
        if (left(net->now_ms, r[i].until) == 0) {
            r[i].until = net->now_ms;
        }
    }
}

// The next frame that our addresses need, or 0.
size_t aksu_slaac_output(struct aksu *net, uint8_t *frame)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    size_t len = 0;
    unsigned i;

    age(net);
    while (len == 0 && next(ip6, net->now_ms, &i) == 0) {
        struct aksu_ipv6_address *a = &ip6->address[i];
        if (i == AKSU_IPV6_ADDRESSES + AKSU_IPV6_SOLICITS) {
            len = solicit(net, frame);
        } else if (i == AKSU_IPV6_ADDRESSES + AKSU_IPV6_REPORTS) {
            a -= ip6->todo[AKSU_IPV6_REPORTS]--;
            len = a->state >= AKSU_IPV6_TENTATIVE ? aksu_mld_report(net, a, frame) : 0;
        } else if (a->state == AKSU_IPV6_TENTATIVE) {
            len = claim(net, a, frame);
        } else {
            a->state = AKSU_IPV6_NONE;
            end_connections(net, a);
        }
    }
    return len;
}

uint32_t aksu_slaac_idle(const struct aksu *net, uint32_t now_ms)
{
    unsigned which;

    return next(aksu_ipv6(net), now_ms, &which);
}
