#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the HTTP server's image takes on mps2-an385 (Cortex-M3, -Os): flash, RAM, and the stack that it
used under load, as its paint shows.

usage: footprint.py BUILD-FOLDER

4 connections with a receive ring of 1 KB each. Flash is the whole image, driver and start-up code
included, without the pages that it serves. RAM is all but the stack and the MAC's frame buffers. The
stack is what the main loop took, by an image that keeps interrupts out of it (masked.c), and what an
interrupt takes at its deepest point: it does not depend on when interrupts came. All that is without
aksu_link() (BOARD_CABLE=0); what it adds has figures of its own, `cable_...`. Each figure is compared
with the file `budget`. The stack needs root (a network namespace): skipped else.
"""
import concurrent.futures
import os
import pathlib
import re
import sys

from board import BOARD, HERE, Board, build, missing_tools
from suite import expect  # in a folder that board.py adds
from common import Tally, check_budget, output

NAME = "mps2-an385"
FRAME = 32 + 4  # octets that a Cortex-M pushes for an interrupt, and what aligns them
MASKED = (f"-DAKSU_BOARD_SOURCES={HERE}/masked.c",
          "-DCMAKE_EXE_LINKER_FLAGS=-Wl,--wrap=aksu_cpu_sleep")
FLAGS = "-DAKSU_BOARD_FLAGS=BOARD_RING=1024;BOARD_ECHO=64;BOARD_TIME_WAITS=2;EXAMPLE_LINE=40"
BARE = f"{FLAGS};BOARD_CABLE=0"
SECTION = re.compile(r"^ \.(data|bss|dma)\.(\S+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+)\s+\S+$", re.M)
FUNCTION = re.compile(r"^\w+ (\w+) [tTwW] \S+\t(\S+):\d+$", re.M)
FLASH = (  # functions, by the file that has them; what is put into one of another part counts there
    ("the library", r"/lib/src/"),
    ("the MAC's driver", r"/baremetal/(mac/|phy)"),
    ("loop, clock, start, faults, mem", r"/baremetal/"),
    ("HTTP server, main", r"/examples/"),
)
RAM = (  # and by the names of the objects
    ("receive rings", r"memory_rx"),
    ("the library's state", r"memory_\w+|net"),
    ("the MAC's driver, frames included", r"mac"),
    ("HTTP server", r"conns"),
    ("loop, clock", r".*"),
)
FRAMES = ("rx", "tx")  # the driver's members that hold frames


def symbol(image: pathlib.Path, name: str) -> int:
    """Octets of an object."""
    found = re.search(rf"^\w+ (\w+) \w {name}$", output(["arm-none-eabi-nm", "-S", image]), re.M)
    return int(found[1], 16)


def attributed(image: pathlib.Path) -> tuple:
    """Octets of each part: in flash, as debug information tells, and in RAM, as the map does."""
    text = pathlib.Path(f"{image}.map").read_text(encoding="utf-8")
    flash, ram = ({name: 0 for name, _ in parts} for parts in (FLASH, RAM))
    for octets, file in FUNCTION.findall(output(["arm-none-eabi-nm", "-S", "-l", image])):
        flash[next(n for n, pattern in FLASH if re.search(pattern, file))] += int(octets, 16)
    for _, name, octets in SECTION.findall(text[text.index("Linker script and memory map"):]):
        ram[next(n for n, pattern in RAM if re.fullmatch(pattern, name))] += int(octets, 16)
    return flash, ram


def frame_buffers(image: pathlib.Path) -> int:
    """Octets of the frames that the driver holds for the MAC."""
    members = [f"-ex=output sizeof ((struct aksu_lan9118 *)0)->{name}" for name in FRAMES]
    return sum(int(output(["gdb-multiarch", "-nx", "-batch", member, image])) for member in members)


def sizes(image: pathlib.Path) -> dict:
    """Octets of flash, without the pages, and of RAM, without stack and frames."""
    sections = dict(re.findall(r"^\.(text|data|bss|dma|ARM\.exidx)\s+(\d+)\s",
                               output(["arm-none-eabi-size", "-A", image]), re.M))
    octets = {name: int(size) for name, size in sections.items()}
    flash = octets["text"] + octets.get("data", 0) + octets.get("ARM.exidx", 0)
    ram = octets["bss"] + octets.get("data", 0) + octets.get("dma", 0)
    return {"flash": flash - symbol(image, "page"), "ram": ram - frame_buffers(image)}


def measure(image: pathlib.Path) -> dict:
    parts, found = attributed(image), sizes(image)
    pages, frames = symbol(image, "page"), frame_buffers(image)
    flash, ram = found["flash"] + pages, found["ram"] + frames
    parts[0]["tables, texts, vectors"] = flash - sum(parts[0].values())
    for what, parts, whole, apart, not_counted in zip(
            ("Flash", "RAM, without the stack"), parts, (flash, ram),
            ("of it pages", "of it frames"), (pages, frames)):
        print(f"{what}, octets")
        for name, size in (*parts.items(), ("the whole", whole), (apart, not_counted)):
            print(f"{size:8}  {name}")
        print()
    return found


def load(board: Board) -> None:
    """All at once that the image does: pages, files, connections, pings, addresses unknown."""
    def fetch(path: str) -> None:
        board.linux("curl", "-sS", "-m", "60", "-o", "/dev/null", f"http://{BOARD}{path}")
    def sequence() -> None:
        board.linux(sys.executable, HERE / "client.py", "sequence", "60")
    def ping() -> None:
        board.linux("ping", "-f", "-q", "-c", "500", BOARD)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(fetch, "/2M.bin"), pool.submit(fetch, "/none"), pool.submit(fetch, "/"),
                pool.submit(sequence), pool.submit(ping)]
    for job in jobs:
        job.result()
    board.linux(sys.executable, HERE / "frames.py", "syn", "tap0", "5000")
    board.wait_for_ping()


def handlers(image: pathlib.Path) -> int:
    """Octets of the stack that an interrupt's handler takes: none, or this test must learn to count."""
    for name in ("aksu_interrupt", "aksu_systick"):
        code = output(["arm-none-eabi-objdump", "-d", f"--disassemble={name}", image])
        expect("bx\tlr" in code and not re.search(r"\bsp\b|push|\tblx?\t", code),
               f"{name} uses the stack:\n{code}")
    return 0


def stack_used(image: pathlib.Path) -> int:
    most = 0
    for loss in (0, 5):  # the bad wire makes it retransmit, and keep what comes out of order
        with Board(NAME, image, loss=loss) as board:
            board.wait_for_ping()
            load(board)
            used = board.stack_used()
            print(f"{used:8}  octets of stack in the main loop, {loss} % of frames lost", flush=True)
            most = max(most, used)
    return most + FRAME + handlers(image)


def main() -> None:
    tools = missing_tools(NAME, "gdb-multiarch")
    if tools:
        print(f"missing: {' '.join(tools)}: scripts/setup firmware\n0 passed, 1 failed")
        sys.exit(1)
    folder = pathlib.Path(sys.argv[1])
    image = build(NAME, folder, options=(BARE,), targets=("http_server",))
    told = build(NAME, folder / "cable", options=(FLAGS,), targets=("http_server",))
    tally = Tally()
    figures = measure(image / "http_server.elf")
    cable = sizes(told / "http_server.elf")
    figures |= {f"cable_{what}": cable[what] - figures[what] for what in cable}
    if os.geteuid() == 0:
        masked = build(NAME, folder / "masked", options=(BARE, *MASKED), targets=("http_server",))
        figures["stack"] = stack_used(masked / "http_server.elf")
        check_budget(tally, figures, HERE / "budget")
        tally.finish()
    check_budget(tally, figures | {"stack": 0}, HERE / "budget")
    print("SKIPPED: NOT ROOT, so no network namespace: the stack under load is not measured\n"
          f"{tally.passed - 1} passed, {tally.failed} failed, 1 skipped")
    sys.exit(1 if tally.failed else 0)


main()
