# SPDX-License-Identifier: MIT
"""Runs a verifier that SPIN made on one scenario and reads what it says."""
import os
import pathlib
import re
import subprocess
import tempfile
from dataclasses import dataclass, field

import chart


@dataclass
class Result:
    scenario: str
    error: str  # empty: none
    complete: bool
    states: int
    transitions: int
    depth: int
    seconds: float
    megabytes: float
    edges: set = field(default_factory=set)
    chart: str = ""


def number(pattern: str, text: str) -> float:
    found = re.search(pattern, text, re.M)
    return float(found[1]) if found else 0.0


def without_claim(trail: pathlib.Path) -> None:
    """Makes the trail of a non-progress cycle one that the verifier of safety replays: up to the
    cycle's end, without the process that watches for it."""
    steps = [line.split(":") for line in trail.read_text().split()]
    if steps[0][0] == "-2":
        own = [s[2] for s in steps if s[1] == "1" and not s[0].startswith("-")]
        lines = ["-4:-4:-4"] + [f"{n}:0:{step}" for n, step in enumerate(own, 1)]
        trail.write_text("\n".join(lines) + "\n")


def explore(program: pathlib.Path, scenario: str, *options: str,
            replayer: pathlib.Path | None = None) -> Result:
    """Explores all states of a scenario: a name, and perhaps bounds as `name=value`. Counterexamples
    are replayed by another verifier, if one is given."""
    with tempfile.TemporaryDirectory(prefix="aksu-model-") as folder:
        edges = pathlib.Path(folder, "edges")
        env = os.environ | {"MODEL": scenario, "MODEL_EDGES": str(edges)}
        run = subprocess.run([program, "-m100000", *options], cwd=folder, env=env, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace")
        said = run.stdout
        error = re.search(r"^pan:1: (.*) \(at depth", said, re.M)
        good = "errors: 0" in said and "Search not completed" not in said and "reached" not in \
            said.split("State-vector")[0]
        seen = edges.read_text().splitlines() if edges.exists() else []
        result = Result(scenario, error[1] if error else "" if "errors: 0" in said else said[-500:],
                        good, int(number(r"^\s*([\d.e+]+) states, stored", said)),
                        int(number(r"^\s*([\d.e+]+) transitions", said)),
                        int(number(r"depth reached (\d+)", said)),
                        number(r"elapsed time ([\d.e+]+)", said),
                        number(r"^\s*([\d.]+)\s+total actual memory", said),
                        {tuple(line.split("\t")) for line in seen})
        trail = pathlib.Path(folder, "tcp.pml.trail")
        if error and trail.exists():
            without_claim(trail)
            result.chart = chart.replay(str(replayer or program), str(trail), scenario)
    return result
