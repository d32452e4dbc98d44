// SPDX-License-Identifier: MIT
// The HTTP client: responses of every form, in pieces of every size, and all that can go wrong.
#include "raw.h"

static struct raw peer; // the server of canned responses

static struct {
    struct http_request request;
    char body[1000];
    size_t len;
    bool check; // the body is the pattern
    size_t wrong;
    bool done;
    int status;
    int error;
} get;

static void on_body(struct http_request *r, const void *data, size_t len)
{
    assert_ptr_equal(r, &get.request);
    assert_true(len > 0);
    if (get.check) {
        get.wrong += example_differ((uint32_t)get.len, data, len);
    } else {
        assert_true(get.len + len <= sizeof get.body);
        memcpy(get.body + get.len, data, len);
    }
    get.len += len;
}

static void on_done(struct http_request *r, int status, int error)
{
    assert_ptr_equal(r, &get.request);
    assert_false(get.done);
    get.done = true;
    get.status = status;
    get.error = error;
}

static void begin(const char *path)
{
    struct aksu_endpoint to = remote(PORT);

    memset(&get, 0, sizeof get);
    get.request = (struct http_request){
        .host = "server.example", .path = path, .on_body = on_body, .on_done = on_done};
    aksu_now(client, pair.now);
    assert_int_equal(http_get(client, &to, &get.request), AKSU_OK);
}

struct row {
    const char *response;
    int status;
    int error;
    const char *body;
};

static const struct row rows[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, AKSU_OK, "hello"},
    {"HTTP/1.1 200 OK\nCONTENT-LENGTH:5\n\nhello", 200, AKSU_OK, "hello"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", 200, AKSU_OK, "hello"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, AKSU_OK, ""},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 200, AKSU_OK,
     "hello"},
    {"HTTP/1.0 200\r\n\r\nup to the end", 200, AKSU_OK, "up to the end"},
    {"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", 404, AKSU_OK, "no"},
    {"HTTP/1.1 204 No Content\r\n\r\n", 204, AKSU_OK, ""},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, AKSU_OK, ""},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\n"
     "Content-Length: 1\r\n\r\nx",
     200, AKSU_OK, "x"},
    {"HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\n\r\nto the end", 200,
     AKSU_OK, "to the end"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0a;x=y\r\n, it is me\r\n"
     "0\r\nTrailer: x\r\n\r\n",
     200, AKSU_OK, "hello, it is me"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 99\r\n\r\n0\r\n\r\n", 200,
     AKSU_OK, ""},
    // too short
    {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", 200, HTTP_ESHORT, "hello"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", 200, HTTP_ESHORT, ""},
    {"HTTP/1.1 200 OK\r\nContent-Len", 200, HTTP_ESHORT, ""},
    {"HTTP/1.1 20", 0, HTTP_ESHORT, ""},
    {"HTTP/1.1 100 Continue\r\n\r\n", 0, HTTP_ESHORT, ""},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", 200, HTTP_ESHORT, "hel"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 200, HTTP_ESHORT,
     "hello"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", 200, HTTP_ESHORT,
     "hello"},
    // malformed
    {"SSH-2.0-OpenSSH_9.2\r\n", 0, HTTP_EMALFORMED, ""},
    {"HTTP/2.0 200 OK\r\n", 0, HTTP_EMALFORMED, ""},
    {"HTTP/1.1 20 OK\r\n\r\n", 0, HTTP_EMALFORMED, ""},
    {"HTTP/1.1 2000 OK\r\n\r\n", 0, HTTP_EMALFORMED, ""},
    {"HTTP/1.1 099 OK\r\n\r\n", 0, HTTP_EMALFORMED, ""},
    {"HTTP/1.1 200OK\r\n\r\n", 0, HTTP_EMALFORMED, ""},
    {"\r\n\r\n", 0, HTTP_EMALFORMED, ""},
    {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", 200, HTTP_EMALFORMED, ""},
    {"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n", 200, HTTP_EMALFORMED, ""},
    {"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", 200, HTTP_EMALFORMED, ""},
    {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", 200, HTTP_EMALFORMED, ""},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 200,
     HTTP_EMALFORMED, ""},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", 200, HTTP_EMALFORMED, ""},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello", 200, HTTP_ESHORT, ""},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 200, HTTP_EMALFORMED, ""},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n", 200, HTTP_EMALFORMED, ""},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n", 200,
     HTTP_EMALFORMED, ""},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloo\r\n", 200, HTTP_EMALFORMED,
     "hello"},
};

static void play(const struct row *row, size_t piece)
{
    start(BOTH_RINGS);
    memset(&peer, 0, sizeof peer);
    peer.text = row->response;
    peer.len = strlen(row->response);
    peer.piece = piece;
    peer.fin = true;
    raw_listen(&peer, PORT);
    begin("/file");
    run(120000, &get.done);
    if (!get.done || get.status != row->status || get.error != row->error ||
        get.len != strlen(row->body) || memcmp(get.body, row->body, get.len) != 0) {
        fail_msg("in pieces of %zu: %s\nis done: %d, status %d, error %d, body %.*s", piece,
                 row->response, get.done, get.status, get.error, (int)get.len, get.body);
    }
    assert_true(get.request.body == get.len);
    run(120000, NULL);
    assert_int_equal(aksu_connections(client), 0);
}

static void responses_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        play(&rows[i], 0);
    }
}

static void responses_octet_by_octet(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t piece = 1; piece <= 3; piece++) {
            play(&rows[i], piece);
        }
    }
}

static void the_request_is_what_a_server_wants(void **state)
{
    static const char expected[] = "GET /some/path?q=1 HTTP/1.1\r\nHost: server.example\r\n";

    (void)state;
    start(BOTH_RINGS);
    memset(&peer, 0, sizeof peer);
    raw_listen(&peer, PORT);
    begin("/some/path?q=1");
    run(1000, NULL);
    assert_true(peer.got_len > sizeof expected);
    assert_memory_equal(peer.got, expected, sizeof expected - 1);
    assert_memory_equal(peer.got + peer.got_len - 4, "\r\n\r\n", 4);
    peer.got[peer.got_len - 2] = 0;
    assert_non_null(strstr((char *)peer.got, "\r\nConnection: close\r\n"));
    assert_false(get.done);
}

static void refused(void **state)
{
    (void)state;
    start(BOTH_RINGS);
    begin("/");
    run(10000, &get.done);
    assert_true(get.done);
    assert_int_equal(get.status, 0);
    assert_int_equal(get.error, AKSU_ECONNREFUSED);
}

static void reset_by_the_server(void **state)
{
    (void)state;
    start(BOTH_RINGS);
    memset(&peer, 0, sizeof peer);
    peer.text = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello";
    peer.len = strlen(peer.text);
    peer.reset = true;
    raw_listen(&peer, PORT);
    begin("/");
    run(10000, &get.done);
    assert_true(get.done);
    assert_int_equal(get.status, 200);
    assert_int_equal(get.error, AKSU_ECONNRESET);
    assert_int_equal(get.len, 5);
}

static void nobody_there(void **state)
{
    (void)state;
    start(BOTH_RINGS);
    pair.cut = true;
    begin("/");
    run(3600000, &get.done);
    assert_true(get.done);
    assert_int_equal(get.error, AKSU_EHOSTUNREACH); // no answer to ARP
}

static void given_up_by_the_caller(void **state)
{
    (void)state;
    start(BOTH_RINGS);
    memset(&peer, 0, sizeof peer);
    raw_listen(&peer, PORT);
    begin("/");
    run(100, NULL);
    assert_int_equal(aksu_abort(client, get.request.conn), AKSU_OK);
    run(100, NULL);
    assert_true(get.done);
    assert_int_equal(get.error, AKSU_ECONNABORTED);
    assert_true(peer.closed);
    assert_int_equal(peer.error, AKSU_ECONNRESET);
}

// A server that goes on with header fields for ever.
static void endless_header(void **state)
{
    static char text[100000];

    (void)state;
    start(BOTH_RINGS);
    memset(&peer, 0, sizeof peer);
    strcpy(text, "HTTP/1.1 200 OK\r\n");
    while (strlen(text) < sizeof text - 600) {
        memset(text + strlen(text), 'a', 500);
        strcat(text, ": b\r\n");
    }
    peer.text = text;
    peer.len = strlen(text);
    raw_listen(&peer, PORT);
    begin("/");
    run(60000, &get.done);
    assert_true(get.done);
    assert_int_equal(get.error, HTTP_EMALFORMED);
}

static void no_route_is_told_at_once(void **state)
{
    struct aksu_endpoint far = {aksu_ipv4(198, 51, 100, 1), PORT};
    struct http_request r = {.host = "h", .path = "/", .on_done = on_done};

    (void)state;
    start(BOTH_RINGS);
    memset(&get, 0, sizeof get);
    assert_int_equal(http_get(client, &far, &r), AKSU_EADDRNOTAVAIL);
    run(1000, NULL);
    assert_false(get.done);
}

// The two examples together: 5 MiB, with and without loss.
static void fetches_from_our_own_server(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed <= 3; seed++) {
        start(NO_SEND_RING);
        assert_int_equal(http_server_start(server, PORT), AKSU_OK);
        if (seed > 0) {
            lossy(seed);
            pair.cable.loss = 10;
        }
        begin("/5M.bin");
        get.check = true;
        run(600000, &get.done);
        assert_true(get.done);
        assert_int_equal(get.error, AKSU_OK);
        assert_int_equal(get.status, 200);
        assert_int_equal(get.len, 5 << 20);
        assert_int_equal(get.wrong, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_whole),
        cmocka_unit_test(responses_octet_by_octet),
        cmocka_unit_test(the_request_is_what_a_server_wants),
        cmocka_unit_test(refused),
        cmocka_unit_test(reset_by_the_server),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(given_up_by_the_caller),
        cmocka_unit_test(endless_header),
        cmocka_unit_test(no_route_is_told_at_once),
        cmocka_unit_test(fetches_from_our_own_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
