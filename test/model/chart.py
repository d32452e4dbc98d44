#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Replays a trail that SPIN wrote and draws it as a sequence chart.

usage: chart.py PROGRAM TRAIL SCENARIO
"""
import os
import subprocess
import sys

WIDTH, SIDE = 50, 24


def arrow(text: str, right: bool, near: bool) -> str:
    """A segment on its way: it leaves at its sender's line and arrives at the other's."""
    shaft = f"-- {text} ->" if right else f"<- {text} --"
    return shaft.ljust(WIDTH) if right == near else shaft.rjust(WIDTH)


def row(left: str, middle: str, right: str) -> str:
    return f"{left[-SIDE:]:>{SIDE}} |{middle:{WIDTH}}| {right}".rstrip()


def line(who: str, mark: str, text: str) -> str:
    """One happening. A's line is on the left."""
    if mark == "!":
        return row(text, "", "") if who == "A" else row("", "", text)
    if mark == ">":
        return row("", arrow(text, who == "A", True), "")
    lost = f"x {text} is lost".center(WIDTH)
    if mark == "x":
        return row("", lost, "")
    again = " (a copy)" if mark == "=" else ""
    return row("", arrow(text + again, who == "B", False), "")


def draw(told: str) -> str:
    """The chart of the lines that a replay tells."""
    rows, states = [row("A", "", "B")], ["", ""]
    for words in (text.split(" ", 3)[1:] for text in told.splitlines() if text.startswith("@ ")):
        if words[0] == ".":
            now = [words[1], words[2]]
            changed = [s if s != old else "" for s, old in zip(now, states)]
            if any(changed):
                rows.append(row(*(f"[{changed[0]}]" if changed[0] else "", "",
                                  f"[{changed[1]}]" if changed[1] else "")))
            states = now
        else:
            rows.append(line(words[0], words[1], " ".join(words[2:])))
    return "\n".join(rows)


def replay(program: str, trail: str, scenario: str) -> str:
    run = subprocess.run([program, "-r", trail, "-n"], capture_output=True, text=True,
                         env=os.environ | {"MODEL": scenario}, errors="replace")
    return draw(run.stdout)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    print(replay(*sys.argv[1:]))
