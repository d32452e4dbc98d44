// SPDX-License-Identifier: MIT
// Memory between a processor that reorders or caches, and a DMA.
#include "stm32_model.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   __asan_poison_memory_region(p, n)
#define UNPOISON(p, n) __asan_unpoison_memory_region(p, n)
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

enum { LINE = AKSU_STM32_LINE };

static size_t offset(const struct memory *m, uint32_t address, size_t len)
{
    size_t at = address - (uint32_t)(uintptr_t)m->cpu;

    if (at >= MEMORY || len > MEMORY - at) {
        model_broken("the DMA is sent to memory that is not the driver's");
        return 0;
    }
    return at;
}

static uint8_t *dma_side(struct memory *m)
{
    return m->cached ? m->ram : m->cpu;
}

static uint32_t word(const uint8_t *p)
{
    uint32_t value;

    memcpy(&value, p, sizeof value);
    return value;
}

void memory_init(struct memory *m, void *cpu, bool cached, uint32_t seed)
{
    memset(m, 0, sizeof *m);
    m->cpu = cpu;
    m->cached = cached;
    m->random = seed;
    UNPOISON(cpu, MEMORY);
    for (size_t i = 0; i < MEMORY; i++) { // memory is not zero after power-on
        m->cpu[i] = (uint8_t)(0xA5 ^ i);
        m->ram[i] = (uint8_t)(0x5A ^ i);
    }
    memcpy(m->seen, m->cpu, MEMORY);
}

uint32_t memory_read(const struct memory *m, uint32_t address)
{
    return word((m->cached ? m->ram : m->cpu) + offset(m, address, 4));
}

void memory_read_all(const struct memory *m, uint32_t address, void *to, size_t len)
{
    size_t at = offset(m, address, len);

    memcpy(to, (m->cached ? m->ram : m->cpu) + at, at + len <= MEMORY ? len : 0);
}

void memory_write(struct memory *m, uint32_t address, uint32_t value)
{
    size_t at = offset(m, address, 4);

    memcpy(dma_side(m) + at, &value, 4);
    if (!m->cached) {
        memcpy(m->seen + at, &value, 4);
    }
}

void memory_write_late(struct memory *m, uint32_t address, const void *from, size_t len)
{
    size_t at = offset(m, address, len);

    if (m->cached) {
        memcpy(m->ram + at, from, len);
        return;
    }
    memcpy(m->late + at, from, len);
    memset(m->is_late + at, true, len);
    for (size_t i = at; i < at + len; i++) { // until then the processor may see anything
        m->cpu[i] = m->seen[i] = (uint8_t)~m->late[i];
    }
}

/// What the DMA owns ///

// Calls a function for each descriptor that the DMA owns.
static void each_owned(struct memory *m,
                       void (*visit)(struct memory *, size_t at, size_t len, bool descriptor))
{
    const uint8_t *side = dma_side(m);

    for (unsigned i = 0; i < 2; i++) {
        const struct ring *ring = m->rings[i];
        for (uint32_t d = 0; d < ring->count; d++) {
            size_t at = offset(m, ring->base + d * ring->stride, ring->stride);
            if (!(word(side + at + 4 * ring->own) >> 31)) {
                continue;
            }
            size_t len = word(side + at + 4 * ring->length) & ring->length_mask;
            len = len ? len
                      : AKSU_STM32_BUFFER; // the H7's receive buffers have no length of their own
            if (m->cached || word(m->seen + at + 4 * ring->own) >> 31) { // not just handed over
                visit(m, at, 16, true);
            }
            visit(m, offset(m, word(side + at + 4 * ring->buffer), len), len, false);
        }
    }
}

static void must_be_untouched(struct memory *m, size_t at, size_t len, bool descriptor)
{
    if (m->cached) { // the whole lines: a dirty one would be written back over the DMA's data
        size_t end = (at + len + LINE - 1) / LINE * LINE;
        at = at / LINE * LINE;
        len = end - at;
    }
    if (memcmp(m->cpu + at, m->seen + at, len) != 0) {
        model_broken(descriptor ? "a descriptor is written that the DMA owns"
                                : "a buffer is written that the DMA owns");
    }
}

static void poison(struct memory *m, size_t at, size_t len, bool descriptor)
{
    if (!descriptor) {
        POISON(m->cpu + at, len / 8 * 8);
    }
}

void memory_enter(struct memory *m)
{
    UNPOISON(m->cpu, MEMORY);
}

void memory_leave(struct memory *m)
{
    each_owned(m, poison);
}

/// Order ///

static void check_handed_over(const struct memory *m, const struct ring *ring, size_t at)
{
    uint32_t address = word(m->cpu + at + 4 * ring->buffer);
    size_t len = word(m->cpu + at + 4 * ring->length) & ring->length_mask;
    size_t buffer = offset(m, address, len);

    for (unsigned i = 0; i < 4; i++) {
        if (i != ring->own && word(m->cpu + at + 4 * i) != word(m->seen + at + 4 * i)) {
            model_broken("OWN is set with no barrier behind the other fields");
        }
    }
    if (memcmp(m->cpu + buffer, m->seen + buffer, len) != 0) {
        model_broken("OWN is set with no barrier behind the buffer");
    }
}

// Descriptors that have changed hands since the last barrier, and those that had not to change.
static void check_order(struct memory *m)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct ring *ring = m->rings[i];
        for (uint32_t d = 0; d < ring->count; d++) {
            size_t at = offset(m, ring->base + d * ring->stride, ring->stride);
            bool was = word(m->seen + at + 4 * ring->own) >> 31;
            bool is = word(m->cpu + at + 4 * ring->own) >> 31;
            if (was) {
                must_be_untouched(m, at, 16, true);
            } else if (is) {
                check_handed_over(m, ring, at);
            }
        }
    }
    each_owned(m, must_be_untouched);
}

void memory_barrier(struct memory *m)
{
    if (m->cached) {
        m->unordered = false;
        return;
    }
    for (size_t i = 0; i < MEMORY; i++) {
        if (m->is_late[i]) {
            m->cpu[i] = m->late[i];
            m->is_late[i] = false;
        }
    }
    memcpy(m->seen, m->cpu, MEMORY);
}

void memory_doorbell(struct memory *m)
{
    if (m->cached) {
        if (m->unordered) {
            model_broken("the DMA is told to look with no barrier behind cache maintenance");
        }
        each_owned(m, must_be_untouched);
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        const struct ring *ring = m->rings[i];
        size_t at = offset(m, ring->base, ring->count * ring->stride);
        if (memcmp(m->cpu + at, m->seen + at, ring->count * ring->stride) != 0) {
            model_broken("the DMA is told to look with no barrier behind OWN");
        }
    }
}

/// The cache ///

static bool dirty(const struct memory *m, size_t at)
{
    return memcmp(m->cpu + at, m->seen + at, LINE) != 0;
}

static void fetch(struct memory *m, size_t at)
{
    memcpy(m->cpu + at, m->ram + at, LINE);
    memcpy(m->seen + at, m->ram + at, LINE);
}

static void write_back(struct memory *m, size_t at)
{
    memcpy(m->ram + at, m->cpu + at, LINE);
    memcpy(m->seen + at, m->cpu + at, LINE);
}

bool memory_maintain(struct memory *m, uintptr_t operation, uint32_t address)
{
    size_t at = address - (uint32_t)(uintptr_t)m->cpu;

    if (at >= MEMORY) {
        return false;
    }
    at = at / LINE * LINE;
    m->unordered = true;
    if (operation != AKSU_DCIMVAC && dirty(m, at)) {
        write_back(m, at);
    }
    if (operation != AKSU_DCCMVAC) {
        if (dirty(m, at)) {
            model_broken("a line is invalidated that was written: that is lost");
        }
        fetch(m, at);
    }
    each_owned(m, must_be_untouched);
    return true;
}

void memory_weather(struct memory *m)
{
    if (!m->cached) {
        check_order(m); // before the DMA acts on what has become visible
        return;
    }
    each_owned(m, must_be_untouched);
    for (unsigned i = 0; i < 8; i++) {
        m->random = m->random * 1664525u + 1013904223u;
        size_t at = (m->random >> 8) % (MEMORY / LINE) * LINE;
        if (dirty(m, at)) {
            write_back(m, at);
        } else {
            fetch(m, at);
        }
    }
}
