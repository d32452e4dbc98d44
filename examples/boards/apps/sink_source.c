// SPDX-License-Identifier: MIT
// A sink on port 9 and a source on port 19, for throughput.
#include "../firmware.h"

AKSU_STORAGE(memory, BOARD_CONNECTIONS, 2, BOARD_RING, 0);
static struct sink sink;
static struct source source;

const struct aksu_storage *app_storage(void)
{
    return &memory;
}

int app_start(struct aksu *net)
{
    int error = sink_start(net, 9, &sink);

    return error ? error : source_start(net, 19, &source);
}

bool app_done(int *status)
{
    (void)status;
    return false;
}
