#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws a connection as SVG: its time-sequence graph, its windows and its round-trip times; of a
capture, of a cell of scripts/goodput, of a script of aksu-drill or of a scenario of aksu-sim.
docs/plots.md tells how to read one.
"""
import argparse
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "plots.md"
sys.path.insert(0, str(HERE))
import capture  # noqa: E402
import events  # noqa: E402
from capture import Wrong  # noqa: E402
from draw import PANELS, Picture, draw, listed  # noqa: E402

TARGETS = {"cell": "goodput", "drill": "aksu-drill", "sim": "aksu-sim"}


# Where the data comes from #

def built(args: argparse.Namespace, target: str) -> pathlib.Path:
    """The program, built if it need be."""
    if args.bin:
        program = args.bin / target
        if not program.exists():
            raise Wrong(f"{program}: not there; without --bin it is built")
        return program
    for command in (["cmake", "-S", ROOT, "--preset", "default"],
                    ["cmake", "--build", ROOT / "build/default", "-j2", "--target", target]):
        done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              cwd=ROOT)
        if done.returncode:
            raise Wrong(f"{target} cannot be built:\n{done.stdout}")
    return ROOT / "build/default/bin" / target


def run(args: argparse.Namespace, folder: str) -> None:
    """Makes the run that is asked for leave a capture and its steps in the folder."""
    kind = next(k for k in TARGETS if getattr(args, k))
    program = built(args, TARGETS[kind])
    tap, steps = f"{folder}/tap.pcapng", f"{folder}/steps.csv"
    if kind == "cell":
        command = [sys.executable, ROOT / "test/goodput/goodput.py", "--program", program, "--cell",
                   args.cell, "--profile", args.profile or "full", "--seed", str(args.seed),
                   "--tap", tap, "--steps", steps, *(f"--set={item}" for item in args.set)]
    elif kind == "drill":
        if not pathlib.Path(args.drill).is_file():
            raise Wrong(f"{args.drill}: no such script")
        given = [*args.set, *([f"profile={args.profile}"] if args.profile else [])]
        command = [program, "--pcap", tap, "--steps", steps, *(f"--{x}" for x in given), args.drill]
    else:
        given = [item.split("=", 1) for item in args.set]
        command = [program, args.sim, "--quiet", "--seed", str(args.seed), "--tap", tap, "--steps",
                   steps, *(word for key, value in given for word in (f"--{key}", value))]
    done = subprocess.run([str(c) for c in command], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        raise Wrong(f"{shlex.join(map(str, command))} failed:\n{done.stdout.strip()}")
    args.pcap, args.steps = tap, steps


def name_of(end: tuple) -> str:
    return f"[{end[0]}]:{end[1]}" if ":" in end[0] else f"{end[0]}:{end[1]}"


def list_flows(flows: list) -> None:
    print("  No.  segments  octets  from -> to")
    for number, (connection, sender) in enumerate(flows, 1):
        target = next(e for e in connection.ends if e != sender)
        count = sum(s.source == sender for s in connection.segments)
        print(f"{number:5} {count:9} {connection.octets(sender):7}  {name_of(sender)} -> "
              f"{name_of(target)}")


def chosen(flows: list, number: int | None, path: str) -> tuple:
    if number is None:
        return max(flows, key=lambda f: (f[0].octets(f[1]), len(f[0].segments)))
    if not 1 <= number <= len(flows):
        raise Wrong(f"{path}: it has the directions 1 to {len(flows)}, not {number}: see --list")
    return flows[number - 1]


def warn(args: argparse.Namespace, text: str) -> None:
    if not args.quiet:
        print(f"plot: {text}", file=sys.stderr)


def of_capture(args: argparse.Namespace, flows: list) -> tuple:
    """The chosen direction's events and title, its ends, and when it began, us."""
    connection, sender = chosen(flows, args.flow, args.pcap)
    found = events.Extraction(connection, sender)
    if not found.scale_known:
        warn(args, "the SYNs are not in the capture: without the window scale the window's edge is "
                   "too low")
    target = next(e for e in connection.ends if e != sender)
    return (found.events, f"{name_of(sender)} to {name_of(target)}", ("", sender[1], target[1]),
            found.began_ns / 1000)


def read_flows(args: argparse.Namespace) -> list:
    got = capture.read(args.pcap)
    if got.cut:
        warn(args, f"{args.pcap}: {got.cut}: what is before that is drawn")
    skipped = [f"{n} {why}" for why, n in got.skipped.most_common() if not why.startswith("not ")]
    if skipped:
        warn(args, f"{args.pcap}: frames left out: {', '.join(skipped)}")
    return events.flows(events.connections(got.segments))


def collect(args: argparse.Namespace) -> tuple:
    """Events and a title."""
    found, title, ends, began_us = [], "", None, 0.0
    if args.pcap:
        found, title, ends, began_us = of_capture(args, read_flows(args))
    if args.steps:
        lines = events.read_steps(args.steps)
        if not ends:
            ends = events.busiest(lines)
            began_us = lines[0]["time_us"]
            title = f"{ends[0]}, port {ends[1]:g} to {ends[2]:g}"
        found = found + events.step_events(lines, ends, began_us, flight=not args.pcap)
        found.sort(key=lambda e: e.time_us)
    return found, title


def title_of(args: argparse.Namespace, ends: str) -> str:
    if args.title:
        return args.title
    if args.cell:
        return ", ".join([args.cell, f"profile {args.profile or 'full'}", f"seed {args.seed}",
                          *args.set])
    what = args.drill or args.sim or args.pcap or args.steps
    return f"{what.removeprefix(f'{ROOT}/')}: {ends}"


def picture_of(args: argparse.Namespace) -> Picture:
    title = title_of(args, "")
    with tempfile.TemporaryDirectory(prefix="aksu-plot-") as folder:
        if args.cell or args.drill or args.sim:
            run(args, folder)
            found, _ = collect(args)
            title = title.removesuffix(": ")
        else:
            found, ends = collect(args)
            title = title_of(args, ends)
    return Picture(title, found, args.show.split(",") if args.show else list(PANELS), args.begin,
                   args.end)


# The page #

def page_pictures() -> list:
    """The words behind `scripts/plot` of the page's commands that write its pictures."""
    found = re.findall(r"^    scripts/plot (.* docs/plots/\S+\.svg)$", PAGE.read_text(), re.M)
    return [shlex.split(line) for line in found]


def in_root(words: list, bin_folder: pathlib.Path | None) -> argparse.Namespace:
    """A command of the page, as given in the root of the sources."""
    args = options(words)
    args.bin = bin_folder
    if args.drill:
        args.drill = str(ROOT / args.drill)
    if args.out:
        args.out = str(ROOT / args.out)
    return args


def write_docs(bin_folder: pathlib.Path | None) -> None:
    for words in page_pictures():
        write(in_root(words, bin_folder), words)
        print(f"written: {words[-1]}")


# The command #

def write(args: argparse.Namespace, words: list) -> None:
    picture = picture_of(args)
    if args.events:
        print(listed(picture), end="")
        return
    picture.about = f"scripts/plot {shlex.join(words)}; data {events.digest(picture.events)}"
    svg = draw(picture)
    try:
        pathlib.Path(args.out).write_text(svg)
    except OSError as error:
        raise Wrong(f"{args.out}: {error.strerror}") from None


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="scripts/plot", description=__doc__)
    add = made.add_argument
    add("--pcap", metavar="FILE", help="a capture: pcap or pcapng, of Ethernet, raw IP or cooked")
    add("--steps", metavar="FILE", help="a file of steps, alone or of the run that was captured")
    add("--cell", help="a cell of scripts/goodput, such as base.1 or tail.20.1")
    add("--drill", metavar="SCRIPT", help="a script of aksu-drill")
    add("--sim", metavar="SCENARIO", help="a scenario of aksu-sim, such as zero-window")
    add("--profile", help="of the cell (full) or the script")
    add("--seed", type=int, default=1, help="of the cell or the scenario (1)")
    add("--set", action="append", default=[], metavar="KEY=VALUE",
        help="changes the run: octets=200000 (cell), loss=3 (sim), mss=536 (script)")
    add("--flow", type=int, metavar="N", help="a direction, as --list numbers them; else the one "
        "with most data")
    add("--list", action="store_true", help="lists the directions of a capture")
    add("--show", metavar="PANELS", help=f"of {','.join(PANELS)}, with commas (all)")
    add("--from", dest="begin", type=float, metavar="S", help="begins there, s")
    add("--to", dest="end", type=float, metavar="S", help="ends there")
    add("--title")
    add("--events", action="store_true", help="prints what would be drawn, as text")
    add("--quiet", action="store_true", help="without warnings")
    add("--bin", type=pathlib.Path, metavar="FOLDER", help="of the programs, if they are built")
    add("--docs", action="store_true", help="draws the pictures of docs/plots.md anew")
    add("out", nargs="?", metavar="OUT.svg")
    return made


def options(words: list) -> argparse.Namespace:
    made = parser()
    args = made.parse_args(words)
    runs = [k for k in ("cell", "drill", "sim") if getattr(args, k)]
    if args.docs:
        return args
    if len(runs) + bool(args.pcap or args.steps) != 1:
        made.error("one of --pcap, --cell, --drill and --sim is wanted; --steps alone or with "
                   "--pcap")
    if args.list and not args.pcap:
        made.error("--list is for --pcap")
    if not args.out and not args.events and not args.list:
        made.error("where to draw is wanted: OUT.svg")
    if any("=" not in item for item in args.set):
        made.error("--set wants KEY=VALUE")
    unknown = set(args.show.split(",")) - set(PANELS) if args.show else set()
    if unknown:
        made.error(f"--show knows {', '.join(PANELS)}, not {', '.join(sorted(unknown))}")
    if args.begin is not None and args.end is not None and args.begin >= args.end:
        made.error("--from is not before --to")
    return args


def main() -> None:
    words = sys.argv[1:]
    args = options(words)
    try:
        if args.docs:
            write_docs(args.bin)
        elif args.list:
            list_flows(read_flows(args))
        else:
            write(args, words)
    except Wrong as error:
        sys.exit(f"plot: {error}")
    except BrokenPipeError:
        sys.stderr.close()


if __name__ == "__main__":
    main()
