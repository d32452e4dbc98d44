// SPDX-License-Identifier: MIT
// Stellaris LM3S6965 (data sheet, chapter Ethernet Controller; registers by their names there).
// Frames go through FIFOs by programmed I/O. Runs on QEMU's lm3s6965evb, and on a model of what
// that lacks (test/mac/stellaris_model.c).
#include "stellaris.h"
#include "../aksu_reg.h"

enum {
    MACRIS = 0x00, // read: raw status; write: acknowledge
    MACIM = 0x04,
    MACRCTL = 0x08,
    MACTCTL = 0x0C,
    MACDATA = 0x10,
    MACIA0 = 0x14,
    MACIA1 = 0x18,
    MACMCTL = 0x20,
    MACMDV = 0x24,
    MACMTXD = 0x2C,
    MACMRXD = 0x30,
    MACNP = 0x34,
    MACTR = 0x38
};

enum { INT_RX = 0x01, INT_TXER = 0x02, INT_TXEMP = 0x04, INT_FOV = 0x08, INT_RXER = 0x10 };
enum { RCTL_RXEN = 0x01, RCTL_BADCRC = 0x08, RCTL_RSTFIFO = 0x10 };
enum { TCTL_TXEN = 0x01, TCTL_PADEN = 0x02, TCTL_CRC = 0x04, TCTL_DUPLEX = 0x10 };
enum { MCTL_START = 0x01, MCTL_WRITE = 0x02, MDC_HZ = 2500000 };
enum { NP_MASK = 0x3F, TR_NEWTX = 1 };
enum { TRIES = 100000, PHYID1 = 2, HEADER = 14, FCS = 4, FIFO = 2048 };

static uint32_t get(const struct aksu_stellaris *m, unsigned at)
{
    return aksu_reg_get(m->base + at);
}

static void put(const struct aksu_stellaris *m, unsigned at, uint32_t value)
{
    aksu_reg_put(m->base + at, value);
}

static void manage(const struct aksu_stellaris *m, unsigned reg, unsigned command)
{
    put(m, MACMCTL, reg << 3 | command | MCTL_START);
    for (unsigned i = 0; i < TRIES && (get(m, MACMCTL) & MCTL_START); i++) {
    }
}

static uint16_t read_phy(struct aksu_mac *mac, unsigned address, unsigned reg)
{
    struct aksu_stellaris *m = (struct aksu_stellaris *)mac;

    (void)address; // there is but one
    manage(m, reg, 0);
    return (uint16_t)get(m, MACMRXD);
}

static void write_phy(struct aksu_mac *mac, unsigned address, unsigned reg, uint16_t value)
{
    struct aksu_stellaris *m = (struct aksu_stellaris *)mac;

    (void)address;
    put(m, MACMTXD, value);
    manage(m, reg, MCTL_WRITE);
}

// With an empty FIFO.
static void start_receiving(struct aksu_stellaris *m)
{
    m->whole = 0;
    put(m, MACRCTL, RCTL_RSTFIFO);
    put(m, MACRCTL, RCTL_RXEN | RCTL_BADCRC);
}

static void start_phy(struct aksu_stellaris *m)
{
    m->phy.read = read_phy;
    m->phy.write = write_phy;
    put(m, MACMDV, m->hz / (2 * MDC_HZ)); // MDC = clock / 2 / (1 + it)
    m->managed = read_phy(&m->mac, 0, PHYID1) != 0;
    if (m->managed) {
        aksu_phy_start(&m->mac, &m->phy);
    }
}

static bool start(struct aksu_mac *mac, const uint8_t address[6])
{
    struct aksu_stellaris *m = (struct aksu_stellaris *)mac;

    put(m, MACIM, 0);
    put(m, MACRIS, UINT32_MAX);
    for (unsigned i = 0; i < sizeof m->address; i++) {
        m->address[i] = address[i];
    }
    put(m, MACIA0,
        (uint32_t)address[3] << 24 | (uint32_t)address[2] << 16 | (uint32_t)address[1] << 8 |
            address[0]);
    put(m, MACIA1, (uint32_t)address[5] << 8 | address[4]);
    start_phy(m);
    put(m, MACTCTL, TCTL_TXEN | TCTL_PADEN | TCTL_CRC | TCTL_DUPLEX);
    start_receiving(m);
    return get(m, MACIA1) == ((uint32_t)address[5] << 8 | address[4]);
}

// Counts what went wrong and acknowledges it. After an overrun the FIFO may hold part of a frame,
// and others behind it: the receiver is off until the whole ones before that are taken.
static void look_for_errors(struct aksu_stellaris *m)
{
    uint32_t status = get(m, MACRIS) & (INT_FOV | INT_RXER);

    if (status == 0) {
        return;
    }
    put(m, MACRIS, status);
    m->mac.counters.bad += (status & INT_RXER) != 0;
    if (status & INT_FOV) {
        m->mac.counters.overruns++;
        m->overrun = true;
        put(m, MACRCTL, RCTL_BADCRC);
    }
}

static void recover(struct aksu_stellaris *m)
{
    if (m->overrun) {
        m->overrun = false;
        m->mac.counters.restarts++;
        start_receiving(m);
    }
}

// Reads a frame's octets from the third word on, as far as there is room for them.
static void read_rest(struct aksu_stellaris *m, size_t octets)
{
    const size_t room = sizeof m->rx / sizeof m->rx[0];

    for (size_t i = 2; 4 * i < octets; i++) {
        uint32_t word = get(m, MACDATA);
        if (i < room) {
            m->rx[i] = word;
        }
    }
}

// To this station, or to many. The words: length and two octets, four octets.
static bool for_us(const struct aksu_stellaris *m)
{
    const uint8_t *to = (const uint8_t *)m->rx + 2;
    unsigned differ = 0;

    for (unsigned i = 0; i < sizeof m->address; i++) {
        differ |= (unsigned)(to[i] ^ m->address[i]);
    }
    return (to[0] & 1) || differ == 0;
}

// Takes a frame out of the FIFO. Returns whether it is one for the stack.
static bool take(struct aksu_stellaris *m)
{
    m->rx[0] = get(m, MACDATA);
    size_t octets = m->rx[0] & 0xFFFF; // of the length itself, the frame and the FCS

    if (octets <= 4 || octets > FIFO) { // then it is not known where the next begins
        m->mac.counters.bad++;
        m->mac.counters.restarts++;
        start_receiving(m);
        return false;
    }
    m->rx[1] = get(m, MACDATA);
    read_rest(m, octets);
    if (octets < 2 + HEADER + FCS || octets > 2 + AKSU_FRAME_MAX) {
        m->mac.counters.runts += octets < 2 + HEADER + FCS;
        m->mac.counters.jumbos += octets > 2 + AKSU_FRAME_MAX;
        return false;
    }
    m->rx_len = octets - 2 - FCS;
    return for_us(m);
}

static unsigned waiting(const struct aksu_stellaris *m)
{
    return get(m, MACNP) & NP_MASK;
}

// A full FIFO stays full until it is read: if there was no overrun after the last time that it was,
// all frames are whole. If there was one while a frame was read, only those are that had come
// before.
static const void *receive(struct aksu_mac *mac, size_t *len)
{
    struct aksu_stellaris *m = (struct aksu_stellaris *)mac;
    bool counted = m->overrun;

    look_for_errors(m);
    m->whole = counted ? m->whole : waiting(m);
    while (!m->taken && m->whole > 0) {
        m->whole--;
        m->taken = take(m);
        look_for_errors(m);
    }
    if (!m->taken) {
        recover(m);
        return NULL;
    }
    *len = m->rx_len;
    return (const uint8_t *)m->rx + 2;
}

static void release(struct aksu_mac *mac)
{
    ((struct aksu_stellaris *)mac)->taken = false;
}

static bool idle(const struct aksu_stellaris *m)
{
    return (get(m, MACTR) & TR_NEWTX) == 0;
}

// A frame that failed may stay in the FIFO until that is acknowledged.
static void *lend(struct aksu_mac *mac)
{
    struct aksu_stellaris *m = (struct aksu_stellaris *)mac;

    if (!idle(m)) {
        return NULL;
    }
    if (get(m, MACRIS) & INT_TXER) {
        put(m, MACRIS, INT_TXER);
        mac->counters.tx_errors++;
    }
    return (uint8_t *)m->tx + 2;
}

static void send(struct aksu_mac *mac, size_t len)
{
    struct aksu_stellaris *m = (struct aksu_stellaris *)mac;

    m->tx[0] = (m->tx[0] & 0xFFFF0000u) | (uint32_t)(len - HEADER); // its payload's length
    for (size_t i = 0; 4 * i < 2 + len; i++) {
        put(m, MACDATA, m->tx[i]);
    }
    put(m, MACTR, TR_NEWTX);
}

static void interrupts(struct aksu_mac *mac, unsigned wanted)
{
    struct aksu_stellaris *m = (struct aksu_stellaris *)mac;

    m->wanted = wanted;
    put(m, MACIM,
        ((wanted & AKSU_MAC_RX) ? INT_RX | INT_FOV | INT_RXER : 0) |
            ((wanted & AKSU_MAC_TX) ? INT_TXEMP | INT_TXER : 0));
}

// These two latch: they are cleared, and the FIFOs are looked at behind that.
static bool pending(struct aksu_mac *mac)
{
    struct aksu_stellaris *m = (struct aksu_stellaris *)mac;

    put(m, MACRIS, INT_RX | INT_TXEMP);
    return waiting(m) > 0 || (get(m, MACRIS) & (INT_FOV | INT_RXER)) ||
           ((m->wanted & AKSU_MAC_TX) && idle(m));
}

static bool link_state(struct aksu_mac *mac)
{
    struct aksu_stellaris *m = (struct aksu_stellaris *)mac;

    if (!m->managed) {
        return true;
    }
    bool up = aksu_phy_poll(mac, &m->phy);

    if (up) {
        put(m, MACTCTL, TCTL_TXEN | TCTL_PADEN | TCTL_CRC | (m->phy.full_duplex ? TCTL_DUPLEX : 0));
    }
    return up;
}

const struct aksu_mac_driver aksu_stellaris = {start, receive,    release, lend,
                                               send,  interrupts, pending, link_state};
