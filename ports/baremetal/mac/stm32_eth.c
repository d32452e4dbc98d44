// SPDX-License-Identifier: MIT
// STM32 F4 and F7 Ethernet, to the reference manuals RM0090 (F4; chapter 33) and RM0410 (F7;
// chapter 42), which describe the same MAC. Sections are RM0090's.
//
// Descriptors are rings, not chains (33.6.7, 33.6.8). The DMA owns a descriptor from when its OWN
// bit is set: fields and buffer are written before that, and read after it is seen clear, with a
// barrier between.
#include "stm32_eth.h"

#include <aksu/aksu.h>

// 33.8: the MAC, its counters, the DMA.
enum {
    MACCR = 0x00,
    MACFFR = 0x04,
    MACMIIAR = 0x10,
    MACMIIDR = 0x14,
    MACFCR = 0x18,
    MACIMR = 0x3C,
    MACA0HR = 0x40,
    MACA0LR = 0x44,
    MMCRIMR = 0x10C,
    MMCTIMR = 0x110,
    DMABMR = 0x1000,
    DMATPDR = 0x1004,
    DMARPDR = 0x1008,
    DMARDLAR = 0x100C,
    DMATDLAR = 0x1010,
    DMASR = 0x1014,
    DMAOMR = 0x1018,
    DMAIER = 0x101C,
    DMAMFBOCR = 0x1020
};

enum { CR_RE = 1 << 2, CR_TE = 1 << 3, CR_IPCO = 1 << 10, CR_DM = 1 << 11, CR_FES = 1 << 14 };
enum { CR_RESERVED = 1 << 15 }; // reads as 1, and is to be kept
enum { FCR_ZQPD = 1 << 7, A0HR_MO = (int)0x80000000u };
enum { MII_BUSY = 1, MII_WRITE = 2 };
enum { MMC_RX = 1 << 5 | 1 << 6 | 1 << 17, MMC_TX = 1 << 14 | 1 << 15 | 1 << 21 };
enum { IM_ALL = 1 << 3 | 1 << 9 };
enum { BMR_SR = 1, BMR_DSL_4 = 4 << 2, BMR_EDFE = 1 << 7, BMR_FB = 1 << 16, BMR_AAB = 1 << 25 };
enum { BMR_BURSTS = 32 << 8 | 32 << 17 | 1 << 23 }; // 32 beats each way (PBL, RDP, USP)
enum { OMR_SR = 1 << 1, OMR_OSF = 1 << 2, OMR_FUGF = 1 << 6, OMR_FEF = 1 << 7, OMR_ST = 1 << 13 };
enum { OMR_TSF = 1 << 21, OMR_RSF = 1 << 25, OMR_DTCEFD = 1 << 26 };
enum { // whole frames through the FIFOs, and bad ones too, so that they are counted
    OMR_MODE = OMR_TSF | OMR_RSF | OMR_OSF | OMR_FUGF | OMR_FEF | OMR_DTCEFD
};
enum { // DMASR and, where they are interrupts, DMAIER
    S_TS = 1 << 0,
    S_TPS = 1 << 1,
    S_TBU = 1 << 2,
    S_TJT = 1 << 3,
    S_RO = 1 << 4,
    S_TU = 1 << 5,
    S_RS = 1 << 6,
    S_RBU = 1 << 7,
    S_RPS = 1 << 8,
    S_RWT = 1 << 9,
    S_ET = 1 << 10,
    S_FBE = 1 << 13,
    S_ER = 1 << 14,
    S_AIS = 1 << 15,
    S_NIS = 1 << 16
};
enum { S_TOLD = S_TS | S_TBU | S_RS | S_ET | S_ER | S_NIS | S_RWT | S_RO | S_TU }; // elsewhere too
enum { S_TROUBLE = S_TPS | S_RBU | S_RPS | S_FBE }; // what recover() has work with
enum { S_ALL = S_TOLD | S_TROUBLE | S_TJT | S_AIS };

// Descriptors: four words, and in the enhanced format four more.
enum { STATUS, CONTROL, BUFFER, SECOND, VERDICT };
#define OWN 0x80000000u
enum { RX_DE = 1 << 14, RX_OE = 1 << 11, RX_FS = 1 << 9, RX_LS = 1 << 8, RX_LCO = 1 << 6 };
enum { RX_ES = 1 << 15, RX_RE = 1 << 3, RX_CE = 1 << 1, RX_ESA = 1 };
enum {
    RX_END = 1 << 15,
    IP_HEADER_ERROR = 1 << 3,
    IP_PAYLOAD_ERROR = 1 << 4,
    IP_BYPASSED = 1 << 5
};
enum { TX_IC = 1 << 30, TX_LS = 1 << 29, TX_FS = 1 << 28, TX_END = 1 << 21, TX_ES = 1 << 15 };
enum { TX_CIC_HEADER = 1 << 22, TX_CIC_ALL = 3 << 22, TX_UF = 1 << 1 };

enum { RX = AKSU_STM32_RX_FRAMES, TX = AKSU_STM32_TX_FRAMES, FCS = 4, SHORTEST = 64 };

static struct aksu_stm32_eth *self(struct aksu_mac *mac)
{
    return (struct aksu_stm32_eth *)mac;
}

static uint32_t get(const struct aksu_stm32_eth *m, unsigned at)
{
    return aksu_reg_get(m->base + at);
}

static void put(const struct aksu_stm32_eth *m, unsigned at, uint32_t value)
{
    aksu_reg_put(m->base + at, value);
}

// For registers that the MAC takes over into its own clock's domain.
static void put_slowly(const struct aksu_stm32_eth *m, unsigned at, uint32_t value)
{
    put(m, at, value);
    for (unsigned i = 0; i < AKSU_STM32_SETTLE; i++) {
        (void)get(m, at);
    }
}

static bool wait_for(const struct aksu_stm32_eth *m, unsigned at, uint32_t mask)
{
    for (unsigned i = 0; i < AKSU_STM32_TRIES; i++) {
        if ((get(m, at) & mask) == 0) {
            return true;
        }
    }
    return false;
}

/// MDIO (33.4.1) ///

// MDC stays below 2.5 MHz (33.8.1, MACMIIAR.CR).
static uint32_t mdc(const struct aksu_stm32_eth *m)
{
    static const struct {
        uint32_t below;
        uint32_t code;
    } ranges[] = {{35000000, 2}, {60000000, 3}, {100000000, 0}, {150000000, 1}};

    for (unsigned i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (m->hclk < ranges[i].below) {
            return ranges[i].code << 2;
        }
    }
    return 4 << 2;
}

static uint16_t read_phy(struct aksu_mac *mac, unsigned address, unsigned reg)
{
    struct aksu_stm32_eth *m = self(mac);

    put(m, MACMIIAR, address << 11 | reg << 6 | mdc(m) | MII_BUSY);
    return wait_for(m, MACMIIAR, MII_BUSY) ? (uint16_t)get(m, MACMIIDR) : UINT16_MAX;
}

static void write_phy(struct aksu_mac *mac, unsigned address, unsigned reg, uint16_t value)
{
    struct aksu_stm32_eth *m = self(mac);

    put(m, MACMIIDR, value);
    put(m, MACMIIAR, address << 11 | reg << 6 | mdc(m) | MII_WRITE | MII_BUSY);
    (void)wait_for(m, MACMIIAR, MII_BUSY);
}

/// Descriptors ///

static void clean(const struct aksu_stm32_eth *m, const volatile void *from, size_t len)
{
    if (m->cached) {
        aksu_stm32_lines(AKSU_DCCMVAC, from, len);
    }
}

static void invalidate(const struct aksu_stm32_eth *m, const volatile void *from, size_t len)
{
    if (m->cached) {
        aksu_stm32_lines(AKSU_DCIMVAC, from, len);
    }
}

// Returns a descriptor's first word. If OWN is clear, the rest of it may be read, and its buffer.
static uint32_t status_of(const struct aksu_stm32_eth *m, const struct aksu_stm32_descriptor *d)
{
    invalidate(m, d, sizeof *d);
    uint32_t status = d->word[STATUS];

    aksu_reg_barrier();
    return status;
}

// Hands a descriptor over that is written but for its first word, with what it points at.
static void hand_over(const struct aksu_stm32_eth *m, struct aksu_stm32_descriptor *d,
                      uint32_t status)
{
    aksu_reg_barrier();
    d->word[STATUS] = status | OWN;
    clean(m, d, sizeof *d);
    aksu_reg_barrier(); // before a poll demand makes the DMA look
}

static void rings_start(struct aksu_stm32_eth *m)
{
    struct aksu_stm32_dma *dma = m->dma;

    for (unsigned i = 0; i < RX; i++) {
        dma->rx[i].word[CONTROL] = AKSU_STM32_BUFFER | (i == RX - 1u ? RX_END : 0u);
        dma->rx[i].word[BUFFER] = (uint32_t)(uintptr_t)dma->rx_frame[i];
        dma->rx[i].word[SECOND] = 0;
    }
    for (unsigned i = 0; i < TX; i++) {
        dma->tx[i].word[STATUS] = 0;
    }
    if (m->cached) { // nothing that was written here before may be written back later
        aksu_stm32_lines(AKSU_DCCIMVAC, dma, sizeof *dma);
    }
    for (unsigned i = 0; i < RX; i++) {
        hand_over(m, &dma->rx[i], 0);
    }
    m->rx_next = m->tx_next = m->tx_waiting = 0;
    put(m, DMARDLAR, (uint32_t)(uintptr_t)dma->rx);
    put(m, DMATDLAR, (uint32_t)(uintptr_t)dma->tx);
}

/// Start (33.6.1) ///

static uint32_t mode(const struct aksu_stm32_eth *m)
{
    return CR_RESERVED | CR_RE | CR_TE | (m->phy.fast ? CR_FES : 0u) |
           (m->phy.full_duplex ? CR_DM : 0u) | ((m->mac.offload & AKSU_OFFLOAD_RX) ? CR_IPCO : 0u);
}

// Its own address and broadcast come in (33.5.5); pause frames neither are obeyed nor sent.
static void mac_start(const struct aksu_stm32_eth *m)
{
    const uint8_t *a = m->address;

    put(m, MACIMR, IM_ALL);
    put(m, MMCRIMR, MMC_RX);
    put(m, MMCTIMR, MMC_TX);
    put_slowly(m, MACFFR, 0);
    put_slowly(m, MACFCR, FCR_ZQPD);
    put_slowly(m, MACA0HR, (uint32_t)A0HR_MO | (uint32_t)a[5] << 8 | a[4]);
    put_slowly(m, MACA0LR,
               (uint32_t)a[3] << 24 | (uint32_t)a[2] << 16 | (uint32_t)a[1] << 8 | a[0]);
    put_slowly(m, MACCR, m->mode);
}

static bool open(struct aksu_stm32_eth *m)
{
    bool enhanced = (m->mac.offload & AKSU_OFFLOAD_RX) != 0;

    put(m, DMABMR, BMR_SR);
    if (!wait_for(m, DMABMR, BMR_SR)) {
        return false; // a clock is missing: the PHY's, or RMII and MII are mixed up
    }
    put_slowly(m, DMABMR, BMR_AAB | BMR_FB | BMR_BURSTS | (enhanced ? BMR_EDFE : BMR_DSL_4));
    rings_start(m);
    m->mode = mode(m);
    mac_start(m);
    put(m, DMAIER, 0);
    put(m, DMASR, S_ALL);
    put_slowly(m, DMAOMR, OMR_MODE | OMR_ST | OMR_SR);
    return true;
}

static bool start(struct aksu_mac *mac, const uint8_t address[6])
{
    struct aksu_stm32_eth *m = self(mac);

    for (unsigned i = 0; i < 6; i++) {
        m->address[i] = address[i];
    }
    m->phy.read = read_phy;
    m->phy.write = write_phy;
    m->taken = false;
    m->running = open(m);
    if (m->running) {
        aksu_phy_start(mac, &m->phy);
    }
    return m->running;
}

/// What has been sent ///

static struct aksu_stm32_descriptor *oldest_sent(const struct aksu_stm32_eth *m)
{
    return &m->dma->tx[(m->tx_next + TX - m->tx_waiting) % TX];
}

// An underrun suspends sending until a poll demand (33.6.7), which the next frame brings anyway;
// but frames behind it may wait already.
static void count_sent(struct aksu_stm32_eth *m, uint32_t status)
{
    if (status & TX_UF) {
        m->mac.counters.underruns++;
        m->mac.counters.restarts++;
        put(m, DMASR, S_TU | S_AIS);
        put(m, DMATPDR, 0);
    } else if (status & TX_ES) {
        m->mac.counters.tx_errors++;
    }
}

// Takes back what has been sent.
static void reclaim(struct aksu_stm32_eth *m)
{
    while (m->running && m->tx_waiting > 0) {
        uint32_t status = status_of(m, oldest_sent(m));
        if (status & OWN) {
            return;
        }
        m->tx_waiting--;
        count_sent(m, status);
    }
}

/// Recovery (33.6.6, 33.6.8) ///

// A DMA that has found no descriptor for a frame waits until it is told that there is one.
static void resume_reception(struct aksu_stm32_eth *m)
{
    m->mac.counters.restarts++;
    put(m, DMASR, S_RBU | S_AIS);
    put(m, DMARPDR, 0);
}

// Sending stops after a jabber timeout. It goes on with the descriptor behind it.
static void restart_sending(struct aksu_stm32_eth *m)
{
    m->mac.counters.restarts++;
    put_slowly(m, DMAOMR, OMR_MODE | OMR_SR);
    put(m, DMASR, S_TPS | S_TJT | S_AIS);
    put_slowly(m, DMAOMR, OMR_MODE | OMR_SR | OMR_ST);
}

// After a bus error, both ways: what was under way is lost.
static void restart(struct aksu_stm32_eth *m)
{
    reclaim(m);
    m->mac.counters.restarts++;
    m->mac.counters.tx_errors += m->tx_waiting;
    m->running = open(m);
}

// Called while no frame is taken, and none waits.
static void recover(struct aksu_stm32_eth *m)
{
    uint32_t status = get(m, DMASR);
    uint32_t missed = get(m, DMAMFBOCR); // reading clears it

    m->mac.counters.overruns += (missed & 0xFFFF) + (missed >> 17 & 0x7FF);
    if (status & (S_FBE | S_RPS)) {
        restart(m);
        return;
    }
    if (status & S_RBU) {
        resume_reception(m);
    }
    if (status & S_TPS) {
        restart_sending(m);
    }
}

/// Receiving ///

// What the MAC says of checksums (33.6.8, RDES4). What it says nothing of is good unless it is TCP,
// for the stack relies on this.
static bool verified(const struct aksu_stm32_eth *m, uint32_t status)
{
    const struct aksu_stm32_descriptor *d = &m->dma->rx[m->rx_next];
    uint32_t verdict = (status & RX_ESA) ? d->word[VERDICT] : IP_BYPASSED;

    if (verdict & (IP_HEADER_ERROR | IP_PAYLOAD_ERROR)) {
        return false;
    }
    return !(verdict & IP_BYPASSED) || !aksu_stm32_is_tcp(m->dma->rx_frame[m->rx_next]);
}

// Whether the frame of the next descriptor is one for the stack; len: with FCS. Of a frame in
// several buffers the first one is counted; what the MAC's watchdog cuts at 2048 octets is one.
// With RX_DE the length is not valid. An overrun has been counted by the MAC.
static bool good(struct aksu_stm32_eth *m, uint32_t status, uint32_t len)
{
    struct aksu_mac_counters *counters = &m->mac.counters;

    if (!(status & RX_FS) || (status & (RX_LS | RX_OE)) == (RX_LS | RX_OE)) {
        return false;
    }
    if (!(status & RX_LS) || (status & RX_DE) || len > AKSU_FRAME_MAX) {
        counters->jumbos++;
    } else if (len < SHORTEST) {
        counters->runts++;
    } else if (status & (RX_CE | RX_RE | RX_LCO)) {
        counters->bad++;
    } else if ((m->mac.offload & AKSU_OFFLOAD_RX) && !verified(m, status)) {
        counters->checksums++;
    } else if (status & RX_ES) {
        counters->bad++;
    } else {
        return true;
    }
    return false;
}

static void give_back(struct aksu_stm32_eth *m)
{
    hand_over(m, &m->dma->rx[m->rx_next], 0);
    m->rx_next = (uint8_t)((m->rx_next + 1) % RX);
    if (get(m, DMASR) & S_RBU) {
        resume_reception(m);
    }
}

static const void *receive(struct aksu_mac *mac, size_t *len)
{
    struct aksu_stm32_eth *m = self(mac);

    while (m->running && !m->taken) {
        uint32_t status = status_of(m, &m->dma->rx[m->rx_next]);
        uint32_t octets = status >> 16 & 0x3FFF;
        if (status & OWN) {
            recover(m);
            return NULL;
        }
        // A cache may have looked at the buffer at any time while the DMA wrote it.
        invalidate(m, m->dma->rx_frame[m->rx_next],
                   octets < AKSU_STM32_BUFFER ? octets : AKSU_STM32_BUFFER);
        if (good(m, status, octets)) {
            m->rx_len = (uint16_t)(octets - FCS);
            m->taken = true;
        } else {
            give_back(m);
        }
    }
    *len = m->rx_len;
    return m->taken ? m->dma->rx_frame[m->rx_next] : NULL;
}

static void release(struct aksu_mac *mac)
{
    struct aksu_stm32_eth *m = self(mac);

    if (m->taken) {
        m->taken = false;
        give_back(m);
    }
}

/// Sending ///

static void *lend(struct aksu_mac *mac)
{
    struct aksu_stm32_eth *m = self(mac);

    reclaim(m);
    return m->running && m->tx_waiting < TX ? m->dma->tx_frame[m->tx_lent] : NULL;
}

// ICMP's checksum is the stack's own, and inserting TCP's needs the whole frame in the FIFO (TSF):
// 33.5.2, TDES0.CIC.
static uint32_t checksums(const struct aksu_stm32_eth *m, const uint8_t *frame)
{
    if (!(m->mac.offload & AKSU_OFFLOAD_TX) || !aksu_stm32_is_ipv4(frame)) {
        return 0;
    }
    return aksu_stm32_is_tcp(frame) ? TX_CIC_ALL : TX_CIC_HEADER;
}

// The MAC pads short frames and appends the FCS (TDES0.DC and DP are 0).
static void send(struct aksu_mac *mac, size_t len)
{
    struct aksu_stm32_eth *m = self(mac);
    struct aksu_stm32_descriptor *d = &m->dma->tx[m->tx_next];
    const uint8_t *frame = m->dma->tx_frame[m->tx_lent];

    d->word[CONTROL] = (uint32_t)len;
    d->word[BUFFER] = (uint32_t)(uintptr_t)frame;
    d->word[SECOND] = 0;
    clean(m, frame, len);
    hand_over(m, d,
              TX_FS | TX_LS | TX_IC | checksums(m, frame) | (m->tx_next == TX - 1 ? TX_END : 0u));
    put(m, DMATPDR, 0);
    m->tx_next = (uint8_t)((m->tx_next + 1) % TX);
    m->tx_lent = (uint8_t)((m->tx_lent + 1) % TX);
    m->tx_waiting++;
}

/// Interrupts and link ///

static void interrupts(struct aksu_mac *mac, unsigned wanted)
{
    struct aksu_stm32_eth *m = self(mac);

    m->wanted = (uint8_t)wanted;
    put(m, DMAIER,
        S_AIS | S_FBE | S_TPS | ((wanted & AKSU_MAC_RX) ? S_NIS | S_RS | S_RBU : 0u) |
            ((wanted & AKSU_MAC_TX) ? S_NIS | S_TS : 0u));
}

// The status latches: what descriptors tell is cleared in it, and they are looked at behind that.
static bool pending(struct aksu_mac *mac)
{
    struct aksu_stm32_eth *m = self(mac);

    if (!m->running) {
        return false;
    }
    put(m, DMASR, S_TOLD);
    aksu_reg_barrier();
    if ((get(m, DMASR) & S_TROUBLE) || !(status_of(m, &m->dma->rx[m->rx_next]) & OWN)) {
        return true;
    }
    return (m->wanted & AKSU_MAC_TX) && !(status_of(m, oldest_sent(m)) & OWN);
}

static bool link_state(struct aksu_mac *mac)
{
    struct aksu_stm32_eth *m = self(mac);

    if (!m->running && !m->taken) {
        m->running = open(m);
    }
    if (!m->running || !aksu_phy_poll(mac, &m->phy)) {
        return false;
    }
    if (m->mode != mode(m)) {
        m->mode = mode(m);
        put_slowly(m, MACCR, m->mode);
    }
    return true;
}

const struct aksu_mac_driver aksu_stm32_eth = {start, receive,    release, lend,
                                               send,  interrupts, pending, link_state};
