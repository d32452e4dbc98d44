/* SPDX-License-Identifier: MIT */
/* One process in which anything may happen next that can. All of it is C: see world.c. A world in
 * which nothing can happen and that is not over is an invalid end state, and one that goes on for
 * ever is a non-progress cycle: no label here is one of progress. */
c_decl {
\#include "world.h"
\#include <stdlib.h>
}
c_track "&image" "sizeof(struct image)"

#define MAY(n) :: c_expr { (universe_may(n)) } -> \
    c_code { const char *why = universe_take(n, readtrail != 0); if (why) uerror((char *)why); }
#define MAY4(n) MAY(n) MAY(n + 1) MAY(n + 2) MAY(n + 3)
#define MAY11(n) MAY4(n) MAY4(n + 4) MAY(n + 8) MAY(n + 9) MAY(n + 10)

active proctype universe()
{
    c_code { model_begin(); universe_begin(); };
    do
    MAY11(0)
    MAY11(11)
    MAY11(22)
    MAY11(33)
    :: c_expr { (universe_over()) } ->
        c_code { const char *why = universe_end(); if (why) uerror((char *)why); };
        break
    od
}
