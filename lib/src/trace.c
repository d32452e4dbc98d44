// SPDX-License-Identifier: MIT
// The trace hook's part of a step. Linked with the call that sets the hook.
#include "stack.h"

static void step(struct aksu *net, struct aksu_row *row, const struct aksu_event *ev,
                 struct aksu_effects *fx)
{
    struct aksu_trace *trace = net->trace;

    trace->before = row->tcb;
    net->step(net->profile, &row->tcb, ev, fx);
    trace->hook(trace, net, aksu_table_handle(net, row), ev, fx, &row->tcb);
}

void aksu_trace(struct aksu *net, struct aksu_trace *trace)
{
    net->trace = trace;
    if (trace) {
        trace->step = step;
    }
}
