// SPDX-License-Identifier: MIT
// HTTP client: one GET request a connection, RFC 9112.
#include "examples.h"

#include <string.h>

enum { HEAD_MAX = 65536 };

enum state {
    STATUS,     // the status line comes
    FIELDS,     // header fields come
    BODY,       // body of known length, or a chunk
    BODY_OPEN,  // body up to the end of the connection
    CHUNK_SIZE, // the line before a chunk
    CHUNK_END,  // the empty line behind a chunk
    TRAILER,    // fields behind the last chunk
    COMPLETE,
    FAILED
};

static void fail(struct http_request *r, int error)
{
    r->error = error;
    r->state = FAILED;
}

// "HTTP/1.1 200 OK"
static void status_line(struct http_request *r, const char *text)
{
    const char *at = text + 9;
    uint64_t status = 0;

    if (r->line.len < 12 || memcmp(text, "HTTP/1.", 7) != 0 || text[8] != ' ' ||
        !example_number(&at, 999, &status) || at != text + 12 || status < 100 ||
        (*at != ' ' && *at != 0)) {
        fail(r, HTTP_EMALFORMED);
        return;
    }
    r->status = (int)status;
    r->state = FIELDS;
}

static void content_length(struct http_request *r, const char *value)
{
    uint64_t length;

    if (!example_number(&value, INT64_MAX, &length) || *value != 0 ||
        (r->has_length && length != r->left)) {
        fail(r, HTTP_EMALFORMED);
        return;
    }
    r->has_length = true;
    r->left = length;
}

// The empty line: what follows, RFC 9112 6.3.
static void fields_end(struct http_request *r)
{
    if (r->status < 200 && r->status != 101) {
        r->state = STATUS; // an interim response
        r->status = 0;
        r->has_length = r->chunked = false;
    } else if (r->status == 204 || r->status == 304) {
        r->state = COMPLETE;
    } else if (r->chunked) {
        r->state = CHUNK_SIZE;
    } else if (r->has_length) {
        r->state = r->left > 0 ? BODY : COMPLETE;
    } else {
        r->state = BODY_OPEN;
    }
}

static void field(struct http_request *r)
{
    char *text = r->line.text;
    const char *value;

    if (r->line.len == 0) {
        fields_end(r);
    } else if ((value = example_field(text, "content-length")) != NULL) {
        content_length(r, value);
    } else if ((value = example_field(text, "transfer-encoding")) != NULL) {
        if (!example_has_word(value, "chunked")) {
            fail(r, HTTP_EMALFORMED);
        }
        r->chunked = true;
    } else if (text[0] == ' ' || text[0] == '\t' || (!r->line.cut && !strchr(text, ':'))) {
        fail(r, HTTP_EMALFORMED);
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void chunk_size(struct http_request *r)
{
    const char *p = r->line.text;
    int digit;

    r->left = 0;
    while ((digit = hex_digit(*p)) >= 0 && p < r->line.text + 15) {
        r->left = r->left << 4 | (unsigned)digit;
        p++;
    }
    if (p == r->line.text || (*p != 0 && *p != ';' && *p != ' ' && *p != '\t')) {
        fail(r, HTTP_EMALFORMED);
    } else {
        r->state = r->left > 0 ? BODY : TRAILER;
    }
}

static void line_done(struct http_request *r)
{
    switch (r->state) {
    case STATUS:
        status_line(r, r->line.text);
        break;
    case FIELDS:
        field(r);
        break;
    case CHUNK_SIZE:
        chunk_size(r);
        break;
    case CHUNK_END:
        if (r->line.len > 0) {
            fail(r, HTTP_EMALFORMED);
            break;
        }
        r->state = CHUNK_SIZE;
        r->head = 0;
        break;
    default:
        r->state = r->line.len > 0 ? TRAILER : COMPLETE;
        break;
    }
}

static size_t take_line(struct http_request *r, const uint8_t *data, size_t len)
{
    size_t n = example_line_take(&r->line, data, len);

    r->head += (uint32_t)n;
    if (r->head > HEAD_MAX) {
        fail(r, HTTP_EMALFORMED);
    } else if (r->line.done) {
        line_done(r);
    }
    return n;
}

static size_t take_body(struct http_request *r, const uint8_t *data, size_t len)
{
    size_t n = r->state == BODY && r->left < len ? (size_t)r->left : len;

    if (r->on_body) {
        r->on_body(r, data, n);
    }
    r->body += n;
    if (r->state == BODY) {
        r->left -= n;
        if (r->left == 0) {
            r->state = r->chunked ? CHUNK_END : COMPLETE;
        }
    }
    return n;
}

static void take(struct http_request *r, const uint8_t *data, size_t len)
{
    while (len > 0 && r->state != COMPLETE && r->state != FAILED) {
        bool body = r->state == BODY || r->state == BODY_OPEN;
        size_t n = body ? take_body(r, data, len) : take_line(r, data, len);
        data += n;
        len -= n;
    }
}

static void on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    struct http_request *r = user;
    const void *data;
    size_t len;

    (void)readable;
    while ((data = aksu_peek(net, conn, &len)) != NULL) {
        take(r, data, len);
        aksu_consume(net, conn, len);
    }
    if (r->state == COMPLETE) {
        aksu_close(net, conn, 0);
    } else if (r->state == FAILED) {
        aksu_abort(net, conn);
    }
}

static void on_end(struct aksu *net, aksu_handle conn, void *user)
{
    struct http_request *r = user;

    if (r->state == BODY_OPEN) {
        r->state = COMPLETE;
    } else if (r->state != COMPLETE) {
        fail(r, HTTP_ESHORT);
    }
    aksu_close(net, conn, 0);
}

// A response that is complete stays so, whatever becomes of the connection.
static void on_close(struct aksu *net, aksu_handle conn, void *user, int error)
{
    struct http_request *r = user;

    (void)net;
    (void)conn;
    if (r->state != COMPLETE && r->state != FAILED) {
        fail(r, error ? error : HTTP_ESHORT);
    }
    if (r->on_done) {
        r->on_done(r, r->status, r->error);
    }
}

static size_t request_text(const struct http_request *r, uint32_t offset, void *to, size_t len)
{
    const char *pieces[5] = {"GET ", r->path, " HTTP/1.1\r\nHost: ", r->host,
                             "\r\nUser-Agent: aksu\r\nConnection: close\r\n\r\n"};

    return example_pieces(pieces, 5, offset, to, len);
}

static void emit(struct aksu *net, aksu_handle conn, void *user, uint32_t offset, void *to,
                 size_t len)
{
    (void)net;
    (void)conn;
    request_text(user, offset, to, len);
}

// With a name the handle is known now, and the request is sent; else it was before.
static void on_open(struct aksu *net, aksu_handle conn, void *user)
{
    struct http_request *r = user;

    r->conn = conn;
    if (r->on_open) {
        r->on_open(r);
    }
    aksu_offer(net, conn, request_text(r, 0, NULL, 0));
}

static void begin(struct http_request *r)
{
    r->conn = 0;
    r->state = STATUS;
    r->status = 0;
    r->error = AKSU_OK;
    r->body = r->left = 0;
    r->head = 0;
    r->chunked = r->has_length = false;
    r->line.len = 0;
    r->line.cut = r->line.done = false;
}

int http_get(struct aksu *net, const struct aksu_endpoint *remote, struct http_request *r)
{
    static const struct aksu_handlers handlers = {
        .on_recv = on_recv,
        .on_end = on_end,
        .on_close = on_close,
        .emit = emit,
    };
    aksu_handle conn = aksu_connect(net, remote, 0, &handlers, r);

    if (conn < 0) {
        return conn;
    }
    begin(r);
    r->conn = conn;
    return aksu_offer(net, conn, request_text(r, 0, NULL, 0));
}

int http_get_name(struct aksu *net, struct aksu_named *named, struct aksu_dns *dns, uint16_t port,
                  struct http_request *r)
{
    static const struct aksu_handlers handlers = {
        .on_open = on_open,
        .on_recv = on_recv,
        .on_end = on_end,
        .on_close = on_close,
        .emit = emit,
    };

    begin(r);
    return aksu_connect_name(net, named, dns, r->host, port, &handlers, r);
}
