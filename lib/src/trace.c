// SPDX-License-Identifier: MIT
// The trace hook's part of a step. Linked with the call that sets the hook.
#include "stack.h"

static void step(struct aksu *net, struct aksu_row *row, const struct aksu_step *c)
{
    struct aksu_trace *trace = net->trace;
    struct aksu_event event = *c->ev;

    event.now_ms = c->now_ms;

    trace->before = row->tcb;
    net->step(c);
    trace->hook(trace, net, aksu_table_handle(net, row), &event, c->fx, &row->tcb);
}

void aksu_trace(struct aksu *net, struct aksu_trace *trace)
{
    net->trace = trace;
    if (trace) {
        trace->step = step;
    }
}
