// SPDX-License-Identifier: MIT
/// What main.c wants of a board and of an application.
#ifndef FIRMWARE_H
#define FIRMWARE_H

#include <aksu_baremetal.h>
#include <examples.h>

/// Octets of a receive ring: the board's cmake file says what its RAM and its MAC's FIFO bear.
#ifndef BOARD_RING
#define BOARD_RING 1024
#endif

/// Octets of ICMP echo that are answered: a larger ping costs RAM.
#ifndef BOARD_ECHO
#define BOARD_ECHO 1480
#endif

/// Connections in TIME-WAIT that are remembered.
#ifndef BOARD_TIME_WAITS
#define BOARD_TIME_WAITS (2 * BOARD_CONNECTIONS)
#endif

/// Whether connections wait while the cable is pulled, and addresses are verified when it is back:
/// aksu_link(). 0 saves its flash.
#ifndef BOARD_CABLE
#define BOARD_CABLE 1
#endif

/// The network, unless set with -D: CMake's AKSU_BOARD_FLAGS.
#ifndef BOARD_ADDRESS
#define BOARD_ADDRESS aksu_ipv4(192, 168, 77, 2)
#endif
#ifndef BOARD_PEER // what the HTTP client fetches from
#define BOARD_PEER aksu_ipv4(192, 168, 77, 1)
#endif
enum { BOARD_PREFIX = 24, BOARD_CONNECTIONS = 4 };

/// The board (<board>/board.c) ///

/// Starts clocks and pins, and sets *link_ms: see struct aksu_port. Returns the MAC, not started.
struct aksu_mac *board_start(uint32_t *link_ms);

/// The application (apps/<application>.c) ///

/// The application's memory.
const struct aksu_storage *app_storage(void);

/// Starts listening or connecting. Returns AKSU_OK or an error.
int app_start(struct aksu *net);

/// Whether the program is over; *status: its exit status.
bool app_done(int *status);

/// Prints a number in decimal.
void print_number(uint32_t number);

#endif
