// SPDX-License-Identifier: MIT
// Packetization layer path MTU discovery, RFC 4821, around RACK's loss recovery. snd_mss is the
// eff_pmtu and search_low, without headers and options. When segments larger than a black hole lets
// through time out, it falls; a segment that is larger than snd_mss is a probe, that it may rise
// again. What is known of the path is in the last of the board's slots, RACK has the others.
#include "board.h"

enum {
    HEADERS = 40,
    BASE = 1024 - HEADERS, // RFC 4821 7.7: what is tried after a full-stop timeout
    LEAST = 512 - HEADERS, // and half of it
    BEHIND = 2,            // segments that tell a probe's loss: RACK needs but one
    PROBES = 3,            // of one size, RFC 8899 5.1.2 MAX_PROBES
    STEP = 16,             // less is not worth a probe
    UNIT_MS = 8192,
    RAISE = 75,      // units: 10 minutes at least, RFC 8899 5.1.1 PMTU_RAISE_TIMER
    SEARCHING = 0x80 // in path.failed
};

static struct aksu_path *path_of(const struct aksu_board *b)
{
    return &aksu_tcp_slots(b)[b->size - 1].path;
}

static uint8_t units(const struct aksu_step *c)
{
    return (uint8_t)(c->now_ms / UNIT_MS);
}

// Keeps RACK off the path's slot. Nothing larger than the first size is ever sent.
static struct aksu_path *enter(const struct aksu_step *c)
{
    struct aksu_path *path = path_of(c->b);

    if (path->ceiling == 0) {
        path->ceiling = path->high = c->t->snd_mss;
    }
    c->b->size--;
    return path;
}

static void search(struct aksu_path *path)
{
    path->high = path->ceiling;
    path->failed = SEARCHING;
}

// The probe's run. NULL: there is none.
static const struct aksu_run *find(const struct aksu_board *b)
{
    for (const struct aksu_run *r = aksu_runs(b); r < aksu_runs_end(b); r++) {
        if (r->flags & AKSU_RUN_PATH) {
            return r;
        }
    }
    return NULL;
}

static void forget(const struct aksu_board *b, struct aksu_path *path)
{
    path->probe = 0;
    aksu_board_clear(b, AKSU_RUN_PATH);
}

// Where the probe ends; if there is none, una. One that was merged with others, or sent again,
// tells nothing any more.
static aksu_seq probe_end(const struct aksu_board *b, struct aksu_path *path, aksu_seq una)
{
    if (path->probe == 0) {
        return una;
    }
    const struct aksu_run *r = find(b);

    if (r && r[1].start - r->start == path->probe && !(r->flags & AKSU_RUN_RETRANS)) {
        return r[1].start;
    }
    forget(b, path);
    return una;
}

// A size is known to work, or not to: the search goes on between the two, while it is worth it.
static void narrow(const struct aksu_step *c, struct aksu_path *path)
{
    path->failed = SEARCHING;
    if (path->high < c->t->snd_mss + STEP) {
        path->failed = 0;
        path->at = units(c);
    }
}

// RFC 4821 7.6: what has become of the probe that ends there. If other segments are lost too, its
// loss tells nothing.
static void judge(const struct aksu_step *c, struct aksu_path *path, aksu_seq end)
{
    struct aksu_tcb *t = c->t;
    const struct aksu_run *r = find(c->b);
    unsigned flags = r ? r->flags : AKSU_RUN_LOST; // or merged with others

    if (path->probe == 0) {
        return;
    }
    if (aksu_seq_leq(end, t->snd_una) || (flags & AKSU_RUN_SACKED)) {
        t->snd_mss = path->probe;
        narrow(c, path);
    } else if (!(flags & AKSU_RUN_LOST)) {
        return; // under way
    } else if (!(t->flags & AKSU_F_RECOVERY)) {
        path->failed++;
        if ((path->failed & (SEARCHING - 1)) == PROBES) {
            path->high = (uint16_t)(path->probe - 1);
            narrow(c, path);
        }
    }
    forget(c->b, path);
}

static void acked(const struct aksu_step *c, aksu_seq una)
{
    struct aksu_path *path = enter(c);
    aksu_seq end = probe_end(c->b, path, una);

    aksu_rack_acked(c, una);
    judge(c, path, end);
    c->b->size++;
}

// RFC 8899 5.2: when the size has been less than the ceiling for long, the path may have changed.
static void look_again(const struct aksu_step *c, struct aksu_path *path)
{
    if (c->t->snd_mss >= path->ceiling) {
        path->at = units(c);
    } else if (!(path->failed & SEARCHING) && (uint8_t)(units(c) - path->at) >= RAISE) {
        search(path);
    }
}

static void sent(const struct aksu_step *c, aksu_seq end)
{
    struct aksu_path *path = enter(c);
    const struct aksu_segment *s = c->s;

    aksu_rack_sent(c, end);
    look_again(c, path);
    if (s->len > c->t->snd_mss) {
        aksu_board_room(c->b, c->now_ms, true);
        aksu_board_split(c->b, s->seq)->flags |= AKSU_RUN_PATH;
        path->probe = (uint16_t)s->len;
    }
    c->b->size++;
}

// RFC 4821 7.7, full-stop timeout: nothing comes through any more, and R1 is reached. If what is in
// flight is large it may be its size: it is cut anew. If it was not that, the search finds out.
static void fall(const struct aksu_step *c, struct aksu_path *path)
{
    struct aksu_tcb *t = c->t;
    uint32_t options = (t->flags & AKSU_F_TIMESTAMPS) ? AKSU_TIMESTAMPS_LEN : 0;
    uint32_t mss = (t->snd_mss + options > BASE ? BASE : LEAST) - options;

    if (t->retries + 1 >= AKSU_R1 && mss < t->snd_mss && mss < t->snd_max - t->snd_una) {
        t->snd_mss = (uint16_t)mss;
        search(path);
    }
}

static bool expired(const struct aksu_step *c)
{
    struct aksu_path *path = enter(c);
    aksu_seq una = c->t->snd_una;
    aksu_seq end = probe_end(c->b, path, una);
    bool other = aksu_rack_expired(c);

    judge(c, path, end);
    if (!other && c->t->snd_wnd > 0) {
        fall(c, path);
    }
    c->b->size++;
    return other;
}

// What is sent in place of a whole segment of new text: RFC 4821 7.4. A probe, if nothing is lost
// and there is so much to send that its loss will be found without a timeout; nothing, until ACKs
// have made room for it.
static uint32_t probe(const struct aksu_tcb *t, const struct aksu_board *b)
{
    const struct aksu_path *path = path_of(b);
    uint32_t mss = t->snd_mss;
    uint32_t size = path->high;
    uint32_t room = aksu_min32(aksu_min32(t->snd_buf, t->snd_wnd), t->cwnd);

    if (size < path->ceiling) {
        size = (size + mss + 1) / 2;
    }
    if (!(path->failed & SEARCHING) || path->probe > 0 || aksu_seq_lt(t->snd_una, t->recover) ||
        size + BEHIND * mss > room) {
        return mss;
    }
    return t->snd_max - t->snd_una + size <= room ? size : 0;
}

static uint32_t next(const struct aksu_step *c, aksu_seq *seq)
{
    const struct aksu_tcb *t = c->t;
    uint32_t count = aksu_rack_next(c, seq);

    if (*seq == t->snd_max && count == t->snd_mss && c->b->probe != AKSU_TLP_DUE) {
        count = probe(t, c->b);
    }
    return count;
}

const struct aksu_recovery aksu_plpmtud = {acked, sent, expired, next};
