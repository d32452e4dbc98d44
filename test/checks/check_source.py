#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks of the source text: licence lines, layers, and the rules that keep the code readable."""
import json
import re

from common import LIB, ROOT, SRC, TCP, Tally, c_files, lib_sources, output, tree_files

FREESTANDING = {"stdbool.h", "stddef.h", "stdint.h", "limits.h"}
HOSTED = FREESTANDING | {"string.h", "assert.h"}
MACROS = re.compile(r"AKSU_STORAGE|AKSU_STORAGE_WITH|AKSU_STORAGE_VALID|AKSU_BUCKETS_|AKSU_BOARDS|AKSU_IPV6|AKSU_UDP_IPV6|"
                     r"AKSU_REASSEMBLY|AKSU_PIECES_SIZE_|"
                    r"AKSU_FAST_OPEN|AKSU_FAST_OPEN_CLIENT|AKSU_FAST_OPEN_SERVER|AKSU_CHOICE|"
                    r"AKSU_SLOTS_|AKSU_CHECK")


def where(path, text: str, at: int) -> str:
    return f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, at) + 1}"


def without_comments(text: str) -> str:
    """Blanks comments and strings, keeping line numbers."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


def lib_files() -> list:
    return [p for p in c_files() if LIB in p.parents]


def includes(path) -> list:
    """(kind, name, place) of each #include; kind is < or "."""
    text = path.read_text()
    return [(m[1], m[2], where(path, text, m.start()))
            for m in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)', text, re.M)]


def needs_licence(path) -> bool:
    if path.suffix in (".c", ".h", ".cpp", ".py", ".sh", ".cmake", ".in", ".lua"):
        return True
    return path.name == "CMakeLists.txt" or path.read_bytes()[:2] == b"#!"


def licences() -> list:
    missing = []
    for path in filter(needs_licence, tree_files()):
        head = path.read_text(errors="replace").splitlines()[:2]
        if not any("SPDX-License-Identifier: MIT" in line for line in head):
            missing.append(str(path.relative_to(ROOT)))
    return missing


def layer_of_lib() -> list:
    """The library sees itself and the freestanding headers, string.h and assert.h."""
    wrong = []
    for path in lib_files():
        for kind, name, place in includes(path):
            if kind == "<" and (name in HOSTED or (LIB / "include" / name).exists()):
                continue
            if kind == '"':
                target = (path.parent / name).resolve()
                if target.exists() and SRC in target.parents:
                    continue
            wrong.append(f"{place}: {name}")
    return wrong


def layer_of_core() -> list:
    """The pure core sees tcb.h, freestanding headers, string.h's four functions and itself."""
    wrong = []
    for path in filter(lambda p: TCP in p.parents, lib_files()):
        allowed = FREESTANDING | {"string.h", "aksu/tcb.h"}
        if path.name == "check.h":
            allowed = {"assert.h"}
        for kind, name, place in includes(path):
            inside = kind == '"' and "/" not in name and (TCP / name).exists()
            if not inside and not (kind == "<" and name in allowed):
                wrong.append(f"{place}: {name}")
    return wrong


def layer_of_ports() -> list:
    """Ports know no example, and examples no library internals."""
    wrong = []
    for path in c_files():
        for _, name, place in includes(path):
            if ROOT / "ports" in path.parents and "examples/" in name:
                wrong.append(f"{place}: {name}")
            if ROOT / "examples" in path.parents and re.search(r"lib/src|\.\./lib", name):
                wrong.append(f"{place}: {name}")
    return wrong


def conditionals() -> list:
    """Fewer than ten #if in the library besides header guards and the C++ ones of the headers."""
    found = []
    for path in lib_files():
        text = path.read_text()
        for m in re.finditer(r"^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif)\b[ \t]*(.*)", text, re.M):
            guard = path.suffix == ".h" and re.match(r"AKSU_\w+_H$", m[1].strip())
            if not guard and m[1].strip() != "__cplusplus":
                found.append(f"{where(path, text, m.start())}: {m[0].strip()}")
    return found if len(found) >= 10 else []


def banned_words() -> list:
    words = r"\b(goto|malloc|calloc|realloc|free|alloca|printf|rand|time|__attribute__)\s*\(|\bgoto\b"
    found = []
    for path in lib_files():
        text = without_comments(path.read_text())
        found += [f"{where(path, text, m.start())}: {m[0]}" for m in re.finditer(words, text)]
    return found


def bit_fields() -> list:
    found = []
    for path in lib_files():
        text = without_comments(path.read_text())
        found += [f"{where(path, text, m.start())}: {m[0].strip()}" for m in
                  re.finditer(r"^\s*(?:unsigned|int|u?int\d+_t|bool)\s+\w+\s*:\s*\d+\s*;", text, re.M)]
    return found


def macros() -> list:
    """Macros that look like functions: those for storage and asserts only."""
    found = []
    for path in lib_files():
        text = path.read_text()
        for m in re.finditer(r"^[ \t]*#[ \t]*define[ \t]+(\w+)\(", text, re.M):
            if not MACROS.fullmatch(m[1]):
                found.append(f"{where(path, text, m.start())}: {m[1]}")
    return found


def function_lengths() -> tuple:
    """(lines, name, place) of each function in the library, shortest first."""
    listing = output(["ctags", "--output-format=json", "--fields=+ne", "--kinds-C=f", "-f", "-",
                      *lib_files()])
    tags = [json.loads(line) for line in listing.splitlines()]
    return sorted((t["end"] - t["line"] + 1, t["name"], f"{t['path']}:{t['line']}")
                  for t in tags if "end" in t)


def check_functions(tally: Tally) -> None:
    lengths = function_lengths()
    count = len(lengths)
    if not tally.check("the library has functions", count > 0):
        return
    median, most, longest = lengths[count // 2][0], lengths[int(count * 0.9)][0], lengths[-1]
    print(f"      {count} functions: median {median} lines, 90 % {most}, longest {longest[0]} "
          f"({longest[1]})")
    tally.check("no function is longer than 60 lines",
                [f"{n} lines: {name} {place}" for n, name, place in lengths if n > 60])
    tally.check("half of the functions have at most 15 lines", median <= 15)
    tally.check("90 % of the functions have at most 40 lines", most <= 40)


def unlisted_sources() -> list:
    """Sources that lib/CMakeLists.txt does not name. The list there is explicit."""
    text = (LIB / "CMakeLists.txt").read_text()
    named = set(re.findall(r"\bsrc/[\w/]+\.c\b", text))
    return sorted(named ^ {str(p.relative_to(LIB)) for p in lib_sources()})


def main() -> None:
    tally = Tally()
    tally.check("every source file has its licence line", licences())
    tally.check("lib includes nothing outside of lib", layer_of_lib())
    tally.check("lib/src/tcp includes nothing of the stack", layer_of_core())
    tally.check("ports include no example, examples nothing internal", layer_of_ports())
    tally.check("fewer than 10 conditionals in lib", conditionals())
    tally.check("no goto, no allocation, no libc in lib", banned_words())
    tally.check("no bit-fields in lib", bit_fields())
    tally.check("no macros that look like functions in lib", macros())
    tally.check("lib/CMakeLists.txt names every source", unlisted_sources())
    check_functions(tally)
    tally.finish()


main()
