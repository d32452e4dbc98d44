// SPDX-License-Identifier: MIT
// Packets between the script's numbers and the wire's.
#include "drill.h"

#include <inttypes.h>
#include <string.h>

enum { IP = 20, TCP = 20, ICMP = 8, PROTO_ICMP = 1, PROTO_TCP = 6 };

struct aksu_addr drill_local(void)
{
    return aksu_ipv4(192, 168, 0, 1);
}

struct aksu_addr drill_remote(void)
{
    return aksu_ipv4(192, 0, 2, 1);
}

uint8_t drill_octet(uint32_t seq)
{
    return (uint8_t)(seq * 0x9E3779B1u >> 24);
}

static uint8_t *put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
    return p + 2;
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
    return put16(put16(p, v >> 16), v);
}

static uint32_t get16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
    return get16(p) << 16 | get16(p + 2);
}

// RFC 1071, beginning with what other fields add up to.
static uint32_t checksum(const uint8_t *p, size_t len, uint64_t sum)
{
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint32_t)~sum & 0xffff;
}

// The TCP checksum's pseudo-header, from the IP header before it.
static uint64_t pseudo(const uint8_t *ip, size_t len)
{
    uint64_t sum = PROTO_TCP + len;

    for (unsigned i = 12; i < IP; i += 2) {
        sum += get16(ip + i);
    }
    return sum;
}

static uint8_t *put_ip(uint8_t *p, unsigned tos, const uint8_t from[4], const uint8_t to[4],
                       unsigned protocol, size_t len)
{
    uint8_t *start = p;

    p = put32(p, 0x45000000u + (tos << 16) + (uint32_t)(IP + len));
    p = put32(p, 0x4000);
    p = put32(p, 64u << 24 | protocol << 16);
    memcpy(p, from, 4);
    memcpy(p + 4, to, 4);
    put16(start + 10, checksum(start, IP, 0));
    return p + 8;
}

// What stands in the wire's ecr for the script's: the TSval that the stack sent for it. A 0 without
// an ACK is a field that says nothing (RFC 7323 3.2).
static uint32_t live_stamp(struct drill_run *run, const struct drill_peer *peer, uint32_t script)
{
    unsigned n = peer->stamps < DRILL_STAMPS ? peer->stamps : DRILL_STAMPS;

    if (script == 0 && (n == 0 || peer->bare)) {
        return 0;
    }
    for (unsigned i = 1; i <= n; i++) { // the latest first
        unsigned at = (peer->stamps - i) % DRILL_STAMPS;
        if (peer->stamp[at].script == script) {
            return peer->stamp[at].live;
        }
    }
    if (n > 0 && run->settings.ts_tick_us > 0) {
        unsigned at = (peer->stamps - 1) % DRILL_STAMPS;
        uint32_t ticks = script - peer->stamp[at].script;
        return peer->stamp[at].live + ticks * (run->settings.ts_tick_us / 1000);
    }
    drill_fail(run, "ecr %" PRIu32 ": no segment of ours had TS val %" PRIu32, script, script);
    return 0;
}

void drill_learn_stamp(struct drill_peer *peer, uint32_t script, uint32_t live)
{
    unsigned at = peer->stamps++ % DRILL_STAMPS;

    peer->stamp[at].script = script;
    peer->stamp[at].live = live;
}

static uint8_t *put_option(struct drill_run *run, const struct drill_peer *peer,
                           const struct drill_option *o, uint8_t *p)
{
    static const uint8_t lens[] = {1, 1, 4, 3, 2, 2, 0, 0, 10};

    *p++ = o->kind;
    if (o->kind <= DRILL_NOP) {
        return p;
    }
    *p++ = (uint8_t)(lens[o->kind] + 8 * o->blocks);
    if (o->kind == DRILL_MSS) {
        p = put16(p, o->value);
    } else if (o->kind == DRILL_WSCALE) {
        *p++ = (uint8_t)o->value;
    } else if (o->kind == DRILL_TS) {
        p = put32(p, o->value);
        p = put32(p, live_stamp(run, peer, o->ecr));
    }
    for (unsigned i = 0; i < o->blocks; i++) {
        p = put32(p, peer->iss + o->block[i].start);
        p = put32(p, peer->iss + o->block[i].end);
    }
    return p;
}

size_t drill_put_packet(struct drill_run *run, const struct drill_packet *packet, uint8_t *to)
{
    bool named = packet->from_port != 0;
    uint16_t remote = named ? packet->from_port : run->remote_port;
    uint16_t local = named ? packet->to_port : run->local_port;
    struct drill_peer *peer = drill_peer(run, remote, local);
    uint8_t *tcp = to + IP;
    uint8_t *p = tcp + TCP;

    if (!peer) {
        return 0;
    }
    peer->bare = !(packet->flags & AKSU_ACK);
    for (unsigned i = 0; i < packet->options; i++) {
        p = put_option(run, peer, &packet->option[i], p);
    }
    while ((p - tcp) % 4) {
        *p++ = DRILL_EOL;
    }
    size_t header = (size_t)(p - tcp);
    size_t len = header + packet->len;

    for (uint32_t i = 0; i < packet->len; i++) {
        *p++ = drill_octet(packet->seq + i + ((packet->flags & AKSU_SYN) != 0));
    }
    p = put32(tcp, (uint32_t)remote << 16 | local);
    p = put32(p, run->settings.isn + packet->seq);
    p = put32(p, packet->has_ack ? peer->iss + packet->ack : 0);
    p = put32(p, (uint32_t)(header / 4) << 28 | (uint32_t)packet->flags << 16 |
                     (packet->has_wnd ? packet->wnd : 65535));
    put32(p, packet->urg);
    put_ip(to, packet->tos, drill_remote().octets + 12, drill_local().octets + 12, PROTO_TCP, len);
    put16(tcp + 16, checksum(tcp, len, pseudo(to, len)));
    if ((packet->flags & (AKSU_SYN | AKSU_ACK)) == AKSU_SYN) {
        peer->opening = true;
    }
    return IP + len;
}

size_t drill_put_icmp(struct drill_run *run, const struct drill_icmp *icmp, uint8_t *to)
{
    struct drill_peer *peer = drill_peer(run, run->remote_port, run->local_port);
    const size_t len = ICMP + IP + 8;
    uint8_t *p = to + IP;

    if (!peer) {
        return 0;
    }
    p = put32(p, (uint32_t)icmp->type << 24 | (uint32_t)icmp->code << 16);
    p = put32(p, icmp->mtu);
    p = put_ip(p, 0, drill_local().octets + 12, drill_remote().octets + 12, PROTO_TCP,
               TCP + icmp->len);
    p = put32(p, (uint32_t)peer->local << 16 | peer->remote);
    put32(p, peer->iss + icmp->seq);
    put_ip(to, 0, drill_remote().octets + 12, drill_local().octets + 12, PROTO_ICMP, len);
    put16(to + IP + 2, checksum(to + IP, len, 0));
    return IP + len;
}

static void get_option(const struct drill_run *run, const uint8_t *p, unsigned len,
                       struct drill_option *o)
{
    memset(o, 0, sizeof *o);
    o->kind = p[0];
    if (o->kind == DRILL_MSS && len == 4) {
        o->value = get16(p + 2);
    } else if (o->kind == DRILL_WSCALE && len == 3) {
        o->value = p[2];
    } else if (o->kind == DRILL_TS && len == 10) {
        o->value = get32(p + 2);
        o->ecr = get32(p + 6);
    } else if (o->kind == DRILL_SACK) {
        for (p += 2; o->blocks < (len - 2) / 8 && o->blocks < AKSU_RANGES; p += 8) {
            o->block[o->blocks].start = get32(p) - run->settings.isn;
            o->block[o->blocks++].end = get32(p + 4) - run->settings.isn;
        }
    }
}

static void get_options(const struct drill_run *run, const uint8_t *p, size_t len,
                        struct drill_packet *packet)
{
    while (len > 0) {
        unsigned step = p[0] <= DRILL_NOP || len < 2 ? 1 : p[1];
        if (step == 0 || step > len) {
            step = (unsigned)len;
        }
        get_option(run, p, step, &packet->option[packet->options++]);
        p += step;
        len -= step;
    }
}

// A RST that answers a segment without ACK has the number 0, whatever ours began with
// (RFC 9293 3.10.7.1).
static uint32_t relative(const struct drill_peer *peer, uint32_t seq, unsigned flags)
{
    const unsigned answer = AKSU_RST | AKSU_ACK;

    return peer->bare && (flags & answer) == answer && seq == 0 ? 0 : seq - peer->iss;
}

static void get_tcp(struct drill_run *run, struct drill_peer *peer, const uint8_t *tcp, size_t len,
                    struct drill_frame *frame)
{
    struct drill_packet *packet = &frame->packet;
    size_t header = (size_t)(tcp[12] >> 4) * 4;

    packet->flags = tcp[13];
    if ((packet->flags & AKSU_SYN) && (peer->opening || !peer->known)) {
        peer->iss = get32(tcp + 4);
        peer->known = true;
        peer->opening = false;
    }
    packet->seq = relative(peer, get32(tcp + 4), packet->flags);
    packet->has_ack = (packet->flags & AKSU_ACK) != 0;
    packet->ack = packet->has_ack ? get32(tcp + 8) - run->settings.isn : 0;
    packet->has_wnd = true;
    packet->wnd = get16(tcp + 14);
    packet->urg = get16(tcp + 18);
    packet->has_urg = packet->urg != 0;
    packet->len = (uint32_t)(len - header);
    get_options(run, tcp + TCP, header - TCP, packet);
    frame->text_good = true;
    for (uint32_t i = 0; i < packet->len; i++) {
        frame->text_good = frame->text_good && tcp[header + i] == drill_octet(packet->seq + i);
    }
    if (peer->remote != run->remote_port || peer->local != run->local_port) {
        packet->from_port = peer->local;
        packet->to_port = peer->remote;
    }
}

// Decodes what the stack sent. It must be correct in what a script does not say.
void drill_get_packet(struct drill_run *run, const uint8_t *p, size_t len,
                      struct drill_frame *frame)
{
    const uint8_t *tcp = p + IP;

    memset(frame, 0, sizeof *frame);
    frame->at_us = run->now_us;
    if (len < IP + TCP || p[0] != 0x45 || get16(p + 2) != len || checksum(p, IP, 0) != 0) {
        drill_fail(run, "the stack sent an impossible IP header");
        return;
    }
    if (p[9] != PROTO_TCP) {
        return;
    }
    frame->is_tcp = true;
    frame->local = (uint16_t)get16(tcp);
    frame->remote = (uint16_t)get16(tcp + 2);
    struct drill_peer *peer = drill_peer(run, frame->remote, frame->local);

    if (checksum(tcp, len - IP, pseudo(p, len - IP)) != 0 || (tcp[12] >> 4) * 4u > len - IP) {
        drill_fail(run, "the stack sent an impossible TCP header or checksum");
    } else if (peer) {
        frame->packet.tos = p[1];
        frame->packet.tos_mask = UINT8_MAX;
        get_tcp(run, peer, tcp, len - IP, frame);
    }
}
