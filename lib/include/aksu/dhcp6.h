// SPDX-License-Identifier: MIT
/// DHCPv6 for hosts whose addresses are made without it: the name servers of the network, RFC 8415
/// 18.2.6 and 3646. Linked only when used.
///
///     aksu_ipv6_start(net, &ipv6, stable);
///     aksu_udp_ipv6(net, &udp_ipv6);
///     aksu_dhcp6_start(net, &dhcp6, on_servers);
///
/// Servers are asked once a router has said that they are there (RFC 4861 4.2, the O flag).
#ifndef AKSU_DHCP6_H
#define AKSU_DHCP6_H

#include <aksu/ipv6.h>
#include <aksu/udp.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { AKSU_DHCP6_SERVERS = 2 };

struct aksu_dhcp6;

/// dhcp6->server holds what a server told, and zero behind it: for a struct aksu_dns, say.
typedef void (*aksu_dhcp6_handler)(struct aksu *net, struct aksu_dhcp6 *dhcp6);

/// A client. Its members but server are the library's.
struct aksu_dhcp6 {
    struct aksu_udp udp; // first
    struct aksu_addr server[AKSU_DHCP6_SERVERS];
    aksu_dhcp6_handler handler;
    uint32_t xid;
    uint32_t began;   // to ask
    uint32_t wait_ms; // since the last question; 0 before the first
    uint32_t wait_s;  // at most
    uint8_t state;
};

/// Begins to listen to routers. handler is called for each answer, and may be NULL.
///
/// Returns AKSU_EINVAL before aksu_udp_ipv6(), without Ethernet or after aksu_ipv6_fixed(),
/// AKSU_EADDRINUSE if an endpoint has port 546.
int aksu_dhcp6_start(struct aksu *net, struct aksu_dhcp6 *dhcp6, aksu_dhcp6_handler handler);

/// Ends. No handler is called any more.
void aksu_dhcp6_stop(struct aksu *net, struct aksu_dhcp6 *dhcp6);

#ifdef __cplusplus
}
#endif

#endif
