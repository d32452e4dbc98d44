// SPDX-License-Identifier: MIT
// Segments that arrive before a connection is synchronized: RFC 9293 3.10.7.1 to 3.10.7.3.
#include "harness.h"

#define SA (AKSU_SYN | AKSU_ACK)
#define RA (AKSU_RST | AKSU_ACK)
#define FA (AKSU_FIN | AKSU_ACK)
#define PA (AKSU_PSH | AKSU_ACK)

// 3.10.7.1 CLOSED, SM-01 to SM-03: all 256 control octets.
static void closed_all_flags(struct fixture *f)
{
    for (unsigned flags = 0; flags < 256; flags++) {
        struct aksu_segment in = seg(f, flags, 1000, 5555, 10, 77), out;
        memset(&out, 0xee, sizeof out);
        bool answered = aksu_tcp_reply(&in, &out);
        assert_int_equal(answered, (flags & AKSU_RST) == 0);
        if (!answered)
            continue;
        if ((flags & AKSU_ACK) != 0) {
            assert_int_equal(out.flags, AKSU_RST);
            assert_int_equal(out.seq, f->iss + 5555);
        } else {
            uint32_t len = 10u + ((flags & AKSU_SYN) != 0) + ((flags & AKSU_FIN) != 0);
            assert_int_equal(out.flags, RA);
            assert_int_equal(out.seq, 0);
            assert_int_equal(out.ack, f->irs + 1000 + len);
        }
        assert_int_equal(out.len, 0);
        assert_int_equal(out.options, 0);
    }
}

// 3.10.7.2 LISTEN, SM-04: RST before ACK before SYN, the rest is dropped; SYN with FIN too.
static void listen_all_flags(struct fixture *f)
{
    for (unsigned flags = 0; flags < 256; flags++) {
        struct aksu_segment in = seg(f, flags, 1000, 5555, 0, 77);
        enum aksu_verdict want = AKSU_DROP;
        if ((flags & AKSU_RST) != 0)
            want = AKSU_DROP;
        else if ((flags & AKSU_ACK) != 0)
            want = AKSU_REPLY;
        else if ((flags & (AKSU_SYN | AKSU_FIN)) == AKSU_SYN)
            want = AKSU_ADMIT;
        if (aksu_tcp_listen(&in) != want)
            fail_msg("flags %02x: got %d, want %d", flags, aksu_tcp_listen(&in), want);
    }
}

// 3.10.7.2: what the TCB in LISTEN does with segments that are not a SYN.
static void listen_others_change_nothing(struct fixture *f)
{
    static const unsigned kinds[] = {AKSU_RST, RA, AKSU_FIN, 0, AKSU_PSH, AKSU_URG | AKSU_FIN};
    drive(f, AKSU_LISTEN);
    struct aksu_tcb before = f->t;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        arrive(f, seg(f, kinds[i], 5, 7, 0, 100));
        flush(f);
        expect_count(f, 0);
        assert_memory_equal(&before, &f->t, sizeof before);
    }
}

// 3.10.7.2: "Any acknowledgment is bad": <SEQ=SEG.ACK><CTL=RST>.
static void listen_ack_is_reset(struct fixture *f)
{
    static const unsigned kinds[] = {AKSU_ACK, SA, FA, PA};
    drive(f, AKSU_LISTEN);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        take(f);
        give(f, kinds[i], 5, 77, 0);
        expect_count(f, 1);
        expect(f, 0, AKSU_RST, 77, 0, 0);
        expect_state(f, AKSU_LISTEN);
    }
}

// 3.10.7.2: SYN: RCV.NXT = SEG.SEQ+1, <SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>, SYN-RECEIVED.
static void listen_syn(struct fixture *f)
{
    drive(f, AKSU_LISTEN);
    struct aksu_segment s = seg(f, AKSU_SYN, 0, 0, 0, 3000);
    arrive(f, s);
    expect_state(f, AKSU_SYN_RECEIVED);
    assert_int_equal(f->t.rcv_nxt, f->irs + 1);
    flush(f);
    expect_count(f, 1);
    expect(f, 0, SA, 0, 1, 0);
    assert_int_equal(f->t.snd_una, f->iss);
    assert_int_equal(f->t.snd_nxt, f->iss + 1);
    assert_int_equal(f->seen & AKSU_FX_OPENED, 0);
    // MUST-15: without an MSS option 536 is assumed
    assert_int_equal(f->t.snd_mss, 536);
}

// SM-05: text with the SYN is acknowledged only when accepted, never delivered before ESTABLISHED.
static void listen_syn_with_text(struct fixture *f)
{
    drive(f, AKSU_LISTEN);
    give(f, AKSU_SYN, 0, 0, 5);
    expect_state(f, AKSU_SYN_RECEIVED);
    assert_int_equal(f->seen & (AKSU_FX_DELIVER | AKSU_FX_OPENED), 0);
    expect_count(f, 1);
    expect(f, 0, SA, 0, 1, 0); // dropped: the client sends it again
    take(f);
    give(f, PA, 1, 1, 5);
    expect_state(f, AKSU_ESTABLISHED);
    assert_true(f->seen & AKSU_FX_DELIVER);
    assert_int_equal(f->fx.ready, 5);
}

struct syn_sent_row {
    const char *rule;
    unsigned flags;
    uint32_t seq;
    uint32_t ack;
    uint32_t len;
    enum aksu_state to;
    unsigned answer; // flags; 0 = none
    uint32_t answer_seq;
    uint32_t answer_ack;
    int reason; // of CLOSED, 0 = no CLOSED
};

static const struct syn_sent_row syn_sent_rows[] = {
    {"first: SM-06 SEG.ACK =< ISS: reset <SEQ=SEG.ACK>", SA, 0, 0, 0, AKSU_SYN_SENT, AKSU_RST, 0, 0,
     0},
    {"first: SM-06 SEG.ACK > SND.NXT: reset <SEQ=SEG.ACK>", SA, 0, 2, 0, AKSU_SYN_SENT, AKSU_RST, 2,
     0, 0},
    {"first: SEG.ACK far below ISS", SA, 0, 0x80000003u, 0, AKSU_SYN_SENT, AKSU_RST, 0x80000003u, 0,
     0},
    {"first: bad ACK without SYN", AKSU_ACK, 7, 9, 0, AKSU_SYN_SENT, AKSU_RST, 9, 0, 0},
    {"first: bad ACK with data", PA, 7, 0, 10, AKSU_SYN_SENT, AKSU_RST, 0, 0, 0},
    {"first: bad ACK, FIN", FA, 7, 0, 0, AKSU_SYN_SENT, AKSU_RST, 0, 0, 0},
    {"first: bad ACK with RST: drop", RA, 0, 0, 0, AKSU_SYN_SENT, 0, 0, 0, 0},
    {"first: bad ACK with RST: drop", RA, 0, 2, 0, AKSU_SYN_SENT, 0, 0, 0, 0},
    {"second: SM-07, R5961-08 RST, ACK acceptable: CLOSED", RA, 0, 1, 0, AKSU_CLOSED, 0, 0, 0,
     AKSU_ECONNREFUSED},
    {"second: SM-07 RST without ACK: drop", AKSU_RST, 0, 0, 0, AKSU_SYN_SENT, 0, 0, 0, 0},
    {"second: RST with SYN, no ACK: drop", AKSU_RST | AKSU_SYN, 0, 0, 0, AKSU_SYN_SENT, 0, 0, 0, 0},
    {"second: SHLD-2 RST with text, ACK acceptable", RA, 0, 1, 20, AKSU_CLOSED, 0, 0, 0,
     AKSU_ECONNREFUSED},
    {"fourth: SM-08 SYN,ACK acceptable: ESTABLISHED, <ACK>", SA, 0, 1, 0, AKSU_ESTABLISHED,
     AKSU_ACK, 1, 1, 0},
    {"fourth: MUST-10 SYN alone: SYN-RECEIVED, <SEQ=ISS><SYN,ACK>", AKSU_SYN, 0, 0, 0,
     AKSU_SYN_RECEIVED, SA, 0, 1, 0},
    {"fourth: SM-08 SYN,ACK with FIN: CLOSE-WAIT, one ACK of both", SA | AKSU_FIN, 0, 1, 0,
     AKSU_CLOSE_WAIT, AKSU_ACK, 1, 2, 0},
    {"fourth: SM-08 SYN,ACK with text: delivered, one ACK of all", SA, 0, 1, 20, AKSU_ESTABLISHED,
     AKSU_ACK, 1, 21, 0},
    {"fourth: SM-08 SYN,ACK with text and FIN", SA | AKSU_FIN, 0, 1, 20, AKSU_CLOSE_WAIT, AKSU_ACK,
     1, 22, 0},
    {"fifth: SM-09 acceptable ACK without SYN: drop", AKSU_ACK, 0, 1, 0, AKSU_SYN_SENT, 0, 0, 0, 0},
    {"fifth: SM-25 FIN,ACK without SYN: drop", FA, 0, 1, 0, AKSU_SYN_SENT, 0, 0, 0, 0},
    {"fifth: SM-25 FIN alone: drop", AKSU_FIN, 0, 0, 0, AKSU_SYN_SENT, 0, 0, 0, 0},
    {"fifth: text without control: drop", AKSU_PSH, 0, 0, 10, AKSU_SYN_SENT, 0, 0, 0, 0},
    {"fifth: text with acceptable ACK: drop", PA, 0, 1, 10, AKSU_SYN_SENT, 0, 0, 0, 0},
    {"fifth: nothing at all: drop", 0, 0, 0, 0, AKSU_SYN_SENT, 0, 0, 0, 0},
};

static bool syn_sent_row_holds(struct fixture *f, const struct syn_sent_row *r)
{
    char in[120], out[120] = "(nothing)";
    drive(f, AKSU_SYN_SENT);
    struct aksu_tcb before = f->t;
    struct aksu_segment s = seg(f, r->flags, r->seq, r->ack, r->len, PEER_WND);
    arrive(f, s);
    bool refused = f->fx.refused;
    flush(f);
    bool dropped = r->to == AKSU_SYN_SENT;
    bool closed = (f->seen & AKSU_FX_CLOSED) != 0;
    bool good = f->t.state == r->to && f->outs == (r->answer != 0) && closed == (r->reason != 0) &&
                (!closed || f->closed_reason == r->reason) && refused == dropped &&
                (!dropped || memcmp(&before, &f->t, sizeof before) == 0);
    if (good && f->outs == 1)
        good = (f->out[0].flags & ~(unsigned)AKSU_PSH) == r->answer &&
               f->out[0].seq == f->iss + r->answer_seq &&
               ((r->answer & AKSU_ACK) == 0 || f->out[0].ack == f->irs + r->answer_ack);
    if (good)
        return true;
    if (f->outs > 0)
        show(f, &f->out[0], false, out, sizeof out);
    print_error("3.10.7.3 %s\n  SYN-SENT <-- %s\n  %s --> %s%s reason %d\n", r->rule,
                show(f, &s, true, in, sizeof in), aksu_state_name(f->t.state), out,
                dropped ? " (nothing may change)" : "", f->closed_reason);
    return false;
}

static void syn_sent_segments(struct fixture *fresh)
{
    unsigned failures = 0;
    for (size_t i = 0; i < sizeof syn_sent_rows / sizeof syn_sent_rows[0]; i++) {
        struct fixture f = *fresh;
        failures += !syn_sent_row_holds(&f, &syn_sent_rows[i]);
    }
    assert_int_equal(failures, 0);
}

// SM-08: text with the SYN,ACK is delivered, after OPENED.
static void syn_ack_text_is_delivered(struct fixture *f)
{
    drive(f, AKSU_SYN_SENT);
    arrive(f, seg(f, SA | AKSU_FIN, 0, 1, 20, PEER_WND));
    assert_int_equal(f->fx.mask & (AKSU_FX_OPENED | AKSU_FX_DELIVER | AKSU_FX_EOF),
                     AKSU_FX_OPENED | AKSU_FX_DELIVER | AKSU_FX_EOF);
    assert_int_equal(f->fx.copy_from, 0);
    assert_int_equal(f->fx.copy_to, 0);
    assert_int_equal(f->fx.copy_len, 20);
    assert_int_equal(f->fx.ready, 20);
}

// 3.10.7.3: variables of a SYN,ACK; R7323-02: its window is not scaled.
static void syn_ack_sets_variables(struct fixture *f)
{
    drive(f, AKSU_SYN_SENT);
    struct aksu_segment s = seg(f, SA, 0, 1, 0, 1234);
    s.options = AKSU_OPT_MSS | AKSU_OPT_WSCALE;
    s.mss = 700;
    s.wscale = 7;
    arrive(f, s);
    assert_int_equal(f->fx.mask, AKSU_FX_OPENED);
    assert_int_equal(f->t.snd_una, f->iss + 1);
    assert_int_equal(f->t.rcv_nxt, f->irs + 1);
    assert_int_equal(f->t.snd_wnd, 1234);
    assert_int_equal(f->t.snd_mss, 700);
    assert_int_equal(f->t.snd_wscale, 7);
}

// 3.10.7.3: simultaneous open, Figure 7: the SYN,ACK of the other side ends it.
static void simultaneous_open(struct fixture *f)
{
    drive_simultaneous(f);
    assert_int_equal(f->t.rcv_nxt, f->irs + 1);
    give(f, SA, 0, 1, 0);
    expect_state(f, AKSU_ESTABLISHED);
    assert_int_equal(f->t.rcv_nxt, f->irs + 1);
    assert_int_equal(f->seen & AKSU_FX_OPENED, AKSU_FX_OPENED);
    for (unsigned i = 0; i < f->outs; i++) // Figure 7 needs no answer; an ACK does no harm
        expect(f, i, AKSU_ACK, 1, 1, 0);
}

// The same, but a bare ACK of the SYN comes first.
static void simultaneous_open_ack(struct fixture *f)
{
    drive_simultaneous(f);
    give(f, AKSU_ACK, 1, 1, 0);
    expect_state(f, AKSU_ESTABLISHED);
}

// 3.8.1: the SYN of a simultaneous open is sent again as SYN,ACK.
static void simultaneous_open_resends(struct fixture *f)
{
    drive_simultaneous(f);
    pass(f, 1000);
    expect_count(f, 1);
    expect(f, 0, SA, 0, 1, 0);
}

// A second copy of the peer's SYN in SYN-RECEIVED (3.10.7.4 first): our SYN,ACK was lost, or not.
// It is outside of the window, so an ACK answers; the connection stays as it is.
static void repeated_syn_in_syn_received(struct fixture *f)
{
    drive(f, AKSU_SYN_RECEIVED);
    struct aksu_segment s = seg(f, AKSU_SYN, 0, 0, 0, PEER_WND);
    arrive(f, s);
    flush(f);
    expect_state(f, AKSU_SYN_RECEIVED);
    assert_true(f->outs <= 1);
    for (unsigned i = 0; i < f->outs; i++) {
        assert_true(f->out[i].flags & AKSU_ACK);
        assert_int_equal(f->out[i].flags & AKSU_RST, 0);
        assert_int_equal(f->out[i].ack, f->irs + 1);
    }
    give(f, AKSU_ACK, 1, 1, 0);
    expect_state(f, AKSU_ESTABLISHED);
}

// R6691-02: an MSS offer of 0, 1 or 20 is raised to a floor; MUST-16: a large one is cut to ours.
static void mss_offers(struct fixture *fresh)
{
    static const uint16_t offers[] = {0, 1, 20, 87, 536, 1460, 65535};
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
        struct fixture f = *fresh;
        drive(&f, AKSU_SYN_SENT);
        struct aksu_segment s = seg(&f, SA, 0, 1, 0, PEER_WND);
        s.options = AKSU_OPT_MSS;
        s.mss = offers[i];
        arrive(&f, s);
        flush(&f);
        assert_in_range(f.t.snd_mss, 48, MSS);
        if (offers[i] >= 100 && offers[i] <= MSS)
            assert_int_equal(f.t.snd_mss, offers[i]);
        user(&f, AKSU_EV_WROTE, 3000);
        flush(&f);
        for (unsigned j = 0; j < f.outs; j++)
            assert_true(f.out[j].len <= f.t.snd_mss);
    }
}

// MUST-15: a SYN,ACK without an MSS option: 536, unless ours is smaller.
static void mss_missing(struct fixture *fresh)
{
    static const uint16_t ours[] = {1460, 536, 300};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f = *fresh;
        f.mss = ours[i];
        drive(&f, AKSU_SYN_SENT);
        arrive(&f, seg(&f, SA, 0, 1, 0, PEER_WND));
        assert_int_equal(f.t.snd_mss, ours[i] < 536 ? ours[i] : 536);
    }
}

// MUST-65: no MSS, no window scale and no SACK-Permitted but with SYN (R2018-01).
static void syn_options_only_with_syn(struct fixture *f)
{
    drive_options(f, AKSU_OPT_WSCALE | AKSU_OPT_SACK_PERMITTED | AKSU_OPT_TIMESTAMPS, 3);
    user(f, AKSU_EV_WROTE, 3000);
    user(f, AKSU_EV_SHUTDOWN, 0);
    flush(f);
    assert_true(f->outs > 0);
    unsigned only = AKSU_OPT_MSS | AKSU_OPT_WSCALE | AKSU_OPT_SACK_PERMITTED;
    for (unsigned i = 0; i < f->outs; i++)
        assert_int_equal(f->out[i].options & only, 0);
}

// R7323-08, R7323-01, R2018-02: a SYN,ACK carries only what the SYN carried.
static void syn_ack_answers_options(struct fixture *fresh)
{
    for (unsigned mask = 0; mask < 8; mask++) {
        unsigned options = ((mask & 1) != 0 ? AKSU_OPT_WSCALE : 0u) |
                           ((mask & 2) != 0 ? AKSU_OPT_SACK_PERMITTED : 0u) |
                           ((mask & 4) != 0 ? AKSU_OPT_TIMESTAMPS : 0u);
        struct fixture f = *fresh;
        drive(&f, AKSU_LISTEN);
        struct aksu_segment s = seg(&f, AKSU_SYN, 0, 0, 0, PEER_WND);
        s.options = (uint8_t)options;
        s.tsval = 777;
        s.tsecr = 0xdeadbeef; // R7323-07: ignored without ACK
        arrive(&f, s);
        flush(&f);
        expect_count(&f, 1);
        assert_int_equal(f.out[0].options & ~(unsigned)AKSU_OPT_MSS, options);
        if ((options & AKSU_OPT_TIMESTAMPS) != 0)
            assert_int_equal(f.out[0].tsecr, 777);
    }
}

// R3168-07: ECE and CWR in a SYN are no error to one who does not speak ECN.
static void ecn_setup_syn_is_plain(struct fixture *f)
{
    drive(f, AKSU_LISTEN);
    give(f, AKSU_SYN | AKSU_ECE | AKSU_CWR, 0, 0, 0);
    expect_count(f, 1);
    expect(f, 0, SA, 0, 1, 0);
}

// SM-14: a passive open that a RST, or the lack of an ACK, put back into LISTEN is as new: the next
// SYN is answered, again and again, and its own options count.
static void listens_again(struct fixture *fresh)
{
    for (unsigned given_up = 0; given_up < 2; given_up++) {
        struct fixture f = *fresh;
        drive(&f, AKSU_SYN_RECEIVED);
        flush(&f);
        if (given_up) {
            pass(&f, 400000);
        } else {
            give(&f, AKSU_RST, 1, 0, 0);
        }
        expect_state(&f, AKSU_LISTEN);
        take(&f);
        struct aksu_segment s = seg(&f, AKSU_SYN, 5000, 0, 0, PEER_WND);
        s.options = AKSU_OPT_SACK_PERMITTED;
        arrive(&f, s);
        expect_state(&f, AKSU_SYN_RECEIVED);
        pass(&f, 3500);
        expect_count(&f, 3); // at once, after 1 s, after 2 s more
        expect(&f, 0, SA, 0, 5001, 0);
        expect(&f, 2, SA, 0, 5001, 0);
        assert_int_equal(f.out[0].options, AKSU_OPT_MSS | AKSU_OPT_SACK_PERMITTED);
        give(&f, AKSU_RST, 5001, 0, 0); // it is still a passive open: back once more
        expect_state(&f, AKSU_LISTEN);
        give(&f, AKSU_SYN, 5000, 0, 0);
        give(&f, AKSU_ACK, 5001, 1, 0);
        expect_state(&f, AKSU_ESTABLISHED);
    }
}

int main(void)
{
    static const struct test tests[] = {
        TEST(closed_all_flags),
        TEST(listen_all_flags),
        TEST(listen_others_change_nothing),
        TEST(listen_ack_is_reset),
        TEST(listen_syn),
        TEST(listen_syn_with_text),
        TEST(syn_sent_segments),
        TEST(syn_ack_text_is_delivered),
        TEST(syn_ack_sets_variables),
        TEST(simultaneous_open),
        TEST(simultaneous_open_ack),
        TEST(simultaneous_open_resends),
        TEST(repeated_syn_in_syn_received),
        TEST(mss_offers),
        TEST(mss_missing),
        TEST(syn_options_only_with_syn),
        TEST(syn_ack_answers_options),
        TEST(ecn_setup_syn_is_plain),
        TEST(listens_again),
    };
    return run_at_bases("CLOSED, LISTEN, SYN-SENT: RFC 9293 3.10.7.1 to 3.10.7.3", tests,
                        sizeof tests / sizeof tests[0]);
}
