// SPDX-License-Identifier: MIT
// The stack as fast as it goes: a sink on port 9 and a source on port 19, neither of which looks at
// what it carries, so that an application's work is no part of what is measured.
#include "fill.h"
#include <firmware.h>

enum { SINK = 9, SOURCE = 19, OFFERED = 1 << 24 };

AKSU_STORAGE(memory, BOARD_CONNECTIONS, 2, BOARD_RING, 0);

const struct aksu_storage *app_storage(void)
{
    return &memory;
}

static void on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    size_t len;

    (void)user;
    (void)readable;
    while (aksu_peek(net, conn, &len) != NULL) {
        aksu_consume(net, conn, len);
    }
}

static void on_end(struct aksu *net, aksu_handle conn, void *user)
{
    (void)user;
    aksu_shutdown(net, conn);
}

static void on_open(struct aksu *net, aksu_handle conn, void *user)
{
    (void)user;
    aksu_offer(net, conn, OFFERED);
}

static void on_sent(struct aksu *net, aksu_handle conn, void *user, size_t acked)
{
    (void)user;
    aksu_offer(net, conn, (uint32_t)acked);
}

static void emit(struct aksu *net, aksu_handle conn, void *user, uint32_t offset, void *to,
                 size_t len)
{
    (void)net;
    (void)conn;
    (void)user;
    (void)offset;
    fill(to, len);
}

static const struct aksu_handlers sink = {.on_recv = on_recv, .on_end = on_end};
static const struct aksu_handlers source = {
    .on_open = on_open, .on_recv = on_recv, .on_sent = on_sent, .on_end = on_end, .emit = emit};

int app_start(struct aksu *net)
{
    int error = aksu_listen(net, NULL, SINK, 0, &sink, NULL);

    return error ? error : aksu_listen(net, NULL, SOURCE, 0, &source, NULL);
}

bool app_done(int *status)
{
    (void)status;
    return false;
}
