// SPDX-License-Identifier: MIT
/// The Microchip ENC28J60: 10 Mbit/s Ethernet, half duplex, behind SPI.
///
/// Has run: against a model of the chip, test/mac/enc28j60_model.c. Has not run: on a chip.
///
/// SPI must run at 8 to 20 MHz (errata, "MAC Interface"). The chip's PHY does not negotiate: the
/// other end finds by itself that it is 10 Mbit/s, and takes half duplex; so must a switch port
/// that is set by hand.
#ifndef AKSU_ENC28J60_H
#define AKSU_ENC28J60_H

#include "../aksu_mac.h"
#include "../aksu_spi.h"

/// Set mac.driver to &aksu_enc28j60 and spi to the chip's; the rest begins as zero. Needs
/// aksu_port's link_ms: that is when a chip that was reset or that hangs is noticed.
struct aksu_enc28j60 {
    struct aksu_mac mac;
    struct aksu_spi *spi;
    uint8_t address[6];
    uint8_t bank;    ///< that the chip has selected
    uint8_t wanted;  ///< interrupts
    bool taken;      ///< rx holds a frame
    bool sending;    ///< a frame is under way
    bool late;       ///< ... and was when the link was last looked at
    bool dead;       ///< does not answer
    uint8_t tries;   ///< times that it was sent
    uint16_t tx_end; ///< its last octet in the chip
    uint16_t next;   ///< where the next frame stands
    uint16_t rx_len; ///< octets in rx
    uint8_t rx[AKSU_FRAME_MAX];
    uint8_t tx[AKSU_FRAME_MAX];
};

extern const struct aksu_mac_driver aksu_enc28j60;

#endif
