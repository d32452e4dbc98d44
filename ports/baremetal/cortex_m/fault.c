// SPDX-License-Identifier: MIT
// A fault, an overflown stack, a panic: registers are printed, and the board stops with status 1.
//
// The stack lies at the start of RAM, so that it overflows into what is no RAM. Where that does not
// fault by itself, the MPU of the Cortex-M that have one makes it fault: see aksu_stack_guard().
// Run on QEMU's boards (Cortex-M3, M4 and M7 with an MPU, M0 without); on no hardware. An ARMv6-M
// processor that cannot push a fault's frame may lock up instead: then only a watchdog helps.
#include "../aksu_baremetal.h"
#include "../aksu_reg.h"
#include "cortex_m.h"

// PMSAv6 and PMSAv7: ARMv7-M Architecture Reference Manual B3.5.
enum {
    MPU_CTRL_ENABLE = 1,
    MPU_CTRL_PRIVDEFENA = 4, // elsewhere memory is as without it
    MPU_RASR_ENABLE = 1,
    MPU_RASR_4K = 11 << 1,
    MPU_RASR_XN = 1 << 28, // and AP 0: no access
    GUARD = 4096           // octets: more than any function here takes of the stack
};

// The last region: it overrides the others (B3.5.3), which are left to the board. Without HFNMIENA
// it does not hold for the fault that it leads to.
void aksu_stack_guard(void)
{
    uint32_t bottom = (uint32_t)aksu_stack_bottom;
    uint32_t regions = aksu_reg_get(MPU_TYPE) >> 8 & 0xFF;

    if (regions == 0 || bottom % GUARD != 0) { // a region is aligned to its size (B3.5.8)
        return;
    }
    aksu_reg_put(MPU_RNR, regions - 1);
    aksu_reg_put(MPU_RBAR, bottom - GUARD);
    aksu_reg_put(MPU_RASR, MPU_RASR_XN | MPU_RASR_4K | MPU_RASR_ENABLE);
    aksu_reg_put(MPU_CTRL, MPU_CTRL_PRIVDEFENA | MPU_CTRL_ENABLE);
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}

static void print_register(const char *name, uint32_t value)
{
    char text[10];

    for (unsigned i = 0; i < 8; i++) {
        unsigned digit = value >> (28 - 4 * i) & 15;
        text[i] = (char)(digit < 10 ? '0' + digit : 'a' - 10 + digit);
    }
    text[8] = '\n';
    text[9] = '\0';
    aksu_print(name);
    aksu_print(text);
}

// A word in memory, and what it is called.
struct word {
    char name[7];
    uint8_t offset;
};

static const struct word status[] = {
    {"icsr  ", 0x04},
#if __ARM_ARCH >= 7
    {"cfsr  ", 0x28}, {"hfsr  ", 0x2C}, {"mmfar ", 0x34}, {"bfar  ", 0x38},
#endif
};
static const struct word pushed[] = {{"r0    ", 0},  {"r1    ", 4},  {"r2    ", 8},
                                     {"r3    ", 12}, {"r12   ", 16}, {"lr    ", 20},
                                     {"pc    ", 24}, {"xpsr  ", 28}};
// What was not: in the order of the assembly that hands them over.
static const struct word not_pushed[] = {{"r8    ", 0},  {"r9    ", 4},  {"r10   ", 8},
                                         {"r11   ", 12}, {"r4    ", 16}, {"r5    ", 20},
                                         {"r6    ", 24}, {"r7    ", 28}};

// A frame in the last words of the stack: what did not fit was larger.
enum { FRAME_WORDS = sizeof pushed / sizeof *pushed };

static void print_words(const struct word *words, unsigned count, uintptr_t base)
{
    for (const struct word *word = words; word < words + count; word++) {
        print_register(word->name, aksu_reg_get(base + word->offset));
    }
}

void aksu_fault_report(const uint32_t *frame, uint32_t exc_return, const uint32_t *others)
{
    bool overflow = frame < aksu_stack_bottom + FRAME_WORDS;

    aksu_print(overflow ? "aksu: stack overflow\n" : "aksu: fault\n");
    print_register("sp    ", (uint32_t)(frame + FRAME_WORDS));
    print_register("exc   ", exc_return);
    print_words(status, sizeof status / sizeof *status, SCB);
    if (frame >= aksu_stack_bottom && frame + FRAME_WORDS <= aksu_ram_end) { // else not pushed
        print_words(pushed, FRAME_WORDS, (uintptr_t)frame);
    }
    print_words(not_pushed, sizeof not_pushed / sizeof *not_pushed, (uintptr_t)others);
    aksu_exit(1);
}

void aksu_panic(const char *why)
{
    uint32_t lr = (uint32_t)__builtin_return_address(0);

    aksu_print("aksu: ");
    aksu_print(why);
    aksu_print("\n");
    print_register("lr   ", lr);
    aksu_exit(1);
}
