// SPDX-License-Identifier: MIT
// What the files of DNS share.
#ifndef AKSU_NET_DNS_H
#define AKSU_NET_DNS_H

#include <aksu/dns.h>
#include "udp.h"

enum { AKSU_DNS_PORT = 53 };

// What asks over TCP.
struct aksu_dns_tcp_ops {
    void (*ask)(struct aksu *net, struct aksu_dns_query *q);
    void (*stop)(struct aksu *net, struct aksu_dns_tcp *tcp);
};

// Writes the question. Returns its length.
uint32_t aksu_dns_put(const struct aksu_dns_query *q, uint8_t *p);

// Takes in a message. False: it is no answer to the question.
bool aksu_dns_take(struct aksu *net, struct aksu_dns_query *q, const uint8_t *p, uint32_t len);

// Asks the next server, or ends the question.
void aksu_dns_next(struct aksu *net, struct aksu_dns_query *q);

// Ends the question.
void aksu_dns_finish(struct aksu *net, struct aksu_dns_query *q, int error,
                     const struct aksu_addr *addr);

#endif
