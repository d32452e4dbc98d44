// SPDX-License-Identifier: MIT
/// A connection to a name: both of its addresses are asked for, and the one that answers first is
/// used (RFC 8305, with one address of each version). Linked only when used.
///
///     static struct aksu_named named;
///     aksu_connect_name(net, &named, &dns, "www.example.com", 80, &handlers, user);
///
/// The application sees one connection, with the handlers and the order of aksu_connect(): on_open,
/// in which it gets to know the handle, and what follows; or, if none comes about, on_close alone,
/// with the handle 0 and the reason.
#ifndef AKSU_CONNECT_NAME_H
#define AKSU_CONNECT_NAME_H

#include <aksu/dns.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A connection that is to be. Its members but the second to fourth are the library's.
struct aksu_named {
    struct aksu_dns_query query[2]; // first; of IPv6 and of IPv4
    const char *host;               ///< as it was given
    struct aksu_endpoint remote;    ///< in on_open: who answered
    bool found;                     ///< whether there was an address: if not, DNS gave the reason
    uint8_t state[2];
    uint8_t wait;  // what the timer is for
    uint8_t timer; // whose endpoint it is
    int8_t error;  // of what has failed so far
    aksu_handle conn[2];
    struct aksu_addr addr[2];
    const struct aksu_handlers *handlers;
    void *user;
};

/// Opens a connection to a name or an address in text, which needs no DNS.
///
/// Addresses of both versions are asked for together, as far as the stack has the version: IPv6
/// after aksu_ipv6_client(), IPv4 while it has an address. That of IPv6 is tried first, unless it
/// comes more than 50 ms after the other; 250 ms later, or once that has failed, the other one; the
/// first that is ESTABLISHED is the application's, the other is aborted. `named` and `host` are to
/// stay where they are until on_open or on_close is called, or aksu_connect_name_cancel().
///
/// dns: whom to ask; may be NULL for an address. The reason in on_close is a connection's if
/// named->found, else that of struct aksu_dns_query's handler.
/// Returns AKSU_EINVAL (port 0, no handlers, no such name can be), AKSU_EADDRNOTAVAIL (neither
/// version has an address of ours, or that of `host` cannot be reached), AKSU_ENOMEM, AKSU_ENOKEY,
/// AKSU_EADDRINUSE. No handler is called then.
int aksu_connect_name(struct aksu *net, struct aksu_named *named, struct aksu_dns *dns,
                      const char *host, uint16_t port, const struct aksu_handlers *handlers,
                      void *user);

/// Ends the search before on_open or on_close. No handler is called.
void aksu_connect_name_cancel(struct aksu *net, struct aksu_named *named);

#ifdef __cplusplus
}
#endif

#endif
