// SPDX-License-Identifier: MIT
// Timers: RFC 9293 3.8.1 to 3.8.4 and 3.10.8, RFC 6298; options and ICMP that bear on them.
#include "harness.h"

#define A  AKSU_ACK
#define FA (AKSU_FIN | AKSU_ACK)
#define SA (AKSU_SYN | AKSU_ACK)

// Opens with a round trip of r ms, then exchanges a segment for each further one of rtts.
static void round_trip(struct fixture *f, uint32_t r)
{
    uint32_t next = f->t.snd_nxt - f->iss;
    user(f, AKSU_EV_WROTE, 10);
    flush(f);
    pass(f, r);
    give(f, A, f->t.rcv_nxt - f->irs, next + 10, 0);
}

static void open_in(struct fixture *f, uint32_t r)
{
    open_active(f);
    flush(f);
    pass(f, r);
    give(f, SA, 0, 1, 0);
    expect_state(f, AKSU_ESTABLISHED);
    take(f);
}

static uint32_t rto(const struct fixture *f)
{
    return aksu_tcp_rto(&f->p, &f->t);
}

// R6298-01: 1 second before any sample.
static void rto_initial(struct fixture *f)
{
    open_active(f);
    flush(f);
    assert_int_equal(rto(f), 1000);
    assert_int_equal(due(f), 1000);
}

// R6298-02: SRTT = R, RTTVAR = R/2, RTO = SRTT + max(G, 4*RTTVAR) = 3R.
static void rto_first_sample(struct fixture *fresh)
{
    static const uint32_t rtts[] = {10, 100, 333, 900};
    for (size_t i = 0; i < 4; i++) {
        struct fixture f = *fresh;
        f.p.rto_min_ms = 1;
        open_in(&f, rtts[i]);
        assert_in_range(rto(&f), 3 * rtts[i] - 2, 3 * rtts[i] + 2);
    }
}

// R6298-03, MUST-18: RTTVAR before SRTT, beta 1/4, alpha 1/8, against floating point.
static void rto_later_samples(struct fixture *f)
{
    static const uint32_t rtts[] = {200, 50, 50, 400, 90, 700, 100, 100, 100, 30, 900, 5};
    double srtt = 100, rttvar = 50;
    open_in(f, 100);
    for (size_t i = 0; i < sizeof rtts / sizeof rtts[0]; i++) {
        double off = srtt - rtts[i];
        f->p.rto_min_ms = 5000; // so that no sample is lost to Karn
        round_trip(f, rtts[i]);
        f->p.rto_min_ms = 1;
        rttvar = 0.75 * rttvar + 0.25 * (off < 0 ? -off : off);
        srtt = 0.875 * srtt + 0.125 * rtts[i];
        double want = srtt + 4 * rttvar, got = rto(f);
        if (got < want - 8 || got > want + 8)
            fail_msg("sample %d: RTO %d, want %d", (int)i, (int)got, (int)want);
    }
}

// R6298-04: RTO below the minimum is rounded up. R6298-07: the variance term is at least G.
static void rto_minimum(struct fixture *f)
{
    open_in(f, 5);
    assert_int_equal(rto(f), 1000);
    f->p.rto_min_ms = 1;
    for (int i = 0; i < 100; i++) {
        round_trip(f, 64);
        take(f);
    }
    assert_in_range(rto(f), 65, 64 + 16);
}

// R6298-06, Karn: a segment that was sent again gives no sample; the backoff stays with the RTO.
static void karn(struct fixture *f)
{
    open_in(f, 100);
    struct aksu_tcb before = f->t;
    user(f, AKSU_EV_WROTE, 10);
    pass(f, 1100); // lost; sent again after 1 s
    expect_count(f, 2);
    give(f, A, 1, 11, 0);
    assert_int_equal(f->t.srtt, before.srtt);
    assert_int_equal(f->t.rttvar, before.rttvar);
    assert_int_equal(rto(f), 2000); // until a segment that was sent once is acknowledged
    round_trip(f, 100);
    assert_true(rto(f) < 2000);
}

// The same with timestamps: an echo from before the last timeout came with a copy that the peer had
// already. It tells how long the loss took to mend, not the path: no sample, but the backoff ends
// (cf. RFC 3522). An echo of what was sent since then is a sample (RFC 7323 4.1).
static void stale_echo(struct fixture *fresh)
{
    for (unsigned timeouts = 0; timeouts < 3; timeouts++) {
        for (unsigned echoed = 0; echoed <= timeouts; echoed++) {
            struct fixture f = *fresh;
            drive_options(&f, AKSU_OPT_TIMESTAMPS, 0);
            f.t.srtt = 100 * 8;
            f.t.rttvar = 10 * 4;
            user(&f, AKSU_EV_WROTE, 20);
            pass(&f, 1000 * ((1u << timeouts) - 1));
            expect_count(&f, 1 + timeouts);
            pass(&f, 150);
            assert_int_equal(rto(&f), 1000u << timeouts);
            struct aksu_segment s = seg(&f, A, 1, 11, 0, PEER_WND);
            s.options = AKSU_OPT_TIMESTAMPS;
            s.tsval = 5001;
            s.tsecr = f.out[echoed].tsval;
            arrive(&f, s);
            assert_int_equal(f.t.snd_una, f.iss + 11);
            assert_int_equal(f.t.srtt, 100 * 8 + (echoed == timeouts ? 150 - 100 : 0));
            assert_int_equal(rto(&f), 1000);
        }
    }
}

// Without a timeout each echo is a sample, also one from before an ACK that restarted the timer.
static void echo_before_restart(struct fixture *f)
{
    drive_options(f, AKSU_OPT_TIMESTAMPS, 0);
    user(f, AKSU_EV_WROTE, 2 * (MSS - 12));
    flush(f);
    expect_count(f, 2);
    for (uint32_t i = 1; i <= 2; i++) {
        pass(f, 100);
        f->t.srtt = 100 * 8;
        struct aksu_segment s = seg(f, A, 1, 1 + i * (MSS - 12), 0, PEER_WND);
        s.options = AKSU_OPT_TIMESTAMPS;
        s.tsval = 5001;
        s.tsecr = f->out[0].tsval;
        arrive(f, s);
        assert_int_equal(f->t.srtt, 100 * 8 + (i - 1) * 100);
    }
}

// R6298-10, MUST-19, R6298-05: 1, 2, 4 ... 32, then the maximum; the front alone is sent (SM-30).
static void backoff(struct fixture *f)
{
    static const uint32_t gaps[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 4000);
    pass(f, 190000);
    assert_true(f->outs >= 4 + 8);
    uint32_t at = f->out_at[0];
    for (unsigned i = 0; i < 8; i++) {
        at += gaps[i];
        assert_int_equal(f->out_at[4 + i], at);
        expect(f, 4 + i, A, 1, 1, 1000);
    }
}

// R6298-09: 5.1 to 5.3: armed by sending, stopped when all is acknowledged, restarted by new ACKs.
static void timer_management(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    assert_int_equal(due(f), UINT32_MAX);
    user(f, AKSU_EV_WROTE, 3000);
    flush(f);
    assert_int_equal(due(f), 1000);
    pass(f, 400);
    give(f, A, 1, 1001, 0);
    assert_int_equal(due(f), rto(f)); // 5.3
    pass(f, 400);
    give(f, A, 1, 1001, 0); // a duplicate is not new
    assert_int_equal(due(f), rto(f) - 400);
    give(f, A, 1, 3001, 0);
    assert_int_equal(due(f), UINT32_MAX); // 5.2
}

// R6298-08: 5.4: sending more does not move the timer.
static void timer_is_not_moved(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 1000);
    flush(f);
    pass(f, 700);
    user(f, AKSU_EV_WROTE, 1000);
    flush(f);
    assert_int_equal(due(f), 300);
}

// R6298-08: what is sent again is not sent a third time before an RTO from then.
static void timer_counts_from_retransmission(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 4000);
    flush(f);
    give(f, A, 1, 1001, 0);
    pass(f, 700);
    take(f);
    for (int i = 0; i < 3; i++)
        give(f, A, 1, 1001, 0);
    expect(f, f->outs - 1, A, 1001, 1, 1000);
    assert_int_equal(due(f), 1000);
}

// R6298-11: 5.7: the SYN was retransmitted: 3 s when data transmission begins.
static void syn_lost_three_seconds(struct fixture *f)
{
    open_active(f);
    pass(f, 1000);
    expect_count(f, 2);
    expect(f, 1, AKSU_SYN, 0, 0, 0);
    pass(f, 50);
    give(f, SA, 0, 1, 0);
    assert_int_equal(f->t.srtt, 0); // Karn
    user(f, AKSU_EV_WROTE, 10);
    flush(f);
    assert_int_equal(due(f), 3000);
}

// The same for a SYN,ACK.
static void syn_ack_lost_three_seconds(struct fixture *f)
{
    drive(f, AKSU_SYN_RECEIVED);
    pass(f, 1000);
    expect_count(f, 1);
    expect(f, 0, SA, 0, 1, 0);
    give(f, A, 1, 1, 0);
    user(f, AKSU_EV_WROTE, 10);
    flush(f);
    assert_int_equal(due(f), 3000);
}

// MUST-20, SHLD-9, SHLD-10: one advice, not before the third retransmission; then R2.
static void r1_and_r2(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 10);
    pass(f, 6900);
    expect_count(f, 3);
    assert_int_equal(f->troubles, 0);
    pass(f, 20000);
    assert_int_equal(f->troubles, 1);
    assert_int_equal(f->trouble_reason, AKSU_ETIMEDOUT);
    pass(f, 299000 - 26900); // SHLD-11: here 300 s
    expect_state(f, AKSU_ESTABLISHED);
    pass(f, 2000);
    expect_state(f, AKSU_CLOSED);
    assert_int_equal(f->closed_reason, AKSU_ETIMEDOUT);
    assert_int_equal(f->troubles, 1);
}

// R1 counts timeouts in a row: progress in between begins anew.
static void r1_after_progress(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 4000);
    pass(f, 3500); // two retransmissions
    give(f, A, 1, 1001, 0);
    take(f);
    while (f->outs < 2)
        pass(f, 100);
    assert_int_equal(f->troubles, 0);
    pass(f, 100000);
    assert_int_equal(f->troubles, 1);
}

// MUST-22: the same mechanism for the SYN.
static void r1_and_r2_syn(struct fixture *f)
{
    drive(f, AKSU_SYN_SENT);
    pass(f, 6900);
    assert_int_equal(f->troubles, 0);
    pass(f, 20000);
    assert_int_equal(f->troubles, 1);
    pass(f, 300000);
    expect_state(f, AKSU_CLOSED);
    assert_int_equal(f->closed_reason, AKSU_ETIMEDOUT);
}

// MUST-23: at least 3 minutes for a SYN, even if the profile's R2 is shorter.
static void syn_three_minutes(struct fixture *f)
{
    f->p.user_timeout_s = 100;
    open_active(f);
    pass(f, 179900);
    expect_state(f, AKSU_SYN_SENT);
    assert_true(f->now - f->out_at[f->outs - 1] <= f->p.rto_max_ms);
    pass(f, 100000);
    expect_state(f, AKSU_CLOSED);
}

// SM-29, MUST-21: user timeout: flush, signal once, CLOSED; in each state that waits for an ACK.
static void user_timeout(struct fixture *fresh)
{
    static const enum aksu_state states[] = {AKSU_SYN_SENT,   AKSU_ESTABLISHED, AKSU_FIN_WAIT_1,
                                             AKSU_CLOSE_WAIT, AKSU_CLOSING,     AKSU_LAST_ACK};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct fixture f = *fresh;
        drive(&f, states[i]);
        set(&f, AKSU_USER_TIMEOUT, 10);
        user(&f, AKSU_EV_WROTE, 10); // where it is possible
        flush(&f);
        pass(&f, 9990);
        expect_state(&f, states[i]);
        take(&f);
        pass(&f, 20);
        if (f.t.state != AKSU_CLOSED)
            fail_msg("%s: no user timeout", aksu_state_name(states[i]));
        assert_true(f.seen & AKSU_FX_CLOSED);
        assert_int_equal(f.closed_reason, AKSU_ETIMEDOUT);
        take(&f);
        pass(&f, 100000);
        assert_int_equal(f.seen, 0);
        expect_count(&f, 0);
        assert_int_equal(due(&f), UINT32_MAX);
    }
}

// MUST-21: R2 can be infinite.
static void user_timeout_never(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_USER_TIMEOUT, 65535);
    user(f, AKSU_EV_WROTE, 10);
    for (int i = 0; i < 60; i++) {
        pass(f, 60000);
        take(f);
    }
    pass(f, 61000);
    expect_state(f, AKSU_ESTABLISHED);
    assert_true(f->outs > 0);
}

// It can be made so, or be changed, while the clock runs.
static void user_timeout_changed(struct fixture *fresh)
{
    struct fixture f = *fresh;
    drive(&f, AKSU_ESTABLISHED);
    user(&f, AKSU_EV_WROTE, 10);
    flush(&f);
    struct fixture shorter = f;
    set(&f, AKSU_USER_TIMEOUT, 65535);
    pass(&f, 400000);
    expect_state(&f, AKSU_ESTABLISHED);
    set(&shorter, AKSU_USER_TIMEOUT, 20);
    pass(&shorter, 20010);
    expect_state(&shorter, AKSU_CLOSED);
}

// 3.8.3: progress restarts the user timeout; an idle connection has none.
static void user_timeout_is_of_progress(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_USER_TIMEOUT, 10);
    user(f, AKSU_EV_WROTE, 1000);
    user(f, AKSU_EV_WROTE, 1000);
    pass(f, 8000);
    give(f, A, 1, 1001, 0);
    pass(f, 8000);
    expect_state(f, AKSU_ESTABLISHED);
    give(f, A, 1, 2001, 0);
    pass(f, 3000000);
    expect_state(f, AKSU_ESTABLISHED);
}

// R4987-04: a half-open connection is given up after syn_ack_tries SYN,ACKs, without a word.
static void syn_ack_tries(struct fixture *f)
{
    drive(f, AKSU_LISTEN);
    give(f, AKSU_SYN, 0, 0, 0);
    pass(f, 400000);
    expect_count(f, f->p.syn_ack_tries);
    for (unsigned i = 0; i < f->outs; i++)
        expect(f, i, SA, 0, 1, 0);
    assert_true(f->t.state == AKSU_LISTEN || f->t.state == AKSU_CLOSED);
    assert_int_equal(due(f), UINT32_MAX);
}

// 3.10.8, MUST-13: TIME-WAIT lasts 2 MSL, to the millisecond.
static void time_wait(struct fixture *f)
{
    drive(f, AKSU_TIME_WAIT);
    pass(f, 2 * f->p.msl_ms - 1);
    expect_state(f, AKSU_TIME_WAIT);
    pass(f, 1);
    expect_state(f, AKSU_CLOSED);
    assert_int_equal(f->closed_reason, AKSU_OK);
    expect_count(f, 0);
}

// TIME-WAIT turns off the other timers (3.10.7.4 eighth).
static void time_wait_stops_other_timers(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_KEEPALIVE, 1);
    set(f, AKSU_KEEPALIVE_IDLE, 5);
    user(f, AKSU_EV_SHUTDOWN, 0);
    flush(f);
    give(f, FA, 1, 2, 0);
    expect_state(f, AKSU_TIME_WAIT);
    take(f);
    assert_int_equal(due(f), 2 * f->p.msl_ms);
}

// FIN-WAIT-2 ends by timeout after CLOSE, never after a half-close (RFC 9293 3.6).
static void fin_wait_2(struct fixture *fresh)
{
    struct fixture f = *fresh;
    drive(&f, AKSU_FIN_WAIT_2);
    assert_int_equal(due(&f), UINT32_MAX);
    user(&f, AKSU_EV_CLOSE, 0); // now it is a full close
    pass(&f, f.p.fin_wait_2_ms - 1);
    expect_state(&f, AKSU_FIN_WAIT_2);
    pass(&f, 1);
    expect_state(&f, AKSU_CLOSED);
    f = *fresh;
    drive(&f, AKSU_ESTABLISHED);
    user(&f, AKSU_EV_CLOSE, 0);
    flush(&f);
    give(&f, A, 1, 2, 0);
    expect_state(&f, AKSU_FIN_WAIT_2);
    assert_int_equal(due(&f), f.p.fin_wait_2_ms);
    pass(&f, f.p.fin_wait_2_ms);
    expect_state(&f, AKSU_CLOSED);
}

// CLOSE with linger: what is queued may take so long, acknowledged in part or not.
static void linger(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 3000);
    user(f, AKSU_EV_CLOSE, 5000);
    flush(f);
    pass(f, 3000);
    give(f, A, 1, 1001, 0);
    pass(f, 1999);
    expect_state(f, AKSU_FIN_WAIT_1);
    take(f);
    pass(f, 1);
    expect_state(f, AKSU_CLOSED);
    assert_true(f->seen & AKSU_FX_CLOSED);
    assert_int_not_equal(f->closed_reason, AKSU_OK);
}

// Linger ends with the acknowledgment of all: it does not abort FIN-WAIT-2.
static void linger_is_met(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 100);
    user(f, AKSU_EV_CLOSE, 5000);
    flush(f);
    give(f, A, 1, 102, 0);
    expect_state(f, AKSU_FIN_WAIT_2);
    pass(f, 6000);
    expect_state(f, AKSU_FIN_WAIT_2);
}

static void keep_alive_on(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_KEEPALIVE, 1);
    set(f, AKSU_KEEPALIVE_IDLE, 30);
    set(f, AKSU_KEEPALIVE_INTERVAL, 10);
    set(f, AKSU_KEEPALIVE_COUNT, 3);
}

// MUST-25, MUST-24: off by default, and after it was turned off.
static void keep_alive_default_off(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    assert_int_equal(due(f), UINT32_MAX);
    set(f, AKSU_KEEPALIVE, 1);
    assert_int_equal(due(f), 7200000); // MUST-28
    set(f, AKSU_KEEPALIVE, 0);
    assert_int_equal(due(f), UINT32_MAX);
}

// MUST-27, SHLD-12: <SEQ=SND.NXT-1>, no data, at the configured interval.
static void keep_alive_probe(struct fixture *f)
{
    keep_alive_on(f);
    pass(f, 29999);
    expect_count(f, 0);
    pass(f, 1);
    expect_count(f, 1);
    expect(f, 0, A, 0, 1, 0);
    assert_int_equal(f->t.snd_nxt, f->iss + 1);
}

// After a half-close the peer may idle for long: keep-alive works there too; after a full close
// FIN-WAIT-2 has its own timeout.
static void keep_alive_half_closed(struct fixture *f)
{
    keep_alive_on(f);
    user(f, AKSU_EV_SHUTDOWN, 0);
    flush(f);
    give(f, A, 1, 2, 0);
    expect_state(f, AKSU_FIN_WAIT_2);
    take(f);
    pass(f, 30000);
    expect_count(f, 1);
    expect(f, 0, A, 1, 1, 0);
    give(f, A, 1, 2, 0);
    user(f, AKSU_EV_CLOSE, 0);
    take(f);
    pass(f, f->p.fin_wait_2_ms - 1);
    expect_state(f, AKSU_FIN_WAIT_2);
    expect_count(f, 0);
    pass(f, 1);
    expect_state(f, AKSU_CLOSED);
}

// MUST-29: one lost probe is not a dead connection; COUNT of them are.
static void keep_alive_fails(struct fixture *f)
{
    keep_alive_on(f);
    pass(f, 55000);
    expect_count(f, 3);
    give(f, A, 1, 1, 0); // the third is answered
    take(f);
    pass(f, 29999);
    expect_count(f, 0);
    pass(f, 1 + 20000);
    expect_count(f, 3);
    expect_state(f, AKSU_ESTABLISHED);
    pass(f, 10000);
    expect_state(f, AKSU_CLOSED);
    assert_int_equal(f->closed_reason, AKSU_ETIMEDOUT);
}

// MUST-26: not while data is outstanding, nor within the interval after something was received.
static void keep_alive_only_when_idle(struct fixture *f)
{
    keep_alive_on(f);
    pass(f, 20000);
    give(f, A, 1, 1, 10);
    pass(f, 29000);
    for (unsigned i = 0; i < f->outs; i++)
        assert_int_equal(f->out[i].seq, f->iss + 1); // the delayed ACK only
    take(f);
    user(f, AKSU_EV_WROTE, 10);
    pass(f, 60000);
    assert_true(f->outs > 2);
    for (unsigned i = 0; i < f->outs; i++)
        assert_int_equal(f->out[i].len, 10); // retransmissions, no probe
}

// A peer's keep-alive is answered: <SEQ=RCV.NXT-1> is not acceptable (3.10.7.4 first).
static void keep_alive_is_answered(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    give(f, A, 0, 1, 0);
    expect_count(f, 1);
    expect(f, 0, A, 1, 1, 0);
    give(f, A, 0, 1, 1); // with one garbage octet
    expect_count(f, 2);
    assert_int_equal(f->t.rcv_nxt, f->irs + 1);
}

// MUST-47, MUST-56, R5927-02: soft errors report and change nothing; nor do hard ones, once
// synchronized.
static void icmp_soft(struct fixture *fresh)
{
    static const enum aksu_state states[] = {AKSU_SYN_SENT,   AKSU_SYN_RECEIVED, AKSU_ESTABLISHED,
                                             AKSU_FIN_WAIT_1, AKSU_CLOSE_WAIT,   AKSU_CLOSING,
                                             AKSU_LAST_ACK};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        for (unsigned class = AKSU_ICMP_SOFT; class <= AKSU_ICMP_HARD; class ++) {
            struct fixture f = *fresh;
            drive(&f, states[i]);
            user(&f, AKSU_EV_WROTE, 100);
            flush(&f);
            if (class == AKSU_ICMP_HARD && states[i] < AKSU_ESTABLISHED)
                continue;
            icmp(&f, (enum aksu_icmp_class) class, f.t.snd_una - f.iss,
                 (uint32_t)AKSU_EHOSTUNREACH);
            expect_state(&f, states[i]);
            assert_int_equal(f.fx.mask & AKSU_FX_CLOSED, 0);
            if (states[i] >= AKSU_ESTABLISHED) {
                assert_int_equal(f.fx.mask, AKSU_FX_TROUBLE);
                assert_int_equal(f.fx.reason, AKSU_EHOSTUNREACH);
            }
        }
    }
}

// SHLD-26: a hard error ends SYN-SENT. R5927-01: only if it quotes what is in flight.
static void icmp_hard(struct fixture *f)
{
    drive(f, AKSU_SYN_SENT);
    icmp(f, AKSU_ICMP_HARD, 1, (uint32_t)AKSU_ECONNREFUSED);
    expect_state(f, AKSU_SYN_SENT);
    icmp(f, AKSU_ICMP_HARD, 0xffffffffu, (uint32_t)AKSU_ECONNREFUSED);
    expect_state(f, AKSU_SYN_SENT);
    assert_int_equal(f->seen, 0);
    icmp(f, AKSU_ICMP_HARD, 0, (uint32_t)AKSU_ECONNREFUSED);
    expect_state(f, AKSU_CLOSED);
    assert_int_equal(f->closed_reason, AKSU_ECONNREFUSED);
    flush(f);
    expect_count(f, 0);
}

// One for a connection that is over, but owes its RST, changes nothing.
static void icmp_hard_after_abort(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 1000);
    flush(f);
    take(f);
    user(f, AKSU_EV_ABORT, 0);
    f->t.flags |= AKSU_F_PASSIVE;
    icmp(f, AKSU_ICMP_HARD, f->t.snd_una - f->iss, (uint32_t)AKSU_ECONNREFUSED);
    expect_state(f, AKSU_CLOSED);
    assert_true(f->fx.refused);
    flush(f);
    assert_true(f->outs == 1 && (f->out[0].flags & AKSU_RST));
}

// SHLD-26: so it does SYN-RECEIVED after a simultaneous open.
static void icmp_hard_syn_received(struct fixture *f)
{
    drive_simultaneous(f);
    icmp(f, AKSU_ICMP_HARD, 0, (uint32_t)AKSU_EHOSTUNREACH);
    expect_state(f, AKSU_CLOSED);
    assert_int_equal(f->closed_reason, AKSU_EHOSTUNREACH);
}

// R5927-01: SND.UNA =< quoted SEQ < SND.NXT.
static void icmp_quoted_sequence(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    icmp(f, AKSU_ICMP_SOFT, 1, (uint32_t)AKSU_EHOSTUNREACH); // nothing is in flight
    assert_int_equal(f->fx.mask, 0);
    user(f, AKSU_EV_WROTE, 100);
    flush(f);
    icmp(f, AKSU_ICMP_SOFT, 0, (uint32_t)AKSU_EHOSTUNREACH);
    assert_int_equal(f->fx.mask, 0);
    icmp(f, AKSU_ICMP_SOFT, 101, (uint32_t)AKSU_EHOSTUNREACH);
    assert_int_equal(f->fx.mask, 0);
    icmp(f, AKSU_ICMP_SOFT, 100, (uint32_t)AKSU_EHOSTUNREACH);
    assert_int_equal(f->fx.mask, AKSU_FX_TROUBLE);
}

// R1191-01, -03, -04: smaller segments after packet too big, never larger ones, cwnd unchanged.
static void icmp_packet_too_big(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    uint32_t cwnd = f->t.cwnd;
    user(f, AKSU_EV_WROTE, 3000);
    flush(f);
    take(f);
    icmp(f, AKSU_ICMP_PTB, 1, 9000);
    assert_int_equal(f->t.snd_mss, MSS);
    assert_true(f->fx.refused);
    pass(f, 1000); // no progress: RFC 5927 7.2 lets it take effect now, if not at once
    uint32_t after_timeout = f->t.cwnd;
    icmp(f, AKSU_ICMP_PTB, 1, 600);
    assert_true(f->t.cwnd == cwnd || f->t.cwnd == after_timeout || f->t.cwnd <= MSS);
    take(f);
    flush(f);
    assert_true(f->outs > 0); // resent at once: it was not lost to congestion
    pass(f, 8000);
    for (unsigned i = 0; i < f->outs; i++)
        assert_true(f->out[i].len <= 600);
    assert_int_equal(f->out[0].seq, f->iss + 1);
}

// R5927-03: not honoured while ACKs make progress.
static void icmp_packet_too_big_in_progress(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 4000);
    flush(f);
    icmp(f, AKSU_ICMP_PTB, 1001, 600);
    assert_true(f->fx.refused);
    give(f, A, 1, 2001, 0);
    give(f, A, 1, 4001, 0);
    assert_int_equal(f->t.snd_mss, MSS);
}

// An absurd MTU cannot make the segments absurd.
static void icmp_packet_too_big_floor(struct fixture *fresh)
{
    for (uint32_t mtu = 0; mtu < 100; mtu++) {
        struct fixture f = *fresh;
        drive(&f, AKSU_ESTABLISHED);
        user(&f, AKSU_EV_WROTE, 2000);
        flush(&f);
        pass(&f, 1000);
        icmp(&f, AKSU_ICMP_PTB, 1, mtu);
        pass(&f, 8000);
        assert_true(f.t.snd_mss >= 28);
    }
}

// DESIGN: a clock that goes backwards harms nothing.
static void clock_backwards(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    user(f, AKSU_EV_WROTE, 1000);
    flush(f);
    take(f);
    f->now -= 5000;
    flush(f);
    expect_count(f, 0);
    assert_in_range(due(f), 1, UINT32_C(1) << 30);
    give(f, A, 1, 501, 700);
    f->now += 5000;
    pass(f, 70000);
    assert_true(f->outs > 0);
    expect_state(f, AKSU_ESTABLISHED);
    give(f, A, 701, 1001, 0);
    assert_int_equal(f->t.snd_una, f->iss + 1001);
}

// A wait is never more than 2^30, so that a wrapped clock is not taken for the past.
static void long_waits(struct fixture *f)
{
    drive(f, AKSU_ESTABLISHED);
    set(f, AKSU_KEEPALIVE, 1);
    set(f, AKSU_KEEPALIVE_IDLE, 65535);
    uint32_t total = 0;
    while (f->outs == 0 && total <= 65535000) {
        uint32_t wait = due(f);
        assert_in_range(wait, 1, UINT32_C(1) << 30);
        f->now += wait;
        total += wait;
        flush(f);
    }
    assert_int_equal(total, 65535000);
}

// RESUME: an idle connection goes on after a sleep, whatever clock it wakes up to.
static void resume(struct fixture *fresh)
{
    static const uint32_t wakes[] = {0, 77, 0x80000000u, 0xfffffff0u};
    for (size_t i = 0; i < 4; i++) {
        struct fixture f = *fresh;
        drive_options(&f, AKSU_OPT_TIMESTAMPS, 0);
        uint32_t saved = f.now;
        uint32_t tsval;
        struct aksu_segment s;
        struct fixture probe = f;
        user(&probe, AKSU_EV_WROTE, 1);
        assert_true(peek(&probe, &s));
        tsval = s.tsval;
        f.now = wakes[i];
        struct aksu_event ev = {
            .kind = AKSU_EV_RESUME, .now_ms = f.now, .value = saved, .detail = 3600000};
        step(&f, &ev);
        flush(&f);
        expect_state(&f, AKSU_ESTABLISHED);
        take(&f);
        user(&f, AKSU_EV_WROTE, 100);
        flush(&f);
        expect_count(&f, 1);
        expect(&f, 0, A, 1, 1, 100);
        assert_in_range(f.out[0].tsval - tsval, 3600000 - 1000, 3600000 + 1000);
        assert_int_equal(f.out[0].tsecr, 5000);
        assert_int_equal(due(&f), rto(&f));
    }
}

// RESUME: TS.Recent is as old as the sleep was long, whatever the clocks say (R7323-13).
static void resume_paws(struct fixture *fresh)
{
    static const uint32_t wakes[] = {0, 0x40000000u, 0x80000000u, 0xc0000000u, 0xffffffffu};
    for (size_t i = 0; i < 10; i++) {
        struct fixture f = *fresh;
        bool long_sleep = i >= 5;
        drive_options(&f, AKSU_OPT_TIMESTAMPS, 0);
        struct aksu_event ev = {.kind = AKSU_EV_RESUME,
                                .now_ms = wakes[i % 5],
                                .value = f.now,
                                .detail = long_sleep ? 25u * 86400000u : 3u * 86400000u};
        f.now = wakes[i % 5];
        step(&f, &ev);
        struct aksu_segment s = seg(&f, A, 1, 1, 100, PEER_WND);
        s.options = AKSU_OPT_TIMESTAMPS;
        s.tsval = 4999;
        arrive(&f, s);
        assert_int_equal((f.fx.mask & AKSU_FX_DELIVER) != 0, long_sleep);
    }
}

// RESUME keeps the keep-alive going.
static void resume_keep_alive(struct fixture *f)
{
    keep_alive_on(f);
    uint32_t saved = f->now;
    f->now = 12345;
    struct aksu_event ev = {
        .kind = AKSU_EV_RESUME, .now_ms = f->now, .value = saved, .detail = 20000};
    step(f, &ev);
    take(f);
    pass(f, 9990); // the sleep counts as idle
    expect_count(f, 0);
    pass(f, 20);
    expect_count(f, 1);
    expect(f, 0, A, 0, 1, 0);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(rto_initial),
        TEST(rto_first_sample),
        TEST(rto_later_samples),
        TEST(rto_minimum),
        TEST(karn),
        TEST(stale_echo),
        TEST(echo_before_restart),
        TEST(backoff),
        TEST(timer_management),
        TEST(timer_is_not_moved),
        TEST(timer_counts_from_retransmission),
        TEST(syn_lost_three_seconds),
        TEST(syn_ack_lost_three_seconds),
        TEST(r1_and_r2),
        TEST(r1_after_progress),
        TEST(r1_and_r2_syn),
        TEST(syn_three_minutes),
        TEST(user_timeout),
        TEST(user_timeout_never),
        TEST(user_timeout_changed),
        TEST(user_timeout_is_of_progress),
        TEST(syn_ack_tries),
        TEST(time_wait),
        TEST(time_wait_stops_other_timers),
        TEST(fin_wait_2),
        TEST(linger),
        TEST(linger_is_met),
        TEST(keep_alive_default_off),
        TEST(keep_alive_probe),
        TEST(keep_alive_half_closed),
        TEST(keep_alive_fails),
        TEST(keep_alive_only_when_idle),
        TEST(keep_alive_is_answered),
        TEST(icmp_soft),
        TEST(icmp_hard),
        TEST(icmp_hard_after_abort),
        TEST(icmp_hard_syn_received),
        TEST(icmp_quoted_sequence),
        TEST(icmp_packet_too_big),
        TEST(icmp_packet_too_big_in_progress),
        TEST(icmp_packet_too_big_floor),
        TEST(clock_backwards),
        TEST(long_waits),
        TEST(resume),
        TEST(resume_paws),
        TEST(resume_keep_alive),
    };
    return run_at_bases("timers, RFC 6298 and RFC 9293 3.8", tests, sizeof tests / sizeof tests[0]);
}
