// SPDX-License-Identifier: MIT
// From aksu_begin() to main(), and the stack's paint and guard.
#include "../aksu_baremetal.h"
#include "riscv.h"

int main(void);

// A region of physical memory protection that is locked holds for machine mode as well, until reset
// (Privileged Architecture 3.7.1). Without PMP the writes are ignored, or trap and say so.
enum { PMP_LOCKED = 0x80, PMP_NAPOT = 0x18 };

static void guard_stack(void)
{
    uintptr_t guard = (uintptr_t)aksu_stack_bottom - STACK_GUARD;
    uintptr_t napot = guard >> 2 | (STACK_GUARD / 8 - 1);

    __asm__ volatile("csrw pmpaddr0, %0\n\tcsrw pmpcfg0, %1"
                     :
                     : "r"(napot), "r"(PMP_LOCKED | PMP_NAPOT)
                     : "memory");
}

void aksu_begin(void)
{
    const uint32_t *from = aksu_data_load;
    uint32_t *used; // below it nothing of the stack is in use yet

    __asm__ volatile("mv %0, sp" : "=r"(used));
    for (uint32_t *p = aksu_stack_bottom; p < used; p++) {
        *p = STACK_PAINT;
    }
    for (uint32_t *to = aksu_data; to < aksu_data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = aksu_bss; to < aksu_bss_end;) {
        *to++ = 0;
    }
    guard_stack();
    aksu_exit(main());
}

size_t aksu_stack_used(size_t *size)
{
    const uint32_t *p = aksu_stack_bottom;

    while (p < aksu_stack_top && *p == STACK_PAINT) {
        p++;
    }
    if (size) {
        *size = (size_t)(aksu_stack_top - aksu_stack_bottom) * sizeof *p;
    }
    return (size_t)(aksu_stack_top - p) * sizeof *p;
}
