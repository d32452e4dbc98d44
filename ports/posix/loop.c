// SPDX-License-Identifier: MIT
// The event loop: in, out, sleep.
#include "aksu_posix.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

enum { FRAME = 65536 + 64, BATCH = 64, LAST_MS = 1000, LOOK_MS = 100 };
enum { WATCHED = 3 };

struct round {
    struct aksu *net;
    struct aksu_device *device;
    const struct aksu_loop *loop;
    bool more;   // a batch is in, and frames still wait
    bool news;   // of the interface
    size_t held; // length of out: aksu_output()'s frame counts as sent, so it is held till it is
    uint8_t in[FRAME];
    uint8_t out[FRAME];
};

// Takes in what waits, at most a batch, so that sending gets its turn.
static int take_in(struct round *r)
{
    for (int i = 0; i < BATCH; i++) {
        int len = r->device->receive(r->device, r->in, sizeof r->in);
        if (len <= 0) {
            r->more = false;
            return len;
        }
        (void)aksu_input(r->net, aksu_posix_ms(), r->in, (size_t)len);
    }
    r->more = true;
    return 0;
}

// Sends until there is nothing more, or the device is full, or a batch is out.
static void send_out(struct round *r)
{
    for (int i = 0; i < BATCH; i++) {
        if (r->held == 0) {
            r->held = aksu_output(r->net, aksu_posix_ms(), r->out, sizeof r->out);
        }
        if (r->held == 0 || r->device->send(r->device, r->out, r->held) == -EAGAIN) {
            return;
        }
        r->held = 0;
    }
}

static int poll_unless_stopped(struct round *r, struct pollfd watched[WATCHED], uint32_t ms)
{
    struct timespec span = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    const struct timespec *timeout = ms == AKSU_NEVER ? NULL : &span;
    sigset_t all;
    sigset_t before;

    if (!r->loop->stop) {
        return ppoll(watched, WATCHED, timeout, NULL);
    }
    // A signal between the look at stop and the sleep would go unnoticed till the next frame.
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int n = *r->loop->stop ? 0 : ppoll(watched, WATCHED, timeout, &before);
    int error = errno;

    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return n;
}

static void watch_link(struct round *r)
{
    if (r->loop->carrier && r->device->up) {
        aksu_now(r->net, aksu_posix_ms());
        aksu_link(r->net, r->loop->carrier, r->device->up(r->device, r->news));
    }
}

// Sleeps until there is something to do.
static int sleep_until_due(struct round *r)
{
    const struct aksu_loop *loop = r->loop;
    struct pollfd watched[WATCHED] = {
        {.fd = r->device->fd, .events = (short)(POLLIN | (r->held > 0 ? POLLOUT : 0))},
        {.fd = loop->ready ? loop->fd : -1, .events = POLLIN},
        {.fd = loop->carrier && r->device->up ? r->device->news : -1, .events = POLLIN}};
    uint32_t idle = r->held > 0 ? AKSU_NEVER : aksu_idle(r->net, aksu_posix_ms());

    if (loop->carrier && loop->carrier->down && idle > LOOK_MS) {
        idle = LOOK_MS; // where nothing tells that it is up again
    }
    int n = poll_unless_stopped(r, watched, r->more ? 0 : idle);

    r->news = n > 0 && watched[2].revents;
    if (n < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    if (n > 0 && watched[1].revents) {
        aksu_now(r->net, aksu_posix_ms());
        loop->ready(loop->user);
    }
    return 0;
}

// The frame that is still held counts as sent: what comes after it, such as a reset when the
// program ends, would not be accepted without it. A device that stays full does not hold up the
// end.
static void send_last(struct round *r)
{
    struct pollfd room = {.fd = r->device->fd, .events = POLLOUT};

    while (r->held > 0 && poll(&room, 1, LAST_MS) == 1 && (room.revents & POLLOUT)) {
        if (r->device->send(r->device, r->out, r->held) != -EAGAIN) {
            r->held = 0;
        }
    }
}

int aksu_posix_run(struct aksu *net, struct aksu_device *device, const struct aksu_loop *loop)
{
    struct round r;
    int error = 0;

    r.net = net;
    r.device = device;
    r.loop = loop;
    r.news = false;
    r.held = 0;
    while (!(loop->stop && *loop->stop)) {
        error = take_in(&r);
        watch_link(&r);
        send_out(&r);
        if (error < 0 || (loop->done && loop->done(loop->user))) {
            break;
        }
        error = sleep_until_due(&r);
        if (error < 0) {
            break;
        }
    }
    send_last(&r);
    return error;
}
