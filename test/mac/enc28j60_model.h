// SPDX-License-Identifier: MIT
/// A model of the ENC28J60 as SPI sees it, with those of its errata that a driver must know.
/// Written to Microchip's data sheet and errata, and never compared with a chip.
#ifndef ENC28J60_MODEL_H
#define ENC28J60_MODEL_H

#include "wire.h"
#include <mac/enc28j60.h>

enum { ENC_MEMORY = 8192, ENC_REVISION = 6 /* B7 */ };

struct enc28j60_model {
    struct aksu_spi spi;
    uint8_t reg[4][32];
    uint16_t phy[32];
    uint8_t memory[ENC_MEMORY];
    uint16_t write;          ///< ERXWRPT
    uint16_t freed;          ///< ERXRDPT, which takes effect with its high octet
    uint16_t tx_from, tx_to; ///< what is being sent
    unsigned packets;        ///< EPKTCNT
    uint64_t sent_at;        ///< when sending ends; UINT64_MAX: nothing is sent
    uint64_t ready_at;       ///< after a reset
    uint64_t mii_at;         ///< until then MISTAT.BUSY
    bool told_to_reset;      ///< by the driver, which then must wait
    bool transmitter_hangs;  ///< after an error, until it is reset
    uint32_t dropped;        ///< for want of room, or with EPKTCNT at its end
    uint32_t filtered;
    uint32_t transmissions; ///< tries

    // The transaction.
    bool selected;
    unsigned octet; ///< its next one
    uint8_t instruction;

    // To make happen.
    bool unplugged;
    bool mute;           ///< does not answer
    uint8_t mute_octet;  ///< ... but this
    bool hang;           ///< sending never ends
    unsigned collisions; ///< of the next tries to send: late
    bool abort;          ///< the next frame, for another reason
    unsigned spoil;      ///< the next frame's header: bits of its first four octets
};

extern struct enc28j60_model enc28j60;
extern const struct wire_chip enc28j60_chip;

void enc28j60_init(void);
/// As the reset pin does.
void enc28j60_reset(void);
/// A frame comes with an FCS, right or wrong, and of any length.
void enc28j60_arrive(const uint8_t *frame, size_t len, bool bad_fcs);

#endif
