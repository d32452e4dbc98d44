/* SPDX-License-Identifier: MIT
 * From reset to aksu_begin() on hart 0, the others parked; and the trap, which is always a fault:
 * interrupts are never taken, they only end WFI (see clock.c).
 */
#if __riscv_xlen == 64
#define STORE sd
#define WORD 8
#else
#define STORE sw
#define WORD 4
#endif

    .section .entry, "ax"
    .global aksu_reset
    .type aksu_reset, %function
aksu_reset:
    csrw mstatus, zero          /* no interrupts */
    csrw mie, zero
    csrr t0, mhartid
    bnez t0, park
    la t0, aksu_trap
    csrw mtvec, t0
    la t0, aksu_ram_end
    csrw mscratch, t0
    la sp, aksu_stack_top
    tail aksu_begin
park:
    wfi
    j park
    .size aksu_reset, . - aksu_reset

/* The stack may be what failed, so what is told runs on the far end of RAM, where at worst it
 * overwrites data that nobody reads any more. */
    .text
    .balign 4
    .type aksu_trap, %function
aksu_trap:
    csrrw sp, mscratch, sp
    addi sp, sp, -32 * WORD
    STORE x1, (1 * WORD)(sp)
    .irp n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
    STORE x\n, (\n * WORD)(sp)
    .endr
    .irp n, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    STORE x\n, (\n * WORD)(sp)
    .endr
    STORE zero, 0(sp)
    csrr t0, mscratch
    STORE t0, (2 * WORD)(sp)
    la t0, aksu_trap_again
    csrw mtvec, t0
    mv a0, sp
    call aksu_fault_report
    .size aksu_trap, . - aksu_trap

/* A fault while a fault is told: nothing more is tried. */
    .balign 4
    .type aksu_trap_again, %function
aksu_trap_again:
    la sp, aksu_ram_end
    li a0, 1
    call aksu_exit
    .size aksu_trap_again, . - aksu_trap_again

/* QEMU and debuggers know the call by these three instructions, uncompressed and in one page
 * (RISC-V Semihosting 0.4). */
    .option push
    .option norvc
    .balign 16
    .global aksu_semihost
    .type aksu_semihost, %function
aksu_semihost:
    slli zero, zero, 0x1F
    ebreak
    srai zero, zero, 7
    ret
    .size aksu_semihost, . - aksu_semihost
    .option pop
