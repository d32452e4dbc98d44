// SPDX-License-Identifier: MIT
// The usual profile.
#include <aksu/aksu.h>

const struct aksu_profile aksu_standard = {
    .congestion = &aksu_newreno,
    .timestamps = &aksu_tcp_timestamps,
    .sack = &aksu_tcp_sack,
    .cookies = &aksu_syn_cookies,
    .time_waits = &aksu_time_wait_table,
    .copy = aksu_copy,
    .rto_min_ms = 1000,
    .rto_max_ms = 60000,
    .msl_ms = 30000,
    .fin_wait_2_ms = 60000,
    .delayed_ack_ms = 200,
    .user_timeout_s = 300,
    .syn_ack_tries = 5,
    .window_scale = 1,
    .challenge_acks = 10,
};
