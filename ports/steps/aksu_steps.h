// SPDX-License-Identifier: MIT
/// What a connection's sender thinks after each step, as a file of CSV: windows, times, counts.
///
/// Host-side code for ports and tools: it uses stdio, and reads the stack's own tables. A line has,
/// by the names in the file's first line: when (time_us), where (host, local_port, remote_port),
/// what happened (event), and what stands in the TCB and the board after it. srtt, rttvar, rto and
/// min_rtt are in ms; windows are in octets; una and max are sequence numbers as they are on the
/// wire. What the connection does not have is empty. scripts/plot draws it.
#ifndef AKSU_STEPS_H
#define AKSU_STEPS_H

#include <aksu/aksu.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A file being written. Its members are the writer's.
struct aksu_steps {
    void *file;
    int error; // the first failure, negative; it sticks
};

/// Creates the file. Returns 0, or a negative errno: why it cannot be created.
int aksu_steps_open(struct aksu_steps *steps, const char *path);

/// Adds a line; to be called from a trace hook. A connection without a row adds none.
void aksu_steps_add(struct aksu_steps *steps, uint64_t time_us, const char *host,
                    const struct aksu *net, aksu_handle conn, const struct aksu_event *event);

/// Closes the file. Returns 0 or the first failure of its whole life.
int aksu_steps_close(struct aksu_steps *steps);

#ifdef __cplusplus
}
#endif

#endif
