// SPDX-License-Identifier: MIT
// RFC 8305 with one address of each version: both are asked for, that of IPv6 is tried first if it
// is there in time, and the other a bit later. What opens first is the connection.
#include <aksu/connect_name.h>
#include "udp.h"

enum { IPV6, IPV4, FAMILIES };

// Of an address.
enum { NOTHING, ASKED, FOUND, TRIED };

// What the timer is for. It is the endpoint of a question that was answered.
enum { NO_WAIT, WAIT_FOR_IPV6, WAIT_FOR_OPEN };

enum { RESOLUTION_MS = 50, ATTEMPT_MS = 250 }; // RFC 8305 8

static unsigned family_of(const struct aksu_dns_query *q)
{
    return q->type == AKSU_DNS_A ? IPV4 : IPV6;
}

// The search that a question belongs to, of which they are the first members.
static struct aksu_named *search_of(struct aksu_dns_query *q)
{
    return (struct aksu_named *)(q - family_of(q));
}

// --- Connections that are tried: without a user one is of no interest any more ---

static void closed(struct aksu *net, aksu_handle conn, void *user, int error);
static void opened(struct aksu *net, aksu_handle conn, void *user);

// Nothing is sent before the application has the connection.
static void emit(struct aksu *net, aksu_handle conn, void *user, uint32_t offset, void *to,
                 size_t len)
{
    (void)net;
    (void)conn;
    (void)user;
    (void)offset;
    memset(to, 0, len);
}

// Whether there is an emit handler cannot be changed later.
static const struct aksu_handlers *racing(const struct aksu_named *c)
{
    static const struct aksu_handlers plain = {.on_open = opened, .on_close = closed};
    static const struct aksu_handlers emitting = {
        .on_open = opened, .on_close = closed, .emit = emit};

    return c->handlers->emit ? &emitting : &plain;
}

static bool attempt(struct aksu *net, struct aksu_named *c, unsigned f)
{
    c->remote.addr = c->addr[f];
    c->state[f] = TRIED;
    c->conn[f] = aksu_connect(net, &c->remote, 0, racing(c), c);
    if (c->conn[f] < 0) {
        c->error = (int8_t)c->conn[f];
        c->conn[f] = 0;
    }
    return c->conn[f] != 0;
}

// --- The search ---

static void on_datagram(struct aksu *net, struct aksu_udp *u, const struct aksu_packet *packet,
                        const void *data, size_t len)
{
    (void)net;
    (void)u;
    (void)packet;
    (void)data;
    (void)len;
}

static void on_time(struct aksu *net, struct aksu_udp *u);

static void start_timer(struct aksu *net, struct aksu_named *c, unsigned f, unsigned wait,
                        uint32_t ms)
{
    static const struct aksu_udp_handlers handlers = {.on_datagram = on_datagram,
                                                      .on_time = on_time};

    c->wait = (uint8_t)wait;
    c->timer = (uint8_t)f;
    aksu_udp_open(net, &c->query[f].udp, 0, &handlers);
    aksu_udp_wake(net, &c->query[f].udp, ms);
}

static void stop_timer(struct aksu *net, struct aksu_named *c)
{
    if (c->wait != NO_WAIT) {
        aksu_udp_close(net, &c->query[c->timer].udp);
        c->wait = NO_WAIT;
    }
}

// Tries what there is, unless it is to wait.
static void try_next(struct aksu *net, struct aksu_named *c, bool patient)
{
    for (unsigned f = IPV6; f < FAMILIES && c->wait == NO_WAIT; f++) {
        unsigned other = c->state[IPV6 + IPV4 - f];
        if (c->state[f] != FOUND) {
            continue;
        }
        if (f == IPV4 && other == ASKED && patient) {
            start_timer(net, c, f, WAIT_FOR_IPV6, RESOLUTION_MS);
        } else if (attempt(net, c, f) && (other == ASKED || other == FOUND)) {
            start_timer(net, c, f, WAIT_FOR_OPEN, ATTEMPT_MS);
        }
    }
}

static void go_on(struct aksu *net, struct aksu_named *c, bool patient)
{
    try_next(net, c, patient);
    if (c->wait == NO_WAIT && c->state[IPV6] != ASKED && c->state[IPV4] != ASKED &&
        c->conn[IPV6] == 0 && c->conn[IPV4] == 0 && c->handlers->on_close) {
        c->handlers->on_close(net, 0, c->user, c->error);
    }
}

static void on_time(struct aksu *net, struct aksu_udp *u)
{
    struct aksu_named *c = search_of((struct aksu_dns_query *)u);

    stop_timer(net, c);
    go_on(net, c, false);
}

static void on_answer(struct aksu *net, struct aksu_dns_query *q, int error,
                      const struct aksu_addr *addr)
{
    struct aksu_named *c = search_of(q);
    unsigned f = family_of(q);

    c->state[f] = NOTHING;
    if (addr) {
        c->addr[f] = *addr;
        c->state[f] = FOUND;
        c->found = true;
    } else if (!c->found && (c->error == AKSU_OK || c->error == AKSU_EADDRNOTAVAIL)) {
        c->error = (int8_t)error; // that a name has no such address says least
    }
    if (c->wait == WAIT_FOR_IPV6) {
        stop_timer(net, c);
    }
    go_on(net, c, true);
}

static void closed(struct aksu *net, aksu_handle conn, void *user, int error)
{
    struct aksu_named *c = user;

    if (c) {
        c->conn[conn == c->conn[IPV6] ? IPV6 : IPV4] = 0;
        c->error = (int8_t)error;
        stop_timer(net, c);
        go_on(net, c, true);
    }
}

static void opened(struct aksu *net, aksu_handle conn, void *user)
{
    struct aksu_named *c = user;
    unsigned f = conn == c->conn[IPV6] ? IPV6 : IPV4;
    const struct aksu_handlers *handlers = c->handlers;

    c->remote.addr = c->addr[f];
    c->conn[f] = 0;
    aksu_connect_name_cancel(net, c); // the other
    aksu_set_handlers(net, conn, handlers, c->user);
    if (handlers->on_open) {
        handlers->on_open(net, conn, c->user);
    }
}

// --- Calls ---

static int ask(struct aksu *net, struct aksu_named *c, struct aksu_dns *dns, unsigned f)
{
    int error = aksu_dns_ask(net, dns, &c->query[f], c->host,
                             f == IPV6 ? AKSU_DNS_AAAA : AKSU_DNS_A, on_answer);

    c->state[f] = error ? NOTHING : ASKED;
    return error;
}

int aksu_connect_name(struct aksu *net, struct aksu_named *named, struct aksu_dns *dns,
                      const char *host, uint16_t port, const struct aksu_handlers *handlers,
                      void *user)
{
    struct aksu_addr addr;
    bool ipv6 = net->more && net->more->ops->dual;
    int error = AKSU_OK;

    if (!handlers || port == 0) {
        return AKSU_EINVAL;
    }
    memset(named, 0, sizeof *named);
    named->host = host;
    named->remote.port = port;
    named->handlers = handlers;
    named->user = user;
    if (aksu_parse_addr(host, &addr) == AKSU_OK) {
        unsigned f = aksu_addr_get(&addr) == AKSU_NOT_IPV4 ? IPV6 : IPV4;
        named->addr[f] = addr;
        named->found = true;
        return attempt(net, named, f) ? AKSU_OK : named->error;
    }
    if (!dns || (!ipv6 && net->addr == 0)) {
        return dns ? AKSU_EADDRNOTAVAIL : AKSU_EINVAL;
    }
    // What is opened last is sent first: IPv6 (RFC 8305 3).
    if (net->addr != 0) {
        error = ask(net, named, dns, IPV4);
    }
    if (!error && ipv6) {
        error = ask(net, named, dns, IPV6);
    }
    if (error) {
        aksu_connect_name_cancel(net, named);
    }
    return error;
}

void aksu_connect_name_cancel(struct aksu *net, struct aksu_named *named)
{
    stop_timer(net, named);
    for (unsigned f = IPV6; f < FAMILIES; f++) {
        if (named->state[f] == ASKED) {
            aksu_dns_cancel(net, &named->query[f]);
        }
        if (named->conn[f] != 0) {
            aksu_set_handlers(net, named->conn[f], racing(named), NULL);
            aksu_abort(net, named->conn[f]);
        }
        named->state[f] = NOTHING;
        named->conn[f] = 0;
    }
}
