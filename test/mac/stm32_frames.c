// SPDX-License-Identifier: MIT
// Frames, and the MAC's checksum engine.
#include "stm32_model.h"

enum { ETHERNET = 14, ICMP = 1, TCP = 6, UDP = 17 };

static uint32_t sum(const uint8_t *p, size_t len, uint32_t from)
{
    for (size_t i = 0; i < len; i++) {
        from += i % 2 ? p[i] : (uint32_t)p[i] << 8;
    }
    return from;
}

static uint16_t fold(uint32_t s)
{
    while (s >> 16) {
        s = (s & 0xFFFF) + (s >> 16);
    }
    return (uint16_t)s;
}

static size_t get16(const uint8_t *p)
{
    return (size_t)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

// Where the checksum is in a payload of this protocol.
static size_t place(unsigned protocol)
{
    return protocol == TCP ? 16 : protocol == UDP ? 6 : 2;
}

// The sum of payload and pseudo header (RFC 9293 3.1).
static uint32_t payload_sum(const uint8_t *ip, size_t header, size_t total)
{
    uint32_t s = sum(ip + header, total - header, 0);

    return ip[9] == ICMP ? s : sum(ip + 12, 8, s + ip[9] + (uint32_t)(total - header));
}

unsigned frame_check(const uint8_t *frame, size_t len, unsigned *payload)
{
    const uint8_t *ip = frame + ETHERNET;
    size_t header = (size_t)(ip[0] & 15) * 4;
    size_t total = get16(ip + 2);

    *payload = PAYLOAD_UNKNOWN;
    if (len < ETHERNET + 20 || frame[12] != 8 || frame[13] != 0) {
        return SUM_BYPASSED;
    }
    if (ip[0] >> 4 != 4 || header < 20 || header > len - ETHERNET ||
        fold(sum(ip, header, 0)) != 0xFFFF) {
        return SUM_IPV4 | SUM_HEADER_BAD;
    }
    if ((get16(ip + 6) & 0x3FFF) != 0 || (ip[9] != TCP && ip[9] != UDP && ip[9] != ICMP)) {
        return SUM_IPV4; // a fragment, or a protocol that it does not know
    }
    *payload = ip[9] == TCP ? PAYLOAD_TCP : ip[9] == UDP ? PAYLOAD_UDP : PAYLOAD_ICMP;
    if (total > len - ETHERNET || total < header + place(ip[9]) + 2) {
        return SUM_IPV4 | SUM_PAYLOAD_BAD;
    }
    bool none = ip[9] == UDP && get16(ip + header + 6) == 0;

    return none || fold(payload_sum(ip, header, total)) == 0xFFFF ? SUM_IPV4
                                                                  : SUM_IPV4 | SUM_PAYLOAD_BAD;
}

// With CIC 3 ICMP's checksum field is summed with the rest: it would have to be 0 (RM0090 33.5.2).
void frame_insert(uint8_t *frame, size_t len, unsigned cic)
{
    uint8_t *ip = frame + ETHERNET;
    size_t header = (size_t)(ip[0] & 15) * 4;
    size_t total = get16(ip + 2);

    if (cic == 0 || len < ETHERNET + 20 || frame[12] != 8 || frame[13] != 0) {
        return;
    }
    put16(ip + 10, 0);
    put16(ip + 10, (unsigned)(uint16_t)~fold(sum(ip, header, 0)));
    if (cic == 3 && (ip[9] == TCP || ip[9] == UDP || ip[9] == ICMP) && total <= len - ETHERNET) {
        uint8_t *field = ip + header + place(ip[9]);
        if (ip[9] != ICMP) {
            put16(field, 0);
        }
        put16(field, (unsigned)(uint16_t)~fold(payload_sum(ip, header, total)));
    }
}

void frame_make(struct frame *f, const uint8_t to[6], unsigned protocol, size_t len, uint32_t seed)
{
    uint8_t *ip = f->octets + ETHERNET;

    memset(f, 0, sizeof *f);
    f->len = len + FCS;
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        f->octets[i] = (uint8_t)(seed >> 24);
    }
    memcpy(f->octets, to, 6);
    memset(f->octets + len, 0xFC, FCS);
    if (len < ETHERNET + 40) {
        return;
    }
    memcpy(f->octets + 6, "\x02\0\0\0\0\x09\x08\0\x45", 9);
    put16(ip + 2, (unsigned)(len - ETHERNET));
    put16(ip + 6, 0);
    ip[9] = (uint8_t)protocol;
    if (protocol == ICMP) {
        put16(ip + 20 + 2, 0);
    }
    frame_insert(f->octets, len, 3);
}
