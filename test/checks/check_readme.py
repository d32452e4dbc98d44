#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that README.md's program, its first block of C, builds against the library and runs."""
import pathlib
import re
import tempfile

from common import INCLUDES, ROOT, STRICT, Tally, lib_sources, run

tally = Tally()
readme = ROOT / "README.md"
text = readme.read_text() if readme.exists() else ""
blocks = re.findall(r"^```c\n(.*?)^```", text, re.M | re.S)
if tally.check("README.md has a block of C", len(blocks) > 0):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        source, program = folder / "program.c", folder / "program"
        source.write_text(blocks[0])
        built = run(["gcc", "-O1", "-g", *STRICT, "-Werror", *INCLUDES, source,
                     *lib_sources(), "-o", program])
        if tally.check("it compiles without a warning", built.stdout or built.returncode == 0):
            ran = run([program], timeout=60)
            print(ran.stdout)
            tally.check("it runs and ends with 0", ran.returncode == 0 or ran.stdout)

# The figures of README's tables are the budgets, which scripts/size and scripts/bench hold to.
SHOWN = {"size": ("flash.m3.lean", "flash.m3.standard", "flash.m0plus.lean", "flash.m0plus.standard",
                  "ram.row", "ram.tcb", "ram.listener", "ram.time_wait", "ram.stack", "ram.server",
                  "stack.input", "stack.output"),
         "bench": [f"{p}.{f}" for p in ("lean", "standard") for f in ("sum", "request", "connect")]}
section = text[text.find("## Size") + 3:].split("\n## ")[0]
for suite, names in SHOWN.items():
    lines = (ROOT / "test" / suite / "budget").read_text().splitlines()
    budget = dict(line.split() for line in lines if line and not line.startswith("#"))
    for name in names:
        figure = f"{int(budget[name]):,}"
        tally.check(f"README.md shows {name}, {figure}", re.search(rf"\b{figure}\b", section) is not None or
                    f"not in its section on size: {figure}")
tally.finish()
