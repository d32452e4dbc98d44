// SPDX-License-Identifier: MIT
#include "wire.h"

#define CLOCK_AT_START 0xFFFFF000u // it wraps after four seconds
enum { QUEUE = 4096, LINK_MS = 100, RING = 8192 };
enum { LONGEST_MS = 600000, ROUND_NS = 2000 };

struct passing {
    uint64_t at;
    uint16_t len;
    bool bad_fcs;
    uint8_t octets[WIRE_FRAME_MAX];
};

// Frames on their way, in order: each way has a queue.
struct queue {
    struct passing frames[QUEUE];
    unsigned first, count;
    uint64_t free_at;
};

struct wire wire;
const uint8_t wire_address[6] = {2, 0, 0, 0, 0, 2};
bool breach_wanted;
unsigned breaches;
static struct queue to_chip, to_peer;
static struct aksu board, peer;
static bool has_peer, inside, was_low, fallen;
static struct aksu_port port;
static struct transfer transfer;

AKSU_STORAGE(board_store, 4, 1, RING, RING);
AKSU_STORAGE(peer_store, 4, 1, 16384, 16384);

void wire_broken(const char *what)
{
    breaches++;
    if (!breach_wanted) {
        fail_msg("%s", what);
    }
}

uint32_t wire_random(void)
{
    wire.random = wire.random * 1664525u + 1013904223u;
    return wire.random >> 8;
}

static bool chance(unsigned per_thousand)
{
    return wire_random() % 1000 < per_thousand;
}

void wire_start(const struct wire_chip *chip)
{
    memset(&wire, 0, sizeof wire);
    wire.chip = chip;
    wire.random = 1;
    to_chip.count = to_peer.count = 0;
    to_chip.free_at = to_peer.free_at = 0;
    has_peer = false;
    breach_wanted = false;
    breaches = 0;
}

void wire_make(uint8_t *frame, size_t len, const uint8_t to[6], uint32_t seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        frame[i] = (uint8_t)(seed >> 24);
    }
    memcpy(frame, to, 6);
    frame[12] = 0x88;
    frame[13] = 0xB5; // for experiments (IEEE 802)
}

void wire_check_received(struct aksu_mac *mac, const uint8_t *frame, size_t len)
{
    size_t got_len;
    const void *got = mac->driver->receive(mac, &got_len);

    assert_non_null(got);
    assert_int_equal(got_len, len);
    assert_memory_equal(got, frame, len);
    mac->driver->release(mac);
}

void wire_check_none(struct aksu_mac *mac)
{
    size_t len;

    assert_null(mac->driver->receive(mac, &len));
}

unsigned wire_drain(struct aksu_mac *mac)
{
    unsigned count = 0;
    size_t len;

    while (mac->driver->receive(mac, &len)) {
        mac->driver->release(mac);
        count++;
        assert_true(count <= 255); // no chip holds more
    }
    return count;
}

void wire_hand_over(struct aksu_mac *mac, uint8_t *frame, size_t len, uint32_t seed)
{
    uint8_t *to = mac->driver->lend(mac);

    assert_non_null(to);
    wire_make(frame, len, wire_address, seed);
    memcpy(to, frame, len);
    mac->driver->send(mac, len);
}

void wire_check_sends(struct aksu_mac *mac, uint8_t *frame, size_t len, uint32_t seed,
                      uint64_t within_ns)
{
    uint32_t before = wire.from_chip;

    wire_hand_over(mac, frame, len, seed);
    wire_spend(within_ns);
    assert_int_equal(wire.from_chip, before + 1);
    assert_int_equal(wire.last_len, len < 60 ? 60 : len);
    assert_memory_equal(wire.last, frame, len);
}

bool wire_comes_up(struct aksu_mac *mac)
{
    for (unsigned i = 0; i < 20; i++) {
        if (mac->driver->link(mac)) {
            return true;
        }
    }
    return false;
}

/// The cable ///

static void put(struct queue *q, const uint8_t *frame, size_t len, bool bad_fcs)
{
    assert_true(q->count < QUEUE && len <= WIRE_FRAME_MAX);
    struct passing *p = &q->frames[(q->first + q->count++) % QUEUE];
    uint64_t from = q->free_at > wire.now ? q->free_at : wire.now;

    q->free_at = from + (len + 24) * wire.chip->ns_per_octet; // with preamble, FCS and gap
    p->at = q->free_at;
    p->len = (uint16_t)len;
    p->bad_fcs = bad_fcs;
    memcpy(p->octets, frame, len);
}

static void put_noise(size_t len)
{
    static uint8_t noise[WIRE_FRAME_MAX];

    wire_make(noise, len, wire_address, wire_random());
    put(&to_chip, noise, len, false);
}

static void put_to_chip(const uint8_t *frame, size_t len)
{
    const struct wire_faults *f = &wire.faults;
    static uint8_t padded[WIRE_FRAME_MAX];

    memset(padded, 0, 60);
    memcpy(padded, frame, len);
    len = len < 60 ? 60 : len;
    for (unsigned i = chance(f->twice) ? 2 : 1; i > 0 && !chance(f->loss); i--) {
        bool bad = chance(f->bad_fcs);
        wire.bad_fcs += bad;
        put(&to_chip, padded, len, bad);
    }
    if (chance(f->runt)) {
        wire.runts++;
        put_noise(6 + 8 + wire_random() % 30);
    }
    if (chance(f->jumbo)) {
        wire.jumbos++;
        put_noise(1515 + wire_random() % 500);
    }
}

void wire_send(const uint8_t *frame, size_t len)
{
    wire.from_chip++;
    wire.last = frame;
    wire.last_len = len;
    if (wire.unplugged || chance(wire.faults.loss)) {
        return;
    }
    if (has_peer) {
        put(&to_peer, frame, len, false);
    }
}

/// Time ///

static uint32_t clock_ms(void)
{
    return (uint32_t)(wire.now / MS) + CLOCK_AT_START;
}

uint32_t aksu_clock_ms(void)
{
    return clock_ms();
}

static void peer_goes_on(void)
{
    static uint8_t frame[1514];
    size_t len;

    while ((len = aksu_output(&peer, clock_ms(), frame, sizeof frame)) > 0) {
        put_to_chip(frame, len);
    }
}

static uint64_t first_of(const struct queue *q)
{
    return q->count > 0 ? q->frames[q->first].at : UINT64_MAX;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static const struct passing *take(struct queue *q)
{
    const struct passing *p = &q->frames[q->first];

    q->first = (q->first + 1) % QUEUE;
    q->count--;
    return p;
}

// What happens at the time of wire.now.
static void happen(void)
{
    wire.chip->tick();
    while (first_of(&to_chip) <= wire.now) {
        const struct passing *p = take(&to_chip);
        if (!wire.unplugged) {
            wire.to_chip++;
            wire.chip->arrive(p->octets, p->len, p->bad_fcs);
        }
    }
    while (first_of(&to_peer) <= wire.now) {
        const struct passing *p = take(&to_peer);
        (void)aksu_input(&peer, clock_ms(), p->octets, p->len);
    }
    if (has_peer) {
        peer_goes_on();
    }
}

static uint64_t next_event(void)
{
    uint64_t next = least(least(first_of(&to_chip), first_of(&to_peer)), wire.chip->next());
    uint32_t idle = has_peer ? aksu_idle(&peer, clock_ms()) : AKSU_NEVER;

    return idle == AKSU_NEVER ? next : least(next, (wire.now / MS + idle) * MS);
}

static void each_ms(void)
{
    while (wire.each_ms && wire.told < wire.now / MS) {
        wire.told++;
        wire.each_ms((uint32_t)wire.told);
    }
}

// The interrupt controller sees falling edges only, as that of an STM32F1 does.
static void look_at_pin(void)
{
    bool low = wire.chip->interrupt();

    fallen = fallen || (low && !was_low);
    was_low = low;
}

void wire_spend(uint64_t ns)
{
    uint64_t end = wire.now + ns;

    if (inside) {
        return;
    }
    inside = true;
    look_at_pin();
    for (uint64_t next; (next = next_event()) <= end;) {
        wire.now = next > wire.now ? next : wire.now;
        happen();
    }
    wire.now = end;
    look_at_pin();
    inside = false;
}

/// The board ///

void aksu_cpu_sleep(uint32_t ms, bool (*ready)(void *user), void *user)
{
    wire_spend(ROUND_NS);
    fallen = false;
    if (ready(user)) {
        return;
    }
    if (wire.chip->interrupt() && !fallen && !wire.silent) {
        wire_broken("pending() leaves the interrupt on: no edge will follow");
    }
    uint64_t end = ms == AKSU_NEVER ? UINT64_MAX : (wire.now / MS + ms) * MS;

    while (wire.now < end && !wire.chip->interrupt()) {
        uint64_t next = least(next_event(), end);
        assert_true(next != UINT64_MAX); // asleep for ever
        wire_spend(next > wire.now ? next - wire.now : 0);
    }
    wire.wake_ups++;
}

static void start_stack(struct aksu *net, const struct aksu_storage *store, uint8_t number)
{
    struct aksu_config config = {.profile = &aksu_full,
                                 .link = &aksu_ethernet,
                                 .addr = aksu_ipv4(192, 0, 2, number),
                                 .mac = {2, 0, 0, 0, 0, number}};
    const uint8_t entropy[16] = {number};

    assert_int_equal(aksu_init(net, store, &config), AKSU_OK);
    assert_int_equal(aksu_seed(net, entropy, sizeof entropy), AKSU_OK);
    aksu_now(net, clock_ms());
}

static bool done(void *user)
{
    (void)user;
    each_ms();
    assert_true(wire.now / MS < LONGEST_MS);
    return transfer.done;
}

uint32_t wire_echo(struct aksu_mac *mac, uint32_t octets)
{
    struct aksu_endpoint remote = {aksu_ipv4(192, 0, 2, 2), 7};
    uint64_t from = wire.now;

    start_stack(&board, &board_store, 2);
    start_stack(&peer, &peer_store, 1);
    assert_int_equal(echo_start(&board, 7), AKSU_OK);
    port = (struct aksu_port){.net = &board, .mac = mac, .link_ms = LINK_MS};
    transfer = (struct transfer){.to_send = octets, .to_receive = octets, .end = TRANSFER_FIRST};
    assert_int_equal(transfer_start(&peer, &remote, &transfer), AKSU_OK);
    has_peer = true;
    aksu_port_run(&port, done, NULL);
    assert_int_equal(transfer.error, AKSU_OK);
    assert_int_equal(transfer.received, octets);
    assert_int_equal(transfer.mismatches, 0);
    return (uint32_t)((wire.now - from) / MS);
}
