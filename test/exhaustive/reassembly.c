// SPDX-License-Identifier: MIT
// Reassembly against a map with a place for each octet, for every sequence of so many segments of a
// short stream: every order, every overlap, with and without the FIN, ranges running out.
#include "tcp.h"
#include <stdio.h>
#include <stdlib.h>

enum { STREAM_MAX = 16 };

struct piece {
    unsigned from;
    unsigned len;
    bool fin;
};

// The reference: which octets are there, the FIN being the last.
struct map {
    bool here[STREAM_MAX + 1];
    unsigned next;
    bool ended;
};

static unsigned stream; // octets
static aksu_seq base;
static struct piece pieces[200];
static unsigned piece_count;
static unsigned long tried, wrong;

static void expect(bool good, const char *what)
{
    if (!good && wrong++ < 5)
        printf("FAIL  %s, after %lu segments\n", what, tried);
}

#if BITS == 8
void aksu_tcp_challenge(const struct aksu_step *c)
{
    (void)c;
}

void aksu_tcp_enter_time_wait(const struct aksu_step *c)
{
    (void)c;
}
#endif

// Ranges behind the next octet, in order; returns how many.
static unsigned runs(const struct map *m, struct piece *to)
{
    unsigned n = 0;
    for (unsigned i = m->next; i <= stream; i++) {
        if (!m->here[i])
            continue;
        unsigned from = i;
        while (i <= stream && m->here[i])
            i++;
        to[n].from = from;
        to[n++].len = i - from;
    }
    return n;
}

// Whether the map takes it: all but a range of its own for which there is no room.
static bool put(struct map *m, const struct piece *p)
{
    struct piece list[STREAM_MAX + 2];
    struct map with = *m;
    for (unsigned i = p->from; i < p->from + p->len; i++)
        with.here[i] = with.here[i] || i >= m->next;
    with.here[stream] = with.here[stream] || p->fin;
    while (with.next <= stream && with.here[with.next])
        with.next++;
    with.ended = with.next == stream + 1;
    if (runs(&with, list) > AKSU_RANGES)
        return false;
    *m = with;
    return true;
}

static void check_ranges(const struct aksu_tcb *t, const struct map *m)
{
    struct piece list[STREAM_MAX + 2];
    unsigned n = runs(m, list);
    expect(t->ranges == n, "as many ranges as there are runs");
    for (unsigned i = 0; i < t->ranges; i++) {
        unsigned found = 0;
        for (unsigned j = 0; j < n; j++)
            found += t->range[i].start == (aksu_seq)(base + list[j].from) &&
                     t->range[i].end == (aksu_seq)(base + list[j].from + list[j].len);
        expect(found == 1, "each range is a run");
    }
}

// What is copied lies where it belongs, within the segment, and has all that was not there before.
static void check_copy(const struct aksu_effects *fx, const struct piece *p, const struct map *old,
                       const struct map *m)
{
    unsigned len = (fx->mask & AKSU_FX_DELIVER) ? fx->copy_len : 0;
    unsigned from = p->from + fx->copy_from;
    if (len > 0) {
        expect(fx->copy_from + len <= p->len, "copied from within the segment");
        expect(from == old->next + fx->copy_to, "copied to where it belongs");
    }
    for (unsigned i = 0; i < stream; i++)
        if (m->here[i] && !old->here[i])
            expect(len > 0 && i >= from && i < from + len, "every new octet is copied");
}

static void arrive(struct aksu_tcb *t, struct map *m, const struct piece *p)
{
    static const struct aksu_profile profile;
    struct aksu_segment s = {.seq = (aksu_seq)(base + p->from),
                             .len = (uint8_t)p->len,
                             .flags = (uint8_t)(AKSU_ACK | (p->fin ? AKSU_FIN : 0))};
    struct aksu_step c = {
        .p = &profile, .t = t, .s = &s, .range = t->range, .range_max = AKSU_RANGES};
    struct map old = *m;
    bool first = t->ranges == 0;
    bool taken = put(m, p);
    bool now = aksu_tcp_take_text(&c);

    tried++;
    expect(t->rcv_nxt == (aksu_seq)(base + m->next), "RCV.NXT");
    expect(c.fx.ready == m->next - m->ended - old.next, "as many octets to read as came in order");
    expect(((c.fx.mask & AKSU_FX_EOF) != 0) == m->ended, "the end, once all is there");
    bool in_order = m->next > old.next && first && !m->ended;
    expect(now == !in_order, "acknowledged at once but in order");
    check_ranges(t, m);
    if (taken)
        check_copy(&c.fx, p, &old, m);
}

static void explore(const struct aksu_tcb *t, const struct map *m, unsigned depth)
{
    for (unsigned i = 0; depth > 0 && i < piece_count; i++) {
        struct aksu_tcb next = *t;
        struct map with = *m;
        arrive(&next, &with, &pieces[i]);
        if (!with.ended && wrong == 0)
            explore(&next, &with, depth - 1);
    }
}

// All segments of a stream, of at most so many octets.
static void explore_stream(unsigned octets, unsigned longest, unsigned depth, aksu_seq from)
{
    struct aksu_tcb t = {.state = AKSU_ESTABLISHED};
    struct map m = {0};
    unsigned long before = tried;
    stream = octets;
    base = from;
    piece_count = 0;
    for (unsigned at = 0; at <= stream; at++)
        for (unsigned len = 0; at + len <= stream && len <= longest; len++) {
            if (len > 0)
                pieces[piece_count++] = (struct piece){at, len, false};
            if (at + len == stream)
                pieces[piece_count++] = (struct piece){at, len, true};
        }
    t.rcv_nxt = from;
    t.rcv_adv = (aksu_seq)(from + stream + 1);
    t.rcv_room = t.rcv_buf = (uint8_t)(stream + 1);
    explore(&t, &m, depth);
    printf("%lu segments: %u octets and the FIN in every %u of %u segments, from %lu on\n",
           tried - before, stream, depth, piece_count, (unsigned long)from);
}

int main(int argc, char **argv)
{
    (void)argv;
    unsigned less = argc > 1;
    aksu_seq top = (aksu_seq)-3, half = (aksu_seq)(((aksu_seq)1 << (BITS - 1)) - 3);
    explore_stream(5, 5, 5 - less, top);
    explore_stream(6, 6, 4, half);
    explore_stream(12, 1, 6 - less, top);
    explore_stream(10, 2, 5 - less, half);
    if (BITS == 8)
        for (unsigned from = 0; from < 256; from++)
            explore_stream(4, 4, 3, (aksu_seq)from);
    printf("%d passed, %d failed\n", wrong == 0, wrong != 0);
    return wrong != 0;
}
