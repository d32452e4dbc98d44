// SPDX-License-Identifier: MIT
// LAN9118 (SMSC datasheet, revision 1.5). Frames go through FIFOs by programmed I/O.
#include "lan9118.h"
#include "../aksu_reg.h"

#include <string.h>

enum {
    RX_DATA = 0x00,
    TX_DATA = 0x20,
    RX_STATUS = 0x40,
    TX_STATUS = 0x48,
    IRQ_CFG = 0x54,
    INT_STS = 0x58,
    INT_EN = 0x5C,
    BYTE_TEST = 0x64,
    FIFO_INT = 0x68,
    RX_CFG = 0x6C,
    TX_CFG = 0x70,
    HW_CFG = 0x74,
    RX_FIFO_INF = 0x7C,
    TX_FIFO_INF = 0x80,
    PMT_CTRL = 0x84,
    RX_DROP = 0xA0,
    MAC_CMD = 0xA4,
    MAC_DATA = 0xA8
};

enum { MAC_CR = 1, ADDRH = 2, ADDRL = 3, MII_ACC = 6, MII_DATA = 7 }; // behind MAC_CMD
enum { CMD_BUSY = (int)0x80000000u, CMD_READ = 0x40000000 };
enum { CR_RXEN = 1 << 2, CR_TXEN = 1 << 3, CR_FDPX = 1 << 20 };
enum { SRST = 1, PMT_READY = 1, TX_ON = 2, MUST_BE_ONE = 1 << 20 };
enum { TX_FIFO_KIB = 5 << 16 };
enum { IRQ_ENABLE = 0x100, IRQ_ACTIVE_HIGH = 0x10, IRQ_PUSH_PULL = 0x01 };
enum { INT_RSFL = 1 << 3, INT_TDFA = 1 << 9 }; // frames wait; room in the transmit FIFO
enum { INT_TXE = 1 << 13, INT_RXE = 1 << 14 }; // FIFO and host are out of step
enum { RX_ERROR = 1 << 15, RX_RUNT = 1 << 11, RX_LONG = 1 << 7 };
enum { TX_ERROR = 1 << 15, TX_FIRST_LAST = 0x3000, TX_UNDERRUN = 1 << 1 };
enum { TRIES = 100000, FIFO_ROOM = AKSU_FRAME_MAX + 16, PHY = 1 };
enum { FCS = 4, MII_BUSY = 1, MII_WRITE = 2 };

static uint32_t get(const struct aksu_lan9118 *m, unsigned at)
{
    return aksu_reg_get(m->base + at);
}

static void put(const struct aksu_lan9118 *m, unsigned at, uint32_t value)
{
    aksu_reg_put(m->base + at, value);
}

static bool wait_for(const struct aksu_lan9118 *m, unsigned at, uint32_t mask, uint32_t value)
{
    for (unsigned i = 0; i < TRIES; i++) {
        if ((get(m, at) & mask) == value) {
            return true;
        }
    }
    return false;
}

static void put_mac(const struct aksu_lan9118 *m, unsigned at, uint32_t value)
{
    put(m, MAC_DATA, value);
    put(m, MAC_CMD, (uint32_t)CMD_BUSY | at);
    (void)wait_for(m, MAC_CMD, (uint32_t)CMD_BUSY, 0);
}

static uint32_t get_mac(const struct aksu_lan9118 *m, unsigned at)
{
    put(m, MAC_CMD, (uint32_t)CMD_BUSY | CMD_READ | at);
    (void)wait_for(m, MAC_CMD, (uint32_t)CMD_BUSY, 0);
    return get(m, MAC_DATA);
}

// Reads or writes a register of the PHY, and waits until that is done.
static void access_phy(const struct aksu_lan9118 *m, unsigned address, unsigned reg, unsigned write)
{
    put_mac(m, MII_ACC, address << 11 | reg << 6 | write | MII_BUSY);
    for (unsigned i = 0; i < TRIES && (get_mac(m, MII_ACC) & MII_BUSY); i++) {
    }
}

static uint16_t read_phy(struct aksu_mac *mac, unsigned address, unsigned reg)
{
    struct aksu_lan9118 *m = (struct aksu_lan9118 *)mac;

    access_phy(m, address, reg, 0);
    return (uint16_t)get_mac(m, MII_DATA);
}

static void write_phy(struct aksu_mac *mac, unsigned address, unsigned reg, uint16_t value)
{
    struct aksu_lan9118 *m = (struct aksu_lan9118 *)mac;

    put_mac(m, MII_DATA, value);
    access_phy(m, address, reg, MII_WRITE);
}

// Starts the chip, whatever state it is in.
static bool begin(struct aksu_lan9118 *m)
{
    const uint8_t *address = m->address;

    if (!wait_for(m, BYTE_TEST, UINT32_MAX, 0x87654321)) {
        return false;
    }
    put(m, HW_CFG, SRST);
    if (!wait_for(m, HW_CFG, SRST, 0) || !wait_for(m, PMT_CTRL, PMT_READY, PMT_READY)) {
        return false;
    }
    put(m, HW_CFG, MUST_BE_ONE | TX_FIFO_KIB);
    put(m, INT_EN, 0);
    put(m, INT_STS, UINT32_MAX);
    put(m, FIFO_INT, (FIFO_ROOM / 64 + 1u) << 24); // TDFA: room for a frame, in 64 octets
    put(m, IRQ_CFG, IRQ_ENABLE | IRQ_ACTIVE_HIGH | IRQ_PUSH_PULL);
    put(m, RX_CFG, 0);
    put(m, TX_CFG, TX_ON);
    put_mac(m, ADDRL,
            (uint32_t)address[3] << 24 | (uint32_t)address[2] << 16 | (uint32_t)address[1] << 8 |
                address[0]);
    put_mac(m, ADDRH, (uint32_t)address[5] << 8 | address[4]);
    put_mac(m, MAC_CR, CR_RXEN | CR_TXEN | CR_FDPX);
    m->phy.read = read_phy;
    m->phy.write = write_phy;
    m->phy.address = PHY;
    aksu_phy_start(&m->mac, &m->phy);
    return true;
}

static bool start(struct aksu_mac *mac, const uint8_t address[6])
{
    struct aksu_lan9118 *m = (struct aksu_lan9118 *)mac;

    memcpy(m->address, address, sizeof m->address);
    return begin(m);
}

// Reads a frame that is not wanted out of the FIFO. The chip could skip it (RX_DP_CTRL, datasheet
// 3.13.1.1), but QEMU's keeps the room that the frame took.
static void skip(const struct aksu_lan9118 *m, uint32_t len)
{
    for (uint32_t i = 0; i < len; i += 4) {
        (void)get(m, RX_DATA);
    }
}

// Whether a frame with this status is one for the stack; len: with FCS.
static bool good(struct aksu_lan9118 *m, uint32_t status, uint32_t len)
{
    if (len > AKSU_FRAME_MAX || (status & RX_LONG)) {
        m->mac.counters.jumbos++;
    } else if (len < 14 + FCS || (status & RX_RUNT)) {
        m->mac.counters.runts++;
    } else if (status & RX_ERROR) {
        m->mac.counters.bad++;
    } else {
        return true;
    }
    return false;
}

static const void *receive(struct aksu_mac *mac, size_t *len)
{
    struct aksu_lan9118 *m = (struct aksu_lan9118 *)mac;

    mac->counters.overruns += get(m, RX_DROP);
    while (!m->taken && (get(m, RX_FIFO_INF) >> 16 & 0xFF) > 0) {
        uint32_t status = get(m, RX_STATUS);
        uint32_t octets = status >> 16 & 0x3FFF;
        if (!good(m, status, octets)) {
            skip(m, octets);
            continue;
        }
        for (uint32_t i = 0; 4 * i < octets; i++) {
            m->rx[i] = get(m, RX_DATA);
        }
        m->rx_len = octets - FCS;
        m->taken = true;
    }
    *len = m->rx_len;
    return m->taken ? m->rx : NULL;
}

static void release(struct aksu_mac *mac)
{
    ((struct aksu_lan9118 *)mac)->taken = false;
}

static bool room(const struct aksu_lan9118 *m)
{
    return (get(m, TX_FIFO_INF) & 0xFFFF) >= FIFO_ROOM;
}

static void *lend(struct aksu_mac *mac)
{
    struct aksu_lan9118 *m = (struct aksu_lan9118 *)mac;

    while ((get(m, TX_FIFO_INF) >> 16 & 0xFF) > 0) {
        uint32_t status = get(m, TX_STATUS);
        mac->counters.underruns += (status & TX_UNDERRUN) != 0;
        mac->counters.tx_errors += (status & (TX_ERROR | TX_UNDERRUN)) == TX_ERROR;
    }
    return room(m) ? m->tx : NULL;
}

static void send(struct aksu_mac *mac, size_t len)
{
    struct aksu_lan9118 *m = (struct aksu_lan9118 *)mac;

    put(m, TX_DATA, TX_FIRST_LAST | (uint32_t)len);
    put(m, TX_DATA, (uint32_t)len);
    for (size_t i = 0; 4 * i < len; i++) {
        put(m, TX_DATA, m->tx[i]);
    }
}

static void interrupts(struct aksu_mac *mac, unsigned wanted)
{
    struct aksu_lan9118 *m = (struct aksu_lan9118 *)mac;

    m->wanted = (uint8_t)wanted;
    put(m, INT_EN,
        ((wanted & AKSU_MAC_RX) ? INT_RSFL : 0) | ((wanted & AKSU_MAC_TX) ? INT_TDFA : 0));
}

// The status latches: it is cleared, and the FIFOs are looked at behind that. Errors are left to
// link_state().
static bool pending(struct aksu_mac *mac)
{
    struct aksu_lan9118 *m = (struct aksu_lan9118 *)mac;

    put(m, INT_STS, ~(uint32_t)(INT_TXE | INT_RXE));
    return (get(m, RX_FIFO_INF) >> 16 & 0xFF) > 0 || ((m->wanted & AKSU_MAC_TX) && room(m));
}

// A chip that is out of step or was reset starts anew. What is in its FIFOs is lost, and the link
// is down meanwhile; the interrupts' mask comes back with interrupts().
static bool link_state(struct aksu_mac *mac)
{
    struct aksu_lan9118 *m = (struct aksu_lan9118 *)mac;

    if ((get(m, INT_STS) & (INT_TXE | INT_RXE)) || !(get(m, TX_CFG) & TX_ON)) {
        mac->counters.restarts++;
        if (!begin(m)) {
            return false;
        }
    }
    bool up = aksu_phy_poll(mac, &m->phy);

    if (up) {
        put_mac(m, MAC_CR, CR_RXEN | CR_TXEN | (m->phy.full_duplex ? CR_FDPX : 0));
    }
    return up;
}

const struct aksu_mac_driver aksu_lan9118 = {start, receive,    release, lend,
                                             send,  interrupts, pending, link_state};
