// SPDX-License-Identifier: MIT
// From reset to main(), and the stack's paint.
#include "../aksu_baremetal.h"
#include "cortex_m.h"

int main(void);

void aksu_reset(void)
{
    const uint32_t *from = aksu_data_load;
    uint32_t *used; // below it nothing of the stack is in use yet

    __asm__ volatile("mov %0, sp" : "=r"(used));
    for (uint32_t *p = aksu_stack_bottom; p < used; p++) {
        *p = STACK_PAINT;
    }
    for (uint32_t *to = aksu_data; to < aksu_data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = aksu_bss; to < aksu_bss_end;) {
        *to++ = 0;
    }
    aksu_stack_guard();
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
