// SPDX-License-Identifier: MIT
// Neighbour Discovery, RFC 4861 4.3, 4.4 and 7: questions whose an address is, and answers to them.
#include "ipv6.h"

enum {
    SOLICITED = 0x40,
    OVERRIDE = 0x20,
    FLAGS = 4, // where a message has them
    TARGET = 8,
    MESSAGE_LEN = 8,
    OPTION_LEN = 8
};

// --- Messages ---

// Looks over the options of a message. *mac: the station's that one of a kind tells, else as it
// was. False: they are malformed (4.6).
bool aksu_nd_options(const uint8_t *p, uint32_t left, unsigned kind, const uint8_t **mac)
{
    while (left > 0) {
        uint32_t len = left >= OPTION_LEN ? p[1] * 8u : 0;
        if (len == 0 || len > left || (p[0] == kind && (p[2] & 1))) {
            return false;
        }
        if (p[0] == kind) {
            *mac = p + 2;
        }
        p += len;
        left -= len;
    }
    return true;
}

// Writes a message: of an advertisement, that an address is ours. The frame's header is there
// already if it is for a station.
size_t aksu_nd_put(const struct aksu *net, uint8_t *frame, unsigned type, const uint8_t *source,
                   const uint8_t *destination, const uint8_t *target)
{
    uint8_t *begin = frame + net->link->header_len + AKSU_IPV6_LEN;
    uint8_t *p = begin + MESSAGE_LEN;
    uint8_t kind = AKSU_ND_SOURCE_OPTION;

    memset(begin, 0, MESSAGE_LEN);
    begin[0] = (uint8_t)type;
    if (type == AKSU_ND_ADVERT) {
        begin[FLAGS] = aksu_ipv6_is_multicast(destination) ? OVERRIDE : SOLICITED | OVERRIDE;
        kind = AKSU_ND_TARGET_OPTION;
    }
    if (target) {
        aksu_ipv6_copy(p, target);
        p += 16;
    }
    if (net->link->header_len > 0 && !aksu_ipv6_is_any(source)) {
        p[0] = kind;
        p[1] = 1;
        memcpy(p + 2, net->mac, 6);
        p += OPTION_LEN;
    }
    return aksu_icmpv6_send(net, frame, AKSU_PROTOCOL_ICMPV6 << 8 | 255, source, destination,
                            (uint32_t)(p - begin));
}

// Asks those that have the end of an address whose it is.
size_t aksu_nd_solicit(const struct aksu *net, const uint8_t *source, const uint8_t *target,
                       uint8_t *frame)
{
    uint8_t group[16];

    aksu_ipv6_group(target, group);
    return aksu_nd_put(net, frame, AKSU_ND_SOLICIT, source, group, target);
}

// --- What arrives ---

// Answers who asked, or all if the asker has no address yet.
static int solicited(struct aksu *net, struct aksu_packet *in, const uint8_t *mac)
{
    const uint8_t *source = in->header + AKSU_IPV6_SOURCE;
    const uint8_t *to = in->header + AKSU_IPV6_DESTINATION;
    const uint8_t *target = in->payload + TARGET;
    bool asks_for_itself = aksu_ipv6_is_any(source);
    const struct aksu_ipv6_address *local = aksu_ipv6_ours(net, target);

    // 7.1.1. A group of ours that is not that of all nodes is one of solicited nodes.
    if (asks_for_itself &&
        (mac || !aksu_ipv6_is_multicast(to) || aksu_ipv6_same(to, aksu_ipv6_nodes))) {
        return AKSU_DROP_ICMP;
    }
    if (local) {
        return aksu_ipv6_answer(net, in, asks_for_itself ? aksu_ipv6_nodes : source, local,
                                AKSU_ANSWER_ND);
    }
    if (asks_for_itself) {
        aksu_address6_conflict(net, target);
    }
    return AKSU_DROP_ARP;
}

static int advertised(struct aksu *net, struct aksu_packet *in, const uint8_t *mac)
{
    const uint8_t *target = in->payload + TARGET;
    unsigned flags = in->payload[FLAGS];
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    // 7.1.2
    if ((flags & SOLICITED) && aksu_ipv6_is_multicast(in->header + AKSU_IPV6_DESTINATION)) {
        return AKSU_DROP_ICMP;
    }
    aksu_address6_conflict(net, target);
    bool news = mac && ip6->learn && ip6->learn(net, target, mac, (flags & OVERRIDE) != 0);

    return news ? 0 : AKSU_DROP_ARP;
}

// A message whose options are well-formed. mac: the station that they tell, or NULL.
int aksu_nd_input(struct aksu *net, struct aksu_packet *in, const uint8_t *mac)
{
    if (net->link->header_len == 0 ||
        aksu_ipv6_is_multicast(in->payload + TARGET)) { // without stations there is nothing to ask
        return AKSU_DROP_ICMP;
    }
    return in->payload[0] == AKSU_ND_SOLICIT ? solicited(net, in, mac) : advertised(net, in, mac);
}
