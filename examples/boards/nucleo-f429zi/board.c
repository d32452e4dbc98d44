// SPDX-License-Identifier: MIT
// ST NUCLEO-F429ZI: a Cortex-M4 at 168 MHz. Has not run on the board.
#include "../nucleo/f4_f7.h"
#include <mac/stm32_eth.h>

enum { FLASH = 5 | 1 << 8 | 1 << 9 | 1 << 10 }; // wait states; prefetch, caches of its own

const struct nucleo nucleo = {
    .gpio = NUCLEO_GPIO,
    .rng = NUCLEO_RNG,
    .uart_control = NUCLEO_USART3 + 0x0C,
    .uart_baud = NUCLEO_USART3 + 0x08,
    .uart_status = NUCLEO_USART3 + 0x00,
    .uart_data = NUCLEO_USART3 + 0x04,
    .uart_on = 1 << 13 | 1 << 3,
};

static struct aksu_stm32_dma dma __attribute__((section(".dma")));
static struct aksu_stm32_eth mac = {.base = AKSU_STM32_ETH_BASE,
                                    .hclk = F4_F7_HCLK,
                                    .dma = &dma,
                                    .phy = {.address = NUCLEO_PHY},
                                    .mac = {.driver = &aksu_stm32_eth, .offload = BOARD_OFFLOAD}};

struct aksu_mac *board_start(uint32_t *link_ms)
{
    f4_f7_start(FLASH);
    *link_ms = NUCLEO_LINK_MS;
    return &mac.mac;
}
