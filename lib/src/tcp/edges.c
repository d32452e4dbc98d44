// SPDX-License-Identifier: MIT
// RFC 9293 Figure 5 as data. An edge that one event takes in two hops of the figure is listed as
// one, with the event that does it.
#include "tcp.h"

#define TO(state) (1u << AKSU_##state)

static const uint16_t edges[AKSU_STATE_COUNT] = {
    [AKSU_CLOSED] = TO(LISTEN)                             // passive OPEN
                    | TO(SYN_SENT),                        // active OPEN
    [AKSU_LISTEN] = TO(SYN_RECEIVED)                       // SYN
                    | TO(CLOSED),                          // CLOSE
    [AKSU_SYN_SENT] = TO(SYN_RECEIVED)                     // SYN: simultaneous open
                      | TO(ESTABLISHED)                    // SYN,ACK
                      | TO(CLOSED)                         // CLOSE, RST, user timeout
                      | TO(CLOSE_WAIT)                     // SYN,ACK with FIN (3.10.7.3)
                      | TO(FIN_WAIT_1),                    // SYN,ACK after SHUTDOWN
    [AKSU_SYN_RECEIVED] = TO(ESTABLISHED)                  // ACK of SYN
                          | TO(FIN_WAIT_1)                 // CLOSE
                          | TO(LISTEN)                     // RST, SYN (3.10.7.4)
                          | TO(CLOSED)                     // RST after simultaneous open, ABORT
                          | TO(CLOSE_WAIT),                // ACK of SYN with FIN
    [AKSU_ESTABLISHED] = TO(FIN_WAIT_1)                    // CLOSE
                         | TO(CLOSE_WAIT)                  // FIN
                         | TO(CLOSED),                     // RST, ABORT, user timeout
    [AKSU_FIN_WAIT_1] = TO(FIN_WAIT_2)                     // ACK of FIN
                        | TO(CLOSING)                      // FIN
                        | TO(TIME_WAIT)                    // FIN with ACK of FIN
                        | TO(CLOSED),                      // RST, ABORT, user timeout
    [AKSU_FIN_WAIT_2] = TO(TIME_WAIT)                      // FIN
                        | TO(CLOSED),                      // RST, ABORT, its timeout
    [AKSU_CLOSE_WAIT] = TO(LAST_ACK)                       // FIN sent after CLOSE
                        | TO(CLOSED),                      // RST, ABORT, user timeout
    [AKSU_CLOSING] = TO(TIME_WAIT)                         // ACK of FIN
                     | TO(CLOSED),                         // RST, ABORT, user timeout
    [AKSU_LAST_ACK] = TO(CLOSED),                          // ACK of FIN, RST, ABORT, user timeout
    [AKSU_TIME_WAIT] = TO(CLOSED),                         // 2 MSL, ABORT
};

bool aksu_tcp_edge(enum aksu_state from, enum aksu_state to)
{
    return from == to || ((edges[from] >> to) & 1u) != 0;
}
