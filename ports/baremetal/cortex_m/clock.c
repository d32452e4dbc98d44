// SPDX-License-Identifier: MIT
// The clock and sleep of a Cortex-M, on SysTick: no interrupt comes but at the end of a sleep, or
// when the 24-bit counter goes round while asleep.
#include "../aksu_baremetal.h"
#include "../aksu_reg.h"
#include "cortex_m.h"

enum { RELOAD_MAX = 0xFFFFFF, ENABLE = 1, TICKINT = 2, CLKSOURCE = 4, COUNTFLAG = 1 << 16 };
enum { LINE_WORDS = 3 };

// In one struct, so that one address leads to all of it.
static struct {
    uint32_t ticks_per_ms;
    uint32_t now_ms;
    uint32_t part;   // ticks of the millisecond that has begun
    uint32_t last;   // the counter when it was last looked at
    uint32_t reload; // what it goes on from after 0
    uint32_t lines[LINE_WORDS];
} self;

// Takes the time that has passed since the last look. The flag says that the counter went round,
// once: it is read behind the counter, and the counter again if it is set.
static void advance(void)
{
    uint32_t value = aksu_reg_get(SYST_CVR);
    uint32_t passed = self.last - value;

    if (aksu_reg_get(SYST_CSR) & COUNTFLAG) {
        value = aksu_reg_get(SYST_CVR);
        passed = self.last + 1 + (self.reload - value);
    }
    self.last = value;
    self.part += passed;
    self.now_ms += self.part / self.ticks_per_ms;
    self.part %= self.ticks_per_ms;
}

// Makes the counter begin at `from`.
static void begin(uint32_t from)
{
    advance();
    aksu_reg_put(SYST_RVR, from);
    aksu_reg_put(SYST_CVR, 0);
    self.reload = self.last = from;
    while (aksu_reg_get(SYST_CVR) == 0) {
        // it is loaded with the next tick
    }
}

void aksu_clock_start(uint32_t hz)
{
    self.ticks_per_ms = hz / 1000;
    self.reload = self.last = RELOAD_MAX;
    aksu_reg_put(SYST_RVR, RELOAD_MAX);
    aksu_reg_put(SYST_CVR, 0);
    aksu_reg_put(SYST_CSR, CLKSOURCE | TICKINT | ENABLE);
}

uint32_t aksu_clock_ms(void)
{
    advance();
    return self.now_ms;
}

void aksu_systick(void)
{
    // It has woken the processor: that is all.
}

// Any line: it stays off till the next sleep, for its cause lasts until the main loop has seen it.
void aksu_interrupt(void)
{
    uint32_t number;

    __asm__ volatile("mrs %0, ipsr" : "=r"(number));
    number = (number & 0x1FF) - 16;
    aksu_reg_put(NVIC_ICER + number / 32 * 4, 1u << number % 32);
}

void aksu_cpu_interrupt(unsigned line)
{
    self.lines[line / 32] |= 1u << line % 32;
}

void aksu_cpu_sleep(uint32_t ms, bool (*ready)(void *user), void *user)
{
    uint32_t most_ms = RELOAD_MAX / self.ticks_per_ms - 1;

    // With interrupts masked a pending one still ends WFI, so none is missed in between.
    __asm__ volatile("cpsid i" ::: "memory");
    for (unsigned i = 0; i < LINE_WORDS; i++) {
        aksu_reg_put(NVIC_ISER + 4 * i, self.lines[i]);
    }
    if (!ready(user)) {
        begin(ms > most_ms ? RELOAD_MAX : ms * self.ticks_per_ms - self.part);
        __asm__ volatile("dsb\n\twfi" ::: "memory");
        begin(RELOAD_MAX);
    }
    __asm__ volatile("cpsie i\n\tisb" ::: "memory");
}
