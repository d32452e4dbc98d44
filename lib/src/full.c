// SPDX-License-Identifier: MIT
// For hosts and LANs: recovery from SACKs, CUBIC, and the minimum RTO that is usual there.
#include <aksu/aksu.h>

const struct aksu_profile aksu_full = {
    .congestion = &aksu_cubic,
    .recovery = &aksu_rack,
    .timestamps = &aksu_tcp_timestamps,
    .ecn = &aksu_ecn_answers,
    .sack = &aksu_tcp_sack,
    .cookies = &aksu_syn_cookies,
    .time_waits = &aksu_time_wait_table,
    .copy = aksu_copy,
    .rto_min_ms = 200,
    .rto_max_ms = 60000,
    .msl_ms = 30000,
    .fin_wait_2_ms = 60000,
    .delayed_ack_ms = 40,
    .user_timeout_s = 300,
    .syn_ack_tries = 5,
    .window_scale = 1,
    .challenge_acks = 10,
};
