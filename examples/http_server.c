// SPDX-License-Identifier: MIT
// HTTP server: one request at a time and connection. A response is never stored: emit makes any
// part of it anew from what the connection knows about its request.
#include "examples.h"

#include <string.h>

static const char page[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head><meta charset=\"utf-8\"><title>aksu</title></head>\n"
    "<body>\n"
    "<h1>aksu</h1>\n"
    "<p>This page came through an embeddable TCP, out of constant memory, without a send "
    "buffer.</p>\n"
    "<ul>\n"
    "<li><a href=\"/100k.bin\">100 KiB</a></li>\n"
    "<li><a href=\"/5M.bin\">5 MiB</a></li>\n"
    "<li><a href=\"/64M.bin\">64 MiB</a></li>\n"
    "</ul>\n"
    "</body>\n"
    "</html>\n";

enum { FILE_MAX_MIB = 4095, UNACKED_MAX = 1 << 29 };

enum phase {
    REQUEST_LINE, // or empty lines before it
    FIELDS,
    BODY,    // of the request: skipped
    RESPOND, // until all of the response is acknowledged
};

struct http_conn {
    struct aksu *net; // NULL = free
    aksu_handle conn;
    uint8_t phase;
    bool ended; // the client has sent its FIN

    // The request.
    bool head_only;
    bool old; // HTTP/1.0
    bool closing;
    bool has_host;
    bool has_length;
    uint32_t head; // octets of request line and fields so far
    uint64_t body; // octets of its body to be skipped
    struct example_line line;

    // The response, in octets of the stream modulo 2^32.
    uint16_t status;
    const char *text; // its body, or NULL: the pattern
    uint32_t length;  // of its body
    uint32_t end;     // one past its last octet
    uint32_t start;   // its first octet
    uint32_t offered;
    uint32_t acked;
};

static struct http_conn conns[EXAMPLE_CONNECTIONS];

/// Response ///

static const char *reason(unsigned status)
{
    switch (status) {
    case 200:
        return "200 OK";
    case 404:
        return "404 Not Found";
    case 405:
        return "405 Method Not Allowed";
    case 414:
        return "414 URI Too Long";
    case 431:
        return "431 Request Header Fields Too Large";
    default:
        return "400 Bad Request";
    }
}

static const char *content_type(const struct http_conn *c)
{
    if (c->status != 200) {
        return "text/plain";
    }
    return c->text ? "text/html; charset=utf-8" : "application/octet-stream";
}

// Writes a number to the end of a buffer of 11 characters. Returns where it begins.
static const char *decimal(uint32_t number, char *buffer)
{
    char *p = buffer + 10;

    *p = 0;
    do {
        *--p = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return p;
}

// Writes len octets of the response's header from offset on; `to` NULL: returns its length.
static size_t header(const struct http_conn *c, uint32_t offset, void *to, size_t len)
{
    char length[11];
    const char *pieces[] = {
        "HTTP/1.1 ",
        reason(c->status),
        "\r\nServer: aksu\r\nContent-Type: ",
        content_type(c),
        c->status == 405 ? "\r\nAllow: GET, HEAD\r\nContent-Length: " : "\r\nContent-Length: ",
        decimal(c->length, length),
        c->closing ? "\r\nConnection: close\r\n\r\n" : "\r\nConnection: keep-alive\r\n\r\n",
    };

    return example_pieces(pieces, sizeof pieces / sizeof *pieces, offset, to, len);
}

static void emit(struct aksu *net, aksu_handle conn, void *user, uint32_t offset, void *to,
                 size_t len)
{
    const struct http_conn *c = user;
    uint32_t body = c->end - (c->head_only ? 0 : c->length); // where it begins
    uint32_t before = body - c->start;
    uint8_t *p = to;

    (void)net;
    (void)conn;
    offset -= c->start;
    if (offset < before) {
        size_t n = before - offset < len ? before - offset : len;
        header(c, offset, p, n);
        p += n;
        len -= n;
        offset += (uint32_t)n;
    }
    if (c->text) {
        memcpy(p, c->text + (offset - before), len);
    } else {
        example_fill(offset - before, p, len);
    }
}

// Offers as much as may be offered; behind the last octet of a last response the FIN follows.
static void offer(struct http_conn *c)
{
    uint32_t left = c->end - c->offered;
    uint32_t room = UNACKED_MAX - (c->offered - c->acked);
    uint32_t n = left < room ? left : room;

    if (n == 0 || aksu_offer(c->net, c->conn, n) != AKSU_OK) {
        return;
    }
    c->offered += n;
    if (c->offered == c->end && c->closing) {
        aksu_shutdown(c->net, c->conn);
    }
}

static void respond(struct http_conn *c)
{
    c->phase = RESPOND;
    c->start = c->offered;
    c->end = c->start + (uint32_t)header(c, 0, NULL, 0) + (c->head_only ? 0 : c->length);
    offer(c);
}

// An answer other than the page. What the client sends after it is not understood any more.
static void refuse(struct http_conn *c, unsigned status)
{
    c->status = (uint16_t)status;
    c->text = reason(status);
    c->length = (uint32_t)strlen(c->text);
    c->closing |= status != 404;
}

/// Request ///

static void begin_request(struct http_conn *c)
{
    c->phase = REQUEST_LINE;
    c->head_only = c->old = c->closing = c->has_host = c->has_length = false;
    c->head = 0;
    c->body = 0;
    c->line.len = 0;
    c->line.cut = false;
    c->status = 0;
}

// "/5M.bin": the pattern. Returns false if the path is not of that form, or too large.
static bool generated(struct http_conn *c, const char *path)
{
    uint64_t n;
    unsigned shift = 0;

    if (*path++ != '/' || !example_number(&path, UINT32_MAX, &n)) {
        return false;
    }
    if (*path == 'k' || *path == 'M') {
        shift = *path++ == 'k' ? 10 : 20;
    }
    if (strcmp(path, ".bin") != 0 || n << shift > (uint64_t)FILE_MAX_MIB << 20) {
        return false;
    }
    c->text = NULL;
    c->length = (uint32_t)(n << shift);
    return true;
}

static void find(struct http_conn *c, char *target)
{
    char *query = strchr(target, '?');

    if (query) {
        *query = 0;
    }
    if (strncmp(target, "http://", 7) == 0) { // absolute form, RFC 9112 3.2.2
        target = strchr(target + 7, '/');
        target = target ? target : "/";
    }
    c->status = 200;
    if (strcmp(target, "/") == 0 || strcmp(target, "/index.html") == 0) {
        c->text = page;
        c->length = sizeof page - 1;
    } else if (!generated(c, target)) {
        refuse(c, 404);
    }
}

// Cuts the word off the front of *text that ends with a blank or with the text. Returns it.
static char *word(char **text)
{
    char *begin = *text;
    char *end = strchr(begin, ' ');

    *text = end ? end + 1 : begin + strlen(begin);
    if (end) {
        *end = 0;
    }
    return begin;
}

// "GET /index.html HTTP/1.1". Decides on the response; the fields may still change it.
static void request_line(struct http_conn *c)
{
    char *rest = c->line.text;

    if (c->line.cut) {
        refuse(c, 414);
        return;
    }
    bool text = strlen(rest) == c->line.len; // no NUL inside
    char *method = word(&rest);
    char *target = word(&rest);

    c->old = strcmp(rest, "HTTP/1.0") == 0;
    c->closing = c->old;
    c->head_only = strcmp(method, "HEAD") == 0;
    if (!text || *method == 0 || *target == 0 || strlen(rest) != 8 ||
        strncmp(rest, "HTTP/1.", 7) != 0 || rest[7] < '0' || rest[7] > '9') {
        refuse(c, 400);
    } else if (!c->head_only && strcmp(method, "GET") != 0) {
        refuse(c, 405);
    } else {
        find(c, target);
    }
}

static bool content_length(struct http_conn *c, const char *value)
{
    uint64_t before = c->body;
    bool good = example_number(&value, INT64_MAX, &c->body) && *value == 0 &&
                (!c->has_length || before == c->body);

    c->has_length = true;
    return good;
}

// One header field. Returns the status of the refusal that it calls for, or 0.
static unsigned field(struct http_conn *c)
{
    char *text = c->line.text;
    const char *colon = strchr(text, ':');
    const char *value;

    if (!colon) {
        return c->line.cut ? 431 : 400;
    }
    if (colon == text || strcspn(text, " \t") < (size_t)(colon - text)) {
        return 400; // a blank in or before the name, RFC 9112 5.1 and 5.2
    }
    if (example_field(text, "host")) {
        bool twice = c->has_host;
        c->has_host = true;
        return twice ? 400 : c->line.cut ? 431 : 0;
    }
    if ((value = example_field(text, "connection")) != NULL) {
        c->closing |= example_has_word(value, "close");
        if (c->old && example_has_word(value, "keep-alive")) {
            c->closing = false;
        }
        return c->line.cut ? 431 : 0;
    }
    if ((value = example_field(text, "content-length")) != NULL) {
        return c->line.cut ? 431 : content_length(c, value) ? 0 : 400;
    }
    return example_field(text, "transfer-encoding") ? 400 : 0; // no body is wanted here
}

static void fields_end(struct http_conn *c)
{
    if (!c->has_host && !c->old) {
        refuse(c, 400); // RFC 9112 3.2
    }
    if (c->body > 0) {
        c->phase = BODY;
    } else {
        respond(c);
    }
}

static void line_done(struct http_conn *c)
{
    unsigned refusal;

    if (c->phase == REQUEST_LINE) {
        if (c->line.len > 0) {
            request_line(c);
            c->phase = FIELDS;
        }
    } else if (c->line.len == 0) {
        fields_end(c);
    } else if ((refusal = field(c)) != 0) {
        refuse(c, refusal);
    }
    c->line.len = 0;
    c->line.cut = false;
    // What is wrong needs no more of the request.
    if (c->phase == FIELDS && c->status != 200 && c->status != 404) {
        respond(c);
    }
}

static size_t take_line(struct http_conn *c, const uint8_t *data, size_t len)
{
    bool done;
    size_t n = example_line_take(&c->line, data, len, &done);

    c->head += (uint32_t)n;
    if (c->head > HTTP_HEAD_MAX) {
        refuse(c, 431);
        respond(c);
    } else if (done) {
        line_done(c);
    }
    return n;
}

static size_t take_body(struct http_conn *c, size_t len)
{
    size_t n = c->body < len ? (size_t)c->body : len;

    c->body -= n;
    if (c->body == 0) {
        respond(c);
    }
    return n;
}

// Takes what came, up to the end of a request. The next one waits in the receive ring for the end
// of the response. Behind a last request all is thrown away.
static void work(struct http_conn *c)
{
    const void *data;
    size_t len;

    while ((c->phase != RESPOND || c->closing) &&
           (data = aksu_peek(c->net, c->conn, &len)) != NULL) {
        if (c->phase == BODY) {
            len = take_body(c, len);
        } else if (c->phase != RESPOND) {
            len = take_line(c, data, len);
        }
        aksu_consume(c->net, c->conn, len);
    }
    if (c->ended && c->phase != RESPOND) {
        aksu_shutdown(c->net, c->conn);
    }
}

/// Handlers ///

static void on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    (void)net;
    (void)conn;
    (void)readable;
    work(user);
}

static void on_sent(struct aksu *net, aksu_handle conn, void *user, size_t acked)
{
    struct http_conn *c = user;

    (void)net;
    (void)conn;
    c->acked += (uint32_t)acked;
    offer(c);
    // After a last response the client's FIN is all that is waited for: to close now would reset a
    // client that still sends, and lose it the response (RFC 9112 9.6).
    if (c->phase != RESPOND || c->acked != c->end || c->closing) {
        return;
    }
    begin_request(c);
    work(c);
}

static void on_end(struct aksu *net, aksu_handle conn, void *user)
{
    struct http_conn *c = user;

    (void)net;
    (void)conn;
    c->ended = true;
    work(c);
}

static void on_close(struct aksu *net, aksu_handle conn, void *user, int error)
{
    struct http_conn *c = user;

    (void)net;
    (void)conn;
    (void)error;
    c->net = NULL;
}

static bool on_accept(struct aksu *net, aksu_handle conn, void *user);

static const struct aksu_handlers http = {
    .on_accept = on_accept,
    .on_recv = on_recv,
    .on_sent = on_sent,
    .on_end = on_end,
    .on_close = on_close,
    .emit = emit,
};

static bool on_accept(struct aksu *net, aksu_handle conn, void *user)
{
    struct http_conn *c = conns;

    (void)user;
    while (c < conns + EXAMPLE_CONNECTIONS && c->net) {
        c++;
    }
    if (c == conns + EXAMPLE_CONNECTIONS) {
        return false;
    }
    memset(c, 0, sizeof *c);
    c->net = net;
    c->conn = conn;
    begin_request(c);
    aksu_set_handlers(net, conn, &http, c);
    aksu_set(net, conn, AKSU_NODELAY, 1); // a response's last octets must not wait for an ACK
    aksu_set(net, conn, AKSU_KEEPALIVE, 1);
    aksu_set(net, conn, AKSU_KEEPALIVE_IDLE, 120);
    return true;
}

int http_server_start(struct aksu *net, uint16_t port)
{
    return aksu_listen(net, NULL, port, 0, &http, NULL);
}
