// SPDX-License-Identifier: MIT
// The boards of a stack whose profile has a recovery. Linked by AKSU_BOARDS.
#include "stack.h"

// Tells a step its row's board.
void aksu_boards_find(const struct aksu *net, const struct aksu_row *row, struct aksu_step *c)
{
    const struct aksu_boards *boards = net->boards;
    uint32_t i = aksu_table_index(row);

    if (!net->profile->recovery || i >= boards->connections) {
        return;
    }
    struct aksu_board *b = (void *)((uint8_t *)boards->first + (size_t)i * boards->octets);

    b->size = (uint8_t)boards->runs;
    aksu_tcp_find_board(c, b);
}
