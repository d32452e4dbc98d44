#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks of the object files: the core is pure, the library needs four functions of libc, and all
of its symbols have the prefix.

Pure means: nothing undefined but memcpy, memmove, memset, memcmp and compiler helpers, and no
section of the objects can be written to.
"""
import pathlib
import re
import tempfile

from common import M0PLUS, M3, Tally, compile_lib, output

MEM = {"memcpy", "memmove", "memset", "memcmp"}
HELPER = re.compile(r"__aeabi_\w+|__gnu_thumb1_\w+")
TARGETS = {
    "gcc -O2": ["gcc", "-O2", "-fno-pie"],
    "gcc -Os": ["gcc", "-Os", "-fno-pie"],
    "Cortex-M3 -Os": M3 + ["-Os", "-ffunction-sections", "-fdata-sections"],
    "Cortex-M3 -O2": M3 + ["-O2"],
    "Cortex-M0+ -Os": M0PLUS + ["-Os"],
}


def undefined(tool: str, path: pathlib.Path) -> list:
    names = [line.split()[-1] for line in output([tool + "nm", "-u", path]).splitlines()]
    return [n for n in names if n not in MEM and not HELPER.fullmatch(n)]


def writable(tool: str, path: pathlib.Path) -> list:
    """Sections with the W flag that are not empty."""
    found = []
    for line in output([tool + "readelf", "-SW", path]).splitlines():
        m = re.match(r"\s*\[ *\d+\] (\S+) +\S+ +\S+ +\S+ +(\S+) +\S+ +(\w*) ", line)
        if m and "W" in m[3] and int(m[2], 16):
            found.append(f"{m[1]}: {int(m[2], 16)} octets")
    return found


def relinked(tool: str, objects: list, to: pathlib.Path) -> pathlib.Path:
    output([tool + "ld", "-r", "-o", to, *objects])
    return to


def check_target(tally: Tally, name: str, compiler: list, folder: pathlib.Path) -> None:
    tool = compiler[0].replace("gcc", "")
    objects = compile_lib(compiler, ["-std=c99"], folder)
    core = relinked(tool, [o for o in objects if o.name.startswith("tcp_")], folder / "core.o")
    tally.check(f"{name}: the core needs nothing but the four mem functions", undefined(tool, core))
    tally.check(f"{name}: the core has no data that can change", writable(tool, core))
    whole = relinked(tool, objects, folder / "whole.o")
    tally.check(f"{name}: the library needs nothing but the four mem functions",
                undefined(tool, whole))
    tally.check(f"{name}: the library has no data that can change", writable(tool, whole))
    symbols = [line.split()[-1] for line in
               output([tool + "nm", "-g", "--defined-only", whole]).splitlines()]
    tally.check(f"{name}: {len(symbols)} global symbols, all with the prefix aksu_",
                [s for s in symbols if not s.startswith("aksu_")] or len(symbols) > 0)


def main() -> None:
    tally = Tally()
    for name, compiler in TARGETS.items():
        with tempfile.TemporaryDirectory() as folder:
            check_target(tally, name, compiler, pathlib.Path(folder))
    tally.finish()


main()
