// SPDX-License-Identifier: MIT
// tap-link: an emulated link between two TAP interfaces, each in a network namespace of its own.
#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { FRAME = 65536 + 64, BATCH = 64 };

struct end {
    const char *name;
    int fd;
    struct link_path away; // what comes from this end, on its way to the other
    uint64_t unwritten;    // arrived here, and the interface was down
    uint64_t behind_ns;    // how much later than they should have, frames arrived here: in all
    uint64_t worst_ns;     // and at worst
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static void help(void)
{
    puts(
        "usage: tap-link A B [OPTION]...\n"
        "\n"
        "Moves frames between two TAP interfaces, which it makes: NAMESPACE/INTERFACE each.\n"
        "Says `ready`; at its end (SIGINT, SIGTERM), when all that is under way has arrived, what\n"
        "became of the frames from A and of those from B, as JSON. For both directions:\n"
        "  --rate BIT/S (0: no limit)  --overhead OCTETS (24: preamble, FCS and gap of a frame)\n"
        "  --delay-us N                --queue FRAMES (0: no limit), drop-tail\n"
        "  --loss P                    independent, 0 to 1; SYN and ARP are spared\n"
        "  --burst BEGIN,END[,LOSS]    Gilbert-Elliott: P from good to bad, from bad to good,\n"
        "                              loss while bad (1)\n"
        "  --loss-after-queue          what is lost has used the queue and the rate; else not\n"
        "  --reorder P --reorder-us N  frames that come N us later\n"
        "  --mtu N[,FROM[,TO]]         larger packets vanish: of all frames, from the FROM-th on, "
        "up\n"
        "                              to the TO-th\n"
        "  --seed N (1)                the n-th frame has the same fate each time");
}

static int complain(const char *what, const char *value)
{
    fprintf(stderr, "tap-link: %s: %s\n", what, value);
    return 1;
}

/// Arguments ///

static bool parse_whole(const char *text, uint64_t limit, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0' && *number <= limit;
}

static bool parse_chance(const char *text, double *probability)
{
    char *end;

    *probability = strtod(text, &end);
    return end != text && *end == '\0' && *probability >= 0 && *probability <= 1;
}

static bool parse_burst(const char *text, struct link_config *c)
{
    char rest;
    int n = sscanf(text, "%lf,%lf,%lf%c", &c->burst_begin, &c->burst_end, &c->burst_loss, &rest);

    if (n == 2) {
        c->burst_loss = 1;
    }
    return (n == 2 || n == 3) && c->burst_begin >= 0 && c->burst_begin <= 1 && c->burst_end > 0 &&
           c->burst_end <= 1 && c->burst_loss >= 0 && c->burst_loss <= 1;
}

static bool parse_mtu(const char *text, struct link_config *c)
{
    char rest;
    int n = sscanf(text, "%" SCNu32 ",%" SCNu64 ",%" SCNu64 "%c", &c->mtu, &c->mtu_from, &c->mtu_to,
                   &rest);

    return n >= 1 && n <= 3 && c->mtu <= UINT16_MAX;
}

static bool set_small(const char *text, uint32_t *number)
{
    uint64_t n;

    if (!parse_whole(text, 1000000, &n)) {
        return false;
    }
    *number = (uint32_t)n;
    return true;
}

static bool set(struct link_config *c, int option, const char *value)
{
    switch (option) {
    case 'r':
        return parse_whole(value, 100000000000, &c->rate);
    case 'o':
        return set_small(value, &c->overhead);
    case 'd':
        return parse_whole(value, 100000000, &c->delay_us);
    case 'q':
        return set_small(value, &c->queue);
    case 'l':
        return parse_chance(value, &c->loss);
    case 'b':
        return parse_burst(value, c);
    case 'a':
        c->after_queue = true;
        return true;
    case 'm':
        return parse_mtu(value, c);
    case 'p':
        return parse_chance(value, &c->reorder);
    case 'u':
        return parse_whole(value, 100000000, &c->reorder_us);
    default:
        return parse_whole(value, UINT64_MAX, &c->seed);
    }
}

// Returns 0, or the exit status plus 1.
static int parse(int argc, char **argv, struct link_config *config)
{
    static const struct option options[] = {{"rate", required_argument, NULL, 'r'},
                                            {"overhead", required_argument, NULL, 'o'},
                                            {"delay-us", required_argument, NULL, 'd'},
                                            {"queue", required_argument, NULL, 'q'},
                                            {"loss", required_argument, NULL, 'l'},
                                            {"burst", required_argument, NULL, 'b'},
                                            {"loss-after-queue", no_argument, NULL, 'a'},
                                            {"reorder", required_argument, NULL, 'p'},
                                            {"reorder-us", required_argument, NULL, 'u'},
                                            {"mtu", required_argument, NULL, 'm'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            help();
            return 1;
        }
        if (option == '?') {
            return complain("usage", "see --help") + 1;
        }
        if (!set(config, option, optarg)) {
            return complain("not valid", optarg) + 1;
        }
    }
    return argc - optind == 2 ? 0 : complain("wanted", "two interfaces (--help)") + 1;
}

/// Interfaces ///

// A TAP belongs to the namespace in which its device was opened.
static int enter(const char *namespace, size_t len)
{
    char path[300];

    snprintf(path, sizeof path, "/run/netns/%.*s", (int)len, namespace);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return complain(path, strerror(errno));
    }
    int result = setns(fd, CLONE_NEWNET);

    close(fd);
    return result < 0 ? complain(path, strerror(errno)) : 0;
}

static int open_tap(struct end *end)
{
    const char *slash = strchr(end->name, '/');
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};

    if (!slash || strlen(slash + 1) >= sizeof request.ifr_name) {
        return complain("not NAMESPACE/INTERFACE", end->name);
    }
    if (enter(end->name, (size_t)(slash - end->name))) {
        return 1;
    }
    strcpy(request.ifr_name, slash + 1);
    end->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (end->fd < 0 || ioctl(end->fd, TUNSETIFF, &request) < 0) {
        return complain(end->name, strerror(errno));
    }
    return 0;
}

/// Moving frames ///

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void deliver(struct link_path *path, struct end *to)
{
    const struct link_frame *frame;

    for (uint64_t now; (frame = link_give(path, now = now_ns())) != NULL;) {
        uint64_t behind = now - frame->at_ns;
        to->behind_ns += behind;
        to->worst_ns = behind > to->worst_ns ? behind : to->worst_ns;
        to->unwritten += write(to->fd, frame->data, frame->len) != (ssize_t)frame->len;
    }
}

// At most a batch, so that delivery gets its turn. Returns whether more may wait. EIO, which means
// that the interface is not up yet, is as good as nothing.
static bool take_in(struct end *from)
{
    static uint8_t frame[FRAME];

    for (int i = 0; i < BATCH; i++) {
        ssize_t len = read(from->fd, frame, sizeof frame);
        if (len < 0) {
            return false;
        }
        link_take(&from->away, now_ns(), frame, (size_t)len);
    }
    return true;
}

static int sleep_until_due(struct end ends[2], const sigset_t *unblocked)
{
    struct pollfd watched[2] = {{.fd = ends[0].fd, .events = POLLIN},
                                {.fd = ends[1].fd, .events = POLLIN}};
    uint64_t a = link_due(&ends[0].away);
    uint64_t b = link_due(&ends[1].away);
    uint64_t due = a < b ? a : b;
    uint64_t now = now_ns();
    uint64_t wait = due > now ? due - now : 0;
    struct timespec span = {(time_t)(wait / 1000000000), (long)(wait % 1000000000)};

    return ppoll(watched, 2, due == UINT64_MAX ? NULL : &span, unblocked);
}

static int move(struct end ends[2], const sigset_t *unblocked)
{
    while (!stop) {
        if (sleep_until_due(ends, unblocked) < 0 && errno != EINTR) {
            return complain("poll", strerror(errno));
        }
        for (int i = 0; i < 2; i++) {
            (void)take_in(&ends[i]);
            deliver(&ends[i].away, &ends[!i]);
        }
    }
    return 0;
}

// What was sent before the end still arrives, when it would have.
static void finish(struct end ends[2])
{
    for (int i = 0; i < 2; i++) {
        while (take_in(&ends[i])) {
        }
    }
    for (int i = 0; i < 2; i++) {
        for (uint64_t due; (due = link_due(&ends[i].away)) != UINT64_MAX;) {
            struct timespec at = {(time_t)(due / 1000000000), (long)(due % 1000000000)};
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
            deliver(&ends[i].away, &ends[!i]);
        }
    }
}

static void report(const struct end *from, const struct end *to)
{
    const struct link_counts *c = &from->away.counts;

    printf("{\"in\": %" PRIu64 ", \"out\": %" PRIu64, c->in, c->out);
    printf(", \"lost\": %" PRIu64 ", \"dropped\": %" PRIu64, c->lost, c->dropped);
    printf(", \"large\": %" PRIu64, c->large);
    printf(", \"refused\": %" PRIu64 ", \"unwritten\": %" PRIu64, c->refused, to->unwritten);
    printf(", \"data\": %" PRIu64 ", \"data_gone\": %" PRIu64, c->data, c->data_gone);
    printf(", \"late\": %" PRIu64 ", \"waiting\": %" PRIu32, c->late, c->waiting);
    printf(", \"behind_us\": %" PRIu64 ", \"worst_us\": %" PRIu64 "}",
           c->out ? to->behind_ns / c->out / 1000 : 0, to->worst_ns / 1000);
}

static int run(struct end ends[2], const struct link_config *config)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked;
    sigset_t before;
    struct link_config other = *config;

    other.seed = config->seed ^ 0x5555555555555555; // the directions' fates are independent
    if (!link_open(&ends[0].away, config) || !link_open(&ends[1].away, &other)) {
        return complain("link", "out of memory");
    }
    if (open_tap(&ends[0]) || open_tap(&ends[1])) {
        return 1;
    }
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigfillset(&blocked);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    prctl(PR_SET_TIMERSLACK, 1UL);
    puts("ready");
    fflush(stdout);
    int status = move(ends, &before);

    finish(ends);
    return status;
}

int main(int argc, char **argv)
{
    struct link_config config = {.overhead = 24, .seed = 1};
    static struct end ends[2];
    int status = parse(argc, argv, &config);

    if (status) {
        return status - 1;
    }
    ends[0].name = argv[optind];
    ends[1].name = argv[optind + 1];
    status = run(ends, &config);
    if (status == 0) {
        printf("[");
        report(&ends[0], &ends[1]);
        printf(", ");
        report(&ends[1], &ends[0]);
        puts("]");
    }
    for (int i = 0; i < 2; i++) {
        link_close(&ends[i].away);
    }
    return status;
}
