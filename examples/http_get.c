// SPDX-License-Identifier: MIT
// A page of a server that has a name, fetched by a host that has nothing: an address by DHCP, the
// server's by DNS, the page over TCP; then the address is given back.
#include "examples.h"

static void end(struct aksu *net, struct http_boot *boot, int error)
{
    if (boot->looking) { // http_get() has not taken over
        boot->looking = false;
        boot->request->on_done(boot->request, 0, error);
    }
    aksu_dhcp_stop(net, &boot->dhcp);
}

static void on_address(struct aksu *net, struct aksu_dns_query *query, int error,
                       const struct aksu_addr *addr)
{
    struct http_boot *boot = (struct http_boot *)query; // its first member

    if (error == AKSU_OK) {
        struct aksu_endpoint server = {*addr, boot->port};
        if (boot->on_found) {
            boot->on_found(boot, addr);
        }
        error = http_get(net, &server, boot->request);
        boot->looking = error != AKSU_OK;
    }
    if (error != AKSU_OK) {
        end(net, boot, error);
    }
}

static void on_lease(struct aksu *net, struct aksu_dhcp *dhcp, const struct aksu_lease *lease)
{
    // The client is the member behind the first.
    struct http_boot *boot =
        (struct http_boot *)(void *)((char *)dhcp - offsetof(struct http_boot, dhcp));

    if (!lease || !boot->looking || boot->dns.server[0].octets[11] != 0) {
        return; // lost, or renewed
    }
    if (boot->on_lease) {
        boot->on_lease(boot, lease);
    }
    boot->dns.server[0] = lease->dns[0];
    boot->dns.server[1] = lease->dns[1];
    int error =
        aksu_dns_ask(net, &boot->dns, &boot->query, boot->request->host, AKSU_DNS_A, on_address);

    if (error != AKSU_OK) {
        end(net, boot, error);
    }
}

int http_boot(struct aksu *net, struct http_boot *boot)
{
    static const struct aksu_dhcp_config config = {"aksu", on_lease};

    boot->looking = true;
    return aksu_dhcp_start(net, &boot->dhcp, &config);
}

void http_boot_end(struct aksu *net, struct http_boot *boot)
{
    end(net, boot, AKSU_OK);
}
