// SPDX-License-Identifier: MIT
// The scoreboard of sender-side loss recovery: what is in flight, as runs of octets that share
// their fate. The first run begins at snd_una, and each ends where the next begins: behind the last
// there is one of which only that counts, snd_max. Where runs run out, neighbours are merged so
// that nothing is believed lost or received that is not.
#ifndef AKSU_BOARD_H
#define AKSU_BOARD_H

#include "tcp.h"

enum {
    AKSU_RUN_VAGUE = 0x04,   // its acknowledgment tells nothing: it may have been SACKed before
    AKSU_RUN_TWICE = 0x08,   // it was sent more than twice
    AKSU_RUN_RETRANS = 0x10, // it was sent more than once
    AKSU_RUN_PATH = 0x20,    // a probe of the path's MTU: its loss alone is no congestion
    AKSU_RUN_LOST = 0x40,    // to be sent again
    AKSU_RUN_SACKED = 0x80,  // the peer has it (RFC 2018)
    AKSU_RUN_STATUS = AKSU_RUN_SACKED | AKSU_RUN_LOST,
    AKSU_RUN_KINDS = AKSU_RUN_STATUS | AKSU_RUN_PATH | AKSU_RUN_RETRANS // the worst to forget last
};

enum { AKSU_TLP_DUE = 1 }; // board.probe: a tail loss probe is to be sent

// The runs: of the first the board itself has the beginning, what lies behind it has the others'.
static inline struct aksu_run *aksu_runs(const struct aksu_board *b)
{
    return (struct aksu_run *)(uintptr_t)&b->start;
}

// Behind the last.
static inline struct aksu_run *aksu_runs_end(const struct aksu_board *b)
{
    return aksu_runs(b) + b->runs;
}

// Time since a run was last sent, ms modulo 2^16, at least: it was sent over some time.
static inline uint32_t aksu_run_age(const struct aksu_run *r, uint32_t now_ms)
{
    return (uint16_t)(now_ms - r->at);
}

// RFC 7661 4.3: whether the window is known to be there: of octets that are acknowledged now,
// outside of recovery, whether half of it was in flight with them. A window of the receiver's that
// is less than cwnd stands for it: then it is not the application that sends little.
static inline bool aksu_board_used(const struct aksu_tcb *t, struct aksu_board *b, uint32_t octets)
{
    uint32_t flight = t->snd_max - t->snd_una + octets;

    if (flight >= aksu_min32(t->cwnd, t->snd_wnd) / 2) {
        b->prr_out = 0; // octets sent since
    }
    return b->prr_out < flight;
}

uint32_t aksu_board_octets(const struct aksu_board *b, unsigned without);
void aksu_board_clear(const struct aksu_board *b, unsigned flags);
void aksu_board_move(struct aksu_run *to, const struct aksu_run *from, struct aksu_board *b);
struct aksu_run *aksu_board_split(struct aksu_board *b, aksu_seq at);
bool aksu_board_room(struct aksu_board *b, uint32_t now_ms, bool forget);
void aksu_board_add(const struct aksu_step *c, aksu_seq end, unsigned status);

// aksu_rack's operations
void aksu_rack_acked(const struct aksu_step *c, aksu_seq una);
void aksu_rack_sent(const struct aksu_step *c, aksu_seq end);
bool aksu_rack_expired(const struct aksu_step *c);
uint32_t aksu_rack_next(const struct aksu_step *c, aksu_seq *seq);

// Functions of one file each that are smaller if they stand by themselves.
struct aksu_news;
void aksu_rack_take_blocks(const struct aksu_step *c, struct aksu_news *n);
uint32_t aksu_cubic_curve(uint32_t mss, uint32_t ms);

#endif
