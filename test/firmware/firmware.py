#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The examples' images on an emulated board, against Linux's TCP.

usage: firmware.py BOARD BUILD-FOLDER [--long] [NAME ...]
--long: all in full, and through the bad wire as well; NAME ...: the tests whose names contain a word.
Needs root (network namespaces), and what `scripts/setup firmware` installs.
"""
import dataclasses
import functools
import json
import os
import pathlib
import subprocess
import sys
import time

from board import BOARD, HERE, MACHINES, TAP, Board, build, missing_tools
from client import pattern
from suite import expect, run  # in a folder that board.py adds

MEGA = 1 << 20
WAKES_PER_S, LOSS_PERCENT = 20, 5
MOVED = "192.168.77.3"  # where another DHCP server puts the board
CABLE_FILE = 16 * MEGA  # far more than Linux's receive buffer holds when the cable is pulled


@dataclasses.dataclass(frozen=True)
class Amount:
    """How much of everything a run has: octets of a file, pings, connections, ..."""
    file: int
    sequence: int
    pings: int
    syns: int
    idle_s: int
    bad_file: int
    bad_sequence: int
    bad_pings: int


SHORT = Amount(file=MEGA, sequence=100, pings=2000, syns=10000, idle_s=4,
               bad_file=MEGA // 8, bad_sequence=10, bad_pings=300)
LONG = Amount(file=4 * MEGA, sequence=500, pings=2000, syns=100000, idle_s=10,
              bad_file=4 * MEGA, bad_sequence=500, bad_pings=2000)


@functools.cache
def wanted(octets: int) -> bytes:
    return pattern(octets)


class Firmware:
    """A test is a method test_...; each boots a board of its own."""

    def __init__(self, name: str, images: pathlib.Path, amount: Amount) -> None:
        self.name, self.images, self.amount = name, images, amount

    def board(self, app: str = "http_server", **options) -> Board:
        return Board(self.name, self.images / f"{app}.elf", **options)

    def served(self, **options) -> Board:
        """The HTTP server, once it answers ping."""
        return self.board(then=Board.wait_for_ping, **options)

    # What the tests of the good wire and of the bad one share.

    def check_pages(self, board: Board, octets: int) -> None:
        page = board.linux("curl", "-sS", "-m", "60", "-i", f"http://{BOARD}/")
        expect(page.startswith("HTTP/1.1 200") and page.endswith("</html>\n"), page)
        none = board.linux("curl", "-sS", "-m", "60", "-i", f"http://{BOARD}/none")
        expect(none.startswith("HTTP/1.1 404"), none)
        self.check_files(board, 1, octets)

    def check_files(self, board: Board, count: int, octets: int) -> None:
        """Fetches the generated file, count times at once."""
        files = [board.folder / f"got{i}" for i in range(count)]
        clients = [board.start("curl", "-sS", "-m", "200", "-o", file,
                               f"http://{BOARD}/{octets}.bin", stdout=subprocess.PIPE)
                   for file in files]
        said = [client.communicate(timeout=240)[0] for client in clients]
        expect([client.returncode for client in clients] == [0] * count, said)
        for file in files:
            expect(file.read_bytes() == wanted(octets), f"{file.name} differs")
            file.unlink()

    def check_sequence(self, board: Board, count: int) -> None:
        said = json.loads(board.linux(sys.executable, HERE / "client.py", "sequence", count,
                                      timeout=400))
        expect(said["good"] == count and not said["errors"], said)

    def check_ping(self, board: Board, count: int, size: int = 56) -> None:
        """Each request is answered, as it was."""
        said = board.linux(sys.executable, HERE / "frames.py", "echo", TAP, count, size, timeout=600)
        expect(json.loads(said)["answered"] == count, said)

    def check_fetch(self, octets: int, **options) -> dict:
        """The board fetches the pattern from nginx, and ends by itself."""
        with self.board("http_client", before=lambda b: b.start_nginx(wanted(octets)), **options) as board:
            board.wait_for_end(200)
            expect(f"status 200, {octets} octets, 0 wrong" in board.text(), board.text())
            return board.bridged() if board.loss else {}

    # The good wire.

    def test_flood_ping(self) -> None:
        with self.served() as board:
            report = board.linux("ping", "-f", "-q", "-c", self.amount.pings, BOARD)
            received = int(report.split(" received")[0].split()[-1])
            expect(received > self.amount.pings / 2, report)  # while it stands still some are lost
            self.check_ping(board, 500)
            self.check_ping(board, 200, 1472)

    def test_pages_and_a_file(self) -> None:
        with self.served() as board:
            self.check_pages(board, self.amount.file)

    def test_four_at_once(self) -> None:
        with self.served() as board:
            self.check_files(board, 4, self.amount.file)

    def test_connections_in_sequence(self) -> None:
        with self.served() as board:
            self.check_sequence(board, self.amount.sequence)

    def test_fetch_from_nginx(self) -> None:
        self.check_fetch(self.amount.file)

    # The bad wire: 5 % of each direction's frames lost, and 5 % doubled.

    def check_bridged(self, told: dict) -> None:
        for way in told.values():
            expect(way["lost"] and way["doubled"], f"the wire was too good: {told}")

    def test_bad_wire_serve(self) -> None:
        pings = self.amount.bad_pings
        with self.served(loss=LOSS_PERCENT) as board:
            self.check_pages(board, self.amount.bad_file)
            self.check_files(board, 4, self.amount.bad_file)
            self.check_sequence(board, self.amount.bad_sequence)
            report = board.linux("ping", "-f", "-q", "-c", pings, BOARD)
            received = int(report.split(" received")[0].split()[-1])
            expect(0.8 * pings < received < pings, report)  # 1 - 0.95^2 are lost
            self.check_bridged(board.bridged())

    def test_bad_wire_fetch(self) -> None:
        self.check_bridged(self.check_fetch(2 * self.amount.bad_file, loss=LOSS_PERCENT))

    # What a wire can do to a MAC.

    def check_burst(self, board: Board, *sizes: int, drops: bool) -> None:
        """More frames at once than the MAC holds: they wait while the board stands still."""
        machine = board.machine
        counters = [f"port.mac->counters.{name}" for name in ("received", "overruns")]
        before = board.read(*counters)
        board.monitor.command("stop")
        sent = json.loads(board.linux(sys.executable, HERE / "frames.py", "burst", TAP, 500, *sizes))
        board.monitor.command("cont")
        board.wait_for_ping()
        time.sleep(0.2)
        received, overruns = (b - a for a, b in zip(before, board.read(*counters)))
        told = f"{sent}, received {received}, overruns {overruns}"
        expect(sent["sent"] - sent["dropped"] >= 400, f"the TAP lost too many: {told}")
        if drops:
            expect(received < sent["sent"] - sent["dropped"], f"nothing was lost: {told}")
            expect(overruns or not machine.counts, f"not counted: {told}")
        print(f"      {machine.mac}, {machine.holds}: {told}")

    def test_overrun(self) -> None:
        with self.served() as board:
            for sizes in ((1514,), (60,), (60, 1514, 594)):
                self.check_burst(board, *sizes, drops=board.machine.drops and 1514 in sizes)
                self.check_ping(board, 100)
            self.check_files(board, 4, MEGA // 4)

    def test_frames_of_odd_sizes(self) -> None:
        with self.served() as board:
            board.linux("ip", "link", "set", TAP, "mtu", "9000")
            for sizes in ((14, 15, 20, 59), (1515, 1518, 1519, 1600), (2048, 4096, 9000)):
                board.linux(sys.executable, HERE / "frames.py", "burst", TAP, 40, *sizes)
                board.wait_for_ping()
            self.check_ping(board, 100)

    def test_cable_pulled_and_plugged(self) -> None:
        with self.served() as board:
            file = board.folder / "got"
            client = board.start("curl", "-sS", "-m", "100", "--limit-rate", "3M", "-o", file,
                                 f"http://{BOARD}/{CABLE_FILE}.bin", stdout=subprocess.PIPE)
            def came() -> int:
                return file.stat().st_size if file.exists() else 0
            board.wait_for(lambda: came() > MEGA // 2, "half a megabyte")
            board.monitor.command("set_link", name="wire", up=False)
            if board.machine.shows_link:
                self.check_silent(board)
            board.linux("ping", "-c", "1", "-W", "1", BOARD, check=False)
            expect(board.last.returncode != 0, "the cable is not pulled")
            time.sleep(1)
            expect(client.poll() is None and came() < CABLE_FILE, "it was over before")
            self.plug(board)
            said, _ = client.communicate(timeout=120)
            expect(client.returncode == 0, said)
            expect(file.read_bytes() == wanted(CABLE_FILE), "the file differs")

    def check_silent(self, board: Board) -> None:
        """Told that there is no link, the board sends nothing, whatever its timeouts are."""
        board.wait_for(lambda: board.text().endswith("link down\n"), "link down")
        sent = board.read("port.mac->counters.sent")
        time.sleep(3)
        expect(board.read("port.mac->counters.sent") == sent, "it sends without a link")

    def plug(self, board: Board) -> None:
        board.monitor.command("set_link", name="wire", up=True)
        if board.machine.shows_link:
            board.wait_for(lambda: "link up\n" in board.text().rpartition("link down\n")[2], "link up")

    def pull(self, board: Board) -> None:
        board.monitor.command("set_link", name="wire", up=False)
        board.wait_for(lambda: board.text().endswith("link down\n"), "link down")

    def test_address_is_verified_on_the_new_link(self) -> None:
        """The lease is asked for anew, and kept, with its connections; a refused one is replaced."""
        server = []
        def log() -> str:
            return (board.folder / "dnsmasq").read_text()
        with self.board("http_dhcp", before=lambda b: server.append(b.start_dnsmasq(BOARD)),
                        then=Board.wait_for_ping) as board:
            if not board.machine.shows_link:
                return
            over = board.folder / "over"
            client = board.start(sys.executable, HERE / "client.py", "hold-until", over,
                                 stdout=subprocess.PIPE)
            client.stdout.readline()
            asked = log().count("DHCPDISCOVER"), log().count("DHCPACK")
            self.pull(board)
            self.plug(board)
            board.wait_for(lambda: log().count("DHCPACK") > asked[1], "a DHCPACK")
            expect(log().count("DHCPDISCOVER") == asked[0], f"it began anew: {log()}")
            over.touch()
            expect(client.communicate(timeout=60)[0].count("200 OK") == 2, "the connection is gone")
            self.pull(board)
            server[0].terminate()
            server[0].wait()
            board.start_dnsmasq(MOVED)
            self.plug(board)
            board.wait_for(lambda: f"address {MOVED}\n" in board.text(), "the new address")
            expect("no address\n" in board.text(), board.text())
            page = board.linux("curl", "-sS", "-m", "60", "-i", f"http://{MOVED}/")
            expect(page.startswith("HTTP/1.1 200"), page)

    def test_syn_flood(self) -> None:
        with self.served() as board:
            over = board.folder / "over"
            client = board.start(sys.executable, HERE / "client.py", "until", over, 20,
                                 stdout=subprocess.PIPE)
            flood = json.loads(board.linux(sys.executable, HERE / "frames.py", "syn", TAP,
                                           self.amount.syns, timeout=600))
            over.touch()
            said = json.loads(client.communicate(timeout=200)[0])
            arrived, = board.read("net.counters.frames_in")
            expect(said["good"] >= 20 and not said["errors"], said)
            expect(arrived > self.amount.syns // 2, f"of {flood} only {arrived} arrived")
            self.check_ping(board, 100)
            print(f"      {flood}, {arrived} frames taken in; clients {said}")

    def test_idle(self) -> None:
        with self.served() as board:
            client = board.start(sys.executable, HERE / "client.py", "hold",
                                 self.amount.idle_s + 3, stdout=subprocess.PIPE)
            client.stdout.readline()
            time.sleep(1)
            watched = ("port.sleeps", "port.rounds", "port.mac->counters.received")
            before = board.read(*watched)
            begin = time.monotonic()
            time.sleep(self.amount.idle_s)
            after = board.read(*watched)
            passed = time.monotonic() - begin
            sleeps, rounds, frames = ((b - a) % 2**32 for a, b in zip(before, after))
            told = f"{sleeps} sleeps, {rounds} rounds and {frames} frames in {passed:.1f} s"
            rest = client.communicate(timeout=60)[0]
            expect(rest.count("200 OK") == 2, rest)
            expect(0 < sleeps <= WAKES_PER_S * passed, told)
            expect(rounds <= sleeps + 2, f"it does not sleep after each round: {told}")
            print(f"      {told}")


def main() -> None:
    name, folder, *words = sys.argv[1:]
    long = "--long" in words
    words = [word for word in words if word != "--long"]
    if os.geteuid() != 0:
        print("SKIPPED: NOT ROOT, so no network namespaces and no TAP: nothing of the firmware is "
              "tested\n0 passed, 0 failed, 1 skipped")
        return
    tools = missing_tools(name, "gdb-multiarch", "nginx", "dnsmasq")
    if tools:
        print(f"missing: {' '.join(tools)}: scripts/setup firmware\n0 passed, 1 failed")
        sys.exit(1)
    built = build(name, pathlib.Path(folder), targets=("http_server", "http_client", "http_dhcp"))
    run(Firmware(name, built, LONG if long else SHORT), words)


main()
