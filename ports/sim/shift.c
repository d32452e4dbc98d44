// SPDX-License-Identifier: MIT
// Moves a host's sequence numbers to a chosen place, between the host and its link: its own numbers
// on their way out, and what acknowledges them on their way in. Checksums are updated (RFC 1624),
// so that a damaged segment stays damaged.
#include "sim.h"

enum { SEQ = 4, ACKNO = 8, CHECKSUM = 16, SYN = 0x02, ACK = 0x10, OPTION_SACK = 5 };

static unsigned get16(const uint8_t *from)
{
    return (unsigned)from[0] << 8 | from[1];
}

static uint32_t get32(const uint8_t *from)
{
    return (uint32_t)get16(from) << 16 | get16(from + 2);
}

static void put32(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 24);
    to[1] = (uint8_t)(value >> 16);
    to[2] = (uint8_t)(value >> 8);
    to[3] = (uint8_t)value;
}

// The TCP header of an Ethernet frame, or NULL. *len: of the header.
static uint8_t *find_tcp(uint8_t *frame, size_t frame_len, size_t *len)
{
    uint8_t *ip = frame + 14;
    size_t ip_len;

    if (frame_len < 34 || get16(frame + 12) != 0x0800 || ip[0] >> 4 != 4 || ip[9] != 6) {
        return NULL;
    }
    ip_len = (size_t)(ip[0] & 15) * 4;
    if (ip_len < 20 || frame_len < 14 + ip_len + 20 || (get16(ip + 6) & 0x3fff) != 0) {
        return NULL;
    }
    *len = (size_t)(ip[ip_len + 12] >> 4) * 4;
    return *len >= 20 && frame_len >= 14 + ip_len + *len ? ip + ip_len : NULL;
}

static uint32_t sum_words(const uint8_t *from, size_t len)
{
    uint32_t sum = 0;
    size_t i;

    for (i = 0; i < len; i += 2) {
        sum += get16(from + i);
    }
    return sum;
}

// Adds to the number at that offset of the header, which may be odd.
static void add(uint8_t *tcp, size_t at, uint32_t shift)
{
    size_t begin = at & ~(size_t)1;
    size_t len = (at + 5 - begin) & ~(size_t)1;
    uint32_t sum = 0xffffu - get16(tcp + CHECKSUM);

    sum += 0xffffu * 3 - sum_words(tcp + begin, len); // HC' = ~(~HC + ~m + m')
    put32(tcp + at, get32(tcp + at) + shift);
    sum += sum_words(tcp + begin, len);
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum = 0xffffu - sum;
    tcp[CHECKSUM] = (uint8_t)(sum >> 8);
    tcp[CHECKSUM + 1] = (uint8_t)sum;
}

static void add_to_sacks(uint8_t *tcp, size_t len, uint32_t shift)
{
    size_t at = 20;

    while (at < len && tcp[at] != 0) {
        size_t step = tcp[at] == 1 ? 1 : at + 1 < len ? tcp[at + 1] : 0;
        size_t edge;

        if (step == 0 || at + step > len) {
            return;
        }
        for (edge = at + 2; tcp[at] == OPTION_SACK && edge + 4 <= at + step; edge += 4) {
            add(tcp, edge, shift);
        }
        at += step;
    }
}

void sim_shift_out(struct aksu_sim_host *host, uint8_t *frame, size_t len)
{
    size_t tcp_len;
    uint8_t *tcp = host->forced ? find_tcp(frame, len, &tcp_len) : NULL;

    if (!tcp) {
        return;
    }
    if (!host->shifted && (tcp[13] & SYN)) {
        host->shift = host->isn - get32(tcp + SEQ);
        host->shifted = true;
    }
    if (host->shifted) {
        add(tcp, SEQ, host->shift);
    }
}

void sim_shift_in(const struct aksu_sim_host *host, uint8_t *frame, size_t len)
{
    size_t tcp_len;
    uint8_t *tcp = host->shifted ? find_tcp(frame, len, &tcp_len) : NULL;

    if (tcp && (tcp[13] & ACK)) {
        add(tcp, ACKNO, 0u - host->shift);
        add_to_sacks(tcp, tcp_len, 0u - host->shift);
    }
}
