// SPDX-License-Identifier: MIT
// Text, exit status and entropy through semihosting, which a debugger or QEMU answers. A board
// without either gives its own of each function: a breakpoint with nobody there is a fault.
#include "../aksu_baremetal.h"
#include "riscv.h"

enum { SYS_OPEN = 1, SYS_CLOSE = 2, SYS_WRITE0 = 4, SYS_READ = 6, SYS_EXIT_EXTENDED = 0x20 };
enum { OPEN_READ_BINARY = 1, APPLICATION_EXIT = 0x20026 };

__attribute__((weak)) void aksu_print(const char *text)
{
    (void)aksu_semihost(SYS_WRITE0, text);
}

__attribute__((weak)) void aksu_exit(int status)
{
    const uintptr_t arguments[2] = {APPLICATION_EXIT, (uintptr_t)status};

    for (;;) {
        (void)aksu_semihost(SYS_EXIT_EXTENDED, arguments);
    }
}

// An emulated board has no source of its own, but its host has one.
__attribute__((weak)) bool aksu_board_entropy(void *to, size_t len)
{
    static const char name[] = "/dev/urandom";
    const uintptr_t open[3] = {(uintptr_t)name, OPEN_READ_BINARY, sizeof name - 1};
    uintptr_t file = aksu_semihost(SYS_OPEN, open);
    const uintptr_t read[3] = {file, (uintptr_t)to, len};

    if (file == UINTPTR_MAX) {
        return false;
    }
    uintptr_t missing = aksu_semihost(SYS_READ, read);

    (void)aksu_semihost(SYS_CLOSE, &file);
    return missing == 0;
}
