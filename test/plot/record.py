#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Records Linux's TCP sending to Linux's over a link that loses 3 % of the frames: linux.pcap, 96
octets of each frame at the sender, and linux.txt, what Linux says of it. Needs root and dumpcap.

usage: record.py FOLDER-OF-PROGRAMS
"""
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "linux"))
from emulated import ENDS, PORT, RECEIVER, TAP, Emulated  # noqa: E402

OCTETS = 150000
LINK = ["--rate", 10**7, "--delay-us", 10000, "--queue", 50, "--loss", 0.03, "--seed", 4]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="aksu-plot-") as folder, \
            Emulated(pathlib.Path(sys.argv[1]).resolve(), LINK) as link:
        file = pathlib.Path(folder) / "data"
        file.write_bytes(bytes(OCTETS))
        for end in (0, 1):
            link.give_address(end)
        sink = link.start(1, *ENDS, "receive", PORT)
        link.wait_ready(sink)
        taken = pathlib.Path(folder) / "linux.pcap"
        dump = subprocess.Popen(["ip", "netns", "exec", link.names[0], "dumpcap", "-q", "-P", "-s",
                                 "96", "-i", TAP, "-f", "tcp", "-w", taken])
        while not taken.exists() or taken.stat().st_size < 24:
            time.sleep(0.1)
        time.sleep(1)  # the filter is set after the file's header is written
        told = json.loads(link.result(link.start(0, *ENDS, "send", RECEIVER, PORT, file, "cubic")))
        link.result(sink)
        time.sleep(1)
        dump.send_signal(signal.SIGINT)
        dump.wait()
        (HERE / "linux.pcap").write_bytes(taken.read_bytes())
    (HERE / "linux.txt").write_text(f"octets {OCTETS}\nretransmitted {told['retransmitted']}\n")


main()
