// SPDX-License-Identifier: MIT
// What the simulator's files share.
#ifndef AKSU_SIM_INTERNAL_H
#define AKSU_SIM_INTERNAL_H

#include "aksu_sim.h"

enum { SIM_WATCHERS = 8, SIM_PORTS = 64, SIM_MACS = 64 };

/// A frame under way. Copies that differ (corrupted ones) hold on to the original.
struct packet {
    uint64_t id;
    uint32_t refs;
    struct packet *original; // NULL: this is it
    size_t len;
    uint8_t data[];
};

/// One direction of a link as it stands.
struct path {
    struct aksu_sim_path config;
    uint64_t busy_until; // us * 1000: a frame's time on the wire is no whole number
    uint32_t waiting;    // frames accepted that have not begun
    bool bad;            // Gilbert-Elliott
    struct aksu_sim_host *to_host;
    struct aksu_sim_switch *to_switch;
    uint32_t to_port;
    struct aksu_sim_host *from; // whose transmitter it is; NULL: the switch's
};

struct inbox {
    struct packet *packet;
    struct inbox *next;
};

struct aksu_sim_host {
    struct aksu_sim *sim;
    struct aksu_sim_host *next;
    char name[24];
    struct aksu_addr addr;
    uint8_t mac[6];
    uint32_t clock_ms;
    bool forced; // the next connection begins at isn
    aksu_seq isn;
    struct path up;
    bool linked;
    struct inbox *inbox;
    struct inbox **inbox_end;
    bool dirty;
    uint64_t wake_us; // the earliest wake-up that is scheduled
    uint64_t steps;
    struct aksu_trace trace;
    struct aksu_storage store;
    struct aksu_boards boards;
    void *buffer;
    size_t buffer_size;
    void (*input)(void *user, struct aksu_sim_host *wire, const uint8_t *frame, size_t len);
    void *input_user;
    struct aksu net;
};

struct aksu_sim_switch {
    struct aksu_sim *sim;
    struct aksu_sim_switch *next;
    uint32_t ports;
    struct path down[SIM_PORTS];
    uint32_t macs;
    struct {
        uint8_t mac[6];
        uint32_t port;
    } known[SIM_MACS];
};

enum event_kind { EVENT_CALL, EVENT_DELIVER, EVENT_WAKE, EVENT_BEGIN };

struct event {
    uint64_t at_us;
    uint64_t order;
    enum event_kind kind;
    struct packet *packet;
    struct path *path;
    struct aksu_sim_host *host;
    void (*act)(void *);
    void *user;
};

struct watcher {
    void (*fn)(void *, const struct aksu_sim_notice *);
    void *user;
};

struct aksu_sim {
    uint64_t now_us;
    uint64_t random;
    uint64_t order;
    uint64_t ids;
    uint32_t host_count;
    struct aksu_sim_host *hosts;
    struct aksu_sim_host **hosts_end;
    struct aksu_sim_switch *switches;
    size_t events;
    size_t room;
    struct event *event;
    bool stopped;
    bool dirty; // a host is to be polled
    char error[400];
    size_t watchers;
    struct watcher watcher[SIM_WATCHERS];
    struct aksu_sim_recorder *recorder; // owned; one at most
    struct aksu_sim_tap *tap;           // likewise
};

// sim.c
void *sim_alloc(size_t size);
void sim_schedule(struct aksu_sim *sim, const struct event *event);
void sim_tell(struct aksu_sim *sim, struct aksu_sim_notice *notice);
void sim_poll_later(struct aksu_sim_host *host);
bool sim_chance(struct aksu_sim *sim, double probability);
uint32_t sim_host_ms(const struct aksu_sim_host *host);

// link.c
bool sim_path_ready(const struct path *path);
void sim_path_send(struct aksu_sim *sim, struct path *path, struct packet *packet);
void sim_path_begin(struct path *path);
void sim_path_deliver(struct aksu_sim *sim, struct path *path, struct packet *packet);
struct packet *sim_packet_new(struct aksu_sim *sim, const void *data, size_t len);
void sim_packet_drop(struct aksu_sim *sim, struct packet *packet);

// check.c
void sim_fail(struct aksu_sim_host *host, const char *format, ...);
void sim_check_step(struct aksu_sim_host *host, const struct aksu_event *event,
                    const struct aksu_tcb *before, const struct aksu_tcb *after);
bool sim_check_output(struct aksu_sim_host *host, uint32_t idle_before, uint64_t steps_before,
                      size_t len);

#endif
