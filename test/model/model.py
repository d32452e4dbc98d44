#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Explores every state of every scenario, and compares what it finds with docs/model.md and
docs/model.dot, or writes them.

usage: model.py BIN [--write] [--long]

--long explores with one more fault each, and progress in all scenarios: docs/model-long.md.
"""
import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass

from explore import Result, explore

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
PROGRESS_MAX = 600_000  # states of the scenarios in which CI looks for cycles, too
STATES = ("CLOSED LISTEN SYN-SENT SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSE-WAIT CLOSING "
          "LAST-ACK TIME-WAIT").split()


@dataclass
class Scenario:
    name: str
    about: str
    writes: str
    chunk: str
    ring: str
    capacity: str
    faults: str


def scenarios(verifier: pathlib.Path) -> list:
    run = subprocess.run([verifier], env={"MODEL": "list"}, capture_output=True, text=True,
                         check=True)
    return [Scenario(*line.split("\t")) for line in run.stdout.splitlines()]


HEAD = ("| scenario | | writes, A+B, of octets | ring | channel | faults | states | transitions | depth "
        "| s | MB | ends |\n|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|\n")


def row(s: Scenario, faults: int, r: Result, ends: str) -> str:
    return (f"| {s.name} | {s.about} | {s.writes} of {s.chunk} | {s.ring} | {s.capacity} | {faults} | "
            f"{r.states} | {r.transitions} | {r.depth} | {r.seconds:.1f} | {r.megabytes:.0f} | {ends} |\n")


def say(result: Result, what: str) -> bool:
    good = result.complete and not result.error
    print(f"{'ok   ' if good else 'FAIL '} {result.scenario}, {what}: {result.states} states, "
          f"{result.seconds:.1f} s {result.error}", flush=True)
    if result.chart:
        print(result.chart, flush=True)
    return good


def run_one(folder: pathlib.Path, s: Scenario, more: int) -> tuple:
    """(all good, row of the table, edges)"""
    faults = int(s.faults) + more
    name = f"{s.name} faults={faults}" if more else s.name
    safety = explore(folder / "model_safety", name)
    good = say(safety, "safety and end states")
    ends = "-"
    if good and (more or safety.states <= PROGRESS_MAX):
        # Looking for cycles takes twice the states: the long run does so within the usual bounds.
        good = say(explore(folder / "model_progress", s.name, "-l",
                           replayer=folder / "model_safety"), "progress")
        ends = "always"
    return good, row(s, faults, safety, ends), safety.edges


def dot(edges: set) -> str:
    """The graph of what was seen; a state's steps to itself are left out."""
    styles = {"figure": "", "text": ", style=dashed", "extra": ", style=dotted, color=red"}
    lines = ["digraph tcp {", "  rankdir=TB; node [shape=box, fontname=Helvetica];",
             "  edge [fontname=Helvetica, fontsize=9];"]
    arcs: dict = {}
    for start, event, sent, end, kind, _ in edges:
        if start != end:
            arcs.setdefault((start, end, kind), {}).setdefault(event, set()).add(sent or "-")
    for (start, end, kind), events in sorted(arcs.items()):
        label = "\\n".join(f"{e} / {' or '.join(sorted(s))}" for e, s in sorted(events.items()))
        lines.append(f'  "{start}" -> "{end}" [label="{label}"{styles[kind]}];')
    return "\n".join(lines + ["}"]) + "\n"


def edge_table(edges: set) -> str:
    """One line for each way from a state to another."""
    ways: dict = {}
    for start, event, sent, end, kind, section in edges:
        if start != end:
            ways.setdefault((STATES.index(start), event, STATES.index(end), kind, section),
                            set()).add(sent or "-")
    lines = ["| state | event | sent | next state | in RFC 9293 |\n|---|---|---|---|---|\n"]
    for (start, event, end, kind, section), sent in sorted(ways.items()):
        where = {"figure": "Figure 5, ", "text": "", "extra": "beyond it: "}[kind] + section
        lines.append(f"| {STATES[start]} | {event} | {' or '.join(sorted(sent))} | {STATES[end]} | "
                     f"{where} |\n")
    return "".join(lines)


INTRO = """# Every state of two endpoints

Made by `scripts/model --write`; the test `model` (`ctest --test-dir build/default -L model`) explores all of it
again and fails if the tables of edges differ, or a number of states by more than a tenth.

[SPIN](https://spinroot.com) explores two endpoints and the channel between them, for each scenario all
orders in which anything can happen. Every step calls aksu_tcp_step() and aksu_tcp_plan() of the library as it
is built; what SPIN keeps is both TCBs, the segments on their way and what the users did
(`test/model/world.c`; `test/model/tcp.pml` only chooses).

* **The channel** holds a few segments in each direction; any of them may be the next to arrive. A fault is a
  segment that is lost, one that arrives and stays, or a timeout before its time. "faults" bounds all together.
* **Time** is not counted: a timer that runs may expire, and then it is that timer's deadline. Without a fault
  retransmission timers expire only when nothing else can happen, and the longer timers (2 MSL, FIN-WAIT-2, user
  timeout) only when no retransmission but a SYN's is due either; in `impatient` that holds for none.
* **Abstraction.** Left out of a state are what only times (smoothed RTT, backoff, deadlines' lengths) and a
  congestion window beyond the octets that there are: so congestion control is not explored here. Challenge ACKs
  have no limit (one that is held back is like one that is lost), but in `crash`, where two connections that do
  not know each other would challenge each other for ever: there it is 2 or 3 until time passes. Initial
  sequence numbers are fixed, so that numbers cross 2^31, in `wrap` zero. Packing is checked at every step to
  lose nothing else.

Checked at every step, for every segment and in every state (`test/model/properties.c`):
SND.UNA =< SND.NXT =< SND.MAX; SND.UNA and RCV.NXT never go back; SND.UNA is never beyond what the peer has
received; octets are delivered once, in order, where they belong, and only those that were sent; an ACK
acknowledges exactly what was delivered, a FIN never before its data; a window's right edge never goes back,
and nothing is sent beyond the one that the peer offered but a probe; something unacknowledged implies a
retransmission timer and a user timer, something queued and withheld a deadline; TIME-WAIT has an end; after a TICK
plan does not ask for another; OPENED, EOF and CLOSED come once; a half-open connection is never
told to the user.
A state in which nothing can happen is an error unless both ends are CLOSED or in LISTEN (SPIN's invalid
end states). In the scenarios that are meant to end gracefully, all octets must then be delivered and
acknowledged, both FINs received, and both users told so.
"ends: always" means that SPIN found no cycle either (non-progress cycles, no state counting as progress):
every run comes to such an end.

A counterexample is replayed and drawn: `test/model/chart.py`. `test/model/mutants.py build/default --charts`
puts {faults} faults into the core, each of which the model must find, and draws how.

## What was explored

Each bound is complete: no state within it was left out, and none is kept by its hash alone. Seconds and memory
are those of one core of the machine that wrote this page. `scripts/model --long` goes one fault further:
[model-long.md](model-long.md).

"""


def parse(text: str) -> tuple:
    """(states by scenario, the table of edges) of the page."""
    rows = re.findall(r"^\| ([\w-]+) \|(?:[^|\n]*\|){5} (\d+) \|", text, re.M)
    return {name: int(states) for name, states in rows}, text.partition("## Edges")[2]


def fresh(page: str) -> bool:
    """Whether docs/model.md tells the same; numbers of states may differ a little."""
    old_states, old_edges = parse((DOCS / "model.md").read_text())
    states, edges = parse(page)
    return edges == old_edges and states.keys() == old_states.keys() and all(
        abs(states[n] - old_states[n]) <= old_states[n] / 10 for n in states)


def check(tally: list, page: str, graph: str) -> None:
    for name, good in (("model.md", fresh(page)),
                       ("model.dot", (DOCS / "model.dot").read_text() == graph)):
        if not good:
            print(f"FAIL  docs/{name} is not what was found: run scripts/model --write")
        tally.append(good)


def write(page: str, graph: str) -> None:
    (DOCS / "model.md").write_text(page)
    (DOCS / "model.dot").write_text(graph)
    subprocess.run(["dot", "-Tsvg", "-o", DOCS / "model.svg", DOCS / "model.dot"], check=True)


LONG = """# The longer exploration

Made by `scripts/model --long` (under nice, beside other work, so that seconds are of little worth): every
scenario of [model.md](model.md) with one more fault than there, complete and with states in full. "ends: always"
was found within the bounds of model.md.

"""


def page_of(rows: list, edges: set) -> str:
    faults = len(re.findall(r"^    Fault\(", (pathlib.Path(__file__).parent / "mutants.py").read_text(),
                            re.M))
    return (INTRO.replace("{faults}", str(faults)) + HEAD + "".join(rows) + "\n## Edges\n\n"
            f"Every step before which nothing waits to be sent was projected to (state, event, what is sent, "
            f"next state): {len(edges)} different ones.\nEach is one of RFC 9293's, as `test/model/rfc.c` "
            "has them, written from its text. These leave their state:\n\n![States](model.svg)\n\nSolid: "
            "Figure 5. Dashed: the text. Dotted: beyond it. No scenario closes a listener, and aksu "
            "has no SEND in LISTEN: these are the\nedges of Figure 5 that are not here.\n\n" + edge_table(edges))


def main() -> None:
    folder = pathlib.Path(sys.argv[1]).resolve()
    longer = "--long" in sys.argv
    runs = []
    for s in scenarios(folder / "model_safety"):
        runs.append(run_one(folder, s, int(longer)))
        if longer:
            (DOCS / "model-long.md").write_text(LONG + HEAD + "".join(text for _, text, _ in runs))
    tally, rows = [good for good, _, _ in runs], [text for _, text, _ in runs]
    edges = set().union(*(seen for _, _, seen in runs))
    if "--write" in sys.argv and all(tally):
        write(page_of(rows, edges), dot(edges))
    elif all(tally) and not longer:
        check(tally, page_of(rows, edges), dot(edges))
    print(f"{sum(tally)} passed, {len(tally) - sum(tally)} failed")
    sys.exit(not all(tally))


main()
