// SPDX-License-Identifier: MIT
// Our addresses, RFC 4862, and what routers say, RFC 4861 6. An address is made of the network's
// prefix and a keyed hash (RFC 7217), and claimed before it is used.
#include "ipv6.h"

enum {
    CLAIM_MS = 1000, // RETRANS_TIMER: how long another host may object (RFC 4862 5.4)
    SOLICIT_MS = 4000,
    SOLICITS = 3,
    CLAIMS = 3,     // addresses that are tried in a network: IDGEN_RETRIES
    CLAIM_NEXT = 8, // in address.bits, from there on: how many were tried
    STATION_OPTION = 1,
    PREFIX_OPTION = 3,
    MTU_OPTION = 5,
    SERVERS_OPTION = 25,
    ADVERT_LEN = 16,
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

// What is over stays so while the clock turns.
static void age(uint32_t now_ms, struct aksu_ipv6_router *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (left(now_ms, list[i].until) == 0) {
            list[i].until = now_ms;
        }
    }
}

static void age_all(const struct aksu *net)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    age(net->now_ms, ip6->router, AKSU_IPV6_ROUTERS);
    age(net->now_ms, ip6->server, AKSU_IPV6_SERVERS);
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
    uint64_t hash = aksu_hash(aksu_ipv6(net)->stable, words);

    aksu_put32(aksu_put32(a->addr.octets + 8, (uint32_t)(hash >> 32)), (uint32_t)hash);
    a->bits += CLAIM_NEXT;
    a->state = AKSU_IPV6_TENTATIVE;
    a->tries = 0;
    a->at = net->now_ms;
}

static struct aksu_ipv6_address *free_place(struct aksu_ipv6 *ip6)
{
    for (unsigned i = 0; i < AKSU_IPV6_ADDRESSES; i++) {
        if (ip6->address[i].state == AKSU_IPV6_NONE) {
            memset(&ip6->address[i], 0, sizeof ip6->address[i]);
            return &ip6->address[i];
        }
    }
    return NULL;
}

void aksu_slaac_start(struct aksu *net, const uint8_t stable[16])
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    struct aksu_ipv6_address *a = free_place(ip6);

    for (unsigned i = 0; i < 4; i++) {
        ip6->stable[i] = stable ? aksu_get32(stable + 4 * i) : net->secret[i];
    }
    ip6->hops = AKSU_TTL_DEFAULT;
    ip6->report = AKSU_NO_ADDRESS;
    ip6->mtu = net->mtu;
    for (unsigned i = 0; i < AKSU_IPV6_ROUTERS; i++) {
        ip6->router[i].until = net->now_ms;
    }
    for (unsigned i = 0; i < AKSU_IPV6_SERVERS; i++) {
        ip6->server[i].until = net->now_ms;
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
    struct aksu_ipv6_address *a = free_place(ip6);

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
    uint32_t local = (uint32_t)(a - aksu_ipv6(net)->address);

    for (uint32_t i = 0; i < net->store->rows; i++) {
        struct aksu_row *row = &net->store->row[i];
        if ((row->bits & AKSU_ROW_USED) && aksu_is_token(&row->pair) &&
            row->pair.local >> 16 == local) {
            aksu_stack_silence(net, row, AKSU_EHOSTUNREACH);
            aksu_table_schedule(net, row, 1); // what is due now has been asked for
        }
    }
}

// Another host has, or wants, an address that we claim (RFC 4862 5.4.3 to 5.4.5).
void aksu_slaac_conflict(struct aksu *net, const uint8_t *target)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    for (unsigned i = 0; i < AKSU_IPV6_ADDRESSES; i++) {
        struct aksu_ipv6_address *a = &ip6->address[i];
        if (a->state != AKSU_IPV6_TENTATIVE || memcmp(&a->addr, target, 16) != 0) {
            continue;
        }
        end_connections(net, a); // which it had before the link went
        if ((a->bits & AKSU_IPV6_MADE) && a->bits / CLAIM_NEXT < CLAIMS) {
            make(net, a);
        } else {
            a->state = AKSU_IPV6_DUPLICATE;
        }
    }
}

// An address is ours: routers are asked once there is one on the link.
static void ready(struct aksu *net, struct aksu_ipv6_address *a)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    a->state = AKSU_IPV6_READY;
    ip6->report = net->link->header_len ? 0 : AKSU_NO_ADDRESS; // once more (RFC 3810 6.1)
    ip6->report_at = net->now_ms;
    if (aksu_ipv6_is_link_local(a->addr.octets)) {
        ip6->solicits = SOLICITS;
        ip6->solicit_at = net->now_ms + aksu_ipv6_random(net, 1000);
    }
}

// The next step of a claim: first who listens to the group is told, after a random time the
// question is asked, and if nobody answers the address is ours.
static size_t claim(struct aksu *net, struct aksu_ipv6_address *a, uint8_t *frame)
{
    a->tries++;
    if (a->tries == 1 && net->link->header_len > 0) {
        a->at = net->now_ms + aksu_ipv6_random(net, CLAIM_MS);
        return aksu_mld_report(net, a, frame);
    }
    if (a->tries == 2 && net->link->header_len > 0) {
        a->at = net->now_ms + CLAIM_MS;
        return aksu_nd_solicit(net, aksu_ipv6_any.octets, a->addr.octets, frame);
    }
    ready(net, a);
    return 0;
}

static void expire(struct aksu *net, struct aksu_ipv6_address *a)
{
    a->state = AKSU_IPV6_NONE;
    end_connections(net, a);
}

// --- What routers say ---

// A life that a stranger may shorten, but not below two hours (RFC 4862 5.5.3 e).
static uint32_t new_end(uint32_t now_ms, uint32_t until, uint32_t ms)
{
    uint32_t now_left = left(now_ms, until);

    if (ms > TWO_HOURS_MS || ms > now_left) {
        return now_ms + ms;
    }
    return now_left <= TWO_HOURS_MS ? until : now_ms + TWO_HOURS_MS;
}

// A network of this link: RFC 4861 6.3.4, RFC 4862 5.5.3.
static void take_prefix(struct aksu *net, const uint8_t *p)
{
    enum { ON_LINK = 0x80, AUTONOMOUS = 0x40 };
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const uint8_t *prefix = p + 16;
    uint32_t valid = life(aksu_get32(p + 4));
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
    if (!a && valid > 0 && (a = free_place(ip6)) != NULL) {
        memcpy(&a->addr, prefix, 16);
        a->prefix = p[2];
        a->state = AKSU_IPV6_NETWORK;
        a->valid_at = net->now_ms;
    }
    if (!a) {
        return;
    }
    // Two hours are an address's: a network is what was said last, and with 0 it is gone.
    a->valid_at = a->state == AKSU_IPV6_NETWORK ? net->now_ms + valid
                                                : new_end(net->now_ms, a->valid_at, valid);
    if (p[3] & ON_LINK) {
        a->bits &= (uint8_t)~AKSU_IPV6_ON_LINK;
        a->bits |= valid > 0 ? AKSU_IPV6_ON_LINK : 0;
    }
    if (make_one) {
        a->preferred_at = net->now_ms + preferred;
        if (a->state == AKSU_IPV6_NETWORK) {
            a->bits |= AKSU_IPV6_MADE;
            make(net, a);
        }
    }
}

// Keeps an address for a time: its own place, else the one that ends first.
static void keep(uint32_t now_ms, struct aksu_ipv6_router *list, unsigned count,
                 const uint8_t *addr, uint32_t ms)
{
    struct aksu_ipv6_router *place = list;

    for (unsigned i = 0; i < count; i++) {
        if (memcmp(&list[i].addr, addr, 16) == 0) {
            place = &list[i];
            break;
        }
        if (left(now_ms, list[i].until) < left(now_ms, place->until)) {
            place = &list[i];
        }
    }
    if (ms > 0 || memcmp(&place->addr, addr, 16) == 0) {
        memcpy(&place->addr, addr, 16);
        place->until = now_ms + ms;
    }
}

static void take_option(struct aksu *net, const uint8_t *p)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    uint32_t len = p[1] * 8u;

    if (p[0] == PREFIX_OPTION && len == 32) {
        take_prefix(net, p);
    } else if (p[0] == MTU_OPTION && len == 8) {
        uint32_t mtu = aksu_get32(p + 4);
        ip6->mtu = mtu >= MTU_MIN && mtu <= net->mtu ? (uint16_t)mtu : ip6->mtu;
    } else if (p[0] == SERVERS_OPTION && len % 16 == 8) {
        for (uint32_t at = 8; at < len; at += 16) {
            keep(net->now_ms, ip6->server, AKSU_IPV6_SERVERS, p + at, life(aksu_get32(p + 4)));
        }
    }
}

// A router advertisement (RFC 4861 6.1.2, 6.3.4).
int aksu_slaac_input(struct aksu *net, const struct aksu_packet *in, const uint8_t *packet)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const uint8_t *router = packet + AKSU_IPV6_SOURCE;
    const uint8_t *p = in->payload;
    const uint8_t *mac = NULL;

    if (in->len < ADVERT_LEN || !aksu_ipv6_is_link_local(router) ||
        !aksu_nd_options(p + ADVERT_LEN, in->len - ADVERT_LEN, STATION_OPTION, &mac)) {
        return AKSU_DROP_ICMP;
    }
    uint32_t seconds = aksu_get16(p + 6);

    keep(net->now_ms, ip6->router, AKSU_IPV6_ROUTERS, router, life(seconds));
    ip6->hops = p[4] ? p[4] : ip6->hops;
    ip6->solicits = seconds ? 0 : ip6->solicits;
    if (mac && ip6->learn) {
        ip6->learn(net, router, mac, true);
    }
    for (uint32_t at = ADVERT_LEN; at < in->len; at += p[at + 1] * 8u) {
        take_option(net, p + at);
    }
    return 0;
}

// --- Choices ---

// Which of our addresses talks to one: one of the same reach (RFC 6724 5, rules 2 and 3), of the
// same network if there is one. Or AKSU_NO_ADDRESS.
unsigned aksu_slaac_source(const struct aksu *net, const uint8_t *destination)
{
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    bool near = aksu_ipv6_is_link_local(destination);
    unsigned best = AKSU_NO_ADDRESS;
    unsigned most = 0;

    for (unsigned i = 0; i < AKSU_IPV6_ADDRESSES; i++) {
        const struct aksu_ipv6_address *a = &ip6->address[i];
        if (a->state != AKSU_IPV6_READY || aksu_ipv6_is_link_local(a->addr.octets) != near) {
            continue;
        }
        bool fresh = (a->bits & AKSU_IPV6_FOREVER) || left(net->now_ms, a->preferred_at) > 0;
        unsigned score = 1u + (fresh ? 2u : 0u) +
                         (same_network(a->addr.octets, destination, a->prefix) ? 1u : 0u);
        if (score > most) {
            most = score;
            best = i;
        }
    }
    return best;
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
    const struct aksu_ipv6_router *s = &aksu_ipv6(net)->server[i];

    return i < AKSU_IPV6_SERVERS && left(net->now_ms, s->until) > 0 ? &s->addr : NULL;
}

// --- Time ---

// When something is next to be done about an address. False: never.
static bool due_at(const struct aksu_ipv6_address *a, uint32_t *at)
{
    if (a->state == AKSU_IPV6_TENTATIVE) {
        *at = a->at;
    } else {
        *at = a->valid_at;
    }
    return a->state == AKSU_IPV6_TENTATIVE ||
           (a->state != AKSU_IPV6_NONE && !(a->bits & AKSU_IPV6_FOREVER));
}

// Asks for routers (RFC 4861 6.3.7).
static size_t solicit(struct aksu *net, uint8_t *frame)
{
    static const uint8_t routers[16] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    uint32_t header = net->link->header_len;
    uint8_t *packet = frame + header;
    unsigned local = aksu_slaac_source(net, ip6->address[0].addr.octets);

    ip6->solicits--;
    ip6->solicit_at = net->now_ms + SOLICIT_MS;
    if (local == AKSU_NO_ADDRESS) {
        return 0;
    }
    uint8_t *p = aksu_ipv6_put(packet, AKSU_PROTOCOL_ICMPV6, 255, ip6->address[local].addr.octets,
                               routers, header ? 16 : 8);

    p = aksu_put32(aksu_put32(p, (uint32_t)AKSU_ND_ROUTER_SOLICIT << 24), 0);
    if (header) {
        aksu_nd_put_station(net, p, STATION_OPTION);
        aksu_ipv6_group_frame(net, frame, routers);
    }
    return header + aksu_icmpv6_finish(packet, 0);
}

// The next frame that our addresses need, or 0.
size_t aksu_slaac_output(struct aksu *net, uint8_t *frame)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    size_t len = 0;
    uint32_t at;

    age_all(net);
    for (unsigned i = 0; i < AKSU_IPV6_ADDRESSES && len == 0; i++) {
        struct aksu_ipv6_address *a = &ip6->address[i];
        while (len == 0 && due_at(a, &at) && aksu_reached(net->now_ms, at)) {
            if (a->state == AKSU_IPV6_TENTATIVE) {
                len = claim(net, a, frame);
            } else {
                expire(net, a);
            }
        }
    }
    while (len == 0 && ip6->report < AKSU_NO_ADDRESS && aksu_reached(net->now_ms, ip6->report_at)) {
        const struct aksu_ipv6_address *a = &ip6->address[ip6->report++];
        len = a->state >= AKSU_IPV6_TENTATIVE ? aksu_mld_report(net, a, frame) : 0;
    }
    if (len == 0 && ip6->solicits > 0 && aksu_reached(net->now_ms, ip6->solicit_at)) {
        len = solicit(net, frame);
    }
    return len;
}

static uint32_t sooner(uint32_t wait, uint32_t now_ms, uint32_t at)
{
    return aksu_min32(wait, aksu_reached(now_ms, at) ? 0 : at - now_ms);
}

uint32_t aksu_slaac_idle(const struct aksu *net, uint32_t now_ms)
{
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    uint32_t wait = AKSU_NEVER;
    uint32_t at;

    for (unsigned i = 0; i < AKSU_IPV6_ADDRESSES; i++) {
        if (due_at(&ip6->address[i], &at)) {
            wait = sooner(wait, now_ms, at);
        }
    }
    if (ip6->report < AKSU_NO_ADDRESS) {
        wait = sooner(wait, now_ms, ip6->report_at);
    }
    return ip6->solicits > 0 ? sooner(wait, now_ms, ip6->solicit_at) : wait;
}
