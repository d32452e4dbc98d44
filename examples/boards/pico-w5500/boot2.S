/* SPDX-License-Identifier: MIT
 * The second stage: what the RP2040's boot ROM loads from the first 256 octets of flash, checks, and
 * runs in SRAM (datasheet 2.8.1). It maps the flash at 0x10000000 and starts the image behind it.
 * boot2.py adds the checksum.
 *
 * The flash is read by command 03h with one data line, which every serial flash knows, at a quarter
 * of the system's clock: 31 MHz at 125. The cache of 16 KB makes up for that.
 */
    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ SSI, 0x18000000            /* synchronous serial interface (4.10) */
    .equ CTRLR0, 0x00
    .equ CTRLR1, 0x04
    .equ SSIENR, 0x08
    .equ BAUDR, 0x14
    .equ SPI_CTRLR0_OFFSET, 0xF4
    .equ DIVIDER, 4
    .equ EEPROM_READ_32, 3 << 8 | 31 << 16          /* TMOD; frames of 32 bits */
    .equ READ_03H, 0x03 << 24 | 2 << 8 | 6 << 2     /* command of 8 bits, address of 6 * 4 */
    .equ IMAGE, 0x10000100          /* its vector table */
    .equ VTOR, 0xE000ED08

    .section .text
    .global boot2
boot2:
    ldr r3, =SSI
    movs r0, #0
    str r0, [r3, #SSIENR]           /* off while it is set */
    movs r1, #DIVIDER
    str r1, [r3, #BAUDR]
    ldr r1, =EEPROM_READ_32
    str r1, [r3, #CTRLR0]
    str r0, [r3, #CTRLR1]           /* one frame a transfer */
    ldr r1, =READ_03H
    movs r2, #SPI_CTRLR0_OFFSET
    str r1, [r3, r2]
    movs r1, #1
    str r1, [r3, #SSIENR]
    ldr r0, =IMAGE
    ldr r1, =VTOR
    str r0, [r1]
    ldmia r0, {r0, r1}
    msr msp, r0
    bx r1
    .ltorg
