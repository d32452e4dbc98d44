// SPDX-License-Identifier: MIT
/// The Ethernet MAC of SmartFusion2 (MSS EMAC): a DMA with a chain of descriptors each way.
///
/// Has run: on QEMU's emcraft-sf2, and on a model of what that lacks (test/mac). Has not run: on a
/// chip. There the error counters come from the MAC's statistics, which QEMU does not keep, and the
/// length of a frame may include its FCS.
#ifndef AKSU_MSF2_H
#define AKSU_MSF2_H

#include "../aksu_phy.h"

/// A descriptor and its frame, which the MAC reads and writes.
struct aksu_msf2_frame {
    volatile uint32_t start;
    volatile uint32_t size;
    volatile uint32_t next;
    uint8_t octets[(AKSU_FRAME_MAX + 3) / 4 * 4];
};

/// Set mac.driver to &aksu_msf2, base to the MAC's address, the frames and how many there are
/// (at least 2 each way, at most 255), and phy.address; the rest begins as zero.
struct aksu_msf2 {
    struct aksu_mac mac;
    uintptr_t base;
    struct aksu_msf2_frame *rx;
    struct aksu_msf2_frame *tx;
    uint8_t rx_count;
    uint8_t tx_count;
    struct aksu_phy phy;

    uint8_t rx_next;   ///< to be received
    uint8_t tx_next;   ///< to be filled
    uint8_t tx_oldest; ///< to be sent
    uint8_t tx_busy;   ///< of them the MAC has this many
    unsigned wanted;
    uint16_t statistics[8]; ///< as last read
};

extern const struct aksu_mac_driver aksu_msf2;

#endif
