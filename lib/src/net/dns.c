// SPDX-License-Identifier: MIT
// A DNS client, RFC 1035 and 3596, whose questions are UDP endpoints. What a message says is read
// where it lies, with the bounds of RFC 9267.
#include "dns.h"

enum { HEADER = 12, NAME_MAX = 255, LABEL_MAX = 63, QUESTION_TAIL = 4 };

enum { RESPONSE = 0x8000, OPCODE = 0x7800, TRUNCATED = 0x0200, RECURSION = 0x0100, RCODE = 0x000f };

enum { NAME_ERROR = 3, TYPE_CNAME = 5, CLASS_IN = 1, RECORD_TAIL = 10, CHAIN_MAX = 8 };

enum { ROUNDS = 3, WAIT_MS = 2000 };

static const uint32_t TTL_MAX = 86400;

struct message {
    const uint8_t *p;
    uint32_t len;
};

static struct aksu_dns_query *question(struct aksu_udp *u)
{
    return (struct aksu_dns_query *)u; // its first member
}

static unsigned lower(unsigned c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

// Whether two octets differ by more than case (RFC 1035 2.3.3).
static bool differ(unsigned a, unsigned b)
{
    return lower(a) != lower(b);
}

// --- Names of a message. 0 is no place of one: there the header is. ---

// What follows a name; the place that a pointer leads to is not looked at.
static uint32_t skip(const struct message *m, uint32_t at)
{
    while (at < m->len && m->p[at] != 0) {
        if (m->p[at] > LABEL_MAX) { // a pointer, or of a kind that is none (RFC 9267 2)
            return m->p[at] >= 0xc0 && at + 2 <= m->len ? at + 2 : 0;
        }
        at += m->p[at] + 1u;
    }
    return at < m->len ? at + 1 : 0;
}

// The label at a place, or that a pointer there leads to: a pointer leads back. The label ends
// within the message.
static uint32_t label(const struct message *m, uint32_t at)
{
    while (at + 2 <= m->len && m->p[at] >= 0xc0) {
        uint32_t to = aksu_get16(m->p + at) & 0x3fff;
        at = to < at ? to : m->len;
    }
    return at >= HEADER && at < m->len && m->p[at] <= LABEL_MAX && at + m->p[at] < m->len ? at : 0;
}

// Whether two names are the same, in any case (RFC 1035 2.3.3). As no name is longer than 255
// octets, one that goes round in circles ends.
static bool same(const struct message *m, uint32_t a, uint32_t b)
{
    for (unsigned total = 0; total < NAME_MAX;) {
        a = label(m, a);
        b = label(m, b);
        if (a == 0 || b == 0 || m->p[a] != m->p[b]) {
            return false;
        }
        unsigned len = m->p[a];
        for (unsigned i = 1; i <= len; i++) {
            if (differ(m->p[a + i], m->p[b + i])) {
                return false;
            }
        }
        if (len == 0) {
            return true;
        }
        a += len + 1;
        b += len + 1;
        total += len + 1;
    }
    return false;
}

// --- Names in text ---

// Writes a name as labels, if `to` is not NULL. Returns its length, or 0 if it is none.
static uint32_t put_name(const char *name, uint8_t *to)
{
    uint32_t len = 0;

    do {
        unsigned n = 0;
        while (name[n] != '.' && name[n] != '\0' && n <= LABEL_MAX) {
            n++;
        }
        if (n == 0 || n > LABEL_MAX || len + n + 2 > NAME_MAX) {
            return 0;
        }
        if (to) {
            to[len] = (uint8_t)n;
            memcpy(to + len + 1, name, n);
        }
        len += n + 1;
        name += n;
        name += *name == '.';
    } while (*name != '\0');
    if (to) {
        to[len] = 0;
    }
    return len + 1;
}

// Whether the question, which has no pointers, is ours. Returns what follows it, or 0.
static uint32_t asked(const struct message *m, const struct aksu_dns_query *q)
{
    const char *name = q->name;
    uint32_t at = HEADER;

    while (at < m->len && m->p[at] != 0) {
        for (unsigned n = m->p[at++]; n > 0; n--, at++, name++) {
            if (at >= m->len || *name == '.' || *name == '\0' || differ(m->p[at], (uint8_t)*name)) {
                return 0;
            }
        }
        if (*name != '.' && *name != '\0') {
            return 0;
        }
        name += *name == '.';
    }
    at++;
    return *name == '\0' && at + QUESTION_TAIL <= m->len && aksu_get16(m->p + at) == q->type &&
                   aksu_get16(m->p + at + 2) == CLASS_IN
               ? at + QUESTION_TAIL
               : 0;
}

// --- What is remembered ---

// How long an entry is still good, in ms. 0: it is free.
static uint32_t rest(const struct aksu *net, const struct aksu_dns_entry *e)
{
    uint32_t ms = e->until - net->now_ms;

    return ms <= TTL_MAX * 1000 ? ms : 0;
}

static bool same_text(const char *a, const char *b)
{
    while (*a != '\0' && !differ((uint8_t)*a, (uint8_t)*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

static const struct aksu_dns_entry *known(const struct aksu *net, const struct aksu_dns_query *q)
{
    const struct aksu_dns_entry *e = q->dns->entry;

    for (uint32_t left = q->dns->entries; left > 0; left--, e++) {
        if (e->type == q->type && rest(net, e) > 0 && same_text(e->name, q->name)) {
            return e;
        }
    }
    return NULL;
}

// In the place of one that is free, or has least time.
static void remember(const struct aksu *net, const struct aksu_dns_query *q,
                     const struct aksu_addr *addr, uint32_t ttl)
{
    struct aksu_dns_entry *e = q->dns->entry;
    struct aksu_dns_entry *best = e;
    uint32_t len = 0;

    while (len < AKSU_DNS_CACHED && q->name[len] != '\0') {
        len++;
    }
    if (q->dns->entries == 0 || ttl == 0 || len == AKSU_DNS_CACHED) {
        return;
    }
    for (uint32_t left = q->dns->entries; left > 0; left--, e++) {
        best = rest(net, e) < rest(net, best) ? e : best;
    }
    best->addr = *addr;
    best->until = net->now_ms + aksu_min32(ttl, TTL_MAX) * 1000;
    best->type = q->type;
    memcpy(best->name, q->name, len + 1);
}

// --- What comes in ---

// Of a question that is asked over TCP now.
static void stop(struct aksu *net, const struct aksu_dns_query *q)
{
    struct aksu_dns_tcp *tcp = q->dns->tcp;

    if (tcp && tcp->query == q) {
        tcp->ops->stop(net, tcp);
    }
}

void aksu_dns_finish(struct aksu *net, struct aksu_dns_query *q, int error,
                     const struct aksu_addr *addr)
{
    aksu_dns_cancel(net, q);
    q->handler(net, q, error, addr);
}

// The next server, or what the last one that answered said, or that none did.
void aksu_dns_next(struct aksu *net, struct aksu_dns_query *q)
{
    stop(net, q);
    while (q->tries < ROUNDS * AKSU_DNS_SERVERS) {
        struct aksu_endpoint to;
        to.addr = q->dns->server[q->tries++ % AKSU_DNS_SERVERS];
        to.port = AKSU_DNS_PORT;
        if (aksu_addr_get(&to.addr) != 0 && aksu_udp_send(net, &q->udp, &to) == AKSU_OK) {
            return;
        }
    }
    aksu_dns_finish(net, q, q->error, NULL);
}

// The record of our type, or the alias, of a name: where its data is, or 0. *ttl: what is left.
static uint32_t record(const struct message *m, uint32_t at, uint32_t name, unsigned type,
                       uint32_t *ttl)
{
    for (unsigned left = aksu_get16(m->p + 6); left > 0; left--) {
        uint32_t owner = at;
        at = skip(m, at);
        if (at == 0 || m->len - at < RECORD_TAIL) {
            return 0;
        }
        const uint8_t *r = m->p + at;
        uint32_t len = aksu_get16(r + 8);
        at += RECORD_TAIL;
        if (m->len - at < len) {
            return 0;
        }
        bool fits = type == TYPE_CNAME || len == (type == AKSU_DNS_A ? 4u : 16u);
        if (aksu_get16(r) == type && aksu_get16(r + 2) == CLASS_IN && fits &&
            same(m, owner, name)) {
            uint32_t seconds = aksu_get32(r + 4);
            *ttl = aksu_min32(*ttl, (seconds >> 31) ? 0 : seconds); // RFC 2181 8
            return at;
        }
        at += len;
    }
    return 0;
}

// The address, where a chain of aliases ends. False: there is none.
static bool address(const struct message *m, uint32_t records, unsigned type,
                    struct aksu_addr *addr, uint32_t *ttl)
{
    uint32_t name = HEADER;

    *ttl = TTL_MAX;
    for (unsigned i = 0; i < CHAIN_MAX && name != 0; i++) {
        uint32_t at = record(m, records, name, type, ttl);
        if (at != 0 && type == AKSU_DNS_A) {
            aksu_addr_put(aksu_get32(m->p + at), addr);
            return true;
        }
        if (at != 0) {
            memcpy(addr->octets, m->p + at, sizeof addr->octets);
            return true;
        }
        name = record(m, records, name, TYPE_CNAME, ttl);
    }
    return false;
}

bool aksu_dns_take(struct aksu *net, struct aksu_dns_query *q, const uint8_t *p, uint32_t len)
{
    const struct message m = {p, len};
    struct aksu_addr addr;
    uint32_t ttl;

    if (len < HEADER || aksu_get16(p) != q->id ||
        (aksu_get16(p + 2) & (RESPONSE | OPCODE)) != RESPONSE || aksu_get16(p + 4) != 1) {
        return false;
    }
    unsigned flags = aksu_get16(p + 2);
    uint32_t records = asked(&m, q);

    if (records == 0) {
        return false;
    }
    if ((flags & RCODE) != 0 && (flags & RCODE) != NAME_ERROR) {
        q->error = AKSU_ECONNREFUSED;
        aksu_dns_next(net, q);
    } else if ((flags & TRUNCATED) && q->dns->tcp) {
        q->dns->tcp->ops->ask(net, q); // RFC 7766 5; what came is not looked at (RFC 2181 9)
    } else if ((flags & RCODE) == 0 && address(&m, records, q->type, &addr, &ttl)) {
        remember(net, q, &addr, ttl);
        aksu_dns_finish(net, q, AKSU_OK, &addr);
    } else {
        aksu_dns_finish(net, q, (flags & TRUNCATED) ? AKSU_EMSGSIZE : AKSU_EADDRNOTAVAIL, NULL);
    }
    return true;
}

static void on_datagram(struct aksu *net, struct aksu_udp *u, const struct aksu_packet *packet,
                        const void *data, size_t len)
{
    if (packet->pair.remote == u->pair.remote && packet->pair.remote_port == AKSU_DNS_PORT &&
        u->bits == AKSU_UDP_TIMER) {
        aksu_dns_take(net, question(u), data, (uint32_t)len);
    }
}

// --- What goes out ---

uint32_t aksu_dns_put(const struct aksu_dns_query *q, uint8_t *p)
{
    memset(p, 0, HEADER);
    aksu_put16(p, q->id);
    aksu_put16(p + 2, RECURSION);
    p[5] = 1; // question
    uint32_t len = HEADER + put_name(q->name, p + HEADER);

    aksu_put32(p + len, (uint32_t)q->type << 16 | CLASS_IN);
    return len + QUESTION_TAIL;
}

static size_t write_question(struct aksu *net, struct aksu_udp *u, void *to, size_t room)
{
    struct aksu_dns_query *q = question(u);

    aksu_udp_wake(net, u, (uint32_t)WAIT_MS << (q->tries - 1) / AKSU_DNS_SERVERS);
    if (HEADER + put_name(q->name, NULL) + QUESTION_TAIL > room) {
        return AKSU_UDP_NONE;
    }
    q->id = (uint16_t)aksu_isn_hash(net, &u->pair, net->now_ms ^ (uint32_t)q->tries << 24);
    return aksu_dns_put(q, to);
}

static void on_time(struct aksu *net, struct aksu_udp *u)
{
    struct aksu_dns_query *q = question(u);
    const struct aksu_dns_entry *e = q->tries == 0 ? known(net, q) : NULL;

    if (e) {
        struct aksu_addr addr;
        addr = e->addr;
        aksu_dns_finish(net, q, AKSU_OK, &addr);
    } else {
        aksu_dns_next(net, q);
    }
}

// The server cannot be reached: as good as no answer, but sooner.
static void on_error(struct aksu *net, struct aksu_udp *u, int error)
{
    (void)error;
    aksu_dns_next(net, question(u));
}

int aksu_dns_ask(struct aksu *net, struct aksu_dns *dns, struct aksu_dns_query *query,
                 const char *name, enum aksu_dns_type type, aksu_dns_handler handler)
{
    static const struct aksu_udp_handlers handlers = {on_datagram, write_question, on_time,
                                                      on_error, NULL};

    if (put_name(name, NULL) == 0 || !handler) {
        return AKSU_EINVAL;
    }
    int error = aksu_udp_open(net, &query->udp, 0, &handlers);

    if (!error) {
        query->dns = dns;
        query->name = name;
        query->handler = handler;
        query->type = (uint16_t)type;
        query->tries = 0;
        query->error = AKSU_ETIMEDOUT;
        aksu_udp_wake(net, &query->udp, 0);
    }
    return error;
}

void aksu_dns_cancel(struct aksu *net, struct aksu_dns_query *query)
{
    stop(net, query);
    aksu_udp_close(net, &query->udp);
}
