// SPDX-License-Identifier: MIT
// Addresses as text: RFC 4291 2.2 and RFC 5952, by their examples and beside the C library's.
#include <aksu/aksu.h>
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct {
    const char *text;
    const char *written; // RFC 5952
} good[] = {
    {"2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"}, // RFC 4291 2.2
    {"ABCD:EF01:2345:6789:ABCD:EF01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"},
    {"FF01:0:0:0:0:0:0:101", "ff01::101"},
    {"0:0:0:0:0:0:0:1", "::1"},
    {"0:0:0:0:0:0:0:0", "::"},
    {"2001:DB8::8:800:200C:417A", "2001:db8::8:800:200c:417a"},
    {"FF01::101", "ff01::101"},
    {"::1", "::1"},
    {"::", "::"},
    {"0:0:0:0:0:0:13.1.68.3", "::d01:4403"}, // not mapped: no host's (2.5.5.1)
    {"0:0:0:0:0:FFFF:129.144.52.38", "129.144.52.38"},
    {"::13.1.68.3", "::d01:4403"},
    {"::2", "::2"},
    {"::FFFF:129.144.52.38", "129.144.52.38"},
    {"::ffff:8190:3426", "129.144.52.38"},
    {"2001:db8::192.0.2.1", "2001:db8::c000:201"},
    {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
    {"1:2:3:4:5:6:7.8.9.10", "1:2:3:4:5:6:708:90a"},
    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"}, // RFC 5952 4.2.3
    {"2001:db8::1:0:0:1", "2001:db8::1:0:0:1"},
    {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
    {"2001:0db8::0001", "2001:db8::1"},               // 4.1
    {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},        // 4.2.1
    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"}, // 4.2.2
    {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
    {"2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa"},
    {"2001:DB8::1", "2001:db8::1"}, // 4.3
    {"1::", "1::"},
    {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
    {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
    {"1::8", "1::8"},
    {"fe80::", "fe80::"},
    {"0:0:1::", "0:0:1::"},
    {"a:b:c:d::", "a:b:c:d::"},
};

static const char *const bad[] = {
    "",
    ":",
    ":::",
    "1",
    "1:",
    ":1",
    "::1::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8:",
    ":1:2:3:4:5:6:7:8",
    "::1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8::",
    "12345::",
    "1:2:3:4::5:6:7:8",
    "g::",
    "::g",
    "1::-1",
    " ::1",
    "::1 ",
    "::1%eth0",
    "::1/64",
    "[::1]",
    "::1.2.3",
    "::1.2.3.4.5",
    "::256.1.1.1",
    "1.2.3.4::",
    "1:2:3:4:5:6:7:1.2.3.4",
    "::1.2.3.4:5",
    "::1:1.2.3.",
    "::.1.2.3",
    "1:2:3:4:5:1.2.3.4",
    "::00001",
    "::1:",
    ":1::",
    "1:::2",
    "0x1::",
    "::1.2.3.4 ",
    "1:2:3:4:5:6:7:8.",
    "::1.2..4",
    "2001:db8:::1",
    "::1.02.3.4",
    "01.2.3.4",
    "1.2.3.00",
};

static void known_texts(void **state)
{
    (void)state;
    struct aksu_addr addr, again;
    char text[40];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (aksu_parse_addr(good[i].text, &addr) != AKSU_OK)
            fail_msg("\"%s\" was refused", good[i].text);
        assert_string_equal(aksu_format_addr(&addr, text), good[i].written);
        assert_int_equal(aksu_parse_addr(text, &again), AKSU_OK);
        struct in6_addr want;
        assert_int_equal(inet_pton(AF_INET6, good[i].text, &want), 1);
        assert_memory_equal(&addr, &want, 16);
    }
}

static void no_addresses(void **state)
{
    (void)state;
    struct aksu_addr addr, before;
    memset(&addr, 0xa5, sizeof addr);
    before = addr;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (aksu_parse_addr(bad[i], &addr) != AKSU_EINVAL)
            fail_msg("\"%s\" was taken", bad[i]);
        assert_memory_equal(&addr, &before, sizeof addr);
    }
}

static uint32_t seed = 1;
static uint32_t any(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

// Groups of zero stand in any order.
static struct aksu_addr random_addr(void)
{
    struct aksu_addr addr;
    uint32_t zeros = any(256);
    for (unsigned i = 0; i < 16; i++)
        addr.octets[i] = (uint8_t)(zeros >> i / 2 & 1 ? 0 : any(256) >> any(9));
    return addr;
}

// Both read the same text alike. The C library takes no IPv4 address here.
static void assert_alike(const char *text)
{
    struct in6_addr want;
    struct in_addr four;
    struct aksu_addr addr;
    char *copy = malloc(strlen(text) + 1); // reads beyond it are found
    assert_non_null(copy);
    strcpy(copy, text);
    int result = aksu_parse_addr(copy, &addr);
    if (inet_pton(AF_INET6, text, &want) == 1) {
        if (result != AKSU_OK || memcmp(&addr, &want, 16) != 0)
            fail_msg("\"%s\" was read otherwise", text);
    } else if (result == AKSU_OK && strchr(text, ':')) {
        fail_msg("\"%s\" was taken", text);
    } else if (inet_pton(AF_INET, text, &four) == 1) {
        assert_int_equal(result, AKSU_OK);
        assert_memory_equal(addr.octets + 12, &four, 4);
    }
    free(copy);
}

static void random_addresses(void **state)
{
    (void)state;
    char text[40], want[INET6_ADDRSTRLEN];
    for (unsigned i = 0; i < 100000; i++) {
        struct aksu_addr addr = random_addr(), again;
        memset(text, 'x', sizeof text);
        aksu_format_addr(&addr, text);
        assert_non_null(memchr(text, 0, sizeof text));
        assert_int_equal(aksu_parse_addr(text, &again), AKSU_OK);
        assert_memory_equal(&again, &addr, 16);
        assert_non_null(inet_ntop(AF_INET6, &addr, want, sizeof want));
        if (!strchr(want, '.')) // IPv4 stands for itself here
            assert_string_equal(text, want);
    }
}

// Texts one or two octets away from such as are right.
static void mutated_texts(void **state)
{
    (void)state;
    static const char letters[] = "0123456789abcdefABCDEFg:::::....%/ x";
    char text[60];
    for (unsigned i = 0; i < 300000; i++) {
        struct aksu_addr addr = random_addr();
        if (any(4) == 0)
            strcpy(text, good[any(sizeof good / sizeof good[0])].text);
        else if (any(4) == 0)
            inet_ntop(AF_INET, addr.octets + 12, text, sizeof text);
        else
            inet_ntop(AF_INET6, &addr, text, sizeof text);
        for (unsigned n = any(3); n-- > 0;) {
            size_t len = strlen(text), at = any((uint32_t)len + 1);
            char c = letters[any(sizeof letters - 1)];
            if (any(3) == 0 && at < len) {
                memmove(text + at, text + at + 1, len - at);
            } else if (any(2) == 0) {
                memmove(text + at + 1, text + at, len - at + 1);
                text[at] = c;
            } else if (at < len) {
                text[at] = c;
            }
        }
        assert_alike(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts),
        cmocka_unit_test(no_addresses),
        cmocka_unit_test(random_addresses),
        cmocka_unit_test(mutated_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
