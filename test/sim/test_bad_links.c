// SPDX-License-Identifier: MIT
// 1,000 connections over links that lose up to 20 %, duplicate, reorder and corrupt: every octet
// arrives in order, both ways, and all close cleanly; the rules are checked at every step.
#include "sim_test.h"

enum { RUNS = 1000, PARTS = 10 };

static void every_octet_arrives(void **state)
{
    const struct scenario *both_ways = scenario_find("both-ways");
    uint32_t first = *(const uint32_t *)*state;
    uint32_t i, failed = 0;

    for (i = first; i < first + RUNS / PARTS; i++) {
        struct scenario_options options;
        struct scenario_result result;

        scenario_bad_link(i, &options);
        if (!runs(both_ways, &options, &result)) {
            failed++;
        } else {
            assert_int_equal(result.octets, 2 * (uint64_t)options.bytes);
            assert_int_equal(result.connections, 2);
        }
    }
    assert_int_equal(failed, 0);
}

// The links are as bad as they claim: else the test above would show nothing.
static void links_are_bad(void **state)
{
    double loss = 0;
    uint32_t i, wraps = 0, high = 0;

    (void)state;
    for (i = 0; i < RUNS; i++) {
        struct scenario_options o;

        scenario_bad_link(i, &o);
        loss = o.link.loss > loss ? o.link.loss : loss;
        wraps += o.clock_ms > 0xfffff000u;
        high += o.isn == 0xffffffffu;
    }
    assert_true(loss >= 0.2);
    assert_true(wraps > RUNS / 3);
    assert_true(high > RUNS / 4);
}

int main(void)
{
    static uint32_t first[PARTS];
    static struct CMUnitTest tests[PARTS + 1];
    static char names[PARTS][40];
    size_t i;

    for (i = 0; i < PARTS; i++) {
        first[i] = (uint32_t)i * (RUNS / PARTS);
        snprintf(names[i], sizeof names[i], "runs %u to %u", (unsigned)first[i],
                 (unsigned)first[i] + RUNS / PARTS - 1);
        tests[i].name = names[i];
        tests[i].test_func = every_octet_arrives;
        tests[i].initial_state = &first[i];
    }
    tests[PARTS].name = "links are bad";
    tests[PARTS].test_func = links_are_bad;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
