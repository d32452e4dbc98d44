// SPDX-License-Identifier: MIT
// What must not be guessed: initial sequence numbers (RFC 6528), timestamp offsets, ephemeral ports
// (RFC 6056). All are SipHash-2-4 of the pair of endpoints under the secret of aksu_seed().
#include "stack.h"

enum { TICKS_PER_MS = 250, PORT_MIN = 1024 };

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

// v[1] and v[3] are mixed into v[a] and v[c].
static void half_round(uint64_t v[4], unsigned a, unsigned c, unsigned left, unsigned right)
{
    v[a] += v[1];
    v[c] += v[3];
    v[1] = rotate(v[1], left) ^ v[a];
    v[3] = rotate(v[3], right) ^ v[c];
    v[a] = rotate(v[a], 32);
}

static void rounds(uint64_t v[4], unsigned times)
{
    for (; times > 0; times--) {
        half_round(v, 0, 2, 13, 16);
        half_round(v, 2, 0, 17, 21);
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

// RFC 6528 3: ISN = M + F(endpoints, secret), M a clock of 4 microseconds. The other half of the
// hash is the connection's salt.
void aksu_isn_open(const struct aksu *net, const struct aksu_packet *ip, struct aksu_open *open)
{
    uint32_t words[4] = {ip->remote, ip->local, (uint32_t)ip->remote_port << 16 | ip->local_port,
                         0};
    uint64_t hash = aksu_siphash(net->secret, words, 2);

    open->iss = net->now_ms * TICKS_PER_MS + (uint32_t)hash;
    open->salt = (uint32_t)(hash >> 32);
    open->rcv_buf = net->store->rx_octets;
    open->mss = (uint16_t)(net->mtu - AKSU_IPV4_LEN - AKSU_TCP_LEN);
}

static bool port_free(struct aksu *net, const struct aksu_packet *ip)
{
    return !aksu_table_find(net, ip) && !aksu_time_wait_find(net, ip) &&
           !aksu_listen_find(net, ip->local, ip->local_port);
}

// RFC 6056 3.3.3 with a fresh offset for each connection: any free port from 1024 on. 0: none.
uint16_t aksu_isn_port(struct aksu *net, const struct aksu_packet *ip)
{
    const uint32_t range = 65536 - PORT_MIN;
    uint32_t words[4] = {ip->remote, ip->local, ip->remote_port, 0x80000000u | net->ports_chosen++};
    uint32_t start = (uint32_t)aksu_siphash(net->secret, words, 2) ^ net->now_ms;
    struct aksu_packet candidate = *ip;

    for (uint32_t i = 0; i < range; i++) {
        candidate.local_port = (uint16_t)(PORT_MIN + (start + i) % range);
        if (port_free(net, &candidate)) {
            return candidate.local_port;
        }
    }
    return 0;
}
