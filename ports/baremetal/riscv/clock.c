// SPDX-License-Identifier: MIT
// The clock and sleep of a RISC-V hart, on the CLINT's timer and the PLIC. Interrupts are never
// taken: WFI ends when one that mie selects is pending, even if mstatus masks it (Privileged
// Architecture 3.3.3), so the main loop needs no handler, and misses none.
#include "../aksu_baremetal.h"
#include "../aksu_reg.h"
#include "riscv.h"

static uint32_t ticks_per_ms = 1;

// Two halves: the upper one may move on between them.
static uint64_t ticks(void)
{
    uint32_t high, low;

    do {
        high = aksu_reg_get(CLINT_MTIME + 4);
        low = aksu_reg_get(CLINT_MTIME);
    } while (aksu_reg_get(CLINT_MTIME + 4) != high);
    return (uint64_t)high << 32 | low;
}

// No comparison is met on the way.
static void set_alarm(uint64_t at)
{
    aksu_reg_put(CLINT_MTIMECMP + 4, UINT32_MAX);
    aksu_reg_put(CLINT_MTIMECMP, (uint32_t)at);
    aksu_reg_put(CLINT_MTIMECMP + 4, (uint32_t)(at >> 32));
}

void aksu_clock_start(uint32_t hz)
{
    ticks_per_ms = hz / 1000;
    set_alarm(UINT64_MAX);
    aksu_reg_put(PLIC_THRESHOLD, 0);
    __asm__ volatile("csrw mie, %0" ::"r"(MIE_TIMER | MIE_EXTERNAL));
}

uint32_t aksu_clock_ms(void)
{
    return (uint32_t)(ticks() / ticks_per_ms);
}

void aksu_cpu_interrupt(unsigned line)
{
    uintptr_t enable = PLIC_ENABLE + line / 32 * 4;

    aksu_reg_put(PLIC_PRIORITY + 4 * line, 1);
    aksu_reg_put(enable, aksu_reg_get(enable) | 1u << line % 32);
}

// Makes the PLIC look at the line that woke us again: by now the main loop has seen its cause.
static void complete(void)
{
    uint32_t line = aksu_reg_get(PLIC_CLAIM);

    if (line) {
        aksu_reg_put(PLIC_CLAIM, line);
    }
}

void aksu_cpu_sleep(uint32_t ms, bool (*ready)(void *user), void *user)
{
    complete();
    aksu_reg_barrier();
    if (!ready(user)) {
        if (ms != AKSU_NEVER) {
            set_alarm((ticks() / ticks_per_ms + ms) * ticks_per_ms);
        }
        aksu_reg_barrier();
        __asm__ volatile("wfi" ::: "memory");
        set_alarm(UINT64_MAX);
    }
}
