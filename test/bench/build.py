# SPDX-License-Identifier: MIT
"""Builds the bench's programs: two copies of a stack, each at one end, for a machine."""
import dataclasses
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "checks"))
from common import INCLUDES, ROOT, SRC, in_parallel, output, own_folder  # noqa: E402

OUT = own_folder("bench")
PORT = ROOT / "ports/baremetal"
SUITES = HERE.parent / "target/suites"
HOSTILE = HERE.parent / "hostile"
FUNCTIONS = ("start", "open", "send", "in", "out", "tick", "idle", "done", "faults", "row")
HOSTILE_PARTS = ("host", "image", "states", "table", "wire")
WARNINGS = ["-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow"]


@dataclasses.dataclass
class Machine:
    """A processor: how its programs are built. preset: that of CMakePresets.json for the library, which has
    these settings besides."""
    preset: str
    prefix: str = ""
    flags: tuple = ()
    settings: tuple = ()

    def gcc(self, level: str) -> list:
        return [f"{self.prefix}gcc", *self.flags, level, "-g", "-std=c11", "-ffunction-sections",
                "-fdata-sections", *INCLUDES]

    def main(self) -> list:
        """What a program has besides what is measured."""
        if not self.prefix:
            return [HERE / "meter_host.c"]
        names = [PORT / "cortex_m" / n for n in
                 ("startup.c", "fault.c", "clock.c", "semihost.c", "vectors.S")]
        return [HERE / "meter_arm.c", SUITES / "newlib.c", *names, f"-I{PORT}", "-DAKSU_IRQ_LINES=1",
                "--specs=nosys.specs", "-nostartfiles", f"-Wl,-T,{SUITES / 'mps2.ld'}",
                f"-L{PORT / 'cortex_m'}", "-Wl,--no-warn-rwx-segments", "-Wl,--gc-sections"]


MACHINES = {
    "x86": Machine("release"),
    "m3": Machine("cortex-m3", "arm-none-eabi-", ("-mcpu=cortex-m3", "-mthumb")),
    "m3asm": Machine("cortex-m3", "arm-none-eabi-", ("-mcpu=cortex-m3", "-mthumb"),
                     ("-DAKSU_ARMV7M_COPY=ON",)),
    "m0plus": Machine("cortex-m0plus", "arm-none-eabi-", ("-mcpu=cortex-m0plus", "-mthumb")),
}


def library(name: str, level: str) -> pathlib.Path:
    """The library as the preset builds it, but at that level of optimization and without asserts."""
    machine, folder = MACHINES[name], OUT / f"{name}{level}"
    kind = "MINSIZEREL" if machine.prefix else "RELEASE"
    output(["cmake", "-S", ROOT, "--preset", machine.preset, "-B", folder, "-DAKSU_PORTS=OFF",
            "-DAKSU_EXAMPLES=OFF", "-DAKSU_TESTS=OFF", *machine.settings,
            f"-DCMAKE_C_FLAGS_{kind}={level} -g -DNDEBUG"])
    output(["cmake", "--build", folder])
    return folder / "lib/libaksu.a"


def join(machine: Machine, level: str, parts: list, to: pathlib.Path,
         main: list = None) -> pathlib.Path:
    """Links an end twice, all but its functions hidden, with the wire between the two."""
    whole = to.with_suffix(".both")
    output([f"{machine.prefix}ld", "-r", "-o", whole, *parts])
    ends = []
    for side in ("client", "server"):
        names = [word for f in FUNCTIONS for word in
                 ("--redefine-sym", f"end_{f}={side}_{f}", f"--keep-global-symbol={side}_{f}")]
        ends.append(to.with_suffix(f".{side}"))
        output([f"{machine.prefix}objcopy", *names, whole, ends[-1]])
    main = main or [HERE / "bench.c", *machine.main()]
    output([*machine.gcc(level), *WARNINGS, *ends, *main, "-o", to])
    return to


def aksu(name: str, level: str, label: str = "few", defines: tuple = (),
         main: list = None) -> pathlib.Path:
    """The bench with aksu, or another program; `label` tells apart what defines make of it."""
    machine, archive = MACHINES[name], library(name, level)
    folder = archive.parents[1]
    end = folder / f"end-{label}.o"
    output([*machine.gcc(level), *WARNINGS, *defines, "-c", HERE / "end_aksu.c", "-o", end])
    return join(machine, level, [end, archive], folder / f"bench-{label}", main)


def hostile(name: str, level: str) -> pathlib.Path:
    machine, archive = MACHINES[name], library(name, level)
    folder = archive.parents[1]
    output([sys.executable, HOSTILE / "table.py", HOSTILE / "hostile.json", folder / "cases.inc"])
    parts = [HOSTILE / f"{part}.c" for part in HOSTILE_PARTS]
    output([*machine.gcc(level), f"-I{SRC}", f"-I{HOSTILE}", f"-I{folder}", HERE / "hostile.c",
            *parts, archive, *machine.main(), "-o", folder / "hostile"])
    return folder / "hostile"


def host() -> pathlib.Path:
    """The host's ports, for aksu-host and the simulator. Returns their build folder."""
    folder = OUT / "host"
    output(["cmake", "-S", ROOT, "--preset", "release", "-B", folder, "-DAKSU_TESTS=OFF"])
    output(["cmake", "--build", folder, "--target", "aksu-host", "aksu_sim", "-j", "2"])
    return folder


def lossy() -> list:
    """The main program of lossy.c."""
    folder = host()
    ports = [folder / f"ports/{n}/libaksu_{n}.a" for n in ("sim", "steps", "capture")]
    return [HERE / "lossy.c", *[f"-I{ROOT / 'ports' / n}" for n in ("sim", "steps", "capture")], *ports,
            folder / "lib/libaksu.a"]


def lwip(source: pathlib.Path, name: str, level: str, label: str, defines: tuple,
         main: list = None) -> pathlib.Path:
    """The bench with lwIP, from its sources; or another program with it at both ends."""
    machine = MACHINES[name]
    folder = OUT / f"lwip-{name}{level}-{label}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    objects = lwip_objects(source, machine.gcc(level), folder, defines)
    end = folder / "end.o"
    output([*lwip_gcc(source, machine.gcc(level), defines), "-pedantic", "-Wall", "-Wextra", "-c",
            HERE / "end_lwip.c", "-o", end])
    return join(machine, level, [end, *objects], folder / "bench", main)


LWIP = ("core/init core/def core/inet_chksum core/ip core/mem core/memp core/netif core/pbuf "
        "core/tcp core/tcp_in core/tcp_out core/timeouts core/ipv4/etharp core/ipv4/icmp "
        "core/ipv4/ip4 core/ipv4/ip4_addr netif/ethernet").split()


def lwip_gcc(source: pathlib.Path, gcc: list, defines: tuple) -> list:
    return [*gcc, "-std=gnu11", *defines, f"-I{HERE}", f"-I{HERE / 'lwip'}",
            f"-I{source / 'src/include'}"]


def lwip_objects(source: pathlib.Path, gcc: list, folder: pathlib.Path, defines: tuple) -> list:
    objects = [folder / f"{pathlib.Path(name).name}.o" for name in LWIP]
    for done in in_parallel([[*lwip_gcc(source, gcc, defines), "-c", source / f"src/{name}.c", "-o", o]
                             for name, o in zip(LWIP, objects)]):
        if done.returncode:
            sys.exit(done.stdout)
    return objects
