// SPDX-License-Identifier: MIT
// Keeps decoded lines and prints them as a table.
#include "table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 150, TEXT_LEAST = 18, LINE = 1024 };

struct aksu_listing *aksu_listing_new(void)
{
    return calloc(1, sizeof(struct aksu_listing));
}

void aksu_listing_free(struct aksu_listing *table)
{
    size_t i;

    if (!table) {
        return;
    }
    for (i = 0; i < BUCKETS; i++) {
        while (table->bucket[i]) {
            struct flow *flow = table->bucket[i];

            table->bucket[i] = flow->next;
            free(flow);
        }
    }
    free(table->line);
    free(table);
}

int aksu_listing_name(struct aksu_listing *table, const uint8_t ipv4[4], const char *name)
{
    int i = aksu_host_index(table, ipv4);

    if (i < 0) {
        if (table->hosts == HOSTS) {
            return -ENOSPC;
        }
        i = (int)table->hosts++;
    }
    memcpy(table->host[i].ipv4, ipv4, 4);
    table->host[i].known = true;
    snprintf(table->host[i].name, NAME_SIZE, "%s", name);
    return 0;
}

static struct line *new_line(struct aksu_listing *table)
{
    if (table->lines == table->room) {
        size_t room = table->room ? table->room * 2 : 64;
        struct line *line = realloc(table->line, room * sizeof *line);

        if (!line) {
            return NULL;
        }
        table->line = line;
        table->room = room;
    }
    memset(&table->line[table->lines], 0, sizeof *table->line);
    return &table->line[table->lines];
}

// Without names the addresses of the first TCP segments stand for them, source first.
static void find_ends(struct aksu_listing *table, const struct line *line)
{
    char text[NAME_SIZE];

    if (line->kind == LINE_TCP && table->hosts == 0) {
        aksu_host_text(table, line->source, text);
        aksu_listing_name(table, line->source, text);
        aksu_host_text(table, line->target, text);
        aksu_listing_name(table, line->target, text);
    }
}

int aksu_listing_add(struct aksu_listing *table, const struct aksu_record *record)
{
    struct line *line = new_line(table);
    struct flow *flow = NULL;

    if (!line) {
        return -ENOMEM;
    }
    line->sent_us = record->sent_us;
    line->arrived_us = record->arrived_us;
    if (record->frame && !aksu_decode(table, record, line, &flow)) {
        return -ENOMEM;
    }
    aksu_read_comment(table, flow, record->comment, line);
    find_ends(table, line);
    table->lines++;
    return 0;
}

size_t aksu_listing_lines(const struct aksu_listing *table)
{
    return table->lines;
}

/// Printing ///

enum column {
    NUMBER,
    TIME,
    SOURCE,
    TARGET,
    FLAGS,
    SEQ,
    ACKNO,
    WINDOW,
    LEN,
    TEXT,
    LEFT,
    RIGHT,
    COLUMNS
};

struct layout {
    const struct aksu_listing *table;
    FILE *to;
    bool ports; // more than one connection: the ports tell them apart
    bool terse; // states without the one before
    size_t width[COLUMNS];
};

struct row {
    char cell[COLUMNS][160];
};

static bool right_aligned(size_t column)
{
    return column == NUMBER || column == TIME || (column >= SEQ && column <= LEN);
}

// "LISTEN -> SYN-RECEIVED", or its end "-> SYN-RECEIVED".
static void state_text(const struct layout *lay, const struct line *line, size_t end, char *to,
                       size_t size)
{
    const char *text = line->state[end];
    const char *arrow = lay->terse ? strstr(text, "-> ") : NULL;

    snprintf(to, size, "%s", arrow ? arrow : text);
}

static void host_cell(const struct layout *lay, const struct line *line, bool source, char *to,
                      size_t size)
{
    char name[NAME_SIZE];

    aksu_host_text(lay->table, source ? line->source : line->target, name);
    if (lay->ports && line->kind == LINE_TCP) {
        snprintf(to, size, "%s:%u", name, source ? line->source_port : line->target_port);
    } else {
        snprintf(to, size, "%s", name);
    }
}

static void tcp_cells(const struct line *line, struct row *row)
{
    char(*cell)[160] = row->cell;
    size_t size = sizeof cell[0];

    aksu_flags_text(line->flags, cell[FLAGS]);
    snprintf(cell[SEQ], size, "%" PRIu32, line->seq);
    if (line->flags & 0x10) {
        snprintf(cell[ACKNO], size, "%" PRIu32, line->ack);
    }
    snprintf(cell[WINDOW], size, "%" PRIu32, line->window);
    snprintf(cell[LEN], size, "%" PRIu32, line->len);
}

static void remark_cell(const struct line *line, char *to, size_t size)
{
    bool both = line->resent && line->remark[0];
    bool any = line->resent || line->remark[0];

    snprintf(to, size, "%s%s%s%s%s%s%s", any ? "[" : "", line->resent ? "resent" : "",
             both ? ", " : "", line->remark, any ? "]" : "", any && line->text[0] ? " " : "",
             line->text);
}

static void make_row(const struct layout *lay, size_t index, size_t number, struct row *row)
{
    const struct line *line = &lay->table->line[index];
    char(*cell)[160] = row->cell;
    size_t size = sizeof cell[0];
    uint64_t time = line->sent_us - lay->table->line[0].sent_us;

    memset(row, 0, sizeof *row);
    snprintf(cell[TIME], size, "%" PRIu64 ".%06" PRIu64, time / 1000000, time % 1000000);
    state_text(lay, line, 0, cell[LEFT], size);
    state_text(lay, line, 1, cell[RIGHT], size);
    if (line->kind == LINE_EVENT) {
        snprintf(cell[SOURCE], size, "%s", line->remark);
        return;
    }
    snprintf(cell[NUMBER], size, "%zu", number);
    host_cell(lay, line, true, cell[SOURCE], size);
    host_cell(lay, line, false, cell[TARGET], size);
    if (line->kind == LINE_TCP) {
        tcp_cells(line, row);
        remark_cell(line, cell[TEXT], size);
    } else {
        remark_cell(line, cell[FLAGS], size);
    }
}

// Tells whether a cell's text may run on over the empty cells behind it.
static bool spans(const struct line *line, size_t column)
{
    return (line->kind == LINE_EVENT && column == SOURCE) ||
           (line->kind == LINE_OTHER && column == FLAGS);
}

static void measure(struct layout *lay, const struct row *row, const struct line *line)
{
    size_t i;

    for (i = 0; i < COLUMNS; i++) {
        size_t len = strlen(row->cell[i]);

        if (len > lay->width[i] && !(line && spans(line, i))) {
            lay->width[i] = len;
        }
    }
}

static void headings(const struct layout *lay, struct row *row)
{
    static const char *const names[] = {"No.", "Time", "Source", "Destination", "Flags",
                                        "Seq", "Ack",  "Window", "Len",         "Options"};
    size_t i;

    memset(row, 0, sizeof *row);
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(row->cell[i], sizeof row->cell[i], "%s", names[i]);
    }
    for (i = 0; i < ENDS && i < lay->table->hosts; i++) {
        snprintf(row->cell[LEFT + i], sizeof row->cell[LEFT + i], "%s", lay->table->host[i].name);
    }
}

// Appends as much of the cell to the output line as its column (or those that it spans) has room
// for. Returns how much, broken at a space where there is one.
static size_t put_cell(const char *text, size_t column, size_t width, char *line)
{
    size_t len = strlen(text);
    size_t cut = len;
    size_t used = strlen(line);

    if (len > width) {
        for (cut = width; cut > 0 && text[cut] != ' '; cut--) {
        }
        cut = cut ? cut : width;
    }
    snprintf(line + used, LINE - used, right_aligned(column) ? "%*.*s  " : "%-*.*s  ", (int)width,
             (int)cut, text);
    return cut;
}

static void print_line(const struct layout *lay, char *line)
{
    size_t len = strlen(line);

    while (len > 0 && line[len - 1] == ' ') {
        len--;
    }
    fprintf(lay->to, "%.*s\n", (int)len, line);
}

static void print_row(const struct layout *lay, const struct row *row, const struct line *line)
{
    size_t done[COLUMNS] = {0};
    bool more = true;

    while (more) {
        char out[LINE] = "";
        size_t i;

        more = false;
        for (i = 0; i < COLUMNS; i++) {
            const char *text = row->cell[i] + done[i];
            size_t width = lay->width[i];
            size_t column = i;

            while (line && spans(line, column) && i < TEXT) {
                width += 2 + lay->width[++i];
            }
            text += strspn(text, " ") * (done[column] > 0);
            done[column] = (size_t)(text - row->cell[column]);
            done[column] += put_cell(text, column, width, out);
            more = more || row->cell[column][done[column]] != '\0';
        }
        print_line(lay, out);
    }
}

// Prints names and addresses, which the columns then need not repeat.
static void print_hosts(const struct layout *lay)
{
    const struct aksu_listing *table = lay->table;
    const struct line *tcp = NULL;
    size_t i;

    for (i = 0; i < table->lines && !tcp; i++) {
        tcp = table->line[i].kind == LINE_TCP ? &table->line[i] : NULL;
    }
    for (i = 0; i < table->hosts; i++) {
        const struct host *host = &table->host[i];

        if (host->known) {
            fprintf(lay->to, "%s%s = %u.%u.%u.%u", i ? ", " : "", host->name, host->ipv4[0],
                    host->ipv4[1], host->ipv4[2], host->ipv4[3]);
        }
        if (host->known && tcp && !lay->ports) {
            bool source = memcmp(tcp->source, host->ipv4, 4) == 0;

            fprintf(lay->to, " port %u", source ? tcp->source_port : tcp->target_port);
        }
    }
    fprintf(lay->to, "%s", table->hosts ? "\n" : "");
}

static bool shown(size_t index, size_t lines, size_t head, size_t tail)
{
    return head + tail == 0 || index < head || index + tail >= lines;
}

static size_t total_width(const struct layout *lay)
{
    size_t i, sum = 0;

    for (i = 0; i < COLUMNS; i++) {
        sum += lay->width[i] + 2;
    }
    return sum - 2;
}

static void measure_all(struct layout *lay, size_t head, size_t tail)
{
    struct row row;
    size_t i;

    memset(lay->width, 0, sizeof lay->width);
    headings(lay, &row);
    measure(lay, &row, NULL);
    for (i = 0; i < lay->table->lines; i++) {
        if (shown(i, lay->table->lines, head, tail)) {
            make_row(lay, i, lay->table->lines, &row);
            measure(lay, &row, &lay->table->line[i]);
        }
    }
}

// Makes the table fit: first states lose the one before, then options wrap, then states do.
static void fit(struct layout *lay, size_t head, size_t tail)
{
    measure_all(lay, head, tail);
    if (total_width(lay) > WIDTH && total_width(lay) - lay->width[TEXT] + TEXT_LEAST > WIDTH) {
        lay->terse = true;
        measure_all(lay, head, tail);
    }
    while (total_width(lay) > WIDTH && lay->width[TEXT] > TEXT_LEAST) {
        lay->width[TEXT]--;
    }
    while (total_width(lay) > WIDTH) {
        lay->width[lay->width[LEFT] > lay->width[RIGHT] ? LEFT : RIGHT]--;
    }
}

int aksu_listing_print(const struct aksu_listing *table, FILE *to, size_t head, size_t tail)
{
    struct layout lay;
    struct row row;
    size_t i, number = 0, skipped = 0;

    memset(&lay, 0, sizeof lay);
    lay.table = table;
    lay.to = to;
    lay.ports = table->flows > 1;
    fit(&lay, head, tail);
    print_hosts(&lay);
    headings(&lay, &row);
    print_row(&lay, &row, NULL);
    for (i = 0; i < table->lines; i++) {
        const struct line *line = &table->line[i];

        number += line->kind != LINE_EVENT;
        if (!shown(i, table->lines, head, tail)) {
            skipped++;
            continue;
        }
        if (skipped > 0) {
            fprintf(to, "... %zu lines ...\n", skipped);
            skipped = 0;
        }
        make_row(&lay, i, number, &row);
        print_row(&lay, &row, line);
    }
    if (skipped > 0) {
        fprintf(to, "... %zu lines ...\n", skipped);
    }
    return fflush(to) != 0 || ferror(to) ? -EIO : 0;
}
