// SPDX-License-Identifier: MIT
// A stack that nobody traces takes short ways (header prediction: lib/src/tcp/predict.c). Over
// links that lose, double and reorder it does the same as one that is traced, which takes none of
// them: the same frames at the same times, the same times to wait, the same counts and connections.
// Some frames come damaged as well, in any octet of their headers, with checksums that are right or
// not.
#include <aksu/aksu.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

enum { CLIENT, SERVER, SIDES };
enum { RING = 4096, FRAME = 1600, ON_WAY = 64, STEPS = 6000, SEEDS = 60, PORT = 80 };

AKSU_STORAGE(memory_of_client, 3, 1, RING, RING);
AKSU_STORAGE(memory_of_server, 3, 1, RING, RING);

struct frame {
    uint8_t octets[FRAME];
    size_t len; // 0: a free place
    uint32_t at;
    unsigned to;
};

static struct world {
    struct aksu net[SIDES];
    struct aksu_trace trace[SIDES];
    struct frame frame[ON_WAY];
    uint64_t hash;
    uint32_t random;
    uint32_t now;
    uint32_t loss;  // percent
    uint32_t delay; // ms, at most
    uint32_t harm;  // percent
    uint32_t apart; // the two addresses
    unsigned steps;
    unsigned opened;
    aksu_handle conn[SIDES];
} w;

static uint32_t random_below(uint32_t below)
{
    w.random = w.random * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)w.random * below) >> 32);
}

static void note(const void *data, size_t len)
{
    const uint8_t *p = data;

    while (len-- > 0) {
        w.hash = (w.hash ^ *p++) * UINT64_C(1099511628211);
    }
}

static void note_number(uint32_t n)
{
    note(&n, sizeof n);
}

static void hook(struct aksu_trace *trace, struct aksu *net, aksu_handle conn,
                 const struct aksu_event *ev, const struct aksu_effects *fx,
                 const struct aksu_tcb *after)
{
    (void)trace;
    (void)net;
    (void)conn;
    (void)ev;
    (void)fx;
    (void)after;
    w.steps++;
}

static void write_some(struct aksu *net, aksu_handle conn)
{
    static const uint8_t data[RING];
    size_t room;

    if (random_below(3) == 0 && aksu_room(net, conn, &room) != NULL) {
        aksu_commit(net, conn, room < 700 ? room : 700);
    } else {
        aksu_send(net, conn, data, random_below(4) ? 1 + random_below(RING) : 64);
    }
}

static void read_some(struct aksu *net, aksu_handle conn)
{
    static uint8_t to[RING];
    int32_t n = aksu_recv(net, conn, to, random_below(3) ? RING : random_below(RING));

    note_number((uint32_t)n);
    note(to, n > 0 ? (size_t)n : 0);
}

static void on_open(struct aksu *net, aksu_handle conn, void *user)
{
    (void)user;
    w.conn[net == &w.net[SERVER]] = conn;
    w.opened++;
    if (random_below(4) == 0)
        aksu_set(net, conn, AKSU_NODELAY, 1);
    if (random_below(6) == 0)
        aksu_set(net, conn, AKSU_QUICKACK, 1);
    if (random_below(4) == 0) {
        aksu_set(net, conn, AKSU_KEEPALIVE_IDLE, 1 + random_below(3));
        aksu_set(net, conn, AKSU_KEEPALIVE, 1);
    }
    write_some(net, conn);
}

static void on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    (void)user;
    note_number((uint32_t)readable);
    if (random_below(8) > 0)
        read_some(net, conn);
    if (random_below(4) == 0)
        write_some(net, conn);
}

static void on_sent(struct aksu *net, aksu_handle conn, void *user, size_t octets)
{
    (void)user;
    note_number((uint32_t)octets);
    if (random_below(3) > 0)
        write_some(net, conn);
}

static void on_end(struct aksu *net, aksu_handle conn, void *user)
{
    (void)user;
    read_some(net, conn);
    aksu_close(net, conn, 0);
}

static const struct aksu_handlers handlers = {
    .on_open = on_open, .on_recv = on_recv, .on_sent = on_sent, .on_end = on_end};

static void put_on_way(const uint8_t *octets, size_t len, unsigned to)
{
    for (unsigned i = 0; i < ON_WAY; i++) {
        struct frame *f = &w.frame[i];
        if (f->len == 0) {
            memcpy(f->octets, octets, len);
            f->len = len;
            f->to = to;
            f->at = w.now + random_below(w.delay + 1);
            return;
        }
    }
}

static uint32_t sum(const uint8_t *p, size_t len)
{
    uint32_t all = 0;

    for (size_t i = 0; i < len; i++)
        all += (uint32_t)p[i] << (i % 2 ? 0 : 8);
    return all;
}

static void put_sum(uint8_t *to, uint32_t all)
{
    all = (all & 0xffff) + (all >> 16);
    all = ~(all + (all >> 16));
    to[0] = (uint8_t)(all >> 8);
    to[1] = (uint8_t)all;
}

// Makes the checksums of a damaged frame right, as far as it is still IPv4 and TCP.
static void mend(uint8_t *frame, size_t len)
{
    uint8_t *ip = frame + 14, *tcp = ip + 20;
    size_t total = (size_t)ip[2] << 8 | ip[3];

    if (len < 54 || total < 40 || total > len - 14)
        return;
    ip[10] = ip[11] = tcp[16] = tcp[17] = 0;
    put_sum(ip + 10, sum(ip, 20));
    put_sum(tcp + 16, sum(ip + 12, 8) + 6 + (uint32_t)(total - 20) + sum(tcp, total - 20));
}

// Another frame, almost the same: an octet, the length or the options are not what they were.
static void put_damaged(uint8_t *frame, size_t len, unsigned to)
{
    static const uint8_t worth[] = {0,  5,  6,  12, 13, 14, 15, 16, 17, 20, 21, 23, 26, 29, 33,
                                    34, 35, 37, 38, 41, 42, 45, 46, 47, 48, 50, 51, 52, 53, 54};
    unsigned how = random_below(8);

    if (how == 0) {
        len = 14 + random_below((uint32_t)len - 13);
    } else if (how == 1) {
        len += random_below(8);
    } else if (how < 6) {
        frame[worth[random_below(sizeof worth)]] ^= (uint8_t)(1u << random_below(8));
    } else {
        frame[random_below((uint32_t)len)] ^= (uint8_t)(1u + random_below(255));
    }
    if (random_below(3) > 0)
        mend(frame, len);
    put_on_way(frame, len, to);
}

static void drain(unsigned side)
{
    uint8_t frame[FRAME];
    size_t len;

    while ((len = aksu_output(&w.net[side], w.now, frame, sizeof frame)) > 0) {
        note_number(w.now);
        note(frame, len);
        if (random_below(100) >= w.loss)
            put_on_way(frame, len, !side);
        if (random_below(100) < w.loss)
            put_on_way(frame, len, !side);
        if (random_below(100) < w.harm)
            put_damaged(frame, len, !side);
    }
    note_number(aksu_idle(&w.net[side], w.now));
}

static void deliver(void)
{
    for (unsigned i = 0; i < ON_WAY; i++) {
        struct frame *f = &w.frame[i];
        if (f->len > 0 && (int32_t)(w.now - f->at) >= 0) {
            size_t len = f->len;
            f->len = 0;
            note_number((uint32_t)aksu_input(&w.net[f->to], w.now, f->octets, len));
            if (random_below(2))
                drain(f->to);
        }
    }
}

static struct aksu_addr address_of(unsigned side)
{
    return aksu_ipv4(192, 0, 2, (uint8_t)(1 + w.apart * side));
}

// To another network, of which the peer may be no host; to the peer's address; or back.
static void move(struct aksu *net, unsigned side)
{
    static const uint8_t prefix[] = {24, 24, 24, 30, 31, 25};
    struct aksu_addr addr = address_of(random_below(8) ? side : !side);

    if (w.harm > 0)
        note_number((uint32_t)aksu_set_address(net, &addr, prefix[random_below(6)], NULL));
}

// What the applications do by themselves.
static void act(void)
{
    unsigned side = random_below(SIDES);
    struct aksu *net = &w.net[side];
    aksu_handle conn = w.conn[side];

    aksu_now(net, w.now);
    switch (random_below(300)) {
    case 0:
    case 1:
    case 2:
    case 3:
        write_some(net, conn);
        break;
    case 4:
    case 5:
    case 6:
        read_some(net, conn);
        break;
    case 7:
        if (random_below(5) == 0)
            aksu_shutdown(net, conn);
        break;
    case 8:
        w.now += random_below(3000); // nothing happens for a while
        break;
    case 9:
        aksu_set(net, conn, AKSU_URGENT, 1);
        break;
    case 10:
        move(net, side);
        break;
    default:
        break;
    }
}

static void start(uint32_t seed, bool traced)
{
    static const struct aksu_storage *const memory[SIDES] = {&memory_of_client, &memory_of_server};
    struct aksu_endpoint server = {.port = PORT};
    uint8_t entropy[16] = {(uint8_t)seed, 1};

    memset(&w, 0, sizeof w);
    w.random = seed;
    w.now = seed % 3 == 0 ? 0xfffff000u : 1000 * seed;
    w.loss = seed % 4 == 0 ? 0 : seed % 10;
    w.delay = seed % 5 == 0 ? 1 : seed % 20;
    w.harm = seed % 2 == 0 || seed % 3 == 0 ? 20 : 0;
    w.apart = 1 + seed % 4; // of a network of four, the last is no host
    server.addr = address_of(SERVER);
    for (unsigned side = 0; side < SIDES; side++) {
        struct aksu_config config = {
            .profile = seed % 2 ? &aksu_standard : &aksu_lean,
            .link = &aksu_ethernet,
            .addr = address_of(side),
            .mac = {2, 0, 0, 0, 0, (uint8_t)side},
            .mtu = (uint16_t)(seed % 3 ? 1500 : 600),
            .offload = (uint8_t)(seed % 7 ? 0 : AKSU_OFFLOAD_TX | AKSU_OFFLOAD_RX)};
        assert_int_equal(aksu_init(&w.net[side], memory[side], &config), AKSU_OK);
        entropy[2] = (uint8_t)side;
        aksu_seed(&w.net[side], entropy, sizeof entropy);
        aksu_now(&w.net[side], w.now);
        w.trace[side].hook = hook;
        aksu_trace(&w.net[side], traced ? &w.trace[side] : NULL);
    }
    aksu_listen(&w.net[SERVER], NULL, PORT, 0, &handlers, NULL);
    w.conn[CLIENT] = aksu_connect(&w.net[CLIENT], &server, 0, &handlers, NULL);
}

static void note_state(unsigned side)
{
    const struct aksu_storage *store = w.net[side].store;
    for (uint32_t i = 0; i < store->rows; i++) {
        note(&store->row[i].tcb, sizeof store->row[i].tcb);
    }
}

// What there was to see of a run.
static uint64_t run(uint32_t seed, bool traced)
{
    start(seed, traced);
    for (unsigned i = 0; i < STEPS; i++) {
        drain(CLIENT);
        drain(SERVER);
        w.now += random_below(3);
        deliver();
        act();
        if (i % 50 == 0) {
            note_state(CLIENT);
            note_state(SERVER);
        }
    }
    note(aksu_counters(&w.net[CLIENT]), sizeof(struct aksu_counters));
    note(aksu_counters(&w.net[SERVER]), sizeof(struct aksu_counters));
    assert_int_equal(w.steps > 0, traced);
    return w.hash;
}

static void same_with_and_without_trace(void **state)
{
    uint64_t frames = 0;

    (void)state;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        uint64_t traced = run(seed, true);
        if (run(seed, false) != traced)
            fail_msg("seed %u: not the same frames", (unsigned)seed);
        frames += aksu_counters(&w.net[SERVER])->frames_in;
    }
    assert_true(frames > 20 * SEEDS); // they do talk
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_with_and_without_trace)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
