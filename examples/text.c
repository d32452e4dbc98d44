// SPDX-License-Identifier: MIT
// Lines, numbers and header fields, as HTTP and others have them.
#include "examples.h"

#include <string.h>

size_t example_line_take(struct example_line *line, const uint8_t *from, size_t len)
{
    size_t n;

    if (line->done) {
        line->len = 0;
        line->cut = line->done = false;
    }
    for (n = 0; n < len && !line->done; n++) {
        if (from[n] == '\n') {
            line->done = true;
        } else if (line->len < sizeof line->text - 1) {
            line->text[line->len++] = (char)from[n];
        } else {
            line->cut = true;
        }
    }
    if (line->done && line->len > 0 && !line->cut && line->text[line->len - 1] == '\r') {
        line->len--;
    }
    line->text[line->len] = 0;
    return n;
}

bool example_number(const char **at, uint64_t limit, uint64_t *number)
{
    const char *p = *at;
    uint64_t n = 0;

    for (; *p >= '0' && *p <= '9'; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (n > UINT64_MAX / 10) {
            return false;
        }
        n = n * 10 + digit;
        if (n < digit || n > limit) { // less: it has gone round
            return false;
        }
    }
    if (p == *at) {
        return false;
    }
    *at = p;
    *number = n;
    return true;
}

const char *example_decimal(uint32_t number, char buffer[11])
{
    char *p = buffer + 10;

    *p = 0;
    do {
        *--p = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return p;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

// Returns what follows in text behind word, or NULL if it does not begin with it.
static const char *behind(const char *text, const char *word)
{
    while (*word && lower(*text) == *word) {
        text++;
        word++;
    }
    return *word ? NULL : text;
}

const char *example_field(char *line, const char *name)
{
    const char *value = behind(line, name);
    size_t end = strlen(line);

    if (!value || *value++ != ':') {
        return NULL;
    }
    while (blank(*value)) {
        value++;
    }
    while (line + end > value && blank(line[end - 1])) {
        line[--end] = 0;
    }
    return value;
}

bool example_has_word(const char *list, const char *word)
{
    while (*list) {
        while (blank(*list) || *list == ',') {
            list++;
        }
        const char *rest = behind(list, word);
        if (rest && (*rest == 0 || *rest == ',' || blank(*rest))) {
            return true;
        }
        while (*list && *list != ',') {
            list++;
        }
    }
    return false;
}

size_t example_pieces(const char *const *pieces, unsigned count, uint32_t offset, void *to,
                      size_t len)
{
    char *p = to;
    size_t total = 0;

    for (unsigned i = 0; i < count; i++) {
        size_t n = strlen(pieces[i]);
        total += n;
        if (!to || offset >= n) {
            offset = to ? (uint32_t)(offset - n) : 0;
            continue;
        }
        n = n - offset < len ? n - offset : len;
        memcpy(p, pieces[i] + offset, n);
        p += n;
        len -= n;
        offset = 0;
    }
    return total;
}
