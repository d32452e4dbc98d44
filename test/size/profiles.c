// SPDX-License-Identifier: MIT
// aksu_standard with loss recovery from SACKs; also with CUBIC, or the control for lossy links; and
// with discovery of the path's MTU.
#include <aksu/aksu.h>

#define PROFILE_OF(control, recover)                                                               \
    {                                                                                              \
        .congestion = &(control), .recovery = &(recover), .timestamps = &aksu_tcp_timestamps,      \
        .sack = &aksu_tcp_sack, .cookies = &aksu_syn_cookies, .time_waits = &aksu_time_wait_table, \
        .copy = aksu_copy, .rto_min_ms = 1000, .rto_max_ms = 60000, .msl_ms = 30000,               \
        .fin_wait_2_ms = 60000, .delayed_ack_ms = 200, .user_timeout_s = 300, .syn_ack_tries = 5,  \
        .window_scale = 1, .challenge_acks = 10                                                    \
    }

extern const struct aksu_profile aksu_recovery;
extern const struct aksu_profile aksu_cubic_recovery;
extern const struct aksu_profile aksu_lossy_recovery;
extern const struct aksu_profile aksu_plpmtud_recovery;
extern const struct aksu_profile aksu_paced_recovery;

const struct aksu_profile aksu_recovery = PROFILE_OF(aksu_newreno, aksu_rack);
const struct aksu_profile aksu_cubic_recovery = PROFILE_OF(aksu_cubic, aksu_rack);
const struct aksu_profile aksu_lossy_recovery = PROFILE_OF(aksu_lossy, aksu_rack);
const struct aksu_profile aksu_plpmtud_recovery = PROFILE_OF(aksu_newreno, aksu_plpmtud);
const struct aksu_profile aksu_paced_recovery = PROFILE_OF(aksu_newreno, aksu_paced);
