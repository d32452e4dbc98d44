// SPDX-License-Identifier: MIT
// Events of every kind, at any time and with any arguments, into the transition function of one
// TCB; segments and ICMP errors mostly in the neighbourhood of its numbers. What plan() wants to
// send is sometimes sent, sometimes not. Each step is made twice: it must do the same. The input's
// first octet is 0, or has the connection use a board of 4 to 16 runs, the last of which is large.
#include <aksu/aksu.h>
#include <string.h>
#include "../transitions/board_check.h"
#include "../transitions/foreseen.h"
#include "input.h"

enum { EVENTS = 200, SENT_AT_ONCE = 8, RUNS_MIN = 4, RUNS_MAX = 16, UNTOUCHED = 0xa5 };

struct board {
    struct aksu_board b;
    union aksu_slot slot[AKSU_SLOTS_(RUNS_MAX) + 1]; // those behind its own are never touched
};

struct machine {
    struct aksu_profile p;
    bool fast; // FAST-OPEN has changed it
    struct aksu_tcb t;
    struct board board;
    struct aksu_board *b; // the board's, or NULL
    struct aksu_effects fx;
    uint32_t now;
};

static bool leq(aksu_seq a, aksu_seq b)
{
    return (int32_t)(b - a) >= 0;
}

// --- What holds of every step ---

// A large board has them.
static const struct aksu_range *range(const struct machine *m, unsigned i)
{
    bool large = m->b && m->b->size >= AKSU_LARGE;

    return large ? &m->board.slot[m->b->size + i].range : &m->t.range[i];
}

static void check_tcb(const struct machine *m)
{
    const struct aksu_tcb *t = &m->t;
    unsigned ranges_max = m->b && m->b->size >= AKSU_LARGE ? m->b->size : AKSU_RANGES;
    uint32_t syn = (t->flags & AKSU_F_SYN_UNACKED) != 0, fin = (t->flags & AKSU_F_FIN) != 0;

    REQUIRE(t->state < AKSU_STATE_COUNT && t->ranges <= ranges_max && t->snd_wscale <= 14);
    REQUIRE(leq(t->snd_una, t->snd_nxt) && leq(t->snd_nxt, t->snd_max));
    REQUIRE(t->snd_max - t->snd_una <= t->snd_buf + syn + fin);
    REQUIRE(t->rcv_room <= t->rcv_buf && t->snd_buf <= 1u << 30);
    REQUIRE(t->state == AKSU_CLOSED || t->snd_mss >= 1);
    if (t->state > AKSU_SYN_SENT) {
        REQUIRE(leq(t->rcv_nxt, t->rcv_adv) && t->rcv_adv - t->rcv_nxt <= t->rcv_room);
    }
    for (unsigned i = 0; i + ((t->flags & AKSU_F_DSACK) != 0) < t->ranges; i++) {
        const struct aksu_range *r = range(m, i);
        REQUIRE(leq(t->rcv_nxt + 1, r->start));
        REQUIRE(leq(r->start + 1, r->end));
        REQUIRE(r->end - t->rcv_nxt <= t->rcv_room + 1);
    }
}

static void check_board(const struct machine *m, const struct aksu_tcb *before, unsigned kind,
                        uint8_t size)
{
    if (!m->b) {
        return;
    }
    // What went before our SYN was acknowledged is not on the board (RFC 7413).
    bool early = m->fast && m->b->runs == 0;
    const char *fault = early ? NULL : board_fault(&m->t, m->b);

    if (fault) {
        FAIL("%s", fault);
    }
    // Only a timeout, or a smaller path MTU, goes back.
    bool went_back = before->snd_nxt == before->snd_max && m->t.snd_nxt != m->t.snd_max;
    bool in_use = (before->flags & (AKSU_F_SACK | AKSU_F_SYN_UNACKED)) == AKSU_F_SACK;
    REQUIRE(!went_back || !in_use || kind == AKSU_EV_TICK || kind == AKSU_EV_ICMP);
    REQUIRE(m->b->size == size);
    const uint8_t *beyond = (const uint8_t *)&m->board.slot[AKSU_SLOTS_(size)];
    for (; beyond < (const uint8_t *)(&m->board + 1); beyond++) {
        REQUIRE(*beyond == UNTOUCHED);
    }
}

static void check_effects(const struct machine *m, const struct aksu_tcb *before,
                          const struct aksu_event *ev)
{
    const struct aksu_effects *fx = &m->fx;

    if (fx->mask & AKSU_FX_ACKED) {
        REQUIRE(fx->acked > 0 && fx->acked <= before->snd_buf);
        REQUIRE(m->t.snd_buf == before->snd_buf - fx->acked);
    }
    if (fx->mask & AKSU_FX_DELIVER) {
        REQUIRE(ev->kind == AKSU_EV_SEGMENT || ev->kind == AKSU_EV_FAST_OPEN);
        REQUIRE(fx->copy_to <= before->rcv_room && fx->copy_len <= before->rcv_room - fx->copy_to);
        REQUIRE(fx->copy_from <= ev->segment->len &&
                fx->copy_len <= ev->segment->len - fx->copy_from);
        REQUIRE(fx->ready <= before->rcv_room && m->t.rcv_room == before->rcv_room - fx->ready);
    }
    bool closed = before->state != AKSU_CLOSED && m->t.state == AKSU_CLOSED;
    REQUIRE(closed == ((fx->mask & AKSU_FX_CLOSED) != 0));
}

static void step(struct machine *m, const struct aksu_event *ev)
{
    struct aksu_tcb before, twin;
    struct board twin_board;
    struct aksu_effects fx;
    uint8_t size = m->board.b.size;

    memcpy(&twin_board, &m->board, sizeof twin_board);
    memcpy(&before, &m->t, sizeof before);
    memcpy(&twin, &m->t, sizeof twin);
    memset(&m->fx, 0xee, sizeof m->fx);
    memset(&fx, 0x11, sizeof fx);
    REQUIRE(foreseen(&m->p, &m->t, m->b, ev));
    aksu_tcp_step(&m->p, &m->t, m->b, ev, &m->fx);
    m->fast |= ev->kind == AKSU_EV_FAST_OPEN && memcmp(&before, &m->t, sizeof before) != 0;
    aksu_tcp_step(&m->p, &twin, m->b ? &twin_board.b : NULL, ev, &fx);
    REQUIRE(memcmp(&twin, &m->t, sizeof twin) == 0 && memcmp(&fx, &m->fx, sizeof fx) == 0);
    REQUIRE(memcmp(&twin_board, &m->board, sizeof twin_board) == 0);
    REQUIRE(aksu_tcp_edge((enum aksu_state)before.state, (enum aksu_state)m->t.state));
    check_tcb(m);
    check_board(m, &before, ev->kind, size);
    check_effects(m, &before, ev);
    bool same = before.state > AKSU_SYN_SENT && m->t.state > AKSU_SYN_SENT;
    if (same) {
        REQUIRE(leq(before.snd_una, m->t.snd_una) && leq(before.rcv_nxt, m->t.rcv_nxt));
        REQUIRE(leq(before.rcv_adv, m->t.rcv_adv)); // the window's right edge stays (SHLD-14)
    }
}

// --- Sending ---

static bool is_path_probe(const struct machine *m, const struct aksu_segment *s)
{
    return m->p.recovery == &aksu_plpmtud && s->seq == m->t.snd_max &&
           s->len <= m->board.slot[m->board.b.size - 1].path.ceiling;
}

static void check_planned(const struct machine *m, const struct aksu_segment *s)
{
    const struct aksu_tcb *t = &m->t;

    if (s->len > 0) {
        uint32_t offset = aksu_tcp_offset(t, s);
        REQUIRE(s->len <= t->snd_mss || (s->flags & AKSU_SYN) || is_path_probe(m, s));
        REQUIRE(offset <= t->snd_buf && s->len <= t->snd_buf - offset);
        REQUIRE(offset + s->len <= (t->snd_wnd > 0 ? t->snd_wnd : 1));
    }
    REQUIRE(s->sacks <= AKSU_RANGES && s->tos <= 3);
}

// Sends what is to be sent, and ticks. Something that is not acknowledged implies a deadline.
static void send(struct machine *m, unsigned most)
{
    struct aksu_plan plan;

    while (most-- > 0) {
        memset(&plan, 0, sizeof plan);
        enum aksu_next next = aksu_tcp_plan(&m->p, &m->t, m->b, m->now, &plan);
        REQUIRE(aksu_tcp_plan(&m->p, &m->t, m->b, m->now, NULL) == next);
        struct aksu_event ev = {AKSU_EV_TICK, 0, m->now, 0, 0, NULL, NULL};
        if (next == AKSU_NEXT_TICK) {
            step(m, &ev);
            REQUIRE(aksu_tcp_plan(&m->p, &m->t, m->b, m->now, &plan) != AKSU_NEXT_TICK);
        } else if (next == AKSU_NEXT_SEGMENT) {
            check_planned(m, &plan.segment);
            ev.kind = AKSU_EV_SENT;
            ev.segment = &plan.segment;
            step(m, &ev);
        } else {
            REQUIRE(next == AKSU_NEXT_NEVER || (plan.wait_ms >= 1 && plan.wait_ms <= 1u << 30));
            REQUIRE(m->t.state < AKSU_SYN_SENT || m->t.snd_una == m->t.snd_max ||
                    (m->t.timers & AKSU_TIMER_RTX));
            return;
        }
    }
}

// --- Events ---

static void take_open(struct input *in, struct aksu_open *open)
{
    static const uint32_t rings[] = {4096, 1, 100, 65535, 200000, 1u << 30, 2920, 536};
    static const uint16_t sizes[] = {1460, 48, 60, 88, 536, 1000, 8960, 65495};
    uint8_t kind = take8(in);

    open->iss = take_distance(in);
    open->salt = take32(in);
    open->rcv_buf = rings[kind % 8];
    open->mss = sizes[kind / 8 % 8];
}

// Near snd_una, or whole segments from there on.
static aksu_seq take_edge(struct input *in, const struct aksu_tcb *t, bool segments)
{
    return t->snd_una + (segments ? take8(in) % 32u * t->snd_mss : take_distance(in));
}

static void take_segment(struct input *in, const struct machine *m, struct aksu_segment *s)
{
    const struct aksu_tcb *t = &m->t;
    uint8_t kind = take8(in);

    memset(s, 0, sizeof *s);
    s->flags = take8(in);
    s->seq = ((kind & 1) ? t->rcv_adv : t->rcv_nxt) + take_distance(in);
    s->ack = ((kind & 2) ? t->snd_max : t->snd_una) + take_distance(in);
    s->wnd = (kind & 4) ? take16(in) : 8192;
    s->len = (kind & 8) ? take16(in) % 65496 : 0;
    s->urp = (s->flags & AKSU_URG) ? take16(in) : 0;
    if (kind & 16) {
        s->options = take8(in);
        s->mss = take16(in);
        s->wscale = take8(in);
        s->tsval = t->ts_recent + take_distance(in);
        s->tsecr = m->now + t->salt + take_distance(in);
    }
    if ((s->options & AKSU_OPT_SACK) != 0) {
        s->sacks = (uint8_t)(1 + take8(in) % AKSU_RANGES);
        for (unsigned i = 0; i < s->sacks; i++) {
            s->sack[i].start = take_edge(in, t, m->b && (kind & 32));
            s->sack[i].end = take_edge(in, t, m->b && (kind & 32));
        }
    }
}

// As aksu_set() lets values through.
static void take_option(struct input *in, struct aksu_event *ev)
{
    ev->option = (uint8_t)(take8(in) % AKSU_OPTION_COUNT);
    ev->value = take16(in);
    if (ev->option >= AKSU_KEEPALIVE_INTERVAL && ev->option <= AKSU_PROBE_LIMIT) {
        ev->value &= 0xff;
    }
}

static void one_event(struct machine *m, struct input *in)
{
    struct aksu_event ev = {
        (uint8_t)(take8(in) % (AKSU_EVENT_COUNT + 3)), 0, m->now, 0, 0, NULL, NULL};
    struct aksu_segment s;
    struct aksu_open open;

    if (ev.kind == AKSU_EV_LISTEN || ev.kind == AKSU_EV_CONNECT) {
        take_open(in, &open);
        ev.open = &open;
    } else if (ev.kind == AKSU_EV_SEGMENT || ev.kind >= AKSU_EVENT_COUNT) {
        ev.kind = AKSU_EV_SEGMENT;
        take_segment(in, m, &s);
        ev.segment = &s;
    } else if (ev.kind == AKSU_EV_SENT) {
        send(m, 1u + take8(in) % SENT_AT_ONCE);
        return;
    } else if (ev.kind == AKSU_EV_SET) {
        take_option(in, &ev);
    } else if (ev.kind == AKSU_EV_ICMP) {
        ev.option = (uint8_t)(take8(in) % 3);
        ev.value = m->t.snd_una + take_distance(in);
        ev.detail = ev.option == AKSU_ICMP_PTB ? take16(in) : (uint32_t)AKSU_EHOSTUNREACH;
    } else if (ev.kind == AKSU_EV_RESUME) {
        if (m->t.state != AKSU_ESTABLISHED || (m->b && m->t.snd_una != m->t.snd_max)) {
            return; // saved only with nothing in flight
        }
        ev.value = m->now - take16(in);
        ev.detail = take16(in);
    } else if (ev.kind == AKSU_EV_FAST_OPEN) {
        take_segment(in, m, &s);
        s.seq = m->t.snd_wl1; // in SYN-RECEIVED the SYN that came
        ev.segment = &s;
        ev.value = take16(in) % 0x600;
    } else if (ev.kind != AKSU_EV_TICK) {
        ev.value = take_distance(in);
    }
    step(m, &ev);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct aksu_profile *const profiles[] = {&aksu_standard, &aksu_lean, &aksu_full};
    static const struct aksu_fast_open fast_open = {.step = aksu_tcp_fast_open};
    struct input in = {data, size};
    struct machine m;
    uint8_t board = take8(&in);
    uint8_t first = take8(&in);

    memset(&m, 0, sizeof m);
    memcpy(&m.p, profiles[first % 3], sizeof m.p);
    m.p.recovery = !board         ? NULL
                   : (first & 64) ? &aksu_plpmtud
                   : (board & 1)  ? &aksu_paced
                                  : &aksu_rack;
    m.p.fast_open = &fast_open;
    m.b = board ? &m.board.b : NULL;
    m.board.b.size = (uint8_t)(RUNS_MIN + board % (RUNS_MAX - RUNS_MIN + 1u));
    memset(m.board.slot, UNTOUCHED, sizeof m.board.slot);
    m.p.window_scale = (first & 4) == 0;
    m.p.timestamps = (first & 8) ? NULL : m.p.timestamps;
    m.p.delayed_ack_ms = (first & 16) ? 0 : m.p.delayed_ack_ms;
    m.now = (first & 32) ? 0xffffff00u : 1000;
    for (unsigned i = 0; i < EVENTS && in.left > 0; i++) {
        uint8_t pause = take8(&in);
        m.now += pause < 224 ? pause % 16u : pause < 250 ? pause * 100u : take32(&in) / 2;
        one_event(&m, &in);
        if (pause & 16) {
            send(&m, SENT_AT_ONCE);
        }
    }
    return 0;
}
