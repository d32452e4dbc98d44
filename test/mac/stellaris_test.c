// SPDX-License-Identifier: MIT
// The Stellaris driver against a model of the controller: what QEMU's does not do, and a stack on
// top of it.
#include "stellaris_model.h"

enum { MIB = 1 << 20, TCTL = 0x0C / 4, FULL_DUPLEX = 0x10 };
enum { SHORTEST = 6, FULL = 1514 };
enum { SHORT = 100, SHORT_WORDS = (2 + SHORT + 4 + 3) / 4, FULL_WORDS = (2 + FULL + 4 + 3) / 4 };

static struct aksu_stellaris driver;
static struct aksu_mac *const mac = &driver.mac;
static struct aksu_mac_counters *const counters = &driver.mac.counters;
static uint8_t frame[2048], other[2048];

static void prepare(void)
{
    wire_start(&stellaris_chip);
    stellaris_init();
    memset(&driver, 0, sizeof driver);
    mac->driver = &aksu_stellaris;
    driver.base = STELLARIS_BASE;
    driver.hz = STELLARIS_HZ;
}

static int setup(void **state)
{
    (void)state;
    prepare();
    assert_true(mac->driver->start(mac, wire_address));
    assert_true(wire_comes_up(mac));
    return 0;
}

static int setup_emulated(void **state)
{
    (void)state;
    prepare();
    stellaris.emulated = true;
    assert_true(mac->driver->start(mac, wire_address));
    return 0;
}

static void come(size_t len, uint32_t seed, bool bad_fcs)
{
    wire_make(frame, len, wire_address, seed);
    stellaris_arrive(frame, len, bad_fcs);
}

static void check_good_frame(uint32_t seed)
{
    come(60 + seed % 1455, seed, false);
    wire_check_received(mac, frame, 60 + seed % 1455);
}

/// Start ///

static void does_not_start_without_chip(void **state)
{
    (void)state;
    prepare();
    stellaris.missing = true;
    assert_false(mac->driver->start(mac, wire_address));
}

static void forgets_what_was_before_start(void **state)
{
    (void)state;
    come(100, 1, false);
    come(100, 2, true);
    assert_true(mac->driver->start(mac, wire_address));
    assert_false(stellaris_chip.interrupt());
    wire_check_none(mac);
    assert_int_equal(counters->bad, 0);
    check_good_frame(1);
    assert_false(stellaris_chip.interrupt()); // none is wanted
}

static void each_length_both_ways(void **state)
{
    (void)state;
    for (size_t len = 60; len <= FULL; len++) {
        come(len, (uint32_t)len, false);
        wire_check_received(mac, frame, len);
        wire_check_sends(mac, frame, len, (uint32_t)len, MS);
    }
    for (size_t len = 14; len < 60; len++) {
        wire_check_sends(mac, frame, len, (uint32_t)len, MS);
    }
    wire_check_none(mac);
    assert_int_equal(counters->restarts + counters->overruns, 0);
}

static void only_what_is_for_us(void **state)
{
    static const uint8_t to[][6] = {{2, 0, 0, 0, 0, 3},
                                    {3, 0, 0, 0, 0, 2},
                                    {2, 0, 0, 1, 0, 2},
                                    {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        bool many = to[i][0] & 1;
        wire_make(frame, 100, to[i], i);
        stellaris_arrive(frame, 100, false);
        assert_int_equal(wire_drain(mac), i == 3 || (many && stellaris.emulated));
        check_good_frame(i);
    }
}

static void each_octet_of_the_address(void **state)
{
    static const uint8_t address[] = {0x02, 0x34, 0x56, 0x78, 0x9A, 0xBC};

    (void)state;
    assert_true(mac->driver->start(mac, address));
    for (unsigned i = 0; i < 7; i++) {
        wire_make(frame, 100, address, i);
        if (i < 6) {
            frame[i] ^= 0x40;
        }
        stellaris_arrive(frame, 100, false);
        assert_int_equal(wire_drain(mac), i == 6);
    }
}

/// What comes wrong ///

static void bad_fcs_is_counted(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 20; i++) {
        come(59 + i, 1, true);
        wire_check_none(mac);
        assert_int_equal(counters->bad, i);
        wire_check_none(mac); // and once only
        assert_int_equal(counters->bad, i);
    }
    check_good_frame(1);
    assert_int_equal(counters->restarts, 0);
}

static void bad_and_good_in_turn(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        come(100 + 10 * i, i, i % 2 == 0);
    }
    assert_int_equal(wire_drain(mac), 6);
    assert_int_equal(counters->bad, 1); // a bit says so, no counter
}

// Behind a frame's memory there is that of the one to be sent.
static void jumbo_is_counted(void **state)
{
    static uint32_t untouched[sizeof driver.tx / sizeof driver.tx[0]];

    (void)state;
    memset(driver.tx, 0xA5, sizeof driver.tx);
    memcpy(untouched, driver.tx, sizeof untouched);
    for (unsigned i = 1; i <= 2042 - FULL; i++) {
        come(FULL + i, i, false);
        wire_check_none(mac);
        assert_int_equal(counters->jumbos, i);
        check_good_frame(i);
    }
    assert_memory_equal(driver.tx, untouched, sizeof untouched);
    assert_int_equal(counters->runts + counters->bad + counters->restarts, 0);
}

static void runt_is_counted(void **state)
{
    (void)state;
    for (unsigned len = SHORTEST; len < 14; len++) {
        come(len, len, false);
        wire_check_none(mac);
        assert_int_equal(counters->runts, len - SHORTEST + 1);
        check_good_frame(len);
    }
    come(14, 1, false);
    wire_check_received(mac, frame, 14);
    assert_int_equal(counters->runts, 14 - SHORTEST);
    assert_int_equal(counters->jumbos + counters->restarts, 0);
}

// The FIFO has lost its place: there is nothing to do but to begin anew.
static void impossible_length_restarts(void **state)
{
    static const uint32_t lengths[] = {0, 1, 4, 2049, 0x7FFF, 0xFFFF};

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        stellaris_push(lengths[i], false);
        for (unsigned k = 1; k < 17; k++) {
            stellaris_push(k, k == 16);
        }
        wire_check_none(mac);
        assert_int_equal(counters->bad, i + 1);
        assert_int_equal(counters->restarts, i + 1);
        assert_int_equal(stellaris.count, 0);
        check_good_frame(i);
    }
}

static void frame_leaves_the_fifo_at_once(void **state)
{
    size_t len;

    (void)state;
    come(FULL, 1, false);
    const void *held = mac->driver->receive(mac, &len);
    assert_int_equal(stellaris.count, 0);
    memcpy(other, frame, FULL);
    come(FULL, 2, false); // fits
    assert_ptr_equal(mac->driver->receive(mac, &len), held);
    assert_int_equal(len, FULL);
    assert_memory_equal(held, other, FULL); // until it is released
    mac->driver->release(mac);
    wire_check_received(mac, frame, FULL);
    assert_int_equal(counters->overruns, 0);
}

/// Overruns ///

static void overrun_is_counted(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 5; i++) {
        come(FULL, i, false);
        memcpy(other, frame, FULL);
        come(FULL, i + 10, false);
        come(FULL, i + 20, false);
        wire_check_received(mac, other, FULL); // what is whole is not lost
        come(FULL, i + 30, false);             // these are not seen: the receiver is off
        come(FULL, i + 40, false);
        wire_check_none(mac);
        assert_int_equal(counters->overruns, i);
        assert_int_equal(counters->restarts, i);
        check_good_frame(i);
        check_good_frame(i + 100);
    }
    assert_int_equal(counters->bad + counters->jumbos + counters->runts, 0);
}

// The FIFO holds a short frame and a full one: the next full one does not fit. When the short one
// has been read there is room again, behind the beginning of that.
static void frames_come_while_one_is_read(unsigned words_read)
{
    if (words_read == 1) {
        stellaris_arrive(other, FULL, false);
    } else if (words_read == SHORT_WORDS) {
        stellaris_arrive(other, 60, false);
    }
}

static void nothing_is_taken_from_behind_an_overrun(void **state)
{
    (void)state;
    wire_make(other, FULL, wire_address, 8);
    come(SHORT, 1, false);
    come(FULL, 2, false);
    stellaris.each_word = frames_come_while_one_is_read;
    wire_make(frame, SHORT, wire_address, 1);
    wire_check_received(mac, frame, SHORT);
    assert_int_equal(stellaris.frames, 2);
    wire_make(frame, FULL, wire_address, 2);
    wire_check_received(mac, frame, FULL);
    wire_check_none(mac);
    assert_int_equal(stellaris.words_read, SHORT_WORDS + FULL_WORDS);
    assert_int_equal(counters->overruns, 1);
    assert_int_equal(counters->restarts, 1);
    check_good_frame(2);
}

static void fifo_of_31_frames(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STELLARIS_FRAMES + 5; i++) {
        come(FULL, i, false);
    }
    for (unsigned i = 0; i < STELLARIS_FRAMES; i++) {
        wire_make(frame, FULL, wire_address, i);
        wire_check_received(mac, frame, FULL);
    }
    wire_check_none(mac);
    assert_int_equal(counters->overruns, 1);
    check_good_frame(1);
}

/// Sending ///

static void one_frame_at_a_time(void **state)
{
    (void)state;
    wire_hand_over(mac, frame, FULL, 1);
    assert_null(mac->driver->lend(mac)); // NEWTX is still set
    mac->driver->interrupts(mac, AKSU_MAC_RX | AKSU_MAC_TX);
    assert_false(mac->driver->pending(mac));
    assert_false(stellaris_chip.interrupt());
    wire_spend(MS);
    assert_true(stellaris_chip.interrupt());
    assert_true(mac->driver->pending(mac));
    wire_check_sends(mac, frame, FULL, 2, MS);
}

// The frame that failed is still in the FIFO: the next one must not go behind it.
static void error_of_sending_is_counted(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 10; i++) {
        uint32_t before = wire.from_chip;
        stellaris.tx_fault = true;
        wire_hand_over(mac, frame, 1000, i);
        wire_spend(MS);
        assert_int_equal(wire.from_chip, before);
        wire_check_sends(mac, frame, 1000, i + 10, MS);
        assert_int_equal(counters->tx_errors, i);
    }
}

static void error_of_sending_interrupts(void **state)
{
    (void)state;
    mac->driver->interrupts(mac, AKSU_MAC_RX | AKSU_MAC_TX);
    stellaris.tx_fault = true;
    wire_hand_over(mac, frame, 1000, 1);
    assert_null(mac->driver->lend(mac));
    assert_false(mac->driver->pending(mac));
    wire_spend(MS);
    assert_true(stellaris_chip.interrupt());
    assert_true(mac->driver->pending(mac));
    wire_check_sends(mac, frame, 1000, 2, MS);
    assert_int_equal(counters->tx_errors, 1);
    wire_spend(MS);
    assert_true(mac->driver->pending(mac));
    mac->driver->interrupts(mac, AKSU_MAC_RX);
    assert_false(mac->driver->pending(mac));
    assert_false(stellaris_chip.interrupt());
}

/// Interrupts and link ///

static void interrupt_while_frames_wait(void **state)
{
    (void)state;
    mac->driver->interrupts(mac, AKSU_MAC_RX);
    assert_false(mac->driver->pending(mac));
    assert_false(stellaris_chip.interrupt());
    come(100, 1, false);
    assert_true(stellaris_chip.interrupt());
    assert_true(mac->driver->pending(mac));
    assert_int_equal(wire_drain(mac), 1);
    assert_false(mac->driver->pending(mac));
    assert_false(stellaris_chip.interrupt());
}

static void interrupt_after_what_went_wrong(void **state)
{
    (void)state;
    mac->driver->interrupts(mac, AKSU_MAC_RX);
    come(100, 1, true);
    assert_true(stellaris_chip.interrupt());
    assert_true(mac->driver->pending(mac));
    wire_check_none(mac);
    assert_false(mac->driver->pending(mac));
    assert_false(stellaris_chip.interrupt());
    come(2043, 1, false); // more than the FIFO holds
    assert_true(stellaris_chip.interrupt());
    assert_true(mac->driver->pending(mac));
    wire_check_none(mac);
    assert_int_equal(counters->overruns, 1);
    assert_false(mac->driver->pending(mac));
    assert_false(stellaris_chip.interrupt());
    check_good_frame(1);
}

static void only_wanted_interrupts(void **state)
{
    (void)state;
    mac->driver->interrupts(mac, 0);
    come(100, 1, false);
    come(100, 2, true);
    come(2000, 3, false);
    stellaris.tx_fault = true;
    wire_hand_over(mac, frame, 100, 4);
    wire_spend(MS);
    assert_false(stellaris_chip.interrupt());
    mac->driver->interrupts(mac, AKSU_MAC_RX);
    assert_true(stellaris_chip.interrupt());
    assert_int_equal(wire_drain(mac), 1);
    assert_false(mac->driver->pending(mac));
    assert_false(stellaris_chip.interrupt()); // TXER is not wanted
    mac->driver->interrupts(mac, AKSU_MAC_TX);
    assert_true(stellaris_chip.interrupt());
    wire_check_sends(mac, frame, 100, 5, MS);
    assert_true(mac->driver->pending(mac));
    come(100, 6, true);
    assert_false(stellaris_chip.interrupt());
}

static void duplex_follows_the_link(void **state)
{
    static const uint16_t partners[] = {0x01E1, LINK_100, LINK_10 | LINK_10_FULL, LINK_10, 0};
    static const bool full[] = {true, false, true, false, false};

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        phy_model_plug(true, partners[i]);
        assert_true(wire_comes_up(mac));
        assert_int_equal((stellaris.reg[TCTL] & FULL_DUPLEX) != 0, full[i]);
        wire_check_sends(mac, frame, 100, i, MS);
        wire_check_sends(mac, frame, 20, i, MS);
    }
    assert_int_equal(stellaris.garbled, 0);
    phy_model_plug(false, 0);
    assert_false(mac->driver->link(mac));
    wire_hand_over(mac, frame, 100, 1); // goes nowhere, and the next one is as good
    wire_spend(MS);
    phy_model_plug(true, LINK_100_FULL);
    assert_false(mac->driver->link(mac));
    assert_true(wire_comes_up(mac));
    wire_check_sends(mac, frame, 100, 1, MS);
}

static void no_link_without_phy(void **state)
{
    (void)state;
    prepare();
    phy.missing = true;
    assert_true(mac->driver->start(mac, wire_address));
    assert_false(wire_comes_up(mac));
}

static void link_counts_as_up_without_management(void **state)
{
    (void)state;
    assert_true(mac->driver->link(mac));
    wire_check_sends(mac, frame, 100, 1, MS);
}

/// With a stack ///

static void echo_is_exact(void **state)
{
    (void)state;
    uint32_t ms = wire_echo(mac, MIB);

    print_message("1 MiB echoed in %u ms: %u wake-ups, %u overruns, %u lost\n", ms, wire.wake_ups,
                  counters->overruns, stellaris.dropped_all);
    assert_int_equal(counters->bad + counters->runts + counters->jumbos + counters->tx_errors, 0);
    assert_int_equal(counters->overruns, counters->restarts);
    assert_true(counters->overruns <= stellaris.dropped_all);
    assert_int_equal(counters->overruns > 0, stellaris.dropped_all > 0);
}

static void mishaps(uint32_t ms)
{
    switch (ms) {
    case 300:
        phy_model_plug(false, 0);
        wire.unplugged = true;
        break;
    case 600:
        phy_model_plug(true, LINK_100);
        wire.unplugged = false;
        break;
    default:
        for (unsigned i = 0; ms % 100 == 50 && i < 12; i++) { // a burst
            come(FULL, i, i % 3 == 0);
        }
    }
}

static void echo_is_exact_in_spite_of_all(void **state)
{
    (void)state;
    wire.faults = (struct wire_faults){10, 10, 10, 20, 20};
    wire.each_ms = mishaps;
    stellaris.tx_fault_each = 50;
    uint32_t ms = wire_echo(mac, MIB);

    print_message("1 MiB echoed in %u ms: %u bad, %u jumbos, %u overruns, %u tx errors\n", ms,
                  counters->bad, counters->jumbos, counters->overruns, counters->tx_errors);
    assert_true(ms > 600); // all of it has happened
    assert_true(counters->bad > 10 && counters->jumbos > 5 && counters->overruns > 5);
    assert_true(counters->tx_errors > 5);
    assert_int_equal(counters->overruns, counters->restarts);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)
#define EMULATED(name)                                                                             \
    {                                                                                              \
#name "_emulated", name, setup_emulated, NULL, NULL                                        \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(does_not_start_without_chip),
        TEST(forgets_what_was_before_start),
        TEST(each_length_both_ways),
        TEST(only_what_is_for_us),
        EMULATED(only_what_is_for_us),
        TEST(each_octet_of_the_address),
        EMULATED(each_octet_of_the_address),
        TEST(bad_fcs_is_counted),
        TEST(bad_and_good_in_turn),
        TEST(jumbo_is_counted),
        TEST(runt_is_counted),
        TEST(impossible_length_restarts),
        TEST(frame_leaves_the_fifo_at_once),
        TEST(overrun_is_counted),
        TEST(nothing_is_taken_from_behind_an_overrun),
        EMULATED(fifo_of_31_frames),
        TEST(one_frame_at_a_time),
        TEST(error_of_sending_is_counted),
        TEST(error_of_sending_interrupts),
        TEST(interrupt_while_frames_wait),
        TEST(interrupt_after_what_went_wrong),
        TEST(only_wanted_interrupts),
        TEST(duplex_follows_the_link),
        TEST(no_link_without_phy),
        EMULATED(link_counts_as_up_without_management),
        TEST(echo_is_exact),
        TEST(echo_is_exact_in_spite_of_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
