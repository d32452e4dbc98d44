// SPDX-License-Identifier: MIT
// RFC 9293 Figure 5 as data. An edge that one event takes in two hops of the figure is listed as
// one, with the event that does it.
#include "tcp.h"

enum {
    TO_LISTEN = 1 << AKSU_LISTEN,
    TO_SYN_SENT = 1 << AKSU_SYN_SENT,
    TO_SYN_RECEIVED = 1 << AKSU_SYN_RECEIVED,
    TO_ESTABLISHED = 1 << AKSU_ESTABLISHED,
    TO_FIN_WAIT_1 = 1 << AKSU_FIN_WAIT_1,
    TO_FIN_WAIT_2 = 1 << AKSU_FIN_WAIT_2,
    TO_CLOSE_WAIT = 1 << AKSU_CLOSE_WAIT,
    TO_CLOSING = 1 << AKSU_CLOSING,
    TO_LAST_ACK = 1 << AKSU_LAST_ACK,
    TO_TIME_WAIT = 1 << AKSU_TIME_WAIT,
    TO_CLOSED = 1 << AKSU_CLOSED
};

static const uint16_t edges[AKSU_STATE_COUNT] = {
    [AKSU_CLOSED] = TO_LISTEN              // passive OPEN
                    | TO_SYN_SENT,         // active OPEN
    [AKSU_LISTEN] = TO_SYN_RECEIVED        // SYN
                    | TO_CLOSED,           // CLOSE
    [AKSU_SYN_SENT] = TO_SYN_RECEIVED      // SYN: simultaneous open
                      | TO_ESTABLISHED     // SYN,ACK
                      | TO_CLOSED          // CLOSE, RST, user timeout
                      | TO_CLOSE_WAIT      // SYN,ACK with FIN (3.10.7.3)
                      | TO_FIN_WAIT_1,     // SYN,ACK after SHUTDOWN
    [AKSU_SYN_RECEIVED] = TO_ESTABLISHED   // ACK of SYN
                          | TO_FIN_WAIT_1  // CLOSE
                          | TO_LISTEN      // RST, SYN (3.10.7.4)
                          | TO_CLOSED      // RST after simultaneous open, ABORT
                          | TO_CLOSE_WAIT, // ACK of SYN with FIN
    [AKSU_ESTABLISHED] = TO_FIN_WAIT_1     // CLOSE
                         | TO_CLOSE_WAIT   // FIN
                         | TO_CLOSED,      // RST, ABORT, user timeout
    [AKSU_FIN_WAIT_1] = TO_FIN_WAIT_2      // ACK of FIN
                        | TO_CLOSING       // FIN
                        | TO_TIME_WAIT     // FIN with ACK of FIN
                        | TO_CLOSED,       // RST, ABORT, user timeout
    [AKSU_FIN_WAIT_2] = TO_TIME_WAIT       // FIN
                        | TO_CLOSED,       // RST, ABORT, its timeout
    [AKSU_CLOSE_WAIT] = TO_LAST_ACK        // FIN sent after CLOSE
                        | TO_CLOSED,       // RST, ABORT, user timeout
    [AKSU_CLOSING] = TO_TIME_WAIT          // ACK of FIN
                     | TO_CLOSED,          // RST, ABORT, user timeout
    [AKSU_LAST_ACK] = TO_CLOSED,           // ACK of FIN, RST, ABORT, user timeout
    [AKSU_TIME_WAIT] = TO_CLOSED,          // 2 MSL, ABORT
};

bool aksu_tcp_edge(enum aksu_state from, enum aksu_state to)
{
    return from == to || ((edges[from] >> to) & 1u) != 0;
}
