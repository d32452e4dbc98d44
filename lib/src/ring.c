// SPDX-License-Identifier: MIT
// The rings of a connection. Only this file knows that sent data sits in one: with an emit handler
// it does not.
#include "stack.h"

// Whose handle it is; where speed counts without a call.
static inline struct aksu_row *row_of(const struct aksu *net, aksu_handle conn)
{
    return AKSU_FAST ? aksu_table_seek(net, conn) : aksu_table_row(net, conn);
}

// A row's ring among those of a kind, each of size octets.
static uint8_t *area(const struct aksu_row *row, uint8_t *all, uint32_t size)
{
    return all + (size_t)aksu_table_index(row) * size;
}

// An offset into a ring of size octets, from a head inside it; offset is at most size.
static uint32_t wrap(uint32_t head, uint32_t offset, uint32_t size)
{
    uint32_t at = head + offset;

    return at < size ? at : at - size;
}

// Puts octets into a row's ring of size octets at an offset in it, or beyond; at most size of them.
static inline void put(const struct aksu_row *row, uint8_t *all, uint32_t size, uint32_t at,
                       const uint8_t *from, uint32_t len)
{
    uint8_t *ring = area(row, all, size);

    at = wrap(at, 0, size);
    uint32_t first = aksu_min32(len, size - at);

    aksu_move(ring + at, from, first);
    if (!AKSU_FAST || len > first) {
        aksu_move(ring, from + first, len - first);
    }
}

// Puts a segment's octets into the receive ring. They may be ahead of their turn. (This is after
// the step: what became readable by it is counted already.)
void aksu_ring_receive(const struct aksu *net, const struct aksu_row *row,
                       const struct aksu_effects *fx, const struct aksu_packet *in)
{
    uint32_t size = net->store->rx_octets;
    uint32_t at = row->rx_head + aksu_ring_readable(row) - fx->ready + fx->copy_to;

    put(row, net->store->rx, size, at, in->payload + fx->copy_from, fx->copy_len);
}

// The same of text that is next in order, before its step.
void aksu_ring_put(const struct aksu *net, const struct aksu_row *row, const uint8_t *from,
                   uint32_t len)
{
    uint32_t size = net->store->rx_octets;

    put(row, net->store->rx, size, row->rx_head + aksu_ring_readable(row), from, len);
}

// Writes the text of a planned segment. Where speed counts its sum is returned, which a MAC that
// makes checksums needs not; where size does it is summed with its header.
uint32_t aksu_ring_send(struct aksu *net, const struct aksu_row *row, const struct aksu_segment *s,
                        uint8_t *to)
{
    uint32_t len = s->len;
    uint32_t offset = aksu_tcp_offset(&row->tcb, s);

    if (len == 0) {
        return 0;
    }
    if (row->handlers->emit) {
        row->handlers->emit(net, row->handle, row->user, row->tx_head + offset, to, len);
    } else {
        uint32_t size = net->store->tx_octets;
        const uint8_t *ring = area(row, net->store->tx, size);
        uint32_t at = wrap(row->tx_head, offset, size);
        uint32_t first = aksu_min32(len, size - at);

        if (AKSU_FAST && first == len && !(net->offload & AKSU_OFFLOAD_TX)) {
            return net->profile->copy(to, ring + at, len);
        }
        aksu_move(to, ring + at, first);
        aksu_move(to + first, ring, len - first);
    }
    return AKSU_FAST && !(net->offload & AKSU_OFFLOAD_TX) ? net->profile->copy(NULL, to, len) : 0;
}

// The same of a segment that was predicted and has text, for a MAC that makes no checksums.
uint32_t aksu_ring_quick_send(struct aksu *net, const struct aksu_row *row,
                              const struct aksu_segment *s, uint8_t *to)
{
    uint32_t size = net->store->tx_octets;
    uint32_t at = wrap(row->tx_head, s->seq - row->tcb.snd_una, size);

    if (row->handlers->emit || s->len > size - at) {
        return aksu_ring_send(net, row, s, to);
    }
    return net->profile->copy(to, area(row, net->store->tx, size) + at, s->len);
}

void aksu_ring_acked(const struct aksu *net, struct aksu_row *row, uint32_t len)
{
    row->tx_head =
        row->handlers->emit ? row->tx_head + len : wrap(row->tx_head, len, net->store->tx_octets);
}

static void wrote(struct aksu *net, struct aksu_row *row, uint32_t octets)
{
    struct aksu_step c;

    if (aksu_quick(net, row)) {
        aksu_quick_context(net, row, &c);
        c.value = octets;
        if (aksu_tcp_quick_wrote(&c)) {
            aksu_stack_wake(net, row);
            return;
        }
    }
    aksu_stack_do(net, row, AKSU_EV_WROTE, octets);
}

static void read_out(struct aksu *net, struct aksu_row *row, uint32_t octets)
{
    if (!aksu_quick(net, row) || !aksu_tcp_quick_read(&row->tcb, octets)) {
        aksu_stack_do(net, row, AKSU_EV_READ, octets);
    } else if (row->tcb.owed || aksu_tcp_quick_update(&row->tcb)) {
        aksu_stack_wake(net, row);
    }
}

// Whether more can be queued: AKSU_OK, or why not.
static int writable(const struct aksu_row *row)
{
    if (!row) {
        return AKSU_EBADF;
    }
    return aksu_tcp_may_write(&row->tcb) ? AKSU_OK : AKSU_EPIPE;
}

// The contiguous free part of the send ring.
static inline uint8_t *room(const struct aksu *net, const struct aksu_row *row, uint32_t *len)
{
    uint32_t size = net->store->tx_octets;
    uint32_t at = wrap(row->tx_head, row->tcb.snd_buf, size);

    *len = aksu_min32(aksu_ring_room(net, row), size - at);
    return area(row, net->store->tx, size) + at;
}

void *aksu_room(struct aksu *net, aksu_handle conn, size_t *len)
{
    const struct aksu_row *row = row_of(net, conn);
    uint32_t n = 0;
    void *at = NULL;

    if (writable(row) == AKSU_OK) {
        at = room(net, row, &n);
    }
    *len = n;
    return n > 0 ? at : NULL;
}

int aksu_commit(struct aksu *net, aksu_handle conn, size_t len)
{
    struct aksu_row *row = row_of(net, conn);
    int error = writable(row);
    uint32_t lent;

    if (error) {
        return error;
    }
    room(net, row, &lent);
    if (len > lent) {
        return AKSU_EINVAL;
    }
    wrote(net, row, (uint32_t)len);
    return AKSU_OK;
}

int32_t aksu_send(struct aksu *net, aksu_handle conn, const void *data, size_t len)
{
    struct aksu_row *row = row_of(net, conn);
    int error = writable(row);

    if (error) {
        return error;
    }
    uint32_t n = aksu_ring_room(net, row);
    uint32_t size = net->store->tx_octets;

    n = len < n ? (uint32_t)len : n;
    put(row, net->store->tx, size, row->tx_head + row->tcb.snd_buf, data, n);
    wrote(net, row, n);
    return (int32_t)n;
}

int aksu_offer(struct aksu *net, aksu_handle conn, size_t len)
{
    struct aksu_row *row = row_of(net, conn);
    int error = writable(row);

    if (error) {
        return error;
    }
    if (!row->handlers->emit || len > AKSU_SND_BUF_MAX - row->tcb.snd_buf) {
        return AKSU_EINVAL;
    }
    wrote(net, row, (uint32_t)len);
    return AKSU_OK;
}

const void *aksu_peek(struct aksu *net, aksu_handle conn, size_t *len)
{
    const struct aksu_row *row = row_of(net, conn);
    uint32_t size = net->store->rx_octets;

    *len = row ? aksu_min32(aksu_ring_readable(row), size - row->rx_head) : 0;
    return *len > 0 ? area(row, net->store->rx, size) + row->rx_head : NULL;
}

int aksu_consume(struct aksu *net, aksu_handle conn, size_t len)
{
    struct aksu_row *row = row_of(net, conn);

    if (!row) {
        return AKSU_EBADF;
    }
    if (len > aksu_ring_readable(row)) {
        return AKSU_EINVAL;
    }
    row->rx_head = wrap(row->rx_head, (uint32_t)len, net->store->rx_octets);
    read_out(net, row, (uint32_t)len);
    return AKSU_OK;
}

int32_t aksu_recv(struct aksu *net, aksu_handle conn, void *to, size_t len)
{
    uint8_t *at = to;
    size_t n;
    const void *from;

    if (!row_of(net, conn)) {
        return AKSU_EBADF;
    }
    while (len > 0 && (from = aksu_peek(net, conn, &n)) != NULL) {
        n = n < len ? n : len;
        memcpy(at, from, n);
        aksu_consume(net, conn, n);
        at += n;
        len -= n;
    }
    return (int32_t)(at - (uint8_t *)to);
}
