# SPDX-License-Identifier: MIT
"""Draws events as SVG, with gnuplot: up to three panels above each other, with one axis of time."""
import re
import shutil
import subprocess
from dataclasses import dataclass, field

from capture import Wrong
from events import INFINITE

PANELS = {"sequence": 330, "window": 200, "rtt": 150}  # height in pixels
WIDTH, HEAD, GAP, FOOT = 880, 30, 16, 42
# Kind: title, colour. Drawn in this order.
BARS = {"data": ("sent", "#1f4e9c"), "probe": ("probe", "#ff8c00"),
        "again": ("sent again", "#d62728"), "sack": ("SACK", "#9467bd"),
        "dsack": ("D-SACK", "#e377c2")}
LINES = {"ack": ("acknowledged", "#2ca02c"), "edge": ("window's edge", "#8c8c8c")}
# On bars that are easily overlooked.
SPOTS = {"again": ("", "pt 13 ps 0.5 lc '#d62728'"), "probe": ("", "pt 7 ps 0.4 lc '#ff8c00'"),
         "lost": ("lost on its way", "pt 2 ps 0.7 lc 'black'")}
MARKS = {"syn": "SYN", "fin": "FIN", "rst": "RST"}


@dataclass
class Picture:
    title: str
    events: list
    panels: list = field(default_factory=lambda: list(PANELS))
    begin: float | None = None  # s
    end: float | None = None
    about: str = ""  # for a comment in the file: the command and what it drew

    def of(self, kind: str) -> list:
        return [e for e in self.events if e.kind == kind]


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''").replace("\n", " ") + "'"


def with_data(picture: Picture) -> list:
    """The panels that there is something for."""
    kinds = {e.kind for e in picture.events}
    wanted = {"sequence": {"data", "ack", "syn"}, "window": {"cwnd", "flight"},
              "rtt": {"rtt", "srtt"}}
    return [p for p in picture.panels if kinds & wanted[p]]


def span(picture: Picture) -> tuple:
    """The axis of time, s."""
    begin = 0.0 if picture.begin is None else picture.begin
    last = picture.events[-1].time_us / 1e6
    end = last + (last - begin) * 0.02 if picture.end is None else picture.end
    return begin, max(end, begin + 1e-6)


class Script:
    """A gnuplot script. What is plotted is collected until the panel ends."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.begin, self.end = span(picture)
        self.lines: list = []
        self.plots: list = []

    def add(self, rows: list, style: str, title: str) -> None:
        """Plots rows of numbers; of none, nothing."""
        if any(row[-1] == row[-1] for row in rows):  # not only gaps, which are NaN
            name = f"$d{len(self.lines)}"
            self.lines += [f"{name} << EOD", *(" ".join(f"{v:.10g}" for v in row) for row in rows),
                           "EOD"]
            self.plots.append(f"{name} {style} {'title ' + quoted(title) if title else 'notitle'}")

    def shown(self, kind: str) -> list:
        return [e for e in self.picture.of(kind) if self.begin <= e.time_us / 1e6 <= self.end]

    def steps_of(self, kind: str, most: float = float("inf")) -> list:
        """A line that holds each value until the next: points, broken where a value is too great.
        Of one instant's values the last counts."""
        points = {e.time_us / 1e6: e.low if e.low < most else float("nan")
                  for e in self.picture.of(kind)}.items()
        before = [(self.begin, value) for s, value in points if s < self.begin]
        shown = before[-1:] + [p for p in points if self.begin <= p[0] <= self.end]
        return shown + [(self.end, value) for _, value in shown[-1:]]

    def curve(self, kind: str, style: str, title: str, most: float = float("inf")) -> None:
        """A line that holds each value until the next, without what nobody could see."""
        points = self.steps_of(kind, most)
        apart = (self.end - self.begin) / 600
        jump = max((value for _, value in points if value == value), default=0) / 100
        kept = points[:1]
        for point in points[1:-1]:
            if point[0] - kept[-1][0] > apart or not abs(point[1] - kept[-1][1]) <= jump:
                kept.append(point)
        self.add(kept + points[1:][-1:], f"with steps {style}", title)

    def panel(self, label: str, last: bool) -> None:
        # Every panel has the same room at its sides, so that times are above each other.
        self.lines += [f"set ylabel {quoted(label)}",
                       "set xlabel 'time, s'; set format x '%g'" if last else "set format x ''",
                       f"plot {', '.join(self.plots)}" if self.plots else "plot NaN notitle"]
        self.plots = []

    # Panels #

    def sequence(self) -> None:
        ranges = [e for kind in BARS for e in self.shown(kind)]
        numbers = [n for e in ranges for n in (e.low, e.high)] + \
            [e.low for kind in ("ack", "syn", "fin") for e in self.shown(kind)] or [0]
        low, top = min(numbers), max(numbers)
        room = max(top - low, 1)
        edges = [value for _, value in self.steps_of("edge") if value < top + room * 0.5]
        high = max([top, *edges]) + room * 0.05
        self.lines.append(f"set yrange [{low - room * 0.04:.10g}:{high:.10g}]")
        self.sequence_lines(high)
        for kind, (title, colour) in BARS.items():
            self.add([(e.time_us / 1e6, e.low, e.high - e.low) for e in self.shown(kind)],
                     "using 1:2:(0):3 with vectors heads size graph 0.0025,90 lw 1.5 "
                     f"lc '{colour}'", title)
        for kind, (title, style) in SPOTS.items():
            self.add([(e.time_us / 1e6, (e.low + e.high) / 2) for e in self.shown(kind)],
                     f"with points {style}", title)
        for kind, name in MARKS.items():
            self.add([(e.time_us / 1e6, e.low) for e in self.shown(kind)],
                     f"using 1:2:({quoted(name)}) with labels left offset 0.5,0.3 "
                     "point pt 9 ps 0.7 lc 'black'", "")

    def sequence_lines(self, high: float) -> None:
        for kind, (title, colour) in LINES.items():
            points = self.steps_of(kind)
            if points and all(value > high for _, value in points):
                self.add([(self.begin, high * 2)], f"with lines lc '{colour}'",
                         "edge: above")
            else:
                self.add(points, f"with steps lw 1.3 lc '{colour}'", title)
        self.add([(e.time_us / 1e6, e.low) for e in self.shown("dup")],
                 "with points pt 1 ps 0.5 lc '#2ca02c'", "duplicate ACK")

    def recoveries(self) -> None:
        """Shades the times of recovery."""
        marks = self.picture.of("recovery")
        for i, mark in enumerate(marks):
            begin = max(mark.time_us / 1e6, self.begin)
            end = min(marks[i + 1].time_us / 1e6 if i + 1 < len(marks) else self.end, self.end)
            if mark.low and begin < end:
                self.lines.append(f"set object rectangle from {begin:.6f},graph 0 to {end:.6f},"
                                  "graph 1 fc rgb '#fbe3e3' fs solid noborder behind")

    def window(self) -> None:
        self.recoveries()
        self.lines.append("set yrange [0:*]; set offsets 0,0,graph 0.05,0")
        self.curve("flight", "lw 1 lc '#9ab6dd'", "in flight")
        self.curve("ssthresh", "lw 1.5 dt 2 lc '#d62728'", "ssthresh", INFINITE)
        self.curve("cwnd", "lw 1.8 lc '#1f4e9c'", "cwnd")
        if any(e.low for e in self.picture.of("recovery")):
            self.add([(self.begin, -1)], "with boxes fs solid lc '#fbe3e3'", "recovery")

    def rtt(self) -> None:
        self.lines += ["unset object", "set yrange [0:*]; set offsets 0,0,graph 0.05,0"]
        samples = [(e.time_us / 1e6, e.low / 1000) for e in self.shown("rtt")]
        most = max((ms for _, ms in samples), default=0) + 1
        dots = {(round(600 * (s - self.begin) / (self.end - self.begin)),
                 round(150 * ms / most)): (s, ms) for s, ms in samples}  # one a pixel
        self.add(list(dots.values()), "with points pt 7 ps 0.3 lc '#7f7f7f'", "measured")
        self.curve("srtt", "lw 1.5 lc '#1f4e9c'", "srtt")
        self.curve("min_rtt", "lw 1.2 lc '#2ca02c'", "RACK's least")


LABELS = {"sequence": "sequence number, octets", "window": "windows, octets", "rtt": "RTT, ms"}


def script_of(picture: Picture, panels: list) -> str:
    script = Script(picture)
    height = sum(PANELS[p] for p in panels) + HEAD + FOOT
    script.lines += [
        f"set terminal svg size {WIDTH},{height} font 'sans-serif,12' background '#ffffff' "
        "noenhanced",
        f"set multiplot title {quoted(picture.title)}",
        "set grid lc '#e4e4e4' lt 1",
        "set border 3", "set tics nomirror", "set format y '%.0f'",
        "set lmargin screen 0.11", "set rmargin screen 0.83",
        f"set xrange [{script.begin:.6f}:{script.end:.6f}]"]
    top = height - HEAD
    for panel in panels:
        bottom = top - PANELS[panel]
        script.lines += [f"set tmargin screen {top / height:.4f}",
                         f"set bmargin screen {(bottom + GAP) / height:.4f}",
                         f"set key at screen 0.84,screen {top / height:.4f} left top reverse Left "
                         "samplen 1.5"]
        getattr(script, panel)()
        script.panel(LABELS[panel], panel == panels[-1])
        top = bottom
    return "\n".join([*script.lines, "unset multiplot", ""])


def draw(picture: Picture) -> str:
    """The SVG; Wrong if there is nothing to draw, or no gnuplot."""
    panels = with_data(picture) if picture.events else []
    if not panels:
        raise Wrong("nothing to draw: no such data in the chosen connection and direction")
    if not shutil.which("gnuplot"):
        raise Wrong("gnuplot is not installed: scripts/setup test installs it, as root")
    done = subprocess.run(["gnuplot", "-"], input=script_of(picture, panels), text=True,
                          capture_output=True)
    if done.returncode or "</svg>" not in done.stdout:
        raise Wrong(f"gnuplot failed: {done.stderr.strip()}")
    svg = done.stdout.replace("<title>Gnuplot</title>", f"<title>{escaped(picture.title)}</title>")
    return smaller(re.sub(r"<desc>.*?</desc>", lambda _: f"<desc>{escaped(picture.about)}</desc>",
                          svg, count=1, flags=re.S))


def smaller(svg: str) -> str:
    """Leaves out what gnuplot repeats for each line, or writes for nothing."""
    common = (' stroke="currentColor" stroke-width="1.00" stroke-linecap="butt" '
              'stroke-linejoin="miter"')
    svg = svg.replace('<g fill="none"', "<g").replace(common, "")
    svg = svg.replace('<g id="gnuplot_canvas">', f'<g id="gnuplot_canvas" fill="none"{common}>')
    svg = re.sub(r"<(filter|g[^>]*)>\s*<text></text>\s*</g>", "", svg)
    svg = re.sub(r"\t<filter .*?</filter>\n", "", svg, flags=re.S)
    svg = re.sub(r'<g color="[^"]*">\s*</g>\n', "", svg)
    for old, new in ((' fill="#ffffff"/>', ' fill="#ffffff" stroke="none"/>'),
                     (' class="gridline" ', ""), (' font-family="sans-serif"', ""),
                     (' font-size="12.00" ', ""), (' stroke="none" fill="black"', ' class="t"'),
                     ("  '/>", "'/>"), ("\t", "")):
        svg = svg.replace(old, new)
    style = ("<style>.t {stroke: none; fill: black; font: 12px sans-serif}</style>\n")
    return svg.replace("<defs>", style + "<defs>", 1)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def listed(picture: Picture) -> str:
    """The events as text, one a line."""
    begin, end = span(picture) if picture.events else (0, 0)
    return "".join(f"{e}\n" for e in picture.events if begin <= e.time_us / 1e6 <= end)
