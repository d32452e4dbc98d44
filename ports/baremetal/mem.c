// SPDX-License-Identifier: MIT
// The four functions that the library and the compiler call, where there is no libc.
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int value, size_t len);
int memcmp(const void *a, const void *b, size_t len);

// Where the processor reads and writes words anywhere (ARMv7-M), that is what is copied.
#ifdef __ARM_FEATURE_UNALIGNED
typedef uint32_t word __attribute__((may_alias, aligned(1)));
#else
typedef uint32_t word __attribute__((may_alias));
#endif
enum { UNALIGNED = _Alignof(word) - 1 }; // bits of an address that no word has

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
    uint8_t *out = to;
    const uint8_t *in = from;

    if ((((uintptr_t)out | (uintptr_t)in) & UNALIGNED) == 0) {
        for (; len >= sizeof(word); len -= sizeof(word), out += sizeof(word), in += sizeof(word)) {
            *(word *)(void *)out = *(const word *)(const void *)in;
        }
    }
    while (len-- > 0) {
        *out++ = *in++;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t len)
{
    uint8_t *out = to;
    const uint8_t *in = from;

    if ((uintptr_t)out <= (uintptr_t)in || (uintptr_t)out >= (uintptr_t)in + len) {
        return memcpy(to, from, len);
    }
    while (len-- > 0) {
        out[len] = in[len];
    }
    return to;
}

void *memset(void *to, int value, size_t len)
{
    uint8_t *out = to;

    while (len-- > 0) {
        *out++ = (uint8_t)value;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
    const uint8_t *p = a;
    const uint8_t *q = b;

    for (; len > 0; len--, p++, q++) {
        if (*p != *q) {
            return *p - *q;
        }
    }
    return 0;
}
