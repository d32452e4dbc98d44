#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts the instructions that the library takes on x86-64, with callgrind.

usage: bench.py [--check]

Two stacks in one program, Ethernet + IPv4 + TCP, checksums in software, gcc -O2. A segment carries
1460 octets; each figure is the difference of two lengths of run, so warm-up is not in it, and it
repeats exactly. Sending holds the sender's whole work (its data in, its segments out, acknowledgments
in), receiving the receiver's (segments in, read in place, acknowledgments out). A hostile frame is
one of test/hostile/hostile.json in a state that it is made for: that which takes the most. With
--check the figures are compared with test/bench/budget.
"""
import math
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "checks"))
from common import INCLUDES, ROOT, SRC, Tally, check_budget, in_parallel, output  # noqa: E402
from common import own_folder  # noqa: E402

OUT = own_folder("bench")
PROFILES = ("lean", "standard")
CLIENT, SERVER = ("client_in", "client_out"), ("server_in", "server_out")
BOTH = (*CLIENT, *SERVER, "client_connect")
FIGURES = {
    "send": ("bulk", CLIENT),
    "receive": ("bulk", SERVER),
    "request": ("request", BOTH),
    "connect": ("connect", BOTH),
}
TEXT = {
    "send": "send a segment of 1460 octets",
    "receive": "receive one",
    "sum": "both",
    "request": "request and response of 64 octets, both ends",
    "connect": "connect and close, both ends",
    "hostile": "take in a hostile frame, at most",
}
SHORT, LONG = 500, 1500
HOSTILE = HERE.parent / "hostile"


def build() -> None:
    output(["cmake", "-S", ROOT, "--preset", "release", "-B", OUT, "-DAKSU_PORTS=OFF",
            "-DAKSU_EXAMPLES=OFF", "-DAKSU_TESTS=OFF"])
    output(["cmake", "--build", OUT])
    gcc = ["gcc", "-O2", "-g", "-std=c99", *INCLUDES]
    output([*gcc, HERE / "bench.c", OUT / "lib/libaksu.a", "-o", OUT / "bench"])
    output([sys.executable, HOSTILE / "table.py", HOSTILE / "hostile.json", OUT / "cases.inc"])
    parts = [HOSTILE / f"{name}.c" for name in ("host", "image", "states", "table", "wire")]
    output([*gcc, f"-I{SRC}", f"-I{HOSTILE}", f"-I{OUT}", HERE / "hostile.c", *parts,
            OUT / "lib/libaksu.a", "-o", OUT / "hostile"])


def hostile() -> dict:
    """The frame that takes the most, by profile: (instructions, which, of how many)."""
    files = [OUT / f"hostile.{p}" for p in PROFILES]
    commands = [["valgrind", "--tool=callgrind", f"--callgrind-out-file={file}",
                 "--combine-dumps=yes", "--toggle-collect=take_in", "--dump-after=take_in",
                 OUT / "hostile", p] for p, file in zip(PROFILES, files)]
    worst = {}
    for p, file, result in zip(PROFILES, files, in_parallel(commands)):
        frames = [line for line in result.stdout.splitlines() if not line.startswith("==")]
        counts = [int(n) for n in re.findall(r"^totals: (\d+)", file.read_text(), re.M)]
        counts = counts[:len(frames)]  # what is left is the exit
        if result.returncode or len(counts) != len(frames) or not all(counts):
            print(result.stdout, "0 passed, 1 failed", sep="\n")
            sys.exit(1)
        worst[p] = (*max(zip(counts, frames)), len(frames))
        file.unlink()
    return worst


def measure(program: pathlib.Path) -> dict:
    """Instructions of each figure, by profile and name."""
    names = [(p, f) for p in PROFILES for f in FIGURES]
    commands = [["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                 *[f"--toggle-collect={function}" for function in FIGURES[f][1]],
                 program, FIGURES[f][0], p, str(n)] for p, f in names for n in (SHORT, LONG)]
    counts = []
    for command, result in zip(commands, in_parallel(commands)):
        found = re.search(r"Collected : (\d+)", result.stdout)
        if result.returncode or not found:
            print(" ".join(map(str, command)), result.stdout, "0 passed, 1 failed", sep="\n")
            sys.exit(1)
        counts.append(int(found[1]))
    figures = {}
    for i, (p, f) in enumerate(names):
        figures[f"{p}.{f}"] = math.ceil((counts[2 * i + 1] - counts[2 * i]) / (LONG - SHORT))
    for p in PROFILES:
        figures[f"{p}.sum"] = figures[f"{p}.send"] + figures[f"{p}.receive"]
    return figures


def main() -> None:
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit("usage: bench [--check]")
    build()
    figures = measure(OUT / "bench")
    worst = hostile()
    figures |= {f"{p}.hostile": count for p, (count, *_) in worst.items()}
    print(f"Instructions on x86-64, gcc -O2\n\n{'':46}" + "".join(f"{p:>10}" for p in PROFILES))
    for name, text in TEXT.items():
        print(f"{text:46}" + "".join(f"{figures[f'{p}.{name}']:10}" for p in PROFILES))
    print()
    for p, (_, frame, among) in worst.items():
        print(f"The hostile frame, {p}: {frame} (of {among})")
    if sys.argv[1:]:
        print()
        tally = Tally()
        check_budget(tally, figures, HERE / "budget")
        tally.finish()


main()
