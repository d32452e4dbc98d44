// SPDX-License-Identifier: MIT
// What the files of the pure core share. The arguments are always in this order, and mean:
// c the step, p the profile, t the TCB, ev the event, s its segment.
#ifndef AKSU_TCP_H
#define AKSU_TCP_H

#include <aksu/tcb.h>
#include "check.h"
#include "seq.h"
#include <string.h>

// Whether speed counts more than size.
#ifdef __OPTIMIZE_SIZE__
enum { AKSU_FAST = 0 };
#else
enum { AKSU_FAST = 1 };
#endif

enum {
    AKSU_MSS_DEFAULT = 536, // RFC 9293 3.7.1, MUST-15
    AKSU_MSS_FLOOR = 88,    // smaller offers are raised to it (CVE-2019-11479)
    AKSU_WSCALE_MAX = 14,   // RFC 7323 2.3
    AKSU_TIMESTAMPS_LEN = 12,
    AKSU_R1 = 3,             // retransmissions, SHLD-10
    AKSU_KEEP_IDLE_S = 7200, // MUST-28
    AKSU_OFFERS = AKSU_F_TIMESTAMPS | AKSU_F_SACK | AKSU_F_WSCALE,
    AKSU_OFFER_SHIFT = 4 // from the options of a SYN to AKSU_OFFERS
};

#define AKSU_CWND_MAX    (UINT32_C(1) << 30)
#define AKSU_SND_BUF_MAX (UINT32_C(1) << 30)
#define AKSU_WAIT_MAX_MS (INT32_C(1) << 30)

// handshake.c
uint8_t aksu_tcp_window_shift(uint32_t rcv_buf);
void aksu_tcp_open(const struct aksu_step *c, const struct aksu_open *o, enum aksu_state state);
void aksu_tcp_take_syn(struct aksu_step *c);
void aksu_tcp_arrives_syn_sent(struct aksu_step *c);

// arrives.c
bool aksu_tcp_check(struct aksu_step *c);
void aksu_tcp_take(struct aksu_step *c);

// sequence.c
bool aksu_tcp_check_sequence(struct aksu_step *c);

// reassembly.c
bool aksu_tcp_take_text(struct aksu_step *c);
void aksu_tcp_report_duplicate(const struct aksu_step *c, aksu_seq to);

// ranges.c
bool aksu_tcp_hold(const struct aksu_step *c, aksu_seq start, aksu_seq end);
bool aksu_tcp_join(const struct aksu_step *c, struct aksu_range *x);
aksu_seq aksu_tcp_rightmost(const struct aksu_step *c);
void aksu_tcp_forget_duplicate(struct aksu_tcb *t);

// challenge.c
void aksu_tcp_challenge(const struct aksu_step *c);

// recovery.c
void aksu_tcp_recovery_acked(const struct aksu_step *c, uint32_t acked);
void aksu_tcp_recovery_duplicate(const struct aksu_step *c);

uint32_t aksu_tcp_share(uint32_t a, uint32_t b, uint32_t c);

// newreno.c: what other controls have from it
void aksu_newreno_open(const struct aksu_step *c);
void aksu_newreno_acked(const struct aksu_step *c, uint32_t octets);
void aksu_newreno_lost(const struct aksu_step *c, uint32_t flight);
void aksu_newreno_idle(const struct aksu_step *c);

// rto.c
void aksu_tcp_measure(const struct aksu_step *c);
void aksu_tcp_arm(const struct aksu_step *c, unsigned which, uint32_t ms);
void aksu_tcp_arm_rtx(const struct aksu_step *c);
void aksu_tcp_arm_user(const struct aksu_step *c);

// step.c: the step as far as a server needs it, for connections that LISTEN began and whose options
// were left alone, behind aksu_tcp_begin(): all but segments, which have aksu_tcp_segment(). It
// trusts that a call makes sense: see check_call() in active.c.
void aksu_tcp_event(struct aksu_step *c);

// active.c: what stands in their place for CONNECT, SET and RESUME; what all need behind
// aksu_tcp_begin(), a segment in SYN-SENT most, and at the end; and all of a step, its context
// being made
void aksu_tcp_ask(struct aksu_step *c);
void aksu_tcp_more(struct aksu_step *c);
void aksu_tcp_act(struct aksu_step *c);

// A reason is positive here: it takes the shorter instructions.
void aksu_tcp_finish(struct aksu_step *c, int reason);
void aksu_tcp_drop(struct aksu_step *c, int reason);
void aksu_tcp_give_up(struct aksu_step *c, int reason);
void aksu_tcp_enter_time_wait(const struct aksu_step *c);
void aksu_tcp_settle(const struct aksu_step *c);

// plan.c
enum aksu_next aksu_tcp_next(const struct aksu_step *c, struct aksu_plan *plan);
int32_t aksu_tcp_due(const struct aksu_tcb *t, uint32_t now_ms);
uint32_t aksu_tcp_can_send(const struct aksu_tcb *t, unsigned again, uint32_t cwnd);

// window.c: aksu_tcp_window_of(), once
uint32_t aksu_tcp_window(const struct aksu_tcb *t);

// reply.c: the answer in the segment's place
bool aksu_tcp_reset(struct aksu_segment *s);

// predict.c
void aksu_tcp_quick_acked(const struct aksu_step *c);
bool aksu_tcp_quick_segment(struct aksu_step *c);
bool aksu_tcp_quick_wrote(const struct aksu_step *c);
uint32_t aksu_tcp_quick_wait(const struct aksu_tcb *t, uint32_t now_ms, bool update);
bool aksu_tcp_quick_send(struct aksu_step *c, struct aksu_segment *s);

// Has a timer run until then.
static inline void aksu_tcp_start(struct aksu_tcb *t, unsigned which, uint32_t at_ms)
{
    t->timers |= (uint8_t)(2u << which);
    t->deadline[which] = at_ms;
}

// Begins a step. A segment counts as refused until it is taken.
static inline void aksu_tcp_begin(struct aksu_step *c)
{
    memset(&c->fx, 0, sizeof c->fx);
    c->fx.refused = c->kind == AKSU_EV_SEGMENT;
    c->owed = c->t->owed;
    c->keepalive = 0;
}

// 3.10.7.1 and 3.10.7.4, behind aksu_tcp_begin(); SYN-SENT is in active.c. Segments have a way of
// their own: it is the deepest, and other events take less stack without it.
static inline void aksu_tcp_segment(struct aksu_step *c)
{
    uint8_t before = c->t->state;

    if (aksu_tcp_check(c)) {
        aksu_tcp_take(c);
    }
    AKSU_CHECK(aksu_tcp_edge((enum aksu_state)before, (enum aksu_state)c->t->state));
    (void)before;
}

static inline void aksu_tcp_leave_recovery(struct aksu_tcb *t)
{
    t->flags &= (uint16_t) ~(AKSU_F_RECOVERY | AKSU_F_PARTIAL);
    t->dupacks = 0;
}

// What lies behind a board: its runs, and the ranges if it is large.
static inline union aksu_slot *aksu_tcp_slots(const struct aksu_board *b)
{
    return (union aksu_slot *)(uintptr_t)(b + 1);
}

static inline void aksu_tcp_clear_board(struct aksu_board *b)
{
    // size stays, and so do ranges
    memset((uint8_t *)b + 1, 0, sizeof *b - 1 + b->size * sizeof(union aksu_slot));
}

// A board is in use while the peer sends SACKs, and has acknowledged our SYN. Until then it is
// cleared. Its ranges are in use from the start.
static inline void aksu_tcp_find_board(struct aksu_step *c, struct aksu_board *b)
{
    if (b->size >= AKSU_LARGE) {
        c->range = &aksu_tcp_slots(b)[b->size].range;
        c->range_max = b->size;
    }
    if (c->t->flags & AKSU_F_SYN_UNACKED) {
        aksu_tcp_clear_board(b);
    } else if (c->t->flags & AKSU_F_SACK) {
        c->b = b;
    }
}

// Octets of sequence space that SYN and FIN take up.
static inline uint32_t aksu_tcp_control_len(const struct aksu_segment *s)
{
    return (uint32_t)((s->flags & AKSU_SYN) != 0) + (uint32_t)((s->flags & AKSU_FIN) != 0);
}

// Where a segment's text begins.
static inline aksu_seq aksu_tcp_text(const struct aksu_segment *s)
{
    return s->seq + ((s->flags & AKSU_SYN) != 0);
}

// One number while our SYN is the first unacknowledged one, else none.
static inline uint32_t aksu_tcp_syn(const struct aksu_tcb *t)
{
    return (t->flags & AKSU_F_SYN_UNACKED) != 0;
}

// One number once sending is closed: the FIN's, behind the last octet.
static inline uint32_t aksu_tcp_fin(const struct aksu_tcb *t)
{
    return (t->flags & AKSU_F_FIN) != 0;
}

// Ranges that the next SACK option tells: three fit behind timestamps (RFC 2018 3).
static inline unsigned aksu_tcp_sack_blocks(const struct aksu_tcb *t)
{
    return aksu_min32(t->ranges, (t->flags & AKSU_F_TIMESTAMPS) ? 3 : AKSU_RANGES);
}

// Whether a connection that LISTEN began waits for the ACK of its SYN.
static inline bool aksu_tcp_half_open(const struct aksu_tcb *t)
{
    return t->state == AKSU_SYN_RECEIVED && (t->flags & AKSU_F_PASSIVE);
}

// Whether a segment has the timestamps that were negotiated.
static inline bool aksu_tcp_stamped(const struct aksu_tcb *t, const struct aksu_segment *s)
{
    return (t->flags & AKSU_F_TIMESTAMPS) && (s->options & AKSU_OPT_TIMESTAMPS);
}

// How long a connection is idle before it is asked whether it is there.
static inline uint32_t aksu_tcp_keep_idle_ms(const struct aksu_tcb *t)
{
    return (t->keep_idle_s ? t->keep_idle_s : AKSU_KEEP_IDLE_S) * UINT32_C(1000);
}

// Whether the application may write: the states behind the end of sending all have the FIN. Where
// size counts it stands once, in step.c.
inline bool aksu_tcp_may_write(const struct aksu_tcb *t)
{
    return t->state >= AKSU_SYN_SENT && !(t->flags & AKSU_F_FIN);
}

// By how much the right edge of the receive window moves at least (3.8.6.2.2).
static inline uint32_t aksu_tcp_window_step(const struct aksu_tcb *t)
{
    return aksu_min32(t->rcv_buf / 2, t->rcv_mss);
}

// The window to offer, as far as the field can say it. Its right edge moves by no less than a step
// (3.8.6.2.2), and never back (SHLD-14).
static inline uint32_t aksu_tcp_window_of(const struct aksu_tcb *t)
{
    uint32_t offered = t->rcv_adv - t->rcv_nxt;
    uint32_t wnd = aksu_min32(t->rcv_room >> t->rcv_wscale, (uint32_t)UINT16_MAX) << t->rcv_wscale;

    return wnd >= offered + aksu_tcp_window_step(t) ? wnd : offered;
}

// An update of its own is due when much room has come, or when the peer may be waiting for it.
static inline bool aksu_tcp_update_due(const struct aksu_tcb *t, uint32_t wnd)
{
    uint32_t offered = t->rcv_adv - t->rcv_nxt;
    uint32_t gain = wnd - offered;

    return gain > 0 && (gain >= aksu_min32(t->rcv_buf / 2, UINT32_C(2) * t->rcv_mss) ||
                        offered < aksu_tcp_window_step(t));
}

// The same, of the window that there is: most often too little has been read to look closer.
static inline bool aksu_tcp_quick_update(const struct aksu_tcb *t)
{
    uint32_t offered = t->rcv_adv - t->rcv_nxt;
    uint32_t mss = t->rcv_mss;

    return (offered < mss || t->rcv_room >= offered + 2 * mss ||
            t->rcv_room >= offered + t->rcv_buf / 2) &&
           aksu_tcp_update_due(t, aksu_tcp_window_of(t));
}

// Whether active.c would have nothing to do behind a step.
static inline bool aksu_tcp_passive(const struct aksu_tcb *t)
{
    return t->probes == 0 && (!(t->flags & AKSU_F_KEEPALIVE) || (t->timers & AKSU_TIMER_MISC));
}

// RECEIVE, predicted: see predict.c.
static inline bool aksu_tcp_quick_read(struct aksu_tcb *t, uint32_t octets)
{
    uint32_t readable = t->rcv_buf - t->rcv_room;

    if (t->state != AKSU_ESTABLISHED || !aksu_tcp_passive(t) || octets > readable) {
        return false;
    }
    t->rcv_room += octets;
    aksu_seq_raise(&t->rcv_up, t->rcv_nxt - (readable - octets));
    return true;
}

// Begins to measure how long the peer takes to acknowledge all up to end.
static inline void aksu_tcp_time(const struct aksu_step *c, struct aksu_tcb *t, aksu_seq end)
{
    t->flags |= AKSU_F_TIMING;
    t->rtt_at = c->now_ms;
    if (!(t->flags & AKSU_F_TIMESTAMPS)) {
        t->ts_recent = end;
    }
}

// Whether the peer may still send data: it has not closed, as far as is known.
static inline bool aksu_tcp_receiving(const struct aksu_tcb *t)
{
    return t->state >= AKSU_ESTABLISHED && t->state <= AKSU_FIN_WAIT_2;
}

// Whether the state is one in which data of the application may be on its way.
static inline bool aksu_tcp_sending(const struct aksu_tcb *t)
{
    return t->state >= AKSU_ESTABLISHED && t->state <= AKSU_LAST_ACK && t->state != AKSU_FIN_WAIT_2;
}

#endif
