// SPDX-License-Identifier: MIT
// The headers of most segments that leave, IPv4's and TCP's without options, and their sums, at
// once. As aksu_segment_put() and aksu_ipv4_header() write them. Linked only where speed counts.
#include "../stack.h"

// text: the sum of the segment's text. What is small is added to words that it cannot carry out of:
// those that begin with 0x45 and 0x50.
void aksu_headers_put(const struct aksu_row *row, const struct aksu_segment *s, uint32_t text,
                      uint8_t *to)
{
    uint32_t len = AKSU_TCP_LEN + s->len;
    uint32_t local = row->pair.local;
    uint32_t remote = row->pair.remote;
    uint64_t pair = (uint64_t)local + remote;
    uint32_t first = 0x45000000u | (uint32_t)row->dscp << AKSU_DSCP_SHIFT |
                     (uint32_t)s->tos << AKSU_ECN_SHIFT | (AKSU_IPV4_LEN + len);
    uint8_t ttl = row->ttl;
    uint32_t rest = first + AKSU_DONT_FRAGMENT + AKSU_PROTOCOL_TCP + ((uint32_t)ttl << 8);
    uint16_t sum = aksu_sum_fold(pair + rest);

    to = aksu_put32(to, first);
    to = aksu_put32(to, AKSU_DONT_FRAGMENT);
    *to++ = ttl;
    *to++ = AKSU_PROTOCOL_TCP;
    *to++ = (uint8_t)(sum >> 8);
    *to++ = (uint8_t)sum;
    to = aksu_put32(to, local);
    to = aksu_put32(to, remote);

    uint32_t ports = (uint32_t)row->pair.local_port << 16 | row->pair.remote_port;
    uint32_t seq = s->seq;
    uint32_t ack = s->ack;
    uint8_t flags = s->flags;
    uint16_t wnd = s->wnd;
    uint32_t fourth = 0x50000000u | (uint32_t)flags << 16 | wnd;
    uint32_t urp = s->urp;

    rest = fourth + AKSU_PROTOCOL_TCP + len + urp + text;
    to = aksu_put32(to, ports);
    to = aksu_put32(to, seq);
    to = aksu_put32(to, ack);
    *to++ = AKSU_TCP_LEN << 2;
    *to++ = flags;
    to = aksu_put16(to, wnd);
    sum = aksu_sum_fold(pair + ports + seq + ack + rest);
    aksu_put32(to, (uint32_t)sum << 16 | urp);
}
