// SPDX-License-Identifier: MIT
// How each state is reached, with legal frames only, and at which sequence numbers.
#include "host.h"

enum { TS_LEN = 12, FLIGHT = 10 * 1460 };

// back_ours, back_peers: what the state has behind it between the SYN and SND.UNA, or RCV.NXT.
static const struct {
    const char *label;
    uint16_t back_ours;
    uint16_t back_peers;
    enum aksu_state state; // of the row; CLOSED: there is none
} states[STATES] = {
    [state_any] = {"any", 0, 0, AKSU_CLOSED},
    [state_closed] = {"closed", 0, 0, AKSU_CLOSED},
    [state_listen] = {"listen", 0, 0, AKSU_CLOSED},
    [state_listen_flooded] = {"listen_flooded", 0, 0, AKSU_CLOSED},
    [state_syn_sent] = {"syn_sent", 0, 0, AKSU_SYN_SENT},
    [state_syn_rcvd] = {"syn_rcvd", 0, 0, AKSU_SYN_RECEIVED},
    [state_established] = {"established", 0, 0, AKSU_ESTABLISHED},
    [state_established6] = {"established6", 0, 0, AKSU_CLOSED},
    [state_established_inflight] = {"established_inflight", 0, 0, AKSU_ESTABLISHED},
    [state_established_sack] = {"established_sack", 0, 0, AKSU_ESTABLISHED},
    [state_established_ts] = {"established_ts", 0, 0, AKSU_ESTABLISHED},
    [state_established_zero_rwnd] = {"established_zero_rwnd", 0, RX, AKSU_ESTABLISHED},
    [state_fin_wait_1] = {"fin_wait_1", 0, 0, AKSU_FIN_WAIT_1},
    [state_fin_wait_1_closed] = {"fin_wait_1_closed", 0, 0, AKSU_FIN_WAIT_1},
    [state_fin_wait_2] = {"fin_wait_2", 1, 0, AKSU_FIN_WAIT_2},
    [state_fin_wait_2_closed] = {"fin_wait_2_closed", 1, 0, AKSU_FIN_WAIT_2},
    [state_close_wait] = {"close_wait", 0, 1, AKSU_CLOSE_WAIT},
    [state_closing] = {"closing", 0, 1, AKSU_CLOSING},
    [state_last_ack] = {"last_ack", 0, 1, AKSU_LAST_ACK},
    [state_time_wait] = {"time_wait", 1, 1, AKSU_CLOSED},
    [state_zero_swnd] = {"zero_swnd", 0, 0, AKSU_ESTABLISHED},
    [state_out_of_order] = {"out_of_order", 0, 0, AKSU_ESTABLISHED},
};

const char *state_label(enum state state)
{
    return states[state].label;
}

// The peer's end of the connection being made.
struct peer {
    struct host *h;
    struct segment s;
    aksu_handle conn;
    bool stamps;
    uint8_t options[TS_LEN];
};

static void say(struct peer *p, unsigned flags, const uint8_t *data, size_t len)
{
    const struct aksu_tcb *t = find(p->h, p->s.from, &p->conn);

    p->s.flags = (uint8_t)flags;
    p->s.data = data;
    p->s.len = len;
    if (p->stamps && t) {
        memcpy(p->options, "\1\1\10\12\0\0\3\350", 8); // TSval 1000
        put32(p->options + 8, p->h->now + t->salt);
        p->s.options = (const char *)p->options;
        p->s.options_len = TS_LEN;
    }
    send_segment(p->h, &p->s);
    p->s.seq += (uint32_t)len + ((flags & (AKSU_SYN | AKSU_FIN)) != 0);
    p->s.options_len = 0;
}

// The handshake, our application passive. Returns our ISS.
static uint32_t shake(struct peer *p, enum state state)
{
    p->s.options = "\2\4\5\264\1\1\4\2\1\1\10\12\0\0\3\350\0\0\0\0"; // MSS 1460, SACK, TSval 1000
    bool sack = p->h->net.boards || state == state_established_sack || state == state_out_of_order;
    p->s.options_len = state == state_established_ts ? 20 : sack ? 8 : 4;
    p->stamps = state == state_established_ts;
    p->s.wnd = state == state_established_sack ? UINT16_MAX : 8192;
    bool stamps = p->stamps;
    p->stamps = false;
    say(p, AKSU_SYN, NULL, 0);
    p->stamps = stamps;
    const struct aksu_tcb *t = find(p->h, p->s.from, &p->conn);
    if (!t) {
        blame(p->h, "a SYN made no connection");
        return 0;
    }
    uint32_t iss = t->snd_una;
    p->s.ack = iss + 1;
    if (state != state_syn_rcvd) {
        say(p, AKSU_ACK, NULL, 0);
    }
    return iss;
}

static void fill_window(struct peer *p)
{
    static const uint8_t text[1024];

    p->h->app.keep = true;
    for (unsigned i = 0; i < RX / sizeof text; i++) {
        say(p, AKSU_ACK | AKSU_PSH, text, sizeof text);
    }
    pass(p->h, 300); // the delayed ACK, with a window of zero
}

static void write_octets(struct peer *p, size_t len)
{
    static const uint8_t text[FLIGHT] = "what the application writes";

    if (aksu_send(&p->h->net, p->conn, text, len) != (int32_t)len) {
        blame(p->h, "no room to send");
    }
    drain(p->h);
}

static void finish(struct peer *p, bool close)
{
    if ((close ? aksu_close(&p->h->net, p->conn, 0) : aksu_shutdown(&p->h->net, p->conn)) != 0) {
        blame(p->h, "it does not close");
    }
    drain(p->h);
}

static void go_on(struct peer *p, enum state state)
{
    switch (state) {
    case state_established_inflight:
        write_octets(p, 1460);
        break;
    case state_established_sack:
        write_octets(p, FLIGHT);
        p->s.wnd = 8192; // ten segments do not fit the fixture's window: it shrinks
        say(p, AKSU_ACK, NULL, 0);
        break;
    case state_established_zero_rwnd:
        fill_window(p);
        break;
    case state_zero_swnd:
        p->s.wnd = 0;
        say(p, AKSU_ACK, NULL, 0);
        write_octets(p, 2000);
        break;
    case state_out_of_order:
        p->s.seq += 1000;
        say(p, AKSU_ACK, (const uint8_t *)"later", 5);
        break;
    default:
        break;
    }
}

static void wind_up(struct peer *p, enum state state)
{
    bool ours_first = state == state_fin_wait_1 || state == state_fin_wait_1_closed ||
                      state == state_fin_wait_2 || state == state_fin_wait_2_closed ||
                      state == state_closing || state == state_time_wait;
    bool acked =
        state == state_fin_wait_2 || state == state_fin_wait_2_closed || state == state_time_wait;

    if (ours_first) {
        finish(p, state != state_fin_wait_1 && state != state_fin_wait_2);
    }
    if (acked) {
        p->s.ack++;
        say(p, AKSU_ACK, NULL, 0);
    }
    if (states[state].back_peers == 1) {
        say(p, AKSU_FIN | AKSU_ACK, NULL, 0);
    }
    if (state == state_last_ack) {
        finish(p, true);
    }
}

static void flood(struct host *h, uint32_t irs)
{
    struct segment s = {50000, PORT, AKSU_SYN, irs, 0, 8192, "\2\4\5\264", 4, NULL, 0};

    for (unsigned i = 0; i < 2 * ROWS; i++, s.from++) {
        send_segment(h, &s);
    }
}

static uint32_t connect_from(struct host *h, uint16_t port)
{
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), port};
    aksu_handle conn = aksu_connect(&h->net, &to, ACTIVE_PORT, app_handlers, h);
    struct aksu_info info;

    if (aksu_info(&h->net, conn, &info) != AKSU_OK) {
        blame(h, "no active open: %d", (int)conn);
        return 0;
    }
    uint32_t iss = info.tcb->snd_una;
    h->announced++;
    drain(h);
    return iss;
}

uint32_t enter(struct host *h, enum state state, uint16_t port, uint32_t irs)
{
    struct peer p = {h, {port, PORT, 0, irs, 0, 8192, NULL, 0, NULL, 0}, 0, false, {0}};

    if (state == state_syn_sent) {
        return connect_from(h, port);
    }
    if (state == state_listen_flooded) {
        flood(h, irs);
    }
    if (state < state_syn_sent || state == state_established6) {
        return 0;
    }
    uint32_t iss = shake(&p, state);
    go_on(&p, state);
    wind_up(&p, state);
    return iss;
}

// The peer's hardware address becomes known, as an active open finds it.
static void resolve(struct host *h)
{
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 9};
    aksu_handle conn = aksu_connect(&h->net, &to, 1024, app_handlers, h);
    uint8_t frame[FRAME_MAX];

    h->announced++;
    drain(h);
    feed(h, frame, make_arp(2, frame));
    drain(h);
    aksu_abort(&h->net, conn);
    drain(h);
    if (aksu_connections(&h->net) != 0 || h->frames < 2) {
        blame(h, "the neighbour was not found");
    }
}

static void check_numbers(struct host *h, enum state state, uint32_t iss, uint32_t irs)
{
    aksu_handle conn;
    const struct aksu_tcb *t = find(h, PEER_PORT, &conn);
    uint32_t una = iss + (state != state_syn_sent && state != state_syn_rcvd);

    if (states[state].state == AKSU_CLOSED) {
        if (t) {
            blame(h, "there is a connection");
        }
        return;
    }
    if (!t || t->state != states[state].state) {
        blame(h, "the state was not reached: %s", t ? aksu_state_name(t->state) : "no row");
        return;
    }
    if (t->snd_una != una || (state != state_syn_sent && t->rcv_nxt != irs + 1)) {
        blame(h, "SND.UNA %08x, RCV.NXT %08x", (unsigned)t->snd_una, (unsigned)t->rcv_nxt);
    }
    uint32_t room = state == state_established_zero_rwnd ? 0 : RX;
    bool counts = t->state >= AKSU_ESTABLISHED && t->state < AKSU_CLOSE_WAIT;
    if (counts && (t->rcv_adv - t->rcv_nxt != room ||
                   t->snd_wnd != (state == state_zero_swnd ? 0u : 8192u))) {
        blame(h, "RCV.WND %u, SND.WND %u", (unsigned)(t->rcv_adv - t->rcv_nxt),
              (unsigned)t->snd_wnd);
    }
}

static void check_time_wait(struct host *h, uint32_t iss, uint32_t irs)
{
    for (unsigned i = 0; i < 2 * ROWS; i++) {
        const struct aksu_time_wait *w = &h->store->time_wait[i];
        if (w->expires != 0 && w->snd_nxt == iss + 1 && w->rcv_nxt == irs + 1) {
            return;
        }
    }
    for (unsigned i = 0; i < ROWS; i++) { // a profile without the table
        const struct aksu_tcb *t = &h->store->row[i].tcb;
        if (t->state == AKSU_TIME_WAIT && t->snd_nxt == iss + 1 && t->rcv_nxt == irs + 1) {
            return;
        }
    }
    blame(h, "no TIME-WAIT with these numbers");
}

// The ISN clock ticks 250 times a ms: finds the ms that move it by an even number of ticks.
static uint32_t ms_for(uint32_t ticks)
{
    uint32_t inverse = 125;

    for (unsigned i = 0; i < 5; i++) {
        inverse *= 2 - 125 * inverse;
    }
    return ticks / 2 * inverse & INT32_MAX;
}

void build(struct host *h, enum state state, const struct aksu_storage *store,
           const struct aksu_profile *profile, uint32_t iss, uint32_t irs)
{
    uint32_t first = irs - states[state].back_peers;
    uint32_t want = iss - states[state].back_ours;
    uint32_t miss = 1, now = 1000;
    uint8_t key = 0;

    // Once to learn what our ISS is, then again at the time when it is the one wanted.
    for (unsigned i = 0; i < 20 && miss != 0; i++) {
        start(h, store, profile, now, key);
        resolve(h);
        miss = want - enter(h, state, PEER_PORT, first);
        if (states[state].state == AKSU_CLOSED && state != state_time_wait) {
            break;
        }
        key = (uint8_t)(key + (miss & 1));
        now = miss & 1 ? 1000 : now + ms_for(miss);
    }
    check_numbers(h, state, iss, irs);
    if (state == state_time_wait) {
        check_time_wait(h, iss, irs);
    }
    h->frames = 0;
    h->octets = 0;
    h->app.len = 0;
}
