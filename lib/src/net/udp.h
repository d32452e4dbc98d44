// SPDX-License-Identifier: MIT
// What the files of UDP share.
#ifndef AKSU_NET_UDP_H
#define AKSU_NET_UDP_H

#include <aksu/udp.h>
#include "../stack.h"

enum { AKSU_UDP_LEN = 8 };

// Bits of an endpoint, of which it has one or none: what it waits for. A datagram can be sent; or
// it has a time, of on_time or of sending.
enum { AKSU_UDP_READY = 1, AKSU_UDP_TIMER = 2, AKSU_UDP_SEND = 4 };

// Where the list of endpoints begins: behind IPv6, which is the first of what there is beside TCP.
static inline struct aksu_more **aksu_udp_list(struct aksu *net)
{
    return net->more && net->more->ops->addrs ? &net->more->next : &net->more;
}

static inline struct aksu_udp *aksu_udp_first(const struct aksu *net)
{
    struct aksu_more *first = net->more;

    if (first && first->ops->addrs) {
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
int aksu_udp_input(struct aksu *net, struct aksu_packet *in, int drop);
size_t aksu_udp_output(struct aksu *net, uint8_t *frame, uint8_t *packet, const uint8_t **mac);

#endif
