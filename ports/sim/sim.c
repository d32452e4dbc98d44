// SPDX-License-Identifier: MIT
// Virtual time: a heap of events, and hosts that are polled when something has come for them.
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_ROWS = 4,
    DEFAULT_LISTENERS = 2,
    DEFAULT_RING = 16384,
    DEFAULT_RUNS = 32,
    DEFAULT_MTU = 1500,
    ECHO_OCTETS = 1480,
    MOST_OUTPUTS = 100000
};

#define NOT_SCHEDULED UINT64_MAX

void *sim_alloc(size_t size)
{
    void *made = calloc(1, size ? size : 1);

    if (!made) {
        fputs("aksu_sim: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return made;
}

/// Chance ///

// Splitmix64: every seed is as good as any other.
static uint64_t next_random(struct aksu_sim *sim)
{
    uint64_t z = sim->random += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t aksu_sim_random(struct aksu_sim *sim, uint32_t below)
{
    return (uint32_t)(((next_random(sim) >> 32) * below) >> 32);
}

bool sim_chance(struct aksu_sim *sim, double probability)
{
    if (probability <= 0) {
        return false;
    }
    return (double)(next_random(sim) >> 32) < probability * 4294967296.0;
}

/// Events ///

static bool sooner(const struct event *a, const struct event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void sim_schedule(struct aksu_sim *sim, const struct event *event)
{
    size_t at = sim->events++;

    if (sim->events > sim->room) {
        sim->room = sim->room ? sim->room * 2 : 64;
        sim->event = realloc(sim->event, sim->room * sizeof *sim->event);
        if (!sim->event) {
            fputs("aksu_sim: out of memory\n", stderr);
            exit(EXIT_FAILURE);
        }
    }
    sim->event[at] = *event;
    sim->event[at].order = sim->order++;
    while (at > 0 && sooner(&sim->event[at], &sim->event[(at - 1) / 2])) {
        struct event up = sim->event[(at - 1) / 2];

        sim->event[(at - 1) / 2] = sim->event[at];
        sim->event[at] = up;
        at = (at - 1) / 2;
    }
}

static struct event take_event(struct aksu_sim *sim)
{
    struct event first = sim->event[0];
    struct event last = sim->event[--sim->events];
    size_t at = 0, child;

    while ((child = 2 * at + 1) < sim->events) {
        if (child + 1 < sim->events && sooner(&sim->event[child + 1], &sim->event[child])) {
            child++;
        }
        if (!sooner(&sim->event[child], &last)) {
            break;
        }
        sim->event[at] = sim->event[child];
        at = child;
    }
    sim->event[at] = last;
    return first;
}

void aksu_sim_at(struct aksu_sim *sim, uint64_t at_us, void (*act)(void *user), void *user)
{
    struct event event;

    memset(&event, 0, sizeof event);
    event.kind = EVENT_CALL;
    event.at_us = at_us > sim->now_us ? at_us : sim->now_us;
    event.act = act;
    event.user = user;
    sim_schedule(sim, &event);
}

/// Watching ///

void aksu_sim_watch(struct aksu_sim *sim, void (*fn)(void *, const struct aksu_sim_notice *),
                    void *user)
{
    if (sim->watchers < SIM_WATCHERS) {
        sim->watcher[sim->watchers].fn = fn;
        sim->watcher[sim->watchers++].user = user;
    }
}

void sim_tell(struct aksu_sim *sim, struct aksu_sim_notice *notice)
{
    size_t i;

    notice->time_us = sim->now_us;
    for (i = 0; i < sim->watchers; i++) {
        sim->watcher[i].fn(sim->watcher[i].user, notice);
    }
}

// Moves the numbers of a connection that has just been opened to where its host's are to begin.
static void force_isn(struct aksu_sim_host *host, const struct aksu_event *event,
                      struct aksu_tcb *t)
{
    if (host->forced && (event->kind == AKSU_EV_CONNECT || event->kind == AKSU_EV_LISTEN)) {
        t->snd_una = t->snd_nxt = t->snd_max = t->snd_up = t->recover = host->isn;
        host->forced = false; // once: later ones must be greater by the clock
    }
}

static void on_step(struct aksu_trace *trace, struct aksu *net, aksu_handle conn,
                    const struct aksu_event *event, const struct aksu_effects *effects,
                    const struct aksu_tcb *after)
{
    struct aksu_sim_host *host = trace->user;
    struct aksu_sim_notice notice;

    (void)net;
    force_isn(host, event, (struct aksu_tcb *)(uintptr_t)after); // the row's own, not a constant
    host->steps++;
    sim_check_step(host, event, &trace->before, after);
    memset(&notice, 0, sizeof notice);
    notice.what = AKSU_SIM_STEP;
    notice.host = host;
    notice.conn = conn;
    notice.event = event;
    notice.effects = effects;
    notice.before = &trace->before;
    notice.after = after;
    sim_tell(host->sim, &notice);
}

/// Hosts ///

uint32_t sim_host_ms(const struct aksu_sim_host *host)
{
    return host->clock_ms + (uint32_t)(host->sim->now_us / 1000);
}

static struct aksu_sim_host *new_host(struct aksu_sim *sim, const char *name,
                                      const struct aksu_addr *addr)
{
    static const struct aksu_addr none;
    struct aksu_sim_host *host = sim_alloc(sizeof *host);
    uint32_t number = ++sim->host_count;

    host->sim = sim;
    host->wake_us = NOT_SCHEDULED;
    host->inbox_end = &host->inbox;
    host->addr =
        memcmp(addr, &none, sizeof none) == 0 ? aksu_ipv4(10, 0, 0, (uint8_t)number) : *addr;
    host->mac[0] = 0x02; // locally administered
    host->mac[5] = (uint8_t)number;
    host->mac[4] = (uint8_t)(number >> 8);
    if (name) {
        snprintf(host->name, sizeof host->name, "%s", name);
    } else {
        snprintf(host->name, sizeof host->name, "host%u", (unsigned)number);
    }
    *sim->hosts_end = host;
    sim->hosts_end = &host->next;
    return host;
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value ? value : otherwise;
}

// What the header's own macro says of its version and layout.
AKSU_STORAGE(version_of_header, 1, 1, 1, 1);

static void make_storage(struct aksu_storage *s, const struct aksu_sim_config *config)
{
    *s = version_of_header;
    s->rows = or_default(config->connections, DEFAULT_ROWS);
    s->listeners = or_default(config->listeners, DEFAULT_LISTENERS);
    s->time_waits = or_default(config->time_waits, 2 * s->rows);
    s->buckets = AKSU_BUCKETS_(s->rows);
    s->rx_octets = or_default(config->rx_octets, DEFAULT_RING);
    s->tx_octets = or_default(config->tx_octets, DEFAULT_RING);
    s->echo_octets = ECHO_OCTETS;
    s->cleared = 0; // they are made of zeros, and of one piece each
    s->row = sim_alloc(s->rows * sizeof *s->row);
    s->heap = sim_alloc(s->rows * sizeof *s->heap);
    s->bucket = sim_alloc(s->buckets * sizeof *s->bucket);
    s->listener = sim_alloc(s->listeners * sizeof *s->listener);
    s->time_wait = sim_alloc(s->time_waits * sizeof *s->time_wait);
    s->answer = sim_alloc(AKSU_ANSWERS * sizeof *s->answer);
    s->neighbour = sim_alloc(AKSU_NEIGHBOURS * sizeof *s->neighbour);
    s->rx = sim_alloc((size_t)s->rows * s->rx_octets);
    s->tx = sim_alloc((size_t)s->rows * s->tx_octets + 1);
    s->echo = sim_alloc(s->echo_octets);
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

static void make_boards(struct aksu_sim_host *host, uint32_t runs)
{
    struct aksu_boards *boards = &host->boards;

    boards->find = aksu_boards_find;
    boards->connections = host->store.rows;
    boards->runs = runs;
    boards->octets =
        (uint32_t)(sizeof *boards->first + AKSU_SLOTS_(runs) * sizeof(union aksu_slot));
    boards->first = sim_alloc((size_t)boards->connections * boards->octets);
}

static void seed_host(struct aksu_sim_host *host)
{
    uint8_t entropy[32];
    size_t i;

    for (i = 0; i < sizeof entropy; i++) {
        entropy[i] = (uint8_t)aksu_sim_random(host->sim, 256);
    }
    aksu_seed(&host->net, entropy, sizeof entropy);
    aksu_now(&host->net, sim_host_ms(host));
}

static void start_stack(struct aksu_sim_host *host, const struct aksu_sim_config *config)
{
    struct aksu_config c;
    int error;

    memset(&c, 0, sizeof c);
    c.profile = config->profile ? config->profile : &aksu_standard;
    c.link = &aksu_ethernet;
    c.user = config->user;
    c.addr = host->addr;
    c.gateway = config->gateway;
    c.prefix = config->prefix;
    c.mtu = config->mtu;
    memcpy(c.mac, host->mac, sizeof c.mac);
    host->trace.hook = on_step;
    host->trace.user = host;
    make_storage(&host->store, config);
    if (!AKSU_STORAGE_VALID(host->store.rows, host->store.listeners, host->store.rx_octets,
                            host->store.tx_octets, host->store.time_waits, ECHO_OCTETS)) {
        sim_fail(host, "a size is out of range: see AKSU_STORAGE");
        return;
    }
    make_boards(host, or_default(config->runs, DEFAULT_RUNS));
    c.boards = &host->boards;
    error = aksu_init(&host->net, &host->store, &c);
    if (error) {
        sim_fail(host, "aksu_init: %s", aksu_error_name(error));
        return;
    }
    aksu_trace(&host->net, &host->trace);
    seed_host(host);
}

struct aksu_sim_host *aksu_sim_host(struct aksu_sim *sim, const struct aksu_sim_config *config)
{
    struct aksu_sim_host *host = new_host(sim, config->name, &config->addr);

    host->clock_ms = config->clock_ms;
    host->forced = config->force_isn;
    host->isn = config->isn;
    host->buffer_size = or_default(config->mtu, DEFAULT_MTU) + 14u;
    host->buffer = sim_alloc(65536 + 14);
    start_stack(host, config);
    sim_poll_later(host);
    return host;
}

struct aksu_sim_host *aksu_sim_wire(struct aksu_sim *sim, const char *name, struct aksu_addr addr,
                                    void (*input)(void *user, struct aksu_sim_host *wire,
                                                  const uint8_t *frame, size_t len),
                                    void *user)
{
    struct aksu_sim_host *host = new_host(sim, name, &addr);

    host->input = input;
    host->input_user = user;
    return host;
}

static bool has_stack(const struct aksu_sim_host *host)
{
    return host->buffer != NULL;
}

struct aksu *aksu_sim_net(struct aksu_sim_host *host)
{
    return has_stack(host) ? &host->net : NULL;
}

struct aksu_addr aksu_sim_addr(const struct aksu_sim_host *host)
{
    return host->addr;
}

const char *aksu_sim_name(const struct aksu_sim_host *host)
{
    return host->name;
}

const uint8_t *aksu_sim_mac(const struct aksu_sim_host *host)
{
    return host->mac;
}

void sim_poll_later(struct aksu_sim_host *host)
{
    host->dirty = true;
    host->sim->dirty = true;
}

void aksu_sim_poll(struct aksu_sim_host *host)
{
    if (has_stack(host)) {
        aksu_now(&host->net, sim_host_ms(host));
    }
    sim_poll_later(host);
}

static void send_frame(struct aksu_sim_host *host, const void *frame, size_t len)
{
    struct packet *packet = sim_packet_new(host->sim, frame, len);
    struct aksu_sim_notice notice;

    memset(&notice, 0, sizeof notice);
    notice.what = AKSU_SIM_SENT;
    notice.host = host;
    notice.id = packet->id;
    notice.frame = packet->data;
    notice.len = len;
    sim_tell(host->sim, &notice);
    sim_path_send(host->sim, &host->up, packet);
}

void aksu_sim_inject(struct aksu_sim_host *host, const void *frame, size_t len)
{
    send_frame(host, frame, len);
}

/// Polling: the loop that every port has ///

static int take_in(struct aksu_sim_host *host, const struct packet *packet)
{
    if (!has_stack(host)) {
        host->input(host->input_user, host, packet->data, packet->len);
        return 0;
    }
    memcpy(host->buffer, packet->data, packet->len);
    return aksu_input(&host->net, sim_host_ms(host), host->buffer, packet->len);
}

static void input_all(struct aksu_sim_host *host)
{
    while (host->inbox && !host->sim->error[0]) {
        struct inbox *entry = host->inbox;
        struct aksu_sim_notice notice;

        host->inbox = entry->next;
        host->inbox_end = host->inbox ? host->inbox_end : &host->inbox;
        memset(&notice, 0, sizeof notice);
        notice.what = AKSU_SIM_ARRIVED;
        notice.host = host;
        notice.id = entry->packet->id;
        notice.frame = entry->packet->data;
        notice.len = entry->packet->len;
        notice.result = take_in(host, entry->packet);
        sim_tell(host->sim, &notice);
        sim_packet_drop(host->sim, entry->packet);
        free(entry);
    }
}

static void output_all(struct aksu_sim_host *host)
{
    uint32_t now_ms = sim_host_ms(host);
    uint32_t count = 0;
    bool more = true;

    while (more && sim_path_ready(&host->up)) {
        uint32_t idle = aksu_idle(&host->net, now_ms);
        uint64_t steps = host->steps;
        size_t len = aksu_output(&host->net, now_ms, host->buffer, host->buffer_size);

        if (len > 0) {
            send_frame(host, host->buffer, len);
        }
        more = sim_check_output(host, idle, steps, len);
        if (++count > MOST_OUTPUTS) {
            sim_fail(host, "aksu_output has work without end: %d times at one instant",
                     MOST_OUTPUTS);
        }
    }
}

static void schedule_wake(struct aksu_sim_host *host)
{
    struct aksu_sim *sim = host->sim;
    uint32_t idle = aksu_idle(&host->net, sim_host_ms(host));
    uint64_t at_us = (sim->now_us / 1000 + idle) * 1000;
    struct event event;

    // With idle 0 the link is full: it polls the host when it has room.
    if (idle == AKSU_NEVER || idle == 0 || at_us >= host->wake_us) {
        return;
    }
    memset(&event, 0, sizeof event);
    event.kind = EVENT_WAKE;
    event.at_us = at_us;
    event.host = host;
    host->wake_us = at_us;
    sim_schedule(sim, &event);
}

static void poll_host(struct aksu_sim_host *host)
{
    struct aksu_sim_notice notice;

    host->dirty = false;
    input_all(host);
    if (has_stack(host) && !host->sim->error[0]) {
        output_all(host);
        schedule_wake(host);
    }
    memset(&notice, 0, sizeof notice);
    notice.what = AKSU_SIM_POLLED;
    notice.host = host;
    sim_tell(host->sim, &notice);
}

static void poll_dirty(struct aksu_sim *sim)
{
    struct aksu_sim_host *host;

    sim->dirty = false;
    for (host = sim->hosts; host && !sim->error[0]; host = host->next) {
        if (host->dirty) {
            poll_host(host);
        }
    }
}

/// Running ///

static void call(struct aksu_sim *sim, const struct event *event)
{
    struct aksu_sim_host *host;

    for (host = sim->hosts; host; host = host->next) {
        aksu_sim_poll(host);
    }
    event->act(event->user);
}

static void happen(struct aksu_sim *sim, const struct event *event)
{
    switch (event->kind) {
    case EVENT_CALL:
        call(sim, event);
        break;
    case EVENT_DELIVER:
        sim_path_deliver(sim, event->path, event->packet);
        break;
    case EVENT_BEGIN:
        sim_path_begin(event->path);
        break;
    case EVENT_WAKE:
        if (event->host->wake_us == event->at_us) {
            event->host->wake_us = NOT_SCHEDULED;
        }
        sim_poll_later(event->host);
        break;
    }
}

int aksu_sim_run(struct aksu_sim *sim, uint64_t until_us)
{
    sim->stopped = sim->error[0] != '\0';
    while (!sim->stopped) {
        if (sim->events > 0 && sim->event[0].at_us <= sim->now_us) {
            struct event event = take_event(sim);

            happen(sim, &event);
        } else if (sim->dirty) {
            poll_dirty(sim);
        } else if (sim->events == 0) {
            break;
        } else if (sim->event[0].at_us > until_us) {
            sim->now_us = until_us > sim->now_us ? until_us : sim->now_us;
            break;
        } else {
            sim->now_us = sim->event[0].at_us;
        }
    }
    return sim->error[0] ? -1 : 0;
}

void aksu_sim_stop(struct aksu_sim *sim)
{
    sim->stopped = true;
}

const char *aksu_sim_error(const struct aksu_sim *sim)
{
    return sim->error[0] ? sim->error : NULL;
}

uint64_t aksu_sim_now(const struct aksu_sim *sim)
{
    return sim->now_us;
}

struct aksu_sim *aksu_sim_new(uint64_t seed)
{
    struct aksu_sim *sim = sim_alloc(sizeof *sim);

    sim->random = seed;
    sim->hosts_end = &sim->hosts;
    return sim;
}

static void free_host(struct aksu_sim_host *host)
{
    while (host->inbox) {
        struct inbox *entry = host->inbox;

        host->inbox = entry->next;
        sim_packet_drop(host->sim, entry->packet);
        free(entry);
    }
    free_storage(&host->store);
    free(host->boards.first);
    free(host->buffer);
    free(host);
}

void aksu_sim_free(struct aksu_sim *sim)
{
    sim->watchers = 0;
    while (sim->events > 0) {
        struct event event = take_event(sim);

        if (event.packet) {
            sim_packet_drop(sim, event.packet);
        }
    }
    while (sim->hosts) {
        struct aksu_sim_host *host = sim->hosts;

        sim->hosts = host->next;
        free_host(host);
    }
    while (sim->switches) {
        struct aksu_sim_switch *hub = sim->switches;

        sim->switches = hub->next;
        free(hub);
    }
    free(sim->recorder);
    free(sim->tap);
    free(sim->event);
    free(sim);
}
