// SPDX-License-Identifier: MIT
// The Internet checksum of headers, RFC 1071.
#include "../stack.h"

// Most have 20 octets.
uint32_t aksu_sum_words(const uint8_t *header, uint32_t len)
{
    const uint8_t *end = header + len;
    uint64_t sum = (uint64_t)aksu_get32(header) + aksu_get32(header + 4) + aksu_get32(header + 8) +
                   aksu_get32(header + 12);

    for (header += 16; header < end; header += 4) {
        sum += aksu_get32(header);
    }
    return (uint32_t)(sum >> 32) + (uint32_t)(sum >> 16 & 0xffff) + (uint32_t)(sum & 0xffff);
}

uint16_t aksu_sum_finish(uint32_t sum)
{
    sum += sum << 16 | sum >> 16; // as aksu_sum_fold()
    return (uint16_t)(~sum >> 16);
}

// The same, with both addresses: of an IPv4 header, or of TCP's pseudo-header.
uint16_t aksu_sum_end(const struct aksu_pair *pair, uint32_t sum)
{
    uint64_t all = (uint64_t)sum + pair->remote + pair->local;

    return aksu_sum_finish((uint32_t)all + (uint32_t)(all >> 32)); // no two addresses carry again
}
