// SPDX-License-Identifier: MIT
// What a test needs of an ATmega under simavr: text goes to the first UART, and to sleep with
// interrupts off is the end.
#include <avr/io.h>
#include <avr/sleep.h>
#include <stdio.h>

void stop(void);

static int put(char c, FILE *to)
{
    (void)to;
    while (!(UCSR0A & _BV(UDRE0))) {
    }
    UDR0 = (uint8_t)c;
    return 0;
}

static FILE uart = FDEV_SETUP_STREAM(put, NULL, _FDEV_SETUP_WRITE);

__attribute__((constructor)) static void open_uart(void)
{
    UCSR0B = _BV(TXEN0);
    stdout = &uart;
}

// avr-libc's exit() falls through .fini sections into an endless loop.
__attribute__((naked, used, section(".fini1"))) void stop(void)
{
    __asm__ volatile("cli");
    sleep_enable();
    sleep_cpu();
}
