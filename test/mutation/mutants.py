# SPDX-License-Identifier: MIT
"""All single changes of a C file that a careless hand could make, found in its tokens."""
import hashlib
import re
from typing import Iterator, NamedTuple

TOKEN = re.compile(r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/|^[ \t]*\#(?:[^\n]*\\\n)*[^\n]*)
    |(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<number>\b(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*\b)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<op><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)""",
                   re.X | re.M | re.S)

COMPARED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
            "aksu_seq_lt": "aksu_seq_leq", "aksu_seq_leq": "aksu_seq_lt",
            "aksu_min32": "aksu_max32", "aksu_max32": "aksu_min32",
            "aksu_seq_min": "aksu_seq_max", "aksu_seq_max": "aksu_seq_min",
            "true": "false", "false": "true", "&&": "||", "||": "&&"}
COMPUTED = {"+": "-", "-": "+", "/": "*", "<<": ">>", ">>": "<<", "|": "&", "+=": "-=", "-=": "+=",
            "|=": "&=", "&=": "|=", "++": "--", "--": "++", "~": ""}
TYPES = {"const", "struct", "enum", "static", "bool", "int", "unsigned", "size_t", "aksu_seq",
         "uint8_t", "uint16_t", "uint32_t", "int32_t", "int64_t", "uint64_t"}
CONTEXT = 8  # tokens on each side that tell a mutant from others


class Token(NamedTuple):
    kind: str
    text: str
    at: int


class Mutant(NamedTuple):
    id: str
    file: str
    line: int
    what: str   # for people
    start: int
    end: int
    new: str

    def applied(self, text: str) -> str:
        return text[:self.start] + self.new + text[self.end:]


def tokens(text: str) -> list:
    return [Token(m.lastgroup, m[0], m.start()) for m in TOKEN.finditer(text)
            if m.lastgroup != "skip"]


def closing(found: list, i: int) -> int:
    """The index of the bracket that closes the one at i."""
    pairs, depth = {"(": ")", "{": "}", "[": "]"}, 0
    opens = found[i].text
    for k in range(i, len(found)):
        depth += (found[k].text == opens) - (found[k].text == pairs[opens])
        if depth == 0:
            return k
    raise ValueError("unbalanced")


def functions(found: list) -> Iterator[tuple]:
    """(name, first token of the body, its last, whether it returns bool) of each function."""
    i = 0
    while i < len(found):
        if found[i].text == "{":
            end = closing(found, i)
            if found[i - 1].text == ")":
                k, depth = i - 1, 0
                while True:
                    depth += (found[k].text == ")") - (found[k].text == "(")
                    if depth == 0:
                        break
                    k -= 1
                yield found[k - 1].text, i, end, found[k - 2].text == "bool"
            i = end
        i += 1


def statement_end(found: list, i: int) -> int:
    """The semicolon that ends the simple statement at i."""
    while found[i].text != ";":
        i = closing(found, i) if found[i].text in "([{" else i
        i += 1
    return i


def starts(found: list, first: int, last: int) -> Iterator[int]:
    """Where simple statements begin in a body."""
    k, fresh = first + 1, True
    while k < last:
        word = found[k].text
        if word in ("if", "for", "while", "switch"):
            k, fresh = closing(found, k + 1), True
        elif word in ("{", "}", ";", "else", "do"):
            fresh = True
        elif word in ("case", "default"):
            while found[k].text != ":":
                k += 1
            fresh = True
        elif fresh:
            yield k
            k, fresh = statement_end(found, k), True
        k += 1


def body_changes(text: str, found: list, first: int, last: int, is_bool: bool) -> Iterator[tuple]:
    """(first token, one past the last, new text, what) of the changes of a function's statements."""
    def source(a: int, b: int) -> str:
        return text[found[a].at:found[b].at]

    for i in range(first, last):
        if found[i].text in ("if", "while") and found[i + 1].text == "(":
            end = closing(found, i + 1)
            yield i + 2, end, f"!({source(i + 2, end)})", "negated"
        if found[i].text == "?":
            a = i - 1  # the condition: back to what the expression began with
            while found[a].text not in ("=", "return", ";", ",", "{") and found[a].text != "(":
                if found[a].text == ")":
                    depth = 0
                    while True:
                        depth += (found[a].text == ")") - (found[a].text == "(")
                        if depth == 0:
                            break
                        a -= 1
                a -= 1
            yield a + 1, i, f"!({source(a + 1, i)}) ", "negated"
    for i in starts(found, first, last):
        end = statement_end(found, i)
        word = found[i].text
        if word == "return" and is_bool and found[i + 1].text not in ("true", "false"):
            yield i + 1, end, f" !({source(i + 1, end)})", "negated"
        elif word in TYPES or (word == "return" and end > i + 1):
            continue
        elif word != "AKSU_CHECK" and word != "(":
            yield i, end, "", "dropped"


def token_changes(found: list, first: int, last: int) -> Iterator[tuple]:
    for i in range(first, last):
        kind, word, _ = found[i]
        before = found[i - 1]
        binary = before.kind in ("name", "number") or before.text in (")", "]")
        if word in COMPARED:
            yield i, i + 1, COMPARED[word], "compared"
        elif word in COMPUTED and (binary or word in ("~", "++", "--")):
            yield i, i + 1, COMPUTED[word], "computed"
        elif word == "!":
            yield i, i + 1, "", "negated"
        elif word == "&" and binary:
            yield i, i + 1, "|", "computed"
        elif word == "*" and binary and before.text not in TYPES and found[i + 1].text != ")":
            yield i, i + 1, "/", "computed"
        elif kind == "number":
            value = int(word.rstrip("uUlL"), 0)
            suffix = word[len(word.rstrip("uUlL")):]
            yield i, i + 1, f"{value + 1}{suffix}", "shifted"
            if value > 0:
                yield i, i + 1, f"{value - 1}{suffix}", "shifted"


def changes(text: str, found: list) -> Iterator[tuple]:
    """(function, first token, one past the last, new text, what) of all changes of a file."""
    bodies = list(functions(found))
    for name, first, last, is_bool in bodies:
        for change in body_changes(text, found, first, last, is_bool):
            yield name, *change
        for change in token_changes(found, first, last):
            yield name, *change
    inside = {i for _, first, last, _ in bodies for i in range(first, last)}
    for i, token in enumerate(found):  # constants and tables
        if i not in inside and token.kind == "number":
            for change in token_changes(found, i, i + 1):
                yield "-", *change


def mutants_of(file: str, text: str) -> Iterator[Mutant]:
    """The mutants of lib/src/FILE. Their names stay when other parts of it change."""
    found, seen = tokens(text), {}
    for function, a, b, new, what in changes(text, found):
        words = [t.text for t in found]
        context = words[max(a - CONTEXT, 0):a] + ["<", *words[a:b], ">"] + words[b:b + CONTEXT]
        key = " ".join([function, what, new, *context])
        seen[key] = seen.get(key, 0) + 1
        name = hashlib.sha1(f"{key} {seen[key]}".encode()).hexdigest()[:7]
        start, end = found[a].at, found[b - 1].at + len(found[b - 1].text)
        line = text.count("\n", 0, start) + 1
        old = " ".join(text[start:end].split())
        arrow = " ".join(new.split()) or "nothing"
        if what == "negated" and b - a > 1:
            arrow = "its contrary"
        yield Mutant(f"{file.rsplit('/', 1)[-1]}:{function}:{name}", file, line,
                     f"{what}: {old} -> {arrow}", start, end, new)
