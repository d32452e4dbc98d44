// SPDX-License-Identifier: MIT
// Copying and summing at every length and alignment against octets one by one. On targets it is
// built with other names, too: for the C that is made for speed, and for assembly.
#include "stack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { GUARD = 0xa5, LONGEST = 300, LARGE = 65535 };

static uint8_t source[LARGE + 8], target[LARGE + 8 + 16];

static uint32_t naive(const uint8_t *from, uint32_t len)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < len; i++) {
        sum += i % 2 ? from[i] : (uint32_t)from[i] << 8;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

// Of one's complement's two zeroes the sum of no octets is the one, that of ones the other.
static uint32_t folded(uint32_t sum)
{
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

// What was copied is there, and nothing around it has changed.
static void check_target(unsigned at, const uint8_t *from, uint32_t len)
{
    assert_memory_equal(target + at, from, len);
    for (unsigned i = 0; i < at; i++) {
        assert_int_equal(target[i], GUARD);
    }
    for (unsigned i = 0; i < 16; i++) {
        assert_int_equal(target[at + len + i], GUARD);
    }
    memset(target + at, GUARD, len);
}

static void check(const uint8_t *from, uint32_t len, unsigned at)
{
    uint32_t sum = naive(from, len);

    assert_int_equal(folded(aksu_copy(target + at, from, len)), sum);
    check_target(at, from, len);
    assert_int_equal(folded(aksu_copy(NULL, from, len)), sum);
    aksu_move_words(target + at, from, len);
    check_target(at, from, len);
}

static int fill(void **state)
{
    (void)state;
    memset(target, GUARD, sizeof target);
    for (unsigned i = 0; i < sizeof source; i++) {
        source[i] = (uint8_t)(i * 89 + i / 7 + 41);
    }
    return 0;
}

static void lengths_and_alignments(void **state)
{
    (void)state;
    for (uint32_t len = 0; len <= LONGEST; len++) {
        for (unsigned a = 0; a < sizeof(uintptr_t); a++) {
            for (unsigned b = 0; b < sizeof(uintptr_t); b++) {
                check(source + a, len, b);
            }
        }
    }
    check(source, 1460, 0);
    check(source + 2, 1459, 2);
}

// A carry out of each word.
static void ones(void **state)
{
    (void)state;
    memset(source, 0xff, sizeof source);
    for (unsigned a = 0; a < sizeof(uintptr_t); a++) {
        check(source + a, LARGE, a);
        check(source + a, 1460, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lengths_and_alignments, fill),
        cmocka_unit_test_setup(ones, fill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
