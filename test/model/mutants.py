#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proves that the model finds faults: puts faults into the core, one at a time, and explores a scenario
that meets each.

usage: mutants.py BUILD [--charts] [NAME...]    (--charts: the counterexamples, too)
"""
import pathlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from explore import explore

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "checks"))
from common import exchanged  # noqa: E402

LIB = HERE.parents[1] / "lib"


@dataclass
class Fault:
    name: str
    file: str
    old: str
    new: str
    scenario: str
    verifier: str = "safety"


FAULTS = [
    Fault("FIN acknowledged before its data", "reassembly.c", "if (c->fx.copy_to == 0) {",
          "if (c->fx.copy_to == 0 || fin) {", "segments"),
    Fault("SND.UNA moves over data that is not acknowledged", "arrives.c", "t->snd_una = ack;",
          "t->snd_una = t->snd_max;", "segments"),
    Fault("no timer after a retransmission", "step.c",
          "if (!(t->timers & AKSU_TIMER_RTX) || (s->seq == t->snd_una",
          "if (t->retries == 0 && (!(t->timers & AKSU_TIMER_RTX) || s->seq == t->snd_una)) {\n"
          "        aksu_tcp_arm_rtx(c);\n    } else if (false && (s->seq == t->snd_una",
          "client-server"),
    Fault("duplicate data delivered twice", "reassembly.c",
          "x->start = aksu_seq_max(text, t->rcv_nxt);", "x->start = text;", "segments"),
    Fault("LAST-ACK is not left", "arrives.c", "} else { // LAST-ACK",
          "} else if (t->state == AKSU_STATE_COUNT) {", "close", "progress"),
    Fault("TIME-WAIT skipped", "arrives.c", "        aksu_tcp_enter_time_wait(c);\n    } else { // EST",
          "        aksu_tcp_finish(c, AKSU_OK);\n    } else { // EST", "close"),
    Fault("RST not honoured", "arrives.c", "if (s->seq != t->rcv_nxt) {", "if (true) {", "crash",
          "progress"),
    Fault("RTO never rearmed after a partial acknowledgment", "arrives.c",
          "        aksu_tcp_arm_rtx(c);\n    }\n    if (t->flags & AKSU_F_RECOVERY)",
          "        t->timers &= (uint8_t)~AKSU_TIMER_RTX;\n    }\n    if (t->flags & AKSU_F_RECOVERY)",
          "segments"),
    Fault("window shrunk", "window.c", "return aksu_tcp_window_of(t);",
          "uint32_t wnd = aksu_tcp_window_of(t);\n"
          "    return wnd > t->rcv_adv - t->rcv_nxt ? wnd : 0;", "segments"),
    Fault("SYN not retransmitted", "plan.c",
          "(t->flags & AKSU_F_SYN_UNACKED) && t->snd_nxt == t->snd_una",
          "(t->flags & AKSU_F_SYN_UNACKED) && t->snd_max == t->snd_una", "client-server"),
    Fault("no persist timer", "step.c", "        aksu_tcp_arm_rtx(c);\n        if (t->snd_wnd > 0) {",
          "        if (t->snd_wnd > 0) {", "zero-window"),
    Fault("FIN not retransmitted", "plan.c",
          "return len + 1;", "return again ? len : len + 1;", "close"),
    Fault("SYN of a new connection not answered", "sequence.c",
          "aksu_tcp_challenge(c); // an empty one", "(void)t; // an empty one", "crash"),
    Fault("simultaneous open taken for an answer", "handshake.c",
          "        t->snd_nxt = t->snd_una; // the SYN again",
          "        t->state = AKSU_ESTABLISHED;\n        t->snd_nxt = t->snd_una; // the SYN again",
          "simultaneous-open"),
    Fault("refused half-open connection told to the user", "step.c",
          "if (t->state <= AKSU_SYN_RECEIVED && (t->flags & AKSU_F_PASSIVE)) {",
          "if (t->state < AKSU_SYN_RECEIVED && (t->flags & AKSU_F_PASSIVE)) {", "old-syn"),
    Fault("FIN that came early forgotten", "reassembly.c",
          "t->flags |= fin ? AKSU_F_FIN_HELD : 0;",
          "t->flags |= fin && c->fx.copy_to == 0 ? AKSU_F_FIN_HELD : 0;", "half-close"),
    Fault("FIN acknowledged and its state not left", "arrives.c",
          "        t->state = AKSU_FIN_WAIT_2;\n", "", "close"),
    Fault("listener that is closed listens on", "step.c", "    if (t->state != AKSU_CLOSED) {\n        aksu_tcp_finish",
          "    if (t->state > AKSU_LISTEN) {\n        aksu_tcp_finish", "withdrawn"),
    Fault("old segment's window believed", "arrives.c",
          "if (s->ack != t->snd_una || (!advanced", "if (false && (!advanced",
          "zero-window"),
    Fault("nothing owed when the window closes after a timeout", "step.c",
          "t->owed |= AKSU_OWE_REXMIT;", "t->owed &= (uint8_t)~AKSU_OWE_REXMIT;", "zero-window"),
    Fault("timeout that sends nothing", "step.c",
          "    if (t->flags & AKSU_F_SYN_UNACKED) {\n        t->flags |= AKSU_F_SYN_RETRIED;",
          "    t->snd_nxt = t->snd_max;\n    if (t->flags & AKSU_F_SYN_UNACKED) {\n"
          "        t->flags |= AKSU_F_SYN_RETRIED;", "close"),
    Fault("acknowledged runs stay on the board", "rack.c", 
          "aksu_board_move(aksu_runs(b), r, b);", "(void)r;", "recovery"),
    Fault("a lost run is sent from where it ends", "rack.c", "    *seq = r->start;\n", "    *seq = r[1].start;\n", "recovery"),
    Fault("RACK's timer finds nothing, and runs again", "rack.c",
          "        look(c, &n);\n",
          "        (void)n;\n        b->timer = REO;\n        aksu_tcp_arm(c, AKSU_AT_RTX, 1);\n",
          "recovery", "progress"),
]


def build(fault: Fault, verifier: str, where: pathlib.Path, to: pathlib.Path) -> pathlib.Path:
    """The verifier with one file of the core exchanged: what is linked first counts."""
    source = to / fault.file
    source.write_text(exchanged(LIB / "src/tcp" / fault.file, fault.old, fault.new))
    folder = where / "test/model"
    program = to / verifier
    subprocess.run(["gcc", "-O2", "-w", f"-I{LIB}/include", f"-I{LIB}/src/tcp", "-o", program, source,
                    folder / f"CMakeFiles/model_{verifier}.dir/pan.c.o", folder / "libmodel_world.a", where / "lib/libaksu.a"], check=True)
    return program


def found(fault: Fault, where: pathlib.Path, charts: bool) -> bool:
    with tempfile.TemporaryDirectory(prefix="aksu-mutant-") as folder:
        program = build(fault, fault.verifier, where, pathlib.Path(folder))
        options = ["-l"] if fault.verifier == "progress" else []
        replayer = build(fault, "safety", where, pathlib.Path(folder)) if charts else None
        result = explore(program, fault.scenario, *options, replayer=replayer)
    print(f"{'ok   ' if result.error else 'FAIL '} {fault.name} ({fault.scenario}): "
          f"{result.error or 'not found'} after {result.states} states", flush=True)
    if charts:
        print(result.chart)
    return bool(result.error)


def main() -> None:
    where = pathlib.Path(sys.argv[1])
    names = [a for a in sys.argv[2:] if not a.startswith("--")]
    chosen = [f for f in FAULTS if not names or f.name in names]
    outcomes = [found(f, where, "--charts" in sys.argv) for f in chosen]
    print(f"{sum(outcomes)} passed, {len(outcomes) - sum(outcomes)} failed")
    sys.exit(not all(outcomes))


main()
