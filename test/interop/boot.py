#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""aksu's DHCP and DNS clients against a real dnsmasq, UDP against Linux's sockets; tshark judges.

usage: boot.py BIN-FOLDER [NAME ...]    all tests, or those whose names contain one of the words
Needs root (network namespaces, raw sockets), iproute2, ethtool, dnsmasq, nginx, tshark.
"""
import pathlib
import sys
import time

from namespaces import LINUX, Link, main, sh, start_nginx

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "checks"))
from suite import expect, run  # noqa: E402  pylint: disable=wrong-import-position

TOOLS = ["ip", "ethtool", "dnsmasq", "nginx", "curl", "tshark"]
LEASED = "192.0.2.77"
NO_ADDRESS = "not an address that can be connected to"
PAGE = "The page of a server with a name.\n"


def packets(pcap: pathlib.Path, words: str) -> list:
    """What tshark's filter finds, a line each."""
    found = sh("tshark", "-n", "-r", pcap, "-Y", words, check=False)
    expect(found.returncode == 0, found.stdout)
    return [line for line in found.stdout.splitlines()
            if not line.startswith(("Running as", " **", "**"))]


def judge(pcap: pathlib.Path) -> None:
    """Nothing malformed, no wrong checksum, in what aksu sent."""
    wrong = packets(pcap, "_ws.malformed || udp.checksum.status == 0 || ip.checksum.status == 0 || "
                          '(_ws.expert.severity == "Error")')
    expect(not wrong, "\n".join(wrong[:5]))


class Boot:
    def __init__(self, bin_folder: pathlib.Path, out: pathlib.Path) -> None:
        self.host, self.out = bin_folder / "aksu-host", out

    def nginx(self, link: Link) -> None:
        (self.out / "index.html").write_text(PAGE, encoding="ascii")
        start_nginx(link, self.out)

    def dnsmasq(self, link: Link, *options: str) -> None:
        """Starts it on Linux's side: DHCP for one address, DNS for names of .test."""
        leases = self.out / "leases"
        leases.unlink(missing_ok=True)
        log = self.out / "dnsmasq.log"
        link.start_linux(
            "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
            "--user=root", "--bind-interfaces", "--interface=veth0", "--except-interface=lo",
            "--log-dhcp", "--log-queries", "--log-facility=-", "--local=/test/",
            f"--dhcp-leasefile={leases}", f"--pid-file={self.out}/dnsmasq.pid",
            f"--dhcp-range={LEASED},{LEASED},255.255.255.0,120", f"--dhcp-option=3,{LINUX}",
            f"--host-record=server.test,{LINUX}", "--cname=www.test,alias.test",
            "--cname=alias.test,server.test", *options, log=log)
        for _ in range(100):
            if "started" in log.read_text():
                return
            time.sleep(0.05)
        raise RuntimeError("dnsmasq does not start: " + log.read_text())

    def log(self) -> str:
        return (self.out / "dnsmasq.log").read_text()

    def fetch(self, link: Link, url: str, pcap: pathlib.Path):
        return link.inside(link.ours, self.host, "--packet", "veth0", "--counters", "--pcap", pcap,
                           "http-get", url, check=False, timeout=120)

    def test_page_from_nothing(self) -> None:
        """DISCOVER to the close: an address, aliases looked up, a page, and the address back."""
        pcap = self.out / "boot.pcapng"
        with Link(self.host) as link:
            self.dnsmasq(link)
            self.nginx(link)
            done = self.fetch(link, "http://www.test/", pcap)
        expect(done.returncode == 0, done.stdout[-1000:])
        expect(PAGE in done.stdout, done.stdout)
        expect(f"address {LEASED}/24, router {LINUX}, DNS {LINUX}, for 120 s" in done.stdout,
               done.stdout)
        expect(f"www.test is {LINUX}" in done.stdout, done.stdout)
        judge(pcap)
        for words, count in (("dhcp.option.dhcp == 1", 1), ("dhcp.option.dhcp == 3", 2),
                             ("dhcp.option.dhcp == 7", 1), ("arp.isprobe == 1", 3),
                             ("arp.isannouncement == 1", 1),
                             ("dns.flags.response == 0 && dns.qry.name == www.test", 1),
                             ("tcp.flags.syn == 1 && tcp.flags.ack == 0", 1),
                             (f"tcp.flags.fin == 1 && ip.src == {LEASED}", 1)):
            found = packets(pcap, words)
            expect(len(found) >= count, f"{words}: {len(found)} packets, of {count}")
        expect("DHCPRELEASE(veth0)" in self.log(), self.log())
        expect("client provides name: aksu" in self.log(), self.log())

    def test_no_such_name(self) -> None:
        pcap = self.out / "noname.pcapng"
        with Link(self.host) as link:
            self.dnsmasq(link)
            done = self.fetch(link, "http://nobody.test/", pcap)
        expect(done.returncode != 0 and NO_ADDRESS in done.stdout, done.stdout[-500:])
        judge(pcap)

    def test_address_in_use(self) -> None:
        """Linux itself has the address that is offered: DECLINE, and the next one is used."""
        pcap = self.out / "decline.pcapng"
        with Link(self.host) as link:
            self.dnsmasq(link, "--dhcp-range=192.0.2.77,192.0.2.78,255.255.255.0,120", "--no-ping",
                         "--dhcp-broadcast")
            self.nginx(link)
            link.on_linux("ip", "addr", "add", f"{LEASED}/32", "dev", "veth0")
            link.on_linux("ip", "addr", "add", "192.0.2.78/32", "dev", "veth0")
            process = link.start(link.ours, self.host, "--packet", "veth0", "--pcap", pcap,
                                 "http-get", "http://www.test/", log=self.out / "host.log")
            for _ in range(400):
                if "DHCPDECLINE(veth0)" in self.log():
                    break
                time.sleep(0.05)
            expect("DHCPDECLINE(veth0)" in self.log(), self.log())
            link.on_linux("ip", "addr", "del", f"{LEASED}/32", "dev", "veth0")
            link.on_linux("ip", "addr", "del", "192.0.2.78/32", "dev", "veth0")
            expect(process.wait(timeout=120) == 0, (self.out / "host.log").read_text())
        expect(PAGE in (self.out / "host.log").read_text(), "no page")
        judge(pcap)


main(TOOLS, lambda folder, out, words: run(Boot(folder, out), words, at_once=4))
