// SPDX-License-Identifier: MIT
// Scanning and the report of errors.
#include "scan.h"

#include <ctype.h>
#include <string.h>

unsigned scan_column(const struct scan *s, const char *at)
{
    const char *line = at;

    while (line > s->start && line[-1] != '\n') {
        line--;
    }
    return (unsigned)(at - line) + 1;
}

unsigned scan_line(const struct scan *s, const char *at)
{
    unsigned line = 1;

    for (const char *p = s->start; p < at; p++) {
        line += *p == '\n';
    }
    return line;
}

void scan_fail(struct scan *s, const char *at, const char *message)
{
    if (s->failed) {
        return;
    }
    snprintf(s->error, DRILL_ERROR, "%s:%u:%u: %s", s->name, scan_line(s, at), scan_column(s, at),
             message);
    s->failed = true;
    s->at = s->end;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

// What stands at a place: a word, or a few other characters.
static int found_len(const struct scan *s, const char *at)
{
    const char *p = at;

    while (p < s->end && is_word(*p)) {
        p++;
    }
    if (p == at) {
        while (p < s->end && p < at + 3 && !isspace((unsigned char)*p) && !is_word(*p)) {
            p++;
        }
    }
    return p - at > 40 ? 40 : (int)(p - at);
}

void scan_expected(struct scan *s, const char *expected)
{
    char text[DRILL_ERROR / 2];

    if (s->failed) {
        return;
    }
    scan_more(s);
    if (s->failed) { // a comment without an end
        return;
    }
    bool line_ends = memchr(s->last, '\n', (size_t)(s->at - s->last)) != NULL;

    if (s->at < s->end && !(line_ends && s->last > s->start)) {
        snprintf(text, sizeof text, "found '%.*s', expected %s", found_len(s, s->at), s->at,
                 expected);
        scan_fail(s, s->at, text);
    } else {
        snprintf(text, sizeof text, "found the end of the %s, expected %s",
                 line_ends ? "line" : "file", expected);
        scan_fail(s, s->last, text);
    }
}

void scan_expected_at(struct scan *s, const char *at, const char *expected)
{
    if (!s->failed) {
        s->at = s->last = at;
        scan_expected(s, expected);
    }
}

static bool at_text(const struct scan *s, const char *text)
{
    size_t len = strlen(text);

    return (size_t)(s->end - s->at) >= len && memcmp(s->at, text, len) == 0;
}

static void skip_comment(struct scan *s)
{
    const char *from = s->at;

    s->at += 2;
    while (s->at < s->end && !at_text(s, "*/")) {
        s->at++;
    }
    if (s->at == s->end) {
        scan_fail(s, from, "found a comment without its end, expected */");
        return;
    }
    s->at += 2;
}

bool scan_more(struct scan *s)
{
    while (s->at < s->end) {
        if (isspace((unsigned char)*s->at)) {
            s->at++;
        } else if (*s->at == '#' || at_text(s, "//")) {
            const char *nl = memchr(s->at, '\n', (size_t)(s->end - s->at));
            s->at = nl ? nl : s->end;
        } else if (at_text(s, "/*")) {
            skip_comment(s);
        } else {
            return true;
        }
    }
    return false;
}

bool scan_next(struct scan *s, const char *text)
{
    size_t len = strlen(text);

    return scan_more(s) && at_text(s, text) &&
           !(is_word(text[0]) && s->at + len < s->end && is_word(s->at[len]));
}

bool scan_is(struct scan *s, const char *text)
{
    if (!scan_next(s, text)) {
        return false;
    }
    s->at += strlen(text);
    s->last = s->at;
    return true;
}

void scan_need(struct scan *s, const char *text)
{
    char quoted[DRILL_NAME];

    if (!scan_is(s, text)) {
        snprintf(quoted, sizeof quoted, "'%s'", text);
        scan_expected(s, quoted);
    }
}

void scan_word(struct scan *s, char to[DRILL_NAME], const char *expected)
{
    size_t len = 0;

    to[0] = 0;
    if (!scan_more(s) || !(isalpha((unsigned char)*s->at) || *s->at == '_')) {
        scan_expected(s, expected);
        return;
    }
    while (s->at + len < s->end && is_word(s->at[len])) {
        len++;
    }
    if (len >= DRILL_NAME) {
        scan_expected(s, expected);
        return;
    }
    memcpy(to, s->at, len);
    to[len] = 0;
    s->at += len;
    s->last = s->at;
}

static unsigned digit(char c)
{
    return isdigit((unsigned char)c) ? (unsigned)(c - '0') : (unsigned)(tolower(c) - 'a') + 10;
}

uint32_t scan_number(struct scan *s, uint32_t max, const char *expected)
{
    const char *from;
    uint64_t n = 0;
    unsigned base = 10;

    if (!scan_more(s) || !isdigit((unsigned char)*s->at)) {
        scan_expected(s, expected);
        return 0;
    }
    from = s->at;
    if ((at_text(s, "0x") || at_text(s, "0X")) && s->end - s->at > 2 &&
        isxdigit((unsigned char)s->at[2])) {
        base = 16;
        s->at += 2;
    }
    while (s->at < s->end && isxdigit((unsigned char)*s->at) && digit(*s->at) < base &&
           n <= UINT32_MAX) {
        n = n * base + digit(*s->at++);
    }
    if (n > max || (s->at < s->end && is_word(*s->at))) {
        scan_expected_at(s, from, expected);
        return 0;
    }
    s->last = s->at;
    return (uint32_t)n;
}

int64_t scan_seconds(struct scan *s)
{
    const char *expected = "a time in seconds, as 0.25 or .25";
    int64_t us = 0;
    int64_t unit = 1000000;
    unsigned digits = 0;

    scan_more(s);
    const char *from = s->at;
    for (; s->at < s->end && isdigit((unsigned char)*s->at) && digits < 10; digits++) {
        us = us * 10 + (*s->at++ - '0') * 1000000;
    }
    if (s->end - s->at > 1 && *s->at == '.' && isdigit((unsigned char)s->at[1])) {
        s->at++;
        for (; s->at < s->end && isdigit((unsigned char)*s->at); digits++) {
            unit /= 10;
            us += (*s->at++ - '0') * unit;
        }
    }
    if (digits == 0) {
        scan_expected_at(s, from, expected);
        return 0;
    }
    s->last = s->at;
    return us;
}
