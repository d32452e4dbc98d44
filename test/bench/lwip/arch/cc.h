// SPDX-License-Identifier: MIT
// What lwIP asks of a compiler and a machine.
#ifndef ARCH_CC_H
#define ARCH_CC_H

#define LWIP_NO_INTTYPES_H 0
#define LWIP_PLATFORM_DIAG(x)
#define LWIP_PLATFORM_ASSERT(x)
#define LWIP_CHKSUM_ALGORITHM 3 // the fastest of its three on all machines here

#endif
