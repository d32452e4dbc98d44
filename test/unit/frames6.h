// SPDX-License-Identifier: MIT
/// Frames of IPv6 by hand, and a stack that speaks it.
#ifndef FRAMES6_H
#define FRAMES6_H

#include <aksu/ipv6.h>
#include "frames.h"

enum { ECHO_REQUEST6 = 128, ECHO_REPLY6 = 129, MLD_QUERY = 130, RS = 133, RA = 134, NS = 135 };
enum { NA = 136, MLD_REPORT = 143, PTB = 2, PROBLEM = 4 };

extern const struct aksu_addr any6;    ///< ::
extern const struct aksu_addr us6;     ///< 2001:db8::1
extern const struct aksu_addr peer6;   ///< 2001:db8::2
extern const struct aksu_addr far6;    ///< 2001:db8:ffff::1, on no link of ours
extern const struct aksu_addr router6; ///< fe80::fe, at gate_mac
extern const struct aksu_addr nodes6;  ///< ff02::1
extern const uint8_t secret6[16];

/// An address from its text.
struct aksu_addr addr6(const char *text);
/// ff02::1:ffXX:XXXX
struct aksu_addr group6(const struct aksu_addr *addr);
/// Sends a frame to a group's station.
void to_group(struct wire *w, const struct aksu_addr *group);
/// Defaults of a segment from the peer to us.
struct wire tcp6(unsigned flags, uint32_t seq, uint32_t ack, size_t len);
/// A message from the peer to us; data behind its first 8 octets.
struct wire icmp6(unsigned type, unsigned code, const uint8_t *data, size_t len);
int feed_icmp(struct host *h, const struct wire *w);
/// A neighbour solicitation and advertisement about an address, with a station, or NULL.
int feed_ns(struct host *h, const struct aksu_addr *from, const struct aksu_addr *to,
            const struct aksu_addr *target, const uint8_t *mac);
int feed_na(struct host *h, const struct aksu_addr *target, unsigned flags, const uint8_t *mac);
/// A router advertisement of so many seconds, with options.
int feed_ra(struct host *h, unsigned seconds, const uint8_t *options, size_t len);
/// Writes a prefix information option. Returns its 32 octets.
size_t put_prefix(uint8_t *p, const char *prefix, unsigned bits, unsigned flags, uint32_t valid,
                  uint32_t preferred);

/// Starts a stack with IPv6 that has only just begun.
void start6(struct host *h, const struct aksu_storage *store, struct aksu_ipv6 *ip6);
/// The same, with us6/64, until that and the link's address are ours, and no router answers.
void ready6(struct host *h, const struct aksu_storage *store, struct aksu_ipv6 *ip6);
/// Our address on the link.
const struct aksu_addr *link6(const struct host *h);
/// The next frame, which is ICMPv6 of a type.
void next_icmp(struct host *h, unsigned type);
void assert_addr(const uint8_t *octets, const struct aksu_addr *want);
/// Opens a connection from the peer to PORT. Returns our ISS.
uint32_t establish6(struct host *h, uint16_t peer_port);

#endif
