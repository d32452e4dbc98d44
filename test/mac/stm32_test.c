// SPDX-License-Identifier: MIT
// The drivers of the STM32's MACs against models of them: each row of chips[] runs each test.
#include "stm32_model.h"

#include <aksu/aksu.h>
#include <mac/stm32_eth.h>
#include <mac/stm32h7_eth.h>
#include <stdlib.h>

enum { RX = AKSU_STM32_RX_FRAMES, TX = AKSU_STM32_TX_FRAMES };
enum { ICMP = 1, TCP = 6, UDP = 17, BASE = 0x40028000, HCLK = 168000000 };
enum { OFFLOAD = AKSU_OFFLOAD_RX | AKSU_OFFLOAD_TX };

static const struct chip {
    const char *name;
    const struct model_kind *kind;
    const struct aksu_mac_driver *driver;
    bool cached;
    uint16_t offload;
} chips[] = {
    {"F4: normal descriptors", &model_f, &aksu_stm32_eth, false, 0},
    {"F4: enhanced descriptors, checksums", &model_f, &aksu_stm32_eth, false, OFFLOAD},
    {"F7: normal descriptors, cached", &model_f, &aksu_stm32_eth, true, 0},
    {"F7: enhanced descriptors, checksums, cached", &model_f, &aksu_stm32_eth, true, OFFLOAD},
    {"H7", &model_h7, &aksu_stm32h7_eth, false, 0},
    {"H7: checksums", &model_h7, &aksu_stm32h7_eth, false, OFFLOAD},
    {"H7: cached", &model_h7, &aksu_stm32h7_eth, true, 0},
    {"H7: checksums, cached", &model_h7, &aksu_stm32h7_eth, true, OFFLOAD},
};

static const uint8_t us[6] = {0x02, 0x61, 0x6B, 0x73, 0x75, 0x02};
static const uint8_t others[6] = {0x02, 0x61, 0x6B, 0x73, 0x75, 0x03};
static const struct chip *chip;
static struct aksu_stm32_dma dma;
static struct aksu_stm32_eth f_mac;
static struct aksu_stm32h7_eth h7_mac;
static struct aksu_mac *mac;
static struct aksu_phy *phy;
static struct model model;
static struct frame frame;

/// What the MAC has sent, the last ones ///

enum { KEPT = 8 };
static struct frame kept[KEPT];
static unsigned sent;

static void keep(struct model *m, const uint8_t *octets, size_t len)
{
    struct frame *f = &kept[sent++ % KEPT];

    (void)m;
    f->len = len;
    memcpy(f->octets, octets, len);
}

/// Set-up ///

static void plug_in(void)
{
    phy_plug(&model.phy, true, PARTNER_ALL);
    for (unsigned i = 0; i < 20 && !mac->driver->link(mac); i++) {
    }
    assert_true(mac->driver->link(mac));
}

static int set_up(void **state)
{
    (void)state;
    model_none();
    model_init(&model, chip->kind, BASE, HCLK, &dma, chip->cached);
    model.sent = keep;
    sent = 0;
    f_mac =
        (struct aksu_stm32_eth){.base = BASE, .hclk = HCLK, .dma = &dma, .cached = chip->cached};
    h7_mac =
        (struct aksu_stm32h7_eth){.base = BASE, .hclk = HCLK, .dma = &dma, .cached = chip->cached};
    mac = chip->kind == &model_f ? &f_mac.mac : &h7_mac.mac;
    phy = chip->kind == &model_f ? &f_mac.phy : &h7_mac.phy;
    mac->driver = chip->driver;
    mac->offload = chip->offload;
    return 0;
}

static void start(void)
{
    assert_true(mac->driver->start(mac, us));
    plug_in();
}

static void arrive(const uint8_t to[6], unsigned protocol, size_t len, uint32_t seed)
{
    frame_make(&frame, to, protocol, len, seed);
    model_arrive(&model, &frame);
}

// Whether the next frame is this one.
static void take(unsigned protocol, size_t len, uint32_t seed)
{
    size_t n;

    frame_make(&frame, us, protocol, len, seed);
    const uint8_t *octets = mac->driver->receive(mac, &n);

    assert_non_null(octets);
    assert_int_equal(n, len);
    assert_memory_equal(octets, frame.octets, len);
    assert_ptr_equal(mac->driver->receive(mac, &n), octets); // it stays until release
    mac->driver->release(mac);
}

static void nothing_waits(void)
{
    size_t n;

    assert_null(mac->driver->receive(mac, &n));
}

static bool give(unsigned protocol, size_t len, uint32_t seed)
{
    uint8_t *to = mac->driver->lend(mac);

    if (!to) {
        return false;
    }
    frame_make(&frame, others, protocol, len, seed);
    memcpy(to, frame.octets, len);
    mac->driver->send(mac, len);
    return true;
}

// Whether the MAC's n-th frame was this one.
static void was_sent(unsigned n, unsigned protocol, size_t len, uint32_t seed)
{
    const struct frame *f = &kept[n % KEPT];

    assert_in_range(sent, n + 1, n + KEPT);
    frame_make(&frame, others, protocol, len, seed);
    assert_int_equal(f->len, len < AKSU_FRAME_MIN ? AKSU_FRAME_MIN : len);
    assert_memory_equal(f->octets, frame.octets, len);
}

static void both_ways(uint32_t seed)
{
    unsigned n = sent;

    arrive(us, TCP, 300, seed);
    take(TCP, 300, seed);
    assert_true(give(TCP, 400, seed));
    model_run(&model);
    was_sent(n, TCP, 400, seed);
}

static void counted(const struct aksu_mac_counters *want)
{
    assert_int_equal(mac->counters.bad, want->bad);
    assert_int_equal(mac->counters.runts, want->runts);
    assert_int_equal(mac->counters.jumbos, want->jumbos);
    assert_int_equal(mac->counters.overruns, want->overruns);
    assert_int_equal(mac->counters.underruns, want->underruns);
    assert_int_equal(mac->counters.tx_errors, want->tx_errors);
    assert_int_equal(mac->counters.restarts, want->restarts);
    assert_int_equal(mac->counters.checksums, want->checksums);
}

#define COUNTED(...) counted(&(const struct aksu_mac_counters){__VA_ARGS__})
#define NOTHING      .bad = 0

/// Start and link ///

static void starts(void **state)
{
    (void)state;
    start();
    both_ways(1);
    COUNTED(NOTHING);
}

static void starts_again(void **state)
{
    (void)state;
    size_t n;

    start();
    arrive(us, TCP, 100, 1);
    assert_non_null(mac->driver->receive(mac, &n));
    start();
    for (unsigned i = 0; i < 2 * RX; i++) {
        both_ways(i);
    }
}

static void needs_its_clock(void **state)
{
    (void)state;
    model.no_clock = true;
    assert_false(mac->driver->start(mac, us));
    model.no_clock = false;
    start();
    both_ways(1);
}

static void is_addressed(void **state)
{
    (void)state;
    start();
    arrive(others, TCP, 100, 1);
    nothing_waits();
    arrive((const uint8_t *)"\xff\xff\xff\xff\xff\xff", UDP, 100, 2);
    size_t n;
    assert_non_null(mac->driver->receive(mac, &n));
    mac->driver->release(mac);
    COUNTED(NOTHING);
}

static void link_as(bool up, uint16_t partner)
{
    phy_plug(&model.phy, up, partner);
    assert_false(mac->driver->link(mac)); // it has failed, if only for a moment
    for (unsigned i = 0; up && i < 20 && !mac->driver->link(mac); i++) {
    }
    assert_int_equal(mac->driver->link(mac), up);
}

static void follows_the_link(void **state)
{
    (void)state;
    assert_true(mac->driver->start(mac, us));
    assert_false(mac->driver->link(mac));
    plug_in();
    assert_true(phy->fast && phy->full_duplex);
    both_ways(1);
    link_as(true, PARTNER_10_HALF);
    assert_true(!phy->fast && !phy->full_duplex);
    both_ways(2);
    link_as(false, 0);
    arrive(us, TCP, 100, 3);
    nothing_waits();
    link_as(true, PARTNER_10_FULL);
    assert_true(!phy->fast && phy->full_duplex);
    both_ways(4);
    link_as(true, PARTNER_ALL);
    both_ways(5);
    assert_int_equal(model.frames_garbled, 0);
    COUNTED(NOTHING);
}

static void lives_without_phy(void **state)
{
    (void)state;
    phy->address = 5;
    assert_true(mac->driver->start(mac, us));
    phy_plug(&model.phy, true, PARTNER_ALL);
    for (unsigned i = 0; i < 20; i++) {
        assert_false(mac->driver->link(mac));
    }
}

// The clocks of all parts of these series that the MAC works with: 25 to 300 MHz.
static void keeps_mdc_slow(void **state)
{
    (void)state;
    uint32_t most = chip->kind == &model_f ? 216000000 : 280000000;

    for (uint32_t hclk = 25000000; hclk <= most; hclk += 5000000) {
        set_up(NULL);
        f_mac.hclk = h7_mac.hclk = model.hclk = hclk;
        start();
    }
}

/// Frames ///

static void takes_and_sends_all_lengths(void **state)
{
    (void)state;
    start();
    for (size_t len = 60; len <= 1514; len += len < 100 || len > 1500 ? 1 : 13) {
        arrive(us, TCP, len, (uint32_t)len);
        take(TCP, len, (uint32_t)len);
    }
    for (size_t len = 14; len <= 1514; len += len < 100 || len > 1500 ? 1 : 13) {
        assert_true(give(TCP, len, (uint32_t)len));
        model_run(&model);
        was_sent(sent - 1, TCP, len, (uint32_t)len);
    }
    COUNTED(NOTHING);
}

static void rings_go_round(void **state)
{
    (void)state;
    uint32_t in = 0, out = 0, seed = 1;

    start();
    for (unsigned round = 0; round < 200; round++) {
        unsigned burst = 1 + round % RX;
        for (unsigned i = 0; i < burst; i++) {
            arrive(us, TCP, 60 + (in + i) % 500, in + i);
        }
        for (unsigned i = 0; i < burst; i++, in++) {
            take(TCP, 60 + in % 500, in);
        }
        nothing_waits();
        model.frozen = true;
        burst = 1 + round % TX;
        for (unsigned i = 0; i < burst; i++) {
            assert_true(give(TCP, 60 + (seed + i) % 700, seed + i));
        }
        model.frozen = false;
        model_run(&model);
        for (unsigned i = 0; i < burst; i++, seed++) {
            was_sent(out++, TCP, 60 + seed % 700, seed);
        }
    }
    COUNTED(NOTHING);
}

// Frames come while none is taken: as many as there are buffers wait; the rest is lost and counted,
// or waits in the H7's FIFO.
static void overrun_is_counted(void **state)
{
    (void)state;
    enum { BURST = 30, LEN = 1000 };
    unsigned in_fifo = chip->kind == &model_h7 ? RX_FIFO / (LEN + FCS) : 0;

    start();
    for (unsigned times = 1; times <= 3; times++) {
        for (unsigned i = 0; i < BURST; i++) {
            arrive(us, TCP, LEN, i);
        }
        for (unsigned i = 0; i < RX + in_fifo; i++) {
            take(TCP, LEN, i);
        }
        nothing_waits();
        assert_int_equal(mac->counters.overruns, times * (BURST - RX - in_fifo));
        assert_int_equal(mac->counters.restarts, times * (in_fifo ? in_fifo : 1));
        both_ways(times);
    }
    COUNTED(.overruns = mac->counters.overruns, .restarts = mac->counters.restarts);
}

// One buffer is given back, while frames keep coming.
static void goes_on_in_a_flood(void **state)
{
    (void)state;
    start();
    for (unsigned i = 0; i < 100; i++) {
        arrive(us, TCP, 1514, i);
        if (i >= RX) {
            size_t n;
            assert_non_null(mac->driver->receive(mac, &n));
            assert_int_equal(n, 1514);
            mac->driver->release(mac);
        }
    }
    assert_true(mac->counters.restarts > 0);
    size_t n;
    while (mac->driver->receive(mac, &n)) {
        mac->driver->release(mac);
    }
    both_ways(1);
}

static void full_ring_waits(void **state)
{
    (void)state;
    start();
    model.frozen = true;
    for (uint32_t i = 0; i < TX; i++) {
        assert_true(give(TCP, 1000, i));
    }
    assert_false(give(TCP, 1000, TX));
    mac->driver->interrupts(mac, AKSU_MAC_RX | AKSU_MAC_TX);
    assert_false(mac->driver->pending(mac));
    assert_false(model_interrupt(&model));
    model.frozen = false;
    model_run(&model);
    assert_true(model_interrupt(&model));
    assert_true(mac->driver->pending(mac));
    for (unsigned i = 0; i < TX; i++) {
        was_sent(i, TCP, 1000, i);
    }
    assert_true(give(TCP, 1000, TX));
    COUNTED(NOTHING);
}

static void lends_the_same_until_sent(void **state)
{
    (void)state;
    start();
    void *first = mac->driver->lend(mac);
    assert_non_null(first);
    assert_ptr_equal(mac->driver->lend(mac), first);
    both_ways(1);
    first = mac->driver->lend(mac);
    model.bus_error = true;
    arrive(us, TCP, 100, 1);
    nothing_waits();
    assert_int_equal(mac->counters.restarts, 1);
    assert_ptr_equal(mac->driver->lend(mac), first);
    both_ways(2);
}

/// Frames that are wrong ///

static void bad_one(unsigned faults, size_t len)
{
    frame_make(&frame, us, TCP, len, 7);
    frame.faults = faults;
    frame.octets[len / 2] ^= faults ? 0x10 : 0; // the checksums' error is not the one that counts
    model_arrive(&model, &frame);
    nothing_waits();
    both_ways((uint32_t)len);
}

static void bad_frames_are_counted(void **state)
{
    (void)state;
    start();
    bad_one(BAD_FCS, 700);
    COUNTED(.bad = 1);
    bad_one(RX_ERROR, 700);
    COUNTED(.bad = 2);
    bad_one(0, 59);
    bad_one(0, 14);
    bad_one(BAD_FCS, 20);
    COUNTED(.bad = 2, .runts = 3);
    bad_one(0, 1515); // in one buffer
    bad_one(0, 1532);
    COUNTED(.bad = 2, .runts = 3, .jumbos = 2);
    bad_one(0, 1533); // in two: of the FCS, one octet
    bad_one(0, 1600);
    bad_one(BAD_FCS, 2044);
    bad_one(0, 3000); // cut by the MAC's watchdog
    COUNTED(.bad = 2, .runts = 3, .jumbos = 6);
    bad_one(CUT_OFF, 700);
    COUNTED(.bad = 2, .runts = 3, .jumbos = 6, .overruns = 1);
}

// A frame for which the last descriptor is not enough.
static void jumbo_at_the_rings_end(void **state)
{
    (void)state;
    start();
    for (unsigned i = 0; i < RX - 1; i++) {
        arrive(us, TCP, 100, i);
    }
    arrive(us, TCP, 1700, 99);
    for (unsigned i = 0; i < RX - 1; i++) {
        take(TCP, 100, i);
    }
    nothing_waits();
    nothing_waits();
    assert_int_equal(mac->counters.jumbos, 1);
    assert_int_equal(mac->counters.restarts, 1);
    for (unsigned i = 0; i < 3 * RX; i++) {
        both_ways(i);
    }
    COUNTED(.jumbos = 1, .restarts = 1);
}

/// Trouble with sending ///

static void fault(enum tx_fault kind, uint32_t seed)
{
    unsigned n = sent;

    model.frozen = true;
    for (unsigned i = 0; i < TX; i++) {
        assert_true(give(TCP, 200, seed + i));
    }
    model.tx_fault = kind;
    model.frozen = false;
    model_run(&model);
    for (unsigned i = 0; i < 3; i++) { // what the main loop does when it looks
        nothing_waits();
        assert_non_null(mac->driver->lend(mac));
    }
    if (sent != n) { // after a restart what waited is lost
        for (unsigned i = 1; i < TX; i++) {
            was_sent(n + i - 1, TCP, 200, seed + i);
        }
    }
    both_ways(seed);
}

static void transmit_errors_are_counted(void **state)
{
    (void)state;
    start();
    fault(TX_LATE_COLLISION, 1);
    COUNTED(.tx_errors = 1);
    assert_int_equal(sent, TX - 1 + 1);
    fault(TX_UNDERRUN, 2);
    COUNTED(.tx_errors = 1, .underruns = 1, .restarts = 1);
    assert_int_equal(sent, 2 * TX);
    fault(TX_JABBER, 3);
    assert_int_equal(mac->counters.restarts, 2);
    assert_true(mac->counters.tx_errors >= 2);
}

static void bus_errors_are_survived(void **state)
{
    (void)state;
    start();
    for (unsigned i = 0; i < 5; i++) {
        model.bus_error = true;
        mac->driver->interrupts(mac, AKSU_MAC_RX);
        arrive(us, TCP, 100, i); // lost
        assert_true(model_interrupt(&model));
        assert_true(mac->driver->pending(mac));
        nothing_waits();
        assert_int_equal(mac->counters.restarts, i + 1);
        for (unsigned k = 0; k < 2 * RX; k++) {
            both_ways(k);
        }
    }
    model.frozen = true;
    for (unsigned i = 0; i < TX; i++) {
        assert_true(give(TCP, 100, i));
    }
    model.bus_error = true;
    model.frozen = false;
    model_run(&model);
    nothing_waits();
    assert_int_equal(mac->counters.tx_errors, TX);
    both_ways(1);
}

// The PHY's clock goes while the MAC must be restarted: it comes back with it.
static void restarts_when_it_can(void **state)
{
    (void)state;
    start();
    model.bus_error = true;
    arrive(us, TCP, 100, 1);
    model.no_clock = true;
    nothing_waits();
    assert_false(mac->driver->link(mac));
    assert_null(mac->driver->lend(mac));
    assert_false(mac->driver->pending(mac));
    model.no_clock = false;
    assert_true(mac->driver->link(mac));
    both_ways(1);
}

/// Checksums ///

static void with_octet_changed(unsigned protocol, size_t at, unsigned faults)
{
    frame_make(&frame, us, protocol, 200, 9);
    frame.octets[at] ^= 0x10;
    frame.faults = faults;
    model_arrive(&model, &frame);
}

static void verifies_checksums(void **state)
{
    (void)state;
    bool verifies = (chip->offload & AKSU_OFFLOAD_RX) != 0;
    size_t n;

    start();
    with_octet_changed(TCP, 14 + 8, 0); // the IP header's TTL
    with_octet_changed(TCP, 100, 0);
    with_octet_changed(UDP, 100, 0);
    frame_make(&frame, us, TCP, 200, 9);
    frame.faults = NOT_CHECKED;
    model_arrive(&model, &frame);
    if (verifies) {
        nothing_waits();
        COUNTED(.checksums = 4);
    } else {
        for (unsigned i = 0; i < 4; i++) { // the stack will look
            assert_non_null(mac->driver->receive(mac, &n));
            mac->driver->release(mac);
        }
        COUNTED(NOTHING);
    }
    with_octet_changed(TCP, 13, 0); // no IPv4: nobody's business
    assert_non_null(mac->driver->receive(mac, &n));
    mac->driver->release(mac);
    arrive(us, ICMP, 90, 1);
    take(ICMP, 90, 1);
    both_ways(1);
}

// Sends a frame with two octets zero, as the stack leaves a checksum.
static const uint8_t *sent_with_zero(unsigned protocol, size_t at, bool zero)
{
    uint8_t *to = mac->driver->lend(mac);

    frame_make(&frame, others, protocol, 301, 5);
    memcpy(to, frame.octets, 301);
    if (zero) {
        to[at] = to[at + 1] = 0;
    }
    mac->driver->send(mac, 301);
    model_run(&model);
    assert_int_equal(kept[(sent - 1) % KEPT].len, 301);
    return kept[(sent - 1) % KEPT].octets;
}

static void inserts_checksums(void **state)
{
    (void)state;
    bool inserts = (chip->offload & AKSU_OFFLOAD_TX) != 0;

    start();
    assert_memory_equal(sent_with_zero(TCP, 24, inserts), frame.octets, 301);
    assert_memory_equal(sent_with_zero(TCP, 14 + 20 + 16, inserts), frame.octets, 301);
    assert_memory_equal(sent_with_zero(ICMP, 24, inserts), frame.octets, 301);
    assert_memory_equal(sent_with_zero(ICMP, 0, false), frame.octets, 301);
    if (!inserts) { // and does not meddle
        const uint8_t *octets = sent_with_zero(TCP, 14 + 20 + 16, true);
        assert_int_equal(octets[14 + 20 + 16] | octets[14 + 20 + 17], 0);
    }
}

/// Interrupts ///

static void interrupts_until_seen(void **state)
{
    (void)state;
    start();
    mac->driver->interrupts(mac, AKSU_MAC_RX);
    assert_false(mac->driver->pending(mac));
    assert_false(model_interrupt(&model));
    arrive(us, TCP, 100, 1);
    assert_true(model_interrupt(&model));
    assert_true(mac->driver->pending(mac)); // however often
    assert_true(mac->driver->pending(mac));
    take(TCP, 100, 1);
    assert_true(give(TCP, 100, 1)); // that it has gone is not wanted
    model_run(&model);
    assert_false(mac->driver->pending(mac));
    assert_false(model_interrupt(&model));
    for (unsigned i = 0; i < 2 * RX + 2; i++) { // lost ones too
        arrive(us, TCP, 1514, 2);
    }
    assert_true(model_interrupt(&model));
    size_t n;
    while (mac->driver->receive(mac, &n)) {
        mac->driver->release(mac);
    }
    assert_false(mac->driver->pending(mac));
    assert_false(model_interrupt(&model));
}

/// The model notices ///

// Runs traffic; what goes wrong is told by breaches, or by frames that are not what they should be.
static bool goes_wrong(void)
{
    bool wrong = false;

    breach_wanted = true;
    for (uint32_t i = 0; i < 4 * RX && !wrong; i++) {
        size_t n;
        unsigned before = sent;
        arrive(us, TCP, 300, i);
        frame_make(&frame, us, TCP, 300, i);
        const uint8_t *octets = mac->driver->receive(mac, &n);
        wrong |= !octets || n != 300 || memcmp(octets, frame.octets, n) != 0;
        mac->driver->release(mac);
        wrong |= !give(TCP, 300, i);
        model_run(&model);
        wrong |= sent != before + 1 || memcmp(kept[before % KEPT].octets, frame.octets, 300) != 0;
        wrong |= breaches > 0;
    }
    return wrong;
}

static void what_a_driver_must_do(void **state)
{
    static const enum sabotage kinds[] = {NO_DEMAND, NO_BARRIER, NO_CLEAN, NO_INVALIDATE};
    unsigned count = chip->cached ? 4 : 2;

    (void)state;
    start();
    assert_false(goes_wrong());
    for (unsigned i = 0; i < count; i++) {
        set_up(NULL);
        start();
        sabotage = kinds[i];
        if (!goes_wrong()) {
            fail_msg("sabotage %u is not noticed", i);
        }
    }
}

#if defined(__SANITIZE_ADDRESS__)
__attribute__((no_sanitize("address")))
#endif
static void
scribble(uint8_t *at)
{
    *(volatile uint8_t *)at ^= 1;
}

static void what_a_driver_must_not_touch(void **state)
{
    (void)state;
    uint8_t *const places[] = {dma.rx_frame[1], dma.tx_frame[0] + 50, (uint8_t *)&dma.rx[1],
                               (uint8_t *)&dma.tx[0] + 8};

    for (unsigned i = 0; i < 4; i++) {
        set_up(NULL);
        start();
        model.frozen = true;
        assert_true(give(TCP, 100, 1));
        assert_int_equal(breaches, 0);
        breach_wanted = true;
        scribble(places[i]);
        mac->driver->interrupts(mac, AKSU_MAC_RX);
        (void)mac->driver->pending(mac);
        aksu_reg_put(AKSU_DCIMVAC, (uint32_t)(uintptr_t)dma.rx_frame[0]); // any
        assert_true(breaches > 0);
    }
}

/// All of them ///

#define T(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(starts),
        T(starts_again),
        T(needs_its_clock),
        T(is_addressed),
        T(follows_the_link),
        T(lives_without_phy),
        T(keeps_mdc_slow),
        T(takes_and_sends_all_lengths),
        T(rings_go_round),
        T(overrun_is_counted),
        T(goes_on_in_a_flood),
        T(full_ring_waits),
        T(lends_the_same_until_sent),
        T(bad_frames_are_counted),
        T(jumbo_at_the_rings_end),
        T(transmit_errors_are_counted),
        T(bus_errors_are_survived),
        T(restarts_when_it_can),
        T(verifies_checksums),
        T(inserts_checksums),
        T(interrupts_until_seen),
        T(what_a_driver_must_do),
        T(what_a_driver_must_not_touch),
    };
    int failed = 0;

    for (unsigned i = 0; i < sizeof chips / sizeof *chips; i++) {
        chip = &chips[i];
        failed += cmocka_run_group_tests_name(chip->name, tests, NULL, NULL);
    }
    return failed;
}
