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

HERE = pathlib.Path(__file__).resolve().parent
DOCS = HERE.parents[1] / "docs"
NOT_TAKEN = "aksu has no SEND in LISTEN."
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
        "| s | MB | complete | ends |\n|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|---|\n")


def row(s: Scenario, faults: int, r: Result, ends: str) -> str:
    return (f"| {s.name} | {s.about} | {s.writes} of {s.chunk} | {s.ring} | {s.capacity} | {faults} | "
            f"{r.states} | {r.transitions} | {r.depth} | {r.seconds:.1f} | {r.megabytes:.0f} | "
            f"{r.error or ('yes' if r.complete else 'no')} | {ends} |\n")


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
        ends = "always" if good else "not always"
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


def ways_known(verifier: pathlib.Path) -> set:
    """(state, event, next state, kind, section) of what test/model/rfc.c allows."""
    run = subprocess.run([verifier], env={"MODEL": "rules"}, capture_output=True, text=True,
                         check=True)
    return {tuple(line.split("\t")) for line in run.stdout.splitlines()}


def figure(known: set, edges: set) -> str:
    """Which edges of Figure 5 were taken."""
    arcs = {(start, end) for start, _, end, kind, _ in known if kind == "figure"}
    left = arcs - {(start, end) for start, _, _, end, _, _ in edges}
    names = ", ".join(f"{start} -> {end}" for start, end in sorted(left))
    return (f"Of the {len(arcs)} edges of Figure 5 {len(arcs) - len(left)} were taken; not {names}: "
            f"{NOT_TAKEN}")


def list_extra(edges: set) -> str:
    """What neither Figure 5 nor the text has as such, with where it follows from."""
    ways = {(STATES.index(start), event, STATES.index(end), section)
            for start, event, _, end, kind, section in edges if kind == "extra"}
    return "".join(f"* {STATES[start]} -> {STATES[end]} by {event}: {section}\n"
                   for start, event, end, section in sorted(ways))


def list_left(known: set, edges: set) -> str:
    """What the rules allow and no scenario met."""
    left: dict = {}
    seen = {(start, event, end) for start, event, _, end, _, _ in edges}
    for start, event, end, _, section in sorted(known):
        if (start, event, end) not in seen:
            left.setdefault((STATES.index(start), STATES.index(end), section), []).append(event)
    return "".join(f"* {STATES[start]} -> {STATES[end]} by {' or '.join(events)}: {section}\n"
                   for (start, end, section), events in sorted(left.items()))


def counterexample(build: pathlib.Path) -> str:
    """How the model tells of a fault: of one of those that mutants.py puts into the core."""
    name = "FIN not retransmitted"
    run = subprocess.run([sys.executable, "-B", HERE / "mutants.py", build, "--charts", name],
                         capture_output=True, text=True, check=True)
    told = "\n".join(run.stdout.splitlines()[:-1])
    return f"""## A counterexample

What `model.py` prints for a property that does not hold, here with the fault "{name}" in the core:

```
{told}
```

"""


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
  timeout) only when no retransmission but a SYN's is due either; in `impatient` that holds for none. On a
  board a run was sent just now or, once a timer of its connection has expired, long ago.
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

"complete": no state within the bounds was left out, and none is kept by its hash alone. Seconds and memory
are those of one core of the machine that wrote this page, which had other work, too. `scripts/model --long`
goes one fault further: [model-long.md](model-long.md).

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
scenario of [model.md](model.md) with one more fault than there, states in full. "ends: always" was found
within the bounds of model.md.

"""

EDGES = """## Edges

Every step was projected to (state, event, what is sent, next state) and looked up in RFC 9293's diagram and
text, as `test/model/rfc.c` has them: {count} different ones. (Where segments waited already before the step,
what it sends is not known, and its two states and event alone are looked up.)

{figure}

![States](model.svg)

Solid: Figure 5. Dashed: the text. Dotted: beyond it.

### Beyond the diagram

{extra}
### Allowed, and not met

What the RFC allows and no scenario does ([model-long.md](model-long.md) meets some of it):

{left}
### What leaves a state

"""


def page_of(rows: list, edges: set, build: pathlib.Path) -> str:
    faults = len(re.findall(r"^    Fault\(", (HERE / "mutants.py").read_text(), re.M))
    known = ways_known(build / "bin/model_safety")
    return (INTRO.replace("{faults}", str(faults)) + HEAD + "".join(rows) + "\n" +
            (counterexample(build) if "--write" in sys.argv else "") +
            EDGES.format(count=len(edges), figure=figure(known, edges), extra=list_extra(edges),
                         left=list_left(known, edges)) + edge_table(edges))


def long_page(rows: list, edges: set) -> str:
    """With the edges that are not in model.md."""
    have = (DOCS / "model.md").read_text().splitlines()
    lines = edge_table(edges).splitlines()
    new = [line for line in lines[2:] if line not in have]
    return (LONG + HEAD + "".join(rows) + "\n## Edges that are not in model.md\n\n" +
            "\n".join(lines[:2] + new) + "\n")


def main() -> None:
    folder = pathlib.Path(sys.argv[1]).resolve()
    longer = "--long" in sys.argv
    runs = []
    for s in scenarios(folder / "model_safety"):
        runs.append(run_one(folder, s, int(longer)))
        if longer:  # what is done already is worth keeping
            edges = set().union(*(seen for _, _, seen in runs))
            (DOCS / "model-long.md").write_text(long_page([text for _, text, _ in runs], edges))
    tally, rows = [good for good, _, _ in runs], [text for _, text, _ in runs]
    edges = set().union(*(seen for _, _, seen in runs))
    if "--write" in sys.argv and all(tally):
        write(page_of(rows, edges, folder.parent), dot(edges))
    elif all(tally) and not longer:
        check(tally, page_of(rows, edges, folder.parent), dot(edges))
    print(f"{sum(tally)} passed, {len(tally) - sum(tally)} failed")
    sys.exit(not all(tally))


main()
