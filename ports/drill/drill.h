// SPDX-License-Identifier: MIT
/// Running scripts: one stack over raw IPv4 in virtual time, sockets over its calls, and a peer
/// that is the script.
#ifndef DRILL_H
#define DRILL_H

#include "script.h"
#include <aksu_capture.h>
#include <aksu_steps.h>

enum { DRILL_PEERS = 64, DRILL_SOCKETS = 64, DRILL_FRAMES = 512, DRILL_STAMPS = 64 };

enum { DRILL_LOCAL_PORT = 8080, DRILL_REMOTE_PORT = 50000, DRILL_FIRST_PORT = 40000 };

/// What can be set. See settings.c for the names.
struct drill_settings {
    struct aksu_profile profile;
    uint32_t initial_window; ///< segments, 0 = the profile's
    uint32_t mtu;
    uint32_t rcvbuf, sndbuf; ///< octets of each connection's rings
    uint32_t connections, listeners, time_waits;
    uint32_t runs; ///< of a board
    uint32_t tolerance_us;
    uint32_t ts_tick_us; ///< 0 = our timestamps' values are not compared
    uint32_t clock_ms;   ///< the stack's clock when the script begins
    uint32_t isn;        ///< the script's initial sequence number: its 0
    uint32_t iss;        ///< the stack's, of the first connection
    bool force_iss;
};

void drill_defaults(struct drill_settings *settings);
/// Returns NULL, or what is wrong in words.
const char *drill_set(struct drill_settings *settings, const char *name, const char *value);
/// Prints the names.
void drill_settings_help(FILE *to);

/// A pair of ports, and the numbers that its connection began with.
struct drill_peer {
    uint16_t remote, local;
    bool opening; // the next SYN of ours tells iss
    bool known;   // iss is
    bool bare;    // the last segment to us had no ACK
    uint32_t iss;
    uint8_t state; // after the last step
    unsigned stamps;
    struct {
        uint32_t script, live;
    } stamp[DRILL_STAMPS]; // our TSvals, a ring
};

/// A socket. Its number is the script's.
struct drill_socket {
    bool used, listening, nonblock, open, ended, closed, asked; // closed: the descriptor is
    bool no_reading, no_writing;
    int fd;        // -1: not accepted yet
    int error;     // pending, an errno
    int listener;  // index of the socket that it came from
    unsigned turn; // order of arrival at the listener
    aksu_handle conn;
    uint16_t port;
    uint32_t received, sent; // octets so far
    bool linger, reuse;
    int64_t linger_s;
    int64_t option[AKSU_OPTION_COUNT];
};

struct drill_frame {
    int64_t at_us;
    bool is_tcp;
    bool text_good; // its octets are those of its place in the stream
    uint16_t remote, local;
    struct drill_packet packet; // in the script's numbers
};

/// A call that waits.
struct drill_pending {
    const struct drill_event *event;
    int64_t end_us; // when it is to return
    int64_t began_us;
    int64_t done; // octets so far
    bool begun;
};

struct drill_run {
    const struct drill_script *script;
    struct drill_settings settings;
    struct aksu net;
    struct aksu_storage store;
    struct aksu_boards boards;
    struct aksu_trace trace;
    bool started;
    int64_t now_us;
    int64_t last_us; // time of the last event, that relative times count from
    uint8_t *buffer;
    struct drill_frame *frame; // sent and not yet expected
    unsigned frames;
    struct drill_peer peer[DRILL_PEERS];
    unsigned peers;
    uint16_t remote_port, local_port; // the current connection's
    uint16_t next_port;
    struct drill_socket socket[DRILL_SOCKETS];
    unsigned turns;
    struct drill_pending pending;
    struct aksu_pcapng *pcap;
    FILE *trace_to;
    struct aksu_steps *steps;
    const struct drill_event *event; // the one being run
    bool failed;
    char error[4 * DRILL_ERROR];
};

/// Runs a parsed script. False: run->error says what was expected where, and what came.
bool drill_run(struct drill_run *run, const struct drill_script *script);
void drill_end(struct drill_run *run);

// run.c
__attribute__((format(printf, 2, 3))) void drill_fail(struct drill_run *run, const char *format,
                                                      ...);
uint32_t drill_clock(const struct drill_run *run);
void drill_start(struct drill_run *run);
struct drill_peer *drill_peer(struct drill_run *run, uint16_t remote, uint16_t local);

// wire.c
enum { DRILL_MTU_MAX = 65535 };
struct aksu_addr drill_remote(void);
struct aksu_addr drill_local(void);
/// The octet of a stream that has this relative sequence number.
uint8_t drill_octet(uint32_t seq);
/// Packets as they are on the wire. Returns the length.
size_t drill_put_packet(struct drill_run *run, const struct drill_packet *packet, uint8_t *to);
size_t drill_put_icmp(struct drill_run *run, const struct drill_icmp *icmp, uint8_t *to);
void drill_get_packet(struct drill_run *run, const uint8_t *from, size_t len,
                      struct drill_frame *frame);
void drill_learn_stamp(struct drill_peer *peer, uint32_t script, uint32_t live);

// socket.c
extern const struct aksu_handlers drill_handlers;
struct drill_socket *drill_socket(struct drill_run *run, int64_t fd);
struct drill_socket *drill_new_socket(struct drill_run *run);
void drill_apply(struct drill_run *run, struct drill_socket *socket);

// calls.c
bool drill_call_known(const char *name);
/// Makes a call, or goes on with it. False: it blocks. Else *result is what it returns, a negative
/// errno if it fails.
bool drill_call(struct drill_run *run, struct drill_pending *pending, int64_t *result);

// info.c
bool drill_info_known(const char *name);
/// The number that a name stands for in an assertion. False: there is no such name.
bool drill_info(struct drill_run *run, const char *name, int64_t *number);
/// Prints the connections' states.
void drill_print_states(struct drill_run *run);
void drill_print_step(struct drill_run *run, const struct aksu_event *event,
                      const struct aksu_tcb *after);

#endif
