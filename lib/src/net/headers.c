// SPDX-License-Identifier: MIT
// The headers of most segments that leave, IPv4's and TCP's without options, and their sums, at
// once. As aksu_segment_put() and aksu_ipv4_header() write them. Linked only where speed counts.
#include "../stack.h"

// fields: as aksu_ipv4_header() has them; text: the sum of the segment's text.
void aksu_headers_put(const struct aksu_row *row, uint32_t fields, const struct aksu_segment *s,
                      uint32_t text, uint8_t *to)
{
    uint32_t len = AKSU_TCP_LEN + s->len;
    uint32_t local = row->pair.local;
    uint32_t remote = row->pair.remote;
    uint64_t pair = (uint64_t)local + remote;
    uint32_t first = 0x45000000u | (fields >> 16 << 16) | (AKSU_IPV4_LEN + len);
    // Of what is small the sum needs no carry.
    uint32_t small = (first >> 16) + AKSU_IPV4_LEN + len + AKSU_DONT_FRAGMENT + (fields & 0xffff);

    to = aksu_put32(to, first);
    to = aksu_put32(to, AKSU_DONT_FRAGMENT);
    to = aksu_put32(to, fields << 16 | aksu_sum_fold(pair + small));
    to = aksu_put32(to, local);
    to = aksu_put32(to, remote);

    const uint32_t ports[] = {row->pair.local_port, row->pair.remote_port};
    uint32_t flags = 0x5000u | s->flags;
    uint32_t wnd = s->wnd;
    uint32_t urp = s->urp;
    uint32_t seq = s->seq;
    uint32_t ack = s->ack;

    small = text + AKSU_PROTOCOL_TCP + len + ports[0] + ports[1] + flags + wnd + urp;
    to = aksu_put32(to, ports[0] << 16 | ports[1]);
    to = aksu_put32(to, seq);
    to = aksu_put32(to, ack);
    to = aksu_put16(to, flags);
    to = aksu_put16(to, wnd);
    aksu_put32(to, (uint32_t)aksu_sum_fold(pair + seq + ack + small) << 16 | urp);
}
