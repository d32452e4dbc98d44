// SPDX-License-Identifier: MIT
/// A fuzzer's octets, taken from the front as decisions. When they are used up all is zero.
#ifndef INPUT_H
#define INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/// What every target is: the entry that libFuzzer, AFL++ and replay.c call.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t take8(struct input *in)
{
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->at++;
}

static inline uint16_t take16(struct input *in)
{
    unsigned high = take8(in);

    return (uint16_t)(high << 8 | take8(in));
}

static inline uint32_t take32(struct input *in)
{
    uint32_t high = take16(in);

    return high << 16 | take16(in);
}

/// As many octets as there are, at most `len`; *to points at them.
static inline size_t take_octets(struct input *in, size_t len, const uint8_t **to)
{
    size_t n = len < in->left ? len : in->left;

    *to = in->at;
    in->at += n;
    in->left -= n;
    return n;
}

/// A signed distance, small ones in fewer decisions.
static inline uint32_t take_distance(struct input *in)
{
    uint8_t kind = take8(in);

    if (kind < 128) {
        return (uint32_t)(kind - 64);
    }
    return kind < 224 ? (uint32_t)((int32_t)take16(in) - 32768) : take32(in);
}

/// A rule was broken: this is a find.
#define FAIL(...) (fprintf(stderr, "FAIL " __VA_ARGS__), fprintf(stderr, "\n"), abort())

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            FAIL("%s:%d: %s", __FILE__, __LINE__, #condition);                                     \
        }                                                                                          \
    } while (0)

#endif
