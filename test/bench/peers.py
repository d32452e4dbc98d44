# SPDX-License-Identifier: MIT
"""lwIP beside aksu: Debian's source package, built and measured as aksu is."""
import os
import pathlib
import re
import statistics
import subprocess
import sys

import build
import count
import page
from common import INCLUDES, ROOT, in_parallel, output, run

FOLDER = ROOT / "out/peers"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def mirror() -> str:
    """The mirror that apt uses here: deb.debian.org if it cannot be told."""
    text = run(["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages",
                "Origin: Debian", "Codename: bookworm"]).stdout
    return text.split()[0] if text.startswith("http") else "http://deb.debian.org/debian"


def fetch() -> pathlib.Path:
    """The sources of lwIP, through an apt configuration of our own; kept in out/peers."""
    found = sorted(FOLDER.glob("lwip-*/src"))
    if found:
        return found[0].parent
    for name in ("lists/partial", "cache/archives/partial"):
        (FOLDER / "apt" / name).mkdir(parents=True, exist_ok=True)
    (FOLDER / "apt/sources.list").write_text(
        f"deb-src [signed-by={KEYRING}] {mirror()} bookworm main\n")
    (FOLDER / "apt/apt.conf").write_text(
        f'Dir::Etc::sourcelist "{FOLDER}/apt/sources.list";\nDir::Etc::sourceparts "/dev/null";\n'
        f'Dir::State::lists "{FOLDER}/apt/lists";\nDir::Cache "{FOLDER}/apt/cache";\n'
        'APT::Sandbox::User "root";\nAcquire::Languages "none";\n')
    environment = os.environ | {"APT_CONFIG": str(FOLDER / "apt/apt.conf")}
    for words in (["update"], ["source", "--download-only", "lwip"]):
        done = run(["apt-get", "-qq", *words], cwd=FOLDER, env=environment)
        if done.returncode:
            sys.exit(f"lwIP's sources cannot be had: apt-get {' '.join(words)}\n{done.stdout}")
    archive = next(FOLDER.glob("lwip_*.orig.tar.*"))
    subprocess.run(["tar", "-xf", archive, "-C", FOLDER], check=True)
    return next(FOLDER.glob("lwip-*"))


LOSSES = {"0 %": (0, 0), "0.1 %": (0.001, 0), "1 %": (0.01, 0), "3 %": (0.03, 0), "5 %": (0.05, 0),
          "reorder 1 %": (0, 0.01)}
SEEDS, OCTETS, SEGMENTS = 10, 4 << 20, 44
FIGURES = ("send", "receive", "request", "connect", "refused", "idle1", "idle4", "idle64")
KINDS = {"lwIP best": (), "lwIP copying": ("-DCOPIES",)}


def lwip_instructions(source: pathlib.Path, machine: str, level: str, offload: bool) -> dict:
    """{kind: {figure: instructions}}"""
    found = {}
    for kind, defines in KINDS.items():
        defines += ("-DOFFLOAD",) * offload
        label = kind.split()[1] + "-offload" * offload
        made = {"few": build.lwip(source, machine, level, label, defines),
                "many": build.lwip(source, machine, level, f"{label}-many", (*defines, "-DMANY"))}
        found[kind], _ = count.measure(machine, made, "lean", FIGURES, offload)
    return found


def ratio_table(columns: dict) -> str:
    """columns: {heading: {figure: instructions}}; the first is what the others are set against."""
    first, *others = columns
    lines = [f"| instructions | {first} | " + " | ".join(f"{o} | ratio" for o in others) + " |",
             "|---|" + "--:|" * (1 + 2 * len(others))]
    for name in columns[first]:
        cells = [f"{columns[first][name]:,}"]
        for other in others:
            value = columns[other][name]
            cells += [f"{value:,}", f"{columns[first][name] / value:.2f}"]
        lines.append(f"| {count.TEXT[name]} | " + " | ".join(cells) + " |")
    return "\n".join(lines)

ECHOES = {"smallest": 0, "out-of-order data": 1, "all of IPv4": 2}
SIZES = pathlib.Path(__file__).resolve().parents[1] / "size"
KEPT = re.compile(r"^ \.(text|rodata|data|bss)(?:\.(\S*))?\s+0x[0-9a-f]+\s+(0x[0-9a-f]+)\s+"
                  r"\S*liblwip\.a\((\S+?)\.o\)", re.M)


def lwip_echo(source: pathlib.Path, machine: str, features: int) -> tuple:
    """Octets of lwIP's part of the echo server, -Os: flash, RAM that is no buffer, a connection, a
    listener."""
    made = build.MACHINES[machine]
    folder = build.OUT / f"lwip-echo-{machine}-{features}"
    folder.mkdir(parents=True, exist_ok=True)
    gcc, defines = made.gcc("-Os"), ("-DECHO", "-DCOPIES", f"-DFEATURES={features}")
    archive, image = folder / "liblwip.a", folder / "echo.elf"
    archive.unlink(missing_ok=True)
    output([f"{made.prefix}ar", "rcs", archive, *build.lwip_objects(source, gcc, folder, defines)])
    output([*build.lwip_gcc(source, gcc, defines), "-Wall", build.HERE / "lwip/echo.c",
            SIZES / "driver.c", archive, "--specs=nano.specs", "-nostartfiles", "-Wl,-e,main",
            "-Wl,--gc-sections", f"-Wl,-Map={image}.map", "-o", image])
    text = pathlib.Path(f"{image}.map").read_text(encoding="utf-8")
    kept = KEPT.findall(text[text.index("Linker script and memory map"):])
    flash = sum(int(n, 16) for kind, _, n, _ in kept if kind in ("text", "rodata", "data"))
    ram = sum(int(n, 16) for kind, name, n, _ in kept
              if kind in ("data", "bss") and not name.startswith(("memp_memory", "ram_heap")))
    output([*build.lwip_gcc(source, gcc, defines), "-c", build.HERE / "lwip/ram.c", "-o",
            folder / "ram.o"])
    sizes = dict((name, int(size, 16)) for size, name in re.findall(
        r"(\w+) [BCD] ram_(\w+)", output([f"{made.prefix}nm", "-S", folder / "ram.o"])))
    return flash, ram, sizes["pcb"], sizes["listener"]


def goodput(source: pathlib.Path) -> dict:
    """{stack: {cell: percent of the link, the median of the seeds}}"""
    main, ring = build.lossy(), f"-DRING={SEGMENTS * 1460}"
    lwip = ("-DCOPIES", f"-DWINDOW_SEGMENTS={SEGMENTS}")
    few = build.aksu("x86", "-O2", "lossy", (ring,), main)
    full = build.aksu("x86", "-O2", "lossy-full", (ring, "-DBOARDS"), main)
    stacks = {"aksu lean": (few, "lean"), "aksu standard": (few, "standard"), "aksu full": (full, "full"),
              "lwIP": (build.lwip(source, "x86", "-O2", "lossy", lwip, main), "lean")}
    runs = [(stack, cell, [program, profile, OCTETS, *LOSSES[cell], seed])
            for stack, (program, profile) in stacks.items() for cell in LOSSES
            for seed in range(1, SEEDS + 1)]
    found = {stack: {cell: [] for cell in LOSSES} for stack in stacks}
    for (stack, cell, words), done in zip(runs, in_parallel([words for _, _, words in runs])):
        told = re.search(r"^percent ([\d.]+)$", done.stdout, re.M)
        if done.returncode or not told:
            count.fail(words, done.stdout)
        found[stack][cell].append(float(told[1]))
    return {stack: {cell: statistics.median(each) for cell, each in cells.items()}
            for stack, cells in found.items()}


def echoes(source: pathlib.Path) -> dict:
    """{stack: {what: octets}} of the echo server at -Os, aksu's first."""
    sys.path.insert(0, str(SIZES))
    import images  # pylint: disable=import-outside-toplevel

    found, own = {}, {}
    for name, label in (("m3", "Cortex-M3"), ("m0plus", "Cortex-M0+")):
        library = images.archive(label, "-Os", build.OUT / f"echo-{name}")
        for profile in ("lean", "standard"):
            kept = images.link(label, "-Os", library, images.IMAGES[f"echo server, {profile}"])
            own.setdefault(f"aksu {profile}", {})[name] = sum(images.flash(kept).values())
    output(["arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb", *INCLUDES, "-c", SIZES / "ram.c", "-o",
            build.OUT / "ram.o"])
    ram = {name: int(size, 16) for size, name in re.findall(
        r"(\w+) [BCD] ram_(\w+)", output(["arm-none-eabi-nm", "-S", build.OUT / "ram.o"]))}
    for name, each in own.items():
        found[name] = each | {"ram": ram["stack"], "row": ram["row"], "listener": ram["listener"]}
    for kind, features in ECHOES.items():
        flash, static, row, listener = lwip_echo(source, "m3", features)
        found[f"lwIP, {kind}"] = {"m3": flash, "m0plus": lwip_echo(source, "m0plus", features)[0],
                                  "ram": static, "row": row, "listener": listener}
    return found


def echo_table(found: dict) -> str:
    rows = {"m3": "flash, Cortex-M3", "m0plus": "flash, Cortex-M0+", "row": "RAM of a connection",
            "listener": "of a listener", "ram": "static RAM without tables and buffers"}
    base = found["lwIP, smallest"]["m3"]
    for each in found.values():
        each["ratio"] = f"{each['m3'] / base:.2f}"
    return page.markdown("echo server, -Os, octets", found, rows | {"ratio": "flash on a Cortex-M3, "
                                                                    "smallest lwIP = 1"})


def goodput_table(found: dict) -> str:
    return page.markdown("percent of 10 Mbit/s", {cell: {stack: f"{found[stack][cell]:.1f}"
                                                         for stack in found} for cell in LOSSES},
                         {stack: stack for stack in found})


def draw(found: dict, flash: dict, lossy: dict) -> None:
    """The plots of these three tables."""
    page.bars("flash", "octets of flash, echo server, -Os",
              {"Cortex-M3": {s: each["m3"] for s, each in flash.items()},
               "Cortex-M0+": {s: each["m0plus"] for s, each in flash.items()}}, {s: s for s in flash})
    works = {"send": "send", "receive": "receive", "request": "request", "connect": "connect",
             "refused": "refuse"}
    names = {"x86": "x86-64", "m3": "Cortex-M3", "m0plus": "Cortex-M0+"}
    page.bars("instructions", "aksu, lwIP best = 1",
              {text: {w: found[m, False]["aksu"][w] / found[m, False]["lwIP best"][w] for w in works}
               for m, text in names.items()}, works)
    page.bars("goodput", "% of 10 Mbit/s", lossy, {cell: cell for cell in LOSSES}, "100")
