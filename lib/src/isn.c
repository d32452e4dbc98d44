// SPDX-License-Identifier: MIT
// What must not be guessed: initial sequence numbers (RFC 6528), timestamp offsets, ephemeral ports
// (RFC 6056). All are a keyed hash of the pair of endpoints under the secret of aksu_seed().
#include "stack.h"

enum { TICKS_PER_MS = 250, PORT_MIN = 1024, ROUNDS = 12 };

static uint32_t rotated(uint32_t v, unsigned left)
{
    return v << left | v >> (32 - left);
}

// Half of an enciphered block: the permutation of Chaskey-12 with the key before and behind it
// (Even and Mansour). docs/design.md says why.
uint64_t aksu_hash(const uint32_t key[4], const uint32_t block[4])
{
    uint32_t d = key[3] ^ block[3];
    uint32_t c = key[2] ^ block[2];
    uint32_t b = key[1] ^ block[1];
    uint32_t a = key[0] ^ block[0];

    for (unsigned left = ROUNDS; left > 0; left--) {
        a += b;
        c += d;
        b = rotated(b, 5) ^ a;
        d = rotated(d, 8) ^ c;
        a = rotated(a, 16) + d;
        c += b;
        d = rotated(d, 13) ^ a;
        b = rotated(b, 7) ^ c;
        c = rotated(c, 16);
    }
    return (uint64_t)(b ^ key[1]) << 32 | (a ^ key[0]);
}

// The keyed hash of a pair of endpoints and one word more: 0 for the connection itself.
uint64_t aksu_isn_hash(const struct aksu *net, const struct aksu_pair *pair, uint32_t more)
{
    uint32_t block[4];

    aksu_move_fixed(block, pair, sizeof *pair);
    block[3] = more;
    return aksu_hash(net->secret, block);
}

// RFC 6528 3: ISN = M + F(endpoints, secret), M a clock of 4 microseconds. The other half of the
// hash is the connection's salt.
void aksu_isn_open(const struct aksu *net, const struct aksu_pair *pair, struct aksu_open *open)
{
    uint64_t hash = aksu_isn_hash(net, pair, 0);

    open->iss = net->now_ms * TICKS_PER_MS + (uint32_t)hash;
    open->salt = (uint32_t)(hash >> 32);
    open->rcv_buf = net->store->rx_octets;
    open->mss = (uint16_t)(net->mtu - AKSU_IPV4_LEN - AKSU_TCP_LEN);
}

// RFC 6056 3.3.3 with a fresh offset for each connection: any free port from 1024 on. 0: none. What
// makes it fresh is the row that it will have, too.
uint16_t aksu_isn_port(struct aksu *net, const struct aksu_pair *pair)
{
    const uint32_t range = 65536 - PORT_MIN;
    uint32_t fresh =
        net->ports_chosen++ |
        (net->free_rows ? (uint32_t)net->free_rows->handle >> AKSU_INDEX_BITS << 8 : 0);
    uint32_t start = (uint32_t)aksu_isn_hash(net, pair, 0x80000000u | fresh);
    struct aksu_pair candidate = *pair;

    start ^= net->now_ms;
    for (uint32_t i = 0; i < range; i++) {
        candidate.local_port = (uint16_t)(PORT_MIN + (start + i) % range);
        if (!aksu_table_knows(net, &candidate) &&
            !aksu_listen_find(net, candidate.local, candidate.local_port)) {
            return candidate.local_port;
        }
    }
    return 0;
}
