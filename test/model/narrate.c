// SPDX-License-Identifier: MIT
// Tells a counterexample as it is replayed, a line for each thing that happens: chart.py draws it.
#include "world.h"
#include <stdio.h>

bool narrating;

static const char *const end_names[] = {"OPEN",
                                        "LISTEN",
                                        "SEND",
                                        "RECEIVE",
                                        "SHUTDOWN",
                                        "CLOSE",
                                        "ABORT",
                                        "crash",
                                        "",
                                        "delayed ACK",
                                        "retransmission timeout",
                                        "2 MSL",
                                        "user timeout"};
static const char *const flight_names[] = {"<", "x", "="};

// Relative to the sender's first ISS; ACKs to the receiver's.
static int relative(aksu_seq number, unsigned of)
{
    return (int32_t)(number - iss_of(of, 0));
}

static void segment_text(char *to, size_t size, const struct aksu_segment *s, unsigned from)
{
    static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK"};
    int at = 0;
    for (unsigned i = 0; i < 5; i++)
        if (s->flags & 1u << i && i != 3)
            at += snprintf(to + at, size - (size_t)at, "%s%s", at ? "," : "", names[i]);
    at += snprintf(to + at, size - (size_t)at, " seq %d", relative(s->seq, from));
    if (s->len > 0)
        at += snprintf(to + at, size - (size_t)at, " len %u", (unsigned)s->len);
    if (s->flags & AKSU_ACK)
        at += snprintf(to + at, size - (size_t)at, " ack %d", relative(s->ack, 1 - from));
    snprintf(to + at, size - (size_t)at, " win %u", s->wnd);
}

void narrate_segment(char mark, unsigned from, const struct aksu_segment *s)
{
    char text[100];
    if (!narrating)
        return;
    segment_text(text, sizeof text, s, mark == '>' ? from : 1 - from);
    printf("@ %c %c %s\n", 'A' + (int)from, mark, text);
}

void narrate(const struct world *w, unsigned happening)
{
    if (!narrating)
        return;
    if (happening == HAPPENINGS) {
        printf("@ . %s %s\n", aksu_state_name(w->end[0].tcb.state),
               aksu_state_name(w->end[1].tcb.state));
    } else if (happening < FLIGHTS_FROM) {
        const char *name = end_names[happening % END_HAPPENINGS];
        if (name[0])
            printf("@ %c ! %s\n", 'A' + (int)(happening / END_HAPPENINGS), name);
    } else {
        unsigned at = (happening - FLIGHTS_FROM) / FLIGHT_HAPPENINGS;
        const char *mark = flight_names[(happening - FLIGHTS_FROM) % FLIGHT_HAPPENINGS];
        narrate_segment(mark[0], at / SLOTS, &w->flight[at / SLOTS][at % SLOTS].segment);
    }
}
