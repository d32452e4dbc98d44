# SPDX-License-Identifier: MIT
"""Two network namespaces joined by tap-link, and one transfer from the first to the second.

A sender is a congestion control of Linux (reno, cubic, ...) or aksu; a receiver is linux or aksu;
aksu:PROFILE has that profile.
"""
import dataclasses
import hashlib
import itertools
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "interop"))
from namespaces import sh  # pylint: disable=wrong-import-position

ENDS = [sys.executable, pathlib.Path(__file__).resolve().parent / "ends.py"]
SENDER, RECEIVER, PREFIX, TAP = "192.0.2.1", "192.0.2.2", 24, "tap0"
PORT, TIMEOUT = 9, 300
serial = itertools.count()


def is_aksu(end: str) -> bool:
    return end.split(":")[0] == "aksu"


class Emulated:
    """The link; a context that removes the namespaces, and what still runs in them, at its end."""

    def __init__(self, bin_folder: pathlib.Path, options: list, hurry: bool = False) -> None:
        name = f"tap-link-{os.getpid()}-{next(serial)}"
        self.bin, self.options = bin_folder, options
        self.names = f"{name}-s", f"{name}-r"
        self.prompt = ["chrt", "--fifo", "1"] if hurry else []
        self.running = []

    def __enter__(self) -> "Emulated":
        for name in self.names:
            sh("ip", "netns", "add", name)
            for key in ("net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1"):
                self.inside(name, "sysctl", "-qw", key, check=False)
            self.inside(name, "ip", "link", "set", "lo", "up")
        ends = [f"{name}/{TAP}" for name in self.names]
        self.link = self.start_here(self.bin / "tap-link", *ends, *self.options)
        self.wait_ready(self.link)
        for name in self.names:
            self.inside(name, "ethtool", "-K", TAP, "tso", "off", "gso", "off", "gro", "off", "tx",
                        "off", check=False)
            self.inside(name, "ip", "link", "set", TAP, "txqueuelen", "10000", "up")
        return self

    def __exit__(self, *_) -> None:
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.communicate()
        for name in self.names:
            sh("ip", "netns", "del", name, check=False)

    @staticmethod
    def inside(name: str, *command, **options) -> subprocess.CompletedProcess:
        return sh("ip", "netns", "exec", name, *command, **options)

    def start_here(self, *command) -> subprocess.Popen:
        process = subprocess.Popen([*self.prompt, *map(str, command)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.running.append(process)
        return process

    def start(self, end: int, *command) -> subprocess.Popen:
        return self.start_here("ip", "netns", "exec", self.names[end], *command)

    @staticmethod
    def wait_ready(process: subprocess.Popen) -> None:
        line = process.stdout.readline()
        if line != "ready\n":
            raise RuntimeError(f"{process.args}: {line}{process.communicate()[0]}")

    @staticmethod
    def result(process: subprocess.Popen, stop: bool = False) -> str:
        """What a program has printed, after its end."""
        if stop:
            process.send_signal(signal.SIGTERM)
        text = process.communicate(timeout=TIMEOUT)[0]
        if process.returncode != 0:
            raise RuntimeError(f"{process.args}: status {process.returncode}: {text}")
        return text

    def counts(self) -> list:
        """Ends the link: what became of the frames from the sender, and from the receiver."""
        return json.loads(self.result(self.link, stop=True))

    def give_address(self, end: int) -> None:
        address = (SENDER, RECEIVER)[end]
        self.inside(self.names[end], "ip", "addr", "add", f"{address}/{PREFIX}", "dev", TAP)

    def start_aksu(self, end: int, kind: str, *app) -> subprocess.Popen:
        profile = kind.split(":")[1:]
        return self.start(end, self.bin / "aksu-host", "--packet", TAP, "--addr",
                          f"{(SENDER, RECEIVER)[end]}/{PREFIX}", "--counters",
                          *(["--profile", *profile] if profile else []), *app)


@dataclasses.dataclass
class Transfer:
    octets: int         # that came
    good: bool          # they were those that were sent
    us: int             # from the first to the last of them
    retransmitted: int  # segments, as the sender counts them
    there: dict         # the link's counts for the frames of the sender
    back: dict          # and of the receiver


def retransmitted_by_aksu(text: str) -> int:
    return int(re.search(r"retransmitted (\d+)", text)[1])


def transfer(bin_folder: pathlib.Path, file: pathlib.Path, sender: str, receiver: str,
             options: list, hurry: bool = False) -> Transfer:
    """Sends a file that holds the pattern."""
    size = file.stat().st_size
    with Emulated(bin_folder, options, hurry) as link:
        for end, kind in enumerate((sender, receiver)):
            if not is_aksu(kind):
                link.give_address(end)
        if is_aksu(receiver):
            sink = link.start_aksu(1, receiver, "sink", PORT)
        else:
            sink = link.start(1, *ENDS, "receive", PORT)
            link.wait_ready(sink)
        if is_aksu(sender):
            source = link.start_aksu(0, sender, "transfer", f"{RECEIVER}:{PORT}", "--send", size,
                                     "--close", "half")
            retransmitted = retransmitted_by_aksu(link.result(source))
        else:
            source = link.start(0, *ENDS, "send", RECEIVER, PORT, file, sender)
            told = json.loads(link.result(source))
            if told["control"] != sender:
                raise RuntimeError(f"{told['control']} was used in place of {sender}")
            retransmitted = told["retransmitted"]
        text = link.result(sink, stop=is_aksu(receiver))
        there, back = link.counts()
    if is_aksu(receiver):
        told = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", text)}
        octets, us, good = told["octets"], told["ms"] * 1000, told["mismatches"] == 0
    else:
        told = json.loads(text)
        octets, us = told["octets"], told["us"]
        good = told["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    return Transfer(octets, good and octets == size, us, retransmitted, there, back)
