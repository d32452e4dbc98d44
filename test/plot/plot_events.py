#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What scripts/plot reads out of captures and runs: of a capture made by hand, each event; of
scripts of aksu-drill, what the script's own lines say; of runs of the simulator, what it has
counted; of Linux, what it says itself.

usage: plot_events.py FOLDER-OF-PROGRAMS
"""
import collections
import csv
import pathlib
import re
import subprocess
import sys
import tempfile

from made import (A, B, CARRIERS, TEST, capture, events, expected, extracted, ipv4, option, pcap,
                  stamps, tcp, transfer)
from common import Tally, output  # noqa: E402

BIN = pathlib.Path(sys.argv[1]).resolve()


def difference(found: list, wanted: list) -> list:
    lines = [str(e) for e in found]
    return [f"not wanted: {x}" for x in lines if x not in wanted] + \
        [f"missing: {x}" for x in wanted if x not in lines] + \
        (["another order"] if sorted(lines) == sorted(wanted) and lines != wanted else [])


def write(folder: pathlib.Path, data: bytes) -> pathlib.Path:
    path = folder / "x.pcap"
    path.write_bytes(data)
    return path


def by_hand(t: Tally, folder: pathlib.Path) -> None:
    for carrier, (link, _, _) in CARRIERS.items():
        path = write(folder, pcap(transfer(carrier=carrier), link=link))
        t.check(f"by hand: {carrier}", difference(extracted(path).events, expected()))
    for order, nanoseconds in (("<", True), (">", False), (">", True)):
        path = write(folder, pcap(transfer(), order, nanoseconds))
        t.check(f"by hand: order {order}, {'ns' if nanoseconds else 'us'}",
                difference(extracted(path).events, expected()))
    for isn in (0, 2**31 - 300, 2**32 - 300, 2**32 - 1):
        path = write(folder, pcap(transfer(isn=isn, peer=2**32 - 1)))
        t.check(f"by hand: the SYN is {isn}", difference(extracted(path).events, expected()))
    path = write(folder, pcap([(us, frame[:14 + 20 + 40]) for us, frame in transfer()]))
    t.check("by hand: 74 octets of each frame", difference(extracted(path).events, expected()))
    padded = [(us, frame.ljust(60, b"\0")) for us, frame in transfer()]
    t.check("by hand: frames padded to Ethernet's least",
            difference(extracted(write(folder, pcap(padded))).events, expected()))


def no_syn(t: Tally, folder: pathlib.Path) -> None:
    """Without the SYNs numbers begin at the first segment's, and the scale is not known."""
    found = extracted(write(folder, pcap(transfer()[2:])))
    kinds = collections.Counter(e.kind for e in found.events)
    t.check("without SYNs", kinds["data"] == 6 and kinds["again"] == 1 and kinds["sack"] == 3)
    t.check("without SYNs: no scale", not found.scale_known and found.scale == 0)
    half = [f for i, f in enumerate(transfer()) if i != 0]
    t.check("the other's SYN is enough", extracted(write(folder, pcap(half))).scale == 2)
    bare = [(0, transfer()[0][1].replace(option(3, b"\2"), b"\1\1\1")), *transfer()[1:]]
    t.check("no scale unless both SYNs have it (RFC 7323 2.2)",
            extracted(write(folder, pcap(bare))).scale == 0)


def ports_again(t: Tally, folder: pathlib.Path) -> None:
    later = [(us + 10**6, frame) for us, frame in transfer(isn=5000)]
    path = write(folder, pcap(transfer() + later))
    flows = events.flows(events.connections(capture.read(str(path)).segments))
    t.check("the same ports twice: two connections", len(flows) == 4)
    t.check("the second of them", difference(extracted(path, 2).events, expected()))
    twice = transfer()[:1] * 2 + transfer()[1:]  # a SYN sent again is no new connection
    path = write(folder, pcap(twice))
    t.check("a SYN sent again: one connection",
            len(events.connections(capture.read(str(path)).segments)) == 1)


def round_trips(t: Tally, folder: pathlib.Path) -> None:
    """Of a segment sent twice only timestamps tell which one the ACK is of."""
    def frames(stamped: bool) -> list:
        def end(source, target, ms, flags, seq, ack, length, value, echo):
            options = stamps(value, echo) if stamped else b""
            return ms * 1000, ipv4(source, target, tcp(source, target, flags, seq, ack, length,
                                                       1000, options))
        return [end(A, B, 0, 2, 0, 0, 0, 1, 0), end(B, A, 10, 0x12, 0, 1, 0, 1, 1),
                end(A, B, 10, 16, 1, 1, 100, 2, 1), end(A, B, 210, 16, 1, 1, 100, 3, 1),
                end(B, A, 225, 16, 1, 101, 0, 2, 3)]
    for stamped, wanted in ((False, [10000]), (True, [10000, 15000])):
        found = extracted(write(folder, pcap(frames(stamped), link=101)))
        samples = [e.low for e in found.events if e.kind == "rtt"]
        t.check(f"RTTs {'with' if stamped else 'without'} timestamps", samples == wanted
                or [str(samples)])


def scripts(t: Tally, folder: pathlib.Path) -> None:
    """The lines of a script say what its capture has."""
    data = re.compile(r"^\S+\s+> \S+ \d+:\d+\(([1-9]\d*)\)", re.M)
    for path in sorted(p for d in ("rack", "fast-retransmit", "rto", "congestion")
                       for p in (TEST / "drill" / d).glob("*.pkt")):
        text = path.read_text()
        files = [folder / "x.pcapng", folder / "x.csv"]
        done = output([BIN / "aksu-drill", "--pcap", files[0], "--steps", files[1], path])
        found = extracted(files[0]).events
        kinds = collections.Counter(e.kind for e in found)
        sent = kinds["data"] + kinds["again"] + kinds["probe"]
        incoming = "\n".join(x for x in text.splitlines() if re.match(r"\S+\s+< ", x))
        blocks = sum(len(re.findall(r"\d+:\d+", x))
                     for x in re.findall(r"sack ([\d: ]+)", incoming))
        is_sender = data.search(text) and path.name != "quick-acks.pkt"  # there it receives
        t.check(f"{path.parent.name}/{path.name}", not is_sender or (
            sent == len(data.findall(text)) and kinds["sack"] + kinds["dsack"] == blocks)
            or [f"{dict(kinds)}, not {len(data.findall(text))} segments, {blocks} blocks", done])


def cwnd_of_script(t: Tally, folder: pathlib.Path) -> None:
    """The windows that a script asserts are in the steps."""
    path = TEST / "drill/rack/spurious-timeout.pkt"
    output([BIN / "aksu-drill", "--steps", folder / "s.csv", path])
    lines = events.read_steps(str(folder / "s.csv"))
    found = events.step_events(lines, events.busiest(lines), 0, True)
    cwnd = [(e.time_us, e.low) for e in found if e.kind == "cwnd"]
    t.check("steps: cwnd is 1000 at the timeout, then again what it was",
            (652000, 1000) in cwnd and (752000, 11000) in cwnd or [str(cwnd)])
    t.check("steps: srtt is the script's 100 ms",
            [e.low for e in found if e.kind == "srtt"][0] == 100)


def runs(t: Tally, folder: pathlib.Path) -> None:
    """The simulator's own counts."""
    for profile, loss, seed in (("full", 0.03, 1), ("lean", 0.03, 2), ("full", 0, 3)):
        done = output([BIN / "goodput", "run", f"profile={profile}", f"loss={loss}", f"seed={seed}",
                       "octets=300000", f"tap={folder}/t.pcapng", f"steps={folder}/t.csv",
                       f"pcap={folder}/p.pcapng"])
        count = next(csv.DictReader(done.splitlines()))
        found = extracted(folder / "t.pcapng")
        kinds = collections.Counter(e.kind for e in found.events)
        name = f"{profile}, loss {loss}, seed {seed}"
        t.check(f"{name}: sent again", kinds["again"] == int(count["retransmitted"]) or
                [f"{kinds['again']}, not {count['retransmitted']}"])
        t.check(f"{name}: all was sent", found.top == 300001 or [str(found.top)])
        t.check(f"{name}: lost frames", (kinds["lost"] > 0) == (int(count["lost"]) > 0)
                and kinds["lost"] <= int(count["lost"]) + int(count["full"]))
        # Of all frames as they are sent, those that are marked as lost are no ACKs.
        came, sent = ({e.low for e in x.events if e.kind == "ack"}
                      for x in (found, extracted(folder / "p.pcapng")))
        t.check(f"{name}: lost ACKs do not count", came <= sent and
                all(ack > found.una for ack in sent - came))
        lines = events.read_steps(f"{folder}/t.csv")
        ends = events.busiest(lines)
        t.check(f"{name}: the sender's steps", ends[0] == "sender" and ends[2] == 5001)
        steps = events.step_events(lines, ("", *ends[1:]), found.began_ns / 1000, True)
        # What the sender thinks is unacknowledged is what the capture shows: at each instant's end.
        t.check(f"{name}: the same in flight in steps and capture",
                last_of_instants(steps) == last_of_instants(unsacked(found)))


def last_of_instants(found: list) -> dict:
    values: dict = {}
    for e in found:
        if e.kind == "flight":
            values[e.time_us] = e.low
    times = sorted(values)
    return {us: values[us] for i, us in enumerate(times) if i == 0 or
            values[us] != values[times[i - 1]]}


def unsacked(found: events.Extraction) -> list:
    """What is in flight if SACKs were not believed: from what was sent and acknowledged."""
    top = una = 0
    out = []
    for e in found.events:
        top = max(top, {"syn": 1, "fin": e.low + 1}.get(e.kind, e.high if e.kind in
                                                         ("data", "again") else 0))
        una = e.low if e.kind == "ack" else una
        out.append(events.Event(e.time_us, "flight", top - una))
    return out


def linux(t: Tally, _: pathlib.Path) -> None:
    """A capture of Linux's TCP, with what Linux has counted itself; record.py makes both."""
    here = pathlib.Path(__file__).resolve().parent
    told = dict(line.split() for line in (here / "linux.txt").read_text().splitlines())
    found = extracted(here / "linux.pcap")
    kinds = collections.Counter(e.kind for e in found.events)
    t.check("Linux: sent again", kinds["again"] == int(told["retransmitted"]) > 0 or [str(kinds)])
    octets = sum(e.high - e.low for e in found.events if e.kind == "data")
    t.check("Linux: data", octets == int(told["octets"]) or [str(octets)])
    t.check("Linux: all was acknowledged, with the FIN", found.una == found.top == octets + 2)
    # The edge never moves left (RFC 9293 3.8.6: strongly discouraged), the scale being known.
    edges = [e.low for e in found.events if e.kind == "edge"]
    t.check("Linux: the window's edge", edges == sorted(edges) and found.scale_known)
    samples = [e.low for e in found.events if e.kind == "rtt"]
    t.check("Linux: no RTT is less than the link's 20 ms", min(samples) >= 20000 or [str(samples)])
    # Whatever is sent again was asked for: it lies below a SACK that came before.
    sacked = 0.0
    for e in found.events:
        sacked = max(sacked, e.high if e.kind == "sack" else 0)
        if e.kind == "again":
            t.check(f"Linux: {e} is below a SACK", e.low < sacked)


def command(t: Tally, folder: pathlib.Path) -> None:
    path = write(folder, pcap(transfer()))
    plot = [sys.executable, TEST.parent / "ports/plot/plot.py"]
    listed = output([*plot, "--pcap", path, "--events"]).splitlines()
    t.check("--events", listed == expected() or listed)
    listed = output([*plot, "--pcap", path, "--events", "--from", "0.02", "--to", "0.03"])
    t.check("--from and --to", listed.splitlines() == [
        x for x in expected() if 0.02 <= float(x.split()[0]) <= 0.03])
    listed = output([*plot, "--pcap", path, "--list"])
    t.check("--list", "651  192.0.2.1:4000 -> 192.0.2.2:80" in listed or listed)
    other = output([*plot, "--pcap", path, "--events", "--flow", "2"])
    t.check("--flow 2: the other end has sent no data", " data " not in other and " syn 0" in other)
    for words, says in ((["--flow", "3"], "directions 1 to 2, not 3"), (["--show", "x"], "--show"),
                        (["--from", "2", "--to", "1"], "--from"), (["--cell", "base.1"], "one of")):
        done = subprocess.run([*map(str, plot), "--pcap", path, "x.svg", *words], text=True,
                              capture_output=True)
        t.check(f"{' '.join(words)}: {says}", done.returncode != 0 and says in done.stderr
                and "Traceback" not in done.stderr or done.stderr)


def main() -> None:
    t = Tally()
    with tempfile.TemporaryDirectory(prefix="aksu-plot-") as name:
        folder = pathlib.Path(name)
        for part in (by_hand, no_syn, ports_again, round_trips, scripts, cwnd_of_script, runs,
                     linux, command):
            part(t, folder)
    t.finish()


main()
