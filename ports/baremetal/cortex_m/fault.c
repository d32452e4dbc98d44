// SPDX-License-Identifier: MIT
// A fault, a failed assertion, an overflown stack: registers are printed, and the board stops with
// status 1. The stack lies at the start of RAM, so it overflows into nothing, which faults.
#include "../aksu_baremetal.h"
#include "../aksu_reg.h"
#include "cortex_m.h"

static void print_register(const char *name, uint32_t value)
{
    char text[12];

    for (unsigned i = 0; i < 8; i++) {
        text[i] = "0123456789abcdef"[value >> (28 - 4 * i) & 15];
    }
    text[8] = '\n';
    text[9] = '\0';
    aksu_print(name);
    aksu_print(text);
}

void aksu_fault_report(const uint32_t *frame, uint32_t exc_return)
{
    static const char *const names[] = {"r0   ", "r1   ", "r2   ", "r3   ",
                                        "r12  ", "lr   ", "pc   ", "xpsr "};
    bool overflow = frame < aksu_stack_bottom + 8;

    aksu_print(overflow ? "aksu: stack overflow\n" : "aksu: fault\n");
    print_register("sp   ", (uint32_t)frame);
    print_register("exc  ", exc_return);
    print_register("icsr ", aksu_reg_get(SCB_ICSR));
#if __ARM_ARCH >= 7
    print_register("cfsr ", aksu_reg_get(SCB_CFSR));
    print_register("hfsr ", aksu_reg_get(SCB_HFSR));
    print_register("mmfar", aksu_reg_get(SCB_MMFAR));
    print_register("bfar ", aksu_reg_get(SCB_BFAR));
#endif
    if (!overflow && frame + 8 <= aksu_ram_end) { // else they were not pushed
        for (unsigned i = 0; i < 8; i++) {
            print_register(names[i], frame[i]);
        }
    }
    aksu_exit(1);
}

void aksu_panic(const char *why)
{
    aksu_print("aksu: ");
    aksu_print(why);
    aksu_print("\n");
    print_register("lr   ", (uint32_t)__builtin_return_address(0));
    aksu_exit(1);
}
