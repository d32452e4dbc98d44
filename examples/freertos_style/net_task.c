// SPDX-License-Identifier: MIT
#include "net_task.h"

enum { BATCH = 16 };

// The owner's side: everything from here to net_run() runs in its task, and only there ///

static void answer(struct net_call *call, int32_t result)
{
    struct os_task *caller = call->caller;

    call->result = result;
    os_task_notify(caller); // from now on the call is the caller's again
}

// Answers the socket's call, if there is one.
static void finish(struct net_socket *s, int32_t result)
{
    struct net_call *call = s->waiting;

    if (call) {
        s->waiting = NULL;
        answer(call, result);
    }
}

// Goes on with the socket's call as far as it goes now: whatever happens ends up here.
static void proceed(struct net_socket *s)
{
    struct net_call *call = s->waiting;
    struct aksu *net = &s->task->net;
    int32_t n;

    if (!call) {
        return;
    }
    switch (call->what) {
    case NET_SEND:
        n = aksu_send(net, s->conn, call->from + call->moved, call->len - call->moved);
        call->moved += n > 0 ? (size_t)n : 0;
        if (n < 0 || call->moved == call->len) {
            finish(s, n < 0 ? n : (int32_t)call->len);
        }
        break;
    case NET_RECV:
        n = aksu_recv(net, s->conn, call->to, call->len);
        if (n != 0 || s->ended) {
            finish(s, n);
        }
        break;
    default: // the others wait for on_open or on_close
        break;
    }
}

static void on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    (void)net;
    (void)conn;
    (void)readable;
    proceed(user);
}

static void on_sent(struct aksu *net, aksu_handle conn, void *user, size_t acked)
{
    on_recv(net, conn, user, acked);
}

static void on_end(struct aksu *net, aksu_handle conn, void *user)
{
    struct net_socket *s = user;

    s->ended = true;
    on_recv(net, conn, user, 0);
}

static void on_open(struct aksu *net, aksu_handle conn, void *user)
{
    struct net_socket *s = user;

    (void)net;
    (void)conn;
    if (s->listener) {
        (void)os_queue_send(&s->listener->accepted, s, 0); // it has a place for each socket
    } else {
        finish(s, AKSU_OK);
    }
}

static void on_close(struct aksu *net, aksu_handle conn, void *user, int error)
{
    struct net_socket *s = user;

    (void)net;
    (void)conn;
    s->over = true;
    s->error = error;
    if (s->waiting) {
        bool closing = s->waiting->what == NET_CLOSE;
        s->used = !closing && s->used;
        finish(s, error || closing ? error : AKSU_EPIPE);
    }
}

static const struct aksu_handlers handlers = {.on_open = on_open,
                                              .on_recv = on_recv,
                                              .on_sent = on_sent,
                                              .on_end = on_end,
                                              .on_close = on_close};

// A listener's: the connection gets a socket, or is refused.
static bool on_accept(struct aksu *net, aksu_handle conn, void *user)
{
    struct net_listener *l = user;

    for (unsigned i = 0; i < NET_BACKLOG; i++) {
        struct net_socket *s = &l->sockets[i];
        if (!s->used) {
            *s = (struct net_socket){.task = l->task, .listener = l, .conn = conn, .used = true};
            return aksu_set_handlers(net, conn, &handlers, s) == AKSU_OK;
        }
    }
    return false;
}

static const struct aksu_handlers accepting = {.on_accept = on_accept};

static void connect_socket(struct aksu *net, struct net_call *call)
{
    struct net_socket *s = call->socket;

    s->conn = aksu_connect(net, call->remote, 0, &handlers, s);
    if (s->conn < 0) {
        answer(call, s->conn);
    } else {
        s->waiting = call;
    }
}

static void close_socket(struct aksu *net, struct net_call *call)
{
    struct net_socket *s = call->socket;

    if (s->over) {
        s->used = false;
        answer(call, s->error);
    } else {
        s->waiting = call;
        (void)aksu_close(net, s->conn, 0);
    }
}

// A message from another task. Returns false if it is the last one.
static bool serve(struct net_task *task, struct net_call *call)
{
    struct aksu *net = &task->net;
    struct net_socket *s = call->socket;

    aksu_now(net, os_now_ms());
    switch (call->what) {
    case NET_LISTEN:
        answer(call, aksu_listen(net, NULL, (uint16_t)call->len, 0, &accepting, call->listener));
        break;
    case NET_CONNECT:
        connect_socket(net, call);
        break;
    case NET_CLOSE:
        close_socket(net, call);
        break;
    case NET_STOP:
        answer(call, AKSU_OK);
        return false;
    case NET_SEND:
    case NET_RECV:
        s->waiting = call;
        if (s->over) {
            finish(s, s->error ? s->error : AKSU_EPIPE);
        } else {
            proceed(s);
        }
        break;
    }
    return true;
}

// Returns false if there are more frames than a batch: they must not keep us from sending.
static bool take_in(struct net_task *task)
{
    for (unsigned i = 0; i < BATCH; i++) {
        size_t len = task->mac.receive(task->mac.mac, task->frame, sizeof task->frame);
        if (len == 0) {
            return true;
        }
        (void)aksu_input(&task->net, os_now_ms(), task->frame, len);
    }
    return false;
}

// Returns how long there is nothing to send.
static uint32_t send_out(struct net_task *task)
{
    while (task->mac.ready(task->mac.mac)) {
        size_t len = aksu_output(&task->net, os_now_ms(), task->frame, sizeof task->frame);
        if (len == 0) {
            return aksu_idle(&task->net, os_now_ms());
        }
        task->mac.send(task->mac.mac, task->frame, len);
    }
    return AKSU_NEVER; // until the interrupt that tells of room
}

void *net_run(void *argument)
{
    struct net_task *task = argument;
    bool more = true;

    while (more) {
        bool all = take_in(task);
        uint32_t ms = send_out(task);
        void *call = NULL;
        // The one place where the owner sleeps: until a call, an interrupt, or a deadline.
        if (os_queue_receive(&task->calls, &call, all ? ms : 0) && call) {
            more = serve(task, call);
        }
    }
    return NULL;
}

void net_interrupt(struct net_task *task)
{
    (void)os_queue_send(&task->calls, NULL, 0);
}

int net_start(struct net_task *task, const struct aksu_storage *storage,
              const struct aksu_config *config, const struct net_mac *mac, const void *entropy,
              size_t len)
{
    int error = aksu_init(&task->net, storage, config);

    task->mac = *mac;
    os_queue_start(&task->calls, task->places, NET_QUEUE);
    return error ? error : aksu_seed(&task->net, entropy, len);
}

// The other tasks' side: nothing here touches the stack ///

static int32_t ask(struct net_task *task, struct net_call *call)
{
    call->caller = os_task_self();
    (void)os_queue_send(&task->calls, call, OS_FOREVER);
    os_task_wait();
    return call->result;
}

int net_listen(struct net_task *task, struct net_listener *listener, uint16_t port)
{
    struct net_call call = {.what = NET_LISTEN, .listener = listener, .len = port};

    *listener = (struct net_listener){.task = task};
    os_queue_start(&listener->accepted, listener->places, NET_BACKLOG);
    return ask(task, &call);
}

struct net_socket *net_accept(struct net_listener *listener, uint32_t wait_ms)
{
    void *s = NULL;

    (void)os_queue_receive(&listener->accepted, &s, wait_ms);
    return s;
}

int net_connect(struct net_task *task, struct net_socket *socket,
                const struct aksu_endpoint *remote)
{
    struct net_call call = {.what = NET_CONNECT, .socket = socket, .remote = remote};

    *socket = (struct net_socket){.task = task};
    return ask(task, &call);
}

int32_t net_send(struct net_socket *socket, const void *data, size_t len)
{
    struct net_call call = {.what = NET_SEND, .socket = socket, .from = data, .len = len};

    return ask(socket->task, &call);
}

int32_t net_recv(struct net_socket *socket, void *to, size_t len)
{
    struct net_call call = {.what = NET_RECV, .socket = socket, .to = to, .len = len};

    return ask(socket->task, &call);
}

int net_close(struct net_socket *socket)
{
    struct net_call call = {.what = NET_CLOSE, .socket = socket};

    return ask(socket->task, &call);
}

void net_stop(struct net_task *task)
{
    struct net_call call = {.what = NET_STOP};

    (void)ask(task, &call);
}
