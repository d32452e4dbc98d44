// SPDX-License-Identifier: MIT
// The main loop: in, out, sleep.
#include "aksu_baremetal.h"

// Frames of a turn, in or out. Beyond them it is the other direction's: a stream that is sent must
// not let the MAC overflow with its own ACKs.
enum { BATCH = 16 };

// Returns true if the MAC has no room for more.
static bool send_out(struct aksu_port *port, uint32_t now)
{
    const struct aksu_mac_driver *driver = port->mac->driver;

    for (unsigned i = 0; i < BATCH; i++) {
        void *frame = driver->lend(port->mac);
        if (!frame) {
            return true;
        }
        size_t len = aksu_output(port->net, now, frame, AKSU_FRAME_MAX);
        if (len == 0) {
            return false;
        }
        port->mac->counters.sent++;
        driver->send(port->mac, len);
    }
    return false; // if there is more, aksu_idle() says so
}

// What needs no connection is answered out of little room (an echo, a SYN of a flood). If that is
// full, it is sent, and the frame, which still lies there, taken in again.
static void take_frame(struct aksu_port *port, uint32_t now, const void *frame, size_t len)
{
    int error = aksu_input(port->net, now, frame, len);

    if ((error == -AKSU_DROP_ECHO_BUSY || error == -AKSU_DROP_REPLY_FULL) && !send_out(port, now)) {
        port->net->counters.dropped[-error]--; // not for good
        port->net->counters.frames_in--;
        (void)aksu_input(port->net, now, frame, len);
    }
}

// Returns true if more wait.
static bool take_in(struct aksu_port *port, uint32_t now)
{
    const struct aksu_mac_driver *driver = port->mac->driver;

    for (unsigned i = 0; i < BATCH; i++) {
        size_t len;
        const void *frame = driver->receive(port->mac, &len);
        if (!frame) {
            return false;
        }
        port->mac->counters.received++;
        take_frame(port, now, frame, len);
        driver->release(port->mac);
    }
    return true;
}

// Returns how long until the next look.
static uint32_t look_at_link(struct aksu_port *port)
{
    uint32_t now = aksu_clock_ms();

    if (port->link_ms == 0 && port->linked) {
        return AKSU_NEVER;
    }
    if (port->linked && (int32_t)(port->link_at - now) > 0) {
        return port->link_at - now;
    }
    bool up = port->link_ms == 0 || port->mac->driver->link(port->mac);

    if (up != port->up || !port->linked) {
        port->up = up;
        port->linked = true;
        if (port->on_link) {
            port->on_link(port, up);
        }
    }
    port->link_at = now + port->link_ms;
    return port->link_ms ? port->link_ms : AKSU_NEVER;
}

uint32_t aksu_port_round(struct aksu_port *port)
{
    uint32_t look_ms = look_at_link(port);
    uint32_t now = aksu_clock_ms();
    bool more = take_in(port, now);
    bool full = send_out(port, now);

    port->rounds++;
    port->mac->driver->interrupts(port->mac, full ? AKSU_MAC_RX | AKSU_MAC_TX : AKSU_MAC_RX);
    if (more) {
        return 0;
    }
    uint32_t idle_ms = full ? AKSU_NEVER : aksu_idle(port->net, aksu_clock_ms());

    return idle_ms < look_ms ? idle_ms : look_ms;
}

static bool ready(void *user)
{
    struct aksu_port *port = user;

    return port->mac->driver->pending(port->mac);
}

void aksu_port_sleep(struct aksu_port *port, uint32_t ms)
{
    if (ms > 0) {
        port->sleeps++;
        aksu_cpu_sleep(ms, ready, port);
    }
}

void aksu_port_run(struct aksu_port *port, bool (*done)(void *user), void *user)
{
    uint32_t ms;

    do {
        ms = aksu_port_round(port);
        if (done && done(user)) {
            return;
        }
        aksu_port_sleep(port, ms);
    } while (true);
}
