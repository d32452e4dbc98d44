// SPDX-License-Identifier: MIT
/// The Ethernet MAC of STM32 F4 and F7 (F407, F417, F427 to F479; F745 to F779).
///
/// Has run: on the host, against a model of its registers and DMA (test/mac/stm32*). Has not run:
/// on a chip.
#ifndef AKSU_STM32_ETH_H
#define AKSU_STM32_ETH_H

#include "stm32_dma.h"

#define AKSU_STM32_ETH_BASE 0x40028000u

/// The rest begins as zero. Clocks, pins and RMII or MII are the board's: they must be set before
/// the start, and the PHY must give its clock, or the MAC does not come out of reset.
///
/// mac.offload, if not 0, is what the stack's config.offload is to be. With AKSU_OFFLOAD_RX the
/// descriptors are those of the enhanced format, else the normal ones.
struct aksu_stm32_eth {
    struct aksu_mac mac; ///< set mac.driver to &aksu_stm32_eth
    uintptr_t base;      ///< AKSU_STM32_ETH_BASE
    uint32_t hclk;       ///< Hz
    struct aksu_stm32_dma *dma;
    bool cached;         ///< dma lies in memory that an F7's data cache holds
    struct aksu_phy phy; ///< set phy.address

    // The driver's own.
    uint8_t address[6];
    uint8_t rx_next;
    uint8_t tx_next;
    uint8_t tx_waiting; // descriptors before tx_next that the DMA may still have
    uint8_t tx_lent;    // the buffer that is lent next
    bool running;
    bool taken; // what receive() returned is not yet released
    uint16_t rx_len;
    uint8_t wanted; // interrupts
    uint32_t mode;  // of MACCR
};

extern const struct aksu_mac_driver aksu_stm32_eth;

#endif
