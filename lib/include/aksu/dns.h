// SPDX-License-Identifier: MIT
/// DNS: the addresses of names, RFC 1035 and 3596, from servers that look them up. Linked only when
/// used.
///
///     static struct aksu_dns_entry cache[4];
///     static struct aksu_dns dns = {.entry = cache, .entries = 4};
///     dns.server[0] = lease->dns[0];
///     aksu_dns_ask(net, &dns, &query, "www.example.com", AKSU_DNS_A, on_answer);
///
/// Each question has a port and an id of its own, at random; only the server that was asked is
/// listened to. An answer that is cut short is asked for over TCP after aksu_dns_over_tcp(). Not
/// supported: search lists, DNSSEC.
#ifndef AKSU_DNS_H
#define AKSU_DNS_H

#include <aksu/udp.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Types of addresses.
enum aksu_dns_type { AKSU_DNS_A = 1, AKSU_DNS_AAAA = 28 };

enum {
    AKSU_DNS_SERVERS = 3,
    AKSU_DNS_CACHED = 48 ///< octets of a name that is remembered, with its end
};

/// An address that is remembered as long as its TTL says, a day at most. Zero: free.
struct aksu_dns_entry {
    struct aksu_addr addr;
    uint32_t until; // not within a day from now: free
    uint16_t type;
    char name[AKSU_DNS_CACHED];
};

struct aksu_dns_query;

/// The memory of a question over TCP. Its members are the library's.
struct aksu_dns_tcp {
    const struct aksu_dns_tcp_ops *ops;
    struct aksu_dns_query *query; // NULL: there is none now
    uint8_t *buffer;              // the question as it is sent, then what came of the answer
    uint32_t size;
    uint32_t question; // octets
    uint32_t came;
    aksu_handle conn;
};

/// Whom to ask, and what is remembered: the caller's, who may change servers at any time. Servers
/// that are zero are passed over.
struct aksu_dns {
    struct aksu_addr server[AKSU_DNS_SERVERS];
    struct aksu_dns_entry *entry;
    uint32_t entries;         ///< 0: nothing is remembered
    struct aksu_dns_tcp *tcp; // see aksu_dns_over_tcp()
};

/// The end of a question: AKSU_OK and an address; AKSU_EADDRNOTAVAIL if the name does not exist or
/// has none; AKSU_EMSGSIZE if the answer does not fit a datagram, or TCP's buffer;
/// AKSU_ECONNREFUSED if the servers cannot answer; AKSU_ETIMEDOUT if they do not. The question may
/// be used again.
typedef void (*aksu_dns_handler)(struct aksu *net, struct aksu_dns_query *query, int error,
                                 const struct aksu_addr *addr);

/// A question. Its members are the library's.
struct aksu_dns_query {
    struct aksu_udp udp;
    struct aksu_dns *dns;
    const char *name;
    aksu_dns_handler handler;
    uint16_t type;
    uint16_t id;
    uint8_t tries;
    int8_t error; // of the last server that could not answer
};

/// Asks for an address of a name such as "www.example.com", which is to stay where it is until the
/// handler is called, by the next aksu_output() at the earliest. Each server is asked three times,
/// for 2, 4 and 8 seconds.
///
/// Returns AKSU_EINVAL (no such name can be, or no handler), AKSU_ENOKEY before aksu_seed(),
/// AKSU_EADDRINUSE.
int aksu_dns_ask(struct aksu *net, struct aksu_dns *dns, struct aksu_dns_query *query,
                 const char *name, enum aksu_dns_type type, aksu_dns_handler handler);

/// From now on asks over TCP for what does not fit a datagram (RFC 7766): one question at a time,
/// for 10 s, over a connection that needs a row of the stack; another is asked when its turn comes
/// again. size: at least 785 octets, of which a question takes up to 273, and an answer the rest.
/// Linked only when used. Returns AKSU_EINVAL.
int aksu_dns_over_tcp(struct aksu_dns *dns, struct aksu_dns_tcp *tcp, void *buffer, size_t size);

/// Has the servers asked that a lease, or NULL, and routers (RFC 8106) tell, of both versions in
/// turn: to be called when there is news of one. Linked only when used. Returns how many there are.
struct aksu_lease;
unsigned aksu_dns_servers(const struct aksu *net, struct aksu_dns *dns,
                          const struct aksu_lease *lease);

/// Ends a question before it is answered. No handler is called.
void aksu_dns_cancel(struct aksu *net, struct aksu_dns_query *query);

#ifdef __cplusplus
}
#endif

#endif
