// SPDX-License-Identifier: MIT
// What must not be guessed: initial sequence numbers (RFC 6528), timestamp offsets, ephemeral ports
// (RFC 6056). All are SipHash-2-4 of the pair of endpoints under the secret of aksu_seed().
#include "stack.h"

enum { TICKS_PER_MS = 250, PORT_MIN = 1024 };

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

// A SipRound as four steps: v[a] += v[b], v[b] is rotated and mixed with v[a]; in two of them v[a]
// is turned by 32.
static void rounds(uint64_t v[4], unsigned times)
{
    static const uint8_t step[4][3] = {{0, 1, 13}, {2, 3, 16}, {2, 1, 17}, {0, 3, 21}};

    for (unsigned i = 0; i < 4 * times; i++) {
        const uint8_t *s = step[i % 4];
        v[s[0]] += v[s[1]];
        v[s[1]] = rotate(v[s[1]], s[2]) ^ v[s[0]];
        if (i % 2 == 0) {
            v[s[0]] = rotate(v[s[0]], 32);
        }
    }
}

// SipHash-2-4 of pairs * 8 octets, given as 32-bit words in little-endian order.
uint64_t aksu_siphash(const uint32_t key[4], const uint32_t *words, unsigned pairs)
{
    uint64_t k0 = (uint64_t)key[1] << 32 | key[0];
    uint64_t k1 = (uint64_t)key[3] << 32 | key[2];
    uint64_t v[4] = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u,
                     k1 ^ 0x7465646279746573u};

    for (unsigned i = 0; i <= pairs; i++) {
        uint64_t m = i < pairs ? (uint64_t)words[2 * i + 1] << 32 | words[2 * i]
                               : (uint64_t)pairs << 59; // the length, 8 * pairs, in the top octet
        v[3] ^= m;
        rounds(v, 2);
        v[0] ^= m;
    }
    v[2] ^= 0xff;
    rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

// The keyed hash of a pair of endpoints and one word more: 0 for the connection itself.
uint64_t aksu_isn_hash(const struct aksu *net, const struct aksu_pair *pair, uint32_t more)
{
    uint32_t words[4];

    memcpy(words, pair, sizeof *pair);
    words[3] = more;
    return aksu_siphash(net->secret, words, 2);
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
