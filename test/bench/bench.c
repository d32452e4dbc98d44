// SPDX-License-Identifier: MIT
// Two stacks in one program, joined by memory, for scripts/bench to count instructions in.
//
// usage: bench bulk|request|connect lean|standard COUNT
//
// A frame is taken in, then all is sent that can be: acknowledgments are not aggregated over
// frames. client_in(), client_out() and so on hold all that is counted: the stack's and the
// handlers' work, not the wire's. Payload is 1460 octets in either profile.
#include <aksu/aksu.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAYLOAD = 1460, RING = 16 * PAYLOAD, FRAME = 1600, SLOTS = 64, SMALL = 64 };

AKSU_STORAGE(client_memory, 2, 1, RING, RING);
AKSU_STORAGE(server_memory, 4, 1, RING, RING);

struct wire {
    uint8_t frame[SLOTS][FRAME];
    size_t len[SLOTS];
    unsigned head;
    unsigned count;
};

struct host {
    struct aksu net;
    struct wire *in;
    struct wire *out;
    void (*take)(const void *frame, size_t len);
    size_t (*give)(void *frame);
};

// Noinline and visible, for callgrind to find by name.
__attribute__((noinline)) void client_in(const void *frame, size_t len);
__attribute__((noinline)) void server_in(const void *frame, size_t len);
__attribute__((noinline)) size_t client_out(void *frame);
__attribute__((noinline)) size_t server_out(void *frame);
__attribute__((noinline)) void client_connect(void);

static struct wire to_server, to_client;
static struct host client = {
    .in = &to_client, .out = &to_server, .take = client_in, .give = client_out};
static struct host server = {
    .in = &to_server, .out = &to_client, .take = server_in, .give = server_out};
static uint32_t now_ms;
static unsigned long wanted, queued, done;
static const struct aksu_handlers *client_handlers;

static void check(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "bench: %s\n", what);
        exit(1);
    }
}

void client_in(const void *frame, size_t len)
{
    (void)aksu_input(&client.net, now_ms, frame, len);
}

void server_in(const void *frame, size_t len)
{
    (void)aksu_input(&server.net, now_ms, frame, len);
}

size_t client_out(void *frame)
{
    return aksu_output(&client.net, now_ms, frame, FRAME);
}

size_t server_out(void *frame)
{
    return aksu_output(&server.net, now_ms, frame, FRAME);
}

static void turn(struct host *h)
{
    struct wire *in = h->in, *out = h->out;

    if (in->count > 0) {
        h->take(in->frame[in->head], in->len[in->head]);
        in->head = (in->head + 1) % SLOTS;
        in->count--;
    }
    while (out->count < SLOTS) {
        unsigned slot = (out->head + out->count) % SLOTS;
        size_t len = h->give(out->frame[slot]);

        if (len == 0) {
            break;
        }
        out->len[slot] = len;
        out->count++;
    }
}

void client_connect(void)
{
    struct aksu_endpoint peer = {aksu_ipv4(192, 0, 2, 2), 80};

    check(aksu_connect(&client.net, &peer, 0, client_handlers, NULL) > 0, "connect");
}

// Bulk: the client's data is made in the ring, the server reads it there.

static void bulk_fill(struct aksu *net, aksu_handle conn, void *user, size_t free)
{
    size_t room;

    (void)user;
    while (free > 0 && queued < wanted && aksu_room(net, conn, &room) != NULL) {
        room = room < wanted - queued ? room : wanted - queued;
        (void)aksu_commit(net, conn, room);
        queued += room;
        free -= room;
    }
}

static void bulk_open(struct aksu *net, aksu_handle conn, void *user)
{
    bulk_fill(net, conn, user, RING);
}

static void bulk_read(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    size_t len;

    (void)user;
    while (readable > 0 && aksu_peek(net, conn, &len) != NULL) {
        (void)aksu_consume(net, conn, len);
        done += len;
        readable -= len;
    }
}

// Request and response of 64 octets each.

static void request(struct aksu *net, aksu_handle conn, void *user)
{
    static const uint8_t data[SMALL];

    (void)user;
    (void)aksu_send(net, conn, data, SMALL);
}

static void request_answered(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    (void)readable;
    (void)aksu_consume(net, conn, SMALL);
    if (++done < wanted) {
        request(net, conn, user);
    }
}

static void respond(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    (void)readable;
    (void)aksu_consume(net, conn, SMALL);
    request(net, conn, user);
}

// Connect and close: the client closes at once, the server after it.

static void close_now(struct aksu *net, aksu_handle conn, void *user)
{
    (void)user;
    (void)aksu_close(net, conn, 0);
}

static void closed(struct aksu *net, aksu_handle conn, void *user, int error)
{
    (void)net;
    (void)conn;
    (void)user;
    check(error == AKSU_OK, "a connection ended in an error");
    done++;
}

static void start(struct host *h, const struct aksu_storage *memory,
                  const struct aksu_profile *profile, uint8_t number)
{
    const uint8_t entropy[16] = {number, 1, 2, 3};
    struct aksu_config config = {.profile = profile, .link = &aksu_ethernet};

    config.addr = aksu_ipv4(192, 0, 2, number);
    config.mac[0] = 2;
    config.mac[5] = number;
    // Timestamps take 12 octets of each segment.
    config.mtu = (uint16_t)(PAYLOAD + 40 + (profile->timestamps != NULL ? 12 : 0));
    check(aksu_init(&h->net, memory, &config) == AKSU_OK, "init");
    check(aksu_seed(&h->net, entropy, sizeof entropy) == AKSU_OK, "seed");
}

// Lets time pass: a millisecond, or if no frame is on its way, to the next deadline.
static void pass(void)
{
    uint32_t a = aksu_idle(&client.net, now_ms), b = aksu_idle(&server.net, now_ms);
    bool quiet = client.in->count == 0 && server.in->count == 0;
    uint32_t least = a < b ? a : b;

    check(!quiet || least != AKSU_NEVER, "nothing is left to happen");
    now_ms += quiet && least > 1 ? least : 1;
}

static void run(bool connects)
{
    unsigned long at = done;

    client_connect();
    while (done < wanted) {
        turn(&client);
        turn(&server);
        if (connects && done >= at + 2 && done < wanted) {
            at = done;
            client_connect();
        }
        if (done < wanted) {
            pass();
        }
    }
}

// Counts what was sent in segments of full size, as a check that they were.
static void check_bulk(unsigned long segments)
{
    const struct aksu_counters *c = aksu_counters(&client.net);

    check(c->retransmitted == 0, "segments were sent again");
    check(c->frames_out < segments + segments / 20 + 10, "segments were not full");
}

int main(int argc, char **argv)
{
    static const struct aksu_handlers bulk_client = {.on_open = bulk_open, .on_sent = bulk_fill};
    static const struct aksu_handlers bulk_server = {.on_recv = bulk_read};
    static const struct aksu_handlers request_client = {.on_open = request,
                                                        .on_recv = request_answered};
    static const struct aksu_handlers request_server = {.on_recv = respond};
    static const struct aksu_handlers connect_client = {.on_open = close_now, .on_close = closed};
    static const struct aksu_handlers connect_server = {.on_end = close_now, .on_close = closed};

    check(argc == 4, "usage: bench bulk|request|connect lean|standard COUNT");
    const struct aksu_profile *profile = strcmp(argv[2], "lean") ? &aksu_standard : &aksu_lean;
    unsigned long count = strtoul(argv[3], NULL, 10);
    bool bulk = strcmp(argv[1], "bulk") == 0, connects = strcmp(argv[1], "connect") == 0;

    start(&client, &client_memory, profile, 1);
    start(&server, &server_memory, profile, 2);
    wanted = count * (bulk ? PAYLOAD : connects ? 2 : 1);
    client_handlers = bulk ? &bulk_client : connects ? &connect_client : &request_client;
    check(aksu_listen(&server.net, NULL, 80, 0,
                      bulk       ? &bulk_server
                      : connects ? &connect_server
                                 : &request_server,
                      NULL) == AKSU_OK,
          "listen");
    run(connects);
    if (bulk) {
        check_bulk(count);
    }
    return 0;
}
