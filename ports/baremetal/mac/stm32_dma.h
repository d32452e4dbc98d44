// SPDX-License-Identifier: MIT
/// What the Ethernet DMAs of the STM32 F4, F7 and H7 have in common: their memory, and its order in
/// a Cortex-M7's data cache.
#ifndef AKSU_STM32_DMA_H
#define AKSU_STM32_DMA_H

#include "../aksu_phy.h"
#include "../aksu_reg.h"

/// Frames that can wait to be taken, and to be sent; both at least 2.
#ifndef AKSU_STM32_RX_FRAMES
#define AKSU_STM32_RX_FRAMES 6
#endif
#ifndef AKSU_STM32_TX_FRAMES
#define AKSU_STM32_TX_FRAMES 4
#endif

/// Octets of a line of the Cortex-M7's cache, and of a frame's buffer, which is whole lines.
enum { AKSU_STM32_LINE = 32, AKSU_STM32_BUFFER = 1536 };

/// A descriptor of any format has a line for itself: else writing one back would overwrite what the
/// DMA has meanwhile written to its neighbour.
struct aksu_stm32_descriptor {
    volatile uint32_t word[AKSU_STM32_LINE / 4];
};

/// What the DMA reads and writes. The board places it where the DMA can reach it: not in the F4's
/// CCM, not in the H7's tightly coupled memories. The H7's rings have one descriptor more than
/// frames (stm32h7_eth.c says why); F4 and F7 leave it alone.
struct aksu_stm32_dma {
    struct aksu_stm32_descriptor rx[AKSU_STM32_RX_FRAMES + 1];
    struct aksu_stm32_descriptor tx[AKSU_STM32_TX_FRAMES + 1];
    uint8_t rx_frame[AKSU_STM32_RX_FRAMES][AKSU_STM32_BUFFER];
    uint8_t tx_frame[AKSU_STM32_TX_FRAMES][AKSU_STM32_BUFFER];
} __attribute__((aligned(AKSU_STM32_LINE)));

// Cache maintenance by address (ARMv7-M Architecture Reference Manual, B3.2.2).
#define AKSU_DCIMVAC  0xE000EF5Cu // invalidate: memory's content comes into sight
#define AKSU_DCCMVAC  0xE000EF68u // clean: what was written gets into memory
#define AKSU_DCCIMVAC 0xE000EF70u // both

static inline void aksu_stm32_lines(uintptr_t operation, const volatile void *from, size_t len)
{
    uintptr_t line = (uintptr_t)from & ~(uintptr_t)(AKSU_STM32_LINE - 1);

    aksu_reg_barrier(); // what was written is in the cache, what the DMA says has been read
    for (; line < (uintptr_t)from + len; line += AKSU_STM32_LINE) {
        aksu_reg_put(operation, (uint32_t)line);
    }
    aksu_reg_barrier();
}

/// Where AKSU_OFFLOAD_TX makes the MAC fill in checksums, and which were checked by
/// AKSU_OFFLOAD_RX.
static inline bool aksu_stm32_is_ipv4(const uint8_t *frame)
{
    return frame[12] == 0x08 && frame[13] == 0x00;
}

static inline bool aksu_stm32_is_tcp(const uint8_t *frame)
{
    return aksu_stm32_is_ipv4(frame) && frame[14 + 9] == 6;
}

/// How long four cycles of a 2.5 MHz clock are, 1.6 us, in reads of a register: the time between
/// writes to one register of the MAC, or the later one may be lost (the chips' errata sheets:
/// "successive write operations to the same register").
enum { AKSU_STM32_SETTLE = 100, AKSU_STM32_TRIES = 100000 };

#endif
