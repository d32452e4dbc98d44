// SPDX-License-Identifier: MIT
// Packets that are not whole yet, after RFC 815: in each hole stands where it ends and where the
// next one begins, so that they need no memory of their own. A fragment lies within a hole, else it
// overlaps what has come, and the packet is lost, with what may still come of it (RFC 5722).
#include "pieces.h"

enum { FREE, GATHERING, BROKEN };
enum { NONE = UINT16_MAX, UNIT = 8 };

static const uint32_t TIME_MS = UINT32_C(60000); // RFC 8200 4.5; RFC 1122 3.3.2 has 60 to 120 s

static uint32_t room(const struct aksu_reassembly *r)
{
    return (r->size - AKSU_PIECES_HEADERS) / UNIT;
}

uint8_t *aksu_pieces_text(const struct aksu_reassembly *r, const struct aksu_pieces *c)
{
    return r->octets + (size_t)(c - r->pieces) * r->size + AKSU_PIECES_HEADERS;
}

void aksu_pieces_free(struct aksu_pieces *c)
{
    c->state = FREE;
}

// The packet that a fragment is of, or NULL.
static struct aksu_pieces *find(const struct aksu_reassembly *r, const struct aksu_fragment *f)
{
    for (struct aksu_pieces *c = r->pieces; c < r->pieces + r->count; c++) {
        const uint8_t *header = aksu_pieces_text(r, c) - f->header_len;
        if (c->state != FREE && c->id == f->id &&
            memcmp(header + f->key, f->header + f->key, f->key_len) == 0) {
            return c;
        }
    }
    return NULL;
}

// A place for a packet: a free one, else that of the oldest.
static struct aksu_pieces *place(const struct aksu_reassembly *r)
{
    struct aksu_pieces *best = r->pieces;

    for (struct aksu_pieces *c = r->pieces; c < r->pieces + r->count; c++) {
        if (c->state == FREE) {
            return c;
        }
        if (aksu_reached(best->at, c->at)) {
            best = c;
        }
    }
    return best;
}

// The hole behind one, or with NONE the first, is another one from now on.
static void link_hole(struct aksu_pieces *c, uint8_t *text, uint32_t before, uint32_t at)
{
    if (before == NONE) {
        c->hole = (uint16_t)at;
    } else {
        aksu_put16(text + before * UNIT + 2, at);
    }
}

static void put_hole(uint8_t *text, uint32_t at, uint32_t end, uint32_t next)
{
    aksu_put32(text + at * UNIT, end << 16 | next);
}

static struct aksu_pieces *begin(const struct aksu *net, const struct aksu_reassembly *r,
                                 const struct aksu_fragment *f)
{
    struct aksu_pieces *c = place(r);
    uint8_t *text = aksu_pieces_text(r, c);

    memset(c, 0, sizeof *c);
    c->state = GATHERING;
    c->id = f->id;
    c->at = net->now_ms + TIME_MS;
    put_hole(text, 0, room(r), NONE);
    memcpy(text - f->header_len, f->header, f->header_len);
    return c;
}

// Fills a hole, or a part of it. False: there is none for this fragment.
static bool fill(const struct aksu_reassembly *r, struct aksu_pieces *c,
                 const struct aksu_fragment *f)
{
    uint8_t *text = aksu_pieces_text(r, c);
    uint32_t first = f->offset / UNIT;
    uint32_t end = (f->offset + f->len + UNIT - 1) / UNIT;
    uint32_t before = NONE;
    uint32_t at = c->hole;

    while (at != NONE && (first < at || end > aksu_get16(text + at * UNIT))) {
        before = at;
        at = aksu_get16(text + at * UNIT + 2);
    }
    if (at == NONE) {
        return false;
    }
    if (f->more && end == room(r)) {
        return false; // it does not end here, where the place does
    }
    uint32_t hole_end = aksu_get16(text + at * UNIT);
    uint32_t next = aksu_get16(text + at * UNIT + 2);

    if (!f->more) {
        if (hole_end != room(r)) {
            return false; // something behind the last one has come, or it has been here
        }
        hole_end = end;
        c->len = (uint16_t)(f->offset + f->len);
    }
    if (end < hole_end) {
        put_hole(text, end, hole_end, next);
        next = end;
    }
    if (at < first) {
        put_hole(text, at, first, next);
    } else {
        link_hole(c, text, before, next);
    }
    memcpy(text + f->offset, f->text, f->len);
    return true;
}

// Takes a fragment in. *whole: the packet, if nothing of it is missing any more. Returns 0, or
// AKSU_DROP_FRAGMENT.
int aksu_pieces_take(struct aksu *net, struct aksu_reassembly *r, const struct aksu_packet *in,
                     const struct aksu_fragment *f, struct aksu_pieces **whole)
{
    struct aksu_pieces *c = find(r, f);

    if (!c) {
        c = begin(net, r, f);
    }
    c->count++;
    if (c->state == BROKEN || c->count == 0 || !fill(r, c, f)) {
        c->state = BROKEN;
        return AKSU_DROP_FRAGMENT;
    }
    c->ecn |= (uint8_t)(1u << f->ecn);
    if (f->offset == 0) { // its header is that of the packet
        uint8_t *header = aksu_pieces_text(r, c) - f->header_len;
        memcpy(header, f->header, f->header_len);
        if (aksu_has_stations(net)) {
            memcpy(header - (AKSU_ETHERNET_LEN - 6), in->from, 6);
        }
        c->first = 1;
    }
    if (c->hole == NONE) {
        *whole = c;
    }
    return 0;
}

// What congestion on the way has left of the code point. False: some of it was not for such marks
// (RFC 3168 5.3).
bool aksu_pieces_ecn(const struct aksu_pieces *c, uint8_t *tos)
{
    enum { CE = 3 };

    if (c->ecn & 1 << CE) {
        *tos |= CE;
    }
    return (c->ecn & (1 << CE | 1)) != (1 << CE | 1);
}

// Frees one whose time has come: it can be told of if its first fragment was there, and nothing was
// wrong with it. Or NULL.
static struct aksu_pieces *late(const struct aksu *net, struct aksu_reassembly *r)
{
    for (struct aksu_pieces *c = r->pieces; c < r->pieces + r->count; c++) {
        if (c->state != FREE && aksu_reached(net->now_ms, c->at)) {
            bool told = c->state == GATHERING && c->first;
            c->state = FREE;
            if (told) {
                return c;
            }
        }
    }
    return NULL;
}

// Tells of the packets that were given up, one in a frame.
size_t aksu_pieces_output(struct aksu *net, struct aksu_reassembly *r, aksu_pieces_tell tell,
                          uint8_t *frame, uint8_t *packet, const uint8_t **mac)
{
    struct aksu_pieces *c;

    while ((c = late(net, r)) != NULL) {
        size_t len = tell(net, c, aksu_pieces_text(r, c), packet, mac);
        if (len > 0) {
            return len;
        }
    }
    return aksu_more_output(&r->more, net, frame, packet, mac);
}

uint32_t aksu_pieces_idle(const struct aksu *net, const struct aksu_reassembly *r, uint32_t now_ms,
                          uint32_t wait_ms)
{
    for (const struct aksu_pieces *c = r->pieces; c < r->pieces + r->count; c++) {
        if (c->state != FREE) {
            wait_ms = aksu_min32(wait_ms, aksu_until(now_ms, c->at));
        }
    }
    return aksu_more_idle(&r->more, net, now_ms, wait_ms);
}

int aksu_pieces_add(struct aksu *net, struct aksu_reassembly *r, const struct aksu_more_ops *ops)
{
    if (r->count == 0 || room(r) == 0 || room(r) >= NONE / UNIT + 1) {
        return AKSU_EINVAL;
    }
    for (unsigned i = 0; i < r->count; i++) {
        r->pieces[i].state = FREE;
    }
    return aksu_more_add(net, &r->more, ops) ? AKSU_OK : AKSU_EBUSY;
}
