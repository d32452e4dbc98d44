// SPDX-License-Identifier: MIT
// Packets of IPv6 that came in fragments, RFC 8200 4.5. What stood before the fragment header has
// been obeyed in each of them, and is left away.
#include "ipv6.h"
#include "pieces.h"
#include "udp.h"

enum {
    FRAGMENT_LEN = 8,
    PROBLEM_FIELD = AKSU_ICMPV6_PROBLEM << 8,
    PROBLEM_CHAIN = PROBLEM_FIELD | 3, // RFC 7112 5
    REASSEMBLY = 1,                    // code of a time exceeded
    TEXT_MAX = 65535,
    MTU_MIN = 1280,
    QUOTE_MAX = MTU_MIN - 2 * AKSU_IPV6_LEN - AKSU_ICMP_LEN - FRAGMENT_LEN
};

static const struct aksu_more_ops ops;

static struct aksu_reassembly *ours(const struct aksu *net)
{
    return (struct aksu_reassembly *)aksu_more_find(net, &ops); // its first member
}

// The least that a header of a protocol has; 0: it is not known.
static uint32_t header_min(unsigned protocol)
{
    return protocol == AKSU_PROTOCOL_TCP                                       ? AKSU_TCP_LEN
           : protocol == AKSU_PROTOCOL_UDP || protocol == AKSU_PROTOCOL_ICMPV6 ? AKSU_UDP_LEN
                                                                               : 0;
}

// Whether a first fragment has all headers (RFC 7112 4, RFC 8200 4.5).
static bool chain_whole(unsigned kind, const uint8_t *p, uint32_t left)
{
    kind = aksu_ipv6_upper(kind, &p, &left);
    return left >= header_min(kind) && aksu_ipv6_extension(kind, p, left) == 0;
}

// What is wrong with a fragment. 0: nothing.
static unsigned fault(const uint8_t *packet, const uint8_t *p, const struct aksu_fragment *f,
                      uint32_t *at)
{
    enum { PAYLOAD_LENGTH = 4 };

    *at = 0;
    if (f->more && f->len % 8 != 0) {
        *at = PAYLOAD_LENGTH;
        return PROBLEM_FIELD;
    }
    if (f->offset + f->len > TEXT_MAX) {
        *at = (uint32_t)(p + 2 - packet);
        return PROBLEM_FIELD;
    }
    return f->offset > 0 || chain_whole(p[0], f->text, f->len) ? 0 : PROBLEM_CHAIN;
}

static int take_whole(struct aksu *net, struct aksu_packet *in)
{
    return aksu_ipv6_payload(net, in, in->payload - AKSU_IPV6_LEN, true);
}

static int deliver(struct aksu *net, struct aksu_reassembly *r, struct aksu_packet *in,
                   const struct aksu_pieces *c)
{
    uint8_t *text = aksu_pieces_text(r, c);
    uint8_t *packet = text - AKSU_IPV6_LEN;
    uint8_t tos = (uint8_t)(aksu_get16(packet) >> 4);

    if (!aksu_pieces_ecn(c, &tos)) {
        return AKSU_DROP_FRAGMENT;
    }
    packet[0] = (uint8_t)(0x60 | tos >> 4);
    packet[1] = (uint8_t)(tos << 4 | (packet[1] & 15));
    aksu_put16(packet + 4, c->len);
    in->from = packet - (aksu_udp_packet(net, in) - in->from);
    in->payload = text;
    in->len = c->len;
    return aksu_pieces_deliver(net, in, take_whole);
}

// in->payload is a fragment header, of a packet that was not whole.
static int take(struct aksu *net, struct aksu_reassembly *r, struct aksu_packet *in)
{
    const uint8_t *packet = aksu_udp_packet(net, in);
    const uint8_t *p = in->payload;
    uint8_t header[AKSU_IPV6_LEN];
    uint32_t field = aksu_get16(p + 2);
    struct aksu_pieces *whole = NULL;
    struct aksu_fragment f = {.header = header,
                              .text = p + FRAGMENT_LEN,
                              .header_len = AKSU_IPV6_LEN,
                              .key = AKSU_IPV6_SOURCE,
                              .key_len = 32,
                              .id = aksu_get32(p + 4),
                              .offset = field & 0xfff8,
                              .len = in->len - FRAGMENT_LEN,
                              .ecn = packet[1] >> 4 & 3,
                              .more = field & 1};
    uint32_t at;

    if (aksu_ipv6_is_any(packet + AKSU_IPV6_SOURCE) ||
        !aksu_ipv6_ours(net, packet + AKSU_IPV6_DESTINATION)) {
        return AKSU_DROP_FRAGMENT;
    }
    unsigned problem = fault(packet, p, &f, &at);

    if (problem) {
        in->header = packet;
        aksu_icmpv6_error(net, in, problem, at);
    }
    if (problem || f.len == 0) {
        return AKSU_DROP_FRAGMENT;
    }
    memcpy(header, packet, sizeof header);
    header[6] = p[0]; // what follows in the packet
    int drop = aksu_pieces_take(net, r, in, &f, &whole);

    if (whole) {
        drop = deliver(net, r, in, whole);
        aksu_pieces_free(whole);
    }
    return drop;
}

static int input(struct aksu *net, struct aksu_packet *in, int drop)
{
    struct aksu_reassembly *r = ours(net);

    return drop == AKSU_DROP_FRAGMENT && aksu_udp_packet(net, in)[0] >> 4 == 6
               ? take(net, r, in)
               : aksu_more_input(&r->more, net, in, drop);
}

// Says that a packet was given up, if that is no error itself (RFC 4443 2.4 e).
static size_t tell(const struct aksu *net, const struct aksu_pieces *c, uint8_t *text,
                   uint8_t *packet, const uint8_t **mac)
{
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    uint32_t begun = aksu_min32(aksu_pieces_begun(c), QUOTE_MAX);
    const uint8_t *first = text - AKSU_IPV6_LEN;
    const struct aksu_ipv6_address *local = aksu_ipv6_ours(net, first + AKSU_IPV6_DESTINATION);
    uint32_t header = net->link->header_len;

    (void)mac; // the frame is whole
    if (!local || aksu_icmpv6_is_error(first[AKSU_IPV6_NEXT], text, begun)) {
        return 0;
    }
    uint8_t *begin = packet + AKSU_IPV6_LEN;
    uint8_t *p = begin;

    p = aksu_put32(p, (uint32_t)AKSU_ICMPV6_TIME_EXCEEDED << 24 | (uint32_t)REASSEMBLY << 16);
    p = aksu_put32(p, 0);
    memcpy(p, first, AKSU_IPV6_LEN);
    aksu_put16(p + 4, FRAGMENT_LEN + begun);
    p[AKSU_IPV6_NEXT] = AKSU_IPV6_FRAGMENT;
    p += AKSU_IPV6_LEN;
    p = aksu_put32(p, (uint32_t)first[AKSU_IPV6_NEXT] << 24 | 1);
    p = aksu_put32(p, c->id);
    memcpy(p, text, begun);
    if (header > 0) {
        aksu_ipv6_frame(net, packet - header, first - (AKSU_ETHERNET_LEN - 6));
    }
    return aksu_icmpv6_send(net, packet - header, AKSU_PROTOCOL_ICMPV6 << 8 | ip6->hops,
                            local->addr.octets, first + AKSU_IPV6_SOURCE,
                            (uint32_t)(p - begin) + begun);
}

static size_t output(struct aksu *net, uint8_t *frame, uint8_t *packet, const uint8_t **mac)
{
    return aksu_pieces_output(net, ours(net), tell, frame, packet, mac);
}

static uint32_t idle(const struct aksu *net, uint32_t now_ms, uint32_t wait_ms)
{
    return aksu_pieces_idle(net, ours(net), now_ms, wait_ms);
}

static const struct aksu_more_ops ops = {input, output, idle, NULL, NULL, false, NULL};

int aksu_ipv6_reassemble(struct aksu *net, struct aksu_reassembly *r)
{
    return net->more && net->more->ops->addrs ? aksu_pieces_add(net, r, &ops) : AKSU_EINVAL;
}
