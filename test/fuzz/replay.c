// SPDX-License-Identifier: MIT
// Runs a target on inputs that were kept: a line of a file is an input in hexadecimal digits. No
// fuzzer is needed, so any compiler and any target will do.
//
// usage: replay FILE...
#include "input.h"
#include <string.h>

enum { INPUT_MAX = 8192 };

static int digit(int c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c != 0 ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

// The octets lie in a block of just their size, so that reading beyond them is seen.
static void run(const uint8_t *octets, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);

    if (!copy) {
        abort();
    }
    memcpy(copy, octets, len);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static unsigned run_file(FILE *file)
{
    static uint8_t octets[INPUT_MAX];
    unsigned count = 0;
    size_t digits = 0;
    unsigned value = 0;

    for (int c; (c = getc(file)) != EOF;) {
        int d = digit(c);
        if (d >= 0) {
            value = value << 4 | (unsigned)d;
            if (digits / 2 < INPUT_MAX) {
                octets[digits / 2] = (uint8_t)value;
            }
            digits++;
        } else if (c == '\n') {
            run(octets, digits / 2 < INPUT_MAX ? digits / 2 : INPUT_MAX);
            digits = 0;
            count++;
        }
    }
    return count;
}

int main(int argc, char **argv)
{
    unsigned count = 0;

    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "r");
        if (!file) {
            perror(argv[i]);
            return 1;
        }
        count += run_file(file);
        fclose(file);
    }
    printf("%u passed, %d failed\n", count, count == 0); // a find aborts
    return count == 0;
}
