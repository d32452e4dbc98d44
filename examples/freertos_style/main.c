// SPDX-License-Identifier: MIT
// Two devices in one program, each with tasks around an owner of its stack, and a wire between them
// that loses a frame now and then. One device echoes, the other's tasks check every octet.
//
// usage: freertos-style [LOST]     one frame of LOST is lost; 0 (the default): none
#include "net_task.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT = 7, SERVERS = 2, CLIENTS = 3, CONNECTIONS = 4, OCTETS = 20000, CHUNK = 700 };

// The wire: each end has the frames that come to it. An interrupt handler of a MAC would do what is
// done here behind the lock.

enum { FRAMES = 8, FRAME = 1514 };

struct wire_end {
    pthread_mutex_t lock;
    struct net_task *owner; // is interrupted when a frame comes, or when there is room
    struct wire_end *other;
    unsigned first, count;
    bool full; // the other end waits for room
    unsigned sent;
    size_t len[FRAMES];
    uint8_t frame[FRAMES][FRAME];
};

static unsigned lost; // one frame of so many

static size_t wire_receive(void *mac, void *frame, size_t size)
{
    struct wire_end *end = mac;
    size_t len = 0;
    bool wake = false;

    pthread_mutex_lock(&end->lock);
    if (end->count > 0 && end->len[end->first] <= size) {
        len = end->len[end->first];
        memcpy(frame, end->frame[end->first], len);
        end->first = (end->first + 1) % FRAMES;
        end->count--;
        wake = end->full;
        end->full = false;
    }
    pthread_mutex_unlock(&end->lock);
    if (wake) {
        net_interrupt(end->other->owner);
    }
    return len;
}

static bool wire_ready(void *mac)
{
    struct wire_end *to = ((struct wire_end *)mac)->other;

    pthread_mutex_lock(&to->lock);
    bool room = to->count < FRAMES;
    to->full = !room;
    pthread_mutex_unlock(&to->lock);
    return room;
}

static void wire_send(void *mac, const void *frame, size_t len)
{
    struct wire_end *from = mac;
    struct wire_end *to = from->other;

    from->sent++;
    if (lost > 0 && from->sent % lost == 0) {
        return;
    }
    pthread_mutex_lock(&to->lock);
    unsigned at = (to->first + to->count++) % FRAMES;
    memcpy(to->frame[at], frame, len);
    to->len[at] = len;
    pthread_mutex_unlock(&to->lock);
    net_interrupt(to->owner);
}

// The devices ///

AKSU_STORAGE(server_memory, 8, 1, 2048, 2048);
AKSU_STORAGE(client_memory, 8, 1, 2048, 2048);
static struct net_task server, client;
static struct net_listener listener;
static struct wire_end ends[2];

static void start(struct net_task *task, unsigned i, const struct aksu_storage *storage)
{
    struct wire_end *end = &ends[i];
    const struct net_mac mac = {wire_receive, wire_ready, wire_send, end};
    const struct aksu_config config = {.profile = &aksu_full,
                                       .link = &aksu_ethernet,
                                       .addr = aksu_ipv4(192, 0, 2, (uint8_t)(1 + i)),
                                       .mac = {2, 0, 0, 0, 0, (uint8_t)(1 + i)}};
    static const char secret[] = "a demonstration, of which nothing depends on secrecy";

    pthread_mutex_init(&end->lock, NULL);
    end->owner = task;
    end->other = &ends[1 - i];
    if (net_start(task, storage, &config, &mac, secret, sizeof secret) != AKSU_OK) {
        abort();
    }
}

// The servers: several tasks take turns at one listener ///

static void echo(struct net_socket *s)
{
    uint8_t data[CHUNK];
    int32_t n;

    while ((n = net_recv(s, data, sizeof data)) > 0) {
        if (net_send(s, data, (size_t)n) != n) {
            break;
        }
    }
}

static struct os_queue farewell; // gets an item for each server that is to end
static void *farewell_places[SERVERS];

static void *serve(void *argument)
{
    void *end;

    (void)argument;
    while (!os_queue_receive(&farewell, &end, 0)) {
        struct net_socket *s = net_accept(&listener, 20);
        if (s) {
            echo(s);
            (void)net_close(s);
        }
    }
    return NULL;
}

// The clients ///

struct work {
    unsigned number;
    unsigned good;
    unsigned bad;
};

static bool exchange(struct net_socket *s, unsigned seed)
{
    uint8_t data[CHUNK], got[CHUNK];

    for (unsigned at = 0; at < OCTETS; at += CHUNK) {
        for (unsigned i = 0; i < CHUNK; i++) {
            data[i] = (uint8_t)((at + i) * 7 + seed);
        }
        if (net_send(s, data, CHUNK) != CHUNK) {
            return false;
        }
        for (int32_t have = 0, n; have < CHUNK; have += n) {
            n = net_recv(s, got + have, (size_t)(CHUNK - have));
            if (n <= 0) {
                return false;
            }
        }
        if (memcmp(data, got, CHUNK) != 0) {
            return false;
        }
    }
    return true;
}

static void *work(void *argument)
{
    const struct aksu_endpoint remote = {aksu_ipv4(192, 0, 2, 1), PORT};
    struct work *w = argument;

    for (unsigned i = 0; i < CONNECTIONS; i++) {
        struct net_socket s;
        int error = net_connect(&client, &s, &remote);
        bool same = error == AKSU_OK && exchange(&s, w->number * CONNECTIONS + i);

        if (error == AKSU_OK) {
            error = net_close(&s);
        }
        w->good += same && error == AKSU_OK;
        w->bad += !same || error != AKSU_OK;
        printf("client %u, connection %u: %s, %s\n", w->number, i + 1,
               same ? "all octets came back" : "octets are missing", aksu_error_name(error));
    }
    return NULL;
}

// A connection to a port that nobody listens on: what a caller is told.
static void *knock(void *argument)
{
    const struct aksu_endpoint remote = {aksu_ipv4(192, 0, 2, 1), PORT + 1};
    struct work *w = argument;
    struct net_socket s;
    int error = net_connect(&client, &s, &remote);

    printf("client %u, a port without listener: %s\n", w->number, aksu_error_name(error));
    w->good += error == AKSU_ECONNREFUSED;
    w->bad += error != AKSU_ECONNREFUSED;
    return NULL;
}

// The first task of the program: it starts the others ///

static void finish(struct os_task *owners)
{
    net_stop(&server);
    net_stop(&client);
    os_task_join(&owners[0]);
    os_task_join(&owners[1]);
}

static void *run(void *argument)
{
    static struct os_task owners[2], servers[SERVERS], clients[CLIENTS + 1];
    struct work *works = argument;

    os_queue_start(&farewell, farewell_places, SERVERS);
    start(&server, 0, &server_memory);
    start(&client, 1, &client_memory);
    os_task_start(&owners[0], net_run, &server);
    os_task_start(&owners[1], net_run, &client);
    if (net_listen(&server, &listener, PORT) != AKSU_OK) {
        abort();
    }
    for (unsigned i = 0; i < SERVERS; i++) {
        os_task_start(&servers[i], serve, NULL);
    }
    for (unsigned i = 0; i <= CLIENTS; i++) {
        works[i].number = i;
        os_task_start(&clients[i], i < CLIENTS ? work : knock, &works[i]);
    }
    for (unsigned i = 0; i <= CLIENTS; i++) {
        os_task_join(&clients[i]);
    }
    for (unsigned i = 0; i < SERVERS; i++) {
        (void)os_queue_send(&farewell, &farewell, OS_FOREVER);
    }
    for (unsigned i = 0; i < SERVERS; i++) {
        os_task_join(&servers[i]);
    }
    finish(owners);
    return NULL;
}

int main(int argc, char **argv)
{
    static struct work works[CLIENTS + 1];
    struct os_task first;
    unsigned good = 0, bad = 0;

    lost = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
    os_task_start(&first, run, works);
    os_task_join(&first);
    for (unsigned i = 0; i <= CLIENTS; i++) {
        good += works[i].good;
        bad += works[i].bad;
    }
    printf("%u frames on the wire\n", ends[0].sent + ends[1].sent);
    printf("%u passed, %u failed\n", good, bad);
    return bad != 0 || good != CLIENTS * CONNECTIONS + 1;
}
