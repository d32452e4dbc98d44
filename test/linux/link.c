// SPDX-License-Identifier: MIT
// What befalls a frame on its way.
#include "link.h"

#include <stdlib.h>
#include <string.h>

enum { ETHERNET = 14, IPV4 = 20, TCP = 20, SYN = 0x02 };

static size_t get16(const uint8_t *p)
{
    return (size_t)(p[0] << 8 | p[1]);
}

bool link_open(struct link_path *path, const struct link_config *config)
{
    memset(path, 0, sizeof *path);
    path->config = *config;
    path->chance = config->seed;
    path->order = ~config->seed;
    path->straight.frames = calloc(LINK_ROOM, sizeof *path->straight.frames);
    path->late.frames = calloc(LINK_ROOM, sizeof *path->late.frames);
    path->begins = calloc(config->queue ? config->queue : 1, sizeof *path->begins);
    return path->straight.frames && path->late.frames && path->begins;
}

void link_close(struct link_path *path)
{
    free(path->straight.frames);
    free(path->late.frames);
    free(path->begins);
}

/// Chance ///

// A counter whose steps are scrambled: any seed is as good as another.
static uint64_t draw(uint64_t *state)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15;

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

// Draws even if the answer is known, so that a probability changes no other frame's fate.
static bool chance(uint64_t *state, double probability)
{
    return (double)(draw(state) >> 11) < probability * 9007199254740992.0; // 2^53
}

static bool by_chance_lost(struct link_path *path)
{
    const struct link_config *c = &path->config;
    bool alone = chance(&path->chance, c->loss);

    path->bad =
        path->bad ? !chance(&path->chance, c->burst_end) : chance(&path->chance, c->burst_begin);
    return (chance(&path->chance, c->burst_loss) && path->bad) || alone;
}

/// What a frame is ///

// The TCP header's place in the frame, or 0.
static size_t tcp_at(const uint8_t *frame, size_t len)
{
    if (len < ETHERNET + IPV4 || get16(frame + 12) != 0x0800) {
        return 0;
    }
    size_t at = ETHERNET + (size_t)(frame[ETHERNET] & 15) * 4;

    return frame[ETHERNET + 9] == 6 && len >= at + TCP ? at : 0;
}

static bool is_data(const uint8_t *frame, size_t len)
{
    size_t at = tcp_at(frame, len);

    return at && ETHERNET + get16(frame + ETHERNET + 2) > at + (size_t)(frame[at + 12] >> 4) * 4;
}

static bool can_be_lost(const uint8_t *frame, size_t len)
{
    size_t at = tcp_at(frame, len);

    return len >= ETHERNET && get16(frame + 12) == 0x0800 && !(at && (frame[at + 13] & SYN));
}

/// The queue and the transmitter ///

static void let_begin(struct link_path *path, uint64_t now_ns)
{
    while (path->waiting > 0 && path->begins[path->first] <= now_ns) {
        path->first = (path->first + 1) % path->config.queue;
        path->waiting--;
    }
}

static bool queue_full(const struct link_path *path)
{
    return path->config.queue > 0 && path->waiting == path->config.queue;
}

static void wait_until(struct link_path *path, uint64_t begin_ns)
{
    if (path->config.queue > 0) {
        path->begins[(path->first + path->waiting++) % path->config.queue] = begin_ns;
        if (path->waiting > path->counts.waiting) {
            path->counts.waiting = path->waiting;
        }
    }
}

// Returns when the frame's last bit has left.
static uint64_t transmit(struct link_path *path, uint64_t now_ns, size_t len)
{
    uint64_t begin = path->busy_until_ns > now_ns ? path->busy_until_ns : now_ns;

    if (path->config.rate == 0) {
        return now_ns;
    }
    if (begin > now_ns) {
        wait_until(path, begin);
    }
    path->busy_until_ns = begin + (len + path->config.overhead) * 8000000000u / path->config.rate;
    return path->busy_until_ns;
}

/// The cable ///

static void put(struct link_row *row, uint64_t at_ns, const void *frame, size_t len)
{
    struct link_frame *f = &row->frames[(row->first + row->count++) % LINK_ROOM];

    f->at_ns = at_ns;
    f->len = len;
    memcpy(f->data, frame, len);
}

static uint64_t first_of(const struct link_row *row)
{
    return row->count > 0 ? row->frames[row->first].at_ns : UINT64_MAX;
}

static void send_on(struct link_path *path, uint64_t leave_ns, const void *frame, size_t len)
{
    const struct link_config *c = &path->config;
    bool late = chance(&path->order, c->reorder);
    uint64_t delay_us = c->delay_us + (late ? c->reorder_us : 0);

    path->counts.late += late;
    put(late ? &path->late : &path->straight, leave_ns + delay_us * 1000, frame, len);
}

static bool too_large(const struct link_path *path, size_t len)
{
    const struct link_config *c = &path->config;
    uint64_t n = path->counts.in;

    return c->mtu > 0 && len > ETHERNET + (size_t)c->mtu && n >= c->mtu_from &&
           (c->mtu_to == 0 || n < c->mtu_to);
}

// Returns where it is counted if it does not arrive, or NULL.
static uint64_t *pass(struct link_path *path, uint64_t now_ns, const void *frame, size_t len)
{
    bool lost = can_be_lost(frame, len) && by_chance_lost(path);

    let_begin(path, now_ns);
    if (len > LINK_FRAME || path->straight.count == LINK_ROOM || path->late.count == LINK_ROOM) {
        return &path->counts.refused;
    }
    if (too_large(path, len)) {
        return &path->counts.large;
    }
    if (lost && !path->config.after_queue) {
        return &path->counts.lost;
    }
    if (queue_full(path)) {
        return &path->counts.dropped;
    }
    uint64_t leave_ns = transmit(path, now_ns, len);

    if (lost) {
        return &path->counts.lost;
    }
    send_on(path, leave_ns, frame, len);
    return NULL;
}

void link_take(struct link_path *path, uint64_t now_ns, const void *frame, size_t len)
{
    bool data = is_data(frame, len);
    uint64_t *gone = pass(path, now_ns, frame, len);

    path->counts.in++;
    path->counts.data += data;
    if (gone) {
        ++*gone;
        path->counts.data_gone += data;
    }
}

uint64_t link_due(const struct link_path *path)
{
    uint64_t straight = first_of(&path->straight);
    uint64_t late = first_of(&path->late);

    return straight <= late ? straight : late;
}

const struct link_frame *link_give(struct link_path *path, uint64_t now_ns)
{
    uint64_t due_ns = link_due(path);

    if (due_ns > now_ns || due_ns == UINT64_MAX) {
        return NULL;
    }
    struct link_row *row = first_of(&path->straight) == due_ns ? &path->straight : &path->late;
    const struct link_frame *frame = &row->frames[row->first];

    row->first = (row->first + 1) % LINK_ROOM;
    row->count--;
    path->counts.out++;
    return frame;
}

uint64_t link_under_way(const struct link_path *path)
{
    return (uint64_t)path->straight.count + path->late.count;
}
