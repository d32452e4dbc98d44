#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""aksu against Linux over IPv6, in namespaces as interop.py's, every capture judged by tshark: what is
of IPv6 alone. interop.py --ipv6 has what TCP does over both versions.

usage: ipv6.py BIN-FOLDER [NAME ...]    all tests, or those whose names contain one of the words
Needs root (network namespaces, raw sockets) and what scripts/setup net installs.
"""
import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time

from captures import fields, judge, packets
from namespaces import AKSU, Link, digest, main

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "checks"))
from suite import expect, run  # noqa: E402  pylint: disable=wrong-import-position

PEER = ["python3", HERE / "peer.py"]
TOOLS = ["ip", "ethtool", "curl", "nginx", "nmap", "tshark", "radvd", "ping6", "ndisc6",
         "tracepath"]
LINUX6, AKSU6, FAR6 = "2001:db8::1", "2001:db8::2", "2001:db8:f::1"
GIVEN = ("--ipv6", f"{AKSU6}/64")
MEGA = 1 << 20
CLAIMS_S = 2.5  # addresses that are claimed at once are all in use then (RFC 4862 5.4.2)

RADVD = """interface veth0 {{
    AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvLinkMTU 1400;
    AdvDefaultLifetime {lifetime};
    prefix 2001:db8:5::/64 {{ AdvOnLink on; AdvAutonomous on; AdvValidLifetime 7200;
                              AdvPreferredLifetime 3600; }};
    RDNSS 2001:db8:5::53 {{ AdvRDNSSLifetime 600; }};
    route 2001:db8:f::/48 {{ AdvRouteLifetime 600; }};
}};
"""


class Link6(Link):
    """The same, and IPv6 on Linux's side; aksu's interface has none of its own."""

    def __enter__(self) -> "Link6":
        super().__enter__()
        for name in ("all", "veth0", "lo"):
            self.on_linux("sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=0",
                          f"net.ipv6.conf.{name}.accept_dad=0")
        self.on_linux("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        for address in (f"{LINUX6}/64", "2001:db8:5::1/64", "fe80::1/64"):
            self.on_linux("ip", "addr", "add", address, "dev", "veth0", "nodad")
        self.on_linux("ip", "addr", "add", f"{FAR6}/128", "dev", "lo", "nodad")
        return self

    def serve(self, *app, address: str = AKSU6, **options) -> subprocess.Popen:
        """Starts an aksu server and waits until an address of it answers."""
        process = self.start(self.ours, *self.host_command(*app, **options))
        self.wait_for_aksu(address)
        return process

    def wait_for_aksu(self, address: str = AKSU6) -> None:
        """Until it answers; and aksu-host's application begins when all of its addresses are in use."""
        since = time.monotonic()
        super().wait_for_aksu(address)
        time.sleep(max(0.0, CLAIMS_S - (time.monotonic() - since)))

    def radvd(self, folder: pathlib.Path, lifetime: int = 1800) -> None:
        config = folder / "radvd.conf"
        config.write_text(RADVD.format(lifetime=lifetime), encoding="ascii")
        self.start_linux("radvd", "-n", "-C", config, "-p", folder / "radvd.pid", "-m", "stderr",
                         "-u", "root", log=folder / "radvd.log")


def judge_six(pcap: pathlib.Path) -> None:
    judge(pcap)
    expect(packets(pcap, "ipv6"), f"{pcap.name} holds no packet of IPv6")


class Interop6:
    def __init__(self, bin_folder: pathlib.Path, out: pathlib.Path) -> None:
        self.bin, self.host, self.out = bin_folder, bin_folder / "aksu-host", out

    def link(self, mtu: int = 1500) -> Link6:
        return Link6(self.host, mtu)

    @contextlib.contextmanager
    def server(self, name: str, *app):
        """A link with an aksu server of a given address; its capture is judged at the end."""
        pcap = self.out / f"{name}.pcapng"
        with self.link() as link:
            process = link.serve(*app, pcap=pcap, options=GIVEN)
            yield link
            expect(link.stop(process) == 0, "aksu-host did not end well")
        judge_six(pcap)

    # aksu serves Linux

    def test_ping(self) -> None:
        with self.server("ping", "echo", 7) as link:
            for size in (0, 1, 8, 56, 1000, 1452):
                done = link.on_linux("ping6", "-c", "3", "-i", "0.05", "-W", "2", "-s", size, "-M",
                                     "do", AKSU6)
                expect(" 0% packet loss" in done.stdout, done.stdout)
            # An answer that the link does not take is not sent.
            done = link.on_linux("ping", "-6", "-c", "1", "-W", "1", "-s", "3000", AKSU6, check=False)
            expect("100% packet loss" in done.stdout, done.stdout)
            link.on_linux("ping", "-6", "-c", "1", "-W", "2", AKSU6)
            done = link.on_linux("ping", "-6", "-c", "1", "-W", "2", "ff02::1%veth0")
            expect("1 received" in done.stdout, done.stdout)

    def test_fragmented_pings(self) -> None:
        pcap = self.out / "fragmented.pcapng"
        with self.link(9000) as link:
            process = link.serve("echo", 7, pcap=pcap, options=GIVEN)
            link.on_linux("ip", "-6", "route", "add", f"{AKSU6}/128", "dev", "veth0", "mtu", "1500")
            for size in (1453, 4000, 8952):
                done = link.on_linux("ping", "-6", "-c", "3", "-i", "0.05", "-W", "2", "-M", "dont",
                                     "-s", size, AKSU6)
                expect(" 0% packet loss" in done.stdout, done.stdout)
            expect(link.stop(process) == 0, "aksu-host did not end well")
        judge_six(pcap)
        expect(fields(pcap, "ipv6.fraghdr", "frame.number"), "Linux sent no fragments")

    def test_both_versions_at_once(self) -> None:
        with self.server("both", "echo", 7) as link:
            commands = [["ip", "netns", "exec", link.peer, *map(str, PEER), "echo", address, "7",
                         "300000", "8", "8"] for address in (AKSU, AKSU6, AKSU, AKSU6)]
            running = [subprocess.Popen(c, stdout=subprocess.PIPE, text=True) for c in commands]
            for process in running:
                out, _ = process.communicate(timeout=300)
                expect(json.loads(out) == {"good": 8, "bad": 0}, out)

    def test_curl(self) -> None:
        with self.server("curl", "http-server", 80) as link:
            for version, host in (("-4", AKSU), ("-6", f"[{AKSU6}]")):
                page = link.on_linux("curl", version, "-sS", "-m", "20", "-i", f"http://{host}/").stdout
                expect("200" in page and "aksu" in page, page[:300])
            got4, got6 = self.out / "got4", self.out / "got6"
            for got, host in ((got4, AKSU), (got6, f"[{AKSU6}]")):
                link.on_linux("curl", "-sS", "-m", "60", "-o", got, f"http://{host}/3M.bin")
            expect(got6.stat().st_size == 3 * MEGA, f"{got6.stat().st_size} octets came")
            expect(digest(got4) == digest(got6), "the file differs")

    def test_closed_port(self) -> None:
        with self.server("closed", "echo", 7) as link:
            done = link.on_linux("python3", "-c", "import socket; "
                                 f"socket.create_connection(('{AKSU6}', 81), 5)", check=False)
            expect("ConnectionRefusedError" in done.stdout, done.stdout)

    def test_nmap(self) -> None:
        with self.server("nmap", "echo", 7) as link:
            for scan in ("-sS", "-sT", "-sF"):
                done = link.on_linux("nmap", "-6", "-n", "-Pn", scan, "-p", "1-100", AKSU6)
                expect("Nmap done" in done.stdout, done.stdout[-300:])
                if scan in ("-sS", "-sT"):
                    found = re.findall(r"^(\d+)/tcp +open", done.stdout, re.M)
                    expect(found == ["7"], done.stdout)
            link.on_linux("ping", "-6", "-c", "1", "-W", "2", AKSU6)

    def test_ndisc6_and_tracepath(self) -> None:
        with self.server("ndisc", "echo", 7) as link:
            done = link.on_linux("ndisc6", "-1", "-m", AKSU6, "veth0")
            expect("02:61:C0:00:02:02" in done.stdout.upper(), done.stdout)
            done = link.on_linux("tracepath", "-6", "-n", "-m", "3", AKSU6, check=False)
            expect("pmtu 1500" in done.stdout, done.stdout)

    def test_linux_asks_whether_it_is_there(self) -> None:
        """Linux's own claim of our address fails, for we defend it."""
        with self.server("dad", "echo", 7) as link:
            link.on_linux("sysctl", "-qw", "net.ipv6.conf.veth0.accept_dad=1")
            link.on_linux("ip", "addr", "add", f"{AKSU6}/64", "dev", "veth0")
            for _ in range(40):
                shown = link.on_linux("ip", "-6", "addr", "show", "dev", "veth0").stdout
                if "dadfailed" in shown:
                    break
                time.sleep(0.1)
            expect("dadfailed" in shown, shown)
            link.on_linux("ip", "addr", "del", f"{AKSU6}/64", "dev", "veth0")
            link.on_linux("ping", "-6", "-c", "1", "-W", "2", AKSU6)

    def test_address_is_taken(self) -> None:
        """Linux has the address already: aksu claims it in vain, and uses that of the link."""
        pcap = self.out / "taken.pcapng"
        with self.link() as link:
            link.on_linux("ip", "addr", "add", f"{AKSU6}/64", "dev", "veth0", "nodad")
            process = link.start(link.ours, *link.host_command("echo", 7, pcap=pcap, options=GIVEN))
            time.sleep(4)
            link.stop(process)
        judge_six(pcap)
        source = f"ipv6.src == {AKSU6} && eth.src == 02:61:c0:00:02:02"
        expect(not fields(pcap, source, "frame.number"), "aksu used an address that Linux has")
        expect(fields(pcap, "icmpv6.type == 136 && icmpv6.nd.na.target_address == "
                            f"{AKSU6}", "frame.number"), "Linux did not say so")

    # Linux serves aksu

    def from_linux(self, name: str, address: str, options=GIVEN, before=lambda link: None) -> None:
        pcap, got = self.out / f"{name}.pcapng", self.out / "got"
        served = self.out / "www"
        served.mkdir(exist_ok=True)
        (served / "file").write_bytes(os.urandom(2 * MEGA))
        with self.link() as link:
            before(link)
            server = link.start_linux("python3", "-m", "http.server", "80", "--bind", "::",
                                      "--directory", served)
            time.sleep(1)
            done = link.run_aksu("http-get", f"http://[{address}]/file", "-o", got, pcap=pcap,
                                 options=options)
            expect(done.returncode == 0, done.stdout[-300:])
            link.stop(server)
            expect(digest(got) == digest(served / "file"), "the file differs")
        judge_six(pcap)

    # A router announces

    def test_router_announces(self) -> None:
        """radvd's prefix makes an address at which Linux reaches aksu, and its MTU counts."""
        pcap = self.out / "radvd.pcapng"
        with self.link() as link:
            link.radvd(self.out)
            command = link.host_command("echo", 7, pcap=pcap, options=("--ipv6", "auto"))
            process = link.start(link.ours, *command)
            time.sleep(5)
            link.stop(process)
            asked = fields(pcap, "icmpv6.type == 135 && ipv6.src == ::",
                           "icmpv6.nd.ns.target_address")
            made = [a for (a,) in asked if a.startswith("2001:db8:5:")]
            expect(len(made) == 1, f"claims: {asked}; {(self.out / 'radvd.log').read_text()}")
            # It is the same when it starts again (RFC 7217).
            process = link.serve("echo", 7, pcap=pcap, options=("--ipv6", "auto"), address=made[0])
            link.on_linux("ping", "-6", "-c", "2", "-i", "0.1", "-W", "2", made[0])
            done = link.on_linux(*PEER, "echo", made[0], 7, MEGA, 2, 2, timeout=300)
            expect(json.loads(done.stdout.splitlines()[-1]) == {"good": 2, "bad": 0}, done.stdout)
            expect(link.stop(process) == 0, "aksu-host did not end well")
        judge_six(pcap)
        longest = max(int(n) for (n,) in fields(pcap, f"tcp && ipv6.src == {made[0]}", "ipv6.plen"))
        expect(longest == 1400 - 40, f"the longest packet has {longest} octets")

    def test_by_the_router(self) -> None:
        """An address that is on no link of ours is reached by Linux as the router."""
        self.from_linux("router", FAR6, ("--ipv6", "auto"),
                        before=lambda link: link.radvd(self.out))


if __name__ == "__main__":
    if socket.has_ipv6:
        main(TOOLS, lambda folder, out, words: run(Interop6(folder, out), words, at_once=4))
    else:
        print("SKIPPED: no IPv6 here\n0 passed, 0 failed, 1 skipped")
