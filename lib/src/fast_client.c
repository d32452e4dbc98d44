// SPDX-License-Identifier: MIT
// A Fast Open client, RFC 7413 4.1.3 and 4.2: the cookies that servers gave, and with which of them
// it failed.
#include "stack.h"

enum {
    FAILED_MS = 3600000, // 4.1.3.1: how long a failure is remembered
    OPTIONS_MAX = 40     // of the SYN, whose text must fit beside them
};

// What is known of a server; else NULL, or if make a place for it: of what was used longest ago.
static struct aksu_fast_peer *find(const struct aksu *net, uint32_t addr, bool make)
{
    const struct aksu_fast_open *f = net->profile->fast_open;
    struct aksu_fast_peer *oldest = f->peer;

    for (struct aksu_fast_peer *peer = f->peer; peer < f->peer + f->peers; peer++) {
        if (peer->addr == addr) {
            return peer;
        }
        if (net->now_ms - peer->at > net->now_ms - oldest->at) {
            oldest = peer;
        }
    }
    if (!make) {
        return NULL;
    }
    memset(oldest, 0, sizeof *oldest);
    oldest->addr = addr;
    return oldest;
}

static void fail(const struct aksu *net, uint32_t addr)
{
    struct aksu_fast_peer *peer = find(net, addr, true);

    peer->failed = 1;
    peer->at = net->now_ms;
}

int32_t aksu_fast_open(struct aksu *net, aksu_handle conn)
{
    const struct aksu_fast_open *f = net->profile->fast_open;
    struct aksu_row *row = aksu_table_row(net, conn);
    struct aksu_step c;

    if (!row) {
        return AKSU_EBADF;
    }
    const struct aksu_tcb *t = &row->tcb;

    if (!f || !f->client || t->state != AKSU_SYN_SENT || t->snd_max != t->snd_una) {
        return AKSU_EINVAL;
    }
    struct aksu_fast_peer *peer = find(net, row->pair.remote, false);

    if (peer && peer->failed) {
        if (net->now_ms - peer->at < FAILED_MS) {
            return 0;
        }
        peer->failed = 0;
    }
    row->bits |= AKSU_ROW_FAST;
    c.s = NULL;
    c.value = 0;
    if (peer && peer->len > 0) {
        peer->at = net->now_ms;
        c.value = aksu_min32(peer->mss, t->rcv_mss);
        c.value = aksu_max32(c.value, OPTIONS_MAX) - OPTIONS_MAX;
    }
    aksu_fast_step(net, row, &c);
    return (int32_t)c.value;
}

// A cookie that the server gave is kept with its MSS. Text that it did not take is a failure,
// unless it gave another cookie (4.1.3.1).
static void opened(const struct aksu *net, const struct aksu_row *row,
                   const struct aksu_effects *fx, const struct aksu_packet *in)
{
    struct aksu_fast_peer *peer = find(net, row->pair.remote, false);
    const uint8_t *cookie = NULL;
    uint32_t len = aksu_fast_find(in, &cookie);

    if (len - 1 < AKSU_COOKIE_MAX && (in->segment.flags & AKSU_SYN)) {
        peer = find(net, row->pair.remote, true);
        peer->at = net->now_ms;
        peer->mss = (in->segment.options & AKSU_OPT_MSS) ? in->segment.mss : AKSU_MSS_DEFAULT;
        peer->failed = 0;
        peer->len = (uint8_t)len;
        memcpy(peer->cookie, cookie, len);
    } else if (peer && peer->text && !(fx->mask & AKSU_FX_ACKED)) {
        fail(net, row->pair.remote);
    }
}

// A SYN that is sent again has neither option nor text: there are those on the way that drop either
// (4.1.3.1). When both sides open at once the SYN,ACK has none.
static uint32_t put(const struct aksu *net, const struct aksu_row *row,
                    const struct aksu_segment *s, uint8_t *to)
{
    struct aksu_fast_peer *peer = find(net, row->pair.remote, false);

    if (s->flags & AKSU_ACK) {
        return AKSU_NO_COOKIE;
    }
    if (row->tcb.flags & AKSU_F_SYN_RETRIED) {
        fail(net, row->pair.remote);
        return AKSU_NO_COOKIE;
    }
    if (!peer) {
        return 0;
    }
    peer->text = s->len > 0;
    memcpy(to, peer->cookie, sizeof peer->cookie);
    return peer->len;
}

const struct aksu_fast_side aksu_fast_client = {put, opened};
