// SPDX-License-Identifier: MIT
// What riscv/ has of its own: registers of the CLINT and the PLIC as SiFive lays them out
// (FU540-C000 manual, chapters 9 and 10), which QEMU's machines and most chips follow; and the
// linker's symbols.
#ifndef AKSU_RISCV_H
#define AKSU_RISCV_H

#include <stdint.h>

#ifndef AKSU_CLINT
#define AKSU_CLINT 0x02000000u
#endif
#ifndef AKSU_PLIC
#define AKSU_PLIC 0x0C000000u
#endif

// Of hart 0, in machine mode: context 0.
#define CLINT_MTIMECMP (AKSU_CLINT + 0x4000u)
#define CLINT_MTIME    (AKSU_CLINT + 0xBFF8u)
#define PLIC_PRIORITY  (AKSU_PLIC + 0u)
#define PLIC_ENABLE    (AKSU_PLIC + 0x2000u)
#define PLIC_THRESHOLD (AKSU_PLIC + 0x200000u)
#define PLIC_CLAIM     (AKSU_PLIC + 0x200004u) // write: complete

enum { MIE_TIMER = 1 << 7, MIE_EXTERNAL = 1 << 11 };

// From the linker script.
extern uint32_t aksu_stack_bottom[], aksu_stack_top[], aksu_ram_end[];
extern uint32_t aksu_data_load[], aksu_data[], aksu_data_end[], aksu_bss[], aksu_bss_end[];

enum { STACK_PAINT = 0x5AC3A55A };

// Octets below the stack that nothing may touch: more than any function here takes of the stack.
enum { STACK_GUARD = 4096 };

// A semihosting call: what the debugger, or QEMU, does for the program.
uintptr_t aksu_semihost(uintptr_t operation, const void *arguments);

void aksu_reset(void);
__attribute__((noreturn)) void aksu_begin(void);

// What a trap ends in: x0 to x31 as they were.
__attribute__((noreturn)) void aksu_fault_report(const uintptr_t registers[32]);

#endif
