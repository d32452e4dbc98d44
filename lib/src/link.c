// SPDX-License-Identifier: MIT
// The link has gone, or is there again. While it is gone nothing is sent, for what is not sent
// needs no retransmission: a resolver that finds nobody stands before the one that there is. It
// goes when each connection has its address again.
#include "more.h"
#include "net/ipv6.h"
#include "net/udp.h"

enum {
    LOOK_EVERY_MS = 1000,           // at a connection that is held, for its timeouts
    ROUTERS_MS = 12000,             // three questions of 4 s
    LIFE_MAX_MS = INT32_C(1) << 30, // of a router
    SOON_MS = 1                     // once what is due now has been asked for
};

static const struct aksu_more_ops ops;
static const struct aksu_resolver holding;

static struct aksu_carrier *ours(const struct aksu *net)
{
    return (struct aksu_carrier *)aksu_more_find(net, &ops); // its first member
}

// Whether a connection may send: nobody is asked for its address any more.
static bool may_send(const struct aksu *net, const struct aksu_row *row)
{
    return aksu_is_token(&row->pair)
               ? aksu_ipv6(net)->address[row->pair.local >> 16].state == AKSU_IPV6_READY
               : net->addr != 0;
}

static size_t resolve(struct aksu *net, struct aksu_row *row, uint8_t *frame)
{
    (void)frame;
    if (row->tcb.state == AKSU_CLOSED) {
        aksu_stack_sent(net, row, &aksu_stack_rst);
        aksu_stack_wake(net, row);
    } else {
        aksu_table_schedule(net, row, LOOK_EVERY_MS);
    }
    return 0;
}

static void doubt(struct aksu *net, struct aksu_row *row)
{
    (void)net;
    (void)row;
}

static int learn(struct aksu *net, uint32_t addr, const uint8_t mac[6])
{
    const struct aksu_carrier *carrier = ours(net);

    return carrier->resolver ? carrier->resolver->learn(net, addr, mac) : AKSU_DROP_ARP;
}

static const struct aksu_resolver holding = {resolve, doubt, learn};

// Whether all connections may go on.
static bool over(const struct aksu *net, const struct aksu_carrier *carrier)
{
    bool all = carrier->holds && !carrier->down;

    for (uint32_t i = 0; all && i < net->store->rows; i++) {
        const struct aksu_row *row = &net->store->row[i];
        all = !(row->bits & AKSU_ROW_USED) || may_send(net, row);
    }
    return all;
}

// Connections are held, or go on: to the station that they had, if they had one.
static void hold(struct aksu *net, struct aksu_carrier *carrier, bool holds)
{
    carrier->holds = holds;
    for (uint32_t i = 0; i < net->store->rows; i++) {
        struct aksu_row *row = &net->store->row[i];
        if (row->bits == 0) { // free; one in TIME-WAIT is nobody's, but it answers
            continue;
        }
        if (holds) {
            row->bits &= (uint8_t)~AKSU_ROW_RESOLVED;
            continue;
        }
        row->bits |= (row->bits & AKSU_ROW_HAD_MAC) ? AKSU_ROW_RESOLVED : 0;
        aksu_table_schedule(net, row, SOON_MS);
    }
}

// An open puts its resolver in the place of ours: it is the one to be stood in for.
static bool displaced(const struct aksu *net, const struct aksu_carrier *carrier)
{
    return carrier->holds && net->resolver != &holding;
}

static void stand_in(struct aksu *net, struct aksu_carrier *carrier)
{
    if (net->more->ops->addrs && aksu_ipv6(net)->arp == &holding) {
        aksu_ipv6(net)->arp = carrier->resolver; // aksu_ipv6_client() took ours for ARP's
    }
    carrier->resolver = net->resolver;
    net->resolver = &holding;
}

static void settle(struct aksu *net, struct aksu_carrier *carrier)
{
    if (displaced(net, carrier)) {
        stand_in(net, carrier);
    }
    if (over(net, carrier)) {
        net->resolver = carrier->resolver;
        hold(net, carrier, false);
    }
}

static int input(struct aksu *net, struct aksu_packet *in, int drop)
{
    return aksu_more_input(&ours(net)->more, net, in, drop);
}

static size_t output(struct aksu *net, uint8_t *frame, uint8_t *packet, const uint8_t **mac)
{
    struct aksu_carrier *carrier = ours(net);

    settle(net, carrier);
    return aksu_more_output(&carrier->more, net, frame, packet, mac);
}

static uint32_t idle(const struct aksu *net, uint32_t now_ms, uint32_t wait_ms)
{
    const struct aksu_carrier *carrier = ours(net);

    return displaced(net, carrier) || over(net, carrier)
               ? 0
               : aksu_more_idle(&carrier->more, net, now_ms, wait_ms);
}

static const struct aksu_more_ops ops = {input, output, idle, NULL, NULL, false, NULL};

// Addresses are claimed anew (RFC 4862 5.4), and connections wait for that. What routers have said
// counts until they had the time to say it again (RFC 6059), and of neighbours nothing is known.
static void renew_six(struct aksu *net)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    for (unsigned i = 0; i < AKSU_IPV6_ADDRESSES; i++) {
        struct aksu_ipv6_address *a = &ip6->address[i];
        if (a->state >= AKSU_IPV6_TENTATIVE) {
            a->state = AKSU_IPV6_TENTATIVE;
            a->tries = 0;
            a->at = net->now_ms;
        }
        a->preferred_at = net->now_ms;
    }
    for (unsigned i = 0; i < AKSU_IPV6_ROUTERS; i++) {
        struct aksu_ipv6_router *r = &ip6->router[i];
        if (r->until - net->now_ms <= LIFE_MAX_MS && r->until - net->now_ms > ROUTERS_MS) {
            r->until = net->now_ms + ROUTERS_MS;
        }
    }
    memset(ip6->neighbour, 0, sizeof ip6->neighbour);
}

void aksu_link(struct aksu *net, struct aksu_carrier *carrier, bool up)
{
    aksu_more_add(net, &carrier->more, &ops);
    if (carrier->down != up) {
        return; // nothing new
    }
    carrier->down = !up;
    if (!up && aksu_has_stations(net) && !carrier->holds) {
        stand_in(net, carrier);
        hold(net, carrier, true);
    }
    memset(net->store->neighbour, 0, AKSU_NEIGHBOURS * sizeof *net->store->neighbour);
    if (net->more && net->more->ops->addrs && up) {
        renew_six(net);
    }
    struct aksu_more *next;

    for (struct aksu_more *m = net->more; m; m = next) {
        next = m->next; // a handler may close its endpoint, or open it anew
        struct aksu_udp *u = (struct aksu_udp *)m; // if it is an endpoint
        if (m->ops->endpoints && u->handlers->on_link) {
            u->handlers->on_link(net, u, up);
        } else if (m->ops->link) {
            m->ops->link(net, m, up);
        }
    }
    settle(net, carrier);
}
