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

enum { WORD = sizeof(uintptr_t), BLOCK = 16 * WORD };

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

// Folds to 16 bits of memory order and reads them in network order.
static uint32_t fold(struct sum sum)
{
    uint8_t octets[2];
    uint64_t low = sum.low;
    uint32_t wide = (uint32_t)(low & 0xffff) + (uint32_t)(low >> 16 & 0xffff) +
                    (uint32_t)(low >> 32 & 0xffff) + (uint32_t)(low >> 48) + (uint32_t)sum.carries;

    wide = (wide & 0xffff) + (wide >> 16);
    uint16_t folded = (uint16_t)(wide + (wide >> 16));
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

// On a 64-bit host memcpy() and a second look cost less than one loop for both, and a loop over
// single words would cost as much as the work.
uint32_t aksu_copy(void *to, const void *from, uint32_t len)
{
    struct sum sum = {0, 0};
    uint8_t *out = to;
    const uint8_t *in = from;

    if (out && WORD == 8) {
        memcpy(out, in, len);
        out = NULL;
    }
    if ((((uintptr_t)out | (uintptr_t)in) & MISALIGNED_BITS) == 0) {
        for (; WORD == 8 && len >= BLOCK; len -= BLOCK, in += BLOCK) {
            for (unsigned i = 0; i < BLOCK / WORD; i += 8) {
                add(&sum, load(in, i));
                add(&sum, load(in, i + 1));
                add(&sum, load(in, i + 2));
                add(&sum, load(in, i + 3));
                add(&sum, load(in, i + 4));
                add(&sum, load(in, i + 5));
                add(&sum, load(in, i + 6));
                add(&sum, load(in, i + 7));
            }
        }
        for (; len >= WORD; len -= WORD, in += WORD) {
            uintptr_t word = load(in, 0);
            add(&sum, word);
            if (out) {
                memcpy(out, &word, WORD);
                out += WORD;
            }
        }
    }
    return fold(sum) + copy_octets(out, in, len);
}

// The sum of a header: a multiple of 4 octets, not 0.
uint32_t aksu_sum_header(const uint8_t *header, uint32_t len)
{
    const uint8_t *end = header + len;
    uint64_t sum = 0;

    do {
        sum += aksu_get32(header);
        header += 4;
    } while (header < end);
    return (uint32_t)(sum >> 32) + (uint32_t)(sum >> 16 & 0xffff) + (uint32_t)(sum & 0xffff);
}

uint16_t aksu_sum_finish(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

// The same, with both addresses: of an IPv4 header, or of TCP's pseudo-header.
uint16_t aksu_sum_end(const struct aksu_pair *pair, uint32_t sum)
{
    return aksu_sum_finish(sum + (pair->remote >> 16) + (pair->remote & 0xffff) +
                           (pair->local >> 16) + (pair->local & 0xffff));
}
