// SPDX-License-Identifier: MIT
// Answers that need no connection: RFC 9293 3.10.7.1 and 3.10.7.2.
#include "tcp.h"

bool aksu_tcp_reply(const struct aksu_segment *arrived, struct aksu_segment *answer)
{
    if (arrived->flags & AKSU_RST) {
        return false;
    }
    memset(answer, 0, sizeof *answer);
    if (arrived->flags & AKSU_ACK) {
        answer->seq = arrived->ack;
        answer->flags = AKSU_RST;
    } else {
        answer->ack = arrived->seq + arrived->len + aksu_tcp_control_len(arrived);
        answer->flags = AKSU_RST | AKSU_ACK;
    }
    return true;
}

enum aksu_verdict aksu_tcp_listen(const struct aksu_segment *s)
{
    // First RST, second ACK, third SYN. A SYN with FIN is no TCP's, and an option of illegal length
    // leaves nothing to negotiate with (MUST-7): both are dropped.
    if (s->flags & AKSU_RST) {
        return AKSU_DROP;
    }
    if (s->flags & AKSU_ACK) {
        return AKSU_REPLY;
    }
    if ((s->flags & (AKSU_SYN | AKSU_FIN)) != AKSU_SYN || (s->options & AKSU_OPT_ILLEGAL)) {
        return AKSU_DROP;
    }
    return AKSU_ADMIT;
}
