// SPDX-License-Identifier: MIT
// aksu-table: prints a capture as a table, and draws it as a sequence chart.
#include "aksu_capture.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: aksu-table [options] FILE.pcapng\n"
    "Prints the frames of a pcapng file as a table: TCP with sequence numbers relative to each\n"
    "direction's SYN, and the connection's states if the file's comments tell them.\n"
    "  --name ADDRESS=NAME  name a host; the first two named are the two ends\n"
    "  --head N, --tail N   of a long capture, only the first and last N lines\n"
    "  --chart FILE.svg     draw a sequence chart too\n"
    "  --title TEXT         of the chart\n"
    "  --help               this text\n";

struct options {
    const char *file;
    const char *chart;
    const char *title;
    size_t head;
    size_t tail;
    struct aksu_listing *table;
    int error;
};

static bool on_packet(void *user, uint64_t time_us, int linktype, const void *packet, size_t len,
                      const char *comment)
{
    struct options *options = user;
    struct aksu_record record;

    memset(&record, 0, sizeof record);
    record.sent_us = time_us;
    record.arrived_us =
        comment && strstr(comment, "lost") ? AKSU_CAPTURE_LOST : AKSU_CAPTURE_UNKNOWN;
    record.linktype = linktype;
    record.frame = packet;
    record.len = len;
    record.comment = comment;
    options->error = aksu_listing_add(options->table, &record);
    return options->error == 0;
}

static void on_name(void *user, const uint8_t ipv4[4], const char *name)
{
    struct options *options = user;

    aksu_listing_name(options->table, ipv4, name);
}

static bool name_host(struct aksu_listing *table, const char *text)
{
    unsigned a, b, c, d;
    int used = 0;

    if (sscanf(text, "%3u.%3u.%3u.%3u=%n", &a, &b, &c, &d, &used) != 4 || used == 0 || a > 255 ||
        b > 255 || c > 255 || d > 255 || !text[used]) {
        fprintf(stderr, "aksu-table: --name %s: give it as ADDRESS=NAME\n", text);
        return false;
    }
    return aksu_listing_name(table,
                             (const uint8_t[4]){(uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d},
                             text + used) == 0;
}

static bool count(const char *name, const char *text, size_t *to)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (!*text || *end || value > 1000000000u) {
        fprintf(stderr, "aksu-table: %s %s: not a number of lines\n", name, text);
        return false;
    }
    *to = value;
    return true;
}

static bool take_option(struct options *options, const char *name, const char *value)
{
    if (strcmp(name, "--name") == 0) {
        return name_host(options->table, value);
    }
    if (strcmp(name, "--head") == 0) {
        return count(name, value, &options->head);
    }
    if (strcmp(name, "--tail") == 0) {
        return count(name, value, &options->tail);
    }
    if (strcmp(name, "--chart") == 0) {
        options->chart = value;
        return true;
    }
    if (strcmp(name, "--title") == 0) {
        options->title = value;
        return true;
    }
    fprintf(stderr, "aksu-table: no option %s; see aksu-table --help\n", name);
    return false;
}

static bool parse(struct options *options, int argc, char **argv)
{
    int i;

    for (i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0) {
            options->file = argv[i];
        } else if (i + 1 == argc) {
            fprintf(stderr, "aksu-table: %s: no such option, or its value is missing\n", argv[i]);
            return false;
        } else if (!take_option(options, argv[i], argv[i + 1])) {
            return false;
        } else {
            i++;
        }
    }
    if (!options->file) {
        fputs("aksu-table: no file is named; see aksu-table --help\n", stderr);
    }
    return options->file != NULL;
}

static int run(struct options *options)
{
    int error = aksu_pcapng_read(options->file, on_packet, on_name, options);
    int result = options->error ? options->error : error;

    if (result != 0) { // what was read before a cut is worth showing
        fprintf(stderr, "aksu-table: %s: %s\n", options->file,
                result == -22 ? "not a pcapng file, or cut off" : strerror(-result));
    }
    if (aksu_listing_print(options->table, stdout, options->head, options->tail) != 0) {
        fputs("aksu-table: the table could not be written\n", stderr);
        result = result ? result : -5;
    }
    if (options->chart) {
        int drawn = aksu_listing_chart(options->table, options->chart,
                                       options->title ? options->title : options->file,
                                       options->head, options->tail);

        if (drawn != 0) {
            fprintf(stderr, "aksu-table: %s: %s\n", options->chart, strerror(-drawn));
        }
        result = result ? result : drawn;
    }
    return result ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct options options;
    int status;

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return EXIT_SUCCESS;
    }
    memset(&options, 0, sizeof options);
    options.table = aksu_listing_new();
    if (!options.table) {
        fputs("aksu-table: out of memory\n", stderr);
        return EXIT_FAILURE;
    }
    status = parse(&options, argc, argv) ? run(&options) : 2;
    aksu_listing_free(options.table);
    return status;
}
