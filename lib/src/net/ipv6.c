// SPDX-License-Identifier: MIT
// IPv6, RFC 8200, for hosts. The core knows addresses of 32 bits, and keeps them: for a peer's
// address of IPv6 stands a token, a keyed hash of 24 bits, which is no address of IPv4. Rows and
// answers have the address itself beside them, and a packet whose token is that of a row, but whose
// address is not, is dropped. In the place of our address stands which of ours it is, and below it
// what makes the checksum of both words that of both addresses: TCP's pseudo-header needs no other
// code then. A packet leaves with a header of IPv4 first, which tells the link what to put in its
// place.
#include "ipv6.h"

enum {
    NO_NEXT_HEADER = 59,
    HEADERS_MAX = 8, // extension headers of one packet that are looked at
    LOCAL_SHIFT = 16,
    TYPE_IPV6 = 0x86dd,
    TYPE_GROUP = 0x3333, // a station's address that is a group's begins so (RFC 2464 7)
    MTU_MIN = 1280,
    MSS_DEFAULT = MTU_MIN - AKSU_IPV6_LEN - AKSU_TCP_LEN // RFC 9293 3.7.1, MUST-15
};

// Codes of a parameter problem (RFC 4443 3.4).
enum {
    PROBLEM_FIELD = AKSU_ICMPV6_PROBLEM << 8,
    PROBLEM_HEADER,
    PROBLEM_OPTION,
};

const struct aksu_addr aksu_ipv6_any;
const uint8_t aksu_ipv6_nodes[16] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

bool aksu_ipv6_same(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, 16) == 0;
}

void aksu_ipv6_copy(uint8_t *to, const uint8_t *from)
{
    memcpy(to, from, 16);
}

bool aksu_ipv6_is_any(const uint8_t *addr)
{
    return aksu_ipv6_same(addr, aksu_ipv6_any.octets);
}

bool aksu_ipv6_is_link_local(const uint8_t *addr)
{
    return (aksu_get16(addr) & 0xffc0) == 0xfe80;
}

// Which of our addresses one is, that is in a state or beyond, or NULL.
struct aksu_ipv6_address *aksu_ipv6_find(const struct aksu *net, const uint8_t *addr,
                                         unsigned least)
{
    struct aksu_ipv6_address *a = aksu_ipv6(net)->address;

    for (unsigned left = AKSU_IPV6_ADDRESSES; left > 0; left--, a++) {
        if (a->state >= least && aksu_ipv6_same(a->addr.octets, addr)) {
            return a;
        }
    }
    return NULL;
}

struct aksu_ipv6_address *aksu_ipv6_ours(const struct aksu *net, const uint8_t *addr)
{
    return aksu_ipv6_find(net, addr, AKSU_IPV6_READY);
}

// The group of those that have the end of an address (RFC 4291 2.7.1).
void aksu_ipv6_group(const uint8_t *addr, uint8_t group[16])
{
    aksu_ipv6_copy(group, aksu_ipv6_nodes);
    group[11] = 1;
    group[12] = 0xff;
    memcpy(group + 13, addr + 13, 3);
}

// A time at random, so many milliseconds from now at most, which is not one of them.
uint32_t aksu_ipv6_soon(struct aksu *net, uint32_t within_ms)
{
    const uint32_t block[4] = {net->now_ms, aksu_ipv6(net)->drawn, 0, 0};

    aksu_ipv6(net)->drawn++;
    return net->now_ms + (uint32_t)aksu_hash(net->secret, block) % within_ms;
}

static uint32_t token(const struct aksu *net, const uint8_t *addr)
{
    uint64_t key = (uint64_t)net->table_key[1] << 32 | net->table_key[0] | 1;
    uint64_t mixed = 0;

    for (unsigned i = 0; i < 16; i += 4) {
        mixed = (mixed + aksu_get32(addr + i)) * key;
    }
    uint32_t hash = (uint32_t)(mixed >> 40);

    return hash ? hash : 1;
}

// The pair of a remote address and one of ours; ports are left alone.
void aksu_ipv6_name(const struct aksu *net, const uint8_t *remote,
                    const struct aksu_ipv6_address *local, struct aksu_pair *pair)
{
    pair->remote = token(net, remote);
    pair->local = (uint32_t)(local - aksu_ipv6(net)->address) << LOCAL_SHIFT;
    uint32_t sum = aksu_sum_header(remote, 16) + aksu_sum_header(local->addr.octets, 16);
    uint16_t differs = aksu_sum_finish(sum + aksu_sum_end(pair, 0));

    pair->local |= (uint16_t)~differs;
}

// --- Arriving packets ---

// Whether a packet can have come from an address: not from many, not from ourselves, not from IPv4
// in disguise. `::` can only ask who has an address: see nd.c.
static bool source_valid(const struct aksu *net, const uint8_t *addr)
{
    return !aksu_ipv6_is_multicast(addr) && !aksu_ipv6_ours(net, addr) &&
           (aksu_addr_get((const struct aksu_addr *)addr) == AKSU_NOT_IPV4 ||
            aksu_ipv6_is_any(addr));
}

// Whether a group is one of ours: all nodes, or those that have the end of an address of ours.
static bool group_ours(const struct aksu *net, const uint8_t *addr)
{
    const struct aksu_ipv6_address *a = aksu_ipv6(net)->address;
    uint8_t group[16];

    for (unsigned left = AKSU_IPV6_ADDRESSES; left > 0; left--, a++) {
        aksu_ipv6_group(a->addr.octets, group);
        if (a->state >= AKSU_IPV6_TENTATIVE && aksu_ipv6_same(addr, group)) {
            return true;
        }
    }
    return aksu_ipv6_same(addr, aksu_ipv6_nodes);
}

static int take_header(const struct aksu *net, struct aksu_packet *in)
{
    const uint8_t *p = in->payload;

    if (in->len < AKSU_IPV6_LEN) {
        return AKSU_DROP_RUNT;
    }
    uint32_t len = aksu_get16(p + 4);

    if (p[0] >> 4 != 6 || len > in->len - AKSU_IPV6_LEN || len + AKSU_IPV6_LEN > net->mtu) {
        return AKSU_DROP_IP_HEADER;
    }
    if (!source_valid(net, p + AKSU_IPV6_SOURCE)) {
        return AKSU_DROP_SOURCE;
    }
    const uint8_t *to = p + AKSU_IPV6_DESTINATION;

    if (!aksu_ipv6_ours(net, to) && !group_ours(net, to)) {
        return AKSU_DROP_NOT_OURS;
    }
    in->payload = p + AKSU_IPV6_LEN;
    in->len = len;
    return 0;
}

// in->header is IPv6's from here on.
static int problem(struct aksu *net, struct aksu_packet *in, unsigned code, const uint8_t *at)
{
    aksu_icmpv6_error(net, in, code, (uint32_t)(at - in->header));
    return code == PROBLEM_HEADER ? AKSU_DROP_PROTOCOL : AKSU_DROP_IP_OPTION;
}

// RFC 8200 4.2: what to do with an option that is not known is in its two upper bits.
static int take_options(struct aksu *net, struct aksu_packet *in, const uint8_t *p, uint32_t left)
{
    enum { PAD_1 = 0, PAD_N = 1, SKIP = 0, DISCARD = 1, TELL = 2 };
    const uint8_t *packet = in->header;

    while (left > 0) {
        uint32_t len = p[0] == PAD_1 ? 1 : left > 1 ? p[1] + 2u : left + 1;
        if (len > left) {
            return AKSU_DROP_IP_OPTION;
        }
        unsigned action = p[0] >> 6;
        if (action == TELL || (action > TELL && !aksu_ipv6_is_multicast(packet + 24))) {
            return problem(net, in, PROBLEM_OPTION, p);
        }
        if (action != SKIP) {
            return AKSU_DROP_IP_OPTION;
        }
        p += len;
        left -= len;
    }
    return 0;
}

// The octets of an extension header, of which so many are left: more than those if it is not
// whole. 0: it is none.
uint32_t aksu_ipv6_extension(unsigned kind, const uint8_t *p, uint32_t left)
{
    if (kind != AKSU_IPV6_HOP_BY_HOP && kind != AKSU_IPV6_ROUTING && kind != AKSU_IPV6_FRAGMENT &&
        kind != AKSU_IPV6_OPTIONS) {
        return 0;
    }
    return left < 8 || kind == AKSU_IPV6_FRAGMENT ? 8 : (p[1] + 1u) * 8;
}

// Goes over extension headers. Returns what follows them at *p, or the kind of one that is not
// whole.
unsigned aksu_ipv6_upper(unsigned kind, const uint8_t **p, uint32_t *left)
{
    uint32_t len;

    while ((len = aksu_ipv6_extension(kind, *p, *left)) > 0 && len <= *left) {
        kind = **p;
        *p += len;
        *left -= len;
    }
    return kind;
}

// Goes over the extension headers: any number in any order, but hop-by-hop options come first.
// *said: where it says what then follows.
static int take_extensions(struct aksu *net, struct aksu_packet *in, const uint8_t **said,
                           bool *fragmented)
{
    for (unsigned i = *fragmented ? 1 : 0;; i++) {
        const uint8_t *p = in->payload;
        unsigned kind = **said;
        uint32_t len = aksu_ipv6_extension(kind, p, in->len);
        int drop = 0;

        if (len == 0 || (kind == AKSU_IPV6_HOP_BY_HOP && i > 0)) {
            return 0;
        }
        if (len > in->len || i == HEADERS_MAX) {
            return AKSU_DROP_IP_HEADER;
        }
        if (kind == AKSU_IPV6_FRAGMENT) { // one that is whole is as any packet (RFC 6946)
            *fragmented = true;
            drop = (aksu_get16(p + 2) & 0xfff9) ? AKSU_DROP_FRAGMENT : 0;
        } else if (kind != AKSU_IPV6_ROUTING) {
            drop = take_options(net, in, p + 2, len - 2);
        } else if (p[3]) { // RFC 5095, RFC 8200 4.4
            drop = problem(net, in, PROBLEM_FIELD, p + 2);
        }
        if (drop) {
            return drop;
        }
        *said = p;
        in->payload += len;
        in->len -= len;
    }
}

// The MTU of the link, less what the header is longer than that of IPv4.
uint16_t aksu_ipv6_mtu(const struct aksu *net)
{
    return (uint16_t)(aksu_ipv6(net)->mtu - (AKSU_IPV6_LEN - AKSU_IPV4_LEN));
}

// The place of the address that a row talks to.
uint8_t *aksu_ipv6_remote(const struct aksu *net, const struct aksu_row *row)
{
    return aksu_ipv6(net)->remote[aksu_table_index(row)].octets;
}

// A row is the current host's.
void aksu_ipv6_bind(struct aksu *net, const struct aksu_row *row)
{
    aksu_ipv6_copy(aksu_ipv6_remote(net, row), aksu_ipv6(net)->current.octets);
}

static int take_segment(struct aksu *net, struct aksu_packet *in)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const uint8_t *packet = in->header;
    const uint8_t *from = packet + AKSU_IPV6_SOURCE;
    const struct aksu_ipv6_address *local = aksu_ipv6_ours(net, packet + AKSU_IPV6_DESTINATION);

    if (!local || aksu_ipv6_is_any(from)) {
        return AKSU_DROP_SOURCE; // TCP is between two
    }
    if (in->len < AKSU_TCP_LEN) {
        return AKSU_DROP_TCP_HEADER;
    }
    aksu_ipv6_name(net, from, local, &in->pair);
    in->pair.remote_port = aksu_get16(in->payload);
    in->pair.local_port = aksu_get16(in->payload + 2);
    struct aksu_row *row = aksu_table_find(net, &in->pair);

    if (row && !aksu_ipv6_same(aksu_ipv6_remote(net, row), from)) {
        return AKSU_DROP_NO_ROW; // another address of the same token
    }
    aksu_ipv6_copy(ip6->current.octets, from);
    in->segment.tos = (uint16_t)(aksu_get16(packet) >> 4 & 0xff);
    unsigned before = net->answers;
    if (!row && net->free_rows) {
        aksu_ipv6_bind(net, net->free_rows); // that is the one it gets
    }
    uint16_t mtu = net->mtu;
    net->mtu = aksu_ipv6_mtu(net);      // what it opens has the MSS of it
    in->segment.options = AKSU_OPT_MSS; // unless the peer says another
    in->segment.mss = MSS_DEFAULT;
    int drop = aksu_stack_tcp(net, in);

    net->mtu = mtu;
    aksu_ipv6_copy(ip6->current.octets, from); // a handler may have opened another
    if (net->answers > before) {
        ip6->answer[before] = ip6->current;
    }
    row = aksu_table_find(net, &in->pair);
    if (row) {
        aksu_ipv6_bind(net, row); // one that gave way
    }
    return drop;
}

// Takes in what stands behind a header that has been checked.
int aksu_ipv6_payload(struct aksu *net, struct aksu_packet *in, const uint8_t *packet,
                      bool fragmented)
{
    const uint8_t *said = packet + AKSU_IPV6_NEXT;

    in->header = packet;
    int drop = take_extensions(net, in, &said, &fragmented);
    if (drop) {
        return drop;
    }
    switch (*said) {
    case AKSU_PROTOCOL_TCP:
        return take_segment(net, in);
    case AKSU_PROTOCOL_ICMPV6:
        return aksu_icmpv6_input(net, in, fragmented);
    case NO_NEXT_HEADER:
        return AKSU_DROP_PROTOCOL;
    default:
        if (*said == AKSU_PROTOCOL_UDP && aksu_ipv6(net)->udp) {
            return aksu_ipv6(net)->udp->ops->input(net, in);
        }
        return problem(net, in, PROBLEM_HEADER, said);
    }
}

static int take(struct aksu *net, struct aksu_packet *in)
{
    const uint8_t *packet = in->payload;
    int drop = take_header(net, in);

    return drop ? drop : aksu_ipv6_payload(net, in, packet, false);
}

// What is no packet of IPv6 is for the next of those that stand beside TCP.
int aksu_ipv6_input(struct aksu *net, struct aksu_packet *in, int drop)
{
    const uint8_t *p = in->payload;
    bool whole = p == in->from; // nothing of it was taken in

    if (net->link->header_len == 0) { // bare packets
        whole = whole && in->len > 0 && p[0] >> 4 == 6;
    } else if (whole && drop == AKSU_DROP_NOT_OURS && aksu_get16(p) == TYPE_GROUP) {
        in->from = p + 6;
        in->payload += AKSU_ETHERNET_LEN;
        whole =
            aksu_get16(p + 12) == TYPE_IPV6 && (p[6] & 1) == 0 && memcmp(p + 6, net->mac, 6) != 0;
    } else {
        whole = drop == AKSU_DROP_PROTOCOL && aksu_get16(in->from + 6) == TYPE_IPV6;
    }
    if (whole) {
        drop = take(net, in);
        if (drop != AKSU_DROP_FRAGMENT && drop != AKSU_DROP_NOT_OURS) {
            return drop; // the others are for who reassembles, or listens to more groups
        }
    }
    const struct aksu_more *next = net->more->next;

    return next ? next->ops->input(net, in, drop) : drop;
}

// --- Leaving packets ---

// Writes a header: class and flow; len, protocol and hops. Returns what follows it.
uint8_t *aksu_ipv6_put(uint8_t *to, uint32_t first, uint32_t second, const uint8_t *source,
                       const uint8_t *destination)
{
    to = aksu_put32(to, UINT32_C(6) << 28 | first);
    to = aksu_put32(to, second);
    aksu_ipv6_copy(to, source);
    aksu_ipv6_copy(to + 16, destination);
    return to + 32;
}

// Whose packet an output is follows from where its station is written. NULL: it is not one of
// TCP's.
static const struct aksu_pair *pair_of(const struct aksu *net, const uint8_t *mac,
                                       const struct aksu_addr **remote)
{
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const struct aksu_storage *s = net->store;
    size_t row = ((uintptr_t)mac - (uintptr_t)s->row) / sizeof *s->row;
    size_t place = ((uintptr_t)mac - (uintptr_t)s->answer) / sizeof *s->answer;

    if (row < s->rows) {
        *remote = &ip6->remote[row];
        return &s->row[row].pair;
    }
    *remote = &ip6->answer[place % AKSU_ANSWERS];
    return place < AKSU_ANSWERS ? &s->answer[place].pair : NULL;
}

// Puts IPv6's header where that of IPv4 was made, if it is for a token. The flow label tells one
// connection from another (RFC 6437 3).
static bool put_header(const struct aksu *net, uint8_t *packet, const uint8_t *mac)
{
    const uint8_t *made = packet + AKSU_IPV6_LEN - AKSU_IPV4_LEN;
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const struct aksu_addr *remote;
    const struct aksu_pair *pair = pair_of(net, mac, &remote);

    if (!pair || !aksu_is_token(pair)) {
        return false;
    }
    uint32_t len = aksu_get16(made + 2) - (uint32_t)AKSU_IPV4_LEN;
    uint32_t flow = (pair->remote ^ (uint32_t)pair->remote_port << 4 ^ pair->local_port) & 0xfffff;
    uint32_t class = made[1];
    uint32_t hops = made[8] == AKSU_TTL_DEFAULT ? ip6->hops : made[8];

    aksu_ipv6_put(packet, class << 20 | flow, len << 16 | AKSU_PROTOCOL_TCP << 8 | hops,
                  aksu_ipv6_own(net, pair)->addr.octets, remote->octets);
    return true;
}

void aksu_ipv6_frame(const struct aksu *net, uint8_t *frame, const uint8_t mac[6])
{
    aksu_ethernet_put(net, frame, mac);
    aksu_put16(frame + 12, TYPE_IPV6);
}

// The header of a frame for a group (RFC 2464 7).
void aksu_ipv6_group_frame(const struct aksu *net, uint8_t *frame, const uint8_t *group)
{
    uint8_t mac[6];

    aksu_put16(mac, TYPE_GROUP);
    memcpy(mac + 2, group + 12, 4);
    aksu_ipv6_frame(net, frame, mac);
}

static void frame_ethernet(const struct aksu *net, uint8_t *frame, const uint8_t mac[6])
{
    aksu_ethernet_put(net, frame, mac);
    if (put_header(net, frame + AKSU_ETHERNET_LEN, mac)) {
        aksu_put16(frame + 12, TYPE_IPV6);
    }
}

static void frame_bare(const struct aksu *net, uint8_t *frame, const uint8_t mac[6])
{
    put_header(net, frame, mac);
}

// Puts an answer on the pile that is addressed to a host.
int aksu_ipv6_answer(struct aksu *net, struct aksu_packet *in, const uint8_t *to,
                     const struct aksu_ipv6_address *local, unsigned kind)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    in->pair.local = (uint32_t)(local - ip6->address) << LOCAL_SHIFT;
    int full = aksu_stack_answer(net, in, kind);

    if (!full) {
        aksu_ipv6_copy(ip6->answer[net->answers - 1].octets, to);
    }
    return full;
}

static size_t answer(struct aksu *net, const struct aksu_answer *a, uint8_t *frame)
{
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    if (a->kind < AKSU_ANSWER_ICMPV6) {
        return aksu_arp_answer(net, a, frame);
    }
    const uint8_t *own = aksu_ipv6_own(net, &a->pair)->addr.octets;
    const uint8_t *to = ip6->answer[a - net->store->answer].octets;

    aksu_ipv6_frame(net, frame, a->mac); // which is written over if the link has none
    return a->kind == AKSU_ANSWER_ND ? aksu_nd_put(net, frame, AKSU_ND_ADVERT, own, to, own)
                                     : aksu_icmpv6_output(net, frame, own, to);
}

// --- What the rest of the stack asks for ---

size_t aksu_ipv6_output(struct aksu *net, uint8_t *frame, uint8_t *packet, const uint8_t **mac)
{
    size_t len = aksu_address6_output(net, frame);
    const struct aksu_more *next = net->more->next;

    return len > 0 || !next ? len : next->ops->output(net, frame, packet, mac);
}

uint32_t aksu_ipv6_idle(const struct aksu *net, uint32_t now_ms, uint32_t wait_ms)
{
    uint32_t wait = aksu_min32(wait_ms, aksu_address6_idle(net, now_ms));
    const struct aksu_more *next = net->more->next;

    return next ? next->ops->idle(net, now_ms, wait) : wait;
}

void aksu_ipv6_addrs(const struct aksu *net, const struct aksu_row *row, struct aksu_info *info)
{
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const uint8_t *remote = aksu_ipv6_remote(net, row);

    aksu_ipv6_copy(info->local.addr.octets, aksu_ipv6_own(net, &row->pair)->addr.octets);
    // One that gave way is bound once its segment is taken in.
    aksu_ipv6_copy(info->remote.addr.octets,
                   token(net, remote) == row->pair.remote ? remote : ip6->current.octets);
}

static const struct aksu_more_ops server_ops = {
    aksu_ipv6_input, aksu_ipv6_output, aksu_ipv6_idle, aksu_ipv6_addrs, NULL, false, NULL};

static const struct aksu_link ethernet = {AKSU_ETHERNET_LEN, aksu_ethernet_input, frame_ethernet,
                                          answer};
static const struct aksu_link bare = {0, aksu_ipv4_input, frame_bare, answer};

// Starts it with an address of the link, whose end is still to be made, and claimed.
int aksu_ipv6_begin(struct aksu *net, struct aksu_ipv6 *ip6, const struct aksu_slaac_ops *slaac)
{
    struct aksu_addr *remote = ip6->remote;
    uint32_t rows = ip6->rows;

    if (!aksu_seeded(net)) {
        return AKSU_ENOKEY;
    }
    if (rows < net->store->rows) {
        return AKSU_ENOMEM;
    }
    if (net->mtu < MTU_MIN) {
        return AKSU_EINVAL;
    }
    if (net->more && net->more->ops->addrs) {
        return AKSU_EBUSY;
    }
    memset(ip6, 0, sizeof *ip6);
    ip6->remote = remote;
    ip6->rows = rows;
    ip6->slaac = slaac;
    ip6->hops = AKSU_TTL_DEFAULT;
    ip6->mtu = net->mtu;
    ip6->more.ops = &server_ops;
    ip6->more.next = net->more;
    net->more = &ip6->more;
    aksu_table_look(net);
    net->link = net->link ? &ethernet : &bare;
    struct aksu_ipv6_address *a = ip6->address;

    aksu_put16(a->addr.octets, 0xfe80);
    a->prefix = 64;
    a->bits = AKSU_IPV6_FOREVER;
    return AKSU_OK;
}
