// SPDX-License-Identifier: MIT
// What the files around the pure core share.
#ifndef AKSU_STACK_H
#define AKSU_STACK_H

#include <aksu/aksu.h>
#include "tcp/tcp.h"

enum {
    AKSU_ETHERNET_LEN = 14,
    AKSU_IPV4_LEN = 20,
    AKSU_IPV6_LEN = 40,
    AKSU_TCP_LEN = 20,
    AKSU_ICMP_LEN = 8
};
// Functions of input return an enum aksu_drop, AKSU_DROP_NONE if the packet was taken.
// Fields of an IPv4 header, as aksu_ipv4_header() is given them.
enum { AKSU_TTL_SHIFT = 8, AKSU_ECN_SHIFT = 16, AKSU_DSCP_SHIFT = 18 };
enum { AKSU_DONT_FRAGMENT = 0x4000, AKSU_FRAGMENT = 0x3fff }; // of the word that tells of fragments
enum { AKSU_TYPE_IPV4 = 0x0800, AKSU_FCS_LEN = 4 };           // of a frame
enum {
    AKSU_PROTOCOL_ICMP = 1,
    AKSU_PROTOCOL_TCP = 6,
    AKSU_PROTOCOL_UDP = 17,
    AKSU_TTL_DEFAULT = 64
};

// row.bits
enum {
    AKSU_ROW_RESOLVED = 0x01,  // row.mac is the next hop's
    AKSU_ROW_HAD_MAC = 0x02,   // it was once: good enough if ARP stays silent
    AKSU_ROW_ANNOUNCED = 0x04, // the application knows it, and is owed on_close
    AKSU_ROW_FAST = 0x08,      // its SYN, or SYN,ACK, has the option of RFC 7413
    AKSU_ROW_CLOSED = 0x10,    // the application has closed: it reads no more
    AKSU_ROW_SILENT = 0x20,    // no on_trouble
    AKSU_ROW_HALF_OPEN = 0x40, // counted in net.half_open
    AKSU_ROW_USED = 0x80
};

enum { AKSU_ECHOING = 0x80 }; // in net.offload: an ICMP message waits

#define AKSU_UNSCHEDULED UINT32_MAX // row.place: not in the heap

// answer.kind: a segment, ARP's operation, or how many octets the ICMP message in store.echo has:
// at least its header.
enum {
    AKSU_ANSWER_TCP = 0,
    AKSU_ARP_REQUEST = 1,
    AKSU_ARP_REPLY = 2,
    AKSU_ANSWER_ECHO = AKSU_ICMP_LEN
};

// What is being taken in: the payload is the frame at first, then what each protocol carries; of
// TCP there is the decoded segment too, in whose place an answer to it is made.
struct aksu_packet {
    struct aksu_segment segment;
    struct aksu_time_wait *old;     // the last incarnation, which a SYN reopens, or NULL
    struct aksu_listener *listener; // for a segment of no connection
    struct aksu_pair pair;
    const uint8_t *header; // TCP's
    const uint8_t *payload;
    uint32_t len;
    const uint8_t *from; // the station that sent the frame
};

// Whether a pair's remote address is a token that stands for one of IPv6: no IPv4 host has such an
// address. See net/ipv6.c.
static inline bool aksu_is_token(const struct aksu_pair *pair)
{
    return pair->remote >> 24 == 0;
}

// How much longer the IP header is for it.
static inline uint32_t aksu_token_room(const struct aksu_pair *pair)
{
    return aksu_is_token(pair) ? AKSU_IPV6_LEN - AKSU_IPV4_LEN : 0;
}

// What finds the next hop of connections that are opened from this side.
struct aksu_resolver {
    // Finds row.mac, or the row waits. Returns the length of a question that was written, or 0.
    size_t (*resolve)(struct aksu *net, struct aksu_row *row, uint8_t *frame);
    // The next hop may have gone: it is to be resolved anew.
    void (*doubt)(struct aksu *net, struct aksu_row *row);
    // Takes in an answer.
    int (*learn)(struct aksu *net, uint32_t addr, const uint8_t mac[6]);
};

// What an image has besides TCP: net->more is the first of a list, IPv6 if that is there, then what
// there is once for a stack, then UDP's endpoints, of which the first one's operations are for all.
// Each passes on what it does not want. NULL in an image that has TCP only.
struct aksu_more_ops {
    // A frame that nothing else wanted, and why. in is as far as it was parsed: payload is the
    // frame, what lies in it, or what the IP packet carries. Returns 0, or the reason.
    int (*input)(struct aksu *net, struct aksu_packet *in, int drop);
    // The next packet and its station, or a whole frame and none; or 0.
    size_t (*output)(struct aksu *net, uint8_t *frame, uint8_t *packet, const uint8_t **mac);
    // Milliseconds until there may be one, at most wait_ms.
    uint32_t (*idle)(const struct aksu *net, uint32_t now_ms, uint32_t wait_ms);
    // Of the first, if that is IPv6: the ends of a connection; and how to open one, or NULL.
    void (*addrs)(const struct aksu *net, const struct aksu_row *row, struct aksu_info *info);
    const struct aksu_dual *dual;
    bool endpoints; // they are those of UDP's endpoints: from here on there is nothing else
    // The link has gone, or is there again; or NULL.
    void (*link)(struct aksu *net, struct aksu_more *more, bool up);
};

// What it takes to open connections of IPv6.
struct aksu_dual {
    // Makes a pair for a connection to an address; a row is then bound to it.
    int (*pair)(struct aksu *net, const struct aksu_addr *remote, struct aksu_pair *pair);
    void (*bind)(struct aksu *net, const struct aksu_row *row, const struct aksu_resolver *arp,
                 struct aksu_open *open);
};

// Connections in TIME-WAIT that have left their rows.
struct aksu_time_waits {
    // Takes one over.
    void (*add)(struct aksu *net, const struct aksu_row *row);
    struct aksu_time_wait *(*find)(const struct aksu *net, const struct aksu_pair *pair);
    // A segment for one of them (RFC 9293 3.10.7.4). Returns 0 if there is none, or for a SYN that
    // opens a new one: in->old is then the entry, which ends if the SYN is taken.
    int (*input)(struct aksu *net, struct aksu_packet *in);
};

struct aksu_cookies {
    // Answers a SYN, and stands in its place. False: for lack of a row the cookie would be of no
    // use.
    bool (*send)(struct aksu *net, struct aksu_packet *in, const struct aksu_open *open);
    // Takes in an ACK of no connection. Returns 0 or the reason to drop it.
    int (*take)(struct aksu *net, struct aksu_packet *in);
};

// Whether frames go to stations: not those of a link of bare packets.
static inline bool aksu_has_stations(const struct aksu *net)
{
    return net->link && net->link->header_len > 0;
}

// Whether there is a secret to make keys of.
static inline bool aksu_seeded(const struct aksu *net)
{
    return net->table_key[0] != 0;
}

// A side of Fast Open. An option is told by how much of a cookie it has, or AKSU_NO_COOKIE.
enum { AKSU_FAST_OPEN_KIND = 34, AKSU_COOKIE_MAX = 16, AKSU_NO_COOKIE = 255 };
struct aksu_fast_side {
    // Writes the cookie for a SYN or SYN,ACK. Returns its length, or AKSU_NO_COOKIE.
    uint32_t (*put)(const struct aksu *net, const struct aksu_row *row,
                    const struct aksu_segment *s, uint8_t *to);
    // A client's handshake is over.
    void (*opened)(const struct aksu *net, const struct aksu_row *row,
                   const struct aksu_effects *fx, const struct aksu_packet *in);
};

// Wire access; a store returns what follows it. Stores go through memcpy: that is one instruction
// where words may be unaligned. Where size counts those of words stand once, in net/segment.c, but
// for a read that takes no more than a call.
static inline uint16_t aksu_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

#ifdef __ARM_FEATURE_UNALIGNED
static uint32_t aksu_get32(const uint8_t *p);
#endif
inline uint32_t aksu_get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint8_t *aksu_put16(uint8_t *p, uint32_t v)
{
    const uint8_t octets[] = {(uint8_t)(v >> 8), (uint8_t)v};

    memcpy(p, octets, sizeof octets);
    return p + sizeof octets;
}

inline uint8_t *aksu_put32(uint8_t *p, uint32_t v)
{
    const uint8_t octets[] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                              (uint8_t)v};

    memcpy(p, octets, sizeof octets);
    return p + sizeof octets;
}

static inline bool aksu_same_mac(const uint8_t a[6], const uint8_t b[6])
{
    if (AKSU_FAST) {
        return aksu_get16(a + 4) == aksu_get16(b + 4) && aksu_get32(a) == aksu_get32(b);
    }
    return memcmp(a, b, 6) == 0;
}

static inline bool aksu_same_pair(const struct aksu_pair *a, const struct aksu_pair *b)
{
    if (AKSU_FAST) {
        return a->remote_port == b->remote_port && a->local_port == b->local_port &&
               a->remote == b->remote && a->local == b->local;
    }
    return memcmp(a, b, sizeof *a) == 0;
}

// stack.c
int aksu_stack_tcp(struct aksu *net, struct aksu_packet *in);
int aksu_stack_arrives(struct aksu *net, struct aksu_row *row, struct aksu_packet *in);
int aksu_stack_reset(struct aksu *net, struct aksu_packet *in, int reason);
void aksu_stack_begin(struct aksu *net, struct aksu_row *row, struct aksu_step *c);
void aksu_stack_stepped(struct aksu *net, struct aksu_row *row, struct aksu_step *c);
void aksu_stack_step(struct aksu *net, struct aksu_row *row, struct aksu_step *c);
void aksu_stack_sent(struct aksu *net, struct aksu_row *row, const struct aksu_segment *s);
void aksu_stack_do(struct aksu *net, struct aksu_row *row, unsigned kind, uint32_t value);
extern const struct aksu_segment aksu_stack_rst;
void aksu_stack_silence(struct aksu *net, struct aksu_row *row, int error);
int aksu_stack_end(struct aksu *net, aksu_handle conn, unsigned kind, uint32_t linger_ms);
int aksu_stack_effects(struct aksu *net, struct aksu_row *row, struct aksu_step *c,
                       const struct aksu_packet *in);
void aksu_stack_wake(struct aksu *net, struct aksu_row *row);
int aksu_stack_answer(struct aksu *net, const struct aksu_packet *in, unsigned kind);
void aksu_stack_rest(struct aksu *net, struct aksu_row *row, uint32_t wait);
void aksu_stack_tell(struct aksu *net, struct aksu_row *row, uint32_t acked, uint32_t ready);
size_t aksu_stack_output(struct aksu *net, uint32_t late_ms, void *frame, size_t size);

// listen.c
struct aksu_listener *aksu_listen_find(const struct aksu *net, uint32_t local, uint16_t port);
int aksu_listen_input(struct aksu *net, struct aksu_packet *in);
void aksu_listen_drop(struct aksu *net, struct aksu_row *row);
void aksu_listen_lost(struct aksu *net, struct aksu_row *row);
void aksu_listen_completed(struct aksu_row *row);

// table.c. A handle is a generation, from 1 on, above the row's index.
enum { AKSU_INDEX_BITS = 19 };
struct aksu_row *aksu_table_room(struct aksu *net);
struct aksu_row *aksu_table_alloc(struct aksu *net, const struct aksu_pair *pair);
void aksu_table_free(struct aksu *net, struct aksu_row *row);
struct aksu_row *aksu_table_find(const struct aksu *net, const struct aksu_pair *pair);
struct aksu_row *aksu_table_row(const struct aksu *net, aksu_handle conn);
struct aksu_row **aksu_table_bucket(const struct aksu *net, const struct aksu_pair *pair);

// A row's place in the table, and so its rings'.
static inline uint32_t aksu_table_index(const struct aksu_row *row)
{
    return (uint32_t)row->handle & ((UINT32_C(1) << AKSU_INDEX_BITS) - 1);
}

// Whether a row is still that of a connection.
static inline bool aksu_table_is(const struct aksu_row *row, aksu_handle conn)
{
    return (row->bits & AKSU_ROW_USED) && row->handle == conn;
}

// Whose handle it is, or NULL. What is none, 0 or an error, has a generation that no row in use
// has.
static inline struct aksu_row *aksu_table_seek(const struct aksu *net, aksu_handle conn)
{
    uint32_t i = (uint32_t)conn & ((UINT32_C(1) << AKSU_INDEX_BITS) - 1);

    if (i >= net->store->rows) {
        return NULL;
    }
    struct aksu_row *row = &net->store->row[i];

    return aksu_table_is(row, conn) ? row : NULL;
}

// Whether a handler may be called.
static inline bool aksu_row_listens(const struct aksu_row *row)
{
    return (row->bits & (AKSU_ROW_ANNOUNCED | AKSU_ROW_CLOSED)) == AKSU_ROW_ANNOUNCED;
}

// What a step of a row's is about, and what a plan is made from. Where size counts it stands once,
// in table.c, where speed does in its callers.
inline void aksu_table_context(const struct aksu *net, struct aksu_row *row, struct aksu_step *c)
{
    c->p = net->profile;
    c->t = &row->tcb;
    c->now_ms = net->now_ms;
    c->b = NULL;
    c->range = row->tcb.range;
    c->range_max = AKSU_RANGES;
    if (net->boards) {
        net->boards->find(net, row, c);
    }
}

// What a row wants. For size it stands by itself, and takes no stack while a packet is made.
inline enum aksu_next aksu_table_plan(const struct aksu *net, struct aksu_row *row,
                                      struct aksu_plan *plan)
{
    struct aksu_step c;

    aksu_table_context(net, row, &c);
    return aksu_tcp_next(&c, plan);
}

// net->first, where speed counts: the row with the earliest deadline if nothing else can be to be
// done, so that a look at it is all that takes when nothing is. Looking at everything is never
// wrong.
static inline void aksu_table_look(struct aksu *net)
{
    if (AKSU_FAST) {
        net->first = NULL;
    }
}

void aksu_table_first(struct aksu *net); // some row is scheduled

// How long there is nothing to do, whatever there is.
static inline uint32_t aksu_wait(const struct aksu *net, uint32_t now_ms)
{
    uint32_t wait = AKSU_NEVER;

    if (net->answers > 0) {
        return 0;
    }
    if (net->scheduled > 0) {
        wait = net->store->heap[0]->deadline - now_ms;
        if ((int32_t)wait <= 0) {
            return 0;
        }
    }
    return net->more ? net->more->ops->idle(net, now_ms, wait) : wait;
}

uint32_t aksu_table_wait(const struct aksu *net, uint32_t now_ms);
void aksu_table_schedule(struct aksu *net, struct aksu_row *row, uint32_t wait_ms);
void aksu_table_unschedule(struct aksu *net, struct aksu_row *row);

// The same as aksu_table_schedule(), for which a row that is scheduled and alone needs no call.
static inline void aksu_table_change(struct aksu *net, struct aksu_row *row, uint32_t wait_ms)
{
    if (AKSU_FAST && row->place == 0 && net->scheduled == 1) {
        row->deadline = net->now_ms + wait_ms;
    } else {
        aksu_table_schedule(net, row, wait_ms);
    }
}

// ring.c
void aksu_ring_receive(const struct aksu *net, const struct aksu_row *row,
                       const struct aksu_effects *fx, const struct aksu_packet *in);
uint32_t aksu_ring_send(struct aksu *net, const struct aksu_row *row, const struct aksu_segment *s,
                        uint8_t *to);
void aksu_ring_put(const struct aksu *net, const struct aksu_row *row, const uint8_t *from,
                   uint32_t len);
uint32_t aksu_ring_quick_send(struct aksu *net, const struct aksu_row *row,
                              const struct aksu_segment *s, uint8_t *to);
void aksu_ring_acked(const struct aksu *net, struct aksu_row *row, uint32_t len);

// Octets of the send ring that are free.
static inline uint32_t aksu_ring_room(const struct aksu *net, const struct aksu_row *row)
{
    return row->handlers->emit ? 0 : net->store->tx_octets - row->tcb.snd_buf;
}

static inline uint32_t aksu_ring_readable(const struct aksu_row *row)
{
    return row->tcb.rcv_buf - row->tcb.rcv_room;
}

// Where the next text goes in the receive ring; NULL: it does not fit there in one piece.
static inline uint8_t *aksu_ring_next(const struct aksu *net, const struct aksu_row *row,
                                      uint32_t len)
{
    uint32_t size = net->store->rx_octets;
    uint32_t at = row->rx_head + aksu_ring_readable(row);

    at = at < size ? at : at - size;
    if (len > size - at) {
        return NULL;
    }
    return net->store->rx + (size_t)aksu_table_index(row) * size + at;
}

// Whether the functions of predict.c may stand for steps and plans: nobody looks on, and there is
// no loss recovery that would have to know.
static inline bool aksu_alone(const struct aksu *net)
{
    return AKSU_FAST && ((uintptr_t)net->trace | (uintptr_t)net->boards) == 0;
}

// Those that are for connections that are open.
static inline bool aksu_quick(const struct aksu *net, const struct aksu_row *row)
{
    return row->tcb.state == AKSU_ESTABLISHED && aksu_alone(net);
}

// What of a step's context they need.
static inline void aksu_quick_context(const struct aksu *net, struct aksu_row *row,
                                      struct aksu_step *c)
{
    c->p = net->profile;
    c->t = &row->tcb;
    c->now_ms = net->now_ms;
    c->b = NULL;
}

// connection.c
void aksu_stack_ask(struct aksu *net, struct aksu_row *row, struct aksu_step *c);

// isn.c
uint64_t aksu_hash(const uint32_t key[4], const uint32_t block[4]);
uint64_t aksu_isn_hash(const struct aksu *net, const struct aksu_pair *pair, uint32_t more);
void aksu_isn_open(const struct aksu *net, const struct aksu_pair *pair, struct aksu_open *open);
uint16_t aksu_isn_port(struct aksu *net, const struct aksu_pair *pair);

// fast_option.c
uint32_t aksu_fast_find(const struct aksu_packet *in, const uint8_t **cookie);
void aksu_fast_step(struct aksu *net, struct aksu_row *row, struct aksu_step *c);

// Whether a pair of endpoints is in use, or was until a short while ago.
static inline bool aksu_table_knows(const struct aksu *net, const struct aksu_pair *pair)
{
    const struct aksu_time_waits *waits = net->profile->time_waits;

    return aksu_table_find(net, pair) || (waits && waits->find(net, pair));
}

// net/
int aksu_ipv4_input(struct aksu *net, struct aksu_packet *in);
void aksu_ipv4_header(const struct aksu *net, const struct aksu_pair *pair, uint32_t fields,
                      uint32_t len, uint8_t *to);

// Whether a first octet is that of IPv4 with a header of 5 to 15 words.
static inline bool aksu_ipv4_begins(const uint8_t *packet)
{
    return packet[0] >= 0x45 && packet[0] <= 0x4f;
}

#define AKSU_LINK_LOCAL UINT32_C(0xa9fe0000) // 169.254.0.0/16, RFC 3927
bool aksu_ipv4_host(uint32_t addr, uint32_t own, uint32_t netmask);
bool aksu_ipv4_unicast(const struct aksu *net, uint32_t addr);
bool aksu_ipv4_here(const struct aksu *net, uint32_t addr);
int aksu_icmp_error(struct aksu *net, struct aksu_pair *quoted, const uint8_t *segment,
                    struct aksu_step *c);
int aksu_icmp_input(struct aksu *net, struct aksu_packet *in);
size_t aksu_icmp_output(struct aksu *net, const struct aksu_answer *a, uint8_t *to);
int aksu_arp_input(struct aksu *net, struct aksu_packet *in);
int aksu_ethernet_input(struct aksu *net, struct aksu_packet *in);
void aksu_ethernet_put(const struct aksu *net, uint8_t *frame, const uint8_t mac[6]);
extern const uint8_t aksu_broadcast[6];
size_t aksu_arp_put(const struct aksu *net, uint8_t *frame, const uint8_t to[6], unsigned op,
                    const uint8_t target_mac[6], uint32_t target);
extern const struct aksu_resolver aksu_arp_resolver;
size_t aksu_arp_answer(struct aksu *net, const struct aksu_answer *answer, uint8_t *frame);
void aksu_headers_put(const struct aksu_row *row, const struct aksu_segment *s, uint32_t text,
                      uint8_t *to);
bool aksu_segment_get(struct aksu_packet *in);
uint32_t aksu_segment_put(const struct aksu_pair *pair, const struct aksu_segment *s, uint8_t *to);
void aksu_move_words(uint8_t *to, const uint8_t *from, uint32_t len);

// Copies as memcpy() does, which stands in for it where it is as good: that of a small C library
// takes octets.
static inline void aksu_move(uint8_t *to, const uint8_t *from, uint32_t len)
{
    if (AKSU_FAST && sizeof(uintptr_t) == 4) {
        aksu_move_words(to, from, len);
    } else {
        memcpy(to, from, len);
    }
}

// The same of what has a fixed length, where a call is shorter than what memcpy() becomes.
static inline void aksu_move_fixed(void *to, const void *from, uint32_t len)
{
    if (AKSU_FAST) {
        memcpy(to, from, len);
    } else {
        (void)aksu_copy(to, from, len);
    }
}

uint32_t aksu_sum_words(const uint8_t *header, uint32_t len);

// The sum of a header or an address: a multiple of 4 octets, at least 16.
static inline uint32_t aksu_sum_header(const uint8_t *header, uint32_t len)
{
    return AKSU_FAST ? aksu_sum_words(header, len) : aksu_copy(NULL, header, len);
}

uint16_t aksu_sum_finish(uint32_t sum);

// The same of a few words, added as they are. Halves that change places are added twice, and the
// upper sum has the carry of the lower one.
static inline uint16_t aksu_sum_fold(uint64_t sum)
{
    sum += sum << 32 | sum >> 32;
    uint32_t all = (uint32_t)(sum >> 32);

    all += all << 16 | all >> 16;
    return (uint16_t)(~all >> 16);
}

// Whether what has a checksum in it is right.
static inline bool aksu_sum_right(uint64_t sum)
{
    uint32_t high = (uint32_t)(sum >> 32);
    uint32_t all = (uint32_t)sum + high;

    all += all < high;
    return all + (all << 16 | all >> 16) >= 0xffff0000u;
}

uint16_t aksu_sum_end(const struct aksu_pair *pair, uint32_t sum);

// address.c. An address of IPv6 is told as one that no host has.
#define AKSU_NOT_IPV4 UINT32_MAX
uint32_t aksu_addr_get(const struct aksu_addr *addr);
void aksu_addr_put(uint32_t v, struct aksu_addr *addr);

#endif
