// SPDX-License-Identifier: MIT
// Cadence GEM (registers as the SAM E70 data sheet, DS60001527, and the Zynq-7000 manual, UG585,
// describe them in their chapters GMAC and Gigabit Ethernet Controller; names of the latter).
#include "gem.h"
#include "../aksu_reg.h"

enum {
    NET_CTRL = 0x00,
    NET_CFG = 0x04,
    NET_STATUS = 0x08,
    DMA_CFG = 0x10,
    TX_STATUS = 0x14,
    RX_QBAR = 0x18,
    TX_QBAR = 0x1C,
    RX_STATUS = 0x20,
    INTR_STATUS = 0x24, // cleared by reading
    INTR_ENABLE = 0x28,
    INTR_DISABLE = 0x2C,
    PHY_MAINT = 0x34,
    SPEC_ADDR1_LOW = 0x88,
    SPEC_ADDR1_HIGH = 0x8C // writing it makes the address valid
};

// Statistics, cleared by reading.
enum { UNDERSIZED = 0x184, OVERSIZED = 0x188, JABBERS = 0x18C, FCS_ERRORS = 0x190 };
enum { SYMBOL_ERRORS = 0x198, ALIGN_ERRORS = 0x19C };

enum { CTRL_RX = 1 << 2, CTRL_TX = 1 << 3, CTRL_MDIO = 1 << 4, CTRL_CLEAR = 1 << 5 };
enum { CTRL_START_TX = 1 << 9, CTRL_ON = CTRL_RX | CTRL_TX | CTRL_MDIO };
enum { CFG_100 = 1 << 0, CFG_FULL_DUPLEX = 1 << 1, CFG_STRIP_FCS = 1 << 17 };
enum { DMA_BURST_16 = 16, DMA_ALL_MEMORY = 7 << 8, DMA_RX_SIZE = AKSU_GEM_FRAME / 64 << 16 };
enum { STATUS_MDIO_IDLE = 1 << 2 };
enum { TX_RETRIES = 1 << 2, TX_GOING = 1 << 3, TX_BUS = 0x110, TX_UNDERRUN = 1 << 6 };
enum { TX_LATE = 1 << 7, TX_BAD = TX_RETRIES | TX_BUS | TX_UNDERRUN | TX_LATE };
enum { RX_NO_BUFFER = 1 << 0, RX_OVERRUN = 1 << 2, RX_BUS = 1 << 3 };
enum { INT_RX = 1 << 1, INT_RX_USED = 1 << 2, INT_RX_OVERRUN = 1 << 10 };
enum { INT_TX_USED = 1 << 3, INT_TX_BAD = 7 << 4, INT_TX = 1 << 7 };
enum { INTS_RX = INT_RX | INT_RX_USED | INT_RX_OVERRUN };
enum { INTS_TX = INT_TX_USED | INT_TX_BAD | INT_TX };
enum { RXD_USED = 1 << 0, RXD_WRAP = 1 << 1, RXD_LENGTH = 0x1FFF, RXD_WHOLE = 3 << 14 };
enum { TXD_USED = (int)0x80000000u, TXD_WRAP = 1 << 30, TXD_LAST = 1 << 15 };
enum { MAINT_READ = 0x60020000, MAINT_WRITE = 0x50020000, TRIES = 100000, HEADER = 14 };

static uint32_t get(const struct aksu_gem *m, unsigned at)
{
    return aksu_reg_get(m->base + at);
}

static void put(const struct aksu_gem *m, unsigned at, uint32_t value)
{
    aksu_reg_put(m->base + at, value);
}

static uint32_t bus_address(const volatile void *p)
{
    return (uint32_t)(uintptr_t)p;
}

static uint16_t next(const struct aksu_gem_ring *ring, uint16_t i)
{
    return (uint16_t)(i + 1 < ring->count ? i + 1 : 0);
}

static uint16_t maintain(const struct aksu_gem *m, uint32_t frame)
{
    put(m, PHY_MAINT, frame);
    for (unsigned i = 0; i < TRIES && (get(m, NET_STATUS) & STATUS_MDIO_IDLE) == 0; i++) {
    }
    return (uint16_t)get(m, PHY_MAINT);
}

static uint16_t read_phy(struct aksu_mac *mac, unsigned address, unsigned reg)
{
    return maintain((struct aksu_gem *)mac, MAINT_READ | address << 23 | reg << 18);
}

static void write_phy(struct aksu_mac *mac, unsigned address, unsigned reg, uint16_t value)
{
    (void)maintain((struct aksu_gem *)mac, MAINT_WRITE | address << 23 | reg << 18 | value);
}

static void set_mode(const struct aksu_gem *m, bool fast, bool full_duplex)
{
    put(m, NET_CFG,
        m->config | CFG_STRIP_FCS | (fast ? CFG_100 : 0) | (full_duplex ? CFG_FULL_DUPLEX : 0));
}

static void give_to_dma(struct aksu_gem *m, uint16_t i)
{
    struct aksu_gem_descriptor *d = &m->rx.descriptors[i];

    d->status = 0;
    aksu_reg_barrier();
    d->start = bus_address(m->rx.frames[i].octets) | (next(&m->rx, i) == 0 ? RXD_WRAP : 0);
}

// The ring is empty after that. Sending is off meanwhile, so the MAC begins at its start.
static void start_sending(struct aksu_gem *m)
{
    for (uint16_t i = 0; i < m->tx.count; i++) {
        m->tx.descriptors[i].start = bus_address(m->tx.frames[i].octets);
        m->tx.descriptors[i].status = (uint32_t)TXD_USED;
    }
    m->tx_next = m->tx_oldest = m->tx_busy = 0;
    put(m, TX_STATUS, UINT32_MAX);
    put(m, TX_QBAR, bus_address(m->tx.descriptors));
    aksu_reg_barrier();
    put(m, NET_CTRL, CTRL_ON);
}

static bool start(struct aksu_mac *mac, const uint8_t address[6])
{
    struct aksu_gem *m = (struct aksu_gem *)mac;
    uint32_t low = (uint32_t)address[3] << 24 | (uint32_t)address[2] << 16 |
                   (uint32_t)address[1] << 8 | address[0];

    put(m, NET_CTRL, CTRL_CLEAR);
    put(m, INTR_DISABLE, UINT32_MAX);
    (void)get(m, INTR_STATUS);
    put(m, RX_STATUS, UINT32_MAX);
    put(m, DMA_CFG, DMA_BURST_16 | DMA_ALL_MEMORY | DMA_RX_SIZE);
    put(m, SPEC_ADDR1_LOW, low);
    put(m, SPEC_ADDR1_HIGH, (uint32_t)address[5] << 8 | address[4]);
    set_mode(m, true, true);
    for (uint16_t i = 0; i < m->rx.count; i++) {
        give_to_dma(m, i);
    }
    m->rx_next = 0;
    put(m, RX_QBAR, bus_address(m->rx.descriptors));
    start_sending(m);
    m->phy.read = read_phy;
    m->phy.write = write_phy;
    aksu_phy_start(mac, &m->phy);
    return get(m, SPEC_ADDR1_LOW) == low;
}

static bool frame_waits(const struct aksu_gem *m)
{
    return m->rx.descriptors[m->rx_next].start & RXD_USED;
}

static void release(struct aksu_mac *mac)
{
    struct aksu_gem *m = (struct aksu_gem *)mac;

    give_to_dma(m, m->rx_next);
    m->rx_next = next(&m->rx, m->rx_next);
}

// What the MAC lost. It has looked at a descriptor that was not free, and may remember that: it
// looks anew when reception is turned on, also if it is on.
static void recover(struct aksu_gem *m)
{
    uint32_t status = get(m, RX_STATUS) & (RX_NO_BUFFER | RX_OVERRUN | RX_BUS);

    if (status) {
        put(m, RX_STATUS, status);
        m->mac.counters.overruns += (status & (RX_NO_BUFFER | RX_OVERRUN)) != 0;
        m->mac.counters.bad += (status & RX_BUS) != 0;
        m->mac.counters.restarts++;
        aksu_reg_barrier();
        put(m, NET_CTRL, CTRL_ON);
    }
}

static const void *receive(struct aksu_mac *mac, size_t *len)
{
    struct aksu_gem *m = (struct aksu_gem *)mac;

    while (frame_waits(m)) {
        aksu_reg_barrier();
        uint32_t status = m->rx.descriptors[m->rx_next].status;
        bool whole = (status & RXD_WHOLE) == RXD_WHOLE;
        *len = status & RXD_LENGTH;
        if (whole && *len >= HEADER && *len <= AKSU_FRAME_MAX) {
            return m->rx.frames[m->rx_next].octets;
        }
        mac->counters.runts += whole && *len < HEADER;
        mac->counters.jumbos += !whole || *len > AKSU_FRAME_MAX;
        release(mac);
    }
    recover(m);
    return NULL;
}

// An error stops the MAC within the ring: what is in it is dropped, as if lost on the way.
static void stop_bad_sending(struct aksu_gem *m, uint32_t status)
{
    m->mac.counters.underruns += (status & TX_UNDERRUN) != 0;
    m->mac.counters.tx_errors += (status & TX_UNDERRUN) == 0;
    m->mac.counters.restarts++;
    put(m, NET_CTRL, CTRL_ON & ~CTRL_TX);
    start_sending(m);
}

// Takes back what is sent. The MAC may have looked for more just before there was more, so that it
// is started again with each lend().
static void go_on_sending(struct aksu_gem *m)
{
    while (m->tx_busy > 0 && (m->tx.descriptors[m->tx_oldest].status & (uint32_t)TXD_USED)) {
        m->tx_oldest = next(&m->tx, m->tx_oldest);
        m->tx_busy--;
    }
    uint32_t status = get(m, TX_STATUS);

    if (status & TX_BAD) {
        stop_bad_sending(m, status);
    } else if (m->tx_busy > 0 && (status & TX_GOING) == 0) {
        put(m, NET_CTRL, CTRL_ON | CTRL_START_TX);
    }
}

static void *lend(struct aksu_mac *mac)
{
    struct aksu_gem *m = (struct aksu_gem *)mac;

    go_on_sending(m);
    return m->tx_busy < m->tx.count ? m->tx.frames[m->tx_next].octets : NULL;
}

static void send(struct aksu_mac *mac, size_t len)
{
    struct aksu_gem *m = (struct aksu_gem *)mac;
    uint32_t wrap = next(&m->tx, m->tx_next) == 0 ? (uint32_t)TXD_WRAP : 0;

    aksu_reg_barrier();
    m->tx.descriptors[m->tx_next].status = wrap | TXD_LAST | (uint32_t)len;
    aksu_reg_barrier();
    m->tx_next = next(&m->tx, m->tx_next);
    m->tx_busy++;
    put(m, NET_CTRL, CTRL_ON | CTRL_START_TX);
}

static void interrupts(struct aksu_mac *mac, unsigned wanted)
{
    struct aksu_gem *m = (struct aksu_gem *)mac;
    uint32_t on = ((wanted & AKSU_MAC_RX) ? (uint32_t)INTS_RX : 0) |
                  ((wanted & AKSU_MAC_TX) ? (uint32_t)INTS_TX : 0);

    m->wanted = wanted;
    (void)get(m, INTR_STATUS);
    put(m, INTR_DISABLE, ~on);
    put(m, INTR_ENABLE, on);
}

// The status latches: it is cleared, and the rings are looked at behind that.
static bool pending(struct aksu_mac *mac)
{
    struct aksu_gem *m = (struct aksu_gem *)mac;

    (void)get(m, INTR_STATUS);
    return frame_waits(m) || (get(m, RX_STATUS) & (RX_NO_BUFFER | RX_OVERRUN | RX_BUS)) ||
           ((m->wanted & AKSU_MAC_TX) &&
            (m->tx.descriptors[m->tx_oldest].status & (uint32_t)TXD_USED));
}

static void count(struct aksu_gem *m)
{
    m->mac.counters.bad += get(m, FCS_ERRORS) + get(m, SYMBOL_ERRORS) + get(m, ALIGN_ERRORS);
    m->mac.counters.runts += get(m, UNDERSIZED);
    m->mac.counters.jumbos += get(m, OVERSIZED) + get(m, JABBERS);
}

static bool link_state(struct aksu_mac *mac)
{
    struct aksu_gem *m = (struct aksu_gem *)mac;
    bool up = aksu_phy_poll(mac, &m->phy);

    count(m);
    if (up) {
        set_mode(m, m->phy.fast, m->phy.full_duplex);
    }
    return up;
}

const struct aksu_mac_driver aksu_gem = {start, receive,    release, lend,
                                         send,  interrupts, pending, link_state};
