// SPDX-License-Identifier: MIT
// Luminary LM3S6965 evaluation board: a Cortex-M3 at 50 MHz with a MAC and a PHY of its own.
#include "../firmware.h"
#include <aksu_reg.h>
#include <mac/stellaris.h>

#define SYSCTL   0x400FE000u
#define ETHERNET 0x40048000u
enum { RIS = 0x050, RCC = 0x060, RCGC2 = 0x108 };
enum { RIS_PLL_LOCKED = 1 << 6 };
enum { RCC_XTAL_8_MHZ = 0xE << 6, RCC_BYPASS = 1 << 11, RCC_DIV_4 = 1 << 22 | 3 << 23 };
enum { RCGC2_MAC = 1 << 28, RCGC2_PHY = 1 << 30 };
enum { HZ = 50000000, ETHERNET_LINE = 42, LINK_MS = 1000 };

static struct aksu_stellaris mac;

// 200 MHz of the PLL by 4 (data sheet, System Control, Initialization): it runs before it is used.
static void start_clocks(void)
{
    aksu_reg_put(SYSCTL + RCC, RCC_XTAL_8_MHZ | RCC_BYPASS);
    aksu_reg_put(SYSCTL + RCC, RCC_XTAL_8_MHZ | RCC_BYPASS | RCC_DIV_4);
    while ((aksu_reg_get(SYSCTL + RIS) & RIS_PLL_LOCKED) == 0) {
    }
    aksu_reg_put(SYSCTL + RCC, RCC_XTAL_8_MHZ | RCC_DIV_4);
    aksu_reg_put(SYSCTL + RCGC2, RCGC2_MAC | RCGC2_PHY);
    (void)aksu_reg_get(SYSCTL + RCGC2); // takes the three clocks until a module may be used
    (void)aksu_reg_get(SYSCTL + RCGC2);
}

struct aksu_mac *board_start(uint32_t *link_ms)
{
    start_clocks();
    aksu_clock_start(HZ);
    aksu_cpu_interrupt(ETHERNET_LINE);
    mac.mac.driver = &aksu_stellaris;
    mac.base = ETHERNET;
    mac.hz = HZ;
    *link_ms = LINK_MS;
    return &mac.mac;
}
