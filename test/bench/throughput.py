#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Throughput between aksu and Linux over veth and TAP, as a share of Linux to Linux over veth without
offloads, in the same run and over the same version of IP; and the processor's time that aksu takes for a
gigabyte.

usage: throughput.py BIN-FOLDER [MEGABYTES]        (root)
       throughput.py send HOST | receive HOST      (Linux's ends, started by it)

Rates hold only as ratios: one machine has both ends. Medians of three rounds, each with Linux to Linux.
aksu-host makes and checks every octet; Linux's ends do not look at them.
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
from ipv6 import AKSU6, CLAIMS_S, LINUX6, Link6  # noqa: E402
from namespaces import AKSU, LINUX, PREFIX, sh  # noqa: E402

PORT, ROUNDS, PART = 9, 3, 1 << 20
# Linux's ends of veth and TAP, and ours; and what Linux has in our place, whose address is known by
# another hardware address.
HOSTS = {4: {"veth": (LINUX, AKSU), "TAP": ("198.51.100.1", "198.51.100.2"), "other": "192.0.2.3"},
         6: {"veth": (LINUX6, AKSU6), "TAP": ("2001:db8:7::1", "2001:db8:7::2"),
             "other": "2001:db8::3"}}
US = [sys.executable, HERE]


def family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def send(host: str, octets: int) -> None:
    part = bytes(PART)
    with socket.socket(family(host)) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
        s.connect((host, PORT))
        for _ in range(octets // PART):
            s.sendall(part)
        s.shutdown(socket.SHUT_WR)
        s.recv(1)


def receive(host: str) -> None:
    """Prints octets and seconds from the first to the last."""
    buffer, octets, first, last = bytearray(PART), 0, 0.0, 0.0
    # Of any of its addresses: that of a TAP is not there yet.
    anywhere = "::" if family(host) == socket.AF_INET6 else ""
    with socket.create_server((anywhere, PORT), family=family(host)) as listener:
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
        given = [f"{address}/64", "nodad"] if ":" in address else [f"{address}/{PREFIX}"]
        for words in (("addr", "add", *given, "dev"), ("link", "set", "up", "dev")):
            sh("ip", "netns", "exec", namespace, "ip", *words, device[1])


def given(host: str) -> list:
    """The options with which aksu-host has an address, beside one of IPv4 that it must have."""
    return ["--addr", f"192.0.2.2/{PREFIX}", "--ipv6", f"{host}/64"] if ":" in host else \
        ["--addr", f"{host}/{PREFIX}"]


def one(namespaces: tuple, devices: tuple, hosts: tuple, octets: int, host: pathlib.Path) -> tuple:
    """From the first end to the second: (megabytes a second, aksu's seconds for a gigabyte; Linux's of
    both ends if it is at both). devices: what aksu-host opens, None where Linux is."""
    def aksu(side: int, *app) -> subprocess.Popen:
        return start(namespaces[side], host, *devices[side], *given(hosts[side]), *app)

    if devices[1]:
        to = aksu(1, "sink", PORT)
        time.sleep(0.5)  # its interface comes up
        give(namespaces[0], devices[1], hosts[0])
        time.sleep(CLAIMS_S if ":" in hosts[1] else 0)
    else:
        to = start(namespaces[1], *US, "receive", hosts[1])
        to.stdout.readline()
    if devices[0]:
        there = f"[{hosts[1]}]" if ":" in hosts[1] else hosts[1]
        source = aksu(0, "transfer", f"{there}:{PORT}", "--send", octets, "--close", "half")
        time.sleep(0.3)
        give(namespaces[1], devices[0], hosts[1])
    else:
        source = start(namespaces[0], *US, "send", hosts[1], octets)
    _, spent = end(source)
    text, taken = end(to, stop=bool(devices[1]))
    seconds = taken if devices[1] else spent if devices[0] else spent + taken
    return rate(text, octets), seconds / (octets / 1e9)


def linux_alone(link: Link6, version: int, octets: int) -> tuple:
    """Both ends Linux's, over the veth that aksu has else."""
    other, linux = HOSTS[version]["other"], HOSTS[version]["veth"][0]
    link.inside(link.ours, "sysctl", "-qw", f"net.ipv6.conf.veth0.disable_ipv6={int(version == 4)}")
    link.inside(link.ours, "ip", "addr", "add", *([f"{other}/64", "nodad"] if version == 6 else
                                                  [f"{other}/{PREFIX}"]), "dev", "veth0")
    link.inside(link.ours, "ethtool", "-K", "veth0", "tso", "off", "gso", "off", "gro", "off", "tx",
                "off", check=False)
    try:
        return one((link.peer, link.ours), (None, None), (linux, other), octets, link.host)
    finally:
        link.inside(link.ours, "ip", "addr", "flush", "dev", "veth0")
        link.inside(link.ours, "sysctl", "-qw", "net.ipv6.conf.veth0.disable_ipv6=1")


def measure(folder: pathlib.Path, octets: int) -> dict:
    """{(link, direction): (percent of Linux to Linux in the same round over the same version of IP,
    seconds for a gigabyte)}, the medians of the rounds."""
    host, found = folder / "aksu-host", {}
    veth, tap = ("--packet", "veth0"), ("--tap", "tap0")
    with Link6(host) as link:
        for version in [v for v in HOSTS for _ in range(ROUNDS)]:
            after = ", IPv6" if version == 6 else ""
            whole, seconds = linux_alone(link, version, octets)
            found.setdefault((f"veth{after}", "Linux to Linux"), []).append((100.0, seconds))
            for name, device, ends in (("veth", veth, (link.peer, link.ours)),
                                       ("TAP", tap, (link.peer, link.peer))):
                hosts = HOSTS[version][name]
                cells = {"Linux to aksu": (ends, (None, device), hosts),
                         "aksu to Linux": (ends[::-1], (device, None), hosts[::-1])}
                for direction, cell in cells.items():
                    speed, seconds = one(*cell, octets, host)
                    found.setdefault((name + after, direction), []).append((100 * speed / whole,
                                                                            seconds))
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
        receive(rest[0])
    elif os.geteuid() != 0:
        print("SKIPPED: NOT ROOT, so no network namespaces: no throughput is measured")
    else:
        print(table(measure(pathlib.Path(what).resolve(), int(rest[0] if rest else "100") * PART)))
        print(f"\nload average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
