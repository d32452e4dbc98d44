// SPDX-License-Identifier: MIT
// F429 and F767: 168 MHz from the 8 MHz that ST-LINK gives, which is what both can without
// over-drive, and 48 MHz for the RNG. Has not run on a board.
#include "f4_f7.h"

#define RCC        0x40023800u
#define FLASH_ACR  0x40023C00u
#define SYSCFG_PMC 0x40013804u

enum { CR = 0x00, PLLCFGR = 0x04, CFGR = 0x08, AHB1RSTR = 0x10 };
enum { AHB1ENR = 0x30, AHB2ENR = 0x34, APB1ENR = 0x40, APB2ENR = 0x44 };
enum { HSEON = 1 << 16, HSERDY = 1 << 17, HSEBYP = 1 << 18, PLLON = 1 << 24, PLLRDY = 1 << 25 };
enum { PORTS_ABCDG = 0x4F, ETH = 7 << 25, ETH_RESET = 1 << 25, RNG = 1 << 6 };
enum { USART3 = 1 << 18, SYSCFG = 1 << 14, RMII = 1 << 23, HSI = 16000000 };
enum { PLL_M = 4, PLL_N = 168 << 6, PLL_P2 = 0 << 16, PLL_HSE = 1 << 22, PLL_Q = 7 << 24 };
enum {
    PLL_R = 2 << 28,
    APB1_4 = 5 << 10,
    APB2_2 = 4 << 13,
    SW_PLL = 2,
    SWS = 3 << 2,
    LATENCY = 15
};

static void clocks(uint32_t flash)
{
    nucleo_set(RCC + CR, HSEBYP | HSEON);
    nucleo_wait(RCC + CR, HSERDY, HSERDY, "no clock from ST-LINK");
    aksu_reg_put(RCC + PLLCFGR, PLL_M | PLL_N | PLL_P2 | PLL_HSE | PLL_Q | PLL_R);
    nucleo_set(RCC + CR, PLLON);
    nucleo_wait(RCC + CR, PLLRDY, PLLRDY, "the PLL does not lock");
    aksu_reg_put(FLASH_ACR, flash);
    nucleo_wait(FLASH_ACR, LATENCY, flash & LATENCY, "the flash does not slow down");
    aksu_reg_put(RCC + CFGR, APB1_4 | APB2_2);
    aksu_reg_put(RCC + CFGR, APB1_4 | APB2_2 | SW_PLL);
    nucleo_wait(RCC + CFGR, SWS, SW_PLL << 2, "the clock does not switch");
}

// RMII is chosen while the MAC is in reset, before its clocks are on (SYSCFG_PMC).
void f4_f7_start(uint32_t flash)
{
    extern const uint32_t aksu_vectors[];

    aksu_reg_put(SCB_VTOR, (uint32_t)aksu_vectors);
    nucleo_set(RCC + AHB1ENR, PORTS_ABCDG);
    nucleo_set(RCC + AHB2ENR, RNG);
    nucleo_set(RCC + APB1ENR, USART3);
    nucleo_set(RCC + APB2ENR, SYSCFG);
    nucleo_pins();
    nucleo_uart(HSI);
    clocks(flash);
    nucleo_uart(F4_F7_PCLK1);
    nucleo_set(RCC + AHB1RSTR, ETH_RESET);
    nucleo_set(SYSCFG_PMC, RMII);
    nucleo_set(RCC + AHB1ENR, ETH);
    aksu_reg_put(RCC + AHB1RSTR, aksu_reg_get(RCC + AHB1RSTR) & ~(uint32_t)ETH_RESET);
    aksu_clock_start(F4_F7_HCLK);
    aksu_cpu_interrupt(NUCLEO_ETHERNET_LINE);
}
