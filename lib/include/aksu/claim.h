// SPDX-License-Identifier: MIT
/// IPv4 addresses that other hosts are asked for before they are used (RFC 5227), and those that a
/// host takes for itself (RFC 3927). Linked only when used.
///
///     static struct aksu_claim claim;
///     aksu_claim(net, &claim, &addr, 24, &gateway, on_claim);      // a fixed address
///
///     static struct aksu_link_local local;
///     aksu_link_local(net, &local, 0, on_claim);                   // 169.254.x.y, at once,
///     aksu_link_local(net, &local, 20000, on_claim);               // or if DHCP gives none in 20
///     s
///
/// It takes four to seven seconds, and two more for the announcements. Afterwards the address is
/// defended once in ten seconds; a host that claims it sooner again has it (RFC 5227 2.4 b), and
/// the connections of the address end with AKSU_ENETUNREACH.
#ifndef AKSU_CLAIM_H
#define AKSU_CLAIM_H

#include <aksu/aksu.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aksu_claim;

/// Tells that the address is ours (AKSU_OK), or is none of ours, as another host has it
/// (AKSU_EADDRINUSE): a fixed address is then claimed again only by aksu_claim(), of the others the
/// next one is tried.
typedef void (*aksu_on_claim)(struct aksu *net, struct aksu_claim *claim, int error);

/// An address that is claimed. Its members are the library's.
struct aksu_claim {
    struct aksu_more more;
    aksu_on_claim on_claim;
    void (*next)(struct aksu *net, struct aksu_claim *claim, int error); // of the link: what then
    uint32_t addr;
    uint32_t netmask;
    uint32_t gateway;
    uint32_t at; // the next step
    uint8_t state;
    uint8_t tries;
};

/// Claims an address for a stack of Ethernet; the one that it has is given up. on_claim: or NULL.
///
/// Returns AKSU_EINVAL (no Ethernet, or as aksu_set_address()), AKSU_EBUSY if another claim or
/// an address of the link is at work.
int aksu_claim(struct aksu *net, struct aksu_claim *claim, const struct aksu_addr *addr,
               uint8_t prefix, const struct aksu_addr *gateway, aksu_on_claim on_claim);

/// An address of the link that is taken while there is no other. Its members are the library's.
struct aksu_link_local {
    struct aksu_claim claim;
    struct aksu_link link; // its answers go to all (RFC 3927 2.5)
    const struct aksu_link *inner;
    uint32_t wait_ms;
    uint16_t tried; // addresses
    uint8_t conflicts;
};

/// Takes an address of 169.254.0.0/16, the same at each start unless another host has it, once the
/// stack has been without an address for wait_ms. It gives way to one that DHCP, or
/// aksu_set_address(), brings. on_claim: or NULL.
///
/// Returns AKSU_EINVAL (no Ethernet), AKSU_EBUSY.
int aksu_link_local(struct aksu *net, struct aksu_link_local *local, uint32_t wait_ms,
                    aksu_on_claim on_claim);

#ifdef __cplusplus
}
#endif

#endif
