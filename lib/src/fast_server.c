// SPDX-License-Identifier: MIT
// A Fast Open server, RFC 7413 4.1.2 and 4.2: its cookies are a keyed hash of the client's address,
// so that it keeps none.
#include "stack.h"

enum {
    PERIOD_BITS = 26, // a cookie lives for one to two periods of 18.6 hours
    COOKIE_LEN = 8,
    HOLD_MS = 60000 // how long a connection that was reset counts as one that is pending
};

static uint64_t cookie_of(const struct aksu *net, uint32_t addr, uint32_t age)
{
    const uint32_t block[4] = {addr, (net->now_ms - (age << PERIOD_BITS)) >> PERIOD_BITS, 0, 0};

    return aksu_hash(net->secret, block);
}

// Frees what is not pending any more. A row that has ended tells until it is used anew how it did:
// one that never was acknowledged counts for a while, else a RST would make room for the next
// (5.1). This is done before a SYN can take a row.
static void refresh(const struct aksu *net, struct aksu_fast_pending *p)
{
    uint32_t i = (uint32_t)p->conn & ((UINT32_C(1) << AKSU_INDEX_BITS) - 1);
    const struct aksu_row *row = &net->store->row[i];

    // It may be of another stack that had the profile before.
    if (i < net->store->rows && row->handle == p->conn) {
        if (!(row->tcb.flags & AKSU_F_SYN_UNACKED)) {
            p->conn = 0;
        } else if (row->bits & AKSU_ROW_USED) {
            p->at = net->now_ms;
        }
    }
    if (net->now_ms - p->at >= HOLD_MS) {
        p->conn = 0;
    }
}

// A place for one more, or NULL.
static struct aksu_fast_pending *place(const struct aksu *net)
{
    const struct aksu_fast_open *f = net->profile->fast_open;
    struct aksu_fast_pending *found = NULL;

    for (uint32_t i = 0; i < f->pendings; i++) {
        struct aksu_fast_pending *p = &f->pending[i];
        if (p->conn != 0) {
            refresh(net, p);
        }
        found = p->conn == 0 ? p : found;
    }
    return found;
}

static bool valid(const struct aksu *net, const struct aksu_packet *in, const uint8_t *cookie)
{
    uint64_t told;

    memcpy(&told, cookie, sizeof told);
    return told == cookie_of(net, in->pair.remote, 0) || told == cookie_of(net, in->pair.remote, 1);
}

// A row for a SYN; if its cookie is valid, its data goes to the application. A client that knows
// the option is told the cookie of the day (4.2.2).
struct aksu_row *aksu_fast_syn(struct aksu *net, const struct aksu_packet *in,
                               const struct aksu_open *open)
{
    struct aksu_fast_pending *p = place(net);
    const uint8_t *cookie = NULL;
    uint32_t len = aksu_fast_find(in, &cookie);
    struct aksu_row *row = aksu_listen_half_open(net, in, open);

    if (len != AKSU_NO_COOKIE) {
        row->bits |= AKSU_ROW_FAST;
    }
    if (p && len == COOKIE_LEN && valid(net, in, cookie)) {
        struct aksu_step c;

        p->conn = row->handle;
        p->at = net->now_ms;
        c.s = &in->segment;
        c.value = 0;
        aksu_fast_step(net, row, &c);
        aksu_stack_effects(net, row, &c, in);
    }
    return row;
}

static uint32_t put(const struct aksu *net, const struct aksu_row *row,
                    const struct aksu_segment *s, uint8_t *to)
{
    uint64_t cookie = cookie_of(net, row->pair.remote, 0);

    (void)s;
    memcpy(to, &cookie, COOKIE_LEN);
    return COOKIE_LEN;
}

const struct aksu_fast_side aksu_fast_server = {put, NULL};
