// SPDX-License-Identifier: MIT
// Known attacks, carried out and counted. Each row says what was tried, what came of it, what
// chance alone would give or what comes of it without the defence, and fails if its bound is
// passed. All is seeded: the figures are the same every time.
//
// usage: attacks [KEY]...     (all rows as a table in Markdown, or only those named)
#include "../hostile/host.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum { WINDOW = RX, SWEEP = 1 << 20, TRIES = 1000000 };

AKSU_STORAGE(store, ROWS, LISTENERS, RX, TX);

static struct host h;
static struct image fresh;

struct result {
    char measured[160];
    char compare[160];
    bool held;
};

static void say(char *to, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(to, 160, format, args);
    va_end(args);
}

static uint64_t chance_state;

static uint32_t chance(void)
{
    chance_state ^= chance_state >> 12;
    chance_state ^= chance_state << 25;
    chance_state ^= chance_state >> 27;
    return (uint32_t)((chance_state * 0x2545f4914f6cdd1du) >> 32);
}

static void establish(enum state state)
{
    chance_state = 0x9e3779b97f4a7c15u;
    build(&h, state, &store, &aksu_standard, ISS, IRS);
    take_image(&h, &fresh);
}

static const struct aksu_tcb *victim(void)
{
    aksu_handle conn;

    return find(&h, PEER_PORT, &conn);
}

static bool alive(void)
{
    const struct aksu_tcb *t = victim();

    return t && t->state == AKSU_ESTABLISHED && !h.wrong[0];
}

// A segment in the peer's name, with the right ports: the attacker knows them.
static void forge(unsigned flags, uint32_t seq, uint32_t ack, size_t len)
{
    static const uint8_t text[64] = "evil";
    struct segment s = {PEER_PORT, PORT, (uint8_t)flags, seq, ack, 8192, NULL, 0, text, len};

    send_segment(&h, &s);
}

// --- Initial sequence numbers ---

// Our ISN for a client, whose row goes at once.
static uint32_t isn_for(uint32_t from, uint16_t port)
{
    struct segment s = {port, PORT, AKSU_SYN, 1, 0, 8192, NULL, 0, NULL, 0};
    uint8_t frame[FRAME_MAX];

    for (unsigned i = 0; i < 2; i++) {
        size_t len = make(&s, frame);
        put32(frame + ETH + 12, from);
        seal(frame, len);
        feed(&h, frame, len);
        drain(&h);
        s.flags = AKSU_RST;
        s.seq = 2;
    }
    return get32(h.frame + ETH + IP + 4);
}

static double chi_square(const unsigned *count, unsigned cells, unsigned samples)
{
    double expected = (double)samples / cells, sum = 0;

    for (unsigned i = 0; i < cells; i++) {
        sum += (count[i] - expected) * (count[i] - expected) / expected;
    }
    return sum;
}

enum { ISNS = 200000 };

static void isn_distribution(struct result *r)
{
    static unsigned cells[4][256];
    double worst = 0, sum = 0, squares = 0, products = 0, last = 0;

    establish(state_listen);
    for (unsigned i = 0; i < ISNS; i++) { // 4 neighbours, 50,000 ports each
        uint32_t isn = isn_for(PEER + i / 50000, (uint16_t)(1024 + i % 50000));
        double x = isn / 4294967296.0 - 0.5;
        for (unsigned k = 0; k < 4; k++) {
            cells[k][isn >> (8 * k) & 255]++;
        }
        sum += x;
        squares += x * x;
        products += x * last;
        last = x;
    }
    for (unsigned k = 0; k < 4; k++) {
        double chi = chi_square(cells[k], 256, ISNS);
        worst = chi > worst ? chi : worst;
    }
    double mean = sum / ISNS, serial = (products / ISNS - mean * mean) / (squares / ISNS);
    say(r->measured,
        "%d clients in one ms: chi-square of the worst octet %.0f, serial correlation "
        "%.4f",
        ISNS, worst, serial);
    say(r->compare, "random: 255 +- 23, 0 +- 0.0022; bounds 370 and 0.01");
    r->held = worst < 370 && serial < 0.01 && serial > -0.01;
}

// The attacker asks in his own name and guesses what a victim gets: the same, or as far away as it
// was for the victim's last port.
static void isn_prediction(struct result *r)
{
    uint32_t distance = 0;
    unsigned hits = 0;

    establish(state_listen);
    for (unsigned i = 0; i < ISNS / 2; i++) {
        uint16_t port = (uint16_t)(1024 + i % 60000);
        uint32_t own = isn_for(PEER + 9 + i / 60000, port), is = isn_for(PEER + i / 60000, port);
        hits += is - own + WINDOW < 2 * WINDOW;
        hits += is - own - distance + WINDOW < 2 * WINDOW;
        distance = is - own;
    }
    say(r->measured, "%u of %d guesses within a window of %d", hits, ISNS, WINDOW);
    say(r->compare, "chance: %.1f; bound 5", ISNS * (2.0 * WINDOW) / 4294967296.0);
    r->held = hits <= 5;
}

// For one and the same client the number moves with the clock, so that segments of an old
// connection lie behind it; under another secret it is another one.
static void isn_time(struct result *r)
{
    unsigned hits = 0, off = 0;

    establish(state_listen);
    uint32_t first = isn_for(PEER, 2000), began = h.now;
    for (unsigned i = 0; i < 1000; i++) {
        pass(&h, 1 + i % 97);
        off += isn_for(PEER, 2000) - first != (h.now - began) * 250;
    }
    for (unsigned i = 0; i < 250; i++) {
        start(&h, &store, &aksu_standard, began, (uint8_t)(i + 1));
        hits += isn_for(PEER, 2000) - first + WINDOW < 2 * WINDOW;
    }
    say(r->measured, "%u of 1000 times off the clock; %u of 250 restarts guessed", off, hits);
    say(r->compare, "250 ticks a ms (RFC 6528 3); bounds 0 and 1: a secret may be the old one");
    r->held = off == 0 && hits <= 1;
}

// --- Blind injection ---

// One guess in every window of the whole sequence space: one of them is inside.
static void sweep(unsigned flags, struct result *r, const char *without)
{
    unsigned answers = 0;
    uint32_t from;
    unsigned i = 0;

    establish(state_established);
    from = victim()->rcv_nxt + 1 + chance() % (WINDOW - 1);
    h.frames = 0;
    for (; i < SWEEP && alive(); i++) {
        forge(flags, from + i * (uint32_t)WINDOW, 0, 0);
    }
    answers = h.frames;
    say(r->measured, "%u guesses, one a window: connection %s, %u answers", i,
        alive() ? "lives" : "gone", answers);
    say(r->compare, "%s; bound: lives, 10 answers", without);
    r->held = alive() && answers <= 10;
}

static void blind_reset(struct result *r)
{
    sweep(AKSU_RST, r, "RFC 793: gone by 1,048,576 guesses");
}

static void blind_syn(struct result *r)
{
    sweep(AKSU_SYN, r, "RFC 793: gone by 1,048,576 guesses");
}

static void exact_reset(struct result *r)
{
    unsigned hits = 0;

    establish(state_established);
    for (uint32_t i = 0; i < WINDOW; i++) {
        restore(&h, &fresh);
        forge(AKSU_RST, victim()->rcv_nxt + i, 0, 0);
        hits += !alive();
    }
    say(r->measured, "%u of the %d numbers in the window", hits, WINDOW);
    say(r->compare, "RFC 5961 3.2: 1; RFC 793: %d; bound 1", WINDOW);
    r->held = hits == 1;
}

static void random_reset(struct result *r)
{
    unsigned hits = 0;

    establish(state_established);
    for (unsigned i = 0; i < TRIES; i++) {
        forge(AKSU_RST, chance(), 0, 0);
        if (!alive()) {
            hits++;
            restore(&h, &fresh);
        }
    }
    say(r->measured, "%u of %d", hits, TRIES);
    say(r->compare, "chance: %.4f with RFC 5961, %.2f without; bound 0", TRIES / 4294967296.0,
        TRIES * (double)WINDOW / 4294967296.0);
    r->held = hits == 0;
}

static void blind_data(struct result *r)
{
    unsigned hits = 0;

    establish(state_established);
    for (unsigned i = 0; i < TRIES; i++) {
        forge(AKSU_ACK, chance(), chance(), 4);
        if (h.app.len > 0 || victim()->ranges > 0 || !alive()) {
            hits++;
            restore(&h, &fresh);
        }
    }
    say(r->measured, "%u of %d", hits, TRIES);
    say(r->compare, "chance: %.0e with RFC 5961, %.1f without; bound 0",
        TRIES * (double)WINDOW / 4294967296.0 * 8193 / 4294967296.0,
        TRIES * (double)WINDOW / 4294967296.0 / 2);
    r->held = hits == 0;
}

// The sequence number is known: only the acknowledgment is in the way.
static void blind_ack(struct result *r)
{
    unsigned hits = 0;

    establish(state_established);
    uint32_t from = chance();
    for (uint32_t i = 0; i < SWEEP; i++) {
        forge(AKSU_ACK, victim()->rcv_nxt, from + i * 4096, 4);
        if (h.app.len > 0) {
            hits++;
            restore(&h, &fresh);
        }
    }
    say(r->measured, "%u of %d acknowledgments, evenly spaced", hits, SWEEP);
    say(r->compare, "chance: %.1f with RFC 5961 5.2, %d without; bound 3", 8193.0 / 4096,
        SWEEP / 2);
    r->held = hits <= 3;
}

static void blind_cookie(struct result *r)
{
    unsigned hits = 0;

    establish(state_listen_flooded);
    for (unsigned i = 0; i < TRIES; i++) {
        struct segment s = {(uint16_t)(1024 + i % 30000),
                            PORT,
                            AKSU_ACK,
                            chance(),
                            chance(),
                            8192,
                            NULL,
                            0,
                            NULL,
                            0};
        send_segment(&h, &s);
        if (h.net.counters.cookies_taken > 0) {
            hits++;
            restore(&h, &fresh);
        }
    }
    say(r->measured, "%u of %d", hits, TRIES);
    say(r->compare, "chance: %.3f (8 sizes, 2 periods, 24 bits of hash); bound 1",
        TRIES * 16 / 4294967296.0);
    r->held = hits <= 1 && !h.wrong[0];
}

// An ICMP error in a router's name, with the right ports in its quote.
static void send_icmp(unsigned code, uint32_t seq)
{
    struct segment s = {PEER_PORT, PORT, 0, 0, 0, 0, NULL, 0, NULL, 0};
    uint8_t frame[FRAME_MAX];
    uint8_t *p = frame + ETH + IP;

    make(&s, frame);
    memset(p, 0, 36);
    put16(frame + ETH + 2, IP + 36);
    frame[ETH + 9] = 1;
    p[0] = 3;
    p[1] = (uint8_t)code;
    put16(p + 6, 552);
    p[8] = 0x45;
    p[17] = 6;
    put32(p + 20, US);
    put32(p + 24, PEER);
    put16(p + 28, PORT);
    put16(p + 30, PEER_PORT);
    put32(p + 32, seq);
    seal(frame, ETH + IP + 36);
    feed(&h, frame, ETH + IP + 36);
    drain(&h);
}

static void blind_icmp(struct result *r)
{
    unsigned shrunk = 0, killed = 0, heard = 0;

    establish(state_established_inflight);
    for (uint32_t i = 0; i < TRIES; i++) {
        unsigned troubles = h.app.troubles;
        send_icmp(2 + i % 3, chance());
        heard += h.app.troubles > troubles;
        shrunk += victim() && victim()->snd_mss < 1460;
        if (!alive()) {
            killed++;
            restore(&h, &fresh);
        }
    }
    unsigned by_chance = heard;
    for (unsigned code = 2; code <= 4; code++) { // and with the number right
        restore(&h, &fresh);
        unsigned troubles = h.app.troubles;
        send_icmp(code, victim()->snd_una);
        heard += h.app.troubles > troubles;
        killed += !alive();
        shrunk += victim() && victim()->snd_mss < 1460;
    }
    say(r->measured,
        "%d guesses: %u heard; 3 that are right: %u heard; %u reset it, %u shrank the "
        "MSS",
        TRIES, by_chance, heard - by_chance, killed, shrunk);
    say(r->compare,
        "RFC 792: the first right one resets it; chance to be heard %.2f; bounds 3, 2, 0, 0",
        TRIES * 1460.0 / 4294967296.0);
    r->held = killed == 0 && shrunk == 0 && by_chance <= 3 && heard - by_chance == 2;
}

// --- What a guess tells the guesser (CVE-2016-5696) ---

enum { OWN_PORT = 40001 };

// Spends the attacker's own budget of challenge ACKs and counts what he gets.
static unsigned own_answers(void)
{
    aksu_handle conn;
    const struct aksu_tcb *t = find(&h, OWN_PORT, &conn);
    struct segment s = {OWN_PORT, PORT, AKSU_RST, t->rcv_nxt + 1, 0, 8192, NULL, 0, NULL, 0};

    h.frames = 0;
    for (unsigned i = 0; i < 200; i++) {
        send_segment(&h, &s);
    }
    return h.frames;
}

static unsigned observe(unsigned guess)
{
    const struct aksu_tcb *t = victim();
    const uint32_t in = t->rcv_nxt + 100, out = t->rcv_nxt + 1000000;

    for (unsigned i = 0; i < 100 && guess > 0; i++) {
        const unsigned flags[] = {0, AKSU_RST, AKSU_RST, AKSU_SYN, AKSU_SYN, AKSU_ACK, AKSU_ACK};
        forge(flags[guess], guess % 2 ? in : out, guess == 5 ? t->snd_una + 1 : t->snd_una - 9999,
              guess >= 5);
    }
    return own_answers();
}

static void side_channel(struct result *r)
{
    enum { INTERVALS = 200, GUESSES = 7 };
    unsigned differ = 0, least = 1000, most = 0;

    establish(state_established);
    enter(&h, state_established, OWN_PORT, 12345);
    for (unsigned i = 0; i < INTERVALS; i++) {
        pass(&h, 6000);
        take_image(&h, &fresh);
        unsigned none = observe(0);
        for (unsigned guess = 1; guess < GUESSES; guess++) {
            restore(&h, &fresh);
            differ += observe(guess) != none;
        }
        restore(&h, &fresh);
        least = none < least ? none : least;
        most = none > most ? none : most;
    }
    say(r->measured, "%u of %d observations depend on the guess; %u to %u answers an interval",
        differ, INTERVALS * (GUESSES - 1), least, most);
    say(r->compare, "one counter for all connections: nearly all; bound 0, and no fixed number");
    r->held = differ == 0 && most > least && least > 0 && most <= 10 && !h.wrong[0];
}

// --- Cheating receivers ---

enum { RUNS_MOST = 64 };

struct sender {
    struct aksu_tcb t;
    const struct aksu_profile *profile; // NULL: aksu_standard
    struct {
        struct aksu_board board;
        union aksu_slot slot[2 * RUNS_MOST]; // runs, and ranges of a large board
    } b;
    struct aksu_segment s; // the cheat's
    uint32_t now;
    unsigned sent; // segments
};

static struct aksu_board *board_of(struct sender *x)
{
    return x->profile->recovery ? &x->b.board : NULL;
}

static void step(struct sender *x, unsigned kind, uint32_t value, const struct aksu_segment *s,
                 const struct aksu_open *open)
{
    struct aksu_event ev = {(uint8_t)kind, 0, x->now, value, 0, s, open};
    struct aksu_effects fx;

    aksu_tcp_step(x->profile, &x->t, board_of(x), &ev, &fx);
}

static void send_all(struct sender *x)
{
    struct aksu_plan plan;

    while (aksu_tcp_plan(x->profile, &x->t, board_of(x), x->now, &plan) == AKSU_NEXT_SEGMENT) {
        x->sent++;
        step(x, AKSU_EV_SENT, 0, &plan.segment, NULL);
    }
}

// A connection with much to send to a receiver that offers this MSS, and SACK.
static void open_sender_with(struct sender *x, uint16_t mss, const struct aksu_profile *profile,
                             unsigned runs)
{
    struct aksu_open open = {ISS, 0, 4096, 1460};

    memset(x, 0, sizeof *x);
    x->profile = profile;
    x->b.board.size = (uint8_t)runs;
    x->now = 1000;
    step(x, AKSU_EV_LISTEN, 0, NULL, &open);
    x->s.seq = IRS;
    x->s.flags = AKSU_SYN;
    x->s.wnd = 65535;
    x->s.options = AKSU_OPT_MSS | AKSU_OPT_WSCALE | AKSU_OPT_SACK_PERMITTED;
    x->s.mss = mss;
    x->s.wscale = 7;
    step(x, AKSU_EV_SEGMENT, 0, &x->s, NULL);
    send_all(x);
    x->s.options = 0;
    x->s.flags = AKSU_ACK;
    x->s.seq = IRS + 1;
    x->s.ack = ISS + 1;
    step(x, AKSU_EV_SEGMENT, 0, &x->s, NULL);
    step(x, AKSU_EV_WROTE, 1 << 29, NULL, NULL);
    x->sent = 0;
    send_all(x);
}

static void open_sender(struct sender *x, uint16_t mss)
{
    open_sender_with(x, mss, &aksu_standard, 0);
}

static void optimistic_ack(struct result *r)
{
    struct sender x;

    open_sender(&x, 1460);
    uint32_t before = x.t.cwnd, una = x.t.snd_una;
    for (uint32_t i = 1; i <= 10000; i++) {
        x.s.ack = x.t.snd_max + i * 1460;
        step(&x, AKSU_EV_SEGMENT, 0, &x.s, NULL);
    }
    say(r->measured, "10,000 ACKs of octets never sent: cwnd grew by %u, SND.UNA by %u",
        (unsigned)(x.t.cwnd - before), (unsigned)(x.t.snd_una - una));
    say(r->compare, "bounds 0 and 0. ACKs of what is in flight but lost cannot be told from true "
                    "ones");
    r->held = x.t.cwnd == before && x.t.snd_una == una;
}

// One segment, acknowledged an octet at a time.
static uint32_t divide(bool avoidance)
{
    struct sender x;

    open_sender(&x, 1460);
    if (avoidance) {
        x.t.ssthresh = x.t.cwnd;
    }
    uint32_t before = x.t.cwnd;
    for (unsigned i = 0; i < 1460; i++) {
        x.s.ack++;
        step(&x, AKSU_EV_SEGMENT, 0, &x.s, NULL);
    }
    return x.t.cwnd - before;
}

static void ack_division(struct result *r)
{
    uint32_t start = divide(false), avoidance = divide(true);

    say(r->measured,
        "a segment of 1460 octets in 1460 ACKs: cwnd grew by %u in slow start, %u in "
        "congestion avoidance",
        (unsigned)start, (unsigned)avoidance);
    say(r->compare, "a step an ACK: 2,131,600 and 99,893; bounds 1460 (RFC 3465)");
    r->held = start <= 1460 && avoidance <= 1460;
}

// CVE-2019-11477 to 11479: the least MSS, and SACK blocks that cut the queue to pieces.
static void sack_panic(struct result *r)
{
    struct sender x;
    unsigned most = 0;

    open_sender(&x, 8);
    unsigned mss = x.t.snd_mss;
    x.s.options = AKSU_OPT_SACK;
    x.s.sacks = 4;
    for (uint32_t i = 0; i < 100000; i++) {
        for (unsigned k = 0; k < 4; k++) {
            x.s.sack[k].start = x.t.snd_una + 88 * (1 + 2 * ((i + k) % 100));
            x.s.sack[k].end = x.s.sack[k].start + 1 + i % 88;
        }
        x.sent = 0;
        step(&x, AKSU_EV_SEGMENT, 0, &x.s, NULL);
        send_all(&x);
        most = x.sent > most ? x.sent : most;
        x.now += 1;
        step(&x, AKSU_EV_TICK, 0, NULL, NULL);
    }
    say(r->measured,
        "MSS 8 offered, %u used; 100,000 ACKs of 4 blocks: at most %u segments for one", mss, most);
    say(r->compare, "bounds: MSS 88 at least, 2 segments; no list of blocks is kept");
    r->held = mss >= 88 && most <= 2;
}

// Likewise where SACKs are used: recovery keeps a board of them. Returns the most segments for one
// ACK, and adds up all of them.
static unsigned cut_to_pieces(unsigned runs, unsigned *all)
{
    static struct sender x;
    unsigned most = 0;

    open_sender_with(&x, 8, &aksu_full, runs);
    x.s.options = AKSU_OPT_SACK;
    x.s.sacks = 4;
    for (uint32_t i = 0; i < 100000; i++) {
        uint32_t flight = x.t.snd_max - x.t.snd_una;
        for (unsigned k = 0; k < 4; k++) {
            x.s.sack[k].start = x.t.snd_una + (i * 4 + k) * 37 % (flight + 1);
            x.s.sack[k].end = x.s.sack[k].start + 1 + i % 5;
        }
        x.now++;
        if (i % 64 == 0) { // and what was held is gone again
            x.s.ack = x.t.snd_una + 1;
        }
        x.sent = 0;
        step(&x, AKSU_EV_SEGMENT, 0, &x.s, NULL);
        send_all(&x);
        *all += x.sent;
        most = x.sent > most ? x.sent : most;
        if (x.b.board.runs > runs) {
            return UINT16_MAX;
        }
        step(&x, AKSU_EV_TICK, 0, NULL, NULL);
        send_all(&x);
    }
    return most;
}

static void sack_work(struct result *r)
{
    unsigned all = 0, small = cut_to_pieces(8, &all), large = cut_to_pieces(RUNS_MOST, &all);

    say(r->measured,
        "200,000 ACKs of 4 blocks, an octet here and there: %u segments; for one ACK at most %u "
        "with a board of 8 runs, %u of %d",
        all, small, large, RUNS_MOST);
    say(r->compare, "bounds: a segment for 20 ACKs; a hole needs two runs: 4 and 32");
    r->held = all <= 10000 && small <= 4 && large <= RUNS_MOST / 2;
}

// --- Holding resources ---

// Opens all rows, asks for data and never opens its window again. Answers probes.
static void hold_rows(unsigned limit)
{
    establish(state_listen);
    for (unsigned i = 0; i < ROWS; i++) {
        aksu_handle conn;
        enter(&h, state_zero_swnd, (uint16_t)(PEER_PORT + i), IRS);
        if (find(&h, (uint16_t)(PEER_PORT + i), &conn)) {
            aksu_set(&h.net, conn, AKSU_PROBE_LIMIT, limit);
        }
    }
}

// Lets time pass; all probes are answered by a window of zero. Returns the probes of one row.
static unsigned answer_probes(uint32_t ms)
{
    unsigned probes = 0;

    for (uint32_t end = h.now + ms; h.now < end && !h.wrong[0];) {
        uint32_t idle = aksu_idle(&h.net, h.now);
        h.now += idle < end - h.now ? idle : end - h.now;
        for (unsigned i = 0; i < ROWS; i++) {
            aksu_handle conn;
            uint16_t port = (uint16_t)(PEER_PORT + i);
            h.app.watch = port;
            h.seen_len = 0;
            size_t len = aksu_output(&h.net, h.now, h.frame, sizeof h.frame);
            uint16_t to = len > 0 ? (uint16_t)get16(h.frame + ETH + IP + 2) : 0;
            const struct aksu_tcb *t = len > 0 ? find(&h, to, &conn) : NULL;
            if (t) {
                struct segment s = {to, PORT, AKSU_ACK, t->rcv_nxt, t->snd_una,
                                    0,  NULL, 0,        NULL,       0};
                probes += to == PEER_PORT;
                send_segment(&h, &s);
            }
        }
    }
    return probes;
}

static void sockstress(struct result *r)
{
    hold_rows(0);
    unsigned probes = answer_probes(3600000);
    size_t held = aksu_connections(&h.net);
    aksu_handle oldest = aksu_next_connection(&h.net, 0);
    aksu_abort(&h.net, oldest); // as an application does that is told of no room
    drain(&h);
    bool served = legal_session(&h, 10000);

    say(r->measured,
        "after an hour %zu of %d rows are held, %u probes each; one closed: a client "
        "is %s",
        held, ROWS, probes, served ? "served" : "not served");
    say(r->compare, "MUST-37: held while answered; bounds: 70 probes an hour, served");
    r->held = held == ROWS && probes <= 70 && probes > 50 && served;
}

static void sockstress_limited(struct result *r)
{
    hold_rows(5);
    uint32_t began = h.now;
    while (aksu_connections(&h.net) > 0 && h.now - began < 3600000) {
        answer_probes(1000);
    }
    uint32_t took = h.now - began;
    bool served = legal_session(&h, 10000);

    say(r->measured, "AKSU_PROBE_LIMIT 5: all %d rows are free after %u s; a client is %s", ROWS,
        (unsigned)(took / 1000), served ? "served" : "not served");
    say(r->compare, "bound: 120 s, served");
    r->held = took <= 120000 && served;
}

// Half-open connections in all the rows that they may have.
static void syn_flood(struct result *r)
{
    unsigned served = 0;

    establish(state_listen_flooded);
    for (unsigned i = 0; i < 1000; i++) {
        for (unsigned k = 0; k < 20; k++) {
            struct segment s = {(uint16_t)(20000 + (i * 20 + k) % 20000),
                                PORT,
                                AKSU_SYN,
                                chance(),
                                0,
                                8192,
                                NULL,
                                0,
                                NULL,
                                0};
            send_segment(&h, &s);
        }
        served += legal_session(&h, (uint16_t)(10000 + i));
        pass(&h, 100);
    }
    say(r->measured, "%u of 1000 clients are served among 20,000 forged SYNs", served);
    say(r->compare, "without cookies: none; bound: all");
    r->held = served == 1000 && !h.wrong[0];
}

// --- ARP ---

static void send_arp(unsigned op, uint32_t sender, const uint8_t station[6], uint32_t target)
{
    uint8_t frame[FRAME_MAX];
    size_t len = make_arp(op, frame);

    memcpy(frame + 6, station, 6);
    memcpy(frame + 22, station, 6);
    put32(frame + 28, sender);
    put32(frame + 38, target);
    feed(&h, frame, len);
    drain(&h);
}

static bool poisoned(const uint8_t station[6])
{
    for (unsigned i = 0; i < AKSU_NEIGHBOURS; i++) {
        if (memcmp(store.neighbour[i].mac, station, 6) == 0) {
            return true;
        }
    }
    for (unsigned i = 0; i < ROWS; i++) {
        if ((store.row[i].bits & 0x80) && memcmp(store.row[i].mac, station, 6) == 0) {
            return true;
        }
    }
    return false;
}

static void arp_poison(struct result *r)
{
    static const uint8_t evil[6] = {2, 0, 0, 0, 0, 0x66};
    unsigned believed = 0;

    establish(state_established);
    for (unsigned i = 0; i < 1000; i++) {
        send_arp(2, PEER, evil, US);               // a reply that nobody asked for
        send_arp(1, PEER, evil, US);               // a question with a forged sender
        send_arp(1 + i % 2, PEER, evil, PEER);     // an announcement
        send_arp(2, PEER + i % 200 + 1, evil, US); // in another's name
        believed += poisoned(evil);
        pass(&h, 10);
    }
    say(r->measured, "%u of 4000 unasked packets believed", believed);
    say(r->compare, "RFC 826 merges them all; bound 0");
    r->held = believed == 0 && alive();
}

// While a question is open whoever answers first is believed: no ARP can tell. Later answers are
// not, nor does the answer change what open connections use.
static void arp_race(struct result *r)
{
    static const uint8_t evil[6] = {2, 0, 0, 0, 0, 0x66};
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 77), 9};

    establish(state_established);
    h.announced += aksu_connect(&h.net, &to, 1024, app_handlers, &h) > 0;
    drain(&h);
    send_arp(2, 0xc000024d, peer_mac, US);
    bool first = store.neighbour[0xc000024d % AKSU_NEIGHBOURS].mac[5] == peer_mac[5];
    send_arp(2, 0xc000024d, evil, US);
    bool second = poisoned(evil);
    say(r->measured, "the first answer to a question is %s, the second %s",
        first ? "believed" : "not believed", second ? "believed" : "not believed");
    say(r->compare, "bound: believed, not believed");
    r->held = first && !second && alive();
}

static void arp_conflict(struct result *r)
{
    static const uint8_t evil[6] = {2, 0, 0, 0, 0, 0x66};

    establish(state_established);
    h.frames = 0;
    for (unsigned i = 0; i < 1000; i++) {
        send_arp(1 + i % 2, US, evil, US);
        pass(&h, 100);
    }
    say(r->measured, "our address claimed 1000 times in 100 s: defended %u times, %u counted",
        h.frames, (unsigned)h.net.counters.arp_conflicts);
    say(r->compare, "RFC 5227 2.4 (b): once in 10 s; bounds 10, 1000");
    r->held = h.frames <= 10 && h.frames >= 9 && h.net.counters.arp_conflicts == 1000 && alive();
}

// --- The table ---

static const struct {
    const char *key;
    const char *attack;
    void (*run)(struct result *);
} rows[] = {
    {"isn-distribution", "Sequence numbers: distribution over clients", isn_distribution},
    {"isn-prediction", "Sequence numbers: prediction from one's own", isn_prediction},
    {"isn-time", "Sequence numbers: over time and restarts", isn_time},
    {"reset-sweep", "RST in every window", blind_reset},
    {"reset-window", "RST at every number of the window", exact_reset},
    {"reset-random", "RST at random", random_reset},
    {"syn-sweep", "SYN in every window", blind_syn},
    {"data-random", "Data at random", blind_data},
    {"data-ack", "Data with the right number and any ACK", blind_ack},
    {"cookie", "ACK with a guessed SYN cookie", blind_cookie},
    {"icmp", "ICMP errors in a router's name", blind_icmp},
    {"side-channel", "Challenge ACKs as side channel (CVE-2016-5696)", side_channel},
    {"optimistic-ack", "Optimistic ACKs", optimistic_ack},
    {"ack-division", "ACK division", ack_division},
    {"sack-panic", "SACK panic (CVE-2019-11477 to 11479)", sack_panic},
    {"sack-work", "The same against recovery from SACKs", sack_work},
    {"sockstress", "Windows of zero on all rows (sockstress)", sockstress},
    {"sockstress-limit", "The same with a limit to probes", sockstress_limited},
    {"syn-flood", "SYN flood", syn_flood},
    {"arp-poison", "ARP: unasked packets", arp_poison},
    {"arp-race", "ARP: a race for the answer", arp_race},
    {"arp-conflict", "ARP: our address claimed", arp_conflict},
};

static bool wanted(const char *key, int argc, char **argv)
{
    bool any = argc == 1;

    for (int i = 1; i < argc; i++) {
        any |= strcmp(key, argv[i]) == 0;
    }
    return any;
}

int main(int argc, char **argv)
{
    unsigned passed = 0, failed = 0;

    printf("| attack | measured | to compare | |\n|---|---|---|---|\n");
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct result r = {"", "", false};
        if (!wanted(rows[i].key, argc, argv)) {
            continue;
        }
        rows[i].run(&r);
        printf("| %s | %s | %s | %s |\n", rows[i].attack, r.measured, r.compare,
               r.held ? "held" : "FAIL");
        if (h.wrong[0]) {
            printf("FAIL %s: %s\n", rows[i].key, h.wrong);
        }
        fflush(stdout);
        passed += r.held;
        failed += !r.held;
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed > 0 || passed == 0;
}
