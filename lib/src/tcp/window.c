// SPDX-License-Identifier: MIT
// The receive window (RFC 9293 3.8.6), where it need not be known at once.
#include "tcp.h"

uint32_t aksu_tcp_window(const struct aksu_tcb *t)
{
    return aksu_tcp_window_of(t);
}
