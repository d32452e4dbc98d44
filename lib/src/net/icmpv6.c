// SPDX-License-Identifier: MIT
// ICMPv6, RFC 4443: echo answered, errors sent, and errors that arrive passed to the connection
// that they quote (RFC 9293 3.9.2.2, RFC 5927).
#include "ipv6.h"

enum {
    QUOTED_TCP = 8, // octets of the quoted TCP header that must be there
    ERROR_EVERY_MS = 100,
    QUOTE_MAX = 1280 - AKSU_IPV6_LEN - AKSU_ICMP_LEN,
    MTU_MIN = 1280
};

// The checksum of a message, with those of the header's addresses (RFC 8200 8.1).
uint16_t aksu_icmpv6_sum(const uint8_t *packet, const uint8_t *message, uint32_t len,
                         unsigned protocol)
{
    return aksu_sum_finish(aksu_copy(NULL, packet + AKSU_IPV6_SOURCE, 32) +
                           aksu_copy(NULL, message, len) + len + protocol);
}

// Fills in the checksum of a message, so far behind its header. Returns the length of the packet.
size_t aksu_icmpv6_finish(uint8_t *packet, uint32_t behind)
{
    uint32_t len = aksu_get16(packet + 4);
    uint8_t *message = packet + AKSU_IPV6_LEN + behind;

    aksu_put16(message + 2, 0);
    aksu_put16(message + 2, aksu_icmpv6_sum(packet, message, len - behind, AKSU_PROTOCOL_ICMPV6));
    return AKSU_IPV6_LEN + len;
}

// Takes the place for echoes, and an answer that sends what lies in it.
static int answer(struct aksu *net, const struct aksu_packet *in, const uint8_t *packet,
                  uint32_t len)
{
    const uint8_t *to = packet + AKSU_IPV6_SOURCE;
    unsigned local = aksu_ipv6_ours(aksu_ipv6(net), packet + AKSU_IPV6_DESTINATION);

    if (local == AKSU_NO_ADDRESS) {
        local = aksu_slaac_source(net, to); // it came to a group
    }
    if ((net->offload & AKSU_ECHOING) || len > net->store->echo_octets ||
        len + AKSU_IPV6_LEN > aksu_ipv6(net)->mtu || local == AKSU_NO_ADDRESS ||
        aksu_ipv6_is_any(to)) {
        return AKSU_DROP_ECHO_BUSY;
    }
    int full = aksu_ipv6_answer(net, in, to, local, AKSU_ANSWER_ICMPV6);

    if (!full) {
        net->offload |= AKSU_ECHOING;
        aksu_ipv6(net)->message_len = (uint16_t)len;
    }
    return full;
}

size_t aksu_icmpv6_output(struct aksu *net, const struct aksu_answer *a, uint8_t *packet)
{
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    uint32_t len = ip6->message_len;
    uint8_t *p = aksu_ipv6_put(packet, AKSU_PROTOCOL_ICMPV6, ip6->hops,
                               ip6->address[a->pair.local >> 16].addr.octets,
                               ip6->answer[a - net->store->answer].octets, len);

    memcpy(p, net->store->echo, len);
    net->offload &= (uint8_t)~AKSU_ECHOING;
    return aksu_icmpv6_finish(packet, 0);
}

static int echo(struct aksu *net, const struct aksu_packet *in, const uint8_t *packet)
{
    int full = answer(net, in, packet, in->len);

    if (!full) {
        memcpy(net->store->echo, in->payload, in->len);
        net->store->echo[0] = AKSU_ICMPV6_ECHO_REPLY;
    }
    return full;
}

// Whether a packet is an error itself, behind whatever headers (RFC 4443 2.4 e.1).
static bool is_error(const uint8_t *packet)
{
    enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, OPTIONS = 60 };
    const uint8_t *p = packet + AKSU_IPV6_LEN;
    uint32_t left = aksu_get16(packet + 4);
    unsigned kind = packet[6];

    while (left >= 8 &&
           (kind == HOP_BY_HOP || kind == ROUTING || kind == FRAGMENT || kind == OPTIONS)) {
        uint32_t len = aksu_min32(left, kind == FRAGMENT ? 8 : (p[1] + 1u) * 8);
        kind = p[0];
        p += len;
        left -= len;
    }
    return kind == AKSU_PROTOCOL_ICMPV6 && left > 0 && p[0] < AKSU_ICMPV6_ECHO;
}

// Sends an error about a packet, but not about an error, nor about one to many, unless it is one of
// an option (2.4 e), nor more than ten a second (2.4 f).
void aksu_icmpv6_error(struct aksu *net, const struct aksu_packet *in, const uint8_t *packet,
                       unsigned type_code, uint32_t value)
{
    enum { PROBLEM_OPTION = AKSU_ICMPV6_PROBLEM << 8 | 2 };
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    uint32_t quoted = aksu_min32(aksu_get16(packet + 4) + AKSU_IPV6_LEN, QUOTE_MAX);
    uint8_t *p = net->store->echo;

    quoted = aksu_min32(quoted, net->store->echo_octets - AKSU_ICMP_LEN);
    if (net->now_ms - ip6->error_at < ERROR_EVERY_MS ||
        (aksu_ipv6_is_multicast(packet + AKSU_IPV6_DESTINATION) && type_code != PROBLEM_OPTION) ||
        is_error(packet) || answer(net, in, packet, AKSU_ICMP_LEN + quoted)) {
        return;
    }
    ip6->error_at = net->now_ms;
    p = aksu_put32(p, (uint32_t)type_code << 16);
    p = aksu_put32(p, value);
    memcpy(p, packet, quoted);
}

// What an error means to a connection. False: nothing.
static bool classify(const uint8_t *p, struct aksu_step *c)
{
    enum { NO_ROUTE = 0, PROHIBITED = 1, NO_PORT = 4, UNKNOWN_HEADER = 1 };

    uint32_t mtu = aksu_get32(p + 4);

    c->option = AKSU_ICMP_SOFT;
    c->more.detail = (uint32_t)AKSU_EHOSTUNREACH;
    switch (p[0]) {
    case AKSU_ICMPV6_UNREACHABLE:
        if (p[1] == NO_PORT) {
            c->option = AKSU_ICMP_HARD;
            c->more.detail = (uint32_t)AKSU_ECONNREFUSED;
        } else if (p[1] == NO_ROUTE) {
            c->more.detail = (uint32_t)AKSU_ENETUNREACH;
        }
        return true;
    case AKSU_ICMPV6_TOO_BIG:
        c->option = AKSU_ICMP_PTB;
        c->more.detail = aksu_min32(mtu, UINT16_MAX) - (AKSU_IPV6_LEN + AKSU_TCP_LEN);
        return mtu >= MTU_MIN; // RFC 8201 4: what is below the least MTU is discarded
    case AKSU_ICMPV6_TIME_EXCEEDED:
        return true;
    case AKSU_ICMPV6_PROBLEM:
        if (p[1] == UNKNOWN_HEADER) {
            c->option = AKSU_ICMP_HARD;
            c->more.detail = (uint32_t)AKSU_ECONNREFUSED;
        }
        return true;
    default:
        return false;
    }
}

static int error(struct aksu *net, struct aksu_packet *in)
{
    struct aksu_step c;
    const uint8_t *q = in->payload + AKSU_ICMP_LEN;

    if (!classify(in->payload, &c)) {
        return AKSU_DROP_ICMP;
    }
    if (in->len < AKSU_ICMP_LEN + AKSU_IPV6_LEN + QUOTED_TCP || q[0] >> 4 != 6) {
        return AKSU_DROP_ICMP_QUOTE;
    }
    const struct aksu_udp_ipv6 *udp = aksu_ipv6(net)->udp;

    if (q[6] == AKSU_PROTOCOL_UDP && udp) {
        return udp->ops->quoted(net, in, c.option == AKSU_ICMP_HARD);
    }
    if (q[6] != AKSU_PROTOCOL_TCP) {
        return AKSU_DROP_ICMP_QUOTE;
    }
    unsigned local = aksu_ipv6_ours(aksu_ipv6(net), q + AKSU_IPV6_SOURCE);

    if (local == AKSU_NO_ADDRESS) {
        return AKSU_DROP_ICMP_QUOTE;
    }
    aksu_ipv6_name(net, q + AKSU_IPV6_DESTINATION, local, &in->pair);
    return aksu_icmp_error(net, &in->pair, q + AKSU_IPV6_LEN, &c);
}

int aksu_icmpv6_input(struct aksu *net, struct aksu_packet *in, const uint8_t *packet,
                      bool fragmented)
{
    uint32_t len = in->len;

    if (len < AKSU_ICMP_LEN ||
        aksu_icmpv6_sum(packet, in->payload, len, AKSU_PROTOCOL_ICMPV6) != 0) {
        return AKSU_DROP_ICMP;
    }
    switch (in->payload[0]) {
    case AKSU_ICMPV6_ECHO:
        return in->payload[1] == 0 ? echo(net, in, packet) : AKSU_DROP_ICMP;
    case AKSU_MLD_QUERY:
        return aksu_mld_input(net, in, packet);
    case AKSU_ND_SOLICIT:
    case AKSU_ND_ADVERT:
    case AKSU_ND_ROUTER_ADVERT:
        // From this link, of this version, and whole (RFC 6980 5).
        if (packet[AKSU_IPV6_HOPS] != 255 || in->payload[1] != 0 || fragmented) {
            return AKSU_DROP_ICMP;
        }
        return in->payload[0] == AKSU_ND_ROUTER_ADVERT ? aksu_slaac_input(net, in, packet)
                                                       : aksu_nd_input(net, in, packet);
    default:
        return error(net, in);
    }
}
