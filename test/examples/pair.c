// SPDX-License-Identifier: MIT
#include "pair.h"

enum { FRAMES = 1024, FRAME = 1514, DELAY_MS = 1, LATE_MS = 5 };

struct frame {
    bool used;
    uint8_t to;
    uint16_t len;
    uint32_t at;
    uint32_t order;
    uint8_t octets[FRAME];
};

struct pair pair;
struct aksu *const client = &pair.net[CLIENT];
struct aksu *const server = &pair.net[SERVER];
static struct frame frames[FRAMES];
static unsigned in_flight;
static uint32_t frames_sent;

AKSU_STORAGE(client_store, 80, 1, 8192, 8192);
AKSU_STORAGE(server_store, 80, 4, 4096, 4096);
AKSU_STORAGE(server_store_small, 80, 4, 1460, 100);
AKSU_STORAGE(server_store_no_send, 80, 4, 4096, 0);

static uint32_t chance(void)
{
    pair.random = pair.random * 1664525u + 1013904223u;
    return (pair.random >> 8) % 1000;
}

static void start_one(int which, const struct aksu_storage *store)
{
    struct aksu_config config = {
        .profile = &aksu_full,
        .link = &aksu_ethernet,
        .addr = aksu_ipv4(192, 0, 2, (uint8_t)(1 + which)),
        .mac = {2, 0, 0, 0, 0, (uint8_t)(1 + which)},
    };
    uint8_t entropy[16] = {(uint8_t)(7 + which)};

    assert_int_equal(aksu_init(&pair.net[which], store, &config), AKSU_OK);
    assert_int_equal(aksu_seed(&pair.net[which], entropy, sizeof entropy), AKSU_OK);
    aksu_now(&pair.net[which], pair.now);
}

// The examples keep what their connections know in static memory: connections of an earlier test
// must have ended there.
static void abort_all(struct aksu *net)
{
    static uint8_t frame[FRAME];
    aksu_handle conn = 0;

    if (!net->store) {
        return;
    }
    while ((conn = aksu_next_connection(net, conn)) != 0) {
        aksu_abort(net, conn);
    }
    while (aksu_idle(net, pair.now) == 0) {
        aksu_output(net, pair.now, frame, sizeof frame);
    }
}

void start(enum rings rings)
{
    const struct aksu_storage *const stores[] = {&server_store, &server_store_small,
                                                 &server_store_no_send};

    abort_all(client);
    abort_all(server);
    memset(&pair, 0, sizeof pair);
    memset(frames, 0, sizeof frames);
    in_flight = 0;
    pair.now = 0xfffffc00u; // the clock wraps in a second
    start_one(CLIENT, &client_store);
    start_one(SERVER, stores[rings]);
}

void lossy(uint32_t seed)
{
    pair.cable = (struct cable){.seed = seed, .loss = 50, .twice = 10, .late = 20};
    pair.random = seed;
}

static void put(int to, const uint8_t *octets, size_t len, uint32_t delay)
{
    unsigned i = 0;

    while (i < FRAMES && frames[i].used) {
        i++;
    }
    assert_true(i < FRAMES);
    frames[i].used = true;
    frames[i].to = (uint8_t)to;
    frames[i].len = (uint16_t)len;
    frames[i].at = pair.now + delay;
    frames[i].order = frames_sent++;
    memcpy(frames[i].octets, octets, len);
    in_flight++;
}

static void transmit(int from, const uint8_t *octets, size_t len)
{
    if (pair.watch) {
        pair.watch(from, octets, len);
    }
    if (pair.cut || chance() < pair.cable.loss) {
        return;
    }
    uint32_t delay = chance() < pair.cable.late ? LATE_MS : DELAY_MS;

    put(!from, octets, len, delay);
    if (chance() < pair.cable.twice) {
        put(!from, octets, len, delay);
    }
}

// The frame that arrives next: NULL if none is under way.
static struct frame *first(void)
{
    struct frame *best = NULL;
    unsigned left = in_flight;

    for (unsigned i = 0; left > 0; i++) {
        struct frame *f = &frames[i];
        if (!f->used) {
            continue;
        }
        left--;
        if (!best || (int32_t)(f->at - best->at) < 0 ||
            (f->at == best->at && f->order < best->order)) {
            best = f;
        }
    }
    return best;
}

static void arrive(void)
{
    struct frame *f;

    while ((f = first()) != NULL && f->at == pair.now) {
        int result = aksu_input(&pair.net[f->to], pair.now, f->octets, f->len);
        if (pair.cable.loss == 0 &&
            (result == -AKSU_DROP_TCP_CHECKSUM || result == -AKSU_DROP_RUNT)) {
            fail_msg("%s", aksu_drop_name(result));
        }
        f->used = false;
        in_flight--;
    }
}

// What output is due to send. Returns how long there is nothing to do.
static uint32_t leave(int which)
{
    static uint8_t frame[FRAME];
    struct aksu *net = &pair.net[which];
    unsigned rounds = 0;
    size_t len;

    while ((len = aksu_output(net, pair.now, frame, sizeof frame)) > 0) {
        transmit(which, frame, len);
        assert_true(++rounds < 10000);
    }
    uint32_t idle = aksu_idle(net, pair.now);

    assert_int_not_equal(idle, 0); // or it would spin
    return idle;
}

void run(uint32_t ms, const bool *until)
{
    uint32_t left = ms;

    while (!until || !*until) {
        arrive();
        uint32_t idle = leave(CLIENT);
        uint32_t other = leave(SERVER);
        idle = other < idle ? other : idle;
        const struct frame *next = first();
        if (next && next->at - pair.now < idle) {
            idle = next->at - pair.now;
        }
        if (idle == AKSU_NEVER || idle > left) {
            return;
        }
        pair.now += idle;
        left -= idle;
    }
}

struct aksu_endpoint remote(uint16_t port)
{
    return (struct aksu_endpoint){aksu_ipv4(192, 0, 2, 2), port};
}
