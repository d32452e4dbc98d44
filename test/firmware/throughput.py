#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Throughput of a TCP stream to and from Linux, as a share of what the board's MAC driver alone does with
full frames in the same run. QEMU's speed is the host's, so nothing is asserted on it: the figures are
printed as the rows of docs/firmware.md.

usage: throughput.py BUILD-FOLDER [BOARD ...]    (mps2-an385 and emcraft-sf2)
"""
import os
import pathlib
import sys

from board import HERE, TAP, Board, build, missing_tools

ROUNDS = 3
FRAMES, MEGABYTES = 20000, 24
RING = 8192  # about as much as the frames that the raw sender may have on the way
WINDOWS = {"mps2-an385": 6, "emcraft-sf2": 6}  # frames that the MAC holds, and no more, at once
MEASURED = {  # image: what is measured with it, and the meter's arguments
    "raw": (("untouched", ("raw-in", TAP, FRAMES)), ("to Linux", ("filled-in", TAP, FRAMES)),
            ("from Linux", ("raw-out", TAP, FRAMES))),
    "stream": (("to Linux", ("tcp-in", MEGABYTES)), ("from Linux", ("tcp-out", MEGABYTES))),
}


def rate(name: str, image: pathlib.Path, arguments: tuple) -> float:
    """Megabytes a second, in a board of its own."""
    with Board(name, image) as board:
        board.wait_for(lambda: board.linux("ip", "-o", "link", "show", TAP), "the TAP")
        if arguments[0].startswith("tcp"):
            board.wait_for_ping()
        else:
            board.linux("sleep", "0.3")
        window = (WINDOWS[name],) if arguments[0] == "raw-out" else ()
        said = board.linux(sys.executable, HERE / "meter.py", *arguments, *window)
        return float(said) / 1e6


def measure(name: str, folder: pathlib.Path) -> dict:
    """{(image, direction): the best of the rounds}, which what else runs here disturbs the least."""
    images = build(name, folder / name, HERE / "raw",
                   (f"-DAKSU_BOARD_FLAGS=BOARD_RING={RING}",), ("raw", "stream"))
    best = {}
    for _ in range(ROUNDS):
        for image, directions in MEASURED.items():
            for direction, arguments in directions:
                found = rate(name, images / f"{image}.elf", arguments)
                best[image, direction] = max(found, best.get((image, direction), 0))
    return best


def main() -> None:
    folder, *names = sys.argv[1:]
    names = names or list(WINDOWS)
    if os.geteuid() != 0:
        print("SKIPPED: NOT ROOT, so no network namespaces and no TAP: no throughput is measured\n"
              "0 passed, 0 failed, 1 skipped")
        return
    tools = [tool for name in names for tool in missing_tools(name)]
    if tools:
        print(f"missing: {' '.join(tools)}: scripts/setup firmware\n0 passed, 1 failed")
        sys.exit(1)
    print("| board | direction | driver alone | TCP | share |\n|---|---|--:|--:|--:|")
    for name in names:
        best = measure(name, pathlib.Path(folder))
        for direction in ("to Linux", "from Linux"):
            alone, tcp = best["raw", direction], best["stream", direction]
            print(f"| {name} | {direction} | {alone:.1f} MB/s | {tcp:.1f} MB/s | {tcp / alone:.0%} |",
                  flush=True)
    print(f"{len(names)} passed, 0 failed")


main()
