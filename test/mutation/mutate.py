#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Changes lib/src/tcp in one place at a time and looks whether the unit and transition tests notice.

usage: mutate.py [--net] [--slice COUNT [--seed SEED]] [--only REGEX] [--list] [--write]
  --net    changes what stands beside TCP instead (lib/src/net, link.c, more.c): unit tests alone
  --slice  tries so many mutants, drawn by the seed (1), instead of all
  --only   tries those whose names match
  --list   lists mutants, and tries none
  --write  writes the score of the whole to docs/mutation.md

A mutant that nothing notices has to be in the file `survivors`, or `survivors_net`, with the reason.
"""
import argparse
import collections
import pathlib
import random
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
from lab import LONG, ROOT, SRC, Lab, Worker
from mutants import Mutant, mutants_of

# The program that is likeliest to notice, by the file that is changed; others follow by success.
FIRST = {"active.c": "transitions_timers", "arrives.c": "transitions_arrives",
         "board.c": "unit_board", "challenge.c": "transitions_arrives",
         "cubic.c": "unit_cubic", "lossy.c": "unit_lossy", "edges.c": "transitions_arrives",
         "handshake.c": "transitions_handshake", "newreno.c": "transitions_congestion",
         "plan.c": "transitions_sending", "predict.c": "transitions_predict",
         "ranges.c": "transitions_reassembly", "reassembly.c": "transitions_reassembly",
         "rack.c": "transitions_recovery_sack", "recovery.c": "transitions_congestion",
         "reply.c": "transitions_handshake",
         "rto.c": "transitions_timers", "sack.c": "transitions_options",
         "sequence.c": "transitions_arrives", "step.c": "transitions_timers",
         "timestamps.c": "transitions_options", "window.c": "transitions_sending",
         "link_local.c": "unit_claim", "pieces.c": "unit_reassemble", "more.c": "unit_link",
         "reassemble6.c": "unit_reassemble", "dns_tcp.c": "unit_dns"}


def all_mutants(net: bool) -> list:
    beside = [*(SRC / "net").glob("*.[ch]"), SRC / "link.c", SRC / "more.c"]
    return [m for path in sorted(beside if net else (SRC / "tcp").glob("*.[ch]"))
            for m in mutants_of(str(path.relative_to(SRC)), path.read_text())]


def explained(net: bool) -> dict:
    """The reason of each survivor that is known."""
    reasons = {}
    for line in (HERE / ("survivors_net" if net else "survivors")).read_text().splitlines():
        if line and not line.startswith("#"):
            name, reason = line.split(None, 1)
            reasons[name] = reason
    return reasons


class Trial:
    """Tries mutants and learns which program notices what."""

    def __init__(self, net: bool) -> None:
        self.lab = Lab("mutation")
        self.lab.programs = {name: program for name, program in self.lab.programs.items()
                             if not net or name.startswith("unit_")}
        self.texts = {}
        self.kills = collections.Counter()

    def order(self, file: str) -> list:
        first = FIRST.get(pathlib.Path(file).name, f"unit_{pathlib.Path(file).stem}")

        def rank(name: str) -> tuple:
            return name == LONG, name != first, -self.kills[file, name], "unit" in name, name
        return sorted(self.lab.programs, key=rank)

    def judge(self, worker: Worker, file: str) -> str:
        for name in self.order(file):
            if not worker.passes(self.lab.programs[name]):
                self.kills[file, name] += 1
                return name
        return "survived"

    def one(self, worker: Worker, mutant: Mutant) -> str:
        text = self.texts.setdefault(mutant.file, (SRC / mutant.file).read_text())
        verdict = worker.with_change(mutant.file, mutant.applied(text),
                                     lambda w: self.judge(w, mutant.file))
        print(f"{mutant.id:44} {verdict}", flush=True)
        return verdict

    def unchanged(self, worker: Worker, name: str) -> str:
        worker.restore()
        return "" if worker.passes(self.lab.programs[name]) else name


def table(mutants: list, verdicts: list) -> tuple:
    """The score of each file and of all as Markdown, and the mutants that survived."""
    files = collections.defaultdict(collections.Counter)
    survivors = []
    for mutant, verdict in zip(mutants, verdicts):
        kind = verdict if verdict in ("survived", "same code", "does not compile") else "noticed"
        for file in (mutant.file, "all"):
            files[file][kind] += 1
        if kind == "survived":
            survivors.append(mutant)
    lines = ["| file | mutants | no program | same machine code | noticed | survived | score |",
             "|---|--:|--:|--:|--:|--:|--:|"]
    for file, n in sorted(files.items(), key=lambda f: (f[0] == "all", f[0])):
        counted = n["noticed"] + n["survived"]
        score = f"{100 * n['noticed'] / counted:.1f} %" if counted else "-"
        lines.append(f"| {file} | {n.total()} | {n['does not compile']} | {n['same code']} | "
                     f"{n['noticed']} | {n['survived']} | {score} |")
    return "\n".join(lines), survivors


PAGE = """# Mutation testing

`scripts/mutate` changes lib/src/tcp in one place at a time: conditions negated, comparisons and
constants shifted, operators exchanged, statements dropped. Each mutant runs against the unit and
transition tests until one of them fails. A mutant that compiles to the same machine code as the
original (gcc -O1) is no mutant. CI tries a slice (`ctest --test-dir build/default -R mutation`);
`nice -n 19 scripts/mutate --write` tries all and writes this page. `scripts/mutate --net` does the same
to what stands beside TCP, of which not all survivors are explained yet.

{table}

## Survivors

What each change does, and why no test notices it.

| mutant | change | why it survives |
|---|---|---|
{survivors}
"""


def write_page(scores: str, survivors: list, reasons: dict) -> None:
    rows = "\n".join(f"| {m.id} | `{m.what}` | {reasons.get(m.id, 'not explained yet')} |"
                     .replace("||", "\\|\\|") for m in survivors)
    (ROOT / "docs" / "mutation.md").write_text(PAGE.format(table=scores, survivors=rows))


def chosen(args: argparse.Namespace) -> list:
    """The mutants to try, those that are known to survive first."""
    mutants = [m for m in all_mutants(args.net) if re.search(args.only, m.id)]
    if args.slice:
        mutants = random.Random(args.seed).sample(mutants, min(args.slice, len(mutants)))
    return sorted(mutants, key=lambda m: m.id not in explained(args.net))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--net", action="store_true")
    parser.add_argument("--slice", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    mutants = chosen(args)
    if args.list:
        print("\n".join(f"{m.id:44} {m.file}:{m.line} {m.what}" for m in mutants))
        return
    trial = Trial(args.net)
    broken = [name for name in trial.lab.each(sorted(trial.lab.programs), trial.unchanged) if name]
    if broken:
        sys.exit(f"these fail without any change: {', '.join(broken)}\n0 passed, 1 failed")
    verdicts = trial.lab.each(mutants, trial.one)
    scores, survivors = table(mutants, verdicts)
    reasons = explained(args.net)
    print(scores)
    unknown = [m for m in survivors if m.id not in reasons]
    net = "_net" if args.net else ""
    for mutant in unknown:
        print(f"FAIL  {mutant.id} lib/src/{mutant.file}:{mutant.line} {mutant.what}\n"
              f"      survives: write a test, or the reason into test/mutation/survivors{net}")
    if args.write and not args.net:
        write_page(scores, survivors, reasons)
        for name in sorted(reasons.keys() - {m.id for m in survivors}):
            print(f"no survivor any more, take it out of test/mutation/survivors: {name}")
    print(f"{len(mutants) - len(unknown)} passed, {len(unknown)} failed")
    sys.exit(1 if unknown else 0)


main()
