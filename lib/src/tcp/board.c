// SPDX-License-Identifier: MIT
// The scoreboard: splitting and merging of runs.
#include "board.h"

// The cost of merging is in ms, but for kinds that differ: they stand above the 16 bits of times.
enum { KIND = 0x10000, COST_SACKED = AKSU_RUN_SACKED * KIND };

// Octets of the runs that have none of some flags.
uint32_t aksu_board_octets(const struct aksu_board *b, unsigned without)
{
    uint32_t octets = 0;

    const struct aksu_run *r = aksu_runs(b);

    for (unsigned left = b->runs; left > 0; left--, r++) {
        if (!(r->flags & without)) {
            octets += r[1].start - r->start;
        }
    }
    return octets;
}

// Takes flags off all runs.
void aksu_board_clear(const struct aksu_board *b, unsigned flags)
{
    struct aksu_run *r = aksu_runs(b);

    for (unsigned left = b->runs; left > 0; left--, r++) {
        r->flags &= (uint8_t)~flags;
    }
}

// Moves the runs from one on, and where the last ends.
void aksu_board_move(struct aksu_run *to, const struct aksu_run *from, struct aksu_board *b)
{
    size_t octets = (size_t)((uint8_t *)(&aksu_runs_end(b)->start + 1) - (const uint8_t *)from);

    b->runs = (uint8_t)(b->runs + (to - from));
    memmove(to, from, octets);
}

// What merging a run with the next one would lose.
static uint32_t cost(const struct aksu_run *r)
{
    const struct aksu_run *next = r + 1;

    if (r->flags & next->flags & AKSU_RUN_SACKED) {
        return 0; // times do not matter any more
    }
    uint32_t kinds = (r->flags ^ next->flags) & AKSU_RUN_KINDS;

    return aksu_min32(kinds * KIND + (uint16_t)(next->at - r->at), COST_SACKED);
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
    r->span = (uint8_t)aksu_min32(oldest - age, UINT8_MAX);
    r->flags |= next->flags;
    if (differ & AKSU_RUN_STATUS) {
        r->flags = AKSU_RUN_RETRANS | AKSU_RUN_VAGUE;
    }
    aksu_board_move(r + 1, r + 2, b);
}

// Merges what says the same of its octets, and makes room for two more runs. Acknowledgments are
// forgotten only if forget, the rightmost first. Returns whether there is room.
bool aksu_board_room(struct aksu_board *b, uint32_t now_ms, bool forget)
{
    for (;;) {
        bool full = b->runs > b->size - 2u;
        uint32_t least = full ? COST_SACKED - !forget : 0;
        struct aksu_run *which = NULL;

        for (struct aksu_run *r = aksu_runs(b); r < aksu_runs_end(b) - 1; r++) {
            uint32_t this = cost(r);
            if (this <= least) {
                least = this;
                which = r;
            }
        }
        if (!which) {
            return least == 0; // it is not full
        }
        merge(b, which, now_ms);
    }
}

// Has a run begin at a number in flight; there is room for one. Returns it.
struct aksu_run *aksu_board_split(struct aksu_board *b, aksu_seq at)
{
    struct aksu_run *r = aksu_runs(b);

    while (aksu_seq_lt(r->start, at)) {
        r++;
    }
    if (r->start != at) {
        aksu_board_move(r, r - 1, b);
        r->start = at;
    }
    return r;
}

// Puts octets that were sent for the first time behind the others. What was sent within an eighth
// of the round-trip time shares a run.
void aksu_board_add(const struct aksu_step *c, aksu_seq end, unsigned status)
{
    struct aksu_board *b = c->b;
    struct aksu_run *r = aksu_runs_end(b) - 1;
    uint32_t span = aksu_run_age(r, c->now_ms) + r->span;

    if (b->runs == 0 || r->flags != status || span > b->min_rtt_ms / 8u) {
        aksu_board_room(b, c->now_ms, true);
        r = aksu_runs_end(b);
        b->runs++;
        r->flags = (uint8_t)status;
        span = 0;
    }
    r->at = (uint16_t)c->now_ms;
    r->span = (uint8_t)aksu_min32(span, UINT8_MAX);
    r[1].start = end;
}
