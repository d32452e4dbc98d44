// SPDX-License-Identifier: MIT
/// The SMSC LAN9118 and LAN9220: Ethernet behind FIFOs on a 32-bit bus.
///
/// Has run: on QEMU's mps2-an385, an386 and an500. Has not run: on a chip.
#ifndef AKSU_LAN9118_H
#define AKSU_LAN9118_H

#include "../aksu_phy.h"

/// Set mac.driver to &aksu_lan9118 and base to the chip's address; the rest begins as zero. Needs
/// aksu_port's link_ms: that is when a chip that was reset or that stopped is noticed.
struct aksu_lan9118 {
    struct aksu_mac mac;
    uintptr_t base;
    struct aksu_phy phy;
    uint8_t address[6];
    uint8_t wanted; ///< interrupts
    bool taken;     ///< rx holds a frame
    uint32_t rx_len;
    uint32_t rx[(AKSU_FRAME_MAX + 3) / 4 + 1];
    uint32_t tx[(AKSU_FRAME_MAX + 3) / 4];
};

extern const struct aksu_mac_driver aksu_lan9118;

#endif
