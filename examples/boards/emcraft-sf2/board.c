// SPDX-License-Identifier: MIT
// Emcraft's SmartFusion2 system on module (M2S-FG484 SOM): a Cortex-M3 at 142 MHz.
#include "../firmware.h"
#include <aksu_reg.h>
#include <mac/msf2.h>

#define SOFT_RESET 0x40038048u // SYSREG, SOFT_RESET_CR
#define ETHERNET   0x40041000u
enum { SOFT_RESET_MAC = 1 << 4 };
enum { HZ = 142000000, ETHERNET_LINE = 12, LINK_MS = 1000, PHY = 1 };
enum { RX_FRAMES = 8, TX_FRAMES = 4 };

static struct aksu_msf2_frame rx[RX_FRAMES] __attribute__((section(".dma")));
static struct aksu_msf2_frame tx[TX_FRAMES] __attribute__((section(".dma")));
static struct aksu_msf2 mac;

struct aksu_mac *board_start(uint32_t *link_ms)
{
    aksu_reg_put(SOFT_RESET, aksu_reg_get(SOFT_RESET) & ~(uint32_t)SOFT_RESET_MAC);
    aksu_clock_start(HZ);
    aksu_cpu_interrupt(ETHERNET_LINE);
    mac.mac.driver = &aksu_msf2;
    mac.base = ETHERNET;
    mac.rx = rx;
    mac.rx_count = RX_FRAMES;
    mac.tx = tx;
    mac.tx_count = TX_FRAMES;
    mac.phy.address = PHY;
    *link_ms = LINK_MS;
    return &mac.mac;
}
