// SPDX-License-Identifier: MIT
// Nucleo-144 (ST's user manual UM1974). Has not run on a board.
#include "nucleo.h"

enum { MODER = 0x00, OSPEEDR = 0x08, AFRL = 0x20 };
enum { ALTERNATE = 2, FASTEST = 3, AF_UART = 7, AF_ETHERNET = 11 };
enum { BAUD = 115200, UART_TXE = 1 << 7 };
enum { RNG_CR = 0, RNG_SR = 4, RNG_DR = 8 };
enum {
    RNG_ON = 1 << 2,
    RNG_READY = 1,
    RNG_ERRORS = 0x66
}; // of its clock and its seed, now and latched
enum { TRIES = 1000000 };

void nucleo_set(uintptr_t at, uint32_t bits)
{
    aksu_reg_put(at, aksu_reg_get(at) | bits);
    (void)aksu_reg_get(at); // a clock that is turned on needs two cycles
}

void nucleo_wait(uintptr_t at, uint32_t mask, uint32_t value, const char *what)
{
    for (unsigned i = 0; i < TRIES; i++) {
        if ((aksu_reg_get(at) & mask) == value) {
            return;
        }
    }
    aksu_panic(what);
}

/// Pins ///

static void field(uintptr_t at, unsigned width, unsigned index, uint32_t value)
{
    uint32_t mask = ((1u << width) - 1) << width * index;

    aksu_reg_put(at, (aksu_reg_get(at) & ~mask) | value << width * index);
}

static void pin(char port, unsigned number, uint32_t function)
{
    uintptr_t gpio = nucleo.gpio + 0x400u * (unsigned)(port - 'A');

    field(gpio + AFRL + number / 8 * 4, 4, number % 8, function);
    field(gpio + OSPEEDR, 2, number, FASTEST);
    field(gpio + MODER, 2, number, ALTERNATE);
}

void nucleo_pins(void)
{
    static const struct {
        char port;
        uint8_t number;
    } rmii[] = {{'A', 1},  {'A', 2},  {'A', 7},   // REF_CLK, MDIO, CRS_DV
                {'C', 1},  {'C', 4},  {'C', 5},   // MDC, RXD0, RXD1
                {'G', 11}, {'G', 13}, {'B', 13}}; // TX_EN, TXD0, TXD1

    pin('D', 8, AF_UART);
    for (unsigned i = 0; i < sizeof rmii / sizeof *rmii; i++) {
        pin(rmii[i].port, rmii[i].number, AF_ETHERNET);
    }
}

/// Text ///

void nucleo_uart(uint32_t clock)
{
    aksu_reg_put(nucleo.uart_control, 0);
    aksu_reg_put(nucleo.uart_baud, (clock + BAUD / 2) / BAUD);
    aksu_reg_put(nucleo.uart_control, nucleo.uart_on);
}

// A UART that does not work must not stop the program.
static void put_char(char c)
{
    for (unsigned i = 0; i < TRIES && !(aksu_reg_get(nucleo.uart_status) & UART_TXE); i++) {
    }
    aksu_reg_put(nucleo.uart_data, (uint8_t)c);
}

void aksu_print(const char *text)
{
    for (; *text; text++) {
        if (*text == '\n') {
            put_char('\r');
        }
        put_char(*text);
    }
}

volatile int nucleo_ended;

// There is nowhere to return to.
void aksu_exit(int status)
{
    aksu_print(status ? "stopped: failure\n" : "stopped: success\n");
    nucleo_ended = 1 + status;
    __asm__ volatile("cpsid i");
    for (;;) {
        __asm__ volatile("wfi");
    }
}

/// Entropy ///

static bool random_word(uint32_t *word)
{
    for (unsigned i = 0; i < TRIES; i++) {
        uint32_t status = aksu_reg_get(nucleo.rng + RNG_SR);
        if (status & RNG_ERRORS) {
            return false;
        }
        if (status & RNG_READY) {
            *word = aksu_reg_get(nucleo.rng + RNG_DR);
            return true;
        }
    }
    return false;
}

// The first word is not used, and no word may be the one before it again: reference manuals, "RNG
// operation", after FIPS 140-2.
bool aksu_board_entropy(void *to, size_t len)
{
    uint8_t *octets = to;
    uint32_t last, word;

    aksu_reg_put(nucleo.rng + RNG_CR, RNG_ON);
    if (!random_word(&last)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (i % 4 == 0) {
            if (!random_word(&word) || word == last) {
                return false;
            }
            last = word;
        }
        octets[i] = (uint8_t)(word >> i % 4 * 8);
    }
    return true;
}
