#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts the instructions that the library takes, and the frames that it sends.

usage: bench.py              x86-64 and Cortex-M3, -O2
       bench.py --check      compares them with test/bench/budget, and docs/performance.md with them
       bench.py --all        Cortex-M0+, -Os and checksums that the MAC does as well
       bench.py --peers      beside lwIP, from Debian's source package: flash, RAM, instructions, goodput
       bench.py --scale      with 4 to 100,000 connections
       bench.py --throughput between aksu and Linux (root)
       bench.py --profile x86|m3|m0plus bulk|request|connect|refused
                             where they go, by function of both ends: lean, -O2
       bench.py --write [instructions|all|peers|scale|throughput|sizes]...
                             tables and plots of docs/performance.md anew; all of them, if none is named

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
import hot
import page
import peers
import throughput
from build import HERE
from common import Tally, check_budget

PROFILES = ("lean", "standard")
MANY = ("-DROWS=64", "-DRING=2920")
GROWN_MAX = 10  # %, instructions of an exchange among many connections beside one among four
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
    return page.markdown("instructions", columns, count.TEXT)


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


def usual() -> tuple:
    """({heading: {figure: instructions}} of a machine, what was measured of it), for each."""
    measured = {m: instructions(m, "-O2") for m in ("x86", "m3")}
    measured["m3asm"] = instructions("m3asm", "-O2", ("lean",), hostile=False)
    columns = {m: columns_of(measured[m][0], NAMES[m]) for m in ("x86", "m3")}
    columns["m3"] |= columns_of(measured["m3asm"][0], "Cortex-M3 with assembly,")
    return columns, measured


def shown(columns: dict) -> str:
    """The usual table; what glibc's memcpy makes of x86-64's figures differs between processors."""
    return table({heading: found for each in columns.values() for heading, found in each.items()})


def scale_programs(sizes: tuple) -> dict:
    return {n: build.aksu("x86", "-O2", f"rows{n}", (f"-DROWS={n}", "-DRING=128", "-DPORTS=4"))
            for n in sizes}


def check_scale(tally: Tally) -> None:
    few, many = count.SCALE[0], 1000  # the most: the tables of more are not much deeper
    found = count.scale(scale_programs((few, many)))
    grown = 100 * found[many][0] / found[few][0] - 100
    tally.check(f"an exchange takes {grown:.1f} % more with {many} connections than with {few}",
                [] if grown <= GROWN_MAX else [f"{GROWN_MAX} % at most"])


def check() -> None:
    columns, measured = usual()
    budgeted, tally = {}, Tally()
    for machine, (figures, frames, worst) in measured.items():
        prefix = "" if machine == "x86" else f"{machine}."
        budgeted |= {prefix + name: n for name, n in figures.items()}
        for p, (_, frame, among) in worst.items():
            print(f"The hostile frame, {machine} {p}: {frame} (of {among})")
        check_frames(tally, machine, frames)
    print(f"\n{shown(columns)}\n")
    check_budget(tally, budgeted, HERE / "budget")
    check_scale(tally)
    tally.check("docs/performance.md has the Cortex-M3's figures",
                [] if page.block("cortex-m3") == table(columns["m3"])
                else ["it is stale: scripts/bench --write instructions"])
    tally.finish()


def everything() -> dict:
    """{machine: {heading: {figure: instructions}}}"""
    found = {}
    for machine in NAMES:
        found[machine] = {}
        for level in ("-O2", "-Os"):
            figures, _, _ = instructions(machine, level)
            found[machine] |= columns_of(figures, level)
            figures, _, _ = instructions(machine, level, ("lean",), True, False)
            found[machine] |= {f"{level} lean, MAC's checksums": {
                name.split(".")[1]: n for name, n in figures.items()}}
    return found


def all_text() -> str:
    return "\n\n".join(page.markdown(f"instructions, {NAMES[machine]}", columns, count.TEXT)
                       for machine, columns in everything().items())


def beside(source: pathlib.Path) -> dict:
    """{(machine, offload): {stack: {figure: instructions}}}"""
    found = {}
    for machine in NAMES:
        made = programs(machine, "-O2")
        for offload in (False, True):
            own, _ = count.measure(machine, made, "lean", peers.FIGURES, offload)
            found[machine, offload] = {"aksu": own} | peers.lwip_instructions(source, machine, "-O2",
                                                                             offload)
    return found


def peers_text(draw: bool = False) -> str:
    source = peers.fetch()
    found, echoes, lossy = beside(source), peers.echoes(source), peers.goodput(source)
    parts = [f"{NAMES[machine]}, -O2, checksums {'by the MAC' if offload else 'in software'}:\n\n"
             + peers.ratio_table(stacks) for (machine, offload), stacks in found.items()]
    if draw:
        peers.draw(found, echoes, lossy)
    return "\n\n".join([peers.echo_table(echoes), peers.goodput_table(lossy), *parts])


def scale_text(draw: bool = False) -> str:
    found = count.scale(scale_programs(count.SCALE))
    if draw:
        page.plot("scale", "set logscale x\nset yrange [0:]\nset xlabel 'connections'\n"
                  "set ylabel 'instructions, x86-64 -O2'\nplot $data using 1:2 with linespoints "
                  "title 'an exchange', $data using 1:3 with linespoints title 'of it, the heap', "
                  "$data using 1:4 with linespoints title 'a pass'",
                  [[n, *each[:3]] for n, each in found.items()])
    first = found[count.SCALE[0]][0]
    columns = {f"{n:,}": {"exchange": round(each[0]), "grown": f"{100 * each[0] / first - 100:+.1f} %",
                          "heap": round(each[1]), "pass": round(each[2]), "row": each[3]}
               for n, each in found.items()}
    return page.markdown("connections", columns, {
        "exchange": "a request, its answer, the last acknowledgment: instructions of both ends",
        "grown": "more than with 4", "heap": "of it, putting deadlines in order",
        "pass": "a pass of the loop: finding the earliest deadline",
        "row": "octets of RAM of a connection, all but its rings"})


def throughput_text(draw: bool = False) -> str:
    found = throughput.measure(build.host() / "bin", 100 * throughput.PART)
    if draw:
        page.bars("throughput", "% of Linux to Linux over veth",
                  {"share": {name: each[0] for name, each in found.items()}},
                  {name: f"{name[0]}, {name[1]}" for name in found})
    return throughput.table(found)


def write(names: list) -> None:
    """Puts tables into the page; says each when it is there."""
    for name in names or ["instructions", "all", "peers", "scale", "throughput", "sizes"]:
        if name == "instructions":
            columns, _ = usual()
            page.put("cortex-m3", table(columns["m3"]))
            page.put("x86-64", table(columns["x86"]))
        elif name == "sizes":
            sizes()
        else:
            text = {"all": all_text, "peers": lambda: peers_text(True),
                    "scale": lambda: scale_text(True), "throughput": lambda: throughput_text(True)}
            page.put(name, text[name]())
        print(f"{name}: written", flush=True)


def sizes() -> None:
    sys.path.insert(0, str(HERE.parent / "size"))
    import images  # pylint: disable=import-outside-toplevel

    found = images.tables(build.OUT / "images")
    for name in ("images", "features", "files", "HTTP server"):
        page.put(name, found[name])
    columns = {f"{m} {level}": {i: found["figures"][m, level, i] for i in images.IMAGES}
               for m in images.MACHINES for level in images.LEVELS}
    page.bars("images", "octets of flash", columns, {i: i for i in images.IMAGES})


def main() -> None:
    option, *rest = sys.argv[1:] or [""]
    one = {"": lambda: print(shown(usual()[0])), "--check": check, "--all": lambda: print(all_text()),
           "--peers": lambda: print(peers_text()), "--scale": lambda: print(scale_text()),
           "--throughput": lambda: print(throughput_text())}
    if option == "--write":
        write(rest)
    elif option == "--profile" and len(rest) == 2:
        for n, name in hot.functions(rest[0], build.aksu(rest[0], "-O2"), rest[1]):
            print(f"{n:10.1f} {name}")
    elif option in one and not rest:
        one[option]()
    else:
        sys.exit(__doc__)


main()
