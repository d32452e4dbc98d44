// SPDX-License-Identifier: MIT
// What the reassemblers of both versions share: packets that are not whole yet.
#ifndef AKSU_NET_PIECES_H
#define AKSU_NET_PIECES_H

#include <aksu/reassemble.h>
#include "../more.h"

// A fragment, as one version's reassembler has read it.
struct aksu_fragment {
    const uint8_t *header; // of the packet
    const uint8_t *text;
    uint32_t header_len;
    uint32_t key; // which octets of the header tell packets apart: from there on,
    uint32_t key_len;
    uint32_t id; // with this
    uint32_t offset;
    uint32_t len;
    unsigned ecn;
    bool more;
};

// Writes what tells of a packet that was given up, with what came of its text. Returns the length
// of the packet where *mac says to whom, else that of the frame; 0: it is not to be told of.
typedef size_t (*aksu_pieces_tell)(const struct aksu *net, const struct aksu_pieces *c,
                                   uint8_t *text, uint8_t *packet, const uint8_t **mac);

// Where the text of a packet is put together. Before it lies its header, and before that, as in a
// frame, who sent it.
uint8_t *aksu_pieces_text(const struct aksu_reassembly *r, const struct aksu_pieces *c);
int aksu_pieces_take(struct aksu *net, struct aksu_reassembly *r, const struct aksu_packet *in,
                     const struct aksu_fragment *f, struct aksu_pieces **whole);
bool aksu_pieces_ecn(const struct aksu_pieces *c, uint8_t *tos);
size_t aksu_pieces_output(struct aksu *net, struct aksu_reassembly *r, aksu_pieces_tell tell,
                          uint8_t *frame, uint8_t *packet, const uint8_t **mac);
uint32_t aksu_pieces_idle(const struct aksu *net, const struct aksu_reassembly *r, uint32_t now_ms,
                          uint32_t wait_ms);
void aksu_pieces_free(struct aksu_pieces *c);
int aksu_pieces_add(struct aksu *net, struct aksu_reassembly *r, const struct aksu_more_ops *ops);

// How many octets from the beginning on are there.
static inline uint32_t aksu_pieces_begun(const struct aksu_pieces *c)
{
    return c->hole * 8u;
}

// A segment that came in pieces: no MAC has looked at its checksum.
static inline int aksu_pieces_deliver(struct aksu *net, struct aksu_packet *in,
                                      int (*take)(struct aksu *, struct aksu_packet *))
{
    uint8_t verified = net->offload & AKSU_OFFLOAD_RX;

    net->offload = (uint8_t)(net->offload ^ verified);
    int drop = take(net, in);

    net->offload |= verified;
    return drop;
}

#endif
