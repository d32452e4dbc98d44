// SPDX-License-Identifier: MIT
// A flood of forged SYNs at a listener with four rows: real clients connect all through it.
#include "sim_test.h"

static void clients_connect_through_a_flood(void **state)
{
    struct scenario_options options;
    struct scenario_result result;

    (void)state;
    memset(&options, 0, sizeof options);
    options.seed = 1;
    options.forged = 100000;
    options.link.delay_us = 20000;
    assert_true(runs(scenario_find("syn-flood"), &options, &result));
    assert_int_equal(result.connections, 20);
    assert_true(result.cookies > 90000); // the flood was really there
}

// The same with clients whose own frames are lost at times.
static void clients_with_a_bad_link_connect_too(void **state)
{
    struct scenario_options options;
    struct scenario_result result;
    uint32_t seed;

    (void)state;
    for (seed = 1; seed <= 5; seed++) {
        memset(&options, 0, sizeof options);
        options.seed = seed;
        options.forged = 40000;
        options.link.delay_us = 10000;
        options.link.loss = 0.05;
        assert_true(runs(scenario_find("syn-flood"), &options, &result));
        assert_int_equal(result.connections, 10);
    }
}

// However long it is.
static void floods_of_any_length(void **state)
{
    struct scenario_options options;
    struct scenario_result result;
    uint32_t forged;

    (void)state;
    for (forged = 1; forged <= 16384; forged *= 2) {
        memset(&options, 0, sizeof options);
        options.seed = forged;
        options.forged = forged;
        options.link.delay_us = 10000;
        assert_true(runs(scenario_find("syn-flood"), &options, &result));
        assert_true(result.connections >= 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_connect_through_a_flood),
        cmocka_unit_test(clients_with_a_bad_link_connect_too),
        cmocka_unit_test(floods_of_any_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
