// SPDX-License-Identifier: MIT
/// What ST's Nucleo-144 boards with Ethernet have in common: pins, the UART that ST-LINK shows as a
/// serial port, the LAN8742A; and the random number generator, which is the same in their chips.
#ifndef NUCLEO_H
#define NUCLEO_H

#include "../firmware.h"
#include <aksu_reg.h>

/// Checksums that the MAC does: AKSU_OFFLOAD_RX | AKSU_OFFLOAD_TX, or none.
#ifndef BOARD_OFFLOAD
#define BOARD_OFFLOAD 0
#endif

/// Whether the frames lie in cacheable memory, which the driver maintains, or in memory that the
/// MPU makes non-cacheable. A Cortex-M4 has no cache.
#ifndef BOARD_CACHED
#define BOARD_CACHED 0
#endif

enum { NUCLEO_HSE = 8000000, NUCLEO_ETHERNET_LINE = 61, NUCLEO_PHY = 0, NUCLEO_LINK_MS = 250 };

/// Where a chip has what.
struct nucleo {
    uintptr_t gpio; ///< port A; the others follow every 0x400
    uintptr_t rng;
    uintptr_t uart_control;
    uintptr_t uart_baud;
    uintptr_t uart_status;
    uintptr_t uart_data;
    uint32_t uart_on; ///< what starts it: enabled, transmitter enabled
};

/// The board's.
extern const struct nucleo nucleo;

/// For a debugger: 0 while the program runs, then 1 + its status.
extern volatile int nucleo_ended;

/// Sets bits of a register.
void nucleo_set(uintptr_t at, uint32_t bits);

/// Waits for all of these bits, or panics with a word about it.
void nucleo_wait(uintptr_t at, uint32_t mask, uint32_t value, const char *what);

/// Connects the UART and the RMII to their pins. The ports' clocks are on.
void nucleo_pins(void);

/// Starts the UART, whose clock this is, with 115200 baud; again when its clock has changed.
void nucleo_uart(uint32_t clock);

/// Cortex-M7: turns both caches on.
void nucleo_caches(void);

/// Cortex-M7: makes 2^log2 octets normal memory that no cache keeps. Before nucleo_caches().
void nucleo_uncached(uintptr_t from, unsigned log2);

#endif
