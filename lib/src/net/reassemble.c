// SPDX-License-Identifier: MIT
// Packets of IPv4 that came in fragments, RFC 791 3.2.
#include "pieces.h"
#include "udp.h"

enum {
    MORE = 0x2000,
    OFFSET = 0x1fff,
    TEXT_MAX = 65535 - AKSU_IPV4_LEN,
    ECHO = 8,
    TIME_EXCEEDED = 11,
    REASSEMBLY = 1, // code of that
    QUOTED = 8      // octets of the text, RFC 792
};

static const struct aksu_more_ops ops;

static struct aksu_reassembly *ours(const struct aksu *net)
{
    return (struct aksu_reassembly *)aksu_more_find(net, &ops); // its first member
}

// Makes of the first fragment's header that of a packet without options.
static void finish(uint8_t *packet, uint32_t len, uint32_t field)
{
    packet[0] = 0x45;
    aksu_put16(packet + 2, AKSU_IPV4_LEN + len);
    aksu_put16(packet + 6, field);
    aksu_put16(packet + 10, aksu_sum_finish(aksu_sum_header(packet, AKSU_IPV4_LEN)));
}

// What is whole goes where it would have gone.
static int deliver(struct aksu *net, struct aksu_reassembly *r, struct aksu_packet *in,
                   const struct aksu_pieces *c)
{
    uint8_t *text = aksu_pieces_text(r, c);
    uint8_t *packet = text - AKSU_IPV4_LEN;
    int drop = AKSU_DROP_PROTOCOL;

    if (!aksu_pieces_ecn(c, &packet[1])) {
        return AKSU_DROP_FRAGMENT;
    }
    finish(packet, c->len, 0);
    in->from = packet - (aksu_udp_packet(net, in) - in->from);
    in->payload = text;
    in->len = c->len;
    if (packet[9] == AKSU_PROTOCOL_TCP) {
        in->segment.tos = packet[1];
        return aksu_pieces_deliver(net, in, aksu_stack_tcp);
    }
    if (packet[9] == AKSU_PROTOCOL_ICMP) { // an answer leaves as it came, but whole
        drop = in->len + AKSU_IPV4_LEN > net->mtu ? AKSU_DROP_ECHO_BUSY : aksu_icmp_input(net, in);
    }
    return drop ? aksu_more_input(&r->more, net, in, drop) : 0;
}

// Whether a fragment can be one, and is none that hides a segment's flags (RFC 1858, RFC 3128).
static bool valid(const uint8_t *packet, const struct aksu_fragment *f)
{
    bool tiny = f->offset == 0 ? f->len < AKSU_TCP_LEN : f->offset < AKSU_TCP_LEN;

    return f->len > 0 && (!f->more || f->len % 8 == 0) && f->offset + f->len <= TEXT_MAX &&
           !(packet[9] == AKSU_PROTOCOL_TCP && tiny);
}

// A header that has been checked, and of which no more is known than that it is a fragment's.
static int take(struct aksu *net, struct aksu_reassembly *r, struct aksu_packet *in)
{
    const uint8_t *p = in->payload;
    uint8_t kept[AKSU_IPV4_LEN];
    uint32_t header = (p[0] & 15) * 4u;
    uint32_t field = aksu_get16(p + 6);
    struct aksu_pieces *whole = NULL;
    struct aksu_fragment f = {.header = kept,
                              .text = p + header,
                              .header_len = AKSU_IPV4_LEN,
                              .key = 9, // protocol and addresses: the checksum between is not kept
                              .key_len = 11,
                              .id = aksu_get16(p + 4),
                              .offset = (field & OFFSET) * 8,
                              .len = aksu_get16(p + 2) - header,
                              .ecn = p[1] & 3,
                              .more = field & MORE};

    in->pair.remote = aksu_get32(p + 12);
    in->pair.local = aksu_get32(p + 16);
    if (!aksu_ipv4_unicast(net, in->pair.remote) || in->pair.remote == net->addr) {
        return AKSU_DROP_SOURCE;
    }
    if (in->pair.local != net->addr) {
        return AKSU_DROP_NOT_OURS;
    }
    memcpy(kept, p, sizeof kept);
    aksu_put16(kept + 10, 0);
    int drop = valid(p, &f) ? aksu_pieces_take(net, r, in, &f, &whole) : AKSU_DROP_FRAGMENT;

    if (whole) {
        drop = deliver(net, r, in, whole);
        aksu_pieces_free(whole);
    }
    return drop;
}

static int input(struct aksu *net, struct aksu_packet *in, int drop)
{
    struct aksu_reassembly *r = ours(net);

    return drop == AKSU_DROP_FRAGMENT && aksu_ipv4_begins(aksu_udp_packet(net, in))
               ? take(net, r, in)
               : aksu_more_input(&r->more, net, in, drop);
}

// Says that a packet was given up (RFC 1122 3.3.2), but not one that is an error itself (3.2.2).
static size_t tell(const struct aksu *net, const struct aksu_pieces *c, uint8_t *text, uint8_t *to,
                   const uint8_t **mac)
{
    const uint32_t fields = AKSU_TTL_DEFAULT << AKSU_TTL_SHIFT | AKSU_PROTOCOL_ICMP;
    const uint32_t len = AKSU_ICMP_LEN + AKSU_IPV4_LEN + QUOTED;
    uint8_t *packet = text - AKSU_IPV4_LEN;
    uint8_t *p = to + AKSU_IPV4_LEN;
    const struct aksu_pair pair = {.remote = aksu_get32(packet + 12), .local = net->addr};

    if ((packet[9] == AKSU_PROTOCOL_ICMP && text[0] != ECHO) ||
        aksu_get32(packet + 16) != net->addr) {
        return 0;
    }
    finish(packet, aksu_pieces_begun(c), MORE);
    memset(p, 0, AKSU_ICMP_LEN);
    p[0] = TIME_EXCEEDED;
    p[1] = REASSEMBLY;
    memcpy(p + AKSU_ICMP_LEN, packet, AKSU_IPV4_LEN + QUOTED);
    aksu_put16(p + 2, aksu_sum_finish(aksu_copy(NULL, p, len)));
    aksu_ipv4_header(net, &pair, fields, len, to);
    *mac = packet - (AKSU_ETHERNET_LEN - 6);
    return AKSU_IPV4_LEN + len;
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

int aksu_reassemble(struct aksu *net, struct aksu_reassembly *r)
{
    return aksu_pieces_add(net, r, &ops);
}
