// SPDX-License-Identifier: MIT
// An address is asked for before it is used, announced, and defended: RFC 5227. The first that
// claims an address of ours is answered by arp.c; who does so again within ten seconds comes here.
#include "claim.h"

enum {
    PROBE_WAIT_MS = 1000,
    PROBES = 3,
    PROBE_MIN_MS = 1000,
    PROBE_SPAN_MS = 1000, // to PROBE_MAX
    ANNOUNCE_WAIT_MS = 2000,
    ANNOUNCEMENTS = 2,
    ANNOUNCE_MS = 2000,
    SENDER = 14, // in ARP's packet
    TARGET = 24
};

static const struct aksu_more_ops ops;

static struct aksu_claim *ours(const struct aksu *net)
{
    return (struct aksu_claim *)aksu_more_find(net, &ops); // its first member
}

// A number that is another one for each station: RFC 3927 2.1.
uint32_t aksu_claim_chance(const struct aksu *net, const struct aksu_claim *claim, uint32_t more)
{
    static const uint32_t key[4];
    const uint32_t words[4] = {aksu_get32(net->mac), aksu_get16(net->mac + 4), claim->addr, more};

    return (uint32_t)aksu_hash(key, words);
}

static bool is_ours(const struct aksu_claim *claim)
{
    return claim->state >= AKSU_CLAIM_ANNOUNCE;
}

// From now on an address is used by nobody here. Connections wait (RFC 5227 2.1: not until it has
// been probed).
static void put_down(struct aksu *net)
{
    net->addr = 0;
    net->netmask = 0;
    net->gateway = 0;
}

// Begins anew. wait_ms: before the time by chance (2.1.1).
void aksu_claim_probe(struct aksu *net, struct aksu_claim *claim, uint32_t wait_ms)
{
    put_down(net);
    claim->state = AKSU_CLAIM_PROBE;
    claim->tries = 0;
    claim->at = net->now_ms + wait_ms + aksu_claim_chance(net, claim, net->now_ms) % PROBE_WAIT_MS;
}

static void tell(struct aksu *net, struct aksu_claim *claim, int error)
{
    if (claim->next) {
        claim->next(net, claim, error);
    }
    if (claim->on_claim) {
        claim->on_claim(net, claim, error);
    }
}

// --- What comes in ---

// A well-formed ARP packet. While the address is probed, both who uses it and who asks for it to
// take it have it (2.1.1); when it is ours, who uses it (2.4).
static bool conflicts(const struct aksu_claim *claim, const uint8_t *p)
{
    uint32_t sender = aksu_get32(p + SENDER);

    return claim->state >= AKSU_CLAIM_PROBE &&
           (sender == claim->addr ||
            (!is_ours(claim) && sender == 0 && aksu_get32(p + TARGET) == claim->addr));
}

// Whether the stack has another address now than the claim has given it.
static bool overtaken(const struct aksu *net, const struct aksu_claim *claim)
{
    return claim->state >= AKSU_CLAIM_PROBE && net->addr != (is_ours(claim) ? claim->addr : 0);
}

static int input(struct aksu *net, struct aksu_packet *in, int drop)
{
    struct aksu_claim *claim = ours(net);

    if (drop == AKSU_DROP_ARP && !overtaken(net, claim) && conflicts(claim, in->payload)) {
        aksu_more_lose(net);
        claim->state = AKSU_CLAIM_NONE;
        tell(net, claim, AKSU_EADDRINUSE);
    }
    return aksu_more_input(&claim->more, net, in, drop);
}

// --- What goes out ---

// A question for the address: from nobody (2.1.1), or when it is ours from it, an announcement
// (2.3).
static size_t ask(const struct aksu *net, const struct aksu_claim *claim, uint8_t *frame)
{
    static const uint8_t unknown[6];

    return aksu_arp_put(net, frame, aksu_broadcast, AKSU_ARP_REQUEST, unknown, claim->addr);
}

static size_t probe(struct aksu *net, struct aksu_claim *claim, uint8_t *frame)
{
    if (claim->tries < PROBES) {
        uint32_t span = aksu_claim_chance(net, claim, net->now_ms) % PROBE_SPAN_MS;
        claim->tries++;
        claim->at = net->now_ms + (claim->tries == PROBES ? ANNOUNCE_WAIT_MS : PROBE_MIN_MS + span);
        return ask(net, claim, frame);
    }
    net->addr = claim->addr;
    net->netmask = claim->netmask;
    net->gateway = claim->gateway;
    claim->state = AKSU_CLAIM_ANNOUNCE;
    claim->tries = 0;
    tell(net, claim, AKSU_OK);
    return 0;
}

static size_t announce(struct aksu *net, struct aksu_claim *claim, uint8_t *frame)
{
    claim->at = net->now_ms + ANNOUNCE_MS;
    if (++claim->tries == ANNOUNCEMENTS) {
        claim->state = AKSU_CLAIM_OURS;
    }
    return ask(net, claim, frame);
}

// Whether one that waits has to begin to, or to wait for longer. tries: since when it has.
static bool turned(const struct aksu *net, const struct aksu_claim *claim)
{
    return claim->state == AKSU_CLAIM_WAIT && (claim->tries != 0) != (net->addr == 0);
}

static void turn(struct aksu *net, struct aksu_claim *claim)
{
    if (overtaken(net, claim)) {
        claim->state = claim->next ? AKSU_CLAIM_WAIT : AKSU_CLAIM_NONE;
        claim->tries = 0;
    }
    if (turned(net, claim)) {
        claim->tries = net->addr == 0;
        claim->next(net, claim, AKSU_OK); // when it ends
    }
}

// Whether there is a time to wait for.
static bool timed(const struct aksu_claim *claim)
{
    return claim->state == AKSU_CLAIM_WAIT
               ? claim->tries != 0
               : claim->state == AKSU_CLAIM_PROBE || claim->state == AKSU_CLAIM_ANNOUNCE;
}

static size_t output(struct aksu *net, uint8_t *frame, uint8_t *packet, const uint8_t **mac)
{
    struct aksu_claim *claim = ours(net);
    size_t len = 0;

    turn(net, claim);
    while (len == 0 && timed(claim) && aksu_reached(net->now_ms, claim->at)) {
        if (claim->state == AKSU_CLAIM_WAIT) {
            aksu_claim_probe(net, claim, 0);
        } else {
            len = is_ours(claim) ? announce(net, claim, frame) : probe(net, claim, frame);
        }
    }
    return len > 0 ? len : aksu_more_output(&claim->more, net, frame, packet, mac);
}

static uint32_t idle(const struct aksu *net, uint32_t now_ms, uint32_t wait_ms)
{
    const struct aksu_claim *claim = ours(net);

    if (overtaken(net, claim) || turned(net, claim)) {
        return 0;
    }
    if (timed(claim)) {
        wait_ms = aksu_min32(wait_ms, aksu_until(now_ms, claim->at));
    }
    return aksu_more_idle(&claim->more, net, now_ms, wait_ms);
}

// The link is back, which may be another one (2.1): what is not another's address is probed anew,
// and connections wait for that.
static void link_changed(struct aksu *net, struct aksu_more *m, bool up)
{
    struct aksu_claim *claim = (struct aksu_claim *)m;

    if (up && claim->state != AKSU_CLAIM_WAIT && !overtaken(net, claim) &&
        (is_ours(claim) || net->addr == 0)) {
        aksu_claim_probe(net, claim, 0);
    }
}

static const struct aksu_more_ops ops = {input, output, idle, NULL, NULL, false, link_changed};

// --- Calls ---

int aksu_claim_add(struct aksu *net, struct aksu_claim *claim, aksu_on_claim on_claim)
{
    if (!aksu_more_add(net, &claim->more, &ops)) {
        return AKSU_EBUSY;
    }
    *claim = (struct aksu_claim){.more = claim->more, .on_claim = on_claim};
    return AKSU_OK;
}

int aksu_claim(struct aksu *net, struct aksu_claim *claim, const struct aksu_addr *addr,
               uint8_t prefix, const struct aksu_addr *gateway, aksu_on_claim on_claim)
{
    struct aksu_claim *there = ours(net);

    if (there && (there != claim || claim->next)) {
        return AKSU_EBUSY;
    }
    if (!aksu_has_stations(net) || aksu_set_address(net, addr, prefix, gateway)) {
        return AKSU_EINVAL;
    }
    if (!there) {
        aksu_claim_add(net, claim, on_claim);
    }
    claim->on_claim = on_claim;
    claim->addr = net->addr;
    claim->netmask = net->netmask;
    claim->gateway = net->gateway;
    aksu_claim_probe(net, claim, 0);
    return AKSU_OK;
}
