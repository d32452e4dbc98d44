// SPDX-License-Identifier: MIT
// Echo server on port 7.
#include "../firmware.h"

AKSU_STORAGE(memory, BOARD_CONNECTIONS, 1, BOARD_RING, BOARD_RING);

const struct aksu_storage *app_storage(void)
{
    return &memory;
}

int app_start(struct aksu *net)
{
    return echo_start(net, 7);
}

bool app_done(int *status)
{
    (void)status;
    return false;
}
