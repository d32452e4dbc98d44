#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/plots.md: its pictures are of the data that their commands give now (scripts/plot --docs
draws them anew), and its other commands run as they stand.

usage: plot_docs.py FOLDER-OF-PROGRAMS
"""
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

from made import TEST, events
from common import Tally  # noqa: E402
from draw import draw  # noqa: E402
from plot import PAGE, ROOT, in_root, page_pictures, picture_of  # noqa: E402

BIN = pathlib.Path(sys.argv[1]).resolve()
LARGEST = 40000  # octets of a picture
EXPECTED = {"newreno": ("sent again", "duplicate ACK", "ssthresh", "recovery"),
            "rack": ("SACK", "lost on its way"), "undo": ("D-SACK",),
            "zero-window": ("probe", "window's edge", "FIN"), "slow-start": ("srtt", "measured")}


def pictures(t: Tally) -> None:
    shown = set(re.findall(r"\]\((plots/\S+?\.svg)\)", PAGE.read_text()))
    kept = {f"plots/{p.name}" for p in (ROOT / "docs/plots").iterdir()}
    made = {words[-1].removeprefix("docs/") for words in page_pictures()}
    t.check("each picture has a command and is shown", shown == kept == made
            or [str(shown ^ kept | kept ^ made)])
    for words in page_pictures():
        name = words[-1]
        svg = (ROOT / name).read_text()
        found = picture_of(in_root(words, BIN)).events
        of = f"scripts/plot {shlex.join(words)}; data {events.digest(found)}"
        t.check(f"{name} is of today's data", f"<desc>{of}</desc>" in svg
                or "not up to date: scripts/plot --docs")
        t.check(f"{name}: {len(svg)} octets of {LARGEST}", len(svg) <= LARGEST)
        names = EXPECTED.get(pathlib.Path(name).stem, ())
        texts = texts_of(svg)
        t.check(f"{name} is XML and names what it shows", bool(texts) and
                all(n in texts for n in names) or [str(texts)])


def texts_of(svg: str) -> list:
    root = xml.etree.ElementTree.fromstring(svg)
    return [e.text for e in root.iter() if e.tag.endswith("}text")]


def drawing(t: Tally) -> None:
    """gnuplot itself, of this version or another: the same words as in the picture that is kept."""
    words = next(w for w in page_pictures() if w[-1].endswith("newreno.svg"))
    picture = picture_of(in_root(words, BIN))
    picture.title = "a <title> & 'quotes'"
    texts = texts_of(draw(picture))
    kept = texts_of((ROOT / words[-1]).read_text())
    t.check("drawn anew: the same words", texts[1:] == kept[1:] or [str(texts), str(kept)])
    t.check("a title with signs", texts[0] == picture.title or texts[0])


def commands() -> list:
    """The page's, without those of its pictures: first what leaves files that the others read."""
    found = [shlex.split(line, comments=True) for line in
             re.findall(r"^    ((?:scripts|build)/.*)$", PAGE.read_text(), re.M)]
    found = [c for c in found if not c[-1].startswith("docs/") and c[-1] != "--docs"]
    return sorted(found, key=lambda c: c[0] == "scripts/plot")


def page(t: Tally, folder: pathlib.Path) -> None:
    for name, to in (("scripts", ROOT / "scripts"), ("test", TEST), ("build/default/bin", BIN)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(to)
    for command in commands():
        extra = {"scripts/plot": ["--bin", BIN], "scripts/goodput": ["--program", BIN / "goodput"]}
        done = subprocess.run([*command, *extra.get(command[0], [])], cwd=folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out = folder / command[-1]
        good = done.returncode == 0
        if good and command[-1].endswith(".svg"):
            good = bool(texts_of(out.read_text()))
            out.unlink()
        t.check(shlex.join(command), good or done.stdout)


def main() -> None:
    t = Tally()
    pictures(t)
    with tempfile.TemporaryDirectory(prefix="aksu-plot-") as folder:
        if shutil.which("gnuplot"):
            drawing(t)
            page(t, pathlib.Path(folder))
        else:
            t.check("gnuplot is installed: scripts/setup test", False)
    t.finish()


main()
