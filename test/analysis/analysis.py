#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Static analysis of the library.

usage: analysis.py gcc|clang-tidy|cppcheck|misra [--print]

A finding fails unless `accepted` (lines of: tool, file, check, reason) or, for a rule of MISRA
C:2012, docs/misra.md has it. So does an entry there that nothing needs any more.
With --print the findings are shown as they are.
"""
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "checks"))
from common import INCLUDES, ROOT, Tally, in_parallel, lib_sources, own_folder, run  # noqa: E402

FINDING = re.compile(r"^(\S+?):(\d+):(?:\d+:)? (?:warning|error|style|performance|portability|"
                     r"information)[^\n]*\[(?:-W)?([\w.,-]+)\]$", re.M)
CPPCHECK = ["cppcheck", "--std=c99", "--quiet", "--suppress=missingIncludeSystem",
            "--template={file}:{line}: {severity}: {message} [{id}]", *INCLUDES]


def findings(text: str) -> set:
    """(file, line, check) of each."""
    return {(str(pathlib.Path(file).resolve().relative_to(ROOT)), int(line), check)
            for file, line, check in FINDING.findall(text)}


def gcc() -> str:
    done = in_parallel([["gcc", "-std=c99", "-O2", "-fanalyzer", "-fdiagnostics-plain-output",
                         *INCLUDES, "-c", source, "-o", "/dev/null"] for source in lib_sources()])
    return "".join(result.stdout for result in done)


def clang_tidy() -> str:
    done = in_parallel([["clang-tidy", "--quiet", source, "--", "-std=c99", *INCLUDES]
                        for source in lib_sources()])
    return "".join(result.stdout for result in done)


def cppcheck() -> str:
    # What a library offers is used elsewhere; headers spell out what sources abbreviate.
    return run([*CPPCHECK, "--enable=all", "--inconclusive", "--suppress=unusedFunction",
                "--suppress=funcArgNamesDifferent", ROOT / "lib/src"]).stdout


def misra() -> str:
    # The addon's dumps go to a folder of our own, not beside the sources, which other tests copy.
    folder = own_folder("misra")
    return run([*CPPCHECK, "-j2", "--addon=misra", f"--cppcheck-build-dir={folder}",
                ROOT / "lib/src"]).stdout


def line_of(file: str, number: int) -> str:
    return (ROOT / file).read_text().splitlines()[number - 1].strip()


def check_accepted(tally: Tally, tool: str, found: set) -> None:
    lines = (HERE / "accepted").read_text().splitlines()
    accepted = {tuple(line.split(None, 3)[1:3]) for line in lines if line.startswith(f"{tool} ")}
    left = [f"{file}:{number}: {check}: {line_of(file, number)}"
            for file, number, check in sorted(found) if (file, check) not in accepted]
    tally.check(f"{tool} finds nothing that is not accepted", left)
    gone = accepted - {(file, check) for file, _, check in found}
    tally.check(f"{tool}: all that is accepted is still found", sorted(map(str, gone)))


def check_misra(tally: Tally, found: set) -> None:
    rules = {check.removeprefix("misra-c2012-") for _, _, check in found}
    documented = set(re.findall(r"^\| (\d+\.\d+) \|", (ROOT / "docs/misra.md").read_text(), re.M))
    example = {check.removeprefix("misra-c2012-"): f"{file}:{number}: {line_of(file, number)}"
               for file, number, check in sorted(found, reverse=True)}
    tally.check("every MISRA rule that is departed from is in docs/misra.md",
                [f"{rule}, first at {example[rule]}" for rule in sorted(rules - documented)])
    tally.check("every rule in docs/misra.md is departed from", sorted(documented - rules))


def main() -> None:
    tools = {"gcc": gcc, "clang-tidy": clang_tidy, "cppcheck": cppcheck, "misra": misra}
    tool = sys.argv[1] if len(sys.argv) > 1 else ""
    if tool not in tools:
        sys.exit(__doc__)
    program = "cppcheck" if tool == "misra" else tool
    if not shutil.which(program):
        sys.exit(f"{program} is not installed: scripts/setup test\n0 passed, 1 failed")
    text = tools[tool]()
    if "--print" in sys.argv:
        print(text)
    tally = Tally()
    if tool == "misra":
        check_misra(tally, {found for found in findings(text) if found[2].startswith("misra")})
    else:
        check_accepted(tally, tool, findings(text))
    tally.finish()


main()
