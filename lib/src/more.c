// SPDX-License-Identifier: MIT
// What stands beside TCP, once for a stack: where it is in the list, and how it asks the next.
#include "more.h"

// Puts it before the endpoints and behind IPv6, which is always the first. False: there is one of
// its kind already.
bool aksu_more_add(struct aksu *net, struct aksu_more *m, const struct aksu_more_ops *ops)
{
    struct aksu_more **place = net->more && net->more->ops->addrs ? &net->more->next : &net->more;

    if (aksu_more_find(net, ops)) {
        return false;
    }
    m->ops = ops;
    m->next = *place;
    *place = m;
    aksu_table_look(net);
    return true;
}

struct aksu_more *aksu_more_find(const struct aksu *net, const struct aksu_more_ops *ops)
{
    struct aksu_more *m = net->more;

    while (m && m->ops != ops) {
        m = m->next;
    }
    return m;
}

int aksu_more_input(const struct aksu_more *m, struct aksu *net, struct aksu_packet *in, int drop)
{
    return m->next ? m->next->ops->input(net, in, drop) : drop;
}

size_t aksu_more_output(const struct aksu_more *m, struct aksu *net, uint8_t *frame,
                        uint8_t *packet, const uint8_t **mac)
{
    return m->next ? m->next->ops->output(net, frame, packet, mac) : 0;
}

uint32_t aksu_more_idle(const struct aksu_more *m, const struct aksu *net, uint32_t now_ms,
                        uint32_t wait_ms)
{
    return m->next ? m->next->ops->idle(net, now_ms, wait_ms) : wait_ms;
}

// The end of our address of IPv4, and of its connections, without a word.
void aksu_more_lose(struct aksu *net)
{
    struct aksu_row *row = net->store->row;

    for (uint32_t left = net->store->rows; left > 0; left--, row++) {
        if ((row->bits & AKSU_ROW_USED) && !aksu_is_token(&row->pair)) {
            aksu_stack_silence(net, row, AKSU_ENETUNREACH);
            aksu_table_schedule(net, row, 1); // what is due now has been asked for
        }
    }
    net->addr = 0;
    net->netmask = 0;
    net->gateway = 0;
}
