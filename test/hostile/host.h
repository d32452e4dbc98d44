// SPDX-License-Identifier: MIT
/// A stack under attack: its application, its legal peer, and what came out of it.
#ifndef HOST_H
#define HOST_H

#include <aksu/aksu.h>
#include <string.h>
#include "wire.h"

enum { PORT = 80, PEER_PORT = 40000, ACTIVE_PORT = 49152 };
enum { ROWS = 4, RUNS = 8, LISTENERS = 2, RX = 4096, TX = 16384, ECHO = 1480 };
/// The fixture's initial sequence numbers.
#define ISS 0x10000000u
#define IRS 0x20000000u

/// What the application heard; only of connections with the peer port that it watches.
struct app {
    uint16_t watch;
    bool keep; ///< leaves what it got in the ring
    unsigned opens, closes, ends, urgents, troubles;
    int reason; ///< of the last on_close
    aksu_handle conn;
    uint8_t data[8192];
    size_t len;
};

struct host {
    struct aksu net;
    struct aksu_trace trace;
    const struct aksu_storage *store;
    struct app app;
    uint32_t now;
    unsigned frames; ///< that came out since this was set to 0
    size_t octets;
    uint8_t frame[FRAME_MAX]; ///< the last of them
    size_t frame_len;
    uint8_t seen[FRAME_MAX]; ///< the last to the watched port
    size_t seen_len;
    int announced;                    ///< connections that are owed on_close
    unsigned taken[AKSU_STATE_COUNT]; ///< segments, by the state before
    unsigned refused[AKSU_STATE_COUNT];
    unsigned steps;  ///< of all connections since this was set to 0
    char wrong[200]; ///< the first rule that was broken, or empty
};

enum { BOARD_SIZE = sizeof(struct aksu_board) + RUNS * sizeof(struct aksu_run) };
enum { BOARDS_SIZE = ROWS * BOARD_SIZE };
extern const struct aksu_boards *const host_boards;

extern const struct aksu_handlers *const app_handlers; ///< their user is the host

/// Notes that a rule was broken.
void blame(struct host *h, const char *format, ...);
/// Starts a stack at a time, with a secret made of `key`, listening on PORT; with boards, not
/// clean, if its profile has a recovery. One at a time has them.
void start(struct host *h, const struct aksu_storage *store, const struct aksu_profile *profile,
           uint32_t now, uint8_t key);
/// Takes in a frame that lies in a block of just its size. Returns what aksu_input() does.
int feed(struct host *h, const uint8_t *frame, size_t len);
/// Sends a segment of the peer's, and takes out what it causes.
void send_segment(struct host *h, const struct segment *s);
/// Takes out all that is to be sent now; checks each frame, and aksu_idle() against output.
void drain(struct host *h);
/// Lets time pass.
void pass(struct host *h, uint32_t ms);
/// Checks what always holds of every connection.
void check_rows(struct host *h);
/// The connection with a port of the peer; NULL if there is none.
const struct aksu_tcb *find(const struct host *h, uint16_t peer_port, aksu_handle *conn);
/// Connects as a client from a port, exchanges data both ways, closes. False if it fails.
bool legal_session(struct host *h, uint16_t peer_port);

/// The states of the fixture, and others.
enum state {
    state_any,
    state_closed,
    state_listen,
    state_listen_flooded,
    state_syn_sent,
    state_syn_rcvd,
    state_established,
    state_established6,
    state_established_inflight,
    state_established_sack,
    state_established_ts,
    state_established_zero_rwnd,
    state_fin_wait_1,
    state_fin_wait_1_closed,
    state_fin_wait_2,
    state_fin_wait_2_closed,
    state_close_wait,
    state_closing,
    state_last_ack,
    state_time_wait,
    state_zero_swnd,
    state_out_of_order,
    STATES
};
const char *state_label(enum state state);

/// Brings a connection of a started host with `port` into a state by legal frames, from the peer's
/// initial sequence number irs. Returns our own.
uint32_t enter(struct host *h, enum state state, uint16_t port, uint32_t irs);
/// Starts a host in a state with SND.UNA = iss + 1 and RCV.NXT = irs + 1, data and FINs that the
/// state has behind it counted in. Blames it if that fails.
void build(struct host *h, enum state state, const struct aksu_storage *store,
           const struct aksu_profile *profile, uint32_t iss, uint32_t irs);

/// A copy of all of a host: struct aksu, every array of its storage, and its boards.
struct image {
    struct host host;
    struct aksu_row row[ROWS];
    struct aksu_row *heap[ROWS];
    struct aksu_row *bucket[1];
    struct aksu_listener listener[LISTENERS];
    struct aksu_time_wait time_wait[2 * ROWS];
    struct aksu_answer answer[AKSU_ANSWERS];
    struct aksu_neighbour neighbour[AKSU_NEIGHBOURS];
    uint8_t rx[ROWS * RX];
    uint8_t tx[ROWS * TX + 1];
    uint8_t echo[ECHO];
    uint8_t boards[BOARDS_SIZE];
};
void take_image(const struct host *h, struct image *image);
void restore(struct host *h, const struct image *image);
/// Names what differs, or NULL: all but counters, the clock, the source of the last frame, and
/// when a row was last asked that waits for nothing. The answers' ring counts if `answers`.
const char *difference(const struct image *a, const struct image *b, bool answers);
/// The same of a host as it is and what it was.
const char *changed(const struct host *h, const struct image *since, bool answers);

enum verdict {
    DROP,
    SYNACK,
    RESET,
    ACK,
    CHALLENGE_ACK,
    ACCEPT,
    ABORT,
    REPLY,
    IGNORE_OPTION,
    ICMP_ERROR,
    VERDICTS
};

struct hostile_case {
    const char *name;
    const char *detail;
    const char *foreign; ///< what aksu does not know of it, or empty: then it must be dropped
    enum state state;
    uint8_t expected; ///< enum verdict
    uint16_t allowed; ///< a bit for each verdict
    const char *checksum;
    const uint8_t *frame;
    uint16_t len;
    const uint8_t *pre; ///< a frame that goes in before
    uint16_t pre_len;
    const char *reply; ///< flags of the answer: "R", "RA", or empty
    uint32_t reply_seq;
    uint32_t reply_ack;
};
extern const struct hostile_case hostile_cases[];
extern const unsigned hostile_count;

#endif
