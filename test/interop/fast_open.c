// SPDX-License-Identifier: MIT
// TCP Fast Open with Linux (RFC 7413): an echo server that takes data with the SYN, and a client
// that sends its request with it. All that passes is captured.
//
// usage: interop_fast_open IFACE LOCAL PCAP server PORT             until SIGINT
//        interop_fast_open IFACE LOCAL PCAP REMOTE PORT COUNT OCTETS   requests, one after the
//        other
// LOCAL and REMOTE are addresses of one version of IP.
#include <aksu_capture.h>
#include <aksu/ipv6.h>
#include <aksu_posix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

AKSU_STORAGE(memory, 8, 1, 16384, 16384);
AKSU_FAST_OPEN(fast, 4, 8);
AKSU_IPV6(ipv6, 8);

static struct aksu net;
static struct aksu_profile profile;
static struct aksu_endpoint remote;
static volatile sig_atomic_t stop;
static unsigned early, late; // connections of the server, by what opened them
static unsigned left, with_syn;
static uint32_t octets, received, wrong;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static void echo_open(struct aksu *stack, aksu_handle conn, void *user)
{
    struct aksu_info info;

    (void)user;
    (void)aksu_info(stack, conn, &info);
    *((info.tcb->flags & AKSU_F_SYN_UNACKED) ? &early : &late) += 1;
}

static void echo_recv(struct aksu *stack, aksu_handle conn, void *user, size_t readable)
{
    const void *from;
    size_t len;

    (void)user;
    (void)readable;
    while ((from = aksu_peek(stack, conn, &len)) != NULL) {
        int32_t n = aksu_send(stack, conn, from, len);
        if (n <= 0) {
            return;
        }
        (void)aksu_consume(stack, conn, (size_t)n);
    }
}

static void echo_sent(struct aksu *stack, aksu_handle conn, void *user, size_t acked)
{
    echo_recv(stack, conn, user, acked);
}

static void echo_end(struct aksu *stack, aksu_handle conn, void *user)
{
    (void)user;
    (void)aksu_close(stack, conn, 0);
}

static const struct aksu_handlers echo = {
    .on_open = echo_open, .on_recv = echo_recv, .on_sent = echo_sent, .on_end = echo_end};

static void request(void);

static uint8_t octet(uint32_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

static void answer_recv(struct aksu *stack, aksu_handle conn, void *user, size_t readable)
{
    uint8_t part[1024];
    int32_t n;

    (void)user;
    (void)readable;
    while ((n = aksu_recv(stack, conn, part, sizeof part)) > 0) {
        for (int32_t i = 0; i < n; i++) {
            wrong += part[i] != octet(received++);
        }
    }
    if (received == octets) {
        (void)aksu_close(stack, conn, 0);
    }
}

static void answer_close(struct aksu *stack, aksu_handle conn, void *user, int error)
{
    (void)stack;
    (void)conn;
    (void)user;
    wrong += error != AKSU_OK || received != octets;
    if (--left > 0) {
        request();
    }
}

static const struct aksu_handlers answer = {.on_recv = answer_recv, .on_close = answer_close};

static void request(void)
{
    static uint8_t text[16384];
    aksu_handle conn = aksu_connect(&net, &remote, 0, &answer, NULL);

    received = 0;
    for (uint32_t i = 0; i < octets; i++) {
        text[i] = octet(i);
    }
    with_syn += aksu_fast_open(&net, conn) > 0;
    wrong += aksu_send(&net, conn, text, octets) != (int32_t)octets;
}

static bool answered(void *user)
{
    (void)user;
    return left == 0;
}

// Whether our addresses are in use.
static bool claimed(void *user)
{
    (void)user;
    return aksu_ipv6_address(&net, 0)->state == AKSU_IPV6_READY &&
           aksu_ipv6_address(&net, 1)->state == AKSU_IPV6_READY;
}

// An address of IPv6, beside the one of IPv4 that the stack began with.
static int start_ipv6(struct aksu_device *device, const struct aksu_addr *addr)
{
    struct aksu_loop loop = {.stop = &stop, .done = claimed};

    return aksu_ipv6_start(&net, &ipv6, NULL) || aksu_ipv6_client(&net) ||
           aksu_ipv6_add(&net, addr, 64) || aksu_posix_run(&net, device, &loop);
}

static int fail(const char *what)
{
    printf("fast_open: %s\n", what);
    return 1;
}

int main(int argc, char **argv)
{
    struct aksu_config config = {
        .profile = &profile, .link = &aksu_ethernet, .mac = {2, 0, 0, 0, 0, 9}};
    struct aksu_device device, wire;
    struct aksu_pcapng pcap;
    struct aksu_loop loop = {.stop = &stop};
    struct aksu_addr local;

    profile = aksu_full;
    profile.fast_open = &fast;
    if (argc < 6 || aksu_parse_addr(argv[2], &local)) {
        return fail("arguments");
    }
    bool six = strchr(argv[2], ':') != NULL;

    config.addr = six ? aksu_ipv4(192, 0, 2, 2) : local;
    if (aksu_init(&net, &memory, &config) || aksu_posix_seed(&net)) {
        return fail("start");
    }
    if (aksu_posix_packet(&wire, argv[1]) || aksu_pcapng_open(&pcap, argv[3], 1, argv[1])) {
        return fail("interface or capture");
    }
    aksu_posix_capture(&device, &wire, &pcap);
    signal(SIGINT, on_signal);
    aksu_now(&net, aksu_posix_ms());
    if (six && start_ipv6(&device, &local)) {
        return fail("IPv6");
    }
    if (argc == 6) {
        (void)aksu_listen(&net, NULL, (uint16_t)atoi(argv[5]), 0, &echo, NULL);
    } else if (argc == 8 && aksu_parse_addr(argv[4], &remote.addr) == AKSU_OK) {
        remote.port = (uint16_t)atoi(argv[5]);
        left = (unsigned)atoi(argv[6]);
        octets = (uint32_t)atoi(argv[7]);
        loop.done = answered;
        request();
    }
    int error = aksu_posix_run(&net, &device, &loop);

    (void)aksu_pcapng_close(&pcap);
    printf("{\"early\": %u, \"late\": %u, \"with_syn\": %u, \"left\": %u, \"wrong\": %u}\n", early,
           late, with_syn, left, (unsigned)wrong);
    return error != 0;
}
