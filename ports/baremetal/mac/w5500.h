// SPDX-License-Identifier: MIT
/// The WIZnet W5500, used as a MAC behind SPI: its socket 0 in MACRAW mode, with all of its memory.
/// The TCP/IP in the chip is not used.
///
/// Has run: against a model of the chip, test/mac/w5500_model.c. Has not run: on a chip.
///
/// The chip verifies the FCS, and drops frames with a bad one, short ones, long ones, and those
/// that do not fit into its 16 KB, without a word: such frames are in no counter.
#ifndef AKSU_W5500_H
#define AKSU_W5500_H

#include "../aksu_mac.h"
#include "../aksu_spi.h"

/// Set mac.driver to &aksu_w5500 and spi to the chip's; the rest begins as zero. Needs aksu_port's
/// link_ms: that is when a chip that was reset or that hangs is noticed.
struct aksu_w5500 {
    struct aksu_mac mac;
    struct aksu_spi *spi;
    uint8_t address[6];
    uint8_t wanted;   ///< interrupts
    bool taken;       ///< rx holds a frame
    bool sending;     ///< SEND has not been confirmed
    bool late;        ///< ... nor had it when the link was last looked at
    bool dead;        ///< does not answer
    uint16_t read;    ///< Sn_RX_RD
    uint16_t write;   ///< Sn_TX_WR
    uint16_t waiting; ///< octets in the chip, when last asked, that have not been read
    uint16_t rx_len;  ///< octets in rx
    uint8_t rx[AKSU_FRAME_MAX];
    uint8_t tx[AKSU_FRAME_MAX];
};

extern const struct aksu_mac_driver aksu_w5500;

#endif
