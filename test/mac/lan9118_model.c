// SPDX-License-Identifier: MIT
#include "lan9118_model.h"
#include <aksu_reg.h>

enum { RX_DATA = 0x00, TX_DATA = 0x20, RX_STATUS = 0x40, TX_STATUS = 0x48, IRQ_CFG = 0x54 };
enum { INT_STS = 0x58, INT_EN = 0x5C, BYTE_TEST = 0x64, FIFO_INT = 0x68, TX_CFG = 0x70 };
enum { HW_CFG = 0x74, RX_DP_CTRL = 0x78, RX_FIFO_INF = 0x7C, TX_FIFO_INF = 0x80, PMT_CTRL = 0x84 };
enum { RX_DROP = 0xA0, MAC_CMD = 0xA4, MAC_DATA = 0xA8 };
enum { MAC_CR = 1, ADDRH, ADDRL, MII_ACC = 6, MII_DATA };
enum { RXEN = 1 << 2, TXEN = 1 << 3, PROMISCUOUS = 1 << 18, FULL = 1 << 20, READ = 1 << 30 };
enum { ERROR = 1 << 15, RUNT = 1 << 11, LONG = 1 << 7, BAD_FCS = 1 << 1, ETHERNET = 1 << 5 };
enum { RSFL = 1 << 3, TDFA = 1 << 9, IRQ_ON = 0x100, TX_ON = 2, SRST = 1, BUSY_READS = 2 };
enum { NS_PER_ACCESS = 100, CABLE_NS_PER_OCTET = 80, FCS = 4, OVERHEAD = 8, LONGEST = 2044 };
#define BUSY 0x80000000u

struct lan9118_model lan9118;

static struct lan9118_model *const l = &lan9118;

static void reset(void)
{
    struct lan9118_model kept = *l;

    memset(l, 0, sizeof *l);
    l->missing = kept.missing;
    l->tx_fault_each = kept.tx_fault_each;
    l->tx_fault = kept.tx_fault;
    l->tx_count = kept.tx_count;
    l->garbled = kept.garbled;
    l->dropped_all = kept.dropped_all - kept.dropped;
    l->reg[INT_EN / 4] = 0;
    l->reg[FIFO_INT / 4] = 0x48000000;
    l->mac[MAC_CR] = PROMISCUOUS;
    l->sent_at = UINT64_MAX;
}

void lan9118_error(uint32_t which)
{
    l->interrupts |= which;
    l->stopped |= which;
}

static void out_of_step(uint32_t which, const char *what)
{
    wire_broken(what);
    lan9118_error(which);
}

/// Reception ///

static bool filtered(const uint8_t *frame)
{
    bool ours = true;

    for (unsigned i = 0; i < 6; i++) {
        uint32_t address = i < 4 ? l->mac[ADDRL] : l->mac[ADDRH];
        ours = ours && frame[i] == (uint8_t)(address >> i % 4 * 8);
    }
    return !ours && !(l->mac[MAC_CR] & PROMISCUOUS) &&
           memcmp(frame, "\xFF\xFF\xFF\xFF\xFF\xFF", 6) != 0;
}

static void push(const uint8_t *frame, size_t len)
{
    for (size_t i = 0; i < len + FCS; i += 4) {
        uint32_t word = 0;
        for (unsigned k = 0; k < 4; k++) {
            word |= (uint32_t)(i + k < len ? frame[i + k] : 0xFC) << 8 * k;
        }
        l->data[(l->data_first + l->data_count++) % (LAN_RX_FIFO / 4)] = word;
    }
}

// Without MAC_CR.PASSBAD short frames go no further than the MAC; others come with what is wrong.
void lan9118_arrive(const uint8_t *frame, size_t len, bool bad_fcs)
{
    if (!(l->mac[MAC_CR] & RXEN) || (l->stopped & LAN_RXE) || len < 60 || filtered(frame)) {
        return;
    }
    len = len > LONGEST ? LONGEST : len;
    unsigned words = (unsigned)(len + FCS + 3) / 4;
    bool is_long = len + FCS > 1518;

    if (l->data_count + words > LAN_RX_FIFO / 4 || l->status_count == LAN_RX_STATUS) {
        l->dropped++;
        l->dropped_all++;
        return;
    }
    push(frame, len);
    l->status[(l->status_first + l->status_count++) % LAN_RX_STATUS] =
        (uint32_t)(len + FCS) << 16 | ETHERNET | (is_long ? ERROR | LONG : 0) |
        (bad_fcs ? ERROR | BAD_FCS : 0);
}

static uint32_t read_rx_data(void)
{
    if (l->data_count == 0 || l->owed == 0) {
        out_of_step(LAN_RXE, "more is read than the frame has");
        return 0;
    }
    uint32_t word = l->data[l->data_first];

    l->data_first = (l->data_first + 1) % (LAN_RX_FIFO / 4);
    l->data_count--;
    l->owed--;
    return word;
}

static uint32_t read_rx_status(void)
{
    if (l->status_count == 0) {
        out_of_step(LAN_RXE, "a status is read where none is");
        return 0;
    }
    if (l->owed != 0) {
        wire_broken("the last frame has not been read to its end");
    }
    uint32_t status = l->status[l->status_first];

    l->status_first = (l->status_first + 1) % LAN_RX_STATUS;
    l->status_count--;
    l->owed = ((status >> 16 & 0x3FFF) + 3) / 4;
    return status;
}

// At least four words of the frame must be left (3.13.1.1).
static void fast_forward(void)
{
    if (l->owed < 4) {
        wire_broken("fast forward with less than four words left");
    }
    while (l->owed > 0) {
        (void)read_rx_data();
    }
}

/// Sending ///

static void start_sending(void)
{
    if (l->frame_count > 0 && l->sent_at == UINT64_MAX && (l->mac[MAC_CR] & TXEN) &&
        (l->reg[TX_CFG / 4] & TX_ON) && !(l->stopped & LAN_TXE)) {
        l->sent_at = wire.now + (l->lengths[l->frame_first] + 24u) * CABLE_NS_PER_OCTET;
    }
}

static void queue_frame(void)
{
    unsigned len = l->command_b & 0x7FF;
    unsigned at = (l->frame_first + l->frame_count++) % LAN_TX_FRAMES;

    if (l->frame_count > LAN_TX_FRAMES) {
        out_of_step(LAN_TXE, "more frames to send than statuses");
    }
    memset(l->frames[at], 0, 60);
    memcpy(l->frames[at], l->tx, len);
    l->lengths[at] = (uint16_t)len;
    l->tx_words = 0;
    start_sending();
}

static void write_tx_data(uint32_t value)
{
    if (l->tx_words == 0) {
        l->command_a = value;
        if ((value & 0x3000) != 0x3000 || (value & 0x031F0000)) {
            wire_broken("a command for less than a frame, or with an offset");
        }
    } else if (l->tx_words == 1) {
        l->command_b = value;
        if ((value & 0x7FF) != (l->command_a & 0x7FF) || (value & 0x7FF) == 0 || (value & 0x3000)) {
            out_of_step(LAN_TXE, "lengths that differ: the transmitter stops");
        }
        l->tx_used += OVERHEAD + ((value & 0x7FF) + 3) / 4 * 4;
        if (l->tx_used > LAN_TX_FIFO) {
            out_of_step(LAN_TXE, "the transmit FIFO overflows: the transmitter stops");
        }
    } else {
        for (unsigned k = 0; k < 4; k++) {
            l->tx[(l->tx_words - 2) * 4 + k] = (uint8_t)(value >> 8 * k);
        }
    }
    l->tx_words++;
    if (l->tx_words > 2 && (l->tx_words - 2) * 4 >= (l->command_b & 0x7FF)) {
        queue_frame();
    }
}

static void finish_sending(void)
{
    static uint8_t sent[2048];
    unsigned len = l->lengths[l->frame_first];

    l->tx_count++;
    if (l->tx_fault_each && l->tx_count % l->tx_fault_each == 0) {
        bool odd = l->tx_count / l->tx_fault_each % 2;
        l->tx_fault = odd ? LAN_TX_UNDERRUN : LAN_TX_LATE_COLLISION;
    }
    memcpy(sent, l->frames[l->frame_first], sizeof sent);
    l->frame_first = (l->frame_first + 1) % LAN_TX_FRAMES;
    l->frame_count--;
    l->tx_used -= OVERHEAD + (len + 3) / 4 * 4;
    if (l->tx_status_count == LAN_TX_FRAMES) {
        out_of_step(LAN_TXE, "the FIFO of transmit statuses overflows: the transmitter stops");
    }
    l->tx_status[(l->tx_status_first + l->tx_status_count++) % LAN_TX_FRAMES] = l->tx_fault;
    bool good = l->tx_fault == 0;

    l->tx_fault = 0;
    bool full = (phy.offered & phy.heard & LINK_100) ? (phy.heard & LINK_100_FULL)
                                                     : (phy.heard & LINK_10_FULL);
    l->garbled += ((l->mac[MAC_CR] & FULL) != 0) != full;
    if (good && phy.linked) {
        wire_send(sent, len < 60 ? 60 : len);
    }
}

static uint32_t read_tx_status(void)
{
    if (l->tx_status_count == 0) {
        wire_broken("a transmit status is read where none is");
        return 0;
    }
    uint32_t status = l->tx_status[l->tx_status_first];

    l->tx_status_first = (l->tx_status_first + 1) % LAN_TX_FRAMES;
    l->tx_status_count--;
    return status;
}

static void tick(void)
{
    while (l->sent_at <= wire.now) {
        l->sent_at = UINT64_MAX;
        finish_sending();
        start_sending();
    }
}

static uint64_t next(void)
{
    return l->sent_at;
}

static unsigned tx_room(void)
{
    return LAN_TX_FIFO - l->tx_used;
}

// The causes latch, and do so again while they last.
static uint32_t causes(void)
{
    uint32_t levels = l->reg[FIFO_INT / 4];

    l->interrupts |= l->status_count > (levels & 0xFF) ? RSFL : 0;
    l->interrupts |= tx_room() > (levels >> 24) * 64 ? TDFA : 0;
    return l->interrupts;
}

static bool interrupt(void)
{
    return (l->reg[IRQ_CFG / 4] & IRQ_ON) && (causes() & l->reg[INT_EN / 4]);
}

const struct wire_chip lan9118_chip = {lan9118_arrive, tick, next, interrupt, CABLE_NS_PER_OCTET};

/// Registers ///

static void mac_command(uint32_t command)
{
    unsigned at = command & 0xF;

    if (l->mac_busy > 0) {
        wire_broken("a MAC register is used while the last one is busy");
    }
    l->mac_busy = BUSY_READS;
    if (command & READ) {
        l->mii_busy -= at == MII_ACC && l->mii_busy > 0;
        l->reg[MAC_DATA / 4] = l->mac[at] | (at == MII_ACC && l->mii_busy > 0);
        return;
    }
    if ((at == MII_ACC || at == MII_DATA) && l->mii_busy > 0) {
        wire_broken("a PHY register is used while the last one is busy");
    }
    l->mac[at] = l->reg[MAC_DATA / 4];
    if (at == MII_ACC) {
        uint32_t access = l->mac[MII_ACC];
        bool ours = (access >> 11 & 31) == 1;
        l->mac[MII_ACC] &= ~1u;
        l->mii_busy = BUSY_READS;
        if (access & 2 && ours) {
            phy_model_write(access >> 6 & 31, (uint16_t)l->mac[MII_DATA]);
        } else if (!(access & 2)) {
            l->mac[MII_DATA] = ours ? phy_model_read(access >> 6 & 31) : 0xFFFF;
        }
    }
    start_sending();
}

static uint32_t read_register(unsigned at)
{
    uint32_t value;

    switch (at) {
    case RX_DATA:
        return read_rx_data();
    case RX_STATUS:
        return read_rx_status();
    case TX_STATUS:
        return read_tx_status();
    case INT_STS:
        return causes();
    case BYTE_TEST:
        return 0x87654321;
    case PMT_CTRL:
        return 1;
    case HW_CFG:
        l->resetting -= l->resetting > 0;
        return l->reg[at / 4] | (l->resetting > 0 ? SRST : 0);
    case RX_FIFO_INF:
        return l->status_count << 16 | l->data_count * 4;
    case TX_FIFO_INF:
        return l->tx_status_count << 16 | tx_room();
    case RX_DROP:
        value = l->dropped;
        l->dropped = 0;
        return value;
    case MAC_CMD:
        l->mac_busy -= l->mac_busy > 0;
        return l->mac_busy > 0 ? BUSY : 0;
    default:
        return l->reg[at / 4];
    }
}

static void write_register(unsigned at, uint32_t value)
{
    switch (at) {
    case TX_DATA:
        write_tx_data(value);
        break;
    case INT_STS:
        l->interrupts &= ~value;
        break;
    case HW_CFG:
        if (value & SRST) {
            reset();
            l->resetting = BUSY_READS;
        } else {
            l->reg[at / 4] = value;
        }
        break;
    case RX_DP_CTRL:
        if (value & BUSY) {
            fast_forward();
        }
        break;
    case MAC_CMD:
        mac_command(value);
        break;
    default:
        l->reg[at / 4] = value;
        start_sending();
    }
}

static unsigned offset(uintptr_t address)
{
    if (address < LAN_BASE || address >= LAN_BASE + 0x100 || address % 4 != 0) {
        wire_broken("an address that is not the chip's");
    }
    return (unsigned)(address - LAN_BASE);
}

uint32_t aksu_reg_get(uintptr_t address)
{
    uint32_t value = l->missing ? UINT32_MAX : read_register(offset(address));

    wire_spend(NS_PER_ACCESS);
    return value;
}

void aksu_reg_put(uintptr_t address, uint32_t value)
{
    if (!l->missing) {
        write_register(offset(address), value);
    }
    wire_spend(NS_PER_ACCESS);
}

void aksu_reg_barrier(void)
{
}

void lan9118_init(void)
{
    memset(l, 0, sizeof *l);
    reset();
    phy_model_init();
}
