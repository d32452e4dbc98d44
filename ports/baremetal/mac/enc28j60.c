// SPDX-License-Identifier: MIT
// ENC28J60 (Microchip data sheet DS39662, whose sections are cited; silicon errata DS80349, cited
// by the module that they are about).
#include "enc28j60.h"

// SPI instructions (4.2).
enum {
    READ = 0x00,
    READ_MEMORY = 0x3A,
    WRITE = 0x40,
    WRITE_MEMORY = 0x7A,
    SET = 0x80,
    CLEAR = 0xA0
};
enum { RESET = 0xFF };

// Registers (3.1): address, bank, and whether a read has a dummy octet first (MAC and MII).
enum { ADDRESS = 0x1F, BANK_1 = 0x20, BANK_2 = 0x40, BANK_3 = 0x60, BANKS = 0x60, DUMMY = 0x80 };
enum { EIE = 0x1B, EIR = 0x1C, ESTAT = 0x1D, ECON2 = 0x1E, ECON1 = 0x1F, IN_EACH_BANK = 0x1B };
enum { ERDPT = 0x00, EWRPT = 0x02, ETXST = 0x04, ETXND = 0x06, ERXST = 0x08, ERXND = 0x0A };
enum { ERXRDPT = 0x0C, ERXFCON = BANK_1 | 0x18, EPKTCNT = BANK_1 | 0x19 };
enum { MAC = BANK_2 | DUMMY, MACON1 = MAC | 0x00, MACON3 = MAC | 0x02, MACON4 = MAC | 0x03 };
enum { MABBIPG = MAC | 0x04, MAIPG = MAC | 0x06, MAMXFL = MAC | 0x0A };
enum { MICMD = MAC | 0x12, MIREGADR = MAC | 0x14, MIWR = MAC | 0x16, MIRD = MAC | 0x18 };
enum { MISTAT = BANK_3 | DUMMY | 0x0A, MAADR = BANK_3 | DUMMY, EREVID = BANK_3 | 0x12 };

enum { INTIE = 0x80, PKTIE = 0x40, TXIE = 0x08, TXERIE = 0x02, RXERIE = 0x01 }; // EIE; EIR alike
enum { FLAGS = TXIE | TXERIE | RXERIE };
enum { LATECOL = 0x10, TXABRT = 0x02, CLKRDY = 0x01 };                            // ESTAT
enum { PKTDEC = 0x40 };                                                           // ECON2
enum { TXRST = 0x80, RXRST = 0x40, TXRTS = 0x08, RXEN = 0x04, BANK_MASK = 0x03 }; // ECON1
enum { UNICAST = 0x80, BROADCAST = 0x01 }; // ERXFCON; without CRCEN, so that bad frames count
enum { MARXEN = 0x01, PAD_CRC = 0x30, CHECK_LENGTH = 0x02, DEFER = 0x40 };
enum { MII_READ = 0x01, MII_BUSY = 0x01 };
enum { PHCON1 = 0x00, PHCON2 = 0x10, PHSTAT2 = 0x11, HDLDIS = 0x0100, LINK = 0x0400 };

// The 8 KiB of memory. Reception begins at 0 (errata, Memory). A frame to send has an octet before
// it and seven behind it (7.1).
enum { RX_END = 0x19FF, RX_SIZE = RX_END + 1, TX_START = RX_SIZE, TX_LAST = 0x1FFF };
_Static_assert(TX_LAST + 1 - TX_START >= 1 + AKSU_FRAME_MAX + 7, "room for a frame to send");

enum { TRIES = 4000, SENDS = 16, PACKETS = 255, FCS = 4, HEAD = 6 };
enum { RX_OK = 0x80 };             // in the status vector's third octet (7.2.2)
enum { CUT = AKSU_FRAME_MAX + 4 }; // longer frames are cut off here, and are too long still

static void exchange(const struct aksu_enc28j60 *m, const void *out, void *in, size_t len)
{
    m->spi->select(m->spi);
    m->spi->transfer(m->spi, out, in, len);
    m->spi->deselect(m->spi);
}

static void instruct(const struct aksu_enc28j60 *m, unsigned instruction, unsigned value)
{
    const uint8_t out[2] = {(uint8_t)instruction, (uint8_t)value};

    exchange(m, out, NULL, sizeof out);
}

// Bits can be set and cleared in ETH registers only (4.2.5).
static void set(const struct aksu_enc28j60 *m, unsigned reg, unsigned bits)
{
    instruct(m, SET | (reg & ADDRESS), bits);
}

static void clear(const struct aksu_enc28j60 *m, unsigned reg, unsigned bits)
{
    instruct(m, CLEAR | (reg & ADDRESS), bits);
}

static void select_bank(struct aksu_enc28j60 *m, unsigned reg)
{
    unsigned bank = (reg & BANKS) / BANK_1;

    if ((reg & ADDRESS) < IN_EACH_BANK && bank != m->bank) {
        clear(m, ECON1, BANK_MASK);
        set(m, ECON1, bank);
        m->bank = (uint8_t)bank;
    }
}

static unsigned get8(struct aksu_enc28j60 *m, unsigned reg)
{
    const uint8_t out[3] = {(uint8_t)(READ | (reg & ADDRESS)), 0, 0};
    uint8_t in[3];
    size_t len = (reg & DUMMY) ? 3 : 2;

    select_bank(m, reg);
    exchange(m, out, in, len);
    return in[len - 1];
}

static void put8(struct aksu_enc28j60 *m, unsigned reg, unsigned value)
{
    select_bank(m, reg);
    instruct(m, WRITE | (reg & ADDRESS), value);
}

// The low octet first: many take effect with the high one.
static void put16(struct aksu_enc28j60 *m, unsigned reg, unsigned value)
{
    put8(m, reg, value & 0xFF);
    put8(m, reg + 1, value >> 8);
}

static void read_memory(const struct aksu_enc28j60 *m, void *to, size_t len)
{
    const uint8_t instruction = READ_MEMORY;

    m->spi->select(m->spi);
    m->spi->transfer(m->spi, &instruction, NULL, 1);
    m->spi->transfer(m->spi, NULL, to, len);
    m->spi->deselect(m->spi);
}

static void wait_for_mii(struct aksu_enc28j60 *m)
{
    for (unsigned i = 0; i < TRIES && (get8(m, MISTAT) & MII_BUSY); i++) {
    }
}

static unsigned get_phy(struct aksu_enc28j60 *m, unsigned reg)
{
    put8(m, MIREGADR, reg);
    put8(m, MICMD, MII_READ);
    wait_for_mii(m);
    put8(m, MICMD, 0);
    unsigned low = get8(m, MIRD);

    return get8(m, MIRD + 1) << 8 | low;
}

static void put_phy(struct aksu_enc28j60 *m, unsigned reg, unsigned value)
{
    put8(m, MIREGADR, reg);
    put16(m, MIWR, value);
    wait_for_mii(m);
}

// What has been read up to `next` is the chip's again. The pointer must be odd (errata, Memory), so
// it is the octet before.
static void free_up_to_next(struct aksu_enc28j60 *m)
{
    put16(m, ERXRDPT, m->next == 0 ? RX_END : m->next - 1u);
}

// Makes the receive buffer empty, and begins to receive. Returns false if the chip does not obey.
static bool receive_anew(struct aksu_enc28j60 *m)
{
    set(m, ECON1, RXRST);
    clear(m, ECON1, RXRST | RXEN);
    put16(m, ERXST, 0); // and with it the chip's write pointer (6.1)
    put16(m, ERXND, RX_END);
    m->next = 0;
    free_up_to_next(m);
    for (unsigned i = 0; i < PACKETS && get8(m, EPKTCNT) > 0; i++) {
        set(m, ECON2, PKTDEC);
    }
    clear(m, EIR, RXERIE);
    set(m, ECON1, RXEN);
    return get8(m, EPKTCNT) != PACKETS;
}

// Half duplex: 6.5, table 6-1 and 6-2.
static void set_mac(struct aksu_enc28j60 *m)
{
    static const uint8_t order[6] = {4, 5, 2, 3, 0, 1}; // of MAADR's registers (3.1)

    put8(m, MACON1, MARXEN);
    put8(m, MACON3, PAD_CRC | CHECK_LENGTH);
    put8(m, MACON4, DEFER);
    put16(m, MAMXFL, CUT);
    put8(m, MABBIPG, 0x12);
    put16(m, MAIPG, 0x0C12);
    for (unsigned i = 0; i < 6; i++) {
        put8(m, MAADR + order[i], m->address[i]);
    }
    put_phy(m, PHCON1, 0);
    put_phy(m, PHCON2, HDLDIS);
}

// After a reset CLKRDY may still be that of before, for up to 1 ms (errata, Reset). There is no
// clock here, but reading a register takes 0.8 us at the 20 MHz that the chip bears at most.
static bool reset(struct aksu_enc28j60 *m)
{
    const uint8_t instruction = RESET;
    bool ready = false;

    exchange(m, &instruction, NULL, 1);
    m->bank = 0;
    for (unsigned i = 0; i < TRIES; i++) {
        unsigned status = get8(m, ESTAT);
        ready = (status & CLKRDY) && status != UINT8_MAX;
    }
    unsigned revision = ready ? get8(m, EREVID) : 0;

    return revision != 0 && revision != UINT8_MAX;
}

static bool start_chip(struct aksu_enc28j60 *m)
{
    m->sending = false;
    m->late = false;
    if (!reset(m)) {
        return false;
    }
    put8(m, ERXFCON, UNICAST | BROADCAST);
    set_mac(m);
    put16(m, ETXST, TX_START);
    put8(m, EIE, m->wanted);
    return receive_anew(m);
}

static bool start(struct aksu_mac *mac, const uint8_t address[6])
{
    struct aksu_enc28j60 *m = (struct aksu_enc28j60 *)mac;

    for (unsigned i = 0; i < sizeof m->address; i++) {
        m->address[i] = address[i];
    }
    m->wanted = 0;
    m->taken = false;
    m->dead = !start_chip(m);
    return !m->dead;
}

// Where the frame behind one of that length stands: each begins at an even address (7.2.2).
static uint16_t behind(uint16_t at, unsigned len)
{
    return (uint16_t)((at + HEAD + len + (len & 1)) % RX_SIZE);
}

// Whether a frame with this status is one for the stack; len: with FCS.
static bool good(struct aksu_enc28j60 *m, unsigned status, unsigned len)
{
    if (len > AKSU_FRAME_MAX) {
        m->mac.counters.jumbos++;
    } else if (len < 14 + FCS) {
        m->mac.counters.runts++;
    } else if ((status & RX_OK) == 0) {
        m->mac.counters.bad++;
    } else {
        return true;
    }
    return false;
}

// Reads the oldest frame, if it is good, and frees its memory. Returns false if what stands before
// it cannot be: the next frame's place follows from this one's length, so a wrong one is noticed.
static bool take(struct aksu_enc28j60 *m)
{
    uint8_t head[HEAD];

    put16(m, ERDPT, m->next);
    read_memory(m, head, sizeof head);
    uint16_t next = (uint16_t)(head[1] << 8 | head[0]);
    unsigned len = (unsigned)(head[3] << 8 | head[2]);

    if (len > RX_SIZE - HEAD || next != behind(m->next, len)) {
        return false;
    }
    if (good(m, head[4], len)) {
        m->rx_len = (uint16_t)(len - FCS);
        read_memory(m, m->rx, m->rx_len);
        m->taken = true;
    }
    m->next = next;
    free_up_to_next(m);
    set(m, ECON2, PKTDEC);
    return true;
}

// Lost frames are told by a bit, not by a number.
static void look_for_overrun(struct aksu_enc28j60 *m)
{
    if (get8(m, EIR) & RXERIE) {
        m->mac.counters.overruns++;
        clear(m, EIR, RXERIE);
    }
}

// What the chip says makes no sense: what has come is lost. If it does not even obey, it is reset
// when the link is looked at.
static void restart(struct aksu_enc28j60 *m)
{
    m->mac.counters.restarts++;
    m->dead = !receive_anew(m);
}

// EIR's PKTIF is not reliable, the count of frames is (errata, Interrupts).
static const void *receive(struct aksu_mac *mac, size_t *len)
{
    struct aksu_enc28j60 *m = (struct aksu_enc28j60 *)mac;

    if (!m->taken && !m->dead) {
        look_for_overrun(m);
        for (unsigned i = 0; i < PACKETS && !m->taken && get8(m, EPKTCNT) > 0; i++) {
            if (!take(m)) {
                mac->counters.bad++;
                restart(m);
                break;
            }
        }
    }
    *len = m->rx_len;
    return m->taken ? m->rx : NULL;
}

static void release(struct aksu_mac *mac)
{
    ((struct aksu_enc28j60 *)mac)->taken = false;
}

// The transmitter may hang after an error: it is reset each time (errata, Transmit Logic).
static void transmit(struct aksu_enc28j60 *m)
{
    set(m, ECON1, TXRST);
    clear(m, ECON1, TXRST);
    clear(m, EIR, TXIE | TXERIE);
    clear(m, ESTAT, LATECOL | TXABRT);
    put16(m, ETXND, m->tx_end);
    m->tries++;
    set(m, ECON1, TXRTS);
}

// Sees whether the frame is gone. A late collision may be none (errata, Transmit
// Logic): it is sent again.
static void look_at_sending(struct aksu_enc28j60 *m)
{
    unsigned flags = get8(m, EIR);

    if ((flags & TXERIE) && (get8(m, ESTAT) & LATECOL) && m->tries < SENDS) {
        transmit(m);
    } else if (flags & (TXERIE | TXIE)) {
        m->mac.counters.tx_errors += (flags & TXERIE) != 0;
        clear(m, ECON1, TXRTS);
        clear(m, EIR, TXIE | TXERIE);
        m->sending = false;
        m->late = false;
    }
}

static void *lend(struct aksu_mac *mac)
{
    struct aksu_enc28j60 *m = (struct aksu_enc28j60 *)mac;

    if (m->sending && !m->dead) {
        look_at_sending(m);
    }
    return m->sending || m->dead ? NULL : m->tx;
}

static void send(struct aksu_mac *mac, size_t len)
{
    struct aksu_enc28j60 *m = (struct aksu_enc28j60 *)mac;
    const uint8_t instruction[2] = {WRITE_MEMORY, 0 /* as MACON3 says (7.1) */};

    put16(m, EWRPT, TX_START);
    m->spi->select(m->spi);
    m->spi->transfer(m->spi, instruction, NULL, sizeof instruction);
    m->spi->transfer(m->spi, m->tx, NULL, len);
    m->spi->deselect(m->spi);
    m->tx_end = (uint16_t)(TX_START + len); // the last one: the control octet is at TX_START
    m->tries = 0;
    m->sending = true;
    transmit(m);
}

static void interrupts(struct aksu_mac *mac, unsigned wanted)
{
    struct aksu_enc28j60 *m = (struct aksu_enc28j60 *)mac;
    uint8_t mask = (uint8_t)(((wanted & AKSU_MAC_RX) ? INTIE | PKTIE | RXERIE : 0) |
                             ((wanted & AKSU_MAC_TX) ? INTIE | TXIE | TXERIE : 0));

    if (mask != m->wanted && !m->dead) {
        put8(m, EIE, mask);
    }
    m->wanted = mask;
}

static bool pending(struct aksu_mac *mac)
{
    struct aksu_enc28j60 *m = (struct aksu_enc28j60 *)mac;

    return !m->dead && (get8(m, EPKTCNT) > 0 || (get8(m, EIR) & m->wanted & FLAGS) != 0);
}

// Whether the chip is as it was set: it may have been reset, or have lost its power.
static bool sane(struct aksu_enc28j60 *m)
{
    unsigned control = get8(m, ECON1); // first: reading the others may change the bank

    return (control & (RXRST | RXEN | TXRST | BANK_MASK)) == (RXEN | m->bank) &&
           get8(m, ERXND) == (RX_END & 0xFF) && get8(m, ERXND + 1) == RX_END >> 8 &&
           get8(m, MACON3) == (PAD_CRC | CHECK_LENGTH) && get8(m, MAADR + 4) == m->address[0] &&
           get8(m, MAADR + 1) == m->address[5];
}

// Called once a while, so it is also where a frame is given up that has been under way for as long.
static bool link_state(struct aksu_mac *mac)
{
    struct aksu_enc28j60 *m = (struct aksu_enc28j60 *)mac;

    if (m->dead || !sane(m)) {
        mac->counters.restarts++;
        m->dead = !start_chip(m);
    } else if (m->late) {
        mac->counters.tx_errors++;
        mac->counters.restarts++;
        clear(m, ECON1, TXRTS);
        m->sending = false;
    }
    m->late = m->sending;
    unsigned status = m->dead ? 0 : get_phy(m, PHSTAT2);

    return status != UINT16_MAX && (status & LINK);
}

const struct aksu_mac_driver aksu_enc28j60 = {start, receive,    release, lend,
                                              send,  interrupts, pending, link_state};
