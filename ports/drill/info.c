// SPDX-License-Identifier: MIT
// What assertions and traces tell of connections.
#include "drill.h"
#include "symbols.h"

#include <inttypes.h>
#include <string.h>

static const uint8_t linux_states[AKSU_STATE_COUNT] = {
    [AKSU_CLOSED] = DRILL_TCP_CLOSE,
    [AKSU_LISTEN] = DRILL_TCP_LISTEN,
    [AKSU_SYN_SENT] = DRILL_TCP_SYN_SENT,
    [AKSU_SYN_RECEIVED] = DRILL_TCP_SYN_RECV,
    [AKSU_ESTABLISHED] = DRILL_TCP_ESTABLISHED,
    [AKSU_FIN_WAIT_1] = DRILL_TCP_FIN_WAIT1,
    [AKSU_FIN_WAIT_2] = DRILL_TCP_FIN_WAIT2,
    [AKSU_CLOSE_WAIT] = DRILL_TCP_CLOSE_WAIT,
    [AKSU_CLOSING] = DRILL_TCP_CLOSING,
    [AKSU_LAST_ACK] = DRILL_TCP_LAST_ACK,
    [AKSU_TIME_WAIT] = DRILL_TCP_TIME_WAIT,
};

// The TCB of a pair of ports; NULL if it has no row.
static const struct aksu_tcb *find(const struct drill_run *run, uint16_t remote, uint16_t local,
                                   struct aksu_info *info)
{
    if (!run->started) {
        return NULL;
    }
    for (aksu_handle c = 0; (c = aksu_next_connection(&run->net, c)) > 0;) {
        if (aksu_info(&run->net, c, info) == AKSU_OK && info->remote.port == remote &&
            info->local.port == local) {
            return info->tcb;
        }
    }
    return NULL;
}

// A TIME-WAIT has no row: the last step tells.
static int64_t state(struct drill_run *run, const struct aksu_tcb *t)
{
    const struct drill_peer *peer = drill_peer(run, run->remote_port, run->local_port);
    unsigned last = peer ? peer->state : AKSU_CLOSED;

    return linux_states[t ? t->state : last == AKSU_TIME_WAIT ? last : AKSU_CLOSED];
}

static int64_t ca_state(const struct aksu_tcb *t)
{
    if (t->flags & AKSU_F_RECOVERY) {
        return DRILL_TCP_CA_Recovery;
    }
    return t->backoff > 0   ? DRILL_TCP_CA_Loss
           : t->dupacks > 0 ? DRILL_TCP_CA_Disorder
                            : DRILL_TCP_CA_Open;
}

static int64_t segments(const struct aksu_tcb *t, uint32_t octets)
{
    return (octets + t->snd_mss - 1) / t->snd_mss;
}

bool drill_info(struct drill_run *run, const char *name, int64_t *number)
{
    static const struct aksu_tcb none = {.snd_mss = 1};
    const struct aksu_profile *p = &run->settings.profile;
    struct aksu_info info;
    const struct aksu_tcb *found = find(run, run->remote_port, run->local_port, &info);
    const struct aksu_tcb *t = found ? found : &none;
    const struct {
        const char *name;
        int64_t number;
    } names[] = {
        {"tcpi_state", state(run, found)},
        {"tcpi_ca_state", ca_state(t)},
        {"tcpi_retransmits", t->retries},
        {"tcpi_probes", t->keep_probes},
        {"tcpi_backoff", t->backoff},
        {"tcpi_rto", (int64_t)aksu_tcp_rto(p, t) * 1000},
        {"tcpi_rtt", t->srtt * 125},
        {"tcpi_rttvar", t->rttvar * 250},
        {"tcpi_snd_mss", t->snd_mss},
        {"tcpi_rcv_mss", t->rcv_mss},
        {"tcpi_snd_wscale", t->snd_wscale},
        {"tcpi_rcv_wscale", t->rcv_wscale},
        {"tcpi_unacked", segments(t, t->snd_nxt - t->snd_una)},
        {"tcpi_snd_cwnd", t->cwnd / t->snd_mss},
        {"tcpi_snd_ssthresh", t->ssthresh / t->snd_mss},
        {"tcpi_snd_wnd", t->snd_wnd},
        {"tcpi_notsent_bytes", t->snd_buf},
        {"aksu_cwnd", t->cwnd},
        {"aksu_ssthresh", t->ssthresh},
        {"aksu_readable", found ? info.readable : 0},
        {"aksu_urgent", found ? info.urgent : 0},
        {"aksu_connections", run->started ? (int64_t)aksu_connections(&run->net) : 0},
    };

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, name) == 0) {
            *number = names[i].number;
            return true;
        }
    }
    return false;
}

bool drill_info_known(const char *name)
{
    static struct drill_run nothing;
    int64_t number;

    return drill_info(&nothing, name, &number);
}

static void print_connection(struct drill_run *run, const struct aksu_info *info)
{
    const struct aksu_tcb *t = info->tcb;
    const struct drill_peer *peer = drill_peer(run, info->remote.port, info->local.port);
    uint32_t iss = peer && peer->known ? peer->iss : t->snd_una;
    uint32_t isn = t->state >= AKSU_SYN_RECEIVED ? run->settings.isn : t->rcv_nxt;

    fprintf(run->trace_to,
            "    %u-%u %-12s una %" PRIu32 " nxt %" PRIu32 " max %" PRIu32 " wnd %" PRIu32
            " queued %" PRIu32 " cwnd %" PRIu32 "; rcv_nxt %" PRIu32 " wnd %" PRIu32
            " readable %" PRIu32 "; rto %" PRIu32 "\n",
            info->local.port, info->remote.port, aksu_state_name(t->state), t->snd_una - iss,
            t->snd_nxt - iss, t->snd_max - iss, t->snd_wnd, t->snd_buf, t->cwnd, t->rcv_nxt - isn,
            t->rcv_adv - t->rcv_nxt, info->readable, aksu_tcp_rto(&run->settings.profile, t));
}

void drill_print_states(struct drill_run *run)
{
    struct aksu_info info;

    if (!run->started) {
        return;
    }
    for (aksu_handle c = 0; (c = aksu_next_connection(&run->net, c)) > 0;) {
        if (aksu_info(&run->net, c, &info) == AKSU_OK) {
            print_connection(run, &info);
        }
    }
}

void drill_print_step(struct drill_run *run, const struct aksu_event *event,
                      const struct aksu_tcb *after)
{
    unsigned before = run->trace.before.state;

    if (before != after->state) {
        fprintf(run->trace_to, "    %.6f %s: %s -> %s\n", (double)run->now_us / 1e6,
                aksu_event_name(event->kind), aksu_state_name(before),
                aksu_state_name(after->state));
    }
}
