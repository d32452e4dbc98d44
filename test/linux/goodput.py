#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures transfers through an emulated link in real time, and prints a table in Markdown.

usage: goodput.py BIN-FOLDER [OPTION]...        (root; see --help and docs/linux-link.md)
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

from emulated import TIMEOUT, Transfer, transfer

PAIRS = "reno-linux,cubic-linux,aksu-linux,reno-aksu,cubic-aksu,aksu-aksu"
CELLS = "0,0.1,1,3,5,reorder"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("bin", type=pathlib.Path, help="where aksu-host and tap-link are")
    parser.add_argument("--pairs", default=PAIRS, help="SENDER-RECEIVER,...: reno, cubic, ... or "
                        "aksu[:PROFILE]; linux or aksu[:PROFILE]")
    parser.add_argument("--cells", default=CELLS, help="loss in percent, or reorder: 1 %% of the "
                        "frames come 4 ms late; or burst: Gilbert-Elliott")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--octets", type=int, default=4000000)
    parser.add_argument("--rate", type=int, default=10000000, help="bit/s")
    parser.add_argument("--delay-us", type=int, default=10000, help="each way")
    parser.add_argument("--queue", type=int, default=50, help="frames")
    parser.add_argument("--burst", default="0.005,0.25", help="of the cell burst: tap-link's option")
    parser.add_argument("--loss-after-queue", action="store_true")
    parser.add_argument("--jobs", type=int, default=1, help="transfers at a time")
    parser.add_argument("--json", type=pathlib.Path, help="where every transfer's figures go")
    return parser.parse_args()


def link_options(args: argparse.Namespace, cell: str, seed: int) -> list:
    chance = {"reorder": ["--reorder", "0.01", "--reorder-us", "4000"],
              "burst": ["--burst", args.burst]}
    return ["--rate", args.rate, "--delay-us", args.delay_us, "--queue", args.queue, "--seed", seed,
            *(["--loss-after-queue"] if args.loss_after_queue else []),
            *(chance[cell] if cell in chance else ["--loss", float(cell) / 100])]


def percent(args: argparse.Namespace, done: Transfer) -> float:
    return 100 * done.octets * 8 / (done.us / 1e6) / args.rate if done.us else 0.0


def pattern(args: argparse.Namespace, folder: pathlib.Path) -> pathlib.Path:
    file = folder / "pattern"
    with open(file, "wb") as out:
        subprocess.run([args.bin / "interop_pattern", str(args.octets)], check=True, stdout=out)
    return file


def prompt() -> bool:
    """Whether the programs can be run before all others: a busy machine then matters little."""
    return subprocess.run(["chrt", "--fifo", "1", "true"], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


def measure(args: argparse.Namespace) -> dict:
    """(pair, cell) -> percent of the rate, one for each seed."""
    results, log, hurry = {}, [], prompt()
    seeds = range(args.first_seed, args.first_seed + args.seeds)

    def one(job: tuple) -> None:
        pair, cell, seed = job
        try:
            done = transfer(args.bin, file, *pair.split("-"), link_options(args, cell, seed), hurry)
        except subprocess.TimeoutExpired:  # in bursts each retransmission may be lost, for minutes
            results.setdefault((pair, cell), []).append(0.0)
            print(f"{pair} {cell} seed {seed}: UNFINISHED after {TIMEOUT} s, counts as 0", flush=True)
            return
        if not done.good:
            raise RuntimeError(f"{pair}, {cell}, seed {seed}: not what was sent: {done}")
        if any(counts[what] for counts in (done.there, done.back)
               for what in ("refused", "unwritten")):
            raise RuntimeError(f"{pair}, {cell}, seed {seed}: too much for the link: {done}")
        results.setdefault((pair, cell), []).append(percent(args, done))
        log.append({"pair": pair, "cell": cell, "seed": seed, "percent": percent(args, done),
                    "us": done.us, "retransmitted": done.retransmitted, "there": done.there,
                    "back": done.back})
        print(f"{pair} {cell} seed {seed}: {percent(args, done):.1f} %, {done.retransmitted} sent "
              f"again, {done.there['lost']} lost, {done.there['dropped']} dropped", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        file = pattern(args, pathlib.Path(folder))
        jobs = [(pair, cell, seed) for seed in seeds for cell in args.cells.split(",")
                for pair in args.pairs.split(",")]
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            list(pool.map(one, jobs))
    if args.json:
        args.json.write_text(json.dumps(log, indent=1) + "\n")
    behind = [counts for done in log for counts in (done["there"], done["back"])]
    print(f"frames arrived {statistics.median(c['behind_us'] for c in behind):.0f} us behind their "
          f"time (median of the means), {max(c['worst_us'] for c in behind)} us at worst")
    print(f"{'first in line for a processor' if hurry else 'NO REAL-TIME PRIORITY'}, "
          f"{args.jobs} at a time, load average {os.getloadavg()[0]:.1f}")
    return results


def table(args: argparse.Namespace, results: dict) -> str:
    cells = args.cells.split(",")
    names = [c if c.isalpha() else f"{c} %" for c in cells]
    lines = ["| | " + " | ".join(names) + " |", "|---|" + "--:|" * len(cells)]
    for pair in args.pairs.split(","):
        shown = [f"{statistics.median(results[pair, c]):.1f}" for c in cells]
        lines.append(f"| {pair.replace('-', ' to ')} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def main() -> None:
    args = arguments()
    args.bin = args.bin.resolve()
    begin = time.monotonic()
    results = measure(args)
    print(f"{time.monotonic() - begin:.0f} s, {args.seeds} seeds from {args.first_seed}\n")
    print(table(args, results))


main()
