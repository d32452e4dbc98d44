// SPDX-License-Identifier: MIT
// aksu-drill on a machine without files or arguments: the scripts are packed in the image. They run
// at three places of the sequence space and of the clock, as test/drill runs them.
#include <script.h>

#include <string.h>

enum { ARGUMENTS = 2048 };

extern const char packed_scripts[]; // name, text, name, text, ..., "": see pack.py

int aksu_drill(int argc, char **argv);

static const char *next(const char *text)
{
    return text + strlen(text) + 1;
}

// The names given to aksu_drill() are the packed ones: the text is behind them.
bool drill_read(struct drill_script *script, const char *name)
{
    const char *text = next(name);

    return drill_parse(script, name, text, strlen(text));
}

static int run_all(const char *const *settings)
{
    static char *argv[ARGUMENTS];
    int argc = 0;

    for (; *settings; settings++) {
        argv[argc++] = (char *)(uintptr_t)*settings; // the texts are not written to
    }
    for (const char *name = packed_scripts; *name && argc < ARGUMENTS; name = next(next(name))) {
        argv[argc++] = (char *)(uintptr_t)name;
    }
    if (argc == ARGUMENTS) {
        printf("FAIL  more scripts than there is room for\n");
        return 1;
    }
    return aksu_drill(argc, argv);
}

int main(void)
{
    static const char *const places[][5] = {
        {"aksu-drill"},
        {"aksu-drill", "--isn=4294967295", "--iss=4294967294", "--clock_ms=4294967000"},
        {"aksu-drill", "--isn=2147483147", "--iss=2147483647", "--clock_ms=2147483147"},
    };
    int failed = 0;

    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        failed |= run_all(places[i]);
    }
    return failed;
}
