#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""aksu's FTP server and Linux's curl and lftp, over IPv4 and IPv6; tshark reads what was said.

usage: ftp.py BIN-FOLDER [NAME ...]    all tests, or those whose names contain one of the words
Needs root (network namespaces, raw sockets), iproute2, ethtool, curl, lftp, tshark.
"""
import contextlib
import os
import pathlib
import random
import sys

from captures import fields, judge
from namespaces import AKSU, Link, digest, main, sh
from ipv6 import AKSU6, Link6

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "checks"))
from suite import expect, run  # noqa: E402  pylint: disable=wrong-import-position

TOOLS = ["ip", "ethtool", "curl", "lftp", "tshark"]
POEM = "진달래꽃.txt"
TEXT = "나 보기가 역겨워\n가실 때에는\n말없이 고이 보내 드리우리다\n"
SONG = "음악/아리랑 연주.bin"
BIG = 5 << 20
SECRET = "not for anyone\n"


def conversation(pcap: pathlib.Path) -> str:
    """What was said on the control connections."""
    found = fields(pcap, "ftp.request || ftp.response", "tcp.payload")
    return "".join(bytes.fromhex(octets).decode() for (octets,) in found)


def carried(pcap: pathlib.Path) -> bytes:
    """The octets of the data connections, as the captured segments have them."""
    found = fields(pcap, "tcp.len > 0 && !(tcp.port == 21)", "tcp.payload")
    return b"".join(bytes.fromhex(octets) for (octets,) in found)


class Ftp:
    def __init__(self, bin_folder: pathlib.Path, out: pathlib.Path) -> None:
        self.host, self.out = bin_folder / "aksu-host", out
        self.root = out / "root"
        (self.root / "음악").mkdir(parents=True)
        (self.root / POEM).write_text(TEXT, encoding="utf-8")
        (self.root / SONG).write_bytes(random.Random(7).randbytes(BIG))
        (self.root / "빈 폴더").mkdir()
        (out / "secret").write_text(SECRET, encoding="ascii")
        (self.root / "way-out").symlink_to("..")
        os.utime(self.root / POEM, (1709210096, 1709210096))  # 2024-02-29 12:34:56 UTC

    @contextlib.contextmanager
    def server(self, name: str, kind=Link, options=()):
        """A link with aksu's server on it; what it sent is judged at the end."""
        pcap = self.out / f"{name}.pcapng"
        with kind(self.host) as link:
            process = link.serve("ftp-server", self.root, pcap=pcap, options=options)
            yield link, pcap
            expect(link.stop(process) == 0, "aksu-host did not end well")
        judge(pcap)

    def curl(self, link: Link, url: str, *options: str):
        return link.on_linux("curl", "-sS", "--globoff", *options, url, check=False, timeout=60)

    def check_curl(self, link: Link, host: str) -> None:
        base = f"ftp://{host}"
        listed = self.curl(link, base + "/")
        for line in (f"-r--r--r-- 1 ftp ftp {len(TEXT.encode())} Feb 29  2024 {POEM}", "음악", "빈 폴더"):
            expect(line in listed.stdout, f"{line!r} is not in:\n{listed.stdout}")
        expect("way-out" not in listed.stdout, listed.stdout)
        names = self.curl(link, base + "/음악/", "-l")
        expect(names.stdout == "아리랑 연주.bin\n", repr(names.stdout))
        got = self.curl(link, f"{base}/{POEM}")
        expect(got.stdout == TEXT, repr(got.stdout))
        song = base + "/" + SONG.replace(" ", "%20")
        copy = self.out / "copy.bin"
        done = self.curl(link, song, "-o", copy)
        expect(done.returncode == 0 and digest(copy) == digest(self.root / SONG), done.stdout)
        with open(copy, "r+b") as file:
            file.truncate(BIG - 100_000)
        done = self.curl(link, song, "-o", copy, "-C", "-")
        expect(done.returncode == 0 and digest(copy) == digest(self.root / SONG), done.stdout)

    def check_capture(self, pcap: pathlib.Path, *said: str) -> None:
        """Commands, replies, the poem and lines of lists can be read in the capture."""
        words = conversation(pcap)
        for text in ("220 aksu: 파일 서버\r\n", "USER anonymous\r\n", "230 Welcome: 환영합니다.\r\n",
                     f"RETR {POEM}\r\n", "226 Done.\r\n", f"REST {BIG - 100_000}\r\n",
                     "229 Entering Extended Passive Mode (|||", "OPTS UTF8 ON\r\n", "MLSD", *said):
            expect(text in words, f"{text!r} was not said:\n{words[:3000]}")
        octets = carried(pcap)
        for text in (TEXT, f"Feb 29  2024 {POEM}\r\n", f"modify=20240229123456; {POEM}\r\n"):
            expect(text.encode() in octets, f"{text!r} was not carried")

    def check_lftp(self, link: Link, host: str) -> None:
        copy = self.out / "mirror"
        sh("rm", "-rf", copy)
        script = (f"set net:timeout 5; set net:max-retries 2; set ftp:ssl-allow no; open {host}; cls -1; "
                  f"mirror --parallel=2 / {copy}; cat {POEM}; quit")
        done = link.on_linux("env", "LC_ALL=C.UTF-8", "HOME=/nonexistent", "lftp", "-c", script,
                             check=False, timeout=60)
        expect(done.returncode == 0, done.stdout)
        expect(TEXT in done.stdout and "음악/\n" in done.stdout, done.stdout)
        here = {p.relative_to(copy) for p in copy.rglob("*")}
        expect({str(p) for p in here} == {POEM, "음악", SONG, "빈 폴더"}, here)
        for name in (POEM, SONG):
            expect(digest(copy / name) == digest(self.root / name), name)
        expect(int((copy / POEM).stat().st_mtime) == 1709210096, "lost its time")

    def test_ipv4(self) -> None:
        with self.server("ipv4") as (link, pcap):
            self.check_curl(link, AKSU)
            one = self.curl(link, f"ftp://{AKSU}/{POEM}", "--disable-epsv")
            expect(one.stdout == TEXT, repr(one.stdout))
            self.check_lftp(link, AKSU)
        self.check_capture(pcap, "227 Entering")

    def test_ipv6(self) -> None:
        with self.server("ipv6", Link6, ("--ipv6", f"{AKSU6}/64")) as (link, pcap):
            self.check_curl(link, f"[{AKSU6}]")
            self.check_lftp(link, f"[{AKSU6}]")
        self.check_capture(pcap)

    def test_no_way_out(self) -> None:
        """Neither by dots, however written, nor by a symbolic link; above the root is the root."""
        with self.server("out") as (link, _):
            done = link.on_linux("env", "PYTHONUTF8=1", "python3", "-c", WAYS, AKSU, timeout=60)
        answers = dict(line.split("\t", 1) for line in done.stdout.splitlines())
        expect(len(answers) == 12, done.stdout)
        expect(SECRET.strip() not in done.stdout, done.stdout)
        for path in ("/../" + POEM, "../../" + POEM, "음악/.././" + POEM):
            expect(answers[path] == TEXT.split("\n", maxsplit=1)[0], done.stdout)
            del answers[path]
        for path, answer in answers.items():
            expect(answer[:3] in ("550", "553"), f"{path}: {answer}")


# Fetches files by names that clients would put in order first.
WAYS = """
import ftplib, sys
ftp = ftplib.FTP(sys.argv[1], "anonymous", "x", timeout=10)
for path in ("../secret", "/../secret", "음악/../../secret", "/way-out/secret", "..%2fsecret",
             "//..//../secret", "/..//..", "way-out", ".../secret", "/../진달래꽃.txt",
             "../../진달래꽃.txt",
             "음악/.././진달래꽃.txt"):
    got = []
    try:
        ftp.retrbinary("RETR " + path, got.append)
    except ftplib.all_errors as error:
        got = [str(error).encode()]
    print(path + "\\t" + b"".join(got).decode().split("\\n")[0])
ftp.quit()
"""

if __name__ == "__main__":
    main(TOOLS, lambda folder, out, words: run(Ftp(folder, out), words, at_once=3))
