// SPDX-License-Identifier: MIT
// STM32F103C8 ("Blue Pill") and ENC28J60 on SPI1. Written to ST's RM0008 and PM0075, whose sections
// are cited. Has not run on a board.
#include "../firmware.h"
#include <aksu_reg.h>
#include <mac/enc28j60.h>

// 32 hexadecimal digits: see README.md.
#ifndef BOARD_SEED
#define BOARD_SEED
#endif
#define TEXT_OF(tokens) #tokens
#define TEXT(macro)     TEXT_OF(macro)

#define AFIO      0x40010000u
#define EXTI      0x40010400u
#define GPIOA     0x40010800u
#define GPIOB     0x40010C00u
#define SPI1      0x40013000u
#define USART1    0x40013800u
#define RCC       0x40021000u
#define FLASH     0x40022000u
#define UNIQUE    0x1FFFF7E8u // 96 bits (30.2)
#define NVIC_ICPR 0xE000E280u

enum { RCC_CR = 0, RCC_CFGR = 4, RCC_APB2ENR = 0x18 };
enum { HSE_ON = 1 << 16, HSE_READY = 1 << 17, PLL_ON = 1 << 24, PLL_READY = 1 << 25 };
enum { PLL_OF_HSE = 1 << 16, PLL_BY_9 = 7 << 18, APB1_BY_2 = 4 << 8, ADC_BY_6 = 2 << 14 };
enum { USE_PLL = 2, USES = 0xC, USES_PLL = 8 };
enum { HZ = 72000000, HZ_WITHOUT_CRYSTAL = 8000000, TRIES = 1000000 };
enum { ON_AFIO = 1, ON_GPIOA = 1 << 2, ON_GPIOB = 1 << 3, ON_SPI1 = 1 << 12, ON_USART1 = 1 << 14 };
enum { CRL = 0, CRH = 4, BSRR = 0x10, AFIO_EXTICR1 = 8, EXTI_IMR = 0, EXTI_FTSR = 0xC };
enum { EXTI_PR = 0x14, EXTI_0 = 1, OF_PORT_B = 1 };
enum { FLASH_ACR = 0, FLASH_KEYR = 4, FLASH_SR = 0xC, FLASH_CR = 0x10, FLASH_AR = 0x14 };
enum { WAIT_2 = 2, PREFETCH = 0x10, BUSY = 1, PROGRAM = 1, ERASE = 2, START = 0x40, LOCK = 0x80 };
enum { UART_SR = 0, UART_DR = 4, UART_BRR = 8, UART_CR1 = 0xC, UART_EMPTY = 0x80 };
enum { UART_ON_TX = 1 << 13 | 1 << 3, BAUD = 115200 };
enum { SPI_CR1 = 0, SPI_SR = 8, SPI_DR = 0xC, SPI_GOT = 1, SPI_ROOM = 2, SPI_BUSY = 0x80 };
enum { SPI_MASTER = 1 << 2, SPI_BY_4 = 1 << 3, SPI_ON = 1 << 6, SPI_NO_NSS = 3 << 8 }; // 18 MHz

enum { SELECT = 4, RESET_PIN = 1, INTERRUPT = 0, EXTI0_LINE = 6, LINK_MS = 500 };

/// Clocks and pins ///

static void set(uintptr_t at, uint32_t bits)
{
    aksu_reg_put(at, aksu_reg_get(at) | bits);
}

static void wait_for(uintptr_t at, uint32_t mask, uint32_t value)
{
    while ((aksu_reg_get(at) & mask) != value) {
    }
}

// A crystal of 8 MHz, times 9 (7.2); flash needs two wait states (PM0075 3.1). Returns false if
// there is none: then the chip runs at 8 MHz of its own.
static bool start_clocks(void)
{
    set(RCC + RCC_APB2ENR, ON_AFIO | ON_GPIOA | ON_GPIOB | ON_SPI1 | ON_USART1);
    set(RCC + RCC_CR, HSE_ON);
    for (unsigned i = 0; (aksu_reg_get(RCC + RCC_CR) & HSE_READY) == 0; i++) {
        if (i == TRIES) {
            return false;
        }
    }
    aksu_reg_put(FLASH + FLASH_ACR, WAIT_2 | PREFETCH);
    aksu_reg_put(RCC + RCC_CFGR, PLL_OF_HSE | PLL_BY_9 | APB1_BY_2 | ADC_BY_6);
    set(RCC + RCC_CR, PLL_ON);
    wait_for(RCC + RCC_CR, PLL_READY, PLL_READY);
    set(RCC + RCC_CFGR, USE_PLL);
    wait_for(RCC + RCC_CFGR, USES, USES_PLL);
    return true;
}

static void drive(uintptr_t port, unsigned number, bool high)
{
    aksu_reg_put(port + BSRR, 1u << number << (high ? 0 : 16));
}

// Four bits a pin (9.2): 3 an output, B one of a peripheral, 4 an input, 8 one with a pull.
static void start_pins(void)
{
    drive(GPIOA, SELECT, true);
    drive(GPIOB, RESET_PIN, false);
    drive(GPIOB, INTERRUPT, true);
    aksu_reg_put(GPIOA + CRL, 0xB4B34444); // MOSI 7, MISO 6, SCK 5, select 4
    aksu_reg_put(GPIOA + CRH, (aksu_reg_get(GPIOA + CRH) & ~0xF0u) | 0xB0); // TX 9; not SWD
    aksu_reg_put(GPIOB + CRL, (aksu_reg_get(GPIOB + CRL) & ~0xFFu) | 0x38);
    aksu_reg_put(AFIO + AFIO_EXTICR1, OF_PORT_B);
    aksu_reg_put(EXTI + EXTI_FTSR, EXTI_0);
    aksu_reg_put(EXTI + EXTI_IMR, EXTI_0);
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
    drive(GPIOA, SELECT, false);
}

// For MAC registers the chip wants 210 ns until the pin goes high (ENC28J60 data sheet, table
// 16-6).
static void spi_deselect(struct aksu_spi *spi)
{
    (void)spi;
    wait_for(SPI1 + SPI_SR, SPI_BUSY, 0);
    for (unsigned i = 0; i < 8; i++) {
        __asm__ volatile("nop\n\tnop");
    }
    drive(GPIOA, SELECT, true);
}

// An octet is sent while the last one comes: never more, or one would be lost (25.3.5).
static void spi_transfer(struct aksu_spi *spi, const void *out, void *in, size_t len)
{
    const uint8_t *from = out;
    uint8_t *to = in;
    size_t sent = 0;

    (void)spi;
    for (size_t got = 0; got < len; got++) {
        while (sent < len && sent < got + 2) {
            wait_for(SPI1 + SPI_SR, SPI_ROOM, SPI_ROOM);
            aksu_reg_put(SPI1 + SPI_DR, from ? from[sent] : 0);
            sent++;
        }
        wait_for(SPI1 + SPI_SR, SPI_GOT, SPI_GOT);
        uint32_t octet = aksu_reg_get(SPI1 + SPI_DR);
        if (to) {
            to[got] = (uint8_t)octet;
        }
    }
}

/// Text: USART1, 115200 8N1 ///

static void put_char(char c)
{
    wait_for(USART1 + UART_SR, UART_EMPTY, UART_EMPTY);
    aksu_reg_put(USART1 + UART_DR, (uint8_t)c);
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

/// The seed ///

extern volatile uint16_t board_boots[]; // the page of flash, from link.ld
enum { PAGE_HALVES = 512, ERASED = 0xFFFF };

static void wait_for_flash(void)
{
    wait_for(FLASH + FLASH_SR, BUSY, 0);
}

// PM0075 2.3: a half-word at a time, of a page that is erased.
static void program(volatile uint16_t *at, uint32_t value)
{
    aksu_reg_put(FLASH + FLASH_CR, PROGRAM);
    at[0] = (uint16_t)value;
    wait_for_flash();
    at[1] = (uint16_t)(value >> 16);
    wait_for_flash();
}

static void erase(volatile uint16_t *page)
{
    aksu_reg_put(FLASH + FLASH_CR, ERASE);
    aksu_reg_put(FLASH + FLASH_AR, (uint32_t)page);
    aksu_reg_put(FLASH + FLASH_CR, ERASE | START);
    wait_for_flash();
}

// The page holds the numbers of the last boots, one behind the other; where none has been written,
// it is erased. Returns this boot's.
static uint32_t count_boot(void)
{
    uint32_t count = 0;
    unsigned at = 0;

    while (at < PAGE_HALVES && (board_boots[at] & board_boots[at + 1]) != ERASED) {
        count = board_boots[at] | (uint32_t)board_boots[at + 1] << 16;
        at += 2;
    }
    count++;
    aksu_reg_put(FLASH + FLASH_KEYR, 0x45670123);
    aksu_reg_put(FLASH + FLASH_KEYR, 0xCDEF89AB);
    if (at == PAGE_HALVES) {
        erase(board_boots);
        at = 0;
    }
    program(board_boots + at, count);
    aksu_reg_put(FLASH + FLASH_CR, LOCK);
    return count;
}

// Returns the digit's value, or 16 if it is none.
static unsigned digit(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

// The chip has no source of entropy. The secret is the user's seed, made another one in each chip
// by its number and at each boot by the count of boots, neither of which is secret.
bool aksu_board_entropy(void *to, size_t len)
{
    static const char seed[] = TEXT(BOARD_SEED);
    uint8_t *octets = to;

    for (size_t i = 0; i < len; i++) {
        unsigned high = sizeof seed == 33 && len == 16 ? digit(seed[2 * i]) : 16;
        unsigned low = high < 16 ? digit(seed[2 * i + 1]) : 16;
        if (low == 16) {
            aksu_print("BOARD_SEED must be 32 hexadecimal digits that nobody else knows:\n"
                       "cmake --preset bluepill-enc28j60 "
                       "-DAKSU_BOARD_FLAGS=BOARD_SEED=$(openssl rand -hex 16)\n");
            return false;
        }
        octets[i] = (uint8_t)(high << 4 | low);
    }
    uint32_t boot = count_boot();

    for (unsigned i = 0; i < 16; i++) {
        uint32_t word = i < 4 ? boot : aksu_reg_get(UNIQUE + i / 4 * 4 - 4);
        octets[i] ^= (uint8_t)(word >> i % 4 * 8);
    }
    return true;
}

/// The MAC ///

static struct aksu_spi spi = {spi_select, spi_transfer, spi_deselect};
static struct aksu_enc28j60 mac;
static struct aksu_mac_driver driver;

// The chip's pin is seen by its falling edge, which is latched here and in the NVIC.
static bool pending(struct aksu_mac *m)
{
    aksu_reg_put(EXTI + EXTI_PR, EXTI_0);
    aksu_reg_put(NVIC_ICPR, 1u << EXTI0_LINE);
    return aksu_enc28j60.pending(m);
}

struct aksu_mac *board_start(uint32_t *link_ms)
{
    bool crystal = start_clocks();

    start_pins();
    aksu_reg_put(USART1 + UART_BRR, (crystal ? HZ : HZ_WITHOUT_CRYSTAL) / BAUD);
    aksu_reg_put(USART1 + UART_CR1, UART_ON_TX);
    if (!crystal) {
        aksu_panic("the crystal does not start");
    }
    aksu_reg_put(SPI1 + SPI_CR1, SPI_NO_NSS | SPI_BY_4 | SPI_MASTER | SPI_ON);
    aksu_clock_start(HZ);
    wait_ms(1);
    drive(GPIOB, RESET_PIN, true);
    wait_ms(2);
    aksu_cpu_interrupt(EXTI0_LINE);
    driver = aksu_enc28j60;
    driver.pending = pending;
    mac.mac.driver = &driver;
    mac.spi = &spi;
    *link_ms = LINK_MS;
    return &mac.mac;
}
