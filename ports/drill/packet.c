// SPDX-License-Identifier: MIT
// Packets as text: parsed and printed.
#include "scan.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

static const char flag_names[] = "FSRP.UEW"; // in the order of their bits

static const char *const option_names[] = {
    [DRILL_EOL] = "eol",       [DRILL_NOP] = "nop",        [DRILL_MSS] = "mss",
    [DRILL_WSCALE] = "wscale", [DRILL_SACK_OK] = "sackOK", [DRILL_SACK] = "sack",
    [DRILL_TS] = "TS"};

static const char *const ecn_names[] = {"noecn", "ect1", "ect0", "ce"}; // by the bits

enum { ECN_NAMES = sizeof ecn_names / sizeof ecn_names[0] };
enum { OPTION_NAMES = sizeof option_names / sizeof option_names[0] };

static void scan_flags(struct scan *s, uint8_t *flags)
{
    const char *f;

    *flags = 0;
    if (scan_is(s, "-")) {
        return;
    }
    if (!scan_more(s)) {
        scan_expected(s, "the segment's flags: of F S R P . U E W, or -");
        return;
    }
    const char *from = s->at;
    while (s->at < s->end && *s->at && (f = strchr(flag_names, *s->at)) != NULL) {
        *flags |= (uint8_t)(1u << (f - flag_names));
        s->at++;
    }
    if (s->at == from || (s->at < s->end && !strchr(" \t\r\n", *s->at))) {
        scan_expected_at(s, from, "the segment's flags: of F S R P . U E W, or -");
        return;
    }
    s->last = s->at;
}

// SEQ:END(LEN). SYN and FIN are not counted.
static void scan_range(struct scan *s, uint32_t *seq, uint32_t *len)
{
    *seq = scan_number(s, UINT32_MAX, "the sequence number, as in 1:1001(1000)");
    scan_need(s, ":");
    scan_more(s);
    const char *at = s->at;
    uint32_t end = scan_number(s, UINT32_MAX, "the sequence number behind the last octet");
    scan_need(s, "(");
    *len = scan_number(s, 65495, "the number of octets, at most 65495");
    scan_need(s, ")");
    if (!s->failed && end != *seq + *len) {
        char text[96];
        snprintf(text, sizeof text,
                 "found %" PRIu32 ", expected %" PRIu32 ": %" PRIu32 " octets from %" PRIu32 " on",
                 end, *seq + *len, *len, *seq);
        scan_fail(s, at, text);
    }
}

static void scan_sack(struct scan *s, struct drill_option *o)
{
    do {
        o->block[o->blocks].start = scan_number(s, UINT32_MAX, "a SACK block, as 1:1001");
        scan_need(s, ":");
        o->block[o->blocks].end = scan_number(s, UINT32_MAX, "the end of a SACK block");
        o->blocks++;
    } while (!s->failed && o->blocks < AKSU_RANGES && !scan_next(s, ",") && !scan_next(s, ">"));
}

static void scan_option(struct scan *s, struct drill_option *o)
{
    memset(o, 0, sizeof *o);
    for (unsigned kind = 0; kind < OPTION_NAMES; kind++) {
        if (!option_names[kind] || !scan_is(s, option_names[kind])) {
            continue;
        }
        o->kind = (uint8_t)kind;
        if (kind == DRILL_MSS) {
            o->value = scan_number(s, 65535, "an MSS, 0 to 65535");
        } else if (kind == DRILL_WSCALE) {
            o->value = scan_number(s, 255, "a shift count, 0 to 255");
        } else if (kind == DRILL_SACK) {
            scan_sack(s, o);
        } else if (kind == DRILL_TS) {
            scan_need(s, "val");
            o->value = scan_number(s, UINT32_MAX, "a timestamp");
            scan_need(s, "ecr");
            o->ecr = scan_number(s, UINT32_MAX, "a timestamp");
        }
        return;
    }
    scan_expected(s, "an option: mss, wscale, sackOK, sack, TS, nop, eol");
}

// Octets of an option.
static unsigned option_len(const struct drill_option *o)
{
    static const uint8_t lens[] = {1, 1, 4, 3, 2, 2, 0, 0, 10};

    return lens[o->kind] + 8u * o->blocks;
}

static void scan_options(struct scan *s, struct drill_packet *p)
{
    unsigned octets = 0;
    const char *from = s->at;

    if (!scan_is(s, "<")) {
        return;
    }
    if (!p->in && scan_is(s, "...")) {
        p->any_options = true;
        scan_need(s, ">");
        return;
    }
    do {
        scan_option(s, &p->option[p->options]);
        octets += option_len(&p->option[p->options]);
        p->options++;
    } while (!s->failed && octets <= 40 && p->options < DRILL_OPTIONS && scan_is(s, ","));
    scan_need(s, ">");
    if (octets > 40) {
        scan_fail(s, from, "found options of more than 40 octets, expected at most 40");
    }
}

static void scan_ports(struct scan *s, struct drill_packet *p)
{
    if (!scan_more(s) || *s->at < '0' || *s->at > '9') {
        return;
    }
    p->from_port = (uint16_t)scan_number(s, 65535, "a port");
    scan_need(s, ">");
    p->to_port = (uint16_t)scan_number(s, 65535, "a port");
}

// [ect0], or [tos 0x28]: the second octet of the IP header, or the two bits of it that are ECN's
// (RFC 3168 5).
static void scan_tos(struct scan *s, struct drill_packet *p)
{
    if (!scan_is(s, "[")) {
        return;
    }
    if (scan_is(s, "tos")) {
        p->tos = (uint8_t)scan_number(s, 255, "the octet of IP, 0 to 255");
        p->tos_mask = UINT8_MAX;
        scan_need(s, "]");
        return;
    }
    for (unsigned i = 0; i < ECN_NAMES; i++) {
        if (scan_is(s, ecn_names[i])) {
            p->tos = (uint8_t)i;
            p->tos_mask = ECN_NAMES - 1;
            scan_need(s, "]");
            return;
        }
    }
    scan_expected(s, "noecn, ect0, ect1, ce or tos");
}

void scan_packet(struct scan *s, struct drill_packet *p)
{
    memset(&p->has_ack, 0, sizeof *p - offsetof(struct drill_packet, has_ack));
    scan_tos(s, p);
    scan_ports(s, p);
    scan_flags(s, &p->flags);
    scan_range(s, &p->seq, &p->len);
    if (scan_is(s, "ack")) {
        p->has_ack = true;
        p->ack = scan_number(s, UINT32_MAX, "an acknowledgment number");
    }
    if (scan_is(s, "win")) {
        p->has_wnd = true;
        p->wnd = scan_number(s, 65535, "a window, 0 to 65535");
    }
    if (scan_is(s, "urg")) {
        p->has_urg = true;
        p->urg = scan_number(s, 65535, "an urgent pointer, 0 to 65535");
    }
    scan_more(s);
    scan_options(s, p);
}

static const struct {
    const char *name;
    uint8_t type, code;
} icmp_names[] = {
    {"net_unreachable", 3, 0},  {"host_unreachable", 3, 1}, {"protocol_unreachable", 3, 2},
    {"port_unreachable", 3, 3}, {"frag_needed", 3, 4},      {"source_route_failed", 3, 5},
    {"net_unknown", 3, 6},      {"host_unknown", 3, 7},     {"source_host_isolated", 3, 8},
    {"net_prohibited", 3, 9},   {"host_prohibited", 3, 10}, {"net_unreachable_for_tos", 3, 11},
    {"comm_prohibited", 3, 13}, {"ttl_exceeded", 11, 0},    {"reassembly_exceeded", 11, 1},
};

static void scan_icmp_code(struct scan *s, struct drill_icmp *icmp)
{
    for (unsigned i = 0; i < sizeof icmp_names / sizeof icmp_names[0]; i++) {
        if (icmp_names[i].type == icmp->type && scan_is(s, icmp_names[i].name)) {
            icmp->code = icmp_names[i].code;
            return;
        }
    }
    if (icmp->type == 3) {
        scan_expected(s, "a code: net_unreachable, host_unreachable, port_unreachable, "
                         "frag_needed, ...");
    } else if (icmp->type == 11) {
        scan_expected(s, "a code: ttl_exceeded, reassembly_exceeded");
    }
}

void scan_icmp(struct scan *s, struct drill_icmp *icmp)
{
    memset(icmp, 0, sizeof *icmp);
    icmp->flags = AKSU_ACK;
    if (scan_is(s, "unreachable")) {
        icmp->type = 3;
    } else if (scan_is(s, "source_quench")) {
        icmp->type = 4;
    } else if (scan_is(s, "time_exceeded")) {
        icmp->type = 11;
    } else if (scan_is(s, "parameter_problem")) {
        icmp->type = 12;
    } else {
        scan_expected(s, "unreachable, time_exceeded, parameter_problem or source_quench");
    }
    scan_icmp_code(s, icmp);
    if (scan_is(s, "mtu")) {
        icmp->mtu = scan_number(s, 65535, "an MTU, 0 to 65535");
    }
    scan_need(s, "[");
    if (scan_more(s) && (*s->at < '0' || *s->at > '9')) {
        scan_flags(s, &icmp->flags);
    }
    scan_range(s, &icmp->seq, &icmp->len);
    scan_need(s, "]");
}

struct text {
    char *at;
    size_t left;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(t->at, t->left, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < t->left) {
        t->at += n;
        t->left -= (size_t)n;
    }
}

static void put_option(struct text *t, const struct drill_option *o)
{
    const char *name = o->kind < OPTION_NAMES ? option_names[o->kind] : NULL;

    if (!name) {
        put(t, "kind %u", o->kind);
        return;
    }
    put(t, "%s", name);
    if (o->kind == DRILL_MSS || o->kind == DRILL_WSCALE) {
        put(t, " %" PRIu32, o->value);
    } else if (o->kind == DRILL_TS) {
        put(t, " val %" PRIu32 " ecr %" PRIu32, o->value, o->ecr);
    }
    for (unsigned i = 0; i < o->blocks; i++) {
        put(t, " %" PRIu32 ":%" PRIu32, o->block[i].start, o->block[i].end);
    }
}

void drill_packet_print(const struct drill_packet *p, char *to, size_t size)
{
    struct text t = {to, size};

    put(&t, "%s ", p->in ? "<" : ">");
    if (p->tos_mask == UINT8_MAX && p->tos >= ECN_NAMES) {
        put(&t, "[tos 0x%02x] ", p->tos);
    } else if (p->tos_mask && p->tos) {
        put(&t, "[%s] ", ecn_names[p->tos]);
    }
    if (p->from_port) {
        put(&t, "%u > %u ", p->from_port, p->to_port);
    }
    for (unsigned i = 0; i < 8; i++) {
        if (p->flags & 1u << i) {
            put(&t, "%c", flag_names[i]);
        }
    }
    put(&t, "%s %" PRIu32 ":%" PRIu32 "(%" PRIu32 ")", p->flags ? "" : "-", p->seq, p->seq + p->len,
        p->len);
    if (p->has_ack) {
        put(&t, " ack %" PRIu32, p->ack);
    }
    if (p->has_wnd) {
        put(&t, " win %" PRIu32, p->wnd);
    }
    if (p->has_urg) {
        put(&t, " urg %" PRIu32, p->urg);
    }
    for (unsigned i = 0; i < p->options; i++) {
        put(&t, "%s", i == 0 ? " <" : ",");
        put_option(&t, &p->option[i]);
    }
    put(&t, "%s", p->any_options ? " <...>" : p->options ? ">" : "");
}
