// SPDX-License-Identifier: MIT
// Mutated frames against live connections in all states, from a fixed seed: frames of hostile.json
// and likely segments of the live connections, with octets changed, cut off and added, with and
// without right checksums. What always holds must hold after each of them, and clients that obey
// the rules are served all along.
//
// usage: hostile_fuzz [rounds [first round]]
#include "host.h"
#include <stdio.h>
#include <stdlib.h>

enum { CONNECTIONS = 16, POOL = 10, ROUNDS = 30, FRAMES = 10000, LONG_MS = 400000 };

AKSU_STORAGE(store, CONNECTIONS, LISTENERS, RX, TX);

static struct host h;
static uint64_t state_of_chance;
static uint16_t next_port;

// xorshift64*
static uint32_t chance(void)
{
    state_of_chance ^= state_of_chance >> 12;
    state_of_chance ^= state_of_chance << 25;
    state_of_chance ^= state_of_chance >> 27;
    return (uint32_t)((state_of_chance * 0x2545f4914f6cdd1du) >> 32);
}

static uint32_t below(uint32_t n)
{
    return chance() % n;
}

// Whether the pair of endpoints is in use, if only by what is left of a forged connection in
// TIME-WAIT: then it cannot be opened from here either.
static bool in_use(uint16_t port)
{
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), port};
    aksu_handle conn = aksu_connect(&h.net, &to, PORT, app_handlers, &h);

    if (conn > 0) {
        h.announced++;
        aksu_abort(&h.net, conn);
        drain(&h);
    }
    return conn == AKSU_EADDRINUSE || find(&h, port, &conn);
}

static uint16_t fresh_port(void)
{
    do {
        next_port = (uint16_t)(next_port < 10000 || next_port >= 39999 ? 10000 : next_port + 1);
    } while (in_use(next_port));
    return next_port;
}

// --- Making frames ---

static bool any_connection(struct aksu_info *info, aksu_handle *conn)
{
    size_t n = aksu_connections(&h.net);

    *conn = 0;
    for (uint32_t i = n > 0 ? below((uint32_t)n) + 1 : 0; i > 0; i--) {
        *conn = aksu_next_connection(&h.net, *conn);
    }
    return *conn != 0 && aksu_info(&h.net, *conn, info) == AKSU_OK;
}

static uint32_t likely_seq(const struct aksu_tcb *t)
{
    uint32_t far = below(5000);
    uint32_t any = chance();
    const uint32_t seq[] = {
        t->rcv_nxt,       t->rcv_nxt, t->rcv_nxt,     t->rcv_nxt - 1,   t->rcv_nxt + 1,
        t->rcv_nxt + far, t->rcv_adv, t->rcv_adv - 1, t->rcv_nxt - far, any};

    return seq[below(sizeof seq / sizeof seq[0])];
}

static uint32_t likely_ack(const struct aksu_tcb *t)
{
    uint32_t far = below(20000);
    uint32_t any = chance();
    const uint32_t ack[] = {
        t->snd_una,     t->snd_una,     t->snd_max,       t->snd_max,       t->snd_nxt,
        t->snd_una + 1, t->snd_una - 1, t->snd_una + far, t->snd_una - far, any};

    return ack[below(sizeof ack / sizeof ack[0])];
}

// Options that mean something to this connection. Returns their length.
static size_t likely_options(const struct aksu_tcb *t, uint8_t *o)
{
    size_t blocks = below(4);

    switch (below(5)) {
    case 0:
        memcpy(o, "\2\4\5\264\1\3\3\7\4\2\1\1", 12);
        return 12;
    case 1:
        memcpy(o, "\1\1\5", 3);
        o[3] = (uint8_t)(2 + 8 * blocks);
        for (size_t i = 0; i < blocks; i++) {
            put32(o + 4 + 8 * i, likely_ack(t));
            put32(o + 8 + 8 * i, likely_ack(t));
        }
        return 4 + 8 * blocks;
    case 2:
        for (size_t i = 0; i < 40; i++) {
            o[i] = (uint8_t)chance();
        }
        return 4 * below(11);
    default:
        if (!(t->flags & AKSU_F_TIMESTAMPS)) {
            return 0;
        }
        memcpy(o, "\1\1\10\12", 4);
        put32(o + 4, t->ts_recent + below(3));
        put32(o + 8, h.now + t->salt - below(100));
        return 12;
    }
}

static size_t likely_segment(const struct aksu_info *info, uint8_t *frame)
{
    static const uint8_t flags[] = {AKSU_ACK,
                                    AKSU_ACK,
                                    AKSU_ACK,
                                    AKSU_ACK | AKSU_PSH,
                                    AKSU_ACK | AKSU_PSH,
                                    AKSU_ACK | AKSU_FIN,
                                    AKSU_ACK | AKSU_URG,
                                    AKSU_RST,
                                    AKSU_RST | AKSU_ACK,
                                    AKSU_SYN,
                                    AKSU_SYN | AKSU_ACK};
    static const uint16_t windows[] = {0, 1, 100, 8192, 8192, 65535};
    static const uint8_t text[1460] = "text";
    uint8_t options[40];
    size_t some = below(100);
    size_t many = below(1421);
    const size_t lengths[] = {0, 0, 1, some, many, 1420};
    struct segment s = {info->remote.port, info->local.port, 0, 0, 0, 0, NULL, 0, text, 0};

    s.seq = likely_seq(info->tcb);
    s.options = (const char *)options;
    s.options_len = likely_options(info->tcb, options);
    s.len = lengths[below(6)];
    s.flags = below(8) == 0 ? (uint8_t)chance() : flags[below(sizeof flags)];
    s.ack = (s.flags & AKSU_ACK) ? likely_ack(info->tcb) : 0;
    s.wnd = windows[below(6)];
    size_t len = make(&s, frame);
    if (s.flags & AKSU_URG) {
        put16(frame + ETH + IP + 18, below(3) * 700);
        seal(frame, len);
    }
    return len;
}

// A frame of hostile.json, aimed at a connection half of the time.
static size_t known_frame(const struct aksu_info *info, uint8_t *frame)
{
    const struct hostile_case *c = &hostile_cases[below(hostile_count)];
    size_t len;

    memcpy(frame, c->frame, c->len);
    uint8_t *t = inside(frame, c->len, 6, &len);
    if (info && below(2)) {
        shift(frame, c->len, info->tcb->snd_una - ISS - 1, info->tcb->rcv_nxt - IRS - 1);
        if (t) {
            put16(t, info->remote.port);
            put16(t + 2, info->local.port);
            seal(frame, c->len);
        }
    }
    return c->len;
}

static size_t mutate(uint8_t *frame, size_t len)
{
    static const uint32_t bounds[] = {0,      1,      0x7f,       0x80,       0xff,      0x7fff,
                                      0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff};
    uint32_t bound = bounds[below(sizeof bounds / sizeof bounds[0])];
    // The headers are where it hurts.
    uint32_t reach = below(4) && len > 80 ? 80 : (uint32_t)len;
    size_t at = len > 4 ? below(reach - 3) : 0;

    if (len <= 4) {
        return below(60);
    }
    switch (below(6)) {
    case 0:
        frame[at] ^= (uint8_t)(1u << below(8));
        return len;
    case 1:
        frame[at] = (uint8_t)bound;
        return len;
    case 2:
        put16(frame + (at & ~(size_t)1), bound & 0xffff);
        return len;
    case 3:
        put32(frame + at, bound);
        return len;
    case 4:
        return below((uint32_t)len + 1);
    default:
        for (size_t more = below(80); more > 0 && len < 1600; more--) {
            frame[len++] = (uint8_t)chance();
        }
        return len;
    }
}

static size_t next_frame(uint8_t *frame)
{
    struct aksu_info info;
    aksu_handle conn;
    bool live = any_connection(&info, &conn);
    size_t len =
        live && below(3) ? likely_segment(&info, frame) : known_frame(live ? &info : NULL, frame);

    if (below(3)) {
        for (uint32_t i = below(3) + 1; i > 0; i--) {
            len = mutate(frame, len);
        }
        // A length that was cut short is told so, half of the time.
        if (len >= ETH + IP && below(2) && get16(frame + 12) == 0x0800) {
            put16(frame + ETH + 2, (unsigned)(len - ETH));
        }
        if (below(4)) {
            seal(frame, len);
        }
    }
    return len;
}

// --- The world around ---

static uint32_t queued(void)
{
    uint32_t octets = 0;

    for (aksu_handle c = 0; (c = aksu_next_connection(&h.net, c)) != 0;) {
        struct aksu_info info;
        aksu_info(&h.net, c, &info);
        octets += info.tcb->snd_buf;
    }
    return octets;
}

// Answers what the stack asks for the peer's address.
static void answer_arp(void)
{
    uint8_t frame[FRAME_MAX];

    if (h.frames > 0 && get16(h.frame + 12) == 0x0806 && get16(h.frame + 20) == 1) {
        feed(&h, frame, make_arp(2, frame));
        drain(&h);
    }
}

static void let_time_pass(void)
{
    if (below(8) == 0) {
        h.now += below(20);
    }
    if (below(64) == 0) {
        pass(&h, below(2000));
    }
    if (below(4096) == 0) {
        pass(&h, LONG_MS);
    }
    drain(&h);
    answer_arp();
}

// What an application may do at any time.
static void application(void)
{
    static const uint8_t text[3000] = "text";
    struct aksu_info info;
    uint8_t buffer[600];
    aksu_handle conn;

    if (!any_connection(&info, &conn) || info.tcb->state == AKSU_SYN_RECEIVED) {
        return;
    }
    switch (below(8)) {
    case 0:
        aksu_close(&h.net, conn, below(2) * 5000);
        break;
    case 1:
        aksu_shutdown(&h.net, conn);
        break;
    case 2:
        aksu_abort(&h.net, conn);
        break;
    case 3:
    case 4:
        aksu_send(&h.net, conn, text, below(sizeof text));
        break;
    case 5:
        h.app.keep = below(2);
        break;
    default:
        aksu_recv(&h.net, conn, buffer, below(sizeof buffer));
        break;
    }
    drain(&h);
}

static size_t half_open(void)
{
    size_t rows = 0;

    for (uint32_t i = 0; i < h.net.store->listeners; i++) {
        rows += h.net.store->listener[i].half_open;
    }
    return rows;
}

// The application makes room as aksu.h says: it ends connections.
static void make_room(size_t wanted)
{
    for (unsigned i = 0; i < 100 && aksu_connections(&h.net) + wanted > CONNECTIONS; i++) {
        struct aksu_info info;
        aksu_handle conn;
        if (any_connection(&info, &conn) && info.tcb->state != AKSU_SYN_RECEIVED) {
            aksu_abort(&h.net, conn);
            drain(&h);
        }
        if (half_open() > 4) {
            aksu_unlisten(&h.net, NULL, PORT);
            aksu_listen(&h.net, NULL, PORT, 0, app_handlers, &h);
        }
    }
}

// Keeps connections in all states.
static void refill(void)
{
    while (aksu_connections(&h.net) < POOL && half_open() < 4 && !h.wrong[0]) {
        enum state state = (enum state)(state_syn_sent + (int)below(STATES - state_syn_sent));
        bool lean = h.net.profile == &aksu_lean;
        if (state == state_established6 || (lean && state == state_established_ts)) {
            continue;
        }
        bool keep = h.app.keep;
        uint16_t port = fresh_port();
        enter(&h, state, port, chance());
        h.app.keep = keep;
        answer_arp();
    }
    make_room(2);
}

static void one_frame(void)
{
    uint8_t frame[FRAME_MAX] = {0};
    size_t len = next_frame(frame);
    uint32_t data = queued();

    h.frames = 0;
    h.octets = 0;
    feed(&h, frame, len);
    drain(&h);
    // Data that waits may come out, and ARP wakes all that wait for an address.
    bool arp = len >= ETH && get16(frame + 12) == 0x0806;
    if (data == 0 && !arp && (h.frames > 1 || h.octets > 3 * len)) {
        blame(&h, "%u frames with %zu octets came out", h.frames, h.octets);
    }
    if (h.wrong[0]) {
        printf("     frame: ");
        for (size_t i = 0; i < len; i++) {
            printf("%02x", frame[i]);
        }
        printf("\n");
    }
}

// --- Rounds ---

static void serve_a_client(void)
{
    bool keep = h.app.keep;

    // A row that is not half-open ones', or can be: cookies do the rest.
    while (aksu_connections(&h.net) - half_open() >= CONNECTIONS) {
        make_room(1);
    }
    if (!legal_session(&h, fresh_port())) {
        blame(&h, "a client was not served");
    }
    memset(&h.app, 0, sizeof h.app);
    h.app.keep = keep;
}

// All ends; every announced connection has had its last word.
static void end(void)
{
    for (aksu_handle c = 0; (c = aksu_next_connection(&h.net, c)) != 0;) {
        aksu_abort(&h.net, c);
    }
    pass(&h, LONG_MS);
    if (aksu_connections(&h.net) != 0 || h.announced != 0) {
        blame(&h, "%zu connections are left, %d without on_close", aksu_connections(&h.net),
              h.announced);
    }
    serve_a_client();
}

static unsigned taken[AKSU_STATE_COUNT], refused[AKSU_STATE_COUNT];

static bool run(unsigned round, unsigned frames)
{
    const struct aksu_profile *profiles[] = {&aksu_standard, &aksu_lean, &aksu_full};

    state_of_chance = 0x9e3779b97f4a7c15u * (round + 1);
    next_port = 0;
    start(&h, &store, profiles[round % 3], 0xffffffffu - below(100000), (uint8_t)round);
    for (unsigned i = 0; i < frames && !h.wrong[0]; i++) {
        if (i % 32 == 0) {
            refill();
        }
        if (i % 1000 == 999) {
            serve_a_client();
        }
        if (below(8) == 0) {
            application();
        }
        let_time_pass();
        if (!h.wrong[0]) {
            one_frame();
        }
        if (h.wrong[0]) {
            printf("FAIL round %u, frame %u: %s\n", round, i, h.wrong);
            return false;
        }
    }
    end();
    if (h.wrong[0]) {
        printf("FAIL round %u, at its end: %s\n", round, h.wrong);
    }
    for (unsigned s = 0; s < AKSU_STATE_COUNT; s++) {
        taken[s] += h.taken[s];
        refused[s] += h.refused[s];
    }
    return !h.wrong[0];
}

// A fuzz that reaches nothing proves nothing.
static unsigned unreached(void)
{
    unsigned missed = 0;

    for (unsigned s = AKSU_SYN_SENT; s < AKSU_TIME_WAIT; s++) {
        printf("%-12s %6u segments taken, %6u refused\n", aksu_state_name(s), taken[s], refused[s]);
        missed += taken[s] < 10 || refused[s] < 10;
    }
    return missed;
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : ROUNDS;
    unsigned first = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    unsigned failed = 0;

    for (unsigned i = 0; i < rounds; i++) {
        failed += !run(first + i, FRAMES);
    }
    if (rounds >= ROUNDS && unreached() > 0) {
        printf("FAIL a state was not reached often enough\n");
        failed++;
        rounds++;
    }
    printf("%u passed, %u failed\n", rounds - failed, failed);
    return failed > 0;
}
