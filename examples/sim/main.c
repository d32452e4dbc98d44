// SPDX-License-Identifier: MIT
// aksu-tour: the handshake tour between two hosts of the simulator. The same tour.c runs anywhere
// else; this is how an application of your own is shown, and tested, in virtual time.
//
// usage: aksu-tour [fin-ack] [--pcap FILE] [--chart FILE]
#include <aksu_sim.h>
#include <examples.h>
#include <stdio.h>
#include <string.h>

enum { PORT = 80, DELAY_US = 20000, CLOSE_US = 2000000, LIMIT_US = 120000000 };

static struct {
    bool over;
    size_t reply;
    int error;
} outcome;

static void on_done(size_t reply, int error)
{
    outcome.over = true;
    outcome.reply = reply;
    outcome.error = error;
}

static void close_server(void *net)
{
    (void)tour_server_close(net);
}

// Loses the second full segment of the answer, once.
static bool pass(void *user, const uint8_t *frame, size_t len)
{
    unsigned *full = user;

    (void)frame;
    return len < 1400 || ++*full != 2;
}

// The two hosts and what they do. Returns false if it did not go as it should.
static bool play(bool fin_ack, struct aksu_listing *table, struct aksu_pcapng *pcap)
{
    unsigned full = 0;
    struct aksu_sim *sim = aksu_sim_new(1);
    struct aksu_sim_host *client = aksu_sim_host(sim, &(struct aksu_sim_config){.name = "client"});
    struct aksu_sim_host *server = aksu_sim_host(sim, &(struct aksu_sim_config){.name = "server"});
    const struct aksu_sim_path to_server = {.delay_us = DELAY_US};
    const struct aksu_sim_path to_client = {.delay_us = DELAY_US, .pass = pass, .pass_user = &full};
    const struct aksu_endpoint remote = {aksu_sim_addr(server), PORT};

    aksu_sim_link(client, server, &to_server, &to_client);
    struct aksu_sim_recorder *recorder = aksu_sim_record(sim, table, pcap);
    int error = fin_ack ? tour_server_start(aksu_sim_net(server), PORT)
                        : tour_server_start_waiting(aksu_sim_net(server), PORT);

    error = error ? error : tour_client_start(aksu_sim_net(client), &remote, on_done);
    if (!fin_ack) {
        aksu_sim_at(sim, CLOSE_US, close_server, aksu_sim_net(server));
    }
    bool good = error == AKSU_OK && aksu_sim_run(sim, LIMIT_US) == 0 && outcome.over &&
                outcome.error == AKSU_OK && outcome.reply == TOUR_REPLY;

    if (!good) {
        fprintf(stderr, "aksu-tour: %s\n",
                aksu_sim_error(sim) ? aksu_sim_error(sim)
                                    : aksu_error_name(error ? error : outcome.error));
    }
    good = aksu_sim_record_end(recorder) == 0 && good;
    aksu_sim_free(sim);
    return good;
}

static const char *option(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return argv[i + 1];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const char *file = option(argc, argv, "--pcap");
    const char *chart = option(argc, argv, "--chart");
    bool fin_ack = argc > 1 && strcmp(argv[1], "fin-ack") == 0;
    struct aksu_listing *table = aksu_listing_new();
    struct aksu_pcapng pcap;

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        puts("usage: aksu-tour [fin-ack] [--pcap FILE] [--chart FILE]\n"
             "A connection of two simulated hosts: handshake, a request, an answer of which a\n"
             "segment is lost, and the close in four segments, or with fin-ack in three.");
        return 0;
    }
    if (argc != 1 + fin_ack + (file ? 2 : 0) + (chart ? 2 : 0)) {
        fputs("usage: aksu-tour [fin-ack] [--pcap FILE] [--chart FILE]\n", stderr);
        return 2;
    }
    if (file && aksu_pcapng_open(&pcap, file, AKSU_LINKTYPE_ETHERNET, "aksu-tour") != 0) {
        perror(file);
        return 1;
    }
    bool good = play(fin_ack, table, file ? &pcap : NULL);

    good = aksu_listing_print(table, stdout, 0, 0) == 0 && good;
    good = (!chart || aksu_listing_chart(table, chart, "The handshake tour", 0, 0) == 0) && good;
    good = (!file || aksu_pcapng_close(&pcap) == 0) && good;
    aksu_listing_free(table);
    return good ? 0 : 1;
}
