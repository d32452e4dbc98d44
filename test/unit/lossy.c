// SPDX-License-Identifier: MIT
// The congestion control for lossy links, by the calls that the core makes.
#include "control.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

enum { MSS = 1000, RTT_MS = 100, SPARE = 2 * MSS, HELD = 20000 };

static void begin(void)
{
    begin_control(MSS, 10 * MSS, RTT_MS, 0xfffffe00u);
    t.snd_una = t.snd_max = 0xffffc000u;
}

// An ACK of so many octets after a time.
static void ack(uint32_t octets, uint32_t ms)
{
    c.now_ms += ms;
    t.snd_una += octets;
    t.snd_max = t.snd_una;
    aksu_lossy.acked(&c, octets);
}

// What a loss leaves when the round trip takes so long.
static uint32_t after_loss(uint32_t flight, uint32_t rtt_ms)
{
    b->rtt_ms = (uint16_t)rtt_ms;
    aksu_lossy.lost(&c, flight);
    b->rtt_ms = RTT_MS;
    return t.ssthresh;
}

// The search is over, and the path holds HELD; the next sample begins now.
static void find(void)
{
    begin();
    ack(MSS, 1);
    for (unsigned i = 0; i < 3; i++)
        ack(HELD, RTT_MS);
    b->rtt_ms = 2 * RTT_MS;
    for (unsigned i = 0; i < 8; i++)
        ack(0, 0);
    b->rtt_ms = RTT_MS;
}

// The window doubles each round trip; an ACK counts for eight segments at most.
static void search(void **state)
{
    (void)state;
    begin();
    ack(MSS, 1);
    assert_int_equal(t.cwnd, 11 * MSS);
    ack(8 * MSS, 1);
    assert_int_equal(t.cwnd, 19 * MSS);
    ack(20 * MSS, 1);
    assert_int_equal(t.cwnd, 27 * MSS);
}

// A loss in the search leaves twice what was found so far.
static void loss_in_search(void **state)
{
    (void)state;
    begin();
    ack(MSS, 1);
    ack(HELD, RTT_MS);
    assert_int_equal(after_loss(HELD, RTT_MS), 2 * HELD + SPARE);
}

// Eight RTTs in a row, each more than half as long again as the least, end it; what waits drains.
static void search_ends(void **state)
{
    (void)state;
    begin();
    ack(MSS, 1);
    ack(HELD, RTT_MS);
    t.cwnd = 100 * MSS;
    for (unsigned i = 0; i < 40; i++) { // not in a row
        b->rtt_ms = i % 8 == 7 ? RTT_MS * 3 / 2 : RTT_MS * 3 / 2 + 1;
        ack(0, 0);
    }
    assert_int_equal(t.cwnd, 100 * MSS);
    b->rtt_ms = RTT_MS * 3 / 2 + 1;
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(t.cwnd, 100 * MSS);
        ack(0, 0);
    }
    assert_int_equal(t.ssthresh, HELD + SPARE);
    assert_in_range(t.cwnd, HELD + SPARE, HELD + SPARE + 1);
    t.cwnd = 100 * MSS; // once
    ack(1, 0);
    assert_int_equal(t.cwnd, 100 * MSS + 1);
    begin(); // a small window stays, and grows
    ack(HELD, RTT_MS);
    ack(HELD, RTT_MS);
    t.cwnd = 5 * MSS;
    b->rtt_ms = 2 * RTT_MS;
    for (unsigned i = 0; i < 8; i++)
        ack(i, 0);
    assert_int_equal(t.cwnd, 5 * MSS + 28);
}

// Also if a loss shows the last of them.
static void loss_ends_search(void **state)
{
    (void)state;
    begin();
    ack(HELD, RTT_MS);
    ack(HELD, RTT_MS);
    t.cwnd = 100 * MSS;
    for (unsigned i = 0; i < 8; i++) {
        b->rtt_ms = 2 * RTT_MS;
        if (i < 7)
            ack(0, 0);
        else
            assert_int_equal(after_loss(0, 2 * RTT_MS), HELD + SPARE);
    }
    assert_int_equal(after_loss(0, RTT_MS), HELD + HELD / 4 + SPARE);
    b->rtt_ms = 2 * RTT_MS;
    ack(0, 0);
    assert_in_range(t.cwnd, HELD + SPARE, HELD + SPARE + 1);
}

// The first ACK begins the first round: before it nothing was measured.
static void first_ack(void **state)
{
    (void)state;
    begin();
    t.snd_una = 0x40000000u;
    c.now_ms = 5;
    ack(MSS, 2 * RTT_MS);
    assert_int_equal(after_loss(0, RTT_MS), SPARE);
    ack(HELD, RTT_MS);
    assert_int_equal(after_loss(0, RTT_MS), 2 * HELD + SPARE);
}

// It ends without a sample, too, and leaves a window.
static void search_ends_early(void **state)
{
    (void)state;
    begin();
    b->rtt_ms = 2 * RTT_MS;
    for (unsigned i = 0; i < 9; i++)
        ack(0, 0);
    assert_in_range(t.cwnd, SPARE, 10 * MSS);
}

// A loss takes nothing of what the path holds. While no more than a quarter of the RTT is waiting a
// quarter is added, which finds out whether it holds more; and else 7/16 of the flight are taken,
// if that leaves more.
static void loss(void **state)
{
    (void)state;
    find();
    assert_int_equal(after_loss(HELD, RTT_MS), HELD + HELD / 4 + SPARE);
    assert_int_equal(after_loss(HELD, RTT_MS * 5 / 4), HELD + HELD / 4 + SPARE);
    assert_int_equal(after_loss(HELD, RTT_MS * 5 / 4 + 1), HELD + SPARE);
    assert_int_equal(after_loss(32000, RTT_MS * 2), HELD + SPARE);
    assert_int_equal(after_loss(80000, RTT_MS * 4), 45000);
    assert_int_equal(after_loss(MSS, RTT_MS * 4), HELD + SPARE); // or raises the window
}

// However often it comes.
static void many_losses(void **state)
{
    (void)state;
    find();
    for (unsigned i = 0; i < 100; i++) {
        t.snd_max = t.snd_una += HELD;
        c.now_ms += RTT_MS;
        assert_int_equal(after_loss(HELD, RTT_MS), HELD + HELD / 4 + SPARE);
    }
}

// Up to the model's window the window grows with what is acknowledged, above it by a segment a
// round trip.
static void growth(void **state)
{
    (void)state;
    find();
    t.ssthresh = t.cwnd = HELD;
    ack(MSS, 0);
    assert_int_equal(t.cwnd, HELD + MSS);
    t.cwnd = HELD + HELD / 4 + SPARE - 1;
    ack(MSS, 0);
    assert_int_equal(t.cwnd, HELD + HELD / 4 + SPARE - 1 + MSS);
    t.ssthresh = t.cwnd = 40 * MSS;
    for (unsigned i = 0; i < 40; i++)
        ack(MSS, 0);
    assert_in_range(t.cwnd, 40 * MSS + 900, 41 * MSS);
}

// A sample a round trip: what was acknowledged and SACKed over its time. The longer of the last RTT
// and the least is one.
static void samples(void **state)
{
    (void)state;
    find();
    t.snd_una += 50000;
    t.snd_max = t.snd_una + 30000;
    b->runs = 2;
    struct aksu_run *r = aksu_runs(b);
    r[0] = (struct aksu_run){.start = t.snd_una};
    r[1] = (struct aksu_run){.start = t.snd_una + 20000, .flags = AKSU_RUN_SACKED};
    r[2].start = t.snd_max;
    c.now_ms += RTT_MS - 1;
    assert_int_equal(after_loss(0, RTT_MS), HELD + HELD / 4 + SPARE); // too soon
    c.now_ms++;
    assert_int_equal(after_loss(0, RTT_MS + 30), HELD + SPARE);
    c.now_ms += RTT_MS;
    assert_in_range(after_loss(0, RTT_MS + 30), 30000 - 16 + SPARE,
                    30000 + SPARE); // 60000 in 200 ms
    t.snd_una = t.snd_max;          // SACKed before: counted
    b->runs = 0;
    c.now_ms += 2 * RTT_MS;
    assert_in_range(after_loss(0, RTT_MS + 30), 30000 - 30000 / 16 - 16 + SPARE,
                    30000 - 30000 / 16 + 1 + SPARE);
}

// Nothing was delivered, or the peer has gone back on a SACK: no sample until more is.
static void nothing_delivered(void **state)
{
    (void)state;
    find();
    for (unsigned i = 0; i < 10; i++) {
        t.snd_max = t.snd_una -= i > 4 ? 100 : 0;
        c.now_ms += RTT_MS;
        assert_int_equal(after_loss(0, RTT_MS + 30), HELD + SPARE);
    }
    t.snd_max = t.snd_una += 500 + 11 * HELD; // in 11 round trips
    c.now_ms += RTT_MS;
    assert_in_range(after_loss(0, RTT_MS + 30), HELD - HELD / 16 + SPARE, HELD + SPARE);
}

// The largest sample fades by a 16th each round trip.
static void fades(void **state)
{
    (void)state;
    find();
    uint32_t held = HELD;
    for (unsigned i = 0; i < 40; i++) {
        t.snd_max = t.snd_una += 100;
        c.now_ms += RTT_MS + 30;
        held -= held / 16;
        assert_int_equal(after_loss(0, RTT_MS + 30), held + SPARE);
    }
}

// Behind a pause of a minute a sample is none.
static void after_pause(void **state)
{
    (void)state;
    find();
    t.snd_max = t.snd_una += 1000000;
    c.now_ms += 70000;
    assert_int_equal(after_loss(0, RTT_MS + 30), HELD + SPARE);
    t.snd_max = t.snd_una += 2 * HELD;
    c.now_ms += RTT_MS + 30;
    assert_in_range(after_loss(0, RTT_MS + 30), 2 * HELD * 100 / 130 - 16 + SPARE,
                    2 * HELD * 100 / 130 + SPARE);
    for (unsigned i = 0; i < 2; i++) { // the last that is one
        find();
        t.snd_max = t.snd_una += 1000;
        c.now_ms += UINT16_MAX + i;
        assert_int_equal(after_loss(0, RTT_MS + 30), (i ? HELD : HELD - HELD / 16) + SPARE);
    }
    c.now_ms += 60000;
    aksu_lossy.idle(&c);
    assert_true(t.cwnd <= 14600);
}

// What does not fit saturates.
static void saturates(void **state)
{
    (void)state;
    find();
    for (unsigned i = 0; i < 20; i++) {
        t.snd_max = t.snd_una += UINT32_C(2000000000);
        c.now_ms += RTT_MS;
        assert_int_equal(after_loss(0, RTT_MS), (UINT32_C(5) << 28) + SPARE);
        t.cwnd = (UINT32_C(1) << 30) - 1;
        aksu_lossy.acked(&c, 5000);
        assert_int_equal(t.cwnd, UINT32_C(1) << 30);
    }
    begin(); // an RTT of 1 ms
    b->rtt_ms = b->min_rtt_ms = 1;
    ack(0, 0);
    ack(HELD, 1);
    assert_int_equal(after_loss(0, 2), HELD + SPARE);
    begin(); // no RTT at all
    b->rtt_ms = b->min_rtt_ms = 0;
    for (unsigned i = 0; i < 5; i++)
        ack(MSS, 0);
    assert_int_equal(t.cwnd, 15 * MSS);
}

// A timeout: from one segment quickly back to what the path holds.
static void timeout(void **state)
{
    (void)state;
    find();
    aksu_lossy.timed_out(&c, HELD);
    assert_int_equal(t.cwnd, MSS);
    assert_int_equal(t.ssthresh, HELD + HELD / 4 + SPARE);
    ack(MSS, 0);
    assert_int_equal(t.cwnd, 2 * MSS);
}

// Without a board (the peer sends no SACKs) the window is Reno's.
static void without_board(void **state)
{
    static uint32_t seen[2][8];
    struct aksu_step plain = c;
    (void)state;
    plain.b = NULL;
    for (unsigned i = 0; i < 2; i++) {
        const struct aksu_congestion *which = i ? &aksu_lossy : &aksu_newreno;
        uint32_t *now = seen[i];
        begin();
        which->acked(&plain, 5 * MSS);
        now[0] = t.cwnd;
        which->lost(&plain, 20000);
        now[1] = t.cwnd;
        now[2] = t.ssthresh;
        which->acked(&plain, MSS);
        now[3] = t.cwnd;
        which->timed_out(&plain, 30000);
        now[4] = t.cwnd;
        now[5] = t.ssthresh;
        which->open(&plain);
        now[6] = t.cwnd;
        t.cwnd = 100 * MSS;
        which->idle(&plain);
        now[7] = t.cwnd;
    }
    assert_memory_equal(seen[0], seen[1], sizeof seen[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search),
        cmocka_unit_test(first_ack),
        cmocka_unit_test(loss_ends_search),
        cmocka_unit_test(loss_in_search),
        cmocka_unit_test(search_ends),
        cmocka_unit_test(search_ends_early),
        cmocka_unit_test(loss),
        cmocka_unit_test(many_losses),
        cmocka_unit_test(growth),
        cmocka_unit_test(samples),
        cmocka_unit_test(nothing_delivered),
        cmocka_unit_test(fades),
        cmocka_unit_test(after_pause),
        cmocka_unit_test(saturates),
        cmocka_unit_test(timeout),
        cmocka_unit_test(without_board),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
