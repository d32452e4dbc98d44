// SPDX-License-Identifier: MIT
// Multicast listeners, RFC 3810, as far as switches need it that pass on groups only where somebody
// listens: the group of each address of ours is reported, when it is claimed and when asked.
#include "ipv6.h"

enum {
    QUERY_LEN = 24,
    DELAY_MAX_MS = 32767,
    TO_EXCLUDE = 4 // a record: listens to all sources from now on
};

// A query, from this link (5.1.14), which asks for all reports within a time (6.2).
int aksu_mld_input(struct aksu *net, const struct aksu_packet *in)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    if (net->link->header_len == 0 || in->len < QUERY_LEN || in->header[AKSU_IPV6_HOPS] != 1 ||
        !aksu_ipv6_is_link_local(in->header + AKSU_IPV6_SOURCE)) {
        return AKSU_DROP_ICMP;
    }
    uint32_t within = aksu_min32(aksu_get16(in->payload + 4), DELAY_MAX_MS);

    if (ip6->todo[AKSU_IPV6_REPORTS] == 0) {
        ip6->todo[AKSU_IPV6_REPORTS] = AKSU_IPV6_ADDRESSES;
        ip6->todo_at[AKSU_IPV6_REPORTS] = aksu_ipv6_soon(net, within + 1);
    }
    return 0;
}

// Reports the group of an address.
size_t aksu_mld_report(struct aksu *net, const struct aksu_ipv6_address *a, uint8_t *frame)
{
    static const uint8_t listeners[16] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 22};
    // Router alert (RFC 2711) and padding; the message, with one record.
    static const uint8_t begin[] = {AKSU_PROTOCOL_ICMPV6, 0, 5, 2, 0, 0, 1, 0,
                                    AKSU_MLD_REPORT,      0, 0, 0, 0, 0, 0, 1,
                                    TO_EXCLUDE,           0, 0, 0};
    const struct aksu_ipv6_address *local = aksu_address6_near(net);
    const uint8_t *source = local ? local->addr.octets : aksu_ipv6_any.octets;
    uint8_t *p = frame + AKSU_ETHERNET_LEN + AKSU_IPV6_LEN;

    memcpy(p, begin, sizeof begin);
    aksu_ipv6_group(a->addr.octets, p + sizeof begin);
    return aksu_icmpv6_send(net, frame, 1, source, listeners, sizeof begin + 16);
}
