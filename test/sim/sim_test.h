// SPDX-License-Identifier: MIT
// What the simulator's tests share.
#ifndef AKSU_SIM_TEST_H
#define AKSU_SIM_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scenario.h"

/// Runs a scenario, and says how to repeat it if it fails. Returns whether it went as it should.
static inline bool runs(const struct scenario *scenario, const struct scenario_options *options,
                        struct scenario_result *result)
{
    char command[300];

    if (scenario_run(scenario, options, result)) {
        return true;
    }
    scenario_command(scenario, options, command, sizeof command);
    print_error("%s\nrepeat with: %s\n", result->problem, command);
    return false;
}

#endif
