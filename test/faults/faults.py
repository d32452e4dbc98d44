#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs that fail on a board: each must say why, and stop with the right status by itself.

usage: faults.py BUILD_FOLDER
"""
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path += [str(HERE.parent / "checks"), str(HERE.parent / "target")]
from common import Tally, output  # noqa: E402
from emulate import Ended, emulate  # noqa: E402

# QEMU's machine: processor, linker script, whether it has fault status registers
MACHINES = {
    "mps2-an385": ("cortex-m3", ROOT / "examples/boards/mps2-an385/link.ld", True),
    "microbit": ("cortex-m0", HERE / "images/microbit.ld", False),
}

# way: exit status, what is printed everywhere, what where there are fault status registers, the
# registers that must point into main()
WAYS = {
    "read": (1, "^aksu: fault$", ("cfsr  00008200", "bfar  60000000"), ["pc"]),
    "read_masked": (1, "^aksu: fault$", ("cfsr  00008200", "bfar  60000000"), ["pc"]),
    "read_task": (1, "^aksu: fault$", ("cfsr  00008200", "exc   fffffffd"), ["pc"]),
    "undefined": (1, "^aksu: fault$", ("cfsr  00010000",), ["pc"]),
    "call_null": (1, "^aksu: fault$[\\s\\S]*^pc    00000000$", ("cfsr  00020000",), ["lr"]),
    "recurse": (1, "^aksu: stack overflow$", ("hfsr  40000000",), []),
    "assert": (1, r"lib/src/tcp/\w+\.c:\d+: aksu_tcp_\w+\naksu: aksu_tcp_edge\(", (), []),
    "panic": (1, "^aksu: a reason$", (), ["lr"]),
    "return": (3, r"\A(?![\s\S]*aksu)", (), []),
}


def build(machine: str, folder: pathlib.Path) -> pathlib.Path:
    """Builds the images for a machine. Returns the folder where they are."""
    cpu, script, _ = MACHINES[machine]
    folder = folder / machine
    output(["cmake", "-G", "Ninja", "-S", HERE / "images", "-B", folder,
            f"-DCMAKE_TOOLCHAIN_FILE={ROOT}/lib/cmake/arm-none-eabi.cmake", f"-DAKSU_CPU={cpu}",
            f"-DLINK_SCRIPT={script}", "-DAKSU_DEBUG=ON", "-DCMAKE_BUILD_TYPE=MinSizeRel",
            "-DCMAKE_C_FLAGS_MINSIZEREL=-Os -g"])
    output(["cmake", "--build", folder, "-j", "2"])
    return folder / "bin"


def in_main(image: pathlib.Path, address: int) -> bool:
    symbols = re.search(r"^(\w+) (\w+) T main$", output(["arm-none-eabi-nm", "-S", image]), re.M)
    start, size = (int(text, 16) for text in symbols.groups())
    return start <= address & ~1 <= start + size  # an address of return may lie behind its end


def problems(way: str, image: pathlib.Path, ended: Ended, status_registers: bool) -> list:
    status, text, registers, inside = WAYS[way]
    found = []
    if ended.killed:
        found.append("it hung")
    elif ended.status != status:
        found.append(f"status {ended.status} instead of {status}")
    if not re.search(text, ended.text, re.M):
        found.append(f"does not say {text}")
    found += [f"does not say {line}" for line in registers
              if status_registers and line not in ended.text.splitlines()]
    for name in inside:
        value = re.search(rf"^{name:6}(\w{{8}})$", ended.text, re.M)
        if not value or not in_main(image, int(value[1], 16)):
            found.append(f"{name} is not in main()")
    return found + ended.text.splitlines() if found else []


def main() -> None:
    tools = [tool for tool in ("arm-none-eabi-gcc", "qemu-system-arm") if not shutil.which(tool)]
    if tools:
        print(f"not installed: {' '.join(tools)}: scripts/setup target\n"
              "0 passed, 0 failed, 1 skipped")
        return
    tally = Tally()
    for machine, (_, _, status_registers) in MACHINES.items():
        folder = build(machine, pathlib.Path(sys.argv[1]))
        for way in WAYS:
            image = folder / way
            ended = emulate(["qemu-system-arm", "-M", machine], image, 30)
            tally.check(f"{machine}: {way}", problems(way, image, ended, status_registers))
    tally.finish()


main()
