// SPDX-License-Identifier: MIT
// Multicast DNS over IPv6 (RFC 6762 20): the responder's second group. It hears what IPv6 has no
// use for, and sends what is said to all, or to one host, by frames of its own.
#include "../more.h"
#include "ipv6.h"
#include "mdns.h"
#include "udp.h"

enum {
    TYPE_IPV6 = 0x86dd,
    HOPS = 255,       // 11
    REPORTS = 2,      // RFC 3810 9.1
    REPORT_MS = 1000, // 9.11
    ALERT_LEN = 8,    // the header before a report
    RECORD = 8,       // where its record begins
    TO_INCLUDE = 3    // a record: listens to nobody from now on
};

static const uint8_t group[16] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfb};

static const struct aksu_more_ops ops;

static struct aksu_mdns_ipv6 *ours(const struct aksu *net)
{
    return (struct aksu_mdns_ipv6 *)aksu_more_find(net, &ops); // its first member
}

// --- Our addresses ---

// Which are in use; the one of the link is the first.
static unsigned ready(const struct aksu *net)
{
    unsigned all = 0;

    for (unsigned i = 0; i < AKSU_IPV6_ADDRESSES; i++) {
        all |= (aksu_ipv6(net)->address[i].state == AKSU_IPV6_READY ? 1u : 0u) << i;
    }
    return all;
}

// Whether an address is in use that was not. With that of the link the name can be claimed there.
static void notice(struct aksu *net, struct aksu_mdns_ipv6 *w)
{
    unsigned now = ready(net);
    unsigned came = now & ~(unsigned)w->ready;

    w->ready = (uint8_t)now;
    if (w->ends) {
        return;
    }
    if (came & 1) {
        aksu_mdns_begin(net, w->mdns);
    } else if (came) {
        aksu_mdns_announce(net, w->mdns);
    }
}

// --- What comes in ---

// A packet to the group, whose header has been checked.
static int take(struct aksu *net, struct aksu_mdns_ipv6 *w, const struct aksu_packet *in)
{
    const uint8_t *packet = in->payload;
    const uint8_t *source = packet + AKSU_IPV6_SOURCE;
    const uint8_t *p = packet + AKSU_IPV6_LEN;
    uint32_t text;

    if (packet[6] != AKSU_PROTOCOL_UDP) {
        return AKSU_DROP_PROTOCOL;
    }
    int drop = aksu_datagram6_take(packet, p, aksu_get16(packet + 4), &text);

    if (drop) {
        return drop;
    }
    if (aksu_ipv6_is_any(source)) {
        return AKSU_DROP_SOURCE;
    }
    if (aksu_get16(p + 2) != AKSU_MDNS_PORT) {
        return AKSU_DROP_NO_CONNECTION;
    }
    const struct aksu_mdns_from from = {aksu_get32(source + 12), aksu_get16(p), &w->asker};

    if (aksu_mdns_take(net, w->mdns, &from, p + AKSU_UDP_LEN, text)) {
        memcpy(&w->to, source, sizeof w->to);
        w->to_port = from.port;
        memcpy(w->mac, in->from, sizeof w->mac);
    }
    return 0;
}

// A packet of no group that IPv6 itself listens to, from a station that can send.
static bool foreign(const struct aksu *net, const struct aksu_packet *in, int drop)
{
    const uint8_t *from = in->from;

    return drop == AKSU_DROP_NOT_OURS && in->payload == from + (AKSU_ETHERNET_LEN - 6) &&
           aksu_get16(from + 6) == TYPE_IPV6 && !(from[0] & 1) && !aksu_same_mac(from, net->mac);
}

static int input(struct aksu *net, struct aksu_packet *in, int drop)
{
    struct aksu_mdns_ipv6 *w = ours(net);

    return foreign(net, in, drop) && memcmp(in->payload + AKSU_IPV6_DESTINATION, group, 16) == 0
               ? take(net, w, in)
               : aksu_more_input(&w->more, net, in, drop);
}

// --- What goes out ---

// Reports the group, as MLD reports that of an address.
static size_t put_report(struct aksu *net, uint8_t *frame)
{
    size_t len = aksu_mld_report(net, &aksu_ipv6(net)->address[0], frame);
    uint8_t *packet = frame + AKSU_ETHERNET_LEN;
    uint8_t *p = packet + AKSU_IPV6_LEN + ALERT_LEN;

    if (ours(net)->ends) {
        p[RECORD] = TO_INCLUDE;
    }
    memcpy(p + RECORD + 4, group, sizeof group);
    aksu_put16(p + 2, 0);
    aksu_put16(p + 2, aksu_icmpv6_sum(packet, p, RECORD + 4 + sizeof group, AKSU_PROTOCOL_ICMPV6));
    return len;
}

// When the groups of our addresses are told, because they are new or somebody asks, so is this one.
static bool asked(const struct aksu *net, const struct aksu_mdns_ipv6 *w)
{
    return aksu_ipv6(net)->todo_at[AKSU_IPV6_REPORTS] != w->told_at;
}

static size_t report(struct aksu *net, struct aksu_mdns_ipv6 *w, uint8_t *frame)
{
    bool again =
        asked(net, w) && aksu_reached(net->now_ms, aksu_ipv6(net)->todo_at[AKSU_IPV6_REPORTS]);

    if (w->ends) {
        return 0; // see leave()
    }
    if (again) {
        w->told_at = aksu_ipv6(net)->todo_at[AKSU_IPV6_REPORTS];
    } else if (w->reports > 0 && aksu_reached(net->now_ms, w->report_at)) {
        w->reports--;
        w->report_at = aksu_ipv6_soon(net, REPORT_MS);
    } else {
        return 0;
    }
    return put_report(net, frame);
}

// What is said, to one host first; or 0.
static size_t message(struct aksu *net, struct aksu_mdns_ipv6 *w, uint8_t *frame)
{
    bool one = w->asker.wanted > 0;
    const uint8_t *to = one ? w->to.octets : group;
    const struct aksu_ipv6_address *local =
        one ? aksu_address6_source(net, to) : aksu_address6_near(net);
    uint8_t *packet = frame + AKSU_ETHERNET_LEN;

    if (!one && w->saying.what == AKSU_MDNS_NOTHING) {
        return 0;
    }
    if (!local) { // it is not heard
        w->asker.wanted = 0;
        w->saying.what = AKSU_MDNS_NOTHING;
        return 0;
    }
    uint8_t *p = aksu_ipv6_put(packet, 0, AKSU_PROTOCOL_UDP << 8 | HOPS, local->addr.octets, to);
    size_t text = aksu_mdns_write(net, w->mdns, &w->saying, &w->asker, p + AKSU_UDP_LEN);

    if (one) {
        aksu_ipv6_frame(net, frame, w->mac);
    } else {
        aksu_ipv6_group_frame(net, frame, group);
        w->saying.what = AKSU_MDNS_NOTHING;
    }
    uint32_t ports = (uint32_t)AKSU_MDNS_PORT << 16 | (one ? w->to_port : AKSU_MDNS_PORT);

    return AKSU_ETHERNET_LEN + aksu_datagram6_put(packet, ports, text);
}

// The end: the group is left (RFC 3810 6.1), and the memory is the caller's.
static size_t leave(struct aksu *net, struct aksu_mdns_ipv6 *w, uint8_t *frame)
{
    struct aksu_more **link = &net->more;
    size_t len = put_report(net, frame);

    while (*link != &w->more) {
        link = &(*link)->next;
    }
    *link = w->more.next;
    w->mdns->ipv6 = NULL;
    return len;
}

static size_t output(struct aksu *net, uint8_t *frame, uint8_t *packet, const uint8_t **mac)
{
    struct aksu_mdns_ipv6 *w = ours(net);

    notice(net, w);
    size_t len = report(net, w, frame);

    if (len == 0) {
        len = message(net, w, frame);
    }
    if (len == 0 && w->ends) {
        len = leave(net, w, frame);
    }
    return len > 0 ? len : aksu_more_output(&w->more, net, frame, packet, mac);
}

static uint32_t idle(const struct aksu *net, uint32_t now_ms, uint32_t wait_ms)
{
    const struct aksu_mdns_ipv6 *w = ours(net);

    if (w->saying.what != AKSU_MDNS_NOTHING || w->asker.wanted || w->ends ||
        (ready(net) & ~(unsigned)w->ready)) {
        return 0;
    }
    if (asked(net, w)) {
        wait_ms =
            aksu_min32(wait_ms, aksu_until(now_ms, aksu_ipv6(net)->todo_at[AKSU_IPV6_REPORTS]));
    }
    if (w->reports > 0) {
        wait_ms = aksu_min32(wait_ms, aksu_until(now_ms, w->report_at));
    }
    return aksu_more_idle(&w->more, net, now_ms, wait_ms);
}

static const struct aksu_more_ops ops = {input, output, idle, NULL, NULL, false, NULL};

int aksu_mdns_ipv6(struct aksu *net, struct aksu_mdns *mdns, struct aksu_mdns_ipv6 *ipv6)
{
    if (!net->more || !net->more->ops->addrs || mdns->state == 0) {
        return AKSU_EINVAL;
    }
    if (mdns->ipv6 || ours(net)) {
        return AKSU_EBUSY;
    }
    memset(ipv6, 0, sizeof *ipv6);
    ipv6->mdns = mdns;
    ipv6->report_at = net->now_ms;
    ipv6->told_at = aksu_ipv6(net)->todo_at[AKSU_IPV6_REPORTS];
    ipv6->reports = REPORTS;
    (void)aksu_more_add(net, &ipv6->more, &ops);
    mdns->ipv6 = ipv6;
    return AKSU_OK;
}
