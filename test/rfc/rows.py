# SPDX-License-Identifier: MIT
"""The requirements, what shows each of them, and the mutants that prove it."""
import csv
import pathlib
import sys
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "checks"), str(HERE.parent / "mutation")]
from mutants import tokens  # noqa: E402

STATUSES = {"tested": "tested", "deviation": "deviation", "not applicable": "not applicable",
            "waits": "waits for"}


class Row(NamedTuple):
    id: str
    level: str
    section: str
    layer: str
    requirement: str

    def needs_mutant(self) -> bool:
        return self.layer == "core" and self.level in ("MUST", "MUST NOT")


class Entry(NamedTuple):
    id: str
    status: str
    tests: list  # PROGRAM:TEST, or PROGRAM
    note: str


class Change(NamedTuple):
    file: str
    old: str
    new: str


class Mutant(NamedTuple):
    rows: list
    changes: list
    line: int


def table(name: str) -> list:
    with open(HERE / name, newline="") as file:
        return list(csv.DictReader(file))


def requirements() -> list:
    return [Row(**line) for line in table("requirements.csv")]


def entries() -> list:
    return [Entry(line["id"], line["status"], line["tests"].split(), line["note"])
            for line in table("map.csv")]


def mutants() -> list:
    """The blocks of the file `mutants`, which says what they look like."""
    found, block, line = [], [], 0
    for number, text in enumerate([*(HERE / "mutants").read_text().splitlines(), ""], 1):
        if text and not text.startswith("#"):
            line = line if block else number
            block.append(text)
        elif block:
            found.append(Mutant(block[0].split(), changes(block[1:]), line))
            block = []
    return found


def changes(lines: list) -> list:
    found = []
    for text in lines:
        mark, rest = text[:1], text[2:]
        if mark == "-":
            found[-1] = found[-1]._replace(old=f"{found[-1].old} {rest}")
        elif mark == "+":
            found[-1] = found[-1]._replace(new=f"{found[-1].new} {rest}")
        else:
            found.append(Change(text, "", ""))
    return found


def applied(change: Change, text: str) -> str:
    """The source with a change; ValueError if its old text does not stand there exactly once."""
    have, want = tokens(text), [t.text for t in tokens(change.old)]
    words = [t.text for t in have]
    at = [i for i in range(len(words)) if words[i:i + len(want)] == want]
    if len(at) != 1:
        raise ValueError(f"lib/src/{change.file} has this {len(at)} times, not once:{change.old}")
    last = have[at[0] + len(want) - 1]
    return text[:have[at[0]].at] + change.new + text[last.at + len(last.text):]
