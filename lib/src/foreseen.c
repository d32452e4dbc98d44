// SPDX-License-Identifier: MIT
// Whether predict.c does as the step and the plan: debug builds ask with each of them, and so do
// tests.
#include "tcp/tcp.h"

static bool predicted(struct aksu_step *c)
{
    switch (c->kind) {
    case AKSU_EV_SEGMENT:
        return aksu_tcp_quick_segment(c);
    case AKSU_EV_SENT:
        return aksu_tcp_quick_sent(c);
    case AKSU_EV_WROTE:
        return aksu_tcp_quick_wrote(c);
    case AKSU_EV_READ:
        return aksu_tcp_quick_read(c->t, c->value);
    default:
        return false;
    }
}

static void begin(struct aksu_step *to, struct aksu_tcb *t, const struct aksu_step *c)
{
    *to = *c;
    *t = *c->t;
    to->t = t;
    to->range = t->range;
    memset(&to->fx, 0, sizeof to->fx);
}

// What is predicted is what the step does; else nothing is changed.
bool aksu_tcp_foreseen(const struct aksu_step *c, void (*step)(struct aksu_step *))
{
    struct aksu_tcb quick, slow;
    struct aksu_step q, s;

    if (c->b) {
        return true;
    }
    begin(&q, &quick, c);
    begin(&s, &slow, c);
    if (!predicted(&q)) {
        return memcmp(&quick, c->t, sizeof quick) == 0;
    }
    step(&s);
    return memcmp(&quick, &slow, sizeof quick) == 0 && memcmp(&q.fx, &s.fx, sizeof q.fx) == 0;
}

// Whether two segments put the same octets on the wire.
static bool same(const struct aksu_segment *a, const struct aksu_segment *b)
{
    bool stamped = (a->options & AKSU_OPT_TIMESTAMPS) != 0;

    return a->seq == b->seq && a->ack == b->ack && a->len == b->len && a->wnd == b->wnd &&
           a->flags == b->flags && a->options == b->options && a->urp == b->urp &&
           a->tos == b->tos && (!stamped || (a->tsval == b->tsval && a->tsecr == b->tsecr));
}

bool aksu_tcp_foreseen_plan(const struct aksu_step *c)
{
    struct aksu_plan plan;
    struct aksu_segment s;

    if (c->b) {
        return true;
    }
    enum aksu_next next = aksu_tcp_next(c, &plan);
    uint32_t wait = aksu_tcp_quick_wait(c->t, c->now_ms, true);

    if (aksu_tcp_quick_next(c, &s) && (next != AKSU_NEXT_SEGMENT || !same(&s, &plan.segment))) {
        return false;
    }
    if (wait == UINT32_MAX) {
        return next == AKSU_NEXT_NEVER;
    }
    return wait == 0 || (next == AKSU_NEXT_WAIT && plan.wait_ms == wait);
}
