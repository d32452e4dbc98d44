// SPDX-License-Identifier: MIT
/// Datagrams: UDP, RFC 768, over the same three calls. Linked only when used.
///
/// An endpoint is the caller's memory and has a port. It keeps no datagram: one that came is read
/// where it lies, and one that is to be sent is written when the output has room for it.
///
///     static struct aksu_udp udp;
///     aksu_udp_open(net, &udp, 4000, &handlers);  // on_datagram: what comes
///     aksu_udp_send(net, &udp, &to);              // write is asked for the text, a bit later
#ifndef AKSU_UDP_H
#define AKSU_UDP_H

#include <aksu/aksu.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aksu_udp;

/// A datagram that came, while its handler runs.
struct aksu_packet;

/// write(): there is nothing to be sent after all.
#define AKSU_UDP_NONE SIZE_MAX

/// What an endpoint's owner does. They run only inside aksu_input() and aksu_output(), and may make
/// any call but those. An endpoint that is the first member of a struct can be cast to it.
struct aksu_udp_handlers {
    /// A datagram came to the port: required. The octets are valid until this returns.
    void (*on_datagram)(struct aksu *net, struct aksu_udp *udp, const struct aksu_packet *packet,
                        const void *data, size_t len);
    /// Writes the text of a datagram that was announced, at most `room` octets: required to send.
    /// Returns how many, or AKSU_UDP_NONE. It may announce another one for the same destination.
    size_t (*write)(struct aksu *net, struct aksu_udp *udp, void *to, size_t room);
    /// The time of aksu_udp_wake() has come: required for that.
    void (*on_time)(struct aksu *net, struct aksu_udp *udp);
    /// What aksu_udp_send() was called for did not arrive: AKSU_ECONNREFUSED (nobody listens there,
    /// or speaks UDP) or AKSU_EHOSTUNREACH (an ICMP error says so; or nobody answers to ARP, then
    /// it was not written). Or NULL.
    void (*on_error)(struct aksu *net, struct aksu_udp *udp, int error);
    /// aksu_link() has told that the link is gone, or there again. Or NULL.
    void (*on_link)(struct aksu *net, struct aksu_udp *udp, bool up);
};

/// An endpoint. Its members are the library's.
struct aksu_udp {
    struct aksu_more more;
    const struct aksu_udp_handlers *handlers;
    uint8_t bits;
    uint8_t tries; // ARP requests since the hop became of interest; 0: it is known
    uint8_t mac[6];
    struct aksu_pair pair;
    uint32_t at;      // when its time comes, if bits says so
    uint32_t hop;     // whose station mac is, or is asked for; 0 = none
    uint16_t known;   // since when, in units of 1024 ms
    uint16_t refused; // of the first of a stack: when an unreachable port was told, ms
};

/// Where an endpoint's datagrams over IPv6 go to.
struct aksu_udp_host {
    struct aksu_addr addr;
    const struct aksu_udp *udp;
};

/// The memory of UDP over IPv6, made by AKSU_UDP_IPV6. Its members are the library's.
struct aksu_udp_ipv6 {
    struct aksu_more more; // first
    const struct aksu_udp_ipv6_ops *ops;
    struct aksu_udp_host *host;
    uint32_t hosts;
};

/// Defines `name`, a static struct aksu_udp_ipv6: so many endpoints can send over IPv6 at once.
#define AKSU_UDP_IPV6(name, endpoints)                                                             \
    static struct aksu_udp_host name##_host[endpoints];                                            \
    static struct aksu_udp_ipv6 name = {.host = name##_host, .hosts = (endpoints)}

/// Has all endpoints speak IPv6, too, once aksu_ipv6_start() was called: they hear what comes to an
/// address or a group of ours, aksu_udp_answer() answers it, and aksu_udp_send() takes addresses of
/// both kinds. Ports that nobody has are told by ICMPv6. Linked only when used.
///
/// Returns AKSU_EINVAL before aksu_ipv6_start(), AKSU_EBUSY if it has been called.
int aksu_udp_ipv6(struct aksu *net, struct aksu_udp_ipv6 *udp);

/// Opens an endpoint that only answers: aksu_udp_answer() is the one way to send, and broadcasts
/// are not for it. That is less than half the code of aksu_udp_open(). Port 0 is not valid.
///
/// Returns AKSU_EADDRINUSE.
int aksu_udp_listen(struct aksu *net, struct aksu_udp *udp, uint16_t port,
                    const struct aksu_udp_handlers *handlers);

/// Opens an endpoint that can do all. From the first one of a stack on, all endpoints hear
/// broadcasts, and datagrams to ports that have none are answered by ICMP, ten times a second at
/// most. Port 0: chosen from 1024 to 65535 at random (RFC 6056).
///
/// Returns AKSU_EADDRINUSE; AKSU_ENOKEY before aksu_seed().
int aksu_udp_open(struct aksu *net, struct aksu_udp *udp, uint16_t port,
                  const struct aksu_udp_handlers *handlers);

/// Closes an endpoint: what was not written yet is not sent, and no handler is called any more.
void aksu_udp_close(struct aksu *net, struct aksu_udp *udp);

/// Asks to send one datagram to whom a datagram came from: `write` is called when the output has
/// room. Before that, another call puts its own destination in the place of this one's; what waits
/// for aksu_udp_wake() waits no longer. Over IPv6 nothing is sent if there is no memory for it.
void aksu_udp_answer(struct aksu *net, struct aksu_udp *udp, const struct aksu_packet *packet);

/// The same to anyone, when its station is known. Broadcasts go to 255.255.255.255 or the network's
/// own broadcast address; those to a group of IPv6's to its stations.
///
/// Returns AKSU_EADDRNOTAVAIL (to is no other host, no broadcast and no group of the link, or is
/// not reachable without a gateway; or there is no address of ours to send from), AKSU_EINVAL (port
/// 0), AKSU_ENOMEM (more endpoints send over IPv6 than AKSU_UDP_IPV6 gave memory for).
int aksu_udp_send(struct aksu *net, struct aksu_udp *udp, const struct aksu_endpoint *to);

/// Calls on_time in wait_ms, 1 to 2^30, in place of what waits to be sent. That it comes is a sign
/// that nobody answered: the station is then asked for anew.
void aksu_udp_wake(struct aksu *net, struct aksu_udp *udp, uint32_t wait_ms);

/// Tell where a datagram came from; and its destination, ours or a broadcast address.
void aksu_packet_from(const struct aksu_packet *packet, struct aksu_endpoint *from);
void aksu_packet_to(const struct aksu_packet *packet, struct aksu_addr *to);

#ifdef __cplusplus
}
#endif

#endif
