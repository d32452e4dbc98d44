# SPDX-License-Identifier: MIT
"""Where the instructions go: by function, of both ends, for one segment, request or connection."""
import bisect
import collections
import pathlib
import re

import count
from build import MACHINES
from common import output, run

FEW, MORE = 50, 150
HARNESS = {"turn", "settle", "open_one", "check", "until_done", "one_by_one", "main", "idle", "exchange",
           "uncounted", "known", "paint", "look", "passed"}


def symbols(program: pathlib.Path, prefix: str) -> tuple:
    """(addresses, names) of functions, in order."""
    listed = re.findall(r"^(\w+) [tT] (\S+)$", output([f"{prefix}nm", "-n", program]), re.M)
    return [int(at, 16) for at, _ in listed], [name.split(".")[0] for _, name in listed]


def traced(machine: str, program: pathlib.Path, words: list) -> collections.Counter:
    """Instructions of each function: QEMU writes down every one of them."""
    file = program.with_suffix(".trace")
    addresses, names = symbols(program, MACHINES[machine].prefix)
    found = collections.Counter()
    done = run([*count.command(machine, program, words), "-singlestep", "-d", "nochain,exec", "-D", file])
    if done.returncode:
        count.fail([program, *words], done.stdout)
    with open(file, encoding="ascii") as lines:
        for line in lines:
            if at := re.search(r"\[\w+/(\w+)/", line):
                found[names[bisect.bisect_right(addresses, int(at[1], 16)) - 1]] += 1
    file.unlink()
    return found


def sampled(program: pathlib.Path, words: list) -> collections.Counter:
    """The same from callgrind, which leaves out what is not counted."""
    line = count.command("x86", program, words)
    file = pathlib.Path(line[2].split("=", 1)[1])
    done = run(line)
    if done.returncode:
        count.fail(line, done.stdout)
    text = run(["callgrind_annotate", "--threshold=100", file]).stdout
    file.unlink()
    found = collections.Counter()
    for octets, name in re.findall(r"^\s*([\d,]+) \([^)]*\)\s+\S+?:([\w.]+)", text, re.M):
        found[name] += int(octets.replace(",", ""))
    return found


def functions(machine: str, program: pathlib.Path, work: str) -> list:
    """[(instructions, function)], the most first: what a longer run takes more than a shorter one."""
    few, more = (traced(machine, program, [work, "lean", n, 1]) if MACHINES[machine].prefix
                 else sampled(program, [work, "lean", n, 1]) for n in (FEW, MORE))
    found = [((more[name] - few[name]) / (MORE - FEW), name) for name in more
             if name not in HARNESS and not name.startswith("meter_")]
    return sorted((each for each in found if each[0] > 0), reverse=True)
