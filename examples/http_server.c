// SPDX-License-Identifier: MIT
// HTTP server: one request at a time and connection. A response is never stored: emit makes any
// part of it anew from what the connection knows about its request.
#include "examples.h"

#include <stddef.h>
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

#define FILE_MAX (4095u << 20)

enum { UNACKED_MAX = 1 << 29 };

// What a response begins with. A response has one of these very texts, so pointers are compared.
static const char OK[] = "200 OK";
static const char BAD_REQUEST[] = "400 Bad Request";
static const char NOT_FOUND[] = "404 Not Found";
static const char NOT_ALLOWED[] = "405 Method Not Allowed";
static const char URI_TOO_LONG[] = "414 URI Too Long";
static const char TOO_LARGE[] = "431 Request Header Fields Too Large";

enum phase {
    REQUEST_LINE, // or empty lines before it
    FIELDS,
    BODY,    // of the request: skipped
    RESPOND, // until all of the response is acknowledged
};

// A request, and what is answered. All zero when it begins.
struct request {
    const char *status; // one of the above
    const char *text;   // the response's body, or NULL: the pattern
    uint32_t length;    // of it
    uint32_t head;      // octets of request line and fields so far
    uint32_t body;      // octets of the request's body that are still to be skipped
    struct example_line line;
    uint8_t phase;
    bool head_only;
    bool old; // HTTP/1.0
    bool closing;
    bool has_host;
    bool has_length;
    bool ended; // the client has sent its FIN: that outlives a request
};

struct http_conn {
    struct request request;
    struct aksu *net; // NULL = free
    aksu_handle conn;
    // The response's place, in octets of the stream modulo 2^32.
    uint32_t start; // its first octet
    uint32_t end;   // one past its last octet
    uint32_t offered;
    uint32_t acked;
};

static struct http_conn conns[EXAMPLE_CONNECTIONS];

/// Response ///

static const char *content_type(const struct request *r)
{
    if (r->status != OK) {
        return "text/plain";
    }
    return r->text ? "text/html; charset=utf-8" : "application/octet-stream";
}

// Writes len octets of the response's header from offset on; `to` NULL: returns its length.
static size_t header(const struct request *r, uint32_t offset, void *to, size_t len)
{
    char length[11];
    const char *pieces[] = {
        "HTTP/1.1 ",
        r->status,
        r->status == NOT_ALLOWED ? "\r\nAllow: GET, HEAD" : "",
        "\r\nServer: aksu\r\nContent-Type: ",
        content_type(r),
        "\r\nContent-Length: ",
        example_decimal(r->length, length),
        r->closing ? "\r\nConnection: close\r\n\r\n" : "\r\nConnection: keep-alive\r\n\r\n",
    };

    return example_pieces(pieces, sizeof pieces / sizeof *pieces, offset, to, len);
}

static void emit(struct aksu *net, aksu_handle conn, void *user, uint32_t offset, void *to,
                 size_t len)
{
    const struct http_conn *c = user;
    const struct request *r = &c->request;
    uint32_t body = c->end - (r->head_only ? 0 : r->length); // where it begins
    uint8_t *p = to;

    (void)net;
    (void)conn;
    if (offset - c->start < body - c->start) {
        size_t n = body - offset < len ? body - offset : len;
        header(r, offset - c->start, p, n);
        p += n;
        len -= n;
        offset += (uint32_t)n;
    }
    if (r->text) {
        memcpy(p, r->text + (offset - body), len);
    } else {
        example_fill(offset - body, p, len);
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
    if (c->offered == c->end && c->request.closing) {
        aksu_shutdown(c->net, c->conn);
    }
}

static void respond(struct http_conn *c)
{
    struct request *r = &c->request;

    r->phase = RESPOND;
    c->start = c->offered;
    c->end = c->start + (uint32_t)header(r, 0, NULL, 0) + (r->head_only ? 0 : r->length);
}

// A page that says no more than the status.
static void say(struct request *r, const char *status)
{
    r->status = r->text = status;
    r->length = (uint32_t)strlen(status);
}

// Answers a request at once that is not understood: no more is taken of it, nor what follows it.
static void refuse(struct http_conn *c, const char *status)
{
    say(&c->request, status);
    c->request.closing = true;
    respond(c);
}

/// Request ///

// "/5M.bin": the pattern. Returns false if the path is not of that form, or too large.
static bool generated(struct request *r, const char *path)
{
    uint64_t n;
    unsigned shift = 0;

    if (*path++ != '/' || !example_number(&path, UINT32_MAX, &n)) {
        return false;
    }
    if (*path == 'k' || *path == 'M') {
        shift = *path++ == 'k' ? 10 : 20;
    }
    r->length = (uint32_t)n << shift;
    return strcmp(path, ".bin") == 0 && n <= FILE_MAX >> shift;
}

static void find(struct request *r, char *target)
{
    target[strcspn(target, "?")] = 0;
    if (strncmp(target, "http://", 7) == 0) { // absolute form, RFC 9112 3.2.2
        target += 7;
        target += strcspn(target, "/");
    }
    r->status = OK;
    if (*target == 0 || strcmp(target, "/") == 0 || strcmp(target, "/index.html") == 0) {
        r->text = page;
        r->length = sizeof page - 1;
    } else if (!generated(r, target)) {
        say(r, NOT_FOUND);
    }
}

// Cuts the word off the front of *text that ends with a blank or with the text. Returns it.
static char *word(char **text)
{
    char *begin = *text;
    char *end = begin + strcspn(begin, " ");

    *text = *end ? end + 1 : end;
    *end = 0;
    return begin;
}

// "GET /index.html HTTP/1.1". Returns the refusal that it calls for, or NULL: then the response is
// decided on, though fields may still change it.
static const char *request_line(struct request *r)
{
    char *rest = r->line.text;
    bool text = strlen(rest) == r->line.len; // no NUL inside
    char *method = word(&rest);
    char *target = word(&rest);

    if (r->line.cut) {
        return URI_TOO_LONG;
    }
    if (!text || *method == 0 || *target == 0 || strncmp(rest, "HTTP/1.", 7) != 0 ||
        rest[7] < '0' || rest[7] > '9' || rest[8] != 0) {
        return BAD_REQUEST;
    }
    r->old = r->closing = rest[7] == '0';
    r->head_only = strcmp(method, "HEAD") == 0;
    if (!r->head_only && strcmp(method, "GET") != 0) {
        return NOT_ALLOWED;
    }
    find(r, target);
    return NULL;
}

static bool content_length(struct request *r, const char *value)
{
    uint64_t n;

    if (!example_number(&value, UINT32_MAX, &n) || *value != 0 || (r->has_length && r->body != n)) {
        return false;
    }
    r->body = (uint32_t)n;
    r->has_length = true;
    return true;
}

// One header field. Returns the refusal that it calls for, or NULL.
static const char *field(struct request *r)
{
    char *text = r->line.text;
    size_t name = strcspn(text, ": \t");
    const char *too_large = r->line.cut ? TOO_LARGE : NULL;
    const char *value;

    if (text[name] == 0 && too_large) {
        return too_large;
    }
    if (name == 0 || text[name] != ':') {
        return BAD_REQUEST; // a blank in or before the name as well, RFC 9112 5.1 and 5.2
    }
    if (example_field(text, "host")) {
        bool twice = r->has_host;
        r->has_host = true;
        return twice ? BAD_REQUEST : too_large;
    }
    if ((value = example_field(text, "connection")) != NULL) {
        r->closing |= example_has_word(value, "close");
        if (r->old && example_has_word(value, "keep-alive")) {
            r->closing = false;
        }
        return too_large;
    }
    if ((value = example_field(text, "content-length")) != NULL) {
        return too_large || content_length(r, value) ? too_large : BAD_REQUEST;
    }
    return example_field(text, "transfer-encoding") ? BAD_REQUEST : NULL; // no body is wanted here
}

// Takes a line of the header in. Returns the refusal that it calls for, or NULL.
static const char *line_done(struct http_conn *c)
{
    struct request *r = &c->request;

    if (r->phase == REQUEST_LINE) {
        if (r->line.len == 0) {
            return NULL;
        }
        r->phase = FIELDS;
        return request_line(r);
    }
    if (r->line.len > 0) {
        return field(r);
    }
    if (!r->has_host && !r->old) {
        return BAD_REQUEST; // RFC 9112 3.2
    }
    if (r->body > 0) {
        r->phase = BODY;
    } else {
        respond(c);
    }
    return NULL;
}

static size_t take_line(struct http_conn *c, const uint8_t *data, size_t len)
{
    struct request *r = &c->request;
    const char *refusal = NULL;

    len = example_line_take(&r->line, data, len);
    r->head += (uint32_t)len;
    if (r->head > HTTP_HEAD_MAX) {
        refusal = TOO_LARGE;
    } else if (r->line.done) {
        refusal = line_done(c);
    }
    if (refusal) {
        refuse(c, refusal);
    }
    return len;
}

static size_t take_body(struct http_conn *c, size_t len)
{
    struct request *r = &c->request;
    size_t n = r->body < len ? r->body : len;

    r->body -= (uint32_t)n;
    if (r->body == 0) {
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

    while ((c->request.phase != RESPOND || c->request.closing) &&
           (data = aksu_peek(c->net, c->conn, &len)) != NULL) {
        if (c->request.phase == BODY) {
            len = take_body(c, len);
        } else if (c->request.phase != RESPOND) {
            len = take_line(c, data, len);
        }
        aksu_consume(c->net, c->conn, len);
    }
    if (c->request.phase == RESPOND) {
        offer(c);
    } else if (c->request.ended) {
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
    if (c->request.phase != RESPOND || c->acked != c->end || c->request.closing) {
        return;
    }
    memset(&c->request, 0, offsetof(struct request, ended));
    work(c);
}

static void on_end(struct aksu *net, aksu_handle conn, void *user)
{
    struct http_conn *c = user;

    (void)net;
    (void)conn;
    c->request.ended = true;
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
