// SPDX-License-Identifier: MIT
// The boards of a stack whose profile has a recovery. Linked by AKSU_BOARDS.
#include "stack.h"

// A row's board if it is in use, else NULL. A step is told where the row's ranges are.
struct aksu_board *aksu_boards_find(const struct aksu *net, const struct aksu_row *row,
                                    struct aksu_step *c)
{
    const struct aksu_boards *boards = net->boards;
    uint32_t i = (uint32_t)(row - net->store->row);
    size_t size = sizeof(struct aksu_board) + AKSU_SLOTS_(boards->runs) * sizeof(union aksu_slot);

    if (!net->profile->recovery || i >= boards->connections) {
        return NULL;
    }
    struct aksu_board *b = (void *)((uint8_t *)boards->first + i * size);

    b->size = (uint8_t)boards->runs;
    if (c) {
        aksu_tcp_find_ranges(c, b);
    }
    return aksu_tcp_board(&row->tcb, b);
}
