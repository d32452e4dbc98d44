// SPDX-License-Identifier: MIT
#include "wire.h"
#include <string.h>

const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1};
const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};

unsigned get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

void put16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

void put32(uint8_t *p, uint32_t value)
{
    put16(p, value >> 16);
    put16(p + 2, value & 0xffff);
}

unsigned checksum(const uint8_t *p, size_t len, uint32_t more)
{
    uint64_t sum = more;

    for (size_t i = 0; i < len; i++) {
        sum += (uint64_t)p[i] << (i % 2 == 0 ? 8 : 0);
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (unsigned)~sum & 0xffff;
}

static size_t header_len(const uint8_t *frame)
{
    return (size_t)(frame[ETH] & 15) * 4;
}

uint8_t *inside(uint8_t *frame, size_t frame_len, unsigned protocol, size_t *len)
{
    if (frame_len < ETH + IP || get16(frame + 12) != 0x0800 || frame[ETH] >> 4 != 4) {
        return NULL;
    }
    size_t header = header_len(frame);
    size_t total = get16(frame + ETH + 2);
    bool fragment = (get16(frame + ETH + 6) & 0x3fff) != 0;

    if (header < IP || total < header || total > frame_len - ETH || fragment ||
        frame[ETH + 9] != protocol || total - header < (protocol == 6 ? TCP : 8)) {
        return NULL;
    }
    *len = total - header;
    return frame + ETH + header;
}

uint8_t *inside6(uint8_t *frame, size_t frame_len, unsigned *protocol, size_t *len)
{
    uint8_t *ip = frame + ETH;

    if (frame_len < ETH + IP6 || get16(frame + 12) != 0x86dd || ip[0] >> 4 != 6 ||
        get16(ip + 4) > frame_len - ETH - IP6) {
        return NULL;
    }
    size_t header = IP6;

    *len = get16(ip + 4);
    *protocol = ip[6];
    if (*protocol == 0 && *len > 8 && ip[IP6 + 1] == 0) {
        *protocol = ip[IP6];
        *len -= 8;
        header += 8;
    }
    return *len >= (*protocol == 6 ? TCP : 4) ? ip + header : NULL;
}

unsigned checksum6(const uint8_t *frame, const uint8_t *message, unsigned protocol, size_t len)
{
    uint32_t sum = protocol + (uint32_t)len;

    for (unsigned i = 0; i < 32; i += 2) {
        sum += get16(frame + ETH + 8 + i);
    }
    return checksum(message, len, sum);
}

static uint32_t pseudo(const uint8_t *frame, size_t len)
{
    const uint8_t *ip = frame + ETH;

    return get16(ip + 12) + get16(ip + 14) + get16(ip + 16) + get16(ip + 18) + 6 + (uint32_t)len;
}

bool sealed(const uint8_t *frame, size_t frame_len)
{
    uint8_t copy[FRAME_MAX];
    size_t len;

    memcpy(copy, frame, frame_len);
    uint8_t *t = inside(copy, frame_len, 6, &len);
    if (t) {
        return checksum(t, len, pseudo(frame, len)) == 0;
    }
    t = inside(copy, frame_len, 1, &len);
    return t && checksum(t, len, 0) == 0;
}

void seal(uint8_t *frame, size_t frame_len)
{
    size_t len = 0;
    uint8_t *t = inside(frame, frame_len, 6, &len);
    uint8_t *c = inside(frame, frame_len, 1, &len);

    if (t) {
        len = get16(frame + ETH + 2) - header_len(frame);
        put16(t + 16, 0);
        put16(t + 16, checksum(t, len, pseudo(frame, len)));
    } else if (c) {
        put16(c + 2, 0);
        put16(c + 2, checksum(c, len, 0));
    }
    if (frame_len >= ETH + IP && get16(frame + 12) == 0x0800 && header_len(frame) >= IP &&
        ETH + header_len(frame) <= frame_len) {
        put16(frame + ETH + 10, 0);
        put16(frame + ETH + 10, checksum(frame + ETH, header_len(frame), 0));
    }
}

// Adds to the number at `at`; the checksum's error, if any, stays what it was (RFC 1624).
static void move(uint8_t *message, size_t sum_at, size_t at, uint32_t delta)
{
    uint8_t words[14] = {0};
    size_t odd = at % 2;
    unsigned sum = get16(message + sum_at);

    memcpy(words + odd, message + at, 4);
    for (size_t i = 0; i < 6; i++) {
        words[i] = (uint8_t)~words[i];
    }
    put32(message + at, get32(message + at) + delta);
    memcpy(words + 6 + odd, message + at, 4);
    put16(words + 12, ~sum & 0xffff);
    if (sum != 0) {
        put16(message + sum_at, checksum(words, sizeof words, 0));
    }
}

static void shift_options(uint8_t *t, size_t header, uint32_t ours)
{
    for (size_t i = TCP; i + 1 < header && t[i] != 0;) {
        size_t step = t[i] == 1 ? 1 : t[i + 1];
        if (step == 0 || i + step > header) {
            return;
        }
        for (size_t k = i + 2; t[i] == 5 && k + 4 <= i + step; k += 4) {
            move(t, 16, k, ours);
        }
        i += step;
    }
}

void shift(uint8_t *frame, size_t frame_len, uint32_t ours, uint32_t peers)
{
    size_t len = 0;
    uint8_t *t = inside(frame, frame_len, 6, &len);
    uint8_t *c = inside(frame, frame_len, 1, &len);

    if (t) {
        size_t header = (size_t)(t[12] >> 4) * 4;
        move(t, 16, 4, peers);
        if (t[13] & 0x10) {
            move(t, 16, 8, ours);
        }
        shift_options(t, header < len ? header : len, ours);
    } else if (c && (c[0] == 3 || c[0] == 4 || c[0] == 5 || c[0] == 11 || c[0] == 12)) {
        size_t quoted = 8 + (size_t)(c[8] & 15) * 4;
        if (len > 8 && quoted + 8 <= len) {
            move(c, 2, quoted + 4, ours);
        }
    }
}

bool strip_options(uint8_t *frame, size_t frame_len)
{
    size_t len;
    uint8_t *t = inside(frame, frame_len, 6, &len);

    if (!t) {
        return false;
    }
    size_t header = (size_t)(t[12] >> 4) * 4;
    size_t ip = header_len(frame);

    if (ip > IP) {
        memset(frame + ETH + IP, 1, ip - IP);
    } else if (header > TCP && header <= len) {
        memset(t + TCP, 1, header - TCP);
    }
    seal(frame, frame_len);
    return ip > IP || header > TCP;
}

size_t make(const struct segment *s, uint8_t *frame)
{
    uint8_t *ip = frame + ETH, *t = ip + IP;
    size_t header = TCP + s->options_len;

    memset(frame, 0, ETH + IP + header);
    memcpy(frame, our_mac, 6);
    memcpy(frame + 6, peer_mac, 6);
    put16(frame + 12, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, (unsigned)(IP + header + s->len));
    ip[8] = 64;
    ip[9] = 6;
    put32(ip + 12, PEER);
    put32(ip + 16, US);
    put16(t, s->from);
    put16(t + 2, s->to);
    put32(t + 4, s->seq);
    put32(t + 8, s->ack);
    t[12] = (uint8_t)(header / 4 << 4);
    t[13] = s->flags;
    put16(t + 14, s->wnd);
    if (s->options_len > 0) {
        memcpy(t + TCP, s->options, s->options_len);
    }
    if (s->len > 0) {
        memcpy(t + header, s->data, s->len);
    }
    seal(frame, ETH + IP + header + s->len);
    return ETH + IP + header + s->len;
}

size_t make_arp(unsigned op, uint8_t *frame)
{
    static const uint8_t format[6] = {0, 1, 8, 0, 6, 4};

    memset(frame, 0, 60);
    memcpy(frame, our_mac, 6);
    memcpy(frame + 6, peer_mac, 6);
    put16(frame + 12, 0x0806);
    memcpy(frame + 14, format, 6);
    put16(frame + 20, op);
    memcpy(frame + 22, peer_mac, 6);
    put32(frame + 28, PEER);
    memcpy(frame + 32, our_mac, 6);
    put32(frame + 38, US);
    return 60;
}
