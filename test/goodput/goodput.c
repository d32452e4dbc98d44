// SPDX-License-Identifier: MIT
// Goodput in virtual time: what a receiver's application gets of a link's rate.
//
//     goodput run    [KEY=VALUE]...   one host sends to another; a line of CSV for each seed
//     goodput share  [KEY=VALUE]...   two hosts send to a third through one queue; a line each
//     goodput tail   [KEY=VALUE]...   a reply of 10 segments, the last of which are lost; a line
//     goodput profiles                what profile= knows, its MSS, and whether windows scale
//
// goodput.py holds the cells of the published tables, and the keys' values in them.
#include "talk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT = 5001, FRAMING = 24, REPLY_SEGMENTS = 10, REQUEST = 100 };

#define SECOND_US 1000000.0
#define ACCESS    1000000000u // bit/s between a sender and the switch

/// Profiles: a row here is all that one more needs ///

struct row {
    const char *name;
    const struct aksu_profile *base;
    const struct aksu_congestion *congestion; // NULL: the base's
    bool no_timestamps;
    bool no_recovery;
    bool ecn;                             // is asked for
    const struct aksu_recovery *recovery; // NULL: the base's
};

static const struct row rows[] = {
    {.name = "lean", .base = &aksu_lean},
    {.name = "standard", .base = &aksu_standard},
    {.name = "full", .base = &aksu_full},
    {.name = "full-nots", .base = &aksu_full, .no_timestamps = true},
    {.name = "newreno", .base = &aksu_full, .congestion = &aksu_newreno},
    {.name = "lossy", .base = &aksu_full, .congestion = &aksu_lossy},
    {.name = "plpmtud", .base = &aksu_full, .recovery = &aksu_plpmtud},
    {.name = "paced", .base = &aksu_full, .recovery = &aksu_paced},
    {.name = "paced-newreno",
     .base = &aksu_full,
     .congestion = &aksu_newreno,
     .recovery = &aksu_paced},
    {.name = "ecn", .base = &aksu_full, .ecn = true},
    {.name = "newreno-ecn", .base = &aksu_full, .congestion = &aksu_newreno, .ecn = true},
    {.name = "no-recovery", .base = &aksu_full, .congestion = &aksu_newreno, .no_recovery = true},
};

enum { ROWS = sizeof rows / sizeof *rows };

static const struct aksu_profile *find_profile(const char *name)
{
    static struct aksu_profile made[ROWS];
    size_t i;

    for (i = 0; i < ROWS; i++) {
        if (strcmp(name, rows[i].name) == 0) {
            made[i] = *rows[i].base;
            if (rows[i].congestion) {
                made[i].congestion = rows[i].congestion;
            }
            if (rows[i].no_recovery) {
                made[i].recovery = NULL;
            }
            if (rows[i].recovery) {
                made[i].recovery = rows[i].recovery;
            }
            if (rows[i].ecn) {
                made[i].ecn = &aksu_ecn_asks;
            }
            if (rows[i].no_timestamps) {
                made[i].timestamps = NULL;
            }
            return &made[i];
        }
    }
    return NULL;
}

static int mss_of(const struct aksu_profile *profile)
{
    return profile->timestamps ? 1448 : 1460;
}

/// What is asked for ///

struct options {
    double rate;     // bit/s
    double delay_ms; // one way
    double queue;    // frames
    double mark;     // frames that wait when it begins to mark or drop; 0: never
    double loss;     // mean, each way
    double burst;    // mean length of a loss, frames; up to 1: independent
    double after;    // 1: frames are lost behind the queue, else before it
    double reorder;  // share of the frames that are held back
    double reorder_ms;
    double window; // octets of each ring
    double runs;   // of each board; 0: the simulator's
    double octets; // of one transfer
    double access; // run: bit/s of a link before that, for which the sender waits; 0: none
    double mtu;    // run: larger IP packets from the sender vanish; 0: none
    double mtu_from_s;
    double mtu_to_s; // 0: to the end
    double seed;
    double seeds;
    double warm_s;  // share: time before counting
    double count_s; // share: time of counting
    double lose;    // tail: the last so many segments
    char *profile;  // the sender's and, unless receiver is given, the receiver's
    char *second;   // share: the other sender's
    char *receiver;
    char *pcap;
    char *tap;
    char *steps;
};

static const struct key {
    const char *name;
    size_t at;
    bool text;
} keys[] = {
    {"rate", offsetof(struct options, rate), false},
    {"delay_ms", offsetof(struct options, delay_ms), false},
    {"queue", offsetof(struct options, queue), false},
    {"mark", offsetof(struct options, mark), false},
    {"loss", offsetof(struct options, loss), false},
    {"burst", offsetof(struct options, burst), false},
    {"after", offsetof(struct options, after), false},
    {"reorder", offsetof(struct options, reorder), false},
    {"reorder_ms", offsetof(struct options, reorder_ms), false},
    {"window", offsetof(struct options, window), false},
    {"runs", offsetof(struct options, runs), false},
    {"octets", offsetof(struct options, octets), false},
    {"access", offsetof(struct options, access), false},
    {"mtu", offsetof(struct options, mtu), false},
    {"mtu_from_s", offsetof(struct options, mtu_from_s), false},
    {"mtu_to_s", offsetof(struct options, mtu_to_s), false},
    {"seed", offsetof(struct options, seed), false},
    {"seeds", offsetof(struct options, seeds), false},
    {"warm_s", offsetof(struct options, warm_s), false},
    {"count_s", offsetof(struct options, count_s), false},
    {"lose", offsetof(struct options, lose), false},
    {"profile", offsetof(struct options, profile), true},
    {"second", offsetof(struct options, second), true},
    {"receiver", offsetof(struct options, receiver), true},
    {"pcap", offsetof(struct options, pcap), true},
    {"tap", offsetof(struct options, tap), true},
    {"steps", offsetof(struct options, steps), true},
};

static void fail(const char *what, const char *about)
{
    fprintf(stderr, "goodput: %s: %s\n", what, about);
    exit(2);
}

static void set_key(struct options *o, const struct key *key, char *value)
{
    char *member = (char *)o + key->at;
    char *end;
    double number;

    if (key->text) {
        memcpy(member, &value, sizeof value);
        return;
    }
    number = strtod(value, &end);
    if (end == value || *end || !(number >= 0)) {
        fail(value, "not a number");
    }
    memcpy(member, &number, sizeof number);
}

static void read_option(struct options *o, char *arg)
{
    char *value = strchr(arg, '=');
    size_t i;

    for (i = 0; value && i < sizeof keys / sizeof *keys; i++) {
        size_t len = (size_t)(value - arg);

        if (len == strlen(keys[i].name) && strncmp(arg, keys[i].name, len) == 0) {
            set_key(o, &keys[i], value + 1);
            return;
        }
    }
    fail(arg, "not KEY=VALUE with a key that is known");
}

static const struct aksu_profile *profile_of(const char *name)
{
    const struct aksu_profile *profile = find_profile(name);

    if (!profile) {
        fail(name, "no such profile");
    }
    return profile;
}

/// The network ///

static struct aksu_sim_path bottleneck(const struct options *o)
{
    struct aksu_sim_path path = {
        .delay_us = (uint64_t)(o->delay_ms * 1000),
        .rate = (uint64_t)o->rate,
        .framing = FRAMING,
        .queue = (uint32_t)o->queue,
        .mark = (uint32_t)o->mark,
        .lose_first = o->after <= 0,
        .spare_opening = true,
        .reorder = o->reorder,
        .reorder_us = (uint64_t)(o->reorder_ms * 1000),
    };

    if (o->burst > 1 && o->loss > 0) {
        // Gilbert-Elliott where all is lost while bad: bad for 1 / burst_end frames on average.
        path.burst_end = 1 / o->burst;
        path.burst_begin = path.burst_end * o->loss / (1 - o->loss);
    } else {
        path.loss = o->loss;
    }
    return path;
}

static struct aksu_sim_host *add_host(struct aksu_sim *sim, const struct options *o,
                                      const char *name, const char *profile)
{
    const struct aksu_sim_config config = {
        .name = name,
        .profile = profile_of(profile),
        .connections = 2,
        .rx_octets = (uint32_t)o->window,
        .tx_octets = (uint32_t)o->window,
        .runs = (uint32_t)o->runs,
    };

    return aksu_sim_host(sim, &config);
}

static void must(bool good, const char *what)
{
    if (!good) {
        fail(what, "refused");
    }
}

static void run_until(struct aksu_sim *sim, double us)
{
    if (aksu_sim_run(sim, (uint64_t)us) != 0) {
        fail("a rule is broken", aksu_sim_error(sim));
    }
}

// The receiving side of one sender: a port, and the talker that its connection becomes.
struct sink {
    struct talk_service service;
    struct talker talker;
};

static void sink_listen(struct sink *sink, struct aksu_sim *sim, struct aksu_sim_host *host,
                        uint16_t port)
{
    memset(sink, 0, sizeof *sink);
    sink->service.model.sim = sim;
    sink->service.model.patient = true;
    sink->service.model.to_receive = UINT32_MAX;
    sink->service.talker = &sink->talker;
    sink->service.room = 1;
    must(aksu_listen(aksu_sim_net(host), NULL, port, 0, &talk_service_handlers, &sink->service) ==
             AKSU_OK,
         "listening");
}

/// Files: of run, and of tail ///

struct files {
    struct aksu_sim_recorder *recorder;
    struct aksu_sim_tap *taps;
    struct aksu_pcapng pcap;
    struct aksu_pcapng tap;
    struct aksu_steps steps;
};

static struct aksu_pcapng *open_pcap(struct aksu_pcapng *pcap, const char *path)
{
    if (path) {
        must(aksu_pcapng_open(pcap, path, AKSU_LINKTYPE_ETHERNET, "link") == 0, path);
    }
    return path ? pcap : NULL;
}

// The tap is at the sender's.
static void open_files(struct files *f, const struct options *o, struct aksu_sim *sim,
                       struct aksu_sim_host *sender)
{
    memset(f, 0, sizeof *f);
    if (open_pcap(&f->pcap, o->pcap)) {
        f->recorder = aksu_sim_record(sim, NULL, &f->pcap);
    }
    if (o->steps) {
        must(aksu_steps_open(&f->steps, o->steps) == 0, o->steps);
    }
    if (o->tap || o->steps) {
        f->taps = aksu_sim_tap(sender, open_pcap(&f->tap, o->tap), o->steps ? &f->steps : NULL);
    }
}

static void close_files(struct files *f, const struct options *o)
{
    if (f->recorder) {
        must((aksu_sim_record_end(f->recorder) | aksu_pcapng_close(&f->pcap)) == 0, o->pcap);
    }
    if (f->taps) {
        must((aksu_sim_tap_end(f->taps) | aksu_pcapng_close(&f->tap)) == 0, o->tap);
        must(aksu_steps_close(&f->steps) == 0, o->steps);
    }
}

/// run ///

struct tally {
    struct aksu_sim *sim;
    struct aksu_sim_host *sender;
    struct aksu_sim_host *receiver;
    const struct talker *sink;
    uint32_t octets;
    uint32_t retransmitted;
    uint32_t spurious;
    uint32_t unkept;
    uint32_t marked;
    uint32_t frames;
    uint32_t lost;
    uint32_t full;
};

static bool before_or_at(aksu_seq a, aksu_seq b)
{
    return (int32_t)(a - b) <= 0;
}

// Whether the receiver held the segment's whole payload already, in order or out of it.
static bool held(const struct aksu_tcb *t, const struct aksu_segment *s)
{
    unsigned i;

    for (i = 0; i < t->ranges; i++) {
        if (before_or_at(t->range[i].start, s->seq) &&
            before_or_at(s->seq + s->len, t->range[i].end)) {
            return true;
        }
    }
    return before_or_at(s->seq + s->len, t->rcv_nxt);
}

static void count_step(struct tally *t, const struct aksu_sim_notice *n)
{
    const struct aksu_segment *s = n->event->segment;

    if (n->before->state < AKSU_ESTABLISHED || !s || s->len == 0) {
        return;
    }
    if (n->host == t->sender && n->event->kind == AKSU_EV_SENT) {
        t->retransmitted += !before_or_at(n->before->snd_max, s->seq);
    }
    if (n->host == t->receiver && n->event->kind == AKSU_EV_SEGMENT) {
        t->spurious += held(n->before, s);
        t->unkept += !held(n->after, s);
    }
}

static void count(void *user, const struct aksu_sim_notice *n)
{
    struct tally *t = user;

    switch (n->what) {
    case AKSU_SIM_STEP:
        count_step(t, n);
        break;
    case AKSU_SIM_SENT:
        t->frames += n->host == t->sender;
        break;
    case AKSU_SIM_MARKED:
        t->marked += strcmp(n->reason, "CE") == 0;
        break;
    case AKSU_SIM_DROPPED:
        t->lost += strcmp(n->reason, "lost") == 0;
        t->full += strcmp(n->reason, "queue full") == 0;
        break;
    case AKSU_SIM_POLLED:
        if (t->sink->received == t->octets) {
            aksu_sim_stop(t->sim);
        }
        break;
    default:
        break;
    }
}

// Octets as a share of what the link carries in that time, percent.
static double percent(const struct options *o, double octets, double us)
{
    return us > 0 ? octets * 8 * SECOND_US / us / o->rate * 100 : 0;
}

// A transfer that did not end, because the connection never came about, counts as nothing.
static void print_run(const struct options *o, uint64_t seed, const struct tally *t)
{
    const struct talker *sink = t->sink;
    bool complete = sink->received == t->octets;
    double us = (double)(sink->last_us - sink->first_us);

    must(!sink->wrong, "an octet that was not sent is");
    printf("%" PRIu64 ",%d,%.3f,%.6f,%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32
           ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 "\n",
           seed, complete, complete ? percent(o, sink->received, us) : 0,
           (double)sink->last_us / SECOND_US, t->retransmitted, t->spurious,
           aksu_counters(aksu_sim_net(t->sender))->timeouts, t->frames, t->lost, t->full, t->unkept,
           t->marked);
}

// A black hole: larger packets of a host vanish, for a while.
struct hole {
    struct aksu_sim_host *host;
    struct aksu_sim_path path;
};

static void set_path(void *user)
{
    const struct hole *h = user;

    aksu_sim_set_path(h->host, &h->path);
}

static void dig(struct aksu_sim *sim, const struct options *o, struct hole hole[2])
{
    hole[0].path.mtu = (uint16_t)o->mtu;
    if (o->mtu > 0) {
        aksu_sim_at(sim, (uint64_t)(o->mtu_from_s * SECOND_US), set_path, &hole[0]);
    }
    if (o->mtu_to_s > 0) {
        aksu_sim_at(sim, (uint64_t)(o->mtu_to_s * SECOND_US), set_path, &hole[1]);
    }
}

// One link; or, behind a switch, the sender's own one first: no faster than that it sends.
static void join(struct aksu_sim *sim, const struct options *o, struct aksu_sim_host *a,
                 struct aksu_sim_host *b)
{
    struct aksu_sim_path path = bottleneck(o);
    struct aksu_sim_path access = {.rate = (uint64_t)o->access, .framing = FRAMING};
    struct aksu_sim_switch *hub;

    if (o->access <= 0) {
        aksu_sim_link(a, b, &path, &path);
        return;
    }
    hub = aksu_sim_switch(sim);
    aksu_sim_plug(hub, a, &access, &access);
    aksu_sim_plug(hub, b, &path, &path);
}

static void transfer(struct aksu_sim *sim, const struct options *o, uint64_t seed)
{
    struct aksu_sim_path path = bottleneck(o);
    struct aksu_sim_host *a = add_host(sim, o, "sender", o->profile);
    struct aksu_sim_host *b = add_host(sim, o, "receiver", o->receiver ? o->receiver : o->profile);
    struct talker source = {.sim = sim, .net = aksu_sim_net(a), .patient = true, .no_delay = true};
    struct aksu_addr to = aksu_sim_addr(b);
    struct hole hole[2] = {{a, path}, {a, path}};
    struct sink sink;
    struct tally tally = {.sim = sim, .sender = a, .receiver = b, .sink = &sink.talker};
    struct files files;

    join(sim, o, a, b);
    dig(sim, o, hole);
    sink_listen(&sink, sim, b, PORT);
    source.to_send = tally.octets = (uint32_t)o->octets;
    aksu_sim_watch(sim, count, &tally);
    open_files(&files, o, sim, a);
    must(talk_connect(&source, &to, PORT, 0), "connecting");
    run_until(sim, 36000 * SECOND_US);
    print_run(o, seed, &tally);
    close_files(&files, o);
}

static void each_seed(const struct options *o,
                      void (*one)(struct aksu_sim *, const struct options *, uint64_t seed))
{
    uint64_t seed = (uint64_t)o->seed;
    uint64_t end = seed + (uint64_t)o->seeds;

    for (; seed < end; seed++) {
        struct aksu_sim *sim = aksu_sim_new(seed);

        one(sim, o, seed);
        aksu_sim_free(sim);
    }
}

/// share ///

struct starter {
    struct talker source;
    struct aksu_addr to;
    uint16_t port;
};

static void start(void *user)
{
    struct starter *s = user;

    must(talk_connect(&s->source, &s->to, s->port, 0), "connecting");
}

// Both paths to the switch are fast. What they add in delay is chance's: two flows in lockstep
// would meet a drop-tail queue in the same phase for ever.
static void add_sender(struct aksu_sim *sim, struct aksu_sim_switch *hub, struct starter *s,
                       struct aksu_sim_host *host)
{
    struct aksu_sim_path access = {.rate = ACCESS, .framing = FRAMING};

    access.delay_us = aksu_sim_random(sim, 1000);
    aksu_sim_plug(hub, host, &access, &access);
    s->source.sim = sim;
    s->source.net = aksu_sim_net(host);
    s->source.patient = true;
    s->source.no_delay = true;
    s->source.to_send = UINT32_MAX;
    aksu_sim_at(sim, aksu_sim_random(sim, 1000000), start, s);
}

static void share(struct aksu_sim *sim, const struct options *o, uint64_t seed)
{
    struct aksu_sim_path path = bottleneck(o);
    const char *second = o->second ? o->second : o->profile;
    struct aksu_sim_switch *hub = aksu_sim_switch(sim);
    struct aksu_sim_host *to = add_host(sim, o, "receiver", o->receiver ? o->receiver : o->profile);
    struct starter starter[2];
    struct sink sink[2];
    double got[2], sum, squares;
    int i;

    memset(starter, 0, sizeof starter);
    aksu_sim_plug(hub, to, &path, &path);
    for (i = 0; i < 2; i++) {
        const char *name = i ? "second" : "first";

        starter[i].port = (uint16_t)(PORT + i);
        starter[i].to = aksu_sim_addr(to);
        sink_listen(&sink[i], sim, to, starter[i].port);
        add_sender(sim, hub, &starter[i], add_host(sim, o, name, i ? second : o->profile));
    }
    run_until(sim, o->warm_s * SECOND_US);
    got[0] = sink[0].talker.received;
    got[1] = sink[1].talker.received;
    run_until(sim, (o->warm_s + o->count_s) * SECOND_US);
    got[0] = percent(o, sink[0].talker.received - got[0], o->count_s * SECOND_US);
    got[1] = percent(o, sink[1].talker.received - got[1], o->count_s * SECOND_US);
    sum = got[0] + got[1];
    squares = got[0] * got[0] + got[1] * got[1];
    must(!sink[0].talker.wrong && !sink[1].talker.wrong, "an octet that was not sent is");
    printf("%" PRIu64 ",%.3f,%.3f,%.4f\n", seed, got[0], got[1],
           squares > 0 ? sum * sum / (2 * squares) : 0);
}

/// tail ///

struct tail {
    unsigned seen;
    unsigned lose;
};

// Loses the last of the reply's segments, each the first time that it is sent.
static bool pass_reply(void *user, const uint8_t *frame, size_t len)
{
    struct tail *t = user;
    const uint8_t *ip = frame + 14;
    size_t header = len > 34 && frame[12] == 0x08 && frame[13] == 0 ? (size_t)(ip[0] & 15) * 4 : 0;

    if (header == 0 ||
        (size_t)(ip[2] << 8 | ip[3]) <= header + (size_t)(ip[header + 12] >> 4) * 4) {
        return true; // no payload
    }
    t->seen++;
    return t->seen > REPLY_SEGMENTS || t->seen <= REPLY_SEGMENTS - t->lose;
}

static void tail(struct aksu_sim *sim, const struct options *o, uint64_t seed)
{
    struct aksu_sim_path there = bottleneck(o), back = bottleneck(o);
    struct aksu_sim_host *a = add_host(sim, o, "client", o->receiver ? o->receiver : o->profile);
    struct aksu_sim_host *b = add_host(sim, o, "server", o->profile);
    struct talker client = {.sim = sim, .net = aksu_sim_net(a), .to_send = REQUEST};
    struct tail state = {.lose = (unsigned)o->lose};
    struct aksu_addr to = aksu_sim_addr(b);
    struct files files;
    struct sink server;

    back.pass = pass_reply;
    back.pass_user = &state;
    aksu_sim_link(a, b, &there, &back);
    sink_listen(&server, sim, b, PORT);
    server.service.model.send_after = REQUEST;
    server.service.model.to_send = REPLY_SEGMENTS * (uint32_t)mss_of(profile_of(o->profile));
    open_files(&files, o, sim, b);
    must(talk_connect(&client, &to, PORT, 0), "connecting");
    run_until(sim, 600 * SECOND_US);
    must(client.received == server.service.model.to_send && !client.wrong, "the reply's end is");
    printf("%" PRIu64 ",%.3f\n", seed, (double)(client.last_us - client.opened_us) / 1000);
    close_files(&files, o);
}

static void list_profiles(void)
{
    size_t i;

    puts("name,mss,scales");
    for (i = 0; i < ROWS; i++) {
        const struct aksu_profile *p = find_profile(rows[i].name);

        printf("%s,%d,%d\n", rows[i].name, mss_of(p), p->window_scale);
    }
}

int main(int argc, char **argv)
{
    struct options o = {.rate = 1e7,
                        .delay_ms = 10,
                        .queue = 50,
                        .reorder_ms = 4,
                        .window = 262144,
                        .octets = 4194304,
                        .seed = 1,
                        .seeds = 1,
                        .warm_s = 10,
                        .count_s = 50,
                        .profile = "full"};
    const char *mode = argc > 1 ? argv[1] : "";
    int i;

    for (i = 2; i < argc; i++) {
        read_option(&o, argv[i]);
    }
    if (strcmp(mode, "run") == 0) {
        puts("seed,complete,percent,seconds,retransmitted,spurious,timeouts,frames,lost,full,"
             "unkept,marked");
        each_seed(&o, transfer);
    } else if (strcmp(mode, "share") == 0) {
        puts("seed,first,second,jain");
        each_seed(&o, share);
    } else if (strcmp(mode, "tail") == 0) {
        puts("seed,ms");
        each_seed(&o, tail);
    } else if (strcmp(mode, "profiles") == 0) {
        list_profiles();
    } else {
        fail(mode, "say run, share, tail or profiles, then KEY=VALUE...");
    }
    return 0;
}
