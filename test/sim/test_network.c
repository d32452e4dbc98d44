// SPDX-License-Identifier: MIT
// The network itself: what befalls frames, and that broken rules are noticed.
#include "sim_test.h"

#include "sim.h"

struct tally {
    uint64_t last_us;
    unsigned sent, arrived, gone, lost, full, too_large, corrupted, duplicated, reordered, damaged;
    unsigned marked, ce, wrong_sums, sum;
};

// The header's sum, which a change of it has to keep (RFC 1624).
static unsigned header_sum(const uint8_t *ip)
{
    unsigned sum = 0, i;

    for (i = 0; i < 20; i += 2) {
        sum += (unsigned)(ip[i] << 8 | ip[i + 1]);
    }
    return sum % 65535;
}

static void count(void *user, const struct aksu_sim_notice *n)
{
    struct tally *t = user;
    const char *reason = n->reason ? n->reason : "";

    t->sent += n->what == AKSU_SIM_SENT;
    t->arrived += n->what == AKSU_SIM_ARRIVED;
    t->gone += n->what == AKSU_SIM_GONE;
    t->last_us = n->time_us;
    t->lost += strcmp(reason, "lost") == 0;
    t->full += strcmp(reason, "queue full") == 0;
    t->too_large += strcmp(reason, "larger than the MTU") == 0;
    t->corrupted += strcmp(reason, "corrupted") == 0;
    t->duplicated += strcmp(reason, "duplicated") == 0;
    t->reordered += strcmp(reason, "reordered") == 0;
    t->marked += strcmp(reason, "CE") == 0;
    if (n->what == AKSU_SIM_SENT) {
        t->sum = header_sum(n->frame + 14);
    } else if (n->what == AKSU_SIM_ARRIVED) {
        t->ce += (n->frame[15] & 3) == 3;
        t->wrong_sums += header_sum(n->frame + 14) != t->sum;
    }
    t->damaged += n->what == AKSU_SIM_ARRIVED && n->len > 60 && n->frame[60] != 60;
}

static void ignore(void *user, struct aksu_sim_host *wire, const uint8_t *frame, size_t len)
{
    (void)user;
    (void)wire;
    (void)frame;
    (void)len;
}

// Sends 1,000 frames of 200 octets from one wire to another, with that in IP's second octet.
static struct tally thousand_with(const struct aksu_sim_path *path, uint8_t tos)
{
    struct aksu_sim *sim = aksu_sim_new(3);
    struct aksu_sim_host *a = aksu_sim_wire(sim, "a", aksu_ipv4(10, 0, 0, 1), ignore, NULL);
    struct aksu_sim_host *b = aksu_sim_wire(sim, "b", aksu_ipv4(10, 0, 0, 2), ignore, NULL);
    struct tally tally;
    uint8_t frame[200];
    unsigned i;

    memset(&tally, 0, sizeof tally);
    for (i = 0; i < sizeof frame; i++) {
        frame[i] = (uint8_t)i;
    }
    frame[12] = 0x08; // IPv4, as far as damage is concerned
    frame[13] = 0x00;
    frame[15] = tos;
    aksu_sim_link(a, b, path, path);
    aksu_sim_watch(sim, count, &tally);
    for (i = 0; i < 1000; i++) {
        aksu_sim_inject(a, frame, sizeof frame);
    }
    assert_int_equal(aksu_sim_run(sim, UINT64_MAX), 0);
    assert_int_equal(tally.sent, 1000);
    assert_int_equal(tally.gone, 1000); // no copy stays behind
    aksu_sim_free(sim);
    return tally;
}

static struct tally thousand(const struct aksu_sim_path *path)
{
    return thousand_with(path, 0);
}

static void ideal_link_delivers_all(void **state)
{
    const struct aksu_sim_path path = {.delay_us = 100};
    struct tally t = thousand(&path);

    (void)state;
    assert_int_equal(t.arrived, 1000);
    assert_int_equal(t.lost + t.corrupted + t.duplicated + t.reordered, 0);
}

static void loss_is_as_asked(void **state)
{
    const struct aksu_sim_path path = {.loss = 0.2};
    struct tally t = thousand(&path);

    (void)state;
    assert_in_range(t.lost, 150, 250);
    assert_int_equal(t.arrived + t.lost, 1000);
}

static void bursts_lose_in_a_row(void **state)
{
    const struct aksu_sim_path path = {.burst_begin = 0.05};
    struct tally t = thousand(&path); // bad 1/6 of the time

    (void)state;
    assert_in_range(t.lost, 80, 260);
}

static void queue_drops_its_tail(void **state)
{
    const struct aksu_sim_path path = {.rate = 1000000, .queue = 10};
    struct tally t = thousand(&path);

    (void)state;
    assert_int_equal(t.arrived, 11); // one on the wire, ten that wait
    assert_int_equal(t.full, 989);
}

// RFC 3168 5: instead of dropping, a queue marks what says that it knows ECN; all else of the
// packet stays. When it is full that does not help.
static void queue_marks(void **state)
{
    const struct aksu_sim_path path = {.rate = 1000000, .queue = 10, .mark = 4};
    struct tally t = thousand_with(&path, 0x28);
    uint8_t ect;

    (void)state;
    assert_int_equal(t.arrived, 5); // one on the wire, four that wait
    assert_int_equal(t.full, 995);
    assert_int_equal(t.marked + t.ce, 0);
    for (ect = 1; ect < 4; ect++) {
        t = thousand_with(&path, 0x28 | ect);
        assert_int_equal(t.arrived, 11);
        assert_int_equal(t.full, 989);
        assert_int_equal(t.marked, 6);
        assert_int_equal(t.ce, ect == 3 ? 11 : 6);
        assert_int_equal(t.wrong_sums, 0);
    }
}

// A queue behind the losses has fewer frames to refuse than one before them.
static void losses_come_before_the_queue_or_behind(void **state)
{
    const struct aksu_sim_path behind = {.rate = 1000000, .queue = 500, .loss = 0.5};
    const struct aksu_sim_path before = {
        .rate = 1000000, .queue = 500, .loss = 0.5, .lose_first = true};
    struct tally t = thousand(&behind);

    (void)state;
    assert_int_equal(t.full, 499);
    assert_in_range(t.lost, 200, 300);
    t = thousand(&before);
    assert_in_range(t.lost, 450, 550);
    assert_int_equal(t.full + t.arrived, 1000 - t.lost);
    assert_in_range(t.full, 0, 30);
}

// 200 octets and 24 more, 1000 times, at 1 Mbit/s.
static void framing_takes_time(void **state)
{
    const struct aksu_sim_path path = {.rate = 1000000, .framing = 24, .queue = 2000};

    (void)state;
    assert_int_equal(thousand(&path).last_us, 1792000);
}

static void mtu_is_kept(void **state)
{
    const struct aksu_sim_path fits = {.mtu = 186};
    const struct aksu_sim_path small = {.mtu = 185};

    (void)state;
    assert_int_equal(thousand(&fits).arrived, 1000);
    assert_int_equal(thousand(&small).too_large, 1000);
}

static void duplicates_and_reorders(void **state)
{
    const struct aksu_sim_path path = {.delay_us = 10, .duplicate = 0.1, .reorder = 0.1};
    struct tally t = thousand(&path);

    (void)state;
    assert_in_range(t.duplicated, 60, 140);
    assert_in_range(t.reordered, 60, 160);
    assert_int_equal(t.arrived, 1000 + t.duplicated);
}

static void corruption_flips_one_bit(void **state)
{
    const struct aksu_sim_path path = {.corrupt = 0.5};
    struct tally t = thousand(&path);

    (void)state;
    assert_in_range(t.corrupted, 420, 580);
    assert_int_equal(t.arrived, 1000);
    assert_in_range(t.damaged, 0, 10); // octet 60 is one of 186
}

// A frame's time on a slow link, and a cable that is cut and mended.
static void rate_takes_its_time(void **state)
{
    const struct aksu_sim_path path = {.rate = 1600000, .delay_us = 500};
    struct aksu_sim *sim = aksu_sim_new(1);
    struct aksu_sim_host *a = aksu_sim_wire(sim, "a", aksu_ipv4(10, 0, 0, 1), ignore, NULL);
    struct aksu_sim_host *b = aksu_sim_wire(sim, "b", aksu_ipv4(10, 0, 0, 2), ignore, NULL);
    const struct aksu_sim_path cut = {.loss = 1};
    struct tally tally;
    uint8_t frame[200] = {0};

    (void)state;
    memset(&tally, 0, sizeof tally);
    aksu_sim_link(a, b, &path, &path);
    aksu_sim_watch(sim, count, &tally);
    aksu_sim_inject(a, frame, sizeof frame);
    aksu_sim_inject(a, frame, sizeof frame);
    aksu_sim_run(sim, UINT64_MAX);
    assert_int_equal(aksu_sim_now(sim), 2500); // 1 ms each, and the delay
    assert_int_equal(tally.arrived, 2);
    aksu_sim_set_path(a, &cut);
    aksu_sim_inject(a, frame, sizeof frame);
    aksu_sim_run(sim, UINT64_MAX);
    assert_int_equal(tally.arrived, 2);
    aksu_sim_set_path(a, &path);
    aksu_sim_inject(a, frame, sizeof frame);
    aksu_sim_run(sim, UINT64_MAX);
    assert_int_equal(tally.arrived, 3);
    aksu_sim_free(sim);
}

/// Rules ///

static const char *judged(struct aksu_sim *sim, uint8_t kind, const struct aksu_tcb *before,
                          const struct aksu_tcb *after)
{
    const struct aksu_sim_config config = {.name = "host"};
    struct aksu_sim_host *host = aksu_sim_host(sim, &config);
    struct aksu_event event;

    memset(&event, 0, sizeof event);
    event.kind = kind;
    sim_check_step(host, &event, before, after);
    return aksu_sim_error(sim);
}

static void broken_rules_are_noticed(void **state)
{
    static const struct {
        uint8_t from, to;
        aksu_seq una, nxt, max, rcv_before, rcv_after;
        const char *says; // NULL: no rule is broken
    } rows[] = {
        {AKSU_ESTABLISHED, AKSU_FIN_WAIT_1, 5, 5, 5, 1, 1, NULL},
        {AKSU_LISTEN, AKSU_ESTABLISHED, 5, 5, 5, 1, 1, "no edge"},
        {AKSU_TIME_WAIT, AKSU_ESTABLISHED, 5, 5, 5, 1, 1, "no edge"},
        {AKSU_ESTABLISHED, AKSU_ESTABLISHED, 0xffffffff, 3, 4, 1, 1, NULL},
        {AKSU_ESTABLISHED, AKSU_ESTABLISHED, 4, 3, 4, 1, 1, "snd_una"},
        {AKSU_ESTABLISHED, AKSU_ESTABLISHED, 4, 6, 5, 1, 1, "snd_una"},
        {AKSU_ESTABLISHED, AKSU_ESTABLISHED, 4, 5, 400, 1, 1, "queued"},
        {AKSU_ESTABLISHED, AKSU_ESTABLISHED, 5, 5, 5, 0xffffffff, 2, NULL},
        {AKSU_ESTABLISHED, AKSU_ESTABLISHED, 5, 5, 5, 2, 0xffffffff, "rcv_nxt"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct aksu_sim *sim = aksu_sim_new(1);
        struct aksu_tcb before, after;
        const char *error;

        memset(&before, 0, sizeof before);
        before.state = rows[i].from;
        before.rcv_nxt = rows[i].rcv_before;
        after = before;
        after.state = rows[i].to;
        after.snd_una = rows[i].una;
        after.snd_nxt = rows[i].nxt;
        after.snd_max = rows[i].max;
        after.snd_buf = 10;
        after.rcv_nxt = rows[i].rcv_after;
        error = judged(sim, AKSU_EV_SEGMENT, &before, &after);
        if (rows[i].says) {
            assert_non_null(error);
            assert_non_null(strstr(error, rows[i].says));
            assert_int_equal(aksu_sim_run(sim, UINT64_MAX), -1);
        } else {
            assert_null(error);
        }
        aksu_sim_free(sim);
    }
}

static void busy_without_work_is_noticed(void **state)
{
    const struct aksu_sim_config config = {.name = "host"};
    struct aksu_sim *sim = aksu_sim_new(1);
    struct aksu_sim_host *host = aksu_sim_host(sim, &config);

    (void)state;
    assert_true(sim_check_output(host, 0, host->steps, 60));
    assert_null(aksu_sim_error(sim));
    assert_false(sim_check_output(host, 20, host->steps, 60)); // idle, and yet a frame
    assert_non_null(strstr(aksu_sim_error(sim), "aksu_idle was 20"));
    aksu_sim_free(sim);
}

/// Hosts on a switch ///

static bool first_syn_seen(const struct aksu_sim_notice *n, aksu_seq *seq)
{
    const uint8_t *tcp = n->frame + 34;

    if (n->what != AKSU_SIM_SENT || n->len < 54 || n->frame[13] != 0 || !(tcp[13] & 2)) {
        return false;
    }
    *seq = (aksu_seq)tcp[4] << 24 | (aksu_seq)tcp[5] << 16 | (aksu_seq)tcp[6] << 8 | tcp[7];
    return true;
}

static void note_isn(void *user, const struct aksu_sim_notice *n)
{
    aksu_seq *isn = user;
    aksu_seq seq;

    if (first_syn_seen(n, &seq)) {
        isn[n->host->mac[5]] = seq;
    }
}

static void three_hosts_on_a_switch(void **state)
{
    static const struct aksu_handlers silent;
    const struct aksu_sim_path path = {.delay_us = 1000};
    struct aksu_sim *sim = aksu_sim_new(1);
    struct aksu_sim_switch *hub = aksu_sim_switch(sim);
    struct aksu_sim_host *host[3];
    aksu_seq isn[4] = {0};
    unsigned i;

    (void)state;
    for (i = 0; i < 3; i++) {
        const struct aksu_sim_config config = {.force_isn = true, .isn = 0xfffffff0u + i};

        host[i] = aksu_sim_host(sim, &config);
        aksu_sim_plug(hub, host[i], &path, &path);
    }
    aksu_sim_watch(sim, note_isn, isn);
    assert_int_equal(aksu_listen(aksu_sim_net(host[2]), NULL, 80, 0, &silent, NULL), AKSU_OK);
    for (i = 0; i < 2; i++) {
        const struct aksu_endpoint to = {aksu_sim_addr(host[2]), 80};

        assert_true(aksu_connect(aksu_sim_net(host[i]), &to, 0, &silent, NULL) > 0);
    }
    assert_int_equal(aksu_sim_run(sim, 1000000), 0);
    assert_int_equal(aksu_counters(aksu_sim_net(host[2]))->opened, 2);
    assert_int_equal(aksu_counters(aksu_sim_net(host[0]))->opened, 1);
    assert_int_equal(isn[1], 0xfffffff0u); // numbers on the wire are where they were asked for
    assert_int_equal(isn[2], 0xfffffff1u);
    aksu_sim_free(sim);
}

// The handshake crosses a link that loses everything but ARP and SYNs, the first octet does not.
static void openings_are_spared(void **state)
{
    static const struct aksu_handlers silent;
    const struct aksu_sim_path path = {.loss = 1, .spare_opening = true};
    struct aksu_sim *sim = aksu_sim_new(1);
    struct aksu_sim_host *a = aksu_sim_host(sim, &(struct aksu_sim_config){.name = "a"});
    struct aksu_sim_host *b = aksu_sim_host(sim, &(struct aksu_sim_config){.name = "b"});
    const struct aksu_endpoint to = {aksu_sim_addr(b), 80};

    (void)state;
    aksu_sim_link(a, b, &path, &path);
    assert_int_equal(aksu_listen(aksu_sim_net(b), NULL, 80, 0, &silent, NULL), AKSU_OK);
    assert_true(aksu_connect(aksu_sim_net(a), &to, 0, &silent, NULL) > 0);
    assert_int_equal(aksu_sim_run(sim, 1000000), 0);
    assert_int_equal(aksu_counters(aksu_sim_net(a))->opened, 1); // SYN and SYN,ACK came
    assert_int_equal(aksu_counters(aksu_sim_net(b))->opened, 0); // the last ACK did not
    aksu_sim_free(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ideal_link_delivers_all),
        cmocka_unit_test(loss_is_as_asked),
        cmocka_unit_test(bursts_lose_in_a_row),
        cmocka_unit_test(queue_drops_its_tail),
        cmocka_unit_test(queue_marks),
        cmocka_unit_test(losses_come_before_the_queue_or_behind),
        cmocka_unit_test(framing_takes_time),
        cmocka_unit_test(mtu_is_kept),
        cmocka_unit_test(duplicates_and_reorders),
        cmocka_unit_test(corruption_flips_one_bit),
        cmocka_unit_test(rate_takes_its_time),
        cmocka_unit_test(broken_rules_are_noticed),
        cmocka_unit_test(busy_without_work_is_noticed),
        cmocka_unit_test(three_hosts_on_a_switch),
        cmocka_unit_test(openings_are_spared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
