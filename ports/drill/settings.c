// SPDX-License-Identifier: MIT
// What can be set, by name.
#include "drill.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void drill_defaults(struct drill_settings *s)
{
    memset(s, 0, sizeof *s);
    s->profile = aksu_standard;
    s->mtu = 1500;
    s->rcvbuf = s->sndbuf = 65535;
    s->connections = 8;
    s->listeners = 4;
    s->time_waits = 16;
    s->runs = 16;
    s->clock_ms = 1000000;
}

enum {
    PROFILE,
    MTU,
    MSS,
    WSCALE,
    SACK,
    TIMESTAMPS,
    COOKIES,
    RECOVERY,
    CONGESTION,
    ECN,
    RUNS,
    RCVBUF,
    SNDBUF,
    INITIAL_WINDOW,
    DELAYED_ACK,
    RTO_MIN,
    RTO_MAX,
    MSL,
    FIN_WAIT_2,
    USER_TIMEOUT,
    SYN_ACK_TRIES,
    CHALLENGE_ACKS,
    CONNECTIONS,
    LISTENERS,
    TIME_WAITS,
    TOLERANCE,
    TS_TICK,
    CLOCK,
    ISN,
    ISS,
    IP_VERSION,
    NAMES
};

static const struct {
    const char *name;
    uint32_t least, most;
    const char *what;
} names[NAMES] = {
    [PROFILE] = {"profile", 0, 0, "lean, standard or full: where the other settings begin"},
    [MTU] = {"mtu", 128, 65535, "octets of an IP packet (1500)"},
    [MSS] = {"mss", 88, 65495, "the MSS announced: the MTU less 40 (1460)"},
    [WSCALE] = {"wscale", 0, 1, "1: window scale offered and accepted"},
    [SACK] = {"sack", 0, 1, "1: selective acknowledgments"},
    [TIMESTAMPS] = {"timestamps", 0, 1, "1: timestamps"},
    [COOKIES] = {"cookies", 0, 1, "1: SYN cookies when no row is free"},
    [RECOVERY] = {"recovery", 0, 2,
                  "1: RACK-TLP where the peer sends SACKs; 2: and the path's MTU; 0: NewReno"},
    [CONGESTION] = {"congestion", 0, 0, "newreno, cubic or lossy; Reno's without recovery"},
    [ECN] = {"ecn", 0, 2, "1: if the peer asks for it; 2: and as a client, too"},
    [RUNS] = {"runs", 4, 255, "that a connection's scoreboard tells apart (16)"},
    [RCVBUF] = {"rcvbuf", 1, 1 << 24, "octets of a connection's receive ring (65535)"},
    [SNDBUF] = {"sndbuf", 1, 1 << 24, "octets of its send ring (65535)"},
    [INITIAL_WINDOW] = {"initial_window", 0, 1000, "segments; 0 = as RFC 6928 has it"},
    [DELAYED_ACK] = {"delayed_ack_ms", 0, 499, "delayed ACK; 0 = not delayed"},
    [RTO_MIN] = {"rto_min_ms", 1, 60000, "least retransmission timeout"},
    [RTO_MAX] = {"rto_max_ms", 60000, 1 << 24, "greatest one"},
    [MSL] = {"msl_ms", 1, 1 << 24, "maximum segment lifetime"},
    [FIN_WAIT_2] = {"fin_wait_2_ms", 1, 1 << 24, "FIN-WAIT-2 after a full close"},
    [USER_TIMEOUT] = {"user_timeout_s", 100, 65534, "R2"},
    [SYN_ACK_TRIES] = {"syn_ack_tries", 1, 255, "SYN,ACKs for one SYN"},
    [CHALLENGE_ACKS] = {"challenge_acks", 2, 255, "in 5 s, before randomisation; 2 are not random"},
    [CONNECTIONS] = {"connections", 1, 64, "rows of the connection table (8)"},
    [LISTENERS] = {"listeners", 1, 64, "(4)"},
    [TIME_WAITS] = {"time_waits", 1, 64, "connections remembered in TIME-WAIT (16)"},
    [TOLERANCE] = {"tolerance_usecs", 0, 1000000000, "how far off an event's time may be (0)"},
    [TS_TICK] = {"tcp_ts_tick_usecs", 0, 1000000,
                 "a tick of TS val in the script: 1000 compares ours; 0 does not (0)"},
    [CLOCK] = {"clock_ms", 0, UINT32_MAX, "the stack's clock when the script begins (1000000)"},
    [ISN] = {"isn", 0, UINT32_MAX, "the wire's number for the script's sequence number 0 (0)"},
    [ISS] = {"iss", 0, UINT32_MAX, "that of the stack's first connection (unpredictable)"},
    [IP_VERSION] = {"ip_version", 0, 0, "ipv4"},
};

static const char *set_profile(struct drill_settings *s, const char *value)
{
    if (strcmp(value, "lean") == 0) {
        s->profile = aksu_lean;
        s->profile.time_waits = &aksu_time_wait_table; // which scripts ask, too
    } else if (strcmp(value, "standard") == 0) {
        s->profile = aksu_standard;
    } else if (strcmp(value, "full") == 0) {
        s->profile = aksu_full;
    } else {
        return "expected lean, standard or full";
    }
    return NULL;
}

static const char *set_congestion(struct drill_settings *s, const char *value)
{
    if (strcmp(value, "newreno") == 0) {
        s->profile.congestion = &aksu_newreno;
    } else if (strcmp(value, "cubic") == 0) {
        s->profile.congestion = &aksu_cubic;
    } else if (strcmp(value, "lossy") == 0) {
        s->profile.congestion = &aksu_lossy;
    } else {
        return "expected newreno, cubic or lossy";
    }
    return NULL;
}

static void set_stack(struct drill_settings *s, unsigned name, uint32_t n)
{
    uint32_t *const to[NAMES] = {
        [MTU] = &s->mtu,
        [RUNS] = &s->runs,
        [RCVBUF] = &s->rcvbuf,
        [SNDBUF] = &s->sndbuf,
        [INITIAL_WINDOW] = &s->initial_window,
        [RTO_MIN] = &s->profile.rto_min_ms,
        [RTO_MAX] = &s->profile.rto_max_ms,
        [MSL] = &s->profile.msl_ms,
        [FIN_WAIT_2] = &s->profile.fin_wait_2_ms,
        [CONNECTIONS] = &s->connections,
        [LISTENERS] = &s->listeners,
        [TIME_WAITS] = &s->time_waits,
        [TOLERANCE] = &s->tolerance_us,
        [TS_TICK] = &s->ts_tick_us,
        [CLOCK] = &s->clock_ms,
        [ISN] = &s->isn,
        [ISS] = &s->iss,
    };

    if (to[name]) {
        *to[name] = n;
    } else if (name == MSS) {
        s->mtu = n + 40;
    }
    s->force_iss = s->force_iss || name == ISS;
}

static void set_profile_member(struct aksu_profile *p, unsigned name, uint32_t n)
{
    switch (name) {
    case WSCALE:
        p->window_scale = (uint8_t)n;
        break;
    case SACK:
        p->sack = n ? &aksu_tcp_sack : NULL;
        break;
    case TIMESTAMPS:
        p->timestamps = n ? &aksu_tcp_timestamps : NULL;
        break;
    case COOKIES:
        p->cookies = n ? &aksu_syn_cookies : NULL;
        break;
    case RECOVERY:
        p->recovery = n == 0 ? NULL : n == 1 ? &aksu_rack : &aksu_plpmtud;
        break;
    case ECN:
        p->ecn = n == 0 ? NULL : n == 1 ? &aksu_ecn_answers : &aksu_ecn_asks;
        break;
    case DELAYED_ACK:
        p->delayed_ack_ms = (uint16_t)n;
        break;
    case USER_TIMEOUT:
        p->user_timeout_s = (uint16_t)n;
        break;
    case SYN_ACK_TRIES:
        p->syn_ack_tries = (uint8_t)n;
        break;
    case CHALLENGE_ACKS:
        p->challenge_acks = (uint8_t)n;
        break;
    default:
        break;
    }
}

static const char *set_number(struct drill_settings *s, unsigned name, const char *value)
{
    static char error[96];
    char *end;
    unsigned long long n = strtoull(value, &end, 0);

    if (value[0] < '0' || value[0] > '9' || *end || n < names[name].least || n > names[name].most) {
        snprintf(error, sizeof error, "expected a number, %" PRIu32 " to %" PRIu32,
                 names[name].least, names[name].most);
        return error;
    }
    set_stack(s, name, (uint32_t)n);
    set_profile_member(&s->profile, name, (uint32_t)n);
    return NULL;
}

const char *drill_set(struct drill_settings *s, const char *name, const char *value)
{
    for (unsigned i = 0; i < NAMES; i++) {
        if (strcmp(names[i].name, name) != 0) {
            continue;
        }
        if (i == PROFILE) {
            return set_profile(s, value);
        }
        if (i == CONGESTION) {
            return set_congestion(s, value);
        }
        if (i == IP_VERSION) {
            return strcmp(value, "ipv4") == 0 ? NULL : "expected ipv4: there is no other yet";
        }
        return set_number(s, i, value);
    }
    return "expected a setting that aksu-drill --help lists";
}

void drill_settings_help(FILE *to)
{
    for (unsigned i = 0; i < NAMES; i++) {
        fprintf(to, "  %-18s %s\n", names[i].name, names[i].what);
    }
}
