# SPDX-License-Identifier: MIT
"""Reads the TCP segments of a capture: pcap (microseconds or nanoseconds) or pcapng, of either byte
order. Checksums are not looked at: cards that compute them leave wrong ones in captures."""
import collections
import ipaddress
import pathlib
import struct
from dataclasses import dataclass, field

FIN, SYN, RST, ACK = 1, 2, 4, 16
LARGEST = 1 << 24  # octets of one packet or block: more is damage
# Octets before the IP header; Ethernet is more than that.
RAW = {0: 4, 12: 0, 14: 0, 101: 0, 108: 4, 113: 16, 228: 0, 229: 0, 276: 20}
ETHERNET = 1


class Wrong(Exception):
    """What is wrong with the input, in words for the user."""


@dataclass
class Segment:
    time_ns: int
    source: tuple  # address, port
    target: tuple
    seq: int
    ack: int
    flags: int
    window: int
    length: int
    wscale: int | None = None
    tsval: int | None = None
    tsecr: int | None = None
    sack: list = field(default_factory=list)
    remark: str = ""


@dataclass
class Capture:
    segments: list = field(default_factory=list)
    skipped: collections.Counter = field(default_factory=collections.Counter)
    cut: str = ""  # where the file ends too early

    def add(self, time_ns: int, link: int, frame: bytes, remark: str = "") -> None:
        found = decode(link, frame)
        if isinstance(found, str):
            self.skipped[found] += 1
        else:
            found.time_ns, found.remark = time_ns, remark
            self.segments.append(found)


# Packets #

def decode(link: int, frame: bytes) -> Segment | str:
    """The segment in a frame, or why there is none."""
    ip = network(link, frame)
    if not ip:
        return "not IP"
    version = ip[0] >> 4
    if version not in (4, 6) or len(ip) < (20 if version == 4 else 40):
        return "not IP" if version not in (4, 6) else "cut short"
    return decode_v4(ip) if version == 4 else decode_v6(ip)


def network(link: int, frame: bytes) -> bytes:
    """What is behind the link's header; nothing if that is not IP."""
    if link != ETHERNET:
        return frame[RAW[link]:] if link in RAW else b""
    at = 12
    while frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    return frame[at + 2:] if frame[at:at + 2] in (b"\x08\x00", b"\x86\xdd") else b""


def decode_v4(ip: bytes) -> Segment | str:
    header, total, fragment = (ip[0] & 15) * 4, *struct.unpack_from(">HxxH", ip, 2)
    if ip[9] != 6:
        return "not TCP"
    if fragment & 0x3FFF:
        return "fragment"
    total = total or len(ip)  # segmentation offload leaves 0
    if header < 20 or total < header:
        return "impossible header"
    return decode_tcp(ip[header:total], total - header,
                      str(ipaddress.IPv4Address(ip[12:16])), str(ipaddress.IPv4Address(ip[16:20])))


def decode_v6(ip: bytes) -> Segment | str:
    total = struct.unpack_from(">H", ip, 4)[0] or len(ip) - 40
    if ip[6] != 6:
        return "not TCP"
    return decode_tcp(ip[40:40 + total], total,
                      str(ipaddress.IPv6Address(ip[8:24])), str(ipaddress.IPv6Address(ip[24:40])))


def decode_tcp(tcp: bytes, length: int, source: str, target: str) -> Segment | str:
    if len(tcp) < 20:
        return "cut short"
    source_port, target_port, seq, ack, offset, flags, window = struct.unpack_from(">HHIIBBH", tcp)
    header = (offset >> 4) * 4
    if header < 20 or header > length:
        return "impossible header"
    if header > len(tcp):
        return "cut short"
    segment = Segment(0, (source, source_port), (target, target_port), seq, ack, flags, window,
                      length - header)
    return segment if read_options(tcp[20:header], segment) else "impossible header"


def read_options(options: bytes, to: Segment) -> bool:
    at = 0
    while at < len(options) and options[at] != 0:
        if options[at] == 1:
            at += 1
            continue
        size = options[at + 1] if at + 1 < len(options) else 0
        if size < 2 or at + size > len(options):
            return False
        kind, value = options[at], options[at + 2:at + size]
        if kind == 3 and size == 3:
            to.wscale = min(value[0], 14)  # RFC 7323 2.3
        elif kind == 8 and size == 10:
            to.tsval, to.tsecr = struct.unpack(">II", value)
        elif kind == 5 and size % 8 == 2:
            to.sack = list(struct.iter_unpack(">II", value))
        at += size
    return True


# Files #

def read(path: str) -> Capture:
    """Reads a file; Wrong if it is no capture or has no TCP segment."""
    try:
        data = pathlib.Path(path).read_bytes()
    except OSError as error:
        raise Wrong(f"{path}: {error.strerror}") from None
    capture = Capture()
    magic = data[:4]
    if magic == b"\x0a\x0d\x0d\x0a":
        read_pcapng(path, data, capture)
    elif magic in CLASSIC:
        read_pcap(path, data, capture)
    elif magic[:2] == b"\x1f\x8b":
        raise Wrong(f"{path}: compressed: gunzip it first")
    else:
        raise Wrong(f"{path}: not a capture: it begins with {magic.hex(' ') or 'nothing'}, not "
                    "with pcap's or pcapng's magic number")
    if not capture.segments:
        why = [f"{n} {reason}" for reason, n in capture.skipped.most_common()]
        raise Wrong(f"{path}: no TCP segment in it" + (f": {', '.join(why)}" if why else "") +
                    (f"; {capture.cut}" if capture.cut else ""))
    capture.segments.sort(key=lambda s: s.time_ns)  # of several interfaces
    return capture


# First octets: byte order, nanoseconds of a unit of time.
CLASSIC = {b"\xd4\xc3\xb2\xa1": ("<", 1000), b"\xa1\xb2\xc3\xd4": (">", 1000),
           b"\x4d\x3c\xb2\xa1": ("<", 1), b"\xa1\xb2\x3c\x4d": (">", 1)}


def known_link(path: str, link: int) -> int:
    if link != ETHERNET and link not in RAW:
        raise Wrong(f"{path}: its link type is {link}: this reads Ethernet (1), raw IP (101), "
                    "Linux cooked (113, 276) and loopback (0)")
    return link


def read_pcap(path: str, data: bytes, to: Capture) -> None:
    order, unit_ns = CLASSIC[data[:4]]
    if len(data) < 24:
        raise Wrong(f"{path}: cut off in its header, which has 24 octets: there are {len(data)}")
    link = known_link(path, struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF)
    at, number = 24, 1
    while at < len(data):
        if at + 16 > len(data):
            to.cut = f"cut off in packet {number}, at octet {at}"
            return
        seconds, parts, size, _ = struct.unpack_from(order + "IIII", data, at)
        if size > LARGEST:
            to.cut = f"damaged in packet {number}, at octet {at}: it says that it has {size} octets"
            return
        if at + 16 + size > len(data):
            to.cut = f"cut off in packet {number}, at octet {at}"
            return
        to.add(seconds * 10**9 + parts * unit_ns, link, data[at + 16:at + 16 + size])
        at, number = at + 16 + size, number + 1


def options_of(order: str, body: bytes) -> dict:
    found, at = {}, 0
    while at + 4 <= len(body):
        code, size = struct.unpack_from(order + "HH", body, at)
        if code == 0 or at + 4 + size > len(body):
            break
        found[code] = body[at + 4:at + 4 + size]
        at += 4 + (size + 3) // 4 * 4
    return found


def tick_ns(value: bytes) -> float | int:
    """Nanoseconds of an interface's unit of time (if_tsresol)."""
    power = value[0] if value else 6
    return 1e9 / 2 ** (power & 127) if power & 128 else 10 ** (9 - power) if power <= 9 else \
        10.0 ** (9 - power)


def read_pcapng(path: str, data: bytes, to: Capture) -> None:
    order, links, at, number = "<", [], 0, 1
    while at < len(data):
        if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order, links = (">" if data[at + 8:at + 12] == b"\x1a\x2b\x3c\x4d" else "<"), []
        kind, size = struct.unpack_from(order + "II", data, at) if at + 8 <= len(data) else (0, 12)
        if size < 12 or size % 4 or size > LARGEST:
            to.cut = f"damaged at octet {at}, before packet {number}: a block of {size} octets"
            return
        if at + size > len(data):
            to.cut = f"cut off at octet {at}, in packet {number}"
            return
        body = data[at + 8:at + size - 4]
        if kind == 1 and len(body) >= 8:
            resolution = options_of(order, body[8:]).get(9, b"")
            links.append((known_link(path, struct.unpack_from(order + "H", body)[0]),
                          tick_ns(resolution)))
        elif kind == 6:
            if not read_packet(order, links, body, to):
                to.cut = f"damaged in packet {number}, at octet {at}"
                return
            number += 1
        at += size


def read_packet(order: str, links: list, body: bytes, to: Capture) -> bool:
    if len(body) < 20:
        return False
    interface, high, low, size, _ = struct.unpack_from(order + "IIIII", body)
    if interface >= len(links) or 20 + size > len(body):
        return False
    link, unit_ns = links[interface]
    options = options_of(order, body[20 + (size + 3) // 4 * 4:])
    to.add(int((high << 32 | low) * unit_ns), link, body[20:20 + size],
           options.get(1, b"").decode(errors="replace"))
    return True
