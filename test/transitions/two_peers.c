// SPDX-License-Identifier: MIT
// Two TCBs exchange what plan gives them through an in-memory channel: every pair of opens and
// closes, under every pattern of loss, duplication and delay of the first segments. No stack, no
// link, virtual time.
#include "board_check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MSS = 100, RING = 200, LONG_RING = 1200, FLIGHTS = 64, EVENTS_MAX = 4000, RUNS = 16 };

// Every pattern of losses of at most so many segments; a tenth SYN comes after the user timeout.
enum { LOSSES = 9 };

enum open { A_ACTIVE, B_ACTIVE, BOTH_ACTIVE, OPENS };
enum close { A_FIRST, B_FIRST, BOTH_AT_ONCE, HALF_CLOSE, FIN_WITH_DATA, ABORT, CLOSES };
static const char *const open_names[] = {"A opens", "B opens", "both open"};
static const char *const close_names[] = {"A closes first",     "B closes first",
                                          "both close at once", "half-close",
                                          "FIN with the data",  "A aborts"};

// What happens to a segment.
enum fate { DELIVER, LOSE, DUPLICATE, DELAY, HOLD, FATES }; // DELAY: reordered; HOLD: beyond an RTO

struct peer {
    struct aksu_tcb tcb;
    struct {
        struct aksu_board board;
        union aksu_slot slot[2 * RUNS];
    } b;
    aksu_seq iss;
    uint32_t total;   // octets to send
    uint32_t written; // of them, queued so far
    uint32_t acked;
    uint32_t received; // delivered in order
    uint32_t unread;
    uint8_t ring[LONG_RING];
    bool opened;
    bool ended;  // EOF
    bool closed; // CLOSED was signalled
    bool shut;   // SHUTDOWN, CLOSE or ABORT was called
    int reason;
};

struct flight {
    struct aksu_segment segment;
    uint8_t data[MSS];
    uint32_t at;
    uint8_t to; // 0 = free, else peer + 1
};

struct world {
    const struct aksu_profile *profile[2];
    bool slow;      // readers read only when the ring is nearly full
    uint32_t size;  // of the rings
    uint8_t boards; // runs of the scoreboards, 0 = none
    struct peer peer[2];
    struct flight flight[FLIGHTS];
    enum close close;
    const uint8_t *fates;
    unsigned fate_count;
    unsigned begin; // control bit of the segment from which on fates are dealt, 0 = the first
    bool begun;
    unsigned dealt;
    uint32_t now;
    const char *failure;
};

// TIME-WAIT outlasts the ninth retransmission of the other side's FIN.
#define COMMON                                                                                     \
    .rto_min_ms = 1000, .rto_max_ms = 60000, .msl_ms = 200000, .fin_wait_2_ms = 600000,            \
    .user_timeout_s = 300, .syn_ack_tries = LOSSES, .challenge_acks = 10

static const struct aksu_profile full = {
    .congestion = &aksu_newreno,
    .timestamps = &aksu_tcp_timestamps,
    .sack = &aksu_tcp_sack,
    COMMON,
    .delayed_ack_ms = 40,
    .window_scale = 1,
};
static const struct aksu_profile lean = {.congestion = &aksu_newreno, COMMON};
static const struct aksu_profile modern = {
    .congestion = &aksu_cubic,
    .recovery = &aksu_rack,
    .timestamps = &aksu_tcp_timestamps,
    .sack = &aksu_tcp_sack,
    COMMON,
    .delayed_ack_ms = 40,
    .window_scale = 1,
};
static const struct aksu_profile unstamped = {
    .congestion = &aksu_newreno,
    .recovery = &aksu_rack,
    .sack = &aksu_tcp_sack,
    COMMON,
    .delayed_ack_ms = 40,
};

static void fail(struct world *w, const char *why)
{
    if (w->failure == NULL)
        w->failure = why;
}

static struct aksu_board *board(const struct world *w, unsigned self)
{
    return w->profile[self]->recovery ? (struct aksu_board *)&w->peer[self].b.board : NULL;
}

static uint8_t octet(unsigned from, uint32_t offset)
{
    return (uint8_t)(offset * 13 + from * 101 + (offset >> 8));
}

static void check_tcb(struct world *w, const struct aksu_tcb *before, const struct aksu_tcb *t)
{
    if (!aksu_tcp_edge((enum aksu_state)before->state, (enum aksu_state)t->state))
        fail(w, "an edge that is not in the diagram");
    if ((int32_t)(t->snd_nxt - t->snd_una) < 0 || (int32_t)(t->snd_max - t->snd_nxt) < 0)
        fail(w, "not SND.UNA =< SND.NXT =< SND.MAX");
    if (t->rcv_room > t->rcv_buf)
        fail(w, "more room than ring");
}

static void deliver(struct world *w, unsigned self, const struct aksu_effects *fx,
                    const uint8_t *data)
{
    struct peer *p = &w->peer[self];
    for (uint32_t i = 0; i < fx->copy_len; i++)
        p->ring[(p->received + fx->copy_to + i) % w->size] = data[fx->copy_from + i];
    for (uint32_t i = 0; i < fx->ready; i++)
        if (p->ring[(p->received + i) % w->size] != octet(1 - self, p->received + i))
            fail(w, "a wrong octet was delivered");
    p->received += fx->ready;
    p->unread += fx->ready;
    if (p->unread > w->size)
        fail(w, "more delivered than the ring holds");
}

static void step(struct world *w, unsigned self, const struct aksu_event *ev, const uint8_t *data,
                 struct aksu_effects *fx)
{
    struct peer *p = &w->peer[self];
    struct aksu_tcb before = p->tcb;
    aksu_tcp_step(w->profile[self], &p->tcb, board(w, self), ev, fx);
    check_tcb(w, &before, &p->tcb);
    const char *fault = board_fault(&p->tcb, board(w, self));
    if (fault)
        fail(w, fault);
    if ((fx->mask & AKSU_FX_OPENED) != 0) {
        if (p->opened)
            fail(w, "OPENED twice");
        p->opened = true;
    }
    if ((fx->mask & AKSU_FX_ACKED) != 0)
        p->acked += fx->acked;
    if ((fx->mask & AKSU_FX_DELIVER) != 0)
        deliver(w, self, fx, data);
    if ((fx->mask & AKSU_FX_EOF) != 0) {
        if (p->ended)
            fail(w, "EOF twice");
        p->ended = true;
    }
    if ((fx->mask & AKSU_FX_CLOSED) != 0) {
        if (p->closed)
            fail(w, "CLOSED twice");
        p->closed = true;
        p->reason = fx->reason;
    }
}

static void user(struct world *w, unsigned self, enum aksu_event_kind kind, uint32_t value)
{
    struct aksu_effects fx = {0};
    struct aksu_event ev = {.kind = (uint8_t)kind, .now_ms = w->now, .value = value};
    step(w, self, &ev, NULL, &fx);
}

static void put(struct world *w, unsigned to, const struct aksu_segment *s, const uint8_t *data,
                uint32_t delay)
{
    for (unsigned i = 0; i < FLIGHTS; i++) {
        if (w->flight[i].to != 0)
            continue;
        w->flight[i].to = (uint8_t)(to + 1);
        w->flight[i].segment = *s;
        w->flight[i].at = w->now + delay;
        memcpy(w->flight[i].data, data, s->len);
        return;
    }
    fail(w, "the channel is full");
}

static void transmit(struct world *w, unsigned to, const struct aksu_segment *s,
                     const uint8_t *data)
{
    w->begun = w->begun || w->begin == 0 || (s->flags & w->begin) != 0;
    enum fate fate = DELIVER;
    if (w->begun && w->dealt < w->fate_count)
        fate = (enum fate)w->fates[w->dealt++];
    if (fate == LOSE)
        return;
    put(w, to, s, data, fate == DELAY ? 25 : fate == HOLD ? 1600 : 10);
    if (fate == DUPLICATE)
        put(w, to, s, data, 35);
}

// The next free millisecond of a flight keeps segments in the order in which they were sent.
static struct flight *first_flight(struct world *w)
{
    struct flight *first = NULL;
    for (unsigned i = 0; i < FLIGHTS; i++) {
        struct flight *f = &w->flight[i];
        if (f->to != 0 && (first == NULL || (int32_t)(f->at - first->at) < 0))
            first = f;
    }
    return first;
}

static void arrive(struct world *w, struct flight *f)
{
    unsigned self = f->to - 1u;
    struct aksu_segment s = f->segment, answer;
    struct aksu_effects fx = {0};
    uint8_t data[MSS];
    memcpy(data, f->data, sizeof data);
    f->to = 0;
    if (w->peer[self].tcb.state == AKSU_CLOSED && w->peer[self].closed) {
        fx.mask = AKSU_FX_RESET;
    } else {
        struct aksu_event ev = {.kind = AKSU_EV_SEGMENT, .now_ms = w->now, .segment = &s};
        step(w, self, &ev, data, &fx);
    }
    memset(&answer, 0, sizeof answer);
    if ((fx.mask & AKSU_FX_RESET) != 0 && aksu_tcp_reply(&s, &answer))
        transmit(w, 1 - self, &answer, data);
}

static void send_planned(struct world *w, unsigned self, const struct aksu_segment *s)
{
    struct peer *p = &w->peer[self];
    struct aksu_effects fx = {0};
    uint8_t data[MSS] = {0};
    uint32_t offset = s->len > 0 ? p->acked + aksu_tcp_offset(&p->tcb, s) : 0;
    if (s->len > MSS || (s->len > 0 && offset + s->len > p->written)) {
        fail(w, "a segment with octets that were never queued");
        return;
    }
    for (uint32_t i = 0; i < s->len; i++)
        data[i] = octet(self, offset + i);
    struct aksu_segment sent = *s;
    struct aksu_event ev = {.kind = AKSU_EV_SENT, .now_ms = w->now, .segment = &sent};
    step(w, self, &ev, NULL, &fx);
    transmit(w, 1 - self, s, data);
}

// Sends all that there is; returns the ms until the next deadline, UINT32_MAX = never.
static uint32_t serve(struct world *w, unsigned self)
{
    struct aksu_plan plan;
    bool ticked = false;
    for (unsigned i = 0; i < 200; i++) {
        memset(&plan, 0, sizeof plan);
        switch (
            aksu_tcp_plan(w->profile[self], &w->peer[self].tcb, board(w, self), w->now, &plan)) {
        case AKSU_NEXT_SEGMENT:
            send_planned(w, self, &plan.segment);
            ticked = false;
            break;
        case AKSU_NEXT_TICK:
            if (ticked)
                fail(w, "TICK after TICK");
            ticked = true;
            user(w, self, AKSU_EV_TICK, 0);
            break;
        case AKSU_NEXT_WAIT:
            if (plan.wait_ms == 0 || plan.wait_ms > UINT32_C(1) << 30)
                fail(w, "a wait out of range");
            return plan.wait_ms;
        default:
            return UINT32_MAX;
        }
        if (w->failure != NULL)
            return UINT32_MAX;
    }
    fail(w, "plan does not come to rest");
    return UINT32_MAX;
}

static void write_and_read(struct world *w, unsigned self)
{
    struct peer *p = &w->peer[self];
    uint32_t room = w->size - (p->written - p->acked), left = p->total - p->written;
    uint32_t n = room < left ? room : left;
    bool waits = w->close == HALF_CLOSE && self == 1 && !p->ended;
    if (n > 0 && !waits && !p->shut && p->tcb.state >= AKSU_SYN_SENT) {
        user(w, self, AKSU_EV_WROTE, n);
        p->written += n;
    }
    if (p->unread >= (w->slow && !p->ended ? w->size - 10 : 1)) {
        user(w, self, AKSU_EV_READ, p->unread);
        p->unread = 0;
    }
}

static bool wants_to_close(const struct world *w, unsigned self)
{
    const struct peer *p = &w->peer[self];
    bool all = p->written == p->total;
    bool got_all = p->received == w->peer[1 - self].total;
    switch (w->close) {
    case A_FIRST:
        return self == 0 ? all && got_all : all && p->ended;
    case B_FIRST:
        return self == 1 ? all && got_all : all && p->ended;
    case HALF_CLOSE:
        return self == 0 ? all : all && p->ended;
    case ABORT:
        return self == 0 && p->received >= 100;
    default:
        return all;
    }
}

static void application(struct world *w, unsigned self)
{
    struct peer *p = &w->peer[self];
    if (p->closed || p->tcb.state == AKSU_CLOSED)
        return;
    write_and_read(w, self);
    bool early = w->close == FIN_WITH_DATA;
    if (p->shut || (!p->opened && !early) || p->tcb.state == AKSU_LISTEN ||
        !wants_to_close(w, self))
        return;
    p->shut = true;
    if (w->close == ABORT)
        user(w, self, AKSU_EV_ABORT, 0);
    else if ((w->close == A_FIRST || w->close == B_FIRST) && p->unread == 0)
        user(w, self, AKSU_EV_CLOSE, 0);
    else
        user(w, self, AKSU_EV_SHUTDOWN, 0);
}

static void no_deadlock(struct world *w, const uint32_t wait[2])
{
    for (unsigned i = 0; i < 2; i++) {
        const struct aksu_tcb *t = &w->peer[i].tcb;
        bool owing = t->snd_una != t->snd_max || t->state == AKSU_TIME_WAIT ||
                     t->state == AKSU_SYN_SENT || t->state == AKSU_SYN_RECEIVED;
        if (t->state > AKSU_LISTEN && owing && wait[i] == UINT32_MAX)
            fail(w, "something is unacknowledged and no deadline is set");
        if (aksu_tcp_sending(t) && t->snd_una != t->snd_max && !(t->timers & AKSU_TIMER_RTX))
            fail(w, "something is unacknowledged and no retransmission timer runs");
    }
}

static bool over(const struct world *w)
{
    return w->peer[0].closed && w->peer[1].closed && w->peer[0].tcb.owed == 0 &&
           w->peer[1].tcb.owed == 0;
}

// One round: what happens now, then on to the next event. False at the end.
static bool round_of(struct world *w)
{
    uint32_t wait[2];
    for (unsigned i = 0; i < 2; i++) {
        application(w, i);
        wait[i] = serve(w, i);
        application(w, i);
        wait[i] = serve(w, i);
    }
    no_deadlock(w, wait);
    struct flight *f = first_flight(w);
    uint32_t timer = wait[0] < wait[1] ? wait[0] : wait[1];
    if (f != NULL && f->at - w->now <= timer) {
        w->now = f->at;
        arrive(w, f);
        return true;
    }
    if (timer == UINT32_MAX)
        return false;
    w->now += timer;
    return true;
}

static void open_peer(struct world *w, unsigned self, bool active)
{
    struct peer *p = &w->peer[self];
    struct aksu_open open = {.iss = p->iss, .salt = 77 + self, .rcv_buf = w->size, .mss = MSS};
    struct aksu_event ev = {
        .kind = active ? AKSU_EV_CONNECT : AKSU_EV_LISTEN, .now_ms = w->now, .open = &open};
    struct aksu_effects fx = {0};
    step(w, self, &ev, NULL, &fx);
}

static void check_end(struct world *w)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct peer *p = &w->peer[i], *q = &w->peer[1 - i];
        if (!p->closed || p->tcb.state != AKSU_CLOSED)
            fail(w, "a side never reached CLOSED");
        if (w->close == ABORT) {
            int want = i == 0 ? AKSU_ECONNABORTED : AKSU_ECONNRESET;
            if (p->reason != want)
                fail(w, "not the reason that an abort has");
            continue;
        }
        if (p->reason != AKSU_OK)
            fail(w, "a side ended with an error");
        if (p->received != q->total || !p->ended)
            fail(w, "not all octets were delivered");
        if (p->acked != p->total)
            fail(w, "not all octets were acknowledged to the sender");
    }
}

// An aborted connection whose RST was lost is found out when data is sent.
static void wake_survivor(struct world *w)
{
    for (unsigned i = 0; i < 2; i++) {
        struct peer *p = &w->peer[i];
        if (w->close == ABORT && !p->closed && p->tcb.state == AKSU_ESTABLISHED) {
            p->total += 10;
            while (!over(w) && w->failure == NULL && round_of(w))
                ;
        }
    }
}

static const char *run(struct world *w, enum open open, const struct world *how, unsigned n)
{
    unsigned base = n % 3;
    static const uint32_t bases[] = {0, 0x7fffffffu, 0xffffffffu};
    *w = *how;
    const struct aksu_profile *rich = w->boards ? &modern : &full;
    const struct aksu_profile *poor = w->boards ? &unstamped : &lean;
    w->profile[0] = n / 3 % 2 == 0 ? rich : poor;
    w->profile[1] = n / 6 % 2 == 0 ? rich : poor;
    w->slow = n / 12 % 2 != 0;
    w->size = w->boards ? LONG_RING : RING;
    w->now = base == 2 ? 0xfffffc00u : base * 0x7fffff00u;
    w->peer[0].iss = bases[base];
    w->peer[1].iss = bases[(base + 1) % 3];
    w->peer[0].total = w->boards ? 1050 : 250;
    w->peer[1].total = w->boards ? 930 : 330;
    w->peer[0].b.board.size = w->boards;
    w->peer[1].b.board.size = w->boards;
    if (open != A_ACTIVE)
        open_peer(w, 1, true);
    open_peer(w, 0, open != B_ACTIVE);
    if (open == A_ACTIVE)
        open_peer(w, 1, false);
    unsigned events = 0;
    while (!over(w) && w->failure == NULL && round_of(w))
        if (++events > EVENTS_MAX)
            fail(w, "no end in sight");
    wake_survivor(w);
    if (w->failure == NULL)
        check_end(w);
    return w->failure;
}

static void tell(enum open open, const struct world *w, unsigned n)
{
    static const char letters[] = "dl2rh"; // deliver, lose, twice, reorder, hold
    printf("FAILED %s, %s, %u runs, run %u, %s pattern ", open_names[open], close_names[w->close],
           w->boards, n,
           w->begin == AKSU_FIN   ? "FIN and on"
           : w->begin == AKSU_PSH ? "PSH and on"
                                  : "first");
    for (unsigned i = 0; i < w->fate_count; i++)
        putchar(letters[w->fates[i]]);
    printf(": %s (%s, %s)\n", w->failure, aksu_state_name(w->peer[0].tcb.state),
           aksu_state_name(w->peer[1].tcb.state));
}

struct kind {
    enum open open;
    enum close close;
    uint8_t boards;
};

// Every pattern of `count` fates out of `kinds`, dealt from the first segment with `begin` on.
static unsigned sweep(const struct kind *k, unsigned begin, unsigned count, unsigned kinds)
{
    static struct world w, how;
    uint8_t fates[16] = {0};
    unsigned failures = 0, n = 0;
    memset(&how, 0, sizeof how);
    how.close = k->close;
    how.boards = k->boards;
    how.begin = begin;
    how.fates = fates;
    how.fate_count = count;
    for (;;) {
        if (run(&w, k->open, &how, n) != NULL && failures++ < 3)
            tell(k->open, &w, n);
        unsigned i = 0;
        while (i < count && ++fates[i] == kinds)
            fates[i++] = 0;
        if (i == count)
            return failures;
        n++;
    }
}

// Long patterns, at random: half of the segments are delivered.
static unsigned random_patterns(const struct kind *k, unsigned count)
{
    static struct world w, how;
    uint8_t fates[40];
    unsigned failures = 0;
    uint32_t r = 1;
    memset(&how, 0, sizeof how);
    how.close = k->close;
    how.boards = k->boards;
    how.fates = fates;
    how.fate_count = sizeof fates;
    for (unsigned n = 0; n < count; n++) {
        unsigned lost = 0;
        for (unsigned i = 0; i < sizeof fates; i++) {
            r = r * 1664525u + 1013904223u;
            fates[i] = (uint8_t)(r >> 31 != 0 ? DELIVER : (r >> 20) % FATES);
            if (fates[i] == LOSE && ++lost > LOSSES) // more could outlast the user timeout
                fates[i] = DELIVER;
        }
        if (run(&w, k->open, &how, n) != NULL && failures++ < 3)
            tell(k->open, &w, n);
    }
    return failures;
}

static unsigned all_patterns(const struct kind *k, unsigned depth)
{
    static const unsigned begins[] = {0, AKSU_PSH, AKSU_FIN};
    unsigned failures = random_patterns(k, 80 * depth * depth);
    unsigned losses = 3 * depth < LOSSES ? 3 * depth : LOSSES;

    for (unsigned i = 0; i < 3; i++) {
        failures += sweep(k, begins[i], k->boards ? depth - 1 : depth, FATES);
        failures += sweep(k, begins[i], losses, DUPLICATE);
    }
    printf("%s %s, %s, %u runs: %u failures\n", failures == 0 ? "ok    " : "FAILED",
           open_names[k->open], close_names[k->close], k->boards, failures);
    return failures;
}

int main(int argc, char **argv)
{
    static const uint8_t boards[] = {0, 4, RUNS};
    unsigned passed = 0, failed = 0;
    unsigned depth = argc > 1 ? (unsigned)atoi(argv[1]) : 5;
    for (unsigned open = 0; open < OPENS; open++) {
        for (unsigned close = 0; close < CLOSES; close++) {
            for (unsigned i = 0; i < 3; i++) {
                struct kind k = {(enum open)open, (enum close)close, boards[i]};
                bool ok = all_patterns(&k, depth) == 0;
                passed += ok;
                failed += !ok;
            }
        }
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed != 0;
}
