#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Captures and steps that are damaged: what is wrong is said in one line, what is left is drawn."""
import pathlib
import random
import re
import subprocess
import sys
import tempfile

from made import TEST, capture, events, expected, pcap, transfer
from common import Tally  # noqa: E402
from draw import PANELS, Picture, script_of, with_data  # noqa: E402

PLOT = [sys.executable, str(TEST.parent / "ports/plot/plot.py")]
STEPS = ("time_us,host,local_port,remote_port,event,state,una,max,snd_wnd,cwnd,ssthresh,srtt,"
         "rttvar,rto,retries,recovery,min_rtt\n"
         "10000,a,4000,80,SENT,ESTABLISHED,1001,1101,0,1000,2000,10.000,5.00,200,0,0,\n")


def pcapng(frames: list) -> bytes:
    """A big-endian file, with nanoseconds, a block that is not known and a comment."""
    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        size = (len(body) + 12).to_bytes(4, "big")
        return kind.to_bytes(4, "big") + size + body + size

    def option(code: int, value: bytes) -> bytes:
        return code.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value + \
            bytes(-len(value) % 4)
    file = block(0x0A0D0D0A, b"\x1a\x2b\x3c\x4d\0\1\0\0" + b"\xff" * 8)
    file += block(1, b"\0\1\0\0\0\0\0\0" + option(9, b"\x09") + bytes(4)) + block(99, b"other")
    for us, frame in frames:
        length = len(frame).to_bytes(4, "big")
        file += block(6, bytes(4) + (us * 1000).to_bytes(8, "big") + length * 2 + frame +
                      bytes(-len(frame) % 4) + option(1, b"lost") + bytes(4))
    return file


def drawn(path: pathlib.Path) -> str:
    """Goes all the way to gnuplot's script for each direction; returns what is wrong or nothing."""
    try:
        got = capture.read(str(path))
    except capture.Wrong as wrong:
        return str(wrong)
    for connection, sender in events.flows(events.connections(got.segments)):
        found = events.Extraction(connection, sender).events
        picture = Picture("x", found)
        if found and with_data(picture):
            script_of(picture, list(PANELS))
    return got.cut


def cut_everywhere(t: Tally, folder: pathlib.Path) -> None:
    """Each beginning of a file: none is taken for the whole, but where a packet ends."""
    path = folder / "x.pcap"
    frames = [(us, frame[:14 + 20 + 36]) for us, frame in transfer()[:10]]  # with all options
    for name, data in (("pcap", pcap(frames)), ("pcapng", pcapng(frames))):
        silent = 0
        for size in range(len(data)):
            path.write_bytes(data[:size])
            said = drawn(path)
            silent += not said
            if said and not re.fullmatch(r"(\S+: )?[^\n]+", said):
                t.check(f"{name} cut at {size}: one line", said)
        # Packets end at as many places, but for the whole file's end, which is not tried.
        t.check(f"{name}: cut off at each octet: silent only where a packet ends",
                silent == len(frames) - 1 or [str(silent)])


def changed_anywhere(t: Tally, folder: pathlib.Path) -> None:
    """Octets changed by chance: whatever they are now, it ends, with a message or a picture."""
    chance = random.Random(1)
    path = folder / "x.pcap"
    survived = tried = 0
    for data in (pcap(transfer()), pcapng(transfer())):
        for _ in range(300):
            damaged = bytearray(data)
            for _ in range(chance.choice((1, 1, 3, 20))):
                damaged[chance.randrange(len(data))] = chance.choice((0, 1, 127, 128, 255))
            path.write_bytes(damaged)
            tried += 1
            survived += not drawn(path)
    t.check(f"octets changed: {tried} files, {survived} of them without a message",
            0 < survived < tried)


def cut_frames(t: Tally, folder: pathlib.Path) -> None:
    """Every fifth frame cut within its headers: they are counted, the others are drawn."""
    path = folder / "x.pcap"
    frames = [(us, frame[:14 + 20 + 10] if i % 5 == 4 else frame)
              for i, (us, frame) in enumerate(transfer())]
    path.write_bytes(pcap(frames))
    got = capture.read(str(path))
    t.check("cut frames are counted", got.skipped["cut short"] == len(transfer()) // 5
            and len(got.segments) == len(transfer()) - len(transfer()) // 5)
    done = plot("--pcap", path, "--events")
    t.check("cut frames are told", done.returncode == 0
            and f"{len(transfer()) // 5} cut short" in done.stderr or done.stderr)


def plot(*words: object) -> subprocess.CompletedProcess:
    return subprocess.run([*PLOT, *map(str, words)], text=True, capture_output=True)


def messages(t: Tally, folder: pathlib.Path) -> None:
    """The command's words and exit status."""
    whole = pcap(transfer())
    udp = bytearray(pcap(transfer()[:1]))
    udp[24 + 16 + 14 + 9] = 17
    cases = {
        "an empty file": (b"", "not a capture: it begins with nothing"),
        "text": (b"time seq ack\n", "not a capture: it begins with 74 69 6d 65"),
        "wrong magic": (b"\xd4\xc3\xb2\xa2" + whole[4:], "not a capture"),
        "gzip": (b"\x1f\x8b\x08" + whole, "compressed"),
        "half a header": (whole[:17], "cut off in its header, which has 24 octets: there are 17"),
        "a header alone": (whole[:24], "no TCP segment in it"),
        "a link type": (whole[:20] + b"\x69\0\0\0" + whole[24:], "its link type is 105"),
        "half a packet": (whole[:60], "no TCP segment in it; cut off in packet 1, at octet 24"),
        "UDP": (bytes(udp), "no TCP segment in it: 1 not TCP"),
    }
    for name, (data, says) in cases.items():
        (folder / "y.pcap").write_bytes(data)
        done = plot("--pcap", folder / "y.pcap", folder / "y.svg")
        t.check(f"{name}: {says}", done.returncode == 1 and says in done.stderr
                and done.stderr.count("\n") == 1 or done.stderr)
    done = plot("--pcap", folder / "none.pcap", folder / "y.svg")
    t.check("no such file", "none.pcap: No such file" in done.stderr and done.returncode == 1)
    t.check("nothing was drawn", not (folder / "y.svg").exists())


def torn(t: Tally, folder: pathlib.Path) -> None:
    """What is whole of a capture that ends within a packet, or has one of impossible size."""
    whole = pcap(transfer())
    last = len(transfer()[-1][1]) + 16
    size_at = len(whole) - last + 8
    for name, data, says in (
            ("torn", whole[:-1], f"cut off in packet {len(transfer())}"),
            ("an impossible size", whole[:size_at] + b"\xff" * 4 + whole[size_at + 4:],
             "it says that it has 4294967295 octets")):
        (folder / "z.pcap").write_bytes(data)
        done = plot("--pcap", folder / "z.pcap", "--events")
        wanted = [x for x in expected() if not x.startswith("0.312")]
        t.check(f"{name}: what is before is drawn",
                done.stdout.splitlines() == wanted or done.stdout)
        t.check(f"{name}: {says}", says in done.stderr and done.returncode == 0 or done.stderr)


def steps(t: Tally, folder: pathlib.Path) -> None:
    path = folder / "s.csv"
    for name, text, says in (
            ("not one", "seed,ms\n1,2\n", "no column cwnd"), ("empty", "", "no column"),
            ("no line", STEPS.splitlines()[0] + "\n", "no column"),
            ("a word", STEPS.replace("1001,1101", "x,1101"), "s.csv:2: a number is missing"),
            ("torn", STEPS[:-40], "s.csv:2: a number is missing or is none")):
        path.write_text(text)
        done = plot("--steps", path, folder / "y.svg")
        good = done.returncode == 1 and says in done.stderr and done.stderr.count("\n") == 1
        t.check(f"steps: {name}: {says}", good or done.stderr)
    path.write_bytes(b"\xff\xfe\x00" + STEPS.encode())
    t.check("steps: not text", "not text" in plot("--steps", path, "y.svg").stderr)
    path.write_text(STEPS)
    done = plot("--steps", path, "--events")
    t.check("steps: a whole line", "0.000000 cwnd 1000" in done.stdout or done.stderr)


def main() -> None:
    t = Tally()
    with tempfile.TemporaryDirectory(prefix="aksu-plot-") as name:
        for part in (cut_everywhere, changed_anywhere, cut_frames, messages, torn, steps):
            part(t, pathlib.Path(name))
    t.finish()


main()
