// SPDX-License-Identifier: MIT
// SLAAC, RFC 4862 5.5, and what routers say, RFC 4861 6. An address is made of the network's prefix
// and a keyed hash (RFC 7217).
#include "ipv6.h"

enum {
    SOLICIT_MS = 4000,
    PREFIX_OPTION = 3 << 8 | 4, // and length in words of 8 octets
    MTU_OPTION = 5 << 8 | 1,
    SERVERS_OPTION = 25,
    MTU_MIN = 1280
};

static const uint32_t TWO_HOURS_MS = UINT32_C(7200000);

// Seconds in milliseconds, as far as the clock reaches.
static uint32_t life(uint32_t seconds)
{
    return seconds < AKSU_IPV6_LIFE_MAX_MS / 1000 ? seconds * 1000 : AKSU_IPV6_LIFE_MAX_MS;
}

// --- Addresses ---

// The next address in a network (RFC 7217 5).
static void make(struct aksu *net, struct aksu_ipv6_address *a)
{
    uint32_t words[4] = {aksu_get32(a->addr.octets), aksu_get32(a->addr.octets + 4),
                         aksu_get32(net->mac), aksu_get16(net->mac + 4)};

    words[3] |= (uint32_t)(a->bits / AKSU_IPV6_TRIED) << 16;
    uint64_t hash = aksu_hash(aksu_ipv6(net)->stable, words);

    aksu_put32(aksu_put32(a->addr.octets + 8, (uint32_t)(hash >> 32)), (uint32_t)hash);
    a->bits += AKSU_IPV6_TRIED;
    aksu_ipv6_claim(net, a);
}

// --- What routers say ---

// The network of an option, if it is known, or NULL.
static struct aksu_ipv6_address *network(const struct aksu *net, const uint8_t *p)
{
    struct aksu_ipv6_address *a = aksu_ipv6(net)->address;

    for (unsigned i = AKSU_IPV6_ADDRESSES; i > 0; i--, a++) {
        if (a->state != AKSU_IPV6_NONE && !(a->bits & AKSU_IPV6_FOREVER) && a->prefix == p[2] &&
            aksu_ipv6_same_network(a->addr.octets, p + 16, p[2])) {
            return a;
        }
    }
    return NULL;
}

// A network of this link: RFC 4861 6.3.4, RFC 4862 5.5.3.
static void take_prefix(struct aksu *net, const uint8_t *p, uint32_t valid)
{
    enum { ON_LINK = 0x80, AUTONOMOUS = 0x40 };
    const uint8_t *prefix = p + 16;
    uint32_t preferred = life(aksu_get32(p + 8));
    bool make_one = (p[3] & AUTONOMOUS) && p[2] == 64 && preferred <= valid;

    if (p[2] > 128 || aksu_ipv6_is_link_local(prefix) || aksu_ipv6_is_multicast(prefix) ||
        !(make_one || (p[3] & ON_LINK))) {
        return;
    }
    struct aksu_ipv6_address *a = network(net, p);

    if (!a && valid > 0 && (a = aksu_ipv6_place(net)) != NULL) {
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
        uint32_t least = aksu_min32(aksu_ipv6_left(net->now_ms, a->valid_at), TWO_HOURS_MS);
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
static int input(struct aksu *net, const struct aksu_packet *in, const uint8_t *mac)
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
            aksu_ipv6_same_network(a->addr.octets, destination, a->prefix)) {
            return destination;
        }
    }
    for (unsigned i = 0; ip6->slaac && i < AKSU_IPV6_ROUTERS; i++) {
        uint32_t ms = aksu_ipv6_left(net->now_ms, ip6->router[i].until);
        if (ms > 0 && (!best || ms > aksu_ipv6_left(net->now_ms, best->until))) {
            best = &ip6->router[i];
        }
    }
    return best ? best->addr.octets : NULL;
}

const struct aksu_addr *aksu_ipv6_server(const struct aksu *net, unsigned i)
{
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    if (!ip6->slaac || i >= AKSU_IPV6_SERVERS) {
        return NULL;
    }
    const struct aksu_ipv6_router *s = &ip6->router[AKSU_IPV6_ROUTERS + i];

    return aksu_ipv6_left(net->now_ms, s->until) > 0 ? &s->addr : NULL;
}

// --- Time ---

// Asks for routers (RFC 4861 6.3.7).
static size_t solicit(struct aksu *net, uint8_t *frame)
{
    static const uint8_t routers[16] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const struct aksu_ipv6_address *local = aksu_address6_near(net);

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
        if (aksu_ipv6_left(net->now_ms, r[i].until) == 0) {
            r[i].until = net->now_ms;
        }
    }
}

// The next question for routers, or 0.
static size_t output(struct aksu *net, uint8_t *frame)
{
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    age(net);
    return ip6->todo[AKSU_IPV6_SOLICITS] > 0 &&
                   aksu_reached(net->now_ms, ip6->todo_at[AKSU_IPV6_SOLICITS])
               ? solicit(net, frame)
               : 0;
}

int aksu_ipv6_start(struct aksu *net, struct aksu_ipv6 *ip6, const uint8_t stable[16])
{
    static const struct aksu_slaac_ops ops = {input, make, output};
    int error = aksu_ipv6_begin(net, ip6, &ops);

    if (error) {
        return error;
    }
    for (unsigned i = 0; i < 4; i++) {
        ip6->stable[i] = stable ? aksu_get32(stable + 4 * i) : net->secret[i];
    }
    for (unsigned i = 0; i < AKSU_IPV6_HEARD; i++) {
        ip6->router[i].until = net->now_ms;
    }
    ip6->address[0].bits |= AKSU_IPV6_MADE;
    make(net, ip6->address);
    return AKSU_OK;
}
