/* SPDX-License-Identifier: MIT
 * copy.c for a Cortex-M3 and those above it: what C cannot say is that a carry goes from one addition
 * into the next. 240 octets take 75 instructions to copy and sum, 69 to sum; 160 take 10 to copy.
 * Words that lie askew are taken one by one, which these processors allow unless CCR.UNALIGN_TRP is
 * set.
 */
#ifdef __ARM_BIG_ENDIAN
#error "little-endian only"
#endif
    .syntax unified
    .thumb

/* r0: to; r1: from; r2: octets left; r3: the sum, with no carry open; r4 to r12, lr: words. */

.macro put store, instruction:vararg
    .if \store
    \instruction
    .endif
.endm

.macro add_8 first
    \first r3, r3, r4
    adcs r3, r3, r5
    adcs r3, r3, r6
    adcs r3, r3, r7
    adcs r3, r3, r8
    adcs r3, r3, r9
    adcs r3, r3, r10
    adcs r3, r3, r11
.endm

.macro sum_8 store, first
    ldmia r1!, {r4-r11}
    add_8 \first
    put \store, stmia r0!, {r4-r11}
.endm

.macro sum_10 store, first
    ldmia r1!, {r4-r12, lr}
    add_8 \first
    adcs r3, r3, r12
    adcs r3, r3, lr
    put \store, stmia r0!, {r4-r12, lr}
.endm

.macro load_4 wide
    .if \wide
    ldmia r1!, {r4-r7}
    .else
    ldr r4, [r1], #4
    ldr r5, [r1], #4
    ldr r6, [r1], #4
    ldr r7, [r1], #4
    .endif
.endm

.macro store_4 wide
    .if \wide
    stmia r0!, {r4-r7}
    .else
    str r4, [r0], #4
    str r5, [r0], #4
    str r6, [r0], #4
    str r7, [r0], #4
    .endif
.endm

/* store: copy, too; wide: the addresses are those of words. Goes on to the fold. */
.macro sum store, wide
    .if \wide
    subs r2, #240
    blo 2f
1:  sum_10 \store, adds
    .rept 5
    sum_10 \store, adcs
    .endr
    adc r3, r3, #0
    subs r2, #240
    bhs 1b
2:  adds r2, #240 - 64
    bmi 9f
8:  sum_8 \store, adds
    sum_8 \store, adcs
    adc r3, r3, #0
    subs r2, #64
    bpl 8b
9:  adds r2, #64 - 16
    .else
    subs r2, #16
    .endif
    bmi 4f
3:  load_4 \wide
    put \store, store_4 \wide
    adds r3, r3, r4
    adcs r3, r3, r5
    adcs r3, r3, r6
    adcs r3, r3, r7
    adc r3, r3, #0
    subs r2, #16
    bpl 3b
4:  adds r2, #16 - 4
    bmi 6f
5:  ldr r4, [r1], #4
    put \store, str r4, [r0], #4
    adds r3, r3, r4
    adc r3, r3, #0
    subs r2, #4
    bpl 5b
6:  tst r2, #3
    beq aksu_fold
    tst r2, #2
    beq 7f
    ldrh r4, [r1], #2
    put \store, strh r4, [r0], #2
    adds r3, r3, r4
    adc r3, r3, #0
7:  tst r2, #1
    beq aksu_fold
    ldrb r4, [r1]
    put \store, strb r4, [r0]
    adds r3, r3, r4
    adc r3, r3, #0
    b aksu_fold
.endm

/* uint32_t aksu_copy(void *to, const void *from, uint32_t len) */
    .section .text.aksu_copy, "ax", %progbits
    .thumb_func
    .global aksu_copy
    .type aksu_copy, %function
aksu_copy:
    push {r4-r11, lr}
    movs r3, #0
    orr r12, r0, r1
    tst r12, #3
    bne aksu_askew
    cmp r0, #0
    beq aksu_wide_sum
    sum 1, 1
aksu_wide_sum:
    sum 0, 1
aksu_askew:
    cmp r0, #0
    beq aksu_askew_sum
    sum 1, 0
aksu_askew_sum:
    sum 0, 0
/* To 16 bits, of which memory's first octet is the upper one. */
aksu_fold:
    add r3, r3, r3, ror #16
    rev r0, r3
    uxth r0, r0
    pop {r4-r11, pc}
    .size aksu_copy, . - aksu_copy

/* void aksu_move_words(uint8_t *to, const uint8_t *from, uint32_t len) */
    .section .text.aksu_move_words, "ax", %progbits
    .thumb_func
    .global aksu_move_words
    .type aksu_move_words, %function
aksu_move_words:
    orr r3, r0, r1
    tst r3, #3
    bne 6f
    push {r4-r11}
    subs r2, #160
    blo 2f
1:  .rept 4
    ldmia r1!, {r3-r12}
    stmia r0!, {r3-r12}
    .endr
    subs r2, #160
    bhs 1b
2:  adds r2, #160 - 32
    bmi 8f
5:  ldmia r1!, {r3-r10}
    stmia r0!, {r3-r10}
    subs r2, #32
    bpl 5b
8:  adds r2, #32 - 16
    bmi 4f
3:  ldmia r1!, {r3-r6}
    stmia r0!, {r3-r6}
    subs r2, #16
    bpl 3b
4:  adds r2, #16 - 4
    bmi 9f
7:  ldr r3, [r1], #4
    str r3, [r0], #4
    subs r2, #4
    bpl 7b
9:  pop {r4-r11}
    adds r2, #4
    bne 6f
    bx lr
6:  b memcpy
    .size aksu_move_words, . - aksu_move_words
