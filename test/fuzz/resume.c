// SPDX-License-Identifier: MIT
// Import of a saved connection: the buffer of a real one with octets changed, or any octets. What
// aksu_resume() takes must be a connection that can be used: it sees time pass, segments and calls,
// then ends; the stack serves on.
#include "../hostile/host.h"
#include "input.h"

enum { ACTIONS = 40, LONG_MS = 400000, PATCHES = 8 };

AKSU_STORAGE(store, ROWS, LISTENERS, RX, TX);

static struct host h;

static void check(void)
{
    if (h.wrong[0]) {
        FAIL("%s", h.wrong);
    }
}

// A buffer that aksu_save() wrote.
static void save_one(enum state state, uint8_t *saved)
{
    aksu_handle conn;

    start(&h, &store, &aksu_standard, 1000, 1);
    enter(&h, state, PEER_PORT, IRS);
    drain(&h);
    REQUIRE(find(&h, PEER_PORT, &conn));
    REQUIRE(aksu_save(&h.net, conn, saved, AKSU_SAVED) == AKSU_SAVED);
    check();
}

static void patch(struct input *in, uint8_t *saved)
{
    for (unsigned n = take8(in) % PATCHES; n > 0; n--) {
        unsigned at = take8(in) % AKSU_SAVED, width = take8(in) % 4 + 1u;
        while (width-- > 0 && at < AKSU_SAVED) {
            saved[at++] = take8(in);
        }
    }
}

static void near_segment(struct input *in, const struct aksu_info *info)
{
    static const uint8_t text[1400];
    const struct aksu_tcb *t = info->tcb;
    struct segment s = {info->remote.port, info->local.port, take8(in), 0, 0, 8192, NULL, 0, text,
                        take16(in) % 1400u};
    uint8_t stamps[12] = {1, 1, 8, 10};

    s.seq = t->rcv_nxt + take_distance(in);
    s.ack = t->snd_una + take_distance(in);
    if (t->flags & AKSU_F_TIMESTAMPS) {
        put32(stamps + 4, t->ts_recent + take8(in));
        put32(stamps + 8, h.now + t->salt - take8(in));
        s.options = (const char *)stamps;
        s.options_len = sizeof stamps;
    }
    send_segment(&h, &s);
}

static void act(struct input *in, aksu_handle conn)
{
    static const uint32_t times[] = {1, 20, 210, 1000, 3000, 20000, 76000, LONG_MS};
    static const uint8_t text[4000];
    uint8_t buffer[512], frame[FRAME_MAX];
    struct aksu_info info;
    bool live = aksu_info(&h.net, conn, &info) == AKSU_OK;

    switch (take8(in) % 8) {
    case 0:
    case 1:
        if (live) {
            near_segment(in, &info);
        }
        break;
    case 2:
        pass(&h, times[take8(in) % 8]);
        break;
    case 3:
        aksu_send(&h.net, conn, text, take16(in) % sizeof text);
        break;
    case 4:
        aksu_recv(&h.net, conn, buffer, sizeof buffer);
        break;
    case 5:
        aksu_close(&h.net, conn, take16(in));
        break;
    case 6:
        aksu_set(&h.net, conn, (enum aksu_option)(take8(in) % AKSU_OPTION_COUNT), take8(in));
        break;
    default:
        feed(&h, frame, make_arp(2, frame));
        break;
    }
    drain(&h);
    check();
}

static void end(void)
{
    for (aksu_handle c = 0; (c = aksu_next_connection(&h.net, c)) != 0;) {
        aksu_abort(&h.net, c);
    }
    pass(&h, LONG_MS);
    check();
    REQUIRE(aksu_connections(&h.net) == 0 && h.announced == 0);
    if (!legal_session(&h, 10000)) {
        FAIL("a client was not served: %s", h.wrong);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t plain[AKSU_SAVED], stamped[AKSU_SAVED]; // the latter sends SACKs too
    struct input in = {data, size};
    bool recovery = take8(&in) != 0;
    uint8_t first = take8(&in);
    const struct aksu_profile *profile = recovery    ? &aksu_full
                                         : first & 4 ? &aksu_lean
                                                     : &aksu_standard;
    uint8_t saved[AKSU_SAVED];
    size_t len = AKSU_SAVED;

    if (plain[0] == 0) {
        save_one(state_established, plain);
        save_one(state_established_ts, stamped);
    }
    memcpy(saved, first & 1 ? stamped : plain, sizeof saved);
    if (first & 2) {
        const uint8_t *from;
        len = take_octets(&in, AKSU_SAVED - 4, &from) + 4; // any octets behind the magic number
        memcpy(saved + 4, from, len - 4);
    } else {
        patch(&in, saved);
    }
    start(&h, &store, profile, first & 8 ? 0xffffff00u : 5, 2);
    aksu_handle conn = aksu_resume(&h.net, saved, len, take32(&in), app_handlers, &h);
    REQUIRE(conn < 0 || len == AKSU_SAVED);
    h.announced += conn > 0;
    drain(&h);
    check();
    for (unsigned i = 0; conn > 0 && i < ACTIONS && in.left > 0; i++) {
        act(&in, conn);
    }
    end();
    return 0;
}
