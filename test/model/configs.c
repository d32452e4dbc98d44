// SPDX-License-Identifier: MIT
// The scenarios, each with its bounds.
#include "world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMON                                                                                     \
    .congestion = &aksu_newreno, .rto_min_ms = 1000, .rto_max_ms = 60000, .msl_ms = 30000,         \
    .fin_wait_2_ms = 60000, .user_timeout_s = 300, .syn_ack_tries = 5, .challenge_acks = 3

static const struct aksu_profile prompt = {COMMON, .delayed_ack_ms = 0};
static const struct aksu_profile delayed = {COMMON, .delayed_ack_ms = 200};
static const struct aksu_profile rich = {COMMON, .timestamps = &aksu_tcp_timestamps,
                                         .sack = &aksu_tcp_sack, .window_scale = 1};

static const struct aksu_profile racked = {COMMON, .recovery = &aksu_rack, .sack = &aksu_tcp_sack};

enum { BY_SHUTDOWN = 1 << DO_SHUTDOWN, BY_CLOSE = 1 << DO_CLOSE, BY_ABORT = 1 << DO_ABORT };
enum { BY_EITHER = BY_SHUTDOWN | BY_CLOSE };
enum { NODELAY = 1 << AKSU_NODELAY, MANY = 99 };

// Members that are left out have the values of complete(), and all that happens but is no fault has
// no bound besides: a fault may be of any kind, if no member says otherwise.
const struct config configs[] = {
    {.name = "client-server",
     .about = "A sends and half-closes, B answers and closes",
     .opens = {1, 0},
     .listens = {0, 1},
     .writes = {1, 1},
     .ends = {BY_SHUTDOWN, BY_SHUTDOWN},
     .graceful = 1,
     .faults = 1},
    {.name = "simultaneous-open",
     .about = "both open actively, and close in any order",
     .opens = {1, 1},
     .writes = {1, 0},
     .ends = {BY_CLOSE, BY_EITHER},
     .faults = 1},
    {.name = "close",
     .about = "CLOSE and SHUTDOWN by either end at any time, no data",
     .opens = {1, 0},
     .listens = {0, 1},
     .ends = {BY_EITHER, BY_EITHER},
     .faults = 2,
     .graceful = 1},
    {.name = "wrap",
     .about = "as client-server, with sequence numbers that wrap at 0",
     .opens = {1, 0},
     .listens = {0, 1},
     .writes = {1, 1},
     .ends = {BY_SHUTDOWN, BY_SHUTDOWN},
     .zero = 1,
     .graceful = 1,
     .faults = 1},
    {.name = "early",
     .about = "data and half-close before the connection is open",
     .opens = {1, 0},
     .listens = {0, 1},
     .writes = {1, 1},
     .ends = {BY_SHUTDOWN, BY_SHUTDOWN},
     .early = 1,
     .graceful = 1,
     .faults = 1},
    {.name = "withdrawn",
     .about = "a listener, and what is not open yet, is closed or aborted",
     .opens = {1, 0},
     .listens = {0, 2},
     .ends = {BY_CLOSE | BY_ABORT, BY_CLOSE | BY_ABORT},
     .refused = 1,
     .early = 2,
     .faults = 0},
    {.name = "half-close",
     .about = "A only half-closes, B sends on for long",
     .opens = {1, 0},
     .listens = {0, 1},
     .writes = {0, 3},
     .ends = {BY_SHUTDOWN, BY_SHUTDOWN},
     .options = NODELAY,
     .graceful = 1,
     .faults = 1},
    {.name = "segments",
     .about = "several segments in flight, one way, without Nagle",
     .opens = {1, 0},
     .listens = {0, 1},
     .writes = {2, 0},
     .ends = {BY_SHUTDOWN, BY_SHUTDOWN},
     .capacity = 3,
     .chunk = 1,
     .options = NODELAY,
     .graceful = 1,
     .faults = 1},
    {.name = "zero-window",
     .about = "a ring of two octets that is read late",
     .opens = {1, 0},
     .listens = {0, 1},
     .writes = {2, 0},
     .ends = {BY_SHUTDOWN, BY_SHUTDOWN},
     .ring = {2, 2},
     .held = 1,
     .graceful = 1,
     .faults = 1},
    {.name = "abort",
     .about = "either end closes or aborts at any time, data unread or not",
     .opens = {1, 0},
     .listens = {0, 1},
     .writes = {1, 0},
     .ends = {BY_CLOSE | BY_ABORT, BY_CLOSE | BY_ABORT},
     .held = 1,
     .faults = 1},
    {.name = "unread",
     .about = "B half-closes, then closes with data unread",
     .opens = {1, 0},
     .listens = {0, 1},
     .writes = {1, 1},
     .ends = {BY_CLOSE, BY_EITHER},
     .early = 1,
     .held = 1,
     .faults = 0},
    {.name = "refused",
     .about = "OPEN before LISTEN, and again after it failed",
     .opens = {2, 0},
     .listens = {0, 1},
     .writes = {1, 0},
     .ends = {BY_SHUTDOWN, BY_SHUTDOWN},
     .refused = 1,
     .faults = 1},
    {.name = "old-syn",
     .about = "a SYN of an earlier connection arrives at the server",
     .opens = {1, 0},
     .listens = {0, 1},
     .writes = {1, 0},
     .ends = {BY_SHUTDOWN, BY_SHUTDOWN},
     .old = AKSU_SYN,
     .duplicates = 2,
     .faults = 1},
    {.name = "near-syn",
     .about = "as old-syn, with a window that takes the new SYN's number",
     .opens = {1, 0},
     .listens = {0, 1},
     .ring = {0, 64},
     .ends = {BY_SHUTDOWN, BY_SHUTDOWN},
     .old = AKSU_SYN,
     .duplicates = 2,
     .faults = 1},
    {.name = "old-data",
     .about = "data of an earlier connection arrives at the server",
     .opens = {1, 0},
     .listens = {0, 1},
     .writes = {1, 0},
     .ends = {BY_SHUTDOWN, BY_SHUTDOWN},
     .old = AKSU_ACK | AKSU_PSH,
     .graceful = 1,
     .faults = 1},
    {.name = "old-reset",
     .about = "a RST of an earlier connection arrives at the server",
     .opens = {1, 0},
     .listens = {0, 1},
     .writes = {1, 0},
     .ends = {BY_SHUTDOWN, BY_SHUTDOWN},
     .old = AKSU_RST,
     .graceful = 1,
     .faults = 1},
    {.name = "crash",
     .about = "A forgets its connection and opens another (3.5.1)",
     .opens = {2, 0},
     .listens = {0, 2},
     .crashes = {1, 0},
     .ends = {BY_CLOSE, BY_CLOSE},
     .refused = 1,
     .limited = 1,
     .faults = 1},
    {.name = "impatient",
     .about = "user timeouts and ends of TIME-WAIT that come too early",
     .opens = {1, 0},
     .listens = {0, 1},
     .writes = {1, 0},
     .ends = {BY_EITHER, BY_CLOSE},
     .giveups = 2,
     .faults = 1},
    {.name = "delayed-ack",
     .about = "acknowledgments are delayed",
     .profile = &delayed,
     .opens = {1, 0},
     .listens = {0, 1},
     .writes = {2, 0},
     .chunk = 1,
     .ends = {BY_SHUTDOWN, BY_SHUTDOWN},
     .options = NODELAY,
     .graceful = 1,
     .faults = 1},
    {.name = "busy-link",
     .about = "a planned segment may wait while anything else happens",
     .opens = {1, 0},
     .listens = {0, 1},
     .writes = {1, 1},
     .ends = {BY_SHUTDOWN, BY_SHUTDOWN},
     .lazy = 1,
     .faults = 0,
     .graceful = 1},
    {.name = "options",
     .about = "timestamps, SACK and window scale",
     .profile = &rich,
     .opens = {1, 0},
     .listens = {0, 1},
     .writes = {2, 0},
     .chunk = 1,
     .capacity = 2,
     .ends = {BY_SHUTDOWN, BY_SHUTDOWN},
     .options = NODELAY,
     .graceful = 1,
     .faults = 1},
    {.name = "recovery",
     .about = "loss recovery with boards: RACK's timer and the probe's, too",
     .profile = &racked,
     .opens = {1, 0},
     .listens = {0, 1},
     .writes = {2, 0},
     .chunk = 1,
     .capacity = 2,
     .ends = {BY_SHUTDOWN, BY_SHUTDOWN},
     .options = NODELAY,
     .graceful = 1,
     .faults = 1},
    {.name = "reordering",
     .about = "as recovery, with a third segment on its way",
     .profile = &racked,
     .opens = {1, 0},
     .listens = {0, 1},
     .writes = {2, 0},
     .chunk = 1,
     .capacity = 3,
     .ends = {BY_SHUTDOWN, BY_SHUTDOWN},
     .options = NODELAY,
     .graceful = 1,
     .faults = 1},
    {.name = NULL},
};

static void set(struct config *to, const char *name, unsigned value)
{
    if (strcmp(name, "losses") == 0)
        to->losses = (uint8_t)value;
    else if (strcmp(name, "duplicates") == 0)
        to->duplicates = (uint8_t)value;
    else if (strcmp(name, "timeouts") == 0)
        to->timeouts = (uint8_t)value;
    else if (strcmp(name, "giveups") == 0)
        to->giveups = (uint8_t)value;
    else if (strcmp(name, "faults") == 0)
        to->faults = (uint8_t)value;
    else if (strcmp(name, "capacity") == 0)
        to->capacity = (uint8_t)value;
    else if (strcmp(name, "writes") == 0)
        to->writes[0] = to->writes[1] = (uint8_t)value;
    else if (strcmp(name, "lazy") == 0)
        to->lazy = (uint8_t)value;
    else {
        fprintf(stderr, "no bound is called %s\n", name);
        exit(2);
    }
}

static void complete(struct config *c)
{
    c->profile = c->profile ? c->profile : &prompt;
    c->chunk = c->chunk ? c->chunk : 2;
    c->capacity = c->capacity ? c->capacity : 2;
    c->losses = c->losses ? c->losses : MANY;
    c->duplicates = c->duplicates ? c->duplicates : MANY;
    c->timeouts = c->timeouts ? c->timeouts : MANY;
    for (unsigned i = 0; i < 2; i++)
        c->ring[i] = c->ring[i] ? c->ring[i] : 4;
}

static void tell_all(void)
{
    for (const struct config *each = configs; each->name; each++) {
        struct config c = *each;
        complete(&c);
        printf("%s\t%s\t%u+%u\t%u\t%u\t%u\t%u\n", c.name, c.about, c.writes[0], c.writes[1],
               c.chunk, c.ring[1], c.capacity, c.faults);
    }
    exit(0);
}

// MODEL is a scenario's name, and other bounds for it: "client-server losses=2".
void model_begin(void)
{
    static struct config chosen;
    char text[200] = "";
    snprintf(text, sizeof text, "%s", getenv("MODEL") ? getenv("MODEL") : configs[0].name);
    if (strcmp(text, "list") == 0)
        tell_all();
    if (strcmp(text, "rules") == 0) {
        tell_rules();
        exit(0);
    }
    char *word = strtok(text, " ");
    for (const struct config *c = configs; c->name; c++)
        if (word && strcmp(c->name, word) == 0)
            chosen = *c;
    complete(&chosen);
    if (!chosen.name) {
        fprintf(stderr, "no scenario is called %s\n", text);
        exit(2);
    }
    while ((word = strtok(NULL, " ")) != NULL) {
        char *value = strchr(word, '=');
        if (value) {
            *value = '\0';
            set(&chosen, word, (unsigned)atoi(value + 1));
        }
    }
    config = &chosen;
    atexit(tell_projection);
}
