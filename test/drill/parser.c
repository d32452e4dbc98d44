// SPDX-License-Identifier: MIT
// What the parser says to scripts that are wrong: where, what was found, what is expected.
#include <script.h>

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

static const struct {
    const char *text;
    const char *error; // its beginning
} wrong[] = {
    {"", "s:1:1: found the end of the file, expected an event"},
    {"// only a comment\n", "s:1:1: found the end of the line, expected an event"},
    {"/* no end", "s:1:1: found a comment without its end, expected */"},
    {"socket(...) = 3", "s:1:1: found 'socket', expected an event's time"},
    {"+x < S 0:0(0)", "s:1:2: found 'x', expected a time in seconds"},
    {"0 acept(3) = 4", "s:1:3: found 'acept', expected a call: socket, bind,"},
    {"0 socket(..., 1, 2 = 3", "s:1:20: found '=', expected ',' or ')'"},
    {"0 socket(..., 1, 2)\n0 close(3) = 0", "s:1:20: found the end of the line, expected '='"},
    {"0 close(3) =", "s:1:13: found the end of the file, expected the call's result"},
    {"0 close(3) = -1 EFOO", "s:1:17: found 'EFOO', expected the name of an error"},
    {"0 setsockopt(3, SOL_FOO, 1, [1], 4) = 0", "s:1:17: found 'SOL_FOO', expected a value"},
    {"0 write(3, \"abc, 3) = 3", "s:1:12: found a string without its end, expected '\"'"},
    {"\n  0 < Q 0:0(0)", "s:2:7: found 'Q', expected the segment's flags"},
    {"0 < SX 0:0(0)", "s:1:5: found 'SX', expected the segment's flags"},
    {"0 < [ecn] S 0:0(0)", "s:1:6: found 'ecn', expected noecn, ect0, ect1, ce or tos"},
    {"0 < [tos 256] S 0:0(0)", "s:1:10: found '256', expected the octet of IP, 0 to 255"},
    {"0 < [ce S 0:0(0)", "s:1:9: found 'S', expected ']'"},
    {"0 < S", "s:1:6: found the end of the file, expected the sequence number"},
    {"0 < S 0:0", "s:1:10: found the end of the file, expected '('"},
    {"0 < P. 1:1001(999) ack 1", "s:1:10: found 1001, expected 1000: 999 octets from 1 on"},
    {"0 < . 1:1(0) ack", "s:1:17: found the end of the file, expected an acknowledgment number"},
    {"0 < . 1:1(0) ack 1 win 65536", "s:1:24: found '65536', expected a window, 0 to 65535"},
    {"0 < . 1:1(0) ack 4294967296", "s:1:18: found '4294967296', expected an ackn"},
    {"0 < S 0:0(0) <mss 1000", "s:1:23: found the end of the file, expected '>'"},
    {"0 < S 0:0(0) <mms 1000>", "s:1:15: found 'mms', expected an option: mss, wscale"},
    {"0 < S 0:0(0) <TS val 1>", "s:1:23: found '>', expected 'ecr'"},
    {"0 < S 0:0(0) <...>", "s:1:15: found '...', expected an option"},
    {"0 < S 0:0(0) <TS val 1 ecr 1,TS val 1 ecr 1,TS val 1 ecr 1,TS val 1 ecr 1,nop>",
     "s:1:14: found options of more than 40 octets"},
    {"* < S 0:0(0)", "s:1:3: found a time that is open, expected one time"},
    {"0~1 close(3) = 0", "s:1:5: found a time that is open, expected one time or a...b"},
    {"0...1 > S 0:0(0)", "s:1:7: found a...b, expected one time: only calls last"},
    {"2...1 close(3) = 0", "s:1:1: found a time that ends before it begins"},
    {"0 < icmp unreachable foo [1:1(0)]", "s:1:22: found 'foo', expected a code: net_"},
    {"0 < icmp redirect [1:1(0)]", "s:1:10: found 'redirect', expected unreachable"},
    {"0 `ifconfig`", "s:1:3: found a shell command, expected `sleep SECONDS`"},
    {"0 %{ print(1) }%", "s:1:6: found 'print', expected 'assert'"},
    {"0 %{ assert tcpi_foo == 1 }%", "s:1:13: found 'tcpi_foo', expected a name"},
    {"0 %{ assert tcpi_rto = 1 }%", "s:1:22: found '=', expected a comparison"},
    {"--mss 1000\n", "s:1:7: found '1000', expected '='"},
    {"--mss=\n0 close(3) = 0", "s:1:7: found the end of the line, expected a setting's value"},
    {"0 close(3) = 0\n--mss=1000", "s:2:1: found a setting behind an event"},
};

static void errors(void **state)
{
    struct drill_script script;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        bool good = drill_parse(&script, "s", wrong[i].text, strlen(wrong[i].text));
        if (good || strncmp(script.error, wrong[i].error, strlen(wrong[i].error)) != 0) {
            fail_msg("%s\n   says: %s\n  wants: %s", wrong[i].text, good ? "nothing" : script.error,
                     wrong[i].error);
        }
        drill_free(&script);
    }
}

static const char all[] =
    "--set mss=1000\n"
    "--tolerance_usecs=4000 # both forms\n"
    "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3 // one\n"
    "+.25...0.5 connect(3, ..., ...) = -1 ETIMEDOUT (timed out)\n"
    "/* two\n lines */ * > SEW 0:0(0) <...>\n"
    "0x1~2.5 > [ect0] 80 > 90 FP. 1:11(10) ack 0x10 win 5 urg 7 <sack 1:2 3:4,nop>\n"
    "+0 `sleep 1.5`\n"
    "+0 %{ assert tcpi_rto >= 5, tcpi_rto; assert tcpi_rtt != 1 }%\n"
    "+0 poll([{fd=4, events=POLLIN|POLLOUT, revents=0}], 1, 0) = 0\n";

static void forms(void **state)
{
    struct drill_script s;

    (void)state;
    // 0x1 is no time: the parser says so, and takes the line with a decimal one.
    assert_false(drill_parse(&s, "s", all, sizeof all - 1));
    drill_free(&s);
    char text[sizeof all];
    memcpy(text, all, sizeof all);
    char *hex = strstr(text, "0x1~");
    memcpy(hex, "001~", 4);
    bool good = drill_parse(&s, "s", text, sizeof text - 1);
    if (!good) {
        fail_msg("%s", s.error);
    }
    assert_int_equal(s.settings, 2);
    assert_string_equal(s.setting[1].value, "4000");
    assert_int_equal(s.events, 8);
    assert_int_equal(s.event[1].when.at, 250000);
    assert_int_equal(s.event[1].when.end, 500000);
    assert_int_equal(s.event[1].u.call.error, 110);
    assert_int_equal(s.event[2].when.kind, DRILL_ANY_TIME);
    assert_int_equal(s.event[2].line, 6);
    assert_int_equal(s.event[2].u.packet.flags, AKSU_SYN | AKSU_ECE | AKSU_CWR);
    assert_int_equal(s.event[3].when.until, 2500000);
    char printed[200];
    drill_packet_print(&s.event[3].u.packet, printed, sizeof printed);
    assert_string_equal(printed,
                        "> [ect0] 80 > 90 FP. 1:11(10) ack 16 win 5 urg 7 <sack 1:2 3:4,nop>");
    assert_int_equal(s.event[4].u.sleep_us, 1500000);
    assert_string_equal(s.event[6].u.assert.op, "!=");
    drill_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(errors), cmocka_unit_test(forms)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
