// SPDX-License-Identifier: MIT
// What stands beside TCP, once for a stack, and is no endpoint.
#ifndef AKSU_MORE_H
#define AKSU_MORE_H

#include "stack.h"

bool aksu_more_add(struct aksu *net, struct aksu_more *m, const struct aksu_more_ops *ops);
struct aksu_more *aksu_more_find(const struct aksu *net, const struct aksu_more_ops *ops);

// The next in the list is asked.
int aksu_more_input(const struct aksu_more *m, struct aksu *net, struct aksu_packet *in, int drop);
size_t aksu_more_output(const struct aksu_more *m, struct aksu *net, uint8_t *frame,
                        uint8_t *packet, const uint8_t **mac);
uint32_t aksu_more_idle(const struct aksu_more *m, const struct aksu *net, uint32_t now_ms,
                        uint32_t wait_ms);

void aksu_more_lose(struct aksu *net);

#endif
