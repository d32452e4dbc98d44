// SPDX-License-Identifier: MIT
// aksu-host: an aksu stack on a raw socket, a TAP or a TUN interface, running one of the examples.
#include "host.h"

#include <aksu/dhcp6.h>
#include <aksu/ipv6.h>
#include <aksu/mdns.h>
#include <aksu/reassemble.h>
#include <aksu/udp.h>
#include <aksu_capture.h>
#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

AKSU_STORAGE_WITH(rows_4, 4, 8, 65536, 65536, 8, 65515);
AKSU_STORAGE_WITH(rows_64, 64, 8, 262144, 262144, 128, 65515);
AKSU_STORAGE_WITH(rows_1024, 1024, 8, 65536, 65536, 2048, 65515);
AKSU_BOARDS(boards, 1024, 64);
AKSU_IPV6(ipv6, 1024);
AKSU_UDP_IPV6(udp_ipv6, 8);
AKSU_REASSEMBLY(pieces, 4, 65528);
AKSU_REASSEMBLY(pieces6, 4, 65528);
static struct aksu_carrier carrier;

struct settings {
    enum { NONE, PACKET, TAP, TUN } kind;
    const char *interface;
    const char *pcap;
    const char *name;
    const struct aksu_storage *storage;
    struct aksu_config config;
    bool trace;
    bool counters;
    bool has_mac;
    bool ipv6;
    bool dhcp6;
    uint8_t prefix6;
    struct aksu_addr addr6;
};

static volatile sig_atomic_t stop;
static struct aksu net;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static void help(void)
{
    printf(
        "usage: aksu-host DEVICE [--addr A.B.C.D[/PREFIX]] [OPTION]... APPLICATION [ARGUMENT]...\n"
        "\n"
        "devices:\n"
        "  --packet IFACE   raw socket on an interface that has no address of its own\n"
        "  --tap NAME       TAP interface: the kernel is at the other end\n"
        "  --tun NAME       TUN interface\n"
        "options:\n"
        "  --gateway A.B.C.D   --mac XX:XX:XX:XX:XX:XX   --mtu N (the interface's)\n"
        "  --profile lean|standard|full|plpmtud (full)   --rows 4|64|1024 (64)\n"
        "  --dhcp6          asks DHCPv6 for name servers, and prints them; with --ipv6\n"
        "  --name NAME      answers to NAME.local, or NAME-2.local ... if another host has it\n"
        "  --pcap FILE      writes every frame to a capture\n"
        "  --trace          prints every change of state\n"
        "  --counters       prints the counters at the end\n"
        "applications:\n");
    for (unsigned i = 0; i < host_app_count; i++) {
        printf("  %s %s\n", host_apps[i].name, host_apps[i].arguments);
    }
}

static int complain(const char *what, const char *value)
{
    fprintf(stderr, "aksu-host: %s: %s (aksu-host --help tells more)\n", what, value);
    return 2;
}

static bool parse_address(const char *text, struct aksu_config *config)
{
    char host[64];
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    uint64_t prefix = 24;

    if (len >= sizeof host || (slash && !parse_number(slash + 1, 32, &prefix)) || prefix == 0) {
        return false;
    }
    memcpy(host, text, len);
    host[len] = '\0';
    config->prefix = (uint8_t)prefix;
    return aksu_parse_addr(host, &config->addr) == AKSU_OK;
}

static bool parse_ipv6(const char *text, struct settings *s)
{
    char host[64];
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    uint64_t prefix = 64;

    if (len >= sizeof host || (slash && !parse_number(slash + 1, 128, &prefix))) {
        return false;
    }
    memcpy(host, text, len);
    host[len] = '\0';
    s->prefix6 = (uint8_t)prefix;
    s->ipv6 = true;
    return strcmp(host, "auto") == 0 || aksu_parse_addr(host, &s->addr6) == AKSU_OK;
}

static bool parse_mac(const char *text, uint8_t mac[6])
{
    unsigned v[6];
    char rest;

    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5],
               &rest) != 6) {
        return false;
    }
    for (unsigned i = 0; i < 6; i++) {
        mac[i] = (uint8_t)v[i];
    }
    return (mac[0] & 1) == 0;
}

// aksu_full that discovers the path's MTU.
static const struct aksu_profile *plpmtud(void)
{
    static struct aksu_profile profile;

    profile = aksu_full;
    profile.recovery = &aksu_plpmtud;
    return &profile;
}

static bool parse_profile(const char *text, const struct aksu_profile **profile)
{
    *profile = strcmp(text, "lean") == 0       ? &aksu_lean
               : strcmp(text, "standard") == 0 ? &aksu_standard
               : strcmp(text, "full") == 0     ? &aksu_full
               : strcmp(text, "plpmtud") == 0  ? plpmtud()
                                               : NULL;
    return *profile != NULL;
}

static bool parse_rows(const char *text, const struct aksu_storage **storage)
{
    *storage = strcmp(text, "4") == 0      ? &rows_4
               : strcmp(text, "64") == 0   ? &rows_64
               : strcmp(text, "1024") == 0 ? &rows_1024
                                           : NULL;
    return *storage != NULL;
}

static bool parse_mtu(const char *text, uint16_t *mtu)
{
    uint64_t n;

    if (!parse_number(text, 65535, &n) || n < 88) {
        return false;
    }
    *mtu = (uint16_t)n;
    return true;
}

static bool set(struct settings *s, int option, const char *value)
{
    switch (option) {
    case 'p':
    case 't':
    case 'u':
        s->kind = option == 'p' ? PACKET : option == 't' ? TAP : TUN;
        s->interface = value;
        return true;
    case 'a':
        return parse_address(value, &s->config);
    case 'g':
        return aksu_parse_addr(value, &s->config.gateway) == AKSU_OK;
    case '6':
        return parse_ipv6(value, s);
    case 'm':
        s->has_mac = parse_mac(value, s->config.mac);
        return s->has_mac;
    case 'M':
        return parse_mtu(value, &s->config.mtu);
    case 'P':
        return parse_profile(value, &s->config.profile);
    case 'r':
        return parse_rows(value, &s->storage);
    case 'c':
        s->pcap = value;
        return true;
    case 'D':
        s->dhcp6 = true;
        return true;
    case 'N':
        s->name = value;
        return true;
    case 'T':
        s->trace = true;
        return true;
    default:
        s->counters = true;
        return true;
    }
}

// Returns 0, or the exit status plus 1.
static int parse(int argc, char **argv, struct settings *s)
{
    static const struct option options[] = {{"packet", required_argument, NULL, 'p'},
                                            {"tap", required_argument, NULL, 't'},
                                            {"tun", required_argument, NULL, 'u'},
                                            {"addr", required_argument, NULL, 'a'},
                                            {"gateway", required_argument, NULL, 'g'},
                                            {"mac", required_argument, NULL, 'm'},
                                            {"mtu", required_argument, NULL, 'M'},
                                            {"profile", required_argument, NULL, 'P'},
                                            {"rows", required_argument, NULL, 'r'},
                                            {"pcap", required_argument, NULL, 'c'},
                                            {"dhcp6", no_argument, NULL, 'D'},
                                            {"name", required_argument, NULL, 'N'},
                                            {"trace", no_argument, NULL, 'T'},
                                            {"counters", no_argument, NULL, 'C'},
                                            {"ipv6", required_argument, NULL, '6'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        if (option == 'h') {
            help();
            return 1;
        }
        if (option == '?') {
            return complain("usage", "see --help") + 1;
        }
        if (!set(s, option, optarg)) {
            return complain("not valid", argv[optind - 1]) + 1;
        }
    }
    if (s->kind == NONE) {
        return complain("missing", "--packet, --tap or --tun") + 1;
    }
    if (optind == argc) {
        return complain("missing", "an application") + 1;
    }
    host_has_address = s->config.prefix != 0;
    if (!host_has_address && strcmp(argv[optind], "http-get") != 0) {
        return complain("missing", "--addr") + 1;
    }
    return 0;
}

static const struct app *find_app(const char *name)
{
    for (unsigned i = 0; i < host_app_count; i++) {
        if (strcmp(host_apps[i].name, name) == 0) {
            return &host_apps[i];
        }
    }
    return NULL;
}

static void trace(struct aksu_trace *t, struct aksu *stack, aksu_handle conn,
                  const struct aksu_event *ev, const struct aksu_effects *fx,
                  const struct aksu_tcb *after)
{
    struct aksu_info info;
    char remote[40];

    (void)fx;
    if (t->before.state == after->state || aksu_info(stack, conn, &info) != AKSU_OK) {
        return;
    }
    aksu_format_addr(&info.remote.addr, remote);
    fprintf(stderr, "%u.%03u  :%u - %s:%u  %s  %s -> %s\n", ev->now_ms / 1000, ev->now_ms % 1000,
            info.local.port, remote, info.remote.port, aksu_event_name(ev->kind),
            aksu_state_name(t->before.state), aksu_state_name(after->state));
}

static int open_device(const struct settings *s, struct aksu_device *device)
{
    int error = s->kind == PACKET ? aksu_posix_packet(device, s->interface)
                : s->kind == TAP  ? aksu_posix_tap(device, s->interface)
                                  : aksu_posix_tun(device, s->interface);

    return error ? complain(s->interface, aksu_posix_error(error)) : 0;
}

static void print_servers(struct aksu *stack, struct aksu_dhcp6 *client)
{
    char text[40];

    (void)stack;
    for (unsigned i = 0; i < AKSU_DHCP6_SERVERS && client->server[i].octets[0]; i++) {
        fprintf(stderr, "name server %s\n", aksu_format_addr(&client->server[i], text));
    }
}

static int start_dhcp6(void)
{
    static struct aksu_dhcp6 client;
    int error = aksu_dhcp6_start(&net, &client, print_servers);

    return error ? complain("cannot start DHCPv6", aksu_error_name(error)) : 0;
}

static int start_ipv6(const struct settings *s)
{
    static const uint8_t stable[16] = "of this host";
    int error = aksu_ipv6_start(&net, &ipv6, stable);

    if (!error) {
        error = aksu_udp_ipv6(&net, &udp_ipv6);
    }
    if (!error && s->addr6.octets[0] != 0) {
        error = aksu_ipv6_add(&net, &s->addr6, s->prefix6);
    }
    if (!error) {
        error = aksu_ipv6_reassemble(&net, &pieces6);
    }
    if (error) {
        return complain("cannot start IPv6", aksu_error_name(error));
    }
    return s->dhcp6 ? start_dhcp6() : 0;
}

static struct aksu_mdns mdns;

static void print_name(struct aksu *stack, struct aksu_mdns *responder, unsigned number)
{
    char suffix[16] = "";

    (void)stack;
    if (number > 1) {
        snprintf(suffix, sizeof suffix, "-%u", number);
    }
    fprintf(stderr, "name %s%s.local\n", responder->name, suffix);
}

static int start_name(const char *name)
{
    static struct aksu_mdns_ipv6 six;
    int error = aksu_mdns_start(&net, &mdns, name, print_name);

    if (!error) {
        (void)aksu_mdns_ipv6(&net, &mdns, &six); // if IPv6 is spoken
    }
    return error ? complain("cannot have the name", name) : 0;
}

static int start_stack(struct settings *s, const struct aksu_device *device)
{
    static struct aksu_trace hook = {.hook = trace};
    struct aksu_config *c = &s->config;

    c->link = device->ethernet ? &aksu_ethernet : NULL;
    c->profile = c->profile ? c->profile : &aksu_full;
    c->boards = &boards;
    c->mtu = c->mtu ? c->mtu : device->mtu;
    if (c->mtu > device->mtu) {
        return complain("--mtu is larger than the interface's", s->interface);
    }
    if (!s->has_mac) { // locally administered, from the address
        memcpy(c->mac, "\x02\x61", 2);
        memcpy(c->mac + 2, c->addr.octets + 12, 4);
    }
    int error = aksu_init(&net, s->storage ? s->storage : &rows_64, c);

    if (error) {
        return complain("cannot start", aksu_error_name(error));
    }
    aksu_trace(&net, s->trace ? &hook : NULL);
    if (aksu_posix_seed(&net)) {
        return complain("cannot seed", "getrandom failed");
    }
    aksu_now(&net, aksu_posix_ms());
    (void)aksu_reassemble(&net, &pieces);
    // What has no address at all takes what it can get of both versions.
    bool all = !host_has_address && c->mtu >= 1280;
    return s->ipv6 || all ? start_ipv6(s) : 0;
}

static void print_counters(struct aksu_device *device)
{
    const struct aksu_counters *c = aksu_counters(&net);
    unsigned long long lost = aksu_posix_dropped(device);

    fprintf(stderr,
            "frames in %u, out %u; opened %u; retransmitted %u; timeouts %u; resets sent %u; "
            "cookies sent %u, taken %u; half-open lost %u; TIME-WAIT lost %u; ARP conflicts %u\n",
            c->frames_in, c->frames_out, c->opened, c->retransmitted, c->timeouts, c->resets_sent,
            c->cookies_sent, c->cookies_taken, c->half_open_lost, c->time_wait_lost,
            c->arp_conflicts);
    if (lost > 0) {
        fprintf(stderr, "lost at the interface: %llu\n", lost);
    }
    for (int i = 1; i < AKSU_DROP_COUNT; i++) {
        if (c->dropped[i] > 0) {
            fprintf(stderr, "dropped %u: %s\n", c->dropped[i], aksu_drop_name(i));
        }
    }
}

// Whether each address of ours is either used or known to be another host's; and if routers are to
// make one, whether they have, or had ROUTER_MS for it.
static bool claimed(void *user)
{
    enum { ROUTER_MS = 5000 };
    static uint32_t since;
    const struct settings *s = user;
    const struct aksu_ipv6_address *a;
    unsigned ready = 0;

    since = since ? since : aksu_posix_ms();
    for (unsigned i = 0; (a = aksu_ipv6_address(&net, i)) != NULL; i++) {
        if (a->state == AKSU_IPV6_TENTATIVE) {
            return false;
        }
        ready += a->state == AKSU_IPV6_READY;
    }
    return s->addr6.octets[0] != 0 || ready > 1 || aksu_posix_ms() - since > ROUTER_MS;
}

static bool all_sent(void *user)
{
    (void)user;
    return aksu_idle(&net, aksu_posix_ms()) > 0;
}

// Tells the peers of what is still open (RST): they need not find out by a timeout.
static void hang_up(struct aksu_device *device)
{
    static const struct aksu_loop loop = {.done = all_sent};
    aksu_handle conn = 0;

    aksu_now(&net, aksu_posix_ms());
    aksu_mdns_stop(&net, &mdns);
    while ((conn = aksu_next_connection(&net, conn)) > 0) {
        aksu_abort(&net, conn);
    }
    (void)aksu_posix_run(&net, device, &loop);
}

static int run(struct settings *s, struct aksu_device *device, const struct app *app, int argc,
               char **argv)
{
    struct aksu_loop loop = {.stop = &stop, .done = app->done, .carrier = &carrier};
    struct aksu_loop claims = {.stop = &stop, .done = claimed, .user = s};
    int status = start_stack(s, device);

    // A server need not wait: it listens before anybody can ask for it.
    if (status == 0 && s->ipv6 && app->done && aksu_posix_run(&net, device, &claims)) {
        status = complain(s->interface, "the interface failed");
    }
    if (status == 0) {
        aksu_now(&net, aksu_posix_ms());
        status = s->name ? start_name(s->name) : 0;
    }
    if (status == 0) {
        status = app->start(&net, argc, argv);
    }
    if (status == 0) {
        int error = aksu_posix_run(&net, device, &loop);
        if (error) {
            status = complain(s->interface, aksu_posix_error(error));
        } else {
            hang_up(device);
        }
        int result = app->finish ? app->finish() : 0;
        status = status ? status : result;
    }
    if (s->counters) {
        print_counters(device);
    }
    return status;
}

int main(int argc, char **argv)
{
    struct settings s = {.kind = NONE};
    struct aksu_device device;
    struct aksu_device captured;
    struct aksu_pcapng pcap;
    struct sigaction action = {.sa_handler = on_signal};
    int status = parse(argc, argv, &s);

    if (status) {
        return status - 1;
    }
    const struct app *app = find_app(argv[optind]);

    if (!app) {
        return complain("no such application", argv[optind]);
    }
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    status = open_device(&s, &device);
    if (status) {
        return status;
    }
    if (s.pcap) {
        int error = aksu_pcapng_open(&pcap, s.pcap,
                                     device.ethernet ? AKSU_LINKTYPE_ETHERNET : AKSU_LINKTYPE_RAW,
                                     s.interface);
        if (error) {
            return complain(s.pcap, strerror(-error));
        }
        aksu_posix_capture(&captured, &device, &pcap);
    }
    int first = optind;
    status = run(&s, s.pcap ? &captured : &device, app, argc - first, argv + first);
    if (s.pcap && aksu_pcapng_close(&pcap) != 0) {
        status = complain(s.pcap, "the capture could not be written in full");
    }
    aksu_posix_close(&device);
    return status;
}
