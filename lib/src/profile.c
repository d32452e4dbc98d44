// SPDX-License-Identifier: MIT
// What a profile of one's own may hold.
#include <aksu/tcb.h>
#include <stddef.h>

static const uint32_t LONGEST_MS = UINT32_C(1) << 24; // doubled, it is well inside half a clock

static const char *error_in_timeouts(const struct aksu_profile *p)
{
    if (p->rto_min_ms < 1) {
        return "rto_min_ms is 0";
    }
    if (p->rto_max_ms < 60000 || p->rto_max_ms > LONGEST_MS) {
        return "rto_max_ms is not from 60000 (RFC 6298 2.5) to 2^24";
    }
    if (p->msl_ms < 1 || p->msl_ms > LONGEST_MS) {
        return "msl_ms is not from 1 to 2^24";
    }
    if (p->delayed_ack_ms >= 500) {
        return "delayed_ack_ms is not below 500 (RFC 9293 MUST-40)";
    }
    return p->user_timeout_s < 100 ? "user_timeout_s is below 100 (RFC 9293 SHLD-11)" : NULL;
}

const char *aksu_profile_error(const struct aksu_profile *p)
{
    if (!p->congestion) {
        return "congestion is NULL: name &aksu_newreno";
    }
    if (!p->copy) {
        return "copy is NULL: name aksu_copy";
    }
    if (p->syn_ack_tries < 1) {
        return "syn_ack_tries is 0";
    }
    if (p->challenge_acks < 2) {
        return "challenge_acks is below 2: half of them is random (RFC 5961 7)";
    }
    return error_in_timeouts(p);
}
