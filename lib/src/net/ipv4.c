// SPDX-License-Identifier: MIT
// IPv4, RFC 791 as RFC 1122 3.2 has hosts do it: no fragments, no options obeyed.
#include "../stack.h"

enum { OPTIONS_MAX = 40, OPTION_LSRR = 131, OPTION_SSRR = 137 };

// Whether an address is one of this network, or of the link, which no router forwards: RFC 3927
// 2.6.2.
bool aksu_ipv4_here(const struct aksu *net, uint32_t addr)
{
    return ((addr ^ net->addr) & net->netmask) == 0 || addr >> 16 == AKSU_LINK_LOCAL >> 16;
}

// Whether an address can be one host's (RFC 1122 3.2.1.3), seen from `own` on a network.
bool aksu_ipv4_host(uint32_t addr, uint32_t own, uint32_t netmask)
{
    uint32_t first = addr >> 24;
    uint32_t host = addr & ~netmask;

    if (first == 0 || first == 127 || first >= 224) {
        return false;
    }
    // The network's own number and its broadcast; links of two and of one host have neither.
    return ((addr ^ own) & netmask) != 0 || netmask >= 0xfffffffeu ||
           (host != 0 && host != ~netmask);
}

bool aksu_ipv4_unicast(const struct aksu *net, uint32_t addr)
{
    return aksu_ipv4_host(addr, net->addr, net->netmask);
}

// Well-formed options are ignored (MUST-50); a source route is refused (docs/design.md).
static bool options_harmless(const uint8_t *p, uint32_t len)
{
    while (len > 0 && p[0] != 0) {
        uint32_t step = 1;
        if (p[0] != 1) {
            step = len > 1 ? p[1] : 0;
            if (step < 2 || step > len || p[0] == OPTION_LSRR || p[0] == OPTION_SSRR) {
                return false;
            }
        }
        p += step;
        len -= step;
    }
    return true;
}

// Checks a header, and takes what of it matters. Most segments do not come here where speed counts:
// see input.c.
static int take_header(const struct aksu *net, struct aksu_packet *in)
{
    const uint8_t *p = in->payload;

    if (in->len < AKSU_IPV4_LEN) {
        return AKSU_DROP_RUNT;
    }
    uint32_t options = (p[0] - 0x45u) * 4u; // octets; more than there can be if p[0] is none
    uint32_t header = AKSU_IPV4_LEN + options;
    uint32_t total = aksu_get16(p + 2);

    if (options > OPTIONS_MAX || header > total || total > in->len || total > net->mtu) {
        return AKSU_DROP_IP_HEADER;
    }
    if (!(net->offload & AKSU_OFFLOAD_RX) && aksu_sum_finish(aksu_sum_header(p, header)) != 0) {
        return AKSU_DROP_IP_CHECKSUM;
    }
    if (!options_harmless(p + AKSU_IPV4_LEN, options)) {
        return AKSU_DROP_IP_OPTION;
    }
    if (aksu_get16(p + 6) & AKSU_FRAGMENT) {
        return AKSU_DROP_FRAGMENT;
    }
    in->payload = p + header;
    in->len = total - header;
    in->pair.local = aksu_get32(p + 16);
    in->pair.remote = aksu_get32(p + 12);
    if (in->pair.local == 0 || in->pair.remote == net->addr ||
        !aksu_ipv4_unicast(net, in->pair.remote)) {
        return AKSU_DROP_SOURCE;
    }
    return 0;
}

int aksu_ipv4_input(struct aksu *net, struct aksu_packet *in)
{
    const uint8_t *p = in->payload;
    int drop = take_header(net, in);

    if (drop) {
        return drop;
    }
    if (p[9] == AKSU_PROTOCOL_TCP) {
        in->segment.tos = p[1];
        return aksu_stack_tcp(net, in); // a connection may have begun with an older address
    }
    if (in->pair.local != net->addr) {
        return AKSU_DROP_NOT_OURS;
    }
    return p[9] == AKSU_PROTOCOL_ICMP ? aksu_icmp_input(net, in) : AKSU_DROP_PROTOCOL;
}

// fields: Diffserv code point, TTL and protocol. Identification is 0: a packet that is never
// fragmented needs none (RFC 6864 4.1).
void aksu_ipv4_header(const struct aksu *net, const struct aksu_pair *pair, uint32_t fields,
                      uint32_t len, uint8_t *to)
{
    uint32_t first = 0x4500u | fields >> 16;
    uint32_t third = fields << 16;

    len += AKSU_IPV4_LEN;
    if (!(net->offload & AKSU_OFFLOAD_TX)) {
        third |= aksu_sum_end(pair, first + len + AKSU_DONT_FRAGMENT + (third >> 16));
    }
    to = aksu_put32(to, first << 16 | len);
    to = aksu_put32(to, AKSU_DONT_FRAGMENT);
    to = aksu_put32(to, third);
    to = aksu_put32(to, pair->local);
    aksu_put32(to, pair->remote);
}
