// SPDX-License-Identifier: MIT
// The receive window (RFC 9293 3.8.6).
#include "tcp.h"

// The window to offer, as far as the field can say it. Its right edge moves by no less than a step
// (3.8.6.2.2), and never back (SHLD-14).
uint32_t aksu_tcp_window(const struct aksu_tcb *t)
{
    uint32_t offered = t->rcv_adv - t->rcv_nxt;
    uint32_t wnd = aksu_min32(t->rcv_room, (uint32_t)UINT16_MAX << t->rcv_wscale);

    return wnd >= offered + aksu_tcp_window_step(t) ? wnd : offered;
}
