// SPDX-License-Identifier: MIT
// ICMP, RFC 792: echo answered (RFC 1122 3.2.2.6), errors passed to the connection that they quote
// (RFC 9293 3.9.2.2, RFC 5927). No error messages are sent, redirects are ignored.
#include "../stack.h"

enum {
    ECHO_REPLY = 0,
    UNREACHABLE = 3,
    ECHO = 8,
    TIME_EXCEEDED = 11,
    PARAMETER_PROBLEM = 12,
    QUOTED_TCP = 8 // octets of the quoted TCP header that must be there
};

static int echo(struct aksu *net, const struct aksu_packet *in)
{
    if ((net->offload & AKSU_ECHOING) || in->len > net->store->echo_octets) {
        return AKSU_DROP_ECHO_BUSY;
    }
    uint8_t *p = net->store->echo;
    int full = aksu_stack_answer(net, in, in->len);

    if (!full) {
        net->offload |= AKSU_ECHOING;
        memcpy(p, in->payload, in->len);
        // All comes back as it came but the type, by which the checksum differs (RFC 1624).
        uint32_t sum = aksu_get16(p + 2) + ((ECHO - ECHO_REPLY) << 8);
        p[0] = ECHO_REPLY;
        aksu_put16(p + 2, sum + (sum >> 16));
    }
    return full;
}

// Writes the message that waits.
size_t aksu_icmp_output(struct aksu *net, const struct aksu_answer *a, uint8_t *to)
{
    const uint32_t fields = AKSU_TTL_DEFAULT << AKSU_TTL_SHIFT | AKSU_PROTOCOL_ICMP;
    uint32_t len = a->kind;

    aksu_ipv4_header(net, &a->pair, fields, len, to);
    memcpy(to + AKSU_IPV4_LEN, net->store->echo, len);
    net->offload &= (uint8_t)~AKSU_ECHOING;
    return AKSU_IPV4_LEN + len;
}

// What an error means to a connection. False: nothing.
static bool classify(const uint8_t *p, struct aksu_step *c)
{
    unsigned code = p[1];

    c->option = AKSU_ICMP_SOFT;
    c->more.detail = (uint32_t)AKSU_EHOSTUNREACH;
    if (p[0] == UNREACHABLE && (code == 2 || code == 3)) {
        c->option = AKSU_ICMP_HARD; // protocol, port
        c->more.detail = (uint32_t)AKSU_ECONNREFUSED;
    } else if (p[0] == UNREACHABLE && code == 4) {
        uint32_t mtu = aksu_get16(p + 6);
        c->option = AKSU_ICMP_PTB;
        c->more.detail =
            mtu > AKSU_IPV4_LEN + AKSU_TCP_LEN ? mtu - AKSU_IPV4_LEN - AKSU_TCP_LEN : 0;
    } else if (p[0] == UNREACHABLE && (code == 0 || code == 6)) {
        c->more.detail = (uint32_t)AKSU_ENETUNREACH;
    } else if (p[0] == UNREACHABLE || p[0] == TIME_EXCEEDED || p[0] == PARAMETER_PROBLEM) {
        c->option = AKSU_ICMP_SOFT;
    } else {
        return false; // source quench too (MUST-55)
    }
    return true;
}

static int error(struct aksu *net, struct aksu_packet *in)
{
    struct aksu_step c;
    const uint8_t *q = in->payload + AKSU_ICMP_LEN;

    if (!classify(in->payload, &c)) {
        return AKSU_DROP_ICMP;
    }
    uint32_t left = in->len - AKSU_ICMP_LEN;

    if (left < AKSU_IPV4_LEN || !aksu_ipv4_begins(q) || q[9] != AKSU_PROTOCOL_TCP) {
        return AKSU_DROP_ICMP_QUOTE;
    }
    uint32_t header = (q[0] & 15) * 4u;
    if (left < header + QUOTED_TCP) {
        return AKSU_DROP_ICMP_QUOTE;
    }
    in->pair.remote = aksu_get32(q + 16);
    in->pair.local = aksu_get32(q + 12);
    return aksu_icmp_error(net, &in->pair, q + header, &c);
}

int aksu_icmp_input(struct aksu *net, struct aksu_packet *in)
{
    if (in->len < AKSU_ICMP_LEN || aksu_sum_finish(aksu_copy(NULL, in->payload, in->len)) != 0) {
        return AKSU_DROP_ICMP;
    }
    if (aksu_get16(in->payload) == ECHO << 8) { // of code 0
        return echo(net, in);
    }
    return error(net, in);
}
