// SPDX-License-Identifier: MIT
// Reno's congestion window: RFC 5681 3.1 and 3.2, the initial window of RFC 6928.
#include "tcp.h"

// Down to the initial window: sending again after an idle time, RFC 5681 4.1.
void aksu_newreno_idle(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    uint32_t mss = t->snd_mss;
    uint32_t initial = aksu_min32(10 * mss, aksu_max32(2 * mss, 14600));

    t->cwnd = aksu_min32(t->cwnd, initial);
}

void aksu_newreno_open(const struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;

    t->ssthresh = AKSU_CWND_MAX;
    // RFC 6928 2: one segment if the SYN had to be sent more than twice.
    t->cwnd = t->retries > 1 ? t->snd_mss : AKSU_CWND_MAX;
    aksu_newreno_idle(c);
}

// Octets count, not ACKs: dividing them gains nothing (RFC 3465). In slow start an ACK of much
// counts for one segment: L is 1, and less is lost at once when the queue is full.
void aksu_newreno_acked(const struct aksu_step *c, uint32_t octets)
{
    struct aksu_tcb *t = c->t;
    uint32_t mss = t->snd_mss;
    uint32_t gain = aksu_min32(octets, mss);

    if (t->cwnd >= t->ssthresh) {
        gain = aksu_max32(aksu_min32(octets, UINT16_MAX) * mss / t->cwnd, 1);
    }
    t->cwnd += gain;
    t->cwnd = aksu_min32(t->cwnd, AKSU_CWND_MAX);
}

void aksu_newreno_lost(const struct aksu_step *c, uint32_t flight)
{
    struct aksu_tcb *t = c->t;

    t->ssthresh = aksu_max32(flight / 2, UINT32_C(2) * t->snd_mss); // RFC 5681 equation (4)
    t->cwnd = t->ssthresh + UINT32_C(3) * t->snd_mss;
}

static void timed_out(const struct aksu_step *c, uint32_t flight)
{
    struct aksu_tcb *t = c->t;

    aksu_newreno_lost(c, flight);
    t->cwnd = t->snd_mss;
}

const struct aksu_congestion aksu_newreno = {aksu_newreno_open, aksu_newreno_acked,
                                             aksu_newreno_lost, timed_out, aksu_newreno_idle};
