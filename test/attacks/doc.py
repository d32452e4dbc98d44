#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Carries out the attacks and checks that docs/attacks.md says what came of them, or writes it.

usage: doc.py PROGRAM [--write]
"""
import pathlib
import subprocess
import sys

DOC = pathlib.Path(__file__).resolve().parents[2] / "docs/attacks.md"
HEAD = """# Attacks

What comes of known attacks, measured. The attacker is off the path unless a row says otherwise: he
knows both addresses and both ports, sends what he likes in the peer's name, and sees nothing that is
not sent to him. The window is 4096 octets. Each row has a bound that CI checks.

    ctest --test-dir build/default -R '^attacks'     # the table, and that it is this one
    python3 test/attacks/deleted.py                  # without a defence its row must fail: 25 times

`scripts/docs` writes this page from the program's output; the figures are the same every time.

"""
TAIL = """
What is not claimed: an attacker on the path, who sees segments, can reset or inject (RFC 5961 1.1);
ARP has no proof of who answers first; a peer that acknowledges what it has not received cannot be
told from a fast one (optimistic ACK), but gains no more than slow start gives; a peer that keeps its
window closed holds its row until the application decides otherwise (MUST-37); a FIN in the peer's
name lets an entry in TIME-WAIT last 2 MSL more, which costs 28 octets and stops no later SYN.
"""


def main() -> None:
    run = subprocess.run([sys.argv[1]], capture_output=True, text=True, check=False)
    *table, last = run.stdout.splitlines()
    text = HEAD + "\n".join(table) + "\n" + TAIL
    if sys.argv[2:] == ["--write"]:
        DOC.write_text(text)
        sys.exit(run.returncode)
    print("\n".join(table), run.stderr)
    passed, failed = (int(word) for word in last.split() if word.isdigit())
    if not DOC.exists() or DOC.read_text() != text:
        print("FAIL docs/attacks.md says something else: run scripts/docs")
        failed += 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or run.returncode != 0)


main()
