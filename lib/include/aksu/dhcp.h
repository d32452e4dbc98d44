// SPDX-License-Identifier: MIT
/// DHCP: an IPv4 address for a stack that was started with none, RFC 2131 and 2132. Linked only
/// when used.
///
///     static struct aksu_dhcp dhcp;
///     static const struct aksu_dhcp_config config = {"sensor-7", on_lease};
///     aksu_dhcp_start(net, &dhcp, &config);
///
/// Before an address is used other hosts are asked whether they have it (RFC 5227), which takes
/// four seconds; if one has it, or claims it later and does not give way, it is declined.
#ifndef AKSU_DHCP_H
#define AKSU_DHCP_H

#include <aksu/udp.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aksu_dhcp;

/// What a server gave. Addresses are zero where it gave none.
struct aksu_lease {
    struct aksu_addr addr;
    struct aksu_addr router;
    struct aksu_addr dns[2];
    uint8_t prefix;
    uint32_t seconds; ///< UINT32_MAX: for ever
};

struct aksu_dhcp_config {
    const char *name; ///< the host name, 1 to 63 octets; or NULL
    /// The stack has an address, or still has it, or (lease NULL) has none any more: then
    /// connections of that address have ended with AKSU_ENETUNREACH, which on_close tells next.
    void (*on_lease)(struct aksu *net, struct aksu_dhcp *dhcp, const struct aksu_lease *lease);
};

/// A client. Its members are the library's.
struct aksu_dhcp {
    struct aksu_udp udp;
    const struct aksu_dhcp_config *config;
    uint32_t addr; // offered, then ours
    uint32_t server;
    uint32_t xid;
    uint32_t last;  // when the three below were right, ms
    uint32_t t1;    // seconds left to renewing,
    uint32_t t2;    // rebinding
    uint32_t lease; // and the end
    uint8_t state;
    uint8_t tries;
};

/// Begins to look for a server; dhcp is cleared or stopped. The stack's address, if it has one, is
/// given up.
///
/// Returns AKSU_ENOKEY before aksu_seed(), AKSU_EADDRINUSE if an endpoint has port 68, AKSU_EINVAL
/// (no Ethernet, or an MTU below 576).
int aksu_dhcp_start(struct aksu *net, struct aksu_dhcp *dhcp,
                    const struct aksu_dhcp_config *config);

/// Gives the address back (DHCPRELEASE), or stops looking for one. When that was sent the
/// connections of the address end as when a lease is lost, but on_lease is not called.
void aksu_dhcp_stop(struct aksu *net, struct aksu_dhcp *dhcp);

#ifdef __cplusplus
}
#endif

#endif
