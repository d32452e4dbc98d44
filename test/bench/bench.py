#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts the instructions that the library takes, and the frames that it sends.

usage: bench.py             x86-64 and Cortex-M3, -O2
       bench.py --check     compares them with test/bench/budget
       bench.py --all       Cortex-M0+, -Os and checksums that the MAC does as well
       bench.py --peers     beside lwIP, which Debian's source package gives
       bench.py --scale     with 4 to 100,000 connections
       bench.py --write     all of these, to docs/performance.md

Two stacks in one program, Ethernet + IPv4 + TCP. x86-64 is counted by callgrind, a Cortex-M by QEMU's
virtual time, both exactly. A segment carries 1460 octets; each figure is the difference of two
lengths of run, so warm-up is not in it, and it repeats exactly. Sending holds the sender's whole work
(its data in, its segments out, acknowledgments in), receiving the receiver's (segments in, read in
place, acknowledgments out). A pass of the loop is aksu_output() and aksu_idle(), with a deadline for
each connection. A hostile frame is one of test/hostile/hostile.json in a state that it is made for:
that which takes the most.
"""
import concurrent.futures
import pathlib
import sys

import build
import count
from build import HERE
from common import Tally, check_budget

PROFILES = ("lean", "standard")
MANY = ("-DROWS=64", "-DRING=2920")
NAMES = {"x86": "x86-64", "m3": "Cortex-M3", "m0plus": "Cortex-M0+"}


def programs(machine: str, level: str) -> dict:
    return {"few": build.aksu(machine, level), "many": build.aksu(machine, level, "many", MANY)}


def instructions(machine: str, level: str, profiles: tuple = PROFILES, offload: bool = False,
                 hostile: bool = True) -> tuple:
    """({profile.figure: instructions}, {profile.work: frames}, {profile: the hostile frame})"""
    made = programs(machine, level)
    figures, frames, worst = {}, {}, {}
    for profile in profiles:
        found, sent = count.measure(machine, made, profile, tuple(count.FIGURES), offload)
        figures |= {f"{profile}.{name}": n for name, n in found.items()}
        figures[f"{profile}.sum"] = found["send"] + found["receive"]
        frames |= {f"{profile}.{work}": n for work, n in sent.items()}
    if hostile:
        program = build.hostile(machine, level)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            found = pool.map(lambda profile: count.hostile(machine, program, profile), profiles)
        worst = dict(zip(profiles, found))
        figures |= {f"{p}.hostile": n for p, (n, *_) in worst.items()}
    return figures, frames, worst


def table(columns: dict) -> str:
    """columns: {heading: {figure: instructions}}"""
    lines = [f"{'':50}" + "".join(f"{heading:>22}" for heading in columns)]
    for name, text in count.TEXT.items():
        lines.append(f"{text:50}" + "".join(f"{found.get(name, ''):>22}" for found in columns.values()))
    return "\n".join(lines)


def columns_of(figures: dict, heading: str) -> dict:
    profiles = sorted({name.split(".")[0] for name in figures})
    return {f"{heading} {p}": {name.split(".")[1]: n for name, n in figures.items()
                               if name.startswith(f"{p}.")} for p in profiles}


def check_frames(tally: Tally, where: str, frames: dict) -> None:
    """No frame that no RFC asks for: one ACK for two full segments, an ACK rides on an answer."""
    for name, sent in frames.items():
        wanted = count.FRAMES[name.split(".")[1]]
        tally.check(f"{where} {name}: frames of each end, {sent[0]:g} and {sent[1]:g}",
                    [] if sent == wanted else [f"{wanted[0]:g} and {wanted[1]:g} are needed"])


def usual(check: bool) -> None:
    columns, budgeted, tally, said = {}, {}, Tally(), []
    measured = {m: instructions(m, "-O2") for m in ("x86", "m3")}
    for machine, (figures, _, worst) in measured.items():
        columns |= columns_of(figures, NAMES[machine])
        prefix = "" if machine == "x86" else f"{machine}."
        budgeted |= {prefix + name: n for name, n in figures.items()}
        said += [f"The hostile frame, {NAMES[machine]} {p}: {frame} (of {among})"
                 for p, (_, frame, among) in worst.items()]
    print("Instructions, gcc -O2\n", table(columns), "", *said, sep="\n")
    if check:
        print()
        for machine, (_, frames, _) in measured.items():
            check_frames(tally, NAMES[machine], frames)
        check_budget(tally, budgeted, HERE / "budget")
        tally.finish()


def everything() -> dict:
    columns = {}
    for machine, levels in (("x86", ("-O2", "-Os")), ("m3", ("-O2", "-Os")), ("m0plus", ("-O2", "-Os"))):
        for level in levels:
            figures, _, _ = instructions(machine, level)
            columns |= columns_of(figures, f"{machine} {level}")
            figures, _, _ = instructions(machine, level, ("lean",), True, False)
            columns |= columns_of(figures, f"{machine} {level} offl.")
    return columns


def main() -> None:
    option = sys.argv[1] if len(sys.argv) == 2 else ""
    if len(sys.argv) == 1 or option == "--check":
        usual(bool(option))
    elif option == "--all":
        print(table(everything()))
    else:
        sys.exit(__doc__)


main()
