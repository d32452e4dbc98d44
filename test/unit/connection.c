// SPDX-License-Identifier: MIT
// Options, information, the trace hook, names, initialisation, and a counter for each drop reason.
#include "frames.h"

AKSU_STORAGE(store, 4, 2, 2048, 2048);
static struct host h;
static uint32_t iss;

static int setup(void **state)
{
    (void)state;
    start(&h, &store);
    listen_on(&h, PORT);
    iss = establish(&h, PEER_PORT);
    return 0;
}

static bool say(const char *text)
{
    assert_int_equal(aksu_send(&h.net, h.app.conn, text, strlen(text)), strlen(text));
    return next(&h);
}

// MUST-49.
static void ttl(void **state)
{
    (void)state;
    assert_true(say("a"));
    assert_int_equal(h.got.ttl, 64);
    assert_int_equal(aksu_set(&h.net, h.app.conn, AKSU_TTL, 33), AKSU_OK);
    aksu_set(&h.net, h.app.conn, AKSU_NODELAY, 1);
    assert_true(say("b"));
    assert_int_equal(h.got.ttl, 33);
    assert_int_equal(aksu_set(&h.net, h.app.conn, AKSU_TTL, 256), AKSU_EINVAL);
    assert_int_equal(aksu_set(&h.net, h.app.conn, AKSU_TTL, 0), AKSU_OK);
    assert_true(say("c"));
    assert_int_equal(h.got.ttl, 64);
}

// MUST-48, SHLD-21, SHLD-22: all 64 values, the ECN bits zero.
static void dscp(void **state)
{
    (void)state;
    aksu_set(&h.net, h.app.conn, AKSU_NODELAY, 1);
    for (unsigned value = 0; value < 64; value++) {
        assert_int_equal(aksu_set(&h.net, h.app.conn, AKSU_DSCP, value), AKSU_OK);
        assert_true(say("x"));
        assert_int_equal(h.got.tos, value << 2);
        struct wire w = tcp(AKSU_ACK, 1001, h.got.seq + 1, 0);
        feed(&h, &w);
    }
    assert_int_equal(aksu_set(&h.net, h.app.conn, AKSU_DSCP, 64), AKSU_EINVAL);
}

// Segments with options have both, too.
static void header_of_a_syn(void **state)
{
    (void)state;
    const struct aksu_endpoint peer = {aksu_ipv4(192, 0, 2, 2), 80};
    aksu_handle conn = aksu_connect(&h.net, &peer, 0, &app_handlers, &h.app);
    assert_int_equal(aksu_set(&h.net, conn, AKSU_TTL, 33), AKSU_OK);
    assert_int_equal(aksu_set(&h.net, conn, AKSU_DSCP, 46), AKSU_OK);
    assert_true(next(&h));
    answer_arp(&h, PEER, peer_mac);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN);
    assert_int_equal(h.got.ttl, 33);
    assert_int_equal(h.got.tos, 46 << 2);
}

// Each option and what is out of its range.
static void option_ranges(void **state)
{
    (void)state;
    static const struct {
        enum aksu_option option;
        uint32_t most;
    } rows[] = {{AKSU_NODELAY, 1},
                {AKSU_QUICKACK, 1},
                {AKSU_USER_TIMEOUT, 65535},
                {AKSU_KEEPALIVE, 1},
                {AKSU_KEEPALIVE_IDLE, 65535},
                {AKSU_KEEPALIVE_INTERVAL, 255},
                {AKSU_KEEPALIVE_COUNT, 255},
                {AKSU_PROBE_LIMIT, 255},
                {AKSU_TTL, 255},
                {AKSU_DSCP, 63},
                {AKSU_SILENT, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(aksu_set(&h.net, h.app.conn, rows[i].option, rows[i].most), AKSU_OK);
        assert_int_equal(aksu_set(&h.net, h.app.conn, rows[i].option, 0), AKSU_OK);
        if (aksu_set(&h.net, h.app.conn, rows[i].option, rows[i].most + 1) != AKSU_EINVAL)
            fail_msg("option %d takes %u", (int)rows[i].option, (unsigned)rows[i].most + 1);
    }
    assert_int_equal(aksu_set(&h.net, h.app.conn, AKSU_OPTION_COUNT, 0), AKSU_EINVAL);
    assert_int_equal(aksu_set(&h.net, h.app.conn, (enum aksu_option)200, 0), AKSU_EINVAL);
}

// SHLD-7, MUST-17 through the calls.
static void nagle_and_nodelay(void **state)
{
    (void)state;
    assert_true(say("a"));
    assert_false(say("b"));
    aksu_set(&h.net, h.app.conn, AKSU_NODELAY, 1);
    assert_true(next(&h));
    assert_int_equal(h.got.len, 1);
}

static void info(void **state)
{
    (void)state;
    struct aksu_info info;
    struct aksu_addr us = aksu_ipv4(192, 0, 2, 1), peer = aksu_ipv4(192, 0, 2, 2);
    h.app.keep = true;
    struct wire w = tcp(AKSU_ACK | AKSU_URG, 1001, iss + 1, 100);
    w.urp = 150;
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.urgents, 1);
    assert_int_equal(aksu_send(&h.net, h.app.conn, "hello", 5), 5);
    assert_int_equal(aksu_info(&h.net, h.app.conn, &info), AKSU_OK);
    assert_memory_equal(&info.local.addr, &us, sizeof us);
    assert_memory_equal(&info.remote.addr, &peer, sizeof peer);
    assert_int_equal(info.local.port, PORT);
    assert_int_equal(info.remote.port, PEER_PORT);
    assert_int_equal(info.tcb->state, AKSU_ESTABLISHED);
    assert_int_equal(info.readable, 100);
    assert_int_equal(info.writable, 2048 - 5);
    assert_int_equal(info.urgent, 150); // MUST-33
    assert_int_equal(info.idle_ms, 0);
    drain(&h);
    aksu_consume(&h.net, h.app.conn, 60);
    drain(&h);
    assert_int_equal(aksu_info(&h.net, h.app.conn, &info), AKSU_OK);
    assert_int_equal(info.urgent, 90);
    assert_in_range(info.idle_ms, 1, 1000);
}

// MUST-12: closed by FIN and by RST are told apart, once each.
static void normal_and_reset(void **state)
{
    (void)state;
    struct wire w = tcp(AKSU_RST, 1001, 0, 0);
    assert_int_equal(feed(&h, &w), 0);
    drain(&h);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.ends, 0);
    assert_int_equal(h.app.close_reason, AKSU_ECONNRESET);
    setup(NULL);
    w = tcp(AKSU_FIN | AKSU_ACK, 1001, iss + 1, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.ends, 1);
    aksu_close(&h.net, h.app.conn, 0);
    drain(&h);
    w = tcp(AKSU_ACK, 1002, iss + 2, 0);
    assert_int_equal(feed(&h, &w), 0);
    drain(&h);
    pass(&h, 100000);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.close_reason, AKSU_OK);
}

// on_recv: only when octets became readable: not for those that are ahead of their turn or
// repeated.
static void told_of_readable(void **state)
{
    (void)state;
    static const struct {
        uint32_t seq;
        size_t len;
        unsigned recvs;
        size_t readable;
    } rows[] = {{1101, 50, 0, 0}, {1001, 60, 1, 60}, {1001, 60, 1, 60}, {1061, 40, 2, 150}};
    h.app.keep = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct wire w = tcp(AKSU_ACK, rows[i].seq, iss + 1, rows[i].len);
        feed(&h, &w);
        drain(&h);
        assert_int_equal(h.app.recvs, rows[i].recvs);
        assert_int_equal(h.app.readable, rows[i].readable);
    }
}

// Abort: <RST>, on_close with ECONNABORTED, later, not inside the call.
static void abort_call(void **state)
{
    (void)state;
    assert_int_equal(aksu_abort(&h.net, h.app.conn), AKSU_OK);
    assert_int_equal(h.app.closes, 0); // handlers run inside input and output only
    assert_true(next(&h));
    assert_true(h.got.flags & AKSU_RST);
    assert_int_equal(h.got.seq, iss + 1);
    drain(&h);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.close_reason, AKSU_ECONNABORTED);
    assert_int_equal(aksu_counters(&h.net)->resets_sent, 1);
}

// No handler runs inside any call that the application makes.
static void calls_call_nothing(void **state)
{
    (void)state;
    struct app before = h.app;
    aksu_send(&h.net, h.app.conn, "x", 1);
    aksu_shutdown(&h.net, h.app.conn);
    aksu_close(&h.net, h.app.conn, 0);
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    aksu_handle conn = aksu_connect(&h.net, &to, 0, &app_handlers, &h.app);
    aksu_close(&h.net, conn, 0);
    aksu_unlisten(&h.net, NULL, PORT);
    assert_memory_equal(&before, &h.app, sizeof before);
    drain(&h);
    assert_int_equal(h.app.closes, 1); // of the one that was connecting
}

static unsigned traced;
static aksu_handle traced_conn;
static enum aksu_state traced_from, traced_to;

static void hook(struct aksu_trace *trace, struct aksu *net, aksu_handle conn,
                 const struct aksu_event *ev, const struct aksu_effects *fx,
                 const struct aksu_tcb *after)
{
    (void)net;
    (void)fx;
    assert_true(ev->kind < AKSU_EVENT_COUNT);
    assert_true(aksu_tcp_edge((enum aksu_state)trace->before.state, (enum aksu_state)after->state));
    assert_string_equal(trace->user, "mine");
    traced++;
    traced_conn = conn;
    traced_from = (enum aksu_state)trace->before.state;
    traced_to = (enum aksu_state)after->state;
}

static void trace(void **state)
{
    (void)state;
    struct aksu_trace t = {.hook = hook, .user = "mine"};
    traced = 0;
    start(&h, &store);
    aksu_trace(&h.net, &t);
    listen_on(&h, PORT);
    iss = establish(&h, PEER_PORT);
    assert_true(traced >= 4); // LISTEN, SEGMENT, SENT, SEGMENT
    assert_int_equal(traced_conn, h.app.conn);
    assert_int_equal(traced_from, AKSU_SYN_RECEIVED);
    assert_int_equal(traced_to, AKSU_ESTABLISHED);
    aksu_trace(&h.net, NULL);
    traced = 0;
    establish(&h, PEER_PORT + 1);
    assert_int_equal(traced, 0);
}

static void was(unsigned kind, unsigned option, uint32_t value)
{
    assert_int_equal(last_event.kind, kind);
    assert_int_equal(last_event.option, option);
    assert_int_equal(last_event.value, value);
    assert_int_equal(last_event.detail, 0);
}

// The hook is shown what happened, and zero in members that it does not name.
static void traced_events(void **state)
{
    (void)state;
    struct aksu_trace t = {.hook = keep_event};
    start(&h, &store);
    aksu_trace(&h.net, &t);
    listen_on(&h, PORT);
    iss = establish(&h, PEER_PORT + 1);
    was(AKSU_EV_SEGMENT, 0, 0);
    assert_int_equal(aksu_send(&h.net, h.app.conn, "12345", 5), 5);
    was(AKSU_EV_WROTE, 0, 5);
    drain(&h);
    was(AKSU_EV_SENT, 0, 0);
    assert_int_equal(aksu_set(&h.net, h.app.conn, AKSU_KEEPALIVE_IDLE, 77), AKSU_OK);
    was(AKSU_EV_SET, AKSU_KEEPALIVE_IDLE, 77);
    assert_int_equal(aksu_shutdown(&h.net, h.app.conn), AKSU_OK);
    was(AKSU_EV_SHUTDOWN, 0, 0);
    assert_int_equal(aksu_close(&h.net, h.app.conn, 1234), AKSU_OK);
    was(AKSU_EV_CLOSE, 0, 1234);
    assert_int_equal(aksu_abort(&h.net, h.app.conn), AKSU_OK);
    was(AKSU_EV_ABORT, 0, 0);
    struct aksu_endpoint peer = {aksu_ipv4(192, 0, 2, 2), PEER_PORT};
    assert_true(aksu_connect(&h.net, &peer, 0, &app_handlers, &h.app) > 0);
    was(AKSU_EV_CONNECT, 0, 0);
}

static void names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        assert_non_null(aksu_state_name(i));
        assert_non_null(aksu_event_name(i));
        assert_non_null(aksu_error_name(-(int)i));
        assert_non_null(aksu_drop_name((int)i));
        assert_string_equal(aksu_drop_name((int)i), aksu_drop_name(-(int)i));
    }
    assert_string_equal(aksu_state_name(AKSU_FIN_WAIT_2), "FIN-WAIT-2");
    assert_string_equal(aksu_event_name(AKSU_EV_CONNECT), "CONNECT");
    for (unsigned i = 1; i < AKSU_DROP_COUNT; i++)
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(aksu_drop_name((int)i), aksu_drop_name((int)j));
}

// --- Initialisation ---

static int init(const struct aksu_storage *s, const struct aksu_config *c)
{
    static struct aksu net;
    return aksu_init(&net, s, c);
}

static void foreign_storage(void **state)
{
    (void)state;
    struct aksu_config config = default_config();
    struct aksu_storage s = store;
    assert_int_equal(init(&s, &config), AKSU_OK);
    s.version ^= 1;
    assert_int_equal(init(&s, &config), AKSU_EPROTO);
    s = store;
    s.row_size++;
    assert_int_equal(init(&s, &config), AKSU_EPROTO);
    s = store;
    s.row_tail--;
    assert_int_equal(init(&s, &config), AKSU_EPROTO);
}

static void bad_config(void **state)
{
    (void)state;
    struct aksu_config config = default_config();
    config.profile = NULL;
    assert_int_equal(init(&store, &config), AKSU_EINVAL);
    config = default_config();
    config.addr = aksu_ipv4(224, 0, 0, 1);
    assert_int_equal(init(&store, &config), AKSU_EINVAL);
    config.addr = aksu_ipv4(255, 255, 255, 255);
    assert_int_equal(init(&store, &config), AKSU_EINVAL);
    config = default_config();
    config.prefix = 33;
    assert_int_equal(init(&store, &config), AKSU_EINVAL);
    config = default_config();
    config.mtu = 87; // too small for the longest header and 8 octets
    assert_int_equal(init(&store, &config), AKSU_EINVAL);
    config.mtu = 88;
    assert_int_equal(init(&store, &config), AKSU_OK);
}

static bool says(const struct aksu_profile *p, const char *member)
{
    const char *error = aksu_profile_error(p);
    return error && strncmp(error, member, strlen(member)) == 0;
}

// MUST-40, R6298-05, and the other bounds that the header gives: the least and the most that are
// taken, and what is said of one more.
static void bad_profile(void **state)
{
    (void)state;
    struct aksu_profile p = aksu_standard;
    assert_null(aksu_profile_error(&p));
    p.rto_min_ms = p.msl_ms = p.syn_ack_tries = 1;
    p.rto_max_ms = 60000;
    p.user_timeout_s = 100;
    p.challenge_acks = 2;
    p.delayed_ack_ms = 499;
    assert_null(aksu_profile_error(&p));
    p.rto_max_ms = p.msl_ms = 1 << 24;
    assert_null(aksu_profile_error(&p));
    const struct aksu_profile good = p;
    p.rto_min_ms = 0;
    assert_true(says(&p, "rto_min_ms"));
    p = good;
    p.rto_max_ms = 59999;
    assert_true(says(&p, "rto_max_ms"));
    p.rto_max_ms = (1 << 24) + 1;
    assert_true(says(&p, "rto_max_ms"));
    p = good;
    p.msl_ms = 0;
    assert_true(says(&p, "msl_ms"));
    p.msl_ms = (1 << 24) + 1;
    assert_true(says(&p, "msl_ms"));
    p = good;
    p.delayed_ack_ms = 500;
    assert_true(says(&p, "delayed_ack_ms"));
    p = good;
    p.user_timeout_s = 99;
    assert_true(says(&p, "user_timeout_s"));
    p = good;
    p.syn_ack_tries = 0;
    assert_true(says(&p, "syn_ack_tries"));
    p = good;
    p.challenge_acks = 1;
    assert_true(says(&p, "challenge_acks"));
    p = good;
    p.congestion = NULL;
    assert_true(says(&p, "congestion"));
    p = good;
    p.copy = NULL;
    assert_true(says(&p, "copy"));
}

// The ready-made profiles obey the rules that they are held to.
static void ready_made_profiles(void **state)
{
    (void)state;
    const struct aksu_profile *const all[] = {&aksu_lean, &aksu_standard, &aksu_full};
    for (size_t i = 0; i < 3; i++) {
        struct aksu_config config = default_config();
        config.profile = all[i];
        assert_int_equal(init(&store, &config), AKSU_OK);
        assert_null(aksu_profile_error(all[i]));
        assert_in_range(all[i]->delayed_ack_ms, 0, 499);
        assert_true(all[i]->rto_max_ms >= 60000);
        assert_true(all[i]->user_timeout_s >= 100);
        assert_true(all[i]->msl_ms >= 30000);
    }
    assert_int_equal(aksu_lean.rto_min_ms, 1000);
    assert_int_equal(aksu_standard.rto_min_ms, 1000); // R6298-04
}

// aksu_init() clears what a stack left behind in its storage.
static void storage_is_cleared(void **state)
{
    (void)state;
    aksu_handle old = h.app.conn;
    start(&h, &store);
    assert_int_equal(aksu_connections(&h.net), 0);
    struct aksu_info info;
    assert_int_equal(aksu_info(&h.net, old, &info), AKSU_EBADF);
    quiet(&h);
}

// A counter for each reason: what aksu_input() returns is what is counted.
static void counters(void **state)
{
    (void)state;
    struct wire w = tcp(AKSU_ACK, 1001, iss + 1, 0);
    uint32_t in = aksu_counters(&h.net)->frames_in, out = aksu_counters(&h.net)->frames_out;
    w.to[5] = 77;
    for (uint32_t i = 1; i < 4; i++) {
        int result = feed(&h, &w);
        assert_true(result < 0);
        assert_int_equal(aksu_counters(&h.net)->dropped[-result], i);
    }
    assert_int_equal(aksu_counters(&h.net)->frames_in, in + 3);
    assert_true(say("x"));
    assert_int_equal(aksu_counters(&h.net)->frames_out, out + 1);
    assert_int_equal(aksu_counters(&h.net)->opened, 1);
    w = tcp(AKSU_ACK, 500000, iss + 1, 0);
    assert_int_equal(feed(&h, &w), -AKSU_DROP_UNACCEPTABLE);
    w = tcp(AKSU_PSH, 1001, 0, 10); // no ACK bit
    assert_int_equal(feed(&h, &w), -AKSU_DROP_UNACCEPTABLE);
}

// What was sent again, and why: window updates, keep-alives and ACKs are no retransmissions.
static void counters_of_sending(void **state)
{
    (void)state;
    const struct aksu_counters *c = aksu_counters(&h.net);
    aksu_set(&h.net, h.app.conn, AKSU_KEEPALIVE_IDLE, 30);
    aksu_set(&h.net, h.app.conn, AKSU_KEEPALIVE, 1);
    assert_int_equal(pass(&h, 30000), 1);
    aksu_set(&h.net, h.app.conn, AKSU_KEEPALIVE, 0);
    struct wire w = tcp(AKSU_ACK, 1001, iss + 1, 100);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(pass(&h, 1000), 1);
    assert_int_equal(c->retransmitted, 0);
    assert_int_equal(c->timeouts, 0);
    assert_true(say("x"));
    assert_int_equal(c->retransmitted, 0);
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(pass(&h, 1000u << (i - 1)), 1);
        assert_int_equal(c->retransmitted, i);
        assert_int_equal(c->timeouts, i);
    }
    aksu_shutdown(&h.net, h.app.conn);
    w = tcp(AKSU_ACK, 1101, iss + 2, 0);
    assert_int_equal(feed(&h, &w), 0);
    assert_true(next(&h));
    assert_true(h.got.flags & AKSU_FIN);
    assert_int_equal(c->retransmitted, 3);
    pass(&h, 8000); // the FIN, whose timeout is still backed off
    assert_int_equal(c->retransmitted, 4);
    assert_int_equal(c->timeouts, 4);
    assert_int_equal(c->resets_sent, 0);
    aksu_abort(&h.net, h.app.conn);
    assert_int_equal(drain(&h), 1);
    assert_int_equal(c->resets_sent, 1);
}

// AKSU_DROP_TCP_FLAGS: what no TCP sends, at a listener and at a connection: nothing changes.
static void absurd_flags(void **state)
{
    (void)state;
    static const unsigned flags[] = {
        0, AKSU_FIN, AKSU_FIN | AKSU_PSH | AKSU_URG, AKSU_SYN | AKSU_FIN, AKSU_PSH, AKSU_URG};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        struct wire w = tcp(flags[i], 1001, 0, 0);
        assert_true(feed(&h, &w) < 0);
        drain(&h);
        w.sport = 9;
        assert_true(feed(&h, &w) < 0);
        quiet(&h);
    }
    assert_int_equal(h.app.closes + h.app.ends + h.app.recvs, 0);
    assert_int_equal(aksu_connections(&h.net), 1);
}

// R4987 and RFC 1122 4.2.3.6: keep-alive through the calls; the peer that is gone is found out.
static void keep_alive(void **state)
{
    (void)state;
    aksu_set(&h.net, h.app.conn, AKSU_KEEPALIVE, 1);
    aksu_set(&h.net, h.app.conn, AKSU_KEEPALIVE_IDLE, 30);
    aksu_set(&h.net, h.app.conn, AKSU_KEEPALIVE_INTERVAL, 10);
    aksu_set(&h.net, h.app.conn, AKSU_KEEPALIVE_COUNT, 3);
    quiet(&h);
    assert_int_equal(aksu_idle(&h.net, h.now), 30000);
    pass(&h, 59000);
    assert_int_equal(h.app.closes, 0);
    pass(&h, 2000);
    assert_int_equal(h.app.closes, 1);
    assert_int_equal(h.app.close_reason, AKSU_ETIMEDOUT);
}

// Two stacks in one program know nothing of each other.
static void two_stacks(void **state)
{
    (void)state;
    AKSU_STORAGE(second, 2, 1, 512, 512);
    static struct host other;
    start(&other, &second);
    assert_int_equal(aksu_connections(&other.net), 0);
    struct wire w = tcp(AKSU_ACK, 1001, iss + 1, 5);
    assert_true(feed(&other, &w) < 0);
    drain(&other);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.len, 5);
}

#define T(f) cmocka_unit_test_setup(f, setup)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(ttl),
        T(dscp),
        T(header_of_a_syn),
        T(option_ranges),
        T(nagle_and_nodelay),
        T(info),
        T(normal_and_reset),
        T(told_of_readable),
        T(abort_call),
        T(calls_call_nothing),
        T(trace),
        T(traced_events),
        T(names),
        T(foreign_storage),
        T(bad_config),
        T(bad_profile),
        T(ready_made_profiles),
        T(storage_is_cleared),
        T(counters),
        T(counters_of_sending),
        T(absurd_flags),
        T(keep_alive),
        T(two_stacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
