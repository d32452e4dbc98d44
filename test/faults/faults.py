#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs that fail on a board: each must say why, and stop with the right status by itself.

usage: faults.py BUILD_FOLDER
"""
import dataclasses
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path += [str(HERE.parent / "checks"), str(HERE.parent / "target")]
from common import Tally, output  # noqa: E402
from emulate import Ended, emulate  # noqa: E402

FAULT, OVERFLOW = "^aksu: fault$", "^aksu: stack overflow$"
ASSERTION = r"lib/src/tcp/\w+\.c:\d+: aksu_tcp_\w+\naksu: aksu_tcp_edge\("
READS = ("read", "read_masked", "read_task")


@dataclasses.dataclass
class Processor:
    """What a report looks like. ways: exit status, what is printed, registers: those with a number
    have that value, the others point into main()."""
    toolchain: str
    tools: str
    qemu: list
    ways: dict


def arm(status_registers: bool) -> Processor:
    def known(**registers) -> dict:
        """Only ARMv7-M has the fault status registers."""
        return registers if status_registers else {}

    return Processor("arm-none-eabi", "arm-none-eabi-", ["qemu-system-arm"], {
        "read": (1, FAULT, {"pc": None, **known(cfsr=0x8200, bfar=0x70000000)}),
        "read_masked": (1, FAULT, {"pc": None, **known(cfsr=0x8200)}),
        "read_task": (1, FAULT, {"pc": None, "exc": 0xfffffffd, **known(cfsr=0x8200)}),
        "undefined": (1, FAULT, {"pc": None, **known(cfsr=0x10000)}),
        "registers": (1, FAULT, {"r4": 44, "r5": 55, "r6": 66, "r8": 88, "r9": 99, "r10": 110, "r11": 111}),
        "call_null": (1, FAULT, {"pc": 0, "lr": None, **known(cfsr=0x20000)}),
        "recurse": (1, OVERFLOW, known(hfsr=0x40000000)),
        "assert": (1, ASSERTION, {}),
        "panic": (1, "^aksu: a reason$", {"lr": None}),
        "own_print": (1, r"\A(?![\s\S]*aksu)", {}),
        "return": (3, r"\A(?![\s\S]*aksu)", {})})


V6M, V7M = arm(False), arm(True)
RISCV = Processor("riscv64-unknown-elf", "riscv64-unknown-elf-",
                  ["qemu-system-riscv64", "-bios", "none"], {
    "read": (1, FAULT, {"mepc": None, "mcause": 5, "mtval": 0x70000000}),
    "read_masked": (1, FAULT, {"mepc": None, "mcause": 5}),
    "undefined": (1, FAULT, {"mepc": None, "mcause": 2}),
    "call_null": (1, FAULT, {"mepc": 0, "ra": None}),
    "recurse": (1, OVERFLOW, {"mcause": 7}),
    "assert": (1, ASSERTION, {}),
    "panic": (1, "^aksu: a reason$", {"ra": None}),
    "own_print": (1, r"\A(?![\s\S]*aksu)", {}),
    "return": (3, r"\A(?![\s\S]*aksu)", {})})

# QEMU's machine: the processor, how CMake is told, ways that it cannot show
MACHINES = {
    "microbit": (V6M, "-DAKSU_CPU=cortex-m0", ()),
    "mps2-an385": (V7M, "-DAKSU_CPU=cortex-m3", ()),
    "mps2-an386": (V7M, "-DAKSU_CPU=cortex-m4", ()),
    "mps2-an500": (V7M, "-DAKSU_CPU=cortex-m7", ()),
    "emcraft-sf2": (V7M, "-DAKSU_CPU=cortex-m3", ()),
    "lm3s6965evb": (V7M, "-DAKSU_CPU=cortex-m3", READS),  # QEMU: reads 0 where there is nothing
    "sifive_u": (RISCV, "-DAKSU_MARCH=rv64imac", ()),
}


def build(machine: str, folder: pathlib.Path) -> pathlib.Path:
    """Builds the images for a machine. Returns the folder where they are."""
    processor, option, _ = MACHINES[machine]
    folder = folder / machine
    script = ROOT / f"examples/boards/{machine}/link.ld"
    if not script.exists():
        script = HERE / f"images/{machine}.ld"
    output(["cmake", "-G", "Ninja", "-S", HERE / "images", "-B", folder, option,
            f"-DCMAKE_TOOLCHAIN_FILE={ROOT}/lib/cmake/{processor.toolchain}.cmake",
            f"-DLINK_SCRIPT={script}", "-DAKSU_DEBUG=ON", "-DCMAKE_BUILD_TYPE=MinSizeRel",
            "-DCMAKE_C_FLAGS_MINSIZEREL=-Os -g -DNDEBUG"])
    output(["cmake", "--build", folder, "-j", "2"])
    return folder / "bin"


def in_main(processor: Processor, image: pathlib.Path, address: int) -> bool:
    symbols = output([f"{processor.tools}nm", "-S", image])
    start, size = (int(text, 16) for text in re.search(r"^(\w+) (\w+) T main$", symbols, re.M).groups())
    return start <= address & ~1 <= start + size  # an address of return may lie behind its end


def wrong_register(processor: Processor, image: pathlib.Path, text: str, name: str, value) -> list:
    printed = re.search(rf"^{name} +([0-9a-f]+)$", text, re.M)
    if not printed:
        return [f"does not print {name}"]
    if value is None:
        return [] if in_main(processor, image, int(printed[1], 16)) else [f"{name} is not in main()"]
    return [] if int(printed[1], 16) == value else [f"{name} is not {value:x}"]


def problems(processor: Processor, way: str, image: pathlib.Path, ended: Ended) -> list:
    status, text, registers = processor.ways[way]
    found = []
    if ended.killed:
        found.append("it hung")
    elif ended.status != status:
        found.append(f"status {ended.status} instead of {status}")
    if not re.search(text, ended.text, re.M):
        found.append(f"does not say {text}")
    for name, value in registers.items():
        found += wrong_register(processor, image, ended.text, name, value)
    return found + ended.text.splitlines() if found else []


def main() -> None:
    tally = Tally()
    skipped = 0
    for machine, (processor, _, cannot) in MACHINES.items():
        tools = (f"{processor.tools}gcc", processor.qemu[0])
        if not all(shutil.which(tool) for tool in tools):
            print(f"{machine}: skipped: {' and '.join(tools)} are needed: scripts/setup target")
            skipped += 1
            continue
        for way in cannot:
            print(f"{machine}: {way} is no fault there")
        folder = build(machine, pathlib.Path(sys.argv[1]))
        for way in (way for way in processor.ways if way not in cannot):
            ended = emulate([*processor.qemu, "-M", machine], folder / way, 30)
            tally.check(f"{machine}: {way}", problems(processor, way, folder / way, ended))
    print(f"{tally.passed} passed, {tally.failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if tally.failed else 0)


main()
