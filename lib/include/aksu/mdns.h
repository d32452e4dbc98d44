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
    struct aksu_pair pair;
    uint8_t mac[6];
    uint16_t id;
    uint16_t type;
    uint8_t wanted;
    bool legacy; ///< it is a client of DNS (RFC 6762 6.7)
};

/// A responder. Its members are the library's.
struct aksu_mdns {
    struct aksu_udp udp; // first
    struct aksu_group group;
    struct aksu_mdns_asker asker;
    const char *name;
    aksu_mdns_handler handler;
    uint32_t at;        // of what state has next
    uint32_t answer_at; // of what is wanted
    uint32_t said_at;   // when our addresses were last told to all
    uint32_t more_from; // whose query was cut: more of what it knows follows
    uint16_t number;
    uint8_t state;
    uint8_t saying;
    uint8_t tries;
    uint8_t conflicts;
    uint8_t wanted;
    bool said;
};

/// Begins to claim a name, which stays where it is; and again, when our addresses have changed. If
/// the stack is to speak IPv6 as well, aksu_ipv6_start() comes first. handler may be NULL.
///
/// Returns AKSU_EINVAL if the name has no octets, more than AKSU_MDNS_NAME or a dot, the stack has
/// no IPv4 address, its link is not Ethernet, or its MTU is below 576; AKSU_ENOKEY,
/// AKSU_EADDRINUSE.
int aksu_mdns_start(struct aksu *net, struct aksu_mdns *mdns, const char *name,
                    aksu_mdns_handler handler);

/// Says that the name is no longer ours, by the next aksu_output(), and ends.
void aksu_mdns_stop(struct aksu *net, struct aksu_mdns *mdns);

#ifdef __cplusplus
}
#endif

#endif
