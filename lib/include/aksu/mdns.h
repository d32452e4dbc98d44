// SPDX-License-Identifier: MIT
/// Multicast DNS: this host's name on its link, RFC 6762. Linked only when used; over Ethernet.
///
///     static struct aksu_mdns mdns;
///     aksu_mdns_start(net, &mdns, "sensor", on_name);    // sensor.local, or sensor-2.local ...
///
/// Before a name is used others are asked whether they have it, which takes a second. Then queries
/// for our addresses, and for the name of the IPv4 address, are answered, and the name is defended.
#ifndef AKSU_MDNS_H
#define AKSU_MDNS_H

#include <aksu/igmp.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aksu_mdns;

/// The name is ours now: name.local if number is 1, else name-number.local.
typedef void (*aksu_mdns_handler)(struct aksu *net, struct aksu_mdns *mdns, unsigned number);

enum { AKSU_MDNS_NAME = 59 }; ///< octets of a name, which a number may follow

/// A question that is answered to one host alone.
struct aksu_mdns_asker {
    uint16_t id;
    uint16_t type;
    uint8_t wanted; // 0: there is none
    bool legacy;    // it is a client of DNS (RFC 6762 6.7)
};

/// What is being said to all.
struct aksu_mdns_saying {
    uint8_t what;
    uint8_t of; // which records
};

struct aksu_mdns_ipv6;

/// A responder. Its members are the library's.
struct aksu_mdns {
    struct aksu_udp udp; // first
    struct aksu_group group;
    struct aksu_mdns_asker asker;
    struct aksu_mdns_saying saying;
    struct aksu_mdns_ipv6 *ipv6; // NULL: over IPv4 alone
    const char *name;
    aksu_mdns_handler handler;
    uint32_t at;        // of what state has next
    uint32_t answer_at; // of what is wanted
    uint32_t said_at;   // when our addresses were last told to all
    uint32_t more_from; // whose query was cut: more of what it knows follows
    uint16_t number;
    uint8_t state;
    uint8_t tries;
    uint8_t conflicts;
    uint8_t wanted;
    bool said;
};

/// A responder's part over IPv6. Its members are the library's.
struct aksu_mdns_ipv6 {
    struct aksu_more more; // first
    struct aksu_mdns *mdns;
    struct aksu_addr to; // who is answered alone,
    uint16_t to_port;
    uint8_t mac[6];
    struct aksu_mdns_asker asker;
    struct aksu_mdns_saying saying;
    uint32_t report_at; // of the group, if nobody asks
    uint32_t told_at;   // for when it was last asked
    uint8_t reports;
    uint8_t ready; // which of our addresses are in use
    bool ends;
};

/// Begins to claim a name, which stays where it is; and again, when our address of IPv4 has
/// changed. If the stack is to speak IPv6 as well, aksu_ipv6_start() comes first. handler may be
/// NULL.
///
/// Returns AKSU_EINVAL if the name has no octets, more than AKSU_MDNS_NAME or a dot, the stack has
/// no IPv4 address, its link is not Ethernet, or its MTU is below 576; AKSU_ENOKEY,
/// AKSU_EADDRINUSE.
int aksu_mdns_start(struct aksu *net, struct aksu_mdns *mdns, const char *name,
                    aksu_mdns_handler handler);

/// Has the responder speak IPv6, too: the group ff02::fb is joined (RFC 3810), the name is claimed
/// there when our address on the link is ready, and answered for; addresses that come later are
/// announced. It comes after aksu_ipv6_start() and aksu_mdns_start(); UDP over IPv6 is not needed.
/// Linked only when used.
///
/// Returns AKSU_EINVAL if the stack does not speak IPv6 or the responder does not run, AKSU_EBUSY
/// if one of the stack does so already.
int aksu_mdns_ipv6(struct aksu *net, struct aksu_mdns *mdns, struct aksu_mdns_ipv6 *ipv6);

/// Says that the name is no longer ours, and ends; the memory is the library's until the next
/// aksu_output() that returns 0.
void aksu_mdns_stop(struct aksu *net, struct aksu_mdns *mdns);

#ifdef __cplusplus
}
#endif

#endif
