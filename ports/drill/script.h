// SPDX-License-Identifier: MIT
/// Scripts: text in packetdrill's language, parsed to a list of events.
#ifndef DRILL_SCRIPT_H
#define DRILL_SCRIPT_H

#include <aksu/aksu.h>
#include <stdio.h>

enum { DRILL_OPTIONS = 40, DRILL_VALUES = 40, DRILL_NAME = 32, DRILL_ERROR = 1024 };

/// Kinds of TCP options (RFC 9293 3.2, RFC 7323, RFC 2018).
enum { DRILL_EOL, DRILL_NOP, DRILL_MSS, DRILL_WSCALE, DRILL_SACK_OK, DRILL_SACK, DRILL_TS = 8 };

struct drill_option {
    uint8_t kind;
    uint8_t blocks;
    uint32_t value; // MSS, shift count, TSval
    uint32_t ecr;
    struct aksu_range block[AKSU_RANGES];
};

/// A TCP segment in the script's numbers: relative to both ends' initial sequence numbers.
struct drill_packet {
    bool in;
    bool has_ack, has_wnd, has_urg;
    bool any_options; // <...>
    uint8_t flags;
    uint8_t tos, tos_mask;       // IP's second octet, and the bits of it that are told
    uint16_t from_port, to_port; // 0: the current connection's
    uint32_t seq, len, ack, wnd, urg;
    unsigned options;
    struct drill_option option[DRILL_OPTIONS];
};

/// An ICMP error about a segment of the stack's.
struct drill_icmp {
    uint8_t type, code;
    uint8_t flags;
    uint32_t mtu;
    uint32_t seq, len;
};

enum drill_value_kind { DRILL_INT, DRILL_TEXT, DRILL_ANY, DRILL_LIST, DRILL_STRUCT };

/// A value in a call: a node of a tree in the call's array; 0 = no such node.
struct drill_value {
    uint8_t kind;
    uint8_t child; // first of a list or struct
    uint8_t next;
    char name[DRILL_NAME]; // of a struct's member
    int64_t number;        // of DRILL_TEXT: its length
    const char *text;
};

struct drill_call {
    char name[DRILL_NAME];
    uint8_t args; // the first, 0 = none
    unsigned values;
    struct drill_value value[DRILL_VALUES];
    int64_t result;
    int error; // errno that goes with a result of -1; 0 = any
};

/// One comparison of a %{ assert ... }%.
struct drill_assert {
    char name[DRILL_NAME];
    char op[3];
    int64_t number;
};

enum drill_time { DRILL_ABSOLUTE, DRILL_RELATIVE, DRILL_ANY_TIME };

/// When an event is. Microseconds; -1 = none.
struct drill_when {
    enum drill_time kind;
    int64_t at;
    int64_t until; // a~b: the latest time of an outgoing packet
    int64_t end;   // a...b: when a blocking call returns
};

enum drill_kind { DRILL_SEND, DRILL_EXPECT, DRILL_ICMP, DRILL_CALL, DRILL_SLEEP, DRILL_ASSERT };

struct drill_event {
    enum drill_kind kind;
    unsigned line;
    const char *text; // its source
    size_t len;
    struct drill_when when;
    union {
        struct drill_packet packet;
        struct drill_icmp icmp;
        struct drill_call call;
        struct drill_assert assert;
        int64_t sleep_us;
    } u;
};

/// --name=value, or --set name=value.
struct drill_setting {
    unsigned line, column;
    char name[DRILL_NAME];
    char value[DRILL_NAME];
};

struct drill_script {
    const char *name;
    char *text;
    struct drill_event *event;
    size_t events;
    struct drill_setting *setting;
    size_t settings;
    char error[DRILL_ERROR]; // FILE:LINE:COLUMN: what is wrong
};

/// Parses len octets of text. False: script->error says what was found where, and what is expected.
/// The script is to be freed either way; name must live as long.
bool drill_parse(struct drill_script *script, const char *name, const char *text, size_t len);
bool drill_read(struct drill_script *script, const char *name);
void drill_free(struct drill_script *script);

/// Writes a packet in the script's language, at most size octets with the final 0.
void drill_packet_print(const struct drill_packet *packet, char *to, size_t size);

#endif
