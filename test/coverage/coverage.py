#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Branch coverage of lib/src/tcp by the unit, transition and drill suites.

usage: coverage.py [--check]

Prints each file's branches, how many of them were taken, and every line that has one which was not.
With --check at least 99 % must be taken, and `explained` (lines of: file, reason, and the source
line in full behind a bar) must have each line that is left, and no other.
"""
import json
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "checks"))
from common import ROOT, Tally, output, own_folder  # noqa: E402

SUITES = ("unit", "transitions", "drill")
LEAST = 0.99


def measure(folder: pathlib.Path) -> list:
    """Builds, runs the suites and returns gcovr's files."""
    if not shutil.which("gcovr"):
        sys.exit("gcovr is not installed: scripts/setup test\n0 passed, 1 failed")
    for old in folder.rglob("*.gcda"):
        old.unlink()
    output(["cmake", "-S", ROOT, "-B", folder, "-DCMAKE_BUILD_TYPE=Debug",
            "-DCMAKE_C_FLAGS=-O0 --coverage"])
    listed = output(["cmake", "--build", folder, "--target", "help"])
    programs = re.findall(r"^((?:unit|transitions|drill)_\w+|aksu-\w+): phony", listed, re.M)
    output(["cmake", "--build", folder, "-j", "2", "--target", *programs])
    print(output(["ctest", "--test-dir", folder, "-j", "2", "--output-on-failure",
                  "-L", f"^({'|'.join(SUITES)})$", "-E", "^drill_mutants$"]).strip().splitlines()[-1])
    report = folder / "coverage.json"
    output(["gcovr", "-r", ROOT, "--object-directory", folder / "lib", "--filter",
            str(ROOT / "lib/src/tcp"), "--exclude-unreachable-branches", "--json", report])
    return json.loads(report.read_text())["files"]


def left(files: list) -> dict:
    """{(file, source line): numbers of the lines} that have a branch which was not taken."""
    lines = {}
    for entry in files:
        name = pathlib.Path(entry["file"]).name
        text = (ROOT / entry["file"]).read_text().splitlines()
        for line in entry["lines"]:
            if any(branch["count"] == 0 for branch in line["branches"]):
                key = (name, text[line["line_number"] - 1].strip())
                lines.setdefault(key, []).append(line["line_number"])
    return lines


def show(files: list) -> float:
    """Prints the table. Returns the share that was taken."""
    total = [0, 0]
    print(f"{'lib/src/tcp':20}{'branches':>10}{'taken':>8}")
    for entry in files:
        counts = [branch["count"] > 0 for line in entry["lines"] for branch in line["branches"]]
        total = [total[0] + len(counts), total[1] + sum(counts)]
        print(f"{pathlib.Path(entry['file']).name:20}{len(counts):10}{sum(counts):8}")
    print(f"{'total':20}{total[0]:10}{total[1]:8}  {100 * total[1] / total[0]:.2f} %")
    return total[1] / total[0]


def main() -> None:
    files = measure(own_folder("coverage"))
    share = show(files)
    missing = left(files)
    for (name, text), numbers in missing.items():
        print(f"{name}:{','.join(map(str, numbers))}: {text}")
    if "--check" not in sys.argv:
        return
    entries = [line.split("|", 1) for line in (HERE / "explained").read_text().splitlines()
               if line and not line.startswith("#")]
    explained = {(head.split(":")[0], text.strip()) for head, text in entries}
    tally = Tally()
    tally.check(f"at least {100 * LEAST:.0f} % of the branches are taken", share >= LEAST)
    tally.check("what is not taken is explained", [": ".join(k) for k in set(missing) - explained])
    tally.check("what is explained is not taken", [": ".join(k) for k in explained - set(missing)])
    tally.finish()


main()
