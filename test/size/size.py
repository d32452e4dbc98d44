#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the library on a Cortex-M3 and a Cortex-M0+: flash, RAM and worst-case stack.

usage: size.py [--check | --all]

Flash is what the linker kept of libaksu.a (.text and .rodata) in an echo server over Ethernet, ARP,
IPv4 and ICMP echo, with the profiles of the library and those of profiles.c; driver, application,
start-up code and libc are not in it. gcc -Os, newlib-nano, no link-time optimization. With --check
every figure is compared with test/size/budget. --all: four images, four processors, -Os and -O2, by
file and by feature (images.py); and the worst stack beside what its paint shows in QEMU.
"""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "checks"))
from common import ROOT, INCLUDES, Tally, check_budget, output, own_folder  # noqa: E402
from stack import APPLICATION, Graph, Problem, describe, read_indirect  # noqa: E402

OUT = own_folder("size")
CPUS = {"m3": "cortex-m3", "m0plus": "cortex-m0plus"}
PROFILES = ("standard", "lean", "recovery", "cubic_recovery", "lossy_recovery",
            "plpmtud_recovery", "paced_recovery")
STACKS = {  # the figure, and the marks in `indirect` of what the profile has
    "standard": ("stack", ""),
    "cubic_recovery": ("stack.recovery", "+"),
    "plpmtud_recovery": ("stack.plpmtud", "+*"),
}
EXTRAS = {"ipv6": ["-DIPV6"], "ipv6_fixed": ["-DIPV6=4"], "udp": ["-DUDP=1"],
          "udp_open": ["-DUDP=2"],
          "dhcp": ["-DUDP=2", "-DDHCP"], "dns": ["-DUDP=2", "-DDNS"],
          "connect": ["-DUDP=2", "-DDNS", "-DCONNECT"],
          "dns_tcp": ["-DUDP=2", "-DDNS", "-DCONNECT", "-DDNS_TCP"],
          "connect_name": ["-DUDP=2", "-DDNS", "-DCONNECT", "-DCONNECT_NAME"],
          "ipv6_client": ["-DUDP=2", "-DIPV6=2"],
          "udp_ipv6": ["-DUDP=2", "-DIPV6=3"],
          "igmp": ["-DUDP=2", "-DIGMP"], "mdns": ["-DUDP=2", "-DIGMP", "-DMDNS"],
          "mdns_dual": ["-DUDP=2", "-DIPV6", "-DIGMP", "-DMDNS"],
          "mdns_ipv6": ["-DUDP=2", "-DIPV6", "-DIGMP", "-DMDNS=6"],
          "dhcp6": ["-DUDP=2", "-DIPV6=3", "-DDHCP6"],
          "reassemble": ["-DREASSEMBLE=4"], "reassemble6": ["-DIPV6", "-DREASSEMBLE=6"],
          "claim": ["-DCLAIM=1"], "link_local": ["-DCLAIM=2"], "carrier": ["-DCARRIER"]}  # the standard echo server, and more
BESIDE = {"dhcp": "udp_open", "dns": "udp_open", "connect": "dns", "dns_tcp": "connect",
          "connect_name": "connect", "ipv6_client": "udp_open", "udp_ipv6": "ipv6_client",
          "igmp": "udp_open", "mdns": "igmp", "mdns_ipv6": "mdns_dual", "dhcp6": "udp_ipv6",
          "reassemble6": "ipv6", "link_local": "claim"}
SECTION = re.compile(r"^ \.(text|rodata|data|bss)(?:\.\S*)?\s+0x[0-9a-f]+\s+(0x[0-9a-f]+)\s+"
                     r"\S*libaksu\.a\((\S+?)\)", re.M)
RAM = {
    "tcb": "protocol state of a connection (struct aksu_tcb)",
    "row": "a connection, all but its rings (struct aksu_row)",
    "board": "a board of 8 runs (AKSU_BOARDS)",
    "listener": "a listener",
    "time_wait": "a TIME-WAIT entry",
    "neighbour": "an ARP entry",
    "answer": "an answer that waits",
    "udp": "an endpoint of UDP (struct aksu_udp)",
    "dhcp": "a DHCP client, its endpoint included (struct aksu_dhcp)",
    "udp_host": "an endpoint that sends over IPv6 (struct aksu_udp_host)",
    "named": "a connection by name that is to be, its two questions included (struct aksu_named)",
    "dns_query": "a question to DNS, its endpoint included (struct aksu_dns_query)",
    "dns_entry": "an address that is remembered, with its name of 48 (struct aksu_dns_entry)",
    "group": "a group of IPv4 (struct aksu_group)",
    "mdns": "a responder of mDNS, its endpoint and group included (struct aksu_mdns)",
    "mdns_ipv6": "its part over IPv6 (struct aksu_mdns_ipv6)",
    "dhcp6": "a DHCPv6 client, its endpoint included (struct aksu_dhcp6)",
    "ipv6": "IPv6, all but 16 a connection (struct aksu_ipv6)",
    "ipv6_neighbour": "an entry of its neighbour cache",
    "stack": "a stack (struct aksu), counters included",
    "server": "a server of 4 connections, all but rings and frame buffers",
}


def build_library(cpu: str) -> pathlib.Path:
    """Builds lib as the preset of that name does, with the call graph written beside the objects."""
    build = OUT / cpu
    output(["cmake", "-S", ROOT, "--preset", cpu, "-B", build,
            "-DCMAKE_C_FLAGS_MINSIZEREL=-Os -g -DNDEBUG -fcallgraph-info=su"])
    output(["cmake", "--build", build])
    return build


def link(cpu: str, build: pathlib.Path, profile: str, extra: list, more: str = "") -> pathlib.Path:
    """Links the echo server; returns the image, whose map lies beside it."""
    image = build / f"echo-{profile}{more}.elf"
    defines = [f"-DPROFILE=aksu_{profile}", *["-DRECOVERY"] * ("recovery" in profile),
               *EXTRAS.get(more, [])]
    output(["arm-none-eabi-gcc", f"-mcpu={cpu}", "-mthumb", "-Os", "-std=c99", "-ffunction-sections",
            "-fdata-sections", *defines, *INCLUDES, HERE / "echo.c", HERE / "profiles.c",
            HERE / "driver.c", build / "lib/libaksu.a", "--specs=nano.specs",
            "-nostartfiles", "-Wl,-e,main", "-Wl,--gc-sections", f"-Wl,-Map={image}.map", "-o", image,
            *[f"-Wl,-u,{name}" for name in extra]])
    return image


def flash(image: pathlib.Path) -> dict:
    """Octets of each of the library's files in the image."""
    text = pathlib.Path(f"{image}.map").read_text()
    kept = text[text.index("Linker script and memory map"):]
    sizes = {}
    for kind, octets, member in SECTION.findall(kept):
        if kind in ("data", "bss") and int(octets, 16):
            sys.exit(f"{member}: the library has a .{kind} of {octets} octets")
        name = member.replace(".c.obj", "")
        sizes[name] = sizes.get(name, 0) + int(octets, 16)
    return sizes


def ram(build: pathlib.Path) -> dict:
    probe = build / "ram.o"
    output(["arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb", *INCLUDES, "-c", HERE / "ram.c",
            "-o", probe])
    listed = output(["arm-none-eabi-nm", "-S", probe])
    return {name: int(size, 16) for size, name in re.findall(r"(\w+) [BCD] ram_(\w+)", listed)}


def external_stack(image: pathlib.Path, name: str) -> int:
    """Octets that a function of libc pushes, from its disassembly."""
    text = output(["arm-none-eabi-objdump", "-d", f"--disassemble={name}", image])
    pushed = re.findall(r"\b(?:push|stmdb)\S*\s+(?:sp!, )?\{([^}]*)\}", text)
    lowered = re.findall(r"\bsub\S*\s+sp, (?:sp, )?#(\d+)", text)
    return sum(4 * len(p.split(",")) for p in pushed) + sum(map(int, lowered))


def public_calls() -> set:
    """What handlers may call: the functions of aksu.h but those that only a port or the library
    calls."""
    text = (ROOT / "lib/include/aksu/aksu.h").read_text()
    names = set(re.findall(r"^[\w ]+[ *](aksu_\w+)\(", text, re.M))
    fast_open = {"aksu_fast_syn", "aksu_fast_put", "aksu_fast_opened", "aksu_listen_half_open"}
    return names - fast_open - {"aksu_input", "aksu_output", "aksu_init"}


def stack(build: pathlib.Path, profile: str) -> tuple:
    """Figures and call paths of the worst stack of each entry."""
    indirect = read_indirect(HERE / "indirect", STACKS[profile][1])
    listing = output(["arm-none-eabi-objdump", "-dlr", build / "lib/libaksu.a"])
    externals = Graph(build / "lib", indirect, {}, listing).externals()
    image = link("cortex-m3", build, profile, sorted(externals))
    graph = Graph(build / "lib", indirect, {n: external_stack(image, n) for n in externals}, listing)
    if graph.unused():
        raise Problem(f"test/size/indirect: nothing calls {', '.join(graph.unused())}")
    found = {name[5:]: graph.worst(name) for name in ("aksu_input", "aksu_output", "aksu_idle")}
    found["call"] = max(graph.worst(n) for n in public_calls() if n in graph.own)
    before = max(graph.worst(n, APPLICATION) for n in ("aksu_input", "aksu_output"))
    found["handler"] = (before[0] + found["call"][0], before[1] + found["call"][1])
    return ({name: octets for name, (octets, _) in found.items()},
            {name: describe(path) for name, (_, path) in found.items()})


def measure() -> tuple:
    """All figures by their budget names; the flash of each file by image; the stack's paths."""
    figures, files = {}, {}
    for short, cpu in CPUS.items():
        build = build_library(cpu)
        for profile in PROFILES:
            files[short, profile] = flash(link(cpu, build, profile, []))
            figures[f"flash.{short}.{profile}"] = sum(files[short, profile].values())
        for more in EXTRAS:
            image = link(cpu, build, "standard", [], more)
            base = BESIDE.get(more, "standard")
            files[short, more] = flash(image)
            figures[f"flash.{short}.{more}"] = (sum(files[short, more].values())
                                                - sum(files[short, base].values()))
    build = OUT / "cortex-m3"
    figures.update({f"ram.{name}": size for name, size in ram(build).items()})
    paths = {}
    for profile, (prefix, _) in STACKS.items():
        depths, found = stack(build, profile)
        figures.update({f"{prefix}.{name}": depth for name, depth in depths.items()})
        paths.update({f"{prefix}.{name}": path for name, path in found.items()})
    return figures, files, paths


def show(figures: dict, files: dict, paths: dict) -> None:
    columns = [c for c in files if c[1] in PROFILES]
    print("Flash of an echo server, octets (.text and .rodata of the library, -Os)\n")
    print(f"{'':16}" + "".join(f"{c + ' ' + p.replace('_recovery', ''):>17}" for c, p in columns))
    for name in sorted(set().union(*files.values()), key=lambda n: -files[columns[0]].get(n, 0)):
        print(f"{name:16}" + "".join(f"{files[c].get(name, 0):17}" for c in columns))
    print(f"{'total':16}" + "".join(f"{figures[f'flash.{c}.{p}']:17}" for c, p in columns))
    print("\nFlash that the standard one takes more, octets, besides what stands before -\n")
    for more in EXTRAS:
        print(f"{BESIDE.get(more, '') + ' - ' + more:26}" + "".join(f"{cpu:>10} {figures[f'flash.{cpu}.{more}']:5}" for cpu in CPUS))
    print("\nRAM, octets (Cortex-M3)\n")
    for name, text in RAM.items():
        print(f"{figures['ram.' + name]:6}  {text}")
    print("\nWorst-case stack, octets (Cortex-M3); application handlers count as 0, and `handler` is a"
          "\ncall that a handler makes at the deepest place. No trace hook is set.\n")
    for name, path in paths.items():
        print(f"{figures[name]:6}  {name}: {path}")


def show_all() -> None:
    """The tables of images.py, and the call graph's stack beside the paint, which is never above it."""
    import images  # pylint: disable=import-outside-toplevel

    found = images.tables(OUT / "images")
    for name in ("images", "features", "files", "HTTP server"):
        print(f"{found[name]}\n")
    depths, _ = stack(build_library("cortex-m3"), "standard")
    bound = max(depths["handler"], depths["input"], depths["output"])
    tally = Tally()
    for work, octets in images.painted().items():
        tally.check(f"stack of {work}: {octets} of the call graph's {bound} octets",
                    [] if 0 < octets <= bound else ["the call graph says less"])
    tally.finish()


def main() -> None:
    if sys.argv[1:] not in ([], ["--check"], ["--all"]):
        sys.exit("usage: size [--check | --all]")
    if sys.argv[1:] == ["--all"]:
        show_all()
    try:
        figures, files, paths = measure()
    except Problem as problem:
        print(f"FAIL  {problem}\n0 passed, 1 failed")
        sys.exit(1)
    show(figures, files, paths)
    if sys.argv[1:]:
        print()
        tally = Tally()
        check_budget(tally, figures, HERE / "budget")
        tally.finish()


main()
