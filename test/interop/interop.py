#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""aksu against Linux's TCP over veth, both directions, every capture judged by tshark.

usage: interop.py BIN-FOLDER [NAME ...]           all tests, or those whose names contain a word
       interop.py BIN-FOLDER --ipv6 [NAME ...]    those of TCP over IPv6, with fewer octets
Needs root (network namespaces, raw sockets), iproute2, ethtool, curl, nginx, ab, nmap, tshark.
"""
import ipaddress
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

import captures
from captures import fields
from ipv6 import AKSU6, GIVEN, LINUX6, Link6
from namespaces import AKSU, LINUX, Link, digest, main, start_nginx

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "checks"))
from suite import Failure, expect, run  # noqa: E402  pylint: disable=wrong-import-position

PEER = ["python3", HERE / "peer.py"]
TOOLS = ["ip", "ethtool", "curl", "nginx", "ab", "nmap", "tshark", "arping", "tracepath"]
MEGA = 1 << 20
BIG = 64 * MEGA


class Given(Link6):
    """aksu has a given address, and is there once that answers."""

    def host_command(self, *app, options=(), **more) -> list:
        return super().host_command(*app, options=(*GIVEN, *options), **more)


class Version(NamedTuple):
    """A version of IP, and how much is carried over it."""
    number: int
    link: type
    aksu: str
    linux: str
    source: str  # tshark's name for it
    ecn: str     # likewise
    header: int  # octets
    mtus: tuple  # the least, and the largest
    tunnel: tuple  # Linux's end and ours
    big: int
    many: int

    def host(self, address: str) -> str:
        """As it stands in a URL."""
        return f"[{address}]" if ":" in address else address


FOUR = Version(4, Link, AKSU, LINUX, "ip.src", "ip.dsfield.ecn", 20, (576, 9000),
               ("198.51.100.1/24", "198.51.100.2/24"), BIG, 10000)
SIX = Version(6, Given, AKSU6, LINUX6, "ipv6.src", "ipv6.tclass.ecn", 40, (1280, 9000),
              ("2001:db8:7::1/64", "2001:db8:7::2/64"), 8 * MEGA, 1000)


def pattern(octets: int) -> bytes:
    """The examples' generated file (examples/examples.h): 4 octets from each offset / 4."""
    out = bytearray()
    for i in range((octets + 3) // 4):
        x = i * 0x9e3779b1 & 0xffffffff
        x ^= x >> 15
        x = x * 0x85ebca77 & 0xffffffff
        x ^= x >> 13
        out += x.to_bytes(4, "little")
    return bytes(out[:octets])


def sent_again(pcap: pathlib.Path, version: Version) -> list:
    """What aksu sent again, but for tail loss probes (RFC 8985 7.3), of which a peer that is too
    busy to answer gets some, like aksu from Linux: the last octets that were sent, once."""
    last: dict = {}  # by stream
    probes, found = set(), []
    for row in fields(pcap, f"tcp && {version.source} == {version.aksu}", "tcp.stream",
                      "tcp.seq_raw", "tcp.len", "tcp.flags.syn", "frame.number"):
        stream, seq, size, syn, frame = map(int, row)
        end = (seq + size + syn) % 2**32
        if syn or stream not in last or (size > 0 and seq == last[stream]):
            last[stream] = end
        elif size > 0 and (end != last[stream] or (stream, end) in probes):
            found.append(f"frame {frame}: stream {stream} sends {size} octets again")
        elif size > 0:
            probes.add((stream, end))
    return found


class Tcp:
    """Over either version."""

    def __init__(self, bin_folder: pathlib.Path, out: pathlib.Path, version: Version) -> None:
        self.bin, self.host, self.out = bin_folder, bin_folder / "aksu-host", out
        self.ip, self.aksu, self.linux = version, version.aksu, version.linux
        self.url = f"http://{version.host(version.aksu)}"
        file = out / "pattern"
        with open(file, "wb") as sink:
            subprocess.run([bin_folder / "interop_pattern", str(version.big)], check=True, stdout=sink)
        self.big_pattern = digest(file)
        file.unlink()

    def link(self, mtu: int = 1500) -> Link:
        return self.ip.link(self.host, mtu)

    def judge(self, pcap: pathlib.Path, lossless: bool = True) -> None:
        """Nothing is wrong; and without loss, nothing is lost, late or sent again."""
        if not lossless:
            captures.judge(pcap)
            return
        # Linux's tail loss probe sends again what is not acknowledged at once, however busy the
        # machine is, and its processors may overtake each other: aksu's side alone is judged.
        captures.judge(pcap, *(f"(tcp.analysis.{flag} && {self.ip.source} == {self.aksu})"
                               for flag in ("lost_segment", "ack_lost_segment", "out_of_order")))
        again = sent_again(pcap, self.ip)
        expect(not again, f"{pcap.name}:\n" + "\n".join(again[:10]))

    def peer(self, link: Link, *args, timeout: int = 600) -> dict:
        done = link.on_linux(*PEER, *map(str, args), check=False, timeout=timeout)
        expect(done.returncode == 0, f"peer.py {args}: {done.stdout[-600:]}")
        return json.loads(done.stdout.splitlines()[-1])

    # aksu serves Linux

    # tshark takes minutes over the 230,000 packets of 64 MB at MTU 576: what it judges is 4 MB.

    def big_file_to_linux(self, mtu: int) -> None:
        pcap = self.out / f"to-linux-{mtu}.pcapng"
        big = self.ip.big
        for name, octets, capture in ((f"{big // MEGA}M.bin", big, None), ("4M.bin", 4 * MEGA, pcap)):
            with self.link(mtu) as link:
                server = link.serve("http-server", 80, pcap=capture)
                got = self.out / "got"
                link.on_linux("curl", "-sS", "-m", "300", "-o", got, f"{self.url}/{name}")
                expect(link.stop(server) == 0, "aksu-host did not end well")
                expect(got.stat().st_size == octets, f"{got.stat().st_size} octets came")
                expect(octets != big or digest(got) == self.big_pattern, "it is not the pattern")
                got.unlink()
        self.judge(pcap)

    def test_to_linux_mtu_1500(self) -> None:
        self.big_file_to_linux(1500)

    def test_to_linux_least_mtu(self) -> None:
        self.big_file_to_linux(self.ip.mtus[0])

    def test_to_linux_mtu_9000(self) -> None:
        self.big_file_to_linux(9000)

    def test_small_file_is_the_pattern(self) -> None:
        with self.link() as link:
            pcap = self.out / "small.pcapng"
            server = link.serve("http-server", 80, pcap=pcap)
            for name, octets in (("1.bin", 1), ("1459.bin", 1459), ("100k.bin", 100 * 1024)):
                got = self.out / name
                link.on_linux("curl", "-sS", "-m", "60", "-o", got, f"{self.url}/{name}")
                expect(got.read_bytes() == pattern(octets), f"{name} differs")
            page = link.on_linux("curl", "-sS", "-m", "20", "-i", f"{self.url}/").stdout
            expect("200" in page and "aksu" in page, page[:300])
            missing = link.on_linux("curl", "-sS", "-m", "20", "-i", f"{self.url}/no").stdout
            expect(" 404 " in missing.splitlines()[0] + " ", missing[:200])
            link.stop(server)
            self.judge(pcap)

    def test_ecn(self) -> None:
        """Linux asks for it: aksu agrees, and marks its text alone (RFC 3168 6.1)."""
        with self.link() as link:
            pcap = self.out / "ecn.pcapng"
            link.on_linux("sysctl", "-qw", "net.ipv4.tcp_ecn=1")
            server = link.serve("http-server", 80, pcap=pcap)
            link.on_linux("curl", "-sS", "-m", "60", "-o", self.out / "got",
                          f"{self.url}/100k.bin")
            link.stop(server)
            self.judge(pcap)
        rows = [[int(value) for value in row]
                for row in fields(pcap, f"tcp && {self.ip.source} == {self.aksu}", "tcp.flags.syn",
                                  "tcp.flags.ece", "tcp.flags.cwr", self.ip.ecn, "tcp.len")]
        expect([row for row in rows if row[0]] == [[1, 1, 0, 0, 0]], f"SYN,ACK: {rows[:2]}")
        expect(sum(row[4] > 0 for row in rows) > 60, "there is little text")
        wrong = [row for row in rows[1:] if row[1:4] != [0, 0, 2 if row[4] > 0 else 0]]
        expect(not wrong, f"ECE, CWR, ECN field, octets: {wrong[:5]}")

    def syns(self, pcap: pathlib.Path, source: str) -> list:
        """Octets of data, and of the cookie (None: no option), of each SYN and SYN,ACK."""
        rows = fields(pcap, f"tcp.flags.syn == 1 && {self.ip.source} == {source}", "tcp.len",
                      "tcp.options.tfo", "tcp.options.tfo.cookie")
        return [(int(size), len(cookie) // 2 if option or cookie else None)
                for size, option, cookie in rows]

    def test_fast_open_to_linux(self) -> None:
        """Linux's client: a request for a cookie, then data with each SYN (RFC 7413)."""
        with self.link() as link:
            pcap, log = self.out / "fast-open-server.pcapng", self.out / "log"
            link.on_linux("sysctl", "-qw", "net.ipv4.tcp_fastopen=3")
            server = link.start(link.ours, self.bin / "interop_fast_open", "veth0", self.aksu, pcap,
                                "server", 7, log=log)
            link.wait_for_aksu()
            result = self.peer(link, "fast", self.aksu, 7, 1000, 10)
            link.stop(server)
            expect(result == {"good": 10, "taken": 9}, str(result))
            told = json.loads(log.read_text(encoding="utf-8"))
            expect((told["early"], told["late"]) == (9, 1), str(told))
            self.judge(pcap)
            expect(self.syns(pcap, self.linux) == [(0, 0)] + [(1000, 8)] * 9,
                   str(self.syns(pcap, self.linux)))
            expect(self.syns(pcap, self.aksu) == [(0, 8)] * 10, str(self.syns(pcap, self.aksu)))

    def test_fast_open_from_linux(self) -> None:
        """Linux's server: aksu asks for a cookie, then sends data with each SYN."""
        with self.link() as link:
            pcap = self.out / "fast-open-client.pcapng"
            link.on_linux("sysctl", "-qw", "net.ipv4.tcp_fastopen=3")
            link.serve_linux(9000, *PEER, "serve_fast", self.linux, 9000)
            done = link.inside(link.ours, self.bin / "interop_fast_open", "veth0", self.aksu, pcap,
                               self.linux, 9000, 10, 5000, check=False, timeout=60)
            expect(done.returncode == 0, done.stdout)
            told = json.loads(done.stdout.splitlines()[-1])
            expect((told["with_syn"], told["left"], told["wrong"]) == (9, 0, 0), str(told))
            self.judge(pcap)
            full = 1440 - self.ip.header
            expect(self.syns(pcap, self.aksu) == [(0, 0)] + [(full, 8)] * 9,
                   str(self.syns(pcap, self.aksu)))
            acked = fields(pcap, f"tcp.flags.syn == 1 && {self.ip.source} == {self.linux}", "tcp.ack")
            expect(acked[-10:] == [["1"]] + [[str(full + 1)]] * 9, str(acked))

    def test_ab(self) -> None:
        with self.link() as link:
            pcap = self.out / "ab.pcapng"
            server = link.serve("http-server", 80, pcap=pcap)
            report = link.on_linux("ab", "-q", "-c", "8", "-n", self.ip.many // 2,
                                   f"{self.url}/").stdout
            link.stop(server)
            expect(re.search(rf"Complete requests:\s+{self.ip.many // 2}\b", report), report)
            expect(re.search(r"Failed requests:\s+0\b", report), report)
            self.judge(pcap)

    def test_200_in_sequence(self) -> None:
        self.echo(octets=20000, count=200, parallel=1)

    def test_64_at_once(self) -> None:
        self.echo(octets=200000, count=64, parallel=64)

    def echo(self, octets: int, count: int, parallel: int) -> None:
        with self.link() as link:
            pcap = self.out / f"echo-{parallel}.pcapng"
            server = link.serve("echo", 7, pcap=pcap)
            result = self.peer(link, "echo", self.aksu, 7, octets, count, parallel)
            link.stop(server)
            expect(result == {"good": count, "bad": 0}, str(result))
            self.judge(pcap)

    def test_many_cycles_on_4_rows(self) -> None:
        with self.link() as link:
            pcap = self.out / "many_cycles_on_4_rows.pcapng"
            server = link.serve("echo", 7, rows=4, pcap=pcap)
            result = self.peer(link, "cycles", self.aksu, 7, self.ip.many)
            expect(link.stop(server) == 0, "aksu-host did not end well")
            expect(result["good"] == self.ip.many and result["failed"] == 0, str(result))
            self.judge(pcap)

    def test_full_backlog(self) -> None:
        with self.link() as link:
            pcap = self.out / "full_backlog.pcapng"
            server = link.serve("echo", 7, rows=4, pcap=pcap)
            result = self.peer(link, "hold", self.aksu, 7, 4)
            link.stop(server)
            expect(result == {"early": "nothing", "late": "y", "kept": 3}, str(result))
            self.judge(pcap, lossless=False)

    def test_peer_resets_mid_transfer(self) -> None:
        with self.link() as link:
            pcap = self.out / "reset.pcapng"
            server = link.serve("http-server", 80, rows=4, pcap=pcap)
            for _ in range(8):  # twice the rows: none may stay taken
                self.peer(link, "reset", self.aksu, 80, "/64M.bin", 300000)
            page = link.on_linux("curl", "-sS", "-m", "20", f"{self.url}/").stdout
            link.stop(server)
            expect("aksu" in page, page[:200])
            self.judge(pcap, lossless=False)

    def test_peer_killed_mid_transfer(self) -> None:
        with self.link() as link:
            pcap = self.out / "peer_killed_mid_transfer.pcapng"
            server = link.serve("http-server", 80, rows=4, pcap=pcap)
            for _ in range(6):
                curl = link.start_linux("curl", "-s", "--limit-rate", "1M", "-o", "/dev/null",
                                        f"{self.url}/64M.bin")
                time.sleep(0.3)
                curl.kill()
                curl.wait()
            page = link.on_linux("curl", "-sS", "-m", "20", f"{self.url}/").stdout
            link.stop(server)
            expect("aksu" in page, page[:200])
            self.judge(pcap, lossless=False)

    def test_nmap_scans(self) -> None:
        with self.link() as link:
            pcap = self.out / "nmap_scans.pcapng"
            server = link.serve("http-server", 80, pcap=pcap)
            scans = {"-sS": ("open", "closed"), "-sF": ("open|filtered", "closed"),
                     "-sN": ("open|filtered", "closed"), "-sX": ("open|filtered", "closed")}
            for scan, (listening, closed) in scans.items():
                report = link.on_linux("nmap", *["-6"] * (self.ip.number == 6), "-n", "-Pn",
                                       "--max-retries", "2", scan, "-p", "80-81", self.aksu,
                                       timeout=120).stdout
                expect(re.search(rf"80/tcp\s+{re.escape(listening)}\s", report), scan + report)
                expect(re.search(rf"81/tcp\s+{closed}\s", report), scan + report)
            page = link.on_linux("curl", "-sS", "-m", "20", f"{self.url}/").stdout
            link.stop(server)
            expect("aksu" in page, page[:200])
            self.judge(pcap, lossless=False)

    def test_cable_pulled(self) -> None:
        """Both sides have text on its way when the link goes for 5 s: it arrives all the same."""
        with self.link() as link:
            pcap = self.out / "cable.pcapng"
            server = link.serve("http-server", 80, pcap=pcap)
            got = self.out / "cable"
            curl = link.start_linux("curl", "-sS", "-m", "60", "--limit-rate", "1M", "-o", got,
                                    f"{self.url}/4M.bin")
            time.sleep(1)
            link.inside(link.ours, "ip", "link", "set", "veth0", "down")
            time.sleep(5)
            link.inside(link.ours, "ip", "link", "set", "veth0", "up")
            expect(curl.wait(timeout=60) == 0, "curl did not get the file")
            expect(got.stat().st_size == 4 * MEGA, f"{got.stat().st_size} octets came")
            link.stop(server)
            self.judge(pcap, lossless=False)

    def test_idle_uses_no_cpu(self) -> None:
        with self.link() as link:
            server = link.serve("echo", 7)
            holder = link.start_linux("python3", "-c", "import socket,time;"
                                      f"s=socket.create_connection(('{self.aksu}',7));time.sleep(30)")
            time.sleep(1)
            switches, ticks = self.switches(server.pid), self.cpu_ticks(server.pid)
            time.sleep(5)
            switches = self.switches(server.pid) - switches
            ticks = self.cpu_ticks(server.pid) - ticks
            expect(holder.poll() is None, "the connection ended")
            link.stop(server)
            expect(switches <= 10, f"woken {switches} times in 5 idle seconds")
            expect(ticks <= 2, f"{ticks} ticks of CPU in 5 idle seconds")

    @staticmethod
    def switches(pid: int) -> int:
        text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", text, re.M)[1])

    @staticmethod
    def cpu_ticks(pid: int) -> int:
        """User and system time: hundredths of a second."""
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split()
        return int(fields[13]) + int(fields[14])

    # Linux serves aksu

    def big_file_from_linux(self, mtu: int) -> None:
        pcap = self.out / f"from-linux-{mtu}.pcapng"
        with self.link(mtu) as link, tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            start_nginx(link, folder, *[self.ip.host(self.linux)] * (self.ip.number == 6))
            for octets, capture in ((self.ip.big, None), (4 * MEGA, pcap)):
                file, got = folder / "file", self.out / "got"
                file.write_bytes(os.urandom(octets))
                done = link.run_aksu("http-get", f"http://{self.ip.host(self.linux)}/file", "-o",
                                     got, pcap=capture)
                expect(done.returncode == 0, done.stdout[-500:])
                expect(digest(got) == digest(file), "the file differs")
                got.unlink()
        self.judge(pcap)

    def test_from_linux_mtu_1500(self) -> None:
        self.big_file_from_linux(1500)

    def test_from_linux_least_mtu(self) -> None:
        self.big_file_from_linux(self.ip.mtus[0])

    def test_from_linux_mtu_9000(self) -> None:
        self.big_file_from_linux(9000)

    def transfer(self, how: str, server: str, count: int = 10, parallel: int = 5,
                 octets: int = 300000, receive: int = None) -> None:
        with self.link() as link:
            pcap = self.out / f"transfer-{how}-{server}.pcapng"
            link.serve_linux(9000, *PEER, "serve", self.linux, 9000, server)
            done = link.run_aksu("transfer", f"{self.ip.host(self.linux)}:9000", "--send", octets, "--recv",
                                 octets if receive is None else receive, "--close", how, "--count",
                                 count, "--parallel", parallel, pcap=pcap)
            expect(done.returncode == 0, done.stdout[-600:])
            self.judge(pcap, lossless=how != "abort")

    def test_aksu_closes_first(self) -> None:
        self.transfer("first", "last")

    def test_aksu_half_closes(self) -> None:
        self.transfer("half", "last")

    def test_aksu_aborts(self) -> None:
        self.transfer("abort", "last")

    def test_aksu_closes_last(self) -> None:
        self.transfer("last", "first", octets=1000)

    def test_both_close_at_once(self) -> None:
        self.transfer("first", "together", octets=1000, receive=1000)

    def tunnel(self, kind: str, name: str) -> None:
        """The kernel of one namespace at the other end of a TAP or TUN interface."""
        near, far = self.ip.tunnel
        six = self.ip.number == 6
        with self.link() as link:
            pcap = self.out / f"{kind}.pcapng"
            addresses = ["--addr", "198.51.100.2/24", *["--ipv6", far] * six]
            server = link.start(link.ours, self.host, f"--{kind}", name, *addresses, "--pcap", pcap,
                                "http-server")
            for _ in range(100):
                if link.inside(link.ours, "sysctl", "-qw",
                               f"net.ipv6.conf.{name}.disable_ipv6={int(not six)}",
                               check=False).returncode == 0:
                    break
                time.sleep(0.05)
            link.inside(link.ours, "ip", "addr", "add", near, "dev", name, *["nodad"] * six)
            link.inside(link.ours, "ip", "link", "set", name, "up")
            got, host = self.out / "got", far.split("/", maxsplit=1)[0]
            link.inside(link.ours, "ping", "-c", "1", "-w", "5", host, check=False)
            link.inside(link.ours, "curl", "-sS", "-m", "60", "-o", got,
                        f"http://{self.ip.host(host)}/3M.bin")
            expect(link.stop(server) == 0, "aksu-host did not end well")
            expect(got.read_bytes() == pattern(3 * MEGA), "the file differs")
            self.judge(pcap, lossless=False)

    def test_tap(self) -> None:
        self.tunnel("tap", "tap7")

    def test_tun(self) -> None:
        self.tunnel("tun", "tun7")

    def test_connection_refused(self) -> None:
        with self.link() as link:
            done = link.run_aksu("http-get", f"http://{self.ip.host(self.linux)}:81/")
            expect(done.returncode != 0 and "refused" in done.stdout, done.stdout[-300:])

    def test_no_such_host(self) -> None:
        with self.link() as link:
            nobody = self.ip.host(self.linux[:-1] + "77")
            done = link.run_aksu("http-get", f"http://{nobody}/", timeout=60)
            expect(done.returncode != 0 and "unreachable" in done.stdout, done.stdout[-300:])


class Interop(Tcp):
    """And what is IPv4's alone; IPv6's is in ipv6.py."""

    def test_wrong_sums_are_found(self) -> None:
        """A segment whose right sum is zero, in captures made here."""
        pcap = self.out / "made.pcap"
        for source, written, good in ((LINUX6, 0, True), (AKSU6, 0, True), (LINUX6, 0xffff, True),
                                      (AKSU6, 0xffff, False), (LINUX6, 1, False)):
            ends = ipaddress.IPv6Address(source).packed + ipaddress.IPv6Address(AKSU6).packed
            words = [80, 4000, 0, 0, 0, 0, 0x5010, 1000, 0, 0]
            words.append(-(sum(struct.unpack(">16H", ends)) + sum(words) + 22 + 6) % 0xffff)
            packet = struct.pack(">IHBB", 6 << 28, 22, 6, 64) + ends + struct.pack(
                ">11H", *words[:8], written, *words[9:])
            pcap.write_bytes(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101)
                             + struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)
            try:
                captures.judge(pcap)
                found = True
            except Failure:
                found = False
            expect(found == good, f"{source} writes {written}: judged {found}")

    def test_ping_sizes(self) -> None:
        with self.link() as link:
            pcap = self.out / "ping_sizes.pcapng"
            server = link.serve("echo", 7, pcap=pcap)
            for size in (0, 1, 56, 1471, 1472):
                done = link.on_linux("ping", "-c", "3", "-i", "0.05", "-W", "2", "-M", "do", "-s",
                                     size, AKSU, check=False)
                expect(" 0% packet loss" in done.stdout, done.stdout)
            link.stop(server)
            self.judge(pcap)

    def test_fragmented_pings(self) -> None:
        """Linux's fragments are put together; an answer that the link does not take is not sent."""
        with self.link(9000) as link:
            pcap = self.out / "fragmented_pings.pcapng"
            server = link.serve("echo", 7, pcap=pcap)
            link.on_linux("ip", "route", "add", f"{AKSU}/32", "dev", "veth0", "mtu", "1500")
            for size in (1473, 4000, 8972):
                done = link.on_linux("ping", "-c", "3", "-i", "0.05", "-W", "2", "-M", "dont", "-s",
                                     size, AKSU, check=False)
                expect(" 0% packet loss" in done.stdout, done.stdout)
            done = link.on_linux("ping", "-c", "1", "-W", "1", "-M", "dont", "-s", 9500, AKSU,
                                 check=False)
            expect("100% packet loss" in done.stdout, done.stdout)
            link.stop(server)
            self.judge(pcap)
            found = fields(pcap, "ip.flags.mf == 1", "ip.src")
            expect([LINUX] in found and [AKSU] not in found, "Linux sent no fragments, or aksu did")

    def test_arping_and_tracepath(self) -> None:
        with self.link() as link:
            server = link.serve("echo", 7)
            done = link.on_linux("arping", "-D", "-c", "1", "-I", "veth0", AKSU, check=False)
            expect(done.returncode == 1, "arping finds the address free:\n" + done.stdout)
            done = link.on_linux("arping", "-c", "2", "-f", "-I", "veth0", AKSU)
            expect("02:61:C0:00:02:02" in done.stdout.upper(), done.stdout)
            done = link.on_linux("tracepath", "-n", "-m", "1", AKSU, check=False)
            expect("pmtu 1500" in done.stdout, done.stdout)
            link.stop(server)

    def test_saved_and_resumed(self) -> None:
        with self.link() as link:
            link.serve_linux(9000, *PEER, "serve", LINUX, 9000, "last")
            done = link.inside(link.ours, self.bin / "interop_resume", "veth0", AKSU, LINUX, 9000,
                               check=False, timeout=120)
            expect(done.returncode == 0, done.stdout)


def begin(bin_folder: pathlib.Path, out: pathlib.Path, words: list) -> None:
    if words[:1] == ["--ipv6"]:
        run(Tcp(bin_folder, out, SIX), words[1:], at_once=6)  # most of it is waiting
    run(Interop(bin_folder, out, FOUR), words)


if __name__ == "__main__":
    main(TOOLS, begin)
