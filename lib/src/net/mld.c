// SPDX-License-Identifier: MIT
// Multicast listeners, RFC 3810, as far as switches need it that pass on groups only where somebody
// listens: the groups of our addresses are reported, at once and when asked.
#include "ipv6.h"

enum {
    QUERY_LEN = 24,
    REPORTS = 2,        // Robustness Variable
    INTERVAL_MS = 1000, // Unsolicited Report Interval
    DELAY_MAX_MS = 32767,
    TO_EXCLUDE = 4, // a record: listens to all sources from now on
    RECORD_LEN = 20,
    REPORT_LEN = 8,
    ALERT_LEN = 8
};

// An address was claimed: its group is reported.
void aksu_mld_join(struct aksu *net)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    ip6->reports = REPORTS;
    ip6->report_at = net->now_ms;
}

// A query, from this link (5.1.14), which asks for all reports after a random time (6.2).
int aksu_mld_input(struct aksu *net, const struct aksu_packet *in, const uint8_t *packet)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    if (net->link->header_len == 0 || in->len < QUERY_LEN || packet[AKSU_IPV6_HOPS] != 1 ||
        !aksu_ipv6_is_link_local(packet + AKSU_IPV6_SOURCE)) {
        return AKSU_DROP_ICMP;
    }
    if (ip6->reports == 0) {
        uint32_t within = aksu_min32(aksu_get16(in->payload + 4), DELAY_MAX_MS);
        ip6->reports = 1;
        ip6->report_at = net->now_ms + aksu_ipv6_random(net, within + 1);
    }
    return 0;
}

// Reports the groups of all our addresses.
size_t aksu_mld_output(struct aksu *net, uint8_t *frame)
{
    static const uint8_t listeners[16] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 22};
    static const uint8_t alert[ALERT_LEN] = {AKSU_PROTOCOL_ICMPV6, 0, 5, 2, 0, 0, 1, 0};
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    unsigned local = aksu_slaac_source(net, ip6->address[0].addr.octets);
    const uint8_t *source =
        local == AKSU_NO_ADDRESS ? aksu_ipv6_any.octets : ip6->address[local].addr.octets;
    uint8_t *packet = frame + AKSU_ETHERNET_LEN;
    uint8_t *message = packet + AKSU_IPV6_LEN + ALERT_LEN;
    uint8_t *p = message + REPORT_LEN;
    uint32_t groups = 0;
    uint8_t mac[6];

    ip6->reports--;
    ip6->report_at = net->now_ms + INTERVAL_MS;
    for (unsigned i = 0; i < AKSU_IPV6_ADDRESSES; i++) {
        if (ip6->address[i].state >= AKSU_IPV6_TENTATIVE) {
            aksu_put32(p, (uint32_t)TO_EXCLUDE << 24);
            aksu_ipv6_group(ip6->address[i].addr.octets, p + 4);
            p += RECORD_LEN;
            groups++;
        }
    }
    uint32_t len = (uint32_t)(p - message);

    aksu_put32(aksu_put32(message, (uint32_t)AKSU_MLD_REPORT << 24), groups);
    aksu_ipv6_put(packet, 0, 1, source, listeners, ALERT_LEN + len);
    memcpy(packet + AKSU_IPV6_LEN, alert, ALERT_LEN);
    aksu_put16(message + 2,
               aksu_sum_finish(aksu_copy(NULL, packet + AKSU_IPV6_SOURCE, 32) +
                               aksu_copy(NULL, message, len) + len + AKSU_PROTOCOL_ICMPV6));
    aksu_ipv6_group_mac(listeners, mac);
    aksu_ipv6_frame(net, frame, mac);
    return AKSU_ETHERNET_LEN + AKSU_IPV6_LEN + ALERT_LEN + len;
}
