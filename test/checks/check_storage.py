#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that AKSU_STORAGE takes sizes in range, and that none out of range compiles."""
import pathlib
import tempfile

from common import INCLUDES, Tally, run

GOOD = ["1, 1, 1, 0, 1, 8", "524287, 255, 1, 1, 1, 65515", "1, 1, 1 << 30, 1 << 30, 1, 8"]
BAD = ["0, 1, 1, 1, 1, 8", "524288, 1, 1, 1, 1, 8", "1, 0, 1, 1, 1, 8", "1, 1, 0, 1, 1, 8",
       "1, 1, (1 << 30) + 1, 1, 1, 8", "1, 1, 1, (1 << 30) + 1, 1, 8", "1, 1, 1, 1, 0, 8",
       "1, 1, 1, 1, 1, 7", "1, 1, 1, 1, 1, 65516"]

tally = Tally()
with tempfile.TemporaryDirectory() as name:
    source = pathlib.Path(name) / "storage.c"
    for compiler in (["gcc", "-std=c99"], ["g++", "-std=c++11", "-x", "c++"]):
        for sizes in GOOD + BAD:
            source.write_text(f"#include <aksu/aksu.h>\nAKSU_STORAGE_WITH(memory, {sizes});\n"
                              "const struct aksu_storage *used(void);\n"
                              "const struct aksu_storage *used(void) { return &memory; }\n")
            built = run([*compiler, "-Wall", "-Wextra", "-Werror", *INCLUDES, "-fsyntax-only",
                         source])
            if sizes in GOOD:
                tally.check(f"{compiler[0]} takes {sizes}", built.returncode == 0 or built.stdout)
            else:
                tally.check(f"{compiler[0]} refuses {sizes}",
                            "negative" in built.stdout or built.stdout or False)
tally.finish()
