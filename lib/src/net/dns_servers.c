// SPDX-License-Identifier: MIT
// Which DNS servers there are: those of a lease (RFC 2132 3.8) and those that routers announce (RFC
// 8106), in turn, so that one of each version is among them.
#include <aksu/dhcp.h>
#include "dns.h"
#include "ipv6.h"

static unsigned add(struct aksu_dns *dns, unsigned count, const struct aksu_addr *addr)
{
    if (aksu_addr_get(addr) == 0 || count == AKSU_DNS_SERVERS) {
        return count;
    }
    dns->server[count] = *addr;
    return count + 1;
}

unsigned aksu_dns_servers(const struct aksu *net, struct aksu_dns *dns,
                          const struct aksu_lease *lease)
{
    bool ipv6 = net->more && net->more->ops->addrs == aksu_ipv6_addrs;
    unsigned count = 0;

    memset(dns->server, 0, sizeof dns->server);
    for (unsigned i = 0; i < 2; i++) {
        count = add(dns, count, lease ? &lease->dns[i] : NULL);
        count = add(dns, count, ipv6 ? aksu_ipv6_server(net, i) : NULL);
    }
    return count;
}
