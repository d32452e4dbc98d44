// SPDX-License-Identifier: MIT
// The boards of a stack whose profile has a recovery. Linked by AKSU_BOARDS.
#include "stack.h"

// A row's board if it is in use, else NULL.
struct aksu_board *aksu_boards_find(const struct aksu *net, const struct aksu_row *row)
{
    const struct aksu_boards *boards = net->boards;
    uint32_t i = (uint32_t)(row - net->store->row);
    size_t size = sizeof(struct aksu_board) + boards->runs * sizeof(struct aksu_run);

    if (!net->profile->recovery || i >= boards->connections) {
        return NULL;
    }
    struct aksu_board *b = (void *)((uint8_t *)boards->first + i * size);

    b->size = (uint8_t)boards->runs;
    return aksu_tcp_board(&row->tcb, b);
}
