#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the HTTP server's image takes on mps2-an385 (Cortex-M3, -Os): flash, RAM, and the stack that it
used under load, as its paint shows.

usage: footprint.py BUILD-FOLDER

4 connections with a receive ring of 1 KB each. Flash is the whole image, driver and start-up code
included, without the pages that it serves. RAM is all but the stack and the MAC's frame buffers. Each
figure is compared with the file `budget`. The stack needs root (a network namespace): skipped else.
"""
import concurrent.futures
import os
import pathlib
import re
import sys

from board import BOARD, HERE, Board, build, missing_tools
from common import Tally, check_budget, output

NAME = "mps2-an385"
FLAGS = "-DAKSU_BOARD_FLAGS=BOARD_RING=1024;BOARD_ECHO=64"
SECTION = re.compile(r"^ (?:\.(text|rodata|vectors|data|bss|dma)(?:\.\S+)?|COMMON)\s+0x[0-9a-f]+\s+"
                     r"0x([0-9a-f]+)\s+(\S+)$", re.M)
PARTS = (  # of the image, by the names of the object files
    ("the library", r"libaksu\.a"),
    ("the MAC's driver", r"lan9118|phy\.c|board\.c"),
    ("loop, clock, start, faults, mem", r"libaksu_baremetal\.a|vectors"),
    ("HTTP server, main", r"http_server|text\.c|pattern|main\.c"),
)
FRAMES = ("rx", "tx")  # the driver's members that hold frames


def symbol(image: pathlib.Path, name: str) -> int:
    """Octets of an object."""
    found = re.search(rf"^\w+ (\w+) \w {name}$", output(["arm-none-eabi-nm", "-S", image]), re.M)
    return int(found[1], 16)


def attributed(image: pathlib.Path) -> dict:
    """Octets of each part, as the map has them: {part: [flash, ram]}."""
    text = pathlib.Path(f"{image}.map").read_text(encoding="utf-8")
    text = text[text.index("Linker script and memory map"):]
    parts = {name: [0, 0] for name, _ in PARTS} | {"gcc's own": [0, 0]}
    for kind, octets, file in SECTION.findall(text):
        owner = next((name for name, pattern in PARTS if re.search(pattern, file)), "gcc's own")
        parts[owner][0] += int(octets, 16) if kind in ("text", "rodata", "vectors", "data") else 0
        parts[owner][1] += int(octets, 16) if kind in ("data", "bss", "dma", "") else 0
    return parts


def frame_buffers(image: pathlib.Path) -> int:
    """Octets of the frames that the driver holds for the MAC."""
    members = [f"-ex=output sizeof ((struct aksu_lan9118 *)0)->{name}" for name in FRAMES]
    return sum(int(output(["gdb-multiarch", "-nx", "-batch", member, image])) for member in members)


def measure(image: pathlib.Path) -> dict:
    sections = dict(re.findall(r"^\.(text|data|bss|dma|ARM\.exidx)\s+(\d+)\s",
                               output(["arm-none-eabi-size", "-A", image]), re.M))
    octets = {name: int(size) for name, size in sections.items()}
    pages, frames = symbol(image, "page"), frame_buffers(image)
    flash = octets["text"] + octets.get("data", 0) + octets.get("ARM.exidx", 0)
    ram = octets["bss"] + octets.get("data", 0) + octets.get("dma", 0)
    print(f"{'':34}{'flash':>8}{'RAM':>8}")
    for name, (in_flash, in_ram) in attributed(image).items():
        print(f"{name:34}{in_flash:8}{in_ram:8}")
    print(f"{'the whole':34}{flash:8}{ram:8}")
    print(f"{'of it pages, frame buffers':34}{pages:8}{frames:8}\n")
    return {"flash": flash - pages, "ram": ram - frames}


def load(board: Board) -> None:
    """All at once that the image does: pages, files, connections, pings, addresses unknown."""
    def fetch(path: str) -> None:
        board.linux("curl", "-sS", "-m", "60", "-o", "/dev/null", f"http://{BOARD}{path}")
    def sequence() -> None:
        board.linux(sys.executable, HERE / "client.py", "sequence", "200")
    def ping() -> None:
        board.linux("ping", "-f", "-q", "-c", "2000", BOARD)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(fetch, "/2M.bin"), pool.submit(fetch, "/none"), pool.submit(fetch, "/"),
                pool.submit(sequence), pool.submit(ping)]
    for job in jobs:
        job.result()
    board.linux(sys.executable, HERE / "frames.py", "syn", "tap0", "5000")
    board.wait_for_ping()


def stack_used(image: pathlib.Path) -> int:
    most = 0
    for loss in (0, 5):  # the bad wire makes it retransmit, and keep what comes out of order
        with Board(NAME, image, loss=loss) as board:
            board.wait_for_ping()
            load(board)
            most = max(most, board.stack_used())
    return most


def main() -> None:
    tools = missing_tools(NAME, "gdb-multiarch")
    if tools:
        print(f"missing: {' '.join(tools)}: scripts/setup firmware\n0 passed, 1 failed")
        sys.exit(1)
    image = build(NAME, pathlib.Path(sys.argv[1]), options=(FLAGS,), targets=("http_server",))
    tally = Tally()
    figures = measure(image / "http_server.elf")
    if os.geteuid() == 0:
        figures["stack"] = stack_used(image / "http_server.elf")
        check_budget(tally, figures, HERE / "budget")
        tally.finish()
    check_budget(tally, figures | {"stack": 0}, HERE / "budget")
    print("SKIPPED: NOT ROOT, so no network namespace: the stack under load is not measured\n"
          f"{tally.passed - 1} passed, {tally.failed} failed, 1 skipped")
    sys.exit(1 if tally.failed else 0)


main()
