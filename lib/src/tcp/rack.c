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
    uint32_t acked;     // octets: how far snd_una moved
    uint32_t delivered; // octets that were not known to be with the peer
    aksu_seq end_seq;   // RACK.end_seq before it
    bool dsack;         // octets came twice
    bool again;         // octets that were sent again came
    bool spurious;      // what was sent again had not been lost
    bool lost;
};

// Octets in flight, as RFC 6675 reckons.
static uint32_t pipe(const struct aksu_board *b)
{
    return aksu_board_octets(b, AKSU_RUN_STATUS);
}

// RFC 8985 6.2 step 4: how much later than others a segment may come.
static uint32_t reordering_window(const struct aksu_tcb *t, const struct aksu_board *b)
{
    uint32_t missing = aksu_board_octets(b, AKSU_RUN_SACKED);
    bool enough = t->snd_max - t->snd_una - missing > (DUPACKS - UINT32_C(1)) * t->snd_mss;

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

    if (aksu_seq_lt(b->xmit_ms, xmit_ms + aksu_seq_lt(b->end_seq, end))) {
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
    if (r->flags & AKSU_RUN_SACKED) {
        return; // known
    }
    n->delivered += end - r->start;
    uint32_t rtt_ms = aksu_run_age(r, c->now_ms);

    if (r->flags & AKSU_RUN_RETRANS) {
        n->again = true;
        if (r->span == UINT8_MAX || (r != aksu_runs(b) && (r->flags & AKSU_RUN_VAGUE))) {
            return; // but the first was never SACKed
        }
        if (rtt_ms < b->min_rtt_ms) {
            // Older than the first retransmission, it was the original.
            if (rtt_ms + r->span < b->min_rtt_ms / 2u &&
                !(r->flags & (AKSU_RUN_VAGUE | AKSU_RUN_TWICE))) {
                n->spurious = true;
            }
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

    for (; aksu_seq_lt(r->start, c->t->snd_una); r++) {
        deliver(c, r, aksu_seq_min(r[1].start, c->t->snd_una), n);
    }
    if (r->start != c->t->snd_una) {
        r--;
        r->start = c->t->snd_una;
    }
    aksu_board_move(aksu_runs(b), r, b);
}

// Octets from start to end were sent again or, if n is not NULL, are with the peer by a SACK.
static void mark(const struct aksu_step *c, aksu_seq start, aksu_seq end, struct aksu_news *n)
{
    struct aksu_board *b = c->b;

    if (!aksu_board_room(b, c->now_ms, !n)) {
        return; // not told apart: see board.c
    }
    struct aksu_run *r = aksu_board_split(b, start);
    const struct aksu_run *stop = aksu_board_split(b, end);

    for (; r < stop; r++) {
        if (!n) {
            unsigned flags = r->flags & ~(unsigned)AKSU_RUN_LOST;
            flags |= (flags & AKSU_RUN_RETRANS) / (AKSU_RUN_RETRANS / AKSU_RUN_TWICE);
            r->flags = (uint8_t)(flags | AKSU_RUN_RETRANS);
            r->at = (uint16_t)c->now_ms;
            r->span = 0;
        } else {
            deliver(c, r, r[1].start, n);
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

// Whether RACK's latest was sent after a run of that age (RFC 8985 6.2 RACK_sent_after). Within a
// millisecond the order of numbers tells it, but not before that is over: what is sent again is out
// of order.
static bool sent_before_latest(const struct aksu_step *c, const struct aksu_run *r, uint32_t age)
{
    const struct aksu_board *b = c->b;
    uint32_t before = aksu_seq_lt(r[1].start, b->end_seq);

    return age > 0 && age + before > c->now_ms - b->xmit_ms;
}

// RFC 8985 6.2 step 5; or 6.3, after a timeout: then all that is older than the peer would need to
// acknowledge it is lost. Returns how long until the next run counts as lost, 0 if none waits for
// it.
static uint32_t detect(const struct aksu_step *c, struct aksu_news *n, bool all)
{
    struct aksu_board *b = c->b;
    uint32_t window = reordering_window(c->t, b);
    uint32_t limit = window == 0 && !all ? 0 : b->rtt_ms + window; // without one the order tells
    uint32_t timeout = 0;
    bool beyond = false; // what was sent only once was sent before all that is beyond it

    for (struct aksu_run *r = aksu_runs_end(b); r > aksu_runs(b);) {
        r--;
        uint32_t age = aksu_run_age(r, c->now_ms);
        beyond |= (r->flags & AKSU_RUN_SACKED) != 0;
        if ((r->flags & AKSU_RUN_STATUS) ||
            !(all || (beyond && !(r->flags & AKSU_RUN_RETRANS)) || sent_before_latest(c, r, age))) {
            continue;
        }
        if (age >= limit) {
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
        t->snd_wnd == 0 || pipe(b) != flight) {
        return 0;
    }
    uint32_t ms = aksu_max32(t->srtt / 4u, PTO_MIN_MS) + SLACK_MS;

    if (flight <= t->snd_mss) {
        ms += MAX_ACK_DELAY_MS;
    }
    return ms;
}

// Has the retransmission timer run for a probe if that is due before a timeout, unless it runs for
// what may be lost.
static void restart(const struct aksu_step *c)
{
    struct aksu_board *b = c->b;

    if (b->timer == REO) {
        return;
    }
    b->timer = TIMEOUT;
    aksu_tcp_arm_rtx(c);
    uint32_t ms = probe_timeout(c);

    if (ms > 0 && ms < c->t->deadline[AKSU_AT_RTX] - c->now_ms) {
        b->timer = PTO;
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
    t->recover = t->snd_una; // the recovery is over
    t->owed &= (uint8_t)~AKSU_OWE_REXMIT;
    t->snd_nxt = t->snd_max;
    aksu_board_clear(b, AKSU_RUN_LOST);
}

// A loss: once for all that was in flight.
static void reduce(const struct aksu_step *c, struct aksu_tcb *t, struct aksu_board *b,
                   uint32_t delivered_now)
{
    remember(t, b);
    b->recover_fs = aksu_board_octets(b, AKSU_RUN_SACKED) + delivered_now;
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
static void reduce_rate(struct aksu_tcb *t, struct aksu_board *b, const struct aksu_news *n,
                        bool safe)
{
    uint32_t flight = pipe(b);
    uint32_t target = b->prr_delivered += n->delivered;
    uint32_t out = b->prr_out;

    if (flight > t->ssthresh) {
        target = aksu_tcp_share(t->ssthresh, target, aksu_max32(b->recover_fs, 1));
    }
    uint32_t may = target - aksu_min32(target, out);
    uint32_t least = t->snd_mss; // RFC 5681 3.1: LW

    if (flight <= t->ssthresh) {
        may = aksu_max32(may, n->delivered);
        if (safe) {
            may += t->snd_mss;
        }
        may = aksu_min32(may, t->ssthresh - flight);
    }
    if (out == 0) {
        least += flight; // the first is sent at once
    }
    t->cwnd = aksu_max32(flight + may, least);
}

static void leave(struct aksu_tcb *t, struct aksu_board *b)
{
    if (t->flags & AKSU_F_RECOVERY) {
        t->cwnd = t->ssthresh;
        aksu_tcp_leave_recovery(t);
    }
    b->loss = false;
    t->backoff = 0;
    if (b->persist > 0 && --b->persist == 0) {
        b->mult = 0;
    }
}

// RFC 8985 7.4.2: what the ACK tells of a tail loss probe. One that repaired a loss has hidden it.
static void judge_probe(const struct aksu_step *c, struct aksu_board *b, struct aksu_news *n)
{
    unsigned how = b->probe & PROBED_AGAIN;
    int32_t beyond = (int32_t)(c->s->ack - b->tlp_end);

    if (how == NO_PROBE || beyond < 0) {
        return;
    }
    if (how == PROBED_AGAIN && !n->dsack) {
        if (beyond > 0) {
            n->lost = true;
        } else if (n->acked > 0 || c->s->len > 0) {
            return; // the original's, or the probe's: another ACK tells
        }
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
static void look(const struct aksu_step *c, struct aksu_news *n)
{
    struct aksu_tcb *t = c->t;
    struct aksu_board *b = c->b;
    uint32_t timeout = detect(c, n, false);

    if (b->timer == REO) {
        b->timer = TIMEOUT;
    }
    if (timeout > 0 && t->snd_wnd > 0) {
        t->flags |= AKSU_F_PARTIAL; // what is sent does not restart it
        b->timer = REO;
        aksu_tcp_arm(c, AKSU_AT_RTX, timeout);
    }
    if (!(t->flags & AKSU_F_RECOVERY)) {
        if (!n->lost || aksu_seq_lt(t->snd_una, t->recover)) {
            return;
        }
        reduce(c, t, b, n->delivered);
    }
    reduce_rate(t, b, n, n->acked > 0 && !n->lost);
}

// RFC 6582 3.2 step 3: the next is lost too, if nobody knows better.
static void partial(const struct aksu_step *c, struct aksu_board *b)
{
    struct aksu_run *r = aksu_runs(b);

    if ((r->flags & (AKSU_RUN_STATUS | AKSU_RUN_VAGUE)) == AKSU_RUN_VAGUE &&
        aksu_run_age(r, c->now_ms) >= b->min_rtt_ms) {
        r->flags |= AKSU_RUN_LOST;
    }
}

// An ACK; una: where snd_una was.
void aksu_rack_acked(const struct aksu_step *c, aksu_seq una)
{
    struct aksu_tcb *t = c->t;
    struct aksu_board *b = c->b;
    // What was sent before our SYN was acknowledged is not on the board: of it nothing is known.
    struct aksu_news n = {t->snd_una - una, 0, b->end_seq, false, false, false, false};
    unsigned timer = b->timer;

    acknowledge(c, t, b);
    if (b->runs == 0) {
        b->start = t->snd_una;
    }
    take_front(c, &n);
    aksu_rack_take_blocks(c, &n);
    judge_probe(c, b, &n);
    if (n.spurious && b->undo > 0) {
        undo(t, b);
    }
    bool mending = aksu_seq_lt(t->snd_una, t->recover);

    if (!mending && ((t->flags & AKSU_F_RECOVERY) || b->loss)) {
        leave(t, b);
    } else if (n.acked > 0) {
        t->backoff = 0;
        if (mending) {
            partial(c, b);
        }
        if (!(t->flags & AKSU_F_RECOVERY)) {
            c->p->congestion->acked(c, n.acked);
        }
    }
    look(c, &n);
    if (t->snd_una != t->snd_max &&
        (n.acked > 0 || timer == REO || (timer == PTO && probe_timeout(c) == 0))) {
        restart(c);
    }
}

// What a server sent before its SYN was acknowledged (RFC 7413) is on the board once more is sent,
// or it is sent again: nobody knows when it was.
static void add_early(const struct aksu_step *c, aksu_seq start, aksu_seq end)
{
    const struct aksu_tcb *t = c->t;
    aksu_seq early = end == t->snd_max ? start : t->snd_max;

    if (early != t->snd_una) {
        struct aksu_run *r = aksu_runs(c->b);
        aksu_board_add(c, early, AKSU_RUN_RETRANS | AKSU_RUN_VAGUE);
        r->span = UINT8_MAX;
    }
}

// What was sent.
void aksu_rack_sent(const struct aksu_step *c, aksu_seq end)
{
    struct aksu_tcb *t = c->t;
    struct aksu_board *b = c->b;
    aksu_seq start = c->s->seq;
    aksu_seq max; // where snd_max was

    if (b->runs == 0) {
        b->xmit_ms = c->now_ms;
        b->start = b->end_seq = b->dsack_round = t->snd_una;
        add_early(c, start, end);
    }
    max = aksu_runs_end(b)->start;
    if (b->probe == PROBE) {
        b->probe = UNMEASURED | (aksu_seq_lt(start, max) ? PROBED_AGAIN : PROBED);
        b->tlp_end = t->snd_max;
    }
    b->prr_out += end - start;
    if (aksu_seq_lt(start, max)) {
        mark(c, start, aksu_seq_min(end, max), NULL);
        if (b->undo > 0 && b->undo < UINT8_MAX) {
            b->undo++;
        }
    }
    if (aksu_seq_lt(max, end)) {
        aksu_board_add(c, end, 0);
    }
    if (t->snd_wnd == 0) {
        aksu_runs(b)->flags |= AKSU_RUN_LOST; // what probes a window of zero: it may not be taken
    }
    t->snd_nxt = t->snd_max;
    if (start == t->snd_una || probe_timeout(c) > 0) {
        restart(c);
    }
}

// A timeout: RFC 8985 6.3. The first run is lost. A SACK of it is one that the peer has gone back
// on (RFC 2018 8).
static void time_out(const struct aksu_step *c, const struct aksu_tcb *t, struct aksu_board *b,
                     struct aksu_news *n)
{
    if (!b->loss) {
        remember(t, b);
    }
    aksu_board_clear(b, aksu_runs(b)->flags & AKSU_RUN_SACKED);
    aksu_runs(b)->flags |= AKSU_RUN_LOST;
    detect(c, n, true);
    b->loss = true;
    b->probe &= UNMEASURED;
}

// The retransmission timer, which has stopped. False: it was that for a timeout, or a window probe.
bool aksu_rack_expired(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    struct aksu_board *b = c->b;
    unsigned timer = b->timer;
    struct aksu_news n = {0, 0, 0, false, false, false, false};

    b->timer = TIMEOUT;
    if (t->snd_una == t->snd_max || t->snd_wnd == 0) {
        return false;
    }
    if (timer == TIMEOUT) {
        time_out(c, t, b, &n);
        return false;
    }
    if (timer == REO) {
        look(c, &n);
    } else {
        b->probe = PROBE;
        b->tlp_end = t->snd_una + 1; // what is acknowledged before it is sent makes it needless
    }
    restart(c);
    return true;
}

// The last that was sent and is in the window.
static uint32_t last(const struct aksu_tcb *t, aksu_seq *seq)
{
    uint32_t flight = t->snd_max - t->snd_una;
    uint32_t count = aksu_min32(flight, aksu_tcp_can_send(t, 1, 0));

    *seq = t->snd_una + aksu_min32(flight, aksu_max32(t->snd_wnd, count)) - count;
    return count;
}

// What is to be sent: when a timeout calls for it, or the path takes less (RFC 1191 6.4), the first
// of it all; else what was lost, else what is new, and if a tail loss probe is due but nothing is
// new the last again. Returns how many numbers from *seq on.
uint32_t aksu_rack_next(const struct aksu_step *c, aksu_seq *seq)
{
    const struct aksu_tcb *t = c->t;
    const struct aksu_board *b = c->b;
    uint32_t flight = pipe(b);
    const struct aksu_run *r = aksu_runs(b);

    if (*seq != t->snd_max) { // plan's: what it would send without the board
        return aksu_tcp_can_send(t, 1, 0);
    }
    for (; !(r->flags & AKSU_RUN_LOST); r++) {
        if (r[1].start == t->snd_max) { // the last
            uint32_t window = t->cwnd + (t->snd_max - t->snd_una - flight);
            uint32_t count = aksu_tcp_can_send(t, 0, b->probe == PROBE ? AKSU_CWND_MAX : window);
            return count == 0 && b->probe == PROBE ? last(t, seq) : count;
        }
    }
    *seq = r->start;
    uint32_t len = aksu_min32(r[1].start - r->start, aksu_tcp_can_send(t, 1, 0));

    return flight + len <= t->cwnd && *seq - t->snd_una + len <= t->snd_wnd ? len : 0;
}

const struct aksu_recovery aksu_rack = {aksu_rack_acked, aksu_rack_sent, aksu_rack_expired,
                                        aksu_rack_next};
