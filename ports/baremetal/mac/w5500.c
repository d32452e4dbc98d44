// SPDX-License-Identifier: MIT
// W5500 (WIZnet datasheet, version 1.0.9; the numbers of sections are its own).
#include "w5500.h"

// Blocks of the chip's address space (2.2.2), as they stand in the control octet.
enum { COMMON = 0x00, SOCKET = 0x08, TX_MEMORY = 0x10, RX_MEMORY = 0x18, WRITE = 0x04 };

// Common registers (4.1).
enum { MR = 0x00, SHAR = 0x09, SIMR = 0x18, PHYCFGR = 0x2E, VERSIONR = 0x39 };
enum { MR_RST = 0x80, VERSION = 0x04, PHY_NOT_RESET = 0x80, PHY_LINK = 0x01 };

// Registers of a socket (4.2).
enum {
    S_MR = 0x00,
    S_CR = 0x01,
    S_IR = 0x02,
    S_SR = 0x03,
    S_RXBUF_SIZE = 0x1E,
    S_TXBUF_SIZE = 0x1F,
    S_TX_WR = 0x24,
    S_RX_RSR = 0x26,
    S_RX_RD = 0x28,
    S_IMR = 0x2C
};
enum { MACRAW = 0x04, OUR_FRAMES = 0x80, NO_IPV6 = 0x10 }; // S_MR: and broadcast, and multicast
enum { OPEN = 0x01, CLOSE = 0x10, SEND = 0x20, RECV = 0x40 };
enum { IR_RECV = 0x04, IR_SEND_OK = 0x10 };
enum { SR_MACRAW = 0x42, SOCKETS = 8, SOCKET_STEP = 0x20, KIB = 16 };
enum { TRIES = 1000, HEADER = 2, FCS = 4 };

// A transaction (2.2): address, control, data of any length.
static void begin(const struct aksu_w5500 *m, unsigned block, unsigned at)
{
    const uint8_t head[3] = {(uint8_t)(at >> 8), (uint8_t)at, (uint8_t)block};

    m->spi->select(m->spi);
    m->spi->transfer(m->spi, head, NULL, sizeof head);
}

static void get(const struct aksu_w5500 *m, unsigned block, unsigned at, void *to, size_t len)
{
    begin(m, block, at);
    m->spi->transfer(m->spi, NULL, to, len);
    m->spi->deselect(m->spi);
}

static void put(const struct aksu_w5500 *m, unsigned block, unsigned at, const void *from,
                size_t len)
{
    begin(m, block | WRITE, at);
    m->spi->transfer(m->spi, from, NULL, len);
    m->spi->deselect(m->spi);
}

static unsigned get8(const struct aksu_w5500 *m, unsigned block, unsigned at)
{
    uint8_t octet;

    get(m, block, at, &octet, sizeof octet);
    return octet;
}

static void put8(const struct aksu_w5500 *m, unsigned block, unsigned at, unsigned value)
{
    const uint8_t octet = (uint8_t)value;

    put(m, block, at, &octet, sizeof octet);
}

static uint16_t get16(const struct aksu_w5500 *m, unsigned at)
{
    uint8_t octets[2];

    get(m, SOCKET, at, octets, sizeof octets);
    return (uint16_t)(octets[0] << 8 | octets[1]);
}

static void put16(const struct aksu_w5500 *m, unsigned at, uint16_t value)
{
    const uint8_t octets[2] = {(uint8_t)(value >> 8), (uint8_t)value};

    put(m, SOCKET, at, octets, sizeof octets);
}

// Gives socket 0 a command, which is taken when the register is 0 again.
static bool command(const struct aksu_w5500 *m, unsigned value)
{
    put8(m, SOCKET, S_CR, value);
    for (unsigned i = 0; i < TRIES; i++) {
        if (get8(m, SOCKET, S_CR) == 0) {
            return true;
        }
    }
    return false;
}

// Opens socket 0 with empty buffers.
static bool open_socket(struct aksu_w5500 *m)
{
    m->waiting = 0;
    m->sending = false;
    m->late = false;
    put8(m, SOCKET, S_MR, MACRAW | OUR_FRAMES | NO_IPV6);
    put8(m, SOCKET, S_IR, 0xFF);
    put8(m, SOCKET, S_IMR, m->wanted);
    if (!command(m, OPEN) || get8(m, SOCKET, S_SR) != SR_MACRAW) {
        return false;
    }
    m->read = get16(m, S_RX_RD);
    m->write = get16(m, S_TX_WR);
    return true;
}

// After reset, its own or ours, the chip's clock has to settle (5.5.1).
static bool answers(const struct aksu_w5500 *m)
{
    for (unsigned i = 0; i < TRIES; i++) {
        if (get8(m, COMMON, VERSIONR) == VERSION && (get8(m, COMMON, MR) & MR_RST) == 0) {
            return true;
        }
    }
    return false;
}

// The PHY negotiates by itself: that is its state after reset (4.1, PHYCFGR).
static bool start_chip(struct aksu_w5500 *m)
{
    if (!answers(m)) {
        return false;
    }
    put8(m, COMMON, MR, MR_RST);
    if (!answers(m)) {
        return false;
    }
    put(m, COMMON, SHAR, m->address, sizeof m->address);
    for (unsigned i = 0; i < SOCKETS; i++) {
        put8(m, SOCKET + i * SOCKET_STEP, S_RXBUF_SIZE, i == 0 ? KIB : 0);
        put8(m, SOCKET + i * SOCKET_STEP, S_TXBUF_SIZE, i == 0 ? KIB : 0);
    }
    put8(m, COMMON, SIMR, 1);
    return open_socket(m);
}

static bool start(struct aksu_mac *mac, const uint8_t address[6])
{
    struct aksu_w5500 *m = (struct aksu_w5500 *)mac;

    for (unsigned i = 0; i < sizeof m->address; i++) {
        m->address[i] = address[i];
    }
    m->wanted = 0;
    m->taken = false;
    m->dead = !start_chip(m);
    return !m->dead;
}

// What the socket says makes no sense: everything in it is lost, and it begins anew; or the chip
// does, when the link is looked at.
static void restart(struct aksu_w5500 *m)
{
    m->mac.counters.restarts++;
    m->dead = !(command(m, CLOSE) && open_socket(m));
}

// How many octets wait. The register may change between its octets: it counts if it reads the same
// twice (4.2, Sn_RX_RSR). That it goes on changing means only that frames come.
static uint16_t ask(const struct aksu_w5500 *m)
{
    uint16_t last = get16(m, S_RX_RSR);

    for (unsigned i = 0; i < TRIES; i++) {
        uint16_t now = get16(m, S_RX_RSR);
        if (now == last) {
            return now;
        }
        last = now;
    }
    return 0;
}

// Frames stand in memory with their length, itself included, before them (4.2, Sn_MR, MACRAW).
// Returns the length without it, or 0 if it cannot be one.
static uint16_t next_length(const struct aksu_w5500 *m)
{
    uint8_t octets[HEADER];

    get(m, RX_MEMORY, m->read, octets, sizeof octets);
    unsigned len = (unsigned)(octets[0] << 8 | octets[1]);

    return len >= HEADER + 14 && len <= m->waiting && len <= HEADER + AKSU_FRAME_MAX - FCS
               ? (uint16_t)(len - HEADER)
               : 0;
}

static void take(struct aksu_w5500 *m, uint16_t len)
{
    get(m, RX_MEMORY, (uint16_t)(m->read + HEADER), m->rx, len);
    m->read = (uint16_t)(m->read + HEADER + len);
    m->waiting = (uint16_t)(m->waiting - HEADER - len);
    m->rx_len = len;
    m->taken = true;
    put16(m, S_RX_RD, m->read);
    if (!command(m, RECV)) {
        restart(m);
    }
}

static const void *receive(struct aksu_mac *mac, size_t *len)
{
    struct aksu_w5500 *m = (struct aksu_w5500 *)mac;

    if (!m->taken && !m->dead) {
        m->waiting = m->waiting ? m->waiting : ask(m);
        uint16_t octets = m->waiting > 0 ? next_length(m) : 0;
        if (octets > 0) {
            take(m, octets);
        } else if (m->waiting > 0) {
            mac->counters.bad++;
            restart(m);
        }
    }
    *len = m->rx_len;
    return m->taken ? m->rx : NULL;
}

static void release(struct aksu_mac *mac)
{
    ((struct aksu_w5500 *)mac)->taken = false;
}

// One frame at a time: SEND sends all that was written since the last one, as one frame.
static void *lend(struct aksu_mac *mac)
{
    struct aksu_w5500 *m = (struct aksu_w5500 *)mac;

    if (m->sending && !m->dead && (get8(m, SOCKET, S_IR) & IR_SEND_OK)) {
        put8(m, SOCKET, S_IR, IR_SEND_OK);
        m->sending = false;
        m->late = false;
    }
    return m->sending || m->dead ? NULL : m->tx;
}

static void send(struct aksu_mac *mac, size_t len)
{
    struct aksu_w5500 *m = (struct aksu_w5500 *)mac;

    while (len < AKSU_FRAME_MIN) {
        m->tx[len++] = 0;
    }
    put(m, TX_MEMORY, m->write, m->tx, len);
    m->write = (uint16_t)(m->write + len);
    put16(m, S_TX_WR, m->write);
    m->sending = true;
    if (!command(m, SEND)) {
        mac->counters.tx_errors++;
        restart(m);
    }
}

static void interrupts(struct aksu_mac *mac, unsigned wanted)
{
    struct aksu_w5500 *m = (struct aksu_w5500 *)mac;
    uint8_t mask = (uint8_t)(((wanted & AKSU_MAC_RX) ? IR_RECV : 0) |
                             ((wanted & AKSU_MAC_TX) ? IR_SEND_OK : 0));

    if (mask != m->wanted && !m->dead) {
        put8(m, SOCKET, S_IMR, mask);
    }
    m->wanted = mask;
}

// RECV says that a frame has come, not that one waits: it is cleared before that is asked.
static bool pending(struct aksu_mac *mac)
{
    struct aksu_w5500 *m = (struct aksu_w5500 *)mac;

    if (m->dead) {
        return false;
    }
    put8(m, SOCKET, S_IR, IR_RECV);
    return m->waiting > 0 || ask(m) > 0 || (m->wanted & IR_SEND_OK & get8(m, SOCKET, S_IR)) != 0;
}

// Whether the chip is as it was set: it may have been reset, or have lost its power.
static bool sane(const struct aksu_w5500 *m)
{
    uint8_t address[6];
    bool same = get8(m, SOCKET, S_SR) == SR_MACRAW &&
                get8(m, SOCKET, S_MR) == (MACRAW | OUR_FRAMES | NO_IPV6);

    get(m, COMMON, SHAR, address, sizeof address);
    for (unsigned i = 0; i < sizeof address; i++) {
        same = same && address[i] == m->address[i];
    }
    return same;
}

// Called once a while, so it is also where a frame is given up that has been under way for as long.
static bool link_state(struct aksu_mac *mac)
{
    struct aksu_w5500 *m = (struct aksu_w5500 *)mac;

    if (m->dead || !sane(m)) {
        mac->counters.restarts++;
        m->dead = !start_chip(m);
    } else if (m->late) {
        mac->counters.tx_errors++;
        restart(m);
    }
    m->late = m->sending;
    unsigned phy = m->dead ? 0 : get8(m, COMMON, PHYCFGR);

    return (phy & (PHY_NOT_RESET | PHY_LINK)) == (PHY_NOT_RESET | PHY_LINK);
}

const struct aksu_mac_driver aksu_w5500 = {start, receive,    release, lend,
                                           send,  interrupts, pending, link_state};
