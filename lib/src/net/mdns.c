// SPDX-License-Identifier: MIT
// A responder of Multicast DNS, RFC 6762, for the name of one host: a UDP endpoint and a group.
// What a message says is read where it lies. All records are unique: nobody else has the name.
#include "mdns.h"
#include "igmp.h"
#include "ipv6.h"

enum { PORT = AKSU_MDNS_PORT, HEADER = 12, NAME_MAX = 255, LABEL_MAX = 63, MTU_MIN = 576 };

enum { RESPONSE = 0x8000, AUTHORITATIVE = 0x0400, CUT = 0x0200, REFUSED = 0x780f };

enum { A = 1, PTR = 12, AAAA = 28, NSEC = 47, ANY = 255 };

enum { CLASS_IN = 1, CLASS_ANY = 255, UNIQUE = 0x8000, UNICAST = 0x8000 };

// What is wanted of us. NOTHING: to be told what there is, because what was asked for is not.
enum { WANT_A = 1, WANT_AAAA = 2, WANT_PTR = 4, WANT_NOTHING = 8 };

enum { STOPPED, PROBING, ANNOUNCING, READY };

enum {
    TTL = 120,       // seconds: 10
    TTL_LEGACY = 10, // 6.7
    PROBES = 3,      // 8.1
    PROBE_MS = 250,
    LOST_MS = 1000,       // 8.2
    CONFLICTS = 15,       // 8.1: then it goes slowly
    CONFLICTS_MS = 5000,  //
    ANNOUNCEMENTS = 2,    // 8.3
    AGAIN_MS = 1000,      // 6: the same record is not told to all sooner
    MORE_MS = 400,        // 7.2: then what a cut query has left has come
    FRESH_MS = TTL * 250, // 5.4: a quarter of the TTL
    NUMBER_MAX = 999
};

enum { HOST_LEN = 72, REVERSE_LEN = 32 };

struct message {
    const uint8_t *p;
    uint32_t len;
};

// A record of a message; the name is the host's, or that of its address.
struct record {
    uint32_t ttl;
    uint32_t data; // where it is
    uint16_t type;
    uint16_t class;
    uint16_t len;
    bool host;
    bool reverse;
};

struct writer {
    uint8_t *begin;
    uint8_t *p;
    uint16_t host; // where the name is, or 0
};

static struct aksu_mdns *responder(struct aksu_udp *u)
{
    return (struct aksu_mdns *)u; // its first member
}

static uint32_t chance(const struct aksu *net, const struct aksu_mdns *m, uint32_t below)
{
    return (uint32_t)aksu_isn_hash(net, &m->udp.pair, net->now_ms) % below;
}

// --- Our records ---

// Our i-th address, the one of IPv4 first: its length, or 0 if there is none there.
static uint32_t own(const struct aksu *net, unsigned i, const uint8_t **data, uint8_t ipv4[4])
{
    aksu_put32(ipv4, net->addr);
    *data = ipv4;
    if (i == 0) {
        return net->addr ? 4 : 0;
    }
    const struct aksu_ipv6_address *a = &aksu_ipv6(net)->address[i - 1];

    *data = a->addr.octets;
    return a->state == AKSU_IPV6_READY ? 16 : 0;
}

static unsigned places(const struct aksu *net)
{
    return aksu_igmp_ipv6(net) ? 1 + AKSU_IPV6_ADDRESSES : 1;
}

static unsigned type_of(uint32_t len)
{
    return len == 4 ? A : AAAA;
}

// How many of a type there are.
static unsigned count(const struct aksu *net, unsigned type)
{
    const uint8_t *data;
    uint8_t ipv4[4];
    unsigned n = 0;

    for (unsigned i = 0; i < places(net); i++) {
        uint32_t len = own(net, i, &data, ipv4);
        n += len > 0 && type_of(len) == type;
    }
    return n;
}

static bool is_own(const struct aksu *net, const struct message *m, const struct record *r)
{
    const uint8_t *data;
    uint8_t ipv4[4];

    for (unsigned i = 0; i < places(net); i++) {
        uint32_t len = own(net, i, &data, ipv4);
        if (len > 0 && r->len == len && r->type == type_of(len) &&
            memcmp(m->p + r->data, data, len) == 0) {
            return true;
        }
    }
    return false;
}

// --- Names ---

static uint8_t *put_label(uint8_t *p, const char *text)
{
    size_t len = 0;

    while (text[len]) {
        p[1 + len] = (uint8_t)text[len];
        len++;
    }
    *p = (uint8_t)len;
    return p + 1 + len;
}

// Writes a number of up to three digits. Returns what follows it.
static uint8_t *put_digits(uint8_t *p, unsigned number)
{
    if (number > 99) {
        *p++ = (uint8_t)('0' + number / 100);
    }
    if (number > 9) {
        *p++ = (uint8_t)('0' + number / 10 % 10);
    }
    *p++ = (uint8_t)('0' + number % 10);
    return p;
}

// Writes the host's name as labels. Returns its length.
static uint32_t put_host(const struct aksu_mdns *m, uint8_t name[HOST_LEN])
{
    uint8_t *p = put_label(name, m->name);

    if (m->number > 1) { // 9
        *p++ = '-';
        p = put_digits(p, m->number);
        *name = (uint8_t)(p - name - 1);
    }
    p = put_label(p, "local");
    *p++ = 0;
    return (uint32_t)(p - name);
}

// The name of our IPv4 address (RFC 1035 3.5).
static uint32_t put_reverse(const struct aksu *net, uint8_t name[REVERSE_LEN])
{
    uint8_t *p = name;

    for (unsigned shift = 0; shift < 32; shift += 8) {
        uint8_t *end = put_digits(p + 1, net->addr >> shift & 255);
        *p = (uint8_t)(end - p - 1);
        p = end;
    }
    p = put_label(put_label(p, "in-addr"), "arpa");
    *p++ = 0;
    return (uint32_t)(p - name);
}

static unsigned lower(unsigned c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

// Goes over a name of a message, whose pointers lead back. Returns what follows it, or 0 if there
// is none; *same: whether it is a name, in any case. As no name is longer than 255 octets, one that
// goes round in circles ends.
static uint32_t take_name(const struct message *m, uint32_t at, const uint8_t *name, bool *same)
{
    uint32_t end = 0;

    *same = true;
    for (unsigned total = 0; total < NAME_MAX && at < m->len;) {
        unsigned n = m->p[at];
        if (n > LABEL_MAX) {
            uint32_t to = n >= 0xc0 && at + 2 <= m->len ? aksu_get16(m->p + at) & 0x3fff : at;
            if (to >= at) {
                return 0;
            }
            end = end ? end : at + 2;
            at = to;
            continue;
        }
        if (at + n >= m->len) {
            return 0;
        }
        *same = *same && *name == n;
        for (unsigned i = 1; i <= n && *same; i++) {
            *same = lower(m->p[at + i]) == lower(name[i]);
        }
        at += n + 1;
        if (n == 0) {
            return end ? end : at;
        }
        name += *same ? n + 1 : 0;
        total += n + 1;
    }
    return 0;
}

// Whose name stands somewhere. Returns what follows it, or 0.
static uint32_t whose(const struct aksu *net, const struct aksu_mdns *mdns, const struct message *m,
                      uint32_t at, struct record *r)
{
    uint8_t name[HOST_LEN];
    uint8_t reverse[REVERSE_LEN];

    put_host(mdns, name);
    put_reverse(net, reverse);
    (void)take_name(m, at, reverse, &r->reverse);
    return take_name(m, at, name, &r->host);
}

// Reads a question, and with `record` a whole record. Returns what follows it, or 0.
static uint32_t take(const struct aksu *net, const struct aksu_mdns *mdns, const struct message *m,
                     uint32_t at, bool record, struct record *r)
{
    uint32_t tail = record ? UINT32_C(10) : UINT32_C(4);

    at = at ? whose(net, mdns, m, at, r) : 0;
    if (at == 0 || m->len - at < tail) {
        return 0;
    }
    r->type = aksu_get16(m->p + at);
    r->class = aksu_get16(m->p + at + 2);
    at += tail;
    if (!record) {
        return at;
    }
    r->ttl = aksu_get32(m->p + at - 6);
    r->len = aksu_get16(m->p + at - 2);
    r->data = at;
    return m->len - at >= r->len ? at + r->len : 0;
}

// --- When something is said ---

static void schedule(struct aksu *net, struct aksu_mdns *m)
{
    uint32_t wait = AKSU_NEVER;

    if (m->asker.wanted) {
        return; // that goes first
    }
    if (m->state == PROBING || m->state == ANNOUNCING) {
        wait = aksu_until(net->now_ms, m->at);
    }
    if (m->wanted) {
        wait = aksu_min32(wait, aksu_until(net->now_ms, m->answer_at));
    }
    m->udp.bits = 0;
    if (wait != AKSU_NEVER) {
        aksu_udp_wake(net, &m->udp, wait);
    }
}

// To all, of both versions. An answer has been given then.
static void say(struct aksu *net, struct aksu_mdns *m, unsigned what)
{
    m->saying.what = (uint8_t)what;
    m->saying.of = m->wanted;
    if (m->ipv6) {
        m->ipv6->saying = m->saying;
    }
    if (what == AKSU_MDNS_ANSWER) {
        m->said = true;
        m->said_at = net->now_ms;
        m->wanted = 0;
    }
    aksu_igmp_send(net, &m->group, &m->udp, PORT);
}

static void probe(struct aksu *net, struct aksu_mdns *m, uint32_t wait_ms)
{
    m->state = PROBING;
    m->tries = 0;
    m->wanted = 0;
    m->asker.wanted = 0;
    if (m->ipv6) {
        m->ipv6->asker.wanted = 0;
    }
    m->at = net->now_ms + wait_ms;
}

static void announce(struct aksu *net, struct aksu_mdns *m)
{
    m->at = net->now_ms + AGAIN_MS;
    m->state = ++m->tries == ANNOUNCEMENTS ? READY : ANNOUNCING;
    m->wanted = WANT_A | WANT_AAAA | WANT_PTR;
    say(net, m, AKSU_MDNS_ANSWER);
}

static void on_time(struct aksu *net, struct aksu_udp *u)
{
    struct aksu_mdns *m = responder(u);
    bool due = m->state != READY && aksu_reached(net->now_ms, m->at);

    if (due && m->state == PROBING && m->tries < PROBES) {
        m->tries++;
        m->at = net->now_ms + PROBE_MS;
        say(net, m, AKSU_MDNS_PROBE);
    } else if (due && m->state == PROBING) {
        m->tries = 0;
        m->conflicts = 0;
        announce(net, m);
        if (m->handler) {
            m->handler(net, m, m->number);
        }
    } else if (due) {
        announce(net, m);
    } else {
        say(net, m, AKSU_MDNS_ANSWER);
    }
}

// --- What comes in ---

// Another host has the name (9), or a record of it: the next name is tried, or ours is claimed
// anew.
static void conflict(struct aksu *net, struct aksu_mdns *m)
{
    if (m->state != PROBING) {
        probe(net, m, 0);
        return;
    }
    m->number = m->number < NUMBER_MAX ? (uint16_t)(m->number + 1) : 2;
    m->conflicts = (uint8_t)(m->conflicts < CONFLICTS ? m->conflicts + 1 : CONFLICTS);
    probe(net, m, m->conflicts == CONFLICTS ? CONFLICTS_MS : chance(net, m, PROBE_MS));
}

static void response(struct aksu *net, struct aksu_mdns *mdns, const struct message *m)
{
    uint32_t at = HEADER;
    struct record r;

    for (unsigned left = aksu_get16(m->p + 4); left > 0 && at; left--) {
        at = take(net, mdns, m, at, false, &r);
    }
    unsigned left = (unsigned)aksu_get16(m->p + 6) + aksu_get16(m->p + 8) + aksu_get16(m->p + 10);

    for (; left > 0; left--) {
        at = take(net, mdns, m, at, true, &r);
        if (!at) {
            return;
        }
        bool rival = mdns->state == PROBING || r.type == A || r.type == AAAA;
        if (r.host && rival && r.ttl > 0 && (r.class & ~UNIQUE) == CLASS_IN &&
            !is_own(net, m, &r)) {
            conflict(net, mdns);
            return;
        }
    }
}

// The first of some records in the order of 8.2: of the type, then of the data.
struct least {
    const uint8_t *data; // NULL: none
    uint32_t len;
    unsigned type;
};

static int compare(const struct least *a, unsigned type, const uint8_t *data, uint32_t len)
{
    if (a->type != type) {
        return a->type < type ? -1 : 1;
    }
    int order = memcmp(a->data, data, aksu_min32(a->len, len));

    return order || a->len == len ? order : a->len < len ? -1 : 1;
}

// Takes a record that comes behind one, and before what was taken.
static void pick(struct least *best, const struct least *behind, unsigned type, const uint8_t *data,
                 uint32_t len)
{
    if ((!behind->data || compare(behind, type, data, len) < 0) &&
        (!best->data || compare(best, type, data, len) > 0)) {
        best->type = type;
        best->data = data;
        best->len = len;
    }
}

// Two hosts claim the name at once: the later records win (8.2). Below 0: those are theirs.
static int compete(const struct aksu *net, const struct aksu_mdns *mdns, const struct message *m,
                   uint32_t records, unsigned many)
{
    uint8_t ipv4[4];
    struct least behind = {NULL, 0, 0};

    for (;;) {
        struct least ours = {NULL, 0, 0};
        struct least theirs = {NULL, 0, 0};
        uint32_t at = records;
        struct record r;
        for (unsigned i = 0; i < places(net); i++) {
            const uint8_t *data;
            uint32_t len = own(net, i, &data, ipv4);
            if (len > 0) {
                pick(&ours, &behind, type_of(len), data, len);
            }
        }
        for (unsigned left = many; left > 0; left--) {
            at = take(net, mdns, m, at, true, &r);
            if (at && r.host) {
                pick(&theirs, &behind, r.type, m->p + r.data, r.len);
            }
        }
        if (!ours.data || !theirs.data) {
            return (ours.data != NULL) - (theirs.data != NULL);
        }
        int order = compare(&ours, theirs.type, theirs.data, theirs.len);
        if (order != 0) {
            return order;
        }
        behind = theirs; // in the message, which stays
    }
}

// What a question wants of us.
static unsigned wanted_of(const struct aksu *net, const struct record *q)
{
    unsigned class = q->class & ~(unsigned)UNICAST;
    unsigned want = 0;

    if (class != CLASS_IN && class != CLASS_ANY) {
        return 0;
    }
    if (q->reverse && net->addr && (q->type == PTR || q->type == ANY)) {
        return WANT_PTR;
    }
    if (!q->host) {
        return 0;
    }
    if ((q->type == A || q->type == ANY) && count(net, A) > 0) {
        want |= WANT_A;
    }
    if ((q->type == AAAA || q->type == ANY) && count(net, AAAA) > 0) {
        want |= WANT_AAAA;
    }
    return want ? want : WANT_NOTHING; // 6.1
}

// What the asker knows already, for more than half of its time (7.1).
static unsigned known(const struct aksu *net, const struct aksu_mdns *mdns, const struct message *m,
                      uint32_t *at)
{
    unsigned have = 0;
    unsigned wide = 0;
    struct record r;

    for (unsigned left = aksu_get16(m->p + 6); left > 0 && *at; left--) {
        *at = take(net, mdns, m, *at, true, &r);
        if (!*at || r.ttl < TTL / 2) {
            continue;
        }
        if (r.host && is_own(net, m, &r)) {
            have |= r.type == A ? WANT_A : 0;
            wide += r.type == AAAA;
        } else if (r.reverse && r.type == PTR) {
            (void)whose(net, mdns, m, r.data, &r);
            have |= r.host ? WANT_PTR : 0;
        }
    }
    return have | (wide > 0 && wide >= count(net, AAAA) ? WANT_AAAA : 0);
}

// To all, not sooner than a second after the last time, but when another host claims the name.
static void answer_all(struct aksu *net, struct aksu_mdns *m, unsigned wanted, bool claim,
                       uint32_t wait_ms)
{
    uint32_t since = net->now_ms - m->said_at;
    uint32_t least = claim ? PROBE_MS : AGAIN_MS;

    if (m->said && since < least && least - since > wait_ms) {
        wait_ms = least - since;
    }
    if (!m->wanted || wait_ms < aksu_until(net->now_ms, m->answer_at)) {
        m->answer_at = net->now_ms + wait_ms;
    }
    m->wanted |= (uint8_t)wanted;
}

// To one host, at once. False: another is being answered.
static bool answer_one(const struct aksu_mdns_from *from, unsigned wanted, unsigned id,
                       unsigned type)
{
    struct aksu_mdns_asker *a = from->asker;

    if (a->wanted) {
        return false;
    }
    a->legacy = from->port != PORT;
    a->id = (uint16_t)(a->legacy ? id : 0);
    a->type = (uint16_t)type;
    a->wanted = (uint8_t)wanted;
    return true;
}

// Questions, whose known answers follow, and what a host that claims a name wants to have.
struct query {
    unsigned wanted;
    uint16_t type; // of the first that is for us
    bool unicast;  // all of those that are
    bool claim;    // of our name
};

static uint32_t take_questions(const struct aksu *net, const struct aksu_mdns *mdns,
                               const struct message *m, struct query *q)
{
    uint32_t at = HEADER;
    struct record r;

    q->wanted = 0;
    q->type = 0;
    q->unicast = true;
    q->claim = false;
    for (unsigned left = aksu_get16(m->p + 4); left > 0 && at; left--) {
        at = take(net, mdns, m, at, false, &r);
        unsigned wanted = at ? wanted_of(net, &r) : 0;
        if (wanted) {
            q->type = q->wanted ? q->type : r.type;
            q->wanted |= wanted;
            q->unicast = q->unicast && (r.class & UNICAST);
            q->claim = q->claim || (r.host && aksu_get16(m->p + 8) > 0);
        }
    }
    return at;
}

static void query(struct aksu *net, struct aksu_mdns *mdns, const struct message *m,
                  const struct aksu_mdns_from *from)
{
    struct query q;
    uint32_t at = take_questions(net, mdns, m, &q);
    unsigned have = known(net, mdns, m, &at);
    bool cut = aksu_get16(m->p + 2) & CUT;

    if (!at) {
        return;
    }
    if (mdns->state == PROBING) {
        if (q.claim && compete(net, mdns, m, at, aksu_get16(m->p + 8)) < 0) {
            probe(net, mdns, LOST_MS);
        }
        return;
    }
    if (aksu_get16(m->p + 4) == 0 && from->host == mdns->more_from) {
        mdns->wanted &= (uint8_t)~have; // the rest of a query that was cut
    }
    q.wanted &= ~have;
    if (!q.wanted) {
        return;
    }
    bool legacy = from->port != PORT;
    bool fresh = mdns->said && net->now_ms - mdns->said_at < FRESH_MS;

    if (legacy || (q.unicast && fresh)) {
        if (answer_one(from, q.wanted, aksu_get16(m->p), q.type) || legacy) {
            return;
        }
    }
    mdns->more_from = cut ? from->host : 0;
    answer_all(net, mdns, q.wanted, q.claim, cut ? MORE_MS + chance(net, mdns, 100) : 0);
}

// Takes a message in. True: there is an asker now that is answered alone.
bool aksu_mdns_take(struct aksu *net, struct aksu_mdns *mdns, const struct aksu_mdns_from *from,
                    const void *data, size_t len)
{
    const struct message m = {data, (uint32_t)len};
    bool busy = from->asker->wanted > 0;

    // 18.3: of a kind that is known.
    if (len < HEADER || (aksu_get16(m.p + 2) & REFUSED) || mdns->saying.what == AKSU_MDNS_GOODBYE) {
        return false;
    }
    if (!(aksu_get16(m.p + 2) & RESPONSE)) {
        query(net, mdns, &m, from);
    } else if (from->port == PORT) {
        response(net, mdns, &m);
    }
    schedule(net, mdns);
    return !busy && from->asker->wanted > 0;
}

static void on_datagram(struct aksu *net, struct aksu_udp *u, const struct aksu_packet *packet,
                        const void *data, size_t len)
{
    struct aksu_mdns *mdns = responder(u);
    const struct aksu_mdns_from from = {packet->pair.remote, packet->pair.remote_port,
                                        &mdns->asker};

    // 11: from this link.
    if (!aksu_is_token(&packet->pair) &&
        (packet->pair.local != net->addr || aksu_ipv4_here(net, packet->pair.remote)) &&
        aksu_mdns_take(net, mdns, &from, data, len)) {
        aksu_udp_answer(net, u, packet);
    }
}

// --- What goes out ---

// A name, or where it stands already (RFC 1035 4.1.4).
static void put_name(const struct aksu_mdns *m, struct writer *w)
{
    if (w->host) {
        w->p = aksu_put16(w->p, 0xc000u | w->host);
    } else {
        w->host = (uint16_t)(w->p - w->begin);
        w->p += put_host(m, w->p);
    }
}

static void put_tail(struct writer *w, unsigned type, unsigned class, uint32_t ttl, uint32_t len)
{
    w->p = aksu_put32(w->p, (uint32_t)type << 16 | class);
    w->p = aksu_put32(w->p, ttl);
    w->p = aksu_put16(w->p, len);
}

// Which types of records the name has (RFC 4034 4.1, RFC 6762 6.1).
static void put_nsec(const struct aksu *net, const struct aksu_mdns *m, struct writer *w,
                     unsigned class, uint32_t ttl)
{
    bool wide = count(net, AAAA) > 0;
    uint32_t bitmap = (count(net, A) ? 0x40000000u : 0) | (wide ? 0x08u : 0);

    put_name(m, w);
    put_tail(w, NSEC, class, ttl, wide ? 8 : 5);
    put_name(m, w);
    w->p = aksu_put16(w->p, wide ? 4 : 1);
    aksu_put32(w->p, bitmap);
    w->p += wide ? 4 : 1;
}

// Returns how many records it has written.
static unsigned put_records(const struct aksu *net, const struct aksu_mdns *m, struct writer *w,
                            unsigned wanted, unsigned class, uint32_t ttl)
{
    unsigned n = 0;
    const uint8_t *data;
    uint8_t ipv4[4];

    for (unsigned i = 0; i < places(net); i++) {
        uint32_t len = own(net, i, &data, ipv4);
        if (len > 0 && (wanted & (len == 4 ? WANT_A : WANT_AAAA))) {
            put_name(m, w);
            put_tail(w, type_of(len), class, ttl, len);
            memcpy(w->p, data, len);
            w->p += len;
            n++;
        }
    }
    if ((wanted & WANT_PTR) && net->addr) {
        uint8_t name[HOST_LEN];
        w->p += put_reverse(net, w->p);
        put_tail(w, PTR, class, ttl, w->host ? 2 : put_host(m, name));
        put_name(m, w);
        n++;
    }
    if (wanted & WANT_NOTHING) {
        put_nsec(net, m, w, class, ttl);
        n++;
    }
    return n;
}

static void put_question(const struct aksu *net, const struct aksu_mdns *m, struct writer *w,
                         unsigned wanted, unsigned type, unsigned class)
{
    if (wanted == WANT_PTR) {
        w->p += put_reverse(net, w->p);
    } else {
        put_name(m, w);
    }
    w->p = aksu_put32(w->p, (uint32_t)type << 16 | class);
}

// Addresses of the other kind come along (6.2), or that there are none.
static unsigned along(const struct aksu *net, unsigned wanted)
{
    unsigned both = WANT_A | WANT_AAAA;
    unsigned other = (wanted & both) == WANT_A      ? WANT_AAAA
                     : (wanted & both) == WANT_AAAA ? WANT_A
                                                    : 0;

    if (!other) {
        return 0;
    }
    return count(net, other == WANT_A ? A : AAAA) ? other : WANT_NOTHING & ~wanted;
}

static void put_probe(const struct aksu *net, const struct aksu_mdns *m, struct writer *w)
{
    w->begin[5] = 1;
    put_question(net, m, w, 0, ANY, CLASS_IN | UNICAST);
    w->begin[9] = (uint8_t)put_records(net, m, w, WANT_A | WANT_AAAA, CLASS_IN, TTL);
}

// To a client of DNS: what it is used to (6.7).
static void put_legacy(const struct aksu *net, const struct aksu_mdns *m, struct writer *w,
                       const struct aksu_mdns_asker *asker)
{
    aksu_put16(w->begin, asker->id);
    w->begin[5] = 1;
    put_question(net, m, w, asker->wanted, asker->type, CLASS_IN);
    w->begin[7] = (uint8_t)put_records(net, m, w, asker->wanted, CLASS_IN, TTL_LEGACY);
}

static void put_answer(const struct aksu *net, const struct aksu_mdns *m, struct writer *w,
                       unsigned wanted, uint32_t ttl)
{
    unsigned class = CLASS_IN | UNIQUE;

    w->begin[7] = (uint8_t)put_records(net, m, w, wanted, class, ttl);
    w->begin[11] = (uint8_t)put_records(net, m, w, along(net, wanted), class, ttl);
}

// Writes what is said to all, or what an asker wants, which has it then. Returns its length.
size_t aksu_mdns_write(const struct aksu *net, const struct aksu_mdns *m,
                       const struct aksu_mdns_saying *saying, struct aksu_mdns_asker *asker,
                       void *to)
{
    struct writer w = {to, (uint8_t *)to + HEADER, 0};
    bool one = asker->wanted > 0;

    memset(to, 0, HEADER);
    if (!one && saying->what == AKSU_MDNS_PROBE) {
        put_probe(net, m, &w);
        return (size_t)(w.p - w.begin);
    }
    aksu_put16(w.begin + 2, RESPONSE | AUTHORITATIVE);
    if (one && asker->legacy) {
        put_legacy(net, m, &w, asker);
    } else if (one) {
        put_answer(net, m, &w, asker->wanted, TTL);
    } else {
        put_answer(net, m, &w, saying->of, saying->what == AKSU_MDNS_GOODBYE ? 0 : TTL);
    }
    asker->wanted = 0;
    return (size_t)(w.p - w.begin);
}

static size_t write_message(struct aksu *net, struct aksu_udp *u, void *to, size_t room)
{
    struct aksu_mdns *m = responder(u);
    size_t len = aksu_mdns_write(net, m, &m->saying, &m->asker, to);

    (void)room;
    if (m->saying.what == AKSU_MDNS_GOODBYE) {
        m->state = STOPPED;
        aksu_udp_close(net, u);
        aksu_igmp_leave(net, &m->group);
    } else {
        schedule(net, m);
    }
    return len;
}

// --- Calls ---

static const struct aksu_addr group = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 224, 0, 0, 251}};

// Claims the name, from the beginning.
void aksu_mdns_begin(struct aksu *net, struct aksu_mdns *mdns)
{
    mdns->conflicts = 0;
    mdns->said = false;
    mdns->saying.what = AKSU_MDNS_NOTHING;
    if (mdns->ipv6) {
        mdns->ipv6->saying = mdns->saying;
        mdns->ipv6->ends = false;
    }
    probe(net, mdns, chance(net, mdns, PROBE_MS));
    schedule(net, mdns);
}

// Our addresses are others now: they are announced (8.4).
void aksu_mdns_announce(struct aksu *net, struct aksu_mdns *mdns)
{
    if (mdns->state == ANNOUNCING || mdns->state == READY) {
        mdns->state = ANNOUNCING;
        mdns->tries = 0;
        mdns->at = mdns->said_at + AGAIN_MS;
        if (aksu_reached(net->now_ms, mdns->at)) {
            mdns->at = net->now_ms;
        }
        schedule(net, mdns);
    }
}

// 8: who is on the link, and listens to whom, may have changed.
static void on_link(struct aksu *net, struct aksu_udp *u, bool up)
{
    struct aksu_mdns *mdns = responder(u);

    if (up && mdns->saying.what != AKSU_MDNS_GOODBYE) {
        aksu_mdns_begin(net, mdns);
    }
}

int aksu_mdns_start(struct aksu *net, struct aksu_mdns *mdns, const char *name,
                    aksu_mdns_handler handler)
{
    static const struct aksu_udp_handlers handlers = {on_datagram, write_message, on_time, NULL,
                                                      on_link};
    size_t len = 0;

    while (len <= AKSU_MDNS_NAME && name[len] && name[len] != '.') {
        len++;
    }
    if (len == 0 || len > AKSU_MDNS_NAME || name[len] || net->addr == 0 || net->mtu < MTU_MIN ||
        !aksu_has_stations(net)) {
        return AKSU_EINVAL;
    }
    if (!aksu_seeded(net)) {
        return AKSU_ENOKEY;
    }
    aksu_udp_close(net, &mdns->udp);
    int error = aksu_udp_open(net, &mdns->udp, PORT, &handlers);

    if (error) {
        return error;
    }
    error = aksu_igmp_join(net, &mdns->group, &group);
    if (error && mdns->state == STOPPED) {
        aksu_udp_close(net, &mdns->udp);
        return error;
    }
    mdns->name = name;
    mdns->handler = handler;
    mdns->number = 1;
    aksu_mdns_begin(net, mdns);
    return AKSU_OK;
}

void aksu_mdns_stop(struct aksu *net, struct aksu_mdns *mdns)
{
    if (mdns->ipv6) {
        mdns->ipv6->asker.wanted = 0;
        mdns->ipv6->saying.what = AKSU_MDNS_NOTHING;
        mdns->ipv6->ends = true;
    }
    mdns->asker.wanted = 0;
    if (mdns->state == ANNOUNCING || mdns->state == READY) {
        mdns->wanted = WANT_A | WANT_AAAA | WANT_PTR;
        say(net, mdns, AKSU_MDNS_GOODBYE);
    } else if (mdns->state == PROBING) {
        mdns->state = STOPPED;
        aksu_udp_close(net, &mdns->udp);
        aksu_igmp_leave(net, &mdns->group);
    }
}
