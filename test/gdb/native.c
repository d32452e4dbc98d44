// SPDX-License-Identifier: MIT
// Two stacks, joined frame by frame, brought to a state that gdb is to print: each line of this
// program's output must be found in gdb's. It stops in stop().
#include <aksu/aksu.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEND = 200, UNREAD = 300, HOLE = 10, HELD = 20, NOW = 5000 };

AKSU_STORAGE(memory, 4, 2, 1024, 1024);
AKSU_STORAGE(peer_memory, 4, 2, 1024, 1024);
static struct aksu net, peer;
static struct aksu blank;  // never initialised
static struct aksu broken; // its storage is nowhere
static struct aksu odd;    // its storage is none
static struct aksu lost;   // the compiler drops it: nothing reads it
static const struct aksu_storage none = {0};
static aksu_handle accepted;

__attribute__((noinline)) void stop(const struct aksu *a, const struct aksu *b,
                                    const struct aksu *c);
__attribute__((noinline)) void stop(const struct aksu *a, const struct aksu *b,
                                    const struct aksu *c)
{
    __asm__ volatile("" ::"r"(a), "r"(b), "r"(c) : "memory");
}

static void on_open(struct aksu *stack, aksu_handle conn, void *user)
{
    (void)stack;
    (void)user;
    accepted = conn;
}

static const struct aksu_handlers listening = {.on_open = on_open};
static const struct aksu_handlers silent = {0};

// Hands over all that one stack has for the other; lossy: it is lost. Returns how much there was.
static unsigned carry(struct aksu *from, struct aksu *to, bool lossy)
{
    uint8_t frame[1600];
    unsigned count = 0;
    size_t len;

    while ((len = aksu_output(from, NOW, frame, sizeof frame)) > 0) {
        if (!lossy) {
            (void)aksu_input(to, NOW, frame, len);
        }
        count++;
    }
    return count;
}

static void begin(struct aksu *stack, const struct aksu_storage *storage, uint8_t host)
{
    const struct aksu_config config = {.profile = &aksu_standard,
                                       .link = &aksu_ethernet,
                                       .addr = aksu_ipv4(192, 0, 2, host),
                                       .mac = {2, 0, 0, 0, 0, host}};

    if (aksu_init(stack, storage, &config) || aksu_seed(stack, "0123456789abcdef", 16)) {
        exit(1);
    }
    aksu_now(stack, NOW);
}

static aksu_handle open(uint8_t host, uint16_t port)
{
    const struct aksu_endpoint remote = {aksu_ipv4(192, 0, 2, host), port};

    return aksu_connect(&net, &remote, 4000, &silent, NULL);
}

static void tell(aksu_handle conn)
{
    struct aksu_info info;

    if (aksu_info(&net, conn, &info)) {
        exit(1);
    }
    printf("%#x  192.0.2.1:4000 - 192.0.2.2:80  ESTABLISHED\n", (unsigned)conn);
    printf("una %u  nxt %u (+%d)  max +%d\n", info.tcb->snd_una, info.tcb->snd_nxt, SEND, SEND);
    printf("held     +%d..+%d\n", HOLE, HOLE + HELD);
    printf("queued %d\n", SEND);
    printf("receive  nxt %u\n", info.tcb->rcv_nxt);
    printf("room %d of 1024  unread %d\n", 1024 - UNREAD, UNREAD);
    printf("rtx in %u ms\n", info.tcb->deadline[AKSU_AT_RTX] - NOW);
}

static void run(void)
{
    static const uint8_t data[UNREAD];
    aksu_handle conn = open(2, 80);

    while (carry(&net, &peer, false) + carry(&peer, &net, false) > 0) {
    }
    (void)aksu_send(&peer, accepted, data, UNREAD);
    (void)carry(&peer, &net, false);
    (void)carry(&net, &peer, false);
    (void)aksu_send(&net, conn, data, SEND);
    (void)open(99, 80); // which nobody has
    (void)carry(&net, &peer, true);
    (void)aksu_set(&peer, accepted, AKSU_NODELAY, 1);
    (void)aksu_send(&peer, accepted, data, HOLE);
    (void)carry(&peer, &net, true);
    (void)aksu_send(&peer, accepted, data, HELD);
    (void)carry(&peer, &net, false);
    printf("owed     ACK\n"); // at once, for what is missing
    tell(conn);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    begin(&net, &memory, 1);
    begin(&peer, &peer_memory, 2);
    (void)aksu_listen(&peer, NULL, 80, 3, &listening, NULL);
    (void)aksu_listen(&net, NULL, 7, 2, &listening, NULL);
    printf("192.0.2.1:4000 - 192.0.2.99:80  SYN-SENT\n2 of 4 rows in use, 0 half-open\n");
    run();
    broken.store = (const struct aksu_storage *)(uintptr_t)8;
    odd.store = &none;
    lost.store = &none;
    stop(&blank, &broken, &odd);
    puts("done");
    return 0;
}
