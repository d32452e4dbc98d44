// SPDX-License-Identifier: MIT
// The handshake tour: one connection from its SYN to its last ACK, with a request and an answer of
// three segments between.
#include "examples.h"

#include <string.h>

static const char request[] = "GET / over aksu\r\n";
static const char answer_line[] = "aksu says hello, fifty octets at a time, one line\n";

enum { ANSWER_LINE = sizeof answer_line - 1 };

/// Server ///

// The connection whose client has closed and that waits for tour_server_close().
static struct {
    struct aksu *net;
    aksu_handle conn;
} waiting;

// A line's end: the answer. Its octets come from emit.
static void server_on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    const void *data;
    size_t len;

    (void)user;
    (void)readable;
    while ((data = aksu_peek(net, conn, &len)) != NULL) {
        bool asked = memchr(data, '\n', len) != NULL;
        aksu_consume(net, conn, len);
        if (asked) {
            aksu_offer(net, conn, TOUR_REPLY);
        }
    }
}

static void emit_answer(struct aksu *net, aksu_handle conn, void *user, uint32_t offset, void *to,
                        size_t len)
{
    char *p = to;

    (void)net;
    (void)conn;
    (void)user;
    while (len > 0) {
        uint32_t at = offset % ANSWER_LINE;
        size_t n = len < ANSWER_LINE - at ? len : ANSWER_LINE - at;
        memcpy(p, answer_line + at, n);
        p += n;
        offset += (uint32_t)n;
        len -= n;
    }
}

static void server_on_end(struct aksu *net, aksu_handle conn, void *user)
{
    (void)user;
    aksu_shutdown(net, conn);
}

static void server_on_end_waiting(struct aksu *net, aksu_handle conn, void *user)
{
    (void)user;
    waiting.net = net;
    waiting.conn = conn;
}

int tour_server_start(struct aksu *net, uint16_t port)
{
    static const struct aksu_handlers handlers = {
        .on_recv = server_on_recv,
        .on_end = server_on_end,
        .emit = emit_answer,
    };

    return aksu_listen(net, NULL, port, 0, &handlers, NULL);
}

int tour_server_start_waiting(struct aksu *net, uint16_t port)
{
    static const struct aksu_handlers handlers = {
        .on_recv = server_on_recv,
        .on_end = server_on_end_waiting,
        .emit = emit_answer,
    };

    return aksu_listen(net, NULL, port, 0, &handlers, NULL);
}

int tour_server_close(struct aksu *net)
{
    aksu_handle conn = waiting.net == net ? waiting.conn : 0;

    if (conn != 0) {
        waiting.conn = 0;
    }
    return aksu_shutdown(net, conn);
}

/// Client ///

static struct {
    bool busy;
    size_t reply;
    void (*done)(size_t reply, int error);
} tour;

static void client_on_open(struct aksu *net, aksu_handle conn, void *user)
{
    (void)user;
    aksu_send(net, conn, request, sizeof request - 1);
}

static void client_on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    (void)user;
    aksu_consume(net, conn, readable);
    tour.reply += readable;
    if (tour.reply == TOUR_REPLY) {
        aksu_shutdown(net, conn);
    }
}

static void client_on_end(struct aksu *net, aksu_handle conn, void *user)
{
    (void)user;
    aksu_shutdown(net, conn);
}

static void client_on_close(struct aksu *net, aksu_handle conn, void *user, int error)
{
    (void)net;
    (void)conn;
    (void)user;
    tour.busy = false;
    if (tour.done) {
        tour.done(tour.reply, error);
    }
}

int tour_client_start(struct aksu *net, const struct aksu_endpoint *remote,
                      void (*done)(size_t reply, int error))
{
    static const struct aksu_handlers handlers = {
        .on_open = client_on_open,
        .on_recv = client_on_recv,
        .on_end = client_on_end,
        .on_close = client_on_close,
    };

    if (tour.busy) {
        return AKSU_EBUSY;
    }
    aksu_handle conn = aksu_connect(net, remote, 0, &handlers, NULL);

    if (conn < 0) {
        return conn;
    }
    tour.busy = true;
    tour.reply = 0;
    tour.done = done;
    return AKSU_OK;
}
