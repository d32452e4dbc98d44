#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that the figures that docs/assurance.md and docs/drill.md repeat are those of the tables,
scripts and pages that they come from.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

TEST = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TEST / name) for name in ("checks", "hostile", "rfc")]
from common import ROOT, Tally  # noqa: E402
from rows import entries, mutants, requirements  # noqa: E402
from table import foreign  # noqa: E402

DOCS = ROOT / "docs"


def rfc() -> list:
    status = collections.Counter(e.status for e in entries())
    tested = {e.id for e in entries() if e.status == "tested"}
    proved = {row for m in mutants() for row in m.rows}
    must = {r.id for r in requirements() if r.level in ("MUST", "MUST NOT")} & tested
    return [f"{status.total()} rows: {status['tested']} tested, {status['deviation']} deviations, "
            f"{status['not applicable']} that do not apply, {status['waits']} that wait",
            f"{'all ' if must <= proved else ''}{len(must)} tested MUST and MUST NOT rows, "
            f"{len(proved)} rows in all"]


def mutation() -> str:
    lines = (DOCS / "mutation.md").read_text().splitlines()
    line = next(x for x in lines if x.startswith("| all |"))
    *_, noticed, survived, score = (cell.strip() for cell in line.strip("|").split("|"))
    return f"{score} of {int(noticed) + int(survived):,} changes"


def model() -> str:
    rows = [line.split("|") for line in (DOCS / "model-long.md").read_text().splitlines()
            if re.match(r"\| [a-z]+[-a-z]* \| [^|]+ \| \d", line)]
    states = sum(int(cells[7]) for cells in rows)
    return f"{len(rows)} scenarios, complete within their bounds: {states / 1e6:.0f} million states"


def drill() -> tuple:
    """Scripts by hand, and made."""
    with tempfile.TemporaryDirectory(prefix="aksu-figures-") as folder:
        subprocess.run([sys.executable, TEST / "drill/generate.py", folder], check=True,
                       stdout=subprocess.DEVNULL)
        made = len(list(pathlib.Path(folder).glob("*.pkt")))
    return len(list((TEST / "drill").glob("*/*.pkt"))), made


def hostile() -> str:
    cases = json.loads((TEST / "hostile/hostile.json").read_text())["cases"]
    waiting = sum(foreign(case) != "" for case in cases)
    return (f"{len(cases)} published kinds, each in every state at three places of sequence space "
            f"({waiting} of them are for ")


def attacks() -> str:
    held = re.findall(r"\| held \|$", (DOCS / "attacks.md").read_text(), re.M)
    return f"{len(held)} attacks measured"


def main() -> None:
    hand, made = drill()
    said = {"assurance.md": [*rfc(), mutation(), model(), hostile(), attacks(),
                             f"{hand + made} scripts, {made} of them made"],
            "drill.md": [f"There are {hand} of the former and {made} of the latter"]}
    tally = Tally()
    for page, figures in said.items():
        text = " ".join((DOCS / page).read_text().split())
        for figure in figures:
            tally.check(f"{page}: {figure}", figure in text or "the page does not say that")
    tally.finish()


main()
