// SPDX-License-Identifier: MIT
/// The port for bare metal: one MAC, one main loop, no operating system.
///
/// The loop takes in every frame that waits, sends while the MAC takes frames, and sleeps until an
/// interrupt or until aksu_idle() is over. Interrupts only mark that there is work.
#ifndef AKSU_BAREMETAL_H
#define AKSU_BAREMETAL_H

#include "aksu_mac.h"
#include <aksu/aksu.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A stack on a MAC. Set net and mac; the rest begins as zero.
struct aksu_port {
    struct aksu *net;
    struct aksu_mac *mac;
    uint32_t link_ms; ///< how often to look at the link; 0 = never: it is always up
    /// Called when the link goes up or down, and once at the start: the place for aksu_link(), so
    /// that connections outlive a pulled cable. May be NULL.
    void (*on_link)(struct aksu_port *port, bool up);
    void *user;

    bool up;
    bool linked; ///< `up` is known
    uint32_t link_at;
    uint32_t rounds; ///< of the loop
    uint32_t sleeps; ///< of them that slept, modulo 2^32
};

/// One round: everything in, everything out. Returns how long the loop may sleep now, in ms:
/// 0 = not at all, AKSU_NEVER = until an interrupt.
uint32_t aksu_port_round(struct aksu_port *port);

/// Sleeps up to that long, unless there is work.
void aksu_port_sleep(struct aksu_port *port, uint32_t ms);

/// Rounds and sleep, until done(user) returns true after a round; done NULL: for ever.
void aksu_port_run(struct aksu_port *port, bool (*done)(void *user), void *user);

/// What the processor's part of the port gives (cortex_m/, riscv/) ///

/// Starts the clock, which counts at hz.
void aksu_clock_start(uint32_t hz);

/// Milliseconds since then, modulo 2^32. No interrupt is needed to keep it, but it must be read
/// before the counter has gone round twice: aksu_cpu_sleep() sees to that.
uint32_t aksu_clock_ms(void);

/// Sleeps until an interrupt, or about ms milliseconds; not at all if ready(user) is true, which is
/// called with interrupts masked.
void aksu_cpu_sleep(uint32_t ms, bool (*ready)(void *user), void *user);

/// Lets an interrupt line mark work: it stays off from when it has fired until the next sleep.
/// A Cortex-M's lines count from 0 to 95.
void aksu_cpu_interrupt(unsigned line);

/// Prints text for a person, without a newline of its own: semihosting, or a UART.
void aksu_print(const char *text);

/// Ends the program, or stops the board: status 0 is good.
__attribute__((noreturn)) void aksu_exit(int status);

/// Says why, and stops with a status that is not 0.
__attribute__((noreturn)) void aksu_panic(const char *why);

/// Octets of the stack that were ever used, and its size: it was painted at the start.
size_t aksu_stack_used(size_t *size);

/// Fills a buffer from a source of true randomness. Returns false if the board has none.
bool aksu_board_entropy(void *to, size_t len);

#ifdef __cplusplus
}
#endif

#endif
