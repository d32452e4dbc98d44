// SPDX-License-Identifier: MIT
/// A model of the W5500 as SPI sees it, as far as a MAC needs it: socket 0 in MACRAW mode. Written
/// to WIZnet's datasheet, and never compared with a chip.
#ifndef W5500_MODEL_H
#define W5500_MODEL_H

#include "wire.h"
#include <mac/w5500.h>

enum { W5500_MEMORY = 16384 };

struct w5500_model {
    struct aksu_spi spi;
    uint8_t common[0x40];
    uint8_t socket[8][0x30];
    uint8_t tx[W5500_MEMORY], rx[W5500_MEMORY];
    uint16_t tx_read;   ///< Sn_TX_RD: what has been sent ends here
    uint16_t rx_write;  ///< Sn_RX_WR
    uint16_t rx_freed;  ///< Sn_RX_RD as of the last RECV
    unsigned busy;      ///< reads until a command is taken
    uint64_t sent_at;   ///< when SEND ends; UINT64_MAX: none
    uint64_t ready_at;  ///< after a reset
    bool told_to_reset; ///< by the driver, which then must wait
    uint32_t dropped;   ///< for want of room
    uint32_t refused;   ///< bad FCS, short, long
    uint32_t filtered;
    // The transaction.
    bool selected;
    unsigned octet; ///< its next one
    uint16_t at;
    uint8_t control;

    // To make happen.
    bool unplugged;
    bool mute;               ///< does not answer
    uint8_t mute_octet;      ///< ... but this
    bool hang;               ///< SEND never ends
    bool deaf;               ///< commands are never taken
    uint16_t first;          ///< where the pointers begin when the socket is opened
    bool spoil;              ///< the next frame's length is wrong
    bool overrun_garbles;    ///< what does not fit is cut off instead of dropped
    unsigned before_between; ///< reads of Sn_RX_RSR
    void (*between)(void);   ///< called between the two octets of Sn_RX_RSR, once
};

extern struct w5500_model w5500;
extern const struct wire_chip w5500_chip;

void w5500_init(void);
/// As the reset pin does.
void w5500_reset(void);

#endif
