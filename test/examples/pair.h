// SPDX-License-Identifier: MIT
/// Two stacks and a cable between them, in virtual time.
#ifndef PAIR_H
#define PAIR_H

#include <examples.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { CLIENT, SERVER };
enum { PORT = 80 };

/// A cable. Chances are per mille of frames, from one seed.
struct cable {
    uint32_t seed;
    unsigned loss;
    unsigned twice;
    unsigned late; ///< delivered 5 ms later than the others
};

struct pair {
    struct aksu net[2];
    struct cable cable;
    uint32_t now;
    uint32_t random;
    bool cut; ///< all is lost
    /// Sees every frame that is sent. May be NULL.
    void (*watch)(int from, const uint8_t *frame, size_t len);
};

extern struct pair pair;
extern struct aksu *const client; ///< 80 rows, 8192 octets each ring
extern struct aksu *const server; ///< 80 rows, rings as start() was told

enum rings {
    BOTH_RINGS,   ///< 4096 octets each
    SMALL_RINGS,  ///< receive 1460, send 100
    NO_SEND_RING, ///< receive 4096
};

/// Begins anew, with a perfect cable.
void start(enum rings rings);
void lossy(uint32_t seed);

/// Lets things happen until *until is true (may be NULL), nothing is left to happen, or that time
/// has passed.
void run(uint32_t ms, const bool *until);

/// The server's end.
struct aksu_endpoint remote(uint16_t port);

#endif
