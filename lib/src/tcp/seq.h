// SPDX-License-Identifier: MIT
// Sequence numbers and times compare modulo 2^32, and only through these (RFC 9293 3.4).
#ifndef AKSU_SEQ_H
#define AKSU_SEQ_H

#include <aksu/tcb.h>

static inline bool aksu_seq_lt(aksu_seq a, aksu_seq b)
{
    return (int32_t)(a - b) < 0;
}

static inline bool aksu_seq_leq(aksu_seq a, aksu_seq b)
{
    return (int32_t)(a - b) <= 0;
}

static inline aksu_seq aksu_seq_max(aksu_seq a, aksu_seq b)
{
    return aksu_seq_leq(a, b) ? b : a;
}

static inline aksu_seq aksu_seq_min(aksu_seq a, aksu_seq b)
{
    return aksu_seq_leq(a, b) ? a : b;
}

// Moves a number to the right, or leaves it.
static inline void aksu_seq_raise(aksu_seq *number, aksu_seq to)
{
    if (aksu_seq_lt(*number, to)) {
        *number = to;
    }
}

static inline bool aksu_reached(uint32_t now_ms, uint32_t at_ms)
{
    return (int32_t)(now_ms - at_ms) >= 0;
}

// How long until then.
static inline uint32_t aksu_until(uint32_t now_ms, uint32_t at_ms)
{
    return aksu_reached(now_ms, at_ms) ? 0 : at_ms - now_ms;
}

static inline uint32_t aksu_min32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static inline uint32_t aksu_max32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

#endif
