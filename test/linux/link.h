// SPDX-License-Identifier: MIT
/// One direction of an emulated link: a transmitter with a drop-tail queue, then a cable that
/// delays, loses and reorders. It reads no clock: the time is an argument, in nanoseconds, and
/// never falls back.
///
/// The n-th frame that can be lost has the same fate in all runs of one seed.
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINK_FRAME = 2048, LINK_ROOM = 4096 };

/// Probabilities are 0 to 1, each frame's own.
struct link_config {
    uint64_t rate;      ///< bit/s; 0 = without limit
    uint32_t overhead;  ///< octets a frame takes besides its own (24: preamble, FCS, gap)
    uint64_t delay_us;  ///< propagation
    uint32_t queue;     ///< frames that wait at most, the one being sent not counted; 0 = no limit
    double loss;        ///< independent
    double burst_begin; ///< Gilbert-Elliott: from good to bad
    double burst_end;   ///< from bad to good
    double burst_loss;  ///< loss while bad
    bool after_queue;   ///< what is lost has taken its place in the queue and its share of the rate
    double reorder;     ///< arrives reorder_us later, so that later frames overtake it
    uint64_t reorder_us;
    uint32_t mtu;      ///< larger IPv4 packets vanish; 0 = none
    uint64_t mtu_from; ///< but not the first so many frames
    uint64_t mtu_to;   ///< nor those after so many; 0 = to the end
    uint64_t seed;
};

/// What became of the frames: in = out + lost + dropped + large + refused + those still
/// under way.
struct link_counts {
    uint64_t in;
    uint64_t out;
    uint64_t lost;      ///< by chance
    uint64_t dropped;   ///< the queue was full
    uint64_t large;     ///< more than the MTU
    uint64_t refused;   ///< longer than LINK_FRAME, or LINK_ROOM frames are under way
    uint64_t late;      ///< of out and under way: were delayed by reorder_us
    uint64_t data;      ///< of in: TCP segments with payload
    uint64_t data_gone; ///< of those: not delivered
    uint32_t waiting;   ///< most that ever waited in the queue
};

struct link_frame {
    uint64_t at_ns; ///< when it arrives
    size_t len;
    uint8_t data[LINK_FRAME];
};

/// The delay is the same for all frames of a row, so a row is in the order of arrival.
struct link_row {
    struct link_frame *frames; // LINK_ROOM
    uint32_t first;
    uint32_t count;
};

struct link_path {
    struct link_config config;
    struct link_counts counts;
    struct link_row straight;
    struct link_row late;
    uint64_t *begins; // when the frames that wait begin to be sent; config.queue of them
    uint32_t first;
    uint32_t waiting;
    uint64_t busy_until_ns;
    uint64_t chance; // state of the generator that loses
    uint64_t order;  // of the one that reorders
    bool bad;        // Gilbert-Elliott's state
};

/// Makes a path. Returns false if there is no memory.
bool link_open(struct link_path *path, const struct link_config *config);
void link_close(struct link_path *path);

/// Takes in a frame. SYN segments and what is not IPv4 (ARP) are never lost by chance.
void link_take(struct link_path *path, uint64_t now_ns, const void *frame, size_t len);

/// When the next frame arrives at the other end; UINT64_MAX = none is under way.
uint64_t link_due(const struct link_path *path);

/// Returns the next frame that has arrived by now, or NULL. Good until the next call.
const struct link_frame *link_give(struct link_path *path, uint64_t now_ns);

/// Frames that have neither arrived nor been lost.
uint64_t link_under_way(const struct link_path *path);

#endif
