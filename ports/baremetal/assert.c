// SPDX-License-Identifier: MIT
// What newlib's and picolibc's assert() call: an image of a library with AKSU_DEBUG. There is no
// libc to print it.
#include "aksu_baremetal.h"

__attribute__((noreturn)) void __assert_func(const char *file, int line, const char *function,
                                             const char *expression);

static const char *decimal(unsigned number, char *end)
{
    *end = '\0';
    do {
        *--end = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return end;
}

void __assert_func(const char *file, int line, const char *function, const char *expression)
{
    char text[11];
    const char *const parts[] = {file, ":",      decimal((unsigned)line, text + sizeof text - 1),
                                 ": ", function, "\n"};

    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i]) {
            aksu_print(parts[i]);
        }
    }
    aksu_panic(expression);
}
