// SPDX-License-Identifier: MIT
// A TCB with a board of four runs, for tests of a congestion control by the calls that the core
// makes.
#ifndef AKSU_TEST_CONTROL_H
#define AKSU_TEST_CONTROL_H

#include "tcp/board.h"

static struct {
    struct aksu_board board;
    union aksu_slot slot[4];
} store;
static struct aksu_board *const b = &store.board;
static struct aksu_tcb t;
static struct aksu_step c = {.t = &t, .b = &store.board};

static inline void begin_control(uint16_t mss, uint32_t cwnd, uint32_t rtt_ms, uint32_t now_ms)
{
    memset(&store, 0, sizeof store);
    memset(&t, 0, sizeof t);
    b->size = 4;
    b->rtt_ms = b->min_rtt_ms = (uint16_t)rtt_ms;
    t.snd_mss = mss;
    t.cwnd = cwnd;
    t.ssthresh = UINT32_C(1) << 30;
    c.now_ms = now_ms;
}

#endif
