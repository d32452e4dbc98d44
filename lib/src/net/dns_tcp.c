// SPDX-License-Identifier: MIT
// DNS over TCP, RFC 1035 4.2.2 and RFC 7766: a connection for each question, and a message with two
// octets of length before it.
#include "dns.h"

enum {
    LENGTH = 2,
    CUT_AT = LENGTH + 2, // where an answer says that it is cut short
    CUT_SHORT = 2,
    QUESTION_MAX = LENGTH + 12 + 255 + 4,
    ANSWER_MIN = 512, // what fits a datagram fits here
    WAIT_MS = 10000
};

// A connection that is no longer of interest has no user.

static void emit(struct aksu *net, aksu_handle conn, void *user, uint32_t offset, void *to,
                 size_t len)
{
    const struct aksu_dns_tcp *tcp = user;

    (void)net;
    (void)conn;
    if (tcp) {
        memcpy(to, tcp->buffer + offset, len);
    } else {
        memset(to, 0, len); // of a connection that is closed before its question was sent
    }
}

// The server is of no use.
static void failed(struct aksu *net, struct aksu_dns_tcp *tcp)
{
    struct aksu_dns_query *q = tcp->query;

    q->error = AKSU_ECONNREFUSED;
    aksu_dns_next(net, q);
}

static void on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    struct aksu_dns_tcp *tcp = user;

    (void)readable;
    if (!tcp) {
        return;
    }
    uint8_t *answer = tcp->buffer + tcp->question;
    uint32_t room = tcp->size - tcp->question;

    tcp->came += (uint32_t)aksu_recv(net, conn, answer + tcp->came, room - tcp->came);
    if (tcp->came < LENGTH) {
        return;
    }
    uint32_t len = aksu_get16(answer);

    if (LENGTH + len > room || (tcp->came > CUT_AT && (answer[CUT_AT] & CUT_SHORT))) {
        aksu_dns_finish(net, tcp->query, AKSU_EMSGSIZE, NULL);
    } else if (LENGTH + len <= tcp->came && !aksu_dns_take(net, tcp->query, answer + LENGTH, len)) {
        failed(net, tcp);
    }
}

static void on_end(struct aksu *net, aksu_handle conn, void *user)
{
    (void)conn;
    if (user) {
        failed(net, user);
    }
}

static void on_close(struct aksu *net, aksu_handle conn, void *user, int error)
{
    struct aksu_dns_tcp *tcp = user;

    (void)conn;
    (void)error;
    if (tcp) {
        struct aksu_dns_query *q = tcp->query;
        tcp->query = NULL;
        q->error = AKSU_ECONNREFUSED;
        aksu_dns_next(net, q);
    }
}

static const struct aksu_handlers handlers = {
    .on_recv = on_recv, .on_end = on_end, .on_close = on_close, .emit = emit};

// What was answered is closed, what was not is reset.
static void stop(struct aksu *net, struct aksu_dns_tcp *tcp)
{
    bool answered = tcp->came >= LENGTH;

    tcp->query = NULL;
    aksu_set_handlers(net, tcp->conn, &handlers, NULL);
    if (answered) {
        aksu_close(net, tcp->conn, WAIT_MS);
    } else {
        aksu_abort(net, tcp->conn);
    }
}

// Asks the server that has just answered. If this or another question has the buffer, or there is
// no row for a connection, the time of the datagram comes, and then the next server's turn.
static void ask(struct aksu *net, struct aksu_dns_query *q)
{
    struct aksu_dns_tcp *tcp = q->dns->tcp;
    struct aksu_endpoint to;

    q->error = AKSU_EMSGSIZE;
    if (tcp->query) {
        return;
    }
    to.addr = q->dns->server[(q->tries - 1u) % AKSU_DNS_SERVERS];
    to.port = AKSU_DNS_PORT;
    tcp->conn = aksu_connect(net, &to, 0, &handlers, tcp);
    if (tcp->conn < 0) {
        return;
    }
    uint32_t len = aksu_dns_put(q, tcp->buffer + LENGTH);

    aksu_put16(tcp->buffer, len);
    tcp->question = LENGTH + len;
    tcp->came = 0;
    tcp->query = q;
    aksu_offer(net, tcp->conn, tcp->question);
    aksu_udp_wake(net, &q->udp, WAIT_MS);
}

int aksu_dns_over_tcp(struct aksu_dns *dns, struct aksu_dns_tcp *tcp, void *buffer, size_t size)
{
    static const struct aksu_dns_tcp_ops ops = {ask, stop};

    if (size < QUESTION_MAX + ANSWER_MIN || size > INT32_MAX) {
        return AKSU_EINVAL;
    }
    memset(tcp, 0, sizeof *tcp);
    tcp->ops = &ops;
    tcp->buffer = buffer;
    tcp->size = (uint32_t)size;
    dns->tcp = tcp;
    return AKSU_OK;
}
