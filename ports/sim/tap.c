// SPDX-License-Identifier: MIT
// Records what passes at one host's place, and each step of all hosts. Frames are kept until the
// end: what becomes of one is known only later, and stands in its comment.
#include "sim.h"

#include <stdlib.h>
#include <string.h>

struct tapped {
    struct tapped *next;
    uint64_t time_us;
    uint64_t id;
    const char *reason; // why it is lost; a constant of link.c
    bool outgoing;
    size_t len;
    uint8_t frame[];
};

struct aksu_sim_tap {
    struct aksu_sim_host *host;
    struct aksu_pcapng *pcap;
    struct aksu_steps *steps;
    struct tapped *first;
    struct tapped *last;
};

static void keep(struct aksu_sim_tap *tap, const struct aksu_sim_notice *n)
{
    struct tapped *t = sim_alloc(sizeof *t + n->len);

    t->time_us = n->time_us;
    t->id = n->id;
    t->outgoing = n->what == AKSU_SIM_SENT;
    t->len = n->len;
    memcpy(t->frame, n->frame, n->len);
    if (tap->last) {
        tap->last->next = t;
    } else {
        tap->first = t;
    }
    tap->last = t;
}

static void mark_lost(struct aksu_sim_tap *tap, const struct aksu_sim_notice *n)
{
    struct tapped *t;

    for (t = tap->first; t; t = t->next) {
        if (t->id == n->id) {
            t->reason = n->reason;
        }
    }
}

static void on_notice(void *user, const struct aksu_sim_notice *n)
{
    struct aksu_sim_tap *tap = user;

    if (n->what == AKSU_SIM_STEP && tap->steps) {
        aksu_steps_add(tap->steps, n->time_us, aksu_sim_name(n->host), aksu_sim_net(n->host),
                       n->conn, n->event);
    } else if (tap->pcap && n->what == AKSU_SIM_DROPPED) {
        mark_lost(tap, n);
    } else if (tap->pcap && n->host == tap->host &&
               (n->what == AKSU_SIM_SENT || n->what == AKSU_SIM_ARRIVED)) {
        keep(tap, n);
    }
}

struct aksu_sim_tap *aksu_sim_tap(struct aksu_sim_host *host, struct aksu_pcapng *pcap,
                                  struct aksu_steps *steps)
{
    struct aksu_sim_tap *tap = sim_alloc(sizeof *tap);

    tap->host = host;
    tap->pcap = pcap;
    tap->steps = steps;
    host->sim->tap = tap;
    aksu_sim_watch(host->sim, on_notice, tap);
    return tap;
}

int aksu_sim_tap_end(struct aksu_sim_tap *tap)
{
    int error = 0;

    while (tap->first) {
        struct tapped *t = tap->first;
        int result =
            aksu_pcapng_packet(tap->pcap, t->time_us, t->outgoing, t->frame, t->len, t->reason);

        error = error ? error : result;
        tap->first = t->next;
        free(t);
    }
    tap->last = NULL;
    tap->pcap = NULL;
    tap->steps = NULL;
    return error;
}
