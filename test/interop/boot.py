#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""From nothing to a page by its name: DHCP, SLAAC, DNS and TCP over both versions, against a real
dnsmasq and nginx; tshark judges, and explain.py knows why each packet is there.

usage: boot.py BIN-FOLDER [NAME ...]    all tests, or those whose names contain one of the words
Needs root (network namespaces, raw sockets), iproute2, ethtool, dnsmasq, nginx, tshark.
"""
import pathlib
import sys
import time

import explain
from captures import judge, packets
from namespaces import LINUX, Link, main, start_nginx

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "checks"))
from suite import expect, run  # noqa: E402  pylint: disable=wrong-import-position

TOOLS = ["ip", "ethtool", "dnsmasq", "radvd", "nginx", "curl", "tshark"]
LEASED = "192.0.2.77"
NO_ADDRESS = "not an address that can be connected to"
PAGE = "The page of a server with a name.\n"
LINUX6 = "2001:db8:5::1"
MANY = 40  # addresses of a name, whose answer is then too long for a datagram


class Dual(Link):
    """The same, and IPv6 on Linux's side."""

    def __enter__(self) -> "Dual":
        super().__enter__()
        for name in ("all", "veth0", "lo"):
            self.on_linux("sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=0",
                          f"net.ipv6.conf.{name}.accept_dad=0",
                          f"net.ipv6.conf.{name}.addr_gen_mode=1")
        self.on_linux("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        for address in (f"{LINUX6}/64", "fe80::1/64"):
            self.on_linux("ip", "addr", "add", address, "dev", "veth0", "nodad")
        return self


# Of dnsmasq: router advertisements with itself as DNS server; names of one version, of both, and of
# many addresses.
DUAL = ("--enable-ra", "--dhcp-range=2001:db8:5::,ra-only,64,600", f"--host-record=four.test,{LINUX}",
        f"--host-record=six.test,{LINUX6}", f"--host-record=both.test,{LINUX},{LINUX6}",
        f"--host-record=ghost.test,{LINUX},2001:db8:5::99",
        *(f"--host-record=many.test,192.0.2.{100 + i}" for i in range(MANY)),
        *(f"--host-record=many.test,2001:db8:5::1:{i:x}" for i in range(MANY)))


# A router that has servers told by DHCPv6 (RFC 4861 4.2, the O flag).
RADVD = """interface veth0 { AdvSendAdvert on; AdvOtherConfigFlag on; MinRtrAdvInterval 3;
    MaxRtrAdvInterval 4; prefix 2001:db8:5::/64 { }; };
"""


class Boot:
    def __init__(self, bin_folder: pathlib.Path, out: pathlib.Path) -> None:
        self.host, self.out, self.said = bin_folder / "aksu-host", out, ""

    def nginx(self, link: Link, *also: str) -> None:
        (self.out / "index.html").write_text(PAGE, encoding="ascii")
        start_nginx(link, self.out, *also)

    def dnsmasq(self, link: Link, *options: str, v4: bool = True) -> None:
        """Starts it on Linux's side: DHCP for one address, DNS for names of .test."""
        leases = self.out / "leases"
        leases.unlink(missing_ok=True)
        log = self.out / "dnsmasq.log"
        link.start_linux(
            "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
            "--user=root", "--bind-interfaces", "--interface=veth0", "--except-interface=lo",
            "--log-dhcp", "--log-queries", "--log-facility=-", "--local=/test/",
            f"--dhcp-leasefile={leases}", f"--pid-file={self.out}/dnsmasq.pid",
            *([f"--dhcp-range={LEASED},{LEASED},255.255.255.0,120", f"--dhcp-option=3,{LINUX}"]
              if v4 else []),
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


    def page(self, name: str, host: str, *also: str, options=()) -> pathlib.Path:
        """Boots on a link of both versions, and fetches the page. Returns the capture."""
        pcap = self.out / f"{name}.pcapng"
        with Dual(self.host) as link:
            self.dnsmasq(link, *DUAL, *options)
            self.nginx(link, *also)
            done = self.fetch(link, f"http://{host}/", pcap)
        expect(done.returncode == 0 and PAGE in done.stdout, done.stdout[-1500:])
        self.said = done.stdout
        judge(pcap)
        _, unknown = explain.table(pcap)
        expect(not unknown, "nothing explains\n" + "\n".join(explain.table(pcap)[0]))
        return pcap

    def test_over_ipv6(self) -> None:
        """A name with both addresses: the page comes over IPv6, and each packet is explained."""
        pcap = self.page("six", "both.test", f"[{LINUX6}]")
        expect(f"both.test is {LINUX6}" in self.said, self.said)
        for words in ("icmpv6.type == 133", "icmpv6.type == 134", "dhcp.option.dhcp == 5",
                      "dns.qry.type == 1", "dns.qry.type == 28", "http.request && ipv6",
                      "tcp.flags.fin == 1 && ipv6"):
            expect(packets(pcap, words), f"no packet: {words}")
        expect(not packets(pcap, "tcp && ip"), "there is TCP over IPv4")
        told, found = (explain.outline(lines) for lines in (explain.documented(), explain.table(pcap)[0]))
        expect(told == found, f"docs/network.md has\n{told}\nand this run\n{found}")

    def test_over_ipv4(self) -> None:
        """A name with an address of IPv4 alone; then one whose host of IPv6 does not answer."""
        pcap = self.page("four", "four.test", f"[{LINUX6}]")
        expect(f"four.test is {LINUX}" in self.said, self.said)
        expect(packets(pcap, "http.request && ip"), "no request over IPv4")
        pcap = self.page("ghost", "ghost.test")
        expect(f"ghost.test is {LINUX}" in self.said, self.said)
        asked = packets(pcap, "icmpv6.nd.ns.target_address == 2001:db8:5::99")
        expect(asked, "the other address was not tried")

    def test_refused_over_ipv6(self) -> None:
        """nginx does not listen there: RST, and at once IPv4."""
        pcap = self.page("refused", "both.test")
        expect(f"both.test is {LINUX}" in self.said, self.said)
        expect(packets(pcap, "tcp.flags.reset == 1 && ipv6"), "no RST over IPv6")

    def test_dns_over_tcp(self) -> None:
        """Answers that do not fit a datagram; of IPv6 nobody is there."""
        pcap = self.out / "many.pcapng"
        with Dual(self.host) as link:
            self.dnsmasq(link, *DUAL)
            for i in range(MANY):
                link.on_linux("ip", "addr", "add", f"192.0.2.{100 + i}/32", "dev", "veth0")
            self.nginx(link, *(f"192.0.2.{100 + i}" for i in range(MANY)))
            done = self.fetch(link, "http://many.test/", pcap)
        expect(done.returncode == 0 and PAGE in done.stdout, done.stdout[-1500:])
        judge(pcap)
        expect(packets(pcap, "dns.flags.truncated == 1"), "no answer was cut short")
        expect(packets(pcap, "tcp && dns.flags.response == 1"), "no answer over TCP")
        _, unknown = explain.table(pcap)
        expect(not unknown, "nothing explains\n" + "\n".join(unknown))

    def test_ipv6_alone(self) -> None:
        """No DHCP: an address by SLAAC, and the DNS server of the router advertisement."""
        pcap = self.out / "alone.pcapng"
        with Dual(self.host) as link:
            link.on_linux("ip", "addr", "flush", "dev", "veth0", "scope", "global")
            link.on_linux("ip", "addr", "add", f"{LINUX6}/64", "dev", "veth0", "nodad")
            self.dnsmasq(link, *DUAL, v4=False)
            link.on_linux("ip", "addr", "add", f"{LINUX}/24", "dev", "lo")
            self.nginx(link, f"[{LINUX6}]")
            done = self.fetch(link, "http://both.test/", pcap)
        expect(done.returncode == 0 and PAGE in done.stdout, done.stdout[-1500:])
        judge(pcap)
        expect(packets(pcap, "dns && ipv6") and not packets(pcap, "dns && ip"), "DNS over IPv4")

    def test_servers_by_dhcp6(self) -> None:
        """Neither DHCP nor the router tells a DNS server: DHCPv6 does."""
        pcap, config = self.out / "dhcp6.pcapng", self.out / "radvd.conf"
        config.write_text(RADVD, encoding="ascii")
        with Dual(self.host) as link:
            link.start_linux("radvd", "-n", "-C", config, "-p", self.out / "radvd.pid", "-m", "stderr",
                             "-u", "root", log=self.out / "radvd.log")
            self.dnsmasq(link, f"--host-record=six.test,{LINUX6}", "--dhcp-range=2001:db8:5::,static",
                         f"--dhcp-option=option6:dns-server,[{LINUX6}]", "--dhcp-option=6")
            self.nginx(link, f"[{LINUX6}]")
            done = self.fetch(link, "http://six.test/", pcap)
        expect(done.returncode == 0 and PAGE in done.stdout, done.stdout[-1500:] + self.log())
        judge(pcap)
        expect("DHCPINFORMATION-REQUEST(veth0)" in self.log(), self.log())
        expect(packets(pcap, "dns && ipv6") and not packets(pcap, "dns && ip"), "DNS over IPv4")
        expect(not packets(pcap, "icmpv6.opt.rdnss || dhcp.option.domain_name_server"),
               "there is another server")
        lines, unknown = explain.table(pcap)
        expect(not unknown, "nothing explains\n" + "\n".join(lines))


def show(folder: pathlib.Path) -> None:
    """The table of a page over IPv6, and of one over IPv4."""
    def both(_, out: pathlib.Path, __) -> None:
        boot = Boot(folder, out)
        for name, host in (("six", "both.test"), ("four", "four.test")):
            pcap = boot.page(name, host, f"[{LINUX6}]")
            print(f"$ aksu-host --packet eth1 http-get http://{host}/")
            print(boot.said.rstrip())
            print("\n".join(explain.table(pcap)[0]) + "\n")
    main(TOOLS, both)


if __name__ == "__main__":
    main(TOOLS, lambda folder, out, words: run(Boot(folder, out), words, at_once=4))
