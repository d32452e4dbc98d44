#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows that the scripts hold the rules: each is taken out of a copy of lib/src, and a script must
fail.

usage: mutants.py [-v] (from anywhere; needs gcc)
"""
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SRC = ROOT / "lib/src"
PORTS = [ROOT / "ports" / name for name in ("drill", "capture", "steps")]
FLAGS = ["-std=gnu11", "-O1", f"-I{ROOT}/lib/include", *(f"-I{port}" for port in PORTS)]

# rule, file, what stands there, what stands there without the rule
MUTANTS = [
    ("9293 3.10.7.1: ACK = SEG.SEQ + SEG.LEN", "tcp/reply.c",
     "s->seq + s->len + aksu_tcp_control_len(s)", "s->seq + 1"),
    ("9293 3.10.7.2: an ACK in LISTEN gets a RST", "tcp/reply.c",
     "return AKSU_REPLY;", "return AKSU_DROP;"),
    ("9293 3.10.7.3: RST comes before SYN", "tcp/handshake.c",
     "if ((s->flags & (AKSU_SYN | AKSU_RST)) != AKSU_SYN ||", "if (!(s->flags & AKSU_SYN) ||"),
    ("9293 Table 6: right edge", "tcp/sequence.c", "(uint32_t)(ahead + len) < wnd + len",
     "ahead + len <= wnd + len"),
    ("9293 Table 6: left edge", "tcp/sequence.c", "    len--;", ""),
    ("9293 A.2: ACK at the right edge", "tcp/sequence.c",
     "ahead < wnd + ((s->flags & (AKSU_RST | AKSU_ACK)) == AKSU_ACK)", "ahead < wnd"),
    ("9293 first: old text is acknowledged", "tcp/sequence.c",
     "    t->owed |= AKSU_OWE_ACK; // the peer sends", "    // the peer sends"),
    ("9293 TIME-WAIT: FIN restarts 2 MSL", "time_wait.c",
     "w->expires = net->now_ms + 2 * net->profile->msl_ms;", "(void)w;"),
    ("5961 3.2: RST not at RCV.NXT", "tcp/arrives.c", "if (s->seq != t->rcv_nxt) {", "if (0) {"),
    ("1337: RST in TIME-WAIT", "time_wait.c", "(flags & AKSU_RST) ||", ""),
    ("5961 4.2: SYN gets a challenge ACK", "tcp/arrives.c",
     "    } else {\n        aksu_tcp_challenge(c);\n    }\n    return false;\n}\n\n// Fifth",
     "    }\n    return false;\n}\n\n// Fifth"),
    ("9293 fourth: SYN-RECEIVED back to LISTEN", "tcp/arrives.c",
     "if (aksu_tcp_half_open(t) && aksu_seq_leq(t->rcv_nxt, s->seq)) {", "if (0) {"),
    ("9293 fifth: no ACK, no text", "tcp/arrives.c", "return false; // MUST-7", "return true; // MUST-7"),
    ("9293 fifth: ACK of what was not sent", "tcp/arrives.c",
     "aksu_seq_leq(least, s->ack) && aksu_seq_leq(s->ack, t->snd_max)", "aksu_seq_leq(least, s->ack)"),
    ("5961 5.2: ACK too old", "tcp/arrives.c",
     "aksu_seq_leq(least, s->ack) && aksu_seq_leq(s->ack, t->snd_max)", "aksu_seq_leq(s->ack, t->snd_max)"),
    ("9293 SND.WL1", "tcp/arrives.c", "(!advanced && aksu_seq_lt(s->seq, t->snd_wl1))", "0"),
    ("5681 2: a window change is no duplicate ACK", "tcp/arrives.c",
     " || (uint32_t)s->wnd << t->snd_wscale != t->snd_wnd", ""),
    ("6675 2: duplicates need a SACK block", "tcp/arrives.c", "return !(t->flags & AKSU_F_SACK) ||",
     "return true ||"),
    ("9293 eighth: text behind the FIN", "tcp/arrives.c",
     "aksu_tcp_challenge(c); // text behind", "// text behind"),
    ("9293 SHLD-3: text after CLOSE", "tcp/arrives.c",
     "if ((t->flags & AKSU_F_RCV_CLOSED) && s->len > 0 &&", "if (0 &&"),
    ("9293 SHLD-3: CLOSE with text unread", "tcp/step.c",
     "t->rcv_room < t->rcv_buf", "0"),
    ("9293 SHLD-19: every second segment", "tcp/arrives.c", " ||\n        (t->timers & AKSU_TIMER_ACK)) {",
     ") {"),
    ("5681 4.2: ACK at once when a gap is filled", "tcp/reassembly.c",
     "return fin || held > 0 || c->fx.copy_to > 0;", "return fin || c->fx.copy_to > 0;"),
    ("2018 4: the latest block first", "tcp/sack.c", "*--from;", "*(from - blocks);"),
    ("2883 4: D-SACK once", "tcp/step.c", "aksu_tcp_forget_duplicate(t); // told", "// told"),
    ("9293: text is trimmed to the window", "tcp/reassembly.c",
     "        end = stop;\n", ""),
    ("9293 SM-13: a FIN outside of the window", "tcp/reassembly.c",
     "        fin = held;\n", "        (void)held;\n"),
    ("6298 5.5: backoff", "tcp/step.c", "t->backoff = (uint8_t)(t->backoff + (t->backoff < UINT8_MAX));", ""),
    ("6298 2.3: RTTVAR", "tcp/rto.c", "spread / 8", "spread / 4"),
    ("6298 3: Karn", "tcp/step.c", "t->flags &= (uint16_t)~AKSU_F_TIMING; // Karn", "// Karn"),
    ("6298 5.3: restart", "tcp/arrives.c", "if (!(t->flags & AKSU_F_PARTIAL)) {\n        aksu_tcp_arm_rtx(c);",
     "if (0) {\n        aksu_tcp_arm_rtx(c);"),
    ("6582 3.2: impatient", "tcp/arrives.c", "if (!(t->flags & AKSU_F_PARTIAL)) {\n        aksu_tcp_arm_rtx(c);",
     "{\n        aksu_tcp_arm_rtx(c);"),
    ("9293 SM-19: RST in SYN-RECEIVED", "tcp/arrives.c",
     "if (opening) {\n        c->fx.mask = AKSU_FX_RESET;", "if (opening) {"),
    ("9293 TIME-WAIT: only the peer's FIN", "time_wait.c", "if (s->seq + s->len + 1 == w->rcv_nxt) {",
     "if (flags & AKSU_FIN) {"),
    ("9293 MUST-33: urgent text and FIN", "tcp/reassembly.c", "t->rcv_up++;", ""),
    ("9293 3.8.6.1: a FIN as probe", "tcp/plan.c", "if (fin && len == queued", "if (!again && fin && len == queued"),
    ("5681 3.1: congestion avoidance", "tcp/newreno.c",
     "aksu_max32(aksu_min32(octets, UINT16_MAX) * mss / t->cwnd, 1)", "mss"),
    ("6298 5.7: 3 s after a lost SYN", "tcp/rto.c", "slow ? RTO_SYN_LOST_MS :", ""),
    ("5681 3.2: three duplicate ACKs", "tcp/recovery.c", "DUPACKS = 3", "DUPACKS = 2"),
    ("3042: limited transmit", "tcp/plan.c", "t->cwnd + aksu_min32(t->dupacks, 2) * t->snd_mss", "t->cwnd"),
    ("5681 3.2: nothing unsent after a timeout", "tcp/recovery.c", "t->snd_nxt != t->snd_max || ", ""),
    ("6582 3.2: partial ACK", "tcp/recovery.c", "        t->owed |= AKSU_OWE_REXMIT;\n    }\n}\n\nvoid", "    }\n}\n\nvoid"),
    ("6928: initial window", "tcp/newreno.c", "10 * mss", "4 * mss"),
    ("6928: one after two lost SYNs", "tcp/newreno.c",
     "t->retries > 1 ? t->snd_mss : AKSU_CWND_MAX", "AKSU_CWND_MAX"),
    ("5681 4.1: idle", "tcp/step.c", "c->now_ms - t->rtt_at > aksu_tcp_rto(c->p, t)", "0"),
    ("9293 3.7.4: Nagle", "tcp/plan.c", "!quiet && !again && !(t->flags & AKSU_F_NODELAY)", "0"),
    ("9293 3.8.6.2.1: SWS, sender", "tcp/plan.c", "len == queued || len >= t->max_snd_wnd / 2 || ", "1 || "),
    ("9293 3.8.6.2.2: SWS, receiver", "tcp/tcp.h", "wnd >= offered + aksu_tcp_window_step(t) ? wnd : offered",
     "wnd > offered ? wnd : offered"),
    ("9293 MUST-61: PSH", "tcp/plan.c", "flags |= AKSU_PSH;", ""),
    ("9293 MUST-62: urgent pointer", "tcp/plan.c", "(uint32_t)urgent, UINT16_MAX", "(uint32_t)urgent - 1, UINT16_MAX"),
    ("9293 3.8.4: SEG.SEQ = SND.NXT - 1", "tcp/plan.c", "s->seq = t->snd_una - 1;", "s->seq = t->snd_una;"),
    ("9293 MUST-26: keep-alive and data", "tcp/active.c", "if (t->snd_una != t->snd_max || t->snd_buf > 0) {", "if (0) {"),
    ("9293 MUST-15: 536 by default", "tcp/tcp.h", "AKSU_MSS_DEFAULT = 536", "AKSU_MSS_DEFAULT = 1460"),
    ("7323 2.3: shift count of 14", "tcp/tcp.h", "AKSU_WSCALE_MAX = 14", "AKSU_WSCALE_MAX = 15"),
    ("7323 2.2: a SYN's window is not scaled", "tcp/handshake.c", "t->snd_wnd = t->max_snd_wnd = s->wnd;",
     "t->snd_wnd = t->max_snd_wnd = (uint32_t)s->wnd << s->wscale;"),
    ("7323 4.3: Last.ACK.sent", "tcp/timestamps.c", " && aksu_seq_leq(s->seq, t->last_ack)", ""),
    ("7323 5.3: PAWS", "tcp/timestamps.c", "return age(t, now_ms) <= PAWS_IDLE &&", "return 0 &&"),
    ("7323 5.5: 24 days", "tcp/timestamps.c", "age(t, now_ms) <= PAWS_IDLE && ", ""),
    ("7323 3.2: a segment without timestamps", "tcp/sequence.c", "return false; // RFC 7323 3.2", "// RFC 7323 3.2"),
    ("7323 5.2: RST and PAWS", "tcp/sequence.c", "(t->flags & AKSU_F_TIMESTAMPS) && !(s->flags & AKSU_RST)",
     "(t->flags & AKSU_F_TIMESTAMPS)"),
    ("6191 2: reuse by timestamp", "time_wait.c", "return ahead > 0;",
     "return ahead > 0 && (!(w->options & s->options) || s->tsval == w->ts_recent);"),
    ("5961 7: the limit", "tcp/challenge.c", "if (t->challenges < budget(c)) {", "{"),
    ("5961 7: the interval", "tcp/challenge.c", "INTERVAL = 5", "INTERVAL = 50"),
    ("5927 7.2: PTB needs a timeout", "tcp/step.c", "t->retries == 0 || mss >= t->snd_mss", "mss >= t->snd_mss"),
    ("1191: the floor", "tcp/step.c", "PTB_FLOOR = 512", "PTB_FLOOR = 28"),
    ("5927 4.1: in flight", "tcp/step.c", "c->value - t->snd_una >= t->snd_max - t->snd_una",
     "!aksu_seq_lt(c->value, t->snd_max)"),
    ("5927 5.2: hard errors when open", "tcp/step.c", "c->option == AKSU_ICMP_HARD && t->state <= AKSU_SYN_RECEIVED",
     "c->option == AKSU_ICMP_HARD"),
    ("9293 MUST-23: R2 of a SYN", "tcp/active.c", "SYN_R2_S = 180", "SYN_R2_S = 18000"),
    ("9293 MUST-21: user timeout", "tcp/active.c", "t->user_timeout_s = (uint16_t)c->value;", ""),
    ("9293 MUST-37: answered probes", "tcp/arrives.c", "aksu_tcp_arm_user(c); // a window probe", "// a window probe"),
    ("9293 SHLD-30: probes back off", "tcp/rto.c", "t->snd_wnd == 0 ? t->retries : t->backoff", "t->backoff"),
    ("4987 3.6: cookies carry the MSS", "cookie.c", "s->mss = sizes[(s->ack - 1) >> MSS_SHIFT & 7];", "s->mss = 536;"),
    ("4987 3.6: cookies are checked", "cookie.c", "cookie(net, in, period - age, value >> MSS_SHIFT & 7) == value", "cookie(net, in, period - age, 0) != 1"),
    ("4987 3.6: cookies grow old", "cookie.c", "(uint8_t)(period - net->cookie_period) <= 1 && age <= 1 &&", ""),
    ("8985 7.2: an update leaves the probe's timer", "tcp/rack.c",
     "    if (b->timer == REO) {\n        b->timer = TIMEOUT;\n    }", "    b->timer = TIMEOUT;"),
    ("8985 7.2: the delay of an ACK of one alone", "tcp/rack.c", "ms += MAX_ACK_DELAY_MS;", ""),
    ("8985 6.2: reordering is remembered", "tcp/rack.c", "            b->reordered = true;\n        }", "        }"),
    ("8985 6.2 step 2: an ACK that comes too soon", "tcp/rack.c", "rtt_ms + r->span < b->min_rtt_ms / 2u", "0"),
    ("8985 7.4.2: a D-SACK acquits the probe", "tcp/rack.c",
     "how == PROBED_AGAIN && !n->dsack", "how == PROBED_AGAIN"),
    ("9937: what was delivered counts", "tcp/rack.c", "b->prr_delivered += n->delivered;", "b->prr_delivered;"),
    ("5681 4.2: quick ACKs behind a gap", "tcp/rack.c",
     "        quick--;\n        t->owed |= AKSU_OWE_ACK;", "        quick--;"),
    ("8985 6.2: a quarter of the RTT", "tcp/rack.c", "* b->min_rtt_ms / 4", "* b->min_rtt_ms"),
    ("8985 6.2: three SACKed", "tcp/rack.c", "(DUPACKS - UINT32_C(1)) *", "DUPACKS * UINT32_C(1) *"),
    ("8985 6.2: a retransmission is lost", "tcp/rack.c",
     "return age > 0 && age + before > c->now_ms - b->xmit_ms;", "return age > 0 && false && before;"),
    ("8985 7.2: the probe's time", "tcp/rack.c", "t->srtt / 4u, PTO_MIN_MS", "t->srtt / 2u, PTO_MIN_MS"),
    ("8985 7.3: one probe", "tcp/rack.c", "b->probe != NO_PROBE || t->srtt", "t->srtt"),
    ("8985 7.3: new text first", "tcp/rack.c", "b->probe == PROBE ? AKSU_CWND_MAX : window", "b->probe == PROBE ? 0 : window"),
    ("8985 7.4.2: what a probe has hidden", "tcp/rack.c", "n->lost = true;\n        } else if (n->acked > 0", ";\n        } else if (n->acked > 0"),
    ("9937 6.1: in proportion", "tcp/rack.c",
     "target = aksu_tcp_share(t->ssthresh, target, aksu_max32(b->recover_fs, 1));", ""),
    ("5682 3.1: F-RTO", "tcp/rack.c",
     "if (b->loss && !n->again && aksu_seq_leq(end, c->t->recover)) {", "if (0) {"),
    ("3708: D-SACKs of all that was sent again", "tcp/rack.c", "--b->undo == 1", "--b->undo == 77"),
    ("2018 8: reneging", "tcp/rack.c", "aksu_board_clear(b, aksu_runs(b)->flags & AKSU_RUN_SACKED);", ""),
    ("9438 4.6: beta", "tcp/cubic.c", "flight - flight / 10 * 3", "flight / 2"),
    ("3168 6.1.2: CWR", "tcp/ecn.c", "s->seq == t->recover ? AKSU_CWR : 0", "0"),
    ("3168 6.1.3: a mark is echoed", "tcp/ecn.c", "t->owed |= AKSU_ECE;", ""),
    ("3168 6.1.3: until CWR", "tcp/ecn.c", "t->owed &= (uint8_t)~AKSU_ECE;", ""),
    ("3168 6.1.5: what is sent again is not ECT", "tcp/ecn.c", "!aksu_seq_lt(s->seq, t->snd_max)", "1"),
    ("3168 6.1.1.1: a SYN that is sent again", "tcp/ecn.c",
     "return (t->flags & AKSU_F_SYN_RETRIED) ? 0 : SETUP;", "return SETUP;"),
    ("3168 6.1.1: one flag is no question", "tcp/ecn.c", "(c->s->flags & SETUP) != wanted", "!(c->s->flags & wanted)"),
    ("8511 3: a fifth", "tcp/ecn.c", "flight / 5 * 4", "flight / 2"),
    ("a loss leaves what the path holds", "tcp/lossy.c", "    model(c, &c->t->ssthresh);\n", ""),
]


def run(command: list) -> subprocess.CompletedProcess:
    return subprocess.run([str(c) for c in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120)


def build(source: pathlib.Path, to: pathlib.Path, *more: str) -> None:
    done = run(["gcc", *FLAGS, *more, "-c", source, "-o", to])
    if done.returncode:
        sys.exit(done.stdout)


class Bench:
    """A folder with a copy of the library, its objects and the scripts."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.src = folder / "src"
        run(["cp", "-r", SRC, self.src])
        run([sys.executable, HERE / "generate.py", folder / "matrix"])
        self.scripts = sorted([*HERE.glob("*/*.pkt"), *(folder / "matrix").glob("*.pkt")])
        self.objects = {p: folder / (str(p.relative_to(self.src)).replace("/", "_") + ".o")
                        for p in self.src.rglob("*.c")}
        for source, to in self.objects.items():
            build(source, to)
        self.tool = []
        for source in (p for port in PORTS for p in port.glob("*.c")):
            if source != ROOT / "ports/capture/main.c":
                self.tool.append(folder / f"{source.parent.name}_{source.name}.o")
                build(source, self.tool[-1])

    def failing(self) -> list:
        """The scripts that fail with the library as it is."""
        program = self.folder / "drill"
        done = run(["gcc", *self.objects.values(), *self.tool, "-lm", "-o", program])
        if done.returncode:
            sys.exit(done.stdout)
        lines = run([program, *self.scripts]).stdout.splitlines()
        return [line.split("/")[-1].split(":")[0] for line in lines if line.startswith("FAIL")]

    def without(self, name: str, old: str, new: str) -> list:
        """The scripts that fail with one rule taken out; None: it is not there to be taken out."""
        path = self.src / name
        text = path.read_text()
        if text.count(old) != 1:
            return None
        path.write_text(text.replace(old, new))
        changed = list(self.objects) if path.suffix == ".h" else [path]
        for source in changed:
            build(source, self.objects[source], "-w")
        failing = self.failing()
        path.write_text(text)
        for source in changed:
            build(source, self.objects[source])
        return failing


def main() -> None:
    killed = survived = 0
    with tempfile.TemporaryDirectory(prefix="aksu-drill-mutants") as folder:
        bench = Bench(pathlib.Path(folder))
        if bench.failing():
            sys.exit(f"scripts fail with every rule in place: {bench.failing()[:3]}")
        for rule, name, old, new in MUTANTS:
            failing = bench.without(name, old, new)
            if failing:
                killed += 1
                if "-v" in sys.argv:
                    print(f"ok    {rule}: {len(failing)} scripts fail, as {failing[0]}")
            else:
                survived += 1
                why = "no script fails without it" if failing == [] else f"not found in {name}"
                print(f"FAIL  {rule}: {why}")
    print(f"{killed} passed, {survived} failed")
    sys.exit(survived > 0)


main()
