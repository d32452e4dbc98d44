// SPDX-License-Identifier: MIT
// The world as SPIN keeps it: normalised, so that states that differ in nothing but time are one,
// and packed, an octet for each number.
#include "world.h"
#include "tcp/board.h"
#include <string.h>

enum { OLD = 8, FIRST_LIFE = 32, LIFE = 40, NONE = 255, CWND_ENOUGH = 88 };

// Sequence numbers count from here. The first connection of either end begins just before the edge,
// so that its numbers cross it; older connections' lie before, later ones' behind. The edge is that
// of comparison modulo 2^32, or zero where no RST without an ACK can be: its number is 0, too.
static aksu_seq origin(void)
{
    return (config->zero ? 0 : 0x80000000u) - FIRST_LIFE - 2;
}

aksu_seq iss_of(unsigned self, unsigned life)
{
    return life == OLD_LIFE ? origin() + OLD : origin() + FIRST_LIFE + self + LIFE * life;
}

// Where the retransmission timeout comes from. Here every timer that runs may expire, so that its
// length tells nothing.
static void forget_times(struct aksu_tcb *t)
{
    t->srtt = config->profile->recovery && t->state >= AKSU_ESTABLISHED ? 8 : 0; // 1 ms
    t->rttvar = 0;
    t->backoff = 0;
    if (!(t->flags & AKSU_F_TIMESTAMPS))
        t->ts_recent = 0;
    t->rtt_at = (uint32_t)NOW;
    t->flags &= (uint16_t) ~(AKSU_F_TIMING | AKSU_F_SYN_RETRIED);
    for (unsigned i = 0; i < AKSU_DEADLINES; i++)
        t->deadline[i] = (t->timers & 2u << i) ? (uint32_t)NOW + 1000 * (i + 1) : 0;
}

// A board is in use once our SYN is acknowledged, if SACKs were negotiated.
static bool board_used(const struct end *e)
{
    return board_of(e) && e->tcb.state != AKSU_CLOSED &&
           (e->tcb.flags & (AKSU_F_SACK | AKSU_F_SYN_UNACKED)) == AKSU_F_SACK;
}

// A run was sent just now, or long ago. The round-trip time is known, and short.
static void forget_board_times(struct end *e)
{
    struct aksu_board *b = &e->board;
    for (struct aksu_run *r = aksu_runs(b); r < aksu_runs_end(b); r++) {
        r->at = (uint16_t)(r->at == (uint16_t)NOW ? NOW : NOW - OLD_MS);
        r->span = 0;
    }
    if (b->runs == 0)
        b->start = e->tcb.snd_una;
    uint8_t *unused = (uint8_t *)(&aksu_runs_end(b)->start + 1);
    memset(unused, 0, (size_t)((uint8_t *)(e->slot + RUNS) - unused));
    b->min_rtt_ms = b->rtt_ms = 1;
    b->xmit_ms = (uint32_t)(b->xmit_ms == (uint32_t)NOW || b->runs == 0 ? NOW : NOW - OLD_MS);
}

// What is at or before snd_una is compared only with what is behind it.
static void raise(aksu_seq *seq, aksu_seq una)
{
    if ((int32_t)(*seq - una) < 0)
        *seq = una;
}

static void forget_board(struct end *e)
{
    struct aksu_board *b = &e->board;
    if (!board_used(e)) {
        memset(b, 0, sizeof *b);
        memset(e->slot, 0, sizeof e->slot);
        b->size = board_of(e) ? RUNS : 0;
        return;
    }
    forget_board_times(e);
    raise(&b->end_seq, e->tcb.snd_una);
    raise(&b->dsack_round, e->tcb.snd_una);
    raise(&b->tlp_end, e->tcb.snd_una);
    if (!(e->tcb.flags & AKSU_F_RECOVERY)) // they begin with the next one
        b->prr_delivered = b->prr_out = b->recover_fs = 0;
    b->prior_cwnd = b->undo == 0 ? 0 : b->prior_cwnd > CWND_ENOUGH ? CWND_ENOUGH : b->prior_cwnd;
    b->persist = b->mult == 0 ? 0 : b->persist;
    b->quick = 0; // nothing is delayed
}

// What is never read again, or only compared with what it stays less than.
static void forget_dead(struct aksu_tcb *t)
{
    if (!(t->flags & AKSU_F_RECOVERY) && (int32_t)(t->recover - t->snd_una) < 0)
        t->recover = t->snd_una - 1;
    for (unsigned i = t->ranges; i < AKSU_RANGES; i++)
        memset(&t->range[i], 0, sizeof t->range[i]);
    // How often it was tried decides for half-open connections alone; for others, whether.
    bool half_open = t->state == AKSU_SYN_RECEIVED && (t->flags & AKSU_F_PASSIVE);
    t->retries = !half_open && t->retries > 1 ? 1 : t->retries;
    t->keep_probes = t->probes = 0; // no keep-alive, no limit of probes
    if (!(t->flags & AKSU_F_TIMESTAMPS))
        t->last_ack = 0;
    // Without a limit a challenge that is held back is like one that is lost.
    t->challenges = config->limited ? t->challenges : 0;
    t->challenge_at = (uint8_t)((uint32_t)NOW >> 10);
    // The octets that there are fit either many times.
    t->cwnd = t->cwnd > CWND_ENOUGH ? CWND_ENOUGH : t->cwnd;
    t->ssthresh = t->ssthresh > CWND_ENOUGH ? CWND_ENOUGH : t->ssthresh;
}

// Flights have no order, as any of them may be the next to arrive: the used ones first.
static void sort_flights(struct flight *f)
{
    for (unsigned i = 1; i < SLOTS; i++)
        for (unsigned j = i; j > 0 && memcmp(&f[j - 1], &f[j], sizeof *f) < 0; j--) {
            struct flight other = f[j];
            f[j] = f[j - 1];
            f[j - 1] = other;
        }
}

void normalise(struct world *w)
{
    for (unsigned i = 0; i < 2; i++) {
        struct aksu_tcb *t = &w->end[i].tcb;
        if (t->state == AKSU_CLOSED && t->owed == 0) {
            memset(t, 0, sizeof *t); // its row is free
        } else {
            forget_times(t);
            forget_dead(t);
        }
        forget_board(&w->end[i]);
        sort_flights(w->flight[i]);
    }
    if (w->faults == 0)
        w->losses = w->duplicates = w->timeouts = w->giveups = 0;
}

// Packs or unpacks, so that there is one list of members for both.
struct codec {
    bool packing;
    uint8_t *at;
};

static void number8(struct codec *c, uint8_t *value)
{
    if (c->packing)
        *c->at = *value;
    else
        *value = *c->at;
    c->at++;
}

static void number16(struct codec *c, uint16_t *value)
{
    uint8_t high = (uint8_t)(*value >> 8), low = (uint8_t)*value;
    number8(c, &high);
    number8(c, &low);
    *value = (uint16_t)(high << 8 | low);
}

// A number that is at most 255 more than some other, modulo 2^32.
static void number32(struct codec *c, uint32_t *value, uint32_t from)
{
    uint8_t octet = (uint8_t)(*value - from);
    number8(c, &octet);
    *value = from + octet;
}

// Or zero, as it is before it is known.
static void sequence(struct codec *c, aksu_seq *value)
{
    uint8_t octet = (uint8_t)(*value == 0 ? NONE : *value - origin());
    number8(c, &octet);
    *value = octet == NONE ? 0 : origin() + octet;
}

static void count(struct codec *c, uint32_t *value)
{
    number32(c, value, 0);
}

// Zero, or one certain value.
static void constant(struct codec *c, uint32_t *value, uint32_t certain)
{
    uint8_t set = *value == certain;
    number8(c, &set);
    *value = set ? certain : 0;
}

static void tcb_sending(struct codec *c, struct aksu_tcb *t)
{
    sequence(c, &t->snd_una);
    sequence(c, &t->snd_nxt);
    sequence(c, &t->snd_max);
    sequence(c, &t->snd_wl1);
    sequence(c, &t->snd_up);
    sequence(c, &t->recover);
    count(c, &t->snd_wnd);
    count(c, &t->max_snd_wnd);
    count(c, &t->snd_buf);
    count(c, &t->cwnd);
    count(c, &t->ssthresh);
}

static void tcb_receiving(struct codec *c, struct aksu_tcb *t)
{
    sequence(c, &t->rcv_nxt);
    sequence(c, &t->rcv_adv);
    sequence(c, &t->rcv_up);
    sequence(c, &t->last_ack);
    count(c, &t->rcv_room);
    count(c, &t->rcv_buf);
    for (unsigned i = 0; i < t->ranges; i++) {
        sequence(c, &t->range[i].start);
        sequence(c, &t->range[i].end);
    }
}

static uint32_t salt_of(unsigned self)
{
    return 77000 + self;
}

static void tcb(struct codec *c, struct aksu_tcb *t, unsigned self)
{
    number8(c, &t->state);
    number8(c, &t->owed);
    if (t->state == AKSU_CLOSED && t->owed == 0)
        return;
    number8(c, &t->timers);
    number8(c, &t->retries);
    number8(c, &t->dupacks);
    number8(c, &t->challenges);
    number8(c, &t->ranges);
    number16(c, &t->flags);
    number16(c, &t->snd_mss);
    number16(c, &t->rcv_mss);
    tcb_sending(c, t);
    tcb_receiving(c, t);
    constant(c, &t->ts_recent, (uint32_t)NOW + salt_of(1 - self));
    t->ts_recent_at = t->ts_recent ? (uint16_t)((uint32_t)NOW >> 16) : 0;
    t->salt = salt_of(self);
    t->challenge_at = (uint8_t)((uint32_t)NOW >> 10);
    if (!c->packing)
        forget_times(t);
}

static void board(struct codec *c, struct end *e)
{
    struct aksu_board *b = &e->board;
    b->size = board_of(e) ? RUNS : 0;
    if (!board_used(e))
        return;
    number8(c, &b->runs);
    number8(c, &b->timer);
    number8(c, &b->probe);
    number8(c, &b->reordered);
    number8(c, &b->loss);
    number8(c, &b->undo);
    number8(c, &b->mult);
    number8(c, &b->persist);
    b->xmit_ms -= (uint32_t)NOW;
    constant(c, &b->xmit_ms, (uint32_t)-OLD_MS);
    b->xmit_ms += (uint32_t)NOW;
    sequence(c, &b->end_seq);
    sequence(c, &b->dsack_round);
    sequence(c, &b->tlp_end);
    count(c, &b->prr_delivered);
    count(c, &b->prr_out);
    count(c, &b->recover_fs);
    count(c, &b->prior_cwnd);
    sequence(c, &b->start);
    for (struct aksu_run *r = aksu_runs(b); r < aksu_runs_end(b); r++) {
        uint32_t before = (uint16_t)(r->at - (uint16_t)NOW);
        sequence(c, &r[1].start);
        number8(c, &r->flags);
        constant(c, &before, (uint16_t)-OLD_MS);
        r->at = (uint16_t)((uint32_t)NOW + before);
    }
    b->min_rtt_ms = b->rtt_ms = 1;
}

static void end(struct codec *c, struct end *e, unsigned self)
{
    tcb(c, &e->tcb, self);
    board(c, e);
    number8(c, &e->life);
    number8(c, &e->peer_life);
    number8(c, &e->did);
    number8(c, &e->reason);
    number8(c, &e->opens);
    number8(c, &e->listens);
    number8(c, &e->writes);
    number8(c, &e->crashes);
    number8(c, &e->written);
    number8(c, &e->acked);
    number8(c, &e->received);
    number8(c, &e->unread);
    number8(c, &e->ahead);
    sequence(c, &e->edge);
}

static void segment(struct codec *c, struct aksu_segment *s, unsigned to)
{
    uint32_t wnd = s->wnd;
    number8(c, &s->flags);
    number8(c, &s->options);
    sequence(c, &s->seq);
    sequence(c, &s->ack);
    count(c, &s->len);
    count(c, &wnd);
    s->wnd = (uint16_t)wnd;
    if (s->options & AKSU_OPT_MSS)
        number16(c, &s->mss);
    if (s->options & AKSU_OPT_TIMESTAMPS) {
        constant(c, &s->tsval, (uint32_t)NOW + salt_of(1 - to));
        constant(c, &s->tsecr, (uint32_t)NOW + salt_of(to));
    }
    if (s->options & AKSU_OPT_SACK)
        number8(c, &s->sacks);
    for (unsigned i = 0; i < s->sacks; i++) {
        sequence(c, &s->sack[i].start);
        sequence(c, &s->sack[i].end);
    }
}

static void flights(struct codec *c, struct flight *f, unsigned to)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        number8(c, &f[i].used);
        if (!f[i].used)
            continue;
        number8(c, &f[i].life);
        number8(c, &f[i].place);
        segment(c, &f[i].segment, to);
    }
}

static void code(struct codec *c, struct world *w)
{
    for (unsigned i = 0; i < 2; i++) {
        end(c, &w->end[i], i);
        flights(c, w->flight[i], i);
    }
    number8(c, &w->losses);
    number8(c, &w->duplicates);
    number8(c, &w->timeouts);
    number8(c, &w->giveups);
    number8(c, &w->faults);
}

void unpack(const struct image *from, struct world *w)
{
    struct image copy = *from;
    struct codec c = {false, copy.octet};
    memset(w, 0, sizeof *w);
    code(&c, w);
}

const char *pack(const struct world *w, struct image *to)
{
    struct world copy = *w;
    struct codec c = {true, to->octet};
    memset(to, 0, sizeof *to);
    code(&c, &copy);
    if (c.at > to->octet + IMAGE_MAX)
        return "MODEL: the image is too small";
    unpack(to, &copy);
    return memcmp(w, &copy, sizeof copy) == 0 ? NULL : "MODEL: packing lost something";
}
