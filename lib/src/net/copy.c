// SPDX-License-Identifier: MIT
// The payload's two loops: copying, and the Internet checksum, RFC 1071. They take words, of which
// the compiler is told that they are aligned: then a processor's instructions for several at once
// are used, and none is asked for a word that lies askew.
#include "../stack.h"

enum { WORD = sizeof(uintptr_t) };

// For size they are taken where they lie, too, if the processor reads words anywhere.
#if defined(__x86_64__) || (defined(__OPTIMIZE_SIZE__) && defined(__ARM_FEATURE_UNALIGNED))
enum { ALIGN = 1 };
#else
enum { ALIGN = WORD };
#endif

// The most that a compiler moves without a call.
#ifdef __ARM_FEATURE_UNALIGNED
enum { BLOCK = 64 };
#else
enum { BLOCK = 48 };
#endif

// The sum of words of any width is the sum of 16-bit words, folded, and a carry out of a word
// counts one (RFC 1071 2 B).
static inline uintptr_t plus(uintptr_t sum, uintptr_t word)
{
    uintptr_t all = sum + word;

    return all + (all < sum);
}

static inline uintptr_t plus_word(uintptr_t sum, const uint8_t *at)
{
    uintptr_t word;

    memcpy(&word, at, WORD);
    return plus(sum, word);
}

static inline uintptr_t plus_2(uintptr_t sum, const uint8_t *at)
{
    return plus_word(plus_word(sum, at), at + WORD);
}

static inline uintptr_t plus_4(uintptr_t sum, const uint8_t *at)
{
    return plus_2(plus_2(sum, at), at + 2 * WORD);
}

static inline uintptr_t plus_8(uintptr_t sum, const uint8_t *at)
{
    return plus_4(plus_4(sum, at), at + 4 * WORD);
}

static inline uintptr_t plus_16(uintptr_t sum, const uint8_t *at)
{
    return plus_8(plus_8(sum, at), at + 8 * WORD);
}

// Less than a word, by halves.
static inline uintptr_t plus_octets(uintptr_t sum, const uint8_t *at, uint32_t len)
{
    uint32_t half;
    uint16_t pair;

    if (len & 4) {
        memcpy(&half, at, sizeof half);
        sum = plus(sum, half);
        at += sizeof half;
    }
    if (len & 2) {
        memcpy(&pair, at, sizeof pair);
        sum = plus(sum, pair);
        at += sizeof pair;
    }
    if (len & 1) {
        uint8_t last[sizeof pair] = {0};
        last[0] = *at;
        memcpy(&pair, last, sizeof pair);
        sum = plus(sum, pair);
    }
    return sum;
}

// Folds to 16 bits of memory order and reads them in network order.
static uint32_t fold(uintptr_t sum)
{
    uint8_t octets[2];
    uint64_t wide = sum;
    uint32_t half = (uint32_t)sum;

    if (WORD > sizeof half) {
        wide += wide << 32 | wide >> 32;
        half = (uint32_t)(wide >> 32);
    }
    half += half << 16 | half >> 16;
    uint16_t folded = (uint16_t)(half >> 16);
    memcpy(octets, &folded, sizeof octets);
    return aksu_get16(octets);
}

// Pairs of octets, then a last one.
static uint32_t sum_octets(const uint8_t *at, uint32_t len)
{
    uint32_t sum = 0;

    for (; len > 1; len -= 2, at += 2) {
        sum += aksu_get16(at);
    }
    return len ? sum + ((uint32_t)*at << 8) : sum;
}

// What is left, less than 32 words.
static inline uintptr_t sum_rest(uintptr_t sum, const uint8_t *at, uint32_t len)
{
    if (len & 16 * WORD) {
        sum = plus_16(sum, at);
        at += 16 * WORD;
    }
    if (len & 8 * WORD) {
        sum = plus_8(sum, at);
        at += 8 * WORD;
    }
    if (len & 4 * WORD) {
        sum = plus_4(sum, at);
        at += 4 * WORD;
    }
    if (len & 2 * WORD) {
        sum = plus_2(sum, at);
        at += 2 * WORD;
    }
    if (len & WORD) {
        sum = plus_word(sum, at);
        at += WORD;
    }
    return plus_octets(sum, at, len % WORD);
}

// From an aligned address on.
static uint32_t sum_words(const uint8_t *at, uint32_t len)
{
    uintptr_t sum = 0;

    at = (const uint8_t *)((uintptr_t)at & ~(uintptr_t)(ALIGN - 1));
    if (AKSU_FAST) {
        for (const uint8_t *end = at + (len & ~(32u * WORD - 1)); at != end; at += 32 * WORD) {
            sum = plus_16(plus_16(sum, at), at + 16 * WORD);
        }
        return fold(sum_rest(sum, at, len));
    }
    for (; len >= WORD; len -= WORD, at += WORD) {
        sum = plus_word(sum, at);
    }
    return fold(sum) + sum_octets(at, len);
}

// For size, of words in network order, which may lie askew.
static uint32_t sum_small(const uint8_t *at, uint32_t len)
{
    const uint8_t *end = at + len;
    uint64_t sum = 0;
    uint32_t last = 0;

    for (; end - at >= 4; at += 4) {
        sum += aksu_get32(at);
    }
    while (end != at) {
        last = last >> 8 | (uint32_t) * --end << 24;
    }
    sum += last;
    return (uint32_t)(sum >> 32) + ((uint32_t)sum >> 16) + (uint32_t)(sum & 0xffff);
}

static uint32_t sum_of(const uint8_t *at, uint32_t len)
{
    if (ALIGN == 1 && WORD == 4 && !AKSU_FAST) {
        return sum_small(at, len);
    }
    uint32_t lead = aksu_min32(-(uintptr_t)at & (ALIGN - 1), len);

    if (ALIGN == 1 || (AKSU_FAST && lead == 0)) {
        return sum_words(at, len);
    }
    // Behind an odd number of octets each is the other of its pair: 256 times as much.
    return sum_octets(at, lead) + (sum_words(at + lead, len - lead) << lead % 2 * 8);
}

void aksu_move_words(uint8_t *to, const uint8_t *from, uint32_t len)
{
    if ((((uintptr_t)to | (uintptr_t)from) & (WORD - 1)) == 0) {
        to = (uint8_t *)((uintptr_t)to & ~(uintptr_t)(WORD - 1));
        from = (const uint8_t *)((uintptr_t)from & ~(uintptr_t)(WORD - 1));
        for (; len >= 2 * BLOCK; len -= 2 * BLOCK, from += 2 * BLOCK, to += 2 * BLOCK) {
            memcpy(to, from, BLOCK);
            memcpy(to + BLOCK, from + BLOCK, BLOCK);
        }
        if (len >= BLOCK) {
            memcpy(to, from, BLOCK);
            len -= BLOCK;
            from += BLOCK;
            to += BLOCK;
        }
        for (; len >= 4 * WORD; len -= 4 * WORD, from += 4 * WORD, to += 4 * WORD) {
            memcpy(to, from, 4 * WORD);
        }
        for (const uint8_t *end = from + (len & ~(WORD - 1u)); from != end;
             from += WORD, to += WORD) {
            memcpy(to, from, WORD);
        }
        len %= WORD;
    }
    if (len > 0) {
        memcpy(to, from, len);
    }
}

// In C two loops cost less than one for both.
uint32_t aksu_copy(void *to, const void *from, uint32_t len)
{
    if (to) {
        aksu_move(to, from, len);
    }
    return sum_of(from, len);
}
