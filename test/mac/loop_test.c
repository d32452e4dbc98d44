// SPDX-License-Identifier: MIT
// The main loop on a MAC that does what a test says, with a stack behind it.
#include <aksu_baremetal.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { QUEUE = 256, BATCH = 16, ECHO_PORT = 7, IP = 14, ICMP = 34 };

struct frame {
    uint8_t octets[AKSU_FRAME_MAX];
    size_t len;
};

// The MAC: what waits in it, what it has sent, and how much it still takes.
static struct frame in[QUEUE], out[QUEUE];
static unsigned in_first, in_count, sent, room, wanted;

static uint32_t now;
static struct aksu board, peer;
AKSU_STORAGE(board_store, 2, 1, 4096, 256);
AKSU_STORAGE(peer_store, 2, 1, 65535, 0);

uint32_t aksu_clock_ms(void)
{
    return now;
}

void aksu_cpu_sleep(uint32_t ms, bool (*ready)(void *user), void *user)
{
    (void)ready;
    (void)user;
    now += ms;
}

static const void *receive(struct aksu_mac *mac, size_t *len)
{
    (void)mac;
    *len = in[in_first].len;
    return in_count > 0 ? in[in_first].octets : NULL;
}

static void release(struct aksu_mac *mac)
{
    (void)mac;
    in_first = (in_first + 1) % QUEUE;
    in_count--;
}

static void *lend(struct aksu_mac *mac)
{
    (void)mac;
    return room > 0 ? out[sent].octets : NULL;
}

static void send(struct aksu_mac *mac, size_t len)
{
    (void)mac;
    assert_true(sent < QUEUE - 1);
    out[sent++].len = len;
    room--;
}

static void interrupts(struct aksu_mac *mac, unsigned what)
{
    (void)mac;
    wanted = what;
}

static const struct aksu_mac_driver driver = {
    .receive = receive, .release = release, .lend = lend, .send = send, .interrupts = interrupts};
static struct aksu_mac mac = {.driver = &driver};
static struct aksu_port port;

static void start_stack(struct aksu *net, const struct aksu_storage *store, uint8_t number)
{
    struct aksu_config config = {.profile = &aksu_full,
                                 .link = &aksu_ethernet,
                                 .addr = aksu_ipv4(192, 0, 2, number),
                                 .mac = {2, 0, 0, 0, 0, number}};
    const uint8_t entropy[16] = {number};

    assert_int_equal(aksu_init(net, store, &config), AKSU_OK);
    assert_int_equal(aksu_seed(net, entropy, sizeof entropy), AKSU_OK);
    aksu_now(net, now);
}

static int setup(void **state)
{
    (void)state;
    now = 1000;
    in_first = in_count = sent = 0;
    room = QUEUE;
    start_stack(&board, &board_store, 2);
    start_stack(&peer, &peer_store, 1);
    port = (struct aksu_port){.net = &board, .mac = &mac};
    return 0;
}

static void come(const uint8_t *frame, size_t len)
{
    struct frame *f = &in[(in_first + in_count++) % QUEUE];

    assert_true(in_count <= QUEUE);
    memcpy(f->octets, frame, len);
    f->len = len;
}

static void put_sum(uint8_t *to, const uint8_t *from, size_t len)
{
    uint32_t sum = 0;

    to[0] = to[1] = 0;
    for (size_t i = 0; i < len; i += 2) {
        sum += (uint32_t)from[i] << 8 | from[i + 1];
    }
    sum = (sum & 0xFFFF) + (sum >> 16);
    sum = ~(sum + (sum >> 16)) & 0xFFFF;
    to[0] = (uint8_t)(sum >> 8);
    to[1] = (uint8_t)sum;
}

// An echo request (RFC 792).
static void ping(uint8_t number)
{
    uint8_t frame[60] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};
    static const uint8_t ip[20] = {0x45, 0, 0,   28, 0, 0, 0,   0, 64, 1,
                                   0,    0, 192, 0,  2, 1, 192, 0, 2,  2};

    memcpy(frame + IP, ip, sizeof ip);
    put_sum(frame + IP + 10, frame + IP, sizeof ip);
    frame[ICMP] = 8;
    frame[ICMP + 7] = number;
    put_sum(frame + ICMP + 2, frame + ICMP, 8);
    come(frame, sizeof frame);
}

static void pings_of_one_round_are_all_answered_and_none_counts_as_dropped(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 5; i++) {
        ping(i);
    }
    aksu_port_round(&port);
    assert_int_equal(sent, 5);
    for (uint8_t i = 0; i < 5; i++) {
        assert_int_equal(out[i].octets[ICMP], 0);
        assert_int_equal(out[i].octets[ICMP + 7], i);
    }
    assert_int_equal(board.counters.dropped[AKSU_DROP_ECHO_BUSY], 0);
    assert_int_equal(board.counters.frames_in, 5);
}

static void without_room_a_ping_is_dropped_and_counted_once(void **state)
{
    (void)state;
    room = 0;
    for (uint8_t i = 0; i < 5; i++) {
        ping(i);
    }
    aksu_port_round(&port);
    assert_int_equal(wanted, AKSU_MAC_RX | AKSU_MAC_TX);
    assert_int_equal(board.counters.dropped[AKSU_DROP_ECHO_BUSY], 4);
    assert_int_equal(board.counters.frames_in, 5);
    room = 1;
    aksu_port_round(&port);
    assert_int_equal(sent, 1);
}

static void more_than_a_batch_is_taken_in_without_sleep(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 2 * BATCH + 1; i++) {
        ping(i);
    }
    assert_int_equal(aksu_port_round(&port), 0);
    assert_int_equal(in_count, BATCH + 1);
    assert_int_equal(aksu_port_round(&port), 0);
    assert_int_equal(aksu_port_round(&port), AKSU_NEVER);
    assert_int_equal(in_count, 0);
    assert_int_equal(sent, 2 * BATCH + 1);
}

static void to_peer(void)
{
    uint8_t frame[AKSU_FRAME_MAX];
    size_t len;

    for (unsigned i = 0; i < sent; i++) {
        (void)aksu_input(&peer, now, out[i].octets, out[i].len);
    }
    room += sent;
    sent = 0;
    while ((len = aksu_output(&peer, now, frame, sizeof frame)) > 0) {
        come(frame, len);
    }
}

static void on_open(struct aksu *net, aksu_handle conn, void *user)
{
    (void)user;
    aksu_offer(net, conn, 1 << 20);
}

static void emit(struct aksu *net, aksu_handle conn, void *user, uint32_t offset, void *to,
                 size_t len)
{
    (void)net;
    (void)conn;
    (void)user;
    (void)offset;
    memset(to, 'a', len);
}

static void on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    *(size_t *)user += readable;
    aksu_consume(net, conn, readable);
}

// The other direction has its turn, and the loop does not sleep, while more than a batch is to be
// sent.
static void a_stream_is_sent_in_batches(void **state)
{
    static const struct aksu_handlers source = {.on_open = on_open, .emit = emit};
    static const struct aksu_handlers sink = {.on_recv = on_recv};
    const struct aksu_endpoint remote = {aksu_ipv4(192, 0, 2, 2), 19};
    size_t received = 0;
    const size_t *total = &received;
    unsigned full = 0;

    (void)state;
    assert_int_equal(aksu_listen(&board, NULL, 19, 0, &source, NULL), AKSU_OK);
    assert_true(aksu_connect(&peer, &remote, 0, &sink, &received) != 0);
    for (unsigned i = 0; *total < 1 << 20; i++) {
        assert_true(i < 10000);
        to_peer();
        uint32_t sleep_ms;
        unsigned turns = 0;
        do { // what leaves before the peer acknowledges
            unsigned before = sent, waited = in_count;
            sleep_ms = aksu_port_round(&port);
            assert_true(sent - before <= waited + BATCH); // answers, and then a batch
            full += sleep_ms == 0 && sent - before >= BATCH && in_count == 0;
        } while (sleep_ms == 0 && turns++ < 20);
        assert_true(sleep_ms > 0);
        now++;
    }
    assert_int_equal(received, 1 << 20);
    assert_true(full > 10);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pings_of_one_round_are_all_answered_and_none_counts_as_dropped),
        TEST(without_room_a_ping_is_dropped_and_counted_once),
        TEST(more_than_a_batch_is_taken_in_without_sleep),
        TEST(a_stream_is_sent_in_batches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
