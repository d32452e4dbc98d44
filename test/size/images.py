# SPDX-License-Identifier: MIT
"""Flash and RAM of four images, for four processors, at -Os and -O2: scripts/size --all.

The library's files are compiled as the presets do; an image is linked with stand-ins for driver and
clock. Flash is .text and .rodata of the library, of each of its files; a feature is what an image with
it takes more than the lean one.
"""
import pathlib
import re
import shutil
import sys

from common import INCLUDES, ROOT, compile_lib, output, run

HERE = pathlib.Path(__file__).resolve().parent
CORTEX = ["--specs=nano.specs", "-nostartfiles", "-Wl,-e,main", "-Wl,--no-warn-rwx-segments"]
RISCV = ["-nostartfiles", "-Wl,-e,main", "-Wl,--no-warn-rwx-segments"]
MACHINES = {
    "Cortex-M0+": ("arm-none-eabi-", ["-mcpu=cortex-m0plus", "-mthumb"], CORTEX),
    "Cortex-M3": ("arm-none-eabi-", ["-mcpu=cortex-m3", "-mthumb"], CORTEX),
    "Cortex-M4": ("arm-none-eabi-", ["-mcpu=cortex-m4", "-mthumb"], CORTEX),
    "RISC-V 32": ("riscv64-unknown-elf-",
                  ["-march=rv32imac", "-mabi=ilp32", "--specs=picolibc.specs"], RISCV),
}
LEVELS = ("-Os", "-O2")
EXAMPLES = [ROOT / f"examples/{name}.c" for name in ("http_server", "pattern", "text")]
STRING = ROOT / "ports/baremetal/string.c"  # newlib has these, picolibc's are larger
IMAGES = {
    "core alone": [HERE / "core.c", "-DPROFILE=aksu_lean"],
    "echo server, lean": [HERE / "echo.c", HERE / "driver.c", "-DPROFILE=aksu_lean"],
    "echo server, standard": [HERE / "echo.c", HERE / "driver.c", "-DPROFILE=aksu_standard"],
    "HTTP server, standard": [HERE / "http.c", HERE / "driver.c", *EXAMPLES, "-DPROFILE=aksu_standard",
                              "-DEXAMPLE_CONNECTIONS=4", "-DEXAMPLE_LINE=40"],
}
NEWRENO = ".congestion = &aksu_newreno"
FEATURES = {  # what is added to .congestion = &aksu_newreno, or stands in its place
    "lean": NEWRENO,
    "timestamps and PAWS": f"{NEWRENO}, .timestamps = &aksu_tcp_timestamps",
    "SACK and D-SACK sent": f"{NEWRENO}, .sack = &aksu_tcp_sack",
    "SYN cookies": f"{NEWRENO}, .cookies = &aksu_syn_cookies",
    "ECN, answered": f"{NEWRENO}, .ecn = &aksu_ecn_answers",
    "CUBIC, HyStart++": ".congestion = &aksu_cubic",
    "control for lossy links": ".congestion = &aksu_lossy",
    "SACK sent and used: RACK-TLP, PRR": f"{NEWRENO}, .sack = &aksu_tcp_sack, .recovery = &aksu_rack",
}
SECTION = re.compile(r"^ \.(text|s?rodata|s?data|s?bss)(?:\.\S*)?\s+0x[0-9a-f]+\s+(0x[0-9a-f]+)\s+"
                     r"\S*libaksu\.a\((\S+?)\.o\)", re.M)
RAM = re.compile(r"^ \.s?(?:data|bss)\.(net|memory_\w+|conns)\s+0x[0-9a-f]+\s+(0x[0-9a-f]+)", re.M)


def archive(machine: str, level: str, folder: pathlib.Path) -> pathlib.Path:
    prefix, flags, _ = MACHINES[machine]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    objects = compile_lib([f"{prefix}gcc", *flags], [level, "-std=c99", "-ffunction-sections",
                                                     "-fdata-sections"], folder)
    output([f"{prefix}ar", "rcs", folder / "libaksu.a", *objects])
    return folder / "libaksu.a"


def link(machine: str, level: str, library: pathlib.Path, parts: list) -> str:
    """Links an image; returns what its map says is kept."""
    prefix, flags, options = MACHINES[machine]
    image = library.with_name("image.elf")
    output([f"{prefix}gcc", *flags, level, "-std=c99", "-ffunction-sections", "-fdata-sections",
            *INCLUDES, *parts, library, *options, "-Wl,--gc-sections", f"-Wl,-Map={image}.map", "-o",
            image])
    text = pathlib.Path(f"{image}.map").read_text(encoding="utf-8")
    return text[text.index("Linker script and memory map"):]


def flash(kept: str) -> dict:
    sizes = {}
    for _, octets, name in SECTION.findall(kept):
        sizes[name] = sizes.get(name, 0) + int(octets, 16)
    return sizes


def ram(kept: str) -> dict:
    """Octets of the image's objects by name: the stack, its tables, its rings."""
    return {name: int(octets, 16) for name, octets in RAM.findall(kept)}


def measure(folder: pathlib.Path) -> tuple:
    """({(machine, level, image): octets}, {(machine, level): {feature: octets}}, {image: {file:
    octets}} on a Cortex-M3 at -Os, the HTTP server's RAM there)"""
    totals, features, files, objects = {}, {}, {}, {}
    for machine in MACHINES:
        for level in LEVELS:
            library = archive(machine, level, folder / f"{machine}{level}".replace(" ", ""))
            for image, parts in IMAGES.items():
                kept = link(machine, level, library, parts)
                sizes = flash(kept)
                totals[machine, level, image] = sum(sizes.values())
                if (machine, level) == ("Cortex-M3", "-Os"):
                    files[image] = sizes
                    objects = ram(kept)  # the last one's
            features[machine, level] = {
                feature: sum(flash(link(machine, level, library, [
                    HERE / "echo.c", HERE / "driver.c", HERE / "feature.c", "-DPROFILE=aksu_lean",
                    f"-DFEATURE={members}"])).values())
                for feature, members in FEATURES.items()}
    return totals, features, files, objects


def columns() -> str:
    heads = [f"{machine} {level}" for machine in MACHINES for level in LEVELS]
    return "| octets | " + " | ".join(heads) + " |\n|---|" + "--:|" * len(heads)


def painted() -> dict:
    """The deepest stack that QEMU saw below a call into the library, by what ran: Cortex-M3 -Os."""
    sys.path.insert(0, str(HERE.parent / "bench"))
    import build  # pylint: disable=import-outside-toplevel
    import count  # pylint: disable=import-outside-toplevel

    program, hostile = build.aksu("m3", "-Os"), build.hostile("m3", "-Os")
    works = ("bulk", "request", "connect", "refused")
    found = count.counts("m3", [(program, [work, "standard", 100, 1]) for work in works])
    depths = {work: counted["stack"] for work, counted in zip(works, found)}
    text = run([*count.QEMU, hostile, "-append", "standard"]).stdout
    return depths | {"hostile": int(re.search(r"^stack (\d+)$", text, re.M)[1])}


def tables(folder: pathlib.Path) -> dict:
    """The tables, in Markdown, by name."""
    totals, features, files, objects = measure(folder)
    cells = [(machine, level) for machine in MACHINES for level in LEVELS]
    images = [columns()] + [
        f"| {image} | " + " | ".join(f"{totals[(*c, image)]:,}" for c in cells) + " |"
        for image in IMAGES]
    parts = [columns()] + [
        f"| {feature} | " + " | ".join(f"{features[c][feature] - features[c]['lean']:,}" for c in cells)
        + " |" for feature in FEATURES if feature != "lean"]
    names = sorted(set().union(*files.values()), key=lambda n: -max(f.get(n, 0) for f in files.values()))
    each = ["| octets, Cortex-M3 -Os | " + " | ".join(files) + " |", "|---|" + "--:|" * len(files)]
    each += [f"| {name} | " + " | ".join(f"{sizes.get(name, 0):,}" for sizes in files.values()) + " |"
             for name in names]
    server = ["| octets, Cortex-M3 | |", "|---|--:|"]
    server += [f"| {name} | {octets:,} |" for name, octets in objects.items()]
    server += [f"| all | {sum(objects.values()):,} |"]
    return {"images": "\n".join(images), "features": "\n".join(parts), "files": "\n".join(each),
            "HTTP server": "\n".join(server), "figures": totals}
