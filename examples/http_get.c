// SPDX-License-Identifier: MIT
// A page of a server that has a name, fetched by a host that has nothing: an address by DHCP, and
// one of IPv6 if that is started; the server's by DNS, whose servers DHCP, routers and DHCPv6 tell;
// the page over TCP; then the address is given back.
#include "examples.h"

#include <aksu/ipv6.h>
#include <string.h>

enum {
    TICK_MS = 500,
    PATIENCE = 20 // ticks: how long DHCP has before IPv6 goes on alone
};

static void end(struct aksu *net, struct http_boot *boot, int error)
{
    if (boot->looking) { // http_get_name() has not taken over
        boot->looking = false;
        boot->request->on_done(boot->request, 0, error);
    }
    aksu_udp_close(net, &boot->timer);
    aksu_dhcp6_stop(net, &boot->dhcp6);
    aksu_dhcp_stop(net, &boot->dhcp);
}

static bool known(const struct aksu_dns *dns, const struct aksu_addr *server)
{
    unsigned i = 0;

    while (i < AKSU_DNS_SERVERS && memcmp(&dns->server[i], server, sizeof *server) != 0) {
        i++;
    }
    return i < AKSU_DNS_SERVERS;
}

// Whom to ask for names: servers of a lease, of routers, and behind them of DHCPv6. Returns how
// many.
static unsigned servers(struct aksu *net, struct http_boot *boot, const struct aksu_lease *lease)
{
    unsigned count = aksu_dns_servers(net, &boot->dns, lease);

    for (unsigned i = 0; i < AKSU_DHCP6_SERVERS && count < AKSU_DNS_SERVERS; i++) {
        const struct aksu_addr *server = &boot->dhcp6.server[i];
        if (server->octets[0] && !known(&boot->dns, server)) {
            boot->dns.server[count++] = *server;
        }
    }
    return count;
}

// There is an address and a server of DNS, unless the server's address is given.
static void fetch(struct aksu *net, struct http_boot *boot)
{
    aksu_udp_close(net, &boot->timer);
    int error = http_get_name(net, &boot->named, &boot->dns, boot->port, boot->request);

    boot->looking = error != AKSU_OK;
    if (error != AKSU_OK) {
        end(net, boot, error);
    }
}

static void on_lease(struct aksu *net, struct aksu_dhcp *dhcp, const struct aksu_lease *lease)
{
    // The client is the member behind the first.
    struct http_boot *boot =
        (struct http_boot *)(void *)((char *)dhcp - offsetof(struct http_boot, dhcp));

    if (!lease || !boot->looking) {
        return; // lost, or renewed
    }
    if (boot->on_lease) {
        boot->on_lease(boot, lease);
    }
    boot->leased = true;
    if (servers(net, boot, lease) > 0 || boot->dhcp6.udp.handlers == NULL) {
        fetch(net, boot);
    }
}

// Nobody gives an address of IPv4, or there is one but no server; routers may have told an address
// of IPv6, and a server, or DHCPv6 does.
static void on_time(struct aksu *net, struct aksu_udp *timer)
{
    struct http_boot *boot = (struct http_boot *)timer; // its first member

    boot->ticks = (uint8_t)(boot->ticks + (boot->ticks < PATIENCE));
    bool late = boot->ticks == PATIENCE;
    if ((late || boot->leased) && (servers(net, boot, NULL) > 0 || (late && boot->leased))) {
        fetch(net, boot);
    } else {
        aksu_udp_wake(net, timer, TICK_MS);
    }
}

static void on_datagram(struct aksu *net, struct aksu_udp *udp, const struct aksu_packet *packet,
                        const void *data, size_t len)
{
    (void)net;
    (void)udp;
    (void)packet;
    (void)data;
    (void)len;
}

int http_boot(struct aksu *net, struct http_boot *boot)
{
    static const struct aksu_dhcp_config config = {"aksu", on_lease};
    static const struct aksu_udp_handlers handlers = {.on_datagram = on_datagram,
                                                      .on_time = on_time};
    int error = aksu_udp_open(net, &boot->timer, 0, &handlers);

    if (error == AKSU_OK) {
        aksu_udp_wake(net, &boot->timer, TICK_MS);
        error = aksu_dns_over_tcp(&boot->dns, &boot->dns_tcp, boot->dns_buffer, HTTP_BOOT_DNS);
    }
    if (error == AKSU_OK) {
        error = aksu_dhcp_start(net, &boot->dhcp, &config);
    }
    if (error == AKSU_OK && aksu_dhcp6_start(net, &boot->dhcp6, NULL) != AKSU_OK) {
        boot->dhcp6.udp.handlers = NULL; // IPv6, or UDP over it, is not spoken
    }
    boot->looking = error == AKSU_OK;
    return error;
}

void http_boot_end(struct aksu *net, struct http_boot *boot)
{
    end(net, boot, AKSU_OK);
}
