#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fuzzes the stack with libFuzzer.

usage: fuzz.py [TARGET [SECONDS]]      fuzz one target, or all in turn; 30 s each
       fuzz.py --build                 build the targets only
       fuzz.py --long FOLDER HOURS     all targets in turn on one core, logs and corpora in FOLDER
       fuzz.py --table FOLDER          what the logs of a long run say, as a table
       fuzz.py --keep FOLDER           merge a long run's corpora, minimised, into test/fuzz/corpus
       fuzz.py --find TARGET FILE      keep an input that found something as a regression

A corpus is a file of lines, an input each, in hexadecimal digits; the regressions are another.
AKSU_FUZZ_SECONDS sets the time for each target, AKSU_FUZZ_SEED where chance begins (0: anywhere).
"""
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = pathlib.Path(os.environ.get("AKSU_FUZZ_BUILD", ROOT / "build/fuzz"))
CORPUS = HERE / "corpus"
HOSTILE = ROOT / "test/hostile"
TARGETS = ["frames", "step", "options", "reassembly", "resume", "wire", "datagrams", "six"]
OUR_MAC, PEER_MAC = bytes([2, 0, 0, 0, 0, 1]), bytes([2, 0, 0, 0, 0, 2])
US, PEER = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])
NEEDS_HOST = {"frames", "resume"}
FLAGS = ["-std=c11", "-g", "-O1", "-DAKSU_DEBUG", "-fsanitize=fuzzer,address,undefined",
         "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", f"-I{ROOT}/lib/include",
         f"-I{ROOT}/lib/src"]
OPTIONS = ["-max_len=2048", "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1",
           "-use_value_profile=1"]


def newer(target: pathlib.Path, sources: list) -> bool:
    return target.exists() and all(f.stat().st_mtime < target.stat().st_mtime for f in sources)


def library() -> list:
    """Compiles the library, if anything is newer than its objects."""
    sources = [*ROOT.glob("lib/src/*.c"), *ROOT.glob("lib/src/*/*.c")]
    folder = BUILD / "lib"
    done = folder / "done"
    if not newer(done, [*sources, *ROOT.glob("lib/**/*.h"), HERE / "fuzz.py"]):
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["clang", *FLAGS, "-c", *sources], cwd=folder, check=True)
        done.touch()
    return sorted(folder.glob("*.o"))


def build(target: str) -> pathlib.Path:
    """Compiles a target and links it with the library, if anything is newer than it."""
    program = BUILD / target
    objects = library()
    sources = [HERE / f"{target}.c"]
    if target in NEEDS_HOST:
        sources += [HOSTILE / f"{name}.c" for name in ("host", "image", "states", "table", "wire")]
        subprocess.run([sys.executable, HOSTILE / "table.py", HOSTILE / "hostile.json",
                        BUILD / "cases.inc"], check=True)
    watched = [*sources, *objects, *HERE.glob("*.h"), *HOSTILE.glob("*.h"),
               HOSTILE / "hostile.json"]
    if not newer(program, watched):
        subprocess.run(["clang", *FLAGS, f"-I{BUILD}", *sources, *objects, "-o", f"{program}.new"],
                       check=True)
        os.replace(f"{program}.new", program)
    return program


def unpack(target: str, folder: pathlib.Path) -> None:
    """Writes the inputs that were kept as files."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in ("corpus", "found"):
        kept = CORPUS / f"{target}.{kind}"
        for i, line in enumerate(kept.read_text().split("\n")[:-1] if kept.exists() else []):
            (folder / f"{kind}-{i:04}").write_bytes(bytes.fromhex(line))


def seed_frames(folder: pathlib.Path) -> None:
    """Each frame of hostile.json, for an established connection: see begin() in frames.c."""
    with open(HOSTILE / "hostile.json", encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    for case in cases:
        frame = bytes.fromhex(case["frame"])
        data = bytes([0, 6, 6, 0]) + len(frame).to_bytes(2, "big") + frame
        (folder / f"hostile-{case['name']}").write_bytes(data)


def packets(capture: bytes) -> list:
    """The frames of a little-endian pcapng file."""
    found, at = [], 0
    while at + 12 <= len(capture):
        kind, size = struct.unpack_from("<II", capture, at)
        if kind == 6:  # enhanced packet block
            length = struct.unpack_from("<I", capture, at + 20)[0]
            found.append(capture[at + 28:at + 28 + length])
        at += size
    return found


def seed_captures(folder: pathlib.Path) -> None:
    """Each scenario of the simulator as raw frames to a listener, in the addresses of the fixture."""
    simulator = ROOT / "build/default/bin/aksu-sim"
    if not simulator.exists():
        print("no captures among the seeds: build the default preset first", file=sys.stderr)
        return
    for name in ("handshake", "fin-ack", "simultaneous-close", "half-close", "abort", "zero-window"):
        with tempfile.TemporaryDirectory(prefix="aksu-fuzz-") as temporary:
            file = pathlib.Path(temporary, "capture")
            subprocess.run([simulator, name, "--quiet", "--bytes", "300", "--pcap", file],
                           check=True, capture_output=True)
            frames = [f for f in packets(file.read_bytes()) if f[12:14] == bytes([8, 0])]
        data = b""
        for frame in frames:  # 1: make checksums right
            frame = OUR_MAC + PEER_MAC + frame[12:26] + PEER + US + frame[34:]
            data += bytes([1]) + len(frame).to_bytes(2, "big") + frame
        (folder / f"capture-{name}").write_bytes(bytes([0, 0]) + data[:2000])


def pack(target: str, folder: pathlib.Path) -> int:
    """Writes a folder of inputs as the kept corpus, the shortest first."""
    inputs = sorted({f.read_bytes() for f in folder.iterdir()}, key=lambda b: (len(b), b))
    CORPUS.mkdir(exist_ok=True)
    (CORPUS / f"{target}.corpus").write_text("".join(b.hex() + "\n" for b in inputs))
    return len(inputs)


def environment() -> dict:
    return {**os.environ, "ASAN_OPTIONS": "detect_stack_use_after_return=1",
            "UBSAN_OPTIONS": "print_stacktrace=1"}


def fuzz(target: str, seconds: int) -> bool:
    """Runs a target from what was kept. Says what it did; False if it found something."""
    program = build(target)
    with tempfile.TemporaryDirectory(prefix=f"aksu-fuzz-{target}-") as folder:
        inputs = pathlib.Path(folder, "inputs")
        unpack(target, inputs)
        run = subprocess.run([program, *OPTIONS, f"-max_total_time={seconds}",
                              f"-seed={os.environ.get('AKSU_FUZZ_SEED', '0')}",
                              f"-artifact_prefix={BUILD}/{target}-", inputs],
                             env=environment(), capture_output=True, text=True, errors="replace")
    stats = dict(re.findall(r"^stat::(\w+):\s+(\d+)", run.stderr, re.M))
    cover = re.findall(r"cov: (\d+) ft: (\d+)", run.stderr)
    if run.returncode != 0 or not cover:
        print(run.stderr[-6000:])
        print(f"FAIL {target}: keep what it found with fuzz.py --find {target} FILE")
        return False
    print(f"{target}: {stats.get('number_of_executed_units')} executions, {cover[-1][0]} edges, "
          f"{cover[-1][1]} features, no find")
    return True


def long_run(folder: pathlib.Path, hours: float) -> None:
    """One target after the other, a slice at a time, until the hours are over."""
    slices = max(1, round(hours * 3600 / (300 * len(TARGETS))))
    folder.mkdir(parents=True, exist_ok=True)
    programs = {target: build(target) for target in TARGETS}
    for target in TARGETS:
        unpack(target, folder / target)
    seed_frames(folder / "frames")
    seed_captures(folder / "frames")
    for _ in range(slices):
        for target, program in programs.items():
            with open(folder / f"{target}.log", "a", encoding="ascii") as log:
                before = os.times().children_user
                subprocess.run([program, *OPTIONS, "-max_total_time=300",
                                f"-artifact_prefix={folder}/find-{target}-", folder / target],
                               env=environment(), stdout=log, stderr=log)
                print(f"cpu seconds: {os.times().children_user - before:.0f}", file=log)


def row(folder: pathlib.Path, target: str) -> str:
    log = folder / f"{target}.log"
    text = log.read_text(errors="replace") if log.exists() else ""
    runs = [int(n) for n in re.findall(r"^stat::number_of_executed_units:\s+(\d+)", text, re.M)]
    seconds = sum(int(n) for n in re.findall(r"^cpu seconds: (\d+)", text, re.M))
    cover = re.findall(r"cov: (\d+) ft: (\d+)", text)
    edges, features = cover[-1] if cover else ("0", "0")
    finds = len(list(folder.glob(f"find-{target}-*")))
    return (f"| `{target}` | {seconds / 3600:.2f} | {sum(runs):,} | {int(edges):,} | "
            f"{int(features):,} | {finds} |")


def table(folder: pathlib.Path) -> None:
    print("| target | CPU hours | executions | edges | features | finds |\n|---|--:|--:|--:|--:|--:|")
    print("\n".join(row(folder, target) for target in TARGETS))


def keep(folder: pathlib.Path) -> None:
    seed_frames(folder / "frames")
    seed_captures(folder / "frames")
    for target in TARGETS:
        with tempfile.TemporaryDirectory(prefix="aksu-fuzz-keep-") as least:
            subprocess.run([build(target), *OPTIONS, "-set_cover_merge=1", "-use_value_profile=0", least,
                            folder / target], env=environment(), check=True, capture_output=True)
            print(f"{target}: {pack(target, pathlib.Path(least))} inputs")


def find(target: str, file: pathlib.Path) -> None:
    with open(CORPUS / f"{target}.found", "a", encoding="ascii") as kept:
        kept.write(file.read_bytes().hex() + "\n")


def main() -> None:
    args = sys.argv[1:]
    if args == ["--build"]:
        for target in TARGETS:
            build(target)
        print(f"{len(TARGETS)} passed, 0 failed")
        return
    if args and args[0] in ("--long", "--table", "--keep", "--find"):
        call = {"--long": lambda: long_run(pathlib.Path(args[1]), float(args[2])),
                "--table": lambda: table(pathlib.Path(args[1])),
                "--keep": lambda: keep(pathlib.Path(args[1])),
                "--find": lambda: find(args[1], pathlib.Path(args[2]))}
        call[args[0]]()
        return
    targets = args[:1] or TARGETS
    if not set(targets) <= set(TARGETS) or len(args) > 2:
        sys.exit(__doc__)
    seconds = int(args[1] if len(args) > 1 else os.environ.get("AKSU_FUZZ_SECONDS", "30"))
    failed = [target for target in targets if not fuzz(target, seconds)]
    print(f"{len(targets) - len(failed)} passed, {len(failed)} failed")
    sys.exit(len(failed) > 0)


main()
