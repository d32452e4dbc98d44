// SPDX-License-Identifier: MIT
// The HTTP server: requests whole, cut, in a row and wrong; its pages to the octet.
#include "raw.h"

#define HOST      "Host: x\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"
#define CLOSE     "Connection: close\r\n"

static struct raw raw;
static struct raw many[EXAMPLE_CONNECTIONS + 1];

static void start_server(void)
{
    start(NO_SEND_RING);
    assert_int_equal(http_server_start(server, PORT), AKSU_OK);
    memset(&raw, 0, sizeof raw);
}

/// Reading responses ///

// What is left of what a client got.
struct reader {
    const uint8_t *at;
    size_t left;
};

struct response {
    int status;
    char head[512];
    const uint8_t *body;
    size_t len;
};

static struct reader all_of(const struct raw *r)
{
    return (struct reader){r->got, r->got_len};
}

static size_t value_of(const char *head, const char *field)
{
    const char *at = strstr(head, field);

    assert_non_null(at);
    return strtoul(at + strlen(field), NULL, 10);
}

static struct response next_response(struct reader *in, bool head_only)
{
    struct response r = {0};
    size_t n = 0;

    while (n < in->left && (n < 4 || memcmp(in->at + n - 4, "\r\n\r\n", 4) != 0)) {
        n++;
    }
    assert_true(n >= 4 && n < sizeof r.head && memcmp(in->at + n - 4, "\r\n\r\n", 4) == 0);
    memcpy(r.head, in->at, n);
    assert_memory_equal(r.head, "HTTP/1.1 ", 9);
    r.status = atoi(r.head + 9);
    r.body = in->at + n;
    r.len = value_of(r.head, "\r\nContent-Length: ");
    in->at += n;
    in->left -= n;
    if (!head_only) {
        assert_true(in->left >= r.len);
        in->at += r.len;
        in->left -= r.len;
    }
    return r;
}

static bool says_close(const struct response *r)
{
    bool closes = strstr(r->head, "\r\nConnection: close\r\n") != NULL;

    assert_int_equal(closes, strstr(r->head, "\r\nConnection: keep-alive\r\n") == NULL);
    return closes;
}

// One request in a connection of its own, up to its end or until all is quiet.
static struct response ask(const char *text)
{
    struct reader in;

    start_server();
    raw.text = text;
    raw.len = strlen(text);
    raw_connect(&raw, PORT);
    run(1000, &raw.closed);
    in = all_of(&raw);
    struct response r = next_response(&in, strncmp(text, "HEAD", 4) == 0);

    assert_int_equal(in.left, 0);
    assert_int_equal(says_close(&r), raw.ended);
    assert_int_equal(raw.ended, raw.closed);
    assert_int_equal(raw.error, AKSU_OK);
    return r;
}

/// Tests ///

static void the_page_is_html(void **state)
{
    struct response r = ask(GET("/"));
    char page[2000] = {0};

    (void)state;
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.head, "\r\nContent-Type: text/html"));
    assert_true(r.len < sizeof page);
    memcpy(page, r.body, r.len);
    assert_memory_equal(page, "<!DOCTYPE html>", 15);
    assert_string_equal(page + r.len - 8, "</html>\n");
    assert_false(raw.ended);

    struct response index = ask(GET("/index.html"));
    assert_int_equal(index.len, strlen(page));
    assert_memory_equal(index.body, page, index.len);
    index = ask(GET("http://host.example/index.html?query=1"));
    assert_memory_equal(index.body, page, strlen(page));
    index = ask(GET("http://host.example"));
    assert_memory_equal(index.body, page, strlen(page));
}

static void statuses(void **state)
{
    static const struct {
        const char *request;
        int status;
        bool closes;
    } rows[] = {
        {GET("/"), 200, false},
        {"\r\n\r\n" GET("/"), 200, false},
        {"GET / HTTP/1.1\nHost: x\n\n", 200, false},
        {"GET / HTTP/1.9\r\n" HOST "\r\n", 200, false},
        {"GET / HTTP/1.1\r\n" HOST CLOSE "\r\n", 200, true},
        {"GET / HTTP/1.1\r\n" HOST "connection: foo, CLOSE\r\n\r\n", 200, true},
        {"GET / HTTP/1.1\r\n" HOST "Connection: closed\r\n\r\n", 200, false},
        {"GET / HTTP/1.0\r\n\r\n", 200, true},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 200, false},
        {"GET / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", 200, false},
        {GET("/nothing"), 404, false},
        {GET("/5M.bi"), 404, false},
        {GET("/5M.bin.gz"), 404, false},
        {GET("/M.bin"), 404, false},
        {GET("/5G.bin"), 404, false},
        {GET("/4096M.bin"), 404, false},
        {GET("/-1.bin"), 404, false},
        {GET("/18446744073709551617.bin"), 404, false},
        {GET("/../etc/passwd"), 404, false},
        {GET("*"), 404, false},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", 405, true},
        {"DELETE /5M.bin HTTP/1.1\r\n" HOST "\r\n", 405, true},
        {"get / HTTP/1.1\r\n" HOST "\r\n", 405, true},
        {"GET /\r\n\r\n", 400, true},
        {"GET\r\n\r\n", 400, true},
        {"GET / HTTP/2.0\r\n" HOST "\r\n", 400, true},
        {"GET / HTTP/1.\r\n" HOST "\r\n", 400, true},
        {"GET / HTTP/1.11\r\n" HOST "\r\n", 400, true},
        {"GET  / HTTP/1.1\r\n" HOST "\r\n", 400, true},
        {" GET / HTTP/1.1\r\n" HOST "\r\n", 400, true},
        {"GET / index.html HTTP/1.1\r\n" HOST "\r\n", 400, true},
        {"\x16\x03\x01\x02\x01\x01\xfc\x03\x03\n", 400, true}, // TLS
        {"GET / HTTP/1.1\r\n\r\n", 400, true},                 // no Host
        {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400, true},
        {"GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n", 400, true},
        {"GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n", 400, true},
        {"GET / HTTP/1.1\r\n" HOST " folded: b\r\n\r\n", 400, true},
        {"GET / HTTP/1.1\r\n" HOST ": b\r\n\r\n", 400, true},
        {"GET / HTTP/1.1\r\n" HOST "Content-Length: x\r\n\r\n", 400, true},
        {"GET / HTTP/1.1\r\n" HOST "Content-Length: 1, 2\r\n\r\n", 400, true},
        {"GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400, true},
        {"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct response r = ask(rows[i].request);
        if (r.status != rows[i].status || says_close(&r) != rows[i].closes) {
            fail_msg("%s: %s", rows[i].request, r.head);
        }
        assert_true(r.len > 0);
        assert_int_equal(strstr(r.head, "\r\nAllow: GET, HEAD\r\n") != NULL, r.status == 405);
    }
}

static struct response ask_for(const char *method, const char *path)
{
    char text[100];

    sprintf(text, "%s %s HTTP/1.1\r\n" HOST "\r\n", method, path);
    return ask(text);
}

static void head_has_the_header_of_get_and_no_body(void **state)
{
    static const char *const paths[] = {"/", "/20.bin", "/0.bin", "/none"};

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct response head = ask_for("HEAD", paths[i]);
        struct response get = ask_for("GET", paths[i]);
        assert_int_equal(head.status, i < 3 ? 200 : 404);
        assert_string_equal(head.head, get.head);
    }
    assert_int_equal(ask_for("HEAD", "/4095M.bin").len, 4095u << 20);
}

static void long_headers_are_refused(void **state)
{
    static char text[3 * HTTP_HEAD_MAX];
    char *at;

    (void)state;
    // A long request line.
    at = text + sprintf(text, "GET /");
    memset(at, 'a', 200);
    strcpy(at + 200, " HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(ask(text).status, 414);
    // A long field of interest, and one of none.
    at = text + sprintf(text, "GET / HTTP/1.1\r\nHost: ");
    memset(at, 'a', 200);
    strcpy(at + 200, "\r\n\r\n");
    assert_int_equal(ask(text).status, 431);
    at = text + sprintf(text, "GET / HTTP/1.1\r\n" HOST "Cookie: ");
    memset(at, 'a', 7000);
    strcpy(at + 7000, "\r\n\r\n");
    assert_int_equal(ask(text).status, 200);
    // A long name.
    at = text + sprintf(text, "GET / HTTP/1.1\r\n" HOST);
    memset(at, 'a', 200);
    strcpy(at + 200, ": b\r\n\r\n");
    assert_int_equal(ask(text).status, 431);
    // Many fields, and then more than the server reads.
    at = text + sprintf(text, "GET / HTTP/1.1\r\n" HOST);
    while (at < text + 20000) {
        at += sprintf(at, "X-Field: some value\r\n");
    }
    strcpy(at, "\r\n");
    assert_int_equal(ask(text).status, 431);
    assert_true(raw.closed);
}

// 8192 octets pass, one more does not.
static void the_limit_of_the_header_is_exact(void **state)
{
    static char text[HTTP_HEAD_MAX + 100];

    (void)state;
    for (size_t over = 0; over <= 1; over++) {
        char *at = text + sprintf(text, "GET / HTTP/1.1\r\n" HOST "Cookie: ");
        size_t fill = HTTP_HEAD_MAX + over - (size_t)(at - text) - 4;
        memset(at, 'a', fill);
        strcpy(at + fill, "\r\n\r\n");
        assert_int_equal(strlen(text), HTTP_HEAD_MAX + over);
        assert_int_equal(ask(text).status, over ? 431 : 200);
    }
}

static void generated_files(void **state)
{
    static const struct {
        const char *request;
        size_t len;
    } rows[] = {
        {GET("/0.bin"), 0},     {GET("/1.bin"), 1},           {GET("/1459.bin"), 1459},
        {GET("/1k.bin"), 1024}, {GET("/100000.bin"), 100000}, {GET("/300k.bin"), 307200},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct response r = ask(rows[i].request);
        assert_int_equal(r.status, 200);
        assert_int_equal(r.len, rows[i].len);
        assert_int_equal(example_differ(0, r.body, r.len), 0);
        assert_non_null(strstr(r.head, "\r\nContent-Type: application/octet-stream\r\n"));
    }
}

static void a_request_may_be_cut_anywhere(void **state)
{
    static const char text[] = "\r\nGET /100.bin HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
                               "X: y\r\n\r\nab" GET("/none");
    struct raw *cut = &many[0];
    size_t len = sizeof text - 1;

    (void)state;
    start_server();
    raw.text = text;
    raw.len = len;
    raw_connect(&raw, PORT);
    run(1000, NULL);
    struct reader in = all_of(&raw);
    assert_int_equal(next_response(&in, false).len, 100);
    assert_int_equal(next_response(&in, false).status, 404);
    assert_int_equal(in.left, 0);
    for (size_t at = 1; at < len; at++) {
        memset(cut, 0, sizeof *cut);
        cut->text = text;
        cut->len = at;
        raw_connect(cut, PORT);
        run(500, NULL);
        raw_say(cut, text + at, len - at);
        run(500, NULL);
        assert_int_equal(cut->got_len, raw.got_len);
        assert_memory_equal(cut->got, raw.got, raw.got_len);
        aksu_abort(client, cut->conn);
        run(10, NULL);
    }
    // And in octets.
    memset(cut, 0, sizeof *cut);
    cut->text = text;
    cut->len = len;
    cut->piece = 1;
    raw_connect(cut, PORT);
    run(60000, NULL);
    assert_int_equal(cut->got_len, raw.got_len);
    assert_memory_equal(cut->got, raw.got, raw.got_len);
}

// More requests in one go than the server's receive ring holds.
static void pipelined_requests_are_answered_in_order(void **state)
{
    static char text[30000];
    enum { COUNT = 300 };
    char *at = text;
    struct reader in;

    (void)state;
    start_server();
    for (unsigned i = 0; i < COUNT; i++) {
        at += sprintf(at, "%s /%u.bin HTTP/1.1\r\n" HOST "\r\n", i % 7 == 3 ? "HEAD" : "GET",
                      i * 13 % 1000);
    }
    at += sprintf(at, "GET / HTTP/1.1\r\n" HOST CLOSE "\r\n");
    at += sprintf(at, GET("/unanswered"));
    raw.text = text;
    raw.len = (size_t)(at - text);
    assert_true(raw.len > 2 * 4096);
    raw_connect(&raw, PORT);
    run(600000, &raw.closed);
    assert_true(raw.closed);
    assert_int_equal(raw.error, AKSU_OK);
    in = all_of(&raw);
    for (unsigned i = 0; i < COUNT; i++) {
        struct response r = next_response(&in, i % 7 == 3);
        assert_int_equal(r.status, 200);
        assert_int_equal(r.len, i * 13 % 1000);
        assert_int_equal(i % 7 == 3 ? 0 : example_differ(0, r.body, r.len), 0);
    }
    struct response last = next_response(&in, false);
    assert_true(says_close(&last));
    assert_int_equal(in.left, 0);
}

static void keep_alive_serves_one_request_after_the_other(void **state)
{
    (void)state;
    start_server();
    raw.text = GET("/2000.bin");
    raw.len = strlen(raw.text);
    raw_connect(&raw, PORT);
    run(1000, NULL);
    for (unsigned i = 1; i <= 50; i++) {
        struct reader in = all_of(&raw);
        struct response r = next_response(&in, false);
        assert_int_equal(in.left, 0);
        assert_int_equal(r.len, 2000);
        assert_int_equal(example_differ(0, r.body, r.len), 0);
        raw.got_len = 0;
        raw_say(&raw, raw.text, strlen(raw.text));
        run(1000, NULL);
    }
    assert_false(raw.ended);
    assert_int_equal(aksu_counters(server)->opened, 1);
}

static void a_request_with_a_fin_is_answered_to_the_end(void **state)
{
    struct reader in;

    (void)state;
    start_server();
    raw.text = GET("/300k.bin") GET("/100.bin");
    raw.len = strlen(raw.text);
    raw.fin = true;
    raw_connect(&raw, PORT);
    run(60000, &raw.closed);
    assert_true(raw.closed);
    assert_int_equal(raw.error, AKSU_OK);
    in = all_of(&raw);
    struct response r = next_response(&in, false);
    assert_int_equal(example_differ(0, r.body, r.len), 0);
    assert_int_equal(next_response(&in, false).len, 100);
    assert_int_equal(in.left, 0);
}

static void half_a_request_and_a_fin_is_a_close(void **state)
{
    (void)state;
    start_server();
    raw.text = "GET / HTTP/1.1\r\nHo";
    raw.len = strlen(raw.text);
    raw.fin = true;
    raw_connect(&raw, PORT);
    run(10000, &raw.closed);
    assert_true(raw.closed);
    assert_int_equal(raw.error, AKSU_OK);
    assert_int_equal(raw.got_len, 0);
}

// A refused request with a large body: the answer is not lost in a reset.
static void a_refused_body_does_not_reset_the_answer(void **state)
{
    static char text[4000];
    struct reader in;

    (void)state;
    start_server();
    memset(text, 'x', sizeof text);
    memcpy(text, "POST / HTTP/1.1\r\n" HOST "Content-Length: 49900\r\n\r\n", 49);
    raw.text = text;
    raw.len = sizeof text;
    raw_connect(&raw, PORT);
    run(10000, &raw.closed);
    in = all_of(&raw);
    assert_int_equal(next_response(&in, false).status, 405);
    assert_true(raw.ended);
    assert_true(raw.closed);
    assert_int_equal(raw.error, AKSU_OK);
}

static void many_connections_and_one_too_many(void **state)
{
    (void)state;
    start_server();
    memset(many, 0, sizeof many);
    for (unsigned i = 0; i <= EXAMPLE_CONNECTIONS; i++) {
        many[i].text = i % 2 ? GET("/20000.bin") : GET("/30000.bin");
        many[i].len = strlen(many[i].text);
        raw_connect(&many[i], PORT);
        if (i == EXAMPLE_CONNECTIONS - 1) {
            run(60000, NULL); // the last one comes when all are served and open
        }
    }
    run(60000, NULL);
    for (unsigned i = 0; i < EXAMPLE_CONNECTIONS; i++) {
        struct reader in = all_of(&many[i]);
        struct response r = next_response(&in, false);
        assert_int_equal(r.len, i % 2 ? 20000 : 30000);
        assert_int_equal(example_differ(0, r.body, r.len), 0);
        assert_false(many[i].closed);
    }
    assert_true(many[EXAMPLE_CONNECTIONS].closed);
    assert_int_equal(many[EXAMPLE_CONNECTIONS].error, AKSU_ECONNRESET);
    // One goes, another may come.
    aksu_shutdown(client, many[3].conn);
    run(1000, NULL);
    assert_true(many[3].closed);
    memset(&many[3], 0, sizeof many[3]);
    many[3].text = GET("/");
    many[3].len = strlen(many[3].text);
    raw_connect(&many[3], PORT);
    run(1000, NULL);
    assert_true(many[3].got_len > 100);
}

// A thousand connections, one after the other, leave nothing behind.
static void connections_come_and_go(void **state)
{
    (void)state;
    start_server();
    for (unsigned i = 0; i < 1000; i++) {
        memset(&raw, 0, offsetof(struct raw, got));
        raw.text = i % 2 ? "GET /10.bin HTTP/1.0\r\n\r\n" : GET("/10.bin");
        raw.len = strlen(raw.text);
        raw_connect(&raw, PORT);
        run(100, &raw.closed);
        assert_true(raw.got_len > 50);
        if (i % 4 == 0) {
            aksu_abort(client, raw.conn);
        } else if (i % 4 == 2) {
            aksu_shutdown(client, raw.conn);
        }
        run(100, &raw.closed);
        assert_true(raw.closed);
    }
    run(100, NULL);
    assert_int_equal(aksu_connections(server), 0);
}

static void lossy_links_change_no_octet(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        struct reader in;
        start_server();
        lossy(seed);
        raw.text = GET("/") GET("/300k.bin") "HEAD / HTTP/1.1\r\n" HOST CLOSE "\r\n";
        raw.len = strlen(raw.text);
        raw_connect(&raw, PORT);
        run(600000, &raw.closed);
        assert_true(raw.closed);
        assert_int_equal(raw.error, AKSU_OK);
        in = all_of(&raw);
        assert_int_equal(next_response(&in, false).status, 200);
        struct response r = next_response(&in, false);
        assert_int_equal(r.len, 307200);
        assert_int_equal(example_differ(0, r.body, r.len), 0);
        assert_int_equal(next_response(&in, true).status, 200);
        assert_int_equal(in.left, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_is_html),
        cmocka_unit_test(statuses),
        cmocka_unit_test(head_has_the_header_of_get_and_no_body),
        cmocka_unit_test(long_headers_are_refused),
        cmocka_unit_test(the_limit_of_the_header_is_exact),
        cmocka_unit_test(generated_files),
        cmocka_unit_test(a_request_may_be_cut_anywhere),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(keep_alive_serves_one_request_after_the_other),
        cmocka_unit_test(a_request_with_a_fin_is_answered_to_the_end),
        cmocka_unit_test(half_a_request_and_a_fin_is_a_close),
        cmocka_unit_test(a_refused_body_does_not_reset_the_answer),
        cmocka_unit_test(many_connections_and_one_too_many),
        cmocka_unit_test(connections_come_and_go),
        cmocka_unit_test(lossy_links_change_no_octet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
