// SPDX-License-Identifier: MIT
// Out-of-order data: every way in which segments can overlap, against a bitmap (RFC 9293 3.10.7.4,
// SHLD-31, SM-13, SM-26).
#include "harness.h"

#define A  AKSU_ACK
#define FA (AKSU_FIN | AKSU_ACK)

enum { RING = 4000, SMALL = 6 };

// What arrived, octet by octet, and what the application got.
struct model {
    bool have[RING + 8]; // data, by offset in the stream
    bool fin;            // the FIN arrived
    uint32_t end;        // its offset
    uint8_t ring[RING];  // what effects had copied, by offset modulo RING
    uint32_t delivered;
    bool ended;
};

static uint8_t octet(uint32_t offset)
{
    return (uint8_t)(offset * 7 + 1);
}

// Does to the ring what the stack would do.
static void carry_out(struct model *m, const struct fixture *f, uint32_t rcv_nxt_before,
                      uint32_t seg_offset, uint32_t seg_len)
{
    const struct aksu_effects *fx = &f->fx;
    if ((fx->mask & AKSU_FX_DELIVER) != 0) {
        assert_true(fx->copy_from + fx->copy_len <= seg_len);
        for (uint32_t i = 0; i < fx->copy_len; i++) {
            uint32_t to = rcv_nxt_before + fx->copy_to + i;
            assert_true(to < m->delivered + RING); // not beyond the ring
            m->ring[to % RING] = octet(seg_offset + fx->copy_from + i);
        }
        for (uint32_t i = 0; i < fx->ready; i++)
            assert_int_equal(m->ring[(m->delivered + i) % RING], octet(m->delivered + i));
        m->delivered += fx->ready;
    }
    if ((fx->mask & AKSU_FX_EOF) != 0) {
        assert_false(m->ended);
        m->ended = true;
        assert_int_equal(m->delivered, m->end);
    }
}

// The first offset that is missing.
static uint32_t prefix(const struct model *m)
{
    uint32_t n = 0;
    while (m->have[n])
        n++;
    return n;
}

static void arrive_range(struct model *m, struct fixture *f, uint32_t start, uint32_t end, bool fin)
{
    uint32_t before = f->t.rcv_nxt - f->irs - 1;
    arrive(f, seg(f, fin ? FA : A, 1 + start, 1, end - start, PEER_WND));
    for (uint32_t i = start; i < end; i++)
        m->have[i] = true;
    if (fin) {
        m->fin = true;
        m->end = end;
    }
    carry_out(m, f, before, start, end - start);
}

static void check(const struct model *m, const struct fixture *f)
{
    uint32_t n = prefix(m);
    bool whole = m->fin && n == m->end;
    assert_int_equal(f->t.rcv_nxt - f->irs - 1, n + whole);
    assert_int_equal(m->delivered, n);
    assert_int_equal(m->ended, whole);
    assert_int_equal(f->t.state, whole ? AKSU_CLOSE_WAIT : AKSU_ESTABLISHED);
}

struct piece {
    uint32_t start;
    uint32_t end;
    bool fin;
};

// All ranges of [0, SMALL), those that end at SMALL also with the FIN, and the FIN alone.
static unsigned pieces(struct piece *to)
{
    unsigned n = 0;
    for (uint32_t a = 0; a < SMALL; a++)
        for (uint32_t b = a + 1; b <= SMALL; b++)
            to[n++] = (struct piece){a, b, false};
    for (uint32_t a = 0; a <= SMALL; a++)
        to[n++] = (struct piece){a, SMALL, true};
    return n;
}

static void every_overlap_from(const struct fixture *f, const struct model *m,
                               const struct piece *all, unsigned count, unsigned depth)
{
    for (unsigned i = 0; i < count; i++) {
        struct fixture g;
        struct model n = *m;
        memcpy(&g, f, offsetof(struct fixture, out)); // out is not needed
        g.outs = 0;
        arrive_range(&n, &g, all[i].start, all[i].end, all[i].fin);
        check(&n, &g);
        if (depth > 1)
            every_overlap_from(&g, &n, all, count, depth - 1);
    }
}

// Three segments in every combination: at most four islands can be.
static void every_overlap(struct fixture *f)
{
    static struct model m;
    struct piece all[64];
    memset(&m, 0, sizeof m);
    drive(f, AKSU_ESTABLISHED);
    every_overlap_from(f, &m, all, pieces(all), 3);
}

// Islands one octet each, in every order, then the gaps: the table of ranges overflows and is
// still right: what is not kept is not acknowledged.
static void many_islands(struct fixture *fresh)
{
    static struct model m;
    for (unsigned seed = 0; seed < 200; seed++) {
        struct fixture f = *fresh;
        uint32_t r = seed;
        memset(&m, 0, sizeof m);
        drive(&f, AKSU_ESTABLISHED);
        for (unsigned i = 0; i < 60; i++) {
            r = r * 1664525u + 1013904223u;
            uint32_t start = (r >> 16) % 40, end = start + 1 + (r >> 28) % 4;
            arrive_range(&m, &f, start, end, false);
            flush(&f);
            uint32_t got = f.t.rcv_nxt - f.irs - 1;
            assert_true(got <= prefix(&m));
            assert_int_equal(m.delivered, got);
            for (unsigned k = 0; k < f.t.ranges; k++) {
                assert_true((int32_t)(f.t.range[k].start - f.t.rcv_nxt) > 0);
                assert_true((int32_t)(f.t.range[k].end - f.t.range[k].start) > 0);
            }
            take(&f);
        }
        for (uint32_t a = 0; a < 44; a += 4) { // the sender repeats all
            arrive_range(&m, &f, a, a + 4, a == 40);
            flush(&f);
            take(&f);
        }
        check(&m, &f);
    }
}

// Random segments of all sizes over the whole ring, with the reader reading now and then.
static void whole_ring(struct fixture *fresh)
{
    enum { TOTAL = 60000 };
    static struct model m;
    for (unsigned seed = 1; seed <= 10; seed++) {
        struct fixture f = *fresh;
        uint32_t r = seed, unread = 0;
        memset(&m, 0, sizeof m);
        drive(&f, AKSU_ESTABLISHED);
        while (m.delivered < TOTAL) {
            uint32_t next = f.t.rcv_nxt - f.irs - 1;
            r = r * 1664525u + 1013904223u;
            uint32_t start = next + (r >> 20) % 2000, len = (r >> 8) % 1000 + 1;
            start -= (r >> 28) < 4 ? (start < 300 ? start : 300) : 0;
            start = (r >> 29) == 7 ? next : start;
            arrive(&f, seg(&f, A, 1 + start, 1, len, PEER_WND));
            uint32_t before = m.delivered;
            carry_out(&m, &f, next, start, len);
            unread += m.delivered - before;
            flush(&f);
            take(&f);
            if (((r >> 4) & 3) == 0) {
                user(&f, AKSU_EV_READ, unread);
                unread = 0;
                flush(&f);
                take(&f);
            }
        }
        assert_int_equal(f.t.rcv_nxt - f.irs - 1, m.delivered);
    }
}

// A held FIN is not processed before its gap is filled, and then only once.
static void held_fin(struct fixture *f)
{
    static struct model m;
    memset(&m, 0, sizeof m);
    drive(f, AKSU_ESTABLISHED);
    arrive_range(&m, f, 10, 20, true);
    expect_state(f, AKSU_ESTABLISHED);
    arrive_range(&m, f, 15, 20, true);
    arrive_range(&m, f, 0, 5, false);
    expect_state(f, AKSU_ESTABLISHED);
    arrive_range(&m, f, 5, 10, false);
    check(&m, f);
    flush(f);
    assert_int_equal(f->out[f->outs - 1].ack, f->irs + 22);
}

// A peer that contradicts itself about where its FIN is does no harm.
static void contradictory_fins(struct fixture *fresh)
{
    for (unsigned seed = 0; seed < 300; seed++) {
        struct fixture f = *fresh;
        uint32_t r = seed * 77 + 5;
        unsigned ends = 0;
        drive(&f, AKSU_ESTABLISHED);
        for (unsigned i = 0; i < 40; i++) {
            r = r * 1664525u + 1013904223u;
            uint32_t start = (r >> 16) % 30, len = (r >> 24) % 6;
            arrive(&f, seg(&f, (r >> 30) == 0 ? FA : A, 1 + start, 1, len, PEER_WND));
            ends += (f.fx.mask & AKSU_FX_EOF) != 0;
            flush(&f);
            take(&f);
        }
        assert_true(ends <= 1);
        assert_int_equal(ends == 1, f.t.state == AKSU_CLOSE_WAIT);
    }
}

// R5681-09, R5681-10: each out-of-order segment is acknowledged at once, and so is the one that
// fills the gap; never more than one ACK for a segment.
static void immediate_acks(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    for (unsigned i = 1; i <= 3; i++) {
        give(f, A, 1 + 200 * i, 1, 100);
        expect_count(f, i);
        expect(f, i - 1, A, 1, 1, 0);
    }
    give(f, A, 1, 1, 200); // fills a part
    expect_count(f, 4);
    expect(f, 3, A, 1, 301, 0);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(every_overlap), TEST(many_islands),       TEST(whole_ring),
        TEST(held_fin),      TEST(contradictory_fins), TEST(immediate_acks),
    };
    return run_at_bases("reassembly", tests, sizeof tests / sizeof tests[0]);
}
