// SPDX-License-Identifier: MIT
// The application's calls on a connection. None of them runs a handler: what they cause is told by
// the next aksu_output().
#include "stack.h"

// A step of what only the application brings: from here on there is more to each.
void aksu_stack_ask(struct aksu *net, struct aksu_row *row, struct aksu_step *c)
{
    net->step = aksu_tcp_more;
    aksu_stack_begin(net, row, c);
    aksu_tcp_ask(c);
    aksu_stack_stepped(net, row, c);
    aksu_stack_wake(net, row);
}

static int check_remote(struct aksu *net, const struct aksu_endpoint *remote,
                        struct aksu_pair *pair)
{
    if (!aksu_seeded(net)) {
        return AKSU_ENOKEY;
    }
    if (pair->remote_port == 0) {
        return AKSU_EINVAL;
    }
    if (pair->remote == AKSU_NOT_IPV4 && net->more && net->more->ops->dual) {
        return net->more->ops->dual->pair(net, &remote->addr, pair);
    }
    // MUST-46; and without a gateway only this network is reached.
    if (net->addr == 0 || !aksu_ipv4_unicast(net, pair->remote) || pair->remote == net->addr ||
        (aksu_has_stations(net) && !aksu_ipv4_here(net, pair->remote) && net->gateway == 0)) {
        return AKSU_EADDRNOTAVAIL;
    }
    return AKSU_OK;
}

static int choose_port(struct aksu *net, struct aksu_pair *pair)
{
    if (pair->local_port == 0) {
        pair->local_port = aksu_isn_port(net, pair);
        return pair->local_port ? AKSU_OK : AKSU_EADDRINUSE;
    }
    return aksu_table_knows(net, pair) ? AKSU_EADDRINUSE : AKSU_OK;
}

aksu_handle aksu_connect(struct aksu *net, const struct aksu_endpoint *remote, uint16_t local_port,
                         const struct aksu_handlers *handlers, void *user)
{
    struct aksu_pair pair = {aksu_addr_get(&remote->addr), net->addr, remote->port, local_port};
    struct aksu_open open;
    struct aksu_step c;
    int error = handlers ? check_remote(net, remote, &pair) : AKSU_EINVAL;

    if (!error) {
        error = choose_port(net, &pair);
    }
    if (error) {
        return error;
    }
    if (!aksu_table_room(net)) {
        return AKSU_ENOMEM;
    }
    struct aksu_row *row = aksu_table_alloc(net, &pair);

    row->handlers = handlers;
    row->user = user;
    row->bits |= AKSU_ROW_ANNOUNCED;
    aksu_isn_open(net, &pair, &open);
    if (net->more && net->more->ops->dual) {
        net->more->ops->dual->bind(net, row, &aksu_arp_resolver, &open);
    } else {
        net->resolver = &aksu_arp_resolver;
    }
    c.kind = AKSU_EV_CONNECT;
    c.more.open = &open;
    aksu_stack_ask(net, row, &c);
    return row->handle;
}

int aksu_shutdown(struct aksu *net, aksu_handle conn)
{
    struct aksu_row *row = aksu_table_row(net, conn);

    if (!row) {
        return AKSU_EBADF;
    }
    if ((row->tcb.flags & AKSU_F_FIN) || row->tcb.state == AKSU_CLOSED) {
        return AKSU_EPIPE;
    }
    aksu_stack_do(net, row, AKSU_EV_SHUTDOWN, 0);
    return AKSU_OK;
}

int aksu_close(struct aksu *net, aksu_handle conn, uint32_t linger_ms)
{
    return aksu_stack_end(net, conn, AKSU_EV_CLOSE, linger_ms);
}

int aksu_abort(struct aksu *net, aksu_handle conn)
{
    return aksu_stack_end(net, conn, AKSU_EV_ABORT, 0);
}

static void set_own(struct aksu_row *row, enum aksu_option option, uint32_t value)
{
    if (option == AKSU_TTL) {
        row->ttl = (uint8_t)(value ? value : AKSU_TTL_DEFAULT);
    } else if (option == AKSU_DSCP) {
        row->dscp = (uint8_t)value;
    } else {
        row->bits = (uint8_t)(value ? row->bits | AKSU_ROW_SILENT : row->bits & ~AKSU_ROW_SILENT);
    }
}

int aksu_set(struct aksu *net, aksu_handle conn, enum aksu_option option, uint32_t value)
{
    static const uint16_t most[AKSU_OPTION_COUNT] = {
        [AKSU_NODELAY] = 1,
        [AKSU_QUICKACK] = 1,
        [AKSU_USER_TIMEOUT] = 65535,
        [AKSU_KEEPALIVE] = 1,
        [AKSU_KEEPALIVE_IDLE] = 65535,
        [AKSU_KEEPALIVE_INTERVAL] = 255,
        [AKSU_KEEPALIVE_COUNT] = 255,
        [AKSU_PROBE_LIMIT] = 255,
        [AKSU_URGENT] = 65535,
        [AKSU_TTL] = 255,
        [AKSU_DSCP] = 63,
        [AKSU_SILENT] = 1,
    };
    struct aksu_row *row = aksu_table_row(net, conn);

    if (!row) {
        return AKSU_EBADF;
    }
    if ((unsigned)option >= AKSU_OPTION_COUNT || value > most[option]) {
        return AKSU_EINVAL;
    }
    if (option >= AKSU_TTL) {
        set_own(row, option, value);
    } else {
        struct aksu_step c;
        c.kind = AKSU_EV_SET;
        c.option = (uint8_t)option;
        c.value = value;
        aksu_stack_ask(net, row, &c);
    }
    return AKSU_OK;
}

int aksu_set_handlers(struct aksu *net, aksu_handle conn, const struct aksu_handlers *handlers,
                      void *user)
{
    struct aksu_row *row = aksu_table_row(net, conn);

    if (!row || (row->bits & AKSU_ROW_HALF_OPEN)) {
        return AKSU_EBADF;
    }
    if (!handlers || !handlers->emit != !row->handlers->emit) {
        return AKSU_EINVAL;
    }
    row->handlers = handlers;
    row->user = user;
    return AKSU_OK;
}

void *aksu_user(struct aksu *net, aksu_handle conn)
{
    const struct aksu_row *row = aksu_table_row(net, conn);

    return row && !(row->bits & AKSU_ROW_HALF_OPEN) ? row->user : NULL;
}

int aksu_info(const struct aksu *net, aksu_handle conn, struct aksu_info *info)
{
    const struct aksu_row *row = aksu_table_row(net, conn);

    if (!row) {
        return AKSU_EBADF;
    }
    const struct aksu_tcb *t = &row->tcb;

    memset(info, 0, sizeof *info);
    if (aksu_is_token(&row->pair)) {
        net->more->ops->addrs(net, row, info);
    } else {
        aksu_addr_put(row->pair.local, &info->local.addr);
        aksu_addr_put(row->pair.remote, &info->remote.addr);
    }
    info->local.port = row->pair.local_port;
    info->remote.port = row->pair.remote_port;
    info->tcb = t;
    info->readable = aksu_ring_readable(row);
    info->writable = aksu_ring_room(net, row);
    info->urgent = t->rcv_up - (t->rcv_nxt - info->readable);
    info->idle_ms = AKSU_NEVER;
    if (row->place != AKSU_UNSCHEDULED) {
        info->idle_ms = aksu_until(net->now_ms, row->deadline);
    }
    return AKSU_OK;
}
