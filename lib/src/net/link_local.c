// SPDX-License-Identifier: MIT
// Addresses of the link, RFC 3927: a claim that chooses its address, and the next one if another
// host has it.
#include "claim.h"

enum {
    MAX_CONFLICTS = 10,
    FIRST = 256,        // the first and the last 256 addresses are reserved (2.1)
    RANGE = 65536 - 512 // addresses
};

static const uint32_t RATE_LIMIT_MS = UINT32_C(60000);
static const uint32_t NETMASK = UINT32_C(0xffff0000);

// 2.5: all packets of ARP that have such an address go to all.
static size_t answer(struct aksu *net, const struct aksu_answer *a, uint8_t *frame)
{
    const struct aksu_link_local *local =
        (const struct aksu_link_local *)((const uint8_t *)net->link -
                                         offsetof(struct aksu_link_local, link));
    size_t len = local->inner->answer(net, a, frame);

    if (a->kind == AKSU_ARP_REPLY && (net->addr & NETMASK) == AKSU_LINK_LOCAL) {
        memcpy(frame, aksu_broadcast, sizeof aksu_broadcast);
    }
    return len;
}

static void choose(const struct aksu *net, struct aksu_link_local *local)
{
    local->claim.addr = 0;
    local->claim.addr =
        AKSU_LINK_LOCAL + FIRST + aksu_claim_chance(net, &local->claim, local->tried++) % RANGE;
}

static void next(struct aksu *net, struct aksu_claim *claim, int error)
{
    struct aksu_link_local *local = (struct aksu_link_local *)claim; // its first member

    if (error) { // 2.2.1: after so many conflicts at most one address a minute
        local->conflicts = (uint8_t)(local->conflicts + (local->conflicts < MAX_CONFLICTS));
        choose(net, local);
        aksu_claim_probe(net, claim, local->conflicts < MAX_CONFLICTS ? 0 : RATE_LIMIT_MS);
    } else if (claim->state == AKSU_CLAIM_WAIT) {
        claim->at = net->now_ms + local->wait_ms;
    } else if (net->link != &local->link) {
        local->inner = net->link;
        local->link = *net->link;
        local->link.answer = answer;
        net->link = &local->link;
    }
}

int aksu_link_local(struct aksu *net, struct aksu_link_local *local, uint32_t wait_ms,
                    aksu_on_claim on_claim)
{
    if (!aksu_has_stations(net)) {
        return AKSU_EINVAL;
    }
    int error = aksu_claim_add(net, &local->claim, on_claim);

    if (!error) {
        local->wait_ms = wait_ms;
        local->tried = 0;
        local->conflicts = 0;
        local->claim.next = next;
        local->claim.netmask = NETMASK;
        local->claim.state = AKSU_CLAIM_WAIT;
        choose(net, local);
    }
    return error;
}
