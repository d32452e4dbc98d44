// SPDX-License-Identifier: MIT
// The generated table.
#include "host.h"
#include "cases.inc"
