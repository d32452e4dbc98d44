// SPDX-License-Identifier: MIT
/// As much of cmocka's interface as the unit and transition suites use, for targets that have no
/// cmocka: the suites are compiled as they are, with this header in its place.
#ifndef CMOCKA_H
#define CMOCKA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int (*CMFixtureFunction)(void **state);

struct CMUnitTest {
    const char *name;
    void (*test_func)(void **state);
    CMFixtureFunction setup_func;
    CMFixtureFunction teardown_func;
    void *initial_state;
};

/// Runs the tests in order, each up to its first failure. Returns how many failed.
int _cmocka_run_group_tests(const char *group, const struct CMUnitTest *tests, size_t count,
                            CMFixtureFunction setup, CMFixtureFunction teardown);

/// The rest of the interface is macros, which note where they stand.
#ifdef AKSU_TEST_TINY // text would take the memory: a line says enough
#define CMOCKA_TEXT(text) ""
#define CMOCKA_FILE       ""
#else
#define CMOCKA_TEXT(text) text
#define CMOCKA_FILE       __FILE__
#endif
// clang-format off
#define cmocka_unit_test(f)              {#f, f, NULL, NULL, NULL}
#define cmocka_unit_test_setup(f, setup) {#f, f, setup, NULL, NULL}
// clang-format on
#define cmocka_run_group_tests(tests, setup, teardown)                                             \
    _cmocka_run_group_tests(#tests, tests, sizeof(tests) / sizeof(tests)[0], setup, teardown)

void print_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// Ends the running test if `good` is false. The text says what was wanted.
void cmocka_check(bool good, const char *file, int line, const char *text);
void cmocka_equal(uintmax_t a, uintmax_t b, bool equal, const char *file, int line);
void cmocka_range(uintmax_t value, uintmax_t least, uintmax_t most, const char *file, int line);
void cmocka_strings(const char *a, const char *b, bool equal, const char *file, int line);
void cmocka_memory(const void *a, const void *b, size_t len, const char *file, int line);
_Noreturn void cmocka_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
_Noreturn void _fail(const char *file, int line);

#define assert_true(c) cmocka_check((c) ? true : false, CMOCKA_FILE, __LINE__, CMOCKA_TEXT(#c))
#define assert_false(c)                                                                            \
    cmocka_check((c) ? false : true, CMOCKA_FILE, __LINE__, CMOCKA_TEXT("not " #c))
#define assert_null(p) cmocka_check((p) == NULL, CMOCKA_FILE, __LINE__, CMOCKA_TEXT(#p " is NULL"))
#define assert_non_null(p)                                                                         \
    cmocka_check((p) != NULL, CMOCKA_FILE, __LINE__, CMOCKA_TEXT(#p " is not NULL"))
#define assert_ptr_equal(a, b)                                                                     \
    cmocka_check((a) == (b), CMOCKA_FILE, __LINE__, CMOCKA_TEXT(#a " is " #b))
#define assert_int_equal(a, b)                                                                     \
    cmocka_equal((uintmax_t)(a), (uintmax_t)(b), true, CMOCKA_FILE, __LINE__)
#define assert_int_not_equal(a, b)                                                                 \
    cmocka_equal((uintmax_t)(a), (uintmax_t)(b), false, CMOCKA_FILE, __LINE__)
#define assert_in_range(v, least, most)                                                            \
    cmocka_range((uintmax_t)(v), (uintmax_t)(least), (uintmax_t)(most), CMOCKA_FILE, __LINE__)
#define assert_string_equal(a, b)      cmocka_strings(a, b, true, CMOCKA_FILE, __LINE__)
#define assert_string_not_equal(a, b)  cmocka_strings(a, b, false, CMOCKA_FILE, __LINE__)
#define assert_memory_equal(a, b, len) cmocka_memory(a, b, len, CMOCKA_FILE, __LINE__)
#define fail_msg(...)                  cmocka_fail(CMOCKA_FILE, __LINE__, __VA_ARGS__)
#define fail()                         _fail(CMOCKA_FILE, __LINE__)

#endif
