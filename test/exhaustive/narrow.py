#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the core's sources for a sequence space of 8 bits: each 32-bit number of theirs has 8.

usage: narrow.py LIB TO
"""
import pathlib
import re
import sys

FILES = ("src/tcp/seq.h", "src/tcp/tcp.h", "src/tcp/check.h", "src/tcp/sequence.c",
         "src/tcp/window.c", "src/tcp/ranges.c", "src/tcp/reassembly.c", "include/aksu/tcb.h")


def main() -> None:
    lib, to = map(pathlib.Path, sys.argv[1:])
    (to / "aksu").mkdir(parents=True, exist_ok=True)
    for name in FILES:
        path = lib / name
        target = to / ("aksu/tcb.h" if path.name == "tcb.h" else path.name)
        target.write_text(re.sub(r"\b(u?)int32_t\b", r"\1int8_t", path.read_text()))


main()
