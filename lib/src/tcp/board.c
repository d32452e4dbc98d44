// SPDX-License-Identifier: MIT
// The scoreboard: splitting and merging of runs.
#include "board.h"

// Costs of merging, in octets or ms, the kinds apart by more than either can be.
enum {
    COST_RETRANS = 0x400,            // forgets that octets were sent only once
    COST_LOST = 0x10000,             // forgets a loss, which is found again
    COST_SACKED = UINT32_C(1) << 24, // forgets an acknowledgment (RFC 2018 8 allows it)
    COST_MAX = UINT32_MAX            // no such pair
};

// Octets of the runs whose status is just that.
uint32_t aksu_board_octets(const struct aksu_tcb *t, const struct aksu_board *b, unsigned status)
{
    uint32_t octets = 0;

    for (unsigned i = 0; i < b->runs; i++) {
        if ((aksu_runs(b)[i].flags & AKSU_RUN_STATUS) == status) {
            octets += aksu_run_len(t, b, i);
        }
    }
    return octets;
}

static void take_out(struct aksu_board *b, unsigned i)
{
    b->runs--;
    memmove(&aksu_runs(b)[i], &aksu_runs(b)[i + 1], (b->runs - i) * sizeof(struct aksu_run));
}

// What merging a run with the next one would lose.
static uint32_t cost(const struct aksu_board *b, unsigned i)
{
    const struct aksu_run *r = &aksu_runs(b)[i];
    const struct aksu_run *next = r + 1;
    unsigned differ = r->flags ^ next->flags;

    if (differ & AKSU_RUN_SACKED) {
        return COST_SACKED;
    }
    if (differ & AKSU_RUN_LOST) {
        return COST_LOST;
    }
    if (r->flags & AKSU_RUN_SACKED) {
        return 0;
    }
    uint32_t apart = (differ & AKSU_RUN_RETRANS) ? COST_RETRANS : 0;

    if (!(r->flags & AKSU_RUN_LOST)) {
        apart += aksu_min32((uint16_t)(next->at - r->at), (uint16_t)(r->at - next->at));
    }
    return apart;
}

// Times of two runs as one: sent last when the later was, and first when the earlier was.
static void merge_times(struct aksu_run *r, const struct aksu_run *from)
{
    uint16_t ahead = (uint16_t)(from->at - r->at);

    if (ahead > INT16_MAX) { // from is the earlier
        ahead = (uint16_t)-ahead;
        r->span = (uint8_t)aksu_min32(aksu_max32(r->span, ahead + from->span), UINT8_MAX);
    } else {
        r->span = (uint8_t)aksu_min32(aksu_max32(from->span, ahead + r->span), UINT8_MAX);
        r->at = from->at;
    }
}

// Makes one of a run and the next. Of two kinds the one that claims least stays: in flight before
// lost before received.
static void merge(struct aksu_board *b, unsigned i)
{
    struct aksu_run *r = &aksu_runs(b)[i];
    struct aksu_run next = r[1];
    unsigned status = r->flags & AKSU_RUN_STATUS;
    unsigned other = next.flags & AKSU_RUN_STATUS;
    unsigned again = (r->flags | next.flags) & AKSU_RUN_RETRANS;

    if (status != other) {
        again = AKSU_RUN_RETRANS; // its acknowledgment will tell nothing of the path
    }
    if (status == other) {
        merge_times(r, &next);
    } else if (status == AKSU_RUN_SACKED || (status == AKSU_RUN_LOST && other == 0)) {
        r->at = next.at;
        r->span = next.span;
        status = other;
    }
    r->flags = (uint8_t)(status | again);
    r->end = next.end;
    take_out(b, i + 1);
}

// Merges what says the same of its octets.
void aksu_board_join(struct aksu_board *b)
{
    for (unsigned i = 0; i + 1 < b->runs;) {
        if (cost(b, i) == 0) {
            merge(b, i);
        } else {
            i++;
        }
    }
}

// Makes room for two more runs. Acknowledgments are forgotten only if forget, the rightmost first.
// Returns whether there is room.
bool aksu_board_room(struct aksu_board *b, bool forget)
{
    while (b->runs > b->size - 2u) {
        uint32_t least = COST_SACKED + forget;
        unsigned which = b->size;
        for (unsigned i = b->runs - 1u; i-- > 0;) {
            uint32_t this = cost(b, i);
            if (this < least) {
                least = this;
                which = i;
            }
        }
        if (which == b->size) {
            return false;
        }
        merge(b, which);
    }
    return true;
}

// Has a run begin at a number in flight; there is room for one. Returns which.
unsigned aksu_board_split(const struct aksu_tcb *t, struct aksu_board *b, aksu_seq at)
{
    unsigned i = 0;

    while (i < b->runs && aksu_seq_leq(aksu_runs(b)[i].end, at)) {
        i++;
    }
    if (i == b->runs || aksu_run_start(t, b, i) == at) {
        return i;
    }
    memmove(&aksu_runs(b)[i + 1], &aksu_runs(b)[i], (b->runs - i) * sizeof(struct aksu_run));
    b->runs++;
    aksu_runs(b)[i].end = at;
    return i + 1;
}

// Puts octets that were sent for the first time behind the others. What was sent within an eighth
// of the round-trip time shares a run.
void aksu_board_add(const struct aksu_step *c, aksu_seq end, unsigned status)
{
    struct aksu_board *b = c->b;

    if (b->runs > 0) {
        struct aksu_run *last = &aksu_runs(b)[b->runs - 1];
        uint32_t span = aksu_run_age(last, c->now_ms) + last->span;
        if (last->flags == status && span <= b->min_rtt_ms / 8u) {
            last->at = (uint16_t)c->now_ms;
            last->span = (uint8_t)aksu_min32(span, UINT8_MAX);
            last->end = end;
            return;
        }
    }
    aksu_board_room(b, true);
    struct aksu_run *r = &aksu_runs(b)[b->runs++];

    r->end = end;
    r->at = (uint16_t)c->now_ms;
    r->span = 0;
    r->flags = (uint8_t)status;
}
