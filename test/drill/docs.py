#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the examples of docs/drill.md, and checks that it names all that there is.

usage: docs.py AKSU-DRILL
"""
import pathlib
import re
import subprocess
import sys
import tempfile

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
TEXT = (pathlib.Path(__file__).resolve().parents[2] / "docs/drill.md").read_text()
BLOCK = re.compile(r"^```pkt( fails)?\n(.*?)^```\n(?:\n^```\n(.*?)^```\n)?", re.M | re.S)


def names() -> list:
    """All that the tool knows by name, from what it says itself."""
    settings = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True).stdout
    found = re.findall(r"^  (\w+) ", settings.split("settings:")[1], re.M)
    calls = re.search(r"expected a call: (.*)", TEXT)
    return found + (calls[1].split(", ") if calls else [])


def main() -> None:
    passed = failed = 0
    for fails, script, output in BLOCK.findall(TEXT):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "example.pkt").write_text(script)
            done = subprocess.run([PROGRAM, "example.pkt"], cwd=folder, capture_output=True,
                                  text=True)
        good = done.stdout == output if fails else done.returncode == 0
        passed, failed = passed + good, failed + (not good)
        if not good:
            print(f"FAIL  an example of docs/drill.md:\n{script}\n{done.stdout}")
    for name in names():
        known = re.search(rf"`{name}`", TEXT) is not None
        passed, failed = passed + known, failed + (not known)
        if not known:
            print(f"FAIL  docs/drill.md does not say `{name}`")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or passed < 40)


main()
