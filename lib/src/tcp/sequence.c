// SPDX-License-Identifier: MIT
// The first check of RFC 9293 3.10.7.4: whether a segment's sequence number is one that may come.
#include "tcp.h"

// Table 6. A segment that reaches over both edges of the window is acceptable too: it is trimmed.
static bool acceptable(const struct aksu_tcb *t, const struct aksu_segment *s)
{
    uint32_t ahead = s->seq - t->rcv_nxt;
    uint32_t wnd = t->rcv_adv - t->rcv_nxt;
    uint32_t len = s->len + aksu_tcp_control_len(s);

    if (ahead == 0) {
        return true; // with a window of zero, too: its ACK, URG and RST are processed (MUST-66)
    }
    if (len == 0 || (s->flags & AKSU_RST)) { // of a RST the number alone decides (RFC 5961 3.2)
        // An ACK at the right edge, too: two ends that filled each other's window and lost the end
        // of it would else refuse each other's for ever (Appendix A.2).
        return ahead < wnd + ((s->flags & (AKSU_RST | AKSU_ACK)) == AKSU_ACK);
    }
    len--; // the last number is not left of the window, the first one not right of it
    return wnd > 0 && (uint32_t)(ahead + len) < wnd + len;
}

static void answer_unacceptable(struct aksu_step *c, struct aksu_tcb *t,
                                const struct aksu_segment *s)
{
    if (s->flags & AKSU_RST) {
        return;
    }
    if (s->len == 0 && !(s->flags & AKSU_FIN)) {
        aksu_tcp_challenge(c); // an empty one must not start an ACK war
        return;
    }
    t->owed |= AKSU_OWE_ACK; // the peer sends again what we have: it needs the ACK
    aksu_tcp_report_duplicate(c, t->rcv_nxt);
    // Fifth, TIME-WAIT: the peer's FIN again, or what ended just before it, restarts the 2 MSL.
    if (s->seq + s->len + 1 == t->rcv_nxt && t->state == AKSU_TIME_WAIT) {
        aksu_tcp_enter_time_wait(c);
    }
}

// First: the sequence number, with RFC 7323 5.3 before it.
bool aksu_tcp_check_sequence(struct aksu_step *c)
{
    struct aksu_tcb *t = c->t;
    const struct aksu_segment *s = c->s;
    bool stale = false;

    if ((t->flags & AKSU_F_TIMESTAMPS) && !(s->flags & AKSU_RST)) {
        if (s->options & AKSU_OPT_TIMESTAMPS) {
            stale = c->p->timestamps->stale(t, s, c->now_ms);
        } else if (!(s->options & AKSU_OPT_ILLEGAL)) {
            return false; // RFC 7323 3.2
        }
    }
    if (!stale && acceptable(t, s)) {
        return true;
    }
    answer_unacceptable(c, t, s);
    return false;
}
