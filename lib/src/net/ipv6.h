// SPDX-License-Identifier: MIT
// What the files of IPv6 share. A packet is its octets from the IPv6 header on.
#ifndef AKSU_NET_IPV6_H
#define AKSU_NET_IPV6_H

#include <aksu/ipv6.h>
#include "udp.h"

enum { AKSU_PROTOCOL_ICMPV6 = 58 };

// Fields of a header.
enum { AKSU_IPV6_NEXT = 6, AKSU_IPV6_HOPS = 7, AKSU_IPV6_SOURCE = 8, AKSU_IPV6_DESTINATION = 24 };

// Extension headers.
enum {
    AKSU_IPV6_HOP_BY_HOP = 0,
    AKSU_IPV6_ROUTING = 43,
    AKSU_IPV6_FRAGMENT = 44,
    AKSU_IPV6_OPTIONS = 60 // for the destination
};

// ICMPv6 (RFC 4443 2.1), ND (RFC 4861 4), MLD (RFC 3810 5).
enum {
    AKSU_ICMPV6_UNREACHABLE = 1,
    AKSU_ICMPV6_TOO_BIG = 2,
    AKSU_ICMPV6_TIME_EXCEEDED = 3,
    AKSU_ICMPV6_PROBLEM = 4,
    AKSU_ICMPV6_ECHO = 128,
    AKSU_ICMPV6_ECHO_REPLY = 129,
    AKSU_MLD_QUERY = 130,
    AKSU_ND_ROUTER_SOLICIT = 133,
    AKSU_ND_ROUTER_ADVERT = 134,
    AKSU_ND_SOLICIT = 135,
    AKSU_ND_ADVERT = 136,
    AKSU_MLD_REPORT = 143
};

// ND: messages before their options, and options that tell a station.
enum {
    AKSU_ND_ROUTER_LEN = 16,
    AKSU_ND_LEN = 24,
    AKSU_ND_SOURCE_OPTION = 1,
    AKSU_ND_TARGET_OPTION = 2
};

// answer.kind, beside those of stack.h: what lies in the place for echoes; a neighbour
// advertisement.
enum { AKSU_ANSWER_ICMPV6 = 3, AKSU_ANSWER_ND = 4 };

// address.bits
enum {
    AKSU_IPV6_ON_LINK = 0x01,
    AKSU_IPV6_MADE = 0x02,
    AKSU_IPV6_FOREVER = 0x04,
    AKSU_IPV6_TRIED = 8 // from there on: how many were made in its network
};

// IPv6 is the first of what there is beside TCP.
static inline struct aksu_ipv6 *aksu_ipv6(const struct aksu *net)
{
    return (struct aksu_ipv6 *)(void *)net->more;
}

// Which of our addresses a pair has.
static inline struct aksu_ipv6_address *aksu_ipv6_own(const struct aksu *net,
                                                      const struct aksu_pair *pair)
{
    return &aksu_ipv6(net)->address[pair->local >> 16];
}

static inline bool aksu_ipv6_is_multicast(const uint8_t *addr)
{
    return addr[0] == 0xff;
}

// What UDP is to IPv6, and IPv6 to UDP.
struct aksu_udp_ipv6_ops {
    int (*input)(struct aksu *net, struct aksu_packet *in);
    // An ICMPv6 error that quotes a datagram, with its ports.
    int (*quoted)(struct aksu *net, const struct aksu_packet *in, bool refused);
    int (*send)(struct aksu *net, struct aksu_udp *udp, const struct aksu_endpoint *to);
};

// ipv6.c
extern const struct aksu_addr aksu_ipv6_any;
extern const uint8_t aksu_ipv6_nodes[16];
bool aksu_ipv6_same(const uint8_t *a, const uint8_t *b);
void aksu_ipv6_copy(uint8_t *to, const uint8_t *from);
void aksu_ipv6_group(const uint8_t *addr, uint8_t group[16]);
bool aksu_ipv6_is_any(const uint8_t *addr);
bool aksu_ipv6_is_link_local(const uint8_t *addr);
uint32_t aksu_ipv6_soon(struct aksu *net, uint32_t within_ms);
struct aksu_ipv6_address *aksu_ipv6_find(const struct aksu *net, const uint8_t *addr,
                                         unsigned least);
struct aksu_ipv6_address *aksu_ipv6_ours(const struct aksu *net, const uint8_t *addr);
uint32_t aksu_ipv6_extension(unsigned kind, const uint8_t *p, uint32_t left);
unsigned aksu_ipv6_upper(unsigned kind, const uint8_t **p, uint32_t *left);
int aksu_ipv6_payload(struct aksu *net, struct aksu_packet *in, const uint8_t *packet,
                      bool fragmented);
int aksu_ipv6_begin(struct aksu *net, struct aksu_ipv6 *ip6, const struct aksu_slaac_ops *slaac);
int aksu_ipv6_input(struct aksu *net, struct aksu_packet *in, int drop);
size_t aksu_ipv6_output(struct aksu *net, uint8_t *frame, uint8_t *packet, const uint8_t **mac);
uint32_t aksu_ipv6_idle(const struct aksu *net, uint32_t now_ms, uint32_t wait_ms);
void aksu_ipv6_addrs(const struct aksu *net, const struct aksu_row *row, struct aksu_info *info);
uint16_t aksu_ipv6_mtu(const struct aksu *net);
uint8_t *aksu_ipv6_remote(const struct aksu *net, const struct aksu_row *row);
void aksu_ipv6_bind(struct aksu *net, const struct aksu_row *row);
void aksu_ipv6_name(const struct aksu *net, const uint8_t *remote,
                    const struct aksu_ipv6_address *local, struct aksu_pair *pair);
int aksu_ipv6_answer(struct aksu *net, struct aksu_packet *in, const uint8_t *to,
                     const struct aksu_ipv6_address *local, unsigned kind);
uint8_t *aksu_ipv6_put(uint8_t *to, uint32_t first, uint32_t second, const uint8_t *source,
                       const uint8_t *destination);
void aksu_ipv6_frame(const struct aksu *net, uint8_t *frame, const uint8_t mac[6]);
void aksu_ipv6_group_frame(const struct aksu *net, uint8_t *frame, const uint8_t *group);

// icmpv6.c
int aksu_icmpv6_input(struct aksu *net, struct aksu_packet *in, bool fragmented);
bool aksu_icmpv6_is_error(unsigned kind, const uint8_t *p, uint32_t left);
void aksu_icmpv6_error(struct aksu *net, struct aksu_packet *in, unsigned type_code,
                       uint32_t value);
uint16_t aksu_icmpv6_sum(const uint8_t *packet, const uint8_t *message, uint32_t len,
                         unsigned protocol);
size_t aksu_icmpv6_send(const struct aksu *net, uint8_t *frame, uint32_t fields,
                        const uint8_t *source, const uint8_t *destination, uint32_t len);
size_t aksu_icmpv6_output(struct aksu *net, uint8_t *frame, const uint8_t *source,
                          const uint8_t *destination);

// datagram6.c
int aksu_datagram6_take(const uint8_t *packet, const uint8_t *p, uint32_t room, uint32_t *text);
size_t aksu_datagram6_put(uint8_t *packet, uint32_t ports, size_t text);

// nd.c
bool aksu_nd_options(const uint8_t *p, uint32_t left, unsigned kind, const uint8_t **mac);
int aksu_nd_input(struct aksu *net, struct aksu_packet *in, const uint8_t *mac);
size_t aksu_nd_put(const struct aksu *net, uint8_t *frame, unsigned type, const uint8_t *source,
                   const uint8_t *destination, const uint8_t *target);
size_t aksu_nd_solicit(const struct aksu *net, const uint8_t *source, const uint8_t *target,
                       uint8_t *frame);

// neighbour.c
extern const struct aksu_dual aksu_ipv6_dual;
struct aksu_station {
    const uint8_t *mac; // NULL while it is asked for,
    size_t len;         // by a frame of so many octets, or none now,
    uint32_t wait_ms;   // and until the next
};
bool aksu_neighbour_find(struct aksu *net, const uint8_t *hop,
                         const struct aksu_ipv6_address *local, uint8_t *frame,
                         struct aksu_station *station);
bool aksu_neighbour_learn(struct aksu *net, const uint8_t *addr, const uint8_t *mac, bool override);
void aksu_neighbour_doubt(struct aksu *net, const uint8_t *hop);

// What SLAAC is to IPv6, where addresses are made and routers heard.
struct aksu_slaac_ops {
    // A router advertisement, whose options are well-formed. mac: the station that they tell, or
    // NULL.
    int (*input)(struct aksu *net, const struct aksu_packet *in, const uint8_t *mac);
    // Makes the next address in a network, and claims it.
    void (*make)(struct aksu *net, struct aksu_ipv6_address *a);
    // The next frame, or 0.
    size_t (*output)(struct aksu *net, uint8_t *frame);
};

// How far the clock reaches: 12 days; what is longer is said again.
enum { AKSU_IPV6_LIFE_MAX_MS = INT32_C(1) << 30 };

// What is left of a life that ends then.
static inline uint32_t aksu_ipv6_left(uint32_t now_ms, uint32_t until)
{
    uint32_t ms = until - now_ms;

    return ms <= AKSU_IPV6_LIFE_MAX_MS ? ms : 0;
}

// address6.c
bool aksu_ipv6_same_network(const uint8_t *a, const uint8_t *b, unsigned bits);
void aksu_ipv6_claim(const struct aksu *net, struct aksu_ipv6_address *a);
struct aksu_ipv6_address *aksu_ipv6_place(const struct aksu *net);
void aksu_address6_conflict(struct aksu *net, const uint8_t *target);
size_t aksu_address6_output(struct aksu *net, uint8_t *frame);
uint32_t aksu_address6_idle(const struct aksu *net, uint32_t now_ms);
struct aksu_ipv6_address *aksu_address6_source(const struct aksu *net, const uint8_t *destination);
struct aksu_ipv6_address *aksu_address6_near(const struct aksu *net);

// slaac.c
const uint8_t *aksu_slaac_next_hop(const struct aksu *net, const uint8_t *destination);

// mld.c
int aksu_mld_input(struct aksu *net, const struct aksu_packet *in);
size_t aksu_mld_report(struct aksu *net, const struct aksu_ipv6_address *a, uint8_t *frame);

#endif
