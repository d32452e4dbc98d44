// SPDX-License-Identifier: MIT
// Two stacks over a wire that loses, repeats, reorders, delays and cuts packets, and flips single
// bits, which checksums always see; both applications send, read and close when they like. What is
// delivered is what was sent, in order and once; a connection that ended well delivered all of it;
// on a good wire all comes to its end. An input may let the wire forge checksums too: then only
// that last thing is asked for. Its first octet has loss recovery used: bit 0 by the one end, bit 1
// by the other, of which one's boards have 4 runs, the other's 12; then segments are small, so that
// many are in flight. Bit 7 has the SYN bring text, with a cookie that is good (RFC 7413).
#include <string.h>
#include "input.h"
#include "stack.h"

enum {
    QUEUE = 32,
    MTU = 600,
    MTU_SMALL = 200,
    ACTIONS = 400,
    SEND_MAX = 3000,
    REST_MS = 4000000,
    STEPS_MAX = 200000 // of a good wire, until all is quiet
};

AKSU_STORAGE(store_a, 2, 1, 1500, 2000);
AKSU_STORAGE(store_b, 2, 1, 1500, 2000);
AKSU_BOARDS(few, 2, 4);
AKSU_BOARDS(more, 2, 12);
AKSU_FAST_OPEN_CLIENT(asks, 1);
AKSU_FAST_OPEN_SERVER(answers, 1);

struct packet {
    uint16_t len;
    uint8_t octets[MTU];
};

struct end {
    struct aksu net;
    aksu_handle conn;
    uint32_t sent;  // octets of its stream
    uint32_t heard; // of the other's
    bool keep;      // does not read
    bool done;      // has shut down or closed
    unsigned opens, closes, ends;
    int reason;
    struct packet queue[QUEUE]; // to the other
    unsigned count;
};

static struct end ends[2];
static uint32_t now;
static bool forged;
static bool finishing; // whoever opens closes

static uint8_t octet(const struct end *e, uint32_t offset)
{
    return (uint8_t)(((offset + (e == &ends[0] ? 0u : 77777u)) * 2654435761u) >> 24);
}

static struct end *other(struct end *e)
{
    return e == &ends[0] ? &ends[1] : &ends[0];
}

// --- Applications ---

static void read_all(struct end *e)
{
    uint8_t buffer[256];
    int32_t len;

    while (!e->keep && (len = aksu_recv(&e->net, e->conn, buffer, sizeof buffer)) > 0) {
        for (int32_t i = 0; i < len; i++, e->heard++) {
            REQUIRE(forged || e->heard < other(e)->sent);
            REQUIRE(forged || buffer[i] == octet(other(e), e->heard));
        }
    }
}

static bool on_accept(struct aksu *net, aksu_handle conn, void *user)
{
    struct end *e = user;

    (void)net;
    if (e->conn != 0) {
        return false; // one is enough
    }
    e->conn = conn;
    return true;
}

static void on_open(struct aksu *net, aksu_handle conn, void *user)
{
    struct end *e = user;

    REQUIRE(conn == e->conn && e->opens == 0);
    e->opens++;
    if (finishing) {
        e->done |= aksu_close(net, conn, 0) == AKSU_OK;
    }
}

static void on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    struct end *e = user;

    (void)net;
    REQUIRE(conn == e->conn && readable > 0 && e->opens == 1 && e->closes == 0);
    read_all(e);
}

static void on_end(struct aksu *net, aksu_handle conn, void *user)
{
    struct end *e = user;

    (void)net;
    (void)conn;
    REQUIRE(e->ends == 0 && e->closes == 0 && (forged || other(e)->done));
    e->ends++;
}

static void on_close(struct aksu *net, aksu_handle conn, void *user, int error)
{
    struct end *e = user;

    (void)net;
    REQUIRE(conn == e->conn && e->closes == 0);
    e->closes++;
    e->reason = error;
    e->keep = false;
    read_all(e);
}

static const struct aksu_handlers handlers = {
    .on_accept = on_accept,
    .on_open = on_open,
    .on_recv = on_recv,
    .on_end = on_end,
    .on_close = on_close,
};

static void say(struct end *e, uint32_t len)
{
    uint8_t text[SEND_MAX];

    for (uint32_t i = 0; i < len; i++) {
        text[i] = octet(e, e->sent + i);
    }
    int32_t taken = aksu_send(&e->net, e->conn, text, len);
    e->sent += taken > 0 ? (uint32_t)taken : 0;
}

static void application(struct end *e, struct input *in)
{
    switch (take8(in) % 8) {
    case 0:
        e->done |= aksu_shutdown(&e->net, e->conn) == AKSU_OK;
        break;
    case 1:
        e->done |= aksu_close(&e->net, e->conn, take16(in)) == AKSU_OK;
        break;
    case 2:
        e->keep = !e->keep;
        read_all(e);
        break;
    case 3:
        aksu_set(&e->net, e->conn, (enum aksu_option)(take8(in) % AKSU_OPTION_COUNT), take8(in));
        break;
    default:
        say(e, take16(in) % SEND_MAX);
        break;
    }
}

// --- The wire ---

static void collect(struct end *e)
{
    for (;;) {
        struct packet waste, *p = e->count < QUEUE ? &e->queue[e->count] : &waste;
        size_t len = aksu_output(&e->net, now, p->octets, MTU);
        if (len == 0) {
            REQUIRE(aksu_idle(&e->net, now) != 0);
            return;
        }
        p->len = (uint16_t)len;
        e->count += p != &waste;
    }
}

static void remove_packet(struct end *e, unsigned i)
{
    e->count--;
    memmove(&e->queue[i], &e->queue[i + 1], (e->count - i) * sizeof e->queue[0]);
}

static void deliver(struct end *e, unsigned i, bool stays)
{
    uint8_t *exact = malloc(e->queue[i].len + 1u);

    REQUIRE(exact);
    memcpy(exact, e->queue[i].octets, e->queue[i].len);
    aksu_input(&other(e)->net, now, exact, e->queue[i].len);
    free(exact);
    if (!stays) {
        remove_packet(e, i);
    }
    collect(other(e));
}

// RFC 1071 over a part of a packet.
static void reseal(uint8_t *p, size_t from, size_t len, size_t at, uint32_t sum)
{
    p[at] = p[at + 1] = 0;
    for (size_t i = 0; i < len; i++) {
        sum += (uint32_t)p[from + i] << (i % 2 == 0 ? 8 : 0);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    p[at] = (uint8_t)(~sum >> 8);
    p[at + 1] = (uint8_t)~sum;
}

static void forge(struct packet *p, struct input *in)
{
    uint32_t sum = 6 + p->len - 20u;

    if (p->len < 40) {
        return;
    }
    for (unsigned n = take8(in) % 4 + 1u; n > 0; n--) {
        p->octets[20 + take8(in) % (p->len - 20u)] = take8(in);
    }
    for (unsigned i = 12; i < 20; i += 2) {
        sum += (uint32_t)p->octets[i] << 8 | p->octets[i + 1];
    }
    reseal(p->octets, 20, p->len - 20u, 36, sum);
}

static void disturb(struct end *e, struct input *in)
{
    uint8_t what = take8(in);
    unsigned i = e->count > 0 ? what / 8 % e->count : 0;
    struct packet *p = &e->queue[i];

    if (e->count == 0) {
        return;
    }
    switch (what % 8) {
    case 0:
        remove_packet(e, i);
        break;
    case 1:
        p->octets[take16(in) % p->len] ^= (uint8_t)(1u << take8(in) % 8);
        deliver(e, i, false); // once: two bits may deceive
        break;
    case 2:
        deliver(e, i, true); // and it will come again
        break;
    case 3:
        p->len = (uint16_t)(take16(in) % p->len);
        deliver(e, i, false);
        break;
    case 4:
        if (forged) {
            forge(p, in);
        }
        deliver(e, i, false);
        break;
    default:
        deliver(e, i, false);
        break;
    }
}

// --- From start to end ---

// The profile of an end, with Fast Open.
static const struct aksu_profile *fast(unsigned i, const struct aksu_profile *profile)
{
    static struct aksu_profile profiles[2];

    memcpy(&profiles[i], profile, sizeof profiles[i]);
    profiles[i].fast_open = i ? &answers : &asks;
    return &profiles[i];
}

// Text with the SYN, and a cookie as the server gives it.
static void open_fast(void)
{
    const struct aksu_row client = {.pair.remote = ends[0].net.addr};
    struct aksu_fast_peer *peer = &asks_peer[0];

    memset(answers_pending, 0, sizeof answers_pending);
    memset(peer, 0, sizeof *peer);
    peer->addr = ends[1].net.addr;
    peer->at = now;
    peer->mss = (uint16_t)(ends[1].net.mtu - 40);
    peer->len = (uint8_t)aksu_fast_server.put(&ends[1].net, &client, NULL, peer->cookie);
    REQUIRE(aksu_fast_open(&ends[0].net, ends[0].conn) > 0);
    say(&ends[0], ends[0].net.mtu);
}

static void begin(uint8_t boards, uint8_t first)
{
    bool with_syn = boards & 0x80;

    static const struct aksu_profile *const profiles[] = {&aksu_standard, &aksu_lean, &aksu_full};
    static const uint8_t entropy[16] = "0123456789abcde";

    boards &= 0x7f;
    memset(ends, 0, sizeof ends);
    now = first & 0x40 ? 0xfffffc00u : 1000;
    forged = first & 0x80;
    finishing = false;
    for (unsigned i = 0; i < 2; i++) {
        struct aksu_config config = {.profile = profiles[(i ? first / 3 : first) % 3]};
        config.mtu = boards ? MTU_SMALL : MTU;
        if (boards >> i & 1) {
            config.profile = &aksu_full;
            config.boards = (boards >> 2 & 1) == i ? &few : &more;
        }
        config.profile = with_syn ? fast(i, config.profile) : config.profile;
        config.addr = aksu_ipv4(192, 0, 2, (uint8_t)(i + 1));
        REQUIRE(aksu_init(&ends[i].net, i ? &store_b : &store_a, &config) == AKSU_OK);
        REQUIRE(aksu_seed(&ends[i].net, entropy, sizeof entropy) == AKSU_OK);
        aksu_now(&ends[i].net, now);
    }
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    REQUIRE(aksu_listen(&ends[1].net, NULL, 80, 0, &handlers, &ends[1]) == AKSU_OK);
    ends[0].conn = aksu_connect(&ends[0].net, &to, 0, &handlers, &ends[0]);
    REQUIRE(ends[0].conn > 0);
    if (with_syn) {
        open_fast();
    }
    collect(&ends[0]);
}

static uint32_t idle(void)
{
    uint32_t a = aksu_idle(&ends[0].net, now), b = aksu_idle(&ends[1].net, now);

    return a < b ? a : b;
}

static void pass(uint32_t ms)
{
    uint32_t wait = idle();

    now += wait < ms ? wait : ms;
    collect(&ends[0]);
    collect(&ends[1]);
}

// A good wire, and applications that read and close: both ends come to rest.
static void finish(void)
{
    uint32_t start = now;

    finishing = true;
    for (unsigned i = 0; i < 2; i++) {
        ends[i].keep = false;
        read_all(&ends[i]);
        ends[i].done |= aksu_close(&ends[i].net, ends[i].conn, 0) == AKSU_OK;
        collect(&ends[i]);
    }
    for (unsigned n = 0; n < STEPS_MAX && now - start < REST_MS; n++) {
        if (ends[0].count + ends[1].count > 0) {
            deliver(ends[0].count > 0 ? &ends[0] : &ends[1], 0, false);
        } else if (aksu_connections(&ends[0].net) + aksu_connections(&ends[1].net) == 0) {
            return;
        } else {
            pass(UINT32_MAX / 4);
        }
    }
    FAIL("it does not come to rest");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};

    uint8_t boards = take8(&in);

    begin(boards, take8(&in));
    for (unsigned i = 0; i < ACTIONS && in.left > 0; i++) {
        uint8_t what = take8(&in);
        struct end *e = &ends[what & 1];
        if (what < 160) {
            disturb(e, &in);
        } else if (what < 208) {
            application(e, &in);
            collect(e);
        } else {
            pass(what < 240 ? 250 : 30000);
        }
    }
    finish();
    for (unsigned i = 0; i < 2; i++) {
        struct end *e = &ends[i];
        REQUIRE(e->closes == (e->conn != 0 && (i == 0 || e->opens > 0)));
        bool well = e->closes && e->reason == AKSU_OK && other(e)->closes;
        REQUIRE(forged || !well || other(e)->reason != AKSU_OK || e->heard == other(e)->sent);
    }
    return 0;
}
