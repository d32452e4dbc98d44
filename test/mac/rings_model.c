// SPDX-License-Identifier: MIT
#include "rings_model.h"
#include <aksu_reg.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

enum { BASE = 0x40000000, REGISTERS = 0x200 };

uint16_t model_phy[32];
static uint32_t reg[REGISTERS / 4];
static const struct rings_model *model;

static struct aksu_msf2 msf2;
static struct aksu_msf2_frame msf2_rx[RX_FRAMES], msf2_tx[TX_FRAMES];
static uint32_t msf2_rx_at, msf2_tx_at; // descriptors that the DMA looks at next

static struct aksu_gem gem;
static struct aksu_gem_descriptor gem_rx[RX_FRAMES], gem_tx[TX_FRAMES];
static struct aksu_gem_frame gem_rx_frames[RX_FRAMES], gem_tx_frames[TX_FRAMES];
static uint32_t gem_rx_at, gem_tx_at;
static bool gem_stalled; // it has seen a descriptor that was not free, and does not look again

uint32_t *model_register(uintptr_t at)
{
    assert_true(at < REGISTERS && at % 4 == 0);
    return &reg[at / 4];
}

void aksu_reg_barrier(void)
{
}

static void phy_written(unsigned at, uint16_t value)
{
    model_phy[at % 32] = at % 32 == 0 ? value & 0x7FFF : value; // reset is over at once
}

static void model_init(const struct rings_model *m)
{
    model = m;
    memset(reg, 0, sizeof reg);
    memset(model_phy, 0, sizeof model_phy);
    model_phy[1] = 0x7809 | 0x24; // can negotiate, done, link
    model_phy[5] = 0x0041;        // the partner: 10 Mbit/s, full duplex
}

// SmartFusion2 //

enum { TX_CTRL = 0x180, TX_DESC = 0x184, TX_STATUS = 0x188 };
enum { RX_CTRL = 0x18C, RX_DESC = 0x190, RX_STATUS = 0x194, IRQ_MASK = 0x198 };
enum { COUNT_1 = 1 << 16, COUNT = 0xFF << 16 };

static struct aksu_msf2_frame *msf2_at(uint32_t at)
{
    return (struct aksu_msf2_frame *)(uintptr_t)at;
}

static void msf2_init(void)
{
    model_init(&msf2_model);
    memset(&msf2, 0, sizeof msf2);
    memset(msf2_rx, 0, sizeof msf2_rx);
    memset(msf2_tx, 0, sizeof msf2_tx);
    msf2.mac.driver = &aksu_msf2;
    msf2.base = BASE;
    msf2.rx = msf2_rx;
    msf2.rx_count = RX_FRAMES;
    msf2.tx = msf2_tx;
    msf2.tx_count = TX_FRAMES;
    msf2.phy.address = 1;
}

// A status register: a one in bit 0 takes one from the count, the others clear what they name.
static void msf2_status(uint32_t *status, uint32_t value)
{
    *status &= ~(value & 0xE);
    if (value & 1) {
        assert_int_not_equal(*status & COUNT, 0);
        *status -= COUNT_1;
        if ((*status & COUNT) == 0) {
            *status &= ~1u;
        }
    }
}

static void msf2_put(uintptr_t at, uint32_t value)
{
    if (at == TX_STATUS || at == RX_STATUS) {
        msf2_status(model_register(at), value);
        return;
    }
    if (at == TX_DESC) { // not while it runs
        assert_int_equal(*model_register(TX_CTRL), 0);
        msf2_tx_at = value;
    } else if (at == RX_DESC) {
        assert_int_equal(*model_register(RX_CTRL), 0);
        msf2_rx_at = value;
    } else if (at == 0x24 && (value & 1)) {
        *model_register(0x30) = model_phy[*model_register(0x28) & 31];
    } else if (at == 0x2C) {
        phy_written(*model_register(0x28), (uint16_t)value);
    }
    *model_register(at) = value;
}

static void msf2_stop(void)
{
    *model_register(TX_CTRL) = 0;
    *model_register(TX_STATUS) |= 2;
}

static bool msf2_send_one(uint8_t frame[2048], size_t *len)
{
    if (*model_register(TX_CTRL) == 0) {
        return false;
    }
    struct aksu_msf2_frame *d = msf2_at(msf2_tx_at);

    if (d->size & 0x80000000u) {
        msf2_stop();
        return false;
    }
    *len = d->size & 0x7FF;
    memcpy(frame, (const void *)(uintptr_t)d->start, *len);
    d->size = 0x80000000u;
    msf2_tx_at = d->next;
    *model_register(TX_STATUS) = (*model_register(TX_STATUS) | 1) + COUNT_1;
    return true;
}

static bool msf2_arrive(size_t len, uint8_t fill)
{
    if (*model_register(RX_CTRL) == 0) {
        return false;
    }
    struct aksu_msf2_frame *d = msf2_at(msf2_rx_at);

    if ((d->size & 0x80000000u) == 0) {
        *model_register(RX_CTRL) = 0;
        *model_register(RX_STATUS) |= 4;
        return false;
    }
    if (len <= sizeof d->octets) {
        memset((void *)(uintptr_t)d->start, fill, len);
    }
    d->size = (uint32_t)len;
    msf2_rx_at = d->next;
    *model_register(RX_STATUS) = (*model_register(RX_STATUS) | 1) + COUNT_1;
    return true;
}

// An error of the bus: the DMA stops at the frame, which is still its.
static void msf2_fail(void)
{
    *model_register(TX_CTRL) = 0;
    *model_register(TX_STATUS) |= 8;
}

static bool msf2_interrupt(void)
{
    uint32_t causes = (*model_register(TX_STATUS) & 0xF) | (*model_register(RX_STATUS) & 0xF) << 4;

    return causes & *model_register(IRQ_MASK);
}

static bool msf2_full_duplex(void)
{
    return *model_register(4) & 1;
}

const struct rings_model msf2_model = {"SmartFusion2",   &msf2.mac, msf2_init, msf2_send_one,
                                       msf2_arrive,      msf2_stop, msf2_fail, msf2_interrupt,
                                       msf2_full_duplex, 0xA4,      0xD0,      0};

// GEM //

enum { NET_CTRL = 0x00, GEM_TX_STATUS = 0x14, RX_QBAR = 0x18, TX_QBAR = 0x1C };
enum { GEM_RX_STATUS = 0x20, INTR_STATUS = 0x24, INTR_MASK = 0x30 };
enum { RX_ON = 4, TX_ON = 8, START_TX = 1 << 9, GOING = 8 };

static struct aksu_gem_descriptor *gem_at(uint32_t at)
{
    return (struct aksu_gem_descriptor *)(uintptr_t)at;
}

static void gem_init(void)
{
    model_init(&gem_model);
    memset(&gem, 0, sizeof gem);
    gem.mac.driver = &aksu_gem;
    gem.base = BASE;
    gem.rx = (struct aksu_gem_ring){gem_rx, gem_rx_frames, RX_FRAMES};
    gem.tx = (struct aksu_gem_ring){gem_tx, gem_tx_frames, TX_FRAMES};
    gem_stalled = false;
    *model_register(8) = 4; // MDIO is idle
}

static void gem_control(uint32_t value)
{
    if (value & RX_ON) {
        gem_stalled = false;
    }
    if ((value & TX_ON) == 0) {
        gem_tx_at = *model_register(TX_QBAR);
        *model_register(GEM_TX_STATUS) &= ~(uint32_t)GOING;
    } else if (value & START_TX) {
        *model_register(GEM_TX_STATUS) |= GOING;
    }
    *model_register(NET_CTRL) = value & ~(uint32_t)START_TX;
}

static void gem_maintain(uint32_t value)
{
    unsigned at = value >> 18 & 31;

    if ((value >> 28 & 3) == 1) {
        phy_written(at, (uint16_t)value);
    }
    *model_register(0x34) = (value & 0xFFFF0000u) | model_phy[at];
}

static void gem_put(uintptr_t at, uint32_t value)
{
    if (at == NET_CTRL) {
        gem_control(value);
    } else if (at == GEM_TX_STATUS) {
        *model_register(at) &= ~value | GOING;
    } else if (at == GEM_RX_STATUS) {
        *model_register(at) &= ~value;
    } else if (at == 0x28 || at == 0x2C) {
        uint32_t *mask = model_register(INTR_MASK);
        *mask = at == 0x28 ? *mask | value : *mask & ~value;
    } else if (at == 0x34) {
        gem_maintain(value);
    } else {
        if (at == TX_QBAR) {
            assert_int_equal(*model_register(NET_CTRL) & TX_ON, 0);
            gem_tx_at = value;
        } else if (at == RX_QBAR) {
            assert_int_equal(*model_register(NET_CTRL) & RX_ON, 0);
            gem_rx_at = value;
        }
        *model_register(at) = value;
    }
}

static void gem_raise(uint32_t cause)
{
    *model_register(INTR_STATUS) |= cause & *model_register(INTR_MASK);
}

static void gem_stop(void)
{
    *model_register(GEM_TX_STATUS) &= ~(uint32_t)GOING;
    *model_register(GEM_TX_STATUS) |= 1;
    gem_raise(1 << 3);
}

static bool gem_send_one(uint8_t frame[2048], size_t *len)
{
    if ((*model_register(GEM_TX_STATUS) & GOING) == 0) {
        return false;
    }
    struct aksu_gem_descriptor *d = gem_at(gem_tx_at);

    if (d->status & 0x80000000u) {
        gem_stop();
        return false;
    }
    assert_true(d->status & 1 << 15);
    *len = d->status & 0x3FFF;
    memcpy(frame, (const void *)(uintptr_t)d->start, *len);
    d->status |= 0x80000000u;
    gem_tx_at = d->status & 1 << 30 ? *model_register(TX_QBAR) : gem_tx_at + (uint32_t)sizeof(*d);
    *model_register(GEM_TX_STATUS) |= 0x20;
    gem_raise(1 << 7);
    return true;
}

// Over as many buffers as it takes.
static bool gem_arrive(size_t len, uint8_t fill)
{
    uint32_t flags = 1 << 14; // start of frame

    do {
        struct aksu_gem_descriptor *d = gem_at(gem_rx_at);
        gem_stalled = gem_stalled || (d->start & 1);
        if ((*model_register(NET_CTRL) & RX_ON) == 0 || gem_stalled) {
            *model_register(GEM_RX_STATUS) |= 1;
            gem_raise(1 << 2);
            return false;
        }
        size_t n = len < AKSU_GEM_FRAME ? len : AKSU_GEM_FRAME;
        memset((void *)(uintptr_t)(d->start & ~3u), fill, n);
        len -= n;
        d->status = flags | (len == 0 ? 1u << 15 | (uint32_t)n : 0);
        flags = 0;
        gem_rx_at = d->start & 2 ? *model_register(RX_QBAR) : gem_rx_at + (uint32_t)sizeof(*d);
        d->start |= 1;
    } while (len > 0);
    *model_register(GEM_RX_STATUS) |= 2;
    gem_raise(1 << 1);
    return true;
}

// A FIFO underrun: the MAC stops at the frame.
static void gem_fail(void)
{
    *model_register(GEM_TX_STATUS) &= ~(uint32_t)GOING;
    *model_register(GEM_TX_STATUS) |= 1 << 6;
    gem_raise(1 << 4);
}

static bool gem_interrupt(void)
{
    return *model_register(INTR_STATUS) != 0;
}

static bool gem_full_duplex(void)
{
    return *model_register(4) & 2;
}

const struct rings_model gem_model = {"GEM",           &gem.mac, gem_init, gem_send_one,
                                      gem_arrive,      gem_stop, gem_fail, gem_interrupt,
                                      gem_full_duplex, 0x190,    0x188,    TX_FRAMES};

// What the drivers call //

uint32_t aksu_reg_get(uintptr_t address)
{
    uint32_t *at = model_register(address - BASE);
    uint32_t value = *at;

    if (model == &gem_model && (address - BASE == INTR_STATUS || address - BASE >= 0x100)) {
        *at = 0; // cleared by reading: interrupts, statistics
    }
    return value;
}

void aksu_reg_put(uintptr_t address, uint32_t value)
{
    (model == &gem_model ? gem_put : msf2_put)(address - BASE, value);
}
