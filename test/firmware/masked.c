// SPDX-License-Identifier: MIT
// Lets interrupts in at the end of a sleep only. What the stack's paint shows is then what the main
// loop takes, whenever interrupts come; footprint.py adds what one takes. Linked with
// --wrap=aksu_cpu_sleep.
#include <aksu_baremetal.h>

void __real_aksu_cpu_sleep(uint32_t ms, bool (*ready)(void *user), void *user);
void __wrap_aksu_cpu_sleep(uint32_t ms, bool (*ready)(void *user), void *user);

void __wrap_aksu_cpu_sleep(uint32_t ms, bool (*ready)(void *user), void *user)
{
    __real_aksu_cpu_sleep(ms, ready, user);
    __asm__ volatile("cpsid i" ::: "memory");
}
