// SPDX-License-Identifier: MIT
// LAN9118's driver against a model of the chip: what QEMU's does not do, and a stack on top of it.
#include "lan9118_model.h"
#include <aksu_reg.h>

enum { MIB = 1 << 20, MAC_CR = 1, FULL_DUPLEX = 1 << 20 };

static struct aksu_lan9118 driver;
static struct aksu_mac *const mac = &driver.mac;
static struct aksu_mac_counters *const counters = &driver.mac.counters;
static uint8_t frame[2048];

static void prepare(void)
{
    wire_start(&lan9118_chip);
    lan9118_init();
    memset(&driver, 0, sizeof driver);
    mac->driver = &aksu_lan9118;
    driver.base = LAN_BASE;
}

static int setup(void **state)
{
    (void)state;
    prepare();
    assert_true(mac->driver->start(mac, wire_address));
    assert_true(wire_comes_up(mac));
    return 0;
}

static void come(size_t len, uint32_t seed, bool bad_fcs)
{
    wire_make(frame, len, wire_address, seed);
    lan9118_arrive(frame, len, bad_fcs);
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
    lan9118.missing = true;
    assert_false(mac->driver->start(mac, wire_address));
}

static void each_length_both_ways(void **state)
{
    (void)state;
    for (size_t len = 60; len <= 1514; len++) {
        come(len, (uint32_t)len, false);
        wire_check_received(mac, frame, len);
        wire_check_sends(mac, frame, len, (uint32_t)len, MS);
    }
    for (size_t len = 14; len < 60; len++) {
        wire_check_sends(mac, frame, len, (uint32_t)len, MS);
    }
    wire_check_none(mac);
}

/// What comes wrong ///

static void bad_fcs_is_counted(void **state)
{
    (void)state;
    for (size_t len = 60; len < 80; len++) {
        come(len, 1, true);
        wire_check_none(mac);
    }
    assert_int_equal(counters->bad, 20);
    check_good_frame(1);
}

static void jumbo_is_counted(void **state)
{
    (void)state;
    come(1515, 1, false);
    come(2000, 2, false);
    come(sizeof frame, 3, true);
    check_good_frame(1);
    assert_int_equal(counters->jumbos, 3);
    assert_int_equal(counters->bad, 0);
}

// What a MAC that passes short frames would say. Their few words must not be fast-forwarded.
static void runt_is_counted(void **state)
{
    enum { ERROR = 1 << 15, RUNT = 1 << 11 };

    (void)state;
    for (unsigned len = 1; len < 64; len++) {
        lan9118.status[(lan9118.status_first + lan9118.status_count++) % LAN_RX_STATUS] =
            len << 16 | ERROR | RUNT;
        for (unsigned i = 0; 4 * i < len; i++) {
            lan9118.data[(lan9118.data_first + lan9118.data_count++) % (LAN_RX_FIFO / 4)] = i;
        }
        check_good_frame(len);
        assert_int_equal(counters->runts, len);
    }
}

static void bad_and_good_in_turn(void **state)
{
    size_t len;
    unsigned good = 0;

    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        come(100 + 10 * i, i, i % 2 == 0);
    }
    while (mac->driver->receive(mac, &len)) {
        mac->driver->release(mac);
        good++;
    }
    assert_int_equal(good, 6);
    assert_int_equal(counters->bad, 6);
}

static void overrun_is_counted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        come(1514, i, false);
    }
    assert_int_equal(wire_drain(mac), LAN_RX_FIFO / 1520);
    assert_int_equal(counters->overruns, 20 - LAN_RX_FIFO / 1520);
    check_good_frame(1);
    assert_int_equal(counters->overruns, 20 - LAN_RX_FIFO / 1520);
}

static void statuses_run_out_before_data(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LAN_RX_STATUS + 5; i++) {
        wire_make(frame, 60, wire_address, i);
        lan9118_arrive(frame, 60, false);
    }
    unsigned fit = LAN_RX_FIFO / 64;
    assert_int_equal(wire_drain(mac), fit);
    assert_int_equal(counters->overruns, LAN_RX_STATUS + 5 - fit);
    check_good_frame(1);
}

/// Sending ///

static void errors_of_sending_are_counted(void **state)
{
    static const uint32_t faults[] = {LAN_TX_UNDERRUN, LAN_TX_LATE_COLLISION, LAN_TX_NO_CARRIER};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        lan9118.tx_fault = faults[i];
        assert_non_null(mac->driver->lend(mac));
        mac->driver->send(mac, 1000);
        wire_spend(MS);
    }
    wire_check_sends(mac, frame, 1000, 1, MS);
    assert_int_equal(counters->underruns, 1);
    assert_int_equal(counters->tx_errors, 2);
}

static void full_fifo_lends_nothing(void **state)
{
    unsigned sent = 0;

    (void)state;
    phy.linked = false;
    while (mac->driver->lend(mac)) {
        mac->driver->send(mac, 1514);
        sent++;
        assert_true(sent < 10);
    }
    assert_int_equal(sent, LAN_TX_FIFO / 1534);
    mac->driver->interrupts(mac, AKSU_MAC_RX | AKSU_MAC_TX);
    assert_false(mac->driver->pending(mac));
    assert_false(lan9118_chip.interrupt());
    wire_spend(MS);
    assert_true(lan9118_chip.interrupt());
    assert_true(mac->driver->pending(mac));
    assert_non_null(mac->driver->lend(mac));
}

/// Stops, and goes on ///

// The next look at the link brings both directions back, as the link wants them, and only that one.
static void check_restarts(void)
{
    uint32_t restarts = counters->restarts;

    (void)mac->driver->pending(mac); // leaves the error to be found
    assert_int_equal(counters->restarts, restarts);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(wire_comes_up(mac));
        assert_int_equal(counters->restarts, restarts + 1);
        wire_check_sends(mac, frame, 1000, i, MS);
        check_good_frame(i);
    }
    wire_make(frame, 100, (const uint8_t[6]){2, 1, 2, 3, 4, 5}, 1); // not ours: filtered again
    lan9118_arrive(frame, 100, false);
    wire_check_none(mac);
    mac->driver->interrupts(mac, AKSU_MAC_RX);
    assert_false(mac->driver->pending(mac));
    assert_false(lan9118_chip.interrupt());
    come(100, 1, false);
    assert_true(lan9118_chip.interrupt());
    assert_int_equal(wire_drain(mac), 1);
    assert_int_equal(lan9118.garbled, 0);
}

static void check_stopped(void)
{
    uint32_t before = wire.from_chip;

    assert_non_null(mac->driver->lend(mac));
    mac->driver->send(mac, 1514);
    wire_spend(MS);
    assert_int_equal(wire.from_chip, before);
}

static void stopped_transmitter_restarts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        phy_model_plug(true, i % 2 ? LINK_100 : LINK_100 | LINK_100_FULL);
        assert_true(wire_comes_up(mac));
        lan9118_error(LAN_TXE);
        check_stopped();
        check_restarts();
    }
    assert_int_equal(counters->restarts, 5);
}

// A command whose lengths differ: what comes behind it is taken for its frame.
static void bad_command_restarts(void **state)
{
    (void)state;
    breach_wanted = true;
    aksu_reg_put(LAN_BASE + 0x20, 0x3000 | 100);
    aksu_reg_put(LAN_BASE + 0x20, 2000);
    assert_int_equal(breaches, 1);
    breach_wanted = false;
    check_stopped();
    check_restarts();
}

static void unread_statuses_restart(void **state)
{
    (void)state;
    breach_wanted = true;
    for (unsigned i = 0; i <= LAN_TX_FRAMES; i++) {
        mac->driver->send(mac, 60);
        wire_spend(MS);
    }
    assert_int_equal(breaches, 1);
    breach_wanted = false;
    check_stopped();
    check_restarts();
}

static void stopped_receiver_restarts(void **state)
{
    (void)state;
    come(100, 1, false);
    breach_wanted = true;
    (void)aksu_reg_get(LAN_BASE); // no status says that there is anything
    assert_int_equal(breaches, 1);
    breach_wanted = false;
    come(200, 2, false);
    assert_int_equal(lan9118.status_count, 1);
    check_restarts();
    assert_int_equal(lan9118.status_count, 0);
}

// A frame that has been taken stays.
static void chip_that_was_reset_restarts(void **state)
{
    size_t len;

    (void)state;
    come(300, 3, false);
    const uint8_t *taken = mac->driver->receive(mac, &len);
    assert_non_null(taken);
    lan9118_init();
    assert_true(wire_comes_up(mac));
    assert_int_equal(len, 300);
    assert_memory_equal(taken, frame, 300);
    mac->driver->release(mac);
    lan9118_init();
    check_restarts();
    assert_int_equal(counters->restarts, 2);
}

static void chip_that_goes_has_no_link(void **state)
{
    (void)state;
    lan9118.missing = true;
    assert_false(mac->driver->link(mac));
    lan9118.missing = false;
    lan9118_init();
    check_restarts();
}

/// Interrupts and link ///

static void interrupt_while_frames_wait(void **state)
{
    (void)state;
    mac->driver->interrupts(mac, AKSU_MAC_RX);
    assert_false(mac->driver->pending(mac));
    assert_false(lan9118_chip.interrupt());
    come(100, 1, false);
    assert_true(lan9118_chip.interrupt());
    assert_true(mac->driver->pending(mac));
    assert_int_equal(wire_drain(mac), 1);
    assert_false(mac->driver->pending(mac));
    assert_false(lan9118_chip.interrupt());
}

static void duplex_follows_the_link(void **state)
{
    static const uint16_t partners[] = {0x01E1, LINK_100, LINK_10 | LINK_10_FULL, LINK_10, 0};
    static const bool full[] = {true, false, true, false, false};

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        phy_model_plug(true, partners[i]);
        assert_true(wire_comes_up(mac));
        assert_int_equal((lan9118.mac[MAC_CR] & FULL_DUPLEX) != 0, full[i]);
        wire_check_sends(mac, frame, 100, i, MS);
    }
    assert_int_equal(lan9118.garbled, 0);
    phy_model_plug(false, 0);
    assert_false(mac->driver->link(mac));
}

static void no_link_without_phy(void **state)
{
    (void)state;
    prepare();
    phy.missing = true;
    assert_true(mac->driver->start(mac, wire_address));
    assert_false(wire_comes_up(mac));
}

/// With a stack ///

static void echo_is_exact(void **state)
{
    (void)state;
    uint32_t ms = wire_echo(mac, MIB);

    print_message("1 MiB echoed in %u ms: %u wake-ups, %u lost\n", ms, wire.wake_ups,
                  counters->overruns);
    assert_int_equal(counters->bad + counters->tx_errors + counters->underruns, 0);
    assert_int_equal(counters->overruns, lan9118.dropped_all);
}

static void mishaps(uint32_t ms)
{
    switch (ms) {
    case 120:
        lan9118_error(LAN_TXE);
        break;
    case 250:
        lan9118_error(LAN_RXE);
        break;
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
            come(1514, i, i % 3 == 0);
        }
    }
}

static void echo_is_exact_in_spite_of_all(void **state)
{
    (void)state;
    wire.faults = (struct wire_faults){10, 10, 10, 20, 20};
    wire.each_ms = mishaps;
    lan9118.tx_fault_each = 50;
    uint32_t ms = wire_echo(mac, MIB);

    print_message(
        "1 MiB echoed in %u ms: %u bad, %u jumbos, %u overruns, %u underruns, %u other tx "
        "errors\n",
        ms, counters->bad, counters->jumbos, counters->overruns, counters->underruns,
        counters->tx_errors);
    assert_true(ms > 600); // all of it has happened
    assert_true(counters->bad > 10 && counters->jumbos > 5 && counters->overruns > 5);
    assert_true(counters->underruns > 5 && counters->tx_errors > 5);
    assert_int_equal(counters->restarts, 2);
    assert_int_equal(counters->overruns, lan9118.dropped_all);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(does_not_start_without_chip),
        TEST(each_length_both_ways),
        TEST(bad_fcs_is_counted),
        TEST(jumbo_is_counted),
        TEST(runt_is_counted),
        TEST(bad_and_good_in_turn),
        TEST(overrun_is_counted),
        TEST(statuses_run_out_before_data),
        TEST(errors_of_sending_are_counted),
        TEST(full_fifo_lends_nothing),
        TEST(stopped_transmitter_restarts),
        TEST(bad_command_restarts),
        TEST(unread_statuses_restart),
        TEST(stopped_receiver_restarts),
        TEST(chip_that_was_reset_restarts),
        TEST(chip_that_goes_has_no_link),
        TEST(interrupt_while_frames_wait),
        TEST(duplex_follows_the_link),
        TEST(no_link_without_phy),
        TEST(echo_is_exact),
        TEST(echo_is_exact_in_spite_of_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
