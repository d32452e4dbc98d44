// SPDX-License-Identifier: MIT
// Prints docs/transitions.md (or, with --dot, its diagram) by asking the running code: every state,
// every kind of event, what is sent and which state follows.
#include <aksu/tcb.h>
#include <stdio.h>
#include <string.h>

enum { MSL_MS = 30000, NOW = 1000, PEER = 5000, OURS = 1000 };

// What can happen, with how a segment's numbers are meant.
struct stimulus {
    const char *text;
    uint8_t kind;
    uint8_t flags;
    uint8_t acks; // 0: what is acknowledged already, 1: all that was sent
    uint8_t len;
    const char *source;
};

static const struct stimulus stimuli[] = {
    {"passive OPEN", AKSU_EV_LISTEN, 0, 0, 0, "3.10.1"},
    {"active OPEN", AKSU_EV_CONNECT, 0, 0, 0, "3.10.1"},
    {"SHUTDOWN (half-close)", AKSU_EV_SHUTDOWN, 0, 0, 0, "3.10.4"},
    {"CLOSE", AKSU_EV_CLOSE, 0, 0, 0, "3.10.4"},
    {"ABORT", AKSU_EV_ABORT, 0, 0, 0, "3.10.5"},
    {"rcv SYN", AKSU_EV_SEGMENT, AKSU_SYN, 0, 0, NULL},
    {"rcv SYN,ACK", AKSU_EV_SEGMENT, AKSU_SYN | AKSU_ACK, 1, 0, NULL},
    {"rcv ACK of all", AKSU_EV_SEGMENT, AKSU_ACK, 1, 0, NULL},
    {"rcv data", AKSU_EV_SEGMENT, AKSU_ACK, 0, 100, NULL},
    {"rcv FIN", AKSU_EV_SEGMENT, AKSU_FIN | AKSU_ACK, 0, 0, NULL},
    {"rcv FIN, ACK of all", AKSU_EV_SEGMENT, AKSU_FIN | AKSU_ACK, 1, 0, NULL},
    {"rcv RST", AKSU_EV_SEGMENT, AKSU_RST | AKSU_ACK, 1, 0, NULL},
    {"timeouts", AKSU_EV_TICK, 0, 0, 0, "3.10.8"},
};

struct machine {
    struct aksu_tcb tcb;
    struct aksu_effects fx;
    uint32_t now_ms;
    char sent[64]; // names of the segments that went out
};

static const char *flag_names(uint8_t flags)
{
    static char text[32];
    static const struct {
        uint8_t bit;
        const char *name;
    } bits[] = {{AKSU_SYN, "SYN,"}, {AKSU_FIN, "FIN,"}, {AKSU_RST, "RST,"}, {AKSU_ACK, "ACK,"}};

    text[0] = '\0';
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        if (flags & bits[i].bit) {
            strcat(text, bits[i].name);
        }
    }
    if (text[0]) {
        text[strlen(text) - 1] = '\0';
    }
    return text;
}

static void note(struct machine *m, uint8_t flags)
{
    const char *name = flag_names(flags);

    if (!strstr(m->sent, name) && strlen(m->sent) + strlen(name) + 3 < sizeof m->sent) {
        strcat(m->sent, m->sent[0] ? "; " : "");
        strcat(m->sent, name);
    }
}

static void step(struct machine *m, struct aksu_event *ev)
{
    struct aksu_effects fx;

    ev->now_ms = m->now_ms;
    aksu_tcp_step(&aksu_standard, &m->tcb, NULL, ev, &fx);
    if (fx.mask) {
        m->fx = fx;
    }
}

// Sends all that is planned at this instant.
static void flush(struct machine *m)
{
    struct aksu_plan plan;

    while (aksu_tcp_plan(&aksu_standard, &m->tcb, NULL, m->now_ms, &plan) == AKSU_NEXT_SEGMENT) {
        struct aksu_event ev = {.kind = AKSU_EV_SENT, .segment = &plan.segment};
        note(m, plan.segment.flags);
        step(m, &ev);
    }
}

static void segment(struct machine *m, const struct stimulus *s)
{
    bool fresh = m->tcb.state <= AKSU_SYN_SENT;
    struct aksu_segment arrived = {.seq = fresh ? PEER : m->tcb.rcv_nxt,
                                   .ack = s->acks ? m->tcb.snd_max : m->tcb.snd_una,
                                   .flags = s->flags,
                                   .len = s->len,
                                   .wnd = 8192};
    struct aksu_event ev = {.kind = AKSU_EV_SEGMENT, .segment = &arrived};

    step(m, &ev);
    if (m->fx.mask & AKSU_FX_RESET) {
        struct aksu_segment answer;
        aksu_tcp_reply(&arrived, &answer);
        note(m, answer.flags);
    }
}

// Lets time pass until the state changes, or half an hour is over.
static void run_out(struct machine *m)
{
    struct aksu_plan plan;
    uint32_t end = m->now_ms + 1800000;
    uint8_t state = m->tcb.state;

    while (m->now_ms < end && m->tcb.state == state) {
        enum aksu_next next = aksu_tcp_plan(&aksu_standard, &m->tcb, NULL, m->now_ms, &plan);
        struct aksu_event ev = {.kind = AKSU_EV_TICK};
        if (next == AKSU_NEXT_NEVER) {
            break;
        }
        if (next == AKSU_NEXT_WAIT) {
            m->now_ms += plan.wait_ms;
        } else if (next == AKSU_NEXT_TICK) {
            step(m, &ev);
        } else {
            flush(m);
        }
    }
    flush(m);
}

static void apply(struct machine *m, const struct stimulus *s)
{
    static const struct aksu_open open = {.iss = OURS, .salt = 1, .rcv_buf = 8192, .mss = 1460};
    struct aksu_event ev = {.kind = s->kind, .open = &open};

    m->sent[0] = '\0';
    memset(&m->fx, 0, sizeof m->fx);
    if (s->kind == AKSU_EV_SEGMENT) {
        segment(m, s);
    } else if (s->kind == AKSU_EV_TICK) {
        run_out(m);
        return;
    } else {
        step(m, &ev);
    }
    flush(m);
}

// Reaches a state by events alone: indices into stimuli, -1 at the end.
static void reach(struct machine *m, unsigned state)
{
    static const int paths[AKSU_STATE_COUNT][6] = {
        [AKSU_CLOSED] = {-1},
        [AKSU_LISTEN] = {0, -1},
        [AKSU_SYN_SENT] = {1, -1},
        [AKSU_SYN_RECEIVED] = {0, 5, -1},
        [AKSU_ESTABLISHED] = {0, 5, 7, -1},
        [AKSU_FIN_WAIT_1] = {0, 5, 7, 3, -1},
        [AKSU_FIN_WAIT_2] = {0, 5, 7, 3, 7, -1},
        [AKSU_CLOSE_WAIT] = {0, 5, 7, 9, -1},
        [AKSU_CLOSING] = {0, 5, 7, 3, 9, -1},
        [AKSU_LAST_ACK] = {0, 5, 7, 9, 3, -1},
        [AKSU_TIME_WAIT] = {0, 5, 7, 3, 10, -1},
    };

    memset(m, 0, sizeof *m);
    m->now_ms = NOW;
    for (const int *i = paths[state]; *i >= 0; i++) {
        apply(m, &stimuli[*i]);
    }
    if (m->tcb.state != state) {
        fprintf(stderr, "path to %s ends in %s\n", aksu_state_name(state),
                aksu_state_name(m->tcb.state));
    }
}

// The simultaneous open reaches SYN-RECEIVED by another way, and leaves it by another, too.
static void reach_crossed(struct machine *m)
{
    memset(m, 0, sizeof *m);
    m->now_ms = NOW;
    apply(m, &stimuli[1]);
    apply(m, &stimuli[5]);
}

static const char *told(const struct machine *m)
{
    if (m->fx.mask & AKSU_FX_CLOSED) {
        return m->fx.reason == AKSU_OK ? "closed" : aksu_error_name(m->fx.reason);
    }
    if (m->fx.mask & AKSU_FX_OPENED) {
        return m->fx.mask & AKSU_FX_EOF ? "open, end" : "open";
    }
    return m->fx.mask & AKSU_FX_EOF ? "end" : m->fx.mask & AKSU_FX_DELIVER ? "data" : "";
}

// Segments have a section for each group of states.
static const char *section(unsigned state, size_t stimulus)
{
    static const char *const arrival[] = {"3.10.7.1", "3.10.7.2", "3.10.7.3"};
    unsigned group = state == AKSU_CLOSED ? 0 : state == AKSU_LISTEN ? 1 : 2;

    if (stimuli[stimulus].kind != AKSU_EV_SEGMENT) {
        return stimuli[stimulus].source;
    }
    return group < 2 || state == AKSU_SYN_SENT ? arrival[group] : "3.10.7.4";
}

static void print_rows(unsigned state, bool crossed)
{
    for (size_t i = 0; i < sizeof stimuli / sizeof stimuli[0]; i++) {
        struct machine m;
        if (crossed) {
            reach_crossed(&m);
        } else {
            reach(&m, state);
        }
        apply(&m, &stimuli[i]);
        if (m.tcb.state == state && m.sent[0] == '\0' && m.fx.mask == 0) {
            continue;
        }
        printf("| %s%s | %s | %s | %s | %s | %s |\n", aksu_state_name(state),
               crossed ? " (active)" : "", stimuli[i].text, m.sent[0] ? m.sent : "-",
               m.tcb.state == state ? "same" : aksu_state_name(m.tcb.state), told(&m),
               section(state, i));
    }
}

static void print_markdown(void)
{
    printf("# Transitions\n\n"
           "Made by test/docs/transitions.c, which asks aksu_tcp_step() and aksu_tcp_plan(): what "
           "each event does in each\nstate, with nothing queued. Events that change nothing and "
           "send nothing are left out. Sections are RFC 9293's.\nSYN-RECEIVED (active) is that of "
           "a simultaneous open. \"rcv data\" and \"rcv FIN\" acknowledge nothing new: before "
           "ESTABLISHED that is\nno acceptable ACK, so it is answered by RST.\n\n![State "
           "diagram](transitions.svg)\n\n"
           "| state | event | sent | next state | told to the user | section |\n"
           "|---|---|---|---|---|---|\n");
    for (unsigned state = 0; state < AKSU_STATE_COUNT; state++) {
        print_rows(state, false);
        if (state == AKSU_SYN_RECEIVED) {
            print_rows(state, true);
        }
    }
}

// One arrow for each change of state but the abrupt ends; SHUTDOWN and CLOSE look alike.
static void print_edges(unsigned state)
{
    for (size_t i = 0; i < sizeof stimuli / sizeof stimuli[0]; i++) {
        struct machine m;
        reach(&m, state);
        apply(&m, &stimuli[i]);
        bool abrupt = (m.fx.mask & AKSU_FX_CLOSED) && m.fx.reason != AKSU_OK &&
                      stimuli[i].kind != AKSU_EV_CLOSE;
        if (m.tcb.state != state && !abrupt && stimuli[i].kind != AKSU_EV_SHUTDOWN) {
            printf("    \"%s\" -> \"%s\" [label=\"%s\\n%s%s\"];\n", aksu_state_name(state),
                   aksu_state_name(m.tcb.state), stimuli[i].text, m.sent[0] ? "snd " : "", m.sent);
        }
    }
}

static void print_dot(void)
{
    printf(
        "// Made by test/docs/transitions.c. Resets and failures, which lead to CLOSED, are left "
        "out.\ndigraph aksu {\n    rankdir=TB;\n    node [shape=box, style=\"rounded,filled\", "
        "fillcolor=\"#eef3fb\", fontname=\"sans-serif\"];\n    edge [fontname=\"sans-serif\", "
        "fontsize=10];\n");
    for (unsigned state = 0; state < AKSU_STATE_COUNT; state++) {
        print_edges(state);
    }
    printf("}\n");
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--dot") == 0) {
        print_dot();
    } else {
        print_markdown();
    }
    return 0;
}
