# SPDX-License-Identifier: MIT
"""Captures made octet by octet, and what is drawn of a file."""
import ipaddress
import pathlib
import struct
import sys

TEST = pathlib.Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path[:0] = [str(TEST / "checks"), str(TEST.parent / "ports/plot")]
import capture  # noqa: E402
import events  # noqa: E402

A, B = ("192.0.2.1", 4000), ("192.0.2.2", 80)


def option(kind: int, value: bytes) -> bytes:
    return bytes([kind, len(value) + 2]) + value


def sack(*blocks: tuple, isn: int = 0) -> bytes:
    return option(5, b"".join(struct.pack(">II", *((isn + n) & 0xFFFFFFFF for n in block))
                              for block in blocks))


def stamps(value: int, echo: int) -> bytes:
    return option(8, struct.pack(">II", value, echo))


def tcp(source: tuple, target: tuple, flags: int, seq: int, ack: int, length: int = 0,
        window: int = 1000, options: bytes = b"") -> bytes:
    options += b"\x01" * (-len(options) % 4)
    return struct.pack(">HHIIBBHHH", source[1], target[1], seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                       (20 + len(options)) // 4 << 4, flags, window, 0, 0) + options + bytes(length)


def ipv4(source: tuple, target: tuple, payload: bytes) -> bytes:
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, 6, 0,
                       ipaddress.IPv4Address(source[0]).packed,
                       ipaddress.IPv4Address(target[0]).packed) + payload


def ipv6(source: tuple, target: tuple, payload: bytes) -> bytes:
    def packed(end: tuple) -> bytes:
        return ipaddress.IPv6Address(f"2001:db8::{end[0].rsplit('.', 1)[1]}").packed
    return struct.pack(">IHBB", 6 << 28, len(payload), 6, 64) + packed(source) + packed(target) + \
        payload


# How a packet is carried: link type, what stands before it, IP.
CARRIERS = {"ethernet": (1, bytes(12) + b"\x08\x00", ipv4), "raw": (101, b"", ipv4),
            "vlan": (1, bytes(12) + b"\x81\x00\x00\x07\x08\x00", ipv4),
            "cooked": (113, bytes(14) + b"\x08\x00", ipv4),
            "ipv6": (1, bytes(12) + b"\x86\xdd", ipv6)}


def pcap(frames: list, order: str = "<", nanoseconds: bool = False, link: int = 1) -> bytes:
    """A file of (us, frame)."""
    file = struct.pack(order + "IHHiIII", 0xA1B23C4D if nanoseconds else 0xA1B2C3D4, 2, 4, 0, 0,
                       65535, link)
    for us, frame in frames:
        parts = us % 10**6 * (1000 if nanoseconds else 1)
        file += struct.pack(order + "IIII", us // 10**6, parts, len(frame), len(frame)) + frame
    return file


def transfer(isn: int = 1000, peer: int = 70000, carrier: str = "ethernet") -> list:
    """A sends five segments of 100 octets, of which the second is late: B asks for it with SACKs,
    gets it twice, and says so. The window of B closes, A probes it and closes."""
    _, head, ip = CARRIERS[carrier]
    frames = []

    def a(ms: int, flags: int, seq: int, length: int = 0, options: bytes = b"") -> None:
        frames.append((ms * 1000, head + ip(A, B, tcp(A, B, flags, isn + seq, peer + (flags != 2),
                                                      length, 500, options))))

    def b(ms: int, flags: int, ack: int, window: int, options: bytes = b"") -> None:
        frames.append((ms * 1000, head + ip(B, A, tcp(B, A, flags, peer + (flags != 0x12),
                                                      isn + ack, 0, window, options))))
    scale = option(3, b"\x02")
    a(0, 0x02, 0, options=scale)
    b(10, 0x12, 1, 1000, scale)
    a(10, 0x10, 1)
    for i in range(5):
        a(20 + i, 0x10, 1 + 100 * i, 100)
    b(30, 0x10, 101, 250)
    b(32, 0x10, 101, 250, sack((201, 301), isn=isn))
    b(33, 0x10, 101, 250, sack((201, 401), isn=isn))
    b(34, 0x10, 101, 250, sack((201, 501), isn=isn))
    a(34, 0x10, 101, 100)
    b(40, 0x10, 501, 0)
    b(44, 0x10, 501, 0, sack((101, 201), isn=isn))
    a(244, 0x10, 501, 1)
    b(254, 0x10, 501, 0)
    b(300, 0x10, 501, 100)
    a(301, 0x18, 501, 50)
    a(302, 0x11, 551)
    b(312, 0x10, 552, 100)
    return frames


# What the transfer is, by hand. Times in ms.
TRANSFER = """
0 syn 0|0 flight 1|10 ack 1|10 rtt 10000|10 edge 1001|10 flight 0
20 data 1 101|20 flight 100|21 data 101 201|21 flight 200|22 data 201 301|22 flight 300
23 data 301 401|23 flight 400|24 data 401 501|24 flight 500
30 ack 101|30 rtt 10000|30 edge 1101|30 flight 400
32 dup 101|32 sack 201 301|32 rtt 10000|32 flight 300
33 dup 101|33 sack 201 401|33 rtt 10000|33 flight 200
34 dup 101|34 sack 201 501|34 rtt 10000|34 flight 100|34 again 101 201
40 ack 501|40 edge 501|40 flight 0
44 dsack 101 201|244 probe 501 502|300 edge 901
301 data 501 551|301 flight 50|302 fin 551|302 flight 51
312 ack 552|312 rtt 10000|312 edge 952|312 flight 0
"""


def expected() -> list:
    lines = [line for text in TRANSFER.split("\n") for line in text.split("|") if line]
    return [f"{int(ms) / 1000:.6f} {rest}" for ms, rest in (x.split(" ", 1) for x in lines)]


def extracted(path: pathlib.Path, flow: int | None = None) -> events.Extraction:
    """Of a capture's direction with most data, or of that number."""
    flows = events.flows(events.connections(capture.read(str(path)).segments))
    chosen = flows[flow] if flow is not None else max(flows, key=lambda f: f[0].octets(f[1]))
    return events.Extraction(*chosen)
