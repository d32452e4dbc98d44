// SPDX-License-Identifier: MIT
// Scripts cut off at each place, and with each octet changed, are refused in words or run to some
// end: never a crash. Under the sanitizers that means something.
//
// usage: drill_damaged SCRIPT...
#include <drill.h>

#include <stdlib.h>
#include <string.h>

static unsigned refused, ran;

// FILE:LINE:COLUMN: found ..., expected ...
static bool well_said(const struct drill_script *script)
{
    unsigned line, column;
    int len = 0;

    return sscanf(script->error, "x:%u:%u: found %n", &line, &column, &len) == 2 && len > 0 &&
           strstr(script->error, "expected") != NULL;
}

static void run(const struct drill_script *script)
{
    struct drill_run *r = calloc(1, sizeof *r);

    drill_defaults(&r->settings);
    bool good = drill_run(r, script);
    if (!good && strlen(r->error) < 5) {
        printf("FAILED: a run fails without a word\n");
        exit(1);
    }
    drill_end(r);
    free(r);
    ran++;
}

// Parses; what is good is run if it is one of those that are. Returns false if an error is not one.
static bool try(const char *text, size_t len, bool runs)
{
    struct drill_script script;
    bool good = drill_parse(&script, "x", text, len);
    bool fine = good || well_said(&script);

    if (!fine) {
        printf("FAILED: %s\n", script.error);
    }
    if (good && runs) {
        run(&script);
    }
    refused += !good;
    drill_free(&script);
    return fine;
}

static bool damage(char *text, size_t len)
{
    static const char octets[] = {0, ' ', '(', '<', '9', '.', '\n', (char)0xff};
    bool good = true;

    for (size_t i = 0; i < len && good; i++) {
        good = try(text, i, i % 64 == 0);
        char was = text[i];
        text[i] = octets[i % sizeof octets];
        good = try(text, len, i % 256 == 0) && good;
        text[i] = was;
    }
    return good;
}

int main(int argc, char **argv)
{
    unsigned failed = 0;

    for (int i = 1; i < argc; i++) {
        struct drill_script script;
        bool good = drill_read(&script, argv[i]) && damage(script.text, strlen(script.text));
        if (!good) {
            printf("FAILED: %s\n", argv[i]);
            failed++;
        }
        drill_free(&script);
    }
    printf("%u refused, %u run\n", refused, ran);
    printf("%u passed, %u failed\n", (unsigned)argc - 1 - failed, failed);
    return failed > 0 || argc < 2;
}
