// SPDX-License-Identifier: MIT
// Socket calls over the stack's. A call that would block returns false and is made again later.
#include "drill.h"
#include "symbols.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 65536 };

struct call {
    struct drill_run *run;
    struct drill_pending *pending;
    const struct drill_call *c;
    struct drill_socket *s; // of the first argument
    int64_t result;
};

// The nth argument, 0 the first. Missing ones are an error of the script.
static const struct drill_value *arg(struct call *k, unsigned n)
{
    static const struct drill_value none;
    unsigned at = k->c->args;

    while (at && n > 0) {
        at = k->c->value[at].next;
        n--;
    }
    if (!at) {
        drill_fail(k->run, "%s: an argument is missing", k->c->name);
        return &none;
    }
    return &k->c->value[at];
}

// A number; or that of a list of one, as [1].
static int64_t number(struct call *k, const struct drill_value *v)
{
    if (v->kind == DRILL_LIST && v->child) {
        v = &k->c->value[v->child];
    }
    if (v->kind != DRILL_INT) {
        drill_fail(k->run, "%s: found a value that is no number", k->c->name);
        return 0;
    }
    return v->number;
}

// A member of a struct, by name or else by place; `missing` if it is not there.
static int64_t member(struct call *k, const struct drill_value *v, const char *name, unsigned place,
                      int64_t missing)
{
    for (unsigned at = v->kind == DRILL_STRUCT ? v->child : 0; at; at = k->c->value[at].next) {
        const struct drill_value *m = &k->c->value[at];
        if (m->name[0] ? strcmp(m->name, name) == 0 : place-- == 0) {
            return m->kind == DRILL_INT ? m->number : missing;
        }
    }
    return missing;
}

static bool done(struct call *k, int64_t result)
{
    k->result = result;
    return true;
}

// Not now: an error if the socket does not block.
static bool later(struct call *k, bool nonblock)
{
    return nonblock ? done(k, -DRILL_EAGAIN) : false;
}

// A pending error, told once.
static int64_t take_error(struct drill_socket *s)
{
    int error = s->error;

    s->error = 0;
    return -error;
}

static bool call_socket(struct call *k)
{
    int64_t type = number(k, arg(k, 1));
    struct drill_socket *s;

    if ((type & ~DRILL_SOCK_NONBLOCK) != DRILL_SOCK_STREAM) {
        drill_fail(k->run, "socket: expected SOCK_STREAM");
        return true;
    }
    s = drill_new_socket(k->run);
    if (s) {
        s->fd = (int)k->c->result;
        s->nonblock = (type & DRILL_SOCK_NONBLOCK) != 0;
    }
    return done(k, k->c->result);
}

static bool call_bind(struct call *k)
{
    const struct drill_value *v = arg(k, 1);

    k->s->port = (uint16_t)member(k, v, "sin_port", 1, DRILL_LOCAL_PORT);
    k->run->local_port = k->s->port;
    return done(k, 0);
}

static bool call_listen(struct call *k)
{
    int64_t backlog = number(k, arg(k, 1));

    k->s->port = k->s->port ? k->s->port : DRILL_LOCAL_PORT;
    k->run->local_port = k->s->port;
    backlog = backlog < 1 ? 1 : backlog > 255 ? 255 : backlog;
    drill_start(k->run);
    int error =
        aksu_listen(&k->run->net, NULL, k->s->port, (uint8_t)backlog, &drill_handlers, k->s);
    k->s->listening = error == 0;
    return done(k, error);
}

// The one that came first and is not accepted yet.
static struct drill_socket *first_waiting(struct drill_run *run,
                                          const struct drill_socket *listener)
{
    struct drill_socket *first = NULL;

    for (unsigned i = 0; i < DRILL_SOCKETS; i++) {
        struct drill_socket *s = &run->socket[i];
        if (s->used && !s->closed && s->fd < 0 && s->listener == listener - run->socket &&
            (!first || s->turn < first->turn)) {
            first = s;
        }
    }
    return first;
}

static bool call_accept(struct call *k)
{
    if (!k->s->listening) {
        return done(k, -DRILL_EINVAL);
    }
    struct drill_socket *s = first_waiting(k->run, k->s);
    if (!s) {
        return later(k, k->s->nonblock);
    }
    if (k->c->result >= 0) {
        s->fd = (int)k->c->result;
    }
    return done(k, k->c->result);
}

static bool begin_connect(struct call *k)
{
    struct drill_run *run = k->run;
    const struct drill_value *v = arg(k, 1);
    struct aksu_endpoint to = {drill_remote(),
                               (uint16_t)member(k, v, "sin_port", 1, DRILL_LOCAL_PORT)};

    drill_start(run);
    k->s->port = k->s->port ? k->s->port : run->next_port++;
    aksu_handle conn = aksu_connect(&run->net, &to, k->s->port, &drill_handlers, k->s);
    if (conn < 0) {
        return done(k, conn);
    }
    k->s->conn = conn;
    k->s->asked = true;
    run->remote_port = to.port;
    run->local_port = k->s->port;
    struct drill_peer *peer = drill_peer(run, to.port, k->s->port);
    if (peer) {
        peer->opening = true;
    }
    drill_apply(run, k->s);
    return k->s->nonblock ? done(k, -DRILL_EINPROGRESS) : false;
}

static bool call_connect(struct call *k)
{
    if (!k->pending->begun) {
        if (k->s->open) {
            return done(k, -DRILL_EISCONN);
        }
        if (k->s->error) {
            return done(k, take_error(k->s));
        }
        return k->s->asked ? done(k, -DRILL_EALREADY) : begin_connect(k);
    }
    if (k->s->error) {
        return done(k, take_error(k->s));
    }
    return k->s->open ? done(k, 0) : false;
}

static bool dont_wait(struct call *k, int64_t flags)
{
    return k->s->nonblock || (flags & DRILL_MSG_DONTWAIT);
}

// What was read must be what the stream has there.
static void check_text(struct call *k, const uint8_t *text, int64_t len)
{
    for (int64_t i = 0; i < len; i++) {
        uint32_t seq = 1 + k->s->received + (uint32_t)i;
        if (text[i] != drill_octet(seq)) {
            drill_fail(k->run, "%s: octet %" PRIu32 " of the stream was delivered wrong",
                       k->c->name, seq);
            return;
        }
    }
}

static bool receive(struct call *k, int64_t want, int64_t flags)
{
    static uint8_t text[PIECE];
    int64_t total = 0;
    int64_t n = 1;

    while (total < want && n > 0 && k->s->conn && !k->s->no_reading) {
        int64_t most = want - total < PIECE ? want - total : PIECE;
        n = aksu_recv(&k->run->net, k->s->conn, text, (size_t)most);
        if (n > 0) {
            check_text(k, text, n);
            k->s->received += (uint32_t)n;
            total += n;
        }
    }
    if (total > 0 || want == 0) {
        return done(k, total);
    }
    if (k->s->error) {
        return done(k, take_error(k->s));
    }
    if (k->s->ended || k->s->no_reading) {
        return done(k, 0);
    }
    return k->s->conn ? later(k, dont_wait(k, flags)) : done(k, -DRILL_ENOTCONN);
}

static bool call_read(struct call *k)
{
    return receive(k, number(k, arg(k, 2)), 0);
}

static bool call_recv(struct call *k)
{
    return receive(k, number(k, arg(k, 2)), number(k, arg(k, 3)));
}

// Queues what there is room for, from the place in the stream on.
static int32_t queue(struct call *k, int64_t most)
{
    static uint8_t text[PIECE];
    uint32_t len = most < PIECE ? (uint32_t)most : PIECE;

    for (uint32_t i = 0; i < len; i++) {
        text[i] = drill_octet(1 + k->s->sent + i);
    }
    int32_t n = aksu_send(&k->run->net, k->s->conn, text, len);
    if (n > 0) {
        k->s->sent += (uint32_t)n;
    }
    return n;
}

static bool transmit(struct call *k, int64_t len, int64_t flags)
{
    int64_t *total = &k->pending->done;
    int32_t n = 1;

    if (k->s->error) {
        return done(k, take_error(k->s));
    }
    if (!k->s->conn) {
        return done(k, k->s->asked || k->s->listener >= 0 ? -DRILL_EPIPE : -DRILL_ENOTCONN);
    }
    while (*total < len && n > 0) {
        n = queue(k, len - *total);
        *total += n > 0 ? n : 0;
    }
    if (n < 0) {
        return done(k, *total > 0 ? *total : n);
    }
    if (*total == len || (*total > 0 && dont_wait(k, flags))) {
        if (flags & DRILL_MSG_OOB) {
            aksu_set(&k->run->net, k->s->conn, AKSU_URGENT, 0);
        }
        return done(k, *total);
    }
    return later(k, dont_wait(k, flags));
}

static bool call_write(struct call *k)
{
    return transmit(k, number(k, arg(k, 2)), 0);
}

static bool call_send(struct call *k)
{
    return transmit(k, number(k, arg(k, 2)), number(k, arg(k, 3)));
}

static bool call_shutdown(struct call *k)
{
    int64_t how = number(k, arg(k, 1));

    if (!k->s->conn) {
        return done(k, -DRILL_ENOTCONN);
    }
    k->s->no_reading = k->s->no_reading || how != DRILL_SHUT_WR;
    if (how == DRILL_SHUT_RD || k->s->no_writing) {
        return done(k, 0);
    }
    k->s->no_writing = true;
    return done(k, aksu_shutdown(&k->run->net, k->s->conn));
}

static void close_listener(struct call *k)
{
    struct drill_socket *s;

    aksu_unlisten(&k->run->net, NULL, k->s->port);
    while ((s = first_waiting(k->run, k->s)) != NULL) {
        if (s->conn) {
            aksu_abort(&k->run->net, s->conn);
        }
        s->closed = true;
    }
}

// With a linger time it waits until all is acknowledged; with one of zero it aborts.
static bool call_close(struct call *k)
{
    struct drill_socket *s = k->s;
    bool waits = s->linger && s->linger_s > 0 && !s->nonblock;
    struct aksu_info info;

    if (!k->pending->begun) {
        if (s->listening) {
            close_listener(k);
        } else if (s->conn && s->linger && s->linger_s == 0) {
            aksu_abort(&k->run->net, s->conn);
        } else if (s->conn) {
            aksu_close(&k->run->net, s->conn, s->linger ? (uint32_t)s->linger_s * 1000u : 0);
        }
    }
    if (waits && s->conn && aksu_info(&k->run->net, s->conn, &info) == AKSU_OK &&
        info.tcb->state != AKSU_FIN_WAIT_2 && info.tcb->state != AKSU_TIME_WAIT) {
        return false;
    }
    s->closed = true;
    return done(k, 0);
}

static bool call_fcntl(struct call *k)
{
    int64_t command = number(k, arg(k, 1));

    if (command == DRILL_F_GETFL) {
        return done(k, DRILL_O_RDWR | (k->s->nonblock ? DRILL_O_NONBLOCK : 0));
    }
    if (command != DRILL_F_SETFL) {
        return done(k, -DRILL_EINVAL);
    }
    k->s->nonblock = (number(k, arg(k, 2)) & DRILL_O_NONBLOCK) != 0;
    return done(k, 0);
}

/// Options ///

// Options of TCP that are the stack's. TCP_USER_TIMEOUT is in ms, R2 in s.
static const struct {
    int level, name;
    enum aksu_option option;
    uint32_t unit;
    uint32_t unset; // what it is until it is set
} options[] = {
    {DRILL_IPPROTO_TCP, DRILL_TCP_NODELAY, AKSU_NODELAY, 1, 0},
    {DRILL_IPPROTO_TCP, DRILL_TCP_QUICKACK, AKSU_QUICKACK, 1, 0},
    {DRILL_IPPROTO_TCP, DRILL_TCP_USER_TIMEOUT, AKSU_USER_TIMEOUT, 1000, 0},
    {DRILL_IPPROTO_TCP, DRILL_TCP_KEEPIDLE, AKSU_KEEPALIVE_IDLE, 1, 7200},
    {DRILL_IPPROTO_TCP, DRILL_TCP_KEEPINTVL, AKSU_KEEPALIVE_INTERVAL, 1, 75},
    {DRILL_IPPROTO_TCP, DRILL_TCP_KEEPCNT, AKSU_KEEPALIVE_COUNT, 1, 9},
    {DRILL_SOL_SOCKET, DRILL_SO_KEEPALIVE, AKSU_KEEPALIVE, 1, 0},
};

enum { OPTIONS = sizeof options / sizeof options[0] };

static unsigned find_option(int64_t level, int64_t name)
{
    unsigned i = 0;

    while (i < OPTIONS && (options[i].level != level || options[i].name != name)) {
        i++;
    }
    return i;
}

// What the whole stack has, so that it can be set only before it starts.
static bool set_shared(struct call *k, int64_t level, int64_t name, int64_t n)
{
    struct drill_settings *s = &k->run->settings;
    uint32_t *to = level == DRILL_IPPROTO_TCP ? &s->mtu
                   : name == DRILL_SO_RCVBUF  ? &s->rcvbuf
                                              : &s->sndbuf;

    if (k->run->started || n < 1 || n > (level == DRILL_IPPROTO_TCP ? 65495 : 1 << 24)) {
        return done(k, -DRILL_EINVAL);
    }
    *to = (uint32_t)n + (level == DRILL_IPPROTO_TCP ? 40 : 0);
    return done(k, 0);
}

static bool is_shared(int64_t level, int64_t name)
{
    return (level == DRILL_SOL_SOCKET && (name == DRILL_SO_RCVBUF || name == DRILL_SO_SNDBUF)) ||
           (level == DRILL_IPPROTO_TCP && name == DRILL_TCP_MAXSEG);
}

static bool set_option(struct call *k, unsigned i, int64_t n)
{
    enum aksu_option option = options[i].option;

    if (n < 0) {
        return done(k, -DRILL_EINVAL);
    }
    n = (n + options[i].unit - 1) / options[i].unit;
    if (options[i].unit == 1 &&
        (option == AKSU_NODELAY || option == AKSU_QUICKACK || option == AKSU_KEEPALIVE)) {
        n = n != 0;
    }
    int error = k->s->conn ? aksu_set(&k->run->net, k->s->conn, option, (uint32_t)n) : 0;

    k->s->option[option] = error ? k->s->option[option] : n;
    return done(k, error);
}

static bool set_linger(struct call *k, const struct drill_value *v)
{
    int64_t on = member(k, v, "onoff", 0, -1);
    int64_t s = member(k, v, "linger", 1, -1);

    if (on < 0 || s < 0) {
        drill_fail(k->run, "setsockopt: expected {onoff=0 or 1, linger=seconds}");
    }
    k->s->linger = on > 0;
    k->s->linger_s = s;
    return done(k, 0);
}

static bool call_setsockopt(struct call *k)
{
    int64_t level = number(k, arg(k, 1));
    int64_t name = number(k, arg(k, 2));
    const struct drill_value *v = arg(k, 3);
    unsigned i = find_option(level, name);

    if (level == DRILL_SOL_SOCKET && name == DRILL_SO_LINGER) {
        return set_linger(k, v);
    }
    if (level == DRILL_SOL_SOCKET && name == DRILL_SO_REUSEADDR) {
        k->s->reuse = number(k, v) != 0; // nothing holds an address here
        return done(k, 0);
    }
    if (is_shared(level, name)) {
        return set_shared(k, level, name, number(k, v));
    }
    return i < OPTIONS ? set_option(k, i, number(k, v)) : done(k, -DRILL_ENOPROTOOPT);
}

// The value of a shared option: of TCP_MAXSEG the connection's, if there is one.
static int64_t get_shared(struct call *k, int64_t level, int64_t name)
{
    const struct drill_settings *s = &k->run->settings;
    struct aksu_info info;

    if (level == DRILL_IPPROTO_TCP) {
        bool open = k->s->conn && aksu_info(&k->run->net, k->s->conn, &info) == AKSU_OK;
        return open ? info.tcb->snd_mss : s->mtu - 40;
    }
    return name == DRILL_SO_RCVBUF ? s->rcvbuf : s->sndbuf;
}

static bool get_linger(struct call *k, const struct drill_value *v)
{
    if (v->kind != DRILL_ANY && (member(k, v, "onoff", 0, -1) != k->s->linger ||
                                 member(k, v, "linger", 1, -1) != k->s->linger_s)) {
        drill_fail(k->run, "getsockopt: the value is {onoff=%d, linger=%lld}", k->s->linger,
                   (long long)k->s->linger_s);
    }
    return done(k, 0);
}

static bool call_getsockopt(struct call *k)
{
    int64_t level = number(k, arg(k, 1));
    int64_t name = number(k, arg(k, 2));
    const struct drill_value *v = arg(k, 3);
    unsigned i = find_option(level, name);
    int64_t got;

    if (level == DRILL_SOL_SOCKET && name == DRILL_SO_ERROR) {
        got = -take_error(k->s);
    } else if (level == DRILL_SOL_SOCKET && name == DRILL_SO_REUSEADDR) {
        got = k->s->reuse;
    } else if (level == DRILL_SOL_SOCKET && name == DRILL_SO_LINGER) {
        return get_linger(k, v);
    } else if (is_shared(level, name)) {
        got = get_shared(k, level, name);
    } else if (i < OPTIONS) {
        got = k->s->option[options[i].option];
        got = got < 0 ? options[i].unset : got * options[i].unit;
    } else {
        return done(k, -DRILL_ENOPROTOOPT);
    }
    if (v->kind != DRILL_ANY && number(k, v) != got) {
        drill_fail(k->run, "getsockopt: the value is [%lld], the script says [%lld]",
                   (long long)got, (long long)number(k, v));
    }
    return done(k, 0);
}

/// poll ///

static int ready(struct drill_run *run, const struct drill_socket *s)
{
    struct aksu_info info;
    int events = 0;

    if (s->listening) {
        return first_waiting(run, s) ? DRILL_POLLIN : 0;
    }
    if (s->conn && aksu_info(&run->net, s->conn, &info) == AKSU_OK) {
        events |= info.readable > 0 ? DRILL_POLLIN : 0;
        events |= s->open && !s->no_writing && info.writable > 0 ? DRILL_POLLOUT : 0;
        events |= info.urgent > 0 ? DRILL_POLLPRI : 0;
    }
    events |= s->ended || s->no_reading ? DRILL_POLLIN | DRILL_POLLRDHUP : 0;
    events |= s->error ? DRILL_POLLERR : 0;
    events |= s->ended && !s->conn ? DRILL_POLLHUP : 0;
    return events;
}

// One entry: its revents. `check`: they must be the script's.
static int poll_one(struct call *k, const struct drill_value *v, bool check)
{
    int64_t fd = member(k, v, "fd", 0, -1);
    int64_t events = member(k, v, "events", 1, 0);
    int64_t expected = member(k, v, "revents", 2, 0);
    const struct drill_socket *s = drill_socket(k->run, fd);
    int got = s ? ready(k->run, s) & ((int)events | DRILL_POLLERR | DRILL_POLLHUP) : 0;

    if (check && got != expected) {
        drill_fail(k->run, "poll: revents of fd %lld are 0x%x, the script says 0x%x", (long long)fd,
                   (unsigned)got, (unsigned)expected);
    }
    return got;
}

static bool call_poll(struct call *k)
{
    const struct drill_value *list = arg(k, 0);
    int64_t timeout_ms = number(k, arg(k, 2));
    int64_t count = 0;

    for (unsigned at = list->child; at; at = k->c->value[at].next) {
        count += poll_one(k, &k->c->value[at], false) != 0;
    }
    bool over = timeout_ms >= 0 && k->run->now_us >= k->pending->began_us + timeout_ms * 1000;
    if (count == 0 && !over) {
        return false;
    }
    for (unsigned at = list->child; at; at = k->c->value[at].next) {
        poll_one(k, &k->c->value[at], true);
    }
    return done(k, count);
}

static const struct {
    const char *name;
    bool (*call)(struct call *);
} calls[] = {
    {"socket", call_socket},
    {"bind", call_bind},
    {"listen", call_listen},
    {"accept", call_accept},
    {"connect", call_connect},
    {"read", call_read},
    {"recv", call_recv},
    {"write", call_write},
    {"send", call_send},
    {"shutdown", call_shutdown},
    {"close", call_close},
    {"fcntl", call_fcntl},
    {"setsockopt", call_setsockopt},
    {"getsockopt", call_getsockopt},
    {"poll", call_poll},
};

enum { CALLS = sizeof calls / sizeof calls[0] };

bool drill_call_known(const char *name)
{
    unsigned i = 0;

    while (i < CALLS && strcmp(calls[i].name, name) != 0) {
        i++;
    }
    return i < CALLS;
}

bool drill_call(struct drill_run *run, struct drill_pending *pending, int64_t *result)
{
    const struct drill_call *c = &pending->event->u.call;
    struct call k = {run, pending, c, NULL, 0};
    unsigned i = 0;

    while (strcmp(calls[i].name, c->name) != 0) { // the parser knows them
        i++;
    }
    bool on_socket = calls[i].call != call_socket && calls[i].call != call_poll;
    if (on_socket) {
        k.s = drill_socket(run, number(&k, arg(&k, 0)));
    }
    bool over = true;
    if (on_socket && !k.s) {
        k.result = -DRILL_EBADF;
    } else if (!run->failed) {
        over = calls[i].call(&k);
    }
    pending->begun = true;
    *result = k.result;
    return over;
}
