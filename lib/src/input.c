// SPDX-License-Identifier: MIT
// Taking in a frame. Where speed counts, a segment as most are goes from the frame to the handler
// in one go: of an open connection, as it is predicted, over Ethernet and IPv4 without options. In
// any doubt nothing is done, and the way from aksu_link.input on finds what is the matter.
#include "stack.h"
#include "tcp/predict.h"

enum {
    HEADERS = AKSU_IPV4_LEN + AKSU_TCP_LEN,
    WORDS = 5, // of TCP's header
    WORDS_STAMPED = 8,
    STAMPS = 0x0101080a // two NOPs, then timestamps
};

// Of the fourth word of TCP's header the flags but PSH; ACK and nothing more.
static const uint32_t FLAGS = 0x00f70000, ACK = 0x00100000;

// What is known of a packet before its connection is.
struct straight {
    const uint8_t *ip;
    uint32_t room;  // behind both headers
    uint32_t total; // octets of the packet
    uint32_t remote;
    uint32_t local;
    uint32_t ports;
};

// Whether a frame is for this station alone, from another, and has IPv4 in it.
static inline bool from_station(const struct aksu *net, const uint8_t *frame)
{
    return aksu_same_mac(frame, net->mac) && aksu_get16(frame + 12) == AKSU_TYPE_IPV4 &&
           !(frame[6] & 1) && !aksu_same_mac(frame + 6, net->mac);
}

// Finds the packet in a frame, if it can have both headers.
static inline bool find_packet(const struct aksu *net, const uint8_t *frame, uint32_t len,
                               struct straight *in)
{
    uint32_t header = net->link ? net->link->header_len : 0;

    in->room = len - header - HEADERS;
    if (in->room > net->mtu + (uint32_t)AKSU_FCS_LEN - HEADERS ||
        (header > 0 && (header != AKSU_ETHERNET_LEN || !from_station(net, frame)))) {
        return false;
    }
    in->ip = frame + header;
    return true;
}

// Whether no host has an address, or this one has it: of those that a connection can be with, which
// are no token.
static inline bool no_source(const struct aksu *net, uint32_t addr)
{
    uint32_t host = addr & ~net->netmask;

    return addr >> 24 == 0 || (((addr ^ net->addr) & net->netmask) == 0 &&
                               (addr == net->addr || host - 1 >= ~net->netmask - 1));
}

// IPv4's header: no options, no fragment, and right.
static inline bool take_packet(const struct aksu *net, struct straight *in)
{
    const uint8_t *p = in->ip;
    uint32_t first = aksu_get32(p);
    uint32_t second = aksu_get32(p + 4);
    uint32_t third = aksu_get32(p + 8);

    in->total = first & 0xffff;
    in->ports = aksu_get32(p + AKSU_IPV4_LEN);
    in->remote = aksu_get32(p + 12);
    in->local = aksu_get32(p + 16);
    return first >> 24 == 0x45 && in->total - HEADERS <= in->room && in->total <= net->mtu &&
           !(second & AKSU_FRAGMENT) && (third >> 16 & 0xff) == AKSU_PROTOCOL_TCP &&
           ((net->offload & AKSU_OFFLOAD_RX) ||
            aksu_sum_right((uint64_t)first + second + third + in->remote + in->local));
}

static inline struct aksu_row *first_of(const struct aksu *net, const struct straight *in)
{
    if (net->store->buckets > 1) {
        const struct aksu_pair pair = {in->remote, in->local, (uint16_t)(in->ports >> 16),
                                       (uint16_t)in->ports};
        return *aksu_table_bucket(net, &pair);
    }
    return *net->store->bucket;
}

// Its connection, or NULL.
static inline struct aksu_row *row_of(const struct aksu *net, const struct straight *in)
{
    struct aksu_row *row = first_of(net, in);

    while (row && (row->pair.remote != in->remote || row->pair.remote_port != in->ports >> 16 ||
                   row->pair.local_port != (in->ports & 0xffff) || row->pair.local != in->local)) {
        row = row->next;
    }
    return row;
}

// TCP's header: an ACK and nothing more, no option but timestamps where they usually are.
static inline bool take_segment(const struct straight *in, struct aksu_segment *s)
{
    const uint8_t *p = in->ip + AKSU_IPV4_LEN;
    uint32_t fourth = aksu_get32(p + 12);
    uint32_t words = fourth >> 28;

    s->len = in->total - HEADERS;
    s->options = 0;
    if ((fourth & FLAGS) != ACK) {
        return false;
    }
    if (words != WORDS) {
        if (words != WORDS_STAMPED || s->len < AKSU_TIMESTAMPS_LEN ||
            aksu_get32(p + 20) != STAMPS) {
            return false;
        }
        s->len -= AKSU_TIMESTAMPS_LEN;
        s->options = AKSU_OPT_TIMESTAMPS;
        s->tsval = aksu_get32(p + 24);
        s->tsecr = aksu_get32(p + 28);
    }
    s->seq = aksu_get32(p + 4);
    s->ack = aksu_get32(p + 8);
    s->flags = AKSU_ACK;
    s->wnd = (uint16_t)fourth;
    return true;
}

// The sum of a segment, but for its text.
static inline uint64_t sum_of(const struct straight *in, const struct aksu_segment *s)
{
    const uint8_t *p = in->ip + AKSU_IPV4_LEN;
    uint32_t few = AKSU_PROTOCOL_TCP + in->total - AKSU_IPV4_LEN;
    uint64_t sum = (uint64_t)few + in->remote + in->local + in->ports + s->seq + s->ack +
                   aksu_get32(p + 12) + aksu_get32(p + 16);

    return s->options ? sum + STAMPS + s->tsval + s->tsecr : sum;
}

// Puts a segment's text where it goes, which is free, and compares the checksum; nothing else is
// changed.
static inline bool take_text(const struct aksu *net, const struct aksu_row *row,
                             const struct straight *in, const struct aksu_segment *s)
{
    const uint8_t *text = in->ip + in->total - s->len;
    uint32_t len = s->len;

    if (net->offload & AKSU_OFFLOAD_RX) {
        aksu_ring_put(net, row, text, len);
        return true;
    }
    uint64_t sum = sum_of(in, s);

    if (len > 0) {
        uint8_t *to = aksu_ring_next(net, row, len);
        if (!to) {
            aksu_ring_put(net, row, text, len);
        }
        sum += net->profile->copy(to, text, len);
    }
    return aksu_sum_right(sum);
}

// What is rare of taking a segment: it acknowledges text, or has timestamps.
static inline void take_more(struct aksu *net, struct aksu_row *row, const struct aksu_segment *s,
                             uint32_t acked)
{
    struct aksu_segment copy = *s;
    struct aksu_step c;

    aksu_quick_context(net, row, &c);
    memset(&c.fx, 0, sizeof c.fx);
    copy.ack = row->tcb.snd_una + acked;
    c.fx.acked = acked;
    c.s = &copy;
    aksu_tcp_quick_acked(&c);
}

static inline void settle(struct aksu *net, struct aksu_row *row)
{
    struct aksu_step c;

    aksu_quick_context(net, row, &c);
    aksu_tcp_settle(&c);
}

// Everything else that a segment changes of its connection.
static inline void take(struct aksu *net, struct aksu_row *row, const struct aksu_segment *s,
                        uint32_t acked)
{
    struct aksu_tcb *t = &row->tcb;

    if (acked > 0 || s->options) {
        take_more(net, row, s, acked);
    }
    aksu_tcp_take_window(t, s);
    if (s->len > 0) {
        aksu_tcp_take_next(net->profile, t, net->now_ms, s->len);
    }
    if (!aksu_tcp_quiet(t)) {
        settle(net, row);
    }
    aksu_tcp_heard(t, net->now_ms);
}

// The handlers' part, and when there is something to be sent. The rings have moved.
static inline void tell(struct aksu *net, struct aksu_row *row, uint32_t acked, uint32_t ready)
{
    void (*on_sent)(struct aksu *, aksu_handle, void *, size_t) = row->handlers->on_sent;
    void (*on_recv)(struct aksu *, aksu_handle, void *, size_t) = row->handlers->on_recv;
    aksu_handle conn = row->handle;
    uint32_t room = row->tcb.rcv_room;

    if (acked > 0 && on_sent && aksu_row_listens(row)) {
        on_sent(net, conn, row->user, acked);
        if (!aksu_table_is(row, conn)) {
            return;
        }
        on_recv = row->handlers->on_recv;
    }
    if (ready > 0 && on_recv && aksu_row_listens(row)) {
        on_recv(net, conn, row->user, aksu_ring_readable(row));
        if (!aksu_table_is(row, conn)) {
            return;
        }
    }
    if (row->place == AKSU_UNSCHEDULED || !aksu_reached(net->now_ms, row->deadline)) {
        bool update = row->tcb.rcv_room == room; // reading has looked for one
        aksu_stack_rest(net, row, aksu_tcp_quick_wait(&row->tcb, net->now_ms, update));
    }
}

// aksu_stack_effects() of a segment that was predicted, but for its text: it acknowledged,
// delivered, or both.
void aksu_stack_tell(struct aksu *net, struct aksu_row *row, uint32_t acked, uint32_t ready)
{
    if (acked > 0) {
        aksu_ring_acked(net, row, acked);
    }
    tell(net, row, acked, ready);
}

// The short way of a packet that is right so far; false: it is not as most are.
static inline bool straight(struct aksu *net, struct straight *in)
{
    struct aksu_row *row = row_of(net, in);
    struct aksu_segment s;

    if (!row || !aksu_quick(net, row) || !take_segment(in, &s) ||
        !aksu_tcp_expected(&row->tcb, &s)) {
        return false;
    }
    uint32_t acked = s.ack - row->tcb.snd_una;

    if (!take_text(net, row, in, &s)) {
        return false;
    }
    take(net, row, &s, acked);
    if (acked > 0) {
        aksu_ring_acked(net, row, acked);
    }
    tell(net, row, acked, s.len);
    return true;
}

// Options that are taken to be there: see take_segment() of IPv6. All four are one word.
static inline void clear(struct aksu_segment *s)
{
    s->flags = 0;
    s->options = 0;
    s->wscale = 0;
    s->sacks = 0;
}

static int answer_to(struct aksu *net, struct aksu_packet *in, int result)
{
    if (result) {
        if (net->more) {
            result = net->more->ops->input(net, in, result);
        }
        net->counters.dropped[result]++;
    }
    return -result;
}

// Whatever a frame is.
static int input(struct aksu *net, const uint8_t *frame, uint32_t len)
{
    struct aksu_packet in;

    in.payload = frame;
    in.len = len;
    in.from = frame; // a link with stations says more; without any will do
    clear(&in.segment);
    return answer_to(net, &in, net->link ? net->link->input(net, &in) : aksu_ipv4_input(net, &in));
}

// Any segment in a packet that is right, as aksu_ipv4_input() passes it on.
static int segment(struct aksu *net, const uint8_t *frame, uint32_t len, const struct straight *p)
{
    struct aksu_packet in;

    in.pair.remote = aksu_get32(p->ip + 12);
    in.pair.local = aksu_get32(p->ip + 16);
    uint32_t octet = in.pair.remote >> 24;

    if (octet == 127 || octet >= 224 || in.pair.local == 0) {
        return input(net, frame, len); // or is that of a link of two
    }
    in.payload = p->ip + AKSU_IPV4_LEN;
    in.len = (uint32_t)aksu_get16(p->ip + 2) - AKSU_IPV4_LEN;
    in.from = frame + 6;
    clear(&in.segment);
    in.segment.tos = p->ip[1];
    return answer_to(net, &in, aksu_stack_tcp(net, &in));
}

int aksu_input(struct aksu *net, uint32_t now_ms, const void *frame, size_t octets)
{
    uint32_t len = (uint32_t)octets;
    struct straight in;

    net->now_ms = now_ms;
    net->counters.frames_in++;
    if (!AKSU_FAST || !find_packet(net, frame, len, &in) || !take_packet(net, &in) ||
        no_source(net, in.remote)) {
        return input(net, frame, len);
    }
    return straight(net, &in) ? 0 : segment(net, frame, len, &in);
}
