// SPDX-License-Identifier: MIT
// The headers of most segments that leave, IPv4's and TCP's without options, and their sums, at
// once. As aksu_segment_put() and aksu_ipv4_header() write them. Linked only where speed counts.
#include "../stack.h"

// fields: as aksu_ipv4_header() has them; text: the sum of the segment's text.
void aksu_headers_put(const struct aksu_row *row, uint32_t fields, const struct aksu_segment *s,
                      uint32_t text, uint8_t *to)
{
    uint32_t len = AKSU_TCP_LEN + s->len;
    uint32_t first = 0x45000000u | (fields >> 16 << 16) | (AKSU_IPV4_LEN + len);
    uint32_t third = fields << 16;
    uint32_t ports = (uint32_t)row->pair.local_port << 16 | row->pair.remote_port;
    uint32_t fourth = UINT32_C(5) << 28 | (uint32_t)s->flags << 16 | s->wnd;
    uint64_t pair = (uint64_t)row->pair.local + row->pair.remote;
    uint32_t sum = aksu_sum_fold(pair + first + third + AKSU_DONT_FRAGMENT);

    to = aksu_put32(to, first);
    to = aksu_put32(to, AKSU_DONT_FRAGMENT);
    to = aksu_put32(to, third | sum);
    to = aksu_put32(to, row->pair.local);
    to = aksu_put32(to, row->pair.remote);
    sum = aksu_sum_fold(pair + ports + s->seq + s->ack + fourth + s->urp + text +
                        AKSU_PROTOCOL_TCP + len);
    to = aksu_put32(to, ports);
    to = aksu_put32(to, s->seq);
    to = aksu_put32(to, s->ack);
    to = aksu_put32(to, fourth);
    aksu_put32(to, sum << 16 | s->urp);
}
