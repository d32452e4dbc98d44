// SPDX-License-Identifier: MIT
// The pattern: octets that follow from their offset alone.
#include "examples.h"

#include <string.h>

static uint32_t word(uint32_t index)
{
    uint32_t x = index * 0x9e3779b1u;

    x ^= x >> 15;
    x *= 0x85ebca77u;
    return x ^ x >> 13;
}

uint8_t example_octet(uint32_t offset)
{
    return (uint8_t)(word(offset / 4) >> 8 * (offset % 4));
}

void example_fill(uint32_t offset, void *to, size_t len)
{
    uint8_t *p = to;

    while (len > 0) {
        if (offset % 4 != 0 || len < 4) {
            *p++ = example_octet(offset++);
            len--;
            continue;
        }
        // Compilers make one store of these four where that is allowed.
        uint32_t x = word(offset / 4);
        p[0] = (uint8_t)x;
        p[1] = (uint8_t)(x >> 8);
        p[2] = (uint8_t)(x >> 16);
        p[3] = (uint8_t)(x >> 24);
        p += 4;
        offset += 4;
        len -= 4;
    }
}

static size_t count_different(const uint8_t *a, const uint8_t *b, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++) {
        count += a[i] != b[i];
    }
    return count;
}

size_t example_differ(uint32_t offset, const void *data, size_t len)
{
    const uint8_t *p = data;
    uint8_t expected[128];
    size_t count = 0;

    while (len > 0) {
        size_t n = len < sizeof expected ? len : sizeof expected;
        example_fill(offset, expected, n);
        if (memcmp(p, expected, n) != 0) {
            count += count_different(p, expected, n);
        }
        p += n;
        offset += (uint32_t)n;
        len -= n;
    }
    return count;
}
