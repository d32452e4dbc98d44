// SPDX-License-Identifier: MIT
// Path MTU discovery without ICMP: RFC 4821, with two numbers of RFC 8899. The path takes 100 ms
// there and back, both ends' MSS is 1460. Numbers are octets behind one that told the round-trip
// time.
#include "harness.h"

#define A  AKSU_ACK
#define SA (AKSU_SYN | AKSU_ACK)

enum {
    RTT_MS = 100,
    WHOLE = 1460,
    BASE = 984,
    LEAST = 472,
    TEN_MINUTES = 600000,
    UNIT_MS = 8192,
    TWO_UNITS = 2 * UNIT_MS
};

static uint16_t wnd; // window that the peer offers

static uint32_t una(const struct fixture *f)
{
    return f->t.snd_una - f->iss;
}

static uint32_t max(const struct fixture *f)
{
    return f->t.snd_max - f->iss;
}

static const struct aksu_path *path(const struct fixture *f)
{
    return &f->b.slot[f->b.board.size - 1].path;
}

static bool searching(const struct fixture *f)
{
    return path(f)->failed >= 0x80;
}

static void arrive_ack(struct fixture *f, struct aksu_segment s)
{
    if (f->t.flags & AKSU_F_TIMESTAMPS) {
        s.options |= AKSU_OPT_TIMESTAMPS;
        s.tsval = 5000;
        s.tsecr = f->now - RTT_MS + f->t.salt;
    }
    arrive(f, s);
    flush(f);
}

// An ACK, and a block if `to` is not 0.
static void ack(struct fixture *f, uint32_t number, uint32_t from, uint32_t to)
{
    struct aksu_segment s = seg(f, A, 1, number, 0, wnd);

    if (to > 0) {
        s.options = AKSU_OPT_SACK;
        s.sacks = 1;
        s.sack[0].start = f->iss + from;
        s.sack[0].end = f->iss + to;
    }
    arrive_ack(f, s);
}

static void write(struct fixture *f, uint32_t octets)
{
    user(f, AKSU_EV_WROTE, octets);
    flush(f);
}

// ESTABLISHED towards a peer of that MSS, a round-trip time known.
static void open_to(struct fixture *f, unsigned options, uint16_t mss)
{
    wnd = 65535;
    f->p.recovery = &aksu_plpmtud;
    f->mss = WHOLE;
    drive(f, AKSU_SYN_SENT);
    pass(f, RTT_MS);
    struct aksu_segment s = seg(f, SA, 0, 1, 0, wnd);
    s.options = (uint8_t)(AKSU_OPT_MSS | AKSU_OPT_SACK_PERMITTED | options);
    s.mss = mss;
    s.tsval = 5000;
    s.tsecr = f->now - RTT_MS + f->t.salt;
    arrive(f, s);
    write(f, 1);
    pass(f, RTT_MS);
    ack(f, 2, 0, 0);
    expect_state(f, AKSU_ESTABLISHED);
    f->t.cwnd = 20000;
    take(f);
}

static void open_with(struct fixture *f, unsigned options)
{
    open_to(f, options, WHOLE);
}

// The next timeout, and what it calls for.
static void time_out(struct fixture *f)
{
    unsigned retries = f->t.retries;

    take(f);
    while (f->t.retries == retries) {
        f->now += due(f);
        take(f);
        flush(f);
    }
}

// All that was sent arrives, and what follows.
static void all_arrives(struct fixture *f)
{
    pass(f, RTT_MS);
    while (f->t.snd_buf > 0)
        ack(f, max(f), 0, 0);
    f->t.cwnd = f->t.ssthresh = 20000;
    take(f);
}

// Nothing came through for so many timeouts; then all of it does.
static void outage(struct fixture *f, unsigned timeouts)
{
    write(f, 20000);
    while (timeouts-- > 0)
        time_out(f);
    all_arrives(f);
}

static void open_fallen(struct fixture *f)
{
    open_with(f, 0);
    outage(f, 3);
    assert_int_equal(f->t.snd_mss, BASE);
    assert_true(searching(f));
}

// A segment that is larger than the others was sent: which. The first is that of no run.
static unsigned probe_sent(struct fixture *f, uint32_t size)
{
    unsigned found = 0;

    for (unsigned i = 0; i < f->outs; i++) {
        assert_true(f->out[i].len <= f->t.snd_mss || f->out[i].len == size);
        found = f->out[i].len == size && !found ? i : found;
    }
    assert_true(found > 0);
    assert_int_equal(path(f)->probe, size);
    return found;
}

static void no_probe(const struct fixture *f)
{
    for (unsigned i = 0; i < f->outs; i++)
        assert_true(f->out[i].len <= f->t.snd_mss);
    assert_int_equal(path(f)->probe, 0);
}

// A probe of a size goes out, as the second segment, three follow. Returns the number of the first.
static uint32_t probe(struct fixture *f, uint32_t size)
{
    uint32_t from = max(f);

    assert_int_equal(una(f), from);
    take(f);
    write(f, size + 4u * f->t.snd_mss);
    assert_int_equal(probe_sent(f, size), 1);
    assert_int_equal(f->outs, 5);
    pass(f, RTT_MS);
    take(f);
    return from;
}

static void probe_arrives(struct fixture *f, uint32_t size)
{
    probe(f, size);
    ack(f, max(f), 0, 0);
    assert_int_equal(f->t.snd_mss, size);
    assert_int_equal(path(f)->probe, 0);
}

// It alone is lost.
static void probe_fails(struct fixture *f, uint32_t size)
{
    uint32_t mss = f->t.snd_mss;
    uint32_t from = probe(f, size);
    uint32_t cwnd = f->t.cwnd;
    uint32_t ssthresh = f->t.ssthresh;

    ack(f, from + mss, 0, 0);
    ack(f, from + mss, from + mss + size, max(f));
    assert_int_equal(f->t.flags & AKSU_F_RECOVERY, 0);
    assert_true(f->t.cwnd >= cwnd);
    assert_int_equal(f->t.ssthresh, ssthresh);
    pass(f, RTT_MS);
    ack(f, max(f), 0, 0);
    assert_int_equal(f->t.snd_mss, mss);
    assert_int_equal(path(f)->probe, 0);
    assert_int_equal(f->t.retries, 0);
}

// ---------------------------------------------------------------- black holes, RFC 4821 7.7

// "Full-stop timeout": the third timeout in a row is R1. What is in flight is cut anew.
static void black_hole(struct fixture *f)
{
    open_with(f, 0);
    write(f, 6 * WHOLE);
    for (unsigned i = 0; i < 2; i++) {
        time_out(f);
        expect_count(f, 1);
        expect(f, 0, A, 2, 1, WHOLE);
    }
    time_out(f);
    expect_count(f, 2);
    expect(f, 0, A, 2, 1, BASE);
    expect(f, 1, A, 2 + BASE, 1, WHOLE - BASE); // cwnd is that of the first timeout
    pass(f, RTT_MS);
    take(f);
    ack(f, 2 + BASE, 0, 0); // what is small gets through
    assert_true(f->outs > 0);
    for (uint32_t number = 2 + BASE; una(f) < 2 + 6 * WHOLE; number += BASE) {
        pass(f, RTT_MS);
        for (unsigned i = 0; i < f->outs; i++)
            assert_true(f->out[i].len <= BASE);
        take(f);
        ack(f, number < max(f) ? number : max(f), 0, 0);
    }
    assert_int_equal(f->t.snd_buf, 0);
}

// Half of it at the next, and no less at those that follow.
static void smaller_hole(struct fixture *f)
{
    open_with(f, 0);
    write(f, 6 * WHOLE);
    for (unsigned i = 0; i < 3; i++)
        time_out(f);
    expect(f, 0, A, 2, 1, BASE);
    for (unsigned i = 0; i < 3; i++) {
        time_out(f);
        expect(f, 0, A, 2, 1, LEAST);
    }
}

// The sizes are of packets: timestamps take their part.
static void beside_timestamps(struct fixture *f)
{
    open_with(f, AKSU_OPT_TIMESTAMPS);
    assert_int_equal(f->t.snd_mss, WHOLE - 12);
    write(f, 6 * WHOLE);
    for (unsigned i = 0; i < 3; i++)
        time_out(f);
    expect(f, 0, A, 2, 1, BASE - 12);
    time_out(f);
    expect(f, 0, A, 2, 1, LEAST - 12);
    time_out(f);
    expect(f, 0, A, 2, 1, LEAST - 12);
}

static void just_more_with_timestamps(struct fixture *f)
{
    open_to(f, AKSU_OPT_TIMESTAMPS, BASE + 12);
    assert_int_equal(f->t.snd_mss, BASE);
    write(f, 6 * BASE);
    for (unsigned i = 0; i < 3; i++)
        time_out(f);
    expect(f, 0, A, 2, 1, BASE - 12);
}

// What is in flight would fit: it is not its size.
static void small_flight(struct fixture *fresh)
{
    for (uint32_t more = 0; more < 2; more++) {
        struct fixture f = *fresh;
        open_with(&f, 0);
        write(&f, BASE + more);
        for (unsigned i = 0; i < 3; i++)
            time_out(&f);
        assert_int_equal(f.t.snd_mss, more ? BASE : WHOLE);
    }
}

// Nor is it the size that holds back the text of a peer whose window is closed.
static void closed_window(struct fixture *f)
{
    open_with(f, 0);
    write(f, 6 * WHOLE);
    pass(f, RTT_MS);
    wnd = 0;
    ack(f, 2 + WHOLE, 0, 0);
    for (unsigned i = 0; i < 5; i++)
        time_out(f);
    assert_int_equal(f->t.snd_mss, WHOLE);
}

// Progress between the timeouts: it is loss, not size.
static void progress_between(struct fixture *f)
{
    open_with(f, 0);
    write(f, 8 * WHOLE);
    for (uint32_t i = 1; i <= 4; i++) {
        time_out(f);
        time_out(f);
        pass(f, RTT_MS);
        ack(f, 2 + i * WHOLE, 0, 0);
        write(f, WHOLE);
        assert_int_equal(f->t.snd_mss, WHOLE);
    }
}

// A peer whose MSS is small already.
static void small_mss(struct fixture *f)
{
    open_to(f, 0, LEAST);
    write(f, 6 * WHOLE);
    for (unsigned i = 0; i < 5; i++)
        time_out(f);
    assert_int_equal(f->t.snd_mss, LEAST);
    assert_false(searching(f));
}

// ---------------------------------------------------------------- the search, RFC 4821 7.3 to 7.6

// Nothing is larger than both ends' MSS allow, and nothing is searched while that works.
static void nothing_to_find(struct fixture *f)
{
    open_with(f, 0);
    for (unsigned i = 0; i < 10; i++) {
        f->t.cwnd = 60000;
        write(f, 20000);
        pass(f, RTT_MS);
        for (unsigned n = 0; n < f->outs; n++)
            assert_true(f->out[n].len <= WHOLE);
        take(f);
        ack(f, max(f), 0, 0);
    }
    assert_false(searching(f));
    assert_int_equal(path(f)->ceiling, WHOLE);
}

// The peer's MSS is smaller than ours: it is the ceiling of the search, too.
static void peer_mss(struct fixture *f)
{
    open_to(f, 0, 1300);
    outage(f, 3);
    assert_int_equal(f->t.snd_mss, BASE);
    probe_arrives(f, 1300);
    assert_false(searching(f));
}

// A plain outage leaves nothing behind: the first probe is of the old size, and is believed.
static void outage_is_over(struct fixture *f)
{
    open_fallen(f);
    probe_arrives(f, WHOLE);
    assert_false(searching(f));
    take(f);
    write(f, 4 * WHOLE);
    for (unsigned i = 0; i < f->outs; i++)
        assert_int_equal(f->out[i].len, WHOLE);
    expect_count(f, 4);
}

// 7.6.1: its ACK, and no more.
static void probe_is_acked(struct fixture *f)
{
    open_fallen(f);
    uint32_t from = probe(f, WHOLE);
    ack(f, from + BASE, 0, 0);
    assert_int_equal(f->t.snd_mss, BASE);
    ack(f, from + BASE + WHOLE, 0, 0);
    assert_int_equal(f->t.snd_mss, WHOLE);
}

// A SACK is as good.
static void probe_is_sacked(struct fixture *f)
{
    open_fallen(f);
    uint32_t from = probe(f, WHOLE);
    ack(f, from, from + BASE, from + BASE + WHOLE);
    assert_int_equal(f->t.snd_mss, WHOLE);
}

// 7.6.2: a probe that is lost alone is sent again in pieces; the window stays. Three make it too
// large.
static void probe_is_lost(struct fixture *f)
{
    open_fallen(f);
    for (unsigned i = 0; i < 2; i++) {
        probe_fails(f, WHOLE);
        assert_int_equal(path(f)->high, WHOLE);
    }
    uint32_t from = probe(f, WHOLE);
    ack(f, from + BASE, from + BASE + WHOLE, max(f));
    expect_count(f, 2);
    expect(f, 0, A, from + BASE, 1, BASE);
    expect(f, 1, A, from + 2 * BASE, 1, WHOLE - BASE);
    assert_int_equal(path(f)->high, WHOLE - 1);
    pass(f, RTT_MS);
    ack(f, max(f), 0, 0);
    probe(f, 1222);
}

// 7.3: half-way between what works and what does not, while that is 16 octets or more.
static void search(struct fixture *f)
{
    static const struct {
        uint16_t size;
        bool fits;
    } probes[] = {{1460, false}, {1222, true},  {1341, true}, {1400, true},
                  {1430, false}, {1415, false}, {0, false}};

    open_fallen(f);
    for (unsigned i = 0; probes[i].size > 0; i++) {
        assert_true(searching(f));
        if (probes[i].fits) {
            probe_arrives(f, probes[i].size);
        } else {
            for (unsigned n = 0; n < 3; n++)
                probe_fails(f, probes[i].size);
        }
    }
    assert_false(searching(f));
    assert_int_equal(f->t.snd_mss, 1400);
    take(f);
    write(f, 15000);
    no_probe(f);
}

static void worth_a_probe(struct fixture *fresh)
{
    for (uint16_t less = 0; less < 2; less++) {
        struct fixture f = *fresh;
        open_fallen(&f);
        f.b.slot[f.b.board.size - 1].path.high = (uint16_t)(BASE + 34 - 2 * less);
        for (unsigned n = 0; n < 3; n++)
            probe_fails(&f, BASE + 17u - less);
        assert_int_equal(path(&f)->high, BASE + 16 - less);
        assert_int_equal(searching(&f), !less);
    }
}

// Two losses and a success leave no count of failures behind.
static void failures_in_a_row(struct fixture *f)
{
    open_fallen(f);
    for (unsigned i = 0; i < 3; i++)
        probe_fails(f, WHOLE);
    probe_fails(f, 1222);
    probe_fails(f, 1222);
    probe_arrives(f, 1222);
    probe_fails(f, 1341);
    assert_int_equal(path(f)->high, WHOLE - 1);
}

// 7.6.4: others are lost with it: that is congestion, and tells nothing of the size.
static void others_are_lost(struct fixture *f)
{
    open_fallen(f);
    for (unsigned i = 0; i < 3; i++) {
        uint32_t from = probe(f, WHOLE);
        f->t.ssthresh = 20000;
        ack(f, from, from + BASE + WHOLE, max(f)); // the one before it
        assert_true(f->t.flags & AKSU_F_RECOVERY);
        assert_true(f->t.ssthresh < 20000);
        assert_int_equal(path(f)->probe, 0);
        pass(f, RTT_MS);
        ack(f, max(f), 0, 0);
        f->t.cwnd = f->t.ssthresh = 20000;
    }
    assert_int_equal(path(f)->high, WHOLE);
    probe(f, WHOLE);
}

// What was sent again in its place is lost, too: that is congestion.
static void retransmission_is_lost(struct fixture *f)
{
    open_fallen(f);
    uint32_t from = probe(f, WHOLE);
    ack(f, from + BASE, from + BASE + WHOLE, max(f));
    assert_int_equal(f->t.flags & AKSU_F_RECOVERY, 0);
    write(f, 4 * BASE);
    pass(f, RTT_MS);
    ack(f, from + BASE, from + BASE + WHOLE, max(f));
    assert_true(f->t.flags & AKSU_F_RECOVERY);
}

// 7.6.3: a timeout is one, whatever it was; the probe counts as lost.
static void probe_times_out(struct fixture *f)
{
    open_fallen(f);
    for (unsigned i = 0; i < 3; i++) {
        uint32_t from = probe(f, WHOLE);
        ack(f, from + BASE, 0, 0);
        time_out(f);
        expect(f, 0, A, from + BASE, 1, BASE);
        assert_int_equal(f->t.cwnd, BASE);
        assert_int_equal(path(f)->probe, 0);
        all_arrives(f);
    }
    assert_int_equal(path(f)->high, WHOLE - 1);
}

// 7.4: "sufficient data in the queue", cwnd and the peer's window; one at a time.
static void room_for_a_probe(struct fixture *fresh)
{
    const uint32_t enough = WHOLE + 2 * BASE;

    for (unsigned i = 0; i < 6; i++) {
        struct fixture f = *fresh;
        uint32_t room = enough - i % 2;
        open_fallen(&f);
        wnd = (uint16_t)(i / 2 == 0 ? room : 20000);
        ack(&f, max(&f), 0, 0);
        f.t.cwnd = i / 2 == 1 ? room : 20000;
        write(&f, i / 2 == 2 ? room : 20000);
        if (i % 2 == 0)
            probe_sent(&f, WHOLE);
        else
            no_probe(&f);
    }
}

// Segments of the usual size wait until there is room for it: they would take each room that comes.
static void waits_for_room(struct fixture *f)
{
    open_fallen(f);
    f->t.cwnd = 3 * BASE; // for no probe
    write(f, 20000);
    expect_count(f, 3);
    no_probe(f);
    f->t.cwnd = 3 * BASE + WHOLE - 1;
    flush(f);
    expect_count(f, 3);
    f->t.cwnd++;
    flush(f);
    assert_int_equal(probe_sent(f, WHOLE), 3);
    expect_count(f, 4);
}

// But not a tail loss probe (RFC 8985 7).
static void tail_loss_probe_goes(struct fixture *f)
{
    open_fallen(f);
    f->t.cwnd = 3 * BASE;
    write(f, 20000);
    f->t.cwnd = 3 * BASE + WHOLE - 1;
    take(f);
    pass(f, 3 * RTT_MS);
    expect_count(f, 1);
    assert_int_equal(f->out[0].len, BASE);
    assert_int_equal(f->t.retries, 0);
}

static void one_at_a_time(struct fixture *f)
{
    open_fallen(f);
    write(f, 15000);
    unsigned probes = 0;
    for (unsigned i = 0; i < f->outs; i++)
        probes += f->out[i].len > BASE;
    assert_int_equal(probes, 1);
}

// Nor while something is lost.
static void not_in_recovery(struct fixture *f)
{
    open_fallen(f);
    f->t.cwnd = 3 * BASE; // for no probe
    write(f, 3 * BASE);
    no_probe(f);
    pass(f, RTT_MS);
    uint32_t from = una(f);
    ack(f, from, from + BASE, max(f));
    pass(f, RTT_MS / 2);
    assert_true(f->t.flags & AKSU_F_RECOVERY);
    f->t.cwnd = 20000;
    take(f);
    write(f, 15000);
    no_probe(f);
}

static void not_after_a_timeout(struct fixture *f)
{
    open_fallen(f);
    f->t.cwnd = 2 * BASE;
    write(f, 2 * BASE);
    time_out(f);
    f->t.cwnd = 20000;
    take(f);
    write(f, 15000);
    no_probe(f);
}

// SACKs that we send take room in the segment: none is larger then.
static void not_beside_sacks(struct fixture *f)
{
    open_fallen(f);
    arrive_ack(f, seg(f, A, 101, max(f), 100, wnd)); // a gap before it
    assert_int_equal(f->t.ranges, 1);
    take(f);
    write(f, 15000);
    no_probe(f);
}

// ---------------------------------------------------------------- after it

// RFC 8899 5.1.1, PMTU_RAISE_TIMER: 10 minutes later the path may be another.
static void raised_later(struct fixture *f)
{
    open_fallen(f);
    f->b.slot[f->b.board.size - 1].path.high = BASE + 32;
    probe_fails(f, 1000);
    probe_fails(f, 1000);
    pass(f, TEN_MINUTES);
    pass(f, UNIT_MS - 1 - (f->now + RTT_MS) % UNIT_MS); // it is over at the end of a unit
    probe_fails(f, 1000);
    assert_false(searching(f));
    for (uint32_t i = 0; i < 10; i++) {
        pass(f, TEN_MINUTES / 10 - 2 * RTT_MS);
        write(f, 10000);
        no_probe(f);
        all_arrives(f);
    }
    pass(f, TWO_UNITS);
    write(f, 10000);
    probe_sent(f, WHOLE);
}

// What a router tells is believed for as long.
static void told_by_icmp(struct fixture *f)
{
    open_with(f, 0);
    pass(f, TEN_MINUTES + 2 * TWO_UNITS); // since the last segment
    write(f, 6 * WHOLE);
    time_out(f);
    icmp(f, AKSU_ICMP_PTB, 2, 1200);
    assert_int_equal(f->t.snd_mss, 1200);
    flush(f);
    all_arrives(f);
    write(f, 10000);
    no_probe(f);
    all_arrives(f);
    pass(f, TEN_MINUTES + TWO_UNITS);
    write(f, 10000);
    probe_sent(f, WHOLE);
}

// ---------------------------------------------------------------- the board

// Runs that run out are merged: then nothing is claimed of the probe.
static void merged(struct fixture *f)
{
    open_fallen(f);
    uint32_t from = probe(f, WHOLE);
    struct aksu_run *r = aksu_runs(&f->b.board);
    assert_int_equal(f->b.board.runs, 3);
    assert_true(r[1].flags & AKSU_RUN_PATH);
    r[2].start = f->iss + from + BASE + WHOLE + BASE; // and the one behind it
    ack(f, max(f), 0, 0);
    assert_int_equal(f->t.snd_mss, BASE);
    assert_int_equal(path(f)->probe, 0);
}

// Or while an ACK is looked at.
static void merged_at_once(struct fixture *fresh)
{
    for (unsigned before = 0; before < 2; before++) {
        struct fixture f = *fresh;
        open_fallen(&f);
        f.b.board.size = 5;
        f.b.slot[4].path = f.b.slot[RUNS - 1].path;
        uint32_t from = probe(&f, WHOLE);
        struct aksu_run *r = aksu_runs(&f.b.board);
        assert_int_equal(f.b.board.runs, 3);
        r[0].flags = AKSU_RUN_LOST;
        r[2].flags = AKSU_RUN_SACKED;
        if (before)
            r[1].flags = AKSU_RUN_RETRANS | AKSU_RUN_VAGUE;
        ack(&f, from, from + 2 * BASE + WHOLE, from + 3 * BASE + WHOLE);
        assert_int_equal(path(&f)->probe, 0);
        assert_int_equal(f.t.snd_mss, BASE);
        pass(&f, RTT_MS);
        ack(&f, max(&f), 0, 0);
        assert_int_equal(f.t.snd_mss, BASE);
    }
}

// A tail loss probe sent part of it again: who knows what arrived.
static void sent_again(struct fixture *f)
{
    open_fallen(f);
    probe(f, WHOLE);
    aksu_runs(&f->b.board)[1].flags |= AKSU_RUN_RETRANS;
    ack(f, max(f), 0, 0);
    assert_int_equal(f->t.snd_mss, BASE);
    assert_int_equal(path(f)->probe, 0);
}

// RACK's runs, however many it could use, leave the path's place alone; nor does it keep what
// an earlier connection knew.
static void board_is_shared(struct fixture *f)
{
    open_with(f, 0);
    f->b.board.size = 5;
    memset(&f->b.slot[5], 0x5c, (RUNS - 5) * sizeof f->b.slot[0]);
    f->b.slot[4].path = f->b.slot[RUNS - 1].path;
    memset(&f->b.slot[4].path, 0, sizeof f->b.slot[4].path);
    for (unsigned i = 0; i < 13; i++) {
        write(f, WHOLE);
        pass(f, 20);
    }
    for (uint32_t i = 0; i < 6; i++)
        ack(f, 2, 2 + (2 * i + 1) * WHOLE, 2 + (2 * i + 2) * WHOLE);
    assert_true(f->b.board.runs <= 4);
    assert_int_equal(path(f)->ceiling, WHOLE);
    assert_int_equal(path(f)->high, WHOLE);
    assert_int_equal(path(f)->probe, 0);
    assert_int_equal(f->b.slot[5].run.start, 0x5c5c5c5c);
    assert_int_equal(f->b.board.size, 5);
}

// Where all runs are used there is room for that of a probe, too, and if SACKs must be forgotten.
static void full_board(struct fixture *fresh)
{
    for (unsigned sacked = 0; sacked < 2; sacked++) {
        struct fixture f = *fresh;
        struct aksu_run *r = aksu_runs(&f.b.board);
        open_fallen(&f);
        f.b.board.size = 5;
        f.b.slot[4].path = f.b.slot[RUNS - 1].path;
        f.t.cwnd = 3 * BASE; // for no probe
        write(&f, 3 * BASE);
        for (uint32_t i = 1; i < 4; i++)
            aksu_board_split(&f.b.board, f.t.snd_una + i * 100);
        assert_int_equal(f.b.board.runs, 4);
        r[0].flags = r[2].flags = sacked ? AKSU_RUN_SACKED : 0;
        f.t.cwnd = 20000;
        take(&f);
        write(&f, 15000);
        assert_true(f.b.board.runs <= 4);
        assert_int_equal(path(&f)->ceiling, WHOLE);
        assert_int_equal(path(&f)->high, WHOLE);
        pass(&f, RTT_MS);
        ack(&f, max(&f), 0, 0);
        assert_true(sacked || f.t.snd_mss == WHOLE); // what was merged tells nothing
    }
}

static void new_connection(struct fixture *f)
{
    memset(f->b.slot, 0x5a, sizeof f->b.slot);
    open_fallen(f);
    assert_int_equal(path(f)->ceiling, WHOLE);
    probe_arrives(f, WHOLE);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(black_hole),
        TEST(smaller_hole),
        TEST(beside_timestamps),
        TEST(just_more_with_timestamps),
        TEST(small_flight),
        TEST(closed_window),
        TEST(progress_between),
        TEST(small_mss),
        TEST(nothing_to_find),
        TEST(peer_mss),
        TEST(outage_is_over),
        TEST(probe_is_acked),
        TEST(probe_is_sacked),
        TEST(probe_is_lost),
        TEST(search),
        TEST(worth_a_probe),
        TEST(failures_in_a_row),
        TEST(others_are_lost),
        TEST(retransmission_is_lost),
        TEST(probe_times_out),
        TEST(room_for_a_probe),
        TEST(waits_for_room),
        TEST(tail_loss_probe_goes),
        TEST(one_at_a_time),
        TEST(not_in_recovery),
        TEST(not_after_a_timeout),
        TEST(not_beside_sacks),
        TEST(raised_later),
        TEST(told_by_icmp),
        TEST(merged),
        TEST(merged_at_once),
        TEST(sent_again),
        TEST(board_is_shared),
        TEST(full_board),
        TEST(new_connection),
    };
    return run_at_bases("path MTU discovery: RFC 4821", tests, sizeof tests / sizeof tests[0]);
}
