// SPDX-License-Identifier: MIT
/// Groups of IPv4: datagrams to many, with IGMP version 2 (RFC 2236), which tells switches and
/// routers where somebody listens. Linked only when used; over Ethernet.
///
///     static struct aksu_group group;
///     aksu_igmp_join(net, &group, &addr);         // endpoints hear what is sent to it
///     aksu_igmp_send(net, &group, &udp, 5353);    // an endpoint's next datagram is for it
#ifndef AKSU_IGMP_H
#define AKSU_IGMP_H

#include <aksu/udp.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A group that is listened to: the caller's memory. Its members are the library's.
struct aksu_group {
    struct aksu_more more; // first
    uint32_t addr;
    uint32_t at; // of the next report, if bits says so
    uint8_t bits;
    uint8_t reports; // that nobody has asked for
};

/// Joins a group: all endpoints hear what is sent to it. If the stack is to speak IPv6 as well,
/// aksu_ipv6_start() comes first.
///
/// Returns AKSU_EINVAL if addr is no group of IPv4's or the link is not Ethernet, AKSU_EADDRINUSE
/// if it has been joined.
int aksu_igmp_join(struct aksu *net, struct aksu_group *group, const struct aksu_addr *addr);

/// Leaves a group. It is the library's until the next aksu_output() that returns 0.
void aksu_igmp_leave(struct aksu *net, struct aksu_group *group);

/// Asks to send one datagram to a group, as aksu_udp_answer() does to a host. Its TTL is 255.
void aksu_igmp_send(struct aksu *net, const struct aksu_group *group, struct aksu_udp *udp,
                    uint16_t port);

#ifdef __cplusplus
}
#endif

#endif
