// SPDX-License-Identifier: MIT
// The drivers of SmartFusion2's MAC and of the GEM on models of them: what QEMU's MACs do not do.
#include "rings_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const struct rings_model *m;
static const struct aksu_mac_driver *driver;

static void begin(void **state)
{
    static const uint8_t address[6] = {2, 0, 0, 0, 0, 1};

    m = *state;
    m->init();
    driver = m->mac->driver;
    assert_true(driver->start(m->mac, address));
}

// Returns false if the MAC has no memory for it.
static bool send(uint8_t fill)
{
    uint8_t *frame = driver->lend(m->mac);

    if (!frame) {
        return false;
    }
    memset(frame, fill, 60u + fill);
    driver->send(m->mac, 60u + fill);
    return true;
}

// The DMA looks until it sends, or finds nothing. Returns what the frame is filled with, or -1.
static int sent(void)
{
    uint8_t frame[2048];
    size_t len;

    if (!m->send_one(frame, &len)) {
        return -1;
    }
    assert_int_equal(len, 60u + frame[0]);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(frame[i], frame[0]);
    }
    return frame[0];
}

// Takes the frame in. Returns what it is filled with, or -1.
static int received(size_t expected)
{
    size_t len;
    const uint8_t *frame = driver->receive(m->mac, &len);

    if (!frame) {
        return -1;
    }
    assert_int_equal(len, expected);
    uint8_t fill = frame[0];
    assert_int_equal(frame[len - 1], fill);
    driver->release(m->mac);
    return fill;
}

static void frames_leave_in_order_and_a_full_ring_says_so(void **state)
{
    begin(state);
    unsigned next_in = 0, next_out = 0;

    for (unsigned round = 0; round < 20; round++) {
        while (send((uint8_t)next_in)) {
            next_in++;
        }
        assert_int_equal(next_in - next_out, TX_FRAMES);
        driver->interrupts(m->mac, AKSU_MAC_RX | AKSU_MAC_TX);
        assert_false(driver->pending(m->mac));
        assert_false(m->interrupt());
        for (unsigned i = 0; i < 1 + round % TX_FRAMES; i++) {
            assert_int_equal(sent(), next_out++);
        }
        assert_true(m->interrupt());
        assert_true(driver->pending(m->mac));
    }
    while (next_out < next_in) {
        assert_int_equal(sent(), next_out++);
    }
    assert_int_equal(sent(), -1);
}

static void a_frame_that_came_too_late_for_the_dma_is_sent_all_the_same(void **state)
{
    begin(state);
    for (uint8_t i = 0; i < 20; i += 2) {
        assert_true(send(i));
        assert_int_equal(sent(), i);
        assert_true(send((uint8_t)(i + 1)));
        m->stop_late();
        assert_int_equal(sent(), -1);
        assert_non_null(driver->lend(m->mac));
        assert_int_equal(sent(), i + 1);
        assert_int_equal(sent(), -1); // nothing twice
    }
    assert_int_equal(m->mac->counters.restarts, 0);
}

static void a_failure_to_send_is_counted_and_sending_goes_on(void **state)
{
    begin(state);
    assert_true(send(9)); // not from the start of the ring
    assert_int_equal(sent(), 9);
    for (uint8_t i = 0; i < TX_FRAMES; i++) {
        assert_true(send(i));
    }
    driver->interrupts(m->mac, AKSU_MAC_RX | AKSU_MAC_TX);
    m->break_sending();
    assert_true(m->interrupt());
    for (int i = 0; i < (int)TX_FRAMES - (int)m->lost; i++) {
        (void)driver->lend(m->mac);
        assert_int_equal(sent(), i);
    }
    assert_true(send(7));
    assert_int_equal(sent(), 7);
    assert_int_equal(m->mac->counters.restarts, 1);
    assert_int_equal(m->mac->counters.underruns + m->mac->counters.tx_errors, 1);
}

static void frames_arrive_in_order_and_an_overrun_is_recovered_from(void **state)
{
    begin(state);
    driver->interrupts(m->mac, AKSU_MAC_RX);
    for (uint8_t round = 0; round < 10; round++) {
        uint8_t n = 0;
        for (uint8_t i = 0; i < round % RX_FRAMES; i++) { // begin anywhere in the ring
            assert_true(m->arrive(100, i));
            assert_true(m->interrupt());
            assert_int_equal(received(100), i);
        }
        assert_int_equal(received(100), -1);
        while (m->arrive(200, (uint8_t)(50 + n))) {
            n++;
        }
        assert_int_equal(n, RX_FRAMES);
        assert_true(m->interrupt());
        for (uint8_t i = 0; i < RX_FRAMES; i++) {
            assert_true(driver->pending(m->mac));
            assert_int_equal(received(200), 50 + i);
        }
        assert_int_equal(received(200), -1);
        assert_false(driver->pending(m->mac));
        assert_false(m->interrupt());
        assert_int_equal(m->mac->counters.overruns, round + 1);
        assert_int_equal(m->mac->counters.restarts, round + 1);
    }
}

static void frames_too_long_or_short_are_dropped_and_counted(void **state)
{
    begin(state);
    for (unsigned i = 0; i < 10; i++) {
        assert_true(m->arrive(13, 1));
        assert_int_equal(received(0), -1);
        assert_true(m->arrive(AKSU_FRAME_MAX + 1, 2));
        assert_true(m->arrive(AKSU_FRAME_MAX, 3));
        assert_int_equal(received(AKSU_FRAME_MAX), 3);
        assert_true(m->arrive(14, 4));
        assert_int_equal(received(14), 4);
    }
    assert_int_equal(m->mac->counters.runts, 10);
    assert_int_equal(m->mac->counters.jumbos, 10);
    assert_int_equal(m->mac->counters.overruns, 0);
}

static void a_frame_in_two_buffers_is_a_jumbo(void **state)
{
    begin(state);
    assert_true(m->arrive(2000, 1));
    assert_int_equal(received(0), -1);
    assert_true(m->mac->counters.jumbos > 0);
    assert_true(m->arrive(60, 2));
    assert_int_equal(received(60), 2);
}

static void the_macs_own_statistics_are_counted_once(void **state)
{
    begin(state);
    *model_register(m->bad_fcs) = 3;
    *model_register(m->oversized) = 2;
    (void)driver->link(m->mac);
    (void)driver->link(m->mac);
    assert_int_equal(m->mac->counters.bad, 3);
    assert_int_equal(m->mac->counters.jumbos, 2);
}

static void the_mac_is_set_to_what_the_phy_agreed_on(void **state)
{
    begin(state);
    assert_true(driver->link(m->mac));
    assert_true(m->full_duplex());
    model_phy[1] &= (uint16_t)~0x24;
    assert_false(driver->link(m->mac));
    model_phy[1] |= 0x24;
    model_phy[5] = 0x0021; // 10 Mbit/s, half duplex
    assert_true(driver->link(m->mac));
    assert_false(m->full_duplex());
}

int main(void)
{
    static const struct rings_model *const models[] = {&msf2_model, &gem_model};
    int failed = 0;

    for (unsigned i = 0; i < 2; i++) {
        void *which = (void *)(uintptr_t)models[i];
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_prestate(frames_leave_in_order_and_a_full_ring_says_so, which),
            cmocka_unit_test_prestate(a_frame_that_came_too_late_for_the_dma_is_sent_all_the_same,
                                      which),
            cmocka_unit_test_prestate(a_failure_to_send_is_counted_and_sending_goes_on, which),
            cmocka_unit_test_prestate(frames_arrive_in_order_and_an_overrun_is_recovered_from,
                                      which),
            cmocka_unit_test_prestate(frames_too_long_or_short_are_dropped_and_counted, which),
            cmocka_unit_test_prestate(a_frame_in_two_buffers_is_a_jumbo, which),
            cmocka_unit_test_prestate(the_macs_own_statistics_are_counted_once, which),
            cmocka_unit_test_prestate(the_mac_is_set_to_what_the_phy_agreed_on, which),
        };
        failed += cmocka_run_group_tests_name(models[i]->name, tests, NULL, NULL);
    }
    return failed;
}
