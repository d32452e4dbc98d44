// SPDX-License-Identifier: MIT
// What scripts/size measures the library in: a TCP echo server with a static address over Ethernet.
// PROFILE is the profile's name; RECOVERY is defined if it has loss recovery, and needs boards;
// IPV6 if it starts that: 2, as a client, too; 3, with UDP; 4, with an address that is fixed, and
// no routers. The driver and the clock are stand-ins that do nothing.
#include <aksu/aksu.h>
#include <aksu/claim.h>
#include <aksu/reassemble.h>
#ifdef UDP
#include <aksu/connect_name.h>
#include <aksu/dhcp.h>
#include <aksu/dhcp6.h>
#include <aksu/dns.h>
#include <aksu/mdns.h>
#endif

AKSU_STORAGE(memory, 4, 1, 2920, 2920);
#ifdef IPV6
#include <aksu/ipv6.h>

AKSU_IPV6(ipv6, 4);
#if IPV6 == 3
AKSU_UDP_IPV6(udp_ipv6, 2);
#endif
#endif
#ifdef RECOVERY
AKSU_BOARDS(boards, 4, 8);

extern const struct aksu_profile aksu_recovery;
extern const struct aksu_profile aksu_cubic_recovery;
extern const struct aksu_profile aksu_lossy_recovery;
extern const struct aksu_profile aksu_plpmtud_recovery;
extern const struct aksu_profile aksu_paced_recovery;
#endif

static struct aksu net;
static uint8_t frame[1514];

size_t mac_receive(void *to, size_t size);
void mac_send(const void *from, size_t len);
void mac_wait(uint32_t ms);
uint32_t clock_ms(void);
void entropy(void *to, size_t len);

static void echo(struct aksu *stack, aksu_handle conn)
{
    const void *data;
    size_t len;

    while ((data = aksu_peek(stack, conn, &len)) != NULL) {
        int32_t sent = aksu_send(stack, conn, data, len);

        if (sent <= 0 || aksu_consume(stack, conn, (size_t)sent) != AKSU_OK) {
            return;
        }
    }
}

static void on_recv(struct aksu *stack, aksu_handle conn, void *user, size_t readable)
{
    (void)user;
    (void)readable;
    echo(stack, conn);
}

static void on_end(struct aksu *stack, aksu_handle conn, void *user)
{
    (void)user;
    (void)aksu_close(stack, conn, 0);
}

static const struct aksu_handlers handlers = {
    .on_recv = on_recv,
    .on_sent = on_recv,
    .on_end = on_end,
};

#ifdef UDP
// With UDP: it answers datagrams, or does all that an endpoint can.
static struct aksu_udp udp;
static struct aksu_endpoint partner = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 9}},
                                       7};
static size_t kept;

static void on_datagram(struct aksu *stack, struct aksu_udp *u, const struct aksu_packet *packet,
                        const void *data, size_t len)
{
    kept = len + *(const char *)data;
    aksu_udp_answer(stack, u, packet);
}

static size_t write_text(struct aksu *stack, struct aksu_udp *u, void *to, size_t room)
{
    *(size_t *)to = kept + room;
    if (UDP == 2) {
        aksu_udp_wake(stack, u, 1000);
    }
    return sizeof kept;
}

static void on_time(struct aksu *stack, struct aksu_udp *u)
{
    (void)aksu_udp_send(stack, u, &partner);
}

static const struct aksu_udp_handlers udp_handlers = {on_datagram, write_text,
                                                      UDP == 2 ? on_time : NULL, NULL};
#endif

#ifdef DHCP
static struct aksu_dhcp dhcp;

static void on_lease(struct aksu *stack, struct aksu_dhcp *d, const struct aksu_lease *lease)
{
    if (!lease) {
        aksu_dhcp_stop(stack, d);
    }
}

static const struct aksu_dhcp_config dhcp_config = {"name", on_lease};
#endif

#ifdef DNS
static struct aksu_dns_entry cache[4];
static struct aksu_dns dns = {.entry = cache, .entries = 4};
static struct aksu_dns_query query;
#ifdef DNS_TCP
static struct aksu_dns_tcp dns_tcp;
static uint8_t dns_buffer[1024];
#endif
#ifdef CONNECT_NAME
static struct aksu_named named;
#endif

static void on_answer(struct aksu *stack, struct aksu_dns_query *q, int error,
                      const struct aksu_addr *addr)
{
    (void)stack;
    (void)q;
    partner.addr = error ? partner.addr : *addr;
}
#endif

#ifdef IGMP
static struct aksu_group group;
#endif
#ifdef MDNS
static struct aksu_mdns mdns;
#if MDNS == 6
static struct aksu_mdns_ipv6 mdns6;
#endif

static void on_name(struct aksu *stack, struct aksu_mdns *m, unsigned number)
{
    if (number == 0) {
        aksu_mdns_stop(stack, m);
    }
}
#endif
#ifdef DHCP6
static struct aksu_dhcp6 dhcp6;

static void on_servers(struct aksu *stack, struct aksu_dhcp6 *d)
{
    (void)stack;
    partner.addr = d->server[0];
}
#endif

#ifdef REASSEMBLE
AKSU_REASSEMBLY(pieces, 2, 4096);
#endif
#ifdef CLAIM
static void on_claim(struct aksu *stack, struct aksu_claim *claimed, int error)
{
    (void)stack;
    (void)claimed;
    (void)error;
}

static struct aksu_claim claim;
static struct aksu_link_local link_local;
#endif
#ifdef CARRIER
static struct aksu_carrier carrier;
#endif

int main(void)
{
    static const struct aksu_config config = {
        .profile = &PROFILE,
        .link = &aksu_ethernet,
#ifdef RECOVERY
        .boards = &boards,
#endif
        .addr = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}},
        .mac = {2, 0, 0, 0, 0, 1},
    };
    uint8_t secret[16];
    size_t len;

    entropy(secret, sizeof secret);
    if (aksu_init(&net, &memory, &config) != AKSU_OK ||
        aksu_seed(&net, secret, sizeof secret) != AKSU_OK ||
        aksu_listen(&net, NULL, 7, 0, &handlers, NULL) != AKSU_OK) {
        return 1;
    }
#ifdef IPV6
#if IPV6 == 4
    static const struct aksu_addr fixed = {
        {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

    if (aksu_ipv6_fixed(&net, &ipv6) != AKSU_OK || aksu_ipv6_add(&net, &fixed, 64) != AKSU_OK) {
        return 1;
    }
#else
    if (aksu_ipv6_start(&net, &ipv6, NULL) != AKSU_OK) {
        return 1;
    }
#endif
#if IPV6 == 2
    (void)aksu_ipv6_client(&net);
#elif IPV6 == 3
    (void)aksu_udp_ipv6(&net, &udp_ipv6);
#endif
#endif
#ifdef REASSEMBLE
    (void)aksu_reassemble(&net, &pieces);
#if REASSEMBLE == 6
    (void)aksu_ipv6_reassemble(&net, &pieces);
#endif
#endif
#ifdef CLAIM
    (void)aksu_claim(&net, &claim, &config.addr, 24, NULL, on_claim);
#if CLAIM == 2
    (void)aksu_link_local(&net, &link_local, 1000, on_claim);
#endif
#endif
#ifdef CARRIER
    aksu_link(&net, &carrier, true);
#endif
#ifdef DHCP
    (void)aksu_dhcp_start(&net, &dhcp, &dhcp_config);
#endif
#ifdef DNS
#ifdef CONNECT
    (void)aksu_connect(&net, &partner, 0, &handlers, NULL);
#endif
#ifdef DNS_TCP
    (void)aksu_dns_over_tcp(&dns, &dns_tcp, dns_buffer, sizeof dns_buffer);
#endif
#ifdef CONNECT_NAME
    (void)aksu_connect_name(&net, &named, &dns, "example.com", 7, &handlers, NULL);
#endif
    (void)aksu_dns_ask(&net, &dns, &query, "example.com", AKSU_DNS_A, on_answer);
#endif
#ifdef DHCP6
    (void)aksu_dhcp6_start(&net, &dhcp6, on_servers);
#endif
#ifdef IGMP
    if (aksu_igmp_join(&net, &group, &config.addr) == AKSU_OK) {
        aksu_igmp_leave(&net, &group);
    }
    aksu_igmp_send(&net, &group, &udp, 7);
#endif
#ifdef MDNS
    (void)aksu_mdns_start(&net, &mdns, "name", on_name);
#if MDNS == 6
    (void)aksu_mdns_ipv6(&net, &mdns, &mdns6);
#endif
#endif
#ifdef UDP
    (void)(UDP == 1 ? aksu_udp_listen(&net, &udp, 7, &udp_handlers)
                    : aksu_udp_open(&net, &udp, 7, &udp_handlers));
    if (UDP == 2) {
        on_time(&net, &udp);
    }
#endif
    for (;;) {
        while ((len = mac_receive(frame, sizeof frame)) > 0) {
            (void)aksu_input(&net, clock_ms(), frame, len);
        }
        while ((len = aksu_output(&net, clock_ms(), frame, sizeof frame)) > 0) {
            mac_send(frame, len);
        }
        mac_wait(aksu_idle(&net, clock_ms()));
    }
}
