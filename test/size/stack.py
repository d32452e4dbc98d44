# SPDX-License-Identifier: MIT
"""The worst-case stack, from the call graph that gcc -fcallgraph-info=su writes beside objects.

A call through a pointer is resolved by test/size/indirect, which names what each one can reach; one
that it does not name is an error, and so is recursion. The objects tell calls from jumps: a function
that ends in a jump to another has left its frame by then.
"""
import pathlib
import re

NODE = re.compile(r'^node: \{ title: "([^"]+)" label: "([^"]*)"', re.M)
EDGE = re.compile(r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^"]+)")?', re.M)
APPLICATION = "application"
INDIRECT = "__indirect_call"


class Problem(Exception):
    """What keeps the worst case from being known."""


def short(title: str) -> str:
    """The function's name without the file that gcc puts before a static one's."""
    return title.rsplit(":", 1)[-1]


def called_member(place: str) -> str:
    """The expression called at `file:line:column`, such as `p->congestion->open`."""
    name, line, column = place.rsplit(":", 2)
    text = pathlib.Path(name).read_text().splitlines()[int(line) - 1:int(line) + 1]
    text[0] = text[0][int(column) - 1:]
    match = re.match(r"[\w.>\-\[\]]+", text[0])
    return match[0] if match else place


def read_jumps(listing: str) -> set:
    """(function, target) of all that is only jumped to, from objdump -dlr of the objects. A target is
    the function's name, or `file:line` of a call through a pointer."""
    calls, jumps = set(), set()
    function = place = ""
    for line in listing.splitlines():
        if match := re.match(r"[0-9a-f]+ <(.+)>:$", line):
            function = match[1]
        elif match := re.match(r"(/.+:\d+)", line):
            place = match[1]
        elif match := re.search(r"R_ARM_THM_(CALL|JUMP24)\s+(\S+)", line):
            (calls if match[1] == "CALL" else jumps).add((function, match[2]))
        elif match := re.search(r"\t(blx|bx)\s+(?!lr)(r\d+|ip|sl|fp)", line):
            (calls if match[1] == "blx" else jumps).add((function, place))
    return jumps - calls


def read_indirect(path: pathlib.Path, marks: str) -> dict:
    """Lines `expression target...`: what a call through a pointer can reach; a target that begins
    with + or * only if that is one of the marks."""
    lines = [line.split("#")[0].split() for line in path.read_text().splitlines()]
    return {words[0]: [w.lstrip("+*") for w in words[1:] if w[0] in marks or w[0] not in "+*"]
            for words in lines if words}


class Graph:
    """Functions, the stack each takes itself, and what each calls."""

    def __init__(self, folder: pathlib.Path, indirect: dict, externals: dict,
                 listing: str) -> None:
        self.own = {}
        self.calls = {}
        self.jumps = read_jumps(listing)
        self.places = []
        self.worst_of = {}
        self.indirect = indirect
        self.used = set()
        for path in sorted(folder.rglob("*.ci")):
            text = path.read_text()
            if pathlib.Path(text.split('"')[1]).exists():  # else it is of a file that is gone
                self.read(text)
        self.own.update(externals)
        self.own[APPLICATION] = 0
        self.by_name = {}
        for title in self.own:
            self.by_name[title.rsplit("/", 1)[-1]] = title
        for caller, place in self.places:
            line = place.rsplit(":", 1)[0]
            self.calls.setdefault(caller, []).extend((t, line) for t in self.targets(place))

    def read(self, text: str) -> None:
        for title, label in NODE.findall(text):
            size = re.search(r"(\d+) bytes \((static|dynamic,bounded|dynamic)\)", label)
            if size and size[2] == "dynamic":
                raise Problem(f"{title}: a stack frame without bound")
            if size:
                self.own[title] = int(size[1])
        for caller, callee, place in EDGE.findall(text):
            if callee == INDIRECT:
                self.places.append((caller, place))
            else:
                self.calls.setdefault(caller, []).append((callee, short(callee)))

    def targets(self, place: str) -> list:
        expression = called_member(place)
        if expression not in self.indirect:
            raise Problem(f"{place}: test/size/indirect does not say what {expression} can call")
        self.used.add(expression)
        titles = []
        for name in self.indirect[expression]:
            if name not in self.by_name:
                raise Problem(f"test/size/indirect: {expression}: there is no function {name}")
            titles.append(self.by_name[name])
        return titles

    def unused(self) -> list:
        return sorted(self.indirect.keys() - self.used)

    def worst(self, title: str, to: str = "", path: tuple = ()) -> tuple:
        """(octets, call path) of the deepest call under a function; with `to`, of the deepest that
        ends there, -1 octets if none does. The path says what each function has on the stack."""
        if title in path:
            raise Problem("recursion: " + " > ".join(short(t) for t in path + (title,)))
        if (title, to) in self.worst_of:
            return self.worst_of[title, to]
        if title not in self.own:
            raise Problem(f"{title}: its stack is not known (called by {short(path[-1])})")
        own = self.own[title]
        best = (own, ((title, own),)) if not to or title == to else (-1, ())
        for callee, kind in set(self.calls.get(title, [])):
            octets, below = self.worst(callee, to, path + (title,))
            kept = 0 if (short(title), kind) in self.jumps else own
            if octets >= 0:
                best = max(best, (octets + kept, ((title, kept),) + below))
        self.worst_of[title, to] = best
        return best

    def externals(self) -> set:
        """Functions that are called but not part of the library."""
        return {c for callees in self.calls.values() for c, _ in callees} - self.own.keys()


def describe(path: tuple) -> str:
    return " > ".join(f"{short(title)} {octets}" for title, octets in path)
