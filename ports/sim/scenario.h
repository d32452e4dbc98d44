// SPDX-License-Identifier: MIT
// The scenarios of aksu-sim, for the command and for the tests.
#ifndef AKSU_SIM_SCENARIO_H
#define AKSU_SIM_SCENARIO_H

#include "aksu_sim.h"

enum { SCENARIO_PATH = 256 };

struct scenario_options {
    uint64_t seed;
    struct aksu_sim_path link; ///< both ways
    uint32_t bytes;            ///< 0 = the scenario's own amount
    uint32_t forged;           ///< SYNs of syn-flood; 0 = 100
    uint16_t mtu;              ///< the hosts'; 0 = 1500
    bool force_isn;
    aksu_seq isn;
    uint32_t clock_ms;
    struct aksu_listing *table; ///< or NULL
    struct aksu_pcapng *pcap;   ///< or NULL
    struct aksu_pcapng *tap;    ///< or NULL: what passes at the client's place
    struct aksu_steps *steps;   ///< or NULL
};

struct scenario_result {
    bool ok;
    char problem[400];           ///< if not ok
    char path[2][SCENARIO_PATH]; ///< states that the first connection of each host went through
    uint64_t digest;             ///< of every frame and the time it was sent
    uint64_t frames;
    uint64_t octets;      ///< of payload, delivered to applications
    uint64_t transfer_us; ///< from the connection's opening to the last octet
    uint64_t duration_us;
    uint32_t retransmitted;
    uint32_t timeouts;
    uint32_t connections; ///< of real clients, completed
    uint32_t cookies;     ///< sent
    int record_error;
};

struct scenario {
    const char *name;
    const char *about;
    const char *path[2]; ///< states without impairments; NULL = not told
};

/// All of them; the last has no name.
extern const struct scenario scenarios[];

const struct scenario *scenario_find(const char *name);

/// Runs one. Returns result->ok.
bool scenario_run(const struct scenario *scenario, const struct scenario_options *options,
                  struct scenario_result *result);

/// Tells whether the link neither loses nor changes anything, so that states are as listed.
bool scenario_undisturbed(const struct scenario_options *options);

/// Makes options for a run over a bad link, with chance taken from the number.
void scenario_bad_link(uint32_t number, struct scenario_options *options);

/// Writes the aksu-sim command that repeats a run.
void scenario_command(const struct scenario *scenario, const struct scenario_options *options,
                      char *to, size_t size);

#endif
