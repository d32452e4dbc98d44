// SPDX-License-Identifier: MIT
// W5500's driver against a model of the chip: what the chip does wrong, and a stack on top of it.
#include "w5500_model.h"

enum { MIB = 1 << 20 };

static struct aksu_w5500 driver;
static struct aksu_mac *const mac = &driver.mac;
static struct aksu_mac_counters *const counters = &driver.mac.counters;
static uint8_t frame[2048];

static void prepare(void)
{
    wire_start(&w5500_chip);
    w5500_init();
    memset(&driver, 0, sizeof driver);
    mac->driver = &aksu_w5500;
    driver.spi = &w5500.spi;
}

static int setup(void **state)
{
    (void)state;
    prepare();
    assert_true(mac->driver->start(mac, wire_address));
    return 0;
}

static void begin_at(uint16_t first)
{
    prepare();
    w5500.first = first;
    assert_true(mac->driver->start(mac, wire_address));
}

static void come(size_t len, uint32_t seed)
{
    wire_make(frame, len, wire_address, seed);
    w5500_chip.arrive(frame, len, false);
}

static void check_good_frame(uint32_t seed)
{
    come(60 + seed % 1455, seed);
    wire_check_received(mac, frame, 60 + seed % 1455);
}

static void check_sends(size_t len, uint32_t seed)
{
    wire_check_sends(mac, frame, len, seed, MS);
    for (size_t i = len; i < 60; i++) {
        assert_int_equal(wire.last[i], 0);
    }
}

/// Start ///

static void starts(void **state)
{
    (void)state;
    assert_int_equal(w5500.common[0x18], 1);
    assert_memory_equal(w5500.common + 0x09, wire_address, 6);
    assert_int_equal(w5500.socket[0][0x1E], 16);
    assert_int_equal(w5500.socket[0][0x1F], 16);
    assert_int_equal(w5500.socket[7][0x1E], 0);
    wire_check_none(mac);
    assert_int_equal(counters->restarts, 0);
}

static void does_not_start_without_chip(void **state)
{
    static const uint8_t idle[] = {0x00, 0xFF, 0x5A};

    (void)state;
    for (unsigned i = 0; i < sizeof idle; i++) {
        prepare();
        w5500.mute = true;
        w5500.mute_octet = idle[i];
        assert_false(mac->driver->start(mac, wire_address));
        wire_check_none(mac);
        assert_null(mac->driver->lend(mac));
        assert_false(mac->driver->pending(mac));
        assert_false(mac->driver->link(mac));
    }
}

static void does_not_start_another_chip(void **state)
{
    (void)state;
    prepare();
    w5500.common[0x39] = 0x51;
    assert_false(mac->driver->start(mac, wire_address));
}

static void does_not_start_a_deaf_chip(void **state)
{
    (void)state;
    prepare();
    w5500.deaf = true;
    assert_false(mac->driver->start(mac, wire_address));
}

/// Rings ///

static void receives_each_length(void **state)
{
    (void)state;
    for (size_t len = 60; len <= 1514; len++) {
        come(len, (uint32_t)len);
        wire_check_received(mac, frame, len);
    }
    wire_check_none(mac);
    assert_int_equal(counters->restarts + counters->bad, 0);
}

static void sends_each_length(void **state)
{
    (void)state;
    for (size_t len = 1514; len >= 14; len--) {
        check_sends(len, (uint32_t)len);
    }
}

// Of the memory, and of the 16 bits of the pointers.
static void wraps_at_each_octet(void **state)
{
    (void)state;
    for (unsigned before = 0; before < 1520; before++) {
        begin_at((uint16_t)((before & 1 ? 0x10000 : 0x4000) - before));
        come(1514, before);
        wire_check_received(mac, frame, 1514);
        check_good_frame(before);
        check_sends(1514, before);
        check_sends(60, before);
    }
}

static void many_frames_wait(void **state)
{
    (void)state;
    begin_at(0xE000);
    for (uint32_t i = 0; i < 100; i++) {
        come(100, i);
    }
    for (uint32_t i = 0; i < 100; i++) {
        wire_make(frame, 100, wire_address, i);
        wire_check_received(mac, frame, 100);
    }
    wire_check_none(mac);
}

static void frame_stays_until_release(void **state)
{
    size_t len;

    (void)state;
    come(100, 1);
    const void *first = mac->driver->receive(mac, &len);
    come(200, 2);
    assert_ptr_equal(mac->driver->receive(mac, &len), first);
    assert_int_equal(len, 100);
    mac->driver->release(mac);
    wire_check_received(mac, frame, 200);
}

static uint8_t late_frame[256];

static void come_between(void)
{
    wire_make(late_frame, sizeof late_frame, wire_address, 9);
    w5500_chip.arrive(late_frame, sizeof late_frame, false);
}

// 254 octets wait: 0x00FE. Between the register's octets it becomes 0x0200: read as 0x0000.
static void reads_a_size_that_changes(void **state)
{
    (void)state;
    for (unsigned read = 0; read < 2; read++) {
        begin_at(0);
        come(252, 1);
        w5500.before_between = read;
        w5500.between = come_between;
        wire_check_received(mac, frame, 252);
        wire_check_received(mac, late_frame, sizeof late_frame);
        wire_check_none(mac);
        assert_int_equal(counters->restarts, 0);
    }
}

/// What comes wrong ///

static void chip_drops_bad_frames(void **state)
{
    (void)state;
    wire_make(frame, 100, wire_address, 1);
    w5500_chip.arrive(frame, 100, true);
    w5500_chip.arrive(frame, 59, false);
    w5500_chip.arrive(frame, 1515, false);
    assert_int_equal(w5500.refused, 3);
    wire_check_none(mac);
    check_good_frame(3);
}

static void filters(void **state)
{
    static const uint8_t other[6] = {2, 0, 0, 0, 0, 3};
    static const uint8_t ipv6[6] = {0x33, 0x33, 0, 0, 0, 1};
    static const uint8_t all[6] = {255, 255, 255, 255, 255, 255};

    (void)state;
    wire_make(frame, 100, other, 1);
    w5500_chip.arrive(frame, 100, false);
    wire_make(frame, 100, ipv6, 1);
    w5500_chip.arrive(frame, 100, false);
    wire_check_none(mac);
    wire_make(frame, 100, all, 1);
    w5500_chip.arrive(frame, 100, false);
    wire_check_received(mac, frame, 100);
}

// A length that cannot be: what waits is lost, and reception goes on.
static void corrupted_length_restarts(void **state)
{
    static const unsigned lengths[] = {0, 1, 2, 3, 15, 103, 1517, 1600, 16384, 32768, 65535};

    (void)state;
    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        begin_at((uint16_t)(0x3F00 + 51 * i));
        check_good_frame(i);
        uint16_t at = w5500.rx_freed;
        come(100, i);
        for (unsigned n = 0; n < 2 && lengths[i] > 1000; n++) {
            come(1514, i); // so that enough waits
        }
        w5500.rx[at % W5500_MEMORY] = (uint8_t)(lengths[i] >> 8);
        w5500.rx[(uint16_t)(at + 1) % W5500_MEMORY] = (uint8_t)lengths[i];
        wire_check_none(mac);
        assert_int_equal(counters->bad, 1);
        assert_int_equal(counters->restarts, 1);
        check_good_frame(7);
        check_sends(100, 7);
    }
}

// A length that is wrong but could be: the next one is read out of the frame's midst, and cannot.
static void wrong_length_restarts_later(void **state)
{
    size_t len;

    (void)state;
    come(100, 1);
    come(200, 2);
    w5500.rx[1] = 90;
    assert_non_null(mac->driver->receive(mac, &len));
    assert_int_equal(len, 88);
    mac->driver->release(mac);
    wire_check_none(mac);
    assert_int_equal(counters->restarts, 1);
    check_good_frame(7);
}

static void fill(void)
{
    for (unsigned i = 0; i < 30; i++) {
        come(1000, 5);
    }
}

static void overrun_loses_only_what_does_not_fit(void **state)
{
    (void)state;
    fill();
    assert_int_equal(wire_drain(mac), 16384 / 1002);
    assert_int_equal(counters->restarts, 0);
    check_good_frame(1);
}

static void overrun_that_garbles_restarts(void **state)
{
    (void)state;
    w5500.overrun_garbles = true;
    fill();
    assert_int_equal(wire_drain(mac), 16384 / 1002);
    assert_int_equal(counters->restarts, 1);
    check_good_frame(1);
}

/// Sending ///

static void sends_one_at_a_time(void **state)
{
    (void)state;
    (void)mac->driver->lend(mac);
    mac->driver->send(mac, 1514);
    assert_null(mac->driver->lend(mac));
    wire_spend(MS);
    assert_non_null(mac->driver->lend(mac));
    assert_int_equal(wire.from_chip, 1);
}

static void send_that_hangs_is_given_up(void **state)
{
    (void)state;
    (void)mac->driver->lend(mac);
    w5500.hang = true;
    mac->driver->send(mac, 100);
    wire_spend(100 * MS);
    assert_true(mac->driver->link(mac));
    assert_null(mac->driver->lend(mac));
    w5500.hang = false;
    assert_true(mac->driver->link(mac));
    assert_int_equal(counters->tx_errors, 1);
    assert_int_equal(counters->restarts, 1);
    check_sends(100, 1);
    check_good_frame(1);
}

// A frame that is sent between two looks at the link is not the one that was late.
static void send_in_time_is_not_given_up(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        assert_non_null(mac->driver->lend(mac));
        mac->driver->send(mac, 100);
        assert_true(mac->driver->link(mac));
        wire_spend(MS);
    }
    assert_int_equal(counters->tx_errors, 0);
    assert_int_equal(wire.from_chip, 5);
}

/// Interrupts ///

static void interrupt_while_cause_lasts(void **state)
{
    (void)state;
    mac->driver->interrupts(mac, AKSU_MAC_RX);
    assert_false(mac->driver->pending(mac));
    assert_false(w5500_chip.interrupt());
    come(100, 1);
    assert_true(w5500_chip.interrupt());
    assert_true(mac->driver->pending(mac));
    assert_int_equal(wire_drain(mac), 1);
    assert_false(mac->driver->pending(mac));
    assert_false(w5500_chip.interrupt());
}

static void interrupt_when_sent_if_wanted(void **state)
{
    (void)state;
    mac->driver->interrupts(mac, AKSU_MAC_RX);
    (void)mac->driver->lend(mac);
    mac->driver->send(mac, 100);
    wire_spend(MS);
    assert_false(w5500_chip.interrupt());
    assert_false(mac->driver->pending(mac));
    mac->driver->interrupts(mac, AKSU_MAC_RX | AKSU_MAC_TX);
    assert_true(w5500_chip.interrupt());
    assert_true(mac->driver->pending(mac));
    assert_non_null(mac->driver->lend(mac));
    assert_false(mac->driver->pending(mac));
    assert_false(w5500_chip.interrupt());
}

/// The chip goes away ///

static void link_follows_the_cable(void **state)
{
    (void)state;
    assert_true(mac->driver->link(mac));
    w5500.unplugged = true;
    assert_false(mac->driver->link(mac));
    w5500.unplugged = false;
    assert_true(mac->driver->link(mac));
    assert_int_equal(counters->restarts, 0);
}

static void reset_is_noticed(void **state)
{
    (void)state;
    mac->driver->interrupts(mac, AKSU_MAC_RX);
    w5500_reset();
    wire_spend(MS);
    assert_true(mac->driver->link(mac));
    assert_int_equal(counters->restarts, 1);
    assert_int_equal(w5500.socket[0][0x2C], 4); // RECV, and nothing else
    come(100, 1);
    assert_true(w5500_chip.interrupt());
    wire_check_received(mac, frame, 100);
    check_sends(100, 1);
}

static void silence_is_survived(void **state)
{
    static const uint8_t idle[] = {0x00, 0xFF};

    (void)state;
    for (unsigned i = 0; i < sizeof idle; i++) {
        begin_at(0);
        w5500.mute = true;
        w5500.mute_octet = idle[i];
        uint64_t from = wire.now;
        for (unsigned n = 0; n < 20; n++) {
            wire_check_none(mac);
            (void)mac->driver->pending(mac);
        }
        assert_false(mac->driver->link(mac));
        assert_true(wire.now - from < 50 * MS);
        w5500.mute = false;
        assert_true(mac->driver->link(mac));
        check_good_frame(1);
        check_sends(100, 1);
    }
}

/// With a stack ///

static void echo_is_exact(void **state)
{
    (void)state;
    uint32_t ms = wire_echo(mac, MIB);

    print_message("1 MiB echoed in %u ms: %u wake-ups, %u dropped by the chip\n", ms, wire.wake_ups,
                  w5500.dropped);
    assert_int_equal(counters->restarts + counters->bad + counters->tx_errors, 0);
}

static void mishaps(uint32_t ms)
{
    switch (ms) {
    case 20:
    case 300:
        w5500.spoil = true;
        break;
    case 60:
    case 400:
        w5500_reset();
        break;
    case 800:
        w5500.unplugged = wire.unplugged = true;
        break;
    case 1100:
        w5500.unplugged = wire.unplugged = false;
        break;
    case 1500:
    case 1900:
        w5500.hang = ms == 1500;
        break;
    case 2200:
        w5500.mute = wire.silent = true;
        break;
    case 2600:
        w5500.mute = false;
        break;
    case 2800:
        wire.silent = false;
        break;
    default:
        w5500.overrun_garbles = ms > 3000;
    }
}

static void echo_is_exact_in_spite_of_all(void **state)
{
    (void)state;
    wire.faults = (struct wire_faults){10, 10, 10, 20, 20};
    wire.each_ms = mishaps;
    uint32_t ms = wire_echo(mac, MIB);

    print_message("1 MiB echoed in %u ms: %u restarts, %u bad, %u tx errors; chip: %u refused, %u "
                  "dropped\n",
                  ms, counters->restarts, counters->bad, counters->tx_errors, w5500.refused,
                  w5500.dropped);
    assert_true(ms > 2600); // all of it has happened
    assert_int_equal(counters->bad, 2);
    assert_true(counters->restarts >= 6 && counters->tx_errors >= 1);
    assert_true(w5500.refused >= wire.bad_fcs / 2);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(starts),
        TEST(does_not_start_without_chip),
        TEST(does_not_start_another_chip),
        TEST(does_not_start_a_deaf_chip),
        TEST(receives_each_length),
        TEST(sends_each_length),
        TEST(wraps_at_each_octet),
        TEST(many_frames_wait),
        TEST(frame_stays_until_release),
        TEST(reads_a_size_that_changes),
        TEST(chip_drops_bad_frames),
        TEST(filters),
        TEST(corrupted_length_restarts),
        TEST(wrong_length_restarts_later),
        TEST(overrun_loses_only_what_does_not_fit),
        TEST(overrun_that_garbles_restarts),
        TEST(sends_one_at_a_time),
        TEST(send_that_hangs_is_given_up),
        TEST(send_in_time_is_not_given_up),
        TEST(interrupt_while_cause_lasts),
        TEST(interrupt_when_sent_if_wanted),
        TEST(link_follows_the_cable),
        TEST(reset_is_noticed),
        TEST(silence_is_survived),
        TEST(echo_is_exact),
        TEST(echo_is_exact_in_spite_of_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
