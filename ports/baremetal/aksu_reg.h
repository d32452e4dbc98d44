// SPDX-License-Identifier: MIT
/// Registers of peripherals. Tests of a driver on a PC define AKSU_REG_MODEL and give the two
/// functions themselves: a model of the MAC.
#ifndef AKSU_REG_H
#define AKSU_REG_H

#include <stdint.h>

#ifdef AKSU_REG_MODEL
uint32_t aksu_reg_get(uintptr_t address);
void aksu_reg_put(uintptr_t address, uint32_t value);
/// Called where a driver orders its memory accesses: what the MAC reads then must be there.
void aksu_reg_barrier(void);
#else
static inline uint32_t aksu_reg_get(uintptr_t address)
{
    return *(volatile uint32_t *)address;
}

static inline void aksu_reg_put(uintptr_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

/// Memory accesses before it are complete before those after it, for a DMA as well.
static inline void aksu_reg_barrier(void)
{
#if defined(__arm__)
    __asm__ volatile("dsb" ::: "memory");
#elif defined(__riscv)
    __asm__ volatile("fence iorw, iorw" ::: "memory");
#else
    __sync_synchronize();
#endif
}
#endif

#endif
