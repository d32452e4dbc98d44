// SPDX-License-Identifier: MIT
// The rules that hold at every step of every simulation.
#include "sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// The first broken rule counts: it ends the run.
void sim_fail(struct aksu_sim_host *host, const char *format, ...)
{
    struct aksu_sim *sim = host->sim;
    va_list args;
    int used;

    if (sim->error[0]) {
        return;
    }
    used = snprintf(sim->error, sizeof sim->error,
                    "%s at %" PRIu64 " us (its clock %" PRIu32 " ms): ", host->name, sim->now_us,
                    sim_host_ms(host));
    va_start(args, format);
    vsnprintf(sim->error + used, sizeof sim->error - (size_t)used, format, args);
    va_end(args);
    sim->stopped = true;
}

static int32_t distance(aksu_seq from, aksu_seq to)
{
    return (int32_t)(to - from);
}

static void check_numbers(struct aksu_sim_host *host, const struct aksu_tcb *t, const char *event)
{
    uint32_t control =
        (t->flags & AKSU_F_SYN_UNACKED ? 1u : 0u) + (t->flags & AKSU_F_FIN ? 1u : 0u);

    if (t->state <= AKSU_LISTEN) {
        return;
    }
    if (distance(t->snd_una, t->snd_nxt) < 0 || distance(t->snd_nxt, t->snd_max) < 0) {
        sim_fail(host,
                 "%s in %s: not snd_una %" PRIu32 " <= snd_nxt %" PRIu32 " <= snd_max %" PRIu32,
                 event, aksu_state_name(t->state), t->snd_una, t->snd_nxt, t->snd_max);
    }
    if (t->state != AKSU_TIME_WAIT && t->snd_max - t->snd_una > t->snd_buf + control) {
        sim_fail(host, "%s in %s: %" PRIu32 " in flight, but only %" PRIu32 " queued", event,
                 aksu_state_name(t->state), t->snd_max - t->snd_una, t->snd_buf);
    }
    if (t->rcv_room > t->rcv_buf) {
        sim_fail(host, "%s in %s: rcv_room %" PRIu32 " exceeds rcv_buf %" PRIu32, event,
                 aksu_state_name(t->state), t->rcv_room, t->rcv_buf);
    }
}

void sim_check_step(struct aksu_sim_host *host, const struct aksu_event *event,
                    const struct aksu_tcb *before, const struct aksu_tcb *after)
{
    const char *name = aksu_event_name(event->kind);
    bool begins = event->kind == AKSU_EV_LISTEN || event->kind == AKSU_EV_CONNECT ||
                  event->kind == AKSU_EV_RESUME;

    if (!aksu_tcp_edge((enum aksu_state)before->state, (enum aksu_state)after->state)) {
        sim_fail(host, "%s led from %s to %s, which is no edge of RFC 9293 Figure 5", name,
                 aksu_state_name(before->state), aksu_state_name(after->state));
    }
    check_numbers(host, after, name);
    if (!begins && before->state >= AKSU_SYN_RECEIVED && after->state >= AKSU_SYN_RECEIVED &&
        distance(before->rcv_nxt, after->rcv_nxt) < 0) {
        sim_fail(host, "%s in %s: rcv_nxt fell from %" PRIu32 " to %" PRIu32, name,
                 aksu_state_name(after->state), before->rcv_nxt, after->rcv_nxt);
    }
    if (event->kind == AKSU_EV_TICK &&
        aksu_tcp_plan(host->net.profile, after, NULL, event->now_ms, NULL) == AKSU_NEXT_TICK) {
        sim_fail(host, "TICK in %s was stepped, and plan answers TICK again (timers %#x, owed %#x)",
                 aksu_state_name(after->state), after->timers, after->owed);
    }
}

// Judges one aksu_output(). Returns whether there may be more.
bool sim_check_output(struct aksu_sim_host *host, uint32_t idle_before, uint64_t steps_before,
                      size_t len)
{
    if (idle_before > 0 && len > 0) {
        sim_fail(host, "aksu_idle was %" PRIu32 ", yet aksu_output gave a frame of %zu octets",
                 idle_before, len);
    }
    if (idle_before == 0 && len == 0 && host->steps == steps_before &&
        aksu_idle(&host->net, sim_host_ms(host)) == 0) {
        sim_fail(host, "aksu_idle is 0, yet aksu_output gives nothing and changes nothing");
    }
    return !host->sim->error[0] && (len > 0 || idle_before == 0);
}
