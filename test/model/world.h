// SPDX-License-Identifier: MIT
// The world that SPIN explores: two endpoints, which are TCBs that the library's own functions
// step, their users, and a channel that loses, duplicates and reorders. Time is not counted: a
// timer that runs may expire, and then it is that timer's deadline.
//
// What SPIN tracks is an image of the world, an octet for each number in it: packing is checked to
// lose nothing at every step.
#ifndef WORLD_H
#define WORLD_H

#include <aksu/tcb.h>

enum { RUNS = 4, SLOTS = 3, IMAGE_MAX = 256, OLD_LIFE = 255 };

// What a user has done, and what came of it.
enum {
    DID_OPEN = 0x01,
    DID_SHUTDOWN = 0x02, // or CLOSE: sending is closed
    DID_CLOSE = 0x04,
    SAW_OPENED = 0x08,
    SAW_EOF = 0x10,
    SAW_CLOSED = 0x20
};

// One endpoint: its TCB, its board if the scenario's profile has a recovery, and what is known of
// its streams apart from it.
struct end {
    struct aksu_tcb tcb;
    struct aksu_board board;
    union aksu_slot slot[RUNS]; // behind it
    uint8_t life;      // which connection of this endpoint it is: each has an ISS of its own
    uint8_t peer_life; // of the peer's SYN that it took
    uint8_t did;
    uint8_t reason;   // why it ended, negated
    uint8_t opens;    // calls that its user may still make
    uint8_t listens;  // likewise
    uint8_t writes;   // likewise
    uint8_t crashes;  // likewise: the TCB is lost
    uint8_t written;  // octets queued in this life
    uint8_t acked;    // of them, those that left the send ring
    uint8_t received; // octets delivered in order in this life
    uint8_t unread;   // of them, those that its user has not read
    uint8_t ahead;    // which octets behind those are in the receive ring: bit 0 is the next
    aksu_seq edge;    // the rightmost window edge ever told
};

// A segment on its way. What its payload is, is told by its place in the sender's stream.
struct flight {
    uint8_t used;
    uint8_t life;  // of the sender
    uint8_t place; // of its first octet
    struct aksu_segment segment;
};

struct world {
    struct end end[2];
    struct flight flight[2][SLOTS]; // to end 0, to end 1; the used ones first, in a fixed order
    uint8_t losses;                 // that may still happen
    uint8_t duplicates;
    uint8_t timeouts; // that come although nothing is lost
    uint8_t giveups;  // user timeouts and ends of TIME-WAIT that come so
    uint8_t faults;   // all of these together
};

// What can happen. Those of an endpoint, then those of a flight.
enum happening {
    DO_OPEN,
    DO_LISTEN,
    DO_WRITE,
    DO_READ,
    DO_SHUTDOWN,
    DO_CLOSE,
    DO_ABORT,
    DO_CRASH,
    DO_SEND,
    DO_DELAYED_ACK, // the timers, in the order of their deadlines
    DO_RTX,
    DO_MISC,
    DO_USER,
    END_HAPPENINGS
};
enum { DO_DELIVER, DO_LOSE, DO_KEEP, FLIGHT_HAPPENINGS }; // KEEP: delivered, and still on its way
enum {
    FLIGHTS_FROM = 2 * END_HAPPENINGS,
    HAPPENINGS = FLIGHTS_FROM + 2 * SLOTS * FLIGHT_HAPPENINGS
};

// A scenario and its bounds.
struct config {
    const char *name;
    const char *about;
    const struct aksu_profile *profile;
    uint8_t opens[2];
    uint8_t listens[2];
    uint8_t crashes[2];
    uint8_t writes[2];
    uint8_t chunk;    // octets of a write
    uint8_t ring[2];  // octets of the receive rings
    uint8_t ends[2];  // how its user may end it: a bit for each of DO_SHUTDOWN, DO_CLOSE, DO_ABORT
    uint8_t refused;  // 1: OPEN may come before LISTEN
    uint8_t early;    // 1: it may be ended before the connection is open; 2: in LISTEN, too
    uint8_t held;     // 1: data is read at any time later; 0: at once
    uint8_t lazy;     // 1: a planned segment may wait for its link; 0: it is sent at once
    uint8_t capacity; // of the channel, segments in each direction
    uint8_t losses, duplicates, timeouts, giveups; // of each kind at most so many
    uint8_t faults;                                // and of all together
    uint8_t graceful; // 1: every run ends with all data delivered and both FINs acknowledged
    uint8_t options;  // set on each connection: a bit of enum aksu_option each
    uint8_t limited;  // 1: challenge ACKs are counted (RFC 5961 7)
    uint8_t zero;     // 1: sequence numbers wrap at 0; 0: they cross 2^31
    uint8_t old;      // flags of a segment of an earlier connection that is on its way to end 1
};

extern const struct config configs[];
extern const struct config *config;

// What SPIN tracks.
struct image {
    uint8_t octet[IMAGE_MAX];
};
extern struct image image;
extern struct world world; // the image, unpacked

// For the Promela model.
void model_begin(void); // chooses the scenario, in configs.c
void universe_begin(void);
bool universe_may(unsigned happening);
const char *universe_take(unsigned happening, bool narrate); // NULL, or what is wrong
bool universe_over(void);
const char *universe_end(void); // NULL, or what is wrong with this end

// image.c
enum { NOW = -256, OLD_MS = 2000 }; // the clock, always; it wraps soon after
aksu_seq iss_of(unsigned self, unsigned life);
void normalise(struct world *w);
const char *pack(const struct world *w, struct image *to);
void unpack(const struct image *from, struct world *w);

// world.c
void fail(const char *why); // the first reason counts
void begin(struct world *w);
uint64_t possible(const struct world *w);
void happen(struct world *w, unsigned happening);
void step(struct world *w, unsigned self, const struct aksu_event *ev, const struct flight *in);
bool planned(const struct end *e, struct aksu_plan *plan);
struct aksu_board *board_of(const struct end *e); // or NULL
bool over(const struct world *w);

// properties.c
void check_step(const struct world *w, unsigned self, const struct aksu_tcb *before);
void check_sent(const struct world *w, unsigned self, const struct aksu_segment *s);
void check_world(const struct world *w);
void check_end(const struct world *w);

// rfc.c
void project(const struct end *before, const struct aksu_event *ev, const struct aksu_effects *fx,
             const struct end *after);
void tell_projection(void);
void tell_rules(void);

// narrate.c
extern bool narrating;
void narrate(const struct world *w, unsigned happening);
void narrate_segment(char mark, unsigned from, const struct aksu_segment *s);

#endif
