// SPDX-License-Identifier: MIT
// SiFive's HiFive Unleashed (FU540, 64-bit RISC-V), as QEMU has it: the E51 monitor core alone.
#include "../firmware.h"
#include <mac/gem.h>

#define ETHERNET 0x10090000u
enum { HZ = 1000000, ETHERNET_LINE = 53, LINK_MS = 1000, PHY = 0 };
enum { RX_FRAMES = 32, TX_FRAMES = 16 };
enum { MDC_BY_64 = 4 << 18, BUS_64_BITS = 1 << 21 };

static struct aksu_gem_descriptor rx[RX_FRAMES] __attribute__((section(".dma")));
static struct aksu_gem_descriptor tx[TX_FRAMES] __attribute__((section(".dma")));
static struct aksu_gem_frame rx_frames[RX_FRAMES] __attribute__((section(".dma")));
static struct aksu_gem_frame tx_frames[TX_FRAMES] __attribute__((section(".dma")));
static struct aksu_gem mac;

struct aksu_mac *board_start(uint32_t *link_ms)
{
    aksu_clock_start(HZ);
    aksu_cpu_interrupt(ETHERNET_LINE);
    mac.mac.driver = &aksu_gem;
    mac.base = ETHERNET;
    mac.rx = (struct aksu_gem_ring){rx, rx_frames, RX_FRAMES};
    mac.tx = (struct aksu_gem_ring){tx, tx_frames, TX_FRAMES};
    mac.config = MDC_BY_64 | BUS_64_BITS;
    mac.phy.address = PHY;
    *link_ms = LINK_MS;
    return &mac.mac;
}
