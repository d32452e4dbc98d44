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
    memcpy(i->boards, host_boards->first, sizeof i->boards);
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
    memcpy(host_boards->first, i->boards, sizeof i->boards);
}

// What is compared, be it in an image or where a host works.
struct view {
    const struct host *host;
    struct aksu_storage at; // its pointers only
    const uint8_t *boards;
};

static struct view view_of(const struct image *i)
{
    struct view v = {&i->host, {0}, i->boards};

    v.at.row = (struct aksu_row *)(uintptr_t)i->row;
    v.at.heap = (struct aksu_row **)(uintptr_t)i->heap;
    v.at.bucket = (struct aksu_row **)(uintptr_t)i->bucket;
    v.at.listener = (struct aksu_listener *)(uintptr_t)i->listener;
    v.at.time_wait = (struct aksu_time_wait *)(uintptr_t)i->time_wait;
    v.at.answer = (struct aksu_answer *)(uintptr_t)i->answer;
    v.at.neighbour = (struct aksu_neighbour *)(uintptr_t)i->neighbour;
    v.at.rx = (uint8_t *)(uintptr_t)i->rx;
    v.at.tx = (uint8_t *)(uintptr_t)i->tx;
    v.at.echo = (uint8_t *)(uintptr_t)i->echo;
    return v;
}

static void mask_net(const struct view *v, struct aksu *net)
{
    memcpy(net, &v->host->net, sizeof *net);
    memset(&net->counters, 0, sizeof net->counters);
    net->now_ms = 0;
}

static void mask_rows(const struct view *v, struct aksu_row *row)
{
    memcpy(row, v->at.row, ROWS * sizeof *row);
    for (unsigned k = 0; k < ROWS; k++) {
        if (row[k].place == UINT32_MAX) {
            row[k].deadline = 0; // it is in no queue
        }
    }
}

// A board counts while its row does, and is in use.
static void mask_boards(const struct view *v, uint8_t *boards)
{
    memcpy(boards, v->boards, BOARDS_SIZE);
    for (unsigned k = 0; k < ROWS; k++) {
        const struct aksu_row *row = &v->at.row[k];
        if (!(row->bits & 0x80) || (row->tcb.flags & AKSU_F_SYN_UNACKED) ||
            !(row->tcb.flags & AKSU_F_SACK)) {
            memset(boards + k * BOARD_SIZE, 0, BOARD_SIZE);
        }
    }
}

static const char *compare(const struct view *a, const struct view *b, bool answers)
{
    static struct aksu net[2];
    static struct aksu_row row[2][ROWS];
    static uint8_t boards[2][BOARDS_SIZE];

    mask_net(a, &net[0]);
    mask_net(b, &net[1]);
    mask_rows(a, row[0]);
    mask_rows(b, row[1]);
    mask_boards(a, boards[0]);
    mask_boards(b, boards[1]);
    const struct image *i = NULL; // for its sizes
    const struct {
        const char *name;
        const void *a, *b;
        size_t size;
    } part[] = {
        {"struct aksu", &net[0], &net[1], sizeof net[0]},
        {"a row", row[0], row[1], sizeof row[0]},
        {"a board", boards[0], boards[1], sizeof boards[0]},
        {"the application", &a->host->app, &b->host->app, sizeof a->host->app},
        {"the heap", a->at.heap, b->at.heap, sizeof i->heap},
        {"a bucket", a->at.bucket, b->at.bucket, sizeof i->bucket},
        {"a listener", a->at.listener, b->at.listener, sizeof i->listener},
        {"TIME-WAIT", a->at.time_wait, b->at.time_wait, sizeof i->time_wait},
        {"a neighbour", a->at.neighbour, b->at.neighbour, sizeof i->neighbour},
        {"a receive ring", a->at.rx, b->at.rx, sizeof i->rx},
        {"a send ring", a->at.tx, b->at.tx, sizeof i->tx},
        {"the echo", a->at.echo, b->at.echo, sizeof i->echo},
        {"an answer", a->at.answer, b->at.answer, answers ? sizeof i->answer : 0},
    };
    for (unsigned k = 0; k < sizeof part / sizeof part[0]; k++) {
        if (memcmp(part[k].a, part[k].b, part[k].size) != 0) {
            return part[k].name;
        }
    }
    return NULL;
}

const char *difference(const struct image *a, const struct image *b, bool answers)
{
    struct view va = view_of(a), vb = view_of(b);

    return compare(&va, &vb, answers);
}

const char *changed(const struct host *h, const struct image *since, bool answers)
{
    struct view now = {h, *h->store, (const uint8_t *)host_boards->first}, was = view_of(since);

    return compare(&was, &now, answers);
}
