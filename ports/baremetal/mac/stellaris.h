// SPDX-License-Identifier: MIT
/// The Ethernet controller of Stellaris LM3S6000 and LM3S8000 parts: one MAC with its own PHY.
///
/// It has a FIFO of 2 KB each way, so barely more than one full frame waits in the MAC: keep the
/// receive rings that small too.
///
/// Has run: on QEMU's lm3s6965evb, which has no management interface (the link counts as up), does
/// not filter by address (the driver does, in any case), and queues 31 frames; and on a model of
/// what that lacks (test/mac). Has not run: on a chip.
#ifndef AKSU_STELLARIS_H
#define AKSU_STELLARIS_H

#include "../aksu_phy.h"

/// Set mac.driver to &aksu_stellaris, base to the controller's address and hz to the system clock;
/// the rest begins as zero. The clocks of MAC and PHY must be on.
struct aksu_stellaris {
    struct aksu_mac mac;
    uintptr_t base;
    uint32_t hz;
    struct aksu_phy phy;
    bool managed; ///< there is a PHY to ask
    unsigned wanted;
    uint8_t address[6];
    bool taken;     ///< rx holds a frame
    bool overrun;   ///< the receiver is off until the whole frames are taken
    unsigned whole; ///< frames of the FIFO that came before an overrun
    size_t rx_len;
    /// The FIFO's words: a frame is behind its length, so that IP's header is at a word.
    uint32_t rx[(2 + AKSU_FRAME_MAX + 3) / 4];
    uint32_t tx[(2 + AKSU_FRAME_MAX + 3) / 4];
};

extern const struct aksu_mac_driver aksu_stellaris;

#endif
