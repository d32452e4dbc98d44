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
tally.finish()
