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
static int input(struct aksu *net, struct aksu_packet *in, const uint8_t *cookie, uint32_t len)
{
    const struct aksu_segment *s = &in->segment;
    const struct aksu_row *row = aksu_table_find(net, &in->pair);
    bool asked = row && row->tcb.state == AKSU_SYN_SENT && (row->bits & AKSU_ROW_FAST);
    bool kept = asked && s->ack != row->tcb.snd_max && s->ack == row->tcb.snd_una + 1;
    int result = aksu_stack_segment(net, in);

    if (!asked || result != 0) {
        return result;
    }
    if (len != AKSU_NO_COOKIE && len > 0) {
        struct aksu_fast_peer *peer = make(net, in->pair.remote);
        peer->mss = (s->options & AKSU_OPT_MSS) ? s->mss : AKSU_MSS_DEFAULT;
        peer->failed = 0;
        peer->len = (uint8_t)len;
        memcpy(peer->cookie, cookie, len);
    } else if (kept) {
        make(net, in->pair.remote)->failed = 1;
    }
    return result;
}

// A SYN that is sent again has neither option nor text: there are those on the way that drop either
// (4.1.3.1).
static uint32_t put(const struct aksu *net, const struct aksu_row *row, uint8_t *to)
{
    if (row->tcb.flags & AKSU_F_SYN_RETRIED) {
        make(net, row->pair.remote)->failed = 1;
        return AKSU_NO_COOKIE;
    }
    const struct aksu_fast_peer *peer = find(net, row->pair.remote);

    if (!peer) {
        return 0;
    }
    memcpy(to, peer->cookie, sizeof peer->cookie);
    return peer->len;
}

const struct aksu_fast_side aksu_fast_client = {input, put};
