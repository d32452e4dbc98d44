// SPDX-License-Identifier: MIT
// Links that take no large packets, and say nothing (RFC 4821): from the start, from some time on,
// or no longer. Every octet arrives, and the size is found.
#include "sim_test.h"
#include "talk.h"

enum { PORT = 9, HEADERS = 52, STEP = 16, MSS = 1448, SEEDS = 2 };

#define SECOND_US UINT64_C(1000000)

struct hole {
    const char *name;
    uint16_t first_mtu; // 0: no limit
    uint16_t then_mtu;
    uint32_t then_s; // 0: never
    uint32_t rate;   // bit/s
    uint32_t octets;
    uint32_t timeouts; // at most, on a link that loses nothing else
    uint32_t ring;     // octets; 0: 65536
};

static const struct hole holes[] = {
    {"no hole", 0, 0, 0, 10000000, 2000000, 0, 0},
    {"1400 from the start", 1400, 0, 0, 10000000, 4000000, 3, 0},
    {"1492 from the start", 1492, 0, 0, 10000000, 4000000, 3, 0},
    {"1000 from the start", 1000, 0, 0, 10000000, 4000000, 4, 0},
    {"576 from the start", 576, 0, 0, 10000000, 4000000, 4, 0},
    {"1400, rings of four segments", 1400, 0, 0, 10000000, 4000000, 3, 4 * MSS},
    {"1280 from the first second on", 0, 1280, 1, 10000000, 6000000, 3, 0},
    {"1280, then 600", 1280, 600, 5, 10000000, 12000000, 7, 0},
    {"nothing for 8 s", 0, 21, 1, 10000000, 4000000, 7, 0},
    {"576, then no limit", 576, 0, 4, 1000000, 80000000, 4, 0},
};

enum { HOLES = sizeof holes / sizeof *holes };

struct link {
    struct aksu_sim *sim;
    struct aksu_sim_host *sender;
    struct aksu_sim_path path;
    uint32_t octets;
    uint16_t mss;     // the sender's, last
    uint32_t largest; // text of a segment
    struct talker sink;
};

static void change(void *user)
{
    struct link *l = user;

    aksu_sim_set_path(l->sender, &l->path);
}

static void mend(void *user)
{
    struct link *l = user;

    l->path.mtu = 0;
    change(l);
}

static void watch(void *user, const struct aksu_sim_notice *n)
{
    struct link *l = user;

    if (n->what == AKSU_SIM_POLLED && l->sink.received == l->octets) {
        aksu_sim_stop(l->sim);
    }
    if (n->what != AKSU_SIM_STEP || n->host != l->sender || n->after->state < AKSU_ESTABLISHED) {
        return;
    }
    l->mss = n->after->snd_mss;
    if (n->event->kind == AKSU_EV_SENT && n->event->segment->len > l->largest) {
        l->largest = n->event->segment->len;
    }
}

static struct aksu_sim_host *add_host(struct aksu_sim *sim, const char *name, uint32_t ring)
{
    static struct aksu_profile profile;

    profile = aksu_full;
    profile.recovery = &aksu_plpmtud;
    const struct aksu_sim_config config = {
        .name = name, .profile = &profile, .rx_octets = ring, .tx_octets = ring, .runs = 8};

    return aksu_sim_host(sim, &config);
}

// The size that the search comes to, at least; it is over by the end.
static void judge(const struct hole *h, const struct link *l, bool lossy)
{
    bool outage = h->then_mtu > 0 && h->then_mtu < HEADERS;
    uint16_t mtu = h->then_s > 0 && !outage ? h->then_mtu : h->first_mtu;
    int best = mtu ? mtu - HEADERS : MSS;

    assert_false(l->sink.wrong);
    assert_int_equal(l->sink.received, h->octets);
    assert_int_equal(l->sink.sent, 0);
    assert_in_range(l->largest, (unsigned)best, MSS);
    assert_in_range(l->mss, lossy ? 400 : (unsigned)(best == MSS ? MSS : best - STEP),
                    (unsigned)best);
    if (!lossy) {
        assert_true(aksu_counters(aksu_sim_net(l->sender))->timeouts <= h->timeouts);
    }
}

static void transfer(const struct hole *h, uint64_t seed, double loss, double reorder)
{
    struct aksu_sim *sim = aksu_sim_new(seed);
    uint32_t ring = h->ring ? h->ring : 65536;
    struct aksu_sim_host *a = add_host(sim, "sender", ring);
    struct aksu_sim_host *b = add_host(sim, "receiver", ring);
    struct aksu_sim_path path = {.delay_us = 10000,
                                 .rate = h->rate,
                                 .framing = 24,
                                 .queue = 50,
                                 .spare_opening = true,
                                 .loss = loss,
                                 .reorder = reorder,
                                 .reorder_us = 4000};
    struct aksu_sim_path there = path;
    struct talker source = {.sim = sim, .net = aksu_sim_net(a), .patient = true, .no_delay = true};
    struct link link = {.sim = sim, .sender = a, .path = path, .octets = h->octets};
    struct talk_service service = {.model = {.sim = sim, .patient = true, .to_receive = UINT32_MAX},
                                   .talker = &link.sink,
                                   .room = 1};
    struct aksu_addr to = aksu_sim_addr(b);

    there.mtu = h->first_mtu;
    link.path.mtu = h->then_mtu;
    source.to_send = h->octets;
    aksu_sim_link(a, b, &there, &path);
    if (h->then_s > 0) {
        aksu_sim_at(sim, h->then_s * SECOND_US, change, &link);
    }
    if (h->then_mtu > 0 && h->then_mtu < HEADERS) {
        aksu_sim_at(sim, (h->then_s + 8) * SECOND_US, mend, &link);
    }
    aksu_sim_watch(sim, watch, &link);
    assert_int_equal(aksu_listen(aksu_sim_net(b), NULL, PORT, 0, &talk_service_handlers, &service),
                     AKSU_OK);
    assert_true(talk_connect(&source, &to, PORT, 0));
    if (aksu_sim_run(sim, 7200 * SECOND_US) != 0) {
        fail_msg("%s", aksu_sim_error(sim));
    }
    judge(h, &link, loss + reorder > 0);
    aksu_sim_free(sim);
}

static void hole(void **state)
{
    const struct hole *h = *state;

    transfer(h, 1, 0, 0);
}

// Loss and reordering beside it: chance may have a probe or an answer, so the size may be less.
static void hole_on_a_bad_link(void **state)
{
    const struct hole *h = *state;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        transfer(h, seed, 0.02, 0);
        transfer(h, seed, 0, 0.01);
        transfer(h, seed, 0.01, 0.01);
    }
}

int main(void)
{
    static struct CMUnitTest tests[2 * HOLES];
    static char names[2 * HOLES][80];
    size_t i;

    for (i = 0; i < 2 * (size_t)HOLES; i++) {
        const struct hole *h = &holes[i / 2];

        snprintf(names[i], sizeof names[i], "%s%s", h->name, i % 2 ? ", bad link" : "");
        tests[i].name = names[i];
        tests[i].test_func = i % 2 ? hole_on_a_bad_link : hole;
        tests[i].initial_state = (void *)(uintptr_t)h;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
