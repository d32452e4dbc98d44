// SPDX-License-Identifier: MIT
// What the files of UDP share.
#ifndef AKSU_NET_UDP_H
#define AKSU_NET_UDP_H

#include <aksu/udp.h>
#include "../stack.h"

enum { AKSU_UDP_LEN = 8 };

// Bits of an endpoint, of which it has one or none: what it waits for. A datagram can be sent; or
// it has a time, of on_time or of sending. Over IPv6: see udp_ipv6.c.
enum {
    AKSU_UDP_READY = 1,
    AKSU_UDP_TIMER = 2,
    AKSU_UDP_SEND = 4,
    AKSU_UDP_READY_IPV6 = 8,
    AKSU_UDP_SEND_IPV6 = 16
};

// Where the list of endpoints begins: behind what there is once for a stack. One may be added.
static inline struct aksu_more **aksu_udp_list(struct aksu *net)
{
    struct aksu_more **list = &net->more;

    aksu_table_look(net);
    while (*list && !(*list)->ops->endpoints) {
        list = &(*list)->next;
    }
    return list;
}

static inline struct aksu_udp *aksu_udp_first(const struct aksu *net)
{
    struct aksu_more *first = net->more;

    while (first && !first->ops->endpoints) {
        first = first->next;
    }
    return (struct aksu_udp *)first; // its first member
}

static inline struct aksu_udp *aksu_udp_after(const struct aksu_udp *u)
{
    return (struct aksu_udp *)u->more.next;
}

// Where a packet began that was parsed, or would have been.
static inline const uint8_t *aksu_udp_packet(const struct aksu *net, const struct aksu_packet *in)
{
    return in->from + (aksu_has_stations(net) ? AKSU_ETHERNET_LEN - 6 : 0);
}

struct aksu_udp *aksu_udp_find(const struct aksu *net, unsigned port);
int aksu_udp_datagram(struct aksu *net, struct aksu_packet *in);
void aksu_udp_direct(struct aksu *net, struct aksu_udp *udp, uint32_t addr, unsigned port);
int aksu_udp_input(struct aksu *net, struct aksu_packet *in, int drop);
size_t aksu_udp_output(struct aksu *net, uint8_t *frame, uint8_t *packet, const uint8_t **mac);

#endif
