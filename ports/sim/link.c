// SPDX-License-Identifier: MIT
// Links and switches: what befalls a frame between two hosts.
#include "sim.h"

#include <stdlib.h>
#include <string.h>

enum { CE = 3 }; // a router was congested, RFC 3168 5

struct packet *sim_packet_new(struct aksu_sim *sim, const void *data, size_t len)
{
    struct packet *packet = sim_alloc(sizeof *packet + len);

    packet->id = ++sim->ids;
    packet->refs = 1;
    packet->len = len;
    memcpy(packet->data, data, len);
    return packet;
}

static void tell_frame(struct aksu_sim *sim, enum aksu_sim_what what, const struct packet *packet,
                       const char *reason)
{
    struct aksu_sim_notice notice;

    memset(&notice, 0, sizeof notice);
    notice.what = what;
    notice.id = packet->id;
    notice.frame = packet->data;
    notice.len = packet->len;
    notice.reason = reason;
    sim_tell(sim, &notice);
}

// Lets one copy go.
void sim_packet_drop(struct aksu_sim *sim, struct packet *packet)
{
    struct packet *original = packet->original;

    if (--packet->refs > 0) {
        return;
    }
    if (original) {
        sim_packet_drop(sim, original);
    } else {
        tell_frame(sim, AKSU_SIM_GONE, packet, NULL);
    }
    free(packet);
}

static void lose(struct aksu_sim *sim, struct packet *packet, const char *reason)
{
    tell_frame(sim, AKSU_SIM_DROPPED, packet, reason);
    sim_packet_drop(sim, packet);
}

static bool is_ipv4(const struct packet *packet)
{
    return packet->len > 34 && packet->data[12] == 0x08 && packet->data[13] == 0x00;
}

// A copy to be changed: it stands for the packet, whose reference it takes.
static struct packet *copied(struct packet *packet)
{
    struct packet *copy = sim_alloc(sizeof *copy + packet->len);

    memcpy(copy, packet, sizeof *copy + packet->len);
    copy->refs = 1;
    copy->original = packet;
    return copy;
}

// With one bit of its IP packet flipped.
static struct packet *corrupted(struct aksu_sim *sim, struct packet *packet)
{
    struct packet *copy = copied(packet);
    uint32_t bit = aksu_sim_random(sim, (uint32_t)(packet->len - 14) * 8);

    copy->data[14 + bit / 8] ^= (uint8_t)(1u << bit % 8);
    tell_frame(sim, AKSU_SIM_MARKED, copy, "corrupted");
    return copy;
}

// RFC 3168 5: what a queue does that says when it grows. ECT(0), ECT(1), CE: the transport knows
// ECN.
static bool congested(const struct path *path, const struct packet *packet)
{
    return path->config.mark != 0 && path->waiting >= path->config.mark && is_ipv4(packet);
}

static bool capable(const struct packet *packet)
{
    return (packet->data[15] & CE) != 0;
}

static struct packet *marked(struct aksu_sim *sim, struct packet *packet)
{
    struct packet *copy = copied(packet);
    uint8_t *ip = copy->data + 14;
    uint32_t sum = (uint32_t)(ip[10] << 8 | ip[11]) + (uint32_t)(ip[1] & CE);

    ip[1] |= CE;
    sum += UINT16_MAX - CE; // RFC 1624: ~(~HC + ~m + m')
    sum = (sum & UINT16_MAX) + (sum >> 16);
    ip[10] = (uint8_t)(sum >> 8);
    ip[11] = (uint8_t)sum;
    tell_frame(sim, AKSU_SIM_MARKED, copy, "CE");
    return copy;
}

// Gilbert-Elliott: two states, each frame may change it, and only the bad one loses.
static bool lost_in_burst(struct aksu_sim *sim, struct path *path)
{
    const struct aksu_sim_path *c = &path->config;

    if (c->burst_begin <= 0) {
        return false;
    }
    if (path->bad) {
        path->bad = !sim_chance(sim, c->burst_end > 0 ? c->burst_end : 0.25);
    } else {
        path->bad = sim_chance(sim, c->burst_begin);
    }
    return path->bad && (c->burst_loss <= 0 || sim_chance(sim, c->burst_loss));
}

static uint64_t reorder_delay(const struct aksu_sim_path *c)
{
    uint64_t delay = c->reorder_us ? c->reorder_us : 4 * c->delay_us;

    return delay > 1000 ? delay : 1000;
}

static void schedule_delivery(struct aksu_sim *sim, struct path *path, struct packet *packet,
                              uint64_t at_us)
{
    struct event event;

    memset(&event, 0, sizeof event);
    event.kind = EVENT_DELIVER;
    event.at_us = at_us;
    event.packet = packet;
    event.path = path;
    if (sim_chance(sim, path->config.reorder)) {
        event.at_us += reorder_delay(&path->config);
        tell_frame(sim, AKSU_SIM_MARKED, packet, "reordered");
    }
    sim_schedule(sim, &event);
}

// Takes the frame through the transmitter. Returns when its last bit has left, us.
static uint64_t transmit(struct aksu_sim *sim, struct path *path, size_t len)
{
    uint64_t now = sim->now_us * 1000;
    uint64_t begin = path->busy_until > now ? path->busy_until : now;
    struct event event;

    if (path->config.rate == 0) {
        return sim->now_us;
    }
    path->busy_until =
        begin + (len + path->config.framing) * (uint64_t)8 * 1000000000u / path->config.rate;
    if (begin > now) {
        memset(&event, 0, sizeof event);
        event.kind = EVENT_BEGIN;
        event.at_us = (begin + 999) / 1000;
        event.path = path;
        path->waiting++;
        sim_schedule(sim, &event);
    }
    return (path->busy_until + 999) / 1000;
}

// A waiting frame has begun to be sent: there is room for another one.
void sim_path_begin(struct path *path)
{
    path->waiting--;
    if (path->from) {
        sim_poll_later(path->from);
    }
}

bool sim_path_ready(const struct path *path)
{
    return path->config.queue > 0 || path->waiting == 0;
}

static const char *refuse(const struct path *path, const struct packet *packet)
{
    const struct aksu_sim_path *c = &path->config;

    if (!path->to_host && !path->to_switch) {
        return "no link";
    }
    if (c->mtu != 0 && packet->len > c->mtu + 14u) {
        return "larger than the MTU";
    }
    if (congested(path, packet) && !capable(packet)) {
        return "queue full";
    }
    return c->queue != 0 && path->waiting >= c->queue ? "queue full" : NULL;
}

// ARP, or a segment with SYN: a late start would hide how the transfer itself fares.
static bool opens(const struct packet *packet)
{
    const uint8_t *ip = packet->data + 14;
    size_t header = is_ipv4(packet) ? (size_t)(ip[0] & 15) * 4 : 0;

    if (header == 0) {
        return packet->len > 14 && packet->data[12] == 0x08 && packet->data[13] == 0x06;
    }
    return ip[9] == 6 && packet->len > 14 + header + 13 && (ip[header + 13] & AKSU_SYN) != 0;
}

static bool lost(struct aksu_sim *sim, struct path *path, const struct packet *packet)
{
    const struct aksu_sim_path *c = &path->config;

    if (c->pass && !c->pass(c->pass_user, packet->data, packet->len)) {
        return true;
    }
    if (c->spare_opening && opens(packet)) {
        return false;
    }
    return sim_chance(sim, c->loss) || lost_in_burst(sim, path);
}

void sim_path_send(struct aksu_sim *sim, struct path *path, struct packet *packet)
{
    bool first = path->config.lose_first;
    const char *refused = first && lost(sim, path, packet) ? "lost" : refuse(path, packet);
    uint64_t at_us;

    if (refused) {
        lose(sim, packet, refused);
        return;
    }
    if (congested(path, packet)) {
        packet = marked(sim, packet);
    }
    at_us = transmit(sim, path, packet->len) + path->config.delay_us;
    if (!first && lost(sim, path, packet)) {
        lose(sim, packet, "lost");
        return;
    }
    if (sim_chance(sim, path->config.corrupt)) {
        if (!is_ipv4(packet)) {
            lose(sim, packet, "corrupted");
            return;
        }
        packet = corrupted(sim, packet);
    }
    if (sim_chance(sim, path->config.duplicate)) {
        packet->refs++;
        tell_frame(sim, AKSU_SIM_MARKED, packet, "duplicated");
        schedule_delivery(sim, path, packet, at_us + 1);
    }
    schedule_delivery(sim, path, packet, at_us);
}

/// Arrival ///

static void to_inbox(struct aksu_sim_host *host, struct packet *packet)
{
    struct inbox *entry = sim_alloc(sizeof *entry);

    entry->packet = packet;
    *host->inbox_end = entry;
    host->inbox_end = &entry->next;
    sim_poll_later(host);
}

static uint32_t known_port(const struct aksu_sim_switch *hub, const uint8_t *mac)
{
    uint32_t i;

    for (i = 0; i < hub->macs; i++) {
        if (memcmp(hub->known[i].mac, mac, 6) == 0) {
            return hub->known[i].port;
        }
    }
    return SIM_PORTS;
}

static void learn(struct aksu_sim_switch *hub, const uint8_t *mac, uint32_t port)
{
    if (known_port(hub, mac) == SIM_PORTS && hub->macs < SIM_MACS) {
        memcpy(hub->known[hub->macs].mac, mac, 6);
        hub->known[hub->macs++].port = port;
    }
}

static void forward(struct aksu_sim *sim, struct aksu_sim_switch *hub, uint32_t from,
                    struct packet *packet)
{
    uint32_t to, port;

    if (packet->len < 14) {
        lose(sim, packet, "runt");
        return;
    }
    learn(hub, packet->data + 6, from);
    to = packet->data[0] & 1 ? SIM_PORTS : known_port(hub, packet->data);
    for (port = 0; port < hub->ports; port++) {
        if (port != from && (to == SIM_PORTS || to == port)) {
            packet->refs++;
            sim_path_send(sim, &hub->down[port], packet);
        }
    }
    sim_packet_drop(sim, packet);
}

void sim_path_deliver(struct aksu_sim *sim, struct path *path, struct packet *packet)
{
    if (path->to_switch) {
        forward(sim, path->to_switch, path->to_port, packet);
    } else {
        to_inbox(path->to_host, packet);
    }
}

/// Cables ///

static void connect_up(struct aksu_sim_host *host, const struct aksu_sim_path *config)
{
    memset(&host->up, 0, sizeof host->up);
    host->up.config = *config;
    host->up.from = host;
    host->linked = true;
}

void aksu_sim_link(struct aksu_sim_host *a, struct aksu_sim_host *b,
                   const struct aksu_sim_path *a_to_b, const struct aksu_sim_path *b_to_a)
{
    connect_up(a, a_to_b);
    connect_up(b, b_to_a);
    a->up.to_host = b;
    b->up.to_host = a;
}

struct aksu_sim_switch *aksu_sim_switch(struct aksu_sim *sim)
{
    struct aksu_sim_switch *hub = sim_alloc(sizeof *hub);

    hub->sim = sim;
    hub->next = sim->switches;
    sim->switches = hub;
    return hub;
}

void aksu_sim_plug(struct aksu_sim_switch *hub, struct aksu_sim_host *host,
                   const struct aksu_sim_path *up, const struct aksu_sim_path *down)
{
    struct path *path;

    if (hub->ports == SIM_PORTS) {
        sim_fail(host, "the switch has only %d ports", SIM_PORTS);
        return;
    }
    path = &hub->down[hub->ports];
    connect_up(host, up);
    host->up.to_switch = hub;
    host->up.to_port = hub->ports++;
    path->config = *down;
    path->to_host = host;
}

void aksu_sim_set_path(struct aksu_sim_host *host, const struct aksu_sim_path *path)
{
    host->up.config = *path;
    sim_poll_later(host);
}
