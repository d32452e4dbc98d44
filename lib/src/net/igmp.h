// SPDX-License-Identifier: MIT
// What the files of groups share.
#ifndef AKSU_NET_IGMP_H
#define AKSU_NET_IGMP_H

#include <aksu/igmp.h>
#include "udp.h"

// Whether IPv6 is the first of what there is beside TCP; of a stack that has joined a group.
bool aksu_igmp_ipv6(const struct aksu *net);

#endif
