#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The unit, transition, hostile and drill suites on a target: built for it, and run in QEMU, an image a
suite. Bare machines are emulated whole; for Linux's the programs alone are. docs/assurance.md tells which
suite runs where.

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
DRILL = HERE.parent / "drill"
SIMAVR = re.compile(r"\x1b\[[0-9;]*m|\.+$|\r", re.M)  # colours; a dot stands for the line's end


@dataclasses.dataclass
class Target:
    """How its programs are built, and what runs one: nothing where this machine does."""
    system: str
    compiler: str
    flags: str = ""
    link: str = ""
    runner: list = dataclasses.field(default_factory=list)
    optimize: str = "-Os"


def cortex(cpu: str) -> Target:
    """An ARMv6-M image runs on the machine that has the memory: it knows all its instructions."""
    return Target("arm", "arm-none-eabi-gcc", f"-mcpu={cpu} -mthumb", "--specs=nosys.specs",
                  ["qemu-system-arm", "-M", "mps2-an385"])


def riscv(bits: int, abi: str) -> Target:
    return Target("riscv", "riscv64-unknown-elf-gcc",
                  f"-march=rv{bits}imac -mabi={abi} --specs=picolibc.specs -mcmodel=medany",
                  "--crt0=semihost --oslib=semihost -Wl,--defsym=__flash=0x80000000,"
                  "--defsym=__flash_size=4M,--defsym=__ram=0x80400000,--defsym=__ram_size=16M,"
                  "--defsym=__stack_size=256K",
                  [f"qemu-system-riscv{bits}", "-M", "virt", "-bios", "none"])


TARGETS = {
    "cortex-m3": cortex("cortex-m3"),
    "cortex-m0plus": cortex("cortex-m0plus"),
    "riscv32": riscv(32, "ilp32"),
    "riscv64": riscv(64, "lp64"),
    "i686": Target("linux", "i686-linux-gnu-gcc", link="-static", optimize="-O2"),
    "powerpc": Target("linux", "powerpc-linux-gnu-gcc", "-mbig-endian", "-static", ["qemu-ppc"]),
    # An int of 16 bits.
    "avr": Target("avr", "avr-gcc", "-mmcu=atmega1284p -std=gnu11",
                  runner=["simavr", "-m", "atmega1284p", "-f", "16000000"]),
    # This machine, with every optimization of both compilers.
    **{f"{compiler}{level}": Target("linux", compiler, optimize=level)
       for compiler in ("gcc", "clang") for level in ("-O0", "-O1", "-O2", "-O3", "-Os")},
}
SHIM = "2 passed, 14 failed"
LAST = re.compile(r"^(\d+) passed, (\d+) failed$", re.M)


def build(target: str, folder: pathlib.Path) -> list:
    """Builds the images. Returns their paths."""
    t = TARGETS[target]
    settings = {"CMAKE_SYSTEM_NAME": "Linux" if t.system == "linux" else "Generic",
                "CMAKE_SYSTEM_PROCESSOR": t.system,
                "CMAKE_TRY_COMPILE_TARGET_TYPE": "STATIC_LIBRARY",
                "CMAKE_C_COMPILER": t.compiler, "CMAKE_ASM_COMPILER": t.compiler,
                "CMAKE_C_FLAGS": f"{t.flags} -ffunction-sections -fdata-sections",
                "CMAKE_ASM_FLAGS": t.flags, "CMAKE_EXE_LINKER_FLAGS": f"{t.link} -Wl,--gc-sections",
                "CMAKE_BUILD_TYPE": "MinSizeRel", "CMAKE_C_FLAGS_MINSIZEREL": t.optimize,
                "CMAKE_COMPILE_WARNING_AS_ERROR": t.system in ("arm", "riscv"), "AKSU_DEBUG": "ON"}
    subprocess.run([sys.executable, DRILL / "generate.py", folder / "matrix"], check=True,
                   stdout=subprocess.DEVNULL)
    shutil.rmtree(folder / "bin", ignore_errors=True)  # suites that are no more
    for command in (["cmake", "-G", "Ninja", "-S", HERE / "suites", "-B", folder,
                     *(f"-D{name}={value}" for name, value in settings.items())],
                    ["cmake", "--build", folder, "-j", "2"]):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            sys.exit(f"{done.stdout}\n{' '.join(map(str, command))} failed\n0 passed, 1 failed")
    return sorted(path for path in (folder / "bin").iterdir() if path.is_file())


def start(target: Target, image: pathlib.Path) -> emulate.Ended:
    if target.system in ("arm", "riscv"):
        return emulate.emulate(target.runner, image)
    ended = emulate.run([*target.runner, str(image)])
    if target.system == "avr":
        ended.text = SIMAVR.sub("", ended.text)
    return ended


def run(target: str, image: pathlib.Path) -> tuple:
    """Returns (passed, failed, text) of a suite. One that does not end, or not well, has failed."""
    ended = start(TARGETS[target], image)
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
    tools = [TARGETS[target].compiler, *TARGETS[target].runner[:1]]
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
