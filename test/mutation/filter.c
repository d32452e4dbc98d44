// SPDX-License-Identifier: MIT
// A test program that runs only the test that CMOCKA_TEST_FILTER names: cmocka 1.1 does not read
// it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

__attribute__((constructor)) static void filter(void)
{
    const char *only = getenv("CMOCKA_TEST_FILTER");

    if (only) {
        cmocka_set_test_filter(only);
    }
}
