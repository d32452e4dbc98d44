// SPDX-License-Identifier: MIT
// The Ethernet MAC and DMA of STM32 F4 and F7 (RM0090 chapter 33, RM0410 chapter 42).
#include "stm32_model.h"

enum { MACCR = 0x00, MACMIIAR = 0x10, MACMIIDR = 0x14, MACIMR = 0x3C, MACA0HR = 0x40 };
enum { MACA0LR = 0x44, MMCRIMR = 0x10C, MMCTIMR = 0x110 };
enum { DMABMR = 0x1000, DMATPDR = 0x1004, DMARPDR = 0x1008, DMARDLAR = 0x100C, DMATDLAR = 0x1010 };
enum { DMASR = 0x1014, DMAOMR = 0x1018, DMAIER = 0x101C, DMAMFBOCR = 0x1020 };
enum { RE = 1 << 2, TE = 1 << 3, IPCO = 1 << 10, DM = 1 << 11, FES = 1 << 14 };
enum { SWR = 1, EDFE = 1 << 7, SR = 1 << 1, ST = 1 << 13, TSF = 1 << 21, RSF = 1 << 25 };
enum { FEF = 1 << 7, FUGF = 1 << 6, DTCEFD = 1 << 26 };
enum { TS = 1, TPSS = 1 << 1, TBUS = 1 << 2, TJTS = 1 << 3, TUS = 1 << 5, RS = 1 << 6 };
enum { RBUS = 1 << 7, RPSS = 1 << 8, RWTS = 1 << 9, FBES = 1 << 13, AIS = 1 << 15, NIS = 1 << 16 };
enum { NORMAL = TS | TBUS | RS, ABNORMAL = TPSS | TJTS | TUS | RBUS | RPSS | RWTS | FBES };
#define OWN 0x80000000u
enum { FS = 1 << 9, LS = 1 << 8, ES = 1 << 15, DE = 1 << 14, RWT = 1 << 4, CE = 2, RXE = 8 };
enum { RUNT_MAX = 63, CUT = 2048 };

static bool on(const struct model *m, unsigned at, uint32_t bits)
{
    return (m->reg[at / 4] & bits) != 0;
}

// Sets status bits; the summaries are of the enabled ones (33.8.4).
static void raise(struct model *m, uint32_t bits)
{
    uint32_t enabled = bits & m->reg[DMAIER / 4];

    m->reg[DMASR / 4] |= bits | ((enabled & NORMAL) ? NIS : 0u) | ((enabled & ABNORMAL) ? AIS : 0u);
}

static bool interrupt(const struct model *m)
{
    uint32_t lines = m->reg[DMASR / 4] & m->reg[DMAIER / 4];
    bool mmc = m->frames_sent > 0 && ((m->reg[MMCRIMR / 4] & 0x20060) != 0x20060 ||
                                      (m->reg[MMCTIMR / 4] & 0x20C000) != 0x20C000);

    return mmc || ((lines & NIS) && (lines & NORMAL)) || ((lines & AIS) && (lines & ABNORMAL));
}

static bool slow(unsigned at)
{
    return at < MACMIIAR || (at > MACMIIDR && at < MMCRIMR && at != MACIMR) || at == DMABMR ||
           at == DMAOMR;
}

/// Descriptors ///

static bool fetch(struct model *m, uint32_t at, uint32_t *status)
{
    if (m->bus_error) {
        m->bus_error = false;
        m->rx_state = m->tx_state = STOPPED;
        raise(m, FBES);
        return false;
    }
    *status = memory_read(&m->memory, at);
    return (*status & OWN) != 0;
}

static uint32_t next(const struct model *m, const struct ring *ring, uint32_t at, bool last)
{
    uint32_t skip = (m->reg[DMABMR / 4] >> 2 & 31) * 4;
    uint32_t step = (on(m, DMABMR, EDFE) ? 32 : 16) + skip;

    if (step != ring->stride || (at + step == ring->base + ring->count * step) != last) {
        model_broken("the ring does not wrap at its end");
        return ring->base;
    }
    return last ? ring->base : at + step;
}

static void close_descriptor(struct model *m, uint32_t at, uint32_t status)
{
    if (on(m, DMABMR, EDFE)) {
        memory_write(&m->memory, at + 24, 0xDEADDEAD); // time stamps
    }
    memory_write(&m->memory, at, status);
}

/// Receiving (33.6.8) ///

static uint32_t verdict(const struct frame *f)
{
    unsigned payload;
    unsigned found =
        (f->faults & NOT_CHECKED) ? SUM_BYPASSED : frame_check(f->octets, f->len - FCS, &payload);

    if (found & SUM_BYPASSED) {
        return 1 << 5;
    }
    return payload | ((found & SUM_HEADER_BAD) ? 1u << 3 : 0) |
           ((found & SUM_PAYLOAD_BAD) ? 1u << 4 : 0) | 1u << 6;
}

// The status that the last descriptor of a frame gets.
static uint32_t last_status(struct model *m, const struct frame *f, uint32_t at)
{
    uint32_t status = (uint32_t)(f->len < CUT ? f->len : CUT) << 16 | LS | 1 << 5;

    status |= (f->faults & BAD_FCS) ? CE | ES : 0u;
    status |= (f->faults & RX_ERROR) ? RXE | ES : 0u;
    status |= (f->faults & CUT_OFF) ? 1u << 11 | ES : 0u;
    if (f->len > CUT) {
        status |= RWT | ES;
        raise(m, RWTS);
    }
    if (!on(m, DMABMR, EDFE)) {
        return status;
    }
    uint32_t words[4] = {0, 0, 0xDEADDEAD, 0xDEADDEAD}; // the last two: a time stamp

    if (on(m, MACCR, IPCO)) {
        words[0] = verdict(f);
        status |= 1u | ((words[0] & 0x18) ? ES : 0u);
    }
    memory_write_late(&m->memory, at + 16, words, sizeof words);
    return status;
}

static void suspend_rx(struct model *m)
{
    m->rx_state = SUSPENDED;
    raise(m, RBUS);
}

// Writes the FIFO's first frame to buffers. Returns false if there is no descriptor for it.
static bool deliver(struct model *m, const struct frame *f)
{
    size_t len = f->len < CUT ? f->len : CUT;
    size_t done = 0;
    uint32_t status;

    while (done < len) {
        if (!fetch(m, m->rx_at, &status)) {
            if (m->rx_state == RUNNING) {
                suspend_rx(m);
            }
            return false; // only for the first: the others have been looked at
        }
        uint32_t control = memory_read(&m->memory, m->rx_at + 4);
        size_t room = control & 0x1FFF;
        size_t n = len - done < room ? len - done : room;
        uint32_t at = m->rx_at;
        uint32_t following = next(m, &m->rx, at, (control & 1 << 15) != 0);
        memory_write_late(&m->memory, memory_read(&m->memory, at + 8), f->octets + done, n);
        status = done == 0 ? FS : 0;
        done += n;
        m->rx_at = following;
        bool cut = done < len && !(memory_read(&m->memory, following) & OWN);
        if (done == len || cut) {
            status |= last_status(m, f, at);
            status = cut ? (status & 0xFFFF) | 100u << 16 | DE | ES : status; // no valid length
            done = len;
        }
        close_descriptor(m, at, status);
        if (cut) {
            suspend_rx(m);
        }
    }
    raise(m, RS);
    return true;
}

static void missed(struct model *m, unsigned shift)
{
    m->reg[DMAMFBOCR / 4] += 1u << shift;
}

static void run_rx(struct model *m)
{
    const struct frame *f;

    while (m->rx_state == RUNNING && (f = model_fifo_top(m)) != NULL) {
        if (!deliver(m, f)) {
            if (m->rx_state != SUSPENDED) {
                return;
            }
            missed(m, 0); // without DFRF what has no descriptor is flushed
        }
        model_fifo_pop(m);
    }
    while (m->rx_state == SUSPENDED && model_fifo_top(m)) {
        missed(m, 0);
        model_fifo_pop(m);
    }
}

static void arrive(struct model *m, const struct frame *f)
{
    if (!on(m, MACCR, RE) ||
        !model_for_us(m, f->octets, m->reg[MACA0HR / 4], m->reg[MACA0LR / 4])) {
        return;
    }
    unsigned payload;
    bool bad_sum = on(m, MACCR, IPCO) && !on(m, DMAOMR, DTCEFD) &&
                   (frame_check(f->octets, f->len - FCS, &payload) & SUM_PAYLOAD_BAD);

    if ((f->faults && !on(m, DMAOMR, FEF)) || (f->len <= RUNT_MAX && !on(m, DMAOMR, FUGF)) ||
        bad_sum) {
        return; // the MAC drops it by itself
    }
    if (!model_fifo_push(m, f) || (f->faults & CUT_OFF)) {
        missed(m, 17);
    }
}

/// Sending (33.6.7) ///

static uint32_t send_status(struct model *m, uint8_t *frame, size_t len, uint32_t cic)
{
    enum tx_fault fault = m->tx_fault;

    m->tx_fault = TX_GOOD;
    switch (fault) {
    case TX_UNDERRUN:
        m->tx_state = SUSPENDED;
        raise(m, TUS);
        return ES | 1 << 1;
    case TX_LATE_COLLISION:
        return ES | 1 << 9;
    case TX_JABBER:
        m->tx_state = STOPPED;
        raise(m, TJTS | TPSS);
        return ES | 1 << 14;
    default:
        if (cic && !on(m, DMAOMR, TSF)) {
            model_broken("checksums are inserted into a frame that is not stored whole");
        }
        frame_insert(frame, len, cic);
        model_transmit(m, frame, len, on(m, MACCR, FES), on(m, MACCR, DM));
        return 0;
    }
}

static void run_tx(struct model *m)
{
    static uint8_t frame[FRAME_MOST];
    uint32_t status;

    while (m->tx_state == RUNNING && on(m, MACCR, TE)) {
        if (!fetch(m, m->tx_at, &status)) {
            if (m->tx_state == RUNNING) {
                m->tx_state = SUSPENDED;
                raise(m, TBUS);
            }
            return;
        }
        uint32_t at = m->tx_at;
        size_t len = memory_read(&m->memory, at + 4) & 0x1FFF;
        if ((status & (3u << 28)) != 3u << 28 || len < 14 || len > 1514) {
            model_broken("what is to be sent is no frame");
            len = 14;
        }
        memory_read_all(&m->memory, memory_read(&m->memory, at + 8), frame, len);
        m->tx_at = next(m, &m->tx, at, (status & 1 << 21) != 0);
        status = (status & ~OWN) | send_status(m, frame, len, status >> 22 & 3);
        close_descriptor(m, at, status);
        raise(m, (status & 1 << 30) ? TS : 0u);
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
    case DMABMR:
        return model_reset_done(m) ? value & ~(uint32_t)SWR : value | SWR;
    case MACMIIAR:
        return model_mdio_done(m) ? value & ~1u : value | 1u;
    case DMAMFBOCR:
        m->reg[at / 4] = 0;
        break;
    default:
        break;
    }
    return value;
}

static void put_mode(struct model *m, uint32_t value)
{
    uint32_t was = m->reg[DMAOMR / 4];

    m->reg[DMAOMR / 4] = value;
    if (!(value & TSF) || !(value & RSF)) {
        model_broken("frames are not stored whole, which this model does not have");
    }
    if ((value & SR) && !(was & SR)) {
        m->rx_at = m->rx.base;
        m->rx_state = RUNNING;
    }
    if ((value & ST) && !(was & ST)) {
        m->tx_state = RUNNING; // with the list's first descriptor, or where it stopped
    }
    if (!(value & ST) && (was & ST)) {
        m->tx_state = STOPPED;
        raise(m, TPSS);
    }
    memory_doorbell(&m->memory);
}

static void put_list(struct model *m, struct ring *ring, uint32_t base, uint32_t count)
{
    if (m->rx_state != STOPPED || m->tx_state != STOPPED || (base & 3)) {
        model_broken("a list is set while the DMA runs, or is not aligned");
    }
    *ring = (struct ring){base, count, 32, 0, 2, 1, 0x1FFF};
}

static void put_demand(struct model *m, enum dma_state *state)
{
    if (sabotage != NO_DEMAND) {
        model_demand(m);
        *state = *state == SUSPENDED ? RUNNING : *state;
    }
}

static void put_mii(struct model *m, uint32_t value)
{
    static const uint32_t divisors[8] = {42, 62, 16, 26, 102, 102, 102, 102};
    uint16_t data = (uint16_t)m->reg[MACMIIDR / 4];

    model_mdc(m, divisors[value >> 2 & 7]);
    if (value & 1) {
        model_mdio(m, value >> 11 & 31, value >> 6 & 31, (value & 2) != 0, &data);
    }
    m->reg[MACMIIDR / 4] = data;
    m->reg[MACMIIAR / 4] = value;
}

static void put(struct model *m, unsigned at, uint32_t value)
{
    if (m->resetting > 0 && at != DMABMR) {
        model_broken("a register is written while the MAC resets");
    }
    switch (at) {
    case DMABMR:
        if (value & SWR) {
            model_reset(m);
        }
        break;
    case DMASR:
        m->reg[at / 4] &= ~(value & (NORMAL | ABNORMAL | NIS | AIS));
        return;
    case DMAOMR:
        put_mode(m, value);
        return;
    case DMARDLAR:
        put_list(m, &m->rx, value, AKSU_STM32_RX_FRAMES);
        break;
    case DMATDLAR:
        put_list(m, &m->tx, value, AKSU_STM32_TX_FRAMES);
        m->tx_at = value;
        break;
    case DMATPDR:
        put_demand(m, &m->tx_state);
        return;
    case DMARPDR:
        put_demand(m, &m->rx_state);
        return;
    case MACMIIAR:
        put_mii(m, value);
        return;
    default:
        break;
    }
    m->reg[at / 4] = value;
}

const struct model_kind model_f = {get, put, arrive, run, interrupt, slow};
