// SPDX-License-Identifier: MIT
// Loss recovery from SACKs: RACK-TLP (RFC 8985), PRR (RFC 9937), timeouts and what undoes them
// (RFC 5682, 3708). The path takes 100 ms there and back. Segments of 1000 octets are counted
// from 0, which is behind one that told the round-trip time.
#include "harness.h"

#define A  AKSU_ACK
#define SA (AKSU_SYN | AKSU_ACK)

enum { RTT_MS = 100, RTO_MS = 1000, PTO_MS = 202, ACK_DELAY_MS = 200, REO_MS = 27 };

static uint32_t echo; // timestamp that the peer echoes
static uint16_t wnd;  // window that the peer offers

static uint32_t number(unsigned segment)
{
    return 1001 + UINT32_C(1000) * segment;
}

static uint32_t flight(const struct fixture *f)
{
    return f->t.snd_max - f->t.snd_una;
}

static uint32_t octets(const struct fixture *f, unsigned status)
{
    const struct aksu_board *b = &f->b.board;
    uint32_t all = aksu_board_octets(b, 0);
    uint32_t missing = aksu_board_octets(b, AKSU_RUN_SACKED);
    uint32_t pipe = aksu_board_octets(b, AKSU_RUN_STATUS);

    return status == AKSU_RUN_SACKED ? all - missing : status ? missing - pipe : pipe;
}

static void arrive_ack(struct fixture *f, struct aksu_segment s)
{
    if (f->t.flags & AKSU_F_TIMESTAMPS) {
        s.options |= AKSU_OPT_TIMESTAMPS;
        s.tsval = 5000;
        s.tsecr = echo;
    }
    arrive(f, s);
    flush(f);
}

// An ACK of all segments before `next`.
static void ack(struct fixture *f, unsigned next)
{
    arrive_ack(f, seg(f, A, 1, number(next), 0, wnd));
}

// And with blocks: from segment, up to segment; the last is 0, 0.
static struct aksu_segment blocks(const struct fixture *f, unsigned next, const unsigned *block)
{
    struct aksu_segment s = seg(f, A, 1, number(next), 0, wnd);
    for (; block[1] > 0; block += 2) {
        s.sack[s.sacks].start = f->iss + number(block[0]);
        s.sack[s.sacks++].end = f->iss + number(block[1]);
    }
    s.options = AKSU_OPT_SACK;
    return s;
}
#define SACK(f, next, ...) arrive_ack(f, blocks(f, next, (const unsigned[]){__VA_ARGS__, 0, 0}))

// The same, but the link takes nothing meanwhile.
static void arrive_only(struct fixture *f, unsigned next, const unsigned *block)
{
    arrive(f, blocks(f, next, block));
}

// A timer that is due, likewise.
static void tick(struct fixture *f)
{
    f->now += due(f);
    user(f, AKSU_EV_TICK, 0);
}

static void write(struct fixture *f, unsigned segments)
{
    user(f, AKSU_EV_WROTE, UINT32_C(1000) * segments);
    flush(f);
}

// ESTABLISHED towards a peer with a large window that sends SACKs, a round-trip time known.
static void open_with(struct fixture *f, unsigned options)
{
    wnd = 65535;
    f->p.recovery = &aksu_rack;
    if (options & AKSU_OPT_TIMESTAMPS)
        f->mss = MSS + 12; // beside the option
    drive(f, AKSU_SYN_SENT);
    pass(f, RTT_MS);
    struct aksu_segment s = seg(f, SA, 0, 1, 0, wnd);
    s.options = (uint8_t)(AKSU_OPT_MSS | AKSU_OPT_SACK_PERMITTED | options);
    s.mss = f->mss;
    s.tsval = 5000;
    s.tsecr = f->now - RTT_MS + f->t.salt;
    arrive(f, s);
    flush(f);
    expect_state(f, AKSU_ESTABLISHED);
    echo = f->now + f->t.salt;
    write(f, 1);
    pass(f, RTT_MS);
    ack(f, 0);
    echo = f->now + f->t.salt;
    assert_int_equal(f->t.srtt, RTT_MS * 8);
    assert_int_equal(f->b.board.min_rtt_ms, RTT_MS);
    f->t.cwnd = 10000;
    take(f);
}

// Segments are on their way for a round-trip time: the next event is what their ACKs tell.
static void ready(struct fixture *f, unsigned segments)
{
    open_with(f, 0);
    write(f, segments);
    expect_count(f, segments);
    pass(f, RTT_MS);
    take(f);
}

// Whether a segment was sent since take(), in pieces or whole.
static bool was_sent(const struct fixture *f, unsigned segment)
{
    aksu_seq from = f->iss + number(segment), end = from + 1000;
    bool more = true;

    while (more && from != end) {
        more = false;
        for (unsigned i = 0; i < f->outs; i++) {
            uint32_t before = from - f->out[i].seq;
            if (before < f->out[i].len) {
                from = aksu_seq_min(f->out[i].seq + f->out[i].len, end);
                more = true;
            }
        }
    }
    return from == end;
}

// ---------------------------------------------------------------- RACK, RFC 8985 6.2

// Step 4: "RACK.segs_sacked >= RACK.DupThresh": the third at once, as without RACK.
static void third_sacked(struct fixture *f)
{
    ready(f, 10);
    SACK(f, 0, 1, 2);
    SACK(f, 0, 1, 3);
    expect_count(f, 0);
    SACK(f, 0, 1, 4);
    expect_count(f, 1);
    expect(f, 0, A, number(0), 1, 1000);
    assert_true(f->t.flags & AKSU_F_RECOVERY);
    assert_int_equal(f->t.ssthresh, 5000);
}

// A board that another connection had is cleared before it is used, but for its size.
static void board_is_cleared(struct fixture *f)
{
    struct aksu_board zero = {.size = RUNS};

    f->p.recovery = &aksu_rack;
    memset((uint8_t *)&f->b.board + 1, 0x5a, sizeof f->b - 1);
    drive(f, AKSU_SYN_SENT);
    assert_memory_equal(&f->b.board, &zero, sizeof zero);
    for (unsigned i = 0; i < RUNS; i++)
        assert_int_equal(f->b.slot[i].run.at | f->b.slot[i].run.start, 0);
}

// RACK_sent_after: what was sent after the latest that was delivered is not lost, nor is the
// retransmission that has just left.
static void sent_after(struct fixture *f)
{
    third_sacked(f);
    assert_int_equal(octets(f, AKSU_RUN_LOST), 0);
    for (unsigned i = 5; i <= 10; i++)
        SACK(f, 0, 1, i);
    expect_count(f, 1);
    assert_int_equal(octets(f, 0), 1000);
}

// Holes in one ACK: all that was sent before the latest delivered is lost.
static void holes_at_once(struct fixture *f)
{
    ready(f, 10);
    SACK(f, 0, 8, 9, 4, 5, 1, 2);
    expect(f, 0, A, number(0), 1, 1000);
    assert_int_equal(octets(f, AKSU_RUN_LOST) + f->outs * UINT32_C(1000), 6000);
    assert_false(was_sent(f, 9));
}

// Step 4: with fewer SACKed, and before reordering was seen: min_RTT/4 later, by the timer.
static void reordering_timer(struct fixture *f)
{
    ready(f, 3);
    SACK(f, 0, 1, 2);
    expect_count(f, 0);
    assert_int_equal(due(f), REO_MS);
    pass(f, REO_MS - 1);
    expect_count(f, 0);
    pass(f, 1);
    expect_count(f, 1);
    expect(f, 0, A, number(0), 1, 1000);
    assert_true(f->t.flags & AKSU_F_RECOVERY);
    assert_int_equal(f->t.ssthresh, 2000);
    assert_int_equal(f->t.retries, 0);             // no timeout
    assert_int_equal(f->b.board.prr_delivered, 0); // nor is anything delivered by a timer
    assert_int_equal(f->b.board.recover_fs, 2000);
}

// It stops with what it waited for.
static void reordering_timer_stops(struct fixture *f)
{
    ready(f, 3);
    SACK(f, 0, 1, 2);
    pass(f, 5);
    ack(f, 2);
    assert_int_equal(due(f), f->t.srtt / 4 + 2 + ACK_DELAY_MS);
    pass(f, 100);
    expect_count(f, 0);
    assert_int_equal(f->t.ssthresh, UINT32_C(1) << 30);
}

// While it runs, a SACK that says no more leaves it alone.
static void reordering_timer_stays(struct fixture *f)
{
    ready(f, 4);
    SACK(f, 0, 1, 2);
    for (uint32_t ms = 1; ms < REO_MS; ms++) {
        pass(f, 1);
        SACK(f, 0, 1, 2);
        assert_int_equal(due(f), REO_MS - ms);
    }
}

// Step 4: in recovery one SACKed is enough, without a wait.
static void no_window_in_recovery(struct fixture *f)
{
    ready(f, 10);
    SACK(f, 0, 1, 2);
    pass(f, REO_MS);
    assert_true(was_sent(f, 0));
    SACK(f, 0, 1, 2, 3, 4);
    assert_int_equal(octets(f, AKSU_RUN_LOST), 1000); // 2
    assert_int_equal(octets(f, 0), 7000);
}

// Makes reordering known (step 3: delivered below what was already, and never sent again).
static void reordered(struct fixture *f)
{
    ready(f, 10);
    SACK(f, 0, 1, 2);
    ack(f, 2);
    assert_int_equal(f->t.flags & AKSU_F_RECOVERY, 0);
}

// From then on three SACKed do not mean a loss before the reordering window is over.
static void reordering_seen(struct fixture *f)
{
    reordered(f);
    SACK(f, 2, 3, 7);
    expect_count(f, 0);
    assert_int_equal(due(f), REO_MS);
    pass(f, REO_MS);
    expect_count(f, 1);
    expect(f, 0, A, number(2), 1, 1000);
}

// A retransmission that is delivered below the latest is no reordering.
static void retransmission_is_no_reordering(struct fixture *f)
{
    third_sacked(f);
    pass(f, RTT_MS);
    ack(f, 10);
    f->t.cwnd = 10000;
    write(f, 10);
    pass(f, RTT_MS);
    take(f);
    SACK(f, 10, 11, 14);
    expect_count(f, 1);
    expect(f, 0, A, number(10), 1, 1000);
}

// Step 4: a D-SACK widens the window by min_RTT/4, once a round trip, up to SRTT.
static void window_widens(struct fixture *f)
{
    static const uint32_t waits[] = {52, 77, 102, 102, 102};
    unsigned next = 10;

    reordered(f);
    ack(f, 10);
    for (unsigned i = 0; i < 5; i++, next += 4) {
        f->t.cwnd = 10000;
        write(f, 4);
        pass(f, RTT_MS);
        take(f);
        SACK(f, next, 0, 1);
        SACK(f, next, 0, 1); // the same round trip
        SACK(f, next, next + 1, next + 2);
        expect_count(f, 0);
        assert_int_equal(due(f), waits[i]);
        ack(f, next + 4);
    }
}

// Not without end.
static void window_is_bounded(struct fixture *f)
{
    reordered(f);
    for (uint8_t mult = 63; mult <= 64; mult++) {
        f->b.board.mult = mult;
        f->b.board.dsack_round = f->t.snd_una;
        SACK(f, 2, 0, 1);
        assert_int_equal(f->b.board.mult, 64);
    }
}

// "RACK.reo_wnd_persist": the wider window is given up after 16 recoveries without a D-SACK.
static void window_narrows(struct fixture *f)
{
    unsigned next = 10;

    reordered(f);
    ack(f, 10);
    SACK(f, 10, 0, 1);
    for (unsigned i = 0; i <= 16; i++, next += 10) {
        f->t.cwnd = 10000;
        f->t.ssthresh = 10000;
        write(f, 10);
        pass(f, RTT_MS);
        take(f);
        SACK(f, next, next + 1, next + 10);
        assert_int_equal(due(f), i < 16 ? 52 : REO_MS);
        pass(f, 52);
        expect(f, 0, A, number(next), 1, 1000);
        pass(f, RTT_MS);
        ack(f, next + 10);
        assert_int_equal(f->t.flags & AKSU_F_RECOVERY, 0);
    }
}

// 6.2 step 5: a retransmission is lost when something that was sent after it is delivered.
static void lost_retransmission(struct fixture *f)
{
    ready(f, 10);
    write(f, 10);
    SACK(f, 0, 1, 4);
    assert_true(was_sent(f, 0));
    pass(f, 1);
    take(f);
    for (unsigned i = 5; i <= 10; i++)
        SACK(f, 0, 1, i);
    assert_false(was_sent(f, 0)); // these were sent before it
    assert_true(f->outs > 0);     // and these after it
    unsigned last = (unsigned)(f->out[f->outs - 1].seq - f->iss - number(0)) / 1000;
    uint32_t ssthresh = f->t.ssthresh;
    pass(f, RTT_MS);
    take(f);
    SACK(f, 0, 1, last + 1);
    assert_true(was_sent(f, 0));
    assert_int_equal(f->t.ssthresh, ssthresh); // in one recovery there is one reduction
}

// Step 2: the RTT of a retransmission that is acknowledged sooner than the path allows is none.
static void ack_too_soon(struct fixture *f)
{
    third_sacked(f);
    uint16_t rtt = f->b.board.rtt_ms;
    pass(f, 70);
    SACK(f, 1, 1, 4);
    assert_int_equal(f->b.board.rtt_ms, rtt);
    assert_int_equal(f->b.board.min_rtt_ms, RTT_MS);
}

// "RACK.rtt = Now() - Segment.xmit_ts": a retransmission's counts from when it was sent again.
static void rtt_of_retransmission(struct fixture *f)
{
    third_sacked(f);
    pass(f, RTT_MS + 7);
    SACK(f, 1, 1, 4);
    assert_int_equal(f->b.board.rtt_ms, RTT_MS + 7);
    assert_int_equal(f->b.board.min_rtt_ms, RTT_MS);
}

// RACK_sent_after: of what was sent at one time the highest number that was delivered is the
// latest, in whatever order the blocks tell it.
static void latest_of_one_time(struct fixture *f)
{
    ready(f, 10);
    SACK(f, 0, 6, 10, 4, 5, 2, 3);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(was_sent(f, i), i < 2 || i % 2 != 0); // the holes
    pass(f, RTT_MS);
    take(f);
    SACK(f, 0, 4, 10, 1, 3);
    assert_true(was_sent(f, 0));
    assert_true(was_sent(f, 3));
}

// Of octets that may have been SACKed before, or that were sent over a time that is not known, a
// SACK does not tell when they were sent: no other counts as lost for it (Karn's rule, step 2).
static void unknown_time(struct fixture *fresh)
{
    for (unsigned kind = 0; kind < 3; kind++) {
        struct fixture f = *fresh;
        ready(&f, 10);
        SACK(&f, 0, 2, 10);
        expect_count(&f, 2); // 0 and 1
        struct aksu_run *r = aksu_runs(&f.b.board);
        assert_ptr_equal(aksu_board_split(&f.b.board, f.iss + number(1)), r + 1);
        pass(&f, 2 * RTT_MS);
        r[0].at = (uint16_t)(f.now - 2 * RTT_MS);
        r[1].at = (uint16_t)(f.now - RTT_MS);
        r[1].flags |= kind == 1 ? AKSU_RUN_VAGUE : 0;
        r[1].span = kind == 2 ? UINT8_MAX : 0;
        take(&f);
        SACK(&f, 0, 1, 10);
        assert_int_equal(was_sent(&f, 0), kind == 0);
    }
}

// "RACK.min_RTT": the least, also where the clock is too coarse for it and it seems to be none.
static void least_rtt(struct fixture *f)
{
    open_with(f, 0);
    write(f, 1);
    ack(f, 1);
    write(f, 4);
    pass(f, RTT_MS);
    SACK(f, 1, 2, 3);
    assert_int_equal(due(f), 2); // a fourth of nearly nothing, and what whole ms hide
}

// The clock is too coarse for the path: round-trip times of 0 ms. Then the order counts.
static void no_time_passes(struct fixture *f)
{
    f->p.recovery = &aksu_rack;
    drive_options(f, AKSU_OPT_SACK_PERMITTED, 4);
    wnd = 65535;
    f->t.cwnd = 20000;
    write(f, 1);
    ack(f, 0);
    for (unsigned i = 0; i < 20; i++) {
        take(f);
        f->t.cwnd = 10000;
        write(f, 10);
        SACK(f, 10 * i, 10 * i + 1, 10 * i + 3);
        SACK(f, 10 * i, 10 * i + 1, 10 * i + 4);
        assert_true(was_sent(f, 10 * i));
        assert_int_equal(f->outs, 11);
        ack(f, 10 * i + 10);
        assert_int_equal(f->t.flags & AKSU_F_RECOVERY, 0);
    }
}

// What is sent again is not lost again within the millisecond: the two ends of a link without delay
// would answer each other for ever.
static void again_within_a_millisecond(struct fixture *f)
{
    f->p.recovery = &aksu_rack;
    drive_options(f, AKSU_OPT_SACK_PERMITTED, 4);
    wnd = 65535;
    f->t.cwnd = 20000;
    write(f, 1);
    ack(f, 0);
    write(f, 10);
    SACK(f, 0, 1, 4);
    assert_true(was_sent(f, 0));
    SACK(f, 0, 1, 5);
    assert_int_equal(octets(f, AKSU_RUN_LOST), 0);
}

// Nothing is in flight, and the rate has let out all it may: one segment's window is left (RFC 5681
// 3.1, LW), not none, by which congestion controls divide.
static void one_segment_at_least(struct fixture *f)
{
    ready(f, 10);
    SACK(f, 0, 1, 4);
    struct aksu_run *r = aksu_runs(&f->b.board);
    for (; r < aksu_runs_end(&f->b.board); r++)
        r->flags |= (r->flags & AKSU_RUN_SACKED) ? 0 : AKSU_RUN_LOST;
    f->b.board.prr_out = 10000;
    arrive_only(f, 0, (const unsigned[]){1, 4, 0, 0});
    assert_int_equal(octets(f, 0), 0);
    assert_int_equal(f->t.cwnd, 1000);
}

// What was learned before a long silence, longer than times compare, is no hindrance after it.
static void long_silence(struct fixture *f)
{
    ready(f, 4);
    ack(f, 4);
    f->now += UINT32_C(30) * 24 * 3600 * 1000;
    take(f);
    write(f, 10);
    pass(f, RTT_MS);
    take(f);
    SACK(f, 4, 5, 8);
    assert_true(was_sent(f, 4));
}

// What was sent together shares one time, the last, and how much earlier the first was: of the
// latest delivered the earlier counts, so that nothing counts as lost too early.
static void run_of_some_time(struct fixture *f)
{
    open_with(f, 0);
    write(f, 2);
    pass(f, 10);
    write(f, 2);
    pass(f, RTT_MS);
    take(f);
    assert_int_equal(f->b.board.runs, 1);
    SACK(f, 0, 2, 3);
    assert_int_equal(due(f), 10 + REO_MS);
}

// But where the order alone counts, it is known.
static void order_within_a_run(struct fixture *f)
{
    open_with(f, 0);
    write(f, 5);
    pass(f, 10);
    write(f, 5);
    pass(f, RTT_MS);
    take(f);
    SACK(f, 0, 1, 4);
    expect_count(f, 1);
    expect(f, 0, A, number(0), 1, 1000);
}

// The wait for one segment goes on while another, found lost, is sent again.
static void reordering_timer_and_retransmission(struct fixture *f)
{
    open_with(f, 0);
    write(f, 1);
    pass(f, 30);
    write(f, 3);
    pass(f, RTT_MS);
    take(f);
    SACK(f, 0, 2, 3);
    expect_count(f, 1);
    expect(f, 0, A, number(0), 1, 1000);
    assert_int_equal(due(f), 0 + REO_MS);
}

// What was waited for came: the timer is that for a timeout again.
static void reordering_timer_becomes_rto(struct fixture *f)
{
    reordered(f);
    ack(f, 10);
    write(f, 4); // 10 to 13
    pass(f, RTT_MS / 2);
    write(f, 3); // 14 to 16
    pass(f, RTT_MS / 2);
    SACK(f, 10, 11, 14);
    pass(f, RTT_MS / 2);
    assert_true(was_sent(f, 10));
    SACK(f, 10, 15, 16, 11, 14);
    assert_int_equal(due(f), REO_MS); // for 14
    take(f);
    SACK(f, 10, 11, 16);
    expect_count(f, 0);
    assert_true(due(f) > 500);
}

// It is served so late that 16 bits of the clock have gone round: the wait begins anew, and ends.
static void reordering_timer_late(struct fixture *f)
{
    ready(f, 3);
    SACK(f, 0, 1, 2);
    f->now += 65536 - 50;
    user(f, AKSU_EV_TICK, 0);
    flush(f);
    expect_count(f, 0);
    assert_int_equal(f->t.ssthresh, UINT32_C(1) << 30);
    assert_int_equal(due(f), REO_MS + 50);
    pass(f, REO_MS + 50);
    expect_count(f, 1);
    expect(f, 0, A, number(0), 1, 1000);
}

// So late for a retransmission: its age says nothing any more. It waits for a timeout then, and
// lets nothing out (RFC 9937: no ACK, no SafeACK).
static void reordering_timer_late_in_recovery(struct fixture *f)
{
    reordered(f);
    SACK(f, 2, 4, 9);
    pass(f, REO_MS);
    SACK(f, 2, 4, 10);
    assert_true(was_sent(f, 2) && was_sent(f, 3));
    pass(f, RTT_MS);
    write(f, 10);
    SACK(f, 2, 3, 10);
    assert_int_equal(due(f), REO_MS); // for 2
    uint32_t cwnd = f->t.cwnd;
    take(f);
    f->now += 65536 - 2 * REO_MS;
    user(f, AKSU_EV_TICK, 0);
    assert_true(f->t.cwnd <= cwnd);
    flush(f);
    expect_count(f, 0);
    assert_int_equal(due(f), RTO_MS);
    pass(f, RTO_MS);
    assert_true(was_sent(f, 2));
}

// ---------------------------------------------------------------- tail loss probes, RFC 8985 7

// 7.2: 2*SRTT after the last was sent, and the delay of the peer's ACK for one alone. 7.3: without
// new text the last segment.
static void probe_timeout(struct fixture *fresh)
{
    for (unsigned n = 1; n <= 3; n++) {
        struct fixture f = *fresh;
        open_with(&f, 0);
        write(&f, n);
        take(&f);
        uint32_t wait = PTO_MS + (n == 1 ? ACK_DELAY_MS : 0);
        assert_int_equal(due(&f), wait);
        pass(&f, wait - 1);
        expect_count(&f, 0);
        pass(&f, 1);
        expect_count(&f, 1);
        expect(&f, 0, A, number(n - 1), 1, 1000);
        assert_int_equal(f.t.retries, 0);
        assert_int_equal(f.t.cwnd, 10000);
    }
}

// An ACK that leaves something in flight starts the time anew.
static void probe_timeout_restarts(struct fixture *f)
{
    ready(f, 4);
    ack(f, 1);
    assert_int_equal(due(f), PTO_MS);
    pass(f, 50);
    ack(f, 3);
    assert_int_equal(due(f), PTO_MS + ACK_DELAY_MS);
}

// However little it acknowledges (RFC 6298 5.3).
static void probe_timeout_restarts_by_an_octet(struct fixture *f)
{
    ready(f, 4);
    arrive_ack(f, seg(f, A, 1, number(0) + 1, 0, wnd));
    assert_int_equal(due(f), PTO_MS);
}

// One that acknowledges nothing new leaves it as it is: a probe, not a timeout.
static void probe_outlives_update(struct fixture *f)
{
    open_with(f, 0);
    write(f, 4);
    pass(f, 50);
    wnd = 50000;
    ack(f, 0);
    assert_int_equal(due(f), PTO_MS - 50);
    take(f);
    pass(f, PTO_MS - 50);
    expect_count(f, 1);
    expect(f, 0, A, number(3), 1, 1000);
    assert_int_equal(f->t.retries, 0);
    assert_int_equal(f->t.cwnd, 10000);
}

// Nor is it sent where the window has shrunk to, for there it would be refused (RFC 9293 SHLD-16).
static void probe_in_window(struct fixture *f)
{
    open_with(f, 0);
    write(f, 4);
    wnd = 2500;
    ack(f, 0);
    take(f);
    pass(f, PTO_MS);
    expect_count(f, 1);
    expect(f, 0, A, number(0) + 1500, 1, 1000);
    assert_int_equal(f->t.retries, 0);
}

// "if PTO > RTO: PTO = RTO": then it is a timeout.
static void probe_after_rto(struct fixture *f)
{
    f->p.rto_min_ms = 200;
    open_with(f, 0);
    write(f, 1);
    uint32_t rto = aksu_tcp_rto(&f->p, &f->t);
    assert_true(rto < PTO_MS + ACK_DELAY_MS);
    assert_int_equal(due(f), rto);
    pass(f, rto);
    assert_int_equal(f->t.retries, 1);
}

// No probe before the round-trip time is known: RFC 6298's timeout.
static void no_probe_without_rtt(struct fixture *f)
{
    f->p.recovery = &aksu_rack;
    drive(f, AKSU_SYN_SENT);
    pass(f, 1000); // the SYN again
    struct aksu_segment s = seg(f, SA, 0, 1, 0, 65535);
    s.options = AKSU_OPT_MSS | AKSU_OPT_SACK_PERMITTED;
    s.mss = MSS;
    arrive(f, s);
    flush(f);
    assert_int_equal(f->t.srtt, 0);
    write(f, 3);
    assert_int_equal(due(f), 3000);
}

// 7.3: new text is sent if there is any and the window takes it, beyond cwnd if need be.
static void probe_with_new_text(struct fixture *fresh)
{
    for (unsigned closed = 0; closed < 2; closed++) {
        struct fixture f = *fresh;
        open_with(&f, 0);
        f.t.cwnd = 3000;
        wnd = closed ? 3000 : 65535;
        ack(&f, 0);
        write(&f, 8);
        expect_count(&f, 3);
        take(&f);
        pass(&f, PTO_MS);
        expect_count(&f, 1);
        expect(&f, 0, A, number(closed ? 2 : 3), 1, 1000);
        if (closed)
            continue;
        pass(&f, RTT_MS);
        uint32_t cwnd = f.t.cwnd;
        ack(&f, 4); // 7.4.2: it was new: nothing was repaired
        write(&f, 1);
        pass(&f, 10);
        ack(&f, 6);
        assert_true(f.t.cwnd > cwnd);
        assert_int_equal(due(&f), f.t.srtt / 4 + 2); // and another may follow
    }
}

// 7.3: one probe, then a timeout; the timer for which starts with the probe.
static void one_probe(struct fixture *f)
{
    open_with(f, 0);
    write(f, 3);
    pass(f, PTO_MS);
    take(f);
    assert_int_equal(due(f), RTO_MS);
    pass(f, RTO_MS);
    expect(f, 0, A, number(0), 1, 1000);
    assert_int_equal(f->t.retries, 1);
    assert_int_equal(f->t.cwnd, 1000);
}

// 7.2: not in recovery, and not when something is SACKed.
static void no_probe_in_recovery(struct fixture *f)
{
    third_sacked(f);
    assert_int_equal(due(f), RTO_MS);
    struct fixture g;
    memcpy(&g, f, sizeof g);
    begin(&g, 0);
    ready(&g, 4);
    SACK(&g, 0, 1, 2);
    ack(&g, 1); // the second is still SACKed: the peer went back on it
    assert_int_equal(octets(&g, AKSU_RUN_SACKED), 1000);
    assert_int_equal(due(&g), RTO_MS);
}

// Two segments in flight, of which the probe was one.
static void probed(struct fixture *f)
{
    open_with(f, 0);
    write(f, 2);
    pass(f, PTO_MS);
    expect(f, 2, A, number(1), 1, 1000);
    pass(f, RTT_MS);
    take(f);
}

// 7.4.2: the original may have been lost, and nothing but the probe's ACK came: "a loss ... that
// was repaired by the probe" calls for the response of congestion control.
static void probe_repairs(struct fixture *f)
{
    probed(f);
    ack(f, 2);
    assert_true(f->t.cwnd >= 10000); // not yet: a D-SACK may follow
    write(f, 6);
    pass(f, RTT_MS);
    ack(f, 4);
    assert_int_equal(f->t.ssthresh, 2000); // what is in flight is 4000 then
    assert_int_equal(f->t.cwnd, 5000);     // the first of a recovery is sent at once (RFC 9937)
    ack(f, 6);                             // once
    assert_int_equal(f->t.ssthresh, 2000);
    ack(f, 8);
    assert_int_equal(f->t.cwnd, 2000);
    assert_false(f->t.flags & AKSU_F_RECOVERY);
}

// Also when it was a single octet.
static void probe_repairs_an_octet(struct fixture *f)
{
    open_with(f, 0);
    user(f, AKSU_EV_WROTE, 1);
    pass(f, PTO_MS + ACK_DELAY_MS);
    expect(f, 1, A, number(0), 1, 1);
    pass(f, RTT_MS);
    arrive_ack(f, seg(f, A, 1, number(0) + 1, 0, wnd));
    write(f, 6);
    pass(f, RTT_MS);
    arrive_ack(f, seg(f, A, 1, number(2) + 1, 0, wnd));
    assert_int_equal(f->t.ssthresh, 2000); // what is in flight is 4000 then
}

// "Case 1": a D-SACK says that the original came as well; "case 3": so does a duplicate ACK.
static void probe_was_needless(struct fixture *fresh)
{
    for (unsigned dsack = 0; dsack < 2; dsack++) {
        struct fixture f = *fresh;
        probed(&f);
        ack(&f, 2);
        if (dsack)
            SACK(&f, 2, 1, 2);
        else
            ack(&f, 2);
        write(&f, 6);
        pass(&f, RTT_MS);
        ack(&f, 8);
        assert_true(f.t.cwnd > 10000);
        assert_int_equal(f.t.ssthresh, UINT32_C(1) << 30);
    }
}

// The D-SACK may come with the ACK that reaches as far as the probe, or beyond.
static void probe_was_needless_at_once(struct fixture *fresh)
{
    for (unsigned beyond = 0; beyond < 2; beyond++) {
        struct fixture f = *fresh;
        probed(&f);
        write(&f, 2);
        pass(&f, RTT_MS);
        SACK(&f, 2 + beyond, 1, 2);
        ack(&f, 4);
        assert_true(f.t.cwnd > 10000);
        assert_int_equal(f.t.ssthresh, UINT32_C(1) << 30);
    }
}

// An ACK of less than the probe tells nothing of it.
static void probe_not_judged_early(struct fixture *f)
{
    probed(f);
    ack(f, 1);
    assert_int_equal(f->t.ssthresh, UINT32_C(1) << 30);
    assert_int_equal(due(f), RTO_MS); // nor may there be another
    ack(f, 2);
    write(f, 6);
    pass(f, RTT_MS);
    ack(f, 4);
    assert_int_equal(f->t.ssthresh, 2000);
}

// 7.3: the ACK of what was sent again is no sample of the round-trip time, and without one there is
// no further probe; the next ACK is one.
static void no_probe_without_sample(struct fixture *fresh)
{
    for (unsigned timeout = 0; timeout < 2; timeout++) {
        struct fixture f = *fresh;
        open_with(&f, 0);
        write(&f, 1);
        pass(&f, PTO_MS + ACK_DELAY_MS + (timeout ? RTO_MS : 0) + RTT_MS);
        ack(&f, 1);
        ack(&f, 1); // the probe was needless
        write(&f, 1);
        assert_int_equal(due(&f), RTO_MS);
        pass(&f, RTT_MS);
        ack(&f, 2);
        write(&f, 1);
        assert_int_equal(due(&f), PTO_MS + ACK_DELAY_MS);
    }
}

// The timeout that followed has reduced already.
static void probe_before_timeout(struct fixture *f)
{
    open_with(f, 0);
    write(f, 10);
    pass(f, PTO_MS + RTO_MS + RTT_MS);
    ack(f, 10);
    write(f, 4);
    pass(f, RTT_MS);
    ack(f, 12);
    assert_int_equal(f->t.ssthresh, 5000);
}

// An ACK overtakes the probe, which the link has not taken yet: it is not sent, and another time
// begins.
static void probe_overtaken(struct fixture *f)
{
    open_with(f, 0);
    write(f, 4);
    take(f);
    tick(f);
    arrive_only(f, 2, (const unsigned[]){0, 0});
    flush(f);
    expect_count(f, 0);
    assert_true(due(f) < 500);
    pass(f, due(f));
    expect_count(f, 1);
    expect(f, 0, A, number(3), 1, 1000);
}

// Text of the peer's that comes with the same number is no duplicate ACK.
static void probe_and_text(struct fixture *f)
{
    probed(f);
    ack(f, 2);
    arrive(f, seg(f, A, 1, number(2), 1, wnd));
    write(f, 6);
    pass(f, RTT_MS);
    arrive(f, seg(f, A, 2, number(4), 0, wnd));
    assert_int_equal(f->t.ssthresh, 2000);
}

// The last segment of a reply is lost: the probe's SACK shows it, and it costs no timeout.
static void tail_loss(struct fixture *f)
{
    open_with(f, 0);
    f->t.cwnd = 20000;
    write(f, 10);
    pass(f, RTT_MS);
    ack(f, 7); // 7, 8 and 9 were lost
    take(f);
    pass(f, PTO_MS);
    expect(f, 0, A, number(9), 1, 1000);
    pass(f, RTT_MS);
    SACK(f, 7, 9, 10);
    pass(f, REO_MS);
    assert_true(was_sent(f, 7));
    pass(f, RTT_MS);
    SACK(f, 8, 9, 10);
    assert_true(was_sent(f, 8));
    pass(f, RTT_MS);
    ack(f, 10);
    assert_int_equal(flight(f), 0);
    assert_int_equal(f->t.retries, 0);
}

// ---------------------------------------------------------------- the rate, RFC 9937 6

// In flight more than ssthresh: in proportion, so that half is sent for what arrives. At the end
// cwnd is ssthresh.
static void proportional(struct fixture *f)
{
    unsigned sent = 0;

    open_with(f, 0);
    f->t.cwnd = 20000;
    write(f, 20);
    pass(f, RTT_MS);
    take(f);
    SACK(f, 0, 1, 4);
    user(f, AKSU_EV_WROTE, 60000);
    flush(f);
    assert_int_equal(f->t.ssthresh, 10000);
    sent += f->outs;
    assert_true(f->outs >= 1 && f->outs <= 2);
    for (unsigned i = 5; i <= 20; i++) {
        take(f);
        SACK(f, 0, 1, i);
        assert_true(f->outs <= 1); // no burst
        sent += f->outs;
    }
    assert_in_range(sent, 9, 10);
    assert_true(octets(f, 0) <= 10000);
    pass(f, RTT_MS);
    take(f);
    ack(f, 20);
    assert_int_equal(f->t.cwnd, 10000);
    assert_int_equal(f->t.flags & AKSU_F_RECOVERY, 0);
}

// The figures: DeliveredData * ssthresh / RecoverFS, of which RecoverFS leaves out what was SACKed
// before; in each recovery anew.
static void proportion(struct fixture *f)
{
    open_with(f, 0);
    for (unsigned first = 0; first <= 20; first += 20) {
        f->t.cwnd = 20000;
        f->t.ssthresh = 20000;
        write(f, 20);
        pass(f, RTT_MS);
        SACK(f, first, first + 1, first + 3);
        take(f);
        SACK(f, first, first + 1, first + 4);
        expect_count(f, 1);
        for (uint32_t i = 2; i <= 7; i++) {
            SACK(f, first, first + 1, first + 3 + i);
            assert_in_range(f->t.cwnd - octets(f, 0), i * 10000 / 18 - 1000 - 3,
                            i * 10000 / 18 - 1000);
            expect_count(f, 1);
        }
        pass(f, RTT_MS);
        ack(f, first + 20);
    }
}

// In flight less than ssthresh, after heavy losses: as much as arrives (conservative), one segment
// more when snd_una moves and no more is lost (slow start).
static void reduction_bound(struct fixture *f)
{
    open_with(f, 0);
    f->t.cwnd = 20000;
    write(f, 20);
    pass(f, RTT_MS);
    take(f);
    SACK(f, 0, 16, 19); // 16 lost; in flight: 19
    expect_count(f, 3); // as much as was delivered
    expect(f, 0, A, number(0), 1, 1000);
    take(f);
    SACK(f, 0, 16, 20);
    expect_count(f, 1);
    assert_int_equal(f->t.cwnd, octets(f, 0)); // and not an octet more
    pass(f, RTT_MS);
    take(f);
    SACK(f, 1, 16, 20);
    expect_count(f, 2);
    expect(f, 0, A, number(4), 1, 1000);
    take(f);
    SACK(f, 2, 16, 20);
    expect_count(f, 2);
    pass(f, RTT_MS);
    ack(f, 20);
    assert_int_equal(f->t.cwnd, 10000); // ssthresh, however little is in flight
}

// "SafeACK": one that moves SND.UNA, by however little.
static void safe_by_an_octet(struct fixture *f)
{
    open_with(f, 0);
    f->t.cwnd = 20000;
    write(f, 20);
    pass(f, RTT_MS);
    SACK(f, 0, 16, 20);
    pass(f, RTT_MS);
    take(f);
    struct aksu_segment s = blocks(f, 0, (const unsigned[]){16, 20, 0, 0});
    s.ack++;
    arrive_ack(f, s);
    expect_count(f, 1);
    expect(f, 0, A, number(4), 1, 1000);
}

// 6: "force a fast retransmit": the first is sent at once, whatever is in flight.
static void first_at_once(struct fixture *f)
{
    open_with(f, 0);
    f->t.cwnd = 30000;
    write(f, 30);
    pass(f, RTT_MS);
    f->t.cwnd = 8000; // as after another reduction
    take(f);
    SACK(f, 0, 1, 4);
    expect_count(f, 1);
    expect(f, 0, A, number(0), 1, 1000);
}

// RFC 3042 by what is in flight: what is SACKed makes room for new text, and cwnd stays.
static void limited_transmit(struct fixture *f)
{
    open_with(f, 0);
    write(f, 30);
    expect_count(f, 10);
    pass(f, RTT_MS);
    take(f);
    SACK(f, 0, 1, 2);
    expect_count(f, 1);
    expect(f, 0, A, number(10), 1, 1000);
    SACK(f, 0, 1, 3);
    expect_count(f, 2);
    expect(f, 1, A, number(11), 1, 1000);
    assert_int_equal(f->t.cwnd, 10000);
}

// ---------------------------------------------------------------- timeouts, RFC 8985 6.3, RFC 6298

// What is lost: the first, and what was sent longer ago than an ACK could take.
static void timeout_marks(struct fixture *f)
{
    open_with(f, 0);
    write(f, 2);
    pass(f, PTO_MS + RTO_MS - 110);
    take(f);
    write(f, 1);
    pass(f, 109);
    expect_count(f, 1);
    pass(f, 1);
    expect_count(f, 2);
    expect(f, 1, A, number(0), 1, 1000);
    assert_int_equal(octets(f, AKSU_RUN_LOST), 1000); // the second, not the third
    assert_int_equal(octets(f, 0), 2000);
    assert_int_equal(f->t.cwnd, 1000);
    assert_int_equal(f->t.ssthresh, 2000);
    assert_int_equal(f->t.backoff, 1);
}

static void timed_out(struct fixture *f, unsigned segments)
{
    write(f, segments);
    pass(f, PTO_MS + RTO_MS + (segments == 1 ? ACK_DELAY_MS : 0));
    assert_int_equal(f->t.retries, 1);
    assert_int_equal(f->t.cwnd, 1000);
    take(f);
}

// RFC 5681 3.1: a repeated timeout of the same segment reduces nothing more, and the backoff
// doubles. What makes progress ends it.
static void repeated_timeout(struct fixture *f)
{
    open_with(f, 0);
    timed_out(f, 10);
    assert_int_equal(f->t.ssthresh, 5000);
    pass(f, 2 * RTO_MS);
    expect_count(f, 1);
    expect(f, 0, A, number(0), 1, 1000);
    assert_int_equal(f->t.ssthresh, 5000);
    assert_int_equal(due(f), 4 * RTO_MS);
    pass(f, RTT_MS);
    take(f);
    ack(f, 1);
    expect(f, 0, A, number(1), 1, 1000);
    assert_int_equal(f->t.backoff, 0);
    assert_int_equal(due(f), RTO_MS);
    assert_int_equal(f->t.ssthresh, 5000);
}

// Progress is an octet, too: the backoff ends (RFC 6298 5.7 has the timer computed anew), and the
// window grows by as much (RFC 5681 3.1 equation 2).
static void progress_of_an_octet(struct fixture *f)
{
    open_with(f, 0);
    timed_out(f, 10);
    pass(f, RTT_MS);
    arrive_ack(f, seg(f, A, 1, number(0) + 1, 0, wnd));
    assert_int_equal(f->t.backoff, 0);
    assert_int_equal(f->t.cwnd, 1001);
}

// RFC 6675 5.1: a timeout ends the recovery; slow start takes its place.
static void timeout_in_recovery(struct fixture *f)
{
    third_sacked(f);
    pass(f, RTO_MS);
    assert_int_equal(f->t.retries, 1);
    assert_int_equal(f->t.flags & AKSU_F_RECOVERY, 0);
    assert_int_equal(f->t.recover, f->t.snd_max);
    assert_int_equal(f->t.cwnd, 1000);
    pass(f, RTT_MS);
    SACK(f, 1, 1, 4);
    assert_int_equal(f->t.cwnd, 2000);
}

// And none begins until all is acknowledged that was sent before it.
static void no_recovery_after_timeout(struct fixture *f)
{
    open_with(f, 0);
    write(f, 2);
    pass(f, PTO_MS + RTO_MS - 50);
    write(f, 4);
    pass(f, 50);
    assert_int_equal(f->t.retries, 1);
    uint32_t ssthresh = f->t.ssthresh;
    pass(f, RTT_MS);
    take(f);
    SACK(f, 1, 3, 6); // 2 is lost: it was not, at the time of the timeout
    assert_int_equal(octets(f, AKSU_RUN_SACKED), 3000);
    assert_true(was_sent(f, 1));
    assert_int_equal(octets(f, AKSU_RUN_LOST) + f->outs * UINT32_C(1000), 2000);
    assert_int_equal(f->t.ssthresh, ssthresh);
    assert_int_equal(f->t.flags & AKSU_F_RECOVERY, 0);
}

// After a timeout what was lost is sent in slow start, and only that.
static void slow_start_after_timeout(struct fixture *f)
{
    open_with(f, 0);
    timed_out(f, 10);
    pass(f, RTT_MS);
    SACK(f, 1, 5, 9);
    expect_count(f, 2);
    expect(f, 0, A, number(1), 1, 1000);
    expect(f, 1, A, number(2), 1, 1000);
}

// When all of it is acknowledged, growth and probes are as before.
static void after_timeout(struct fixture *f)
{
    open_with(f, 0);
    timed_out(f, 4);
    pass(f, RTT_MS);
    ack(f, 4);
    uint32_t cwnd = f->t.cwnd;
    write(f, 2);
    assert_true(due(f) < 600);
    pass(f, RTT_MS);
    ack(f, 5);
    assert_true(f->t.cwnd > cwnd);
}

// A retransmission that is sent again restarts the timer (RFC 6298 5.1).
static void timer_counts_from_retransmission(struct fixture *f)
{
    ready(f, 10);
    write(f, 10);
    SACK(f, 0, 1, 2, 3, 8);
    SACK(f, 0, 1, 2, 3, 10);
    assert_true(was_sent(f, 0) && was_sent(f, 2));
    pass(f, RTT_MS);
    ack(f, 2); // the second retransmission was lost
    pass(f, 10);
    take(f);
    SACK(f, 2, 3, 10);
    pass(f, RTT_MS);
    unsigned last = (unsigned)(f->t.snd_max - f->iss - number(0)) / 1000;
    SACK(f, 2, 3, last);
    assert_true(was_sent(f, 2));
    assert_int_equal(due(f), RTO_MS);
}

// RFC 2018 8: a timeout of what is SACKed: the peer has gone back on it, and on all.
static void reneging(struct fixture *f)
{
    ready(f, 6);
    SACK(f, 0, 1, 3, 4, 5);
    ack(f, 1); // does not take 1 and 2 in
    take(f);
    pass(f, 2 * RTO_MS);
    assert_int_equal(octets(f, AKSU_RUN_SACKED), 0);
    assert_true(was_sent(f, 1));
    for (unsigned next = 2; next <= 6; next++) {
        pass(f, RTT_MS);
        ack(f, next);
    }
    for (unsigned i = 1; i < 5; i++)
        assert_true(was_sent(f, i));
    assert_int_equal(flight(f), 0);
}

// The peer had it after all: its ACK tells of no reordering, for nothing beyond was delivered.
static void not_reneged(struct fixture *f)
{
    ready(f, 5);
    SACK(f, 0, 1, 5);
    pass(f, 70);
    ack(f, 1); // of 0 that was sent again, too soon to tell the time; does not take 1 in
    pass(f, 2 * RTO_MS);
    assert_int_equal(octets(f, AKSU_RUN_SACKED), 0);
    ack(f, 5);
    f->t.cwnd = 10000;
    write(f, 10);
    pass(f, RTT_MS);
    take(f);
    SACK(f, 5, 6, 9);
    assert_true(was_sent(f, 5)); // the third at once
}

// A SACK that was not gone back on outlives a timeout (RFC 6675 5.1).
static void sacked_through_timeout(struct fixture *f)
{
    ready(f, 4);
    SACK(f, 0, 2, 3);
    pass(f, REO_MS); // 0 and 1 again, both lost again
    take(f);
    pass(f, 2 * RTO_MS);
    assert_true(was_sent(f, 0));
    assert_int_equal(octets(f, AKSU_RUN_SACKED), 1000);
    pass(f, RTT_MS);
    ack(f, 1);
    pass(f, RTT_MS);
    assert_true(was_sent(f, 1));
    assert_false(was_sent(f, 2));
}

// ---------------------------------------------------------------- undoing

static void expect_undone(const struct fixture *f)
{
    assert_true(f->t.cwnd >= 10000);
    assert_true(f->t.ssthresh >= 10000);
    assert_int_equal(f->t.flags & AKSU_F_RECOVERY, 0);
    assert_int_equal(octets(f, AKSU_RUN_LOST), 0);
    assert_int_equal(f->t.backoff, 0);
}

// F-RTO, RFC 5682 3.1: what was sent before the timeout and never again is delivered after it.
static void f_rto(struct fixture *f)
{
    open_with(f, 0);
    timed_out(f, 10);
    pass(f, 60);
    SACK(f, 0, 3, 4);
    expect_undone(f);
    expect_count(f, 0);
    take(f);
    write(f, 5); // goes on as if nothing had been
    assert_true(f->outs > 0);
    expect(f, 0, A, number(10), 1, 1000);
}

// However many timeouts there were; also by the very last that was sent before them.
static void f_rto_of_repeated_timeouts(struct fixture *f)
{
    open_with(f, 0);
    f->t.cwnd = 8000;
    write(f, 9);
    pass(f, PTO_MS + RTO_MS + 2 * RTO_MS); // the probe is the ninth
    assert_int_equal(f->t.retries, 2);
    assert_int_equal(f->t.cwnd, 1000);
    SACK(f, 0, 8, 9);
    assert_int_equal(f->t.ssthresh, 4000); // 8000 again, and then what RACK finds lost
}

// Also of a second one, after an ACK that told nothing: what was before the first is given back.
static void f_rto_after_progress(struct fixture *f)
{
    open_with(f, 0);
    timed_out(f, 10);
    pass(f, RTT_MS);
    ack(f, 1);
    assert_int_equal(f->t.cwnd, 2000);
    pass(f, RTO_MS);
    assert_int_equal(f->t.retries, 1);
    SACK(f, 1, 8, 9);
    assert_int_equal(f->t.ssthresh, 4500); // half of what was in flight then
}

// What was lost before the timeout, too, is still found, and reduces once more.
static void loss_after_undoing(struct fixture *f)
{
    f_rto(f);
    uint32_t ssthresh = f->t.ssthresh;
    pass(f, REO_MS);
    assert_true(was_sent(f, 1));
    assert_true(f->t.flags & AKSU_F_RECOVERY);
    assert_true(f->t.ssthresh < ssthresh);
}

// It is undone before the link has taken the retransmission: that is not sent.
static void undone_before_sent(struct fixture *f)
{
    open_with(f, 0);
    write(f, 10);
    pass(f, PTO_MS);
    take(f);
    tick(f);
    arrive_only(f, 0, (const unsigned[]){3, 4, 0, 0});
    flush(f);
    expect_count(f, 0);
    assert_int_equal(f->t.cwnd, 10000);
}

// But an ACK of the retransmission takes in what may have waited for it: step 2b, nothing is known.
static void f_rto_not_by_the_first(struct fixture *fresh)
{
    for (unsigned next = 5; next <= 10; next += 5) {
        struct fixture f = *fresh;
        open_with(&f, 0);
        timed_out(&f, 10);
        pass(&f, RTT_MS);
        ack(&f, next);
        assert_true(f.t.cwnd <= 3000);
        assert_int_equal(f.t.ssthresh, 5000);
    }
}

// What was sent only after the timeout says nothing of it.
static void f_rto_not_by_new_text(struct fixture *f)
{
    open_with(f, 0);
    timed_out(f, 1);
    write(f, 3);
    pass(f, RTT_MS);
    ack(f, 1);
    write(f, 1);
    pass(f, RTT_MS);
    ack(f, 3);
    assert_true(f->t.cwnd < 10000);
}

// Nor while what was lost is still being sent again.
static void f_rto_not_by_text_after_it(struct fixture *f)
{
    open_with(f, 0);
    timed_out(f, 2);
    write(f, 3);
    pass(f, RTT_MS);
    ack(f, 1);
    assert_true(was_sent(f, 1) && was_sent(f, 2));
    pass(f, RTT_MS);
    SACK(f, 1, 2, 3);
    assert_true(f->t.cwnd < 10000);
}

// The ACK comes sooner than a retransmission's could.
static void acked_too_soon_for_a_retransmission(struct fixture *f)
{
    open_with(f, 0);
    timed_out(f, 10);
    pass(f, 45);
    ack(f, 1);
    expect_undone(f);
    f->t.cwnd = 7000;
    SACK(f, 1, 0, 1); // no more than once
    assert_int_equal(f->t.cwnd, 7000);
}

// Nor for the first one's, if there were two.
static void may_be_the_first_retransmission(struct fixture *f)
{
    open_with(f, 0);
    timed_out(f, 10);
    pass(f, 2 * RTO_MS);
    assert_int_equal(f->t.retries, 2);
    pass(f, 45);
    ack(f, 1);
    assert_int_equal(f->t.cwnd, 2000);
}

static void not_too_soon(struct fixture *f)
{
    open_with(f, 0);
    timed_out(f, 10);
    pass(f, 60);
    ack(f, 1);
    assert_int_equal(f->t.cwnd, 2000);
}

// RFC 3708: every retransmission came twice.
static void dsack_undoes(struct fixture *fresh)
{
    for (unsigned told = 1; told <= 2; told++) {
        struct fixture f = *fresh;
        ready(&f, 10);
        SACK(&f, 0, 2, 5);
        pass(&f, 5);
        SACK(&f, 0, 2, 9);
        expect_count(&f, 2);
        pass(&f, RTT_MS);
        ack(&f, 10);
        assert_int_equal(f.t.cwnd, 5000);
        for (unsigned i = 0; i < told; i++)
            SACK(&f, 10, i, i + 1);
        assert_int_equal(f.t.cwnd >= 10000, told == 2);
        if (told < 2)
            continue;
        f.t.cwnd = 7000;
        SACK(&f, 10, 1, 2); // no more than once
        assert_int_equal(f.t.cwnd, 7000);
    }
}

// What was sent again without need came, but late: that is reordering, and from then on three
// SACKed do not mean a loss at once (RFC 8985 4.2). After a timeout that was not needed all came
// late.
static void late_is_reordered(struct fixture *fresh)
{
    for (unsigned timeout = 0; timeout < 2; timeout++) {
        struct fixture f = *fresh;
        open_with(&f, 0);
        if (timeout) {
            timed_out(&f, 10);
            pass(&f, 45);
            ack(&f, 10);
        } else {
            write(&f, 10);
            pass(&f, RTT_MS);
            SACK(&f, 0, 1, 10);
            assert_true(was_sent(&f, 0));
            pass(&f, RTT_MS);
            ack(&f, 10);
            SACK(&f, 10, 0, 1);
        }
        expect_undone(&f);
        write(&f, 10);
        pass(&f, RTT_MS);
        take(&f);
        SACK(&f, 10, 11, 20);
        assert_int_equal(was_sent(&f, 10), timeout);
        pass(&f, RTT_MS);
        assert_true(was_sent(&f, 10));
    }
}

// It is undone once: another retransmission that was acknowledged too soon gives nothing more.
static void undone_once(struct fixture *f)
{
    ready(f, 10);
    SACK(f, 0, 2, 10);
    expect_count(f, 2);
    pass(f, 40);
    SACK(f, 1, 2, 10);
    expect_undone(f);
    f->t.cwnd = 7000;
    ack(f, 10);
    assert_true(f->t.cwnd < 10000);
}

// And where nothing was reduced there is nothing to undo: a probe that was not needed.
static void nothing_to_undo(struct fixture *f)
{
    undone_once(f);
    assert_int_equal(flight(f), 0);
    f->t.cwnd = 7000; // as after an idle time
    write(f, 2);
    pass(f, f->t.srtt / 4 + 2);
    expect(f, f->outs - 1, A, number(11), 1, 1000);
    pass(f, 40);
    ack(f, 12);
    assert_true(f->t.cwnd < 10000);
}

// The original may have been sent over some time: what is acknowledged so soon after the last of
// it is not taken for older than that.
static void sent_over_some_time(struct fixture *fresh)
{
    for (uint8_t span = 0; span <= 25; span += 25) {
        struct fixture f = *fresh;
        third_sacked(&f);
        pass(&f, 30);
        aksu_runs(&f.b.board)->span = span;
        SACK(&f, 1, 1, 4);
        assert_int_equal(f.t.cwnd >= 10000, span == 0);
    }
}

// A D-SACK before anything was sent again (the network's own duplicate) says nothing of the
// reduction, nor does it keep others from undoing it.
static void dsack_before_retransmission(struct fixture *f)
{
    open_with(f, 0);
    write(f, 10);
    pass(f, RTT_MS);
    ack(f, 1);
    f->t.cwnd = 10000;
    pass(f, PTO_MS);
    take(f);
    tick(f); // the timeout; what it calls for is not taken
    assert_int_equal(f->t.cwnd, 1000);
    arrive_only(f, 1, (const unsigned[]){0, 1, 0, 0});
    assert_int_equal(f->t.cwnd, 1000);
    arrive_only(f, 1, (const unsigned[]){4, 5, 0, 0});
    assert_int_equal(f->t.cwnd, 10000);
}

enum { FULL = 5, MARK = 0x5c };

// A board of FULL runs, with marked octets behind it.
static void small_board(struct fixture *f)
{
    f->b.board.size = FULL;
    memset(&f->b.slot[FULL], MARK, (RUNS - FULL) * sizeof f->b.slot[0]);
}

static void expect_full_board(const struct fixture *f)
{
    union aksu_slot behind[RUNS - FULL];

    memset(behind, MARK, sizeof behind);
    assert_int_equal(f->b.board.runs, FULL);
    assert_memory_equal(&f->b.slot[FULL], behind, sizeof behind);
}

// A board that is full writes nothing behind its runs. The link takes nothing: no run is merged.
static void timeout_on_full_board(struct fixture *f)
{
    small_board(f);
    ready(f, 10);
    SACK(f, 0, 1, 2, 3, 4);
    for (unsigned i = 0; i < 2; i++) {
        f->now += RTO_MS;
        user(f, AKSU_EV_TICK, 0); // RACK's, and the timeout
        expect_full_board(f);
    }
    assert_int_equal(f->t.retries, 1);
}

static void undone_on_full_board(struct fixture *f)
{
    small_board(f);
    open_with(f, 0);
    timed_out(f, 10);
    pass(f, 60);
    SACK(f, 0, 3, 4);
    expect_undone(f);
    expect_full_board(f);
}

// More retransmissions than are counted: the count stays, and one D-SACK does not undo.
static void dsack_of_many(struct fixture *f)
{
    ready(f, 10);
    SACK(f, 0, 6, 10);
    f->b.board.undo = UINT8_MAX - 1;
    pass(f, RTT_MS);
    SACK(f, 2, 6, 10);
    assert_true(was_sent(f, 2) && was_sent(f, 3));
    assert_int_equal(f->b.board.undo, UINT8_MAX);
    uint32_t ssthresh = f->t.ssthresh;
    SACK(f, 2, 0, 1);
    assert_int_equal(f->t.ssthresh, ssthresh);
    assert_true(f->t.flags & AKSU_F_RECOVERY);
}

// Also of a timeout, and of the last octets that were in flight then.
static void dsack_undoes_timeout(struct fixture *f)
{
    open_with(f, 0);
    timed_out(f, 1);
    pass(f, RTT_MS);
    ack(f, 1);
    assert_true(f->t.cwnd < 10000);
    SACK(f, 1, 0, 1);
    expect_undone(f);
}

// A D-SACK of what was sent later says nothing of the reduction.
static void dsack_of_others(struct fixture *f)
{
    third_sacked(f);
    pass(f, RTT_MS);
    ack(f, 10);
    write(f, 4);
    pass(f, RTT_MS);
    ack(f, 14);
    f->t.cwnd = 6000;
    SACK(f, 14, 12, 13);
    assert_int_equal(f->t.cwnd, 6000);
    SACK(f, 14, 0, 1);
    assert_int_equal(f->t.cwnd, 10000);
}

// ---------------------------------------------------------------- windows, FIN, MTU

// A window of zero: probes of one octet, which the peer may take or not.
static void zero_window(struct fixture *fresh)
{
    for (unsigned taken = 0; taken < 2; taken++) {
        struct fixture f = *fresh;
        open_with(&f, 0);
        wnd = 0;
        ack(&f, 0);
        set(&f, AKSU_NODELAY, 1);
        write(&f, 3);
        expect_count(&f, 0);
        for (unsigned i = 0; i < 5; i++) {
            take(&f);
            pass(&f, due(&f));
            expect_count(&f, 1);
            expect(&f, 0, A, number(0), 1, 1);
            ack(&f, 0);
        }
        assert_int_equal(f.t.cwnd, 10000);
        wnd = 65535;
        take(&f);
        arrive(&f, seg(&f, A, 1, number(0) + taken, 0, wnd));
        flush(&f);
        uint32_t sent = 0;
        for (unsigned i = 0; i < f.outs; i++)
            sent += f.out[i].len;
        assert_int_equal(sent, 3000 - taken);
        pass(&f, RTT_MS);
        ack(&f, 3);
        assert_int_equal(flight(&f), 0);
        assert_int_equal(f.t.timers & AKSU_TIMER_RTX, 0);
    }
}

// It closes with segments in flight: the first probe is sent after an RTO (SHLD-29), whether the
// ACK moves SND.UNA or not.
static void window_closes(struct fixture *fresh)
{
    for (unsigned next = 0; next <= 2; next += 2) {
        struct fixture f = *fresh;
        ready(&f, 4);
        wnd = 0;
        SACK(&f, next, 3, 4);
        assert_int_equal(due(&f), RTO_MS);
        pass(&f, RTO_MS);
        expect_count(&f, 1);
        assert_int_equal(f.out[0].len, 1);
    }
}

// Also when nothing is SACKed: no tail loss probe then.
static void window_closes_quietly(struct fixture *f)
{
    open_with(f, 0);
    write(f, 4);
    pass(f, 50);
    wnd = 0;
    ack(f, 0);
    assert_int_equal(due(f), RTO_MS);
    pass(f, RTO_MS);
    expect_count(f, 5);
    assert_int_equal(f->out[4].len, 1);
    assert_int_equal(octets(f, 0), 3999); // a probe of the window says nothing of what is in flight
}

// A window of one octet is none of zero: it is waited for what may be reordered.
static void window_of_one(struct fixture *f)
{
    ready(f, 4);
    wnd = 1;
    SACK(f, 0, 1, 2);
    assert_int_equal(due(f), REO_MS);
}

// With nothing in flight there is nothing to probe for.
static void window_opens_a_little(struct fixture *f)
{
    open_with(f, 0);
    wnd = 0;
    ack(f, 0);
    write(f, 1);
    wnd = 10;
    ack(f, 0);
    expect_count(f, 0);
    assert_int_equal(due(f), RTO_MS);
    pass(f, RTO_MS); // what the window takes is sent: that is no timeout of anything
    expect_count(f, 1);
    expect(f, 0, A, number(0), 1, 10);
    assert_int_equal(due(f), PTO_MS + ACK_DELAY_MS);
}

// The window closes with segments in flight that were lost: they are sent when it opens again.
static void window_closes_on_losses(struct fixture *f)
{
    ready(f, 10);
    wnd = 0;
    SACK(f, 0, 5, 10);
    take(f);
    pass(f, 3 * RTO_MS);
    for (unsigned i = 0; i < f->outs; i++)
        assert_int_equal(f->out[i].len, 1); // probes
    wnd = 65535;
    take(f);
    SACK(f, 0, 5, 10);
    pass(f, RTT_MS);
    SACK(f, 3, 5, 10);
    for (unsigned i = 0; i < 5; i++)
        assert_true(was_sent(f, i));
    assert_int_equal(f->t.retries, 0);
    ack(f, 10);
    assert_int_equal(flight(f), 0);
}

// It shrinks to less than what was lost (SHLD-16): only what it takes is sent, and that is.
static void window_shrinks(struct fixture *f)
{
    ready(f, 10);
    wnd = 500;
    SACK(f, 0, 1, 2, 4, 6);
    take(f);
    pass(f, RTO_MS);
    assert_true(f->outs > 0);
    for (unsigned i = 0; i < f->outs; i++)
        assert_true(f->out[i].seq + f->out[i].len - f->t.snd_una <= 500);
    wnd = 65535;
    take(f);
    SACK(f, 2, 4, 6);
    pass(f, RTT_MS);
    SACK(f, 3, 4, 6);
    assert_true(was_sent(f, 2));
    assert_true(was_sent(f, 3));
}

// To just what was lost: that is sent.
static void window_shrinks_to_the_loss(struct fixture *f)
{
    ready(f, 10);
    wnd = 1000;
    SACK(f, 0, 1, 4);
    expect_count(f, 1);
    expect(f, 0, A, number(0), 1, 1000);
}

// RFC 1191 6.4: what was too big is sent again at once, in smaller pieces.
static void path_mtu(struct fixture *f)
{
    open_with(f, 0);
    timed_out(f, 4);
    icmp(f, AKSU_ICMP_PTB, number(0), 600);
    flush(f);
    expect_count(f, 1);
    expect(f, 0, A, number(0), 1, 600);
    pass(f, RTT_MS);
    arrive(f, seg(f, A, 1, number(0) + 600, 0, wnd));
    flush(f);
    pass(f, RTT_MS); // what was sent behind it arrives: the rest of it did not
    take(f);
    struct aksu_segment s = blocks(f, 0, (const unsigned[]){1, 2, 0, 0});
    s.ack += 600;
    arrive_ack(f, s);
    pass(f, REO_MS);
    expect(f, 0, A, number(0) + 600, 1, 400);
    for (unsigned i = 0; i < f->outs; i++)
        assert_true(f->out[i].len <= 600);
}

// A FIN is probed for, found lost and sent again like text.
static void fin_alone(struct fixture *f)
{
    open_with(f, 0);
    user(f, AKSU_EV_SHUTDOWN, 0);
    flush(f);
    expect(f, 0, AKSU_FIN | A, number(0), 1, 0);
    take(f);
    pass(f, PTO_MS + ACK_DELAY_MS);
    expect_count(f, 1);
    expect(f, 0, AKSU_FIN | A, number(0), 1, 0);
    pass(f, RTO_MS);
    expect_count(f, 2);
    expect(f, 1, AKSU_FIN | A, number(0), 1, 0);
    arrive(f, seg(f, A, 1, number(0) + 1, 0, wnd));
    expect_state(f, AKSU_FIN_WAIT_2);
    assert_int_equal(f->t.timers & AKSU_TIMER_RTX, 0);
}

static void fin_with_text(struct fixture *f)
{
    open_with(f, 0);
    user(f, AKSU_EV_WROTE, 3000);
    user(f, AKSU_EV_SHUTDOWN, 0);
    flush(f);
    expect(f, 2, AKSU_FIN | A, number(2), 1, 1000);
    take(f);
    pass(f, PTO_MS);
    expect_count(f, 1);
    expect(f, 0, AKSU_FIN | A, number(2) + 1, 1, 999);
    pass(f, RTT_MS);
    struct aksu_segment s = blocks(f, 2, (const unsigned[]){0, 0});
    s.sacks = 1;
    s.sack[0].start = f->iss + number(2) + 1;
    s.sack[0].end = f->iss + number(3) + 1;
    take(f);
    arrive_ack(f, s); // what the probe told: one octet is missing
    pass(f, REO_MS);
    expect_count(f, 1);
    expect(f, 0, A, number(2), 1, 1);
    arrive(f, seg(f, A, 1, number(3) + 1, 0, wnd));
    expect_state(f, AKSU_FIN_WAIT_2);
}

static void fin_after_timeout(struct fixture *f)
{
    open_with(f, 0);
    user(f, AKSU_EV_WROTE, 3000);
    user(f, AKSU_EV_SHUTDOWN, 0);
    pass(f, PTO_MS + RTO_MS);
    take(f);
    for (unsigned next = 1; next <= 3; next++) {
        pass(f, RTT_MS);
        ack(f, next);
    }
    bool fin = false;
    for (unsigned i = 0; i < f->outs; i++)
        fin = fin || (f->out[i].flags & AKSU_FIN);
    assert_true(fin);
    arrive(f, seg(f, A, 1, number(3) + 1, 0, wnd));
    expect_state(f, AKSU_FIN_WAIT_2);
}

// ---------------------------------------------------------------- blocks, RFC 2018, 2883

// Blocks that cannot be change nothing.
static void impossible_blocks(struct fixture *fresh)
{
    static const struct {
        int32_t start, end;
    } rows[] = {
        {5000, 4000},   // reversed
        {4000, 4000},   // empty
        {9000, 11000},  // beyond SND.MAX
        {10001, 12000}, // all of it
        {-3000, -1000}, // long acknowledged: a D-SACK
        {-1000, 1000},  // from below SND.UNA on
        {0, 2000},      // from SND.UNA on
        {4000, INT32_MAX},
        {INT32_MIN, 4000},
        {0x60000000, -0x40000000}, // each is ahead of the one before, but they go round
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f = *fresh;
        ready(&f, 10);
        struct aksu_segment s = blocks(&f, 0, (const unsigned[]){0, 0});
        s.sacks = 1;
        s.sack[0].start = f.iss + number(0) + (uint32_t)rows[i].start;
        s.sack[0].end = f.iss + number(0) + (uint32_t)rows[i].end;
        arrive_ack(&f, s);
        assert_int_equal(octets(&f, 0), 10000);
        expect_count(&f, 0);
    }
}

// A peer that sends none: after a timeout it goes back as without a board, a segment at a time.
static void not_in_use(struct fixture *f)
{
    f->p.recovery = &aksu_rack;
    drive(f, AKSU_SYN_SENT);
    pass(f, RTT_MS);
    struct aksu_segment s = seg(f, SA, 0, 1, 0, 65535);
    s.options = AKSU_OPT_MSS;
    s.mss = MSS;
    arrive(f, s);
    flush(f);
    write(f, 4);
    take(f);
    pass(f, RTO_MS);
    assert_int_equal(f->t.retries, 1);
    expect_count(f, 1);
    expect(f, 0, A, 1, 1, 1000);
}

// What lies behind the blocks that count is none.
static void no_more_blocks(struct fixture *f)
{
    reordered(f);
    struct aksu_segment s = blocks(f, 2, (const unsigned[]){5, 6, 4, 8, 0, 0});
    s.sacks = 1;
    arrive_ack(f, s);
    assert_int_equal(octets(f, AKSU_RUN_SACKED), 1000);
    assert_int_equal(f->b.board.mult, 0); // it is within the second, but that is not there
    s = blocks(f, 2, (const unsigned[]){0, 1, 0, 0});
    s.sacks = 0;
    arrive_ack(f, s);
    assert_int_equal(f->b.board.mult, 0);
}

// Without the option's bit the blocks are not there.
static void no_sack_option(struct fixture *f)
{
    ready(f, 10);
    struct aksu_segment s = blocks(f, 0, (const unsigned[]){1, 5, 0, 0});
    s.options = 0;
    arrive_ack(f, s);
    assert_int_equal(octets(f, 0), 10000);
}

// Blocks overlap, repeat, and come four at a time: each octet counts once.
static void overlapping_blocks(struct fixture *f)
{
    ready(f, 10);
    f->t.flags |= AKSU_F_RECOVERY; // no loss is found meanwhile that would confuse the count
    f->t.recover = f->t.snd_max;
    f->t.ssthresh = 5000;
    SACK(f, 0, 2, 4, 3, 5, 2, 5, 7, 8);
    assert_int_equal(octets(f, AKSU_RUN_SACKED), 4000);
    SACK(f, 0, 1, 9);
    assert_int_equal(octets(f, AKSU_RUN_SACKED), 8000);
    SACK(f, 0, 3, 4);
    assert_int_equal(octets(f, AKSU_RUN_SACKED), 8000);
}

// RFC 2883 4: a first block within the second is a D-SACK; one that stands alone is not.
static void dsack_within(struct fixture *f)
{
    reordered(f);
    SACK(f, 2, 4, 5, 4, 6);
    assert_int_equal(f->b.board.mult, 1);
    assert_int_equal(octets(f, AKSU_RUN_SACKED), 2000);
}

static void what_is_a_dsack(struct fixture *fresh)
{
    static const struct {
        unsigned block[6];
        uint8_t mult;
    } rows[] = {
        {{1, 2}, 1},             // just below the ACK
        {{2, 3}, 0},             // just above it
        {{5, 6, 4, 8}, 1},       // within
        {{4, 8, 4, 8}, 1},       // the same
        {{3, 5, 4, 8}, 0},       // sticks out on the left
        {{5, 9, 4, 8}, 0},       // on the right
        {{8, 9, 4, 6}, 0},       // beside
        {{4, 6, 8, 9, 4, 6}, 0}, // only the second is compared
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f = *fresh;
        unsigned block[8] = {0};
        memcpy(block, rows[i].block, sizeof rows[i].block);
        reordered(&f);
        arrive_ack(&f, blocks(&f, 2, block));
        assert_int_equal(f.b.board.mult, rows[i].mult);
    }
}

// ---------------------------------------------------------------- the receiver's side

// RFC 5681 4.2: behind a gap the sender's window is small, and it needs to know: 16 segments are
// acknowledged at once, the next is delayed.
static void quick_after_gap(struct fixture *f)
{
    uint32_t at = 1001;

    open_with(f, 0);
    arrive(f, seg(f, A, at, number(0), 100, wnd)); // beyond a gap
    flush(f);
    expect_count(f, 1);
    arrive(f, seg(f, A, 1, number(0), 1000, wnd)); // which this fills
    flush(f);
    expect_count(f, 2);
    user(f, AKSU_EV_READ, 1100);
    flush(f);
    take(f);
    at = 1101;
    for (unsigned i = 0; i < 17; i++) {
        expect_count(f, i);
        arrive(f, seg(f, A, at, number(0), 0, wnd)); // an ACK alone is not acknowledged
        flush(f);
        expect_count(f, i);
        arrive(f, seg(f, A, at, number(0), 1, wnd));
        at++;
        flush(f);
        user(f, AKSU_EV_READ, 1);
        flush(f);
    }
    expect_count(f, 16);
    take(f);
    pass(f, 200);
    expect_count(f, 1); // the delayed one
}

// A large board holds as many ranges as it has runs.
static void many_ranges(struct fixture *f)
{
    struct {
        struct aksu_board board;
        union aksu_slot slot[2 * AKSU_LARGE];
    } large;
    struct aksu_effects fx;
    struct aksu_plan out;

    open_with(f, 0);
    memset(&large, 0, sizeof large);
    large.board.size = AKSU_LARGE;
    for (uint32_t i = 0; i <= AKSU_LARGE; i++) { // the last has no room
        struct aksu_segment s = seg(f, A, 101 + 200 * i, number(0), 100, wnd);
        struct aksu_event ev = {.kind = AKSU_EV_SEGMENT, .now_ms = f->now, .segment = &s};
        aksu_tcp_step(&f->p, &f->t, &large.board, &ev, &fx);
        assert_int_equal(f->t.ranges, i < AKSU_LARGE ? i + 1 : AKSU_LARGE);
    }
    assert_int_equal(aksu_tcp_plan(&f->p, &f->t, &large.board, f->now, &out), AKSU_NEXT_SEGMENT);
    assert_int_equal(out.segment.sacks, AKSU_RANGES);
    for (uint32_t i = 0; i < AKSU_RANGES; i++) // the most recent first (RFC 2018 4)
        assert_int_equal(out.segment.sack[i].start - f->irs, 101 + 200 * (AKSU_LARGE - 1 - i));
}

// ---------------------------------------------------------------- validation of cwnd, RFC 7661

static const struct aksu_congestion *const validated[] = {&aksu_cubic, &aksu_lossy};
enum { VALIDATED = sizeof validated / sizeof validated[0] };

// So many segments each round trip, and an ACK for each of them. Counts them in *next.
static void use(struct fixture *f, unsigned segments, unsigned *next)
{
    write(f, segments);
    pass(f, RTT_MS);
    for (unsigned i = 0; i < segments; i++)
        ack(f, ++*next);
    take(f);
}

// 4.3: what is not used is not known to be there. A window of which half is in use grows, with each
// ACK of what was in flight then; one of which less is stays as it is.
static void less_than_half(struct fixture *f, unsigned *next)
{
    for (unsigned round = 0; round < 20; round++)
        use(f, 4, next);
    assert_int_equal(f->t.cwnd, 10000);
    use(f, 5, next);
    assert_int_equal(f->t.cwnd, 15000);
    for (unsigned round = 0; round < 20; round++)
        use(f, 7, next);
    assert_int_equal(f->t.cwnd, 15000);
}

// And once it is used again it grows again.
static void all_of_it(struct fixture *f, unsigned *next)
{
    use(f, 10, next);
    assert_int_equal(f->t.cwnd, 20000);
    use(f, 2, next);
    use(f, 20, next);
    assert_int_equal(f->t.cwnd, 40000);
}

static void with_each(struct fixture *fresh, void (*uses)(struct fixture *, unsigned *))
{
    for (unsigned i = 0; i < VALIDATED; i++) {
        struct fixture f = *fresh;
        unsigned next = 0;
        f.p.congestion = validated[i];
        open_with(&f, 0);
        uses(&f, &next);
    }
}

static void window_not_used(struct fixture *fresh)
{
    with_each(fresh, less_than_half);
}

static void window_used_again(struct fixture *fresh)
{
    with_each(fresh, all_of_it);
}

// A small window of the receiver's that is full is not a sender's that sends little.
static void window_of_the_receiver(struct fixture *fresh)
{
    for (unsigned i = 0; i < VALIDATED; i++) {
        struct fixture f = *fresh;
        f.p.congestion = validated[i];
        open_with(&f, 0);
        wnd = 4000;
        ack(&f, 0);
        write(&f, 100);
        assert_int_equal(flight(&f), 4000);
        for (unsigned next = 0; next < 80;) {
            pass(&f, RTT_MS);
            for (unsigned k = 0; k < 4; k++)
                ack(&f, ++next);
            take(&f);
            assert_int_equal(f.t.cwnd, 10000 + next * UINT32_C(1000));
        }
    }
}

// ---------------------------------------------------------------- without

// A peer that sends no SACKs gets NewReno's recovery: the board is not in use.
static void no_sacks(struct fixture *f)
{
    f->p.recovery = &aksu_rack;
    drive_options(f, 0, 0);
    wnd = PEER_WND;
    user(f, AKSU_EV_WROTE, 4000);
    flush(f);
    arrive(f, seg(f, A, 1, 1, 0, wnd));
    arrive(f, seg(f, A, 1, 1, 0, wnd));
    take(f);
    arrive(f, seg(f, A, 1, 1, 0, wnd));
    flush(f);
    expect_count(f, 1);
    expect(f, 0, A, 1, 1, 1000);
    assert_true(f->t.flags & AKSU_F_RECOVERY);
    arrive(f, seg(f, A, 1, 1001, 0, wnd)); // partial
    flush(f);
    expect_count(f, 2);
    expect(f, 1, A, 1001, 1, 1000);
    assert_int_equal(f->b.board.runs, 0);
    pass(f, RTO_MS);
    assert_int_equal(f->t.retries, 1);
    assert_int_equal(f->t.snd_nxt, f->iss + 2001);
}

// A FIN may leave before our SYN is acknowledged, and is not on the board then: it is sent again
// all the same.
static void fin_before_open(struct fixture *f)
{
    f->p.recovery = &aksu_rack;
    open_passive(f);
    struct aksu_segment s = seg(f, AKSU_SYN, 0, 0, 0, 4000);
    s.options = AKSU_OPT_MSS | AKSU_OPT_SACK_PERMITTED;
    s.mss = MSS;
    arrive(f, s);
    flush(f);
    user(f, AKSU_EV_SHUTDOWN, 0);
    flush(f);
    expect_state(f, AKSU_FIN_WAIT_1);
    expect(f, 1, AKSU_FIN | A, 1, 1, 0);
    take(f);
    arrive(f, seg(f, A, 1, 1, 0, 4000));
    flush(f);
    pass(f, 3 * RTO_MS);
    assert_true(f->outs > 0);
    expect(f, 0, AKSU_FIN | A, 1, 1, 0);
    arrive(f, seg(f, A, 1, 2, 0, 4000));
    expect_state(f, AKSU_FIN_WAIT_2);
}

// A simultaneous open: what was sent before the peer's SYN was known is nothing to recover.
static void simultaneous_open(struct fixture *f)
{
    f->p.recovery = &aksu_rack;
    drive(f, AKSU_SYN_SENT);
    struct aksu_segment s = seg(f, AKSU_SYN, 0, 0, 0, 65535);
    s.options = AKSU_OPT_MSS | AKSU_OPT_SACK_PERMITTED;
    s.mss = MSS;
    arrive(f, s);
    flush(f);
    pass(f, 10);
    arrive(f, seg(f, A, 1, 1, 0, 65535));
    expect_state(f, AKSU_ESTABLISHED);
    take(f);
    user(f, AKSU_EV_WROTE, 10000);
    flush(f);
    expect_count(f, 10);
    wnd = 65535;
    pass(f, 10);
    take(f);
    struct aksu_segment sacked = seg(f, A, 1, 1, 0, wnd);
    sacked.options = AKSU_OPT_SACK;
    sacked.sacks = 1;
    sacked.sack[0].start = f->iss + 1001;
    sacked.sack[0].end = f->iss + 4001;
    arrive_ack(f, sacked);
    expect_count(f, 1);
    expect(f, 0, A, 1, 1, 1000);
}

// ---------------------------------------------------------------- little room

enum { SEGMENTS = 40, WAY = 24 };

// The peer of a bulk transfer, which has these segments.
struct peer {
    bool has[SEGMENTS];
    unsigned next;
};

static void peer_takes(struct peer *p, const struct fixture *f, const struct aksu_segment *s)
{
    uint32_t from = s->seq - f->iss - number(0);

    for (unsigned i = 0; i < SEGMENTS; i++)
        if (from <= i * UINT32_C(1000) && from + s->len >= (i + 1) * UINT32_C(1000))
            p->has[i] = true;
    while (p->next < SEGMENTS && p->has[p->next])
        p->next++;
}

// Its ACK tells the four highest ranges.
static void peer_acks(const struct peer *p, struct fixture *f)
{
    unsigned told[2 * AKSU_RANGES + 2] = {0}, n = 0;

    for (unsigned i = SEGMENTS; i > p->next && n < 2 * AKSU_RANGES; i--) {
        if (p->has[i - 1] && (i == SEGMENTS || !p->has[i])) {
            unsigned from = i - 1;
            while (from > p->next && p->has[from - 1])
                from--;
            told[n++] = from;
            told[n++] = i;
        }
    }
    arrive_ack(f, blocks(f, p->next, told));
}

// Sends every second segment into the void.
static void lose_every_second(struct fixture *f, struct peer *p, uint8_t runs)
{
    f->b.board.size = runs;
    open_with(f, 0);
    f->t.cwnd = 60000;
    for (unsigned i = 0; i < SEGMENTS; i += 10) {
        write(f, 10);
        for (unsigned o = 0; o < f->outs; o++)
            if (o % 2 != 0)
                peer_takes(p, f, &f->out[o]);
        take(f);
        pass(f, 7);
    }
    pass(f, RTT_MS);
}

// Each segment is with the peer after a round-trip time, or refused; its ACK with us at once.
// Counts what is sent until all is acknowledged, or the time is over.
static unsigned exchange(struct fixture *f, struct peer *p, uint32_t ms, bool refused)
{
    struct aksu_segment way[WAY];
    uint32_t at[WAY];
    unsigned sent = 0, arrived = 0;

    peer_acks(p, f);
    for (const uint32_t end = f->now + ms; f->now != end && flight(f) > 0;) {
        for (; arrived < sent && at[arrived % WAY] == f->now; arrived++) {
            if (!refused)
                peer_takes(p, f, &way[arrived % WAY]);
            peer_acks(p, f);
        }
        for (unsigned o = 0; o < f->outs; o++, sent++) {
            assert_true(sent - arrived < WAY);
            way[sent % WAY] = f->out[o];
            at[sent % WAY] = f->now + RTT_MS;
        }
        take(f);
        uint32_t hop = aksu_min32(due(f), end - f->now);
        pass(f, arrived < sent ? aksu_min32(hop, at[arrived % WAY] - f->now) : hop);
    }
    return sent;
}

// Where runs were merged it is not known what the peer has: in flight, neither lost nor SACKed.
static void merged(struct fixture *f)
{
    f->b.board.size = 4;
    ready(f, 10);
    SACK(f, 0, 8, 10, 5, 6);
    assert_true(was_sent(f, 0));
    const struct aksu_run *last = aksu_runs_end(&f->b.board) - 1;
    assert_true(last->flags & AKSU_RUN_VAGUE);
    assert_int_equal(last[1].start, f->b.board.end_seq);
    uint32_t lost = octets(f, AKSU_RUN_LOST);
    take(f);
    ack(f, 0); // no news
    assert_int_equal(octets(f, AKSU_RUN_LOST) + f->outs * UINT32_C(1000), lost);
}

// RFC 6582 3.2 step 3: a partial ACK that stops at such a run says that it begins with a loss; but
// an ACK of all that was sent before the recovery is none.
static void partial_ack(struct fixture *fresh)
{
    for (unsigned full = 0; full < 2; full++) {
        struct fixture f = *fresh;
        third_sacked(&f);
        f.t.cwnd = 20000;
        write(&f, 2); // 10 and 11, sent after the loss was found
        pass(&f, 5);
        struct aksu_run *r = aksu_board_split(&f.b.board, f.iss + number(full ? 10 : 1));
        for (; r < aksu_runs_end(&f.b.board); r++) {
            r->flags = AKSU_RUN_RETRANS | AKSU_RUN_VAGUE;
            r->at = (uint16_t)f.now; // later than the retransmission of 0
        }
        pass(&f, RTT_MS);
        take(&f);
        ack(&f, full ? 10 : 1);
        assert_int_equal(octets(&f, AKSU_RUN_LOST) > 0 || was_sent(&f, 10), !full);
    }
}

static const uint8_t board_sizes[] = {4, 5, 6, 8, RUNS};
enum { SIZES = sizeof board_sizes };

// More holes than a board has runs: all is delivered all the same, one hole in a round trip at the
// least (RFC 6582), and without a timeout.
static void many_holes(struct fixture *fresh)
{
    for (unsigned k = 0; k < SIZES; k++) {
        struct fixture f = *fresh;
        struct peer p = {{false}, 0};
        lose_every_second(&f, &p, board_sizes[k]);
        unsigned sent = exchange(&f, &p, 25 * RTT_MS, false);
        assert_int_equal(p.next, SEGMENTS);
        assert_int_equal(flight(&f), 0);
        assert_in_range(sent, SEGMENTS / 2, 2 * SEGMENTS);
    }
}

// A peer that takes no more, and says so: what it had is SACKed again and again. That is no sign
// of what was sent again: timeouts are, and back off (6 in a minute).
static void much_refused(struct fixture *fresh)
{
    for (unsigned k = 0; k < SIZES; k++) {
        struct fixture f = *fresh;
        struct peer p = {{false}, 0};
        lose_every_second(&f, &p, board_sizes[k]);
        unsigned sent = exchange(&f, &p, 60000, true);
        assert_int_equal(f.t.retries, 5);
        assert_in_range(sent, 6, 9);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(third_sacked),
        TEST(board_is_cleared),
        TEST(sent_after),
        TEST(holes_at_once),
        TEST(reordering_timer),
        TEST(reordering_timer_stops),
        TEST(reordering_timer_stays),
        TEST(no_window_in_recovery),
        TEST(reordering_seen),
        TEST(retransmission_is_no_reordering),
        TEST(window_widens),
        TEST(window_narrows),
        TEST(window_is_bounded),
        TEST(lost_retransmission),
        TEST(ack_too_soon),
        TEST(rtt_of_retransmission),
        TEST(latest_of_one_time),
        TEST(unknown_time),
        TEST(least_rtt),
        TEST(no_time_passes),
        TEST(again_within_a_millisecond),
        TEST(one_segment_at_least),
        TEST(long_silence),
        TEST(run_of_some_time),
        TEST(order_within_a_run),
        TEST(reordering_timer_and_retransmission),
        TEST(reordering_timer_becomes_rto),
        TEST(reordering_timer_late),
        TEST(reordering_timer_late_in_recovery),
        TEST(probe_timeout),
        TEST(probe_timeout_restarts),
        TEST(probe_timeout_restarts_by_an_octet),
        TEST(probe_outlives_update),
        TEST(probe_in_window),
        TEST(probe_after_rto),
        TEST(no_probe_without_rtt),
        TEST(probe_with_new_text),
        TEST(one_probe),
        TEST(no_probe_in_recovery),
        TEST(probe_repairs),
        TEST(probe_repairs_an_octet),
        TEST(probe_was_needless),
        TEST(probe_was_needless_at_once),
        TEST(probe_not_judged_early),
        TEST(no_probe_without_sample),
        TEST(probe_before_timeout),
        TEST(probe_overtaken),
        TEST(probe_and_text),
        TEST(tail_loss),
        TEST(proportional),
        TEST(proportion),
        TEST(reduction_bound),
        TEST(safe_by_an_octet),
        TEST(first_at_once),
        TEST(limited_transmit),
        TEST(timeout_marks),
        TEST(repeated_timeout),
        TEST(progress_of_an_octet),
        TEST(timeout_in_recovery),
        TEST(no_recovery_after_timeout),
        TEST(slow_start_after_timeout),
        TEST(after_timeout),
        TEST(timer_counts_from_retransmission),
        TEST(reneging),
        TEST(not_reneged),
        TEST(sacked_through_timeout),
        TEST(f_rto),
        TEST(f_rto_of_repeated_timeouts),
        TEST(f_rto_after_progress),
        TEST(loss_after_undoing),
        TEST(undone_before_sent),
        TEST(f_rto_not_by_the_first),
        TEST(f_rto_not_by_new_text),
        TEST(f_rto_not_by_text_after_it),
        TEST(acked_too_soon_for_a_retransmission),
        TEST(may_be_the_first_retransmission),
        TEST(not_too_soon),
        TEST(dsack_undoes),
        TEST(dsack_undoes_timeout),
        TEST(dsack_of_others),
        TEST(dsack_of_many),
        TEST(late_is_reordered),
        TEST(undone_once),
        TEST(nothing_to_undo),
        TEST(sent_over_some_time),
        TEST(dsack_before_retransmission),
        TEST(undone_on_full_board),
        TEST(timeout_on_full_board),
        TEST(zero_window),
        TEST(window_closes),
        TEST(window_closes_quietly),
        TEST(window_of_one),
        TEST(window_opens_a_little),
        TEST(window_closes_on_losses),
        TEST(window_shrinks),
        TEST(window_shrinks_to_the_loss),
        TEST(path_mtu),
        TEST(fin_alone),
        TEST(fin_with_text),
        TEST(fin_after_timeout),
        TEST(impossible_blocks),
        TEST(not_in_use),
        TEST(no_sack_option),
        TEST(no_more_blocks),
        TEST(overlapping_blocks),
        TEST(dsack_within),
        TEST(what_is_a_dsack),
        TEST(many_holes),
        TEST(much_refused),
        TEST(quick_after_gap),
        TEST(many_ranges),
        TEST(window_not_used),
        TEST(window_used_again),
        TEST(window_of_the_receiver),

        TEST(no_sacks),
        TEST(merged),
        TEST(partial_ack),
        TEST(fin_before_open),
        TEST(simultaneous_open),
    };
    return run_at_bases("recovery from SACKs: RFC 2018, 5682, 8985, 9937", tests,
                        sizeof tests / sizeof tests[0]);
}
