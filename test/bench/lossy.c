// SPDX-License-Identifier: MIT
// Two ends of the bench over a link of the simulator, which loses frames: what of its rate arrives.
//
// usage: lossy PROFILE OCTETS LOSS REORDER SEED     (probabilities; prints percent of 10 Mbit/s)
//
// The link is the first table's of docs/goodput.md: 10 ms each way, a queue of 50 frames.
#include "end.h"

#include <aksu_sim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATE 1e7

bool client_start(const struct setup *setup);
void client_open(uint32_t now_ms, unsigned port);
void client_in(uint32_t now_ms, const void *frame, size_t len);
size_t client_out(uint32_t now_ms, void *frame);
bool server_start(const struct setup *setup);
void server_in(uint32_t now_ms, const void *frame, size_t len);
size_t server_out(uint32_t now_ms, void *frame);
unsigned long server_done(void);

static struct aksu_sim *sim;
static struct aksu_sim_host *wire[2];
static unsigned long wanted;
static uint64_t first_us, last_us;

void uncounted(void *to, const void *from, size_t len)
{
    memcpy(to, from, len);
}

static uint32_t ms(void)
{
    return (uint32_t)(aksu_sim_now(sim) / 1000);
}

static void flush(void)
{
    uint32_t frame[FRAME / 4];
    size_t len;

    while ((len = client_out(ms(), frame)) > 0) {
        aksu_sim_inject(wire[0], frame, len);
    }
    while ((len = server_out(ms(), frame)) > 0) {
        aksu_sim_inject(wire[1], frame, len);
    }
}

static void input(void *user, struct aksu_sim_host *host, const uint8_t *frame, size_t len)
{
    unsigned long done = server_done();

    (void)user;
    (host == wire[0] ? client_in : server_in)(ms(), frame, len);
    if (server_done() > done) {
        last_us = aksu_sim_now(sim);
        first_us = first_us ? first_us : last_us;
    }
    flush();
    if (server_done() >= wanted) {
        aksu_sim_stop(sim);
    }
}

// Timers: each millisecond, for both.
static void tick(void *user)
{
    flush();
    aksu_sim_at(sim, aksu_sim_now(sim) + 1000, tick, user);
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        return 2;
    }
    struct setup setup = {.work = WORK_BULK, .profile = argv[1]};
    struct aksu_sim_path path = {.delay_us = 10000,
                                 .rate = (uint64_t)RATE,
                                 .framing = 24,
                                 .queue = 50,
                                 .lose_first = true,
                                 .spare_opening = true,
                                 .loss = atof(argv[3]),
                                 .reorder = atof(argv[4]),
                                 .reorder_us = 4000};

    setup.wanted = wanted = strtoul(argv[2], NULL, 10);
    sim = aksu_sim_new(strtoull(argv[5], NULL, 10));
    wire[0] = aksu_sim_wire(sim, "client", aksu_ipv4(192, 0, 2, 1), input, NULL);
    wire[1] = aksu_sim_wire(sim, "server", aksu_ipv4(192, 0, 2, 2), input, NULL);
    aksu_sim_link(wire[0], wire[1], &path, &path);
    if (!client_start(&setup)) {
        return 1;
    }
    setup.server = true;
    if (!server_start(&setup)) {
        return 1;
    }
    client_open(ms(), PORT);
    aksu_sim_at(sim, 1000, tick, NULL);
    if (aksu_sim_run(sim, 3600 * UINT64_C(1000000)) != 0) {
        fprintf(stderr, "%s\n", aksu_sim_error(sim));
        return 1;
    }
    double us = (double)(last_us - first_us);

    printf("percent %.1f\n", server_done() >= wanted ? (double)wanted * 8e8 / us / RATE : 0.0);
    aksu_sim_free(sim);
    return 0;
}
