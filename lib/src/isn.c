// SPDX-License-Identifier: MIT
// What must not be guessed: initial sequence numbers (RFC 6528), timestamp offsets, ephemeral ports
// (RFC 6056). All are Chaskey-12 of the pair of endpoints under the secret of aksu_seed(): a MAC
// made for 32-bit microcontrollers (ISO/IEC 29192-6), less than half of SipHash's size there.
#include "stack.h"

enum { TICKS_PER_MS = 250, PORT_MIN = 1024, ROUNDS = 12 };

static uint32_t rotate(uint32_t x, unsigned bits)
{
    return x << bits | x >> (32 - bits);
}

static void permute(uint32_t v[4])
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        v[0] += v[1];
        v[1] = rotate(v[1], 5) ^ v[0];
        v[0] = rotate(v[0], 16);
        v[2] += v[3];
        v[3] = rotate(v[3], 8) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 13) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 7) ^ v[2];
        v[2] = rotate(v[2], 16);
    }
}

// Chaskey-12 of whole blocks of 4 words: the first half of its tag.
uint64_t aksu_chaskey(const uint32_t key[4], const uint32_t *words, unsigned blocks)
{
    uint32_t v[4];
    uint32_t last[4]; // twice the key in GF(2^128): it marks the last block
    uint32_t carry = (key[3] >> 31) * 0x87;

    for (unsigned i = 0; i < 4; i++) {
        v[i] = key[i];
        last[i] = key[i] << 1 ^ carry;
        carry = key[i] >> 31;
    }
    while (blocks-- > 0) {
        for (unsigned i = 0; i < 4; i++) {
            v[i] ^= *words++ ^ (blocks == 0 ? last[i] : 0);
        }
        permute(v);
    }
    return (uint64_t)(v[1] ^ last[1]) << 32 | (v[0] ^ last[0]);
}

// The keyed hash of a pair of endpoints and one word more: 0 for the connection itself.
uint64_t aksu_isn_hash(const struct aksu *net, const struct aksu_pair *pair, uint32_t more)
{
    uint32_t words[4];

    memcpy(words, pair, sizeof *pair);
    words[3] = more;
    return aksu_chaskey(net->secret, words, 1);
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

// RFC 6056 3.3.3 with a fresh offset for each connection: any free port from 1024 on. 0: none.
uint16_t aksu_isn_port(struct aksu *net, const struct aksu_pair *pair)
{
    const uint32_t range = 65536 - PORT_MIN;
    uint32_t start = (uint32_t)aksu_isn_hash(net, pair, 0x80000000u | net->ports_chosen++);
    struct aksu_pair candidate = *pair;

    start ^= net->now_ms;
    for (uint32_t i = 0; i < range; i++) {
        candidate.local_port = (uint16_t)(PORT_MIN + (start + i) % range);
        if (!aksu_table_find(net, &candidate) && !aksu_time_wait_find(net, &candidate) &&
            !aksu_listen_find(net, &candidate)) {
            return candidate.local_port;
        }
    }
    return 0;
}
