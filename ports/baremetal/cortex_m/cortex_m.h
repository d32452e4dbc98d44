// SPDX-License-Identifier: MIT
// Registers of the Cortex-M core that the port uses (ARMv6-M and ARMv7-M Architecture Reference
// Manuals, B3), and what cortex_m/ has of its own.
#ifndef AKSU_CORTEX_M_H
#define AKSU_CORTEX_M_H

#include <stdint.h>

#define SYST_CSR  0xE000E010u // control and status
#define SYST_RVR  0xE000E014u // reload value
#define SYST_CVR  0xE000E018u // current value
#define NVIC_ISER 0xE000E100u
#define NVIC_ICER 0xE000E180u
#define SCB       0xE000ED00u
#define MPU_TYPE  0xE000ED90u
#define MPU_CTRL  0xE000ED94u
#define MPU_RNR   0xE000ED98u
#define MPU_RBAR  0xE000ED9Cu
#define MPU_RASR  0xE000EDA0u

// From the linker script.
extern uint32_t aksu_stack_bottom[], aksu_stack_top[], aksu_ram_end[];
extern uint32_t aksu_data_load[], aksu_data[], aksu_data_end[], aksu_bss[], aksu_bss_end[];

enum { STACK_PAINT = 0x5AC3A55A };

// A semihosting call: what the debugger, or QEMU, does for the program.
uint32_t aksu_semihost(uint32_t operation, const void *arguments);

void aksu_systick(void);
void aksu_interrupt(void);
__attribute__((noreturn)) void aksu_reset(void);

// Makes the memory below the stack fault, if there is an MPU.
void aksu_stack_guard(void);

// What a fault ends in: the frame that the processor pushed, EXC_RETURN, and the registers r8 to
// r11 and r4 to r7.
__attribute__((noreturn)) void aksu_fault_report(const uint32_t *frame, uint32_t exc_return,
                                                 const uint32_t *others);

#endif
