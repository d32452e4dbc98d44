#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Throughput between aksu and Linux over veth and TAP, as a share of Linux to Linux over veth without
offloads, in the same run; and the processor's time that aksu takes for a gigabyte.

usage: throughput.py BIN-FOLDER [MEGABYTES]     (root)
       throughput.py send HOST | receive        (Linux's ends, started by it)

Rates hold only as ratios: one machine has both ends. Medians of three rounds, each with Linux to Linux. aksu-host makes and checks
every octet; Linux's ends do not look at them.
"""
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "interop"))
from namespaces import AKSU, LINUX, PREFIX, Link, sh  # noqa: E402

PORT, ROUNDS, PART = 9, 3, 1 << 20
OTHER = "192.0.2.3"  # aksu's address is known by another hardware address
US = [sys.executable, HERE]


def send(host: str, octets: int) -> None:
    part = bytes(PART)
    with socket.socket() as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
        s.connect((host, PORT))
        for _ in range(octets // PART):
            s.sendall(part)
        s.shutdown(socket.SHUT_WR)
        s.recv(1)


def receive() -> None:
    """Prints octets and seconds from the first to the last."""
    buffer, octets, first, last = bytearray(PART), 0, 0.0, 0.0
    with socket.create_server(("", PORT)) as listener:
        print("ready", flush=True)
        s, _ = listener.accept()
        with s:
            while n := s.recv_into(buffer):
                last = time.monotonic()
                first = first or last
                octets += n
    print(f"octets={octets} ms={(last - first) * 1000:.0f}")


def start(namespace: str, *command) -> subprocess.Popen:
    return subprocess.Popen(["ip", "netns", "exec", namespace, *map(str, command)], text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)


def end(process: subprocess.Popen, stop: bool = False) -> tuple:
    """(what it printed, seconds of processor time)"""
    if stop:
        process.send_signal(signal.SIGTERM)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{process.args}: {text}")
    return text, usage.ru_utime + usage.ru_stime


def rate(text: str, octets: int) -> float:
    """Megabytes a second of what a receiver printed."""
    told = dict(re.findall(r"(octets|ms)=(\d+)", text))
    if int(told["octets"]) != octets:
        raise RuntimeError(f"not {octets}: {text}")
    return octets / 1e3 / int(told["ms"])


def give(namespace: str, device: tuple, address: str) -> None:
    """An address for Linux's end of a TAP, which is there as long as aksu-host is."""
    if device[0] == "--tap":
        for words in (("addr", "add", f"{address}/{PREFIX}", "dev"), ("link", "set", "up", "dev")):
            sh("ip", "netns", "exec", namespace, "ip", *words, device[1])


def one(namespaces: tuple, devices: tuple, hosts: tuple, octets: int, host: pathlib.Path) -> tuple:
    """From the first end to the second: (megabytes a second, aksu's seconds for a gigabyte; Linux's of
    both ends if it is at both). devices: what aksu-host opens, None where Linux is."""
    def aksu(side: int, *app) -> subprocess.Popen:
        return start(namespaces[side], host, *devices[side], "--addr", f"{hosts[side]}/{PREFIX}", *app)

    if devices[1]:
        to = aksu(1, "sink", PORT)
        time.sleep(0.5)  # its interface comes up
        give(namespaces[0], devices[1], hosts[0])
    else:
        to = start(namespaces[1], *US, "receive")
        to.stdout.readline()
    if devices[0]:
        source = aksu(0, "transfer", f"{hosts[1]}:{PORT}", "--send", octets, "--close", "half")
        time.sleep(0.3)
        give(namespaces[1], devices[0], hosts[1])
    else:
        source = start(namespaces[0], *US, "send", hosts[1], octets)
    _, spent = end(source)
    text, taken = end(to, stop=bool(devices[1]))
    seconds = taken if devices[1] else spent if devices[0] else spent + taken
    return rate(text, octets), seconds / (octets / 1e9)


def linux_alone(link: Link, octets: int) -> tuple:
    """Both ends Linux's, over the veth that aksu has else."""
    link.inside(link.ours, "ip", "addr", "add", f"{OTHER}/{PREFIX}", "dev", "veth0")
    link.inside(link.ours, "ethtool", "-K", "veth0", "tso", "off", "gso", "off", "gro", "off", "tx",
                "off", check=False)
    try:
        return one((link.peer, link.ours), (None, None), (LINUX, OTHER), octets, link.host)
    finally:
        link.inside(link.ours, "ip", "addr", "flush", "dev", "veth0")


def measure(folder: pathlib.Path, octets: int) -> dict:
    """{(link, direction): (percent of Linux to Linux in the same round, seconds for a gigabyte)}, the
    medians of the rounds."""
    host, found = folder / "aksu-host", {}
    veth, tap = ("--packet", "veth0"), ("--tap", "tap0")
    near, far = "198.51.100.1", "198.51.100.2"
    with Link(host) as link:
        here = (link.peer, link.peer)
        cells = {
            ("veth", "Linux to aksu"): ((link.peer, link.ours), (None, veth), (LINUX, AKSU)),
            ("veth", "aksu to Linux"): ((link.ours, link.peer), (veth, None), (AKSU, LINUX)),
            ("TAP", "Linux to aksu"): (here, (None, tap), (near, far)),
            ("TAP", "aksu to Linux"): (here, (tap, None), (far, near)),
        }
        for _ in range(ROUNDS):
            whole, seconds = linux_alone(link, octets)
            found.setdefault(("veth", "Linux to Linux"), []).append((100.0, seconds))
            for name, cell in cells.items():
                speed, seconds = one(*cell, octets, host)
                found.setdefault(name, []).append((100 * speed / whole, seconds))
    return {name: tuple(statistics.median(each) for each in zip(*rounds))
            for name, rounds in found.items()}


def table(found: dict) -> str:
    lines = ["| link | direction | share of Linux to Linux | processor, s/GB |", "|---|---|--:|--:|"]
    return "\n".join(lines + [f"| {link} | {direction} | {share:.0f} % | {seconds:.1f} |"
                              for (link, direction), (share, seconds) in found.items()])


def main() -> None:
    what, *rest = sys.argv[1:]
    if what == "send":
        send(rest[0], int(rest[1]))
    elif what == "receive":
        receive()
    elif os.geteuid() != 0:
        print("SKIPPED: NOT ROOT, so no network namespaces: no throughput is measured")
    else:
        print(table(measure(pathlib.Path(what).resolve(), int(rest[0] if rest else "100") * PART)))
        print(f"\nload average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
