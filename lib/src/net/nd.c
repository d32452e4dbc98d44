// SPDX-License-Identifier: MIT
// Neighbour Discovery, RFC 4861 4.3, 4.4 and 7: questions whose an address is, and answers to them.
#include "ipv6.h"

enum {
    SOLICITED = 0x40,
    OVERRIDE = 0x20,
    SOURCE_OPTION = 1,
    TARGET_OPTION = 2,
    TARGET = 8, // where a message has it
    MESSAGE_LEN = 24,
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

// Writes the option that tells our station. Returns what follows it.
uint8_t *aksu_nd_put_station(const struct aksu *net, uint8_t *p, unsigned kind)
{
    p[0] = (uint8_t)kind;
    p[1] = 1;
    memcpy(p + 2, net->mac, 6);
    return p + OPTION_LEN;
}

static size_t put_message(const struct aksu *net, uint8_t *frame, unsigned type, unsigned flags,
                          const uint8_t *source, const uint8_t *destination, const uint8_t *target)
{
    uint8_t *packet = frame + AKSU_ETHERNET_LEN;
    unsigned kind = type == AKSU_ND_SOLICIT ? SOURCE_OPTION : TARGET_OPTION;
    bool named = !aksu_ipv6_is_any(source);
    uint8_t *p = aksu_ipv6_put(packet, AKSU_PROTOCOL_ICMPV6, 255, source, destination,
                               named ? MESSAGE_LEN + OPTION_LEN : MESSAGE_LEN);

    p = aksu_put32(p, (uint32_t)type << 24);
    p = aksu_put32(p, (uint32_t)flags << 24);
    memcpy(p, target, 16);
    if (named) {
        aksu_nd_put_station(net, p + 16, kind);
    }
    return AKSU_ETHERNET_LEN + aksu_icmpv6_finish(packet, 0);
}

// Asks those that have the end of an address whose it is.
size_t aksu_nd_solicit(const struct aksu *net, const uint8_t *source, const uint8_t *target,
                       uint8_t *frame)
{
    uint8_t group[16];

    aksu_ipv6_group(target, group);
    aksu_ipv6_group_frame(net, frame, group);
    return put_message(net, frame, AKSU_ND_SOLICIT, 0, source, group, target);
}

// Says that an address is ours: to who asked, or to all if the asker has no address yet.
size_t aksu_nd_advert(const struct aksu *net, const struct aksu_answer *a, uint8_t *frame)
{
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const uint8_t *to = ip6->answer[a - net->store->answer].octets;
    const uint8_t *own = ip6->address[a->pair.local >> 16].addr.octets;
    unsigned flags = SOLICITED | OVERRIDE;

    if (aksu_ipv6_is_any(to)) {
        flags = OVERRIDE;
        to = aksu_ipv6_nodes;
        aksu_ipv6_group_frame(net, frame, to);
    } else {
        aksu_ipv6_frame(net, frame, a->mac);
    }
    return put_message(net, frame, AKSU_ND_ADVERT, flags, own, to, own);
}

// --- What arrives ---

static int solicited(struct aksu *net, const struct aksu_packet *in, const uint8_t *packet)
{
    const uint8_t *source = packet + AKSU_IPV6_SOURCE;
    const uint8_t *target = in->payload + TARGET;
    const uint8_t *mac = NULL;
    bool asks_for_itself = aksu_ipv6_is_any(source);
    unsigned local = aksu_ipv6_ours(aksu_ipv6(net), target);

    const uint8_t *to = packet + AKSU_IPV6_DESTINATION;

    // 7.1.1. A group of ours that is not that of all nodes is one of solicited nodes.
    if (!aksu_nd_options(in->payload + MESSAGE_LEN, in->len - MESSAGE_LEN, SOURCE_OPTION, &mac) ||
        (asks_for_itself &&
         (mac || !aksu_ipv6_is_multicast(to) || memcmp(to, aksu_ipv6_nodes, 16) == 0))) {
        return AKSU_DROP_ICMP;
    }
    if (local != AKSU_NO_ADDRESS) {
        return aksu_ipv6_answer(net, in, source, local, AKSU_ANSWER_ND);
    }
    if (asks_for_itself) {
        aksu_slaac_conflict(net, target);
    }
    return AKSU_DROP_ARP;
}

static int advertised(struct aksu *net, const struct aksu_packet *in, const uint8_t *packet)
{
    const uint8_t *target = in->payload + TARGET;
    unsigned flags = in->payload[4];
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const uint8_t *mac = NULL;

    // 7.1.2
    if (!aksu_nd_options(in->payload + MESSAGE_LEN, in->len - MESSAGE_LEN, TARGET_OPTION, &mac) ||
        ((flags & SOLICITED) && aksu_ipv6_is_multicast(packet + AKSU_IPV6_DESTINATION))) {
        return AKSU_DROP_ICMP;
    }
    aksu_slaac_conflict(net, target);
    bool news = mac && ip6->learn && ip6->learn(net, target, mac, (flags & OVERRIDE) != 0);

    return news ? 0 : AKSU_DROP_ARP;
}

int aksu_nd_input(struct aksu *net, struct aksu_packet *in, const uint8_t *packet)
{
    if (net->link->header_len == 0 || in->len < MESSAGE_LEN ||
        aksu_ipv6_is_multicast(in->payload + TARGET)) { // without stations there is nothing to ask
        return AKSU_DROP_ICMP;
    }
    return in->payload[0] == AKSU_ND_SOLICIT ? solicited(net, in, packet)
                                             : advertised(net, in, packet);
}
