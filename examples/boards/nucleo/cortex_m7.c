// SPDX-License-Identifier: MIT
// Caches and memory attributes of a Cortex-M7 (ARMv7-M Architecture Reference Manual B3.2, B3.5,
// and B4.2.2). Has not run on a board.
#include "nucleo.h"

#include <cortex_m/cortex_m.h>

#define SCB_CCR    0xE000ED14u
#define SCB_CCSIDR 0xE000ED80u
#define SCB_CSSELR 0xE000ED84u
#define ICIALLU    0xE000EF50u
#define DCISW      0xE000EF60u

enum { CCR_DC = 1 << 16, CCR_IC = 1 << 17, SET_SHIFT = 5, WAY_SHIFT = 30 };
enum { MPU_ENABLE = 1, MPU_PRIVDEFENA = 4 };
enum { READ_WRITE = 3 << 24, NEVER_EXECUTE = 1 << 28, TEX_1 = 1 << 19, SHAREABLE = 1 << 18 };

// The stack's guard is the last region (fault.c); where none is set, memory is as without an MPU.
void nucleo_uncached(uintptr_t from, unsigned log2)
{
    aksu_reg_barrier();
    aksu_reg_put(MPU_RNR, 0);
    aksu_reg_put(MPU_RBAR, (uint32_t)from);
    aksu_reg_put(MPU_RASR,
                 NEVER_EXECUTE | READ_WRITE | TEX_1 | SHAREABLE | (log2 - 1) << 1 | MPU_ENABLE);
    aksu_reg_put(MPU_CTRL, MPU_PRIVDEFENA | MPU_ENABLE);
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}

// What the caches hold after power-on is undefined: it is invalidated first.
void nucleo_caches(void)
{
    aksu_reg_put(SCB_CSSELR, 0); // level 1, data
    aksu_reg_barrier();
    uint32_t size = aksu_reg_get(SCB_CCSIDR);

    for (uint32_t set = 0; set <= (size >> 13 & 0x7FFF); set++) {
        for (uint32_t way = 0; way <= (size >> 3 & 0x3FF); way++) {
            aksu_reg_put(DCISW, way << WAY_SHIFT | set << SET_SHIFT);
        }
    }
    aksu_reg_put(ICIALLU, 0);
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    nucleo_set(SCB_CCR, CCR_DC | CCR_IC);
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}
