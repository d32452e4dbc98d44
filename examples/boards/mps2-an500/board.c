// SPDX-License-Identifier: MIT
// ARM MPS2 with the AN500 FPGA image: a Cortex-M7 at 25 MHz and a LAN9220, as QEMU has it.
#include "../firmware.h"
#include <mac/lan9118.h>

#define ETHERNET 0xA0000000u
enum { HZ = 25000000, ETHERNET_LINE = 13, LINK_MS = 1000 };

static struct aksu_lan9118 mac;

struct aksu_mac *board_start(uint32_t *link_ms)
{
    aksu_clock_start(HZ);
    aksu_cpu_interrupt(ETHERNET_LINE);
    mac.mac.driver = &aksu_lan9118;
    mac.base = ETHERNET;
    *link_ms = LINK_MS;
    return &mac.mac;
}
