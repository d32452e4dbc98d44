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

// Puts the header before a message of so many octets, and the frame's if it is for a group; fills
// in the checksum, which is 0 so far. fields: what follows the header, and hops; 0 are hop-by-hop
// options of 8 octets. Returns the length of the frame.
size_t aksu_icmpv6_send(const struct aksu *net, uint8_t *frame, uint32_t fields,
                        const uint8_t *source, const uint8_t *destination, uint32_t len)
{
    uint32_t header = net->link->header_len;
    uint8_t *packet = frame + header;
    uint32_t behind = fields >> 8 ? 0 : 8;

    if (aksu_ipv6_is_multicast(destination)) {
        aksu_ipv6_group_frame(net, frame, destination); // written over if the link has none
    }
    uint8_t *p = aksu_ipv6_put(packet, 0, len << 16 | fields, source, destination) + behind;

    aksu_put16(p + 2, aksu_icmpv6_sum(packet, p, len - behind, AKSU_PROTOCOL_ICMPV6));
    return header + AKSU_IPV6_LEN + len;
}

// Takes the place for echoes, and an answer that sends what lies in it.
static int answer(struct aksu *net, struct aksu_packet *in, uint32_t len)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const uint8_t *to = in->header + AKSU_IPV6_SOURCE;
    const struct aksu_ipv6_address *local = aksu_ipv6_ours(net, in->header + AKSU_IPV6_DESTINATION);

    if (!local) {
        local = aksu_address6_source(net, to); // it came to a group
    }
    if ((net->offload & AKSU_ECHOING) || len > net->store->echo_octets ||
        len + AKSU_IPV6_LEN > ip6->mtu || !local || aksu_ipv6_is_any(to)) {
        return AKSU_DROP_ECHO_BUSY;
    }
    int full = aksu_ipv6_answer(net, in, to, local, AKSU_ANSWER_ICMPV6);

    if (!full) {
        net->offload |= AKSU_ECHOING;
        ip6->message_len = (uint16_t)len;
    }
    return full;
}

// Sends the message that waits.
size_t aksu_icmpv6_output(struct aksu *net, uint8_t *frame, const uint8_t *source,
                          const uint8_t *destination)
{
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    uint32_t len = ip6->message_len;

    memcpy(frame + net->link->header_len + AKSU_IPV6_LEN, net->store->echo, len);
    net->offload &= (uint8_t)~AKSU_ECHOING;
    return aksu_icmpv6_send(net, frame, AKSU_PROTOCOL_ICMPV6 << 8 | ip6->hops, source, destination,
                            len);
}

static int echo(struct aksu *net, struct aksu_packet *in)
{
    int full = answer(net, in, in->len);

    if (!full) {
        memcpy(net->store->echo, in->payload, in->len);
        aksu_put32(net->store->echo, (uint32_t)AKSU_ICMPV6_ECHO_REPLY << 24);
    }
    return full;
}

// Whether what follows is an error, behind whatever headers (RFC 4443 2.4 e.1).
bool aksu_icmpv6_is_error(unsigned kind, const uint8_t *p, uint32_t left)
{
    return aksu_ipv6_upper(kind, &p, &left) == AKSU_PROTOCOL_ICMPV6 && left > 0 &&
           p[0] < AKSU_ICMPV6_ECHO;
}

// Sends an error about a packet, but not about an error, nor about one to many, unless it is one of
// an option (2.4 e), nor more than ten a second (2.4 f).
void aksu_icmpv6_error(struct aksu *net, struct aksu_packet *in, unsigned type_code, uint32_t value)
{
    enum { PROBLEM_OPTION = AKSU_ICMPV6_PROBLEM << 8 | 2 };
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const uint8_t *packet = in->header;
    uint32_t len = aksu_get16(packet + 4);
    uint32_t quoted = aksu_min32(aksu_min32(len + AKSU_IPV6_LEN, QUOTE_MAX),
                                 net->store->echo_octets - AKSU_ICMP_LEN);

    if (net->now_ms - ip6->error_at < ERROR_EVERY_MS ||
        (aksu_ipv6_is_multicast(packet + AKSU_IPV6_DESTINATION) && type_code != PROBLEM_OPTION) ||
        aksu_icmpv6_is_error(packet[AKSU_IPV6_NEXT], packet + AKSU_IPV6_LEN, len) ||
        answer(net, in, AKSU_ICMP_LEN + quoted)) {
        return;
    }
    ip6->error_at = net->now_ms;
    uint8_t *p = aksu_put32(net->store->echo, (uint32_t)type_code << 16);

    memcpy(aksu_put32(p, value), packet, quoted);
}

// What an error means to a connection. False: nothing.
static bool classify(const uint8_t *p, struct aksu_step *c)
{
    enum {
        NO_ROUTE = AKSU_ICMPV6_UNREACHABLE << 8,
        NO_PORT = NO_ROUTE | 4,
        UNKNOWN_HEADER = AKSU_ICMPV6_PROBLEM << 8 | 1
    };
    unsigned type_code = aksu_get16(p);
    uint32_t mtu = aksu_get32(p + 4);

    c->option = AKSU_ICMP_SOFT;
    c->more.detail = (uint32_t)AKSU_EHOSTUNREACH;
    if (type_code == NO_PORT || type_code == UNKNOWN_HEADER) {
        c->option = AKSU_ICMP_HARD;
        c->more.detail = (uint32_t)AKSU_ECONNREFUSED;
    } else if (type_code == NO_ROUTE) {
        c->more.detail = (uint32_t)AKSU_ENETUNREACH;
    } else if (p[0] == AKSU_ICMPV6_TOO_BIG) {
        c->option = AKSU_ICMP_PTB;
        c->more.detail = aksu_min32(mtu, UINT16_MAX) - (AKSU_IPV6_LEN + AKSU_TCP_LEN);
        return mtu >= MTU_MIN; // RFC 8201 4: what is below the least MTU is discarded
    }
    return p[0] >= AKSU_ICMPV6_UNREACHABLE && p[0] <= AKSU_ICMPV6_PROBLEM;
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
    const struct aksu_ipv6_address *local = aksu_ipv6_ours(net, q + AKSU_IPV6_SOURCE);

    if (!local) {
        return AKSU_DROP_ICMP_QUOTE;
    }
    aksu_ipv6_name(net, q + AKSU_IPV6_DESTINATION, local, &in->pair);
    return aksu_icmp_error(net, &in->pair, q + AKSU_IPV6_LEN, &c);
}

// A message of ND: from this link, of this version, and whole (RFC 6980 5).
static int discover(struct aksu *net, struct aksu_packet *in, bool fragmented)
{
    const struct aksu_slaac_ops *slaac = aksu_ipv6(net)->slaac;
    const uint8_t *p = in->payload;
    bool router = p[0] == AKSU_ND_ROUTER_ADVERT;
    uint32_t len = router ? AKSU_ND_ROUTER_LEN : AKSU_ND_LEN;
    unsigned kind = p[0] == AKSU_ND_ADVERT ? AKSU_ND_TARGET_OPTION : AKSU_ND_SOURCE_OPTION;
    const uint8_t *mac = NULL;

    if ((router && !slaac) || in->header[AKSU_IPV6_HOPS] != 255 || p[1] != 0 || fragmented ||
        in->len < len || !aksu_nd_options(p + len, in->len - len, kind, &mac)) {
        return AKSU_DROP_ICMP;
    }
    return router ? slaac->input(net, in, mac) : aksu_nd_input(net, in, mac);
}

int aksu_icmpv6_input(struct aksu *net, struct aksu_packet *in, bool fragmented)
{
    if (in->len < AKSU_ICMP_LEN ||
        aksu_icmpv6_sum(in->header, in->payload, in->len, AKSU_PROTOCOL_ICMPV6) != 0) {
        return AKSU_DROP_ICMP;
    }
    switch (in->payload[0]) {
    case AKSU_ICMPV6_ECHO:
        return in->payload[1] == 0 ? echo(net, in) : AKSU_DROP_ICMP;
    case AKSU_MLD_QUERY:
        return aksu_mld_input(net, in);
    case AKSU_ND_SOLICIT:
    case AKSU_ND_ADVERT:
    case AKSU_ND_ROUTER_ADVERT:
        return discover(net, in, fragmented);
    default:
        return error(net, in);
    }
}
