// SPDX-License-Identifier: MIT
/// A model of the Ethernet controller of the LM3S6965: registers, FIFOs and the PHY behind them.
/// Never compared with a chip, nor line by line with the data sheet. It does what QEMU's does not:
/// bad frames, a FIFO that overflows, errors of sending, a filter, a PHY.
///
/// Where it is not certain what a chip does it does what is worst for a driver: a frame that
/// overflows the FIFO leaves its beginning there, and the next ones come behind that; short frames
/// with a good FCS come like all others; one that could not be sent stays in its FIFO until TXER is
/// acknowledged, and that empties the FIFO whatever is in it.
#ifndef STELLARIS_MODEL_H
#define STELLARIS_MODEL_H

#include "phy_model.h"
#include "wire.h"
#include <mac/stellaris.h>

enum { STELLARIS_BASE = 0x40048000, STELLARIS_HZ = 50000000 };
enum { STELLARIS_FIFO = 512, STELLARIS_FRAMES = 31 }; // words; MACNP counts no further in QEMU

struct stellaris_model {
    uint32_t reg[16]; ///< 0x00 to 0x3C
    uint32_t data[STELLARIS_FRAMES * STELLARIS_FIFO];
    bool last[STELLARIS_FRAMES * STELLARIS_FIFO]; ///< word of a whole frame
    unsigned first, count;                        ///< words
    unsigned frames;                              ///< MACNP
    unsigned words_read;
    unsigned dropped_all;
    unsigned mii_busy;

    uint32_t tx[STELLARIS_FIFO];
    unsigned tx_words;
    uint64_t sent_at;
    unsigned tx_count;
    unsigned garbled; ///< sent with another duplex than the link has

    // To make happen.
    bool missing;
    bool emulated;          ///< as QEMU: a FIFO of 31 frames of any length, no filter, no PHY
    bool tx_fault;          ///< the next frame fails
    unsigned tx_fault_each; ///< frame of so many fails
    void (*each_word)(unsigned words_read);
};

extern struct stellaris_model stellaris;
extern const struct wire_chip stellaris_chip;

void stellaris_init(void);
/// A frame comes, and is good, or has a bad FCS, or is short or long.
void stellaris_arrive(const uint8_t *frame, size_t len, bool bad_fcs);
/// A word in the receive FIFO, of a whole frame the last one or not.
void stellaris_push(uint32_t word, bool last);

#endif
