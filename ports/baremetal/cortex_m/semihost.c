// SPDX-License-Identifier: MIT
// Text, exit status and entropy through semihosting, which a debugger or QEMU answers. A board
// without either gives its own of each function: a breakpoint with nobody there is a fault.
#include "../aksu_baremetal.h"
#include "cortex_m.h"

enum { SYS_OPEN = 1, SYS_CLOSE = 2, SYS_WRITE0 = 4, SYS_READ = 6, SYS_EXIT_EXTENDED = 0x20 };
enum { OPEN_READ_BINARY = 1, APPLICATION_EXIT = 0x20026 };

uint32_t aksu_semihost(uint32_t operation, const void *arguments)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = arguments;

    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

__attribute__((weak)) void aksu_print(const char *text)
{
    (void)aksu_semihost(SYS_WRITE0, text);
}

__attribute__((weak)) void aksu_exit(int status)
{
    const uint32_t arguments[2] = {APPLICATION_EXIT, (uint32_t)status};

    for (;;) {
        (void)aksu_semihost(SYS_EXIT_EXTENDED, arguments);
    }
}

// An emulated board has no source of its own, but its host has one.
__attribute__((weak)) bool aksu_board_entropy(void *to, size_t len)
{
    static const char name[] = "/dev/urandom";
    const uint32_t open[3] = {(uint32_t)name, OPEN_READ_BINARY, sizeof name - 1};
    uint32_t file = aksu_semihost(SYS_OPEN, open);
    const uint32_t read[3] = {file, (uint32_t)to, len};

    if (file == UINT32_MAX) {
        return false;
    }
    uint32_t missing = aksu_semihost(SYS_READ, read);

    (void)aksu_semihost(SYS_CLOSE, &file);
    return missing == 0;
}
