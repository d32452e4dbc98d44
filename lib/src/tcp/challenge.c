// SPDX-License-Identifier: MIT
// Challenge ACKs, RFC 5961 7: at most a few in 5 s. The budget is each connection's own and not
// the same in every interval, so that it tells an off-path attacker nothing (CVE-2016-5696).
#include "tcp.h"

enum { INTERVAL = 5 }; // units of 1024 ms

static unsigned budget(const struct aksu_step *c)
{
    const struct aksu_tcb *t = c->t;
    uint32_t most = c->p->challenge_acks;
    uint32_t mixed = t->salt * (2u * t->challenge_at + 1);

    return most - ((mixed >> 16) * most >> 17); // up to a half less
}

void aksu_tcp_challenge(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    uint8_t clock = (uint8_t)(c->now_ms >> 10);

    if ((uint8_t)(clock - t->challenge_at) >= INTERVAL) {
        t->challenge_at = clock;
        t->challenges = 0;
    }
    if (t->challenges < budget(c)) {
        t->challenges++;
        t->owed |= AKSU_OWE_ACK;
    }
}
