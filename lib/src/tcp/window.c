// SPDX-License-Identifier: MIT
// The receive window: how much of it to offer, and when to say so (RFC 9293 3.8.6).
#include "tcp.h"

static uint32_t step(const struct aksu_tcb *t)
{
    return aksu_min32(t->rcv_buf / 2, t->rcv_mss);
}

// The window to offer, as far as the field can say it. Its right edge moves by no less than a step
// (3.8.6.2.2), and never back (SHLD-14).
uint32_t aksu_tcp_window(const struct aksu_tcb *t)
{
    uint32_t offered = t->rcv_adv - t->rcv_nxt;
    uint32_t wnd = aksu_min32(t->rcv_room, (uint32_t)UINT16_MAX << t->rcv_wscale);

    return wnd >= offered + step(t) ? wnd : offered;
}

// An update of its own is due when much room has come, or when the peer may be waiting for it.
bool aksu_tcp_update_due(const struct aksu_tcb *t)
{
    uint32_t offered = t->rcv_adv - t->rcv_nxt;
    uint32_t gain = aksu_tcp_window(t) - offered;

    return gain > 0 && aksu_tcp_receiving(t) &&
           (gain >= aksu_min32(t->rcv_buf / 2, 2u * t->rcv_mss) || offered < step(t));
}
