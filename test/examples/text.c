// SPDX-License-Identifier: MIT
// What the examples share: the pattern, lines, numbers, header fields.
#include <examples.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

// As examples.h says it, word by word.
static uint8_t documented(uint32_t offset)
{
    uint32_t x = (uint32_t)(offset / 4) * 0x9e3779b1u;

    x ^= x >> 15;
    x *= 0x85ebca77u;
    x ^= x >> 13;
    return (uint8_t)(x >> 8 * (offset % 4));
}

static void the_pattern_is_as_documented(void **state)
{
    uint8_t filled[64];

    (void)state;
    for (uint32_t base = 0xffffffe0u; base != 0x40; base++) { // across 2^32
        for (uint32_t len = 0; len <= 24; len++) {
            memset(filled, 0xee, sizeof filled);
            example_fill(base, filled + 1, len);
            for (uint32_t i = 0; i < len; i++) {
                assert_int_equal(filled[1 + i], documented(base + i));
                assert_int_equal(example_octet(base + i), documented(base + i));
            }
            assert_int_equal(filled[0], 0xee);
            assert_int_equal(filled[1 + len], 0xee);
        }
    }
}

// Changes of the pattern would break files that were fetched before. From a Python program.
static void the_pattern_stays_what_it_was(void **state)
{
    static const uint8_t first[16] = {0x22, 0x98, 0x13, 0x5d, 0x2c, 0x0c, 0xfa, 0xd4,
                                      0x85, 0xfd, 0xf5, 0x0e, 0x20, 0x5d, 0xe4, 0x2f};
    uint8_t filled[16];

    (void)state;
    example_fill(4, filled, sizeof filled);
    assert_memory_equal(filled, first, sizeof first);
}

static void differing_octets_are_counted(void **state)
{
    static uint8_t data[1000];

    (void)state;
    example_fill(7, data, sizeof data);
    assert_int_equal(example_differ(7, data, sizeof data), 0);
    data[0] ^= 1;
    data[500] ^= 0x80;
    data[999]++;
    assert_int_equal(example_differ(7, data, sizeof data), 3);
    assert_int_equal(example_differ(8, data + 1, 499), 0);
    assert_int_equal(example_differ(8, data + 1, 500), 1);
}

// Gives text to a line in pieces cut at `at`. Returns octets taken up to the line's end, or 0.
static size_t take(struct example_line *line, const char *text, size_t at)
{
    const uint8_t *p = (const uint8_t *)text;

    line->len = 0;
    line->cut = line->done = false;
    size_t n = example_line_take(line, p, at);
    if (!line->done) {
        assert_int_equal(n, at);
        n += example_line_take(line, p + n, strlen(text) - n);
    }
    return line->done ? n : 0;
}

static void lines_end_at_lf_or_crlf_however_they_come(void **state)
{
    struct example_line line;
    static const char text[] = "Host: a\r\nrest\n";

    (void)state;
    for (size_t at = 0; at <= strlen(text); at++) {
        assert_int_equal(take(&line, text, at), 9);
        assert_string_equal(line.text, "Host: a");
        assert_int_equal(line.len, 7);
        assert_false(line.cut);
    }
    assert_int_equal(take(&line, "a\rb\n", 0), 4);
    assert_string_equal(line.text, "a\rb");
    assert_int_equal(take(&line, "\nx", 0), 1);
    assert_int_equal(line.len, 0);
    assert_int_equal(take(&line, "no end", 3), 0);
}

static void long_lines_are_cut_wherever_they_are_split(void **state)
{
    struct example_line line;
    char text[2 * EXAMPLE_LINE + 3];

    (void)state;
    for (size_t len = EXAMPLE_LINE - 4; len < 2 * EXAMPLE_LINE; len++) {
        memset(text, 'x', len);
        strcpy(text + len, "\r\n");
        for (size_t at = 0; at < len + 2; at++) {
            assert_int_equal(take(&line, text, at), len + 2);
            assert_int_equal(line.cut, len + 1 > EXAMPLE_LINE - 1);
            assert_int_equal(strlen(line.text), line.len);
            assert_int_equal(line.len, line.cut ? EXAMPLE_LINE - 1 : len);
        }
    }
}

static void numbers(void **state)
{
    static const struct {
        const char *text;
        uint64_t limit;
        bool good;
        uint64_t number;
        const char *rest;
    } rows[] = {
        {"0", 9, true, 0, ""},
        {"007x", 9, true, 7, "x"},
        {"65536", 65535, false, 0, ""},
        {"65535 ", 65535, true, 65535, " "},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX, ""},
        {"18446744073709551616", UINT64_MAX, false, 0, ""},
        {"99999999999999999999", UINT64_MAX, false, 0, ""},
        {"", 9, false, 0, ""},
        {"-1", 9, false, 0, ""},
        {"+1", 9, false, 0, ""},
        {" 1", 9, false, 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *at = rows[i].text;
        uint64_t n = 4711;
        assert_int_equal(example_number(&at, rows[i].limit, &n), rows[i].good);
        assert_true(n == (rows[i].good ? rows[i].number : 4711));
        assert_string_equal(at, rows[i].good ? rows[i].rest : rows[i].text);
    }
}

static void fields(void **state)
{
    static const struct {
        const char *line;
        const char *value; // of Host, or NULL
    } rows[] = {
        {"Host: a", "a"}, {"host:a", "a"},    {"HOST:\t a b \t", "a b"}, {"Host:", ""},
        {"Host:  ", ""},  {"Hos: a", NULL},   {"Hosts: a", NULL},        {"Host : a", NULL},
        {"", NULL},       {" Host: a", NULL},
    };
    char line[32];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        strcpy(line, rows[i].line);
        const char *value = example_field(line, "host");
        assert_int_equal(value != NULL, rows[i].value != NULL);
        if (value) {
            assert_string_equal(value, rows[i].value);
        }
    }
}

static void words_of_a_list(void **state)
{
    static const char *const with[] = {"close",   "CLOSE",        "a, close",
                                       "close,a", " ,, Close ,a", "closed, close"};
    static const char *const without[] = {"",           "closed",    "aclose", "clos",
                                          "keep-alive", "not close", ",",      "close-not"};

    (void)state;
    for (size_t i = 0; i < sizeof with / sizeof *with; i++) {
        assert_true(example_has_word(with[i], "close"));
    }
    for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
        assert_false(example_has_word(without[i], "close"));
    }
}

static void pieces_are_one_stream(void **state)
{
    static const char *const pieces[] = {"ab", "", "cde", "f"};
    char to[8];

    (void)state;
    assert_int_equal(example_pieces(pieces, 4, 0, NULL, 0), 6);
    for (uint32_t from = 0; from <= 6; from++) {
        for (size_t len = 0; from + len <= 6; len++) {
            memset(to, '.', sizeof to);
            example_pieces(pieces, 4, from, to, len);
            assert_memory_equal(to, &"abcdef"[from], len);
            assert_int_equal(to[len], '.');
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pattern_is_as_documented),
        cmocka_unit_test(the_pattern_stays_what_it_was),
        cmocka_unit_test(differing_octets_are_counted),
        cmocka_unit_test(lines_end_at_lf_or_crlf_however_they_come),
        cmocka_unit_test(long_lines_are_cut_wherever_they_are_split),
        cmocka_unit_test(numbers),
        cmocka_unit_test(fields),
        cmocka_unit_test(words_of_a_list),
        cmocka_unit_test(pieces_are_one_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
