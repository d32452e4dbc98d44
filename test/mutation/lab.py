# SPDX-License-Identifier: MIT
"""Where mutants are tried: copies of lib/src, each with a shared library of its own that the unit
and transition tests run against. A mutant costs a compilation, a link and the tests it survives."""
import concurrent.futures
import os
import pathlib
import queue
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "checks"))
from common import LIB, ROOT, SRC, own_folder, run

COMPILE = ["gcc", "-std=c99", "-O1", "-pipe", "-fPIC", "-w", f"-I{LIB}/include"]
# Of tests that run for longer than a blink: they come last.
LONG = "transitions_two_peers"
CPU_S, CPU_LONG_S = 2, 15  # of a program; they take less than 0.3, and 5
RESULT = re.compile(r"^\[\s+(OK|FAILED|SKIPPED)\s*\] (\S+)( @\S+)?$", re.M)


def must(command: list) -> None:
    done = run(command)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}")


class Worker:
    """A copy of lib/src, its objects and its libaksu.so."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.src = folder / "src"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(SRC, self.src)
        self.objects = {s: folder / f"{s.parent.name}_{s.stem}.o" for s in self.src.rglob("*.c")}
        self.clean = {}  # object files of the unchanged sources
        self.build(self.objects, must)
        for source, at in self.objects.items():
            self.clean[source] = at.read_bytes()

    def build(self, sources, how=run) -> bool:
        """Compiles sources and links; false if that fails."""
        for source in sources:
            done = how([*COMPILE, "-c", source, "-o", self.objects[source]])
            if done is not None and done.returncode:
                return False
        done = how(["ld", "-shared", "-o", self.folder / "libaksu.so", *self.objects.values()])
        return done is None or done.returncode == 0

    def dependents(self, changed: pathlib.Path) -> list:
        """The C files that are compiled again when a file has changed."""
        if changed.suffix == ".c":
            return [changed]
        names, found = {changed.name}, []
        for path in [*self.src.rglob("*.h"), *self.src.rglob("*.c")]:  # headers first
            text = path.read_text()
            if any(f'{name}"' in text for name in names):
                names |= {path.name} if path.suffix == ".h" else set()
                found += [path] if path.suffix == ".c" else []
        return found

    def with_change(self, file: str, text: str, judge) -> str:
        """What judge says while lib/src/FILE has another text; or why it was not asked."""
        path = self.src / file
        original, sources = path.read_text(), self.dependents(path)
        path.write_text(text)
        try:
            if not self.build(sources):
                return "does not compile"
            if all(self.objects[s].read_bytes() == self.clean[s] for s in sources):
                return "same code"
            return judge(self)
        finally:
            path.write_text(original)
            for source in sources:
                self.objects[source].write_bytes(self.clean[source])

    def restore(self) -> None:
        """Links the unchanged library again."""
        self.build([], must)

    def passes(self, program: pathlib.Path, only: str = "") -> bool:
        """Whether a test program, or one test of it, passes."""
        env = {**os.environ, "LD_LIBRARY_PATH": str(self.folder)}
        if only:
            env["CMOCKA_TEST_FILTER"] = only
        cpu = CPU_LONG_S if program.name == LONG else CPU_S
        done = run(["prlimit", f"--cpu={cpu}", "--as=2000000000", program], env=env,
                   cwd=self.folder)
        return done.returncode == 0 and (not only or bool(RESULT.search(done.stdout)))


class Lab:
    """The test programs and two workers."""

    def __init__(self, name: str) -> None:
        self.folder = own_folder(name)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            workers = list(pool.map(lambda n: Worker(self.folder / f"worker{n}"), range(2)))
            self.programs = dict(pool.map(self.program, self.sources()))
        self.free = queue.Queue()
        for worker in workers:
            self.free.put(worker)

    @staticmethod
    def sources() -> list:
        """(suite, name) of each test program, as its CMakeLists.txt has them: one to a file."""
        helpers = {"frames", "frames6", "harness"}
        return [(suite, p.stem) for suite in ("transitions", "unit")
                for p in sorted((ROOT / "test" / suite).glob("*.c")) if p.stem not in helpers]

    def program(self, source: tuple) -> tuple:
        suite, name = source
        folder = ROOT / "test" / suite
        helper = [folder / f for f in (["frames.c", "frames6.c"] if suite == "unit"
                                       else ["harness.c"])]
        to = self.folder / f"{suite}_{name}"
        must(["gcc", "-std=c99", "-O1", "-w", f"-I{LIB}/include", f"-I{SRC}", folder / f"{name}.c",
              ROOT / "test/mutation/filter.c",
              *(helper if f"{suite}_{name}" != LONG else []), "-o", to,
              f"-L{self.folder}/worker0", "-laksu", "-lcmocka", "-lm"])
        return to.name, to

    def each(self, jobs: list, do) -> list:
        """The results of do(worker, job) in order, two at a time."""
        def one(job):
            worker = self.free.get()
            try:
                return do(worker, job)
            finally:
                self.free.put(worker)

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return list(pool.map(one, jobs))
