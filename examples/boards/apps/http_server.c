// SPDX-License-Identifier: MIT
// HTTP server on port 80. What it sends is made as it is sent, so there are no send rings.
#include "../firmware.h"

AKSU_STORAGE_WITH(memory, BOARD_CONNECTIONS, 1, BOARD_RING, 0, BOARD_TIME_WAITS, BOARD_ECHO);

const struct aksu_storage *app_storage(void)
{
    return &memory;
}

int app_start(struct aksu *net)
{
    return http_server_start(net, 80);
}

bool app_done(int *status)
{
    (void)status;
    return false;
}
