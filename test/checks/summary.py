#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sums up what ctest's JUnit files in a folder say: a line a suite, then `N passed, N failed`.

Counts come from each program's output: its last line `N passed, N failed[, N skipped]`, or cmocka's
summaries. A program that fails without saying so, or says nothing at all, is one failure.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

OWN = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$")
CMOCKA = re.compile(r"^\[  (PASSED |FAILED |SKIPPED) \] (\d+) test", re.M)


def cmocka_counts(text: str) -> list:
    total = {"PASSED": 0, "FAILED": 0, "SKIPPED": 0}
    for kind, number in CMOCKA.findall(text):
        total[kind.strip()] += int(number)
    return list(total.values())


def counts(case: xml.Element) -> list:
    """[passed, failed, skipped] of one test program."""
    text = "".join(case.findtext("system-out") or "").rstrip()
    last = OWN.match(text.rsplit("\n", 1)[-1])
    found = [int(n or 0) for n in last.groups()] if last else cmocka_counts(text)
    good = case.get("status") == "run"
    if not good and found[1] == 0:
        found[1] = 0 if case.find("skipped") is not None and found[2] else 1
    return found if sum(found) else [0, 1, 0]


def line(numbers: list) -> str:
    skipped = f", {numbers[2]} skipped" if numbers[2] else ""
    return f"{numbers[0]} passed, {numbers[1]} failed{skipped}"


def main() -> None:
    total = [0, 0, 0]
    rows = []
    folder = pathlib.Path(sys.argv[1])
    for path in sorted(folder.glob("*.unbuilt")):
        rows.append((path.stem, "build", [0, 1, 0]))
    for path in sorted(folder.glob("*.xml"), reverse=True):
        cases = xml.parse(path).getroot().findall("testcase")
        rows += [(path.stem, case.get("name"), counts(case)) for case in cases]
    for build, name, numbers in rows:
        total = [a + b for a, b in zip(total, numbers)]
        print(f"{build:8} {name:32} {line(numbers)}")
    print(line(total), flush=True)
    sys.exit(1 if total[1] or not total[0] else 0)


main()
