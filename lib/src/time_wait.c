// SPDX-License-Identifier: MIT
// TIME-WAIT in 28 octets: a connection that has closed leaves its row, and its memory lasts 2 MSL
// here, unless the table is full (then the oldest of its neighbours gives way: docs/design.md).
#include "stack.h"

enum { WINDOW = 8 };

// How long an entry still has to live, ms; 0 if it is free. One that expired long ago must not seem
// to have its life before it when the clock has gone half round.
static uint32_t left(const struct aksu *net, const struct aksu_time_wait *w)
{
    uint32_t ms = w->expires - net->now_ms;

    return ms > 2 * net->profile->msl_ms ? 0 : ms;
}

// The entry of a pair of endpoints among the few places where it can be. If there is none: NULL, or
// where lost counts those that give way, the place for one: free, or of the one that expires first.
static struct aksu_time_wait *search(const struct aksu *net, const struct aksu_pair *pair,
                                     uint32_t *lost)
{
    uint64_t hash = aksu_isn_hash(net, pair, 0);
    uint32_t tuple = (uint32_t)hash;
    uint32_t count = net->store->time_waits;
    struct aksu_time_wait *first = net->store->time_wait;
    struct aksu_time_wait *w = first + tuple % count;
    struct aksu_time_wait *victim = NULL;
    uint32_t least = UINT32_MAX;

    for (uint32_t i = aksu_min32(count, WINDOW); i > 0; i--) {
        uint32_t ms = left(net, w);
        if (ms > 0 && w->tuple == tuple && w->salt == (uint32_t)(hash >> 32)) {
            return w;
        }
        if (ms < least) {
            least = ms;
            victim = w;
        }
        w = w + 1 < first + count ? w + 1 : first;
    }
    if (!lost) {
        return NULL;
    }
    *lost += least > 0;
    victim->tuple = tuple;
    victim->salt = (uint32_t)(hash >> 32);
    return victim;
}

static struct aksu_time_wait *find(const struct aksu *net, const struct aksu_pair *pair)
{
    return search(net, pair, NULL);
}

static void add(struct aksu *net, const struct aksu_row *row)
{
    const struct aksu_tcb *t = &row->tcb;
    struct aksu_time_wait *w = search(net, &row->pair, &net->counters.time_wait_lost);

    w->expires = t->deadline[AKSU_AT_MISC];
    w->snd_nxt = t->snd_nxt;
    w->rcv_nxt = t->rcv_nxt;
    w->ts_recent = t->ts_recent;
    w->wnd = (uint16_t)aksu_min32(t->rcv_room >> t->rcv_wscale, UINT16_MAX);
    w->options = (t->flags & AKSU_F_TIMESTAMPS) ? AKSU_OPT_TIMESTAMPS : 0;
}

// RFC 6191 2, and RFC 9293 MAY-2 without timestamps.
static bool reopens(const struct aksu_time_wait *w, const struct aksu_segment *s)
{
    int32_t ahead = (int32_t)(s->tsval - w->ts_recent);

    if (!(w->options & s->options) || ahead == 0) {
        ahead = (int32_t)(s->seq - w->rcv_nxt);
    }
    return ahead > 0;
}

// Acknowledges a segment, in whose place the answer then stands.
static int acknowledge(struct aksu *net, const struct aksu_time_wait *w, struct aksu_packet *in)
{
    struct aksu_segment *s = &in->segment;

    s->seq = w->snd_nxt;
    s->ack = w->rcv_nxt;
    s->flags = AKSU_ACK;
    s->wnd = w->wnd;
    s->options = (uint8_t)w->options;
    s->tsval = net->now_ms + w->salt;
    s->tsecr = w->ts_recent;
    int full = aksu_stack_answer(net, in, AKSU_ANSWER_TCP);

    return full ? full : AKSU_DROP_TIME_WAIT;
}

static int input(struct aksu *net, struct aksu_packet *in)
{
    struct aksu_time_wait *w = find(net, &in->pair);
    const struct aksu_segment *s = &in->segment;
    unsigned flags = s->flags;

    if (!w) {
        return 0;
    }
    if ((flags & (AKSU_SYN | AKSU_ACK | AKSU_RST | AKSU_FIN)) == AKSU_SYN && reopens(w, s) &&
        in->listener) {
        in->old = w;
        return 0;
    }
    // RST is ignored (RFC 1337), and so is an empty segment: two ends must not answer for ever.
    if ((flags & AKSU_RST) || (s->len == 0 && !(flags & (AKSU_SYN | AKSU_FIN)))) {
        return AKSU_DROP_TIME_WAIT;
    }
    // The peer's FIN again, or what ended just before it.
    if (s->seq + s->len + 1 == w->rcv_nxt) {
        w->expires = net->now_ms + 2 * net->profile->msl_ms;
    }
    return acknowledge(net, w, in);
}

const struct aksu_time_waits aksu_time_wait_table = {add, find, input};
