// SPDX-License-Identifier: MIT
/// What a stack at one end of the bench's wire gives. The program holds two copies of it, for a
/// stack may keep its state in globals: bench.py makes client_in() and server_in() of end_in(), and
/// so on. What is counted are end_in(), end_out(), end_open(), end_send() and end_tick(), handlers
/// included, but not what runs in uncounted().
#ifndef BENCH_END_H
#define BENCH_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAYLOAD = 1460, WINDOW = 16 * PAYLOAD, FRAME = 1600, SMALL = 64 };
enum { PORT = 80, CLOSED_PORT = 81 };

/// bulk: the client sends. request: 64 octets each way, the next one upon the answer. connect: the
/// client closes at once, the server after it. refused: a port that nobody listens on. idle:
/// nothing happens on connections that are open. scale: end_send() sends a request, which is
/// answered.
enum work { WORK_BULK, WORK_REQUEST, WORK_CONNECT, WORK_REFUSED, WORK_IDLE, WORK_SCALE, WORKS };

struct setup {
    enum work work;
    const char *profile;
    bool server;
    bool offload;         ///< the MAC does the checksums
    unsigned long wanted; ///< octets, or answers
};

/// Starts the stack; a server listens on PORT. Returns false if it cannot.
bool end_start(const struct setup *setup);

/// Opens a connection to the server.
void end_open(uint32_t now_ms, unsigned port);

/// Sends a request on the connection of that number.
void end_send(uint32_t now_ms, unsigned long connection);

/// Takes in a frame.
void end_in(uint32_t now_ms, const void *frame, size_t len);

/// Writes the next frame, at most FRAME octets. Returns its length, 0 if there is none.
size_t end_out(uint32_t now_ms, void *frame);

/// Does what a main loop does when no frame came and none waits.
void end_tick(uint32_t now_ms);

/// Milliseconds until there is something to do; UINT32_MAX: never.
uint32_t end_idle(uint32_t now_ms);

/// Octets received, requests answered, connections opened or ended.
unsigned long end_done(void);

/// Counts: segments sent again; connections that ended in an error.
unsigned long end_faults(void);

/// Octets of RAM that a connection takes, all but its rings.
size_t end_row(void);

/// Copies as the MAC does, without being counted.
void uncounted(void *to, const void *from, size_t len);

#endif
