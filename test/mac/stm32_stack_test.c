// SPDX-License-Identifier: MIT
// Two stacks, each with the main loop and a driver on a model of its MAC, and a cable between them.
// Time is virtual, and a loop that sleeps is woken by its interrupt line or its deadline only: what
// no interrupt announces is late, and shows as a retransmission.
#include "stm32_model.h"

#include <aksu_baremetal.h>
#include <examples.h>
#include <mac/stm32_eth.h>
#include <mac/stm32h7_eth.h>

enum { CLIENT, SERVER, SIDES, LINK_MS = 100, HCLK = 200000000, PIECE = 1 << 20 };
enum { OFFLOAD = AKSU_OFFLOAD_RX | AKSU_OFFLOAD_TX, CABLE = 64, HOURS_MS = 4 * 3600 * 1000 };

struct side {
    const struct model_kind *kind;
    bool cached;
    uint16_t offload;
};

static const struct pairing {
    const char *name;
    struct side side[SIDES];
} pairings[] = {
    {"F4 fetches from F7, cached, checksums", {{&model_f, false, 0}, {&model_f, true, OFFLOAD}}},
    {"F7, cached, fetches from F4, checksums", {{&model_f, true, 0}, {&model_f, false, OFFLOAD}}},
    {"H7, checksums, fetches from H7, cached", {{&model_h7, false, OFFLOAD}, {&model_h7, true, 0}}},
    {"H7, cached, checksums, fetches from F4", {{&model_h7, true, OFFLOAD}, {&model_f, false, 0}}},
    {"F7, checksums, fetches from H7", {{&model_f, false, OFFLOAD}, {&model_h7, false, 0}}},
};

AKSU_STORAGE(client_memory, 2, 1, 8192, 0);
AKSU_STORAGE(server_memory, 4, 1, 2048, 0);
static const struct pairing *pairing;
static struct aksu_stm32_dma dma[SIDES];
static struct aksu_stm32_eth f_mac[SIDES];
static struct aksu_stm32h7_eth h7_mac[SIDES];
static struct model model[SIDES];
static struct aksu net[SIDES];
static struct aksu_port port[SIDES];
static uint32_t now_ms;

/// The cable: frames wait for the next millisecond, and some get harmed ///

static struct frame cable[SIDES][CABLE]; // by who gets them
static unsigned on_cable[SIDES];
static unsigned harm_per_mille;
static uint32_t dice;
static unsigned harmed;

static uint32_t roll(uint32_t sides)
{
    dice = dice * 1664525u + 1013904223u;
    return (dice >> 8) % sides;
}

// The models give no FCS error for an octet that changes: that is for the checksums to find. A
// driver that has no offload leaves it to the stack.
static void harm(struct frame *f)
{
    harmed++;
    switch (roll(6)) {
    case 0:
        f->faults = BAD_FCS;
        break;
    case 1:
        f->faults = RX_ERROR;
        break;
    case 2:
        f->len = 20 + roll(40);
        break;
    case 3:
        f->len = 1519 + roll(1500);
        break;
    case 4:
        f->octets[14 + 20 + roll(24)] ^= (uint8_t)(1u << roll(8));
        break;
    default:
        f->len = 0; // lost
    }
}

// Trouble of a MAC's own, once it gets to the next frame.
static void trouble(struct model *m)
{
    uint32_t n = roll(1000);

    if (n >= harm_per_mille / 2) {
        return;
    }
    harmed++;
    switch (n % 5) {
    case 0:
        m->bus_error = true;
        break;
    case 1:
        m->tx_fault = TX_UNDERRUN;
        break;
    case 2:
        m->tx_fault = TX_LATE_COLLISION;
        break;
    case 3:
        m->tx_fault = TX_JABBER;
        break;
    default:
        phy_plug(&m->phy, true, roll(2) ? PARTNER_10_HALF : PARTNER_ALL); // a moment of no link
    }
}

static void onto_cable(struct model *m, const uint8_t *octets, size_t len)
{
    int to = m == &model[CLIENT] ? SERVER : CLIENT;
    bool tcp = octets[12] == 8 && octets[23] == 6;

    if (on_cable[to] == CABLE) {
        return;
    }
    struct frame *f = &cable[to][on_cable[to]++];

    memset(f, 0, sizeof *f);
    memcpy(f->octets, octets, len);
    f->len = len + FCS;
    if (tcp && roll(1000) < harm_per_mille) {
        harm(f);
    }
    trouble(&model[roll(SIDES)]);
}

static void cable_delivers(void)
{
    for (int to = 0; to < SIDES; to++) {
        unsigned n = on_cable[to];
        on_cable[to] = 0;
        for (unsigned i = 0; i < n; i++) {
            if (cable[to][i].len > 0) {
                model_arrive(&model[to], &cable[to][i]);
            }
        }
    }
}

/// The port's processor ///

uint32_t aksu_clock_ms(void)
{
    return now_ms;
}

void aksu_cpu_sleep(uint32_t ms, bool (*ready)(void *user), void *user)
{
    (void)ms;
    (void)ready;
    (void)user;
    fail_msg("the test sleeps by itself");
}

/// Two of them ///

static void start_side(int which)
{
    static const struct aksu_storage *const memory[] = {&client_memory, &server_memory};
    const struct side *side = &pairing->side[which];
    bool is_f = side->kind == &model_f;
    uintptr_t base = 0x40028000u + (uintptr_t)which * 0x10000;
    struct aksu_mac *mac = is_f ? &f_mac[which].mac : &h7_mac[which].mac;
    struct aksu_config config = {.profile = &aksu_full,
                                 .link = &aksu_ethernet,
                                 .addr = aksu_ipv4(192, 0, 2, (uint8_t)(1 + which)),
                                 .mac = {2, 0, 0, 0, 0, (uint8_t)(1 + which)},
                                 .offload = side->offload};
    uint8_t entropy[16] = {(uint8_t)(7 + which)};

    model_init(&model[which], side->kind, base, HCLK, &dma[which], side->cached);
    model[which].sent = onto_cable;
    phy_plug(&model[which].phy, true, PARTNER_ALL);
    f_mac[which] = (struct aksu_stm32_eth){
        .base = base, .hclk = HCLK, .dma = &dma[which], .cached = side->cached};
    h7_mac[which] = (struct aksu_stm32h7_eth){
        .base = base, .hclk = HCLK, .dma = &dma[which], .cached = side->cached};
    mac->driver = is_f ? &aksu_stm32_eth : &aksu_stm32h7_eth;
    mac->offload = side->offload;
    port[which] = (struct aksu_port){.net = &net[which], .mac = mac, .link_ms = LINK_MS};
    assert_int_equal(aksu_init(&net[which], memory[which], &config), AKSU_OK);
    assert_int_equal(aksu_seed(&net[which], entropy, sizeof entropy), AKSU_OK);
    aksu_now(&net[which], now_ms);
    assert_true(mac->driver->start(mac, config.mac));
}

// Rounds until the loop would sleep. Returns for how long.
static uint32_t awake(int which)
{
    const struct aksu_mac_driver *driver = port[which].mac->driver;

    for (unsigned n = 0; n < 100; n++) {
        uint32_t ms = aksu_port_round(&port[which]);
        if (ms > 0 && !driver->pending(port[which].mac)) {
            return ms;
        }
    }
    fail_msg("the main loop does not come to rest");
    return 0;
}

// A loop that sleeps goes on when it is interrupted, or its time is over.
static void run(const bool *until)
{
    uint32_t sleep[SIDES] = {0, 0};
    uint32_t left = HOURS_MS;

    while (!*until) {
        for (int i = 0; i < SIDES; i++) {
            if (sleep[i] == 0 || model_interrupt(&model[i])) {
                sleep[i] = awake(i);
            }
        }
        uint32_t ms = sleep[CLIENT] < sleep[SERVER] ? sleep[CLIENT] : sleep[SERVER];
        ms = on_cable[CLIENT] || on_cable[SERVER] ? 1 : ms;
        assert_true(ms <= left);
        now_ms += ms;
        left -= ms;
        sleep[CLIENT] -= ms;
        sleep[SERVER] -= ms;
        cable_delivers();
    }
}

/// What they do ///

static struct http_request request;
static uint64_t wrong;
static bool done;
static int result;

static void on_body(struct http_request *r, const void *data, size_t len)
{
    wrong += example_differ((uint32_t)r->body, data, len);
}

static void on_done(struct http_request *r, int status, int error)
{
    (void)r;
    result = error == AKSU_OK ? status : error;
    done = true;
}

static void fetch(unsigned per_mille, uint32_t seed)
{
    struct aksu_endpoint server = {aksu_ipv4(192, 0, 2, 2), 80};

    model_none();
    now_ms = 0xFFFFF000u; // the clock wraps
    on_cable[CLIENT] = on_cable[SERVER] = 0;
    harm_per_mille = 0;
    harmed = 0;
    dice = seed;
    start_side(CLIENT);
    start_side(SERVER);
    assert_int_equal(http_server_start(&net[SERVER], 80), AKSU_OK);
    request = (struct http_request){
        .host = "aksu", .path = "/1M.bin", .on_body = on_body, .on_done = on_done};
    wrong = 0;
    result = 0;
    done = false;
    assert_int_equal(http_get(&net[CLIENT], &server, &request), AKSU_OK);
    harm_per_mille = per_mille;
    run(&done);
    assert_int_equal(result, 200);
    assert_int_equal(request.body, PIECE);
    assert_int_equal(wrong, 0);
}

static uint32_t errors(int which)
{
    const struct aksu_mac_counters *c = &port[which].mac->counters;

    return c->bad + c->runts + c->jumbos + c->underruns + c->tx_errors + c->checksums + c->overruns;
}

static void on_a_good_cable(void **state)
{
    (void)state;
    fetch(0, 1);
    for (int i = 0; i < SIDES; i++) {
        assert_int_equal(errors(i), 0);
        assert_int_equal(port[i].mac->counters.restarts, 0);
        assert_int_equal(aksu_counters(&net[i])->timeouts, 0);
        assert_int_equal(model[i].frames_garbled, 0);
    }
    assert_int_equal(aksu_counters(&net[SERVER])->retransmitted, 0);
}

static void with_trouble(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 3; seed++) {
        fetch(30, seed);
        assert_true(harmed > 20);
        assert_true(errors(CLIENT) > 0 && errors(SERVER) > 0);
        assert_true(port[CLIENT].mac->counters.restarts > 0);
        for (int i = 0; i < SIDES; i++) { // the MAC has found them, if it is to
            uint32_t found = port[i].mac->counters.checksums;
            uint32_t left = aksu_counters(&net[i])->dropped[AKSU_DROP_TCP_CHECKSUM];
            assert_true(pairing->side[i].offload ? left == 0 : found == 0);
            assert_true(found + left > 0 || i == CLIENT);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(on_a_good_cable),
                                       cmocka_unit_test(with_trouble)};
    int failed = 0;

    for (unsigned i = 0; i < sizeof pairings / sizeof *pairings; i++) {
        pairing = &pairings[i];
        failed += cmocka_run_group_tests_name(pairing->name, tests, NULL, NULL);
    }
    return failed;
}
