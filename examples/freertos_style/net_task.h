// SPDX-License-Identifier: MIT
/// aksu under an RTOS: one task owns the stack, and the others ask it through a queue.
///
/// The stack has no locks and needs none: nothing but the owner's loop calls it, and its handlers
/// run there. A call of another task is a message; the task then sleeps until the owner answers. So
/// it is written as with blocking sockets, one after the other:
///
///     struct net_socket socket;
///     if (net_connect(task, &socket, &remote) == AKSU_OK) {
///         net_send(&socket, request, sizeof request);
///         while ((n = net_recv(&socket, buffer, sizeof buffer)) > 0) ...
///         net_close(&socket);
///     }
///
/// What the owner and a caller share (the call, the socket, the octets to send or receive) belongs
/// to the caller before it sends the message and after the answer, and to the owner in between.
#ifndef NET_TASK_H
#define NET_TASK_H

#include "os.h"
#include <aksu/aksu.h>

/// The owner's queue. A call waits for a place; an interrupt needs none if the queue is full, for
/// then the owner is awake already.
enum { NET_QUEUE = 8, NET_BACKLOG = 4 };

/// The MAC, as in ports/baremetal/aksu_mac.h: an interrupt only calls net_interrupt().
struct net_mac {
    /// Takes the oldest frame that has come. Returns its length, 0 if there is none.
    size_t (*receive)(void *mac, void *frame, size_t size);
    /// Whether a frame can be sent now. When it was false, an interrupt follows once it is not.
    bool (*ready)(void *mac);
    void (*send)(void *mac, const void *frame, size_t len);
    void *mac;
};

struct net_task {
    struct aksu net;
    struct net_mac mac;
    struct os_queue calls; ///< of struct net_call *; NULL: an interrupt
    void *places[NET_QUEUE];
    uint8_t frame[1514];
};

/// A message. It lies on the caller's stack until it is answered.
struct net_call {
    enum { NET_LISTEN, NET_CONNECT, NET_SEND, NET_RECV, NET_CLOSE, NET_STOP } what;
    struct net_socket *socket;
    struct net_listener *listener;
    const struct aksu_endpoint *remote;
    const uint8_t *from;
    uint8_t *to;
    size_t len;
    size_t moved;           ///< octets sent so far
    int32_t result;         ///< the answer
    struct os_task *caller; ///< is notified when it is there
};

/// A connection. A task makes one call at a time on it.
struct net_socket {
    struct net_task *task;
    struct net_listener *listener; ///< that it came from, or NULL
    // The owner's.
    aksu_handle conn;
    struct net_call *waiting; ///< the call that is not answered yet
    bool ended;               ///< the peer has sent all
    bool over;                ///< on_close has run
    int error;                ///< what it said
    bool used;                ///< of a listener's sockets
};

/// A port, and the sockets of the connections that come there. More than NET_BACKLOG at once are
/// refused.
struct net_listener {
    struct net_task *task;
    struct net_socket sockets[NET_BACKLOG];
    struct os_queue accepted; ///< of struct net_socket *
    void *places[NET_BACKLOG];
};

/// Starts the stack; net_run() is then the owner's task. Call it before any other task knows
/// `task`. Returns what aksu_init() and aksu_seed() return.
int net_start(struct net_task *task, const struct aksu_storage *storage,
              const struct aksu_config *config, const struct net_mac *mac, const void *entropy,
              size_t len);

/// The owner's task: xTaskCreate(net_run, ..., task, ...). Returns after net_stop().
void *net_run(void *task);

/// Wakes the owner: a frame has come, or the MAC has room again. For interrupts.
void net_interrupt(struct net_task *task);

/// The calls of other tasks. They block until the owner answers. ///

/// Listens on a port. Returns what aksu_listen() returns.
int net_listen(struct net_task *task, struct net_listener *listener, uint16_t port);

/// The next connection that came, or NULL after wait_ms. net_close() gives the socket back.
struct net_socket *net_accept(struct net_listener *listener, uint32_t wait_ms);

/// Opens a connection, and returns when it is open: AKSU_OK, or why not.
int net_connect(struct net_task *task, struct net_socket *socket,
                const struct aksu_endpoint *remote);

/// Sends all of it. Returns len when the last octet is in the send ring, or why not.
int32_t net_send(struct net_socket *socket, const void *data, size_t len);

/// Receives at least one octet. Returns how many, 0 at the stream's end, or an error.
int32_t net_recv(struct net_socket *socket, void *to, size_t len);

/// Closes, and returns when both sides have: AKSU_OK, or how it ended.
int net_close(struct net_socket *socket);

/// Ends net_run().
void net_stop(struct net_task *task);

#endif
