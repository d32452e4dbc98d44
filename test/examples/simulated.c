// SPDX-License-Identifier: MIT
// The examples as they are, in the simulator, over a link that loses and reorders.
#include <aksu_sim.h>
#include <examples.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define HOUR_US 3600000000ull

struct world {
    struct aksu_sim *sim;
    struct aksu_sim_host *client;
    struct aksu_sim_host *server;
    struct aksu_endpoint remote;
};

static struct world begin(uint64_t seed, uint16_t port)
{
    static const struct aksu_sim_path path = {
        .delay_us = 5000, .rate = 10000000, .loss = 0.03, .reorder = 0.02};
    struct world w = {.sim = aksu_sim_new(seed)};

    w.client = aksu_sim_host(w.sim, &(struct aksu_sim_config){.name = "client"});
    w.server = aksu_sim_host(w.sim, &(struct aksu_sim_config){.name = "server"});
    aksu_sim_link(w.client, w.server, &path, &path);
    w.remote.addr = aksu_sim_addr(w.server);
    w.remote.port = port;
    return w;
}

// Runs until all is over, rules checked at every step; nobody is left open.
static void finish(struct world *w)
{
    int broken = aksu_sim_run(w->sim, HOUR_US);

    assert_string_equal(broken ? aksu_sim_error(w->sim) : "", "");
    assert_int_equal(aksu_connections(aksu_sim_net(w->client)), 0);
    assert_int_equal(aksu_connections(aksu_sim_net(w->server)), 0);
    aksu_sim_free(w->sim);
}

static struct {
    size_t wrong;
    int status;
    int error;
    unsigned done;
} http;

static void on_body(struct http_request *r, const void *data, size_t len)
{
    http.wrong += example_differ((uint32_t)r->body, data, len);
}

static void on_done(struct http_request *r, int status, int error)
{
    (void)r;
    http.done++;
    http.status = status;
    http.error = error;
}

static void http_server_and_client(void **state)
{
    struct http_request request;

    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct world w = begin(seed, 80);
        memset(&http, 0, sizeof http);
        memset(&request, 0, sizeof request);
        request.host = "server";
        request.path = "/300k.bin";
        request.on_body = on_body;
        request.on_done = on_done;
        assert_int_equal(http_server_start(aksu_sim_net(w.server), 80), AKSU_OK);
        assert_int_equal(http_get(aksu_sim_net(w.client), &w.remote, &request), AKSU_OK);
        finish(&w);
        assert_int_equal(http.done, 1);
        assert_int_equal(http.error, AKSU_OK);
        assert_int_equal(http.status, 200);
        assert_int_equal(request.body, 300 * 1024);
        assert_int_equal(http.wrong, 0);
    }
}

// What a client of these servers sends and gets.
static void expect_transfer(const struct transfer *t)
{
    assert_true(t->done);
    assert_int_equal(t->error, AKSU_OK);
    assert_int_equal(t->sent, t->to_send);
    assert_int_equal(t->received, t->to_receive);
    assert_int_equal(t->mismatches, 0);
}

static void echo(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct transfer t = {.to_send = 100000, .to_receive = 100000, .end = TRANSFER_HALF};
        struct world w = begin(seed, 7);
        assert_int_equal(echo_start(aksu_sim_net(w.server), 7), AKSU_OK);
        assert_int_equal(transfer_start(aksu_sim_net(w.client), &w.remote, &t), AKSU_OK);
        finish(&w);
        expect_transfer(&t);
    }
}

static void sink_and_source(void **state)
{
    static struct sink sink;
    static struct source source;

    (void)state;
    struct transfer to = {.to_send = 200000, .end = TRANSFER_FIRST};
    struct transfer from = {.to_receive = 200000, .preface = "200000\n", .end = TRANSFER_LAST};
    struct world w = begin(1, 9);
    struct aksu_endpoint other = {w.remote.addr, 19};
    assert_int_equal(sink_start(aksu_sim_net(w.server), 9, &sink), AKSU_OK);
    assert_int_equal(source_start(aksu_sim_net(w.server), 19, &source), AKSU_OK);
    assert_int_equal(transfer_start(aksu_sim_net(w.client), &w.remote, &to), AKSU_OK);
    assert_int_equal(transfer_start(aksu_sim_net(w.client), &other, &from), AKSU_OK);
    finish(&w);
    expect_transfer(&to);
    expect_transfer(&from);
    assert_int_equal(sink.octets, 200000);
    assert_int_equal(sink.mismatches, 0);
    assert_int_equal(source.failed, 0);
}

static size_t tour_reply;
static int tour_error = 1;

static void tour_done(size_t reply, int error)
{
    tour_reply = reply;
    tour_error = error;
}

static void tour(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct world w = begin(seed, 80);
        assert_int_equal(tour_server_start(aksu_sim_net(w.server), 80), AKSU_OK);
        assert_int_equal(tour_client_start(aksu_sim_net(w.client), &w.remote, tour_done), AKSU_OK);
        finish(&w);
        assert_int_equal(tour_error, AKSU_OK);
        assert_int_equal(tour_reply, TOUR_REPLY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_server_and_client),
        cmocka_unit_test(echo),
        cmocka_unit_test(sink_and_source),
        cmocka_unit_test(tour),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
