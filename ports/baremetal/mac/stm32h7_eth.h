// SPDX-License-Identifier: MIT
/// The Ethernet MAC of STM32 H7 (H742 to H757, H723 to H735).
///
/// Has run: on the host, against a model of its registers and DMA (test/mac/stm32*). Has not run:
/// on a chip.
#ifndef AKSU_STM32H7_ETH_H
#define AKSU_STM32H7_ETH_H

#include "stm32_dma.h"

#define AKSU_STM32H7_ETH_BASE 0x40028000u

/// The rest begins as zero. Clocks, pins and RMII or MII are the board's: they must be set before
/// the start, and the PHY must give its clock, or the MAC does not come out of reset.
///
/// mac.offload, if not 0, is what the stack's config.offload is to be.
struct aksu_stm32h7_eth {
    struct aksu_mac mac; ///< set mac.driver to &aksu_stm32h7_eth
    uintptr_t base;      ///< AKSU_STM32H7_ETH_BASE
    uint32_t hclk;       ///< Hz
    struct aksu_stm32_dma *dma;
    bool cached;         ///< dma lies in memory that the data cache holds
    struct aksu_phy phy; ///< set phy.address

    // The driver's own.
    uint8_t address[6];
    uint8_t rx_next;  // the descriptor that is looked at; the one before it is the gap
    uint8_t rx_frame; // its buffer
    uint8_t tx_next;
    uint8_t tx_waiting; // descriptors before tx_next that the DMA may still have
    uint8_t tx_lent;    // the buffer that is lent next
    bool running;
    bool taken; // what receive() returned is not yet released
    uint16_t rx_len;
    uint8_t wanted; // interrupts
    uint32_t mode;  // of MACCR
};

extern const struct aksu_mac_driver aksu_stm32h7_eth;

#endif
