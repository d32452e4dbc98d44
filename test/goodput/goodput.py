#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures in virtual time what of a link's rate reaches the receiving application.

A cell is a link and what befalls frames on it: its group's name and its column's, as in base.1.
All chance comes from the seed: the same figures on any machine.
"""
import argparse
import csv
import itertools
import math
import pathlib
import re
import statistics
import subprocess
import sys
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "checks"))
from common import ROOT, Tally, in_parallel, output  # noqa: E402

SEEDS = 20
PROFILES: dict = {}  # name: its line of `goodput profiles`
PAIRS = [("lean", "lean"), ("standard", "standard"), ("full", "full"), ("lean", "full"),
         ("standard", "full"), ("newreno", "newreno"), ("newreno", "full"), ("lossy", "lossy"), ("lossy", "newreno"), ("lossy", "full")]
FRAME = 1500 + 14 + 24  # with preamble, FCS and gap
LOSSES = {"0": 0, "0.1": 0.1, "1": 1, "3": 3, "5": 5}
ALL = {**{k: {"loss": v / 100} for k, v in LOSSES.items()},
       "reorder": {"reorder": 0.01, "reorder_ms": 4}}
BURSTS = {k: {"loss": v / 100, "burst": 4} for k, v in LOSSES.items() if v}
LOSSY = {k: v for k, v in ALL.items() if v.get("loss")}
MB = 1 << 20


@dataclass
class Group:
    """A table: a link's parameters, as goodput.c calls them, and the columns that change them."""
    title: str
    columns: dict
    link: dict = field(default_factory=dict)
    detail: bool = False
    segments: int = 0  # rings of so many segments; 0 = as the link says

    def cell(self, column: str, profile: str) -> dict:
        small = {"window": self.segments * mss(profile)} if self.segments else {}
        return {"rate": 1e7, "delay_ms": 10, "queue": 50, "window": MB // 4, "octets": 4 * MB,
                **self.link, **self.columns[column], **small}


GROUPS = {
    "base": Group("10 Mbit/s, RTT 20 ms, queue of 50 frames", ALL, detail=True),
    "burst": Group("The same, losses in bursts of 4 frames on average", BURSTS, detail=True),
    "after": Group("The same, independent losses, but behind the queue", LOSSY, {"after": 1}),
    "far": Group("10 Mbit/s, RTT 100 ms, queue of 100 frames, 1 MB rings", ALL,
                 {"delay_ms": 50, "queue": 100, "window": MB}),
    "slow": Group("1 Mbit/s, RTT 20 ms, queue of 20 frames", ALL, {"rate": 1e6, "queue": 20}),
    "runs": Group("The same, boards of 8 runs", {k: ALL[k] for k in ("0", "1", "3")},
                  {"rate": 1e6, "queue": 20, "runs": 8}),
    "fast": Group("100 Mbit/s, RTT 20 ms, queue of 250 frames, 4 MB rings, 16 MB sent", ALL,
                  {"rate": 1e8, "queue": 250, "window": 4 * MB, "octets": 16 * MB}),
    "long": Group("100 Mbit/s, RTT 100 ms, queue of 1000 frames, 4 MB rings, 32 MB sent", ALL,
                  {"rate": 1e8, "delay_ms": 50, "queue": 1000, "window": 4 * MB,
                   "octets": 32 * MB}),
    "small": Group("10 Mbit/s, RTT 20 ms, rings of 4 segments", ALL, segments=4),
}
HOLES = {  # larger packets of the sender's vanish
    "none": {}, "1400": {"mtu": 1400}, "576": {"mtu": 576},
    "1400-lossy": {"mtu": 1400, "loss": 0.01},
    "1400-reorder": {"mtu": 1400, "reorder": 0.01, "reorder_ms": 4},
    "later": {"mtu": 1280, "mtu_from_s": 1}, "ends": {"mtu": 576, "mtu_to_s": 2},
    "outage": {"mtu": 20, "mtu_from_s": 1, "mtu_to_s": 6},  # all of them
}
HOLE = {"rate": 1e7, "delay_ms": 10, "queue": 50, "window": MB // 4, "octets": 16 * MB}
ADAPTED = {"octets": 20 * MB, "window": MB // 16}  # of base.reorder; the queue never overflows
MARKS = {"none": {}, "20": {"mark": 20}, "10": {"mark": 10}, "5": {"mark": 5}}  # frames waiting
MARKED = ("full", "ecn", "newreno", "newreno-ecn")
QUEUES = {"50": {}, "16": {"queue": 16}, "8": {"queue": 8}, "4": {"queue": 4}}  # frames
PACED = ("full", "paced", "newreno", "paced-newreno")
# full or newreno where nothing vanishes or is marked, and the queue is no short one
SPECIAL = ("plpmtud", "ecn", "newreno-ecn", "paced", "paced-newreno")
TAILS = {"20": {"delay_ms": 10}, "100": {"delay_ms": 50}}  # by RTT, ms
FLOORS = HERE / "floors"
COUNTS = ("retransmitted", "spurious", "timeouts", "frames", "lost", "full", "unkept", "marked")


# What a cell can give #

def mss(profile: str) -> int:
    return int(PROFILES[profile]["mss"])


def rtt_s(cell: dict) -> float:
    """Of a full frame and its acknowledgment when nothing waits."""
    return cell["delay_ms"] / 500 + (FRAME + 90) * 8 / cell["rate"]


def limit(cell: dict, profile: str) -> float:
    """Percent of the link: the headers' share, a slow start that doubles from 10 segments every
    RTT, the window with every second segment acknowledged, and lost frames where they have used
    the link."""
    frame_s, rtt = FRAME * 8 / cell["rate"], rtt_s(cell)
    most = math.inf if int(PROFILES[profile]["scales"]) else 65535
    window = min(cell["window"], most) // mss(profile)
    left, cwnd, time = cell["octets"] / mss(profile), min(10, window), -frame_s
    while cwnd < min(window, rtt / frame_s) and left > cwnd:
        left, time, cwnd = left - cwnd, time + rtt, 2 * cwnd
    used = 1 - cell.get("loss", 0) if cell.get("after") else 1
    time += left * max(frame_s / used, (rtt + frame_s) / window)
    return 100 * cell["octets"] * 8 / time / cell["rate"]


def reno_bound(cell: dict, profile: str) -> float | None:
    """Mathis et al. 1997: Reno's mean rate is MSS / RTT * sqrt(3 / 2p), p being loss events."""
    if not cell.get("loss"):
        return None
    events = cell["loss"] / cell.get("burst", 1)
    rate = mss(profile) * 8 / rtt_s(cell) * math.sqrt(1.5 / events)
    return min(limit(cell, profile), 100 * rate / cell["rate"])


# Measuring #

def command(program: pathlib.Path, mode: str, keys: dict) -> list:
    return [program, mode, *(f"{k}={v:.9g}" if isinstance(v, (int, float)) else f"{k}={v}"
                             for k, v in keys.items())]


def rows_of(done: subprocess.CompletedProcess) -> list:
    """The lines of CSV as dicts of numbers; ends the program if the run failed."""
    if done.returncode:
        sys.exit(f"{' '.join(map(str, done.args))}\n{done.stdout}")
    return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(
        done.stdout.splitlines())]


def median(rows: list, key: str) -> float:
    return statistics.median(row[key] for row in rows)


def cell_of(name: str, profile: str) -> dict:
    group, column = name.split(".", 1)
    return GROUPS[group].cell(column, profile)


def measure(program: pathlib.Path, wanted: list, seeds: int) -> dict:
    """Figures by (cell, profile)."""
    cells = [cell_of(name, profile) for name, profile in wanted]
    commands = [command(program, "run", {**cell, "profile": profile, "seeds": seeds})
                for cell, (_, profile) in zip(cells, wanted)]
    figures = {}
    for (name, profile), cell, done in zip(wanted, cells, in_parallel(commands)):
        rows = rows_of(done)
        figures[name, profile] = {
            "percent": median(rows, "percent"),
            "least": min(row["percent"] for row in rows),
            "most": max(row["percent"] for row in rows),
            "limit": limit(cell, profile), "reno": reno_bound(cell, profile),
            "incomplete": sum(not row["complete"] for row in rows),
            "seconds": median(rows, "seconds"), **{key: median(rows, key) for key in COUNTS}}
    return figures


def measure_tails(program: pathlib.Path, profiles: list) -> dict:
    """Milliseconds from the connection's opening to the reply's end: (rtt, profile, lost)."""
    wanted = [(rtt, p, lose) for rtt in TAILS for p in profiles for lose in (0, 1, 3)]
    commands = [command(program, "tail", {**TAILS[rtt], "profile": p, "lose": lose})
                for rtt, p, lose in wanted]
    return {key: rows_of(done)[0]["ms"] for key, done in zip(wanted, in_parallel(commands))}


def measure_holes(program: pathlib.Path, wanted: list, seeds: int) -> dict:
    """Percent of the link from the opening on, timeouts: by (hole, profile)."""
    commands = [command(program, "run", {**HOLE, **HOLES[hole], "profile": p, "seeds": seeds})
                for hole, p in wanted]
    figures = {}
    for key, done in zip(wanted, in_parallel(commands)):
        rows = rows_of(done)
        share = [row["complete"] * HOLE["octets"] * 800 / row["seconds"] / HOLE["rate"]
                 if row["seconds"] else 0 for row in rows]
        figures[key] = (statistics.median(share), median(rows, "timeouts"),
                        median(rows, "retransmitted"))
    return figures


def measure_queues(program: pathlib.Path, queues: dict, wanted: list) -> dict:
    """Percent of the link, segments sent again, frames marked: by (queue, profile). No chance."""
    base = GROUPS["base"]
    commands = [command(program, "run", {**base.cell("0", p), **queues[queue], "profile": p})
                for queue, p in wanted]
    return {key: rows_of(done)[0] for key, done in zip(wanted, in_parallel(commands))}


def measure_adapted(program: pathlib.Path, profiles: list) -> dict:
    """Segments in vain, in each seed at most, and sent again and lost, by profile."""
    commands = [command(program, "run", {**GROUPS["base"].cell("reorder", p), **ADAPTED,
                                         "profile": p, "seeds": 5}) for p in profiles]
    return {p: max(row["spurious"] for row in rows_of(done))
            for p, done in zip(profiles, in_parallel(commands))}


def measure_shares(program: pathlib.Path, pairs: list, seeds: int) -> dict:
    commands = [command(program, "share", {"profile": a, "second": b, "receiver": b,
                                           "seeds": seeds}) for a, b in pairs]
    figures = {}
    for pair, done in zip(pairs, in_parallel(commands)):
        rows = rows_of(done)
        figures[pair] = {key: median(rows, key) for key in ("first", "second", "jain")}
        figures[pair]["least"] = min(row["jain"] for row in rows)
    return figures


# Tables, in Markdown that also reads well as it is #

def table(head: list, rows: list) -> str:
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    def line(row):
        cells = [str(row[0]).ljust(widths[0])]
        cells += [str(value).rjust(width) for value, width in zip(row[1:], widths[1:])]
        return "| " + " | ".join(cells) + " |"
    rule = "|" + "-" * (widths[0] + 2) + "|"
    rule += "".join("-" * (width + 1) + ":|" for width in widths[1:])
    return "\n".join([line(head), rule, *map(line, rows)]) + "\n"


def heading(column: str) -> str:
    return "reorder 1 %" if column == "reorder" else f"{column} %"


def limit_rows(group: Group, profiles: list, columns: list) -> list:
    """One row for each set of profiles that share their limits, and Reno's bound."""
    shared: dict = {}
    for profile in profiles:
        values = tuple(f"{limit(group.cell(c, profile), profile):.1f}" for c in columns)
        shared.setdefault(values, []).append(profile)
    rows = [[f"limit: {', '.join(names)}", *values] for values, names in shared.items()]
    bounds = [reno_bound(group.cell(c, profiles[-1]), profiles[-1]) for c in columns]
    if any(bounds):
        rows.append(["Reno's bound", *("" if b is None else f"{b:.1f}" for b in bounds)])
    return rows


def group_tables(name: str, figures: dict, profiles: list) -> str:
    group = GROUPS[name]
    columns = [c for c in group.columns if any((f"{name}.{c}", p) in figures for p in profiles)]
    def row(profile, text):
        return [profile, *(text(figures[f"{name}.{c}", profile]) for c in columns)]
    head = [heading(c) for c in columns]
    text = f"### {name}: {group.title}\n\n"
    text += table(["percent of the link", *head],
                  [*(row(p, lambda f: f"{f['percent']:.1f}" + "*" * (f["incomplete"] > 0))
                    for p in profiles),
                   *limit_rows(group, profiles, columns)])
    if group.detail:
        text += "\n" + table(["sent again, in vain, not kept, timeouts", *head], [
            row(p, lambda f: f"{f['retransmitted']:g}, {f['spurious']:g}, {f['unkept']:g}, "
                             f"{f['timeouts']:g}")
            for p in profiles])
    return text


def tail_table(figures: dict) -> str:
    rows = []
    for profile in dict.fromkeys(p for _, p, _ in figures):
        row = [profile]
        for rtt in TAILS:
            times = [figures[rtt, profile, lose] for lose in (0, 1, 3)]
            row += [f"{times[0] / float(rtt):.1f}",
                    *(f"+{(t - times[0]) / float(rtt):.1f}" for t in times[1:])]
        rows.append(row)
    head = [text for rtt in TAILS for text in (f"RTT {rtt} ms: none lost", "the last", "the last 3")]
    return "### tail: a reply of 10 segments, the last of which are lost, in RTTs\n\n" + \
        table(["", *head], rows)


def hole_table(figures: dict) -> str:
    holes = list(dict.fromkeys(hole for hole, _ in figures))
    rows = [[profile, *(f"{figures[h, profile][0]:.1f}" for h in holes)]
            for profile in dict.fromkeys(p for _, p in figures)]
    rows.append(["its timeouts, sent again",
                 *(f"{figures[h, 'plpmtud'][1]:g}, {figures[h, 'plpmtud'][2]:g}" for h in holes)])
    return "### hole: the first table's link, but larger packets of the sender's vanish\n\n" + \
        table(["percent of the link", *holes], rows)


def queue_table(title: str, figures: dict, counts: tuple) -> str:
    """What measure_queues() gave. counts: which of COUNTS stand beside the share of the link."""
    queues = list(dict.fromkeys(queue for queue, _ in figures))
    def cell(f):
        return f"{f['percent']:.1f}; " + ", ".join(f"{f[key]:g}" for key in counts)
    rows = [[profile, *(cell(figures[q, profile]) for q in queues)]
            for profile in dict.fromkeys(p for _, p in figures)]
    names = ", ".join("sent again" if key == "retransmitted" else key for key in counts)
    return f"### {title}\n\n" + table([f"percent of the link; {names}", *queues], rows)


def mark_table(figures: dict) -> str:
    return queue_table("mark: the first table's link, a queue that marks or drops from so many "
                       "frames on", figures, ("retransmitted", "marked"))


def pace_table(figures: dict) -> str:
    return queue_table("pace: the first table's link, a queue of so many frames", figures,
                       ("retransmitted",))


def share_table(figures: dict) -> str:
    rows = [[f"{a}, {b}", f"{f['first']:.1f}", f"{f['second']:.1f}", f"{f['jain']:.3f}",
             f"{f['least']:.3f}"] for (a, b), f in figures.items()]
    return "### share: two flows through the queue of the first table\n\n" + \
        table(["", "first, %", "second, %", "Jain's index", "its least"], rows)


def print_csv(figures: dict) -> None:
    out = csv.writer(sys.stdout)
    keys = ["percent", "least", "most", "limit", "reno", "incomplete", "seconds", *COUNTS]
    out.writerow(["cell", "profile", *keys])
    for (name, profile), f in figures.items():
        out.writerow([name, profile, *("" if f[k] is None else f"{f[k]:.6g}" for k in keys)])


# Commands #

def floor_lines(args: argparse.Namespace) -> list:
    """The floors that were asked for: cell, profile (or two of them), least percent."""
    lines = [line.split() for line in FLOORS.read_text().splitlines() if not line.startswith("#")]
    return [line for line in lines if (not args.cell or line[0] in args.cell)
            and (not args.profile or line[1] in args.profile)]


def measured(program: pathlib.Path, lines: list) -> dict:
    """What the lines' cells and profiles reach."""
    runs = [(cell, profile) for cell, profile, _ in lines if cell.split(".")[0] in GROUPS]
    figures = {key: f["percent"] for key, f in measure(program, runs, SEEDS).items()}
    pairs = [tuple(profile.split(",")) for cell, profile, _ in lines if cell == "share"]
    for (a, b), f in measure_shares(program, pairs, SEEDS).items():
        figures["share", f"{a},{b}"] = 100 * f["jain"]
    holes = [(cell[5:], profile) for cell, profile, _ in lines if cell.startswith("hole.")]
    for (hole, profile), (share, _, _) in measure_holes(program, holes, SEEDS).items():
        figures[f"hole.{hole}", profile] = share
    marks = [(cell[5:], profile) for cell, profile, _ in lines if cell.startswith("mark.")]
    for (mark, profile), f in measure_queues(program, MARKS, marks).items():
        figures[f"mark.{mark}", profile] = f["percent"] if f["retransmitted"] == 0 else 0
    paced = [(cell[5:], profile) for cell, profile, _ in lines if cell.startswith("pace.")]
    for (queue, profile), f in measure_queues(program, QUEUES, paced).items():
        figures[f"pace.{queue}", profile] = f["percent"]
    adapted = [profile for cell, profile, _ in lines if cell == "adapted"]
    for profile, vain in measure_adapted(program, adapted).items():
        figures["adapted", profile] = 100 / max(vain, 1)
    wide = [("long.0", profile) for cell, profile, _ in lines if cell == "wide"]
    for (_, profile), f in measure(program, wide, 1).items():
        figures["wide", profile] = f["percent"]
    tails = [(cell, profile) for cell, profile, _ in lines if cell.startswith("tail.")]
    times = measure_tails(program, list(dict.fromkeys(profile for _, profile in tails)))
    for cell, profile in tails:
        _, rtt, lose = cell.split(".")
        figures[cell, profile] = 100 * times[rtt, profile, 0] / times[rtt, profile, int(lose)]
    return figures


def check(figures: dict, lines: list) -> None:
    tally = Tally()
    for cell, profile, least in lines:
        got = figures[cell, profile]
        tally.check(f"{cell} {profile}: {got:.2f} %, at least {least}", got >= float(least))
    tally.finish()


def raise_floors(figures: dict, lines: list) -> None:
    """Lifts the floors to what is reached; lowers none."""
    text = FLOORS.read_text()
    for cell, profile, least in lines:
        reached = math.floor(figures[cell, profile] * 10) / 10
        if reached > float(least):
            print(f"{cell} {profile}: {least} -> {reached:.1f}")
            text = text.replace(f"\n{cell} {profile} {least}\n",
                                f"\n{cell} {profile} {reached:.1f}\n")
    FLOORS.write_text(text)


def write_docs(text: str) -> None:
    """Puts the tables between the two marks of docs/goodput.md."""
    page = ROOT / "docs" / "goodput.md"
    begin, end = "<!-- tables -->\n", "<!-- end of tables -->\n"
    before, rest = page.read_text().split(begin)
    page.write_text(before + begin + "\n" + text + "\n" + end + rest.split(end)[1])
    print("written: docs/goodput.md")


def build() -> pathlib.Path:
    output(["cmake", "-S", ROOT, "--preset", "default"])
    output(["cmake", "--build", ROOT / "build/default", "-j2", "--target", "goodput"])
    return ROOT / "build/default/bin/goodput"


def selected(cells: list | None) -> list:
    names = [f"{name}.{column}" for name, group in GROUPS.items() for column in group.columns]
    for cell in cells or []:
        if cell not in {*names, *GROUPS, "tail", "share", "mark", "pace", "hole"}:
            sys.exit(f"goodput: no cell or group {cell}: there are {' '.join(names)} tail share mark "
                     "pace hole")
    return [n for n in names if not cells or n in cells or n.split(".")[0] in cells]


def one_run(program: pathlib.Path, args: argparse.Namespace) -> None:
    """Records one run."""
    profile = (args.profile or ["full"])[0]
    tail = re.fullmatch(r"tail\.(\d+)\.(\d+)", args.cell[0]) if args.cell else None
    if tail and tail[1] in TAILS and len(args.cell) == 1:
        mode, keys = "tail", {**TAILS[tail[1]], "lose": tail[2]}
    else:
        cells = selected(args.cell)
        if len(cells) != 1:
            sys.exit("goodput: one run wants one --cell, such as base.1 or tail.20.1")
        mode, keys = "run", cell_of(cells[0], profile)
    files = {"pcap": args.pcap, "tap": args.tap, "steps": args.steps}
    keys |= {"profile": profile, "seed": args.seed or 1,
             **{key: path for key, path in files.items() if path},
             **dict(item.partition("=")[::2] for item in args.set)}
    print(output(command(program, mode, keys)), end="")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/goodput", description=__doc__)
    add = parser.add_argument
    add("--cell", action="append", help="a group, one cell of it, tail, share, mark, pace or hole; may be repeated")
    add("--profile", action="append", help="a profile, as goodput.c names it; may be repeated")
    add("--seeds", type=int, default=SEEDS, help=f"seeds a cell: 1 to N ({SEEDS})")
    add("--csv", action="store_true", help="figures of the cells as CSV, medians of the seeds")
    add("--seed", type=int, help="one run of one cell with this seed")
    add("--pcap", help="records that run's frames, as they are sent")
    add("--tap", help="the same as a capture at the sender: as they leave and come")
    add("--steps", help="records windows and times of both ends after each step, as CSV")
    add("--set", action="append", default=[], metavar="KEY=VALUE",
        help="changes that run: a key of goodput.c")
    add("--write", action="store_true", help="writes the tables into docs/goodput.md")
    add("--check", action="store_true", help="compares a slice with test/goodput/floors")
    add("--raise", action="store_true", dest="lift", help="lifts those floors to what is reached")
    add("--program", type=pathlib.Path, help="the goodput program, if it is built already")
    return parser.parse_args()


def main() -> None:
    args = options()
    program = args.program or build()
    PROFILES.update({row["name"]: row for row in csv.DictReader(
        output([program, "profiles"]).splitlines())})
    if args.check or args.lift:
        lines = floor_lines(args)
        (raise_floors if args.lift else check)(measured(program, lines), lines)
        return
    if args.pcap or args.tap or args.steps or args.set or args.seed is not None:
        one_run(program, args)
        return
    everywhere = [p for p in PROFILES if p not in SPECIAL]
    cells, profiles = selected(args.cell), args.profile or everywhere
    figures = measure(program, [(c, p) for c in cells for p in profiles], args.seeds)
    if args.csv:
        print_csv(figures)
        return
    names = dict.fromkeys(cell.split(".")[0] for cell in cells)
    parts = [group_tables(name, figures, profiles) for name in names]
    if not args.cell or "tail" in args.cell:
        parts.append(tail_table(measure_tails(program, profiles)))
    if not args.cell or "share" in args.cell:
        pairs = PAIRS
        if args.profile:
            pairs = list(itertools.combinations_with_replacement(args.profile, 2))
        parts.append(share_table(measure_shares(program, pairs, args.seeds)))
    if not args.cell or "mark" in args.cell:
        marks = [(mark, p) for p in MARKED for mark in MARKS]
        parts.append(mark_table(measure_queues(program, MARKS, marks)))
    if not args.cell or "pace" in args.cell:
        queues = [(queue, p) for p in PACED for queue in QUEUES]
        parts.append(pace_table(measure_queues(program, QUEUES, queues)))
    if not args.cell or "hole" in args.cell:
        holes = [(hole, p) for p in ("full", "plpmtud") for hole in HOLES]
        parts.append(hole_table(measure_holes(program, holes, args.seeds)))
    text = "\n".join(parts)
    if args.write:
        write_docs(text)
    else:
        print(text, end="")


main()
