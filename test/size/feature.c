// SPDX-License-Identifier: MIT
// In the place of aksu_lean: the same, with one feature more, which FEATURE initializes.
#include <aksu/aksu.h>

const struct aksu_profile aksu_lean = {
    .copy = aksu_copy,
    .rto_min_ms = 1000,
    .rto_max_ms = 60000,
    .msl_ms = 30000,
    .fin_wait_2_ms = 60000,
    .delayed_ack_ms = 200,
    .user_timeout_s = 300,
    .syn_ack_tries = 5,
    .challenge_acks = 10,
    FEATURE,
};
