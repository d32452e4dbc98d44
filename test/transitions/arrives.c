// SPDX-License-Identifier: MIT
// SEGMENT ARRIVES in the synchronized states: RFC 9293 3.10.7.4, a row for each sentence.
#include "harness.h"

// EITHER: at once or within 500 ms. ANY: an ACK at once, or nothing.
enum answer { NONE, NOW, LATER, RESET, EITHER, ANY };

enum { SIMULTANEOUS = AKSU_STATE_COUNT }; // SYN-RECEIVED, actively opened

#define A  AKSU_ACK
#define FA (AKSU_FIN | AKSU_ACK)
#define SA (AKSU_SYN | AKSU_ACK)
#define RA (AKSU_RST | AKSU_ACK)

struct row {
    const char *rule;
    unsigned from;
    unsigned flags;
    uint32_t seq;
    uint32_t ack;
    uint32_t len;
    enum aksu_state to;
    enum answer answer;
    uint32_t rcv_nxt; // afterwards
    uint8_t effects;  // all of them, RESET aside
    int reason;       // of CLOSED
};

#define OPENED  AKSU_FX_OPENED
#define DELIVER AKSU_FX_DELIVER
#define END     AKSU_FX_EOF
#define GONE    AKSU_FX_CLOSED
#define ROW(rule, from, flags, seq, ack, len, to, answer, rcv_nxt, effects, reason)                \
    {                                                                                              \
        rule, AKSU_##from, flags, seq, ack, len, AKSU_##to, answer, rcv_nxt, effects, reason       \
    }

// Left edge 1, right edge 4001; the unacknowledged number of ours is 1 where a FIN was sent.
static const struct row rows[] = {
    // First, check sequence number (Table 6, SM-10, SM-11)
    ROW("first: len 0, wnd > 0: left edge", ESTABLISHED, A, 1, 1, 0, ESTABLISHED, NONE, 1, 0, 0),
    ROW("first: len 0, wnd > 0: right edge - 1", ESTABLISHED, A, 4000, 1, 0, ESTABLISHED, NONE, 1,
        0, 0),
    ROW("first: len 0, wnd > 0: right edge: see Appendix A.2", ESTABLISHED, A, 4001, 1, 0,
        ESTABLISHED, ANY, 1, 0, 0),
    ROW("first: len 0, wnd > 0: left edge - 1: ACK", ESTABLISHED, A, 0, 1, 0, ESTABLISHED, NOW, 1,
        0, 0),
    ROW("first: len > 0: all old: ACK and drop", ESTABLISHED, A, 0xffffff9du, 1, 100, ESTABLISHED,
        NOW, 1, 0, 0),
    ROW("first: len > 0: last octet is new", ESTABLISHED, A, 0xffffff9eu, 1, 100, ESTABLISHED,
        EITHER, 2, DELIVER, 0),
    ROW("first: len > 0: at the right edge: ACK and drop", ESTABLISHED, A, 4001, 1, 100,
        ESTABLISHED, NOW, 1, 0, 0),
    ROW("first: SM-13 both ends outside: the middle is taken, FIN is not", ESTABLISHED, FA,
        0xfffffffeu, 1, 5000, ESTABLISHED, EITHER, 4001, DELIVER, 0),
    ROW("first: unacceptable with RST: drop", ESTABLISHED, RA, 0, 1, 0, ESTABLISHED, NONE, 1, 0, 0),
    ROW("first: SHLD-31 beyond RCV.NXT: held, ACK at once", ESTABLISHED, A, 101, 1, 100,
        ESTABLISHED, NOW, 1, DELIVER, 0),
    // Second, check the RST bit (RFC 5961 3)
    ROW("second: R5961-01 outside, left: drop", ESTABLISHED, AKSU_RST, 0, 0, 0, ESTABLISHED, NONE,
        1, 0, 0),
    ROW("second: R5961-01 outside, right: drop", ESTABLISHED, AKSU_RST, 4001, 0, 0, ESTABLISHED,
        NONE, 1, 0, 0),
    ROW("second: R5961-03 inside: challenge ACK", ESTABLISHED, AKSU_RST, 2, 0, 0, ESTABLISHED, NOW,
        1, 0, 0),
    ROW("second: R5961-03 last inside: challenge ACK", ESTABLISHED, AKSU_RST, 4000, 0, 0,
        ESTABLISHED, NOW, 1, 0, 0),
    ROW("second: R5961-02, SM-15 at RCV.NXT", ESTABLISHED, AKSU_RST, 1, 0, 0, CLOSED, NONE, 1, GONE,
        AKSU_ECONNRESET),
    ROW("second: an ACK in the RST does not matter", ESTABLISHED, RA, 1, 0x70000000u, 0, CLOSED,
        NONE, 1, GONE, AKSU_ECONNRESET),
    ROW("second: SHLD-2 RST with text", ESTABLISHED, AKSU_RST, 1, 0, 20, CLOSED, NONE, 1, GONE,
        AKSU_ECONNRESET),
    ROW("second: SM-15 FIN-WAIT-1", FIN_WAIT_1, AKSU_RST, 1, 0, 0, CLOSED, NONE, 1, GONE,
        AKSU_ECONNRESET),
    ROW("second: SM-15 FIN-WAIT-2", FIN_WAIT_2, AKSU_RST, 1, 0, 0, CLOSED, NONE, 1, GONE,
        AKSU_ECONNRESET),
    ROW("second: SM-15 CLOSE-WAIT", CLOSE_WAIT, AKSU_RST, 2, 0, 0, CLOSED, NONE, 2, GONE,
        AKSU_ECONNRESET),
    ROW("second: SM-16 CLOSING", CLOSING, AKSU_RST, 2, 0, 0, CLOSED, NONE, 2, GONE,
        AKSU_ECONNRESET),
    ROW("second: SM-16 LAST-ACK", LAST_ACK, AKSU_RST, 2, 0, 0, CLOSED, NONE, 2, GONE,
        AKSU_ECONNRESET),
    ROW("second: R1337-01 TIME-WAIT: ignored", TIME_WAIT, AKSU_RST, 2, 0, 0, TIME_WAIT, NONE, 2, 0,
        0),
    ROW("second: SM-14, MUST-11 SYN-RECEIVED, passive: LISTEN, the user is not told", SYN_RECEIVED,
        AKSU_RST, 1, 0, 0, LISTEN, NONE, 1, 0, 0),
    {"second: SM-14, MUST-11 SYN-RECEIVED, active: refused", SIMULTANEOUS, AKSU_RST, 1, 0, 0,
     AKSU_CLOSED, NONE, 1, GONE, AKSU_ECONNREFUSED},
    ROW("second: R5961-01 SYN-RECEIVED, outside: drop", SYN_RECEIVED, AKSU_RST, 0, 0, 0,
        SYN_RECEIVED, NONE, 1, 0, 0),
    // Fourth, check the SYN bit (RFC 5961 4)
    ROW("fourth: R5961-04 SYN in the window", ESTABLISHED, AKSU_SYN, 100, 0, 0, ESTABLISHED, NOW, 1,
        0, 0),
    ROW("fourth: R5961-04 SYN at RCV.NXT", ESTABLISHED, AKSU_SYN, 1, 0, 0, ESTABLISHED, NOW, 1, 0,
        0),
    ROW("fourth: R5961-04 SYN outside", ESTABLISHED, AKSU_SYN, 70000, 0, 0, ESTABLISHED, NOW, 1, 0,
        0),
    ROW("fourth: R5961-04 SYN,ACK again", ESTABLISHED, SA, 0, 1, 0, ESTABLISHED, NOW, 1, 0, 0),
    ROW("fourth: R5961-04 FIN-WAIT-1", FIN_WAIT_1, AKSU_SYN, 1, 0, 0, FIN_WAIT_1, NOW, 1, 0, 0),
    ROW("fourth: R5961-04 FIN-WAIT-2", FIN_WAIT_2, AKSU_SYN, 1, 0, 0, FIN_WAIT_2, NOW, 1, 0, 0),
    ROW("fourth: R5961-04 CLOSE-WAIT", CLOSE_WAIT, AKSU_SYN, 2, 0, 0, CLOSE_WAIT, NOW, 2, 0, 0),
    ROW("fourth: R5961-04 CLOSING", CLOSING, AKSU_SYN, 2, 0, 0, CLOSING, NOW, 2, 0, 0),
    ROW("fourth: R5961-04 LAST-ACK", LAST_ACK, AKSU_SYN, 2, 0, 0, LAST_ACK, NOW, 2, 0, 0),
    ROW("fourth: R5961-04 the SYN's text is not taken", ESTABLISHED, SA, 1, 1, 50, ESTABLISHED, NOW,
        1, 0, 0),
    // Fifth, check the ACK field
    ROW("fifth: SM-18 ACK bit off: drop", ESTABLISHED, AKSU_PSH, 1, 0, 10, ESTABLISHED, NONE, 1, 0,
        0),
    ROW("fifth: SM-18 ACK bit off, FIN: drop", ESTABLISHED, AKSU_FIN, 1, 0, 0, ESTABLISHED, NONE, 1,
        0, 0),
    ROW("fifth: SM-18 ACK bit off in CLOSING: drop", CLOSING, AKSU_PSH, 2, 0, 10, CLOSING, NONE, 2,
        0, 0),
    ROW("fifth: SM-20 SEG.ACK > SND.NXT: ACK and drop", ESTABLISHED, A, 1, 2, 10, ESTABLISHED, NOW,
        1, 0, 0),
    ROW("fifth: R5961-05 SEG.ACK = SND.UNA - MAX.SND.WND: taken", ESTABLISHED, A, 1, 0xfffff061u,
        10, ESTABLISHED, EITHER, 11, DELIVER, 0),
    ROW("fifth: R5961-05 one below: ACK and drop", ESTABLISHED, A, 1, 0xfffff060u, 10, ESTABLISHED,
        NOW, 1, 0, 0),
    ROW("fifth: duplicate ACK without data: ignored", ESTABLISHED, A, 1, 0, 0, ESTABLISHED, NONE, 1,
        0, 0),
    ROW("fifth: SM-19 SYN-RECEIVED: ACK of our SYN", SYN_RECEIVED, A, 1, 1, 0, ESTABLISHED, NONE, 1,
        OPENED, 0),
    ROW("fifth: SM-19 SYN-RECEIVED: ACK = ISS: reset", SYN_RECEIVED, A, 1, 0, 0, SYN_RECEIVED,
        RESET, 1, 0, 0),
    ROW("fifth: SM-19 SYN-RECEIVED: ACK = ISS+2: reset", SYN_RECEIVED, A, 1, 2, 0, SYN_RECEIVED,
        RESET, 1, 0, 0),
    ROW("fifth: SM-19 SYN-RECEIVED: with text", SYN_RECEIVED, A, 1, 1, 10, ESTABLISHED, EITHER, 11,
        OPENED | DELIVER, 0),
    ROW("fifth: SM-22 FIN-WAIT-1: FIN acknowledged", FIN_WAIT_1, A, 1, 2, 0, FIN_WAIT_2, NONE, 1, 0,
        0),
    ROW("fifth: FIN-WAIT-1: FIN not acknowledged", FIN_WAIT_1, A, 1, 1, 0, FIN_WAIT_1, NONE, 1, 0,
        0),
    ROW("fifth: SM-23 CLOSING: FIN acknowledged", CLOSING, A, 2, 2, 0, TIME_WAIT, NONE, 2, 0, 0),
    ROW("fifth: SM-23 CLOSING: otherwise ignore", CLOSING, A, 2, 1, 0, CLOSING, NONE, 2, 0, 0),
    ROW("fifth: SM-23 LAST-ACK: FIN acknowledged", LAST_ACK, A, 2, 2, 0, CLOSED, NONE, 2, GONE,
        AKSU_OK),
    ROW("fifth: SM-23 LAST-ACK: not acknowledged", LAST_ACK, A, 2, 1, 0, LAST_ACK, NONE, 2, 0, 0),
    ROW("fifth: SM-24 TIME-WAIT: FIN again: ACK", TIME_WAIT, FA, 1, 2, 0, TIME_WAIT, NOW, 2, 0, 0),
    ROW("fifth: R1337-02 TIME-WAIT: old text", TIME_WAIT, A, 0xffffff00u, 2, 50, TIME_WAIT, NOW, 2,
        0, 0),
    // Seventh, process the segment text
    ROW("seventh: in order", ESTABLISHED, A, 1, 1, 10, ESTABLISHED, EITHER, 11, DELIVER, 0),
    ROW("seventh: FIN-WAIT-1", FIN_WAIT_1, A, 1, 1, 10, FIN_WAIT_1, EITHER, 11, DELIVER, 0),
    ROW("seventh: FIN-WAIT-2", FIN_WAIT_2, A, 1, 2, 10, FIN_WAIT_2, EITHER, 11, DELIVER, 0),
    ROW("seventh: all that the window takes", ESTABLISHED, A, 1, 1, 4000, ESTABLISHED, EITHER, 4001,
        DELIVER, 0),
    // Eighth, check the FIN bit
    ROW("eighth: ESTABLISHED: CLOSE-WAIT", ESTABLISHED, FA, 1, 1, 0, CLOSE_WAIT, EITHER, 2, END, 0),
    ROW("eighth: SYN-RECEIVED, ACK of our SYN with FIN: CLOSE-WAIT", SYN_RECEIVED, FA, 1, 1, 0,
        CLOSE_WAIT, EITHER, 2, OPENED | END, 0),
    ROW("eighth: SM-22 FIN-WAIT-1, FIN not acknowledged: CLOSING", FIN_WAIT_1, FA, 1, 1, 0, CLOSING,
        EITHER, 2, END, 0),
    ROW("eighth: SM-22 FIN-WAIT-1, acknowledged in this segment: TIME-WAIT", FIN_WAIT_1, FA, 1, 2,
        0, TIME_WAIT, EITHER, 2, END, 0),
    ROW("eighth: SM-22 FIN-WAIT-2: TIME-WAIT", FIN_WAIT_2, FA, 1, 2, 0, TIME_WAIT, EITHER, 2, END,
        0),
    ROW("eighth: FIN with text", ESTABLISHED, FA, 1, 1, 10, CLOSE_WAIT, EITHER, 12, DELIVER | END,
        0),
    ROW("eighth: SM-26 FIN ahead of a gap: held", ESTABLISHED, FA, 2, 1, 0, ESTABLISHED, NOW, 1, 0,
        0),
    ROW("eighth: FIN at the last number of the window", ESTABLISHED, FA, 1, 1, 3999, CLOSE_WAIT,
        EITHER, 4001, DELIVER | END, 0),
};

static enum answer answer_of(struct fixture *f, bool *exact)
{
    unsigned resets = f->outs;
    *exact = true;
    if (resets > 0) {
        flush(f);
        *exact = f->outs == 1;
        return RESET;
    }
    flush(f);
    enum answer kind = f->outs > 0 ? NOW : NONE;
    if (kind == NONE) {
        pass(f, 499);
        kind = f->outs > 0 ? LATER : NONE;
    }
    if (kind != NONE)
        *exact = f->outs == 1 && f->out[0].flags == AKSU_ACK && f->out[0].len == 0 &&
                 f->out[0].seq == f->t.snd_nxt && f->out[0].ack == f->t.rcv_nxt;
    return kind;
}

static bool answer_fits(enum answer want, enum answer got)
{
    return want == got || (want == EITHER && (got == NOW || got == LATER)) ||
           (want == ANY && (got == NOW || got == NONE));
}

static bool row_holds(struct fixture *f, const struct row *r)
{
    static const char *const kinds[] = {"nothing", "ACK", "ACK later",
                                        "RST",     "ACK", "ACK or nothing"};
    char text[120], out[120] = "";
    if (r->from == SIMULTANEOUS)
        drive_simultaneous(f);
    else
        drive(f, (enum aksu_state)r->from);
    enum aksu_state from = (enum aksu_state)f->t.state;
    struct aksu_segment s = seg(f, r->flags, r->seq, r->ack, r->len, PEER_WND);
    arrive(f, s);
    enum aksu_state to = (enum aksu_state)f->t.state;
    uint8_t effects = (uint8_t)(f->fx.mask & ~(unsigned)AKSU_FX_RESET);
    bool exact = true;
    enum answer got = answer_of(f, &exact);
    bool good = to == r->to && effects == r->effects && answer_fits(r->answer, got) && exact &&
                ((effects & GONE) == 0 || f->closed_reason == r->reason);
    if (to >= AKSU_SYN_RECEIVED)
        good = good && f->t.rcv_nxt == f->irs + r->rcv_nxt;
    if (good && got == RESET)
        good = f->out[0].flags == AKSU_RST && f->out[0].seq == s.ack;
    if (good)
        return true;
    if (f->outs > 0)
        show(f, &f->out[0], false, out, sizeof out);
    print_error("3.10.7.4 %s\n  %s <-- %s\n  got  %s, effects %02x, RCV.NXT %d, reason %d, --> %s "
                "%s%s\n  want %s, effects %02x, RCV.NXT %d, reason %d, --> %s\n",
                r->rule, aksu_state_name(from), show(f, &s, true, text, sizeof text),
                aksu_state_name(to), effects, (int)(f->t.rcv_nxt - f->irs), f->closed_reason,
                kinds[got], out, exact ? "" : " (not <SEQ=SND.NXT><ACK=RCV.NXT>)",
                aksu_state_name(r->to), r->effects, (int)r->rcv_nxt, r->reason, kinds[r->answer]);
    return false;
}

static void each_sentence(struct fixture *fresh)
{
    unsigned failures = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f = *fresh;
        failures += !row_holds(&f, &rows[i]);
    }
    assert_int_equal(failures, 0);
}

// --- A second reading: 3.10.7.4 as a model, against every kind of segment at every place ---

struct view {
    unsigned state;
    uint32_t una;
    uint32_t nxt;
    uint32_t rcv_nxt;
    uint32_t wnd; // to the right edge that was offered with the SYN: a FIN takes one number of it
    bool passive;
};

struct outcome {
    unsigned answers; // set of 1 << enum answer
    unsigned state;
    unsigned state_too; // also right
    uint32_t rcv_nxt;
    bool reset;
};

#define IS(kind) (1u << (kind))

static bool inside(uint32_t seq, uint32_t left, uint32_t wnd)
{
    return seq - left < wnd;
}

// Table 6; and a segment that sticks out of the window at both ends is trimmed (SM-13).
static bool acceptable(const struct view *v, uint32_t seq, uint32_t len)
{
    return inside(seq, v->rcv_nxt, v->wnd) ||
           (len > 0 && inside(seq + len - 1, v->rcv_nxt, v->wnd)) || inside(v->rcv_nxt, seq, len);
}

static void model_rst(const struct view *v, uint32_t seq, struct outcome *o)
{
    o->answers = IS(NONE);
    if (v->state == AKSU_TIME_WAIT || !inside(seq, v->rcv_nxt, v->wnd)) {
        if (v->state == AKSU_TIME_WAIT)
            o->answers |= IS(NOW); // a challenge ACK would be as good
        return;
    }
    if (seq != v->rcv_nxt) {
        o->answers = IS(NOW);
        return;
    }
    bool back = v->state == AKSU_SYN_RECEIVED && v->passive;
    o->state = o->state_too = back ? AKSU_LISTEN : AKSU_CLOSED;
    o->reset = true;
}

static void model_syn(const struct view *v, unsigned flags, uint32_t seq, struct outcome *o)
{
    o->answers = IS(NOW);
    if ((flags & AKSU_FIN) != 0) // SYN,FIN may be dropped without a word
        o->answers |= IS(NONE);
    if (v->state != AKSU_SYN_RECEIVED || !v->passive)
        return;
    o->answers |= IS(NONE);
    if (inside(seq, v->rcv_nxt, v->wnd)) // else the SYN is trimmed off: it comes again, with text
        o->state_too = AKSU_LISTEN;      // both readings of SM-17
}

// False if the segment is dropped here.
static bool model_ack(const struct view *v, uint32_t ack, struct outcome *o)
{
    bool news = ack - v->una - 1 < v->nxt - v->una; // una < ack <= nxt
    if (v->state == AKSU_SYN_RECEIVED) {
        if (!news) {
            o->answers = IS(RESET);
            if (ack - (v->una - PEER_WND) > v->nxt - v->una + PEER_WND)
                o->answers |= IS(NOW); // RFC 5961 5 says so first
            return false;
        }
        o->state = AKSU_ESTABLISHED;
        return true;
    }
    if (ack - (v->una - PEER_WND) > v->nxt - v->una + PEER_WND) {
        o->answers = IS(NOW);
        return false;
    }
    if (ack != v->nxt)
        return true; // in CLOSING too: its text and FIN are ignored anyway
    if (v->state == AKSU_FIN_WAIT_1)
        o->state = AKSU_FIN_WAIT_2;
    if (v->state == AKSU_CLOSING)
        o->state = AKSU_TIME_WAIT;
    if (v->state == AKSU_LAST_ACK)
        o->state = AKSU_CLOSED;
    return o->state != AKSU_CLOSED;
}

static void model_text(const struct view *v, unsigned flags, uint32_t seq, uint32_t len,
                       struct outcome *o)
{
    bool receiving =
        o->state == AKSU_ESTABLISHED || o->state == AKSU_FIN_WAIT_1 || o->state == AKSU_FIN_WAIT_2;
    bool fin = (flags & AKSU_FIN) != 0;
    if (!receiving) { // ignored; an ACK does no harm if there was text or FIN
        if (len > 0 || fin || v->state == AKSU_TIME_WAIT)
            o->answers |= IS(NOW) | IS(LATER);
        return;
    }
    if (len == 0 && !fin)
        return;
    if ((int32_t)(seq - v->rcv_nxt) > 0) { // held for later: R5681-09
        o->answers = IS(NOW);
        return;
    }
    uint32_t end = seq + len;
    bool cut = (int32_t)(end - (v->rcv_nxt + v->wnd)) > 0;
    if (cut)
        end = v->rcv_nxt + v->wnd;
    o->answers = IS(NOW) | IS(LATER);
    o->rcv_nxt = end;
    if (!fin || cut || end == v->rcv_nxt + v->wnd)
        return;
    o->rcv_nxt++;
    if (o->state == AKSU_ESTABLISHED)
        o->state = AKSU_CLOSE_WAIT;
    else
        o->state = o->state == AKSU_FIN_WAIT_1 ? AKSU_CLOSING : AKSU_TIME_WAIT;
}

// Appendix A.2: the ACK field of a segment that is not acceptable may be processed, of one without
// text at the right edge also silently: else two peers with full windows wait for each other.
static void model_ack_anyway(const struct view *v, unsigned flags, uint32_t seq, uint32_t ack,
                             uint32_t seg_len, struct outcome *o)
{
    struct outcome also = *o;
    if ((flags & AKSU_ACK) == 0 || (flags & AKSU_SYN) != 0)
        return;
    also.answers = IS(NONE);
    model_ack(v, ack, &also);
    o->state_too = also.state;
    if (seg_len == 0 && seq == v->rcv_nxt + v->wnd)
        o->answers |= also.answers;
    if (also.state == AKSU_CLOSED)
        o->answers |= IS(NONE);
}

static struct outcome model(const struct view *v, unsigned flags, uint32_t seq, uint32_t ack,
                            uint32_t len)
{
    struct outcome o = {IS(NONE), v->state, v->state, v->rcv_nxt, false};
    uint32_t seg_len = len + ((flags & AKSU_SYN) != 0) + ((flags & AKSU_FIN) != 0);
    if ((flags & AKSU_RST) != 0) {
        model_rst(v, seq, &o);
        return o;
    }
    if (!acceptable(v, seq, seg_len)) {
        o.answers = IS(NOW);
        if ((flags & AKSU_SYN) != 0 && (flags & AKSU_FIN) != 0)
            o.answers |= IS(NONE);
        model_ack_anyway(v, flags, seq, ack, seg_len, &o);
        return o;
    }
    if ((flags & AKSU_SYN) != 0) {
        model_syn(v, flags, seq, &o);
        return o;
    }
    if ((flags & AKSU_ACK) != 0 && model_ack(v, ack, &o))
        model_text(v, flags, seq, len, &o);
    if (o.state != v->state)
        o.state_too = o.state;
    return o;
}

static const unsigned kinds[] = {
    A,
    AKSU_PSH | A,
    AKSU_SYN,
    SA,
    AKSU_FIN,
    FA,
    AKSU_RST,
    RA,
    AKSU_PSH,
    AKSU_SYN | FA,
    AKSU_SYN | AKSU_FIN,
    0,
    AKSU_URG | A,
    AKSU_RST | AKSU_SYN,
    AKSU_ECE | AKSU_CWR | A,
};

static bool place_holds(struct fixture *f, unsigned flags, uint32_t seq, uint32_t ack, uint32_t len)
{
    struct view v = {f->t.state,
                     f->t.snd_una - f->iss,
                     f->t.snd_nxt - f->iss,
                     f->t.rcv_nxt - f->irs,
                     RCV_BUF + 1 - (f->t.rcv_nxt - f->irs),
                     (f->t.flags & AKSU_F_PASSIVE) != 0};
    struct outcome want = model(&v, flags, seq, ack, len);
    struct aksu_segment s = seg(f, flags, seq, ack, len, PEER_WND);
    char text[120], out[120] = "";
    arrive(f, s);
    unsigned to = f->t.state;
    bool closed = (f->fx.mask & AKSU_FX_CLOSED) != 0, exact = true;
    enum answer got = answer_of(f, &exact);
    if (to == AKSU_SYN_RECEIVED && got == NOW) // a SYN,ACK again is an ACK too
        exact = f->outs == 1 && f->out[0].ack == f->irs + 1;
    bool good = (to == want.state || to == want.state_too) && (IS(got) & want.answers) != 0 &&
                exact && closed == (to == AKSU_CLOSED);
    if (to >= AKSU_SYN_RECEIVED)
        good = good && f->t.rcv_nxt - f->irs == want.rcv_nxt;
    if (good)
        return true;
    if (f->outs > 0)
        show(f, &f->out[0], false, out, sizeof out);
    print_error("3.10.7.4 %s <-- %s\n  got %s, RCV.NXT %d, answer %d %s%s; want %s, RCV.NXT %d, "
                "answers %x\n",
                aksu_state_name(v.state), show(f, &s, true, text, sizeof text), aksu_state_name(to),
                (int)(f->t.rcv_nxt - f->irs), got, out, exact ? "" : " (inexact)",
                aksu_state_name(want.state), (int)want.rcv_nxt, want.answers);
    return false;
}

static unsigned sweep(const struct fixture *start, unsigned flags)
{
    static const uint32_t lens[] = {0, 1, 100, 5000};
    uint32_t left = start->t.rcv_nxt - start->irs, una = start->t.snd_una - start->iss,
             nxt = start->t.snd_nxt - start->iss;
    const uint32_t seqs[] = {
        left - 1,    left,          left + 1,      left + 1000, RCV_BUF,
        RCV_BUF + 1, left + 100000, left - 100000, left - 100,  left + (UINT32_C(1) << 31)};
    const uint32_t acks[] = {
        una - 1,     una, nxt, nxt + 1, una - 4000, una - 4001, una + (UINT32_C(1) << 31),
        nxt + 100000};
    unsigned failures = 0;
    for (size_t i = 0; i < 10; i++) {
        for (size_t j = 0; j < ((flags & AKSU_ACK) != 0 ? 8u : 1u); j++) {
            for (size_t k = 0; k < 4; k++) {
                struct fixture f = *start;
                failures += !place_holds(&f, flags, seqs[i], acks[j], lens[k]);
            }
        }
    }
    return failures;
}

static void sweep_state(struct fixture *f)
{
    unsigned failures = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && failures < 20; i++)
        failures += sweep(f, kinds[i]);
    assert_int_equal(failures, 0);
}

#define SWEEP(name, state)                                                                         \
    static void name(struct fixture *f)                                                            \
    {                                                                                              \
        drive(f, state);                                                                           \
        sweep_state(f);                                                                            \
    }
SWEEP(model_syn_received, AKSU_SYN_RECEIVED)
SWEEP(model_established, AKSU_ESTABLISHED)
SWEEP(model_fin_wait_1, AKSU_FIN_WAIT_1)
SWEEP(model_fin_wait_2, AKSU_FIN_WAIT_2)
SWEEP(model_close_wait, AKSU_CLOSE_WAIT)
SWEEP(model_closing, AKSU_CLOSING)
SWEEP(model_last_ack, AKSU_LAST_ACK)
SWEEP(model_time_wait, AKSU_TIME_WAIT)

// --- What a table cannot say ---

// SM-21: SND.WL1 < SEG.SEQ or (SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK).
static void window_update(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 2000);
    flush(f);
    arrive(f, seg(f, A, 1, 1001, 0, 3000));
    assert_int_equal(f->t.snd_wnd, 3000);
    arrive(f, seg(f, A, 1, 1, 0, 2000)); // older acknowledgment, same sequence: SEG.ACK < WL2
    assert_int_equal(f->t.snd_wnd, 3000);
    arrive(f, seg(f, A, 1, 1001, 0, 2500)); // same SEQ, same ACK: the newest word
    assert_int_equal(f->t.snd_wnd, 2500);
    arrive(f, seg(f, A, 1, 2001, 100, 2600));
    assert_int_equal(f->t.snd_wnd, 2600);
    arrive(f, seg(f, A, 101, 2001, 0, 2700)); // newer SEQ
    assert_int_equal(f->t.snd_wnd, 2700);
    assert_int_equal(f->t.max_snd_wnd, 4000);
}

// SM-21: a segment that was sent before the one that told the window last does not tell it.
static void window_update_out_of_order(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    arrive(f, seg(f, A, 201, 1, 100, 3000));
    assert_int_equal(f->t.snd_wnd, 3000);
    arrive(f, seg(f, A, 1, 1, 100, 2000));
    assert_int_equal(f->t.snd_wnd, 3000);
    arrive(f, seg(f, A, 301, 1, 0, 1000));
    assert_int_equal(f->t.snd_wnd, 1000);
}

// R5961-05: MAX.SND.WND is the largest window that was ever offered.
static void largest_window(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    arrive(f, seg(f, A, 1, 1, 0, 8000));
    arrive(f, seg(f, A, 1, 1, 0, 100));
    assert_int_equal(f->t.max_snd_wnd, 8000);
    arrive(f, seg(f, A, 1, UINT32_C(1) - 8000, 10, 100));
    assert_int_equal(f->fx.ready, 10);
    arrive(f, seg(f, A, 11, UINT32_C(1) - 8001, 10, 100));
    assert_true(f->fx.refused);
}

// `refused` says that nothing of the segment was used.
static void refused(struct fixture *fresh)
{
    static const struct {
        unsigned flags;
        uint32_t seq;
        uint32_t ack;
        uint32_t len;
        bool refused;
    } segments[] = {
        {A, 1, 1, 10, false},        {A, 1, 1, 0, false},       {FA, 1, 1, 0, false},
        {A, 101, 1, 10, false},      {A, 5000, 1, 10, true},    {A, 1, 77, 10, true},
        {AKSU_PSH, 1, 0, 10, true},  {AKSU_SYN, 1, 0, 0, true}, {AKSU_RST, 1, 0, 0, false},
        {AKSU_RST, 500, 0, 0, true}, {AKSU_RST, 0, 0, 0, true}};
    for (size_t i = 0; i < sizeof segments / sizeof segments[0]; i++) {
        struct fixture f = *fresh;
        drive(&f, AKSU_ESTABLISHED);
        arrive(&f, seg(&f, segments[i].flags, segments[i].seq, segments[i].ack, segments[i].len,
                       PEER_WND));
        if (f.fx.refused != segments[i].refused)
            fail_msg("segment %d: refused %d", (int)i, f.fx.refused);
    }
}

// SM-20: what is acknowledged leaves the send buffer; the SYN and the FIN are not data.
static void acknowledged_octets(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 1500);
    user(f, AKSU_EV_SHUTDOWN, 0);
    flush(f);
    give(f, A, 1, 1001, 0);
    assert_int_equal(f->fx.acked, 1000);
    assert_true(f->seen & AKSU_FX_ACKED);
    take(f);
    arrive(f, seg(f, A, 1, 1502, 0, PEER_WND));
    assert_int_equal(f->fx.mask, AKSU_FX_ACKED);
    assert_int_equal(f->fx.acked, 500);
    expect_state(f, AKSU_FIN_WAIT_2);
    assert_int_equal(f->t.snd_buf, 0);
}

// SM-12, MUST-66: window zero: ACK, RST and URG are still processed, text is not.
static void zero_window(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 500);
    flush(f);
    give(f, A, 1, 1, 4000);
    assert_int_equal(f->t.rcv_room, 0);
    flush(f);
    pass(f, 300);
    assert_int_equal(f->out[f->outs - 1].wnd, 0);
    take(f);
    arrive(f, seg(f, A, 4001, 501, 1, PEER_WND)); // a window probe with a new ACK
    assert_int_equal(f->t.snd_una, f->iss + 501);
    assert_int_equal(f->fx.mask & AKSU_FX_DELIVER, 0);
    assert_int_equal(f->t.rcv_nxt, f->irs + 4001);
    flush(f);
    expect_count(f, 1); // MAY-8: every probe is answered
    expect(f, 0, A, 501, 4001, 0);
    assert_int_equal(f->out[0].wnd, 0);
    take(f);
    struct aksu_segment s = seg(f, A | AKSU_URG, 4001, 501, 1, PEER_WND);
    s.urp = 1;
    arrive(f, s);
    assert_true(f->fx.mask & AKSU_FX_URGENT);
    assert_int_equal(f->fx.mask & AKSU_FX_DELIVER, 0);
    take(f);
    give(f, AKSU_RST, 4002, 0, 0); // not SEG.SEQ = RCV.NXT
    expect_state(f, AKSU_ESTABLISHED);
    give(f, AKSU_RST, 4001, 0, 0);
    expect_state(f, AKSU_CLOSED);
    assert_int_equal(f->closed_reason, AKSU_ECONNRESET);
}

// Appendix A.2: an ACK at the right edge, from a peer that has filled our window, still counts.
static void ack_at_the_right_edge(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 100);
    flush(f);
    arrive(f, seg(f, A, 4001, 101, 0, PEER_WND));
    assert_int_equal(f->t.snd_una, f->iss + 101);
    assert_int_equal(f->fx.mask, AKSU_FX_ACKED);
}

// SM-24: a FIN that comes again restarts 2 MSL.
static void time_wait_restarts(struct fixture *f)
{
    drive(f, AKSU_TIME_WAIT);
    uint32_t whole = due(f);
    assert_int_equal(whole, 2 * f->p.msl_ms);
    pass(f, 5000);
    assert_int_equal(due(f), whole - 5000);
    give(f, FA, 1, 2, 0);
    expect_count(f, 1);
    assert_int_equal(due(f), whole);
}

// SM-24: so does one that comes again with its text.
static void time_wait_restarts_with_text(struct fixture *f)
{
    drive(f, AKSU_FIN_WAIT_2);
    give(f, FA, 1, 2, 10);
    expect_state(f, AKSU_TIME_WAIT);
    uint32_t whole = due(f);
    pass(f, 5000);
    give(f, FA, 1, 2, 10);
    assert_int_equal(due(f), whole);
}

// 3.6.1, SHLD-3: after CLOSE, text that arrives is answered by a reset.
static void text_after_close(struct fixture *fresh)
{
    static const enum aksu_state states[] = {AKSU_FIN_WAIT_1, AKSU_FIN_WAIT_2};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f = *fresh;
        drive(&f, AKSU_ESTABLISHED);
        user(&f, AKSU_EV_CLOSE, 0);
        flush(&f);
        if (i == 1)
            give(&f, A, 1, 2, 0);
        expect_state(&f, states[i]);
        take(&f);
        give(&f, A, 1, 2, 10);
        expect_count(&f, 1);
        assert_true(f.out[0].flags & AKSU_RST);
        assert_int_equal(f.out[0].seq, f.iss + 2);
        expect_state(&f, AKSU_CLOSED);
        assert_true(f.seen & AKSU_FX_CLOSED);
        assert_int_equal(f.seen & AKSU_FX_DELIVER, 0);
    }
}

// 3.6.1: but a FIN without text after CLOSE ends the connection in the ordinary way.
static void fin_after_close(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_CLOSE, 0);
    flush(f);
    give(f, FA, 1, 2, 0);
    expect_state(f, AKSU_TIME_WAIT);
}

// Illegal option lengths (MUST-7): dropped after the sequence and RST checks.
static void illegal_option(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    struct aksu_segment s = seg(f, A, 1, 1, 10, PEER_WND);
    s.options = AKSU_OPT_ILLEGAL;
    arrive(f, s);
    assert_int_equal(f->fx.mask & AKSU_FX_DELIVER, 0);
    assert_int_equal(f->t.rcv_nxt, f->irs + 1);
    expect_state(f, AKSU_ESTABLISHED);
    s = seg(f, AKSU_SYN, 1, 0, 0, 0);
    s.options = AKSU_OPT_ILLEGAL;
    arrive(f, s);
    assert_int_equal(f->t.challenges, 0);
    s = seg(f, AKSU_RST, 1, 0, 0, 0);
    s.options = AKSU_OPT_ILLEGAL;
    arrive(f, s);
    expect_state(f, AKSU_CLOSED);
}

// R5961-06: challenge ACKs are limited; R5961-07: an ordinary ACK is not one of them.
static void challenge_budget(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    for (unsigned i = 0; i < 60; i++)
        give(f, AKSU_SYN, 100 + i, 0, 0);
    unsigned first = f->outs;
    assert_in_range(first, 1, 2 * f->p.challenge_acks);
    give(f, A, 1, 1, 1000);
    give(f, A, 1001, 1, 1000);
    assert_int_equal(f->outs, first + 1);
    expect(f, first, A, 1, 2001, 0);
    give(f, A, 1, 1, 1000); // R5961-07: the peer has not seen that ACK, and needs it
    assert_int_equal(f->outs, first + 2);
    expect(f, first + 1, A, 1, 2001, 0);
    take(f);
    pass(f, 11000); // the budget comes back
    give(f, AKSU_SYN, 100, 0, 0);
    expect_count(f, 1);
}

// R5961-06: the budget differs between connections, so that it cannot be counted from outside.
static void challenge_budget_is_salted(struct fixture *fresh)
{
    unsigned least = 1000, most = 0;
    for (uint32_t salt = 0; salt < 40; salt++) {
        struct fixture f = *fresh;
        drive(&f, AKSU_ESTABLISHED);
        f.t.salt = salt * 0x9e3779b9u;
        for (unsigned i = 0; i < 60; i++)
            give(&f, AKSU_SYN, 100 + i, 0, 0);
        least = f.outs < least ? f.outs : least;
        most = f.outs > most ? f.outs : most;
    }
    assert_true(least >= 1);
    assert_true(most > least);
}

// 3.10.7.1: a TCB that is CLOSED knows no segment.
static void closed_ignores(struct fixture *f)
{
    struct aksu_tcb before = f->t;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct aksu_segment s = seg(f, kinds[i], 1, 1, 0, 0);
        struct aksu_event ev = {.kind = AKSU_EV_SEGMENT, .now_ms = f->now, .segment = &s};
        step(f, &ev);
        assert_memory_equal(&before, &f->t, sizeof before);
        assert_int_equal(f->fx.mask & ~(unsigned)AKSU_FX_RESET, 0);
    }
    assert_int_equal(due(f), UINT32_MAX);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(each_sentence),
        TEST(model_syn_received),
        TEST(model_established),
        TEST(model_fin_wait_1),
        TEST(model_fin_wait_2),
        TEST(model_close_wait),
        TEST(model_closing),
        TEST(model_last_ack),
        TEST(model_time_wait),
        TEST(window_update),
        TEST(window_update_out_of_order),
        TEST(refused),
        TEST(largest_window),
        TEST(acknowledged_octets),
        TEST(zero_window),
        TEST(ack_at_the_right_edge),
        TEST(time_wait_restarts),
        TEST(time_wait_restarts_with_text),
        TEST(text_after_close),
        TEST(fin_after_close),
        TEST(illegal_option),
        TEST(challenge_budget),
        TEST(challenge_budget_is_salted),
        TEST(closed_ignores),
    };
    return run_at_bases("synchronized states: RFC 9293 3.10.7.4", tests,
                        sizeof tests / sizeof tests[0]);
}
