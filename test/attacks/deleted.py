#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Takes the defences out of the library, one at a time, and checks that the row of the table of
attacks that shows it fails then.

usage: deleted.py [KEY]...
"""
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "checks"))
from common import ROOT, exchanged  # noqa: E402

HOSTILE = ROOT / "test/hostile"
ISN = "open->iss = net->now_ms * TICKS_PER_MS + (uint32_t)hash;"

# Row, file, the defence and what stands there without it.
DEFENCES = [
    ("isn-distribution", "isn.c", ISN, "open->iss = net->now_ms * TICKS_PER_MS;"),
    ("isn-time", "isn.c", ISN, "open->iss = (uint32_t)hash;"),
    ("isn-prediction", "isn.c", "block[3] = more;", "block[3] = more;\n    block[0] = 0;"),
    ("reset-sweep", "tcp/arrives.c", "s->seq != t->rcv_nxt", "false"),
    ("reset-window", "tcp/arrives.c", "s->seq != t->rcv_nxt", "false"),
    ("reset-random", "tcp/arrives.c", "s->seq != t->rcv_nxt", "false"),
    ("syn-sweep", "tcp/arrives.c", "aksu_tcp_half_open(t) && aksu_seq_leq(t->rcv_nxt, s->seq)",
     "aksu_seq_leq(t->rcv_nxt, s->seq)"),
    ("syn-sweep", "tcp/challenge.c", "t->challenges < budget(c)", "true"),
    ("data-random", "tcp/arrives.c", "aksu_seq_leq(least, s->ack) && aksu_seq_leq(s->ack, t->snd_max)",
     "true"),
    ("data-ack", "tcp/arrives.c", "t->snd_una - t->max_snd_wnd", "t->snd_una - (1u << 31)"),
    ("cookie", "cookie.c", "age <= 1 &&", "age <= 1 ||"),
    ("icmp", "tcp/step.c", "c->option == AKSU_ICMP_HARD && t->state <= AKSU_SYN_RECEIVED",
     "c->option == AKSU_ICMP_HARD"),
    ("icmp", "tcp/step.c", "t->retries == 0 || mss >= t->snd_mss", "mss >= t->snd_mss"),
    ("side-channel", "tcp/challenge.c", "struct aksu_tcb *t = c->t;\n    uint8_t clock",
     "static struct aksu_tcb all;\n    struct aksu_tcb *t = &all;\n"
     "    c->t->owed |= all.challenges < budget(c) ? AKSU_OWE_ACK : 0;\n    uint8_t clock"),
    ("side-channel", "tcp/challenge.c", "- ((mixed >> 16) * most >> 17)", "- 0 * mixed"),
    ("optimistic-ack", "tcp/arrives.c", " && aksu_seq_leq(s->ack, t->snd_max)", ""),
    ("ack-division", "tcp/newreno.c",
     "aksu_min32(octets, mss);",
     "octets > 0 ? mss : 0;"),
    ("sack-panic", "tcp/tcp.h", "AKSU_MSS_FLOOR = 88", "AKSU_MSS_FLOOR = 1"),
    ("sack-work", "tcp/rack.c", "r->flags = (uint8_t)(flags | AKSU_RUN_RETRANS);",
     "r->flags = (uint8_t)flags;"),
    ("sockstress", "tcp/rto.c", "t->snd_wnd == 0 ? t->retries : t->backoff", "0"),
    ("sockstress", "tcp/active.c", "t->probe_limit != 0 && t->probes", "t->probes"),
    ("sockstress-limit", "tcp/active.c", "t->probe_limit != 0 && t->probes >= t->probe_limit", "false"),
    ("syn-flood", "listen.c", "!net->profile->cookies || !net->profile->cookies->send(", "true || !net->profile->cookies->send("),
    ("arp-conflict", "net/arp.c", "net->now_ms - net->defended_at < DEFEND_MS", "false"),
    ("arp-poison", "net/resolve.c", "n->addr != addr || n->state != ASKING", "n->addr != addr"),
    ("arp-race", "net/resolve.c", "n->addr != addr || n->state != ASKING", "n->addr != addr"),
]


def compile_c(source: pathlib.Path, target: pathlib.Path, include: pathlib.Path) -> pathlib.Path:
    subprocess.run(["gcc", "-O1", "-std=c11", "-c", f"-I{ROOT}/lib/include", f"-I{include}",
                    f"-I{ROOT}/lib/src", source, "-o", target], check=True)
    return target


class Build:
    """The program's objects; one source at a time can be another."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.src = ROOT / "lib/src"
        subprocess.run([sys.executable, HOSTILE / "table.py", HOSTILE / "hostile.json",
                        folder / "cases.inc"], check=True)
        self.lib = {p: self.compile(p) for p in sorted(self.src.rglob("*.c"))}
        tests = [HERE / "attacks.c",
                 *(HOSTILE / f"{n}.c" for n in ("host", "image", "states", "table", "wire"))]
        self.tests = [self.compile(p) for p in tests]

    def compile(self, source: pathlib.Path) -> pathlib.Path:
        return compile_c(source, self.folder / f"{source.parent.name}-{source.stem}.o", self.folder)

    def without(self, file: str, text: str, instead: str) -> pathlib.Path:
        """The program without a defence."""
        copy = self.folder / "copy"
        subprocess.run(["rm", "-rf", copy], check=True)
        subprocess.run(["cp", "-r", self.src, copy], check=True)
        (copy / file).write_text(exchanged(copy / file, text, instead))
        touched = [p for p in self.lib if file.endswith(".h") or p == self.src / file]
        other = {p: compile_c(copy / p.relative_to(self.src), self.folder / f"other-{p.stem}.o",
                              self.folder) for p in touched}
        program = self.folder / "attacks"
        subprocess.run(["gcc", *{**self.lib, **other}.values(), *self.tests, "-lm", "-o", program],
                       check=True)
        return program


def without_defence() -> set:
    """Rows of the table that no entry above is about."""
    rows = re.findall(r'^    {"([a-z-]+)", "', (HERE / "attacks.c").read_text(), re.M)
    return set(rows) - {key for key, *_ in DEFENCES}


def main() -> None:
    missing = without_defence()
    failed = len(missing)
    for key in sorted(missing):
        print(f"FAIL {key}: its defence is not taken out")
    wanted = [d for d in DEFENCES if len(sys.argv) == 1 or d[0] in sys.argv[1:]]
    with tempfile.TemporaryDirectory(prefix="aksu-attacks-") as folder:
        build = Build(pathlib.Path(folder))
        for key, file, text, instead in wanted:
            run = subprocess.run([build.without(file, text, instead), key], capture_output=True,
                                 text=True, timeout=300, check=False)
            row = next((x for x in run.stdout.splitlines() if "| FAIL |" in x), "")
            failed += not row
            measured = row.split("|")[2].strip() if row else "THE TABLE DOES NOT SHOW IT"
            print(f"{'ok  ' if row else 'FAIL'} {key}, {file} without `{text.splitlines()[0]}`: "
                  f"{measured}")
    print(f"{len(wanted) + len(missing) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
