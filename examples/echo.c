// SPDX-License-Identifier: MIT
// Echo. What a connection knows is which of two sets of handlers it has: before and after the
// client's FIN.
#include "examples.h"

static void on_end(struct aksu *net, aksu_handle conn, void *user);
static void send_back(struct aksu *net, aksu_handle conn);

static void on_open(struct aksu *net, aksu_handle conn, void *user)
{
    (void)user;
    aksu_set(net, conn, AKSU_KEEPALIVE, 1); // a client that vanished must not hold its row
}

static void on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    (void)user;
    (void)readable;
    send_back(net, conn);
}

static void on_sent(struct aksu *net, aksu_handle conn, void *user, size_t acked)
{
    (void)user;
    (void)acked;
    send_back(net, conn);
}

// After the client's FIN nothing more comes: once all is queued, ours follows.
static void on_sent_ending(struct aksu *net, aksu_handle conn, void *user, size_t acked)
{
    size_t len;

    on_sent(net, conn, user, acked);
    if (!aksu_peek(net, conn, &len)) {
        aksu_shutdown(net, conn);
    }
}

static const struct aksu_handlers echo = {
    .on_open = on_open,
    .on_recv = on_recv,
    .on_sent = on_sent,
    .on_end = on_end,
};

static const struct aksu_handlers echo_ending = {
    .on_sent = on_sent_ending,
};

static void on_end(struct aksu *net, aksu_handle conn, void *user)
{
    aksu_set_handlers(net, conn, &echo_ending, user);
    on_sent_ending(net, conn, user, 0);
}

// Takes no more than the send ring has room for: the rest waits in the receive ring, which closes
// the window. on_sent goes on.
static void send_back(struct aksu *net, aksu_handle conn)
{
    const void *data;
    size_t len;

    while ((data = aksu_peek(net, conn, &len)) != NULL) {
        int32_t sent = aksu_send(net, conn, data, len);
        if (sent <= 0) {
            return;
        }
        aksu_consume(net, conn, (size_t)sent);
    }
}

int echo_start(struct aksu *net, uint16_t port)
{
    return aksu_listen(net, NULL, port, 0, &echo, NULL);
}
