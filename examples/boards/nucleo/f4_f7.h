// SPDX-License-Identifier: MIT
/// Clocks and registers that the F4 and the F7 of the Nucleo boards have in common (RM0090,
/// RM0410).
#ifndef F4_F7_H
#define F4_F7_H

#include "nucleo.h"

#define SCB_VTOR      0xE000ED08u
#define NUCLEO_GPIO   0x40020000u
#define NUCLEO_RNG    0x50060800u
#define NUCLEO_USART3 0x40004800u

enum { F4_F7_HCLK = 168000000, F4_F7_PCLK1 = F4_F7_HCLK / 4 };

/// Starts clocks, pins, RMII; flash: what FLASH_ACR is to be at 168 MHz.
void f4_f7_start(uint32_t flash);

#endif
