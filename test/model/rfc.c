// SPDX-License-Identifier: MIT
// TCP as RFC 9293 tells it, written down by hand: for each state and event, where it may lead and
// what may be sent. Every step that is explored is projected to (state, event, what is sent, state
// after that) and looked up here. Three kinds of rows: those of Figure 5, those of the text
// (3.10), and those that are neither, with the reason.
#include "world.h"
#include <stdio.h>
#include <stdlib.h>

enum { SAME = AKSU_STATE_COUNT, SENDS = 6, DRAIN_MAX = 20 };

// Events as the RFC has them. CLOSE: SHUTDOWN, too. FIN: whatever else comes with it.
enum what {
    PASSIVE_OPEN,
    ACTIVE_OPEN,
    SEND,
    RECEIVE,
    CLOSE,
    ABORT,
    SYN,
    SYN_ACK,
    ACK,
    TEXT,
    FIN,
    RST,
    RTX,
    MSL2,
    USER,
    OTHER
};
static const char *const event_names[] = {"passive OPEN",
                                          "active OPEN",
                                          "SEND",
                                          "RECEIVE",
                                          "CLOSE",
                                          "ABORT",
                                          "rcv SYN",
                                          "rcv SYN,ACK",
                                          "rcv ACK",
                                          "rcv data",
                                          "rcv FIN",
                                          "rcv RST",
                                          "retransmission timeout",
                                          "2 MSL timeout",
                                          "user timeout"};

// What is sent.
enum { S_SYN = 1, S_SYN_ACK = 2, S_ACK = 4, S_TEXT = 8, S_FIN = 16, S_RST = 32 };
static const char *const send_names[SENDS] = {"SYN", "SYN,ACK", "ACK", "data", "FIN", "RST"};

#define E(event) (1u << (event))
#define S(state) (1u << AKSU_##state)
enum {
    ARRIVALS = E(SYN) | E(SYN_ACK) | E(ACK) | E(TEXT) | E(FIN),
    ACKING = E(SYN_ACK) | E(ACK) | E(TEXT) | E(FIN),
    OPEN_STATES =
        S(ESTABLISHED) | S(FIN_WAIT_1) | S(FIN_WAIT_2) | S(CLOSE_WAIT) | S(CLOSING) | S(LAST_ACK),
    SENDING = S(ESTABLISHED) | S(FIN_WAIT_1) | S(CLOSE_WAIT) | S(CLOSING) | S(LAST_ACK),
    TOLD = S(SYN_RECEIVED) | S(ESTABLISHED) | S(FIN_WAIT_1) | S(FIN_WAIT_2) | S(CLOSE_WAIT)
};

enum kind { FIGURE, BY_TEXT, EXTRA };

struct rule {
    unsigned from;   // S() of states
    unsigned events; // E()
    unsigned to;     // or SAME
    unsigned any;    // of these at least one is sent; 0: nothing need be
    unsigned may;    // and these may be, besides
    enum kind kind;
    const char *section;
};

static const struct rule rules[] = {
    // CLOSED
    {S(CLOSED), E(PASSIVE_OPEN), AKSU_LISTEN, 0, 0, FIGURE, "3.10.1"},
    {S(CLOSED), E(ACTIVE_OPEN), AKSU_SYN_SENT, S_SYN, 0, FIGURE, "3.10.1"},
    {S(CLOSED), ARRIVALS, SAME, S_RST, 0, BY_TEXT, "3.10.7.1"},
    {S(CLOSED), E(RST), SAME, 0, 0, BY_TEXT, "3.10.7.1"},
    // LISTEN
    {S(LISTEN), E(CLOSE), AKSU_CLOSED, 0, 0, FIGURE, "3.10.4"},
    {S(LISTEN), E(SEND), AKSU_SYN_SENT, S_SYN, 0, FIGURE, "3.10.2"},
    {S(LISTEN), E(ABORT), AKSU_CLOSED, 0, 0, BY_TEXT, "3.10.5"},
    {S(LISTEN), E(SYN), AKSU_SYN_RECEIVED, S_SYN_ACK, 0, FIGURE, "3.10.7.2"},
    {S(LISTEN), ACKING, SAME, S_RST, 0, BY_TEXT, "3.10.7.2"},
    {S(LISTEN), E(RST), SAME, 0, 0, BY_TEXT, "3.10.7.2"},
    // SYN-SENT
    {S(SYN_SENT), E(CLOSE) | E(USER), AKSU_CLOSED, 0, 0, FIGURE, "3.10.4, 3.10.8"},
    {S(SYN_SENT), E(ABORT), AKSU_CLOSED, 0, 0, BY_TEXT, "3.10.5"},
    {S(SYN_SENT), E(SEND), SAME, 0, 0, BY_TEXT, "3.10.2: queued until it is open"},
    {S(SYN_SENT), E(SYN), AKSU_SYN_RECEIVED, S_SYN_ACK, 0, FIGURE, "3.10.7.3"},
    {S(SYN_SENT), E(SYN_ACK), AKSU_ESTABLISHED, S_ACK | S_TEXT, S_ACK, FIGURE, "3.10.7.3"},
    {S(SYN_SENT), ACKING, SAME, S_RST, 0, BY_TEXT, "3.10.7.3: not the ACK of the SYN"},
    {S(SYN_SENT), ACKING, SAME, 0, 0, BY_TEXT, "3.10.7.3: neither SYN nor RST"},
    {S(SYN_SENT), E(RST), AKSU_CLOSED, 0, 0, BY_TEXT, "3.10.7.3"},
    {S(SYN_SENT), E(RST), SAME, 0, 0, BY_TEXT, "3.10.7.3: without the ACK of the SYN"},
    {S(SYN_SENT), E(RTX), SAME, S_SYN, 0, BY_TEXT, "3.10.8"},
    {S(SYN_SENT), E(CLOSE), SAME, 0, 0, EXTRA, "3.10.4: a half-close before it is open waits"},
    {S(SYN_SENT), E(SYN_ACK), AKSU_FIN_WAIT_1, S_FIN, S_ACK | S_TEXT, EXTRA,
     "3.10.7.3 and 3.10.4: open, and the half-close that waited for it"},
    // SYN-RECEIVED
    {S(SYN_RECEIVED), ACKING, AKSU_ESTABLISHED, 0, S_ACK | S_TEXT, FIGURE, "3.10.7.4 fifth"},
    {S(SYN_RECEIVED), E(RST), AKSU_LISTEN, 0, 0, FIGURE, "3.10.7.4 second: passive"},
    {S(SYN_RECEIVED), E(RST), AKSU_CLOSED, 0, 0, BY_TEXT, "3.10.7.4 second: active"},
    {S(SYN_RECEIVED), E(SYN) | E(SYN_ACK), AKSU_LISTEN, 0, 0, BY_TEXT, "3.10.7.4 fourth: passive"},
    {S(SYN_RECEIVED), E(SYN) | E(SYN_ACK), SAME, S_ACK | S_SYN_ACK, 0, BY_TEXT,
     "3.10.7.4 first and fourth"},
    {S(SYN_RECEIVED), ACKING, SAME, S_RST, 0, BY_TEXT, "3.10.7.4 fifth: not the ACK of the SYN"},
    {S(SYN_RECEIVED), ACKING | E(RST), SAME, 0, S_ACK, BY_TEXT, "3.10.7.4 first: unacceptable"},
    {S(SYN_RECEIVED), E(CLOSE), AKSU_FIN_WAIT_1, S_FIN, 0, FIGURE, "3.10.4"},
    {S(SYN_RECEIVED), E(CLOSE), SAME, 0, 0, BY_TEXT, "3.10.4: queued behind data"},
    {S(SYN_RECEIVED), E(SEND), SAME, 0, 0, BY_TEXT, "3.10.2: queued until it is open"},
    {S(SYN_RECEIVED), ACKING, AKSU_FIN_WAIT_1, 0, S_FIN | S_ACK | S_TEXT, BY_TEXT,
     "3.10.7.4 fifth and 3.10.4: open, and the CLOSE that was queued"},
    {S(SYN_RECEIVED), E(FIN), AKSU_CLOSE_WAIT, S_ACK | S_TEXT, S_ACK, BY_TEXT,
     "3.10.7.4 fifth and eighth: open, and the FIN with it"},
    {S(SYN_RECEIVED), E(FIN), AKSU_LAST_ACK, S_FIN, S_ACK | S_TEXT, BY_TEXT,
     "3.10.7.4 fifth and eighth, 3.10.4: open, the FIN, and the CLOSE that was queued"},
    {S(SYN_RECEIVED), E(RTX), SAME, S_SYN_ACK, 0, BY_TEXT, "3.10.8"},
    {S(SYN_RECEIVED), E(RTX), AKSU_LISTEN, 0, 0, EXTRA, "RFC 4987 3.3: half-open for too long"},
    {S(FIN_WAIT_1), E(RTX) | E(SYN) | E(SYN_ACK), SAME, S_SYN_ACK, S_FIN | S_ACK, BY_TEXT,
     "3.10.8: after a CLOSE in SYN-RECEIVED the SYN is unacknowledged still"},
    // Text and its end, in the states that have a connection
    {S(ESTABLISHED) | S(CLOSE_WAIT), E(SEND), SAME, 0, S_TEXT | S_ACK, BY_TEXT, "3.10.2"},
    {OPEN_STATES | S(TIME_WAIT), E(RECEIVE), SAME, 0, S_ACK, BY_TEXT, "3.10.3"},
    {S(ESTABLISHED), E(CLOSE), AKSU_FIN_WAIT_1, 0, S_FIN | S_TEXT | S_ACK, FIGURE, "3.10.4"},
    {S(CLOSE_WAIT), E(CLOSE), AKSU_LAST_ACK, S_FIN, S_TEXT, FIGURE, "3.10.4"},
    {S(CLOSE_WAIT), E(CLOSE), SAME, 0, S_TEXT, BY_TEXT, "3.10.4: the FIN is queued behind data"},
    {S(CLOSE_WAIT), ACKING | E(RTX), AKSU_LAST_ACK, S_FIN, S_TEXT | S_ACK, BY_TEXT,
     "3.10.4: the FIN that was queued"},
    {S(FIN_WAIT_1) | S(FIN_WAIT_2) | S(CLOSING) | S(LAST_ACK), E(CLOSE), SAME, 0, 0, BY_TEXT,
     "3.10.4: CLOSE after a half-close"},
    {S(ESTABLISHED), E(FIN), AKSU_CLOSE_WAIT, S_ACK | S_TEXT, S_ACK, FIGURE, "3.10.7.4 eighth"},
    {S(FIN_WAIT_1), E(FIN), AKSU_CLOSING, S_ACK | S_TEXT | S_FIN, S_ACK, FIGURE, "3.10.7.4 eighth"},
    {S(FIN_WAIT_1), E(FIN), AKSU_TIME_WAIT, S_ACK, 0, FIGURE, "3.10.7.4 eighth"},
    {S(FIN_WAIT_2), E(FIN), AKSU_TIME_WAIT, S_ACK, 0, FIGURE, "3.10.7.4 eighth"},
    {S(ESTABLISHED), E(TEXT), AKSU_CLOSE_WAIT, S_ACK | S_TEXT, S_ACK, BY_TEXT,
     "3.10.7.4: a FIN that was here before the data in front of it"},
    {S(FIN_WAIT_1), E(TEXT), AKSU_CLOSING, S_ACK | S_TEXT | S_FIN, S_ACK, BY_TEXT,
     "3.10.7.4: a FIN that was here before the data in front of it"},
    {S(FIN_WAIT_1) | S(FIN_WAIT_2), E(TEXT), AKSU_TIME_WAIT, S_ACK, 0, BY_TEXT,
     "3.10.7.4: a FIN that was here before the data in front of it"},
    {S(FIN_WAIT_1), ACKING, AKSU_FIN_WAIT_2, 0, S_ACK, FIGURE, "3.10.7.4 fifth"},
    {S(CLOSING), ACKING, AKSU_TIME_WAIT, 0, S_ACK, FIGURE, "3.10.7.4 fifth"},
    {S(LAST_ACK), ACKING, AKSU_CLOSED, 0, 0, FIGURE, "3.10.7.4 fifth"},
    {SENDING, ACKING, SAME, 0, S_ACK | S_TEXT | S_FIN, BY_TEXT, "3.10.7.4"},
    {S(FIN_WAIT_2), ACKING, SAME, 0, S_ACK, BY_TEXT, "3.10.7.4"},
    {OPEN_STATES, E(SYN), SAME, S_ACK, 0, BY_TEXT, "3.10.7.4 fourth: challenge ACK"},
    {OPEN_STATES, E(RST), AKSU_CLOSED, 0, 0, BY_TEXT, "3.10.7.4 second"},
    {OPEN_STATES, E(RST), SAME, 0, S_ACK, BY_TEXT, "3.10.7.4 first and second"},
    {SENDING, E(RTX), SAME, S_TEXT | S_FIN, 0, BY_TEXT, "3.10.8, 3.8.6.1"},
    // The end
    {TOLD, E(ABORT), AKSU_CLOSED, S_RST, 0, BY_TEXT, "3.10.5"},
    {S(CLOSING) | S(LAST_ACK) | S(TIME_WAIT), E(ABORT), AKSU_CLOSED, 0, 0, BY_TEXT, "3.10.5"},
    {TOLD, E(USER), AKSU_CLOSED, 0, S_RST, BY_TEXT, "3.10.8; the peer is told as by ABORT"},
    {S(CLOSING) | S(LAST_ACK), E(USER), AKSU_CLOSED, 0, 0, BY_TEXT, "3.10.8"},
    {S(TIME_WAIT), E(MSL2), AKSU_CLOSED, 0, 0, FIGURE, "3.10.8"},
    {S(TIME_WAIT), ARRIVALS | E(RST), SAME, 0, S_ACK, BY_TEXT, "3.10.7.4, RFC 1337"},
    {S(FIN_WAIT_2), E(MSL2), AKSU_CLOSED, 0, S_RST, EXTRA,
     "3.6: a peer that does not close after our CLOSE"},
    {(TOLD & ~S(SYN_RECEIVED)) | S(CLOSING) | S(LAST_ACK), E(CLOSE), AKSU_CLOSED, S_RST, 0, BY_TEXT,
     "3.6.1: CLOSE with data unread"},
    {S(SYN_RECEIVED) | S(FIN_WAIT_1) | S(FIN_WAIT_2), E(TEXT) | E(FIN), AKSU_CLOSED, S_RST, 0,
     BY_TEXT, "3.6.1: data after CLOSE"},
};
enum { RULES = sizeof rules / sizeof rules[0] };

// What was seen: by which rule, what was sent.
static uint64_t seen[AKSU_STATE_COUNT][OTHER][AKSU_STATE_COUNT];
static uint8_t rule_of[AKSU_STATE_COUNT][OTHER][AKSU_STATE_COUNT][1 << SENDS];

static enum what arrival(const struct aksu_segment *s)
{
    if (s->flags & AKSU_RST)
        return RST;
    if (s->flags & AKSU_SYN)
        return (s->flags & AKSU_ACK) ? SYN_ACK : SYN;
    return (s->flags & AKSU_FIN) ? FIN : s->len > 0 ? TEXT : ACK;
}

static enum what timeout(const struct aksu_tcb *t)
{
    for (unsigned i = 0; i < AKSU_DEADLINES; i++) {
        static const enum what expired[AKSU_DEADLINES] = {OTHER, RTX, MSL2, USER};
        if ((t->timers & 2u << i) && t->deadline[i] == (uint32_t)NOW)
            return expired[i];
    }
    return OTHER;
}

static enum what abstract(const struct aksu_tcb *before, const struct aksu_event *ev)
{
    static const enum what calls[AKSU_EVENT_COUNT] = {
        [AKSU_EV_LISTEN] = PASSIVE_OPEN, [AKSU_EV_CONNECT] = ACTIVE_OPEN, [AKSU_EV_WROTE] = SEND,
        [AKSU_EV_READ] = RECEIVE,        [AKSU_EV_SHUTDOWN] = CLOSE,      [AKSU_EV_CLOSE] = CLOSE,
        [AKSU_EV_ABORT] = ABORT,         [AKSU_EV_SET] = OTHER,           [AKSU_EV_ICMP] = OTHER,
        [AKSU_EV_SENT] = OTHER,          [AKSU_EV_RESUME] = OTHER};
    if (ev->kind == AKSU_EV_SEGMENT)
        return arrival(ev->segment);
    return ev->kind == AKSU_EV_TICK ? timeout(before) : calls[ev->kind];
}

static unsigned sent_kind(const struct aksu_segment *s)
{
    if (s->flags & AKSU_RST)
        return S_RST;
    if (s->flags & AKSU_SYN)
        return (s->flags & AKSU_ACK) ? S_SYN_ACK : S_SYN;
    return (unsigned)((s->flags & AKSU_FIN) ? S_FIN
                      : s->len > 0          ? 0
                                            : S_ACK) |
           (s->len > 0 ? S_TEXT : 0);
}

// What a copy of the connection sends until it has no more to send.
static unsigned drain(struct end *e)
{
    unsigned sent = 0;
    for (unsigned i = 0; i < DRAIN_MAX; i++) {
        struct aksu_plan plan;
        struct aksu_effects fx;
        if (!planned(e, &plan))
            return sent;
        struct aksu_event ev = {
            .kind = AKSU_EV_SENT, .now_ms = (uint32_t)NOW, .segment = &plan.segment};
        aksu_tcp_step(config->profile, &e->tcb, board_of(e), &ev, &fx);
        sent |= sent_kind(&plan.segment);
    }
    return sent;
}

static bool allows(const struct rule *r, unsigned from, unsigned event, unsigned sent, unsigned to)
{
    return (r->from >> from & 1u) && (r->events >> event & 1u) &&
           (r->to == to || (r->to == SAME && from == to)) && (r->any == 0 || (sent & r->any)) &&
           (sent & ~(r->any | r->may)) == 0;
}

static void look_up(unsigned from, unsigned event, unsigned sent, unsigned to)
{
    static char why[200];
    if (seen[from][event][to] >> sent & 1)
        return;
    for (unsigned i = 0; i < RULES; i++) {
        if (!allows(&rules[i], from, event, sent, to))
            continue;
        seen[from][event][to] |= 1ull << sent;
        rule_of[from][event][to][sent] = (uint8_t)i;
        return;
    }
    int at = snprintf(why, sizeof why,
                      "RFC 9293 knows no %s -> %s by %s that sends:", aksu_state_name(from),
                      aksu_state_name(to), event_names[event]);
    for (unsigned i = 0; i < SENDS; i++)
        if (sent >> i & 1)
            at += snprintf(why + at, sizeof why - (size_t)at, " %s", send_names[i]);
    fail(why);
}

// Challenge ACKs have a limit (RFC 5961 7), and what is not sent for it proves nothing.
static bool at_limit(const struct aksu_tcb *before)
{
    return config->limited && before->challenges + 1 >= config->profile->challenge_acks;
}

// Where it is not known what a step sends, its states are looked up alone. What is planned may be
// handed to the link later: of that, only a FIN leaves a state, as the CLOSE would have.
static void look_up_states(const struct aksu_tcb *before, const struct aksu_event *ev,
                           const struct aksu_tcb *after)
{
    enum what event = abstract(before, ev);
    bool fin = ev->kind == AKSU_EV_SENT && (ev->segment->flags & AKSU_FIN);
    bool known = before->state == after->state;
    for (unsigned i = 0; i < RULES && !known; i++)
        known = (rules[i].from >> before->state & 1u) && rules[i].to == after->state &&
                (rules[i].events & E(fin ? CLOSE : event));
    if (!known)
        fail("RFC 9293 knows no such next state");
}

// Of steps before which nothing is waiting to be sent, what is sent follows from the step.
void project(const struct end *before, const struct aksu_event *ev, const struct aksu_effects *fx,
             const struct end *after)
{
    struct end copy = *after;
    struct aksu_plan plan;
    enum what event = abstract(&before->tcb, ev);
    look_up_states(&before->tcb, ev, &after->tcb);
    if (event == OTHER || at_limit(&before->tcb) || planned(before, &plan))
        return;
    unsigned sent = drain(&copy);
    if ((fx->mask & AKSU_FX_RESET) && !(ev->segment->flags & AKSU_RST))
        sent |= S_RST;
    look_up(before->tcb.state, event, sent, copy.tcb.state);
}

static void tell_row(FILE *to, unsigned from, unsigned event, unsigned after)
{
    static const char *const kinds[] = {"figure", "text", "extra"};
    for (unsigned sent = 0; sent < 1u << SENDS; sent++) {
        const struct rule *r = &rules[rule_of[from][event][after][sent]];
        if (!(seen[from][event][after] >> sent & 1))
            continue;
        fprintf(to, "%s\t%s\t", aksu_state_name(from), event_names[event]);
        for (unsigned i = 0, first = 1; i < SENDS; i++)
            if (sent >> i & 1) {
                fprintf(to, "%s%s", first ? "" : "+", send_names[i]);
                first = 0;
            }
        fprintf(to, "\t%s\t%s\t%s\n", aksu_state_name(after), kinds[r->kind], r->section);
    }
}

// The ways from a state to another that the rules know.
void tell_rules(void)
{
    static const char *const kinds[] = {"figure", "text", "extra"};
    for (const struct rule *r = rules; r < rules + RULES; r++)
        for (unsigned from = 0; from < AKSU_STATE_COUNT; from++)
            for (unsigned event = 0; event < OTHER; event++)
                if ((r->from >> from & 1u) && (r->events >> event & 1u) && r->to != SAME)
                    printf("%s\t%s\t%s\t%s\t%s\n", aksu_state_name(from), event_names[event],
                           aksu_state_name(r->to), kinds[r->kind], r->section);
}

// Writes what was seen to the file that MODEL_EDGES names.
void tell_projection(void)
{
    FILE *to = getenv("MODEL_EDGES") ? fopen(getenv("MODEL_EDGES"), "w") : NULL;
    if (!to)
        return;
    for (unsigned from = 0; from < AKSU_STATE_COUNT; from++)
        for (unsigned event = 0; event < OTHER; event++)
            for (unsigned after = 0; after < AKSU_STATE_COUNT; after++)
                tell_row(to, from, event, after);
    fclose(to);
}
