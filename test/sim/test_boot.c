// SPDX-License-Identifier: MIT
// A host that has nothing fetches a page of a server that has a name, over links that lose, repeat,
// reorder and corrupt: DHCP, DNS and TCP until all is there, whatever is lost on the way.
#include "sim_test.h"

#include <examples.h>

enum { SEEDS = 100, HEADERS = 42, FIXED = 236 };

static const uint64_t HOUR_US = 3600 * UINT64_C(1000000);

// --- Servers of DHCP and DNS: they repeat what they were asked, with an answer ---

struct service {
    struct aksu_udp udp;
    uint8_t answer[600];
    size_t len;
    unsigned asked;
};

static struct service dns_service;
static unsigned dhcp_asked;
static uint8_t given[4] = {10, 0, 0, 77};

// A station without a stack, since a stack takes nothing from 0.0.0.0.
static void asked_for_address(void *user, struct aksu_sim_host *wire, const uint8_t *frame,
                              size_t len)
{
    static const uint8_t options[] = {54, 4,   10,  0,   0, 3, 51, 4,  0, 0, 2, 0,  1,
                                      4,  255, 255, 255, 0, 6, 4,  10, 0, 0, 2, 255};
    static const uint8_t header[] = {0x45, 0, 1,   0x28, 0,   0,   0, 0,  64, 17, 0, 0,    10, 0,
                                     0,    3, 255, 255,  255, 255, 0, 67, 0,  68, 1, 0x14, 0,  0};
    const uint8_t *message = frame + HEADERS;
    uint8_t answer[HEADERS + FIXED + 40] = {0};
    uint8_t *p = answer + HEADERS;
    uint32_t sum = 0;
    (void)user;
    if (len < HEADERS + FIXED + 7 || frame[12] != 8 || frame[13] != 0 || frame[23] != 17 ||
        frame[37] != 67)
        return;
    uint8_t type = message[FIXED + 6];
    dhcp_asked++;
    if (type != 1 && type != 3)
        return; // DECLINE, RELEASE
    memset(answer, 0xff, 6);
    memcpy(answer + 6, aksu_sim_mac(wire), 6);
    answer[12] = 8;
    memcpy(answer + 14, header, sizeof header);
    for (unsigned i = 0; i < 20; i += 2)
        sum += (uint32_t)header[i] << 8 | header[i + 1];
    sum = ~((sum & 0xffff) + (sum >> 16));
    answer[24] = (uint8_t)(sum >> 8);
    answer[25] = (uint8_t)sum;
    memcpy(p, message, FIXED + 7);
    p[0] = 2;
    memcpy(p + 16, given, 4);
    p[FIXED + 6] = type == 1 ? 2 : 5;
    memcpy(p + FIXED + 7, options, sizeof options);
    aksu_sim_inject(wire, answer, 14 + 0x128);
}

static void asked_for_name(struct aksu *net, struct aksu_udp *udp, const struct aksu_packet *packet,
                           const void *data, size_t len)
{
    static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4, 10, 0, 0, 2};
    struct service *s = (struct service *)udp;
    assert_true(len >= 12 && len + sizeof record <= sizeof s->answer);
    s->asked++;
    memcpy(s->answer, data, len);
    s->answer[2] = 0x81;
    s->answer[3] = 0x80;
    s->answer[7] = 1;
    memcpy(s->answer + len, record, sizeof record);
    s->len = len + sizeof record;
    aksu_udp_answer(net, udp, packet);
}

static size_t write_answer(struct aksu *net, struct aksu_udp *udp, void *to, size_t room)
{
    const struct service *s = (const struct service *)udp;
    (void)net;
    assert_true(s->len <= room);
    memcpy(to, s->answer, s->len);
    return s->len;
}

static const struct aksu_udp_handlers dns_handlers = {.on_datagram = asked_for_name,
                                                      .write = write_answer};

// --- The client ---

static struct http_request request;
static struct http_boot boot;
static struct aksu *client_net;
static unsigned done, good;

static void on_done(struct http_request *r, int status, int error)
{
    done++;
    if (error == AKSU_OK) {
        assert_int_equal(status, 200);
        assert_int_equal(r->body, 20000);
        good++;
    } else { // no answer from DNS, or no station from ARP
        assert_true(error == AKSU_ETIMEDOUT || error == AKSU_EHOSTUNREACH);
    }
    http_boot_end(client_net, &boot);
}

static bool fetches(uint64_t seed, const struct aksu_sim_path *path)
{
    struct aksu_sim *sim = aksu_sim_new(seed);
    struct aksu_sim_host *client =
        aksu_sim_host(sim, &(struct aksu_sim_config){.name = "client", .clock_ms = 0xfffff000u});
    struct aksu_sim_host *server = aksu_sim_host(sim, &(struct aksu_sim_config){.name = "server"});
    struct aksu_sim_host *dhcp =
        aksu_sim_wire(sim, "dhcp", aksu_ipv4(10, 0, 0, 3), asked_for_address, NULL);
    struct aksu_sim_switch *hub = aksu_sim_switch(sim);
    aksu_sim_plug(hub, client, path, path);
    aksu_sim_plug(hub, server, path, path);
    aksu_sim_plug(hub, dhcp, path, path);
    memset(&boot, 0, sizeof boot);
    memset(&request, 0, sizeof request);
    done = 0;
    client_net = aksu_sim_net(client);
    struct aksu *net = aksu_sim_net(server);
    assert_int_equal(http_server_start(net, 80), AKSU_OK);
    assert_int_equal(aksu_udp_open(net, &dns_service.udp, 53, &dns_handlers), AKSU_OK);
    request.host = "www.example.com";
    request.path = "/20000.bin";
    request.on_done = on_done;
    boot.request = &request;
    boot.port = 80;
    assert_int_equal(http_boot(client_net, &boot), AKSU_OK);
    int broken = aksu_sim_run(sim, HOUR_US);
    bool right = broken == 0 && done == 1;
    if (!right)
        print_error("seed %u, asked %u %u, state %u, addr %x, status %d: %s\n", (unsigned)seed,
                    dhcp_asked, dns_service.asked, boot.dhcp.state, (unsigned)client_net->addr,
                    request.status, broken ? aksu_sim_error(sim) : "the page did not come");
    aksu_sim_free(sim);
    return right;
}

static void good_link(void **state)
{
    struct aksu_sim_path path = {.delay_us = 1000};
    (void)state;
    dhcp_asked = dns_service.asked = 0;
    good = 0;
    assert_true(fetches(1, &path));
    assert_int_equal(good, 1);
    assert_int_equal(dhcp_asked, 4); // DISCOVER, two REQUESTs, RELEASE
    assert_int_equal(dns_service.asked, 1);
}

static void bad_links(void **state)
{
    struct aksu_sim_path path = {
        .delay_us = 5000, .loss = 0.1, .duplicate = 0.1, .reorder = 0.2, .corrupt = 0.05};
    (void)state;
    good = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        assert_true(fetches(seed, &path)); // whatever is lost, it ends
    print_message("%u of %u pages\n", good, SEEDS);
    assert_true(good >= SEEDS * 3 / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(good_link), cmocka_unit_test(bad_links)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
