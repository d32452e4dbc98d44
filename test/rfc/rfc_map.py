#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks map.csv and docs/rfc-map.md, or writes the latter.

usage: rfc_map.py --write | rfc_map.py --check BIN

Each requirement has an entry; what is tested names tests that exist among the programs in BIN and
pass now; what is not says why; each MUST and MUST NOT of the core that is tested has a mutant (see
prove.py); and the page is what the tables say.
"""
import collections
import pathlib
import re
import sys

from rows import STATUSES, Entry, Row, entries, mutants, requirements
from common import ROOT, Tally, run

PAGE = ROOT / "docs" / "rfc-map.md"
RESULT = re.compile(r"^\[ +(OK|FAILED|SKIPPED) +\] ([\w-]+)(?: @\S+)?$", re.M)
DONE = re.compile(r"^\[ +PASSED +\] [1-9]|^[1-9]\d* passed, 0 failed", re.M)

HEAD = """# Requirements

Generated from test/rfc by `scripts/docs`. Each row of [requirements.csv](../test/rfc/requirements.csv)
names the tests that fail without it, says why it is not met or does not apply, or what will bring it.

* `ctest --test-dir build/default -R rfc` fails for a row without an entry, for a test that does not
  exist or does not pass, and for a mutant that its tests do not notice.
* `test/rfc/prove.py` takes each rule out of the source ([mutants](../test/rfc/mutants)) and demands that
  the tests named for it fail, each of them, and pass without the change. The column "mutants" says
  how many do that for a row: at least one for every MUST and MUST NOT of the core that is tested.

{summary}
"""


def summary(rows: list, have: dict, proofs: collections.Counter) -> str:
    kinds = ["MUST, MUST NOT", "SHOULD, SHOULD NOT", "MAY", "other"]
    counts = collections.Counter()
    for row in rows:
        kind = next((k for k in kinds if row.level in k.split(", ")), "other")
        counts[kind, have[row.id].status] += 1
        counts["all", have[row.id].status] += 1
        counts[kind, "proof"] += proofs[row.id] > 0
        counts["all", "proof"] += proofs[row.id] > 0
    lines = ["| level | " + " | ".join(STATUSES.values()) + " | proved by mutants |",
             "|---|" + "--:|" * (len(STATUSES) + 1)]
    for kind in [*kinds, "all"]:
        cells = [str(counts[kind, s]) for s in [*STATUSES, "proof"]]
        lines.append(f"| {kind} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(entry: Entry) -> str:
    names = ", ".join(f"`{t}`" for t in entry.tests)
    said = "" if entry.status == "tested" else f"**{STATUSES[entry.status]}** "
    return f"{said}{entry.note}{' ' if entry.note and names else ''}{names}"


def line(row: Row, entry: Entry, proofs: int) -> str:
    fields = [row.id, row.level, row.section.removeprefix("RFC "), row.requirement, cell(entry),
              str(proofs or "")]
    return "| " + " | ".join(f.replace("|", "\\|") for f in fields) + " |"


def page(rows: list, have: dict, proofs: collections.Counter) -> str:
    lines = [HEAD.format(summary=summary(rows, have, proofs)),
             "| row | level | RFC, section | requirement | shown by | mutants |",
             "|---|---|---|---|---|--:|"]
    lines += [line(row, have[row.id], proofs[row.id]) for row in rows]
    return "\n".join(lines) + "\n"


def outcome(program: pathlib.Path) -> dict:
    """Whether each test of a program passes; the whole program is the test ""."""
    if not program.exists():
        return {}
    done = run([program], timeout=300)
    results = {"": done.returncode == 0 and bool(DONE.search(done.stdout))}
    for kind, name in RESULT.findall(done.stdout):
        results[name] = kind == "OK" and results.get(name, True)
    return results


def wrong_tests(entry: Entry, ran: dict) -> list:
    problems = []
    for test in entry.tests:
        program, _, name = test.partition(":")
        if name not in ran[program]:
            problems.append(f"{test}: there is no such test")
        elif not ran[program][name]:
            problems.append(f"{test} does not pass")
    return problems


def wrong_entry(entry: Entry) -> list:
    problems = []
    if entry.status not in STATUSES:
        problems.append(f"unknown status {entry.status}")
    if entry.status == "tested" and not entry.tests:
        problems.append("names no test")
    if entry.status != "tested" and not entry.note:
        problems.append("gives no reason")
    return problems


def check(tally: Tally, folder: pathlib.Path, rows: list, have: dict, proofs: dict) -> None:
    listed = [e.id for e in entries()]
    tally.check("each row of requirements.csv has one entry in map.csv, and no others are there",
                sorted((collections.Counter(listed) - collections.Counter(r.id for r in rows)) +
                       (collections.Counter(r.id for r in rows) - collections.Counter(listed))))
    programs = {t.partition(":")[0] for e in have.values() for t in e.tests}
    ran = {name: outcome(folder / name) for name in sorted(programs)}
    for row in rows:
        entry = have.get(row.id)
        if not entry:
            continue
        problems = wrong_entry(entry) + wrong_tests(entry, ran)
        if row.needs_mutant() and entry.status == "tested" and not proofs[row.id]:
            problems.append("has no mutant")
        tally.check(row.id, problems)


def main() -> None:
    rows, have = requirements(), {e.id: e for e in entries()}
    proofs = collections.Counter(row for m in mutants() for row in set(m.rows))
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(page(rows, have, proofs))
        return
    if len(sys.argv) != 3 or sys.argv[1] != "--check":
        sys.exit(__doc__)
    tally = Tally()
    check(tally, pathlib.Path(sys.argv[2]), rows, have, proofs)
    if all(row.id in have for row in rows):
        fresh = PAGE.exists() and PAGE.read_text() == page(rows, have, proofs)
        tally.check("docs/rfc-map.md is what the tables say", fresh or "run scripts/docs")
    tally.finish()


main()
