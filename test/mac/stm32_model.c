// SPDX-License-Identifier: MIT
// What the two kinds of MAC have in common, and the registers' way to them.
#include "stm32_model.h"

enum { MODELS = 2, SETTLED = 50, READS_OF_RESET = 5, READS_OF_MDIO = 3, PHY_ADDRESS = 0 };

static struct model *models[MODELS];
enum sabotage sabotage;
bool breach_wanted;
unsigned breaches;

void model_broken(const char *what)
{
    breaches++;
    if (!breach_wanted) {
        fail_msg("%s", what);
    }
}

void model_none(void)
{
    memset(models, 0, sizeof models);
    sabotage = SABOTAGE_NONE;
    breach_wanted = false;
    breaches = 0;
}

void model_init(struct model *m, const struct model_kind *kind, uintptr_t base, uint32_t hclk,
                void *cpu, bool cached)
{
    unsigned place = 0;

    while (place < MODELS - 1 && models[place]) {
        place++;
    }
    models[place] = m;
    memset(m, 0, sizeof *m);
    m->kind = kind;
    m->base = base;
    m->hclk = hclk;
    memory_init(&m->memory, cpu, cached, 1);
    m->memory.rings[0] = &m->rx;
    m->memory.rings[1] = &m->tx;
    phy_init(&m->phy);
}

/// The bus ///

static struct model *model_of(uintptr_t address)
{
    for (unsigned i = 0; i < MODELS; i++) {
        if (models[i] && address - models[i]->base < REGISTERS) {
            return models[i];
        }
    }
    fail_msg("no MAC is at %#lx", (unsigned long)address);
    return NULL;
}

// The DMA works at any time: here before each access and barrier of the processor.
void model_run(struct model *m)
{
    memory_enter(&m->memory);
    memory_weather(&m->memory);
    if (!m->frozen && m->resetting == 0) {
        m->kind->run(m);
    }
    memory_leave(&m->memory);
}

uint32_t aksu_reg_get(uintptr_t address)
{
    struct model *m = model_of(address);

    model_run(m);
    m->accesses++;
    memory_enter(&m->memory);
    uint32_t value = m->kind->get(m, (unsigned)(address - m->base));

    memory_leave(&m->memory);
    return value;
}

static void maintain(uintptr_t operation, uint32_t address)
{
    bool done = false;

    if ((sabotage == NO_CLEAN && operation == AKSU_DCCMVAC) ||
        (sabotage == NO_INVALIDATE && operation == AKSU_DCIMVAC)) {
        return;
    }
    for (unsigned i = 0; i < MODELS && models[i]; i++) {
        memory_enter(&models[i]->memory);
        done |= memory_maintain(&models[i]->memory, operation, address);
        memory_leave(&models[i]->memory);
    }
    if (!done) {
        model_broken("cache maintenance of other memory than the driver's");
    }
}

void aksu_reg_put(uintptr_t address, uint32_t value)
{
    if (address >= 0xE0000000u) {
        maintain(address, value);
        return;
    }
    struct model *m = model_of(address);
    unsigned at = (unsigned)(address - m->base);

    model_run(m);
    m->accesses++;
    if (m->kind->slow(at) && m->written_at[at / 4] != 0 &&
        m->accesses - m->written_at[at / 4] < SETTLED) {
        model_broken("a register of the MAC is written again too soon: that may be lost");
    }
    m->written_at[at / 4] = m->accesses;
    memory_enter(&m->memory);
    m->kind->put(m, at, value);
    memory_leave(&m->memory);
    model_run(m);
}

void aksu_reg_barrier(void)
{
    if (sabotage == NO_BARRIER) {
        return;
    }
    for (unsigned i = 0; i < MODELS && models[i]; i++) {
        model_run(models[i]);
        memory_enter(&models[i]->memory);
        memory_barrier(&models[i]->memory);
        memory_leave(&models[i]->memory);
    }
}

void model_arrive(struct model *m, const struct frame *f)
{
    model_run(m);
    memory_enter(&m->memory);
    m->kind->arrive(m, f);
    memory_leave(&m->memory);
    model_run(m);
}

bool model_interrupt(const struct model *m)
{
    return m->kind->interrupt(m);
}

/// For the two kinds ///

bool model_reset_done(struct model *m)
{
    if (m->resetting > 0 && !m->no_clock) {
        m->resetting--;
    }
    return m->resetting == 0;
}

void model_reset(struct model *m)
{
    memset(m->reg, 0, sizeof m->reg);
    memset(m->written_at, 0, sizeof m->written_at);
    m->rx.count = m->tx.count = 0;
    m->resetting = READS_OF_RESET;
    m->rx_state = m->tx_state = STOPPED;
    m->fifo_count = 0;
    m->fifo_octets = m->rx_done = 0;
}

bool model_mdio_done(struct model *m)
{
    if (m->mdio_busy > 0) {
        m->mdio_busy--;
    }
    return m->mdio_busy == 0;
}

void model_mdc(const struct model *m, uint32_t divisor)
{
    if (m->hclk / divisor > 2500000) {
        model_broken("MDC is faster than 2.5 MHz");
    }
}

void model_mdio(struct model *m, unsigned phy, unsigned reg, bool write, uint16_t *data)
{
    if (m->mdio_busy > 0) {
        model_broken("MDIO is used while it is busy");
    }
    m->mdio_busy = READS_OF_MDIO;
    if (phy != PHY_ADDRESS) {
        *data = write ? *data : UINT16_MAX; // the line is pulled up
    } else if (write) {
        phy_write(&m->phy, reg, *data);
    } else {
        *data = phy_read(&m->phy, reg);
    }
}

void model_demand(struct model *m)
{
    m->demands++;
    memory_doorbell(&m->memory);
}

void model_transmit(struct model *m, uint8_t *frame, size_t len, bool fast, bool full_duplex)
{
    if (len < AKSU_FRAME_MIN) {
        memset(frame + len, 0, AKSU_FRAME_MIN - len);
        len = AKSU_FRAME_MIN;
    }
    if (!phy_up(&m->phy)) {
        return;
    }
    if (fast != phy_fast(&m->phy) || full_duplex != phy_full_duplex(&m->phy)) {
        m->frames_garbled++;
        return;
    }
    m->frames_sent++;
    if (m->sent) {
        m->sent(m, frame, len);
    }
}

const struct frame *model_fifo_top(struct model *m)
{
    return m->fifo_count > 0 ? &m->fifo[m->fifo_first] : NULL;
}

void model_fifo_pop(struct model *m)
{
    m->fifo_octets -= m->fifo[m->fifo_first].len;
    m->fifo_first = (m->fifo_first + 1) % WAITING;
    m->fifo_count--;
    m->rx_done = 0;
}

// Returns false if the FIFO has no room for it. A frame longer than the FIFO comes in when it is
// empty, for its beginning is fetched while it comes.
bool model_fifo_push(struct model *m, const struct frame *f)
{
    if (m->fifo_count == WAITING || (m->fifo_count > 0 && m->fifo_octets + f->len > RX_FIFO)) {
        return false;
    }
    struct frame *to = &m->fifo[(m->fifo_first + m->fifo_count) % WAITING];

    memcpy(to, f, sizeof *f);
    m->fifo_octets += f->len;
    m->fifo_count++;
    return true;
}

bool model_for_us(const struct model *m, const uint8_t *frame, uint32_t high, uint32_t low)
{
    const uint8_t address[6] = {(uint8_t)low,         (uint8_t)(low >> 8), (uint8_t)(low >> 16),
                                (uint8_t)(low >> 24), (uint8_t)high,       (uint8_t)(high >> 8)};

    return phy_up(&m->phy) &&
           (memcmp(frame, address, 6) == 0 || memcmp(frame, "\xff\xff\xff\xff\xff\xff", 6) == 0);
}
