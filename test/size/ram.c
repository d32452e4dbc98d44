// SPDX-License-Identifier: MIT
// The sizes of the library's objects, as sizes of symbols.
#include <aksu/aksu.h>
#include <aksu/connect_name.h>
#include <aksu/dhcp.h>
#include <aksu/dhcp6.h>
#include <aksu/dns.h>
#include <aksu/mdns.h>
#include <aksu/ipv6.h>

#define SIZE(name, octets)                                                                         \
    extern char ram_##name[octets];                                                                \
    char ram_##name[octets]

SIZE(tcb, sizeof(struct aksu_tcb));
SIZE(row, sizeof(struct aksu_row));
SIZE(listener, sizeof(struct aksu_listener));
SIZE(time_wait, sizeof(struct aksu_time_wait));
SIZE(neighbour, sizeof(struct aksu_neighbour));
SIZE(answer, sizeof(struct aksu_answer));
SIZE(udp, sizeof(struct aksu_udp));
SIZE(dhcp, sizeof(struct aksu_dhcp));
SIZE(udp_host, sizeof(struct aksu_udp_host));
SIZE(named, sizeof(struct aksu_named));
SIZE(dns_query, sizeof(struct aksu_dns_query));
SIZE(dns_entry, sizeof(struct aksu_dns_entry));
SIZE(group, sizeof(struct aksu_group));
SIZE(mdns, sizeof(struct aksu_mdns));
SIZE(mdns_ipv6, sizeof(struct aksu_mdns_ipv6));
SIZE(dhcp6, sizeof(struct aksu_dhcp6));
SIZE(ipv6, sizeof(struct aksu_ipv6));
SIZE(ipv6_neighbour, sizeof(struct aksu_ipv6_neighbour));
SIZE(stack, sizeof(struct aksu));
// A server of 4 connections, all but its rings and its echo buffer.
SIZE(server, sizeof(struct aksu) + 4 * (sizeof(struct aksu_row) + sizeof(struct aksu_row *)) +
                 AKSU_BUCKETS_(4) * sizeof(struct aksu_row *) + sizeof(struct aksu_listener) +
                 8 * sizeof(struct aksu_time_wait) + AKSU_ANSWERS * sizeof(struct aksu_answer) +
                 AKSU_NEIGHBOURS * sizeof(struct aksu_neighbour));
// A connection's loss recovery with 8 runs.
SIZE(board, sizeof(struct aksu_board) + 8 * sizeof(struct aksu_run));
