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
    HOP_BY_HOP = 0,
    ROUTING = 43,
    FRAGMENT = 44,
    NO_NEXT_HEADER = 59,
    DESTINATION_OPTIONS = 60,
    HEADERS_MAX = 8, // extension headers of one packet that are looked at
    LOCAL_SHIFT = 16,
    TYPE_IPV6 = 0x86dd,
    MTU_MIN = 1280
};

// Codes of a parameter problem (RFC 4443 3.4).
enum {
    PROBLEM_FIELD = AKSU_ICMPV6_PROBLEM << 8,
    PROBLEM_HEADER,
    PROBLEM_OPTION,
};

const struct aksu_addr aksu_ipv6_any;
const uint8_t aksu_ipv6_nodes[16] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

bool aksu_ipv6_is_any(const uint8_t *addr)
{
    return memcmp(addr, aksu_ipv6_any.octets, sizeof aksu_ipv6_any) == 0;
}

// Which of our addresses one is, or AKSU_NO_ADDRESS.
unsigned aksu_ipv6_ours(const struct aksu_ipv6 *ip6, const uint8_t *addr)
{
    unsigned i = 0;

    while (i < AKSU_IPV6_ADDRESSES && (ip6->address[i].state != AKSU_IPV6_READY ||
                                       memcmp(&ip6->address[i].addr, addr, 16) != 0)) {
        i++;
    }
    return i;
}

// The group of those that have the end of an address (RFC 4291 2.7.1).
void aksu_ipv6_group(const uint8_t *addr, uint8_t group[16])
{
    memcpy(group, aksu_ipv6_nodes, 11);
    group[11] = 1;
    group[12] = 0xff;
    memcpy(group + 13, addr + 13, 3);
}

// A number below one, at random.
uint32_t aksu_ipv6_random(struct aksu *net, uint32_t below)
{
    const uint32_t block[4] = {net->now_ms, aksu_ipv6(net)->drawn, 0, 0};

    aksu_ipv6(net)->drawn++;
    return (uint32_t)aksu_hash(net->secret, block) % below;
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

static uint16_t complement(uint32_t v)
{
    return (uint16_t)~v;
}

// The pair of a remote address and one of ours; ports are left alone.
void aksu_ipv6_name(const struct aksu *net, const uint8_t *remote, unsigned local,
                    struct aksu_pair *pair)
{
    uint32_t t = token(net, remote);
    uint32_t sum = aksu_sum_header(remote, 16) +
                   aksu_sum_header(aksu_ipv6(net)->address[local].addr.octets, 16);

    sum += (uint32_t)complement(t >> 16) + complement(t) + complement(local);
    pair->remote = t;
    pair->local = (uint32_t)local << LOCAL_SHIFT | complement(aksu_sum_finish(sum));
}

// --- Arriving packets ---

// Whether a packet can have come from an address: not from many, not from ourselves, not from IPv4
// in disguise. `::` can only ask who has an address: see nd.c.
static bool source_valid(const struct aksu_ipv6 *ip6, const uint8_t *addr)
{
    struct aksu_addr a;

    memcpy(&a, addr, sizeof a);
    return !aksu_ipv6_is_multicast(addr) && aksu_ipv6_ours(ip6, addr) == AKSU_NO_ADDRESS &&
           (aksu_addr_get(&a) == AKSU_NOT_IPV4 || aksu_ipv6_is_any(addr));
}

// Whether a group is one of ours: all nodes, or those that have the end of an address of ours.
static bool group_ours(const struct aksu_ipv6 *ip6, const uint8_t *addr)
{
    uint8_t group[16];
    bool ours = memcmp(addr, aksu_ipv6_nodes, 16) == 0;

    for (unsigned i = 0; i < AKSU_IPV6_ADDRESSES; i++) {
        const struct aksu_ipv6_address *a = &ip6->address[i];
        aksu_ipv6_group(a->addr.octets, group);
        ours = ours || (a->state >= AKSU_IPV6_TENTATIVE && memcmp(addr, group, 16) == 0);
    }
    return ours;
}

static int take_header(const struct aksu *net, struct aksu_packet *in)
{
    const uint8_t *p = in->payload;
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    if (in->len < AKSU_IPV6_LEN) {
        return AKSU_DROP_RUNT;
    }
    uint32_t len = aksu_get16(p + 4);

    if (p[0] >> 4 != 6 || len > in->len - AKSU_IPV6_LEN || len + AKSU_IPV6_LEN > net->mtu) {
        return AKSU_DROP_IP_HEADER;
    }
    if (!source_valid(ip6, p + AKSU_IPV6_SOURCE)) {
        return AKSU_DROP_SOURCE;
    }
    const uint8_t *to = p + AKSU_IPV6_DESTINATION;

    if (aksu_ipv6_ours(ip6, to) == AKSU_NO_ADDRESS && !group_ours(ip6, to)) {
        return AKSU_DROP_NOT_OURS;
    }
    in->payload = p + AKSU_IPV6_LEN;
    in->len = len;
    return 0;
}

static int problem(struct aksu *net, const struct aksu_packet *in, const uint8_t *packet,
                   unsigned code, const uint8_t *at)
{
    aksu_icmpv6_error(net, in, packet, code, (uint32_t)(at - packet));
    return code == PROBLEM_HEADER ? AKSU_DROP_PROTOCOL : AKSU_DROP_IP_OPTION;
}

// RFC 8200 4.2: what to do with an option that is not known is in its two upper bits.
static int take_options(struct aksu *net, const struct aksu_packet *in, const uint8_t *packet,
                        const uint8_t *p, uint32_t left)
{
    enum { PAD_1 = 0, PAD_N = 1, SKIP = 0, DISCARD = 1, TELL = 2 };

    while (left > 0) {
        uint32_t len = p[0] == PAD_1 ? 1 : left > 1 ? p[1] + 2u : left + 1;
        if (len > left) {
            return AKSU_DROP_IP_OPTION;
        }
        unsigned action = p[0] >> 6;
        if (action == TELL || (action > TELL && !aksu_ipv6_is_multicast(packet + 24))) {
            return problem(net, in, packet, PROBLEM_OPTION, p);
        }
        if (action != SKIP) {
            return AKSU_DROP_IP_OPTION;
        }
        p += len;
        left -= len;
    }
    return 0;
}

// One extension header. *len: its octets.
static int take_extension(struct aksu *net, const struct aksu_packet *in, const uint8_t *packet,
                          unsigned kind, uint32_t *len)
{
    const uint8_t *p = in->payload;

    if (in->len < 8) {
        return AKSU_DROP_IP_HEADER;
    }
    if (kind == FRAGMENT) { // one that is whole is as any packet (RFC 6946)
        *len = 8;
        return (aksu_get16(p + 2) & 0xfff9) ? AKSU_DROP_FRAGMENT : 0;
    }
    *len = (p[1] + 1u) * 8;
    if (*len > in->len) {
        return AKSU_DROP_IP_HEADER;
    }
    if (kind == ROUTING) { // RFC 5095, RFC 8200 4.4
        return p[3] ? problem(net, in, packet, PROBLEM_FIELD, p + 2) : 0;
    }
    return take_options(net, in, packet, p + 2, *len - 2);
}

// Goes over the extension headers: any number in any order, but hop-by-hop options come first.
// *said: where it says what then follows.
static int take_extensions(struct aksu *net, struct aksu_packet *in, const uint8_t *packet,
                           const uint8_t **said, bool *fragmented)
{
    for (unsigned i = *fragmented ? 1 : 0; i <= HEADERS_MAX; i++) {
        unsigned kind = **said;
        uint32_t len;

        if (kind != ROUTING && kind != FRAGMENT && kind != DESTINATION_OPTIONS &&
            (kind != HOP_BY_HOP || i > 0)) {
            return 0;
        }
        int drop = take_extension(net, in, packet, kind, &len);
        if (drop) {
            return drop;
        }
        *fragmented = *fragmented || kind == FRAGMENT;
        *said = in->payload;
        in->payload += len;
        in->len -= len;
    }
    return AKSU_DROP_IP_HEADER;
}

// The MTU of the link, less what the header is longer than that of IPv4.
uint16_t aksu_ipv6_mtu(const struct aksu *net)
{
    return (uint16_t)(aksu_ipv6(net)->mtu - (AKSU_IPV6_LEN - AKSU_IPV4_LEN));
}

// A row is the current host's.
void aksu_ipv6_bind(struct aksu *net, const struct aksu_row *row)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    ip6->remote[row - net->store->row] = ip6->current;
}

static int take_segment(struct aksu *net, struct aksu_packet *in, const uint8_t *packet)
{
    struct aksu_ipv6 *ip6 = aksu_ipv6(net);
    const uint8_t *from = packet + AKSU_IPV6_SOURCE;
    unsigned local = aksu_ipv6_ours(ip6, packet + AKSU_IPV6_DESTINATION);

    if (local == AKSU_NO_ADDRESS || aksu_ipv6_is_any(from)) {
        return AKSU_DROP_SOURCE; // TCP is between two
    }
    if (in->len < AKSU_TCP_LEN) {
        return AKSU_DROP_TCP_HEADER;
    }
    aksu_ipv6_name(net, from, local, &in->pair);
    in->pair.remote_port = aksu_get16(in->payload);
    in->pair.local_port = aksu_get16(in->payload + 2);
    struct aksu_row *row = aksu_table_find(net, &in->pair);

    if (row && memcmp(&ip6->remote[row - net->store->row], from, 16) != 0) {
        return AKSU_DROP_NO_ROW; // another address of the same token
    }
    memcpy(&ip6->current, from, sizeof ip6->current);
    in->segment.tos = (uint16_t)(aksu_get16(packet) >> 4 & 0xff);
    unsigned before = net->answers;
    if (!row && net->free_rows) {
        aksu_ipv6_bind(net, net->free_rows); // that is the one it gets
    }
    struct aksu_pair pair = in->pair;
    uint16_t mtu = net->mtu;
    net->mtu = aksu_ipv6_mtu(net); // what it opens has the MSS of it
    int drop = aksu_stack_tcp(net, in);

    net->mtu = mtu;
    memcpy(&ip6->current, from, sizeof ip6->current); // a handler may have opened another
    if (net->answers > before) {
        ip6->answer[before] = ip6->current;
    }
    row = aksu_table_find(net, &pair);
    if (row) {
        aksu_ipv6_bind(net, row); // one that gave way
    }
    return drop;
}

// Takes in what stands behind a header that has been checked.
int aksu_ipv6_payload(struct aksu *net, struct aksu_packet *in, const uint8_t *packet,
                      bool fragmented)
{
    const uint8_t *said = packet + 6;
    int drop = take_extensions(net, in, packet, &said, &fragmented);
    if (drop) {
        return drop;
    }
    switch (*said) {
    case AKSU_PROTOCOL_TCP:
        return take_segment(net, in, packet);
    case AKSU_PROTOCOL_ICMPV6:
        return aksu_icmpv6_input(net, in, packet, fragmented);
    case NO_NEXT_HEADER:
        return AKSU_DROP_PROTOCOL;
    default:
        if (*said == AKSU_PROTOCOL_UDP && aksu_ipv6(net)->udp) {
            return aksu_ipv6(net)->udp->ops->input(net, in, packet);
        }
        return problem(net, in, packet, PROBLEM_HEADER, said);
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
    static const uint8_t group[2] = {0x33, 0x33};
    const struct aksu_more *next = net->more->next;
    const uint8_t *p = in->payload;
    bool whole = p == in->from; // nothing of it was taken in

    if (net->link->header_len == 0) { // bare packets
        whole = whole && in->len > 0 && p[0] >> 4 == 6;
    } else if (whole && drop == AKSU_DROP_NOT_OURS && memcmp(p, group, 2) == 0) {
        in->from = p + 6;
        in->payload += AKSU_ETHERNET_LEN;
        whole =
            aksu_get16(p + 12) == TYPE_IPV6 && (p[6] & 1) == 0 && memcmp(p + 6, net->mac, 6) != 0;
    } else {
        whole = drop == AKSU_DROP_PROTOCOL && aksu_get16(in->from + 6) == TYPE_IPV6;
    }
    if (whole) {
        drop = take(net, in);
        if (drop != AKSU_DROP_FRAGMENT) { // that is for who reassembles
            return drop;
        }
    }
    return next ? next->ops->input(net, in, drop) : drop;
}

// --- Leaving packets ---

// Writes a header. Returns what follows it.
uint8_t *aksu_ipv6_put(uint8_t *to, unsigned protocol, unsigned hops, const uint8_t *source,
                       const uint8_t *destination, uint32_t len)
{
    to = aksu_put32(to, UINT32_C(6) << 28);
    to = aksu_put32(to, len << 16 | protocol << 8 | hops);
    memcpy(to, source, 16);
    memcpy(to + 16, destination, 16);
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
    unsigned hops = made[8] == AKSU_TTL_DEFAULT ? ip6->hops : made[8];

    aksu_ipv6_put(packet, AKSU_PROTOCOL_TCP, hops,
                  ip6->address[pair->local >> LOCAL_SHIFT].addr.octets, remote->octets, len);
    aksu_put32(packet, UINT32_C(6) << 28 | class << 20 | flow);
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

    aksu_put16(mac, 0x3333);
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
int aksu_ipv6_answer(struct aksu *net, const struct aksu_packet *in, const uint8_t *to,
                     unsigned local, unsigned kind)
{
    unsigned i = net->answers;
    int full = aksu_stack_answer(net, in, kind);

    if (!full) {
        memcpy(&aksu_ipv6(net)->answer[i], to, 16);
        net->store->answer[i].pair.local = (uint32_t)local << LOCAL_SHIFT;
    }
    return full;
}

static size_t answer(struct aksu *net, const struct aksu_answer *a, uint8_t *frame)
{
    uint32_t header = net->link->header_len;

    if (a->kind == AKSU_ANSWER_ND) {
        return aksu_nd_advert(net, a, frame);
    }
    if (a->kind != AKSU_ANSWER_ICMPV6) {
        return aksu_arp_answer(net, a, frame);
    }
    if (header > 0) {
        aksu_ipv6_frame(net, frame, a->mac);
    }
    return header + aksu_icmpv6_output(net, a, frame + header);
}

// --- What the rest of the stack asks for ---

size_t aksu_ipv6_output(struct aksu *net, uint8_t *frame, uint8_t *packet, const uint8_t **mac)
{
    const struct aksu_more *next = net->more->next;
    size_t len = aksu_slaac_output(net, frame);

    return len > 0 || !next ? len : next->ops->output(net, frame, packet, mac);
}

uint32_t aksu_ipv6_idle(const struct aksu *net, uint32_t now_ms, uint32_t wait_ms)
{
    const struct aksu_more *next = net->more->next;
    uint32_t wait = aksu_min32(wait_ms, aksu_slaac_idle(net, now_ms));

    return next ? next->ops->idle(net, now_ms, wait) : wait;
}

void aksu_ipv6_addrs(const struct aksu *net, const struct aksu_row *row, struct aksu_info *info)
{
    const struct aksu_ipv6 *ip6 = aksu_ipv6(net);

    info->local.addr = ip6->address[row->pair.local >> LOCAL_SHIFT].addr;
    const struct aksu_addr *remote = &ip6->remote[row - net->store->row];

    // One that gave way is bound once its segment is taken in.
    info->remote.addr = token(net, remote->octets) == row->pair.remote ? *remote : ip6->current;
}

static const struct aksu_more_ops server_ops = {
    aksu_ipv6_input, aksu_ipv6_output, aksu_ipv6_idle, aksu_ipv6_addrs, NULL, false, NULL};

static const struct aksu_link ethernet = {AKSU_ETHERNET_LEN, aksu_ethernet_input, frame_ethernet,
                                          answer};
static const struct aksu_link bare = {0, aksu_ipv4_input, frame_bare, answer};

int aksu_ipv6_start(struct aksu *net, struct aksu_ipv6 *ip6, const uint8_t stable[16])
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
    ip6->more.ops = &server_ops;
    ip6->more.next = net->more;
    net->more = &ip6->more;
    net->link = net->link ? &ethernet : &bare;
    aksu_slaac_start(net, stable);
    return AKSU_OK;
}
