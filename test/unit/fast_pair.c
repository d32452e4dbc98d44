// SPDX-License-Identifier: MIT
// TCP Fast Open between two stacks, while each of the first frames is delivered, lost, doubled or
// late: whatever happens to the handshake, a request is answered, and each connection of the
// server's application gets its octets once and in order.
#include <aksu/aksu.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { CLIENT, SERVER, MTU = 1500, FRAMES = 64, WAY_MS = 10, LATE_MS = 25, PORT = 80 };
enum { DELIVER, LOSE, DOUBLE, LATE, FATES };

AKSU_STORAGE(client_store, 4, 1, 4096, 4096);
AKSU_STORAGE(server_store, 4, 1, 4096, 4096);
AKSU_STORAGE(small_store, 4, 1, 256, 4096); // a SYN brings more than there is room for
AKSU_FAST_OPEN(client_fast, 2, 1);
AKSU_FAST_OPEN(server_fast, 2, 4);
AKSU_BOARDS(client_boards, 4, 8);
AKSU_BOARDS(server_boards, 4, 8);

struct flight {
    uint32_t at;
    unsigned to;
    size_t len; // 0 = free
    uint8_t frame[MTU];
};

// What the server's application knows of a connection.
struct served {
    aksu_handle conn;
    uint32_t got;
};

static struct {
    struct aksu net[2];
    struct aksu_trace trace[2];
    struct aksu_profile profile[2];
    struct flight flight[FRAMES];
    uint32_t now;
    unsigned fates; // of the next frames, in base FATES
    unsigned left;  // so many
    struct served served[16];
    unsigned accepts, opens, syn_text;
    uint32_t request, answer;
    uint32_t response; // octets that the client got
    int closed;        // how the client's connection ended; 1: it has not
} w;

static uint8_t octet(uint32_t i)
{
    return (uint8_t)(i * 7 + (i >> 8));
}

static void look(struct aksu_trace *trace, struct aksu *net, aksu_handle conn,
                 const struct aksu_event *ev, const struct aksu_effects *fx,
                 const struct aksu_tcb *t)
{
    (void)net;
    (void)conn;
    (void)ev;
    (void)fx;
    assert_true(aksu_tcp_edge((enum aksu_state)trace->before.state, (enum aksu_state)t->state));
    assert_true((int32_t)(t->snd_nxt - t->snd_una) >= 0);
    assert_true((int32_t)(t->snd_max - t->snd_nxt) >= 0);
    assert_true(t->rcv_room <= t->rcv_buf);
    if (t->state >= AKSU_ESTABLISHED) // no more in flight than there is: SYN, text, FIN
        assert_true(t->snd_max - t->snd_una <= ((t->flags & AKSU_F_SYN_UNACKED) != 0) + t->snd_buf +
                                                   ((t->flags & AKSU_F_FIN) != 0));
}

static struct served *serve(aksu_handle conn)
{
    for (unsigned i = 0; i < w.accepts; i++)
        if (w.served[i].conn == conn)
            return &w.served[i];
    fail_msg("a connection that was not accepted");
    return NULL;
}

static bool on_accept(struct aksu *net, aksu_handle conn, void *user)
{
    struct aksu_info info;
    (void)user;
    assert_true(w.accepts < 16);
    w.served[w.accepts++] = (struct served){conn, 0};
    assert_int_equal(aksu_info(net, conn, &info), AKSU_OK);
    w.syn_text += (info.tcb->flags & AKSU_F_SYN_UNACKED) != 0;
    return true;
}

static void on_open(struct aksu *net, aksu_handle conn, void *user)
{
    (void)net;
    (void)user;
    assert_int_equal(serve(conn)->got, 0);
    w.opens++;
}

static void on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    struct served *s = serve(conn);
    uint8_t data[4096];
    (void)user;
    int32_t n = aksu_recv(net, conn, data, sizeof data);
    assert_int_equal(n, readable);
    for (int32_t i = 0; i < n; i++)
        assert_int_equal(data[i], octet(s->got++));
    if (s->got == w.request) {
        for (uint32_t i = 0; i < w.answer; i++)
            data[i] = octet(i);
        assert_int_equal(aksu_send(net, conn, data, w.answer), w.answer);
        assert_int_equal(aksu_close(net, conn, 0), AKSU_OK);
    }
}

static void on_answer(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    uint8_t data[4096];
    (void)user;
    (void)readable;
    int32_t n = aksu_recv(net, conn, data, sizeof data);
    for (int32_t i = 0; i < n; i++)
        assert_int_equal(data[i], octet(w.response++));
}

static void on_end(struct aksu *net, aksu_handle conn, void *user)
{
    (void)user;
    aksu_close(net, conn, 0);
}

static void on_close(struct aksu *net, aksu_handle conn, void *user, int error)
{
    (void)net;
    (void)conn;
    if (user)
        w.closed = error;
}

static const struct aksu_handlers server = {
    .on_accept = on_accept, .on_open = on_open, .on_recv = on_recv, .on_close = on_close};
static const struct aksu_handlers client = {
    .on_recv = on_answer, .on_end = on_end, .on_close = on_close};

static void start(unsigned side, const struct aksu_storage *store, bool full)
{
    struct aksu_config config;
    memset(&config, 0, sizeof config);
    w.profile[side] = full ? aksu_full : aksu_standard;
    w.profile[side].fast_open = side == CLIENT ? &client_fast : &server_fast;
    config.profile = &w.profile[side];
    config.boards = side == CLIENT ? &client_boards : &server_boards;
    config.addr = aksu_ipv4(192, 0, 2, (uint8_t)(side + 1));
    assert_int_equal(aksu_init(&w.net[side], store, &config), AKSU_OK);
    assert_int_equal(aksu_seed(&w.net[side], side ? "a secret of 16 o" : "another one of16", 16),
                     0);
    aksu_now(&w.net[side], w.now);
    w.trace[side].hook = look;
    aksu_trace(&w.net[side], &w.trace[side]);
}

static void fly(unsigned to, uint32_t at, const uint8_t *frame, size_t len)
{
    for (unsigned i = 0; i < FRAMES; i++) {
        if (w.flight[i].len == 0) {
            w.flight[i].at = at;
            w.flight[i].to = to;
            w.flight[i].len = len;
            memcpy(w.flight[i].frame, frame, len);
            return;
        }
    }
    fail_msg("too many frames");
}

// A frame meets the fate that is next.
static void launch(unsigned to, const uint8_t *frame, size_t len)
{
    unsigned fate = DELIVER;
    if (w.left > 0) {
        fate = w.fates % FATES;
        w.fates /= FATES;
        w.left--;
    }
    if (fate != LOSE)
        fly(to, w.now + (fate == LATE ? LATE_MS : WAY_MS), frame, len);
    if (fate == DOUBLE)
        fly(to, w.now + LATE_MS, frame, len);
}

// What happens now. Returns how long until more does.
static uint32_t turn(void)
{
    uint8_t frame[MTU];
    uint32_t wait = AKSU_NEVER;
    size_t len;
    for (unsigned i = 0; i < FRAMES; i++) {
        struct flight *f = &w.flight[i];
        if (f->len > 0 && (int32_t)(w.now - f->at) >= 0) {
            aksu_input(&w.net[f->to], w.now, f->frame, f->len);
            f->len = 0;
        }
    }
    for (unsigned side = 0; side < 2; side++) {
        while ((len = aksu_output(&w.net[side], w.now, frame, sizeof frame)) > 0)
            launch(!side, frame, len);
        uint32_t idle = aksu_idle(&w.net[side], w.now);
        assert_int_not_equal(idle, 0);
        wait = idle < wait ? idle : wait;
    }
    for (unsigned i = 0; i < FRAMES; i++) {
        const struct flight *f = &w.flight[i];
        if (f->len > 0 && f->at - w.now < wait)
            wait = f->at - w.now;
    }
    return wait;
}

static bool flying(void)
{
    for (unsigned i = 0; i < FRAMES; i++)
        if (w.flight[i].len > 0)
            return true;
    return false;
}

// One request. Returns how long its answer took.
static uint32_t ask(unsigned fates, unsigned left)
{
    static uint8_t data[4096];
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, SERVER + 1), PORT};
    uint32_t begun = w.now, took = 0;
    w.fates = fates;
    w.left = left;
    w.response = 0;
    w.closed = 1;
    w.accepts = w.opens = w.syn_text = 0;
    aksu_now(&w.net[CLIENT], w.now);
    aksu_handle conn = aksu_connect(&w.net[CLIENT], &to, 0, &client, &w);
    assert_true(conn > 0);
    assert_true(aksu_fast_open(&w.net[CLIENT], conn) >= 0);
    for (uint32_t i = 0; i < w.request; i++)
        data[i] = octet(i);
    assert_int_equal(aksu_send(&w.net[CLIENT], conn, data, w.request), w.request);
    for (unsigned turns = 0; w.closed == 1 || flying(); turns++) {
        assert_true(turns < 1000);
        uint32_t wait = turn();
        if (w.response == w.answer && took == 0)
            took = w.now - begun;
        if (w.closed == 1 || flying()) {
            assert_int_not_equal(wait, AKSU_NEVER);
            w.now += wait;
        }
    }
    assert_int_equal(w.response, w.answer);
    assert_int_equal(w.closed, AKSU_OK);
    assert_int_equal(w.opens, w.accepts);
    return took;
}

static void begin(const struct aksu_storage *store, bool full, uint32_t request, uint32_t answer)
{
    memset(&w, 0, sizeof w);
    memset(client_fast_peer, 0, sizeof client_fast_peer);
    memset(server_fast_pending, 0, sizeof server_fast_pending);
    w.now = 0xfffffff0u;
    w.request = request;
    w.answer = answer;
    start(CLIENT, &client_store, full);
    start(SERVER, store, full);
    assert_int_equal(aksu_listen(&w.net[SERVER], NULL, PORT, 4, &server, NULL), AKSU_OK);
    ask(0, 0); // it brings the cookie
    assert_int_equal(w.syn_text, 0);
}

// The first answer takes two round trips, the next one.
static void a_round_trip_less(void **state)
{
    (void)state;
    begin(&server_store, false, 100, 1000);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(ask(0, 0), 2 * WAY_MS);
        assert_int_equal(w.syn_text, 1);
        w.now += 100000;
    }
}

static unsigned frames = 5;

// Every fate of the first frames of the handshake and the request. A SYN that came twice may have
// been answered as two (2.1), but never by one that got its octets twice.
static void every_fate(void **state)
{
    static const uint32_t sizes[][2] = {{100, 100}, {1400, 1}, {3000, 4000}};
    unsigned all = 1;
    (void)state;
    for (unsigned i = 0; i < frames; i++)
        all *= FATES;
    for (unsigned kind = 0; kind < 12; kind++) {
        for (unsigned fates = 0; fates < all; fates++) {
            const uint32_t *size = sizes[kind % 3];
            begin(kind < 6 ? &server_store : &small_store, kind % 6 >= 3, size[0], size[1]);
            ask(fates, frames);
            assert_int_equal(w.accepts, 1);
            // The SYN with its text is the first frame.
            assert_int_equal(w.syn_text, fates % FATES != LOSE);
        }
    }
}

// usage: unit_fast_pair [FRAMES]     fates of so many frames, 5 unless said
int main(int argc, char **argv)
{
    if (argc > 1)
        frames = (unsigned)atoi(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_trip_less),
        cmocka_unit_test(every_fate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
