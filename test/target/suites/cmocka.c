// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "cmocka.h"

static jmp_buf failed;

void print_error(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprintf(format, args);
    va_end(args);
}

void cmocka_fail(const char *file, int line, const char *format, ...)
{
    va_list args;

    printf("%s:%d: ", file, line);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    longjmp(failed, 1);
}

void _fail(const char *file, int line)
{
    cmocka_fail(file, line, "failed");
}

void cmocka_check(bool good, const char *file, int line, const char *text)
{
    if (!good) {
        cmocka_fail(file, line, "wanted: %s", text);
    }
}

// Octet by octet: not every printf of these libraries knows uintmax_t.
static const char *hex(uintmax_t value, char text[17])
{
    for (unsigned i = 0; i < 16; i++) {
        text[i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
    }
    text[16] = '\0';
    return text;
}

void cmocka_equal(uintmax_t a, uintmax_t b, bool equal, const char *file, int line)
{
    char left[17], right[17];

    if ((a == b) != equal) {
        cmocka_fail(file, line, "0x%s %s 0x%s", hex(a, left), equal ? "!=" : "==", hex(b, right));
    }
}

void cmocka_range(uintmax_t value, uintmax_t least, uintmax_t most, const char *file, int line)
{
    char text[17];

    if (value < least || value > most) {
        cmocka_fail(file, line, "0x%s is out of range", hex(value, text));
    }
}

void cmocka_strings(const char *a, const char *b, bool equal, const char *file, int line)
{
    if ((strcmp(a, b) == 0) != equal) {
        cmocka_fail(file, line, "\"%s\" %s \"%s\"", a, equal ? "!=" : "==", b);
    }
}

void cmocka_memory(const void *a, const void *b, size_t len, const char *file, int line)
{
    const unsigned char *p = a, *q = b;

    for (size_t i = 0; i < len; i++) {
        if (p[i] != q[i]) {
            cmocka_fail(file, line, "octet %lu: %02x != %02x", (unsigned long)i, p[i], q[i]);
        }
    }
}

static bool run_one(const struct CMUnitTest *test)
{
    void *state = test->initial_state;

    if (setjmp(failed) != 0) {
        return false;
    }
    if (test->setup_func && test->setup_func(&state) != 0) {
        return false;
    }
    test->test_func(&state);
    return !test->teardown_func || test->teardown_func(&state) == 0;
}

int _cmocka_run_group_tests(const char *group, const struct CMUnitTest *tests, size_t count,
                            CMFixtureFunction setup, CMFixtureFunction teardown)
{
    unsigned bad = 0;

    (void)group;
    if (setup || teardown) {
        printf("group fixtures are not supported here\n");
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        if (!run_one(&tests[i])) {
            printf("FAIL  %s\n", tests[i].name);
            bad++;
        }
    }
    printf("%u passed, %u failed\n", (unsigned)count - bad, bad);
    return bad != 0;
}
