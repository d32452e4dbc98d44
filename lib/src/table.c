// SPDX-License-Identifier: MIT
// The connection table: rows, the buckets that find them, the heap of their deadlines. With one
// bucket (up to 8 rows) a list is all the demultiplexing there is.
#include "stack.h"

static const uint32_t GENERATION = UINT32_C(1) << AKSU_INDEX_BITS;

// Keyed, so that nobody can aim for one bucket: the upper half of a polynomial over a secret point.
// Its key is not the secret itself, which the time that a search takes must not tell.
struct aksu_row **aksu_table_bucket(const struct aksu *net, const struct aksu_pair *pair)
{
    if (net->store->buckets == 1) {
        return net->store->bucket;
    }
    uint64_t key = (uint64_t)net->table_key[1] << 32 | net->table_key[0];
    uint32_t ports = (uint32_t)pair->remote_port << 16 | pair->local_port;
    uint64_t mixed = key * pair->remote + ports;

    mixed *= key;

    return &net->store->bucket[(uint32_t)(mixed >> 32) & (net->store->buckets - 1)];
}

struct aksu_row *aksu_table_find(const struct aksu *net, const struct aksu_pair *pair)
{
    struct aksu_row *row = *aksu_table_bucket(net, pair);

    while (row && !aksu_same_pair(&row->pair, pair)) {
        row = row->next;
    }
    return row;
}

// A row that is free, or NULL; one in TIME-WAIT that has told its end gives way.
struct aksu_row *aksu_table_room(struct aksu *net)
{
    struct aksu_row *row = net->store->row;

    if (!net->profile->time_waits) {
        for (uint32_t left = net->store->rows; left > 0 && !net->free_rows; left--, row++) {
            if (!(row->bits & AKSU_ROW_USED)) {
                aksu_table_free(net, row);
            }
        }
    }
    return net->free_rows;
}

// A cleared row for a pair of endpoints; there is room.
struct aksu_row *aksu_table_alloc(struct aksu *net, const struct aksu_pair *pair)
{
    struct aksu_row *row = net->free_rows;
    uint32_t handle = (uint32_t)row->handle + GENERATION;

    if (handle > INT32_MAX) {
        handle = aksu_table_index(row) + GENERATION; // behind the last one comes the first, 1
    }

    net->free_rows = row->next;
    memset(row, 0, sizeof *row);
    row->handle = (aksu_handle)handle;
    row->bits = AKSU_ROW_USED;
    row->ttl = AKSU_TTL_DEFAULT;
    row->place = AKSU_UNSCHEDULED;
    row->pair = *pair;
    struct aksu_row **head = aksu_table_bucket(net, pair);

    row->next = *head;
    *head = row;
    return row;
}

void aksu_table_free(struct aksu *net, struct aksu_row *row)
{
    struct aksu_row **link = aksu_table_bucket(net, &row->pair);

    while (*link != row) {
        link = &(*link)->next;
    }
    *link = row->next;
    aksu_table_unschedule(net, row);
    row->bits = 0;
    row->next = net->free_rows;
    net->free_rows = row;
}

extern inline void aksu_table_context(const struct aksu *net, struct aksu_row *row,
                                      struct aksu_step *c);
extern inline enum aksu_next aksu_table_plan(const struct aksu *net, struct aksu_row *row,
                                             struct aksu_plan *plan);

// aksu_table_seek(), once.
struct aksu_row *aksu_table_row(const struct aksu *net, aksu_handle conn)
{
    return aksu_table_seek(net, conn);
}

// The heap: the row with the earliest deadline is first; among equals the one that waited longest
// is not pushed aside. Where speed counts the places from NEAR on are a tree of their own below the
// first: a row there that wants something soon changes places with one before them, so that a few
// busy rows among many cost what they would cost alone.
enum { NEAR = 15, LEAF = NEAR - 1 };

static void put(struct aksu_row **heap, uint32_t place, struct aksu_row *row)
{
    heap[place] = row;
    row->place = place;
}

// Finds where a row's deadline belongs in the tree from root on: up from a place that is free.
static inline uint32_t rise(struct aksu_row **heap, uint32_t root, uint32_t at, uint32_t deadline)
{
    while (at > root) {
        uint32_t parent = root + (at - root - 1) / 2;
        if (!aksu_seq_lt(deadline, heap[parent]->deadline)) {
            break;
        }
        put(heap, at, heap[parent]);
        at = parent;
    }
    return at;
}

// The same, down: in a tree that ends before a place.
static inline uint32_t sink(struct aksu_row **heap, uint32_t root, uint32_t end, uint32_t at,
                            uint32_t deadline)
{
    for (;;) {
        uint32_t child = 2 * at + 1 - root;
        if (child + 1 < end && aksu_seq_lt(heap[child + 1]->deadline, heap[child]->deadline)) {
            child++;
        }
        // Not before one with the same deadline: rows that are all ready take turns.
        if (child >= end || aksu_seq_lt(deadline, heap[child]->deadline)) {
            return at;
        }
        put(heap, at, heap[child]);
        at = child;
    }
}

// Whether the tree that begins at NEAR has the first row after the one in the first place.
static bool far_is_next(const struct aksu *net, uint32_t deadline)
{
    struct aksu_row **heap = net->store->heap;
    uint32_t first = heap[NEAR]->deadline;

    return !aksu_seq_lt(deadline, first) && !aksu_seq_lt(heap[1]->deadline, first) &&
           !aksu_seq_lt(heap[2]->deadline, first);
}

// In the tree that begins at NEAR, below the first place.
static void settle_far(const struct aksu *net, uint32_t at, struct aksu_row *row)
{
    struct aksu_row **heap = net->store->heap;

    at = rise(heap, NEAR, at, row->deadline);
    if (at == NEAR && aksu_seq_lt(row->deadline, heap[0]->deadline)) {
        put(heap, NEAR, heap[0]);
        put(heap, 0, row);
        return;
    }
    put(heap, sink(heap, NEAR, net->scheduled, at, row->deadline), row);
}

static void settle_anywhere(const struct aksu *net, uint32_t at, struct aksu_row *row)
{
    struct aksu_row **heap = net->store->heap;
    uint32_t end = net->scheduled;

    if (AKSU_FAST && at >= NEAR) {
        settle_far(net, at, row);
        return;
    }
    at = rise(heap, 0, at, row->deadline);
    if (AKSU_FAST && end > NEAR) {
        if (at == 0 && far_is_next(net, row->deadline)) {
            put(heap, 0, heap[NEAR]);
            settle_far(net, NEAR, row);
            return;
        }
        end = NEAR;
    }
    put(heap, sink(heap, 0, end, at, row->deadline), row);
}

// Puts a row where its deadline belongs, up or down from a place that is free.
static void settle(struct aksu *net, uint32_t at, struct aksu_row *row)
{
    settle_anywhere(net, at, row);
    if (AKSU_FAST && net->first) {
        net->first = net->store->heap[0];
    }
}

// Makes a place near the first free for a row that comes before the one that has it.
static uint32_t come_near(const struct aksu *net, const struct aksu_row *row)
{
    struct aksu_row *other = net->store->heap[LEAF];

    if (!aksu_seq_lt(row->deadline, other->deadline)) {
        return row->place;
    }
    settle_far(net, row->place, other);
    return LEAF;
}

void aksu_table_schedule(struct aksu *net, struct aksu_row *row, uint32_t wait_ms)
{
    row->deadline = net->now_ms + wait_ms;
    if (row->place == AKSU_UNSCHEDULED) {
        row->place = net->scheduled++;
        if (AKSU_FAST && row->place == 0) {
            net->store->heap[0] = row;
            aksu_table_first(net);
        }
    }
    if (AKSU_FAST && net->scheduled == 1) {
        return; // it is alone
    }
    settle(net, AKSU_FAST && row->place >= NEAR ? come_near(net, row) : row->place, row);
}

void aksu_table_first(struct aksu *net)
{
    if (net->answers == 0 && !net->more) {
        net->first = net->store->heap[0];
    }
}

void aksu_table_unschedule(struct aksu *net, struct aksu_row *row)
{
    uint32_t at = row->place;

    if (at == AKSU_UNSCHEDULED) {
        return;
    }
    struct aksu_row *last = net->store->heap[--net->scheduled];
    if (!AKSU_FAST || last != row) { // the row itself does no harm behind the last
        settle(net, at, last);
    }
    row->place = AKSU_UNSCHEDULED;
    if (net->scheduled == 0) {
        aksu_table_look(net);
    }
}

// aksu_idle() where speed counts, for it to use no stack and few instructions otherwise.
uint32_t aksu_table_wait(const struct aksu *net, uint32_t now_ms)
{
    return AKSU_FAST ? aksu_wait(net, now_ms) : 0;
}

aksu_handle aksu_next_connection(const struct aksu *net, aksu_handle conn)
{
    uint32_t i = conn > 0 ? ((uint32_t)conn & ((UINT32_C(1) << AKSU_INDEX_BITS) - 1)) + 1 : 0;

    for (; i < net->store->rows; i++) {
        if (net->store->row[i].bits & AKSU_ROW_USED) {
            return net->store->row[i].handle;
        }
    }
    return 0;
}

size_t aksu_connections(const struct aksu *net)
{
    size_t used = 0;

    for (uint32_t i = 0; i < net->store->rows; i++) {
        used += (net->store->row[i].bits & AKSU_ROW_USED) != 0;
    }
    return used;
}
