// SPDX-License-Identifier: MIT
// Each scenario leads through the states of RFC 9293's figures, and the same seed sends the same
// octets at the same times.
#include "sim_test.h"

static const aksu_seq bases[] = {0, 0x7fffffffu, 0xffffffffu};

static void plain(struct scenario_options *options)
{
    memset(options, 0, sizeof *options);
    options->seed = 1;
    options->link.delay_us = 20000;
}

// At every ISN base, and with a clock about to wrap, the same states.
static void goes_as_told(void **state)
{
    const struct scenario *scenario = *state;
    size_t i;

    for (i = 0; i < 3; i++) {
        struct scenario_options options;
        struct scenario_result result;

        plain(&options);
        options.force_isn = true;
        options.isn = bases[i];
        options.clock_ms = 0xffffffffu - 50;
        assert_true(runs(scenario, &options, &result));
        if (scenario->path[0]) {
            assert_string_equal(result.path[0], scenario->path[0]);
            assert_string_equal(result.path[1], scenario->path[1]);
        }
    }
}

static void rfc_9293_paths(void **state)
{
    struct scenario_options options;
    struct scenario_result result;

    (void)state;
    plain(&options); // Figure 6, then Figure 12
    assert_true(runs(scenario_find("handshake"), &options, &result));
    assert_string_equal(result.path[0], "CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 "
                                        "TIME-WAIT");
    assert_string_equal(result.path[1], "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT "
                                        "LAST-ACK CLOSED");
    assert_int_equal(result.retransmitted, 1);
    assert_int_equal(result.timeouts, 1);
    assert_true(runs(scenario_find("simultaneous-open"), &options, &result)); // Figure 7
    assert_string_equal(result.path[1], "CLOSED SYN-SENT SYN-RECEIVED ESTABLISHED CLOSE-WAIT "
                                        "LAST-ACK CLOSED");
    assert_true(runs(scenario_find("simultaneous-close"), &options, &result)); // Figure 13
    assert_string_equal(result.path[0], "CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 CLOSING "
                                        "TIME-WAIT");
    assert_true(runs(scenario_find("refused"), &options, &result));
    assert_string_equal(result.path[0], "CLOSED SYN-SENT CLOSED");
}

static void same_seed_same_octets(void **state)
{
    const struct scenario *both_ways = scenario_find("both-ways");
    struct scenario_options options;
    struct scenario_result one, two, other;

    (void)state;
    scenario_bad_link(7, &options);
    assert_true(runs(both_ways, &options, &one));
    assert_true(runs(both_ways, &options, &two));
    options.seed++;
    assert_true(runs(both_ways, &options, &other));
    assert_memory_equal(&one, &two, sizeof one);
    assert_true(one.digest != other.digest);
}

// Being watched changes nothing.
static void recording_disturbs_nothing(void **state)
{
    struct scenario_options options;
    struct scenario_result one, two;

    (void)state;
    scenario_bad_link(11, &options);
    assert_true(runs(scenario_find("both-ways"), &options, &one));
    options.table = aksu_listing_new();
    assert_non_null(options.table);
    assert_true(runs(scenario_find("both-ways"), &options, &two));
    assert_true(aksu_listing_lines(options.table) > two.frames);
    aksu_listing_free(options.table);
    assert_int_equal(two.record_error, 0);
    assert_int_equal(one.frames, two.frames);
    assert_true(one.digest == two.digest);
}

static void bulk_fills_the_link(void **state)
{
    struct scenario_options options;
    struct scenario_result result;

    (void)state;
    plain(&options);
    options.link.rate = 10000000;
    options.link.delay_us = 5000;
    options.bytes = 5000000;
    assert_true(runs(scenario_find("bulk"), &options, &result));
    assert_int_equal(result.retransmitted, 0);
    // 1448 of 1514 octets are payload: 95.6 % is all there is.
    assert_true((double)result.octets * 8e6 / (double)result.transfer_us > 0.93 * 10000000);
}

static void bulk_through_a_short_queue(void **state)
{
    struct scenario_options options;
    struct scenario_result result;

    (void)state;
    plain(&options);
    options.link.rate = 10000000;
    options.link.queue = 10;
    options.bytes = 3000000;
    assert_true(runs(scenario_find("bulk"), &options, &result));
    assert_true(result.retransmitted > 0); // the queue did overflow
    assert_true((double)result.octets * 8e6 / (double)result.transfer_us > 0.3 * 10000000);
}

static void bursts_and_small_mtu(void **state)
{
    struct scenario_options options;
    struct scenario_result result;
    uint64_t seed;

    (void)state;
    for (seed = 1; seed <= 20; seed++) {
        plain(&options);
        options.seed = seed;
        options.link.burst_begin = 0.02;
        options.mtu = seed % 2 ? 576 : 128;
        options.bytes = 20000;
        assert_true(runs(scenario_find("both-ways"), &options, &result));
    }
}

int main(void)
{
    enum { NAMED = 11, OWN = 7 };
    static struct CMUnitTest tests[NAMED + OWN] = {
        [NAMED] = cmocka_unit_test(rfc_9293_paths),
        [NAMED + 1] = cmocka_unit_test(same_seed_same_octets),
        [NAMED + 2] = cmocka_unit_test(recording_disturbs_nothing),
        [NAMED + 3] = cmocka_unit_test(bulk_fills_the_link),
        [NAMED + 4] = cmocka_unit_test(bulk_through_a_short_queue),
        [NAMED + 5] = cmocka_unit_test(bursts_and_small_mtu),
    };
    struct CMUnitTest all[NAMED + OWN - 1];
    size_t i;

    for (i = 0; i < NAMED; i++) {
        const struct scenario *scenario = &scenarios[i];
        void *state;

        memcpy(&state, &scenario, sizeof state);
        tests[i].name = scenarios[i].name;
        tests[i].test_func = goes_as_told;
        tests[i].initial_state = state;
    }
    memcpy(all, tests, sizeof all);
    return cmocka_run_group_tests(all, NULL, NULL);
}
