// SPDX-License-Identifier: MIT
// The Internet checksum, RFC 1071, and the copy that computes it on the way.
#include "../stack.h"

// Where words may be read at any address; elsewhere only those at their own alignment are.
#if defined(__ARM_FEATURE_UNALIGNED) || defined(__x86_64__) || defined(__i386__)
enum { MISALIGNED_BITS = 0 };
#else
enum { MISALIGNED_BITS = sizeof(uintptr_t) - 1 };
#endif

// One word and its carry: the sum of words of any width is the sum of 16-bit words, folded.
static uintptr_t add(uintptr_t sum, uintptr_t word)
{
    sum += word;
    return sum + (sum < word);
}

static uintptr_t copy_words(uint8_t *to, const uint8_t *from, uint32_t words)
{
    uintptr_t sum = 0;
    uintptr_t word;

    for (; words > 0; words--, from += sizeof word, to += sizeof word) {
        memcpy(&word, from, sizeof word);
        memcpy(to, &word, sizeof word);
        sum = add(sum, word);
    }
    return sum;
}

static uintptr_t sum_words(const uint8_t *from, uint32_t words)
{
    uintptr_t sum = 0;
    uintptr_t word;

    for (; words > 0; words--, from += sizeof word) {
        memcpy(&word, from, sizeof word);
        sum = add(sum, word);
    }
    return sum;
}

// Folds to 16 bits of memory order and reads them in network order.
static uint32_t fold(uintptr_t sum)
{
    uint8_t octets[2];

    for (unsigned bits = sizeof sum * 4; bits >= 16; bits /= 2) {
        uintptr_t low = (uintptr_t)1 << bits;
        sum = sum % low + sum / low;
        sum = sum % low + sum / low;
    }
    uint16_t folded = (uint16_t)sum;
    memcpy(octets, &folded, sizeof octets);
    return aksu_get16(octets);
}

static uint32_t copy_octets(uint8_t *to, const uint8_t *from, uint32_t len)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < len; i++) {
        if (to) {
            to[i] = from[i];
        }
        sum += (uint32_t)from[i] << (i % 2 ? 0 : 8);
    }
    return sum;
}

uint32_t aksu_copy(void *to, const void *from, uint32_t len)
{
    uint32_t words = 0;
    uintptr_t sum = 0;

    if ((((uintptr_t)to | (uintptr_t)from) & MISALIGNED_BITS) == 0) {
        words = len / (uint32_t)sizeof sum;
        sum = to ? copy_words(to, from, words) : sum_words(from, words);
    }
    uint32_t done = words * (uint32_t)sizeof sum;

    return fold(sum) +
           copy_octets(to ? (uint8_t *)to + done : NULL, (const uint8_t *)from + done, len - done);
}

uint32_t aksu_sum_pseudo(const struct aksu_pair *pair, uint32_t len)
{
    return (pair->remote >> 16) + (pair->remote & 0xffff) + (pair->local >> 16) +
           (pair->local & 0xffff) + AKSU_PROTOCOL_TCP + len;
}

uint16_t aksu_sum_finish(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}
