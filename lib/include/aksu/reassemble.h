// SPDX-License-Identifier: MIT
/// Packets that came in fragments, put together: RFC 791 and RFC 1122 3.3.2, RFC 8200 4.5. Linked
/// only when used; without it fragments are dropped and counted.
///
///     AKSU_REASSEMBLY(pieces, 2, 4096);          // two packets at once, of 4096 octets at most
///     aksu_reassemble(net, &pieces);             // those of IPv4
///     AKSU_REASSEMBLY(pieces6, 2, 4096);
///     aksu_ipv6_reassemble(net, &pieces6);       // those of IPv6
///
/// Fragments that overlap discard their packet (RFC 5722, for IPv4 too). One that is not whole
/// after 60 s is given up, and its sender told. When all places are taken the oldest gives way.
/// Nothing that leaves is ever fragmented: an echo request larger than the MTU is not answered.
#ifndef AKSU_REASSEMBLE_H
#define AKSU_REASSEMBLE_H

#include <aksu/aksu.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A packet of which something has come. Its members are the library's.
struct aksu_pieces {
    uint32_t at; // the end of its time
    uint32_t id;
    uint16_t hole; // the first, in units of 8 octets
    uint16_t len;  // octets behind the header, once the last fragment has come
    uint8_t state;
    uint8_t first; // the first fragment has come
    uint8_t count; // fragments
    uint8_t ecn;   // one bit for each code point that was seen
};

/// The memory of a reassembler. Made by AKSU_REASSEMBLY.
struct aksu_reassembly {
    struct aksu_more more;
    struct aksu_pieces *pieces;
    uint8_t *octets;
    uint32_t size; // of the octets of one packet
    uint16_t count;
};

/// Octets before the text of a packet: frame header, IP header.
enum { AKSU_PIECES_HEADERS = 14 + 40 };

/// Defines `name`, a static struct aksu_reassembly, for so many packets at once of at most so many
/// octets behind their IP headers: 1 to 65535, and 8 to 65528.
#define AKSU_REASSEMBLY(name, packets, octets_)                                                    \
    static struct aksu_pieces name##_pieces[packets];                                              \
    static uint8_t name##_octets[(packets)*AKSU_PIECES_SIZE_(octets_)];                            \
    static struct aksu_reassembly name = {.pieces = name##_pieces,                                 \
                                          .octets = name##_octets,                                 \
                                          .size = AKSU_PIECES_SIZE_(octets_),                      \
                                          .count = (packets)}

#define AKSU_PIECES_SIZE_(octets) (AKSU_PIECES_HEADERS + ((octets) + 7u) / 8u * 8u)

/// Begins to reassemble the packets of IPv4 that are for our address.
/// Returns AKSU_EINVAL if the sizes are out of range, AKSU_EBUSY if there is a reassembler already.
int aksu_reassemble(struct aksu *net, struct aksu_reassembly *r);

/// The same for those of IPv6, after aksu_ipv6_start(); else AKSU_EINVAL, too.
int aksu_ipv6_reassemble(struct aksu *net, struct aksu_reassembly *r);

#ifdef __cplusplus
}
#endif

#endif
