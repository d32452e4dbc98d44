// SPDX-License-Identifier: MIT
/// Drives one TCB through step, plan and reply alone, in relative sequence numbers: our SYN is 0,
/// the peer's SYN is 0. Every test runs at several bases of both numbers and of the clock.
#ifndef HARNESS_H
#define HARNESS_H

#include "board_check.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum {
    MSS = 1000,      ///< of both sides
    RCV_BUF = 4000,  ///< our receive ring
    PEER_WND = 4000, ///< the window that the peer offers
    RUNS = 15,       ///< of the scoreboard, if the profile has a recovery
#ifndef AKSU_TEST_SMALL
    OUT_MAX = 128
#else
    OUT_MAX = 32 ///< 16 KB of RAM is all there is
#endif
};

/// One connection under test and all that it has sent.
struct fixture {
    struct aksu_profile p;
    struct aksu_tcb t;
    struct {
        struct aksu_board board;
        union aksu_slot slot[RUNS];
    } b;
    struct aksu_effects fx; ///< of the last step
    uint8_t seen;           ///< effects of all steps since take()
    int closed_reason;      ///< of the last CLOSED
    int trouble_reason;     ///< of the last TROUBLE
    unsigned troubles;      ///< TROUBLE effects since begin()
    uint32_t now;
    aksu_seq iss;
    aksu_seq irs;
    uint32_t rcv_buf;                 ///< for the next open
    uint16_t mss;                     ///< for the next open
    struct aksu_segment out[OUT_MAX]; ///< sent since take(), replies to no connection too
    uint32_t out_at[OUT_MAX];         ///< when
    unsigned outs;
};

struct test {
    const char *name;
    void (*run)(struct fixture *);
};
#define TEST(function)                                                                             \
    {                                                                                              \
#function, function                                                                        \
    }

/// Runs each test once at each base. Returns the number of failures.
int run_at_bases(const char *suite, const struct test *tests, size_t count);

/// Makes a fresh fixture at a base: 0, 1 or 2.
void begin(struct fixture *f, unsigned base);

enum { BASES = 3 };

/// Builds a segment as the peer would send it: seq relative to its SYN, ack to ours.
struct aksu_segment seg(const struct fixture *f, unsigned flags, uint32_t seq, uint32_t ack,
                        uint32_t len, unsigned wnd);

/// Steps one event, checking what must hold of every step.
void step(struct fixture *f, const struct aksu_event *ev);
void user(struct fixture *f, enum aksu_event_kind kind, uint32_t value);
void set(struct fixture *f, enum aksu_option option, uint32_t value);
void icmp(struct fixture *f, enum aksu_icmp_class class, uint32_t rel_seq, uint32_t detail);
void open_active(struct fixture *f);
void open_passive(struct fixture *f);

/// Steps a segment; if the effect is RESET, the reply is appended to out.
void arrive(struct fixture *f, struct aksu_segment s);

/// Sends all that plan wants to send now.
void flush(struct fixture *f);
/// Asks plan for one segment without sending it; false if there is none now.
bool peek(struct fixture *f, struct aksu_segment *s);
/// Lets time pass, sending what comes due.
void pass(struct fixture *f, uint32_t ms);
/// Forgets what was sent and seen.
void take(struct fixture *f);

/// Milliseconds until plan wants something: 0 = now, UINT32_MAX = never.
uint32_t due(const struct fixture *f);

/// Arrives and flushes.
void give(struct fixture *f, unsigned flags, uint32_t seq, uint32_t ack, uint32_t len);

/// Brings a fresh fixture to a state by legal events and checks that it is there.
/// SYN_RECEIVED is reached by a passive open.
void drive(struct fixture *f, enum aksu_state state);
/// SYN-RECEIVED after a simultaneous open.
void drive_simultaneous(struct fixture *f);
/// ESTABLISHED with options negotiated: AKSU_OPT_...; wscale is the peer's.
void drive_options(struct fixture *f, unsigned options, uint8_t wscale);

/// Writes a segment as RFC 9293 does: <SEQ=1><ACK=1><CTL=ACK>.
char *show(const struct fixture *f, const struct aksu_segment *s, bool from_peer, char *to,
           size_t size);

/// Asserts that out[i] is this segment (numbers relative; ack is ignored without AKSU_ACK).
#define expect(f, i, flags, seq, ack, len) expect_at(f, i, flags, seq, ack, len, __FILE__, __LINE__)
void expect_at(const struct fixture *f, unsigned i, unsigned flags, uint32_t seq, uint32_t ack,
               uint32_t len, const char *file, int line);

/// Asserts how many segments were sent since take(); tells them if not.
#define expect_count(f, n) expect_count_at(f, n, __FILE__, __LINE__)
void expect_count_at(const struct fixture *f, unsigned n, const char *file, int line);

#define expect_state(f, s) expect_state_at(f, s, __FILE__, __LINE__)
void expect_state_at(const struct fixture *f, enum aksu_state s, const char *file, int line);

#endif
