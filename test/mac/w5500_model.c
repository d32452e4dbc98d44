// SPDX-License-Identifier: MIT
#include "w5500_model.h"

enum { MR, SHAR = 0x09, SIR = 0x17, SIMR = 0x18, PHYCFGR = 0x2E, VERSIONR = 0x39 };
enum { S_MR, S_CR, S_IR, S_SR, S_RXBUF = 0x1E, S_TXBUF, S_TX_FSR, S_TX_RD = 0x22, S_TX_WR = 0x24 };
enum { S_RX_RSR = 0x26, S_RX_RD = 0x28, S_RX_WR = 0x2A, S_IMR = 0x2C };
enum { OPEN = 0x01, CLOSE = 0x10, SEND = 0x20, RECV = 0x40 };
enum { IR_RECV = 0x04, IR_SEND_OK = 0x10, SR_MACRAW = 0x42 };
enum { FILTER = 0x80, NO_MULTICAST = 0x20, NO_IPV6 = 0x10 };
enum { SPI_NS_PER_OCTET = 256, CABLE_NS_PER_OCTET = 80, TAKES = 2 }; // 31.25 MHz, 100 Mbit/s

struct w5500_model w5500;

static struct w5500_model *const w = &w5500;

static unsigned get16(unsigned at)
{
    return (unsigned)(w->socket[0][at] << 8 | w->socket[0][at + 1]);
}

static void put16(unsigned at, unsigned value)
{
    w->socket[0][at] = (uint8_t)(value >> 8);
    w->socket[0][at + 1] = (uint8_t)value;
}

static unsigned size_of(unsigned at)
{
    return w->socket[0][at] * 1024u;
}

static unsigned rx_used(void)
{
    return (uint16_t)(w->rx_write - w->rx_freed);
}

void w5500_reset(void)
{
    memset(w->common, 0, sizeof w->common);
    memset(w->socket, 0, sizeof w->socket);
    w->common[VERSIONR] = 0x04;
    w->common[PHYCFGR] = 0xB8;
    for (unsigned i = 0; i < 8; i++) {
        w->socket[i][S_RXBUF] = 2;
        w->socket[i][S_TXBUF] = 2;
        w->socket[i][S_IMR] = 0xFF;
    }
    memset(w->rx, 0, sizeof w->rx);
    w->tx_read = w->rx_write = w->rx_freed = 0;
    w->busy = 0;
    w->sent_at = UINT64_MAX;
    w->ready_at = wire.now + 200 * US;
    w->told_to_reset = false;
}

/// Frames ///

static bool filtered(const uint8_t *to)
{
    unsigned mode = w->socket[0][S_MR];
    bool group = (to[0] & 1) != 0;
    bool broadcast = memcmp(to, "\xFF\xFF\xFF\xFF\xFF\xFF", 6) == 0;

    if (group && !broadcast) {
        return (mode & NO_MULTICAST) || ((mode & NO_IPV6) && to[0] == 0x33 && to[1] == 0x33);
    }
    return !group && (mode & FILTER) && memcmp(to, w->common + SHAR, 6) != 0;
}

static void store(uint8_t octet)
{
    w->rx[w->rx_write++ % size_of(S_RXBUF)] = octet;
}

static void arrive(const uint8_t *frame, size_t len, bool bad_fcs)
{
    if (w->unplugged || w->socket[0][S_SR] != SR_MACRAW) {
        return;
    }
    if (bad_fcs || len < 60 || len > 1514) {
        w->refused++;
        return;
    }
    if (filtered(frame)) {
        w->filtered++;
        return;
    }
    unsigned room = size_of(S_RXBUF) - rx_used();
    size_t all = len;
    if (len + 2 > room) {
        w->dropped++;
        if (!w->overrun_garbles || room < 2) {
            return;
        }
        len = room - 2;
    }
    all += w->spoil ? 0x4000 : 0;
    w->spoil = false;
    store((uint8_t)((all + 2) >> 8));
    store((uint8_t)(all + 2));
    for (size_t i = 0; i < len; i++) {
        store(frame[i]);
    }
    w->socket[0][S_IR] |= IR_RECV;
}

static void tick(void)
{
    uint8_t frame[W5500_MEMORY];
    unsigned len = (uint16_t)(get16(S_TX_WR) - w->tx_read);

    if (w->sent_at > wire.now) {
        return;
    }
    w->sent_at = UINT64_MAX;
    for (unsigned i = 0; i < len; i++) {
        frame[i] = w->tx[w->tx_read++ % size_of(S_TXBUF)];
    }
    w->socket[0][S_IR] |= IR_SEND_OK;
    if (!w->unplugged) {
        static uint8_t sent[W5500_MEMORY];
        memcpy(sent, frame, len);
        wire_send(sent, len);
    }
}

static uint64_t next(void)
{
    return w->sent_at;
}

static bool interrupt(void)
{
    return !w->mute && (w->socket[0][S_IR] & w->socket[0][S_IMR]) && (w->common[SIMR] & 1);
}

const struct wire_chip w5500_chip = {arrive, tick, next, interrupt, CABLE_NS_PER_OCTET};

/// Commands ///

static void open_socket(void)
{
    unsigned rx = 0;
    unsigned tx = 0;

    for (unsigned i = 0; i < 8; i++) {
        rx += w->socket[i][S_RXBUF];
        tx += w->socket[i][S_TXBUF];
    }
    if (rx > 16 || tx > 16) {
        wire_broken("the sockets have more than 16 KiB of memory");
    }
    if ((w->socket[0][S_MR] & 0x0F) != 4) {
        wire_broken("socket 0 is opened, but not in MACRAW mode");
    }
    w->socket[0][S_SR] = SR_MACRAW;
    w->tx_read = w->rx_write = w->rx_freed = w->first;
    put16(S_TX_WR, w->first);
    put16(S_RX_RD, w->first);
}

static void send(void)
{
    unsigned len = (uint16_t)(get16(S_TX_WR) - w->tx_read);

    if (w->sent_at != UINT64_MAX) {
        wire_broken("SEND while a frame is being sent");
    }
    if (w->socket[0][S_SR] != SR_MACRAW) {
        return;
    }
    if (len < 60 || len > 1514) {
        wire_broken("a frame of impossible length is sent");
    }
    w->sent_at = w->hang ? UINT64_MAX - 1 : wire.now + len * CABLE_NS_PER_OCTET + 2 * US;
}

static void receive(void)
{
    unsigned freed = (uint16_t)(get16(S_RX_RD) - w->rx_freed);

    if (freed > rx_used()) {
        wire_broken("more is freed than has come");
    }
    w->rx_freed = (uint16_t)get16(S_RX_RD);
}

static void command(unsigned value)
{
    if (w->busy > 0) {
        wire_broken("a command before the last one is taken");
    }
    w->busy = TAKES;
    switch (w->deaf ? 0 : value) {
    case OPEN:
        open_socket();
        return;
    case CLOSE:
        w->socket[0][S_SR] = 0;
        w->sent_at = UINT64_MAX;
        return;
    case SEND:
        send();
        return;
    case RECV:
        receive();
        return;
    default:
        if (!w->deaf) {
            wire_broken("a command that is none");
        }
    }
}

/// Registers ///

static uint8_t read_common(unsigned at)
{
    if (at == PHYCFGR) {
        return (uint8_t)(w->common[PHYCFGR] | (w->unplugged ? 0 : 7));
    }
    return at == SIR ? (w->socket[0][S_IR] & w->socket[0][S_IMR]) != 0
                     : w->common[at % sizeof w->common];
}

static uint8_t half(unsigned value, unsigned low)
{
    return (uint8_t)(low ? value : value >> 8);
}

static uint8_t read_waiting(unsigned low)
{
    uint8_t octet = half(rx_used(), low);

    if (!low && w->between && w->before_between-- == 0) {
        void (*between)(void) = w->between;
        w->between = NULL;
        between();
    }
    return octet;
}

static uint8_t read_socket(unsigned at)
{
    switch (at) {
    case S_CR:
        w->busy -= w->busy > 0 && !w->deaf;
        return w->busy > 0 ? w->socket[0][S_CR] : 0;
    case S_TX_FSR:
    case S_TX_FSR + 1:
        return half(size_of(S_TXBUF) - (uint16_t)(get16(S_TX_WR) - w->tx_read), at & 1);
    case S_TX_RD:
    case S_TX_RD + 1:
        return half(w->tx_read, at & 1);
    case S_RX_RSR:
    case S_RX_RSR + 1:
        return read_waiting(at & 1);
    case S_RX_WR:
    case S_RX_WR + 1:
        return half(w->rx_write, at & 1);
    default:
        return w->socket[0][at % sizeof w->socket[0]];
    }
}

static void write_common(unsigned at, uint8_t value)
{
    if (at == MR && (value & 0x80)) {
        w5500_reset();
        w->told_to_reset = true;
    } else if (at == MR || (at >= SHAR && at < SHAR + 6) || at == SIMR) {
        w->common[at] = value;
    } else {
        wire_broken("a common register is written that a MAC does not need");
    }
}

static void write_socket(unsigned number, unsigned at, uint8_t value)
{
    if (number != 0 && at != S_RXBUF && at != S_TXBUF) {
        wire_broken("another socket than 0 is used");
    } else if (at == S_CR) {
        w->socket[0][S_CR] = value;
        command(value);
    } else if (at == S_IR) {
        w->socket[0][S_IR] &= (uint8_t)~value;
    } else if (at == S_MR || at == S_RXBUF || at == S_TXBUF || at / 2 * 2 == S_TX_WR ||
               at / 2 * 2 == S_RX_RD || at == S_IMR) {
        w->socket[number][at] = value;
    } else {
        wire_broken("a register is written that can only be read");
    }
}

static void write_tx(uint16_t at, uint8_t value)
{
    if (w->sent_at != UINT64_MAX &&
        (uint16_t)(at - w->tx_read) % size_of(S_TXBUF) < (uint16_t)(get16(S_TX_WR) - w->tx_read)) {
        wire_broken("a frame is overwritten while it is sent");
    }
    w->tx[at % size_of(S_TXBUF)] = value;
}

/// SPI ///

static uint8_t read_octet(void)
{
    unsigned block = w->control >> 3;

    if (wire.now < w->ready_at) {
        return 0;
    }
    if (block == 0) {
        return read_common(w->at);
    }
    if (block % 4 == 1) {
        return block == 1 ? read_socket(w->at) : w->socket[block / 4][w->at % 0x30];
    }
    if (block == 3) {
        return w->rx[w->at % size_of(S_RXBUF)];
    }
    wire_broken("a block is read that a MAC has no use for");
    return 0;
}

static void write_octet(uint8_t value)
{
    unsigned block = w->control >> 3;

    if (wire.now < w->ready_at) {
        if (w->told_to_reset) {
            wire_broken("written to before it is ready");
        }
    } else if (block == 0) {
        write_common(w->at, value);
    } else if (block % 4 == 1) {
        write_socket(block / 4, w->at, value);
    } else if (block == 2) {
        write_tx(w->at, value);
    } else {
        wire_broken("a block is written that a MAC has no use for");
    }
}

static uint8_t exchange(uint8_t out)
{
    uint8_t in = 0;

    if (w->octet < 2) {
        w->at = (uint16_t)(w->at << 8 | out);
    } else if (w->octet == 2) {
        w->control = out;
        if (out & 3) {
            wire_broken("a fixed data length, with a select pin that a driver has");
        }
    } else {
        if (w->control & 4) {
            write_octet(out);
        } else {
            in = read_octet();
        }
        w->at++; // its carry is ignored (2.2.1)
    }
    w->octet++;
    return in;
}

static void spi_select(struct aksu_spi *spi)
{
    (void)spi;
    if (w->selected) {
        wire_broken("selected twice");
    }
    w->selected = true;
    w->octet = 0;
    w->at = 0;
}

static void spi_transfer(struct aksu_spi *spi, const void *out, void *in, size_t len)
{
    const uint8_t *from = out;
    uint8_t *to = in;

    (void)spi;
    if (!w->selected) {
        wire_broken("a transfer without select");
    }
    for (size_t i = 0; i < len; i++) {
        uint8_t octet = from ? from[i] : 0;
        octet = w->mute ? w->mute_octet : exchange(octet);
        if (to) {
            to[i] = octet;
        }
        wire_spend(SPI_NS_PER_OCTET);
    }
}

static void spi_deselect(struct aksu_spi *spi)
{
    (void)spi;
    w->selected = false;
    wire_spend(SPI_NS_PER_OCTET);
}

void w5500_init(void)
{
    memset(w, 0, sizeof *w);
    w->spi = (struct aksu_spi){spi_select, spi_transfer, spi_deselect};
    w5500_reset();
}
