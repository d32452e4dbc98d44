/* SPDX-License-Identifier: MIT
 * The vector table, for any Cortex-M. AKSU_IRQ_LINES: interrupt lines that the board uses, counted
 * from 0. Each leads to aksu_interrupt, which marks that there is work: see clock.c.
 */
#ifndef AKSU_IRQ_LINES
#define AKSU_IRQ_LINES 32
#endif
    .syntax unified
    .arch armv6-m               /* what all of them have */
    .section .vectors, "a"
    .global aksu_vectors
aksu_vectors:
    .word aksu_stack_top
    .word aksu_reset
    .rept 12                    /* NMI, faults, SVCall, debug: nothing of ours raises them */
    .word aksu_fault
    .endr
    .word aksu_fault            /* PendSV */
    .word aksu_systick
    .rept AKSU_IRQ_LINES
    .word aksu_interrupt
    .endr

/* A fault. The stack may be what failed, so what is told runs on the far end of RAM, where at worst
 * it overwrites data that nobody reads any more. r0: the frame that the processor pushed, on the
 * process stack if EXC_RETURN has bit 2 (a task of an RTOS); r1: EXC_RETURN; r2: r8 to r11 and then r4 to
 * r7, which it does not push. */
    .text
    .thumb
    .thumb_func
    .global aksu_fault
    .type aksu_fault, %function
aksu_fault:
    mov r1, lr
    mov r0, sp
    movs r2, #4
    tst r1, r2
    beq 1f
    mrs r0, psp
1:
    ldr r2, =aksu_ram_end
    mov sp, r2
    push {r4-r7}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    mov r2, sp
    bl aksu_fault_report
    .size aksu_fault, . - aksu_fault
