// SPDX-License-Identifier: MIT
/// A client or server that says what it was told to, and keeps what it hears.
#ifndef RAW_H
#define RAW_H

#include "pair.h"

struct raw {
    const char *text; ///< to send once the connection is open, or once something came (server)
    size_t len;       ///< of text
    size_t piece;     ///< octets to queue at a time, one segment each; 0 = as many as fit
    bool fin;         ///< shut down behind the text
    bool reset;       ///< abort once all is acknowledged
    bool hold;        ///< do not read
    aksu_handle conn;
    size_t sent;
    size_t acked;
    size_t got_len;
    bool opened;
    bool ended;
    bool closed;
    int error;
    uint8_t got[400000];
};

/// Connects. What is not set must be zero.
void raw_connect(struct raw *raw, uint16_t port);
/// Accepts one connection, and talks when something has come.
void raw_listen(struct raw *raw, uint16_t port);
/// The client says more, now.
void raw_say(struct raw *raw, const char *text, size_t len);

#endif
