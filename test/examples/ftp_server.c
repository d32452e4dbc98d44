// SPDX-License-Identifier: MIT
// The FTP server: what it says, what it sends to the octet, and what it refuses.
#include "raw.h"

enum { BIG = 300000 };

#define LOGIN "USER anonymous\r\nPASS x\r\n"

static struct raw control;
static struct raw data;
static struct raw others[FTP_SESSIONS + 1];

/// Files in memory ///

static const char poem[] = "가\n나\r\n다";
static struct {
    const char *path;
    uint64_t octets;
    const char *text; // NULL: the pattern; or a folder
    bool folder;
} const files[] = {
    {"/", 0, NULL, true},        {"/시.txt", sizeof poem - 1, poem, false},
    {"/big", BIG, NULL, false},  {"/빈", 0, NULL, true},
    {"/bad", 1000, NULL, false}, {"/empty", 0, NULL, false},
    {"/a \"b\"", 0, NULL, true},
};
enum { FILES = sizeof files / sizeof *files };
static int open_count;
static unsigned listed;

static int memory_open(const char *path, struct ftp_file *file)
{
    for (int i = 0; i < FILES; i++) {
        if (strcmp(path, files[i].path) == 0) {
            file->octets = files[i].octets;
            file->folder = files[i].folder;
            file->changed = 951782400; // 2000-02-29 00:00
            open_count++;
            listed = i == 0 ? 1 : FILES;
            return i;
        }
    }
    return -1;
}

static int32_t memory_read(int file, uint64_t at, void *to, size_t len)
{
    uint64_t left = files[file].octets - at;
    size_t n = left < len ? (size_t)left : len;

    if (strcmp(files[file].path, "/bad") == 0 && at > 0) {
        return -1;
    }
    n = n < 700 ? n : 700;
    if (files[file].text) {
        memcpy(to, files[file].text + at, n);
    } else {
        example_fill((uint32_t)at, to, n);
    }
    return (int32_t)n;
}

static bool memory_next(int folder, struct ftp_file *entry)
{
    (void)folder;
    if (listed > FILES || (listed == FILES && folder != 0)) {
        return false;
    }
    if (listed == FILES) { // not UTF-8: is left out
        strcpy(entry->name, "\xff");
    } else {
        strcpy(entry->name, files[listed].path + 1);
        entry->octets = files[listed].octets;
        entry->folder = files[listed].folder;
        entry->changed = 1735689599; // 2024-12-31 23:59:59
    }
    listed++;
    return true;
}

static void memory_close(int file)
{
    (void)file;
    open_count--;
}

static const struct ftp_files memory = {memory_open, memory_read, memory_next, memory_close};

/// Talking ///

static void start_server(void)
{
    start(BOTH_RINGS);
    assert_int_equal(ftp_server_start(server, PORT, &memory), AKSU_OK);
    memset(&control, 0, sizeof control);
    memset(&data, 0, sizeof data);
    open_count = 0;
}

static void say(const char *text)
{
    control.got_len = 0;
    memset(control.got, 0, 4096);
    raw_say(&control, text, strlen(text));
    run(2000, &control.closed);
}

static const char *said(const char *text)
{
    say(text);
    return (const char *)control.got;
}

static void log_in(void)
{
    start_server();
    raw_connect(&control, PORT);
    run(1000, NULL);
    assert_string_equal(said(LOGIN "TYPE I\r\n"),
                        "331 Any password will do.\r\n230 Welcome: 환영합니다.\r\n200 Octets.\r\n");
}

// Opens a data connection to the port that EPSV tells.
static uint16_t connect_data(void)
{
    const char *text = strstr(said("EPSV\r\n"), "(|||");

    assert_non_null(text);
    uint16_t port = (uint16_t)atoi(text + 4);

    memset(&data, 0, sizeof data);
    raw_connect(&data, port);
    run(100, NULL);
    assert_true(data.opened);
    return port;
}

static void expect_data(const char *text)
{
    assert_int_equal(data.error, AKSU_OK);
    assert_true(data.ended);
    assert_int_equal(data.got_len, strlen(text));
    assert_memory_equal(data.got, text, data.got_len);
    assert_int_equal(open_count, 0);
}

/// Tests ///

static void replies(void **state)
{
    static const struct {
        const char *line;
        const char *reply;
    } rows[] = {
        {"NOOP", "200"},
        {"noop", "200"},
        {"", "500"},
        {"NOO", "500"},
        {"NOOPE", "500"},
        {"SYST", "215 UNIX"},
        {"OPTS UTF8 ON", "200"},
        {"OPTS utf8", "200"},
        {"OPTS UTF8 OFF", "501"},
        {"OPTS MLST size;", "200"},
        {"OPTS X", "501"},
        {"TYPE E", "504"},
        {"TYPE A N", "200"},
        {"SIZE /big", "550"}, // RFC 3659 4.1: not of a text
        {"REST 1", "504"},
        {"TYPE I", "200"},
        {"SIZE /big", "213 300000"},
        {"SIZE /빈", "550"},
        {"SIZE", "501"},
        {"SIZE /nothing", "550"},
        {"MDTM /시.txt", "213 20000229000000"},
        {"MLST /시.txt", "250-It is\r\n type=file;size=12;modify=20000229000000; /시.txt\r\n250 "},
        {"MODE S", "200"},
        {"MODE B", "504"},
        {"STRU F", "200"},
        {"STRU R", "504"},
        {"PWD", "257 \"/\""},
        {"CWD 빈", "250"},
        {"PWD", "257 \"/빈\""},
        {"CWD ../../..", "250"},
        {"PWD", "257 \"/\""},
        {"CWD a \"b\"", "250"},
        {"PWD", "257 \"/a \"\"b\"\"\""},
        {"CDUP", "250"},
        {"CWD big", "550"},
        {"CWD /빈/../빈/.", "250"},
        {"SIZE ../big", "213"},
        {"CWD \xed\xa0\x80", "553"}, // a surrogate
        {"CWD \xc0\xaf", "553"},     // a slash too long
        {"CWD \xec\x8b", "553"},
        {"CWD \x01", "553"},
        {"REST 5x", "501"},
        {"REST 5", "350"},
        {"RETR /big", "425"},
        {"LIST", "425"},
        {"PORT 192,0,2,1,4,1", "502"}, // RFC 2577 3
        {"STOR x", "550"},
        {"DELE /big", "550"},
        {"EPSV 2", "522"},
        {"EPSV 1", "229"},
        {"PASV", "227 Entering Passive Mode (192,0,2,2,"},
        {"ABOR", "226"},
        {"EPSV ALL", "200"},
        {"PASV", "522"}, // RFC 2428 4
        {"EPSV", "229"},
        {"\xff\xf4\xff\xf2"
         "ABOR",
         "226"},
        {"USER root", "530"},
        {"PWD", "530"},
        {"PASS x", "503"},
    };
    char line[64];

    (void)state;
    log_in();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(line, sizeof line, "%s\r\n", rows[i].line);
        const char *reply = said(line);
        if (strncmp(reply, rows[i].reply, strlen(rows[i].reply)) != 0) {
            fail_msg("%s: %s, not %s", rows[i].line, reply, rows[i].reply);
        }
        assert_string_equal(reply + strlen(reply) - 2, "\r\n");
    }
    assert_int_equal(open_count, 0);
    assert_string_equal(said("QUIT\r\nNOOP\r\n"), "221 Goodbye.\r\n");
    assert_true(control.ended);
    assert_int_equal(control.error, AKSU_OK);
}

static void a_line_is_bounded(void **state)
{
    static char text[3 * FTP_LINE];

    (void)state;
    log_in();
    memset(text, 'x', sizeof text - 1);
    strcpy(text + sizeof text - 10, "\r\nNOOP\r\n");
    assert_string_equal(said(text), "500 The line is too long.\r\n200 Nothing done.\r\n");
}

static void a_file_to_the_octet(void **state)
{
    (void)state;
    log_in();
    lossy(5);
    connect_data();
    say("RETR big\r\n");
    run(60000, &data.closed);
    assert_int_equal(data.got_len, BIG);
    assert_int_equal(example_differ(0, data.got, BIG), 0);
    pair.cable = (struct cable){0};
    assert_non_null(strstr(said("NOOP\r\n"), "200"));
    connect_data();
    say("REST 299990\r\nRETR /big\r\n");
    assert_int_equal(data.got_len, 10);
    assert_int_equal(example_differ(BIG - 10, data.got, 10), 0);
    connect_data();
    assert_non_null(strstr(said("REST 300001\r\nRETR /big\r\n"), "554"));
    assert_non_null(strstr(said("RETR /empty\r\n"), "226"));
    expect_data("");
}

static void text_has_lines_of_cr_lf(void **state)
{
    (void)state;
    log_in();
    say("TYPE A\r\n");
    connect_data();
    say("RETR 시.txt\r\n");
    expect_data("가\r\n나\r\n다");
}

static void lists(void **state)
{
    (void)state;
    log_in();
    connect_data();
    assert_string_equal(said("NLST\r\n"), "150 It comes.\r\n226 Done.\r\n");
    expect_data("시.txt\r\nbig\r\n빈\r\nbad\r\nempty\r\na \"b\"\r\n");
    connect_data();
    say("LIST -la 시.txt\r\n");
    expect_data("-r--r--r-- 1 ftp ftp 12 Feb 29  2000 시.txt\r\n");
    connect_data();
    say("LIST 빈\r\n");
    expect_data("");
    connect_data();
    assert_non_null(strstr(said("MLSD big\r\n"), "501"));
    say("MLSD\r\n");
    assert_non_null(
        strstr((char *)data.got, "type=file;size=300000;modify=20241231235959; big\r\n"));
    assert_non_null(strstr((char *)data.got, "type=dir;modify=20241231235959; 빈\r\n"));
    assert_int_equal(open_count, 0);
}

// The command may come before the data connection is open.
static void data_may_come_late(void **state)
{
    (void)state;
    log_in();
    const char *text = strstr(said("EPSV\r\n"), "(|||");
    uint16_t port = (uint16_t)atoi(text + 4);

    assert_string_equal(said("RETR 시.txt\r\nNOOP\r\n"), "150 It comes.\r\n");
    raw_connect(&data, port);
    run(1000, NULL);
    expect_data(poem);
    assert_non_null(strstr((char *)control.got, "226 Done.\r\n200 Nothing done.\r\n"));
}

static void transfers_end_early(void **state)
{
    (void)state;
    log_in();
    connect_data();
    data.hold = true;
    say("RETR big\r\n");
    assert_int_equal(open_count, 1);
    assert_non_null(strstr(said("ABOR\r\n"), "426 The transfer is given up.\r\n226 "));
    assert_true(data.closed);
    assert_int_equal(data.error, AKSU_ECONNRESET);
    assert_int_equal(open_count, 0);

    connect_data(); // closed by the client
    data.hold = true;
    say("RETR big\r\n");
    aksu_abort(client, data.conn);
    assert_non_null(strstr(said("NOOP\r\n"), "426 The data connection was closed.\r\n200"));
    assert_int_equal(open_count, 0);

    connect_data(); // cannot be read
    assert_non_null(strstr(said("RETR bad\r\n"), "451"));
    assert_int_equal(data.error, AKSU_ECONNRESET);

    connect_data(); // the client is gone
    data.hold = true;
    say("RETR big\r\n");
    aksu_abort(client, control.conn);
    run(1000, NULL);
    assert_true(data.closed);
    assert_int_equal(open_count, 0);
    assert_int_equal(aksu_connections(server), 0);
}

// One data connection for one EPSV, from the client's own address, and no two ports alike.
static void a_port_is_for_one(void **state)
{
    struct aksu_endpoint to;

    (void)state;
    log_in();
    uint16_t first = connect_data();

    to = remote(first);
    assert_true(first >= 49152);
    memset(&others[0], 0, sizeof others[0]);
    raw_connect(&others[0], to.port);
    run(1000, NULL);
    assert_int_equal(others[0].error, AKSU_ECONNREFUSED);
    assert_int_not_equal(connect_data(), first);

    const char *text = strstr(said("EPSV\r\n"), "(|||");
    uint16_t port = (uint16_t)atoi(text + 4);
    const struct aksu_addr other = aksu_ipv4(192, 0, 2, 9);

    aksu_set_address(client, &other, 24, NULL); // a stranger
    memset(&others[0], 0, sizeof others[0]);
    raw_connect(&others[0], port);
    run(1000, NULL);
    assert_true(others[0].closed);
    assert_int_equal(others[0].error, AKSU_ECONNRESET);
}

static void places_run_out(void **state)
{
    (void)state;
    start_server();
    memset(others, 0, sizeof others);
    for (int i = 0; i <= FTP_SESSIONS; i++) {
        raw_connect(&others[i], PORT);
    }
    run(1000, NULL);
    int refused = 0;

    for (int i = 0; i <= FTP_SESSIONS; i++) {
        bool full = memcmp(others[i].got, "421 ", 4) == 0;
        assert_true(full || memcmp(others[i].got, "220 ", 4) == 0);
        assert_int_equal(others[i].closed, full);
        refused += full;
    }
    assert_int_equal(refused, 1);
}

static void a_small_ring_is_refused(void **state)
{
    (void)state;
    start(SMALL_RINGS);
    assert_int_equal(ftp_server_start(server, PORT, &memory), AKSU_OK);
    memset(&control, 0, sizeof control);
    raw_connect(&control, PORT);
    run(1000, NULL);
    assert_int_equal(control.error, AKSU_ECONNRESET);
}

// Who asks and does not read the replies is not read from either.
static void replies_that_are_not_read(void **state)
{
    static char text[60000];

    (void)state;
    log_in();
    for (size_t i = 0; i < sizeof text - 6; i += 6) {
        memcpy(text + i, "PWD\r\n", 5);
        text[i + 5] = '\n';
    }
    control.hold = true;
    raw_say(&control, text, sizeof text - 6);
    run(5000, NULL);
    assert_true(control.sent < sizeof text - 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies),
        cmocka_unit_test(a_line_is_bounded),
        cmocka_unit_test(a_file_to_the_octet),
        cmocka_unit_test(text_has_lines_of_cr_lf),
        cmocka_unit_test(lists),
        cmocka_unit_test(data_may_come_late),
        cmocka_unit_test(transfers_end_early),
        cmocka_unit_test(a_port_is_for_one),
        cmocka_unit_test(places_run_out),
        cmocka_unit_test(a_small_ring_is_refused),
        cmocka_unit_test(replies_that_are_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
