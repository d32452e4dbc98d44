// SPDX-License-Identifier: MIT
// Decodes frames for people: TCP with numbers relative to each direction's SYN, the rest in words.
#include "table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, ACK = 0x10, URG = 0x20 };
enum {
    OPTION_END = 0,
    OPTION_NOP,
    OPTION_MSS,
    OPTION_SCALE,
    OPTION_SACK_OK,
    OPTION_SACK,
    OPTION_TIMES = 8
};

static unsigned be16(const uint8_t *from)
{
    return (unsigned)from[0] << 8 | from[1];
}

static uint32_t be32(const uint8_t *from)
{
    return (uint32_t)be16(from) << 16 | be16(from + 2);
}

// Appends to the text in to, as far as there is room.
static void append(char *to, size_t size, const char *format, ...)
{
    size_t used = strlen(to);
    va_list args;

    va_start(args, format);
    vsnprintf(to + used, size - used, format, args);
    va_end(args);
}

void aksu_flags_text(uint8_t flags, char *to)
{
    static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
    static const uint8_t order[] = {1, 0, 2, 3, 5, 6, 7, 4}; // ACK last, as people write it
    size_t i;

    to[0] = '\0';
    for (i = 0; i < sizeof order; i++) {
        if (flags & (1u << order[i])) {
            append(to, 32, "%s%s", to[0] ? "," : "", names[order[i]]);
        }
    }
    if (!to[0]) {
        append(to, 32, "none");
    }
}

/// Hosts and flows ///

int aksu_host_index(const struct aksu_listing *table, const uint8_t ipv4[4])
{
    size_t i;

    for (i = 0; i < table->hosts; i++) {
        if (table->host[i].known && memcmp(table->host[i].ipv4, ipv4, 4) == 0) {
            return (int)i;
        }
    }
    return -1;
}

void aksu_host_text(const struct aksu_listing *table, const uint8_t ipv4[4], char *to)
{
    int i = aksu_host_index(table, ipv4);

    if (i >= 0 && table->host[i].name[0]) {
        memcpy(to, table->host[i].name, NAME_SIZE);
    } else {
        snprintf(to, NAME_SIZE, "%u.%u.%u.%u", ipv4[0], ipv4[1], ipv4[2], ipv4[3]);
    }
}

static bool flow_side(const struct flow *flow, const struct line *line, unsigned side)
{
    unsigned other = 1 - side;

    return flow->port[side] == line->source_port && flow->port[other] == line->target_port &&
           memcmp(flow->addr[side], line->source, 4) == 0 &&
           memcmp(flow->addr[other], line->target, 4) == 0;
}

// Finds the segment's flow, or makes one; *side is the direction that the segment goes.
static struct flow *find_flow(struct aksu_listing *table, const struct line *line, unsigned *side)
{
    uint32_t sum = be32(line->source) + be32(line->target) + line->source_port + line->target_port;
    struct flow **bucket = &table->bucket[(sum * 2654435761u) >> 20];
    struct flow *flow;

    for (flow = *bucket; flow; flow = flow->next) {
        for (*side = 0; *side < 2; ++*side) {
            if (flow_side(flow, line, *side)) {
                return flow;
            }
        }
    }
    flow = calloc(1, sizeof *flow);
    if (!flow) {
        return NULL;
    }
    memcpy(flow->addr[0], line->source, 4);
    memcpy(flow->addr[1], line->target, 4);
    flow->port[0] = line->source_port;
    flow->port[1] = line->target_port;
    flow->scale[0] = flow->scale[1] = -1;
    if (table->flows == 0) {
        memcpy(flow->state, table->state, sizeof flow->state);
    }
    flow->next = *bucket;
    *bucket = flow;
    table->flows++;
    *side = 0;
    return flow;
}

static void set_base(struct flow *flow, unsigned side, uint32_t base)
{
    flow->base[side] = base;
    flow->top[side] = base;
    flow->based[side] = true;
}

// A SYN begins a direction's numbers; without one the first number that is seen does.
static void follow_numbers(struct flow *flow, unsigned side, uint32_t seq, uint32_t ack,
                           uint8_t flags)
{
    bool renewed = (flags & SYN) && flow->based[side] && flow->base[side] != seq;

    if (renewed && !(flags & ACK)) { // another connection of the same ports
        flow->based[0] = flow->based[1] = false;
        flow->clocked[0] = flow->clocked[1] = false;
        flow->scale[0] = flow->scale[1] = -1;
    }
    if (!flow->based[side] || renewed) {
        set_base(flow, side, seq);
    }
    if ((flags & ACK) && !flow->based[1 - side]) {
        set_base(flow, 1 - side, ack - ((flags & RST) ? 1 : 0));
    }
}

/// TCP ///

static void relative_times(struct flow *flow, unsigned side, const uint8_t *value,
                           struct line *line)
{
    uint32_t tsval = be32(value);
    uint32_t tsecr = be32(value + 4);

    if (!flow->clocked[side]) {
        flow->clock[side] = tsval;
        flow->clocked[side] = true;
    }
    tsecr -= flow->clocked[1 - side] && (line->flags & ACK) ? flow->clock[1 - side] : 0;
    append(line->text, sizeof line->text, "ts %u/%u ", tsval - flow->clock[side], tsecr);
}

static void sack_blocks(const struct flow *flow, unsigned side, const uint8_t *value, size_t len,
                        struct line *line)
{
    uint32_t base = flow->base[1 - side];
    size_t i;

    for (i = 0; i + 8 <= len; i += 8) {
        append(line->text, sizeof line->text, "sack %u-%u ", be32(value + i) - base,
               be32(value + i + 4) - base);
    }
}

static void decode_option(struct flow *flow, unsigned side, const uint8_t *option, size_t len,
                          struct line *line)
{
    const uint8_t *value = option + 2;

    if (option[0] == OPTION_MSS && len == 4) {
        append(line->text, sizeof line->text, "mss %u ", be16(value));
    } else if (option[0] == OPTION_SCALE && len == 3) {
        append(line->text, sizeof line->text, "ws %u ", value[0]);
        if (line->flags & SYN) {
            flow->scale[side] = (int8_t)(value[0] > 14 ? 14 : value[0]);
        }
    } else if (option[0] == OPTION_SACK_OK && len == 2) {
        append(line->text, sizeof line->text, "sackok ");
    } else if (option[0] == OPTION_SACK) {
        sack_blocks(flow, side, value, len - 2, line);
    } else if (option[0] == OPTION_TIMES && len == 10) {
        relative_times(flow, side, value, line);
    } else {
        append(line->text, sizeof line->text, "option %u ", option[0]);
    }
}

static void decode_options(struct flow *flow, unsigned side, const uint8_t *at, size_t len,
                           struct line *line)
{
    while (len > 0 && *at != OPTION_END) {
        size_t step = *at == OPTION_NOP ? 1 : len > 1 ? at[1] : 0;

        if (step > len || (*at != OPTION_NOP && step < 2)) {
            append(line->text, sizeof line->text, "(malformed option) ");
            break;
        }
        if (*at != OPTION_NOP) {
            decode_option(flow, side, at, step, line);
        }
        at += step;
        len -= step;
    }
    len = strlen(line->text);
    if (len > 0 && line->text[len - 1] == ' ') {
        line->text[len - 1] = '\0';
    }
}

// Tells whether numbers that were sent before are sent again, and remembers the highest.
static bool sent_before(struct flow *flow, unsigned side, uint32_t seq, uint32_t seg_len)
{
    bool before = seg_len > 0 && (int32_t)(seq - flow->top[side]) < 0;

    if ((int32_t)(seq + seg_len - flow->top[side]) > 0) {
        flow->top[side] = seq + seg_len;
    }
    return before;
}

static struct flow *decode_tcp(struct aksu_listing *table, const uint8_t *tcp, size_t len,
                               struct line *line)
{
    size_t header = (size_t)(tcp[12] >> 4) * 4;
    uint32_t seq = be32(tcp + 4);
    uint32_t ack = be32(tcp + 8);
    struct flow *flow;
    unsigned side;

    line->source_port = (uint16_t)be16(tcp);
    line->target_port = (uint16_t)be16(tcp + 2);
    flow = find_flow(table, line, &side);
    if (!flow) {
        return NULL;
    }
    line->kind = LINE_TCP;
    line->flags = tcp[13];
    line->len = (uint32_t)(len - header);
    follow_numbers(flow, side, seq, ack, line->flags);
    line->seq = seq - flow->base[side];
    line->ack = line->flags & ACK ? ack - flow->base[1 - side] : 0;
    decode_options(flow, side, tcp + 20, header - 20, line);
    line->window = (uint32_t)be16(tcp + 14);
    if (!(line->flags & SYN) && flow->scale[0] >= 0 && flow->scale[1] >= 0) {
        line->window <<= flow->scale[side];
    }
    line->resent = sent_before(flow, side, seq,
                               line->len + ((line->flags & SYN) != 0) + ((line->flags & FIN) != 0));
    return flow;
}

/// All else ///

static void decode_arp(struct aksu_listing *table, const uint8_t *arp, size_t len,
                       struct line *line)
{
    char sender[NAME_SIZE], target[NAME_SIZE];

    if (len < 28 || be16(arp) != 1 || be16(arp + 2) != 0x0800) {
        append(line->text, sizeof line->text, "ARP of an unknown format");
        return;
    }
    memcpy(line->source, arp + 14, 4);
    memcpy(line->target, arp + 24, 4);
    aksu_host_text(table, line->source, sender);
    aksu_host_text(table, line->target, target);
    if (be16(arp + 6) == 1) {
        append(line->text, sizeof line->text, "ARP: who has %s? tell %s", target, sender);
    } else {
        append(line->text, sizeof line->text, "ARP: %s is at %02x:%02x:%02x:%02x:%02x:%02x", sender,
               arp[8], arp[9], arp[10], arp[11], arp[12], arp[13]);
    }
}

static void decode_icmp(const uint8_t *icmp, size_t len, struct line *line)
{
    static const char *const unreachable[] = {"network", "host", "protocol", "port"};

    if (len < 8) {
        append(line->text, sizeof line->text, "ICMP, too short");
    } else if (icmp[0] == 0 || icmp[0] == 8) {
        append(line->text, sizeof line->text, "ICMP echo %s, %u octets",
               icmp[0] ? "request" : "reply", (unsigned)len - 8);
    } else if (icmp[0] == 3 && icmp[1] < 4) {
        append(line->text, sizeof line->text, "ICMP %s unreachable", unreachable[icmp[1]]);
    } else if (icmp[0] == 3 && icmp[1] == 4) {
        append(line->text, sizeof line->text, "ICMP packet too big, next MTU %u", be16(icmp + 6));
    } else {
        append(line->text, sizeof line->text, "ICMP type %u code %u", icmp[0], icmp[1]);
    }
}

static struct flow *decode_ip(struct aksu_listing *table, const uint8_t *ip, size_t len,
                              struct line *line, bool *ok)
{
    size_t header = len > 0 ? (size_t)(ip[0] & 15) * 4 : 0;
    size_t total;
    struct flow *flow = NULL;

    if (len < 20 || ip[0] >> 4 != 4 || header < 20 || be16(ip + 2) < header || be16(ip + 2) > len) {
        append(line->text, sizeof line->text, "malformed or no IPv4");
        return NULL;
    }
    total = be16(ip + 2);
    memcpy(line->source, ip + 12, 4);
    memcpy(line->target, ip + 16, 4);
    if (be16(ip + 6) & 0x3fff) {
        append(line->text, sizeof line->text, "IPv4 fragment, protocol %u", ip[9]);
    } else if (ip[9] == 1) {
        decode_icmp(ip + header, total - header, line);
    } else if (ip[9] == 6 && total >= header + 20 && ip[header + 12] >> 4 >= 5 &&
               total >= header + (size_t)(ip[header + 12] >> 4) * 4) {
        flow = decode_tcp(table, ip + header, total - header, line);
        *ok = flow != NULL;
    } else {
        append(line->text, sizeof line->text, "IPv4, %sprotocol %u", ip[9] == 6 ? "malformed " : "",
               ip[9]);
    }
    return flow;
}

bool aksu_decode(struct aksu_listing *table, const struct aksu_record *record, struct line *line,
                 struct flow **flow)
{
    const uint8_t *frame = record->frame;
    size_t len = record->len;
    unsigned type = 0x0800;
    bool ok = true;

    *flow = NULL;
    line->kind = LINE_OTHER;
    if (record->linktype == AKSU_LINKTYPE_ETHERNET) {
        if (len < 14) {
            append(line->text, sizeof line->text, "runt, %u octets", (unsigned)len);
            return true;
        }
        type = be16(frame + 12);
        frame += 14;
        len -= 14;
    }
    if (type == 0x0800) {
        *flow = decode_ip(table, frame, len, line, &ok);
    } else if (type == 0x0806) {
        decode_arp(table, frame, len, line);
    } else {
        append(line->text, sizeof line->text, "EtherType 0x%04x", type);
    }
    return ok;
}

/// Comments ///

// Finds the end of that name, naming one that has no name yet. -1 if it is neither.
static int end_named(struct aksu_listing *table, const char *name, size_t len)
{
    size_t i;

    for (i = 0; i < table->hosts; i++) {
        if (strlen(table->host[i].name) == len && memcmp(table->host[i].name, name, len) == 0) {
            return i < ENDS ? (int)i : -1;
        }
    }
    if (table->hosts >= ENDS || len >= NAME_SIZE) {
        return -1;
    }
    memset(&table->host[i], 0, sizeof table->host[i]);
    memcpy(table->host[i].name, name, len);
    table->hosts++;
    return (int)i;
}

static void read_state(struct line *line, int end, const char *text, size_t len)
{
    if (len >= STATE_SIZE) {
        text += len - (STATE_SIZE - 1);
        len = STATE_SIZE - 1;
    }
    memcpy(line->state[end], text, len);
    line->state[end][len] = '\0';
    line->changed[end] = strstr(line->state[end], "-> ") != NULL;
}

static bool all_of(const char *text, size_t len, const char *set)
{
    return strspn(text, set) >= len;
}

static void read_item(struct aksu_listing *table, struct line *line, const char *item, size_t len)
{
    static const char state_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ-12> ";
    const char *colon = memchr(item, ':', len);
    int end = -1;

    if (colon && colon + 2 < item + len && colon[1] == ' ') {
        const char *state = colon + 2;
        size_t state_len = len - (size_t)(state - item);

        if (all_of(state, state_len, state_letters)) {
            end = end_named(table, item, (size_t)(colon - item));
            if (end < 0) {
                return; // a host whose state has no column
            }
            read_state(line, end, state, state_len);
            return;
        }
    }
    append(line->remark, sizeof line->remark, "%s%.*s", line->remark[0] ? ", " : "", (int)len,
           item);
}

static const char *last_state(const char *states)
{
    const char *at = states;
    const char *arrow;

    while ((arrow = strstr(at, "-> ")) != NULL) {
        at = arrow + 3;
    }
    return at;
}

void aksu_read_comment(struct aksu_listing *table, struct flow *flow, const char *comment,
                       struct line *line)
{
    char(*kept)[STATE_SIZE] = table->state;
    int end;

    if (!flow && table->flows == 1) {
        flow = table->last_flow;
    }
    if (flow) {
        kept = flow->state;
        table->last_flow = flow;
    }
    if (flow || table->flows == 0) {
        memcpy(line->state, kept, sizeof line->state);
    }
    while (comment && *comment) {
        size_t len = strcspn(comment, ";");

        read_item(table, line, comment, len);
        comment += len;
        comment += strspn(comment, "; ");
    }
    for (end = 0; end < ENDS && (flow || table->flows == 0); end++) {
        const char *now = last_state(line->state[end]);

        memmove(kept[end], now, strlen(now) + 1);
    }
}
