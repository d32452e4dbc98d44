# SPDX-License-Identifier: MIT
"""What a capture and a file of steps tell of one direction of a connection: what was sent, sent
again, acknowledged, allowed; round-trip times; windows. Sequence numbers count from the sender's
SYN, which is 0, and do not wrap; without it, from the first segment's, which is 1."""
import collections
import csv
import hashlib
from dataclasses import dataclass, field

from capture import ACK, FIN, RST, SYN, Segment, Wrong

INFINITE = 1 << 30  # ssthresh before the first loss


@dataclass(order=True)
class Event:
    time_us: int  # since the connection's first segment
    kind: str
    low: float  # of sequence numbers, or the value
    high: float = 0

    def __str__(self) -> str:
        high = f" {self.high:.10g}" if self.kind in RANGES else ""
        return f"{self.time_us / 1e6:.6f} {self.kind} {self.low:.10g}{high}"


# Kinds that have two numbers. probe: an octet beyond the window, or a keep-alive's; lost: a frame
# that is marked so; the others have one: ack, dup, edge (the window's right one), syn, fin, rst,
# rtt (us), flight (octets that are neither acknowledged nor SACKed).
RANGES = {"data", "again", "probe", "lost", "sack", "dsack"}
# Of a file of steps; srtt and min_rtt in ms.
STEPS = ("cwnd", "ssthresh", "srtt", "min_rtt", "recovery")


# Connections #

@dataclass
class Connection:
    ends: tuple
    segments: list = field(default_factory=list)

    def octets(self, sender: tuple) -> int:
        return sum(s.length for s in self.segments if s.source == sender)

    def begins_anew(self, s: Segment) -> bool:
        """Whether a SYN is not one of these segments' connection: the ports are used again."""
        known = [x.seq for x in self.segments if x.source == s.source and x.flags & SYN]
        return s.flags & (SYN | ACK) == SYN and (
            s.seq not in known if known else any(x.flags & (FIN | RST) for x in self.segments))


def connections(segments: list) -> list:
    current: dict = {}
    found = []
    for s in segments:
        ends = tuple(sorted((s.source, s.target)))
        if ends not in current or (s.flags & SYN and current[ends].begins_anew(s)):
            current[ends] = Connection((s.source, s.target))
            found.append(current[ends])
        current[ends].segments.append(s)
    return found


def flows(found: list) -> list:
    """(connection, sender) of each direction."""
    return [(c, end) for c in found for end in c.ends]


# Extraction #

class Extraction:
    """Goes through one direction's segments and the ACKs of the other."""

    def __init__(self, connection: Connection, sender: tuple) -> None:
        self.sender = sender
        self.began_ns = connection.segments[0].time_ns
        self.events: list = []
        self.top = self.una = 0  # one past what was sent; the greatest ACK
        self.edge: int | None = None
        self.window = 0
        self.flight = 0
        self.sent: collections.deque = collections.deque()  # low, high, us: sent once
        self.stamped: dict = {}  # TSval: us when first sent
        self.held: list = []  # SACKed, sorted and apart
        self.base = self.find_base(connection)
        self.scale, self.scale_known = self.find_scale(connection)
        for s in connection.segments:
            (self.on_sent if s.source == sender else self.on_came)(
                s, (s.time_ns - self.began_ns) // 1000)
        self.events.sort(key=lambda e: e.time_us)

    def find_base(self, connection: Connection) -> int:
        own = [s for s in connection.segments if s.source == self.sender]
        for s in own:
            if s.flags & SYN:
                return s.seq
        return (own[0].seq if own else connection.segments[0].ack) - 1

    def find_scale(self, connection: Connection) -> tuple:
        """The shift of the other end's windows (RFC 7323 2.2: only if both SYNs have the option),
        and whether that is known."""
        syns = {s.source == self.sender: s.wscale for s in connection.segments if s.flags & SYN}
        if False not in syns:
            return 0, syns.get(True, 0) is None
        return (syns[False] or 0) if syns.get(True, 0) is not None else 0, True

    def tell(self, us: int, kind: str, low: float, high: float = 0) -> None:
        self.events.append(Event(us, kind, low, high))

    def relative(self, number: int) -> int:
        distance = (number - self.base - self.top) & 0xFFFFFFFF
        return self.top + distance - ((distance & 0x80000000) << 1)

    def on_sent(self, s: Segment, us: int) -> None:
        low = self.relative(s.seq) + (s.flags & SYN > 0)
        high = low + s.length
        if s.flags & SYN:
            self.tell(us, "syn", low - 1)
        if s.flags & RST:
            self.tell(us, "rst", low)
            return
        probe = self.is_probe(s, low, high)
        if s.length:
            self.tell(us, "probe" if probe else "again" if low < self.top else "data", low, high)
            if "lost" in s.remark or "queue full" in s.remark:
                self.tell(us, "lost", low, high)
        if s.flags & FIN:
            self.tell(us, "fin", high)
        if not probe:
            self.track(s, us, low - (s.flags & SYN > 0), high + (s.flags & FIN > 0))
        self.note_flight(us)

    def is_probe(self, s: Segment, low: int, high: int) -> bool:
        beyond = self.edge is not None and low >= self.edge
        return s.length == 1 and (beyond or high == self.una == self.top)

    def track(self, s: Segment, us: int, low: int, high: int) -> None:
        """Remembers when sequence numbers were sent, if they were once."""
        if low == high:
            return
        if s.tsval is not None:
            self.stamped.setdefault(s.tsval, us)
        if low < self.top:  # Karn: which one an ACK is of is not known
            self.sent = collections.deque(x for x in self.sent if x[1] <= low or x[0] >= high)
        else:
            self.sent.append((low, high, us))
        self.top = max(self.top, high)

    def on_came(self, s: Segment, us: int) -> None:
        if s.flags & RST:
            self.tell(us, "rst", self.una)
        if not s.flags & ACK or s.flags & RST:
            return
        ack, before = self.relative(s.ack), self.una
        if s.remark and "lost" in s.remark:
            return  # it did not come
        window = s.window << (0 if s.flags & SYN else self.scale)
        if ack > before:
            self.on_advance(s, us, ack)
        elif ack == before and self.top > ack and not s.length and not s.flags & (SYN | FIN) and \
                window == self.window:
            self.tell(us, "dup", ack)
        if ack >= before:
            self.window = window
            if self.edge != ack + window:
                self.edge = ack + window
                self.tell(us, "edge", self.edge)
        self.on_sack(us, ack, [tuple(map(self.relative, block)) for block in s.sack])
        self.note_flight(us)

    def on_advance(self, s: Segment, us: int, ack: int) -> None:
        self.una, self.top = ack, max(self.top, ack)
        self.tell(us, "ack", ack)
        sample = None
        while self.sent and self.sent[0][1] <= ack:
            sample = self.sent.popleft()
        if sample and sample[1] == ack:
            self.tell(us, "rtt", us - sample[2])
        elif s.tsecr in self.stamped and us > self.stamped[s.tsecr]:
            self.tell(us, "rtt", us - self.stamped[s.tsecr])

    def on_sack(self, us: int, ack: int, blocks: list) -> None:
        for i, (low, high) in enumerate(blocks):
            inside = len(blocks) > 1 and blocks[1][0] <= low and high <= blocks[1][1]
            if i == 0 and (high <= ack or inside):  # RFC 2883 4
                self.tell(us, "dsack", low, high)
            elif low < high:
                self.tell(us, "sack", low, high)
                self.held.append((low, high))
                self.sample_sacked(us, low, high)
        merged: list = []
        for low, high in sorted((max(low, self.una), high) for low, high in self.held
                                if high > self.una):
            if merged and low <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
            else:
                merged.append((low, high))
        self.held = merged

    def sample_sacked(self, us: int, low: int, high: int) -> None:
        """A segment's first SACK tells its round-trip time, and a later ACK no more."""
        covered = [x for x in self.sent if low <= x[0] and x[1] <= high]
        if covered:
            self.tell(us, "rtt", us - covered[-1][2])
            self.sent = collections.deque(x for x in self.sent if x[0] < low or high < x[1])

    def note_flight(self, us: int) -> None:
        flight = self.top - self.una - sum(high - low for low, high in self.held)
        if flight != self.flight:
            self.flight = flight
            self.tell(us, "flight", flight)


# Steps #

def read_steps(path: str) -> list:
    """The lines of a file of steps, as dicts; Wrong if it is none."""
    try:
        with open(path, newline="") as file:
            lines = list(csv.DictReader(file))
    except OSError as error:
        raise Wrong(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error):
        raise Wrong(f"{path}: not a file of steps: not text") from None
    wanted = {"time_us", "host", "local_port", "remote_port", "una", "max", *STEPS}
    missing = sorted(wanted - set(lines[0] if lines else ()))
    if missing:
        raise Wrong(f"{path}: not a file of steps: no column {', '.join(missing)}")
    for number, line in enumerate(lines, 2):
        try:
            for key in wanted - {"host"}:
                line[key] = float(line[key]) if line[key] else None
            line["time_us"] + line["una"] + line["max"]
        except (TypeError, ValueError):
            raise Wrong(f"{path}:{number}: a number is missing or is none") from None
    return lines


def ends_of(line: dict) -> tuple:
    return line["host"], line["local_port"], line["remote_port"]


def busiest(lines: list) -> tuple:
    """The host and ports that sent most."""
    sent: collections.Counter = collections.Counter()
    last: dict = {}
    for line in lines:
        ends = ends_of(line)
        sent[ends] += max(0, line["max"] - last.get(ends, line["max"]))
        last[ends] = line["max"]
    return sent.most_common(1)[0][0]


def step_events(lines: list, ends: tuple, began_us: float, flight: bool) -> list:
    """What changes in the steps of one end. flight: also what is not acknowledged."""
    found, last = [], {}
    for line in lines:
        if ends_of(line)[1:] != ends[1:] or ends[0] not in ("", line["host"]):
            continue
        values = {key: line[key] for key in STEPS}
        if flight:
            values["flight"] = (line["max"] - line["una"]) % 2**32
        for key, value in values.items():
            if value is not None and value != last.get(key, 0):
                found.append(Event(int(line["time_us"] - began_us), key, value))
                last[key] = value
    return found


def digest(events: list) -> str:
    return hashlib.sha256("\n".join(map(str, events)).encode()).hexdigest()[:32]
