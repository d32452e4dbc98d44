// SPDX-License-Identifier: MIT
// What claims of addresses share.
#ifndef AKSU_NET_CLAIM_H
#define AKSU_NET_CLAIM_H

#include <aksu/claim.h>
#include "../more.h"

// What a claim is about.
enum {
    AKSU_CLAIM_NONE, // the address is given up
    AKSU_CLAIM_WAIT, // for the stack to have none, and since it has none for a time
    AKSU_CLAIM_PROBE,
    AKSU_CLAIM_ANNOUNCE, // the address is ours
    AKSU_CLAIM_OURS
};

int aksu_claim_add(struct aksu *net, struct aksu_claim *claim, aksu_on_claim on_claim);
void aksu_claim_probe(struct aksu *net, struct aksu_claim *claim, uint32_t wait_ms);
uint32_t aksu_claim_chance(const struct aksu *net, const struct aksu_claim *claim, uint32_t more);

#endif
