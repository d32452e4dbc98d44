// SPDX-License-Identifier: MIT
// aksu at an end of the bench's wire. ROWS, RING, PORTS: its storage; BOARDS: aksu_full
// stands for the standard profile.
#include "end.h"

#include <aksu/aksu.h>
#include <string.h>

#ifndef ROWS
#define ROWS 4
#endif
#ifndef RING
#define RING WINDOW
#endif

#ifndef PORTS // from one address to one port there are 64,512 connections
#define PORTS 1
#endif

AKSU_STORAGE_WITH(memory, ROWS, PORTS, RING, RING, ROWS, 1480);

#ifdef BOARDS // with loss recovery
AKSU_BOARDS(boards, ROWS, 32);
static const struct aksu_profile *const profile_with = &aksu_full;
#else
static const struct aksu_boards boards;
static const struct aksu_profile *const profile_with = &aksu_standard;
#endif

static struct aksu net;
static const struct aksu_handlers *handlers;
static unsigned long wanted, queued, done, errors, opened;
static aksu_handle connection[ROWS];

// Bulk: the data is made in the client's ring, the server reads it in its own.

static void bulk_fill(struct aksu *stack, aksu_handle conn, void *user, size_t free)
{
    size_t room;

    (void)user;
    while (free > 0 && queued < wanted && aksu_room(stack, conn, &room) != NULL) {
        room = room < wanted - queued ? room : wanted - queued;
        (void)aksu_commit(stack, conn, room);
        queued += room;
        free -= room;
    }
}

static void bulk_open(struct aksu *stack, aksu_handle conn, void *user)
{
    bulk_fill(stack, conn, user, RING);
}

static void bulk_read(struct aksu *stack, aksu_handle conn, void *user, size_t readable)
{
    size_t len;

    (void)user;
    while (readable > 0 && aksu_peek(stack, conn, &len) != NULL) {
        (void)aksu_consume(stack, conn, len);
        done += len;
        readable -= len;
    }
}

// Request and response.

static void request(struct aksu *stack, aksu_handle conn, void *user)
{
    static const uint8_t data[SMALL];

    (void)user;
    (void)aksu_send(stack, conn, data, SMALL);
}

static void request_answered(struct aksu *stack, aksu_handle conn, void *user, size_t readable)
{
    (void)readable;
    (void)aksu_consume(stack, conn, SMALL);
    if (++done < wanted) {
        request(stack, conn, user);
    }
}

static void respond(struct aksu *stack, aksu_handle conn, void *user, size_t readable)
{
    (void)readable;
    (void)aksu_consume(stack, conn, SMALL);
    request(stack, conn, user);
}

// Connect and close.

static void close_now(struct aksu *stack, aksu_handle conn, void *user)
{
    (void)user;
    (void)aksu_close(stack, conn, 0);
}

static void closed(struct aksu *stack, aksu_handle conn, void *user, int error)
{
    (void)stack;
    (void)conn;
    (void)user;
    errors += error != AKSU_OK;
    done++;
}

static void refused(struct aksu *stack, aksu_handle conn, void *user, int error)
{
    (void)stack;
    (void)conn;
    (void)user;
    errors += error != AKSU_ECONNREFUSED;
    done++;
}

// Many connections, each with a deadline: keep-alive in two hours.

static void keep(struct aksu *stack, aksu_handle conn, void *user)
{
    (void)user;
    (void)aksu_set(stack, conn, AKSU_KEEPALIVE, 1);
    connection[opened++] = conn;
    done++;
}

static void answered(struct aksu *stack, aksu_handle conn, void *user, size_t readable)
{
    (void)user;
    (void)readable;
    (void)aksu_consume(stack, conn, SMALL);
    done++;
}

static const struct aksu_handlers all[2][WORKS] = {
    {
        {.on_open = bulk_open, .on_sent = bulk_fill},
        {.on_open = request, .on_recv = request_answered},
        {.on_open = close_now, .on_close = closed},
        {.on_close = refused},
        {.on_open = keep},
        {.on_open = keep, .on_recv = answered},
    },
    {
        {.on_recv = bulk_read},
        {.on_recv = respond},
        {.on_end = close_now, .on_close = closed},
        {NULL},
        {.on_open = keep},
        {.on_open = keep, .on_recv = respond},
    },
};

bool end_start(const struct setup *setup)
{
    uint8_t number = setup->server ? 2 : 1;
    const uint8_t entropy[16] = {number, 1, 2, 3};
    const struct aksu_profile *profile =
        strcmp(setup->profile, "lean") == 0 ? &aksu_lean : profile_with;
    struct aksu_config config = {.profile = profile, .link = &aksu_ethernet};

    config.addr = aksu_ipv4(192, 0, 2, number);
    config.boards = profile->recovery ? &boards : NULL;
    config.mac[0] = 2;
    config.mac[5] = number;
    config.offload = setup->offload ? AKSU_OFFLOAD_RX | AKSU_OFFLOAD_TX : 0;
    // Timestamps take 12 octets of each segment.
    config.mtu = (uint16_t)(PAYLOAD + 40 + (profile->timestamps != NULL ? 12 : 0));
    handlers = &all[setup->server][setup->work];
    wanted = setup->wanted;
    if (aksu_init(&net, &memory, &config) != AKSU_OK ||
        aksu_seed(&net, entropy, sizeof entropy) != AKSU_OK) {
        return false;
    }
    for (int i = 0; setup->server && i < PORTS; i++) {
        errors += aksu_listen(&net, NULL, (uint16_t)(PORT + i), 255, handlers, NULL) != AKSU_OK;
    }
    return errors == 0;
}

void end_open(uint32_t now_ms, unsigned port)
{
    struct aksu_endpoint peer = {aksu_ipv4(192, 0, 2, 2), (uint16_t)port};

    (void)now_ms;
    errors += aksu_connect(&net, &peer, 0, handlers, NULL) <= 0;
}

void end_send(uint32_t now_ms, unsigned long number)
{
    aksu_now(&net, now_ms);
    request(&net, connection[number], NULL);
}

void end_in(uint32_t now_ms, const void *frame, size_t len)
{
    (void)aksu_input(&net, now_ms, frame, len);
}

size_t end_out(uint32_t now_ms, void *frame)
{
    return aksu_output(&net, now_ms, frame, FRAME);
}

void end_tick(uint32_t now_ms)
{
    static uint8_t frame[FRAME];

    if (aksu_output(&net, now_ms, frame, FRAME) > 0 || aksu_idle(&net, now_ms) == 0) {
        errors++; // not idle
    }
}

uint32_t end_idle(uint32_t now_ms)
{
    return aksu_idle(&net, now_ms);
}

unsigned long end_done(void)
{
    return done;
}

unsigned long end_faults(void)
{
    return errors + aksu_counters(&net)->retransmitted;
}

size_t end_row(void)
{
    return sizeof(struct aksu_row) + sizeof(struct aksu_row *);
}
