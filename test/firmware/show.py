#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An example on an emulated board, shown to a person: see scripts/firmware.

usage: show.py BOARD APPLICATION OUT-FOLDER AKSU-TABLE
"""
import os
import pathlib
import subprocess
import sys

from board import BOARD, LINUX, MACHINES, ROOT, Board, build, missing_tools
from suite import Failure  # in a folder that board.py adds
from client import pattern

APPLICATIONS = ("http_server", "http_client", "echo", "sink_source")
FETCHED = 100 << 10
HEAD, TAIL = 30, 8  # lines of the table


def say(text: str) -> None:
    print(f"\n{text}", flush=True)


def command(board: Board, *words: str) -> None:
    """Shows a command and what it prints."""
    print(f"$ {' '.join(words)}", flush=True)
    print(board.linux(*words).rstrip(), flush=True)


def python(board: Board, what: str, code: str) -> None:
    print(f"{what}: " + board.linux(sys.executable, "-c", "import socket\n" + code).rstrip(), flush=True)


def visit(board: Board, application: str) -> None:
    """What Linux's side does with the application."""
    if application == "http_client":
        board.wait_for_end(60)
        return
    board.wait_for_ping()
    command(board, "ping", "-c", "3", "-i", "0.2", BOARD)
    if application == "http_server":
        command(board, "curl", "-sS", "-m", "20", "-i", f"http://{BOARD}/")
        command(board, "curl", "-sS", "-m", "20", "-o", "/dev/null", "-w",
                "%{http_code}, %{size_download} octets\\n", f"http://{BOARD}/100k.bin")
    elif application == "echo":
        python(board, "echo, port 7", f"s = socket.create_connection(('{BOARD}', 7), 20)\n"
               "s.sendall(b'hello, board'); print(s.recv(100)); s.close()")
    else:
        python(board, "source, port 19", f"s = socket.create_connection(('{BOARD}', 19), 20)\n"
               "s.sendall(b'100000\\r\\n'); n = 0\n"
               "while part := s.recv(65536): n += len(part)\n"
               "print(n, 'octets')")
        python(board, "sink, port 9", f"s = socket.create_connection(('{BOARD}', 9), 20)\n"
               "s.sendall(bytes(100000)); s.shutdown(1); print('taken' if s.recv(1) == b'' else '?')")


def show_table(table: str, pcap: pathlib.Path) -> None:
    """QEMU writes pcap, aksu-table reads pcapng: editcap comes with tshark."""
    capture = pcap.with_suffix(".pcapng")
    subprocess.run(["editcap", "-F", "pcapng", pcap, capture], check=True)
    pcap.unlink()
    subprocess.run([table, "--name", f"{LINUX}=linux", "--name", f"{BOARD}=board", "--head", str(HEAD),
                    "--tail", str(TAIL), capture], check=True)
    print(f"\ncapture: {os.path.relpath(capture, ROOT)}", flush=True)


def main() -> None:
    name, application, out, table = sys.argv[1:]
    if name not in MACHINES or application not in APPLICATIONS:
        sys.exit(f"boards: {' '.join(MACHINES)}\napplications: {' '.join(APPLICATIONS)}")
    tools = missing_tools(name, "editcap", *(["nginx"] if application == "http_client" else []))
    if tools:
        sys.exit(f"missing: {' '.join(tools)}: as root, scripts/setup firmware installs them")
    machine, out = MACHINES[name], pathlib.Path(out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    image = build(name, ROOT / "build" / f"firmware-{name}", targets=(application,))
    image /= f"{application}.elf"
    print(subprocess.run([machine.tools[1].replace("gcc", "size"), image], check=True, text=True,
                         stdout=subprocess.PIPE).stdout.rstrip())
    say(f"{application} on {name} ({machine.mac}) in QEMU, at {BOARD}")
    pcap = out / f"{name}-{application}.pcap"
    before = (lambda board: board.start_nginx(pattern(FETCHED))) if application == "http_client" else None
    try:
        with Board(name, image, pcap=pcap, before=before) as board:
            visit(board, application)
            say(f"What the board has printed:\n{board.text().rstrip()}")
    except Failure as failure:
        sys.exit(f"{name}: {failure}")
    say("What passed on the wire:")
    show_table(table, pcap)


main()
