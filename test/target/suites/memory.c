// SPDX-License-Identifier: MIT
// memcpy, memset and memcmp by words: those of picolibc go octet by octet, and most of what the
// suites do is to copy, clear and compare all of a stack.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uintptr_t __attribute__((may_alias)) word;

static int aligned(const void *a, const void *b)
{
    return (((uintptr_t)a | (uintptr_t)b) & (sizeof(word) - 1)) == 0;
}

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
    unsigned char *p = to;
    const unsigned char *q = from;

    for (; aligned(p, q) && len >= sizeof(word); len -= sizeof(word)) {
        *(word *)(void *)p = *(const word *)(const void *)q;
        p += sizeof(word);
        q += sizeof(word);
    }
    while (len-- > 0) {
        *p++ = *q++;
    }
    return to;
}

void *memset(void *to, int octet, size_t len)
{
    unsigned char *p = to;
    const word value = (unsigned char)octet * (UINTPTR_MAX / 0xff);

    for (; aligned(p, p) && len >= sizeof(word); len -= sizeof(word)) {
        *(word *)(void *)p = value;
        p += sizeof(word);
    }
    while (len-- > 0) {
        *p++ = (unsigned char)octet;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
    const unsigned char *p = a, *q = b;

    for (; aligned(p, q) && len >= sizeof(word); len -= sizeof(word)) {
        if (*(const word *)(const void *)p != *(const word *)(const void *)q) {
            break;
        }
        p += sizeof(word);
        q += sizeof(word);
    }
    for (; len > 0; len--, p++, q++) {
        if (*p != *q) {
            return *p - *q;
        }
    }
    return 0;
}
