// SPDX-License-Identifier: MIT
#include "stellaris_model.h"
#include <aksu_reg.h>

enum { RIS = 0x00, IM = 0x04, RCTL = 0x08, TCTL = 0x0C, DATA = 0x10, IA0 = 0x14, IA1 = 0x18 };
enum { THR = 0x1C, MCTL = 0x20, MDV = 0x24, MTXD = 0x2C, MRXD = 0x30, NP = 0x34, TR = 0x38 };
enum { RXINT = 1, TXER = 2, TXEMP = 4, FOV = 8, RXER = 16, CAUSES = 0x7F };
enum { RXEN = 1, AMUL = 2, PRMS = 4, BADCRC = 8, RSTFIFO = 16 };
enum { TXEN = 1, PADEN = 2, CRC = 4, DUPLEX = 16, NEWTX = 1, START = 1, WRITE = 2 };
enum { PHYID1 = 2, IDENTIFIER = 0x000E, BUSY_READS = 2, MDC_MOST_HZ = 2500000, TX_MOST = 2032 };
enum { NS_PER_ACCESS = 100, CABLE_NS_PER_OCTET = 80, FCS = 4, LENGTH = 2, HEADER = 14 };

struct stellaris_model stellaris;

static struct stellaris_model *const s = &stellaris;

/// Reception ///

static unsigned fifo_words(void)
{
    return s->emulated ? STELLARIS_FRAMES * STELLARIS_FIFO : STELLARIS_FIFO;
}

void stellaris_push(uint32_t word, bool last)
{
    unsigned at = (s->first + s->count++) % (STELLARIS_FRAMES * STELLARIS_FIFO);

    assert_true(s->count <= fifo_words());
    s->data[at] = word;
    s->last[at] = last;
    s->frames += last;
    s->reg[RIS / 4] |= last ? RXINT : 0;
}

static bool filtered(const uint8_t *frame)
{
    static const uint8_t all[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    uint32_t rctl = s->reg[RCTL / 4];
    bool ours = true;

    for (unsigned i = 0; i < 6; i++) {
        uint32_t address = i < 4 ? s->reg[IA0 / 4] : s->reg[IA1 / 4];
        ours = ours && frame[i] == (uint8_t)(address >> i % 4 * 8);
    }
    return !s->emulated && !ours && !(rctl & PRMS) && !((rctl & AMUL) && (frame[0] & 1)) &&
           memcmp(frame, all, sizeof all) != 0;
}

// What fits of it; of a frame that does not, the last word is missing at least.
static void push_frame(const uint8_t *frame, size_t len)
{
    unsigned octets = (unsigned)len + LENGTH + FCS;
    unsigned words = (octets + 3) / 4;
    unsigned room = s->frames < STELLARIS_FRAMES ? fifo_words() - s->count : 0;

    for (unsigned i = 0; i < words && i < room; i++) {
        uint32_t word = i == 0 ? octets : 0;
        for (unsigned k = i == 0 ? LENGTH : 0; k < 4; k++) {
            unsigned at = 4 * i + k - LENGTH;
            word |= (uint32_t)(at < len ? frame[at] : 0xFC) << 8 * k;
        }
        stellaris_push(word, i + 1 == words);
    }
    if (words > room) {
        s->reg[RIS / 4] |= FOV;
        s->dropped_all++;
    }
}

void stellaris_arrive(const uint8_t *frame, size_t len, bool bad_fcs)
{
    if (!(s->reg[RCTL / 4] & RXEN) || filtered(frame)) {
        return;
    }
    if (bad_fcs) {
        s->reg[RIS / 4] |= RXER;
    }
    if (!bad_fcs || !(s->reg[RCTL / 4] & BADCRC)) {
        push_frame(frame, len);
    }
}

static uint32_t read_data(void)
{
    if (s->frames == 0) {
        wire_broken("more is read than whole frames have");
        return 0;
    }
    uint32_t word = s->data[s->first];

    s->frames -= s->last[s->first];
    s->first = (s->first + 1) % (STELLARIS_FRAMES * STELLARIS_FIFO);
    s->count--;
    s->words_read++;
    if (s->each_word) {
        s->each_word(s->words_read);
    }
    return word;
}

static void control_reception(uint32_t value)
{
    if (value & RSTFIFO) {
        if (value & RXEN) {
            wire_broken("the FIFO is reset under a receiver that is on");
        }
        s->count = s->frames = 0;
    }
    s->reg[RCTL / 4] = value & ~(uint32_t)RSTFIFO;
}

/// Sending ///

static void write_data(uint32_t word)
{
    if (s->sent_at != UINT64_MAX) {
        wire_broken("the transmit FIFO is written while a frame is sent from it");
    }
    if (s->reg[RIS / 4] & TXER) {
        wire_broken("a frame is written behind one that failed and is still there");
    }
    if (s->tx_words == STELLARIS_FIFO) {
        wire_broken("the transmit FIFO overflows");
        return;
    }
    s->tx[s->tx_words++] = word;
}

static size_t tx_len(void)
{
    return (s->tx[0] & 0xFFFF) + HEADER;
}

static void start_sending(void)
{
    if (s->tx_words != (LENGTH + tx_len() + 3) / 4 || tx_len() > TX_MOST) {
        wire_broken("the transmit FIFO holds another length than it says");
    }
    if (!(s->reg[TCTL / 4] & TXEN) || !(s->reg[TCTL / 4] & CRC) ||
        (tx_len() < 60 && !(s->reg[TCTL / 4] & PADEN))) {
        wire_broken("a frame goes nowhere, or has no FCS or padding");
    }
    s->sent_at = wire.now + (tx_len() + 24) * CABLE_NS_PER_OCTET;
}

static bool link_is_full(void)
{
    unsigned both = phy.offered & phy.heard;
    unsigned fast = LINK_100 | LINK_100_FULL;

    return (both & ((both & fast) ? LINK_100_FULL : LINK_10_FULL)) != 0;
}

static void put_on_cable(void)
{
    static uint8_t sent[4 * STELLARIS_FIFO];
    size_t len = tx_len();

    memset(sent, 0, sizeof sent);
    for (size_t i = 0; i < len; i++) {
        sent[i] = (uint8_t)(s->tx[(LENGTH + i) / 4] >> (LENGTH + i) % 4 * 8);
    }
    s->garbled += ((s->reg[TCTL / 4] & DUPLEX) != 0) != link_is_full() && !s->emulated;
    wire_send(sent, len < 60 ? 60 : len);
}

// What failed stays in the FIFO until TXER is acknowledged.
static void finish_sending(void)
{
    bool fails = s->tx_fault || (s->tx_fault_each && ++s->tx_count % s->tx_fault_each == 0);

    s->tx_fault = false;
    if (fails) {
        s->reg[RIS / 4] |= TXER;
        return;
    }
    s->reg[RIS / 4] |= TXEMP;
    if (phy.linked || s->emulated) {
        put_on_cable();
    }
    s->tx_words = 0;
}

static void acknowledge(uint32_t causes)
{
    if (causes & TXER) {
        if (s->sent_at != UINT64_MAX && (s->reg[RIS / 4] & TXER)) {
            wire_broken("the transmit FIFO is emptied while a frame is sent from it");
        }
        s->tx_words = 0;
    }
    s->reg[RIS / 4] &= ~causes;
}

static void tick(void)
{
    if (s->sent_at <= wire.now) {
        s->sent_at = UINT64_MAX;
        finish_sending();
    }
}

static uint64_t next(void)
{
    return s->sent_at;
}

static bool interrupt(void)
{
    return (s->reg[RIS / 4] & s->reg[IM / 4] & CAUSES) != 0;
}

const struct wire_chip stellaris_chip = {stellaris_arrive, tick, next, interrupt,
                                         CABLE_NS_PER_OCTET};

/// Registers ///

static uint16_t read_phy(unsigned reg)
{
    if (s->emulated) {
        return 0;
    }
    return reg == PHYID1 && !phy.missing ? IDENTIFIER : phy_model_read(reg);
}

static void manage(uint32_t command)
{
    unsigned reg = command >> 3 & 31;

    if (s->mii_busy > 0) {
        wire_broken("a PHY register is used while the last one is busy");
    }
    if (STELLARIS_HZ / 2 / (1 + s->reg[MDV / 4]) > MDC_MOST_HZ) {
        wire_broken("the PHY's clock is too fast");
    }
    if (!(command & START)) {
        return;
    }
    s->mii_busy = BUSY_READS;
    if (!(command & WRITE)) {
        s->reg[MRXD / 4] = read_phy(reg);
    } else if (!s->emulated) {
        phy_model_write(reg, (uint16_t)s->reg[MTXD / 4]);
    }
}

static uint32_t read_register(unsigned at)
{
    switch (at) {
    case DATA:
        return read_data();
    case NP:
        return s->frames;
    case TR:
        return s->sent_at != UINT64_MAX ? NEWTX : 0;
    case MCTL:
        s->mii_busy -= s->mii_busy > 0;
        return s->mii_busy > 0 ? START : 0;
    case MRXD:
        if (s->mii_busy > 0) {
            wire_broken("what a PHY says is read while it has not yet been said");
        }
        return s->reg[at / 4];
    default:
        return s->reg[at / 4];
    }
}

static void write_register(unsigned at, uint32_t value)
{
    switch (at) {
    case RIS:
        acknowledge(value);
        break;
    case RCTL:
        control_reception(value);
        break;
    case DATA:
        write_data(value);
        break;
    case MCTL:
        manage(value);
        break;
    case TR:
        start_sending();
        break;
    default:
        s->reg[at / 4] = value;
    }
}

static unsigned offset(uintptr_t address)
{
    if (address < STELLARIS_BASE || address > STELLARIS_BASE + TR || address % 4 != 0) {
        wire_broken("an address that is not the controller's");
    }
    return (unsigned)(address - STELLARIS_BASE);
}

uint32_t aksu_reg_get(uintptr_t address)
{
    uint32_t value = s->missing ? UINT32_MAX : read_register(offset(address));

    wire_spend(NS_PER_ACCESS);
    return value;
}

void aksu_reg_put(uintptr_t address, uint32_t value)
{
    if (!s->missing) {
        write_register(offset(address), value);
    }
    wire_spend(NS_PER_ACCESS);
}

void aksu_reg_barrier(void)
{
}

// Out of reset all interrupts are on.
void stellaris_init(void)
{
    memset(s, 0, sizeof *s);
    s->reg[IM / 4] = CAUSES;
    s->reg[RCTL / 4] = BADCRC;
    s->reg[THR / 4] = 0x3F;
    s->sent_at = UINT64_MAX;
    phy_model_init();
}
