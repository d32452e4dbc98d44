// SPDX-License-Identifier: MIT
// Transfer: the pattern both ways at once through one connection, closed in a way of the caller's
// choice.
#include "examples.h"

#include <string.h>

static void finish(struct aksu *net, const struct transfer *t)
{
    size_t preface = t->preface ? strlen(t->preface) : 0;
    bool queued = t->sent == t->to_send && t->preface_sent == preface;
    bool received = t->received >= t->to_receive || t->ended;

    if (!queued) {
        return;
    }
    if (t->end == TRANSFER_HALF) {
        aksu_shutdown(net, t->conn); // EPIPE the second time, and no harm
    } else if (t->end == TRANSFER_ABORT) {
        if (received && t->acked == t->to_send + preface) {
            aksu_abort(net, t->conn);
        }
    } else if (received && (t->ended || t->end == TRANSFER_FIRST)) {
        aksu_close(net, t->conn, 0);
    }
}

// Queues what there is room for.
static void pump(struct aksu *net, struct transfer *t)
{
    size_t room;
    void *to;

    if (t->preface && t->preface[t->preface_sent]) {
        const char *rest = t->preface + t->preface_sent;
        int32_t n = aksu_send(net, t->conn, rest, strlen(rest));
        t->preface_sent += (uint32_t)(n > 0 ? n : 0);
    }
    while (t->sent < t->to_send && (!t->preface || !t->preface[t->preface_sent]) &&
           (to = aksu_room(net, t->conn, &room)) != NULL) {
        uint64_t left = t->to_send - t->sent;
        room = left < room ? (size_t)left : room;
        example_fill((uint32_t)t->sent, to, room);
        aksu_commit(net, t->conn, room);
        t->sent += room;
    }
    finish(net, t);
}

static bool on_accept(struct aksu *net, aksu_handle conn, void *user)
{
    struct transfer *t = user;

    (void)net;
    if (t->conn != 0) {
        return false;
    }
    t->conn = conn;
    return true;
}

static void on_open(struct aksu *net, aksu_handle conn, void *user)
{
    struct transfer *t = user;

    t->conn = conn;
    t->opened = true;
    pump(net, t);
}

static void on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    struct transfer *t = user;
    const void *data;
    size_t len;

    (void)readable;
    while ((data = aksu_peek(net, conn, &len)) != NULL) {
        t->mismatches += example_differ((uint32_t)t->received, data, len);
        t->received += len;
        aksu_consume(net, conn, len);
    }
    finish(net, t);
}

static void on_sent(struct aksu *net, aksu_handle conn, void *user, size_t acked)
{
    struct transfer *t = user;

    (void)conn;
    t->acked += acked;
    pump(net, t);
}

static void on_end(struct aksu *net, aksu_handle conn, void *user)
{
    struct transfer *t = user;

    (void)conn;
    t->ended = true;
    finish(net, t);
}

static void on_close(struct aksu *net, aksu_handle conn, void *user, int error)
{
    struct transfer *t = user;

    (void)net;
    (void)conn;
    t->error = error;
    t->done = true;
    if (t->on_done) {
        t->on_done(t);
    }
}

static const struct aksu_handlers transfer_handlers = {
    .on_accept = on_accept,
    .on_open = on_open,
    .on_recv = on_recv,
    .on_sent = on_sent,
    .on_end = on_end,
    .on_close = on_close,
};

int transfer_start(struct aksu *net, const struct aksu_endpoint *remote, struct transfer *t)
{
    aksu_handle conn = aksu_connect(net, remote, 0, &transfer_handlers, t);

    if (conn < 0) {
        return conn;
    }
    t->conn = conn;
    return AKSU_OK;
}

int transfer_listen(struct aksu *net, uint16_t port, struct transfer *t)
{
    return aksu_listen(net, NULL, port, 0, &transfer_handlers, t);
}
