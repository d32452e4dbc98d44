// SPDX-License-Identifier: MIT
// On mps2-an385 an instruction takes 2^10 ns of virtual time, and SysTick counts at 25 MHz: 25.6
// ticks are an instruction, so none is lost in rounding.
#include "meter.h"

#include <aksu_baremetal.h>
#include <aksu_reg.h>
#include <cortex_m/cortex_m.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { MASK = 0xFFFFFF, TICKS = 256, PER = 10, SYS_GET_CMDLINE = 0x15 };
enum { ENABLE = 1, CLKSOURCE = 4 };

static uint32_t began, paused, skipped, calling, pausing;

static uint32_t passed(uint32_t from)
{
    return (from - aksu_reg_get(SYST_CVR)) & MASK;
}

void meter_begin(void)
{
    skipped = 0;
    began = aksu_reg_get(SYST_CVR);
}

uint32_t meter_end(void)
{
    uint32_t ticks = passed(began) - skipped - calling;

    return (ticks * PER + TICKS / 2) / TICKS;
}

void meter_pause(void)
{
    paused = aksu_reg_get(SYST_CVR);
}

void meter_resume(void)
{
    skipped += passed(paused) + pausing;
}

// Called through a pointer that the compiler cannot see through, as what is measured is called. Its
// one instruction is a part of what a call takes.
static void nothing(uint32_t a, const void *b, size_t c)
{
    (void)a;
    (void)b;
    (void)c;
}

static uint32_t calls(bool pauses)
{
    void (*volatile call)(uint32_t, const void *, size_t) = nothing;
    void (*f)(uint32_t, const void *, size_t) = call;

    meter_begin();
    f(0, NULL, 0);
    if (pauses) {
        meter_pause();
        meter_resume();
    }
    return passed(began) - skipped;
}

void meter_start(void)
{
    aksu_reg_put(SYST_RVR, MASK);
    aksu_reg_put(SYST_CVR, 0);
    aksu_reg_put(SYST_CSR, ENABLE | CLKSOURCE);
    calling = calls(false);
    pausing = calls(true) - calling;
}

int meter_words(int argc, char **argv, char **words, int most)
{
    static char line[200];
    uint32_t arguments[2] = {(uint32_t)line, sizeof line};
    int n = 0;

    (void)argc;
    (void)argv;
    if (aksu_semihost(SYS_GET_CMDLINE, arguments) != 0) {
        return 0;
    }
    (void)strtok(line, " ");
    while (n < most && (words[n] = strtok(NULL, " ")) != NULL) {
        n++;
    }
    return n;
}
