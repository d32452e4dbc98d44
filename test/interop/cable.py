#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""aksu's HTTP server, whose interface goes down, or loses its carrier, under its connections.

usage: cable.py BIN-FOLDER [--long] [NAME ...]
--long: for 30 s and for more than five minutes, too. Needs root (network namespaces, raw sockets),
iproute2, tshark.
"""
import json
import pathlib
import subprocess
import sys
import time

from captures import packets
from namespaces import AKSU, Link, main

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "checks"))
from suite import expect, run  # noqa: E402  pylint: disable=wrong-import-position

TOOLS = ["ip", "tc", "tshark"]
OCTETS = 10000
SETTLED_S = 2  # by then the kernel has told of it, and the program has read that
IDLE, ASKED = 0, 1  # connections: of one nothing is on its way, of the other text of both sides


class Client:
    """Connections of Linux's TCP, one after the other told what to do."""

    def __init__(self, link: Link) -> None:
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", link.peer, "python3", HERE / "peer.py", "told", AKSU, "80", "2"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        link.running.append(self.process)

    def tell(self, what: str, number: int) -> str:
        self.process.stdin.write(f"{what} {number} {OCTETS}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


class Cable:
    def __init__(self, bin_folder: pathlib.Path, out: pathlib.Path) -> None:
        self.host, self.out = bin_folder / "aksu-host", out

    def frames(self, pcap: pathlib.Path, begin: float, end: float) -> list:
        """What aksu sent between two times."""
        return packets(pcap, f"(ip.src == {AKSU} || arp.src.proto_ipv4 == {AKSU}) && "
                             f"frame.time_epoch >= {begin} && frame.time_epoch < {end}")

    def pull(self, seconds: float, far: bool, survives: bool = True) -> None:
        """far: Linux's end goes down, and ours has no carrier. survives: the connection with text on
        its way outlives it; else its user timeout ends it, and the peer hears so when it asks."""
        pcap = self.out / f"{'far' if far else 'near'}{seconds}.pcapng"
        with Link(self.host) as link:
            namespace = link.peer if far else link.ours
            server = link.serve("http-server", 80, pcap=pcap)
            client = Client(link)
            for number in (IDLE, ASKED):
                client.tell("ask", number)
                expect(client.tell("read", number) == "good", f"connection {number} at first")
            # What aksu says from now on is lost on its way.
            link.inside(link.ours, "tc", "qdisc", "add", "dev", "veth0", "root", "pfifo", "limit", "0")
            client.tell("ask", ASKED)
            time.sleep(0.1)
            link.inside(namespace, "ip", "link", "set", "veth0", "down")
            begin = time.time()
            time.sleep(seconds)
            link.inside(link.ours, "tc", "qdisc", "del", "dev", "veth0", "root")
            end = time.time()
            link.inside(namespace, "ip", "link", "set", "veth0", "up")
            client.tell("ask", IDLE)
            expect(client.tell("read", IDLE) == "good", "the idle connection is gone")
            expect(client.tell("read", ASKED) == ("good" if survives else "ConnectionResetError"),
                   "the connection with text on its way")
            link.stop(server)
        sent = self.frames(pcap, begin + SETTLED_S, end)
        expect(not sent, "sent without a link:\n" + "\n".join(sent[:5]))

    def test_interface_down(self) -> None:
        self.pull(5, far=False)

    def test_carrier_lost(self) -> None:
        self.pull(5, far=True)


class Long(Cable):
    def test_interface_down_30_s(self) -> None:
        self.pull(30, far=False)

    def test_carrier_lost_30_s(self) -> None:
        self.pull(30, far=True)

    def test_carrier_lost_longer_than_the_user_timeout(self) -> None:
        self.pull(310, far=True, survives=False)


def begin_tests(folder: pathlib.Path, out: pathlib.Path, words: list) -> None:
    suite = Long if "--long" in words else Cable
    run(suite(folder, out), [word for word in words if word != "--long"], at_once=5)


main(TOOLS, begin_tests)
