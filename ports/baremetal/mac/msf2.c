// SPDX-License-Identifier: MIT
// SmartFusion2 Ethernet MAC (Microsemi UG0331, chapter Ethernet MAC; registers by their names
// there).
#include "msf2.h"
#include "../aksu_reg.h"

enum {
    CFG1 = 0x00,
    CFG2 = 0x04,
    MAX_FRAME_LENGTH = 0x10,
    MII_CONFIG = 0x20,
    MII_COMMAND = 0x24,
    MII_ADDRESS = 0x28,
    MII_CTRL = 0x2C,
    MII_STATUS = 0x30,
    MII_INDICATORS = 0x34,
    INTERFACE_CTRL = 0x38,
    STATION_ADDRESS1 = 0x40,
    STATION_ADDRESS2 = 0x44,
    FIFO_CFG0 = 0x48,
    FIFO_CFG4 = 0x58,
    FIFO_CFG5 = 0x5C,
    DMA_TX_CTRL = 0x180,
    DMA_TX_DESC = 0x184,
    DMA_TX_STATUS = 0x188,
    DMA_RX_CTRL = 0x18C,
    DMA_RX_DESC = 0x190,
    DMA_RX_STATUS = 0x194,
    DMA_IRQ_MASK = 0x198
};

// Statistics: of 12 bits, they go round.
enum { RFCS = 0xA4, RALN = 0xBC, RCDE = 0xC4, RUND = 0xCC, ROVR = 0xD0, RFRG = 0xD4, RJBR = 0xD8 };
enum { TXCL = 0x108, STATISTIC_BITS = 0xFFF };

enum { CFG1_TX = 1 << 0, CFG1_RX = 1 << 2, CFG1_RESET = (int)0x80000000u };
enum { CFG2_FULL_DUPLEX = 1 << 0, CFG2_PAD_CRC = 1 << 2, CFG2_NIBBLES = 1 << 8 };
enum { CFG2_PREAMBLE_7 = 7 << 12, INTERFACE_100 = 1 << 16 };
enum { FIFO_ENABLE_ALL = 0x1F << 8 };
enum { DROP_CODE_ERROR = 1 << 3, DROP_BAD_FCS = 1 << 4, DROP_TRUNCATED = 1 << 17 };
enum { DROP = DROP_CODE_ERROR | DROP_BAD_FCS | DROP_TRUNCATED, DROP_BITS = 0x3FFFF };
enum { DMA_ON = 1, TX_SENT = 1, TX_UNDERRUN = 1 << 1, TX_BUS_ERROR = 1 << 3 };
enum { RX_GOT = 1, RX_OVERFLOW = 1 << 2, RX_BUS_ERROR = 1 << 3, RX_STOPPED = 0x0C };
enum { IRQ_TX = 0x0B, IRQ_RX = 0xD0 }; // the bits of TX_STATUS, and of RX_STATUS four higher
enum { EMPTY = (int)0x80000000u, SIZE_BITS = 0x7FF };
enum { MII_READ = 1, MII_BUSY = 1, MDC_DIVIDER = 7, TRIES = 100000, HEADER = 14 };

static uint32_t get(const struct aksu_msf2 *m, unsigned at)
{
    return aksu_reg_get(m->base + at);
}

static void put(const struct aksu_msf2 *m, unsigned at, uint32_t value)
{
    aksu_reg_put(m->base + at, value);
}

static uint32_t bus_address(const void *p)
{
    return (uint32_t)(uintptr_t)p;
}

static bool wait_for(const struct aksu_msf2 *m, unsigned at, uint32_t mask, uint32_t value)
{
    for (unsigned i = 0; i < TRIES; i++) {
        if ((get(m, at) & mask) == value) {
            return true;
        }
    }
    return false;
}

static uint16_t read_phy(struct aksu_mac *mac, unsigned address, unsigned reg)
{
    struct aksu_msf2 *m = (struct aksu_msf2 *)mac;

    put(m, MII_ADDRESS, address << 8 | reg);
    put(m, MII_COMMAND, 0); // a read begins at the edge
    put(m, MII_COMMAND, MII_READ);
    (void)wait_for(m, MII_INDICATORS, MII_BUSY, 0);
    return (uint16_t)get(m, MII_STATUS);
}

static void write_phy(struct aksu_mac *mac, unsigned address, unsigned reg, uint16_t value)
{
    struct aksu_msf2 *m = (struct aksu_msf2 *)mac;

    put(m, MII_COMMAND, 0);
    put(m, MII_ADDRESS, address << 8 | reg);
    put(m, MII_CTRL, value);
    (void)wait_for(m, MII_INDICATORS, MII_BUSY, 0);
}

static void set_mode(const struct aksu_msf2 *m, bool fast, bool full_duplex)
{
    put(m, CFG2,
        CFG2_PREAMBLE_7 | CFG2_NIBBLES | CFG2_PAD_CRC | (full_duplex ? CFG2_FULL_DUPLEX : 0));
    put(m, INTERFACE_CTRL, fast ? INTERFACE_100 : 0);
}

static void chain(struct aksu_msf2_frame *frames, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        frames[i].start = bus_address(frames[i].octets);
        frames[i].next = bus_address(&frames[i + 1 < count ? i + 1 : 0]);
        frames[i].size = (uint32_t)EMPTY;
    }
}

static void start_receiving(struct aksu_msf2 *m)
{
    put(m, DMA_RX_DESC, bus_address(&m->rx[m->rx_next]));
    aksu_reg_barrier();
    put(m, DMA_RX_CTRL, DMA_ON);
}

static void set_address(const struct aksu_msf2 *m, const uint8_t address[6])
{
    put(m, STATION_ADDRESS1,
        (uint32_t)address[0] << 24 | (uint32_t)address[1] << 16 | (uint32_t)address[2] << 8 |
            address[3]);
    put(m, STATION_ADDRESS2, (uint32_t)address[4] << 24 | (uint32_t)address[5] << 16);
}

static bool start(struct aksu_mac *mac, const uint8_t address[6])
{
    struct aksu_msf2 *m = (struct aksu_msf2 *)mac;

    put(m, DMA_TX_CTRL, 0);
    put(m, DMA_RX_CTRL, 0);
    put(m, DMA_IRQ_MASK, 0);
    put(m, CFG1, (uint32_t)CFG1_RESET);
    put(m, CFG1, 0);
    put(m, FIFO_CFG0, FIFO_ENABLE_ALL);
    put(m, FIFO_CFG4, DROP);
    put(m, FIFO_CFG5, DROP_BITS & ~DROP);
    put(m, MAX_FRAME_LENGTH, AKSU_FRAME_MAX);
    put(m, MII_CONFIG, MDC_DIVIDER);
    set_address(m, address);
    set_mode(m, true, true);
    chain(m->rx, m->rx_count);
    chain(m->tx, m->tx_count);
    start_receiving(m);
    put(m, CFG1, CFG1_TX | CFG1_RX);
    m->phy.read = read_phy;
    m->phy.write = write_phy;
    aksu_phy_start(mac, &m->phy);
    return get(m, MAX_FRAME_LENGTH) == AKSU_FRAME_MAX;
}

static void give_back(struct aksu_msf2 *m)
{
    m->rx[m->rx_next].size = (uint32_t)EMPTY;
    aksu_reg_barrier();
    put(m, DMA_RX_STATUS, RX_GOT); // one frame less
    m->rx_next = (uint8_t)(m->rx_next + 1 < m->rx_count ? m->rx_next + 1 : 0);
}

// The DMA stops where it finds no empty descriptor. Once all are, it may begin anywhere.
static void recover(struct aksu_msf2 *m)
{
    uint32_t status = get(m, DMA_RX_STATUS) & RX_STOPPED;

    if (status) {
        m->mac.counters.overruns += (status & RX_OVERFLOW) != 0;
        m->mac.counters.bad += (status & RX_BUS_ERROR) != 0;
        m->mac.counters.restarts++;
        put(m, DMA_RX_STATUS, status);
        start_receiving(m);
    }
}

static const void *receive(struct aksu_mac *mac, size_t *len)
{
    struct aksu_msf2 *m = (struct aksu_msf2 *)mac;
    uint32_t size;

    while (((size = m->rx[m->rx_next].size) & (uint32_t)EMPTY) == 0) {
        aksu_reg_barrier();
        *len = size & SIZE_BITS;
        if (*len >= HEADER && *len <= AKSU_FRAME_MAX) {
            return m->rx[m->rx_next].octets;
        }
        mac->counters.runts += *len < HEADER;
        mac->counters.jumbos += *len > AKSU_FRAME_MAX;
        give_back(m);
    }
    recover(m);
    return NULL;
}

static void release(struct aksu_mac *mac)
{
    give_back((struct aksu_msf2 *)mac);
}

static void take_sent(struct aksu_msf2 *m)
{
    while (m->tx_busy > 0 && (m->tx[m->tx_oldest].size & (uint32_t)EMPTY)) {
        put(m, DMA_TX_STATUS, TX_SENT); // one frame less
        m->tx_oldest = (uint8_t)(m->tx_oldest + 1 < m->tx_count ? m->tx_oldest + 1 : 0);
        m->tx_busy--;
    }
}

// The DMA stops when all is sent. It may have looked for more just before there was more, so this
// comes again with each lend().
static void go_on_sending(struct aksu_msf2 *m)
{
    take_sent(m);
    if (m->tx_busy > 0 && (get(m, DMA_TX_CTRL) & DMA_ON) == 0) {
        put(m, DMA_TX_STATUS, TX_UNDERRUN);
        put(m, DMA_TX_DESC, bus_address(&m->tx[m->tx_oldest]));
        aksu_reg_barrier();
        put(m, DMA_TX_CTRL, DMA_ON);
    }
}

static void *lend(struct aksu_mac *mac)
{
    struct aksu_msf2 *m = (struct aksu_msf2 *)mac;

    if (get(m, DMA_TX_STATUS) & TX_BUS_ERROR) {
        put(m, DMA_TX_STATUS, TX_BUS_ERROR);
        mac->counters.tx_errors++;
        mac->counters.restarts++;
    }
    go_on_sending(m);
    return m->tx_busy < m->tx_count ? m->tx[m->tx_next].octets : NULL;
}

static void send(struct aksu_mac *mac, size_t len)
{
    struct aksu_msf2 *m = (struct aksu_msf2 *)mac;

    aksu_reg_barrier();
    m->tx[m->tx_next].size = (uint32_t)len; // and with that the MAC's
    aksu_reg_barrier();
    m->tx_next = (uint8_t)(m->tx_next + 1 < m->tx_count ? m->tx_next + 1 : 0);
    m->tx_busy++;
    go_on_sending(m);
}

static void interrupts(struct aksu_mac *mac, unsigned wanted)
{
    struct aksu_msf2 *m = (struct aksu_msf2 *)mac;

    m->wanted = wanted;
    put(m, DMA_IRQ_MASK,
        ((wanted & AKSU_MAC_RX) ? IRQ_RX : 0) | ((wanted & AKSU_MAC_TX) ? IRQ_TX : 0));
}

static bool pending(struct aksu_mac *mac)
{
    struct aksu_msf2 *m = (struct aksu_msf2 *)mac;

    return (m->rx[m->rx_next].size & (uint32_t)EMPTY) == 0 ||
           (get(m, DMA_RX_STATUS) & RX_STOPPED) ||
           ((m->wanted & AKSU_MAC_TX) && (m->tx[m->tx_oldest].size & (uint32_t)EMPTY));
}

static void count(struct aksu_msf2 *m)
{
    static const uint16_t at[8] = {RFCS, RALN, RCDE, RUND, RFRG, ROVR, RJBR, TXCL};
    struct aksu_mac_counters *c = &m->mac.counters;
    uint32_t *const to[8] = {&c->bad,   &c->bad,    &c->bad,    &c->runts,
                             &c->runts, &c->jumbos, &c->jumbos, &c->tx_errors};

    for (unsigned i = 0; i < 8; i++) {
        uint32_t now = get(m, at[i]);
        *to[i] += (now - m->statistics[i]) & STATISTIC_BITS;
        m->statistics[i] = (uint16_t)now;
    }
}

static bool link_state(struct aksu_mac *mac)
{
    struct aksu_msf2 *m = (struct aksu_msf2 *)mac;
    bool up = aksu_phy_poll(mac, &m->phy);

    count(m);
    if (up) {
        set_mode(m, m->phy.fast, m->phy.full_duplex);
    }
    return up;
}

const struct aksu_mac_driver aksu_msf2 = {start, receive,    release, lend,
                                          send,  interrupts, pending, link_state};
