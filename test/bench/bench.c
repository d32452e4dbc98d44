// SPDX-License-Identifier: MIT
// Two stacks in one program, joined by memory, for scripts/bench to count instructions in.
//
// usage: bench bulk|request|connect|refused|idle|scale lean|standard COUNT [CONNECTIONS] [offload]
//
// A frame is taken in, then all is sent that can be: acknowledgments are not aggregated over
// frames. client_in(), client_out() and so on hold all that is counted: the stack's and the
// handlers' work, not the wire's. Payload is 1460 octets in either profile. Prints the instructions
// of each function, where the meter counts them, and the frames that each end sent.
#include "end.h"
#include "meter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_FULL = 50000 }; // connections: the next ones are to the next port
enum { SLOTS = 64, ALIGN = sizeof(void *) == 4 ? 2 : 0 }; // a MAC puts the IP header on a word

bool client_start(const struct setup *setup);
void client_open(uint32_t now_ms, unsigned port);
void client_send(uint32_t now_ms, unsigned long connection);
void client_in(uint32_t now_ms, const void *frame, size_t len);
size_t client_out(uint32_t now_ms, void *frame);
void client_tick(uint32_t now_ms);
uint32_t client_idle(uint32_t now_ms);
unsigned long client_done(void);
unsigned long client_faults(void);
size_t client_row(void);

bool server_start(const struct setup *setup);
void server_in(uint32_t now_ms, const void *frame, size_t len);
size_t server_out(uint32_t now_ms, void *frame);
void server_tick(uint32_t now_ms);
uint32_t server_idle(uint32_t now_ms);
unsigned long server_done(void);
unsigned long server_faults(void);

struct wire {
    uint32_t frame[SLOTS][FRAME / 4];
    size_t len[SLOTS];
    unsigned head;
    unsigned count;
};

struct host {
    const char *name;
    struct wire *in;
    struct wire *out;
    void (*take)(uint32_t now_ms, const void *frame, size_t len);
    size_t (*give)(uint32_t now_ms, void *frame);
    unsigned long taken; // instructions
    unsigned long given;
    unsigned long frames; // sent
};

static struct wire to_server, to_client;
static struct host client = {
    .name = "client", .in = &to_client, .out = &to_server, .take = client_in, .give = client_out};
static struct host server = {
    .name = "server", .in = &to_server, .out = &to_client, .take = server_in, .give = server_out};
static unsigned long opening, sending, ticking;
static uint32_t now_ms;

static void check(bool good, const char *what)
{
    if (!good) {
        printf("bench: %s\n", what);
        exit(1);
    }
}

void uncounted(void *to, const void *from, size_t len)
{
    meter_pause();
    memcpy(to, from, len);
    meter_resume();
}

static uint8_t *frame_at(struct wire *w, unsigned slot)
{
    return (uint8_t *)w->frame[slot] + ALIGN;
}

static void turn(struct host *h)
{
    struct wire *in = h->in, *out = h->out;

    if (in->count > 0) {
        const uint8_t *frame = frame_at(in, in->head);
        size_t len = in->len[in->head];

        meter_begin();
        h->take(now_ms, frame, len);
        h->taken += meter_end();
        in->head = (in->head + 1) % SLOTS;
        in->count--;
    }
    while (out->count < SLOTS) {
        unsigned slot = (out->head + out->count) % SLOTS;
        uint8_t *frame = frame_at(out, slot);

        meter_begin();
        size_t len = h->give(now_ms, frame);
        h->given += meter_end();
        if (len == 0) {
            break;
        }
        out->len[slot] = len;
        out->count++;
        h->frames++;
    }
}

// Lets time pass: a millisecond, or if no frame is on its way, to the next deadline.
static void pass(void)
{
    uint32_t a = client_idle(now_ms), b = server_idle(now_ms);
    bool quiet = client.in->count == 0 && server.in->count == 0;
    uint32_t least = a < b ? a : b;

    check(!quiet || least != UINT32_MAX, "nothing is left to happen");
    now_ms += quiet && least > 1 ? least : 1;
}

static void open_one(unsigned port)
{
    meter_begin();
    client_open(now_ms, port);
    opening += meter_end();
}

static void until_done(unsigned long wanted)
{
    for (;;) {
        turn(&client);
        turn(&server);
        if (client_done() + server_done() >= wanted) {
            return;
        }
        pass();
    }
}

// What is on its way arrives; no time passes.
static void settle(void)
{
    do {
        turn(&client);
        turn(&server);
    } while (client.in->count + server.in->count > 0);
}

// `each`: what one after the other adds to done at both ends.
static void one_by_one(unsigned long count, unsigned port, unsigned long each)
{
    for (unsigned long i = 1; i <= count; i++) {
        open_one(port + (unsigned)(i / PORT_FULL));
        until_done(i * each);
        now_ms++;
    }
    settle();
}

static void idle(unsigned long count)
{
    for (unsigned long i = 0; i < count; i++) {
        now_ms++;
        meter_begin();
        client_tick(now_ms);
        ticking += meter_end();
    }
}

// Each exchange is the connection's own: the next one is after the last delayed acknowledgment.
static void exchange(unsigned long connections, unsigned long count)
{
    uint32_t random = 1;

    for (unsigned long i = 0; i < count; i++) {
        unsigned long done = client_done();

        random = random * 1664525 + 1013904223;
        meter_begin();
        client_send(now_ms, (unsigned long)(((uint64_t)random * connections) >> 32));
        sending += meter_end();
        settle();
        check(client_done() == done + 1, "a request was not answered");
        now_ms += 250;
        settle();
    }
}

static void run(enum work work, unsigned long count, unsigned long connections)
{
    switch (work) {
    case WORK_BULK:
        open_one(PORT);
        until_done(count * PAYLOAD);
        now_ms += 250; // the last acknowledgment
        settle();
        break;
    case WORK_REQUEST:
        open_one(PORT);
        until_done(count);
        break;
    case WORK_CONNECT:
        one_by_one(count, PORT, 2);
        break;
    case WORK_REFUSED:
        one_by_one(count, CLOSED_PORT, 1);
        break;
    default:
        one_by_one(connections, PORT, 2);
        if (work == WORK_IDLE) {
            idle(count);
        } else {
            exchange(connections, count);
        }
    }
}

static enum work work_of(const char *name)
{
    static const char *const names[WORKS] = {"bulk",    "request", "connect",
                                             "refused", "idle",    "scale"};
    int i = 0;

    while (i < WORKS && strcmp(name, names[i]) != 0) {
        i++;
    }
    check(i < WORKS, "no such work");
    return (enum work)i;
}

static void print(void)
{
    printf("client_in %lu\nclient_out %lu\n", client.taken, client.given);
    printf("server_in %lu\nserver_out %lu\n", server.taken, server.given);
    printf("client_open %lu\nclient_send %lu\nclient_tick %lu\n", opening, sending, ticking);
    printf("frames %lu %lu\nrow %lu\n", client.frames, server.frames, (unsigned long)client_row());
    printf("stack %lu\n", (unsigned long)meter_stack());
}

int main(int argc, char **argv)
{
    char *word[5] = {NULL};
    int words = meter_words(argc, argv, word, 5);

    check(words >= 3, "usage: bench WORK PROFILE COUNT [CONNECTIONS] [offload]");
    enum work work = work_of(word[0]);
    unsigned long count = strtoul(word[2], NULL, 10);
    unsigned long connections = words > 3 ? strtoul(word[3], NULL, 10) : 1;
    struct setup setup = {.work = work, .profile = word[1], .offload = words > 4};

    setup.wanted = work == WORK_BULK ? count * PAYLOAD : count;
    check(meter_start(), "the meter is wrong");
    check(client_start(&setup), "the client does not start");
    setup.server = true;
    check(server_start(&setup), "the server does not start");
    run(work, count, connections);
    check(client_faults() + server_faults() == 0,
          "segments were sent again, or there was an error");
    print();
    return 0;
}
