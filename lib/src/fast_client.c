// SPDX-License-Identifier: MIT
// A Fast Open client, RFC 7413 4.1.3 and 4.2: the cookies that servers gave, and with which of them
// it failed.
#include "stack.h"

enum {
    FAILED_MS = 3600000, // 4.1.3.1: how long a failure is remembered
    OPTIONS_MAX = 40     // of the SYN, whose text must fit beside them
};

// What is known of a server, or NULL.
static struct aksu_fast_peer *find(const struct aksu *net, uint32_t addr)
{
    const struct aksu_fast_open *f = net->profile->fast_open;
    struct aksu_fast_peer *peer = f->peer;

    for (uint32_t left = f->peers; left > 0; left--, peer++) {
        if (peer->addr == addr) {
            return peer;
        }
    }
    return NULL;
}

// The same, in place of what was used longest ago if need be.
static struct aksu_fast_peer *make(const struct aksu *net, uint32_t addr)
{
    const struct aksu_fast_open *f = net->profile->fast_open;
    struct aksu_fast_peer *peer = find(net, addr);

    if (!peer) {
        peer = find(net, 0); // one that is free
    }
    if (!peer) {
        peer = f->peer;
        for (uint32_t i = 1; i < f->peers; i++) {
            if (net->now_ms - f->peer[i].at > net->now_ms - peer->at) {
                peer = &f->peer[i];
            }
        }
    }
    if (peer->addr != addr) {
        memset(peer, 0, sizeof *peer);
        peer->addr = addr;
    }
    peer->at = net->now_ms;
    return peer;
}

int32_t aksu_fast_open(struct aksu *net, aksu_handle conn)
{
    const struct aksu_fast_open *f = net->profile->fast_open;
    struct aksu_row *row = aksu_table_row(net, conn);
    struct aksu_event ev = {AKSU_EV_FAST_OPEN, 0, 0, 0, 0, NULL, NULL};

    if (!row) {
        return AKSU_EBADF;
    }
    const struct aksu_tcb *t = &row->tcb;

    if (!f || !f->client || t->state != AKSU_SYN_SENT || t->snd_max != t->snd_una) {
        return AKSU_EINVAL;
    }
    struct aksu_fast_peer *peer = find(net, row->pair.remote);

    if (peer && peer->failed) {
        if (net->now_ms - peer->at < FAILED_MS) {
            return 0;
        }
        peer->failed = 0;
    }
    row->bits |= AKSU_ROW_FAST;
    if (peer && peer->len > 0) {
        peer->at = net->now_ms;
        ev.value = aksu_min32(peer->mss, t->rcv_mss);
        ev.value = aksu_max32(ev.value, OPTIONS_MAX) - OPTIONS_MAX;
    }
    aksu_fast_step(net, row, &ev, &(struct aksu_effects){0});
    return (int32_t)ev.value;
}

// A cookie that the server gave is kept with its MSS. Text that it did not take is a failure,
// unless it gave another cookie (4.1.3.1).
static bool opened(const struct aksu *net, const struct aksu_row *row,
                   const struct aksu_effects *fx, const struct aksu_packet *in)
{
    struct aksu_fast_peer *peer = find(net, row->pair.remote);
    const uint8_t *cookie = NULL;
    uint32_t len = (in->segment.flags & AKSU_SYN) ? aksu_fast_find(in, &cookie) : 0;

    if (len > 0 && len != AKSU_NO_COOKIE) {
        peer = make(net, row->pair.remote);
        peer->mss = (in->segment.options & AKSU_OPT_MSS) ? in->segment.mss : AKSU_MSS_DEFAULT;
        peer->failed = 0;
        peer->len = (uint8_t)len;
        memcpy(peer->cookie, cookie, len);
    } else if (peer && peer->text && !(fx->mask & AKSU_FX_ACKED)) {
        peer->failed = 1;
        peer->at = net->now_ms;
    }
    return false;
}

// A SYN that is sent again has neither option nor text: there are those on the way that drop either
// (4.1.3.1).
static uint32_t put(const struct aksu *net, const struct aksu_row *row,
                    const struct aksu_segment *s, uint8_t *to)
{
    struct aksu_fast_peer *peer;

    if (s->flags & AKSU_ACK) {
        return AKSU_NO_COOKIE; // both sides open at once
    }
    if (row->tcb.flags & AKSU_F_SYN_RETRIED) {
        peer = make(net, row->pair.remote);
        peer->failed = 1;
        return AKSU_NO_COOKIE;
    }
    peer = find(net, row->pair.remote);
    if (!peer) {
        return 0;
    }
    peer->text = s->len > 0;
    memcpy(to, peer->cookie, sizeof peer->cookie);
    return peer->len;
}

const struct aksu_fast_side aksu_fast_client = {put, opened};
