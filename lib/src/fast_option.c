// SPDX-License-Identifier: MIT
// TCP Fast Open's option, RFC 7413 4.1.1, for both sides: it is found in the octets of a SYN, and
// put behind the other options.
#include "stack.h"

enum { END = 0, NOP = 1, HEAD = 2, COOKIE_MIN = 4 };

static uint32_t header_len(const uint8_t *header)
{
    return (header[12] >> 4) * 4u;
}

// The cookie's length; AKSU_NO_COOKIE if there is no option, or one of a length that none has: that
// is ignored (4.1.1). The options are sound, or the segment is not taken.
uint32_t aksu_fast_find(const struct aksu_packet *in, const uint8_t **cookie)
{
    const uint8_t *p = in->header + AKSU_TCP_LEN;
    const uint8_t *end = in->header + header_len(in->header);

    while (end - p >= HEAD && p[0] != END) {
        uint32_t step = p[0] == NOP ? 1 : p[1];
        if (step == 0 || step > (uint32_t)(end - p)) {
            break;
        }
        if (p[0] == AKSU_FAST_OPEN_KIND) {
            uint32_t len = step - HEAD;
            bool valid = len == 0 || (len >= COOKIE_MIN && len <= AKSU_COOKIE_MAX && len % 2 == 0);
            *cookie = p + HEAD;
            return valid ? len : AKSU_NO_COOKIE;
        }
        p += step;
    }
    return AKSU_NO_COOKIE;
}

// A step of an event that no other step knows.
void aksu_fast_step(struct aksu *net, struct aksu_row *row, struct aksu_step *c)
{
    void (*step)(struct aksu_step *) = net->step;

    net->step = NULL;
    c->kind = AKSU_EV_FAST_OPEN;
    aksu_stack_begin(net, row, c);
    net->profile->fast_open->step(c);
    aksu_stack_stepped(net, row, c);
    net->step = step;
}

// The handshake is over. A server's row that is not half-open was opened by its SYN: that is known.
bool aksu_fast_opened(const struct aksu *net, const struct aksu_row *row,
                      const struct aksu_effects *fx, const struct aksu_packet *in)
{
    if (row->tcb.flags & AKSU_F_PASSIVE) {
        return !(row->bits & AKSU_ROW_HALF_OPEN);
    }
    net->profile->fast_open->client->opened(net, row, fx, in);
    return false;
}

// Options of a header without their NOPs: the longest cookie needs the room. Returns their end.
static uint8_t *squeeze(uint8_t *p, const uint8_t *end)
{
    uint8_t *to = p;

    while (p < end) {
        uint32_t step = p[0] == NOP ? 1 : p[1];
        if (p[0] != NOP) {
            memmove(to, p, step);
            to += step;
        }
        p += step;
    }
    return to;
}

// Puts the option behind the others. Returns the header's new length.
uint32_t aksu_fast_put(const struct aksu *net, const struct aksu_row *row,
                       const struct aksu_segment *s, uint8_t *header)
{
    const struct aksu_fast_open *f = net->profile->fast_open;
    const struct aksu_fast_side *side = (row->tcb.flags & AKSU_F_PASSIVE) ? f->server : f->client;
    uint8_t *p = header + header_len(header);

    if (s->flags & AKSU_SYN) {
        p = squeeze(header + AKSU_TCP_LEN, p);
        uint32_t len = side->put(net, row, s, p + HEAD);
        if (len != AKSU_NO_COOKIE) {
            p[0] = AKSU_FAST_OPEN_KIND;
            p[1] = (uint8_t)(HEAD + len);
            p += HEAD + len;
        }
        while ((p - header) % 4 != 0) {
            *p++ = NOP;
        }
        header[12] = (uint8_t)((p - header) / 4 << 4);
    }
    return (uint32_t)(p - header);
}
