// SPDX-License-Identifier: MIT
// Running a script: time, and what is expected when.
#include "drill.h"
#include "symbols.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { PRINT = 1024, LOOK_AHEAD_S = 3600, ECHO_OCTETS = 1480 };

static const int64_t never = INT64_MAX / 2;

void drill_fail(struct drill_run *run, const char *format, ...)
{
    va_list args;
    int n;

    if (run->failed) {
        return;
    }
    run->failed = true;
    n = snprintf(run->error, sizeof run->error, "%s:%u: ", run->script->name,
                 run->event ? run->event->line : 1);
    va_start(args, format);
    vsnprintf(run->error + n, sizeof run->error - (size_t)n, format, args);
    va_end(args);
}

uint32_t drill_clock(const struct drill_run *run)
{
    return run->settings.clock_ms + (uint32_t)(run->now_us / 1000);
}

struct drill_peer *drill_peer(struct drill_run *run, uint16_t remote, uint16_t local)
{
    for (unsigned i = 0; i < run->peers; i++) {
        if (run->peer[i].remote == remote && run->peer[i].local == local) {
            return &run->peer[i];
        }
    }
    if (run->peers == DRILL_PEERS) {
        drill_fail(run, "more than %d pairs of ports", DRILL_PEERS);
        return NULL;
    }
    struct drill_peer *peer = &run->peer[run->peers++];

    memset(peer, 0, sizeof *peer);
    peer->remote = remote;
    peer->local = local;
    return peer;
}

/// The stack ///

// The first connection's numbers begin where the script says: later ones follow the clock.
static void on_step(struct aksu_trace *trace, struct aksu *net, aksu_handle conn,
                    const struct aksu_event *event, const struct aksu_effects *effects,
                    const struct aksu_tcb *after)
{
    struct drill_run *run = trace->user;
    struct aksu_info info;

    (void)effects;
    if (run->settings.force_iss &&
        (event->kind == AKSU_EV_CONNECT || event->kind == AKSU_EV_LISTEN)) {
        struct aksu_tcb *t = (struct aksu_tcb *)(uintptr_t)after; // the row's own, not a constant
        t->snd_una = t->snd_nxt = t->snd_max = t->snd_up = t->recover = run->settings.iss;
        run->settings.force_iss = false;
    }
    if (aksu_info(net, conn, &info) == AKSU_OK) {
        struct drill_peer *peer = drill_peer(run, info.remote.port, info.local.port);
        if (peer) {
            peer->state = after->state;
        }
    }
    if (run->trace_to) {
        drill_print_step(run, event, after);
    }
    if (run->steps) {
        aksu_steps_add(run->steps, (uint64_t)run->now_us, "stack", net, conn, event);
    }
}

// The initial window is the profile's but for its size.
static uint32_t initial_segments;
static const struct aksu_congestion *chosen;
static struct aksu_congestion sized;

static void open_sized(const struct aksu_step *c)
{
    chosen->open(c);
    c->t->cwnd = initial_segments * c->t->snd_mss;
}

static void make_storage(struct aksu_storage *s, const struct drill_settings *d)
{
    AKSU_STORAGE(version_of_header, 1, 1, 1, 1);

    *s = version_of_header;
    s->rows = d->connections;
    s->listeners = d->listeners;
    s->time_waits = d->time_waits;
    s->buckets = AKSU_BUCKETS_(s->rows);
    s->rx_octets = d->rcvbuf;
    s->tx_octets = d->sndbuf;
    s->echo_octets = ECHO_OCTETS;
    s->cleared = 0; // they are made of zeros, and of one piece each
    s->row = calloc(s->rows, sizeof *s->row);
    s->heap = calloc(s->rows, sizeof(struct aksu_row *));
    s->bucket = calloc(s->buckets, sizeof(struct aksu_row *));
    s->listener = calloc(s->listeners, sizeof *s->listener);
    s->time_wait = calloc(s->time_waits, sizeof *s->time_wait);
    s->answer = calloc(AKSU_ANSWERS, sizeof *s->answer);
    s->neighbour = calloc(AKSU_NEIGHBOURS, sizeof *s->neighbour);
    s->rx = calloc(s->rows, s->rx_octets);
    s->tx = calloc(s->rows, s->tx_octets);
    s->echo = calloc(1, s->echo_octets);
}

static void make_boards(struct aksu_boards *b, const struct drill_settings *d)
{
    b->octets = (uint32_t)(sizeof *b->first + AKSU_SLOTS_(d->runs) * sizeof(union aksu_slot));
    b->first = calloc(d->connections, b->octets);
    b->connections = d->connections;
    b->runs = d->runs;
    b->find = aksu_boards_find;
}

static bool complete(const struct aksu_storage *s)
{
    return s->row && s->heap && s->bucket && s->listener && s->time_wait && s->answer &&
           s->neighbour && s->rx && s->tx && s->echo;
}

static void free_storage(struct aksu_storage *s)
{
    free(s->row);
    free(s->heap);
    free(s->bucket);
    free(s->listener);
    free(s->time_wait);
    free(s->answer);
    free(s->neighbour);
    free(s->rx);
    free(s->tx);
    free(s->echo);
}

// When it is first needed: until then calls can set what the stack is made of.
void drill_start(struct drill_run *run)
{
    struct drill_settings *d = &run->settings;
    struct aksu_config config = {.profile = &d->profile,
                                 .boards = &run->boards,
                                 .user = run,
                                 .addr = drill_local(),
                                 .mtu = (uint16_t)d->mtu};

    if (run->started) {
        return;
    }
    run->started = true;
    if (d->initial_window) {
        chosen = d->profile.congestion;
        sized = *chosen;
        sized.open = open_sized;
        initial_segments = d->initial_window;
        d->profile.congestion = &sized;
    }
    run->trace.hook = on_step;
    run->trace.user = run;
    make_storage(&run->store, d);
    make_boards(&run->boards, d);
    if (!complete(&run->store) || !run->boards.first ||
        aksu_init(&run->net, &run->store, &config) != AKSU_OK) {
        drill_fail(run, "a stack with these settings cannot be started");
        return;
    }
    aksu_trace(&run->net, &run->trace);
    aksu_seed(&run->net, "the same every time", 19);
    aksu_now(&run->net, drill_clock(run));
}

/// Time ///

// Writes a packet with the state that its connection is in after it, if it is one's.
static void record(struct drill_run *run, bool outgoing, const uint8_t *packet, size_t len)
{
    char comment[64] = "";
    unsigned ends[2];

    if (!run->pcap) {
        return;
    }
    for (unsigned i = 0; i < 2; i++) { // the ports: source, destination
        ends[i] = (unsigned)packet[20 + 2 * i] << 8 | packet[21 + 2 * i];
    }
    for (unsigned i = 0; i < run->peers; i++) {
        const struct drill_peer *p = &run->peer[i];
        if (p->remote == ends[outgoing] && p->local == ends[!outgoing]) {
            snprintf(comment, sizeof comment, "stack: %s", aksu_state_name(p->state));
        }
    }
    aksu_pcapng_packet(run->pcap, (uint64_t)run->now_us, outgoing, packet, len, comment);
}

// Lets the stack send what it has to send now.
static void pump(struct drill_run *run)
{
    size_t len;

    if (!run->started) {
        return;
    }
    while (!run->failed &&
           (len = aksu_output(&run->net, drill_clock(run), run->buffer, DRILL_MTU_MAX)) > 0) {
        record(run, true, run->buffer, len);
        if (run->frames == DRILL_FRAMES) {
            drill_fail(run, "the stack sent %d packets that the script does not expect",
                       DRILL_FRAMES);
            return;
        }
        drill_get_packet(run, run->buffer, len, &run->frame[run->frames]);
        run->frames += run->frame[run->frames].is_tcp;
    }
}

static void check_result(struct drill_run *run, const struct drill_pending *p, int64_t result)
{
    const struct drill_call *c = &p->event->u.call;
    int64_t off = run->now_us - p->end_us;
    const struct drill_event *current = run->event;

    run->event = p->event; // errors are this line's
    if (result < 0 ? c->result != -1 || (c->error && c->error != -result) : c->result != result) {
        drill_fail(run, "%s returned %lld%s%s\n    script: %.*s", c->name,
                   result < 0 ? -1LL : (long long)result, result < 0 ? " " : "",
                   result < 0 ? drill_error_name((int)-result) : "", (int)p->event->len,
                   p->event->text);
    } else if (off > (int64_t)run->settings.tolerance_us ||
               -off > (int64_t)run->settings.tolerance_us) {
        drill_fail(run, "%s returned at %.6f, expected at %.6f\n    script: %.*s", c->name,
                   (double)run->now_us / 1e6, (double)p->end_us / 1e6, (int)p->event->len,
                   p->event->text);
    }
    run->event = current;
}

// Goes on with the call that blocks, if there is one.
static void resume_call(struct drill_run *run)
{
    struct drill_pending *p = &run->pending;
    int64_t result;

    if (p->event && !run->failed && drill_call(run, p, &result)) {
        check_result(run, p, result);
        p->event = NULL;
    }
}

// Lets the stack and the call work until neither has anything to do now.
static void settle(struct drill_run *run)
{
    unsigned frames;
    bool waiting;

    do {
        frames = run->frames;
        waiting = run->pending.event != NULL;
        pump(run);
        resume_call(run);
    } while (!run->failed && (frames != run->frames || waiting != (run->pending.event != NULL)));
    pump(run);
}

// When a poll that waits is over.
static int64_t call_ends(const struct drill_run *run)
{
    const struct drill_pending *p = &run->pending;

    return p->event && strcmp(p->event->u.call.name, "poll") == 0 && p->end_us > run->now_us
               ? p->end_us
               : never;
}

// When the stack or a call next has something to do.
static int64_t next_us(const struct drill_run *run)
{
    uint32_t idle = run->started ? aksu_idle(&run->net, drill_clock(run)) : AKSU_NEVER;
    int64_t wake = idle == AKSU_NEVER ? never : (run->now_us / 1000 + idle) * 1000;
    int64_t end = call_ends(run);

    return wake < end ? wake : end;
}

static void set_time(struct drill_run *run, int64_t us)
{
    run->now_us = us > run->now_us ? us : run->now_us;
    if (run->started) {
        aksu_now(&run->net, drill_clock(run));
    }
    settle(run);
}

// Time passes, until a moment or until `enough` packets wait.
static void advance(struct drill_run *run, int64_t to_us, unsigned enough)
{
    unsigned still = 0;

    settle(run);
    while (!run->failed && run->frames < enough && run->now_us < to_us) {
        int64_t next = next_us(run);
        still = next <= run->now_us ? still + 1 : 0;
        if (still > 1000) {
            drill_fail(run, "the stack asks to be woken now, again and again, and does nothing");
            return;
        }
        set_time(run, next < to_us ? next : to_us);
    }
}

/// Expectations ///

// What the script would say to a TSval of ours, going by the last one that it named.
static uint32_t script_stamp(struct drill_run *run, const struct drill_frame *frame, uint32_t live)
{
    const struct drill_peer *peer = drill_peer(run, frame->remote, frame->local);
    uint32_t tick_us = run->settings.ts_tick_us ? run->settings.ts_tick_us : 1000;

    if (!peer || peer->stamps == 0) {
        return live;
    }
    unsigned at = (peer->stamps - 1) % DRILL_STAMPS;
    int64_t ms = (int32_t)(live - peer->stamp[at].live);
    return peer->stamp[at].script + (uint32_t)(ms * 1000 / tick_us);
}

static void print_frame(struct drill_run *run, const struct drill_frame *frame, char to[PRINT])
{
    struct drill_packet packet = frame->packet;
    int n = snprintf(to, PRINT, "%.6f ", (double)frame->at_us / 1e6);

    for (unsigned i = 0; i < packet.options; i++) {
        if (packet.option[i].kind == DRILL_TS) {
            packet.option[i].value = script_stamp(run, frame, packet.option[i].value);
        }
    }
    drill_packet_print(&packet, to + n, PRINT - (size_t)n);
}

static void drop_frame(struct drill_run *run)
{
    run->frames--;
    memmove(&run->frame[0], &run->frame[1], run->frames * sizeof run->frame[0]);
}

// A packet that nothing expected, once time has gone on beyond it.
static void check_unexpected(struct drill_run *run, int64_t now_us, const char *where)
{
    char got[PRINT];

    if (run->failed || run->frames == 0 ||
        run->frame[0].at_us + (int64_t)run->settings.tolerance_us >= now_us) {
        return;
    }
    print_frame(run, &run->frame[0], got);
    drill_fail(run,
               "the stack sent a packet that the script does not expect %s this line\n"
               "      came: %s",
               where, got);
}

static const struct drill_option *find_option(const struct drill_packet *p, unsigned kind)
{
    for (unsigned i = 0; i < p->options; i++) {
        if (p->option[i].kind == kind) {
            return &p->option[i];
        }
    }
    return NULL;
}

// Whether our TSval is as the script has it. What it has is learned, for the peer to echo.
static bool same_stamp(struct drill_run *run, struct drill_peer *peer, uint32_t script,
                       uint32_t live)
{
    uint32_t tick_us = run->settings.ts_tick_us;
    bool good = true;

    if (tick_us > 0 && peer->stamps > 0) {
        unsigned at = (peer->stamps - 1) % DRILL_STAMPS;
        int64_t off = (int64_t)(int32_t)(script - peer->stamp[at].script) * tick_us -
                      (int64_t)(int32_t)(live - peer->stamp[at].live) * 1000;
        int64_t most = (int64_t)run->settings.tolerance_us;
        good = off >= -most && off <= most;
    }
    drill_learn_stamp(peer, script, live);
    return good;
}

static bool same_option(struct drill_run *run, struct drill_peer *peer,
                        const struct drill_option *want, const struct drill_option *got)
{
    if (!want || !got) {
        return !want && !got;
    }
    if (want->kind == DRILL_TS) {
        return want->ecr == got->ecr && same_stamp(run, peer, want->value, got->value);
    }
    return want->value == got->value && want->blocks == got->blocks &&
           memcmp(want->block, got->block, want->blocks * sizeof want->block[0]) == 0;
}

static bool same_options(struct drill_run *run, struct drill_peer *peer,
                         const struct drill_packet *want, const struct drill_packet *got)
{
    bool same = true;

    if (want->any_options) {
        return true;
    }
    for (unsigned kind = DRILL_MSS; kind < 256; kind++) {
        same = same_option(run, peer, find_option(want, kind), find_option(got, kind)) && same;
    }
    return same;
}

// What of a packet is not as it should be; NULL: nothing.
static const char *difference(struct drill_run *run, const struct drill_packet *want,
                              const struct drill_frame *frame)
{
    const struct drill_packet *got = &frame->packet;
    uint16_t local = want->from_port ? want->from_port : run->local_port;
    uint16_t remote = want->to_port ? want->to_port : run->remote_port;
    struct drill_peer *peer = drill_peer(run, frame->remote, frame->local);

    if (!peer || frame->remote != remote || frame->local != local) {
        return "ports";
    }
    if (want->flags != got->flags) {
        return "flags";
    }
    if ((want->tos ^ got->tos) & want->tos_mask) {
        return want->tos_mask == UINT8_MAX ? "TOS" : "ECN field";
    }
    if (want->seq != got->seq || want->len != got->len) {
        return want->seq != got->seq ? "sequence number" : "length";
    }
    if (want->has_ack && want->ack != got->ack) {
        return "acknowledgment number";
    }
    if ((want->has_wnd && want->wnd != got->wnd) || (want->has_urg && want->urg != got->urg)) {
        return want->has_wnd && want->wnd != got->wnd ? "window" : "urgent pointer";
    }
    if (!same_options(run, peer, want, got)) {
        return "options";
    }
    return frame->text_good ? NULL : "octets of the text (they are not those of their numbers)";
}

static void compare(struct drill_run *run, const struct drill_event *e, int64_t from_us)
{
    char got[PRINT];

    print_frame(run, &run->frame[0], got); // before the script's TSval is learned
    const char *what = difference(run, &e->u.packet, &run->frame[0]);
    if (run->frame[0].at_us < from_us) {
        what = "time: it came too early";
    }
    if (what) {
        drill_fail(run, "the packet is not as expected: %s\n    script: %.6f %.*s\n      came: %s",
                   what, (double)from_us / 1e6, (int)e->len, e->text, got);
    }
    drop_frame(run);
}

// Nothing came in time: says what would have come later.
static void missed(struct drill_run *run, const struct drill_event *e, int64_t until_us)
{
    char got[PRINT] = "nothing, in an hour more";

    advance(run, until_us + LOOK_AHEAD_S * 1000000LL, 1);
    if (run->frames > 0) {
        print_frame(run, &run->frame[0], got);
    }
    drill_fail(run, "the packet did not come in time\n    script: %.6f %.*s\n      came: %s",
               (double)until_us / 1e6, (int)e->len, e->text, got);
}

// A packet that is due: between two moments, less and plus the tolerance.
static void expect(struct drill_run *run, const struct drill_event *e, int64_t at_us,
                   int64_t until_us)
{
    int64_t tolerance = (int64_t)run->settings.tolerance_us;
    int64_t from = at_us - tolerance;
    int64_t until = until_us >= never ? never : until_us + tolerance;

    advance(run, until, 1);
    if (run->failed) {
        return;
    }
    if (run->frames == 0) {
        missed(run, e, until_us >= never ? run->now_us : until_us);
        return;
    }
    run->last_us = e->when.until >= 0 || until >= never ? run->frame[0].at_us : at_us;
    compare(run, e, from);
}

/// Events ///

static void inject(struct drill_run *run, size_t len)
{
    if (len == 0 || run->failed) {
        return;
    }
    drill_start(run);
    aksu_input(&run->net, drill_clock(run), run->buffer, len);
    record(run, false, run->buffer, len);
    settle(run);
}

static void call(struct drill_run *run, const struct drill_event *e, int64_t end_us)
{
    int64_t result;

    if (run->pending.event) {
        drill_fail(run, "%s has not returned yet, and there is one thread",
                   run->pending.event->u.call.name);
        return;
    }
    memset(&run->pending, 0, sizeof run->pending);
    run->pending = (struct drill_pending){.event = e, .end_us = end_us, .began_us = run->now_us};
    if (drill_call(run, &run->pending, &result)) {
        check_result(run, &run->pending, result);
        run->pending.event = NULL;
    } else if (e->when.end < 0) {
        drill_fail(run, "%s blocks; a call that blocks has a time a...b\n    script: %.*s",
                   e->u.call.name, (int)e->len, e->text);
    }
    settle(run);
}

static bool holds(const struct drill_assert *a, int64_t n)
{
    bool equal = n == a->number;
    bool less = n < a->number;

    if (a->op[0] == '<') {
        return less || (a->op[1] == '=' && equal);
    }
    if (a->op[0] == '>') {
        return !less && (a->op[1] == '=' || !equal);
    }
    return equal == (a->op[0] == '=');
}

static void check_assert(struct drill_run *run, const struct drill_event *e)
{
    const struct drill_assert *a = &e->u.assert;
    int64_t n = 0;

    if (drill_info(run, a->name, &n) && !holds(a, n)) {
        drill_fail(run, "%s is %lld\n    script: %.*s", a->name, (long long)n, (int)e->len,
                   e->text);
    }
}

static void act(struct drill_run *run, const struct drill_event *e, int64_t base_us)
{
    switch (e->kind) {
    case DRILL_SEND:
        inject(run, drill_put_packet(run, &e->u.packet, run->buffer));
        break;
    case DRILL_ICMP:
        inject(run, drill_put_icmp(run, &e->u.icmp, run->buffer));
        break;
    case DRILL_CALL:
        call(run, e, e->when.end >= 0 ? base_us + e->when.end : run->now_us);
        break;
    case DRILL_SLEEP:
        advance(run, run->now_us + e->u.sleep_us, UINT32_MAX);
        check_unexpected(run, run->now_us, "before the end of");
        run->last_us = run->now_us;
        break;
    default:
        check_assert(run, e);
        break;
    }
}

static void check_overdue(struct drill_run *run)
{
    const struct drill_pending *p = &run->pending;

    if (p->event && run->now_us > p->end_us + (int64_t)run->settings.tolerance_us) {
        run->event = p->event;
        drill_fail(run, "%s did not return at %.6f\n    script: %.*s", p->event->u.call.name,
                   (double)p->end_us / 1e6, (int)p->event->len, p->event->text);
    }
}

static void run_event(struct drill_run *run, const struct drill_event *e)
{
    bool open = e->when.kind == DRILL_ANY_TIME;
    int64_t base = e->when.kind == DRILL_RELATIVE ? run->last_us : 0;
    int64_t at = open ? run->now_us : base + e->when.at;

    run->event = e;
    if (at < run->last_us) {
        drill_fail(run, "the time %.6f is before that of the line before it, %.6f",
                   (double)at / 1e6, (double)run->last_us / 1e6);
        return;
    }
    run->last_us = at;
    if (e->kind == DRILL_EXPECT) {
        int64_t until = open ? never : e->when.until >= 0 ? base + e->when.until : at;
        expect(run, e, at, until);
    } else {
        advance(run, at, UINT32_MAX);
        check_unexpected(run, at, "before");
        if (!run->failed) {
            act(run, e, base);
        }
    }
    check_overdue(run);
}

// What is left when the script ends: a call that waits, packets that nothing expected.
static void finish(struct drill_run *run)
{
    if (run->pending.event) {
        advance(run, run->pending.end_us + (int64_t)run->settings.tolerance_us, UINT32_MAX);
    }
    if (run->pending.event && !run->failed) {
        run->event = run->pending.event;
        drill_fail(run, "%s has not returned when the script ends", run->event->u.call.name);
    }
    settle(run);
    check_unexpected(run, INT64_MAX, "after");
}

static void print_line(struct drill_run *run, const struct drill_event *e)
{
    fprintf(run->trace_to, "%s:%u: %.6f %.*s\n", run->script->name, e->line,
            (double)run->now_us / 1e6, (int)e->len, e->text);
    drill_print_states(run);
}

bool drill_run(struct drill_run *run, const struct drill_script *script)
{
    run->script = script;
    run->remote_port = DRILL_REMOTE_PORT;
    run->local_port = DRILL_LOCAL_PORT;
    run->next_port = DRILL_FIRST_PORT;
    run->buffer = malloc(DRILL_MTU_MAX + 64);
    run->frame = malloc(DRILL_FRAMES * sizeof *run->frame);
    if (!run->buffer || !run->frame) {
        drill_fail(run, "no memory");
    }
    for (size_t i = 0; i < script->events && !run->failed; i++) {
        run_event(run, &script->event[i]);
        if (run->trace_to) {
            print_line(run, &script->event[i]);
        }
    }
    if (!run->failed) {
        finish(run);
    }
    return !run->failed;
}

void drill_end(struct drill_run *run)
{
    free_storage(&run->store);
    free(run->boards.first);
    free(run->buffer);
    free(run->frame);
}
