// SPDX-License-Identifier: MIT
// The sizes of lwIP's objects, as sizes of symbols.
#include <lwip/tcp.h>

extern char ram_pcb[sizeof(struct tcp_pcb)];
extern char ram_listener[sizeof(struct tcp_pcb_listen)];
char ram_pcb[sizeof(struct tcp_pcb)];
char ram_listener[sizeof(struct tcp_pcb_listen)];
