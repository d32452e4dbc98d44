// SPDX-License-Identifier: MIT
// A connection over a deep sleep: saved to a buffer, resumed in a fresh stack.
#include "stack.h"

enum { DSCP_MAX = 63, FORM = 3 }; // FORM: of what is saved

static const uint8_t magic[4] = {'a', 'k', 's', FORM};

// Flags of a connection that is opening, closing, or holds data out of order.
enum {
    NEVER_IDLE =
        AKSU_F_SYN_UNACKED | AKSU_F_FIN | AKSU_F_RCV_CLOSED | AKSU_F_FIN_HELD | AKSU_F_DSACK
};

static bool idle(const struct aksu_tcb *t)
{
    return t->state == AKSU_ESTABLISHED && t->snd_buf == 0 && t->snd_una == t->snd_max &&
           t->rcv_room == t->rcv_buf && t->ranges == 0 &&
           (t->owed & ~(AKSU_ECN | AKSU_ECN_SLOWED)) == 0 && (t->flags & NEVER_IDLE) == 0 &&
           (t->timers & ~(unsigned)AKSU_TIMER_MISC) == 0;
}

int aksu_save(struct aksu *net, aksu_handle conn, void *to, size_t size)
{
    struct aksu_row *row = aksu_table_row(net, conn);
    uint8_t *p = to;

    if (!row) {
        return AKSU_EBADF;
    }
    if (size < AKSU_SAVED) {
        return AKSU_ENOMEM;
    }
    if (!idle(&row->tcb) || aksu_is_token(&row->pair)) { // IPv6's address is not in it
        return AKSU_EBUSY;
    }
    memset(p, 0, 24);
    memcpy(p, magic, 4);
    aksu_put32(p + 4, net->now_ms);
    memcpy(p + 8, &row->pair, sizeof row->pair);
    p[20] = row->ttl;
    p[21] = row->dscp;
    memcpy(p + 24, &row->tcb, sizeof row->tcb);
    aksu_table_free(net, row);
    return AKSU_SAVED;
}

// Whether a saved TCB is one that a stack could have saved: the buffer may have been lost power.
static bool plausible(const struct aksu *net, const struct aksu_tcb *t)
{
    const uint32_t mss_max = net->mtu - AKSU_IPV4_LEN - (uint32_t)AKSU_TCP_LEN;
    const uint32_t stamps = (t->flags & AKSU_F_TIMESTAMPS) ? AKSU_TIMESTAMPS_LEN : 0;

    return idle(t) && t->rcv_buf == net->store->rx_octets && t->snd_wscale <= 14 &&
           t->rcv_wscale <= 14 && t->snd_mss >= 1 && t->snd_mss + stamps <= mss_max &&
           t->rcv_mss >= 1 && t->rcv_mss <= mss_max && t->snd_nxt == t->snd_una && t->cwnd >= 1 &&
           t->cwnd <= AKSU_CWND_MAX && t->ssthresh >= 1 && t->rcv_adv - t->rcv_nxt <= t->rcv_room &&
           aksu_seq_leq(t->rcv_nxt, t->rcv_up) && (net->profile->ecn || !(t->owed & AKSU_ECN)) &&
           (net->profile->timestamps || !(t->flags & AKSU_F_TIMESTAMPS)) &&
           (net->profile->sack || !(t->flags & AKSU_F_SACK));
}

// Whether a stack of this address could have had such a connection.
static bool usable(const struct aksu *net, const struct aksu_pair *pair)
{
    return pair->local == net->addr && pair->remote != net->addr &&
           aksu_ipv4_unicast(net, pair->remote) && pair->remote_port != 0 && pair->local_port != 0;
}

aksu_handle aksu_resume(struct aksu *net, const void *from, size_t len, uint32_t slept_ms,
                        const struct aksu_handlers *handlers, void *user)
{
    const uint8_t *p = from;
    struct aksu_pair pair;
    struct aksu_step c;

    if (len < AKSU_SAVED || memcmp(p, magic, 4) != 0 || !handlers) {
        return AKSU_EPROTO;
    }
    if (!aksu_seeded(net)) {
        return AKSU_ENOKEY;
    }
    memcpy(&pair, p + 8, sizeof pair);
    if (!usable(net, &pair) || p[20] == 0 || p[21] > DSCP_MAX) {
        return AKSU_EPROTO;
    }
    if (aksu_table_find(net, &pair)) {
        return AKSU_EADDRINUSE;
    }
    if (!aksu_table_room(net)) {
        return AKSU_ENOMEM;
    }
    struct aksu_row *row = aksu_table_alloc(net, &pair);

    memcpy(&row->tcb, p + 24, sizeof row->tcb);
    if (!plausible(net, &row->tcb)) {
        aksu_table_free(net, row);
        return AKSU_EPROTO;
    }
    row->handlers = handlers;
    row->user = user;
    row->ttl = p[20];
    row->dscp = p[21];
    row->bits |= AKSU_ROW_ANNOUNCED;
    c.kind = AKSU_EV_RESUME;
    c.value = aksu_get32(p + 4);
    c.more.detail = slept_ms;
    if (net->more && net->more->ops->dual) {
        net->more->ops->dual->bind(net, row, &aksu_arp_resolver, NULL);
    } else {
        net->resolver = &aksu_arp_resolver;
    }
    aksu_stack_ask(net, row, &c);
    return row->handle;
}
