// SPDX-License-Identifier: MIT
// Two servers for measuring one direction at a time: a sink, and a source of the pattern.
#include "examples.h"

#include <string.h>

/// Sink ///

struct sink_conn {
    struct sink *sink; // NULL = free
    uint32_t offset;   // in the pattern
};

static bool sink_on_accept(struct aksu *net, aksu_handle conn, void *user);

static void sink_on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    struct sink_conn *c = user;
    const void *data;
    size_t len;

    (void)readable;
    while ((data = aksu_peek(net, conn, &len)) != NULL) {
        c->sink->mismatches += example_differ(c->offset, data, len);
        c->sink->octets += len;
        c->offset += (uint32_t)len;
        aksu_consume(net, conn, len);
    }
}

static void sink_on_end(struct aksu *net, aksu_handle conn, void *user)
{
    (void)user;
    aksu_shutdown(net, conn);
}

static void sink_on_close(struct aksu *net, aksu_handle conn, void *user, int error)
{
    struct sink_conn *c = user;

    (void)net;
    (void)conn;
    c->sink->open--;
    c->sink->failed += error != AKSU_OK;
    c->sink = NULL;
}

static const struct aksu_handlers sink_handlers = {
    .on_accept = sink_on_accept,
    .on_recv = sink_on_recv,
    .on_end = sink_on_end,
    .on_close = sink_on_close,
};

static bool sink_on_accept(struct aksu *net, aksu_handle conn, void *user)
{
    static struct sink_conn conns[EXAMPLE_CONNECTIONS];
    struct sink *sink = user;
    struct sink_conn *c = conns;

    while (c < conns + EXAMPLE_CONNECTIONS && c->sink) {
        c++;
    }
    if (c == conns + EXAMPLE_CONNECTIONS) {
        return false;
    }
    c->sink = sink;
    c->offset = 0;
    sink->connections++;
    sink->open++;
    aksu_set_handlers(net, conn, &sink_handlers, c);
    aksu_set(net, conn, AKSU_KEEPALIVE, 1);
    return true;
}

int sink_start(struct aksu *net, uint16_t port, struct sink *sink)
{
    return aksu_listen(net, NULL, port, 0, &sink_handlers, sink);
}

/// Source ///

struct source_conn {
    struct source *source; // NULL = free
    bool asked;            // how many is known
    uint64_t left;         // octets still to be offered
    uint32_t unacked;
    struct example_line line;
};

enum { OFFERED_MAX = 1 << 24 };

static bool source_on_accept(struct aksu *net, aksu_handle conn, void *user);

static void source_offer(struct aksu *net, aksu_handle conn, struct source_conn *c)
{
    uint32_t room = OFFERED_MAX - c->unacked;
    uint32_t n = c->left < room ? (uint32_t)c->left : room;

    if (n > 0 && aksu_offer(net, conn, n) == AKSU_OK) {
        c->unacked += n;
        c->left -= n;
    }
    if (c->left == 0) {
        aksu_shutdown(net, conn);
    }
}

static void source_on_open(struct aksu *net, aksu_handle conn, void *user)
{
    struct source_conn *c = user;

    if (c->asked) {
        source_offer(net, conn, c);
    }
}

static void source_on_line(struct aksu *net, aksu_handle conn, struct source_conn *c)
{
    const char *at = c->line.text;

    if (c->line.cut || !example_number(&at, UINT64_MAX, &c->left) || *at != 0) {
        aksu_abort(net, conn);
        return;
    }
    c->asked = true;
    source_offer(net, conn, c);
}

static void source_on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    struct source_conn *c = user;
    const void *data;
    size_t len;

    (void)readable;
    while ((data = aksu_peek(net, conn, &len)) != NULL) {
        bool asking = !c->asked;
        if (asking) {
            len = example_line_take(&c->line, data, len);
        }
        aksu_consume(net, conn, len);
        if (asking && c->line.done) {
            source_on_line(net, conn, c);
        }
    }
}

static void source_on_sent(struct aksu *net, aksu_handle conn, void *user, size_t acked)
{
    struct source_conn *c = user;

    c->unacked -= (uint32_t)acked;
    if (c->left > 0) {
        source_offer(net, conn, c);
    }
}

static void source_on_end(struct aksu *net, aksu_handle conn, void *user)
{
    const struct source_conn *c = user;

    if (!c->asked) {
        aksu_shutdown(net, conn); // closed without asking
    }
}

static void source_on_close(struct aksu *net, aksu_handle conn, void *user, int error)
{
    struct source_conn *c = user;

    (void)net;
    (void)conn;
    c->source->open--;
    c->source->failed += error != AKSU_OK;
    c->source = NULL;
}

// The pattern begins where the stream does.
static void source_emit(struct aksu *net, aksu_handle conn, void *user, uint32_t offset, void *to,
                        size_t len)
{
    (void)net;
    (void)conn;
    (void)user;
    example_fill(offset, to, len);
}

static const struct aksu_handlers source_handlers = {
    .on_accept = source_on_accept,
    .on_open = source_on_open,
    .on_recv = source_on_recv,
    .on_sent = source_on_sent,
    .on_end = source_on_end,
    .on_close = source_on_close,
    .emit = source_emit,
};

static bool source_on_accept(struct aksu *net, aksu_handle conn, void *user)
{
    static struct source_conn conns[EXAMPLE_CONNECTIONS];
    struct source *source = user;
    struct source_conn *c = conns;

    while (c < conns + EXAMPLE_CONNECTIONS && c->source) {
        c++;
    }
    if (c == conns + EXAMPLE_CONNECTIONS) {
        return false;
    }
    memset(c, 0, sizeof *c);
    c->source = source;
    c->left = source->octets;
    c->asked = source->octets > 0;
    source->connections++;
    source->open++;
    aksu_set_handlers(net, conn, &source_handlers, c);
    aksu_set(net, conn, AKSU_KEEPALIVE, 1);
    return true;
}

int source_start(struct aksu *net, uint16_t port, struct source *source)
{
    return aksu_listen(net, NULL, port, 0, &source_handlers, source);
}
