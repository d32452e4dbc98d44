#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tool as a user meets it: every field of a line is compared, so a script with one of them wrong
fails and says why; exit statuses, settings, trace and capture.

usage: command.py AKSU-DRILL AKSU-TABLE
"""
import pathlib
import subprocess
import sys
import tempfile

DRILL, TABLE = (pathlib.Path(p).resolve() for p in sys.argv[1:3])

GOOD = """--tcp_ts_tick_usecs=1000
0    socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0   bind(3, ..., ...) = 0
+0   listen(3, 1) = 0
+0   < S 0:0(0) win 32792 <mss 1000,sackOK,TS val 700 ecr 0>
+0   > S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,TS val 10 ecr 700>
+.1  < . 1:1(0) ack 1 win 32792 <nop,nop,TS val 701 ecr 10>
+0   accept(3, ..., ...) = 4
+0   getsockopt(4, SOL_TCP, TCP_MAXSEG, [988], [4]) = 0
+.1  < P. 1001:2001(1000) ack 1 win 32792 <nop,nop,TS val 702 ecr 10>
+0   > . 1:1(0) ack 1 win 65535 <TS val 210 ecr 701,sack 1001:2001>
+0   send(4, ..., 50, MSG_OOB) = 50
+0   > PU. 1:51(50) ack 1 urg 50 <...>
+1   > PU. 1:51(50) ack 1 urg 50 <...>
+0...0.25 read(4, ..., 9000) = 2000
+.25 < P. 1:1001(1000) ack 51 win 32792 <nop,nop,TS val 703 ecr 10>
+0   > . 51:51(0) ack 2001 <...>
+0   poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLOUT}], 1, 0) = 1
+0   %{ assert tcpi_state == TCP_ESTABLISHED }%
+0   fcntl(4, F_SETFL, O_NONBLOCK) = 0
+0   read(4, ..., 9000) = -1 EAGAIN (Resource temporarily unavailable)
+0   setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=2}, 8) = 0
+0   getsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=2}, [8]) = 0
+0   getsockopt(4, SOL_SOCKET, SO_REUSEADDR, [0], [4]) = 0
+0   setsockopt(4, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
+0   getsockopt(4, SOL_SOCKET, SO_REUSEADDR, [1], [4]) = 0
+0   getsockopt(4, SOL_TCP, TCP_KEEPIDLE, [7200], [4]) = 0
+0   getsockopt(4, SOL_TCP, TCP_KEEPINTVL, [75], [4]) = 0
+0   getsockopt(4, SOL_TCP, TCP_KEEPCNT, [9], [4]) = 0
"""

# What is changed, into what, and what the failure says.
WRONG = [
    ("> S. 0:0(0) ack 1 win", "> S 0:0(0) ack 1 win", "flags"),
    ("> S. 0:0(0) ack 1 win", "> S. 1:1(0) ack 1 win", "sequence number"),
    ("> S. 0:0(0) ack 1 win", "> S. 0:0(0) ack 2 win", "acknowledgment number"),
    ("ack 1 win 65535 <mss", "ack 1 win 65534 <mss", "window"),
    ("<mss 1460,", "<mss 1461,", "options"),
    ("<mss 1460,sackOK,", "<mss 1460,", "options"),
    ("<mss 1460,sackOK,", "<mss 1460,sackOK,wscale 0,", "options"),
    ("<mss 1460,sackOK,TS val 10 ecr 700>", "", "options"),
    ("ecr 700>", "ecr 699>", "options"),
    ("TS val 210", "TS val 211", "options"),
    ("TS val 210", "TS val 212", "<nop,nop,TS val 210 ecr 701,nop,nop,sack 1001:2001>"),
    ("sack 1001:2001>", "sack 1001:2000>", "options"),
    ("sack 1001:2001>", "sack 1001:2001 1001:2001>", "options"),
    ("> PU. 1:51(50) ack 1 urg 50 <...>\n+1", "> PU. 1:50(49) ack 1 urg 50 <...>\n+1", "length"),
    ("> PU. 1:51(50) ack 1 urg 50 <...>\n+1", "> PU. 1:51(50) ack 1 urg 49 <...>\n+1", "urgent"),
    ("+1   >", "+1.001 >", "too early"),
    ("+1   >", "+.999 >", "did not come in time"),
    ("+1   >", "+1.1~+2 >", "too early"),
    ("+1   >", "+.1~+.9 >", "did not come in time"),
    ("+0   > PU. 1:51(50) ack 1 urg 50 <...>\n", "", "too early"),
    ("+0   > . 51:51(0) ack 2001 <...>\n", "+.01 `sleep .01`\n", "does not expect"),
    ("+0   > . 51:51(0)", "+0   > 8080 > 1001 . 51:51(0)", "ports"),
    ("= 2000", "= 1999", "read returned 2000"),
    ("+0...0.25", "+0...0.24", "returned at"),
    ("+0...0.25", "+0...0.26", "returned at"),
    ("+0...0.25 read", "+0 read", "blocks"),
    ("revents=POLLOUT", "revents=POLLIN", "revents"),
    ("== TCP_ESTABLISHED", "!= TCP_ESTABLISHED", "tcpi_state is 1"),
    ("-1 EAGAIN", "-1 EPIPE", "read returned -1 EAGAIN\n"),
    ("[988]", "[987]", "[988]"),
    ("{onoff=1, linger=2}, [8]", "{onoff=0, linger=2}, [8]", "{onoff=1, linger=2}"),
    ("{onoff=1, linger=2}, [8]", "{onoff=1, linger=3}, [8]", "{onoff=1, linger=2}"),
    ("{onoff=1, linger=2}, [8]", "[1], [8]", "{onoff=1, linger=2}"),
    ("{onoff=1, linger=2}, 8)", "{onof=1, linger=2}, 8)", "expected {onoff="),
    ("SO_REUSEADDR, [0], [4]", "SO_REUSEADDR, [1], [4]", "the value is [0]"),
    ("[7200]", "[0]", "the value is [7200]"),
    ("+0   accept", "0.05 accept", "before that of the line before it"),
]


class Tally:
    passed = failed = 0

    def check(self, what: str, good: bool, output: str = "") -> None:
        self.passed, self.failed = self.passed + good, self.failed + (not good)
        if not good:
            print(f"FAIL  {what}\n{output}")


def drill(folder: str, script: str, *args: str) -> subprocess.CompletedProcess:
    path = pathlib.Path(folder) / "example.pkt"
    path.write_text(script)
    return subprocess.run([DRILL, *args, path], capture_output=True, text=True, cwd=folder)


def check_lines(t: Tally, folder: str) -> None:
    done = drill(folder, GOOD)
    t.check("the script as it should be", done.returncode == 0, done.stdout)
    for old, new, says in WRONG:
        if GOOD.count(old) != 1:
            t.check(f"{old!r} is in the script once", False)
            continue
        done = drill(folder, GOOD.replace(old, new))
        t.check(f"{old!r} -> {new!r} fails, and says {says!r}",
                done.returncode == 1 and says in done.stdout
                and done.stdout.endswith("0 passed, 1 failed\n"), done.stdout)


def check_options(t: Tally, folder: str) -> None:
    late = GOOD.replace("+1   >", "+1.002 >")
    t.check("a tolerance", drill(folder, late, "--tolerance_usecs=2000").returncode == 0)
    t.check("the command line wins", "window" in drill(folder, GOOD, "--set", "rcvbuf=5000").stdout)
    for args in (["--set", "foo=1"], ["--mss=5"], ["--foo"], ["--pcap", "x.pcapng", "example.pkt"]):
        done = drill(folder, GOOD, *args)
        t.check(f"{args}: wrong usage", done.returncode == 2 and done.stderr != "", done.stderr)
    none = subprocess.run([DRILL], capture_output=True, text=True)
    t.check("no script: usage", none.returncode == 2 and "usage" in none.stderr)
    missing = subprocess.run([DRILL, "nothing.pkt"], capture_output=True, text=True, cwd=folder)
    t.check("no such file", missing.returncode == 1 and "cannot be read" in missing.stdout)
    done = drill(folder, "--mss=5\n" + GOOD)
    t.check("a setting's place", "example.pkt:1:3: found mss=5, expected" in done.stdout, done.stdout)


def check_output(t: Tally, folder: str) -> None:
    done = drill(folder, GOOD, "--trace")
    t.check("trace", "SEGMENT: SYN-RECEIVED -> ESTABLISHED" in done.stdout
            and "ESTABLISHED  una 51 nxt 51" in done.stdout, done.stdout)
    t.check("verbose", drill(folder, GOOD, "--verbose").stdout.startswith("ok "))
    done = drill(folder, GOOD, "--pcap", "x.pcapng")
    table = subprocess.run([TABLE, pathlib.Path(folder) / "x.pcapng"], capture_output=True, text=True)
    t.check("capture", done.returncode == 0 and "SYN,ACK" in table.stdout
            and table.stdout.count("ESTABLISHED") >= 7, table.stdout)


def main() -> None:
    t = Tally()
    with tempfile.TemporaryDirectory() as folder:
        check_lines(t, folder)
        check_options(t, folder)
        check_output(t, folder)
    print(f"{t.passed} passed, {t.failed} failed")
    sys.exit(t.failed > 0)


main()
