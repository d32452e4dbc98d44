// SPDX-License-Identifier: MIT
/// Whether header prediction (lib/src/tcp/predict.c) does as the step and the plan.
#ifndef FORESEEN_H
#define FORESEEN_H

#include "tcp/tcp.h"

static bool foreseen_do(struct aksu_step *c)
{
    switch (c->kind) {
    case AKSU_EV_SEGMENT:
        return aksu_tcp_quick_segment(c);
    case AKSU_EV_WROTE:
        return aksu_tcp_quick_wrote(c);
    case AKSU_EV_READ:
        return aksu_tcp_quick_read(c->t, c->value);
    default:
        return false;
    }
}

static void foreseen_copy(struct aksu_step *to, struct aksu_tcb *t, const struct aksu_step *c)
{
    *to = *c;
    *t = *c->t;
    to->t = t;
    to->range = t->range;
    memset(&to->fx, 0, sizeof to->fx);
}

// Of an event: what is predicted is what the step does; else nothing is changed.
static bool foreseen_step(const struct aksu_step *c)
{
    struct aksu_tcb quick, slow;
    struct aksu_step q, s;

    if (c->b) {
        return true;
    }
    foreseen_copy(&q, &quick, c);
    foreseen_copy(&s, &slow, c);
    if (!foreseen_do(&q)) {
        return memcmp(&quick, c->t, sizeof quick) == 0;
    }
    aksu_tcp_act(&s);
    return memcmp(&quick, &slow, sizeof quick) == 0 && memcmp(&q.fx, &s.fx, sizeof q.fx) == 0;
}

// Whether two segments put the same octets on the wire.
static bool foreseen_same(const struct aksu_segment *a, const struct aksu_segment *b)
{
    bool stamped = (a->options & AKSU_OPT_TIMESTAMPS) != 0;

    return a->seq == b->seq && a->ack == b->ack && a->len == b->len && a->wnd == b->wnd &&
           a->flags == b->flags && a->options == b->options && a->urp == b->urp &&
           a->tos == b->tos && (!stamped || (a->tsval == b->tsval && a->tsecr == b->tsecr));
}

// Whether plan tells to wait as long as was predicted. 0: nothing was.
static bool foreseen_wait(const struct aksu_step *c, uint32_t wait)
{
    struct aksu_plan plan;
    enum aksu_next next = aksu_tcp_next(c, &plan);

    if (wait == UINT32_MAX) {
        return next == AKSU_NEXT_NEVER;
    }
    return wait == 0 || (next == AKSU_NEXT_WAIT && plan.wait_ms == wait);
}

// Of no event: what is predicted is what plan tells, then what the step does and plan tells again;
// else nothing is changed.
static bool foreseen_plan(const struct aksu_step *c)
{
    struct aksu_tcb quick, slow;
    struct aksu_step q, s;
    struct aksu_plan plan;
    struct aksu_segment segment;

    if (c->b) {
        return true;
    }
    if (!foreseen_wait(c, aksu_tcp_quick_wait(c->t, c->now_ms, true))) {
        return false;
    }
    foreseen_copy(&q, &quick, c);
    foreseen_copy(&s, &slow, c);
    if (!aksu_tcp_quick_send(&q, &segment)) {
        return memcmp(&quick, c->t, sizeof quick) == 0;
    }
    if (aksu_tcp_next(c, &plan) != AKSU_NEXT_SEGMENT || !foreseen_same(&segment, &plan.segment)) {
        return false;
    }
    s.kind = AKSU_EV_SENT;
    s.s = &plan.segment;
    aksu_tcp_act(&s);
    return memcmp(&quick, &slow, sizeof quick) == 0 && foreseen_wait(&s, q.value);
}

// The step that an event would be.
static struct aksu_step foreseen_event(const struct aksu_profile *p, const struct aksu_tcb *t,
                                       const struct aksu_board *b, const struct aksu_event *ev)
{
    struct aksu_step c = {.kind = ev->kind,
                          .option = ev->option,
                          .p = p,
                          .t = (struct aksu_tcb *)(uintptr_t)t,
                          .s = ev->segment,
                          .now_ms = ev->now_ms,
                          .b = (struct aksu_board *)(uintptr_t)b,
                          .range = (struct aksu_range *)(uintptr_t)t->range,
                          .range_max = AKSU_RANGES,
                          .value = ev->value};
    return c;
}

// Both, before an event.
static inline bool foreseen(const struct aksu_profile *p, const struct aksu_tcb *t,
                            const struct aksu_board *b, const struct aksu_event *ev)
{
    if (!AKSU_FAST) {
        return true; // nothing is predicted there
    }
    struct aksu_step c = foreseen_event(p, t, b, ev);

    return foreseen_step(&c) && foreseen_plan(&c);
}

#endif
