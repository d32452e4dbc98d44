// SPDX-License-Identifier: MIT
// What the files of mDNS share: what is said, and to whom, of both versions of IP.
#ifndef AKSU_NET_MDNS_H
#define AKSU_NET_MDNS_H

#include <aksu/mdns.h>
#include "../stack.h"

enum { AKSU_MDNS_PORT = 5353 };

// saying.what
enum { AKSU_MDNS_NOTHING, AKSU_MDNS_PROBE, AKSU_MDNS_ANSWER, AKSU_MDNS_GOODBYE };

// Whom a message is from.
struct aksu_mdns_from {
    uint32_t host; // some of its address
    uint16_t port;
    struct aksu_mdns_asker *asker; // where a question is kept that is answered to it alone
};

bool aksu_mdns_take(struct aksu *net, struct aksu_mdns *mdns, const struct aksu_mdns_from *from,
                    const void *data, size_t len);
size_t aksu_mdns_write(const struct aksu *net, const struct aksu_mdns *m,
                       const struct aksu_mdns_saying *saying, struct aksu_mdns_asker *asker,
                       void *to);
void aksu_mdns_begin(struct aksu *net, struct aksu_mdns *mdns);
void aksu_mdns_announce(struct aksu *net, struct aksu_mdns *mdns);

#endif
