// SPDX-License-Identifier: MIT
// The retransmission timeout, RFC 6298, and the user timeout, RFC 9293 3.8.3.
#include "tcp.h"

enum {
    RTO_INITIAL_MS = 1000,  // RFC 6298 2.1
    RTO_SYN_LOST_MS = 3000, // RFC 6298 5.7
    GRANULARITY_MS = 1,
    SRTT_MAX_MS = 8191
};

// Starts a timer: AKSU_AT_...
void aksu_tcp_arm(const struct aksu_step *c, unsigned which, uint32_t ms)
{
    aksu_tcp_start(c->t, which, c->now_ms + ms);
}

static uint32_t base_rto(const struct aksu_profile *p, const struct aksu_tcb *t)
{
    if (t->srtt == 0) {
        bool slow = (t->flags & (AKSU_F_SYN_RETRIED | AKSU_F_SYN_UNACKED)) == AKSU_F_SYN_RETRIED;
        return slow ? RTO_SYN_LOST_MS : RTO_INITIAL_MS;
    }
    // rttvar counts quarters, so it is 4 * RTTVAR as it stands; less than 2 it never is, so the
    // clock's granularity needs no comparison.
    return aksu_max32(p->rto_min_ms, t->srtt / 8u + t->rttvar);
}

static uint32_t backed_off(const struct aksu_profile *p, const struct aksu_tcb *t, unsigned times)
{
    uint32_t rto = base_rto(p, t);

    for (; rto < p->rto_max_ms; rto *= 2) {
        if (times-- == 0) {
            return rto;
        }
    }
    return p->rto_max_ms;
}

uint32_t aksu_tcp_rto(const struct aksu_profile *p, const struct aksu_tcb *t)
{
    return backed_off(p, t, t->backoff);
}

// RFC 6298 2.2 and 2.3, with Jacobson's scaling.
static void rtt_sample(struct aksu_tcb *t, uint32_t rtt_ms)
{
    uint32_t r = aksu_max32(aksu_min32(rtt_ms, SRTT_MAX_MS), GRANULARITY_MS);

    t->backoff = 0;
    if (t->srtt == 0) {
        t->srtt = (uint16_t)(r * 8);
        t->rttvar = (uint16_t)(r * 2);
        return;
    }
    int32_t error = (int32_t)(r * 8) - t->srtt;
    uint32_t spread = (uint32_t)(error < 0 ? -error : error);

    t->srtt = (uint16_t)(t->srtt - t->srtt / 8 + r);
    t->rttvar = (uint16_t)(t->rttvar - t->rttvar / 4 + spread / 8);
}

// Whether an echoed timestamp is older than the last timeout. It comes with the ACK of a copy that
// the peer had already, and tells how long the loss took to mend, not the path (cf. RFC 3522).
static bool echo_outdated(const struct aksu_step *c, uint32_t rtt_ms)
{
    const struct aksu_tcb *t = c->t;

    return t->retries > 0 &&
           aksu_seq_lt(aksu_tcp_rto(c->p, t) - (t->deadline[AKSU_AT_RTX] - c->now_ms), rtt_ms);
}

// Karn's rule: the measurement was given up if its segment was sent again; an echoed timestamp
// tells which transmission it was (RFC 7323 4.1).
void aksu_tcp_measure(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    const struct aksu_segment *s = c->s;
    uint32_t rtt_ms = c->now_ms - t->rtt_at;

    if (aksu_tcp_stamped(t, s)) {
        t->flags &= (uint16_t)~AKSU_F_TIMING;
        rtt_ms = c->now_ms - (s->tsecr - t->salt);
        if (echo_outdated(c, rtt_ms)) {
            t->backoff = 0;
            return;
        }
        if (rtt_ms > INT32_MAX) {
            return; // it is not our echo
        }
    } else {
        if (!(t->flags & AKSU_F_TIMING) || aksu_seq_lt(s->ack, t->ts_recent)) {
            return;
        }
        t->flags &= (uint16_t)~AKSU_F_TIMING;
    }
    rtt_sample(t, rtt_ms);
}

// Window probes back off by their own number: answers to them do not stop the doubling (SHLD-30).
// Before the peer's SYN told its window the two numbers are the same.
void aksu_tcp_arm_rtx(const struct aksu_step *c)
{
    const struct aksu_tcb *t = c->t;

    aksu_tcp_arm(c, AKSU_AT_RTX, backed_off(c->p, t, t->snd_wnd == 0 ? t->retries : t->backoff));
}

void aksu_tcp_arm_user(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    uint32_t seconds = t->user_timeout_s;

    if (t->timers & AKSU_TIMER_LINGER) {
        return;
    }
    if (seconds == 0) {
        seconds = c->p->user_timeout_s;
    }
    if (seconds == UINT16_MAX) {
        t->timers &= (uint8_t)~AKSU_TIMER_USER;
        return;
    }
    aksu_tcp_arm(c, AKSU_AT_USER, seconds * 1000);
}
