// SPDX-License-Identifier: MIT
#include "frames.h"

const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1};
const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};
const uint8_t gate_mac[6] = {2, 0, 0, 0, 0, 0xfe};
const uint8_t broadcast_mac[6] = {255, 255, 255, 255, 255, 255};

enum { ETH = 14, IP = 20, IP6 = 40, TCP = 20, UDP = 8, TYPE_IP6 = 0x86dd };

uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

void put16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

void put32(uint8_t *p, uint32_t value)
{
    put16(p, value >> 16);
    put16(p + 2, value & 0xffff);
}

uint16_t naive_checksum(const uint8_t *p, size_t len, uint32_t pseudo)
{
    uint64_t sum = pseudo;
    for (size_t i = 0; i < len; i++)
        sum += (uint64_t)p[i] << (i % 2 == 0 ? 8 : 0);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

uint32_t pseudo_sum(uint32_t src, uint32_t dst, unsigned protocol, size_t len)
{
    return (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff) + protocol + (uint32_t)len;
}

uint32_t pseudo_of(const struct wire *w, unsigned protocol, size_t len)
{
    uint32_t sum = protocol + (uint32_t)len;
    if (w->type != TYPE_IP6)
        return pseudo_sum(w->src, w->dst, protocol, len);
    for (unsigned i = 0; i < 16; i += 2)
        sum += (uint32_t)get16(w->src6 + i) + get16(w->dst6 + i);
    return sum;
}

// Where the protocol's message stands.
static uint8_t *inside(const struct wire *w, uint8_t *frame)
{
    return frame + ETH +
           (w->type == TYPE_IP6 ? IP6 + w->headers_len : IP + (size_t)w->ip_options_len);
}

// --- Making ---

void put_timestamps(struct wire *w, uint32_t value, uint32_t echo)
{
    static const uint8_t head[4] = {1, 1, 8, 10};
    memcpy(w->options, head, 4);
    put32(w->options + 4, value);
    put32(w->options + 8, echo);
    w->options_len = 12;
}

struct wire tcp(unsigned flags, uint32_t seq, uint32_t ack, size_t len)
{
    static const uint8_t text[2000];
    struct wire w;
    memset(&w, 0, sizeof w);
    memcpy(w.to, our_mac, 6);
    memcpy(w.from, peer_mac, 6);
    w.type = 0x0800;
    w.src = PEER;
    w.dst = US;
    w.protocol = 6;
    w.ttl = 64;
    w.sport = PEER_PORT;
    w.dport = PORT;
    w.seq = seq;
    w.ack = ack;
    w.flags = (uint8_t)flags;
    w.wnd = 8000;
    w.data = text;
    w.len = len;
    return w;
}

static void put_ethernet(const struct wire *w, uint8_t *frame)
{
    memcpy(frame, w->to, 6);
    memcpy(frame + 6, w->from, 6);
    put16(frame + 12, w->type);
}

void seal_ip(uint8_t *frame)
{
    uint8_t *ip = frame + ETH;
    put16(ip + 10, 0);
    put16(ip + 10, naive_checksum(ip, (size_t)(ip[0] & 15) * 4, 0));
}

void seal_tcp(uint8_t *frame)
{
    uint8_t *ip = frame + ETH, *t = ip + IP;
    size_t len = get16(ip + 2) - (size_t)IP;
    put16(t + 16, 0);
    put16(t + 16, naive_checksum(t, len, pseudo_sum(get32(ip + 12), get32(ip + 16), 6, len)));
}

static size_t make_ip6(const struct wire *w, uint8_t *frame, size_t len)
{
    uint8_t *ip = frame + ETH;
    put32(ip, UINT32_C(6) << 28 | (uint32_t)w->tos << 20 | w->flow);
    put16(ip + 4, (unsigned)(w->headers_len + len));
    ip[6] = w->headers_len > 0 ? w->first : w->protocol;
    ip[7] = w->ttl;
    memcpy(ip + 8, w->src6, 16);
    memcpy(ip + 24, w->dst6, 16);
    if (w->headers_len > 0)
        memcpy(ip + IP6, w->headers, w->headers_len);
    return ETH + IP6 + w->headers_len + len;
}

size_t make_ip(const struct wire *w, uint8_t *frame, size_t len)
{
    uint8_t *ip = frame + ETH;
    size_t head = (size_t)IP + w->ip_options_len;
    put_ethernet(w, frame);
    if (w->type == TYPE_IP6)
        return make_ip6(w, frame, len);
    ip[0] = (uint8_t)(0x40 | head / 4);
    ip[1] = w->tos;
    put16(ip + 2, (unsigned)(head + len));
    put16(ip + 4, w->id);
    put16(ip + 6, w->fragment);
    ip[8] = w->ttl;
    ip[9] = w->protocol;
    put32(ip + 12, w->src);
    put32(ip + 16, w->dst);
    memcpy(ip + IP, w->ip_options, w->ip_options_len);
    seal_ip(frame);
    return ETH + head + len;
}

size_t make_tcp(const struct wire *w, uint8_t *frame)
{
    uint8_t *t = inside(w, frame);
    size_t head = (size_t)TCP + w->options_len, len = head + w->len;
    put16(t, w->sport);
    put16(t + 2, w->dport);
    put32(t + 4, w->seq);
    put32(t + 8, w->ack);
    t[12] = (uint8_t)(head / 4 << 4);
    t[13] = w->flags;
    put16(t + 14, w->wnd);
    put16(t + 16, 0);
    put16(t + 18, w->urp);
    memcpy(t + TCP, w->options, w->options_len);
    if (w->len > 0)
        memcpy(t + head, w->data, w->len);
    put16(t + 16, naive_checksum(t, len, pseudo_of(w, 6, len)));
    return make_ip(w, frame, len);
}

size_t make_icmp(const struct wire *w, uint8_t *frame)
{
    uint8_t *c = inside(w, frame);
    uint32_t pseudo = w->type == TYPE_IP6 ? pseudo_of(w, 58, 8 + w->len) : 0;
    c[0] = w->icmp_type;
    c[1] = w->icmp_code;
    put16(c + 2, 0);
    put32(c + 4, w->icmp_rest);
    if (w->len > 0)
        memcpy(c + 8, w->data, w->len);
    put16(c + 2, naive_checksum(c, 8 + w->len, pseudo));
    return make_ip(w, frame, 8 + w->len);
}

size_t make_udp(const struct wire *w, uint8_t *frame)
{
    uint8_t *u = inside(w, frame);
    size_t len = UDP + w->len;
    put16(u, w->sport);
    put16(u + 2, w->dport);
    put16(u + 4, (unsigned)len);
    put16(u + 6, 0);
    if (w->len > 0)
        memcpy(u + UDP, w->data, w->len);
    uint16_t sum = naive_checksum(u, len, pseudo_of(w, 17, len));
    put16(u + 6, sum ? sum : 0xffff);
    return make_ip(w, frame, len);
}

size_t make_arp(const struct wire *w, uint8_t *frame)
{
    static const uint8_t head[6] = {0, 1, 8, 0, 6, 4};
    put_ethernet(w, frame);
    memcpy(frame + 14, head, 6);
    put16(frame + 20, w->op);
    memcpy(frame + 22, w->sha, 6);
    put32(frame + 28, w->spa);
    memcpy(frame + 32, w->tha, 6);
    put32(frame + 38, w->tpa);
    memset(frame + 42, 0, 18);
    return 60;
}

// --- Reading ---

static void parse_arp(const uint8_t *p, size_t len, struct wire *w)
{
    static const uint8_t head[6] = {0, 1, 8, 0, 6, 4};
    assert_true(len >= 28);
    assert_memory_equal(p, head, 6);
    w->op = get16(p + 6);
    memcpy(w->sha, p + 8, 6);
    w->spa = get32(p + 14);
    memcpy(w->tha, p + 18, 6);
    w->tpa = get32(p + 24);
}

static void parse_option(const uint8_t *o, unsigned kind, unsigned len, struct wire *w)
{
    bool syn = (w->flags & AKSU_SYN) != 0;
    switch (kind) {
    case 2:
        assert_int_equal(len, 4);
        assert_true(syn); // MUST-65
        w->mss = get16(o + 2);
        break;
    case 3:
        assert_int_equal(len, 3);
        assert_true(syn);
        w->wscale = o[2];
        break;
    case 4:
        assert_int_equal(len, 2);
        assert_true(syn); // R2018-01
        w->sack_permitted = true;
        break;
    case 5:
        assert_true(len >= 10 && (len - 2) % 8 == 0);
        w->sacks = (len - 2) / 8;
        for (unsigned i = 0; i < w->sacks; i++) {
            w->sack[i][0] = get32(o + 2 + 8 * i);
            w->sack[i][1] = get32(o + 6 + 8 * i);
        }
        break;
    case 8:
        assert_int_equal(len, 10);
        w->timestamps = true;
        w->tsval = get32(o + 2);
        w->tsecr = get32(o + 6);
        break;
    case 34:
        assert_true(syn && (len == 2 || (len >= 6 && len <= 18 && len % 2 == 0))); // R7413-01
        w->cookie_len = (int)len - 2;
        memcpy(w->cookie, o + 2, len - 2);
        break;
    default:
        fail_msg("option of kind %u", kind);
    }
}

// MUST-68: all but EOL and NOP have a length; MUST-69: zero after EOL.
static void parse_options(const uint8_t *o, size_t len, struct wire *w)
{
    w->wscale = -1;
    w->cookie_len = -1;
    for (size_t i = 0; i < len;) {
        if (o[i] == 1) {
            i++;
            continue;
        }
        if (o[i] == 0) {
            for (; i < len; i++)
                assert_int_equal(o[i], 0);
            return;
        }
        assert_true(i + 1 < len && o[i + 1] >= 2 && i + o[i + 1] <= len);
        parse_option(o + i, o[i], o[i + 1], w);
        i += o[i + 1];
    }
}

static void parse_tcp(const uint8_t *t, size_t len, struct wire *w)
{
    size_t head = (size_t)(t[12] >> 4) * 4;
    assert_true(len >= TCP && head >= TCP && head <= len);
    assert_int_equal(naive_checksum(t, len, pseudo_of(w, 6, len)), 0);
    assert_int_equal(t[12] & 15, 0); // SM-35
    w->sport = get16(t);
    w->dport = get16(t + 2);
    w->seq = get32(t + 4);
    w->ack = get32(t + 8);
    w->flags = t[13];
    w->wnd = get16(t + 14);
    w->urp = get16(t + 18);
    if ((w->flags & AKSU_ACK) == 0)
        assert_int_equal(w->ack, 0);
    parse_options(t + TCP, head - TCP, w);
    w->data = t + head;
    w->len = len - head;
}

static void parse_icmp(const uint8_t *c, size_t len, struct wire *w)
{
    assert_true(len >= 8);
    assert_int_equal(naive_checksum(c, len, w->protocol == 58 ? pseudo_of(w, 58, len) : 0), 0);
    w->icmp_type = c[0];
    w->icmp_code = c[1];
    w->icmp_rest = get32(c + 4);
    w->data = c + 8;
    w->len = len - 8;
}

static void parse_udp(const uint8_t *u, size_t len, struct wire *w)
{
    assert_true(len >= UDP && get16(u + 4) == len);
    assert_int_not_equal(get16(u + 6), 0);
    assert_int_equal(naive_checksum(u, len, pseudo_of(w, 17, len)), 0);
    w->sport = get16(u);
    w->dport = get16(u + 2);
    w->data = u + UDP;
    w->len = len - UDP;
}

static void parse_igmp(const uint8_t *option, size_t len, struct wire *w)
{
    static const uint8_t alert[4] = {0x94, 4, 0, 0};
    assert_int_equal(len, 12);
    assert_memory_equal(option, alert, 4);
    assert_int_equal(naive_checksum(option + 4, 8, 0), 0);
    assert_int_equal(w->ttl, 1);
    w->icmp_type = option[4];
    w->icmp_code = option[5];
    w->icmp_rest = get32(option + 8);
}

static void parse_ip(const uint8_t *ip, size_t len, struct wire *w)
{
    assert_true(len >= IP);
    w->protocol = ip[9];
    size_t head = w->protocol == 2 ? IP + 4 : IP; // IGMP's has the router alert (RFC 2113)
    assert_int_equal(ip[0], 0x40 | head / 4);
    size_t total = get16(ip + 2);
    assert_true(total >= head && total <= len);
    assert_int_equal(naive_checksum(ip, head, 0), 0);
    w->tos = ip[1];
    w->id = get16(ip + 4);
    w->fragment = get16(ip + 6);
    w->ttl = ip[8];
    w->src = get32(ip + 12);
    w->dst = get32(ip + 16);
    assert_int_not_equal(w->ttl, 0);
    if (w->protocol == 6)
        parse_tcp(ip + IP, total - IP, w);
    else if (w->protocol == 1)
        parse_icmp(ip + IP, total - IP, w);
    else if (w->protocol == 17)
        parse_udp(ip + IP, total - IP, w);
    else if (w->protocol == 2)
        parse_igmp(ip + IP, total - IP, w);
    else
        fail_msg("IP protocol %u", w->protocol);
}

// RFC 8200; the only other header that may come is MLD's router alert (RFC 3810 5).
static void parse_ip6(const uint8_t *ip, size_t len, struct wire *w)
{
    static const uint8_t alert[8] = {58, 0, 5, 2, 0, 0, 1, 0};
    assert_true(len >= IP6);
    assert_int_equal(ip[0] >> 4, 6);
    assert_int_equal(get16(ip + 4), len - IP6);
    w->tos = (uint8_t)(get16(ip) >> 4);
    w->flow = get32(ip) & 0xfffff;
    w->protocol = ip[6];
    w->ttl = ip[7];
    memcpy(w->src6, ip + 8, 16);
    memcpy(w->dst6, ip + 24, 16);
    assert_int_not_equal(w->ttl, 0);
    if (w->protocol == 0) {
        assert_true(len > IP6 + 8);
        assert_memory_equal(ip + IP6, alert, 8);
        w->headers = ip + IP6;
        w->headers_len = 8;
        w->protocol = 58;
    }
    size_t head = IP6 + w->headers_len;
    if (w->protocol == 6)
        parse_tcp(ip + head, len - head, w);
    else if (w->protocol == 58)
        parse_icmp(ip + head, len - head, w);
    else if (w->protocol == 17)
        parse_udp(ip + head, len - head, w);
    else
        fail_msg("IPv6 next header %u", w->protocol);
}

void parse(const uint8_t *frame, size_t len, struct wire *w)
{
    memset(w, 0, sizeof *w);
    assert_true(len >= ETH);
    memcpy(w->to, frame, 6);
    memcpy(w->from, frame + 6, 6);
    w->type = get16(frame + 12);
    assert_memory_equal(w->from, our_mac, 6);
    if (w->type == 0x0806)
        parse_arp(frame + ETH, len - ETH, w);
    else if (w->type == 0x0800)
        parse_ip(frame + ETH, len - ETH, w);
    else if (w->type == TYPE_IP6)
        parse_ip6(frame + ETH, len - ETH, w);
    else
        fail_msg("EtherType %04x", w->type);
}

// --- The application ---

static bool on_accept(struct aksu *net, aksu_handle conn, void *user)
{
    struct app *a = user;
    (void)net;
    a->accepts++;
    a->conn = conn;
    return !a->refuse;
}

static void on_open(struct aksu *net, aksu_handle conn, void *user)
{
    struct app *a = user;
    (void)net;
    a->opens++;
    a->conn = conn;
}

static void on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    struct app *a = user;
    a->recvs++;
    a->readable = readable;
    if (a->keep)
        return;
    int32_t n = aksu_recv(net, conn, a->data + a->len, sizeof a->data - a->len);
    assert_int_equal(n, readable);
    a->len += (size_t)n;
}

static void on_sent(struct aksu *net, aksu_handle conn, void *user, size_t acked)
{
    struct app *a = user;
    (void)net;
    (void)conn;
    a->sents++;
    a->acked += acked;
}

static void on_urgent(struct aksu *net, aksu_handle conn, void *user, size_t ahead)
{
    struct app *a = user;
    (void)net;
    (void)conn;
    (void)ahead;
    a->urgents++;
}

static void on_end(struct aksu *net, aksu_handle conn, void *user)
{
    struct app *a = user;
    (void)net;
    (void)conn;
    a->ends++;
}

static void on_trouble(struct aksu *net, aksu_handle conn, void *user, int error)
{
    struct app *a = user;
    (void)net;
    (void)conn;
    a->troubles++;
    a->trouble_reason = error;
}

static void on_close(struct aksu *net, aksu_handle conn, void *user, int error)
{
    struct app *a = user;
    struct aksu_info info;
    a->closes++;
    a->close_reason = error;
    a->conn = conn;
    assert_int_equal(aksu_info(net, conn, &info), AKSU_OK); // valid until this returns
}

const struct aksu_handlers app_handlers = {
    .on_accept = on_accept,
    .on_open = on_open,
    .on_recv = on_recv,
    .on_sent = on_sent,
    .on_urgent = on_urgent,
    .on_end = on_end,
    .on_trouble = on_trouble,
    .on_close = on_close,
};

// --- The stack ---

struct aksu_config default_config(void)
{
    struct aksu_config c;
    memset(&c, 0, sizeof c);
    c.profile = &aksu_standard;
    c.link = &aksu_ethernet;
    c.addr = aksu_ipv4(192, 0, 2, 1);
    c.gateway = aksu_ipv4(192, 0, 2, 254);
    memcpy(c.mac, our_mac, 6);
    return c;
}

void start_with(struct host *h, const struct aksu_storage *store, const struct aksu_config *config)
{
    memset(h, 0, sizeof *h);
    h->now = 0xffff0000u; // the clock wraps after a minute
    assert_int_equal(aksu_init(&h->net, store, config), AKSU_OK);
    assert_int_equal(aksu_seed(&h->net, "sixteen octets!!", 16), AKSU_OK);
    aksu_now(&h->net, h->now);
}

void start(struct host *h, const struct aksu_storage *store)
{
    struct aksu_config config = default_config();
    start_with(h, store, &config);
}

int feed_frame(struct host *h, const uint8_t *frame, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1); // of just that size: reads beyond it are found
    assert_non_null(copy);
    memcpy(copy, frame, len);
    int result = aksu_input(&h->net, h->now, copy, len);
    free(copy);
    return result;
}

int feed(struct host *h, const struct wire *w)
{
    uint8_t frame[FRAME_MAX];
    size_t len = make_tcp(w, frame);
    return feed_frame(h, frame, len);
}

bool next(struct host *h)
{
    uint32_t idle = aksu_idle(&h->net, h->now);
    uint8_t frame[FRAME_MAX];
    memset(frame, 0xee, sizeof frame);
    size_t len = aksu_output(&h->net, h->now, frame, sizeof frame);
    if (len == 0)
        return false;
    memcpy(h->frame, frame, sizeof frame); // h->got.data stays good until the next one
    h->frame_len = len;
    assert_int_equal(idle, 0); // idle > 0 means that output returns nothing
    parse(h->frame, h->frame_len, &h->got);
    return true;
}

void quiet(struct host *h)
{
    if (next(h))
        fail_msg("a frame came out: type %04x flags %02x seq %u ack %u", h->got.type, h->got.flags,
                 (unsigned)h->got.seq, (unsigned)h->got.ack);
    assert_int_not_equal(aksu_idle(&h->net, h->now), 0);
}

unsigned drain(struct host *h)
{
    unsigned n = 0;
    while (next(h))
        assert_true(++n < 10000);
    return n;
}

unsigned pass(struct host *h, uint32_t ms)
{
    unsigned n = drain(h);
    while (ms > 0) {
        uint32_t idle = aksu_idle(&h->net, h->now);
        assert_int_not_equal(idle, 0);
        uint32_t hop = idle < ms ? idle : ms;
        h->now += hop;
        ms -= hop;
        n += drain(h);
    }
    return n;
}

void listen_on(struct host *h, uint16_t port)
{
    assert_int_equal(aksu_listen(&h->net, NULL, port, 0, &app_handlers, &h->app), AKSU_OK);
}

uint32_t establish(struct host *h, uint16_t peer_port)
{
    struct wire w = tcp(AKSU_SYN, 1000, 0, 0);
    static const uint8_t mss[4] = {2, 4, 0x05, 0xb4};
    w.sport = peer_port;
    memcpy(w.options, mss, 4);
    w.options_len = 4;
    assert_int_equal(feed(h, &w), 0);
    assert_true(next(h));
    assert_int_equal(h->got.flags, AKSU_SYN | AKSU_ACK);
    assert_int_equal(h->got.ack, 1001);
    uint32_t iss = h->got.seq;
    w = tcp(AKSU_ACK, 1001, iss + 1, 0);
    w.sport = peer_port;
    unsigned opens = h->app.opens;
    assert_int_equal(feed(h, &w), 0);
    assert_int_equal(h->app.opens, opens + 1);
    quiet(h);
    return iss;
}

void start_waiting(struct host *h, const struct aksu_storage *store)
{
    start(h, store);
    listen_on(h, PORT);
    establish(h, PEER_PORT);
    assert_int_equal(aksu_set(&h->net, h->app.conn, AKSU_KEEPALIVE, 1), AKSU_OK);
    drain(h);
    assert_in_range(aksu_idle(&h->net, h->now), 7000000, 7200000);
}

struct wire arp_packet(unsigned op, uint32_t spa, const uint8_t *sha, uint32_t tpa)
{
    struct wire w;
    memset(&w, 0, sizeof w);
    memcpy(w.to, op == 1 ? broadcast_mac : our_mac, 6);
    memcpy(w.from, sha, 6);
    w.type = 0x0806;
    w.op = (uint16_t)op;
    memcpy(w.sha, sha, 6);
    w.spa = spa;
    w.tpa = tpa;
    if (op == 2)
        memcpy(w.tha, our_mac, 6);
    return w;
}

int feed_arp(struct host *h, unsigned op, uint32_t spa, const uint8_t *sha, uint32_t tpa)
{
    struct wire w = arp_packet(op, spa, sha, tpa);
    uint8_t frame[FRAME_MAX];
    return feed_frame(h, frame, make_arp(&w, frame));
}

void answer_arp(struct host *h, uint32_t addr, const uint8_t *mac)
{
    assert_int_equal(feed_arp(h, 2, addr, mac, US), 0);
}

aksu_handle establish_active(struct host *h, uint16_t peer_port, uint32_t *iss)
{
    struct aksu_endpoint to = {aksu_ipv4(192, 0, 2, 2), peer_port};
    aksu_handle conn = aksu_connect(&h->net, &to, 0, &app_handlers, &h->app);
    assert_true(conn > 0);
    assert_true(next(h));
    if (h->got.type == 0x0806) {
        assert_int_equal(h->got.tpa, PEER);
        answer_arp(h, PEER, peer_mac);
        assert_true(next(h));
    }
    assert_int_equal(h->got.flags, AKSU_SYN);
    *iss = h->got.seq;
    struct wire w = tcp(AKSU_SYN | AKSU_ACK, 1000, *iss + 1, 0);
    w.sport = peer_port;
    w.dport = h->got.sport;
    unsigned opens = h->app.opens;
    assert_int_equal(feed(h, &w), 0);
    assert_int_equal(h->app.opens, opens + 1);
    assert_true(next(h));
    assert_int_equal(h->got.flags, AKSU_ACK);
    quiet(h);
    return conn;
}

uint32_t dropped(const struct host *h, enum aksu_drop reason)
{
    return aksu_counters(&h->net)->dropped[reason];
}

struct aksu_event last_event;

void keep_event(struct aksu_trace *trace, struct aksu *net, aksu_handle conn,
                const struct aksu_event *ev, const struct aksu_effects *fx,
                const struct aksu_tcb *after)
{
    bool segment = ev->kind == AKSU_EV_SEGMENT || ev->kind == AKSU_EV_SENT;
    bool open = ev->kind == AKSU_EV_LISTEN || ev->kind == AKSU_EV_CONNECT;
    (void)trace;
    (void)conn;
    (void)fx;
    (void)after;
    assert_true((ev->open != NULL) == open);
    assert_true((ev->segment != NULL) == segment);
    assert_int_equal(ev->now_ms, net->now_ms);
    last_event = *ev;
}
