// SPDX-License-Identifier: MIT
// TCP Fast Open on the wire and with an application, RFC 7413: cookies of a server, what a client
// keeps of them, and two stacks that lose frames between them.
#include "frames.h"

enum { SYN = AKSU_SYN, A = AKSU_ACK, KIND = 34, TEXT = 300, HOLD_MS = 60000 };
enum { PENDING = 2, PEERS = 2, HOUR_MS = 3600000, PERIOD_MS = 1 << 26 };

AKSU_STORAGE(store, 4, 1, 1024, 4096);
AKSU_FAST_OPEN(both, PEERS, PENDING);
AKSU_FAST_OPEN_CLIENT(client_only, PEERS);
AKSU_FAST_OPEN_SERVER(server_only, PENDING);
static struct aksu_profile profile;
static struct host h;

static void begin_as(const struct aksu_fast_open *fast)
{
    struct aksu_config config = default_config();
    profile = aksu_standard;
    profile.fast_open = fast;
    config.profile = &profile;
    memset(both_peer, 0, sizeof both_peer);
    memset(both_pending, 0, sizeof both_pending);
    start_with(&h, &store, &config);
    listen_on(&h, PORT);
}

static int begin(void **state)
{
    (void)state;
    begin_as(&both);
    return 0;
}

// Puts the option behind the MSS, and fills the word.
static void put_option(struct wire *w, unsigned len, const uint8_t *cookie)
{
    static const uint8_t mss[4] = {2, 4, 0x05, 0xb4};
    memset(w->options, 1, sizeof w->options);
    memcpy(w->options, mss, 4);
    w->options[4] = KIND;
    w->options[5] = (uint8_t)len;
    if (len > 2)
        memcpy(w->options + 6, cookie, len - 2);
    w->options_len = (uint8_t)((4 + (len > 2 ? len : 2) + 3) / 4 * 4);
}

// A client's SYN, with an option that has so many octets of a cookie; less than 0: none.
static struct wire syn(int cookie_len, const uint8_t *cookie, size_t len)
{
    struct wire w = tcp(SYN, 1000, 0, len);
    if (cookie_len >= 0)
        put_option(&w, (unsigned)cookie_len + 2, cookie);
    return w;
}

// The SYN,ACK for what the client sent; of its text so much is acknowledged. Returns our ISS.
static uint32_t answered(uint32_t text, int cookie_len)
{
    assert_true(next(&h));
    assert_int_equal(h.got.flags, SYN | A);
    assert_int_equal(h.got.ack, 1001 + text);
    assert_int_equal(h.got.len, 0);
    assert_int_equal(h.got.cookie_len, cookie_len);
    return h.got.seq;
}

// The cookie that a client at an address gets today.
static void get_cookie(uint32_t src, uint16_t port, uint8_t *cookie)
{
    struct wire w = syn(0, NULL, 0);
    w.src = src;
    w.sport = port;
    assert_int_equal(feed(&h, &w), 0);
    uint32_t iss = answered(0, 8);
    memcpy(cookie, h.got.cookie, 8);
    w = tcp(AKSU_RST, 1001, iss + 1, 0);
    w.src = src;
    w.sport = port;
    assert_int_equal(feed(&h, &w), 0);
    quiet(&h);
}

static void request(void **state)
{
    (void)state;
    uint8_t one[8], other[8];
    get_cookie(PEER, 1, one);
    get_cookie(PEER, 2, other);
    assert_memory_equal(one, other, 8); // of the address alone (4.1.2)
    get_cookie(PEER + 1, 1, other);
    assert_true(memcmp(one, other, 8) != 0);
    assert_int_equal(aksu_seed(&h.net, "another secret..", 16), AKSU_OK);
    get_cookie(PEER, 1, other);
    assert_true(memcmp(one, other, 8) != 0);
    struct wire w = syn(-1, NULL, TEXT); // no option: none in the answer, no text taken
    assert_int_equal(feed(&h, &w), 0);
    answered(0, -1);
    assert_int_equal(h.app.accepts, 0);
}

// Text reaches the application with the SYN; what it answers goes at once, the rest as ever.
static void text_with_the_syn(void **state)
{
    uint8_t cookie[8];
    static const struct aksu_fast_open *const with[] = {&both, &server_only};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        begin_as(with[i]);
        get_cookie(PEER, 1, cookie);
        struct wire w = syn(8, cookie, TEXT);
        assert_int_equal(feed(&h, &w), 0);
        assert_int_equal(h.app.accepts, 1);
        assert_int_equal(h.app.opens, 1);
        assert_int_equal(h.app.len, TEXT);
        assert_memory_equal(h.app.data, w.data, TEXT);
        assert_int_equal(aksu_counters(&h.net)->opened, 1);
        struct aksu_info info;
        assert_int_equal(aksu_info(&h.net, h.app.conn, &info), AKSU_OK);
        assert_true(info.tcb->flags & AKSU_F_SYN_UNACKED);
        uint8_t saved[AKSU_SAVED];
        assert_int_equal(aksu_save(&h.net, h.app.conn, saved, sizeof saved), AKSU_EBUSY);
        assert_int_equal(aksu_send(&h.net, h.app.conn, "hello", 5), 5);
        uint32_t iss = answered(TEXT, 8);
        assert_memory_equal(h.got.cookie, cookie, 8);
        assert_true(next(&h));
        assert_int_equal(h.got.seq, iss + 1);
        assert_int_equal(h.got.len, 5);
        assert_memory_equal(h.got.data, "hello", 5);
        quiet(&h);
        w = syn(8, cookie, TEXT); // again: nothing is delivered
        feed(&h, &w);
        assert_int_equal(h.app.len, TEXT);
        answered(TEXT, 8);
        drain(&h);
        w = tcp(A, 1001 + TEXT, iss + 6, 100);
        assert_int_equal(feed(&h, &w), 0);
        assert_int_equal(h.app.opens, 1); // once
        assert_int_equal(h.app.acked, 5);
        assert_int_equal(h.app.len, TEXT + 100);
        assert_int_equal(aksu_counters(&h.net)->opened, 1);
        assert_int_equal(info.tcb->flags & AKSU_F_SYN_UNACKED, 0);
    }
}

// Whatever is not the cookie, octet for octet: a plain SYN, and the cookie in the answer.
static void other_cookies(void **state)
{
    uint8_t cookie[40] = {0};
    (void)state;
    get_cookie(PEER, 1, cookie);
    for (unsigned bit = 0; bit < 64; bit++) {
        uint8_t wrong[8];
        memcpy(wrong, cookie, 8);
        wrong[bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct wire w = syn(8, wrong, TEXT);
        assert_int_equal(feed(&h, &w), 0);
        uint32_t iss = answered(0, 8);
        w = tcp(AKSU_RST, 1001, iss + 1, 0);
        feed(&h, &w);
        drain(&h);
    }
    for (unsigned len = 0; len <= 36; len++) {
        struct wire w = tcp(SYN, 1000, 0, TEXT);
        put_option(&w, len, cookie);
        bool sound = len >= 2 && len <= (unsigned)w.options_len - 4;
        assert_int_equal(feed(&h, &w), sound ? 0 : -AKSU_DROP_TCP_OPTION); // MUST-7
        if (!sound) {
            quiet(&h);
            continue;
        }
        bool known = len == 2 || (len >= 6 && len <= 18 && len % 2 == 0); // 4.1.1
        uint32_t iss = answered(len == 10 ? TEXT : 0, known ? 8 : -1);
        w = tcp(AKSU_RST, 1001 + (len == 10 ? TEXT : 0), iss + 1, 0);
        feed(&h, &w);
        drain(&h);
    }
    assert_int_equal(h.app.accepts, 1);
}

// An option behind the end of the list, or longer than the header, is none.
static void hostile_options(void **state)
{
    uint8_t cookie[8];
    (void)state;
    get_cookie(PEER, 1, cookie);
    struct wire w = syn(8, cookie, TEXT);
    w.options[0] = 0; // END
    assert_int_equal(feed(&h, &w), 0);
    answered(0, -1);
    struct wire rst = tcp(AKSU_RST, 1001, 0, 0);
    feed(&h, &rst);
    drain(&h);
    for (unsigned len = 11; len < 256; len++) {
        w = syn(8, cookie, TEXT);
        w.options[5] = (uint8_t)len;
        int result = feed(&h, &w);
        assert_int_equal(result, len > 12 ? -AKSU_DROP_TCP_OPTION : 0);
        drain(&h);
        feed(&h, &rst);
        drain(&h);
    }
    w = syn(8, cookie, TEXT);
    w.options[15] = KIND; // the last octet of the header: no length
    feed(&h, &w);
    assert_int_equal(h.app.accepts, 0);
    drain(&h);
    feed(&h, &rst);
    // Without SYN it means nothing.
    uint32_t iss = establish(&h, PEER_PORT);
    w = tcp(A, 1001, iss + 1, TEXT);
    put_option(&w, 10, cookie);
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.len, TEXT);
}

// 4.1.2: a cookie ends by time, too; until then the new one comes with every SYN,ACK.
static void cookies_end(void **state)
{
    uint8_t cookie[8];
    (void)state;
    for (unsigned periods = 0; periods < 4; periods++) {
        begin(state);
        h.now = 12345;
        get_cookie(PEER, 1, cookie);
        h.now += periods * PERIOD_MS;
        struct wire w = syn(8, cookie, TEXT);
        assert_int_equal(feed(&h, &w), 0);
        answered(periods < 2 ? TEXT : 0, 8);
        assert_int_equal(memcmp(h.got.cookie, cookie, 8) == 0, periods == 0);
    }
}

// A SYN with a cookie, from a port of the peer. Returns whether its text was taken.
static bool knock(uint16_t port, const uint8_t *cookie, uint32_t *iss)
{
    struct wire w = syn(8, cookie, TEXT);
    w.sport = port;
    unsigned accepts = h.app.accepts;
    assert_int_equal(feed(&h, &w), 0);
    bool taken = h.app.accepts > accepts;
    *iss = answered(taken ? TEXT : 0, 8);
    return taken;
}

static void say(uint16_t port, unsigned flags, uint32_t iss)
{
    struct wire w = tcp(flags, 1001 + TEXT, iss + 1, 0);
    w.sport = port;
    assert_int_equal(feed(&h, &w), 0);
    drain(&h);
}

// 5.1: beyond the limit a SYN is as one without a cookie. What completes makes room.
static void pending_limit(void **state)
{
    uint8_t cookie[8];
    uint32_t iss[4];
    (void)state;
    get_cookie(PEER, 9, cookie);
    assert_true(knock(1, cookie, &iss[0]));
    assert_true(knock(2, cookie, &iss[1]));
    assert_false(knock(3, cookie, &iss[2]));
    struct wire w = tcp(AKSU_RST, 1001, 0, 0);
    w.sport = 3;
    feed(&h, &w);
    say(1, A, iss[0]);
    assert_true(knock(3, cookie, &iss[2]));
    assert_false(knock(4, cookie, &iss[3]));
}

// 5.1: a RST does not make room for the next, for a while; nor does a row that is used anew.
static void reset_counts(void **state)
{
    uint8_t cookie[8];
    uint32_t iss;
    (void)state;
    get_cookie(PEER, 9, cookie);
    for (uint16_t port = 1; port <= 2; port++) {
        assert_true(knock(port, cookie, &iss));
        say(port, AKSU_RST, iss);
        assert_int_equal(h.app.closes, port);
        assert_int_equal(h.app.close_reason, AKSU_ECONNRESET);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_false(knock(3, cookie, &iss));
        struct wire w = tcp(AKSU_RST, 1001, iss + 1, 0);
        w.sport = 3;
        feed(&h, &w);
        pass(&h, HOLD_MS / 2 - 1);
    }
    assert_true(knock(3, cookie, &iss));
}

// A connection that opened and ended since does not count, however quick it was, and whoever has
// its row now.
static void quick_ones(void **state)
{
    uint8_t cookie[8];
    uint32_t iss;
    (void)state;
    get_cookie(PEER, 9, cookie);
    for (uint16_t port = 1; port <= 20; port++) {
        assert_true(knock(port, cookie, &iss));
        assert_int_equal(aksu_close(&h.net, h.app.conn, 0), AKSU_OK);
        drain(&h);
        struct wire w = tcp(A | AKSU_FIN, 1001 + TEXT, iss + 2, 0);
        w.sport = port;
        assert_int_equal(feed(&h, &w), 0);
        drain(&h);
        assert_int_equal(h.app.closes, port);
    }
}

static void refused(void **state)
{
    uint8_t cookie[8];
    (void)state;
    get_cookie(PEER, 1, cookie);
    h.app.refuse = true;
    struct wire w = syn(8, cookie, TEXT);
    feed(&h, &w);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_RST | A);
    assert_int_equal(h.got.ack, 1001 + TEXT);
    quiet(&h);
    assert_int_equal(h.app.opens + h.app.recvs + h.app.closes, 0);
    assert_int_equal(aksu_connections(&h.net), 0);
}

// The application has it: it stays when the listener goes.
static void listener_withdrawn(void **state)
{
    uint8_t cookie[8];
    uint32_t iss;
    (void)state;
    get_cookie(PEER, 9, cookie);
    assert_true(knock(1, cookie, &iss));
    assert_int_equal(aksu_unlisten(&h.net, NULL, PORT), AKSU_OK);
    assert_int_equal(aksu_connections(&h.net), 1);
    say(1, A, iss);
    assert_int_equal(h.app.opens, 1);
    assert_int_equal(h.app.closes, 0);
}

// When no row is left, or the backlog is full, a SYN cookie answers: without text, without option.
static void beside_syn_cookies(void **state)
{
    uint8_t cookie[8];
    uint32_t iss;
    (void)state;
    get_cookie(PEER, 9, cookie);
    for (uint16_t port = 1; port <= 2; port++) {
        struct wire w = syn(-1, NULL, 0);
        w.sport = port;
        feed(&h, &w);
        answered(0, -1);
    }
    struct wire w = syn(8, cookie, TEXT);
    assert_int_equal(feed(&h, &w), 0);
    iss = answered(0, -1);
    assert_int_equal(aksu_counters(&h.net)->cookies_sent, 1);
    assert_int_equal(h.app.accepts, 0);
    w = tcp(A, 1001, iss + 1, TEXT); // the text again
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(aksu_counters(&h.net)->cookies_taken, 1);
    assert_int_equal(h.app.len, TEXT);
}

// In TIME-WAIT a SYN reopens (RFC 6191), with text as well. And the text of a SYN that the network
// kept comes again when nothing remembers the connection (2.1).
static void old_syns(void **state)
{
    uint8_t cookie[8];
    uint32_t iss;
    (void)state;
    get_cookie(PEER, 9, cookie);
    assert_true(knock(1, cookie, &iss));
    aksu_close(&h.net, h.app.conn, 0);
    drain(&h);
    struct wire w = tcp(A | AKSU_FIN, 1001 + TEXT, iss + 2, 0);
    w.sport = 1;
    assert_int_equal(feed(&h, &w), 0);
    drain(&h);
    w = syn(8, cookie, TEXT);
    w.sport = 1;
    w.seq = 90000;
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.accepts, 2);
    assert_true(next(&h));
    assert_int_equal(h.got.ack, 90001 + TEXT);
    assert_int_equal(aksu_abort(&h.net, h.app.conn), AKSU_OK);
    drain(&h);
    pass(&h, 70000);
    assert_true(knock(1, cookie, &iss));
    assert_int_equal(h.app.accepts, 3);
}

// A client.

static const struct aksu_fast_peer *peer_of(uint32_t addr)
{
    for (unsigned i = 0; i < PEERS; i++)
        if (both_peer[i].addr == addr)
            return &both_peer[i];
    return NULL;
}

// Connects with text, and gets the SYN. Returns what aksu_fast_open() did.
static int32_t dial(uint32_t addr, size_t text, aksu_handle *conn)
{
    static const uint8_t data[4096] = "GET / HTTP/1.0";
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, (uint8_t)addr), 80};
    aksu_now(&h.net, h.now);
    *conn = aksu_connect(&h.net, &to, 0, &app_handlers, &h.app);
    assert_true(*conn > 0);
    int32_t may = aksu_fast_open(&h.net, *conn);
    assert_int_equal(aksu_send(&h.net, *conn, data, text), text);
    assert_true(next(&h));
    if (h.got.type == 0x0806) {
        answer_arp(&h, addr, peer_mac);
        assert_true(next(&h));
    }
    assert_int_equal(h.got.flags, SYN);
    if (h.got.len > 0)
        assert_memory_equal(h.got.data, data, h.got.len);
    return may;
}

// The server's SYN,ACK for the SYN in h.got, with a cookie of so many octets; less than 0: none.
static void pick_up(uint32_t addr, int cookie_len, uint8_t fill, uint32_t taken)
{
    uint8_t cookie[16];
    memset(cookie, fill, sizeof cookie);
    struct wire w = tcp(SYN | A, 5000, h.got.seq + 1 + taken, 0);
    w.src = addr;
    w.sport = 80;
    w.dport = h.got.sport;
    if (cookie_len >= 0)
        put_option(&w, (unsigned)cookie_len + 2, cookie);
    assert_int_equal(feed(&h, &w), 0);
}

static void hang_up(aksu_handle conn)
{
    drain(&h);
    aksu_abort(&h.net, conn);
    drain(&h);
}

// Makes a cookie known.
static void learn(uint32_t addr, int cookie_len, uint8_t fill)
{
    aksu_handle conn;
    dial(addr, 0, &conn);
    pick_up(addr, cookie_len, fill, 0);
    hang_up(conn);
}

// 4.2.1, 4.2.2: without a cookie the SYN asks for one, and brings no text; with one it brings what
// fits beside the longest options.
static void ask_then_use(void **state)
{
    aksu_handle conn;
    static const struct aksu_fast_open *const with[] = {&both, &client_only};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        begin_as(with[i]);
        assert_int_equal(dial(PEER, 2000, &conn), 0);
        assert_int_equal(h.got.cookie_len, 0);
        assert_int_equal(h.got.len, 0);
        pick_up(PEER, 8, 0xc0, 0);
        assert_true(next(&h)); // the text as ever
        assert_int_equal(h.got.len, 1460);
        hang_up(conn);
        assert_int_equal(dial(PEER, 2000, &conn), 1420);
        assert_int_equal(h.got.cookie_len, 8);
        assert_int_equal(h.got.cookie[7], 0xc0);
        assert_int_equal(h.got.len, 1420);
        assert_true(h.got.timestamps && h.got.sack_permitted && h.got.wscale >= 0 &&
                    h.got.mss == 1460);
        pick_up(PEER, -1, 0, 1420);
        assert_int_equal(h.app.acked, 1420);
        assert_true(next(&h));
        assert_int_equal(h.got.len, 536); // this SYN,ACK has no MSS
        hang_up(conn);
        assert_int_equal(dial(PEER, 100, &conn), 1420); // less than may be
        assert_int_equal(h.got.len, 100);
        hang_up(conn);
    }
}

// 4.1.1: cookies of 4 to 16 octets, and no others; the longest fits beside all other options.
static void lengths(void **state)
{
    aksu_handle conn;
    (void)state;
    for (int len = 0; len <= 18; len++) {
        begin(state);
        struct wire w;
        uint8_t cookie[18];
        memset(cookie, 0xc1, sizeof cookie);
        dial(PEER, 0, &conn);
        w = tcp(SYN | A, 5000, h.got.seq + 1, 0);
        w.sport = 80;
        w.dport = h.got.sport;
        put_option(&w, (unsigned)len + 2, cookie);
        assert_int_equal(feed(&h, &w), 0);
        hang_up(conn);
        bool good = len >= 4 && len <= 16 && len % 2 == 0;
        assert_int_equal(dial(PEER, 100, &conn), good ? 1420 : 0);
        assert_int_equal(h.got.cookie_len, good ? len : 0);
        assert_int_equal(h.got.len, good ? 100 : 0);
        for (int i = 0; i < h.got.cookie_len; i++)
            assert_int_equal(h.got.cookie[i], 0xc1);
    }
}

// The text is at most the server's MSS, and ours, less the options; without an option it is 536.
static void sizes(void **state)
{
    aksu_handle conn;
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        begin(state);
        dial(PEER, 0, &conn);
        struct wire w = tcp(SYN | A, 5000, h.got.seq + 1, 0);
        w.sport = 80;
        w.dport = h.got.sport;
        put_option(&w, 10, (const uint8_t *)"abcdefgh");
        put16(w.options + 2, i == 0 ? 1000 : i == 1 ? 9000 : 0);
        if (i == 2)
            memset(w.options, 1, 4);
        feed(&h, &w);
        hang_up(conn);
        static const int32_t may[] = {960, 1420, 496};
        assert_int_equal(dial(PEER, 3000, &conn), may[i]);
        assert_int_equal(h.got.len, may[i]);
        assert_true(h.frame_len <= 14 + 1500);
    }
}

// 4.1.3.1: a SYN that was not answered is sent again without option and text, and for an hour there
// is no more Fast Open with that server.
static void no_answer(void **state)
{
    aksu_handle conn;
    (void)state;
    for (unsigned known = 0; known < 2; known++) {
        begin(state);
        if (known)
            learn(PEER, 8, 0xc0);
        dial(PEER, 100, &conn);
        assert_int_equal(h.got.len, known * 100);
        uint32_t iss = h.got.seq;
        assert_int_equal(pass(&h, 1000), 1);
        assert_int_equal(h.got.flags, SYN);
        assert_int_equal(h.got.seq, iss);
        assert_int_equal(h.got.cookie_len, -1);
        assert_int_equal(h.got.len, 0);
        assert_true(peer_of(PEER)->failed);
        pick_up(PEER, -1, 0, 0);
        assert_true(next(&h));
        assert_int_equal(h.got.len, 100);
        hang_up(conn);
        h.now += HOUR_MS - 2000;
        assert_int_equal(dial(PEER, 100, &conn), 0);
        assert_int_equal(h.got.cookie_len, -1);
        hang_up(conn);
        h.now += 2000;
        assert_int_equal(dial(PEER, 100, &conn), known ? 1420 : 0);
        assert_int_equal(h.got.cookie_len, known ? 8 : 0);
        hang_up(conn);
    }
}

// 4.1.3.1: text that was not taken is a failure, unless another cookie comes with that.
static void not_taken(void **state)
{
    aksu_handle conn;
    (void)state;
    learn(PEER, 8, 0xc0);
    dial(PEER, 100, &conn);
    pick_up(PEER, 8, 0xc2, 0);
    assert_true(next(&h)); // at once
    assert_int_equal(h.got.len, 100);
    hang_up(conn);
    assert_int_equal(dial(PEER, 100, &conn), 1420);
    assert_int_equal(h.got.cookie[0], 0xc2);
    pick_up(PEER, -1, 0, 0);
    hang_up(conn);
    assert_int_equal(dial(PEER, 100, &conn), 0);
    assert_int_equal(h.got.cookie_len, -1);
    hang_up(conn);
    // A cookie that nobody asked for is not kept, nor one with a SYN,ACK that is not for our SYN.
    begin(state);
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    conn = aksu_connect(&h.net, &to, 0, &app_handlers, &h.app);
    assert_true(next(&h));
    answer_arp(&h, PEER, peer_mac);
    assert_true(next(&h));
    assert_int_equal(h.got.cookie_len, -1);
    pick_up(PEER, 8, 0xc0, 0);
    assert_null(peer_of(PEER));
    hang_up(conn);
    dial(PEER, 0, &conn);
    struct wire w = tcp(SYN | A, 5000, h.got.seq + 2, 0);
    w.sport = 80;
    w.dport = h.got.sport;
    put_option(&w, 10, (const uint8_t *)"abcdefgh");
    assert_int_not_equal(feed(&h, &w), 0);
    assert_null(peer_of(PEER));
}

// The server that was used longest ago gives way.
static void table_full(void **state)
{
    aksu_handle conn;
    (void)state;
    learn(PEER, 8, 1);
    h.now += 1000;
    learn(PEER + 1, 8, 2);
    h.now += 1000;
    assert_int_equal(dial(PEER, 100, &conn), 1420);
    hang_up(conn);
    h.now += 1000;
    learn(PEER + 2, 8, 3);
    assert_non_null(peer_of(PEER));
    assert_null(peer_of(PEER + 1));
    assert_non_null(peer_of(PEER + 2));
    assert_int_equal(peer_of(PEER + 2)->cookie[0], 3);
}

// Both sides open at once: the SYN,ACK of a client has no option.
static void at_once(void **state)
{
    aksu_handle conn;
    (void)state;
    begin_as(&client_only);
    dial(PEER, 100, &conn);
    struct wire w = tcp(SYN, 5000, 0, 0);
    w.sport = 80;
    w.dport = h.got.sport;
    assert_int_equal(feed(&h, &w), 0);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, SYN | A);
    assert_int_equal(h.got.cookie_len, -1);
    w = tcp(A, 5001, h.got.seq + 1, 0);
    w.sport = 80;
    w.dport = h.got.sport;
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(h.app.opens, 1);
}

static void calls(void **state)
{
    aksu_handle conn;
    (void)state;
    assert_int_equal(aksu_fast_open(&h.net, 0), AKSU_EBADF);
    dial(PEER, 0, &conn);
    assert_int_equal(aksu_fast_open(&h.net, conn), AKSU_EINVAL); // too late
    pick_up(PEER, -1, 0, 0);
    assert_int_equal(aksu_fast_open(&h.net, conn), AKSU_EINVAL);
    static const struct aksu_fast_open *const without[] = {NULL, &server_only};
    for (unsigned i = 0; i < 2; i++) {
        begin_as(without[i]);
        struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
        conn = aksu_connect(&h.net, &to, 0, &app_handlers, &h.app);
        assert_int_equal(aksu_fast_open(&h.net, conn), AKSU_EINVAL);
    }
    // A server without it: text of a SYN is not taken, and its client gets no cookie.
    begin_as(&client_only);
    struct wire w = syn(0, NULL, TEXT);
    assert_int_equal(feed(&h, &w), 0);
    answered(0, -1);
    assert_int_equal(h.app.accepts, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        T(request),
        T(text_with_the_syn),
        T(other_cookies),
        T(hostile_options),
        T(cookies_end),
        T(pending_limit),
        T(reset_counts),
        T(quick_ones),
        T(refused),
        T(listener_withdrawn),
        T(beside_syn_cookies),
        T(old_syns),
        T(ask_then_use),
        T(lengths),
        T(sizes),
        T(no_answer),
        T(not_taken),
        T(table_full),
        T(at_once),
        T(calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
