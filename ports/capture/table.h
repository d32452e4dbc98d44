// SPDX-License-Identifier: MIT
// What the table's parts share: decoded lines.
#ifndef AKSU_CAPTURE_TABLE_H
#define AKSU_CAPTURE_TABLE_H

#include "aksu_capture.h"

enum { ENDS = 2, HOSTS = 16, NAME_SIZE = 24, STATE_SIZE = 64 };

enum line_kind { LINE_EVENT, LINE_TCP, LINE_OTHER };

/// A frame or an event, ready to be shown. Sequence numbers are relative.
struct line {
    uint64_t sent_us;
    uint64_t arrived_us;
    uint32_t seq;
    uint32_t ack;
    uint32_t window;
    uint32_t len;
    uint16_t source_port;
    uint16_t target_port;
    uint8_t source[4];
    uint8_t target[4];
    uint8_t kind;
    uint8_t flags;
    bool resent;
    bool changed[ENDS];           // the state has an arrow in it
    char state[ENDS][STATE_SIZE]; // "LISTEN", "LISTEN -> SYN-RECEIVED", or "" if not known
    char remark[48];
    char text[80]; // TCP: options; else what it is
};

struct host {
    uint8_t ipv4[4];
    bool known; // ipv4 is
    char name[NAME_SIZE];
};

/// One TCP connection as the decoder follows it; [0] is the direction of its first segment.
struct flow {
    struct flow *next;
    uint8_t addr[2][4];
    uint16_t port[2];
    uint32_t base[2];
    uint32_t top[2]; // one past the highest number sent
    uint32_t clock[2];
    bool based[2];
    bool clocked[2];
    int8_t scale[2]; // -1: not offered
    char state[ENDS][STATE_SIZE];
};

enum { BUCKETS = 4096 };

struct aksu_listing {
    struct line *line;
    size_t lines;
    size_t room;
    size_t hosts;
    struct host host[HOSTS];
    size_t flows;
    struct flow *last_flow;
    char state[ENDS][STATE_SIZE]; // before there is a flow
    struct flow *bucket[BUCKETS];
};

/// Decodes a frame to *line. Returns false if memory is short.
bool aksu_decode(struct aksu_listing *table, const struct aksu_record *record, struct line *line,
                 struct flow **flow);

/// Reads a comment's states and remarks into *line.
void aksu_read_comment(struct aksu_listing *table, struct flow *flow, const char *comment,
                       struct line *line);

/// Writes "SYN,ACK" to `to`, which has room for 32 octets.
void aksu_flags_text(uint8_t flags, char *to);

/// Names an address, or writes it as digits, to `to`, which has room for NAME_SIZE octets.
void aksu_host_text(const struct aksu_listing *table, const uint8_t ipv4[4], char *to);

/// Tells which host has the address, or -1.
int aksu_host_index(const struct aksu_listing *table, const uint8_t ipv4[4]);

#endif
