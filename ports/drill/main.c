// SPDX-License-Identifier: MIT
// aksu-drill: runs scripts and counts them.
#include "drill.h"

#include <stdlib.h>
#include <string.h>

struct options {
    struct drill_setting setting[64];
    unsigned settings;
    const char *pcap;
    const char *steps;
    bool trace;
    bool verbose;
};

static void usage(FILE *to)
{
    fputs(
        "usage: aksu-drill [--trace] [--verbose] [--pcap FILE] [--steps FILE]\n"
        "       [--set NAME=VALUE]... SCRIPT...\n"
        "Runs scripts in packetdrill's language against the stack, in virtual time. Exit status:\n"
        "0 = all passed, 1 = not all, 2 = wrong usage. docs/drill.md has the language.\n"
        "  --trace            after each line, the state of each connection\n"
        "  --verbose          names the scripts that pass, too\n"
        "  --pcap FILE        writes the packets of one script as pcapng\n"
        "  --steps FILE       writes windows and times after each step of one script, as CSV\n"
        "  --set NAME=VALUE   sets an option of the stack, over what the script sets; the same\n"
        "                     as --NAME=VALUE\n"
        "settings:\n",
        to);
    drill_settings_help(to);
}

// The setting is tried on defaults, so that a wrong one is found before any script runs.
static bool add_setting(struct options *o, const char *text)
{
    const char *is = strchr(text, '=');
    size_t len = is ? (size_t)(is - text) : 0;
    struct drill_setting *s = &o->setting[o->settings];
    struct drill_settings unused;

    drill_defaults(&unused);
    if (!is || len == 0 || len >= sizeof s->name || strlen(is + 1) >= sizeof s->value ||
        o->settings + 1 == sizeof o->setting / sizeof o->setting[0]) {
        fprintf(stderr, "aksu-drill: found %s, expected --set NAME=VALUE\n", text);
        return false;
    }
    memcpy(s->name, text, len);
    memcpy(s->value, is + 1, strlen(is + 1));
    const char *error = drill_set(&unused, s->name, s->value);
    if (error) {
        fprintf(stderr, "aksu-drill: found %s, %s\n", text, error);
        return false;
    }
    o->settings++;
    return true;
}

// Takes options out of argv. Returns how many scripts are left in it, -1: wrong usage.
static int parse_options(int argc, char **argv, struct options *o)
{
    int scripts = 0;

    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--trace") == 0) {
            o->trace = true;
        } else if (strcmp(argv[i], "--verbose") == 0) {
            o->verbose = true;
        } else if (strcmp(argv[i], "--pcap") == 0 && more) {
            o->pcap = argv[++i];
        } else if (strncmp(argv[i], "--pcap=", 7) == 0) {
            o->pcap = argv[i] + 7;
        } else if (strcmp(argv[i], "--steps") == 0 && more) {
            o->steps = argv[++i];
        } else if (strcmp(argv[i], "--set") == 0 && more) {
            if (!add_setting(o, argv[++i])) {
                return -1;
            }
        } else if (strncmp(argv[i], "--", 2) == 0) {
            if (!add_setting(o, argv[i] + 2)) {
                return -1;
            }
        } else {
            argv[++scripts] = argv[i];
        }
    }
    return scripts;
}

static bool set(struct drill_settings *settings, const struct drill_setting *s, const char *script,
                char error[DRILL_ERROR])
{
    const char *wrong = drill_set(settings, s->name, s->value);

    if (wrong) {
        snprintf(error, DRILL_ERROR, "%s:%u:%u: found %s=%s, %s", script, s->line, s->column,
                 s->name, s->value, wrong);
    }
    return !wrong;
}

// The script's settings, and then the command line's.
static bool configure(struct drill_run *run, struct drill_script *script, const struct options *o)
{
    drill_defaults(&run->settings);
    for (size_t i = 0; i < script->settings; i++) {
        if (!set(&run->settings, &script->setting[i], script->name, script->error)) {
            return false;
        }
    }
    for (unsigned i = 0; i < o->settings; i++) {
        (void)drill_set(&run->settings, o->setting[i].name, o->setting[i].value);
    }
    return true;
}

struct files {
    struct aksu_pcapng pcap;
    struct aksu_steps steps;
};

static bool unwritable(struct drill_script *script, const char *path)
{
    snprintf(script->error, sizeof script->error, "%s: cannot be written", path);
    return false;
}

static bool open_files(struct files *f, struct drill_run *run, struct drill_script *script,
                       const struct options *o)
{
    memset(f, 0, sizeof *f);
    if (o->steps) {
        if (aksu_steps_open(&f->steps, o->steps) != 0) {
            return unwritable(script, o->steps);
        }
        run->steps = &f->steps;
    }
    if (o->pcap) {
        if (aksu_pcapng_open(&f->pcap, o->pcap, AKSU_LINKTYPE_RAW, "aksu-drill") != 0) {
            aksu_steps_close(&f->steps);
            return unwritable(script, o->pcap);
        }
        aksu_pcapng_name(&f->pcap, drill_remote().octets + 12, "script");
        aksu_pcapng_name(&f->pcap, drill_local().octets + 12, "stack");
        run->pcap = &f->pcap;
    }
    return true;
}

static bool play(struct drill_run *run, struct drill_script *script, const struct options *o)
{
    struct files f;
    bool good;

    if (!open_files(&f, run, script, o)) {
        return false;
    }
    run->trace_to = o->trace ? stdout : NULL;
    good = drill_run(run, script);
    drill_end(run);
    if (aksu_steps_close(&f.steps) != 0 && good) {
        good = unwritable(script, o->steps);
    }
    if (aksu_pcapng_close(&f.pcap) != 0 && good) {
        good = unwritable(script, o->pcap);
    }
    return good;
}

static bool run_script(const char *name, const struct options *o)
{
    struct drill_run *run = calloc(1, sizeof *run);
    struct drill_script script;
    bool good =
        drill_read(&script, name) && run && configure(run, &script, o) && play(run, &script, o);

    if (!good) {
        printf("FAIL  %s\n", run && run->failed ? run->error : script.error);
    } else if (o->verbose) {
        printf("ok    %s\n", name);
    }
    drill_free(&script);
    free(run);
    return good;
}

int main(int argc, char **argv)
{
    struct options o = {.settings = 0};
    unsigned passed = 0;
    unsigned failed = 0;

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        usage(stdout);
        return 0;
    }
    int scripts = parse_options(argc, argv, &o);
    if (scripts < 1 || ((o.pcap || o.steps) && scripts > 1)) {
        if (scripts > 1) {
            fputs("aksu-drill: --pcap and --steps are for one script\n", stderr);
        } else if (scripts == 0) {
            usage(stderr);
        }
        return 2;
    }
    for (int i = 1; i <= scripts; i++) {
        if (run_script(argv[i], &o)) {
            passed++;
        } else {
            failed++;
        }
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed > 0;
}
