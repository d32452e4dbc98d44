// SPDX-License-Identifier: MIT
// The scoreboard's own functions against a model that knows each octet, at random; and
// aksu_tcp_share. Sequence numbers wrap, and so do the 16 bits of the times.
#include "tcp/board.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { OCTETS = 400, RUNS = 20, MIN_RTT_MS = 80 };

// What is known of one octet. The times are those between which it was last sent.
struct octet {
    uint8_t flags;
    uint32_t first_ms;
    uint32_t last_ms;
};

static struct {
    struct aksu_board board;
    union aksu_slot slot[RUNS];
} store;
static struct aksu_board *const b = &store.board;
static struct aksu_run *run; // b's
static struct aksu_tcb t;
static struct octet model[OCTETS];
static uint32_t known; // octets of the model that were sent
static uint32_t now_ms;
static uint32_t seed = 1;

static uint32_t dice(uint32_t sides)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % sides;
}

static void begin(uint8_t size, aksu_seq una, uint32_t ms)
{
    memset(&store, 0, sizeof store);
    run = aksu_runs(b);
    b->size = size;
    b->start = una;
    b->min_rtt_ms = MIN_RTT_MS;
    t.snd_una = una;
    t.snd_max = una;
    now_ms = ms;
    known = 0;
}

// The run that an octet is in.
static unsigned run_of(uint32_t octet)
{
    unsigned i = 0;

    while (octet >= run[i + 1].start - t.snd_una)
        i++;
    return i;
}

static unsigned status(unsigned flags)
{
    return flags & AKSU_RUN_STATUS;
}

// How much is claimed of an octet: nothing, that it is lost, that the peer has it.
static unsigned claim(unsigned flags)
{
    return status(flags) == 0 ? 0 : status(flags) == AKSU_RUN_LOST ? 1 : 2;
}

// What is exact unless runs had to be merged: how often octets were sent that the peer has is not.
static unsigned told(unsigned flags)
{
    return (flags & AKSU_RUN_SACKED) ? AKSU_RUN_SACKED : flags;
}

static uint32_t len_of(unsigned i)
{
    return run[i + 1].start - run[i].start;
}

static void check_shape(void)
{
    assert_true(b->runs <= b->size);
    assert_int_equal(run[0].start, t.snd_una);
    for (unsigned i = 0; i < b->runs; i++)
        assert_true(run[i + 1].start - t.snd_una > run[i].start - t.snd_una);
    assert_int_equal(run[b->runs].start, t.snd_una + known);
    static const unsigned without[] = {0, AKSU_RUN_LOST, AKSU_RUN_SACKED, AKSU_RUN_STATUS};
    for (unsigned k = 0; k < 4; k++) {
        uint32_t octets = 0;
        for (unsigned i = 0; i < b->runs; i++)
            octets += (run[i].flags & without[k]) == 0 ? len_of(i) : 0;
        assert_int_equal(aksu_board_octets(b, without[k]), octets);
    }
}

// What the runs say of each octet: exactly what is known, or (merged) no more than that. The times
// of what was received or lost mean nothing.
static void check_octets(bool merged)
{
    check_shape();
    for (uint32_t o = 0; o < known; o++) {
        const struct aksu_run *r = &run[run_of(o)];
        if (merged) {
            assert_true(claim(r->flags) <= claim(model[o].flags));
            if (r->flags != model[o].flags) {
                assert_true(r->flags & AKSU_RUN_RETRANS); // its RTT must not be believed
                continue;
            }
        } else {
            assert_int_equal(told(r->flags), told(model[o].flags));
        }
        if (status(r->flags) == 0) {
            uint16_t first = (uint16_t)(model[o].first_ms - (uint16_t)(r->at - r->span));
            assert_true(r->span == UINT8_MAX || first <= r->span);
            assert_true((uint16_t)(r->at - model[o].last_ms) < INT16_MAX);
        }
    }
}

// From here on the model knows no more than the runs.
static void learn(void)
{
    for (uint32_t o = 0; o < known; o++) {
        const struct aksu_run *r = &run[run_of(o)];
        uint32_t last = now_ms - aksu_run_age(r, now_ms);
        model[o] = (struct octet){r->flags, last - r->span, last};
    }
}

// What it costs to forget where one run ends and the next begins: the worst first.
static uint32_t price(const struct aksu_run *r, const struct aksu_run *next)
{
    unsigned differ = r->flags ^ next->flags;
    uint32_t cost = (uint16_t)(next->at - r->at);

    if (r->flags & next->flags & AKSU_RUN_SACKED)
        return 0;
    if (differ & AKSU_RUN_SACKED)
        return UINT32_C(8) << 16;
    cost += (differ & AKSU_RUN_LOST) ? UINT32_C(4) << 16 : 0;
    return cost + ((differ & AKSU_RUN_RETRANS) ? UINT32_C(1) << 16 : 0);
}

static void check_joined(void)
{
    for (unsigned i = 0; i + 1 < b->runs; i++)
        assert_true(price(&run[i], &run[i + 1]) > 0);
}

// One merge: of the pair that costs least, the last of such. Octets that are not in it stay as they
// are.
static void check_one_merge(const struct aksu_run *before, unsigned count)
{
    unsigned which = 0;
    uint32_t least = UINT32_MAX;

    while (which < b->runs && before[which + 1].start == run[which + 1].start)
        which++;
    for (unsigned i = 0; i + 1 < count; i++) {
        uint32_t this = price(&before[i], &before[i + 1]);
        least = this < least ? this : least;
    }
    assert_int_equal(price(&before[which], &before[which + 1]), least);
    for (unsigned i = which + 1; i + 1 < count; i++)
        assert_true(price(&before[i], &before[i + 1]) > least);
    for (unsigned i = 0; i < b->runs; i++)
        if (i != which)
            assert_memory_equal(&run[i], &before[i < which ? i : i + 1], sizeof *before);
}

static void room(void)
{
    struct aksu_run before[RUNS + 1];
    unsigned count = b->runs;
    bool forget = dice(2) != 0;
    bool stuck = true;

    memcpy(before, run, count * sizeof *run + sizeof run->start);
    bool got = aksu_board_room(b, now_ms, forget);
    check_octets(true);
    check_joined();
    for (unsigned i = 0; i + 1 < b->runs; i++)
        stuck = stuck && ((run[i].flags ^ run[i + 1].flags) & AKSU_RUN_SACKED);
    assert_true(got || (stuck && !forget)); // not for want of trying
    assert_int_equal(got, b->runs <= b->size - 2u);
    if (!forget)
        for (uint32_t o = 0; o < known; o++)
            assert_int_equal(run[run_of(o)].flags & AKSU_RUN_SACKED,
                             model[o].flags & AKSU_RUN_SACKED);
    if (b->runs + 1u == count)
        check_one_merge(before, count);
    learn();
}

static void split(void)
{
    if (b->runs == b->size)
        return;
    uint32_t at = dice(known + 1);
    unsigned which = (unsigned)(aksu_board_split(b, t.snd_una + at) - run);

    assert_true(which <= b->runs && run[which].start - t.snd_una == at);
    check_octets(false);
}

// A range of octets is acknowledged, found to be lost or sent again.
static void mark(void)
{
    if (known == 0 || !aksu_board_room(b, now_ms, true))
        return;
    learn();
    uint32_t from = dice(known), to = from + 1 + dice(known - from);
    static const uint8_t kinds[] = {AKSU_RUN_SACKED,
                                    AKSU_RUN_LOST,
                                    AKSU_RUN_RETRANS,
                                    AKSU_RUN_SACKED | AKSU_RUN_RETRANS,
                                    AKSU_RUN_LOST | AKSU_RUN_RETRANS,
                                    0};
    uint8_t kind = kinds[dice(6)];
    unsigned i = (unsigned)(aksu_board_split(b, t.snd_una + from) - run);
    unsigned last = (unsigned)(aksu_board_split(b, t.snd_una + to) - run);
    check_octets(false);
    for (; i < last; i++) {
        run[i].flags = kind;
        run[i].at = (uint16_t)now_ms;
        run[i].span = 0;
    }
    for (uint32_t o = from; o < to; o++)
        model[o] = (struct octet){kind, now_ms, now_ms};
    check_octets(false);
    bool full = b->runs > b->size - 2u;
    aksu_board_room(b, now_ms, false);
    check_octets(full);
    check_joined();
    learn();
}

static void add(void)
{
    uint32_t len = 1 + dice(20);
    uint8_t kind = dice(4) == 0 ? AKSU_RUN_LOST : 0;
    struct aksu_step c = {.t = &t, .b = b, .now_ms = now_ms};

    if (known + len > OCTETS)
        return;
    aksu_board_room(b, now_ms, false);
    learn();
    for (uint32_t o = known; o < known + len; o++)
        model[o] = (struct octet){kind, now_ms, now_ms};
    uint8_t runs = b->runs;
    struct aksu_run last = run[runs ? runs - 1 : 0];
    known += len;
    t.snd_max += len;
    aksu_board_add(&c, t.snd_max, kind);
    check_octets(true);
    // It is told apart from what was sent long before.
    if (runs > 0 && (uint16_t)(now_ms - last.at) > MIN_RTT_MS / 8)
        assert_true(b->runs > 1 && len_of(b->runs - 1u) == len);
    if (runs > 0 && runs <= b->size - 2u) {
        bool near = (uint16_t)(now_ms - last.at) + last.span <= MIN_RTT_MS / 8;
        assert_int_equal(b->runs, runs + (near && last.flags == kind ? 0 : 1));
    }
    learn();
}

static void random_operations(void **state)
{
    static const uint32_t bases[] = {0, 0x7fffff80u, 0xffffff80u};
    (void)state;
    for (unsigned round = 0; round < 1500; round++) {
        begin((uint8_t)(4 + dice(RUNS - 3)), bases[round % 3], dice(UINT32_MAX));
        for (unsigned i = 0; i < 60; i++) {
            now_ms += dice(3) == 0 ? dice(400) : dice(12);
            switch (dice(6)) {
            case 0:
                split();
                break;
            case 1:
                room();
                break;
            case 2:
            case 3:
                mark();
                break;
            default:
                add();
            }
        }
    }
}

// Runs that are told apart by nothing but their time become one of the two's whole time.
static void times_merge(void **state)
{
    static const struct {
        uint32_t first, span, second; // ms
        uint32_t at, merged;
    } rows[] = {{0, 0, 20, 20, 20},        {0, 5, 20, 20, 25},        {20, 0, 0, 20, 20},
                {20, 30, 0, 20, 30},       {0, 0, 254, 254, 254},     {0, 0, 255, 255, 255},
                {0, 0, 256, 256, 255},     {0, 250, 30, 30, 255},     {0, 0, 30000, 30000, 255},
                {30000, 0, 0, 30000, 255}, {0, 0, 48000, 48000, 255}, {48000, 0, 0, 48000, 255}};
    (void)state;
    for (uint32_t base = 0; base <= UINT16_MAX; base += 4369) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            begin(4, 0xfffffffau, base + 60000);
            known = 20;
            b->runs = 3;
            run[0] = (struct aksu_run){t.snd_una, (uint16_t)(base + rows[i].first),
                                       (uint8_t)rows[i].span, 0};
            run[1] = (struct aksu_run){t.snd_una + 5, (uint16_t)(base + rows[i].second), 0, 0};
            run[2] = (struct aksu_run){t.snd_una + 15, 0, 0, AKSU_RUN_SACKED};
            run[3].start = t.snd_una + 20;
            assert_true(aksu_board_room(b, now_ms, false));
            assert_int_equal(b->runs, 2);
            assert_int_equal(run[1].start, t.snd_una + 15);
            assert_int_equal(run[0].at, (uint16_t)(base + rows[i].at));
            assert_int_equal(run[0].span, rows[i].merged);
        }
    }
}

// a * b / c: to 1 part in 2^13 of a, for shares large and small.
// A run of ten octets, sent at a time.
static void put(unsigned i, unsigned flags, unsigned at)
{
    run[i + 1].start = t.snd_una + 10 * (i + 1);
    run[i].at = (uint16_t)at;
    run[i].flags = (uint8_t)flags;
    b->runs = (uint8_t)(i + 1);
}

// Nothing behind the runs is touched, nor does what lies there matter.
static void behind_the_runs(void **state)
{
    (void)state;
    begin(4, 1000, 100);
    memset(store.slot, 0x5a, sizeof store.slot);
    for (unsigned i = 0; i < 4; i++)
        put(i, i % 2 ? AKSU_RUN_SACKED : 0, 0);
    assert_true(aksu_board_room(b, now_ms, true));
    assert_int_equal(b->runs, 2);
    assert_int_equal(run[4].start, t.snd_una + 40);
    assert_int_equal(store.slot[4].run.start, 0x5a5a5a5a);
    const struct aksu_step c = {.t = &t, .b = b, .now_ms = now_ms};
    run[2].span = run[2].flags = 0x5a;
    aksu_board_add(&c, t.snd_una + 50, 0);
    assert_int_equal(run[2].span | run[2].flags, 0);
}

// While there is room, what was sent at different times is told apart.
static void no_merge_without_need(void **state)
{
    (void)state;
    begin(4, 1000, 100);
    put(0, 0, 50);
    put(1, 0, 51);
    assert_true(aksu_board_room(b, now_ms, true));
    assert_int_equal(b->runs, 2);
}

static void share(void **state)
{
    static const uint32_t tops[] = {10, 1000, 32767, 32768, 65536, 1000000, 0x40000000};
    (void)state;
    assert_int_equal(aksu_tcp_share(1000, 0, 5), 0);
    assert_int_equal(aksu_tcp_share(1460, 7, 7), 1460);
    assert_int_equal(aksu_tcp_share(UINT32_C(1) << 30, 9, 9), UINT32_C(1) << 30);
    assert_int_equal(aksu_tcp_share(700, 5, 1), 700); // a share is never more than all
    for (unsigned i = 0; i < 300000; i++) {
        uint32_t a = dice(tops[dice(7)]), c = 1 + dice(tops[dice(7)]), part = dice(c + 1);
        uint64_t exact = (uint64_t)a * part / c, got = aksu_tcp_share(a, part, c);
        uint64_t off = got > exact ? got - exact : exact - got;
        if (off > 1 + a / 8192)
            fail_msg("%lu * %lu / %lu = %lu", (unsigned long)a, (unsigned long)part,
                     (unsigned long)c, (unsigned long)got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations),
        cmocka_unit_test(times_merge),
        cmocka_unit_test(behind_the_runs),
        cmocka_unit_test(no_merge_without_need),
        cmocka_unit_test(share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
