# SPDX-License-Identifier: MIT
"""What the checks share: where things are, running commands, and counting passes and failures."""
import concurrent.futures
import fcntl
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIB = ROOT / "lib"
SRC = LIB / "src"
TCP = SRC / "tcp"

STRICT = "-std=c99 -pedantic -Wall -Wextra -Wconversion -Wshadow -Wvla".split()
INCLUDES = [f"-I{LIB}/include"]
M3 = ["arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb"]
M0PLUS = ["arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-mthumb"]

# make may not be there.
os.environ["CMAKE_GENERATOR"] = "Ninja"


class Tally:
    """Counts checks, says each one's outcome and ends with `N passed, N failed`."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def check(self, name: str, problems: object = None) -> bool:
        """Counts one check: passed if `problems` is empty, None or True."""
        good = problems is None or problems is True or (problems is not False and not problems)
        if good:
            self.passed += 1
            print(f"ok    {name}")
        else:
            self.failed += 1
            lines = problems if isinstance(problems, list) else str(problems or "").splitlines()
            print(f"FAIL  {name}")
            for line in lines[:40]:
                print(f"        {line}")
        return good

    def finish(self) -> None:
        """Prints the last line and ends the program."""
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        sys.exit(1 if self.failed or not self.passed else 0)


def run(command: list, **options) -> subprocess.CompletedProcess:
    """Runs a command with its output captured as one text."""
    return subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)


def output(command: list) -> str:
    """Returns what a command prints; ends the program, with that, if the command fails."""
    done = run(command)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def own_folder(name: str) -> pathlib.Path:
    """Returns out/NAME, for this process alone until it ends: another one waits here."""
    folder = ROOT / "out" / name
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return folder


def in_parallel(commands: list) -> list:
    """Runs commands, two at a time, and returns their results in order."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, commands))


def exchanged(file: pathlib.Path, old: str, new: str) -> str:
    """A file's text with one place of it changed; ends the program if it is not there just once."""
    text = file.read_text()
    if text.count(old) != 1:
        sys.exit(f"FAIL  {file.name} has this {text.count(old)} times, not once: {old}")
    return text.replace(old, new)


def lib_sources() -> list:
    """The library's C files."""
    return sorted(SRC.rglob("*.c"))


def tree_files() -> list:
    """All files of the source tree that git would keep, but for build folders."""
    listed = run(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"])
    if listed.returncode:
        skip = {".git", "build", "out"}
        names = [p for p in ROOT.rglob("*") if not skip & set(p.relative_to(ROOT).parts)]
    else:
        names = [ROOT / name for name in listed.stdout.splitlines()]
    built = {p.parent for p in names if p.name == "CMakeCache.txt"}
    return sorted(p for p in names if p.is_file() and not built & set(p.parents))


def c_files() -> list:
    """All C sources and headers of the source tree."""
    return [p for p in tree_files() if p.suffix in (".c", ".h")]


def compile_lib(compiler: list, flags: list, to: pathlib.Path) -> list:
    """Compiles the library's files to objects under `to`; returns the objects."""
    sources = lib_sources()
    objects = [to / (str(s.relative_to(SRC)).replace("/", "_")[:-2] + ".o") for s in sources]
    results = in_parallel([compiler + flags + INCLUDES + ["-c", s, "-o", o]
                           for s, o in zip(sources, objects)])
    for result in results:
        if result.returncode:
            sys.exit(result.stdout)
    return objects


def check_budget(tally: Tally, figures: dict, budget_file: pathlib.Path) -> None:
    """Compares figures with a file of lines `name value`: none may be above its value, and each
    figure has its line."""
    lines = [line.split("#")[0].split() for line in budget_file.read_text().splitlines()]
    budget = {words[0]: int(words[1]) for words in lines if words}
    for name in sorted(figures.keys() | budget.keys()):
        if name not in figures or name not in budget:
            tally.check(f"{name}: in the budget and measured", False)
            continue
        limit, figure = budget[name], figures[name]
        tally.check(f"{name}: {figure} of {limit}",
                    [f"{figure - limit} over its budget"] if figure > limit else None)
