// SPDX-License-Identifier: MIT
#include "scenario.h"
#include "talk.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT = 80, PEER_PORT = 5000, CLIENT_PORT = 40000, REQUEST = 100, REPLY = 2000 };
enum { FLOOD_GAP_US = 100, MOST_TALKERS = 64, SERVER_ROWS = 4 };
// Real clients of a flood: rows enough for all that are there at once.
enum { CLIENT_GAP_US = 400000, CLIENTS_LEAST = 3, CLIENTS_MOST = 20 };

#define HOUR_US 3600000000ull

/// A running scenario.
struct stage {
    const struct scenario *scenario;
    const struct scenario_options *options;
    struct scenario_result *result;
    struct aksu_sim *sim;
    struct aksu_sim_host *client_host;
    struct aksu_sim_host *server_host;
    struct aksu_sim_host *attacker;
    struct aksu_profile profile[2]; // of both-ways
    struct talker client;
    struct talker clients[MOST_TALKERS];
    size_t client_count;
    struct talker talker[MOST_TALKERS];
    struct talk_service service;
    aksu_handle conn[2]; // the first connection of each host
    uint32_t data_seen;  // data segments that the server has sent
    uint32_t forged;
};

static void problem(struct stage *s, const char *format, ...)
{
    va_list args;

    if (!s->result->problem[0] && aksu_sim_error(s->sim)) { // what comes of it is no news
        snprintf(s->result->problem, sizeof s->result->problem, "%s", aksu_sim_error(s->sim));
    } else if (!s->result->problem[0]) {
        va_start(args, format);
        vsnprintf(s->result->problem, sizeof s->result->problem, format, args);
        va_end(args);
    }
    s->result->ok = false;
}

/// Watching ///

static void add_state(char *path, unsigned state)
{
    size_t used = strlen(path);

    snprintf(path + used, SCENARIO_PATH - used, "%s%s", used ? " " : "", aksu_state_name(state));
}

static void follow(struct stage *s, const struct aksu_sim_notice *n)
{
    int end = n->host == s->client_host ? 0 : 1;
    char *path = s->result->path[end];

    if (s->conn[end] == 0) {
        s->conn[end] = n->conn;
        add_state(path, n->before->state);
    }
    if (s->conn[end] == n->conn && n->before->state != n->after->state) {
        add_state(path, n->after->state);
    }
}

static void digest(struct stage *s, const struct aksu_sim_notice *n)
{
    uint64_t hash = s->result->digest ^ n->time_us;
    size_t i;

    for (i = 0; i < n->len; i++) { // FNV-1a
        hash = (hash ^ n->frame[i]) * 0x100000001b3u;
    }
    s->result->digest = hash;
    s->result->frames++;
}

static void on_notice(void *user, const struct aksu_sim_notice *n)
{
    struct stage *s = user;

    if (n->what == AKSU_SIM_STEP) {
        follow(s, n);
    } else if (n->what == AKSU_SIM_SENT) {
        digest(s, n);
    }
}

/// Setting the stage ///

// Loses the second data segment that the server sends, once.
static bool lose_second(void *user, const uint8_t *frame, size_t len)
{
    struct stage *s = user;
    size_t header;

    if (len < 54 || frame[12] != 0x08 || frame[13] != 0 || frame[23] != 6) {
        return true;
    }
    header = 14 + (size_t)(frame[14] & 15) * 4;
    header += (size_t)(frame[header + 12] >> 4) * 4;
    return len <= header || ++s->data_seen != 2;
}

// Both-ways tries every pair of profiles. MSL is long: where most frames are lost, TIME-WAIT would
// often end before the peer has heard its last ACK.
static const struct aksu_profile *choose_profile(struct stage *s, bool server)
{
    static const struct aksu_profile *const profiles[] = {&aksu_standard, &aksu_lean, &aksu_full};
    uint64_t seed = server ? s->options->seed / 3 : s->options->seed;

    if (strcmp(s->scenario->name, "both-ways") != 0) {
        return &aksu_standard;
    }
    s->profile[server] = *profiles[seed % 3];
    s->profile[server].msl_ms = 600000;
    s->profile[server].fin_wait_2_ms = 600000;
    return &s->profile[server];
}

static struct aksu_sim_host *add_host(struct stage *s, const char *name, uint32_t rx_octets)
{
    struct aksu_sim_config config;

    memset(&config, 0, sizeof config);
    config.name = name;
    config.mtu = s->options->mtu;
    config.rx_octets = rx_octets;
    config.tx_octets = 65536;
    config.force_isn = s->options->force_isn;
    config.isn = s->options->isn;
    config.clock_ms = s->options->clock_ms;
    config.profile = choose_profile(s, s->client_host != NULL);
    config.connections = s->client_host ? SERVER_ROWS : MOST_TALKERS;
    return aksu_sim_host(s->sim, &config);
}

static void add_hosts(struct stage *s)
{
    bool small = strcmp(s->scenario->name, "zero-window") == 0;

    s->client_host = add_host(s, "client", 65536);
    s->server_host = add_host(s, "server", small ? 4000 : 65536);
    s->client.sim = s->service.model.sim = s->sim;
    s->client.net = aksu_sim_net(s->client_host);
    s->service.talker = s->talker;
    s->service.room = MOST_TALKERS;
}

static void add_links(struct stage *s)
{
    struct aksu_sim_path back = s->options->link;
    const struct aksu_sim_path ideal = {0};
    struct aksu_sim_switch *hub;

    if (strcmp(s->scenario->name, "handshake") == 0) {
        back.pass = lose_second;
        back.pass_user = s;
    }
    if (!s->attacker) {
        aksu_sim_link(s->client_host, s->server_host, &s->options->link, &back);
        return;
    }
    hub = aksu_sim_switch(s->sim);
    aksu_sim_plug(hub, s->client_host, &s->options->link, &s->options->link);
    aksu_sim_plug(hub, s->server_host, &ideal, &ideal);
    aksu_sim_plug(hub, s->attacker, &ideal, &ideal);
}

static void serve(struct stage *s)
{
    int error = aksu_listen(aksu_sim_net(s->server_host), NULL, PORT, 0, &talk_service_handlers,
                            &s->service);

    if (error) {
        problem(s, "aksu_listen: %s", aksu_error_name(error));
    }
}

static void open_talker(struct stage *s, struct talker *t, struct aksu_sim_host *to, uint16_t port,
                        uint16_t local_port)
{
    struct aksu_addr addr = aksu_sim_addr(to);

    if (!talk_connect(t, &addr, port, local_port)) {
        problem(s, "aksu_connect: %s", aksu_error_name(t->conn));
    }
}

static void open_client(struct stage *s)
{
    open_talker(s, &s->client, s->server_host, PORT, CLIENT_PORT);
}

static uint32_t amount(const struct stage *s, uint32_t own)
{
    return s->options->bytes ? s->options->bytes : own;
}

// A request and a reply; both ends know how much is to come.
static void ask(struct stage *s, uint32_t reply)
{
    s->client.to_send = s->service.model.to_receive = REQUEST;
    s->client.to_receive = s->service.model.to_send = reply;
    s->service.model.send_after = REQUEST;
}

/// The scenarios ///

static void handshake(struct stage *s)
{
    ask(s, amount(s, REPLY));
    s->service.model.no_delay = true;
    s->client.end = TALK_END_RECEIVED;
    s->service.model.end = TALK_END_PEER;
    s->service.model.end_after_us = 30000;
    serve(s);
    open_client(s);
}

static void fin_ack(struct stage *s)
{
    ask(s, amount(s, 1000));
    s->client.end = TALK_END_RECEIVED;
    s->service.model.end = TALK_END_PEER;
    serve(s);
    open_client(s);
}

// The server's stack opens a connection of its own, at the same time.
static void open_from_server(struct stage *s)
{
    struct talker *t = &s->talker[0];

    *t = s->service.model;
    t->net = aksu_sim_net(s->server_host);
    s->service.talkers = 1;
    open_talker(s, t, s->client_host, CLIENT_PORT, PEER_PORT);
}

static void simultaneous_open(struct stage *s)
{
    ask(s, amount(s, 1000));
    s->client.end = TALK_END_RECEIVED;
    s->service.model.end = TALK_END_PEER;
    s->service.model.end_after_us = 30000;
    open_talker(s, &s->client, s->server_host, PEER_PORT, CLIENT_PORT);
    open_from_server(s);
}

static void simultaneous_close(struct stage *s)
{
    ask(s, amount(s, 1000));
    serve(s);
    open_client(s);
    aksu_sim_at(s->sim, 500000, talk_shutdown, &s->client);
    aksu_sim_at(s->sim, 500000, talk_shutdown, &s->talker[0]);
}

static void half_close(struct stage *s)
{
    ask(s, amount(s, 3000));
    s->client.end = TALK_END_SENT;
    s->client.end_after_us = 100000;
    s->service.model.send_after_end = true;
    s->service.model.end = TALK_END_SENT;
    s->service.model.end_after_us = 100000;
    serve(s);
    open_client(s);
}

static void abort_it(struct stage *s)
{
    ask(s, amount(s, 1000));
    serve(s);
    open_client(s);
    aksu_sim_at(s->sim, 500000, talk_abort, &s->client);
}

static void refused(struct stage *s)
{
    open_client(s);
}

static void zero_window(struct stage *s)
{
    s->client.to_send = s->service.model.to_receive = amount(s, 12000);
    s->client.end = TALK_END_SENT;
    s->client.end_after_us = 7000000;
    s->service.model.end = TALK_END_PEER;
    s->service.model.end_after_us = 30000;
    s->service.model.deaf = true;
    serve(s);
    open_client(s);
    aksu_sim_at(s->sim, 6000000, talk_listen_again, &s->talker[0]);
}

static void bulk(struct stage *s)
{
    s->client.to_send = s->service.model.to_receive = amount(s, 1000000);
    s->client.end = TALK_END_SENT;
    s->service.model.end = TALK_END_PEER;
    s->service.model.end_after_us = 30000;
    serve(s);
    open_client(s);
}

// Data both ways at once. The seed says who opens, who ends when.
static void both_ways(struct stage *s)
{
    uint32_t how = aksu_sim_random(s->sim, 12);
    struct talker *one = &s->client;
    struct talker *other = &s->service.model;

    one->to_send = other->to_receive = amount(s, 40000);
    other->to_send = one->to_receive = amount(s, 40000);
    one->patient = other->patient = true;
    one->end = how & 1 ? TALK_END_SENT : TALK_END_RECEIVED;
    other->end = how & 2 ? TALK_END_SENT : TALK_END_PEER;
    if (one->end == TALK_END_RECEIVED && other->end == TALK_END_PEER) {
        one->end_after_us = other->end_after_us = aksu_sim_random(s->sim, 50000);
    }
    if (how < 4) {
        serve(s);
        open_client(s);
    } else if (how < 8) { // the server's side opens to the client's
        int error =
            aksu_listen(aksu_sim_net(s->client_host), NULL, PORT, 0, &talk_handlers, &s->client);
        s->talker[0] = *other;
        s->talker[0].net = aksu_sim_net(s->server_host);
        s->service.talkers = 1;
        open_talker(s, &s->talker[0], s->client_host, PORT, PEER_PORT);
        if (error) {
            problem(s, "aksu_listen: %s", aksu_error_name(error));
        }
    } else {
        open_talker(s, &s->client, s->server_host, PEER_PORT, CLIENT_PORT);
        open_from_server(s);
    }
}

/// The flood ///

static void ignore(void *user, struct aksu_sim_host *wire, const uint8_t *frame, size_t len)
{
    (void)user;
    (void)wire;
    (void)frame;
    (void)len;
}

static uint16_t checksum(const uint8_t *from, size_t len, uint32_t sum)
{
    size_t i;

    for (i = 0; i < len; i += 2) {
        sum += (uint32_t)from[i] << 8 | from[i + 1];
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static void put16(uint8_t *to, unsigned value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static void put32(uint8_t *to, uint32_t value)
{
    put16(to, value >> 16);
    put16(to + 2, value & 0xffff);
}

// A SYN from an address and port of chance, as a flood has them: 54 octets.
static void forge_syn(struct stage *s, uint8_t *frame)
{
    struct aksu_addr target = aksu_sim_addr(s->server_host);
    uint8_t *ip = frame + 14;
    uint8_t *tcp = ip + 20;

    memset(frame, 0, 54);
    memcpy(frame, aksu_sim_mac(s->server_host), 6);
    memcpy(frame + 6, aksu_sim_mac(s->attacker), 6);
    put16(frame + 12, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, 40);
    ip[8] = 64;
    ip[9] = 6;
    put32(ip + 12, 0xc6120000u + aksu_sim_random(s->sim, 0x1ffff)); // 198.18.0.0/15
    memcpy(ip + 16, target.octets + 12, 4);
    put16(ip + 10, checksum(ip, 20, 0));
    put16(tcp, 1024 + aksu_sim_random(s->sim, 64000));
    put16(tcp + 2, PORT);
    put32(tcp + 4, aksu_sim_random(s->sim, UINT32_MAX));
    tcp[12] = 5 << 4;
    tcp[13] = 0x02;
    put16(tcp + 14, 8192);
    put16(tcp + 16, checksum(tcp, 20, checksum(ip + 12, 8, 6 + 20) ^ 0xffffu));
}

static void flood(void *user)
{
    struct stage *s = user;
    uint32_t all = s->options->forged ? s->options->forged : 100;
    uint8_t frame[54];

    forge_syn(s, frame);
    aksu_sim_inject(s->attacker, frame, sizeof frame);
    if (++s->forged < all) {
        aksu_sim_at(s->sim, aksu_sim_now(s->sim) + FLOOD_GAP_US, flood, s);
    }
}

// The next real client, while the flood goes on.
static void next_client(void *user)
{
    struct stage *s = user;
    uint32_t all = s->options->forged ? s->options->forged : 100;
    uint64_t span_us = (uint64_t)all * FLOOD_GAP_US;
    uint64_t count = span_us / CLIENT_GAP_US;
    struct talker *t = &s->clients[s->client_count++];

    count = count < CLIENTS_LEAST ? CLIENTS_LEAST : count > CLIENTS_MOST ? CLIENTS_MOST : count;
    *t = s->client;
    open_talker(s, t, s->server_host, PORT, 0);
    if (s->client_count < count) {
        aksu_sim_at(s->sim, aksu_sim_now(s->sim) + span_us / count, next_client, s);
    }
}

static void syn_flood(struct stage *s)
{
    ask(s, amount(s, 1000));
    s->client.end = TALK_END_RECEIVED;
    s->service.model.end = TALK_END_PEER;
    serve(s);
    aksu_sim_at(s->sim, 0, flood, s);
    aksu_sim_at(s->sim, 2000, next_client, s);
}

/// Judging ///

static void judge_talker(struct stage *s, const struct talker *t, const char *who)
{
    if (!talk_complete(t)) {
        problem(s, "%s %s; sent %" PRIu32 " of %" PRIu32 ", got %" PRIu32 " of %" PRIu32 "%s%s%s",
                who, t->opened ? "did not complete" : "never opened", t->sent, t->to_send,
                t->received, t->to_receive, t->wrong ? ", not as sent" : "",
                t->closed ? "; closed: " : "; never closed",
                t->closed ? aksu_error_name(t->error) : "");
    } else if (!t->closed || t->error != AKSU_OK) {
        problem(s, "%s was not closed cleanly: %s", who,
                t->closed ? aksu_error_name(t->error) : "still open");
    } else {
        s->result->connections++;
    }
}

static void judge_error(struct stage *s, const struct talker *t, const char *who, int error)
{
    if (!t->closed || t->error != error) {
        problem(s, "%s closed with \"%s\", not \"%s\"", who,
                t->closed ? aksu_error_name(t->error) : "(not at all)", aksu_error_name(error));
    }
}

static void judge_both(struct stage *s)
{
    judge_talker(s, &s->client, "client");
    judge_talker(s, &s->talker[0], "server");
}

static void judge_abort(struct stage *s)
{
    judge_error(s, &s->client, "client", AKSU_ECONNABORTED);
    judge_error(s, &s->talker[0], "server", AKSU_ECONNRESET);
}

static void judge_refused(struct stage *s)
{
    judge_error(s, &s->client, "client", AKSU_ECONNREFUSED);
}

static void judge_clients(struct stage *s)
{
    size_t i;

    for (i = 0; i < s->client_count; i++) {
        judge_talker(s, &s->clients[i], "a client");
    }
}

struct play {
    void (*begin)(struct stage *);
    void (*judge)(struct stage *);
};

#define CLIENT_OPENS "CLOSED SYN-SENT ESTABLISHED"
#define SERVER_OPENS "CLOSED LISTEN SYN-RECEIVED ESTABLISHED"

const struct scenario scenarios[] = {
    {"handshake",
     "three-way handshake, request, reply with a lost segment, four-way close",
     {CLIENT_OPENS " FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT", SERVER_OPENS " CLOSE-WAIT LAST-ACK CLOSED"}},
    {"fin-ack",
     "three-way close: the server's FIN rides on its ACK",
     {CLIENT_OPENS " FIN-WAIT-1 TIME-WAIT", SERVER_OPENS " CLOSE-WAIT LAST-ACK CLOSED"}},
    {"simultaneous-open",
     "both ends open at once (RFC 9293 Figure 7)",
     {"CLOSED SYN-SENT SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT",
      "CLOSED SYN-SENT SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED"}},
    {"simultaneous-close",
     "both ends close at once (RFC 9293 Figure 13)",
     {CLIENT_OPENS " FIN-WAIT-1 CLOSING TIME-WAIT", SERVER_OPENS " FIN-WAIT-1 CLOSING TIME-WAIT"}},
    {"half-close",
     "the client closes first, and then gets its reply",
     {CLIENT_OPENS " FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT", SERVER_OPENS " CLOSE-WAIT LAST-ACK CLOSED"}},
    {"abort", "the client aborts: RST", {CLIENT_OPENS " CLOSED", SERVER_OPENS " CLOSED"}},
    {"refused", "nobody listens: RST", {"CLOSED SYN-SENT CLOSED", ""}},
    {"zero-window",
     "the server stops reading; its window closes, is probed, and reopens",
     {CLIENT_OPENS " FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT", SERVER_OPENS " CLOSE-WAIT LAST-ACK CLOSED"}},
    {"syn-flood", "forged SYNs at a listener of 4 rows, and real clients among them", {NULL, NULL}},
    {"bulk",
     "one long transfer: goodput",
     {CLIENT_OPENS " FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT", SERVER_OPENS " CLOSE-WAIT LAST-ACK CLOSED"}},
    {"both-ways",
     "transfers both ways; the seed says who opens, who closes, with which profile",
     {NULL, NULL}},
    {NULL, NULL, {NULL, NULL}}};

static const struct play plays[] = {
    {handshake, judge_both},         {fin_ack, judge_both},
    {simultaneous_open, judge_both}, {simultaneous_close, judge_both},
    {half_close, judge_both},        {abort_it, judge_abort},
    {refused, judge_refused},        {zero_window, judge_both},
    {syn_flood, judge_clients},      {bulk, judge_both},
    {both_ways, judge_both}};

const struct scenario *scenario_find(const char *name)
{
    const struct scenario *s = scenarios;

    while (s->name && strcmp(s->name, name) != 0) {
        s++;
    }
    return s->name ? s : NULL;
}

bool scenario_undisturbed(const struct scenario_options *o)
{
    const struct aksu_sim_path *link = &o->link;

    return link->loss <= 0 && link->burst_begin <= 0 && link->duplicate <= 0 &&
           link->reorder <= 0 && link->corrupt <= 0 && link->queue == 0 && o->bytes == 0 &&
           o->mtu == 0;
}

static void judge_paths(struct stage *s)
{
    int end;

    for (end = 0; end < 2 && scenario_undisturbed(s->options); end++) {
        const char *path = s->scenario->path[end];

        if (path && strcmp(path, s->result->path[end]) != 0) {
            problem(s, "the %s went through %s; expected %s", end ? "server" : "client",
                    s->result->path[end], path);
        }
    }
}

static void count_octets(struct scenario_result *r, const struct talker *t)
{
    r->octets += t->received;
    r->transfer_us = t->last_us > r->transfer_us ? t->last_us : r->transfer_us;
}

static void sum_up(struct stage *s)
{
    const struct talker *from = s->client_count > 0 ? &s->clients[0] : &s->client;
    struct scenario_result *r = s->result;
    struct aksu_sim_host *hosts[2];
    int i;

    hosts[0] = s->client_host;
    hosts[1] = s->server_host;
    for (i = 0; i < 2; i++) {
        const struct aksu_counters *c = aksu_counters(aksu_sim_net(hosts[i]));

        r->retransmitted += c->retransmitted;
        r->timeouts += c->timeouts;
        r->cookies += c->cookies_sent;
    }
    count_octets(r, &s->client);
    for (i = 0; i < MOST_TALKERS; i++) {
        count_octets(r, &s->clients[i]);
        count_octets(r, &s->talker[i]);
    }
    r->transfer_us -= r->transfer_us > from->opened_us ? from->opened_us : r->transfer_us;
}

static void play(struct stage *s, const struct play *p)
{
    struct aksu_sim_recorder *recorder = NULL;
    struct aksu_sim_tap *tap = NULL;

    add_hosts(s);
    if (p->begin == syn_flood) {
        s->attacker = aksu_sim_wire(s->sim, "attacker", aksu_ipv4(10, 0, 0, 66), ignore, NULL);
    }
    add_links(s);
    aksu_sim_watch(s->sim, on_notice, s);
    if (s->options->table || s->options->pcap) {
        recorder = aksu_sim_record(s->sim, s->options->table, s->options->pcap);
    }
    if (s->options->tap || s->options->steps) {
        tap = aksu_sim_tap(s->client_host, s->options->tap, s->options->steps);
    }
    p->begin(s);
    if (aksu_sim_run(s->sim, HOUR_US) != 0) {
        problem(s, "%s", aksu_sim_error(s->sim));
    } else {
        p->judge(s);
        judge_paths(s);
    }
    if (recorder) {
        s->result->record_error = aksu_sim_record_end(recorder);
    }
    if (tap) {
        int error = aksu_sim_tap_end(tap);

        s->result->record_error = s->result->record_error ? s->result->record_error : error;
    }
    s->result->duration_us = aksu_sim_now(s->sim);
    sum_up(s);
}

bool scenario_run(const struct scenario *scenario, const struct scenario_options *options,
                  struct scenario_result *result)
{
    struct stage *s = calloc(1, sizeof *s);

    memset(result, 0, sizeof *result);
    result->ok = true;
    result->digest = 0xcbf29ce484222325u;
    if (!s) {
        result->ok = false;
        snprintf(result->problem, sizeof result->problem, "out of memory");
        return false;
    }
    s->scenario = scenario;
    s->options = options;
    s->result = result;
    s->sim = aksu_sim_new(options->seed);
    play(s, &plays[scenario - scenarios]);
    aksu_sim_free(s->sim);
    free(s);
    return result->ok;
}

/// Bad links ///

static uint32_t mix(uint32_t number, uint32_t salt)
{
    uint32_t z = number * 0x9e3779b1u + salt * 0x85ebca6bu;

    z = (z ^ (z >> 15)) * 0x2c1b3c6du;
    z = (z ^ (z >> 12)) * 0x297a2d39u;
    return z ^ (z >> 15);
}

void scenario_bad_link(uint32_t number, struct scenario_options *o)
{
    static const aksu_seq bases[] = {0, 0x7fffffffu, 0xffffffffu};

    memset(o, 0, sizeof *o);
    o->seed = number;
    o->bytes = 10000 + mix(number, 1) % 30000;
    o->link.delay_us = 1000 + mix(number, 2) % 50 * 1000;
    o->link.loss = mix(number, 3) % 21 / 100.0;
    o->link.duplicate = mix(number, 4) % 11 / 100.0;
    o->link.reorder = mix(number, 5) % 11 / 100.0;
    o->link.corrupt = mix(number, 6) % 6 / 100.0;
    o->link.rate = number % 4 == 0 ? 2000000 : 0;
    o->link.queue = number % 8 == 0 ? 8 : 0;
    o->force_isn = true;
    o->isn = bases[number % 3];
    if (number % 2) {
        o->clock_ms = 0u - mix(number, 7) % 3000; // wraps within the first seconds
    }
}

static void add_number(char *to, size_t size, const char *option, double value)
{
    size_t used = strlen(to);

    if (value > 0) {
        snprintf(to + used, size - used, " %s %.12g", option, value);
    }
}

void scenario_command(const struct scenario *scenario, const struct scenario_options *o, char *to,
                      size_t size)
{
    snprintf(to, size, "aksu-sim %s --seed %" PRIu64 " --delay %g", scenario->name, o->seed,
             (double)o->link.delay_us / 1000);
    add_number(to, size, "--loss", o->link.loss * 100);
    add_number(to, size, "--burst", o->link.burst_begin * 100);
    add_number(to, size, "--dup", o->link.duplicate * 100);
    add_number(to, size, "--reorder", o->link.reorder * 100);
    add_number(to, size, "--corrupt", o->link.corrupt * 100);
    add_number(to, size, "--rate", (double)o->link.rate);
    add_number(to, size, "--queue", o->link.queue);
    add_number(to, size, "--mtu", o->mtu);
    add_number(to, size, "--bytes", o->bytes);
    add_number(to, size, "--forged", o->forged);
    add_number(to, size, "--clock", o->clock_ms);
    if (o->force_isn) {
        size_t used = strlen(to);

        snprintf(to + used, size - used, " --isn %" PRIu32, o->isn);
    }
}
