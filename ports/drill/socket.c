// SPDX-License-Identifier: MIT
// Sockets: what the stack's handlers tell them.
#include "drill.h"

#include <string.h>

struct drill_socket *drill_socket(struct drill_run *run, int64_t fd)
{
    for (unsigned i = 0; i < DRILL_SOCKETS; i++) {
        struct drill_socket *s = &run->socket[i];
        if (s->used && !s->closed && fd >= 0 && s->fd == fd) {
            return s;
        }
    }
    return NULL;
}

// A free one: never used, or closed and its connection over.
struct drill_socket *drill_new_socket(struct drill_run *run)
{
    for (unsigned i = 0; i < DRILL_SOCKETS; i++) {
        struct drill_socket *s = &run->socket[i];
        if (!s->used || (s->closed && s->conn == 0)) {
            memset(s, 0, sizeof *s);
            s->used = true;
            s->fd = -1;
            s->listener = -1;
            for (unsigned o = 0; o < AKSU_OPTION_COUNT; o++) {
                s->option[o] = -1;
            }
            return s;
        }
    }
    drill_fail(run, "more than %d sockets", DRILL_SOCKETS);
    return NULL;
}

// Gives a new connection the options that were set before it was one.
void drill_apply(struct drill_run *run, struct drill_socket *s)
{
    for (unsigned o = 0; o < AKSU_OPTION_COUNT; o++) {
        if (s->option[o] >= 0) {
            aksu_set(&run->net, s->conn, (enum aksu_option)o, (uint32_t)s->option[o]);
        }
    }
}

static void on_open(struct aksu *net, aksu_handle conn, void *user)
{
    struct drill_run *run = net->user;
    struct drill_socket *s = user;

    if (s->listening) {
        struct drill_socket *listener = s;
        s = drill_new_socket(run);
        if (!s) {
            return;
        }
        memcpy(s->option, listener->option, sizeof s->option);
        s->linger = listener->linger;
        s->reuse = listener->reuse;
        s->linger_s = listener->linger_s;
        s->listener = (int)(listener - run->socket);
        s->turn = ++run->turns;
        s->port = listener->port;
        s->conn = conn;
        aksu_set_handlers(net, conn, &drill_handlers, s);
        drill_apply(run, s);
    }
    s->open = true;
}

static void on_end(struct aksu *net, aksu_handle conn, void *user)
{
    struct drill_socket *s = user;

    (void)net;
    (void)conn;
    s->ended = true;
}

static void on_close(struct aksu *net, aksu_handle conn, void *user, int error)
{
    struct drill_socket *s = user;

    (void)net;
    (void)conn;
    s->conn = 0;
    s->error = -error;
    s->open = false;
    s->ended = true;
    if (s->fd < 0 && s->listener < 0) {
        s->closed = true;
    }
}

const struct aksu_handlers drill_handlers = {
    .on_open = on_open, .on_end = on_end, .on_close = on_close};
