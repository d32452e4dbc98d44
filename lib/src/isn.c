// SPDX-License-Identifier: MIT
// What must not be guessed: initial sequence numbers (RFC 6528), timestamp offsets, ephemeral ports
// (RFC 6056). All are SipHash-2-4 of the pair of endpoints under the secret of aksu_seed().
#include "stack.h"

enum { TICKS_PER_MS = 250, PORT_MIN = 1024 };

static uint64_t joined(const uint32_t word[2])
{
    return (uint64_t)word[1] << 32 | word[0];
}

static uint64_t rotated(uint64_t v, unsigned left)
{
    return v << left | v >> (64 - left);
}

// SipHash-2-4 of pairs * 8 octets, given as 32-bit words in little-endian order. A word more is the
// length, and the last turn takes none. The two halves of a SipRound are the same but for the
// amounts, once a and c have changed places.
uint64_t aksu_siphash(const uint32_t key[4], const uint32_t *words, unsigned pairs)
{
    uint64_t a = joined(key) ^ 0x736f6d6570736575;
    uint64_t b = joined(key + 2) ^ 0x646f72616e646f6d;
    uint64_t c = joined(key) ^ 0x6c7967656e657261;
    uint64_t d = joined(key + 2) ^ 0x7465646279746573;
    unsigned halves = 4;

    for (unsigned i = 0; halves == 4; i++) {
        uint64_t word = (uint64_t)pairs << 59; // in octets, the upper 8 bits
        if (i < pairs) {
            word = joined(words + 2 * i);
        } else if (i > pairs) {
            word = 0;
            c ^= 0xff;
            halves = 8;
        }
        d ^= word;
        for (unsigned half = 0; half < halves; half++) {
            uint64_t sum = a + b;
            a = c + d;
            b = (half % 2 ? rotated(b, 17) : rotated(b, 13)) ^ sum;
            d = (half % 2 ? rotated(d, 21) : rotated(d, 16)) ^ a;
            c = rotated(sum, 32);
            if (AKSU_FAST) { // the second half at once
                sum = a + b;
                a = c + d;
                b = rotated(b, 17) ^ sum;
                d = rotated(d, 21) ^ a;
                c = rotated(sum, 32);
                half++;
            }
        }
        a ^= word;
    }
    return a ^ b ^ c ^ d;
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

// RFC 6056 3.3.3 with a fresh offset for each connection: any free port from 1024 on. 0: none. What
// makes it fresh is the row that it will have, too.
uint16_t aksu_isn_port(struct aksu *net, const struct aksu_pair *pair)
{
    const uint32_t range = 65536 - PORT_MIN;
    uint32_t fresh =
        net->ports_chosen++ | (net->free_rows ? (uint32_t)net->free_rows->generation << 8 : 0);
    uint32_t start = (uint32_t)aksu_isn_hash(net, pair, 0x80000000u | fresh);
    struct aksu_pair candidate = *pair;

    start ^= net->now_ms;
    for (uint32_t i = 0; i < range; i++) {
        candidate.local_port = (uint16_t)(PORT_MIN + (start + i) % range);
        if (!aksu_table_knows(net, &candidate) && !aksu_listen_find(net, &candidate)) {
            return candidate.local_port;
        }
    }
    return 0;
}
