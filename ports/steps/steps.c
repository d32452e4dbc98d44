// SPDX-License-Identifier: MIT
// Writes what a connection's sender thinks after each step.
#include "aksu_steps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void note(struct aksu_steps *steps, bool good)
{
    if (!good && steps->error == 0) {
        steps->error = errno ? -errno : -EIO;
    }
}

int aksu_steps_open(struct aksu_steps *steps, const char *path)
{
    memset(steps, 0, sizeof *steps);
    steps->file = fopen(path, "w");
    note(steps, steps->file != NULL);
    if (steps->file) {
        note(steps, fputs("time_us,host,local_port,remote_port,event,state,una,max,snd_wnd,cwnd,"
                          "ssthresh,srtt,rttvar,rto,retries,recovery,min_rtt\n",
                          steps->file) >= 0);
    }
    return steps->error;
}

// The board of the row that has this TCB, or NULL.
static const struct aksu_board *board_of(const struct aksu *net, const struct aksu_tcb *t)
{
    size_t octets = (size_t)((const uint8_t *)t - (const uint8_t *)net->store->row);
    struct aksu_row *row = &net->store->row[octets / sizeof *row];
    struct aksu_step c = {.t = &row->tcb};

    if (net->boards) {
        net->boards->find(net, row, &c);
    }
    return c.b;
}

// In two parts: small C libraries print no 64 bits.
static bool print_time(FILE *to, uint64_t time_us)
{
    uint32_t s = (uint32_t)(time_us / 1000000);
    uint32_t us = (uint32_t)(time_us % 1000000);

    return (s > 0 ? fprintf(to, "%" PRIu32 "%06" PRIu32, s, us) : fprintf(to, "%" PRIu32, us)) > 0;
}

static bool print_sender(FILE *to, const struct aksu *net, const struct aksu_tcb *t)
{
    return fprintf(to,
                   "%s,%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32
                   ",%.3f,%.2f,%" PRIu32 ",%u,%d",
                   aksu_state_name(t->state), t->snd_una, t->snd_max, t->snd_wnd, t->cwnd,
                   t->ssthresh, t->srtt / 8.0, t->rttvar / 4.0, aksu_tcp_rto(net->profile, t),
                   t->retries, (t->flags & AKSU_F_RECOVERY) != 0) >= 0;
}

void aksu_steps_add(struct aksu_steps *steps, uint64_t time_us, const char *host,
                    const struct aksu *net, aksu_handle conn, const struct aksu_event *event)
{
    FILE *to = steps->file;
    struct aksu_info info;

    if (!to || aksu_info(net, conn, &info) != AKSU_OK) {
        return;
    }
    const struct aksu_board *b = board_of(net, info.tcb);

    note(steps, print_time(to, time_us));
    note(steps, fprintf(to, ",%s,%u,%u,%s,", host, info.local.port, info.remote.port,
                        aksu_event_name(event->kind)) >= 0);
    note(steps, print_sender(to, net, info.tcb));
    note(steps, (b ? fprintf(to, ",%u\n", b->min_rtt_ms) : fputs(",\n", to)) >= 0);
}

int aksu_steps_close(struct aksu_steps *steps)
{
    if (steps->file) {
        note(steps, fclose(steps->file) == 0);
    }
    steps->file = NULL;
    return steps->error;
}
