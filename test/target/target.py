#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The unit, transition and hostile suites on a target: built for it, and run in QEMU, an image a
suite. Bare machines are emulated whole; for Linux's the programs alone are.

usage: target.py TARGET BUILD_FOLDER      TARGET: one of TARGETS
"""
import concurrent.futures
import dataclasses
import pathlib
import re
import shutil
import subprocess
import sys

import emulate

HERE = pathlib.Path(__file__).resolve().parent
MPS2 = ["qemu-system-arm", "-M", "mps2-an385"]
ARM = ("arm", "arm-none-eabi-", "--specs=nosys.specs")
RISCV = ("riscv", "riscv64-unknown-elf-", "--crt0=semihost --oslib=semihost "
         "-Wl,--defsym=__flash=0x80000000,--defsym=__flash_size=4M,--defsym=__ram=0x80400000,"
         "--defsym=__ram_size=4M,--defsym=__stack_size=256K")
VIRT = ["-M", "virt", "-bios", "none"]
PICOLIBC = "--specs=picolibc.specs -mcmodel=medany"
I686 = ("linux", "i686-linux-gnu-", "-static")
POWERPC = ("linux", "powerpc-linux-gnu-", "-static")
AVR = ("avr", "avr-", "")
SIMAVR = re.compile(r"\x1b\[[0-9;]*m|\.+$|\r", re.M)  # colours; a dot stands for the line's end

# system, prefix of the tools, link options; compile options; what runs an image: QEMU, or nothing
# where this machine does. An ARMv6-M image runs on the machine that has the memory, whose Cortex-M3
# knows all of its instructions. PowerPC is the big-endian one, AVR the one with an int of 16 bits.
TARGETS = {
    "cortex-m3": (ARM, "-mcpu=cortex-m3 -mthumb", MPS2),
    "cortex-m0plus": (ARM, "-mcpu=cortex-m0plus -mthumb", MPS2),
    "riscv32": (RISCV, f"-march=rv32imac -mabi=ilp32 {PICOLIBC}", ["qemu-system-riscv32", *VIRT]),
    "riscv64": (RISCV, f"-march=rv64imac -mabi=lp64 {PICOLIBC}", ["qemu-system-riscv64", *VIRT]),
    "i686": (I686, "-msse2 -mfpmath=sse", []),
    "powerpc": (POWERPC, "-mbig-endian", ["qemu-ppc"]),
    "avr": (AVR, "-mmcu=atmega1284p -std=gnu11", ["simavr", "-m", "atmega1284p", "-f", "16000000"]),
}
SHIM = "2 passed, 14 failed"
LAST = re.compile(r"^(\d+) passed, (\d+) failed$", re.M)


def build(target: str, folder: pathlib.Path) -> list:
    """Builds the images. Returns their paths."""
    (system, prefix, link), flags, _ = TARGETS[target]
    settings = {"CMAKE_SYSTEM_NAME": "Linux" if system == "linux" else "Generic",
                "CMAKE_SYSTEM_PROCESSOR": system,
                "CMAKE_TRY_COMPILE_TARGET_TYPE": "STATIC_LIBRARY",
                "CMAKE_C_COMPILER": f"{prefix}gcc", "CMAKE_ASM_COMPILER": f"{prefix}gcc",
                "CMAKE_C_FLAGS": f"{flags} -ffunction-sections -fdata-sections",
                "CMAKE_ASM_FLAGS": flags, "CMAKE_EXE_LINKER_FLAGS": f"{link} -Wl,--gc-sections",
                "CMAKE_BUILD_TYPE": "MinSizeRel", "CMAKE_C_FLAGS_MINSIZEREL": "-Os -g",
                "AKSU_DEBUG": "ON"}
    for command in (["cmake", "-G", "Ninja", "-S", HERE / "suites", "-B", folder,
                     *(f"-D{name}={value}" for name, value in settings.items())],
                    ["cmake", "--build", folder, "-j", "2"]):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            sys.exit(f"{done.stdout}\n{' '.join(map(str, command))} failed\n0 passed, 1 failed")
    return sorted(path for path in (folder / "bin").iterdir() if path.is_file())


def start(target: str, image: pathlib.Path) -> emulate.Ended:
    (system, _, _), _, runner = TARGETS[target]
    if system in ("linux", "avr"):
        ended = emulate.run([*runner, str(image)])
        return dataclasses.replace(ended, text=SIMAVR.sub("", ended.text)) if system == "avr" else ended
    return emulate.emulate(runner, image)


def run(target: str, image: pathlib.Path) -> tuple:
    """Returns (passed, failed, text) of a suite. One that does not end, or not well, has failed."""
    ended = start(target, image)
    if image.name == "shim":  # it tries the header's asserts: each fails once, and is seen to
        good = ended.status == 1 and ended.text.endswith(f"\n{SHIM}\n")
        return good, not good, f"shim: {'as expected' if good else ended.text}\n"
    counts = LAST.findall(ended.text)
    passed, failed = (sum(int(count[i]) for count in counts) for i in (0, 1))
    if ended.killed or not counts or (ended.status and not failed):
        failed += 1
    text = f"{image.name}: {passed} passed, {failed} failed\n"
    if failed:
        how = "had to be killed" if ended.killed else f"ended with status {ended.status}"
        text += f"{ended.text}{how}\n"
    return passed, failed, text


def main() -> None:
    target, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    tools = [f"{TARGETS[target][0][1]}gcc", *TARGETS[target][2][:1]]
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        print(f"not installed: {' '.join(missing)}: scripts/setup target\n0 passed, 0 failed, 1 skipped")
        return
    images = build(target, folder)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda image: run(target, image), images))
    print("".join(text for _, _, text in results), end="")
    passed, failed = (sum(result[i] for result in results) for i in (0, 1))
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed or not passed else 0)


main()
