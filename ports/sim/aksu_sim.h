// SPDX-License-Identifier: MIT
/// A simulated network in virtual time, for tests of applications and of aksu itself.
///
/// Hosts are whole aksu stacks; links between them delay, lose, duplicate, reorder and corrupt
/// frames. Everything follows from one seed: the same program with the same seed sends the same
/// octets at the same microseconds. No clock is read and no socket opened.
///
///     struct aksu_sim *sim = aksu_sim_new(1);
///     struct aksu_sim_host *a = aksu_sim_host(sim, &(struct aksu_sim_config){.name = "client"});
///     struct aksu_sim_host *b = aksu_sim_host(sim, &(struct aksu_sim_config){.name = "server"});
///     struct aksu_sim_path path = {.delay_us = 10000, .loss = 0.1};
///     aksu_sim_link(a, b, &path, &path);
///     aksu_listen(aksu_sim_net(b), NULL, 80, 0, &server_handlers, NULL);
///     aksu_connect(aksu_sim_net(a), &(struct aksu_endpoint){aksu_sim_addr(b), 80}, 0, ...);
///     int result = aksu_sim_run(sim, 60 * 1000000ull);
///
/// After every call into a stack its rules are checked (see aksu_sim_error); a run that breaks one
/// ends at once. This is host-side code: it uses malloc and stdio. What cannot be allocated ends
/// the program with a message.
#ifndef AKSU_SIM_H
#define AKSU_SIM_H

#include <aksu/aksu.h>
#include <aksu_capture.h>
#include <aksu_steps.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aksu_sim;
struct aksu_sim_host;
struct aksu_sim_switch;

/// Makes a network without hosts. All chance in it comes from the seed.
struct aksu_sim *aksu_sim_new(uint64_t seed);
void aksu_sim_free(struct aksu_sim *sim);

/// The virtual time, microseconds since the start.
uint64_t aksu_sim_now(const struct aksu_sim *sim);

/// A number from the simulation's own generator, below `below`; for applications' chance.
uint32_t aksu_sim_random(struct aksu_sim *sim, uint32_t below);

/// Calls act(user) at a time; not before now.
void aksu_sim_at(struct aksu_sim *sim, uint64_t at_us, void (*act)(void *user), void *user);

/// Runs until nothing is left to happen, aksu_sim_stop(), or that time has come.
///
/// Returns 0, or -1 if a rule was broken: aksu_sim_error() tells which. May be called again to go
/// on.
int aksu_sim_run(struct aksu_sim *sim, uint64_t until_us);

/// Ends the run after the current instant.
void aksu_sim_stop(struct aksu_sim *sim);

/// What rule was broken, by which host and when; NULL if none was.
///
/// Rules: aksu_idle() 0 means that output gives a frame or changes something; more than 0, that
/// output gives nothing. After a TICK plan does not answer TICK. snd_una <= snd_nxt <= snd_max, and
/// no more in flight than queued. rcv_nxt never falls back. Only edges of aksu_tcp_edge() are
/// taken.
const char *aksu_sim_error(const struct aksu_sim *sim);

/// Hosts ///

/// A host. Zero is the default of every member.
struct aksu_sim_config {
    const char *name;
    const struct aksu_profile *profile; ///< NULL = &aksu_standard
    struct aksu_addr addr;              ///< zero: 10.0.0.1, 10.0.0.2, ...
    struct aksu_addr gateway;
    uint8_t prefix;       ///< 0 = 24
    uint16_t mtu;         ///< 0 = 1500
    uint32_t connections; ///< 0 = 4
    uint32_t listeners;   ///< 0 = 2
    uint32_t time_waits;  ///< 0 = twice the connections
    uint32_t rx_octets;   ///< 0 = 16384
    uint32_t tx_octets;   ///< 0 = 16384
    uint32_t runs;        ///< of each board, for a profile with recovery; 4 to 255; 0 = 32
    uint32_t clock_ms;    ///< what the host's clock shows at the start
    bool force_isn;       ///< the first connection's initial sequence number is isn
    aksu_seq isn;
    void *user; ///< struct aksu_config.user
};

/// Adds a host.
struct aksu_sim_host *aksu_sim_host(struct aksu_sim *sim, const struct aksu_sim_config *config);

/// Adds a station without a stack: `input` sees each frame that comes to it, and it sends what is
/// given to aksu_sim_inject(). addr: what the capture calls it by.
struct aksu_sim_host *aksu_sim_wire(struct aksu_sim *sim, const char *name, struct aksu_addr addr,
                                    void (*input)(void *user, struct aksu_sim_host *wire,
                                                  const uint8_t *frame, size_t len),
                                    void *user);

/// Sends a frame from a host's or wire's place in the network, as it is.
void aksu_sim_inject(struct aksu_sim_host *host, const void *frame, size_t len);

struct aksu *aksu_sim_net(struct aksu_sim_host *host); ///< NULL for a wire
struct aksu_addr aksu_sim_addr(const struct aksu_sim_host *host);
const char *aksu_sim_name(const struct aksu_sim_host *host);
const uint8_t *aksu_sim_mac(const struct aksu_sim_host *host);

/// Tells that a stack's calls were made from outside of its handlers and of aksu_sim_at(): its host
/// is polled at the current instant. Calls made before aksu_sim_run() need no telling.
void aksu_sim_poll(struct aksu_sim_host *host);

/// Links ///

/// One direction of a link. Zero is the default of every member: an ideal link. Probabilities are
/// 0 to 1, each frame's own unless said otherwise.
struct aksu_sim_path {
    uint64_t delay_us; ///< propagation
    uint64_t rate;     ///< bit/s; 0 = without limit
    uint16_t framing;  ///< octets more that each frame takes at that rate; Ethernet's are 24
    uint32_t queue;    ///< frames that wait at most, then they drop; 0 = the sender waits instead
    uint32_t mark;   ///< when so many wait, an IPv4 packet is marked with CE if its transport knows
                     ///< ECN, else it drops (RFC 3168 5); 0 = never
    bool lose_first; ///< a lost frame never comes to the queue; else it is lost on the wire
    bool spare_opening;  ///< chance loses neither ARP nor SYNs
    double loss;         ///< independent
    double burst_begin;  ///< Gilbert-Elliott: from good to bad, per frame
    double burst_end;    ///< from bad to good; 0 = 0.25
    double burst_loss;   ///< loss while bad; 0 = 1
    double duplicate;    ///< delivered twice
    double reorder;      ///< delayed by reorder_us more, so that later frames overtake it
    uint64_t reorder_us; ///< 0 = four times delay_us, at least 1 ms
    double corrupt;      ///< one bit of an IPv4 packet is flipped; other frames are lost (FCS)
    uint16_t mtu;        ///< larger IP packets are lost; 0 = no limit
    /// Decides on a frame before chance does: false = lost. May be NULL.
    bool (*pass)(void *user, const uint8_t *frame, size_t len);
    void *pass_user;
};

/// Joins two hosts, each of which has one link at most.
void aksu_sim_link(struct aksu_sim_host *a, struct aksu_sim_host *b,
                   const struct aksu_sim_path *a_to_b, const struct aksu_sim_path *b_to_a);

/// Adds a learning switch of any number of hosts.
struct aksu_sim_switch *aksu_sim_switch(struct aksu_sim *sim);

/// Plugs a host in: `up` leads to the switch, `down` from it.
void aksu_sim_plug(struct aksu_sim_switch *hub, struct aksu_sim_host *host,
                   const struct aksu_sim_path *up, const struct aksu_sim_path *down);

/// Changes the path that leads away from a host, from now on: to cut a cable, or mend it.
void aksu_sim_set_path(struct aksu_sim_host *host, const struct aksu_sim_path *path);

/// Watching ///

enum aksu_sim_what {
    AKSU_SIM_SENT,    ///< host gave the frame to its link
    AKSU_SIM_MARKED,  ///< what befell it, in reason: "duplicated", "reordered", "corrupted", "CE"
    AKSU_SIM_DROPPED, ///< a copy is lost, for the reason given
    AKSU_SIM_ARRIVED, ///< host has taken a copy in; result is aksu_input()'s
    AKSU_SIM_GONE,    ///< no copy is left under way
    AKSU_SIM_STEP,    ///< a connection of host made a step
    AKSU_SIM_POLLED   ///< host was polled: it has done what there was to do
};

/// What a watcher is told. Members that `what` does not name are zero. Pointers are valid during
/// the call.
struct aksu_sim_notice {
    enum aksu_sim_what what;
    uint64_t time_us;
    struct aksu_sim_host *host;
    uint64_t id; ///< of the frame as sent: its copies have the same
    const uint8_t *frame;
    size_t len;
    const char *reason;
    int result;
    aksu_handle conn;
    const struct aksu_event *event;
    const struct aksu_effects *effects;
    const struct aksu_tcb *before;
    const struct aksu_tcb *after;
};

/// Has fn(user, notice) called for everything that happens from now on. At most 8 watchers.
void aksu_sim_watch(struct aksu_sim *sim, void (*fn)(void *, const struct aksu_sim_notice *),
                    void *user);

/// Recording ///

struct aksu_sim_recorder;

/// Records each frame with both ends' states after it, to a table, a capture, or both.
///
/// Hosts must have been added; a simulation is recorded once at most. Frames stand in the order in
/// which they were sent, without what befell them on their way.
struct aksu_sim_recorder *aksu_sim_record(struct aksu_sim *sim, struct aksu_listing *table,
                                          struct aksu_pcapng *pcap);

/// Writes what is still under way, and ends recording. Call it before aksu_sim_free().
/// Returns the first error of the table or the capture.
int aksu_sim_record_end(struct aksu_sim_recorder *recorder);

struct aksu_sim_tap;

/// Records what passes at one host's place, as a capture there would: what it sends when it is
/// sent, what comes to it when it comes; the comment of a frame that is lost says why. And the
/// steps of all hosts. Either may be NULL.
///
/// Frames are kept in memory until the end. A simulation has one tap at most.
struct aksu_sim_tap *aksu_sim_tap(struct aksu_sim_host *host, struct aksu_pcapng *pcap,
                                  struct aksu_steps *steps);

/// Writes the capture and ends recording. Call it once, before aksu_sim_free(). Returns the first
/// error of the capture.
int aksu_sim_tap_end(struct aksu_sim_tap *tap);

#ifdef __cplusplus
}
#endif

#endif
