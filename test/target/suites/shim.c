// SPDX-License-Identifier: MIT
// Tries cmocka.h: each assert once where it holds and once where it does not. All but the first two
// tests must fail; ../target.py knows.
#include <string.h>
#include "cmocka.h"

static int made;
static void *const state_of_setup = &made;

static int setup(void **state)
{
    *state = state_of_setup;
    return 0;
}

static int bad_setup(void **state)
{
    (void)state;
    return 1;
}

static void all_hold(void **state)
{
    (void)state;
    assert_true(1);
    assert_false(0);
    assert_null(NULL);
    assert_non_null(&made);
    assert_ptr_equal(&made, &made);
    assert_int_equal(-1, -1);
    assert_int_not_equal(1, 2);
    assert_in_range(2, 2, 3);
    assert_in_range(3, 2, 3);
    assert_string_equal("a", "a");
    assert_string_not_equal("a", "b");
    assert_memory_equal("ab", "ac", 1);
}

static void setup_ran(void **state)
{
    assert_ptr_equal(*state, state_of_setup);
}

// FAILS(name, statement): a test of which the statement is all.
#define FAILS(name, statement)                                                                     \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        statement;                                                                                 \
    }

FAILS(not_true, assert_true(made))
FAILS(not_false, assert_false(!made))
FAILS(not_null, assert_null(&made))
FAILS(null, assert_non_null(NULL))
FAILS(pointers_differ, assert_ptr_equal(&made, NULL))
FAILS(integers_differ, assert_int_equal(UINT64_C(1) << 32, made)) // all 64 bits are compared
FAILS(integers_equal, assert_int_not_equal(made, 0))
FAILS(above_range, assert_in_range(made + 4, 2, 3))
FAILS(strings_differ, assert_string_equal("a", "b"))
FAILS(strings_equal, assert_string_not_equal("a", "a"))
FAILS(memory_differs, assert_memory_equal("ab", "ac", 2))
FAILS(fails, fail())
FAILS(fails_with_words, fail_msg("%d", 1))
FAILS(setup_failed, assert_true(!made))

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_hold),         cmocka_unit_test_setup(setup_ran, setup),
        cmocka_unit_test(not_true),         cmocka_unit_test(not_false),
        cmocka_unit_test(not_null),         cmocka_unit_test(null),
        cmocka_unit_test(pointers_differ),  cmocka_unit_test(integers_differ),
        cmocka_unit_test(integers_equal),   cmocka_unit_test(above_range),
        cmocka_unit_test(strings_differ),   cmocka_unit_test(strings_equal),
        cmocka_unit_test(memory_differs),   cmocka_unit_test(fails),
        cmocka_unit_test(fails_with_words), cmocka_unit_test_setup(setup_failed, bad_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
