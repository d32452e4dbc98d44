// SPDX-License-Identifier: MIT
// ENC28J60's driver against a model of the chip: what comes wrong, the chip's errata, and a stack
// on top of it.
#include "enc28j60_model.h"

enum {
    MIB = 1 << 20,
    RX_SIZE = 0x1A00,
    HEAD = 6,
    ERXND = 0x0A,
    RECORD_MAX = 1524,
    RECORD_MIN = 70
};

static struct aksu_enc28j60 driver;
static struct aksu_mac *const mac = &driver.mac;
static struct aksu_mac_counters *const counters = &driver.mac.counters;
static uint8_t frame[2048];

static void prepare(void)
{
    wire_start(&enc28j60_chip);
    enc28j60_init();
    memset(&driver, 0, sizeof driver);
    mac->driver = &aksu_enc28j60;
    driver.spi = &enc28j60.spi;
}

static int setup(void **state)
{
    (void)state;
    prepare();
    assert_true(mac->driver->start(mac, wire_address));
    return 0;
}

static void come(size_t len, uint32_t seed)
{
    wire_make(frame, len, wire_address, seed);
    enc28j60_arrive(frame, len, false);
}

static void check_good_frame(uint32_t seed)
{
    come(60 + seed % 1455, seed);
    wire_check_received(mac, frame, 60 + seed % 1455);
}

static void check_sends(size_t len, uint32_t seed)
{
    wire_check_sends(mac, frame, len, seed, 2 * MS);
    for (size_t i = len; i < 60; i++) {
        assert_int_equal(wire.last[i], 0);
    }
}

/// Start ///

static void starts(void **state)
{
    (void)state;
    assert_int_equal(enc28j60.reg[0][ERXND] | enc28j60.reg[0][ERXND + 1] << 8, RX_SIZE - 1);
    assert_int_equal(enc28j60.reg[3][4], wire_address[0]);
    assert_int_equal(enc28j60.reg[3][1], wire_address[5]);
    wire_check_none(mac);
    assert_int_equal(counters->restarts, 0);
}

static void does_not_start_without_chip(void **state)
{
    static const uint8_t idle[] = {0x00, 0xFF};

    (void)state;
    for (unsigned i = 0; i < sizeof idle; i++) {
        prepare();
        enc28j60.mute = true;
        enc28j60.mute_octet = idle[i];
        assert_false(mac->driver->start(mac, wire_address));
        wire_check_none(mac);
        assert_null(mac->driver->lend(mac));
        assert_false(mac->driver->pending(mac));
        assert_false(mac->driver->link(mac));
    }
}

// The chip was in use when the processor was reset.
static void starts_again(void **state)
{
    (void)state;
    come(100, 1);
    come(100, 2);
    memset(&driver, 0, sizeof driver);
    mac->driver = &aksu_enc28j60;
    driver.spi = &enc28j60.spi;
    assert_true(mac->driver->start(mac, wire_address));
    wire_check_none(mac);
    check_good_frame(1);
}

/// The ring ///

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
    for (size_t len = 14; len <= 1514; len++) {
        check_sends(len, (uint32_t)len);
    }
}

// Receives frames until the next one will stand there.
static void walk_to(unsigned place)
{
    for (unsigned i = 0; i < 10 && enc28j60.write != place; i++) {
        unsigned gap = (place - enc28j60.write + RX_SIZE) % RX_SIZE;
        unsigned record = gap <= RECORD_MAX ? gap : RECORD_MAX - RECORD_MIN;
        come(record - HEAD - WIRE_FCS, place);
        wire_check_received(mac, frame, record - HEAD - WIRE_FCS);
    }
}

static void wraps_at_each_place(void **state)
{
    (void)state;
    for (unsigned before = 0; before < RECORD_MAX; before += 2) {
        setup(NULL);
        walk_to((RX_SIZE - before) % RX_SIZE);
        come(1514 - before % 4 / 2, before);
        wire_check_received(mac, frame, 1514 - before % 4 / 2);
        check_good_frame(before);
    }
}

static void many_frames_wait(void **state)
{
    (void)state;
    walk_to(6000);
    for (uint32_t i = 0; i < 60; i++) {
        come(99, i);
    }
    for (uint32_t i = 0; i < 60; i++) {
        wire_make(frame, 99, wire_address, i);
        wire_check_received(mac, frame, 99);
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

/// What comes wrong ///

static void bad_frames_are_counted(void **state)
{
    (void)state;
    wire_make(frame, 100, wire_address, 1);
    enc28j60_arrive(frame, 100, true);
    enc28j60_arrive(frame, 13, true);
    wire_make(frame, 1600, wire_address, 1);
    enc28j60_arrive(frame, 1515, false);
    wire_check_none(mac);
    enc28j60_arrive(frame, 1600, false);
    check_good_frame(3);
    assert_int_equal(counters->bad, 1);
    assert_int_equal(counters->runts, 1);
    assert_int_equal(counters->jumbos, 2);
    assert_int_equal(counters->restarts, 0);
}

static void filters(void **state)
{
    static const uint8_t other[6] = {2, 0, 0, 0, 0, 3};
    static const uint8_t group[6] = {1, 0, 0x5E, 0, 0, 1};
    static const uint8_t all[6] = {255, 255, 255, 255, 255, 255};

    (void)state;
    wire_make(frame, 100, other, 1);
    enc28j60_arrive(frame, 100, false);
    wire_make(frame, 100, group, 1);
    enc28j60_arrive(frame, 100, false);
    wire_check_none(mac);
    assert_int_equal(enc28j60.filtered, 2);
    wire_make(frame, 100, all, 1);
    enc28j60_arrive(frame, 100, false);
    wire_check_received(mac, frame, 100);
}

// A pointer to the next frame, or a length, that cannot be: what waits is lost.
static void corrupted_header_restarts(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 32; bit++) {
        if (bit == 16) {
            continue; // an odd length, and an octet more: the same place follows
        }
        setup(NULL);
        walk_to(6000 + 2 * bit);
        enc28j60.spoil = 1u << bit;
        come(100, 1);
        come(100, 2);
        wire_check_none(mac);
        assert_int_equal(counters->bad, 1);
        assert_int_equal(counters->restarts, 1);
        assert_int_equal(enc28j60.packets, 0);
        for (uint32_t i = 0; i < 20; i++) {
            check_good_frame(7 * i);
        }
        check_sends(100, 7);
    }
}

static void overrun_is_counted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        come(1000, 5);
    }
    assert_true(enc28j60.dropped > 0);
    assert_int_equal(wire_drain(mac), RX_SIZE / 1010);
    assert_int_equal(counters->overruns, 1);
    assert_int_equal(counters->restarts, 0);
    check_good_frame(1);
    assert_int_equal(counters->overruns, 1);
}

// EPKTCNT ends at 255. No frames of 60 octets are so many, but shorter ones are.
static void packet_counter_ends(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        wire_make(frame, 14, wire_address, i);
        enc28j60_arrive(frame, 14, false);
    }
    assert_int_equal(enc28j60.packets, 255);
    assert_int_equal(wire_drain(mac), 255);
    assert_int_equal(counters->overruns, 1);
    check_good_frame(1);
}

/// Sending ///

static void sends_one_at_a_time(void **state)
{
    (void)state;
    (void)mac->driver->lend(mac);
    mac->driver->send(mac, 1514);
    assert_null(mac->driver->lend(mac));
    wire_spend(2 * MS);
    assert_non_null(mac->driver->lend(mac));
    assert_int_equal(wire.from_chip, 1);
}

static void settle(void)
{
    for (unsigned i = 0; i < 100 && !mac->driver->lend(mac); i++) {
        wire_spend(MS);
    }
}

static void late_collision_is_sent_again(void **state)
{
    (void)state;
    uint8_t *to = mac->driver->lend(mac);
    wire_make(frame, 300, wire_address, 1);
    memcpy(to, frame, 300);
    enc28j60.collisions = 5;
    mac->driver->send(mac, 300);
    settle();
    assert_int_equal(enc28j60.transmissions, 6);
    assert_int_equal(wire.from_chip, 1);
    assert_memory_equal(wire.last, frame, 300);
    assert_int_equal(counters->tx_errors, 0);
    check_sends(300, 2);
}

static void frame_is_given_up(void **state)
{
    (void)state;
    (void)mac->driver->lend(mac);
    enc28j60.collisions = 16;
    mac->driver->send(mac, 300);
    settle();
    assert_int_equal(enc28j60.transmissions, 16);
    assert_int_equal(wire.from_chip, 0);
    assert_int_equal(counters->tx_errors, 1);
    check_sends(300, 2); // though the transmitter hung
    (void)mac->driver->lend(mac);
    enc28j60.abort = true;
    mac->driver->send(mac, 300);
    settle();
    assert_int_equal(counters->tx_errors, 2);
    check_sends(300, 3);
}

static void send_that_hangs_is_given_up(void **state)
{
    (void)state;
    (void)mac->driver->lend(mac);
    enc28j60.hang = true;
    mac->driver->send(mac, 100);
    wire_spend(100 * MS);
    assert_true(mac->driver->link(mac));
    assert_null(mac->driver->lend(mac));
    enc28j60.hang = false;
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
    assert_false(enc28j60_chip.interrupt());
    come(100, 1);
    assert_true(enc28j60_chip.interrupt());
    assert_true(mac->driver->pending(mac));
    assert_int_equal(wire_drain(mac), 1);
    assert_false(mac->driver->pending(mac));
    assert_false(enc28j60_chip.interrupt());
}

static void interrupt_when_sent_if_wanted(void **state)
{
    (void)state;
    mac->driver->interrupts(mac, AKSU_MAC_RX);
    (void)mac->driver->lend(mac);
    mac->driver->send(mac, 100);
    wire_spend(MS);
    assert_false(enc28j60_chip.interrupt());
    mac->driver->interrupts(mac, AKSU_MAC_RX | AKSU_MAC_TX);
    assert_true(enc28j60_chip.interrupt());
    assert_true(mac->driver->pending(mac));
    assert_non_null(mac->driver->lend(mac));
    assert_false(mac->driver->pending(mac));
    assert_false(enc28j60_chip.interrupt());
}

static void interrupt_for_overrun(void **state)
{
    (void)state;
    mac->driver->interrupts(mac, AKSU_MAC_RX);
    enc28j60.reg[0][0x1C] |= 1;
    assert_true(enc28j60_chip.interrupt());
    assert_true(mac->driver->pending(mac));
    wire_check_none(mac);
    assert_int_equal(counters->overruns, 1);
    assert_false(mac->driver->pending(mac));
    assert_false(enc28j60_chip.interrupt());
}

/// The chip goes away ///

static void link_follows_the_cable(void **state)
{
    (void)state;
    assert_true(mac->driver->link(mac));
    enc28j60.unplugged = true;
    assert_false(mac->driver->link(mac));
    enc28j60.unplugged = false;
    assert_true(mac->driver->link(mac));
    assert_int_equal(counters->restarts, 0);
}

static void reset_is_noticed(void **state)
{
    (void)state;
    mac->driver->interrupts(mac, AKSU_MAC_RX);
    enc28j60_reset();
    wire_spend(2 * MS);
    assert_true(mac->driver->link(mac));
    assert_int_equal(counters->restarts, 1);
    come(100, 1);
    assert_true(enc28j60_chip.interrupt());
    wire_check_received(mac, frame, 100);
    check_sends(100, 1);
}

static void lost_settings_are_noticed(void **state)
{
    (void)state;
    enc28j60.reg[3][1] ^= 1; // of the address
    assert_true(mac->driver->link(mac));
    assert_int_equal(counters->restarts, 1);
    check_good_frame(1);
    enc28j60.reg[2][2] = 0; // MACON3
    assert_true(mac->driver->link(mac));
    assert_int_equal(counters->restarts, 2);
    check_sends(20, 1);
}

static void silence_is_survived(void **state)
{
    static const uint8_t idle[] = {0x00, 0xFF};

    (void)state;
    for (unsigned i = 0; i < sizeof idle; i++) {
        setup(NULL);
        enc28j60.mute = true;
        enc28j60.mute_octet = idle[i];
        uint64_t from = wire.now;
        for (unsigned n = 0; n < 20; n++) {
            wire_check_none(mac);
            (void)mac->driver->pending(mac);
        }
        assert_false(mac->driver->link(mac));
        assert_true(wire.now - from < 50 * MS);
        enc28j60.mute = false;
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
                  enc28j60.dropped);
    assert_int_equal(counters->restarts + counters->bad + counters->tx_errors, 0);
}

static void mishaps(uint32_t ms)
{
    switch (ms) {
    case 50:
        enc28j60.spoil = 0x0100;
        break;
    case 500:
        enc28j60.spoil = 0x80000000;
        break;
    case 900:
    case 1700:
        enc28j60_reset();
        break;
    case 2100:
    case 2400:
        enc28j60.unplugged = wire.unplugged = ms == 2100;
        break;
    case 3000:
    case 3400:
        enc28j60.hang = ms == 3000;
        break;
    case 4000:
        enc28j60.mute = wire.silent = true;
        break;
    case 4400:
        enc28j60.mute = false;
        break;
    case 4600:
        wire.silent = false;
        break;
    default:
        enc28j60.collisions += ms % 100 == 0;
        enc28j60.abort = ms % 250 == 70;
    }
}

static void echo_is_exact_in_spite_of_all(void **state)
{
    (void)state;
    wire.faults = (struct wire_faults){10, 10, 10, 20, 20};
    wire.each_ms = mishaps;
    uint32_t ms = wire_echo(mac, MIB);

    print_message("1 MiB echoed in %u ms: %u restarts, %u bad, %u runts, %u jumbos, %u overruns, "
                  "%u tx errors\n",
                  ms, counters->restarts, counters->bad, counters->runts, counters->jumbos,
                  counters->overruns, counters->tx_errors);
    assert_true(ms > 4600); // all of it has happened
    assert_true(counters->restarts >= 6 && counters->tx_errors >= 2);
    assert_true(counters->bad >= 2 && counters->jumbos > 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(starts),
        TEST(does_not_start_without_chip),
        TEST(starts_again),
        TEST(receives_each_length),
        TEST(sends_each_length),
        TEST(wraps_at_each_place),
        TEST(many_frames_wait),
        TEST(frame_stays_until_release),
        TEST(bad_frames_are_counted),
        TEST(filters),
        TEST(corrupted_header_restarts),
        TEST(overrun_is_counted),
        TEST(packet_counter_ends),
        TEST(sends_one_at_a_time),
        TEST(late_collision_is_sent_again),
        TEST(frame_is_given_up),
        TEST(send_that_hangs_is_given_up),
        TEST(send_in_time_is_not_given_up),
        TEST(interrupt_while_cause_lasts),
        TEST(interrupt_when_sent_if_wanted),
        TEST(interrupt_for_overrun),
        TEST(link_follows_the_cable),
        TEST(reset_is_noticed),
        TEST(lost_settings_are_noticed),
        TEST(silence_is_survived),
        TEST(echo_is_exact),
        TEST(echo_is_exact_in_spite_of_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
