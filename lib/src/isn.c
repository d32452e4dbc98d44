// SPDX-License-Identifier: MIT
// What must not be guessed: initial sequence numbers (RFC 6528), timestamp offsets, ephemeral ports
// (RFC 6056). All are SipHash-2-4 of the pair of endpoints under the secret of aksu_seed().
#include "stack.h"

enum { TICKS_PER_MS = 250, PORT_MIN = 1024 };

static uint64_t joined(const uint32_t word[2])
{
    return (uint64_t)word[1] << 32 | word[0];
}

static void split(uint64_t v, uint32_t word[2])
{
    word[0] = (uint32_t)v;
    word[1] = (uint32_t)(v >> 32);
}

static uint64_t rotated(uint64_t v, unsigned left)
{
    return v << left | v >> (64 - left);
}

// SipRounds on v, four 64-bit numbers as low and high words. The two halves of a round are the same
// but for the amounts, once the first and the third number have changed places.
static void rounds(uint32_t v[8], unsigned halves)
{
    uint64_t a = joined(v);
    uint64_t b = joined(v + 2);
    uint64_t c = joined(v + 4);
    uint64_t d = joined(v + 6);

    for (; halves > 0; halves--) {
        bool second = halves % 2;
        uint64_t sum = a + b;
        a = c + d;
        b = (second ? rotated(b, 17) : rotated(b, 13)) ^ sum;
        d = (second ? rotated(d, 21) : rotated(d, 16)) ^ a;
        c = rotated(sum, 32);
    }
    split(a, v);
    split(b, v + 2);
    split(c, v + 4);
    split(d, v + 6);
}

// SipHash-2-4 of pairs * 8 octets, given as 32-bit words in little-endian order.
uint64_t aksu_siphash(const uint32_t key[4], const uint32_t *words, unsigned pairs)
{
    static const uint32_t start[8] = {0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261,
                                      0x6e657261, 0x6c796765, 0x79746573, 0x74656462};
    const uint32_t last[2] = {0, pairs << 27}; // the length in octets
    uint32_t v[8];

    for (unsigned i = 0; i < 8; i++) {
        v[i] = start[i] ^ key[i % 4];
    }
    for (unsigned i = 0; i <= pairs; i++) {
        const uint32_t *word = i < pairs ? words + 2 * i : last;
        v[6] ^= word[0];
        v[7] ^= word[1];
        rounds(v, 4);
        v[0] ^= word[0];
        v[1] ^= word[1];
    }
    v[4] ^= 0xff;
    rounds(v, 8);
    for (unsigned i = 0; i < 6; i++) {
        v[i + 2] ^= v[i];
    }
    return joined(v + 6);
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
