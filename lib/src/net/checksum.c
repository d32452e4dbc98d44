// SPDX-License-Identifier: MIT
// The Internet checksum, RFC 1071, and the copy that computes it on the way.
#include "../stack.h"

// Where words may be read at any address; elsewhere only those at their own alignment are.
#if defined(__ARM_FEATURE_UNALIGNED) || defined(__x86_64__) || defined(__i386__)
enum { MISALIGNED_BITS = 0 };
#else
enum { MISALIGNED_BITS = sizeof(uintptr_t) - 1 };
#endif

// The sum of words of any width is the sum of 16-bit words, folded (RFC 1071 2 B). Half words leave
// room for their carries; whole ones bring theirs back at once.
#if UINTPTR_MAX > UINT32_MAX
static uint64_t add(uint64_t sum, uintptr_t word)
{
    sum += word;
    return sum + (sum < word);
}
#else
static uint64_t add(uint64_t sum, uintptr_t word)
{
    return sum + word;
}
#endif

static uintptr_t load(const uint8_t *from, unsigned i)
{
    uintptr_t word;

    memcpy(&word, from + i * sizeof word, sizeof word);
    return word;
}

static uint64_t copy_word(uint64_t sum, uint8_t *to, const uint8_t *from, unsigned i)
{
    uintptr_t word = load(from, i);

    memcpy(to + i * sizeof word, &word, sizeof word);
    return add(sum, word);
}

// Four words at a time: the loop itself would cost as much as the work.
enum { WORD = sizeof(uintptr_t), BLOCK = 4 * WORD };

static uint64_t copy_words(uint8_t *to, const uint8_t *from, uint32_t len)
{
    uint64_t sum = 0;

    for (; len >= BLOCK; len -= BLOCK, from += BLOCK, to += BLOCK) {
        sum = copy_word(sum, to, from, 0);
        sum = copy_word(sum, to, from, 1);
        sum = copy_word(sum, to, from, 2);
        sum = copy_word(sum, to, from, 3);
    }
    for (; len >= WORD; len -= WORD, from += WORD, to += WORD) {
        sum = copy_word(sum, to, from, 0);
    }
    return sum;
}

static uint64_t sum_words(const uint8_t *from, uint32_t len)
{
    uint64_t sum = 0;

    for (; len >= BLOCK; len -= BLOCK, from += BLOCK) {
        sum = add(add(add(add(sum, load(from, 0)), load(from, 1)), load(from, 2)), load(from, 3));
    }
    for (; len >= WORD; len -= WORD, from += WORD) {
        sum = add(sum, load(from, 0));
    }
    return sum;
}

// Folds to 16 bits of memory order and reads them in network order.
static uint32_t fold(uint64_t sum)
{
    uint8_t octets[2];

    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT32_MAX) + (sum >> 32);
    uint32_t low = (uint32_t)sum;
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

uint32_t aksu_copy(void *to, const void *from, uint32_t len)
{
    uint32_t done = 0;
    uint64_t sum = 0;

    if ((((uintptr_t)to | (uintptr_t)from) & MISALIGNED_BITS) == 0) {
        done = len - len % WORD;
        sum = to ? copy_words(to, from, done) : sum_words(from, done);
    }
    return done == len ? fold(sum)
                       : fold(sum) + copy_octets(to ? (uint8_t *)to + done : NULL,
                                                 (const uint8_t *)from + done, len - done);
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
