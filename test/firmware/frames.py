#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Raw frames to a board, from the namespace that its TAP is in.

usage: frames.py syn TAP COUNT          SYNs to port 80 from forged addresses, until QEMU has read COUNT
       frames.py burst TAP COUNT OCTETS...  frames that the stack drops, of these sizes in turn
       frames.py echo TAP COUNT OCTETS  echo requests with so much in them, each after the answer to the last
Prints one line of JSON: sent, and what QEMU has read of it (the TAP's queue drops what it cannot hold).
"""
import json
import pathlib
import random
import socket
import struct
import sys
import time

BOARD, BOARD_MAC = socket.inet_aton("192.168.77.2"), bytes.fromhex("02616b737502")
EXPERIMENTAL = 0x88b5  # IEEE 802's EtherType for such use: no stack knows it
BURST, PAUSE_S = 25, 0.0005
ANSWER_S = 20  # the board shares its processor with others


class Tap:
    """A packet socket on the TAP, and the kernel's counters of it."""

    def __init__(self, name: str) -> None:
        self.folder = pathlib.Path(f"/sys/class/net/{name}")
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind((name, 0))
        self.own = self.socket.getsockname()[4]
        self.before = {name: self.counter(name) for name in ("tx_packets", "tx_dropped")}

    def counter(self, name: str) -> int:
        return int((self.folder / "statistics" / name).read_text(encoding="ascii"))

    def taken(self) -> int:
        return self.counter("tx_packets") + self.counter("tx_dropped")

    def since(self, name: str) -> int:
        return self.counter(name) - self.before[name]


def checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def forged_syn(own: bytes, chance: random.Random) -> bytes:
    """From an address of 198.18.0.0/15, which RFC 2544 keeps for tests; as a router would bring it."""
    source = struct.pack("!I", 0xc6120000 | chance.randrange(1 << 17))
    ports = struct.pack("!HH", chance.randrange(1024, 65536), 80)
    rest = struct.pack("!IIBBHHHBBH", chance.randrange(1 << 32), 0, 0x60, 2, 64240, 0, 0, 2, 4, 1460)
    tcp = ports + rest
    summed = checksum(source + BOARD + struct.pack("!HH", 6, len(tcp)) + tcp)
    tcp = tcp[:16] + struct.pack("!H", summed) + tcp[18:]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0, source, BOARD)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return BOARD_MAC + own + b"\x08\x00" + ip + tcp


def syn(tap: Tap, count: int) -> dict:
    chance = random.Random(1)
    frames = [forged_syn(tap.own, chance) for _ in range(min(count, 10000))]  # over and over
    sent = 0
    while tap.since("tx_packets") < count:
        before = tap.taken()
        for _ in range(BURST):
            tap.socket.send(frames[sent % len(frames)])
            sent += 1
        while tap.taken() - before < BURST:
            time.sleep(PAUSE_S)
        time.sleep(PAUSE_S)  # for the board, which shares its processor with QEMU's reading
    return {"sent": sent}


def burst(tap: Tap, count: int, sizes: list) -> dict:
    head = BOARD_MAC + tap.own + struct.pack("!H", EXPERIMENTAL)
    for i in range(count):
        size = sizes[i % len(sizes)]
        tap.socket.send(head + bytes(size - len(head)))
    return {"sent": count}


def echo(count: int, size: int) -> dict:
    """Through Linux's own IP. One at a time: a MAC may hold but a few frames while its board stands still."""
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    raw.settimeout(ANSWER_S)
    answered = 0
    for sequence in range(count):
        body = struct.pack("!HH", 0x616b, sequence) + bytes(i % 256 for i in range(size))
        sent = struct.pack("!BBH", 8, 0, checksum(b"\x08\x00" + body)) + body
        raw.sendto(sent, (socket.inet_ntoa(BOARD), 0))
        try:
            while True:
                got = raw.recv(65536)[20:]
                if got[:2] == b"\x00\x00" and got[4:] == body and checksum(got) == 0:
                    break
            answered += 1
        except TimeoutError:
            break
    return {"sent": sequence + 1, "answered": answered}


def main() -> None:
    what, name, count, *sizes = sys.argv[1:]
    tap = Tap(name)
    if what == "syn":
        result = syn(tap, int(count))
    elif what == "echo":
        result = echo(int(count), int(sizes[0]))
    else:
        result = burst(tap, int(count), [int(size) for size in sizes])
    print(json.dumps(result | {"read": tap.since("tx_packets"), "dropped": tap.since("tx_dropped")}),
          flush=True)


main()
