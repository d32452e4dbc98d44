// SPDX-License-Identifier: MIT
#include "talk.h"

#include <string.h>

static uint8_t pattern(uint32_t at)
{
    return (uint8_t)((at * 0x9e3779b1u) >> 24);
}

bool talk_complete(const struct talker *t)
{
    return t->opened && !t->wrong && t->sent == t->to_send && t->received == t->to_receive;
}

static void end_now(void *user)
{
    struct talker *t = user;

    if (t->conn > 0 && !t->closed) {
        if (t->end == TALK_END_SENT) {
            aksu_shutdown(t->net, t->conn);
        } else {
            aksu_close(t->net, t->conn, 0);
        }
    }
}

static bool may_end(const struct talker *t)
{
    switch (t->end) {
    case TALK_END_SENT:
        return t->sent == t->to_send && t->received >= t->send_after;
    case TALK_END_RECEIVED:
        return t->sent == t->to_send && t->received >= t->to_receive;
    case TALK_END_PEER:
        return t->sent == t->to_send && t->peer_ended;
    default:
        return false;
    }
}

static void end_if_due(struct talker *t)
{
    if (!t->ending && may_end(t)) {
        t->ending = true;
        if (t->end_after_us > 0) {
            aksu_sim_at(t->sim, aksu_sim_now(t->sim) + t->end_after_us, end_now, t);
        } else {
            end_now(t);
        }
    }
}

static bool may_send(const struct talker *t)
{
    return t->received >= t->send_after && (t->peer_ended || !t->send_after_end);
}

static void send_more(struct talker *t)
{
    uint8_t chunk[2048];

    while (may_send(t) && t->sent < t->to_send) {
        uint32_t len = t->to_send - t->sent;
        int32_t took;
        uint32_t i;

        len = len < sizeof chunk ? len : (uint32_t)sizeof chunk;
        for (i = 0; i < len; i++) {
            chunk[i] = pattern(t->sent + i);
        }
        took = aksu_send(t->net, t->conn, chunk, len);
        if (took <= 0) {
            break;
        }
        t->sent += (uint32_t)took;
    }
    end_if_due(t);
}

static void read_all(struct talker *t)
{
    const uint8_t *data;
    size_t len, i;

    while ((data = aksu_peek(t->net, t->conn, &len)) != NULL) {
        for (i = 0; i < len; i++) {
            t->wrong = t->wrong || data[i] != pattern(t->received + (uint32_t)i);
        }
        if (t->received == 0) {
            t->first_us = aksu_sim_now(t->sim);
        }
        t->received += (uint32_t)len;
        t->last_us = aksu_sim_now(t->sim);
        aksu_consume(t->net, t->conn, len);
    }
    send_more(t);
}

/// Handlers ///

static void set_options(const struct talker *t)
{
    aksu_set(t->net, t->conn, AKSU_NODELAY, t->no_delay);
    if (t->patient) {
        aksu_set(t->net, t->conn, AKSU_USER_TIMEOUT, 65535); // never
    }
}

static void on_open(struct aksu *net, aksu_handle conn, void *user)
{
    struct talker *t = user;

    (void)net;
    t->conn = conn;
    t->opened = true;
    t->opened_us = aksu_sim_now(t->sim);
    set_options(t);
    send_more(t);
}

static void on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    struct talker *t = user;

    (void)net;
    (void)conn;
    (void)readable;
    if (!t->deaf) {
        read_all(t);
    }
}

static void on_sent(struct aksu *net, aksu_handle conn, void *user, size_t acked)
{
    (void)net;
    (void)conn;
    (void)acked;
    send_more(user);
}

static void on_end(struct aksu *net, aksu_handle conn, void *user)
{
    struct talker *t = user;

    (void)net;
    (void)conn;
    t->peer_ended = true;
    send_more(t);
}

static void on_close(struct aksu *net, aksu_handle conn, void *user, int error)
{
    struct talker *t = user;

    (void)net;
    (void)conn;
    if (t->opened && !t->deaf) {
        read_all(t);
    }
    t->closed = true;
    t->error = error;
}

static bool on_accept(struct aksu *net, aksu_handle conn, void *user)
{
    struct talk_service *service = user;
    struct talker *t;

    if (service->talkers == service->room) {
        return false;
    }
    t = &service->talker[service->talkers++];
    *t = service->model;
    t->net = net;
    t->conn = conn;
    return aksu_set_handlers(net, conn, &talk_handlers, t) == AKSU_OK;
}

const struct aksu_handlers talk_handlers = {.on_open = on_open,
                                            .on_recv = on_recv,
                                            .on_sent = on_sent,
                                            .on_end = on_end,
                                            .on_close = on_close};

const struct aksu_handlers talk_service_handlers = {.on_accept = on_accept};

/// Calls from outside ///

bool talk_connect(struct talker *t, const struct aksu_addr *addr, uint16_t port,
                  uint16_t local_port)
{
    struct aksu_endpoint remote = {*addr, port};

    t->conn = aksu_connect(t->net, &remote, local_port, &talk_handlers, t);
    set_options(t);
    return t->conn > 0;
}

void talk_listen_again(void *talker)
{
    struct talker *t = talker;

    t->deaf = false;
    read_all(t);
}

void talk_shutdown(void *talker)
{
    struct talker *t = talker;

    aksu_shutdown(t->net, t->conn);
}

void talk_abort(void *talker)
{
    struct talker *t = talker;

    aksu_abort(t->net, t->conn);
}
