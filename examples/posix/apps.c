// SPDX-License-Identifier: MIT
// The applications of aksu-host: the port-free examples with arguments and results.
#include "host.h"

#include <errno.h>
#include <examples.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int complain(const char *what, const char *value)
{
    fprintf(stderr, "aksu-host: %s: %s\n", what, value);
    return 1;
}

static int report(const char *what, int error)
{
    return error == AKSU_OK ? 0 : complain(what, aksu_error_name(error));
}

bool parse_number(const char *text, uint64_t limit, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0' && *number <= limit;
}

static bool parse_endpoint(const char *text, uint16_t port, struct aksu_endpoint *endpoint)
{
    char host[64];
    const char *end = text[0] == '[' ? strchr(text, ']') : strchr(text, ':');
    const char *colon = end && text[0] == '[' ? (end[1] == ':' ? end + 1 : NULL) : end;

    text += text[0] == '[';
    size_t len = end ? (size_t)(end - text) : strlen(text);
    uint64_t number = port;

    if (len >= sizeof host) {
        return false;
    }
    memcpy(host, text, len);
    host[len] = '\0';
    if (colon && (!parse_number(colon + 1, 65535, &number) || number == 0)) {
        return false;
    }
    endpoint->port = (uint16_t)number;
    return aksu_parse_addr(host, &endpoint->addr) == AKSU_OK;
}

bool host_has_address;

// Servers ///

static int start_server(struct aksu *net, int argc, char **argv, uint16_t port,
                        int (*start)(struct aksu *, uint16_t))
{
    uint64_t number = port;

    if (argc > 1 && (!parse_number(argv[1], 65535, &number) || number == 0)) {
        return complain("not a port, 1 to 65535", argv[1]);
    }
    return report("cannot listen", start(net, (uint16_t)number));
}

static int start_echo(struct aksu *net, int argc, char **argv)
{
    return start_server(net, argc, argv, 7, echo_start);
}

static int start_http_server(struct aksu *net, int argc, char **argv)
{
    return start_server(net, argc, argv, 80, http_server_start);
}

static struct sink sink;
static struct source source;

static int sink_on(struct aksu *net, uint16_t port)
{
    return sink_start(net, port, &sink);
}

static int start_sink(struct aksu *net, int argc, char **argv)
{
    return start_server(net, argc, argv, 9, sink_on);
}

// When octets came, as far as has been seen. Looks after each turn of the loop, and never ends it.
static struct {
    uint64_t octets;
    uint32_t first_ms;
    uint32_t last_ms;
} came;

static bool sink_look(void *user)
{
    (void)user;
    if (sink.octets > came.octets) {
        came.last_ms = aksu_posix_ms();
        came.first_ms = came.octets > 0 ? came.first_ms : came.last_ms;
        came.octets = sink.octets;
    }
    return false;
}

static int finish_sink(void)
{
    printf("connections=%" PRIu32 " failed=%" PRIu32 " octets=%" PRIu64 " mismatches=%" PRIu64
           " ms=%" PRIu32 "\n",
           sink.connections, sink.failed, sink.octets, sink.mismatches,
           came.last_ms - came.first_ms);
    return 0;
}

static int source_on(struct aksu *net, uint16_t port)
{
    return source_start(net, port, &source);
}

static int start_source(struct aksu *net, int argc, char **argv)
{
    return start_server(net, argc, argv, 19, source_on);
}

static int finish_source(void)
{
    printf("connections=%" PRIu32 " failed=%" PRIu32 "\n", source.connections, source.failed);
    return 0;
}

// HTTP client ///

static struct {
    struct http_request request;
    struct aksu_endpoint remote;
    char host[64];
    FILE *file;
    const char *path;
    bool done;
    int status;
    int error;
    bool unwritten;
    struct http_boot boot;
    struct aksu *net;
} get;

static void on_body(struct http_request *request, const void *data, size_t len)
{
    (void)request;
    if (fwrite(data, 1, len, get.file) != len) {
        get.unwritten = true;
    }
}

static void on_done(struct http_request *request, int status, int error)
{
    (void)request;
    get.done = true;
    get.status = status;
    get.error = error;
    if (!host_has_address) {
        http_boot_end(get.net, &get.boot);
    }
}

// An address is given back before the end.
static bool get_done(void *user)
{
    (void)user;
    return get.done && (host_has_address || aksu_idle(get.net, aksu_posix_ms()) == AKSU_NEVER);
}

static void print_lease(struct http_boot *boot, const struct aksu_lease *lease)
{
    char addr[40], router[40], dns[40];

    (void)boot;
    fprintf(stderr, "address %s/%u, router %s, DNS %s, for %u s\n",
            aksu_format_addr(&lease->addr, addr), lease->prefix,
            aksu_format_addr(&lease->router, router), aksu_format_addr(&lease->dns[0], dns),
            lease->seconds);
}

static void print_found(struct http_boot *boot, const struct aksu_addr *addr)
{
    char text[40];

    fprintf(stderr, "%s is %s\n", boot->request->host, aksu_format_addr(addr, text));
}

static int boot(struct aksu *net)
{
    char *colon = strchr(get.host, ':');
    uint64_t port = 80;

    if (colon && (!parse_number(colon + 1, 65535, &port) || port == 0)) {
        return complain("not a port", colon + 1);
    }
    if (colon) {
        *colon = '\0';
    }
    get.net = net;
    get.boot.request = &get.request;
    get.boot.port = (uint16_t)port;
    get.boot.on_lease = print_lease;
    get.boot.on_found = print_found;
    return report("DHCP", http_boot(net, &get.boot));
}

static bool parse_url(const char *url)
{
    static const char scheme[] = "http://";

    if (strncmp(url, scheme, sizeof scheme - 1) != 0) {
        return false;
    }
    url += sizeof scheme - 1;
    size_t len = strcspn(url, "/");
    if (len >= sizeof get.host) {
        return false;
    }
    memcpy(get.host, url, len);
    get.request.path = url[len] ? url + len : "/";
    get.request.host = get.host;
    return !host_has_address || parse_endpoint(get.host, 80, &get.remote);
}

static int start_http_get(struct aksu *net, int argc, char **argv)
{
    if (argc < 2) {
        return complain("usage", "http-get URL [-o FILE]");
    }
    if (!parse_url(argv[1])) {
        return complain("not a URL such as http://192.0.2.1/file (a name needs DHCP: no --addr)",
                        argv[1]);
    }
    get.file = stdout;
    if (argc == 4 && strcmp(argv[2], "-o") == 0) {
        get.path = argv[3];
        get.file = fopen(get.path, "wb");
        if (!get.file) {
            return complain(get.path, strerror(errno));
        }
    } else if (argc != 2) {
        return complain("usage", "http-get URL [-o FILE]");
    }
    get.request.on_body = on_body;
    get.request.on_done = on_done;
    return host_has_address ? report(argv[1], http_get(net, &get.remote, &get.request)) : boot(net);
}

static const char *get_error(void)
{
    switch (get.error) {
    case HTTP_ESHORT:
        return "the server closed before the response was complete";
    case HTTP_EMALFORMED:
        return "what came is no HTTP response";
    default:
        return aksu_error_name(get.error);
    }
}

static int finish_http_get(void)
{
    if ((get.path ? fclose(get.file) : fflush(get.file)) != 0 || get.unwritten) {
        return complain(get.path ? get.path : "standard output", "cannot be written");
    }
    if (!get.done) {
        return complain(get.host, "stopped before the response was complete");
    }
    if (get.error != AKSU_OK) {
        return complain(get.host, get_error());
    }
    fprintf(stderr, "status %d, %" PRIu64 " octets\n", get.status, get.request.body);
    return get.status >= 200 && get.status < 300 ? 0 : 1;
}

// Transfers ///

static struct {
    struct transfer *transfers;
    struct aksu_endpoint remote;
    struct aksu *net;
    struct transfer model;
    uint64_t count;
    uint64_t parallel;
    uint64_t started;
    uint64_t over;
    uint64_t good;
    uint64_t refused;
    uint64_t octets;
    uint64_t mismatches;
    int error; // the first
} many;

static bool transfer_good(const struct transfer *t)
{
    bool all = t->to_receive == UINT64_MAX || t->received == t->to_receive;
    int expected = t->end == TRANSFER_ABORT ? AKSU_ECONNABORTED : AKSU_OK;

    return t->error == expected && all && t->mismatches == 0 && t->sent == t->to_send;
}

static void on_transfer(struct transfer *t)
{
    many.over++;
    many.good += transfer_good(t);
    many.refused += t->error == AKSU_ECONNREFUSED;
    many.octets += t->received;
    many.mismatches += t->mismatches;
    if (!transfer_good(t) && many.error == AKSU_OK) {
        many.error = t->error ? t->error : AKSU_EPROTO;
    }
}

static void start_more(void)
{
    while (many.started < many.count && many.started - many.over < many.parallel) {
        struct transfer *t = &many.transfers[many.started];
        *t = many.model;
        t->on_done = on_transfer;
        int error = transfer_start(many.net, &many.remote, t);
        if (error == AKSU_ENOMEM && many.started > many.over) {
            return; // no row yet: after the next one is over
        }
        many.started++;
        if (error) {
            many.over++;
            many.error = many.error ? many.error : error;
        }
    }
}

static bool transfers_done(void *user)
{
    (void)user;
    start_more();
    return many.over == many.count && aksu_connections(many.net) == 0;
}

static bool parse_end(const char *text)
{
    static const char *const names[] = {"first", "last", "half", "abort"};

    for (unsigned i = 0; i < 4; i++) {
        if (strcmp(text, names[i]) == 0) {
            many.model.end = (enum transfer_end)i;
            return true;
        }
    }
    return false;
}

static int parse_transfer(int argc, char **argv)
{
    static const struct option options[] = {
        {"send", required_argument, NULL, 's'},     {"recv", required_argument, NULL, 'r'},
        {"close", required_argument, NULL, 'c'},    {"count", required_argument, NULL, 'n'},
        {"parallel", required_argument, NULL, 'p'}, {NULL, 0, NULL, 0}};
    int option;
    bool good = true;

    many.count = many.parallel = 1;
    optind = 1;
    while (good && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 's':
            good = parse_number(optarg, UINT64_MAX - 1, &many.model.to_send);
            break;
        case 'r':
            good = parse_number(optarg, UINT64_MAX - 1, &many.model.to_receive);
            break;
        case 'c':
            good = parse_end(optarg);
            break;
        case 'n':
            good = parse_number(optarg, 1000000, &many.count);
            break;
        case 'p':
            good = parse_number(optarg, 1000000, &many.parallel) && many.parallel > 0;
            break;
        default:
            return 1;
        }
    }
    if (good && optind < argc) {
        optarg = argv[optind];
        good = false;
    }
    return good ? 0 : complain("transfer: not valid", optarg);
}

static int start_transfer(struct aksu *net, int argc, char **argv)
{
    if (argc < 2) {
        return complain("usage", "transfer HOST:PORT [OPTION]...");
    }
    if (!parse_endpoint(argv[1], 0, &many.remote) || many.remote.port == 0) {
        return complain("not an endpoint such as 192.0.2.1:9", argv[1]);
    }
    if (parse_transfer(argc - 1, argv + 1)) {
        return 1;
    }
    many.net = net;
    many.transfers = calloc(many.count ? many.count : 1, sizeof *many.transfers);
    if (!many.transfers) {
        return complain("transfer", "out of memory");
    }
    start_more();
    return 0;
}

static int finish_transfer(void)
{
    uint64_t failed = many.over - many.good - many.refused;

    printf("ok=%" PRIu64 " failed=%" PRIu64 " refused=%" PRIu64 " unfinished=%" PRIu64
           " octets=%" PRIu64 " mismatches=%" PRIu64 "\n",
           many.good, failed, many.refused, many.count - many.over, many.octets, many.mismatches);
    if (many.error) {
        fprintf(stderr, "aksu-host: first failure: %s\n", aksu_error_name(many.error));
    }
    free(many.transfers);
    return many.good == many.count ? 0 : 1;
}

const struct app host_apps[] = {
    {"echo", "[PORT]                  echo server, port 7", start_echo, NULL, NULL},
    {"http-server", "[PORT]           /, /<n>.bin, /<n>k.bin, /<n>M.bin; port 80",
     start_http_server, NULL, NULL},
    {"http-get",
     "URL [-o FILE]       fetches a page, to standard output or a file; without --addr\n"
     "                          by a name, with an address from DHCP",
     start_http_get, get_done, finish_http_get},
    {"sink",
     "[PORT]                  takes in and discards, port 9; tells the time from the first\n"
     "                          octet to the last",
     start_sink, sink_look, finish_sink},
    {"source", "[PORT]                sends as many octets as the first line asks for, port 19",
     start_source, NULL, finish_source},
    {"transfer",
     "HOST:PORT [--send N] [--recv N] [--close first|last|half|abort] [--count N]\n"
     "                          [--parallel N]: sends a pattern and checks what comes back",
     start_transfer, transfers_done, finish_transfer},
};

const unsigned host_app_count = sizeof host_apps / sizeof host_apps[0];
