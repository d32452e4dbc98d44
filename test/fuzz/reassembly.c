// SPDX-License-Identifier: MIT
// Segments of a stream in any order, cut anywhere, overlapping, repeated, into the reassembler; its
// ring is kept here as ring.c keeps it. A model knows which octets came: what is delivered is the
// stream in order and once, what is reported as held came, and the FIN counts when all before it is
// here. In half of the inputs segments lie about octets and FINs: then only the shape is checked.
#include <aksu/aksu.h>
#include <string.h>
#include "input.h"

enum { RING_MAX = 4096, STREAM = 16384, SEGMENTS = 200 };

struct model {
    struct aksu_profile p;
    struct aksu_tcb t;
    uint32_t now;
    uint32_t irs;
    bool liar;
    uint32_t fin; // offset of the FIN in the stream
    uint8_t came[STREAM + 1];
    uint8_t ring[RING_MAX];
    uint32_t read; // offset of the next octet to be read out
    bool ended;
};

static uint8_t octet(uint32_t offset)
{
    return (uint8_t)((offset * 2654435761u) >> 24);
}

static uint32_t received(const struct model *m)
{
    return m->t.rcv_nxt - m->irs - 1 - m->ended;
}

// As aksu_ring_receive() does.
static void copy(struct model *m, const struct aksu_effects *fx, uint32_t rcv_nxt, uint32_t seq)
{
    uint32_t size = m->t.rcv_buf;

    for (uint32_t i = 0; i < fx->copy_len; i++) {
        uint32_t at = rcv_nxt - m->irs - 1 + fx->copy_to + i;
        m->ring[at % size] = octet(seq - m->irs - 1 + fx->copy_from + i);
    }
}

static void check_held(const struct model *m)
{
    const struct aksu_tcb *t = &m->t;

    unsigned held =
        t->ranges - ((t->flags & AKSU_F_DSACK) ? 1u : 0u); // the last may be a duplicate

    for (unsigned i = 0; i < held; i++) {
        uint32_t start = t->range[i].start - m->irs - 1, end = t->range[i].end - m->irs - 1;
        REQUIRE(start > received(m) && start < end && end - received(m) <= t->rcv_room + 1);
        for (unsigned k = 0; k < held; k++) { // islands, with water between them
            bool apart = k == i || (int32_t)(t->range[k].start - t->range[i].end) > 0 ||
                         (int32_t)(t->range[i].start - t->range[k].end) > 0;
            REQUIRE(apart);
        }
        for (uint32_t at = start; !m->liar && at < end; at++) {
            REQUIRE(at <= STREAM && m->came[at]);
        }
    }
}

static void check_delivered(struct model *m, uint32_t before)
{
    REQUIRE(m->t.rcv_room == m->t.rcv_buf - (received(m) - m->read));
    for (uint32_t at = before; at < received(m); at++) {
        REQUIRE(m->liar || m->came[at]);
        REQUIRE(m->liar || m->ring[at % m->t.rcv_buf] == octet(at));
    }
}

static void arrive(struct model *m, const struct aksu_segment *s)
{
    struct aksu_event ev = {AKSU_EV_SEGMENT, 0, m->now, 0, 0, s, NULL};
    uint32_t nxt = m->t.rcv_nxt, adv = m->t.rcv_adv, before = received(m);
    uint32_t room = m->t.rcv_room;
    bool ended = m->ended;
    struct aksu_effects fx;

    aksu_tcp_step(&m->p, &m->t, NULL, &ev, &fx);
    if (fx.mask & AKSU_FX_DELIVER) {
        REQUIRE(fx.copy_to <= room && fx.copy_len <= room - fx.copy_to);
        REQUIRE(fx.copy_from <= s->len && fx.copy_len <= s->len - fx.copy_from);
        copy(m, &fx, nxt, s->seq);
    }
    if (fx.mask & AKSU_FX_EOF) {
        REQUIRE(!ended);
        m->ended = true;
        REQUIRE(m->liar || received(m) == m->fin);
    }
    check_delivered(m, before);
    check_held(m);
    // What is next and fits is taken: the window is never a place where data gets lost.
    if (!m->liar && !ended && s->seq - nxt == 0 && s->len > 0 && adv - nxt >= s->len) {
        REQUIRE((int32_t)(m->t.rcv_nxt - (s->seq + s->len)) >= 0);
    }
}

static void one_segment(struct model *m, struct input *in)
{
    struct aksu_segment s;
    uint8_t kind = take8(in);
    uint32_t at = (kind & 1) ? received(m) : received(m) + take_distance(in) % RING_MAX;
    uint32_t len = (kind & 2) ? take8(in) : take16(in) % 1500;

    if (!m->liar) { // a piece of the stream
        at = at > m->fin ? m->fin : at;
        len = len > m->fin - at ? m->fin - at : len;
    }
    memset(&s, 0, sizeof s);
    s.seq = m->irs + 1 + at;
    s.ack = m->t.snd_una;
    s.len = len;
    s.wnd = 4096;
    s.flags = AKSU_ACK;
    if (m->liar ? (kind & 4) != 0 : at + len == m->fin && (kind & 4)) {
        s.flags |= AKSU_FIN;
    }
    for (uint32_t i = at; !m->liar && i < at + len + ((s.flags & AKSU_FIN) != 0); i++) {
        m->came[i] = 1;
    }
    arrive(m, &s);
}

// Acknowledges what it wants to; the blocks in it are what came.
static void send(struct model *m)
{
    struct aksu_plan plan;

    while (aksu_tcp_plan(&m->p, &m->t, NULL, m->now, &plan) == AKSU_NEXT_SEGMENT) {
        struct aksu_event ev = {AKSU_EV_SENT, 0, m->now, 0, 0, &plan.segment, NULL};
        struct aksu_effects fx;
        REQUIRE(plan.segment.ack == m->t.rcv_nxt);
        for (unsigned i = 0; !m->liar && i < plan.segment.sacks; i++) {
            uint32_t start = plan.segment.sack[i].start - m->irs - 1;
            uint32_t end = plan.segment.sack[i].end - m->irs - 1;
            REQUIRE(start < end && end <= STREAM + 1);
            for (uint32_t at = start; at < end; at++) {
                REQUIRE(m->came[at]);
            }
        }
        aksu_tcp_step(&m->p, &m->t, NULL, &ev, &fx);
    }
}

static void read_out(struct model *m, uint32_t octets)
{
    uint32_t readable = received(m) - m->read;
    struct aksu_event ev = {AKSU_EV_READ, 0, m->now, 0, 0, NULL, NULL};
    struct aksu_effects fx;

    ev.value = octets > readable ? readable : octets;
    m->read += ev.value;
    aksu_tcp_step(&m->p, &m->t, NULL, &ev, &fx);
}

static void open(struct model *m, uint32_t ring, uint32_t iss)
{
    struct aksu_open open = {iss, 0, ring, 1460};
    struct aksu_event ev = {AKSU_EV_LISTEN, 0, m->now, 0, 0, NULL, &open};
    struct aksu_effects fx;
    struct aksu_segment s;

    aksu_tcp_step(&m->p, &m->t, NULL, &ev, &fx);
    memset(&s, 0, sizeof s);
    s.seq = m->irs;
    s.flags = AKSU_SYN;
    s.wnd = 4096;
    s.options = AKSU_OPT_SACK_PERMITTED;
    ev.kind = AKSU_EV_SEGMENT;
    ev.segment = &s;
    aksu_tcp_step(&m->p, &m->t, NULL, &ev, &fx);
    send(m);
    s.seq++;
    s.ack = iss + 1;
    s.flags = AKSU_ACK;
    s.options = 0;
    aksu_tcp_step(&m->p, &m->t, NULL, &ev, &fx);
    REQUIRE(m->t.state == AKSU_ESTABLISHED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct model m;
    struct input in = {data, size};
    uint8_t first = take8(&in);
    uint32_t ring = 1u + take16(&in) % RING_MAX;

    memset(&m, 0, sizeof m);
    memcpy(&m.p, first & 2 ? &aksu_lean : &aksu_standard, sizeof m.p);
    m.liar = first & 1;
    m.now = 1000;
    m.irs = first & 4 ? UINT32_MAX - take8(&in) : 0x20000000;
    m.fin = take16(&in) % (STREAM - 1);
    open(&m, ring, first & 8 ? UINT32_MAX : 0x10000000);
    for (unsigned i = 0; i < SEGMENTS && in.left > 0; i++) {
        uint8_t what = take8(&in) % 8;
        if (what < 6) {
            one_segment(&m, &in);
        } else if (what == 6) {
            read_out(&m, take16(&in));
        }
        if (what != 5) {
            send(&m);
        }
    }
    return 0;
}
