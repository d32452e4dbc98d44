#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that nothing warns: the library with gcc and clang, host and arm, and everything that a
build directory compiles once more with clang.

usage: check_warnings.py [compile_commands.json]
"""
import json
import pathlib
import shlex
import sys

from common import INCLUDES, M0PLUS, M3, STRICT, Tally, in_parallel, lib_sources

NEWLIB = "/usr/lib/arm-none-eabi/include"
COMPILERS = {
    "gcc": ["gcc", "-O2"],
    "gcc with asserts": ["gcc", "-O2", "-DAKSU_DEBUG"],
    "gcc Cortex-M3": M3 + ["-Os"],
    "gcc Cortex-M0+": M0PLUS + ["-Os"],
    "clang": ["clang", "-O2"],
    "clang Cortex-M3": ["clang", "--target=thumbv7m-none-eabi", "-mcpu=cortex-m3", "-Os",
                        "-isystem", NEWLIB],
}


def check_library(tally: Tally) -> None:
    for name, compiler in COMPILERS.items():
        results = in_parallel([compiler + STRICT + INCLUDES + ["-c", s, "-o", "/dev/null"]
                               for s in lib_sources()])
        tally.check(f"lib compiles without a word: {name}",
                    "".join(r.stdout for r in results) or not any(r.returncode for r in results))


def as_clang(entry: dict) -> list:
    """The command of compile_commands.json, said to clang."""
    words = shlex.split(entry["command"])
    while not words[0].endswith(("cc", "gcc", "clang", "cc1")):
        words.pop(0)
    keep = [w for w in words[1:] if not w.startswith(("-f", "-O", "-Werror"))]
    return ["clang", *keep, "-fsyntax-only", "-Werror"]


def check_build(tally: Tally, commands: pathlib.Path) -> None:
    entries = [e for e in json.loads(commands.read_text()) if e["file"].endswith(".c")]
    results = in_parallel([["env", "-C", e["directory"], *as_clang(e)] for e in entries])
    for entry, result in zip(entries, results):
        tally.check(f"clang: {pathlib.Path(entry['file']).name}",
                    result.stdout or result.returncode == 0)


def main() -> None:
    tally = Tally()
    check_library(tally)
    if len(sys.argv) > 1:
        check_build(tally, pathlib.Path(sys.argv[1]))
    tally.finish()


main()
