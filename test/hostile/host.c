// SPDX-License-Identifier: MIT
#include "host.h"
#include "../transitions/board_check.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FRAMES_AT_ONCE = 400 }; // a full send ring in the smallest segments

void blame(struct host *h, const char *format, ...)
{
    va_list args;

    if (h->wrong[0]) {
        return;
    }
    va_start(args, format);
    vsnprintf(h->wrong, sizeof h->wrong, format, args);
    va_end(args);
}

// --- The application ---

static uint16_t port_of(const struct aksu *net, aksu_handle conn)
{
    struct aksu_info info;

    return aksu_info(net, conn, &info) == AKSU_OK ? info.remote.port : 0;
}

static struct app *watching(struct host *h, aksu_handle conn)
{
    return port_of(&h->net, conn) == h->app.watch ? &h->app : NULL;
}

static bool on_accept(struct aksu *net, aksu_handle conn, void *user)
{
    struct host *h = user;

    (void)net;
    (void)conn;
    h->announced++;
    return true;
}

static void on_open(struct aksu *net, aksu_handle conn, void *user)
{
    struct app *a = watching(user, conn);

    (void)net;
    if (a) {
        a->opens++;
        a->conn = conn;
    }
}

static void on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    struct host *h = user;
    struct app *a = watching(h, conn);
    size_t got = 0;

    if (h->app.keep) {
        return;
    }
    for (size_t len; aksu_peek(net, conn, &len);) {
        const uint8_t *p = aksu_peek(net, conn, &len);
        if (a && a->len + len <= sizeof a->data) {
            memcpy(a->data + a->len, p, len);
            a->len += len;
        }
        aksu_consume(net, conn, len);
        got += len;
    }
    if (got != readable) {
        blame(h, "on_recv said %zu octets, there were %zu", readable, got);
    }
}

static void on_urgent(struct aksu *net, aksu_handle conn, void *user, size_t ahead)
{
    struct host *h = user;

    (void)net;
    h->app.urgents += watching(h, conn) != NULL;
    if (ahead > (size_t)RX + UINT16_MAX) {
        blame(h, "urgent data ends %zu octets ahead", ahead);
    }
}

static void on_end(struct aksu *net, aksu_handle conn, void *user)
{
    struct host *h = user;

    (void)net;
    h->app.ends += watching(h, conn) != NULL;
}

static void on_trouble(struct aksu *net, aksu_handle conn, void *user, int error)
{
    struct host *h = user;

    (void)net;
    (void)error;
    h->app.troubles += watching(h, conn) != NULL;
}

static void on_close(struct aksu *net, aksu_handle conn, void *user, int error)
{
    struct host *h = user;

    (void)net;
    h->announced--;
    if (watching(h, conn)) {
        h->app.closes++;
        h->app.reason = error;
    }
}

static const struct aksu_handlers handlers = {
    .on_accept = on_accept,
    .on_open = on_open,
    .on_recv = on_recv,
    .on_urgent = on_urgent,
    .on_end = on_end,
    .on_trouble = on_trouble,
    .on_close = on_close,
};

const struct aksu_handlers *const app_handlers = &handlers;

// --- The stack ---

AKSU_BOARDS(boards, ROWS, RUNS);
const struct aksu_boards *const host_boards = &boards;

static void traced(struct aksu_trace *trace, struct aksu *net, aksu_handle conn,
                   const struct aksu_event *ev, const struct aksu_effects *fx,
                   const struct aksu_tcb *after)
{
    struct host *h = trace->user;

    (void)net;
    (void)conn;
    h->steps++;
    if (ev->kind == AKSU_EV_SEGMENT) {
        unsigned *count = fx->refused ? h->refused : h->taken;
        count[trace->before.state]++;
    }
    if (!aksu_tcp_edge((enum aksu_state)trace->before.state, (enum aksu_state)after->state)) {
        blame(h, "%s led from %s to %s", aksu_event_name(ev->kind),
              aksu_state_name(trace->before.state), aksu_state_name(after->state));
    }
}

void start(struct host *h, const struct aksu_storage *store, const struct aksu_profile *profile,
           uint32_t now, uint8_t key)
{
    struct aksu_config config;
    uint8_t entropy[16] = {key, 1, 2, 3};

    memset(h, 0, sizeof *h);
    memset(&config, 0, sizeof config);
    config.profile = profile;
    config.link = &aksu_ethernet;
    config.boards = host_boards;
    memset(host_boards->first, 0x5a, BOARDS_SIZE); // what others left behind
    config.addr = aksu_ipv4(192, 0, 2, 1);
    memcpy(config.mac, our_mac, 6);
    h->trace.hook = traced;
    h->trace.user = h;
    h->store = store;
    h->now = now;
    h->app.watch = PEER_PORT;
    if (aksu_init(&h->net, store, &config) != AKSU_OK ||
        aksu_seed(&h->net, entropy, sizeof entropy) != AKSU_OK) {
        blame(h, "the stack does not start");
    }
    aksu_trace(&h->net, &h->trace);
    aksu_now(&h->net, now);
    if (aksu_listen(&h->net, NULL, PORT, 0, app_handlers, h) != AKSU_OK) {
        blame(h, "it does not listen");
    }
}

int feed(struct host *h, const uint8_t *frame, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1); // so that reading beyond it is seen

    if (!copy) {
        abort();
    }
    if (len > 0) {
        memcpy(copy, frame, len);
    }
    int result = aksu_input(&h->net, h->now, copy, len);
    free(copy);
    if (result > 0 || result <= -(int)AKSU_DROP_COUNT) {
        blame(h, "aksu_input() returned %d", result);
    }
    return result;
}

// Control bits that a TCP sends; with ECN a SYN,ACK may agree, and what follows tell of marks.
static bool sendable(unsigned flags, bool ecn)
{
    if (ecn && (flags & (AKSU_RST | AKSU_ACK)) == AKSU_ACK) {
        flags &= (flags & AKSU_SYN) ? ~(unsigned)AKSU_ECE : ~(unsigned)(AKSU_ECE | AKSU_CWR);
    }
    unsigned kind = flags & ~(unsigned)(AKSU_PSH | AKSU_URG);

    return flags == AKSU_SYN || flags == (AKSU_SYN | AKSU_ACK) || flags == AKSU_RST ||
           flags == (AKSU_RST | AKSU_ACK) || kind == AKSU_ACK || kind == (AKSU_ACK | AKSU_FIN);
}

// A whole packet of IPv6, and nothing behind it.
static bool is_ip6(const uint8_t *frame, size_t frame_len)
{
    size_t len;
    unsigned protocol;
    const uint8_t *p = inside6((uint8_t *)(uintptr_t)frame, frame_len, &protocol, &len);

    return p && (protocol == 6 || protocol == 58) && frame + frame_len == p + len &&
           checksum6(frame, p, protocol, len) == 0;
}

static void check_frame(struct host *h, const uint8_t *frame, size_t len)
{
    unsigned type = len >= ETH ? get16(frame + 12) : 0;
    bool arp = type == 0x0806 && len == 42;
    bool ip = type == 0x0800 && len >= ETH + IP && frame[ETH] == 0x45 &&
              checksum(frame + ETH, IP, 0) == 0 && get16(frame + ETH + 2) + (size_t)ETH == len &&
              sealed(frame, len);

    if (len > 1500 + ETH || (!arp && !ip && !(h->net.more && is_ip6(frame, len)))) {
        blame(h, "a malformed frame came out: type %04x, %zu octets", type, len);
    }
    if (ip && frame[ETH + 9] == 6 && !sendable(frame[ETH + IP + 13], h->net.profile->ecn != NULL)) {
        blame(h, "a segment with the flags %02x came out", frame[ETH + IP + 13]);
    }
    if (ip && frame[ETH + 9] == 6 && get16(frame + ETH + IP + 2) == h->app.watch) {
        memcpy(h->seen, frame, len);
        h->seen_len = len;
    }
}

void drain(struct host *h)
{
    for (unsigned i = 0; i < FRAMES_AT_ONCE; i++) {
        uint32_t idle = aksu_idle(&h->net, h->now);
        size_t len = aksu_output(&h->net, h->now, h->frame, sizeof h->frame);
        if (len == 0) {
            if (aksu_idle(&h->net, h->now) == 0) {
                blame(h, "aksu_idle() is 0, but there is no frame");
            }
            check_rows(h);
            return;
        }
        if (idle != 0) {
            blame(h, "aksu_idle() was %u, but there was a frame", (unsigned)idle);
        }
        h->frames++;
        h->octets += len;
        h->frame_len = len;
        check_frame(h, h->frame, len);
    }
    blame(h, "frames without end");
}

void send_segment(struct host *h, const struct segment *s)
{
    uint8_t frame[FRAME_MAX];
    size_t len = make(s, frame);

    feed(h, frame, len);
    drain(h);
}

void pass(struct host *h, uint32_t ms)
{
    drain(h);
    while (ms > 0 && !h->wrong[0]) {
        uint32_t idle = aksu_idle(&h->net, h->now);
        uint32_t hop = idle < ms ? idle : ms;
        h->now += hop;
        ms -= hop;
        drain(h);
    }
}

static bool in_order(uint32_t a, uint32_t b)
{
    return (int32_t)(b - a) >= 0;
}

static void check_tcb(struct host *h, const struct aksu_tcb *t)
{
    if (t->state >= AKSU_STATE_COUNT) {
        blame(h, "state %u", t->state);
    }
    if (!in_order(t->snd_una, t->snd_nxt) || !in_order(t->snd_nxt, t->snd_max)) {
        blame(h, "SND.UNA %08x, SND.NXT %08x, SND.MAX %08x", (unsigned)t->snd_una,
              (unsigned)t->snd_nxt, (unsigned)t->snd_max);
    }
    if (t->state > AKSU_SYN_SENT &&
        (!in_order(t->rcv_nxt, t->rcv_adv) || t->rcv_adv - t->rcv_nxt > t->rcv_room ||
         t->rcv_room > t->rcv_buf)) {
        blame(h, "RCV.NXT %08x, offered up to %08x, room %u of %u", (unsigned)t->rcv_nxt,
              (unsigned)t->rcv_adv, (unsigned)t->rcv_room, (unsigned)t->rcv_buf);
    }
    if (t->snd_mss == 0 || t->snd_wscale > 14 || t->ranges > AKSU_RANGES) {
        blame(h, "SND.MSS %u, shift %u, ranges %u", t->snd_mss, t->snd_wscale, t->ranges);
    }
    for (unsigned i = 0; i < t->ranges && i < AKSU_RANGES; i++) {
        if (i == t->ranges - 1u && (t->flags & AKSU_F_DSACK)) {
            continue; // a report of what is old
        }
        if (!in_order(t->rcv_nxt + 1, t->range[i].start) ||
            !in_order(t->range[i].start + 1, t->range[i].end) ||
            t->range[i].end - t->rcv_nxt > t->rcv_room + 1) {
            blame(h, "range %08x to %08x with RCV.NXT %08x", (unsigned)t->range[i].start,
                  (unsigned)t->range[i].end, (unsigned)t->rcv_nxt);
        }
    }
}

static void check_board(struct host *h, const struct aksu_tcb *t)
{
    size_t at =
        (size_t)((const uint8_t *)t - (const uint8_t *)h->store->row) / sizeof *h->store->row;
    struct aksu_step c = {.t = &h->store->row[at].tcb};
    const struct aksu_boards *in_use = h->net.boards;
    const char *fault = NULL;

    if (in_use) {
        in_use->find(&h->net, &h->store->row[at], &c);
        fault = board_fault(t, c.b);
    }
    if (fault) {
        blame(h, "the board: %s", fault);
    }
}

void check_rows(struct host *h)
{
    size_t count = 0;

    for (aksu_handle c = 0; (c = aksu_next_connection(&h->net, c)) != 0; count++) {
        struct aksu_info info;
        if (aksu_info(&h->net, c, &info) == AKSU_OK) {
            check_tcb(h, info.tcb);
            check_board(h, info.tcb);
        }
    }
    if (count != aksu_connections(&h->net)) {
        blame(h, "%zu rows found, %zu counted", count, aksu_connections(&h->net));
    }
}

const struct aksu_tcb *find(const struct host *h, uint16_t peer_port, aksu_handle *conn)
{
    for (aksu_handle c = 0; (c = aksu_next_connection(&h->net, c)) != 0;) {
        struct aksu_info info;
        if (aksu_info(&h->net, c, &info) == AKSU_OK && info.remote.port == peer_port) {
            *conn = c;
            return info.tcb;
        }
    }
    return NULL;
}

// --- A client that obeys the rules ---

// The last frame to the client: its text, or NULL if flags are not the ones looked for.
static const uint8_t *answer(const struct host *h, unsigned flags, uint32_t *seq, uint32_t *ack,
                             size_t *len)
{
    const uint8_t *t = h->seen + ETH + IP;

    if (h->seen_len == 0 || (t[13] & ~(unsigned)AKSU_PSH) != flags) {
        return NULL;
    }
    size_t header = (size_t)(t[12] >> 4) * 4;
    *seq = get32(t + 4);
    *ack = get32(t + 8);
    *len = h->seen_len - ETH - IP - header;
    return t + header;
}

static bool exchange(struct host *h, struct segment *s)
{
    static const uint8_t question[] = "a question of the client";
    static const uint8_t reply[] = "and what the server says to it";
    uint32_t seq, ack;
    size_t len;

    s->flags = AKSU_ACK | AKSU_PSH;
    s->data = question;
    s->len = sizeof question;
    send_segment(h, s);
    s->seq += (uint32_t)s->len;
    s->len = 0;
    if (h->app.len != sizeof question || memcmp(h->app.data, question, sizeof question) != 0 ||
        aksu_send(&h->net, h->app.conn, reply, sizeof reply) != (int32_t)sizeof reply) {
        return false;
    }
    h->seen_len = 0;
    drain(h);
    const uint8_t *text = answer(h, AKSU_ACK, &seq, &ack, &len);
    if (!text || ack != s->seq || len != sizeof reply || memcmp(text, reply, len) != 0) {
        return false;
    }
    s->ack = seq + (uint32_t)len;
    return true;
}

static bool part(struct host *h, struct segment *s)
{
    uint32_t seq, ack;
    size_t len;

    s->flags = AKSU_FIN | AKSU_ACK;
    send_segment(h, s);
    s->seq++;
    h->seen_len = 0;
    if (h->app.ends != 1 || aksu_close(&h->net, h->app.conn, 0) != AKSU_OK) {
        return false;
    }
    drain(h);
    if (!answer(h, AKSU_FIN | AKSU_ACK, &seq, &ack, &len) || ack != s->seq) {
        return false;
    }
    s->flags = AKSU_ACK;
    s->ack = seq + 1;
    send_segment(h, s);
    return h->app.closes == 1 && h->app.reason == AKSU_OK;
}

bool legal_session(struct host *h, uint16_t peer_port)
{
    struct segment s = {peer_port, PORT, AKSU_SYN, 77777, 0, 8192, "\2\4\5\264", 4, NULL, 0};
    uint32_t seq, ack;
    size_t len;

    memset(&h->app, 0, sizeof h->app);
    h->app.watch = peer_port;
    h->seen_len = 0;
    send_segment(h, &s);
    // Without cookies a full backlog drops the SYN: the client tries again.
    for (unsigned i = 0; i < 6 && h->seen_len == 0 && !h->net.profile->cookies; i++) {
        pass(h, 1000u << i);
        send_segment(h, &s);
    }
    if (!answer(h, AKSU_SYN | AKSU_ACK, &seq, &ack, &len) || ack != s.seq + 1) {
        return false;
    }
    s.options_len = 0;
    s.flags = AKSU_ACK;
    s.seq++;
    s.ack = seq + 1;
    send_segment(h, &s);
    return h->app.opens == 1 && exchange(h, &s) && part(h, &s) && !h->wrong[0];
}
