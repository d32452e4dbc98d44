// SPDX-License-Identifier: MIT
// UDP's datagrams over IPv6 (RFC 8200 8.1).
#include "ipv6.h"

// Checks a datagram of at most room octets, and finds how long its text is. Returns 0 or the reason
// to drop it.
int aksu_datagram6_take(const uint8_t *packet, const uint8_t *p, uint32_t room, uint32_t *text)
{
    uint32_t len = room < AKSU_UDP_LEN ? 0 : aksu_get16(p + 4);

    if (len < AKSU_UDP_LEN || len > room) {
        return AKSU_DROP_RUNT;
    }
    if (aksu_get16(p + 6) == 0 || aksu_icmpv6_sum(packet, p, len, AKSU_PROTOCOL_UDP) != 0) {
        return AKSU_DROP_TCP_CHECKSUM;
    }
    *text = len - AKSU_UDP_LEN;
    return 0;
}

// Puts UDP's header before a text, behind IPv6's, which hears how long it is. Returns the length of
// the packet.
size_t aksu_datagram6_put(uint8_t *packet, uint32_t ports, size_t text)
{
    uint8_t *p = packet + AKSU_IPV6_LEN;
    uint32_t len = AKSU_UDP_LEN + (uint32_t)text;

    aksu_put16(packet + 4, len);
    aksu_put32(p, ports);
    aksu_put32(p + 4, len << 16);
    uint16_t check = aksu_icmpv6_sum(packet, p, len, AKSU_PROTOCOL_UDP);
    aksu_put16(p + 6, check ? check : UINT16_MAX); // RFC 8200 8.1
    return AKSU_IPV6_LEN + len;
}
