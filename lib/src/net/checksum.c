// SPDX-License-Identifier: MIT
// The Internet checksum, RFC 1071, and the copy that computes it on the way.
#include "../stack.h"

// Where words may be read at any address; elsewhere only those at their own alignment are.
#if defined(__ARM_FEATURE_UNALIGNED) || defined(__x86_64__) || defined(__i386__)
enum { MISALIGNED_BITS = 0 };
#else
enum { MISALIGNED_BITS = sizeof(uintptr_t) - 1 };
#endif

// Words that are taken at once: a loop over single ones would cost as much as the work.
#ifdef __OPTIMIZE_SIZE__
enum { AT_ONCE = 1 };
#else
enum { AT_ONCE = sizeof(uintptr_t) == 8 ? 16 : 8 };
#endif
enum { WORD = sizeof(uintptr_t), BLOCK = AT_ONCE * WORD };

static uintptr_t load(const uint8_t *from, unsigned i)
{
    uintptr_t word;

    memcpy(&word, from + i * WORD, WORD);
    return word;
}

// The sum of words of any width is the sum of 16-bit words, folded, and a carry out of a word
// counts one (RFC 1071 2 B).
static uintptr_t plus(uintptr_t sum, uintptr_t word)
{
    uintptr_t all = sum + word;

    return all + (all < sum);
}

// Folds to 16 bits of memory order and reads them in network order.
static uint32_t fold(uintptr_t sum)
{
    uint8_t octets[2];
    uint64_t low = sum;
    uint32_t wide = (uint32_t)(low & 0xffff) + (uint32_t)(low >> 16 & 0xffff) +
                    (uint32_t)(low >> 32 & 0xffff) + (uint32_t)(low >> 48);

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

static inline uintptr_t sum_8(uintptr_t sum, const uint8_t *in)
{
    sum = plus(sum, load(in, 0));
    sum = plus(sum, load(in, 1));
    sum = plus(sum, load(in, 2));
    sum = plus(sum, load(in, 3));
    sum = plus(sum, load(in, 4));
    sum = plus(sum, load(in, 5));
    sum = plus(sum, load(in, 6));
    sum = plus(sum, load(in, 7));
    return sum;
}

// Adds whole blocks.
static uintptr_t sum_blocks(const uint8_t *in, uint32_t len)
{
    uintptr_t sum = 0;

    for (; len >= BLOCK; len -= BLOCK, in += BLOCK) {
        sum = sum_8(sum, in);
        if (AT_ONCE == 16) {
            sum = sum_8(sum, in + BLOCK / 2);
        }
    }
    return sum;
}

static uintptr_t copy_word(uintptr_t sum, uint8_t *out, const uint8_t *in, unsigned i)
{
    uintptr_t word = load(in, i);

    memcpy(out + i * WORD, &word, WORD);
    return plus(sum, word);
}

// The same, and copies them: not on a 64-bit host, where a block is larger.
static uintptr_t copy_blocks(uint8_t *out, const uint8_t *in, uint32_t len)
{
    uintptr_t sum = 0;

    for (; len >= BLOCK; len -= BLOCK, in += BLOCK, out += BLOCK) {
        sum = copy_word(sum, out, in, 0);
        sum = copy_word(sum, out, in, 1);
        sum = copy_word(sum, out, in, 2);
        sum = copy_word(sum, out, in, 3);
        sum = copy_word(sum, out, in, 4);
        sum = copy_word(sum, out, in, 5);
        sum = copy_word(sum, out, in, 6);
        sum = copy_word(sum, out, in, 7);
    }
    return sum;
}

// On a 64-bit host memcpy() and a second look cost less than one loop for both.
uint32_t aksu_copy(void *to, const void *from, uint32_t len)
{
    uintptr_t sum = 0;
    uint8_t *out = to;
    const uint8_t *in = from;

    if (out && WORD == 8) {
        memcpy(out, in, len);
        out = NULL;
    }
    if ((((uintptr_t)out | (uintptr_t)in) & MISALIGNED_BITS) == 0) {
        if (AT_ONCE > 1) {
            sum = out ? copy_blocks(out, in, len) : sum_blocks(in, len);
            out = out ? out + len / BLOCK * BLOCK : out;
            in += len / BLOCK * BLOCK;
            len %= BLOCK;
        }
        for (; len >= WORD; len -= WORD, in += WORD) {
            uintptr_t word = load(in, 0);
            sum = plus(sum, word);
            if (out) {
                memcpy(out, &word, WORD);
                out += WORD;
            }
        }
    }
    if (WORD == 8 && len >= 4) {
        uint32_t half;
        memcpy(&half, in, sizeof half);
        sum = plus(sum, half);
        in += sizeof half;
        len -= (uint32_t)sizeof half;
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
