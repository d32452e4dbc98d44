// SPDX-License-Identifier: MIT
// Loss recovery with what the peer's SACKs tell: RACK-TLP (RFC 8985) decides what is lost,
// proportional rate reduction (RFC 9937) how fast it is sent again; a reduction that was not needed
// is undone (RFC 5682, 3708). Times are whole milliseconds.
#include "board.h"

enum {
    DUPACKS = 3,            // RFC 8985 5.2, RACK.DupThresh
    MULT_MAX = 64,          // a wider window than srtt is none
    PERSIST = 16,           // recoveries that a wider window outlives, RFC 8985 7.1
    SLACK_MS = 2,           // what whole milliseconds may hide between two times
    PTO_MIN_MS = 10,        // what a host that has other things to do may need to answer
    MAX_ACK_DELAY_MS = 200, // RFC 8985 7.2
    QUICK = 16              // segments behind a gap
};

enum { TIMEOUT, REO, PTO }; // board.timer: an RTO; RACK's; the probe's
// board.probe: due; sent: new text; the last again. And a flag: no RTT was measured since.
enum { NO_PROBE, PROBE = AKSU_TLP_DUE, PROBED, PROBED_AGAIN, UNMEASURED };

// What one ACK told.
struct aksu_news {
    aksu_seq at;        // how far it is looked at
    uint32_t delivered; // octets
    aksu_seq end_seq;   // RACK.end_seq before it
    bool dsack;         // octets came twice
    bool again;         // octets that were sent again came
    bool spurious;      // what was sent again had not been lost
    bool lost;
};

// Octets in flight, as RFC 6675 reckons.
static uint32_t pipe(const struct aksu_tcb *t, const struct aksu_board *b)
{
    return aksu_board_octets(t, b, 0);
}

// RFC 8985 6.2 step 4: how much later than others a segment may come.
static uint32_t reordering_window(const struct aksu_tcb *t, const struct aksu_board *b)
{
    bool enough = aksu_board_octets(t, b, AKSU_RUN_SACKED) > (DUPACKS - UINT32_C(1)) * t->snd_mss;

    if (!b->reordered && (enough || (t->flags & AKSU_F_RECOVERY))) {
        return 0;
    }
    return aksu_min32((b->mult + UINT32_C(1)) * b->min_rtt_ms / 4, t->srtt / 8u) + SLACK_MS;
}

// What was delivered last, of what was sent (RFC 8985 6.2 step 2).
static void rack_update(const struct aksu_step *c, uint32_t rtt_ms, aksu_seq end)
{
    struct aksu_board *b = c->b;
    uint32_t xmit_ms = c->now_ms - rtt_ms;

    if (aksu_seq_lt(b->xmit_ms, xmit_ms) ||
        (b->xmit_ms == xmit_ms && aksu_seq_lt(b->end_seq, end))) {
        b->xmit_ms = xmit_ms;
        b->end_seq = end;
        b->rtt_ms = (uint16_t)rtt_ms;
    }
}

// Octets of run r up to end are with the peer (RFC 8985 6.2 steps 1 to 3).
static void deliver(const struct aksu_step *c, const struct aksu_run *r, aksu_seq end,
                    struct aksu_news *n)
{
    struct aksu_board *b = c->b;
    uint32_t rtt_ms = aksu_run_age(r, c->now_ms);
    uint32_t octets = end - n->at;

    n->at = end;
    if (r->flags & AKSU_RUN_SACKED) {
        return; // known
    }
    n->delivered += octets;

    if (r->flags & AKSU_RUN_RETRANS) {
        n->again = true;
        if (r->span == UINT8_MAX || (r != aksu_runs(b) && (r->flags & AKSU_RUN_VAGUE))) {
            return; // but the first was never SACKed
        }
        bool older = rtt_ms + r->span < b->min_rtt_ms / 2u;
        if (rtt_ms < b->min_rtt_ms) {
            // Older than the first retransmission, it was the original.
            n->spurious |= older && !(r->flags & (AKSU_RUN_VAGUE | AKSU_RUN_TWICE));
            return;
        }
    } else {
        // F-RTO: sent before the timeout, and delivered after it; but not if it may have waited for
        // what was sent again (RFC 5682 3.1 step 2).
        if (b->loss && !n->again && aksu_seq_leq(end, c->t->recover)) {
            n->spurious = true;
        }
        if (aksu_seq_lt(end, n->end_seq)) {
            b->reordered = true;
        }
        if (b->min_rtt_ms == 0 || rtt_ms < b->min_rtt_ms) {
            b->min_rtt_ms = (uint16_t)aksu_max32(rtt_ms, 1);
        }
        b->probe &= PROBED_AGAIN;
    }
    rack_update(c, rtt_ms + r->span, end); // not later than it was sent
}

// Takes what is acknowledged off the front.
static void take_front(const struct aksu_step *c, struct aksu_news *n)
{
    struct aksu_board *b = c->b;
    struct aksu_run *r = aksu_runs(b);

    for (; r < aksu_runs_end(b) && aksu_seq_leq(r->end, c->t->snd_una); r++) {
        deliver(c, r, r->end, n);
    }
    if (aksu_seq_lt(n->at, c->t->snd_una)) {
        deliver(c, r, c->t->snd_una, n);
    }
    b->runs = (uint8_t)(aksu_runs_end(b) - r);
    memmove(aksu_runs(b), r, b->runs * sizeof *r);
}

// An octet that probes a window of zero is not expected to be taken.
static unsigned sent_status(const struct aksu_tcb *t)
{
    return t->snd_wnd == 0 ? AKSU_RUN_LOST : 0;
}

// Octets from start to end were sent again or, if n is not NULL, are with the peer by a SACK.
static void mark(const struct aksu_step *c, aksu_seq start, aksu_seq end, struct aksu_news *n)
{
    struct aksu_board *b = c->b;

    if (!aksu_board_room(b, c->now_ms, !n)) {
        return; // not told apart: see board.c
    }
    struct aksu_run *r = aksu_board_split(c->t, b, start);
    const struct aksu_run *last = aksu_board_split(c->t, b, end);

    if (n) {
        n->at = start;
    }
    for (; r < last; r++) {
        if (!n) {
            unsigned flags = r->flags & ~(unsigned)AKSU_RUN_LOST;
            flags |= (flags & AKSU_RUN_RETRANS) * (AKSU_RUN_TWICE / AKSU_RUN_RETRANS);
            flags |= (flags & AKSU_RUN_SACKED) ? 0 : sent_status(c->t);
            r->flags = (uint8_t)(flags | AKSU_RUN_RETRANS);
            r->at = (uint16_t)c->now_ms;
            r->span = 0;
        } else {
            deliver(c, r, r->end, n);
            r->flags = (uint8_t)((r->flags & ~AKSU_RUN_LOST) | AKSU_RUN_SACKED);
        }
    }
}

// The first block tells of a duplicate if it is acknowledged otherwise too (RFC 2883 4).
static bool is_dsack(const struct aksu_segment *s)
{
    const struct aksu_range *first = &s->sack[0];

    return aksu_seq_leq(first->end, s->ack) ||
           (s->sacks > 1 && aksu_seq_leq(s->sack[1].start, first->start) &&
            aksu_seq_leq(first->end, s->sack[1].end));
}

// RFC 8985 6.2 step 4 and RFC 3708: octets came twice. Once in a round trip the window widens.
static void took_twice(const struct aksu_step *c, const struct aksu_tcb *t, struct aksu_board *b,
                       struct aksu_news *n)
{
    if (aksu_seq_leq(b->dsack_round, t->snd_una)) {
        b->dsack_round = t->snd_max;
        if (b->mult < MULT_MAX) {
            b->mult++;
        }
        b->persist = PERSIST;
    }
    // What was sent after the reduction is not what caused it.
    if (b->undo > 1 && aksu_seq_leq(c->s->sack[0].end, t->recover) && --b->undo == 1) {
        n->spurious = true;
    }
}

void aksu_rack_take_blocks(const struct aksu_step *c, struct aksu_news *n)
{
    const struct aksu_tcb *t = c->t;
    const struct aksu_segment *s = c->s;

    if (!(s->options & AKSU_OPT_SACK)) {
        return;
    }
    if (s->sacks > 0 && is_dsack(s)) {
        n->dsack = true;
        took_twice(c, t, c->b, n);
    }
    for (unsigned i = 0; i < s->sacks; i++) {
        const struct aksu_range *r = &s->sack[i];
        uint32_t from = r->start - t->snd_una; // distances are in order where numbers may go round
        uint32_t to = r->end - t->snd_una;
        if (0 < from && from < to && to <= t->snd_max - t->snd_una) {
            mark(c, r->start, r->end, n);
        }
    }
}

// Whether RACK's latest was sent after a run (RFC 8985 6.2 RACK_sent_after). Within a millisecond
// the order of numbers tells it, but not before that is over: what is sent again is out of order.
static bool sent_before_latest(const struct aksu_step *c, const struct aksu_run *r)
{
    const struct aksu_board *b = c->b;
    uint32_t age = aksu_run_age(r, c->now_ms);
    uint32_t latest = c->now_ms - b->xmit_ms;

    return age == latest ? age > 0 && aksu_seq_lt(r->end, b->end_seq) : age > latest;
}

// RFC 8985 6.2 step 5. Returns how long until the next run counts as lost, 0 if none waits for it.
static uint32_t detect(const struct aksu_step *c, struct aksu_news *n)
{
    struct aksu_board *b = c->b;
    uint32_t window = reordering_window(c->t, b);
    uint32_t limit = b->rtt_ms + window;
    uint32_t timeout = 0;
    bool beyond = false; // what was sent only once was sent before all that is beyond it

    for (struct aksu_run *r = aksu_runs_end(b); r-- > aksu_runs(b);) {
        beyond |= (r->flags & AKSU_RUN_SACKED) != 0;
        if ((r->flags & AKSU_RUN_STATUS) ||
            !((beyond && !(r->flags & AKSU_RUN_RETRANS)) || sent_before_latest(c, r))) {
            continue;
        }
        uint32_t age = aksu_run_age(r, c->now_ms);
        if (age >= limit || window == 0) { // without a window the order tells
            r->flags |= AKSU_RUN_LOST;
            if (!(r->flags & AKSU_RUN_PATH)) { // RFC 4821 7.6.2
                n->lost = true;
            }
        } else {
            timeout = aksu_max32(timeout, limit - age);
        }
    }
    return timeout;
}

// RFC 8985 7.2: when a probe is due rather than a timeout; 0: never. After one, not before an RTT
// was measured (7.3).
static uint32_t probe_timeout(const struct aksu_step *c)
{
    const struct aksu_tcb *t = c->t;
    const struct aksu_board *b = c->b;
    uint32_t flight = t->snd_max - t->snd_una;

    if (aksu_seq_lt(t->snd_una, t->recover) || b->probe != NO_PROBE || t->srtt == 0 ||
        t->snd_wnd == 0 || pipe(t, b) != flight) {
        return 0;
    }
    return aksu_max32(t->srtt / 4u, PTO_MIN_MS) + SLACK_MS +
           (flight <= t->snd_mss ? MAX_ACK_DELAY_MS : 0);
}

// Has the retransmission timer run for a probe if that is due before a timeout, unless it runs for
// what may be lost.
static void restart(const struct aksu_step *c)
{
    uint32_t ms = probe_timeout(c);

    if (c->b->timer == REO) {
        return;
    }
    c->b->timer = TIMEOUT;
    aksu_tcp_arm_rtx(c);
    if (ms > 0 && ms < c->t->deadline[AKSU_AT_RTX] - c->now_ms) {
        c->b->timer = PTO;
        aksu_tcp_arm(c, AKSU_AT_RTX, ms);
    }
}

// Keeps what a reduction is about to take.
static void remember(const struct aksu_tcb *t, struct aksu_board *b)
{
    b->prior_cwnd = t->cwnd;
    b->undo = 1;
}

// Gives it back.
static void undo(struct aksu_tcb *t, struct aksu_board *b)
{
    if (!b->loss) {
        b->reordered = true; // it came, but late
    }
    b->undo = 0;
    t->cwnd = aksu_max32(t->cwnd, b->prior_cwnd);
    t->ssthresh = t->cwnd;   // RFC 4015 3.2
    t->recover = t->snd_una; // the recovery is over: see acked
    t->backoff = 0;
    t->owed &= (uint8_t)~AKSU_OWE_REXMIT;
    t->snd_nxt = t->snd_max;
    for (struct aksu_run *r = aksu_runs(b); r < aksu_runs_end(b); r++) {
        r->flags &= (uint8_t)~AKSU_RUN_LOST;
    }
}

// A loss: once for all that was in flight.
static void reduce(const struct aksu_step *c, struct aksu_tcb *t, struct aksu_board *b,
                   uint32_t delivered_now)
{
    uint32_t flight = t->snd_max - t->snd_una;

    remember(t, b);
    b->recover_fs = flight - aksu_board_octets(t, b, AKSU_RUN_SACKED) + delivered_now;
    b->prr_delivered = 0;
    b->prr_out = 0;
    c->p->congestion->lost(c, aksu_min32(flight, t->cwnd));
    t->recover = t->snd_max;
    t->flags |= AKSU_F_RECOVERY;
}

// a * b / c where b <= c, without overflow, to 1 part in 2^13 of a.
uint32_t aksu_tcp_share(uint32_t a, uint32_t b, uint32_t c)
{
    while (c > INT16_MAX) {
        b /= 2;
        c /= 2;
    }
    uint32_t ratio = (aksu_min32(b, c) << 16) / c; // 2^16 and less

    return (a >> 16) * ratio + ((a & UINT16_MAX) * (ratio / 2) >> 15);
}

// RFC 9937 6: cwnd is what is in flight and what may follow now.
static void reduce_rate(struct aksu_tcb *t, struct aksu_board *b, const struct aksu_news *n,
                        bool safe)
{
    uint32_t flight = pipe(t, b);
    uint32_t out = b->prr_out;
    uint32_t target = b->prr_delivered += n->delivered;

    if (flight > t->ssthresh) {
        target = aksu_tcp_share(t->ssthresh, target, aksu_max32(b->recover_fs, 1));
    }
    uint32_t may = aksu_max32(target, out) - out;

    if (flight <= t->ssthresh) {
        may = aksu_max32(may, n->delivered) + (safe ? t->snd_mss : 0);
        may = aksu_min32(may, t->ssthresh - flight);
    }
    if (out == 0) {
        may = aksu_max32(may, t->snd_mss); // the first is sent at once
    }
    t->cwnd = aksu_max32(flight + may, t->snd_mss); // RFC 5681 3.1: LW is the least
}

static void leave(struct aksu_tcb *t, struct aksu_board *b)
{
    if (t->flags & AKSU_F_RECOVERY) {
        t->cwnd = t->ssthresh;
        aksu_tcp_leave_recovery(t);
    }
    b->loss = false;
    if (b->mult > 0 && --b->persist == 0) {
        b->mult = 0;
    }
}

// RFC 8985 7.4.2: what the ACK tells of a tail loss probe. One that repaired a loss has hidden it.
static void judge_probe(const struct aksu_step *c, struct aksu_board *b, struct aksu_news *n,
                        bool advanced)
{
    unsigned how = b->probe & PROBED_AGAIN;

    if (how < PROBED || aksu_seq_lt(c->s->ack, b->tlp_end)) {
        return;
    }
    if (how == PROBED_AGAIN && !n->dsack) {
        if (c->s->ack == b->tlp_end && (advanced || c->s->len > 0)) {
            return; // the original's, or the probe's: another ACK tells
        }
        n->lost |= c->s->ack != b->tlp_end;
    }
    b->probe &= UNMEASURED;
}

// While there is a gap, and for a while behind it, each segment is acknowledged at once: the sender
// needs to know, and its window is small then (RFC 5681 4.2).
static void acknowledge(const struct aksu_step *c, struct aksu_tcb *t, struct aksu_board *b)
{
    unsigned quick = b->quick;

    if (t->ranges > 0) {
        quick = QUICK;
    } else if (quick > 0 && c->s->len > 0) {
        quick--;
        t->owed |= AKSU_OWE_ACK;
    }
    b->quick = (uint8_t)quick;
}

// Finds what is lost; the window follows, and the timer runs for what may be lost.
static void look(const struct aksu_step *c, struct aksu_news *n, bool safe)
{
    struct aksu_tcb *t = c->t;
    struct aksu_board *b = c->b;
    uint32_t timeout = detect(c, n);

    t->flags &= (uint16_t)~AKSU_F_PARTIAL;
    if (b->timer == REO) {
        b->timer = TIMEOUT;
    }
    if (timeout > 0 && t->snd_wnd > 0) {
        t->flags |= AKSU_F_PARTIAL; // what is sent does not restart it
        b->timer = REO;
        aksu_tcp_arm(c, AKSU_AT_RTX, timeout);
    }
    if (n->lost && !(t->flags & AKSU_F_RECOVERY) && aksu_seq_leq(t->recover, t->snd_una)) {
        reduce(c, t, b, n->delivered);
    }
    if (t->flags & AKSU_F_RECOVERY) {
        reduce_rate(t, b, n, safe && !n->lost);
    }
}

// RFC 6582 3.2 step 3: the next is lost too, if nobody knows better.
static void partial(const struct aksu_step *c, struct aksu_board *b)
{
    struct aksu_run *r = aksu_runs(b);

    if ((r->flags & (AKSU_RUN_STATUS | AKSU_RUN_VAGUE)) == AKSU_RUN_VAGUE &&
        aksu_seq_lt(c->t->snd_una, c->t->recover) && aksu_run_age(r, c->now_ms) >= b->min_rtt_ms) {
        r->flags |= AKSU_RUN_LOST;
    }
}

// An ACK; una: where snd_una was.
static void acked(const struct aksu_step *c, aksu_seq una)
{
    struct aksu_tcb *t = c->t;
    struct aksu_board *b = c->b;
    // What was sent before our SYN was acknowledged is not on the board: of it nothing is known.
    struct aksu_news n = {
        b->runs > 0 ? una : t->snd_una, 0, b->end_seq, false, false, false, false};
    unsigned timer = b->timer;
    uint32_t octets = t->snd_una - una;

    acknowledge(c, t, b);
    take_front(c, &n);
    aksu_rack_take_blocks(c, &n);
    judge_probe(c, b, &n, octets > 0);
    if (octets > 0) {
        partial(c, b);
        t->backoff = 0;
        if (b->probe == PROBE) {
            b->probe = NO_PROBE;
        }
    }
    if (n.spurious && b->undo > 0) {
        undo(t, b);
    }
    if (((t->flags & AKSU_F_RECOVERY) || b->loss) && aksu_seq_leq(t->recover, t->snd_una)) {
        leave(t, b);
    } else if (!(t->flags & AKSU_F_RECOVERY) && octets > 0) {
        c->p->congestion->acked(c, octets);
    }
    look(c, &n, octets > 0);
    if (t->snd_una != t->snd_max &&
        (octets > 0 || timer == REO || (timer == PTO && probe_timeout(c) == 0))) {
        restart(c);
    }
}

// What a server sent before its SYN was acknowledged (RFC 7413) is on the board once more is sent,
// or it is sent again: nobody knows when it was. Returns where the board ends.
static aksu_seq add_early(const struct aksu_step *c, aksu_seq start, aksu_seq end)
{
    const struct aksu_tcb *t = c->t;
    aksu_seq early = end == t->snd_max ? start : t->snd_max;

    if (early != t->snd_una) {
        aksu_board_add(c, early, AKSU_RUN_RETRANS | AKSU_RUN_VAGUE);
        aksu_runs(c->b)->span = UINT8_MAX;
    }
    return early;
}

// What was sent.
static void sent(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    struct aksu_board *b = c->b;
    aksu_seq start = c->s->seq;
    aksu_seq end = start + c->s->len + aksu_tcp_control_len(c->s);
    aksu_seq max; // where snd_max was

    if (b->runs > 0) {
        max = aksu_runs_end(b)[-1].end;
    } else {
        b->xmit_ms = c->now_ms;
        b->end_seq = b->dsack_round = t->snd_una;
        max = add_early(c, start, end);
    }
    b->prr_out += end - start;
    if (aksu_seq_lt(start, max)) {
        mark(c, start, aksu_seq_min(end, max), NULL);
        if (b->undo > 0 && b->undo < UINT8_MAX) {
            b->undo++;
        }
    }
    if (aksu_seq_lt(max, end)) {
        aksu_board_add(c, end, sent_status(t));
    }
    t->snd_nxt = t->snd_max;
    if (b->probe == PROBE) {
        b->probe = UNMEASURED | (aksu_seq_lt(start, max) ? PROBED_AGAIN : PROBED);
        b->tlp_end = t->snd_max;
    }
    if (start == t->snd_una || probe_timeout(c) > 0) {
        restart(c);
    }
}

// A timeout: RFC 8985 6.3. The first run is lost, and all that is older than the peer would need to
// acknowledge it. A SACK of the first is one that the peer has gone back on (RFC 2018 8).
static void time_out(const struct aksu_step *c, const struct aksu_tcb *t, struct aksu_board *b)
{
    unsigned kept = ~(unsigned)(aksu_runs(b)->flags & AKSU_RUN_SACKED);
    uint32_t old = b->rtt_ms + reordering_window(t, b);

    if (!b->loss) {
        remember(t, b);
    }
    for (struct aksu_run *r = aksu_runs(b); r < aksu_runs_end(b); r++) {
        r->flags &= (uint8_t)kept;
        if (!(r->flags & AKSU_RUN_SACKED) &&
            (r == aksu_runs(b) || aksu_run_age(r, c->now_ms) >= old)) {
            r->flags |= AKSU_RUN_LOST;
        }
    }
    b->loss = true;
    b->probe &= UNMEASURED;
}

// The retransmission timer, which has stopped. False: it was that for a timeout, or a window probe.
static bool expired(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    struct aksu_board *b = c->b;
    unsigned timer = b->timer;

    b->timer = TIMEOUT;
    if (t->snd_una == t->snd_max || t->snd_wnd == 0) {
        return false;
    }
    if (timer == TIMEOUT) {
        time_out(c, t, b);
        return false;
    }
    if (timer == REO) {
        struct aksu_news n = {0, 0, 0, false, false, false, false};
        look(c, &n, false);
    } else {
        b->probe = PROBE;
    }
    restart(c);
    return true;
}

// The segment that a tail loss probe is: new text if there is any, else the last that was sent and
// is in the window.
static uint32_t probe(const struct aksu_tcb *t, aksu_seq *seq)
{
    uint32_t count = aksu_tcp_can_send(t, 0, AKSU_CWND_MAX);

    *seq = t->snd_nxt;
    if (count == 0) {
        uint32_t flight = t->snd_max - t->snd_una;
        count = aksu_min32(flight, aksu_tcp_can_send(t, 1, 0));
        *seq = t->snd_una + aksu_min32(flight, aksu_max32(t->snd_wnd, count)) - count;
    }
    return count;
}

// What is to be sent: what a probe or a timeout calls for, and when the path takes less (RFC 1191
// 6.4) the first of it all; else what was lost, else what is new. Returns how many numbers from
// *seq on.
static uint32_t next(const struct aksu_step *c, aksu_seq *seq)
{
    const struct aksu_tcb *t = c->t;
    const struct aksu_board *b = c->b;
    uint32_t flight = pipe(t, b);
    const struct aksu_run *r = aksu_runs(b);
    aksu_seq start = t->snd_una;

    if (b->probe == PROBE) {
        return probe(t, seq);
    }
    if (*seq != t->snd_max) { // plan's: what it would send without the board
        return aksu_tcp_can_send(t, 1, 0);
    }
    for (; !(r->flags & AKSU_RUN_LOST); r++) {
        start = r->end;
        if (start == t->snd_max) { // the last
            return aksu_tcp_can_send(t, 0, t->cwnd + (start - t->snd_una - flight));
        }
    }
    uint32_t len = aksu_min32(r->end - start, aksu_tcp_can_send(t, 1, 0));

    *seq = start;
    return flight + len <= t->cwnd && start - t->snd_una + len <= t->snd_wnd ? len : 0;
}

const struct aksu_recovery aksu_rack = {acked, sent, expired, next};
