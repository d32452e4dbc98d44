// SPDX-License-Identifier: MIT
/// IPv6 beside IPv4: RFC 8200, 4291, 4443, 4861, 4862, 7217, and of RFC 3810 what a host needs.
/// Linked when aksu_ipv6_start() is called; from then on listeners serve both versions. After
/// aksu_ipv6_client() aksu_connect() takes both kinds of addresses.
///
///     AKSU_IPV6(ipv6, 4);                       // connections as in AKSU_STORAGE
///     aksu_init(&net, &memory, &config);
///     aksu_seed(&net, entropy, sizeof entropy);
///     aksu_ipv6_start(&net, &ipv6, secret_kept_in_flash);
///
/// An address of the link is made at once, and others as routers announce their networks (SLAAC).
/// Each is used once nobody else has claimed it for a second (RFC 4862 5.4).
#ifndef AKSU_IPV6_H
#define AKSU_IPV6_H

#include <aksu/aksu.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    AKSU_IPV6_ADDRESSES = 4, ///< of ours, and networks that are on the link
    AKSU_IPV6_NEIGHBOURS = 4,
    AKSU_IPV6_ROUTERS = 2,
    AKSU_IPV6_SERVERS = 2, ///< name servers that routers announce (RFC 8106)
    AKSU_IPV6_HEARD = AKSU_IPV6_ROUTERS + AKSU_IPV6_SERVERS
};

// What is to be sent again and again: reports of groups, one of each address, and questions for
// routers.
enum { AKSU_IPV6_REPORTS, AKSU_IPV6_SOLICITS, AKSU_IPV6_TODO };

/// How far an address of ours is.
enum aksu_ipv6_state {
    AKSU_IPV6_NONE,      ///< there is none
    AKSU_IPV6_NETWORK,   ///< a network on the link, in which we have no address
    AKSU_IPV6_TENTATIVE, ///< not used yet: another host may have it
    AKSU_IPV6_DUPLICATE, ///< not used: another host has it
    AKSU_IPV6_READY
};

/// An address of ours, or a network on the link. Its members but addr and state are the library's.
struct aksu_ipv6_address {
    struct aksu_addr addr;
    uint32_t valid_at;     // the end of it
    uint32_t preferred_at; // from then on it is not chosen for new connections
    uint32_t at;           // what comes next in duplicate address detection
    uint8_t state;         ///< enum aksu_ipv6_state
    uint8_t bits;
    uint8_t prefix;
    uint8_t tries;
};

struct aksu_ipv6_neighbour {
    struct aksu_addr addr; // zero = free
    uint32_t at;           // next question, or when it goes stale
    uint8_t mac[6];
    uint8_t state;
    uint8_t tries;
};

struct aksu_ipv6_router {
    struct aksu_addr addr;
    uint32_t until; // not within its lifetime: free
};

struct aksu_udp_ipv6;
struct aksu_slaac_ops;

/// The memory of one stack's IPv6, made by AKSU_IPV6. Its members are the library's.
struct aksu_ipv6 {
    struct aksu_more more;        // first
    uint8_t hops;                 // of our packets: what routers say
    uint8_t todo[AKSU_IPV6_TODO]; // how often
    uint8_t drawn;                // random numbers so far
    uint16_t mtu;                 // of the link: what routers say
    uint16_t message_len;         // of the ICMPv6 message in the place for echoes
    struct aksu_addr *remote;
    uint32_t rows;
    // Of a client: the resolver of IPv4, and who takes in where a neighbour is.
    const struct aksu_resolver *arp;
    bool (*learn)(struct aksu *net, const uint8_t *addr, const uint8_t *mac, bool override);
    const struct aksu_slaac_ops *slaac; // NULL: no routers are heard
    struct aksu_udp_ipv6 *udp;          // NULL: it is not spoken
    struct aksu_addr current;           // who sent the packet that is taken in, or is connected to
    uint32_t todo_at[AKSU_IPV6_TODO];
    uint32_t error_at;
    uint32_t stable[4];
    struct aksu_addr answer[AKSU_ANSWERS];
    struct aksu_ipv6_address address[AKSU_IPV6_ADDRESSES];
    struct aksu_ipv6_neighbour neighbour[AKSU_IPV6_NEIGHBOURS];
    struct aksu_ipv6_router router[AKSU_IPV6_HEARD]; // then name servers
};

/// Defines `name`, a static struct aksu_ipv6, for a stack of so many connections: 16 octets each.
#define AKSU_IPV6(name, connections)                                                               \
    static struct aksu_addr name##_remote[connections];                                            \
    static struct aksu_ipv6 name = {.remote = name##_remote, .rows = (connections)}

/// Starts IPv6 on a stack, over the same link.
///
/// stable: 16 random octets that are kept for the life of the device, from which its addresses are
/// made so that they stay the same in each network and cannot be followed from one to another (RFC
/// 7217); NULL: new addresses at each start.
/// Returns AKSU_ENOKEY before aksu_seed(); AKSU_ENOMEM if ip6 has fewer connections than the stack;
/// AKSU_EINVAL if the MTU is below 1280 (RFC 8200 5), AKSU_EBUSY if it has been started.
int aksu_ipv6_start(struct aksu *net, struct aksu_ipv6 *ip6, const uint8_t stable[16]);

/// Starts IPv6 without SLAAC, for a server in a network that is known: its addresses are those of
/// aksu_ipv6_add(), and one of the link, made from that of its station. Routers are not heard: who
/// opens a connection is answered, and aksu_connect() reaches networks on the link.
/// Returns what aksu_ipv6_start() does.
int aksu_ipv6_fixed(struct aksu *net, struct aksu_ipv6 *ip6);

/// Lets aksu_connect() take addresses of IPv6, too. Returns AKSU_EINVAL before aksu_ipv6_start().
int aksu_ipv6_client(struct aksu *net);

/// Adds an address of ours, beside those that are made. prefix: 0 to 128, the network that is on
/// the link; 0 = none. It is used once nobody else has claimed it.
/// Returns AKSU_EINVAL if it is no unicast address, AKSU_ENOMEM, AKSU_EADDRINUSE if it is ours.
int aksu_ipv6_add(struct aksu *net, const struct aksu_addr *addr, uint8_t prefix);

/// Tells the i-th address, from 0 on; NULL beyond the last.
const struct aksu_ipv6_address *aksu_ipv6_address(const struct aksu *net, unsigned i);

/// Tells the i-th name server that a router has announced (RFC 8106), from 0 on; NULL: none.
const struct aksu_addr *aksu_ipv6_server(const struct aksu *net, unsigned i);

#ifdef __cplusplus
}
#endif

#endif
