// SPDX-License-Identifier: MIT
#include "raw.h"

static void say(struct aksu *net, struct raw *r)
{
    while (r->sent < r->len) {
        size_t n = r->len - r->sent;
        if (r->piece > 0) {
            if (r->acked < r->sent) {
                return; // a segment of its own each
            }
            n = n < r->piece ? n : r->piece;
        }
        int32_t done = aksu_send(net, r->conn, r->text + r->sent, n);
        if (done <= 0) {
            return;
        }
        r->sent += (size_t)done;
    }
    if (r->fin || r->ended) {
        aksu_shutdown(net, r->conn);
    }
    if (r->reset && r->acked == r->len) {
        aksu_abort(net, r->conn);
    }
}

static void on_open(struct aksu *net, aksu_handle conn, void *user)
{
    struct raw *r = user;

    r->opened = true;
    r->conn = conn;
    aksu_set(net, conn, AKSU_NODELAY, 1);
    if (net == client) {
        say(net, r);
    }
}

static void on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    struct raw *r = user;

    if (r->hold) {
        return;
    }
    assert_true(r->got_len + readable <= sizeof r->got);
    assert_int_equal(aksu_recv(net, conn, r->got + r->got_len, readable), (int32_t)readable);
    r->got_len += readable;
    if (net == server) {
        say(net, r);
    }
}

static void on_sent(struct aksu *net, aksu_handle conn, void *user, size_t acked)
{
    struct raw *r = user;

    (void)conn;
    r->acked += acked;
    say(net, r);
}

static void on_end(struct aksu *net, aksu_handle conn, void *user)
{
    struct raw *r = user;

    r->ended = true;
    if (r->sent == r->len && !r->hold) {
        aksu_shutdown(net, conn);
    }
}

static void on_close(struct aksu *net, aksu_handle conn, void *user, int error)
{
    struct raw *r = user;

    (void)net;
    (void)conn;
    assert_false(r->closed);
    r->closed = true;
    r->error = error;
}

static const struct aksu_handlers handlers = {
    .on_open = on_open,
    .on_recv = on_recv,
    .on_sent = on_sent,
    .on_end = on_end,
    .on_close = on_close,
};

void raw_connect(struct raw *r, uint16_t port)
{
    struct aksu_endpoint to = remote(port);

    aksu_now(client, pair.now);
    r->conn = aksu_connect(client, &to, 0, &handlers, r);
    assert_true(r->conn > 0);
}

void raw_listen(struct raw *r, uint16_t port)
{
    assert_int_equal(aksu_listen(server, NULL, port, 0, &handlers, r), AKSU_OK);
}

void raw_say(struct raw *r, const char *text, size_t len)
{
    r->text = text;
    r->len = len;
    r->sent = r->acked = 0;
    aksu_now(client, pair.now);
    say(client, r);
}
