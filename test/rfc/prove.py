#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proves map.csv: with a rule taken out of the source, the tests that it names for the rule fail.

usage: prove.py [REGEX]     (only the mutants of rows that match)

Each mutant makes a test of each of its rows fail; each test of a row with mutants fails with one of
them, and passes without any.
"""
import re
import sys

from rows import applied, entries, mutants
from common import SRC, Tally
from lab import Lab, Worker

tests = {e.id: e.tests for e in entries()}


def passes(worker: Worker, lab: Lab, test: str) -> bool:
    program, _, name = test.partition(":")
    if name and program.startswith("transitions_"):
        name += " @*"
    return worker.passes(lab.programs[program], name)


def failing(worker: Worker, lab: Lab, names: list) -> list:
    return [name for name in names if not passes(worker, lab, name)]


def try_one(worker: Worker, lab: Lab, mutant) -> tuple:
    """(what is wrong with it, the tests that fail)."""
    names = sorted({t for row in mutant.rows for t in tests[row]})
    texts, failed = {}, []
    try:
        for change in mutant.changes:
            text = texts.get(change.file) or (SRC / change.file).read_text()
            texts[change.file] = applied(change, text)
    except (ValueError, OSError) as error:
        return str(error), []
    if len(texts) != 1:
        return "changes more than one file", []

    def judge(w: Worker) -> str:
        failed.extend(failing(w, lab, names))
        return ""
    (file, text), = texts.items()
    return worker.with_change(file, text, judge), failed


def main() -> None:
    pattern = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = [m for m in mutants() if any(re.search(pattern, row) for row in m.rows)]
    tally = Tally()
    unknown = sorted({row for m in chosen for row in m.rows} - tests.keys())
    if not tally.check("the mutants' rows are in map.csv", unknown):
        tally.finish()
    lab = Lab("rfc")
    named = sorted({t for m in chosen for row in m.rows for t in tests[row]})

    def unchanged(worker: Worker, name: str) -> list:
        worker.restore()
        return failing(worker, lab, [name])
    tally.check("without a change all named tests pass",
                sum(lab.each(named, unchanged), []))
    killed = {}
    for mutant, (wrong, failed) in zip(chosen, lab.each(chosen, lambda w, m: try_one(w, lab, m))):
        title = f"mutants:{mutant.line} {' '.join(mutant.rows)}"
        unmoved = [row for row in mutant.rows if not set(failed) & set(tests[row])]
        if wrong:
            tally.check(title, wrong)
        else:
            tally.check(title, [f"no test of {row} fails: {' '.join(tests[row])}"
                                for row in unmoved])
        for row in mutant.rows:
            killed.setdefault(row, set()).update(failed)
    for row, failed in killed.items():
        left = [t for t in tests[row] if t not in failed]
        tally.check(f"each test of {row} fails without it", left)
    tally.finish()


main()
