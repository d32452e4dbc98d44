// SPDX-License-Identifier: MIT
// TIME-WAIT in 28 octets: a connection that has closed leaves its row, and its memory lasts 2 MSL
// here, unless the table is full (then the oldest of its neighbours gives way: docs/design.md).
#include "stack.h"

enum { WINDOW = 8, IN_USE = 0x8000 };

static uint32_t slots(const struct aksu *net)
{
    return aksu_min32(net->store->time_waits, WINDOW);
}

// The i-th place where an entry of this hash can be.
static struct aksu_time_wait *slot(const struct aksu *net, uint32_t tuple, uint32_t i)
{
    return &net->store->time_wait[(tuple % net->store->time_waits + i) % net->store->time_waits];
}

static bool live(const struct aksu *net, const struct aksu_time_wait *w)
{
    return w->flags != 0 && !aksu_reached(net->now_ms, w->expires);
}

static uint64_t hash_of(const struct aksu *net, const struct aksu_packet *ip)
{
    uint32_t words[4] = {ip->remote, ip->local, (uint32_t)ip->remote_port << 16 | ip->local_port,
                         0};

    return aksu_siphash(net->secret, words, 2);
}

void aksu_time_wait_add(struct aksu *net, const struct aksu_row *row)
{
    struct aksu_packet ip = {row->remote, row->local, row->remote_port, row->local_port, NULL, 0};
    uint64_t hash = hash_of(net, &ip);
    struct aksu_time_wait *best = slot(net, (uint32_t)hash, 0);

    for (uint32_t i = 1; i < slots(net) && live(net, best); i++) {
        struct aksu_time_wait *w = slot(net, (uint32_t)hash, i);
        if (!live(net, w) || aksu_seq_lt(w->expires, best->expires)) {
            best = w;
        }
    }
    net->counters.time_wait_lost += live(net, best);
    best->tuple = (uint32_t)hash;
    best->salt = (uint32_t)(hash >> 32);
    best->expires = row->tcb.misc_at;
    best->snd_nxt = row->tcb.snd_nxt;
    best->rcv_nxt = row->tcb.rcv_nxt;
    best->ts_recent = row->tcb.ts_recent;
    best->wnd = (uint16_t)aksu_min32(row->tcb.rcv_room >> row->tcb.rcv_wscale, UINT16_MAX);
    best->flags = (uint16_t)((row->tcb.flags & AKSU_F_TIMESTAMPS) | IN_USE);
}

struct aksu_time_wait *aksu_time_wait_find(const struct aksu *net, const struct aksu_packet *ip)
{
    uint64_t hash = hash_of(net, ip);

    for (uint32_t i = 0; i < slots(net); i++) {
        struct aksu_time_wait *w = slot(net, (uint32_t)hash, i);
        if (live(net, w) && w->tuple == (uint32_t)hash && w->salt == (uint32_t)(hash >> 32)) {
            return w;
        }
    }
    return NULL;
}

// RFC 6191 2, and RFC 9293 MAY-2 without timestamps.
static bool reopens(const struct aksu_time_wait *w, const struct aksu_segment *s)
{
    bool later = aksu_seq_lt(w->rcv_nxt, s->seq);

    if ((w->flags & AKSU_F_TIMESTAMPS) && (s->options & AKSU_OPT_TIMESTAMPS)) {
        return aksu_seq_lt(w->ts_recent, s->tsval) || (w->ts_recent == s->tsval && later);
    }
    return later;
}

static int acknowledge(struct aksu *net, const struct aksu_time_wait *w,
                       const struct aksu_packet *ip)
{
    struct aksu_answer *a = aksu_stack_answer(net, ip);

    if (!a) {
        return -AKSU_DROP_REPLY_FULL;
    }
    a->segment.seq = w->snd_nxt;
    a->segment.ack = w->rcv_nxt;
    a->segment.flags = AKSU_ACK;
    a->segment.wnd = w->wnd;
    if (w->flags & AKSU_F_TIMESTAMPS) {
        a->segment.options = AKSU_OPT_TIMESTAMPS;
        a->segment.tsval = net->now_ms + w->salt;
        a->segment.tsecr = w->ts_recent;
    }
    return -AKSU_DROP_TIME_WAIT;
}

// A segment for a connection in TIME-WAIT (RFC 9293 3.10.7.4). Returns 0 for a SYN that opens a new
// one: then the entry is gone, and *above is what the new ISN must lie beyond.
int aksu_time_wait_input(struct aksu *net, struct aksu_time_wait *w, const struct aksu_packet *ip,
                         const struct aksu_segment *s, aksu_seq *above)
{
    if ((s->flags & (AKSU_SYN | AKSU_ACK | AKSU_RST | AKSU_FIN)) == AKSU_SYN && reopens(w, s) &&
        aksu_listen_find(net, ip->local, ip->local_port)) {
        *above = w->snd_nxt;
        w->flags = 0;
        return 0;
    }
    // RST is ignored (RFC 1337), and so is an empty segment: two ends must not answer for ever.
    if ((s->flags & AKSU_RST) || (s->len == 0 && !(s->flags & (AKSU_SYN | AKSU_FIN)))) {
        return -AKSU_DROP_TIME_WAIT;
    }
    if (s->flags & AKSU_FIN) {
        w->expires = net->now_ms + 2 * net->profile->msl_ms;
    }
    return acknowledge(net, w, ip);
}
