// SPDX-License-Identifier: MIT
// The stack's three calls: input, output, idle; and how effects become ring moves and handler
// calls.
#include "stack.h"

// Before a step. Here and behind it there is what a server has no need of, and who wants to know.
void aksu_stack_begin(struct aksu *net, struct aksu_row *row, struct aksu_step *c)
{
    aksu_table_context(net, row, c);
    aksu_tcp_begin(c);
    if (net->trace) {
        net->trace->before = *c->t;
    }
    if (net->step) {
        net->step(c);
    }
}

// Behind one.
void aksu_stack_stepped(struct aksu *net, struct aksu_row *row, struct aksu_step *c)
{
    if (net->step) {
        net->step(c);
    }
    if (c->fx.mask & AKSU_FX_CLOSED) {
        row->reason = (uint8_t)-c->fx.reason;
    }
    if (net->trace) {
        net->trace->stepped(net, row, c);
    }
}

// One step, now, of anything but a segment for a connection.
void aksu_stack_step(struct aksu *net, struct aksu_row *row, struct aksu_step *c)
{
    aksu_stack_begin(net, row, c);
    aksu_tcp_event(c);
    aksu_stack_stepped(net, row, c);
}

// A planned segment is on its way: that has no effects.
void aksu_stack_sent(struct aksu *net, struct aksu_row *row, const struct aksu_segment *s)
{
    struct aksu_step c;

    c.kind = AKSU_EV_SENT;
    c.s = s;
    aksu_stack_step(net, row, &c);
}

// An event that has no more to it than a number. No handler runs.
void aksu_stack_do(struct aksu *net, struct aksu_row *row, unsigned kind, uint32_t value)
{
    struct aksu_step c;

    c.kind = kind;
    c.value = value;
    aksu_stack_step(net, row, &c);
    aksu_stack_wake(net, row);
}

// A RST that would not arrive is as good as sent.
const struct aksu_segment aksu_stack_rst = {.flags = AKSU_RST};

// Ends a connection whose peer cannot be reached.
void aksu_stack_silence(struct aksu *net, struct aksu_row *row, int error)
{
    aksu_stack_do(net, row, AKSU_EV_ABORT, 0);
    aksu_stack_sent(net, row, &aksu_stack_rst);
    row->reason = (uint8_t)-error;
}

// The application is done with a connection.
int aksu_stack_end(struct aksu *net, aksu_handle conn, unsigned kind, uint32_t linger_ms)
{
    struct aksu_row *row = aksu_table_row(net, conn);

    if (!row) {
        return AKSU_EBADF;
    }
    row->bits |= AKSU_ROW_CLOSED;
    aksu_stack_do(net, row, kind, linger_ms);
    return AKSU_OK;
}

// Whether a row has nothing more to do: all is sent, and all that came is read or unwanted.
static bool over(const struct aksu_row *row)
{
    const struct aksu_tcb *t = &row->tcb;

    if ((t->owed & ~(unsigned)(AKSU_ECN | AKSU_ECE | AKSU_ECN_SLOWED)) != 0 ||
        (t->state > AKSU_LISTEN && t->state != AKSU_TIME_WAIT)) {
        return false;
    }
    return aksu_ring_readable(row) == 0 || row->reason != 0 ||
           (row->bits & (AKSU_ROW_ANNOUNCED | AKSU_ROW_CLOSED)) != AKSU_ROW_ANNOUNCED;
}

// Something happened to a row: the next output asks it what it wants.
void aksu_stack_wake(struct aksu *net, struct aksu_row *row)
{
    if (row->place == AKSU_UNSCHEDULED || !aksu_reached(net->now_ms, row->deadline)) {
        aksu_table_change(net, row, 0);
    }
}

// The last word of a row that is over: on_close, and it is free, or nobody's: in TIME-WAIT without
// a table for that. False: it is not free.
static bool reap(struct aksu *net, struct aksu_row *row)
{
    if (!over(row)) {
        return false;
    }
    if (row->bits & AKSU_ROW_HALF_OPEN) {
        aksu_listen_lost(net, row);
    }
    if ((row->bits & AKSU_ROW_ANNOUNCED) && row->handlers->on_close) {
        row->handlers->on_close(net, row->handle, row->user, -(int)row->reason);
    }
    if (row->tcb.state == AKSU_TIME_WAIT) {
        const struct aksu_time_waits *waits = net->profile->time_waits;
        if (!waits) {
            row->bits &= AKSU_ROW_RESOLVED | AKSU_ROW_HAD_MAC;
            return false;
        }
        waits->add(net, row);
    }
    aksu_table_free(net, row);
    return true;
}

// Most are not over: where speed counts that is seen without a call.
static inline bool reaped(struct aksu *net, struct aksu_row *row)
{
    return (!AKSU_FAST || over(row)) && reap(net, row);
}

// False: it is not wanted.
static bool opened(struct aksu *net, struct aksu_row *row, aksu_handle conn,
                   const struct aksu_effects *fx, const struct aksu_packet *in)
{
    if ((row->bits & AKSU_ROW_FAST) && net->profile->fast_open->opened(net, row, fx, in)) {
        return true; // its SYN brought data: it is known already
    }
    net->counters.opened++;
    if (row->bits & AKSU_ROW_HALF_OPEN) {
        aksu_listen_completed(row);
        bool (*on_accept)(struct aksu *, aksu_handle, void *) = row->handlers->on_accept;
        unsigned announced = AKSU_ROW_ANNOUNCED;

        if (on_accept && !on_accept(net, conn, row->user)) {
            announced = 0; // never, so nothing is told
        }
        if (!aksu_table_is(row, conn)) {
            return true; // saved
        }
        row->bits |= (uint8_t)announced;
        if (!announced) {
            return false;
        }
    }
    if (row->handlers->on_open) {
        row->handlers->on_open(net, conn, row->user);
    }
    return true;
}

static void troubled(struct aksu *net, struct aksu_row *row, aksu_handle conn, int error)
{
    if (error == AKSU_ETIMEDOUT && net->resolver) {
        net->resolver->doubt(net, row);
    }
    if (!(row->bits & AKSU_ROW_SILENT) && row->handlers->on_trouble) {
        row->handlers->on_trouble(net, conn, row->user, error);
    }
}

// One handler call for one effect bit.
static void tell(struct aksu *net, struct aksu_row *row, aksu_handle conn, unsigned bit,
                 const struct aksu_effects *fx)
{
    const struct aksu_handlers *h = row->handlers;
    void (*on)(struct aksu *, aksu_handle, void *, size_t) = NULL;
    uint32_t octets = aksu_ring_readable(row);

    if (bit == AKSU_FX_TROUBLE) {
        troubled(net, row, conn, fx->reason);
    } else if (bit == AKSU_FX_EOF) {
        if (h->on_end) {
            h->on_end(net, conn, row->user);
        }
    } else if (bit == AKSU_FX_ACKED) {
        on = h->on_sent;
        octets = fx->acked;
    } else if (bit == AKSU_FX_URGENT) {
        on = h->on_urgent;
        octets += row->tcb.rcv_up - row->tcb.rcv_nxt;
    } else if (fx->ready > 0) {
        on = h->on_recv;
    }
    if (on) {
        on(net, conn, row->user, octets);
    }
}

// Rings move before any handler runs; after each handler the row must still be the connection's,
// and its application still interested. Returns 0, as that of a packet.
int aksu_stack_effects(struct aksu *net, struct aksu_row *row, struct aksu_step *c,
                       const struct aksu_packet *in)
{
    aksu_handle conn = row->handle;
    const struct aksu_effects *fx = &c->fx;
    unsigned news = fx->mask;

    if (news & AKSU_FX_DELIVER) {
        aksu_ring_receive(net, row, fx, in);
    }
    if (news & AKSU_FX_ACKED) {
        aksu_ring_acked(net, row, fx->acked);
    }
    news &= 2 * AKSU_FX_TROUBLE - 1;

    for (; news && !(row->bits & AKSU_ROW_CLOSED); news &= news - 1) {
        unsigned bit = news & (~news + 1);
        if (bit != AKSU_FX_OPENED) {
            if (row->bits & AKSU_ROW_ANNOUNCED) {
                tell(net, row, conn, bit, fx);
            }
        } else if (!opened(net, row, conn, fx, in)) {
            c->kind = AKSU_EV_ABORT; // never announced, so nothing is told
            aksu_stack_step(net, row, c);
            break;
        }
        if (!aksu_table_is(row, conn)) {
            return 0; // saved
        }
    }
    aksu_stack_wake(net, row);
    return 0;
}

// Puts an answer on top of those that wait, addressed to the sender of the frame: if it is a
// segment, the one that stands there. Returns AKSU_DROP_REPLY_FULL if there is no room.
int aksu_stack_answer(struct aksu *net, const struct aksu_packet *in, unsigned kind)
{
    if (net->answers == AKSU_ANSWERS) {
        return AKSU_DROP_REPLY_FULL;
    }
    struct aksu_answer *a = &net->store->answer[net->answers++];

    aksu_table_look(net);
    memcpy(a->mac, in->from, 6);
    a->kind = (uint16_t)kind;
    aksu_move_fixed(a->segment, &in->segment, sizeof a->segment);
    a->pair = in->pair;
    return 0;
}

// RFC 9293 3.10.7.1. Returns the reason, or that there is no room for an answer.
int aksu_stack_reset(struct aksu *net, struct aksu_packet *in, int reason)
{
    if (!aksu_tcp_reset(&in->segment)) {
        return reason;
    }
    int full = aksu_stack_answer(net, in, AKSU_ANSWER_TCP);

    if (full) {
        return full;
    }
    net->counters.resets_sent++;
    return reason;
}

// Plan is to be asked for a row after a wait, or UINT32_MAX: never.
void aksu_stack_rest(struct aksu *net, struct aksu_row *row, uint32_t wait)
{
    if (wait == UINT32_MAX) {
        aksu_table_unschedule(net, row);
    } else {
        aksu_table_schedule(net, row, wait);
    }
}

static bool quick_arrives(struct aksu *net, struct aksu_row *row, const struct aksu_packet *in)
{
    struct aksu_step c;

    aksu_quick_context(net, row, &c);
    c.s = &in->segment;
    if (!aksu_tcp_quick_segment(&c)) {
        return false;
    }
    if (c.fx.ready > 0) {
        aksu_ring_receive(net, row, &c.fx, in);
    }
    aksu_stack_tell(net, row, c.fx.acked, c.fx.ready);
    return true;
}

// A segment for a connection. Returns 0, or the reason if it was refused.
int aksu_stack_arrives(struct aksu *net, struct aksu_row *row, struct aksu_packet *in)
{
    struct aksu_step c;
    int result = 0;

    if (aksu_quick(net, row) && quick_arrives(net, row, in)) {
        return 0;
    }
    c.kind = AKSU_EV_SEGMENT;
    c.s = &in->segment;
    aksu_stack_begin(net, row, &c);
    aksu_tcp_segment(&c);
    aksu_stack_stepped(net, row, &c);
    aksu_stack_effects(net, row, &c, in);
    if (c.fx.refused) {
        result = (in->segment.options & AKSU_OPT_ILLEGAL) ? AKSU_DROP_TCP_OPTION
                                                          : AKSU_DROP_UNACCEPTABLE;
    }
    return (c.fx.mask & AKSU_FX_RESET) ? aksu_stack_reset(net, in, result) : result;
}

// Passes an error to the connection whose segment it quotes; of the pair the ports are missing.
int aksu_icmp_error(struct aksu *net, struct aksu_pair *quoted, const uint8_t *segment,
                    struct aksu_step *c)
{
    uint32_t ports = aksu_get32(segment);

    quoted->local_port = (uint16_t)(ports >> 16);
    quoted->remote_port = (uint16_t)ports;
    struct aksu_row *row = aksu_table_find(net, quoted);

    if (!row) {
        return AKSU_DROP_ICMP_QUOTE;
    }
    c->kind = AKSU_EV_ICMP;
    c->value = aksu_get32(segment + 4);
    aksu_stack_step(net, row, c);
    if (c->fx.refused) {
        return AKSU_DROP_ICMP_QUOTE;
    }
    return aksu_stack_effects(net, row, c, NULL);
}

// Whether the checksum of a segment that came, of so many octets in all, is right.
static bool right(const struct aksu *net, const struct aksu_packet *in, uint32_t len)
{
    uint32_t sum = AKSU_PROTOCOL_TCP + len;

    if (!AKSU_FAST) {
        return aksu_sum_end(&in->pair, sum + net->profile->copy(NULL, in->header, len)) == 0;
    }
    sum +=
        in->len > 0 ? net->profile->copy(NULL, in->header, len) : aksu_sum_header(in->header, len);
    return aksu_sum_right((uint64_t)in->pair.remote + in->pair.local + sum);
}

int aksu_stack_tcp(struct aksu *net, struct aksu_packet *in)
{
    uint32_t len = in->len;

    if (!aksu_segment_get(in)) {
        return AKSU_DROP_TCP_HEADER;
    }
    if (!(net->offload & AKSU_OFFLOAD_RX) && !right(net, in, len)) {
        return AKSU_DROP_TCP_CHECKSUM;
    }
    struct aksu_row *row = aksu_table_find(net, &in->pair);

    if (row && !reaped(net, row)) {
        return aksu_stack_arrives(net, row, in);
    }
    // What comes is for another connection, or for none.
    return in->pair.local == net->addr || aksu_is_token(&in->pair) ? aksu_listen_input(net, in)
                                                                   : AKSU_DROP_NOT_OURS;
}

// What a segment of a row has in its IPv4 header.
static inline uint32_t fields_of(const struct aksu_row *row, const struct aksu_segment *s)
{
    return (uint32_t)row->dscp << AKSU_DSCP_SHIFT | (uint32_t)s->tos << AKSU_ECN_SHIFT |
           (uint32_t)row->ttl << AKSU_TTL_SHIFT | AKSU_PROTOCOL_TCP;
}

// Writes a segment behind its IPv4 header, in whose place the link puts that of IPv6 for a token.
// row NULL: an answer, which has no text.
static size_t put_packet(struct aksu *net, const struct aksu_row *row, const struct aksu_pair *pair,
                         const struct aksu_segment *s, uint8_t *to)
{
    uint32_t fields = AKSU_TTL_DEFAULT << AKSU_TTL_SHIFT | AKSU_PROTOCOL_TCP;
    uint32_t room = aksu_token_room(pair);
    uint8_t *p = to + room + AKSU_IPV4_LEN;
    uint32_t header = aksu_segment_put(pair, s, p);
    uint32_t text = 0;

    if (row) {
        if (row->bits & AKSU_ROW_FAST) {
            header = net->profile->fast_open->put(net, row, s, p);
        }
        text = aksu_ring_send(net, row, s, p + header);
        fields = fields_of(row, s);
    }
    uint32_t len = header + s->len;

    if (!(net->offload & AKSU_OFFLOAD_TX)) {
        uint32_t sum = AKSU_PROTOCOL_TCP + len;

        if (AKSU_FAST) {
            sum += text + aksu_sum_header(p, header);
        } else {
            sum += net->profile->copy(NULL, p, len);
        }
        aksu_put16(p + 16, aksu_sum_end(pair, sum));
    }
    aksu_ipv4_header(net, pair, fields, len, to + room);
    return room + AKSU_IPV4_LEN + len;
}

// The next answer. *mac: its station, or NULL if the frame is complete.
static size_t answer_output(struct aksu *net, uint8_t *frame, uint8_t *packet, const uint8_t **mac)
{
    const struct aksu_answer *a = &net->store->answer[--net->answers];
    struct aksu_segment s;

    if (AKSU_FAST && net->scheduled > 0) {
        aksu_table_first(net);
    }
    *mac = a->mac;
    if (a->kind >= AKSU_ANSWER_ECHO) {
        return aksu_icmp_output(net, a, packet);
    }
    if (a->kind != AKSU_ANSWER_TCP) {
        *mac = NULL;
        return net->link->answer(net, a, frame);
    }
    aksu_move_fixed(&s, a->segment, sizeof a->segment);
    s.len = 0;
    s.urp = 0;
    return put_packet(net, NULL, &a->pair, &s, packet);
}

// The same for a row; most segments have no options. quick: it was predicted.
static inline size_t put_segment(struct aksu *net, const struct aksu_row *row,
                                 const struct aksu_segment *s, uint8_t *to, bool quick)
{
    if (!AKSU_FAST || s->options || (net->offload & AKSU_OFFLOAD_TX) ||
        (row->bits & AKSU_ROW_FAST) || aksu_is_token(&row->pair)) {
        return put_packet(net, row, &row->pair, s, to);
    }
    uint8_t *text = to + AKSU_IPV4_LEN + AKSU_TCP_LEN;
    uint32_t sum = 0;

    if (s->len > 0) {
        sum = quick ? aksu_ring_quick_send(net, row, s, text) : aksu_ring_send(net, row, s, text);
    }

    aksu_headers_put(row, s, sum, to);
    return AKSU_IPV4_LEN + AKSU_TCP_LEN + s->len;
}

static size_t segment_output(struct aksu *net, struct aksu_row *row, const struct aksu_segment *s,
                             uint8_t *packet)
{
    size_t len = put_segment(net, row, s, packet, false);

    if ((s->len > 0 || (s->flags & (AKSU_SYN | AKSU_FIN))) &&
        aksu_seq_lt(s->seq, row->tcb.snd_max)) {
        net->counters.retransmitted++;
    }
    net->counters.resets_sent += (s->flags & AKSU_RST) != 0;
    aksu_stack_sent(net, row, s);
    if (aksu_alone(net)) {
        aksu_stack_rest(net, row, aksu_tcp_quick_wait(&row->tcb, net->now_ms, true));
    } else {
        aksu_table_schedule(net, row, 0); // behind others that are due
    }
    return len;
}

static void row_tick(struct aksu *net, struct aksu_row *row)
{
    struct aksu_step c;
    uint8_t retries = row->tcb.retries;

    c.kind = AKSU_EV_TICK;
    aksu_stack_step(net, row, &c);
    net->counters.timeouts += row->tcb.retries > retries;
    aksu_stack_effects(net, row, &c, NULL);
}

// One thing that a row whose time has come wants. *tick: that is a step.
static size_t row_output(struct aksu *net, struct aksu_row *row, uint8_t *frame, uint8_t *packet,
                         const uint8_t **mac, bool *tick)
{
    struct aksu_plan plan;

    switch (aksu_table_plan(net, row, &plan)) {
    case AKSU_NEXT_SEGMENT:
        if (net->link && !(row->bits & AKSU_ROW_RESOLVED)) {
            size_t len = net->resolver->resolve(net, row, frame);
            if (!(row->bits & AKSU_ROW_RESOLVED)) {
                return len;
            }
        }
        *mac = row->mac;
        return segment_output(net, row, &plan.segment, packet);
    case AKSU_NEXT_TICK:
        *tick = true;
        return 0;
    case AKSU_NEXT_WAIT:
        aksu_table_schedule(net, row, plan.wait_ms);
        return 0;
    default:
        aksu_table_unschedule(net, row);
        return 0;
    }
}

static size_t next_packet(struct aksu *net, uint8_t *frame, uint8_t *packet, const uint8_t **mac)
{
    size_t len = 0;

    if (net->answers > 0) {
        return answer_output(net, frame, packet, mac);
    }
    while (len == 0 && net->scheduled > 0 &&
           aksu_reached(net->now_ms, net->store->heap[0]->deadline)) {
        struct aksu_row *row = net->store->heap[0];
        if (!reaped(net, row)) {
            bool tick = false;
            len = row_output(net, row, frame, packet, mac, &tick);
            if (tick) {
                row_tick(net, row);
            }
        }
    }
    if (len == 0 && net->more) {
        len = net->more->ops->output(net, frame, packet, mac);
    }
    return len;
}

// The next frame if it is as most are: planned, written and sent in few instructions. Returns 0 if
// it is not.
static size_t quick_frame(struct aksu *net, struct aksu_row *row, uint8_t *frame, size_t size)
{
    const struct aksu_link *link = net->link;
    struct aksu_segment s;
    struct aksu_step c;

    if (!aksu_quick(net, row) || !link || !(row->bits & AKSU_ROW_RESOLVED) ||
        size < net->mtu + link->header_len) {
        return 0;
    }
    aksu_quick_context(net, row, &c);
    if (!aksu_tcp_quick_send(&c, &s)) {
        return 0;
    }
    aksu_stack_rest(net, row, c.value);
    link->frame(net, frame, row->mac);
    net->counters.frames_out++;
    return link->header_len + put_segment(net, row, &s, frame + link->header_len, true);
}

static size_t output(struct aksu *net, void *frame, size_t size)
{
    uint32_t header_len = net->link ? net->link->header_len : 0;
    const uint8_t *mac = NULL;

    if (size < net->mtu + header_len) {
        return 0;
    }
    size_t len = next_packet(net, frame, (uint8_t *)frame + header_len, &mac);

    if (len == 0) {
        return 0;
    }
    if (mac && net->link) {
        net->link->frame(net, frame, mac);
        len += net->link->header_len;
    }
    net->counters.frames_out++;
    return len;
}

// aksu_output() where speed counts, if there may be something to do. late_ms: since when the first
// row's time has come; AKSU_NEVER: that is not all there is to look at.
size_t aksu_stack_output(struct aksu *net, uint32_t late_ms, void *frame, size_t size)
{
    size_t len = 0;

    if (AKSU_FAST) {
        if (late_ms != AKSU_NEVER) {
            len = quick_frame(net, net->first, frame, size);
        }
        if (len == 0) {
            len = output(net, frame, size);
        }
    }
    return len;
}

size_t aksu_output(struct aksu *net, uint32_t now_ms, void *frame, size_t size)
{
    uint32_t late_ms = AKSU_NEVER;

    net->now_ms = now_ms;
    if (!AKSU_FAST) {
        return output(net, frame, size);
    }
    if (net->first) {
        late_ms = now_ms - net->first->deadline;
        if ((int32_t)late_ms < 0) {
            return 0;
        }
    } else if (net->scheduled == 0 && net->answers == 0 && !net->more) {
        return 0;
    }
    return aksu_stack_output(net, late_ms, frame, size);
}

uint32_t aksu_idle(const struct aksu *net, uint32_t now_ms)
{
    if (!AKSU_FAST) {
        return aksu_wait(net, now_ms);
    }
    if (!net->first) {
        return aksu_table_wait(net, now_ms);
    }
    uint32_t wait = net->first->deadline - now_ms;

    return (int32_t)wait > 0 ? wait : 0;
}
