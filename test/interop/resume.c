// SPDX-License-Identifier: MIT
// A connection to Linux that outlives its stack: some octets there and back, saved, a pause with no
// stack at all, resumed in a fresh stack whose clock begins anew, more octets, closed.
//
// usage: interop_resume IFACE LOCAL REMOTE PORT     (an echo server listens at REMOTE)
#include <aksu_posix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAUSE_MS = 1500, OCTETS = 20000 };

AKSU_STORAGE(first_memory, 2, 1, 8192, 8192);
AKSU_STORAGE(second_memory, 2, 1, 8192, 8192);

static struct aksu net;
static aksu_handle conn;
static uint32_t clock_zero;
static size_t sent, received, wrong;
static bool open_, closed;
static int reason = -1;

static uint8_t octet(size_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

static void fill(void)
{
    uint8_t *to;
    size_t room;

    while (sent % OCTETS != 0 || received == sent) {
        to = aksu_room(&net, conn, &room);
        if (!to) {
            return;
        }
        size_t left = OCTETS - sent % OCTETS;
        room = room < left ? room : left;
        for (size_t i = 0; i < room; i++) {
            to[i] = octet(sent + i);
        }
        (void)aksu_commit(&net, conn, room);
        sent += room;
    }
}

static void on_open(struct aksu *stack, aksu_handle c, void *user)
{
    (void)stack;
    (void)c;
    (void)user;
    open_ = true;
    fill();
}

static void on_sent(struct aksu *stack, aksu_handle c, void *user, size_t acked)
{
    (void)stack;
    (void)c;
    (void)user;
    (void)acked;
    if (sent % OCTETS != 0) {
        fill();
    }
}

static void on_recv(struct aksu *stack, aksu_handle c, void *user, size_t readable)
{
    const uint8_t *from;
    size_t len;

    (void)user;
    (void)readable;
    while ((from = aksu_peek(stack, c, &len)) != NULL) {
        for (size_t i = 0; i < len; i++) {
            wrong += from[i] != octet(received + i);
        }
        received += len;
        (void)aksu_consume(stack, c, len);
    }
}

static void on_close(struct aksu *stack, aksu_handle c, void *user, int error)
{
    (void)stack;
    (void)c;
    (void)user;
    closed = true;
    reason = error;
}

static const struct aksu_handlers handlers = {
    .on_open = on_open, .on_sent = on_sent, .on_recv = on_recv, .on_close = on_close};

static void fail(const char *what, int error)
{
    printf("%s: %s (sent %zu, received %zu, wrong %zu)\n", what, aksu_error_name(error), sent,
           received, wrong);
    exit(1);
}

static uint32_t now(void)
{
    return aksu_posix_ms() - clock_zero;
}

// Polls until the condition holds, at most 20 s.
static void run_until(struct aksu_device *device, bool (*condition)(void), const char *what)
{
    static uint8_t frame[2048];
    uint32_t end = aksu_posix_ms() + 20000;

    while (!condition()) {
        int len;
        size_t n;
        if ((int32_t)(aksu_posix_ms() - end) > 0) {
            fail(what, AKSU_ETIMEDOUT);
        }
        while ((len = device->receive(device, frame, sizeof frame)) > 0) {
            (void)aksu_input(&net, now(), frame, (size_t)len);
        }
        while ((n = aksu_output(&net, now(), frame, sizeof frame)) > 0) {
            (void)device->send(device, frame, n);
        }
        usleep(500);
    }
}

static bool echoed(void)
{
    struct aksu_info info;

    return (open_ && sent > 0 && sent % OCTETS == 0 && received == sent &&
            aksu_info(&net, conn, &info) == AKSU_OK && info.tcb->snd_una == info.tcb->snd_max &&
            !(info.tcb->timers & AKSU_TIMER_ACK) && info.tcb->owed == 0) ||
           closed;
}

static bool is_closed(void)
{
    return closed;
}

static void start(const struct aksu_storage *storage, const char *local)
{
    struct aksu_config config = {
        .profile = &aksu_full, .link = &aksu_ethernet, .mac = {2, 0, 0, 0, 0, 9}};

    clock_zero = aksu_posix_ms();
    if (aksu_parse_addr(local, &config.addr) || aksu_init(&net, storage, &config) ||
        aksu_posix_seed(&net)) {
        fail("start", AKSU_EINVAL);
    }
}

int main(int argc, char **argv)
{
    struct aksu_device device;
    struct aksu_endpoint remote;
    uint8_t saved[AKSU_SAVED];

    if (argc != 5 || aksu_parse_addr(argv[3], &remote.addr) ||
        aksu_posix_packet(&device, argv[1])) {
        fail("arguments", AKSU_EINVAL);
    }
    remote.port = (uint16_t)atoi(argv[4]);
    start(&first_memory, argv[2]);
    conn = aksu_connect(&net, &remote, 0, &handlers, NULL);
    run_until(&device, echoed, "before the sleep");
    int size = aksu_save(&net, conn, saved, sizeof saved);
    if (size != AKSU_SAVED) {
        fail("aksu_save", size);
    }
    memset(&net, 0xa5, sizeof net); // nothing of the old stack is left
    usleep(PAUSE_MS * 1000);
    start(&second_memory, argv[2]);
    conn = aksu_resume(&net, saved, sizeof saved, PAUSE_MS, &handlers, NULL);
    if (conn <= 0) {
        fail("aksu_resume", conn);
    }
    fill();
    run_until(&device, echoed, "after the sleep");
    (void)aksu_close(&net, conn, 0);
    run_until(&device, is_closed, "close");
    if (sent != 2 * OCTETS || received != sent || wrong != 0 || reason != AKSU_OK) {
        fail("result", reason);
    }
    printf("%zu octets there and back, half of them after the sleep\n", received);
    return 0;
}
