# SPDX-License-Identifier: MIT
"""docs/performance.md: its tables, each between two comments that name it, and its plots."""
import pathlib
import re
import subprocess
import sys

from common import ROOT

PAGE = ROOT / "docs/performance.md"
PLOTS = ROOT / "docs/performance"


def block(name: str) -> str:
    """A table as it stands in the page."""
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- end -->", PAGE.read_text(encoding="utf-8"), re.S)
    if not found:
        sys.exit(f"docs/performance.md has no table `{name}`")
    return found[1]


def put(name: str, text: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(page.replace(f"<!-- {name} -->\n{block(name)}\n<!-- end -->",
                                 f"<!-- {name} -->\n{text}\n<!-- end -->"), encoding="utf-8")


def markdown(corner: str, columns: dict, rows: dict) -> str:
    """columns: {heading: {row: text or number}}; rows: {row: label}"""
    def cell(value: object) -> str:
        return f"{value:,}" if isinstance(value, int) else str(value)

    lines = [f"| {corner} | " + " | ".join(columns) + " |", "|---|" + "--:|" * len(columns)]
    return "\n".join(lines + [f"| {label} | " + " | ".join(cell(c.get(row, "")) for c in columns.values())
                              + " |" for row, label in rows.items()])


def plot(name: str, script: str, data: list) -> None:
    """Draws docs/performance/NAME.svg; data: rows of words and numbers."""
    PLOTS.mkdir(exist_ok=True)
    rows = "\n".join("\t".join(f'"{v}"' if isinstance(v, str) else f"{v}" for v in row) for row in data)
    text = ("set terminal svg size 860,380 font 'sans-serif,12' background '#ffffff'\n"
            f"set output '{PLOTS / name}.svg'\n$data << END\n{rows}\nEND\n"
            "set key outside right top\nset grid y\nset border 3\nset tics nomirror\n"
            "set datafile separator '\\t'\nset style fill solid 0.85 noborder\nset boxwidth 0.8\nset bmargin 4\n"
            f"{script}\n")
    done = subprocess.run(["gnuplot"], input=text, text=True, capture_output=True, check=False)
    if done.returncode or done.stderr:
        sys.exit(f"gnuplot, {name}: {done.stderr}")


def bars(name: str, label: str, columns: dict, rows: dict, top: str = "") -> None:
    """Clustered bars: a cluster for each row, a bar in it for each column."""
    data = [["", *columns]] + [[text.replace(", ", ",\\n"), *[column[row] for column in columns.values()]]
                               for row, text in rows.items()]
    each = ", ".join(f"$data using {i + 2}{':xtic(1)' if i == 0 else ''} title columnheader({i + 2})"
                     for i in range(len(columns)))
    plot(name, f"set style data histogram\nset style histogram clustered gap 1\nset yrange [0:{top}]\n"
         f"set ylabel '{label}'\nset xtics nomirror noenhanced\nplot {each}", data)
