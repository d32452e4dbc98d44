// SPDX-License-Identifier: MIT
#include "host.h"

void take_image(const struct host *h, struct image *i)
{
    const struct aksu_storage *s = h->store;

    memcpy(&i->host, h, sizeof *h);
    memcpy(i->row, s->row, sizeof i->row);
    memcpy(i->heap, s->heap, sizeof i->heap);
    memcpy(i->bucket, s->bucket, sizeof i->bucket);
    memcpy(i->listener, s->listener, sizeof i->listener);
    memcpy(i->time_wait, s->time_wait, sizeof i->time_wait);
    memcpy(i->answer, s->answer, sizeof i->answer);
    memcpy(i->neighbour, s->neighbour, sizeof i->neighbour);
    memcpy(i->rx, s->rx, sizeof i->rx);
    memcpy(i->tx, s->tx, sizeof i->tx);
    memcpy(i->echo, s->echo, sizeof i->echo);
}

void restore(struct host *h, const struct image *i)
{
    const struct aksu_storage *s = h->store;

    memcpy(h, &i->host, sizeof *h);
    memcpy(s->row, i->row, sizeof i->row);
    memcpy(s->heap, i->heap, sizeof i->heap);
    memcpy(s->bucket, i->bucket, sizeof i->bucket);
    memcpy(s->listener, i->listener, sizeof i->listener);
    memcpy(s->time_wait, i->time_wait, sizeof i->time_wait);
    memcpy(s->answer, i->answer, sizeof i->answer);
    memcpy(s->neighbour, i->neighbour, sizeof i->neighbour);
    memcpy(s->rx, i->rx, sizeof i->rx);
    memcpy(s->tx, i->tx, sizeof i->tx);
    memcpy(s->echo, i->echo, sizeof i->echo);
}

static void mask_net(const struct image *i, bool answers, struct aksu *net)
{
    memcpy(net, &i->host.net, sizeof *net);
    memset(&net->counters, 0, sizeof net->counters);
    net->now_ms = 0;
    if (!answers) {
        net->answer_head = 0;
    }
}

static void mask_rows(const struct image *i, struct aksu_row *row)
{
    memcpy(row, i->row, sizeof i->row);
    for (unsigned k = 0; k < ROWS; k++) {
        if (row[k].place == UINT32_MAX) {
            row[k].deadline = 0; // it is in no queue
        }
    }
}

const char *difference(const struct image *a, const struct image *b, bool answers)
{
    static struct aksu net[2];
    static struct aksu_row row[2][ROWS];

    mask_net(a, answers, &net[0]);
    mask_net(b, answers, &net[1]);
    mask_rows(a, row[0]);
    mask_rows(b, row[1]);
    const struct {
        const char *name;
        const void *a, *b;
        size_t size;
    } part[] = {
        {"struct aksu", &net[0], &net[1], sizeof net[0]},
        {"a row", row[0], row[1], sizeof row[0]},
        {"the application", &a->host.app, &b->host.app, sizeof a->host.app},
        {"the heap", a->heap, b->heap, sizeof a->heap},
        {"a bucket", a->bucket, b->bucket, sizeof a->bucket},
        {"a listener", a->listener, b->listener, sizeof a->listener},
        {"TIME-WAIT", a->time_wait, b->time_wait, sizeof a->time_wait},
        {"a neighbour", a->neighbour, b->neighbour, sizeof a->neighbour},
        {"a receive ring", a->rx, b->rx, sizeof a->rx},
        {"a send ring", a->tx, b->tx, sizeof a->tx},
        {"the echo", a->echo, b->echo, sizeof a->echo},
        {"an answer", a->answer, b->answer, answers ? sizeof a->answer : 0},
    };
    for (unsigned i = 0; i < sizeof part / sizeof part[0]; i++) {
        if (memcmp(part[i].a, part[i].b, part[i].size) != 0) {
            return part[i].name;
        }
    }
    return NULL;
}
