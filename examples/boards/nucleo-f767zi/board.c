// SPDX-License-Identifier: MIT
// ST NUCLEO-F767ZI: a Cortex-M7 at 168 MHz. Has not run on the board.
#include "../nucleo/f4_f7.h"
#include <mac/stm32_eth.h>

enum { FLASH = 5 | 1 << 8 | 1 << 9, DMA_LOG2 = 14 }; // wait states; prefetch, accelerator

const struct nucleo nucleo = {
    .gpio = NUCLEO_GPIO,
    .rng = NUCLEO_RNG,
    .uart_control = NUCLEO_USART3 + 0x00,
    .uart_baud = NUCLEO_USART3 + 0x0C,
    .uart_status = NUCLEO_USART3 + 0x1C,
    .uart_data = NUCLEO_USART3 + 0x28,
    .uart_on = 1 << 0 | 1 << 3,
};

static struct aksu_stm32_dma dma __attribute__((section(".dma"))); // SRAM2: see link.ld
static struct aksu_stm32_eth mac = {.base = AKSU_STM32_ETH_BASE,
                                    .hclk = F4_F7_HCLK,
                                    .dma = &dma,
                                    .cached = BOARD_CACHED,
                                    .phy = {.address = NUCLEO_PHY},
                                    .mac = {.driver = &aksu_stm32_eth, .offload = BOARD_OFFLOAD}};

struct aksu_mac *board_start(uint32_t *link_ms)
{
    extern uint8_t board_dma[]; // from link.ld

    f4_f7_start(FLASH);
    if (!BOARD_CACHED) {
        nucleo_uncached((uintptr_t)board_dma, DMA_LOG2);
    }
    nucleo_caches();
    *link_ms = NUCLEO_LINK_MS;
    return &mac.mac;
}
