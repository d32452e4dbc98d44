// SPDX-License-Identifier: MIT
// A DHCP client, RFC 2131 and 2132, that is a UDP endpoint. Nothing of an answer is kept but times:
// once other hosts have been asked for the address (RFC 5227) the same request is sent again, and
// its answer is what is taken.
#include <aksu/dhcp.h>
#include "../more.h"
#include "udp.h"

enum { SERVER_PORT = 67, CLIENT_PORT = 68, OPTIONS_AT = 240, MESSAGE_LEN = 344, MTU_MIN = 576 };

// What a client is about, after RFC 2131 Figure 5.
enum {
    STOPPED,
    SELECTING,
    REQUESTING, // nobody was asked for the address yet
    PROBING,
    CONFIRMING, // nobody has the address: as REQUESTING
    ANNOUNCING, // the address is ours
    BOUND,
    RENEWING,
    REBINDING,
    REBOOTING, // the link was gone: the address is still used, and asked for (RFC 2131 3.2, 3.7)
    DECLINING,
    RELEASING
};

// Sets of them: the stack's address is the one that was given; messages are of that address, too;
// they name the server.
enum {
    IS_BOUND = 1 << ANNOUNCING | 1 << BOUND | 1 << RENEWING | 1 << REBINDING | 1 << REBOOTING |
               1 << RELEASING,
    SPEAKS = IS_BOUND & ~(1 << REBOOTING),
    NAMES_SERVER = 1 << REQUESTING | 1 << CONFIRMING | 1 << DECLINING | 1 << RELEASING,
    HEARS_ANY = 1 << REBINDING | 1 << REBOOTING,
    HEARS_SERVER = 1 << REQUESTING | 1 << CONFIRMING | 1 << RENEWING
};

enum { DISCOVER = 1, OFFER = 2, REQUEST = 3, DECLINE = 4, ACK = 5, NAK = 6, RELEASE = 7 };

enum {
    OPTION_NETMASK = 1,
    OPTION_ROUTER = 3,
    OPTION_DNS = 6,
    OPTION_HOST_NAME = 12,
    OPTION_ADDRESS = 50,
    OPTION_LEASE = 51,
    OPTION_OVERLOAD = 52,
    OPTION_TYPE = 53,
    OPTION_SERVER = 54,
    OPTION_PARAMETERS = 55,
    OPTION_T1 = 58,
    OPTION_T2 = 59
};

enum {
    FIRST_MS = 1000,              // RFC 2131 4.4.1 has 1 to 10 s, so that hosts do not start as one
    AGAIN_MS = 4000,              // 4.1: doubled up to 64 s, give or take one
    DOUBLED = 4,                  // times
    REQUESTS = 4,                 // until another server is looked for
    DECLINED_MS = 10000,          // 3.1 5
    RENEW_S = 60,                 // 4.4.5
    LONG_S = INT32_C(1000) * 1000 // a wait that the clock can hold
};

static const uint32_t MAGIC = 0x63825363;

// What an answer says, in words; 0: it does not say.
enum { YOURS, TYPE, OVERLOAD, NETMASK, ROUTER, DNS, DNS_2, LEASE, SERVER, T1, T2, WORDS };

static struct aksu_dhcp *client(struct aksu_udp *u)
{
    return (struct aksu_dhcp *)u; // its first member
}

static bool is(const struct aksu_dhcp *d, unsigned states)
{
    return (states >> d->state) & 1;
}

// --- Time ---

static uint32_t chance(const struct aksu *net, const struct aksu_dhcp *d)
{
    return (uint32_t)aksu_isn_hash(net, &d->udp.pair, net->now_ms ^ d->xid);
}

// So that hosts do not start as one.
static uint32_t soon(const struct aksu *net, const struct aksu_dhcp *d)
{
    return 1 + chance(net, d) % FIRST_MS;
}

static uint32_t less(uint32_t v, uint32_t by)
{
    return v - aksu_min32(v, by);
}

// Takes the seconds that went by from what is left.
static void age(const struct aksu *net, struct aksu_dhcp *d)
{
    uint32_t gone = (net->now_ms - d->last) / 1000;

    d->last += gone * 1000;
    d->t1 = less(d->t1, gone);
    d->t2 = less(d->t2, gone);
    d->lease = less(d->lease, gone);
}

// Another station that has our address, and claims it again when it was defended (RFC 5227 2.4),
// ends the wait: it is as if we had asked for its station.
static void wait_ms(struct aksu *net, struct aksu_dhcp *d, uint32_t ms)
{
    aksu_udp_wake(net, &d->udp, ms);
    if (is(d, IS_BOUND)) {
        d->udp.hop = d->addr;
        d->udp.tries = 1;
    }
}

static void wait_s(struct aksu *net, struct aksu_dhcp *d, uint32_t seconds)
{
    wait_ms(net, d, aksu_min32(seconds, LONG_S) * 1000);
}

// --- What goes out ---

// Something is to be written: to the server, to all, or to the address itself, which asks who has
// it.
static void send(struct aksu *net, struct aksu_dhcp *d, unsigned state, uint32_t to)
{
    d->state = (uint8_t)state;
    aksu_udp_direct(net, &d->udp, to, SERVER_PORT);
}

static void start(struct aksu *net, struct aksu_dhcp *d, uint32_t wait_ms)
{
    d->state = SELECTING;
    d->tries = 0;
    d->xid += chance(net, d) | 1;
    aksu_udp_wake(net, &d->udp, wait_ms);
}

// The end of an address: its connections end without a word.
static void lose(struct aksu *net, struct aksu_dhcp *d)
{
    bool tell = is(d, IS_BOUND) && d->config->on_lease;

    aksu_more_lose(net);
    if (tell) {
        d->config->on_lease(net, d, NULL);
    }
}

// Another host has the address: RFC 2131 3.1 5.
static void decline(struct aksu *net, struct aksu_dhcp *d)
{
    if (is(d, IS_BOUND)) {
        lose(net, d);
    }
    send(net, d, DECLINING, UINT32_MAX);
}

static uint8_t *put_addr(uint8_t *p, unsigned option, uint32_t addr)
{
    *p++ = (uint8_t)option;
    *p++ = 4;
    return aksu_put32(p, addr);
}

static uint8_t *put_name(uint8_t *p, const char *name)
{
    uint8_t len = 0;

    if (!name) {
        return p;
    }
    p[0] = OPTION_HOST_NAME;
    for (p += 2; len < 63 && name[len]; len++) {
        *p++ = (uint8_t)name[len];
    }
    p[-len - 1] = len;
    return p;
}

// RFC 2131 Table 5.
static void put_message(const struct aksu *net, const struct aksu_dhcp *d, uint8_t *to)
{
    static const uint8_t begin[] = {1, 1, 6, 0};
    static const uint8_t wanted[] = {OPTION_PARAMETERS, 5,          OPTION_NETMASK,
                                     OPTION_ROUTER,     OPTION_DNS, OPTION_LEASE,
                                     OPTION_SERVER};
    static const uint8_t types[] = {0,       DISCOVER, REQUEST, REQUEST, REQUEST, REQUEST,
                                    REQUEST, REQUEST,  REQUEST, REQUEST, DECLINE, RELEASE};
    unsigned type = types[d->state];
    uint8_t *p = to + OPTIONS_AT;

    memset(to, 0, MESSAGE_LEN);
    memcpy(to, begin, sizeof begin);
    aksu_put32(to + 4, d->xid);
    if (is(d, SPEAKS)) {
        aksu_put32(to + 12, net->addr);
    } else if (net->addr != 0 && !is(d, IS_BOUND)) { // of the link: answers are to go to all
        to[10] = 0x80;
    }
    memcpy(to + 28, net->mac, sizeof net->mac);
    aksu_put32(p - 4, MAGIC);
    *p++ = OPTION_TYPE;
    *p++ = 1;
    *p++ = (uint8_t)type;
    if (type != DISCOVER && !is(d, SPEAKS)) {
        p = put_addr(p, OPTION_ADDRESS, d->addr);
    }
    if (is(d, NAMES_SERVER)) {
        p = put_addr(p, OPTION_SERVER, d->server);
    }
    if (type == DISCOVER || type == REQUEST) {
        memcpy(p, wanted, sizeof wanted);
        p = put_name(p + sizeof wanted, d->config->name);
    }
    *p = 0xff;
}

// After what was sent: when to try again.
static void wait_again(struct aksu *net, struct aksu_dhcp *d)
{
    if (d->state == RENEWING || d->state == REBINDING) {
        uint32_t left = d->state == RENEWING ? d->t2 : d->lease;
        wait_s(net, d, left <= RENEW_S ? left : left / 2 > RENEW_S ? left / 2 : RENEW_S);
    } else {
        unsigned doubled = d->tries < DOUBLED ? d->tries : DOUBLED;
        d->tries++;
        wait_ms(net, d, ((uint32_t)AGAIN_MS << doubled) - 1000 + chance(net, d) % 2000);
    }
}

static size_t write_message(struct aksu *net, struct aksu_udp *u, void *to, size_t room)
{
    struct aksu_dhcp *d = client(u);

    if (d->state == PROBING || d->state == ANNOUNCING) { // somebody has the address
        decline(net, d);
        return AKSU_UDP_NONE;
    }
    (void)room;
    if (!is(d, SPEAKS)) {
        u->pair.local = 0;
    }
    put_message(net, d, to);
    if (d->state == DECLINING) {
        start(net, d, DECLINED_MS);
    } else if (d->state == RELEASING) {
        d->state = STOPPED;
        aksu_udp_close(net, u);
        lose(net, d);
    } else {
        wait_again(net, d);
    }
    return MESSAGE_LEN;
}

// With the address that is ours.
static void go_on(struct aksu *net, struct aksu_dhcp *d)
{
    age(net, d);
    if (d->state == REBOOTING && d->lease > 0) {
        if (d->tries < REQUESTS) {
            send(net, d, REBOOTING, UINT32_MAX);
            return;
        }
        d->state = BOUND; // nobody answers, and the lease goes on (RFC 2131 3.2)
    }
    if (d->lease == 0) {
        lose(net, d);
        start(net, d, FIRST_MS);
    } else if (d->t2 == 0) {
        send(net, d, REBINDING, UINT32_MAX);
    } else if (d->t1 == 0) {
        send(net, d, RENEWING, d->server);
    } else {
        wait_s(net, d, d->t1);
    }
}

static void on_time(struct aksu *net, struct aksu_udp *u)
{
    struct aksu_dhcp *d = client(u);

    if (is(d, IS_BOUND)) {
        if (u->tries == 0) {
            decline(net, d);
        } else {
            go_on(net, d);
        }
    } else if (d->state != SELECTING && d->tries >= REQUESTS) {
        start(net, d, FIRST_MS);
    } else {
        send(net, d, d->state, UINT32_MAX);
    }
}

// Nobody answered to ARP; or an ICMP error, which is as good as no answer.
static void on_error(struct aksu *net, struct aksu_udp *u, int error)
{
    struct aksu_dhcp *d = client(u);

    if (u->bits != 0 || error != AKSU_EHOSTUNREACH) {
        return;
    }
    if (d->state == PROBING) {
        d->tries = 0;
        send(net, d, CONFIRMING, UINT32_MAX);
    } else if (d->state == ANNOUNCING) {
        d->state = BOUND;
        go_on(net, d);
    } else if (d->state == RELEASING) {
        send(net, d, RELEASING, UINT32_MAX);
    } else {
        wait_again(net, d);
    }
}

// --- What comes in ---

// One option. Of several addresses the first is taken, of DNS's two.
static void take_option(uint32_t *word, const uint8_t *p)
{
    static const uint8_t known[WORDS] = {
        0, OPTION_TYPE,  OPTION_OVERLOAD, OPTION_NETMASK, OPTION_ROUTER, OPTION_DNS,
        0, OPTION_LEASE, OPTION_SERVER,   OPTION_T1,      OPTION_T2};
    unsigned len = p[1];
    unsigned i = WORDS - 1;

    while (i > 0 && known[i] != p[0]) {
        i--;
    }
    if (i == TYPE || i == OVERLOAD) {
        word[i] = len == 1 ? p[2] : word[i];
    } else if (i > 0 && len >= 4) {
        word[i] = aksu_get32(p + 2);
    }
    if (i == DNS && len >= 8) {
        word[DNS_2] = aksu_get32(p + 6);
    }
}

// RFC 2132 2: pads and an end have no length, which all others have. False: one does not fit.
static bool take_options(uint32_t *a, const uint8_t *p, const uint8_t *end)
{
    while (p < end && *p != 0xff) {
        if (*p == 0) {
            p++;
            continue;
        }
        if (end - p < 2 || p[1] > end - p - 2) {
            return false;
        }
        take_option(a, p);
        p += 2 + p[1];
    }
    return true;
}

// An answer to what was asked last.
static bool parse(const struct aksu *net, const struct aksu_dhcp *d, const uint8_t *p, size_t len,
                  uint32_t *a)
{
    memset(a, 0, WORDS * sizeof *a);
    if (len < OPTIONS_AT || p[0] != 2 || aksu_get32(p + 4) != d->xid ||
        memcmp(p + 28, net->mac, sizeof net->mac) != 0 || aksu_get32(p + OPTIONS_AT - 4) != MAGIC ||
        !take_options(a, p + OPTIONS_AT, p + len)) {
        return false;
    }
    a[YOURS] = aksu_get32(p + 16);
    uint32_t overload = a[OVERLOAD]; // RFC 2131 4.1: what else holds options

    return (!(overload & 1) || take_options(a, p + 108, p + 236)) &&
           (!(overload & 2) || take_options(a, p + 44, p + 108));
}

// The stack has what an answer gives, if that can be. A router that is not here is as good as none.
static void use(struct aksu *net, struct aksu_dhcp *d, const uint32_t *a)
{
    struct aksu_lease lease;

    aksu_addr_put(d->addr, &lease.addr);
    aksu_addr_put(a[ROUTER], &lease.router);
    aksu_addr_put(a[DNS], &lease.dns[0]);
    aksu_addr_put(a[DNS_2], &lease.dns[1]);
    lease.seconds = a[LEASE];
    unsigned prefix = a[NETMASK] ? 32 : 24;

    for (uint32_t mask = ~a[NETMASK]; a[NETMASK] && (mask & 1); mask >>= 1) {
        prefix--;
    }
    lease.prefix = (uint8_t)prefix;
    if (aksu_set_address(net, &lease.addr, (uint8_t)prefix, &lease.router)) {
        memset(&lease.router, 0, sizeof lease.router);
        if (aksu_set_address(net, &lease.addr, (uint8_t)prefix, NULL)) {
            return;
        }
    }
    d->lease = a[LEASE];
    d->t2 = a[T2] && a[T2] < a[LEASE] ? a[T2] : a[LEASE] - a[LEASE] / 8;
    d->t1 = a[T1] && a[T1] < d->t2 ? a[T1] : aksu_min32(a[LEASE] / 2, d->t2);
    d->last = net->now_ms;
    d->server = a[SERVER];
    if (d->state == CONFIRMING || d->state == REBOOTING) {
        send(net, d, ANNOUNCING, d->addr);
    } else {
        d->state = BOUND;
        go_on(net, d);
    }
    if (d->config->on_lease) {
        d->config->on_lease(net, d, &lease);
    }
}

static void on_ack(struct aksu *net, struct aksu_dhcp *d, const uint32_t *a)
{
    if (a[YOURS] != d->addr || a[LEASE] == 0) {
        return;
    }
    if (d->state == REQUESTING) {
        aksu_more_lose(net); // an address of the link gives way
        send(net, d, PROBING, d->addr);
    } else {
        use(net, d, a);
    }
}

static void on_datagram(struct aksu *net, struct aksu_udp *u, const struct aksu_packet *packet,
                        const void *data, size_t len)
{
    struct aksu_dhcp *d = client(u);
    uint32_t a[WORDS];

    if (packet->pair.remote_port != SERVER_PORT || !parse(net, d, data, len, a) || a[SERVER] == 0) {
        return;
    }
    if (d->state == SELECTING && a[TYPE] == OFFER && aksu_ipv4_host(a[YOURS], 0, 0) &&
        d->tries > 0) {
        d->addr = a[YOURS];
        d->server = a[SERVER];
        d->tries = 0;
        send(net, d, REQUESTING, UINT32_MAX);
        return;
    }
    if (is(d, HEARS_ANY) || (a[SERVER] == d->server && is(d, HEARS_SERVER))) {
        if (a[TYPE] == ACK) {
            on_ack(net, d, a);
        } else if (a[TYPE] == NAK) {
            if (is(d, IS_BOUND)) {
                lose(net, d);
            }
            start(net, d, FIRST_MS);
        }
    }
}

// The link is back: whether the address is good there is asked, but it is used meanwhile.
static void on_link(struct aksu *net, struct aksu_udp *u, bool up)
{
    struct aksu_dhcp *d = client(u);

    if (up && is(d, IS_BOUND) && d->state != RELEASING) {
        d->tries = 0;
        send(net, d, REBOOTING, UINT32_MAX);
    } else if (up && !is(d, IS_BOUND) && d->state != STOPPED) {
        start(net, d, soon(net, d));
    }
}

// --- Calls ---

int aksu_dhcp_start(struct aksu *net, struct aksu_dhcp *dhcp, const struct aksu_dhcp_config *config)
{
    static const struct aksu_udp_handlers handlers = {on_datagram, write_message, on_time, on_error,
                                                      on_link};

    if (!aksu_has_stations(net) || net->mtu < MTU_MIN || !config) {
        return AKSU_EINVAL;
    }
    if (!aksu_seeded(net)) {
        return AKSU_ENOKEY;
    }
    int error = aksu_udp_open(net, &dhcp->udp, CLIENT_PORT, &handlers);

    if (!error) {
        dhcp->config = config;
        dhcp->xid = (uint32_t)(chance(net, dhcp));
        net->addr = 0;
        net->netmask = 0;
        net->gateway = 0;
        start(net, dhcp, soon(net, dhcp));
    }
    return error;
}

void aksu_dhcp_stop(struct aksu *net, struct aksu_dhcp *dhcp)
{
    if (is(dhcp, IS_BOUND) && dhcp->state != RELEASING) {
        send(net, dhcp, RELEASING, dhcp->server);
    } else if (dhcp->state != STOPPED && dhcp->state != RELEASING) {
        dhcp->state = STOPPED;
        aksu_udp_close(net, &dhcp->udp);
    }
}
