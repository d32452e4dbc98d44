// SPDX-License-Identifier: MIT
/// A cable with a chip's model at one end and a real aksu stack at the other, in virtual time.
///
/// Time passes as the driver talks to the chip: the model says how long each access takes. Frames
/// arrive in the middle of that, as on a board. It passes too while the board sleeps, and then ends
/// with the chip's interrupt.
#ifndef WIRE_H
#define WIRE_H

#include <aksu_baremetal.h>
#include <examples.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { WIRE_FRAME_MAX = 4096, WIRE_FCS = 4 };
enum { US = 1000, MS = 1000000 }; // in ns

/// What a model gives to the cable.
struct wire_chip {
    /// A frame comes, without FCS; bad_fcs: that is wrong.
    void (*arrive)(const uint8_t *frame, size_t len, bool bad_fcs);
    /// Time has come to wire.now.
    void (*tick)(void);
    /// When the chip will do something by itself; UINT64_MAX: not.
    uint64_t (*next)(void);
    bool (*interrupt)(void);
    uint32_t ns_per_octet; ///< of the cable
};

/// Chances in a thousand frames.
struct wire_faults {
    unsigned loss; ///< either way
    unsigned twice;
    unsigned bad_fcs; ///< towards the chip, as the next ones
    unsigned runt;    ///< an additional one
    unsigned jumbo;
};

struct wire {
    const struct wire_chip *chip;
    uint64_t now; ///< ns
    bool unplugged;
    bool silent; ///< the chip does not answer, or the driver has not yet found out that it does
    struct wire_faults faults;
    uint32_t random;
    uint32_t wake_ups;
    /// Called each millisecond while the board runs, to make things happen. May be NULL.
    void (*each_ms)(uint32_t ms);
    uint64_t told; // of that

    // What went over it.
    uint32_t to_chip, from_chip, bad_fcs, runts, jumbos;
    const uint8_t *last; ///< frame that came from the chip, with its length
    size_t last_len;
};

extern struct wire wire;

void wire_start(const struct wire_chip *chip);
/// Time passes while the processor waits for an access.
void wire_spend(uint64_t ns);
/// The chip sends a frame, without FCS.
void wire_send(const uint8_t *frame, size_t len);
uint32_t wire_random(void);

/// Makes a frame of len octets: broadcast or to `to`, and the rest random, but the same with each
/// seed.
void wire_make(uint8_t *frame, size_t len, const uint8_t to[6], uint32_t seed);
extern const uint8_t wire_address[6];

/// What hardware would not forgive fails the test, unless the test wants it to happen.
void wire_broken(const char *what);
extern bool breach_wanted;
extern unsigned breaches;

/// A driver's test: a frame of each length, one after the other, reaches it whole.
void wire_check_received(struct aksu_mac *mac, const uint8_t *frame, size_t len);

/// And nothing waits.
void wire_check_none(struct aksu_mac *mac);
/// Takes all frames that wait. Returns how many they were.
unsigned wire_drain(struct aksu_mac *mac);
/// Makes a frame as wire_make() does, from the board, and has the driver send it.
void wire_hand_over(struct aksu_mac *mac, uint8_t *frame, size_t len, uint32_t seed);
/// The same; within that time it leaves the chip whole, the only one.
void wire_check_sends(struct aksu_mac *mac, uint8_t *frame, size_t len, uint32_t seed,
                      uint64_t within_ns);
/// Looks at the link until it is up, 20 times. Returns whether it is.
bool wire_comes_up(struct aksu_mac *mac);

/// Echoes octets from the peer through the board's stack and back, which are checked. The board's
/// stack runs on that MAC, with rings of 8 KiB and a look at the link each 100 ms.
/// Returns the virtual time that it took, in ms.
uint32_t wire_echo(struct aksu_mac *mac, uint32_t octets);

#endif
