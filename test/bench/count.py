# SPDX-License-Identifier: MIT
"""Counts what the bench's programs take: under callgrind, or in QEMU, which counts itself."""
import pathlib
import re
import sys

from build import HERE, MACHINES
from common import in_parallel, run

COUNTED = [f"{side}_{f}" for side in ("client", "server")
           for f in ("in", "out", "open", "send", "tick")]
QEMU = ["timeout", "120", "qemu-system-arm", "-M", "mps2-an385", "-icount", "shift=10", "-display",
        "none", "-monitor", "none", "-serial", "none", "-nic", "none", "-chardev", "stdio,id=text",
        "-semihosting-config", "enable=on,target=native,chardev=text", "-kernel"]
CLIENT, SERVER = ("client_in", "client_out"), ("server_in", "server_out")
BOTH = (*CLIENT, *SERVER, "client_open")
# figure: what runs, with how many connections, and the functions that count
FIGURES = {
    "send": ("bulk", 1, CLIENT),
    "receive": ("bulk", 1, SERVER),
    "request": ("request", 1, BOTH),
    "connect": ("connect", 1, BOTH),
    "refused": ("refused", 1, SERVER),
    "idle1": ("idle", 1, ("client_tick",)),
    "idle4": ("idle", 4, ("client_tick",)),
    "idle64": ("idle", 64, ("client_tick",)),
}
TEXT = {
    "send": "send a segment of 1460 octets",
    "receive": "receive one",
    "sum": "both",
    "request": "request and response of 64 octets, both ends",
    "connect": "connect and close, both ends",
    "refused": "a segment to no connection, and its RST",
    "idle1": "a pass of the loop, nothing to do, 1 connection",
    "idle4": "the same, 4 connections",
    "idle64": "the same, 64 connections",
    "hostile": "take in a hostile frame, at most",
}
# What each end sends for one segment, request, connection; nothing when nothing happens.
FRAMES = {"bulk": (1, 0.5), "request": (1, 1), "connect": (3, 2), "refused": (1, 1), "idle": (0, 0)}
SHORT, LONG = 200, 1200


def fail(command: list, text: str) -> None:
    print(" ".join(map(str, command)), text, "0 passed, 1 failed", sep="\n")
    sys.exit(1)


def command(name: str, program: pathlib.Path, words: list) -> list:
    if MACHINES[name].prefix:
        return [*QEMU, program, "-append", " ".join(map(str, words))]
    file = program.with_name(f"{program.name}.{'.'.join(map(str, words))}.callgrind")
    return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={file}", "--toggle-collect=uncounted",
            *[f"--toggle-collect={f}" for f in COUNTED], program, *words]


def inclusive(file: pathlib.Path) -> dict:
    """What each counted function took, from what callgrind wrote."""
    text = run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", file]).stdout
    found = re.findall(r"^\s*([\d,]+) \([^)]*\)\s+\S*:((?:client|server|aksu_table)_\w+)", text, re.M)
    file.unlink()
    return {function: int(count.replace(",", "")) for count, function in found}


def counts(name: str, runs: list) -> list:
    """Runs programs, [(program, words)]. Returns for each what its functions took, and its frames."""
    commands = [command(name, *r) for r in runs]
    results = []
    for (program, words), line, done in zip(runs, commands, in_parallel(commands)):
        frames = re.search(r"^frames (\d+) (\d+)", done.stdout, re.M)
        if done.returncode or not frames:
            fail(line, done.stdout)
        found = {f: int(n) for f, n in re.findall(r"^(\w+) (\d+)$", done.stdout, re.M)}
        if not MACHINES[name].prefix:
            found |= inclusive(pathlib.Path(line[2].split("=", 1)[1]))
        results.append(found | {"frames": (int(frames[1]), int(frames[2]))})
    return results


def measure(name: str, programs: dict, profile: str, figures: tuple, offload: bool = False) -> tuple:
    """Instructions of each figure, and the frames of each kind of work: what a longer run takes more
    than a shorter one. programs: {"few": for up to 4 connections, "many": for 64}."""
    works = sorted({FIGURES[f][:2] for f in figures})
    runs = [(programs["many" if work == "idle" else "few"],
             [work, profile, length, connections, *["offload"] * offload])
            for work, connections in works for length in (SHORT, LONG)]
    results = dict(zip([(w, length) for w in works for length in (SHORT, LONG)], counts(name, runs)))

    def more(figure: str) -> int:
        work, connections, functions = FIGURES[figure]
        short, long = (results[(work, connections), n] for n in (SHORT, LONG))
        total = sum(long.get(f, 0) - short.get(f, 0) for f in functions)
        return -(-total // (LONG - SHORT))

    frames = {work: tuple((b - a) / (LONG - SHORT) for a, b in
                          zip(results[(work, c), SHORT]["frames"], results[(work, c), LONG]["frames"]))
              for work, c in works}
    return {f: more(f) for f in figures}, frames


def hostile(name: str, program: pathlib.Path, profile: str) -> tuple:
    """The frame that takes the most: (instructions, which, of how many)."""
    if MACHINES[name].prefix:
        done = run([*QEMU, program, "-append", profile])
        lines = re.findall(r"^(\d+) (.+)$", done.stdout, re.M)
        if done.returncode or not lines:
            fail([program], done.stdout)
        return (*max((int(count), frame) for count, frame in lines), len(lines))
    file = program.with_name(f"hostile.{profile}")
    line = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={file}", "--combine-dumps=yes",
            "--toggle-collect=take_in", "--dump-after=take_in", program, profile]
    done = run(line)
    frames = re.findall(r"^0 (.+)$", done.stdout, re.M)
    found = [int(n) for n in re.findall(r"^totals: (\d+)", file.read_text(), re.M)]
    found = found[:len(frames)]  # what is left is the exit
    if done.returncode or not found or len(found) != len(frames) or not all(found):
        fail(line, done.stdout)
    file.unlink()
    return (*max(zip(found, frames)), len(frames))


SCALE = (4, 64, 1000, 10000, 100000)
HEAP = ("aksu_table_schedule", "aksu_table_unschedule")


def scale(programs: dict) -> dict:
    """{connections: (instructions of an exchange, of them the heap's, of a pass of the loop, octets of
    RAM for a connection)}: a request, its answer and the acknowledgment, on connections at random, each
    with a deadline. programs: {connections: program}"""
    runs = [(program, [work, "lean", length, n]) for n, program in programs.items()
            for work in ("scale", "idle") for length in (SHORT, LONG)]
    found, results = counts("x86", runs), {}
    for i, n in enumerate(programs):
        short, long, still, idle = found[4 * i:4 * i + 4]
        grown = {f: (long.get(f, 0) - short.get(f, 0)) / (LONG - SHORT) for f in long if f != "frames"}
        frames = [(b - a) / (LONG - SHORT) for a, b in zip(short["frames"], long["frames"])]
        if frames != [2, 1]:
            fail(runs[4 * i], f"{frames} frames of each end for an exchange")
        passes = (idle["client_tick"] - still["client_tick"]) / (LONG - SHORT)
        results[n] = (sum(grown.get(f, 0) for f in (*BOTH, "client_send")),
                      sum(grown.get(f, 0) for f in HEAP), passes, long["row"])
    return results
