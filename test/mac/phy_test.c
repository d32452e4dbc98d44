// SPDX-License-Identifier: MIT
// The PHY's driver against a model of a PHY.
#include "phy_model.h"
#include <aksu_phy.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { ADDRESS = 5, POLLS = 20, OURS = 0x01E1 };

static struct aksu_mac mac;
static struct aksu_phy driver;

static uint16_t read_phy(struct aksu_mac *m, unsigned address, unsigned reg)
{
    assert_ptr_equal(m, &mac);
    assert_int_equal(address, ADDRESS);
    return phy_model_read(reg);
}

static void write_phy(struct aksu_mac *m, unsigned address, unsigned reg, uint16_t value)
{
    assert_ptr_equal(m, &mac);
    assert_int_equal(address, ADDRESS);
    phy_model_write(reg, value);
}

static int setup(void **state)
{
    (void)state;
    phy_model_init();
    driver = (struct aksu_phy){.read = read_phy, .write = write_phy, .address = ADDRESS};
    return 0;
}

// Returns whether the link came up, within some looks.
static bool comes_up(void)
{
    for (unsigned i = 0; i < POLLS; i++) {
        if (aksu_phy_poll(&mac, &driver)) {
            return true;
        }
    }
    return false;
}

static void resets_and_negotiates(void **state)
{
    (void)state;
    aksu_phy_start(&mac, &driver);
    assert_int_equal(phy.resets, 1);
    for (unsigned i = 0; i < 2; i++) { // in reset, nothing else is asked
        assert_false(aksu_phy_poll(&mac, &driver));
        assert_int_equal(phy.offered, 1);
    }
    assert_false(aksu_phy_poll(&mac, &driver)); // negotiating
    assert_int_equal(phy.offered, OURS);
    assert_true(comes_up());
    assert_true(driver.up && driver.fast && driver.full_duplex);
    assert_int_equal(phy.told, OURS);
}

// 28B.3: 100 full, 100 half, 10 full, 10 half, of what both ends can.
static void resolves_the_best(void **state)
{
    (void)state;
    for (unsigned partner = 0; partner < 16; partner++) {
        setup(NULL);
        phy.partner = (uint16_t)(partner << 5);
        aksu_phy_start(&mac, &driver);
        assert_true(comes_up());
        bool fast = partner >= 4;
        assert_int_equal(driver.fast, fast);
        assert_int_equal(driver.full_duplex, fast ? partner >= 8 : (partner & 2) != 0);
    }
}

static void no_link_without_cable(void **state)
{
    (void)state;
    phy.plugged = false;
    aksu_phy_start(&mac, &driver);
    assert_false(comes_up());
    phy_model_plug(true, OURS);
    assert_true(comes_up());
    phy_model_plug(false, 0);
    assert_false(aksu_phy_poll(&mac, &driver));
    assert_false(driver.up);
    assert_false(comes_up());
}

// The link failed and is back between two looks, with another partner.
static void short_failure_is_not_missed(void **state)
{
    (void)state;
    aksu_phy_start(&mac, &driver);
    assert_true(comes_up());
    phy_model_plug(true, LINK_10);
    phy_model_settle();
    assert_true(phy.failed);
    assert_true(aksu_phy_poll(&mac, &driver));
    assert_false(driver.fast);
    assert_false(driver.full_duplex);
}

// Power-on latches a failure: the link is up all the same.
static void old_failure_is_no_failure(void **state)
{
    (void)state;
    aksu_phy_start(&mac, &driver);
    assert_true(comes_up());
    phy.failed = true;
    assert_true(aksu_phy_poll(&mac, &driver));
}

static void missing_phy_has_no_link(void **state)
{
    static const uint16_t levels[] = {0xFFFF, 0x0000};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        setup(NULL);
        phy.missing = true;
        phy.nobody = levels[i];
        aksu_phy_start(&mac, &driver);
        assert_false(comes_up());
    }
}

static void phy_that_goes_and_comes_is_started_anew(void **state)
{
    (void)state;
    aksu_phy_start(&mac, &driver);
    assert_true(comes_up());
    for (unsigned i = 0; i < 2; i++) {
        phy.missing = true;
        phy.nobody = i ? 0 : UINT16_MAX;
        assert_false(comes_up());
        phy_model_init(); // it had lost its power
        assert_true(comes_up());
        assert_int_equal(phy.offered, OURS);
    }
}

static void phy_that_cannot_negotiate(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        setup(NULL);
        phy.cannot_negotiate = true;
        phy.control = (uint16_t)((i & 1 ? 0x2000 : 0) | (i & 2 ? 0x0100 : 0));
        aksu_phy_start(&mac, &driver);
        assert_true(comes_up());
        assert_int_equal(driver.fast, (i & 1) != 0);
        assert_int_equal(driver.full_duplex, (i & 2) != 0);
    }
}

static void link_before_negotiation_is_over(void **state)
{
    (void)state;
    phy.early = true;
    aksu_phy_start(&mac, &driver);
    assert_true(comes_up());
    assert_true(driver.fast && driver.full_duplex);
}

static void gigabit_is_not_offered(void **state)
{
    (void)state;
    phy.can_gigabit = true;
    aksu_phy_start(&mac, &driver);
    assert_int_equal(phy.gigabit, 0x0300);
    assert_true(comes_up());
    assert_int_equal(phy.gigabit, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(resets_and_negotiates),
        TEST(resolves_the_best),
        TEST(no_link_without_cable),
        TEST(short_failure_is_not_missed),
        TEST(old_failure_is_no_failure),
        TEST(missing_phy_has_no_link),
        TEST(phy_that_goes_and_comes_is_started_anew),
        TEST(phy_that_cannot_negotiate),
        TEST(gigabit_is_not_offered),
        TEST(link_before_negotiation_is_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
