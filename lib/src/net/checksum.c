// SPDX-License-Identifier: MIT
// The Internet checksum, RFC 1071, and the copy that computes it on the way.
#include "../stack.h"

// Where words may be read at any address; elsewhere only those at their own alignment are.
#if defined(__ARM_FEATURE_UNALIGNED) || defined(__x86_64__) || defined(__i386__)
enum { MISALIGNED_BITS = 0 };
#else
enum { MISALIGNED_BITS = sizeof(uintptr_t) - 1 };
#endif

// The sum of words of any width is the sum of 16-bit words, folded, and a carry out of a word
// counts one (RFC 1071 2 B).
struct sum {
    uintptr_t low;
    uintptr_t carries;
};

enum { WORD = sizeof(uintptr_t), BLOCK = 4 * WORD };

static uintptr_t load(const uint8_t *from, unsigned i)
{
    uintptr_t word;

    memcpy(&word, from + i * WORD, WORD);
    return word;
}

static void add(struct sum *sum, uintptr_t word)
{
    sum->low += word;
    sum->carries += sum->low < word;
}

static void copy_word(struct sum *sum, uint8_t *to, const uint8_t *from, unsigned i)
{
    uintptr_t word = load(from, i);

    memcpy(to + i * WORD, &word, WORD);
    add(sum, word);
}

// Four words at a time: the loop itself would cost as much as the work.
static struct sum copy_words(uint8_t *to, const uint8_t *from, uint32_t len)
{
    struct sum sum = {0, 0};

    for (; len >= BLOCK; len -= BLOCK, from += BLOCK, to += BLOCK) {
        copy_word(&sum, to, from, 0);
        copy_word(&sum, to, from, 1);
        copy_word(&sum, to, from, 2);
        copy_word(&sum, to, from, 3);
    }
    for (; len >= WORD; len -= WORD, from += WORD, to += WORD) {
        copy_word(&sum, to, from, 0);
    }
    return sum;
}

static struct sum sum_words(const uint8_t *from, uint32_t len)
{
    struct sum sum = {0, 0};

    for (; len >= BLOCK; len -= BLOCK, from += BLOCK) {
        add(&sum, load(from, 0));
        add(&sum, load(from, 1));
        add(&sum, load(from, 2));
        add(&sum, load(from, 3));
    }
    for (; len >= WORD; len -= WORD, from += WORD) {
        add(&sum, load(from, 0));
    }
    return sum;
}

// Folds to 16 bits of memory order and reads them in network order.
static uint32_t fold(struct sum sum)
{
    uint8_t octets[2];
    uint64_t wide = (uint64_t)(sum.low & UINT32_MAX) + ((uint64_t)sum.low >> 32) + sum.carries;
    uint32_t low =
        (uint32_t)(wide & 0xffff) + (uint32_t)(wide >> 16 & 0xffff) + (uint32_t)(wide >> 32);

    low = (low & 0xffff) + (low >> 16);
    uint16_t folded = (uint16_t)(low + (low >> 16));
    memcpy(octets, &folded, sizeof octets);
    return aksu_get16(octets);
}

// What is left, less than a word where words can be read: pairs of octets, then a last one.
static uint32_t copy_octets(uint8_t *to, const uint8_t *from, uint32_t len)
{
    uint32_t sum = 0;

    if (to) {
        memcpy(to, from, len);
    }
    for (; len > 1; len -= 2, from += 2) {
        sum += aksu_get16(from);
    }
    return len ? sum + ((uint32_t)*from << 8) : sum;
}

// On a 64-bit host memcpy() and a second look cost less than one loop for both.
uint32_t aksu_copy(void *to, const void *from, uint32_t len)
{
    uint32_t done = 0;
    struct sum sum = {0, 0};

    if (to && WORD == 8) {
        memcpy(to, from, len);
        to = NULL;
    }
    if ((((uintptr_t)to | (uintptr_t)from) & MISALIGNED_BITS) == 0) {
        done = len - len % WORD;
        sum = to ? copy_words(to, from, done) : sum_words(from, done);
    }
    return done == len ? fold(sum)
                       : fold(sum) + copy_octets(to ? (uint8_t *)to + done : NULL,
                                                 (const uint8_t *)from + done, len - done);
}

// The sum of a header: an even number of octets, few enough for 32 bits.
uint32_t aksu_sum_header(const uint8_t *header, uint32_t len)
{
    uint32_t sum = 0;

    for (const uint8_t *end = header + len; header < end; header += 2) {
        sum += aksu_get16(header);
    }
    return sum;
}

// The part of both addresses in the sum of an IPv4 header, or of TCP's pseudo-header.
uint32_t aksu_sum_pair(const struct aksu_pair *pair)
{
    return (pair->remote >> 16) + (pair->remote & 0xffff) + (pair->local >> 16) +
           (pair->local & 0xffff);
}

uint16_t aksu_sum_finish(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}
