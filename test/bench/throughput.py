#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Throughput between aksu and Linux over veth and TAP, as a share of Linux to Linux over veth without
offloads, in the same run; and the processor's time that aksu takes for a gigabyte.

usage: throughput.py BIN-FOLDER [MEGABYTES]     (root)
       throughput.py send HOST | receive        (Linux's ends, started by it)

Rates hold only as ratios: one machine has both ends. The best of three rounds. aksu-host makes and checks
every octet; Linux's ends do not look at them.
"""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "interop"))
from namespaces import AKSU, LINUX, PREFIX, Link, sh  # noqa: E402

PORT, ROUNDS, PART, LIMIT = 9, 3, 1 << 20, 100
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


def measure(folder: pathlib.Path, octets: int) -> dict:
    """{(link, direction): (best rate, its seconds for a gigabyte)}"""
    host, found = folder / "aksu-host", {}
    veth, tap = ("--packet", "veth0"), ("--tap", "tap0")
    with Link(host) as link:
        both, back = (link.peer, link.ours), (link.ours, link.peer)
        here = (link.peer, link.peer)
        cells = {
            ("veth", "Linux to aksu"): (both, (None, veth), (LINUX, AKSU)),
            ("veth", "aksu to Linux"): (back, (veth, None), (AKSU, LINUX)),
            ("TAP", "Linux to aksu"): (here, (None, tap), ("198.51.100.1", "198.51.100.2")),
            ("TAP", "aksu to Linux"): (here, (tap, None), ("198.51.100.2", "198.51.100.1")),
        }
        for _ in range(ROUNDS):
            for name, cell in cells.items():
                found[name] = max(found.get(name, (0, 0)), one(*cell, octets, host))
        link.inside(link.ours, "ip", "addr", "add", f"{AKSU}/{PREFIX}", "dev", "veth0")
        link.inside(link.ours, "ethtool", "-K", "veth0", "tso", "off", "gso", "off", "gro", "off", "tx",
                    "off", check=False)
        for _ in range(ROUNDS):
            name = ("veth", "Linux to Linux")
            found[name] = max(found.get(name, (0, 0)),
                              one(both, (None, None), (LINUX, AKSU), octets, host))
    return found


def table(found: dict) -> str:
    whole = found["veth", "Linux to Linux"][0]
    lines = ["| link | direction | share of Linux to Linux | processor, s/GB |", "|---|---|--:|--:|"]
    lines += [f"| {link} | {direction} | {100 * speed / whole:.0f} % | {seconds:.1f} |"
              for (link, direction), (speed, seconds) in found.items()]
    return "\n".join(lines)


def main() -> None:
    what, *rest = sys.argv[1:]
    if what == "send":
        send(rest[0], int(rest[1]))
    elif what == "receive":
        receive()
    elif os.geteuid() != 0:
        print("SKIPPED: NOT ROOT, so no network namespaces: no throughput is measured")
    else:
        found = measure(pathlib.Path(what).resolve(), int(rest[0] if rest else "100") * PART)
        print(table(found))
        print(f"\nLinux to Linux: {found['veth', 'Linux to Linux'][0]:.0f} MB/s")


if __name__ == "__main__":
    main()
