#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tries each way in which a project can take in the library, offline, on temporary copies."""
import os
import pathlib
import shutil
import sys
import tarfile
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "checks"))
from common import INCLUDES, LIB, ROOT, SRC, STRICT, Tally, lib_sources, run  # noqa: E402

MAIN = pathlib.Path(__file__).with_name("main.c")
PROJECT = """cmake_minimum_required(VERSION 3.21)
project(consumer LANGUAGES C)
{aksu}
add_executable(consumer main.c)
target_link_libraries(consumer PRIVATE aksu::aksu)
"""
FETCH = """include(FetchContent)
FetchContent_Declare(aksu {source})
FetchContent_MakeAvailable(aksu)"""


def copy_of_tree(to: pathlib.Path) -> pathlib.Path:
    """What a release would hold of the library: no build directories, no history."""
    ignored = shutil.ignore_patterns(".git", "build", "build-*", "out", "__pycache__")
    shutil.copytree(ROOT, to, ignore=ignored)
    return to


def steps(*commands: list, **options) -> str:
    """Runs commands until one fails; returns what that one printed, or nothing."""
    for command in commands:
        done = run(command, **options)
        if done.returncode:
            return f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}"
    return ""


def consumer(folder: pathlib.Path, aksu: str, *flags: str) -> str:
    """Builds and runs a project of main.c that takes in aksu as the given lines of CMake say."""
    folder.mkdir()
    shutil.copy(MAIN, folder)
    (folder / "CMakeLists.txt").write_text(PROJECT.format(aksu=aksu))
    build = folder / "build"
    return steps(["cmake", "-S", folder, "-B", build, *flags], ["cmake", "--build", build],
                 [build / "consumer"])


def try_subdirectory(tally: Tally, tmp: pathlib.Path, tree: pathlib.Path) -> None:
    tally.check("add_subdirectory", consumer(tmp / "sub", f"add_subdirectory({tree} aksu)"))
    extra = [str(p) for p in (tmp / "sub/build/aksu").rglob("*.o") if "lib" not in p.parts]
    tally.check("add_subdirectory builds the library alone", extra)
    flags = "-DCMAKE_C_FLAGS=-Werror -Wall -Wextra"
    tally.check("add_subdirectory in a project with -Werror",
                consumer(tmp / "strict", f"add_subdirectory({tree} aksu)", flags))


def try_fetch_content(tally: Tally, tmp: pathlib.Path, tree: pathlib.Path) -> None:
    tally.check("FetchContent of a directory",
                consumer(tmp / "fetch-dir", FETCH.format(source=f"SOURCE_DIR {tree}")))
    archive = tmp / "aksu.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(tree, "aksu-0.1.0")
    tally.check("FetchContent of an archive",
                consumer(tmp / "fetch-url", FETCH.format(source=f"URL {archive}")))


def try_install(tally: Tally, tmp: pathlib.Path, tree: pathlib.Path) -> pathlib.Path:
    """Installs, then moves the tree elsewhere: nothing may have kept the first place's name."""
    build, first, prefix = tmp / "install-build", tmp / "first", tmp / "moved"
    parts = [f"-DAKSU_{part}=OFF" for part in ("PORTS", "EXAMPLES", "TESTS")]
    tally.check("install", steps(
        ["cmake", "-S", tree, "-B", build, f"-DCMAKE_INSTALL_PREFIX={first}", *parts],
        ["cmake", "--build", build], ["cmake", "--install", build]))
    first.rename(prefix)
    where = f"-DCMAKE_PREFIX_PATH={prefix}"
    tally.check("find_package(aksu 0.1)",
                consumer(tmp / "find", "find_package(aksu 0.1 REQUIRED)", where))
    refused = consumer(tmp / "find-newer", "find_package(aksu 0.2 REQUIRED)", where)
    tally.check("find_package(aksu 0.2) is refused", 'version "0.2"' in refused)
    return prefix


def try_pkg_config(tally: Tally, tmp: pathlib.Path, prefix: pathlib.Path) -> None:
    found = [str(p.parent) for p in prefix.rglob("aksu.pc")]
    tally.check("aksu.pc is installed", len(found) == 1)
    environment = {**os.environ, "PKG_CONFIG_PATH": ":".join(found)}
    tally.check("pkg-config knows the version",
                steps(["pkg-config", "--exact-version=0.1.0", "aksu"], env=environment))
    flags = run(["pkg-config", "--cflags", "--libs", "aksu"], env=environment).stdout.split()
    program = tmp / "with-pkg-config"
    tally.check("pkg-config", steps(["gcc", MAIN, *flags, "-o", program], [program]))


def try_drop_in(tally: Tally, tmp: pathlib.Path) -> None:
    program = tmp / "dropped-in"
    tally.check("all of lib/src in one command, no -D and no generated file", steps(
        ["gcc", *INCLUDES, MAIN, *lib_sources(), "-o", program], [program]))
    sources = [p for p in SRC.rglob("*") if p.suffix in (".c", ".h")]
    names = [p.name for p in sources]
    tally.check("no two files of lib/src have one name, as some IDEs need",
                [n for n in names if names.count(n) > 1])


def try_cxx(tally: Tally, tmp: pathlib.Path, prefix: pathlib.Path) -> None:
    program = tmp / "with-cxx"
    library = next(prefix.rglob("libaksu.a"))
    tally.check("a C++11 consumer", steps(
        ["g++", "-std=c++11", "-pedantic", "-Wall", "-Wextra", "-Werror", f"-I{LIB}/include", "-x",
         "c++", MAIN, "-x", "none", library, "-o", program], [program]))


def try_headers(tally: Tally, tmp: pathlib.Path) -> None:
    cxx = "-std=c++11 -pedantic -Wall -Wextra -Wconversion".split()
    for header in sorted((LIB / "include/aksu").glob("*.h")):
        alone = tmp / f"{header.stem}-alone.c"
        alone.write_text(f"#include <aksu/{header.name}>\n")
        quiet = ["-fsyntax-only", "-Werror", f"-I{LIB}/include", alone]
        tally.check(f"{header.name} alone is C99",
                    steps(["gcc", *STRICT, *quiet], ["clang", *STRICT, *quiet]))
        tally.check(f"{header.name} alone is C++11",
                    steps(["g++", *cxx, "-x", "c++", *quiet], ["clang++", *cxx, "-x", "c++", *quiet]))


def check_symbols(tally: Tally, prefix: pathlib.Path) -> None:
    listed = run(["nm", "-g", "--defined-only", next(prefix.rglob("libaksu.a"))]).stdout
    symbols = [line.split()[2] for line in listed.splitlines() if len(line.split()) == 3]
    tally.check("every global symbol of the archive begins with aksu_",
                [s for s in symbols if not s.startswith("aksu_")] or len(symbols) > 0)


def main() -> None:
    tally = Tally()
    with tempfile.TemporaryDirectory() as name:
        tmp = pathlib.Path(name)
        tree = copy_of_tree(tmp / "tree")
        try_subdirectory(tally, tmp, tree)
        try_fetch_content(tally, tmp, tree)
        prefix = try_install(tally, tmp, tree)
        try_pkg_config(tally, tmp, prefix)
        try_drop_in(tally, tmp)
        try_cxx(tally, tmp, prefix)
        try_headers(tally, tmp)
        check_symbols(tally, prefix)
    tally.finish()


main()
