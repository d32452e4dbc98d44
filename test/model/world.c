// SPDX-License-Identifier: MIT
// What can happen in the world, and how it changes by it. All that a connection does comes from
// aksu_tcp_step() and aksu_tcp_plan().
#include "world.h"
#include "tcp/board.h"
#include <string.h>

enum { MUST_COME = 1 << DO_READ | 1 << DO_CLOSE | 1 << DO_OPEN | 1 << DO_LISTEN };
enum { MSS = 88, DRAIN_MAX = 20 };

static const char *failure;

void fail(const char *why)
{
    if (!failure)
        failure = why;
}

struct aksu_board *board_of(const struct end *e)
{
    return config->profile->recovery ? (struct aksu_board *)(uintptr_t)&e->board : NULL;
}

bool planned(const struct end *e, struct aksu_plan *plan)
{
    memset(plan, 0, sizeof *plan);
    return aksu_tcp_plan(config->profile, &e->tcb, board_of(e), (uint32_t)NOW, plan) ==
           AKSU_NEXT_SEGMENT;
}

static unsigned on_the_way(const struct world *w, unsigned to)
{
    unsigned n = 0;
    while (n < SLOTS && w->flight[to][n].used)
        n++;
    return n;
}

// A full channel takes no more: the caller asks before, or the segment is lost.
static void transmit(struct world *w, unsigned self, const struct aksu_segment *s, uint8_t place)
{
    unsigned n = on_the_way(w, 1 - self);
    if (n >= config->capacity)
        return;
    struct flight *f = &w->flight[1 - self][n];
    memset(f, 0, sizeof *f);
    f->used = 1;
    f->life = w->end[self].life;
    f->place = s->len > 0 ? place : 0;
    f->segment = *s;
    for (unsigned i = s->sacks; i < AKSU_RANGES; i++)
        memset(&f->segment.sack[i], 0, sizeof f->segment.sack[i]);
    if (!(s->flags & AKSU_ACK))
        f->segment.ack = 0;
}

/// Effects ///

// The octets that are copied must be those of their place in the peer's stream, and those that
// become readable must all have been copied.
static void take_text(struct world *w, unsigned self, const struct aksu_effects *fx,
                      const struct flight *in)
{
    struct end *e = &w->end[self];
    if (fx->copy_len > 0 &&
        (in->life != e->peer_life || in->place + fx->copy_from != e->received + fx->copy_to ||
         fx->copy_from + fx->copy_len > in->segment.len))
        fail("octets are delivered to where they do not belong");
    if (fx->copy_to > 8 || fx->copy_to + fx->copy_len > 8) {
        fail("octets are delivered beyond the ring");
        return;
    }
    e->ahead |= (uint8_t)(((1u << fx->copy_len) - 1) << fx->copy_to);
    uint32_t all = (1u << fx->ready) - 1;
    if (fx->ready > 8 || (e->ahead & all) != all)
        fail("octets are readable that never came");
    e->ahead = (uint8_t)(e->ahead >> fx->ready);
    e->received = (uint8_t)(e->received + fx->ready);
    e->unread = (uint8_t)(e->unread + fx->ready);
}

static void once(struct end *e, unsigned what, const char *twice)
{
    if (e->did & what)
        fail(twice);
    e->did |= (uint8_t)what;
}

static void take_effects(struct world *w, unsigned self, const struct aksu_effects *fx,
                         const struct flight *in)
{
    struct end *e = &w->end[self];
    if (fx->mask & AKSU_FX_OPENED)
        once(e, SAW_OPENED, "OPENED twice");
    if (fx->mask & AKSU_FX_ACKED)
        e->acked = (uint8_t)(e->acked + fx->acked);
    if (fx->mask & AKSU_FX_DELIVER)
        take_text(w, self, fx, in);
    if (fx->mask & AKSU_FX_EOF)
        once(e, SAW_EOF, "EOF twice");
    if (fx->mask & AKSU_FX_CLOSED) {
        once(e, SAW_CLOSED, "CLOSED twice");
        e->reason = (uint8_t)-fx->reason;
    }
    if (fx->mask & AKSU_FX_RESET) {
        struct aksu_segment answer;
        if (aksu_tcp_reply(&in->segment, &answer)) {
            narrate_segment('>', self, &answer);
            transmit(w, self, &answer, 0);
        }
    }
}

/// What is possible ///

static bool may_end(const struct world *w, unsigned self, enum happening how)
{
    const struct end *e = &w->end[self], *p = &w->end[1 - self];
    static const uint8_t earliest[] = {AKSU_ESTABLISHED, AKSU_SYN_SENT, AKSU_LISTEN};
    uint8_t state = e->tcb.state;
    if (!(config->ends[self] & 1u << how) || state < earliest[config->early])
        return false;
    if (how == DO_SHUTDOWN)
        return !(e->did & DID_SHUTDOWN);
    if (how == DO_ABORT)
        return true;
    // A CLOSE loses what the peer still sends: gracefully it comes when there is nothing of it.
    bool nothing = p->writes == 0 && p->written == e->received && e->unread == 0;
    return !(e->did & DID_CLOSE) && state != AKSU_TIME_WAIT &&
           (!config->graceful || nothing || (e->did & SAW_EOF && e->unread == 0));
}

static uint64_t possible_calls(const struct world *w, unsigned self)
{
    const struct end *e = &w->end[self];
    uint8_t state = e->tcb.state;
    bool closed = state == AKSU_CLOSED && e->tcb.owed == 0;
    bool writes = e->writes > 0 && state >= AKSU_SYN_SENT && !(e->did & DID_SHUTDOWN) &&
                  (config->early || state >= AKSU_ESTABLISHED);
    bool awaited = w->end[1 - self].listens == 0 || config->refused;
    uint64_t mask = 0;
    mask |= (uint64_t)(closed && e->opens > 0 && awaited) << DO_OPEN;
    mask |= (uint64_t)(closed && e->listens > 0) << DO_LISTEN;
    mask |= (uint64_t)writes << DO_WRITE;
    mask |= (uint64_t)(e->unread > 0 && !closed && !(e->did & DID_CLOSE)) << DO_READ;
    mask |= (uint64_t)may_end(w, self, DO_SHUTDOWN) << DO_SHUTDOWN;
    mask |= (uint64_t)may_end(w, self, DO_CLOSE) << DO_CLOSE;
    mask |= (uint64_t)may_end(w, self, DO_ABORT) << DO_ABORT;
    mask |= (uint64_t)(e->crashes > 0 && state >= AKSU_ESTABLISHED) << DO_CRASH;
    return mask;
}

// Whether nothing will happen but timeouts: no segment is on its way or waits for its link, and the
// users have done what they will. (Further writes after nothing more is written are not waited
// for.)
static bool quiet(const struct world *w)
{
    struct aksu_plan plan;
    for (unsigned i = 0; i < 2; i++) {
        const struct end *e = &w->end[i];
        uint64_t calls = possible_calls(w, i);
        bool settled = (e->did & DID_SHUTDOWN) || e->tcb.state <= AKSU_LISTEN ||
                       e->tcb.state == AKSU_TIME_WAIT || calls == 0;
        if (!settled || (calls & MUST_COME) || on_the_way(w, i) > 0 || planned(e, &plan))
            return false;
    }
    return true;
}

static bool retransmits(const struct end *e)
{
    return (e->tcb.timers & AKSU_TIMER_RTX) && e->tcb.state != AKSU_SYN_SENT;
}

// Time passes in order: 2 MSL and the user timeout are longer than retransmission takes. Of a SYN
// it takes as long as they do: it is sent again until the peer has left an earlier connection.
static uint64_t possible_timeouts(const struct world *w, unsigned self, bool is_quiet)
{
    uint8_t timers = w->end[self].tcb.timers;
    bool rtx = retransmits(&w->end[0]) || retransmits(&w->end[1]);
    bool misc = (w->end[0].tcb.timers | w->end[1].tcb.timers) & AKSU_TIMER_MISC;
    bool opening = w->end[self].tcb.state == AKSU_SYN_SENT;
    bool last = (is_quiet && !rtx && !opening) || (w->faults > 0 && w->giveups > 0);
    bool next = is_quiet && !(opening && (misc || rtx));
    bool early = w->faults > 0 && w->timeouts > 0;
    uint64_t mask = 0;
    mask |= (uint64_t)((timers & AKSU_TIMER_RTX) && (next || early)) << DO_RTX;
    mask |= (uint64_t)((timers & AKSU_TIMER_ACK) != 0) << DO_DELAYED_ACK;
    mask |= (uint64_t)((timers & AKSU_TIMER_MISC) && last) << DO_MISC;
    mask |= (uint64_t)((timers & AKSU_TIMER_USER) && last) << DO_USER;
    return mask;
}

static uint64_t possible_sends(const struct world *w, unsigned self)
{
    struct aksu_plan plan;
    return (uint64_t)(on_the_way(w, 1 - self) < config->capacity && planned(&w->end[self], &plan))
           << DO_SEND;
}

/// Steps ///

// A new connection of this end.
static void open(struct world *w, unsigned self, enum aksu_event_kind kind)
{
    struct end *e = &w->end[self];
    if (e->did & DID_OPEN)
        e->life++;
    memset(&e->board, 0, sizeof e->board);
    e->board.size = board_of(e) ? RUNS : 0;
    e->did = DID_OPEN;
    e->peer_life = e->reason = e->written = e->acked = e->received = e->unread = e->ahead = 0;
    e->edge = 0;
    struct aksu_open how = {.iss = iss_of(self, e->life),
                            .salt = 77000 + self,
                            .rcv_buf = config->ring[self],
                            .mss = MSS};
    struct aksu_event ev = {.kind = (uint8_t)kind, .now_ms = (uint32_t)NOW, .open = &how};
    step(w, self, &ev, NULL);
    for (unsigned option = 0; option < 8; option++) {
        struct aksu_event set = {.kind = AKSU_EV_SET, .option = (uint8_t)option, .value = 1};
        if (config->options & 1u << option)
            step(w, self, &set, NULL);
    }
}

// A connection in LISTEN that had taken a SYN is another one from here on: a stack has freed the
// row.
static void listen_again(struct world *w, unsigned self, const struct aksu_tcb *before)
{
    if (w->end[self].tcb.state == AKSU_LISTEN && before->state == AKSU_SYN_RECEIVED) {
        memset(&w->end[self].tcb, 0, sizeof w->end[self].tcb);
        open(w, self, AKSU_EV_LISTEN);
    }
}

void step(struct world *w, unsigned self, const struct aksu_event *ev, const struct flight *in)
{
    struct end *e = &w->end[self];
    struct end whole = *e;
    struct aksu_tcb before = e->tcb;
    struct aksu_effects fx;
    aksu_tcp_step(config->profile, &e->tcb, board_of(e), ev, &fx);
    if (in && before.state <= AKSU_SYN_SENT && e->tcb.state >= AKSU_SYN_RECEIVED)
        e->peer_life = in->life;
    if ((fx.mask & AKSU_FX_CLOSED) && before.state == AKSU_SYN_RECEIVED && in &&
        (before.flags & AKSU_F_PASSIVE) && (in->segment.flags & (AKSU_RST | AKSU_SYN)))
        fail("the user is told of a half-open connection (MUST-11)");
    take_effects(w, self, &fx, in);
    project(&whole, ev, &fx, e);
    check_step(w, self, &before);
    listen_again(w, self, &before);
}

static void user(struct world *w, unsigned self, enum aksu_event_kind kind, uint32_t value)
{
    struct aksu_event ev = {.kind = (uint8_t)kind, .now_ms = (uint32_t)NOW, .value = value};
    step(w, self, &ev, NULL);
}

static void send_planned(struct world *w, unsigned self)
{
    struct end *e = &w->end[self];
    struct aksu_plan plan;
    if (!planned(e, &plan))
        return;
    struct aksu_segment s = plan.segment;
    uint32_t place = s.len > 0 ? e->acked + aksu_tcp_offset(&e->tcb, &s) : 0;
    if (s.len > 0 && place + s.len > e->written)
        fail("octets are sent that were never queued");
    check_sent(w, self, &s);
    narrate_segment('>', self, &s);
    struct aksu_event ev = {.kind = AKSU_EV_SENT, .now_ms = (uint32_t)NOW, .segment = &s};
    step(w, self, &ev, NULL);
    transmit(w, self, &s, (uint8_t)place);
    if (!(s.flags & AKSU_RST) && (s.flags & AKSU_ACK))
        e->edge = e->tcb.rcv_adv;
}

static void expire(struct world *w, unsigned self, unsigned timer)
{
    struct end *e = &w->end[self];
    struct aksu_tcb *t = &e->tcb;
    struct aksu_plan plan;
    t->deadline[timer] = (uint32_t)NOW;
    for (unsigned i = 0; timer == AKSU_AT_RTX && i < e->board.runs; i++)
        aksu_runs(&e->board)[i].at = (uint16_t)(NOW - OLD_MS); // time has passed
    if (timer == AKSU_AT_ACK) {
        send_planned(w, self);
        return;
    }
    if (aksu_tcp_plan(config->profile, t, board_of(e), (uint32_t)NOW, NULL) != AKSU_NEXT_TICK)
        fail("a timer is over and plan does not ask for a TICK");
    user(w, self, AKSU_EV_TICK, 0);
    if (aksu_tcp_plan(config->profile, t, board_of(e), (uint32_t)NOW, &plan) == AKSU_NEXT_TICK)
        fail("TICK after TICK");
}

// A planned segment waits for nothing but room in the channel.
static void drain(struct world *w, unsigned self)
{
    struct aksu_plan plan;
    unsigned n = 0;
    while (planned(&w->end[self], &plan) && on_the_way(w, 1 - self) < config->capacity) {
        send_planned(w, self);
        if (++n > DRAIN_MAX) {
            fail("plan does not come to rest");
            return;
        }
    }
}

static void call(struct world *w, unsigned self, enum happening what)
{
    struct end *e = &w->end[self];
    switch (what) {
    case DO_OPEN:
    case DO_LISTEN:
        e->opens = (uint8_t)(e->opens - (what == DO_OPEN));
        e->listens = (uint8_t)(e->listens - (what == DO_LISTEN));
        open(w, self, what == DO_OPEN ? AKSU_EV_CONNECT : AKSU_EV_LISTEN);
        break;
    case DO_WRITE:
        e->writes--;
        e->written = (uint8_t)(e->written + config->chunk);
        user(w, self, AKSU_EV_WROTE, config->chunk);
        break;
    case DO_READ:
        user(w, self, AKSU_EV_READ, e->unread);
        e->unread = 0;
        break;
    case DO_SHUTDOWN:
        e->did |= DID_SHUTDOWN;
        user(w, self, AKSU_EV_SHUTDOWN, 0);
        break;
    case DO_CLOSE:
        e->did |= DID_SHUTDOWN | DID_CLOSE;
        user(w, self, AKSU_EV_CLOSE, 0);
        break;
    case DO_ABORT:
        e->did |= DID_SHUTDOWN | DID_CLOSE;
        user(w, self, AKSU_EV_ABORT, 0);
        break;
    default: // DO_CRASH
        e->crashes--;
        e->did |= SAW_CLOSED;
        memset(&e->tcb, 0, sizeof e->tcb);
        break;
    }
}

// A timeout that is not due to the silence of everything else has its budget.
static void pay(struct world *w, unsigned self, enum happening what)
{
    struct world free = *w;
    free.faults = 0;
    if (possible_timeouts(&free, self, quiet(w)) >> what & 1) {
        for (unsigned i = 0; i < 2; i++)
            w->end[i].tcb.challenges = 0; // time passes (RFC 5961 7)
        return;
    }
    w->faults--;
    w->timeouts = (uint8_t)(w->timeouts - (what == DO_RTX));
    w->giveups = (uint8_t)(w->giveups - (what != DO_RTX));
}

static void happen_to_end(struct world *w, unsigned self, enum happening what)
{
    if (what <= DO_CRASH) {
        call(w, self, what);
    } else if (what == DO_SEND) {
        send_planned(w, self);
    } else {
        pay(w, self, what);
        expire(w, self, what - DO_DELAYED_ACK);
    }
}

// The others move up.
static void take_off(struct world *w, unsigned to, unsigned slot)
{
    for (unsigned i = slot; i + 1 < SLOTS; i++)
        w->flight[to][i] = w->flight[to][i + 1];
    memset(&w->flight[to][SLOTS - 1], 0, sizeof w->flight[to][0]);
}

static void happen_to_flight(struct world *w, unsigned to, unsigned slot, unsigned what)
{
    struct flight f = w->flight[to][slot];
    w->losses = (uint8_t)(w->losses - (what == DO_LOSE));
    w->duplicates = (uint8_t)(w->duplicates - (what == DO_KEEP));
    w->faults = (uint8_t)(w->faults - (what != DO_DELIVER));
    if (what != DO_KEEP)
        take_off(w, to, slot);
    if (what == DO_LOSE)
        return;
    struct aksu_event ev = {
        .kind = AKSU_EV_SEGMENT, .now_ms = (uint32_t)NOW, .segment = &f.segment};
    step(w, to, &ev, &f);
    if (w->end[to].unread > 0 && !config->held)
        call(w, to, DO_READ);
}

void happen(struct world *w, unsigned happening)
{
    if (happening < FLIGHTS_FROM) {
        happen_to_end(w, happening / END_HAPPENINGS, happening % END_HAPPENINGS);
    } else {
        unsigned at = (happening - FLIGHTS_FROM) / FLIGHT_HAPPENINGS;
        happen_to_flight(w, at / SLOTS, at % SLOTS, (happening - FLIGHTS_FROM) % FLIGHT_HAPPENINGS);
    }
    for (unsigned i = 0; i < 2 && !config->lazy; i++)
        drain(w, i);
}

uint64_t possible(const struct world *w)
{
    bool is_quiet = quiet(w);
    uint64_t mask = 0;
    for (unsigned i = 0; i < 2; i++) {
        uint64_t own = possible_calls(w, i) | possible_timeouts(w, i, is_quiet);
        mask |= (own | possible_sends(w, i)) << i * END_HAPPENINGS;
        for (unsigned slot = 0; slot < on_the_way(w, i); slot++) {
            uint64_t fates = 1u << DO_DELIVER |
                             (uint64_t)(w->faults > 0 && w->losses > 0) << DO_LOSE |
                             (uint64_t)(w->faults > 0 && w->duplicates > 0) << DO_KEEP;
            mask |= fates << (FLIGHTS_FROM + (i * SLOTS + slot) * FLIGHT_HAPPENINGS);
        }
    }
    return mask;
}

bool over(const struct world *w)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct end *e = &w->end[i];
        if (e->tcb.state > AKSU_LISTEN || e->tcb.owed != 0 ||
            (possible_calls(w, i) & (1u << DO_OPEN | 1u << DO_LISTEN)) || on_the_way(w, i) > 0)
            return false;
    }
    return true;
}

/// Beginning ///

// A segment of an earlier connection of end 0: its numbers are not those of this one.
static void put_old(struct world *w)
{
    struct aksu_segment s = {.seq = iss_of(0, OLD_LIFE), .wnd = 4, .flags = config->old};
    if (s.flags & AKSU_ACK)
        s.ack = iss_of(1, OLD_LIFE);
    if (s.flags & AKSU_PSH)
        s.len = 2;
    transmit(w, 0, &s, 0);
    w->flight[1][0].life = OLD_LIFE;
}

void begin(struct world *w)
{
    memset(w, 0, sizeof *w);
    for (unsigned i = 0; i < 2; i++) {
        w->end[i].opens = config->opens[i];
        w->end[i].listens = config->listens[i];
        w->end[i].writes = config->writes[i];
        w->end[i].crashes = config->crashes[i];
    }
    w->losses = config->losses;
    w->duplicates = config->duplicates;
    w->timeouts = config->timeouts;
    w->giveups = config->giveups;
    w->faults = config->faults;
    if (config->old)
        put_old(w);
}

/// For the Promela model ///

struct image image;
struct world world;
const struct config *config;
static struct image known; // whose possibilities these are
static uint64_t known_mask;
static bool known_over;

static void check_and_pack(void)
{
    normalise(&world);
    if (!failure)
        check_world(&world);
    const char *lost = pack(&world, &image);
    if (lost)
        fail(lost);
}

void universe_begin(void)
{
    begin(&world);
    check_and_pack();
}

static void look(void)
{
    if (memcmp(&known, &image, sizeof image) == 0 && known_mask != 0)
        return;
    known = image;
    unpack(&image, &world);
    known_over = over(&world);
    known_mask = known_over ? 0 : possible(&world);
}

bool universe_may(unsigned happening)
{
    look();
    return (known_mask >> happening & 1) != 0;
}

bool universe_over(void)
{
    look();
    return known_over;
}

const char *universe_take(unsigned happening, bool loud)
{
    failure = NULL;
    narrating = loud;
    unpack(&image, &world);
    narrate(&world, happening);
    happen(&world, happening);
    check_and_pack();
    narrate(&world, HAPPENINGS);
    return failure;
}

const char *universe_end(void)
{
    failure = NULL;
    unpack(&image, &world);
    check_end(&world);
    return failure;
}
