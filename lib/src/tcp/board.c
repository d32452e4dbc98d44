// SPDX-License-Identifier: MIT
// The scoreboard: splitting and merging of runs.
#include "board.h"

// Costs of merging, in octets or ms, the kinds apart by more than either can be.
static const uint32_t COST_RETRANS = 0x400;            // forgets how octets were sent
static const uint32_t COST_LOST = UINT32_C(1) << 16;   // forgets a loss, which is found again
static const uint32_t COST_SACKED = UINT32_C(1) << 24; // forgets an acknowledgment (RFC 2018 8)

// Octets of the runs whose status is just that.
uint32_t aksu_board_octets(const struct aksu_tcb *t, const struct aksu_board *b, unsigned status)
{
    uint32_t octets = 0;
    aksu_seq start = t->snd_una;

    for (const struct aksu_run *r = aksu_runs(b); r < aksu_runs_end(b); r++) {
        if ((r->flags & AKSU_RUN_STATUS) == status) {
            octets += r->end - start;
        }
        start = r->end;
    }
    return octets;
}

// What merging a run with the next one would lose.
static uint32_t cost(const struct aksu_run *r)
{
    const struct aksu_run *next = r + 1;
    unsigned differ = r->flags ^ next->flags;

    if (differ & AKSU_RUN_STATUS) {
        return (differ & AKSU_RUN_SACKED) ? COST_SACKED : COST_LOST;
    }
    if (r->flags & AKSU_RUN_SACKED) {
        return 0; // times do not matter any more
    }
    int32_t apart = (int16_t)(next->at - r->at);

    return (uint32_t)(apart < 0 ? -apart : apart) +
           ((differ & (AKSU_RUN_RETRANS | AKSU_RUN_PATH)) ? COST_RETRANS : 0);
}

// Makes one of a run and the next. Of two kinds neither is claimed: it is in flight, and its
// acknowledgment will tell nothing of the path. It was sent last when the later was: ages tell, for
// the times themselves may be more than half of 2^16 apart.
static void merge(struct aksu_board *b, struct aksu_run *r, uint32_t now_ms)
{
    const struct aksu_run *next = r + 1;
    uint32_t age = aksu_run_age(r, now_ms);
    uint32_t next_age = aksu_run_age(next, now_ms);
    uint32_t oldest = aksu_max32(age + r->span, next_age + next->span);
    unsigned differ = r->flags ^ next->flags;

    if (next_age < age) {
        age = next_age;
        r->at = next->at;
    }
    r->end = next->end;
    r->span = (uint8_t)aksu_min32(oldest - age, UINT8_MAX);
    r->flags |= next->flags;
    if (differ & AKSU_RUN_STATUS) {
        r->flags = AKSU_RUN_RETRANS | AKSU_RUN_VAGUE;
    }
    b->runs--;
    memmove(r + 1, r + 2, (size_t)((uint8_t *)aksu_runs_end(b) - (uint8_t *)(r + 1)));
}

// Merges what says the same of its octets, and makes room for two more runs. Acknowledgments are
// forgotten only if forget, the rightmost first. Returns whether there is room.
bool aksu_board_room(struct aksu_board *b, uint32_t now_ms, bool forget)
{
    for (;;) {
        bool full = b->runs > b->size - 2u;
        uint32_t least = full ? COST_SACKED - !forget : 0;
        struct aksu_run *which = NULL;

        for (struct aksu_run *r = aksu_runs(b); r + 1 < aksu_runs_end(b); r++) {
            uint32_t this = cost(r);
            if (this <= least) {
                least = this;
                which = r;
            }
        }
        if (!which) {
            return !full;
        }
        merge(b, which, now_ms);
    }
}

// Has a run begin at a number in flight; there is room for one. Returns it.
struct aksu_run *aksu_board_split(const struct aksu_tcb *t, struct aksu_board *b, aksu_seq at)
{
    struct aksu_run *r = aksu_runs(b);
    aksu_seq start = t->snd_una;

    while (r < aksu_runs_end(b) && aksu_seq_leq(r->end, at)) {
        start = r->end;
        r++;
    }
    if (r == aksu_runs_end(b) || start == at) {
        return r;
    }
    memmove(r + 1, r, (size_t)((uint8_t *)aksu_runs_end(b) - (uint8_t *)r));
    b->runs++;
    r->end = at;
    return r + 1;
}

// Puts octets that were sent for the first time behind the others. What was sent within an eighth
// of the round-trip time shares a run.
void aksu_board_add(const struct aksu_step *c, aksu_seq end, unsigned status)
{
    struct aksu_board *b = c->b;

    if (b->runs > 0) {
        struct aksu_run *last = aksu_runs_end(b) - 1;
        uint32_t span = aksu_run_age(last, c->now_ms) + last->span;
        if (last->flags == status && span <= b->min_rtt_ms / 8u) {
            last->at = (uint16_t)c->now_ms;
            last->span = (uint8_t)aksu_min32(span, UINT8_MAX);
            last->end = end;
            return;
        }
    }
    aksu_board_room(b, c->now_ms, true);
    struct aksu_run *r = aksu_runs_end(b);

    b->runs++;
    r->end = end;
    r->at = (uint16_t)c->now_ms;
    r->span = 0;
    r->flags = (uint8_t)status;
}
