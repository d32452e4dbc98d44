// SPDX-License-Identifier: MIT
// Answers that need no connection: RFC 9293 3.10.7.1 and 3.10.7.2.
#include "tcp.h"

bool aksu_tcp_reset(struct aksu_segment *s)
{
    unsigned flags = s->flags;

    if (flags & AKSU_RST) {
        return false;
    }
    if (flags & AKSU_ACK) {
        s->seq = s->ack;
        s->ack = 0;
        s->flags = AKSU_RST;
    } else {
        s->ack = s->seq + s->len + aksu_tcp_control_len(s);
        s->seq = 0;
        s->flags = AKSU_RST | AKSU_ACK;
    }
    s->wnd = 0;
    s->options = 0;
    return true;
}

bool aksu_tcp_reply(const struct aksu_segment *arrived, struct aksu_segment *answer)
{
    struct aksu_segment s = *arrived;
    bool answered = aksu_tcp_reset(&s);

    if (answered) {
        memset(answer, 0, sizeof *answer);
        answer->seq = s.seq;
        answer->ack = s.ack;
        answer->flags = s.flags;
    }
    return answered;
}

enum aksu_verdict aksu_tcp_listen(const struct aksu_segment *s)
{
    // First RST, second ACK, third SYN. A SYN with FIN is no TCP's, and an option of illegal length
    // leaves nothing to negotiate with (MUST-7): both are dropped.
    unsigned flags = s->flags & (AKSU_RST | AKSU_ACK | AKSU_SYN | AKSU_FIN);

    if ((flags & (AKSU_RST | AKSU_ACK)) == AKSU_ACK) {
        return AKSU_REPLY;
    }
    return flags == AKSU_SYN && !(s->options & AKSU_OPT_ILLEGAL) ? AKSU_ADMIT : AKSU_DROP;
}
