// SPDX-License-Identifier: MIT
// STM32 H7 Ethernet, to the reference manual RM0433, chapter 58, whose sections are cited.
//
// A DMA channel works on the descriptors from its current one up to, but without, the one at the
// tail pointer (58.10.2), and both rings here always keep one descriptor as that gap: so a full
// ring never looks like an empty one, whether the DMA judges by the pointers or by OWN. The gap has
// no buffer: a buffer comes to the descriptor that is handed over, which is another one each time.
//
// The DMA owns a descriptor from when its OWN bit is set: fields and buffer are written before
// that, and read after it is seen clear, with a barrier between. What it writes back replaces all
// four words, the buffer's address too.
#include "stm32h7_eth.h"

#include <aksu/aksu.h>

// 58.11: the MAC, its counters, the FIFOs (MTL), the DMA and its channel.
enum {
    MACCR = 0x0000,
    MACPFR = 0x0008,
    MACQTXFCR = 0x0070,
    MACRXFCR = 0x0090,
    MACIER = 0x00B4,
    MACMDIOAR = 0x0200,
    MACMDIODR = 0x0204,
    MACA0HR = 0x0300,
    MACA0LR = 0x0304,
    MMCRIMR = 0x070C,
    MMCTIMR = 0x0710,
    MTLTXQOMR = 0x0D00,
    MTLRXQOMR = 0x0D30,
    MTLRXQMPOCR = 0x0D34,
    DMAMR = 0x1000,
    DMASBMR = 0x1004,
    DMACCR = 0x1100,
    DMACTXCR = 0x1104,
    DMACRXCR = 0x1108,
    DMACTXDLAR = 0x1114,
    DMACRXDLAR = 0x111C,
    DMACTXDTPR = 0x1120,
    DMACRXDTPR = 0x1128,
    DMACTXRLR = 0x112C,
    DMACRXRLR = 0x1130,
    DMACIER = 0x1134,
    DMACSR = 0x1160,
    DMACMFCR = 0x116C
};

enum { CR_RE = 1 << 0, CR_TE = 1 << 1, CR_DM = 1 << 13, CR_FES = 1 << 14, CR_IPC = 1 << 27 };
#define A0HR_AE 0x80000000u
enum { MDIO_BUSY = 1, MDIO_WRITE = 1 << 2, MDIO_READ = 3 << 2 };
enum {
    MMC_RX = 1 << 5 | 1 << 6 | 1 << 17 | 3 << 26,
    MMC_TX = 1 << 14 | 1 << 15 | 1 << 21 | 3 << 26
};
enum { TXQ_TSF = 1 << 1, RXQ_FUP = 1 << 3, RXQ_FEP = 1 << 4, RXQ_RSF = 1 << 5, RXQ_ALL = 1 << 6 };
enum { MR_SWR = 1, SBMR_FB = 1, SBMR_AAL = 1 << 12, CCR_DSL_4 = 4 << 18 };
enum { TXCR_ST = 1, TXCR_OSF = 1 << 4, RXCR_SR = 1, BURST = 32 << 16 };
enum { // DMACSR and, where they are interrupts, DMACIER
    S_TI = 1 << 0,
    S_TPS = 1 << 1,
    S_TBU = 1 << 2,
    S_RI = 1 << 6,
    S_RBU = 1 << 7,
    S_RPS = 1 << 8,
    S_RWT = 1 << 9,
    S_ETI = 1 << 10,
    S_ERI = 1 << 11,
    S_FBE = 1 << 12,
    S_CDE = 1 << 13,
    S_AIS = 1 << 14,
    S_NIS = 1 << 15
};
enum { S_TOLD = S_TI | S_TBU | S_RI | S_RWT | S_ETI | S_ERI | S_NIS }; // by descriptors too
enum { S_TROUBLE = S_TPS | S_RBU | S_RPS | S_FBE | S_CDE }; // what recover() has work with

// Descriptors (58.10.3, 58.10.4).
#define OWN 0x80000000u
enum { RX_CTXT = 1 << 30, RX_FD = 1 << 29, RX_LD = 1 << 28, RX_VERDICT = 1 << 26 };
enum { RX_CE = 1 << 24, RX_OE = 1 << 21, RX_RE = 1 << 20 };
enum { RX_ES = 1 << 15, RX_LENGTH = 0x7FFF, RX_IOC = 1 << 30, RX_BUF1V = 1 << 24 };
enum { IP_HEADER_ERROR = 1 << 3, IP_BYPASSED = 1 << 6, IP_PAYLOAD_ERROR = 1 << 7 };
enum { TX_IOC = (int)0x80000000u, TX_FD = 1 << 29, TX_LD = 1 << 28 };
enum { TX_CIC_HEADER = 1 << 16, TX_CIC_ALL = 3 << 16, TX_ES = 1 << 15, TX_UF = 1 << 2 };

enum { RX = AKSU_STM32_RX_FRAMES, TX = AKSU_STM32_TX_FRAMES, FCS = 4, SHORTEST = 64 };
enum { RX_RING = RX + 1, TX_RING = TX + 1 };

static struct aksu_stm32h7_eth *self(struct aksu_mac *mac)
{
    return (struct aksu_stm32h7_eth *)mac;
}

static uint32_t get(const struct aksu_stm32h7_eth *m, unsigned at)
{
    return aksu_reg_get(m->base + at);
}

static void put(const struct aksu_stm32h7_eth *m, unsigned at, uint32_t value)
{
    aksu_reg_put(m->base + at, value);
}

// For registers that the MAC takes over into its own clock's domain.
static void put_slowly(const struct aksu_stm32h7_eth *m, unsigned at, uint32_t value)
{
    put(m, at, value);
    for (unsigned i = 0; i < AKSU_STM32_SETTLE; i++) {
        (void)get(m, at);
    }
}

static bool wait_for(const struct aksu_stm32h7_eth *m, unsigned at, uint32_t mask)
{
    for (unsigned i = 0; i < AKSU_STM32_TRIES; i++) {
        if ((get(m, at) & mask) == 0) {
            return true;
        }
    }
    return false;
}

/// MDIO (58.6.1) ///

// MDC stays below 2.5 MHz (58.11.4, MACMDIOAR.CR).
static uint32_t mdc(const struct aksu_stm32h7_eth *m)
{
    static const struct {
        uint32_t below;
        uint32_t code;
    } ranges[] = {{35000000, 2}, {60000000, 3}, {100000000, 0}, {150000000, 1}, {250000000, 4}};

    for (unsigned i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (m->hclk < ranges[i].below) {
            return ranges[i].code << 8;
        }
    }
    return 5 << 8;
}

static void manage(struct aksu_stm32h7_eth *m, unsigned address, unsigned reg, uint32_t operation)
{
    put(m, MACMDIOAR, address << 21 | reg << 16 | mdc(m) | operation | MDIO_BUSY);
}

static uint16_t read_phy(struct aksu_mac *mac, unsigned address, unsigned reg)
{
    struct aksu_stm32h7_eth *m = self(mac);

    manage(m, address, reg, MDIO_READ);
    return wait_for(m, MACMDIOAR, MDIO_BUSY) ? (uint16_t)get(m, MACMDIODR) : UINT16_MAX;
}

static void write_phy(struct aksu_mac *mac, unsigned address, unsigned reg, uint16_t value)
{
    struct aksu_stm32h7_eth *m = self(mac);

    put(m, MACMDIODR, value);
    manage(m, address, reg, MDIO_WRITE);
    (void)wait_for(m, MACMDIOAR, MDIO_BUSY);
}

/// Descriptors ///

static void clean(const struct aksu_stm32h7_eth *m, const volatile void *from, size_t len)
{
    if (m->cached) {
        aksu_stm32_lines(AKSU_DCCMVAC, from, len);
    }
}

static void invalidate(const struct aksu_stm32h7_eth *m, const volatile void *from, size_t len)
{
    if (m->cached) {
        aksu_stm32_lines(AKSU_DCIMVAC, from, len);
    }
}

// Returns a descriptor's last word. If OWN is clear, the rest of it may be read, and its buffer.
static uint32_t status_of(const struct aksu_stm32h7_eth *m, const struct aksu_stm32_descriptor *d)
{
    invalidate(m, d, sizeof *d);
    uint32_t status = d->word[3];

    aksu_reg_barrier();
    return status;
}

// Hands a descriptor over that is written but for its last word, with what it points at.
static void hand_over(const struct aksu_stm32h7_eth *m, struct aksu_stm32_descriptor *d,
                      uint32_t status)
{
    aksu_reg_barrier();
    d->word[3] = status | OWN;
    clean(m, d, sizeof *d);
    aksu_reg_barrier(); // before the tail pointer makes the DMA look
}

static uint32_t address_of(const volatile void *p)
{
    return (uint32_t)(uintptr_t)p;
}

static void give_buffer(struct aksu_stm32h7_eth *m, unsigned descriptor, unsigned frame)
{
    struct aksu_stm32_descriptor *d = &m->dma->rx[descriptor];

    d->word[0] = address_of(m->dma->rx_frame[frame]);
    d->word[1] = d->word[2] = 0;
    hand_over(m, d, RX_IOC | RX_BUF1V);
}

// The receive ring's descriptor that the DMA has not: the one before the next.
static unsigned gap(const struct aksu_stm32h7_eth *m)
{
    return (m->rx_next + (unsigned)RX) % RX_RING;
}

static void rings_start(struct aksu_stm32h7_eth *m)
{
    struct aksu_stm32_dma *dma = m->dma;

    dma->rx[RX].word[3] = 0;
    for (unsigned i = 0; i < TX_RING; i++) {
        dma->tx[i].word[3] = 0;
    }
    if (m->cached) { // nothing that was written here before may be written back later
        aksu_stm32_lines(AKSU_DCCIMVAC, dma, sizeof *dma);
    }
    for (unsigned i = 0; i < RX; i++) {
        give_buffer(m, i, i);
    }
    m->rx_next = m->rx_frame = m->tx_next = m->tx_waiting = 0;
    put(m, DMACRXRLR, RX_RING - 1);
    put(m, DMACTXRLR, TX_RING - 1);
    put(m, DMACRXDLAR, address_of(dma->rx));
    put(m, DMACTXDLAR, address_of(dma->tx));
    put(m, DMACTXDTPR, address_of(dma->tx));
}

/// Start (58.9) ///

static uint32_t mode(const struct aksu_stm32h7_eth *m)
{
    return CR_RE | CR_TE | (m->phy.fast ? CR_FES : 0u) | (m->phy.full_duplex ? CR_DM : 0u) |
           ((m->mac.offload & AKSU_OFFLOAD_RX) ? CR_IPC : 0u);
}

// Its own address and broadcast come in (58.5.3); pause frames neither are obeyed nor sent.
static void mac_start(const struct aksu_stm32h7_eth *m)
{
    const uint8_t *a = m->address;

    put(m, MACIER, 0);
    put(m, MMCRIMR, MMC_RX);
    put(m, MMCTIMR, MMC_TX);
    put_slowly(m, MACPFR, 0);
    put_slowly(m, MACQTXFCR, 0);
    put_slowly(m, MACRXFCR, 0);
    put_slowly(m, MACA0HR, A0HR_AE | (uint32_t)a[5] << 8 | a[4]);
    put_slowly(m, MACA0LR,
               (uint32_t)a[3] << 24 | (uint32_t)a[2] << 16 | (uint32_t)a[1] << 8 | a[0]);
    put_slowly(m, MACCR, m->mode);
}

// Whole frames go through the FIFOs, whose sizes the registers already hold; bad ones come too, so
// that they are counted.
static void fifos_start(const struct aksu_stm32h7_eth *m)
{
    put_slowly(m, MTLTXQOMR, get(m, MTLTXQOMR) | TXQ_TSF);
    put_slowly(m, MTLRXQOMR, get(m, MTLRXQOMR) | RXQ_FUP | RXQ_FEP | RXQ_RSF | RXQ_ALL);
}

static bool open(struct aksu_stm32h7_eth *m)
{
    put(m, DMAMR, MR_SWR);
    if (!wait_for(m, DMAMR, MR_SWR)) {
        return false; // a clock is missing: the PHY's, or RMII and MII are mixed up
    }
    put(m, DMASBMR, SBMR_AAL | SBMR_FB);
    put(m, DMACCR, CCR_DSL_4);
    fifos_start(m);
    rings_start(m);
    put(m, DMACIER, 0);
    put(m, DMACTXCR, BURST | TXCR_OSF | TXCR_ST);
    put(m, DMACRXCR, BURST | AKSU_STM32_BUFFER << 1 | RXCR_SR);
    put(m, DMACRXDTPR, address_of(&m->dma->rx[RX]));
    m->mode = mode(m);
    mac_start(m);
    return true;
}

static bool start(struct aksu_mac *mac, const uint8_t address[6])
{
    struct aksu_stm32h7_eth *m = self(mac);

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

static struct aksu_stm32_descriptor *oldest_sent(const struct aksu_stm32h7_eth *m)
{
    return &m->dma->tx[(m->tx_next + TX_RING - m->tx_waiting) % TX_RING];
}

// An underrun suspends sending until the tail pointer is written, which the next frame brings
// anyway; but frames behind it may wait already.
static void count_sent(struct aksu_stm32h7_eth *m, uint32_t status)
{
    if ((status & (TX_ES | TX_UF)) == (TX_ES | TX_UF)) {
        m->mac.counters.underruns++;
        m->mac.counters.restarts++;
        put(m, DMACTXDTPR, address_of(&m->dma->tx[m->tx_next]));
    } else if (status & TX_ES) {
        m->mac.counters.tx_errors++;
    }
}

// Takes back what has been sent.
static void reclaim(struct aksu_stm32h7_eth *m)
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

/// Recovery (58.10.2) ///

// After a bus error, or a descriptor that the DMA does not understand: what was under way is lost.
static void restart(struct aksu_stm32h7_eth *m)
{
    reclaim(m);
    m->mac.counters.restarts++;
    m->mac.counters.tx_errors += m->tx_waiting;
    m->running = open(m);
}

// A DMA that has found no descriptor for a frame waits for a write of the tail pointer.
static void resume_reception(struct aksu_stm32h7_eth *m)
{
    m->mac.counters.restarts++;
    put(m, DMACSR, S_RBU | S_AIS);
    put(m, DMACRXDTPR, address_of(&m->dma->rx[gap(m)]));
}

// Called while no frame is taken, and none waits. The counters are cleared when they are read.
static void recover(struct aksu_stm32h7_eth *m)
{
    uint32_t status = get(m, DMACSR);
    uint32_t missed = get(m, MTLRXQMPOCR);

    m->mac.counters.overruns +=
        (missed & 0x7FF) + (missed >> 16 & 0x7FF) + (get(m, DMACMFCR) & 0x7FF);
    if (status & (S_FBE | S_CDE | S_RPS | S_TPS)) {
        restart(m);
    } else if (status & S_RBU) {
        resume_reception(m);
    }
}

/// Receiving ///

// What the MAC says of checksums (58.10.4, RDES1). What it says nothing of is good unless it is
// TCP, for the stack relies on this.
static bool verified(const struct aksu_stm32h7_eth *m, uint32_t status)
{
    uint32_t verdict = (status & RX_VERDICT) ? m->dma->rx[m->rx_next].word[1] : IP_BYPASSED;

    if (verdict & (IP_HEADER_ERROR | IP_PAYLOAD_ERROR)) {
        return false;
    }
    return !(verdict & IP_BYPASSED) || !aksu_stm32_is_tcp(m->dma->rx_frame[m->rx_frame]);
}

// Whether the frame of the next descriptor is one for the stack; len: with FCS. Of a frame in
// several buffers the first one is counted; what the MAC's watchdog cuts at 2048 octets is one. An
// overrun has been counted by the MAC.
static bool good(struct aksu_stm32h7_eth *m, uint32_t status, uint32_t len)
{
    struct aksu_mac_counters *counters = &m->mac.counters;

    if (!(status & RX_FD) || (status & RX_CTXT) || (status & (RX_LD | RX_OE)) == (RX_LD | RX_OE)) {
        return false;
    }
    if (!(status & RX_LD) || len > AKSU_FRAME_MAX) {
        counters->jumbos++;
    } else if (len < SHORTEST) {
        counters->runts++;
    } else if (status & (RX_CE | RX_RE)) {
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

// The gap, which lies before the next descriptor, gets its buffer; the next one is the new gap.
static void give_back(struct aksu_stm32h7_eth *m)
{
    give_buffer(m, gap(m), m->rx_frame);
    m->rx_next = (uint8_t)((m->rx_next + 1) % RX_RING);
    m->rx_frame = (uint8_t)((m->rx_frame + 1) % RX);
    if (get(m, DMACSR) & S_RBU) {
        resume_reception(m);
    } else {
        put(m, DMACRXDTPR, address_of(&m->dma->rx[gap(m)]));
    }
}

static const void *receive(struct aksu_mac *mac, size_t *len)
{
    struct aksu_stm32h7_eth *m = self(mac);

    while (m->running && !m->taken) {
        uint32_t status = status_of(m, &m->dma->rx[m->rx_next]);
        uint32_t octets = status & RX_LENGTH;
        if (status & OWN) {
            recover(m);
            return NULL;
        }
        // A cache may have looked at the buffer at any time while the DMA wrote it.
        invalidate(m, m->dma->rx_frame[m->rx_frame],
                   octets < AKSU_STM32_BUFFER ? octets : AKSU_STM32_BUFFER);
        if (good(m, status, octets)) {
            m->rx_len = (uint16_t)(octets - FCS);
            m->taken = true;
        } else {
            give_back(m);
        }
    }
    *len = m->rx_len;
    return m->taken ? m->dma->rx_frame[m->rx_frame] : NULL;
}

static void release(struct aksu_mac *mac)
{
    struct aksu_stm32h7_eth *m = self(mac);

    if (m->taken) {
        m->taken = false;
        give_back(m);
    }
}

/// Sending ///

static void *lend(struct aksu_mac *mac)
{
    struct aksu_stm32h7_eth *m = self(mac);

    reclaim(m);
    return m->running && m->tx_waiting < TX ? m->dma->tx_frame[m->tx_lent] : NULL;
}

// ICMP's checksum is the stack's own, and inserting TCP's needs the whole frame in the FIFO (TSF):
// 58.5.5, TDES3.CIC.
static uint32_t checksums(const struct aksu_stm32h7_eth *m, const uint8_t *frame)
{
    if (!(m->mac.offload & AKSU_OFFLOAD_TX) || !aksu_stm32_is_ipv4(frame)) {
        return 0;
    }
    return aksu_stm32_is_tcp(frame) ? TX_CIC_ALL : TX_CIC_HEADER;
}

// The MAC pads short frames and appends the FCS (TDES3.CPC is 0).
static void send(struct aksu_mac *mac, size_t len)
{
    struct aksu_stm32h7_eth *m = self(mac);
    struct aksu_stm32_descriptor *d = &m->dma->tx[m->tx_next];
    const uint8_t *frame = m->dma->tx_frame[m->tx_lent];

    d->word[0] = address_of(frame);
    d->word[1] = 0;
    d->word[2] = (uint32_t)TX_IOC | (uint32_t)len;
    clean(m, frame, len);
    hand_over(m, d, TX_FD | TX_LD | checksums(m, frame) | (uint32_t)len);
    m->tx_next = (uint8_t)((m->tx_next + 1) % TX_RING);
    m->tx_lent = (uint8_t)((m->tx_lent + 1) % TX);
    m->tx_waiting++;
    put(m, DMACTXDTPR, address_of(&m->dma->tx[m->tx_next]));
}

/// Interrupts and link ///

static void interrupts(struct aksu_mac *mac, unsigned wanted)
{
    struct aksu_stm32h7_eth *m = self(mac);

    m->wanted = (uint8_t)wanted;
    put(m, DMACIER,
        S_AIS | S_FBE | S_CDE | S_TPS | ((wanted & AKSU_MAC_RX) ? S_NIS | S_RI | S_RBU : 0u) |
            ((wanted & AKSU_MAC_TX) ? S_NIS | S_TI : 0u));
}

// The status latches: what descriptors tell is cleared in it, and they are looked at behind that.
static bool pending(struct aksu_mac *mac)
{
    struct aksu_stm32h7_eth *m = self(mac);

    if (!m->running) {
        return false;
    }
    put(m, DMACSR, S_TOLD);
    aksu_reg_barrier();
    if ((get(m, DMACSR) & S_TROUBLE) || !(status_of(m, &m->dma->rx[m->rx_next]) & OWN)) {
        return true;
    }
    return (m->wanted & AKSU_MAC_TX) && !(status_of(m, oldest_sent(m)) & OWN);
}

static bool link_state(struct aksu_mac *mac)
{
    struct aksu_stm32h7_eth *m = self(mac);

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

const struct aksu_mac_driver aksu_stm32h7_eth = {start, receive,    release, lend,
                                                 send,  interrupts, pending, link_state};
