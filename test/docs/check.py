#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that the generated files in docs/ are what the running code says, or writes them.

usage: check.py PROGRAM [--write]
"""
import pathlib
import subprocess
import sys

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"


def made(program: str) -> dict:
    """The generated files that can be compared; the SVG's text depends on Graphviz's version."""
    run = lambda *args: subprocess.run([program, *args], check=True, capture_output=True,
                                       text=True).stdout
    return {"transitions.md": run(), "transitions.dot": run("--dot")}


def main() -> None:
    program = sys.argv[1]
    if sys.argv[2:] == ["--write"]:
        for name, text in made(program).items():
            (DOCS / name).write_text(text)
        subprocess.run(["dot", "-Tsvg", "-o", DOCS / "transitions.svg", DOCS / "transitions.dot"],
                       check=True)
        return
    failed = 0
    for name, text in made(program).items():
        if not (DOCS / name).exists() or (DOCS / name).read_text() != text:
            print(f"FAIL  docs/{name} is not what the code says: run scripts/docs")
            failed += 1
    print(f"{2 - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
