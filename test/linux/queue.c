// SPDX-License-Identifier: MIT
// One direction of the emulated link, in virtual time.
#include "link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MS = 1000000, LEN = 1000, BIG = 1514 };

// 1000 octets take 1 ms on the wire.
static const struct link_config plain = {.rate = 8000000, .delay_us = 10000, .queue = 50};

static uint8_t frame[LINK_FRAME + 1];

// A TCP segment with these flags; its first two octets are a number.
static const uint8_t *segment(uint16_t number, uint8_t flags, size_t len)
{
    memset(frame, 0, sizeof frame);
    frame[0] = (uint8_t)(number >> 8);
    frame[1] = (uint8_t)number;
    frame[12] = 0x08;
    frame[14] = 0x45;
    frame[16] = (uint8_t)((len - 14) >> 8);
    frame[17] = (uint8_t)(len - 14);
    frame[23] = 6;
    frame[34 + 12] = 0x50;
    frame[34 + 13] = flags;
    return frame;
}

static void take(struct link_path *path, uint64_t now_ns, uint16_t number)
{
    link_take(path, now_ns, segment(number, 0x10, LEN), LEN);
}

static unsigned number_of(const struct link_frame *f)
{
    return (unsigned)(f->data[0] << 8 | f->data[1]);
}

static void start(struct link_path *path, const struct link_config *config)
{
    assert_true(link_open(path, config));
}

static void end(struct link_path *path)
{
    const struct link_counts *c = &path->counts;

    assert_int_equal(c->in, c->out + c->lost + c->dropped + c->refused + link_under_way(path));
    link_close(path);
}

// Takes in `count` frames, one each ms, and lets the link deliver them all. Says which arrived.
static uint64_t send_many(struct link_path *path, unsigned count, bool *arrived)
{
    const struct link_frame *f;
    uint64_t came = 0;

    for (unsigned i = 0; i < count; i++) {
        take(path, (uint64_t)i * MS, (uint16_t)i);
        while ((f = link_give(path, (uint64_t)i * MS)) != NULL) {
            arrived[number_of(f)] = true;
            came++;
        }
    }
    while ((f = link_give(path, UINT64_MAX - 1)) != NULL) {
        arrived[number_of(f)] = true;
        came++;
    }
    return came;
}

static void rate_and_delay_add_up(void **state)
{
    struct link_path path;

    (void)state;
    start(&path, &plain);
    assert_true(link_due(&path) == UINT64_MAX);
    assert_null(link_give(&path, UINT64_MAX));
    take(&path, 5 * MS, 1);
    assert_int_equal(path.counts.waiting, 0);
    take(&path, 5 * MS, 2);
    assert_int_equal(path.counts.waiting, 1);
    assert_int_equal(link_due(&path), 16 * MS);
    assert_null(link_give(&path, 16 * MS - 1));
    assert_int_equal(number_of(link_give(&path, 16 * MS)), 1);
    assert_int_equal(link_due(&path), 17 * MS);
    assert_null(link_give(&path, 16 * MS));
    assert_int_equal(number_of(link_give(&path, 17 * MS)), 2);
    take(&path, 20 * MS, 3); // the transmitter has been idle
    assert_int_equal(link_due(&path), 31 * MS);
    assert_int_equal(link_give(&path, 31 * MS)->len, LEN);
    end(&path);
}

static void each_frame_costs_its_overhead(void **state)
{
    struct link_config config = {.rate = 10000000, .overhead = 24};
    struct link_path path;

    (void)state;
    start(&path, &config);
    link_take(&path, 0, segment(1, 0x10, BIG), BIG);
    assert_int_equal(link_due(&path), 1538 * 800);
    end(&path);
}

static void without_a_rate_there_is_only_the_delay(void **state)
{
    struct link_config config = {.delay_us = 3000, .queue = 1};
    struct link_path path;

    (void)state;
    start(&path, &config);
    for (uint16_t i = 0; i < 100; i++) {
        take(&path, i, i);
    }
    for (uint16_t i = 0; i < 100; i++) {
        assert_int_equal(link_due(&path), 3 * MS + i);
        assert_int_equal(number_of(link_give(&path, 3 * MS + i)), i);
    }
    end(&path);
}

static void a_full_queue_drops_the_last(void **state)
{
    struct link_path path;

    (void)state;
    start(&path, &plain);
    for (uint16_t i = 0; i < 60; i++) {
        take(&path, 0, i);
    }
    assert_int_equal(path.counts.dropped, 9); // one is being sent, 50 wait
    assert_int_equal(path.counts.waiting, 50);
    take(&path, MS - 1, 60);
    assert_int_equal(path.counts.dropped, 10);
    take(&path, MS, 61); // the second has begun to be sent: there is room for one
    take(&path, MS, 62);
    assert_int_equal(path.counts.dropped, 11);
    for (unsigned i = 0; i < 51; i++) {
        assert_int_equal(number_of(link_give(&path, 100 * MS)), i);
    }
    assert_int_equal(number_of(link_give(&path, 100 * MS)), 61);
    assert_null(link_give(&path, 100 * MS));
    assert_int_equal(path.counts.waiting, 50);
    end(&path);
}

static void no_queue_length_means_no_limit(void **state)
{
    struct link_config config = plain;
    struct link_path path;

    (void)state;
    config.queue = 0;
    start(&path, &config);
    for (uint16_t i = 0; i < 1000; i++) {
        take(&path, 0, i);
    }
    assert_int_equal(path.counts.dropped, 0);
    assert_int_equal(link_under_way(&path), 1000);
    end(&path);
}

static void loss_before_the_queue_takes_no_time(void **state)
{
    struct link_config config = plain;
    struct link_path path;

    (void)state;
    config.loss = 1;
    start(&path, &config);
    for (uint16_t i = 0; i < 100; i++) {
        take(&path, 0, i);
    }
    assert_int_equal(path.counts.lost, 100);
    assert_int_equal(path.counts.data_gone, 100);
    link_take(&path, 0, segment(7, 0x02, 60), LEN); // SYN
    assert_int_equal(link_due(&path), 11 * MS);
    end(&path);
}

static void loss_after_the_queue_takes_its_time(void **state)
{
    struct link_config config = plain;
    struct link_path path;

    (void)state;
    config.loss = 1;
    config.after_queue = true;
    start(&path, &config);
    for (uint16_t i = 0; i < 60; i++) {
        take(&path, 0, i);
    }
    assert_int_equal(path.counts.lost, 51);
    assert_int_equal(path.counts.dropped, 9);
    link_take(&path, MS, segment(7, 0x02, 60), LEN); // SYN
    assert_int_equal(link_due(&path), 62 * MS);
    end(&path);
}

static void syn_and_arp_are_spared(void **state)
{
    struct link_config config = {.loss = 1};
    struct link_path path;

    (void)state;
    start(&path, &config);
    link_take(&path, 0, segment(0, 0x02, 60), 60);
    link_take(&path, 0, segment(0, 0x12, 60), 60);
    segment(0, 0, 60);
    frame[13] = 0x06; // ARP
    link_take(&path, 0, frame, 60);
    assert_int_equal(path.counts.lost, 0);
    segment(0, 0x02, 60);
    frame[23] = 17; // UDP, whatever stands where a SYN would
    link_take(&path, 0, frame, 60);
    link_take(&path, 0, segment(0, 0x11, 60), 60);
    assert_int_equal(path.counts.lost, 2);
    end(&path);
}

static void data_is_told_from_bare_acks(void **state)
{
    struct link_config config = {.delay_us = 1};
    struct link_path path;

    (void)state;
    start(&path, &config);
    segment(0, 0x10, 54); // the rest of the frame is Ethernet's padding
    link_take(&path, 0, frame, 60);
    assert_int_equal(path.counts.data, 0);
    link_take(&path, 0, segment(0, 0x10, 55), 60);
    assert_int_equal(path.counts.data, 1);
    segment(0, 0x10, 66);
    frame[34 + 12] = 0x80; // twelve octets of options
    link_take(&path, 0, frame, 66);
    assert_int_equal(path.counts.data, 1);
    for (size_t len = 0; len < 54; len++) { // cut short anywhere
        link_take(&path, 0, segment(0, 0x10, 60), len);
    }
    assert_int_equal(path.counts.data, 1);
    end(&path);
}

static void a_seed_is_a_fate(void **state)
{
    enum { COUNT = 20000 };
    struct link_config config = plain;
    bool *arrived = calloc(COUNT * 4, sizeof *arrived);
    struct link_path path;

    (void)state;
    assert_non_null(arrived);
    config.loss = 0.01;
    for (unsigned run = 0; run < 4; run++) {
        config.seed = run < 2 ? 17 : run;
        config.reorder = run == 1 ? 0.5 : 0; // must not change what is lost
        config.reorder_us = 4000;
        start(&path, &config);
        uint64_t came = send_many(&path, COUNT, arrived + run * COUNT);
        assert_int_equal(came, path.counts.out);
        assert_in_range(path.counts.lost, 150, 250); // 200 by rights, 14 the standard deviation
        end(&path);
    }
    assert_memory_equal(arrived, arrived + COUNT, COUNT);
    assert_memory_not_equal(arrived, arrived + 2 * COUNT, COUNT);
    assert_memory_not_equal(arrived + 2 * COUNT, arrived + 3 * COUNT, COUNT);
    free(arrived);
}

// Returns how many of 2000 frames are lost that come all at once.
static uint64_t lost_at_once(uint32_t queue)
{
    struct link_config config = plain;
    struct link_path path;

    config.loss = 0.1;
    config.queue = queue;
    start(&path, &config);
    for (uint16_t i = 0; i < 2000; i++) {
        take(&path, 0, i);
    }
    end(&path);
    return path.counts.lost;
}

static void a_full_queue_changes_no_fate(void **state)
{
    (void)state;
    assert_int_equal(lost_at_once(1), lost_at_once(0));
}

// Which of 64 frames come late.
static uint64_t late_frames(uint64_t seed)
{
    struct link_config config = {.reorder = 0.5, .reorder_us = 1000, .seed = seed};
    struct link_path path;
    uint64_t late = 0;

    start(&path, &config);
    for (uint16_t i = 0; i < 64; i++) {
        take(&path, 0, i);
    }
    for (unsigned i = 0; i < 64; i++) {
        const struct link_frame *f = link_give(&path, MS);
        late |= (uint64_t)(f->at_ns == MS) << number_of(f);
    }
    end(&path);
    return late;
}

static void a_seed_is_an_order(void **state)
{
    (void)state;
    assert_true(late_frames(1) == late_frames(1));
    assert_true(late_frames(1) != late_frames(2));
}

static void bursts_have_their_length(void **state)
{
    enum { COUNT = 40000 };
    struct link_config config = {
        .burst_begin = 0.01, .burst_end = 0.25, .burst_loss = 1, .seed = 3};
    bool *arrived = calloc(COUNT, sizeof *arrived);
    unsigned bursts = 0;
    struct link_path path;

    (void)state;
    assert_non_null(arrived);
    start(&path, &config);
    send_many(&path, COUNT, arrived);
    for (unsigned i = 1; i < COUNT; i++) {
        bursts += arrived[i - 1] && !arrived[i];
    }
    assert_in_range(bursts, 300, 470);                // 385 by rights
    assert_in_range(path.counts.lost, 1200, 1900);    // 4 each: 1538
    assert_in_range(path.counts.lost / bursts, 3, 4); // rounded down
    end(&path);
    free(arrived);
}

static void a_late_frame_is_overtaken(void **state)
{
    struct link_config config = plain;
    struct link_path path;
    uint64_t before = 0;
    unsigned next = 0, overtaken = 0;

    (void)state;
    config.reorder = 0.05;
    config.reorder_us = 4000;
    start(&path, &config);
    for (uint16_t i = 0; i < 1000; i++) {
        take(&path, (uint64_t)i * MS, i);
        while (link_due(&path) <= (uint64_t)i * MS) {
            const struct link_frame *f = link_give(&path, (uint64_t)i * MS);
            uint64_t straight = (number_of(f) + 11) * MS;
            assert_true(f->at_ns >= before); // time goes on
            assert_true(f->at_ns == straight || f->at_ns == straight + 4 * MS);
            overtaken += f->at_ns > straight;
            if (f->at_ns == straight) { // those that are not late keep their order
                assert_true(number_of(f) >= next);
                next = number_of(f) + 1;
            }
            before = f->at_ns;
        }
    }
    assert_in_range(overtaken, 25, 75);
    assert_in_range(path.counts.late, overtaken, overtaken + 15);
    end(&path);
}

static void without_reordering_order_is_kept(void **state)
{
    struct link_config config = plain;
    struct link_path path;
    uint64_t now = 0;
    unsigned next = 0;

    (void)state;
    config.loss = 0.1;
    start(&path, &config);
    for (uint16_t i = 0; i < 5000; i++) {
        now += (uint64_t)(i % 7) * MS / 3; // sometimes faster than the link, sometimes slower
        take(&path, now, i);
        for (const struct link_frame *f; (f = link_give(&path, now)) != NULL;) {
            assert_true(number_of(f) >= next);
            next = number_of(f) + 1;
        }
    }
    assert_true(path.counts.out > 4000);
    end(&path);
}

static void what_it_has_no_room_for_is_refused(void **state)
{
    struct link_config config = {.delay_us = 1000};
    struct link_path path;

    (void)state;
    start(&path, &config);
    link_take(&path, 0, segment(0, 0x10, BIG), LINK_FRAME + 1);
    assert_int_equal(path.counts.refused, 1);
    for (uint16_t i = 0; i < LINK_ROOM + 5; i++) {
        take(&path, 0, i);
    }
    assert_int_equal(path.counts.refused, 6);
    for (uint16_t i = 0; i < LINK_ROOM; i++) {
        assert_int_equal(number_of(link_give(&path, MS)), i);
    }
    assert_null(link_give(&path, MS));
    take(&path, MS, 9); // the row goes round
    assert_int_equal(number_of(link_give(&path, 2 * MS)), 9);
    path.config.reorder = 1;
    for (uint16_t i = 0; i < LINK_ROOM + 5; i++) {
        take(&path, 2 * MS, i);
    }
    assert_int_equal(path.counts.refused, 11);
    end(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rate_and_delay_add_up),
        cmocka_unit_test(each_frame_costs_its_overhead),
        cmocka_unit_test(without_a_rate_there_is_only_the_delay),
        cmocka_unit_test(a_full_queue_drops_the_last),
        cmocka_unit_test(no_queue_length_means_no_limit),
        cmocka_unit_test(loss_before_the_queue_takes_no_time),
        cmocka_unit_test(loss_after_the_queue_takes_its_time),
        cmocka_unit_test(syn_and_arp_are_spared),
        cmocka_unit_test(data_is_told_from_bare_acks),
        cmocka_unit_test(a_seed_is_a_fate),
        cmocka_unit_test(a_full_queue_changes_no_fate),
        cmocka_unit_test(a_seed_is_an_order),
        cmocka_unit_test(bursts_have_their_length),
        cmocka_unit_test(a_late_frame_is_overtaken),
        cmocka_unit_test(without_reordering_order_is_kept),
        cmocka_unit_test(what_it_has_no_room_for_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
