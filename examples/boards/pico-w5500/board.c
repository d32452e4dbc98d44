// SPDX-License-Identifier: MIT
// RP2040 and W5500 on SPI0: WIZnet's W5500-EVB-Pico, or a Raspberry Pi Pico wired like it. Written
// to the RP2040 datasheet (its sections are cited). Has not run on a board.
#include "../firmware.h"
#include <aksu_reg.h>
#include <mac/w5500.h>

// Each peripheral's registers again: what is written there sets or clears bits (2.1.2).
enum { SET_BITS = 0x2000, CLEAR_BITS = 0x3000 };

#define CLOCKS     0x40008000u
#define RESETS     0x4000C000u
#define IO_BANK0   0x40014000u
#define PADS_BANK0 0x4001C000u
#define XOSC       0x40024000u
#define PLL_SYS    0x40028000u
#define UART0      0x40034000u
#define SPI0       0x4003C000u
#define ROSC       0x40060000u
#define SIO        0xD0000000u

enum { RESET = 0, RESET_DONE = 8 };
enum {
    RESET_IO_BANK0 = 1 << 5,
    RESET_PADS_BANK0 = 1 << 8,
    RESET_PLL_SYS = 1 << 12,
    RESET_SPI0 = 1 << 16,
    RESET_UART0 = 1 << 22
};
enum { CLK_REF_CTRL = 0x30, CLK_REF_SELECTED = 0x38, CLK_SYS_CTRL = 0x3C, CLK_SYS_SELECTED = 0x44 };
enum { CLK_PERI_CTRL = 0x48, PERI_ON = 1 << 11, REF_XOSC = 2, SYS_REF = 0, SYS_PLL = 1 };
enum { XOSC_CTRL = 0, XOSC_STATUS = 4, XOSC_STARTUP = 0xC, XOSC_1_15_MHZ = 0xAA0 };
enum { XOSC_ON = 0xFAB << 12, XOSC_STABLE = (int)0x80000000u, XOSC_1_MS = 47 }; // of 256 cycles
enum { PLL_CS = 0, PLL_PWR = 4, PLL_FBDIV = 8, PLL_PRIM = 0xC, PLL_LOCK = (int)0x80000000u };
enum { PLL_PD = 1, PLL_POSTDIV_PD = 1 << 3, PLL_VCO_PD = 1 << 5 };
enum { HZ = 125000000, TIMES = 125, BY_6_BY_2 = 6 << 16 | 2 << 12 }; // 12 MHz * 125 / 6 / 2
enum { FUNCTION_SPI = 1, FUNCTION_UART = 2, FUNCTION_SIO = 5, PAD_INPUT_PULL_UP = 0x4A };
enum { GPIO_IN = 0x04, OUT_SET = 0x14, OUT_CLEAR = 0x18, OE_SET = 0x24, PROC0_INTE = 0x100 };
enum { UART_DR = 0, UART_FR = 0x18, UART_IBRD = 0x24, UART_FBRD = 0x28, UART_LCR = 0x2C };
enum { UART_CR = 0x30, UART_FULL = 1 << 5, UART_8N1_FIFO = 0x70, UART_ON_TX = 0x101 };
enum { SPI_CR0 = 0, SPI_CR1 = 4, SPI_DR = 8, SPI_SR = 0xC, SPI_CPSR = 0x10 };
enum { SPI_8_BITS = 7, SPI_ON = 2, SPI_NOT_FULL = 2, SPI_NOT_EMPTY = 4, SPI_BUSY = 16 };
enum { SPI_DIVIDER = 4, SPI_FIFO = 8 }; // 31.25 MHz: the W5500 bears 33.3
enum { ROSC_RANDOMBIT = 0x1C };

enum { UART_TX = 0, MISO = 16, SELECT = 17, CLOCK = 18, MOSI = 19, RESET_PIN = 20, INTERRUPT = 21 };
enum { IO_LINE = 13, LEVEL_LOW = 1, LINK_MS = 500 };

/// Clocks and pins ///

static void wait_for(uintptr_t at, uint32_t mask, uint32_t value)
{
    while ((aksu_reg_get(at) & mask) != value) {
    }
}

static void take_out_of_reset(uint32_t blocks)
{
    aksu_reg_put(RESETS + RESET + SET_BITS, blocks);
    aksu_reg_put(RESETS + RESET + CLEAR_BITS, blocks);
    wait_for(RESETS + RESET_DONE, blocks, blocks);
}

// A crystal of 12 MHz, from which the PLL makes 125 MHz (2.15, 2.16, 2.18). The system runs from
// the crystal before the PLL is touched: a debugger may have started this twice.
static void start_clocks(void)
{
    aksu_reg_put(XOSC + XOSC_STARTUP, XOSC_1_MS);
    aksu_reg_put(XOSC + XOSC_CTRL, XOSC_1_15_MHZ | XOSC_ON);
    wait_for(XOSC + XOSC_STATUS, (uint32_t)XOSC_STABLE, (uint32_t)XOSC_STABLE);
    aksu_reg_put(CLOCKS + CLK_SYS_CTRL, SYS_REF);
    wait_for(CLOCKS + CLK_SYS_SELECTED, UINT32_MAX, 1 << SYS_REF);
    aksu_reg_put(CLOCKS + CLK_REF_CTRL, REF_XOSC);
    wait_for(CLOCKS + CLK_REF_SELECTED, UINT32_MAX, 1 << REF_XOSC);

    take_out_of_reset(RESET_PLL_SYS);
    aksu_reg_put(PLL_SYS + PLL_CS, 1);
    aksu_reg_put(PLL_SYS + PLL_FBDIV, TIMES);
    aksu_reg_put(PLL_SYS + PLL_PWR + CLEAR_BITS, PLL_PD | PLL_VCO_PD);
    wait_for(PLL_SYS + PLL_CS, (uint32_t)PLL_LOCK, (uint32_t)PLL_LOCK);
    aksu_reg_put(PLL_SYS + PLL_PRIM, BY_6_BY_2);
    aksu_reg_put(PLL_SYS + PLL_PWR + CLEAR_BITS, PLL_POSTDIV_PD);
    aksu_reg_put(CLOCKS + CLK_SYS_CTRL, SYS_PLL); // AUXSRC 0: the PLL
    wait_for(CLOCKS + CLK_SYS_SELECTED, UINT32_MAX, 1 << SYS_PLL);
    aksu_reg_put(CLOCKS + CLK_PERI_CTRL, PERI_ON); // AUXSRC 0: the system's clock
}

static void pin(unsigned number, uint32_t function)
{
    aksu_reg_put(IO_BANK0 + 8 * number + 4, function);
}

static void drive(unsigned number, bool high)
{
    aksu_reg_put(SIO + (high ? OUT_SET : OUT_CLEAR), 1u << number);
}

static void start_pins(void)
{
    take_out_of_reset(RESET_IO_BANK0 | RESET_PADS_BANK0);
    drive(SELECT, true);
    drive(RESET_PIN, false);
    aksu_reg_put(SIO + OE_SET, 1u << SELECT | 1u << RESET_PIN);
    pin(SELECT, FUNCTION_SIO);
    pin(RESET_PIN, FUNCTION_SIO);
    pin(INTERRUPT, FUNCTION_SIO);
    aksu_reg_put(PADS_BANK0 + 4 + 4 * INTERRUPT, PAD_INPUT_PULL_UP);
    aksu_reg_put(IO_BANK0 + PROC0_INTE + INTERRUPT / 8 * 4, LEVEL_LOW << INTERRUPT % 8 * 4);
    pin(MISO, FUNCTION_SPI);
    pin(CLOCK, FUNCTION_SPI);
    pin(MOSI, FUNCTION_SPI);
    pin(UART_TX, FUNCTION_UART);
}

static void wait_ms(uint32_t ms)
{
    uint32_t from = aksu_clock_ms();

    while (aksu_clock_ms() - from <= ms) {
    }
}

/// SPI ///

static void spi_select(struct aksu_spi *spi)
{
    (void)spi;
    drive(SELECT, false);
}

static void spi_deselect(struct aksu_spi *spi)
{
    (void)spi;
    wait_for(SPI0 + SPI_SR, SPI_BUSY, 0);
    drive(SELECT, true);
}

// Both FIFOs are kept from running over and empty.
static void spi_transfer(struct aksu_spi *spi, const void *out, void *in, size_t len)
{
    const uint8_t *from = out;
    uint8_t *to = in;
    size_t sent = 0;
    size_t got = 0;

    (void)spi;
    while (got < len) {
        uint32_t status = aksu_reg_get(SPI0 + SPI_SR);
        if (sent < len && sent - got < SPI_FIFO && (status & SPI_NOT_FULL)) {
            aksu_reg_put(SPI0 + SPI_DR, from ? from[sent] : 0);
            sent++;
        }
        if (status & SPI_NOT_EMPTY) {
            uint32_t octet = aksu_reg_get(SPI0 + SPI_DR);
            if (to) {
                to[got] = (uint8_t)octet;
            }
            got++;
        }
    }
}

static void start_spi(void)
{
    take_out_of_reset(RESET_SPI0);
    aksu_reg_put(SPI0 + SPI_CPSR, SPI_DIVIDER);
    aksu_reg_put(SPI0 + SPI_CR0, SPI_8_BITS);
    aksu_reg_put(SPI0 + SPI_CR1, SPI_ON);
}

/// Text: UART0, 115200 8N1 ///

static void start_uart(void)
{
    take_out_of_reset(RESET_UART0);
    aksu_reg_put(UART0 + UART_IBRD, 67); // 125 MHz / 16 / 115200 = 67 + 52 / 64
    aksu_reg_put(UART0 + UART_FBRD, 52);
    aksu_reg_put(UART0 + UART_LCR, UART_8N1_FIFO);
    aksu_reg_put(UART0 + UART_CR, UART_ON_TX);
}

static void put_char(char c)
{
    wait_for(UART0 + UART_FR, UART_FULL, 0);
    aksu_reg_put(UART0 + UART_DR, (uint8_t)c);
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

volatile int board_ended; // 1 + the program's status

// There is nowhere to return to.
void aksu_exit(int status)
{
    aksu_print(status ? "stopped: failure\n" : "stopped: success\n");
    board_ended = 1 + status;
    __asm__ volatile("cpsid i");
    for (;;) {
        __asm__ volatile("wfi");
    }
}

/// Entropy ///

enum { RAW_BITS = 16384, SAME_MOST = 64, PAUSE = 50, STATE = 16 };

// A bit of the ring oscillator, which runs apart from the crystal that all else runs from (2.17).
static unsigned raw_bit(void)
{
    for (volatile unsigned i = 0; i < PAUSE; i++) {
    }
    return aksu_reg_get(ROSC + ROSC_RANDOMBIT) & 1;
}

// Shifts a bit into a register of 128 bits with the feedback x^128 + x^7 + x^2 + x + 1.
static void mix(uint8_t state[STATE], unsigned bit)
{
    for (unsigned i = 0; i < STATE; i++) {
        unsigned next = state[i] >> 7;
        state[i] = (uint8_t)(state[i] << 1 | bit);
        bit = next;
    }
    if (bit) {
        state[0] ^= 0x87;
    }
}

// Weak: see README.md. 128 raw bits make one. An oscillator that stands, or is locked to the clock,
// shows as long runs or as few ones (NIST SP 800-90B 4.4): then there is no entropy.
bool aksu_board_entropy(void *to, size_t len)
{
    uint8_t state[STATE] = {0};
    unsigned last = 2;
    unsigned same = 0;
    unsigned ones = 0;
    uint8_t *octets = to;

    for (unsigned i = 0; i < RAW_BITS; i++) {
        unsigned bit = raw_bit();
        same = bit == last ? same + 1 : 1;
        last = bit;
        ones += bit;
        mix(state, bit);
        if (same > SAME_MOST) {
            return false;
        }
    }
    for (size_t i = 0; i < len; i++) {
        octets[i] = state[i % STATE];
    }
    return ones > RAW_BITS / 4 && ones < RAW_BITS / 4 * 3 && len <= STATE;
}

static struct aksu_spi spi = {spi_select, spi_transfer, spi_deselect};
static struct aksu_w5500 mac;

// The chip's reset lasts half a millisecond, and its PLL takes another (W5500 datasheet 5.5.1).
struct aksu_mac *board_start(uint32_t *link_ms)
{
    start_clocks();
    start_pins();
    start_uart();
    start_spi();
    aksu_clock_start(HZ);
    wait_ms(1);
    drive(RESET_PIN, true);
    wait_ms(2);
    aksu_cpu_interrupt(IO_LINE);
    mac.mac.driver = &aksu_w5500;
    mac.spi = &spi;
    *link_ms = LINK_MS;
    return &mac.mac;
}
