#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that summary.py counts right, above all what must not pass for green: programs that crash,
hang, cannot start or print no count, run by ctest as the suite is."""
import pathlib
import sys
import tempfile

from common import ROOT, Tally, run

GOOD = [
    ("own", 'sh -c "echo 3 passed, 0 failed"', "3 passed, 0 failed"),
    ("cmocka", 'printf "[  PASSED  ] 5 test(s).\\\\n[  PASSED  ] 7 test(s).\\\\n"', "12 passed, 0 failed"),
    ("skips", 'echo "0 passed, 0 failed, 4 skipped"', "0 passed, 0 failed, 4 skipped"),
]
BAD = [
    ("fails", 'sh -c "echo 3 passed, 2 failed, 1 skipped; exit 1"', "3 passed, 2 failed, 1 skipped"),
    ("crashes", 'sh -c "echo 3 passed, 0 failed; kill -SEGV $$"', "3 passed, 1 failed"),
    ("silent", "true", "0 passed, 1 failed"),
    ("counts-nothing", 'echo "0 passed, 0 failed"', "0 passed, 1 failed"),
    ("cmocka-fails", 'sh -c "printf \'[  PASSED  ] 5 test(s).\\\\n[  FAILED  ] 2 test(s)\\\\n\'; exit 2"',
     "5 passed, 2 failed"),
    ("missing", "/nonexistent", "0 passed, 1 failed"),
    ("hangs", "sleep 60", "0 passed, 1 failed"),
    ("exits-0-with-failures", 'echo "3 passed, 1 failed"', "3 passed, 1 failed"),
]


def summary(folder: pathlib.Path, cases: list) -> tuple:
    """(lines, exit code) of summary.py after ctest ran the cases."""
    lines = ["cmake_minimum_required(VERSION 3.21)", "project(cases NONE)", "enable_testing()"]
    lines += [f"add_test(NAME {name} COMMAND {command})" for name, command, _ in cases]
    results = folder / "results"
    results.mkdir(parents=True)
    (folder / "CMakeLists.txt").write_text("\n".join(lines))
    run(["cmake", "-S", folder, "-B", folder / "build"])
    run(["ctest", "--test-dir", folder / "build", "--timeout", "2", "--output-junit",
         results / "default.xml"])
    done = run([sys.executable, ROOT / "test/checks/summary.py", results])
    return done.stdout.splitlines(), done.returncode


def main() -> None:
    tally = Tally()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        lines, code = summary(folder / "good", GOOD)
        tally.check("nothing but passes is green", code == 0)
        tally.check("the sum", lines[-1] == "15 passed, 0 failed, 4 skipped" or lines[-1])
        found, code = summary(folder / "bad", BAD)
        tally.check("a failure is not green", code == 1)
        lines = lines[:-1] + found
        for case, _, want in GOOD + BAD:
            line = next((text for text in lines if text.split()[1] == case), "no line")
            tally.check(f"{case}: {want}", line.endswith("  " + want) or line)
        empty = folder / "empty"
        empty.mkdir()
        done = run([sys.executable, ROOT / "test/checks/summary.py", empty])
        tally.check("nothing run is not green", done.returncode == 1)
        (empty / "asan.unbuilt").touch()
        done = run([sys.executable, ROOT / "test/checks/summary.py", empty])
        tally.check("a build that fails is a failure", "0 passed, 1 failed" in done.stdout)
    tally.finish()


main()
