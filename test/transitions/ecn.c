// SPDX-License-Identifier: MIT
// Explicit congestion notification: RFC 3168, and RFC 8511 for how much is given up.
#include "harness.h"

#define A AKSU_ACK

enum { ECE = AKSU_ECE, CWR = AKSU_CWR, BOTH = AKSU_ECE | AKSU_CWR, ECT_0 = 2, CE = 3 };

// A server whose client's SYN has these flags. Returns those of the SYN,ACK.
static unsigned serve(struct fixture *f, unsigned flags)
{
    f->p.ecn = &aksu_ecn_answers;
    drive(f, AKSU_LISTEN);
    struct aksu_segment s = seg(f, AKSU_SYN | flags, 0, 0, 0, 20000);
    s.options = (uint8_t)(AKSU_OPT_MSS | (f->p.recovery ? AKSU_OPT_SACK_PERMITTED : 0));
    s.mss = 1000;
    arrive(f, s);
    flush(f);
    expect_count(f, 1);
    unsigned answer = f->out[0].flags & BOTH;
    assert_int_equal(f->out[0].tos, 0); // 6.1.1
    arrive(f, seg(f, A, 1, 1, 0, 20000));
    expect_state(f, AKSU_ESTABLISHED);
    take(f);
    return answer;
}

// A client. Returns the flags of its SYN.
static unsigned ask(struct fixture *f, const struct aksu_ecn *ecn)
{
    f->p.ecn = ecn;
    drive(f, AKSU_SYN_SENT);
    return f->out[0].flags & BOTH;
}

static void answered(struct fixture *f, unsigned flags)
{
    take(f);
    struct aksu_segment s = seg(f, AKSU_SYN | A | flags, 0, 1, 0, 20000);
    s.options = AKSU_OPT_MSS;
    s.mss = 1000;
    arrive(f, s);
    flush(f);
    expect_state(f, AKSU_ESTABLISHED);
    for (unsigned i = 0; i < f->outs; i++)
        assert_int_equal((f->out[i].flags & BOTH) | f->out[i].tos, 0);
    take(f);
}

static bool marks(struct fixture *f)
{
    take(f);
    user(f, AKSU_EV_WROTE, f->t.snd_mss);
    flush(f);
    expect_count(f, 1);
    assert_int_equal(f->out[0].len, f->t.snd_mss);
    assert_int_equal(f->out[0].tos & ~ECT_0, 0);
    return f->out[0].tos == ECT_0;
}

// 6.1.1: a SYN asks with both flags; what has one of them, or none, does not.
static void server(struct fixture *fresh)
{
    static const unsigned asked[] = {0, ECE, CWR, BOTH};
    for (unsigned i = 0; i < 4; i++) {
        struct fixture f = *fresh;
        assert_int_equal(serve(&f, asked[i]), asked[i] == BOTH ? ECE : 0);
        assert_int_equal(marks(&f), asked[i] == BOTH);
    }
}

// 6.1.1: a SYN,ACK agrees with ECE alone: both flags are a copy of ours by a peer that knows
// nothing.
static void client(struct fixture *fresh)
{
    static const unsigned answers[] = {0, ECE, CWR, BOTH};
    for (unsigned i = 0; i < 4; i++) {
        struct fixture f = *fresh;
        assert_int_equal(ask(&f, &aksu_ecn_asks), BOTH);
        assert_int_equal(f.out[0].tos, 0);
        answered(&f, answers[i]);
        assert_int_equal(marks(&f), answers[i] == ECE);
    }
}

// One that does not ask takes no for an answer, and ECE for nothing.
static void client_that_does_not_ask(struct fixture *f)
{
    assert_int_equal(ask(f, &aksu_ecn_answers), 0);
    answered(f, ECE);
    assert_false(marks(f));
}

// 6.1.1.1: a SYN that is sent again does not ask: there are hosts that drop one that does.
static void syn_again(struct fixture *f)
{
    assert_int_equal(ask(f, &aksu_ecn_asks), BOTH);
    take(f);
    pass(f, 1000);
    expect_count(f, 1);
    expect(f, 0, AKSU_SYN, 0, 0, 0);
    answered(f, ECE);
    assert_false(marks(f));
}

// Both ask at once: each agrees in its SYN,ACK; but not with one that does not ask.
static void simultaneous(struct fixture *fresh)
{
    for (unsigned asks = 0; asks < 2; asks++) {
        struct fixture f = *fresh;
        assert_int_equal(ask(&f, &aksu_ecn_asks), BOTH);
        take(&f);
        give(&f, AKSU_SYN | (asks ? BOTH : ECE), 0, 0, 0);
        expect_state(&f, AKSU_SYN_RECEIVED);
        expect_count(&f, 1);
        assert_int_equal(f.out[0].flags, AKSU_SYN | A | (asks ? ECE : 0));
        give(&f, A, 1, 1, 0);
        assert_int_equal(marks(&f), asks);
    }
}

// 6.1.4, 6.1.5, 6.1.6: neither an ACK, nor what is sent again, nor a window probe is marked.
static void what_is_marked(struct fixture *f)
{
    serve(f, BOTH);
    user(f, AKSU_EV_WROTE, 1); // an octet of text is text
    flush(f);
    expect_count(f, 1);
    assert_int_equal(f->out[0].tos, ECT_0);
    arrive(f, seg(f, A, 1, 2, 0, 20000));
    assert_true(marks(f));
    take(f);
    pass(f, 1000);
    expect_count(f, 1);
    expect(f, 0, A, 2, 1, 1000);
    assert_int_equal(f->out[0].tos, 0);
    take(f);
    give(f, A, 1, 1002, 100);
    pass(f, 500);
    expect_count(f, 1); // the ACK
    assert_int_equal(f->out[0].tos, 0);
    arrive(f, seg(f, A, 101, 1002, 0, 0));
    take(f);
    user(f, AKSU_EV_WROTE, 10);
    pass(f, 2000);
    assert_true(f->outs > 0);
    assert_int_equal(f->out[0].len, 1);
    assert_int_equal(f->out[0].tos, 0);
    take(f);
    user(f, AKSU_EV_ABORT, 0);
    flush(f);
    expect_count(f, 1);
    assert_int_equal(f->out[0].flags & (AKSU_RST | BOTH), AKSU_RST);
}

static void text_arrives(struct fixture *f, unsigned flags, uint32_t seq, uint16_t tos)
{
    struct aksu_segment s = seg(f, A | flags, seq, 1, 100, 20000);
    s.tos = tos;
    take(f);
    arrive(f, s);
    pass(f, 500); // or the delayed ACK
    user(f, AKSU_EV_READ, f->t.rcv_buf - f->t.rcv_room);
    flush(f);
    assert_true(f->outs > 0);
}

static bool echoes(const struct fixture *f)
{
    return (f->out[0].flags & BOTH) == ECE;
}

// 6.1.3: each ACK echoes a mark until the sender says that it knows; one that comes with that word
// is a new one.
static void echo(struct fixture *f)
{
    serve(f, BOTH);
    text_arrives(f, 0, 1, ECT_0);
    assert_false(echoes(f));
    text_arrives(f, 0, 101, CE);
    assert_true(echoes(f));
    for (uint32_t seq = 201; seq < 501; seq += 100) {
        text_arrives(f, 0, seq, ECT_0);
        assert_true(echoes(f));
    }
    text_arrives(f, CWR, 501, CE);
    assert_true(echoes(f));
    text_arrives(f, CWR, 601, ECT_0);
    assert_false(echoes(f));
}

// What is refused tells nothing (6.1.5), and nothing is told where nothing was agreed.
static void no_echo(struct fixture *fresh)
{
    struct fixture f = *fresh;
    serve(&f, BOTH);
    text_arrives(&f, 0, 70000, CE); // beyond the window
    assert_false(echoes(&f));
    f = *fresh;
    serve(&f, 0);
    text_arrives(&f, 0, 1, CE);
    assert_false(echoes(&f));
}

// Ten segments in flight, and an ACK of the first with the echo of a mark.
static void congested(struct fixture *f)
{
    serve(f, BOTH);
    user(f, AKSU_EV_WROTE, 10000);
    flush(f);
    expect_count(f, 10);
    take(f);
    arrive(f, seg(f, A | ECE, 1, 1001, 0, 20000));
}

// RFC 8511: four fifths of what is in flight are left, and the next new segment says so (6.1.2).
static void slows_down(struct fixture *f)
{
    congested(f);
    assert_int_equal(f->t.ssthresh, 7200);
    assert_int_equal(f->t.cwnd, 7200);
    arrive(f, seg(f, A, 1, 6001, 0, 20000));
    user(f, AKSU_EV_WROTE, 3000);
    take(f);
    flush(f);
    expect_count(f, 3);
    assert_int_equal(f->out[0].flags & BOTH, CWR);
    assert_int_equal(f->out[1].flags & BOTH, 0);
    assert_int_equal(f->out[2].flags & BOTH, 0);
}

// 6.1.2: once in a window, and again in the next.
static void once_a_window(struct fixture *f)
{
    congested(f);
    for (uint32_t ack = 2001; ack <= 10001; ack += 1000) {
        uint32_t before = f->t.cwnd;
        arrive(f, seg(f, A | ECE, 1, ack, 0, 20000));
        assert_true(f->t.cwnd >= before);
        assert_int_equal(f->t.ssthresh, 7200);
    }
    user(f, AKSU_EV_WROTE, 5000);
    flush(f);
    arrive(f, seg(f, A | ECE, 1, 11001, 0, 20000));
    assert_int_equal(f->t.ssthresh, 3200);
    assert_int_equal(f->t.cwnd, 3200);
}

// A loss in the same window is not reacted to twice either, and two segments are left at least.
static void with_a_loss(struct fixture *f)
{
    serve(f, BOTH);
    user(f, AKSU_EV_WROTE, 10000);
    flush(f);
    for (unsigned i = 0; i < 3; i++)
        arrive(f, seg(f, A, 1, 1, 0, 20000));
    assert_true(f->t.flags & AKSU_F_RECOVERY);
    uint32_t ssthresh = f->t.ssthresh;
    arrive(f, seg(f, A | ECE, 1, 2001, 0, 20000));
    assert_int_equal(f->t.ssthresh, ssthresh);
}

// Three duplicates, of which the third is answered: what is missing is sent again.
static void sent_again(struct fixture *f, uint32_t from)
{
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(f->t.flags & AKSU_F_RECOVERY, 0);
        take(f);
        arrive(f, seg(f, A, 1, from, 0, 20000));
        assert_true(i < 2 || f->t.recover == f->t.snd_max);
        flush(f);
    }
    assert_true(f->outs > 0);
    assert_int_equal(f->out[0].seq, f->iss + from);
    assert_true(f->t.flags & AKSU_F_RECOVERY);
    assert_int_equal(f->t.dupacks, 0);
}

// A loss behind an echo of the same window is repaired without a timeout, and costs no more.
static void before_a_loss(struct fixture *f)
{
    congested(f);
    user(f, AKSU_EV_WROTE, 1000);
    sent_again(f, 1001);
    assert_int_equal(f->t.ssthresh, 7200);
    assert_int_equal(f->t.cwnd, 7200 + 3000);
    assert_int_equal(f->t.owed & AKSU_ECN_SLOWED, 0);
    arrive(f, seg(f, A, 1, f->t.snd_max - f->iss, 0, 20000));
    assert_int_equal(f->t.flags & AKSU_F_RECOVERY, 0);
    assert_int_equal(f->t.ssthresh, 7200);
    assert_true(f->t.cwnd <= 7200);
}

// What was sent behind the echo is of the next window: it costs what a loss does.
static void before_a_loss_of_the_next_window(struct fixture *f)
{
    congested(f);
    uint32_t recover = f->t.recover - f->iss;
    arrive(f, seg(f, A, 1, recover, 0, 20000));
    user(f, AKSU_EV_WROTE, 6000);
    flush(f);
    sent_again(f, recover);
    assert_int_equal(f->t.ssthresh, 3000);
    assert_int_equal(f->t.cwnd, 6000);
}

// But behind a timeout the duplicates may be of what was sent again (RFC 6582 3.2 step 4).
static void before_a_timeout(struct fixture *f)
{
    congested(f);
    pass(f, 2000);
    arrive(f, seg(f, A, 1, 2001, 0, 20000));
    flush(f);
    while (f->t.snd_nxt != f->t.snd_max) {
        arrive(f, seg(f, A, 1, f->t.snd_una + 1000 - f->iss, 0, 20000));
        flush(f);
    }
    uint32_t una = f->t.snd_una - f->iss;
    assert_true(f->t.snd_una != f->t.snd_max);
    for (unsigned i = 0; i < 4; i++)
        arrive(f, seg(f, A, 1, una, 0, 20000));
    assert_int_equal(f->t.flags & AKSU_F_RECOVERY, 0);
    assert_int_equal(f->t.owed & AKSU_OWE_REXMIT, 0);
}

// Behind a loss the first new text says that the window is smaller, too (6.1.2): not what is sent
// again, and no more than one.
static void says_so_after_a_loss(struct fixture *f)
{
    serve(f, BOTH);
    user(f, AKSU_EV_WROTE, 10000);
    flush(f);
    take(f);
    for (unsigned i = 0; i < 3; i++)
        arrive(f, seg(f, A, 1, 1, 0, 20000));
    flush(f);
    expect_count(f, 1);
    expect(f, 0, A, 1, 1, 1000);
    assert_int_equal(f->out[0].flags & BOTH, 0);
    take(f);
    user(f, AKSU_EV_WROTE, 2000);
    for (unsigned i = 0; i < 7; i++)
        arrive(f, seg(f, A | ECE, 1, 1, 0, 20000));
    flush(f);
    expect_count(f, 2);
    assert_int_equal(f->out[0].seq, f->iss + 10001);
    assert_int_equal(f->out[0].flags & BOTH, CWR);
    assert_int_equal(f->out[1].flags & BOTH, 0);
}

// Behind a timeout likewise; and an echo's word is not lost with what is sent again meanwhile.
static void says_so_after_a_timeout(struct fixture *fresh)
{
    for (unsigned echoed = 0; echoed < 2; echoed++) {
        struct fixture f = *fresh;
        serve(&f, BOTH);
        user(&f, AKSU_EV_WROTE, 2000);
        flush(&f);
        arrive(&f, seg(&f, A | (echoed ? ECE : 0), 1, 1001, 0, 20000));
        take(&f);
        pass(&f, 2000);
        assert_true(f.outs > 0);
        expect(&f, 0, A | AKSU_PSH, 1001, 1, 1000);
        assert_int_equal(f.out[0].flags & BOTH, 0);
        arrive(&f, seg(&f, A, 1, 2001, 0, 20000));
        take(&f);
        user(&f, AKSU_EV_WROTE, 2000);
        flush(&f);
        expect_count(&f, 2);
        assert_int_equal(f.out[0].flags & BOTH, CWR);
        assert_int_equal(f.out[1].flags & BOTH, 0);
    }
}

// Nor does a D-SACK of an earlier loss give it back.
static void not_undone(struct fixture *f)
{
    f->p.recovery = &aksu_rack;
    serve(f, BOTH);
    user(f, AKSU_EV_WROTE, 10000);
    flush(f);
    f->b.board.undo = 2; // one segment was sent again, before
    arrive(f, seg(f, A | ECE, 1, 1001, 0, 20000));
    assert_in_range(f->t.cwnd, 7200, 7400);
    struct aksu_segment s = seg(f, A, 1, 2001, 0, 20000);
    s.options = AKSU_OPT_SACK;
    s.sacks = 1;
    s.sack[0].start = f->iss + 1;
    s.sack[0].end = f->iss + 1001;
    arrive(f, s);
    assert_int_equal(f->t.ssthresh, 7200);
    assert_in_range(f->t.cwnd, 7200, 8200);
}

static void least(struct fixture *f)
{
    serve(f, BOTH);
    for (uint32_t i = 0; i < 3; i++) {
        user(f, AKSU_EV_WROTE, 1000);
        flush(f);
        arrive(f, seg(f, A | ECE, 1, 1001 + i * 1000, 0, 20000));
        assert_int_equal(f->t.cwnd, 2000);
    }
}

// Nothing was agreed: an echo is ignored.
static void not_agreed(struct fixture *f)
{
    serve(f, 0);
    user(f, AKSU_EV_WROTE, 5000);
    flush(f);
    uint32_t cwnd = f->t.cwnd;
    arrive(f, seg(f, A | ECE, 1, 1001, 0, 20000));
    assert_true(f->t.cwnd >= cwnd);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(server),
        TEST(client),
        TEST(client_that_does_not_ask),
        TEST(syn_again),
        TEST(simultaneous),
        TEST(what_is_marked),
        TEST(echo),
        TEST(no_echo),
        TEST(slows_down),
        TEST(once_a_window),
        TEST(with_a_loss),
        TEST(before_a_loss),
        TEST(before_a_loss_of_the_next_window),
        TEST(before_a_timeout),
        TEST(least),
        TEST(not_undone),
        TEST(not_agreed),
        TEST(says_so_after_a_loss),
        TEST(says_so_after_a_timeout),
    };
    return run_at_bases("explicit congestion notification: RFC 3168, 8511", tests,
                        sizeof tests / sizeof tests[0]);
}
