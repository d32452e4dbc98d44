// SPDX-License-Identifier: MIT
// Initial sequence numbers (MUST-8, MUST-9, SHLD-1, R6528-*), ports (R6056-*), timestamp offsets.
#include "frames.h"
#include "stack.h"

AKSU_STORAGE(store, 4, 2, 512, 512);
AKSU_STORAGE(other_store, 4, 2, 512, 512);
#ifndef AKSU_TEST_SMALL // 18 MB: not on a microcontroller
AKSU_STORAGE_WITH(all_ports, 65536, 1, 1, 1, 1, 8);
#endif
static struct host h, other;

static int setup(void **state)
{
    (void)state;
    start(&h, &store);
    listen_on(&h, PORT);
    return 0;
}

// The ISS that a SYN from this port gets now; the half-open connection is ended again.
static uint32_t iss_for(struct host *host, uint16_t sport)
{
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    w.sport = sport;
    assert_int_equal(feed(host, &w), 0);
    assert_true(next(host));
    uint32_t iss = host->got.seq;
    w = tcp(AKSU_RST, 1001, 0, 0);
    w.sport = sport;
    feed(host, &w);
    drain(host);
    return iss;
}

// MUST-8: 250 ticks a millisecond, for the same tuple.
static void clock_driven(void **state)
{
    (void)state;
    uint32_t first = iss_for(&h, PEER_PORT);
    h.now += 1000;
    uint32_t second = iss_for(&h, PEER_PORT);
    assert_in_range(second - first, 250000 - 300, 250000 + 300);
    h.now += 65536; // across the wrap of the millisecond clock
    assert_in_range(iss_for(&h, PEER_PORT) - second, 16384000 - 300, 16384000 + 300);
}

// R6528-03: each incarnation begins above the one before.
static void monotonic(void **state)
{
    (void)state;
    uint32_t last = iss_for(&h, PEER_PORT);
    for (unsigned i = 0; i < 100; i++) {
        h.now += 1 + i;
        uint32_t iss = iss_for(&h, PEER_PORT);
        assert_true((int32_t)(iss - last) > 0);
        last = iss;
    }
}

// SHLD-1: with the clock standing still, numbers for different tuples look random.
static void keyed(void **state)
{
    (void)state;
    enum { N = 4096, BINS = 64 };
    unsigned bins[2][BINS] = {{0}};
    uint32_t last = 0;
    for (unsigned i = 0; i < N; i++) {
        uint32_t iss = iss_for(&h, (uint16_t)(1024 + i));
        bins[0][iss >> 26]++;
        bins[1][(iss - last) >> 26]++;
        last = iss;
    }
    for (unsigned k = 0; k < 2; k++) {
        double chi = 0, want = (double)N / BINS;
        for (unsigned i = 0; i < BINS; i++)
            chi += (bins[k][i] - want) * (bins[k][i] - want) / want;
        assert_true(chi < 120); // 63 degrees of freedom: one in 10^5
    }
}

// MUST-9, R6528-02: another secret, other numbers; the same secret, the same.
static void secret(void **state)
{
    (void)state;
    struct aksu_config config = default_config();
    unsigned same = 0;
    start_with(&other, &other_store, &config);
    listen_on(&other, PORT);
    assert_int_equal(iss_for(&other, PEER_PORT), iss_for(&h, PEER_PORT));
    assert_int_equal(aksu_seed(&other.net, "sixteen octets!?", 16), AKSU_OK);
    for (uint16_t i = 0; i < 100; i++)
        same += iss_for(&other, (uint16_t)(2000 + i)) == iss_for(&h, (uint16_t)(2000 + i));
    assert_true(same <= 1);
}

// Each octet of the secret counts, also of a longer one.
static void whole_secret_counts(void **state)
{
    (void)state;
    uint8_t entropy[40];
    uint32_t zero = 0;
    for (unsigned i = 0; i <= 40; i++) {
        memset(entropy, 0, sizeof entropy);
        if (i > 0)
            entropy[i - 1] = 1;
        start(&h, &store);
        assert_int_equal(aksu_seed(&h.net, entropy, 40), AKSU_OK);
        listen_on(&h, PORT);
        uint32_t iss = iss_for(&h, PEER_PORT);
        if (i == 0)
            zero = iss;
        else if (iss == zero)
            fail_msg("octet %u does not count", i - 1);
    }
}

// Chaskey's permutation of so many rounds, as its authors write it.
static void permute(uint32_t v[4], unsigned rounds)
{
#define ROTATED(x, left) ((x) << (left) | (x) >> (32 - (left)))
    while (rounds-- > 0) {
        v[0] += v[1], v[1] = ROTATED(v[1], 5), v[1] ^= v[0], v[0] = ROTATED(v[0], 16);
        v[2] += v[3], v[3] = ROTATED(v[3], 8), v[3] ^= v[2];
        v[0] += v[3], v[3] = ROTATED(v[3], 13), v[3] ^= v[0];
        v[2] += v[1], v[1] = ROTATED(v[1], 7), v[1] ^= v[2], v[2] = ROTATED(v[2], 16);
    }
#undef ROTATED
}

// The permutation of a block under whitening keys.
static void encipher(const uint32_t in[4], const uint32_t out[4], uint32_t v[4], unsigned rounds)
{
    for (unsigned i = 0; i < 4; i++)
        v[i] ^= in[i];
    permute(v, rounds);
    for (unsigned i = 0; i < 4; i++)
        v[i] ^= out[i];
}

// Twice a key, in the field of 2^128 elements.
static void twice(const uint32_t key[4], uint32_t to[4])
{
    for (unsigned i = 0; i < 4; i++)
        to[i] = key[i] << 1 | (i > 0 ? key[i - 1] >> 31 : 0);
    to[0] ^= key[3] >> 31 ? 0x87 : 0;
}

// The permutation written here is Chaskey's: with 8 rounds it makes its authors' test vectors, of
// no octets, and of one; the library's hash is the same with 12.
static void hash_vectors(void **state)
{
    (void)state;
    static const uint32_t key[4] = {0x833d3433, 0x009f389f, 0x2398e64f, 0x417acf39};
    static const uint32_t want[2][4] = {{0x792e8fe5, 0x75ce87aa, 0x2d1450b5, 0x1191970b},
                                        {0x13a9307b, 0x50e62c89, 0x4577bd88, 0xc0bbdc18}};
    uint32_t once[4], last[4], mixed[4];
    twice(key, once);
    twice(once, last); // for a block that is padded
    for (unsigned i = 0; i < 4; i++)
        mixed[i] = key[i] ^ last[i];
    for (unsigned len = 0; len < 2; len++) {
        uint32_t v[4] = {len ? 0x100 : 1}; // no octet, or one of zero, and the padding
        encipher(mixed, last, v, 8);
        assert_memory_equal(v, want[len], sizeof v);
    }
    for (uint32_t i = 0; i < 1000; i++) {
        const uint32_t block[4] = {i, i * 0x9e3779b9, ~i, i << 20};
        uint32_t v[4];
        memcpy(v, block, sizeof v);
        encipher(key, key, v, 12);
        assert_int_equal(aksu_hash(key, block), (uint64_t)v[1] << 32 | v[0]);
    }
}

// R6528-02: without a secret nothing opens.
static void no_secret(void **state)
{
    (void)state;
    struct aksu_config config = default_config();
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    memset(&h, 0, sizeof h);
    assert_int_equal(aksu_init(&h.net, &store, &config), AKSU_OK);
    assert_int_equal(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app), AKSU_ENOKEY);
    assert_int_equal(aksu_listen(&h.net, NULL, PORT, 0, &app_handlers, &h.app), AKSU_ENOKEY);
    assert_int_equal(aksu_seed(&h.net, "fifteen octets!", 15), AKSU_EINVAL);
    assert_int_equal(aksu_listen(&h.net, NULL, PORT, 0, &app_handlers, &h.app), AKSU_ENOKEY);
    assert_int_equal(aksu_seed(&h.net, "sixteen octets!!", 16), AKSU_OK);
    assert_int_equal(aksu_listen(&h.net, NULL, PORT, 0, &app_handlers, &h.app), AKSU_OK);
}

// The port of an active open, aborted again.
static uint16_t port_chosen(void)
{
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    struct aksu_info info;
    aksu_handle conn = aksu_connect(&h.net, &to, 0, &app_handlers, &h.app);
    assert_true(conn > 0);
    assert_int_equal(aksu_info(&h.net, conn, &info), AKSU_OK);
    assert_int_equal(aksu_abort(&h.net, conn), AKSU_OK);
    drain(&h);
    assert_int_equal(aksu_connections(&h.net), 0);
    return info.local.port;
}

// R6056-01: 1024 to 65535, all of it.
static void port_range(void **state)
{
    (void)state;
    enum { N = 4000, BINS = 63 };
    unsigned bins[BINS] = {0};
    for (unsigned i = 0; i < N; i++) {
        uint16_t port = port_chosen();
        assert_true(port >= 1024);
        bins[(port - 1024) / 1024]++;
        h.now++;
    }
    double chi = 0, want = (double)N / BINS;
    for (unsigned i = 0; i < BINS; i++)
        chi += (bins[i] - want) * (bins[i] - want) / want;
    assert_true(chi < 120);
}

// R6056-02: the next one is not the last one and a constant.
static void port_is_not_predictable(void **state)
{
    (void)state;
    unsigned hits = 0;
    uint16_t a = port_chosen(), b = port_chosen();
    for (unsigned i = 0; i < 500; i++) {
        uint16_t c = port_chosen();
        hits += (uint16_t)(c - b) == (uint16_t)(b - a);
        a = b;
        b = c;
    }
    assert_true(hits <= 3);
}

// R6056-03: no tuple twice, no port that is listened on for... the same peer.
static void port_in_use(void **state)
{
    (void)state;
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    uint16_t seen[4];
    for (unsigned i = 0; i < 4; i++) {
        struct aksu_info info;
        aksu_handle conn = aksu_connect(&h.net, &to, 0, &app_handlers, &h.app);
        assert_int_equal(aksu_info(&h.net, conn, &info), AKSU_OK);
        seen[i] = info.local.port;
        for (unsigned j = 0; j < i; j++)
            assert_int_not_equal(seen[i], seen[j]);
    }
}

// What can hold the port that would be chosen next.
enum holder { NOBODY, CONNECTION, TIME_WAIT, LISTENER, OTHER_PEER };

static void hold(enum holder holder, uint16_t port)
{
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, holder == OTHER_PEER ? 3 : 2), 80};
    if (holder == LISTENER)
        listen_on(&h, port);
    if (holder == NOBODY || holder == LISTENER)
        return;
    aksu_handle conn = aksu_connect(&h.net, &to, port, &app_handlers, &h.app);
    assert_true(conn > 0);
    if (holder != TIME_WAIT)
        return;
    drain(&h);
    answer_arp(&h, PEER, peer_mac);
    assert_true(next(&h));
    assert_int_equal(h.got.flags, AKSU_SYN);
    struct wire w = tcp(AKSU_SYN | AKSU_ACK, 1000, h.got.seq + 1, 0);
    w.sport = 80;
    w.dport = port;
    assert_int_equal(feed(&h, &w), 0);
    assert_int_equal(aksu_close(&h.net, conn, 0), AKSU_OK);
    drain(&h);
    w = tcp(AKSU_FIN | AKSU_ACK, 1001, h.got.seq + 1, 0);
    w.sport = 80;
    w.dport = port;
    assert_int_equal(feed(&h, &w), 0);
    drain(&h);
    assert_int_equal(aksu_connections(&h.net), 0);
    assert_int_equal(h.app.close_reason, AKSU_OK);
}

// R6056-03: a tuple in use or in TIME-WAIT is passed over, and so is a port that is listened on;
// not one that leads to another peer. The same secret and time choose the same port again.
static void port_is_passed_over(void **state)
{
    (void)state;
    static const bool passed_over[] = {false, true, true, true, false};
    setup(NULL);
    uint16_t first = port_chosen();
    for (enum holder holder = NOBODY; holder <= OTHER_PEER; holder++) {
        struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
        struct aksu_info info;
        setup(NULL);
        hold(holder, first);
        aksu_handle conn = aksu_connect(&h.net, &to, 0, &app_handlers, &h.app);
        assert_int_equal(aksu_info(&h.net, conn, &info), AKSU_OK);
        assert_int_equal(info.local.port != first, passed_over[holder]);
    }
}

#ifndef AKSU_TEST_SMALL
// R6056-03: all ports to a peer are in use: that is said; the only free one is found.
static void ports_exhausted(void **state)
{
    (void)state;
    static const uint16_t freed[] = {1024, 50000, 65535};
    static aksu_handle conns[65536];
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), 80};
    struct aksu_info info;
    start(&h, &all_ports);
    for (unsigned port = 1024; port <= 65535; port++) {
        conns[port] = aksu_connect(&h.net, &to, (uint16_t)port, &app_handlers, &h.app);
        assert_true(conns[port] > 0);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app), AKSU_EADDRINUSE);
        assert_int_equal(aksu_connections(&h.net), 65536 - 1024);
        assert_int_equal(aksu_abort(&h.net, conns[freed[i]]), AKSU_OK);
        struct wire w = tcp(AKSU_RST, 1, 0, 0); // whatever comes for it finds that it is over
        w.sport = 80;
        w.dport = freed[i];
        assert_true(feed(&h, &w) < 0);
        assert_int_equal(h.app.closes, i + 1);
        aksu_handle conn = aksu_connect(&h.net, &to, 0, &app_handlers, &h.app);
        assert_int_equal(aksu_info(&h.net, conn, &info), AKSU_OK);
        assert_int_equal(info.local.port, freed[i]);
    }
    to.port++; // another endpoint of the same peer
    assert_true(aksu_connect(&h.net, &to, 0, &app_handlers, &h.app) > 0);
}
#endif

// R7323-14: timestamps of different connections do not tell the time since boot.
static void timestamp_offsets(void **state)
{
    (void)state;
    uint32_t values[20];
    for (unsigned i = 0; i < 20; i++) {
        struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
        w.sport = (uint16_t)(3000 + i);
        put_timestamps(&w, 1, 0);
        assert_int_equal(feed(&h, &w), 0);
        assert_true(next(&h));
        values[i] = h.got.tsval;
        for (unsigned j = 0; j < i; j++)
            assert_true(values[i] - values[j] > 1000 && values[j] - values[i] > 1000);
        w = tcp(AKSU_RST, 1001, 0, 0);
        w.sport = (uint16_t)(3000 + i);
        feed(&h, &w);
        drain(&h);
    }
}

// The same octets twice do not take themselves out again.
static void same_entropy_twice(void **state)
{
    (void)state;
    struct aksu_config config = default_config();
    uint32_t got[2];
    for (unsigned i = 0; i < 2; i++) {
        const char *entropy = i ? "sixteen octets a" : "sixteen octets b";
        memset(&h, 0, sizeof h);
        assert_int_equal(aksu_init(&h.net, &store, &config), AKSU_OK);
        assert_int_equal(aksu_seed(&h.net, entropy, 16), AKSU_OK);
        assert_int_equal(aksu_seed(&h.net, entropy, 16), AKSU_OK);
        listen_on(&h, PORT);
        got[i] = iss_for(&h, PEER_PORT);
    }
    assert_int_not_equal(got[0], got[1]);
}

#define T(f) cmocka_unit_test_setup(f, setup)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(same_entropy_twice),
        T(clock_driven),
        T(monotonic),
        T(keyed),
        T(secret),
        T(whole_secret_counts),
        T(no_secret),
        T(port_range),
        T(port_is_not_predictable),
        T(port_in_use),
        T(port_is_passed_over),
#ifndef AKSU_TEST_SMALL
        T(ports_exhausted),
#endif
        T(timestamp_offsets),
        T(hash_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
