#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""aksu's DHCPv6 client against a real dnsmasq, which announces itself as a router; tshark judges.

usage: dhcp6.py BIN-FOLDER [NAME ...]    all tests, or those whose names contain one of the words
Needs root (network namespaces, raw sockets), iproute2, ethtool, dnsmasq, tshark.
"""
import pathlib
import sys
import time

from captures import judge, packets
from ipv6 import AKSU6, Link6
from namespaces import main

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "checks"))
from suite import expect, run  # noqa: E402  pylint: disable=wrong-import-position

TOOLS = ["ip", "ethtool", "dnsmasq", "tshark"]
SERVERS = ("2001:db8:5::53", "2001:db8:5::54")


class Dhcp6:
    def __init__(self, bin_folder: pathlib.Path, out: pathlib.Path) -> None:
        self.host, self.out = bin_folder / "aksu-host", out

    def test_stateless(self) -> None:
        """The router's O flag, a question, and both servers."""
        pcap, log, theirs = (self.out / f"stateless.{end}" for end in ("pcapng", "log", "dnsmasq"))
        with Link6(self.host) as link:
            link.start_linux(
                "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0", "--user=root",
                "--interface=veth0", "--bind-interfaces", "--log-dhcp", "--log-facility=-",
                f"--dhcp-leasefile={self.out}/leases", f"--pid-file={self.out}/pid", "--enable-ra",
                "--dhcp-range=2001:db8:5::,ra-stateless",
                "--dhcp-option=option6:information-refresh-time,900",
                f"--dhcp-option=option6:dns-server,{','.join(f'[{s}]' for s in SERVERS)}", log=theirs)
            process = link.start(link.ours, *link.host_command(
                "echo", pcap=pcap, options=("--ipv6", f"{AKSU6}/64", "--dhcp6")), log=log)
            for _ in range(300):
                if SERVERS[1] in log.read_text():
                    break
                time.sleep(0.05)
            expect(link.stop(process) == 0, "aksu-host did not end well")
        for server in SERVERS:
            expect(f"name server {server}\n" in log.read_text(), log.read_text() + theirs.read_text())
        expect("DHCPINFORMATION-REQUEST(veth0)" in theirs.read_text(), theirs.read_text())
        judge(pcap)
        for words in ("icmpv6.nd.ra.flag.o == 1", "dhcpv6.msgtype == 11 && ipv6.dst == ff02::1:2",
                      "dhcpv6.msgtype == 7 && dhcpv6.dns_server == 2001:db8:5::53"):
            expect(packets(pcap, words), words)


if __name__ == "__main__":
    main(TOOLS, lambda folder, out, words: run(Dhcp6(folder, out), words))
