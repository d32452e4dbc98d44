// SPDX-License-Identifier: MIT
// Each case of hostile.json in the state it is meant for: the reaction must be one of those it
// names. Run with three profiles, and with either side's numbers at the edges of their space.
#include "host.h"
#include <stdio.h>

AKSU_STORAGE(store, ROWS, LISTENERS, RX, TX);

static struct host h;
static struct image start_image; // the state reached
static struct image before;
static struct image after;
static struct image twin; // of the same frame without its options

// What a verdict needs to know of one run of one case.
struct run {
    const struct hostile_case *c;
    uint8_t frame[FRAME_MAX]; // shifted
    uint32_t ours;            // how far our numbers are from the fixture's
    uint32_t peers;
    int result; // of aksu_input()
    bool counted;
};

static const uint32_t bases[] = {0, 0x7fffffffu, 0xffffffffu};

// --- Looking at what happened ---

static const struct aksu_tcb *tcb_in(const struct image *image)
{
    for (unsigned i = 0; i < ROWS; i++) {
        // In use, or in TIME-WAIT with a deadline.
        bool used = (image->row[i].bits & 0x80) || image->row[i].place != UINT32_MAX;
        if (used && image->row[i].pair.remote_port == PEER_PORT) {
            return &image->row[i].tcb;
        }
    }
    return NULL;
}

// The one frame that came out is TCP to the peer with these flags: its header, else NULL.
static const uint8_t *tcp_out(unsigned flags, size_t *len)
{
    uint8_t *t = h.frames == 1 ? inside(h.frame, h.frame_len, 6, len) : NULL;

    return t && t[13] == flags && memcmp(h.frame, peer_mac, 6) == 0 ? t : NULL;
}

static const char *still(bool answers)
{
    static char text[80];
    const char *part = difference(&before, &after, answers);

    if (part) {
        snprintf(text, sizeof text, "%s has changed", part);
    }
    return part ? text : NULL;
}

// --- Verdicts: NULL, or what speaks against it ---

static bool is_icmp(const struct run *r)
{
    return r->c->len > ETH + IP && get16(r->frame + 12) == 0x0800 && r->frame[ETH + 9] == 1;
}

static const char *is_drop(const struct run *r)
{
    if (h.frames != 0) {
        return "a frame came out";
    }
    // An ICMP error can be heard and mean nothing; all else that is dropped is counted.
    if (r->result == 0 ? !is_icmp(r) : !r->counted) {
        return "the drop was not counted";
    }
    return still(true);
}

static const struct {
    const char *name;
    uint16_t mss;   // SND.MSS
    uint8_t wscale; // Snd.Wind.Shift
    uint16_t flags; // those that must be, of the ones that options negotiate
    uint16_t lean;  // the same in the lean profile
    uint16_t lean_mss;
} syns[] = {
    {"ctl_syn", 1460, 0, 0, 0, 1460},
    {"ctl_syn_all_options", 1448, 7, AKSU_F_SACK | AKSU_F_TIMESTAMPS | AKSU_F_WSCALE, 0, 1460},
    {"ctl_ece_cwr_syn", 1460, 0, 0, 0, 1460},
    {"ctl_unknown_opt", 1460, 0, 0, 0, 1460},
    {"ctl_mss_unaligned", 1460, 0, 0, 0, 1460},
    {"ip4_opt_unknown", 1460, 0, 0, 0, 1460},
    {"opt_wscale_15", 1460, 14, AKSU_F_WSCALE, 0, 1460},
    {"opt_wscale_255", 1460, 14, AKSU_F_WSCALE, 0, 1460},
    {"opt_40_nops", 536, 0, 0, 0, 536},
    {"opt_eol_then_garbage", 536, 0, 0, 0, 536},
    {"urg_syn", 1460, 0, 0, 0, 1460},
};

static const char *check_negotiated(const struct run *r, const struct aksu_tcb *t)
{
    const unsigned all = AKSU_F_SACK | AKSU_F_TIMESTAMPS | AKSU_F_WSCALE;
    bool lean = h.net.profile == &aksu_lean;

    if (t->snd_mss < 8) {
        return "SND.MSS is too small";
    }
    for (unsigned i = 0; i < sizeof syns / sizeof syns[0]; i++) {
        if (strcmp(syns[i].name, r->c->name) == 0 &&
            (t->snd_mss != (lean ? syns[i].lean_mss : syns[i].mss) ||
             t->snd_wscale != (lean ? 0 : syns[i].wscale) ||
             (t->flags & all) != (lean ? syns[i].lean : syns[i].flags))) {
            return "the options were misunderstood";
        }
    }
    return NULL;
}

static const char *is_synack(const struct run *r)
{
    const unsigned setup = AKSU_ECE | AKSU_CWR;
    size_t len;
    uint8_t *in = inside((uint8_t *)(uintptr_t)r->frame, r->c->len, 6, &len);
    bool ecn = in && h.net.profile->ecn && (in[13] & setup) == setup;
    const uint8_t *o = tcp_out(AKSU_SYN | AKSU_ACK | (ecn ? AKSU_ECE : 0), &len);
    const struct aksu_tcb *t = tcb_in(&after);

    if (!o) {
        return "no SYN,ACK";
    }
    if (!in || get32(o + 8) != get32(in + 4) + 1 || get16(o) != get16(in + 2) ||
        get16(o + 2) != get16(in)) {
        return "the SYN,ACK has wrong numbers";
    }
    if (!t || t->state != AKSU_SYN_RECEIVED || t->snd_una != get32(o + 4) ||
        t->rcv_nxt != get32(o + 8) || t->rcv_up != t->rcv_nxt) {
        return "the connection is not in SYN-RECEIVED";
    }
    if (r->c->state == state_syn_sent && get32(o + 4) != ISS + r->ours) {
        return "the SYN,ACK does not have SEQ=ISS"; // 3.5, simultaneous open
    }
    if (h.app.opens + h.app.urgents + h.app.closes > 0) {
        return "the application was told";
    }
    return check_negotiated(r, t);
}

static const char *is_reset(const struct run *r)
{
    const struct hostile_case *c = r->c;
    bool ack = strcmp(c->reply, "RA") == 0;
    size_t len;
    const uint8_t *o = tcp_out(ack ? AKSU_RST | AKSU_ACK : AKSU_RST, &len);

    if (c->reply[0] == '\0') {
        o = tcp_out(AKSU_RST, &len) ? tcp_out(AKSU_RST, &len) : tcp_out(AKSU_RST | AKSU_ACK, &len);
        return o ? NULL : "no RST";
    }
    if (!o) {
        return "no RST";
    }
    if (get32(o + 4) != c->reply_seq + (ack ? 0 : r->ours) ||
        get32(o + 8) != (ack ? c->reply_ack + r->peers : 0)) {
        return "the RST has wrong numbers";
    }
    return still(false);
}

// What an ACK that answers a segment may leave changed: how often that was done, SND.WL1, data kept
// out of order, and what was announced as urgent.
static bool same_but_answered(const struct aksu_tcb *a, const struct aksu_tcb *b)
{
    struct aksu_tcb t;

    memcpy(&t, b, sizeof t);
    t.challenges = a->challenges;
    t.challenge_at = a->challenge_at;
    t.snd_wl1 = a->snd_wl1;
    t.ranges = a->ranges;
    memcpy(t.range, a->range, sizeof t.range);
    t.rcv_up = a->rcv_up;
    t.deadline[AKSU_AT_MISC] = a->deadline[AKSU_AT_MISC]; // keep-alive, 2 MSL
    t.flags = (uint16_t)((t.flags & ~AKSU_F_DSACK) | (a->flags & AKSU_F_DSACK));
    return memcmp(&t, a, sizeof t) == 0;
}

// Of a board only the segments to acknowledge at once, behind a gap, and where runs would begin
// while there are none.
static bool same_boards(const struct image *a, const struct image *b)
{
    static struct image was;

    memcpy(&was, a, sizeof was);
    for (unsigned k = 0; k < ROWS; k++) {
        size_t at = k * BOARD_SIZE + offsetof(struct aksu_board, quick);
        was.boards[at] = b->boards[at];
        if (b->boards[k * BOARD_SIZE + offsetof(struct aksu_board, runs)] == 0) {
            at = k * BOARD_SIZE + offsetof(struct aksu_board, start);
            memcpy(&was.boards[at], &b->boards[at], sizeof(aksu_seq));
        }
    }
    return memcmp(was.boards, b->boards, sizeof was.boards) == 0;
}

static const char *is_ack(const struct run *r)
{
    size_t len;
    const uint8_t *o = tcp_out(AKSU_ACK, &len);
    const struct aksu_tcb *a = tcb_in(&before), *b = tcb_in(&after);

    if (!o) {
        return "no ACK";
    }
    if (r->c->state == state_time_wait && !a) {
        return get32(o + 4) == ISS + r->ours + 1 && get32(o + 8) == IRS + r->peers + 1
                   ? still(false)
                   : "the ACK has wrong numbers";
    }
    if (!a || !b || get32(o + 4) != a->snd_max || get32(o + 8) != a->rcv_nxt ||
        len != (size_t)(o[12] >> 4) * 4) {
        return "the ACK has wrong numbers";
    }
    if (!same_but_answered(a, b) || !same_boards(&before, &after)) {
        return "more than an ACK came of it";
    }
    if (r->c->state != state_time_wait && h.app.len + h.app.ends + h.app.closes > 0) {
        return "the application was told";
    }
    for (unsigned i = 0; i < b->ranges; i++) {
        if (b->range[i].end - b->rcv_nxt > b->rcv_adv - b->rcv_nxt) {
            return "more was kept than the window takes";
        }
    }
    return NULL;
}

static const struct {
    const char *name;
    const char *data;
    enum aksu_state state;
    uint8_t urgents;
} accepts[] = {
    {"ctl_data", "HELLO", AKSU_ESTABLISHED, 0},
    {"ctl_fin", "", AKSU_CLOSE_WAIT, 0},
    {"ctl_reserved_bits", "HELLO", AKSU_ESTABLISHED, 0},
    {"data_left_overlap", "HEL", AKSU_ESTABLISHED, 0},
    {"ts_ecr_future", "", AKSU_ESTABLISHED, 0},
    {"urg_pointer_0", "HELLO", AKSU_ESTABLISHED, 0},
    {"urg_no_data", "", AKSU_ESTABLISHED, 1},
    {"urg_noflag_pointer", "HELLO", AKSU_ESTABLISHED, 0},
};

// The acknowledgment of what was taken comes at once or within 500 ms (MUST-40).
static const char *check_acknowledged(uint32_t before_nxt, uint32_t now_nxt)
{
    size_t len;

    pass(&h, 499);
    if (before_nxt == now_nxt) {
        return h.frames == 0 ? NULL : "a frame came out";
    }
    const uint8_t *o = tcp_out(AKSU_ACK, &len);
    return o && get32(o + 8) == now_nxt ? NULL : "it was not acknowledged";
}

static const char *is_accept(const struct run *r)
{
    const struct aksu_tcb *a = tcb_in(&before), *b = tcb_in(&after);

    for (unsigned i = 0; i < sizeof accepts / sizeof accepts[0]; i++) {
        if (strcmp(accepts[i].name, r->c->name) != 0) {
            continue;
        }
        size_t len = strlen(accepts[i].data);
        bool fin = accepts[i].state == AKSU_CLOSE_WAIT;
        if (r->result != 0 || !a || !b || b->state != accepts[i].state) {
            return "it was refused";
        }
        if (h.app.len != len || memcmp(h.app.data, accepts[i].data, len) != 0 ||
            h.app.ends != fin || b->rcv_nxt != a->rcv_nxt + len + fin) {
            return "other data was delivered";
        }
        if (h.app.urgents != accepts[i].urgents || b->srtt != a->srtt || b->rttvar != a->rttvar ||
            b->snd_una != a->snd_una || b->cwnd != a->cwnd) {
            return "it changed more than it may";
        }
        return check_acknowledged(a->rcv_nxt, b->rcv_nxt);
    }
    return "nobody knows what is to be accepted";
}

static const char *is_abort(const struct run *r)
{
    int reason = r->c->state == state_syn_sent ? AKSU_ECONNREFUSED : AKSU_ECONNRESET;

    if (h.frames != 0) {
        return "a frame came out";
    }
    if (tcb_in(&after) || h.app.closes != 1 || h.app.reason != reason || h.app.len != 0) {
        return "the connection was not reset";
    }
    return NULL;
}

static const char *is_reply(const struct run *r)
{
    size_t len, n;
    uint8_t *in = inside((uint8_t *)(uintptr_t)r->frame, r->c->len, 1, &len);
    uint8_t *out = h.frames == 1 ? inside(h.frame, h.frame_len, 1, &n) : NULL;

    if (in) {
        return out && out[0] == 0 && n == len && memcmp(out + 4, in + 4, len - 4) == 0 &&
                       get32(h.frame + ETH + 16) == PEER
                   ? NULL
                   : "no echo reply";
    }
    if (h.frames != 1 || get16(h.frame + 12) != 0x0806 || get16(h.frame + 20) != 2 ||
        memcmp(h.frame, r->frame + 6, 6) != 0 || memcmp(h.frame + 22, our_mac, 6) != 0 ||
        get32(h.frame + 28) != US || memcmp(h.frame + 32, r->frame + 22, 10) != 0) {
        return "no ARP reply";
    }
    return still(false);
}

static const char *is_icmp_error(const struct run *r)
{
    size_t len;
    const uint8_t *out = h.frames == 1 ? inside(h.frame, h.frame_len, 1, &len) : NULL;

    (void)r;
    return out && (out[0] == 3 || out[0] == 12) ? still(false) : "no ICMP error";
}

// Feeds the frame after a while, so that a timer that was restarted shows.
static int play(const struct run *r, const uint8_t *frame)
{
    restore(&h, &start_image);
    h.now += 7;
    if (r->c->pre_len > 0) {
        feed(&h, r->c->pre, r->c->pre_len);
    }
    drain(&h);
    h.frames = 0;
    take_image(&h, &before);
    return feed(&h, frame, r->c->len);
}

// The same as without the option: the rest of the frame does as much.
static const char *is_ignore_option(const struct run *r)
{
    uint8_t bare[FRAME_MAX];
    uint8_t out[FRAME_MAX];
    size_t out_len = h.frame_len;
    unsigned frames = h.frames;

    memcpy(bare, r->frame, r->c->len);
    memcpy(out, h.frame, sizeof out);
    if (!strip_options(bare, r->c->len)) {
        return "there is no option to ignore";
    }
    play(r, bare);
    drain(&h);
    take_image(&h, &twin);
    if (h.frames != frames ||
        (frames > 0 && (h.frame_len != out_len || memcmp(h.frame, out, out_len) != 0))) {
        return "it answers otherwise than without the option";
    }
    return difference(&after, &twin, true) ? "the option had an effect" : NULL;
}

static const char *(*const judges[VERDICTS])(const struct run *) = {
    [DROP] = is_drop,
    [SYNACK] = is_synack,
    [RESET] = is_reset,
    [ACK] = is_ack,
    [CHALLENGE_ACK] = is_ack,
    [ACCEPT] = is_accept,
    [ABORT] = is_abort,
    [REPLY] = is_reply,
    [IGNORE_OPTION] = is_ignore_option,
    [ICMP_ERROR] = is_icmp_error,
};

// --- Playing ---

static uint32_t dropped(const struct host *host, int result)
{
    return host->net.counters.dropped[-result];
}

// NULL, or what is wrong. Judges in any order, for none changes `after`; the twin comes last.
static const char *judge(struct run *r)
{
    const struct hostile_case *c = r->c;
    const char *against = NULL;

    memcpy(r->frame, c->frame, c->len);
    shift(r->frame, c->len, r->ours, r->peers);
    if (strcmp(c->checksum, "na") != 0 && c->foreign[0] == '\0' &&
        sealed(r->frame, c->len) != (strcmp(c->checksum, "ok") == 0) &&
        strncmp(c->name, "tcp_len_", 8) != 0 && strncmp(c->name, "icmp_echo_4", 11) != 0) {
        return "the harness broke the checksum";
    }
    r->result = play(r, r->frame);
    r->counted = r->result < 0 && dropped(&h, r->result) == dropped(&before.host, r->result) + 1;
    drain(&h);
    if (h.wrong[0]) {
        return h.wrong;
    }
    take_image(&h, &after);
    if (c->foreign[0]) {
        return is_drop(r);
    }
    for (unsigned v = 0; v < VERDICTS; v++) {
        if (c->allowed & 1u << v) {
            const char *why = judges[v](r);
            if (!why) {
                return NULL;
            }
            against = v == c->expected || !against ? why : against;
        }
    }
    return against;
}

static unsigned failures[512];

// A case for any state is one in each of them; and port 81 is closed in all.
static bool applies(const struct hostile_case *c, enum state state)
{
    return c->state == state || c->state == state_any || c->state == state_closed;
}

// All cases of one state.
static void judge_state(enum state state, const char *profile, uint32_t ours, uint32_t peers)
{
    bool built = false;

    for (unsigned i = 0; i < hostile_count; i++) {
        struct run r = {&hostile_cases[i], {0}, ours, peers, 0, false};
        if (!applies(r.c, state)) {
            continue;
        }
        if (!built) {
            take_image(&h, &start_image);
            built = true;
        }
        const char *wrong = start_image.host.wrong[0] ? start_image.host.wrong : judge(&r);
        if (wrong && failures[i]++ == 0) {
            printf("FAIL %s (%s, %s profile, ISS %08x, IRS %08x): %s\n", r.c->name,
                   state_label(state), profile, (unsigned)(ISS + ours), (unsigned)(IRS + peers),
                   wrong);
            printf("     aksu_input() gave %d (%s), %u frames came out; the case says: %s\n",
                   r.result, aksu_drop_name(r.result), h.frames, r.c->detail);
        }
    }
}

static void judge_at(const struct aksu_profile *profile, uint32_t iss, uint32_t irs)
{
    bool lean = profile == &aksu_lean;
    const char *name = lean ? "lean" : profile->recovery ? "full" : "standard";

    for (int s = 0; s < STATES; s++) {
        enum state state = (enum state)s;
        if (lean && (state == state_established_sack || state == state_established_ts)) {
            continue; // it negotiates neither
        }
        // In TIME-WAIT the fixture's numbers count both FINs.
        build(&h, state, &store, profile, iss, irs);
        judge_state(state, name, iss - ISS, irs - IRS);
    }
}

// few: each base once, and not with each of the other side's.
static void judge_all(const struct aksu_profile *profile, bool few)
{
    judge_at(profile, ISS, IRS);
    for (unsigned i = 0; i < 3; i++) {
        judge_at(profile, few ? bases[2 - i] : ISS, bases[i]);
        for (unsigned k = 0; k < 3 && !few; k++) {
            judge_at(profile, bases[k], bases[i]);
        }
    }
}

static void print_foreign(void)
{
    for (unsigned i = 0; i < hostile_count; i++) {
        const char *why = hostile_cases[i].foreign;
        unsigned n = 0, first = hostile_count;
        for (unsigned k = hostile_count; k-- > 0 && why[0];) {
            bool same = strcmp(hostile_cases[k].foreign, why) == 0;
            n += same;
            first = same ? k : first;
        }
        if (first == i) {
            printf("%s: %u cases wait for it; till then they must be dropped without a trace\n",
                   why, n);
        }
    }
}

// usage: judge [few]
int main(int argc, char **argv)
{
    unsigned failed = 0;

    (void)argv;
    judge_all(&aksu_standard, argc > 1);
    judge_all(&aksu_lean, argc > 1);
    judge_all(&aksu_full, argc > 1);
    print_foreign();
    for (unsigned i = 0; i < hostile_count; i++) {
        failed += failures[i] > 0;
    }
    printf("%u passed, %u failed\n", hostile_count - failed, failed);
    return failed > 0;
}
