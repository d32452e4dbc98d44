// SPDX-License-Identifier: MIT
/// The Cadence GEM: an Ethernet MAC with a DMA and a ring of descriptors each way. It is the MAC of
/// SiFive's FU540 and of Xilinx's Zynq, and the GMAC of Microchip's SAM E70 and V71.
///
/// Has run: on QEMU's sifive_u, and on a model of what that lacks (test/mac). Has not run: on a
/// chip. There the counters of what the MAC drops by itself come from its statistics, which QEMU
/// does not keep. A part with a data cache needs the ring where it is not cached; one with more
/// than one queue needs the others parked.
#ifndef AKSU_GEM_H
#define AKSU_GEM_H

#include "../aksu_phy.h"

enum { AKSU_GEM_FRAME = 1536 }; // the DMA counts in units of 64 octets

/// What the MAC reads and writes: an address and the MAC's flags, and flags and length.
struct aksu_gem_descriptor {
    _Alignas(8) volatile uint32_t start;
    volatile uint32_t status;
};

/// Memory for a frame.
struct aksu_gem_frame {
    _Alignas(64) uint8_t octets[AKSU_GEM_FRAME];
};

/// One direction: count is at least 2.
struct aksu_gem_ring {
    struct aksu_gem_descriptor *descriptors;
    struct aksu_gem_frame *frames;
    uint16_t count;
};

/// Set mac.driver to &aksu_gem, base to the MAC's address, the rings, config and phy.address; the
/// rest begins as zero. Rings lie below 4 GB.
struct aksu_gem {
    struct aksu_mac mac;
    uintptr_t base;
    struct aksu_gem_ring rx;
    struct aksu_gem_ring tx;
    uint32_t config; ///< bits of the network configuration that the chip needs: MDC's divider at
                     ///< 18, the width of the bus at 21
    struct aksu_phy phy;

    uint16_t rx_next;   ///< to be received
    uint16_t tx_next;   ///< to be filled
    uint16_t tx_oldest; ///< to be sent
    uint16_t tx_busy;   ///< of them the MAC has this many
    unsigned wanted;
};

extern const struct aksu_mac_driver aksu_gem;

#endif
