// SPDX-License-Identifier: MIT
// The trace hook's part of a step. Linked with the call that sets the hook.
#include "stack.h"

// The event of a step: members that its kind does not name are zero.
static struct aksu_event event_of(const struct aksu_step *c)
{
    struct aksu_event ev = {(uint8_t)c->kind, 0, c->now_ms, 0, 0, NULL, NULL};

    switch (ev.kind) {
    case AKSU_EV_LISTEN:
    case AKSU_EV_CONNECT:
        ev.open = c->more.open;
        break;
    case AKSU_EV_SEGMENT:
    case AKSU_EV_SENT:
        ev.segment = c->s;
        break;
    case AKSU_EV_SET:
        ev.option = c->option;
        ev.value = c->value;
        break;
    case AKSU_EV_ICMP:
        ev.option = c->option;
        ev.value = c->value;
        ev.detail = c->more.detail;
        break;
    case AKSU_EV_RESUME:
        ev.detail = c->more.detail;
        ev.value = c->value;
        break;
    case AKSU_EV_FAST_OPEN:
        ev.segment = c->s;
        ev.value = c->value;
        break;
    case AKSU_EV_WROTE:
    case AKSU_EV_READ:
    case AKSU_EV_CLOSE:
        ev.value = c->value;
        break;
    default:
        break;
    }
    return ev;
}

static void stepped(struct aksu *net, struct aksu_row *row, struct aksu_step *c)
{
    struct aksu_trace *trace = net->trace;
    struct aksu_event event = event_of(c);

    trace->hook(trace, net, row->handle, &event, &c->fx, &row->tcb);
}

void aksu_trace(struct aksu *net, struct aksu_trace *trace)
{
    net->trace = trace;
    if (trace) {
        trace->stepped = stepped;
    }
}
