// SPDX-License-Identifier: MIT
// Writes the first N octets of the generated file of the examples to standard output, by the
// formula of examples/examples.h and not by the examples' code.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    uint64_t octets = argc == 2 ? strtoull(argv[1], NULL, 10) : 0;

    for (uint64_t offset = 0; offset < octets; offset++) {
        uint32_t x = (uint32_t)(offset / 4) * 0x9e3779b1u;
        x ^= x >> 15;
        x *= 0x85ebca77u;
        x ^= x >> 13;
        if (putchar((int)(x >> (offset % 4 * 8) & 0xff)) == EOF) {
            return 1;
        }
    }
    return 0;
}
