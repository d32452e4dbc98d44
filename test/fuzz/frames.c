// SPDX-License-Identifier: MIT
// Frames into a stack with live connections. The input begins with whether a profile that has it
// uses loss recovery, with a profile, a base of sequence
// numbers and up to three states to bring connections into; then come actions: raw frames, frames
// with right checksums, segments in the neighbourhood of a connection's numbers, frames of
// hostile.json, time, calls of the application. After each what always holds is checked; at the end
// every connection goes away and a client is served.
#include "../hostile/host.h"
#include "input.h"
#include <aksu/reassemble.h>

enum { CONNECTIONS = 8, ACTIONS = 64, LONG_MS = 400000 };

AKSU_STORAGE(store, CONNECTIONS, LISTENERS, RX, TX);
AKSU_REASSEMBLY(reassembly, 2, 1024);

static struct host h;

static void check(void)
{
    if (h.wrong[0]) {
        FAIL("%s", h.wrong);
    }
}

static bool pick(struct input *in, struct aksu_info *info, aksu_handle *conn)
{
    size_t n = aksu_connections(&h.net);

    *conn = 0;
    for (size_t i = n > 0 ? take8(in) % n + 1 : 0; i > 0; i--) {
        *conn = aksu_next_connection(&h.net, *conn);
    }
    return *conn != 0 && aksu_info(&h.net, *conn, info) == AKSU_OK;
}

// --- Frames ---

static size_t raw(struct input *in, uint8_t *frame, bool right)
{
    const uint8_t *from;
    size_t len = take_octets(in, take16(in) % 1600, &from);

    memcpy(frame, from, len);
    if (right) {
        seal(frame, len);
    }
    return len;
}

// Options as they come, but that timestamps and SACK blocks may be near.
static size_t options(struct input *in, const struct aksu_tcb *t, uint8_t *o)
{
    const uint8_t *from;
    uint8_t kind = take8(in);
    size_t len = 0;

    if (kind & 1) {
        memcpy(o, "\1\1\10\12", 4);
        put32(o + 4, t->ts_recent + take_distance(in));
        put32(o + 8, h.now + t->salt + take_distance(in));
        len = 12;
    }
    if (kind & 2) {
        memcpy(o + len, "\1\1\5\12", 4);
        put32(o + len + 4, t->snd_una + take_distance(in));
        put32(o + len + 8, t->snd_una + take_distance(in));
        len += 12;
    }
    if (kind & 4) {
        size_t n = take_octets(in, take8(in) % 17, &from);
        memcpy(o + len, from, n);
        memset(o + len + n, 0, 16 - n);
        len += (n + 3) / 4 * 4;
    }
    return len;
}

static size_t near_segment(struct input *in, uint8_t *frame)
{
    static const uint8_t text[1460] = "text";
    struct aksu_info info;
    aksu_handle conn;
    uint8_t o[60];

    if (!pick(in, &info, &conn)) {
        return raw(in, frame, true);
    }
    const struct aksu_tcb *t = info.tcb;
    struct segment s = {info.remote.port, info.local.port, take8(in), 0, 0, 0, NULL, 0, text, 0};
    uint8_t from = take8(in);

    s.seq = (from & 1 ? t->rcv_adv : t->rcv_nxt) + take_distance(in);
    s.ack = (from & 2 ? t->snd_max : t->snd_una) + take_distance(in);
    s.wnd = (from & 4) ? take16(in) : 8192;
    s.len = (from & 8) ? take16(in) % 1401 : 0;
    s.options_len = (from & 16) ? options(in, t, o) : 0;
    s.options = (const char *)o;
    size_t len = make(&s, frame);
    if (s.flags & AKSU_URG) {
        put16(frame + ETH + IP + 18, take16(in));
        seal(frame, len);
    }
    return len;
}

static size_t known_frame(struct input *in, uint8_t *frame)
{
    const struct hostile_case *c = &hostile_cases[take8(in) % hostile_count];
    struct aksu_info info;
    aksu_handle conn;
    size_t len;

    memcpy(frame, c->frame, c->len);
    if (pick(in, &info, &conn)) {
        shift(frame, c->len, info.tcb->snd_una - ISS - 1, info.tcb->rcv_nxt - IRS - 1);
        uint8_t *t = inside(frame, c->len, 6, &len);
        if (t) {
            put16(t, info.remote.port);
            put16(t + 2, info.local.port);
            seal(frame, c->len);
        }
    }
    return c->len;
}

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

static void attack(struct input *in, unsigned kind)
{
    uint8_t frame[FRAME_MAX] = {0};
    size_t len = kind == 0   ? raw(in, frame, false)
                 : kind == 1 ? raw(in, frame, true)
                 : kind == 2 ? known_frame(in, frame)
                             : near_segment(in, frame);
    uint32_t data = queued();

    h.frames = 0;
    h.octets = 0;
    feed(&h, frame, len);
    drain(&h);
    // Data that waits may come out, and ARP wakes all that wait for an address.
    bool arp = len >= ETH && get16(frame + 12) == 0x0806;
    if (data == 0 && !arp && (h.frames > 1 || h.octets > 3 * len)) {
        FAIL("%u frames with %zu octets came out for %zu", h.frames, h.octets, len);
    }
}

// A segment in pieces, which may come in any order, twice, or not at all.
static void pieces(struct input *in)
{
    uint8_t frame[FRAME_MAX] = {0}, piece[FRAME_MAX];
    size_t len = near_segment(in, frame);

    if (len < ETH + IP || get16(frame + ETH + 2) != len - ETH || frame[ETH] != 0x45) {
        return;
    }
    len -= ETH + IP;
    uint8_t id = take8(in) % 4;
    size_t size = 8u * (1u + take8(in) % 64);
    for (unsigned n = 2 + take8(in) % 8; n > 0; n--) {
        size_t at = size * (take8(in) % (len / size + 1));
        size_t part = len - at < size ? len - at : size;
        memcpy(piece, frame, ETH + IP);
        put16(piece + ETH + 2, (unsigned)(IP + part));
        put16(piece + ETH + 4, id);
        put16(piece + ETH + 6, (unsigned)(at / 8) | (at + part < len ? 0x2000 : 0));
        memcpy(piece + ETH + IP, frame + ETH + IP + at, part);
        put16(piece + ETH + 10, 0);
        put16(piece + ETH + 10, checksum(piece + ETH, IP, 0));
        feed(&h, piece, ETH + IP + part);
    }
    drain(&h);
}

// --- The application ---

static void use(struct input *in)
{
    static const uint8_t text[4000] = "text";
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), (uint16_t)(30000 + take8(in) % 4)};
    uint8_t buffer[1024];
    struct aksu_info info;
    aksu_handle conn;
    uint8_t what = take8(in) % 10;

    if (what == 0) {
        h.announced += aksu_connect(&h.net, &to, 0, app_handlers, &h) > 0;
    } else if (what == 1) {
        h.app.keep = !h.app.keep;
    } else if (pick(in, &info, &conn) && info.tcb->state != AKSU_SYN_RECEIVED) {
        switch (what) {
        case 2:
            aksu_close(&h.net, conn, take16(in));
            break;
        case 3:
            aksu_shutdown(&h.net, conn);
            break;
        case 4:
            aksu_abort(&h.net, conn);
            break;
        case 5:
            aksu_set(&h.net, conn, (enum aksu_option)(take8(in) % AKSU_OPTION_COUNT), take16(in));
            break;
        case 6:
        case 7:
            aksu_recv(&h.net, conn, buffer, take16(in) % sizeof buffer);
            break;
        default:
            aksu_send(&h.net, conn, text, take16(in) % sizeof text);
            break;
        }
    }
    drain(&h);
}

static void act(struct input *in)
{
    static const uint32_t times[] = {1, 20, 210, 1000, 3000, 20000, 76000, LONG_MS};
    uint8_t frame[FRAME_MAX];
    uint8_t kind = take8(in) % 16;

    if (kind < 3) {
        attack(in, kind);
    } else if (kind < 9) {
        attack(in, 3);
    } else if (kind < 12) {
        pass(&h, times[take8(in) % 8]);
    } else if (kind < 14) {
        use(in);
    } else if (kind == 14) {
        pieces(in);
    } else {
        feed(&h, frame, make_arp(2, frame));
        drain(&h);
    }
}

// --- From start to end ---

static void begin(struct input *in)
{
    static const struct aksu_profile *const profiles[] = {&aksu_standard, &aksu_lean, &aksu_full};
    static const uint32_t irs[] = {IRS, 0, UINT32_MAX, 0x7fffffff};
    static struct aksu_profile chosen;
    bool recovery = take8(in) != 0;
    uint8_t first = take8(in);
    const struct aksu_profile *profile = profiles[first % 3];

    if (!recovery) {
        memcpy(&chosen, profile, sizeof chosen);
        chosen.recovery = NULL;
        profile = profile == &aksu_full ? &chosen : profile;
    }
    start(&h, &store, profile, first & 0x80 ? 0xfffff000u : 1000, (uint8_t)(first >> 4));
    REQUIRE(aksu_reassemble(&h.net, &reassembly) == AKSU_OK);
    for (unsigned i = first / 4 % 4; i > 0; i--) {
        uint8_t what = take8(in);
        enum state state = (enum state)(what % STATES);
        bool cannot = state == state_established6 || state == state_listen_flooded ||
                      (profile == &aksu_lean && state == state_established_ts);
        if (!cannot) {
            bool keep = h.app.keep;
            enter(&h, state, (uint16_t)(PEER_PORT + i), irs[what / 64]);
            h.app.keep = keep;
        }
    }
    drain(&h);
    check();
}

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

static void end(void)
{
    uint16_t port = 10000;

    for (aksu_handle c = 0; (c = aksu_next_connection(&h.net, c)) != 0;) {
        aksu_abort(&h.net, c);
    }
    pass(&h, LONG_MS);
    check();
    REQUIRE(aksu_connections(&h.net) == 0);
    REQUIRE(h.announced == 0);
    while (in_use(port)) {
        port++;
    }
    if (!legal_session(&h, port)) {
        FAIL("a client was not served: %s", h.wrong);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};

    begin(&in);
    for (unsigned i = 0; i < ACTIONS && in.left > 0; i++) {
        act(&in);
        check();
    }
    end();
    return 0;
}
