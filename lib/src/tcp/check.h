// SPDX-License-Identifier: MIT
// Checks of the library's own and the caller's mistakes, in debug builds only (-DAKSU_DEBUG).
// Nothing that a packet contains may trip one.
#ifndef AKSU_CHECK_H
#define AKSU_CHECK_H

#ifdef AKSU_DEBUG
#undef NDEBUG // which would leave nothing of them
#include <assert.h>
#define AKSU_CHECK(condition) assert(condition)
#else
#define AKSU_CHECK(condition) ((void)0)
#endif

#endif
