// SPDX-License-Identifier: MIT
// What must not be guessed: initial sequence numbers (RFC 6528), timestamp offsets, ephemeral ports
// (RFC 6056). All are SipHash-2-4 of the pair of endpoints under the secret of aksu_seed().
#include "stack.h"

enum { TICKS_PER_MS = 250, PORT_MIN = 1024 };

// SipRounds on v, four 64-bit numbers as low and high words. Each round is four steps: a += b, then
// b is rotated to the left and mixed with a; in every other step a's words change places.
static void rounds(uint32_t v[8], unsigned times)
{
    static const uint8_t step[4][3] = {{0, 2, 13}, {4, 6, 16}, {4, 2, 17}, {0, 6, 21}};

    for (unsigned i = 0; i < 4 * times; i++) {
        uint32_t *a = v + step[i % 4][0];
        uint32_t *b = v + step[i % 4][1];
        unsigned left = step[i % 4][2];
        uint32_t low = b[0];
        uint32_t high = b[1];
        uint32_t sum = a[0] + low;
        uint32_t sum_high = a[1] + high + (sum < low);

        b[0] = (low << left | high >> (32 - left)) ^ sum;
        b[1] = (high << left | low >> (32 - left)) ^ sum_high;
        a[~i & 1] = sum;
        a[i & 1] = sum_high;
    }
}

// SipHash-2-4 of pairs * 8 octets, given as 32-bit words in little-endian order.
uint64_t aksu_siphash(const uint32_t key[4], const uint32_t *words, unsigned pairs)
{
    static const uint32_t start[8] = {0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261,
                                      0x6e657261, 0x6c796765, 0x79746573, 0x74656462};
    uint32_t v[8];

    for (unsigned i = 0; i < 8; i++) {
        v[i] = start[i] ^ key[i % 4];
    }
    for (unsigned i = 0; i <= pairs; i++) {
        uint32_t low = i < pairs ? words[2 * i] : 0;
        uint32_t high = i < pairs ? words[2 * i + 1] : pairs << 27; // last: the length in octets
        v[6] ^= low;
        v[7] ^= high;
        rounds(v, 2);
        v[0] ^= low;
        v[1] ^= high;
    }
    v[4] ^= 0xff;
    rounds(v, 4);
    return (uint64_t)(v[1] ^ v[3] ^ v[5] ^ v[7]) << 32 | (v[0] ^ v[2] ^ v[4] ^ v[6]);
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
