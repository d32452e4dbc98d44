// SPDX-License-Identifier: MIT
// Listeners: a port, its handlers, and how many half-open connections it may have.
#include "stack.h"

// The one for this very address before the one for any.
struct aksu_listener *aksu_listen_find(const struct aksu *net, uint32_t local, uint16_t port)
{
    struct aksu_listener *any = NULL;
    struct aksu_listener *l = net->store->listener;

    for (uint32_t left = net->store->listeners; left > 0; left--, l++) {
        if (l->port == port) {
            if (l->local == local) {
                return l;
            }
            any = l->local == 0 ? l : any;
        }
    }
    return any;
}

static struct aksu_listener *exactly(const struct aksu *net, uint32_t local, uint16_t port)
{
    struct aksu_listener *l = aksu_listen_find(net, local, port);

    return l && l->local == local ? l : NULL;
}

int aksu_listen(struct aksu *net, const struct aksu_addr *local, uint16_t port, uint8_t backlog,
                const struct aksu_handlers *handlers, void *user)
{
    uint32_t addr = aksu_addr_get(local);

    if (port == 0 || !handlers || addr == AKSU_NOT_IPV4) {
        return AKSU_EINVAL;
    }
    if (!aksu_seeded(net)) {
        return AKSU_ENOKEY;
    }
    if (exactly(net, addr, port)) {
        return AKSU_EADDRINUSE;
    }
    struct aksu_listener *l = aksu_listen_find(net, 0, 0); // one that is free

    if (!l) {
        return AKSU_ENOMEM;
    }
    l->user = user;
    l->local = addr;
    l->backlog = backlog ? backlog : (uint8_t)aksu_min32((net->store->rows + 1) / 2, UINT8_MAX);
    l->handlers = handlers;
    l->port = port;
    return AKSU_OK;
}

// A row is no longer half-open, one way or the other. So far its user was the listener.
void aksu_listen_completed(struct aksu_row *row)
{
    struct aksu_listener *l = row->user;

    row->bits &= (uint8_t)~AKSU_ROW_HALF_OPEN;
    row->user = l->user;
    l->half_open--;
}

// A half-open row will not be completed.
void aksu_listen_lost(struct aksu *net, struct aksu_row *row)
{
    net->counters.half_open_lost++;
    aksu_listen_completed(row);
}

void aksu_listen_drop(struct aksu *net, struct aksu_row *row)
{
    aksu_listen_lost(net, row);
    aksu_table_free(net, row);
}

int aksu_unlisten(struct aksu *net, const struct aksu_addr *local, uint16_t port)
{
    struct aksu_listener *l = exactly(net, aksu_addr_get(local), port);

    if (!l || port == 0) {
        return AKSU_EINVAL;
    }
    for (uint32_t i = 0; i < net->store->rows; i++) {
        struct aksu_row *row = &net->store->row[i];
        if ((row->bits & AKSU_ROW_HALF_OPEN) && row->user == l) {
            aksu_listen_drop(net, row);
        }
    }
    memset(l, 0, sizeof *l);
    return AKSU_OK;
}

// Makes a half-open row of a SYN for the packet's pair of endpoints; a row is free.
struct aksu_row *aksu_listen_half_open(struct aksu *net, const struct aksu_packet *in,
                                       const struct aksu_open *open)
{
    struct aksu_step c;
    struct aksu_listener *l = in->listener;

    c.kind = AKSU_EV_LISTEN;
    c.more.open = open;
    c.s = &in->segment;
    struct aksu_row *row = aksu_table_alloc(net, &in->pair);

    row->handlers = l->handlers;
    row->user = l;
    memcpy(row->mac, in->from, 6);
    row->bits = AKSU_ROW_USED | AKSU_ROW_HALF_OPEN | AKSU_ROW_RESOLVED | AKSU_ROW_HAD_MAC;
    l->half_open++;
    aksu_stack_step(net, row, &c);
    c.kind = AKSU_EV_SEGMENT;
    aksu_stack_step(net, row, &c);
    aksu_stack_wake(net, row);
    return row;
}

static int take_syn(struct aksu *net, const struct aksu_listener *l, struct aksu_packet *in)
{
    struct aksu_open open;

    aksu_isn_open(net, &in->pair, &open);
    if (in->old) {
        aksu_seq_raise(&open.iss, in->old->snd_nxt + 1); // RFC 6191 2
    }
    if (l->half_open < l->backlog && aksu_table_room(net)) {
        if (net->profile->fast_open) {
            net->profile->fast_open->syn(net, in, &open);
        } else {
            aksu_listen_half_open(net, in, &open);
        }
    } else if (!net->profile->cookies || !net->profile->cookies->send(net, in, &open)) {
        return AKSU_DROP_NO_ROW; // the client's next SYN is its retry
    }
    if (in->old) {
        in->old->expires = net->now_ms;
    }
    return 0;
}

// A segment of no connection.
int aksu_listen_input(struct aksu *net, struct aksu_packet *in)
{
    struct aksu_listener *l = aksu_listen_find(net, in->pair.local, in->pair.local_port);
    const struct aksu_segment *s = &in->segment;
    const struct aksu_time_waits *waits = net->profile->time_waits;

    in->listener = l;
    int drop = waits ? waits->input(net, in) : 0;

    if (drop) {
        return drop;
    }
    enum aksu_verdict verdict = l ? aksu_tcp_listen(s) : AKSU_REPLY;

    if (verdict == AKSU_ADMIT) {
        return take_syn(net, l, in);
    }
    if (verdict == AKSU_DROP) {
        if (s->options & AKSU_OPT_ILLEGAL) {
            return AKSU_DROP_TCP_OPTION;
        }
        return (s->flags & (AKSU_SYN | AKSU_RST)) == AKSU_RST ? AKSU_DROP_LISTEN
                                                              : AKSU_DROP_TCP_FLAGS;
    }
    if (l && net->profile->cookies && !(s->flags & AKSU_SYN)) {
        return net->profile->cookies->take(net, in);
    }
    return aksu_stack_reset(net, in, AKSU_DROP_NO_CONNECTION);
}
