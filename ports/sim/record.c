// SPDX-License-Identifier: MIT
// Records frames with the states that they leave the two ends in. A frame is written once it is
// known what became of it, in the order of sending.
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 160, FRAME_IP = 14 };

/// A connection of one host, as the record shows it.
struct view {
    struct view *next;
    struct aksu_sim_host *host;
    aksu_handle conn;
    uint8_t remote[4];
    uint16_t remote_port;
    uint16_t local_port;
    char text[TEXT]; // "SYN-SENT", or with what it came from: "CLOSED -> SYN-SENT"
    bool changed;
    uint8_t cause; // enum aksu_event_kind
};

/// A frame under way.
struct pending {
    struct pending *next;
    uint64_t id;
    uint64_t sent_us;
    uint64_t arrived_us;
    struct aksu_sim_host *from;
    struct aksu_sim_host *to;
    char from_state[TEXT];
    char to_state[TEXT];
    char remark[TEXT];
    bool done;
    size_t len;
    uint8_t frame[];
};

struct aksu_sim_recorder {
    struct aksu_sim *sim;
    struct aksu_listing *table;
    struct aksu_pcapng *pcap;
    struct view *views;
    struct pending *first;
    struct pending **end;
    uint64_t look_us; // when the TIME-WAIT entries are looked at next; 0 = not
    bool ended;
    int error;
};

/// Who a TCP frame is between.
struct ends {
    uint8_t source[4];
    uint8_t target[4];
    uint16_t source_port;
    uint16_t target_port;
};

static bool find_ends(const uint8_t *frame, size_t len, struct ends *ends)
{
    const uint8_t *ip = frame + FRAME_IP;
    size_t header;

    if (len < FRAME_IP + 40 || frame[12] != 0x08 || frame[13] != 0 || ip[9] != 6) {
        return false;
    }
    header = (size_t)(ip[0] & 15) * 4;
    if (len < FRAME_IP + header + 20) {
        return false;
    }
    memcpy(ends->source, ip + 12, 4);
    memcpy(ends->target, ip + 16, 4);
    ends->source_port = (uint16_t)(ip[header] << 8 | ip[header + 1]);
    ends->target_port = (uint16_t)(ip[header + 2] << 8 | ip[header + 3]);
    return true;
}

static struct aksu_sim_host *host_of(struct aksu_sim *sim, const uint8_t ipv4[4])
{
    struct aksu_sim_host *host;

    for (host = sim->hosts; host; host = host->next) {
        if (memcmp(host->addr.octets + 12, ipv4, 4) == 0) {
            return host;
        }
    }
    return NULL;
}

/// Views ///

static struct view *find_view(struct aksu_sim_recorder *r, const struct aksu_sim_host *host,
                              uint16_t local_port, const uint8_t remote[4], uint16_t remote_port)
{
    struct view *view;

    for (view = r->views; view; view = view->next) {
        if (view->host == host && view->local_port == local_port &&
            view->remote_port == remote_port && memcmp(view->remote, remote, 4) == 0) {
            return view;
        }
    }
    return NULL;
}

static struct view *view_of(struct aksu_sim_recorder *r, struct aksu_sim_host *host,
                            aksu_handle conn)
{
    struct aksu_info info;
    struct view *view;

    if (aksu_info(&host->net, conn, &info) != AKSU_OK) {
        return NULL;
    }
    view = find_view(r, host, info.local.port, info.remote.addr.octets + 12, info.remote.port);
    if (!view) {
        view = sim_alloc(sizeof *view);
        view->host = host;
        view->local_port = info.local.port;
        view->remote_port = info.remote.port;
        memcpy(view->remote, info.remote.addr.octets + 12, 4);
        snprintf(view->text, sizeof view->text, "CLOSED");
        view->next = r->views;
        r->views = view;
    }
    view->conn = conn;
    return view;
}

// Gives the text, and forgets what the state came from.
static void take_text(struct view *view, char *to)
{
    const char *last = view->text;
    const char *arrow;

    memcpy(to, view->text, TEXT);
    while ((arrow = strstr(last, " -> ")) != NULL) {
        last = arrow + 4;
    }
    memmove(view->text, last, strlen(last) + 1);
    view->changed = false;
}

// The state of that end of a frame: its connection's, or what stands for one.
static void end_state(struct aksu_sim_recorder *r, struct aksu_sim_host *host, uint16_t local_port,
                      const uint8_t remote[4], uint16_t remote_port, char *to)
{
    struct view *view = find_view(r, host, local_port, remote, remote_port);
    uint32_t i;

    if (view && (view->changed || strcmp(view->text, "CLOSED") != 0)) {
        take_text(view, to);
        return;
    }
    snprintf(to, TEXT, "%s", aksu_sim_net(host) ? "CLOSED" : "");
    for (i = 0; aksu_sim_net(host) && i < host->store.listeners; i++) {
        if (host->store.listener[i].port == local_port) {
            snprintf(to, TEXT, "LISTEN");
        }
    }
}

/// Writing ///

static void note_error(struct aksu_sim_recorder *r, int error)
{
    r->error = r->error ? r->error : error;
}

// States of the first host first, so that the columns keep their sides.
static void make_comment(const struct aksu_sim_recorder *r, const struct pending *p, char *to,
                         size_t size)
{
    const struct aksu_sim_host *host;
    size_t used = 0;

    to[0] = '\0';
    for (host = r->sim->hosts; host; host = host->next) {
        const char *state = host == p->from ? p->from_state : host == p->to ? p->to_state : "";

        if (state[0] && used < size) {
            used += (size_t)snprintf(to + used, size - used, "%s%s: %s", used ? "; " : "",
                                     host->name, state);
        }
    }
    if (p->remark[0] && used < size) {
        snprintf(to + used, size - used, "%s%s", used ? "; " : "", p->remark);
    }
}

static void write_record(struct aksu_sim_recorder *r, const struct pending *p)
{
    struct aksu_record record;
    char comment[4 * TEXT];

    make_comment(r, p, comment, sizeof comment);
    memset(&record, 0, sizeof record);
    record.sent_us = p->sent_us;
    record.arrived_us = p->arrived_us;
    record.linktype = AKSU_LINKTYPE_ETHERNET;
    record.frame = p->len ? p->frame : NULL;
    record.len = p->len;
    record.comment = comment;
    if (r->table) {
        note_error(r, aksu_listing_add(r->table, &record));
    }
    if (r->pcap && p->len) {
        note_error(r, aksu_pcapng_packet(r->pcap, p->sent_us, p->from == r->sim->hosts, p->frame,
                                         p->len, comment));
    }
}

static void write_done(struct aksu_sim_recorder *r, bool all)
{
    while (r->first && (r->first->done || all)) {
        struct pending *p = r->first;

        if (!p->done && p->arrived_us == AKSU_CAPTURE_LOST) {
            p->arrived_us = AKSU_CAPTURE_UNKNOWN; // the end came first
        }
        write_record(r, p);
        r->first = p->next;
        r->end = r->first ? r->end : &r->first;
        free(p);
    }
}

static struct pending *add_pending(struct aksu_sim_recorder *r, struct aksu_sim_host *from,
                                   const uint8_t *frame, size_t len)
{
    struct pending *p = sim_alloc(sizeof *p + len);

    p->sent_us = r->sim->now_us;
    p->arrived_us = AKSU_CAPTURE_LOST;
    p->from = from;
    p->len = len;
    if (len) {
        memcpy(p->frame, frame, len);
    }
    *r->end = p;
    r->end = &p->next;
    return p;
}

/// Changes without a frame ///

static void cause_text(const struct view *view, char *to)
{
    if (view->cause == AKSU_EV_TICK) {
        snprintf(to, TEXT, "timeout at %s", view->host->name);
    } else {
        snprintf(to, TEXT, "%s by %s", aksu_event_name(view->cause), view->host->name);
    }
}

static void add_change(struct aksu_sim_recorder *r, struct view *view, const char *why)
{
    struct pending *p = add_pending(r, view->host, NULL, 0);

    take_text(view, p->from_state);
    snprintf(p->remark, sizeof p->remark, "%s", why);
    p->done = true;
}

// Writes down the host's changes that no frame has told, but for one connection's.
static void flush_changes(struct aksu_sim_recorder *r, const struct aksu_sim_host *host,
                          const struct view *but)
{
    struct view *view;
    char why[TEXT];

    for (view = r->views; view; view = view->next) {
        if (view->host == host && view->changed && view != but) {
            cause_text(view, why);
            add_change(r, view, why);
        }
    }
}

// Forgets the host's connections that are over.
static void forget_closed(struct aksu_sim_recorder *r, const struct aksu_sim_host *host)
{
    struct view **at = &r->views;
    struct aksu_info info;

    while (*at) {
        struct view *view = *at;

        if (view->host == host && !view->changed &&
            (strcmp(view->text, "CLOSED") == 0 || strcmp(view->text, "LISTEN") == 0) &&
            aksu_info(&host->net, view->conn, &info) != AKSU_OK) {
            *at = view->next;
            free(view);
        } else {
            at = &view->next;
        }
    }
}

/// TIME-WAIT: the connection has left its row, so no step tells of its end ///

static bool time_waits_live(const struct aksu_sim_host *host, uint32_t *left_ms)
{
    uint32_t i;

    *left_ms = UINT32_MAX;
    for (i = 0; i < host->store.time_waits; i++) {
        const struct aksu_time_wait *w = &host->store.time_wait[i];
        int32_t left = (int32_t)(w->expires - sim_host_ms(host));

        if ((w->tuple | w->salt) != 0 && left > 0 && (uint32_t)left < *left_ms) {
            *left_ms = (uint32_t)left;
        }
    }
    return *left_ms != UINT32_MAX;
}

static void look_at_time_waits(void *user);

// One look is under way at most, the earliest: it plans the next.
static void plan_look(struct aksu_sim_recorder *r, uint64_t at_us)
{
    if (r->look_us == 0 || at_us < r->look_us) {
        r->look_us = at_us;
        aksu_sim_at(r->sim, at_us, look_at_time_waits, r);
    }
}

static void look_at_time_waits(void *user)
{
    struct aksu_sim_recorder *r = user;
    struct view *view;
    uint32_t left_ms;
    char why[TEXT];

    if (r->look_us != r->sim->now_us) {
        return; // an earlier one was planned since
    }
    r->look_us = 0;
    for (view = r->ended ? NULL : r->views; view; view = view->next) {
        if (strcmp(view->text, "TIME-WAIT") != 0) {
            continue;
        }
        if (time_waits_live(view->host, &left_ms)) {
            plan_look(r, r->sim->now_us + (uint64_t)left_ms * 1000);
        } else {
            snprintf(view->text, sizeof view->text, "TIME-WAIT -> CLOSED");
            snprintf(why, sizeof why, "2 MSL have passed at %s", view->host->name);
            add_change(r, view, why);
        }
    }
    write_done(r, false);
}

/// What the simulation tells ///

static void on_step(struct aksu_sim_recorder *r, const struct aksu_sim_notice *n)
{
    struct view *view = view_of(r, n->host, n->conn);
    size_t used;

    if (!view || n->before->state == n->after->state) {
        return;
    }
    if (n->event->kind == AKSU_EV_LISTEN) { // to the eye the listener was there before
        snprintf(view->text, sizeof view->text, "LISTEN");
        return;
    }
    used = strlen(view->text);
    snprintf(view->text + used, sizeof view->text - used, " -> %s",
             aksu_state_name(n->after->state));
    view->changed = true;
    view->cause = n->event->kind;
    if (n->after->state == AKSU_TIME_WAIT) {
        plan_look(r, r->sim->now_us + 2000ull * n->host->net.profile->msl_ms);
    }
}

static void on_sent(struct aksu_sim_recorder *r, const struct aksu_sim_notice *n)
{
    struct ends ends;
    bool tcp = find_ends(n->frame, n->len, &ends);
    struct view *own =
        tcp ? find_view(r, n->host, ends.source_port, ends.target, ends.target_port) : NULL;
    struct pending *p;

    flush_changes(r, n->host, own);
    p = add_pending(r, n->host, n->frame, n->len);
    p->id = n->id;
    if (!tcp) {
        return;
    }
    end_state(r, n->host, ends.source_port, ends.target, ends.target_port, p->from_state);
    p->to = host_of(r->sim, ends.target);
    if (p->to) {
        end_state(r, p->to, ends.target_port, ends.source, ends.source_port, p->to_state);
    }
}

static struct pending *find_pending(const struct aksu_sim_recorder *r, uint64_t id)
{
    struct pending *p = r->first;

    while (p && p->id != id) {
        p = p->next;
    }
    return p;
}

static void on_arrived(struct aksu_sim_recorder *r, const struct aksu_sim_notice *n)
{
    struct pending *p = find_pending(r, n->id);
    struct ends ends;

    if (!p || p->arrived_us != AKSU_CAPTURE_LOST) {
        return; // a second copy
    }
    if (!find_ends(p->frame, p->len, &ends)) {
        p->arrived_us = n->time_us;
    } else if (p->to == n->host) {
        p->arrived_us = n->time_us;
        end_state(r, p->to, ends.target_port, ends.source, ends.source_port, p->to_state);
    }
}

static void on_remark(struct aksu_sim_recorder *r, const struct aksu_sim_notice *n)
{
    struct pending *p = find_pending(r, n->id);
    size_t used = p ? strlen(p->remark) : 0;

    if (p && !strstr(p->remark, n->reason)) {
        snprintf(p->remark + used, sizeof p->remark - used, "%s%s", used ? "; " : "", n->reason);
    }
}

static void on_notice(void *user, const struct aksu_sim_notice *n)
{
    struct aksu_sim_recorder *r = user;
    struct pending *p;

    if (r->ended) {
        return;
    }
    switch (n->what) {
    case AKSU_SIM_STEP:
        on_step(r, n);
        break;
    case AKSU_SIM_SENT:
        on_sent(r, n);
        break;
    case AKSU_SIM_ARRIVED:
        on_arrived(r, n);
        break;
    case AKSU_SIM_MARKED:
    case AKSU_SIM_DROPPED:
        on_remark(r, n);
        break;
    case AKSU_SIM_GONE:
        p = find_pending(r, n->id);
        if (p) {
            p->done = true;
        }
        write_done(r, false);
        break;
    case AKSU_SIM_POLLED:
        if (aksu_sim_net(n->host)) {
            flush_changes(r, n->host, NULL);
            forget_closed(r, n->host);
        }
        write_done(r, false);
        break;
    }
}

struct aksu_sim_recorder *aksu_sim_record(struct aksu_sim *sim, struct aksu_listing *table,
                                          struct aksu_pcapng *pcap)
{
    struct aksu_sim_recorder *r = sim_alloc(sizeof *r);
    struct aksu_sim_host *host;

    r->sim = sim;
    r->table = table;
    r->pcap = pcap;
    r->end = &r->first;
    for (host = sim->hosts; host; host = host->next) {
        if (table) {
            aksu_listing_name(table, host->addr.octets + 12, host->name);
        }
        if (pcap) {
            note_error(r, aksu_pcapng_name(pcap, host->addr.octets + 12, host->name));
        }
    }
    sim->recorder = r;
    aksu_sim_watch(sim, on_notice, r);
    return r;
}

int aksu_sim_record_end(struct aksu_sim_recorder *r)
{
    write_done(r, true);
    while (r->views) {
        struct view *view = r->views;

        r->views = view->next;
        free(view);
    }
    r->ended = true;
    return r->error;
}
