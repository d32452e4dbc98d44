// SPDX-License-Identifier: MIT
// The Ethernet MAC, FIFOs and DMA of STM32 H7 (RM0433 chapter 58).
#include "stm32_model.h"

enum { MACCR = 0x0000, MACMDIOAR = 0x0200, MACMDIODR = 0x0204, MACA0HR = 0x0300, MACA0LR = 0x0304 };
enum { MMCRIMR = 0x070C, MMCTIMR = 0x0710, MTLTXQOMR = 0x0D00, MTLRXQOMR = 0x0D30 };
enum { MTLRXQMPOCR = 0x0D34, DMAMR = 0x1000, DMACCR = 0x1100, DMACTXCR = 0x1104 };
enum { DMACRXCR = 0x1108, DMACTXDLAR = 0x1114, DMACRXDLAR = 0x111C, DMACTXDTPR = 0x1120 };
enum { DMACRXDTPR = 0x1128, DMACTXRLR = 0x112C, DMACRXRLR = 0x1130, DMACIER = 0x1134 };
enum { DMACSR = 0x1160 };
enum { RE = 1, TE = 2, DM = 1 << 13, FES = 1 << 14, IPC = 1 << 27, START = 1, SWR = 1 };
enum { TSF = 1 << 1, FUP = 1 << 3, FEP = 1 << 4, RSF = 1 << 5, DIS_TCP_EF = 1 << 6 };
enum { TI = 1, TPS = 1 << 1, TBU = 1 << 2, RI = 1 << 6, RBU = 1 << 7, RPS = 1 << 8, RWTS = 1 << 9 };
enum { FBE = 1 << 12, AIS = 1 << 14, NIS = 1 << 15 };
enum { NORMAL = TI | TBU | RI, ABNORMAL = TPS | RBU | RPS | RWTS | FBE };
#define OWN 0x80000000u
enum { FD = 1 << 29, LD = 1 << 28, ES = 1 << 15, GP = 1 << 23, RWT = 1 << 22, CE = 1 << 24 };
enum { RXE = 1 << 20, RS0V = 1 << 25, RS1V = 1 << 26, CTXT = 1 << 30, BUF1V = 1 << 24 };
enum { RUNT_MAX = 63, CUT = 2048, GIANT = 1518 };

static bool on(const struct model *m, unsigned at, uint32_t bits)
{
    return (m->reg[at / 4] & bits) != 0;
}

static void raise(struct model *m, uint32_t bits)
{
    uint32_t enabled = bits & m->reg[DMACIER / 4];

    m->reg[DMACSR / 4] |=
        bits | ((enabled & NORMAL) ? NIS : 0u) | ((enabled & ABNORMAL) ? AIS : 0u);
}

static bool interrupt(const struct model *m)
{
    uint32_t lines = m->reg[DMACSR / 4] & m->reg[DMACIER / 4];
    bool mmc = m->frames_sent > 0 && ((m->reg[MMCRIMR / 4] & 0x0C020060) != 0x0C020060 ||
                                      (m->reg[MMCTIMR / 4] & 0x0C20C000) != 0x0C20C000);

    return mmc || ((lines & NIS) && (lines & NORMAL)) || ((lines & AIS) && (lines & ABNORMAL));
}

static bool slow(unsigned at)
{
    return at < 0xB0 || at == MACA0HR || at == MACA0LR;
}

/// Descriptors: up to the tail pointer, and only with OWN ///

static bool fetch(struct model *m, uint32_t at, uint32_t tail, uint32_t *status)
{
    if (m->bus_error) {
        m->bus_error = false;
        m->rx_state = m->tx_state = STOPPED;
        raise(m, FBE);
        return false;
    }
    if (at == tail) {
        return false;
    }
    *status = memory_read(&m->memory, at + 12);
    if ((*status & OWN) && (*status & CTXT) && tail == m->reg[DMACTXDTPR / 4]) {
        model_broken("a context descriptor is to be sent");
    }
    return (*status & OWN) != 0;
}

static uint32_t next(const struct ring *ring, uint32_t at)
{
    at += ring->stride;
    return at == ring->base + ring->count * ring->stride ? ring->base : at;
}

// All four words are the DMA's own.
static void close_descriptor(struct model *m, uint32_t at, uint32_t word1, uint32_t status)
{
    const uint32_t words[3] = {0xDEADDEAD, word1, 0xDEADDEAD}; // VLAN tags, filters, time stamps

    memory_write_late(&m->memory, at, words, sizeof words);
    memory_write(&m->memory, at + 12, status);
}

/// Receiving (58.10.4) ///

static uint32_t verdict(const struct frame *f)
{
    unsigned payload;
    unsigned found =
        (f->faults & NOT_CHECKED) ? SUM_BYPASSED : frame_check(f->octets, f->len - FCS, &payload);

    if (found & SUM_BYPASSED) {
        return 1 << 6;
    }
    return payload | ((found & SUM_HEADER_BAD) ? 1u << 3 : 0) |
           ((found & SUM_PAYLOAD_BAD) ? 1u << 7 : 0) | 1u << 4;
}

static uint32_t last_status(struct model *m, const struct frame *f)
{
    uint32_t status = (uint32_t)(f->len < CUT ? f->len : CUT) | LD | RS1V | RS0V;

    status |= (f->faults & BAD_FCS) ? CE | ES : 0u;
    status |= (f->faults & RX_ERROR) ? RXE | ES : 0u;
    status |= (f->faults & CUT_OFF) ? 1u << 21 | ES : 0u;
    status |= f->len > GIANT ? GP | ES : 0u;
    if (f->len > CUT) {
        status |= RWT | ES;
        raise(m, RWTS);
    }
    return status;
}

// Writes what is left of the FIFO's first frame to buffers. Returns false if descriptors ran out:
// it goes on with the next one that comes.
static bool deliver(struct model *m, const struct frame *f)
{
    size_t len = f->len < CUT ? f->len : CUT;
    size_t room = m->reg[DMACRXCR / 4] >> 1 & 0x3FFF;
    uint32_t status;

    while (m->rx_done < len) {
        if (!fetch(m, m->rx_at, m->reg[DMACRXDTPR / 4], &status)) {
            return false;
        }
        if (!(status & BUF1V) || room == 0 || room % 4 != 0) {
            model_broken("a receive buffer is not valid");
        }
        uint32_t at = m->rx_at;
        size_t n = len - m->rx_done < room ? len - m->rx_done : room;
        memory_write_late(&m->memory, memory_read(&m->memory, at), f->octets + m->rx_done, n);
        uint32_t first = m->rx_done == 0 ? FD : 0;
        m->rx_done += n;
        m->rx_at = next(&m->rx, at);
        bool last = m->rx_done == len;
        close_descriptor(m, at, last && on(m, MACCR, IPC) ? verdict(f) : 0,
                         first | (last ? last_status(m, f) : (uint32_t)m->rx_done));
    }
    raise(m, RI);
    return true;
}

static void run_rx(struct model *m)
{
    const struct frame *f;

    while (m->rx_state == RUNNING && (f = model_fifo_top(m)) != NULL) {
        if (deliver(m, f)) {
            model_fifo_pop(m);
        } else if (m->rx_state == RUNNING) {
            m->rx_state = SUSPENDED;
            raise(m, RBU);
        }
    }
}

static void arrive(struct model *m, const struct frame *f)
{
    if (!on(m, MACCR, RE) || !(m->reg[MACA0HR / 4] >> 31) ||
        !model_for_us(m, f->octets, m->reg[MACA0HR / 4], m->reg[MACA0LR / 4])) {
        return;
    }
    unsigned payload;
    bool bad_sum = on(m, MACCR, IPC) && !on(m, MTLRXQOMR, DIS_TCP_EF) &&
                   (frame_check(f->octets, f->len - FCS, &payload) & SUM_PAYLOAD_BAD);

    if (((f->faults & (BAD_FCS | RX_ERROR | CUT_OFF)) && !on(m, MTLRXQOMR, FEP)) ||
        (f->len <= RUNT_MAX && !on(m, MTLRXQOMR, FUP)) || bad_sum) {
        return; // the FIFO drops it by itself
    }
    if (!model_fifo_push(m, f) || (f->faults & CUT_OFF)) {
        m->reg[MTLRXQMPOCR / 4]++;
    }
}

/// Sending (58.10.3) ///

static uint32_t send_status(struct model *m, uint8_t *frame, size_t len, uint32_t cic)
{
    enum tx_fault fault = m->tx_fault;

    m->tx_fault = TX_GOOD;
    switch (fault) {
    case TX_UNDERRUN:
        m->tx_state = SUSPENDED;
        return ES | 1 << 2;
    case TX_LATE_COLLISION:
        return ES | 1 << 9;
    case TX_JABBER:
        m->tx_state = STOPPED;
        raise(m, TPS);
        return ES | 1 << 14;
    default:
        if (cic && !on(m, MTLTXQOMR, TSF)) {
            model_broken("checksums are inserted into a frame that is not stored whole");
        }
        frame_insert(frame, len, cic);
        model_transmit(m, frame, len, on(m, MACCR, FES), on(m, MACCR, DM));
        return 0;
    }
}

static void send_one(struct model *m, uint32_t status)
{
    static uint8_t frame[FRAME_MOST];
    uint32_t at = m->tx_at;
    uint32_t control = memory_read(&m->memory, at + 8);
    size_t len = control & 0x3FFF;

    if ((status & (FD | LD)) != (FD | LD) || len < 14 || len > 1514 || (status & 0x7FFF) != len ||
        (control & 0x3FFF0000) != 0) {
        model_broken("what is to be sent is no frame");
        len = 14;
    }
    memory_read_all(&m->memory, memory_read(&m->memory, at), frame, len);
    m->tx_at = next(&m->tx, at);
    close_descriptor(m, at, 0xDEADDEAD, FD | LD | send_status(m, frame, len, status >> 16 & 3));
    raise(m, control >> 31 ? TI : 0u);
}

static void run_tx(struct model *m)
{
    uint32_t status;

    while (m->tx_state == RUNNING && on(m, MACCR, TE)) {
        if (fetch(m, m->tx_at, m->reg[DMACTXDTPR / 4], &status)) {
            send_one(m, status);
        } else if (m->tx_state == RUNNING) {
            m->tx_state = SUSPENDED;
            raise(m, TBU);
        }
    }
}

static void run(struct model *m)
{
    run_rx(m);
    run_tx(m);
}

/// Registers ///

static uint32_t get(struct model *m, unsigned at)
{
    uint32_t value = m->reg[at / 4];

    switch (at) {
    case DMAMR:
        return model_reset_done(m) ? value & ~(uint32_t)SWR : value | SWR;
    case MACMDIOAR:
        return model_mdio_done(m) ? value & ~1u : value | 1u;
    case MTLRXQMPOCR:
        m->reg[at / 4] = 0;
        break;
    default:
        break;
    }
    return value;
}

static void reset(struct model *m)
{
    model_reset(m);
    m->reg[MTLTXQOMR / 4] = 7u << 16 | 2u << 2; // the queue's size, and that it is enabled
    m->reg[MTLRXQOMR / 4] = 7u << 20;
}

static uint32_t stride(const struct model *m)
{
    return 16 + 4 * (m->reg[DMACCR / 4] >> 18 & 7);
}

// A channel starts: its lists, lengths and FIFO's mode must be there.
static void start(struct model *m, struct ring *ring, unsigned list, unsigned length)
{
    *ring = (struct ring){m->reg[list / 4], m->reg[length / 4] + 1, stride(m), 3, 0, 2, 0x3FFF};
    if (ring->base == 0 || ring->base % 4 || !on(m, MTLTXQOMR, TSF) || !on(m, MTLRXQOMR, RSF) ||
        (m->reg[MTLTXQOMR / 4] & 0x7000C) != 0x70008 || m->reg[MTLRXQOMR / 4] >> 20 != 7) {
        model_broken("a channel starts with no list, or no FIFO");
    }
}

static void put_channel(struct model *m, unsigned at, uint32_t value)
{
    bool starts = (value & START) && !(m->reg[at / 4] & START);

    m->reg[at / 4] = value;
    if (starts && at == DMACTXCR) {
        start(m, &m->tx, DMACTXDLAR, DMACTXRLR);
        m->tx_at = m->tx.base;
        m->tx_state = SUSPENDED; // until its tail pointer is written
    } else if (starts) {
        start(m, &m->rx, DMACRXDLAR, DMACRXRLR);
        m->rx_at = m->rx.base;
        m->rx_state = SUSPENDED;
    }
    if (m->rx.count && m->tx.count) {
        memory_doorbell(&m->memory);
    }
}

static void put_tail(struct model *m, unsigned at, uint32_t value)
{
    struct ring *ring = at == DMACTXDTPR ? &m->tx : &m->rx;
    enum dma_state *state = at == DMACTXDTPR ? &m->tx_state : &m->rx_state;

    if (sabotage == NO_DEMAND) {
        return;
    }
    m->reg[at / 4] = value;
    if (*state == STOPPED) {
        return;
    }
    if ((value - ring->base) % ring->stride != 0 ||
        value - ring->base >= ring->count * ring->stride) {
        model_broken("a tail pointer points to no descriptor");
    }
    model_demand(m);
    *state = RUNNING;
}

static void put_mdio(struct model *m, uint32_t value)
{
    static const uint32_t divisors[16] = {42, 62, 16, 26, 102, 124};
    uint16_t data = (uint16_t)m->reg[MACMDIODR / 4];

    model_mdc(m, divisors[value >> 8 & 7]);
    if (value & 1) {
        model_mdio(m, value >> 21 & 31, value >> 16 & 31, (value >> 2 & 3) == 1, &data);
    }
    m->reg[MACMDIODR / 4] = data;
    m->reg[MACMDIOAR / 4] = value;
}

static void put(struct model *m, unsigned at, uint32_t value)
{
    if (m->resetting > 0 && at != DMAMR) {
        model_broken("a register is written while the MAC resets");
    }
    switch (at) {
    case DMAMR:
        if (value & SWR) {
            reset(m);
        }
        return;
    case DMACSR:
        m->reg[at / 4] &= ~value;
        return;
    case DMACTXCR:
    case DMACRXCR:
        put_channel(m, at, value);
        return;
    case DMACTXDTPR:
    case DMACRXDTPR:
        put_tail(m, at, value);
        return;
    case MACMDIOAR:
        put_mdio(m, value);
        return;
    default:
        m->reg[at / 4] = value;
    }
}

const struct model_kind model_h7 = {get, put, arrive, run, interrupt, slow};
