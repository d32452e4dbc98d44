#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that clang-format 14 would change nothing in any C file of the tree."""
import shutil

from common import ROOT, Tally, c_files, output, run

tool = shutil.which("clang-format-14") or shutil.which("clang-format") or "clang-format"
tally = Tally()
tally.check("clang-format is version 14", "version 14." in output([tool, "--version"]))
for path in c_files():
    done = run([tool, "--dry-run", "-Werror", path])
    tally.check(f"format of {path.relative_to(ROOT)}", done.stdout if done.returncode else None)
tally.finish()
