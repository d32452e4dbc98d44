// SPDX-License-Identifier: MIT
// Congestion control chosen for each connection.
#include "stack.h"

static const struct aksu_congestion *chosen(const struct aksu_step *c)
{
    const struct aksu_choice *choice = (const void *)c->p->congestion;

    return choice->of[c->b ? c->b->choice : 0];
}

void aksu_choice_open(const struct aksu_step *c)
{
    const struct aksu_congestion *control = chosen(c);

    control->open(c);
}

void aksu_choice_acked(const struct aksu_step *c, uint32_t octets)
{
    const struct aksu_congestion *control = chosen(c);

    control->acked(c, octets);
}

void aksu_choice_lost(const struct aksu_step *c, uint32_t flight)
{
    const struct aksu_congestion *control = chosen(c);

    control->lost(c, flight);
}

void aksu_choice_timed_out(const struct aksu_step *c, uint32_t flight)
{
    const struct aksu_congestion *control = chosen(c);

    control->timed_out(c, flight);
}

void aksu_choice_idle(const struct aksu_step *c)
{
    const struct aksu_congestion *control = chosen(c);

    control->idle(c);
}

int aksu_choose(struct aksu *net, aksu_handle conn, uint32_t control)
{
    const struct aksu_choice *choice = (const void *)net->profile->congestion;
    struct aksu_row *row = aksu_table_row(net, conn);
    struct aksu_step c;

    if (!row) {
        return AKSU_EBADF;
    }
    if (choice->congestion.acked != aksu_choice_acked || control >= choice->count) {
        return AKSU_EINVAL;
    }
    aksu_table_context(net, row, &c);
    if (!c.b) {
        return AKSU_ENOTCONN;
    }
    c.b->choice = (uint8_t)control;
    c.b->phase = 0;
    memset(c.b->control, 0, sizeof c.b->control);
    return AKSU_OK;
}
