// SPDX-License-Identifier: MIT
#include "enc28j60_model.h"

// Common registers, and addresses by bank.
enum { EIE = 0x1B, EIR, ESTAT, ECON2, ECON1 };
enum { ERDPT = 0x00, EWRPT = 0x02, ETXST = 0x04, ETXND = 0x06, ERXST = 0x08, ERXND = 0x0A };
enum { ERXRDPT = 0x0C, ERXWRPT = 0x0E, ERXFCON = 0x18, EPKTCNT = 0x19 };
enum { MACON1 = 0x00, MACON3 = 0x02, MAMXFL = 0x0A, MICMD = 0x12, MIREGADR = 0x14, MIWR = 0x16 };
enum { MIRD = 0x18, MISTAT = 0x0A, EREVID = 0x12 };
enum { TXRST = 0x80, RXRST = 0x40, TXRTS = 0x08, RXEN = 0x04, AUTOINC = 0x80, PKTDEC = 0x40 };
enum { INT = 0x80, PKTIF = 0x40, TXIF = 0x08, TXERIF = 0x02, RXERIF = 0x01 };
enum { LATECOL = 0x10, TXABRT = 0x02, CLKRDY = 0x01 };
enum { UCEN = 0x80, CRCEN = 0x20, MCEN = 0x02, BCEN = 0x01, HDLDIS = 0x0100, LSTAT = 0x0400 };
enum { SPI_NS_PER_OCTET = 400, CABLE_NS_PER_OCTET = 800, MII_NS = 10240 }; // 20 MHz, 10 Mbit/s
enum { FCS = 4, HEAD = 6, STATUS = 7, PACKETS_MAX = 255 };

struct enc28j60_model enc28j60;

static struct enc28j60_model *const e = &enc28j60;

static unsigned get16(unsigned bank, unsigned at)
{
    return (unsigned)(e->reg[bank][at + 1] << 8 | e->reg[bank][at]);
}

static void put16(unsigned bank, unsigned at, unsigned value)
{
    e->reg[bank][at] = (uint8_t)value;
    e->reg[bank][at + 1] = (uint8_t)(value >> 8);
}

static void start_values(void)
{
    memset(e->reg, 0, sizeof e->reg);
    memset(e->phy, 0, sizeof e->phy);
    put16(0, ERDPT, 0x05FA);
    put16(0, ERXST, 0x05FA);
    put16(0, ERXND, 0x1FFF);
    put16(0, ERXRDPT, 0x05FA);
    e->reg[1][ERXFCON] = UCEN | CRCEN | BCEN;
    put16(2, MAMXFL, 0x0600);
    e->reg[3][EREVID] = ENC_REVISION;
    e->reg[0][ECON2] = AUTOINC;
    e->phy[2] = 0x0083;
    e->phy[3] = 0x1400;
}

void enc28j60_reset(void)
{
    start_values();
    e->write = e->freed = 0;
    e->packets = 0;
    e->sent_at = UINT64_MAX;
    e->ready_at = wire.now + MS;
    e->mii_at = 0;
    e->told_to_reset = false;
    e->transmitter_hangs = false;
}

/// Reception ///

static unsigned room(void)
{
    unsigned last = get16(0, ERXND);

    if (e->write > e->freed) {
        return last - (e->write - e->freed);
    }
    return e->write == e->freed ? last : e->freed - e->write - 1u;
}

static void store(uint8_t octet)
{
    e->memory[e->write] = octet;
    e->write = e->write >= get16(0, ERXND) ? 0 : (uint16_t)(e->write + 1);
}

static bool filtered(const uint8_t *frame, bool bad_fcs)
{
    static const uint8_t order[6] = {4, 5, 2, 3, 0, 1};
    unsigned filter = e->reg[1][ERXFCON];
    bool ours = true;

    for (unsigned i = 0; i < 6; i++) {
        ours = ours && frame[i] == e->reg[3][order[i]];
    }
    bool broadcast = memcmp(frame, "\xFF\xFF\xFF\xFF\xFF\xFF", 6) == 0;
    bool wanted = (ours && (filter & UCEN)) || (broadcast && (filter & BCEN)) ||
                  ((frame[0] & 1) && !broadcast && (filter & MCEN)) ||
                  (filter & (UCEN | BCEN | MCEN)) == 0;

    return !wanted || (bad_fcs && (filter & CRCEN));
}

static void overrun(void)
{
    e->dropped++;
    e->reg[0][EIR] |= RXERIF;
}

// The header, the frame with its FCS, and an octet if the next would not begin at an even address.
static void write_frame(const uint8_t *frame, size_t len, bool bad)
{
    unsigned octets = (unsigned)len + FCS;
    unsigned size = get16(0, ERXND) + 1;
    unsigned next = (e->write + HEAD + octets + (octets & 1)) % size;
    uint32_t head = (uint32_t)(next | octets << 16) ^ e->spoil;
    unsigned status = bad ? 0x10 : 0x80;

    e->spoil = 0;
    for (unsigned i = 0; i < 4; i++) {
        store((uint8_t)(head >> 8 * i));
    }
    store((uint8_t)(status | 0x40)); // a type, no length
    store(0);
    for (size_t i = 0; i < len; i++) {
        store(frame[i]);
    }
    for (size_t i = 0; i < FCS + (octets & 1); i++) {
        store(0xFC);
    }
}

// Beyond MAMXFL a frame is cut off, and so its FCS wrong.
void enc28j60_arrive(const uint8_t *frame, size_t len, bool bad_fcs)
{
    unsigned most = get16(2, MAMXFL);

    if (e->unplugged || (e->reg[0][ECON1] & (RXEN | RXRST)) != RXEN || !(e->reg[2][MACON1] & 1)) {
        return;
    }
    if (len + FCS > most) {
        len = most - FCS;
        bad_fcs = true;
    }
    if (filtered(frame, bad_fcs)) {
        e->filtered++;
    } else if (e->packets == PACKETS_MAX || len + FCS + HEAD + 1 > room()) {
        overrun();
    } else {
        write_frame(frame, len, bad_fcs);
        e->packets++;
    }
}

static void free_memory(void)
{
    e->freed = (uint16_t)get16(0, ERXRDPT);
    if (e->freed % 2 == 0) {
        wire_broken("ERXRDPT is even: the chip spoils its memory");
        e->spoil = 0xFFFF;
    }
    if (e->freed > get16(0, ERXND)) {
        wire_broken("ERXRDPT points out of the receive buffer");
    }
}

/// Sending ///

static void check_sending(void)
{
    if (e->tx_from <= get16(0, ERXND) || e->tx_to + STATUS >= ENC_MEMORY || e->tx_to < e->tx_from) {
        wire_broken("a frame to send is out of its memory");
    }
    if (e->memory[e->tx_from] != 0) {
        wire_broken("the octet before a frame to send wants what the driver does not");
    }
    if ((e->reg[2][MACON3] & 0xF0) != 0x30) {
        wire_broken("short frames are not padded, or no FCS is made");
    }
    if (!(e->phy[0x10] & HDLDIS)) {
        wire_broken("what is sent is received, too");
    }
    if (e->reg[2][MACON3] & 1 || e->phy[0] & 0x0100) {
        wire_broken("full duplex, which nobody has negotiated");
    }
}

static void begin_to_send(void)
{
    e->tx_from = (uint16_t)get16(0, ETXST);
    e->tx_to = (uint16_t)get16(0, ETXND);
    e->transmissions++;
    check_sending();
    bool never = e->hang || e->transmitter_hangs;

    e->sent_at =
        never ? UINT64_MAX - 1 : wire.now + (e->tx_to - e->tx_from + 24u) * CABLE_NS_PER_OCTET;
}

static void go_wrong(unsigned why)
{
    e->reg[0][EIR] |= TXERIF;
    e->reg[0][ESTAT] |= (uint8_t)(TXABRT | why);
    e->transmitter_hangs = true;
}

static void succeed(void)
{
    static uint8_t frame[ENC_MEMORY];
    size_t len = (size_t)(e->tx_to - e->tx_from);

    memset(frame, 0, 60);
    memcpy(frame, e->memory + e->tx_from + 1, len);
    memset(e->memory + e->tx_to + 1, 0xA5, STATUS);
    e->reg[0][EIR] |= TXIF;
    if (!e->unplugged) {
        wire_send(frame, len < 60 ? 60 : len);
    }
}

static void tick(void)
{
    if (e->sent_at > wire.now) {
        return;
    }
    e->sent_at = UINT64_MAX;
    e->reg[0][ECON1] &= (uint8_t)~TXRTS;
    if (e->collisions > 0) {
        e->collisions--;
        go_wrong(LATECOL);
    } else if (e->abort) {
        e->abort = false;
        go_wrong(0);
    } else {
        succeed();
    }
}

static uint64_t next(void)
{
    return e->sent_at;
}

static unsigned flags(void)
{
    return e->reg[0][EIR] | (e->packets > 0 ? PKTIF : 0u);
}

static bool interrupt(void)
{
    return !e->mute && (e->reg[0][EIE] & INT) && (e->reg[0][EIE] & flags() & 0x7F);
}

const struct wire_chip enc28j60_chip = {enc28j60_arrive, tick, next, interrupt, CABLE_NS_PER_OCTET};

/// Registers ///

static unsigned bank_of(unsigned at)
{
    return at >= EIE ? 0 : e->reg[0][ECON1] & 3;
}

// MAC and MII registers need a dummy octet when they are read, and know no single bits.
static bool is_mac(unsigned at)
{
    unsigned bank = bank_of(at);

    return at < EIE && (bank == 2 || (bank == 3 && (at < 6 || at == MISTAT)));
}

static uint8_t read_register(unsigned at)
{
    unsigned bank = bank_of(at);

    if (at == ESTAT) { // CLKRDY is there too early after a reset: errata
        return (uint8_t)(e->reg[0][ESTAT] | CLKRDY | (interrupt() ? INT : 0));
    }
    if (wire.now < e->ready_at) {
        return 0;
    }
    if (at == EIR) { // PKTIF does not tell: errata
        return e->reg[0][EIR];
    }
    if (bank == 1 && at == EPKTCNT) {
        return (uint8_t)e->packets;
    }
    if (bank == 0 && at / 2 * 2 == ERXWRPT) {
        return (uint8_t)(e->write >> (at & 1) * 8);
    }
    if (bank == 3 && at == MISTAT) {
        return wire.now < e->mii_at;
    }
    return e->reg[bank][at];
}

static void write_control(uint8_t value)
{
    uint8_t was = e->reg[0][ECON1];

    e->reg[0][ECON1] = value;
    if (value & TXRST) {
        e->transmitter_hangs = false;
        e->sent_at = UINT64_MAX;
        e->reg[0][ECON1] &= (uint8_t)~TXRTS;
    }
    if (value & RXRST) {
        e->reg[0][ECON1] &= (uint8_t)~RXEN;
    }
    if ((value & ~was & TXRTS) && !(value & TXRST)) {
        begin_to_send();
    }
    if (was & ~value & TXRTS) {
        e->sent_at = UINT64_MAX;
    }
    if ((value & ~was & RXEN) && e->freed % 2 == 0) {
        wire_broken("reception begins with ERXRDPT even");
    }
}

static void write_phy(void)
{
    unsigned reg = e->reg[2][MIREGADR] & 31;

    if (reg == 0 || reg >= 0x10) {
        e->phy[reg] = (uint16_t)get16(2, MIWR);
    }
    e->mii_at = wire.now + MII_NS;
}

static void read_phy(void)
{
    unsigned reg = e->reg[2][MIREGADR] & 31;

    put16(2, MIRD, reg == 0x11 ? (e->unplugged ? 0u : LSTAT) : e->phy[reg]);
    e->mii_at = wire.now + MII_NS;
}

static void write_mac(unsigned at, uint8_t value)
{
    bool mii = at >= MICMD && at <= MIWR + 1;

    if (mii && wire.now < e->mii_at) {
        wire_broken("the PHY's registers are used while they are busy");
    }
    e->reg[2][at] = value;
    if (at == MIWR + 1) {
        write_phy();
    } else if (at == MICMD && (value & 1)) {
        read_phy();
    }
}

static void write_bank_0(unsigned at, uint8_t value)
{
    e->reg[0][at] = value;
    if (at / 2 * 2 == ERXST) {
        e->write = (uint16_t)get16(0, ERXST);
        if (at == ERXST + 1 && e->write != 0) {
            wire_broken("reception does not begin at 0: errata");
        }
    } else if (at == ERXRDPT + 1) {
        free_memory();
    }
}

static void write_register(unsigned at, uint8_t value)
{
    unsigned bank = bank_of(at);

    if (wire.now < e->ready_at) {
        if (e->told_to_reset) {
            wire_broken("written to within a millisecond of its reset");
        }
    } else if (at == ECON1) {
        write_control(value);
    } else if (at == ECON2) {
        e->packets -= (value & PKTDEC) && e->packets > 0;
        e->reg[0][ECON2] = value & (uint8_t)~PKTDEC;
    } else if (bank == 2) {
        write_mac(at, value);
    } else if (bank == 0) {
        write_bank_0(at, value);
    } else {
        e->reg[bank][at] = value;
    }
}

/// SPI ///

static uint8_t read_memory(void)
{
    unsigned at = get16(0, ERDPT) % ENC_MEMORY;
    unsigned following = at == get16(0, ERXND) ? get16(0, ERXST) : at + 1;

    put16(0, ERDPT, following);
    return e->memory[at];
}

static void write_memory(uint8_t value)
{
    unsigned at = get16(0, EWRPT) % ENC_MEMORY;

    if (at <= get16(0, ERXND) && e->ready_at < wire.now && get16(0, ERXST) == 0) {
        wire_broken("the receive buffer is written to");
    }
    if (e->sent_at != UINT64_MAX && at >= e->tx_from && at <= e->tx_to) {
        wire_broken("a frame is overwritten while it is sent");
    }
    e->memory[at] = value;
    put16(0, EWRPT, at + 1);
}

static uint8_t data_octet(uint8_t out)
{
    unsigned at = e->instruction & 0x1F;

    switch (e->instruction >> 5) {
    case 0:
        return e->octet == 1 && is_mac(at) ? 0x5A : read_register(at);
    case 1:
        return read_memory();
    case 2:
        write_register(at, out);
        return 0;
    case 3:
        write_memory(out);
        return 0;
    case 4:
    case 5:
        if (is_mac(at)) {
            wire_broken("single bits of a MAC register are set");
        }
        write_register(at, (uint8_t)(e->instruction >> 5 == 4 ? e->reg[bank_of(at)][at] | out
                                                              : e->reg[bank_of(at)][at] & ~out));
        return 0;
    default:
        wire_broken("an instruction that is none");
        return 0;
    }
}

static uint8_t exchange(uint8_t out)
{
    uint8_t in = 0;

    if (e->octet > 0) {
        in = data_octet(out);
    } else {
        e->instruction = out;
    }
    if (e->octet == 0 && out == 0xFF) {
        enc28j60_reset();
        e->told_to_reset = true;
    }
    e->octet++;
    return in;
}

static void spi_select(struct aksu_spi *spi)
{
    (void)spi;
    if (e->selected) {
        wire_broken("selected twice");
    }
    e->selected = true;
    e->octet = 0;
}

static void spi_transfer(struct aksu_spi *spi, const void *out, void *in, size_t len)
{
    const uint8_t *from = out;
    uint8_t *to = in;

    (void)spi;
    if (!e->selected) {
        wire_broken("a transfer without select");
    }
    for (size_t i = 0; i < len; i++) {
        uint8_t octet = from ? from[i] : 0;
        octet = e->mute ? e->mute_octet : exchange(octet);
        if (to) {
            to[i] = octet;
        }
        wire_spend(SPI_NS_PER_OCTET);
    }
}

static void spi_deselect(struct aksu_spi *spi)
{
    (void)spi;
    e->selected = false;
    wire_spend(SPI_NS_PER_OCTET);
}

void enc28j60_init(void)
{
    memset(e, 0, sizeof *e);
    e->spi = (struct aksu_spi){spi_select, spi_transfer, spi_deselect};
    enc28j60_reset();
}
