#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes a script for each state x arriving segment x place in the window.

usage: generate.py FOLDER

What is expected is written from RFC 9293 3.10.7 with RFC 5961 and 1337, in the order of its steps.
Where docs/design.md says that aksu chooses otherwise, the comment says "choice". Places: the window
is RCV.NXT = R to R + W, and a segment begins one before it, at its left edge, inside, at its last
number, or one behind it. In CLOSED, LISTEN and SYN-SENT there is no window: in SYN-SENT it is the
acknowledgment number that varies.
"""
import dataclasses
import pathlib
import sys
from typing import List, Optional

WINDOW = 5000
TEXT = 10

SOCKET = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
LISTENER = SOCKET + "+0 bind(3, ..., ...) = 0\n+0 listen(3, 1) = 0\n"
CONNECT = (SOCKET + "+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n"
           "+0 connect(3, ..., ...) = -1 EINPROGRESS\n+0 > S 0:0(0) win 5000 <...>\n")
HALF_OPEN = LISTENER + "+0 < S 0:0(0) win 32792\n+0 > S. 0:0(0) ack 1 win 5000 <...>\n"
OPEN = HALF_OPEN + "+0 < . 1:1(0) ack 1 win 32792\n+0 accept(3, ..., ...) = 4\n"
SHUT = "+0 shutdown(4, SHUT_WR) = 0\n"
FIN_WAIT_1 = OPEN + SHUT + "+0 > F. 1:1(0) ack 1 win 5000\n"
FIN_WAIT_2 = FIN_WAIT_1 + "+.01 < . 1:1(0) ack 2 win 32792\n"
CLOSE_WAIT = OPEN + "+.01 < F. 1:1(0) ack 1 win 32792\n+0 > . 1:1(0) ack 2 win 4999\n"
CLOSING = FIN_WAIT_1 + "+.01 < F. 1:1(0) ack 1 win 32792\n+0 > . 2:2(0) ack 2 win 4999\n"
LAST_ACK = CLOSE_WAIT + SHUT + "+0 > F. 1:1(0) ack 2 win 4999\n"
TIME_WAIT = (FIN_WAIT_2 + "+.01 < F. 1:1(0) ack 2 win 32792\n+0 > . 2:2(0) ack 2\n"
             "+0 close(3) = 0\n")  # without a listener no SYN can open a new connection


@dataclasses.dataclass
class State:
    """A state and the numbers in it: SND.UNA, SND.NXT, RCV.NXT, RCV.WND."""
    name: str
    setup: str
    linux: str
    una: int
    nxt: int
    rcv: int
    wnd: int


STATES = [
    State("syn-received-passive", HALF_OPEN, "TCP_SYN_RECV", 0, 1, 1, WINDOW),
    State("syn-received-active", CONNECT + "+.01 < S 0:0(0) win 32792\n"
          "+0 > S. 0:0(0) ack 1 win 5000 <...>\n", "TCP_SYN_RECV", 0, 1, 1, WINDOW),
    State("established", OPEN, "TCP_ESTABLISHED", 1, 1, 1, WINDOW),
    State("fin-wait-1", FIN_WAIT_1, "TCP_FIN_WAIT1", 1, 2, 1, WINDOW),
    State("fin-wait-2", FIN_WAIT_2, "TCP_FIN_WAIT2", 2, 2, 1, WINDOW),
    State("close-wait", CLOSE_WAIT, "TCP_CLOSE_WAIT", 1, 1, 2, WINDOW - 1),
    State("closing", CLOSING, "TCP_CLOSING", 1, 2, 2, WINDOW - 1),
    State("last-ack", LAST_ACK, "TCP_LAST_ACK", 1, 2, 2, WINDOW - 1),
    State("time-wait", TIME_WAIT, "TCP_TIME_WAIT", 2, 2, 2, WINDOW - 1),
]
KINDS = {"syn": "S", "syn-ack": "S.", "ack": ".", "fin": "F", "fin-ack": "F.", "rst": "R",
         "rst-ack": "R.", "data": "P.", "syn-fin": "SF"}
RECEIVING = ("established", "fin-wait-1", "fin-wait-2")


@dataclasses.dataclass
class Outcome:
    """What must follow: a line of output or none, the state, RCV.NXT; and by which rule."""
    rule: str
    answer: Optional[str]
    state: str
    rcv: int
    error: Optional[str] = None  # what read() says
    gone: bool = False           # no connection is left


class Segment:
    def __init__(self, state: State, kind: str, seq: int) -> None:
        self.flags = KINDS[kind]
        self.kind = kind
        self.seq = seq
        self.len = TEXT if kind == "data" else 0
        self.ack = state.nxt if state.linux == "TCP_SYN_RECV" else state.una

    @property
    def size(self) -> int:
        """SEG.LEN: SYN and FIN are counted."""
        return self.len + ("S" in self.flags) + ("F" in self.flags)

    def line(self) -> str:
        ack = f" ack {self.ack}" if "." in self.flags else ""
        return f"< {self.flags} {number(self.seq, self.len)}{ack} win 32792"


def number(seq: int, length: int) -> str:
    return f"{seq % 2**32}:{(seq + length) % 2**32}({length})"


def inside(state: State, seq: int) -> bool:
    return state.rcv <= seq < state.rcv + state.wnd


def acceptable(state: State, s: Segment) -> bool:
    """Table 6. Of a RST the number alone decides (RFC 5961 3.2)."""
    if s.size == 0 or "R" in s.flags:
        return inside(state, s.seq)
    return inside(state, s.seq) or inside(state, s.seq + s.size - 1)


def ack_line(state: State, rcv: int) -> str:
    return f"+0 > . {state.nxt}:{state.nxt}(0) ack {rcv}"


def same(state: State, rule: str, answer: bool) -> Outcome:
    return Outcome(rule, ack_line(state, state.rcv) if answer else None, state.linux, state.rcv)


def unacceptable(state: State, s: Segment) -> Outcome:
    """3.10.7.4, first."""
    if "R" in s.flags:
        return same(state, "first, RFC 5961 3.2: a RST outside of the window is dropped in silence",
                    False)
    if state.name == "time-wait" and s.size == 0:
        return same(state, "choice: an empty segment in TIME-WAIT is not answered, else two ends "
                    "could answer each other for ever", False)
    return same(state, "first: not acceptable: acknowledged and dropped", True)


def reset(state: State, s: Segment) -> Outcome:
    """3.10.7.4, second; RFC 5961 3.2."""
    if state.name == "time-wait":
        return same(state, "RFC 1337: a RST in TIME-WAIT is ignored", False)
    if s.seq != state.rcv:
        return same(state, "second, RFC 5961 3.2: a RST inside of the window, but not at RCV.NXT, "
                    "gets a challenge ACK", True)
    if state.name == "syn-received-passive":
        return Outcome("second: a passive open goes back to LISTEN", None, "TCP_CLOSE", 0, gone=True)
    error = {"syn-received-active": "ECONNREFUSED", "closing": None, "last-ack": None}
    return Outcome("second: a RST at RCV.NXT ends the connection", None, "TCP_CLOSE", 0,
                   error.get(state.name, "ECONNRESET"), True)


def synchronize(state: State, s: Segment) -> Outcome:
    """3.10.7.4, fourth; RFC 5961 4.2."""
    if state.name != "syn-received-passive":
        return same(state, "fourth, RFC 5961 4.2: a SYN, whatever its number, gets a challenge ACK",
                    True)
    return Outcome("fourth: a passive open goes back to LISTEN", None, "TCP_CLOSE", 0, gone=True)


def repeated_syn(state: State, s: Segment) -> Optional[Outcome]:
    """SYN-RECEIVED, a SYN with the number of the peer's."""
    if state.linux != "TCP_SYN_RECV" or s.seq != state.rcv - 1 or "S" not in s.flags:
        return None
    if state.name == "syn-received-active" and s.kind == "syn-ack":
        return Outcome("3.5, figure 7: SYN,ACK of the peer completes a simultaneous open", None,
                       "TCP_ESTABLISHED", state.rcv)
    return Outcome("choice: the same SYN again gets the SYN,ACK again: it carries the same numbers",
                   f"+0 > S. 0:0(0) ack {state.rcv} <...>", state.linux, state.rcv)


def text(state: State, s: Segment, now: str) -> Outcome:
    """3.10.7.4, eighth: text."""
    if now not in ("TCP_ESTABLISHED", "TCP_FIN_WAIT1", "TCP_FIN_WAIT2"):
        return same(state, "eighth: text behind the peer's FIN is ignored, and acknowledged", True)
    if s.seq > state.rcv:
        return Outcome("eighth: text ahead of its turn is held, and acknowledged at once "
                       "(RFC 5681 4.2)", ack_line(state, state.rcv), now, state.rcv)
    rcv = s.seq + s.len
    line = f"+0~+.5 > . {state.nxt}:{state.nxt}(0) ack {rcv}"
    return Outcome("eighth: what is new of the text is delivered; the ACK comes within 0.5 s "
                   "(MUST-40)", line, now, rcv)


def finish(state: State, s: Segment, now: str) -> Outcome:
    """3.10.7.4, ninth: FIN."""
    after = {"TCP_ESTABLISHED": "TCP_CLOSE_WAIT", "TCP_FIN_WAIT1": "TCP_CLOSING",
             "TCP_FIN_WAIT2": "TCP_TIME_WAIT"}
    if now == "TCP_TIME_WAIT":
        return same(state, "TIME-WAIT: what comes is acknowledged", True)
    if now not in after:
        return same(state, "ninth: the FIN was here before: CLOSE-WAIT, CLOSING, LAST-ACK remain; "
                    "one with another number is none", False)
    if s.seq > state.rcv:
        return Outcome("ninth: a FIN ahead of its turn waits (SM-26)", ack_line(state, state.rcv),
                       now, state.rcv)
    return Outcome("ninth: the FIN is acknowledged", ack_line(state, state.rcv + 1), after[now],
                   state.rcv + 1)


def judge(state: State, s: Segment) -> Outcome:
    """3.10.7.4."""
    again = repeated_syn(state, s)
    if again:
        return again
    if not acceptable(state, s):
        if s.kind == "ack" and s.seq == state.rcv + state.wnd:
            return taken(state, s, "Appendix A.2: an ACK at the right edge is processed: choice")
        return unacceptable(state, s)
    if "R" in s.flags:
        return reset(state, s)
    if "S" in s.flags:
        return synchronize(state, s)
    if state.name == "time-wait" and s.kind == "fin":
        return same(state, "choice: in TIME-WAIT every FIN is acknowledged, also one without ACK", True)
    if "." not in s.flags:
        return same(state, "fifth: without ACK it is dropped", False)
    return taken(state, s, "fifth: the ACK is acceptable, and acknowledges nothing new")


def taken(state: State, s: Segment, rule: str) -> Outcome:
    """3.10.7.4, from the fifth step on, with an acceptable ACK."""
    now = state.linux
    if now == "TCP_SYN_RECV":
        now = "TCP_ESTABLISHED"
        rule += "; it opens the connection (SM-19)"
    if s.len:
        return text(state, s, now)
    if "F" in s.flags:
        return finish(state, s, now)
    return Outcome(rule, None, now, state.rcv)


def places(state: State) -> dict:
    r, w = state.rcv, state.wnd
    return {"before": r - 1, "left": r, "inside": r + 100, "last": r + w - 1, "behind": r + w}


def aftermath(state: State, o: Outcome) -> List[str]:
    """What shows that SND.NXT and RCV.NXT are what they should be: an old octet comes again."""
    lines = [f"+0 %{{ assert tcpi_state == {o.state} }}%"]
    fd = 3 if state.name == "syn-received-active" else 4
    if o.error == "ECONNREFUSED":
        lines.append("+0 getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0")
    elif o.error:
        lines.append(f"+0 read({fd}, ..., 1000) = -1 {o.error}")
    if o.gone:
        lines += [f"+.1 < . {number(state.rcv, 0)} ack 77 win 32792", "+0 > R 77:77(0)"]
    else:
        lines += [f"+.1 < P. {number(o.rcv - 5, 5)} ack {state.una} win 32792",
                  f"+0 > . {state.nxt}:{state.nxt}(0) ack {o.rcv}"]
    return lines


def script(rule: str, setup: str, lines: List[str]) -> str:
    return "\n".join([f"// RFC 9293 3.10.7: {rule}.", "--rcvbuf=5000", "--profile=lean",
                      setup.rstrip(), ""] + lines) + "\n"


def synchronized(state: State, kind: str, place: str, seq: int) -> tuple:
    s = Segment(state, kind, seq)
    o = judge(state, s)
    lines = [f"+.1 {s.line()}"] + ([o.answer] if o.answer else ["+.05 `sleep .05`"])
    return f"{state.name}_{kind}_{place}", script(o.rule, state.setup, lines + aftermath(state, o))


def closed(kind: str) -> tuple:
    """3.10.7.1."""
    s = Segment(STATES[2], kind, 100)
    s.ack = 77
    end = 100 + s.size
    if "R" in s.flags:
        rule, answer = "a RST is never answered", "+.05 `sleep .05`"
    elif "." in s.flags:
        rule, answer = "<SEQ=SEG.ACK><CTL=RST>", "+0 > R 77:77(0) win 0"
    else:
        rule = "<SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>"
        answer = f"+0 > R. 0:0(0) ack {end} win 0"
    return f"closed_{kind}", script(f"CLOSED: {rule}", "", ["0.1 " + s.line(), answer])


def listening(kind: str) -> tuple:
    """3.10.7.2."""
    s = Segment(STATES[2], kind, 0)
    s.ack = 77
    if "R" in s.flags:
        rule, answer = "first: a RST is ignored", None
    elif "." in s.flags:
        rule, answer = "second: an ACK gets <SEQ=SEG.ACK><CTL=RST>", "+0 > R 77:77(0) win 0"
    elif kind == "syn":
        rule, answer = "third: a SYN gets SYN,ACK", "+0 > S. 0:0(0) ack 1 win 5000 <mss 1460>"
    else:
        rule, answer = "fourth: anything else is dropped; choice: so is a SYN with FIN", None
    lines = ["+.1 " + s.line(), answer or "+.05 `sleep .05`"]
    if kind != "syn":
        lines += ["+0 %{ assert aksu_connections == 0 }%", "+.1 < S 0:0(0) win 32792",
                  "+0 > S. 0:0(0) ack 1 win 5000 <mss 1460>"]
    return f"listen_{kind}", script(f"LISTEN, {rule}", LISTENER, lines)


def syn_sent_outcome(flags: str, good: bool) -> tuple:
    """3.10.7.3: (rule, answer, state)."""
    ack = "." in flags
    if ack and not good:
        if "R" in flags:
            return "first: a RST with an ACK that cannot be is dropped", None, "TCP_SYN_SENT"
        return "first: an ACK that cannot be gets <SEQ=SEG.ACK><CTL=RST>", "RST", "TCP_SYN_SENT"
    if "R" in flags:
        if ack:
            return "second: a RST with the ACK of our SYN: refused", None, "TCP_CLOSE"
        return "second: a RST without ACK is dropped", None, "TCP_SYN_SENT"
    if flags == "S.":
        return "fourth: SYN,ACK opens the connection", "+0 > . 1:1(0) ack 1", "TCP_ESTABLISHED"
    if flags == "S":
        return ("fourth: a SYN: simultaneous open", "+0 > S. 0:0(0) ack 1 win 5000 <...>",
                "TCP_SYN_RECV")
    return ("fifth: neither SYN nor RST is dropped; choice: so is a SYN with FIN", None,
            "TCP_SYN_SENT")


def syn_sent(kind: str, ack: int) -> tuple:
    s = Segment(STATES[2], kind, 0)
    s.ack = ack
    rule, answer, state = syn_sent_outcome(s.flags, ack == 1)
    if answer == "RST":
        answer = f"+0 > R {ack}:{ack}(0) win 0"
    lines = [f"+.1 {s.line()}", answer or "+.05 `sleep .05`",
             f"+0 %{{ assert tcpi_state == {state} }}%"]
    if state == "TCP_CLOSE":
        lines.append("+0 getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0")
    elif state == "TCP_SYN_SENT":
        lines += ["+.1 < S. 0:0(0) ack 1 win 32792", "+0 > . 1:1(0) ack 1",
                  "+0 %{ assert tcpi_state == TCP_ESTABLISHED }%"]
    name = f"syn-sent_{kind}_ack-{ack}" if "." in s.flags else f"syn-sent_{kind}"
    return name, script(f"SYN-SENT, {rule}", CONNECT, lines)


def scripts() -> dict:
    found = [closed(kind) for kind in KINDS] + [listening(kind) for kind in KINDS]
    for kind, flags in KINDS.items():
        found += [syn_sent(kind, ack) for ack in ((0, 1, 2) if "." in flags else (1,))]
    for state in STATES:
        for kind in KINDS:
            found += [synchronized(state, kind, *place) for place in places(state).items()]
    return dict(found)


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    made = scripts()
    for path in folder.glob("*.pkt"):
        if path.stem not in made:
            path.unlink()
    for name, text_of in made.items():
        path = folder / f"{name}.pkt"
        if not path.exists() or path.read_text() != text_of:
            path.write_text(text_of)
    print(f"{len(made)} scripts in {folder}")


main()
