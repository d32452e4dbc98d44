// SPDX-License-Identifier: MIT
// Draws a sequence chart as SVG. Every event (sent, arrived, a change of state) has a row of its
// own, in order of time, so nothing is drawn over anything else; long waits are marked as such.
#include "table.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROW = 30,      // height of an event, px
    WAIT_ROW = 34, // height of a wait's mark
    TOP = 118,     // above the first event
    BAND = 128,    // width of a band of state
    CLOCK = 86,    // width of a column of times
    SPAN = 640,    // between two lifelines
    LETTER = 7,    // width of a letter of a label, generously
    LONG_WAIT_US = 150000
};

struct mark {
    uint64_t at_us;
    size_t line;
    int host;
    bool arrival;
    double y;
    double before; // where the wait before it begins, 0 = none
};

struct box {
    double x, y, half, angle; // centre, half of the width, slope
};

struct arrow {
    double x1, y1, x2, y2;
    bool lost;
};

struct chart {
    const struct aksu_listing *table;
    FILE *to;
    size_t head, tail;
    size_t marks;
    struct mark *mark;
    size_t arrows;
    struct arrow *arrow;
    size_t boxes;
    struct box *box;
    double bottom;
};

static const char *const colours[] = {
    "CLOSED",       "#eceff1", "LISTEN",      "#cfd8dc", "SYN-SENT",   "#fff3c4",
    "SYN-RECEIVED", "#ffe0a3", "ESTABLISHED", "#c8ebcb", "FIN-WAIT-1", "#cfe3fb",
    "FIN-WAIT-2",   "#b7d2f5", "CLOSE-WAIT",  "#e5d4f5", "CLOSING",    "#f9d0df",
    "LAST-ACK",     "#d3bfec", "TIME-WAIT",   "#fbd5c0"};

static const char *colour_of(const char *state, size_t len)
{
    size_t i;

    for (i = 0; i < sizeof colours / sizeof colours[0]; i += 2) {
        if (strlen(colours[i]) == len && memcmp(colours[i], state, len) == 0) {
            return colours[i + 1];
        }
    }
    return "#f5f5f5";
}

/// Geometry ///

// Lifelines stand in the order of naming, but the second end is the rightmost.
static size_t place_of(const struct chart *c, int host)
{
    if (host == 1) {
        return c->table->hosts - 1;
    }
    return host < 1 ? 0 : (size_t)host - 1;
}

static double lifeline(const struct chart *c, int host)
{
    size_t hosts = c->table->hosts;
    double span = hosts > 2 ? 1.6 * SPAN / (double)(hosts - 1) : SPAN;

    return CLOCK + BAND + 20 + span * (double)place_of(c, host);
}

static double right_edge(const struct chart *c)
{
    return lifeline(c, 1) + 20 + BAND + CLOCK;
}

static int compare_marks(const void *left, const void *right)
{
    const struct mark *a = left;
    const struct mark *b = right;

    if (a->at_us != b->at_us) {
        return a->at_us < b->at_us ? -1 : 1;
    }
    if (a->arrival != b->arrival) { // a host takes in before it sends
        return a->arrival ? -1 : 1;
    }
    return a->line < b->line ? -1 : a->line > b->line;
}

static void add_mark(struct chart *c, size_t line, uint64_t at_us, int host, bool arrival)
{
    struct mark *mark = &c->mark[c->marks++];

    memset(mark, 0, sizeof *mark);
    mark->at_us = at_us;
    mark->line = line;
    mark->host = host;
    mark->arrival = arrival;
}

// The end to whose side an event without a frame belongs: the one whose state changes.
static int event_host(const struct line *line)
{
    return line->changed[1] && !line->changed[0] ? 1 : 0;
}

static void mark_line(struct chart *c, size_t index)
{
    const struct line *line = &c->table->line[index];
    int source = aksu_host_index(c->table, line->source);
    int target = aksu_host_index(c->table, line->target);

    if (line->kind == LINE_EVENT) {
        add_mark(c, index, line->sent_us, event_host(line), false);
    } else if (source >= 0 && target >= 0 && source != target) {
        add_mark(c, index, line->sent_us, source, false);
        if (line->arrived_us < AKSU_CAPTURE_UNKNOWN) {
            add_mark(c, index, line->arrived_us, target, true);
        }
    }
}

static bool is_shown(const struct chart *c, size_t index)
{
    return c->head + c->tail == 0 || index < c->head || index + c->tail >= c->table->lines;
}

// How many states a mark's host goes through at it: each needs a row of its own.
static size_t hops(const struct chart *c, const struct mark *mark)
{
    const struct line *line = &c->table->line[mark->line];
    const char *at = mark->host < ENDS ? line->state[mark->host] : "";
    size_t count = 0;

    if (mark->arrival || line->source[0] || line->kind == LINE_EVENT) {
        while ((at = strstr(at, "-> ")) != NULL) {
            at += 3;
            count++;
        }
    }
    return count;
}

// How many lines are left out between a mark and the one above it.
static size_t lines_left_out(const struct chart *c, const struct mark *mark)
{
    bool gap = c->head + c->tail > 0 && c->head + c->tail < c->table->lines;

    return gap && mark->line >= c->head && mark[-1].line < c->head
               ? c->table->lines - c->head - c->tail
               : 0;
}

static void place_marks(struct chart *c)
{
    double y = TOP;
    size_t i;

    qsort(c->mark, c->marks, sizeof *c->mark, compare_marks);
    for (i = 0; i < c->marks; i++) {
        struct mark *mark = &c->mark[i];

        if (i > 0 &&
            (mark->at_us - c->mark[i - 1].at_us >= LONG_WAIT_US || lines_left_out(c, mark) > 0)) {
            mark->before = y - ROW / 2.0;
            y += WAIT_ROW;
        }
        mark->y = y;
        y += ROW + (hops(c, mark) > 1 ? ROW * 0.6 * (double)(hops(c, mark) - 1) : 0);
    }
    c->bottom = y;
}

static const struct mark *arrival_of(const struct chart *c, size_t line)
{
    size_t i;

    for (i = 0; i < c->marks; i++) {
        if (c->mark[i].line == line && c->mark[i].arrival) {
            return &c->mark[i];
        }
    }
    return NULL;
}

// How far down an arrow goes whose end is not known: as far as one sent before it by the same host
// that is still under way, so that the two do not cross.
static double usual_fall(const struct chart *c, const struct mark *mark)
{
    size_t i;

    for (i = c->arrows; i-- > 0;) {
        const struct arrow *arrow = &c->arrow[i];

        if (fabs(arrow->x1 - lifeline(c, mark->host)) < 1 && arrow->y2 > mark->y && !arrow->lost) {
            return arrow->y2 - arrow->y1;
        }
    }
    return ROW;
}

static void add_arrow(struct chart *c, const struct mark *mark)
{
    const struct line *line = &c->table->line[mark->line];
    const struct mark *end = arrival_of(c, mark->line);
    int target = aksu_host_index(c->table, line->target);
    struct arrow *arrow = &c->arrow[c->arrows];

    arrow->x1 = lifeline(c, mark->host);
    arrow->y1 = mark->y;
    arrow->x2 = lifeline(c, target);
    arrow->y2 = end ? end->y : mark->y + usual_fall(c, mark);
    arrow->lost = line->arrived_us == AKSU_CAPTURE_LOST;
    if (arrow->lost) {
        arrow->x2 = arrow->x1 + (arrow->x2 - arrow->x1) * 0.72;
        arrow->y2 = arrow->y1 + (arrow->y2 - arrow->y1) * 0.72;
    } else if (!end) {
        arrow->y2 = arrow->y1 + ROW * 0.5;
    }
    c->arrows++;
}

/// Labels ///

static void label_text(const struct line *line, char *to, size_t size)
{
    char flags[32];
    int used;

    if (line->kind != LINE_TCP) {
        snprintf(to, size, "%s%s%s", line->text, line->remark[0] ? " - " : "", line->remark);
        return;
    }
    aksu_flags_text(line->flags, flags);
    used = snprintf(to, size, "%s  seq %" PRIu32, flags, line->seq);
    if (line->flags & 0x10) {
        used += snprintf(to + used, size - (size_t)used, " ack %" PRIu32, line->ack);
    }
    if (line->len > 0) {
        used += snprintf(to + used, size - (size_t)used, " len %" PRIu32, line->len);
    }
    if (line->window == 0 && !(line->flags & 4)) {
        used += snprintf(to + used, size - (size_t)used, " win 0");
    }
    snprintf(to + used, size - (size_t)used, "%s%s%s", line->resent ? ", resent" : "",
             line->remark[0] ? ", " : "", line->remark);
}

// Tells whether two labels overlap: boxes of one height along slightly different slopes. Their
// centre lines are compared where both are.
static bool boxes_meet(const struct box *a, const struct box *b)
{
    double left = fmax(a->x - a->half * cos(a->angle), b->x - b->half * cos(b->angle));
    double right = fmin(a->x + a->half * cos(a->angle), b->x + b->half * cos(b->angle));
    double at_left, at_right;

    if (left >= right) {
        return false;
    }
    at_left = a->y + tan(a->angle) * (left - a->x) - (b->y + tan(b->angle) * (left - b->x));
    at_right = a->y + tan(a->angle) * (right - a->x) - (b->y + tan(b->angle) * (right - b->x));
    return at_left * at_right <= 0 || fmin(fabs(at_left), fabs(at_right)) < 14;
}

// Tells whether an arrow runs through the label.
static bool arrow_meets(const struct arrow *arrow, const struct box *box)
{
    struct box line;

    line.x = (arrow->x1 + arrow->x2) / 2;
    line.y = (arrow->y1 + arrow->y2) / 2;
    line.angle = atan((arrow->y2 - arrow->y1) / (arrow->x2 - arrow->x1));
    line.half = hypot(arrow->x2 - arrow->x1, arrow->y2 - arrow->y1) / 2;
    if (box->x - box->half > line.x + line.half || box->x + box->half < line.x - line.half) {
        return false;
    }
    return boxes_meet(&line, box);
}

static int crowding(const struct chart *c, const struct box *box, size_t own)
{
    int cost = 0;
    size_t i;

    for (i = 0; i < c->boxes; i++) {
        cost += boxes_meet(&c->box[i], box) ? 100 : 0;
    }
    for (i = 0; i < c->arrows; i++) {
        cost += i != own && arrow_meets(&c->arrow[i], box) ? 1 : 0;
    }
    return cost;
}

// Puts the label along its arrow where it is least crowded: near the sender by choice.
static struct box place_label(struct chart *c, size_t own, size_t letters)
{
    static const double places[] = {0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0};
    const struct arrow *arrow = &c->arrow[own];
    double dx = arrow->x2 - arrow->x1;
    double length = hypot(dx, arrow->y2 - arrow->y1);
    double half = (double)letters * LETTER / 2;
    double slack = fmax(length - 2 * half - 36, 0);
    struct box best = {0, 0, 0, 0};
    int best_cost = INT32_MAX;
    size_t i;

    for (i = 0; i < sizeof places / sizeof places[0] && best_cost > 0; i++) {
        double along = (half + 14 + slack * places[i]) / length;
        struct box box;
        int cost;

        box.angle = atan((arrow->y2 - arrow->y1) / dx);
        box.x = arrow->x1 + dx * along + 7 * sin(box.angle);
        box.y = arrow->y1 + (arrow->y2 - arrow->y1) * along - 7 * cos(box.angle);
        box.half = half;
        cost = crowding(c, &box, own);
        if (cost < best_cost) {
            best_cost = cost;
            best = box;
        }
    }
    c->box[c->boxes++] = best;
    return best;
}

/// Drawing ///

static void put_text(const struct chart *c, const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len && text[i]; i++) {
        switch (text[i]) {
        case '<':
            fputs("&lt;", c->to);
            break;
        case '>':
            fputs("&gt;", c->to);
            break;
        case '&':
            fputs("&amp;", c->to);
            break;
        default:
            fputc(text[i], c->to);
        }
    }
}

static void draw_text(const struct chart *c, const char *class_name, double x, double y,
                      const char *text, size_t len)
{
    fprintf(c->to, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class_name, x, y);
    put_text(c, text, len);
    fputs("</text>\n", c->to);
}

static void draw_head(const struct chart *c, const char *title)
{
    double width = right_edge(c) + 10;
    double height = c->bottom + 24;

    fprintf(c->to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
            "viewBox=\"0 0 %.0f %.0f\">\n<style>\n"
            "text { font-family: 'DejaVu Sans', Arial, sans-serif; font-size: 12px; "
            "fill: #202428; }\n"
            ".title { font-size: 17px; font-weight: bold; }\n"
            ".host { font-size: 15px; font-weight: bold; text-anchor: middle; }\n"
            ".state { font-size: 11.5px; font-weight: bold; text-anchor: middle; }\n"
            ".left { font-size: 10.5px; fill: #667; text-anchor: end; }\n"
            ".right { font-size: 10.5px; fill: #667; }\n"
            ".wait { font-size: 11px; fill: #667; text-anchor: middle; font-style: italic; }\n"
            ".note { font-size: 11.5px; fill: #445; font-style: italic; }\n"
            ".note2 { font-size: 11.5px; fill: #445; font-style: italic; text-anchor: end; }\n"
            ".label { text-anchor: middle; paint-order: stroke; stroke: #fff; stroke-width: 4px; "
            "stroke-linejoin: round; }\n"
            ".bad { fill: #b3261e; }\n</style>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
            width, height, width, height);
    draw_text(c, "title", 20, 32, title, strlen(title));
}

static void draw_lifelines(const struct chart *c)
{
    char name[NAME_SIZE];
    char address[NAME_SIZE];
    size_t i;

    for (i = 0; i < c->table->hosts; i++) {
        const struct host *host = &c->table->host[i];
        double x = lifeline(c, (int)i);

        snprintf(name, sizeof name, "%s", host->name);
        draw_text(c, "host", x, 58, name, strlen(name));
        snprintf(address, sizeof address, "%u.%u.%u.%u", host->ipv4[0], host->ipv4[1],
                 host->ipv4[2], host->ipv4[3]);
        if (host->known && strcmp(address, name) != 0) {
            draw_text(c, "wait", x, 73, address, strlen(address));
        }
        fprintf(c->to,
                "<line x1=\"%.1f\" y1=\"80\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#556\" "
                "stroke-width=\"2\"/>\n",
                x, x, c->bottom);
    }
}

static double band_x(const struct chart *c, int end)
{
    return end == 0 ? lifeline(c, 0) - 10 - BAND : lifeline(c, 1) + 10;
}

static void draw_band(const struct chart *c, int end, const char *state, size_t len, double from,
                      double to)
{
    double x = band_x(c, end);

    if (len == 0 || to <= from) {
        return;
    }
    fprintf(c->to,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" fill=\"%s\" "
            "stroke=\"#fff\" stroke-width=\"1.5\"/>\n",
            x, from, BAND, to - from, colour_of(state, len));
    draw_text(c, "state", x + BAND / 2.0, from + fmin((to - from) / 2 + 4, 18), state, len);
}

// Draws one end's bands: each state from its row to the next one's.
static void draw_bands(const struct chart *c, int end)
{
    const char *state = "";
    size_t len = 0, i;
    double from = 80;

    for (i = 0; i < c->marks; i++) {
        const struct mark *mark = &c->mark[i];
        const char *at = c->table->line[mark->line].state[end];
        double y = mark->y - ROW * 0.35;

        if (mark->host != end || !*at) {
            continue;
        }
        if (len == 0) {
            state = at;
            len = strstr(at, " -> ") ? (size_t)(strstr(at, " -> ") - at) : strlen(at);
        }
        while ((at = strstr(at, "-> ")) != NULL) {
            draw_band(c, end, state, len, from, y);
            from = y;
            at += 3;
            state = at;
            len = strstr(at, " -> ") ? (size_t)(strstr(at, " -> ") - at) : strlen(at);
            y += ROW * 0.6;
        }
    }
    draw_band(c, end, state, len, from, c->bottom);
}

static void draw_clock(const struct chart *c, const struct mark *mark)
{
    uint64_t time = mark->at_us - c->table->line[0].sent_us;
    char text[32];
    bool right = mark->host == 1;

    if (mark->host >= ENDS) {
        return;
    }
    snprintf(text, sizeof text, "%" PRIu64 ".%06" PRIu64, time / 1000000, time % 1000000);
    draw_text(c, right ? "right" : "left", right ? band_x(c, 1) + BAND + 8 : band_x(c, 0) - 8,
              mark->y + 4, text, strlen(text));
    fprintf(c->to, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"#334\"/>\n",
            lifeline(c, mark->host), mark->y);
}

static void draw_wait(const struct chart *c, const struct mark *mark)
{
    uint64_t wait = mark->at_us - mark[-1].at_us;
    double middle = (lifeline(c, 0) + lifeline(c, 1)) / 2;
    double y = mark->before + WAIT_ROW / 2.0;
    char text[48];
    size_t i;

    snprintf(text, sizeof text, "%" PRIu64 ".%02" PRIu64 " s pass", wait / 1000000,
             wait / 10000 % 100);
    if (lines_left_out(c, mark) > 0) {
        snprintf(text, sizeof text, "%zu lines left out", lines_left_out(c, mark));
    }
    for (i = 0; i < c->table->hosts; i++) {
        fprintf(c->to,
                "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#fff\" "
                "stroke-width=\"4\" stroke-dasharray=\"3 4\"/>\n",
                lifeline(c, (int)i), mark->before, lifeline(c, (int)i), mark->before + WAIT_ROW);
    }
    fprintf(c->to,
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ccd\" "
            "stroke-dasharray=\"2 4\"/>\n<rect x=\"%.1f\" y=\"%.1f\" width=\"140\" height=\"16\" "
            "fill=\"#fff\"/>\n",
            lifeline(c, 0) + 8, y, lifeline(c, 1) - 8, y, middle - 70, y - 8);
    draw_text(c, "wait", middle, y + 4, text, strlen(text));
}

static void draw_arrow(const struct chart *c, const struct arrow *arrow)
{
    const char *colour = arrow->lost ? "#b3261e" : "#2457a6";
    double angle = atan2(arrow->y2 - arrow->y1, arrow->x2 - arrow->x1);
    double x = arrow->x2, y = arrow->y2;

    fprintf(c->to,
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" "
            "stroke-width=\"1.6\"%s/>\n",
            arrow->x1, arrow->y1, x - (arrow->lost ? 0 : 4 * cos(angle)),
            y - (arrow->lost ? 0 : 4 * sin(angle)), colour,
            arrow->lost ? " stroke-dasharray=\"6 4\"" : "");
    if (arrow->lost) {
        fprintf(c->to,
                "<path d=\"M%.1f %.1fl14 14m0 -14l-14 14\" stroke=\"%s\" stroke-width=\"2.6\" "
                "fill=\"none\"/>\n",
                x - 7, y - 7, colour);
    } else {
        fprintf(c->to, "<path d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1fZ\" fill=\"%s\"/>\n", x, y,
                x - 11 * cos(angle - 0.4), y - 11 * sin(angle - 0.4), x - 11 * cos(angle + 0.4),
                y - 11 * sin(angle + 0.4), colour);
    }
}

static void draw_label(struct chart *c, const struct mark *mark, size_t own)
{
    char text[200];
    struct box box;

    label_text(&c->table->line[mark->line], text, sizeof text);
    box = place_label(c, own, strlen(text));
    fprintf(c->to,
            "<text class=\"label%s\" x=\"%.1f\" y=\"%.1f\" transform=\"rotate(%.2f %.1f %.1f)\" "
            "dy=\"3\">",
            c->arrow[own].lost ? " bad" : "", box.x, box.y, box.angle * 57.29578, box.x, box.y);
    put_text(c, text, strlen(text));
    fputs("</text>\n", c->to);
}

static void draw_note(const struct chart *c, const struct mark *mark)
{
    const struct line *line = &c->table->line[mark->line];
    bool right = mark->host == 1;

    draw_text(c, right ? "note2" : "note", lifeline(c, mark->host) + (right ? -12 : 12),
              mark->y + 4, line->remark, strlen(line->remark));
}

static void draw_frames(struct chart *c)
{
    size_t i, own = 0;

    for (i = 0; i < c->marks; i++) {
        if (c->table->line[c->mark[i].line].kind != LINE_EVENT && !c->mark[i].arrival) {
            add_arrow(c, &c->mark[i]);
        }
    }
    for (i = 0; i < c->arrows; i++) {
        draw_arrow(c, &c->arrow[i]);
    }
    for (i = 0; i < c->marks; i++) {
        draw_clock(c, &c->mark[i]);
        if (c->table->line[c->mark[i].line].kind == LINE_EVENT) {
            draw_note(c, &c->mark[i]);
        } else if (!c->mark[i].arrival) {
            draw_label(c, &c->mark[i], own++);
        }
    }
}

static void draw(struct chart *c, const char *title)
{
    size_t i;

    for (i = 0; i < c->table->lines; i++) {
        if (is_shown(c, i)) {
            mark_line(c, i);
        }
    }
    place_marks(c);
    draw_head(c, title);
    for (i = 0; i < ENDS; i++) {
        draw_bands(c, (int)i);
    }
    draw_lifelines(c);
    for (i = 1; i < c->marks; i++) {
        if (c->mark[i].before > 0) {
            draw_wait(c, &c->mark[i]);
        }
    }
    draw_frames(c);
    fputs("</svg>\n", c->to);
}

int aksu_listing_chart(const struct aksu_listing *table, const char *path, const char *title,
                       size_t head, size_t tail)
{
    struct chart chart;
    int result = 0;

    if (table->hosts < ENDS) {
        return -EINVAL;
    }
    memset(&chart, 0, sizeof chart);
    chart.table = table;
    chart.head = head;
    chart.tail = tail;
    chart.mark = calloc(2 * table->lines + 1, sizeof *chart.mark);
    chart.arrow = calloc(table->lines + 1, sizeof *chart.arrow);
    chart.box = calloc(table->lines + 1, sizeof *chart.box);
    chart.to = chart.mark && chart.arrow && chart.box ? fopen(path, "w") : NULL;
    if (!chart.to) {
        result = chart.mark && chart.arrow && chart.box ? -errno : -ENOMEM;
    } else {
        draw(&chart, title);
        result = ferror(chart.to) ? -EIO : 0;
        result = fclose(chart.to) != 0 ? -errno : result;
    }
    free(chart.mark);
    free(chart.arrow);
    free(chart.box);
    return result;
}
