// SPDX-License-Identifier: MIT
// Loss recovery with what the peer's SACKs tell: RACK-TLP (RFC 8985) decides what is lost,
// proportional rate reduction (RFC 9937) how fast it is sent again; a reduction that was not needed
// is undone (RFC 5682, 3522, 3708). Times are whole milliseconds.
#include "board.h"

enum {
    DUPACKS = 3,            // RFC 8985 5.2, RACK.DupThresh
    MULT_MAX = 64,          // a wider window than srtt is none
    PERSIST = 16,           // recoveries that a wider window outlives, RFC 8985 7.1
    SLACK_MS = 2,           // what whole milliseconds may hide between two times
    MAX_ACK_DELAY_MS = 200, // RFC 8985 7.2
    QUICK = 16              // segments behind a gap
};

enum { TIMEOUT, REO, PTO };                     // board.timer: an RTO; RACK's; the probe's
enum { NO_PROBE, PROBE, PROBED, PROBED_AGAIN }; // board.probe: due; sent: new text; the last again

// What one ACK told.
struct news {
    uint32_t delivered; // octets
    aksu_seq fack;      // RACK.fack before it
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
    bool enough = aksu_board_octets(t, b, AKSU_RUN_SACKED) > (DUPACKS - 1u) * t->snd_mss;

    if (!b->reordered && (enough || (t->flags & AKSU_F_RECOVERY))) {
        return 0;
    }
    return aksu_min32((b->mult + 1u) * b->min_rtt_ms / 4, t->srtt / 8u) + SLACK_MS;
}

// Whether the timestamp echoed is older than the retransmission of the run at snd_una; of others it
// tells nothing (RFC 7323 4.3, RFC 3522 3.2).
static bool echoes_older(const struct aksu_step *c, const struct aksu_run *r)
{
    uint16_t echoed = (uint16_t)(c->s->tsecr - c->t->salt);

    return aksu_tcp_stamped(c->t, c->s) && (uint16_t)(r->at - r->span - echoed - 1) < INT16_MAX;
}

// What was delivered last, of what was sent (RFC 8985 6.2 step 2).
static void rack_update(const struct aksu_step *c, uint32_t rtt_ms, aksu_seq end, bool again)
{
    struct aksu_board *b = c->b;
    uint32_t xmit_ms = c->now_ms - rtt_ms;

    if (aksu_seq_lt(b->xmit_ms, xmit_ms) ||
        (b->xmit_ms == xmit_ms && aksu_seq_lt(b->end_seq, end))) {
        b->xmit_ms = xmit_ms;
        b->end_seq = end;
        b->rtt_ms = (uint16_t)rtt_ms;
        b->again = again;
    }
}

// Octets of run r up to end are with the peer (RFC 8985 6.2 steps 1 to 3).
static void deliver(const struct aksu_step *c, const struct aksu_run *r, uint32_t len, aksu_seq end,
                    bool front, struct news *n)
{
    struct aksu_board *b = c->b;
    uint32_t rtt_ms = aksu_run_age(r, c->now_ms);

    n->delivered += len;
    if (r->flags & AKSU_RUN_RETRANS) {
        if ((front && echoes_older(c, r)) || rtt_ms < b->min_rtt_ms / 2u) {
            n->spurious = true; // it was the original
        } else if (rtt_ms >= b->min_rtt_ms) {
            rack_update(c, rtt_ms, end, true);
        }
        n->again = true;
        return;
    }
    // F-RTO: sent before the timeout, and delivered after it; but not if it may have waited for
    // what was sent again (RFC 5682 3.1 step 2).
    n->spurious |= b->loss && !n->again && aksu_seq_leq(end, c->t->recover);
    if (b->min_rtt_ms == 0 || rtt_ms < b->min_rtt_ms) {
        b->min_rtt_ms = (uint16_t)aksu_max32(rtt_ms, 1);
    }
    if (aksu_seq_lt(end, n->fack)) {
        b->reordered = true;
    }
    rack_update(c, rtt_ms + r->span, end, false);
}

// Takes what is acknowledged off the front; una is where it was.
static void take_front(const struct aksu_step *c, aksu_seq una, struct news *n)
{
    const struct aksu_tcb *t = c->t;
    struct aksu_board *b = c->b;
    unsigned gone = 0;

    for (unsigned i = 0; i < b->runs && aksu_seq_lt(una, t->snd_una); i++) {
        const struct aksu_run *r = &aksu_runs(b)[i];
        aksu_seq end = aksu_seq_min(r->end, t->snd_una);
        if (!(r->flags & AKSU_RUN_SACKED)) {
            deliver(c, r, end - una, end, i == 0, n);
        }
        gone += end == r->end;
        una = end;
    }
    b->runs = (uint8_t)(b->runs - gone);
    memmove(aksu_runs(b), aksu_runs(b) + gone, b->runs * sizeof(struct aksu_run));
}

// Marks what one SACK block covers.
static void take_block(const struct aksu_step *c, aksu_seq start, aksu_seq end, struct news *n)
{
    const struct aksu_tcb *t = c->t;
    struct aksu_board *b = c->b;

    if (!aksu_board_room(b, false)) {
        return; // not told apart: see board.c
    }
    unsigned i = aksu_board_split(t, b, start);
    unsigned last = aksu_board_split(t, b, end);

    for (; i < last; i++) {
        struct aksu_run *r = &aksu_runs(b)[i];
        if (!(r->flags & AKSU_RUN_SACKED)) {
            deliver(c, r, aksu_run_len(t, b, i), r->end, false, n);
            r->flags = (uint8_t)((r->flags & ~AKSU_RUN_LOST) | AKSU_RUN_SACKED);
        }
    }
    aksu_board_join(b);
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
static void took_twice(const struct aksu_step *c, struct news *n)
{
    struct aksu_tcb *t = c->t;
    struct aksu_board *b = c->b;

    if (aksu_seq_leq(b->dsack_round, t->snd_una)) {
        b->dsack_round = t->snd_max;
        b->mult = (uint8_t)aksu_min32(b->mult + 1u, MULT_MAX);
        b->persist = PERSIST;
    }
    // What was sent after the reduction is not what caused it.
    if (b->undo > 1 && aksu_seq_leq(c->s->sack[0].end, t->recover) && --b->undo == 1) {
        n->spurious = true;
    }
}

static void take_blocks(const struct aksu_step *c, struct news *n)
{
    const struct aksu_tcb *t = c->t;
    const struct aksu_segment *s = c->s;

    if (!(s->options & AKSU_OPT_SACK)) {
        return;
    }
    if (s->sacks > 0 && is_dsack(s)) {
        n->dsack = true;
        took_twice(c, n);
    }
    for (unsigned i = 0; i < s->sacks; i++) {
        const struct aksu_range *r = &s->sack[i];
        if (aksu_seq_lt(t->snd_una, r->start) && aksu_seq_lt(r->start, r->end) &&
            aksu_seq_leq(r->end, t->snd_max)) {
            take_block(c, r->start, r->end, n);
        }
    }
}

// Whether RACK's latest was sent after a run (RFC 8985 6.2 RACK_sent_after). What was sent only
// once was sent in order.
static bool sent_before_latest(const struct aksu_board *b, const struct aksu_run *r,
                               uint32_t now_ms)
{
    if (!((r->flags & AKSU_RUN_RETRANS) || b->again)) {
        return aksu_seq_lt(r->end, b->end_seq);
    }
    uint32_t at_ms = now_ms - aksu_run_age(r, now_ms);

    return aksu_seq_lt(at_ms, b->xmit_ms) ||
           (at_ms == b->xmit_ms && aksu_seq_lt(r->end, b->end_seq));
}

// RFC 8985 6.2 step 5. Returns how long until the next run counts as lost, 0 if none waits for it.
static uint32_t detect(const struct aksu_step *c, struct news *n)
{
    struct aksu_board *b = c->b;
    uint32_t window = reordering_window(c->t, b);
    uint32_t timeout = 0;

    for (unsigned i = 0; i < b->runs; i++) {
        struct aksu_run *r = &aksu_runs(b)[i];
        if ((r->flags & AKSU_RUN_STATUS) || !sent_before_latest(b, r, c->now_ms)) {
            continue;
        }
        uint32_t age = aksu_run_age(r, c->now_ms);
        uint32_t limit = b->rtt_ms + window;
        if (age >= limit || (window == 0 && !(r->flags & AKSU_RUN_RETRANS))) {
            r->flags |= AKSU_RUN_LOST;
            n->lost = true;
        } else {
            timeout = aksu_max32(timeout, limit - age);
        }
    }
    return timeout;
}

// RFC 8985 7.2: when a probe is due rather than a timeout; 0: never.
static uint32_t probe_timeout(const struct aksu_step *c)
{
    const struct aksu_tcb *t = c->t;
    const struct aksu_board *b = c->b;
    uint32_t flight = t->snd_max - t->snd_una;

    if ((t->flags & AKSU_F_RECOVERY) || b->loss || b->probe != NO_PROBE || t->srtt == 0 ||
        flight == 0 || t->snd_wnd == 0 || pipe(t, b) != flight) {
        return 0;
    }
    return t->srtt / 4u + SLACK_MS + (flight <= t->snd_mss ? MAX_ACK_DELAY_MS : 0);
}

// Has the retransmission timer run for a probe if that is due before a timeout.
static void restart(const struct aksu_step *c)
{
    uint32_t ms = probe_timeout(c);

    c->b->timer = TIMEOUT;
    aksu_tcp_arm_rtx(c);
    if (ms > 0 && ms < c->t->deadline[AKSU_AT_RTX] - c->now_ms) {
        c->b->timer = PTO;
        aksu_tcp_arm(c, AKSU_AT_RTX, ms);
    }
}

// Finds what is lost, and has the timer run for what may be.
static void look(const struct aksu_step *c, struct news *n)
{
    uint32_t timeout = detect(c, n);

    c->t->flags &= (uint16_t)~AKSU_F_PARTIAL;
    c->b->timer = TIMEOUT;
    if (timeout > 0 && c->t->snd_wnd > 0) {
        c->t->flags |= AKSU_F_PARTIAL; // what is sent does not restart it
        c->b->timer = REO;
        aksu_tcp_arm(c, AKSU_AT_RTX, timeout);
    }
}

// Keeps what a reduction is about to take.
static void remember(const struct aksu_step *c)
{
    struct aksu_board *b = c->b;

    b->prior_cwnd = c->t->cwnd;
    b->undo = 1;
}

// Gives it back.
static void undo(const struct aksu_step *c, struct aksu_tcb *t)
{
    struct aksu_board *b = c->b;

    b->reordered |= !b->loss; // it came, but late
    b->undo = 0;
    t->cwnd = aksu_max32(t->cwnd, b->prior_cwnd);
    t->ssthresh = t->cwnd;   // RFC 4015 3.2
    t->recover = t->snd_una; // the recovery is over: see acked
    t->backoff = 0;
    t->owed &= (uint8_t)~AKSU_OWE_REXMIT;
    t->snd_nxt = t->snd_max;
    for (unsigned i = 0; i < b->runs; i++) {
        aksu_runs(b)[i].flags &= (uint8_t)~AKSU_RUN_LOST;
    }
}

// A loss: once for all that was in flight.
static void reduce(const struct aksu_step *c, struct aksu_tcb *t, uint32_t delivered_now)
{
    struct aksu_board *b = c->b;

    remember(c);
    b->recover_fs =
        t->snd_max - t->snd_una - aksu_board_octets(t, b, AKSU_RUN_SACKED) + delivered_now;
    b->prr_delivered = 0;
    b->prr_out = 0;
    c->p->congestion->lost(c, aksu_min32(t->snd_max - t->snd_una, t->cwnd));
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
static void reduce_rate(const struct aksu_step *c, struct aksu_tcb *t, const struct news *n,
                        bool safe)
{
    struct aksu_board *b = c->b;
    uint32_t flight = pipe(t, b);
    uint32_t out = b->prr_out;
    uint32_t may;

    b->prr_delivered += n->delivered;
    if (flight > t->ssthresh) {
        uint32_t all = aksu_tcp_share(t->ssthresh, b->prr_delivered, aksu_max32(b->recover_fs, 1));
        may = aksu_max32(all, out) - out;
    } else {
        may = aksu_max32(aksu_max32(b->prr_delivered, out) - out, n->delivered);
        may = aksu_min32(may + (safe ? t->snd_mss : 0), t->ssthresh - flight);
    }
    if (out == 0) {
        may = aksu_max32(may, t->snd_mss); // the first is sent at once
    }
    t->cwnd = flight + may;
}

static void leave(const struct aksu_step *c, struct aksu_tcb *t)
{
    struct aksu_board *b = c->b;

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
static void judge_probe(const struct aksu_step *c, struct aksu_tcb *t, const struct news *n,
                        bool advanced)
{
    struct aksu_board *b = c->b;

    if (b->probe < PROBED || aksu_seq_lt(c->s->ack, b->tlp_end)) {
        return;
    }
    if (b->probe == PROBED_AGAIN && !n->dsack) {
        if (c->s->ack == b->tlp_end && (advanced || c->s->len > 0)) {
            return; // the original's, or the probe's: another ACK tells
        }
        if (c->s->ack != b->tlp_end && !(t->flags & AKSU_F_RECOVERY)) {
            c->p->congestion->lost(c, aksu_min32(t->snd_max - t->snd_una, t->cwnd));
            t->cwnd = t->ssthresh;
        }
    }
    b->probe = NO_PROBE;
}

// While there is a gap, and for a while behind it, each segment is acknowledged at once: the sender
// needs to know, and its window is small then (RFC 5681 4.2).
static void acknowledge(const struct aksu_step *c)
{
    struct aksu_board *b = c->b;

    if (c->t->ranges > 0) {
        b->quick = QUICK;
    } else if (b->quick > 0 && c->s->len > 0) {
        b->quick--;
        c->t->owed |= AKSU_OWE_ACK;
    }
}

// What is lost is known: the window follows.
static void respond(const struct aksu_step *c, const struct news *n, bool safe)
{
    struct aksu_tcb *t = c->t;

    if (n->lost && !(t->flags & AKSU_F_RECOVERY) && aksu_seq_leq(t->recover, t->snd_una)) {
        reduce(c, t, n->delivered);
    }
    if (t->flags & AKSU_F_RECOVERY) {
        reduce_rate(c, t, n, safe && !n->lost);
    }
}

// One past the last octet that the peer is known to have.
static aksu_seq forward_ack(const struct aksu_board *b, aksu_seq una)
{
    unsigned i = b->runs;

    while (i > 0 && !(aksu_runs(b)[i - 1].flags & AKSU_RUN_SACKED)) {
        i--;
    }
    return i > 0 ? aksu_runs(b)[i - 1].end : una;
}

// An ACK; una: where snd_una was.
static void acked(const struct aksu_step *c, aksu_seq una)
{
    struct aksu_tcb *t = c->t;
    struct aksu_board *b = c->b;
    struct news n = {0, forward_ack(b, una), false, false, false, false};
    unsigned timer = b->timer;
    uint32_t octets = t->snd_una - una;

    acknowledge(c);
    take_front(c, una, &n);
    take_blocks(c, &n);
    judge_probe(c, t, &n, octets > 0);
    if (octets > 0) {
        t->backoff = 0;
        b->probe = b->probe == PROBE ? NO_PROBE : b->probe;
    }
    if (n.spurious && b->undo > 0) {
        undo(c, t);
    }
    if (((t->flags & AKSU_F_RECOVERY) || b->loss) && aksu_seq_leq(t->recover, t->snd_una)) {
        leave(c, t);
    } else if (!(t->flags & AKSU_F_RECOVERY) && octets > 0) {
        c->p->congestion->acked(c, octets);
    }
    look(c, &n);
    respond(c, &n, octets > 0);
    if (b->timer != REO && t->snd_una != t->snd_max &&
        (octets > 0 || timer == REO || (timer == PTO && probe_timeout(c) == 0))) {
        restart(c);
    }
}

// What was sent.
static void sent(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    struct aksu_board *b = c->b;
    aksu_seq start = c->s->seq;
    aksu_seq end = start + c->s->len + aksu_tcp_control_len(c->s);
    aksu_seq max = aksu_run_start(t, b, b->runs); // where snd_max was

    // An octet that probes a window of zero is not expected to be taken.
    unsigned status = t->snd_wnd == 0 ? AKSU_RUN_LOST : 0;

    if (b->runs == 0) {
        b->xmit_ms = c->now_ms;
        b->end_seq = b->dsack_round = t->snd_una;
    }
    b->prr_out += end - start;
    if (aksu_seq_lt(start, max)) {
        aksu_seq to = aksu_seq_min(end, max);
        aksu_board_room(b, true);
        unsigned i = aksu_board_split(t, b, start);
        unsigned last = aksu_board_split(t, b, to);
        for (; i < last; i++) {
            struct aksu_run *r = &aksu_runs(b)[i];
            bool sacked = (r->flags & AKSU_RUN_SACKED) != 0;
            r->flags = (uint8_t)(AKSU_RUN_RETRANS | (sacked ? AKSU_RUN_SACKED : status));
            r->at = (uint16_t)c->now_ms;
            r->span = 0;
        }
        b->undo = (uint8_t)(b->undo + (b->undo > 0 && b->undo < UINT8_MAX));
    }
    if (aksu_seq_lt(max, end)) {
        aksu_board_add(c, end, status);
    }
    t->snd_nxt = t->snd_max;
    if (b->probe == PROBE) {
        b->probe = aksu_seq_lt(start, max) ? PROBED_AGAIN : PROBED;
        b->tlp_end = t->snd_max;
    }
    if (b->timer != REO && (start == t->snd_una || probe_timeout(c) > 0)) {
        restart(c);
    }
}

// A timeout: RFC 8985 6.3. The first run is lost, and all that is older than the peer would need to
// acknowledge it. A SACK of the first is one that the peer has gone back on (RFC 2018 8).
static void time_out(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    struct aksu_board *b = c->b;
    bool reneged = (aksu_runs(b)[0].flags & AKSU_RUN_SACKED) != 0;
    uint32_t old = b->rtt_ms + reordering_window(t, b);

    if (t->retries == 0 && !b->loss) {
        remember(c);
    }
    for (unsigned i = 0; i < b->runs; i++) {
        struct aksu_run *r = &aksu_runs(b)[i];
        if (reneged) {
            r->flags &= (uint8_t)~AKSU_RUN_SACKED;
        }
        if (i == 0 || (!(r->flags & AKSU_RUN_SACKED) && aksu_run_age(r, c->now_ms) >= old)) {
            r->flags |= AKSU_RUN_LOST;
        }
    }
    b->loss = true;
    b->probe = NO_PROBE;
}

// The retransmission timer, which has stopped. False: it was that for a timeout, or a window probe.
static bool expired(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    struct aksu_board *b = c->b;
    unsigned timer = b->timer;
    struct news n = {0, 0, false, false, false, false};

    b->timer = TIMEOUT;
    if (t->snd_una == t->snd_max || t->snd_wnd == 0) {
        return false;
    }
    if (timer == TIMEOUT) {
        time_out(c);
        return false;
    }
    if (timer == REO) {
        look(c, &n);
        respond(c, &n, false);
    } else {
        b->probe = PROBE;
        t->owed |= AKSU_OWE_REXMIT;
    }
    if (b->timer != REO) {
        restart(c);
    }
    return true;
}

// The segment that a tail loss probe is: new text if there is any, else the last that was sent.
static uint32_t probe(const struct aksu_tcb *t, aksu_seq *seq)
{
    uint32_t count = aksu_tcp_can_send(t, 0, AKSU_CWND_MAX);

    if (count == 0) {
        count = aksu_min32(t->snd_max - t->snd_una, aksu_tcp_can_send(t, 1, 0));
        *seq = t->snd_max - count;
    }
    return count;
}

// What is to be sent: what was lost, else what is new. After a timeout, and when the path takes
// less (RFC 1191 6.4), the first of it all, at once. Returns how many numbers from *seq on.
static uint32_t next(const struct aksu_tcb *t, const struct aksu_board *b, aksu_seq *seq)
{
    unsigned again = t->owed & (AKSU_OWE_REXMIT | AKSU_OWE_PROBE);
    bool must = (again & AKSU_OWE_REXMIT) || t->snd_nxt != t->snd_max;
    uint32_t flight = pipe(t, b);
    unsigned i = 0;

    if ((again & AKSU_OWE_PROBE) ||
        (t->flags & (AKSU_F_SACK | AKSU_F_SYN_UNACKED)) != AKSU_F_SACK) {
        return aksu_tcp_can_send(t, again, t->cwnd); // a window probe, or not in use
    }
    *seq = t->snd_nxt;
    if (must && b->probe == PROBE) {
        return probe(t, seq);
    }
    while (!must && i < b->runs && !(aksu_runs(b)[i].flags & AKSU_RUN_LOST)) {
        i++;
    }
    if (i == b->runs) {
        return aksu_tcp_can_send(t, 0, t->cwnd + (t->snd_max - t->snd_una - flight));
    }
    *seq = aksu_run_start(t, b, i);
    uint32_t before = *seq - t->snd_una;
    uint32_t wnd = aksu_max32(t->snd_wnd, before + must) - before;
    uint32_t len = aksu_min32(aksu_run_len(t, b, i), aksu_tcp_can_send(t, 1, 0));

    return must || flight + len <= t->cwnd ? aksu_min32(len, wnd) : 0;
}

const struct aksu_recovery aksu_rack = {acked, sent, expired, next};
