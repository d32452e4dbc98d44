#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""aksu and Linux at the ends of an emulated link: what does not depend on the clock is judged.

usage: check.py BIN-FOLDER [NAME ...]    all tests, or those whose names contain one of the words
Needs root (network namespaces, TAP interfaces), iproute2, ethtool.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from emulated import ENDS, TAP, Emulated, Transfer, transfer

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "checks"))
from suite import expect, run  # noqa: E402  pylint: disable=wrong-import-position

GOODPUT = HERE / "goodput.py"
OCTETS, MSS = 2000000, 1448
# Fast, so that it is soon over; one frame in a hundred lost, and one in a hundred late.
BAD = ["--rate", "40000000", "--delay-us", "2000", "--queue", "50", "--loss", "0.01", "--reorder",
       "0.01", "--reorder-us", "2000"]


def expect_sum(counts: dict) -> None:
    gone = sum(counts[what] for what in ("lost", "dropped", "large", "refused"))
    expect(counts["in"] == counts["out"] + gone, f"it does not add up: {counts}")
    expect(counts["unwritten"] == 0 and counts["refused"] == 0, f"frames vanished: {counts}")


class Checks:
    def __init__(self, bin_folder: pathlib.Path, file: pathlib.Path) -> None:
        self.bin, self.file = bin_folder, file

    # Frames as they are

    def frames(self, count: int, length: int, options: list) -> tuple:
        """Sends numbered frames. Returns the numbers in the order of their arrival, and the counts."""
        with Emulated(self.bin, options) as link:
            there = link.start(1, *ENDS, "frames-in", TAP)
            link.wait_ready(there)
            link.result(link.start(0, *ENDS, "frames-out", TAP, count, length))
            counts, back = link.counts()
            numbers = json.loads(link.result(there, stop=True))["numbers"]
        expect_sum(counts)
        expect_sum(back)
        expect(counts["in"] == count, f"{count} sent: {counts}")
        expect(counts["out"] == len(numbers), f"{len(numbers)} arrived: {counts}")
        return numbers, counts

    def test_order_is_kept(self) -> None:
        numbers, counts = self.frames(2000, 600, ["--delay-us", "5000", "--loss", "0.05"])
        expect(numbers == sorted(set(numbers)), "out of order, or twice")
        expect(counts["lost"] > 0 and counts["dropped"] == 0, str(counts))

    def test_late_frames_are_overtaken(self) -> None:
        numbers, counts = self.frames(1000, 600, ["--rate", "20000000", "--reorder", "0.05",
                                                  "--reorder-us", "20000"])
        expect(sorted(numbers) == list(range(1000)), "not each once")
        expect(numbers != sorted(numbers) and counts["late"] > 0, f"none overtaken: {counts}")

    def test_queue_has_its_length(self) -> None:
        numbers, counts = self.frames(300, 976, ["--rate", "800000", "--queue", "50"])
        expect(numbers == sorted(set(numbers)), "out of order, or twice")
        expect(counts["waiting"] <= 50, f"more than 50 waited: {counts}")
        expect(counts["dropped"] == 0 or counts["waiting"] == 50, f"dropped too early: {counts}")
        expect(numbers[:51] == list(range(51)), "one of the first, for which there is room, is gone")
        expect(counts["lost"] == 0, str(counts))

    def test_a_seed_is_a_fate(self) -> None:
        options = ["--loss", "0.1", "--seed", "7"]
        first, counts = self.frames(500, 100, options)
        second, _ = self.frames(500, 100, options)
        other, _ = self.frames(500, 100, ["--loss", "0.1", "--seed", "8"])
        expect(first == second != other and counts["lost"] > 0, "the seed does not decide")

    # Transfers

    def transfer(self, sender: str, receiver: str) -> None:
        done = transfer(self.bin, self.file, sender, receiver, BAD)
        print(f"      {done}")
        expect(done.good, "what came is not what was sent")
        for counts in (done.there, done.back):
            expect_sum(counts)
        self.judge_retransmissions(done)

    @staticmethod
    def judge_retransmissions(done: Transfer) -> None:
        gone = done.there["data_gone"]
        least = -(-OCTETS // 1460)
        expect(done.there["lost"] > 0 and done.back["lost"] > 0, "nothing was lost")
        expect(done.there["late"] > 0, "nothing was reordered")
        expect(done.retransmitted >= gone, f"{gone} are gone, {done.retransmitted} sent again")
        expect(done.there["data"] >= least + gone, f"{gone} are gone: {done.there}")
        expect(done.there["data"] <= -(-OCTETS // MSS) + done.retransmitted + 20,
               f"the sender counts {done.retransmitted}: {done.there}")
        expect(done.retransmitted <= 4 * gone + 300, f"{gone} are gone, {done.retransmitted} sent again")

    def test_linux_to_linux(self) -> None:
        self.transfer("cubic", "linux")

    def test_aksu_to_linux(self) -> None:
        self.transfer("aksu", "linux")

    def test_linux_to_aksu(self) -> None:
        self.transfer("cubic", "aksu")

    def test_aksu_to_aksu(self) -> None:
        self.transfer("aksu", "aksu")

    # Larger packets vanish without a word: only aksu's end does something about it.

    def hole(self, mtu: str, least: int, most: int) -> None:
        """Between so many segments of data arrive, if the size is found."""
        options = ["--rate", "40000000", "--delay-us", "2000", "--queue", "100", "--mtu", mtu]
        done = transfer(self.bin, self.file, "aksu:plpmtud", "linux", options)
        print(f"      {done}")
        expect(done.good, "what came is not what was sent")
        for counts in (done.there, done.back):
            expect_sum(counts)
        expect(done.there["large"] > 0 and done.back["large"] == 0, "nothing was too large")
        arrived = done.there["data"] - done.there["data_gone"]
        expect(least <= arrived <= most, f"{arrived} segments, not {least} to {most}")

    def test_black_hole(self) -> None:
        self.hole("1300", OCTETS // 1248, OCTETS // 1000)

    def test_black_hole_later(self) -> None:
        self.hole("1300,400", OCTETS // 1448, OCTETS // 1100)

    def test_hole_is_filled(self) -> None:
        self.hole("600,0,100", OCTETS // 1448, OCTETS // 1200)

    # The measuring command, in small

    def test_table_of_goodput(self) -> None:
        command = [sys.executable, GOODPUT, self.bin, "--octets", "200000", "--seeds", "2", "--rate",
                   "50000000", "--delay-us", "1000", "--cells", "1,reorder,burst", "--pairs",
                   "reno-linux,aksu:standard-aksu:lean", "--jobs", "2"]
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT)
        expect(done.returncode == 0, done.stdout)
        rows = re.findall(r"^\| (\S+ to \S+) ((?:\| [0-9.]+ ){3})\|$", done.stdout, re.M)
        expect([row[0] for row in rows] == ["reno to linux", "aksu:standard to aksu:lean"], done.stdout)


def main() -> None:
    bin_folder, words = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    if os.geteuid() != 0:
        print("SKIPPED: not root, so no network namespaces and no TAP interfaces\n"
              "0 passed, 0 failed, 1 skipped")
        return
    missing = [tool for tool in ("ip", "ethtool", "sysctl") if not shutil.which(tool)]
    if missing:
        print(f"missing: {' '.join(missing)} (scripts/setup net installs them)\n0 passed, 1 failed")
        sys.exit(1)
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "pattern"
        with open(file, "wb") as out:
            subprocess.run([bin_folder / "interop_pattern", str(OCTETS)], check=True, stdout=out)
        run(Checks(bin_folder, file), words)


main()
