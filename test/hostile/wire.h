// SPDX-License-Identifier: MIT
/// Frames, octet by octet, independently of the library's own code.
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ETH = 14, IP = 20, IP6 = 40, TCP = 20, FRAME_MAX = 2048 };
#define US   0xc0000201u ///< 192.0.2.1
#define PEER 0xc0000202u ///< 192.0.2.2

extern const uint8_t our_mac[6];
extern const uint8_t peer_mac[6];

unsigned get16(const uint8_t *p);
uint32_t get32(const uint8_t *p);
void put16(uint8_t *p, unsigned value);
void put32(uint8_t *p, uint32_t value);

/// RFC 1071, one octet after the other; `more` is added to the sum.
unsigned checksum(const uint8_t *p, size_t len, uint32_t more);

/// Finds the TCP or ICMP header of a frame with a whole IPv4 packet: NULL if there is none of
/// `protocol`. *len is what the IPv4 header says is there.
uint8_t *inside(uint8_t *frame, size_t frame_len, unsigned protocol, size_t *len);

/// The same of IPv6: the message of a frame with a whole packet, behind a router alert if it has
/// that, and which protocol's it is. NULL: there is none.
uint8_t *inside6(uint8_t *frame, size_t frame_len, unsigned *protocol, size_t *len);
/// What such a message's checksum comes to: 0 if it is right.
unsigned checksum6(const uint8_t *frame, const uint8_t *message, unsigned protocol, size_t len);

/// Tells whether the checksum of a TCP or ICMP message is right.
bool sealed(const uint8_t *frame, size_t frame_len);
/// Makes the IPv4 header checksum, and that of TCP or ICMP, right, as far as there is one.
void seal(uint8_t *frame, size_t frame_len);

/// Moves a TCP segment, or a quoted one, to other initial sequence numbers. A right checksum stays
/// right, a wrong one wrong, and zero zero.
void shift(uint8_t *frame, size_t len, uint32_t ours, uint32_t peers);

/// Overwrites the IPv4 options of a frame with NOPs, or if there are none the TCP options. Returns
/// whether there were any.
bool strip_options(uint8_t *frame, size_t len);

/// A TCP segment from the peer.
struct segment {
    uint16_t from;
    uint16_t to;
    uint8_t flags;
    uint32_t seq;
    uint32_t ack;
    uint16_t wnd;
    const char *options; ///< octets, or NULL
    size_t options_len;  ///< a multiple of 4
    const uint8_t *data;
    size_t len;
};
/// Writes it as a frame. Returns the length.
size_t make(const struct segment *s, uint8_t *frame);
size_t make_arp(unsigned op, uint8_t *frame);

#endif
