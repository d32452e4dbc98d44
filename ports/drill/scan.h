// SPDX-License-Identifier: MIT
/// The scanner under the parsers: no tokens, the grammar asks for what may come next. White space
/// and comments are skipped before each. After the first error nothing matches any more, so parsers
/// need not look at every result.
#ifndef DRILL_SCAN_H
#define DRILL_SCAN_H

#include "script.h"

struct scan {
    const char *name;
    const char *start;
    const char *at;
    const char *end;
    const char *last; // end of what was matched last
    bool failed;
    char *error; // DRILL_ERROR octets
};

/// Skips white space and comments. Returns whether there is more.
bool scan_more(struct scan *s);
/// Takes exactly this text, if it comes next; of a word, all of it.
bool scan_is(struct scan *s, const char *text);
/// The same, or it is an error.
void scan_need(struct scan *s, const char *text);
/// Whether this comes next; nothing is taken.
bool scan_next(struct scan *s, const char *text);
/// A name: letters, digits, underscores. "" and an error if there is none.
void scan_word(struct scan *s, char to[DRILL_NAME], const char *expected);
/// A decimal or hexadecimal number of at most max.
uint32_t scan_number(struct scan *s, uint32_t max, const char *expected);
/// Seconds, as 0.25 or .25: microseconds.
int64_t scan_seconds(struct scan *s);
/// Records an error at the next text: what is found, and what is expected.
void scan_expected(struct scan *s, const char *expected);
/// The same, for what was taken already.
void scan_expected_at(struct scan *s, const char *at, const char *expected);
/// Records an error in words, at a place.
void scan_fail(struct scan *s, const char *at, const char *message);
unsigned scan_line(const struct scan *s, const char *at);
unsigned scan_column(const struct scan *s, const char *at);

/// packet.c: from the direction mark on.
void scan_packet(struct scan *s, struct drill_packet *packet);
void scan_icmp(struct scan *s, struct drill_icmp *icmp);

#endif
