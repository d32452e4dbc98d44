// SPDX-License-Identifier: MIT
// The event loop: in, out, sleep.
#include "aksu_posix.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

enum { FRAME = 65536 + 64, BATCH = 64 };

// A frame that aksu_output() gave counts as sent, so one that the device does not take yet is held.
struct held {
    uint8_t frame[FRAME];
    size_t len;
};

// Takes in what waits, at most a batch, so that sending gets its turn.
static int take_in(struct aksu *net, struct aksu_device *device, bool *more)
{
    static uint8_t frame[FRAME];

    for (int i = 0; i < BATCH; i++) {
        int len = device->receive(device, frame, sizeof frame);
        if (len <= 0) {
            *more = false;
            return len;
        }
        (void)aksu_input(net, aksu_posix_ms(), frame, (size_t)len);
    }
    *more = true;
    return 0;
}

// Sends until there is nothing more, or the device is full, or a batch is out.
static void send_out(struct aksu *net, struct aksu_device *device, struct held *held)
{
    for (int i = 0; i < BATCH; i++) {
        if (held->len == 0) {
            held->len = aksu_output(net, aksu_posix_ms(), held->frame, sizeof held->frame);
        }
        if (held->len == 0 || device->send(device, held->frame, held->len) == -EAGAIN) {
            return;
        }
        held->len = 0;
    }
}

// Sleeps until there is something to do.
static int wait(struct aksu *net, struct aksu_device *device, const struct held *held, bool more,
                const struct aksu_loop *loop)
{
    struct pollfd watched[2] = {
        {.fd = device->fd, .events = (short)(POLLIN | (held->len > 0 ? POLLOUT : 0))},
        {.fd = loop->ready ? loop->fd : -1, .events = POLLIN}};
    uint32_t idle = held->len > 0 ? AKSU_NEVER : aksu_idle(net, aksu_posix_ms());
    int timeout = more ? 0 : idle > INT_MAX ? -1 : (int)idle;

    if (poll(watched, 2, timeout) < 0 && errno != EINTR) {
        return -errno;
    }
    if (loop->ready && (watched[1].revents & (POLLIN | POLLHUP))) {
        aksu_now(net, aksu_posix_ms());
        loop->ready(loop->user);
    }
    return 0;
}

int aksu_posix_run(struct aksu *net, struct aksu_device *device, const struct aksu_loop *loop)
{
    static struct held held;
    int error = 0;
    bool more;

    held.len = 0;
    while (error >= 0 && !(loop->stop && *loop->stop)) {
        error = take_in(net, device, &more);
        send_out(net, device, &held);
        if (loop->done && loop->done(loop->user)) {
            return 0;
        }
        if (error >= 0) {
            error = wait(net, device, &held, more, loop);
        }
    }
    return error;
}
