// SPDX-License-Identifier: MIT
// Timestamps and PAWS, RFC 7323 3 to 5.
#include "tcp.h"

enum {
    PAWS_IDLE = UINT32_C(24) * 24 * 3600 * 1000 / 65536
}; // 24 days in units of 65536 ms, RFC 7323 5.5

static uint16_t age(const struct aksu_tcb *t, uint32_t now_ms)
{
    return (uint16_t)((now_ms >> 16) - t->ts_recent_at);
}

// RFC 7323 5.3 R1.
static bool stale(const struct aksu_tcb *t, const struct aksu_segment *s, uint32_t now_ms)
{
    return age(t, now_ms) <= PAWS_IDLE && aksu_seq_lt(s->tsval, t->ts_recent);
}

// RFC 7323 4.3 (2). A value that is behind got here only because ts_recent is outdated.
static void arrived(struct aksu_tcb *t, const struct aksu_segment *s, uint32_t now_ms)
{
    if ((s->options & AKSU_OPT_TIMESTAMPS) && aksu_seq_leq(s->seq, t->last_ack)) {
        t->ts_recent = s->tsval;
        t->ts_recent_at = (uint16_t)(now_ms >> 16);
    }
}

static void put(const struct aksu_tcb *t, struct aksu_segment *s, uint32_t now_ms)
{
    s->options |= AKSU_OPT_TIMESTAMPS;
    s->tsval = now_ms + t->salt;
    s->tsecr = t->ts_recent; // zero before the peer's SYN
}

const struct aksu_timestamps aksu_tcp_timestamps = {stale, arrived, put};
