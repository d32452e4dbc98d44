// SPDX-License-Identifier: MIT
// A fault, an overflown stack, a panic: registers are printed, and the board stops with status 1.
#include "../aksu_baremetal.h"
#include "riscv.h"

static void print_register(const char *name, uintptr_t value)
{
    enum { DIGITS = 2 * sizeof value };
    char text[DIGITS + 2];

    for (unsigned i = 0; i < DIGITS; i++) {
        text[i] = "0123456789abcdef"[value >> (4 * (DIGITS - 1 - i)) & 15];
    }
    text[DIGITS] = '\n';
    text[DIGITS + 1] = '\0';
    aksu_print(name);
    aksu_print(text);
}

void aksu_fault_report(const uintptr_t registers[32])
{
    static const char *const names[32] = {
        "",        "ra     ", "sp     ", "gp     ", "tp     ", "t0     ", "t1     ", "t2     ",
        "s0     ", "s1     ", "a0     ", "a1     ", "a2     ", "a3     ", "a4     ", "a5     ",
        "a6     ", "a7     ", "s2     ", "s3     ", "s4     ", "s5     ", "s6     ", "s7     ",
        "s8     ", "s9     ", "s10    ", "s11    ", "t3     ", "t4     ", "t5     ", "t6     "};
    uintptr_t cause, pc, value;
    bool overflow = registers[2] < (uintptr_t)aksu_stack_bottom;

    __asm__ volatile("csrr %0, mcause\n\tcsrr %1, mepc\n\tcsrr %2, mtval"
                     : "=r"(cause), "=r"(pc), "=r"(value));
    aksu_print(overflow ? "aksu: stack overflow\n" : "aksu: fault\n");
    print_register("mcause ", cause);
    print_register("mepc   ", pc);
    print_register("mtval  ", value);
    for (unsigned i = 1; i < 32; i++) {
        print_register(names[i], registers[i]);
    }
    aksu_exit(1);
}

void aksu_panic(const char *why)
{
    uintptr_t ra = (uintptr_t)__builtin_return_address(0);

    aksu_print("aksu: ");
    aksu_print(why);
    aksu_print("\n");
    print_register("ra     ", ra);
    aksu_exit(1);
}
