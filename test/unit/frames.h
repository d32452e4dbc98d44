// SPDX-License-Identifier: MIT
/// Frames made and read by hand, octet by octet, independently of the library's own code; and a
/// stack with an application that keeps a diary.
#ifndef FRAMES_H
#define FRAMES_H

#include <aksu/aksu.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define US      0xc0000201u ///< 192.0.2.1
#define PEER    0xc0000202u ///< 192.0.2.2
#define GATE    0xc00002feu ///< 192.0.2.254
#define FAR     0xc6336401u ///< 198.51.100.1, beyond the gateway
#define ON_LINK 0xa9fe0304u ///< 169.254.3.4
enum { PORT = 80, PEER_PORT = 40000 };
#ifdef AKSU_TEST_TINY // 16 KB of memory in all
enum { FRAME_MAX = 1600, DATA_MAX = 500, RING = 300 };
#else
enum { FRAME_MAX = 2048, DATA_MAX = 70000, RING = 2048 };
#endif

extern const uint8_t our_mac[6];
extern const uint8_t peer_mac[6];
extern const uint8_t gate_mac[6];
extern const uint8_t broadcast_mac[6];

/// What a frame says; also what one is to say.
struct wire {
    uint8_t to[6];
    uint8_t from[6];
    uint16_t type; ///< EtherType
    // ARP
    uint16_t op;
    uint8_t sha[6];
    uint32_t spa;
    uint8_t tha[6];
    uint32_t tpa;
    // IPv4
    uint32_t src;
    uint32_t dst;
    uint8_t protocol;
    uint8_t ttl;
    uint8_t tos;
    uint16_t id;
    uint16_t fragment; ///< flags and offset as on the wire
    uint8_t ip_options[40];
    uint8_t ip_options_len; ///< a multiple of 4
    // IPv6 (type 0x86dd), with tos, ttl and protocol of above
    uint8_t src6[16];
    uint8_t dst6[16];
    uint32_t flow;
    uint8_t first;          ///< the header's next header, if there are others before protocol's
    const uint8_t *headers; ///< those others
    size_t headers_len;
    // TCP; UDP has ports alone
    uint16_t sport;
    uint16_t dport;
    uint32_t seq;
    uint32_t ack;
    uint8_t flags;
    uint16_t wnd;
    uint16_t urp;
    uint8_t options[40];
    uint8_t options_len; ///< a multiple of 4
    uint16_t mss;        ///< parsed: 0 = no option
    int wscale;          ///< parsed: -1 = none
    bool sack_permitted; ///< parsed
    bool timestamps;     ///< parsed
    int cookie_len;      ///< parsed, of the Fast Open option (RFC 7413): -1 = none
    uint8_t cookie[16];
    uint32_t tsval;
    uint32_t tsecr;
    unsigned sacks;
    uint32_t sack[4][2];
    // ICMP; IGMP
    uint8_t icmp_type;
    uint8_t icmp_code;
    uint32_t icmp_rest;
    // what follows the last header
    const uint8_t *data;
    size_t len;
};

uint16_t get16(const uint8_t *p);
uint32_t get32(const uint8_t *p);
void put16(uint8_t *p, unsigned value);
void put32(uint8_t *p, uint32_t value);
/// The Internet checksum of RFC 1071, one octet after the other.
uint16_t naive_checksum(const uint8_t *p, size_t len, uint32_t pseudo);
uint32_t pseudo_sum(uint32_t src, uint32_t dst, unsigned protocol, size_t len);
/// Of a frame's addresses, of either version.
uint32_t pseudo_of(const struct wire *w, unsigned protocol, size_t len);

/// Defaults of a TCP segment from the peer to us.
struct wire tcp(unsigned flags, uint32_t seq, uint32_t ack, size_t len);
/// Gives a segment timestamps, and no other option.
void put_timestamps(struct wire *w, uint32_t value, uint32_t echo);
size_t make_tcp(const struct wire *w, uint8_t *frame);
size_t make_udp(const struct wire *w, uint8_t *frame);
size_t make_arp(const struct wire *w, uint8_t *frame);
size_t make_icmp(const struct wire *w, uint8_t *frame);
/// Wraps len octets that stand behind the place for the headers in IPv4 or IPv6, and Ethernet.
size_t make_ip(const struct wire *w, uint8_t *frame, size_t len);
/// Makes the IPv4 header checksum right again.
void seal_ip(uint8_t *frame);
/// Makes the TCP checksum right again (IPv4 without options).
void seal_tcp(uint8_t *frame);
/// Reads a frame and fails the test if anything in it is wrong: checksums, lengths, options.
void parse(const uint8_t *frame, size_t len, struct wire *w);

struct app {
    unsigned accepts, opens, recvs, sents, urgents, ends, troubles, closes;
    int close_reason, trouble_reason;
    aksu_handle conn; ///< of the last call
    size_t readable;  ///< of the last on_recv
    size_t acked;     ///< of all on_sent
    bool refuse;      ///< on_accept returns false
    bool keep;        ///< do not read in on_recv
    uint8_t data[DATA_MAX];
    size_t len; ///< octets read
};
extern const struct aksu_handlers app_handlers;

/// A trace hook that keeps the last event. A segment and what a connection begins with are there
/// just where the event's kind names them.
extern struct aksu_event last_event;
void keep_event(struct aksu_trace *trace, struct aksu *net, aksu_handle conn,
                const struct aksu_event *ev, const struct aksu_effects *fx,
                const struct aksu_tcb *after);

struct host {
    struct aksu net;
    struct app app;
    uint32_t now;
    uint8_t frame[FRAME_MAX];
    size_t frame_len;
    struct wire got; ///< the last frame that came out
};

struct aksu_config default_config(void);
/// Starts a stack, seeded.
void start(struct host *h, const struct aksu_storage *store);
void start_with(struct host *h, const struct aksu_storage *store, const struct aksu_config *config);
int feed(struct host *h, const struct wire *w); ///< a TCP segment
int feed_frame(struct host *h, const uint8_t *frame, size_t len);
/// The next frame, parsed into h->got; false if there is none. Checks aksu_idle() against it.
bool next(struct host *h);
/// Asserts that there is none.
void quiet(struct host *h);
/// Throws away what comes out; returns how many frames.
unsigned drain(struct host *h);
/// Lets time pass; frames that come out in between are thrown away, the last is in h->got.
unsigned pass(struct host *h, uint32_t ms);
void listen_on(struct host *h, uint16_t port);
/// Opens a connection from peer port to PORT. Peer's ISS is 1000. Returns our ISS.
uint32_t establish(struct host *h, uint16_t peer_port);
/// Starts a stack with a connection of which nothing is due for two hours.
void start_waiting(struct host *h, const struct aksu_storage *store);
/// Connects to the peer, answers ARP and the SYN. Returns the handle; *iss is ours.
aksu_handle establish_active(struct host *h, uint16_t peer_port, uint32_t *iss);
// A packet of ARP: a question (op 1) goes to all, an answer (2) to us.
struct wire arp_packet(unsigned op, uint32_t spa, const uint8_t *sha, uint32_t tpa);
int feed_arp(struct host *h, unsigned op, uint32_t spa, const uint8_t *sha, uint32_t tpa);
void answer_arp(struct host *h, uint32_t addr, const uint8_t *mac);
uint32_t dropped(const struct host *h, enum aksu_drop reason);

#endif
