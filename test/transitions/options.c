// SPDX-License-Identifier: MIT
// TCP options: RFC 7323 window scale, timestamps and PAWS; RFC 2018 and 2883 SACK generation.
#include "harness.h"

#define A  AKSU_ACK
#define FA (AKSU_FIN | AKSU_ACK)
#define SA (AKSU_SYN | AKSU_ACK)

enum { TS = AKSU_OPT_TIMESTAMPS, WS = AKSU_OPT_WSCALE, SACK = AKSU_OPT_SACK_PERMITTED };
enum { PEER_TS = 5000 }; // TSval of the peer's SYN,ACK: see drive_options()

// Our TSval at this moment, read from what would answer an unacceptable segment.
static uint32_t our_tsval(const struct fixture *f)
{
    struct fixture probe = *f;
    struct aksu_segment s = seg(f, A, f->t.rcv_nxt - f->irs - 1, f->t.snd_una - f->iss, 0, 1);
    s.options = AKSU_OPT_TIMESTAMPS;
    s.tsval = f->t.ts_recent;
    arrive(&probe, s);
    assert_true(peek(&probe, &s));
    assert_true(s.options & TS);
    return s.tsval;
}

static struct aksu_segment stamped(const struct fixture *f, unsigned flags, uint32_t seq,
                                   uint32_t ack, uint32_t len, uint32_t tsval)
{
    struct aksu_segment s = seg(f, flags, seq, ack, len, PEER_WND);
    s.options = AKSU_OPT_TIMESTAMPS;
    s.tsval = tsval;
    s.tsecr = our_tsval(f);
    return s;
}

// R7323-01: only if both sides sent the option.
static void wscale_needs_both(struct fixture *fresh)
{
    struct fixture f = *fresh;
    drive_options(&f, 0, 0);
    arrive(&f, seg(&f, A, 1, 1, 0, 1000));
    assert_int_equal(f.t.snd_wnd, 1000);
    f = *fresh;
    f.p.window_scale = 0;
    drive_options(&f, WS, 7); // the peer answers what was not asked: no scaling
    arrive(&f, seg(&f, A, 1, 1, 0, 1000));
    assert_int_equal(f.t.snd_wnd, 1000);
}

// R7323-01: ours is not scaled either when the peer did not offer it.
static void wscale_needs_both_for_ours(struct fixture *f)
{
    f->rcv_buf = 200000;
    drive_options(f, 0, 0);
    give(f, A, 1, 1, 700);
    pass(f, 300);
    assert_true(f->outs > 0);
    assert_in_range(f->out[f->outs - 1].wnd, 65535 - 700, 65535);
}

// REC-1, R7323-03: scaled in 32 bits; a shift above 14 counts as 14.
static void wscale_shift(struct fixture *fresh)
{
    static const uint8_t shifts[] = {0, 1, 7, 14, 15, 31, 32, 255};
    for (size_t i = 0; i < sizeof shifts; i++) {
        struct fixture f = *fresh;
        drive_options(&f, WS, shifts[i]);
        assert_int_equal(f.t.snd_wnd, PEER_WND); // R7323-02: the SYN,ACK's is not scaled
        arrive(&f, seg(&f, A, 1, 1, 0, 0xffff));
        unsigned shift = shifts[i] < 14 ? shifts[i] : 14;
        assert_int_equal(f.t.snd_wnd, UINT32_C(0xffff) << shift);
    }
}

// R7323-02: nor is that of the SYN and of the SYN,ACK of a simultaneous open; the next one's is.
static void wscale_not_in_syn(struct fixture *f)
{
    drive(f, AKSU_SYN_SENT);
    struct aksu_segment s = seg(f, AKSU_SYN, 0, 0, 0, 1000);
    s.options = WS;
    s.wscale = 7;
    arrive(f, s);
    flush(f);
    expect_state(f, AKSU_SYN_RECEIVED);
    assert_int_equal(f->t.snd_wnd, 1000);
    s = seg(f, SA, 0, 1, 0, 1001);
    s.options = WS;
    s.wscale = 7;
    arrive(f, s);
    expect_state(f, AKSU_ESTABLISHED);
    assert_int_equal(f->t.snd_wnd, 1001);
    assert_int_equal(f->t.max_snd_wnd, 1001);
    arrive(f, seg(f, A, 1, 1, 0, 1000));
    assert_int_equal(f->t.snd_wnd, UINT32_C(1000) << 7);
}

// Our own window: enough shift for the buffer, right edge never beyond the room.
static void wscale_ours(struct fixture *fresh)
{
    static const uint32_t sizes[] = {
        1000, 65535, 65536, 200000, UINT32_C(1) << 20, UINT32_C(1) << 30};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct fixture f = *fresh;
        f.rcv_buf = sizes[i];
        open_active(&f);
        flush(&f);
        assert_true(f.out[0].options & WS);
        uint8_t shift = f.out[0].wscale;
        assert_true(shift <= 14);
        assert_true((UINT32_C(65535) << shift) >= sizes[i] - (sizes[i] >> 14)); // all but a granule
        assert_int_equal(f.out[0].wnd, sizes[i] < 65535 ? sizes[i] : 65535);
        struct aksu_segment s = seg(&f, SA, 0, 1, 0, PEER_WND);
        s.options = WS;
        arrive(&f, s);
        flush(&f);
        take(&f);
        give(&f, A, 1, 1, 700);
        pass(&f, 300);
        uint32_t offered = (uint32_t)f.out[0].wnd << shift;
        assert_true(offered <= sizes[i] - 700);
        assert_true(offered + (2u << shift) >= sizes[i] - 700);
    }
}

// A ring that is larger than the window field can tell: no update is due for what cannot be said.
static void ring_beyond_the_field(struct fixture *fresh)
{
    for (unsigned ws = 0; ws < 2; ws++) {
        struct fixture f = *fresh;
        f.rcv_buf = ws ? UINT32_C(1) << 30 : 200000;
        drive_options(&f, ws ? WS : 0u, 0);
        assert_int_equal(due(&f), UINT32_MAX);
        give(&f, A, 1, 1, 1000);
        give(&f, A, 1001, 1, 1000);
        expect_count(&f, 1);
        assert_int_equal(due(&f), UINT32_MAX);
    }
}

// R7323-04: granularity makes no stall and no shrinking: the edge offered never moves left.
static void wscale_granularity(struct fixture *f)
{
    uint32_t edge = 0, r = 7, held = 0;
    f->rcv_buf = 1000003;
    drive_options(f, WS, 0);
    uint8_t shift = f->t.rcv_wscale;
    assert_true(shift > 0);
    for (unsigned i = 0; i < 2000; i++) {
        r = r * 1664525u + 1013904223u;
        uint32_t n = (r >> 12) % 1000 + 1, before = f->t.rcv_nxt;
        give(f, A, before - f->irs, 1, n);
        held += f->t.rcv_nxt - before;
        if ((r >> 28) < 3) {
            user(f, AKSU_EV_READ, held);
            held = 0;
            flush(f);
        }
        for (unsigned j = 0; j < f->outs; j++) {
            uint32_t right = f->out[j].ack - f->irs + ((uint32_t)f->out[j].wnd << shift);
            assert_true((int32_t)(right - edge) > -(1 << shift));
            edge = (int32_t)(right - edge) > 0 ? right : edge;
        }
        take(f);
    }
    assert_true(f->t.rcv_nxt - f->irs > 500000);
}

// MUST-39: no update is sent that the field cannot tell, whatever has been read.
static void wscale_granularity_of_updates(struct fixture *f)
{
    f->rcv_buf = UINT32_C(1) << 30;
    drive_options(f, WS, 0);
    uint32_t granule = UINT32_C(1) << f->t.rcv_wscale;
    assert_true(granule > 4 * MSS);
    while (f->t.rcv_room > 0) {
        give(f, A, f->t.rcv_nxt - f->irs, 1,
             aksu_min32(f->t.rcv_adv - f->t.rcv_nxt, UINT32_C(1) << 28));
        pass(f, 300);
    }
    take(f);
    for (uint32_t read = MSS; read < granule; read += MSS) {
        user(f, AKSU_EV_READ, MSS);
        flush(f);
        expect_count(f, 0);
    }
    user(f, AKSU_EV_READ, MSS);
    flush(f);
    expect_count(f, 1);
    assert_int_equal(f->out[0].wnd, 1);
}

// R7323-04: the peer's right edge falls back by less than a granule: nothing new is sent beyond it,
// and nothing stalls.
static void wscale_granularity_of_the_peer(struct fixture *f)
{
    drive_options(f, WS, 7);
    set(f, AKSU_NODELAY, 1);
    arrive(f, seg(f, A, 1, 1, 0, 32));
    user(f, AKSU_EV_WROTE, 4096);
    flush(f);
    expect_count(f, 5);
    take(f);
    arrive(f, seg(f, A, 1, 101, 0, 31)); // 28 octets back
    user(f, AKSU_EV_WROTE, 1000);
    flush(f);
    expect_count(f, 0);
    assert_true(due(f) <= 1000);
    arrive(f, seg(f, A, 1, 4097, 0, 32));
    flush(f);
    expect_count(f, 1);
    expect(f, 0, A, 4097, 1, 1000);
}

// R7323-05: once negotiated, in each segment; TSecr is TS.Recent. MUST-16: MSS less 12 octets.
static void timestamps_everywhere(struct fixture *f)
{
    drive_options(f, TS, 0);
    user(f, AKSU_EV_WROTE, 3000);
    user(f, AKSU_EV_SHUTDOWN, 0);
    pass(f, 1000);
    arrive(f, stamped(f, A, 101, 1, 100, PEER_TS + 1));
    flush(f);
    assert_true(f->outs >= 5);
    for (unsigned i = 0; i < f->outs; i++) {
        assert_int_equal(f->out[i].options & TS, TS);
        assert_int_equal(f->out[i].tsecr, PEER_TS);
        assert_true(f->out[i].len <= MSS - 12);
    }
    assert_int_equal(f->out[0].len, MSS - 12);
    user(f, AKSU_EV_ABORT, 0);
    take(f);
    flush(f);
    expect_count(f, 1);
    assert_int_equal(f->out[0].options & TS, TS); // SHOULD in a RST
}

// The timestamp clock: 1 ms a tick here; it must not stand still nor run backwards.
static void timestamp_clock(struct fixture *f)
{
    drive_options(f, TS, 0);
    uint32_t before = our_tsval(f);
    f->now += 5000;
    uint32_t ticks = our_tsval(f) - before;
    assert_in_range(ticks, 5, 5000); // RFC 7323 5.4: 1 ms to 1 s a tick
}

// R7323-14: the offset is another for another connection.
static void timestamp_offset(struct fixture *fresh)
{
    struct fixture f = *fresh, g = *fresh;
    drive_options(&f, TS, 0);
    drive_options(&g, TS, 0);
    assert_int_equal(our_tsval(&f), our_tsval(&g));
    g.t.salt ^= 0x13579bdfu;
    assert_int_not_equal(our_tsval(&f), our_tsval(&g));
}

// Not negotiated: never sent, and ignored when it comes.
static void timestamps_not_negotiated(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    struct aksu_segment s = seg(f, A, 1, 1, 100, PEER_WND);
    s.options = TS;
    s.tsval = 1;
    arrive(f, s);
    assert_int_equal(f->fx.ready, 100);
    pass(f, 500);
    for (unsigned i = 0; i < f->outs; i++)
        assert_int_equal(f->out[i].options & TS, 0);
}

// R7323-06: a segment without the option is dropped, the connection lives; a RST is taken.
static void timestamp_missing(struct fixture *f)
{
    drive_options(f, TS, 0);
    arrive(f, seg(f, A, 1, 1, 100, PEER_WND));
    assert_int_equal(f->fx.mask & AKSU_FX_DELIVER, 0);
    assert_int_equal(f->t.rcv_nxt, f->irs + 1);
    expect_state(f, AKSU_ESTABLISHED);
    arrive(f, seg(f, AKSU_RST, 1, 0, 0, 0));
    expect_state(f, AKSU_CLOSED);
}

// R7323-11: PAWS: an old TSval in the window: ACK and drop. An equal one is fine.
static void paws(struct fixture *f)
{
    drive_options(f, TS, 0);
    arrive(f, stamped(f, A, 1, 1, 100, PEER_TS - 1));
    assert_int_equal(f->fx.mask, 0);
    flush(f);
    expect_count(f, 1);
    expect(f, 0, A, 1, 1, 0);
    arrive(f, stamped(f, A, 1, 1, 100, PEER_TS));
    assert_int_equal(f->fx.ready, 100);
    pass(f, 300);                                                 // acknowledged: TS.Recent follows
    arrive(f, stamped(f, A, 101, 1, 100, PEER_TS + 0x7fffffffu)); // modulo 2^32
    assert_int_equal(f->fx.ready, 100);
    pass(f, 300);
    arrive(f, stamped(f, A, 201, 1, 100, PEER_TS + 0x7ffffffeu));
    assert_int_equal(f->t.rcv_nxt, f->irs + 201);
}

// R7323-12: a RST is not subject to PAWS.
static void paws_not_for_rst(struct fixture *f)
{
    drive_options(f, TS, 0);
    arrive(f, stamped(f, AKSU_RST, 1, 1, 0, PEER_TS - 100));
    expect_state(f, AKSU_CLOSED);
}

// R7323-13: TS.Recent is not valid after 24 days.
static void paws_after_24_days(struct fixture *f)
{
    drive_options(f, TS, 0);
    f->now += 20u * 86400000u;
    struct fixture young = *f;
    arrive(&young, stamped(&young, A, 1, 1, 100, PEER_TS - 1));
    assert_int_equal(young.t.rcv_nxt, young.irs + 1);
    f->now += 5u * 86400000u;
    arrive(f, stamped(f, A, 1, 1, 100, PEER_TS - 1));
    assert_int_equal(f->t.rcv_nxt, f->irs + 101);
}

// R7323-10: TS.Recent: TSval >= TS.Recent and SEG.SEQ =< Last.ACK.sent.
static void ts_recent(struct fixture *f)
{
    drive_options(f, TS, 0);
    arrive(f, stamped(f, A, 101, 1, 100, PEER_TS + 10)); // out of order
    assert_int_equal(f->t.ts_recent, PEER_TS);
    arrive(f, stamped(f, A, 1, 1, 100, PEER_TS + 20)); // at the left edge
    assert_int_equal(f->t.ts_recent, PEER_TS + 20);
    flush(f);
    assert_int_equal(f->out[f->outs - 1].tsecr, PEER_TS + 20);
    // RFC 7323 4.3 (A): delayed ACKs echo the earliest segment that is not acknowledged yet
    arrive(f, stamped(f, A, 201, 1, 10, PEER_TS + 30));
    arrive(f, stamped(f, A, 211, 1, 10, PEER_TS + 40));
    flush(f);
    assert_int_equal(f->out[f->outs - 1].tsecr, PEER_TS + 30);
}

// R6298-06, RFC 7323 4.1: with timestamps a retransmitted segment gives a sample.
static void rtt_from_timestamps(struct fixture *f)
{
    drive_options(f, TS, 0);
    f->p.rto_min_ms = 1;
    f->t.srtt = 0; // as if none had been taken
    f->t.rttvar = 0;
    user(f, AKSU_EV_WROTE, 10);
    flush(f);
    uint32_t first = f->out[0].tsval;
    pass(f, 400);
    struct aksu_segment s = seg(f, A, 1, 11, 0, PEER_WND);
    s.options = TS;
    s.tsval = PEER_TS + 1;
    s.tsecr = first;
    arrive(f, s);
    assert_in_range(f->t.srtt, 399 * 8, 401 * 8);
    assert_in_range(aksu_tcp_rto(&f->p, &f->t), 1196, 1204);
}

// R6298-06: the echo tells which of two transmissions is acknowledged.
static void rtt_of_a_retransmission(struct fixture *f)
{
    drive_options(f, TS, 0);
    f->p.rto_min_ms = 1;
    f->t.srtt = 0;
    f->t.rttvar = 0;
    user(f, AKSU_EV_WROTE, 10);
    flush(f);
    pass(f, 1000);
    expect_count(f, 2);
    uint32_t second = f->out[1].tsval;
    pass(f, 100);
    struct aksu_segment s = seg(f, A, 1, 11, 0, PEER_WND);
    s.options = TS;
    s.tsval = PEER_TS + 1;
    s.tsecr = second;
    arrive(f, s);
    assert_in_range(f->t.srtt, 100 * 8, 101 * 8);
}

// R7323-09: only if SND.UNA advances.
static void rtt_needs_progress(struct fixture *f)
{
    drive_options(f, TS, 0);
    user(f, AKSU_EV_WROTE, 10);
    flush(f);
    struct aksu_tcb before = f->t;
    struct aksu_segment s = stamped(f, A, 1, 1, 0, PEER_TS + 1);
    s.tsecr = f->out[0].tsval - 900;
    pass(f, 10);
    arrive(f, s);
    assert_int_equal(f->t.srtt, before.srtt);
    assert_int_equal(f->t.rttvar, before.rttvar);
}

// A TSecr that cannot be (from the future) is not measured with.
static void rtt_impossible_echo(struct fixture *f)
{
    drive_options(f, TS, 0);
    user(f, AKSU_EV_WROTE, 10);
    flush(f);
    pass(f, 10);
    struct aksu_segment s = stamped(f, A, 1, 11, 0, PEER_TS + 1);
    s.tsecr = our_tsval(f) + 100000;
    arrive(f, s);
    assert_true(aksu_tcp_rto(&f->p, &f->t) <= 3000);
    assert_int_equal(f->t.snd_una, f->iss + 11);
}

// --- SACK ---

static void expect_block(const struct fixture *f, unsigned out, unsigned block, uint32_t start,
                         uint32_t end)
{
    const struct aksu_segment *s = &f->out[out];
    assert_true(out < f->outs);
    assert_true(s->options & AKSU_OPT_SACK);
    assert_true(block < s->sacks);
    assert_int_equal(s->sack[block].start - f->irs, start);
    assert_int_equal(s->sack[block].end - f->irs, end);
}

// R2018-02: never without the peer's SACK-Permitted.
static void sack_not_negotiated(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    give(f, A, 101, 1, 100);
    expect_count(f, 1);
    assert_int_equal(f->out[0].options & AKSU_OPT_SACK, 0);
    assert_int_equal(f->out[0].sacks, 0);
}

// R2018-01: SACK-Permitted counts on a SYN only.
static void sack_permitted_late(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    struct aksu_segment s = seg(f, A, 101, 1, 100, PEER_WND);
    s.options = SACK;
    arrive(f, s);
    flush(f);
    assert_int_equal(f->out[0].sacks, 0);
}

// R2018-03: the first block holds the segment that triggered the ACK; then the most recent ones.
static void sack_order(struct fixture *f)
{
    drive_options(f, SACK, 0);
    give(f, A, 101, 1, 100);
    expect_block(f, 0, 0, 101, 201);
    give(f, A, 301, 1, 100);
    expect_block(f, 1, 0, 301, 401);
    expect_block(f, 1, 1, 101, 201);
    give(f, A, 201, 1, 50); // touches the first island
    expect_block(f, 2, 0, 101, 251);
    expect_block(f, 2, 1, 301, 401);
    assert_int_equal(f->out[2].sacks, 2);
    give(f, A, 251, 1, 50); // joins them
    expect_block(f, 3, 0, 101, 401);
    assert_int_equal(f->out[3].sacks, 1);
    give(f, A, 1, 1, 100); // fills the gap
    expect(f, 4, A, 1, 401, 0);
    assert_int_equal(f->out[4].sacks, 0);
}

// R2018-04: four blocks without timestamps, three with them, the most recent ones.
static void sack_as_many_as_fit(struct fixture *fresh)
{
    for (unsigned ts = 0; ts < 2; ts++) {
        struct fixture f = *fresh;
        drive_options(&f, SACK | (ts ? TS : 0u), 0);
        for (uint32_t i = 0; i < 4; i++) {
            struct aksu_segment s = seg(&f, A, 101 + 200 * i, 1, 100, PEER_WND);
            if (ts)
                s = stamped(&f, A, 101 + 200 * i, 1, 100, PEER_TS);
            arrive(&f, s);
            flush(&f);
        }
        unsigned blocks = ts ? 3 : 4;
        assert_int_equal(f.out[3].sacks, blocks);
        for (unsigned b = 0; b < blocks; b++)
            expect_block(&f, 3, b, 701 - 200 * b, 801 - 200 * b);
    }
}

// R2883-01: a duplicate of what was delivered: first block below the ACK, once.
static void dsack_delivered(struct fixture *f)
{
    drive_options(f, SACK, 0);
    give(f, A, 1, 1, 500);
    pass(f, 300);
    take(f);
    give(f, A, 101, 1, 200);
    expect_count(f, 1);
    expect(f, 0, A, 1, 501, 0);
    expect_block(f, 0, 0, 101, 301);
    assert_int_equal(f->out[0].sacks, 1);
    take(f);
    give(f, A, 701, 1, 100);
    expect_count(f, 1);
    assert_int_equal(f->out[0].sacks, 1);
    expect_block(f, 0, 0, 701, 801);
}

// R2883-01: once: neither the answer to a keep-alive, nor a window update, nor data tells it again;
// what is held above goes on being told.
static void dsack_once(struct fixture *fresh)
{
    for (unsigned row = 0; row < 6; row++) {
        struct fixture f = *fresh;
        unsigned islands = row % 2;
        drive_options(&f, SACK, 0);
        give(&f, A, 1, 1, 1000);
        give(&f, A, 1001, 1, 1500);
        if (islands > 0)
            give(&f, A, 3001, 1, 100);
        pass(&f, 300);
        take(&f);
        give(&f, A, 101, 1, 200);
        expect_count(&f, 1);
        expect_block(&f, 0, 0, 101, 301);
        assert_int_equal(f.out[0].sacks, 1 + islands);
        take(&f);
        if (row / 2 == 0)
            give(&f, A, 2500, 1, 0); // keep-alive
        else
            user(&f, row / 2 == 1 ? AKSU_EV_READ : AKSU_EV_WROTE, 2500);
        flush(&f);
        assert_true(f.outs > 0);
        expect(&f, 0, A, 1, 2501, row / 2 == 2 ? MSS - 12 * islands : 0);
        assert_int_equal(f.out[0].sacks, islands);
        if (islands > 0)
            expect_block(&f, 0, 0, 3001, 3101);
    }
}

// RFC 2883 4.1: with an island above: D-SACK block first, then the island.
static void dsack_and_island(struct fixture *f)
{
    drive_options(f, SACK, 0);
    give(f, A, 1, 1, 500);
    give(f, A, 701, 1, 100);
    take(f);
    give(f, A, 1, 1, 500);
    expect_count(f, 1);
    expect_block(f, 0, 0, 1, 501);
    expect_block(f, 0, 1, 701, 801);
}

// RFC 2883 4.2: a duplicate of an island: the duplicate first, the island that holds it second.
static void dsack_in_island(struct fixture *f)
{
    drive_options(f, SACK, 0);
    give(f, A, 501, 1, 500);
    take(f);
    give(f, A, 701, 1, 100);
    expect_count(f, 1);
    expect(f, 0, A, 1, 1, 0);
    expect_block(f, 0, 0, 701, 801);
    expect_block(f, 0, 1, 501, 1001);
}

// R2883-02, R2018-07: a sender takes any blocks without harm.
static void sack_blocks_arrive(struct fixture *fresh)
{
    static const struct {
        uint32_t start;
        uint32_t end;
    } blocks[] = {{1, 501},   {0xffffff00u, 1}, {5000, 6000},      {700, 600},
                  {100, 100}, {0x80000000u, 5}, {501, 0xffffffffu}};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        struct fixture f = *fresh;
        drive_options(&f, SACK, 0);
        user(&f, AKSU_EV_WROTE, 3000);
        flush(&f);
        struct aksu_segment s = seg(&f, A, 1, 1, 0, PEER_WND);
        s.options = AKSU_OPT_SACK;
        s.sacks = 1;
        s.sack[0].start = f.iss + blocks[i].start;
        s.sack[0].end = f.iss + blocks[i].end;
        arrive(&f, s);
        flush(&f);
        assert_int_equal(f.t.snd_una, f.iss + 1);
        assert_int_equal(f.t.snd_buf, 3000); // R2018-06: nothing is thrown away
        give(&f, A, 1, 3001, 0);
        assert_int_equal(f.t.snd_buf, 0);
    }
}

// MUST-16: SACK blocks on a data segment come off its payload, too.
static void sack_blocks_and_data(struct fixture *f)
{
    drive_options(f, SACK | TS, 0);
    arrive(f, stamped(f, A, 101, 1, 100, PEER_TS));
    user(f, AKSU_EV_WROTE, 3000);
    flush(f);
    for (unsigned i = 0; i < f->outs; i++) {
        uint32_t options = 12 + (f->out[i].sacks > 0 ? 4u + 8u * f->out[i].sacks : 0u);
        assert_true(f->out[i].len + options <= MSS);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(wscale_needs_both),
        TEST(wscale_needs_both_for_ours),
        TEST(wscale_shift),
        TEST(wscale_not_in_syn),
        TEST(wscale_ours),
        TEST(ring_beyond_the_field),
        TEST(wscale_granularity),
        TEST(wscale_granularity_of_updates),
        TEST(wscale_granularity_of_the_peer),
        TEST(timestamps_everywhere),
        TEST(timestamp_clock),
        TEST(timestamp_offset),
        TEST(timestamps_not_negotiated),
        TEST(timestamp_missing),
        TEST(paws),
        TEST(paws_not_for_rst),
        TEST(paws_after_24_days),
        TEST(ts_recent),
        TEST(rtt_from_timestamps),
        TEST(rtt_of_a_retransmission),
        TEST(rtt_needs_progress),
        TEST(rtt_impossible_echo),
        TEST(sack_not_negotiated),
        TEST(sack_permitted_late),
        TEST(sack_order),
        TEST(sack_as_many_as_fit),
        TEST(dsack_delivered),
        TEST(dsack_once),
        TEST(dsack_and_island),
        TEST(dsack_in_island),
        TEST(sack_blocks_arrive),
        TEST(sack_blocks_and_data),
    };
    return run_at_bases("options: RFC 7323, 2018, 2883", tests, sizeof tests / sizeof tests[0]);
}
