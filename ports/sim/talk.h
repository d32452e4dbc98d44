// SPDX-License-Identifier: MIT
// An application for the scenarios: sends a pattern, checks the one that it gets, and closes when
// it was told to.
#ifndef AKSU_SIM_TALK_H
#define AKSU_SIM_TALK_H

#include "aksu_sim.h"

/// When a talker ends its sending.
enum talk_end {
    TALK_END_NEVER,    ///< only when told
    TALK_END_SENT,     ///< half-close as soon as all is queued
    TALK_END_RECEIVED, ///< close when all that was expected has come
    TALK_END_PEER      ///< close when the peer has
};

struct talker {
    struct aksu_sim *sim;
    struct aksu *net;
    aksu_handle conn;
    // What to do:
    enum talk_end end;
    uint32_t to_send;
    uint32_t to_receive;
    uint32_t send_after;   // octets to be received first
    uint64_t end_after_us; // between the reason to end and the end
    bool deaf;             // does not read for now
    bool no_delay;         // Nagle is off
    bool patient;          // no user timeout: a bad link is no reason to give up
    bool send_after_end;   // sends only once the peer has ended
    // What was done:
    uint32_t sent;
    uint32_t received;
    bool ending;
    bool opened;
    bool peer_ended;
    bool closed;
    bool wrong;        // an octet was not the one sent
    int error;         // of on_close
    uint64_t first_us; // when the first and the last octet came
    uint64_t last_us;
    uint64_t opened_us;
};

/// A server: gives each connection the next of its talkers.
struct talk_service {
    struct talker model; // copied to each
    struct talker *talker;
    size_t talkers;
    size_t room;
};

extern const struct aksu_handlers talk_handlers;         ///< user: struct talker
extern const struct aksu_handlers talk_service_handlers; ///< user: struct talk_service

/// Opens a talker's connection. Returns false if it was refused at once.
bool talk_connect(struct talker *t, const struct aksu_addr *addr, uint16_t port,
                  uint16_t local_port);

/// Act on a talker, as aksu_sim_at() calls it.
void talk_listen_again(void *talker); ///< reads what has come, and goes on reading
void talk_shutdown(void *talker);
void talk_abort(void *talker);

/// Tells whether a talker got all it was to get, and said all.
bool talk_complete(const struct talker *t);

#endif
