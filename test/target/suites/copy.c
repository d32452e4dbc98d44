// SPDX-License-Identifier: MIT
// Copying and summing at every length and alignment against octets one by one: the C that is made for
// speed (the rest of these images is made for size), and where there is one, the assembly.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

uint32_t fast_copy(void *to, const void *from, uint32_t len);
void fast_move_words(uint8_t *to, const uint8_t *from, uint32_t len);
#ifdef ASSEMBLY
uint32_t asm_copy(void *to, const void *from, uint32_t len);
void asm_move_words(uint8_t *to, const uint8_t *from, uint32_t len);
#endif

enum { GUARD = 0xa5, LONGEST = 300, LARGE = 65535 };

static uint8_t source[LARGE + 8], target[LARGE + 24];

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

static void check(uint32_t (*copy)(void *, const void *, uint32_t),
                  void (*move)(uint8_t *, const uint8_t *, uint32_t), const uint8_t *from,
                  uint32_t len, unsigned at)
{
    uint32_t sum = naive(from, len);

    assert_int_equal(folded(copy(target + at, from, len)), sum);
    check_target(at, from, len);
    assert_int_equal(folded(copy(NULL, from, len)), sum);
    move(target + at, from, len);
    check_target(at, from, len);
}

static void all(uint32_t (*copy)(void *, const void *, uint32_t),
                void (*move)(uint8_t *, const uint8_t *, uint32_t))
{
    memset(target, GUARD, sizeof target);
    for (unsigned i = 0; i < sizeof source; i++) {
        source[i] = (uint8_t)(i * 89 + i / 7 + 41);
    }
    for (uint32_t len = 0; len <= LONGEST; len++) {
        for (unsigned a = 0; a < 4; a++) {
            for (unsigned b = 0; b < 4; b++) {
                check(copy, move, source + a, len, b);
            }
        }
    }
    check(copy, move, source, 1460, 0);
    check(copy, move, source + 2, 1459, 2);
    memset(source, 0xff, sizeof source); // a carry out of each word
    for (unsigned a = 0; a < 4; a++) {
        check(copy, move, source + a, LARGE, a);
        check(copy, move, source + a, 1460, 0);
    }
}

static void c_for_speed(void **state)
{
    (void)state;
    all(fast_copy, fast_move_words);
}

#ifdef ASSEMBLY
static void assembly(void **state)
{
    (void)state;
    all(asm_copy, asm_move_words);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(c_for_speed),
#ifdef ASSEMBLY
        cmocka_unit_test(assembly),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
