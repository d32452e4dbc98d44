// SPDX-License-Identifier: MIT
/// Counts instructions from within, where the machine can: QEMU with -icount shift=10. On a host it
/// does nothing, for callgrind counts there.
#ifndef BENCH_METER_H
#define BENCH_METER_H

#include <stdbool.h>
#include <stdint.h>

/// Starts the counter and finds what calling it takes. Returns false if it does not count what it
/// should.
bool meter_start(void);

void meter_begin(void);

/// Returns the instructions since meter_begin(), without those between meter_pause() and
/// meter_resume(). Fewer than 600,000.
uint32_t meter_end(void);

void meter_pause(void);
void meter_resume(void);

/// Octets of stack below the caller's that the deepest of what was measured took.
uint32_t meter_stack(void);

/// The words that the program was started with, behind its name. Returns how many, at most `most`.
int meter_words(int argc, char **argv, char **words, int most);

#endif
