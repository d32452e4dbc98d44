// SPDX-License-Identifier: MIT
// ST NUCLEO-H743ZI and H743ZI2: a Cortex-M7 at 200 MHz, buses at 100 MHz: what the chip can in
// VOS3, the voltage that it starts with, and twelve turns of SysTick a second.
// Registers as in RM0433. Has not run on the board.
#include "../nucleo/nucleo.h"
#include <mac/stm32h7_eth.h>

#define SCB_VTOR    0xE000ED08u
#define RCC         0x58024400u
#define PWR_CSR1    0x58024804u
#define PWR_CR3     0x5802480Cu
#define FLASH_ACR   0x52002000u
#define SYSCFG_PMCR 0x58000404u
#define USART3      0x40004800u

enum { HCLK = 100000000, CPU = 2 * HCLK, PCLK1 = HCLK / 2, HSI = 64000000, DMA_LOG2 = 15 };
enum { CR = 0x00, CFGR = 0x10, D1CFGR = 0x18, D2CFGR = 0x1C, D3CFGR = 0x20, PLLCKSELR = 0x28 };
enum { PLLCFGR = 0x2C, PLL1DIVR = 0x30, AHB1RSTR = 0x80 };
enum { AHB1ENR = 0xD8, AHB2ENR = 0xDC, AHB4ENR = 0xE0, APB1LENR = 0xE8, APB4ENR = 0xF4 };
enum { HSI48ON = 1 << 12, HSI48RDY = 1 << 13, HSEON = 1 << 16, HSERDY = 1 << 17, HSEBYP = 1 << 18 };
enum { PLL1ON = 1 << 24, PLL1RDY = 1 << 25, LDOEN = 1 << 1, SUPPLY = 7, ACTVOSRDY = 1 << 13 };
enum { PLL_HSE = 2, PLL_M = 4 << 4, PLL_2_TO_4_MHZ = 1 << 2, PLL_P_ON = 1 << 16 };
enum { PLL_N = 200 - 1, PLL_P = (2 - 1) << 9, SW_PLL1 = 3, SWS = 7 << 3 };
enum { HCLK_2 = 8, D1PPRE_2 = 4 << 4, D2PPRE_2 = 4 << 4 | 4 << 8, D3PPRE_2 = 4 << 4 };
enum { FLASH_SLOW = 4 | 2 << 4 }; // more wait states than 100 MHz need: the cache hides them
enum { PORTS_ABCDG = 0x4F, ETH = 7 << 15, ETH_RESET = 1 << 15, RNG = 1 << 6, USART3_ON = 1 << 18 };
enum { SYSCFG = 1 << 1, PMCR_EPIS = 7 << 21, PMCR_RMII = 4 << 21 };
#define SRAM_1_2_3 (7u << 29)

const struct nucleo nucleo = {
    .gpio = 0x58020000u,
    .rng = 0x48021800u,
    .uart_control = USART3 + 0x00,
    .uart_baud = USART3 + 0x0C,
    .uart_status = USART3 + 0x1C,
    .uart_data = USART3 + 0x28,
    .uart_on = 1 << 0 | 1 << 3,
};

static struct aksu_stm32_dma dma __attribute__((section(".dma"))); // SRAM3: see link.ld
static struct aksu_stm32h7_eth mac = {
    .base = AKSU_STM32H7_ETH_BASE,
    .hclk = HCLK,
    .dma = &dma,
    .cached = BOARD_CACHED,
    .phy = {.address = NUCLEO_PHY},
    .mac = {.driver = &aksu_stm32h7_eth, .offload = BOARD_OFFLOAD}};

// The supply is chosen once after power-on, or the voltage stays locked (PWR_CR3). Of the
// RNG's clocks, HSI48 is the one after reset.
static void clocks(void)
{
    aksu_reg_put(PWR_CR3, (aksu_reg_get(PWR_CR3) & ~(uint32_t)SUPPLY) | LDOEN);
    nucleo_wait(PWR_CSR1, ACTVOSRDY, ACTVOSRDY, "the supply is not ready");
    nucleo_set(RCC + CR, HSEBYP | HSEON | HSI48ON);
    nucleo_wait(RCC + CR, HSERDY, HSERDY, "no clock from ST-LINK");
    nucleo_wait(RCC + CR, HSI48RDY, HSI48RDY, "no clock for the RNG");
    aksu_reg_put(RCC + PLLCKSELR, PLL_HSE | PLL_M);
    aksu_reg_put(RCC + PLLCFGR, PLL_2_TO_4_MHZ | PLL_P_ON);
    aksu_reg_put(RCC + PLL1DIVR, PLL_N | PLL_P | 1 << 16 | 1 << 24);
    nucleo_set(RCC + CR, PLL1ON);
    nucleo_wait(RCC + CR, PLL1RDY, PLL1RDY, "the PLL does not lock");
    aksu_reg_put(FLASH_ACR, FLASH_SLOW);
    nucleo_wait(FLASH_ACR, 0x3F, FLASH_SLOW, "the flash does not slow down");
    aksu_reg_put(RCC + D1CFGR, HCLK_2 | D1PPRE_2);
    aksu_reg_put(RCC + D2CFGR, D2PPRE_2);
    aksu_reg_put(RCC + D3CFGR, D3PPRE_2);
    aksu_reg_put(RCC + CFGR, SW_PLL1);
    nucleo_wait(RCC + CFGR, SWS, SW_PLL1 << 3, "the clock does not switch");
}

// RMII is chosen while the MAC is in reset, before its clocks are on (SYSCFG_PMCR).
static void ethernet(void)
{
    nucleo_set(RCC + AHB1RSTR, ETH_RESET);
    aksu_reg_put(SYSCFG_PMCR, (aksu_reg_get(SYSCFG_PMCR) & ~(uint32_t)PMCR_EPIS) | PMCR_RMII);
    nucleo_set(RCC + AHB1ENR, ETH);
    aksu_reg_put(RCC + AHB1RSTR, aksu_reg_get(RCC + AHB1RSTR) & ~(uint32_t)ETH_RESET);
}

struct aksu_mac *board_start(uint32_t *link_ms)
{
    extern const uint32_t aksu_vectors[];
    extern uint8_t board_dma[]; // from link.ld

    aksu_reg_put(SCB_VTOR, (uint32_t)aksu_vectors);
    nucleo_set(RCC + AHB4ENR, PORTS_ABCDG);
    nucleo_set(RCC + AHB2ENR, RNG | SRAM_1_2_3);
    nucleo_set(RCC + APB1LENR, USART3_ON);
    nucleo_set(RCC + APB4ENR, SYSCFG);
    nucleo_pins();
    nucleo_uart(HSI);
    clocks();
    nucleo_uart(PCLK1);
    ethernet();
    if (!BOARD_CACHED) {
        nucleo_uncached((uintptr_t)board_dma, DMA_LOG2);
    }
    nucleo_caches();
    aksu_clock_start(CPU);
    aksu_cpu_interrupt(NUCLEO_ETHERNET_LINE);
    *link_ms = NUCLEO_LINK_MS;
    return &mac.mac;
}
