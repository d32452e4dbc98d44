// SPDX-License-Identifier: MIT
// aksu-sim: runs a scenario between two simulated hosts, and shows what happened.
#include "scenario.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct command {
    const struct scenario *scenario;
    struct scenario_options options;
    const char *pcap;
    const char *tap;
    const char *steps;
    const char *chart;
    size_t head;
    size_t tail;
    bool quiet;
};

/// Options ///

// A number from least to most. Returns false, with a message, if it is none.
static bool number(const char *name, const char *text, double least, double most, double *to)
{
    char *end;

    *to = strtod(text, &end);
    if (!*text || *end || !(*to >= least) || !(*to <= most)) {
        fprintf(stderr, "aksu-sim: %s %s: must be a number from %.12g to %.12g\n", name, text,
                least, most);
        return false;
    }
    return true;
}

struct option {
    const char *name;
    const char *value;
    const char *about;
    double least;
    double most;
    void (*set)(struct command *, double);
};

static void set_seed(struct command *c, double v)
{
    c->options.seed = (uint64_t)v;
}

static void set_loss(struct command *c, double v)
{
    c->options.link.loss = v / 100;
}

static void set_delay(struct command *c, double v)
{
    c->options.link.delay_us = (uint64_t)(v * 1000 + 0.5);
}

static void set_rate(struct command *c, double v)
{
    c->options.link.rate = (uint64_t)v;
}

static void set_queue(struct command *c, double v)
{
    c->options.link.queue = (uint32_t)v;
}

static void set_dup(struct command *c, double v)
{
    c->options.link.duplicate = v / 100;
}

static void set_reorder(struct command *c, double v)
{
    c->options.link.reorder = v / 100;
}

static void set_corrupt(struct command *c, double v)
{
    c->options.link.corrupt = v / 100;
}

static void set_burst(struct command *c, double v)
{
    c->options.link.burst_begin = v / 100;
}

static void set_mtu(struct command *c, double v)
{
    c->options.mtu = (uint16_t)v;
}

static void set_bytes(struct command *c, double v)
{
    c->options.bytes = (uint32_t)v;
}

static void set_forged(struct command *c, double v)
{
    c->options.forged = (uint32_t)v;
}

static void set_isn(struct command *c, double v)
{
    c->options.isn = (uint32_t)v;
    c->options.force_isn = true;
}

static void set_clock(struct command *c, double v)
{
    c->options.clock_ms = (uint32_t)v;
}

static void set_head(struct command *c, double v)
{
    c->head = (size_t)v;
}

static void set_tail(struct command *c, double v)
{
    c->tail = (size_t)v;
}

static const struct option options[] = {
    {"--seed", "N", "where all chance comes from (1)", 0, 9007199254740992.0, set_seed},
    {"--loss", "PERCENT", "frames lost, each way", 0, 100, set_loss},
    {"--burst", "PERCENT", "frames that begin a burst of loss, 4 frames long on average", 0, 100,
     set_burst},
    {"--dup", "PERCENT", "frames that come twice", 0, 100, set_dup},
    {"--reorder", "PERCENT", "frames that later ones overtake", 0, 100, set_reorder},
    {"--corrupt", "PERCENT", "frames with one bit flipped", 0, 100, set_corrupt},
    {"--delay", "MS", "one way (20)", 0, 100000, set_delay},
    {"--rate", "BIT/S", "of the link (0 = without limit; bulk: 10000000)", 0, 1e12, set_rate},
    {"--queue", "FRAMES", "that wait at the link before they drop (0 = the sender waits)", 0, 1e6,
     set_queue},
    {"--mtu", "OCTETS", "of both hosts (1500)", 88, 65535, set_mtu},
    {"--bytes", "N", "of data to send", 1, 1e9, set_bytes},
    {"--forged", "N", "SYNs of syn-flood (100)", 1, 1e7, set_forged},
    {"--isn", "N", "first sequence number of both ends", 0, 4294967295.0, set_isn},
    {"--clock", "MS", "of both hosts at the start (it wraps at 4294967296)", 0, 4294967295.0,
     set_clock},
    {"--head", "N", "lines shown at the beginning of a long table", 0, 1e9, set_head},
    {"--tail", "N", "lines shown at its end", 0, 1e9, set_tail}};

enum { OPTIONS = sizeof options / sizeof options[0] };

static void help(void)
{
    const struct scenario *s;
    size_t i;

    puts("usage: aksu-sim [scenario] [options]\n"
         "Runs two aksu hosts over a simulated link in virtual time, and prints each frame with\n"
         "both ends' states after it.\n\nscenarios:");
    for (s = scenarios; s->name; s++) {
        printf("  %-19s %s%s\n", s->name, s->about, s == scenarios ? " (default)" : "");
    }
    puts("\noptions:");
    for (i = 0; i < OPTIONS; i++) {
        char name[40];

        snprintf(name, sizeof name, "%s %s", options[i].name, options[i].value);
        printf("  %-19s %s\n", name, options[i].about);
    }
    puts("  --pcap FILE         write the frames as pcapng, as they are sent\n"
         "  --tap FILE          the same as a capture at the client: as they leave and come\n"
         "  --steps FILE        write windows and times after each step, as CSV\n"
         "  --chart FILE        draw a sequence chart as SVG\n"
         "  --quiet             no table\n"
         "  --help              this text\n\n"
         "Exit status: 0 if all went as it should, 1 if not, 2 for a wrong command line.");
}

// The member that an option's file name is for; NULL if it is not of that kind.
static const char **file_option(struct command *c, const char *name)
{
    return strcmp(name, "--pcap") == 0    ? &c->pcap
           : strcmp(name, "--tap") == 0   ? &c->tap
           : strcmp(name, "--steps") == 0 ? &c->steps
           : strcmp(name, "--chart") == 0 ? &c->chart
                                          : NULL;
}

// Returns how many words were taken, 0 for a mistake that has been told.
static int take_option(struct command *c, const char *name, const char *value)
{
    const char **file = file_option(c, name);
    double v;
    size_t i;

    if (strcmp(name, "--quiet") == 0) {
        c->quiet = true;
        return 1;
    }
    for (i = 0; i < OPTIONS && strcmp(name, options[i].name) != 0; i++) {
    }
    if (i == OPTIONS && !file) {
        fprintf(stderr, "aksu-sim: no option %s; see aksu-sim --help\n", name);
        return 0;
    }
    if (!value) {
        fprintf(stderr, "aksu-sim: %s: its value is missing\n", name);
        return 0;
    }
    if (i < OPTIONS) {
        if (!number(name, value, options[i].least, options[i].most, &v)) {
            return 0;
        }
        options[i].set(c, v);
    } else {
        *file = value;
    }
    return 2;
}

static void defaults(struct command *c)
{
    memset(c, 0, sizeof *c);
    c->options.seed = 1;
    c->options.link.delay_us = 20000;
}

static bool parse(struct command *c, int argc, char **argv)
{
    int i = 1, took;

    c->scenario = scenarios;
    if (argc > 1 && strncmp(argv[1], "--", 2) != 0) {
        c->scenario = scenario_find(argv[1]);
        if (!c->scenario) {
            fprintf(stderr, "aksu-sim: no scenario %s; see aksu-sim --help\n", argv[1]);
            return false;
        }
        i = 2;
    }
    if (strcmp(c->scenario->name, "bulk") == 0) {
        c->options.link.rate = 10000000;
        c->head = 24;
        c->tail = 12;
    }
    for (; i < argc; i += took) {
        took = take_option(c, argv[i], argv[i + 1]);
        if (took == 0) {
            return false;
        }
    }
    return true;
}

/// Running ///

static void report(const struct command *c, const struct scenario_result *r)
{
    double seconds = (double)r->transfer_us / 1e6;
    double rate = seconds > 0 ? (double)r->octets * 8 / seconds : 0;

    printf("%s: %" PRIu64 " frames; %" PRIu64 " octets in %.3f s, %.0f bit/s", c->scenario->name,
           r->frames, r->octets, seconds, rate);
    if (c->options.link.rate) {
        printf(" = %.1f %% of the link rate", rate * 100 / (double)c->options.link.rate);
    }
    printf("; %" PRIu32 " retransmissions, %" PRIu32 " timeouts", r->retransmitted, r->timeouts);
    if (r->cookies) {
        printf("; %" PRIu32 " SYN cookies, %" PRIu32 " clients served", r->cookies, r->connections);
    }
    puts(r->ok ? "; ok" : "; FAILED");
    if (!r->ok) {
        fflush(stdout);
        fprintf(stderr, "aksu-sim: %s\n", r->problem);
    }
}

static bool write_failed(const char *what, int error)
{
    if (error) {
        fprintf(stderr, "aksu-sim: %s: %s\n", what, strerror(-error));
    }
    return error != 0;
}

// Opens a capture if there is a path for it; *to is the capture then. False: told why not.
static bool open_pcap(struct aksu_pcapng *pcap, const char *path, struct aksu_pcapng **to)
{
    memset(pcap, 0, sizeof *pcap);
    if (!path) {
        return true;
    }
    *to = pcap;
    return !write_failed(path, aksu_pcapng_open(pcap, path, AKSU_LINKTYPE_ETHERNET, "aksu-sim"));
}

static int run(struct command *c)
{
    struct aksu_pcapng pcap, tap;
    struct aksu_steps steps;
    struct scenario_result result;
    char title[160];
    bool failed = false;

    memset(&steps, 0, sizeof steps);
    if (!open_pcap(&pcap, c->pcap, &c->options.pcap) || !open_pcap(&tap, c->tap, &c->options.tap) ||
        (c->steps && write_failed(c->steps, aksu_steps_open(&steps, c->steps)))) {
        return EXIT_FAILURE;
    }
    c->options.steps = c->steps ? &steps : NULL;
    c->options.table = c->quiet && !c->chart ? NULL : aksu_listing_new();
    scenario_run(c->scenario, &c->options, &result);
    failed = write_failed("recording", result.record_error);
    if (!c->quiet && c->options.table) {
        failed |=
            write_failed("table", aksu_listing_print(c->options.table, stdout, c->head, c->tail));
        puts("");
    }
    if (c->chart && c->options.table) {
        snprintf(title, sizeof title, "%s: %s", c->scenario->name, c->scenario->about);
        failed |= write_failed(
            c->chart, aksu_listing_chart(c->options.table, c->chart, title, c->head, c->tail));
    }
    failed |= write_failed(c->pcap, aksu_pcapng_close(&pcap));
    failed |= write_failed(c->tap, aksu_pcapng_close(&tap));
    failed |= write_failed(c->steps, aksu_steps_close(&steps));
    aksu_listing_free(c->options.table);
    report(c, &result);
    return result.ok && !failed ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct command command;
    int i;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            help();
            return EXIT_SUCCESS;
        }
    }
    defaults(&command);
    return parse(&command, argc, argv) ? run(&command) : 2;
}
