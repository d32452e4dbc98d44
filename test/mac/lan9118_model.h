// SPDX-License-Identifier: MIT
/// A model of the LAN9118's registers and FIFOs. Written to SMSC's datasheet, and never compared
/// with a chip; it does what QEMU's does not: bad frames, a counter of lost ones, errors of
/// sending.
#ifndef LAN9118_MODEL_H
#define LAN9118_MODEL_H

#include "phy_model.h"
#include "wire.h"
#include <mac/lan9118.h>

enum { LAN_RX_FIFO = 10560, LAN_RX_STATUS = 176, LAN_TX_FIFO = 4608, LAN_TX_FRAMES = 64 };
enum { LAN_BASE = 0x40200000, LAN_TXE = 1 << 13, LAN_RXE = 1 << 14 };
enum { LAN_TX_UNDERRUN = 0x8002, LAN_TX_LATE_COLLISION = 0x8200, LAN_TX_NO_CARRIER = 0x8400 };

struct lan9118_model {
    uint32_t reg[0x40]; ///< 0x00 to 0xFC
    uint32_t mac[16];   ///< behind MAC_CSR_CMD
    uint32_t data[LAN_RX_FIFO / 4], status[LAN_RX_STATUS];
    unsigned data_first, data_count, status_first, status_count;
    unsigned owed;        ///< words of frames whose status has been read
    unsigned dropped;     ///< RX_DROP
    unsigned dropped_all; ///< that could be read there
    unsigned resetting;   ///< reads until a reset is over
    unsigned mac_busy, mii_busy;
    uint32_t interrupts; ///< INT_STS
    uint32_t stopped;    ///< LAN_TXE, LAN_RXE: that direction, until a reset

    uint8_t tx[LAN_TX_FIFO];
    unsigned tx_used;  ///< octets of the FIFO
    unsigned tx_words; ///< of the frame that is being written: what has come
    uint32_t command_a, command_b;
    uint8_t frames[LAN_TX_FRAMES][2048]; ///< to be sent
    uint16_t lengths[LAN_TX_FRAMES];
    unsigned frame_first, frame_count;
    uint64_t sent_at;
    uint32_t tx_status[LAN_TX_FRAMES];
    unsigned tx_status_first, tx_status_count;
    unsigned tx_count;
    unsigned garbled; ///< sent with another duplex than the link has

    // To make happen.
    bool missing;
    unsigned tx_fault_each; ///< frame of so many fails
    uint32_t tx_fault;      ///< status of the next frame sent
};

extern struct lan9118_model lan9118;
extern const struct wire_chip lan9118_chip;

void lan9118_init(void);
/// A frame comes, and is good, or has a bad FCS, or is short or long.
void lan9118_arrive(const uint8_t *frame, size_t len, bool bad_fcs);
/// LAN_TXE, LAN_RXE: the chip finds itself out of step with the host, and stops that direction. A
/// chip might go on, with what belongs to no frame: that is no better.
void lan9118_error(uint32_t which);

#endif
